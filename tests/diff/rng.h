/* SPDX-License-Identifier: MIT */
/* rng.h: repeatable random numbers: splitmix64, Steele, Lea and Flood 2014. */
#ifndef TESTS_DIFF_RNG_H
#define TESTS_DIFF_RNG_H

#include <stdint.h>

static inline uint64_t random64(uint64_t *state)
{
    uint64_t x = (*state += UINT64_C(0x9e3779b97f4a7c15));

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Below n. */
static inline unsigned below(uint64_t *state, unsigned n)
{
    return (unsigned)((random64(state) >> 32) * n >> 32);
}

/* True once in n. */
static inline int one_in(uint64_t *state, unsigned n)
{
    return below(state, n) == 0;
}
#endif
