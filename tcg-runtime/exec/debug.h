/* SPDX-License-Identifier: MIT */
/* debug.h: a debugger's breakpoints, watchpoints and steps in translated code. */
#ifndef BACKPLANE_TCG_DEBUG_H
#define BACKPLANE_TCG_DEBUG_H

#include "tcg-runtime/exec/tcg.h"

#include <backplane/debug.h>

struct tcg_debug {
    GArray *points;  /* struct bp_debug_point: what the debugger wants */
    GArray *applied; /* what translations and TLBs know of; at least `points` while anything runs freely */
    uint32_t breaks; /* number of breakpoints and watchpoints in `applied` */
    uint32_t watches;
};

/* struct bp_accel's. */
void debug_points(void *accel, const struct bp_debug_point *points, uint32_t count,
                  bool only_steps);
void debug_end(struct tcg *tcg);

/* Whether translations end before pc. [translate] */
bool debug_breaks_at(const struct tcg_debug *d, const struct tcg_vcpu *c, uint64_t pc);
/* The vCPU stands at a breakpoint. */
void debug_breakpoint(struct tcg_vcpu *c);
/* Executes one instruction. */
void debug_step(struct tcg_vcpu *c);

/* User mode: each access calls debug_watch_helper(va, bytes | access << 8) before it is made. */
static inline bool debug_watches_by_calls(const struct tcg *tcg)
{
    return tcg->user && tcg->debug->watches;
}
extern const struct bp_helper debug_watch_helper;

unsigned debug_watched_page(const struct tcg_vcpu *c, uint64_t page);
void debug_check_access(struct tcg_vcpu *c, uint64_t va, unsigned bytes, unsigned access);

/* Accesses (enum bp_access) to this page that must go the slow way because some of it is watched. */
static inline unsigned debug_watched(const struct tcg_vcpu *c, uint64_t page)
{
    return __builtin_expect(c->tcg->debug != NULL, 0) ? debug_watched_page(c, page) : 0;
}

/* An access that has been translated is about to be made: does not return where it is watched. Below
 * translated code. */
static inline void debug_access(struct tcg_vcpu *c, uint64_t va, unsigned bytes, unsigned access)
{
    if (__builtin_expect(c->tcg->debug != NULL, 0))
        debug_check_access(c, va, bytes, access);
}

#endif
