/* SPDX-License-Identifier: MIT */
/*
 * litmus.c [ROUNDS]: outcomes that the memory model forbids never show. Message passing, store
 * buffering, load buffering, write-to-read causality, independent reads of independent writes, with what
 * orders them: fences, acquire and release, dependencies, and same-address coherence.
 */
#include "../check.h"

#include <sched.h>

#define BATCH 512

#ifdef __riscv
#define FENCE_RW_RW __asm__ volatile("fence rw, rw" ::: "memory")
#define FENCE_W_W __asm__ volatile("fence w, w" ::: "memory")
#define FENCE_R_R __asm__ volatile("fence r, r" ::: "memory")
#define FENCE_R_W __asm__ volatile("fence r, w" ::: "memory")
#define FENCE_TSO __asm__ volatile("fence.tso" ::: "memory")
#else
#define FENCE_RW_RW atomic_thread_fence(memory_order_seq_cst)
#define FENCE_W_W atomic_thread_fence(memory_order_release)
#define FENCE_R_R atomic_thread_fence(memory_order_acquire)
#define FENCE_R_W atomic_thread_fence(memory_order_acq_rel)
#define FENCE_TSO atomic_thread_fence(memory_order_acq_rel)
#endif

/* Places far from each other; results of thread i in r[i]. */
static struct cell {
    _Alignas(128) volatile int x;
    _Alignas(128) volatile int y;
    _Alignas(128) volatile int r[4][2];
} cells[BATCH];

static inline int load(volatile int *p) { return *p; }
static inline void store(volatile int *p, int v) { *p = v; }
static inline int load_acquire(volatile int *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void store_release(volatile int *p, int v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }

typedef void body(struct cell *c);

static void write_x_then_y_fenced(struct cell *c) { store(&c->x, 1); FENCE_W_W; store(&c->y, 1); }
static void write_x_then_y_tso(struct cell *c) { store(&c->x, 1); FENCE_TSO; store(&c->y, 1); }
static void write_x_then_y_release(struct cell *c) { store(&c->x, 1); store_release(&c->y, 1); }
static void read_y_then_x_fenced(struct cell *c)
{
    c->r[1][0] = load(&c->y);
    FENCE_R_R;
    c->r[1][1] = load(&c->x);
}
static void read_y_then_x_tso(struct cell *c)
{
    c->r[1][0] = load(&c->y);
    FENCE_TSO;
    c->r[1][1] = load(&c->x);
}
static void read_y_then_x_acquire(struct cell *c)
{
    c->r[1][0] = load_acquire(&c->y);
    c->r[1][1] = load(&c->x);
}
static void read_y_then_x_dependent(struct cell *c)
{
    int y = load(&c->y), zero;
#ifdef __riscv
    __asm__ volatile("xor %0, %1, %1" : "=r"(zero) : "r"(y));
#else
    zero = y & 0;
#endif
    c->r[1][0] = y;
    c->r[1][1] = load(&c->x + zero);
}
static bool mp_forbidden(const struct cell *c) { return c->r[1][0] == 1 && c->r[1][1] == 0; }

static void sb_0(struct cell *c) { store(&c->x, 1); FENCE_RW_RW; c->r[0][0] = load(&c->y); }
static void sb_1(struct cell *c) { store(&c->y, 1); FENCE_RW_RW; c->r[1][0] = load(&c->x); }
static void sb_sc_0(struct cell *c)
{
    __atomic_store_n(&c->x, 1, __ATOMIC_SEQ_CST);
    c->r[0][0] = __atomic_load_n(&c->y, __ATOMIC_SEQ_CST);
}
static void sb_sc_1(struct cell *c)
{
    __atomic_store_n(&c->y, 1, __ATOMIC_SEQ_CST);
    c->r[1][0] = __atomic_load_n(&c->x, __ATOMIC_SEQ_CST);
}
static void sb_amo_0(struct cell *c)
{
    __atomic_exchange_n(&c->x, 1, __ATOMIC_SEQ_CST);
    c->r[0][0] = __atomic_load_n(&c->y, __ATOMIC_SEQ_CST);
}
static void sb_amo_1(struct cell *c)
{
    __atomic_exchange_n(&c->y, 1, __ATOMIC_SEQ_CST);
    c->r[1][0] = __atomic_load_n(&c->x, __ATOMIC_SEQ_CST);
}
static bool sb_forbidden(const struct cell *c) { return c->r[0][0] == 0 && c->r[1][0] == 0; }

static void lb_0(struct cell *c) { c->r[0][0] = load(&c->x); FENCE_R_W; store(&c->y, 1); }
static void lb_1(struct cell *c) { c->r[1][0] = load(&c->y); FENCE_R_W; store(&c->x, 1); }
static bool lb_forbidden(const struct cell *c) { return c->r[0][0] == 1 && c->r[1][0] == 1; }

static void iriw_w0(struct cell *c) { store(&c->x, 1); }
static void iriw_w1(struct cell *c) { store(&c->y, 1); }
static void iriw_r0(struct cell *c)
{
    c->r[2][0] = load(&c->x);
    FENCE_RW_RW;
    c->r[2][1] = load(&c->y);
}
static void iriw_r1(struct cell *c)
{
    c->r[3][0] = load(&c->y);
    FENCE_RW_RW;
    c->r[3][1] = load(&c->x);
}
static bool iriw_forbidden(const struct cell *c)
{
    return c->r[2][0] == 1 && c->r[2][1] == 0 && c->r[3][0] == 1 && c->r[3][1] == 0;
}

static void wrc_1(struct cell *c) { c->r[1][0] = load(&c->x); FENCE_RW_RW; store(&c->y, 1); }
static void wrc_2(struct cell *c)
{
    c->r[2][0] = load(&c->y);
    FENCE_R_R;
    c->r[2][1] = load(&c->x);
}
static bool wrc_forbidden(const struct cell *c)
{
    return c->r[1][0] == 1 && c->r[2][0] == 1 && c->r[2][1] == 0;
}

/* Two reads of one place do not go back. */
static void coherent_w(struct cell *c) { store(&c->x, 1); store(&c->x, 2); }
static void coherent_r(struct cell *c) { c->r[1][0] = load(&c->x); c->r[1][1] = load(&c->x); }
static bool coherent_forbidden(const struct cell *c) { return c->r[1][0] > c->r[1][1]; }

static const struct litmus {
    const char *name;
    body *threads[4];
    bool (*forbidden)(const struct cell *c);
} tests[] = {
    { "MP+fences", { write_x_then_y_fenced, read_y_then_x_fenced }, mp_forbidden },
    { "MP+fence.tso", { write_x_then_y_tso, read_y_then_x_tso }, mp_forbidden },
    { "MP+release+acquire", { write_x_then_y_release, read_y_then_x_acquire }, mp_forbidden },
    { "MP+fence+address", { write_x_then_y_fenced, read_y_then_x_dependent }, mp_forbidden },
    { "SB+fences", { sb_0, sb_1 }, sb_forbidden },
    { "SB+seq_cst", { sb_sc_0, sb_sc_1 }, sb_forbidden },
    { "SB+amo", { sb_amo_0, sb_amo_1 }, sb_forbidden },
    { "LB+fences", { lb_0, lb_1 }, lb_forbidden },
    { "WRC+fences", { iriw_w0, wrc_1, wrc_2 }, wrc_forbidden },
    { "IRIW+fences", { iriw_w0, iriw_w1, iriw_r0, iriw_r1 }, iriw_forbidden },
    { "CoRR", { coherent_w, coherent_r }, coherent_forbidden },
};

static const struct litmus *test;
static pthread_barrier_t barrier;
static atomic_int position[4];
static int rounds, active;

static void *thread(void *arg)
{
    intptr_t me = (intptr_t)arg;

    for (int round = 0; round < rounds; round++) {
        pthread_barrier_wait(&barrier);
        for (int i = 0; i < BATCH; i++) {
            test->threads[me](&cells[i]);
            if (i % 8 == 7) { /* stay about together, in changing order */
                position[me] = i;
                for (int tries = 0; tries < 50 && position[(me + 1) % active] < i - 8; tries++)
                    continue;
            }
        }
        position[me] = 0;
        pthread_barrier_wait(&barrier);
        if (me == 0) {
            for (int i = 0; i < BATCH; i++) {
                if (test->forbidden(&cells[i])) {
                    printf("%s: round %d, cell %d\n", test->name, round, i);
                    check_failures++;
                }
            }
            memset(cells, 0, sizeof cells);
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    rounds = argc > 1 ? atoi(argv[1]) : 60;
    for (size_t n = 0; n < sizeof tests / sizeof *tests; n++) {
        pthread_t t[4];
        test = &tests[n];
        for (active = 0; active < 4 && test->threads[active];)
            active++;
        pthread_barrier_init(&barrier, NULL, (unsigned)active);
        for (intptr_t i = 0; i < active; i++)
            pthread_create(&t[i], NULL, thread, (void *)i);
        for (int i = 0; i < active; i++)
            pthread_join(t[i], NULL);
        pthread_barrier_destroy(&barrier);
    }
    return check_result();
}
