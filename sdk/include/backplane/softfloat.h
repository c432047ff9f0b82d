/* SPDX-License-Identifier: MIT */
/*
 * softfloat.h: exact IEEE 754-2019 arithmetic on bit patterns, for targets and backends.
 *
 * Values are raw encodings: binary16 in a uint16_t, binary32 in a uint32_t, binary64 in a uint64_t.
 * Nothing here touches the host's floating-point unit or its control register. All that ISAs choose
 * differently is a field of struct bp_fp, which the caller owns and which collects the flags:
 *
 *    struct bp_fp fp;
 *    bp_fp_init(&fp);
 *    fp.rounding = BP_ROUND_ZERO;
 *    sum = bp_f64_add(&fp, a, b);
 *    if (fp.flags & BP_FP_INEXACT)
 *        ...
 *
 * Every function is total: any operand and any context give a result, none traps or fails. All may
 * be called on any thread [any]; one context must not be used by two threads at once.
 *
 * Chapters in comments are those of IEEE 754-2019.
 */
#ifndef BACKPLANE_SOFTFLOAT_H
#define BACKPLANE_SOFTFLOAT_H

#include <backplane/ir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Flags are enum bp_fp_flag of ir.h (7.2 to 7.6), sticky: set by operations, cleared only by the
 * caller. BP_FP_UNDERFLOW is raised by a tiny result that is inexact or flushed to zero. Two more,
 * not of IEEE 754: */
enum bp_fp_flag_more {
    /* A subnormal operand was replaced by zero (BP_FP_FLUSH_INPUTS). */
    BP_FP_INPUT_FLUSHED = 0x100,
    /* A subnormal operand was used in arithmetic, compare, min/max or a conversion between formats;
     * not set where the operation also had a NaN operand, was invalid or divided by zero. binary16
     * operands never set it. */
    BP_FP_SUBNORMAL_OPERAND = 0x200,
};

/* Rounding is enum bp_rounding of ir.h (4.3), and one more. In struct bp_fp, BP_ROUND_DYNAMIC and
 * unknown values mean to nearest even; as an argument, BP_ROUND_DYNAMIC means bp_fp.rounding. */
enum bp_rounding_more {
    BP_ROUND_TO_ODD = 0x40, /* inexact results get an odd last bit: safe to round again, narrower */
};

/* When a result counts as tiny (7.5): smaller than the smallest normal number... */
enum bp_fp_tininess {
    BP_FP_TINY_AFTER_ROUNDING = 0,  /* ...once rounded as if the exponent had no lower bound */
    BP_FP_TINY_BEFORE_ROUNDING = 1, /* ...as the exact result */
};

/* Which NaN an operation with NaN operands gives; what is taken from an operand is made quiet.
 * The order of operands is that of the call; for fma, that of bp_fp.fma_nan_order. */
enum bp_fp_nan_rule {
    BP_FP_NAN_DEFAULT = 0,            /* always bp_fp.default_nan */
    BP_FP_NAN_FIRST = 1,              /* the first NaN */
    BP_FP_NAN_FIRST_SIGNALLING = 2,   /* the first signalling NaN; without one, the first NaN */
    BP_FP_NAN_LARGER_SIGNIFICAND = 3, /* a quiet one before a signalling one, else the larger
                                         significand, else the positive one */
};

/* fma's operands a, b (multiplied) and c (added), in the order in which NaNs are looked for. */
enum bp_fp_nan_order {
    BP_FP_NAN_ORDER_ABC = 0,
    BP_FP_NAN_ORDER_ACB = 1,
    BP_FP_NAN_ORDER_BAC = 2,
    BP_FP_NAN_ORDER_BCA = 3,
    BP_FP_NAN_ORDER_CAB = 4,
    BP_FP_NAN_ORDER_CBA = 5,
};

/* fma(0, infinity, quiet NaN) and fma(infinity, 0, quiet NaN), which 7.2 leaves open. Bits; with
 * none it is invalid and follows the NaN rule. */
enum bp_fp_fma_rule {
    BP_FP_FMA_NAN_QUIETLY = 0x1,    /* do not raise BP_FP_INVALID */
    BP_FP_FMA_NAN_TO_DEFAULT = 0x2, /* the result is the default NaN whatever the NaN rule */
};

/* What conversion to an integer gives where no value fits; it raises BP_FP_INVALID and not
 * BP_FP_INEXACT under every rule. "Saturate" is the largest or smallest integer by sign. */
enum bp_fp_int_rule {
    BP_FP_INT_SATURATE_NAN_MAX = 0,  /* saturate; NaN gives the largest integer */
    BP_FP_INT_SATURATE_NAN_ZERO = 1, /* saturate; NaN gives 0 */
    BP_FP_INT_SATURATE_NAN_MIN = 2,  /* saturate; NaN gives the smallest integer */
    BP_FP_INT_INDEFINITE = 3,        /* all give the smallest signed integer, unsigned all ones */
};

/* Flushing subnormals to zero of the same sign. Bits. binary16 values are never flushed. Conversion
 * to integer, rounding to integral, compare and min/max have no output that could be flushed. */
enum bp_fp_flush {
    BP_FP_FLUSH_INPUTS = 0x1,         /* raises BP_FP_INPUT_FLUSHED */
    BP_FP_FLUSH_OUTPUTS = 0x2,        /* tiny results, exact ones too; raises BP_FP_UNDERFLOW */
    BP_FP_FLUSH_OUTPUT_INEXACT = 0x4, /* with FLUSH_OUTPUTS: raises BP_FP_INEXACT as well */
};

/* The caller's context: parameters in, flags out. Zero in every parameter is a complete choice:
 * nearest-even, tininess after rounding, always the positive quiet NaN without payload, saturating
 * conversions, no flushing. Grows at its end. */
struct bp_fp {
    uint32_t size;          /* sizeof(struct bp_fp) as the caller knows it */
    uint32_t flags;         /* enum bp_fp_flag and bp_fp_flag_more, or-ed into */
    uint32_t rounding;      /* enum bp_rounding or bp_rounding_more */
    uint32_t tininess;      /* enum bp_fp_tininess */
    uint32_t nan_rule;      /* enum bp_fp_nan_rule */
    uint32_t fma_nan_order; /* enum bp_fp_nan_order */
    uint32_t fma_rule;      /* enum bp_fp_fma_rule */
    uint32_t int_rule;      /* enum bp_fp_int_rule */
    uint32_t flush;         /* enum bp_fp_flush */
    uint32_t reserved;      /* 0 */
    uint64_t default_nan;   /* the default NaN as a binary64 encoding; other formats take its sign
                               and leading fraction bits. 0 means 0x7ff8000000000000. */
};

/* Relation of two values, from compare (5.11). */
enum bp_fp_relation {
    BP_FP_LESS = -1,
    BP_FP_EQUAL = 0,
    BP_FP_GREATER = 1,
    BP_FP_UNORDERED = 2,
};

/* Min/max: one of MIN, MAX, or-ed with one of the rules, optionally with MAGNITUDE. In all, -0 is
 * below +0, and a signalling NaN raises BP_FP_INVALID; the result is an operand, not rounded. */
enum bp_fp_minmax {
    BP_FP_MIN = 0x0,
    BP_FP_MAX = 0x1,
    BP_FP_MAGNITUDE = 0x2, /* compare absolute values first; equal ones by sign */
    /* IEEE 754-2008 minNum, maxNum: a number wins over a quiet NaN, not over a signalling one. */
    BP_FP_NUM_2008 = 0x0,
    /* IEEE 754-2019 minimumNumber, maximumNumber: a number wins over any NaN. */
    BP_FP_NUMBER_2019 = 0x4,
    /* IEEE 754-2019 minimum, maximum: any NaN gives a NaN. */
    BP_FP_NAN_WINS_2019 = 0x8,
};

/* fma's `negate`, bits. Signs of finite values and infinities only: a NaN result keeps its own. To
 * have a NaN operand's sign changed too, flip it before the call. */
enum bp_fp_negate {
    BP_FP_NEGATE_PRODUCT = 0x1,
    BP_FP_NEGATE_ADDEND = 0x2,
    BP_FP_NEGATE_RESULT = 0x4, /* after rounding */
};

/* Integer types of conversions: the width in bits, 1 to 64 (others mean 64), and the sign. */
#define BP_FP_SIGNED 0x100u

/* The functions that exist for binary32 and binary64 alike; F is f32 or f64, BITS its raw type.
 *
 * F_add .. F_fma   5.4.1, rounded by fp->rounding; fma(a, b, c) is a * b + c rounded once
 * F_compare        enum bp_fp_relation; `signalling` nonzero: a quiet NaN is invalid too (5.6.1)
 * F_minmax         `how` is enum bp_fp_minmax (2008: 5.3.1, 2019: 9.6)
 * F_round_int      5.9, by `rounding`; raises BP_FP_INEXACT, if `exact` is nonzero, where the value
 *                  changes
 * F_to_int         value * 2^scale, by `rounding`, as an integer of `type`; sign- or zero-extended
 *                  to 64 bits; raises BP_FP_INEXACT where the value changes (5.4.1, 5.8)
 * F_from_int       the integer (BP_FP_SIGNED in `type`: a signed one) * 2^scale; all 64 bits of it
 *                  count, whatever the width */
#define BP_SOFTFLOAT_OPS_(f, bits)                                                                 \
    bits (*f##_add)(struct bp_fp * fp, bits a, bits b);                                            \
    bits (*f##_sub)(struct bp_fp * fp, bits a, bits b);                                            \
    bits (*f##_mul)(struct bp_fp * fp, bits a, bits b);                                            \
    bits (*f##_div)(struct bp_fp * fp, bits a, bits b);                                            \
    bits (*f##_sqrt)(struct bp_fp * fp, bits a);                                                   \
    bits (*f##_fma)(struct bp_fp * fp, bits a, bits b, bits c, uint32_t negate);                   \
    int32_t (*f##_compare)(struct bp_fp * fp, bits a, bits b, uint32_t signalling);                \
    bits (*f##_minmax)(struct bp_fp * fp, bits a, bits b, uint32_t how);                           \
    bits (*f##_round_int)(struct bp_fp * fp, bits a, uint32_t rounding, uint32_t exact);           \
    uint64_t (*f##_to_int)(struct bp_fp * fp, bits a, uint32_t type, int32_t scale,                \
                           uint32_t rounding);                                                     \
    bits (*f##_from_int)(struct bp_fp * fp, uint64_t value, uint32_t type, int32_t scale)

/* The interface. Offered by the TCG runtime. Grows at its end. */
struct bp_softfloat_api {
    uint32_t size, reserved;
    BP_SOFTFLOAT_OPS_(f32, uint32_t);
    BP_SOFTFLOAT_OPS_(f64, uint64_t);
    /* Between formats (5.4.2), rounded by fp->rounding. A NaN keeps its sign and leading fraction
     * bits and becomes quiet, or is the default NaN under BP_FP_NAN_DEFAULT. */
    uint32_t (*f16_to_f32)(struct bp_fp *fp, uint16_t a);
    uint64_t (*f16_to_f64)(struct bp_fp *fp, uint16_t a);
    uint16_t (*f32_to_f16)(struct bp_fp *fp, uint32_t a);
    uint64_t (*f32_to_f64)(struct bp_fp *fp, uint32_t a);
    uint16_t (*f64_to_f16)(struct bp_fp *fp, uint64_t a);
    uint32_t (*f64_to_f32)(struct bp_fp *fp, uint64_t a);
};
BP_IMPORT(bp_softfloat_api, bp_softfloat_, "backplane.softfloat/1");

/* The context described above, without flags. */
static inline void bp_fp_init(struct bp_fp *fp)
{
    fp->size = sizeof *fp;
    fp->flags = 0;
    fp->rounding = BP_ROUND_NEAREST_EVEN;
    fp->tininess = BP_FP_TINY_AFTER_ROUNDING;
    fp->nan_rule = BP_FP_NAN_DEFAULT;
    fp->fma_nan_order = BP_FP_NAN_ORDER_ABC;
    fp->fma_rule = 0;
    fp->int_rule = BP_FP_INT_SATURATE_NAN_MAX;
    fp->flush = 0;
    fp->reserved = 0;
    fp->default_nan = 0;
}

/* bp_f32_add(fp, a, b) and so on for both formats, as the table above has them, and beyond it:
 *    F_eq, F_lt, F_le            quiet equality, signalling order: C's == < <=
 *    F_eq_signalling, F_lt_quiet, F_le_quiet
 *    F_to_i32 .. F_to_u64        by `rounding`
 *    F_from_i32 .. F_from_u64    by fp->rounding */
#define BP_SOFTFLOAT_WRAPPERS_(f, bits)                                                            \
    static inline bits bp_##f##_add(struct bp_fp *fp, bits a, bits b)                              \
    {                                                                                              \
        return bp_softfloat_->f##_add(fp, a, b);                                                   \
    }                                                                                              \
    static inline bits bp_##f##_sub(struct bp_fp *fp, bits a, bits b)                              \
    {                                                                                              \
        return bp_softfloat_->f##_sub(fp, a, b);                                                   \
    }                                                                                              \
    static inline bits bp_##f##_mul(struct bp_fp *fp, bits a, bits b)                              \
    {                                                                                              \
        return bp_softfloat_->f##_mul(fp, a, b);                                                   \
    }                                                                                              \
    static inline bits bp_##f##_div(struct bp_fp *fp, bits a, bits b)                              \
    {                                                                                              \
        return bp_softfloat_->f##_div(fp, a, b);                                                   \
    }                                                                                              \
    static inline bits bp_##f##_sqrt(struct bp_fp *fp, bits a)                                     \
    {                                                                                              \
        return bp_softfloat_->f##_sqrt(fp, a);                                                     \
    }                                                                                              \
    static inline bits bp_##f##_fma(struct bp_fp *fp, bits a, bits b, bits c, uint32_t negate)     \
    {                                                                                              \
        return bp_softfloat_->f##_fma(fp, a, b, c, negate);                                        \
    }                                                                                              \
    static inline int32_t bp_##f##_compare(struct bp_fp *fp, bits a, bits b, uint32_t signalling)  \
    {                                                                                              \
        return bp_softfloat_->f##_compare(fp, a, b, signalling);                                   \
    }                                                                                              \
    static inline bool bp_##f##_eq(struct bp_fp *fp, bits a, bits b)                               \
    {                                                                                              \
        return bp_softfloat_->f##_compare(fp, a, b, 0) == BP_FP_EQUAL;                             \
    }                                                                                              \
    static inline bool bp_##f##_lt(struct bp_fp *fp, bits a, bits b)                               \
    {                                                                                              \
        return bp_softfloat_->f##_compare(fp, a, b, 1) == BP_FP_LESS;                              \
    }                                                                                              \
    static inline bool bp_##f##_le(struct bp_fp *fp, bits a, bits b)                               \
    {                                                                                              \
        return bp_softfloat_->f##_compare(fp, a, b, 1) <= BP_FP_EQUAL;                             \
    }                                                                                              \
    static inline bool bp_##f##_eq_signalling(struct bp_fp *fp, bits a, bits b)                    \
    {                                                                                              \
        return bp_softfloat_->f##_compare(fp, a, b, 1) == BP_FP_EQUAL;                             \
    }                                                                                              \
    static inline bool bp_##f##_lt_quiet(struct bp_fp *fp, bits a, bits b)                         \
    {                                                                                              \
        return bp_softfloat_->f##_compare(fp, a, b, 0) == BP_FP_LESS;                              \
    }                                                                                              \
    static inline bool bp_##f##_le_quiet(struct bp_fp *fp, bits a, bits b)                         \
    {                                                                                              \
        return bp_softfloat_->f##_compare(fp, a, b, 0) <= BP_FP_EQUAL;                             \
    }                                                                                              \
    static inline bits bp_##f##_minmax(struct bp_fp *fp, bits a, bits b, uint32_t how)             \
    {                                                                                              \
        return bp_softfloat_->f##_minmax(fp, a, b, how);                                           \
    }                                                                                              \
    static inline bits bp_##f##_round_int(struct bp_fp *fp, bits a, uint32_t rounding,             \
                                          uint32_t exact)                                          \
    {                                                                                              \
        return bp_softfloat_->f##_round_int(fp, a, rounding, exact);                               \
    }                                                                                              \
    static inline uint64_t bp_##f##_to_int(struct bp_fp *fp, bits a, uint32_t type, int32_t scale, \
                                           uint32_t rounding)                                      \
    {                                                                                              \
        return bp_softfloat_->f##_to_int(fp, a, type, scale, rounding);                            \
    }                                                                                              \
    static inline int32_t bp_##f##_to_i32(struct bp_fp *fp, bits a, uint32_t rounding)             \
    {                                                                                              \
        return (int32_t)bp_softfloat_->f##_to_int(fp, a, 32 | BP_FP_SIGNED, 0, rounding);          \
    }                                                                                              \
    static inline uint32_t bp_##f##_to_u32(struct bp_fp *fp, bits a, uint32_t rounding)            \
    {                                                                                              \
        return (uint32_t)bp_softfloat_->f##_to_int(fp, a, 32, 0, rounding);                        \
    }                                                                                              \
    static inline int64_t bp_##f##_to_i64(struct bp_fp *fp, bits a, uint32_t rounding)             \
    {                                                                                              \
        return (int64_t)bp_softfloat_->f##_to_int(fp, a, 64 | BP_FP_SIGNED, 0, rounding);          \
    }                                                                                              \
    static inline uint64_t bp_##f##_to_u64(struct bp_fp *fp, bits a, uint32_t rounding)            \
    {                                                                                              \
        return bp_softfloat_->f##_to_int(fp, a, 64, 0, rounding);                                  \
    }                                                                                              \
    static inline bits bp_##f##_from_int(struct bp_fp *fp, uint64_t value, uint32_t type,          \
                                         int32_t scale)                                            \
    {                                                                                              \
        return bp_softfloat_->f##_from_int(fp, value, type, scale);                                \
    }                                                                                              \
    static inline bits bp_##f##_from_i32(struct bp_fp *fp, int32_t value)                          \
    {                                                                                              \
        return bp_softfloat_->f##_from_int(fp, (uint64_t)value, 32 | BP_FP_SIGNED, 0);             \
    }                                                                                              \
    static inline bits bp_##f##_from_u32(struct bp_fp *fp, uint32_t value)                         \
    {                                                                                              \
        return bp_softfloat_->f##_from_int(fp, value, 32, 0);                                      \
    }                                                                                              \
    static inline bits bp_##f##_from_i64(struct bp_fp *fp, int64_t value)                          \
    {                                                                                              \
        return bp_softfloat_->f##_from_int(fp, (uint64_t)value, 64 | BP_FP_SIGNED, 0);             \
    }                                                                                              \
    static inline bits bp_##f##_from_u64(struct bp_fp *fp, uint64_t value)                         \
    {                                                                                              \
        return bp_softfloat_->f##_from_int(fp, value, 64, 0);                                      \
    }
BP_SOFTFLOAT_WRAPPERS_(f32, uint32_t)
BP_SOFTFLOAT_WRAPPERS_(f64, uint64_t)

static inline uint32_t bp_f16_to_f32(struct bp_fp *fp, uint16_t a)
{
    return bp_softfloat_->f16_to_f32(fp, a);
}
static inline uint64_t bp_f16_to_f64(struct bp_fp *fp, uint16_t a)
{
    return bp_softfloat_->f16_to_f64(fp, a);
}
static inline uint16_t bp_f32_to_f16(struct bp_fp *fp, uint32_t a)
{
    return bp_softfloat_->f32_to_f16(fp, a);
}
static inline uint64_t bp_f32_to_f64(struct bp_fp *fp, uint32_t a)
{
    return bp_softfloat_->f32_to_f64(fp, a);
}
static inline uint16_t bp_f64_to_f16(struct bp_fp *fp, uint64_t a)
{
    return bp_softfloat_->f64_to_f16(fp, a);
}
static inline uint32_t bp_f64_to_f32(struct bp_fp *fp, uint64_t a)
{
    return bp_softfloat_->f64_to_f32(fp, a);
}

#ifdef __cplusplus
}
#endif
#endif
