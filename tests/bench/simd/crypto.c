/* SPDX-License-Identifier: MIT */
/* AES in a chain and in counters, GHASH and SHA-256 with the guest's instructions for them. */
#pragma GCC target("arch=armv8-a+crypto")
#include <arm_neon.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCKS 1024
static uint8x16_t data[BLOCKS], out[BLOCKS], key[11];

static inline uint8x16_t encrypt(uint8x16_t x)
{
    for (int r = 0; r < 9; r++)
        x = vaesmcq_u8(vaeseq_u8(x, key[r]));
    return veorq_u8(vaeseq_u8(x, key[9]), key[10]);
}

static void chain(void)
{
    uint8x16_t x = data[0];
    for (int i = 0; i < BLOCKS; i++)
        out[i] = x = encrypt(veorq_u8(x, data[i]));
}

static void counters(void)
{
    uint32x4_t n = vdupq_n_u32(7);
    for (int i = 0; i < BLOCKS; i += 4)
        for (int k = 0; k < 4; k++) {
            n = vsetq_lane_u32((uint32_t)(i + k), n, 3);
            out[i + k] = veorq_u8(out[i + k], encrypt(vreinterpretq_u8_u32(n)));
        }
}

static inline uint64x2_t product(uint64_t a, uint64_t b)
{
    return vreinterpretq_u64_p128(vmull_p64((poly64_t)a, (poly64_t)b));
}

/* Karatsuba, then twice folded by the polynomial's low half. */
static uint64x2_t hash(const uint8x16_t *in)
{
    const uint64_t h0 = 0xb83b533708bf535d, h1 = 0x66e94bd4ef8a2c3b;
    uint64x2_t y = vdupq_n_u64(0), zero = y;
    for (int i = 0; i < BLOCKS; i++) {
        y = veorq_u64(y, vreinterpretq_u64_u8(vrev64q_u8(in[i])));
        uint64_t y0 = vgetq_lane_u64(y, 0), y1 = vgetq_lane_u64(y, 1);
        uint64x2_t low = product(y0, h0), high = product(y1, h1), mid = product(y0 ^ y1, h0 ^ h1);
        mid = veorq_u64(mid, veorq_u64(low, high));
        low = veorq_u64(low, vextq_u64(zero, mid, 1));
        high = veorq_u64(high, vextq_u64(mid, zero, 1));
        for (int k = 0; k < 2; k++) {
            uint64x2_t fold = product(vgetq_lane_u64(low, 0), 0xc200000000000000);
            low = veorq_u64(vextq_u64(low, low, 1), fold);
        }
        y = veorq_u64(low, high);
    }
    return y;
}

static void sha256(uint32x4_t state[2], const uint8x16_t in[4], const uint32x4_t *k)
{
    uint32x4_t w[4], a = state[0], e = state[1];
    for (int i = 0; i < 4; i++)
        w[i] = vreinterpretq_u32_u8(vrev32q_u8(in[i]));
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        uint32x4_t sum = vaddq_u32(w[i & 3], k[i]), old = a;
        if (i < 12)
            w[i & 3] = vsha256su1q_u32(vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3],
                                       w[(i + 3) & 3]);
        a = vsha256hq_u32(a, e, sum);
        e = vsha256h2q_u32(e, old, sum);
    }
    state[0] = vaddq_u32(state[0], a);
    state[1] = vaddq_u32(state[1], e);
}

int main(int argc, char **argv)
{
    int scale = argc > 1 ? atoi(argv[1]) : 1;
    uint32x4_t k[16], state[2] = { vdupq_n_u32(1), vdupq_n_u32(2) };
    uint64x2_t y = vdupq_n_u64(0);
    uint32_t x = 7;
    for (int i = 0; i < BLOCKS; i++) {
        x = x * 1664525 + 1013904223;
        data[i] = vreinterpretq_u8_u32(vdupq_n_u32(x ^ (uint32_t)i << 7));
        if (i < 11)
            key[i] = data[i];
        if (i < 16)
            k[i] = vreinterpretq_u32_u8(data[i]);
    }
    for (int n = 0; n < 25 * scale; n++) {
        chain();
        counters();
        y = veorq_u64(y, hash(out));
        for (int i = 0; i < BLOCKS; i += 4)
            sha256(state, out + i, k);
        data[n % BLOCKS] = out[n % BLOCKS];
    }
    printf("crypto %016llx%016llx", (unsigned long long)vgetq_lane_u64(y, 1),
           (unsigned long long)vgetq_lane_u64(y, 0));
    for (int i = 0; i < 2; i++)
        printf(" %08x%08x%08x%08x", vgetq_lane_u32(state[i], 0), vgetq_lane_u32(state[i], 1),
               vgetq_lane_u32(state[i], 2), vgetq_lane_u32(state[i], 3));
    printf("\n");
    return 0;
}
