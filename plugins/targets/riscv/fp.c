/* SPDX-License-Identifier: MIT */
/*
 * fp.c: the floating-point state and what the IR's float ops leave out: rounding to nearest with
 * ties away from zero, and classification. The RISC-V Instruction Set Manual, volume I, "F" and
 * "D" Extensions.
 *
 * Sticky flags live in the runtime while the vCPU runs; fcsr's fflags are made from them on demand.
 */
#include "cpu.h"

#include <backplane/softfloat.h>

/* fflags has the same five flags in the opposite order. */
static uint32_t reverse5(uint32_t v)
{
    return (v & 1) << 4 | (v & 2) << 2 | (v & 4) | (v & 8) >> 2 | (v & 16) >> 4;
}

uint64_t fp_get_fflags(struct riscv_cpu *cpu)
{
    return reverse5(bp_fp_flags(cpu));
}

void fp_set_fflags(struct riscv_cpu *cpu, uint64_t flags)
{
    bp_fp_set_flags(cpu, reverse5((uint32_t)flags));
}

void fp_set_frm(struct riscv_cpu *cpu, uint64_t frm)
{
    static const uint8_t rounding[4] = {
        BP_ROUND_NEAREST_EVEN, BP_ROUND_ZERO, BP_ROUND_DOWN, BP_ROUND_UP,
    };

    cpu->frm = (uint8_t)(frm & 7);
    /* Of the others, one is translated to exact helpers and the rest is illegal. */
    bp_fp_set_rounding(cpu, cpu->frm < 4 ? rounding[cpu->frm] : BP_ROUND_NEAREST_EVEN);
}

void fp_load_state(struct riscv_cpu *cpu)
{
    fp_set_fflags(cpu, cpu->fflags);
    fp_set_frm(cpu, cpu->frm);
}

static void fs_dirty(void *env)
{
    struct riscv_cpu *cpu = env;
    cpu->mstatus |= MSTATUS_FS;
}
const struct bp_helper helper_fs_dirty = {
    "fs_dirty", (void (*)(void))fs_dirty, BP_VOID, 0, { 0 }, BP_CALL_ENV,
};

/* ---- rounding to nearest, ties away ---------------------------------------------------------- */

static uint64_t sext32(uint64_t v)
{
    return (uint64_t)(int64_t)(int32_t)(uint32_t)v;
}

/* Integer types by distance from FP_TO_W or FP_FROM_W. */
static const uint32_t int_types[4] = { 32 | BP_FP_SIGNED, 32, 64 | BP_FP_SIGNED, 64 };

/* What FP_MSUB and the rest negate. */
static uint32_t negate_of(unsigned op)
{
    switch (op) {
    case FP_MSUB: return BP_FP_NEGATE_ADDEND;
    case FP_NMSUB: return BP_FP_NEGATE_PRODUCT;
    case FP_NMADD: return BP_FP_NEGATE_PRODUCT | BP_FP_NEGATE_ADDEND;
    default: return 0;
    }
}

/* An integer operand, of which W and WU use 32 bits. */
static uint64_t int_operand(unsigned op, uint64_t a)
{
    return op == FP_FROM_W ? sext32(a) : op == FP_FROM_WU ? (uint32_t)a : a;
}

/* Registers take 32-bit integers sign-extended, unsigned ones too. */
static uint64_t int_result(unsigned op, uint64_t v)
{
    return op == FP_TO_W || op == FP_TO_WU ? sext32(v) : v;
}

static uint64_t exact_double(struct bp_fp *fp, unsigned op, uint64_t a, uint64_t b, uint64_t c)
{
    switch (op) {
    case FP_ADD: return bp_f64_add(fp, a, b);
    case FP_SUB: return bp_f64_sub(fp, a, b);
    case FP_MUL: return bp_f64_mul(fp, a, b);
    case FP_DIV: return bp_f64_div(fp, a, b);
    case FP_SQRT: return bp_f64_sqrt(fp, a);
    case FP_MADD:
    case FP_MSUB:
    case FP_NMSUB:
    case FP_NMADD: return bp_f64_fma(fp, a, b, c, negate_of(op));
    case FP_TO_W:
    case FP_TO_WU:
    case FP_TO_L:
    case FP_TO_LU:
        return int_result(op, bp_f64_to_int(fp, a, int_types[op - FP_TO_W], 0, fp->rounding));
    case FP_NARROW: return bp_f64_to_f32(fp, a);
    default:
        return bp_f64_from_int(fp, int_operand(op, a), int_types[op - FP_FROM_W], 0);
    }
}

static uint32_t exact_single(struct bp_fp *fp, unsigned op, uint64_t a, uint32_t b, uint32_t c)
{
    uint32_t x = (uint32_t)a;

    switch (op) {
    case FP_ADD: return bp_f32_add(fp, x, b);
    case FP_SUB: return bp_f32_sub(fp, x, b);
    case FP_MUL: return bp_f32_mul(fp, x, b);
    case FP_DIV: return bp_f32_div(fp, x, b);
    case FP_SQRT: return bp_f32_sqrt(fp, x);
    case FP_MADD:
    case FP_MSUB:
    case FP_NMSUB:
    case FP_NMADD: return bp_f32_fma(fp, x, b, c, negate_of(op));
    default:
        return bp_f32_from_int(fp, int_operand(op, a), int_types[op - FP_FROM_W], 0);
    }
}

/* The operation `what` (enum fp_exact_op, FP_EXACT_DOUBLE) on bit patterns or an integer. */
static uint64_t fp_exact(void *env, uint32_t what, uint64_t a, uint64_t b, uint64_t c)
{
    unsigned op = what & 0xff;
    struct bp_fp fp;
    uint64_t r;

    bp_fp_init(&fp);
    fp.rounding = BP_ROUND_NEAREST_AWAY;
    if (what & FP_EXACT_DOUBLE)
        r = exact_double(&fp, op, a, b, c);
    else if (op >= FP_TO_W && op <= FP_TO_LU)
        r = int_result(op, bp_f32_to_int(&fp, (uint32_t)a, int_types[op - FP_TO_W], 0,
                                         fp.rounding));
    else
        r = exact_single(&fp, op, a, (uint32_t)b, (uint32_t)c);
    bp_fp_set_flags(env, bp_fp_flags(env) | (fp.flags & 0x1f));
    return r;
}
const struct bp_helper helper_fp_exact = {
    "fp_exact", (void (*)(void))fp_exact, BP_I64, 4, { BP_I32, BP_I64, BP_I64, BP_I64 },
    BP_CALL_ENV | BP_CALL_FP,
};

/* ---- FCLASS ---------------------------------------------------------------------------------- */

/* By sign, exponent (none, some or all bits set) and significand. */
static uint32_t class_of(bool negative, bool exponent_zero, bool exponent_ones, bool fraction,
                         bool quiet)
{
    if (exponent_ones && fraction)
        return quiet ? 1u << 9 : 1u << 8;
    if (exponent_ones)
        return negative ? 1u << 0 : 1u << 7;
    if (!exponent_zero)
        return negative ? 1u << 1 : 1u << 6;
    if (fraction)
        return negative ? 1u << 2 : 1u << 5;
    return negative ? 1u << 3 : 1u << 4;
}

static uint32_t fclass_s(uint32_t v)
{
    uint32_t e = v >> 23 & 0xff;
    return class_of(v >> 31, e == 0, e == 0xff, (v & 0x7fffff) != 0, v >> 22 & 1);
}
const struct bp_helper helper_fclass_s = {
    "fclass_s", (void (*)(void))fclass_s, BP_I32, 1, { BP_I32 }, BP_CALL_PURE,
};

static uint32_t fclass_d(uint64_t v)
{
    uint64_t e = v >> 52 & 0x7ff;
    return class_of(v >> 63, e == 0, e == 0x7ff, (v & ((UINT64_C(1) << 52) - 1)) != 0, v >> 51 & 1);
}
const struct bp_helper helper_fclass_d = {
    "fclass_d", (void (*)(void))fclass_d, BP_I32, 1, { BP_I64 }, BP_CALL_PURE,
};
