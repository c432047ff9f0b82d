/* SPDX-License-Identifier: MIT */
/* debug.h: the program's debugger (-g). All do nothing where there is none. */
#ifndef LINUX_USER_DEBUG_H
#define LINUX_USER_DEBUG_H

#include "linux-user.h"

/* -g: waits for the debugger. 0 or -errno. */
int debug_start(struct process *p);

void debug_add(struct task *t);
void debug_remove(struct task *t);
/* Before guest code runs; true: a single step. */
bool debug_pause(struct task *t);
/* A trap of kind BP_TRAP_DEBUG. */
void debug_trap(struct task *t, const struct bp_trap *trap);
/* The step has been made, and what its trap asked for. */
void debug_stepped(struct task *t);
/* A signal is about to be delivered: the one that the debugger wants instead, 0 for none. */
unsigned debug_signal(struct task *t, unsigned number, const void *info);
/* Around a system call. */
void debug_call(struct task *t, bool before);
/* Around waiting in the host's kernel. */
void debug_outside(struct task *t);
void debug_inside(struct task *t);
void debug_fork(struct task *t, enum bp_user_fork when);
/* Whether signals that end the program by default must come to us first. */
bool debug_wants_signals(const struct process *p);
/* The program ends: what is held goes on; then it is over, with an exit status or (killed) a signal. */
void debug_release(struct process *p);
void debug_finish(struct process *p, bool killed, int code);

/* proc.c: a file of /proc that is made for the guest, malloc()ed; NULL: not one of those. */
char *proc_text(struct task *t, const char *path, size_t *ret_n);

#endif
