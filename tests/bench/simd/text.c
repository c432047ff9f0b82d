/* SPDX-License-Identifier: MIT */
/* Text: lower case, counting, and hexadecimal by table lookup, sixteen bytes at a time. */
#include <arm_neon.h>
#include <stdio.h>
#include <stdlib.h>

#define BYTES 65536
static uint8_t text[BYTES], hex[2 * BYTES];

static unsigned lower_and_count(uint8_t letter)
{
    uint8x16_t first = vdupq_n_u8('A'), range = vdupq_n_u8(26), bit = vdupq_n_u8(0x20), l = vdupq_n_u8(letter);
    unsigned n = 0;
    for (int i = 0; i < BYTES; i += 16) {
        uint8x16_t v = vld1q_u8(text + i);
        v = vorrq_u8(v, vandq_u8(vcltq_u8(vsubq_u8(v, first), range), bit));
        vst1q_u8(text + i, v);
        n += vaddvq_u8(vshrq_n_u8(vceqq_u8(v, l), 7));
    }
    return n;
}

static void to_hex(void)
{
    const uint8x16_t digits = vld1q_u8((const uint8_t *)"0123456789abcdef"), low = vdupq_n_u8(15);
    for (int i = 0; i < BYTES; i += 16) {
        uint8x16_t v = vld1q_u8(text + i);
        uint8x16_t h = vqtbl1q_u8(digits, vshrq_n_u8(v, 4)), l = vqtbl1q_u8(digits, vandq_u8(v, low));
        vst1q_u8(hex + 2 * i, vzip1q_u8(h, l));
        vst1q_u8(hex + 2 * i + 16, vzip2q_u8(h, l));
    }
}

int main(int argc, char **argv)
{
    int scale = argc > 1 ? atoi(argv[1]) : 1;
    uint32_t x = 3, sum = 0;
    for (int i = 0; i < BYTES; i++) {
        x = x * 1664525 + 1013904223;
        text[i] = (uint8_t)(' ' + (x >> 24) % 95);
    }
    for (int k = 0; k < 40 * scale; k++) {
        sum = sum * 31 + lower_and_count((uint8_t)('a' + k % 26));
        text[k * 61 % BYTES] = (uint8_t)('A' + k % 26);
        to_hex();
    }
    for (int i = 0; i < 2 * BYTES; i++)
        sum = sum * 31 + hex[i];
    printf("text %08x\n", sum);
    return 0;
}
