/* SPDX-License-Identifier: MIT */
/*
 * qarma.c: the block cipher QARMA-64 with five rounds and the S-box sigma 2, as FEAT_PACQARMA5 uses it.
 * R. Avanzi, "The QARMA Block Cipher Family", IACR Transactions on Symmetric Cryptology 2017(1). Of the
 * sixteen cells of four bits, cell 0 is the most significant one.
 */
#include "pauth.h"

#define ROUNDS 5u
#define ALPHA UINT64_C(0xc0ac29b7c97c50dd)

/* Digits of pi. */
static const uint64_t constants[ROUNDS] = {
    0, UINT64_C(0x13198a2e03707344), UINT64_C(0xa4093822299f31d0), UINT64_C(0x082efa98ec4e6c89),
    UINT64_C(0x452821e638d01377),
};
/* Which cell each comes from: the state's tau and its inverse, the tweak's h and its inverse. */
static const uint8_t tau[16] = { 0, 11, 6, 13, 10, 1, 12, 7, 5, 14, 3, 8, 15, 4, 9, 2 };
static const uint8_t tau_back[16] = { 0, 5, 15, 10, 13, 8, 2, 7, 11, 14, 4, 1, 6, 3, 9, 12 };
static const uint8_t h[16] = { 6, 5, 14, 15, 0, 1, 2, 3, 7, 12, 13, 4, 8, 9, 10, 11 };
static const uint8_t h_back[16] = { 4, 5, 6, 7, 11, 1, 0, 8, 12, 13, 14, 15, 9, 10, 2, 3 };
/* sigma 2 on each half of a byte. */
static const uint8_t sigma[16] = { 11, 6, 8, 15, 12, 0, 9, 14, 3, 7, 4, 5, 13, 2, 1, 10 };
static const uint8_t sigma_back[16] = { 5, 14, 13, 8, 10, 11, 1, 9, 2, 6, 15, 0, 4, 12, 7, 3 };

/* Cells 0, 1, 3, 4, 8, 11 and 13, whose tweak is stepped. */
#define STEPPED UINT64_C(0xff0ff000f00f0f00)
#define EACH(bits) (UINT64_C(0x1111111111111111) * (bits))

static uint64_t permute(uint64_t x, const uint8_t *from)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 16; i++)
        r = r << 4 | (x >> (60 - 4 * from[i]) & 15);
    return r;
}

static uint64_t substitute(uint64_t x, const uint8_t *box)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 16; i++)
        r |= (uint64_t)box[x >> (4 * i) & 15] << (4 * i);
    return r;
}

static uint64_t rotl(uint64_t x, unsigned n) { return x << n | x >> (64 - n); }
static uint64_t cells_rotl(uint64_t x, unsigned n)
{
    return (x << n & EACH(15u & (15u << n))) | (x >> (4 - n) & EACH(15u >> (4 - n)));
}

/* Each column by the circulant of 0, rho, rho^2, rho; a row is 16 bits. */
static uint64_t mix(uint64_t x)
{
    return cells_rotl(rotl(x, 16) ^ rotl(x, 48), 1) ^ cells_rotl(rotl(x, 32), 2);
}

/* The shift register of some of the tweak's cells, (b3 b2 b1 b0) to (b0 + b1, b3, b2, b1). */
static uint64_t tweak_on(uint64_t t)
{
    uint64_t stepped;

    t = permute(t, h);
    stepped = (t >> 1 & EACH(7)) | ((t ^ t >> 1) & EACH(1)) << 3;
    return (t & ~STEPPED) | (stepped & STEPPED);
}
static uint64_t tweak_back(uint64_t t)
{
    uint64_t stepped = (t << 1 & EACH(14)) | ((t ^ t >> 3) & EACH(1));

    return permute((t & ~STEPPED) | (stepped & STEPPED), h_back);
}

uint64_t qarma(uint64_t x, uint64_t tweak, uint64_t w0, uint64_t k0)
{
    uint64_t w1 = (w0 >> 1 | w0 << 63) ^ w0 >> 63;

    x ^= w0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        x ^= k0 ^ tweak ^ constants[i];
        if (i)
            x = mix(permute(x, tau));
        x = substitute(x, sigma);
        tweak = tweak_on(tweak);
    }
    /* The reflector, between a whole round with w1 and one with w0. */
    x = substitute(mix(permute(x ^ w1 ^ tweak, tau)), sigma);
    x = permute(mix(permute(x, tau)) ^ k0, tau_back);
    x = permute(mix(substitute(x, sigma_back)), tau_back) ^ w0 ^ tweak;
    for (unsigned i = ROUNDS; i-- > 0;) {
        x = substitute(x, sigma_back);
        if (i)
            x = permute(mix(x), tau_back);
        tweak = tweak_back(tweak);
        x ^= k0 ^ tweak ^ constants[i] ^ ALPHA;
    }
    return x ^ w1;
}
