/* SPDX-License-Identifier: MIT */
/* debug.h: the machine's debugger: controls, stopping and resuming, points. */
#ifndef BACKPLANE_CORE_DEBUG_H
#define BACKPLANE_CORE_DEBUG_H

#include <core/machine.h>

#include <backplane/debug.h>

/* What a machine keeps for its debugger. [main] but for what is guarded by run_lock. */
struct debug {
    struct part *owner;             /* the control, or NULL */
    const struct bp_debug_ops *ops;
    GArray *points;                 /* struct bp_debug_point */
    GArray *regs[32];               /* struct bp_debug_reg by number, a group each; made when asked for */
    struct debuggee *program;       /* where a program is debugged: debuggee.h */
    uint32_t step_flags;            /* BP_STEP_* */
    bool stopped;                   /* the control knows that the machine is */
    bool pending;                   /* run_lock: `event` is on its way to the control */
    struct bp_debug_event event;    /* run_lock */
};

/* -gdb and its like: makes the control with its settings and opens it. The machine is realized. 0, or
 * -errno after core_error(). */
int control_new(struct machine *m, const struct bp_control *control, const char *name,
                const struct bp_set *settings, uint32_t count);
/* Closes all controls. */
void control_free_all(struct machine *m);
/* Some control could start a machine that is stopped. */
bool control_exists(const struct machine *m);

/* Takes all points away; what runs stands still. */
void debug_forget_points(struct machine *m);

void debug_init(struct machine *m);
void debug_free(struct machine *m);
/* The machine or program is over: tells the control. */
void debug_finished(struct machine *m, uint32_t kind, int code);

extern const struct bp_debug_api debug_api; /* backplane.debug/1 */

#endif
