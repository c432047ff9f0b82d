/* SPDX-License-Identifier: MIT */
/*
 * codegen.h: what a code generator backend gives to the runtime's register allocator.
 *
 * The runtime walks a translation once, forward. For each record it takes the first rule that fits,
 * puts the operands where the rule wants them, and calls the rule's `emit`, which writes host
 * instructions at as->p. The runtime owns liveness, registers, spilling, guest registers and exit
 * states; the backend owns encodings.
 *
 * Registers are numbered 0..31 (integer) and 32..63 (floating point); a set is a uint64_t with bit
 * n for register n. One integer register holds env and is never allocated; the frame that `enter`
 * sets up holds the spill slots, 8 bytes each.
 *
 * Values of type i32 lie in the low half of an integer register; the upper half is zero where
 * BP_RULE_UPPER says so or the runtime loaded it, else unspecified. f32 and f64 lie in the low bits
 * of an FP register, v128 fills it; the rest is unspecified likewise.
 *
 * Operand strings. "OUT,IN...;TEMP..." without blanks: first the result as '=' and a class, where
 * the op has one; then each value operand in the record's order; behind the semicolon scratch
 * registers.
 *
 *     =r,0,g      result in r; a where the result is; b of class g
 *     =&r,r;r     the result's register differs from all operands'; one scratch register
 *     =D,A,r      D and A hold one register each: a is moved there and may be destroyed
 *
 * A letter names a class (struct bp_class). '0' ties an operand to the result. '&' is an early
 * clobber. An operand register that is not tied must not be changed by `emit`, unless its class
 * holds one register and a temp or the result names that class too. Scratch registers differ from
 * all others, but a result that is not '&' may share the register of an operand that dies.
 *
 * A record without a rule that fits is done by a call of a C function of the runtime with the same
 * result: a backend is correct with a handful of rules, and fast with all.
 */
#ifndef BACKPLANE_CODEGEN_H
#define BACKPLANE_CODEGEN_H

#include <backplane/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_FP_REG 32u /* number of the first FP register */

/* ---- operands -------------------------------------------------------------------------------- */

enum bp_operand_kind {
    BP_OPERAND_NONE = 0,
    BP_OPERAND_REG = 1,
    BP_OPERAND_IMM = 2,
    BP_OPERAND_ENV = 3,   /* memory at env + offset */
    BP_OPERAND_FRAME = 4, /* memory at the frame base + offset */
};

struct bp_operand {
    uint8_t kind;   /* enum bp_operand_kind */
    uint8_t reg;    /* REG */
    uint8_t type;   /* enum bp_type of the value as the record uses it */
    uint8_t flags;
    int32_t offset; /* ENV, FRAME */
    uint64_t imm;   /* IMM: integers sign-extended from their width, floats as bit patterns */
};

#define BP_USE_INPUTS 4
#define BP_USE_TEMPS 4

/*
 * Accesses by one base value and near each other form a group, which is checked once. The first one
 * finds out whether the whole group lies in one page that the TLB has for all that the group does,
 * and leaves the addend in temp[0], or 0 where that is not so; the others find it there, and must
 * look themselves where it is 0.
 */
enum bp_share { BP_SHARE_NONE = 0, BP_SHARE_FIRST = 1, BP_SHARE_MEMBER = 2 };
enum bp_share_access { BP_SHARE_READ = 1, BP_SHARE_WRITE = 2 };

/* One record to emit. */
struct bp_use {
    const struct bp_ir *ir;
    struct bp_operand out;
    struct bp_operand in[BP_USE_INPUTS];
    uint8_t temp[BP_USE_TEMPS];
    uint8_t cond;   /* fused compare: its condition; else the record's aux */
    uint8_t share;  /* BP_RULE_SHARES: enum bp_share */
    uint8_t share_access; /* FIRST: enum bp_share_access bits of all accesses of the group */
    uint8_t reserved;
    int32_t share_first, share_end; /* FIRST: displacements of the group's first byte and behind
                                       its last */
    uint32_t keep;  /* BP_RULE_SHARES: registers that later accesses take an addend from, temp[0]
                       perhaps among them. The runtime's functions make addends stale: after calling
                       one they must be 0 */
    uint32_t site;  /* memory ops: what the slow path stores in the site slot */
    uint32_t exit;  /* exit_if: exit number */
};

/* ---- the assembler's state ------------------------------------------------------------------- */

struct bp_asm;

/* Code that is emitted behind the main line, in the order asked for. */
struct bp_stub {
    void (*emit)(struct bp_asm *as, struct bp_stub *stub);
    uint8_t *from; /* the field of the jump that comes here */
    uint8_t *back; /* where to return to, or NULL */
    struct bp_use use;
    uint64_t data[3]; /* the backend's; not cleared */
};

struct bp_asm {
    uint32_t size;
    uint32_t reserved;
    uint8_t *p;            /* next byte, in the writable mapping */
    ptrdiff_t to_rx;       /* what is written at p runs at p + to_rx */
    const uint8_t *base;   /* rx address of the prologue */
    const struct bp_code_job *job;
    uint64_t features;
    void *backend;         /* 64 bytes of the backend's, zeroed for each translation */
    /* Services of the runtime. */
    /* A new stub; from and back are for the caller to set. `use` is copied; NULL: not needed.
     * Never NULL: where there are too many the translation is given up after this record. */
    struct bp_stub *(*stub)(struct bp_asm *as, const struct bp_use *use,
                            void (*emit)(struct bp_asm *as, struct bp_stub *stub));
    /* exit_if: `field` is that of the jump to take. The runtime makes it go to code that brings
     * the guest registers home and leaves by the exit. */
    void (*side_exit)(struct bp_asm *as, struct bp_use *use, uint8_t *field);
    bool direct;           /* in exit_if's emit: nothing has to be done on the way out, so the field
                              will be given to exit() and patched: place it accordingly, and look at
                              the interrupt slot before, where BP_EXIT_LOOP is set */
    /* The exact result of any integer or float op, for code out of line; never raises. Floats
     * are bit patterns, flags go to slots.fp_flags. `how` is bp_exact_how(). */
    uint64_t (*exact)(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t how,
                      const struct bp_slots *slots);
    /* For a BP_EXIT_REPEAT exit: emits the stores without which guest registers are not home; they change no
     * register. To be called wherever the exit goes to the run loop: not chained, interrupted. */
    void (*home)(struct bp_asm *as, uint32_t exit);
};

static inline uint32_t bp_exact_how(const struct bp_ir *r, unsigned operand_type)
{
    return r->op | (uint32_t)r->type << 8 | (uint32_t)operand_type << 12 | (uint32_t)r->aux << 16;
}

/* ---- classes and rules ----------------------------------------------------------------------- */

enum bp_class_flags {
    BP_CLASS_MEMORY = 1, /* a value that is not needed again may stay in memory (env or frame) */
};

struct bp_class {
    char letter;
    uint8_t flags;  /* enum bp_class_flags */
    uint64_t regs;  /* 0: immediates only */
    /* Which constants may be immediates; NULL: none. `value` is as in bp_operand.imm. */
    bool (*fits)(unsigned type, uint64_t value);
};

enum bp_rule_flags {
    BP_RULE_COMMUTES = 1, /* the first two operands may be exchanged */
    BP_RULE_UPPER = 2,    /* an i32 result has a zero upper half; a float's the rest of its register */
    BP_RULE_SHARES = 8,   /* load, store, rmw, cas: understands use->share and use->keep */
    BP_RULE_ONE_MEMORY = 16, /* at most one operand in memory */
    BP_RULE_DIRECT = 32,     /* load, store, rmw, cas: for job->direct only */
    BP_RULE_FUSED = 4,    /* select of a cmp, with operands x, y, yes, no; use->cond is the cmp's */
};

#define BP_TYPES(t) (1u << (t))
#define BP_T_INT (BP_TYPES(BP_I32) | BP_TYPES(BP_I64))
#define BP_T_FLOAT (BP_TYPES(BP_F32) | BP_TYPES(BP_F64))
#define BP_T_VECTOR BP_TYPES(BP_V128)
#define BP_T_VOID BP_TYPES(BP_VOID)

/* One way to emit one op. The first row that fits is taken, so special cases come first. */
struct bp_rule {
    uint8_t op;       /* enum bp_op */
    uint8_t flags;    /* enum bp_rule_flags */
    uint16_t types;   /* BP_TYPES() of the result; of a where there is none, and for cmp and fcmp;
                         of b for store */
    const char *operands;
    uint64_t features; /* all of these bits must be set in job->features */
    /* Further conditions on the record, such as its aux or its operands' types: r is in the
     * array `ir`. NULL: none */
    bool (*when)(const struct bp_ir *ir, const struct bp_ir *r);
    void (*emit)(struct bp_asm *as, struct bp_use *use);
};

/* ---- the descriptor -------------------------------------------------------------------------- */

struct bp_codegen {
    uint32_t size;
    uint32_t reserved;
    uint64_t allocatable;   /* all registers that may hold values */
    uint64_t preserved;     /* of these: those that C functions keep */
    uint64_t avoid;         /* of these: those that rules want by name; given out last */
    uint8_t args[8];        /* registers of the first C arguments, env being one; 0xff: no more */
    uint8_t result;         /* register of a C result */
    uint8_t env;            /* register that holds env */
    uint8_t reserved8[6];
    uint32_t frame_first;   /* first spill slot: byte offset from the frame base */
    uint32_t frame_slots;   /* number of them */
    uint32_t op_bytes;      /* most that one call below or one `emit` writes */
    uint32_t align;         /* of the start of a translation, bytes */
    const char *const *reg_names; /* 64, for logs */
    struct bp_rows classes; /* struct bp_class */
    struct bp_rows rules;   /* struct bp_rule */

    /* Copies a register; also between integer and FP registers (bit patterns). */
    void (*move)(struct bp_asm *as, unsigned type, unsigned dst, unsigned src);
    /* Loads a constant; may destroy the host's condition flags. */
    void (*constant)(struct bp_asm *as, unsigned type, unsigned dst, uint64_t value);
    /* Loads from env or frame; an i32 gets a zero upper half, a float zeros above it. */
    void (*load)(struct bp_asm *as, unsigned type, unsigned dst, const struct bp_operand *memory);
    /* Stores a register, or an immediate for which store_imm said true. */
    void (*store)(struct bp_asm *as, unsigned type, const struct bp_operand *memory,
                  const struct bp_operand *value);
    bool (*store_imm)(unsigned type, uint64_t value);
    /* The address of env or frame memory, into an integer register. */
    void (*address)(struct bp_asm *as, unsigned dst, const struct bp_operand *memory);
    /* Makes a float's NaN the canonical one: dst from src, which may be the same. */
    void (*canon)(struct bp_asm *as, unsigned type, unsigned dst, unsigned src);
    /* Stores a constant in the site slot. */
    void (*site)(struct bp_asm *as, uint32_t site);
    /* Calls a C function whose arguments are in place; with BP_CALL_ENV the backend sets the
     * first. */
    void (*call)(struct bp_asm *as, void (*fn)(void), unsigned flags);
    /* Makes the jump with this field go to as->p. */
    void (*bind)(struct bp_asm *as, uint8_t *field);
    /* Leaves by an exit: tests the interrupt slot where BP_EXIT_LOOP is set, then a jump that
     * can be patched; sets job->exit_patch. With a field, from side_exit(), binds it, and that
     * jump is the one to patch. Guest registers are home, all registers free; but see home(). */
    void (*exit)(struct bp_asm *as, uint32_t exit, uint8_t *field);
    /* Leaves to the run loop; `pc` NULL: the pc slot is right. */
    void (*leave)(struct bp_asm *as, unsigned why, const uint64_t *pc);
    /* Behind the last stub, with room for finish_bytes(); NULL: nothing to do. */
    void (*finish)(struct bp_asm *as);
    /* Bytes that finish() may write now; NULL: 0. */
    uint32_t (*finish_bytes)(const struct bp_asm *as);
};

#ifdef __cplusplus
}
#endif
#endif
