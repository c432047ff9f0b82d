/* SPDX-License-Identifier: MIT */
/* Alpha blending of pixels of four bytes: widening multiplies, rounding narrowing shifts. */
#include <arm_neon.h>
#include <stdio.h>
#include <stdlib.h>

#define PIXELS 16384
static uint8_t from[4 * PIXELS], to[4 * PIXELS];

static void blend(uint8_t *d, const uint8_t *s, int n)
{
    for (int i = 0; i < n; i += 8, d += 32, s += 32) {
        uint8x8x4_t a = vld4_u8(s), b = vld4_u8(d);
        uint8x8_t inverse = vmvn_u8(a.val[3]);
        for (int c = 0; c < 4; c++) {
            uint16x8_t t = vmull_u8(b.val[c], inverse);
            t = vrsraq_n_u16(t, t, 8);
            b.val[c] = vqadd_u8(a.val[c], vrshrn_n_u16(t, 8));
        }
        vst4_u8(d, b);
    }
}

int main(int argc, char **argv)
{
    int scale = argc > 1 ? atoi(argv[1]) : 1;
    uint32_t x = 1, sum = 0;
    for (int i = 0; i < 4 * PIXELS; i++) {
        x = x * 1664525 + 1013904223;
        from[i] = (uint8_t)(x >> 25);
        to[i] = (uint8_t)(x >> 16);
    }
    for (int k = 0; k < 100 * scale; k++)
        blend(to, from, PIXELS);
    for (int i = 0; i < 4 * PIXELS; i++)
        sum = sum * 31 + to[i];
    printf("blend %08x\n", sum);
    return 0;
}
