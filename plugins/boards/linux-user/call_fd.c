/* SPDX-License-Identifier: MIT */
/*
 * call_fd.c: the emulator's own descriptors (code buffer, log), which the guest must neither
 * close nor see. At the start, what closes on exec is ours: what came from outside survived an
 * exec. They stay where they are for their owners; each call that takes a descriptor fails with
 * EBADF for them, as if nothing were there.
 */
#include "calls-state.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define LIKELY_FDS 1100 /* where ours are: low ones, and those moved up to 1000 and on */

bool fd_is_own(const struct process *p, int fd)
{
    if (fd < atomic_load_explicit(&p->calls->own_fds_from, memory_order_relaxed))
        return false;
    for (unsigned i = 0; i < OWN_FDS; i++)
        if (atomic_load_explicit(&p->calls->own_fds[i], memory_order_relaxed) == fd)
            return true;
    return false;
}

static int remember(struct process *p, int fd)
{
    for (unsigned i = 0; i < OWN_FDS; i++) {
        int none = -1;
        if (!atomic_compare_exchange_strong(&p->calls->own_fds[i], &none, fd))
            continue;
        if (fd < atomic_load(&p->calls->own_fds_from))
            atomic_store(&p->calls->own_fds_from, fd);
        return 0;
    }
    return bp_fail(p, EMFILE, "more than %d descriptors of our own", OWN_FDS);
}

static int remember_if_own(struct process *p, int fd)
{
    int flags = fd > 2 ? fcntl(fd, F_GETFD) : -1;

    return flags >= 0 && flags & FD_CLOEXEC ? remember(p, fd) : 0;
}

int own_fds_find(struct process *p)
{
    for (unsigned i = 0; i < OWN_FDS; i++)
        atomic_init(&p->calls->own_fds[i], -1);
    atomic_init(&p->calls->own_fds_from, INT_MAX);
    int result = 0;
    DIR *d = opendir("/proc/self/fd");
    if (!d) /* no /proc */
        for (int fd = 3; fd < LIKELY_FDS && !result; fd++)
            result = remember_if_own(p, fd);
    const struct dirent *e;
    while (d && !result && (e = readdir(d))) {
        int fd = atoi(e->d_name);
        if (fd != dirfd(d))
            result = remember_if_own(p, fd);
    }
    if (d)
        closedir(d);
    return result;
}

int own_fd_add(struct process *p, int fd)
{
    return remember(p, fd) ? -1 : fd;
}

/* close_range() around our own. */
int64_t call_close_range(struct task *t, const uint64_t a[6])
{
    const struct process *p = t->process;
    uint32_t first = (uint32_t)a[0], last = (uint32_t)a[1], flags = (uint32_t)a[2];
    int64_t result = 0;
    if (first > last)
        return quick_call(SYS_close_range, first, last, flags, 0, 0, 0);
    for (uint64_t from = first; from <= last && !result;) {
        uint64_t to = last;
        for (unsigned i = 0; i < OWN_FDS; i++) {
            int fd = atomic_load(&p->calls->own_fds[i]);
            if (fd >= 0 && (uint64_t)fd >= from && (uint64_t)fd <= to)
                to = (uint64_t)fd - 1 + (fd == 0);
        }
        if (to + 1 > from)
            result = quick_call(SYS_close_range, from, to, flags, 0, 0, 0);
        from = to + 2; /* behind the own one */
    }
    return result;
}
