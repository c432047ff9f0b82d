/* SPDX-License-Identifier: MIT */
/*
 * tr.h: what the files of instruction semantics (tr_*.c) share: the context of one instruction,
 * access to registers and condition flags in IR. A handler gets the decoded arguments `a`, emits IR
 * through `c` and says how translation goes on.
 *
 * An operand of the class wx or wxsp is a register number with the width in bit 5: WIDE.
 */
#ifndef AARCH64_TR_H
#define AARCH64_TR_H

#include "a64-decode.h"
#include "cpu.h"

struct ctx {
    struct bp_tr *t;
    const struct a64_cpu *cpu; /* configuration members only */
    uint32_t insn;
    uint64_t link;             /* address behind the instruction */
    bool leave;                /* the context has changed: end the translation behind it */
    unsigned mem;              /* memop bits of every access: mmu index, alignment */
};

#define A64_CTX struct ctx
#define A64_TR_STORAGE
#include "a64-handlers.inc"
#define TR A64_TR

#define WIDE(r) ((r) >> 5 & 1)
#define ZERO_REG 31

static inline unsigned bits_of(const struct ctx *c, unsigned low, unsigned n)
{
    return c->insn >> low & ((1u << n) - 1);
}

static inline bp_value const64(struct ctx *c, uint64_t v) { return bp_const(c->t, BP_I64, v); }
static inline bp_value const32(struct ctx *c, uint32_t v) { return bp_const(c->t, BP_I32, v); }
static inline bp_value op2(struct ctx *c, enum bp_op op, enum bp_type t, bp_value a, bp_value b)
{
    return bp_op2(c->t, op, t, a, b);
}

/* 64-bit registers: 31 is zero, or the stack pointer. */
static inline bp_value get_x(struct ctx *c, int32_t n)
{
    n &= 31;
    return n == ZERO_REG ? const64(c, 0) : bp_get(c->t, BP_I64, REG_X0 + (unsigned)n);
}
static inline void put_x(struct ctx *c, int32_t n, bp_value v)
{
    n &= 31;
    if (n != ZERO_REG)
        bp_put(c->t, REG_X0 + (unsigned)n, v);
}
static inline bp_value get_xsp(struct ctx *c, int32_t n)
{
    return bp_get(c->t, BP_I64, REG_X0 + (unsigned)(n & 31));
}
static inline void put_xsp(struct ctx *c, int32_t n, bp_value v)
{
    bp_put(c->t, REG_X0 + (unsigned)(n & 31), v);
}

/* Registers of the operand's width. */
static inline enum bp_type type_of(int32_t r) { return WIDE(r) ? BP_I64 : BP_I32; }
static inline bp_value narrow(struct ctx *c, int32_t r, bp_value v)
{
    return WIDE(r) ? v : bp_op1(c->t, BP_TRUNC, BP_I32, v);
}
static inline bp_value widen(struct ctx *c, int32_t r, bp_value v)
{
    return WIDE(r) ? v : bp_op1(c->t, BP_ZEXT, BP_I64, v);
}
static inline bp_value get_r(struct ctx *c, int32_t r) { return narrow(c, r, get_x(c, r)); }
static inline bp_value get_w(struct ctx *c, int32_t n)
{
    return bp_op1(c->t, BP_TRUNC, BP_I32, get_x(c, n));
}
static inline void put_w(struct ctx *c, int32_t n, bp_value v)
{
    put_x(c, n, bp_op1(c->t, BP_ZEXT, BP_I64, v));
}
static inline void put_r(struct ctx *c, int32_t r, bp_value v) { put_x(c, r, widen(c, r, v)); }
static inline bp_value get_rsp(struct ctx *c, int32_t r) { return narrow(c, r, get_xsp(c, r)); }
static inline void put_rsp(struct ctx *c, int32_t r, bp_value v) { put_xsp(c, r, widen(c, r, v)); }
static inline bp_value const_r(struct ctx *c, int32_t r, uint64_t v)
{
    return WIDE(r) ? const64(c, v) : const32(c, (uint32_t)v);
}

/* What an indirect branch leaves for the instruction that it leads to. */
static inline void tr_branches(struct ctx *c, int32_t rn, bool call)
{
    bool any = call || rn == 16 || rn == 17 || !(c->t->flags & CTX_GUARDED);

    if (c->t->flags & CTX_BTI)
        bp_put(c->t, REG_BTYPE, const32(c, call ? BTYPE_CALL : any ? BTYPE_BR : BTYPE_BR_GUARDED));
}

/* Memory. */
static inline bp_value mem_address(struct ctx *c, bp_value address)
{
    return c->t->flags & CTX_TBI ? bp_op2(c->t, BP_AND, BP_I64, address, const64(c, TBI_MASK))
                                 : address;
}
static inline bp_value mem_at(struct ctx *c, bp_value address, int32_t *offset)
{
    if (!(c->t->flags & CTX_TBI))
        return address;
    address = bp_op2(c->t, BP_ADD, BP_I64, address, const64(c, (uint64_t)(int64_t)*offset));
    *offset = 0;
    return mem_address(c, address);
}
static inline bp_value mem_load(struct ctx *c, enum bp_type t, unsigned memop, bp_value address,
                                int32_t offset)
{
    address = mem_at(c, address, &offset);
    return bp_load(c->t, t, memop | c->mem, address, offset);
}
static inline void mem_store(struct ctx *c, unsigned memop, bp_value address, int32_t offset,
                             bp_value v)
{
    address = mem_at(c, address, &offset);
    bp_store(c->t, memop | c->mem, address, offset, v);
}
static inline bp_value mem_cas(struct ctx *c, unsigned memop, bp_value address, bp_value expected,
                               bp_value desired)
{
    return bp_emit(c->t, BP_CAS, BP_I64, memop | c->mem, mem_address(c, address), expected,
                   desired);
}
static inline void mem_unprivileged(struct ctx *c)
{
    c->mem = (c->mem & ~BP_MEM_MMU(15u)) | BP_MEM_MMU(CTX_UNPRIV(c->t->flags));
}

/* ---- vector registers ------------------------------------------------------------------------ */

static inline bp_value get_v(struct ctx *c, int32_t n)
{
    return bp_get(c->t, BP_V128, REG_V0 + (unsigned)(n & 31));
}
static inline void put_v(struct ctx *c, int32_t n, bp_value v)
{
    bp_put(c->t, REG_V0 + (unsigned)(n & 31), v);
}
static inline bp_value vop(struct ctx *c, enum bp_op op, unsigned log2, unsigned number, bp_value a,
                           bp_value b)
{
    return bp_emit(c->t, op, BP_V128, BP_V(log2, number), a, b, 0);
}
static inline bp_value vconst(struct ctx *c, uint64_t half)
{
    return bp_const(c->t, BP_V128, half);
}
static inline unsigned log2_of(enum bp_type t) { return t == BP_F64 || t == BP_I64 ? 3 : 2; }
/* The lowest lane as a scalar, and a register with zeros above a scalar. */
static inline bp_value lowest(struct ctx *c, enum bp_type t, bp_value v)
{
    return bp_emit(c->t, BP_VGET, t, BP_V(log2_of(t), 0), v, 0, 0);
}
static inline bp_value get_f(struct ctx *c, enum bp_type t, int32_t n)
{
    return lowest(c, t, get_v(c, n));
}
static inline bp_value zext_v(struct ctx *c, bp_value scalar)
{
    return bp_emit(c->t, BP_VZEXT, BP_V128, 0, scalar, 0, 0);
}
static inline void put_f(struct ctx *c, int32_t n, bp_value v) { put_v(c, n, zext_v(c, v)); }

/* tr_fp.c: whether floats of 32 and 64 bits need the exact helper: flushing. */
static inline bool fp_exact_mode(const struct ctx *c) { return c->t->flags & CTX_FZ; }
static inline bool fp_default_nan(const struct ctx *c) { return c->t->flags & CTX_DN; }
/* Of a half, which the IR does not have: its bits. */
#define FP_TYPE_HALF BP_VOID
static inline uint64_t fp_expand_half(unsigned imm8)
{
    return (imm8 & 0x80) << 8 | (imm8 & 0x40 ? 0x3000u : 0x4000u) | (imm8 & 0x3f) << 6;
}
bp_value fp_call(struct ctx *c, unsigned op, enum bp_type type, unsigned number, bp_value a,
                 bp_value b, bp_value z);

/* ---- tr_flags.c ------------------------------------------------------------------------------ */

/* A condition as the IR compares. */
struct test {
    enum bp_cond cond;
    bp_value a, b;
};
/* `cond` is that of the instructions: 0 EQ to 14 AL. */
struct test flags_test(struct ctx *c, unsigned cond);
bp_value flags_carry(struct ctx *c);                     /* i64, 0 or 1 */
bp_value flags_packed(struct ctx *c);                    /* i32, as CC_NZCV has them */
void flags_sub(struct ctx *c, enum bp_type type, bp_value a, bp_value b);
void flags_add(struct ctx *c, enum bp_type type, bp_value a, bp_value b);
void flags_adc(struct ctx *c, enum bp_type type, bp_value a, bp_value b, bp_value carry64);
void flags_logic(struct ctx *c, enum bp_type type, bp_value result);
void flags_pack(struct ctx *c, bp_value nzcv32);
/* If the condition holds flags of a - b (or a + b), else the immediate. */
void flags_ccmp(struct ctx *c, unsigned cond, bool subtract, enum bp_type type, bp_value a,
                bp_value b, unsigned nzcv);
/* Of a quiet comparison of floats whose exceptions have been raised. */
void flags_fcmp(struct ctx *c, enum bp_type type, bp_value a, bp_value b);

/* ---- translate.c ----------------------------------------------------------------------------- */

/* They return what the handler must return. */
int tr_undefined(struct ctx *c);
int tr_unimplemented(struct ctx *c); /* an instruction that we lack: as undefined, told once */
int tr_raise(struct ctx *c, enum a64_exception e, unsigned what);

/* tr_pauth.c: a hint that is of FEAT_PAuth. */
int pauth_hint(struct ctx *c, unsigned crm, unsigned op2);

/* tr_mem.c: the address of register-offset accesses. */
bp_value extend_reg(struct ctx *c, int32_t rm, unsigned option, unsigned shift);

#endif
