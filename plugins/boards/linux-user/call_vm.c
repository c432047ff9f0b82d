/* SPDX-License-Identifier: MIT */
/* call_vm.c: memory of other processes. process_vm_readv(2); proc(5) for what tells where it is. */
#include "calls.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOW UINT64_C(0x10000) /* what begins below lies at 0: kernels put no program there */

static FILE *open_proc(pid_t pid, const char *name)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

static bool same_program(pid_t pid)
{
    struct stat own, other;
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 &&
           own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* Where its host stack began: random, but for processes that forked from one another. 0: unknown. */
static uint64_t stack_start(pid_t pid)
{
    enum { FIELD = 28 };
    char text[1024];
    FILE *f = open_proc(pid, "stat");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    char *at = strrchr(text, ')');
    for (unsigned field = 2; at && field < FIELD; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at, NULL, 10) : 0;
}

/* Forked from us or from what we forked from, or shares our memory; and executed nothing since. */
static bool is_relative(pid_t pid)
{
    uint64_t stack = stack_start(pid);
    return stack && stack == stack_start(getpid());
}

static bool shares_memory(pid_t pid)
{
    return syscall(SYS_kcmp, getpid(), pid, KCMP_VM, 0, 0) == 0;
}

static bool starts_low(pid_t pid)
{
    uint64_t start = UINT64_MAX;
    FILE *f = open_proc(pid, "maps");
    if (!f)
        return false;
    if (fscanf(f, "%" SCNx64, &start) != 1)
        start = UINT64_MAX;
    fclose(f);
    return start <= LOW;
}

/*
 * The host address of the other's address 0. A program of the host's own has its addresses there; one
 * that forked from us has them where ours are; one that was started separately is known only
 * if its guest memory lies at 0. False: somewhere.
 */
static bool base_of(const struct process *p, pid_t pid, uint64_t *ret)
{
    *ret = 0;
    if (!same_program(pid) || starts_low(pid))
        return true;
    *ret = ptr_arg(p->base);
    return is_relative(pid);
}

static int64_t remote_vector(struct task *t, uint64_t gva, uint64_t n, uint64_t base,
                             struct iovec *ret)
{
    int r = guest_read(t, gva, ret, n * sizeof *ret);
    for (uint64_t i = 0; r == 0 && i < n; i++) {
        uint64_t at = ptr_arg(ret[i].iov_base);
        bool ok = !base || gva_ok(t->process, at, ret[i].iov_len);
        ret[i].iov_base = ok ? (void *)(uintptr_t)(at + base) : BAD_POINTER;
    }
    return r;
}

static int64_t process_vm(struct task *t, long number, const uint64_t a[6], bool read)
{
    static const struct iovec nothing;
    struct iovec here[IOV_MAX], there[IOV_MAX];
    pid_t pid = (pid_t)a[0];
    uint64_t base;
    int64_t r;
    if (a[2] > IOV_MAX || a[4] > IOV_MAX || a[5])
        return -EINVAL;
    if (pid != getpid()) { /* whether we may at all */
        r = quick_call(number, a[0], ptr_arg(&nothing), 0, ptr_arg(&nothing), 0, 0);
        if (r < 0)
            return r;
    }
    if (iov_get(t, a[1], a[2], read, here) < 0)
        return -EFAULT;
    if (pid == getpid() || (!read && shares_memory(pid))) {
        r = iov_get(t, a[3], a[4], !read, there);
    } else if (base_of(t->process, pid, &base)) {
        r = remote_vector(t, a[3], a[4], base, there);
    } else {
        call_unimplemented(t, "process_vm_%sv: where the other's memory lies is not known: use -B 0",
                           read ? "read" : "write");
        return -EPERM;
    }
    if (r < 0)
        return r;
    return host_call(t, number, a[0], ptr_arg(here), a[2], ptr_arg(there), a[4], a[5]);
}

int64_t call_process_vm_readv(struct task *t, const uint64_t a[6])
{
    return process_vm(t, SYS_process_vm_readv, a, true);
}

int64_t call_process_vm_writev(struct task *t, const uint64_t a[6])
{
    return process_vm(t, SYS_process_vm_writev, a, false);
}
