/* SPDX-License-Identifier: MIT */
/* values.h: register values that reach corners more often than chance. */
#ifndef TESTS_DIFF_VALUES_H
#define TESTS_DIFF_VALUES_H

#include "chunk.h"

uint64_t integer_value(uint64_t *rng);
uint64_t float_value(uint64_t *rng, enum flavour flavour);
/* That fits in 12 bits, signed. */
int small_value(uint64_t *rng);
unsigned fcsr_value(uint64_t *rng);
/* An address in SCRATCH with room of 2 KiB and more on both sides. */
uint64_t pointer_value(uint64_t *rng, bool aligned);
/* An address at which there is nothing, or nothing yet. */
uint64_t bad_pointer_value(uint64_t *rng, unsigned xlen);

#endif
