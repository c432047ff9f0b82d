/* SPDX-License-Identifier: MIT */
/* siginfo.c: who sent it and what came with it; queues; waiting for signals instead of handling. */
#include "../check.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>

static volatile int count;
static siginfo_t seen[64];

static void note(int n, siginfo_t *info, void *uc)
{
    (void)n, (void)uc;
    seen[count++ % 64] = *info;
}

static void test_senders(void)
{
    union sigval v = { .sival_ptr = (void *)0x123456789abcdef0 };

    handle(SIGUSR1, note, 0);
    count = 0;
    kill(getpid(), SIGUSR1);
    CHECK_IS(count, 1);
    CHECK_IS(seen[0].si_signo, SIGUSR1);
    CHECK_IS(seen[0].si_code, SI_USER);
    CHECK_IS(seen[0].si_pid, getpid());
    CHECK_IS(seen[0].si_uid, getuid());
    syscall(SYS_tgkill, getpid(), tid(), SIGUSR1);
    CHECK_IS(seen[1].si_code, SI_TKILL);
    CHECK_IS(seen[1].si_pid, getpid());
    sigqueue(getpid(), SIGUSR1, v);
    CHECK_IS(seen[2].si_code, SI_QUEUE);
    CHECK(seen[2].si_value.sival_ptr == v.sival_ptr);
    CHECK_IS(seen[2].si_uid, getuid());
    pthread_sigqueue(pthread_self(), SIGUSR1, v);
    CHECK_IS(seen[3].si_code, SI_QUEUE);
    CHECK_IS(count, 4);
    CHECK(kill(getpid(), 65) < 0 && errno == EINVAL);
    CHECK_IS(kill(getpid(), 0), 0);
    CHECK(kill(0x7fffffff, 0) < 0 && errno == ESRCH);
    CHECK(syscall(SYS_tgkill, getpid(), 0x7fffffff, SIGUSR1) < 0 && errno == ESRCH);
}

/* Real-time signals queue, in order; others do not. */
static void test_queue(void)
{
    sigset_t set, old, pending;
    int rt = SIGRTMIN + 3;

    sigemptyset(&set);
    sigaddset(&set, rt);
    sigaddset(&set, rt + 1);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    handle(rt, note, 0);
    handle(rt + 1, note, 0);
    handle(SIGUSR1, note, 0);
    count = 0;
    for (int i = 0; i < 5; i++) {
        sigqueue(getpid(), rt + 1, (union sigval){ .sival_int = 100 + i });
        sigqueue(getpid(), rt, (union sigval){ .sival_int = i });
        kill(getpid(), SIGUSR1);
    }
    sigpending(&pending);
    CHECK(sigismember(&pending, rt) && sigismember(&pending, rt + 1));
    CHECK(sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGUSR2));
    CHECK_IS(count, 0);
    /* One kind at a time: its values come in order. */
    set = set_of(rt);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK_IS(count, 5);
    for (int i = 0; i < 5; i++)
        CHECK(seen[i].si_signo == rt && seen[i].si_value.sival_int == i);
    count = 0;
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK_IS(count, 6);
    sigpending(&pending);
    CHECK(!sigismember(&pending, rt + 1) && !sigismember(&pending, SIGUSR1));
}

static void test_wait(void)
{
    sigset_t set = set_of(SIGRTMIN + 5), old;
    struct timespec zero = { 0, 0 }, short_time = { 0, 20000000 };
    siginfo_t info;
    int n;

    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &old);
    CHECK(sigtimedwait(&set, &info, &zero) < 0 && errno == EAGAIN);
    long before = milliseconds();
    CHECK(sigtimedwait(&set, &info, &short_time) < 0 && errno == EAGAIN);
    CHECK(milliseconds() - before >= 19);
    for (int i = 0; i < 3; i++)
        sigqueue(getpid(), SIGRTMIN + 5, (union sigval){ .sival_int = i });
    kill(getpid(), SIGUSR2);
    CHECK_IS(sigwaitinfo(&set, &info), SIGUSR2);
    CHECK_IS(info.si_code, SI_USER);
    for (int i = 0; i < 3; i++) {
        CHECK_IS(sigwaitinfo(&set, &info), SIGRTMIN + 5);
        CHECK_IS(info.si_value.sival_int, i);
    }
    raise(SIGUSR2);
    CHECK(sigwait(&set, &n) == 0 && n == SIGUSR2);
    /* Another signal's handler ends it. */
    handle(SIGALRM, note, SA_RESTART);
    count = 0;
    ualarm(20000, 20000); /* the first may come before the wait */
    CHECK(sigwaitinfo(&set, &info) < 0 && errno == EINTR);
    ualarm(0, 0);
    CHECK(count > 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void test_signalfd(void)
{
    sigset_t set = set_of(SIGRTMIN + 6), old;
    struct signalfd_siginfo si;
    struct pollfd p = { .events = POLLIN };

    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    p.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    CHECK(p.fd >= 0);
    CHECK(read(p.fd, &si, sizeof si) < 0 && errno == EAGAIN);
    CHECK_IS(poll(&p, 1, 0), 0);
    sigqueue(getpid(), SIGRTMIN + 6, (union sigval){ .sival_int = 77 });
    raise(SIGUSR1);
    CHECK_IS(poll(&p, 1, 60000), 1);
    CHECK_IS(read(p.fd, &si, sizeof si), sizeof si);
    CHECK_IS(si.ssi_signo, SIGUSR1);
    CHECK_IS(si.ssi_code, SI_TKILL);
    CHECK_IS(si.ssi_pid, getpid());
    CHECK_IS(read(p.fd, &si, sizeof si), sizeof si);
    CHECK_IS(si.ssi_signo, SIGRTMIN + 6);
    CHECK_IS(si.ssi_int, 77);
    close(p.fd);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void test_timers(void)
{
    struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 7 };
    struct itimerspec its = { { 0, 0 }, { 0, 1000000 } };
    timer_t id;

    handle(SIGRTMIN + 7, note, 0);
    handle(SIGALRM, note, 0);
    count = 0;
    ev.sigev_value.sival_ptr = &its;
    CHECK_IS(timer_create(CLOCK_MONOTONIC, &ev, &id), 0);
    CHECK_IS(timer_settime(id, 0, &its, NULL), 0);
    while (!count)
        continue;
    CHECK_IS(seen[0].si_code, SI_TIMER);
    CHECK(seen[0].si_value.sival_ptr == &its);
    timer_delete(id);
    count = 0;
    ualarm(1000, 0);
    while (!count)
        continue;
    CHECK_IS(seen[0].si_code, SI_KERNEL);
    CHECK_IS(seen[0].si_signo, SIGALRM);
    alarm(0);
}

/* ---- children -------------------------------------------------------------------------------- */

static pid_t child(void (*fn)(void))
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        fn();
        _exit(0);
    }
    return pid;
}
static void exit_with_5(void) { _exit(5); }
static void die_of_abort(void)
{
    signal(SIGABRT, SIG_DFL);
    abort();
}
static void wait_for_ever(void)
{
    for (;;)
        pause();
}
static void await(int n)
{
    for (long until = milliseconds() + 60000; count < n && milliseconds() < until;)
        sleep_ms(1);
    CHECK_IS(count, n);
}

static void test_children(void)
{
    siginfo_t info;
    int status;
    pid_t pid;

    handle(SIGCHLD, note, SA_RESTART);
    count = 0;
    pid = child(exit_with_5);
    await(1);
    CHECK_IS(seen[0].si_code, CLD_EXITED);
    CHECK_IS(seen[0].si_pid, pid);
    CHECK_IS(seen[0].si_status, 5);
    CHECK_IS(seen[0].si_uid, getuid());
    CHECK_IS(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);

    pid = child(die_of_abort);
    await(2);
    CHECK(seen[1].si_code == CLD_KILLED || seen[1].si_code == CLD_DUMPED);
    CHECK_IS(seen[1].si_status, SIGABRT);
    CHECK_IS(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
    CHECK_IS(info.si_pid, pid);
    CHECK_IS(info.si_status, SIGABRT);
    CHECK_IS(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);

    pid = child(wait_for_ever);
    kill(pid, SIGSTOP);
    await(3);
    CHECK_IS(seen[2].si_code, CLD_STOPPED);
    CHECK_IS(seen[2].si_status, SIGSTOP);
    CHECK_IS(waitpid(pid, &status, WUNTRACED), pid);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill(pid, SIGCONT);
    await(4);
    CHECK_IS(seen[3].si_code, CLD_CONTINUED);
    CHECK_IS(waitpid(pid, &status, WCONTINUED), pid);
    CHECK(WIFCONTINUED(status));
    CHECK_IS(setpgid(pid, pid), 0); /* where ours is orphaned, it would not stop */
    kill(pid, SIGTSTP);
    CHECK_IS(waitpid(pid, &status, WUNTRACED), pid);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
    kill(pid, SIGKILL);
    CHECK_IS(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_no_children(void)
{
    int status;
    pid_t pid;

    handle(SIGCHLD, note, SA_NOCLDSTOP);
    count = 0;
    pid = child(wait_for_ever);
    kill(pid, SIGSTOP);
    CHECK_IS(waitpid(pid, &status, WUNTRACED), pid);
    CHECK_IS(count, 0);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    await(1);
    handle(SIGCHLD, note, SA_NOCLDWAIT);
    count = 0;
    pid = child(exit_with_5);
    await(1);
    CHECK(waitpid(pid, &status, 0) < 0 && errno == ECHILD);
    signal(SIGCHLD, SIG_IGN);
    pid = child(exit_with_5);
    CHECK(waitpid(pid, &status, 0) < 0 && errno == ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

static void test_pipe_and_io(void)
{
    int fd[2];

    handle(SIGPIPE, note, 0);
    count = 0;
    CHECK_IS(pipe(fd), 0);
    close(fd[0]);
    CHECK(write(fd[1], "x", 1) < 0 && errno == EPIPE);
    CHECK_IS(count, 1);
    CHECK_IS(seen[0].si_signo, SIGPIPE);
    close(fd[1]);
    signal(SIGPIPE, SIG_IGN);
    CHECK_IS(pipe(fd), 0);
    handle(SIGRTMIN + 8, note, 0);
    fcntl(fd[0], F_SETOWN, getpid());
    fcntl(fd[0], F_SETSIG, SIGRTMIN + 8);
    fcntl(fd[0], F_SETFL, O_ASYNC | O_NONBLOCK);
    count = 0;
    CHECK_IS(write(fd[1], "x", 1), 1);
    CHECK_IS(count, 1);
    CHECK_IS(seen[0].si_code, POLL_IN);
    CHECK_IS(seen[0].si_fd, fd[0]);
    CHECK(seen[0].si_band & POLLIN);
    close(fd[0]);
    close(fd[1]);
}

/* What sigaction() says of itself. */
static void test_actions(void)
{
    struct sigaction sa = { .sa_handler = SIG_IGN }, old;

    CHECK(sigaction(SIGKILL, &sa, NULL) < 0 && errno == EINVAL);
    CHECK(sigaction(SIGSTOP, &sa, NULL) < 0 && errno == EINVAL);
    CHECK_IS(sigaction(SIGKILL, NULL, &old), 0);
    CHECK(old.sa_handler == SIG_DFL);
    sa.sa_flags = SA_NODEFER | SA_RESTART;
    sa.sa_handler = (void (*)(int))(uintptr_t)note;
    sigfillset(&sa.sa_mask);
    CHECK_IS(sigaction(SIGUSR1, &sa, NULL), 0);
    CHECK_IS(sigaction(SIGUSR1, NULL, &old), 0);
    CHECK(old.sa_handler == sa.sa_handler);
    CHECK((old.sa_flags & (SA_NODEFER | SA_RESTART)) == (SA_NODEFER | SA_RESTART));
    CHECK(sigismember(&old.sa_mask, SIGUSR2) == 1);
    CHECK(sigismember(&old.sa_mask, SIGKILL) == 0);
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    /* Ignored while it waits: gone. */
    sigset_t s = set_of(SIGUSR1), pending;
    sigprocmask(SIG_BLOCK, &s, NULL);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    sigpending(&pending);
    CHECK(!sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

int main(void)
{
    test_senders();
    test_queue();
    test_wait();
    test_signalfd();
    test_timers();
    test_children();
    test_no_children();
    test_pipe_and_io();
    test_actions();
    return check_result();
}
