/* SPDX-License-Identifier: MIT */
/* check.h: for programs that test what the system under them does. A check that fails says where. */
#ifndef CHECK_H
#define CHECK_H

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static int check_failures;

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #cond);                                      \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)
#define CHECK_IS(a, b)                                                                             \
    do {                                                                                           \
        long long a_ = (long long)(a), b_ = (long long)(b);                                        \
        if (a_ != b_) {                                                                            \
            printf("%s:%d: %s is %lld (0x%llx), not %lld (0x%llx)\n", __FILE__, __LINE__, #a, a_,  \
                   a_, b_, b_);                                                                    \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)

static inline int check_result(void)
{
    fflush(stdout);
    return check_failures != 0;
}

static inline void handle(int number, void (*fn)(int, siginfo_t *, void *), int flags)
{
    struct sigaction sa = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | flags };
    sigemptyset(&sa.sa_mask);
    if (sigaction(number, &sa, NULL) < 0)
        abort();
}

static inline sigset_t set_of(int number)
{
    sigset_t s;
    sigemptyset(&s);
    if (number)
        sigaddset(&s, number);
    return s;
}

/* An address that the compiler knows nothing of. */
static inline void *at(uintptr_t address)
{
    __asm__("" : "+r"(address));
    return (void *)address;
}

static inline long milliseconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
static inline void sleep_ms(long ms)
{
    struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };
    while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
        continue;
}
static inline pid_t tid(void)
{
    return (pid_t)syscall(SYS_gettid);
}

/* How often a task gave up its processor by itself; -1: it does not sleep, -2: /proc does not tell. */
static inline long sleeps_of(pid_t task)
{
    char line[128], state = 0;
    long n = -2;
    snprintf(line, sizeof line, "/proc/%d/status", task);
    FILE *f = fopen(line, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "State: %c", &state) != 1)
            sscanf(line, "voluntary_ctxt_switches: %ld", &n);
    if (f)
        fclose(f);
    return n >= 0 && state != 'S' ? -1 : n;
}
/* Until a task waits in the call that a test is about, however slow the machine is: it has been asleep for 10 ms. */
static inline void wait_asleep(pid_t task)
{
    long last = -1, now, until = milliseconds() + 60000;
    for (int same = 0; same < 5 && milliseconds() < until; last = now) {
        sleep_ms(2);
        now = sleeps_of(task);
        same = now != -1 && now == last ? same + 1 : 0;
    }
}

/* Runs fn in a child and returns how it ended. */
static inline int in_child(void (*fn)(void))
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        fn();
        fflush(stdout);
        _exit(check_failures ? 99 : 0);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

#endif
