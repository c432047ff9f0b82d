/* SPDX-License-Identifier: MIT */
/* ops.h: what the sampler knows of decode rows: kinds, destinations, operands that must fit. */
#ifndef TESTS_DIFF_OPS_H
#define TESTS_DIFF_OPS_H

#include "riscv-decode.h"

enum kind {
    KIND_PLAIN,      /* registers to registers */
    KIND_MEMORY,     /* loads and stores of any alignment */
    KIND_ATOMIC,
    KIND_BLOCK,      /* cache blocks */
    KIND_BRANCH,     /* to an immediate */
    KIND_INDIRECT,   /* to a register */
    KIND_CSR,
    KIND_TRAP,       /* ECALL, EBREAK */
    KIND_PRIVILEGED,
};

enum kind kind_of(enum riscv_op op);
/* The general register written; 0 where none is. */
int destination(const struct riscv_insn *insn);
/* rs1 of KIND_MEMORY, KIND_ATOMIC, KIND_BLOCK and KIND_INDIRECT. */
int *address_register(struct riscv_insn *insn);
/* The immediate of what has one. */
int32_t *immediate(struct riscv_insn *insn);
/* The rounding-mode field, or NULL. */
int32_t *rounding(struct riscv_insn *insn);
/* An amount of a shift or an index of a bit, or NULL. */
int32_t *amount(struct riscv_insn *insn);
/* The register fields, general and float; returns how many. */
unsigned register_fields(struct riscv_insn *insn, int32_t *ret[4]);
/* 's', 'd' or 0: the format of float operands, if one alone. */
int float_width(enum riscv_op op);

#endif
