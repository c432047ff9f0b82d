/* SPDX-License-Identifier: MIT */
/* poll, select, epoll, eventfd, timerfd, signalfd, inotify. */
#include "check.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>

static volatile sig_atomic_t alarms;
static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

static void polling(void)
{
    int p[2];
    CHECK(pipe(p) == 0);
    struct pollfd f[3] = { { p[0], POLLIN, 0 }, { p[1], POLLOUT, 0 }, { -1, POLLIN, 77 } };
    struct timespec soon = { 0, 1000000 }, none = { 0, 0 }, bad = { 0, 2000000000 };
    SHOW(ppoll(f, 3, &none, NULL));
    printf("%x %x %x\n", f[0].revents, f[1].revents, f[2].revents);
    SHOW(ppoll(f, 1, &soon, NULL));
    CHECK(write(p[1], "x", 1) == 1);
    SHOW(poll(f, 2, -1));
    printf("%x %x\n", f[0].revents, f[1].revents);
    SHOW(ppoll(f, 2, &bad, NULL));
    SHOW(syscall(SYS_ppoll, NOWHERE, 1, &none, NULL, 8));
    SHOW(syscall(SYS_ppoll, f, 1, NOWHERE, NULL, 8));
    SHOW(syscall(SYS_ppoll, f, 1, &none, NOWHERE, 8));
    sigset_t set;
    sigemptyset(&set);
    SHOW(syscall(SYS_ppoll, f, 1, &none, &set, 4));
    SHOW(syscall(SYS_ppoll, f, ~0u, &none, NULL, 8));
    f[0].fd = 999;
    SHOW(poll(f, 1, 0));
    printf("%x\n", f[0].revents);
    fd_set r, w;
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_SET(p[0], &r);
    FD_SET(p[1], &w);
    struct timeval tv = { 1, 0 };
    SHOW(select(p[1] + 1, &r, &w, NULL, &tv));
    CHECK(FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w));
    SHOW(select(-1, &r, NULL, NULL, &tv));
    FD_ZERO(&r);
    FD_SET(50, &r);
    SHOW(select(51, &r, NULL, NULL, &tv));
    tv.tv_sec = 0;
    tv.tv_usec = 1000;
    SHOW(select(0, NULL, NULL, NULL, &tv));
    SHOW(syscall(SYS_pselect6, 1, NOWHERE, NULL, NULL, &none, NULL));
    SHOW(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &none, NOWHERE));
}

static void masks(void)
{
    sigset_t blocked, empty;
    struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    struct timespec wait = { 60, 0 };
    const struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    CHECK(sigaction(SIGALRM, &sa, NULL) == 0);
    CHECK(sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
    /* Already waiting, and one that comes later. */
    raise(SIGALRM);
    CHECK(alarms == 0);
    SHOW(ppoll(NULL, 0, &wait, &empty));
    CHECK(alarms == 1);
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(ppoll(NULL, 0, &wait, &empty));
    CHECK(alarms == 2);
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(pselect(0, NULL, NULL, NULL, &wait, &empty));
    CHECK(alarms == 3);
    int ep = epoll_create1(0);
    struct epoll_event e;
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(epoll_pwait(ep, &e, 1, 60000, &empty));
    CHECK(alarms == 4);
    sigset_t now;
    CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGALRM) == 1);
    int s = signalfd(-1, &blocked, SFD_NONBLOCK | SFD_CLOEXEC);
    struct signalfd_siginfo info;
    SHOW(read(s, &info, sizeof info));
    raise(SIGALRM);
    SHOW(read(s, &info, sizeof info));
    CHECK(info.ssi_signo == SIGALRM && info.ssi_code == SI_TKILL && info.ssi_pid == (uint32_t)getpid());
    CHECK(sigprocmask(SIG_UNBLOCK, &blocked, NULL) == 0);
    /* Sleeps are not made again, reads are. Alarms come again and again, as the first may come too early. */
    const struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { { 0, 0 }, { 0, 0 } };
    setitimer(ITIMER_REAL, &often, NULL);
    SHOW(usleep(60000000));
    struct timespec rest = { 0, 0 };
    SHOW(nanosleep(&wait, &rest));
    CHECK(rest.tv_sec > 0 && rest.tv_sec < 60);
    int p[2];
    CHECK(pipe(p) == 0);
    if (!fork()) {
        usleep(100000);
        _exit(write(p[1], "y", 1) != 1);
    }
    char c = 0;
    SHOW(read(p[0], &c, 1));
    sa.sa_flags = 0;
    CHECK(sigaction(SIGALRM, &sa, NULL) == 0);
    SHOW(read(p[0], &c, 1));
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK(alarms > 6);
}

static void events(void)
{
    int ep = epoll_create1(EPOLL_CLOEXEC), e1 = eventfd(3, EFD_NONBLOCK), e2 = eventfd(0, EFD_SEMAPHORE);
    struct epoll_event a = { EPOLLIN, { .u64 = 0x123456789abcdef0 } },
                       b = { EPOLLIN | EPOLLOUT | EPOLLET, { .u64 = 0xfedcba9876543210 } }, got[8];
    uint64_t v = 0;
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, e1, &a));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, e2, &b));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, e2, &b));
    SHOW(epoll_wait(ep, got, 8, 0));
    printf("%x %lx, %x %lx\n", got[0].events, (long)got[0].data.u64, got[1].events,
           (long)got[1].data.u64);
    SHOW(epoll_wait(ep, got, 8, 0));
    SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, e2, &a));
    SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, e1, NULL));
    SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, e1, NULL));
    SHOW(epoll_ctl(ep, 9, e2, &a));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, 999, &a));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &a));
    SHOW(syscall(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, e1, NOWHERE));
    SHOW(epoll_wait(ep, got, 0, 0));
    SHOW(epoll_wait(999, got, 1, 0));
    SHOW(epoll_wait(e1, got, 1, 0));
    SHOW(read(e1, &v, 8));
    printf("%ld\n", (long)v);
    SHOW(read(e1, &v, 8));
    v = 2;
    SHOW(write(e2, &v, 8));
    SHOW(read(e2, &v, 8));
    printf("%ld\n", (long)v);
    SHOW(read(e2, &v, 4));
    int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    const struct itimerspec in = { { 0, 5000000 }, { 0, 1000000 } };
    struct itimerspec old;
    SHOW(timerfd_settime(t, 0, &in, &old));
    CHECK(old.it_value.tv_sec == 0 && old.it_interval.tv_nsec == 0);
    usleep(30000);
    SHOW(read(t, &v, 8));
    CHECK(v >= 2 && v < 1000000);
    SHOW(timerfd_gettime(t, &old));
    CHECK(old.it_interval.tv_nsec == 5000000);
    SHOW(timerfd_settime(t, 0, NOWHERE, NULL));
    SHOW(timerfd_create(99, 0));
}

static void watching(void)
{
    char buf[1024] __attribute__((aligned(8)));
    int i = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    SHOW(inotify_add_watch(i, ".", IN_CREATE | IN_DELETE | IN_MOVED_TO));
    SHOW(inotify_add_watch(i, "none", IN_CREATE));
    SHOW(inotify_add_watch(i, ".", 0));
    close(open("watched", O_CREAT | O_WRONLY, 0600));
    unlink("watched");
    ssize_t n = read(i, buf, sizeof buf);
    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *e = (const void *)(buf + at);
        printf("watch %d mask %x name %s\n", e->wd, e->mask, e->name);
        at += (ssize_t)sizeof *e + e->len;
    }
    SHOW(inotify_rm_watch(i, 1));
    SHOW(inotify_rm_watch(i, 1));
}

int main(void)
{
    polling();
    masks();
    events();
    watching();
    return finish();
}
