/* SPDX-License-Identifier: MIT */
/* gicv2-cpu.c: the CPU interfaces of GICv2 (IHI 0048B, 4.4): acknowledge, priorities, end of interrupt. */
#include "gicv2.h"

enum {
    CPU_IIDR = 0x0202143B, /* GIC-400 r0p1 (DDI 0471, 3.3) */
    NO_SUCH_GROUP = 1022,  /* the interrupt waits for the other group's register */
    CTLR_BITS = 0x7FF,
    CTLR_BYPASS_NS = 0x180, /* bits 5 and 6 in the non-secure view */
    PRIVATE_TO_NS = 0x80,   /* priorities from here on are non-secure software's */
};

/* ---- priorities ---------------------------------------------------------------------------------- */

static uint32_t group_mask(const struct gicv2 *s, unsigned cpu, unsigned group)
{
    bool own = group && !(s->cpu_ctlr[cpu] & GICC_CBPR);
    return gic_group_mask(own ? s->abpr[cpu] : s->bpr[cpu], own);
}

static uint32_t running(const struct gicv2 *s, unsigned cpu)
{
    return gic_running(s->apr[0][cpu] | s->apr[1][cpu]);
}

/* Whether the interface signals the interrupt that would come next. */
static bool signals(struct gicv2 *s, unsigned cpu)
{
    unsigned id = s->best[cpu];
    if (id == GIC_SPURIOUS)
        return false;
    uint32_t priority = *gicv2_priority(s, cpu, id);
    unsigned group = gicv2_group(s, cpu, id);
    return s->cpu_ctlr[cpu] & (group ? GICC_ENG1 : GICC_ENG0) && priority < s->pmr[cpu] &&
           (priority & group_mask(s, cpu, group)) < running(s, cpu);
}

/* The highest priority, the lowest number among equals. */
static unsigned choose(const struct gicv2 *s, unsigned cpu)
{
    unsigned best = GIC_SPURIOUS, best_priority = GIC_IDLE + 1;
    for (uint32_t words = s->ready_words[cpu]; words; words &= words - 1) {
        unsigned w = (unsigned)__builtin_ctz(words), slot = gicv2_slot(cpu, w);
        for (uint32_t left = s->ready[cpu][w]; left; left &= left - 1) {
            unsigned bit = (unsigned)__builtin_ctz(left);
            if (s->priority[slot * 32 + bit] < best_priority) {
                best = w * 32 + bit;
                best_priority = s->priority[slot * 32 + bit];
            }
        }
    }
    return best;
}

void gicv2_update_cpu(struct gicv2 *s, unsigned cpu)
{
    s->best[cpu] = choose(s, cpu);
    bool on = signals(s, cpu);
    bool fiq = on && s->cpu_ctlr[cpu] & GICC_FIQEN && !gicv2_group(s, cpu, s->best[cpu]);
    bp_pin_set(s->fiq[cpu], fiq);
    bp_pin_set(s->irq[cpu], on && !fiq);
}

void gicv2_cpu_reset(struct gicv2 *s)
{
    for (unsigned c = 0; c < GICV2_CPUS; c++) {
        s->cpu_ctlr[c] = s->pmr[c] = s->apr[0][c] = s->apr[1][c] = 0;
        s->bpr[c] = GIC_BPR0_MIN;
        s->abpr[c] = GIC_BPR1_MIN;
    }
}

/* ---- acknowledge --------------------------------------------------------------------------------- */

/* What an acknowledge register would return now; the id of something that can be taken, or a special one. */
static unsigned look(struct gicv2 *s, unsigned cpu, bool group1_only, bool nonsecure)
{
    unsigned id = s->best[cpu];
    if (id == GIC_SPURIOUS)
        return id;
    unsigned group = gicv2_group(s, cpu, id);
    if (group1_only || nonsecure)
        return group ? id : GIC_SPURIOUS;
    return group && !(s->cpu_ctlr[cpu] & GICC_ACKCTL) ? NO_SUCH_GROUP : id;
}

static uint32_t acknowledge(struct gicv2 *s, bool aliased)
{
    unsigned cpu = gicv2_cpu(s);
    bool nonsecure = gicv2_nonsecure(s, cpu);
    if (!signals(s, cpu) || (aliased && nonsecure))
        return aliased && nonsecure ? 0 : GIC_SPURIOUS;
    unsigned id = look(s, cpu, aliased, nonsecure);
    if (id >= GICV2_IDS)
        return id;
    unsigned group = gicv2_group(s, cpu, id);
    uint32_t priority = *gicv2_priority(s, cpu, id) & group_mask(s, cpu, group);
    s->apr[group][cpu] |= UINT32_C(1) << priority / 8;
    return gicv2_activate(s, cpu, id);
}

uint64_t gicv2_iar_read(void *dev, unsigned i) { return acknowledge(dev, false); }
uint64_t gicv2_aiar_read(void *dev, unsigned i) { return acknowledge(dev, true); }

static uint32_t highest(struct gicv2 *s, bool aliased)
{
    unsigned cpu = gicv2_cpu(s);
    bool nonsecure = gicv2_nonsecure(s, cpu);
    if (aliased && nonsecure)
        return 0;
    unsigned id = look(s, cpu, aliased, nonsecure);
    unsigned source = id < 16 ? s->sgi_source[cpu][id] : 0;
    return id | (source ? (unsigned)__builtin_ctz(source) << 10 : 0);
}

uint64_t gicv2_hppir_read(void *dev, unsigned i) { return highest(dev, false); }
uint64_t gicv2_ahppir_read(void *dev, unsigned i) { return highest(dev, true); }

/* ---- end of interrupt ------------------------------------------------------------------------------ */

static bool eoi_mode(const struct gicv2 *s, unsigned cpu, bool nonsecure)
{
    return s->cpu_ctlr[cpu] & (nonsecure ? GICC_EOIMODE_NS : GICC_EOIMODE_S);
}

/* Deactivates what the access may see. */
static void deactivate(struct gicv2 *s, unsigned cpu, unsigned id, bool nonsecure)
{
    if (id < GICV2_IDS && (!nonsecure || gicv2_group(s, cpu, id)))
        gicv2_deactivate(s, cpu, id);
}

static void end(struct gicv2 *s, uint32_t value, bool group1_only)
{
    unsigned cpu = gicv2_cpu(s), id = value & 0x3FF;
    bool nonsecure = gicv2_nonsecure(s, cpu);
    if (id >= GICV2_IDS) /* the end of a special id means nothing */
        return;
    uint32_t levels = s->apr[1][cpu] | (group1_only ? 0 : s->apr[0][cpu]), top = levels & -levels;
    if (!levels) {
        bp_log(s, BP_LOG_GUEST_ERROR, "end of interrupt %u on cpu %u: none is active", id, cpu);
        return;
    }
    unsigned group = group1_only || !(s->apr[0][cpu] & top);
    s->apr[group][cpu] &= ~top;
    if (!eoi_mode(s, cpu, nonsecure))
        deactivate(s, cpu, id, nonsecure);
    gicv2_update_cpu(s, cpu);
}

void gicv2_eoir_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    end(s, (uint32_t)value, gicv2_nonsecure(s, gicv2_cpu(s)));
}

void gicv2_aeoir_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    if (!gicv2_nonsecure(s, gicv2_cpu(s)))
        end(s, (uint32_t)value, true);
}

void gicv2_dir_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    bool nonsecure = gicv2_nonsecure(s, cpu);
    if (eoi_mode(s, cpu, nonsecure))
        deactivate(s, cpu, value & 0x3FF, nonsecure);
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "GICC_DIR is written, but GICC_CTLR.EOImode is 0");
}

/* ---- registers with two views ------------------------------------------------------------------------ */

uint64_t gicv2_cpu_ctlr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    uint32_t ctlr = s->cpu_ctlr[cpu];
    if (!gicv2_nonsecure(s, cpu))
        return ctlr;
    return (ctlr & GICC_ENG1) >> 1 | (ctlr & CTLR_BYPASS_NS) >> 2 | (ctlr & GICC_EOIMODE_NS) >> 1;
}

void gicv2_cpu_ctlr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    uint32_t v = (uint32_t)value, ns = GICC_ENG1 | CTLR_BYPASS_NS | GICC_EOIMODE_NS;
    if (gicv2_nonsecure(s, cpu)) {
        v = (v << 1 & GICC_ENG1) | (v << 2 & CTLR_BYPASS_NS) | (v << 1 & GICC_EOIMODE_NS);
        s->cpu_ctlr[cpu] = (s->cpu_ctlr[cpu] & ~ns) | v;
    } else {
        s->cpu_ctlr[cpu] = v & (s->security_extensions ? CTLR_BITS : CTLR_BITS - GICC_EOIMODE_NS);
    }
    gicv2_update_cpu(s, cpu);
}

uint64_t gicv2_pmr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    if (!gicv2_nonsecure(s, cpu))
        return s->pmr[cpu];
    return s->pmr[cpu] & PRIVATE_TO_NS ? s->pmr[cpu] << 1 & 0xFF : 0;
}

void gicv2_pmr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    if (gicv2_nonsecure(s, cpu)) {
        if (!(s->pmr[cpu] & PRIVATE_TO_NS))
            return;
        value = PRIVATE_TO_NS | (value & 0xFF) >> 1;
    }
    s->pmr[cpu] = value & GIC_PRIORITY_MASK;
    gicv2_update_cpu(s, cpu);
}

static uint32_t at_least(uint64_t value, uint32_t min)
{
    value &= 7;
    return value < min ? min : (uint32_t)value;
}

uint64_t gicv2_bpr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    if (!gicv2_nonsecure(s, cpu))
        return s->bpr[cpu];
    if (s->cpu_ctlr[cpu] & GICC_CBPR)
        return s->bpr[cpu] < 7 ? s->bpr[cpu] + 1 : 7;
    return s->abpr[cpu];
}

void gicv2_bpr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    if (!gicv2_nonsecure(s, cpu))
        s->bpr[cpu] = at_least(value, GIC_BPR0_MIN);
    else if (!(s->cpu_ctlr[cpu] & GICC_CBPR))
        s->abpr[cpu] = at_least(value, GIC_BPR1_MIN);
    gicv2_update_cpu(s, cpu);
}

uint64_t gicv2_abpr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    return gicv2_nonsecure(s, cpu) ? 0 : s->abpr[cpu];
}

void gicv2_abpr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    if (gicv2_nonsecure(s, cpu))
        return;
    s->abpr[cpu] = at_least(value, GIC_BPR1_MIN);
    gicv2_update_cpu(s, cpu);
}

uint64_t gicv2_rpr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    uint32_t now = running(s, cpu);
    if (!gicv2_nonsecure(s, cpu) || now == GIC_IDLE)
        return now;
    return now & PRIVATE_TO_NS ? now << 1 & 0xFF : 0;
}

/* All 32 levels fit into the first of the four registers. Non-secure software has the upper 16. */
uint64_t gicv2_apr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    if (i)
        return 0;
    return gicv2_nonsecure(s, cpu) ? s->apr[1][cpu] >> 16 : s->apr[0][cpu];
}

void gicv2_apr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    if (i)
        return;
    if (gicv2_nonsecure(s, cpu))
        s->apr[1][cpu] = (s->apr[1][cpu] & 0xFFFF) | (uint32_t)value << 16;
    else
        s->apr[0][cpu] = (uint32_t)value;
    gicv2_update_cpu(s, cpu);
}

uint64_t gicv2_nsapr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    return i || gicv2_nonsecure(s, cpu) ? 0 : s->apr[1][cpu];
}

void gicv2_nsapr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    unsigned cpu = gicv2_cpu(s);
    if (i || gicv2_nonsecure(s, cpu))
        return;
    s->apr[1][cpu] = (uint32_t)value;
    gicv2_update_cpu(s, cpu);
}

uint64_t gicv2_cpu_iidr_read(void *dev, unsigned i) { return CPU_IIDR; }
