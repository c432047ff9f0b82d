/* SPDX-License-Identifier: MIT */
/*
 * linux-user.h: what the files of the linux-user board share. docs/linux-user.md is the design.
 *
 * Words: a *process* is this host process with its guest memory; a *task* is a guest thread, run by
 * one host thread. gva: guest address. Numbers, flags and errors are Linux's generic ones unless a
 * name says host; errno values are the same on both sides.
 *
 * Locks, outermost first: process.lock (tasks, signal actions), process.space_lock (areas, brk).
 * Neither is held while a task waits in the host's kernel or runs guest code, and neither is taken
 * by a signal handler.
 */
#ifndef LINUX_USER_H
#define LINUX_USER_H

#include <backplane/board.h>
#include <backplane/linux-host.h>
#include <backplane/linux.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

struct areas;        /* areas.h */
struct calls;        /* calls.c */
struct program_plan; /* program.h */
struct task;

/* A signal's action as the guest set it. */
struct guest_action {
    uint64_t handler, flags, restorer, mask;
};

/* The board's state. */
struct process {
    /* properties */
    const char *sysroot;         /* -L; with an absolute path once run() has begun */
    const char *argv0;           /* -0 */
    const char *env_set, *env_unset; /* -E, -U: '\n' between */
    const char *uname_release;   /* -r */
    const char *gdb;             /* -g */
    bool strace;
    bool debugged;               /* -g; not in processes that it forks */
    uint64_t stack_size, guest_base, reserved_bytes, page_size;

    const struct bp_target *target;
    const struct bp_linux_abi *abi;
    struct bp_user_space *space;
    uint8_t *base;               /* host address of gva 0 */
    uint64_t limit;              /* gva's are below */

    pthread_mutex_t lock;
    pthread_cond_t task_ended;
    struct task *tasks;          /* by task.next */
    struct task *leader;         /* the one whose id is the process's */
    uint32_t task_count;
    void *first_env;             /* the vCPU of the board's graph */
    bool forked;                 /* not the process that main() began */
    _Atomic uint32_t sharers;    /* processes that use this memory and run at the same time */
    struct guest_action actions[65];
    uint64_t first_mask;         /* the first task's */
    _Atomic bool exiting;
    int exit_status;             /* as exit() takes it */

    pthread_mutex_t space_lock;
    struct areas *areas;
    uint32_t area_ids;           /* the last one given to an area */
    uint64_t map_top;            /* mmap() looks for room downwards from here */
    /* RLIMIT_AS, RLIMIT_DATA: the host's would count what is ours; RLIM_INFINITY: none */
    uint64_t as_limit, data_limit;
    bool lock_future;            /* mlockall(MCL_FUTURE) */
    uint64_t brk_start, brk_end;
    uint64_t trampoline;         /* gva of abi->trampoline's copy */
    uint32_t guard_prot;         /* abi->guard_prot(): the guest's, 0: none */
    struct calls *calls;         /* made by calls_init() */

    int sysroot_fd;              /* -1: none */
    char *sysroot_path, *env_words[2]; /* owned: what sysroot and the environment point to */
    int self_fd;                 /* this program's own file */
    struct program_plan *plan;   /* what is to be run, until it is loaded */
    const char *name;            /* the program as it was called: AT_EXECFN */

    /* for /proc */
    char *exe;                   /* absolute host path of the program */
    uint64_t code_start, code_end, data_start, data_end, stack_top;
    uint64_t args_start, args_end, env_start, env_end;
    uint64_t auxv[64][2];
    uint32_t auxv_count;
};

/* A signal that has come and waits to be delivered to its task. */
struct pending_signal {
    uint8_t info[128];           /* siginfo_t as the host gave it */
    uint32_t number;
};

struct task {
    struct task *next;
    struct process *process;
    void *env;                   /* the vCPU */
    pid_t tid;
    uint64_t call_args[6];       /* of the call in progress */
    uint64_t call_number;

    /* Signals. `pending` is what bp_linux_host_call() looks at: something is to be done before
     * going on: a deliverable signal in the queue, or `stop`. */
    _Atomic uint32_t pending;
    _Atomic bool stop;           /* the task must end: exit_group or exec by another */
    struct guest_action *actions; /* the process's; a vforked task has its own */
    uint64_t mask;               /* blocked, as the guest sees it */
    uint64_t saved_mask;         /* sigsuspend, ppoll: put back when a handler's frame has been built */
    bool has_saved_mask;
    uint64_t alt_sp, alt_size;
    uint32_t alt_flags;
    /* In order of arrival; written by the host's signal handler. signals.c */
    struct pending_signal queue[16];
    volatile uint32_t queued;

    uint64_t clear_child_tid;    /* gva, 0: none */
    uint64_t robust_list, robust_size;
    uint64_t rseq;               /* gva of the registered area; 0: none */
    uint8_t last_signal[128];    /* siginfo_t, for the debugger */
    struct exec_memory *exec;    /* while in execve(): what is left if it succeeds */
    bool vforked;                /* runs in a process of its own that shares this memory */
    bool owns_actions;
    jmp_buf leave;               /* where the task's end begins */
};

/* ---- guest memory (memory.c) ----------------------------------------------------------------- */

static inline void *at_gva(const struct process *p, uint64_t gva)
{
    return p->base + gva;
}
/* Whether [gva, gva+n) lies in the guest's address space; says nothing of what is mapped. */
static inline bool gva_ok(const struct process *p, uint64_t gva, uint64_t n)
{
    return gva <= p->limit && n <= p->limit - gva;
}
/* 0 or -EFAULT. */
int guest_read(struct task *t, uint64_t gva, void *to, size_t n);
int guest_write(struct task *t, uint64_t gva, const void *from, size_t n);
/* A string of at most `max` bytes with its NUL, malloc()ed; NULL: *ret_error is -EFAULT or
 * -ENAMETOOLONG. */
char *guest_string(struct task *t, uint64_t gva, size_t max, int *ret_error);
/* Host address for the kernel to read n bytes from, to write n bytes to; NULL where it is outside.
 * 0 gives NULL, too. For `out` code pages are made writable first. */
void *guest_in(struct task *t, uint64_t gva, size_t n);
void *guest_out(struct task *t, uint64_t gva, size_t n);

/* ---- calls (calls.c) -------------------------------------------------------------------------- */

/* Before the first call, when all descriptors of our own are open: what closes on exec is ours. 0
 * or -errno. */
int calls_init(struct process *p);
/* Result or -errno. -BP_LINUX_RESTART: a signal came first; nothing was done. */
typedef int64_t call_fn(struct task *t, const uint64_t a[6]);
/* Makes the call that the vCPU stopped at: decodes it, logs it under -strace, does it, sets the
 * result or arranges the restart. */
void task_call(struct task *t);
/* Limits that the host was not told of, as text for the program that takes our place,
 * ";WHAT=CURRENT:MAX" each; and from it. (call_process.c) */
void limits_write(const struct process *p, char *buf, size_t size);
void limits_read(struct process *p, const char *text);
/* A host call that may block; see bp_linux_host_call(). */
int64_t host_call(struct task *t, long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                  uint64_t a4, uint64_t a5);

/* ---- tasks (task.c) and signals (signal.c) ----------------------------------------------------- */

/* The calling thread's. */
struct task *task_current(void);
/* Makes the first task and installs signal handling; runs it, until the process ends. */
int process_run(struct process *p, void *env);
/* Ends the whole process: other tasks leave, then exit with that status (or die by that signal:
 * number + 128 is not enough, the parent must see WIFSIGNALED). Does not return. */
void process_exit(struct task *t, int status) __attribute__((noreturn));
void process_die(struct task *t, int signal) __attribute__((noreturn));
/* Before process_run(): what the host's signals do, and which are blocked, is the program's
 * inheritance. */
int signals_init(struct process *p);
/* A debugger has come: it hears of signals that would end the program, too. */
void signals_debugged(struct process *p);
/* bp_user_reserve()'s `foreign`. */
void signals_foreign(int signal, void *siginfo, void *ucontext);
/* Delivers what is deliverable. Returns false where the task must end. */
bool signals_deliver(struct task *t);
/* A fault of the task's own: forced, with that siginfo. */
void signal_fault(struct task *t, int number, int code, uint64_t address);
/* A call that ended with -EINTR is to be made again, because no signal is there. Handlers with
 * SA_RESTART make the host's kernel decide: then the result is -BP_LINUX_RESTART. */
bool signals_restart(struct task *t);
/*
 * Calls with a signal mask of their own (ppoll, pselect6, epoll_pwait, sigsuspend): args hold a
 * pointer to signals_host_mask(mask). The host's kernel changes masks and waits in one step; a
 * signal that ends the call is then delivered with `mask` in force, and the task's own put back
 * behind it.
 */
int64_t host_call_masked(struct task *t, uint64_t mask, long number, const uint64_t args[6]);
uint64_t signals_host_mask(uint64_t guest);
/* Before execve(): the host's mask and actions become what the new program must find; it failed:
 * back. */
void signals_exec(struct task *t, bool before);

/* ---- memory map (space.c) ---------------------------------------------------------------------- */

/* Reserves the guest's address space and maps its stack. */
int space_init(struct process *p);
/* Around fork(), by the thread that forks: nobody else changes the space meanwhile. */
void space_lock(struct process *p);
void space_unlock(struct process *p);
int64_t space_map(struct process *p, uint64_t gva, uint64_t n, int prot, int flags, int fd,
                  uint64_t offset);
int64_t space_unmap(struct process *p, uint64_t gva, uint64_t n);
int64_t space_remap(struct process *p, uint64_t from, uint64_t from_bytes, uint64_t to_bytes,
                    int flags, uint64_t to);
int64_t space_protect(struct process *p, uint64_t gva, uint64_t n, int prot);
/* After a fault that found nothing at gva: grows a MAP_GROWSDOWN area down to it. True: try again. */
bool space_grow(struct process *p, uint64_t gva);
/* Something is mapped there: a fault is a matter of protection. */
bool space_mapped(struct process *p, uint64_t gva);
/* The area that holds gva or the next one. False: there is none. */
struct area;
bool space_next(struct process *p, uint64_t gva, struct area *ret);

/* ---- programs (elf.c, stack.c, exec.c), files (path.c, proc.c) ---------------------------------- */

/* execve(), execveat(): returns only with an error. Strings and arrays are malloc()ed and stay the
 * caller's, but see program_exec_release(). */
int64_t program_exec(struct task *t, int dirfd, char *path, char **argv, char **envp, int flags);
/* Frees what a vforked child's successful execve() has left in the memory that it shared. */
void program_exec_release(struct task *child);
/* The host path for a guest path: under the sysroot where it exists there. Either `path` itself or
 * a string in buf. For calls that follow a link at its end, and for those that mean the link
 * itself. */
const char *path_to_host(struct process *p, const char *path, char buf[4096]);
const char *path_to_host_link(struct process *p, const char *path, char buf[4096]);
/* A file of /proc made for the guest: a descriptor, or -1: not one of those. */
int proc_open(struct task *t, const char *path, int flags, int64_t *ret_result);
/* readlink of /proc/self/exe and the like: length or -1: not one of those. */
int proc_readlink(struct task *t, const char *path, char *buf, size_t size);

#endif
