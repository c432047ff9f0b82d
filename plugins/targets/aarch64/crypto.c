/* SPDX-License-Identifier: MIT */
/*
 * crypto.c: the secure hashes (FIPS 180-4) as the vector instructions have them: a few rounds and
 * schedule updates. SHA-256 and AES are ops of the IR.
 */
#include "crypto.h"

#include <string.h>

/* ---- SHA-1 ----------------------------------------------------------------------------------- */

static uint32_t rol(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }
static uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return ((y ^ z) & x) ^ z; }
static uint32_t majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) | ((x | y) & z); }

/* Four rounds: d is a b c d, e the lowest word of n, m the schedule. */
static inline void sha1_rounds(unsigned op, uint32_t r[4], const uint32_t n[4], const uint32_t m[4],
                        const uint32_t d[4])
{
    uint32_t x[4], e = n[0];

    memcpy(x, d, sizeof x);
    for (unsigned i = 0; i < 4; i++) {
        uint32_t f = op == SIMD_SHA1C   ? choose(x[1], x[2], x[3])
                     : op == SIMD_SHA1P ? x[1] ^ x[2] ^ x[3]
                                        : majority(x[1], x[2], x[3]);
        uint32_t t = e + rol(x[0], 5) + f + m[i];
        e = x[3];
        x[3] = x[2];
        x[2] = rol(x[1], 30);
        x[1] = x[0];
        x[0] = t;
    }
    memcpy(r, x, sizeof x);
}

static inline void sha1_other(unsigned op, uint32_t r[4], const uint32_t n[4], const uint32_t m[4],
                       const uint32_t d[4])
{
    if (op == SIMD_SHA1H) {
        r[0] = rol(n[0], 30);
        r[1] = r[2] = r[3] = 0;
    } else if (op == SIMD_SHA1SU0) {
        r[0] = d[2] ^ d[0] ^ m[0];
        r[1] = d[3] ^ d[1] ^ m[1];
        r[2] = n[0] ^ d[2] ^ m[2];
        r[3] = n[1] ^ d[3] ^ m[3];
    } else { /* SIMD_SHA1SU1 */
        for (unsigned i = 0; i < 4; i++)
            r[i] = rol(d[i] ^ (i < 3 ? n[i + 1] : 0), 1);
        r[3] ^= rol(d[0] ^ n[1], 2);
    }
}

/* ---- SHA-512 --------------------------------------------------------------------------------- */

static uint64_t ror64(uint64_t x, unsigned n) { return x >> n | x << (64 - n); }
static uint64_t sum1(uint64_t x) { return ror64(x, 14) ^ ror64(x, 18) ^ ror64(x, 41); }
static uint64_t sum0(uint64_t x) { return ror64(x, 28) ^ ror64(x, 34) ^ ror64(x, 39); }
static uint64_t sigma0(uint64_t x) { return ror64(x, 1) ^ ror64(x, 8) ^ x >> 7; }
static uint64_t sigma1(uint64_t x) { return ror64(x, 19) ^ ror64(x, 61) ^ x >> 6; }
static uint64_t choose64(uint64_t x, uint64_t y, uint64_t z) { return (x & y) ^ (~x & z); }
static uint64_t majority64(uint64_t x, uint64_t y, uint64_t z)
{
    return (x & y) ^ (x & z) ^ (y & z);
}

static inline void sha512(unsigned op, uint64_t r[2], const uint64_t n[2], const uint64_t m[2],
                   const uint64_t d[2])
{
    switch (op) {
    case SIMD_SHA512H:
        r[1] = choose64(m[1], n[0], n[1]) + sum1(m[1]) + d[1];
        r[0] = r[1] + m[0];
        r[0] = choose64(r[0], m[1], n[0]) + sum1(r[0]) + d[0];
        break;
    case SIMD_SHA512H2:
        r[1] = majority64(n[0], m[1], m[0]) + sum0(m[0]) + d[1];
        r[0] = majority64(r[1], m[0], m[1]) + sum0(r[1]) + d[0];
        break;
    case SIMD_SHA512SU0:
        r[0] = d[0] + sigma0(d[1]);
        r[1] = d[1] + sigma0(n[0]);
        break;
    default: /* SIMD_SHA512SU1 */
        r[0] = d[0] + sigma1(n[0]) + m[0];
        r[1] = d[1] + sigma1(n[1]) + m[1];
        break;
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

/* ret may be one of the operands. */
static inline void operate(unsigned op, void *ret, const void *n, const void *m, const void *d)
{
    union {
        uint8_t b[16];
        uint32_t w[4];
        uint64_t q[2];
    } r, vn, vm, vd;

    memcpy(vn.b, n, 16);
    memcpy(vm.b, m, 16);
    memcpy(vd.b, d, 16);
    if (op <= SIMD_SHA1M)
        sha1_rounds(op, r.w, vn.w, vm.w, vd.w);
    else if (op <= SIMD_SHA1SU1)
        sha1_other(op, r.w, vn.w, vm.w, vd.w);
    else
        sha512(op, r.q, vn.q, vm.q, vd.q);
    memcpy(ret, r.b, 16);
}

/* A helper an operation: what the operation is costs nothing then. */
#define CRYPTO(name, op)                                                                           \
    static void name(void *ret, const void *n, const void *m, const void *d)                       \
    {                                                                                              \
        operate(op, ret, n, m, d);                                                                 \
    }
#define ROW(name, op)                                                                              \
    [op - SIMD_SHA1C] = { #name, (void (*)(void))name, BP_V128, 3, { BP_V128, BP_V128, BP_V128 },   \
                         BP_CALL_PURE },
#define ALL(X)                                                                                     \
    X(sha1c, SIMD_SHA1C) X(sha1p, SIMD_SHA1P) X(sha1m, SIMD_SHA1M) X(sha1su0, SIMD_SHA1SU0)        \
    X(sha1h, SIMD_SHA1H) X(sha1su1, SIMD_SHA1SU1)                                                  \
    X(sha512h, SIMD_SHA512H) X(sha512h2, SIMD_SHA512H2) X(sha512su0, SIMD_SHA512SU0)               \
    X(sha512su1, SIMD_SHA512SU1)
ALL(CRYPTO)
const struct bp_helper helper_crypto[SIMD_SHA512SU1 - SIMD_SHA1C + 1] = { ALL(ROW) };
