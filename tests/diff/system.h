/* SPDX-License-Identifier: MIT */
/* system.h: what only machine streams have: modes, CSRs, traps, translation. */
#ifndef TESTS_DIFF_SYSTEM_H
#define TESTS_DIFF_SYSTEM_H

#include "chunk.h"

void choose_modes(struct chunk *c);
bool add_csr(struct chunk *c, enum riscv_op op);
/* KIND_TRAP and KIND_PRIVILEGED. */
bool add_system(struct chunk *c, enum riscv_op op);
/* 32 bits that no row has. */
uint32_t unknown_word(struct chunk *c);
/* Page tables that map memory to itself; and code that makes SCRATCH's entries as they were: one
 * page never written, one never accessed. */
void write_page_tables(struct image *im);
void put_scratch_ptes(struct image *im);
/* The bits of a set's CSR that the manual leaves no choice about; all ones without a peer. */
int32_t csr_mask(const struct image *im, enum set_csr csr);
void write_set_csrs(struct image *im, struct chunk *c, const struct harness *h, uint64_t at,
                    uint64_t code);

#endif
