/* SPDX-License-Identifier: MIT */
/* clock.h: the four clocks, and timers on them. Timers fire on the main loop's thread under the
 * machine lock. */
#ifndef BACKPLANE_CORE_CLOCK_H
#define BACKPLANE_CORE_CLOCK_H

#include <backplane/time.h>

#include <glib.h>
#include <stdatomic.h>

struct machine;
struct part;

/* A timer as the core keeps it. Zero it, then core_timer_init(). */
struct core_timer {
    int64_t deadline_ns; /* BP_NEVER: not armed */
    uint32_t place;      /* in its queue's heap, from 1; 0: not armed */
    uint32_t queue;
    struct machine *machine;
    void (*fire)(void *opaque);
    void *opaque;
    struct part *part;        /* entered around fire(), or NULL */
    struct bp_timer *mirror;  /* the part's member, or NULL */
};

/* Clocks that share deadlines share a queue. */
enum { CLOCK_QUEUES = 3 };

struct clock_queue {
    struct core_timer **heap; /* [1..count], earliest first */
    uint32_t count, capacity;
    int fd;                   /* timerfd that wakes the main loop */
    int64_t programmed_ns;    /* host time the fd is set to; BP_NEVER: not set */
    GSource *source;
};

struct clocks {
    struct clock_queue queue[CLOCK_QUEUES]; /* machine lock */
    _Atomic int64_t virtual_offset;         /* virtual = monotonic + this, while running */
    _Atomic int64_t virtual_frozen;         /* INT64_MIN: running */
};

int clock_init(struct machine *m);
void clock_finish(struct machine *m);
/* Virtual time goes on or stands still; initially it stands at 0. [main] */
void clock_run(struct machine *m, bool run);
/* Sets virtual time while it stands still (loading saved state). [main] */
void clock_set_virtual(struct machine *m, int64_t ns);

int core_timer_init(struct core_timer *t, struct machine *m, enum bp_clock clock,
                    void (*fire)(void *opaque), void *opaque);
/* [bus]: takes the machine lock where the caller does not hold it */
void core_timer_arm(struct core_timer *t, int64_t deadline_ns);

extern const struct bp_time_api time_api; /* backplane.time/1 */

#endif
