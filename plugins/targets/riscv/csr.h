/* SPDX-License-Identifier: MIT */
/* csr.h: a row of the table of control and status registers (csr.c). */
#ifndef RISCV_CSR_H
#define RISCV_CSR_H

#include "cpu.h"

enum csr_flags {
    CSR_FLOAT = 1, /* exists for the guest while mstatus.FS is not off; a write makes it dirty */
    CSR_LEAVE = 2, /* after a write translations may depend on something else, or interrupts pend */
    CSR_HIGH = 4,  /* RV32: the upper half of a 64-bit register */
};

/* One CSR, or `count` of consecutive numbers, told apart by i; zero without read and field. */
struct csr_row {
    const char *name;
    uint16_t number, count; /* count 0: one */
    uint8_t flags;          /* enum csr_flags */
    uint8_t need;           /* enum csr_need: extensions it belongs to */
    uint16_t field;         /* uint64_t in the state; 0: none */
    uint16_t reg;           /* not 0: translated code accesses this guest register */
    uint64_t writable;      /* bits of all 64 that a write changes */
    uint64_t (*read)(struct riscv_cpu *cpu, unsigned i);
    /* `value` holds the bits that stay, too; `mask` says which were asked to change. */
    void (*write)(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask);
    bool (*exists)(const struct riscv_cpu *cpu, unsigned i);  /* with this configuration */
    bool (*allowed)(struct riscv_cpu *cpu, unsigned i);       /* now; false: illegal instruction */
};

/* The row of a CSR number that this configuration has, or NULL; the handle is for the helpers. */
const struct csr_row *csr_find(const struct riscv_cpu *cpu, unsigned number, uint32_t *ret_handle);

/* For debuggers, whatever the mode: the i-th CSR that this configuration has, from 0. False behind the last. */
bool csr_debug_at(const struct riscv_cpu *cpu, uint32_t i, uint32_t *ret_handle,
                  unsigned *ret_number, char *name, size_t size);
uint64_t csr_debug_read(struct riscv_cpu *cpu, uint32_t handle);
/* False where the CSR has no bit that a write changes. */
bool csr_debug_write(struct riscv_cpu *cpu, uint32_t handle, uint64_t value);

/* csr_read(handle, insn); csr_update(handle, insn, value, mask) */
extern const struct bp_helper helper_csr_read, helper_csr_update;
/* The same for CSRs that touch the float state. */
extern const struct bp_helper helper_csr_read_fp, helper_csr_update_fp;

#endif
