/* SPDX-License-Identifier: MIT */
/* generate.h: random programs, reproducible from a seed. */
#ifndef TESTS_CODEGEN_GENERATE_H
#define TESTS_CODEGEN_GENERATE_H

#include "rig.h"

#define POOL_MAX 48

struct pool {
    uint32_t v[POOL_MAX];
    unsigned n;
};

struct gen {
    uint64_t seed;
    bool floats;
    uint32_t address; /* value of the last one */
    uint32_t round;   /* value: not 0 until the last round of a loop; 0: the program is none */
    struct prog *p;
    struct pool pool[8], raw[8]; /* by type; raw: float results that may be any NaN */
};

uint64_t rnd(struct gen *g);
uint64_t rnd_int(struct gen *g);
uint64_t rnd_float(struct gen *g, bool f64);
void generate(struct gen *g, struct prog *p, unsigned length);

#endif
