/* SPDX-License-Identifier: MIT */
/*
 * gicv3-its-cmd.c: the command queue of an interrupt translation service (IHI 0069, 5.3), and what an event
 * becomes.
 *
 * Commands are carried out when software moves GITS_CWRITER, all of them before the write is done. One that makes no sense
 * is logged and skipped. A queue that lies in no memory stalls until software retries.
 */
#include "gicv3-its.h"

enum {
    CMD_MOVI = 0x01, CMD_INT = 0x03, CMD_CLEAR = 0x04, CMD_SYNC = 0x05, CMD_MAPD = 0x08,
    CMD_MAPC = 0x09, CMD_MAPTI = 0x0A, CMD_MAPI = 0x0B, CMD_INV = 0x0C, CMD_INVALL = 0x0D,
    CMD_MOVALL = 0x0E, CMD_DISCARD = 0x0F,
};
enum { COMMAND = 32, PAGE = 4096 };

#define CBASER_ADDRESS UINT64_C(0x000FFFFFFFFFF000)
#define VALID (UINT64_C(1) << 63)
#define STALLED UINT64_C(1)
#define OFFSET UINT64_C(0xFFFE0)

/* What the events of a collection reach: a vCPU that exists. */
static bool collection_cpu(struct its *s, uint32_t collection, uint32_t *ret)
{
    return its_get_collection(s, collection, ret) && *ret < ITS_LPI(s)->cpus(s->gic.dev);
}

static bool find_event(struct its *s, uint32_t device, uint32_t event, struct its_device *ret_device,
                       struct its_event *ret_event)
{
    return its_get_device(s, device, ret_device) &&
           its_get_event(s, ret_device, event, ret_event);
}

static bool set_event_pending(struct its *s, uint32_t device, uint32_t event, bool pending)
{
    struct its_device d;
    struct its_event e;
    uint32_t cpu;
    if (!find_event(s, device, event, &d, &e) || !collection_cpu(s, e.collection, &cpu))
        return false;
    ITS_LPI(s)->set(s->gic.dev, cpu, e.lpi, pending);
    return true;
}

bool its_signal(struct its *s, uint32_t device, uint32_t event)
{
    bool done = set_event_pending(s, device, event, true);
    ITS_LPI(s)->settle(s->gic.dev);
    return done;
}

/* ---- commands, as four words ------------------------------------------------------------------------- */

static uint32_t c_device(const uint64_t c[4]) { return (uint32_t)(c[0] >> 32); }
static uint32_t c_event(const uint64_t c[4]) { return (uint32_t)c[1]; }
static uint32_t c_collection(const uint64_t c[4]) { return c[2] & 0xFFFF; }
/* The vCPU's number: GITS_TYPER.PTA is 0. */
static uint64_t c_target(uint64_t word) { return word >> 16 & UINT64_C(0xFFFFFFFFF); }

static bool map_device(struct its *s, const uint64_t c[4])
{
    unsigned bits = (c[1] & 31) + 1;
    struct its_device d = { c[2] & UINT64_C(0x000FFFFFFFFFFF00), 0 };
    if (!(c[2] & VALID))
        return its_set_device(s, c_device(c), NULL);
    if (bits > ITS_ID_BITS)
        return false;
    d.events = UINT32_C(1) << bits;
    return its_set_device(s, c_device(c), &d);
}

static bool map_collection(struct its *s, const uint64_t c[4])
{
    uint64_t cpu = c_target(c[2]);
    bool valid = c[2] & VALID;
    return (!valid || cpu < ITS_LPI(s)->cpus(s->gic.dev)) &&
           its_set_collection(s, c_collection(c), valid, (uint32_t)cpu);
}

static bool map_event(struct its *s, const uint64_t c[4], uint32_t lpi)
{
    struct its_device d;
    struct its_event e = { lpi, c_collection(c) };
    return lpi >= GICV3_LPI_FIRST && lpi < GICV3_LPI_END && its_get_device(s, c_device(c), &d) &&
           its_set_event(s, &d, c_event(c), &e);
}

/* The event goes to another collection, and takes along what is pending. */
static bool move_event(struct its *s, const uint64_t c[4])
{
    struct its_device d;
    struct its_event e;
    uint32_t from, to;
    const struct gicv3_lpi_bus *lpi = ITS_LPI(s);
    if (!find_event(s, c_device(c), c_event(c), &d, &e) ||
        !collection_cpu(s, e.collection, &from) || !collection_cpu(s, c_collection(c), &to))
        return false;
    if (from != to && lpi->pending(s->gic.dev, from, e.lpi)) {
        lpi->set(s->gic.dev, from, e.lpi, false);
        lpi->set(s->gic.dev, to, e.lpi, true);
    }
    e.collection = c_collection(c);
    return its_set_event(s, &d, c_event(c), &e);
}

static bool move_all(struct its *s, const uint64_t c[4])
{
    uint64_t from = c_target(c[2]), to = c_target(c[3]), cpus = ITS_LPI(s)->cpus(s->gic.dev);
    if (from >= cpus || to >= cpus)
        return false;
    ITS_LPI(s)->move_all(s->gic.dev, (uint32_t)from, (uint32_t)to);
    return true;
}

static bool discard(struct its *s, const uint64_t c[4])
{
    struct its_device d;
    struct its_event e;
    if (!find_event(s, c_device(c), c_event(c), &d, &e))
        return false;
    set_event_pending(s, c_device(c), c_event(c), false);
    return its_set_event(s, &d, c_event(c), NULL);
}

static bool invalidate(struct its *s, const uint64_t c[4])
{
    struct its_device d;
    struct its_event e;
    if (!find_event(s, c_device(c), c_event(c), &d, &e))
        return false;
    ITS_LPI(s)->invalidate(s->gic.dev, e.lpi);
    return true;
}

static bool invalidate_all(struct its *s, const uint64_t c[4])
{
    uint32_t cpu;
    if (!collection_cpu(s, c_collection(c), &cpu))
        return false;
    ITS_LPI(s)->invalidate_all(s->gic.dev);
    return true;
}

static bool carry_out(struct its *s, const uint64_t c[4])
{
    switch (c[0] & 0xFF) {
    case CMD_MOVI: return move_event(s, c);
    case CMD_INT: return set_event_pending(s, c_device(c), c_event(c), true);
    case CMD_CLEAR: return set_event_pending(s, c_device(c), c_event(c), false);
    case CMD_SYNC: return true; /* nothing is ever outstanding */
    case CMD_MAPD: return map_device(s, c);
    case CMD_MAPC: return map_collection(s, c);
    case CMD_MAPTI: return map_event(s, c, (uint32_t)(c[1] >> 32));
    case CMD_MAPI: return map_event(s, c, c_event(c));
    case CMD_INV: return invalidate(s, c);
    case CMD_INVALL: return invalidate_all(s, c);
    case CMD_MOVALL: return move_all(s, c);
    case CMD_DISCARD: return discard(s, c);
    default: return false;
    }
}

/* ---- the queue ------------------------------------------------------------------------------------------ */

static bool fetch(struct its *s, uint64_t at, uint64_t c[4])
{
    for (unsigned i = 0; i < 4; i++)
        if (bp_dma_read_le64(s, at + 8 * i, &c[i]) < 0)
            return false;
    return true;
}

void its_run_commands(struct its *s)
{
    uint64_t size = ((s->cbaser & 0xFF) + 1) * PAGE, base = s->cbaser & CBASER_ADDRESS, c[4];
    uint64_t end = s->cwriter & OFFSET;
    if (!(s->ctlr & 1) || !(s->cbaser & VALID) || s->creadr & STALLED)
        return;
    if (end >= size || s->creadr >= size) {
        bp_log(s, BP_LOG_GUEST_ERROR, "GITS_CWRITER 0x%llx is outside the queue of 0x%llx bytes",
               (unsigned long long)end, (unsigned long long)size);
        return;
    }
    while (s->creadr != end) {
        if (!fetch(s, base + s->creadr, c)) {
            s->creadr |= STALLED;
            break;
        }
        if (!carry_out(s, c))
            bp_log(s, BP_LOG_GUEST_ERROR, "command 0x%02x of device 0x%x, event %u: not possible",
                   (unsigned)(c[0] & 0xFF), c_device(c), c_event(c));
        s->creadr = (s->creadr + COMMAND) % size;
    }
    ITS_LPI(s)->settle(s->gic.dev);
}
