/* SPDX-License-Identifier: MIT */
/* crypto.h: cryptographic vector instructions that are calls (crypto.c, sm.c). */
#ifndef AARCH64_CRYPTO_H
#define AARCH64_CRYPTO_H

#include "cpu.h"

/* Of (n, m, d), by operation from SIMD_SHA1C to SIMD_SHA512SU1: Vn, Vm and Vd as they were. */
extern const struct bp_helper helper_crypto[SIMD_SHA512SU1 - SIMD_SHA1C + 1];

/* sm.c: one operation from SIMD_SM3SS1 on; `number`: the word of Vm; SM3SS1 has Va for Vd. */
void sm_operate(unsigned op, unsigned number, uint8_t *ret, const uint8_t *n, const uint8_t *m,
                const uint8_t *d);

#endif
