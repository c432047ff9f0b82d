/* SPDX-License-Identifier: MIT */
/*
 * pauth.c: what pointer authentication must do whatever the keys are, and that the top byte of addresses
 * is ignored: prints a line a fact. A static Linux program without a C library, with rows.S for system calls; assemble.sh makes pauth.hex.
 */
#include <stdint.h>

long call(long number, ...);
enum { NR_WRITE = 64, NR_EXIT = 93, NR_PRCTL = 167 };
enum { PR_PAC_RESET_KEYS = 54, EINVAL = 22 };

static int failed;

static void check(const char *what, int holds)
{
    unsigned long n = 0;

    while (what[n])
        n++;
    call(NR_WRITE, 1l, holds ? "ok " : "FAILED ", holds ? 3l : 7l);
    call(NR_WRITE, 1l, what, n);
    call(NR_WRITE, 1l, "\n", 1l);
    failed |= !holds;
}

#define TWO(name)                                                                                  \
    static uint64_t name(uint64_t p, uint64_t m)                                                   \
    {                                                                                              \
        __asm__ volatile(#name " %0, %1" : "+r"(p) : "r"(m));                                      \
        return p;                                                                                  \
    }
TWO(pacia) TWO(pacib) TWO(pacda) TWO(pacdb) TWO(autia) TWO(autib) TWO(autda) TWO(autdb)
#define ONE(name)                                                                                  \
    static uint64_t name(uint64_t p)                                                               \
    {                                                                                              \
        __asm__ volatile(#name " %0" : "+r"(p));                                                   \
        return p;                                                                                  \
    }
ONE(paciza) ONE(autiza) ONE(pacdzb) ONE(autdzb) ONE(xpaci) ONE(xpacd)

static uint64_t pacga(uint64_t p, uint64_t m)
{
    uint64_t r;

    __asm__ volatile("pacga %0, %1, %2" : "=r"(r) : "r"(p), "r"(m));
    return r;
}

typedef uint64_t with(uint64_t, uint64_t);
static const struct pair {
    const char *name;
    with *sign, *check;
} pairs[] = {
    { "ia", pacia, autia }, { "ib", pacib, autib }, { "da", pacda, autda }, { "db", pacdb, autdb },
};

static const uint64_t pointers[] = {
    0x5555aabbcc0, 0xffff00001234, 0x7f00aaaabbbbccc0, 0xffff800012345678, UINT64_MAX, 0,
};
#define POINTERS (sizeof pointers / sizeof *pointers)

static void round_trips(const struct pair *p)
{
    int back = 1, stripped = 1, differ = 0, refused = 0, faulty = 1;

    for (unsigned i = 0; i < POINTERS; i++) {
        for (uint64_t m = 0; m < 64; m++) {
            uint64_t x = pointers[i], s = p->sign(x, m), bad = p->check(s, m + 1000);
            back &= p->check(s, m) == x;
            stripped &= xpaci(s) == x && xpacd(s) == x;
            differ += s != p->sign(x, m + 1);
            refused += bad != x;
            /* No address: bits 54 and 53, or 62 and 61, are 01 or 10, by the key. */
            faulty &= bad == x || (bad ^ x) == (x >> 63 ? (p->name[1] == 'a' ? 1ull << 62 : 1ull << 61)
                                                        : (p->name[1] == 'a' ? 1ull << 53 : 1ull << 54));
        }
    }
    check(p->name, back);
    check("  the code goes away again", stripped);
    check("  the modifier matters", differ > 300);
    check("  a wrong modifier is noticed", refused > 300);
    check("  by an address that faults", faulty);
}

/* A broken address stays broken. */
static void broken(void)
{
    int all = 1;

    for (uint64_t m = 0; m < 64; m++)
        all &= autia(pacia(0x0040555500001000, m), m) != 0x0000555500001000;
    check("what was no address does not become one", all);
}

static void others(void)
{
    uint64_t x = 0x123456789ab0, keys = 0, a = pacia(x, 5);

    check("zero as the modifier", autia(paciza(x), 0) == x && autiza(pacia(x, 0)) == x &&
                                      autdzb(pacdzb(x)) == x);
    check("the general code is the upper half", (uint32_t)pacga(x, 1) == 0 &&
                                                    pacga(x, 1) != pacga(x, 2) &&
                                                    pacga(x, 1) == pacga(x, 1));
    for (unsigned i = 0; i < 16; i++) {
        keys |= (uint64_t)call(NR_PRCTL, (long)PR_PAC_RESET_KEYS, 1l, 0l, 0l, 0l);
        keys |= pacia(x, 5) != a ? 1ull << 63 : 0;
    }
    check("keys can be changed", keys == 1ull << 63);
    check("and only those that are there",
          call(NR_PRCTL, (long)PR_PAC_RESET_KEYS, 32l, 0l, 0l, 0l) == -EINVAL);
}

/* Through hints, and the branches that authenticate: signed returns, calls and jumps. */
uint64_t branches(uint64_t x);
uint64_t loads(const uint64_t *p, const uint64_t **behind);
__asm__(".text\n"
        "branches: paciasp\n"
        "  stp x29, x30, [sp, #-32]!\n"
        "  add x0, x0, #1\n"
        "  adr x1, 1f\n  mov x2, #77\n  pacib x1, x2\n  blrab x1, x2\n"
        "  adr x1, 2f\n  paciza x1\n  blraaz x1\n"
        "  adr x17, 3f\n  mov x16, #9\n  pacia1716\n  mov x3, x17\n  braa x3, x16\n"
        "  mov x0, #0\n"
        "3: add x0, x0, #1000\n"
        "  ldp x29, x30, [sp], #32\n"
        "  retaa\n"
        "1: pacibsp\n  add x0, x0, #10\n  retab\n"
        "2: pacibz\n  add x0, x0, #100\n  autibz\n  ret\n"
        "loads: mov x4, x0\n  pacdza x0\n  ldraa x5, [x0, #8]\n  pacdzb x4\n  ldrab x6, [x4, #16]!\n"
        "  str x4, [x1]\n  add x0, x5, x6\n  ret\n");

/* Loads, stores, pairs, vectors, atomics and branches with a top byte. */
uint64_t tagged(uint64_t p);
__asm__(".text\n"
        "tagged: mov x2, x30\n  adr x3, 1f\n  orr x3, x3, #0x3c00000000000000\n  blr x3\n  ret x2\n"
        "1: ldr x1, [x0]\n  add x1, x1, #1\n  str x1, [x0, #8]\n"
        "  ldp x4, x5, [x0], #16\n  ldr q0, [x0, #-16]!\n  str q0, [x0, #16]\n"
        "  ldadd x5, x6, [x0]\n  ldr x7, [x0]\n  ldxr x8, [x0]\n  add x8, x8, #100\n"
        "  stxr w9, x8, [x0]\n  cbnz w9, 2f\n  ldr x10, [x0, #24]\n"
        "  caspal x8, x9, x10, x11, [x0]\n  ldr x1, [x0]\n  add x0, x1, x10\n  ret\n"
        "2: mov x0, #0\n  ret\n");

void main_(const uint64_t *stack)
{
    static uint64_t buffer[4] __attribute__((aligned(16))) = { 5 };

    static const uint64_t data[4] = { 1, 20, 300, 4000 };
    const uint64_t *behind;

    (void)stack;
    for (unsigned i = 0; i < 4; i++)
        round_trips(&pairs[i]);
    broken();
    others();
    check("branches that authenticate", branches(0) == 1111);
    check("loads that authenticate", loads(data, &behind) == 320 && behind == data + 2);
    check("the top byte is ignored", tagged((uint64_t)buffer | 0xa5ull << 56) == 117 && buffer[3] == 6);
    call(NR_EXIT, (long)failed);
    __builtin_unreachable();
}
