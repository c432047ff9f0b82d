/* SPDX-License-Identifier: MIT */
/* memory.c: loads, stores and atomics, and their faults: which one, where, with which registers. */
#include "rig.h"

#include <errno.h>

static uint64_t word_at(uint64_t va)
{
    uint64_t v;
    memcpy(&v, host(va), sizeof v);
    return v;
}

static void set_word(uint64_t va, uint64_t v) { memcpy(host(va), &v, sizeof v); }

static void access_works(void)
{
    map_fresh(CODE, PAGE, RWX);
    map_fresh(DATA, PAGE, RW);
    PUT(CODE, LD(A1, A0, 8), ADDI(A1, A1, 1), SD(A1, A0, 16), LW(A2, A0, 8), LB(A3, A0, 9),
        AMOADD_D(A4, A1, A0), LR_D(A5, A0), SC_D(A6, A2, A0), ECALL);
    uint64_t v = 0x123456789abc8384;
    set_word(DATA + 8, v);
    set_reg(env, A0, DATA);
    struct bp_trap t = run_at(env, CODE);
    EQUAL(t.kind, BP_TRAP_SYSCALL);
    EQUAL(get_pc(env), CODE + 36);
    EQUAL(get_reg(env, A1), v + 1);
    EQUAL(get_reg(env, A2), (uint64_t)(int64_t)(int32_t)v);
    EQUAL(get_reg(env, A3), (uint64_t)(int64_t)(int8_t)(v >> 8));
    EQUAL(get_reg(env, A4), 0);
    EQUAL(get_reg(env, A5), v + 1);
    EQUAL(get_reg(env, A6), 0);
    EQUAL(word_at(DATA), (uint64_t)(int64_t)(int32_t)v);
    EQUAL(word_at(DATA + 16), v + 1);
}

/* One instruction, which faults, between others: everything before has happened, nothing else. The
 * result register and a0, which has the address, keep their values. */
static void faults(uint32_t insn, uint64_t base, uint32_t kind, uint64_t address, uint32_t access)
{
    map_fresh(CODE, PAGE, RWX);
    PUT(CODE, ADDI(A1, A1, 1), ADDI(A2, A2, 2), ADD(A3, A1, A2), insn, ADDI(A1, A1, 1),
        ADDI(A2, A2, 2), ADD(A3, A1, A2), ECALL);
    for (unsigned x = 1; x < 32; x++)
        set_reg(env, x, 1000 * x);
    set_reg(env, A0, base);
    for (unsigned f = 0; f < 32; f++)
        set_reg(env, 32 + f, 0xf000 + f);
    struct bp_trap t = run_at(env, CODE);
    EQUAL(t.kind, kind);
    EQUAL(t.address, address);
    EQUAL(t.access, access);
    EQUAL(get_pc(env), CODE + 12);
    for (unsigned x = 1; x < 32; x++) {
        uint64_t v = x == A0 ? base : x == A1 ? 1000 * A1 + 1 : x == A2 ? 1000 * A2 + 2
                   : x == A3 ? 1000 * (A1 + A2) + 3 : 1000 * x;
        EQUAL(get_reg(env, x), v);
    }
    for (unsigned f = 0; f < 32; f++)
        EQUAL(get_reg(env, 32 + f), 0xf000 + f);
}

static void each_access(uint64_t base, uint32_t kind, bool readable)
{
    const uint32_t loads[] = { LB(A4, A0, 5), LW(A4, A0, 8), LD(A4, A0, -8), LD(A0, A0, 0),
                               FLD(4, A0, 16), LR_D(A4, A0) };
    static const int load_at[] = { 5, 8, -8, 0, 16, 0 };
    const uint32_t stores[] = { SB(A4, A0, 5), SW(ZERO, A0, 8), SD(A4, A0, -8), FSD(4, A0, 16),
                                AMOADD_D(A4, A5, A0), AMOADD_W(A4, A5, A0), AMOSWAP_D(A4, A5, A0),
                                AMOMAX_D(A4, A5, A0), AMOADD_D(ZERO, A5, A0) };
    static const int store_at[] = { 5, 8, -8, 16, 0, 0, 0, 0, 0 };
    for (unsigned i = 0; i < sizeof loads / sizeof *loads && !readable; i++)
        faults(loads[i], base, kind, base + (uint64_t)(int64_t)load_at[i], BP_ACCESS_READ);
    for (unsigned i = 0; i < sizeof stores / sizeof *stores; i++)
        faults(stores[i], base, kind, base + (uint64_t)(int64_t)store_at[i], BP_ACCESS_WRITE);
}

static void unmapped(void) { each_access(DATA + 0x100, BP_TRAP_MEMORY, false); }

static void read_only(void)
{
    map_fresh(DATA, PAGE, RW);
    set_word(DATA + 0x100, 77);
    bp_user_protect(space, DATA, PAGE, BP_ACCESS_READ);
    each_access(DATA + 0x100, BP_TRAP_MEMORY, true);
    EQUAL(word_at(DATA + 0x100), 77);
}

static void wild(void)
{
    each_access(((struct rig *)board)->bytes + 0x100, BP_TRAP_MEMORY, false);
    each_access(UINT64_C(1) << 62 | 0x100, BP_TRAP_MEMORY, false);
    each_access(UINT64_C(0x8000000000000100), BP_TRAP_MEMORY, false);
    each_access(-(uint64_t)0x100, BP_TRAP_MEMORY, false);
    each_access(0x100, BP_TRAP_MEMORY, false);
}

static void unaligned(void)
{
    map_fresh(DATA, PAGE, RW);
    for (unsigned i = 1; i < 8; i++) {
        faults(AMOADD_D(A4, A5, A0), DATA + i, BP_TRAP_ALIGNMENT, DATA + i, BP_ACCESS_WRITE);
        faults(AMOMAX_D(A4, A5, A0), DATA + i, BP_TRAP_ALIGNMENT, DATA + i, BP_ACCESS_WRITE);
        faults(LR_D(A4, A0), DATA + i, BP_TRAP_ALIGNMENT, DATA + i, BP_ACCESS_READ);
    }
    map_fresh(CODE, PAGE, RWX);
    PUT(CODE, SD(A1, A0, 1), LD(A2, A0, 1), ECALL);
    set_reg(env, A0, DATA);
    set_reg(env, A1, 0x1122334455667788);
    EQUAL(run_at(env, CODE).kind, BP_TRAP_SYSCALL);
    EQUAL(get_reg(env, A2), 0x1122334455667788);
}

/* The first byte may be accessed, the last not; nothing is written. */
static void over_two_pages(void)
{
    map_fresh(DATA, PAGE, RW);
    set_word(DATA + PAGE - 8, 5);
    faults(LD(A4, A0, 0), DATA + PAGE - 4, BP_TRAP_MEMORY, DATA + PAGE, BP_ACCESS_READ);
    faults(SD(A4, A0, 0), DATA + PAGE - 4, BP_TRAP_MEMORY, DATA + PAGE, BP_ACCESS_WRITE);
    EQUAL(word_at(DATA + PAGE - 8), 5);
}

static void behind_file(void)
{
    FILE *f = tmpfile();
    CHECK(f && !ftruncate(fileno(f), 4096));
    CHECK(mmap(host(DATA), 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fileno(f),
               0) == host(DATA));
    bp_user_protect(space, DATA, 2 * PAGE, RW | BP_USER_SHARED);
    faults(LD(A4, A0, 0), DATA + PAGE + 8, BP_TRAP_BUS, DATA + PAGE + 8, BP_ACCESS_READ);
    faults(SD(A4, A0, 0), DATA + PAGE + 8, BP_TRAP_BUS, DATA + PAGE + 8, BP_ACCESS_WRITE);
    uint64_t v = 1;
    EQUAL((uint64_t)bp_user_copy(space, &v, host(DATA + PAGE), sizeof v), (uint64_t)-EFAULT);
    EQUAL((uint64_t)bp_user_copy(space, &v, host(DATA), sizeof v), 0);
    EQUAL(v, 0);
    fclose(f);
}

static void helper_faults(void)
{
    map_fresh(DATA, PAGE, RW);
    set_word(DATA + 64, 1);
    map_fresh(CODE, PAGE, RWX);
    PUT(CODE, CBO_ZERO(A0), ECALL);
    set_reg(env, A0, DATA + 64);
    EQUAL(run_at(env, CODE).kind, BP_TRAP_SYSCALL);
    EQUAL(word_at(DATA + 64), 0);
    faults(CBO_ZERO(A0), DATA + PAGE + 64, BP_TRAP_MEMORY, DATA + PAGE + 64, BP_ACCESS_WRITE);
    faults(CBO_ZERO(A0), UINT64_C(1) << 60, BP_TRAP_MEMORY, UINT64_C(1) << 60, BP_ACCESS_WRITE);
}

/* The fault comes in the middle of a chained loop. */
static void in_a_loop(void)
{
    map_fresh(CODE, PAGE, RWX);
    map_fresh(DATA, 2 * PAGE, RW);
    PUT(CODE, ADDI(A1, A1, 1), SD(A1, A0, 0), ADDI(A0, A0, 8), BNE(A0, A3, -12), ECALL);
    set_reg(env, A0, DATA);
    set_reg(env, A1, 0);
    set_reg(env, A3, 0);
    struct bp_trap t = run_at(env, CODE);
    EQUAL(t.kind, BP_TRAP_MEMORY);
    EQUAL(t.address, DATA + 2 * PAGE);
    EQUAL(get_reg(env, A0), DATA + 2 * PAGE);
    EQUAL(get_reg(env, A1), 2 * PAGE / 8 + 1);
    EQUAL(get_pc(env), CODE + 4);
    EQUAL(word_at(DATA + 2 * PAGE - 8), 2 * PAGE / 8);
    map_fresh(DATA + 2 * PAGE, PAGE, RW); /* and on */
    set_reg(env, A3, DATA + 2 * PAGE + 16);
    EQUAL(run_at(env, get_pc(env)).kind, BP_TRAP_SYSCALL);
    EQUAL(word_at(DATA + 2 * PAGE + 8), 2 * PAGE / 8 + 2);
}

static void copies(void)
{
    char text[64] = "text";
    map_fresh(DATA, PAGE, RW);
    EQUAL((uint64_t)bp_user_copy(space, host(DATA), text, sizeof text), 0);
    EQUAL((uint64_t)memcmp(host(DATA), text, sizeof text), 0);
    EQUAL((uint64_t)bp_user_copy(space, host(DATA + PAGE - 8), text, 9), (uint64_t)-EFAULT);
    EQUAL((uint64_t)bp_user_copy(space, text, host(DATA + PAGE), 1), (uint64_t)-EFAULT);
    EQUAL((uint64_t)bp_user_copy(space, text, host(UINT64_C(1) << 62), 1), (uint64_t)-EFAULT);
    EQUAL((uint64_t)bp_user_will_write(space, DATA, PAGE), 0);
    EQUAL((uint64_t)bp_user_will_write(space, DATA, PAGE + 1), (uint64_t)-EFAULT);
    EQUAL((uint64_t)bp_user_will_write(space, ~UINT64_C(0), 2), (uint64_t)-EFAULT);
    bp_user_protect(space, DATA, PAGE, BP_ACCESS_READ);
    EQUAL((uint64_t)bp_user_will_write(space, DATA, 1), (uint64_t)-EFAULT);
    EQUAL(bp_user_access(space, DATA), BP_ACCESS_READ);
    EQUAL(bp_user_access(space, DATA + PAGE), 0);
    EQUAL(bp_user_access(space, UINT64_C(1) << 62), 0);
    EQUAL((uint64_t)bp_user_protect(space, DATA + 1, PAGE, RW), (uint64_t)-EINVAL);
    EQUAL((uint64_t)bp_user_protect(space, DATA, -PAGE, RW), (uint64_t)-EINVAL);
}

/* Whole large ranges, pieces of them, and back. */
static void large_ranges(void)
{
    const uint64_t at = UINT64_C(1) << 32, n = UINT64_C(64) << 30;
    bp_user_protect(space, at, n, RW);
    bp_user_protect(space, at + 3 * PAGE, PAGE, BP_ACCESS_READ);
    bp_user_protect(space, at + (n >> 1), n >> 2, 0);
    EQUAL(bp_user_access(space, at + 2 * PAGE), RW);
    EQUAL(bp_user_access(space, at + 3 * PAGE + 1), BP_ACCESS_READ);
    EQUAL(bp_user_access(space, at + 4 * PAGE), RW);
    EQUAL(bp_user_access(space, at + (n >> 1) - 1), RW);
    EQUAL(bp_user_access(space, at + (n >> 1)), 0);
    EQUAL(bp_user_access(space, at + (n >> 1) + (n >> 2)), RW);
    bp_user_protect(space, at, n, RX);
    EQUAL(bp_user_access(space, at + 3 * PAGE), RX);
    EQUAL(bp_user_access(space, at + (n >> 1)), RX);
    bp_user_protect(space, at, n, 0);
    EQUAL(bp_user_access(space, at + 3 * PAGE), 0);
}

/* A 32-bit program: addresses wrap; nothing behind 4 GiB can be reached. */
static void narrow(void)
{
    const uint64_t last = UINT64_C(0xfffff000);
    map_fresh(CODE, PAGE, RWX);
    map_fresh(last, PAGE, RW);
    map_fresh(DATA, PAGE, RW);
    PUT(CODE, SW(A1, A0, -8), LW(A2, A0, -8), AMOADD_W(A3, A1, A4), AMOMAX_W(A3, A5, A4), ECALL);
    set_reg(env, A0, 4);
    set_reg(env, A1, 0x80000001);
    set_reg(env, A4, last);
    set_reg(env, A5, 5);
    EQUAL(run_at(env, CODE).kind, BP_TRAP_SYSCALL);
    EQUAL(get_reg(env, A2), 0x80000001);
    EQUAL(get_reg(env, A3), 0x80000001);
    uint32_t v;
    memcpy(&v, host(last + PAGE - 4), 4);
    EQUAL(v, 0x80000001);
    memcpy(&v, host(last), 4);
    EQUAL(v, 5);
}

static void narrow_faults(uint32_t insn, uint64_t a0, uint64_t address, unsigned access)
{
    map_fresh(CODE, PAGE, RWX);
    PUT(CODE, ADDI(A1, A1, 1), insn, ADDI(A1, A1, 1), ECALL);
    set_reg(env, A0, a0);
    set_reg(env, A1, 1);
    struct bp_trap t = run_at(env, CODE);
    EQUAL(t.kind, BP_TRAP_MEMORY);
    EQUAL(t.address, address);
    EQUAL(t.access, access);
    EQUAL(get_pc(env), CODE + 4);
    EQUAL(get_reg(env, A1), 2);
}

static void narrow_wrong(void)
{
    narrow_faults(LW(A2, A0, 0), 0xfffffffc, 0xfffffffc, BP_ACCESS_READ);
    narrow_faults(LW(A2, A0, 8), 0xfffffffc, 4, BP_ACCESS_READ);
    narrow_faults(SW(A2, A0, -8), 4, 0xfffffffc, BP_ACCESS_WRITE);
    narrow_faults(AMOADD_W(A2, A1, A0), 0x80000000, 0x80000000, BP_ACCESS_WRITE);
    narrow_faults(FLD(2, A0, 8), 0x80000000, 0x80000008, BP_ACCESS_READ);
    map_fresh(UINT64_C(0xfffff000), PAGE, RW); /* over the end */
    struct bp_trap t;
    PUT(CODE, LW(A2, A0, 0), ECALL);
    set_reg(env, A0, 0xfffffffe);
    t = run_at(env, CODE);
    EQUAL(t.kind, BP_TRAP_MEMORY);
    CHECK(t.address == UINT64_C(0x100000000) || t.address == 0xfffffffe);
}

const struct test_case narrow_cases[] = {
    { "narrow", narrow },
    { "narrow-wrong", narrow_wrong },
    { NULL, NULL },
};
const struct test_case memory_cases[] = {
    { "access", access_works },
    { "unmapped", unmapped },
    { "read-only", read_only },
    { "wild", wild },
    { "unaligned", unaligned },
    { "over-two-pages", over_two_pages },
    { "behind-file", behind_file },
    { "helper-faults", helper_faults },
    { "in-a-loop", in_a_loop },
    { "copies", copies },
    { "large-ranges", large_ranges },
    { NULL, NULL },
};
