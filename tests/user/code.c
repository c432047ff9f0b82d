/* SPDX-License-Identifier: MIT */
/* code.c: what is executed, and that changes of it are seen. */
#include "rig.h"

#define LI_A0(n) ADDI(A0, ZERO, n)

static uint64_t result_at(uint64_t pc)
{
    set_reg(env, A0, 0);
    struct bp_trap t = run_at(env, pc);
    return t.kind == BP_TRAP_SYSCALL ? get_reg(env, A0) : 1000000 + t.kind;
}

static void no_exec(void)
{
    map_fresh(DATA, PAGE, RW);
    struct bp_trap t = run_at(env, DATA + 16);
    EQUAL(t.kind, BP_TRAP_MEMORY);
    EQUAL(t.address, DATA + 16);
    EQUAL(t.access, BP_ACCESS_EXEC);
    EQUAL(get_pc(env), DATA + 16);
    t = run_at(env, UINT64_C(1) << 60);
    EQUAL(t.kind, BP_TRAP_MEMORY);
    EQUAL(t.address, UINT64_C(1) << 60);
    map_fresh(CODE, PAGE, RWX); /* a jump there */
    PUT(CODE, ADDI(A1, A1, 1), JALR(ZERO, A0, 0));
    set_reg(env, A0, DATA + 32);
    set_reg(env, A1, 0);
    t = run_at(env, CODE);
    EQUAL(t.kind, BP_TRAP_MEMORY);
    EQUAL(t.address, DATA + 32);
    EQUAL(get_pc(env), DATA + 32);
    EQUAL(get_reg(env, A1), 1);
}

/* Instructions over the page's end, which is the mapping's end. */
static void page_end(void)
{
    map_fresh(CODE, PAGE, RWX);
    uint32_t li = LI_A0(7);
    PUT(CODE + PAGE - 8, LI_A0(3), LI_A0(4));
    struct bp_trap t = run_at(env, CODE + PAGE - 8);
    EQUAL(t.kind, BP_TRAP_MEMORY);
    EQUAL(t.address, CODE + PAGE);
    EQUAL(get_pc(env), CODE + PAGE);
    EQUAL(get_reg(env, A0), 4);
    bp_user_copy(space, host(CODE + PAGE - 2), &li, 2); /* half of one */
    t = run_at(env, CODE + PAGE - 2);
    EQUAL(t.kind, BP_TRAP_MEMORY);
    EQUAL(t.address, CODE + PAGE);
    EQUAL(get_pc(env), CODE + PAGE - 2);
    map_fresh(CODE + PAGE, PAGE, RWX); /* the other half */
    memcpy(host(CODE + PAGE), (char *)&li + 2, 2);
    PUT(CODE + PAGE + 2, ECALL);
    EQUAL(result_at(CODE + PAGE - 2), 7);
    li = LI_A0(8); /* and changed on either side */
    bp_user_will_write(space, CODE + PAGE, 2);
    memcpy(host(CODE + PAGE), (char *)&li + 2, 2);
    EQUAL(result_at(CODE + PAGE - 2), 8);
    li = ADDI(A1, ZERO, 8);
    bp_user_copy(space, host(CODE + PAGE - 2), &li, 2);
    EQUAL(result_at(CODE + PAGE - 2), 0);
    bp_user_protect(space, CODE + PAGE, PAGE, 0);
    t = run_at(env, CODE + PAGE - 2);
    EQUAL(t.kind, BP_TRAP_MEMORY);
    EQUAL(t.address, CODE + PAGE);
}

static void other_traps(void)
{
    map_fresh(CODE, PAGE, RWX);
    PUT(CODE, ADDI(A1, ZERO, 1), UNDEFINED);
    EQUAL(run_at(env, CODE).kind, BP_TRAP_ILLEGAL);
    EQUAL(get_pc(env), CODE + 4);
    PUT(CODE + 64, ADDI(A1, ZERO, 2), EBREAK);
    EQUAL(run_at(env, CODE + 64).kind, BP_TRAP_BREAKPOINT);
    EQUAL(get_pc(env), CODE + 68);
    EQUAL(get_reg(env, A1), 2);
}

/* Every way to change a page that has been run. */
static void changed_by_host(void)
{
    map_fresh(CODE, 2 * PAGE, RWX);
    PUT(CODE, LI_A0(1), ECALL);
    EQUAL(result_at(CODE), 1);
    PUT(CODE, LI_A0(2)); /* bp_user_will_write */
    EQUAL(result_at(CODE), 2);
    uint32_t li = LI_A0(3);
    EQUAL((uint64_t)bp_user_copy(space, host(CODE), &li, 4), 0);
    EQUAL(result_at(CODE), 3);
    bp_user_protect(space, CODE, PAGE, RW);
    EQUAL(result_at(CODE), 1000000 + BP_TRAP_MEMORY);
    li = LI_A0(4);
    memcpy(host(CODE), &li, 4);
    bp_user_protect(space, CODE, PAGE, RX);
    EQUAL(result_at(CODE), 4);
    map_fresh(CODE, PAGE, RWX); /* another page in its place */
    PUT(CODE, LI_A0(5), ECALL);
    EQUAL(result_at(CODE), 5);
}

/* A chain over two pages; the second goes away, comes back with other code. */
static void chained_pages(void)
{
    map_fresh(CODE, 2 * PAGE, RWX);
    PUT(CODE, LI_A0(1), JAL(ZERO, PAGE - 4));
    PUT(CODE + PAGE, ADDI(A0, A0, 10), ECALL);
    for (unsigned i = 0; i < 5; i++)
        EQUAL(result_at(CODE), 11);
    bp_user_protect(space, CODE + PAGE, PAGE, BP_ACCESS_READ);
    EQUAL(result_at(CODE), 1000000 + BP_TRAP_MEMORY);
    EQUAL(get_pc(env), CODE + PAGE);
    bp_user_protect(space, CODE + PAGE, PAGE, RWX);
    PUT(CODE + PAGE, ADDI(A0, A0, 20), ECALL);
    for (unsigned i = 0; i < 5; i++)
        EQUAL(result_at(CODE), 21);
}

/* A loop that rewrites an instruction of its own page each time, with its fence. */
static void changes_itself(void)
{
    const int rounds = 300;
    map_fresh(CODE, PAGE, RWX);
    /* a2 = address of the instruction, a3 = its code, a4 = step of the code, a5 = rounds left */
    PUT(CODE, SW(A3, A2, 0), FENCE_I, ADDI(A0, A0, 1), ADD(A3, A3, A4), ADDI(A5, A5, -1),
        BNE(A5, ZERO, -20), ECALL);
    set_reg(env, A2, CODE + 8);
    set_reg(env, A3, ADDI(A0, A0, 0));
    set_reg(env, A4, 1 << 20);
    set_reg(env, A5, (uint64_t)rounds);
    EQUAL(result_at(CODE), (uint64_t)rounds * (rounds - 1) / 2);
}

/* Data beside code that runs: slow, but it goes on. */
static void data_beside_code(void)
{
    map_fresh(CODE, PAGE, RWX);
    PUT(CODE, LD(A1, A2, 0), ADDI(A1, A1, 1), SD(A1, A2, 0), ADDI(A5, A5, -1), BNE(A5, ZERO, -16),
        LD(A0, A2, 0), ECALL);
    set_reg(env, A2, CODE + 0x800);
    set_reg(env, A5, 2000);
    EQUAL(result_at(CODE), 2000);
}

/* One piece of memory at two addresses; only a fence tells. */
static void mapped_twice(void)
{
    FILE *f = tmpfile();
    CHECK(f && !ftruncate(fileno(f), 4096));
    CHECK(mmap(host(CODE), PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fileno(f), 0) == host(CODE));
    CHECK(mmap(host(DATA), PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fileno(f), 0) ==
          host(DATA));
    EQUAL((uint64_t)bp_user_protect(space, CODE, PAGE, RX | BP_USER_SHARED | BP_USER_MAPPED), 0);
    EQUAL((uint64_t)bp_user_protect(space, DATA, PAGE, RW | BP_USER_SHARED | BP_USER_MAPPED), 0);
    PUT(DATA, LI_A0(1), ECALL);
    EQUAL(result_at(CODE), 1);
    PUT(DATA, LI_A0(2));
    bp_user_code_changed(space, DATA, 4);
    EQUAL(result_at(CODE), 2);
    PUT(DATA, LI_A0(3));
    bp_user_code_changed(space, CODE, 4);
    EQUAL(result_at(CODE), 3);
    map_fresh(CODE + PAGE, PAGE, RWX); /* the program's own store and fence */
    PUT(CODE + PAGE, SW(A1, A2, 0), FENCE_I, JALR(ZERO, A3, 0));
    for (int i = 4; i < 10; i++) {
        set_reg(env, A1, LI_A0(i));
        set_reg(env, A2, DATA);
        set_reg(env, A3, CODE);
        EQUAL(result_at(CODE + PAGE), (uint64_t)i);
    }
    fclose(f);
}

/* More code than a small cache holds: pages full of calls of a function each. */
static void much_code(void)
{
    const uint64_t at = UINT64_C(0x10000000), pages = 300;
    map_fresh(at, pages * PAGE, RWX);
    for (uint64_t va = at; va < at + pages * PAGE; va += 16)
        PUT(va, ADDI(A0, A0, 1), ADDI(A1, A1, -1), BNE(A1, ZERO, 8), ECALL);
    for (unsigned round = 0; round < 2; round++) {
        const uint64_t n = pages * PAGE / 16;
        set_reg(env, A1, n);
        EQUAL(result_at(at), n);
    }
}

/* Every second page holds code and may be written: more mappings than the host gives a process. Only
 * when asked for: takes 150 MB. */
static void many_held(void)
{
    const uint64_t at = UINT64_C(0x10000000), pages = 80000;
    map_fresh(at, pages * PAGE, RWX);
    for (unsigned round = 0; round < 2; round++) {
        for (uint64_t i = 0; i < pages; i += 2) {
            PUT(at + i * PAGE, LI_A0(i / 2 % 2000 + round), ECALL);
            EQUAL(result_at(at + i * PAGE), i / 2 % 2000 + round);
        }
    }
}

const struct test_case code_cases[] = {
    { "no-exec", no_exec },
    { "page-end", page_end },
    { "other-traps", other_traps },
    { "changed-by-host", changed_by_host },
    { "chained-pages", chained_pages },
    { "changes-itself", changes_itself },
    { "data-beside-code", data_beside_code },
    { "mapped-twice", mapped_twice },
    { "much-code", much_code },
    { "-many-held", many_held },
    { NULL, NULL },
};
