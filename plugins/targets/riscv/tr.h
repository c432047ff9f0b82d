/* SPDX-License-Identifier: MIT */
/*
 * tr.h: what the files of instruction semantics (tr_*.c) share: the context of one instruction,
 * and access to registers in IR. A handler gets the decoded arguments `a`, emits IR through `c`
 * and says how translation goes on.
 */
#ifndef RISCV_TR_H
#define RISCV_TR_H

#include "cpu.h"
#include "riscv-decode.h"

struct ctx {
    struct bp_tr *t;
    const struct riscv_cpu *cpu; /* configuration members only */
    enum bp_type xt;             /* type of a general register */
    uint32_t insn;               /* as fetched; 16 bits of it where compressed */
    uint64_t link;               /* address behind the instruction */
    unsigned mmu;                /* index of data accesses */
    bool leave;                  /* the context has changed: end the translation behind it */
};

#define RISCV_CTX struct ctx
#define RISCV_TR_STORAGE
#include "riscv-handlers.inc"
#define TR RISCV_TR

/* Address arithmetic in the guest's width. */
static inline uint64_t guest_address(const struct ctx *c, uint64_t pc)
{
    return c->xt == BP_I32 ? (uint32_t)pc : pc;
}

static inline bp_value xconst(struct ctx *c, uint64_t v)
{
    return bp_const(c->t, c->xt, c->xt == BP_I32 ? (uint32_t)v : v);
}
static inline bp_value gpr(struct ctx *c, int32_t n)
{
    return n ? bp_get(c->t, c->xt, REG_X0 + (unsigned)n) : xconst(c, 0);
}
static inline void set_gpr(struct ctx *c, int32_t n, bp_value v)
{
    if (n)
        bp_put(c->t, REG_X0 + (unsigned)n, v);
}

/* The low 32 bits of a register, and a register set to 32 bits sign-extended. */
static inline bp_value gpr_w(struct ctx *c, int32_t n)
{
    bp_value v = gpr(c, n);
    return c->xt == BP_I32 ? v : bp_op1(c->t, BP_TRUNC, BP_I32, v);
}
static inline void set_gpr_w(struct ctx *c, int32_t n, bp_value v)
{
    set_gpr(c, n, c->xt == BP_I32 ? v : bp_op1(c->t, BP_SEXT, BP_I64, v));
}

/* A register's value as a helper takes it, and a helper's result as a register takes it. */
static inline bp_value to_i64(struct ctx *c, bp_value v)
{
    return c->xt == BP_I32 ? bp_op1(c->t, BP_ZEXT, BP_I64, v) : v;
}
static inline bp_value from_i64(struct ctx *c, bp_value v)
{
    return c->xt == BP_I32 ? bp_op1(c->t, BP_TRUNC, BP_I32, v) : v;
}

/* translate.c: raise an exception; they return what the handler must return. */
int tr_raise(struct ctx *c, unsigned cause, uint64_t tval);
int tr_illegal(struct ctx *c);

/* semihosting.c: whether the ebreak being translated is a semihosting call. */
bool semihosting_here(const struct ctx *c);
extern const struct bp_helper helper_semihosting;

static inline unsigned tr_priv(const struct ctx *c)
{
    return CTX_PRIV(c->t->flags);
}

/*
 * Compilers put a comparison that must raise nothing between frflags and fsflags. As long as only
 * comparisons came behind an frflags, what it read is still true unless one of them was unordered.
 * In bp_tr.scratch.
 */
#define TR_COMPARES 4
struct tr_flags {
    bp_value read;                  /* what frflags gave; 0: not valid */
    uint32_t count;
    bp_value compared[TR_COMPARES][2];
};
static inline struct tr_flags *tr_flags(struct ctx *c)
{
    return c->t->scratch;
}

/* tr_fp.c: whether float instructions exist now; where they write, FS becomes dirty. */
bool fp_begin(struct ctx *c, bool writes);
/* fflags as a general register has it. */
bp_value fp_read_flags(struct ctx *c);
/* Whether `v` is what the flags are already; leaves where it is not, back to this instruction. */
bool fp_flags_unchanged(struct ctx *c, bp_value v);

#endif
