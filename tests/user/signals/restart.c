/* SPDX-License-Identifier: MIT */
/* restart.c: signals during calls that wait: which calls go on by themselves, and which fail with EINTR. */
#include "../check.h"

#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>

static volatile int count;
static int pipe_fd[2], pair[2], begun[2];
enum { LONG = 60 }; /* seconds */

static void note(int n, siginfo_t *info, void *uc)
{
    int error = errno;
    (void)n, (void)info, (void)uc;
    count++;
    if (write(begun[1], "x", 1) != 1)
        abort();
    errno = error;
}

/* When the caller waits for something, a signal; when its handler has begun, something to read. */
static pid_t helper;
static void later(int number)
{
    struct pollfd p = { .fd = begun[0], .events = POLLIN };
    pid_t parent = getpid();
    struct sigaction sa;
    char c;
    count = 0;
    fflush(stdout);
    helper = fork();
    if (helper)
        return;
    wait_asleep(parent);
    kill(parent, number);
    sigaction(number, NULL, &sa);
    if (sa.sa_handler == SIG_IGN || sa.sa_handler == SIG_DFL)
        sleep_ms(40);
    else if (poll(&p, 1, LONG * 1000) != 1 || read(begun[0], &c, 1) != 1)
        _exit(1);
    if (write(pipe_fd[1], "x", 1) != 1 || write(pair[1], "x", 1) != 1)
        _exit(1);
    _exit(0);
}
static void clean(void)
{
    char c;
    while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
        continue;
    fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
    while (read(pipe_fd[0], &c, 1) == 1)
        continue;
    fcntl(pipe_fd[0], F_SETFL, 0);
    while (recv(pair[0], &c, 1, MSG_DONTWAIT) == 1)
        continue;
}

static void test_read(int flags, bool goes_on)
{
    char c = 0;
    ssize_t r;

    handle(SIGUSR1, note, flags);
    later(SIGUSR1);
    r = read(pipe_fd[0], &c, 1);
    CHECK_IS(count, 1);
    if (goes_on)
        CHECK(r == 1 && c == 'x');
    else
        CHECK(r < 0 && errno == EINTR);
    clean();
    later(SIGUSR1);
    r = recv(pair[0], &c, 1, 0);
    CHECK(goes_on ? r == 1 : r < 0 && errno == EINTR);
    CHECK_IS(count, 1);
    clean();
}

static void test_wait(int flags, bool goes_on)
{
    int status, r;

    handle(SIGUSR1, note, flags);
    later(SIGUSR1);
    r = waitpid(helper, &status, 0);
    CHECK(goes_on ? r == helper && status == 0 : r < 0 && errno == EINTR);
    CHECK_IS(count, 1);
    if (!goes_on)
        clean();
    else {
        char c;
        CHECK_IS(read(pipe_fd[0], &c, 1), 1);
        CHECK_IS(read(pair[0], &c, 1), 1);
    }
}

/* With a time of its own a socket's wait does not start again. */
static void test_socket_timeout(void)
{
    struct timeval tv = { LONG, 0 }, zero = { 0, 0 };
    char c;

    handle(SIGUSR1, note, SA_RESTART);
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    later(SIGUSR1);
    CHECK(recv(pair[0], &c, 1, 0) < 0 && errno == EINTR);
    CHECK_IS(count, 1);
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &zero, sizeof zero);
    clean();
}

/* These never do, whatever the handler's flags. */
static void test_never(void)
{
    struct pollfd p = { .fd = pipe_fd[0], .events = POLLIN };
    struct timespec time = { LONG, 0 }, left = { 0, 0 };
    struct timeval tv = { LONG, 0 };
    struct epoll_event ev = { .events = EPOLLIN };
    int e = epoll_create1(0);
    fd_set set;

    handle(SIGUSR1, note, SA_RESTART);
    later(SIGUSR1);
    CHECK(poll(&p, 1, LONG * 1000) < 0 && errno == EINTR);
    clean();
    later(SIGUSR1);
    CHECK(poll(&p, 1, -1) < 0 && errno == EINTR);
    clean();
    later(SIGUSR1);
    FD_ZERO(&set);
    FD_SET(pipe_fd[0], &set);
    CHECK(select(pipe_fd[0] + 1, &set, NULL, NULL, &tv) < 0 && errno == EINTR);
    clean();
    epoll_ctl(e, EPOLL_CTL_ADD, pipe_fd[0], &ev);
    later(SIGUSR1);
    CHECK(epoll_wait(e, &ev, 1, LONG * 1000) < 0 && errno == EINTR);
    clean();
    later(SIGUSR1);
    CHECK(nanosleep(&time, &left) < 0 && errno == EINTR);
    CHECK(left.tv_sec > 0 && left.tv_sec < LONG && left.tv_nsec < 1000000000);
    clean();
    later(SIGUSR1);
    CHECK_IS(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &left), EINTR);
    CHECK(left.tv_sec > 0 && left.tv_sec < LONG);
    clean();
    later(SIGUSR1);
    CHECK(pause() < 0 && errno == EINTR);
    clean();
    close(e);
}

static void test_locks(void)
{
    FILE *f = tmpfile();
    struct flock lock = { .l_type = F_WRLCK };
    int fd = fileno(f), r, go[2];
    char c;

    CHECK_IS(pipe(go), 0);
    pid_t holder = fork();
    if (holder == 0) {
        fcntl(fd, F_SETLK, &lock);
        if (write(go[1], "x", 1) != 1)
            _exit(1);
        _exit(read(pipe_fd[0], &c, 1) != 1); /* what the helper writes last */
    }
    CHECK_IS(read(go[0], &c, 1), 1);
    handle(SIGUSR1, note, SA_RESTART);
    later(SIGUSR1);
    r = fcntl(fd, F_SETLKW, &lock);
    CHECK_IS(r, 0);
    CHECK_IS(count, 1);
    clean();
    waitpid(holder, NULL, 0);
    fclose(f);
    close(go[0]);
    close(go[1]);
}

static void test_semaphore(void)
{
    sem_t s;
    struct timespec until;

    sem_init(&s, 0, 0);
    handle(SIGUSR1, note, 0);
    later(SIGUSR1);
    CHECK(sem_wait(&s) < 0 && errno == EINTR);
    clean();
    handle(SIGUSR1, note, SA_RESTART);
    later(SIGUSR1);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LONG;
    CHECK(sem_timedwait(&s, &until) < 0 && errno == EINTR);
    CHECK_IS(count, 1);
    clean();
}

/* What is ignored or by default does nothing interrupts nothing; neither do stopping and going on. */
static void test_not_interrupted(void)
{
    struct timespec ts = { 0, 100000000 }, left;
    char c;

    signal(SIGUSR1, SIG_IGN);
    later(SIGUSR1);
    CHECK_IS(nanosleep(&ts, &left), 0);
    clean();
    later(SIGWINCH);
    CHECK_IS(read(pipe_fd[0], &c, 1), 1);
    clean();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        long before = milliseconds();
        ts.tv_sec = 1;
        CHECK_IS(nanosleep(&ts, &left), 0);
        CHECK(milliseconds() - before >= 1099);
        _exit(check_failures != 0);
    }
    int status;
    wait_asleep(pid);
    kill(pid, SIGSTOP);
    CHECK_IS(waitpid(pid, &status, WUNTRACED), pid);
    kill(pid, SIGCONT);
    CHECK_IS(waitpid(pid, &status, 0), pid);
    CHECK_IS(status, 0);
}

/* A handler that interrupts, then one more while the first still runs: each its own call. */
static void read_inside(int n, siginfo_t *info, void *uc)
{
    char c = 0;
    note(n, info, uc);
    CHECK(read(pair[0], &c, 1) == 1 && c == 'x');
}
static void test_call_in_handler(void)
{
    char c = 0;

    handle(SIGUSR1, read_inside, SA_RESTART);
    later(SIGUSR1);
    CHECK(read(pipe_fd[0], &c, 1) == 1 && c == 'x');
    CHECK_IS(count, 1);
    clean();
}

int main(void)
{
    CHECK_IS(pipe(pipe_fd), 0);
    CHECK_IS(pipe(begun), 0);
    CHECK_IS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    test_read(0, false);
    test_read(SA_RESTART, true);
    test_wait(0, false);
    test_wait(SA_RESTART, true);
    test_socket_timeout();
    test_never();
    test_locks();
    test_semaphore();
    test_not_interrupted();
    test_call_in_handler();
    return check_result();
}
