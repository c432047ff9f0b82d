/* SPDX-License-Identifier: MIT */
/*
 * call_clone.c: new threads and processes. clone(2), vfork(2).
 *
 * A thread of the guest is a thread of the host's C library, whose id it gets. A process is made
 * by the host's fork(); one that shares our memory (vfork, posix_spawn) by the raw call, with a task
 * of its own on a stack of its own, while the caller, or a thread made for it, waits in the kernel.
 */
#include "calls.h"
#include "debug.h"
#include "task.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif
#include <linux/sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK_BYTES (1u << 20)

/* What clone() or clone3() asked for; flags without exit signal. */
struct request {
    uint64_t flags, exit_signal;
    uint64_t sp;          /* 0: the caller's */
    uint64_t parent_tid, child_tid, tls, pidfd;
    uint64_t set_tid, set_tid_size, cgroup;
};

#define IDS (CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)

/* ---- what children have in common ------------------------------------------------------------ */

/* Registers and what the kernel clears. */
static void start_child(struct task *t, const struct request *r)
{
    const struct bp_linux_abi *abi = t->process->abi;

    abi->start_child(t->env, r->sp);
    if (r->flags & CLONE_SETTLS)
        abi->set_tls(t->env, r->tls);
    t->robust_list = 0;
    t->clear_child_tid = r->flags & CLONE_CHILD_CLEARTID ? r->child_tid : 0;
    atomic_store(&t->pending, 1); /* its mask is to be set */
}

/* Ids go where the caller wants them; what cannot be written there is not. */
static void write_id(struct task *t, uint64_t gva, pid_t id)
{
    int32_t v = id;

    guest_write(t, gva, &v, sizeof v);
}

static struct task *child_task(struct task *t, const struct request *r)
{
    void *env = bp_user_vcpu_new(t->process, t->env);
    struct task *child = env ? task_new(t->process, env, t) : NULL;

    if (!child) {
        if (env)
            bp_user_vcpu_free(env);
        return NULL;
    }
    start_child(child, r);
    return child;
}

/* ---- threads --------------------------------------------------------------------------------- */

struct thread_start {
    struct task *task;
    const struct request *request;
    sem_t ready;
    pid_t tid;
};

static void *thread_main(void *arg)
{
    struct thread_start *s = arg;
    const struct request *r = s->request;
    struct task *t = s->task;
    struct process *p = t->process;
    uint64_t unshared = (CLONE_FS | CLONE_FILES) & ~r->flags;

    t->tid = (pid_t)syscall(SYS_gettid);
    if (unshared)
        syscall(SYS_unshare, unshared);
    if (r->flags & CLONE_PARENT_SETTID)
        write_id(t, r->parent_tid, t->tid);
    if (r->flags & CLONE_CHILD_SETTID)
        write_id(t, r->child_tid, t->tid);
    pthread_mutex_lock(&p->lock);
    host_action(p, 33, &p->actions[33]); /* the C library takes it when the first thread is made */
    task_list(t);
    if (p->exiting)
        atomic_store(&t->stop, true);
    pthread_mutex_unlock(&p->lock);
    s->tid = t->tid;
    sem_post(&s->ready);
    task_main(t);
    return NULL;
}

/* 0 or an errno. */
static int start_thread(void *(*run)(void *arg), void *arg)
{
    pthread_attr_t attr;
    pthread_t thread;
    int r;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    r = pthread_create(&thread, &attr, run, arg);
    pthread_attr_destroy(&attr);
    return r;
}

static int create_thread(struct thread_start *s)
{
    int r = start_thread(thread_main, s);

    if (r)
        return -r;
    while (sem_wait(&s->ready) < 0)
        continue;
    return 0;
}

static int64_t make_thread(struct task *t, const struct request *r)
{
    struct thread_start s = { .request = r };
    int result;

    if (t->vforked || r->flags & (CLONE_PIDFD | CLONE_NEWPID | CLONE_NEWUSER))
        return -EINVAL;
    s.task = child_task(t, r);
    if (!s.task)
        return -EAGAIN;
    s.task->alt_sp = s.task->alt_size = 0;
    s.task->alt_flags = SS_DISABLE;
    sem_init(&s.ready, 0, 0);
    result = create_thread(&s);
    sem_destroy(&s.ready);
    if (result < 0)
        task_free(s.task);
    return result < 0 ? result : s.tid;
}

/* ---- processes that share memory until they exec --------------------------------------------- */

struct vfork_start {
    struct task *task;
    const struct request *request;
    int pid;                   /* by the kernel, unless there is a pidfd */
    void (*started)(void *arg); /* called by the child; NULL: nobody waits for it */
    void *arg;
};

static int vfork_main(void *arg)
{
    struct vfork_start *s = arg;
    struct task *t = s->task;

    t->tid = (pid_t)syscall(SYS_gettid);
    if (s->request->flags & CLONE_PARENT_SETTID)
        write_id(t, s->request->parent_tid, s->pid ? s->pid : t->tid);
    if (s->request->flags & CLONE_CHILD_SETTID)
        write_id(t, s->request->child_tid, t->tid);
    if (s->started)
        s->started(s->arg);
    task_main(t);
    return 1;
}

static int64_t vfork_on(struct vfork_start *s, uint8_t *stack)
{
    const struct request *r = s->request;
    struct task *child = s->task;
    uint64_t flags = (r->flags & ~(uint64_t)(IDS | CLONE_SETTLS)) | r->exit_signal;
    int *cleared = NULL;

    if (r->flags & CLONE_CHILD_CLEARTID && gva_ok(child->process, r->child_tid, 4)) {
        flags |= CLONE_CHILD_CLEARTID; /* the kernel does it when the child lets go of our memory */
        cleared = guest_out(child, r->child_tid, 4);
        child->clear_child_tid = 0;
    }
    if (!(flags & CLONE_PIDFD)) /* which comes in the same place */
        flags |= CLONE_PARENT_SETTID;
    return bp_linux_host_clone(flags, stack + STACK_BYTES, vfork_main, s,
                               flags & CLONE_PIDFD ? guest_out(child, r->pidfd, 4) : &s->pid,
                               cleared);
}

/* The child's frames were never left: what AddressSanitizer noted of them must not stay behind. */
static void free_stack(uint8_t *stack)
{
    if (stack == MAP_FAILED)
        return;
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(stack, STACK_BYTES);
#endif
    munmap(stack, STACK_BYTES);
}

/* A task of a process that borrows our memory, and the stack that it runs on. NULL: no memory. */
static struct task *borrower(struct task *t, const struct request *r, uint8_t **ret_stack)
{
    bool shares = r->flags & CLONE_SIGHAND && !t->owns_actions;
    uint8_t *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    struct guest_action *actions = shares ? t->actions : malloc(sizeof t->process->actions);
    struct task *child = stack != MAP_FAILED && actions ? child_task(t, r) : NULL;

    if (child) {
        if (!shares)
            memcpy(actions, t->actions, sizeof t->process->actions);
        child->actions = actions;
        child->owns_actions = !shares;
        child->vforked = true;
        *ret_stack = stack;
        return child;
    }
    if (!shares)
        free(actions);
    free_stack(stack);
    return NULL;
}

static int64_t make_vfork(struct task *t, const struct request *r)
{
    uint8_t *stack;
    struct task *child = borrower(t, r, &stack);
    struct vfork_start s = { .task = child, .request = r };
    int64_t pid;

    if (!child)
        return -ENOMEM;
    pid = vfork_on(&s, stack);
    task_set_current(t);
    task_free(child);
    free_stack(stack);
    return pid;
}

/* ---- processes that share memory and run at the same time ------------------------------------ */

/*
 * The child needs what the C library keeps for each thread. So a thread of ours is made for it, which
 * starts the child as a vfork() would and waits in the kernel while the child uses its thread
 * pointer; when the child has ended or executed another program, the thread frees what is left.
 */
struct sharer {
    struct request request;
    struct vfork_start vfork;
    uint8_t *stack;
    struct sharer_ready *ready; /* the caller's; NULL once it has been told */
};

struct sharer_ready {
    sem_t told;
    int64_t result;
};

static void tell(struct sharer *s, int64_t result)
{
    struct sharer_ready *ready = s->ready;

    s->ready = NULL;
    ready->result = result;
    sem_post(&ready->told);
}

static void sharer_started(void *arg)
{
    struct sharer *s = arg;

    tell(s, s->vfork.pid ? s->vfork.pid : s->vfork.task->tid);
}

static void *sharer_thread(void *arg)
{
    struct sharer *s = arg;
    struct process *p = s->vfork.task->process;
    int64_t pid = vfork_on(&s->vfork, s->stack);

    task_set_current(NULL);
    if (s->ready) /* it could not be made, or was killed at once */
        tell(s, pid);
    task_free(s->vfork.task);
    free_stack(s->stack);
    free(s);
    atomic_fetch_sub(&p->sharers, 1);
    return NULL;
}

static int64_t make_sharer(struct task *t, const struct request *r)
{
    struct sharer_ready ready = { .result = -ENOMEM };
    struct sharer *s = malloc(sizeof *s);

    if (!s)
        return -ENOMEM;
    *s = (struct sharer){ .request = *r, .ready = &ready };
    s->request.flags |= CLONE_VFORK;
    s->vfork = (struct vfork_start){ .task = borrower(t, r, &s->stack), .request = &s->request,
                                     .started = sharer_started, .arg = s };
    if (!s->vfork.task) {
        free(s);
        return -ENOMEM;
    }
    sem_init(&ready.told, 0, 0);
    atomic_fetch_add(&t->process->sharers, 1);
    int error = start_thread(sharer_thread, s);
    if (error) {
        atomic_fetch_sub(&t->process->sharers, 1);
        task_free(s->vfork.task);
        free_stack(s->stack);
        free(s);
        ready.result = -error;
    } else {
        while (sem_wait(&ready.told) < 0)
            continue;
    }
    sem_destroy(&ready.told);
    return ready.result;
}

/* ---- processes with memory of their own ------------------------------------------------------ */

/* struct clone_args, as far as it is known here. */
static int64_t raw_clone3(struct task *t, const struct request *r, uint64_t flags)
{
    struct clone_args args = {
        .flags = flags,
        .exit_signal = r->exit_signal,
        .set_tid_size = r->set_tid_size,
        .cgroup = r->cgroup,
    };

    if (flags & CLONE_PIDFD)
        args.pidfd = ptr_arg(arg_out(t, r->pidfd, 4));
    if (r->set_tid)
        args.set_tid = ptr_arg(arg_in(t, r->set_tid, 4 * r->set_tid_size));
    return quick_call(SYS_clone3, ptr_arg(&args), sizeof args, 0, 0, 0, 0);
}

/* The C library's fork() makes its own state right in the child; it cannot do the rest. */
static int64_t fork_host(struct task *t, const struct request *r)
{
    uint64_t flags = r->flags & ~(uint64_t)(IDS | CLONE_SETTLS | CLONE_CLEAR_SIGHAND);
    pid_t pid;

    if (!flags && r->exit_signal == SIGCHLD && !r->set_tid && !r->set_tid_size) {
        pid = fork();
        return pid < 0 ? -errno : pid;
    }
    if (r->set_tid || r->set_tid_size || flags >> 32)
        return raw_clone3(t, r, flags);
    return quick_call(SYS_clone, flags | r->exit_signal, 0,
                      flags & CLONE_PIDFD ? ptr_arg(arg_out(t, r->pidfd, 4)) : 0, 0, 0, 0);
}

static void clear_handlers(struct task *t)
{
    for (unsigned n = 1; n <= SIGNALS; n++) {
        if (t->actions[n].handler <= GUEST_SIG_IGN)
            continue;
        t->actions[n] = (struct guest_action){ .handler = GUEST_SIG_DFL };
        host_action(t->process, n, &t->actions[n]);
    }
}

static int64_t make_fork(struct task *t, const struct request *r)
{
    struct process *p = t->process;
    int64_t pid;

    debug_fork(t, BP_FORK_PREPARE);
    pthread_mutex_lock(&p->lock);
    space_lock(p);
    bp_user_fork(p->space, BP_FORK_PREPARE);
    pid = fork_host(t, r);
    bp_user_fork(p->space, pid == 0 ? BP_FORK_CHILD : BP_FORK_PARENT);
    if (pid == 0) {
        task_forked(t);
        start_child(t, r);
        if (r->flags & CLONE_CLEAR_SIGHAND)
            clear_handlers(t);
    }
    space_unlock(p);
    pthread_mutex_unlock(&p->lock);
    debug_fork(t, pid == 0 ? BP_FORK_CHILD : BP_FORK_PARENT);
    if (pid == 0 && r->flags & CLONE_CHILD_SETTID)
        write_id(t, r->child_tid, t->tid);
    if (pid > 0 && r->flags & CLONE_PARENT_SETTID)
        write_id(t, r->parent_tid, (pid_t)pid);
    return pid;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static int64_t make(struct task *t, const struct request *r)
{
    int64_t id;

    if ((r->flags & CLONE_THREAD && !(r->flags & CLONE_SIGHAND)) ||
        (r->flags & CLONE_SIGHAND && !(r->flags & CLONE_VM)) || r->exit_signal > SIGNALS)
        return -EINVAL;
    signals_block();
    if (atomic_load(&t->pending)) /* what has come already is not the child's */
        return -BP_LINUX_RESTART;
    if (r->flags & CLONE_THREAD) {
        id = make_thread(t, r);
    } else if ((r->flags & (CLONE_VM | CLONE_VFORK)) == (CLONE_VM | CLONE_VFORK)) {
        id = make_vfork(t, r);
    } else if (r->flags & CLONE_VM) {
        id = make_sharer(t, r);
    } else {
        id = make_fork(t, r);
    }
    if (id != 0)
        signals_unblock(t);
    return id;
}

int64_t call_clone(struct task *t, const uint64_t a[6])
{
    bool backwards = t->process->abi->flags & BP_LINUX_CLONE_BACKWARDS;
    struct request r = {
        .flags = (uint32_t)a[0] & ~(uint32_t)CSIGNAL,
        .exit_signal = a[0] & CSIGNAL,
        .sp = a[1],
        .parent_tid = a[2],
        .pidfd = a[2],
        .tls = backwards ? a[3] : a[4],
        .child_tid = backwards ? a[4] : a[3],
    };

    if ((r.flags & (CLONE_PIDFD | CLONE_PARENT_SETTID)) == (CLONE_PIDFD | CLONE_PARENT_SETTID))
        return -EINVAL;
    return make(t, &r);
}

/* The caller's struct may be older or newer than ours: what we do not know must be 0. */
static int64_t read_args(struct task *t, uint64_t gva, uint64_t size, struct clone_args *ret)
{
    uint8_t buf[4096];
    int r;

    if (size > sizeof buf)
        return -E2BIG;
    if (size < CLONE_ARGS_SIZE_VER0)
        return -EINVAL;
    r = guest_read(t, gva, buf, size);
    if (r < 0)
        return r;
    for (uint64_t i = sizeof *ret; i < size; i++) {
        if (buf[i])
            return -E2BIG;
    }
    memset(ret, 0, sizeof *ret);
    memcpy(ret, buf, size < sizeof *ret ? size : sizeof *ret);
    return 0;
}

int64_t call_clone3(struct task *t, const uint64_t a[6])
{
    struct clone_args args;
    struct request r;
    int64_t result = read_args(t, a[0], a[1], &args);

    if (result < 0)
        return result;
    if (args.flags & (CSIGNAL | CLONE_DETACHED) || (args.stack == 0) != (args.stack_size == 0) ||
        (args.flags & (CLONE_THREAD | CLONE_PARENT) && args.exit_signal))
        return -EINVAL;
    r = (struct request){
        .flags = args.flags,
        .exit_signal = args.exit_signal,
        .sp = args.stack + args.stack_size,
        .parent_tid = args.parent_tid,
        .child_tid = args.child_tid,
        .tls = args.tls,
        .pidfd = args.pidfd,
        .set_tid = args.set_tid,
        .set_tid_size = args.set_tid_size,
        .cgroup = args.cgroup,
    };
    return make(t, &r);
}
