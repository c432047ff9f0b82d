/* SPDX-License-Identifier: MIT */
/*
 * clock.c: clocks and timers. A queue of deadlines per time base, each a heap under the machine
 * lock and a timerfd in the main loop. Arming touches the timerfd only where the new deadline is
 * earlier than what it is set to; a deadline that moved later costs one early wake-up instead.
 */
#include <core/loop.h>
#include <core/machine.h>

#include <errno.h>
#include <glib-unix.h>
#include <inttypes.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE_VIRTUAL, QUEUE_REALTIME, QUEUE_HOST };
#define RUNNING INT64_MIN

static int64_t host_time(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return t.tv_sec * BP_NS_PER_S + t.tv_nsec;
}

static clockid_t host_clock(unsigned queue)
{
    return queue == QUEUE_HOST ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

static int64_t virtual_now(const struct clocks *c)
{
    int64_t frozen = atomic_load_explicit(&c->virtual_frozen, memory_order_acquire);
    if (frozen != RUNNING)
        return frozen;
    int64_t offset = atomic_load_explicit(&c->virtual_offset, memory_order_relaxed);
    return host_time(CLOCK_MONOTONIC) + offset;
}

int64_t machine_now(const struct machine *m, enum bp_clock clock)
{
    switch (clock) {
    case BP_CLOCK_REALTIME:
        return host_time(CLOCK_MONOTONIC);
    case BP_CLOCK_HOST:
        return host_time(CLOCK_REALTIME);
    default:
        return virtual_now(&m->clocks);
    }
}

static int64_t queue_now(const struct machine *m, unsigned queue)
{
    return queue == QUEUE_VIRTUAL ? virtual_now(&m->clocks) : host_time(host_clock(queue));
}

/* ---- heaps ----------------------------------------------------------------------------------- */

static void put(struct clock_queue *q, uint32_t place, struct core_timer *t)
{
    q->heap[place] = t;
    t->place = place;
}

static void sift_up(struct clock_queue *q, uint32_t place, struct core_timer *t)
{
    while (place > 1 && q->heap[place / 2]->deadline_ns > t->deadline_ns) {
        put(q, place, q->heap[place / 2]);
        place /= 2;
    }
    put(q, place, t);
}

static void sift_down(struct clock_queue *q, uint32_t place, struct core_timer *t)
{
    for (uint32_t child; (child = 2 * place) <= q->count; place = child) {
        if (child < q->count && q->heap[child + 1]->deadline_ns < q->heap[child]->deadline_ns)
            child++;
        if (q->heap[child]->deadline_ns >= t->deadline_ns)
            break;
        put(q, place, q->heap[child]);
    }
    put(q, place, t);
}

static void heap_add(struct clock_queue *q, struct core_timer *t)
{
    if (q->count + 1 >= q->capacity) {
        q->capacity = q->capacity ? 2 * q->capacity : 32;
        q->heap = g_renew(struct core_timer *, q->heap, q->capacity);
    }
    sift_up(q, ++q->count, t);
}

static void heap_remove(struct clock_queue *q, struct core_timer *t)
{
    struct core_timer *last = q->heap[q->count--];
    uint32_t place = t->place;
    t->place = 0;
    if (last == t)
        return;
    if (place > 1 && q->heap[place / 2]->deadline_ns > last->deadline_ns)
        sift_up(q, place, last);
    else
        sift_down(q, place, last);
}

/* ---- waking the main loop -------------------------------------------------------------------- */

static void program(struct machine *m, unsigned queue)
{
    struct clock_queue *q = &m->clocks.queue[queue];
    int64_t at = q->count ? q->heap[1]->deadline_ns : BP_NEVER;
    if (queue == QUEUE_VIRTUAL && at != BP_NEVER) {
        if (atomic_load(&m->clocks.virtual_frozen) != RUNNING)
            at = BP_NEVER;
        else if (__builtin_sub_overflow(at, atomic_load(&m->clocks.virtual_offset), &at))
            at = BP_NEVER;
    }
    at = MAX(at, 1); /* 0 would disarm */
    if (at == q->programmed_ns)
        return;
    q->programmed_ns = at;
    struct itimerspec spec = { 0 };
    if (at != BP_NEVER) {
        spec.it_value.tv_sec = at / BP_NS_PER_S;
        spec.it_value.tv_nsec = at % BP_NS_PER_S;
    }
    timerfd_settime(q->fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* Only where the first deadline comes before what the timerfd is set to. */
static void program_earlier(struct machine *m, unsigned queue)
{
    struct clocks *c = &m->clocks;
    int64_t at = c->queue[queue].heap[1]->deadline_ns;
    if (queue == QUEUE_VIRTUAL) {
        if (atomic_load_explicit(&c->virtual_frozen, memory_order_relaxed) != RUNNING)
            return;
        if (__builtin_sub_overflow(at, atomic_load(&c->virtual_offset), &at))
            return;
    }
    if (MAX(at, 1) < c->queue[queue].programmed_ns)
        program(m, queue);
}

void core_timer_arm(struct core_timer *t, int64_t deadline_ns)
{
    struct machine *m = t->machine;
    struct clock_queue *q = &m->clocks.queue[t->queue];
    machine_lock(m);
    if (t->place)
        heap_remove(q, t);
    t->deadline_ns = deadline_ns;
    if (t->mirror)
        t->mirror->deadline_ns = deadline_ns;
    if (deadline_ns != BP_NEVER) {
        heap_add(q, t);
        if (t->place == 1)
            program_earlier(m, t->queue);
    }
    machine_unlock(m);
}

static void fire(struct core_timer *t)
{
    t->deadline_ns = BP_NEVER;
    if (t->mirror)
        t->mirror->deadline_ns = BP_NEVER;
    if (t->part)
        part_enter(t->part);
    t->fire(t->opaque);
    if (t->part)
        part_leave(t->part);
}

/* Fires what is due. Timers armed again for the past wait for the loop's next round. */
static void run_queue(struct machine *m, unsigned queue)
{
    struct clock_queue *q = &m->clocks.queue[queue];
    machine_lock(m);
    int64_t now = queue_now(m, queue);
    for (uint32_t limit = q->count; limit && q->count && q->heap[1]->deadline_ns <= now; limit--) {
        struct core_timer *t = q->heap[1];
        heap_remove(q, t);
        fire(t);
    }
    q->programmed_ns = BP_NEVER; /* it has gone off */
    program(m, queue);
    machine_unlock(m);
}

static gboolean timerfd_ready(gint fd, GIOCondition condition, gpointer opaque)
{
    struct machine *m = opaque;
    uint64_t times;
    if (read(fd, &times, sizeof times) < 0)
        return G_SOURCE_CONTINUE;
    for (unsigned i = 0; i < CLOCK_QUEUES; i++)
        if (m->clocks.queue[i].fd == fd)
            run_queue(m, i);
    return G_SOURCE_CONTINUE;
}

/* ---- life ------------------------------------------------------------------------------------ */

int clock_init(struct machine *m)
{
    for (unsigned i = 0; i < CLOCK_QUEUES; i++)
        m->clocks.queue[i].fd = -1;
    /* For programs, virtual time is the host's: it must be the same in all processes. */
    atomic_init(&m->clocks.virtual_frozen, m->runs_program ? RUNNING : 0);
    for (unsigned i = 0; i < CLOCK_QUEUES; i++) {
        struct clock_queue *q = &m->clocks.queue[i];
        q->programmed_ns = BP_NEVER;
        if (m->runs_program)
            continue; /* timers may be armed, but do not go off */
        q->fd = timerfd_create(host_clock(i), TFD_NONBLOCK | TFD_CLOEXEC);
        if (q->fd < 0)
            return core_error(errno, "the host gives no timer: %s", strerror(errno));
        q->source = g_unix_fd_source_new(q->fd, G_IO_IN);
        g_source_set_priority(q->source, G_PRIORITY_HIGH);
        g_source_set_callback(q->source, G_SOURCE_FUNC(timerfd_ready), m, NULL);
        g_source_attach(q->source, loop_context(m->loop));
    }
    return 0;
}

void clock_finish(struct machine *m)
{
    for (unsigned i = 0; i < CLOCK_QUEUES; i++) {
        struct clock_queue *q = &m->clocks.queue[i];
        if (q->source) {
            g_source_destroy(q->source);
            g_source_unref(q->source);
        }
        if (q->fd >= 0)
            close(q->fd);
        g_free(q->heap);
    }
}

void clock_run(struct machine *m, bool run)
{
    struct clocks *c = &m->clocks;
    machine_lock(m);
    int64_t frozen = atomic_load(&c->virtual_frozen);
    if (run && frozen != RUNNING) {
        atomic_store(&c->virtual_offset, frozen - host_time(CLOCK_MONOTONIC));
        atomic_store(&c->virtual_frozen, RUNNING);
    } else if (!run && frozen == RUNNING) {
        atomic_store(&c->virtual_frozen, virtual_now(c));
    }
    program(m, QUEUE_VIRTUAL);
    machine_unlock(m);
}

void clock_set_virtual(struct machine *m, int64_t ns)
{
    atomic_store(&m->clocks.virtual_frozen, ns == RUNNING ? 0 : ns);
}

int core_timer_init(struct core_timer *t, struct machine *m, enum bp_clock clock,
                    void (*fire_)(void *opaque), void *opaque)
{
    static const uint32_t queues[] = {
        [BP_CLOCK_VIRTUAL] = QUEUE_VIRTUAL, [BP_CLOCK_REALTIME] = QUEUE_REALTIME,
        [BP_CLOCK_HOST] = QUEUE_HOST, [BP_CLOCK_VIRTUAL_RT] = QUEUE_VIRTUAL,
    };
    if (clock < BP_CLOCK_VIRTUAL || clock > BP_CLOCK_VIRTUAL_RT)
        return -EINVAL;
    *t = (struct core_timer){ .deadline_ns = BP_NEVER, .queue = queues[clock], .machine = m,
                              .fire = fire_, .opaque = opaque };
    return 0;
}

/* ---- backplane.time/1 ------------------------------------------------------------------------ */

static int64_t time_now(void *dev, unsigned clock)
{
    return machine_now(part_of(dev)->machine, clock);
}

static void time_arm(void *dev, struct bp_timer *timer, int64_t deadline_ns)
{
    struct core_timer *t = (struct core_timer *)(uintptr_t)timer->core[0];
    if (!t || t->mirror != timer) {
        core_error(EINVAL, "%s: arms a timer that its table does not name", part_of(dev)->name);
        return;
    }
    core_timer_arm(t, deadline_ns);
}

const struct bp_time_api time_api = { sizeof time_api, 0, time_now, time_arm };
