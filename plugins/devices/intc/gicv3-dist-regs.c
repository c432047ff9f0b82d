/* SPDX-License-Identifier: MIT */
/*
 * gicv3-dist-regs.c: the registers of the distributor and, for private interrupts, of a redistributor's
 * SGI frame (IHI 0069, 12.9 and 12.11). One function serves both: word 0 of a vCPU, or a shared word.
 */
#include "gicv3.h"

enum {
    CTLR_ARE = 1 << 4, /* non-secure view, single security state: affinity routing is on */
    CTLR_ARE_NS = 1 << 5,
    CTLR_DS = 1 << 6,
};

struct where {
    unsigned cpu, word, slot;
    uint32_t mask; /* interrupts that exist and that the access may see */
};

/* Ids that exist in the word. */
static uint32_t existing(const struct gicv3 *s, unsigned word)
{
    unsigned end = 32 + s->spis, first = word * 32;
    return first >= end ? 0 : end - first >= 32 ? UINT32_MAX : (UINT32_C(1) << (end - first)) - 1;
}

static struct where at(struct gicv3 *s, unsigned cpu, unsigned word)
{
    struct where w = { cpu, word, gicv3_slot(cpu, word), existing(s, word) };
    if (gicv3_nonsecure(s))
        w.mask &= s->group[w.slot];
    return w;
}

/* Word 0 of the distributor does not exist: private interrupts are the redistributors'. */
static struct where shared(struct gicv3 *s, unsigned word)
{
    struct where w = at(s, 0, word);
    if (!word)
        w.mask = 0;
    return w;
}

static struct where private(struct gicv3 *s, unsigned cpu)
{
    struct where w = at(s, cpu, 0);
    if (cpu >= s->cpus)
        w.mask = 0;
    return w;
}

static void changed(struct gicv3 *s, const struct where *w, uint32_t bits)
{
    if (w->word)
        gicv3_update_spis(s, w->word, bits);
    else if (w->mask)
        gicv3_update_private(s, w->cpu);
}

static void set_bits(struct gicv3 *s, uint32_t *field, struct where w, uint64_t value)
{
    field[w.slot] |= (uint32_t)value & w.mask;
    changed(s, &w, (uint32_t)value & w.mask);
}

static void clear_bits(struct gicv3 *s, uint32_t *field, struct where w, uint64_t value)
{
    field[w.slot] &= ~((uint32_t)value & w.mask);
    changed(s, &w, (uint32_t)value & w.mask);
}

/* Only secure software chooses groups. */
static void set_group(struct gicv3 *s, uint32_t *field, struct where w, uint64_t value)
{
    if (gicv3_nonsecure(s) || !w.mask)
        return;
    field[w.slot] = (uint32_t)value & w.mask;
    changed(s, &w, w.mask);
}

static uint64_t get_group(struct gicv3 *s, const uint32_t *field, struct where w)
{
    return gicv3_nonsecure(s) ? 0 : field[w.slot] & w.mask;
}

static uint64_t get_pending(struct gicv3 *s, struct where w)
{
    return (s->latched[w.slot] | (s->level[w.slot] & ~s->edge[w.slot])) & w.mask;
}

#define READS(name, value)                                                                         \
    uint64_t gicv3_##name##_read(void *dev, unsigned i)                                            \
    {                                                                                              \
        struct gicv3 *s = dev;                                                                     \
        struct where w = shared(s, i);                                                             \
        return value;                                                                              \
    }                                                                                              \
    uint64_t gicv3_r_##name##_read(void *dev, unsigned i)                                          \
    {                                                                                              \
        struct gicv3 *s = dev;                                                                     \
        struct where w = private(s, i);                                                            \
        return value;                                                                              \
    }
#define WRITES(name, how, field)                                                                   \
    void gicv3_##name##_write(void *dev, unsigned i, uint64_t value)                               \
    {                                                                                              \
        struct gicv3 *s = dev;                                                                     \
        how(s, s->field, shared(s, i), value);                                                     \
    }                                                                                              \
    void gicv3_r_##name##_write(void *dev, unsigned i, uint64_t value)                             \
    {                                                                                              \
        struct gicv3 *s = dev;                                                                     \
        how(s, s->field, private(s, i), value);                                                    \
    }

READS(igroupr, get_group(s, s->group, w))
WRITES(igroupr, set_group, group)
READS(igrpmodr, s->security_extensions ? get_group(s, s->group_mod, w) : 0)
WRITES(igrpmodr, set_group, group_mod)
READS(isenabler, s->enabled[w.slot] & w.mask)
WRITES(isenabler, set_bits, enabled)
WRITES(icenabler, clear_bits, enabled)
READS(ispendr, get_pending(s, w))
WRITES(ispendr, set_bits, latched)
WRITES(icpendr, clear_bits, latched)
READS(isactiver, s->active[w.slot] & w.mask)
WRITES(isactiver, set_bits, active)
WRITES(icactiver, clear_bits, active)

/* ---- priorities and triggers ----------------------------------------------------------------------- */

/* Non-secure software sees the lower half of the priorities as the whole (4.8.1). */
static uint8_t get_priority(struct gicv3 *s, struct where w, unsigned bit)
{
    uint8_t p = w.mask >> bit & 1 ? s->priority[w.slot * 32 + bit] : 0;
    return gicv3_nonsecure(s) ? (uint8_t)(p << 1) : p;
}

static void set_priority(struct gicv3 *s, struct where w, unsigned bit, uint8_t value)
{
    if (!(w.mask >> bit & 1))
        return;
    if (gicv3_nonsecure(s))
        value = 0x80 | value >> 1;
    s->priority[w.slot * 32 + bit] = value & GIC_PRIORITY_MASK;
    changed(s, &w, UINT32_C(1) << bit);
}

uint64_t gicv3_ipriorityr_read(void *dev, unsigned id)
{
    return get_priority(dev, shared(dev, id / 32), id % 32);
}

void gicv3_ipriorityr_write(void *dev, unsigned id, uint64_t value)
{
    set_priority(dev, shared(dev, id / 32), id % 32, (uint8_t)value);
}

uint64_t gicv3_r_priority(struct gicv3 *s, unsigned cpu, unsigned id)
{
    return get_priority(s, private(s, cpu), id);
}

void gicv3_set_r_priority(struct gicv3 *s, unsigned cpu, unsigned id, uint8_t value)
{
    set_priority(s, private(s, cpu), id, value);
}

/* The upper bit of each pair says edge-triggered. `half` is 0 or 16. */
static uint64_t get_config(struct gicv3 *s, struct where w, unsigned half)
{
    uint32_t edge = (s->edge[w.slot] & w.mask) >> half & 0xFFFF, value = 0;
    for (; edge; edge &= edge - 1)
        value |= UINT32_C(2) << 2 * __builtin_ctz(edge);
    return value;
}

static void set_config(struct gicv3 *s, struct where w, unsigned half, uint64_t value)
{
    uint32_t mask = w.mask & (UINT32_C(0xFFFF) << half), edge = 0;
    for (unsigned n = 0; n < 16; n++)
        edge |= (uint32_t)(value >> (2 * n + 1) & 1) << (n + half);
    s->edge[w.slot] = (s->edge[w.slot] & ~mask) | (edge & mask);
    changed(s, &w, mask);
}

uint64_t gicv3_icfgr_read(void *dev, unsigned i)
{
    return get_config(dev, shared(dev, i / 2), i % 2 * 16);
}

void gicv3_icfgr_write(void *dev, unsigned i, uint64_t value)
{
    set_config(dev, shared(dev, i / 2), i % 2 * 16, value);
}

uint64_t gicv3_r_icfgr0_read(void *dev, unsigned i) { return get_config(dev, private(dev, i), 0); }
uint64_t gicv3_r_icfgr1_read(void *dev, unsigned i) { return get_config(dev, private(dev, i), 16); }

void gicv3_r_icfgr1_write(void *dev, unsigned i, uint64_t value)
{
    set_config(dev, private(dev, i), 16, value);
}

/* ---- routing --------------------------------------------------------------------------------------- */

#define IROUTER_BITS UINT64_C(0xFF80FFFFFF)

/* Halves of 32 bits: an access of either size reaches what it names. */
uint64_t gicv3_irouter_read(void *dev, unsigned i)
{
    struct gicv3 *s = dev;
    unsigned n = i / 2;
    struct where w = shared(s, (n + 32) / 32);
    return w.mask >> n % 32 & 1 ? s->irouter[n] >> i % 2 * 32 & UINT32_MAX : 0;
}

void gicv3_irouter_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv3 *s = dev;
    unsigned n = i / 2, shift = i % 2 * 32;
    struct where w = shared(s, (n + 32) / 32);
    uint32_t bit = UINT32_C(1) << n % 32, enabled = s->enabled[w.slot];
    if (!(w.mask & bit))
        return;
    s->enabled[w.slot] &= ~bit; /* taken from where it was, put where it goes */
    gicv3_update_spis(s, w.word, bit);
    s->enabled[w.slot] = enabled;
    s->irouter[n] = ((s->irouter[n] & ~((uint64_t)UINT32_MAX << shift)) |
                     (value & UINT32_MAX) << shift) & IROUTER_BITS;
    gicv3_update_route(s, n);
    gicv3_update_spis(s, w.word, bit);
}

/* ---- control and identification ---------------------------------------------------------------------- */

uint64_t gicv3_ctlr_read(void *dev, unsigned i)
{
    struct gicv3 *s = dev;
    if (!s->security_extensions)
        return s->ctlr | CTLR_ARE | CTLR_DS;
    return gicv3_nonsecure(s) ? (s->ctlr & GICD_ENG1) | CTLR_ARE : s->ctlr | CTLR_ARE | CTLR_ARE_NS;
}

void gicv3_ctlr_write(void *dev, unsigned i, uint64_t value)
{
    struct gicv3 *s = dev;
    uint32_t bits = !s->security_extensions ? GICD_ENG0 | GICD_ENG1
                    : gicv3_nonsecure(s)    ? GICD_ENG1
                                            : GICD_ENG0 | GICD_ENG1 | GICD_ENG1S;
    s->ctlr = (s->ctlr & ~bits) | ((uint32_t)value & bits);
    gicv3_update_all(s);
}

/* Messages for SPIs; A3V; 16 bits of id where there are LPIs, else 10. */
uint64_t gicv3_typer_read(void *dev, unsigned i)
{
    struct gicv3 *s = dev;
    uint32_t id_bits = s->lpis ? 16 : 10;
    return (s->spis + 31) / 32 | (uint32_t)s->security_extensions << 10 | UINT32_C(1) << 16 |
           (uint32_t)s->lpis << 17 | (id_bits - 1) << 19 | UINT32_C(1) << 24;
}

uint64_t gicv3_iidr_read(void *dev, unsigned i) { return GICV3_IIDR; }

/* GICD_SETSPI_NSR, _SR and GICD_CLRSPI_*: the pair's second is secure software's. */
static void message(struct gicv3 *s, unsigned i, uint64_t value, bool set)
{
    unsigned id = value & 0x3FF;
    if (id < 32 || id >= 32 + s->spis || (i && gicv3_nonsecure(s)))
        return;
    struct where w = shared(s, id / 32);
    if (set)
        set_bits(s, s->latched, w, UINT64_C(1) << id % 32);
    else
        clear_bits(s, s->latched, w, UINT64_C(1) << id % 32);
}

void gicv3_setspi_write(void *dev, unsigned i, uint64_t value) { message(dev, i, value, true); }
void gicv3_clrspi_write(void *dev, unsigned i, uint64_t value) { message(dev, i, value, false); }

uint64_t gicv3_zero_read(void *dev, unsigned i) { return 0; }

/* Peripheral and component identification, from 0xFFD0 on; the same in every frame. */
uint64_t gicv3_id_read(void *dev, unsigned i)
{
    static const uint8_t ids[12] = {
        0x44, 0, 0, 0, 0x92, 0xB4, 0x3B, 0, 0x0D, 0xF0, 0x05, 0xB1,
    };
    return ids[i % 12];
}
