/* SPDX-License-Identifier: MIT */
/* calls-state.h: what the calls of a process remember. */
#ifndef CALLS_STATE_H
#define CALLS_STATE_H

#include "calls.h"

#include <sys/resource.h>

struct aio_context;
struct aio_request;

enum { TOLD_BITS = 8192, OWN_FDS = 32, HELD_LIMITS = 16 };

struct calls {
    _Atomic uint64_t told[TOLD_BITS / 64];    /* by hash: lines that are in the log */
    _Atomic int own_fds[OWN_FDS];             /* -1: free */
    _Atomic int own_fds_from;                 /* no lower one is ours */
    /* Limits that would hit ourselves: kept for the guest, not set on the host. */
    struct rlimit64 limits[HELD_LIMITS];
    uint32_t held_limits;                     /* bit i: limits[i] is what the guest sees */
    /* Asynchronous I/O (call_aio.c); process.lock */
    struct aio_context *aio_contexts;
    struct aio_request *aio_requests;
};

#endif
