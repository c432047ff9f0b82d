/* SPDX-License-Identifier: MIT */
/* gicv2-dist.c: the distributor of GICv2 (IHI 0048B, 4.3): states of interrupts, routing, SGIs. */
#include "gicv2.h"

enum {
    DIST_IIDR = 0x0200143B, /* GIC-400 r0p1 (DDI 0471, 3.2) */
    SGIS = 0x0000FFFF,      /* of word 0 */
};

/* ---- what follows from the registers ----------------------------------------------------------- */

static uint32_t pending(const struct gicv2 *s, unsigned slot)
{
    return s->latched[slot] | (s->level[slot] & ~s->edge[slot]);
}

/* Interrupts of the word that could go to a vCPU. */
static uint32_t candidates(const struct gicv2 *s, unsigned slot)
{
    uint32_t groups = (s->ctlr & 1 ? ~s->group[slot] : 0) | (s->ctlr & 2 ? s->group[slot] : 0);
    return pending(s, slot) & s->enabled[slot] & ~s->active[slot] & groups;
}

static void set_ready(struct gicv2 *s, unsigned cpu, unsigned word, uint32_t ready)
{
    uint32_t bit = UINT32_C(1) << word;
    s->ready[cpu][word] = ready;
    s->ready_words[cpu] = ready ? s->ready_words[cpu] | bit : s->ready_words[cpu] & ~bit;
}

void gicv2_update_word(struct gicv2 *s, unsigned cpu, unsigned word)
{
    uint32_t ready = candidates(s, gicv2_slot(cpu, word));
    if (!word) {
        set_ready(s, cpu, word, ready);
        gicv2_update_cpu(s, cpu);
        return;
    }
    for (unsigned c = 0; c < s->cpus; c++) {
        if (s->ready[c][word] == (ready & s->routed[c][word]) && !s->ready[c][word])
            continue; /* none of its business, before and now */
        set_ready(s, c, word, ready & s->routed[c][word]);
        gicv2_update_cpu(s, c);
    }
}

void gicv2_update_all(struct gicv2 *s)
{
    for (unsigned c = 0; c < s->cpus; c++)
        for (unsigned w = 0; w < GICV2_WORDS; w++)
            set_ready(s, c, w, candidates(s, gicv2_slot(c, w)) & s->routed[c][w]);
    for (unsigned c = 0; c < s->cpus; c++)
        gicv2_update_cpu(s, c);
}

static void route(struct gicv2 *s, unsigned word, unsigned bit)
{
    uint8_t target = s->cpus == 1 ? 1 : s->target[gicv2_slot(0, word) * 32 + bit];
    uint32_t mask = UINT32_C(1) << bit;
    for (unsigned c = 0; c < s->cpus; c++)
        s->routed[c][word] = target >> c & 1 ? s->routed[c][word] | mask
                                             : s->routed[c][word] & ~mask;
}

void gicv2_update_routes(struct gicv2 *s)
{
    for (unsigned c = 0; c < s->cpus; c++)
        s->routed[c][0] = UINT32_MAX;
    for (unsigned w = 1; w < GICV2_WORDS; w++)
        for (unsigned b = 0; b < 32; b++)
            route(s, w, b);
}

/* ---- inputs ------------------------------------------------------------------------------------ */

static void set_input(struct gicv2 *s, unsigned cpu, unsigned id, bool level)
{
    unsigned slot = gicv2_slot(cpu, id / 32);
    uint32_t bit = UINT32_C(1) << id % 32;
    if (level && s->edge[slot] & bit && !(s->level[slot] & bit))
        s->latched[slot] |= bit;
    s->level[slot] = level ? s->level[slot] | bit : s->level[slot] & ~bit;
    gicv2_update_word(s, cpu, id / 32);
}

void gicv2_set_spi(void *dev, unsigned i, bool level)
{
    struct gicv2 *s = dev;
    if (i < s->spis)
        set_input(s, 0, 32 + i, level);
}

/* Pin cpu * 16 + n is the private interrupt 16 + n of that vCPU. */
void gicv2_set_ppi(void *dev, unsigned i, bool level)
{
    struct gicv2 *s = dev;
    if (i / 16 < s->cpus)
        set_input(s, i / 16, 16 + i % 16, level);
}

uint32_t gicv2_activate(struct gicv2 *s, unsigned cpu, unsigned id)
{
    unsigned slot = gicv2_slot(cpu, id / 32), from = 0;
    uint32_t bit = UINT32_C(1) << id % 32;
    s->active[slot] |= bit;
    if (id < 16) {
        uint8_t *source = &s->sgi_source[cpu][id];
        from = *source ? (unsigned)__builtin_ctz(*source) : 0;
        *source &= (uint8_t)(*source - 1);
        s->latched[slot] = *source ? s->latched[slot] | bit : s->latched[slot] & ~bit;
    } else {
        s->latched[slot] &= ~bit;
    }
    gicv2_update_word(s, cpu, id / 32);
    return from << 10 | id;
}

void gicv2_deactivate(struct gicv2 *s, unsigned cpu, unsigned id)
{
    if (id >= GICV2_IDS)
        return;
    s->active[gicv2_slot(cpu, id / 32)] &= ~(UINT32_C(1) << id % 32);
    gicv2_update_word(s, cpu, id / 32);
}

void gicv2_dist_reset(struct gicv2 *s)
{
    s->ctlr = 0;
    for (unsigned i = 0; i < GICV2_SLOTS; i++) {
        s->group[i] = s->active[i] = s->latched[i] = 0;
        s->enabled[i] = i < GICV2_CPUS ? SGIS : 0;
        s->edge[i] = i < GICV2_CPUS ? SGIS : 0;
    }
    for (unsigned i = 0; i < GICV2_SLOTS * 32; i++)
        s->priority[i] = s->target[i] = 0;
    for (unsigned c = 0; c < GICV2_CPUS; c++)
        for (unsigned i = 0; i < 16; i++)
            s->sgi_source[c][i] = 0;
}

/* ---- access to words --------------------------------------------------------------------------- */

struct where {
    unsigned cpu, slot;
    uint32_t mask; /* interrupts that exist and that the access may see */
};

/* Ids that exist in the word. */
static uint32_t existing(const struct gicv2 *s, unsigned word)
{
    unsigned end = 32 + s->spis, first = word * 32;
    return first >= end ? 0 : end - first >= 32 ? UINT32_MAX : (UINT32_C(1) << (end - first)) - 1;
}

static struct where find(struct gicv2 *s, unsigned word)
{
    struct where w = { .cpu = gicv2_cpu(s) };
    w.slot = gicv2_slot(w.cpu, word);
    w.mask = existing(s, word);
    if (gicv2_nonsecure(s, w.cpu))
        w.mask &= s->group[w.slot];
    return w;
}

static bool visible(struct gicv2 *s, unsigned id, struct where *ret)
{
    *ret = find(s, id / 32);
    return ret->mask >> id % 32 & 1;
}

/* Sets or clears bits of a word of `field`. */
static void change(struct gicv2 *s, uint32_t *field, unsigned word, uint64_t value, bool set,
                   uint32_t not_these)
{
    struct where w = find(s, word);
    uint32_t bits = (uint32_t)value & w.mask & ~(word ? 0 : not_these);
    field[w.slot] = set ? field[w.slot] | bits : field[w.slot] & ~bits;
    gicv2_update_word(s, w.cpu, word);
}

uint64_t gicv2_igroupr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    struct where w = find(s, i);
    return gicv2_nonsecure(s, w.cpu) ? 0 : s->group[w.slot];
}

void gicv2_igroupr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    struct where w = find(s, i);
    if (gicv2_nonsecure(s, w.cpu))
        return;
    s->group[w.slot] = (uint32_t)value & w.mask;
    gicv2_update_word(s, w.cpu, i);
}

uint64_t gicv2_isenabler_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    struct where w = find(s, i);
    return s->enabled[w.slot] & w.mask;
}

void gicv2_isenabler_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    change(s, s->enabled, i, value, true, SGIS);
}

void gicv2_icenabler_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    change(s, s->enabled, i, value, false, SGIS);
}

uint64_t gicv2_ispendr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    struct where w = find(s, i);
    return pending(s, w.slot) & w.mask;
}

void gicv2_ispendr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    change(s, s->latched, i, value, true, SGIS);
}

void gicv2_icpendr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    change(s, s->latched, i, value, false, SGIS);
}

uint64_t gicv2_isactiver_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    struct where w = find(s, i);
    return s->active[w.slot] & w.mask;
}

void gicv2_isactiver_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    change(s, s->active, i, value, true, 0);
}

void gicv2_icactiver_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    change(s, s->active, i, value, false, 0);
}

/* ---- by byte and by two bits --------------------------------------------------------------------- */

/* Non-secure software sees the lower half of the priorities as the whole (3.8.1). */
uint64_t gicv2_ipriorityr_read(void *dev, unsigned id)
{
    struct gicv2 *s = dev;
    struct where w;
    if (!visible(s, id, &w))
        return 0;
    uint8_t p = *gicv2_priority(s, w.cpu, id);
    return gicv2_nonsecure(s, w.cpu) ? (uint8_t)(p << 1) : p;
}

void gicv2_ipriorityr_write(void *dev, unsigned id, uint64_t value)
{
    struct gicv2 *s = dev;
    struct where w;
    if (!visible(s, id, &w))
        return;
    if (gicv2_nonsecure(s, w.cpu))
        value = 0x80 | value >> 1;
    *gicv2_priority(s, w.cpu, id) = (uint8_t)(value & GIC_PRIORITY_MASK);
    gicv2_update_word(s, w.cpu, id / 32);
}

uint64_t gicv2_itargetsr_read(void *dev, unsigned id)
{
    struct gicv2 *s = dev;
    struct where w;
    if (s->cpus == 1)
        return 0;
    if (id < 32)
        return UINT64_C(1) << gicv2_cpu(s);
    return visible(s, id, &w) ? s->target[w.slot * 32 + id % 32] : 0;
}

void gicv2_itargetsr_write(void *dev, unsigned id, uint64_t value)
{
    struct gicv2 *s = dev;
    struct where w;
    if (s->cpus == 1 || id < 32 || !visible(s, id, &w))
        return;
    s->target[w.slot * 32 + id % 32] = (uint8_t)(value & ((1u << s->cpus) - 1));
    route(s, id / 32, id % 32);
    gicv2_update_word(s, w.cpu, id / 32);
}

/* The upper bit of each pair says edge-triggered; SGIs are. */
uint64_t gicv2_icfgr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    struct where w = find(s, i / 2);
    uint32_t half = (s->edge[w.slot] & w.mask) >> (i & 1) * 16 & 0xFFFF, value = 0;
    for (; half; half &= half - 1)
        value |= UINT32_C(2) << 2 * __builtin_ctz(half);
    return value;
}

void gicv2_icfgr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    struct where w = find(s, i / 2);
    uint32_t mask = w.mask & (UINT32_C(0xFFFF) << (i & 1) * 16), edge = 0;
    if (!i)
        return;
    for (unsigned n = 0; n < 16; n++)
        edge |= (uint32_t)(value >> (2 * n + 1) & 1) << (n + (i & 1) * 16);
    s->edge[w.slot] = (s->edge[w.slot] & ~mask) | (edge & mask);
    gicv2_update_word(s, w.cpu, i / 2);
}

/* ---- software-generated interrupts --------------------------------------------------------------- */

static void set_sgi(struct gicv2 *s, unsigned cpu, unsigned id, uint8_t sources)
{
    uint32_t bit = UINT32_C(1) << id;
    s->sgi_source[cpu][id] = sources;
    s->latched[cpu] = sources ? s->latched[cpu] | bit : s->latched[cpu] & ~bit;
    gicv2_update_word(s, cpu, 0);
}

void gicv2_sgir_write(void *dev, unsigned i, uint64_t value)
{
    enum { LISTED = 0, ALL_OTHERS = 1, SELF = 2 };
    struct gicv2 *s = dev;
    unsigned from = gicv2_cpu(s), id = value & 15, filter = value >> 24 & 3;
    bool nonsecure = gicv2_nonsecure(s, from), group1 = value >> 15 & 1;
    unsigned targets = value >> 16 & 0xFF;
    if (filter == ALL_OTHERS)
        targets = ~(1u << from);
    else if (filter == SELF)
        targets = 1u << from;
    else if (filter != LISTED) {
        bp_log(s, BP_LOG_GUEST_ERROR, "GICD_SGIR: reserved target list filter 3");
        return;
    }
    for (unsigned c = 0; c < s->cpus; c++) {
        unsigned group = s->group[c] >> id & 1;
        if (!(targets >> c & 1) || (nonsecure && !group) ||
            (s->security_extensions && !nonsecure && group != group1))
            continue;
        set_sgi(s, c, id, s->sgi_source[c][id] | (uint8_t)(1u << from));
    }
}

uint64_t gicv2_spendsgir_read(void *dev, unsigned id)
{
    struct gicv2 *s = dev;
    struct where w;
    return visible(s, id, &w) ? s->sgi_source[w.cpu][id] : 0;
}

void gicv2_spendsgir_write(void *dev, unsigned id, uint64_t value)
{
    struct gicv2 *s = dev;
    struct where w;
    value &= (1u << s->cpus) - 1;
    if (visible(s, id, &w))
        set_sgi(s, w.cpu, id, (uint8_t)(s->sgi_source[w.cpu][id] | value));
}

void gicv2_cpendsgir_write(void *dev, unsigned id, uint64_t value)
{
    struct gicv2 *s = dev;
    struct where w;
    if (visible(s, id, &w))
        set_sgi(s, w.cpu, id, s->sgi_source[w.cpu][id] & (uint8_t)~value);
}

/* ---- control and identification -------------------------------------------------------------------- */

uint64_t gicv2_dist_ctlr_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    return gicv2_nonsecure(s, gicv2_cpu(s)) ? s->ctlr >> 1 : s->ctlr;
}

void gicv2_dist_ctlr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv2 *s = dev;
    if (gicv2_nonsecure(s, gicv2_cpu(s)))
        s->ctlr = (s->ctlr & 1) | (value & 1) << 1;
    else
        s->ctlr = value & 3;
    gicv2_update_all(s);
}

uint64_t gicv2_dist_typer_read(void *dev, unsigned i)
{
    struct gicv2 *s = dev;
    return (s->spis + 31) / 32 | (s->cpus - 1) << 5 | (uint32_t)s->security_extensions << 10;
}

uint64_t gicv2_dist_iidr_read(void *dev, unsigned i) { return DIST_IIDR; }

/* Peripheral and component identification of GIC-400 (DDI 0471, 3.2), from 0xFD0 on. */
uint64_t gicv2_dist_id_read(void *dev, unsigned i)
{
    static const uint8_t ids[12] = {
        0x04, 0, 0, 0, 0x90, 0xB4, 0x2B, 0, 0x0D, 0xF0, 0x05, 0xB1,
    };
    return i < sizeof ids ? ids[i] : 0;
}
