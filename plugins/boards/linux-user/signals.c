/* SPDX-License-Identifier: MIT */
/*
 * signals.c: from a signal of the host to the guest's handler. signal(7), sigaction(2),
 * sigaltstack(2); Linux, kernel/signal.c for what manual pages leave out.
 *
 * Where the guest has a handler, the host has ours; else the host's action is the guest's, and its
 * kernel ignores, stops and kills as it should. Ours puts the signal into its task's queue and
 * blocks all others, so that the kernel keeps those, in its order. The task then builds the frame,
 * and the guest's new mask lets the next one in, which goes on top: as Linux does it.
 */
#include "debug.h"
#include "signals.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SA_RESTORER_ 0x04000000u
#define SS_AUTODISARM_ (1u << 31)

/* The kernel's struct sigaction on 64-bit hosts; some have the mask in the restorer's place. */
struct host_sigaction {
    uint64_t handler, flags, more[2];
};

static __thread struct task *current __attribute__((tls_model("initial-exec")));
static struct host_sigaction our_action; /* flags but SA_RESTART and the like, restorer, mask */

struct task *task_current(void) { return current; }
void task_set_current(struct task *t) { current = t; }

/* ---- what signals do by default ---------------------------------------------------------------- */

enum default_action { ACTION_END, ACTION_IGNORE, ACTION_STOP };

static enum default_action default_of(unsigned number)
{
    switch (number) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH: return ACTION_IGNORE;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU: return ACTION_STOP;
    default: return ACTION_END;
    }
}

/* ---- the host's masks and actions ------------------------------------------------------------ */

uint64_t host_mask(uint64_t mask)
{
    uint64_t old = 0;

    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &old, sizeof mask);
    return old;
}

static int raw_sigaction(unsigned number, const struct host_sigaction *act,
                         struct host_sigaction *old)
{
    return (int)syscall(SYS_rt_sigaction, number, act, old, sizeof(uint64_t));
}

void host_action(const struct process *p, unsigned number, const struct guest_action *action)
{
    const uint64_t passed = SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT;
    struct host_sigaction a = our_action;

    if (number == SIGKILL || number == SIGSTOP || FAULT_SIGNALS & signal_bit(number))
        return;
    bool heard = action->handler == GUEST_SIG_DFL && default_of(number) == ACTION_END &&
                 debug_wants_signals(p);
    if ((action->handler == GUEST_SIG_DFL || action->handler == GUEST_SIG_IGN) && !heard)
        a.handler = action->handler;
    a.flags = (a.flags & ~passed) | (action->flags & passed);
    raw_sigaction(number, &a, NULL);
}

uint64_t signals_host_mask(uint64_t guest)
{
    return guest & ~FAULT_SIGNALS;
}

void signals_block(void)
{
    host_mask(~FAULT_SIGNALS);
}

void signals_unblock(struct task *t)
{
    host_mask(signals_host_mask(t->mask));
}

void signals_set_mask(struct task *t, uint64_t mask)
{
    t->mask = mask & ~UNBLOCKABLE;
    if (t->queued)
        atomic_store(&t->pending, 1);
    signals_unblock(t);
}

/* ---- the host's handler ---------------------------------------------------------------------- */

static void block_behind(void *ucontext, uint64_t mask)
{
    memcpy(&((ucontext_t *)ucontext)->uc_sigmask, &mask, sizeof mask);
}

/* A thread that runs no program: the kernel shall find another. */
static void pass_on(int number, siginfo_t *info, void *ucontext)
{
    block_behind(ucontext, ALL_SIGNALS);
    syscall(SYS_rt_sigqueueinfo, getpid(), number, info);
}

static void enqueue(struct task *t, int number, const siginfo_t *info)
{
    uint32_t n = t->queued;

    if (n == sizeof t->queue / sizeof *t->queue)
        return; /* only standard signals come while one waits, and they don't queue */
    t->queue[n].number = (uint32_t)number;
    memcpy(t->queue[n].info, info, sizeof t->queue[n].info);
    atomic_signal_fence(memory_order_seq_cst);
    t->queued = n + 1;
}

/* The address tells task_interrupt()'s signals from all others. */
static const char interrupt_cookie;

static bool is_interrupt(const siginfo_t *info)
{
    return info->si_code == SI_QUEUE && info->si_value.sival_ptr == &interrupt_cookie;
}

static void arrived(int number, siginfo_t *info, void *ucontext)
{
    struct task *t = current;

    if (!t) {
        if (!is_interrupt(info))
            pass_on(number, info, ucontext);
        return;
    }
    if (!is_interrupt(info)) {
        enqueue(t, number, info);
        block_behind(ucontext, ~FAULT_SIGNALS);
    }
    atomic_store(&t->pending, 1);
    bp_user_kick(t->env);
    bp_linux_host_signalled(ucontext);
}

/* What the emulator itself did wrong must not look like the guest's doing. */
static bool our_own_fault(int number, const siginfo_t *info)
{
    return info->si_code > 0 && info->si_code != SI_KERNEL &&
           (number == SIGILL || number == SIGFPE || number == SIGTRAP || number == SIGSEGV ||
            number == SIGBUS);
}

static void die_of_own_fault(int number, const siginfo_t *info)
{
    static const struct host_sigaction dfl;
    char text[128];
    int n = snprintf(text, sizeof text, "backplane: internal error: signal %d, code %d, at %p\n", number,
                      info->si_code, info->si_addr);

    if (write(STDERR_FILENO, text, (size_t)n) < 0)
        n = 0;
    raw_sigaction((unsigned)number, &dfl, NULL); /* and it happens again */
}

static void host_handler(int number, siginfo_t *info, void *ucontext)
{
    int e = errno;

    if (our_own_fault(number, info))
        die_of_own_fault(number, info);
    else
        arrived(number, info, ucontext);
    errno = e;
}

/* The runtime's handlers may be interrupted by ours: not while this one is at the queue. */
void signals_foreign(int number, void *info, void *ucontext)
{
    uint64_t mask = host_mask(ALL_SIGNALS);

    host_handler(number, info, ucontext);
    host_mask(mask);
}

void task_interrupt(struct task *t)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    info.si_signo = SIGSEGV;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_value.sival_ptr = (void *)(uintptr_t)&interrupt_cookie;
    atomic_store(&t->pending, 1);
    bp_user_kick(t->env);
    syscall(SYS_rt_tgsigqueueinfo, getpid(), t->tid, SIGSEGV, &info);
}

/* ---- the beginning --------------------------------------------------------------------------- */

/* What a program that the host started in our place would have inherited. The C library says
 * nothing of its own two signals, so ask the kernel; to learn its restorer, set a handler. */
int signals_init(struct process *p)
{
    struct sigaction sa = { .sa_sigaction = host_handler, .sa_flags = SA_SIGINFO };
    struct host_sigaction old;

    p->first_mask = host_mask(~FAULT_SIGNALS) & ~UNBLOCKABLE;
    host_mask(signals_host_mask(p->first_mask));
    raw_sigaction(SIGUSR1, NULL, &old);
    memset(&sa.sa_mask, 0xff, sizeof sa.sa_mask);
    if (sigaction(SIGUSR1, &sa, NULL) < 0 || raw_sigaction(SIGUSR1, NULL, &our_action) < 0)
        return bp_fail(p, errno, "cannot handle signals: %s", strerror(errno));
    raw_sigaction(SIGUSR1, &old, NULL);
    for (unsigned n = 1; n <= SIGNALS; n++) {
        struct guest_action *a = &p->actions[n];
        *a = (struct guest_action){ .handler = GUEST_SIG_DFL };
        if (!raw_sigaction(n, NULL, &old) && old.handler == GUEST_SIG_IGN)
            a->handler = GUEST_SIG_IGN;
        host_action(p, n, a);
    }
    return 0;
}

void signals_debugged(struct process *p)
{
    for (unsigned n = 1; n <= SIGNALS; n++)
        host_action(p, n, &p->actions[n]);
}

void signals_exec(struct task *t, bool before)
{
    static const struct host_sigaction ignore = { .handler = GUEST_SIG_IGN };
    static struct host_sigaction faults[2];
    static const unsigned numbers[2] = { SIGSEGV, SIGBUS };

    for (unsigned i = 0; i < 2; i++) {
        if (t->actions[numbers[i]].handler != GUEST_SIG_IGN)
            continue;
        if (before)
            raw_sigaction(numbers[i], NULL, &faults[i]);
        raw_sigaction(numbers[i], before ? &ignore : &faults[i], NULL);
    }
    host_mask(before ? t->mask : signals_host_mask(t->mask));
}

/* ---- the queue ------------------------------------------------------------------------------- */

bool signals_take(struct task *t, uint64_t set, struct pending_signal *ret)
{
    uint64_t mask = host_mask(ALL_SIGNALS);
    bool found = false;

    for (uint32_t i = 0; i < t->queued && !found; i++) {
        if (!(set & signal_bit(t->queue[i].number)))
            continue;
        found = true;
        *ret = t->queue[i];
        t->queued--;
        memmove(&t->queue[i], &t->queue[i + 1], (t->queued - i) * sizeof t->queue[i]);
    }
    host_mask(mask);
    return found;
}

uint64_t signals_queued(struct task *t)
{
    uint64_t mask = host_mask(ALL_SIGNALS), r = 0;

    for (uint32_t i = 0; i < t->queued; i++)
        r |= signal_bit(t->queue[i].number);
    host_mask(mask);
    return r;
}

bool signals_restart(struct task *t)
{
    return !(signals_queued(t) & ~t->mask);
}

int64_t host_call_masked(struct task *t, uint64_t mask, long number, const uint64_t args[6])
{
    int64_t r = -EINTR;

    mask &= ~UNBLOCKABLE;
    debug_outside(t);
    if (!(signals_queued(t) & ~mask & t->mask))
        r = bp_linux_host_call(&t->pending, number, args);
    debug_inside(t);
    if (r != -EINTR)
        return r;
    if (!(signals_queued(t) & ~mask))
        return -BP_LINUX_RESTART;
    t->saved_mask = t->mask;
    t->has_saved_mask = true;
    t->mask = mask;
    return -EINTR;
}

/* ---- alternate stacks ------------------------------------------------------------------------ */

bool on_alt_stack(const struct task *t, uint64_t sp)
{
    return !(t->alt_flags & SS_AUTODISARM_) && sp > t->alt_sp && sp - t->alt_sp <= t->alt_size;
}

uint32_t alt_stack_flags(const struct task *t, uint64_t sp)
{
    return !t->alt_size ? SS_DISABLE : on_alt_stack(t, sp) ? SS_ONSTACK : 0;
}

int64_t set_alt_stack(struct task *t, uint64_t sp, uint64_t new_sp, uint32_t flags, uint64_t size)
{
    uint32_t least = t->process->abi->min_signal_stack, mode = flags & ~SS_AUTODISARM_;

    if (on_alt_stack(t, sp))
        return -EPERM;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
        return -EINVAL;
    if (mode == SS_DISABLE)
        new_sp = size = 0;
    else if (size < (least ? least : 2048))
        return -ENOMEM;
    t->alt_sp = new_sp;
    t->alt_size = size;
    t->alt_flags = flags;
    return 0;
}

/* ---- delivery -------------------------------------------------------------------------------- */

static void act_by_default(struct task *t, unsigned number)
{
    switch (default_of(number)) {
    case ACTION_END: process_die(t, (int)number);
    case ACTION_IGNORE: return;
    case ACTION_STOP: syscall(SYS_tgkill, getpid(), t->tid, number); /* when it is let in */
    }
}

/* Where the frame goes; false: it would overrun the alternate stack that the task is on. */
static bool frame_stack(struct task *t, const struct guest_action *a, uint64_t *ret)
{
    const struct bp_linux_abi *abi = t->process->abi;
    uint64_t sp = abi->sp(t->env);

    *ret = sp;
    if (a->flags & SA_ONSTACK && !alt_stack_flags(t, sp))
        *ret = t->alt_sp + t->alt_size;
    return !t->alt_size || !on_alt_stack(t, *ret) ||
           on_alt_stack(t, *ret - abi->signal_frame_bytes);
}

static int build_frame(struct task *t, const struct pending_signal *s, const struct guest_action *a)
{
    struct process *p = t->process;
    struct bp_linux_signal f = {
        .size = sizeof f,
        .number = s->number,
        .handler = a->handler,
        .flags = a->flags,
        .restorer = a->flags & SA_RESTORER_ ? a->restorer : 0,
        .trampoline = p->trampoline,
        .alt_sp = t->alt_sp,
        .alt_size = t->alt_size,
        .alt_flags = t->alt_flags,
        .mask = t->has_saved_mask ? t->saved_mask : t->mask,
    };

    if (!frame_stack(t, a, &f.stack))
        return -EFAULT;
    memcpy(f.info, s->info, sizeof f.info);
    return p->abi->signal_enter(t->env, p->space, &f);
}

static void call_handler(struct task *t, const struct pending_signal *s,
                         const struct guest_action *a)
{
    int r = build_frame(t, s, a);

    if (r < 0 && s->number == SIGSEGV)
        process_die(t, SIGSEGV);
    if (r < 0) {
        signal_fault(t, SIGSEGV, SI_KERNEL, 0);
        return;
    }
    t->has_saved_mask = false;
    t->mask |= a->mask | (a->flags & SA_NODEFER ? 0 : signal_bit(s->number));
    t->mask &= ~UNBLOCKABLE;
    if (t->alt_flags & SS_AUTODISARM_) {
        t->alt_sp = t->alt_size = 0;
        t->alt_flags = SS_DISABLE;
    }
}

static struct guest_action action_for(struct task *t, unsigned number)
{
    struct guest_action *a = &t->actions[number], r;

    pthread_mutex_lock(&t->process->lock);
    r = *a;
    if (r.flags & SA_RESETHAND && r.handler > GUEST_SIG_IGN) {
        a->handler = GUEST_SIG_DFL;
        host_action(t->process, number, a);
    }
    pthread_mutex_unlock(&t->process->lock);
    return r;
}

/* The debugger may have put another in its place; false: none. */
static bool heard_of(struct task *t, struct pending_signal *s)
{
    unsigned number = debug_signal(t, s->number, s->info);
    siginfo_t info;

    if (number && number <= SIGNALS && number != s->number) {
        memset(&info, 0, sizeof info);
        info.si_signo = (int)number;
        info.si_code = SI_USER;
        info.si_pid = getpid();
        memcpy(s->info, &info, sizeof s->info);
    }
    s->number = number;
    return number && number <= SIGNALS;
}

static void deliver(struct task *t, struct pending_signal *s)
{
    if (!heard_of(t, s))
        return;
    struct guest_action a = action_for(t, s->number);

    if (a.handler == GUEST_SIG_DFL)
        act_by_default(t, s->number);
    else if (a.handler != GUEST_SIG_IGN)
        call_handler(t, s, &a);
}

bool signals_deliver(struct task *t)
{
    while (atomic_exchange(&t->pending, 0)) {
        struct pending_signal s;
        if (atomic_load(&t->stop))
            return false;
        while (signals_take(t, ~t->mask, &s))
            deliver(t, &s);
        if (t->has_saved_mask) {
            t->has_saved_mask = false;
            t->mask = t->saved_mask;
            if (t->queued)
                atomic_store(&t->pending, 1);
        }
        signals_unblock(t); /* and those that the kernel has kept come in */
    }
    return true;
}

void signal_fault(struct task *t, int number, int code, uint64_t address)
{
    struct pending_signal s = { .number = (uint32_t)number };
    struct guest_action a;
    siginfo_t info;

    memset(&info, 0, sizeof info);
    info.si_signo = number;
    info.si_code = code;
    info.si_addr = (void *)(uintptr_t)address;
    memcpy(s.info, &info, sizeof s.info);
    signals_block();
    atomic_store(&t->pending, 1); /* the mask is to be set */
    if (!heard_of(t, &s))
        return;
    number = (int)s.number;
    a = action_for(t, s.number);
    if (a.handler == GUEST_SIG_DFL || a.handler == GUEST_SIG_IGN ||
        t->mask & signal_bit(s.number))
        process_die(t, number);
    call_handler(t, &s, &a);
}
