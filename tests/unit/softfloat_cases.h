/* SPDX-License-Identifier: MIT */
/*
 * softfloat_cases.h: operands for floating-point tests, drawn where rounding, flags and exponents
 * change behaviour; and counting of checks. Deterministic.
 */
#ifndef TESTS_SOFTFLOAT_CASES_H
#define TESTS_SOFTFLOAT_CASES_H

#include <inttypes.h>
#include <stdio.h>

#include "tcg-runtime/fp/softfloat.h"

/* A binary interchange format. */
struct shape {
    const char *name;
    int exp_bits, frac_bits;
};
static const struct shape shape_f16 = { "f16", 5, 10 };
static const struct shape shape_f32 = { "f32", 8, 23 };
static const struct shape shape_f64 = { "f64", 11, 52 };

struct score {
    uint64_t cases, mismatches, seed;
};

/* xorshift64*, Marsaglia and Vigna. */
static inline uint64_t draw(struct score *s)
{
    s->seed ^= s->seed >> 12;
    s->seed ^= s->seed << 25;
    s->seed ^= s->seed >> 27;
    return s->seed * UINT64_C(0x2545f4914f6cdd1d);
}

static inline uint32_t draw_below(struct score *s, uint32_t n)
{
    return (uint32_t)((draw(s) >> 32) % n);
}

static inline uint64_t encode(const struct shape *f, uint64_t sign, int64_t biased, uint64_t frac)
{
    int64_t max = (1 << f->exp_bits) - 1;
    biased = biased < 0 ? 0 : biased > max ? max : biased;
    return (sign & 1) << (f->exp_bits + f->frac_bits) | (uint64_t)biased << f->frac_bits |
           (frac & ((UINT64_C(1) << f->frac_bits) - 1));
}

/* Fractions: random, all zeros or ones within some last bits, and few bits set. Every draw is a
 * statement of its own, so that the sequence does not depend on the compiler. */
static inline uint64_t draw_fraction(struct score *s, const struct shape *f)
{
    uint64_t random = draw(s), near = draw_below(s, 7) - UINT64_C(3);
    int cut = (int)draw_below(s, (uint32_t)f->frac_bits + 1);
    int bit = (int)draw_below(s, (uint32_t)f->frac_bits);
    switch (draw_below(s, 6)) {
    case 0: return near;
    case 1: return (random >> 32 << cut) + near;
    case 2: return (UINT64_C(1) << cut) + near;
    case 3: return UINT64_C(1) << cut | UINT64_C(1) << bit;
    default: return random;
    }
}

static inline uint64_t draw_operand(struct score *s, const struct shape *f)
{
    static const uint8_t widths[] = { 7, 8, 15, 16, 31, 32, 63, 64 };
    int64_t max = (1 << f->exp_bits) - 1, bias = max / 2;
    uint64_t frac = draw_fraction(s, f), sign = draw(s);
    uint32_t kind = draw_below(s, 16), small = draw_below(s, 3), pick = draw_below(s, 8);
    switch (kind) {
    case 0: return encode(f, sign, 0, frac);                  /* subnormal */
    case 1: return encode(f, sign, 1 + small, frac);          /* about the smallest normal */
    case 2: return encode(f, sign, max - 1 - small, frac);    /* about the largest */
    case 3: return encode(f, sign, max, small ? 0 : frac);    /* infinity, NaN */
    case 4: return encode(f, sign, 0, 0);
    case 5: return encode(f, sign, bias + widths[pick] - small, frac); /* ends of integer types */
    case 6:
    case 7:                                                   /* integers and halves */
        return encode(f, sign, bias - 2 + draw_below(s, (uint32_t)f->frac_bits + 5), frac);
    case 8: return encode(f, sign, bias, frac);
    default: return encode(f, sign, draw_below(s, (uint32_t)max), frac);
    }
}

/* A second operand: often one whose sum with a, product with a or quotient by a is a close call. */
static inline uint64_t draw_partner(struct score *s, const struct shape *f, uint64_t a)
{
    int64_t max = (1 << f->exp_bits) - 1, bias = max / 2;
    int64_t exp = (int64_t)(a >> f->frac_bits) & max, jitter = (int64_t)draw_below(s, 5) - 2;
    uint64_t frac = draw_fraction(s, f), random = draw(s);
    switch (draw_below(s, 9)) {
    case 0: return encode(f, random, exp + jitter, a + (uint64_t)jitter);
    case 1: return encode(f, random, exp + jitter, frac);
    case 2: return encode(f, random, exp + f->frac_bits + 1 + jitter, frac);
    case 3: return encode(f, random, bias - exp + jitter + (random & 2 ? 1 : -f->frac_bits), frac);
    case 4: return encode(f, random, max + bias - exp + jitter, frac);
    case 5: return encode(f, random, exp + bias - (random & 2 ? 1 : max) + jitter, frac);
    case 6: return encode(f, random, exp == 0 ? max : exp == max ? 0 : exp, 0);
    default: return draw_operand(s, f);
    }
}

/* A third, for fma: often about the size of the product, or of its last bit. */
static inline uint64_t draw_addend(struct score *s, const struct shape *f, uint64_t a, uint64_t b)
{
    static const int8_t steps[] = { 0, 0, 1, -1, 2 };
    int64_t max = (1 << f->exp_bits) - 1, bias = max / 2;
    int64_t exp = (int64_t)(a >> f->frac_bits & (uint64_t)max) - bias +
                  (int64_t)(b >> f->frac_bits & (uint64_t)max) + (int64_t)draw_below(s, 5) - 2;
    uint64_t frac = draw_fraction(s, f), sign = draw(s);
    uint32_t kind = draw_below(s, 4), step = draw_below(s, 5);
    switch (kind) {
    case 0: return draw_operand(s, f);
    case 1: return encode(f, sign, exp, frac);
    default: return encode(f, sign, exp + steps[step] * f->frac_bits, frac);
    }
}

static inline void check(struct score *s, const char *what, const char *format,
                         const uint64_t operands[3], const struct bp_fp *fp, uint64_t got,
                         uint64_t want, uint32_t want_flags)
{
    s->cases++;
    if (got == want && fp->flags == want_flags)
        return;
    if (s->mismatches++ < 20)
        printf("%s %s(%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ") rounding %u tininess %u: "
               "got %#" PRIx64 " flags %#x, want %#" PRIx64 " flags %#x\n",
               format, what, operands[0], operands[1], operands[2], fp->rounding, fp->tininess,
               got, fp->flags, want, want_flags);
}

#endif
