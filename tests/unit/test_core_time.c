/* SPDX-License-Identifier: MIT */
/* test_core_time.c: clocks, timers, the main loop, vCPU threads, and a machine's life. */
#include "core_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static struct machine *m;

struct dev {
    struct bp_timer a, b, host;
    int64_t fired_at, late;
    unsigned count_a, count_b, count_host, resets;
    int64_t period;
    bool again;
    struct bp_pin *irq;
};
static void fire_a(void *dev)
{
    struct dev *d = dev;
    d->fired_at = bp_now(d, BP_CLOCK_VIRTUAL);
    ck_assert(bp_timer_deadline(&d->a) == BP_NEVER);
    ck_assert(machine_holds_lock(m));
    d->count_a++;
    if (d->period)
        bp_timer_arm(d, &d->a, d->fired_at + d->period);
    if (d->again) /* always in the past: must not lock up the loop */
        bp_timer_arm(d, &d->a, 0);
}
static void fire_b(void *dev) { ((struct dev *)dev)->count_b++; }
static void fire_host(void *dev) { ((struct dev *)dev)->count_host++; }
static void dev_reset(void *dev) { ((struct dev *)dev)->resets++; }
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct dev, a, BP_CLOCK_VIRTUAL, fire_a),
    BP_TIMER(struct dev, b, BP_CLOCK_VIRTUAL_RT, fire_b),
    BP_TIMER(struct dev, host, BP_CLOCK_HOST, fire_host),
};
static const struct bp_pin_row pins[] = { BP_OUT(struct dev, irq) };
static const struct bp_device device = {
    .head = { sizeof device, BP_KIND_DEVICE, "timers" }, .state_size = sizeof(struct dev),
    .timers = BP_ROWS(timers), .pins = BP_ROWS(pins), .reset = dev_reset,
};
static struct dev *d;

/* ---- an accelerator whose guest spins, sleeps, or asks for things ---------------------------- */

struct env {
    uint64_t pc;
    unsigned runs, resets;
    _Atomic unsigned spins, waits;
    char thread[16];
    bool wait, ask_reset, ask_shutdown, woken_by_pin;
    uint64_t start;
};
static _Atomic unsigned finished, destroyed;
static int accel_create(struct machine *machine, const struct bp_set *o, uint32_t n, void **ret)
{
    *ret = (void *)&finished;
    return 0;
}
static void accel_destroy(void *accel) { destroyed++; }
static size_t accel_headroom(void *accel, const struct bp_target *t) { return 1000; }
static int accel_init(void *accel, struct vcpu *v)
{
    memset((char *)v->env - 1000, 0x5a, 1000); /* the headroom is the accelerator's */
    return 0;
}
static void accel_reset(struct vcpu *v) { ((struct env *)v->env)->resets++; }
static void accel_run(struct vcpu *v)
{
    struct env *e = v->env;
    e->runs++;
    pthread_getname_np(pthread_self(), e->thread, sizeof e->thread);
    while (!atomic_load(&v->stop)) {
        atomic_fetch_add(&e->spins, 1);
        if (e->ask_reset) {
            e->ask_reset = false;
            machine_lock(v->machine);
            bp_request_reset(e);
            machine_unlock(v->machine);
        }
        if (e->ask_shutdown && e->resets > 1)
            bp_request_shutdown(e, 7);
        if (e->wait) {
            e->waits++;
            vcpu_wait(v);
            atomic_store(&v->interrupt, 0);
        } else {
            machine_lock(v->machine); /* as MMIO would */
            machine_unlock(v->machine);
        }
    }
}
static void accel_kick(struct vcpu *v) { }
static void accel_finish(void *accel) { finished++; }
static const struct bp_accel accel = {
    .head = { sizeof accel, BP_KIND_ACCEL, "spin"
             }, .create = accel_create, .destroy = accel_destroy,
    .headroom = accel_headroom, .vcpu_init = accel_init, .vcpu_reset = accel_reset,
    .run = accel_run, .kick = accel_kick, .finish = accel_finish,
};
static void set_start(void *env, uint64_t pc) { ((struct env *)env)->start = pc; }
static void irq_in(void *dev, unsigned i, bool level)
{
    struct env *e = dev;
    struct vcpu *v = vcpu_of_env(e);
    e->woken_by_pin |= level;
    atomic_store(&v->interrupt, 1);
    vcpu_wake(v);
}
static const struct bp_pin_row cpu_pins[] = { BP_IN("irq", irq_in) };
BP_VCPU(vcpu, .state_size = sizeof(struct env), .pins = BP_ROWS(cpu_pins));
static const struct bp_target target = {
    .head = { sizeof target, BP_KIND_TARGET, "none" },
    .cpu = &vcpu,
    .set_start = set_start,
};

static void setup(void)
{
    m = machine_new();
    finished = destroyed = 0;
    ck_assert_int_eq(machine_set_accel(m, &accel, NULL, 0), 0);
    d = add_part(m, &device, "d")->state;
}

static void teardown(void)
{
    machine_free(m);
    ck_assert_uint_eq(destroyed, 1);
}

static struct env *add_cpu(const char *name)
{
    struct part *p = part_create_cpu(m, &target, name, 0);
    ck_assert_ptr_nonnull(p);
    return p->state;
}

/* Runs the loop until `done`, or for a minute. */
#define UNTIL(done)                                                                                \
    for (int64_t end_ = g_get_monotonic_time() + 60000000;                                         \
         !(done) && g_get_monotonic_time() < end_;)                                                \
    loop_poll(m->loop)

/* ---- clocks and timers ----------------------------------------------------------------------- */

START_TEST(clocks)
{
    ck_assert_int_eq(machine_realize(m), 0);
    ck_assert_int_eq(bp_now(d, BP_CLOCK_VIRTUAL), 0);
    int64_t real = bp_now(d, BP_CLOCK_REALTIME);
    clock_run(m, true);
    g_usleep(3000);
    clock_run(m, false);
    int64_t stood = bp_now(d, BP_CLOCK_VIRTUAL);
    int64_t passed = bp_now(d, BP_CLOCK_REALTIME) - real;
    ck_assert(stood >= 3000000 && stood <= passed);
    g_usleep(2000);
    ck_assert_int_eq(bp_now(d, BP_CLOCK_VIRTUAL), stood);
    clock_run(m, true);
    int64_t later = bp_now(d, BP_CLOCK_VIRTUAL_RT);
    ck_assert(later >= stood && later < stood + 60 * BP_NS_PER_S);
    ck_assert_int_lt(llabs(bp_now(d, BP_CLOCK_HOST) / 1000 - g_get_real_time()), 60000000);
}
END_TEST

START_TEST(timer_fires_once_at_its_time)
{
    ck_assert_int_eq(machine_realize(m), 0);
    ck_assert(bp_timer_deadline(&d->a) == BP_NEVER);
    clock_run(m, true);
    int64_t deadline = bp_now(d, BP_CLOCK_VIRTUAL) + 5000000;
    bp_timer_arm(d, &d->a, deadline + 900000000);
    bp_timer_arm(d, &d->a, deadline); /* replaces */
    ck_assert(bp_timer_deadline(&d->a) == deadline);
    bp_timer_arm(d, &d->b, deadline - 1000000);
    bp_timer_arm(d, &d->b, BP_NEVER);
    bp_timer_arm(d, &d->host, bp_now(d, BP_CLOCK_HOST) + 2000000);
    UNTIL(d->count_a && d->count_host);
    ck_assert(d->count_a == 1 && d->count_b == 0 && d->count_host == 1);
    ck_assert_int_ge(d->fired_at, deadline);
    bp_timer_arm(d, &d->b, -5); /* the past: at once */
    UNTIL(d->count_b);
    ck_assert_uint_eq(d->count_b, 1);
    bp_timer_arm(d, &d->a, INT64_MIN);
    UNTIL(d->count_a == 2);
    ck_assert_uint_eq(d->count_a, 2);
}
END_TEST

START_TEST(virtual_timers_stand_still)
{
    ck_assert_int_eq(machine_realize(m), 0);
    bp_timer_arm(d, &d->a, 1000000);
    g_usleep(3000);
    loop_poll(m->loop);
    ck_assert_uint_eq(d->count_a, 0);
    clock_run(m, true);
    UNTIL(d->count_a);
    ck_assert_uint_eq(d->count_a, 1);
    int64_t deadline;
    do { /* stopped before it was due */
        clock_run(m, true);
        deadline = bp_now(d, BP_CLOCK_VIRTUAL) + 2000000;
        bp_timer_arm(d, &d->a, deadline);
        clock_run(m, false);
    } while (bp_now(d, BP_CLOCK_VIRTUAL) >= deadline);
    g_usleep(4000);
    loop_poll(m->loop);
    ck_assert_uint_eq(d->count_a, 1);
    machine_reset(m);
    ck_assert(bp_timer_deadline(&d->a) == BP_NEVER);
}
END_TEST

START_TEST(timer_storm_leaves_the_loop_alive)
{
    ck_assert_int_eq(machine_realize(m), 0);
    d->again = true;
    clock_run(m, true);
    bp_timer_arm(d, &d->a, 0);
    bp_timer_arm(d, &d->host, bp_now(d, BP_CLOCK_HOST) + 3000000);
    for (unsigned i = 0; i < 1000000 && !d->count_host; i++)
        g_main_context_iteration(loop_context(m->loop), FALSE);
    ck_assert_uint_eq(d->count_host, 1);
    ck_assert_uint_gt(d->count_a, 1);
}
END_TEST

/* Order of many timers, against sorting. */
static int64_t fired[512];
static unsigned fired_count;
static void note(void *opaque) { fired[fired_count++] = (int64_t)(intptr_t)opaque; }
START_TEST(many_timers)
{
    static struct core_timer t[512];
    unsigned seed = 3;
    fired_count = 0;
    for (unsigned round = 0; round < 4; round++) /* arming again moves them about */
        for (unsigned i = 0; i < 512; i++) {
            int64_t at = 1 + rand_r(&seed) % 100000;
            if (!round)
                ck_assert_int_eq(core_timer_init(&t[i], m, BP_CLOCK_VIRTUAL, note, NULL), 0);
            t[i].opaque = (void *)(intptr_t)at;
            core_timer_arm(&t[i], at);
        }
    for (unsigned i = 0; i < 512; i += 7)
        core_timer_arm(&t[i], BP_NEVER);
    clock_run(m, true);
    unsigned want = 512 - (512 + 6) / 7;
    UNTIL(fired_count == want);
    ck_assert_uint_eq(fired_count, want);
    for (unsigned i = 1; i < fired_count; i++)
        ck_assert_int_le(fired[i - 1], fired[i]);
}
END_TEST

/* ---- the loop -------------------------------------------------------------------------------- */

struct host {
    unsigned ready, fired, deferred, worked, done;
    unsigned events;
    struct bp_watch *watch;
    pthread_t worker;
};
static void on_ready(void *drv, int fd, unsigned events)
{
    struct host *h = drv;
    char c;
    h->ready++;
    h->events = events;
    if (read(fd, &c, 1) <= 0) {
        bp_unwatch(h->watch);
        h->watch = NULL;
    }
}
static void on_fire(void *drv) { ((struct host *)drv)->fired++; }
static void on_defer(void *drv) { ((struct host *)drv)->deferred++; }
static void on_work(void *arg)
{
    struct host *h = arg;
    h->worked++;
    h->worker = pthread_self();
}
static void on_done(void *drv, void *arg)
{
    ck_assert_ptr_eq(drv, arg);
    ((struct host *)drv)->done++;
}

START_TEST(host_services)
{
    struct part *p = part_create_plain(m, PART_DRIVER, "test", "driver", sizeof(struct host), NULL,
                                       NULL);
    struct host *h = p->state;
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    h->watch = bp_watch_fd(h, fds[0], BP_FD_IN, on_ready);
    struct bp_watch *never = bp_after(h, BP_NS_PER_S, on_fire);
    bp_after(h, 1000, on_fire);
    bp_defer(h, on_defer);
    bp_work(h, on_work, on_done, h);
    ck_assert_uint_eq(h->deferred, 0);
    ck_assert_int_eq(write(fds[1], "x", 1), 1);
    UNTIL(h->ready && h->fired && h->deferred && h->done);
    ck_assert(h->ready == 1 && h->fired == 1 && h->deferred == 1 && h->done == 1 && h->worked == 1);
    ck_assert_uint_eq(h->events, BP_FD_IN);
    ck_assert(!pthread_equal(h->worker, pthread_self()));
    bp_unwatch(never);
    bp_unwatch(NULL);
    close(fds[1]);
    UNTIL(!h->watch);
    ck_assert(!h->watch && (h->events & BP_FD_HANGUP));
    close(fds[0]);
    /* what is still open when the driver goes is closed for it; what was queued has run */
    bp_after(h, BP_NS_PER_S, on_fire);
    bp_work(h, on_work, on_done, h);
    bp_defer(h, on_defer);
    loop_forget(m->loop, p);
    ck_assert(h->deferred == 2 && h->worked == 2 && h->done == 2);
    part_free(p);
    loop_poll(m->loop);
}
END_TEST

/* ---- life ------------------------------------------------------------------------------------ */

static unsigned hooks;
static void hook(void *arg) { hooks++; }

START_TEST(reset_and_shutdown_by_the_guest)
{
    struct env *e = add_cpu("cpu");
    hooks = 0;
    ck_assert_int_eq(machine_realize(m), 0);
    machine_add_reset_hook(m, hook, NULL);
    machine_set_start(m, UINT32_MAX, 0x80000000);
    e->ask_reset = e->ask_shutdown = true;
    ck_assert_int_eq(machine_run(m), 7);
    ck_assert(e->resets == 2 && hooks == 2 && d->resets == 2 && e->start == 0x80000000);
    ck_assert_uint_eq(finished, 1);
    ck_assert_str_eq(e->thread, "vcpu-0");
    ck_assert(vcpu_of_env(e)->index == 0 && machine_vcpu_count(m) == 1);
}
END_TEST

START_TEST(no_reboot)
{
    struct env *e = add_cpu("cpu");
    ck_assert_int_eq(machine_realize(m), 0);
    machine_set_no_reboot(m, true);
    e->ask_reset = true;
    ck_assert_int_eq(machine_run(m), 0);
    ck_assert_uint_eq(e->resets, 1);
}
END_TEST

static void pulse(void *opaque)
{
    struct env *e = opaque;
    static unsigned n;
    bp_pin_pulse(d->irq);
    /* Until it was seen to sleep, however busy the machine is: 20 s at most. */
    if (++n < 20 || (n < 20000 && !(e->woken_by_pin && e->waits >= 3)))
        core_timer_arm(opaque ? (struct core_timer *)e->start : NULL,
                       machine_now(m, BP_CLOCK_VIRTUAL) + 1000000);
    else
        machine_request_shutdown(m, 3);
}

START_TEST(sleeping_vcpus_wake_by_pins_and_stop)
{
    struct env *e = add_cpu("cpu[0]"), *f = add_cpu("cpu[1]");
    struct core_timer t;
    e->wait = true;
    ck_assert_int_eq(machine_realize(m), 0);
    ck_assert_int_eq(part_connect(part_of(d), "irq", 0, part_of(e), "irq", 0), 0);
    ck_assert_int_eq(core_timer_init(&t, m, BP_CLOCK_VIRTUAL, pulse, e), 0);
    e->start = (uintptr_t)&t;
    core_timer_arm(&t, 1000000);
    ck_assert_int_eq(machine_run(m), 3);
    ck_assert(e->woken_by_pin && e->waits >= 3);
    ck_assert_uint_gt(f->spins, 0);
    ck_assert_str_eq(f->thread, "vcpu-1");
}
END_TEST

static void stop_start(void *arg)
{
    struct env *e = arg;
    for (unsigned i = 0; i < 50; i++) {
        machine_stop(m);
        unsigned spins = e->spins;
        int64_t now = machine_now(m, BP_CLOCK_VIRTUAL);
        g_usleep(200);
        ck_assert_uint_eq(spins, e->spins);
        ck_assert_int_eq(now, machine_now(m, BP_CLOCK_VIRTUAL));
        machine_start(m);
    }
    machine_request_shutdown(m, 256 + 9);
}

START_TEST(stop_and_start)
{
    struct env *e = add_cpu("cpu[0]");
    add_cpu("cpu[1]");
    ck_assert_int_eq(machine_realize(m), 0);
    loop_defer(m->loop, NULL, stop_start, e);
    ck_assert_int_eq(machine_run(m), 9);
}
END_TEST

static void term(void *arg) { kill(getpid(), SIGTERM); }
START_TEST(sigterm_ends_cleanly)
{
    add_cpu("cpu[0]");
    ck_assert_int_eq(machine_realize(m), 0);
    loop_defer(m->loop, NULL, term, NULL);
    ck_assert_int_eq(machine_run(m), 0);
    ck_assert_uint_eq(finished, 1);
}
END_TEST

int main(void)
{
    fill_imports();
    Suite *suite = suite_create("time");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, clocks);
    tcase_add_test(tc, timer_fires_once_at_its_time);
    tcase_add_test(tc, virtual_timers_stand_still);
    tcase_add_test(tc, timer_storm_leaves_the_loop_alive);
    tcase_add_test(tc, many_timers);
    tcase_add_test(tc, host_services);
    tcase_add_test(tc, reset_and_shutdown_by_the_guest);
    tcase_add_test(tc, no_reboot);
    tcase_add_test(tc, sleeping_vcpus_wake_by_pins_and_stop);
    tcase_add_test(tc, stop_and_start);
    tcase_add_test(tc, sigterm_ends_cleanly);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
