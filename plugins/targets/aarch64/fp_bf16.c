/* SPDX-License-Identifier: MIT */
/*
 * fp_bf16.c: FEAT_BF16: singles cut to 16 bits. Dot products and matrices round every step to odd,
 * flush subnormal numbers, know one NaN and raise no flags, whatever FPCR says (BFDotAdd).
 */
#include "fp.h"

#include <string.h>

/* FPConvertBF. Rounded as a single is, at bit 16. */
uint64_t single_to_bf16(struct bp_fp *fp, uint64_t a)
{
    struct number n;
    uint32_t v, rest, up;

    a = flushed(fp, &single_format, a);
    n = look(&single_format, a);
    if (n.nan)
        return nan_result(fp, &single_format, a) >> 16;
    v = (uint32_t)a >> 16;
    rest = (uint32_t)a & 0xffff;
    if (n.infinite || !rest)
        return v;
    switch (fp->rounding) {
    case BP_ROUND_ZERO: up = 0; break;
    case BP_ROUND_UP: up = !n.negative; break;
    case BP_ROUND_DOWN: up = n.negative; break;
    default: up = rest > 0x8000 || (rest == 0x8000 && v & 1); break;
    }
    fp->flags |= BP_FP_INEXACT | (n.subnormal ? BP_FP_UNDERFLOW : 0);
    v += up;
    if ((v & 0x7fff) == 0x7f80)
        fp->flags |= BP_FP_OVERFLOW;
    return v;
}

static void begin(struct bp_fp *fp)
{
    bp_fp_init(fp);
    fp->rounding = BP_ROUND_TO_ODD;
    fp->tininess = BP_FP_TINY_BEFORE_ROUNDING;
    fp->flush = BP_FP_FLUSH_INPUTS | BP_FP_FLUSH_OUTPUTS;
}

/* Overflow gives infinity, which rounding to odd alone would not. */
static uint32_t end(struct bp_fp *fp, uint32_t v)
{
    bool overflow = fp->flags & BP_FP_OVERFLOW;

    fp->flags = 0;
    return overflow ? (v & 0x80000000u) | 0x7f800000u : v;
}

static uint32_t product(struct bp_fp *fp, const uint16_t a, const uint16_t b)
{
    return end(fp, bp_f32_mul(fp, (uint32_t)a << 16, (uint32_t)b << 16));
}

static uint32_t sum(struct bp_fp *fp, uint32_t a, uint32_t b)
{
    return end(fp, bp_f32_add(fp, a, b));
}

static uint32_t dot(struct bp_fp *fp, uint32_t addend, const uint16_t a[2], const uint16_t b[2])
{
    return sum(fp, addend, sum(fp, product(fp, a[0], b[0]), product(fp, a[1], b[1])));
}

void bf16_operate(unsigned op, uint8_t *ret, const uint8_t *n, const uint8_t *m, const uint8_t *d)
{
    uint16_t a[8], b[8];
    uint32_t r[4];
    struct bp_fp fp;

    memcpy(a, n, 16);
    memcpy(b, m, 16);
    memcpy(r, d, 16);
    begin(&fp);
    for (unsigned i = 0; i < 4; i++) {
        if (op == SIMD_BFDOT) {
            r[i] = dot(&fp, r[i], a + 2 * i, b + 2 * i);
        } else { /* two by four times four by two */
            r[i] = dot(&fp, r[i], a + 4 * (i >> 1), b + 4 * (i & 1));
            r[i] = dot(&fp, r[i], a + 4 * (i >> 1) + 2, b + 4 * (i & 1) + 2);
        }
    }
    memcpy(ret, r, 16);
}
