/* SPDX-License-Identifier: MIT */
/* basic.c: threads: making, joining, ids, their own memory, where signals go. */
#include "../check.h"

#include <sched.h>

#define N 32

static __thread int mine = 7;
static __thread char zeroed[4096];
static pthread_key_t key;
static atomic_int destroyed, started;
static pid_t ids[N];

static void destroy(void *p)
{
    (void)p;
    destroyed++;
}

static void *body(void *arg)
{
    intptr_t i = (intptr_t)arg;

    CHECK_IS(mine, 7);
    for (size_t j = 0; j < sizeof zeroed; j++)
        CHECK(zeroed[j] == 0);
    mine = (int)i;
    memset(zeroed, (int)i, sizeof zeroed);
    pthread_setspecific(key, arg);
    ids[i] = tid();
    CHECK(getpid() != tid());
    started++;
    for (int j = 0; j < 100; j++) {
        sched_yield();
        CHECK_IS(mine, i);
        CHECK_IS(zeroed[j], (char)i);
    }
    return (void *)(i * 3);
}

static void test_many(void)
{
    pthread_t t[N];
    void *r;

    pthread_key_create(&key, destroy);
    for (int round = 0; round < 4; round++) {
        destroyed = 0;
        for (intptr_t i = 0; i < N; i++)
            CHECK_IS(pthread_create(&t[i], NULL, body, (void *)i), 0);
        for (intptr_t i = 0; i < N; i++) {
            CHECK_IS(pthread_join(t[i], &r), 0);
            CHECK_IS((intptr_t)r, i * 3);
            for (intptr_t j = 0; j < i; j++)
                CHECK(ids[i] != ids[j]);
        }
        CHECK_IS(destroyed, N - 1); /* not for the one whose value is NULL */
    }
    CHECK_IS(mine, 7);
    CHECK_IS(getpid(), tid());
}

static void *nothing(void *arg) { return arg; }
static void test_detached(void)
{
    pthread_attr_t attr;
    pthread_t t;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 65536);
    for (int i = 0; i < 1000; i++) {
        int r;
        while ((r = pthread_create(&t, &attr, nothing, NULL)) == EAGAIN)
            sched_yield();
        CHECK_IS(r, 0);
    }
}

/* ---- signals --------------------------------------------------------------------------------- */

static __thread int hits;
static atomic_int total, ready, quit;
static pid_t last;

static void note(int n, siginfo_t *info, void *uc)
{
    (void)n, (void)info, (void)uc;
    hits++;
    total++;
    last = tid();
}

static void *receiver(void *arg)
{
    sigset_t s = set_of(SIGUSR2);

    if (arg) /* this one leaves SIGUSR2 to others */
        pthread_sigmask(SIG_BLOCK, &s, NULL);
    ready++;
    while (!quit)
        usleep(200);
    return (void *)(intptr_t)hits;
}

static void test_directed(void)
{
    pthread_t t[8];
    void *r;

    handle(SIGUSR1, note, SA_RESTART);
    for (intptr_t i = 0; i < 8; i++)
        pthread_create(&t[i], NULL, receiver, NULL);
    while (ready < 8)
        sched_yield();
    for (int round = 0; round < 50; round++)
        for (int i = 0; i < 8; i++) {
            int before = total;
            CHECK_IS(pthread_kill(t[i], SIGUSR1), 0);
            while (total == before)
                sched_yield();
        }
    quit = 1;
    for (int i = 0; i < 8; i++) {
        pthread_join(t[i], &r);
        CHECK_IS((intptr_t)r, 50);
    }
    CHECK_IS(hits, 0);
}

/* Sent to the process: a thread that does not block it. */
static void test_process_wide(void)
{
    sigset_t s = set_of(SIGUSR2);
    pthread_t t[4], open;
    void *r;

    ready = quit = total = 0;
    handle(SIGUSR2, note, SA_RESTART);
    pthread_create(&open, NULL, receiver, NULL);
    pthread_sigmask(SIG_BLOCK, &s, NULL);
    for (intptr_t i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, receiver, (void *)1);
    while (ready < 5)
        sched_yield();
    for (int i = 0; i < 100; i++) {
        int before = total;
        kill(getpid(), SIGUSR2);
        while (total == before)
            sched_yield();
    }
    quit = 1;
    pthread_join(open, &r);
    CHECK_IS((intptr_t)r, 100);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    /* Nobody wants it: it waits for the first who does. */
    kill(getpid(), SIGUSR2);
    sleep_ms(5);
    CHECK_IS(total, 100);
    pthread_sigmask(SIG_UNBLOCK, &s, NULL);
    CHECK_IS(total, 101);
    CHECK_IS(hits, 1);
}

static void *waiter(void *arg)
{
    sigset_t s = set_of(SIGRTMIN + 1);
    siginfo_t info;
    intptr_t n = 0;

    while (sigwaitinfo(&s, &info) > 0 && info.si_value.sival_int >= 0)
        n += info.si_value.sival_int;
    return (void *)n;
    (void)arg;
}
static void test_sigwait(void)
{
    sigset_t s = set_of(SIGRTMIN + 1);
    pthread_t t;
    void *r;

    pthread_sigmask(SIG_BLOCK, &s, NULL);
    pthread_create(&t, NULL, waiter, NULL);
    for (int i = 0; i < 100; i++)
        sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = i });
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = -1 });
    pthread_join(t, &r);
    CHECK_IS((intptr_t)r, 4950);
}

/* Signals rain on threads that work, wait and lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long shared;
static void *worker(void *arg)
{
    double d = 1;
    for (int i = 0; i < 20000; i++) {
        pthread_mutex_lock(&lock);
        shared++;
        pthread_mutex_unlock(&lock);
        d = d * 1.000001;
        if (i % 1000 == 0)
            usleep(10);
    }
    CHECK(d > 1.02020 && d < 1.02021);
    return arg;
}
static void test_rain(void)
{
    struct itimerval it = { { 0, 300 }, { 0, 300 } }, off = { { 0, 0 }, { 0, 0 } };
    pthread_t t[4];

    handle(SIGALRM, note, SA_RESTART);
    shared = 0;
    setitimer(ITIMER_REAL, &it, NULL);
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, worker, NULL);
    for (int round = 0; round < 200; round++)
        for (int i = 0; i < 4; i++)
            pthread_kill(t[i], SIGUSR1);
    for (int i = 0; i < 4; i++)
        CHECK_IS(pthread_join(t[i], NULL), 0);
    setitimer(ITIMER_REAL, &off, NULL);
    CHECK_IS(shared, 80000);
}

int main(void)
{
    test_many();
    test_detached();
    test_directed();
    test_process_wide();
    test_sigwait();
    test_rain();
    return check_result();
}
