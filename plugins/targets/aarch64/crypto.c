/* SPDX-License-Identifier: MIT */
/*
 * crypto.c: AES (FIPS 197) and the secure hashes (FIPS 180-4) as the vector instructions have them:
 * single rounds and schedule updates.
 */
#include "crypto.h"

#include <string.h>

/* ---- AES ------------------------------------------------------------------------------------- */

/* FIPS 197, figures 7 and 14. */
static const uint8_t sbox[2][256] = {
    {
        0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7,
        0xab, 0x76, 0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0, 0xad, 0xd4, 0xa2, 0xaf,
        0x9c, 0xa4, 0x72, 0xc0, 0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f, 0xf7, 0xcc, 0x34, 0xa5,
        0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15, 0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a,
        0x07, 0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75, 0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e,
        0x5a, 0xa0, 0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84, 0x53, 0xd1, 0x00, 0xed,
        0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf, 0xd0, 0xef,
        0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8,
        0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5, 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff,
        0xf3, 0xd2, 0xcd, 0x0c, 0x13, 0xec, 0x5f, 0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d,
        0x64, 0x5d, 0x19, 0x73, 0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88, 0x46, 0xee,
        0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb, 0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c,
        0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79, 0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5,
        0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08, 0xba, 0x78, 0x25, 0x2e,
        0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a, 0x70, 0x3e,
        0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e, 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e,
        0xe1, 0xf8, 0x98, 0x11, 0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55,
        0x28, 0xdf, 0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41, 0x99, 0x2d, 0x0f,
        0xb0, 0x54, 0xbb, 0x16,
    },
    {
        0x52, 0x09, 0x6a, 0xd5, 0x30, 0x36, 0xa5, 0x38, 0xbf, 0x40, 0xa3, 0x9e, 0x81, 0xf3,
        0xd7, 0xfb, 0x7c, 0xe3, 0x39, 0x82, 0x9b, 0x2f, 0xff, 0x87, 0x34, 0x8e, 0x43, 0x44,
        0xc4, 0xde, 0xe9, 0xcb, 0x54, 0x7b, 0x94, 0x32, 0xa6, 0xc2, 0x23, 0x3d, 0xee, 0x4c,
        0x95, 0x0b, 0x42, 0xfa, 0xc3, 0x4e, 0x08, 0x2e, 0xa1, 0x66, 0x28, 0xd9, 0x24, 0xb2,
        0x76, 0x5b, 0xa2, 0x49, 0x6d, 0x8b, 0xd1, 0x25, 0x72, 0xf8, 0xf6, 0x64, 0x86, 0x68,
        0x98, 0x16, 0xd4, 0xa4, 0x5c, 0xcc, 0x5d, 0x65, 0xb6, 0x92, 0x6c, 0x70, 0x48, 0x50,
        0xfd, 0xed, 0xb9, 0xda, 0x5e, 0x15, 0x46, 0x57, 0xa7, 0x8d, 0x9d, 0x84, 0x90, 0xd8,
        0xab, 0x00, 0x8c, 0xbc, 0xd3, 0x0a, 0xf7, 0xe4, 0x58, 0x05, 0xb8, 0xb3, 0x45, 0x06,
        0xd0, 0x2c, 0x1e, 0x8f, 0xca, 0x3f, 0x0f, 0x02, 0xc1, 0xaf, 0xbd, 0x03, 0x01, 0x13,
        0x8a, 0x6b, 0x3a, 0x91, 0x11, 0x41, 0x4f, 0x67, 0xdc, 0xea, 0x97, 0xf2, 0xcf, 0xce,
        0xf0, 0xb4, 0xe6, 0x73, 0x96, 0xac, 0x74, 0x22, 0xe7, 0xad, 0x35, 0x85, 0xe2, 0xf9,
        0x37, 0xe8, 0x1c, 0x75, 0xdf, 0x6e, 0x47, 0xf1, 0x1a, 0x71, 0x1d, 0x29, 0xc5, 0x89,
        0x6f, 0xb7, 0x62, 0x0e, 0xaa, 0x18, 0xbe, 0x1b, 0xfc, 0x56, 0x3e, 0x4b, 0xc6, 0xd2,
        0x79, 0x20, 0x9a, 0xdb, 0xc0, 0xfe, 0x78, 0xcd, 0x5a, 0xf4, 0x1f, 0xdd, 0xa8, 0x33,
        0x88, 0x07, 0xc7, 0x31, 0xb1, 0x12, 0x10, 0x59, 0x27, 0x80, 0xec, 0x5f, 0x60, 0x51,
        0x7f, 0xa9, 0x19, 0xb5, 0x4a, 0x0d, 0x2d, 0xe5, 0x7a, 0x9f, 0x93, 0xc9, 0x9c, 0xef,
        0xa0, 0xe0, 0x3b, 0x4d, 0xae, 0x2a, 0xf5, 0xb0, 0xc8, 0xeb, 0xbb, 0x3c, 0x83, 0x53,
        0x99, 0x61, 0x17, 0x2b, 0x04, 0x7e, 0xba, 0x77, 0xd6, 0x26, 0xe1, 0x69, 0x14, 0x63,
        0x55, 0x21, 0x0c, 0x7d,
    },
};

/* Which byte ShiftRows brings where, and its inverse. */
static const uint8_t shifted[2][16] = {
    { 0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11 },
    { 0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3 },
};

/* AddRoundKey, ShiftRows, SubBytes, or the inverses of the latter two. */
static inline void aes_round(uint8_t *ret, const uint8_t *d, const uint8_t *n, bool inverse)
{
    const uint8_t *box = sbox[inverse], *from = shifted[inverse];
    uint8_t x[16];

    for (unsigned i = 0; i < 16; i++)
        x[i] = d[i] ^ n[i];
    for (unsigned i = 0; i < 16; i++)
        ret[i] = box[x[from[i]]];
}

/* Four bytes doubled in the field. */
static uint32_t twice(uint32_t w)
{
    return (w & 0x7f7f7f7f) << 1 ^ (w >> 7 & 0x01010101) * 0x1b;
}

static uint32_t ror(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

/* A column by 2 3 1 1; the inverse is the same after 5 0 4 0. */
static inline uint32_t mix(uint32_t w, bool inverse)
{
    uint32_t r;

    if (inverse)
        w ^= twice(twice(w ^ ror(w, 16)));
    r = ror(w, 8);
    return twice(w) ^ twice(r) ^ r ^ ror(w, 16) ^ ror(w, 24);
}

static inline void aes_mix(uint32_t r[4], const uint32_t n[4], bool inverse)
{
    for (unsigned i = 0; i < 4; i++)
        r[i] = mix(n[i], inverse);
}

/* ---- SHA-1, SHA-256 -------------------------------------------------------------------------- */

static uint32_t rol(uint32_t x, unsigned n) { return ror(x, 32 - n); }
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

/* Four rounds; x is a b c d, y is e f g h. */
static inline void sha256_rounds(uint32_t x[4], uint32_t y[4], const uint32_t w[4])
{
    uint32_t a = x[0], b = x[1], c = x[2], d = x[3], e = y[0], f = y[1], g = y[2], h = y[3];

#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        uint32_t s1 = ror(e, 6) ^ ror(e, 11) ^ ror(e, 25), s0 = ror(a, 2) ^ ror(a, 13) ^ ror(a, 22);
        uint32_t t = h + s1 + choose(e, f, g) + w[i], u = t + s0 + majority(a, b, c);
        h = g, g = f, f = e, e = d + t;
        d = c, c = b, b = a, a = u;
    }
    x[0] = a, x[1] = b, x[2] = c, x[3] = d;
    y[0] = e, y[1] = f, y[2] = g, y[3] = h;
}

static inline void sha256(unsigned op, uint32_t r[4], const uint32_t n[4], const uint32_t m[4],
                   const uint32_t d[4])
{
    uint32_t x[4], y[4];

    if (op == SIMD_SHA256H || op == SIMD_SHA256H2) {
        memcpy(x, op == SIMD_SHA256H ? d : n, sizeof x);
        memcpy(y, op == SIMD_SHA256H ? n : d, sizeof y);
        sha256_rounds(x, y, m);
        memcpy(r, op == SIMD_SHA256H ? x : y, sizeof x);
    } else if (op == SIMD_SHA256SU0) {
#pragma GCC unroll 4
        for (unsigned i = 0; i < 4; i++) {
            uint32_t w = i < 3 ? d[i + 1] : n[0];
            r[i] = d[i] + (ror(w, 7) ^ ror(w, 18) ^ w >> 3);
        }
    } else { /* SIMD_SHA256SU1 */
#pragma GCC unroll 4
        for (unsigned i = 0; i < 4; i++) {
            uint32_t w = i < 2 ? m[i + 2] : r[i - 2], v = i < 3 ? n[i + 1] : m[0];
            r[i] = d[i] + v + (ror(w, 17) ^ ror(w, 19) ^ w >> 10);
        }
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
    if (op == SIMD_AESE || op == SIMD_AESD)
        aes_round(r.b, vd.b, vn.b, op == SIMD_AESD);
    else if (op == SIMD_AESMC || op == SIMD_AESIMC)
        aes_mix(r.w, vn.w, op == SIMD_AESIMC);
    else if (op <= SIMD_SHA1M)
        sha1_rounds(op, r.w, vn.w, vm.w, vd.w);
    else if (op <= SIMD_SHA1SU1)
        sha1_other(op, r.w, vn.w, vm.w, vd.w);
    else if (op <= SIMD_SHA256SU1)
        sha256(op, r.w, vn.w, vm.w, vd.w);
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
    [op - SIMD_AESE] = { #name, (void (*)(void))name, BP_V128, 3, { BP_V128, BP_V128, BP_V128 },   \
                         BP_CALL_PURE },
#define ALL(X)                                                                                     \
    X(aese, SIMD_AESE) X(aesd, SIMD_AESD) X(aesmc, SIMD_AESMC) X(aesimc, SIMD_AESIMC)              \
    X(sha1c, SIMD_SHA1C) X(sha1p, SIMD_SHA1P) X(sha1m, SIMD_SHA1M) X(sha1su0, SIMD_SHA1SU0)        \
    X(sha1h, SIMD_SHA1H) X(sha1su1, SIMD_SHA1SU1) X(sha256h, SIMD_SHA256H)                         \
    X(sha256h2, SIMD_SHA256H2) X(sha256su0, SIMD_SHA256SU0) X(sha256su1, SIMD_SHA256SU1)           \
    X(sha512h, SIMD_SHA512H) X(sha512h2, SIMD_SHA512H2) X(sha512su0, SIMD_SHA512SU0)               \
    X(sha512su1, SIMD_SHA512SU1)
ALL(CRYPTO)
const struct bp_helper helper_crypto[SIMD_SHA512SU1 - SIMD_AESE + 1] = { ALL(ROW) };
