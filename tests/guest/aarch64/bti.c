/* SPDX-License-Identifier: MIT */
/*
 * bti.c: branch target identification in programs: a static Linux program without a C library whose property says
 * that it is guarded, and pages that mprotect() guards; which branches lead where, and the signal that tells. Prints
 * a line a fact. With rows.S for system calls; assemble.sh makes bti.hex.
 */
#include <stdint.h>

long call(long number, ...);
enum { NR_WRITE = 64, NR_EXIT = 93, NR_SIGACTION = 134, NR_MMAP = 222, NR_MPROTECT = 226 };
enum { READ = 1, WRITE = 2, EXEC = 4, BTI = 16, PRIVATE_ANONYMOUS = 0x22, EINVAL = 22 };
enum { SIGILL = 4, SA_SIGINFO = 4, ILL_ILLOPC = 1 };
enum { AT_HWCAP2 = 26, HWCAP2_BTI = 1 << 17 };

static int failed;

static unsigned long length(const char *s)
{
    unsigned long n = 0;

    while (s[n])
        n++;
    return n;
}

static void check(const char *how, const char *what, int holds)
{
    call(NR_WRITE, 1l, holds ? "ok " : "FAILED ", holds ? 3l : 7l);
    call(NR_WRITE, 1l, how, length(how));
    call(NR_WRITE, 1l, what, length(what));
    call(NR_WRITE, 1l, "\n", 1l);
    failed |= !holds;
}

/* ---- the signal -------------------------------------------------------------------------------- */

static struct {
    unsigned count;
    int code;
    uint64_t address, pc, btype;
} caught;

/* Offsets in struct ucontext: uc_mcontext.regs[30], pc, pstate. Goes on where the code would have returned to. */
static void handler(int number, const uint8_t *info, uint8_t *context)
{
    uint64_t *link = (uint64_t *)(context + 176 + 8 + 240), *pc = link + 2, *pstate = link + 3;

    (void)number;
    caught.count++;
    caught.code = *(const int *)(info + 8);
    caught.address = *(const uint64_t *)(info + 16);
    caught.pc = *pc;
    caught.btype = *pstate >> 10 & 3;
    *pc = *link;
    *pstate &= ~(UINT64_C(3) << 10);
}

static int catch(void (*what)(int, const uint8_t *, uint8_t *))
{
    uint64_t action[4] = { (uint64_t)what, SA_SIGINFO, 0, 0 };

    return call(NR_SIGACTION, (long)SIGILL, action, 0l, 8l) == 0;
}

/* ---- branches ---------------------------------------------------------------------------------- */

#pragma GCC visibility push(hidden)
void by_blr(const void *to), by_br(const void *to), by_br16(const void *to), by_ret(const void *to);
void own_bare(void), own_place(void);
#pragma GCC visibility pop
__asm__(".text\n"
        "by_blr: bti c\n stp x29, x30, [sp, #-16]!\n blr x0\n ldp x29, x30, [sp], #16\n ret\n"
        "by_br: bti c\n br x0\n"
        "by_br16: bti c\n mov x16, x0\n br x16\n"
        "by_ret: bti c\n mov x1, x30\n adr x30, 1f\n ret x0\n 1: bti j\n ret x1\n"
        "own_place: bti c\n ret\n"
        "own_bare: ret\n");

/* BTYPE is 3 of by_br(), since this program is guarded. Linux sets SCTLR_EL1.BT0. */
static const struct {
    const char *name;
    uint32_t insn;
    uint8_t may; /* bit n: with BTYPE n */
} places[] = {
    { "nop", 0xd503201f, 0 },      { "bti", 0xd503241f, 0 },      { "bti c", 0xd503245f, 6 },
    { "bti j", 0xd503249f, 10 },   { "bti jc", 0xd50324df, 14 },  { "paciasp", 0xd503233f, 6 },
    { "pacibsp", 0xd503237f, 6 },
};
static const struct {
    const char *name;
    void (*jump)(const void *to);
    uint8_t btype;
} branches[] = { { "blr to ", by_blr, 2 }, { "br to ", by_br, 3 }, { "br x16 to ", by_br16, 1 } };

static uint32_t *page;

/* The place, what takes a signature away again, and the way back. */
static void fill(uint32_t insn, int guarded)
{
    call(NR_MPROTECT, page, 4096l, (long)(READ | WRITE));
    page[0] = insn;
    page[1] = 0xd50320ff; /* xpaclri */
    page[2] = 0xd65f03c0; /* ret */
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" : : "r"(page) : "memory");
    call(NR_MPROTECT, page, 4096l, (long)(READ | EXEC | (guarded ? BTI : 0)));
}

static int lands(void (*jump)(const void *to), const void *to, unsigned btype)
{
    caught.count = 0;
    jump(to);
    if (!caught.count)
        return 1;
    check("one signal, ", "illegal opcode", caught.count == 1 && caught.code == ILL_ILLOPC);
    check("  where", "", caught.address == (uint64_t)to && caught.pc == (uint64_t)to);
    check("  by what kind of branch", "", caught.btype == btype);
    return 0;
}

static void guarded_page(void)
{
    for (unsigned p = 0; p < sizeof places / sizeof *places; p++) {
        for (unsigned b = 0; b < sizeof branches / sizeof *branches; b++) {
            fill(places[p].insn, 1);
            check(branches[b].name, places[p].name,
                  lands(branches[b].jump, page, branches[b].btype) ==
                      (places[p].may >> branches[b].btype & 1));
        }
        check("ret to ", places[p].name, lands(by_ret, page, 0));
        fill(places[p].insn, 0);
        check("not guarded: ", places[p].name,
              lands(by_blr, page, 0) && lands(by_br, page, 0) && lands(by_br16, page, 0));
    }
}

void main_(const uint64_t *sp)
{
    uint64_t caps = 0;

    sp += sp[0] + 2;
    while (*sp)
        sp++;
    for (sp++; sp[0]; sp += 2)
        if (sp[0] == AT_HWCAP2)
            caps = sp[1];
    check("HWCAP2 has it", "", (caps & HWCAP2_BTI) != 0);
    page = (uint32_t *)call(NR_MMAP, 0l, 4096l, (long)(READ | WRITE), (long)PRIVATE_ANONYMOUS, -1l, 0l);
    check("signals", "", catch(handler));
    check("its own functions: ", "a place", lands((void (*)(const void *))by_blr, own_place, 0));
    check("its own functions: ", "none", !lands((void (*)(const void *))by_blr, own_bare, 2));
    guarded_page();
    check("mprotect() knows no other bits", "",
          call(NR_MPROTECT, page, 4096l, (long)(READ | 0x40)) == -EINVAL);
    call(NR_EXIT, (long)failed);
}
