/* SPDX-License-Identifier: MIT */
/*
 * pack.h: encodings in and out of struct num, rounding, and the choice of NaNs (IEEE 754-2019
 * chapters 3.4, 4.3, 6.2, 7.4 and 7.5).
 */
#ifndef TCG_FP_PACK_H
#define TCG_FP_PACK_H

#include "num.h"

static const struct format format_f16 = { 5, 10, false };
static const struct format format_f32 = { 8, 23, true };
static const struct format format_f64 = { 11, 52, true };

static inline int count_leading_zeros(u128 v)
{
    uint64_t high = (uint64_t)(v >> 64);
    return high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)v);
}

static inline struct num num_normalise(struct num n)
{
    int up = count_leading_zeros(n.sig) - (127 - NUM_TOP);
    n.sig = up < 0 ? shift_right_sticky(n.sig, 1) : n.sig << up;
    n.exp -= up;
    return n;
}

static inline struct num unpack(struct bp_fp *fp, const struct format *f, bits v)
{
    int32_t exp_max = (1 << f->exp_bits) - 1, bias = exp_max >> 1;
    int32_t exp = (int32_t)(v >> f->frac_bits) & exp_max;
    bits frac = v & (((bits)1 << f->frac_bits) - 1);
    struct num n = { .sign = v >> (f->exp_bits + f->frac_bits) & 1,
                     .sig = (u128)frac << (NUM_TOP - f->frac_bits) };

    if (exp == exp_max) {
        n.cls = !frac ? NUM_INF : n.sig & NUM_QUIET ? NUM_QNAN : NUM_SNAN;
    } else if (exp) {
        n.cls = NUM_FINITE;
        n.sig |= NUM_ONE;
        n.exp = exp - bias;
    } else if (!frac) {
        n.cls = NUM_ZERO;
    } else if (f->flushes && fp->flush & BP_FP_FLUSH_INPUTS) {
        fp->flags |= BP_FP_INPUT_FLUSHED;
        return num_zero(n.sign);
    } else {
        n.cls = NUM_FINITE;
        n.subnormal = f->flushes;
        n.exp = 1 - bias;
        return num_normalise(n);
    }
    return n;
}

/* How the part that rounding cuts off compares with half of the last kept bit's value. */
enum rest { REST_NONE, REST_BELOW_HALF, REST_HALF, REST_ABOVE_HALF };

/* Whether the magnitude goes up to the next; `odd` is its last kept bit. */
static inline bool rounds_up(uint32_t rounding, bool sign, bool odd, enum rest rest)
{
    switch (rounding) {
    case BP_ROUND_ZERO:
        return false;
    case BP_ROUND_DOWN:
        return sign && rest != REST_NONE;
    case BP_ROUND_UP:
        return !sign && rest != REST_NONE;
    case BP_ROUND_NEAREST_AWAY:
        return rest >= REST_HALF;
    case BP_ROUND_TO_ODD:
        return !odd && rest != REST_NONE;
    default:
        return rest == REST_ABOVE_HALF || (rest == REST_HALF && odd);
    }
}

/* sig / 2^shift as an integer, rounded; shift is at least 1, sig below 2^127. */
static inline u128 round_shift(u128 sig, uint32_t shift, uint32_t rounding, bool sign,
                               bool *ret_inexact)
{
    u128 kept = 0;
    enum rest rest = sig ? REST_BELOW_HALF : REST_NONE;
    if (shift < 128) {
        u128 half = (u128)1 << (shift - 1);
        u128 cut = sig & (half | (half - 1));
        kept = sig >> shift;
        rest = !cut ? REST_NONE : cut < half ? REST_BELOW_HALF :
               cut == half ? REST_HALF : REST_ABOVE_HALF;
    }
    *ret_inexact = rest != REST_NONE;
    return kept + rounds_up(rounding, sign, kept & 1, rest);
}

/* A number whose exponent is too small for f's normal numbers: whether it counts as tiny. */
static inline bool is_tiny(const struct bp_fp *fp, const struct num *n, uint32_t shift,
                           int32_t biased)
{
    bool inexact;
    if (biased < 0 || fp->tininess == BP_FP_TINY_BEFORE_ROUNDING)
        return true;
    u128 rounded = round_shift(n->sig, shift, fp->rounding, n->sign, &inexact);
    return !(rounded >> (NUM_TOP - shift + 1));
}

static inline bits pack_finite(struct bp_fp *fp, const struct format *f, const struct num *n)
{
    uint32_t shift = NUM_TOP - f->frac_bits;
    int32_t exp_max = (1 << f->exp_bits) - 1, biased = n->exp + (exp_max >> 1);
    bits infinity = (bits)exp_max << f->frac_bits, result = infinity;
    bool tiny = false, inexact = false;
    u128 sig = n->sig;

    if (biased <= 0) {
        tiny = is_tiny(fp, n, shift, biased);
        if (tiny && f->flushes && fp->flush & BP_FP_FLUSH_OUTPUTS) {
            fp->flags |= BP_FP_UNDERFLOW;
            if (fp->flush & BP_FP_FLUSH_OUTPUT_INEXACT)
                fp->flags |= BP_FP_INEXACT;
            return 0;
        }
        sig = shift_right_sticky(sig, (uint32_t)(1 - biased));
        biased = 1;
    }
    if (biased < exp_max) {
        /* The leading bit is added to the exponent field: 0 for subnormals, 1 for normals, and a
         * carry out of rounding goes the same way, up to infinity. */
        result = (bits)round_shift(sig, shift, fp->rounding, n->sign, &inexact);
        result += (bits)(biased - 1) << f->frac_bits;
    }
    if (result == infinity) {
        fp->flags |= BP_FP_OVERFLOW | BP_FP_INEXACT;
        return infinity - !rounds_up(fp->rounding, n->sign, true, REST_ABOVE_HALF);
    }
    if (inexact)
        fp->flags |= BP_FP_INEXACT | (tiny ? BP_FP_UNDERFLOW : 0);
    return result;
}

static inline bits pack(struct bp_fp *fp, const struct format *f, const struct num *n)
{
    bits magnitude = 0;
    if (n->cls == NUM_FINITE)
        magnitude = pack_finite(fp, f, n);
    else if (n->cls != NUM_ZERO)
        magnitude = ((((bits)1 << f->exp_bits) - 1) << f->frac_bits) |
                    (bits)(n->sig >> (NUM_TOP - f->frac_bits));
    return (bits)n->sign << (f->exp_bits + f->frac_bits) | magnitude;
}

static inline struct num default_nan(const struct bp_fp *fp)
{
    uint64_t v = fp->default_nan ? fp->default_nan : UINT64_C(0x7ff8000000000000);
    return (struct num){ .cls = NUM_QNAN, .sign = v >> 63,
                         .sig = (u128)(v << 12 >> 12) << (NUM_TOP - 52) };
}

static inline struct num num_invalid(struct bp_fp *fp)
{
    fp->flags |= BP_FP_INVALID;
    return default_nan(fp);
}

static inline bool nan_goes_before(uint32_t rule, const struct num *n, const struct num *best)
{
    switch (rule) {
    case BP_FP_NAN_FIRST_SIGNALLING:
        return n->cls == NUM_SNAN && best->cls != NUM_SNAN;
    case BP_FP_NAN_LARGER_SIGNIFICAND:
        if (n->cls != best->cls)
            return n->cls == NUM_QNAN;
        return n->sig != best->sig ? n->sig > best->sig : best->sign && !n->sign;
    default:
        return false;
    }
}

/* The NaN that `count` operands give, at least one of them a NaN. */
static inline struct num num_pick_nan(struct bp_fp *fp, const struct num *const *operands,
                                      int count)
{
    const struct num *best = NULL;
    for (int i = 0; i < count; i++) {
        const struct num *n = operands[i];
        if (!num_is_nan(n))
            continue;
        if (n->cls == NUM_SNAN)
            fp->flags |= BP_FP_INVALID;
        if (!best || nan_goes_before(fp->nan_rule, n, best))
            best = n;
    }
    if (!best || fp->nan_rule == BP_FP_NAN_DEFAULT)
        return default_nan(fp);
    return (struct num){ .cls = NUM_QNAN, .sign = best->sign, .sig = best->sig | NUM_QUIET };
}

static inline struct num num_pick_nan2(struct bp_fp *fp, const struct num *a, const struct num *b)
{
    return num_pick_nan(fp, (const struct num *const[]){ a, b }, 2);
}

#endif
