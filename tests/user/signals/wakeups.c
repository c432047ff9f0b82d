/* SPDX-License-Identifier: MIT */
/*
 * wakeups.c [ROUNDS [SECONDS]]: waits with a mask of their own, against timers that go off at about the same time. A
 * wake-up that is lost makes the wait last for ever: an alarm ends it after so many seconds.
 */
#include "../check.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

static volatile int got;
static timer_t timer;
static unsigned seed = 1;

static void note(int n, siginfo_t *info, void *uc)
{
    (void)n, (void)info, (void)uc;
    got++;
}

static unsigned random_to(unsigned n)
{
    seed = seed * 1103515245u + 12345;
    return seed / 65536 % n;
}

static unsigned limit = 60;
static void arm(unsigned us)
{
    alarm(limit);
    struct itimerspec its = { .it_value = { 0, 1 + (long)us * 1000 } };
    timer_settime(timer, 0, &its, NULL);
}

static int wait_sigsuspend(const sigset_t *set) { return sigsuspend(set); }
static int wait_ppoll(const sigset_t *set) { return ppoll(NULL, 0, NULL, set); }
static int wait_pselect(const sigset_t *set) { return pselect(0, NULL, NULL, NULL, NULL, set); }
static int epoll;
static int wait_epoll(const sigset_t *set)
{
    struct epoll_event ev;
    return epoll_pwait(epoll, &ev, 1, -1, set);
}

static void rounds(const char *name, int (*wait)(const sigset_t *set), int n)
{
    sigset_t blocked = set_of(SIGUSR1), none = set_of(0), now;

    printf("%s\n", name);
    fflush(stdout);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    for (int i = 0; i < n; i++) {
        got = 0;
        arm(random_to(i % 16 ? 30 : 200));
        for (unsigned spin = random_to(2000); spin; spin--)
            __asm__ volatile("");
        while (!got) {
            int r = wait(&none);
            if (r != -1 || errno != EINTR)
                CHECK(!"ended otherwise");
            if (!got)
                CHECK(!"ended without a signal");
        }
        if (got != 1)
            CHECK_IS(got, 1);
    }
    sigprocmask(SIG_SETMASK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR1));
}

/* The same by a byte in a pipe, written by a handler that may come at any time. */
static int wake[2];
static void write_byte(int n, siginfo_t *info, void *uc)
{
    int e = errno;
    (void)n, (void)info, (void)uc;
    got++;
    if (write(wake[1], "x", 1) != 1)
        abort();
    errno = e;
}
static void self_pipe(int n)
{
    struct pollfd p = { .events = POLLIN };
    sigset_t set = set_of(SIGUSR1);
    char c;

    puts("self-pipe");
    fflush(stdout);
    CHECK_IS(pipe(wake), 0);
    p.fd = wake[0];
    handle(SIGUSR1, write_byte, SA_RESTART);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    for (int i = 0; i < n; i++) {
        int r;
        got = 0;
        arm(random_to(60));
        while ((r = poll(&p, 1, -1)) < 0 && errno == EINTR)
            continue;
        CHECK_IS(r, 1);
        CHECK_IS(read(wake[0], &c, 1), 1);
        CHECK_IS(got, 1);
    }
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 10000;
    struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };

    if (argc > 2)
        limit = (unsigned)atoi(argv[2]);
    handle(SIGUSR1, note, 0);
    CHECK_IS(timer_create(CLOCK_MONOTONIC, &ev, &timer), 0);
    epoll = epoll_create1(0);
    rounds("sigsuspend", wait_sigsuspend, n);
    rounds("ppoll", wait_ppoll, n);
    rounds("pselect", wait_pselect, n);
    rounds("epoll_pwait", wait_epoll, n);
    self_pipe(n);
    return check_result();
}
