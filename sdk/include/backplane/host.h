/* SPDX-License-Identifier: MIT */
/*
 * host.h: what plugins that face the host (chardev, block and network drivers) may use of the main
 * loop: file descriptor watches, host timers and worker threads. Devices do not use it.
 */
#ifndef BACKPLANE_HOST_H
#define BACKPLANE_HOST_H

#include <backplane/device.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bp_fd_events { BP_FD_IN = 1, BP_FD_OUT = 2, BP_FD_HANGUP = 4, BP_FD_ERROR = 8 };

struct bp_watch; /* core-owned; valid until removed */

struct bp_host_api {
    uint32_t size, reserved;
    struct bp_watch *(*watch)(void *drv, int fd, unsigned events,
                              void (*ready)(void *drv, int fd, unsigned events));
    struct bp_watch *(*after)(void *drv, uint64_t ns, void (*fire)(void *drv));
    void (*unwatch)(struct bp_watch *watch);
    void (*work)(void *drv, void (*run)(void *arg), void (*done)(void *drv, void *arg), void *arg);
    void (*defer)(void *drv, void (*run)(void *drv));
    void (*quit)(void *drv, const char *why);
    void (*at_exit)(void *drv, void (*run)(void *drv));
};
BP_IMPORT(bp_host_api, bp_host_, "backplane.host/1");

/* Calls ready() on the main loop whenever fd has one of the events, until bp_unwatch(). HANGUP and
 * ERROR are reported also where they were not asked for, as poll() does. The driver keeps owning
 * fd. [any] */
static inline struct bp_watch *bp_watch_fd(void *drv, int fd, unsigned events,
                                           void (*ready)(void *drv, int fd, unsigned events))
{
    return bp_host_->watch(drv, fd, events, ready);
}

/* Calls fire() once on the main loop, ns from now; it removes itself. [any] */
static inline struct bp_watch *bp_after(void *drv, uint64_t ns, void (*fire)(void *drv))
{
    return bp_host_->after(drv, ns, fire);
}

/* Removes a watch or a timer that has not fired; NULL is allowed. [any] */
static inline void bp_unwatch(struct bp_watch *watch) { bp_host_->unwatch(watch); }

/* Runs run(arg) on a worker thread, then done(drv, arg) on the main loop. [any] */
static inline void bp_work(void *drv, void (*run)(void *arg), void (*done)(void *drv, void *arg),
                           void *arg)
{
    bp_host_->work(drv, run, done, arg);
}

/* Calls run(drv) on the main loop soon. [any] */
static inline void bp_defer(void *drv, void (*run)(void *drv)) { bp_host_->defer(drv, run); }

/* The user asked, by this driver, to end the program (Ctrl-A x). Powers off as a host would: exit status
 * 0. [any] */
static inline void bp_quit(void *drv, const char *why) { bp_host_->quit(drv, why); }

/* Runs run(drv) when the process ends in whatever way the core can catch, fatal signals included: only to
 * put back the terminal. Async-signal-safe calls only. [main] */
static inline void bp_at_exit(void *drv, void (*run)(void *drv)) { bp_host_->at_exit(drv, run); }

#ifdef __cplusplus
}
#endif
#endif
