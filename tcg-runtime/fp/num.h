/* SPDX-License-Identifier: MIT */
/*
 * num.h: the one form in which numbers of every format are computed (IEEE 754-2019 chapter 3).
 *
 * unpack() turns an encoding into a struct num, the functions in arith.h and convert.h work on that
 * without knowing the format, and pack() rounds to a format once. A finite number is
 * sig * 2^(exp - NUM_TOP) with bit NUM_TOP of sig set, so 2^exp <= value < 2^(exp + 1), and a
 * subnormal looks like any other. Bits below the last one that matters are "sticky": whatever is
 * shifted out of bit 0 is or-ed into it, which keeps every later rounding exact as long as bit 0
 * lies at least two bits below the rounding point.
 *
 * Significands of up to 64 bits fit add, multiply and the conversions; divide and square root give
 * 63 bits and a sticky one; fma leans on a product of at most 106 bits. A format beyond binary64
 * needs wider products, quotients and roots in arith.h and another type for `bits`; nothing else.
 *
 * All of this is inline so that each entry point of softfloat.c becomes straight code for its
 * format, with the numbers in registers: 2 to 7 times as fast as passing them through memory.
 */
#ifndef TCG_FP_NUM_H
#define TCG_FP_NUM_H

#include <backplane/softfloat.h>

__extension__ typedef unsigned __int128 u128;
typedef uint64_t bits; /* an encoding of any format, in the low bits */

#define NUM_TOP 126
#define NUM_ONE ((u128)1 << NUM_TOP)
#define NUM_QUIET ((u128)1 << (NUM_TOP - 1)) /* the fraction's first bit tells quiet NaNs */

enum num_class { NUM_ZERO, NUM_FINITE, NUM_INF, NUM_QNAN, NUM_SNAN };

struct num {
    u128 sig; /* finite: see above; NaN: the fraction, below NUM_TOP; else 0 */
    int32_t exp;
    uint8_t cls; /* enum num_class; FINITE is not zero */
    bool sign;
    bool subnormal; /* was encoded as one, and is worth a flag */
};

struct format {
    uint8_t exp_bits, frac_bits;
    bool flushes; /* bp_fp.flush applies to it */
};

static inline bool num_is_nan(const struct num *n)
{
    return n->cls >= NUM_QNAN;
}

static inline struct num num_zero(bool sign)
{
    return (struct num){ .cls = NUM_ZERO, .sign = sign };
}

static inline struct num num_inf(bool sign)
{
    return (struct num){ .cls = NUM_INF, .sign = sign };
}

static inline void note_subnormal(struct bp_fp *fp, bool subnormal)
{
    if (subnormal)
        fp->flags |= BP_FP_SUBNORMAL_OPERAND;
}

static inline u128 shift_right_sticky(u128 v, uint32_t n)
{
    if (n == 0)
        return v;
    if (n > 127)
        return v != 0;
    return v >> n | ((v << (128 - n)) != 0);
}

#endif
