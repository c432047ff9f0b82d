/* SPDX-License-Identifier: MIT */
/* sharers.c: processes that share memory and run at the same time (CLONE_VM without CLONE_VFORK), and
 * the memory of other processes (process_vm_readv). */
#include "../check.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/uio.h>

enum { STACK = 1 << 18, ROUNDS = 2000 };

static atomic_int ball, handled;
static int plain;

static int status_of(pid_t pid)
{
    int status = -1;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static pid_t start(int (*fn)(void *), char *stack, int flags)
{
    fflush(stdout);
    return clone(fn, stack + STACK, flags, NULL);
}

static void on_signal(int n, siginfo_t *info, void *uc)
{
    (void)n, (void)info, (void)uc;
    atomic_fetch_add(&handled, 1);
}

/* Passes a ball to and fro, which needs both to run; then sets a handler, which is its own. */
static int player(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        while (atomic_load(&ball) != 2 * i + 1)
            sched_yield();
        atomic_store(&ball, 2 * i + 2);
    }
    handle(SIGUSR1, on_signal, 0);
    kill(getpid(), SIGUSR1);
    close(0);
    plain = getpid() == tid() && getpid() != getppid();
    return 21;
}

static void play(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        atomic_store(&ball, 2 * i + 1);
        while (atomic_load(&ball) != 2 * i + 2)
            sched_yield();
    }
}

static void test_together(char *stack)
{
    struct sigaction sa;
    pid_t pid;

    atomic_store(&ball, 0);
    atomic_store(&handled, 0);
    pid = start(player, stack, CLONE_VM | SIGCHLD);
    CHECK(pid > 0);
    play();
    CHECK_IS(status_of(pid), 21 << 8);
    CHECK_IS(plain, 1);
    CHECK_IS(handled, 1);
    sigaction(SIGUSR1, NULL, &sa);
    CHECK(sa.sa_handler == SIG_DFL);
    CHECK(dup2(0, 0) == 0); /* descriptors are not shared */
}

static int sharer_of_handlers(void *arg)
{
    (void)arg;
    handle(SIGUSR2, on_signal, 0);
    close(9);
    return 5;
}
static void test_shared_handlers(char *stack)
{
    struct sigaction sa;
    pid_t pid;

    dup2(0, 9);
    pid = start(sharer_of_handlers, stack, CLONE_VM | CLONE_SIGHAND | CLONE_FILES | SIGCHLD);
    CHECK(pid > 0);
    CHECK_IS(status_of(pid), 5 << 8);
    sigaction(SIGUSR2, NULL, &sa);
    CHECK(sa.sa_flags & SA_SIGINFO);
    signal(SIGUSR2, SIG_DFL);
    CHECK(dup2(9, 9) < 0 && errno == EBADF);
}

static int forever(void *arg)
{
    (void)arg;
    atomic_store(&ball, 1);
    for (;;)
        atomic_fetch_add(&handled, 1);
}
static int executes(void *arg)
{
    char *const argv[] = { (char *)"sharers", (char *)"exit", NULL };

    (void)arg;
    execv("/proc/self/exe", argv);
    return 1;
}
static void test_ends(char *stack)
{
    for (int i = 0; i < 20; i++) {
        atomic_store(&ball, 0);
        pid_t pid = start(forever, stack, CLONE_VM | SIGCHLD);
        while (!atomic_load(&ball))
            sched_yield();
        kill(pid, i & 1 ? SIGKILL : SIGTERM);
        CHECK_IS(status_of(pid), i & 1 ? SIGKILL : SIGTERM);
    }
    /* Translations are dropped while nobody is left inside by those that were killed. */
    void *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(m != MAP_FAILED && munmap(m, 4096) == 0);
    pid_t pid = start(executes, stack, CLONE_VM | SIGCHLD);
    CHECK_IS(status_of(pid), 44 << 8);
}

/* ---- memory of other processes ---------------------------------------------------------------- */

static char remote[] = "here";

static ssize_t copy(pid_t pid, char *buf, size_t n, void *at, bool write)
{
    struct iovec here = { buf, n }, there = { at, n };

    return write ? process_vm_writev(pid, &here, 1, &there, 1, 0)
                 : process_vm_readv(pid, &here, 1, &there, 1, 0);
}

static void test_memory(char *stack)
{
    char buf[5] = "";
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        strcpy(remote, "fork");
        atomic_store(&ball, 7);
        for (;;)
            pause();
    }
    for (int i = 0; i < 60000 && strcmp(buf, "fork"); i++, sleep_ms(1))
        if (copy(pid, buf, 5, remote, false) < 0)
            break;
    CHECK(!strcmp(buf, "fork"));
    CHECK_IS(copy(pid, buf, 5, remote, true), 5);
    strcpy(remote, "here");
    CHECK(copy(pid, buf, 5, (void *)16, false) < 0 && errno == EFAULT);
    kill(pid, SIGKILL);
    CHECK_IS(status_of(pid), SIGKILL);
    CHECK(copy(pid, buf, 5, remote, false) < 0 && errno == ESRCH);

    atomic_store(&ball, 0);
    pid = start(forever, stack, CLONE_VM | SIGCHLD);
    while (!atomic_load(&ball))
        sched_yield();
    CHECK_IS(copy(pid, buf, 5, remote, false), 5);
    CHECK(!strcmp(buf, "here"));
    CHECK_IS(copy(pid, buf, 5, remote, true), 5);
    kill(pid, SIGKILL);
    CHECK_IS(status_of(pid), SIGKILL);
}

/* The parent goes first. */
static int outlives(void *arg)
{
    (void)arg;
    sleep_ms(50);
    for (int i = 0; i < 100; i++)
        free(malloc((size_t)i * 1000));
    return 0;
}

int main(int argc, char **argv)
{
    char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (argc > 1 && !strcmp(argv[1], "exit"))
        return 44;
    alarm(600);
    test_together(stack);
    test_shared_handlers(stack);
    test_ends(stack);
    test_memory(stack);
    start(outlives, stack, CLONE_VM | SIGCHLD);
    return check_result();
}
