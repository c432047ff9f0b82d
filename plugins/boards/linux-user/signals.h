/* SPDX-License-Identifier: MIT */
/* signals.h: what signals.c, call_signal.c and the files of tasks share. */
#ifndef LINUX_USER_SIGNAL_H
#define LINUX_USER_SIGNAL_H

#include "linux-user.h"

/* A set of signals: bit 0 is signal 1. */
static inline uint64_t signal_bit(unsigned number)
{
    return UINT64_C(1) << (number - 1);
}
/* What the runtime needs: never blocked while guest memory may be touched. */
#define FAULT_SIGNALS ((UINT64_C(1) << (SIGSEGV - 1)) | (UINT64_C(1) << (SIGBUS - 1)))
#define UNBLOCKABLE ((UINT64_C(1) << (SIGKILL - 1)) | (UINT64_C(1) << (SIGSTOP - 1)))
#define ALL_SIGNALS UINT64_MAX
#define SIGNALS 64

enum { GUEST_SIG_DFL = 0, GUEST_SIG_IGN = 1 };

/* Sets the calling thread's mask, 32 and 33 included, which the C library keeps for itself; returns
 * the one before. */
uint64_t host_mask(uint64_t mask);
/* Makes the host's action what the guest's asks for. process.lock held, but for vforked tasks. */
void host_action(const struct process *p, unsigned number, const struct guest_action *action);

/* Blocks everything around making a task; then the task's own mask is in force. */
void signals_block(void);
void signals_unblock(struct task *t);
/* The mask has changed: waiting signals may be deliverable now. */
void signals_set_mask(struct task *t, uint64_t mask);
/* Those that wait here and not in the kernel. */
uint64_t signals_queued(struct task *t);
/* Takes one of them that is in `set`. */
bool signals_take(struct task *t, uint64_t set, struct pending_signal *ret);

bool on_alt_stack(const struct task *t, uint64_t sp);
/* sigaltstack()'s rules; sp is the stack pointer. */
int64_t set_alt_stack(struct task *t, uint64_t sp, uint64_t new_sp, uint32_t flags, uint64_t size);
uint32_t alt_stack_flags(const struct task *t, uint64_t sp);

/* Makes another task of the process look at `pending` soon, out of a waiting call, too. */
void task_interrupt(struct task *t);
/* The calling thread runs that task from now on; NULL: none. */
void task_set_current(struct task *t);

#endif
