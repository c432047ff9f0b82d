/* SPDX-License-Identifier: MIT */
/*
 * sysreg_el.c: the system registers of the exception levels: control, translation, exceptions,
 * PSTATE, thread pointers. The Arm Architecture Reference Manual for A-profile, D19.2.
 */
#include "sysreg.h"

#include <string.h>

/* ---- checks ---------------------------------------------------------------------------------- */

static enum reg_access check_acr(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    return check_hcr(cpu, HCR_TACR);
}

static enum reg_access check_fp(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    return sysreg_fp_trap(cpu) ? REG_FP_TRAP : REG_OK;
}

/* CPACR_EL1 by CPTR_EL2.TCPAC, it and CPTR_EL2 by CPTR_EL3.TCPAC. */
static enum reg_access check_cpacr(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    if (cpu->el == 1 && cpu_el2_enabled(cpu) && cpu->sys.cptr_el2 & CPTR_TCPAC)
        return REG_TRAP_EL2;
    return cpu->el < 3 && cpu->el3 && cpu->sys.cptr_el3 & CPTR_TCPAC ? REG_TRAP_EL3 : REG_OK;
}

/* Keys of pointer authentication. */
static enum reg_access check_key(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    if (cpu->el == 1 && cpu_el2_enabled(cpu) && !(cpu->sys.hcr_el2 & HCR_APK))
        return REG_TRAP_EL2;
    return cpu->el < 3 && cpu->el3 && !(cpu->sys.scr_el3 & SCR_APK) ? REG_TRAP_EL3 : REG_OK;
}

static enum reg_access check_daif(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    return cpu->el == 0 && !(cpu->sys.sctlr_el[cpu_control_el(cpu)] & SCTLR_UMA) ? REG_TRAP_EL1
                                                                                 : REG_OK;
}

static enum reg_access check_error(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    if (cpu->el == 1 && cpu_hcr(cpu) & HCR_TERR)
        return REG_TRAP_EL2;
    return cpu->el < 3 && cpu->el3 && cpu->sys.scr_el3 & SCR_TERR ? REG_TRAP_EL3 : REG_OK;
}

/* The current stack pointer has no name. */
static enum reg_access check_sp(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    return cpu->spsel ? REG_OK : REG_UNDEFINED;
}

/* ---- PSTATE ---------------------------------------------------------------------------------- */

static uint64_t read_current_el(struct a64_cpu *cpu, uint32_t reg)
{
    (void)reg;
    return (uint64_t)cpu->el << 2;
}
static uint64_t read_daif(struct a64_cpu *cpu, uint32_t reg) { return (void)reg, cpu->daif; }
static void write_daif(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    (void)reg;
    cpu->daif = (uint32_t)v & PSTATE_DAIF;
}
static uint64_t read_spsel(struct a64_cpu *cpu, uint32_t reg) { return (void)reg, cpu->spsel; }
static void write_spsel(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    (void)reg;
    exc_change_sp(cpu, cpu->el, v & 1);
}

/* PAN, UAO, DIT, SSBS: a bit each, where SPSR has it. */
#define PSTATE_BIT(name, bit)                                                                      \
    static uint64_t read_##name(struct a64_cpu *cpu, uint32_t reg)                                 \
    {                                                                                              \
        return (void)reg, cpu->name ? (uint64_t)(bit) : 0;                                         \
    }                                                                                              \
    static void write_##name(struct a64_cpu *cpu, uint32_t reg, uint64_t v)                        \
    {                                                                                              \
        (void)reg;                                                                                 \
        cpu->name = (v & (bit)) != 0;                                                              \
    }                                                                                              \
    static bool has_##name(const struct a64_cpu *cpu) { return cpu->ext.name; }
PSTATE_BIT(pan, PSTATE_PAN)
PSTATE_BIT(uao, PSTATE_UAO)
PSTATE_BIT(dit, PSTATE_DIT)
PSTATE_BIT(ssbs, PSTATE_SSBS)
static bool has_ssbs2(const struct a64_cpu *cpu) { return has_ssbs(cpu) && cpu->ext.ssbs2; }

static uint64_t read_fpcr(struct a64_cpu *cpu, uint32_t reg) { return (void)reg, cpu->fpcr; }
static void write_fpcr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    (void)reg;
    fp_set_fpcr(cpu, (uint32_t)v);
}
static uint64_t read_fpsr(struct a64_cpu *cpu, uint32_t reg) { return (void)reg, fp_get_fpsr(cpu); }
static void write_fpsr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    (void)reg;
    fp_set_fpsr(cpu, (uint32_t)v);
}

/* ---- control --------------------------------------------------------------------------------- */

static bool has_ras(const struct a64_cpu *cpu) { return cpu->ext.ras; }
static bool has_vhe(const struct a64_cpu *cpu) { return cpu->ext.vhe; }
static bool has_pauth(const struct a64_cpu *cpu) { return cpu->id[ID_ISAR1] >> 4 & 0xff; }
static bool is_el1_highest(const struct a64_cpu *cpu) { return !cpu->el2 && !cpu->el3; }
static bool is_el2_highest(const struct a64_cpu *cpu) { return cpu->el2 && !cpu->el3; }

#define HCR_BASE ((UINT64_C(0x3ffffffff) & ~HCR_HCD) | HCR_TEA | HCR_TERR)

/* FEAT_VHE: with E2H and TGE the interrupts of EL1 are EL2's whatever IMO, FMO, AMO say; pending(). */
static void write_hcr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    uint64_t before = cpu->sys.hcr_el2, mask = HCR_BASE;

    mask |= cpu->el3 ? 0 : HCR_HCD;
    mask |= cpu->ext.vhe ? HCR_E2H : 0;
    mask |= has_pauth(cpu) ? HCR_API | HCR_APK : 0;
    mask |= cpu->ext.s2fwb ? HCR_FWB : 0;
    if (id_field(cpu, ID_MMFR2, 56)) /* FEAT_EVT */
        mask |= HCR_TID4 | HCR_TICAB | HCR_TOCU | HCR_TTLBIS | HCR_TTLBOS;
    cpu->sys.hcr_el2 = (v & mask) | HCR_RW; /* EL1 has AArch64 alone */
    if (before != cpu->sys.hcr_el2)
        mmu_changed(cpu, reg, before, cpu->sys.hcr_el2);
}

static void write_scr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    uint64_t before = cpu->sys.scr_el3;
    uint64_t mask = SCR_NS | SCR_IRQ | SCR_FIQ | SCR_EA | SCR_SMD | SCR_SIF | SCR_ST | SCR_TWI |
                    SCR_TWE | (cpu->el2 ? SCR_HCE : 0) | (cpu->ext.ras ? SCR_TERR : 0) |
                    (has_pauth(cpu) ? SCR_API | SCR_APK : 0);

    cpu->sys.scr_el3 = (v & mask) | SCR_RW | 0x30; /* RES1 */
    if (before != cpu->sys.scr_el3)
        mmu_changed(cpu, reg, before, cpu->sys.scr_el3);
}

/* IRQ, FIQ, SError pending for EL1. */
static uint64_t read_isr(struct a64_cpu *cpu, uint32_t reg)
{
    unsigned pins = atomic_load(&cpu->irq_pins);
    uint64_t hcr = cpu_hcr(cpu);
    bool virt = cpu->el == 1;
    bool irq = pins & PIN_IRQ, fiq = pins & PIN_FIQ, error = false;

    (void)reg;
    if (virt && hcr & HCR_IMO)
        irq = pins & PIN_VIRQ || hcr & HCR_VI;
    if (virt && hcr & HCR_FMO)
        fiq = pins & PIN_VFIQ || hcr & HCR_VF;
    if (virt && hcr & HCR_AMO)
        error = hcr & HCR_VSE;
    return (irq ? PSTATE_I : 0) | (fiq ? PSTATE_F : 0) | (error ? PSTATE_A : 0);
}

static uint64_t read_rvbar(struct a64_cpu *cpu, uint32_t reg) { return (void)reg, cpu->rvbar; }

/* A warm reset, asked for by the only level that can. */
static void write_rmr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    (void)reg;
    if (v & 2)
        bp_log(cpu, BP_LOG_UNIMP, "RMR_ELx.RR: a warm reset of one core is not implemented");
}

/* ---- the table ------------------------------------------------------------------------------- */

#define RW(n) .read = read_##n, .write = write_##n
#define VBAR_BITS (~UINT64_C(0x7ff))
#define SCTLR_EL1_FIXED UINT64_C(0x30500800) /* features that are not there, or always are */
#define SCTLR_EL23_FIXED UINT64_C(0x30c50830)
#define SCTLR_BITS (~UINT64_C(0) & ~(SCTLR_EE | SCTLR_E0E)) /* little-endian data alone */
#define TRANSLATES (REG_LEAVE | REG_TRANSLATION)

/* Of one level each: op1 is 0, 4 or 6. */
#define EACH(n, op1, el_, check_, redirect1)                                                       \
    { "TCR_EL" #n, SYSREG(3, op1, 2, 0, 2), el_, .flags = TRANSLATES, FIELD(sys.tcr_el[n]),        \
      .writable = ALL_BITS, .check = check_, .redirect = redirect1(2, 0, 2) },                     \
    { "TTBR0_EL" #n, SYSREG(3, op1, 2, 0, 0), el_, .flags = TRANSLATES, FIELD(sys.ttbr0_el[n]),    \
      .writable = ALL_BITS, .check = check_, .redirect = redirect1(2, 0, 0) },                     \
    { "MAIR_EL" #n, SYSREG(3, op1, 10, 2, 0), el_, FIELD(sys.mair_el[n]), .flags = TRANSLATES,     \
      .writable = ALL_BITS, .check = check_, .redirect = redirect1(10, 2, 0) },                    \
    { "AMAIR_EL" #n, SYSREG(3, op1, 10, 3, 0), el_, .check = check_, .flags = REG_IGNORED,         \
      .redirect = redirect1(10, 3, 0) },                                                           \
    { "AFSR0_EL" #n, SYSREG(3, op1, 5, 1, 0), el_, .check = check_, .flags = REG_IGNORED,          \
      .redirect = redirect1(5, 1, 0) },                                                            \
    { "AFSR1_EL" #n, SYSREG(3, op1, 5, 1, 1), el_, .check = check_, .flags = REG_IGNORED,          \
      .redirect = redirect1(5, 1, 1) },                                                            \
    { "ESR_EL" #n, SYSREG(3, op1, 5, 2, 0), el_, .greg = REG_ESR_EL##n, FIELD(esr_el[n]),          \
      .writable = UINT64_C(0x1ffffffffff), .check = check_, .redirect = redirect1(5, 2, 0) },      \
    { "FAR_EL" #n, SYSREG(3, op1, 6, 0, 0), el_, .greg = REG_FAR_EL##n, FIELD(far_el[n]),          \
      .writable = ALL_BITS, .check = check_, .redirect = redirect1(6, 0, 0) },                     \
    { "ELR_EL" #n, SYSREG(3, op1, 4, 0, 1), el_, .greg = REG_ELR_EL##n, FIELD(elr_el[n]),          \
      .writable = ALL_BITS, .redirect = redirect1(4, 0, 1) },                                      \
    { "SPSR_EL" #n, SYSREG(3, op1, 4, 0, 0), el_, .greg = REG_SPSR_EL##n, FIELD(spsr_el[n]),       \
      .writable = ALL_BITS, .redirect = redirect1(4, 0, 0) },                                      \
    { "VBAR_EL" #n, SYSREG(3, op1, 12, 0, 0), el_, FIELD(sys.vbar_el[n]), .writable = VBAR_BITS,   \
      .redirect = redirect1(12, 0, 0) },                                                           \
    { "ACTLR_EL" #n, SYSREG(3, op1, 1, 0, 1), el_, .flags = REG_IGNORED,                           \
      .check = n == 1 ? check_acr : NULL }
#define TO_EL2(crn, crm, op2) SYSREG(3, 4, crn, crm, op2)
#define TO_ITSELF(crn, crm, op2) 0

#define KEY(name, crm, op2, n)                                                                     \
    { name "Lo_EL1", SYSREG(3, 0, 2, crm, op2), 1, FIELD(sys.ap_key[n][0]), .writable = ALL_BITS,  \
      .check = check_key, .exists = has_pauth },                                                   \
    { name "Hi_EL1", SYSREG(3, 0, 2, crm, (op2) + 1), 1, FIELD(sys.ap_key[n][1]),                  \
      .writable = ALL_BITS, .check = check_key, .exists = has_pauth }

static const struct sysreg rows[] = {
    EACH(1, 0, 1, check_vm, TO_EL2), EACH(2, 4, 2, NULL, TO_ITSELF), EACH(3, 6, 3, NULL, TO_ITSELF),

    { "SCTLR_EL1", SYSREG(3, 0, 1, 0, 0), 1, .flags = TRANSLATES, FIELD(sys.sctlr_el[1]),
      .writable = SCTLR_BITS, .fixed = SCTLR_EL1_FIXED, .check = check_vm,
      .redirect = SYSREG(3, 4, 1, 0, 0) },
    { "SCTLR_EL2", SYSREG(3, 4, 1, 0, 0), 2, .flags = TRANSLATES, FIELD(sys.sctlr_el[2]),
      .writable = SCTLR_BITS, .fixed = SCTLR_EL1_FIXED },
    { "SCTLR_EL3", SYSREG(3, 6, 1, 0, 0), 3, .flags = TRANSLATES, FIELD(sys.sctlr_el[3]),
      .writable = SCTLR_BITS, .fixed = SCTLR_EL23_FIXED },
    { "CPACR_EL1", SYSREG(3, 0, 1, 0, 2), 1, .flags = REG_LEAVE, FIELD(sys.cpacr_el1),
      .writable = 0x300000, .check = check_cpacr, .redirect = SYSREG(3, 4, 1, 1, 2) },
    { "CPTR_EL2", SYSREG(3, 4, 1, 1, 2), 2, .flags = REG_LEAVE, FIELD(sys.cptr_el2),
      .writable = 0x80300400, .check = check_cpacr },
    { "CPTR_EL3", SYSREG(3, 6, 1, 1, 2), 3, .flags = REG_LEAVE, FIELD(sys.cptr_el3),
      .writable = 0x80000400 },
    { "TTBR1_EL1", SYSREG(3, 0, 2, 0, 1), 1, .flags = TRANSLATES, FIELD(sys.ttbr1_el[1]),
      .writable = ALL_BITS, .check = check_vm, .redirect = SYSREG(3, 4, 2, 0, 1) },
    { "TTBR1_EL2", SYSREG(3, 4, 2, 0, 1), 2, .flags = TRANSLATES, FIELD(sys.ttbr1_el[2]),
      .writable = ALL_BITS, .exists = has_vhe },
    { "CONTEXTIDR_EL1", SYSREG(3, 0, 13, 0, 1), 1, FIELD(sys.contextidr_el[1]),
      .writable = UINT32_MAX, .check = check_vm, .redirect = SYSREG(3, 4, 13, 0, 1) },
    { "CONTEXTIDR_EL2", SYSREG(3, 4, 13, 0, 1), 2, FIELD(sys.contextidr_el[2]),
      .writable = UINT32_MAX, .exists = has_vhe },
    { "PAR_EL1", SYSREG(3, 0, 7, 4, 0), 1, FIELD(sys.par_el1), .writable = ALL_BITS },
    KEY("APIAKey", 1, 0, 0), KEY("APIBKey", 1, 2, 1), KEY("APDAKey", 2, 0, 2),
    KEY("APDBKey", 2, 2, 3), KEY("APGAKey", 3, 0, 4),

    { "HCR_EL2", SYSREG(3, 4, 1, 1, 0), 2, .flags = REG_LEAVE | REG_IRQ, FIELD(sys.hcr_el2),
      .write = write_hcr },
    { "HSTR_EL2", SYSREG(3, 4, 1, 1, 3), 2, FIELD(sys.hstr_el2), .writable = 0xffff },
    { "HACR_EL2", SYSREG(3, 4, 1, 1, 7), 2, .flags = REG_IGNORED },
    { "VTTBR_EL2", SYSREG(3, 4, 2, 1, 0), 2, .flags = TRANSLATES, FIELD(sys.vttbr_el2),
      .writable = ALL_BITS },
    { "VTCR_EL2", SYSREG(3, 4, 2, 1, 2), 2, .flags = TRANSLATES, FIELD(sys.vtcr_el2),
      .writable = ALL_BITS, .fixed = UINT64_C(1) << 31 },
    { "HPFAR_EL2", SYSREG(3, 4, 6, 0, 4), 2, FIELD(sys.hpfar_el2), .writable = ALL_BITS },
    { "VPIDR_EL2", SYSREG(3, 4, 0, 0, 0), 2, FIELD(sys.vpidr_el2), .writable = UINT32_MAX },
    { "VMPIDR_EL2", SYSREG(3, 4, 0, 0, 5), 2, FIELD(sys.vmpidr_el2),
      .writable = UINT64_C(0xff00ffffff) | UINT64_C(1) << 24 | UINT64_C(1) << 30, .fixed = UINT64_C(1) << 31 },
    { "VSESR_EL2", SYSREG(3, 4, 5, 2, 3), 2, FIELD(sys.vsesr_el2), .writable = 0x1ffffff,
      .exists = has_ras },
    { "VDISR_EL2", SYSREG(3, 4, 12, 1, 1), 2, FIELD(sys.vdisr_el2), .writable = UINT64_C(0x81ffffff),
      .exists = has_ras },
    { "DISR_EL1", SYSREG(3, 0, 12, 1, 1), 1, FIELD(sys.disr_el1), .writable = UINT64_C(0x81ffffff),
      .exists = has_ras },
    { "SCR_EL3", SYSREG(3, 6, 1, 1, 0), 3, .flags = REG_LEAVE | REG_IRQ, FIELD(sys.scr_el3),
      .write = write_scr },
    { "SDER32_EL3", SYSREG(3, 6, 1, 1, 1), 3, FIELD(sys.sder_el3), .writable = 3 },

    /* Errors: no record is implemented. */
    { "ERRIDR_EL1", SYSREG(3, 0, 5, 3, 0), 1, .flags = REG_READ_ONLY, .check = check_error,
      .exists = has_ras },
    { "ERRSELR_EL1", SYSREG(3, 0, 5, 3, 1), 1, .flags = REG_IGNORED, .check = check_error,
      .exists = has_ras },

    /* AArch32's, which nobody there uses. */
    { "DACR32_EL2", SYSREG(3, 4, 3, 0, 0), 2, .flags = REG_IGNORED },
    { "IFSR32_EL2", SYSREG(3, 4, 5, 0, 1), 2, .flags = REG_IGNORED },
    { "FPEXC32_EL2", SYSREG(3, 4, 5, 3, 0), 2, .flags = REG_IGNORED },
    { "SPSR_irq", SYSREG(3, 4, 4, 3, 0), 2, .flags = REG_IGNORED },
    { "SPSR_abt", SYSREG(3, 4, 4, 3, 1), 2, .flags = REG_IGNORED },
    { "SPSR_und", SYSREG(3, 4, 4, 3, 2), 2, .flags = REG_IGNORED },
    { "SPSR_fiq", SYSREG(3, 4, 4, 3, 3), 2, .flags = REG_IGNORED },

    { "SP_EL0", SYSREG(3, 0, 4, 1, 0), 1, .greg = REG_SP_EL0, FIELD(sp_el[0]),
      .writable = ALL_BITS, .check = check_sp },
    { "SP_EL1", SYSREG(3, 4, 4, 1, 0), 2, .greg = REG_SP_EL1, FIELD(sp_el[1]), .writable = ALL_BITS },
    { "SP_EL2", SYSREG(3, 6, 4, 1, 0), 3, .greg = REG_SP_EL2, FIELD(sp_el[2]), .writable = ALL_BITS },
    { "TPIDR_EL0", SYSREG(3, 3, 13, 0, 2), 0, .flags = REG_PROGRAM, .greg = REG_TPIDR_EL0,
      FIELD(tpidr_el0), .writable = ALL_BITS },
    { "TPIDRRO_EL0", SYSREG(3, 3, 13, 0, 3), 0, 1, .flags = REG_PROGRAM, .greg = REG_TPIDRRO_EL0,
      FIELD(tpidrro_el0), .writable = ALL_BITS },
    { "TPIDR_EL1", SYSREG(3, 0, 13, 0, 4), 1, .greg = REG_TPIDR_EL1, FIELD(tpidr_el1),
      .writable = ALL_BITS },
    { "TPIDR_EL2", SYSREG(3, 4, 13, 0, 2), 2, .greg = REG_TPIDR_EL2, FIELD(tpidr_el2),
      .writable = ALL_BITS },
    { "TPIDR_EL3", SYSREG(3, 6, 13, 0, 2), 3, FIELD(sys.tpidr_el3), .writable = ALL_BITS },

    { "CurrentEL", SYSREG(3, 0, 4, 2, 2), 1, .flags = REG_READ_ONLY, .read = read_current_el },
    { "DAIF", SYSREG(3, 3, 4, 2, 1), 0, .flags = REG_LEAVE | REG_IRQ, RW(daif), .check = check_daif },
    { "SPSel", SYSREG(3, 0, 4, 2, 0), 1, .flags = REG_LEAVE, RW(spsel) },
    { "PAN", SYSREG(3, 0, 4, 2, 3), 1, .flags = REG_LEAVE, RW(pan), .exists = has_pan },
    { "UAO", SYSREG(3, 0, 4, 2, 4), 1, .flags = REG_LEAVE, RW(uao), .exists = has_uao },
    { "DIT", SYSREG(3, 3, 4, 2, 5), 0, .flags = REG_PROGRAM, RW(dit), .exists = has_dit },
    { "SSBS", SYSREG(3, 3, 4, 2, 6), 0, .flags = REG_PROGRAM, RW(ssbs), .exists = has_ssbs2 },
    { "FPCR", SYSREG(3, 3, 4, 4, 0), 0, .flags = REG_PROGRAM | REG_LEAVE, RW(fpcr), .check = check_fp },
    { "FPSR", SYSREG(3, 3, 4, 4, 1), 0, .flags = REG_PROGRAM, RW(fpsr), .check = check_fp },

    { "ISR_EL1", SYSREG(3, 0, 12, 1, 0), 1, .flags = REG_READ_ONLY, .read = read_isr },
    { "RVBAR_EL1", SYSREG(3, 0, 12, 0, 1), 1, .flags = REG_READ_ONLY, .read = read_rvbar,
      .exists = is_el1_highest },
    { "RVBAR_EL2", SYSREG(3, 4, 12, 0, 1), 2, .flags = REG_READ_ONLY, .read = read_rvbar,
      .exists = is_el2_highest },
    { "RVBAR_EL3", SYSREG(3, 6, 12, 0, 1), 3, .flags = REG_READ_ONLY, .read = read_rvbar },
    { "RMR_EL1", SYSREG(3, 0, 12, 0, 2), 1, .fixed = 1, .write = write_rmr, .exists = is_el1_highest },
    { "RMR_EL2", SYSREG(3, 4, 12, 0, 2), 2, .fixed = 1, .write = write_rmr, .exists = is_el2_highest },
    { "RMR_EL3", SYSREG(3, 6, 12, 0, 2), 3, .fixed = 1, .write = write_rmr },
};
const struct sysreg_set sysregs_el = SYSREG_SET(rows);

/* What the architecture leaves open is zero. */
void sysreg_reset(struct a64_cpu *cpu)
{
    struct a64_system *s = &cpu->sys;

    memset(s, 0, sizeof *s);
    s->sctlr_el[1] = s->sctlr_el[2] = SCTLR_EL1_FIXED | SCTLR_SPAN;
    s->sctlr_el[3] = SCTLR_EL23_FIXED;
    s->hcr_el2 = HCR_RW;
    s->scr_el3 = SCR_RW | 0x30;
    s->vpidr_el2 = cpu->midr;
    s->vmpidr_el2 = power_affinity(cpu) | UINT64_C(1) << 31;
    s->cnthctl_el2 = 3;
    s->cntfrq = cpu->cntfrq;
    s->mdcr_el2 = A64_PMU_COUNTERS;
    s->oslock = 1;
}
