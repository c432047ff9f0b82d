/* SPDX-License-Identifier: MIT */
/* harness.h: guest code around the chunks: sets registers, runs one, folds the result, prints. */
#ifndef TESTS_DIFF_HARNESS_H
#define TESTS_DIFF_HARNESS_H

#include "image.h"

/* What the run does: sets from first, each a chunk once; all counts in sets. */
struct run {
    uint64_t first_set;     /* address */
    uint64_t count;
    uint64_t first_line;    /* number of the first line printed */
    uint64_t print_every, refresh_every;
    bool dump;              /* at the end print all registers and the scratch memory */
};

struct harness {
    uint64_t restore[32];   /* by the register that stays the harness's: start of a chunk */
    uint64_t trap_m[32], trap_s[32];
};

/* The CSRs of a set, in order; the last is written last. */
extern const uint16_t set_csrs[CSR_COUNT];
enum set_csr {
    SET_MEDELEG, SET_MIDELEG, SET_MIE, SET_SATP, SET_MENVCFG, SET_SENVCFG, SET_MCOUNTEREN,
    SET_SCOUNTEREN, SET_MTVEC, SET_STVEC, SET_MEPC, SET_SEPC, SET_STVAL, SET_MSCRATCH,
    SET_SSCRATCH, SET_MSTATUS,
};

/* Where a chunk jumps to when it is done, relative to its register that holds SAVE. */
int harness_exit(int reg);
void write_harness(struct image *im, struct harness *ret);
void set_run(struct image *im, const struct run *run);

#endif
