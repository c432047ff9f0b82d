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
static int pipe_fd[2], pair[2];

static void note(int n, siginfo_t *info, void *uc)
{
    (void)n, (void)info, (void)uc;
    count++;
}

/* In 20 ms a signal; in 60 ms there is something to read. */
static pid_t helper;
static void later(int number)
{
    pid_t parent = getpid();
    count = 0;
    fflush(stdout);
    helper = fork();
    if (helper)
        return;
    sleep_ms(20);
    kill(parent, number);
    sleep_ms(40);
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
    struct timeval tv = { 1, 0 }, zero = { 0, 0 };
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
    struct timespec sec = { 1, 0 }, left = { 0, 0 };
    struct timeval tv = { 1, 0 };
    struct epoll_event ev = { .events = EPOLLIN };
    int e = epoll_create1(0);
    fd_set set;

    handle(SIGUSR1, note, SA_RESTART);
    later(SIGUSR1);
    CHECK(poll(&p, 1, 1000) < 0 && errno == EINTR);
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
    CHECK(epoll_wait(e, &ev, 1, 1000) < 0 && errno == EINTR);
    clean();
    later(SIGUSR1);
    CHECK(nanosleep(&sec, &left) < 0 && errno == EINTR);
    CHECK(left.tv_sec == 0 && left.tv_nsec > 900000000 && left.tv_nsec < 990000000);
    clean();
    later(SIGUSR1);
    CHECK_IS(clock_nanosleep(CLOCK_MONOTONIC, 0, &sec, &left), EINTR);
    CHECK(left.tv_sec == 0 && left.tv_nsec > 900000000);
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
        sleep_ms(100);
        _exit(0);
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
    until.tv_nsec += 80000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    int r = sem_timedwait(&s, &until);
    CHECK(r < 0 && (errno == ETIMEDOUT || errno == EINTR));
    CHECK_IS(count, 1);
    clean();
}

/* What is ignored or by default does nothing interrupts nothing; neither do stopping and going on. */
static void test_not_interrupted(void)
{
    struct timespec ts = { 0, 100000000 }, left;
    long before = milliseconds();
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
        before = milliseconds();
        CHECK_IS(nanosleep(&ts, &left), 0);
        CHECK(milliseconds() - before >= 99);
        _exit(check_failures != 0);
    }
    int status;
    sleep_ms(20);
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
    (void)n, (void)info, (void)uc;
    count++;
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
