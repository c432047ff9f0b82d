/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h: what a fuzz target gives to fuzz.c. With clang's -fsanitize=fuzzer leave fuzz.c out: the
 * entry point has libFuzzer's name.
 */
#ifndef BACKPLANE_TESTS_FUZZ_H
#define BACKPLANE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Runs the code under test on these bytes; must not crash, hang or leak whatever they are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
/* Well-formed inputs to start from: calls add() for each. */
void fuzz_seeds(void (*add)(const void *data, size_t n));

#endif
