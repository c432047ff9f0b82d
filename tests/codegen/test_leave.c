/* SPDX-License-Identifier: MIT */
/* test_leave.c: ways out, chaining, the jump cache, exit states, atomics, refusals. */
#include "rig.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct rig *rig;
static struct prog *prog;

static void expect(bool ok, const char *what, long long got)
{
    if (ok)
        return;
    printf("%s: got %lld\n", what, got);
    prog_print(prog, stdout);
    rig_count(rig, true, stdout);
    exit(1);
}

static void compile(void)
{
    int err = rig_compile(rig, prog);
    expect(err == 0, "compile", err);
}

static uint64_t enter(const uint8_t *code)
{
    return rig->backend->enter(rig->cache_rx, rig->env, code);
}

/* x1 = x1 + n, and out by an exit with these flags. */
static void add_to_x1(uint64_t n, uint32_t flags)
{
    prog_init(prog);
    p_mark(prog, 0x100);
    uint32_t x = p_emit(prog, BP_GET, BP_I64, 0, 0, 0, 0);
    prog->ir[x].aux = 1;
    uint32_t s = p_emit(prog, BP_ADD, BP_I64, 0, x, p_const(prog, BP_I64, n), 0);
    p_emit(prog, BP_PUT, BP_VOID, 1, s, 0, 0);
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0x200, flags));
    compile();
}

static void patch(uint32_t place, const uint8_t *to)
{
    rig->backend->patch(rig->job.code_rw + place, rig->job.code_rx + place, to);
}

/* The field that patching changes must not cross 8 bytes: else another vCPU may see half of it. */
static void check_field(uint32_t place)
{
    const uint8_t *rx = rig->job.code_rx + place;
    uint8_t before[1024], *start = rig->job.code_rw;
    uint32_t n = rig->job.code_size < 1024 ? rig->job.code_size : 1024, first = n, last = 0;
    memcpy(before, start, n);
    patch(place, rig->cache_rx + 0x00123456);
    for (uint32_t i = 0; i < n; i++)
        if (before[i] != start[i]) {
            first = i < first ? i : first;
            last = i;
        }
    patch(place, NULL);
    expect(memcmp(before, start, n) == 0, "unpatching brings back the same bytes", 0);
    expect(last - first < 4, "bytes that patching changes", last - first + 1);
    expect((uintptr_t)(rig->job.code_rx + first) / 8 == (uintptr_t)(rig->job.code_rx + last) / 8,
           "field within 8 bytes", (long long)(uintptr_t)rx);
}

static void chain_direct(void)
{
    for (rig->at = 4096; rig->at < 4096 + 64; rig->at += 16) {
        add_to_x1(100, 0);
        const uint8_t *second = rig->job.code_rx;
        uint32_t back = rig->at;
        rig->at = 0;
        add_to_x1(1, 0);
        uint32_t place = rig->job.exit_patch[0];
        check_field(place);
        rig_reset(rig);
        expect(enter(rig->job.code_rx) == BP_OUT_EXIT, "exit word", 0);
        expect(rig_get(rig, 1) == 1, "x1, not chained", (long long)rig_get(rig, 1));
        patch(place, second);
        enter(rig->job.code_rx);
        expect(rig_get(rig, 1) == 102, "x1, chained", (long long)rig_get(rig, 1));
        patch(place, NULL);
        enter(rig->job.code_rx);
        expect(rig_get(rig, 1) == 103, "x1, not chained again", (long long)rig_get(rig, 1));
        rig->at = back;
    }
    rig->at = 0;
}

/* Counts x1 down, going back to itself until it is 0; x2 is pending at the way back where
 * `pending`. */
static void chain_loop(bool pending, uint32_t flags)
{
    prog_init(prog);
    p_mark(prog, 0x100);
    uint32_t x = p_emit(prog, BP_GET, BP_I64, 1, 0, 0, 0);
    uint32_t one = p_const(prog, BP_I64, UINT64_MAX), zero = p_const(prog, BP_I64, 0);
    uint32_t y = p_emit(prog, BP_ADD, BP_I64, 0, x, one, 0);
    if (pending)
        p_emit(prog, BP_PUT, BP_VOID, 2, y, 0, 0);
    p_emit(prog, BP_PUT, BP_VOID, 1, y, 0, 0);
    if (flags & BP_EXIT_REPEAT)
        p_emit(prog, BP_CARRY, BP_VOID, 1, y, 0, 0);
    p_emit(prog, BP_EXIT_IF, BP_VOID, BP_NE, y, zero, p_exit_number(prog, 0x100, flags));
    if (pending)
        p_emit(prog, BP_PUT, BP_VOID, 2, zero, 0, 0);
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0x200, 0));
    compile();
    check_field(rig->job.exit_patch[0]);
    expect(!(flags & BP_EXIT_REPEAT) == !rig->job.repeat_offset, "repeat entry",
           rig->job.repeat_offset);
    rig_reset(rig);
    rig_set(rig, 1, 1000);
    uint64_t word = enter(rig->job.code_rx);
    expect(word == BP_OUT_EXIT && rig_get(rig, 1) == 999, "one round", (long long)word);
    patch(rig->job.exit_patch[0], rig->job.code_rx + rig->job.repeat_offset);
    rig_set(rig, 1, 1000);
    word = enter(rig->job.code_rx);
    expect(word == (1 << 3 | BP_OUT_EXIT), "exit word of the loop", (long long)word);
    expect(rig_get(rig, 1) == 0 && rig_get(rig, 2) == 0, "x1", (long long)rig_get(rig, 1));
    rig_set(rig, 1, 1000);
    rig_set_interrupt(rig, 1);
    word = enter(rig->job.code_rx);
    if (flags & BP_EXIT_LOOP) {
        expect(word == BP_OUT_INTERRUPT, "exit word, interrupted", (long long)word);
        expect(rig_get(rig, 1) == 999, "x1, interrupted", (long long)rig_get(rig, 1));
        expect(rig_get(rig, 2) == (pending ? 999 : 0), "x2", (long long)rig_get(rig, 2));
    } else {
        expect(rig_get(rig, 1) == 0, "x1, not interrupted", (long long)rig_get(rig, 1));
    }
}

static void jump_cache(bool constant, uint64_t pc, bool hit)
{
    rig->at = 4096;
    add_to_x1(100, 0);
    const uint8_t *second = rig->job.code_rx;
    rig->at = 0;
    if (constant) {
        add_to_x1(1, BP_EXIT_LOOKUP);
        prog->exits[0].pc = pc;
        compile();
    } else {
        prog_init(prog);
        p_mark(prog, 0x100);
        p_emit(prog, BP_EXIT_TO, BP_VOID, BP_HINT_CALL, p_emit(prog, BP_GET, BP_I64, 5, 0, 0, 0), 0, 0);
        compile();
    }
    uint64_t index = bp_jump_index(pc, rig->slots.jump_shift);
    rig->jumps[index] = (struct bp_jump_slot){ .pc = pc, .tag = hit ? 7 : 8, .code = second };
    rig_reset(rig);
    rig_set(rig, 5, pc);
    const uint64_t how = constant ? 0 : (1 + BP_HINT_CALL) << 3;
    uint64_t start = constant ? 1 : 0, word = enter(rig->job.code_rx);
    expect(word == (hit ? BP_OUT_EXIT : how | BP_OUT_LOOKUP), "exit word", (long long)word);
    expect(rig_get(rig, 1) == start + (hit ? 100 : 0), "x1", (long long)rig_get(rig, 1));
    if (!hit)
        expect(rig_pc(rig) == pc, "pc", (long long)rig_pc(rig));
    rig->jumps[index].pc ^= UINT64_C(1) << 40; /* another pc of the same slot */
    rig->jumps[index].tag = 7;
    word = enter(rig->job.code_rx);
    expect(word == (how | BP_OUT_LOOKUP) && rig_pc(rig) == pc, "miss by pc", (long long)word);
    rig_set_interrupt(rig, 1);
    word = enter(rig->job.code_rx);
    expect(word == (how | BP_OUT_LOOKUP_INTERRUPT) && rig_pc(rig) == pc, "interrupted", (long long)word);
    memset(rig->jumps, 0, sizeof *rig->jumps << BP_JUMP_CACHE_LOG2);
}

/* n values alive at once, each put to a register that is put again behind a load that faults. */
static void pressure(unsigned n, bool faults)
{
    uint32_t v[32];
    prog_init(prog);
    p_mark(prog, 0x100);
    uint32_t seed = p_emit(prog, BP_GET, BP_I64, 31, 0, 0, 0);
    for (unsigned i = 0; i < n; i++)
        v[i] = p_emit(prog, BP_MUL, BP_I64, 0, seed, p_const(prog, BP_I64, 1000003 * (i + 1)), 0);
    for (unsigned i = 0; i < n; i++)
        p_emit(prog, BP_PUT, BP_VOID, i,
               i % 5 == 4 ? p_const(prog, BP_I64, UINT64_C(0x100000007) * i) : v[i], 0, 0);
    p_mark(prog, 0x104);
    uint64_t va = RAM_VA + 4096 * (faults ? PAGE_FAULT : 0);
    p_emit(prog, BP_LOAD, BP_I64, 3, p_const(prog, BP_I64, va), 0, 0);
    uint32_t sum = p_const(prog, BP_I64, 0);
    for (unsigned i = 0; i < n; i++)
        sum = p_emit(prog, BP_ADD, BP_I64, 0, sum, v[i], 0);
    for (unsigned i = 0; i < n; i++)
        p_emit(prog, BP_PUT, BP_VOID, i, sum, 0, 0);
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0, 0));
    compile();
    rig_reset(rig);
    rig_set(rig, 31, 12345678901);
    struct outcome o = rig_run(rig);
    uint64_t total = 0;
    for (unsigned i = 0; i < n; i++)
        total += UINT64_C(12345678901) * 1000003 * (i + 1);
    expect(o.kind == (faults ? OUT_FAULT : OUT_EXIT), "way out", o.kind);
    for (unsigned i = 0; i < n; i++) {
        uint64_t want = !faults ? total : i % 5 == 4 ? UINT64_C(0x100000007) * i
                                                     : UINT64_C(12345678901) * 1000003 * (i + 1);
        expect(rig_get(rig, i) == want, "register", i);
    }
}

/* ---- two vCPUs ------------------------------------------------------------------------------- */

/* x1 times: [x5] += 1, [x5 + 64] ^= x1, and [x5 + 128] + 1 by compare and exchange, x2 of which
 * got through */
static void atomic_loop(void)
{
    unsigned memop = 3 | BP_MEM_ALIGNED | BP_MEM_ACQUIRE | BP_MEM_RELEASE;
    prog_init(prog);
    p_mark(prog, 0x100);
    uint32_t x = p_emit(prog, BP_GET, BP_I64, 1, 0, 0, 0);
    uint32_t va = p_emit(prog, BP_GET, BP_I64, 5, 0, 0, 0);
    uint32_t one = p_const(prog, BP_I64, 1), zero = p_const(prog, BP_I64, 0);
    uint32_t va64 = p_emit(prog, BP_ADD, BP_I64, 0, va, p_const(prog, BP_I64, 64), 0);
    uint32_t va128 = p_emit(prog, BP_ADD, BP_I64, 0, va, p_const(prog, BP_I64, 128), 0);
    p_emit(prog, BP_RMW, BP_I64, memop, va, one, BP_RMW_ADD);
    p_emit(prog, BP_RMW, BP_I64, memop, va64, x, BP_RMW_XOR);
    uint32_t old = p_emit(prog, BP_LOAD, BP_I64, 3, va128, 0, 0);
    uint32_t sum = p_emit(prog, BP_ADD, BP_I64, 0, old, one, 0);
    uint32_t was = p_emit(prog, BP_CAS, BP_I64, memop, va128, old, sum);
    uint32_t got = p_emit(prog, BP_CMP, BP_I64, BP_EQ, was, old, 0);
    uint32_t x2 = p_emit(prog, BP_GET, BP_I64, 2, 0, 0, 0);
    p_emit(prog, BP_PUT, BP_VOID, 2, p_emit(prog, BP_ADD, BP_I64, 0, x2, got, 0), 0, 0);
    uint32_t y = p_emit(prog, BP_SUB, BP_I64, 0, x, one, 0);
    p_emit(prog, BP_PUT, BP_VOID, 1, y, 0, 0);
    p_emit(prog, BP_EXIT_IF, BP_VOID, BP_NE, y, zero, p_exit_number(prog, 0x100, BP_EXIT_LOOP));
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0x200, 0));
}

static pthread_barrier_t both;

static void *run_vcpu(void *arg)
{
    struct rig *r = arg;
    pthread_barrier_wait(&both);
    r->backend->enter(r->cache_rx, r->env, r->job.code_rx);
    return NULL;
}

/* On a busy host the threads may never meet; so the text must say it too: xadd and two cmpxchg. */
static void check_locked(void)
{
    char *text = NULL;
    size_t size = 0;
    unsigned n = 0;
    FILE *f = open_memstream(&text, &size);
    unsigned all = rig_count(rig, false, f);
    fclose(f);
    for (const char *p = text; (p = strstr(p, "lock ")); p++)
        n++;
    free(text);
    expect(!all || n == 3, "locked instructions", n);
}

static void two_vcpus(uint64_t mask)
{
    struct rig *r[2] = { rig, rig_new(NULL, mask) };
    pthread_t thread;
    const uint64_t n = 1000000;
    atomic_loop();
    for (unsigned i = 0; i < 2; i++) {
        expect(rig_compile(r[i], prog) == 0, "compile", i);
        r[i]->backend->patch(r[i]->job.code_rw + r[i]->job.exit_patch[0],
                             r[i]->job.code_rx + r[i]->job.exit_patch[0], r[i]->job.code_rx);
        rig_reset(r[i]);
        rig_set(r[i], 1, n);
        rig_set(r[i], 5, RAM_VA + 512);
    }
    check_locked();
    rig_share_ram(r[1], r[0]);
    pthread_barrier_init(&both, NULL, 2);
    expect(pthread_create(&thread, NULL, run_vcpu, r[1]) == 0, "thread", 0);
    run_vcpu(r[0]);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&both);
    uint64_t counts[3] = { 0 };
    for (unsigned i = 0; i < 3; i++)
        memcpy(&counts[i], r[0]->ram + 512 + 64 * i, 8);
    expect(counts[0] == 2 * n, "atomic additions", (long long)counts[0]);
    expect(counts[1] == 0, "atomic exclusive ors", (long long)counts[1]);
    expect(counts[2] == rig_get(r[0], 2) + rig_get(r[1], 2), "exchanges", (long long)counts[2]);
    rig_free(r[1]);
}

static void refuses(void)
{
    prog_init(prog);
    p_const(prog, BP_I8, 1);
    expect(rig_compile(rig, prog) == -ENOTSUP, "i8", 0);
    prog_init(prog);
    p_emit(prog, BP_BLOCK, BP_VOID, 0, 0, 0, 0);
    expect(rig_compile(rig, prog) == -ENOTSUP, "several blocks", 0);
    /* more values alive than spill slots */
    prog_init(prog);
    uint32_t x = p_emit(prog, BP_GET, BP_I64, 1, 0, 0, 0), first = prog->n;
    for (unsigned i = 0; i < 1000; i++)
        x = p_emit(prog, BP_MUL, BP_I64, 0, x, x, 0);
    for (unsigned i = 0; i < 1000; i++)
        x = p_emit(prog, BP_ADD, BP_I64, 0, x, first + i, 0);
    p_emit(prog, BP_PUT, BP_VOID, 1, x, 0, 0);
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0, 0));
    expect(rig_compile(rig, prog) == -E2BIG, "too many values", 0);
}

/* The home of x6 is an operand, although a spill slot has the value, too, when a register is wanted whose value
 * is pending for x6. */
static void operand_at_home(void)
{
    uint32_t v[24], x;
    uint64_t sum = 0;
    prog_init(prog);
    p_mark(prog, 0);
    uint32_t va = p_const(prog, BP_I64, RAM_VA), one = p_const(prog, BP_I64, 1);
    for (unsigned i = 0; i < 24; i++) {
        v[i] = p_emit(prog, BP_GET, BP_I64, 8, 0, 0, 0);
        v[i] = p_emit(prog, BP_MUL, BP_I64, 0, v[i], p_const(prog, BP_I64, 3 + i), 0);
    }
    p_emit(prog, BP_PUT, BP_VOID, 6, v[0], 0, 0);
    p_call(prog, &help_sum, 0, NULL);
    uint32_t pending = p_emit(prog, BP_ADD, BP_I64, 0, v[1], one, 0);
    p_emit(prog, BP_PUT, BP_VOID, 6, pending, 0, 0);
    for (unsigned i = 2; i < 24; i++)
        v[i] = p_emit(prog, BP_XOR, BP_I64, 0, v[i], one, 0);
    x = p_emit(prog, BP_ADD, BP_I64, 0, v[23], v[0], 0);
    p_emit(prog, BP_STORE, BP_VOID, 3, va, one, 0);
    p_emit(prog, BP_PUT, BP_VOID, 6, one, 0, 0);
    for (unsigned i = 1; i < 24; i++)
        x = p_emit(prog, BP_ADD, BP_I64, 0, x, v[i], 0);
    p_emit(prog, BP_PUT, BP_VOID, 1, x, 0, 0);
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0, 0));
    for (uint32_t seed = 0; seed < 200; seed++) {
        tcg_alloc_randomise(rig->alloc, seed);
        compile();
        rig_reset(rig);
        rig_set(rig, 8, 1000);
        enter(rig->job.code_rx);
        sum = rig_get(rig, 1);
        rig_reset(rig);
        rig_set(rig, 8, 1000);
        rig_oracle(rig, prog);
        expect(sum == rig_get(rig, 1), "sum", (long long)sum);
    }
    tcg_alloc_randomise(rig->alloc, 0);
}

/* Stores, float minima and side exits: much code out of line. */
static void many_stubs(void)
{
    prog_init(prog);
    p_mark(prog, 0);
    uint32_t a = p_emit(prog, BP_GET, BP_F64, R_F64, 0, 0, 0), x = a;
    for (unsigned i = 0; i < 40; i++) {
        uint32_t va = p_const(prog, BP_I64, UINT64_C(0x123456789000) + i);
        p_emit(prog, BP_STORE, BP_VOID, 3, va, x, 0);
        x = p_emit(prog, BP_FMIN, BP_F64, 0, x, a, 0);
        p_emit(prog, BP_EXIT_IF, BP_VOID, BP_EQ, va, p_const(prog, BP_I64, i),
               p_exit_number(prog, i, BP_EXIT_LOOP));
    }
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0, 0));
}

/* Every register pending with a large constant or a raw float, at a side exit and at a call. */
static void many_pending(void)
{
    prog_init(prog);
    p_mark(prog, 0);
    uint32_t zero = p_const(prog, BP_I64, 0);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < N_I64; i++)
            p_emit(prog, BP_PUT, BP_VOID, i,
                   p_const(prog, BP_I64, UINT64_C(0x123456789abcdef) * (i + round + 1)), 0, 0);
        for (unsigned i = 0; i < N_F64; i++) {
            uint32_t x = p_emit(prog, BP_GET, BP_F64, R_F64 + i, 0, 0, 0);
            x = p_emit(prog, BP_FADD, BP_F64, 0, x, x, 0);
            p_emit(prog, BP_PUT, BP_VOID, R_F64 + i,
                   p_emit(prog, BP_FCANON, BP_F64, 0, x, 0, 0), 0, 0);
        }
        uint32_t x = p_emit(prog, BP_GET, BP_I64, 5, 0, 0, 0);
        p_emit(prog, BP_EXIT_IF, BP_VOID, BP_EQ, x, zero, p_exit_number(prog, 0, BP_EXIT_LOOP));
        p_call(prog, &help_sum, 0, NULL);
    }
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0, 0));
}

/* As many registers round loops as there may be, changing places. */
static void many_carried(void)
{
    uint32_t v[2][8];
    prog_init(prog);
    p_mark(prog, 0x100);
    for (unsigned i = 0; i < 8; i++) {
        v[0][i] = p_emit(prog, BP_GET, BP_I64, i, 0, 0, 0);
        v[1][i] = p_emit(prog, BP_GET, BP_F64, R_F64 + i, 0, 0, 0);
    }
    for (unsigned n = 0; n < 40; n++) {
        for (unsigned i = 0; i < 8; i++)
            for (unsigned class = 0; class < 2; class++)
                p_emit(prog, BP_PUT, BP_VOID, (class ? R_F64 : 0) + i, v[class][(i + n) % 8], 0, 0);
        for (unsigned i = 0; i < 8; i++)
            for (unsigned class = 0; class < 2; class++)
                p_emit(prog, BP_CARRY, BP_VOID, (class ? R_F64 : 0) + i, v[class][(i + n) % 8], 0, 0);
        p_emit(prog, BP_EXIT_IF, BP_VOID, BP_EQ, v[0][n % 8], p_const(prog, BP_I64, n),
               p_exit_number(prog, 0x100, BP_EXIT_LOOP | BP_EXIT_REPEAT));
    }
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0, 0));
}

/* Whatever the room, nothing is written behind it. */
static void small_rooms(void)
{
    compile();
    uint32_t full = rig->job.code_size;
    int last = 0;
    for (uint32_t room = 0; room < full + 16000; room += 37) {
        struct bp_code_job job = rig->job;
        job.code_room = room;
        memset(job.code_rw + room, 0xa5, 64);
        last = tcg_alloc_emit(rig->alloc, &job);
        expect(last == 0 || last == -ENOSPC, "with little room", last);
        expect(last != 0 || job.code_size <= room, "room used", job.code_size);
        for (unsigned i = 0; i < 64; i++)
            expect(job.code_rw[room + i] == 0xa5, "byte behind the room", i);
    }
    expect(last == 0, "with room enough", last);
}

static void few_sites(void)
{
    rig->job.site_room = 5;
    expect(rig_compile(rig, prog) == -ENOSPC, "room for sites", 0);
    rig->job.site_room = PROG_RECORDS;
}

int main(void)
{
    static const uint64_t masks[] = { UINT64_MAX, 0 };
    prog = malloc(sizeof *prog);
    for (unsigned i = 0; prog && i < 2; i++) {
        rig = rig_new(NULL, masks[i]);
        if (!rig)
            return 1;
        chain_direct();
        chain_loop(false, 0);
        chain_loop(true, 0);
        chain_loop(false, BP_EXIT_LOOP);
        chain_loop(true, BP_EXIT_LOOP);
        chain_loop(false, BP_EXIT_LOOP | BP_EXIT_REPEAT);
        chain_loop(true, BP_EXIT_LOOP | BP_EXIT_REPEAT);
        for (unsigned k = 0; k < 4; k++) {
            jump_cache(k & 1, 0x80001236, k & 2);
            jump_cache(k & 1, UINT64_C(0xffffffff80200ffe), k & 2);
        }
        for (unsigned n = 1; n <= 31; n++) {
            pressure(n, false);
            pressure(n, true);
        }
        two_vcpus(masks[i]);
        refuses();
        operand_at_home();
        many_stubs();
        small_rooms();
        few_sites();
        many_pending();
        small_rooms();
        many_carried();
        small_rooms();
        rig_free(rig);
    }
    free(prog);
    printf("ways out, chaining, pressure, refusals: as they should be\n");
    return 0;
}
