/* SPDX-License-Identifier: MIT */
/*
 * pmu.c: the performance monitors: a cycle counter and event counters of cycles, instructions and software
 * increments. The Arm Architecture Reference Manual for A-profile, D13.
 *
 * A cycle is a nanosecond of virtual time; instructions are what bp_vcpu_instructions() counts. Counters are not
 * stopped by level (PMEVTYPER's filters), nor does PMCR.D divide.
 *
 * A counter that runs is kept as its difference to the source, a stopped one as its value. Overflows are found
 * when somebody looks, and by a timer set for the first one that would interrupt.
 */
#include "pmu.h"
#include "sysreg.h"

#define PMCR_E 1u
#define PMCR_P 2u
#define PMCR_C 4u
#define PMCR_LC 0x40u
#define PMCR_WRITABLE 0x79u
#define CYCLE 31u
#define COUNTERS ((UINT64_C(1) << A64_PMU_COUNTERS) - 1)
#define ALL_COUNTERS (COUNTERS | UINT64_C(1) << CYCLE)

enum event { EVENT_SOFTWARE = 0, EVENT_INSTRUCTIONS = 8, EVENT_CYCLES = 0x11 };

/* ---- counting -------------------------------------------------------------------------------- */

static uint64_t source(struct a64_cpu *cpu, unsigned i)
{
    unsigned event = i == CYCLE ? EVENT_CYCLES : (unsigned)(cpu->sys.pmtyper[i] & 0xffff);

    switch (event) {
    case EVENT_CYCLES: return (uint64_t)bp_now(cpu, BP_CLOCK_VIRTUAL);
    case EVENT_INSTRUCTIONS: return bp_vcpu_instructions(cpu);
    default: return 0;
    }
}

/* Counters of EL2's own (MDCR_EL2.HPMN) run by HPME, the others by PMCR_EL0.E. */
static bool runs(const struct a64_cpu *cpu, unsigned i)
{
    unsigned mine = cpu->sys.mdcr_el2 & 31;
    bool hyp = cpu->el2 && i != CYCLE && i >= mine;

    return cpu->sys.pmcnten >> i & 1 &&
           (hyp ? cpu->sys.mdcr_el2 & MDCR_HPME : cpu->sys.pmcr & PMCR_E);
}

static unsigned width(const struct a64_cpu *cpu, unsigned i)
{
    return i == CYCLE && cpu->sys.pmcr & PMCR_LC ? 64 : 32;
}

/* Before and after anything that starts or stops counters: all of them hold values in between. */
static void stop(struct a64_cpu *cpu, uint64_t *values)
{
    for (unsigned i = 0; i < 32; i++)
        if (ALL_COUNTERS >> i & 1)
            values[i] = cpu->sys.pmcnt_base[i] + (runs(cpu, i) ? source(cpu, i) : 0);
}

static void go_on(struct a64_cpu *cpu, const uint64_t *values)
{
    int64_t next = BP_NEVER;
    uint64_t interrupts;

    for (unsigned i = 0; i < 32; i++) {
        unsigned bits = width(cpu, i);
        uint64_t left;
        if (!(ALL_COUNTERS >> i & 1))
            continue;
        cpu->sys.pmcnt_base[i] = values[i] - (runs(cpu, i) ? source(cpu, i) : 0);
        cpu->sys.pmcnt_last[i] = values[i];
        left = bits == 64 ? ~values[i] : UINT32_MAX - values[i];
        if (runs(cpu, i) && source(cpu, i) && cpu->sys.pminten >> i & 1 && left < INT64_MAX / 2) {
            int64_t at = bp_now(cpu, BP_CLOCK_VIRTUAL) + (int64_t)left + 1;
            next = at < next ? at : next;
        }
    }
    bp_timer_arm(cpu, &cpu->pmu_timer, next);
    interrupts = cpu->sys.pmovs & cpu->sys.pminten;
    bp_pin_set(cpu->pmu_pin, interrupts && cpu->sys.pmcr & PMCR_E);
}

/* Takes overflows out of 32-bit counters; those of 64 bits have less than when they were last looked at. */
static void overflows(struct a64_cpu *cpu, uint64_t *values)
{
    for (unsigned i = 0; i < 32; i++) {
        bool wide = width(cpu, i) == 64;
        if (!(ALL_COUNTERS >> i & 1) || (wide ? values[i] >= cpu->sys.pmcnt_last[i] : !(values[i] >> 32)))
            continue;
        cpu->sys.pmovs |= UINT64_C(1) << i;
        if (!wide)
            values[i] = (uint32_t)values[i];
    }
}

static void begin(struct a64_cpu *cpu, uint64_t *values)
{
    stop(cpu, values);
    overflows(cpu, values);
}

void pmu_check(struct a64_cpu *cpu)
{
    uint64_t values[32];

    begin(cpu, values);
    go_on(cpu, values);
}

void pmu_fire(void *dev)
{
    struct a64_cpu *cpu = dev;

    atomic_store(&cpu->pmu_due, 1);
    bp_vcpu_interrupt(cpu);
}

/* ---- registers ------------------------------------------------------------------------------- */

#define USEREN_EN 1u
#define USEREN_SW 2u
#define USEREN_CR 4u
#define USEREN_ER 8u

static enum reg_access check_user(const struct a64_cpu *cpu, uint64_t bits)
{
    if (cpu->el == 0 && !(cpu->sys.pmuseren & bits))
        return REG_TRAP_EL1;
    if (cpu->el < 2 && cpu_el2_enabled(cpu) && cpu->sys.mdcr_el2 & MDCR_TPM && !cpu_host_el0(cpu))
        return REG_TRAP_EL2;
    return cpu->el < 3 && cpu->el3 && cpu->sys.mdcr_el3 & MDCR_TPM ? REG_TRAP_EL3 : REG_OK;
}
#define CHECK(name, bits)                                                                          \
    static enum reg_access check_##name(const struct a64_cpu *cpu, const struct sysreg *r, bool w) \
    {                                                                                              \
        (void)r, (void)w;                                                                          \
        return check_user(cpu, bits);                                                              \
    }
CHECK(pmu, USEREN_EN)
CHECK(software, USEREN_EN | USEREN_SW)
CHECK(cycle, USEREN_EN | (w ? 0 : USEREN_CR))
CHECK(counter, USEREN_EN | (w ? 0 : USEREN_ER))

static enum reg_access check_pmcr(const struct a64_cpu *cpu, const struct sysreg *r, bool w)
{
    if (cpu->el == 1 && cpu_el2_enabled(cpu) && cpu->sys.mdcr_el2 & MDCR_TPMCR)
        return REG_TRAP_EL2;
    return check_pmu(cpu, r, w);
}

static enum reg_access check_useren(const struct a64_cpu *cpu, const struct sysreg *r, bool w)
{
    (void)r, (void)w;
    return cpu->el == 0 ? REG_OK : check_user(cpu, 0);
}

/* Those that the current level sees. */
static uint64_t visible(const struct a64_cpu *cpu)
{
    unsigned n = cpu->el < 2 && cpu_el2_enabled(cpu) ? cpu->sys.mdcr_el2 & 31 : A64_PMU_COUNTERS;

    n = n < A64_PMU_COUNTERS ? n : A64_PMU_COUNTERS;
    return ((UINT64_C(1) << n) - 1) | UINT64_C(1) << CYCLE;
}

static uint64_t read_pmcr(struct a64_cpu *cpu, uint32_t reg)
{
    uint64_t n = (unsigned)__builtin_popcountll(visible(cpu)) - 1;

    (void)reg;
    return cpu->sys.pmcr | n << 11 | UINT64_C(0x41) << 24 | sysreg_pmu_code(cpu) << 16;
}

static void write_pmcr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    uint64_t values[32];

    (void)reg;
    begin(cpu, values);
    cpu->sys.pmcr = v & PMCR_WRITABLE;
    for (unsigned i = 0; i < A64_PMU_COUNTERS; i++)
        if (v & PMCR_P && visible(cpu) >> i & 1)
            values[i] = 0;
    if (v & PMCR_C)
        values[CYCLE] = 0;
    go_on(cpu, values);
}

/* Sets of counters: bits are set by one register and cleared by another. */
#define BITS(name, member)                                                                         \
    static uint64_t read_##name(struct a64_cpu *cpu, uint32_t reg)                                 \
    {                                                                                              \
        (void)reg;                                                                                 \
        pmu_check(cpu);                                                                            \
        return cpu->sys.member & visible(cpu);                                                     \
    }                                                                                              \
    static void set_##name(struct a64_cpu *cpu, uint32_t reg, uint64_t v)                          \
    {                                                                                              \
        uint64_t values[32];                                                                       \
        (void)reg;                                                                                 \
        begin(cpu, values);                                                                        \
        cpu->sys.member |= v & visible(cpu);                                                       \
        go_on(cpu, values);                                                                        \
    }                                                                                              \
    static void clear_##name(struct a64_cpu *cpu, uint32_t reg, uint64_t v)                        \
    {                                                                                              \
        uint64_t values[32];                                                                       \
        (void)reg;                                                                                 \
        begin(cpu, values);                                                                        \
        cpu->sys.member &= ~(v & visible(cpu));                                                    \
        go_on(cpu, values);                                                                        \
    }
BITS(cnten, pmcnten)
BITS(inten, pminten)
BITS(ovs, pmovs)

/* The counter that a register of the groups PMEVCNTR<n>, PMEVTYPER<n>, PMX* and PMCC* is about; 32: none. */
static unsigned counter_of(const struct a64_cpu *cpu, uint32_t reg)
{
    unsigned i;

    if (REG_CRN(reg) == 9 && REG_CRM(reg) == 13 && REG_OP2(reg) == 0)
        return CYCLE;
    if (REG_CRN(reg) == 9)
        i = cpu->sys.pmsel & 31;
    else
        i = (REG_CRM(reg) & 3) << 3 | REG_OP2(reg);
    return visible(cpu) >> i & 1 ? i : 32;
}

static uint64_t read_counter(struct a64_cpu *cpu, uint32_t reg)
{
    unsigned i = counter_of(cpu, reg);
    uint64_t values[32];

    if (i == 32)
        return 0;
    begin(cpu, values);
    go_on(cpu, values);
    return values[i];
}

static void write_counter(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    unsigned i = counter_of(cpu, reg);
    uint64_t values[32];

    if (i == 32)
        return;
    begin(cpu, values);
    values[i] = width(cpu, i) == 64 ? v : (uint32_t)v;
    go_on(cpu, values);
}

static uint64_t read_type(struct a64_cpu *cpu, uint32_t reg)
{
    unsigned i = counter_of(cpu, reg);

    return i == 32 ? 0 : cpu->sys.pmtyper[i];
}

static void write_type(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    unsigned i = counter_of(cpu, reg);
    uint64_t values[32];

    if (i == 32)
        return;
    begin(cpu, values);
    cpu->sys.pmtyper[i] = v & (i == CYCLE ? 0xfc000000 : 0xfc00ffff);
    go_on(cpu, values);
}

static void write_swinc(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    uint64_t values[32];

    (void)reg;
    begin(cpu, values);
    for (unsigned i = 0; i < A64_PMU_COUNTERS; i++)
        if (v >> i & 1 && runs(cpu, i) && (cpu->sys.pmtyper[i] & 0xffff) == EVENT_SOFTWARE)
            values[i]++;
    overflows(cpu, values);
    go_on(cpu, values);
}

static uint64_t read_ceid(struct a64_cpu *cpu, uint32_t reg)
{
    (void)cpu;
    return REG_OP2(reg) == 6 ? 1u << EVENT_SOFTWARE | 1u << EVENT_INSTRUCTIONS | 1u << EVENT_CYCLES : 0;
}

static bool has_pmu(const struct a64_cpu *cpu) { return cpu->pmu; }

#define PMU(name, op1, crn, crm, op2, el_, chk, ...)                                               \
    { name, SYSREG(3, op1, crn, crm, op2), el_, .check = chk, .exists = has_pmu, __VA_ARGS__ }
#define COUNTER(crm4, n, i)                                                                        \
    PMU("PMEVCNTR" #i "_EL0", 3, 14, 8 + (crm4), n, 0, check_counter, .read = read_counter,        \
        .write = write_counter),                                                                   \
    PMU("PMEVTYPER" #i "_EL0", 3, 14, 12 + (crm4), n, 0, check_pmu, .read = read_type,             \
        .write = write_type)

static const struct sysreg rows[] = {
    PMU("PMCR_EL0", 3, 9, 12, 0, 0, check_pmcr, .read = read_pmcr, .write = write_pmcr),
    PMU("PMCNTENSET_EL0", 3, 9, 12, 1, 0, check_pmu, .read = read_cnten, .write = set_cnten),
    PMU("PMCNTENCLR_EL0", 3, 9, 12, 2, 0, check_pmu, .read = read_cnten, .write = clear_cnten),
    PMU("PMOVSCLR_EL0", 3, 9, 12, 3, 0, check_pmu, .read = read_ovs, .write = clear_ovs),
    PMU("PMSWINC_EL0", 3, 9, 12, 4, 0, check_software, .flags = REG_WRITE_ONLY,
        .write = write_swinc),
    PMU("PMSELR_EL0", 3, 9, 12, 5, 0, check_counter, FIELD(sys.pmsel), .writable = 31),
    PMU("PMCEID0_EL0", 3, 9, 12, 6, 0, check_pmu, .flags = REG_READ_ONLY, .read = read_ceid),
    PMU("PMCEID1_EL0", 3, 9, 12, 7, 0, check_pmu, .flags = REG_READ_ONLY, .read = read_ceid),
    PMU("PMCCNTR_EL0", 3, 9, 13, 0, 0, check_cycle, .read = read_counter, .write = write_counter),
    PMU("PMXEVTYPER_EL0", 3, 9, 13, 1, 0, check_pmu, .read = read_type, .write = write_type),
    PMU("PMXEVCNTR_EL0", 3, 9, 13, 2, 0, check_counter, .read = read_counter,
        .write = write_counter),
    PMU("PMUSERENR_EL0", 3, 9, 14, 0, 0, check_useren, .write_el = 1, FIELD(sys.pmuseren),
        .writable = 15),
    PMU("PMINTENSET_EL1", 0, 9, 14, 1, 1, check_pmu, .read = read_inten, .write = set_inten),
    PMU("PMINTENCLR_EL1", 0, 9, 14, 2, 1, check_pmu, .read = read_inten, .write = clear_inten),
    PMU("PMOVSSET_EL0", 3, 9, 14, 3, 0, check_pmu, .read = read_ovs, .write = set_ovs),
    PMU("PMCCFILTR_EL0", 3, 14, 15, 7, 0, check_pmu, .read = read_type, .write = write_type),
    COUNTER(0, 0, 0), COUNTER(0, 1, 1), COUNTER(0, 2, 2), COUNTER(0, 3, 3), COUNTER(0, 4, 4),
    COUNTER(0, 5, 5),
};
const struct sysreg_set sysregs_pmu = SYSREG_SET(rows);
_Static_assert(A64_PMU_COUNTERS == 6, "a row each");
