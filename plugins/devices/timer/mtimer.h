/* SPDX-License-Identifier: MIT */
/*
 * mtimer.h: the machine timer that CLINT and ACLINT share (RISC-V Advanced Core Local Interruptor
 * specification, chapter 2): one mtime for all harts, an mtimecmp and an output a hart.
 */
#ifndef MTIMER_H
#define MTIMER_H

#include <backplane/bus/riscv-time.h>
#include <backplane/device.h>
#include <backplane/time.h>

enum { MTIMER_HARTS = 64 };

/* First member of the devices' states. One timer serves all harts: it is set to the nearest deadline. */
struct mtimer {
    uint64_t mtimecmp[MTIMER_HARTS];
    struct {
        void (*moved)(void *hart);
        void *hart;
    } watchers[MTIMER_HARTS];
    uint32_t watching;
    uint64_t offset_ticks; /* mtime minus virtual time, modulo 2^64; read without a lock */
    uint32_t harts;
    uint32_t timebase_frequency;
    struct bp_timer deadline;
    struct bp_pin **mtip;
};

static uint64_t mtimer_raw_ticks(struct mtimer *t)
{
    return bp_muldiv((uint64_t)bp_now(t, BP_CLOCK_VIRTUAL), t->timebase_frequency, BP_NS_PER_S);
}

static uint64_t mtimer_now(void *dev)
{
    struct mtimer *t = dev;
    return mtimer_raw_ticks(t) + __atomic_load_n(&t->offset_ticks, __ATOMIC_RELAXED);
}

/* Virtual time at which `raw` ticks have passed, rounded up. */
static int64_t mtimer_ns(const struct mtimer *t, unsigned __int128 raw)
{
    unsigned __int128 ns = (raw * BP_NS_PER_S + t->timebase_frequency - 1) / t->timebase_frequency;
    return ns < BP_NEVER ? (int64_t)ns : BP_NEVER;
}

/* Drives every output by its compare register and waits for the nearest that is still ahead. */
static void mtimer_update(void *dev)
{
    struct mtimer *t = dev;
    uint64_t raw = mtimer_raw_ticks(t), now = raw + t->offset_ticks, nearest = UINT64_MAX;
    for (uint32_t h = 0; h < t->harts; h++) {
        bool reached = now >= t->mtimecmp[h];
        bp_pin_set(t->mtip[h], reached);
        if (!reached && t->mtimecmp[h] - now < nearest)
            nearest = t->mtimecmp[h] - now;
    }
    bp_timer_arm(t, &t->deadline, nearest == UINT64_MAX
                                      ? BP_NEVER
                                      : mtimer_ns(t, (unsigned __int128)raw + nearest));
}

static void mtimer_cmp_written(void *dev, unsigned i, uint64_t value) { mtimer_update(dev); }

/* mtime lies under no register row: it has no storage for a narrow write to merge with. */
static uint64_t mtimer_read_mtime(struct mtimer *t, uint64_t offset, unsigned size)
{
    return mtimer_now(t) >> 8 * offset;
}

static void mtimer_write_mtime(struct mtimer *t, uint64_t offset, uint64_t value, unsigned size)
{
    uint64_t mask = size == 8 ? UINT64_MAX : ((UINT64_C(1) << 8 * size) - 1) << 8 * offset;
    uint64_t raw = mtimer_raw_ticks(t), now = raw + t->offset_ticks;
    now = (now & ~mask) | (value << 8 * offset & mask);
    __atomic_store_n(&t->offset_ticks, now - raw, __ATOMIC_RELAXED);
    mtimer_update(t);
    for (uint32_t i = 0; i < t->watching; i++)
        t->watchers[i].moved(t->watchers[i].hart);
}

/* mtime starts again from 0; the compare registers are at their reset value, as far away as can be. */
static void mtimer_reset(void *dev)
{
    struct mtimer *t = dev;
    __atomic_store_n(&t->offset_ticks, 0 - mtimer_raw_ticks(t), __ATOMIC_RELAXED);
    mtimer_update(t);
}

static int mtimer_post_load(void *dev)
{
    mtimer_update(dev);
    return 0;
}

/* More harts than outputs are told of nothing: their time is read, and that is all. */
static void mtimer_watch(void *dev, void (*moved)(void *hart), void *hart)
{
    struct mtimer *t = dev;
    if (t->watching == MTIMER_HARTS)
        return;
    t->watchers[t->watching].moved = moved;
    t->watchers[t->watching++].hart = hart;
}

static const struct bp_riscv_time mtimer_time = { sizeof mtimer_time, 0, mtimer_now, mtimer_watch };

#define MTIMER_REG(offset_)                                                                        \
    { "MTIMECMP", offset_, 64, .field = offsetof(struct mtimer, mtimecmp), .field_size = 8,        \
      .count = MTIMER_HARTS, .reset = UINT64_MAX, .writable = UINT64_MAX,                          \
      .write = mtimer_cmp_written }
#define MTIMER_PIN BP_OUT_N(struct mtimer, mtip, "harts")
#define MTIMER_PROPS                                                                               \
    BP_UINT(struct mtimer, harts, 1, 1, MTIMER_HARTS, "number of harts served"),                   \
    BP_UINT(struct mtimer, timebase_frequency, 10000000, 1, 1000000000, "Hz of mtime")
#define MTIMER_TIMER BP_TIMER(struct mtimer, deadline, BP_CLOCK_VIRTUAL, mtimer_update)
#define MTIMER_SAVED                                                                               \
    BP_SAVED(struct mtimer, offset_ticks, 1), BP_TRANSIENT(struct mtimer, watchers),               \
        BP_TRANSIENT(struct mtimer, watching)
#define MTIMER_OFFER                                                                               \
    { .name = "time", .id = BP_RISCV_TIME_ID, .api = &mtimer_time }

#endif
