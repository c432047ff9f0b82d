/* SPDX-License-Identifier: MIT */
/* atomics.c: atomic operations of every size under contention: nothing is lost, nothing is torn. */
#include "../check.h"

#define THREADS 4
#define N 20000

static _Atomic uint8_t u8[4];
static _Atomic uint16_t u16[2];
static _Atomic uint32_t u32, bits32;
static _Atomic uint64_t u64, cas64, xor64, stack;
static struct node {
    struct node *next;
    int pushed;
} nodes[THREADS][64];

static void run(void *(*fn)(void *))
{
    pthread_t t[THREADS];
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, fn, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
}

static void *add(void *arg)
{
    intptr_t me = (intptr_t)arg;

    for (int i = 0; i < N; i++) {
        uint64_t v = cas64;
        atomic_fetch_add(&u8[me], 1); /* neighbours in one word */
        atomic_fetch_add(&u8[(me + 1) % 4], 2);
        atomic_fetch_add(&u16[me & 1], 3);
        atomic_fetch_add(&u32, 1);
        atomic_fetch_add(&u64, UINT64_C(0x100000001));
        atomic_fetch_xor(&xor64, (uint64_t)i << me);
        atomic_fetch_or(&bits32, 1u << (i & 31));
        while (!atomic_compare_exchange_weak(&cas64, &v, v + 3))
            continue;
    }
    return NULL;
}

static void test_counts(void)
{
    uint64_t x = 0;

    run(add);
    for (int i = 0; i < 4; i++)
        CHECK_IS(u8[i], (uint8_t)(3 * N));
    CHECK_IS(u16[0], (uint16_t)(6 * N));
    CHECK_IS(u16[1], (uint16_t)(6 * N));
    CHECK_IS(u32, THREADS * N);
    CHECK_IS(u64, UINT64_C(0x100000001) * THREADS * N);
    CHECK_IS(cas64, 3 * THREADS * N);
    CHECK_IS(bits32, 0xffffffffu);
    for (int me = 0; me < THREADS; me++)
        for (int i = 0; i < N; i++)
            x ^= (uint64_t)i << me;
    CHECK_IS(xor64, x);
}

#ifdef __riscv
/* AMOs that C does not reach, and 32-bit ones in halves of one 64-bit word. */
static _Atomic uint64_t halves;
static _Atomic uint32_t low32, high32;
static _Atomic int64_t max64, min64;
static void *amos(void *arg)
{
    intptr_t me = (intptr_t)arg;
    uint32_t *half = (uint32_t *)&halves + (me & 1);

    for (int i = 0; i < N; i++) {
        int64_t v = (int64_t)((uint64_t)(i + 1) * 2654435761u * (me & 1 ? 1 : -1));
        __asm__ volatile("amomax.d x0, %1, (%0)" ::"r"(&max64), "r"(v) : "memory");
        __asm__ volatile("amomin.d x0, %1, (%0)" ::"r"(&min64), "r"(v) : "memory");
        __asm__ volatile("amoadd.w x0, %1, (%0)" ::"r"(half), "r"(1) : "memory");
        __asm__ volatile("amomaxu.w x0, %1, (%0)" ::"r"(&high32), "r"(i + 5) : "memory");
        __asm__ volatile("amominu.w x0, %1, (%0)" ::"r"(&low32), "r"(-i - 1) : "memory");
    }
    return NULL;
}
static void *reserve(void *arg)
{
    for (int i = 0; i < N; i++) {
        uint64_t v, failed;
        __asm__ volatile("1: lr.d.aqrl %0, (%2)\n addi %0, %0, 1\n sc.d.rl %1, %0, (%2)\n bnez %1, 1b"
                         : "=&r"(v), "=&r"(failed) : "r"(&u64) : "memory");
        __asm__ volatile("1: lr.w %0, (%2)\n addi %0, %0, 1\n sc.w %1, %0, (%2)\n bnez %1, 1b"
                         : "=&r"(v), "=&r"(failed) : "r"(&u32) : "memory");
    }
    return arg;
}
static void test_riscv(void)
{
    uint64_t v, failed, other;

    low32 = 0xffffffff;
    run(amos);
    CHECK_IS(halves, UINT64_C(0x100000001) * (THREADS / 2) * N);
    CHECK_IS(max64, UINT64_C(2654435761) * N);
    CHECK_IS(min64, -UINT64_C(2654435761) * N);
    CHECK_IS(high32, N + 4);
    CHECK_IS(low32, (uint32_t)-N);
    u64 = u32 = 0;
    run(reserve);
    CHECK_IS(u64, THREADS * N);
    CHECK_IS(u32, THREADS * N);
    /* A store-conditional without its reservation, or to another address, stores nothing. */
    u64 = 5;
    __asm__ volatile("lr.d %0, (%3)\n sc.d %1, x0, (%3)\n sc.d %2, %3, (%3)"
                     : "=&r"(v), "=&r"(failed), "=&r"(other) : "r"(&u64) : "memory");
    CHECK(v == 5 && failed == 0 && other != 0 && u64 == 0);
    cas64 = 9;
    __asm__ volatile("lr.d %0, (%2)\n sc.d %1, x0, (%3)"
                     : "=&r"(v), "=&r"(failed) : "r"(&u64), "r"(&cas64) : "memory");
    CHECK(failed != 0 && cas64 == 9);
}
#endif

/* A stack without locks, whose head has a count against A-B-A. */
static void push(struct node *n)
{
    uint64_t old = stack, new;
    do {
        n->next = (struct node *)(uintptr_t)(old << 16 >> 16);
        new = ((old >> 48) + 1) << 48 | (uintptr_t)n;
    } while (!atomic_compare_exchange_weak(&stack, &old, new));
}
static struct node *pop(void)
{
    uint64_t old = stack, new;
    struct node *n;
    do {
        n = (struct node *)(uintptr_t)(old << 16 >> 16);
        if (!n)
            return NULL;
        new = ((old >> 48) + 1) << 48 | (uintptr_t)n->next;
    } while (!atomic_compare_exchange_weak(&stack, &old, new));
    return n;
}
static void *push_and_pop(void *arg)
{
    for (int i = 0; i < 64; i++)
        push(&nodes[(intptr_t)arg][i]);
    for (int i = 0; i < N; i++) {
        struct node *n = pop();
        if (n) {
            if (n->pushed++)
                CHECK(!"popped twice");
            n->pushed = 0;
            push(n);
        }
    }
    return NULL;
}
static void test_stack(void)
{
    int n = 0;
    run(push_and_pop);
    while (pop())
        n++;
    CHECK_IS(n, 64 * THREADS);
}

/* Aligned accesses are never torn. */
static uint64_t torn;
static atomic_int stop;
static void *write_pattern(void *arg)
{
    volatile uint64_t *p = &torn;
    for (uint64_t i = 0; !stop; i++)
        *p = (i & 0xff) * UINT64_C(0x0101010101010101);
    return arg;
}
static void test_torn(void)
{
    volatile uint64_t *p = &torn;
    pthread_t t;
    pthread_create(&t, NULL, write_pattern, NULL);
    for (int i = 0; i < 200000; i++) {
        uint64_t v = *p;
        if (v != (v & 0xff) * UINT64_C(0x0101010101010101)) {
            CHECK(!"torn");
            break;
        }
    }
    stop = 1;
    pthread_join(t, NULL);
}

int main(void)
{
    test_counts();
#ifdef __riscv
    test_riscv();
#endif
    test_stack();
    test_torn();
    return check_result();
}
