/* SPDX-License-Identifier: MIT */
/*
 * ir.h: the buffer that holds one translation's IR, and what can be done with it as data.
 *
 * The records themselves are the SDK's (backplane/ir.h, read its head first). A buffer owns them,
 * the exits and helpers that they name by number, and the working memory of the passes, so that a
 * translation allocates nothing: ir_reset() and use it again. One thread uses a buffer at a time.
 *
 * Life of a translation:
 *
 *    ir_reset(b);
 *    ir_append(b, record) ...         fold.h: folds while appending
 *    ir_optimise(b);                  opt.h: dead code, use information
 *    compile or allocate, reading b->rec[1 .. b->count)
 *
 * In between, ir_check() says whether the records obey the contract, ir_print() and ir_parse()
 * turn them into text and back. Record 0 is always a nop, so that value 0 can mean none.
 *
 * Running out of memory never ends the program: the buffer goes into `failed`, records are
 * dropped, and whoever drives the translation looks at the flag once at its end.
 */
#ifndef TCG_IR_IR_H
#define TCG_IR_IR_H

#include <backplane/ir.h>

#include <stddef.h>

enum ir_op_flag {
    IR_PURE = 1,   /* may be removed or merged */
    IR_MEMORY = 2,
    IR_FAULT = 4,
    IR_LEAVES = 8, /* may go elsewhere: out or to a block */
    IR_STATE = 16,
    IR_FLOAT = 32, /* accumulates float flags; its result may be a raw NaN, except see ir_raw() */
};

struct ir_op_info {
    const char *name;
    uint8_t operands; /* value operands: a, then b, then c */
    uint8_t flags;    /* enum ir_op_flag */
};
extern const struct ir_op_info ir_ops[BP_OP_COUNT];

/* Width in bits by enum bp_type; the low bits of that width. */
extern const uint8_t ir_type_bits[8];
extern const uint64_t ir_type_mask[8];
static inline bool ir_is_int(unsigned type) { return type >= BP_I8 && type <= BP_I64; }
static inline bool ir_is_float(unsigned type) { return type == BP_F32 || type == BP_F64; }

/* What ir_optimise() knows of one record; opt.h describes the members. */
struct ir_use {
    uint32_t count, last, last_state;
};

#define IR_HASH_LOG2 9
#define IR_MAX_RECORDS (1u << 20)

/* Members are for reading; the functions below and in fold.h, opt.h change them. */
struct ir_buffer {
    struct bp_ir *rec; /* rec[0] is a nop */
    uint32_t count, room;
    struct bp_ir_exit *exits;
    uint32_t exit_count, exit_room;
    const struct bp_helper **helpers;
    uint32_t helper_count, helper_room;
    const struct bp_guest_reg *regs; /* borrowed: the rows flagged BP_GREG_IR */
    uint32_t reg_count;
    bool ended;  /* control has left: what is appended before the next block is dropped */
    bool failed; /* out of memory, over IR_MAX_RECORDS, or a record that names what is not there:
                    not usable */
    struct ir_use *use; /* by record; valid after ir_optimise() */
    /* The rest is fold.c's. */
    uint32_t block_start; /* values before it are not merged with */
    uint32_t flags_start; /* nor float arithmetic before it: the flags were looked at */
    uint32_t epoch;
    struct ir_known {
        uint32_t value, epoch;
    } *known; /* by guest register: its value, where the epoch is the current one */
    uint32_t hash[1u << IR_HASH_LOG2];
    uint32_t *rule_hits; /* borrowed: counts applications by rule number; NULL: not counted */
};

/* 0 or -ENOMEM. `regs` is borrowed until ir_free(). */
int ir_init(struct ir_buffer *b, const struct bp_guest_reg *regs, uint32_t reg_count);
void ir_free(struct ir_buffer *b);
/* Empties the buffer for the next translation. */
void ir_reset(struct ir_buffer *b);

/* Appends the record as it is and returns its index, 0 where the buffer failed. */
bp_value ir_append_raw(struct ir_buffer *b, struct bp_ir r);
/* Numbers for records to name; adding a helper twice gives the same number. UINT32_MAX: failed. */
uint32_t ir_add_exit(struct ir_buffer *b, const struct bp_ir_exit *exit);
uint32_t ir_add_helper(struct ir_buffer *b, const struct bp_helper *helper);

static inline uint64_t ir_imm(const struct bp_ir *r) { return r->b | (uint64_t)r->c << 32; }
static inline bool ir_is_const(const struct ir_buffer *b, bp_value v)
{
    return b->rec[v].op == BP_CONST;
}
/* Whether the record's float result may be a NaN with unspecified sign and payload. */
static inline bool ir_raw(const struct bp_ir *r)
{
    return ir_ops[r->op].flags & IR_FLOAT && ir_is_float(r->type) && r->op != BP_FMIN &&
           r->op != BP_FMAX && r->op != BP_I2F && !(r->aux & BP_NAN_KEEP);
}
/* Whether somebody may look at the guest state at this record: it can fault or leave, or is a call
 * that is not pure. Such records have an exit state. */
bool ir_is_site(const struct ir_buffer *b, uint32_t i);

/* ---- constants (eval.c) ---------------------------------------------------------------------- */

/* Result of a pure op, or of a float op that is exact and raises no flag, on constants;
 * `operand_type` is a's type. False where it has to happen at run time. Operands and result are
 * zero-extended. */
bool ir_eval(const struct bp_ir *r, unsigned operand_type, uint64_t a, uint64_t b, uint64_t c,
             uint64_t *ret);
/* The integer ops for values of any width up to 64 bits, for proofs at small widths.
 * `operand_bits` is a's width. False for ops that are not pure integer arithmetic, and bswap of
 * other than whole bytes. */
bool ir_eval_int(unsigned op, unsigned aux, unsigned bits, unsigned operand_bits, uint64_t a,
                 uint64_t b, uint64_t c, uint64_t *ret);
/* The comparison of two zero-extended values of `bits` width. */
bool ir_compare(unsigned cond, unsigned bits, uint64_t a, uint64_t b);
/* The opposite condition, and the one with operands exchanged. */
unsigned ir_cond_invert(unsigned cond);
unsigned ir_cond_swap(unsigned cond);

/* ---- text (print.c, parse.c); the form is described in docs/ir.md ---------------------------- */

/* One record as a line without newline. Returns its length as snprintf does. */
unsigned ir_print_record(const struct ir_buffer *b, uint32_t i, char *buf, size_t size);
/* All records but nops, a line each, indented by four spaces. Owned by the caller: free(). NULL:
 * out of memory. */
char *ir_print(const struct ir_buffer *b);

/* Empties the buffer and fills it, unfolded, from text. `helpers` are those that calls may name.
 * 0, or -EINVAL with "line N: what" in err. The result need not pass ir_check(). */
int ir_parse(struct ir_buffer *b, const char *text, size_t size,
             const struct bp_helper *const *helpers, uint32_t helper_count, char *err,
             size_t err_size);

/* ---- the contract (check.c) ------------------------------------------------------------------ */

/* Whether the records obey backplane/ir.h; if not, msg says which does not and why. */
bool ir_check(const struct ir_buffer *b, char *msg, size_t size);

#endif
