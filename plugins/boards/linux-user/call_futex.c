/* SPDX-License-Identifier: MIT */
/*
 * call_futex.c: futexes: the host's, whose owners are equal because thread ids are; and the lists
 * of robust ones, which the host's kernel cannot read. futex(2), get_robust_list(2); Linux,
 * Documentation/locking/robust-futex-ABI.rst.
 */
#include "calls.h"
#include "host-calls.h"
#include "task.h"

#include <linux/futex.h>
#include <unistd.h>

/* ---- calls ----------------------------------------------------------------------------------- */

/* What the arguments of an operation are. */
struct futex_op {
    bool writes;   /* the kernel changes the futex */
    bool timeout;  /* the fourth is a time, else a number */
    bool second;   /* the fifth is a futex */
    bool known;
};

static const struct futex_op ops[] = {
    [FUTEX_WAIT] = { .timeout = true, .known = true },
    [FUTEX_WAKE] = { .known = true },
    [FUTEX_REQUEUE] = { .second = true, .known = true },
    [FUTEX_CMP_REQUEUE] = { .second = true, .known = true },
    [FUTEX_WAKE_OP] = { .second = true, .known = true },
    [FUTEX_LOCK_PI] = { .writes = true, .timeout = true, .known = true },
    [FUTEX_UNLOCK_PI] = { .writes = true, .known = true },
    [FUTEX_TRYLOCK_PI] = { .writes = true, .known = true },
    [FUTEX_WAIT_BITSET] = { .timeout = true, .known = true },
    [FUTEX_WAKE_BITSET] = { .known = true },
    [FUTEX_WAIT_REQUEUE_PI] = { .timeout = true, .second = true, .known = true },
    [FUTEX_CMP_REQUEUE_PI] = { .second = true, .known = true },
    [FUTEX_LOCK_PI2] = { .writes = true, .timeout = true, .known = true },
};

static uint64_t futex_at(struct task *t, uint64_t gva, bool writes)
{
    /* gva 0 is an address like another here: where nothing is, the kernel says so. */
    if (!gva_ok(t->process, gva, 4))
        return ptr_arg(BAD_POINTER) | (gva & 3);
    if (writes)
        bp_user_will_write(t->process->space, gva, 4);
    return ptr_arg(at_gva(t->process, gva));
}

int64_t call_futex(struct task *t, const uint64_t a[6])
{
    unsigned op = (unsigned)a[1] & FUTEX_CMD_MASK;
    const struct futex_op *o = op < sizeof ops / sizeof *ops ? &ops[op] : NULL;

    if (!o || !o->known)
        return -ENOSYS;
    return host_call(t, SYS_futex, futex_at(t, a[0], o->writes), a[1], a[2],
                     o->timeout ? ptr_arg(arg_in(t, a[3], 16)) : a[3],
                     o->second ? futex_at(t, a[4], true) : a[4], a[5]);
}

/* struct futex_waitv */
struct waiter {
    uint64_t value, address;
    uint32_t flags, reserved;
};

static int read_waiters(struct task *t, uint64_t gva, uint64_t n, struct waiter *ret)
{
    int r = guest_read(t, gva, ret, n * sizeof *ret);

    for (uint64_t i = 0; r == 0 && i < n; i++)
        ret[i].address = futex_at(t, ret[i].address, false);
    return r;
}

int64_t call_futex_waitv(struct task *t, const uint64_t a[6])
{
    struct waiter waiters[FUTEX_WAITV_MAX];
    uint32_t n = (uint32_t)a[1];
    int r;

    if (!n || n > FUTEX_WAITV_MAX || !a[0])
        return -EINVAL;
    r = read_waiters(t, a[0], n, waiters);
    if (r < 0)
        return r;
    return host_call(t, SYS_futex_waitv, ptr_arg(waiters), n, a[2], ptr_arg(arg_in(t, a[3], 16)),
                     a[4], 0);
}

int64_t call_futex_wake(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_futex_wake, futex_at(t, a[0], false), a[1], a[2], a[3], 0, 0);
}

int64_t call_futex_wait(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_futex_wait, futex_at(t, a[0], false), a[1], a[2], a[3],
                     ptr_arg(arg_in(t, a[4], 16)), a[5]);
}

int64_t call_futex_requeue(struct task *t, const uint64_t a[6])
{
    struct waiter waiters[2];
    int r = read_waiters(t, a[0], 2, waiters);

    return r < 0 ? r : host_call(t, SYS_futex_requeue, ptr_arg(waiters), a[1], a[2], a[3], 0, 0);
}

/* ---- robust futexes -------------------------------------------------------------------------- */

/* struct robust_list_head */
struct robust_head {
    uint64_t next;
    int64_t futex_offset;
    uint64_t pending;
};

/*
 * Where guest addresses are the host's, its kernel can walk the list, too, which it does even when
 * it kills the process. Nothing of ours is robust: this thread's own list is not missed.
 */
static void tell_host(const struct task *t, uint64_t list)
{
    if (!t->process->base)
        syscall(SYS_set_robust_list, list, sizeof(struct robust_head));
}

int64_t call_set_robust_list(struct task *t, const uint64_t a[6])
{
    if (a[1] != sizeof(struct robust_head))
        return -EINVAL;
    t->robust_list = a[0];
    t->robust_size = a[1];
    tell_host(t, a[0]);
    return 0;
}

int64_t call_get_robust_list(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    uint64_t head = t->robust_list, size = sizeof(struct robust_head);
    pid_t tid = (pid_t)a[0];
    bool found = !tid || tid == t->tid;
    int r;

    pthread_mutex_lock(&p->lock);
    for (struct task *other = p->tasks; other && !found; other = other->next) {
        found = other->tid == tid;
        head = other->robust_list;
    }
    pthread_mutex_unlock(&p->lock);
    if (!found) /* another process's cannot be seen */
        return syscall(SYS_tgkill, tid, tid, 0) < 0 && errno == ESRCH ? -ESRCH : -EPERM;
    r = guest_write(t, a[2], &size, sizeof size);
    return r < 0 ? r : guest_write(t, a[1], &head, sizeof head);
}

static void wake(struct task *t, uint64_t gva)
{
    syscall(SYS_futex, at_gva(t->process, gva), FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* From the owner's id to the mark; false where somebody else owns it. The space is locked, so
 * that nobody unmaps it. */
static bool mark(struct task *t, uint64_t gva, uint32_t v)
{
    _Atomic uint32_t *futex = at_gva(t->process, gva);

    do {
        if ((v & FUTEX_TID_MASK) != (uint32_t)t->tid)
            return false;
    } while (!atomic_compare_exchange_weak(futex, &v, (v & FUTEX_WAITERS) | FUTEX_OWNER_DIED));
    return true;
}

/* The futex's owner dies: says so in it, for the next one. False: no futex can be there. */
static bool owner_died(struct task *t, uint64_t gva, bool pi, bool pending)
{
    struct process *p = t->process;
    uint32_t v;
    bool marked = false, ok;

    space_lock(p);
    ok = !(gva & 3) && !guest_read(t, gva, &v, sizeof v) && guest_out(t, gva, sizeof v) &&
         bp_user_access(p->space, gva) & BP_ACCESS_WRITE;
    if (ok)
        marked = mark(t, gva, v);
    space_unlock(p);
    if (ok && ((pending && !pi && !v) || (marked && !pi && v & FUTEX_WAITERS)))
        wake(t, gva);
    return ok;
}

/* Entries hold in bit 0 whether they inherit priorities. */
static void walk_robust_list(struct task *t)
{
    enum { LIMIT = 2048 };
    struct robust_head head;
    uint64_t entry;

    if (!t->robust_list || guest_read(t, t->robust_list, &head, sizeof head) < 0)
        return;
    entry = head.next;
    for (unsigned i = 0; i < LIMIT && (entry & ~UINT64_C(1)) != t->robust_list; i++) {
        uint64_t at = entry & ~UINT64_C(1), next;
        int r = guest_read(t, at, &next, sizeof next);
        if (at != (head.pending & ~UINT64_C(1)) &&
            !owner_died(t, at + (uint64_t)head.futex_offset, entry & 1, false))
            return;
        if (r < 0)
            return;
        entry = next;
    }
    if (head.pending)
        owner_died(t, (head.pending & ~UINT64_C(1)) + (uint64_t)head.futex_offset,
                   head.pending & 1, true);
}

void task_release_futexes(struct task *t)
{
    static const uint32_t zero;
    uint64_t gva = t->clear_child_tid;

    walk_robust_list(t);
    if (t->robust_list)
        tell_host(t, 0);
    t->robust_list = 0;
    t->clear_child_tid = 0;
    if (gva && t->process->task_count > 1 && guest_write(t, gva, &zero, sizeof zero) == 0)
        wake(t, gva);
}
