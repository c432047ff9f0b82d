/* SPDX-License-Identifier: MIT */
/*
 * mmu_fault.c: data and instruction aborts: which level takes them, and what it is told. The Arm
 * Architecture Reference Manual for A-profile, D8.15 (faults), D19.2.37 (ESR_ELx).
 */
#include "mmu.h"

#define ISS_WNR (1u << 6)
#define ISS_S1PTW (1u << 7)
#define ISS_CM (1u << 8)
#define ISS_AR (1u << 14)
#define ISS_SF (1u << 15)
#define ISS_SRT_SHIFT 16
#define ISS_SSE (1u << 21)
#define ISS_SAS_SHIFT 22
#define ISS_ISV (1u << 24)

/* The instruction at the pc; 0 where it cannot be read. */
static uint32_t instruction(struct a64_cpu *cpu)
{
    struct mmu_walk w = { .cpu = cpu, .va = cpu->pc, .access = BP_ACCESS_EXEC,
                          .mmu = mmu_index(cpu), .probe = true };
    struct mmu_result r;
    uint32_t insn;

    if (!mmu_translate(&w, &r) || bp_phys_read(cpu, r.address, &insn, 4) < 0)
        return 0;
    return insn;
}

/* What a hypervisor needs to do the access itself, of a load or store of one general register without
 * write-back; else 0. */
static uint32_t access_syndrome(uint32_t insn)
{
    unsigned size = insn >> 30, opc = insn >> 22 & 3, kind = insn >> 24 & 0x3f, ar = 0;
    bool wide;

    switch (kind) {
    case 0x39: /* unsigned offset */
        break;
    case 0x38: /* unscaled, unprivileged; register offset; LDAPR */
        if (insn >> 21 & 1) {
            ar = (insn & 0x3ffffc00) == 0x38bfc000;
            if (ar)
                opc = 1;
            else if ((insn >> 10 & 3) != 2)
                return 0;
        } else if (insn >> 10 & 1) {
            return 0;
        }
        break;
    case 0x19: /* LDAPUR, STLUR */
        if (insn >> 21 & 1 || insn >> 10 & 3)
            return 0;
        ar = 1;
        break;
    case 0x08: /* LDAR, STLR, LDLAR, STLLR */
        if ((insn >> 21 & 5) != 4)
            return 0;
        ar = insn >> 15 & 1;
        opc = insn >> 22 & 1;
        break;
    case 0x18: /* literal */
        if (size == 3)
            return 0;
        opc = size == 2 ? 2 : 1;
        size = size == 1 ? 3 : 2;
        break;
    default:
        return 0;
    }
    wide = opc < 2 ? size == 3 : opc == 2;
    return ISS_ISV | size << ISS_SAS_SHIFT | (opc >= 2 ? ISS_SSE : 0) |
           (insn & 31) << ISS_SRT_SHIFT | (wide ? ISS_SF : 0) | (ar ? ISS_AR : 0);
}

/* Instructions that read what they write: CAS, CASP; LDADD and the like, SWP. */
static bool reads_too(uint32_t insn)
{
    return (insn & 0x3fa07c00) == 0x08a07c00 || (insn & 0xbfa07c00) == 0x08207c00 ||
           (insn & 0x3f200c00) == 0x38200000;
}

static unsigned external_el(const struct a64_cpu *cpu)
{
    if (cpu->el3 && cpu->el < 3 && cpu->sys.scr_el3 & SCR_EA)
        return 3;
    if (cpu->el < 2 && cpu_hcr(cpu) & HCR_TEA)
        return 2;
    return EXC_DEFAULT;
}

static unsigned target_el(const struct a64_cpu *cpu, const struct mmu_fault *f)
{
    unsigned kind = f->status;

    if (kind == FSC_EXTERNAL || (kind & 0x3cu) == FSC_WALK_EXTERNAL)
        return external_el(cpu);
    return f->stage2 ? 2 : EXC_DEFAULT;
}

/* The access of `w` has failed. `maintenance`: of a cache maintenance or address translation instruction. */
void mmu_raise(const struct mmu_walk *w, bool maintenance)
{
    struct a64_cpu *cpu = w->cpu;
    struct mmu_fault f = w->fault;
    uint32_t insn, iss;

    bp_vcpu_restore(cpu);
    if (w->access == BP_ACCESS_EXEC) {
        if (f.stage2)
            cpu->sys.hpfar_el2 = f.ipa >> 12 << 4;
        exc_raise(cpu, target_el(cpu, &f), EC_FETCH_ABORT,
                  f.status | (f.s1ptw ? ISS_S1PTW : 0), w->va);
    }
    insn = maintenance ? 0 : instruction(cpu);
    if (w->access == BP_ACCESS_WRITE && reads_too(insn)) {
        /* What a load would meet is reported as a load's. */
        struct mmu_walk read = *w;
        struct mmu_result r;
        read.access = BP_ACCESS_READ;
        read.probe = true;
        if (!mmu_translate(&read, &r))
            f = read.fault;
    }
    if (f.stage2)
        cpu->sys.hpfar_el2 = f.ipa >> 12 << 4;
    iss = f.status | (f.s1ptw ? ISS_S1PTW : 0) | (f.wrote || maintenance ? ISS_WNR : 0) |
          (maintenance ? ISS_CM : 0);
    if (f.stage2 && !f.s1ptw)
        iss |= access_syndrome(insn);
    exc_raise(cpu, target_el(cpu, &f), EC_DATA_ABORT, iss, w->va);
}

static void __attribute__((noreturn)) raise_plain(struct a64_cpu *cpu, uint64_t va, unsigned access,
                                                  unsigned status)
{
    struct mmu_fault f = { .status = (uint8_t)status };
    bool write = access & BP_ACCESS_WRITE;

    exc_raise(cpu, target_el(cpu, &f),
              access & BP_ACCESS_EXEC ? EC_FETCH_ABORT : EC_DATA_ABORT,
              status | (write ? ISS_WNR : 0), va);
}

void mmu_unaligned(struct a64_cpu *cpu, uint64_t va, unsigned access, unsigned mmu)
{
    (void)mmu;
    raise_plain(cpu, va, access, FSC_ALIGNMENT);
}

void mmu_bus_error(struct a64_cpu *cpu, uint64_t va, uint64_t gpa, unsigned access)
{
    (void)gpa;
    raise_plain(cpu, va, access, FSC_EXTERNAL);
}
