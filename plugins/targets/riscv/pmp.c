/* SPDX-License-Identifier: MIT */
/*
 * pmp.c: physical memory protection, granularity 4 bytes. The RISC-V Instruction Set Manual,
 * volume II, Physical Memory Protection.
 */
#include "cpu.h"

#define PMP_R 0x01u
#define PMP_W 0x02u
#define PMP_X 0x04u
#define PMP_A 0x18u
#define PMP_L 0x80u
enum pmp_mode { PMP_OFF = 0x00, PMP_TOR = 0x08, PMP_NA4 = 0x10, PMP_NAPOT = 0x18 };

static void range_of_entry(const struct riscv_cpu *cpu, unsigned i, struct riscv_range *ret)
{
    uint64_t addr = cpu->pmpaddr[i], low = i ? cpu->pmpaddr[i - 1] : 0, ones;

    ret->first = 1;
    ret->last = 0;
    switch (cpu->pmpcfg[i] & PMP_A) {
    case PMP_TOR:
        if (low < addr) {
            ret->first = low << 2;
            ret->last = (addr << 2) - 1;
        }
        break;
    case PMP_NA4:
        ret->first = addr << 2;
        ret->last = ret->first + 3;
        break;
    case PMP_NAPOT:
        ones = addr ^ (addr + 1); /* the trailing ones and the zero above them */
        ret->first = (addr & ~ones) << 2;
        ret->last = ret->first | ones << 2 | 3;
        break;
    default:
        break;
    }
}

/* Computes what the PMP registers derive. */
void pmp_update(struct riscv_cpu *cpu)
{
    cpu->pmp_used = 0;
    for (unsigned i = 0; i < cpu->pmp_regions; i++) {
        range_of_entry(cpu, i, &cpu->pmp_range[i]);
        if (cpu->pmpcfg[i] & PMP_A)
            cpu->pmp_used = i + 1;
    }
}

static unsigned rights(uint64_t cfg)
{
    return (cfg & PMP_R ? BP_ACCESS_READ : 0u) | (cfg & PMP_W ? BP_ACCESS_WRITE : 0u) |
           (cfg & PMP_X ? BP_ACCESS_EXEC : 0u);
}

/* What `priv` may do with these bytes at gpa: enum bp_access bits. *ret_uniform: whether the same holds for the
 * whole naturally aligned block of 1 << size_log2 bytes around them. */
unsigned pmp_access(const struct riscv_cpu *cpu, uint64_t gpa, unsigned bytes, unsigned priv,
                    unsigned size_log2, bool *ret_uniform)
{
    const unsigned all = BP_ACCESS_READ | BP_ACCESS_WRITE | BP_ACCESS_EXEC;
    uint64_t low = gpa >> size_log2 << size_log2;
    uint64_t high = low + ((UINT64_C(1) << size_log2) - 1);

    *ret_uniform = true;
    for (unsigned i = 0; i < cpu->pmp_used; i++) {
        const struct riscv_range *r = &cpu->pmp_range[i];
        uint64_t cfg = cpu->pmpcfg[i];
        if (r->first > high || r->last < low || r->first > r->last)
            continue;
        if (r->first > low || r->last < high)
            *ret_uniform = false;
        if (gpa + bytes - 1 < r->first || gpa > r->last)
            continue;
        if (gpa < r->first || gpa + bytes - 1 > r->last)
            return 0; /* the entry that decides must match all of an access */
        return priv == PRIV_M && !(cfg & PMP_L) ? all : rights(cfg);
    }
    return priv == PRIV_M || !cpu->pmp_regions ? all : 0;
}

/* pmpcfg: `per` entries a register, eight bits each. */
static unsigned cfg_first(const struct riscv_cpu *cpu, unsigned i, unsigned *ret_per)
{
    *ret_per = cpu->xlen / 8;
    return i * 4;
}

uint64_t pmp_read_cfg(struct riscv_cpu *cpu, unsigned i)
{
    unsigned per, first = cfg_first(cpu, i, &per);
    uint64_t v = 0;

    for (unsigned k = 0; k < per; k++)
        v |= cpu->pmpcfg[first + k] << (8 * k);
    return v;
}

void pmp_write_cfg(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    unsigned per, first = cfg_first(cpu, i, &per);

    (void)mask;
    for (unsigned k = 0; k < per; k++) {
        uint64_t cfg = value >> (8 * k) & (PMP_R | PMP_W | PMP_X | PMP_A | PMP_L);
        uint64_t *entry = &cpu->pmpcfg[first + k];
        /* R=0 W=1 is reserved: the entry keeps its value. */
        if (first + k < cpu->pmp_regions && !(*entry & PMP_L) && (cfg & (PMP_R | PMP_W)) != PMP_W)
            *entry = cfg;
    }
    pmp_update(cpu);
    bp_tlb_flush(cpu);
}

void pmp_write_addr(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    bool next_locks = i + 1 < cpu->pmp_regions && cpu->pmpcfg[i + 1] & PMP_L &&
                      (cpu->pmpcfg[i + 1] & PMP_A) == PMP_TOR;

    (void)mask;
    if (cpu->pmpcfg[i] & PMP_L || next_locks)
        return;
    cpu->pmpaddr[i] = value & (cpu_is_rv32(cpu) ? UINT32_MAX : (UINT64_C(1) << 54) - 1);
    pmp_update(cpu);
    bp_tlb_flush(cpu);
}
