/* SPDX-License-Identifier: MIT */
/*
 * simd.c: vector instructions that no sequence of IR makes short: shifts with saturation and
 * rounding, doubling multiplications, polynomials, dot products. The helper works on whole
 * registers. Lanes lie in memory lowest first, as on the host (the backends for which this is built are
 * little-endian, and vectors are read byte by byte anyway).
 */
#include "crypto.h"

#include <string.h>

static uint64_t lane(const uint8_t *v, unsigned bits, unsigned i)
{
    uint64_t x = 0;

    for (unsigned k = bits / 8; k-- > 0;)
        x = x << 8 | v[i * bits / 8 + k];
    return x;
}

static void set_lane(uint8_t *v, unsigned bits, unsigned i, uint64_t x)
{
    for (unsigned k = 0; k < bits / 8; k++, x >>= 8)
        v[i * bits / 8 + k] = (uint8_t)x;
}

static int64_t sign(uint64_t x, unsigned bits)
{
    return (int64_t)(x << (64 - bits)) >> (64 - bits);
}

/* ---- saturation ------------------------------------------------------------------------------ */

static uint64_t clamp(struct a64_cpu *cpu, __int128 v, unsigned bits, bool is_signed)
{
    __int128 max = ((__int128)1 << (is_signed ? bits - 1 : bits)) - 1;
    __int128 min = is_signed ? -max - 1 : 0;

    if (v > max || v < min)
        cpu->saturated = FPSR_QC;
    return (uint64_t)(v > max ? max : v < min ? min : v);
}

/* By a signed count, positive to the left, with rounding and saturation as asked. */
static uint64_t shift(struct a64_cpu *cpu, uint64_t x, unsigned bits, int n, bool is_signed,
                      bool round, bool saturate)
{
    __int128 v = is_signed ? (__int128)sign(x, bits) : (__int128)x;

    if (n < -(int)bits - 1)
        n = -(int)bits - 1;
    if (n < 0) {
        if (round)
            v += (__int128)1 << (-n - 1);
        return (uint64_t)(v >> -n);
    }
    if (!saturate)
        return n >= (int)bits ? 0 : x << n;
    if (n >= (int)bits)
        return v ? clamp(cpu, (v < 0 ? -1 : 1) * ((__int128)1 << bits), bits, is_signed) : 0;
    return clamp(cpu, v * ((__int128)1 << n), bits, is_signed);
}

static uint64_t multiply_high(struct a64_cpu *cpu, uint64_t x, uint64_t y, int64_t add,
                              unsigned bits, bool round, bool subtract)
{
    __int128 p = (__int128)sign(x, bits) * sign(y, bits) * (subtract ? -2 : 2);

    p += (__int128)add * ((__int128)1 << bits);
    if (round)
        p += (__int128)1 << (bits - 1);
    return clamp(cpu, p >> bits, bits, true);
}

static uint64_t polynomial(uint64_t x, uint64_t y)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 8; i++)
        r ^= y >> i & 1 ? x << i : 0;
    return r;
}

static uint64_t reverse_bits(uint64_t x)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 8; i++)
        r |= (x >> i & 1) << (7 - i);
    return r;
}

static uint64_t count_sign_bits(uint64_t x, unsigned bits)
{
    uint64_t changes = (x ^ x << 1) & ~UINT64_C(1);
    uint64_t v = (changes | 1) << (64 - bits);

    return (unsigned)__builtin_clzll(v);
}

/* One lane; d is the destination's. */
static uint64_t lane_op(struct a64_cpu *cpu, unsigned op, unsigned bits, uint64_t x, uint64_t y,
                        uint64_t d)
{
    int n = (int8_t)y;

    switch (op) {
    case SIMD_SQSHL: return shift(cpu, x, bits, n, true, false, true);
    case SIMD_UQSHL: return shift(cpu, x, bits, n, false, false, true);
    case SIMD_SRSHL: return shift(cpu, x, bits, n, true, true, false);
    case SIMD_URSHL: return shift(cpu, x, bits, n, false, true, false);
    case SIMD_SQRSHL: return shift(cpu, x, bits, n, true, true, true);
    case SIMD_UQRSHL: return shift(cpu, x, bits, n, false, true, true);
    case SIMD_SQSHLU:
        return clamp(cpu, (__int128)sign(x, bits) * ((__int128)1 << n), bits, false);
    case SIMD_SQDMULH: return multiply_high(cpu, x, y, 0, bits, false, false);
    case SIMD_SQRDMULH: return multiply_high(cpu, x, y, 0, bits, true, false);
    case SIMD_SQRDMLAH: return multiply_high(cpu, x, y, sign(d, bits), bits, true, false);
    case SIMD_SQRDMLSH: return multiply_high(cpu, x, y, sign(d, bits), bits, true, true);
    case SIMD_SUQADD: return clamp(cpu, (__int128)sign(d, bits) + (__int128)x, bits, true);
    case SIMD_USQADD: return clamp(cpu, (__int128)d + sign(x, bits), bits, false);
    case SIMD_SQABS: {
        __int128 v = sign(x, bits);
        return clamp(cpu, v < 0 ? -v : v, bits, true);
    }
    case SIMD_SQNEG: return clamp(cpu, -(__int128)sign(x, bits), bits, true);
    case SIMD_CLS: return count_sign_bits(x, bits);
    case SIMD_RBIT: return reverse_bits(x);
    case SIMD_PMUL: return polynomial(x, y);
    case SIMD_URECPE: return fp_urecpe((uint32_t)x);
    default: return fp_ursqrte((uint32_t)x); /* SIMD_URSQRTE */
    }
}

/* ---- products of bytes ----------------------------------------------------------------------- */

static int32_t byte_of(const uint8_t *v, unsigned i, bool is_signed)
{
    return is_signed ? (int8_t)v[i] : v[i];
}

/* Four products to each word. */
static void dot(uint8_t *ret, const uint8_t *a, const uint8_t *b, const uint8_t *d, bool sa,
                bool sb)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t sum = (uint32_t)lane(d, 32, i);
        for (unsigned k = 0; k < 4; k++)
            sum += (uint32_t)(byte_of(a, 4 * i + k, sa) * byte_of(b, 4 * i + k, sb));
        set_lane(ret, 32, i, sum);
    }
}

/* Two by eight times eight by two. */
static void matrix(uint8_t *ret, const uint8_t *a, const uint8_t *b, const uint8_t *d, bool sa,
                   bool sb)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t sum = (uint32_t)lane(d, 32, i);
        for (unsigned k = 0; k < 8; k++)
            sum += (uint32_t)(byte_of(a, 8 * (i >> 1) + k, sa) * byte_of(b, 8 * (i & 1) + k, sb));
        set_lane(ret, 32, i, sum);
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

/* `what`: enum simd_op, log2 of the lanes' bytes above it. */
static void simd(void *env, void *ret, const void *a, const void *b, const void *d, uint32_t what)
{
    unsigned op = what & 0xff, bits = 8u << (what >> 8 & 7);
    const uint8_t *x = a, *y = b, *z = d;
    uint8_t r[16] = { 0 };

    switch (op) {
    case SIMD_SDOT: dot(r, x, y, z, true, true); break;
    case SIMD_UDOT: dot(r, x, y, z, false, false); break;
    case SIMD_USDOT: dot(r, x, y, z, false, true); break;
    case SIMD_SMMLA: matrix(r, x, y, z, true, true); break;
    case SIMD_UMMLA: matrix(r, x, y, z, false, false); break;
    case SIMD_USMMLA: matrix(r, x, y, z, false, true); break;
    case SIMD_PMULL:
        for (unsigned i = 0; i < 8; i++)
            set_lane(r, 16, i, polynomial(x[i], y[i]));
        break;
    default:
        if (op >= SIMD_SM3SS1) {
            sm_operate(op, what >> 8 & 3, r, x, y, z);
            break;
        }
        if (op >= SIMD_BFDOT) {
            bf16_operate(op, r, x, y, z);
            break;
        }
        for (unsigned i = 0; i < 128 / bits; i++)
            set_lane(r, bits, i, lane_op(env, op, bits, lane(x, bits, i), lane(y, bits, i),
                                         lane(z, bits, i)));
        break;
    }
    memcpy(ret, r, 16);
}
const struct bp_helper helper_simd = {
    "simd", (void (*)(void))simd, BP_V128, 4, { BP_V128, BP_V128, BP_V128, BP_I32 }, BP_CALL_ENV,
};
