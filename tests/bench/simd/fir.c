/* SPDX-License-Identifier: MIT */
/* Filters of samples of 16 bits (widening multiply-accumulate, saturating narrowing) and of floats. */
#include <arm_neon.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLES 8192
#define TAPS 16
static int16_t in[SAMPLES + TAPS], out[SAMPLES];
static float fin[SAMPLES + TAPS], fout[SAMPLES];

static void filter16(const int16_t *taps)
{
    for (int i = 0; i < SAMPLES; i += 8) {
        int32x4_t low = vdupq_n_s32(0), high = low;
        for (int t = 0; t < TAPS; t++) {
            int16x8_t x = vld1q_s16(in + i + t);
            low = vmlal_n_s16(low, vget_low_s16(x), taps[t]);
            high = vmlal_high_n_s16(high, x, taps[t]);
        }
        vst1q_s16(out + i, vcombine_s16(vqrshrn_n_s32(low, 12), vqrshrn_n_s32(high, 12)));
    }
}

static void filter32(const float *taps)
{
    for (int i = 0; i < SAMPLES; i += 4) {
        float32x4_t sum = vdupq_n_f32(0);
        for (int t = 0; t < TAPS; t++)
            sum = vfmaq_n_f32(sum, vld1q_f32(fin + i + t), taps[t]);
        vst1q_f32(fout + i, sum);
    }
}

int main(int argc, char **argv)
{
    int scale = argc > 1 ? atoi(argv[1]) : 1;
    int16_t taps[TAPS];
    float ftaps[TAPS];
    uint32_t x = 7, sum = 0;
    for (int i = 0; i < SAMPLES + TAPS; i++) {
        x = x * 1664525 + 1013904223;
        in[i] = (int16_t)(x >> 16);
        fin[i] = (float)in[i] / 32768;
    }
    for (int t = 0; t < TAPS; t++) {
        taps[t] = (int16_t)(700 - 80 * t);
        ftaps[t] = (float)taps[t] / 4096;
    }
    for (int k = 0; k < 40 * scale; k++) {
        filter16(taps);
        filter32(ftaps);
        in[k % SAMPLES] = out[k % SAMPLES];
        fin[k % SAMPLES] = fout[k % SAMPLES];
    }
    for (int i = 0; i < SAMPLES; i++)
        sum = sum * 31 + (uint16_t)out[i] + (uint32_t)(int32_t)(fout[i] * 65536);
    printf("fir %08x\n", sum);
    return 0;
}
