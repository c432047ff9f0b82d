/* SPDX-License-Identifier: MIT */
/*
 * debuggee.h: the debugger of a program: tasks on threads of their own instead of a machine's vCPUs, and a
 * thread for the main loop, which programs have not otherwise.
 *
 * One lock: the debugger's thread holds it whenever it is not waiting, tasks while they look at or
 * change what the debugger knows of them. Outermost: it is taken before the board's locks.
 */
#ifndef BACKPLANE_CORE_DEBUGGEE_H
#define BACKPLANE_CORE_DEBUGGEE_H

#include <core/machine.h>

#include <backplane/debuggee.h>

enum debug_task_state { TASK_RUNNING, TASK_OUTSIDE, TASK_PARKED };

struct debug_task {
    struct debug_task *next;
    struct vcpu *v;
    uint64_t id;
    enum debug_task_state state;
    bool held;
    bool step;          /* the next pause() answers so */
    int signal;         /* what report() returns */
};

struct debuggee {
    struct machine *machine;
    void *board;
    struct bp_debuggee_ops ops;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    struct debug_task *tasks;
    bool stopping;      /* tasks are to stand still */
    bool pending;       /* `event` is on its way to the control */
    bool ending, quit;
    struct bp_debug_event event;
    bool catching, catch_all;
    GArray *calls;      /* uint32_t */
};

/* For debug.c; on the debugger's thread. */
struct debug_task *debuggee_task(const struct debuggee *p, uint64_t id);
struct debug_task *debuggee_task_at(const struct debuggee *p, uint32_t i);
/* Asks for a stop with that event. */
void debuggee_request(struct debuggee *p, const struct bp_debug_event *event);
/* Waits until all stand still. */
void debuggee_stop(struct debuggee *p);
/* Lets those go that are not held. */
void debuggee_go(struct debuggee *p);
void debuggee_free(struct machine *m);

extern const struct bp_debuggee_api debuggee_api; /* backplane.debuggee/1 */

#endif
