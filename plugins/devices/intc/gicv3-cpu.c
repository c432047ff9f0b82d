/* SPDX-License-Identifier: MIT */
/*
 * gicv3-cpu.c: the CPU interfaces of GICv3: ICC_* system registers (IHI 0069, 4.8 and 12.2), and who may
 * use which.
 */
#include "gicv3.h"

#define R(op1, crn, crm, op2) BP_GIC_REG(3, op1, crn, crm, op2)

enum {
    TO_GROUP1S = 1020, /* ICC_IAR0_EL1 at EL3: the interrupt is of secure group 1 */
    TO_GROUP1NS = 1021,
    CTLR_RO = 4 << 8 | 1 << 11 | 1 << 15, /* five bits of priority, 24 of id, A3V */
    NS_PRIORITIES = 0x80, /* from here on */
};

/* Kinds of registers, by what traps them. */
enum kind { K_GROUP0, K_GROUP1, K_COMMON, K_DIR, K_SGI, K_OTHER, K_EL2, K_EL3 };

/* ---- priorities -------------------------------------------------------------------------------------- */

static unsigned bank(const struct gicv3 *s, const struct bp_gic_who *who)
{
    return s->security_extensions && who->secure ? BANK_S : BANK_NS;
}

static uint32_t group_mask(const struct gicv3 *s, unsigned cpu, unsigned group)
{
    unsigned b = group == GROUP1S ? BANK_S : BANK_NS;
    if (group == GROUP0 || s->cpu_ctlr[b][cpu] & ICC_CBPR)
        return gic_group_mask(s->bpr0[cpu], false);
    return gic_group_mask(s->bpr1[b][cpu], b == BANK_NS);
}

static uint32_t running(const struct gicv3 *s, unsigned cpu)
{
    return gic_running(s->ap0r[cpu] | s->ap1r[BANK_NS][cpu] | s->ap1r[BANK_S][cpu]);
}

/* Groups that the interface takes: a bit each. */
static unsigned groups_on(const struct gicv3 *s, unsigned cpu)
{
    return (s->igrpen0[cpu] ? 1u << GROUP0 : 0) | (s->igrpen1[BANK_NS][cpu] ? 1u << GROUP1 : 0) |
           (s->igrpen1[BANK_S][cpu] ? 1u << GROUP1S : 0);
}

/* The highest priority, the lowest number among equals. */
static void choose(struct gicv3 *s, unsigned cpu)
{
    unsigned best = GIC_SPURIOUS, best_priority = GIC_IDLE + 1, best_group = GROUP0;
    unsigned groups = groups_on(s, cpu);
    for (uint32_t words = s->ready_words[cpu]; words && groups; words &= words - 1) {
        unsigned w = (unsigned)__builtin_ctz(words), slot = gicv3_slot(cpu, w);
        for (uint32_t left = s->ready[cpu][w]; left; left &= left - 1) {
            unsigned bit = (unsigned)__builtin_ctz(left), group = gicv3_group(s, slot, bit);
            if (s->priority[slot * 32 + bit] >= best_priority || !(groups >> group & 1))
                continue;
            best = w * 32 + bit;
            best_priority = s->priority[slot * 32 + bit];
            best_group = group;
        }
    }
    if (s->lpi_best[cpu] != GIC_SPURIOUS && s->lpi_best_priority[cpu] < best_priority &&
        groups >> GROUP1 & 1 && s->ctlr & GICD_ENG1) {
        best = s->lpi_best[cpu];
        best_priority = s->lpi_best_priority[cpu];
        best_group = GROUP1;
    }
    s->best[cpu] = best;
    s->best_priority[cpu] = (uint8_t)best_priority;
    s->best_group[cpu] = (uint8_t)best_group;
}

/* Whether what comes next is signalled. */
static bool signals(const struct gicv3 *s, unsigned cpu)
{
    uint32_t p = s->best_priority[cpu];
    return s->best[cpu] != GIC_SPURIOUS && !(s->waker[cpu] & WAKER_SLEEP) && p < s->pmr[cpu] &&
           (p & group_mask(s, cpu, s->best_group[cpu])) < running(s, cpu);
}

/* Group 0, and what belongs to another security state, is FIQ (4.6.2). */
static bool as_fiq(const struct gicv3 *s, unsigned cpu)
{
    unsigned group = s->best_group[cpu];
    if (!s->security_extensions || group == GROUP0)
        return group == GROUP0;
    return s->at_el3[cpu] || (group == GROUP1S) != s->secure[cpu];
}

void gicv3_update_cpu(struct gicv3 *s, unsigned cpu)
{
    choose(s, cpu);
    bool on = signals(s, cpu), fiq = on && as_fiq(s, cpu);
    bp_pin_set(s->fiq[cpu], fiq);
    bp_pin_set(s->irq[cpu], on && !fiq);
}

void gicv3_cpu_reset(struct gicv3 *s)
{
    for (unsigned c = 0; c < GICV3_CPUS; c++) {
        s->pmr[c] = s->igrpen0[c] = s->ap0r[c] = s->eoimode_el3[c] = 0;
        s->bpr0[c] = GIC_BPR0_MIN;
        s->bpr1[BANK_NS][c] = GIC_BPR1_MIN;
        s->bpr1[BANK_S][c] = GIC_BPR0_MIN;
        for (unsigned b = 0; b < BANKS; b++)
            s->igrpen1[b][c] = s->ap1r[b][c] = s->cpu_ctlr[b][c] = 0;
        s->secure[c] = s->at_el3[c] = s->security_extensions;
    }
}

/* ---- acknowledge and end ------------------------------------------------------------------------------ */

/* What ICC_IAR<group1>_EL1 or ICC_HPPIR<group1>_EL1 shows. */
static uint32_t visible(const struct gicv3 *s, const struct bp_gic_who *who, bool group1)
{
    uint32_t id = s->best[who->cpu];
    unsigned group = s->best_group[who->cpu];
    if (id == GIC_SPURIOUS)
        return id;
    if (group1) {
        unsigned own = bank(s, who) == BANK_S ? GROUP1S : GROUP1;
        return group == own ? id : GIC_SPURIOUS;
    }
    if (group != GROUP0)
        return who->el == 3 ? (group == GROUP1S ? TO_GROUP1S : TO_GROUP1NS) : GIC_SPURIOUS;
    return s->security_extensions && !who->secure ? GIC_SPURIOUS : id;
}

static uint32_t acknowledge(struct gicv3 *s, const struct bp_gic_who *who, bool group1)
{
    unsigned cpu = who->cpu;
    uint32_t id = signals(s, cpu) ? visible(s, who, group1) : GIC_SPURIOUS;
    if (id >= GICV3_IDS && id < GICV3_LPI_FIRST)
        return id;
    unsigned group = s->best_group[cpu];
    uint32_t level = UINT32_C(1) << (s->best_priority[cpu] & group_mask(s, cpu, group)) / 8;
    if (group == GROUP0)
        s->ap0r[cpu] |= level;
    else
        s->ap1r[group == GROUP1S ? BANK_S : BANK_NS][cpu] |= level;
    if (id >= GICV3_LPI_FIRST)
        gicv3_take_lpi(s, cpu, id);
    else
        gicv3_activate(s, cpu, id);
    return id;
}

static bool eoi_mode(const struct gicv3 *s, const struct bp_gic_who *who)
{
    return who->el == 3 ? s->eoimode_el3[who->cpu] != 0
                        : s->cpu_ctlr[bank(s, who)][who->cpu] & ICC_EOIMODE;
}

/* Deactivates what this vCPU's state may see. */
static void deactivate(struct gicv3 *s, const struct bp_gic_who *who, uint32_t id)
{
    if (id >= GICV3_IDS)
        return;
    unsigned group = gicv3_group(s, gicv3_slot(who->cpu, id / 32), id % 32);
    if (!s->security_extensions || who->secure || group == GROUP1)
        gicv3_deactivate(s, who->cpu, id);
}

static void end(struct gicv3 *s, const struct bp_gic_who *who, uint64_t value, bool group1)
{
    unsigned cpu = who->cpu;
    uint32_t id = value & 0xFFFFFF;
    if (id >= GICV3_IDS && id < GICV3_LPI_FIRST)
        return; /* the end of a special id means nothing */
    uint32_t *own = group1 ? &s->ap1r[bank(s, who)][cpu] : &s->ap0r[cpu];
    uint32_t all = s->ap0r[cpu] | s->ap1r[BANK_NS][cpu] | s->ap1r[BANK_S][cpu], top = all & -all;
    if (!(*own & top)) {
        bp_log(s, BP_LOG_GUEST_ERROR, "end of interrupt %u of group %d on cpu %u: not the running one",
               id, group1, cpu);
        return;
    }
    *own &= ~top;
    if (!eoi_mode(s, who))
        deactivate(s, who, id);
    gicv3_update_cpu(s, cpu);
}

static void deactivate_write(struct gicv3 *s, const struct bp_gic_who *who, uint64_t value)
{
    if (eoi_mode(s, who))
        deactivate(s, who, value & 0xFFFFFF);
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "ICC_DIR_EL1 is written, but ICC_CTLR_EL1.EOImode is 0");
}

/* ---- views of priorities ----------------------------------------------------------------------------- */

/* Non-secure software sees the upper half of the priorities as the whole where EL3 has kept group 0. */
static bool shifted(const struct gicv3 *s, const struct bp_gic_who *who)
{
    return s->security_extensions && !who->secure && who->el3_fiq && who->el < 3;
}

static uint32_t shift_view(uint32_t priority)
{
    return priority & NS_PRIORITIES ? priority << 1 & 0xFF : 0;
}

static void set_pmr(struct gicv3 *s, const struct bp_gic_who *who, uint64_t value)
{
    if (shifted(s, who)) {
        if (!(s->pmr[who->cpu] & NS_PRIORITIES))
            return;
        value = NS_PRIORITIES | (value & 0xFF) >> 1;
    }
    s->pmr[who->cpu] = value & GIC_PRIORITY_MASK;
    gicv3_update_cpu(s, who->cpu);
}

static uint32_t get_bpr1(const struct gicv3 *s, const struct bp_gic_who *who)
{
    unsigned b = bank(s, who), cpu = who->cpu;
    if (!(s->cpu_ctlr[b][cpu] & ICC_CBPR) || who->el == 3)
        return s->bpr1[b][cpu];
    if (b == BANK_S)
        return s->bpr0[cpu];
    return s->bpr0[cpu] < 7 ? s->bpr0[cpu] + 1 : 7;
}

static void set_bpr1(struct gicv3 *s, const struct bp_gic_who *who, uint64_t value)
{
    unsigned b = bank(s, who), min = b == BANK_S ? GIC_BPR0_MIN : GIC_BPR1_MIN;
    if (s->cpu_ctlr[b][who->cpu] & ICC_CBPR && who->el < 3)
        return;
    value &= 7;
    s->bpr1[b][who->cpu] = value < min ? min : (uint32_t)value;
    gicv3_update_cpu(s, who->cpu);
}

/* ---- control ------------------------------------------------------------------------------------------ */

static void set_ctlr(struct gicv3 *s, const struct bp_gic_who *who, uint64_t value)
{
    unsigned b = bank(s, who);
    /* the common binary point of non-secure software is EL3's to choose */
    uint32_t bits = s->security_extensions && b == BANK_NS ? ICC_EOIMODE : ICC_EOIMODE | ICC_CBPR;
    s->cpu_ctlr[b][who->cpu] = (s->cpu_ctlr[b][who->cpu] & ~bits) | ((uint32_t)value & bits);
    gicv3_update_cpu(s, who->cpu);
}

/* ICC_CTLR_EL3: CBPR of secure and non-secure EL1, EOImode of EL3, secure and non-secure EL1. */
static uint64_t ctlr_el3(const struct gicv3 *s, unsigned cpu)
{
    uint32_t sec = s->cpu_ctlr[BANK_S][cpu], ns = s->cpu_ctlr[BANK_NS][cpu];
    return (sec & ICC_CBPR) | (ns & ICC_CBPR) << 1 | (uint32_t)(s->eoimode_el3[cpu] != 0) << 2 |
           (sec & ICC_EOIMODE) << 2 | (ns & ICC_EOIMODE) << 3 | CTLR_RO;
}

static void set_ctlr_el3(struct gicv3 *s, unsigned cpu, uint64_t value)
{
    uint32_t v = (uint32_t)value;
    s->cpu_ctlr[BANK_S][cpu] = (v & ICC_CBPR) | (v >> 2 & ICC_EOIMODE);
    s->cpu_ctlr[BANK_NS][cpu] = (v >> 1 & ICC_CBPR) | (v >> 3 & ICC_EOIMODE);
    s->eoimode_el3[cpu] = v >> 2 & 1;
    gicv3_update_cpu(s, cpu);
}

/* ---- who may ------------------------------------------------------------------------------------------- */

static enum kind kind_of(uint32_t reg)
{
    unsigned op1 = reg >> 11 & 7, crn = reg >> 7 & 15, crm = reg >> 3 & 15, op2 = reg & 7;
    if (op1 == 4)
        return K_EL2;
    if (op1 == 6)
        return K_EL3;
    if (crn == 4)
        return K_COMMON; /* ICC_PMR_EL1 */
    switch (crm) {
    case 8: return K_GROUP0;
    case 9: return K_GROUP1;
    case 11: return op2 == 1 ? K_DIR : op2 == 3 ? K_COMMON : K_SGI;
    default: break;
    }
    return op2 == 4 ? K_COMMON : op2 == 5 ? K_OTHER : op2 == 6 ? K_GROUP0 : K_GROUP1;
}

/* 12.2, the accessibility of each register. *virt: the access means the virtual interface. */
static enum bp_gic_access check(const struct gicv3 *s, const struct bp_gic_who *who, enum kind kind,
                                bool *virt)
{
    uint64_t hcr = s->virt[who->cpu].hcr;
    bool group0 = kind == K_GROUP0, group1 = kind == K_GROUP1, other = kind == K_OTHER;
    bool both = !group0 && !group1 && !other;
    *virt = false;
    if (kind == K_EL2)
        return who->el >= 2 ? BP_GIC_OK : BP_GIC_UNDEFINED;
    if (kind == K_EL3)
        return who->el == 3 && who->el3 ? BP_GIC_OK : BP_GIC_UNDEFINED;
    if (who->el == 0)
        return BP_GIC_UNDEFINED;
    if (who->el == 1 && who->el2_enabled) {
        if ((group0 && hcr & GIC_HCR_TALL0) || (group1 && hcr & GIC_HCR_TALL1) ||
            (both && hcr & GIC_HCR_TC) || (kind == K_DIR && hcr & GIC_HCR_TDIR))
            return BP_GIC_TRAP_EL2;
        *virt = (group0 && who->virt_group0) || (group1 && who->virt_group1) ||
                (both && (who->virt_group0 || who->virt_group1));
        if (*virt)
            return kind == K_SGI ? BP_GIC_TRAP_EL2 : BP_GIC_OK;
    }
    if (who->el < 3 && who->el3 &&
        ((group0 && who->el3_fiq) || (group1 && who->el3_irq) ||
         (both && who->el3_fiq && who->el3_irq)))
        return BP_GIC_TRAP_EL3;
    return BP_GIC_OK;
}

/* ---- reading and writing ------------------------------------------------------------------------------- */

static bool icc_read(struct gicv3 *s, const struct bp_gic_who *who, uint32_t reg, uint64_t *v)
{
    unsigned cpu = who->cpu, b = bank(s, who);
    bool hidden = s->security_extensions && !who->secure; /* group 0 is secure software's */
    switch (reg) {
    case R(0, 4, 6, 0): *v = shifted(s, who) ? shift_view(s->pmr[cpu]) : s->pmr[cpu]; break;
    case R(0, 12, 8, 0): *v = acknowledge(s, who, false); break;
    case R(0, 12, 8, 2): *v = visible(s, who, false); break;
    case R(0, 12, 8, 3): *v = hidden ? 0 : s->bpr0[cpu]; break;
    case R(0, 12, 8, 4): *v = hidden ? 0 : s->ap0r[cpu]; break;
    case R(0, 12, 9, 0): *v = s->ap1r[b][cpu]; break;
    case R(0, 12, 11, 3):
        *v = running(s, cpu);
        if (shifted(s, who) && *v != GIC_IDLE)
            *v = shift_view((uint32_t)*v);
        break;
    case R(0, 12, 12, 0): *v = acknowledge(s, who, true); break;
    case R(0, 12, 12, 2): *v = visible(s, who, true); break;
    case R(0, 12, 12, 3): *v = get_bpr1(s, who); break;
    case R(0, 12, 12, 4): *v = s->cpu_ctlr[b][cpu] | CTLR_RO; break;
    case R(0, 12, 12, 5): *v = 7; break; /* ICC_SRE_EL1: system registers, no bypass */
    case R(0, 12, 12, 6): *v = hidden ? 0 : s->igrpen0[cpu]; break;
    case R(0, 12, 12, 7): *v = s->igrpen1[b][cpu]; break;
    case R(4, 12, 9, 5): *v = 15; break; /* ICC_SRE_EL2: and EL1 may look */
    case R(6, 12, 12, 4): *v = ctlr_el3(s, cpu); break;
    case R(6, 12, 12, 5): *v = 15; break;
    case R(6, 12, 12, 7): *v = s->igrpen1[BANK_NS][cpu] | s->igrpen1[BANK_S][cpu] << 1; break;
    default: return false;
    }
    return true;
}

static void set_value(struct gicv3 *s, unsigned cpu, uint32_t *field, uint64_t value, bool allowed)
{
    if (!allowed)
        return;
    *field = (uint32_t)value;
    gicv3_update_cpu(s, cpu);
}

static bool icc_write(struct gicv3 *s, const struct bp_gic_who *who, uint32_t reg, uint64_t v)
{
    unsigned cpu = who->cpu, b = bank(s, who);
    bool shown = !s->security_extensions || who->secure; /* group 0 is secure software's */
    switch (reg) {
    case R(0, 4, 6, 0): set_pmr(s, who, v); break;
    case R(0, 12, 8, 1): end(s, who, v, false); break;
    case R(0, 12, 8, 3):
        set_value(s, cpu, &s->bpr0[cpu], (v & 7) < GIC_BPR0_MIN ? GIC_BPR0_MIN : v & 7, shown);
        break;
    case R(0, 12, 8, 4): set_value(s, cpu, &s->ap0r[cpu], v, shown); break;
    case R(0, 12, 9, 0): set_value(s, cpu, &s->ap1r[b][cpu], v, true); break;
    case R(0, 12, 11, 1): deactivate_write(s, who, v); break;
    case R(0, 12, 11, 5):
    case R(0, 12, 11, 6):
    case R(0, 12, 11, 7): gicv3_send_sgi(s, who, reg, v); break;
    case R(0, 12, 12, 1): end(s, who, v, true); break;
    case R(0, 12, 12, 3): set_bpr1(s, who, v); break;
    case R(0, 12, 12, 4): set_ctlr(s, who, v); break;
    case R(0, 12, 12, 5): break; /* ICC_SRE_*: all bits are fixed */
    case R(0, 12, 12, 6): set_value(s, cpu, &s->igrpen0[cpu], v & 1, shown); break;
    case R(0, 12, 12, 7): set_value(s, cpu, &s->igrpen1[b][cpu], v & 1, true); break;
    case R(4, 12, 9, 5): break;
    case R(6, 12, 12, 4): set_ctlr_el3(s, cpu, v); break;
    case R(6, 12, 12, 5): break;
    case R(6, 12, 12, 7):
        set_value(s, cpu, &s->igrpen1[BANK_NS][cpu], v & 1, true);
        set_value(s, cpu, &s->igrpen1[BANK_S][cpu], v >> 1 & 1, s->security_extensions);
        break;
    default: return false;
    }
    return true;
}

enum bp_gic_access gicv3_sysreg_read(void *dev, const struct bp_gic_who *who, uint32_t reg,
                                     uint64_t *value)
{
    struct gicv3 *s = dev;
    bool virt, known;
    if (who->cpu >= s->cpus)
        return BP_GIC_UNDEFINED;
    bp_lock(s);
    enum bp_gic_access r = check(s, who, kind_of(reg), &virt);
    if (r == BP_GIC_OK) {
        known = virt ? gicv3_icv_read(s, who->cpu, reg, value)
                     : icc_read(s, who, reg, value) || gicv3_ich_read(s, who->cpu, reg, value);
        r = known ? BP_GIC_OK : BP_GIC_UNDEFINED;
    }
    bp_unlock(s);
    return r;
}

enum bp_gic_access gicv3_sysreg_write(void *dev, const struct bp_gic_who *who, uint32_t reg,
                                      uint64_t value)
{
    struct gicv3 *s = dev;
    bool virt, known;
    if (who->cpu >= s->cpus)
        return BP_GIC_UNDEFINED;
    bp_lock(s);
    enum bp_gic_access r = check(s, who, kind_of(reg), &virt);
    if (r == BP_GIC_OK) {
        known = virt ? gicv3_icv_write(s, who->cpu, reg, value)
                     : icc_write(s, who, reg, value) || gicv3_ich_write(s, who->cpu, reg, value);
        r = known ? BP_GIC_OK : BP_GIC_UNDEFINED;
    }
    bp_unlock(s);
    return r;
}
