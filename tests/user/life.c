/* SPDX-License-Identifier: MIT */
/* life.c: vCPUs and threads, kicks, signals, fork. */
#include "rig.h"

#include <backplane/linux-host.h>

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static void sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){ .tv_nsec = (long)ms * 1000000 }, NULL);
}

/* ---- kicks ----------------------------------------------------------------------------------- */

static void *kick_soon(void *e)
{
    sleep_ms(20);
    bp_user_kick(e);
    return NULL;
}

static void put_endless(void)
{
    map_fresh(CODE, PAGE, RWX);
    PUT(CODE, ADDI(A1, A1, 1), JAL(ZERO, -4));
}

static void kicked(void)
{
    pthread_t thread;
    put_endless();
    set_reg(env, A1, 0);
    pthread_create(&thread, NULL, kick_soon, env);
    struct bp_trap t = run_at(env, CODE);
    EQUAL(t.kind, BP_TRAP_KICK);
    CHECK(get_reg(env, A1) > 0);
    CHECK(get_pc(env) == CODE || get_pc(env) == CODE + 4);
    pthread_join(thread, NULL);
    bp_user_kick(env); /* before it runs */
    bp_user_kick(env);
    uint64_t before = get_reg(env, A1);
    t = run_at(env, CODE);
    EQUAL(t.kind, BP_TRAP_KICK);
    EQUAL(get_reg(env, A1), before);
}

/* By a signal's handler, between any two instructions of the host. */
static void *volatile kick_env;
static void kick_handler(int number) { bp_user_kick(kick_env); }

static void kicked_by_signals(void)
{
    struct sigaction action = { .sa_handler = kick_handler, .sa_flags = SA_ONSTACK }, old;
    struct itimerspec spec = { .it_interval.tv_nsec = 200000, .it_value.tv_nsec = 200000 };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
    timer_t timer;
    put_endless();
    kick_env = env;
    sigaction(SIGALRM, &action, &old);
    CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer));
    timer_settime(timer, 0, &spec, NULL);
    uint64_t last = 0;
    set_reg(env, A1, 0);
    set_pc(env, CODE);
    for (unsigned i = 0; i < 300; i++) {
        struct bp_trap t = run_at(env, get_pc(env));
        EQUAL(t.kind, BP_TRAP_KICK);
        CHECK(get_reg(env, A1) >= last);
        last = get_reg(env, A1);
    }
    timer_delete(timer);
    sigaction(SIGALRM, &old, NULL);
    bp_user_kick(env);
    EQUAL(run_at(env, CODE).kind, BP_TRAP_KICK);
}

/* ---- threads --------------------------------------------------------------------------------- */

#define THREADS 8
#define ROUNDS 20000

static void *run_thread(void *e)
{
    struct bp_trap t = run_at(e, CODE);
    EQUAL(t.kind, BP_TRAP_SYSCALL);
    return NULL;
}

/* All add to one word; the state is a copy of the parent's but for what is set. */
static void threads(void)
{
    pthread_t thread[THREADS];
    void *e[THREADS];
    map_fresh(CODE, PAGE, RWX);
    map_fresh(DATA, PAGE, RW);
    PUT(CODE, AMOADD_D(ZERO, A1, A0), LR_D(A3, A4), ADDI(A3, A3, 1), SC_D(A5, A3, A4),
        BNE(A5, ZERO, -12), ADDI(A2, A2, -1), BNE(A2, ZERO, -24), ECALL);
    set_reg(env, A0, DATA);
    set_reg(env, A1, 3);
    set_reg(env, A2, ROUNDS);
    set_reg(env, A4, DATA + 64);
    for (unsigned i = 0; i < THREADS; i++) {
        e[i] = bp_user_vcpu_new(board, env);
        CHECK(e[i] != NULL);
        EQUAL(get_reg(e[i], A4), DATA + 64);
        pthread_create(&thread[i], NULL, run_thread, e[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        EQUAL(get_reg(e[i], A2), 0);
        bp_user_vcpu_free(e[i]);
    }
    uint64_t sum[9];
    memcpy(sum, host(DATA), sizeof sum);
    EQUAL(sum[0], 3 * THREADS * ROUNDS);
    EQUAL(sum[8], THREADS * ROUNDS);
}

/* Each makes and gives back vCPUs, runs code of its own page, which it changes, and maps. */
static void *churn_thread(void *arg)
{
    uint64_t n = (uintptr_t)arg, at = CODE + 16 * n * PAGE;
    for (unsigned i = 0; i < 200; i++) {
        void *e = bp_user_vcpu_new(board, NULL);
        if (i % 8 == 0)
            map_fresh(at, PAGE, RWX);
        PUT(at, ADDI(A0, ZERO, (int)(i + n)), ECALL);
        EQUAL(run_at(e, at).kind, BP_TRAP_SYSCALL);
        EQUAL(get_reg(e, A0), i + n);
        bp_user_vcpu_free(e);
    }
    return NULL;
}

static void churn(void)
{
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, churn_thread, (void *)i);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

/* One thread runs what another rewrites all the time: it sees the old or the new instruction. */
static void *rewrite_thread(void *stop)
{
    for (unsigned i = 0; !*(volatile bool *)stop; i++)
        PUT(CODE + 4, i % 2 ? ADDI(A1, A1, 1) : ADDI(A1, A1, 2));
    return NULL;
}

static void rewritten_by_another(void)
{
    pthread_t thread;
    volatile bool stop = false;
    map_fresh(CODE, PAGE, RWX);
    PUT(CODE, ADDI(A2, A2, -1), ADDI(A1, A1, 1), BNE(A2, ZERO, -8), ECALL);
    set_reg(env, A1, 0);
    set_reg(env, A2, 3000);
    pthread_create(&thread, NULL, rewrite_thread, (void *)&stop);
    struct bp_trap t = run_at(env, CODE);
    stop = true;
    pthread_join(thread, NULL);
    EQUAL(t.kind, BP_TRAP_SYSCALL);
    CHECK(get_reg(env, A1) >= 3000 && get_reg(env, A1) <= 6000);
}

/* ---- fork ------------------------------------------------------------------------------------ */

static int child_result(void)
{
    set_reg(env, A0, 0);
    struct bp_trap t = run_at(env, CODE);
    if (t.kind != BP_TRAP_SYSCALL || get_reg(env, A0) != 1)
        return 1;
    PUT(CODE, ADDI(A0, ZERO, 2)); /* code of its own */
    t = run_at(env, CODE);
    if (t.kind != BP_TRAP_SYSCALL || get_reg(env, A0) != 2)
        return 2;
    map_fresh(CODE + PAGE, 64 * PAGE, RWX); /* and new translations */
    for (unsigned i = 1; i <= 64; i++) {
        PUT(CODE + i * PAGE, ADDI(A0, ZERO, (int)i), ECALL);
        t = run_at(env, CODE + i * PAGE);
        if (t.kind != BP_TRAP_SYSCALL || get_reg(env, A0) != i)
            return 3;
    }
    void *e = bp_user_vcpu_new(board, env);
    pthread_t thread;
    if (!e || pthread_create(&thread, NULL, run_thread, e))
        return 4;
    pthread_join(thread, NULL);
    return get_reg(e, A0) == 2 ? 42 : 5;
}

static int fork_child(void)
{
    bp_user_fork(space, BP_FORK_PREPARE);
    pid_t pid = fork();
    bp_user_fork(space, pid ? BP_FORK_PARENT : BP_FORK_CHILD);
    if (!pid)
        _exit(child_result());
    return pid;
}

static void forks(void)
{
    map_fresh(CODE, PAGE, RWX);
    PUT(CODE, ADDI(A0, ZERO, 1), ECALL);
    EQUAL(run_at(env, CODE).kind, BP_TRAP_SYSCALL);
    int pids[4], status;
    for (unsigned i = 0; i < 4; i++)
        pids[i] = fork_child();
    map_fresh(CODE + PAGE, 64 * PAGE, RWX); /* the parent translates other code meanwhile */
    for (unsigned i = 1; i <= 64; i++) {
        PUT(CODE + i * PAGE, ADDI(A0, ZERO, (int)i + 100), ECALL);
        EQUAL(run_at(env, CODE + i * PAGE).kind, BP_TRAP_SYSCALL);
        EQUAL(get_reg(env, A0), i + 100);
    }
    for (unsigned i = 0; i < 4; i++) {
        waitpid(pids[i], &status, 0);
        EQUAL((uint64_t)status, 42 << 8);
    }
    EQUAL(run_at(env, CODE).kind, BP_TRAP_SYSCALL);
    EQUAL(get_reg(env, A0), 1);
}

/* The parent chains what it had before the fork to what it translates after it, while the child translates
 * something else to the same place. */
static int apart_child(uint64_t other)
{
    if (run_at(env, other).kind != BP_TRAP_SYSCALL || get_reg(env, A0) != 77)
        return 1;
    set_reg(env, A0, 1);
    set_reg(env, A1, 1);
    return run_at(env, CODE).kind == BP_TRAP_SYSCALL && get_reg(env, A0) == 11 ? 42 : 2;
}

static void forks_go_apart(void)
{
    const uint64_t other = CODE + PAGE;
    int pids[30], status;
    for (unsigned i = 0; i < 30; i++) {
        map_fresh(CODE, 2 * PAGE, RWX);
        PUT(CODE, BNE(A1, ZERO, 8), ECALL, ADDI(A0, A0, 10), ECALL);
        PUT(other, ADDI(A0, ZERO, 77), ADDI(A2, A2, 1), ADDI(A2, A2, 1), ECALL);
        set_reg(env, A1, 0);
        EQUAL(run_at(env, CODE).kind, BP_TRAP_SYSCALL);
        bp_user_fork(space, BP_FORK_PREPARE);
        pids[i] = fork();
        bp_user_fork(space, pids[i] ? BP_FORK_PARENT : BP_FORK_CHILD);
        if (!pids[i])
            _exit(apart_child(other));
        set_reg(env, A0, 1);
        set_reg(env, A1, 1);
        EQUAL(run_at(env, CODE).kind, BP_TRAP_SYSCALL);
        EQUAL(get_reg(env, A0), 11);
    }
    for (unsigned i = 0; i < 30; i++) {
        waitpid(pids[i], &status, 0);
        EQUAL((uint64_t)status, 42 << 8);
    }
}

/* Forks while other threads run and translate. */
static volatile bool forking;
static void *busy_thread(void *arg)
{
    uint64_t at = CODE + (1 + (uintptr_t)arg) * PAGE;
    void *e = bp_user_vcpu_new(board, NULL);
    for (unsigned i = 0; forking; i++) {
        PUT(at, ADDI(A0, ZERO, (int)(i % 1000)), ECALL);
        EQUAL(run_at(e, at).kind, BP_TRAP_SYSCALL);
        EQUAL(get_reg(e, A0), i % 1000);
    }
    bp_user_vcpu_free(e);
    return NULL;
}

static void forks_among_threads(void)
{
    pthread_t thread[3];
    map_fresh(CODE, 8 * PAGE, RWX);
    PUT(CODE, ADDI(A0, ZERO, 1), ECALL);
    forking = true;
    for (uintptr_t i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, busy_thread, (void *)i);
    for (unsigned i = 0; i < 20; i++) {
        int status, pid = fork_child();
        waitpid(pid, &status, 0);
        EQUAL((uint64_t)status, 42 << 8);
    }
    forking = false;
    for (unsigned i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
}

/* ---- signals --------------------------------------------------------------------------------- */

static void sent_faults(void)
{
    unsigned before = foreign_signals;
    raise(SIGSEGV);
    kill(getpid(), SIGBUS);
    EQUAL(foreign_signals, before + 2);
    map_fresh(CODE, PAGE, RWX); /* while translated code runs */
    PUT(CODE, ADDI(A1, A1, -1), BNE(A1, ZERO, -4), ECALL);
    set_reg(env, A1, 1000);
    EQUAL(run_at(env, CODE).kind, BP_TRAP_SYSCALL);
}

static _Atomic uint32_t pending;
static _Atomic unsigned signals_seen;
static void pending_handler(int number, siginfo_t *info, void *ucontext)
{
    pending = 1;
    signals_seen++;
    bp_linux_host_signalled(ucontext);
}

/* A call that would block forever, and a signal at any moment before or in it: it always ends. */
static void no_lost_signal(void)
{
    struct sigaction action = { .sa_sigaction = pending_handler, .sa_flags = SA_SIGINFO }, old;
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
    const uint64_t args[6] = { 0 };
    timer_t timer;
    unsigned before = 0, within = 0;
    sigaction(SIGALRM, &action, &old);
    CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer));
    for (unsigned i = 0; i < 3000; i++) {
        struct itimerspec spec = { .it_value.tv_nsec = 1 + (long)(i % 1000) * 20 };
        pending = 0;
        timer_settime(timer, 0, &spec, NULL);
        int64_t r = bp_linux_host_call(&pending, SYS_pause, args);
        CHECK(r == -EINTR || r == -BP_LINUX_RESTART);
        before += r == -BP_LINUX_RESTART;
        within += r == -EINTR;
    }
    CHECK(before > 0 && within > 0);
    EQUAL(signals_seen, 3000);
    timer_delete(timer);
    sigaction(SIGALRM, &old, NULL);
    pending = 0;
    EQUAL((uint64_t)bp_linux_host_call(&pending, SYS_getpid, args), (uint64_t)getpid());
    EQUAL((uint64_t)bp_linux_host_call(&pending, 100000, args), (uint64_t)-ENOSYS);
    pending = 1;
    EQUAL((uint64_t)bp_linux_host_call(&pending, SYS_getpid, args), (uint64_t)-BP_LINUX_RESTART);
}

static int clone_child(void *arg)
{
    *(int *)arg = 7;
    syscall(SYS_exit, 9);
    return 0;
}

static void clones(void)
{
    static char stack[65536];
    static int value;
    int status;
    value = 0;
    int64_t pid = bp_linux_host_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + sizeof stack,
                                      clone_child, &value, NULL, NULL);
    CHECK(pid > 0);
    EQUAL((uint64_t)value, 7);
    CHECK(waitpid((pid_t)pid, &status, 0) == pid);
    EQUAL((uint64_t)status, 9 << 8);
    value = 0;
    pid = bp_linux_host_clone(SIGCHLD, NULL, clone_child, &value, NULL, NULL);
    CHECK(waitpid((pid_t)pid, &status, 0) == pid);
    EQUAL((uint64_t)status, 9 << 8);
    EQUAL((uint64_t)value, 0);
    EQUAL((uint64_t)bp_linux_host_clone(CLONE_THREAD, NULL, clone_child, &value, NULL, NULL),
          (uint64_t)-EINVAL);
}

const struct test_case life_cases[] = {
    { "kicked", kicked },
    { "kicked-by-signals", kicked_by_signals },
    { "threads", threads },
    { "churn", churn },
    { "rewritten-by-another", rewritten_by_another },
    { "forks", forks },
    { "forks-go-apart", forks_go_apart },
    { "forks-among-threads", forks_among_threads },
    { "sent-faults", sent_faults },
    { "no-lost-signal", no_lost_signal },
    { "clones", clones },
    { NULL, NULL },
};
