/* SPDX-License-Identifier: MIT */
/* call_signal.c: the system calls about signals. */
#include "calls.h"
#include "signals.h"

#include <string.h>
#include <unistd.h>

#define SA_RESTORER_ 0x04000000u
/* Flags that Linux knows; sigaction() forgets others. */
#define SA_KNOWN                                                                                   \
    (UINT64_C(0x800) | SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |        \
     SA_NODEFER | SA_RESETHAND)

/* ---- actions --------------------------------------------------------------------------------- */

static int read_action(struct task *t, uint64_t gva, struct guest_action *ret)
{
    bool restorer = t->process->abi->flags & BP_LINUX_RESTORER;
    uint64_t w[4] = { 0 };
    int r = guest_read(t, gva, w, restorer ? 32 : 24);

    *ret = (struct guest_action){ .handler = w[0], .flags = w[1] };
    ret->restorer = restorer ? w[2] : 0;
    ret->mask = restorer ? w[3] : w[2];
    return r;
}

static int write_action(struct task *t, uint64_t gva, const struct guest_action *a)
{
    bool restorer = t->process->abi->flags & BP_LINUX_RESTORER;
    uint64_t w[4] = { a->handler, a->flags, restorer ? a->restorer : a->mask, a->mask };

    return guest_write(t, gva, w, restorer ? 32 : 24);
}

int64_t call_rt_sigaction(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    unsigned number = (unsigned)a[0];
    struct guest_action act, old;
    int r;

    if (a[3] != sizeof(uint64_t))
        return -EINVAL;
    if (a[1] && (r = read_action(t, a[1], &act)) < 0)
        return r;
    if (number < 1 || number > SIGNALS || (a[1] && (number == SIGKILL || number == SIGSTOP)))
        return -EINVAL;
    pthread_mutex_lock(&p->lock);
    old = t->actions[number];
    if (a[1]) {
        act.flags &= SA_KNOWN | (p->abi->flags & BP_LINUX_RESTORER ? SA_RESTORER_ : 0);
        act.mask &= ~UNBLOCKABLE;
        t->actions[number] = act;
        host_action(t->process, number, &act);
    }
    pthread_mutex_unlock(&p->lock);
    return a[2] ? write_action(t, a[2], &old) : 0;
}

int64_t call_rt_sigreturn(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    struct bp_linux_signal s = { .size = sizeof s };

    (void)a;
    if (p->abi->signal_return(t->env, p->space, &s) < 0) {
        signal_fault(t, SIGSEGV, SI_KERNEL, 0);
        return 0;
    }
    signals_set_mask(t, s.mask);
    set_alt_stack(t, p->abi->sp(t->env), s.alt_sp, s.alt_flags, s.alt_size);
    return 0;
}

/* ---- masks ----------------------------------------------------------------------------------- */

static int read_mask(struct task *t, uint64_t gva, uint64_t size, uint64_t *ret)
{
    return size == sizeof *ret ? guest_read(t, gva, ret, sizeof *ret) : -EINVAL;
}

int64_t call_rt_sigprocmask(struct task *t, const uint64_t a[6])
{
    uint64_t set = 0, old = t->mask, mask;
    int r;

    if (a[3] != sizeof set)
        return -EINVAL;
    if (a[1]) {
        if ((r = guest_read(t, a[1], &set, sizeof set)) < 0)
            return r;
        switch ((int)a[0]) {
        case SIG_BLOCK: mask = old | set; break;
        case SIG_UNBLOCK: mask = old & ~set; break;
        case SIG_SETMASK: mask = set; break;
        default: return -EINVAL;
        }
        /* What has come already comes before it is blocked. */
        signals_block();
        if (atomic_load(&t->pending) && signals_queued(t) & ~old)
            return -BP_LINUX_RESTART;
        signals_set_mask(t, mask);
    }
    return a[2] ? guest_write(t, a[2], &old, sizeof old) : 0;
}

int64_t call_rt_sigpending(struct task *t, const uint64_t a[6])
{
    uint64_t set = 0;
    int64_t r;

    if (a[1] > sizeof set)
        return -EINVAL;
    r = quick_call(SYS_rt_sigpending, ptr_arg(&set), sizeof set, 0, 0, 0, 0);
    if (r < 0)
        return r;
    set = (set | signals_queued(t)) & t->mask;
    return guest_write(t, a[0], &set, a[1]);
}

/* ---- waiting --------------------------------------------------------------------------------- */

int64_t call_rt_sigsuspend(struct task *t, const uint64_t a[6])
{
    uint64_t mask, host;
    int r = read_mask(t, a[0], a[1], &mask);

    if (r < 0)
        return r;
    host = signals_host_mask(mask & ~UNBLOCKABLE);
    return host_call_masked(t, mask, SYS_rt_sigsuspend,
                            (const uint64_t[6]){ ptr_arg(&host), sizeof host });
}

int64_t call_rt_sigtimedwait(struct task *t, const uint64_t a[6])
{
    struct pending_signal s;
    uint64_t set;
    int r = read_mask(t, a[0], a[3], &set);

    if (r < 0)
        return r;
    if (!signals_take(t, set & t->mask, &s)) {
        int64_t n = host_call(t, SYS_rt_sigtimedwait, ptr_arg(&set), ptr_arg(arg_out(t, a[1], 128)),
                              ptr_arg(arg_in(t, a[2], 16)), sizeof set, 0, 0);
        if (n != -EINTR || !signals_take(t, set & t->mask, &s))
            return n;
    }
    /* One of the two that the kernel must let through to the runtime. */
    r = a[1] ? guest_write(t, a[1], s.info, sizeof s.info) : 0;
    return r < 0 ? r : (int64_t)s.number;
}

int64_t call_signalfd4(struct task *t, const uint64_t a[6])
{
    uint64_t mask;
    int r;

    if (fd_is_own(t->process, (int)a[0]))
        return -EBADF;
    r = read_mask(t, a[1], a[2], &mask);
    if (r < 0)
        return r;
    return quick_call(SYS_signalfd4, a[0], ptr_arg(&mask), sizeof mask,
                      open_flags_to_host(t->process, (uint32_t)a[3]), 0, 0);
}

/* ---- sending --------------------------------------------------------------------------------- */

int64_t call_kill(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_kill, a[0], a[1], 0, 0, 0, 0);
}

int64_t call_tkill(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_tkill, a[0], a[1], 0, 0, 0, 0);
}

int64_t call_tgkill(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_tgkill, a[0], a[1], a[2], 0, 0, 0);
}

int64_t call_rt_sigqueueinfo(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_rt_sigqueueinfo, a[0], a[1], ptr_arg(arg_in(t, a[2], 128)), 0, 0, 0);
}

int64_t call_rt_tgsigqueueinfo(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_rt_tgsigqueueinfo, a[0], a[1], a[2], ptr_arg(arg_in(t, a[3], 128)), 0,
                     0);
}

/* ---- the alternate stack --------------------------------------------------------------------- */

/* stack_t */
struct guest_stack {
    uint64_t sp;
    uint32_t flags, pad;
    uint64_t size;
};

int64_t call_sigaltstack(struct task *t, const uint64_t a[6])
{
    uint64_t sp = t->process->abi->sp(t->env);
    struct guest_stack new, old = { t->alt_sp, 0, 0, t->alt_size };
    int64_t r;

    old.flags = alt_stack_flags(t, sp) | (t->alt_flags & (1u << 31));
    if (a[0]) {
        r = guest_read(t, a[0], &new, sizeof new);
        if (!r)
            r = set_alt_stack(t, sp, new.sp, new.flags, new.size);
        if (r < 0)
            return r;
    }
    return a[1] ? guest_write(t, a[1], &old, sizeof old) : 0;
}
