/* SPDX-License-Identifier: MIT */
/*
 * sysreg.h: a row of the table of system registers. The rows are in files by what they are about
 * (sysreg_el.c, sysreg_id.c, timer.c, pmu.c, hwdebug.c); sysreg.c finds and checks them.
 */
#ifndef AARCH64_SYSREG_H
#define AARCH64_SYSREG_H

#include "cpu.h"

/* Whether an access happens. A trap's class is "system register"; REG_FP_TRAP is that of floats. */
enum reg_access { REG_OK, REG_UNDEFINED, REG_TRAP_EL1, REG_TRAP_EL2, REG_TRAP_EL3, REG_FP_TRAP };

enum reg_flags {
    REG_LEAVE = 1,       /* after a write translations may depend on something else, or interrupts pend */
    REG_TRANSLATION = 2, /* a write may change what addresses mean: mmu_changed() */
    REG_IRQ = 4,         /* a write may unmask or route interrupts */
    REG_READ_ONLY = 8, REG_WRITE_ONLY = 16,
    REG_PROGRAM = 32,    /* programs have it, in user mode */
    REG_IGNORED = 64,    /* writes are allowed and do nothing */
};

/* One register. Without read hook and field it reads zero. */
struct sysreg {
    const char *name;
    uint32_t reg;           /* SYSREG() */
    uint8_t el;             /* the lowest level that may read it */
    uint8_t write_el;       /* ... that may write it; below `el`: as `el` */
    uint8_t flags;          /* enum reg_flags */
    uint8_t greg;           /* enum a64_reg: translated code knows it; 0: it does not */
    uint32_t field;         /* uint64_t in the state; 0: none */
    uint32_t redirect;      /* what it means at EL2 with HCR_EL2.E2H; 0: itself */
    uint64_t writable;      /* bits of the field that a write changes */
    uint64_t fixed;         /* bits that always read as one */
    enum reg_access (*check)(const struct a64_cpu *cpu, const struct sysreg *r, bool write);
    uint64_t (*read)(struct a64_cpu *cpu, uint32_t reg);
    void (*write)(struct a64_cpu *cpu, uint32_t reg, uint64_t v); /* instead of the field */
    bool (*exists)(const struct a64_cpu *cpu);
};
#define FIELD(member) .field = offsetof(struct a64_cpu, member)
#define ALL_BITS UINT64_MAX
#define REG_OP0(reg) (2 | ((reg) >> 14 & 1))
#define REG_OP1(reg) ((reg) >> 11 & 7)
#define REG_CRN(reg) ((reg) >> 7 & 15)
#define REG_CRM(reg) ((reg) >> 3 & 15)
#define REG_OP2(reg) ((reg) & 7)

struct sysreg_set {
    const struct sysreg *rows;
    uint32_t count;
};
#define SYSREG_SET(rows) { rows, sizeof rows / sizeof *rows }
extern const struct sysreg_set sysregs_el, sysregs_id, sysregs_timer, sysregs_pmu, sysregs_debug;

/* The row that an access from a context means, or NULL; the handle is for the helpers. */
const struct sysreg *sysreg_find(const struct a64_cpu *cpu, uint32_t reg, uint32_t ctx_flags,
                                 uint32_t *ret_handle);
/* Whether translated code may read or write r->greg by itself. */
bool sysreg_is_plain(const struct sysreg *r, uint32_t ctx_flags, bool write);

/* For debuggers, whatever the level: the i-th register, from 0; NULL behind the last. */
const struct sysreg *sysreg_at(const struct a64_cpu *cpu, uint32_t i);
uint64_t sysreg_debug_read(struct a64_cpu *cpu, const struct sysreg *r);

/* HCR_EL2.TVM and TRVM. */
enum reg_access check_vm(const struct a64_cpu *cpu, const struct sysreg *r, bool write);
/* HCR_EL2 bits that trap EL1's accesses. */
enum reg_access check_hcr(const struct a64_cpu *cpu, uint64_t bit);

/* sysreg_id.c */
void sysreg_identify(struct a64_cpu *cpu); /* computes cpu->id */
unsigned sysreg_pmu_code(const struct a64_cpu *cpu); /* PMCR_EL0.IDCODE */
static inline unsigned id_field(const struct a64_cpu *cpu, enum a64_id id, unsigned shift)
{
    return cpu->id[id] >> shift & 15;
}

/* mrs(handle | rt << 16), msr(handle | rt << 16, value) */
extern const struct bp_helper helper_mrs, helper_msr;
/* mrs_gic(reg | rt << 16), msr_gic(reg | rt << 16, value) */
extern const struct bp_helper helper_mrs_gic, helper_msr_gic;
/* Traps of SYS instructions, then TLBI or AT: sys(op | rt << 16, value) */
extern const struct bp_helper helper_sys;
/* An unknown register: (reg | rt << 16, write) */
extern const struct bp_helper helper_no_sysreg;

#endif
