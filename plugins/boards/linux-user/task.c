/* SPDX-License-Identifier: MIT */
/*
 * task.c: the life of tasks: running guest code, what its traps become, and the ends of tasks and
 * of the process.
 */
#include "debug.h"
#include "task.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- making ---------------------------------------------------------------------------------- */

struct task *task_new(struct process *p, void *env, const struct task *parent)
{
    struct task *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->process = p;
    t->env = env;
    t->actions = p->actions;
    t->alt_flags = SS_DISABLE;
    if (parent) {
        t->mask = parent->mask;
        t->alt_sp = parent->alt_sp;
        t->alt_size = parent->alt_size;
        t->alt_flags = parent->alt_flags;
    }
    return t;
}

void task_list(struct task *t)
{
    struct process *p = t->process;

    t->next = p->tasks;
    p->tasks = t;
    p->task_count++;
}

void task_unlist(struct task *t)
{
    struct process *p = t->process;
    struct task **at = &p->tasks;

    while (*at && *at != t)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = t->next;
    p->task_count--;
    pthread_cond_broadcast(&p->task_ended);
}

void task_free(struct task *t)
{
    if (t->env != t->process->first_env) /* the board's, not ours */
        bp_user_vcpu_free(t->env);
    program_exec_release(t);
    if (t->owns_actions)
        free(t->actions);
    free(t);
}

/* ---- traps ----------------------------------------------------------------------------------- */

static void memory_fault(struct task *t, const struct bp_trap *trap)
{
    struct process *p = t->process;
    bool mapped = bp_user_access(p->space, trap->address) || space_mapped(p, trap->address);

    if (!mapped && space_grow(p, trap->address))
        return;
    signal_fault(t, SIGSEGV, mapped ? SEGV_ACCERR : SEGV_MAPERR, trap->address);
}

static void handle(struct task *t, const struct bp_trap *trap)
{
    uint64_t pc = t->process->abi->pc(t->env);

    switch (trap->kind) {
    case BP_TRAP_KICK: break;
    case BP_TRAP_SYSCALL: task_call(t); break;
    case BP_TRAP_MEMORY: memory_fault(t, trap); break;
    case BP_TRAP_BUS: signal_fault(t, SIGBUS, BUS_ADRERR, trap->address); break;
    case BP_TRAP_ILLEGAL: signal_fault(t, SIGILL, ILL_ILLOPC, pc); break;
    case BP_TRAP_BREAKPOINT: signal_fault(t, SIGTRAP, TRAP_BRKPT, pc); break;
    case BP_TRAP_ALIGNMENT: signal_fault(t, SIGBUS, BUS_ADRALN, trap->address); break;
    case BP_TRAP_ARITHMETIC: signal_fault(t, SIGFPE, (int)trap->code, pc); break;
    case BP_TRAP_DEBUG: debug_trap(t, trap); break;
    default: signal_fault(t, SIGTRAP, TRAP_TRACE, pc); break;
    }
}

void task_loop(struct task *t)
{
    struct bp_trap trap = { .size = sizeof trap };

    while (signals_deliver(t)) {
        bool step = debug_pause(t);
        bp_user_run(t->env, &trap);
        handle(t, &trap);
        if (step)
            debug_stepped(t);
    }
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void __attribute__((noreturn)) leave(struct task *t)
{
    longjmp(t->leave, 1);
}

static void __attribute__((noreturn)) end_now(int status)
{
    for (;;)
        syscall(SYS_exit_group, status);
}

void task_exit(struct task *t, int status)
{
    struct process *p = t->process;

    if (t->vforked) {
        task_release_futexes(t);
        end_now(status);
    }
    pthread_mutex_lock(&p->lock);
    if (t == p->leader && !p->exiting)
        p->exit_status = status;
    pthread_mutex_unlock(&p->lock);
    leave(t);
}

static void stop_others(struct process *p, struct task *t)
{
    for (struct task *other = p->tasks; other; other = other->next) {
        if (other == t)
            continue;
        atomic_store(&other->stop, true);
        task_interrupt(other);
    }
}

void process_exit(struct task *t, int status)
{
    struct process *p = t->process;

    if (t->vforked) {
        task_release_futexes(t);
        end_now(status);
    }
    pthread_mutex_lock(&p->lock);
    if (!p->exiting) {
        p->exit_status = status;
        atomic_store(&p->exiting, true);
    }
    stop_others(p, t);
    pthread_cond_broadcast(&p->task_ended);
    pthread_mutex_unlock(&p->lock);
    debug_release(p);
    leave(t);
}

/* A core file of ours would tell nothing of the program and take hundreds of MB: let it be headers,
 * so that the parent hears of one where it would of the program's. */
static void keep_core_small(void)
{
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, "0", 1) < 0)
        errno = 0;
    close(fd);
}

void process_die(struct task *t, int signal)
{
    struct guest_action dfl = { .handler = GUEST_SIG_DFL };
    struct sigaction sa = { .sa_handler = SIG_DFL };

    task_release_futexes(t);
    if (!t->vforked)
        debug_finish(t->process, true, signal);
    keep_core_small();
    host_action(t->process, (unsigned)signal, &dfl);
    if (FAULT_SIGNALS & signal_bit((unsigned)signal))
        sigaction(signal, &sa, NULL);
    host_mask(ALL_SIGNALS);
    syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), signal);
    host_mask(~signal_bit((unsigned)signal));
    end_now(128 + signal);
}

/* Waits until the other tasks have ended; where the process is to end, a second at most. */
static bool wait_for_others(struct process *p)
{
    struct timespec until;
    int r = 0;

    while (p->task_count && !p->exiting)
        pthread_cond_wait(&p->task_ended, &p->lock);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    while (p->task_count && r != ETIMEDOUT)
        r = pthread_cond_timedwait(&p->task_ended, &p->lock, &until);
    return p->task_count == 0;
}

/* The calling thread is the leader's, whose task has ended: the process lives on until all have. */
static void end_of_leader(struct process *p)
{
    bool all;

    pthread_mutex_lock(&p->lock);
    all = wait_for_others(p);
    pthread_mutex_unlock(&p->lock);
    debug_finish(p, false, p->exit_status);
    if (!all || p->forked || atomic_load(&p->sharers)) /* somebody still uses what main() would free */
        end_now(p->exit_status);
}

void task_main(struct task *t)
{
    struct process *p = t->process;
    bool leader;

    task_set_current(t);
    debug_add(t);
    if (!setjmp(t->leave))
        task_loop(t);
    host_mask(ALL_SIGNALS & ~FAULT_SIGNALS);
    task_release_futexes(t);
    host_mask(ALL_SIGNALS);
    task_set_current(NULL);
    debug_remove(t);
    pthread_mutex_lock(&p->lock);
    leader = t == p->leader;
    task_unlist(t);
    task_free(t); /* within the lock: once nobody is listed, the leader takes the machine apart */
    pthread_mutex_unlock(&p->lock);
    if (leader)
        end_of_leader(p);
}

void task_forked(struct task *t)
{
    struct process *p = t->process;
    struct task *next;

    for (struct task *other = p->tasks; other; other = next) {
        next = other->next;
        if (other != t)
            task_free(other);
    }
    if (t->vforked) { /* and then forked: no more */
        memmove(p->actions, t->actions, sizeof p->actions);
        if (t->owns_actions)
            free(t->actions);
        t->actions = p->actions;
        t->owns_actions = t->vforked = false;
    }
    pthread_cond_init(&p->task_ended, NULL);
    atomic_store(&p->exiting, false);
    t->queued = 0;
    t->next = NULL;
    t->tid = (pid_t)syscall(SYS_gettid);
    p->tasks = p->leader = t;
    p->task_count = 1;
    p->forked = true;
    atomic_store(&p->sharers, 0);
}

int process_run(struct process *p, void *env)
{
    struct task *t = task_new(p, env, NULL);

    if (!t)
        return bp_fail(p, ENOMEM, "no memory for a task");
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->task_ended, NULL);
    t->tid = (pid_t)syscall(SYS_gettid);
    t->mask = p->first_mask;
    p->first_env = env;
    p->leader = t;
    task_list(t);
    atomic_store(&t->pending, 1); /* its mask is to be set */
    task_main(t);
    return p->exit_status;
}
