/* SPDX-License-Identifier: MIT */
/* gicv3-dist.c: states of shared and private interrupts, and where they go (IHI 0069, chapters 3 and 4). */
#include "gicv3.h"

enum { SGIS = 0x0000FFFF }; /* of word 0 */

static uint32_t pending(const struct gicv3 *s, unsigned slot)
{
    return s->latched[slot] | (s->level[slot] & ~s->edge[slot]);
}

/* Interrupts of the word that could go to a vCPU. */
static uint32_t candidates(const struct gicv3 *s, unsigned slot)
{
    uint32_t mod = s->security_extensions ? s->group_mod[slot] : 0;
    uint32_t groups = (s->ctlr & GICD_ENG0 ? ~s->group[slot] & ~mod : 0) |
                      (s->ctlr & GICD_ENG1 ? s->group[slot] : 0) |
                      (s->ctlr & GICD_ENG1S ? ~s->group[slot] & mod : 0);
    return pending(s, slot) & s->enabled[slot] & ~s->active[slot] & groups;
}

static void set_ready(struct gicv3 *s, unsigned cpu, unsigned word, uint32_t ready)
{
    uint32_t bit = UINT32_C(1) << word;
    s->ready[cpu][word] = ready;
    s->ready_words[cpu] = ready ? s->ready_words[cpu] | bit : s->ready_words[cpu] & ~bit;
}

void gicv3_update_private(struct gicv3 *s, unsigned cpu)
{
    set_ready(s, cpu, 0, candidates(s, cpu));
    gicv3_update_cpu(s, cpu);
}

/* Puts the interrupts of `bits` where they are routed; returns which vCPUs may have noticed. */
static uint64_t place(struct gicv3 *s, unsigned word, uint32_t bits)
{
    uint32_t now = candidates(s, gicv3_slot(0, word));
    uint64_t touched = 0;
    for (; bits; bits &= bits - 1) {
        unsigned n = word * 32 + (unsigned)__builtin_ctz(bits) - 32;
        unsigned cpu = n < GICV3_SPIS ? s->route[n] : GICV3_NO_CPU;
        uint32_t bit = bits & -bits;
        if (cpu == GICV3_NO_CPU || !((s->ready[cpu][word] | now) & bit))
            continue;
        set_ready(s, cpu, word, (s->ready[cpu][word] & ~bit) | (now & bit));
        touched |= UINT64_C(1) << cpu;
    }
    return touched;
}

void gicv3_update_spis(struct gicv3 *s, unsigned word, uint32_t bits)
{
    for (uint64_t left = place(s, word, bits); left; left &= left - 1)
        gicv3_update_cpu(s, (unsigned)__builtin_ctzll(left));
}

void gicv3_update_all(struct gicv3 *s)
{
    for (unsigned c = 0; c < s->cpus; c++) {
        for (unsigned w = 1; w < GICV3_WORDS; w++)
            set_ready(s, c, w, 0);
        set_ready(s, c, 0, candidates(s, c));
    }
    for (unsigned w = 1; w < GICV3_WORDS; w++)
        place(s, w, UINT32_MAX);
    for (unsigned c = 0; c < s->cpus; c++)
        gicv3_update_cpu(s, c);
}

/* ---- routing ----------------------------------------------------------------------------------- */

#define IROUTER_ANY (UINT64_C(1) << 31)

/* Any vCPU is the first that is awake. */
static uint8_t route_of(const struct gicv3 *s, uint64_t irouter)
{
    uint32_t affinity = (uint32_t)(irouter >> 32 & 0xFF) << 24 | (uint32_t)(irouter & 0xFFFFFF);
    for (unsigned c = 0; c < s->cpus; c++)
        if (irouter & IROUTER_ANY ? !(s->waker[c] & WAKER_SLEEP) : s->affinity[c] == affinity)
            return (uint8_t)c;
    return GICV3_NO_CPU;
}

void gicv3_update_route(struct gicv3 *s, unsigned spi)
{
    s->route[spi] = route_of(s, s->irouter[spi]);
}

void gicv3_update_routes(struct gicv3 *s)
{
    for (unsigned n = 0; n < GICV3_SPIS; n++)
        gicv3_update_route(s, n);
}

/* ---- changes of state ---------------------------------------------------------------------------- */

static void update_id(struct gicv3 *s, unsigned cpu, unsigned id)
{
    if (id < 32)
        gicv3_update_private(s, cpu);
    else
        gicv3_update_spis(s, id / 32, UINT32_C(1) << id % 32);
}

static void set_input(struct gicv3 *s, unsigned cpu, unsigned id, bool level)
{
    unsigned slot = gicv3_slot(cpu, id / 32);
    uint32_t bit = UINT32_C(1) << id % 32;
    if (level && s->edge[slot] & bit && !(s->level[slot] & bit))
        s->latched[slot] |= bit;
    s->level[slot] = level ? s->level[slot] | bit : s->level[slot] & ~bit;
    update_id(s, cpu, id);
}

void gicv3_set_spi(void *dev, unsigned i, bool level)
{
    struct gicv3 *s = dev;
    if (i < s->spis)
        set_input(s, 0, 32 + i, level);
}

/* Pin cpu * 16 + n is the private interrupt 16 + n of that vCPU. */
void gicv3_set_ppi(void *dev, unsigned i, bool level)
{
    struct gicv3 *s = dev;
    if (i / 16 < s->cpus)
        set_input(s, i / 16, 16 + i % 16, level);
}

void gicv3_set_sgi(struct gicv3 *s, unsigned cpu, unsigned id)
{
    s->latched[cpu] |= UINT32_C(1) << id;
    gicv3_update_private(s, cpu);
}

void gicv3_activate(struct gicv3 *s, unsigned cpu, unsigned id)
{
    unsigned slot = gicv3_slot(cpu, id / 32);
    uint32_t bit = UINT32_C(1) << id % 32;
    s->active[slot] |= bit;
    s->latched[slot] &= ~bit;
    update_id(s, cpu, id);
}

void gicv3_deactivate(struct gicv3 *s, unsigned cpu, unsigned id)
{
    if (id >= GICV3_IDS)
        return;
    s->active[gicv3_slot(cpu, id / 32)] &= ~(UINT32_C(1) << id % 32);
    update_id(s, cpu, id);
}

void gicv3_dist_reset(struct gicv3 *s)
{
    s->ctlr = 0;
    for (unsigned i = 0; i < GICV3_SLOTS; i++) {
        s->group[i] = s->group_mod[i] = s->enabled[i] = s->active[i] = s->latched[i] = 0;
        s->edge[i] = i < GICV3_CPUS ? SGIS : 0;
    }
    for (unsigned i = 0; i < GICV3_SLOTS * 32; i++)
        s->priority[i] = 0;
    for (unsigned i = 0; i < GICV3_SPIS; i++)
        s->irouter[i] = 0;
}
