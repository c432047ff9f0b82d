/* SPDX-License-Identifier: MIT */
/* rig.c: the test board itself. See rig.h. */
#include "rig.h"

void *board;
struct bp_user_space *space;
void *env;
static int failures;

void check_that(bool so, const char *file, int line, const char *what)
{
    if (so)
        return;
    failures++;
    printf("%s:%d: not so: %s\n", file, line, what);
}

void check_equal(uint64_t a, uint64_t b, const char *file, int line, const char *what)
{
    if (a == b)
        return;
    failures++;
    printf("%s:%d: 0x%llx, not 0x%llx: %s\n", file, line, (unsigned long long)a,
           (unsigned long long)b, what);
}

void map_fresh(uint64_t va, uint64_t n, unsigned access)
{
    void *p = mmap(host(va), n, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(p == host(va));
    EQUAL((uint64_t)bp_user_protect(space, va, n, access), 0);
}

static const struct bp_guest_reg *reg_row(unsigned x)
{
    const struct bp_rows *rows = &bp_board_target(board)->regs;
    return (const void *)((const uint8_t *)rows->row + (size_t)x * rows->row_size);
}

static size_t reg_bytes(unsigned x) { return reg_row(x)->type == BP_I32 ? 4 : 8; }

void set_reg(void *e, unsigned x, uint64_t v)
{
    memcpy((uint8_t *)e + reg_row(x)->offset, &v, reg_bytes(x));
}

uint64_t get_reg(void *e, unsigned x)
{
    uint64_t v = 0;
    memcpy(&v, (uint8_t *)e + reg_row(x)->offset, reg_bytes(x));
    return v;
}

void set_pc(void *e, uint64_t pc)
{
    memcpy((uint8_t *)e + bp_board_target(board)->pc_offset, &pc, 8);
}

uint64_t get_pc(void *e)
{
    uint64_t pc;
    memcpy(&pc, (uint8_t *)e + bp_board_target(board)->pc_offset, 8);
    return pc;
}

struct bp_trap run_at(void *e, uint64_t pc)
{
    struct bp_trap trap = { .size = sizeof trap, .kind = UINT32_MAX };
    set_pc(e, pc);
    bp_user_run(e, &trap);
    return trap;
}

uint64_t put_code(uint64_t va, const uint32_t *insns, size_t n)
{
    EQUAL((uint64_t)bp_user_copy(space, host(va), insns, 4 * n), 0);
    return va + 4 * n;
}

/* What somebody sent is counted; a fault that the runtime does not know is the end. */
unsigned foreign_signals;
static void foreign(int signal, void *info, void *ucontext)
{
    if (((siginfo_t *)info)->si_code <= 0) {
        foreign_signals++;
        return;
    }
    static const char text[] = "a fault that is nobody's\n";
    (void)!write(1, text, sizeof text - 1);
    _exit(99);
}

static void run_cases(const struct test_case *cases, const char *only)
{
    for (; cases->name; cases++) {
        if (only ? strcmp(only, cases->name) != 0 : cases->name[0] == '-')
            continue;
        int before = failures;
        bp_user_protect(space, 0, ((struct rig *)board)->bytes, 0);
        cases->run();
        printf("%s %s\n", failures == before ? "ok" : "FAILED", cases->name);
        fflush(stdout);
    }
}

static int rig_run(void *b)
{
    const struct rig *r = b;
    int count;
    char **words = bp_board_arguments(b, &count);
    const char *only = strcmp(words[count - 1], "all") ? words[count - 1] : NULL;
    board = b;
    env = bp_board_cpu(b, 0);
    if (bp_user_reserve(b, r->bytes, r->base, foreign, &space) < 0)
        return 2;
    printf("base %p\n", (void *)bp_user_base(space));
    if (bp_board_target(b)->bits == 32) {
        run_cases(narrow_cases, only);
        printf("%d failures\n", failures);
        return failures != 0;
    }
    run_cases(memory_cases, only);
    run_cases(code_cases, only);
    run_cases(life_cases, only);
    printf("%d failures\n", failures);
    return failures != 0;
}

static const struct bp_part parts[] = {
    BP_CPU("cpu", "", BP_SET({ "user-mode", "on" })),
};
static const struct bp_prop props[] = {
    BP_SIZE(struct rig, bytes, UINT64_C(1) << 38, 0, UINT64_MAX, "of the guest's address space"),
    BP_UINT(struct rig, base, 0, 0, UINT64_MAX, "host address of guest address 0; 0: any"),
};
static int choose_target(void *b, const char **ret)
{
    int count;
    char **words = bp_board_arguments(b, &count);
    *ret = strcmp(words[0], "riscv32") ? "riscv64" : "riscv32";
    return 0;
}
BP_PROGRAM_BOARD(rig, "user-rig", "Runs pieces of code in user mode", "",
                 .state_size = sizeof(struct rig), .parts = BP_ROWS(parts), .props = BP_ROWS(props),
                 .run = rig_run, .choose_target = choose_target);
BP_PLUGIN("user-rig", "1", "MIT");
