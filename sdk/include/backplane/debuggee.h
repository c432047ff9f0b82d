/* SPDX-License-Identifier: MIT */
/*
 * debuggee.h: what a board that runs a program (user.h) tells its debugger. The other side is debug.h.
 *
 * bp_debuggee_start() waits for the debugger. From then on each task is added when it begins, asks
 * bp_debuggee_pause() before it runs guest code, reports what a debugger wants to hear of, and says when it waits
 * in the host's kernel, where it counts as standing still. A task that is not added (of vfork, before exec) is none of
 * the debugger's: its breakpoints are stepped over with bp_debuggee_step_over().
 *
 * A run that a debugger ended has the trap BP_TRAP_DEBUG with `code` an enum bp_debug_kind: BREAKPOINT,
 * WATCHPOINT, or STEP where the instruction was done.
 */
#ifndef BACKPLANE_DEBUGGEE_H
#define BACKPLANE_DEBUGGEE_H

#include <backplane/debug.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All called on the debugger's thread while the tasks stand still, but for interrupt. */
struct bp_debuggee_ops {
    uint32_t size, reserved;
    /* Makes the task's bp_user_run() return soon. Only a kick: it may be about to run. [any] */
    void (*interrupt)(void *board, void *env);
    /* Guest memory: bytes done. */
    size_t (*memory)(void *board, void *env, uint64_t gva, void *buf, size_t n, bool write);
    /* See bp_debug_object(). */
    int (*object)(void *board, void *env, const char *name, const char *annex,
                  void (*add)(void *arg, const void *bytes, size_t n), void *arg);
};

struct bp_debuggee_api {
    uint32_t size, reserved;
    int (*start)(void *board, const char *where, const struct bp_debuggee_ops *ops);
    void (*add)(void *env, uint64_t id);
    void (*remove)(void *env);
    bool (*pause)(void *env);
    void (*outside)(void *env);
    void (*inside)(void *env);
    int (*report)(void *env, const struct bp_debug_event *e);
    bool (*wants_call)(void *board, uint32_t number);
    void (*step_over)(void *env);
    void (*fork)(void *board, enum bp_user_fork when);
    void (*release)(void *board);
    void (*finish)(void *board, uint32_t kind, int code);
};
BP_IMPORT_OPTIONAL(bp_debuggee_api, bp_debuggee_, "backplane.debuggee/1");

/* Waits for a debugger at a TCP port ("1234"), a UNIX socket's path, or what -gdb takes ("tcp:HOST:PORT"). 0, or
 * -errno after bp_fail(). Once, before any task is added. [main] */
static inline int bp_debuggee_start(void *board, const char *where,
                                    const struct bp_debuggee_ops *ops)
{
    return bp_debuggee_->start(board, where, ops);
}
/* A task begins and ends; on its thread. */
static inline void bp_debuggee_add(void *env, uint64_t id) { bp_debuggee_->add(env, id); }
static inline void bp_debuggee_remove(void *env) { bp_debuggee_->remove(env); }
/* Before guest code runs: waits while the debugger wants the task to stand still. True where the next
 * run makes a single step: when its trap has been dealt with, a STEP is to be reported. */
static inline bool bp_debuggee_pause(void *env) { return bp_debuggee_->pause(env); }
/* Around what may wait: between them the task's state and memory are the debugger's to look at. Holding no
 * locks. */
static inline void bp_debuggee_outside(void *env) { bp_debuggee_->outside(env); }
static inline void bp_debuggee_inside(void *env) { bp_debuggee_->inside(env); }
/* Something happened to the task: all stop, the debugger hears of it. Returns when it says go on: the signal to be
 * delivered now (host's number), or 0. Without a debugger at once: a SIGNAL's own number. */
static inline int bp_debuggee_report(void *env, const struct bp_debug_event *e)
{
    return bp_debuggee_->report(env, e);
}
/* Whether SYSCALL and SYSRET are wanted for a call of this number. [any] */
static inline bool bp_debuggee_wants_call(void *board, uint32_t number)
{
    return bp_debuggee_->wants_call(board, number);
}
/* The next run executes one instruction whatever points are there. */
static inline void bp_debuggee_step_over(void *env) { bp_debuggee_->step_over(env); }
/* Around fork(), before other locks are taken and after they are released. In the child there is no debugger. */
static inline void bp_debuggee_fork(void *board, enum bp_user_fork when)
{
    bp_debuggee_->fork(board, when);
}
/* The program is about to end: tasks that are held go on. [any] */
static inline void bp_debuggee_release(void *board) { bp_debuggee_->release(board); }
/* It ends now: EXITED or KILLED is told, with its code. Nothing may be called after it. [any] */
static inline void bp_debuggee_finish(void *board, uint32_t kind, int code)
{
    bp_debuggee_->finish(board, kind, code);
}

#ifdef __cplusplus
}
#endif
#endif
