/* SPDX-License-Identifier: MIT */
/*
 * convert.h: conversions, rounding to integral, comparison and min/max on struct num (IEEE 754-2019
 * chapters 5.4.2, 5.8 to 5.11 and 9.6; minNum and maxNum after IEEE 754-2008 5.3.1).
 */
#ifndef TCG_FP_CONVERT_H
#define TCG_FP_CONVERT_H

#include "pack.h"

/* Far beyond every exponent, and safe to add to one. */
#define SCALE_MAX 0x100000

static inline uint32_t rounding_of(const struct bp_fp *fp, uint32_t rounding)
{
    return rounding == BP_ROUND_DYNAMIC ? fp->rounding : rounding;
}

static inline struct num num_convert(struct bp_fp *fp, struct num a)
{
    if (num_is_nan(&a))
        return num_pick_nan2(fp, &a, &a);
    note_subnormal(fp, a.subnormal);
    return a;
}

static inline struct num num_round_int(struct bp_fp *fp, struct num a, uint32_t rounding,
                                       bool exact)
{
    bool inexact;
    if (num_is_nan(&a))
        return num_pick_nan2(fp, &a, &a);
    if (a.cls != NUM_FINITE || a.exp >= NUM_TOP)
        return a;
    rounding = rounding_of(fp, rounding);
    a.sig = round_shift(a.sig, (uint32_t)(NUM_TOP - a.exp), rounding, a.sign, &inexact);
    if (inexact && exact)
        fp->flags |= BP_FP_INEXACT;
    a.exp = NUM_TOP;
    return a.sig ? num_normalise(a) : num_zero(a.sign);
}

static inline uint64_t int_invalid(struct bp_fp *fp, const struct num *a, uint64_t min,
                                   uint64_t max, bool is_signed)
{
    fp->flags |= BP_FP_INVALID;
    if (fp->int_rule == BP_FP_INT_INDEFINITE)
        return is_signed ? min : max;
    if (!num_is_nan(a))
        return a->sign ? min : max;
    if (fp->int_rule == BP_FP_INT_SATURATE_NAN_ZERO)
        return 0;
    return fp->int_rule == BP_FP_INT_SATURATE_NAN_MIN ? min : max;
}

static inline uint64_t num_to_int(struct bp_fp *fp, struct num a, uint32_t type, int32_t scale,
                                  uint32_t rounding)
{
    uint32_t width = type & ~BP_FP_SIGNED;
    bool is_signed = type & BP_FP_SIGNED, inexact;
    if (width < 1 || width > 64)
        width = 64;
    uint64_t all = UINT64_MAX >> (64 - width), max = is_signed ? all >> 1 : all;
    uint64_t min = is_signed ? ~max : 0;

    if (a.cls == NUM_ZERO)
        return 0;
    if (a.cls != NUM_FINITE)
        return int_invalid(fp, &a, min, max, is_signed);
    a.exp += scale > SCALE_MAX ? SCALE_MAX : scale < -SCALE_MAX ? -SCALE_MAX : scale;
    if (a.exp > 63)
        return int_invalid(fp, &a, min, max, is_signed);
    rounding = rounding_of(fp, rounding);
    u128 magnitude = round_shift(a.sig, (uint32_t)(NUM_TOP - a.exp), rounding, a.sign, &inexact);
    if (magnitude > (a.sign ? -min : max))
        return int_invalid(fp, &a, min, max, is_signed);
    if (inexact)
        fp->flags |= BP_FP_INEXACT;
    return a.sign ? -(uint64_t)magnitude : (uint64_t)magnitude;
}

static inline struct num num_from_int(uint64_t value, uint32_t type, int32_t scale)
{
    bool sign = type & BP_FP_SIGNED && value >> 63;
    if (!value)
        return num_zero(false);
    scale = scale > SCALE_MAX ? SCALE_MAX : scale < -SCALE_MAX ? -SCALE_MAX : scale;
    return num_normalise((struct num){ .cls = NUM_FINITE, .sign = sign, .exp = NUM_TOP + scale,
                                       .sig = sign ? -value : value });
}

/* -1, 0 or 1; neither is a NaN. */
static inline int32_t order_magnitudes(const struct num *a, const struct num *b)
{
    /* Zero and infinity sort by class, so the enumerators' order counts. */
    if (a->cls != b->cls)
        return a->cls < b->cls ? -1 : 1;
    if (a->exp != b->exp)
        return a->exp < b->exp ? -1 : 1;
    return (a->sig > b->sig) - (a->sig < b->sig);
}

/* The same with signs; -0 is below +0. */
static inline int32_t order_numbers(const struct num *a, const struct num *b)
{
    if (a->sign != b->sign)
        return a->sign ? -1 : 1;
    return a->sign ? order_magnitudes(b, a) : order_magnitudes(a, b);
}

static inline int32_t num_compare(struct bp_fp *fp, const struct num *a, const struct num *b,
                                  bool signalling)
{
    if (num_is_nan(a) || num_is_nan(b)) {
        if (signalling || a->cls == NUM_SNAN || b->cls == NUM_SNAN)
            fp->flags |= BP_FP_INVALID;
        return BP_FP_UNORDERED;
    }
    note_subnormal(fp, a->subnormal || b->subnormal);
    if (a->cls == NUM_ZERO && b->cls == NUM_ZERO)
        return BP_FP_EQUAL;
    return order_numbers(a, b);
}

static inline struct num num_minmax(struct bp_fp *fp, struct num a, struct num b, uint32_t how)
{
    if (num_is_nan(&a) || num_is_nan(&b)) {
        bool signalling = a.cls == NUM_SNAN || b.cls == NUM_SNAN;
        bool number_wins = how & BP_FP_NUMBER_2019 ||
                           (!(how & BP_FP_NAN_WINS_2019) && !signalling);
        if (!number_wins || (num_is_nan(&a) && num_is_nan(&b)))
            return num_pick_nan2(fp, &a, &b);
        if (signalling)
            fp->flags |= BP_FP_INVALID;
        return num_is_nan(&a) ? b : a;
    }
    note_subnormal(fp, a.subnormal || b.subnormal);
    int32_t order = how & BP_FP_MAGNITUDE ? order_magnitudes(&a, &b) : 0;
    if (!order)
        order = order_numbers(&a, &b);
    return (order < 0) == !(how & BP_FP_MAX) ? a : b;
}

#endif
