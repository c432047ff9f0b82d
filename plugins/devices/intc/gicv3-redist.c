/* SPDX-License-Identifier: MIT */
/*
 * gicv3-redist.c: what a redistributor has of its own: the handshake with a vCPU that sleeps, and LPIs
 * (IHI 0069, 5.1 and 12.11).
 *
 * LPIs are configured by a byte each in a table in guest memory, which is cached and read again when software
 * says so (INV, INVALL). Pending bits are kept here; the pending table in memory is read when LPIs are
 * enabled and written when they are disabled, as the architecture allows.
 */
#include "gicv3.h"

#include <string.h>

enum {
    CTLR_ENABLE_LPIS = 1 << 0,
    CTLR_CES = 1 << 1, /* LPIs can be disabled again */
    CONFIG_ENABLED = 1 << 0,
    CONFIG_CACHED = 1 << 1, /* a reserved bit in memory: the byte is that of the table */
    CONFIG_PRIORITY = 0xFC,
    WORDS = (GICV3_LPI_WORDS + 63) / 64,
};

#define PENDBASER_PTZ (UINT64_C(1) << 62)
#define TABLE_ADDRESS UINT64_C(0x000FFFFFFFFFF000)

static bool lpis_on(const struct gicv3 *s, unsigned cpu)
{
    return s->redist_ctlr[cpu] & CTLR_ENABLE_LPIS;
}

/* Ids below this have a place in the vCPU's tables. */
static uint32_t lpi_end(const struct gicv3 *s, unsigned cpu)
{
    unsigned bits = (s->propbaser[cpu] & 31) + 1;
    return bits >= 16 ? GICV3_LPI_END : UINT32_C(1) << bits;
}

/* ---- the tables in memory ------------------------------------------------------------------------ */

static uint8_t config_of(struct gicv3 *s, unsigned cpu, unsigned n)
{
    uint8_t byte = 0;
    if (s->lpi_config[n] & CONFIG_CACHED)
        return s->lpi_config[n];
    if (GICV3_LPI_FIRST + n < lpi_end(s, cpu))
        bp_dma_read(s, (s->propbaser[cpu] & TABLE_ADDRESS) + n, &byte, 1); /* fails: not enabled */
    return s->lpi_config[n] = byte | CONFIG_CACHED;
}

static uint64_t pending_table(const struct gicv3 *s, unsigned cpu)
{
    return (s->pendbaser[cpu] & TABLE_ADDRESS & ~UINT64_C(0xFFFF)) + GICV3_LPI_FIRST / 8;
}

static void read_pending(struct gicv3 *s, unsigned cpu)
{
    uint8_t bytes[GICV3_LPIS / 8];
    uint32_t end = lpi_end(s, cpu), n = end > GICV3_LPI_FIRST ? (end - GICV3_LPI_FIRST) / 8 : 0;
    if (s->pendbaser[cpu] & PENDBASER_PTZ || !n ||
        bp_dma_read(s, pending_table(s, cpu), bytes, n) < 0)
        return;
    for (uint32_t i = 0; i < n; i++)
        s->lpi_pending[cpu][i / 8] |= (uint64_t)bytes[i] << 8 * (i % 8);
}

static void write_pending(struct gicv3 *s, unsigned cpu)
{
    uint8_t bytes[GICV3_LPIS / 8];
    uint32_t end = lpi_end(s, cpu), n = end > GICV3_LPI_FIRST ? (end - GICV3_LPI_FIRST) / 8 : 0;
    for (uint32_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(s->lpi_pending[cpu][i / 8] >> 8 * (i % 8));
    if (n)
        bp_dma_write(s, pending_table(s, cpu), bytes, n);
    for (unsigned i = 0; i < GICV3_LPI_WORDS; i++)
        s->lpi_pending[cpu][i] = 0;
}

/* ---- pending LPIs ---------------------------------------------------------------------------------- */

/* Priorities in the table are non-secure software's. */
static uint8_t priority_of(const struct gicv3 *s, uint8_t config)
{
    uint8_t p = config & CONFIG_PRIORITY;
    return (s->security_extensions ? 0x80 | p >> 1 : p) & GIC_PRIORITY_MASK;
}

static void choose(struct gicv3 *s, unsigned cpu)
{
    uint32_t best = GIC_SPURIOUS;
    unsigned best_priority = GIC_IDLE + 1;
    for (unsigned k = 0; k < WORDS && lpis_on(s, cpu); k++) {
        for (uint64_t words = s->lpi_words[cpu][k]; words; words &= words - 1) {
            unsigned w = k * 64 + (unsigned)__builtin_ctzll(words);
            for (uint64_t left = s->lpi_pending[cpu][w]; left; left &= left - 1) {
                unsigned n = w * 64 + (unsigned)__builtin_ctzll(left);
                uint8_t config = config_of(s, cpu, n), p = priority_of(s, config);
                if (!(config & CONFIG_ENABLED) || p >= best_priority)
                    continue;
                best = GICV3_LPI_FIRST + n;
                best_priority = p;
            }
        }
    }
    s->lpi_best[cpu] = best;
    s->lpi_best_priority[cpu] = (uint8_t)best_priority;
}

static void note_word(struct gicv3 *s, unsigned cpu, unsigned w)
{
    uint64_t bit = UINT64_C(1) << w % 64, *words = &s->lpi_words[cpu][w / 64];
    *words = s->lpi_pending[cpu][w] ? *words | bit : *words & ~bit;
}

void gicv3_update_lpis(struct gicv3 *s, unsigned cpu)
{
    for (unsigned w = 0; w < GICV3_LPI_WORDS; w++)
        note_word(s, cpu, w);
    choose(s, cpu);
}

static void set_pending(struct gicv3 *s, unsigned cpu, unsigned n, bool pending)
{
    uint64_t bit = UINT64_C(1) << n % 64, *word = &s->lpi_pending[cpu][n / 64];
    if (pending == ((*word & bit) != 0))
        return;
    *word ^= bit;
    note_word(s, cpu, n / 64);
    s->lpi_moved |= UINT64_C(1) << cpu;
    if (!pending) {
        if (s->lpi_best[cpu] == GICV3_LPI_FIRST + n)
            s->lpi_stale |= UINT64_C(1) << cpu;
        return;
    }
    uint8_t config = config_of(s, cpu, n), p = priority_of(s, config);
    uint32_t lpi = GICV3_LPI_FIRST + n, best = s->lpi_best[cpu];
    if (config & CONFIG_ENABLED &&
        (best == GIC_SPURIOUS || p < s->lpi_best_priority[cpu] ||
         (p == s->lpi_best_priority[cpu] && lpi < best))) {
        s->lpi_best[cpu] = lpi;
        s->lpi_best_priority[cpu] = p;
    }
}

static void settle(void *gic)
{
    struct gicv3 *s = gic;
    for (uint64_t left = s->lpi_stale; left; left &= left - 1)
        choose(s, (unsigned)__builtin_ctzll(left));
    for (uint64_t left = s->lpi_stale | s->lpi_moved; left; left &= left - 1)
        gicv3_update_cpu(s, (unsigned)__builtin_ctzll(left));
    s->lpi_stale = s->lpi_moved = 0;
}

void gicv3_take_lpi(struct gicv3 *s, unsigned cpu, uint32_t lpi)
{
    set_pending(s, cpu, lpi - GICV3_LPI_FIRST, false);
    settle(s);
}

/* ---- for the translation service ----------------------------------------------------------------- */

static bool usable(const struct gicv3 *s, uint32_t cpu, uint32_t lpi)
{
    return cpu < s->cpus && lpis_on(s, cpu) && lpi >= GICV3_LPI_FIRST && lpi < lpi_end(s, cpu);
}

static uint32_t lpi_cpus(void *gic) { return ((struct gicv3 *)gic)->cpus; }

static void lpi_set(void *gic, uint32_t cpu, uint32_t lpi, bool pending)
{
    struct gicv3 *s = gic;
    if (usable(s, cpu, lpi))
        set_pending(s, cpu, lpi - GICV3_LPI_FIRST, pending);
}

static bool lpi_is_pending(void *gic, uint32_t cpu, uint32_t lpi)
{
    const struct gicv3 *s = gic;
    uint32_t n = lpi - GICV3_LPI_FIRST;
    return usable(s, cpu, lpi) && s->lpi_pending[cpu][n / 64] >> n % 64 & 1;
}

static void lpi_invalidate(void *gic, uint32_t lpi)
{
    struct gicv3 *s = gic;
    uint32_t n = lpi - GICV3_LPI_FIRST;
    if (n >= GICV3_LPIS)
        return;
    s->lpi_config[n] = 0;
    for (unsigned c = 0; c < s->cpus; c++)
        if (s->lpi_pending[c][n / 64] >> n % 64 & 1)
            s->lpi_stale |= UINT64_C(1) << c;
}

static void lpi_invalidate_all(void *gic)
{
    struct gicv3 *s = gic;
    memset(s->lpi_config, 0, sizeof s->lpi_config);
    for (unsigned c = 0; c < s->cpus; c++)
        s->lpi_stale |= UINT64_C(1) << c;
}

static void lpi_move_all(void *gic, uint32_t from, uint32_t to)
{
    struct gicv3 *s = gic;
    if (from >= s->cpus || to >= s->cpus || from == to || !lpis_on(s, to))
        return;
    for (unsigned w = 0; w < GICV3_LPI_WORDS; w++) {
        if (!s->lpi_pending[from][w])
            continue;
        s->lpi_pending[to][w] |= s->lpi_pending[from][w];
        s->lpi_pending[from][w] = 0;
        note_word(s, from, w);
        note_word(s, to, w);
    }
    s->lpi_stale |= UINT64_C(1) << from | UINT64_C(1) << to;
}

const struct gicv3_lpi_bus gicv3_lpi_bus = {
    sizeof gicv3_lpi_bus, 0, lpi_cpus, lpi_set, lpi_is_pending, lpi_invalidate, lpi_invalidate_all,
    lpi_move_all, settle,
};

/* ---- registers --------------------------------------------------------------------------------------- */

/* Without security there is no firmware that would wake the vCPUs' interfaces: they are awake from the start. */
void gicv3_redist_reset(struct gicv3 *s)
{
    for (unsigned c = 0; c < GICV3_CPUS; c++) {
        s->waker[c] = s->security_extensions ? WAKER_SLEEP | WAKER_ASLEEP : 0;
        s->redist_ctlr[c] = 0;
        s->propbaser[c] = s->pendbaser[c] = 0;
        for (unsigned i = 0; i < GICV3_LPI_WORDS; i++)
            s->lpi_pending[c][i] = 0;
    }
    for (unsigned n = 0; n < GICV3_LPIS; n++)
        s->lpi_config[n] = 0;
}

uint64_t gicv3_r_ctlr_read(void *dev, unsigned cpu)
{
    struct gicv3 *s = dev;
    return s->lpis && cpu < s->cpus ? s->redist_ctlr[cpu] | CTLR_CES : 0;
}

void gicv3_r_ctlr_write(void *dev, unsigned cpu, uint64_t value)
{
    struct gicv3 *s = dev;
    bool on = value & CTLR_ENABLE_LPIS;
    if (!s->lpis || cpu >= s->cpus || on == lpis_on(s, cpu))
        return;
    s->redist_ctlr[cpu] = on ? CTLR_ENABLE_LPIS : 0;
    if (on)
        read_pending(s, cpu);
    else
        write_pending(s, cpu);
    gicv3_update_lpis(s, cpu);
    gicv3_update_cpu(s, cpu);
}

uint64_t gicv3_r_typer_read(void *dev, unsigned cpu)
{
    enum { SHARED_BY_AFF3 = 1 << 24, LAST = 1 << 4 };
    struct gicv3 *s = dev;
    if (cpu >= s->cpus)
        return 0;
    return (uint64_t)s->affinity[cpu] << 32 | SHARED_BY_AFF3 | cpu << 8 |
           (cpu == s->cpus - 1 ? LAST : 0) | (s->lpis ? 1 : 0);
}

uint64_t gicv3_r_waker_read(void *dev, unsigned cpu)
{
    struct gicv3 *s = dev;
    return cpu < s->cpus && !gicv3_nonsecure(s) ? s->waker[cpu] : 0;
}

void gicv3_r_waker_write(void *dev, unsigned cpu, uint64_t value)
{
    struct gicv3 *s = dev;
    if (cpu >= s->cpus || gicv3_nonsecure(s))
        return;
    s->waker[cpu] = value & WAKER_SLEEP ? WAKER_SLEEP | WAKER_ASLEEP : 0;
    gicv3_update_routes(s);
    gicv3_update_all(s);
}

/* Storage is the row's; without LPIs there is none. */
void gicv3_propbaser_write(void *dev, unsigned cpu, uint64_t value)
{
    struct gicv3 *s = dev;
    if (!s->lpis || cpu >= s->cpus)
        s->propbaser[cpu] = 0;
    else if (lpis_on(s, cpu))
        bp_log(s, BP_LOG_GUEST_ERROR, "GICR_PROPBASER of cpu %u is written while LPIs are on", cpu);
}

uint64_t gicv3_pendbaser_read(void *dev, unsigned cpu)
{
    struct gicv3 *s = dev;
    return s->pendbaser[cpu] & ~PENDBASER_PTZ; /* PTZ is write-only */
}

void gicv3_pendbaser_write(void *dev, unsigned cpu, uint64_t value)
{
    struct gicv3 *s = dev;
    if (!s->lpis || cpu >= s->cpus)
        s->pendbaser[cpu] = 0;
    else if (lpis_on(s, cpu))
        bp_log(s, BP_LOG_GUEST_ERROR, "GICR_PENDBASER of cpu %u is written while LPIs are on", cpu);
}
