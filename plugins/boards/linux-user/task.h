/* SPDX-License-Identifier: MIT */
/* task.h: what the files that make and end tasks share (task.c, call_task.c, call_clone.c). */
#ifndef LINUX_USER_TASK_H
#define LINUX_USER_TASK_H

#include "signals.h"

/* A task with a vCPU, not listed yet; mask and alternate stack are `parent`'s. NULL: no memory. */
struct task *task_new(struct process *p, void *env, const struct task *parent);
/* Into and out of the process's list. process.lock held. */
void task_list(struct task *t);
void task_unlist(struct task *t);
/* Frees it and its vCPU, which does not run. */
void task_free(struct task *t);

/* Runs the guest until the task ends. */
void task_loop(struct task *t);
/* Ends the calling task; the leader's status is the process's where nobody ends it earlier. */
void task_exit(struct task *t, int status) __attribute__((noreturn));
/* What a host thread does for its task, from its first instruction to its end. Returns to threads
 * and to main(), not to leaders of forked processes. */
void task_main(struct task *t);
/* In the child of fork(): the calling task is all there is. */
void task_forked(struct task *t);

/* Robust futexes held by t are marked and its clear_child_tid is seen to. call_futex.c */
void task_release_futexes(struct task *t);

#endif
