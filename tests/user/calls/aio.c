/* SPDX-License-Identifier: MIT */
/* Linux's asynchronous I/O: contexts, requests of each kind, their events, what is refused. */
#include "check.h"

#include <linux/aio_abi.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>

static aio_context_t context;
static struct io_event events[8];

static long submit(long n, struct iocb **list)
{
    return syscall(SYS_io_submit, context, n, list);
}
static long wait_for(long least, long n)
{
    struct timespec limit = { 60, 0 };
    return syscall(SYS_io_getevents, context, least, n, events, &limit);
}

static struct iocb request(int opcode, int fd, void *buf, size_t n, long offset)
{
    static uint64_t number;
    return (struct iocb){ .aio_data = ++number, .aio_key = 77, .aio_lio_opcode = (uint16_t)opcode,
                          .aio_fildes = (uint32_t)fd, .aio_buf = (uintptr_t)buf, .aio_nbytes = n,
                          .aio_offset = offset };
}

/* Submits one and shows its event. */
static void run(struct iocb *i)
{
    struct iocb *list[] = { i };
    SHOW(submit(1, list));
    SHOW(wait_for(1, 8));
    CHECK(events[0].obj == (uintptr_t)i && events[0].data == i->aio_data && i->aio_key == 0);
    printf("result %lld, %lld\n", (long long)events[0].res, (long long)events[0].res2);
}

static void contexts(void)
{
    aio_context_t c = 0;
    SHOW(syscall(SYS_io_setup, 16, &context));
    CHECK(context != 0);
    SHOW(syscall(SYS_io_setup, 16, &context)); /* there is one already */
    SHOW(syscall(SYS_io_setup, 0, &c));
    SHOW(syscall(SYS_io_setup, 16, NOWHERE));
    SHOW(syscall(SYS_io_setup, 4, &c));
    CHECK(c != context);
    (void)*(volatile uint32_t *)(uintptr_t)c; /* programs look at the ring there */
    SHOW(syscall(SYS_io_destroy, c));
    FAILS(syscall(SYS_io_destroy, c), EINVAL);
    FAILS(syscall(SYS_io_destroy, NOWHERE), EINVAL);
}

static void reading_and_writing(int fd)
{
    char a[16] = "", b[16] = "";
    struct iovec out[2] = { { "vec", 3 }, { "tors", 4 } }, in[2] = { { a, 2 }, { b, 9 } };
    struct iocb i = request(IOCB_CMD_PWRITE, fd, "hello, world", 12, 0);
    run(&i);
    i = request(IOCB_CMD_PREAD, fd, a, sizeof a, 7);
    run(&i);
    printf("%s\n", a);
    i = request(IOCB_CMD_PWRITEV, fd, out, 2, 12);
    run(&i);
    i = request(IOCB_CMD_PREADV, fd, in, 2, 10);
    run(&i);
    printf("%.2s %s\n", a, b);
    i = request(IOCB_CMD_FSYNC, fd, NULL, 0, 0);
    run(&i);
    i = request(IOCB_CMD_FDSYNC, fd, NULL, 0, 0);
    run(&i);
}

static void several(int fd)
{
    char a[4] = "", b[4] = "";
    struct iocb i[3] = { request(IOCB_CMD_PREAD, fd, a, 3, 0), request(IOCB_CMD_PREAD, fd, b, 3, 3),
                         request(IOCB_CMD_PREAD, -1, b, 3, 3) };
    struct iocb *list[] = { &i[0], &i[1], &i[2] };
    SHOW(submit(0, list));
    SHOW(submit(3, list)); /* the last is no good */
    SHOW(wait_for(2, 2));
    printf("%s %s\n", a, b);
    SHOW(submit(1, list + 2));
    list[0] = NOWHERE;
    SHOW(submit(1, list));
    list[0] = &i[0];
    list[1] = NOWHERE;
    SHOW(submit(2, list));
    SHOW(wait_for(1, 8));
    SHOW(submit(1, NOWHERE));
    SHOW(submit(-1, list));
    i[0] = request(IOCB_CMD_PREAD, fd, NOWHERE, 3, 0);
    run(&i[0]);
    i[0] = request(99, fd, a, 3, 0);
    SHOW(submit(1, list));
    i[0] = request(IOCB_CMD_PREADV, fd, NOWHERE, 2, 0);
    SHOW(submit(1, list));
    i[0] = request(IOCB_CMD_PREADV, fd, a, 100000, 0);
    SHOW(submit(1, list));
}

/* What has not happened yet: waited for, cancelled, told by an eventfd. */
static void waiting(void)
{
    int fds[2], told = eventfd(0, EFD_NONBLOCK);
    uint64_t count = 0;
    struct io_event result;
    CHECK(pipe(fds) == 0);
    struct iocb i = request(IOCB_CMD_POLL, fds[0], NULL, 0, 0), *list[] = { &i };
    struct timespec nothing = { 0, 1000000 };
    i.aio_buf = POLLIN;
    i.aio_flags = IOCB_FLAG_RESFD;
    i.aio_resfd = (uint32_t)told;
    SHOW(submit(1, list));
    SHOW(syscall(SYS_io_getevents, context, 1, 8, events, &nothing));
    SHOW(read(told, &count, 8));
    CHECK(write(fds[1], "x", 1) == 1);
    SHOW(wait_for(1, 8));
    printf("events %lld\n", (long long)events[0].res);
    SHOW(read(told, &count, 8));
    CHECK(read(fds[0], &count, 1) == 1);
    i.aio_flags = 0;
    SHOW(submit(1, list));
    SHOW_OK(syscall(SYS_io_cancel, context, &i, &result));
    SHOW(wait_for(1, 8));
    CHECK(events[0].obj == (uintptr_t)&i);
    SHOW_OK(syscall(SYS_io_cancel, context, &i, &result));
    SHOW(syscall(SYS_io_cancel, context, NOWHERE, &result));
    close(fds[0]);
    close(fds[1]);
}

static void on_alarm(int number)
{
    (void)number;
}
static void events_refused(void)
{
    struct timespec limit = { 60, 0 };
    sigset_t set;
    struct { sigset_t *set; size_t size; } mask = { &set, 8 };
    SHOW(syscall(SYS_io_getevents, context, 2, 1, events, &limit));
    SHOW(syscall(SYS_io_getevents, context, -1, 1, events, &limit));
    SHOW(syscall(SYS_io_getevents, 0, 0, 1, events, &limit));
    SHOW(syscall(SYS_io_getevents, context, 0, 8, events, NULL));
    SHOW(syscall(SYS_io_getevents, context, 1, 1, events, NOWHERE));
    /* A signal that only the wait lets in. */
    signal(SIGALRM, on_alarm);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigemptyset(&set);
    alarm(1);
    SHOW(syscall(SYS_io_pgetevents, context, 1, 1, events, &limit, &mask));
    mask.size = 3;
    SHOW(syscall(SYS_io_pgetevents, context, 1, 1, events, &limit, &mask));
}

int main(void)
{
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    if (syscall(SYS_io_destroy, 0) < 0 && errno == ENOSYS)
        return 0; /* a kernel without */
    contexts();
    reading_and_writing(fd);
    several(fd);
    waiting();
    events_refused();
    SHOW(syscall(SYS_io_destroy, context));
    return failures != 0;
}
