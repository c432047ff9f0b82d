/* SPDX-License-Identifier: MIT */
/* futex.c: every futex operation by its raw call. */
#include "../check.h"

#include <linux/futex.h>
#include <sched.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

static _Atomic uint32_t word, second;
static atomic_int waiting, woken;
static _Atomic pid_t waiters[8];

static long futex(_Atomic uint32_t *a, int op, uint32_t v, const void *t, _Atomic uint32_t *b,
                  uint32_t v3)
{
    return syscall(SYS_futex, a, op, v, t, b, v3);
}

static void will_wait(void)
{
    waiters[waiting++] = tid();
}
static void await_waiters(int n)
{
    for (int i = 0; i < n; i++) {
        while (!waiters[i])
            sched_yield();
        wait_asleep(waiters[i]);
        waiters[i] = 0;
    }
}

static void *wait_on_word(void *arg)
{
    will_wait();
    long r = arg ? futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (uint32_t)(intptr_t)arg)
                 : futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    CHECK_IS(r, 0);
    woken++;
    return NULL;
}

static pthread_t threads[8];
static void start(int n, long bits)
{
    waiting = woken = 0;
    word = 0;
    for (int i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, wait_on_word, (void *)bits);
    await_waiters(n);
}
static void finish(int n)
{
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    CHECK_IS(woken, n);
}
static void await(int n)
{
    for (int i = 0; i < 60000 && woken < n; i++)
        sleep_ms(1);
    sleep_ms(2);
    CHECK_IS(woken, n);
}

static void test_wait(void)
{
    struct timespec ts = { 0, 20000000 }, past = { 1, 0 };
    long before = milliseconds();

    word = 5;
    CHECK(futex(&word, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0) < 0 && errno == EAGAIN);
    CHECK(futex(&word, FUTEX_WAIT_PRIVATE, 5, &ts, NULL, 0) < 0 && errno == ETIMEDOUT);
    CHECK(milliseconds() - before >= 19);
    CHECK(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, &past, NULL, ~0u) < 0 && errno == ETIMEDOUT);
    CHECK(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, &past, NULL, 0) < 0 && errno == EINVAL);
    CHECK(futex(at((uintptr_t)&word + 1), FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0) < 0 &&
          errno == EINVAL);
    CHECK(futex(at(4096), FUTEX_WAIT, 5, NULL, NULL, 0) < 0 && errno == EFAULT);
    CHECK(futex(at(0), FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0) < 0 && errno == EFAULT);
    CHECK(syscall(SYS_futex, &word, 127, 0, NULL, NULL, 0) < 0 && errno == ENOSYS);
    CHECK_IS(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
}

static void test_wake(void)
{
    start(4, 0);
    CHECK_IS(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    await(1);
    CHECK_IS(futex(&word, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0), 3);
    finish(4);
    start(2, 6);
    CHECK_IS(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 1), 0);
    CHECK_IS(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 4), 2);
    finish(2);
}

static void test_requeue(void)
{
    start(4, 0);
    CHECK(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)10, &second, 1) < 0 && errno == EAGAIN);
    CHECK_IS(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &second, 0), 3);
    await(1);
    CHECK_IS(futex(&second, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 2);
    await(3);
    CHECK_IS(futex(&word, FUTEX_REQUEUE_PRIVATE, 0, (void *)10, &second, 0), 1);
    CHECK_IS(futex(&second, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 1);
    finish(4);
}

static void test_wake_op(void)
{
    start(2, 0);
    second = 10;
    /* second += 5; wake one of word, and of second where it was above 20 */
    CHECK_IS(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &second,
                   FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_GT, 20)), 1);
    CHECK_IS(second, 15);
    await(1);
    CHECK_IS(futex(&second, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &word,
                   FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_EQ, 0)), 1);
    finish(2);
}

static void *hold_pi(void *arg)
{
    CHECK_IS(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
    waiting = 1;
    wait_asleep(getpid());
    CHECK_IS(word & FUTEX_TID_MASK, tid());
    CHECK(word & FUTEX_WAITERS);
    CHECK_IS(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
    return arg;
}
static void test_pi(void)
{
    struct timespec past = { 1, 0 };
    pthread_t t;

    word = 0;
    waiting = 0;
    pthread_create(&t, NULL, hold_pi, NULL);
    while (!waiting)
        sched_yield();
    CHECK(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0) < 0);
    CHECK(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) < 0 && errno == EPERM);
    CHECK(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, &past, NULL, 0) < 0 && errno == ETIMEDOUT);
    CHECK_IS(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
    CHECK_IS(word & FUTEX_TID_MASK, tid());
    CHECK_IS(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
    pthread_join(t, NULL);
}

/* Waiting on one, moved to a PI lock, and owning it on return. */
static void *wait_requeue_pi(void *arg)
{
    will_wait();
    CHECK_IS(futex(&word, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, &second, 0), 0);
    CHECK_IS(second & FUTEX_TID_MASK, tid());
    woken++;
    CHECK_IS(futex(&second, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
    return arg;
}
static void test_requeue_pi(void)
{
    pthread_t t[2];

    word = second = 0;
    waiting = woken = 0;
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, wait_requeue_pi, NULL);
    await_waiters(2);
    CHECK_IS(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)10, &second, 0), 2);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    CHECK_IS(woken, 2);
}

struct waiter {
    uint64_t value, address;
    uint32_t flags, reserved;
};
static void *wake_second(void *arg)
{
    wait_asleep(getpid());
    second = 1;
    CHECK_IS(futex(&second, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    return arg;
}
static void test_waitv(void)
{
    struct waiter w[2] = { { 0, (uintptr_t)&word, 2 | 128, 0 }, { 0, (uintptr_t)&second, 2 | 128, 0 } };
    struct timespec past = { 1, 0 };
    pthread_t t;

    word = second = 0;
    if (syscall(SYS_futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC) < 0 && errno == ENOSYS)
        return;
    CHECK(syscall(SYS_futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC) < 0 && errno == ETIMEDOUT);
    pthread_create(&t, NULL, wake_second, NULL);
    CHECK_IS(syscall(SYS_futex_waitv, w, 2, 0, NULL, 0), 1);
    pthread_join(t, NULL);
    word = 1;
    CHECK(syscall(SYS_futex_waitv, w, 2, 0, NULL, 0) < 0 && errno == EAGAIN);
}

int main(void)
{
    test_wait();
    test_wake();
    test_requeue();
    test_wake_op();
    test_pi();
    test_requeue_pi();
    test_waitv();
    return check_result();
}
