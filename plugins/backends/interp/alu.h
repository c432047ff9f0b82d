/* SPDX-License-Identifier: MIT */
/*
 * alu.h: the integer ops of backplane/ir.h on values of W bits that are zero-extended in 64.
 * Results may have any bits above W; the caller cuts them off.
 */
#ifndef INTERP_ALU_H
#define INTERP_ALU_H

#include <stdint.h>

static inline uint64_t low_bits(unsigned w, uint64_t x) { return x & UINT64_MAX >> (64 - w); }
static inline int64_t as_signed(unsigned w, uint64_t x)
{
    return (int64_t)(x << (64 - w)) >> (64 - w);
}

static inline uint64_t alu_add(unsigned w, uint64_t x, uint64_t y) { return x + y; }
static inline uint64_t alu_sub(unsigned w, uint64_t x, uint64_t y) { return x - y; }
static inline uint64_t alu_mul(unsigned w, uint64_t x, uint64_t y) { return x * y; }
static inline uint64_t alu_mulhu(unsigned w, uint64_t x, uint64_t y)
{
    return (uint64_t)((unsigned __int128)x * y >> w);
}
static inline uint64_t alu_mulhs(unsigned w, uint64_t x, uint64_t y)
{
    return (uint64_t)((__int128)as_signed(w, x) * as_signed(w, y) >> w);
}
static inline uint64_t alu_mulhsu(unsigned w, uint64_t x, uint64_t y)
{
    return (uint64_t)((__int128)as_signed(w, x) * (__int128)y >> w);
}
static inline uint64_t alu_divu(unsigned w, uint64_t x, uint64_t y) { return y ? x / y : 0; }
static inline uint64_t alu_remu(unsigned w, uint64_t x, uint64_t y) { return y ? x % y : x; }
static inline uint64_t alu_divs(unsigned w, uint64_t x, uint64_t y)
{
    if (y == 0)
        return 0;
    if (as_signed(w, y) == -1) /* min / -1 = min */
        return 0 - x;
    return (uint64_t)(as_signed(w, x) / as_signed(w, y));
}
static inline uint64_t alu_rems(unsigned w, uint64_t x, uint64_t y)
{
    if (y == 0)
        return x;
    if (as_signed(w, y) == -1)
        return 0;
    return (uint64_t)(as_signed(w, x) % as_signed(w, y));
}
static inline uint64_t alu_and(unsigned w, uint64_t x, uint64_t y) { return x & y; }
static inline uint64_t alu_or(unsigned w, uint64_t x, uint64_t y) { return x | y; }
static inline uint64_t alu_xor(unsigned w, uint64_t x, uint64_t y) { return x ^ y; }
static inline uint64_t alu_andn(unsigned w, uint64_t x, uint64_t y) { return x & ~y; }
static inline uint64_t alu_shl(unsigned w, uint64_t x, uint64_t y) { return x << (y % w); }
static inline uint64_t alu_shr(unsigned w, uint64_t x, uint64_t y) { return x >> (y % w); }
static inline uint64_t alu_sar(unsigned w, uint64_t x, uint64_t y)
{
    return (uint64_t)(as_signed(w, x) >> (y % w));
}
static inline uint64_t alu_rotl(unsigned w, uint64_t x, uint64_t y)
{
    return x << (y % w) | x >> ((w - y % w) % w);
}
static inline uint64_t alu_rotr(unsigned w, uint64_t x, uint64_t y)
{
    return x >> (y % w) | x << ((w - y % w) % w);
}
static inline uint64_t alu_not(unsigned w, uint64_t x) { return ~x; }
static inline uint64_t alu_neg(unsigned w, uint64_t x) { return 0 - x; }
static inline uint64_t alu_clz(unsigned w, uint64_t x)
{
    return x ? (unsigned)__builtin_clzll(x) - (64 - w) : w;
}
static inline uint64_t alu_ctz(unsigned w, uint64_t x)
{
    return x ? (unsigned)__builtin_ctzll(x) : w;
}
static inline uint64_t alu_popcnt(unsigned w, uint64_t x)
{
    return (unsigned)__builtin_popcountll(x);
}
static inline uint64_t alu_bswap(unsigned w, uint64_t x)
{
    return __builtin_bswap64(x) >> (64 - w);
}
static inline uint64_t alu_extract_u(unsigned w, uint64_t x, unsigned position, unsigned length)
{
    return low_bits(length, x >> position);
}
static inline uint64_t alu_extract_s(unsigned w, uint64_t x, unsigned position, unsigned length)
{
    return (uint64_t)as_signed(length, x >> position);
}
static inline uint64_t alu_insert(uint64_t x, uint64_t y, unsigned position, unsigned length)
{
    uint64_t field = low_bits(length, UINT64_MAX) << position;
    return (x & ~field) | (y << position & field);
}

/* One function a condition, by enum bp_cond. */
static inline int alu_is_eq(unsigned w, uint64_t x, uint64_t y) { return x == y; }
static inline int alu_is_ne(unsigned w, uint64_t x, uint64_t y) { return x != y; }
static inline int alu_is_lt(unsigned w, uint64_t x, uint64_t y)
{
    return as_signed(w, x) < as_signed(w, y);
}
static inline int alu_is_ge(unsigned w, uint64_t x, uint64_t y) { return !alu_is_lt(w, x, y); }
static inline int alu_is_le(unsigned w, uint64_t x, uint64_t y) { return !alu_is_lt(w, y, x); }
static inline int alu_is_gt(unsigned w, uint64_t x, uint64_t y) { return alu_is_lt(w, y, x); }
static inline int alu_is_ltu(unsigned w, uint64_t x, uint64_t y) { return x < y; }
static inline int alu_is_geu(unsigned w, uint64_t x, uint64_t y) { return x >= y; }
static inline int alu_is_leu(unsigned w, uint64_t x, uint64_t y) { return x <= y; }
static inline int alu_is_gtu(unsigned w, uint64_t x, uint64_t y) { return x > y; }

#endif
