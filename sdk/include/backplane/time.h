/* SPDX-License-Identifier: MIT */
/*
 * time.h: clocks and timers. Time is in nanoseconds, signed 64 bit; a part knows no other time.
 */
#ifndef BACKPLANE_TIME_H
#define BACKPLANE_TIME_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bp_clock {
    BP_CLOCK_VIRTUAL = 1,    /* the guest's time: stands still while the machine is stopped */
    BP_CLOCK_REALTIME = 2,   /* host monotonic: for what the user sees, never for the guest */
    BP_CLOCK_HOST = 3,       /* wall clock, since 1970-01-01 UTC: for real-time clock devices */
    BP_CLOCK_VIRTUAL_RT = 4, /* as virtual, at host speed also where instructions drive time */
};

#define BP_NS_PER_S INT64_C(1000000000)
#define BP_NEVER INT64_MAX

/* A timer, embedded in a part's state and named in its table. Saved with the part. */
struct bp_timer {
    int64_t deadline_ns; /* BP_NEVER: not armed; read it with bp_timer_deadline() */
    uint64_t core[5];    /* the core's own */
};

struct bp_timer_row {
    const char *name;
    uint32_t field;            /* offset of the struct bp_timer */
    uint32_t clock;            /* enum bp_clock */
    void (*fire)(void *dev);   /* [bus] the deadline has come; the timer is disarmed before the call */
};
#define BP_TIMER(type, member, clock_, fire_)                                                      \
    { #member, offsetof(type, member), clock_, fire_ }

struct bp_time_api {
    uint32_t size, reserved;
    int64_t (*now)(void *dev, unsigned clock);
    void (*arm)(void *dev, struct bp_timer *timer, int64_t deadline_ns);
};
BP_IMPORT(bp_time_api, bp_time_, "backplane.time/1");

/* The clock's time in ns. [any] */
static inline int64_t bp_now(void *dev, enum bp_clock clock)
{
    return bp_time_->now(dev, clock);
}

/* Fires the timer once when its clock reaches deadline_ns; at once where that is past; BP_NEVER disarms.
 * Replaces an earlier deadline. A periodic timer keeps its deadline as a saved member and arms the
 * next from that, by bp_periods(), not from bp_now(), which is late by the host's delays. [bus] */
static inline void bp_timer_arm(void *dev, struct bp_timer *timer, int64_t deadline_ns)
{
    bp_time_->arm(dev, timer, deadline_ns);
}
static inline void bp_timer_cancel(void *dev, struct bp_timer *timer)
{
    bp_time_->arm(dev, timer, BP_NEVER);
}
static inline int64_t bp_timer_deadline(const struct bp_timer *timer)
{
    return timer->deadline_ns;
}

/* For periodic timers and counters (sdk/examples/tiny-timer.c): how many periods have ended by `now`, where *end_ns is
 * the end of the first that was not counted yet. *end_ns becomes the end of the period that runs at `now`, BP_NEVER
 * where that is beyond all time. A period below 1 ns counts as 1. [any] */
static inline uint64_t bp_periods(int64_t *end_ns, int64_t period_ns, int64_t now)
{
    if (now < *end_ns)
        return 0;
    uint64_t period = period_ns < 1 ? 1 : (uint64_t)period_ns;
    uint64_t n = ((uint64_t)now - (uint64_t)*end_ns) / period + 1;
    __int128 end = *end_ns + (__int128)n * period;
    *end_ns = end < BP_NEVER ? (int64_t)end : BP_NEVER;
    return n;
}

/* value * mul / div without overflow in between; div is not 0. For ticks <-> ns. */
static inline uint64_t bp_muldiv(uint64_t value, uint64_t mul, uint64_t div)
{
    return (uint64_t)((unsigned __int128)value * mul / div);
}

#ifdef __cplusplus
}
#endif
#endif
