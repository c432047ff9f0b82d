/* SPDX-License-Identifier: MIT */
/*
 * test_tcg_tlb.c: what bp_tlb_forget() makes other vCPUs forget, and what bp_tlb_sync() waits for.
 *
 * The target is made up: what an instruction does depends on its address alone, and tables of this program say what is
 * where. Its vCPU 0 runs the body of a test inside a helper; vCPU 1 loads from one address for ever, in translated
 * code, or does what it is told. Check's functions do not work on their threads, so bodies return what failed.
 */
#include "core_fixture.h"

#include <backplane/target.h>
#include <core/loader.h>

#include <stdatomic.h>
#include <time.h>

struct toy {
    uint64_t va; /* an IR register */
    uint64_t value, loads;
    uint64_t pc;
    uint64_t space;
    _Atomic uint32_t fills;     /* of data */
    /* What it is told: [any] under bp_vcpu_interrupt(). */
    struct {
        uint64_t pc, va, space;
    } told;
    _Atomic uint32_t orders, taken;
    _Atomic uint32_t inside, came_out;
};

enum { REG_VA };
static const struct bp_guest_reg regs[] = {
    { "va", NULL, BP_I64, offsetof(struct toy, va), BP_GREG_IR, 0 },
    { "pc", NULL, BP_I64, offsetof(struct toy, pc), 0, 0 },
};

/* Where instructions lie. */
#define AT_LOAD 0x1000u  /* loads from va, again and again */
#define AT_BODY 0x2000u  /* the test, then a halt */
#define AT_LINGER 0x3000u /* stays inside a helper for a while, then loads */
#define AT_STORM 0x4000u /* flushes and waits, many times, then loads */
#define AT_HALT 0x5000u
#define CODE_END 0x10000u

/* Pages of RAM hold their own number. */
#define PAGE UINT64_C(0x1000)
#define RAM_BYTES (UINT64_C(16) << 20)
#define LARGE (UINT64_C(2) << 20)

static struct machine *m;
static struct toy *cpu[2];
static const char *(*body)(void);
static const char *failed;

/* What the tables say: of an address space, by page of a window of addresses. */
#define SPACES 4
#define PAGES 20 /* more than a vCPU keeps requests */
#define VA UINT64_C(0x40040000) /* not where the TLB has the code */
#define VA_LARGE UINT64_C(0x80000000) /* a page of 2 MiB */
static _Atomic uint64_t map[SPACES][PAGES];
static _Atomic uint64_t large_at;
static const uint64_t space_ids[SPACES] = { 0x11, 0x12, 0x21, 0x22 };

static unsigned space_number(uint64_t id)
{
    unsigned i = 0;
    while (space_ids[i] != id)
        i++;
    return i;
}

/* ---- the target -------------------------------------------------------------------------------- */

static bool toy_fill(void *env, uint64_t va, unsigned access, unsigned mmu, bool probe,
                     struct bp_tlb_entry *ret)
{
    struct toy *t = env;
    uint64_t untagged = va & (UINT64_MAX >> 8);
    ret->access = BP_ACCESS_READ | BP_ACCESS_EXEC;
    ret->page_log2 = 12;
    ret->gpa = va;
    if (va < CODE_END)
        return true;
    atomic_fetch_add(&t->fills, 1);
    if (untagged >= VA_LARGE) {
        ret->page_log2 = 21;
        ret->gpa = atomic_load(&large_at) + (untagged & (LARGE - 1));
    } else {
        ret->gpa = atomic_load(&map[space_number(t->space)][(untagged - VA) / PAGE]) + va % PAGE;
    }
    return true;
}

static void toy_context(const void *env, struct bp_context *ret)
{
    ret->space = ((const struct toy *)env)->space;
}

static bool toy_interrupt(void *env)
{
    struct toy *t = env;
    uint32_t orders = atomic_load(&t->orders);
    if (orders == atomic_load(&t->taken))
        return false;
    t->pc = t->told.pc;
    t->va = t->told.va;
    t->space = t->told.space;
    atomic_store(&t->taken, orders);
    return true;
}

static bool toy_has_work(const void *env)
{
    const struct toy *t = env;
    return atomic_load(&t->orders) != atomic_load(&t->taken);
}

static void run_body(void *env)
{
    failed = body();
    machine_request_shutdown(m, 0);
}

static void linger(void *env)
{
    struct toy *t = env;
    const struct timespec while_ = { 0, 50000000 };
    atomic_store(&t->inside, 1);
    nanosleep(&while_, NULL);
    atomic_store(&t->came_out, 1);
}

static void flush(struct toy *t, uint64_t va, uint64_t bytes, unsigned flags)
{
    struct bp_tlb_flush f = { .size = sizeof f, .flags = BP_FLUSH_RANGE | flags, .va = va,
                              .bytes = bytes };
    bp_tlb_forget(t, &f);
}

static void storm_page(struct toy *t, unsigned page)
{
    flush(t, VA + page * PAGE, PAGE, BP_FLUSH_OTHERS);
    bp_tlb_sync(t);
}

static void storm(void *env)
{
    for (unsigned i = 0; i < 2000; i++)
        storm_page(env, i % PAGES);
    atomic_store(&((struct toy *)env)->came_out, 1);
}

/* For the other thread: a register would be known to translated code alone. */
static void loaded(void *env, uint64_t value)
{
    struct toy *t = env;
    __atomic_store_n(&t->value, value, __ATOMIC_RELEASE);
    __atomic_store_n(&t->loads, t->loads + 1, __ATOMIC_RELEASE);
}
static const struct bp_helper help_loaded = { "loaded", (void (*)(void))loaded, BP_VOID, 1,
                                              { BP_I64 }, BP_CALL_ENV };

#define HELPER(fn) { #fn, (void (*)(void))(fn), BP_VOID, 0, { 0 }, BP_CALL_ENV }
static const struct bp_helper help_body = HELPER(run_body), help_linger = HELPER(linger),
                              help_storm = HELPER(storm);

static int toy_translate(struct bp_tr *t)
{
    uint8_t bytes[4];
    bp_value v;
    if (!bp_fetch(t, t->pc, bytes, 4))
        return BP_TR_END;
    switch (t->pc) {
    case AT_BODY: bp_call(t, &help_body, 0, NULL); break;
    case AT_LINGER: bp_call(t, &help_linger, 0, NULL); break;
    case AT_STORM: bp_call(t, &help_storm, 0, NULL); break;
    default: break;
    }
    if (t->pc == AT_BODY || t->pc == AT_HALT) {
        bp_leave(t, BP_LEAVE_HALT, AT_HALT);
        return BP_TR_END;
    }
    if (t->pc == AT_LOAD) {
        v = bp_load(t, BP_I64, BP_MEM_SIZE(3), bp_get(t, BP_I64, REG_VA), 0);
        bp_call(t, &help_loaded, 1, &v);
    }
    bp_exit(t, AT_LOAD);
    return BP_TR_END;
}

static void toy_unaligned(void *env, uint64_t va, unsigned access, unsigned mmu) { }
static void toy_bus_error(void *env, uint64_t va, uint64_t gpa, unsigned access) { }
static void toy_start(void *env, uint64_t pc) { ((struct toy *)env)->pc = pc; }

BP_VCPU(toy_vcpu, .state_size = sizeof(struct toy));
static const struct bp_target toy_target = {
    .head = { sizeof toy_target, BP_KIND_TARGET, "toy" }, .ir_revision = BP_IR_REVISION,
    .bits = 64, .pc_offset = offsetof(struct toy, pc), .insn_align = 4, .insn_max = 4,
    .mmu_count = 1, .regs = BP_ROWS(regs),
    .cpu = &toy_vcpu,
    .translate = toy_translate, .context = toy_context, .tlb_fill = toy_fill,
    .unaligned = toy_unaligned, .bus_error = toy_bus_error, .interrupt = toy_interrupt,
    .has_work = toy_has_work, .set_start = toy_start,
};

/* ---- what bodies say ---------------------------------------------------------------------------- */

#define WANT(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return #condition;                                                                     \
    } while (0)

static bool past(const struct timespec *from, unsigned seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec - from->tv_sec > seconds;
}

#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        struct timespec from_;                                                                     \
        clock_gettime(CLOCK_MONOTONIC, &from_);                                                    \
        while (!(condition)) {                                                                     \
            if (past(&from_, 60))                                                                  \
                return false;                                                                      \
            sched_yield();                                                                         \
        }                                                                                          \
    } while (0)

/* vCPU 1 goes on there. */
static bool tell(uint64_t pc, unsigned space, uint64_t va)
{
    struct toy *t = cpu[1];
    t->told.pc = pc;
    t->told.va = va;
    t->told.space = space_ids[space];
    uint32_t order = atomic_fetch_add(&t->orders, 1) + 1;
    bp_vcpu_interrupt(t);
    UNTIL(atomic_load(&t->taken) == order);
    return true;
}

static uint64_t other(const uint64_t *field) { return __atomic_load_n(field, __ATOMIC_ACQUIRE); }

/* What a load that begins from now on yields: the one under way and another have to end. */
static bool now_reads(uint64_t value)
{
    uint64_t before = other(&cpu[1]->loads);
    UNTIL(other(&cpu[1]->loads) >= before + 2);
    return other(&cpu[1]->value) == value;
}

static bool reads(unsigned space, uint64_t va, uint64_t value)
{
    return tell(AT_LOAD, space, va) && now_reads(value);
}

/* vCPU 1 knows all pages, then the tables say something else: page n of a space was at 100 * space + n, and
 * is PAGES further. */
static uint64_t old_of(unsigned space, unsigned page) { return 100 + 2 * PAGES * space + page; }
static uint64_t new_of(unsigned space, unsigned page) { return old_of(space, page) + PAGES; }
static uint64_t at(unsigned page) { return VA + page * PAGE; }

static const char *know(void)
{
    for (unsigned s = 0; s < SPACES; s++)
        for (unsigned p = 0; p < PAGES; p++)
            WANT(reads(s, at(p), old_of(s, p)));
    for (unsigned s = 0; s < SPACES; s++)
        for (unsigned p = 0; p < PAGES; p++)
            atomic_store(&map[s][p], new_of(s, p) * PAGE);
    return NULL;
}

static bool knows(unsigned space, unsigned page)
{
    uint32_t fills = atomic_load(&cpu[1]->fills);
    return reads(space, at(page), old_of(space, page)) && atomic_load(&cpu[1]->fills) == fills;
}
static bool forgot(unsigned space, unsigned page)
{
    return reads(space, at(page), new_of(space, page));
}

/* ---- bodies --------------------------------------------------------------------------------------- */

static const char *by_address(void)
{
    const char *why = know();
    if (why)
        return why;
    WANT(tell(AT_LOAD, 0, at(3)));
    WANT(now_reads(old_of(0, 3)));
    flush(cpu[0], at(3), PAGE, 0); /* its own only */
    bp_tlb_sync(cpu[0]);
    WANT(now_reads(old_of(0, 3)));
    flush(cpu[0], at(3), 1, BP_FLUSH_OTHERS);
    bp_tlb_sync(cpu[0]);
    WANT(now_reads(new_of(0, 3)));
    WANT(knows(0, 2) && knows(0, 4));
    WANT(forgot(2, 3)); /* of every space */
    flush(cpu[0], at(10) + 8, 3 * PAGE, BP_FLUSH_OTHERS);
    bp_tlb_sync(cpu[0]);
    for (unsigned p = 10; p < 14; p++)
        WANT(forgot(0, p));
    WANT(knows(0, 9) && knows(0, 14));
    return NULL;
}

static const char *by_space(void)
{
    struct bp_tlb_flush f = { .size = sizeof f, .flags = BP_FLUSH_OTHERS, .space = space_ids[0],
                              .space_mask = UINT64_MAX };
    const char *why = know();
    if (why)
        return why;
    bp_tlb_forget(cpu[0], &f);
    bp_tlb_sync(cpu[0]);
    for (unsigned p = 0; p < PAGES; p += 7)
        WANT(forgot(0, p) && knows(1, p) && knows(2, p));
    f.space = space_ids[2]; /* and 3, which agrees in the upper digit; there by address */
    f.space_mask = 0xf0;
    f.flags |= BP_FLUSH_RANGE;
    f.va = at(5);
    f.bytes = PAGE;
    bp_tlb_forget(cpu[0], &f);
    bp_tlb_sync(cpu[0]);
    WANT(knows(1, 5) && forgot(2, 5) && forgot(3, 5) && knows(2, 6) && knows(3, 6));
    f.flags = BP_FLUSH_OTHERS; /* everything of every space */
    f.space_mask = 0;
    bp_tlb_forget(cpu[0], &f);
    bp_tlb_sync(cpu[0]);
    for (unsigned s = 1; s < SPACES; s++)
        for (unsigned p = 0; p < PAGES; p += 7)
            WANT(forgot(s, p));
    return NULL;
}

/* Of which the TLB has pieces. */
static const char *of_large_page(void)
{
    uint64_t first = large_at / PAGE;
    WANT(reads(0, VA_LARGE + 7 * PAGE, first + 7));
    WANT(reads(0, VA_LARGE + 70 * PAGE, first + 70));
    large_at += LARGE;
    WANT(reads(0, VA_LARGE + 7 * PAGE, first + 7));
    flush(cpu[0], VA_LARGE + 300 * PAGE, 1, BP_FLUSH_OTHERS);
    bp_tlb_sync(cpu[0]);
    WANT(now_reads(first + 512 + 7));
    WANT(reads(0, VA_LARGE + 70 * PAGE, first + 512 + 70));
    return NULL;
}

/* Tagged addresses are other pages, unless the flush says that they are the same. */
static const char *upper_bits(void)
{
    const uint64_t tag = UINT64_C(0x5a) << 56;
    struct bp_tlb_flush f = { .size = sizeof f, .flags = BP_FLUSH_RANGE | BP_FLUSH_OTHERS,
                              .va = at(1), .bytes = PAGE };
    WANT(reads(0, tag | at(1), old_of(0, 1)));
    WANT(reads(0, tag | at(2), old_of(0, 2)));
    map[0][1] = new_of(0, 1) * PAGE;
    map[0][2] = new_of(0, 2) * PAGE;
    bp_tlb_forget(cpu[0], &f);
    bp_tlb_sync(cpu[0]);
    WANT(reads(0, tag | at(1), old_of(0, 1)));
    f.va_bits = 56;
    bp_tlb_forget(cpu[0], &f);
    bp_tlb_sync(cpu[0]);
    WANT(now_reads(new_of(0, 1)));
    WANT(reads(0, tag | at(2), old_of(0, 2)));
    return NULL;
}

static bool lingers(void)
{
    atomic_store(&cpu[1]->inside, 0);
    atomic_store(&cpu[1]->came_out, 0);
    if (!tell(AT_LINGER, 0, at(0)))
        return false;
    UNTIL(atomic_load(&cpu[1]->inside));
    return true;
}

/* Whoever is below translated code may be using what it found there; where nothing was flushed nobody waits. */
static const char *waits(void)
{
    WANT(lingers());
    bp_tlb_sync(cpu[0]);
    WANT(!atomic_load(&cpu[1]->came_out));
    flush(cpu[0], at(0), PAGE, BP_FLUSH_OTHERS);
    bp_tlb_sync(cpu[0]);
    WANT(atomic_load(&cpu[1]->came_out));
    return NULL;
}

/* More than is remembered one by one. */
static const char *many(void)
{
    const char *why = know();
    if (why)
        return why;
    WANT(lingers());
    for (unsigned p = 0; p < PAGES; p++)
        flush(cpu[0], at(p), PAGE, BP_FLUSH_OTHERS);
    bp_tlb_sync(cpu[0]);
    for (unsigned p = 0; p < PAGES; p++)
        WANT(forgot(0, p) && forgot(1, p));
    return NULL;
}

/* Two that wait for each other: both are inside all the time, and who waits serves the other. */
static bool storms_meet(void)
{
    unsigned page = 0;
    if (!tell(AT_STORM, 0, at(0)))
        return false;
    UNTIL((storm_page(cpu[0], page++ % PAGES), atomic_load(&cpu[1]->came_out)));
    return true;
}

static const char *both(void)
{
    const char *why = know();
    if (why)
        return why;
    WANT(storms_meet());
    for (unsigned p = 0; p < PAGES; p++)
        WANT(forgot(0, p));
    return NULL;
}

/* Nobody waits for one that sleeps: it forgets before it goes on. */
static const char *asleep(void)
{
    const char *why = know();
    if (why)
        return why;
    WANT(tell(AT_HALT, 0, at(0)));
    flush(cpu[0], at(0), PAGE, BP_FLUSH_OTHERS);
    bp_tlb_sync(cpu[0]);
    WANT(forgot(0, 0) && knows(0, 1));
    return NULL;
}

/* ---- running them ----------------------------------------------------------------------------------- */

static void start(void *unused)
{
    for (unsigned i = 0; i < 2; i++) {
        cpu[i]->pc = i ? AT_LOAD : AT_BODY;
        cpu[i]->va = at(0);
        cpu[i]->space = space_ids[0];
    }
}

/* Imported by the plugins, for what no test here does. */
static const struct bp_board_api no_board = { .size = sizeof no_board };
static const struct bp_fdt_api no_fdt = { .size = sizeof no_fdt };

static const struct bp_accel *the_accel(void)
{
    const char *folder = getenv("BP_TEST_PLUGINS");
    const char *const paths[] = { folder ? folder : "plugins/.libs", NULL };
    static const struct bp_accel *accel;
    if (accel)
        return accel;
    loader_init(NULL, paths, true);
    for (const struct core_service *s = core_services; s->id; s++)
        service_add(s->id, s->api);
    service_add("backplane.board/1", &no_board);
    service_add("backplane.fdt/1", &no_fdt);
    fill_imports();
    accel = (const void *)entity_get(BP_KIND_ACCEL, "tcg");
    const struct bp_service *s = (const void *)entity_get(BP_KIND_SERVICE, "backplane.vcpu/1");
    ck_assert_msg(accel && s, "the plugins are not in %s", paths[0]);
    bp_vcpu_ = s->api;
    return accel;
}

static void run_on(const char *backend, const char *(*fn)(void))
{
    const struct bp_set set = { "backend", backend };
    struct ram_block *ram;
    m = machine_new();
    ck_assert_int_eq(machine_set_accel(m, the_accel(), &set, backend ? 1 : 0), 0);
    ck_assert_int_eq(memory_add_ram(m, "ram", 0, RAM_BYTES, false, &ram), 0);
    for (uint64_t p = 0; p < RAM_BYTES / PAGE; p++)
        for (uint64_t i = 0; i < PAGE; i += 8)
            memcpy(ram->host + p * PAGE + i, &p, 8);
    for (unsigned i = 0; i < 2; i++) {
        struct part *part = part_create_cpu(m, &toy_target, i ? "cpu1" : "cpu0", 0);
        ck_assert_ptr_nonnull(part);
        ck_assert_int_eq(part_realize(part), 0);
        cpu[i] = part->state;
    }
    machine_add_reset_hook(m, start, NULL);
    for (unsigned s = 0; s < SPACES; s++)
        for (unsigned p = 0; p < PAGES; p++)
            map[s][p] = old_of(s, p) * PAGE;
    large_at = 4 * LARGE;
    body = fn;
    failed = "the body has not run";
    ck_assert_int_eq(machine_run(m), 0);
    machine_free(m);
    ck_assert_msg(!failed, "backend %s: not so: %s", backend ? backend : "by default", failed);
}

#define BODY(fn)                                                                                   \
    START_TEST(test_##fn)                                                                          \
    {                                                                                              \
        run_on(NULL, fn);                                                                          \
        run_on("tcg-interp", fn);                                                                  \
    }                                                                                              \
    END_TEST
BODY(by_address)
BODY(by_space)
BODY(of_large_page)
BODY(upper_bits)
BODY(waits)
BODY(many)
BODY(both)
BODY(asleep)

int main(void)
{
    Suite *s = suite_create("tlb of several vCPUs");
    TCase *t = tcase_create("tlb");
    tcase_add_test(t, test_by_address);
    tcase_add_test(t, test_by_space);
    tcase_add_test(t, test_of_large_page);
    tcase_add_test(t, test_upper_bits);
    tcase_add_test(t, test_waits);
    tcase_add_test(t, test_many);
    tcase_add_test(t, test_both);
    tcase_add_test(t, test_asleep);
    suite_add_tcase(s, t);
    return run_suite(s);
}
