/* SPDX-License-Identifier: MIT */
/* debuggee.c: the debugger of a program. */
#include <core/debuggee.h>

#include <core/chardev.h>
#include <core/debug.h>
#include <core/graph.h>
#include <core/loop.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define OWN_FD_MIN 900 /* out of the program's way */

static struct debuggee *debuggee_of(const void *part_state)
{
    return part_of(part_state)->machine->debug->program;
}

/* ---- tasks ----------------------------------------------------------------------------------- */

static struct debug_task *task_of(const struct debuggee *p, const void *env)
{
    struct debug_task *t = p->tasks;
    while (t && t->v->env != env)
        t = t->next;
    return t;
}

struct debug_task *debuggee_task(const struct debuggee *p, uint64_t id)
{
    struct debug_task *t = p->tasks;
    while (t && t->id != id)
        t = t->next;
    return t;
}

struct debug_task *debuggee_task_at(const struct debuggee *p, uint32_t i)
{
    struct debug_task *t = p->tasks;
    while (t && i--)
        t = t->next;
    return t;
}

/* At the end, so that debuggers see them in order of birth. */
static void api_add(void *env, uint64_t id)
{
    struct debuggee *p = debuggee_of(env);
    struct debug_task *t = g_new0(struct debug_task, 1), **at = &p->tasks;
    t->v = vcpu_of_env(env);
    t->id = id;
    pthread_mutex_lock(&p->lock);
    while (*at)
        at = &(*at)->next;
    *at = t;
    pthread_mutex_unlock(&p->lock);
}

static void api_remove(void *env)
{
    struct debuggee *p = debuggee_of(env);
    pthread_mutex_lock(&p->lock);
    struct debug_task **at = &p->tasks;
    while (*at && (*at)->v->env != env)
        at = &(*at)->next;
    struct debug_task *t = *at;
    if (t)
        *at = t->next;
    g_free(t);
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* ---- standing still -------------------------------------------------------------------------- */

static bool all_still(const struct debuggee *p)
{
    for (const struct debug_task *t = p->tasks; t; t = t->next)
        if (t->state == TASK_RUNNING)
            return false;
    return p->tasks || p->ending;
}

void debuggee_stop(struct debuggee *p)
{
    p->stopping = true;
    for (struct debug_task *t = p->tasks; t; t = t->next)
        if (t->state == TASK_RUNNING)
            p->ops.interrupt(p->board, t->v->env);
    while (!all_still(p))
        pthread_cond_wait(&p->changed, &p->lock);
}

void debuggee_go(struct debuggee *p)
{
    p->stopping = false;
    pthread_cond_broadcast(&p->changed);
}

static void settle(void *arg)
{
    struct debuggee *p = arg;
    struct debug *d = p->machine->debug;
    if (!p->pending)
        return;
    debuggee_stop(p);
    p->pending = false;
    if (!d->owner) {
        debuggee_go(p);
        return;
    }
    d->stopped = true;
    d->ops->event(d->owner->state, &p->event);
}

void debuggee_request(struct debuggee *p, const struct bp_debug_event *event)
{
    if (p->pending)
        return;
    p->pending = true;
    p->stopping = true;
    p->event = *event;
    for (struct debug_task *t = p->tasks; t; t = t->next)
        if (t->state == TASK_RUNNING)
            p->ops.interrupt(p->board, t->v->env);
    loop_defer(p->machine->loop, NULL, settle, p);
    pthread_cond_broadcast(&p->changed); /* whoever waits for a debugger */
}

/* With the lock held. */
static void park(struct debuggee *p, struct debug_task *t)
{
    if (!p->stopping && !t->held)
        return;
    t->state = TASK_PARKED;
    pthread_cond_broadcast(&p->changed);
    while ((p->stopping || t->held) && !p->ending)
        pthread_cond_wait(&p->changed, &p->lock);
    t->state = TASK_RUNNING;
}

static bool api_pause(void *env)
{
    struct debuggee *p = debuggee_of(env);
    pthread_mutex_lock(&p->lock);
    struct debug_task *t = task_of(p, env);
    bool step = false;
    if (t) {
        park(p, t);
        step = t->step;
        t->step = false;
        atomic_store(&t->v->step, step ? VCPU_STEP : 0);
    }
    pthread_mutex_unlock(&p->lock);
    return step;
}

static void api_outside(void *env)
{
    struct debuggee *p = debuggee_of(env);
    pthread_mutex_lock(&p->lock);
    struct debug_task *t = task_of(p, env);
    if (t)
        t->state = TASK_OUTSIDE;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static void api_inside(void *env)
{
    struct debuggee *p = debuggee_of(env);
    pthread_mutex_lock(&p->lock);
    struct debug_task *t = task_of(p, env);
    if (t) {
        park(p, t);
        t->state = TASK_RUNNING;
    }
    pthread_mutex_unlock(&p->lock);
}

/* What does not happen again by itself when the task goes on. */
static bool must_be_heard(uint32_t kind)
{
    return kind != BP_DEBUG_BREAKPOINT && kind != BP_DEBUG_WATCHPOINT && kind != BP_DEBUG_STEP;
}

static int api_report(void *env, const struct bp_debug_event *e)
{
    struct debuggee *p = debuggee_of(env);
    const struct debug *d = p->machine->debug;
    int unheard = e->kind == BP_DEBUG_SIGNAL ? e->code : 0, result = unheard;
    pthread_mutex_lock(&p->lock);
    struct debug_task *t = task_of(p, env);
    for (bool heard = false; t && d->owner && !heard && !p->ending;) {
        heard = !p->pending && !p->stopping;
        t->signal = unheard;
        if (heard) {
            struct bp_debug_event event = *e;
            event.thread = t->id;
            debuggee_request(p, &event);
        }
        park(p, t);
        result = t->signal;
        if (!heard && !must_be_heard(e->kind))
            break;
    }
    pthread_mutex_unlock(&p->lock);
    return result;
}

static bool api_wants_call(void *board, uint32_t number)
{
    struct debuggee *p = debuggee_of(board);
    pthread_mutex_lock(&p->lock);
    bool wanted = p->catching && p->machine->debug->owner;
    bool named = p->catch_all;
    for (guint i = 0; wanted && !named && i < p->calls->len; i++)
        named = g_array_index(p->calls, uint32_t, i) == number;
    pthread_mutex_unlock(&p->lock);
    return wanted && named;
}

static void api_step_over(void *env)
{
    atomic_store(&vcpu_of_env(env)->step, VCPU_STEP | VCPU_STEP_OVER);
}

/* ---- the debugger's thread --------------------------------------------------------------------- */

/* As g_main_context_iteration(), with the lock released only while it waits. */
static void iterate(struct debuggee *p, GMainContext *context, GArray *fds)
{
    int priority, timeout;
    g_main_context_prepare(context, &priority);
    gint n = g_main_context_query(context, priority, &timeout, (GPollFD *)(void *)fds->data,
                                  (gint)fds->len);
    if ((guint)n > fds->len) {
        g_array_set_size(fds, (guint)n);
        n = g_main_context_query(context, priority, &timeout, (GPollFD *)(void *)fds->data,
                                 (gint)fds->len);
    }
    pthread_mutex_unlock(&p->lock);
    g_poll((GPollFD *)(void *)fds->data, (guint)n, timeout);
    pthread_mutex_lock(&p->lock);
    if (g_main_context_check(context, priority, (GPollFD *)(void *)fds->data, n))
        g_main_context_dispatch(context);
}

static void *debugger_main(void *arg)
{
    struct debuggee *p = arg;
    GMainContext *context = loop_context(p->machine->loop);
    GArray *fds = g_array_new(false, true, sizeof(GPollFD));
    g_array_set_size(fds, 16);
    pthread_mutex_lock(&p->lock);
    g_main_context_acquire(context);
    while (!p->quit)
        iterate(p, context, fds);
    g_main_context_release(context);
    pthread_mutex_unlock(&p->lock);
    g_array_unref(fds);
    return NULL;
}

/* Signals are the tasks', but for those of our own accesses to guest memory. */
static int start_thread(struct debuggee *p)
{
    sigset_t most, old;
    sigfillset(&most);
    sigdelset(&most, SIGSEGV);
    sigdelset(&most, SIGBUS);
    pthread_sigmask(SIG_SETMASK, &most, &old);
    int r = pthread_create(&p->thread, NULL, debugger_main, p);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return r ? core_error(r, "the host gives no thread for the debugger: %s", strerror(r)) : 0;
}

/* ---- beginning and ending ------------------------------------------------------------------------ */

/* Takes the low descriptors, so that what is opened next is out of the program's way. */
static GArray *fill_descriptors(void)
{
    GArray *fds = g_array_new(false, false, sizeof(int));
    for (int fd = 0; fd >= 0 && fd < OWN_FD_MIN;) {
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            g_array_append_val(fds, fd);
    }
    return fds;
}

static void free_descriptors(GArray *fds)
{
    for (guint i = 0; i < fds->len; i++)
        close(g_array_index(fds, int, i));
    g_array_unref(fds);
}

/* "1234" and "/path" as -gdb has them. */
static char *spec_of(const char *where)
{
    if (*where && where[strspn(where, "0123456789")] == '\0')
        return g_strconcat("tcp:127.0.0.1:", where, NULL);
    return g_str_has_prefix(where, "tcp:") || g_str_has_prefix(where, "unix:")
               ? g_strdup(where) : g_strconcat("unix:", where, NULL);
}

static int open_debugger(struct debuggee *p, const char *where)
{
    g_autofree char *spec = spec_of(where);
    GArray *fds = fill_descriptors();
    loop_make_context(p->machine->loop);
    int r = graph_add_gdb(graph_of_board(p->board), spec);
    if (!r)
        r = start_thread(p);
    pthread_mutex_lock(&p->lock);
    while (!r && !p->stopping)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
    free_descriptors(fds);
    return r;
}

static int api_start(void *board, const char *where, const struct bp_debuggee_ops *ops)
{
    struct machine *m = part_of(board)->machine;
    struct debuggee *p = g_new0(struct debuggee, 1);
    p->machine = m;
    p->board = board;
    memcpy(&p->ops, ops, MIN(sizeof p->ops, ops->size));
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->calls = g_array_new(false, false, sizeof(uint32_t));
    m->debug->program = p;
    return open_debugger(p, where);
}

static void api_release(void *board)
{
    struct debuggee *p = debuggee_of(board);
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static void api_finish(void *board, uint32_t kind, int code)
{
    struct debuggee *p = debuggee_of(board);
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    debug_finished(p->machine, kind, code);
    chardev_flush_all(p->machine);
    pthread_mutex_unlock(&p->lock);
}

/* The debugger stays with the parent: the child lets go of what it has inherited. */
static void forget(struct debuggee *p)
{
    struct machine *m = p->machine;
    m->debug->owner = NULL;
    p->thread = 0;
    p->pending = p->stopping = p->catching = false;
    control_free_all(m);
    while (m->chardevs->len)
        chardev_free(g_ptr_array_index(m->chardevs, m->chardevs->len - 1));
    while (p->tasks) {
        struct debug_task *t = p->tasks;
        p->tasks = t->next;
        g_free(t);
    }
    debug_forget_points(m);
}

static void api_fork(void *board, enum bp_user_fork when)
{
    struct debuggee *p = debuggee_of(board);
    if (when == BP_FORK_PREPARE)
        pthread_mutex_lock(&p->lock);
    if (when == BP_FORK_CHILD)
        forget(p);
    if (when != BP_FORK_PREPARE)
        pthread_mutex_unlock(&p->lock);
}

void debuggee_free(struct machine *m)
{
    struct debuggee *p = m->debug->program;
    if (!p)
        return;
    if (p->thread) {
        pthread_mutex_lock(&p->lock);
        p->quit = true;
        g_main_context_wakeup(loop_context(m->loop));
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->thread, NULL);
    }
    m->debug->program = NULL;
    while (p->tasks) {
        struct debug_task *t = p->tasks;
        p->tasks = t->next;
        g_free(t);
    }
    g_array_unref(p->calls);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
    g_free(p);
}

const struct bp_debuggee_api debuggee_api = {
    .size = sizeof debuggee_api,
    .start = api_start,
    .add = api_add,
    .remove = api_remove,
    .pause = api_pause,
    .outside = api_outside,
    .inside = api_inside,
    .report = api_report,
    .wants_call = api_wants_call,
    .step_over = api_step_over,
    .fork = api_fork,
    .release = api_release,
    .finish = api_finish,
};
