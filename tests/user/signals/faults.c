/* SPDX-License-Identifier: MIT */
/* faults.c: signals of the program's own doing: where, why, with which registers; and going on. */
#include "../check.h"

#include <fcntl.h>
#include <sys/mman.h>

static volatile sig_atomic_t hits;
static siginfo_t seen;
static uintptr_t seen_pc;
static sigjmp_buf out;

static uintptr_t *pc_of(void *uc)
{
    mcontext_t *m = &((ucontext_t *)uc)->uc_mcontext;
#if defined __riscv
    return (uintptr_t *)&m->__gregs[0];
#elif defined __aarch64__
    return (uintptr_t *)&m->pc;
#else
    return (uintptr_t *)&m->gregs[REG_RIP];
#endif
}

static void jump_out(int n, siginfo_t *info, void *uc)
{
    (void)n;
    hits++;
    seen = *info;
    seen_pc = *pc_of(uc);
    siglongjmp(out, 1);
}

static void expect(int number, int code, const void *address, const char *what)
{
    if (hits != 1 || seen.si_signo != number || seen.si_code != code || seen.si_addr != address) {
        printf("%s: %d signals, number %d code %d address %p, not %d %d %p\n", what, (int)hits,
               seen.si_signo, seen.si_code, seen.si_addr, number, code, address);
        check_failures++;
    }
    hits = 0;
}

static void test_memory(void)
{
    long page = sysconf(_SC_PAGESIZE);
    char *m = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile char *c = m;

    CHECK(m != MAP_FAILED);
    mprotect(m + page, page, PROT_NONE);
    mprotect(m + 2 * page, page, PROT_READ);
    munmap(m + 3 * page, page);
    if (!sigsetjmp(out, 1))
        c[page - 1] = c[page + 5];
    expect(SIGSEGV, SEGV_ACCERR, m + page + 5, "read of PROT_NONE");
    if (!sigsetjmp(out, 1))
        c[2 * page + 7] = 1;
    expect(SIGSEGV, SEGV_ACCERR, m + 2 * page + 7, "write of PROT_READ");
    CHECK_IS(c[2 * page + 7], 0);
    if (!sigsetjmp(out, 1))
        c[0] = c[3 * page];
    expect(SIGSEGV, SEGV_MAPERR, m + 3 * page, "read of nothing");
    if (!sigsetjmp(out, 1))
        *(volatile int *)at(8) = 1;
    expect(SIGSEGV, SEGV_MAPERR, (void *)8, "write near 0");
    if (!sigsetjmp(out, 1))
        ((void (*)(void))(uintptr_t)16)();
    expect(SIGSEGV, SEGV_MAPERR, (void *)16, "jump near 0");
    CHECK_IS(seen_pc, 16);
    if (!sigsetjmp(out, 1))
        ((void (*)(void))m)();
    expect(SIGSEGV, SEGV_ACCERR, m, "jump to data");
    CHECK_IS(seen_pc, (uintptr_t)m);
    mprotect(m + page, page, PROT_READ);
    CHECK_IS(c[page + 5], 0);
    munmap(m, 3 * page);
}

static void test_file_end(void)
{
    long page = sysconf(_SC_PAGESIZE);
    FILE *f = tmpfile();
    char *m;

    CHECK(f != NULL);
    CHECK_IS(ftruncate(fileno(f), 10), 0);
    m = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);
    CHECK(m != MAP_FAILED);
    m[5] = 1;
    if (!sigsetjmp(out, 1))
        ((volatile char *)m)[page + 3];
    expect(SIGBUS, BUS_ADRERR, m + page + 3, "behind the end of a file");
    munmap(m, 2 * page);
    fclose(f);
}

/* What system calls find is an error, not a signal. */
static void test_calls(void)
{
    int fd[2];

    CHECK_IS(pipe(fd), 0);
    CHECK(write(fd[1], at(8), 4) < 0 && errno == EFAULT);
    CHECK_IS(write(fd[1], "abcd", 4), 4);
    CHECK(read(fd[0], at(8), 4) < 0 && errno == EFAULT);
    CHECK_IS(hits, 0);
    close(fd[0]);
    close(fd[1]);
}

#ifdef __riscv
extern char bad_load[], bad_op[], bad_break[], bad_amo[];
static uint64_t regs_seen[32], f_seen[32];
static uint32_t fcsr_seen;

static void step_over(int n, siginfo_t *info, void *uc)
{
    mcontext_t *m = &((ucontext_t *)uc)->uc_mcontext;

    (void)n;
    hits++;
    seen = *info;
    seen_pc = m->__gregs[0];
    memcpy(regs_seen, m->__gregs, sizeof regs_seen);
    memcpy(f_seen, m->__fpregs.__d.__f, sizeof f_seen);
    fcsr_seen = m->__fpregs.__d.__fcsr;
    m->__gregs[0] += 4;
    m->__gregs[REG_A0 + 7] = 0x7777;          /* a7 */
    m->__fpregs.__d.__f[11] = 0x4000000000000000; /* fa1 = 2.0 */
}

/* A fault in the middle of code that keeps all registers busy, and going on with two changed. */
static void test_registers(void)
{
    long a7, sum;
    double fa1;

    handle(SIGSEGV, step_over, 0);
    __asm__ volatile(
        "li s2, 0x1002\n li s3, 0x1003\n li s4, 0x1004\n li s5, 0x1005\n li s6, 0x1006\n"
        "li s7, 0x1007\n li s8, 0x1008\n li s9, 0x1009\n li s10, 0x100a\n li s11, 0x100b\n"
        "li a0, 0x200a\n li a1, 24\n li a2, 0x200c\n li a7, 0x2011\n"
        "li t3, 0x301c\n li t4, 0x301d\n li t5, 0x301e\n li t6, 0x301f\n"
        "li t0, 3\n fcvt.d.l fa0, t0\n fcvt.d.l fa1, s2\n fsflags x0\n fdiv.d ft0, fa0, fa1\n"
        "addi a2, a2, 1\n add s2, s2, s3\n"
        ".option push\n .option norvc\n"
        ".globl bad_load\n bad_load: ld a0, 0(a1)\n"
        ".option pop\n"
        "add a0, a0, a2\n mv %0, a7\n mv %1, s2\n fmv.d %2, fa1\n"
        : "=&r"(a7), "=&r"(sum), "=&f"(fa1)
        :
        : "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "a0", "a1", "a2", "a7",
          "t0", "t3", "t4", "t5", "t6", "fa0", "fa1", "ft0", "memory");
    CHECK_IS(seen_pc, (uintptr_t)bad_load);
    expect(SIGSEGV, SEGV_MAPERR, (void *)24, "load with busy registers");
    CHECK_IS(regs_seen[18], 0x2005); /* s2, already added */
    for (int i = 19; i < 28; i++)
        CHECK_IS(regs_seen[i], 0x1000 + i - 16);
    CHECK_IS(regs_seen[10], 0x200a);
    CHECK_IS(regs_seen[11], 24);
    CHECK_IS(regs_seen[12], 0x200d);
    CHECK_IS(regs_seen[17], 0x2011);
    for (int i = 28; i < 32; i++)
        CHECK_IS(regs_seen[i], 0x3000 + i);
    CHECK_IS(f_seen[10], 0x4008000000000000); /* 3.0 */
    CHECK_IS(fcsr_seen & 0x1f, 1);            /* inexact */
    CHECK_IS(a7, 0x7777);
    CHECK_IS(sum, 0x2005);
    CHECK(fa1 == 2.0);
}

static void test_instructions(void)
{
    static uint64_t words[2];
    char *odd = (char *)words + 3;

    handle(SIGILL, step_over, 0);
    handle(SIGTRAP, step_over, 0);
    handle(SIGBUS, step_over, 0);
    __asm__ volatile(".option push\n .option norvc\n .globl bad_op\n"
                     "bad_op: .word 0xffffffff\n .option pop" ::: "a7", "fa1");
    expect(SIGILL, ILL_ILLOPC, bad_op, "undefined instruction");
    CHECK_IS(seen_pc, (uintptr_t)bad_op);
    __asm__ volatile(".option push\n .option norvc\n .globl bad_break\n"
                     "bad_break: ebreak\n .option pop" ::: "a7", "fa1");
    expect(SIGTRAP, TRAP_BRKPT, bad_break, "ebreak");
    CHECK_IS(seen_pc, (uintptr_t)bad_break);
    __asm__ volatile(".globl bad_amo\nbad_amo: amoadd.w t0, t0, (%0)" ::"r"(odd) : "t0", "a7", "fa1");
    expect(SIGBUS, BUS_ADRALN, odd, "misaligned amoadd");
    CHECK_IS(seen_pc, (uintptr_t)bad_amo);
    __asm__ volatile("csrr t0, mstatus" ::: "t0", "a7", "fa1");
    CHECK_IS(seen.si_signo, SIGILL);
    hits = 0;
    /* Ordinary accesses may be misaligned. */
    *(volatile uint32_t *)odd = 0x12345678;
    CHECK_IS(*(volatile uint32_t *)odd, 0x12345678);
    CHECK_IS(hits, 0);
}
#endif

static void die_blocked(void)
{
    sigset_t s = set_of(SIGSEGV);
    handle(SIGSEGV, jump_out, 0);
    sigprocmask(SIG_BLOCK, &s, NULL);
    *(volatile int *)at(8) = 1;
}
static void die_ignored(void)
{
    signal(SIGSEGV, SIG_IGN);
    *(volatile int *)at(8) = 1;
}
static void die_default(void)
{
    signal(SIGSEGV, SIG_DFL);
    *(volatile int *)at(8) = 1;
}
static void die_of_trap(void)
{
    signal(SIGILL, SIG_DFL);
    signal(SIGTRAP, SIG_DFL);
    __builtin_trap();
}
static void again(int n, siginfo_t *info, void *uc)
{
    (void)n, (void)info, (void)uc;
    *(volatile int *)at(8) = 1; /* blocked here */
}
static void die_in_handler(void)
{
    handle(SIGSEGV, again, 0);
    *(volatile int *)at(8) = 1;
}
/* Sent, it can be blocked and ignored like others. */
static void sent(void)
{
    sigset_t s = set_of(SIGSEGV), pending;
    signal(SIGSEGV, SIG_IGN);
    raise(SIGSEGV);
    handle(SIGSEGV, jump_out, 0);
    sigprocmask(SIG_BLOCK, &s, NULL);
    raise(SIGSEGV);
    CHECK_IS(hits, 0);
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGSEGV));
    if (!sigsetjmp(out, 1))
        sigprocmask(SIG_UNBLOCK, &s, NULL);
    CHECK_IS(hits, 1);
    CHECK_IS(seen.si_code, SI_TKILL);
    CHECK_IS(seen.si_pid, getpid());
}

static void test_deaths(void)
{
    int status;

    status = in_child(die_blocked);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = in_child(die_ignored);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = in_child(die_default);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = in_child(die_of_trap);
    CHECK(WIFSIGNALED(status) && (WTERMSIG(status) == SIGTRAP || WTERMSIG(status) == SIGILL));
    status = in_child(die_in_handler);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    CHECK_IS(in_child(sent), 0);
}

/* Faults and going on, many times: no handler may use up anything. */
static volatile char *toggled;
static long toggled_size;
static void unprotect(int n, siginfo_t *info, void *uc)
{
    (void)n, (void)info, (void)uc;
    hits++;
    mprotect((void *)toggled, toggled_size, PROT_READ | PROT_WRITE);
}
static void test_many(void)
{
    toggled_size = sysconf(_SC_PAGESIZE);
    toggled = mmap(NULL, toggled_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    handle(SIGSEGV, unprotect, 0);
    for (int i = 0; i < 1000; i++) {
        mprotect((void *)toggled, toggled_size, PROT_READ);
        toggled[i] = (char)i;
        CHECK_IS(toggled[i], (char)i);
    }
    CHECK_IS(hits, 1000);
    hits = 0;
}

int main(void)
{
    handle(SIGSEGV, jump_out, 0);
    handle(SIGBUS, jump_out, 0);
    test_memory();
    test_file_end();
    test_calls();
#ifdef __riscv
    test_registers();
    test_instructions();
#endif
    test_deaths();
    test_many();
    return check_result();
}
