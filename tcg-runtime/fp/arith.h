/* SPDX-License-Identifier: MIT */
/*
 * arith.h: add, multiply, divide, square root and fused multiply-add on struct num (IEEE 754-2019
 * chapters 5.4.1, 6.3, 7.2 and 7.3). Results are exact but for the sticky bit; pack() rounds them.
 */
#ifndef TCG_FP_ARITH_H
#define TCG_FP_ARITH_H

#include "pack.h"

/* 6.3: a sum of opposites is +0, and -0 only when rounding down. */
static inline bool zero_sum_sign(const struct bp_fp *fp)
{
    return fp->rounding == BP_ROUND_DOWN;
}

/* Signed addition of two finite nonzero numbers. Nothing is lost in a cancellation: more than one
 * leading bit cancels only if the exponents differ by one at most, and then b is shifted by one. */
static inline struct num add_finite(struct bp_fp *fp, struct num a, struct num b)
{
    if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
        struct num swap = a;
        a = b;
        b = swap;
    }
    b.sig = shift_right_sticky(b.sig, (uint32_t)(a.exp - b.exp));
    a.sig = a.sign == b.sign ? a.sig + b.sig : a.sig - b.sig;
    return a.sig ? num_normalise(a) : num_zero(zero_sum_sign(fp));
}

/* Neither is a NaN. */
static inline struct num add_numbers(struct bp_fp *fp, struct num a, struct num b)
{
    if (a.cls == NUM_FINITE && b.cls == NUM_FINITE)
        return add_finite(fp, a, b);
    if (a.cls == NUM_INF && b.cls == NUM_INF && a.sign != b.sign)
        return num_invalid(fp);
    if (a.cls == NUM_ZERO && b.cls == NUM_ZERO)
        return a.sign == b.sign ? a : num_zero(zero_sum_sign(fp));
    return a.cls == NUM_INF || b.cls == NUM_ZERO ? a : b;
}

/* Neither is a NaN, nor is one infinite and the other zero. */
static inline struct num mul_numbers(struct num a, struct num b)
{
    bool sign = a.sign != b.sign;
    if (a.cls == NUM_INF || b.cls == NUM_INF)
        return num_inf(sign);
    if (a.cls == NUM_ZERO || b.cls == NUM_ZERO)
        return num_zero(sign);
    a.sign = sign;
    a.sig = (u128)(uint64_t)(a.sig >> 63) * (uint64_t)(b.sig >> 63);
    a.exp += b.exp;
    return num_normalise(a);
}

static inline bool is_inf_times_zero(const struct num *a, const struct num *b)
{
    return (a->cls == NUM_INF && b->cls == NUM_ZERO) || (a->cls == NUM_ZERO && b->cls == NUM_INF);
}

static inline struct num num_add(struct bp_fp *fp, struct num a, struct num b, bool subtract)
{
    if (num_is_nan(&a) || num_is_nan(&b))
        return num_pick_nan2(fp, &a, &b);
    b.sign ^= subtract;
    note_subnormal(fp, a.subnormal || b.subnormal);
    return add_numbers(fp, a, b);
}

static inline struct num num_mul(struct bp_fp *fp, struct num a, struct num b)
{
    if (num_is_nan(&a) || num_is_nan(&b))
        return num_pick_nan2(fp, &a, &b);
    if (is_inf_times_zero(&a, &b))
        return num_invalid(fp);
    note_subnormal(fp, a.subnormal || b.subnormal);
    return mul_numbers(a, b);
}

static inline struct num num_div(struct bp_fp *fp, struct num a, struct num b)
{
    if (num_is_nan(&a) || num_is_nan(&b))
        return num_pick_nan2(fp, &a, &b);
    bool sign = a.sign != b.sign;
    if (a.cls == b.cls && a.cls != NUM_FINITE)
        return num_invalid(fp);
    if (b.cls == NUM_ZERO && a.cls == NUM_FINITE) {
        fp->flags |= BP_FP_DIV_ZERO;
        return num_inf(sign);
    }
    note_subnormal(fp, a.subnormal || b.subnormal);
    if (a.cls == NUM_INF || b.cls == NUM_ZERO)
        return num_inf(sign);
    if (a.cls == NUM_ZERO || b.cls == NUM_INF)
        return num_zero(sign);
    uint64_t divisor = (uint64_t)(b.sig >> 63);
    uint64_t quotient = (uint64_t)(a.sig / divisor);
    bool rest = a.sig != (u128)quotient * divisor;
    a.sign = sign;
    a.sig = (u128)quotient << 63 | rest;
    a.exp -= b.exp;
    return num_normalise(a);
}

/* The root of n, rounded down; n >= 2^62. Its upper half comes bit by bit, its lower half from one
 * division and a correction by one (Zimmermann, "Karatsuba Square Root", 1999). */
static inline uint32_t root64(uint64_t n, uint64_t *ret_rest)
{
    uint32_t top = (uint32_t)(n >> 32), root = 0, rest = 0;
    for (int i = 30; i >= 0; i -= 2) {
        rest = rest << 2 | (top >> i & 3);
        uint32_t step = root << 2 | 1, bit = rest >= step;
        rest -= step & (0 - bit);
        root = root << 1 | bit;
    }
    uint64_t dividend = (uint64_t)rest << 16 | (uint16_t)(n >> 16);
    uint64_t low = dividend / (2 * root), left = dividend % (2 * root);
    uint64_t result = ((uint64_t)root << 16) + low;
    int64_t signed_rest = (int64_t)(left << 16 | (uint16_t)n) - (int64_t)(low * low);
    if (signed_rest < 0) {
        signed_rest += (int64_t)(2 * result - 1);
        result--;
    }
    *ret_rest = (uint64_t)signed_rest;
    return (uint32_t)result;
}

/* The same, one size up; n >= 2^126. An exact root comes out without the correction. */
static inline uint64_t root128(u128 n, bool *ret_exact)
{
    uint64_t rest;
    uint64_t root = root64((uint64_t)(n >> 64), &rest);
    u128 dividend = (u128)rest << 32 | (uint32_t)(n >> 32);
    u128 low = dividend / (2 * root), left = dividend % (2 * root);
    u128 result = ((u128)root << 32) + low;
    u128 minuend = left << 32 | (uint32_t)n, square = low * low;
    if (minuend < square)
        result--;
    *ret_exact = minuend == square;
    return (uint64_t)result;
}

static inline struct num num_sqrt(struct bp_fp *fp, struct num a)
{
    bool exact;
    if (num_is_nan(&a))
        return num_pick_nan2(fp, &a, &a);
    if (a.cls == NUM_ZERO)
        return a;
    if (a.sign)
        return num_invalid(fp);
    note_subnormal(fp, a.subnormal);
    if (a.cls == NUM_INF)
        return a;
    if (a.exp & 1) {
        a.sig <<= 1;
        a.exp--;
    }
    a.sig = (u128)root128(a.sig, &exact) << 63;
    a.sig |= !exact;
    a.exp /= 2;
    return num_normalise(a);
}

static inline struct num num_fma(struct bp_fp *fp, struct num a, struct num b, struct num c,
                                 uint32_t negate)
{
    static const uint8_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                         { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    bool inf_times_zero = is_inf_times_zero(&a, &b);
    if (num_is_nan(&a) || num_is_nan(&b) || num_is_nan(&c)) {
        const struct num *operands[] = { &a, &b, &c };
        const uint8_t *order = orders[fp->fma_nan_order < 6 ? fp->fma_nan_order : 0];
        struct num nan = num_pick_nan(fp, (const struct num *const[]){
            operands[order[0]], operands[order[1]], operands[order[2]] }, 3);
        if (!inf_times_zero || c.cls != NUM_QNAN)
            return nan;
        uint32_t before = fp->flags;
        struct num invalid = num_invalid(fp);
        if (fp->fma_rule & BP_FP_FMA_NAN_QUIETLY)
            fp->flags = before;
        return fp->fma_rule & BP_FP_FMA_NAN_TO_DEFAULT ? invalid : nan;
    }
    if (inf_times_zero)
        return num_invalid(fp);

    struct num product = mul_numbers(a, b);
    product.sign ^= !!(negate & BP_FP_NEGATE_PRODUCT);
    c.sign ^= !!(negate & BP_FP_NEGATE_ADDEND);
    if (product.cls == NUM_INF && c.cls == NUM_INF && product.sign != c.sign)
        return num_invalid(fp);
    note_subnormal(fp, a.subnormal || b.subnormal || c.subnormal);
    return add_numbers(fp, product, c);
}

#endif
