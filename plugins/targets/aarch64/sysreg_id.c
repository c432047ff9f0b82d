/* SPDX-License-Identifier: MIT */
/*
 * sysreg_id.c: identification registers, of features and of cores, and what Linux tells programs of them
 * (Documentation/arch/arm64/{cpu-feature-registers,elf_hwcaps}.rst). The Arm Architecture Reference Manual
 * for A-profile, D19.2; the cores' technical reference manuals for caches.
 */
#include "sysreg.h"

/* ---- identification -------------------------------------------------------------------------- */

/* A field of an ID register: where it is, what it says if the feature is there. */
struct id_field {
    uint8_t reg, shift, value;
    bool (*has)(const struct a64_features *e);
};

#define HAS(name) static bool has_##name(const struct a64_features *e) { return e->name; }
HAS(lse) HAS(crc32) HAS(rdm) HAS(lrcpc) HAS(lrcpc2) HAS(flagm) HAS(flagm2) HAS(sb) HAS(dpb)
HAS(dit) HAS(ssbs) HAS(rng) HAS(bti) HAS(jscvt) HAS(fcma) HAS(fp16) HAS(fhm) HAS(bf16) HAS(i8mm)
HAS(dotprod) HAS(frintts) HAS(aes) HAS(pmull) HAS(sha1) HAS(sha256) HAS(sha512) HAS(sha3) HAS(sm3)
HAS(sm4) HAS(pan) HAS(uao) HAS(vhe) HAS(ras) HAS(hafdbs) HAS(hpds) HAS(vmid16) HAS(xnx) HAS(ttcnp)
HAS(ttst) HAS(tlbi) HAS(s2fwb) HAS(lva) HAS(lpa2) HAS(e0pd) HAS(idst) HAS(dpb2) HAS(ssbs2) HAS(csv) HAS(pauth)
HAS(mte)
#undef HAS

/* Later rows of a field count. */
static const struct id_field id_fields[] = {
    { ID_ISAR0, 4, 1, has_aes },      { ID_ISAR0, 4, 2, has_pmull },    { ID_ISAR0, 8, 1, has_sha1 },
    { ID_ISAR0, 12, 1, has_sha256 },  { ID_ISAR0, 12, 2, has_sha512 },  { ID_ISAR0, 16, 1, has_crc32 },
    { ID_ISAR0, 20, 2, has_lse },     { ID_ISAR0, 28, 1, has_rdm },     { ID_ISAR0, 32, 1, has_sha3 },
    { ID_ISAR0, 36, 1, has_sm3 },     { ID_ISAR0, 40, 1, has_sm4 },     { ID_ISAR0, 44, 1, has_dotprod },
    { ID_ISAR0, 48, 1, has_fhm },     { ID_ISAR0, 52, 1, has_flagm },   { ID_ISAR0, 52, 2, has_flagm2 },
    { ID_ISAR0, 60, 1, has_rng },     { ID_ISAR1, 0, 1, has_dpb },      { ID_ISAR1, 12, 1, has_jscvt },
    { ID_ISAR1, 16, 1, has_fcma },    { ID_ISAR1, 20, 1, has_lrcpc },   { ID_ISAR1, 20, 2, has_lrcpc2 },
    { ID_ISAR1, 32, 1, has_frintts }, { ID_ISAR1, 36, 1, has_sb },      { ID_ISAR1, 44, 1, has_bf16 },
    { ID_ISAR1, 52, 1, has_i8mm },    { ID_PFR0, 16, 1, has_fp16 },     { ID_PFR0, 20, 1, has_fp16 },
    { ID_PFR0, 48, 1, has_dit },      { ID_PFR1, 0, 1, has_bti },       { ID_PFR1, 4, 1, has_ssbs },
    { ID_ISAR1, 0, 2, has_dpb2 },   { ID_PFR1, 4, 2, has_ssbs2 },  { ID_PFR1, 8, 1, has_mte },
    { ID_PFR0, 56, 1, has_csv },
    { ID_PFR0, 60, 1, has_csv },    { ID_MMFR2, 12, 1, has_ras },
    { ID_ISAR0, 56, 2, has_tlbi },  { ID_PFR0, 28, 1, has_ras },
    { ID_MMFR0, 20, 2, has_lpa2 },  { ID_MMFR0, 28, 1, has_lpa2 }, /* TGran16, TGran4 of 52 bits */
    { ID_MMFR1, 0, 2, has_hafdbs }, { ID_MMFR1, 4, 2, has_vmid16 }, { ID_MMFR1, 8, 1, has_vhe },
    { ID_MMFR1, 12, 1, has_hpds },  { ID_MMFR1, 20, 2, has_pan },  { ID_MMFR1, 28, 1, has_xnx },
    { ID_MMFR2, 0, 1, has_ttcnp },  { ID_MMFR2, 4, 1, has_uao },   { ID_MMFR2, 16, 1, has_lva },
    { ID_MMFR2, 28, 1, has_ttst },  { ID_MMFR2, 36, 1, has_idst }, { ID_MMFR2, 40, 1, has_s2fwb },
    { ID_MMFR2, 60, 1, has_e0pd },
};

/* ID_AA64MMFR0_EL1.PARange */
static uint64_t pa_range(const struct a64_cpu *cpu)
{
    static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52 };

    unsigned i = 0, most = cpu->ext.lpa || cpu->ext.lpa2 ? 6 : 5;

    while (i < most && bits[i] < cpu->pa_bits)
        i++;
    return i;
}

/* What no feature switches. EL0 to EL1 in AArch64 alone; 16-bit ASIDs, both security states; all granules. */
static uint64_t id_base(const struct a64_cpu *cpu, enum a64_id reg)
{
    const struct bp_gic_cpu_bus *gic = cpu->gic.api;

    switch (reg) {
    case ID_PFR0:
        return 0x11 | (cpu->el2 ? 0x100u : 0) | (cpu->el3 ? 0x1000u : 0) |
               (gic && gic->read ? UINT64_C(1) << 24 : 0);
    case ID_MMFR0:
        return pa_range(cpu) | 0x1020 | (cpu->granule16 ? UINT64_C(1) << 20 : 0);
    case ID_DFR0:
        return cpu->debug_version | (cpu->pmu ? (uint64_t)cpu->pmu_version << 8 : 0) |
               (A64_BREAKPOINTS - 1) << 12 | (A64_WATCHPOINTS - 1) << 20 | 1u << 28;
    case ID_ISAR1: /* API and GPI, or APA and GPA */
        return cpu->ext.pauth ? UINT64_C(0x01000010) << (cpu->pauth_impdef ? 4 : 0) : 0;
    default: return 0;
    }
}

static uint64_t id_value(const struct a64_cpu *cpu, enum a64_id reg)
{
    uint64_t v = id_base(cpu, reg);

    for (size_t i = 0; i < sizeof id_fields / sizeof *id_fields; i++) {
        const struct id_field *f = &id_fields[i];
        if (f->reg == reg && f->has(&cpu->ext))
            v = (v & ~(UINT64_C(15) << f->shift)) | (uint64_t)f->value << f->shift;
    }
    return v;
}

void sysreg_identify(struct a64_cpu *cpu)
{
    for (unsigned i = 0; i < ID_COUNT; i++)
        cpu->id[i] = id_value(cpu, (enum a64_id)i);
}

/* Bits of AT_HWCAP and AT_HWCAP2, linux/arch/arm64/include/uapi/asm/hwcap.h. */
struct cap {
    uint8_t bit;
    bool (*has)(const struct a64_features *e);
};
static const struct cap caps[] = {
    { 3, has_aes },    { 4, has_pmull },   { 5, has_sha1 },    { 6, has_sha256 }, { 7, has_crc32 },
    { 8, has_lse },    { 9, has_fp16 },    { 10, has_fp16 },   { 12, has_rdm },   { 13, has_jscvt },
    { 14, has_fcma },  { 15, has_lrcpc },  { 16, has_dpb },    { 17, has_sha3 },  { 18, has_sm3 },
    { 19, has_sm4 },   { 20, has_dotprod }, { 21, has_sha512 }, { 23, has_fhm },  { 24, has_dit },
    { 26, has_lrcpc2 }, { 27, has_flagm }, { 28, has_ssbs2 },   { 29, has_sb },
    { 30, has_pauth }, { 31, has_pauth },
};
static const struct cap caps2[] = {
    { 0, has_dpb2 },  { 7, has_flagm2 }, { 8, has_frintts }, { 13, has_i8mm },
    { 14, has_bf16 }, { 16, has_rng },  { 17, has_bti },
};

static uint64_t caps_of(const struct a64_cpu *cpu, const struct cap *c, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v |= c[i].has(&cpu->ext) ? UINT64_C(1) << c[i].bit : 0;
    return v;
}

#define HWCAP_FP 1u
#define HWCAP_ASIMD 2u
#define HWCAP_CPUID (1u << 11)

uint64_t sysreg_hwcap(const struct a64_cpu *cpu)
{
    return HWCAP_FP | HWCAP_ASIMD | HWCAP_CPUID | caps_of(cpu, caps, sizeof caps / sizeof *caps);
}

uint64_t sysreg_hwcap2(const struct a64_cpu *cpu)
{
    return caps_of(cpu, caps2, sizeof caps2 / sizeof *caps2);
}

/* ---- cores ----------------------------------------------------------------------------------- */

/* Caches as the core has them, for software that prints or walks them: nothing here has any. */
struct core {
    uint16_t part; /* MIDR_EL1.PartNum of Arm's */
    uint8_t pmu;   /* PMCR_EL0.IDCODE */
    uint32_t ctr, clidr, ccsidr_l1d, ccsidr_l1i, ccsidr_l2;
};
static const struct core cores[] = {
    { 0xd03, 0x03, 0x84448004, 0x0a200023, 0x700fe01a, 0x201fe00a, 0x707fe07a },
    { 0xd07, 0x01, 0x8444c004, 0x0a200023, 0x701fe00a, 0x201fe012, 0x70ffe07a },
    { 0xd08, 0x02, 0x8444c004, 0x0a200023, 0x701fe00a, 0x201fe012, 0x707fe07a },
    { 0xd0b, 0x0b, 0x8444c004, 0x82000023, 0x701fe01a, 0x201fe01a, 0x707fe03a },
    { 0xd0c, 0x0c, 0x8444c004, 0x82000023, 0x701fe01a, 0x201fe01a, 0x70ffe03a },
    { 0, 0, 0xb444c004, 0x0a200023, 0x701fe00a, 0x201fe012, 0x70ffe07a }, /* IC and DC need no cleaning */
};

static const struct core *core_of(const struct a64_cpu *cpu)
{
    const struct core *c = cores;

    while (c->part && !(cpu->midr >> 24 == 0x41 && c->part == (cpu->midr >> 4 & 0xfff)))
        c++;
    return c;
}

unsigned sysreg_pmu_code(const struct a64_cpu *cpu) { return core_of(cpu)->pmu; }

static uint64_t read_ctr(struct a64_cpu *cpu, uint32_t reg)
{
    (void)reg;
    return core_of(cpu)->ctr;
}
static uint64_t read_clidr(struct a64_cpu *cpu, uint32_t reg)
{
    (void)reg;
    return core_of(cpu)->clidr;
}
static uint64_t read_ccsidr(struct a64_cpu *cpu, uint32_t reg)
{
    (void)reg;
    switch (cpu->sys.csselr_el1) {
    case 0: return core_of(cpu)->ccsidr_l1d;
    case 1: return core_of(cpu)->ccsidr_l1i;
    case 2: return core_of(cpu)->ccsidr_l2;
    default: return 0;
    }
}

static uint64_t read_dczid(struct a64_cpu *cpu, uint32_t reg)
{
    bool prohibited = false;

    (void)reg;
    if (!cpu->user_mode) {
        prohibited = cpu->el == 0 && !(cpu->sys.sctlr_el[cpu_control_el(cpu)] & SCTLR_DZE);
        prohibited |= cpu->el < 2 && !cpu_host_el0(cpu) && cpu_hcr(cpu) & HCR_TDZ;
    }
    return ZVA_LOG2_WORDS | (prohibited ? 16 : 0);
}

static uint64_t read_midr(struct a64_cpu *cpu, uint32_t reg)
{
    (void)reg;
    return cpu->el == 1 && cpu_el2_enabled(cpu) ? cpu->sys.vpidr_el2 : cpu->midr;
}
static uint64_t read_mpidr(struct a64_cpu *cpu, uint32_t reg)
{
    (void)reg;
    if (cpu->user_mode)
        return UINT64_C(1) << 31;
    return cpu->el == 1 && cpu_el2_enabled(cpu) ? cpu->sys.vmpidr_el2
                                                : power_affinity(cpu) | UINT64_C(1) << 31;
}

/* ---- registers ------------------------------------------------------------------------------- */

static enum reg_access check_id1(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    return check_hcr(cpu, HCR_TID1);
}
static enum reg_access check_id2(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    return check_hcr(cpu, HCR_TID2 | HCR_TID4);
}
static enum reg_access check_id3(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    return check_hcr(cpu, HCR_TID3);
}
static enum reg_access check_ctr(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    if (cpu->el == 0 && !(cpu->sys.sctlr_el[cpu_control_el(cpu)] & SCTLR_UCT))
        return REG_TRAP_EL1;
    return cpu->el < 2 && !cpu_host_el0(cpu) && cpu_hcr(cpu) & HCR_TID2 ? REG_TRAP_EL2 : REG_OK;
}

/* Linux lets programs read those of features, MIDR_EL1, MPIDR_EL1 and REVIDR_EL1. */
#define ID(name, crm, op2, which)                                                                  \
    { name, SYSREG(3, 0, 0, crm, op2), 1, .flags = REG_READ_ONLY | REG_PROGRAM, FIELD(id[which]),     \
      .check = check_id3 }
#define ID_ZERO(name, crm, op2)                                                                    \
    { name, SYSREG(3, 0, 0, crm, op2), 1, .flags = REG_READ_ONLY | REG_PROGRAM, .check = check_id3 }
#define ID_ZEROS(crm)                                                                              \
    ID_ZERO("ID_" #crm "_0", crm, 0), ID_ZERO("ID_" #crm "_1", crm, 1),                            \
    ID_ZERO("ID_" #crm "_2", crm, 2), ID_ZERO("ID_" #crm "_3", crm, 3),                            \
    ID_ZERO("ID_" #crm "_4", crm, 4), ID_ZERO("ID_" #crm "_5", crm, 5),                            \
    ID_ZERO("ID_" #crm "_6", crm, 6), ID_ZERO("ID_" #crm "_7", crm, 7)

static const struct sysreg rows[] = {
    { "CTR_EL0", SYSREG(3, 3, 0, 0, 1), 0, .flags = REG_READ_ONLY | REG_PROGRAM, .read = read_ctr,
      .check = check_ctr },
    { "DCZID_EL0", SYSREG(3, 3, 0, 0, 7), 0, .flags = REG_READ_ONLY | REG_PROGRAM,
      .read = read_dczid },
    { "MIDR_EL1", SYSREG(3, 0, 0, 0, 0), 1, .flags = REG_READ_ONLY | REG_PROGRAM, .read = read_midr },
    { "MPIDR_EL1", SYSREG(3, 0, 0, 0, 5), 1, .flags = REG_READ_ONLY | REG_PROGRAM,
      .read = read_mpidr },
    { "REVIDR_EL1", SYSREG(3, 0, 0, 0, 6), 1, .flags = REG_READ_ONLY | REG_PROGRAM,
      .check = check_id1 },
    { "AIDR_EL1", SYSREG(3, 1, 0, 0, 7), 1, .flags = REG_READ_ONLY, .check = check_id1 },
    { "CLIDR_EL1", SYSREG(3, 1, 0, 0, 1), 1, .flags = REG_READ_ONLY, .read = read_clidr,
      .check = check_id2 },
    { "CCSIDR_EL1", SYSREG(3, 1, 0, 0, 0), 1, .flags = REG_READ_ONLY, .read = read_ccsidr,
      .check = check_id2 },
    { "CSSELR_EL1", SYSREG(3, 2, 0, 0, 0), 1, FIELD(sys.csselr_el1), .writable = 15,
      .check = check_id2 },
    ID("ID_AA64PFR0_EL1", 4, 0, ID_PFR0), ID("ID_AA64PFR1_EL1", 4, 1, ID_PFR1),
    ID_ZERO("ID_AA64PFR2_EL1", 4, 2), ID_ZERO("ID_4_3", 4, 3), ID("ID_AA64ZFR0_EL1", 4, 4, ID_ZFR0),
    ID_ZERO("ID_AA64SMFR0_EL1", 4, 5), ID_ZERO("ID_4_6", 4, 6), ID_ZERO("ID_AA64FPFR0_EL1", 4, 7),
    ID("ID_AA64DFR0_EL1", 5, 0, ID_DFR0), ID_ZERO("ID_AA64DFR1_EL1", 5, 1),
    ID_ZERO("ID_AA64DFR2_EL1", 5, 2), ID_ZERO("ID_5_3", 5, 3), ID_ZERO("ID_AA64AFR0_EL1", 5, 4),
    ID_ZERO("ID_AA64AFR1_EL1", 5, 5), ID_ZERO("ID_5_6", 5, 6), ID_ZERO("ID_5_7", 5, 7),
    ID("ID_AA64ISAR0_EL1", 6, 0, ID_ISAR0), ID("ID_AA64ISAR1_EL1", 6, 1, ID_ISAR1),
    ID("ID_AA64ISAR2_EL1", 6, 2, ID_ISAR2), ID_ZERO("ID_AA64ISAR3_EL1", 6, 3),
    ID_ZERO("ID_6_4", 6, 4), ID_ZERO("ID_6_5", 6, 5), ID_ZERO("ID_6_6", 6, 6),
    ID_ZERO("ID_6_7", 6, 7),
    ID("ID_AA64MMFR0_EL1", 7, 0, ID_MMFR0), ID("ID_AA64MMFR1_EL1", 7, 1, ID_MMFR1),
    ID("ID_AA64MMFR2_EL1", 7, 2, ID_MMFR2), ID("ID_AA64MMFR3_EL1", 7, 3, ID_MMFR3),
    ID_ZERO("ID_AA64MMFR4_EL1", 7, 4), ID_ZERO("ID_7_5", 7, 5), ID_ZERO("ID_7_6", 7, 6),
    ID_ZERO("ID_7_7", 7, 7),
    /* AArch32's: there is none. */
    ID_ZEROS(1), ID_ZEROS(2), ID_ZEROS(3),
};
const struct sysreg_set sysregs_id = SYSREG_SET(rows);
