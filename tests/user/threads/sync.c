/* SPDX-License-Identifier: MIT */
/* sync.c: what libraries build of futexes, under contention: mutexes, conditions, robust and PI ones. */
#include "../check.h"

#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>

#define THREADS 4

static void run(void *(*fn)(void *), int n)
{
    pthread_t t[16];
    for (intptr_t i = 0; i < n; i++)
        CHECK_IS(pthread_create(&t[i], NULL, fn, (void *)i), 0);
    for (int i = 0; i < n; i++)
        CHECK_IS(pthread_join(t[i], NULL), 0);
}

static pthread_mutex_t mutex;
static long counter, inside;

static void *count_locked(void *arg)
{
    for (int i = 0; i < 10000; i++) {
        CHECK_IS(pthread_mutex_lock(&mutex), 0);
        if (++inside != 1)
            CHECK(!"two inside");
        counter++;
        inside--;
        CHECK_IS(pthread_mutex_unlock(&mutex), 0);
        if (i % 64 == 0)
            sched_yield();
    }
    return arg;
}

static void mutex_kind(int type, int protocol, int robust)
{
    pthread_mutexattr_t a;

    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, type);
    pthread_mutexattr_setprotocol(&a, protocol);
    pthread_mutexattr_setrobust(&a, robust);
    CHECK_IS(pthread_mutex_init(&mutex, &a), 0);
    counter = 0;
    run(count_locked, THREADS);
    CHECK_IS(counter, 10000 * THREADS);
    CHECK_IS(pthread_mutex_destroy(&mutex), 0);
}

static void test_mutexes(void)
{
    for (int robust = 0; robust < 2; robust++)
        for (int protocol = 0; protocol < 2; protocol++)
            mutex_kind(PTHREAD_MUTEX_ERRORCHECK, protocol ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE,
                       robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED);
    mutex_kind(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    mutex_kind(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
}

/* ---- conditions ------------------------------------------------------------------------------ */

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static int queue[8], queued;
static long produced, consumed;

static void *producer_or_consumer(void *arg)
{
    bool produces = (intptr_t)arg & 1;

    for (int i = 1; i <= 5000; i++) {
        pthread_mutex_lock(&queue_lock);
        if (produces) {
            while (queued == 8)
                pthread_cond_wait(&not_full, &queue_lock);
            queue[queued++] = i;
            produced += i;
            pthread_cond_signal(&not_empty);
        } else {
            while (!queued)
                pthread_cond_wait(&not_empty, &queue_lock);
            consumed += queue[--queued];
            pthread_cond_signal(&not_full);
        }
        pthread_mutex_unlock(&queue_lock);
    }
    return NULL;
}

static pthread_barrier_t barrier;
static atomic_int serial;
static int phase[THREADS];
static void *phases(void *arg)
{
    intptr_t me = (intptr_t)arg;
    for (int i = 0; i < 500; i++) {
        phase[me] = i;
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            serial++;
        for (int j = 0; j < THREADS; j++)
            CHECK_IS(phase[j], i);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static volatile long left, right;
static void *read_or_write(void *arg)
{
    for (int i = 0; i < 5000; i++) {
        if ((i + (intptr_t)arg) % 8) {
            pthread_rwlock_rdlock(&rw);
            CHECK_IS(left, right);
        } else {
            pthread_rwlock_wrlock(&rw);
            left++;
            right++;
        }
        pthread_rwlock_unlock(&rw);
    }
    return NULL;
}

static sem_t sem_a, sem_b;
static void *ping_pong(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        sem_wait(arg ? &sem_b : &sem_a);
        sem_post(arg ? &sem_a : &sem_b);
    }
    return NULL;
}

static void test_conditions(void)
{
    struct timespec until;

    run(producer_or_consumer, THREADS);
    CHECK_IS(produced, consumed);
    CHECK_IS(queued, 0);
    pthread_barrier_init(&barrier, NULL, THREADS);
    run(phases, THREADS);
    CHECK_IS(serial, 500);
    run(read_or_write, THREADS);
    CHECK_IS(left, 5000 / 8 * THREADS);
    sem_init(&sem_a, 0, 1);
    sem_init(&sem_b, 0, 0);
    run(ping_pong, 2);
    clock_gettime(CLOCK_REALTIME, &until);
    long before = milliseconds();
    until.tv_nsec += 30000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&queue_lock);
    CHECK_IS(pthread_cond_timedwait(&not_empty, &queue_lock, &until), ETIMEDOUT);
    CHECK(milliseconds() - before >= 29);
    pthread_mutex_unlock(&queue_lock);
}

/* ---- owners that die ------------------------------------------------------------------------- */

static pthread_mutex_t *robust_mutex(int protocol)
{
    pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t a;

    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setprotocol(&a, protocol);
    pthread_mutex_init(&m[0], &a);
    pthread_mutex_init(&m[1], &a);
    return m;
}

/* Behind the mutexes: they are locked. */
static atomic_int *locked(pthread_mutex_t *m)
{
    return (atomic_int *)&m[2];
}
static void wait_locked(pthread_mutex_t *m)
{
    while (!atomic_exchange(locked(m), 0))
        sleep_ms(1);
}

static void *lock_and_end(void *arg)
{
    pthread_mutex_t *m = arg;
    pthread_mutex_lock(&m[0]);
    pthread_mutex_lock(&m[1]);
    atomic_store(locked(m), 1);
    sleep_ms(30);
    return NULL;
}

static void take_over(pthread_mutex_t *m)
{
    for (int i = 0; i < 2; i++) {
        CHECK_IS(pthread_mutex_lock(&m[i]), EOWNERDEAD);
        CHECK_IS(pthread_mutex_consistent(&m[i]), 0);
        CHECK_IS(pthread_mutex_unlock(&m[i]), 0);
        CHECK_IS(pthread_mutex_lock(&m[i]), 0);
        CHECK_IS(pthread_mutex_unlock(&m[i]), 0);
    }
}

/* Killed from outside, with no chance to do anything: the kernel must know the list. */
static void test_killed(pthread_mutex_t *m)
{
    int fd = open("/proc/self/mem", O_RDONLY);
    if (fd < 0)
        return; /* a guest whose addresses are not the host's */
    close(fd);
    fflush(stdout);
    atomic_store(locked(m), 0);
    pid_t pid = fork();
    if (pid == 0) {
        lock_and_end(m);
        for (;;)
            pause();
    }
    wait_locked(m);
    kill(pid, SIGKILL);
    take_over(m);
    waitpid(pid, NULL, 0);
}

static void test_robust(int protocol)
{
    pthread_mutex_t *m = robust_mutex(protocol);
    pthread_t t;

    pthread_create(&t, NULL, lock_and_end, m);
    wait_locked(m);
    take_over(m); /* waits while it lives */
    pthread_join(t, NULL);
    pthread_create(&t, NULL, lock_and_end, m);
    pthread_join(t, NULL);
    take_over(m);
    atomic_store(locked(m), 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        lock_and_end(m);
        _exit(0);
    }
    wait_locked(m);
    take_over(m);
    waitpid(pid, NULL, 0);
    test_killed(m);
    /* Not made consistent: it can never be locked again. */
    pthread_create(&t, NULL, lock_and_end, m);
    pthread_join(t, NULL);
    CHECK_IS(pthread_mutex_lock(&m[0]), EOWNERDEAD);
    CHECK_IS(pthread_mutex_unlock(&m[0]), 0);
    CHECK_IS(pthread_mutex_lock(&m[0]), ENOTRECOVERABLE);
    munmap(m, 4096);
}

/* A PI mutex knows its owner: who locks twice is told. */
static void test_pi(void)
{
    pthread_mutexattr_t a;
    pthread_mutex_t m;

    pthread_mutexattr_init(&a);
    pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
    CHECK_IS(pthread_mutex_init(&m, &a), 0);
    CHECK_IS(pthread_mutex_lock(&m), 0);
    CHECK_IS(pthread_mutex_lock(&m), EDEADLK);
    CHECK_IS(m.__data.__lock & 0x3fffffff, tid());
    CHECK_IS(pthread_mutex_unlock(&m), 0);
    CHECK_IS(pthread_mutex_unlock(&m), EPERM);
}

int main(void)
{
    test_mutexes();
    test_conditions();
    test_robust(PTHREAD_PRIO_NONE);
    test_robust(PTHREAD_PRIO_INHERIT);
    test_pi();
    return check_result();
}
