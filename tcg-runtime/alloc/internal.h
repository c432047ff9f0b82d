/* SPDX-License-Identifier: MIT */
/* internal.h: what the files of the allocator share. */
#ifndef TCG_ALLOC_INTERNAL_H
#define TCG_ALLOC_INTERNAL_H

#include "alloc.h"

#include <backplane/codegen.h>
#include <backplane/target.h>

#define NO_REG 0xff
#define NO_SLOT (-1)
#define NO_PENDING 0xffff
#define LAST_PUT UINT32_MAX  /* rec.hold of the last put of its register */
#define SAME_RECORD UINT32_MAX /* rec.next of a value that the record names twice: the second */
#define FRAME_SLOTS_MAX 1024

/* ---- rules, parsed --------------------------------------------------------------------------- */

struct spec {
    uint64_t regs;
    bool (*fits)(unsigned type, uint64_t value);
    uint8_t flags; /* enum bp_class_flags */
    bool tied, early;
};

struct rule {
    const struct bp_rule *row;
    void (*emit)(struct bp_asm *as, struct bp_use *use);
    uint8_t inputs, temps;
    int8_t tied; /* input, or -1 */
    bool has_out;
    struct spec out, in[BP_USE_INPUTS];
    uint64_t temp[BP_USE_TEMPS];
    uint64_t fixed;   /* registers wanted by name */
    uint64_t clobber; /* of these: not only read */
};

/* ---- values ---------------------------------------------------------------------------------- */

enum val_flags {
    VAL_CONST = 1,
    VAL_UPPER = 2, /* i32, f32, f64 in a register: the rest of it is zero */
    VAL_CANON = 4, /* an fcanon not executed: only exit states have it */
    VAL_KEEP = 16, /* of a load or store: its group goes on */
    VAL_INPUT = 8, /* an operand of the record being emitted: its home must not be overwritten */
};

/* A value is its record. Where it is: a register, a spill slot, a guest register's home, a
 * constant; any number of these at once. */
struct val {
    uint32_t root;  /* the value whose bits it shares: its own, or a trunc, zext or get stands for
                       another */
    uint32_t next;  /* the next record that has it as an operand, 0 for none */
    uint32_t until; /* last site that has it in its exit state */
    uint32_t tail;  /* scan: the operand that named it last */
    uint32_t group; /* scan: the group of accesses that has it as base */
    uint8_t reg, type, flags;
    int16_t frame;  /* spill slot */
    int16_t home;   /* guest register */
};

/* What the scan knows of a record. */
struct rec {
    uint32_t in[BP_USE_INPUTS];   /* roots of the operands */
    uint32_t next[BP_USE_INPUTS]; /* their next uses */
};
/* Of a put: where its value is last in an exit state, or LAST_PUT. 0: nobody sees it. */
#define REC_HOLD(r) ((r)->next[BP_USE_INPUTS - 1])

/* A guest register whose newest value is not in its home. */
struct pending {
    uint32_t value, until;
    uint16_t reg;
    bool canon; /* the register has the canonical form of the value */
};

/* Of a load or store: its group, 0 for none. */
#define REC_GROUP(r) ((r)->in[BP_USE_INPUTS - 1])

/* Accesses that share a check, see codegen.h. */
struct group {
    int32_t first, end; /* displacements */
    uint32_t last;      /* record */
    uint8_t access, mmu, type;
};
#define GROUP_BYTES 1024 /* the farther apart, the more often a group crosses a page */

/* A register with the addend of a group. It is owned by value 0. */
struct kept {
    uint32_t group;
    uint8_t reg;
};
#define KEPT_MAX 4

struct snap {
    struct bp_operand from;
    uint16_t reg;
    bool canon;
};

/* A guest register that stays in a host register where the translation repeats. */
struct carried {
    uint16_t guest;
    uint8_t reg;
    bool deferred; /* at the repeat entry its home may be stale */
};
#define CARRIED_ALL 16
/* The way out by such an exit: what goes home, and the registers that have what is carried. */
struct repeat_out {
    uint32_t puts, put_count; /* as of state_snapshot() */
    uint8_t from[CARRIED_ALL]; /* by carried; NO_REG: its home has it */
    struct carried unseen[CARRIED_ALL]; /* in registers that the way out leaves alone */
    uint32_t unseen_count;
};

struct guest {
    uint32_t home;    /* value that the home is known to hold, 0 for none */
    uint32_t current; /* scan: newest value */
    uint32_t first;   /* scan: the get of what the home holds at the start, 0 for none */
    uint32_t first_put, first_hold; /* scan: first change, and the last site before it */
    bool unseen;      /* where the translation repeats, nobody looks before it is put */
    uint32_t put;     /* scan: newest put */
    uint16_t pending; /* index into pending, or NO_PENDING */
};

struct tcg_alloc {
    struct bp_asm as; /* first: the services find the rest from it */
    const struct bp_backend *backend;
    const struct bp_codegen *cg;
    uint64_t features;
    struct rule *rules;
    uint32_t rule_count;
    uint16_t *rule_list;                    /* indices, grouped */
    uint16_t rule_first[BP_OP_COUNT][8];    /* into rule_list */
    uint8_t rule_n[BP_OP_COUNT][8];
    uint16_t fused_list[8][4];
    uint8_t fused_n[8];
    bool upper[BP_OP_COUNT];                /* i32 results of the op have a zero upper half */
    bool upper_fp[BP_OP_COUNT];             /* of float results the rest of the register is zero */
    uint64_t int_regs, fp_regs;             /* allocatable */
    uint32_t random;
    uint64_t backend_state[8];

    /* one compilation */
    struct bp_code_job *job;
    const struct bp_ir *ir;
    int error;
    uint32_t i;            /* record being emitted */
    uint32_t mark;
    uint8_t *limit;        /* as.p may not pass it at a record's start */
    struct val *val;
    struct rec *rec;
    uint32_t room;         /* records that val, rec, calls, stubs have room for */
    struct guest *guest;
    uint32_t guest_room;
    uint64_t used;         /* registers that own a value */
    uint64_t locked;       /* registers of the record being emitted */
    uint32_t owner[64];
    struct kept kept[KEPT_MAX];
    uint32_t kept_count;
    uint32_t kept_regs;
    struct pending *pending;
    uint32_t pending_count;
    struct group *groups;  /* from 1 */
    uint32_t group_count;
    uint32_t *calls;       /* records that call */
    uint32_t call_count, call_at;
    uint32_t args[8];      /* arg records */
    uint32_t arg_count;
    uint64_t frame_free[FRAME_SLOTS_MAX / 64];
    struct bp_stub *stubs;
    uint32_t stub_count, stub_room;
    struct snap *snaps;
    uint32_t snap_count, snap_room;
    struct carried carried[CARRIED_ALL];
    uint32_t carried_count;
    uint32_t *carries;     /* carry records: of all exits, then of the next one */
    uint32_t carry_count;
    struct repeat_out *outs; /* by exit */
    uint32_t out_room;
    bool repeats;          /* it has an exit to its own start, */
    uint32_t last_repeat;  /* here the last one */
    struct bp_use use;
    unsigned memory_operands;
};

static inline bool is_fp(unsigned type)
{
    return type == BP_F32 || type == BP_F64 || type == BP_V128;
}
/* What moves the whole register that a value of this type is in. */
static inline unsigned move_type(unsigned type)
{
    return type == BP_V128 ? BP_V128 : is_fp(type) ? BP_F64 : BP_I64;
}
static inline uint64_t bit(unsigned reg) { return (uint64_t)1 << reg; }
static inline unsigned type_bytes(unsigned type)
{
    return type == BP_V128 ? 16 : type == BP_I64 || type == BP_F64 ? 8 : 4;
}
static inline uint64_t ir_immediate(const struct bp_ir *r) { return r->b | (uint64_t)r->c << 32; }

/* Whether somebody still wants the value behind the current record, at whose site it counts too. */
static inline bool alive(const struct tcg_alloc *a, const struct val *v)
{
    return v->next || v->until >= a->i;
}

/* An integer constant sign-extended from its width, a float's bits. */
static inline uint64_t const_value(const struct bp_ir *r, unsigned type)
{
    uint64_t v = ir_immediate(r);
    return type == BP_I32 ? (uint64_t)(int64_t)(int32_t)(uint32_t)v
         : type == BP_F32 ? (uint32_t)v : v;
}

static inline uint32_t code_offset(const struct tcg_alloc *a)
{
    return (uint32_t)(a->as.p - a->job->code_rw);
}

/* ---- scan.c ---------------------------------------------------------------------------------- */

/* Fills val, rec, calls. 0 or -errno. */
int alloc_scan(struct tcg_alloc *a);
/* Type by which an op's rules are chosen. */
unsigned rule_type(const struct bp_ir *ir, const struct bp_ir *r);

/* ---- regs.c: where values are ---------------------------------------------------------------- */

/* A free register of the set, made free if need be. It is not marked used. `v`: who will live
 * there. */
unsigned reg_pick(struct tcg_alloc *a, uint64_t set, const struct val *v);
void reg_own(struct tcg_alloc *a, unsigned reg, uint32_t value);
void reg_release(struct tcg_alloc *a, unsigned reg);
/* Takes the value out of its register, to another one outside `set` or to memory. */
void reg_vacate(struct tcg_alloc *a, unsigned reg, uint64_t not_in);
/* Makes sure that the value in a register is somewhere else too. */
void val_save(struct tcg_alloc *a, uint32_t value);
/* Loads a value that is in no register into this one, which does not become its owner. */
void val_load(struct tcg_alloc *a, uint32_t value, unsigned reg);
/* The value in some register of its class; loaded where it is not. */
unsigned val_in_reg(struct tcg_alloc *a, uint32_t value);
/* Where the value is in memory; false: nowhere. */
bool val_memory(const struct tcg_alloc *a, const struct val *v, struct bp_operand *ret);
/* Forgets addends: that of a register, all. */
void kept_release(struct tcg_alloc *a, unsigned reg);
void kept_clear(struct tcg_alloc *a);
/* Frees what a value without further uses holds. */
void val_drop_dead(struct tcg_alloc *a, uint32_t value);
void val_free_frame(struct tcg_alloc *a, struct val *v);
/* A spill slot for a value that is about to be stored there. */
void val_take_frame(struct tcg_alloc *a, struct val *v);
/* Makes sure that memory has the value, whatever it is. */
void val_need_memory(struct tcg_alloc *a, uint32_t value);
static inline bool val_has_memory(const struct val *v)
{
    return v->home >= 0 || v->frame >= 0;
}
static inline uint64_t regs_of_type(const struct tcg_alloc *a, unsigned type)
{
    return is_fp(type) ? a->fp_regs : a->int_regs;
}

/* Where memory has a guest register. */
static inline struct bp_operand home_of(const struct tcg_alloc *a, unsigned guest)
{
    const struct bp_guest_reg *g = &a->job->guest_regs[guest];
    return (struct bp_operand){ .kind = BP_OPERAND_ENV, .type = (uint8_t)g->type,
                                .offset = (int32_t)g->offset };
}

/* ---- state.c: guest registers ---------------------------------------------------------------- */

void state_put(struct tcg_alloc *a, uint32_t record);
/* Stores every pending guest register to its home. */
void state_sync(struct tcg_alloc *a);
/* A call may have changed the homes. */
void state_forget(struct tcg_alloc *a);
/* Appends a site with the pending registers. Returns what to store in the site slot. */
uint32_t state_site(struct tcg_alloc *a, bool with_registers);
/* Copies the pending registers for a stub. */
void state_snapshot(struct tcg_alloc *a, uint32_t *ret_first, uint32_t *ret_count);
/* Takes a guest register out of it. */
void state_snapshot_drop(struct tcg_alloc *a, uint32_t first, uint32_t *count, unsigned reg);
/* The guest register, whose home is stale, has the value as far as the site. */
void state_hold(struct tcg_alloc *a, unsigned reg, uint32_t value, uint32_t until);
/* Emits the stores of a snapshot: of what is in registers, then of the rest, carried by any register that is not among
 * those to keep. */
void state_restore_registers(struct tcg_alloc *a, uint32_t first, uint32_t count);
void state_restore_rest(struct tcg_alloc *a, uint32_t first, uint32_t count, uint64_t keep);
/* fcanon of a computed value: whether only exit states have the result. Then it need not be
 * computed, and the operand is held for them. */
bool state_canon(struct tcg_alloc *a, uint32_t record);
/* Whether something is pending now. */
bool state_any(struct tcg_alloc *a);
/* Stores a value, which is in a register, to the homes it is pending for. True where it stays
 * pending, because a home is in use. */
bool state_save(struct tcg_alloc *a, uint32_t value);

/* ---- repeat.c: guest registers in host registers round a loop -------------------------------- */

/* At the start: loads what the exits back carry. */
void repeat_enter(struct tcg_alloc *a);
void repeat_carry(struct tcg_alloc *a, uint32_t record);
/* Remembers where everything is now, for the way out, and emits that. */
void repeat_snapshot(struct tcg_alloc *a, struct repeat_out *out);
bool repeat_in_place(const struct tcg_alloc *a, const struct repeat_out *out);
void repeat_emit(struct tcg_alloc *a, const struct repeat_out *out);
/* bp_asm's service. */
void repeat_home(struct bp_asm *as, uint32_t exit);

/* ---- emit.c, call.c -------------------------------------------------------------------------- */

struct reg_move {
    uint8_t dst, src, type;
};
/* All at once. `spare` is neither source nor destination. Destroys m. */
void parallel_moves(struct tcg_alloc *a, struct reg_move *m, unsigned n, unsigned spare);

struct call_arg {
    uint32_t value; /* 0: imm */
    uint32_t next;  /* its next use */
    uint8_t type;
    bool address; /* of where the value is in memory */
    uint64_t imm;
};
#define CALL_RESULT_AT 0x80000000u /* flag: the first arg is the address of the result, not a value yet */
void emit_call(struct tcg_alloc *a, uint32_t record, void (*fn)(void), uint32_t flags,
               const struct call_arg *args, unsigned n);
void emit_helper(struct tcg_alloc *a, uint32_t record);
/* The op has no rule. */
void emit_legal(struct tcg_alloc *a, uint32_t record);

#endif
