/* SPDX-License-Identifier: MIT */
/* cancel.c: what the C library does with the two signals that it keeps: cancelling, and ids of all threads. */
#include "../check.h"

#include <sched.h>
#include <sys/socket.h>

static atomic_int cleaned, ready;

static void clean(void *arg)
{
    (void)arg;
    cleaned++;
}

static void *in_pause(void *arg)
{
    pthread_cleanup_push(clean, NULL);
    ready++;
    for (;;)
        pause();
    pthread_cleanup_pop(0);
    return arg;
}
static void *in_read(void *arg)
{
    char c;
    pthread_cleanup_push(clean, NULL);
    ready++;
    while (read((int)(intptr_t)arg, &c, 1) >= 0)
        continue;
    pthread_cleanup_pop(0);
    return arg;
}
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static void unlock(void *arg)
{
    cleaned++;
    pthread_mutex_unlock(arg);
}
static void *in_cond(void *arg)
{
    pthread_mutex_lock(&lock);
    pthread_cleanup_push(unlock, &lock);
    ready++;
    for (;;)
        pthread_cond_wait(&cond, &lock);
    pthread_cleanup_pop(0);
    return arg;
}
static void *asynchronous(void *arg)
{
    int old;
    volatile unsigned long n = 0;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    pthread_cleanup_push(clean, NULL);
    ready++;
    for (;;)
        n++;
    pthread_cleanup_pop(0);
    return arg;
}
static void *in_sleep(void *arg)
{
    pthread_cleanup_push(clean, NULL);
    ready++;
    sleep(100);
    pthread_cleanup_pop(0);
    return arg;
}
static void *disabled(void *arg)
{
    int old;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    ready++;
    sleep_ms(30);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
    pthread_cleanup_push(clean, NULL);
    pthread_testcancel();
    pthread_cleanup_pop(0);
    return arg;
}

static void test_cancel(void *(*fn)(void *), void *arg, const char *name)
{
    pthread_t t;
    void *r;

    for (int i = 0; i < 10; i++) {
        cleaned = ready = 0;
        pthread_create(&t, NULL, fn, arg);
        while (!ready)
            sched_yield();
        if (i & 1)
            sleep_ms(1);
        CHECK_IS(pthread_cancel(t), 0);
        CHECK_IS(pthread_join(t, &r), 0);
        if (r != PTHREAD_CANCELED || cleaned != 1) {
            printf("%s: cancelled: %d, cleaned up: %d\n", name, r == PTHREAD_CANCELED, cleaned);
            check_failures++;
        }
    }
}

/* ---- ids ------------------------------------------------------------------------------------- */

static atomic_int go, done;
static uid_t seen_euid[4];
static gid_t seen_egid[4];

static void *look(void *arg)
{
    intptr_t i = (intptr_t)arg;
    ready++;
    while (!go) {
        if (i & 1)
            usleep(1000);
    }
    seen_euid[i] = (uid_t)syscall(SYS_geteuid);
    seen_egid[i] = (gid_t)syscall(SYS_getegid);
    done++;
    return NULL;
}

/* setresuid() of one thread is that of all: the library asks each by a signal. */
static void set_ids(void)
{
    pthread_t t[4];

    ready = go = 0;
    for (intptr_t i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, look, (void *)i);
    while (ready < 4)
        sched_yield();
    CHECK_IS(setresgid(1, 2, 0), 0);
    CHECK_IS(setresuid(3, 4, 0), 0);
    go = 1;
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        CHECK_IS(seen_euid[i], 4);
        CHECK_IS(seen_egid[i], 2);
    }
}
static void same_ids(void)
{
    pthread_t t[4];

    ready = go = 0;
    for (intptr_t i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, look, (void *)i);
    while (ready < 4)
        sched_yield();
    for (int i = 0; i < 50; i++) {
        CHECK_IS(setuid(getuid()), 0);
        CHECK_IS(setgid(getgid()), 0);
    }
    go = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
}

int main(void)
{
    int fd[2], pair[2];

    alarm(600);
    CHECK_IS(pipe(fd), 0);
    CHECK_IS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    test_cancel(in_pause, NULL, "pause");
    test_cancel(in_read, (void *)(intptr_t)fd[0], "read of a pipe");
    test_cancel(in_read, (void *)(intptr_t)pair[0], "read of a socket");
    test_cancel(in_cond, NULL, "cond_wait");
    test_cancel(in_sleep, NULL, "sleep");
    test_cancel(asynchronous, NULL, "asynchronous");
    test_cancel(disabled, NULL, "disabled");
    same_ids();
    if (geteuid() == 0)
        CHECK_IS(in_child(set_ids), 0);
    return check_result();
}
