/* SPDX-License-Identifier: MIT */
/* machine.c: a machine's lock, threads and life. */
#include <core/block.h>
#include <core/chardev.h>
#include <core/debug.h>
#include <core/debuggee.h>
#include <core/loop.h>
#include <core/machine.h>
#include <core/memory.h>
#include <core/files.h>
#include <core/net.h>
#include <core/pins.h>

#include <errno.h>
#include <glib-unix.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum wait_state { WAIT_NONE, WAIT_TOKEN, WAIT_ASLEEP };

struct core_vcpu {
    struct vcpu v; /* first */
    struct part *part;
    pthread_t thread;
    bool has_thread, realized;
    bool held; /* run_lock */
    bool has_start;
    uint64_t start_pc;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    _Atomic uint32_t state; /* enum wait_state */
};

/* ---- the machine lock ------------------------------------------------------------------------ */

bool machine_holds_lock(const struct machine *m)
{
    return atomic_load_explicit(&m->lock_owner, memory_order_relaxed) == (uintptr_t)pthread_self();
}

void machine_lock(struct machine *m)
{
    if (machine_holds_lock(m)) {
        m->lock_depth++;
        return;
    }
    pthread_mutex_lock(&m->lock);
    atomic_store_explicit(&m->lock_owner, (uintptr_t)pthread_self(), memory_order_relaxed);
    m->lock_depth = 1;
}

bool machine_trylock(struct machine *m)
{
    if (machine_holds_lock(m)) {
        m->lock_depth++;
        return true;
    }
    if (pthread_mutex_trylock(&m->lock))
        return false;
    atomic_store_explicit(&m->lock_owner, (uintptr_t)pthread_self(), memory_order_relaxed);
    m->lock_depth = 1;
    return true;
}

void machine_unlock(struct machine *m)
{
    if (--m->lock_depth)
        return;
    atomic_store_explicit(&m->lock_owner, 0, memory_order_relaxed);
    pthread_mutex_unlock(&m->lock);
}

/* ---- vCPUs ----------------------------------------------------------------------------------- */

struct vcpu *vcpu_new(struct machine *m, struct part *part, uint32_t cluster)
{
    struct core_vcpu *c = g_new0(struct core_vcpu, 1);
    c->part = part;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->cond, NULL);
    c->v.machine = m;
    c->v.target = part->target;
    c->v.env = part->state;
    c->v.accel = m->accel;
    c->v.index = m->vcpus->len;
    c->v.cluster = cluster;
    c->v.space = m->system;
    atomic_init(&c->v.stop, 1);
    g_ptr_array_add(m->vcpus, c);
    return &c->v;
}

int vcpu_realize(struct vcpu *v)
{
    const struct bp_accel *a = v->machine->accel_entity;
    int r = a && a->vcpu_init ? a->vcpu_init(v->accel, v) : 0;
    ((struct core_vcpu *)v)->realized = r == 0;
    return r;
}

void vcpu_free(struct vcpu *v)
{
    struct core_vcpu *c = (struct core_vcpu *)v;
    if (!c)
        return;
    g_ptr_array_remove(v->machine->vcpus, c);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->cond);
    g_free(c);
}

struct vcpu *vcpu_of_env(const void *env)
{
    return part_of(env)->vcpu;
}

void *accel_of_part(const void *state)
{
    return part_of(state)->machine->accel;
}

void vcpu_reset(struct vcpu *v)
{
    struct part *part = part_of(v->env);
    machine_lock(v->machine);
    part_reset_storage(part);
    part_call_reset(part);
    machine_unlock(v->machine);
}

/* Settings that somebody gave the one part are given to the other. */
static int copy_settings(struct part *to, const struct part *from)
{
    int r = 0;
    for (uint32_t n = 0; n < from->device.props.count && !r; n++) {
        const char *name = PART_ROW(bp_prop, from->device.props, n)->name;
        if (!part_is_set(from, name))
            continue;
        g_autofree char *value = part_get(from, name);
        r = part_set(to, name, value);
    }
    return r;
}

struct vcpu *machine_add_vcpu(struct machine *m)
{
    machine_lock(m);
    const struct vcpu *first = machine_vcpu(m, 0);
    const struct part *like = first ? part_of(first->env) : NULL;
    g_autofree char *name = like ? g_strdup_printf("%s+%u", like->name, m->vcpus->len) : NULL;
    struct part *part = like ? part_create_cpu(m, first->target, name, first->cluster) : NULL;
    if (part && (copy_settings(part, like) < 0 || part_realize(part) < 0)) {
        part_free(part);
        part = NULL;
    }
    struct vcpu *v = part ? part->vcpu : NULL;
    machine_unlock(m);
    if (v)
        vcpu_reset(v);
    return v;
}

uint32_t machine_vcpu_count(const struct machine *m)
{
    return m->vcpus->len;
}

struct vcpu *machine_vcpu(const struct machine *m, uint32_t i)
{
    return i < m->vcpus->len ? g_ptr_array_index(m->vcpus, i) : NULL;
}

/* Until the deadline on CLOCK_MONOTONIC, or NULL; false where that was reached. */
static bool wait_until(struct vcpu *v, const struct timespec *deadline)
{
    struct core_vcpu *c = (struct core_vcpu *)v;
    uint32_t none = WAIT_NONE;
    int late = 0;
    if (atomic_load(&v->interrupt) || atomic_load(&v->stop))
        return true;
    atomic_store(&v->halted, 1);
    if (atomic_compare_exchange_strong(&c->state, &none, WAIT_ASLEEP)) {
        pthread_mutex_lock(&c->lock);
        while (!late && atomic_load(&c->state) == WAIT_ASLEEP && !atomic_load(&v->interrupt) &&
               !atomic_load(&v->stop)) {
            if (deadline)
                late = pthread_cond_clockwait(&c->cond, &c->lock, CLOCK_MONOTONIC, deadline);
            else
                pthread_cond_wait(&c->cond, &c->lock);
        }
        pthread_mutex_unlock(&c->lock);
    }
    atomic_store(&c->state, WAIT_NONE);
    if (!atomic_load(&v->stop))
        atomic_store(&v->halted, 0);
    return !late;
}

void vcpu_wait(struct vcpu *v)
{
    wait_until(v, NULL);
}

bool vcpu_rest(struct vcpu *v, uint32_t max_ns)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t ns = (uint64_t)t.tv_nsec + max_ns;
    t.tv_sec += (time_t)(ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    return wait_until(v, &t);
}

void vcpu_wake(struct vcpu *v)
{
    struct core_vcpu *c = (struct core_vcpu *)v;
    if (atomic_exchange(&c->state, WAIT_TOKEN) != WAIT_ASLEEP)
        return;
    pthread_mutex_lock(&c->lock);
    pthread_cond_broadcast(&c->cond);
    pthread_mutex_unlock(&c->lock);
}

void vcpu_hold(struct vcpu *v, bool hold)
{
    pthread_mutex_lock(&v->machine->run_lock);
    ((struct core_vcpu *)v)->held = hold;
    pthread_mutex_unlock(&v->machine->run_lock);
}

static void park(struct machine *m, const struct core_vcpu *c)
{
    m->parked++;
    pthread_cond_broadcast(&m->run_cond);
    while ((!m->running || c->held) && !m->quitting)
        pthread_cond_wait(&m->run_cond, &m->run_lock);
    m->parked--;
}

static void *vcpu_main(void *arg)
{
    struct vcpu *v = arg;
    struct machine *m = v->machine;
    char name[16];
    snprintf(name, sizeof name, "vcpu-%u", v->index);
    pthread_setname_np(pthread_self(), name);
    pthread_mutex_lock(&m->run_lock);
    for (;;) {
        park(m, arg);
        if (m->quitting)
            break;
        pthread_mutex_unlock(&m->run_lock);
        atomic_store(&v->halted, 0);
        m->accel_entity->run(v);
        pthread_mutex_lock(&m->run_lock);
    }
    pthread_mutex_unlock(&m->run_lock);
    return NULL;
}

/* Signals are the main thread's. */
static int start_threads(struct machine *m)
{
    sigset_t all, old;
    int r = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (uint32_t i = 0; i < m->vcpus->len && !r && m->accel; i++) {
        struct core_vcpu *c = g_ptr_array_index(m->vcpus, i);
        if (c->has_thread)
            continue;
        r = pthread_create(&c->thread, NULL, vcpu_main, c);
        c->has_thread = !r;
        m->threads += !r;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return r ? core_error(r, "the host gives no thread for a vCPU: %s", strerror(r)) : 0;
}

static void stop_threads(struct machine *m)
{
    machine_stop(m);
    pthread_mutex_lock(&m->run_lock);
    m->quitting = true;
    pthread_cond_broadcast(&m->run_cond);
    pthread_mutex_unlock(&m->run_lock);
    for (uint32_t i = 0; i < m->vcpus->len; i++) {
        struct core_vcpu *c = g_ptr_array_index(m->vcpus, i);
        if (c->has_thread)
            pthread_join(c->thread, NULL);
        c->has_thread = false;
    }
    m->threads = 0;
}

/* ---- running --------------------------------------------------------------------------------- */

/* Makes every vCPU leave run(); called without run_lock. */
static void kick_all(struct machine *m)
{
    for (uint32_t i = 0; i < m->vcpus->len; i++) {
        struct vcpu *v = g_ptr_array_index(m->vcpus, i);
        if (m->accel_entity && m->accel_entity->kick && ((struct core_vcpu *)v)->realized)
            m->accel_entity->kick(v);
        vcpu_wake(v);
    }
}

static void set_stop(struct machine *m, uint32_t stop)
{
    for (uint32_t i = 0; i < m->vcpus->len; i++)
        atomic_store(&((struct vcpu *)g_ptr_array_index(m->vcpus, i))->stop, stop);
}

void machine_pause(struct machine *m)
{
    pthread_mutex_lock(&m->run_lock);
    m->paused = true;
    m->running = false;
    set_stop(m, 1);
    pthread_mutex_unlock(&m->run_lock);
    kick_all(m);
}

void machine_unpause(struct machine *m)
{
    pthread_mutex_lock(&m->run_lock);
    m->paused = false;
    pthread_mutex_unlock(&m->run_lock);
}

static bool may_start(struct machine *m)
{
    pthread_mutex_lock(&m->run_lock);
    bool may = !m->requests && !m->finished && !m->paused;
    pthread_mutex_unlock(&m->run_lock);
    return may;
}

void machine_start(struct machine *m)
{
    if (!may_start(m))
        return;
    clock_run(m, true);
    pthread_mutex_lock(&m->run_lock);
    if (!m->requests && !m->finished && !m->paused) {
        set_stop(m, 0);
        m->running = true;
        pthread_cond_broadcast(&m->run_cond);
    }
    pthread_mutex_unlock(&m->run_lock);
}

void machine_stop(struct machine *m)
{
    pthread_mutex_lock(&m->run_lock);
    m->running = false;
    set_stop(m, 1);
    pthread_mutex_unlock(&m->run_lock);
    kick_all(m);
    pthread_mutex_lock(&m->run_lock);
    while (m->parked < m->threads)
        pthread_cond_wait(&m->run_cond, &m->run_lock);
    pthread_mutex_unlock(&m->run_lock);
    clock_run(m, false);
}

/* vCPUs leave at once; the rest is the main loop's. */
static void request(struct machine *m, uint32_t what, int status)
{
    pthread_mutex_lock(&m->run_lock);
    if (what == REQUEST_SHUTDOWN && !(m->requests & REQUEST_SHUTDOWN) && !m->finished)
        m->exit_status = status;
    m->requests |= what;
    m->running = false;
    set_stop(m, 1);
    pthread_mutex_unlock(&m->run_lock);
    kick_all(m);
    loop_quit(m->loop);
}

void machine_request_shutdown(struct machine *m, int status)
{
    request(m, REQUEST_SHUTDOWN, status & 255);
}

void machine_request_reset(struct machine *m)
{
    if (m->no_reboot)
        request(m, REQUEST_SHUTDOWN, 0);
    else
        request(m, REQUEST_RESET, 0);
}

/* A second signal of the kind ends the process as if nobody had caught it. */
static gboolean signalled(gpointer opaque)
{
    struct signal_watch *s = opaque;
    if (s->number == SIGINT || s->number == SIGTERM)
        fprintf(stderr, "backplane: ending on signal %d\n", s->number);
    loop_let_signal_end(s->number);
    machine_request_shutdown(s->machine, 0);
    return G_SOURCE_REMOVE;
}

static void watch_signals(struct machine *m)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    for (unsigned i = 0; i < G_N_ELEMENTS(m->signals); i++) {
        struct signal_watch *s = &m->signals[i];
        struct sigaction old;
        *s = (struct signal_watch){ .machine = m, .number = numbers[i] };
        if (!sigaction(s->number, NULL, &old) && old.sa_handler == SIG_IGN)
            continue;
        s->source = g_unix_signal_source_new(s->number);
        g_source_set_priority(s->source, G_PRIORITY_HIGH);
        g_source_set_callback(s->source, signalled, s, NULL);
        g_source_attach(s->source, loop_context(m->loop));
    }
}

/* From here on a signal ends the process, by way of what puts the terminal back. The sources stay until that has been
 * done: with their end GLib makes the action the default. */
static void unwatch_signals(struct machine *m)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(m->signals); i++) {
        if (!m->signals[i].source)
            continue;
        g_source_destroy(m->signals[i].source);
        loop_let_signal_end(m->signals[i].number);
    }
}

static bool take_requests(struct machine *m, uint32_t *ret)
{
    pthread_mutex_lock(&m->run_lock);
    *ret = m->requests;
    m->requests = 0;
    if (*ret & REQUEST_SHUTDOWN)
        m->finished = true;
    pthread_mutex_unlock(&m->run_lock);
    return !(*ret & REQUEST_SHUTDOWN);
}

int machine_run(struct machine *m)
{
    uint32_t requests;
    watch_signals(m);
    machine_reset(m);
    if (start_threads(m) < 0)
        machine_request_shutdown(m, 1);
    machine_start(m);
    for (;;) {
        loop_run(m->loop);
        pthread_mutex_lock(&m->run_lock);
        bool asked = m->requests != 0;
        pthread_mutex_unlock(&m->run_lock);
        if (!asked)
            continue;
        machine_stop(m);
        block_drain_all(m);
        if (!take_requests(m, &requests))
            break;
        machine_reset(m);
        machine_start(m);
    }
    stop_threads(m);
    debug_finished(m, BP_DEBUG_EXITED, m->exit_status);
    if (m->accel_entity && m->accel_entity->finish)
        m->accel_entity->finish(m->accel);
    chardev_flush_all(m);
    unwatch_signals(m);
    return m->exit_status;
}

int machine_run_program(struct machine *m, int (*run)(void *board), void *board)
{
    machine_reset(m);
    int status = run(board);
    if (m->accel_entity && m->accel_entity->finish)
        m->accel_entity->finish(m->accel);
    return status;
}

/* ---- reset ----------------------------------------------------------------------------------- */

static void each_part(struct machine *m, void (*fn)(struct part *part))
{
    for (uint32_t i = 0; i < m->parts->len; i++)
        fn(g_ptr_array_index(m->parts, i));
}

void machine_add_reset_hook(struct machine *m, void (*run)(void *arg), void *arg)
{
    struct machine_hook hook = { run, arg };
    g_array_append_val(m->reset_hooks, hook);
}

void machine_set_start(struct machine *m, uint32_t vcpu, uint64_t pc)
{
    for (uint32_t i = 0; i < m->vcpus->len; i++) {
        struct core_vcpu *c = g_ptr_array_index(m->vcpus, i);
        if (vcpu == UINT32_MAX || vcpu == i) {
            c->has_start = true;
            c->start_pc = pc;
        }
    }
}

/* While parts reset, what their outputs do is remembered; inputs hear of it when all have done. */
void machine_reset(struct machine *m)
{
    machine_lock(m);
    each_part(m, part_reset_storage);
    each_part(m, part_lower_outputs);
    m->hold_pins = true;
    each_part(m, part_call_reset);
    m->hold_pins = false;
    each_part(m, part_show_outputs);
    for (guint i = 0; i < m->reset_hooks->len; i++) {
        struct machine_hook *h = &g_array_index(m->reset_hooks, struct machine_hook, i);
        h->run(h->arg);
    }
    for (uint32_t i = 0; i < m->vcpus->len; i++) {
        struct core_vcpu *c = g_ptr_array_index(m->vcpus, i);
        if (c->has_start && c->v.target->set_start)
            c->v.target->set_start(c->v.env, c->start_pc);
        if (m->accel_entity && m->accel_entity->vcpu_reset && c->realized)
            m->accel_entity->vcpu_reset(&c->v);
    }
    machine_unlock(m);
}

/* ---- making ---------------------------------------------------------------------------------- */

static struct machine *make(bool runs_program)
{
    struct machine *m = g_new0(struct machine, 1);
    m->runs_program = runs_program;
    m->access_cpu = BP_NO_CPU;
    pthread_mutex_init(&m->lock, NULL);
    pthread_mutex_init(&m->run_lock, NULL);
    pthread_cond_init(&m->run_cond, NULL);
    m->parts = g_ptr_array_new();
    m->others = g_ptr_array_new();
    m->vcpus = g_ptr_array_new();
    m->chardevs = g_ptr_array_new();
    m->drives = g_ptr_array_new();
    m->nets = g_ptr_array_new();
    m->reset_hooks = g_array_new(FALSE, TRUE, sizeof(struct machine_hook));
    m->instruments = g_array_new(FALSE, TRUE, sizeof(struct machine_instrument));
    m->loop = loop_new(m);
    debug_init(m);
    memory_init(m);
    if (clock_init(m) < 0) {
        machine_free(m);
        return NULL;
    }
    return m;
}

struct machine *machine_new(void)
{
    return make(false);
}

struct machine *machine_new_for_program(void)
{
    return make(true);
}

static void free_last(GPtrArray *parts)
{
    while (parts->len)
        part_free(g_ptr_array_index(parts, parts->len - 1));
}

void machine_free(struct machine *m)
{
    if (!m)
        return;
    stop_threads(m);
    block_drain_all(m);
    debuggee_free(m);
    control_free_all(m);
    for (guint i = m->parts->len; i--;)
        part_unrealize(g_ptr_array_index(m->parts, i));
    if (m->accel_entity && m->accel_entity->destroy)
        m->accel_entity->destroy(m->accel);
    m->accel_entity = NULL;
    m->accel = NULL;
    chardev_flush_all(m);
    while (m->chardevs->len)
        chardev_free(g_ptr_array_index(m->chardevs, m->chardevs->len - 1));
    while (m->nets->len)
        net_free(g_ptr_array_index(m->nets, m->nets->len - 1));
    while (m->drives->len)
        block_free(g_ptr_array_index(m->drives, m->drives->len - 1));
    free_last(m->parts);
    free_last(m->others);
    for (unsigned i = 0; i < G_N_ELEMENTS(m->signals); i++)
        g_clear_pointer(&m->signals[i].source, g_source_unref);
    clock_finish(m);
    loop_free(m->loop);
    debug_free(m);
    memory_finish(m);
    g_ptr_array_free(m->parts, TRUE);
    g_ptr_array_free(m->others, TRUE);
    g_ptr_array_free(m->vcpus, TRUE);
    g_ptr_array_free(m->chardevs, TRUE);
    g_ptr_array_free(m->drives, TRUE);
    g_ptr_array_free(m->nets, TRUE);
    g_array_free(m->reset_hooks, TRUE);
    g_array_free(m->instruments, TRUE);
    pthread_mutex_destroy(&m->lock);
    pthread_mutex_destroy(&m->run_lock);
    pthread_cond_destroy(&m->run_cond);
    g_free(m);
}

int machine_set_accel(struct machine *m, const struct bp_accel *accel, const struct bp_set *options,
                      uint32_t count)
{
    int r = accel->create(m, options, count, &m->accel);
    if (!r)
        m->accel_entity = accel;
    return r;
}

void machine_set_no_reboot(struct machine *m, bool no_reboot)
{
    m->no_reboot = no_reboot;
}

struct part *machine_part(const struct machine *m, const char *name)
{
    for (guint i = 0; i < m->parts->len; i++) {
        struct part *p = g_ptr_array_index(m->parts, i);
        if (!strcmp(p->name, name))
            return p;
    }
    return NULL;
}

int machine_realize(struct machine *m)
{
    int r = 0;
    for (guint i = 0; i < m->parts->len && !r; i++)
        r = part_realize(g_ptr_array_index(m->parts, i));
    return r;
}

void machine_add_instrument(struct machine *m, const struct bp_instrument *instrument,
                            struct part *part)
{
    struct machine_instrument one = { part, instrument };
    g_array_append_val(m->instruments, one);
}

/* ---- randomness ------------------------------------------------------------------------------ */

/* SplitMix64 spreads the seed; xoshiro256** (Blackman, Vigna) makes the bytes. */
void machine_set_seed(struct machine *m, uint64_t seed)
{
    m->seeded = true;
    for (unsigned i = 0; i < 4; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = seed;
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        m->seed[i] = z ^ z >> 31;
    }
}

static uint64_t rotate(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

static uint64_t next_random(uint64_t s[4])
{
    uint64_t r = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return r;
}

void machine_random(struct machine *m, void *buf, size_t n)
{
    uint8_t *p = buf;
    machine_lock(m);
    while (n) {
        uint64_t v = 0;
        size_t take = MIN(n, sizeof v);
        if (m->seeded)
            v = next_random(m->seed);
        else
            while (getrandom(&v, sizeof v, 0) < (ssize_t)sizeof v)
                ;
        memcpy(p, &v, take);
        p += take;
        n -= take;
    }
    machine_unlock(m);
}

/* ---- services -------------------------------------------------------------------------------- */

const struct core_service core_services[] = {
    { "backplane.part/1", &part_api },
    { "backplane.irq/1", &irq_api },
    { "backplane.memory/1", &memory_api },
    { "backplane.time/1", &time_api },
    { "backplane.host/1", &host_api },
    { "backplane.chardev/1", &chardev_api },
    { "backplane.block/1", &block_api },
    { "backplane.net/1", &net_api },
    { "backplane.files/1", &files_api },
    { "backplane.debug/1", &debug_api },
    { "backplane.debuggee/1", &debuggee_api },
    { NULL, NULL },
};
