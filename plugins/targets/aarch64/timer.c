/* SPDX-License-Identifier: MIT */
/*
 * timer.c: the generic timer: one counter, five comparators with an output each. The Arm
 * Architecture Reference Manual for A-profile, D11.
 *
 * A comparator is changed by its vCPU and looked at by its own firing on another thread. Each of them, having
 * set the output, looks again whether that is still right, so that the later one's view stays.
 */
#include "sysreg.h"
#include "timer.h"

#define CTL_ENABLE 1u
#define CTL_IMASK 2u
#define CTL_ISTATUS 4u

uint64_t timer_count(struct a64_cpu *cpu)
{
    return bp_muldiv((uint64_t)bp_now(cpu, BP_CLOCK_VIRTUAL), cpu->cntfrq, BP_NS_PER_S);
}

/* What the comparator compares with. */
static uint64_t count_of(struct a64_cpu *cpu, unsigned i)
{
    return timer_count(cpu) - (i == TIMER_VIRT ? atomic_load(&cpu->cntvoff) : 0);
}

static bool condition(struct a64_cpu *cpu, unsigned i)
{
    return atomic_load(&cpu->timer_ctl[i]) & CTL_ENABLE &&
           count_of(cpu, i) >= atomic_load(&cpu->timer_cval[i]);
}

static bool output(struct a64_cpu *cpu, unsigned i)
{
    return !(atomic_load(&cpu->timer_ctl[i]) & CTL_IMASK) && condition(cpu, i);
}

/* Virtual time at which the condition comes true; BP_NEVER where it is so or cannot be. */
static int64_t deadline(struct a64_cpu *cpu, unsigned i)
{
    uint64_t ctl = atomic_load(&cpu->timer_ctl[i]), cval = atomic_load(&cpu->timer_cval[i]);
    uint64_t count = count_of(cpu, i);
    unsigned __int128 ns;

    if ((ctl & (CTL_ENABLE | CTL_IMASK)) != CTL_ENABLE || count >= cval)
        return BP_NEVER;
    ns = (unsigned __int128)(cval - count) * BP_NS_PER_S / cpu->cntfrq + 1 +
         (unsigned __int128)bp_now(cpu, BP_CLOCK_VIRTUAL);
    return ns < BP_NEVER ? (int64_t)ns : BP_NEVER;
}

void timer_update(struct a64_cpu *cpu, unsigned i)
{
    bool level;

    do {
        bp_timer_arm(cpu, &cpu->timer[i], deadline(cpu, i));
        level = output(cpu, i);
        bp_pin_set(cpu->timer_pin[i], level);
    } while (level != output(cpu, i));
}

void timer_update_all(struct a64_cpu *cpu)
{
    for (unsigned i = 0; i < TIMER_COUNT; i++)
        timer_update(cpu, i);
}

void timer_fire_phys(void *dev) { timer_update(dev, TIMER_PHYS); }
void timer_fire_virt(void *dev) { timer_update(dev, TIMER_VIRT); }
void timer_fire_hyp(void *dev) { timer_update(dev, TIMER_HYP); }
void timer_fire_hyp_virt(void *dev) { timer_update(dev, TIMER_HYP_VIRT); }
void timer_fire_sec(void *dev) { timer_update(dev, TIMER_SEC); }

/* ---- views ----------------------------------------------------------------------------------- */

uint64_t timer_read_ctl(struct a64_cpu *cpu, unsigned i)
{
    return atomic_load(&cpu->timer_ctl[i]) | (condition(cpu, i) ? CTL_ISTATUS : 0);
}

void timer_write_ctl(struct a64_cpu *cpu, unsigned i, uint64_t v)
{
    atomic_store(&cpu->timer_ctl[i], v & (CTL_ENABLE | CTL_IMASK));
    timer_update(cpu, i);
}

uint64_t timer_read_tval(struct a64_cpu *cpu, unsigned i)
{
    return (uint32_t)(atomic_load(&cpu->timer_cval[i]) - count_of(cpu, i));
}

void timer_write_cval(struct a64_cpu *cpu, unsigned i, uint64_t v)
{
    atomic_store(&cpu->timer_cval[i], v);
    timer_update(cpu, i);
}

void timer_write_tval(struct a64_cpu *cpu, unsigned i, uint64_t v)
{
    timer_write_cval(cpu, i, count_of(cpu, i) + (uint64_t)(int64_t)(int32_t)v);
}

void timer_reset(struct a64_cpu *cpu)
{
    atomic_store(&cpu->cntvoff, 0);
    for (unsigned i = 0; i < TIMER_COUNT; i++) {
        atomic_store(&cpu->timer_cval[i], 0);
        atomic_store(&cpu->timer_ctl[i], 0);
        timer_update(cpu, i);
    }
}

/* ---- registers ------------------------------------------------------------------------------- */

/* CNTKCTL_EL1 for EL0, and CNTHCTL_EL2 where EL0's kernel is at EL2. */
#define KCTL_EL0PCTEN 1u
#define KCTL_EL0VCTEN 2u
#define KCTL_EL0VTEN 0x100u
#define KCTL_EL0PTEN 0x200u
/* CNTHCTL_EL2 for EL1: without and with HCR_EL2.E2H. */
#define HCTL_EL1PCTEN 1u
#define HCTL_EL1PCEN 2u
#define HCTL_E2H_EL1PCTEN 0x400u
#define HCTL_E2H_EL1PTEN 0x800u

/* EL0 needs `bit` of its kernel's control. */
static enum reg_access check_el0(const struct a64_cpu *cpu, uint64_t bits)
{
    if (cpu->el)
        return REG_OK;
    if (cpu_host_el0(cpu))
        return cpu->sys.cnthctl_el2 & bits ? REG_OK : REG_TRAP_EL2;
    return cpu->sys.cntkctl_el1 & bits ? REG_OK : REG_TRAP_EL1;
}

/* EL1 and below need the hypervisor's leave for what is physical. */
static enum reg_access check_el1(const struct a64_cpu *cpu, uint64_t bit, uint64_t e2h_bit)
{
    if (cpu->el > 1 || !cpu_el2_enabled(cpu) || cpu_host_el0(cpu))
        return REG_OK;
    return cpu->sys.cnthctl_el2 & (cpu_e2h(cpu) ? e2h_bit : bit) ? REG_OK : REG_TRAP_EL2;
}

#define CHECK(name, el0_bits, el1)                                                                 \
    static enum reg_access check_##name(const struct a64_cpu *cpu, const struct sysreg *r, bool w) \
    {                                                                                              \
        enum reg_access a = check_el0(cpu, el0_bits);                                              \
        (void)r, (void)w;                                                                          \
        return a ? a : (el1);                                                                      \
    }
CHECK(frq, KCTL_EL0PCTEN | KCTL_EL0VCTEN, REG_OK)
CHECK(pct, KCTL_EL0PCTEN, check_el1(cpu, HCTL_EL1PCTEN, HCTL_E2H_EL1PCTEN))
CHECK(vct, KCTL_EL0VCTEN, REG_OK)
CHECK(phys, KCTL_EL0PTEN, check_el1(cpu, HCTL_EL1PCEN, HCTL_E2H_EL1PTEN))
CHECK(virt, KCTL_EL0VTEN, REG_OK)

/* The secure timer is EL3's, and secure EL1's with SCR_EL3.ST. */
static enum reg_access check_sec(const struct a64_cpu *cpu, const struct sysreg *r, bool w)
{
    (void)r, (void)w;
    if (cpu->el == 3)
        return REG_OK;
    if (cpu->el != 1 || !cpu_secure_below_el3(cpu))
        return REG_UNDEFINED;
    return cpu->sys.scr_el3 & SCR_ST ? REG_OK : REG_TRAP_EL3;
}

static enum reg_access check_highest(const struct a64_cpu *cpu, const struct sysreg *r, bool w)
{
    unsigned highest = cpu->el3 ? 3 : cpu->el2 ? 2 : 1;

    return w && cpu->el != highest ? REG_UNDEFINED : check_frq(cpu, r, w);
}

static uint64_t read_pct(struct a64_cpu *cpu, uint32_t reg) { return (void)reg, timer_count(cpu); }
static uint64_t read_vct(struct a64_cpu *cpu, uint32_t reg)
{
    bool none = !cpu->el2 || cpu_host_el0(cpu) || (cpu->el == 2 && cpu_e2h(cpu));

    (void)reg;
    return timer_count(cpu) - (none ? 0 : atomic_load(&cpu->cntvoff));
}

static uint64_t read_voff(struct a64_cpu *cpu, uint32_t reg)
{
    return (void)reg, atomic_load(&cpu->cntvoff);
}
static void write_voff(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    (void)reg;
    atomic_store(&cpu->cntvoff, v);
    timer_update(cpu, TIMER_VIRT);
}

/* Which timer a row of TVAL, CTL, CVAL is about. EL0 under a kernel at EL2 with VHE uses that kernel's. */
static unsigned timer_of(const struct a64_cpu *cpu, uint32_t reg)
{
    bool virt = REG_CRM(reg) == 3, host = cpu->el == 0 && cpu_host_el0(cpu);

    switch (REG_OP1(reg)) {
    case 3: return virt ? (host ? TIMER_HYP_VIRT : TIMER_VIRT) : host ? TIMER_HYP : TIMER_PHYS;
    case 4: return virt ? TIMER_HYP_VIRT : TIMER_HYP;
    default: return TIMER_SEC;
    }
}

static uint64_t read_tval(struct a64_cpu *cpu, uint32_t reg)
{
    return timer_read_tval(cpu, timer_of(cpu, reg));
}
static void write_tval(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    timer_write_tval(cpu, timer_of(cpu, reg), v);
}
static uint64_t read_ctl(struct a64_cpu *cpu, uint32_t reg)
{
    return timer_read_ctl(cpu, timer_of(cpu, reg));
}
static void write_ctl(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    timer_write_ctl(cpu, timer_of(cpu, reg), v);
}
static uint64_t read_cval(struct a64_cpu *cpu, uint32_t reg)
{
    return atomic_load(&cpu->timer_cval[timer_of(cpu, reg)]);
}
static void write_cval(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    timer_write_cval(cpu, timer_of(cpu, reg), v);
}

static bool has_vhe(const struct a64_cpu *cpu) { return cpu->ext.vhe; }

#define RW(n) .read = read_##n, .write = write_##n
#define TIMER(name, suffix, op1, crm, el_, kind)                                                   \
    { name "_TVAL_" suffix, SYSREG(3, op1, 14, crm, 0), el_, RW(tval), TIMER_##kind(crm, 0) }, \
    { name "_CTL_" suffix, SYSREG(3, op1, 14, crm, 1), el_, RW(ctl), TIMER_##kind(crm, 1) }, \
    { name "_CVAL_" suffix, SYSREG(3, op1, 14, crm, 2), el_, RW(cval), TIMER_##kind(crm, 2) }
#define TIMER_phys(crm, op2) .check = check_phys, .redirect = SYSREG(3, 4, 14, crm, op2)
#define TIMER_virt(crm, op2) .check = check_virt, .redirect = SYSREG(3, 4, 14, crm, op2)
#define TIMER_hyp(crm, op2) .flags = 0
#define TIMER_hyp_virt(crm, op2) .exists = has_vhe
#define TIMER_sec(crm, op2) .check = check_sec

static const struct sysreg rows[] = {
    { "CNTFRQ_EL0", SYSREG(3, 3, 14, 0, 0), 0, 1, .flags = REG_PROGRAM, FIELD(sys.cntfrq),
      .writable = UINT32_MAX, .check = check_highest },
    { "CNTPCT_EL0", SYSREG(3, 3, 14, 0, 1), 0, .flags = REG_READ_ONLY, .read = read_pct,
      .check = check_pct },
    { "CNTVCT_EL0", SYSREG(3, 3, 14, 0, 2), 0, .flags = REG_READ_ONLY | REG_PROGRAM,
      .read = read_vct, .check = check_vct },
    { "CNTKCTL_EL1", SYSREG(3, 0, 14, 1, 0), 1, FIELD(sys.cntkctl_el1), .writable = 0x203ff,
      .redirect = SYSREG(3, 4, 14, 1, 0) },
    { "CNTHCTL_EL2", SYSREG(3, 4, 14, 1, 0), 2, FIELD(sys.cnthctl_el2), .writable = 0x20fff },
    { "CNTVOFF_EL2", SYSREG(3, 4, 14, 0, 3), 2, RW(voff) },
    TIMER("CNTP", "EL0", 3, 2, 0, phys), TIMER("CNTV", "EL0", 3, 3, 0, virt),
    TIMER("CNTHP", "EL2", 4, 2, 2, hyp), TIMER("CNTHV", "EL2", 4, 3, 2, hyp_virt),
    TIMER("CNTPS", "EL1", 7, 2, 1, sec),
};
const struct sysreg_set sysregs_timer = SYSREG_SET(rows);
