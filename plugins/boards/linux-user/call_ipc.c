/* SPDX-License-Identifier: MIT */
/* call_ipc.c: System V's and POSIX's messages, semaphores and shared memory, as far as they hold
 * structures. */
#include "calls.h"

#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

/* struct semid64_ds of asm-generic; the x86 one has holes between. */
struct guest_semid {
    struct ipc_perm perm; /* asm-generic's, on all 64-bit architectures */
    int64_t otime, ctime;
    uint64_t count, unused[2];
};
_Static_assert(sizeof(struct guest_semid) == 88, "asm-generic's semid64_ds has 88 bytes");

int64_t call_msgsnd(struct task *t, const uint64_t a[6])
{
    uint64_t n = a[2] > INT64_MAX - 8 ? 8 : a[2] + 8; /* too many: the kernel says so */
    return host_call(t, SYS_msgsnd, a[0], ptr_arg(arg_in(t, a[1], n)), a[2], a[3], 0, 0);
}

int64_t call_msgrcv(struct task *t, const uint64_t a[6])
{
    uint64_t n = a[2] > INT64_MAX - 8 ? 8 : a[2] + 8; /* too many: the kernel says so */
    return host_call(t, SYS_msgrcv, a[0], ptr_arg(arg_out(t, a[1], n)), a[2], a[3], a[4], 0);
}

int64_t call_msgctl(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_msgctl, a[0], a[1], ptr_arg(arg_out(t, a[2], 120)), 0, 0, 0);
}

int64_t call_shmctl(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_shmctl, a[0], a[1], ptr_arg(arg_out(t, a[2], 112)), 0, 0, 0);
}

/* ---- semaphores
 * -------------------------------------------------------------------------------- */

static int64_t sem_stat(struct task *t, const uint64_t a[6])
{
    struct semid_ds s;
    int64_t result = quick_call(SYS_semctl, a[0], a[1], a[2], ptr_arg(&s), 0, 0);
    if (result < 0)
        return result;
    const struct guest_semid g = {
        .perm = s.sem_perm,
        .otime = s.sem_otime,
        .ctime = s.sem_ctime,
        .count = s.sem_nsems,
    };
    return guest_write(t, a[3], &g, sizeof g) ? -EFAULT : result;
}

static int64_t sem_set(struct task *t, const uint64_t a[6])
{
    struct guest_semid g;
    struct semid_ds s;
    if (guest_read(t, a[3], &g, sizeof g))
        return -EFAULT;
    memset(&s, 0, sizeof s);
    s.sem_perm = g.perm;
    return quick_call(SYS_semctl, a[0], a[1], a[2], ptr_arg(&s), 0, 0);
}

/* GETALL, SETALL: an array of as many as there are in the set. */
static int64_t sem_all(struct task *t, const uint64_t a[6])
{
    struct semid_ds s;
    int64_t result = quick_call(SYS_semctl, a[0], 0, IPC_STAT, ptr_arg(&s), 0, 0);
    uint64_t bytes = result < 0 ? 2 : 2 * (uint64_t)s.sem_nsems;
    return host_call(t, SYS_semctl, a[0], a[1], a[2], ptr_arg(arg_out(t, a[3], bytes)), 0, 0);
}

int64_t call_semctl(struct task *t, const uint64_t a[6])
{
    switch ((int)a[2]) {
    case IPC_STAT:
    case SEM_STAT:
    case 20 /* SEM_STAT_ANY */: return sem_stat(t, a);
    case IPC_SET: return sem_set(t, a);
    case GETALL:
    case SETALL: return sem_all(t, a);
    case IPC_INFO:
    case SEM_INFO:
        return host_call(t, SYS_semctl, a[0], a[1], a[2], ptr_arg(arg_out(t, a[3], 40)), 0, 0);
    default: return host_call(t, SYS_semctl, a[0], a[1], a[2], a[3], 0, 0);
    }
}

/* ---- POSIX message queues
 * ---------------------------------------------------------------------- */

int64_t call_mq_open(struct task *t, const uint64_t a[6])
{
    int error = -EFAULT;
    char *name = guest_string(t, a[0], 4096, &error);
    if (!name)
        return error;
    int64_t result = host_call(t, SYS_mq_open, ptr_arg(name),
                               open_flags_to_host(t->process, (uint32_t)a[1]), a[2],
                               ptr_arg(arg_in(t, a[3], 64)), 0, 0);
    free(name);
    return result;
}

/* SIGEV_THREAD: a socket in sigev_signo gets the 32 bytes that sigev_value points to. */
int64_t call_mq_notify(struct task *t, const uint64_t a[6])
{
    struct sigevent event;
    if (!a[1])
        return host_call(t, SYS_mq_notify, a[0], 0, 0, 0, 0, 0);
    if (guest_read(t, a[1], &event, sizeof event))
        return -EFAULT;
    if (event.sigev_notify == SIGEV_THREAD) {
        if (fd_is_own(t->process, event.sigev_signo))
            return -EBADF;
        event.sigev_value.sival_ptr = arg_in(t, ptr_arg(event.sigev_value.sival_ptr), 32);
    }
    return host_call(t, SYS_mq_notify, a[0], ptr_arg(&event), 0, 0, 0, 0);
}
