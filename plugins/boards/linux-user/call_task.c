/* SPDX-License-Identifier: MIT */
/* call_task.c: the system calls about the ends of tasks, waiting for them, and what they share. */
#include "calls.h"
#include "task.h"

int64_t call_exit(struct task *t, const uint64_t a[6])
{
    task_exit(t, (int)(a[0] & 0xff));
}

int64_t call_exit_group(struct task *t, const uint64_t a[6])
{
    process_exit(t, (int)(a[0] & 0xff));
}

int64_t call_wait4(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_wait4, a[0], ptr_arg(arg_out(t, a[1], 4)), a[2],
                     ptr_arg(arg_out(t, a[3], 144)), 0, 0);
}

int64_t call_waitid(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_waitid, a[0], a[1], ptr_arg(arg_out(t, a[2], 128)), a[3],
                     ptr_arg(arg_out(t, a[4], 144)), 0);
}

int64_t call_set_tid_address(struct task *t, const uint64_t a[6])
{
    t->clear_child_tid = a[0];
    return t->tid;
}
