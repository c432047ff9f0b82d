/* SPDX-License-Identifier: MIT */
/* loop.c: the main loop, deferred calls, worker threads, and what drivers may use of them. */
#include <core/loop.h>
#include <core/machine.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORKERS_MAX 16

/* A deferred call, or a job and what follows it. */
struct call {
    struct part *part;
    void (*fn)(void *arg);                   /* deferred */
    void (*run)(void *arg);                  /* job: on a worker ... */
    void (*done)(void *drv, void *arg);      /* ... then here; or NULL */
    void *arg;
};

struct loop {
    struct machine *machine;
    GMainContext *context;
    GSource *deferred_source;
    _Atomic bool quit;

    pthread_mutex_t lock;
    pthread_cond_t work_cond;  /* a job was queued, or the end has come */
    pthread_cond_t idle_cond;  /* a job has ended */
    GQueue deferred;           /* struct call * */
    GQueue jobs;               /* struct call *: waiting */
    struct call *running[WORKERS_MAX];
    pthread_t workers[WORKERS_MAX];
    unsigned worker_count, idle;
    bool ending;
};

struct bp_watch {
    GSource source;            /* first: this is a GSource */
    struct loop *loop;
    struct part *part;
    void *drv;
    int fd;
    gpointer tag;
    void (*ready)(void *drv, int fd, unsigned events);
    void (*fire)(void *drv);
};

/* ---- deferred calls -------------------------------------------------------------------------- */

static struct call *take_call(struct loop *l, GQueue *queue)
{
    pthread_mutex_lock(&l->lock);
    struct call *c = g_queue_pop_head(queue);
    pthread_mutex_unlock(&l->lock);
    return c;
}

static void run_call(struct call *c)
{
    if (c->done)
        c->done(c->part->state, c->arg);
    else if (c->fn)
        c->fn(c->arg);
    g_free(c);
}

struct deferred_source {
    GSource source;
    struct loop *loop;
};

static gboolean deferred_check(GSource *source)
{
    struct loop *l = ((struct deferred_source *)source)->loop;
    pthread_mutex_lock(&l->lock);
    bool some = l->deferred.length != 0;
    pthread_mutex_unlock(&l->lock);
    return some;
}

static gboolean deferred_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return deferred_check(source);
}

static gboolean deferred_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    struct loop *l = ((struct deferred_source *)source)->loop;
    pthread_mutex_lock(&l->lock);
    guint n = l->deferred.length; /* what these add waits for the next round */
    pthread_mutex_unlock(&l->lock);
    for (struct call *c; n && (c = take_call(l, &l->deferred)); n--)
        run_call(c);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs deferred_funcs = {
    .prepare = deferred_prepare,
    .check = deferred_check,
    .dispatch = deferred_dispatch,
};

static void queue_deferred(struct loop *l, struct call *c)
{
    pthread_mutex_lock(&l->lock);
    bool first = l->deferred.length == 0;
    g_queue_push_tail(&l->deferred, c);
    pthread_mutex_unlock(&l->lock);
    if (first && l->context)
        g_main_context_wakeup(l->context);
}

void loop_defer(struct loop *l, struct part *part, void (*fn)(void *arg), void *arg)
{
    struct call *c = g_new0(struct call, 1);
    *c = (struct call){ .part = part, .fn = fn, .arg = arg };
    queue_deferred(l, c);
}

/* ---- workers --------------------------------------------------------------------------------- */

struct worker_start {
    struct loop *loop;
    unsigned number;
};

static void *worker_main(void *arg)
{
    struct worker_start *start = arg;
    struct loop *l = start->loop;
    unsigned number = start->number;
    char name[16];
    g_free(start);
    snprintf(name, sizeof name, "worker-%u", number);
    pthread_setname_np(pthread_self(), name);
    pthread_mutex_lock(&l->lock);
    for (;;) {
        struct call *c = g_queue_pop_head(&l->jobs);
        if (!c && l->ending)
            break;
        if (!c) {
            l->idle++;
            pthread_cond_wait(&l->work_cond, &l->lock);
            l->idle--;
            continue;
        }
        l->running[number] = c;
        pthread_mutex_unlock(&l->lock);
        c->run(c->arg);
        if (c->done)
            queue_deferred(l, c);
        pthread_mutex_lock(&l->lock);
        l->running[number] = NULL;
        if (!c->done)
            g_free(c);
        pthread_cond_broadcast(&l->idle_cond);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* Signals are the main thread's. Called with the lock held. */
static void add_worker(struct loop *l)
{
    sigset_t all, old;
    struct worker_start *start = g_new(struct worker_start, 1);
    *start = (struct worker_start){ l, l->worker_count };
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&l->workers[l->worker_count], NULL, worker_main, start))
        g_free(start);
    else
        l->worker_count++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void queue_job(struct loop *l, struct call *c)
{
    pthread_mutex_lock(&l->lock);
    g_queue_push_tail(&l->jobs, c);
    if (l->idle < l->jobs.length && l->worker_count < WORKERS_MAX)
        add_worker(l);
    bool stuck = !l->worker_count;
    if (stuck)
        g_queue_pop_tail(&l->jobs);
    pthread_cond_signal(&l->work_cond);
    pthread_mutex_unlock(&l->lock);
    if (stuck) { /* the host gives no thread at all */
        c->run(c->arg);
        if (c->done)
            queue_deferred(l, c);
        else
            g_free(c);
    }
}

void loop_work(struct loop *l, void (*run)(void *arg), void *arg)
{
    struct call *c = g_new0(struct call, 1);
    *c = (struct call){ .run = run, .arg = arg };
    queue_job(l, c);
}

/* Whether a job of the part (NULL: any) waits or runs. */
static bool busy_with(struct loop *l, const struct part *part)
{
    if (!part && l->jobs.length)
        return true;
    for (GList *j = l->jobs.head; j; j = j->next)
        if (((struct call *)j->data)->part == part)
            return true;
    for (unsigned i = 0; i < l->worker_count; i++)
        if (l->running[i] && (!part || l->running[i]->part == part))
            return true;
    return false;
}

static void wait_workers(struct loop *l, const struct part *part)
{
    pthread_mutex_lock(&l->lock);
    while (busy_with(l, part))
        pthread_cond_wait(&l->idle_cond, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

void loop_drain_workers(struct loop *l)
{
    wait_workers(l, NULL);
}

/* ---- watches --------------------------------------------------------------------------------- */

static gboolean watch_check(GSource *source)
{
    struct bp_watch *w = (struct bp_watch *)source;
    return w->tag && g_source_query_unix_fd(source, w->tag) != 0;
}

static gboolean watch_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return FALSE;
}

static void unlist(struct bp_watch *w)
{
    pthread_mutex_lock(&w->loop->lock);
    g_queue_remove(&w->part->watches, w);
    pthread_mutex_unlock(&w->loop->lock);
}

static gboolean watch_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    struct bp_watch *w = (struct bp_watch *)source;
    if (w->fire) { /* a timer removes itself; GLib holds the source until this returns */
        unlist(w);
        w->fire(w->drv);
        g_source_unref(source);
        return G_SOURCE_REMOVE;
    }
    unsigned got = g_source_query_unix_fd(source, w->tag), events = 0;
    events |= got & G_IO_IN ? BP_FD_IN : 0;
    events |= got & G_IO_OUT ? BP_FD_OUT : 0;
    events |= got & G_IO_HUP ? BP_FD_HANGUP : 0;
    events |= got & (G_IO_ERR | G_IO_NVAL) ? BP_FD_ERROR : 0;
    w->ready(w->drv, w->fd, events);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs watch_funcs = {
    .prepare = watch_prepare,
    .check = watch_check,
    .dispatch = watch_dispatch,
};

static struct bp_watch *watch_new(void *drv)
{
    struct part *part = part_of(drv);
    struct loop *l = part->machine->loop;
    struct bp_watch *w = (struct bp_watch *)g_source_new(&watch_funcs, sizeof *w);
    w->loop = l;
    w->part = part;
    w->drv = drv;
    pthread_mutex_lock(&l->lock);
    g_queue_push_tail(&part->watches, w);
    pthread_mutex_unlock(&l->lock);
    return w;
}

static struct bp_watch *host_watch(void *drv, int fd, unsigned events,
                                   void (*ready)(void *drv, int fd, unsigned events))
{
    struct bp_watch *w = watch_new(drv);
    GIOCondition condition = 0;
    condition |= events & BP_FD_IN ? G_IO_IN : 0;
    condition |= events & BP_FD_OUT ? G_IO_OUT : 0;
    w->fd = fd;
    w->ready = ready;
    w->tag = g_source_add_unix_fd(&w->source, fd, condition | G_IO_HUP | G_IO_ERR);
    g_source_attach(&w->source, w->loop->context);
    return w;
}

static struct bp_watch *host_after(void *drv, uint64_t ns, void (*fire)(void *drv))
{
    struct bp_watch *w = watch_new(drv);
    uint64_t us = ns / 1000 + (ns % 1000 != 0);
    w->fire = fire;
    us = MIN(us, UINT64_C(1) << 60);
    g_source_set_ready_time(&w->source, g_get_monotonic_time() + (gint64)us);
    g_source_attach(&w->source, w->loop->context);
    return w;
}

static void host_unwatch(struct bp_watch *w)
{
    if (!w)
        return;
    unlist(w);
    g_source_destroy(&w->source);
    g_source_unref(&w->source);
}

/* ---- the rest of backplane.host/1 ------------------------------------------------------------ */

static void host_work(void *drv, void (*run)(void *arg), void (*done)(void *drv, void *arg),
                      void *arg)
{
    struct part *part = part_of(drv);
    struct call *c = g_new0(struct call, 1);
    *c = (struct call){ .part = part, .run = run, .done = done, .arg = arg };
    queue_job(part->machine->loop, c);
}

static void host_defer(void *drv, void (*run)(void *drv))
{
    struct part *part = part_of(drv);
    loop_defer(part->machine->loop, part, run, drv);
}

static void host_quit(void *drv, const char *why)
{
    if (why)
        fprintf(stderr, "backplane: %s\n", why);
    machine_request_shutdown(part_of(drv)->machine, 0);
}

/*
 * What runs at the end of the process. A signal handler is given nothing to find its data by, so
 * this table is the process's.
 */
#define EXIT_CALLS_MAX 16
static struct exit_call {
    void (*_Atomic run)(void *drv);
    void *drv;
} exit_calls[EXIT_CALLS_MAX];
static _Atomic unsigned exit_calls_running; /* threads */

/* No signal is taken in between: its handler, in this thread, would wait for what it interrupted. */
static void run_exit_calls(const void *drv)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_fetch_add(&exit_calls_running, 1);
    for (unsigned i = 0; i < EXIT_CALLS_MAX; i++) {
        if (drv && exit_calls[i].drv != drv)
            continue;
        void (*run)(void *) = atomic_exchange(&exit_calls[i].run, NULL);
        if (run)
            run(exit_calls[i].drv);
    }
    atomic_fetch_sub(&exit_calls_running, 1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* What another thread has begun is waited for, a second at most. */
static void fatal_signal(int number)
{
    run_exit_calls(NULL);
    for (unsigned ms = 0; ms < 1000 && atomic_load(&exit_calls_running); ms++)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    raise(number); /* SA_RESETHAND: now it ends the process */
}

void loop_let_signal_end(int number)
{
    struct sigaction action = { .sa_handler = fatal_signal, .sa_flags = SA_RESETHAND };
    sigfillset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void end_of_process(void)
{
    run_exit_calls(NULL);
}

static void host_at_exit(void *drv, void (*run)(void *drv))
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT,
                                   SIGTERM, SIGINT, SIGHUP };
    static _Atomic bool installed;
    unsigned i = 0;
    while (i < EXIT_CALLS_MAX && atomic_load(&exit_calls[i].run))
        i++;
    if (i == EXIT_CALLS_MAX)
        return;
    exit_calls[i].drv = drv;
    atomic_store(&exit_calls[i].run, run);
    if (atomic_exchange(&installed, true))
        return;
    atexit(end_of_process);
    for (i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct sigaction old;
        if (!sigaction(signals[i], NULL, &old) && !(old.sa_flags & SA_SIGINFO) &&
            old.sa_handler == SIG_DFL)
            loop_let_signal_end(signals[i]);
    }
}

static void forget_exit_calls(const struct part *part)
{
    run_exit_calls(part->state);
    for (unsigned i = 0; i < EXIT_CALLS_MAX; i++)
        if (exit_calls[i].drv == part->state)
            exit_calls[i].drv = NULL;
}

const struct bp_host_api host_api = {
    .size = sizeof host_api,
    .watch = host_watch,
    .after = host_after,
    .unwatch = host_unwatch,
    .work = host_work,
    .defer = host_defer,
    .quit = host_quit,
    .at_exit = host_at_exit,
};

/* ---- life ------------------------------------------------------------------------------------ */

struct loop *loop_new(struct machine *m)
{
    struct loop *l = g_new0(struct loop, 1);
    l->machine = m;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work_cond, NULL);
    pthread_cond_init(&l->idle_cond, NULL);
    g_queue_init(&l->deferred);
    g_queue_init(&l->jobs);
    if (!m->runs_program) /* nobody would run it, and a program counts on its file descriptors' numbers */
        loop_make_context(l);
    return l;
}

void loop_make_context(struct loop *l)
{
    l->context = g_main_context_new();
    l->deferred_source = g_source_new(&deferred_funcs, sizeof(struct deferred_source));
    ((struct deferred_source *)l->deferred_source)->loop = l;
    g_source_attach(l->deferred_source, l->context);
}

GMainContext *loop_context(struct loop *l)
{
    return l->context;
}

void loop_run(struct loop *l)
{
    while (!atomic_exchange(&l->quit, false))
        g_main_context_iteration(l->context, TRUE);
}

void loop_quit(struct loop *l)
{
    atomic_store(&l->quit, true);
    if (l->context)
        g_main_context_wakeup(l->context);
}

void loop_poll(struct loop *l)
{
    while (l->context && g_main_context_iteration(l->context, FALSE))
        ;
}

void loop_settle(struct loop *l, struct part *part)
{
    wait_workers(l, part);
    for (;;) { /* what a driver deferred still runs: it may free something */
        struct call *c = NULL;
        pthread_mutex_lock(&l->lock);
        for (GList *i = l->deferred.head; i && !c; i = i->next) {
            if (((struct call *)i->data)->part == part) {
                c = i->data;
                g_queue_delete_link(&l->deferred, i);
                break;
            }
        }
        pthread_mutex_unlock(&l->lock);
        if (!c)
            break;
        run_call(c);
    }
}

void loop_forget(struct loop *l, struct part *part)
{
    struct bp_watch *w;
    loop_settle(l, part);
    for (;;) {
        pthread_mutex_lock(&l->lock);
        w = g_queue_peek_head(&part->watches);
        pthread_mutex_unlock(&l->lock);
        if (!w)
            break;
        host_unwatch(w);
    }
    forget_exit_calls(part);
}

void loop_free(struct loop *l)
{
    wait_workers(l, NULL);
    pthread_mutex_lock(&l->lock);
    l->ending = true;
    pthread_cond_broadcast(&l->work_cond);
    pthread_mutex_unlock(&l->lock);
    for (unsigned i = 0; i < l->worker_count; i++)
        pthread_join(l->workers[i], NULL);
    for (struct call *c; (c = take_call(l, &l->deferred));)
        run_call(c);
    if (l->context) {
        g_source_destroy(l->deferred_source);
        g_source_unref(l->deferred_source);
        g_main_context_unref(l->context);
    }
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->work_cond);
    pthread_cond_destroy(&l->idle_cond);
    g_free(l);
}
