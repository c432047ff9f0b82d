/* SPDX-License-Identifier: MIT */
/*
 * linux-host.h: what running Linux programs needs of the host's instruction set: a system call that a signal
 * cannot slip past, and processes that share this one's memory. A plugin of each host offers it.
 */
#ifndef BACKPLANE_LINUX_HOST_H
#define BACKPLANE_LINUX_HOST_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A word that a signal handler sets. C++ cannot say it so; it is the same. */
#ifdef __cplusplus
typedef uint32_t bp_linux_flag;
#else
typedef _Atomic uint32_t bp_linux_flag;
#endif

/* The call did not happen because *pending was set: the number Linux itself uses for "restart". */
#define BP_LINUX_RESTART 512

struct bp_linux_host_api {
    uint32_t size;
    uint32_t elf_machine; /* EM_* of the host */
    int64_t (*call)(const bp_linux_flag *pending, long number, const uint64_t args[6]);
    void (*signalled)(void *ucontext);
    int64_t (*clone)(uint64_t flags, void *stack_top, int (*run)(void *arg), void *arg,
                     int *parent_tid, int *child_tid);
};
BP_IMPORT(bp_linux_host_api, bp_linux_host_, "backplane.linux-host/1");

/*
 * A host system call: its result, -errno on failure. Where *pending is not 0 at the moment of entering the
 * kernel it is not done at all: -BP_LINUX_RESTART. A signal handler that sets *pending and calls
 * bp_linux_host_signalled() can therefore not come too late: a blocking call either ends with
 * -EINTR or does not begin. [any]
 */
static inline int64_t bp_linux_host_call(const bp_linux_flag *pending, long number,
                                         const uint64_t args[6])
{
    return bp_linux_host_->call(pending, number, args);
}
/* In a signal handler, with its ucontext_t, after *pending was set. Async-signal-safe. */
static inline void bp_linux_host_signalled(void *ucontext) { bp_linux_host_->signalled(ucontext); }

/* clone(2) onto a stack of its own, raw: no atfork handlers, the C library's thread pointer stays. run() must end in
 * _exit() or execve(). The child's id, or -errno. [any] */
static inline int64_t bp_linux_host_clone(uint64_t flags, void *stack_top, int (*run)(void *arg),
                                          void *arg, int *parent_tid, int *child_tid)
{
    return bp_linux_host_->clone(flags, stack_top, run, arg, parent_tid, child_tid);
}

#ifdef __cplusplus
}
#endif
#endif
