/* SPDX-License-Identifier: MIT */
/*
 * user_fault.c: host faults in user mode: whose they are and what becomes of them.
 *
 * A fault is the guest's where the host's pc lies in translated code, or where a C function said
 * that it accesses guest memory: the vCPU's for a helper or the interpreter, a guard's for a copy.
 * Everything else, and signals that somebody sent, is the board's.
 */
#include "tcg-runtime/exec/user.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

__thread struct user_thread user_thread __attribute__((tls_model("initial-exec")));

/* A signal handler is given nothing to find its data by, so these are the process's. */
static struct bp_user_space *_Atomic fault_space;
static struct sigaction fault_old[2];
static const int fault_signals[2] = { SIGSEGV, SIGBUS };

#define RETRIES_MAX 1000

/* ---- telling what it was --------------------------------------------------------------------- */

static bool in_cache(const struct tcg *tcg, const uint8_t *pc)
{
    return pc >= tcg->cache.rx + tcg->cache.prologue && pc < tcg->cache.rx + tcg->cache.size;
}

/* The vCPU was in translated code of a code generator: pc, or NULL. */
static const uint8_t *translated_pc(const struct tcg_vcpu *c, const void *ucontext)
{
    const struct bp_backend *b = c->tcg->backend;
    if (!c->in_code || !b->fault_pc)
        return NULL;
    const uint8_t *pc = b->fault_pc(ucontext);
    return in_cache(c->tcg, pc) ? pc : NULL;
}

/* A store to a page that the host has read-only: whether it is worth another try. Where the program
 * may write and the page is not held, another thread released it a moment ago; but should the host
 * insist, it is a fault. */
static bool may_retry(struct bp_user_space *s, struct user_thread *t, uint64_t va)
{
    enum user_release r = user_release(s, va);
    t->retries = r == USER_WRITABLE ? t->retries + 1 : 0;
    return r == USER_RELEASED || (r == USER_WRITABLE && t->retries < RETRIES_MAX);
}

static void fault_in_code(struct tcg_vcpu *c, const uint8_t *pc, const siginfo_t *info,
                          const void *ucontext, uint64_t va)
{
    const struct bp_backend *b = c->tcg->backend;
    if (pc) {
        if (info->si_signo == SIGSEGV && info->si_code == SI_KERNEL && b->fault_address)
            va = b->fault_address(ucontext);
        b->fault_save(ucontext, c->env, &c->slots);
        c->area->site = (uint32_t)(pc - c->tcg->cache.rx);
    }
    uint32_t access = c->access;
    c->access = 0;
    tcg_restore(c);
    user_trap(c->env, info->si_signo == SIGBUS ? BP_TRAP_BUS : BP_TRAP_MEMORY, 0, va,
              access ? access : c->site_access);
}

/* False: not ours. Where it is a trap this does not return. */
static bool take_fault(struct bp_user_space *s, const siginfo_t *info, const void *ucontext)
{
    struct user_thread *t = &user_thread;
    struct tcg_vcpu *c = t->c;
    const uint8_t *pc = c ? translated_pc(c, ucontext) : NULL;
    uint64_t va = (uintptr_t)info->si_addr - (uintptr_t)s->base;
    bool interpreted = c && c->in_code && !s->tcg->backend->fault_pc && va < s->bytes;
    if (!t->guard && !pc && !interpreted && !(c && c->access))
        return false;
    if (info->si_signo == SIGSEGV && info->si_code == SEGV_ACCERR &&
        user_page(s, va) & BP_ACCESS_WRITE && may_retry(s, t, va))
        return true;
    if (t->guard)
        longjmp(*(jmp_buf *)t->guard, 1);
    fault_in_code(c, pc, info, ucontext, va);
    return true;
}

static void on_fault(int signal, siginfo_t *info, void *ucontext)
{
    struct bp_user_space *s = atomic_load(&fault_space);
    int saved = errno;
    bool sent = info->si_code <= 0;
#ifdef BUS_MCEERR_AO
    sent |= signal == SIGBUS && info->si_code == BUS_MCEERR_AO;
#endif
    if (s && (sent || !take_fault(s, info, ucontext)) && s->foreign)
        s->foreign(signal, info, ucontext);
    errno = saved;
}

int user_catch_faults(struct bp_user_space *s)
{
    struct bp_user_space *none = NULL;
    struct sigaction action = { .sa_sigaction = on_fault,
                                .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    if (!atomic_compare_exchange_strong(&fault_space, &none, s))
        return core_error(EBUSY, "another machine of this process has a guest address space");
    sigemptyset(&action.sa_mask);
    for (unsigned i = 0; i < 2; i++)
        sigaction(fault_signals[i], &action, &fault_old[i]);
    return 0;
}

void user_let_faults(struct bp_user_space *s)
{
    if (atomic_load(&fault_space) != s)
        return;
    for (unsigned i = 0; i < 2; i++)
        sigaction(fault_signals[i], &fault_old[i], NULL);
    atomic_store(&fault_space, NULL);
}

/* ---- accesses by C functions ----------------------------------------------------------------- */

int user_copy(struct bp_user_space *s, void *to, const void *from, size_t n)
{
    struct user_thread *t = &user_thread;
    jmp_buf here;
    void *outer = t->guard;
    if (_setjmp(here)) {
        t->guard = outer;
        return -EFAULT;
    }
    t->guard = &here;
    atomic_signal_fence(memory_order_seq_cst);
    memcpy(to, from, n);
    atomic_signal_fence(memory_order_seq_cst);
    t->guard = outer;
    return 0;
}

uint8_t *user_access_begin(struct tcg_vcpu *c, uint64_t va, unsigned n, unsigned access)
{
    struct bp_user_space *s = c->tcg->user;
    if (va >= s->bytes || n > s->bytes - va)
        user_trap(c->env, BP_TRAP_MEMORY, 0, va, access);
    c->access = access;
    atomic_signal_fence(memory_order_seq_cst);
    return user_host_of(s, va);
}
