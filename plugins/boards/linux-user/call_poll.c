/* SPDX-License-Identifier: MIT */
/* call_poll.c: waiting for descriptors. struct epoll_event has no holes on some hosts. */
#include "calls.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { SIGSET_BYTES = 8, EVENTS_AT_ONCE = 256 };

/* The generic layout. */
struct guest_epoll_event {
    uint32_t events, pad;
    uint64_t data;
};

/* The call with the mask at args[at] and its size behind it; a NULL mask is none. */
static int64_t wait_masked(struct task *t, uint64_t mask_gva, uint64_t size, long number,
                           uint64_t args[6], unsigned at)
{
    uint64_t mask, host;
    if (!mask_gva)
        return host_call(t, number, args[0], args[1], args[2], args[3], args[4], args[5]);
    if (size != SIGSET_BYTES)
        return -EINVAL;
    if (guest_read(t, mask_gva, &mask, sizeof mask))
        return -EFAULT;
    host = signals_host_mask(mask);
    args[at] = ptr_arg(&host);
    args[at + 1] = SIGSET_BYTES;
    return host_call_masked(t, mask, number, args);
}

int64_t call_ppoll(struct task *t, const uint64_t a[6])
{
    uint64_t count = (uint32_t)a[1];
    uint64_t args[6] = { ptr_arg(arg_out(t, a[0], count * 8)), count, ptr_arg(arg_out(t, a[2], 16)),
                         0, SIGSET_BYTES, 0 };
    return wait_masked(t, a[3], a[4], SYS_ppoll, args, 3);
}

int64_t call_pselect6(struct task *t, const uint64_t a[6])
{
    int n = (int)a[0];
    uint64_t bytes = n < 0 ? 0 : ((uint64_t)n + 63) / 64 * 8, mask[2] = { 0 }, host;
    uint64_t args[6] = { (uint64_t)(int64_t)n, 0, 0, 0, ptr_arg(arg_out(t, a[4], 16)), 0 };
    for (unsigned i = 1; i <= 3; i++)
        args[i] = ptr_arg(arg_out(t, a[i], bytes));
    /* The last argument points to the mask's address and size. */
    if (a[5] && guest_read(t, a[5], mask, sizeof mask))
        return -EFAULT;
    if (!mask[0])
        return host_call(t, SYS_pselect6, args[0], args[1], args[2], args[3], args[4], args[5]);
    if (mask[1] != SIGSET_BYTES)
        return -EINVAL;
    if (guest_read(t, mask[0], &mask[0], sizeof mask[0]))
        return -EFAULT;
    host = signals_host_mask(mask[0]);
    const uint64_t host_mask[2] = { ptr_arg(&host), SIGSET_BYTES };
    args[5] = ptr_arg(host_mask);
    return host_call_masked(t, mask[0], SYS_pselect6, args);
}

/* ---- epoll
 * ------------------------------------------------------------------------------------- */

int64_t call_epoll_ctl(struct task *t, const uint64_t a[6])
{
    struct guest_epoll_event g;
    struct epoll_event e;
    memset(&e, 0, sizeof e);
    if ((int)a[1] == EPOLL_CTL_DEL)
        return quick_call(SYS_epoll_ctl, a[0], a[1], a[2], ptr_arg(&e), 0, 0);
    if (guest_read(t, a[3], &g, sizeof g))
        return -EFAULT;
    e.events = g.events;
    e.data.u64 = g.data;
    return quick_call(SYS_epoll_ctl, a[0], a[1], a[2], ptr_arg(&e), 0, 0);
}

/* timeout: argument 4 as the host's call takes it. */
static int64_t epoll_wait_for(struct task *t, const uint64_t a[6], long number, uint64_t timeout,
                              uint64_t mask_gva, uint64_t mask_size)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    struct guest_epoll_event g[EVENTS_AT_ONCE];
    int max = (int)a[2];
    /* Fewer than were asked for: the next call gets the rest. */
    int count = max > EVENTS_AT_ONCE ? EVENTS_AT_ONCE : max;
    /* Events once taken must find their place. */
    if (count > 0 && (!gva_ok(t->process, a[1], (uint64_t)count * sizeof *g) ||
                      bp_user_will_write(t->process->space, a[1], sizeof *g)))
        return -EFAULT;
    uint64_t args[6] = { a[0], ptr_arg(events), (uint64_t)(int64_t)count,
                         timeout, 0, SIGSET_BYTES };
    int64_t n = wait_masked(t, mask_gva, mask_size, number, args, 4);
    if (n <= 0)
        return n;
    memset(g, 0, (size_t)n * sizeof *g);
    for (int64_t i = 0; i < n; i++) {
        g[i].events = events[i].events;
        g[i].data = events[i].data.u64;
    }
    return guest_write(t, a[1], g, (size_t)n * sizeof *g) ? -EFAULT : n;
}

int64_t call_epoll_pwait(struct task *t, const uint64_t a[6])
{
    return epoll_wait_for(t, a, SYS_epoll_pwait, a[3], a[4], a[5]);
}

int64_t call_epoll_pwait2(struct task *t, const uint64_t a[6])
{
    return epoll_wait_for(t, a, SYS_epoll_pwait2, ptr_arg(arg_in(t, a[3], 16)), a[4], a[5]);
}
