/* SPDX-License-Identifier: MIT */
/*
 * float.h: the float ops of backplane/ir.h by exact integer arithmetic (backplane/softfloat.h), so
 * that the interpreter is a reference for backends that use the host's FPU.
 */
#ifndef INTERP_FLOAT_H
#define INTERP_FLOAT_H

#include "memory.h"

#include <backplane/softfloat.h>

/* What aux says of NaNs: min and max by enum bp_fmin, the others by BP_NAN_KEEP. */
static inline void fp_keep_nans(struct bp_fp *fp)
{
    fp->nan_rule = BP_FP_NAN_FIRST_SIGNALLING;
    fp->fma_nan_order = BP_FP_NAN_ORDER_CAB;
    fp->fma_rule = BP_FP_FMA_NAN_TO_DEFAULT;
}

static inline uint32_t fp_minmax_rule(struct bp_fp *fp, int32_t aux)
{
    if (aux == BP_FMIN_2008 || aux == BP_FMIN_NAN)
        fp_keep_nans(fp);
    return aux == BP_FMIN_2019                               ? BP_FP_NUMBER_2019
           : aux == BP_FMIN_2008 || aux == BP_FMIN_2008_CANON ? BP_FP_NUM_2008
                                                              : BP_FP_NAN_WINS_2019;
}

/* A context that rounds as a record's aux says. */
static inline struct bp_fp fp_begin(const struct machine *m, int32_t aux)
{
    struct bp_fp fp;
    unsigned rounding = (unsigned)aux & 0x7f;
    bp_fp_init(&fp);
    if (rounding == BP_ROUND_DYNAMIC)
        rounding = load_u32(field(m, m->prologue->slots.fp_rounding));
    fp.rounding = rounding;
    if (aux & BP_NAN_KEEP) {
        fp_keep_nans(&fp);
        fp.int_rule = BP_FP_INT_SATURATE_NAN_ZERO; /* BP_NAN_ZERO */
    }
    return fp;
}

static inline void fp_end(const struct machine *m, const struct bp_fp *fp)
{
    uint32_t *flags = field(m, m->prologue->slots.fp_flags);
    *flags |= fp->flags & (BP_FP_INVALID | BP_FP_DIV_ZERO | BP_FP_OVERFLOW | BP_FP_UNDERFLOW |
                           BP_FP_INEXACT);
}

/* Result of comparing by enum bp_fcond; `relation` is enum bp_fp_relation. */
static inline bool fp_holds(int32_t cond, int relation)
{
    switch (cond) {
    case BP_FEQ: return relation == BP_FP_EQUAL;
    case BP_FLT: case BP_FLT_QUIET: return relation == BP_FP_LESS;
    case BP_FLE: case BP_FLE_QUIET: return relation == BP_FP_LESS || relation == BP_FP_EQUAL;
    default: return relation == BP_FP_UNORDERED;
    }
}

static inline bool fp_signals(int32_t cond) { return cond == BP_FLT || cond == BP_FLE; }

/* Of f2i and i2f: what bp_F_to_int() and from_int() take. */
static inline uint32_t fp_signed(int32_t aux) { return aux & 0x80 ? 0 : BP_FP_SIGNED; }

/* An integer of `bits` as one of 64. */
static inline uint64_t fp_extend(int32_t aux, unsigned bits, uint64_t a)
{
    return fp_signed(aux) ? (uint64_t)as_signed(bits, a) : a;
}

/* Operands a and b, the third in slot i->y; `i` also says what is particular to the op. */
#define FLOAT_FUNCTION(name, f, result)                                                            \
    static inline uint64_t do_##name##_##f(struct bp_fp *fp, uint64_t a, uint64_t b,               \
                                           const uint64_t *slots, const struct wide_insn *i)       \
    {                                                                                              \
        return result;                                                                             \
    }
#define FLOAT_FUNCTIONS(f, T)                                                                      \
    FLOAT_FUNCTION(fadd, f, bp_##f##_add(fp, (T)a, (T)b))                                          \
    FLOAT_FUNCTION(fsub, f, bp_##f##_sub(fp, (T)a, (T)b))                                          \
    FLOAT_FUNCTION(fmul, f, bp_##f##_mul(fp, (T)a, (T)b))                                          \
    FLOAT_FUNCTION(fdiv, f, bp_##f##_div(fp, (T)a, (T)b))                                          \
    FLOAT_FUNCTION(fsqrt, f, bp_##f##_sqrt(fp, (T)a))                                              \
    FLOAT_FUNCTION(fmadd, f, bp_##f##_fma(fp, (T)a, (T)b, (T)slots[i->y], 0))                      \
    FLOAT_FUNCTION(fmin, f, bp_##f##_minmax(fp, (T)a, (T)b, BP_FP_MIN | fp_minmax_rule(fp, i->x)))        \
    FLOAT_FUNCTION(fmax, f, bp_##f##_minmax(fp, (T)a, (T)b, BP_FP_MAX | fp_minmax_rule(fp, i->x)))        \
    FLOAT_FUNCTION(fcmp, f, fp_holds(i->x, bp_softfloat_->f##_compare(fp, (T)a, (T)b,              \
                                                                      fp_signals(i->x))))          \
    FLOAT_FUNCTION(f2i, f, low_bits(i->y, bp_##f##_to_int(fp, (T)a, i->y | fp_signed(i->x), 0,     \
                                                          fp->rounding)))                          \
    FLOAT_FUNCTION(i2f, f, bp_##f##_from_int(fp, fp_extend(i->x, i->y, a),                         \
                                             64 | fp_signed(i->x), 0))                             \
    FLOAT_FUNCTION(fround, f, bp_##f##_round_int(fp, (T)a, fp->rounding, i->x & 0x80 ? 1 : 0))
FLOAT_FUNCTIONS(f32, uint32_t)
FLOAT_FUNCTIONS(f64, uint64_t)
#undef FLOAT_FUNCTIONS
#undef FLOAT_FUNCTION

/* Bit operations: sign, exponent and quiet bit by format. */
#define FLOAT_BIT_FUNCTIONS(f, sign, infinity, nan)                                                \
    static inline uint64_t do_fneg_##f(uint64_t a, uint64_t b) { return a ^ (sign); }              \
    static inline uint64_t do_fabs_##f(uint64_t a, uint64_t b) { return a & ~(sign); }             \
    static inline uint64_t do_fcopysign_##f(uint64_t a, uint64_t b)                                \
    {                                                                                              \
        return (a & ~(sign)) | (b & (sign));                                                       \
    }                                                                                              \
    static inline uint64_t do_fcanon_##f(uint64_t a, uint64_t b)                                   \
    {                                                                                              \
        return (a & ~(sign)) > (infinity) ? (nan) : a;                                             \
    }
FLOAT_BIT_FUNCTIONS(f32, UINT64_C(0x80000000), UINT64_C(0x7f800000), UINT64_C(0x7fc00000))
FLOAT_BIT_FUNCTIONS(f64, UINT64_C(0x8000000000000000), UINT64_C(0x7ff0000000000000),
                    UINT64_C(0x7ff8000000000000))
#undef FLOAT_BIT_FUNCTIONS

#endif
