/* SPDX-License-Identifier: MIT */
/*
 * values.c: integers at the ends of ranges; floats that are zero, subnormal, infinite, NaN of both
 * kinds, near each other, exactly half-way, at the limits of integer formats; addresses that cross
 * a page. IEEE 754-2008, ch. 3.4; RISC-V unprivileged ISA manual, "F", "D" (NaN boxing).
 */
#include "values.h"
#include "rng.h"

uint64_t integer_value(uint64_t *rng)
{
    uint64_t x = random64(rng);
    unsigned bit = below(rng, 64);

    switch (below(rng, 8)) {
    case 0: return x;
    case 1: return (uint64_t)(int64_t)(int32_t)x;
    case 2: return (uint32_t)x;
    case 3: return (uint64_t)((int64_t)(x % 65) - 32);
    case 4: return (UINT64_C(1) << bit) + x % 3 - 1;
    case 5: return ~(UINT64_C(1) << bit) + x % 3;
    case 6: {
        static const unsigned widths[4] = { 8, 16, 32, 64 };
        unsigned w = widths[below(rng, 4)];
        uint64_t top = UINT64_C(1) << (w - 1); /* least, greatest, and all ones, around */
        return (one_in(rng, 2) ? -top : top) - 1 + x % 3;
    }
    default:
        return x & random64(rng) & random64(rng);
    }
}

/* 2^n where integers of n bits end, its neighbours, and some quarters below. */
static uint64_t near_integer_limit(uint64_t *rng, unsigned fraction, uint64_t bias)
{
    static const unsigned limits[] = { 7, 8, 15, 16, 31, 32, 63, 64 };
    unsigned n = limits[below(rng, 8)];
    uint64_t power = (bias + n) << fraction;

    if (n < fraction && one_in(rng, 2))
        return power - ((uint64_t)below(rng, 8) << (fraction - n - 1));
    return power - 2 + below(rng, 5);
}

/* A format by its fraction's and exponent's bits. */
static uint64_t float_of(uint64_t *rng, unsigned fraction, unsigned exponent)
{
    uint64_t sign = (random64(rng) & 1) << (fraction + exponent);
    uint64_t top = (UINT64_C(1) << exponent) - 1, bias = top >> 1;
    uint64_t all = (UINT64_C(1) << fraction) - 1, quiet = UINT64_C(1) << (fraction - 1);
    uint64_t bits = random64(rng) & all;
    uint64_t few = (UINT64_C(1) << below(rng, fraction)) | (UINT64_C(1) << below(rng, fraction));

    switch (below(rng, 17)) {
    case 0: return sign;                                                        /* zero */
    case 1: return sign | top << fraction;                                      /* infinity */
    case 2: return sign | top << fraction | quiet | (one_in(rng, 2) ? bits : 0);
    case 3: return sign | top << fraction | (bits & (quiet - 1)) | 1;           /* signalling */
    case 4: return sign | (one_in(rng, 2) ? bits : few);                        /* subnormal */
    case 5: return sign | (one_in(rng, 2) ? 1 : all);
    case 6: return sign | UINT64_C(1) << fraction | (one_in(rng, 2) ? bits : 0); /* least normal */
    case 7: return sign | (top - 1) << fraction | (one_in(rng, 2) ? all : bits); /* greatest */
    case 8: case 9: return sign | (bias + below(rng, 8) - 4) << fraction | few;
    case 10: return sign | (bias + below(rng, 4)) << fraction | (all << below(rng, fraction) & all);
    case 11: case 16: return sign | near_integer_limit(rng, fraction, bias);
    case 12: return sign | (bias + below(rng, 70) - 2) << fraction | bits;
    case 13: return sign | (below(rng, 4 * fraction) % top) << fraction | bits; /* tiny products */
    case 14: return sign | (bias + below(rng, (unsigned)bias)) << fraction | few;
    default: return sign | (random64(rng) % top) << fraction | bits;
    }
}

uint64_t float_value(uint64_t *rng, enum flavour flavour)
{
    uint64_t box = UINT64_C(0xffffffff00000000);
    unsigned n = below(rng, 16);

    if (n == 0)
        return random64(rng);
    if (n == 1) /* not quite boxed */
        return float_of(rng, 23, 8) | (box ^ UINT64_C(1) << (32 + below(rng, 32)));
    if (flavour == FLOATS_SINGLE || (flavour == FLOATS_MIXED && n < 9))
        return box | float_of(rng, 23, 8);
    return float_of(rng, 52, 11);
}

int small_value(uint64_t *rng)
{
    int power = 1 << below(rng, 11);

    switch (below(rng, 4)) {
    case 0: return power;
    case 1: return -power;
    case 2: return power - 1;
    default: return (int)below(rng, 4096) - 2048;
    }
}

unsigned fcsr_value(uint64_t *rng)
{
    return below(rng, 5) << 5 | (one_in(rng, 2) ? 0 : below(rng, 32));
}

uint64_t pointer_value(uint64_t *rng, bool aligned)
{
    uint64_t middle = SCRATCH + SCRATCH_SIZE / 2;

    if (aligned)
        return middle + 8 * (uint64_t)below(rng, 200) - 800;
    return one_in(rng, 2) ? middle - below(rng, 18) : middle + below(rng, 1600) - 800;
}

uint64_t bad_pointer_value(uint64_t *rng, unsigned xlen)
{
    static const uint64_t bad64[] = {
        0x4000, 0x50000000, 0x2000000000, 0x4000000000, 0x7ffffffff800, 0x800000000000,
        0x00ffffffffffff00, 0x8000000080008000, 0xffff800000000800, 0xfffffffffffff000,
    };
    static const uint32_t bad32[] = { 0x4000, 0x50000000, 0x60000ffc, 0xfffff000, 0x7fffe000 };
    uint64_t x = below(rng, 16);

    if (xlen == 32)
        return bad32[below(rng, sizeof bad32 / sizeof *bad32)] + x;
    return bad64[below(rng, sizeof bad64 / sizeof *bad64)] + x;
}
