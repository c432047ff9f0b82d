/* SPDX-License-Identifier: MIT */
/*
 * priv.c: privileged behaviour of a hart, on the virt board: CSR fields, exceptions and
 * delegation, interrupts, physical memory protection, page tables, counters, timers. Each check
 * states what The RISC-V Instruction Set Manual, volume II, says; what differs is printed, and the
 * exit status is 1.
 */
#include "rows.h"

#include <stdbool.h>
#include <stdint.h>

typedef unsigned long reg;
#define RV64 (__riscv_xlen == 64)
#define INTERRUPT ((reg)1 << (__riscv_xlen - 1))

struct entry {
    void (*pc)(void);
    reg args[3];
};
struct outcome {
    reg cause, tval, pc, results[2], unused[3], steps, mstatus;
};
void enter(const struct entry *e, struct outcome *o);
extern char m_vector[], s_vector[];

#define PIECES(X)                                                                                  \
    X(p_nothing) X(p_ecall) X(p_load) X(p_load_unaligned) X(p_load8) X(p_store) X(p_amo)           \
    X(p_amo_unaligned) X(p_lr_unaligned) X(p_sc_none) X(p_jump) X(p_csr_mstatus) X(p_csr_sstatus)  \
    X(p_csr_satp) X(p_csr_cycle) X(p_csr_time) X(p_csr_instret) X(p_csr_hpmcounter3)               \
    X(p_csr_fcsr) X(p_csr_stimecmp) X(p_csr_sie_sip) X(p_fadd) X(p_mret) X(p_sret)                 \
    X(p_sret_plain) X(p_wfi) X(p_sfence) X(p_sinval) X(p_sinval_order) X(p_cbo_zero)               \
    X(p_cbo_inval) X(p_cbo_clean) X(p_cbo_flush) X(p_spin) X(p_sum_load) X(p_unknown)              \
    X(p_unknown16)
#define X(name) void name(void);
PIECES(X)
#undef X

#define csr_read(name) ({ reg v_; __asm__ volatile("csrr %0, " #name : "=r"(v_)); v_; })
#define csr_write(name, v)                                                                         \
    ({ reg w_ = (reg)(v); __asm__ volatile("csrw " #name ", %0" : : "r"(w_) : "memory"); })
#define csr_set(name, v)                                                                           \
    ({ reg w_ = (reg)(v); __asm__ volatile("csrs " #name ", %0" : : "r"(w_) : "memory"); })
#define csr_clear(name, v)                                                                         \
    ({ reg w_ = (reg)(v); __asm__ volatile("csrc " #name ", %0" : : "r"(w_) : "memory"); })
#define fence_pages() __asm__ volatile("sfence.vma" : : : "memory")

enum { U = 0, S = 1, M = 3 };
enum {
    FETCH_ACCESS = 1, ILLEGAL = 2, BREAK = 3, LOAD_MISALIGNED = 4, LOAD_ACCESS = 5,
    STORE_MISALIGNED = 6, STORE_ACCESS = 7, ECALL_U = 8, ECALL_S = 9, ECALL_M = 11,
    FETCH_PAGE = 12, LOAD_PAGE = 13, STORE_PAGE = 15,
};

/* ---- reporting ------------------------------------------------------------------------------- */

static unsigned checks, failures;

static void put(char c)
{
    volatile uint8_t *uart = (volatile uint8_t *)0x10000000;
    while (!(uart[5] & 0x20))
        ;
    *uart = (uint8_t)c;
}

static void text(const char *s)
{
    while (*s)
        put(*s++);
}

static void hex(reg v)
{
    unsigned digits = 1;
    while (digits < __riscv_xlen / 4 && v >> (4 * digits))
        digits++;
    while (digits-- > 0)
        put("0123456789abcdef"[v >> (4 * digits) & 15]);
}

static void equal(const char *what, reg got, reg wanted)
{
    checks++;
    if (got == wanted)
        return;
    failures++;
    text("not ok: ");
    text(what);
    text(": 0x");
    hex(got);
    text(", not 0x");
    hex(wanted);
    put('\n');
}

/* ---- running pieces -------------------------------------------------------------------------- */

static struct outcome out;

/* Runs a piece in a mode; what ended it is in `out`. */
static void run(unsigned mode, void (*piece)(void), reg a0, reg a1)
{
    struct entry e = { piece, { a0, a1, 0 } };

    csr_clear(mstatus, 0x1800);
    csr_set(mstatus, (reg)mode << 11);
    enter(&e, &out);
    out.pc -= (reg)piece;
}

/* The same, and checks cause and tval. */
static void expect(const char *what, unsigned mode, void (*piece)(void), reg a0, reg cause,
                   reg tval)
{
    run(mode, piece, a0, 0);
    equal(what, out.cause, cause);
    if (cause != BREAK)
        equal(what, out.tval, tval);
}

/* Runs to the ebreak and checks the result. */
static void result(const char *what, unsigned mode, void (*piece)(void), reg a0, reg wanted)
{
    run(mode, piece, a0, 0);
    equal(what, out.cause, BREAK);
    equal(what, out.results[0], wanted);
}

static reg word_at(void (*piece)(void), unsigned i)
{
    return ((const uint32_t *)(reg)piece)[i];
}

static void illegal(const char *what, unsigned mode, void (*piece)(void))
{
    expect(what, mode, piece, 0, ILLEGAL, word_at(piece, 0));
}

static void open_pmp(void)
{
    csr_write(pmpaddr0, ~(reg)0);
    csr_write(pmpcfg0, 0x1f);
}

/* ---- fields ---------------------------------------------------------------------------------- */

#define FIELD(name, wanted)                                                                        \
    do {                                                                                           \
        reg before_ = csr_read(name);                                                              \
        csr_write(name, ~(reg)0);                                                                  \
        equal(#name " after all ones", csr_read(name), wanted);                                    \
        csr_write(name, before_);                                                                  \
    } while (0)

static void fields(void)
{
    reg uxl = RV64 ? (reg)((uint64_t)0xa << 32) : 0, sd = INTERRUPT;

    equal("mvendorid", csr_read(mvendorid), 0);
    equal("marchid", csr_read(marchid), 42);
    equal("mimpid", csr_read(mimpid), 0);
    equal("mhartid", csr_read(mhartid), 0);
    equal("misa", csr_read(misa), ((reg)(RV64 ? 2 : 1) << (__riscv_xlen - 2)) | 0x14112d);
    FIELD(mscratch, ~(reg)0);
    FIELD(sscratch, ~(reg)0);
    FIELD(mepc, ~(reg)1);
    FIELD(sepc, ~(reg)1);
    FIELD(mcause, ~(reg)0);
    FIELD(mtval, ~(reg)0);
    FIELD(medeleg, 0xb3ff);
    FIELD(mideleg, 0x222);
    FIELD(mie, 0xaaa);
    FIELD(mcounteren, 7);
    FIELD(scounteren, 7);
    FIELD(mcountinhibit, 5);
    FIELD(pmpaddr1, RV64 ? (reg)(((uint64_t)1 << 54) - 1) : ~(reg)0);
    FIELD(mip, 0x222);
    csr_write(mstatus, ~(reg)0);
    equal("mstatus after all ones", csr_read(mstatus), uxl | sd | 0x7e79aa);
    equal("sstatus", csr_read(sstatus), (RV64 ? (reg)((uint64_t)2 << 32) : 0) | sd | 0xc6122);
    csr_write(mstatus, 0x1000); /* MPP 2 is no mode: the field stays */
    equal("mstatus.MPP", csr_read(mstatus), uxl | 0x1800);
    csr_write(mstatus, 0);
    csr_write(satp, (reg)(RV64 ? (uint64_t)7 << 60 | 5 : 0)); /* no mode: nothing is written */
    equal("satp with an unknown mode", csr_read(satp), 0);
    csr_write(mtvec, 0x80000003);
    equal("mtvec mode", csr_read(mtvec), 0x80000001);
    csr_write(mtvec, m_vector);
    csr_write(mideleg, 0x22);
    csr_write(mie, 0xaaa);
    equal("sie shows what is delegated", csr_read(sie), 0x22);
    csr_write(sie, 0);
    equal("and changes that only", csr_read(mie), 0xa88);
    csr_write(mip, 0x222);
    equal("sip", csr_read(sip), 0x22);
    csr_write(sip, 0);
    equal("sip writes SSIP only", csr_read(mip), 0x220);
    csr_write(mip, 0);
    csr_write(mie, 0);
    csr_write(mideleg, 0);
}

/* ---- exceptions ------------------------------------------------------------------------------ */

static void exceptions(void)
{
    static uint32_t data[4];

    expect("ecall from M", M, p_ecall, 0, ECALL_M, 0);
    expect("ecall from S", S, p_ecall, 0, ECALL_S, 0);
    expect("ecall from U", U, p_ecall, 0, ECALL_U, 0);
    equal("mstatus.MPP after a trap from U", out.mstatus >> 11 & 3, U);
    run(S, p_nothing, 0, 0);
    equal("ebreak", out.cause, BREAK);
    equal("mtval of ebreak", out.tval, (reg)p_nothing);
    illegal("M-mode CSR from S", S, p_csr_mstatus);
    illegal("M-mode CSR from U", U, p_csr_mstatus);
    illegal("S-mode CSR from U", U, p_csr_sstatus);
    illegal("unknown instruction", M, p_unknown);
    expect("unknown 16-bit instruction", M, p_unknown16, 0, ILLEGAL, 0);
    illegal("mret in S", S, p_mret);
    illegal("sret in U", U, p_sret_plain);
    illegal("wfi in U", U, p_wfi);
    illegal("sfence.vma in U", U, p_sfence);
    illegal("sinval.vma in U", U, p_sinval);
    illegal("sfence.w.inval in U", U, p_sinval_order);
    expect("misaligned AMO", M, p_amo_unaligned, (reg)data, STORE_MISALIGNED, (reg)data + 2);
    expect("misaligned LR", M, p_lr_unaligned, (reg)data, LOAD_MISALIGNED, (reg)data + 2);
    expect("misaligned load", M, p_load_unaligned, (reg)data, BREAK, 0);
    result("SC without a reservation", M, p_sc_none, (reg)data, 1);
    equal("stores nothing", data[0], 0);
    expect("load from nothing", M, p_load, 0x18000000, LOAD_ACCESS, 0x18000000);
    expect("store to nothing", M, p_store, 0x18000000, STORE_ACCESS, 0x18000000);
    expect("jump to nothing", M, p_jump, 0x18000000, FETCH_ACCESS, 0x18000000);
    equal("its pc", out.pc + (reg)p_jump, 0x18000000);

    csr_write(mstatus, 0);
    illegal("floats with FS off", M, p_fadd);
    illegal("fcsr with FS off", M, p_csr_fcsr);
    csr_write(mstatus, 0x2000);
    expect("floats with FS initial", M, p_fadd, 0, BREAK, 0);
    equal("make it dirty", out.mstatus >> 13 & 3, 3);
    csr_write(mstatus, 0);

    csr_set(mstatus, 0x100000);
    illegal("satp with TVM", S, p_csr_satp);
    illegal("sfence.vma with TVM", S, p_sfence);
    illegal("sinval.vma with TVM", S, p_sinval);
    expect("sfence.w.inval with TVM", S, p_sinval_order, 0, BREAK, 0);
    csr_write(mstatus, 0x200000);
    illegal("wfi with TW", S, p_wfi);
    csr_write(mstatus, 0x400000);
    run(S, p_sret, 0, 0);
    equal("sret with TSR", out.cause, ILLEGAL);
    csr_write(mstatus, 0x120);
    run(S, p_sret, 0, 0);
    equal("sret", out.cause, BREAK);
    equal("sret into S: MPP", out.mstatus >> 11 & 3, S);
    equal("sret: SIE, SPIE, SPP", out.mstatus & 0x122, 0x22);
    csr_write(mstatus, 0);
}

static void delegation(void)
{
    csr_write(stvec, s_vector);
    csr_write(medeleg, 1 << ECALL_U | 1 << ILLEGAL);
    csr_write(mstatus, 2);
    run(U, p_ecall, 0, 0);
    equal("delegated ecall ends in S", out.results[1], 0x100);
    equal("scause", csr_read(scause), ECALL_U);
    equal("stval", csr_read(stval), 0);
    equal("sepc", csr_read(sepc), (reg)p_ecall);
    equal("sstatus: SIE to SPIE, SPP U", out.results[0] & 0x122, 0x20);
    run(S, p_unknown, 0, 0);
    equal("scause", csr_read(scause), ILLEGAL);
    equal("stval", csr_read(stval), 0xffffffff);
    equal("sstatus: SPP S, SIE was clear", out.results[0] & 0x122, 0x100);
    expect("not from M", M, p_unknown, 0, ILLEGAL, 0xffffffff);
    csr_write(medeleg, 0);
    csr_write(mstatus, 0);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

#define MSIP ((volatile uint32_t *)0x2000000)
#define MTIMECMP ((volatile uint32_t *)0x2004000)
#define MTIME ((volatile uint32_t *)0x200bff8)

static void interrupts(void)
{
    csr_write(mtvec, (reg)m_vector | 1);
    *MSIP = 1;
    equal("msip", csr_read(mip) & 8, 8);
    csr_write(mie, 8);
    csr_write(mstatus, 0);
    expect("masked in M", M, p_nothing, 0, BREAK, 0);
    csr_write(mstatus, 0x80); /* MIE after mret */
    run(M, p_nothing, 0, 0);
    equal("software interrupt", out.cause, INTERRUPT | 3);
    equal("vectored", out.steps, 0x100);
    equal("before any instruction", out.pc, 0);
    equal("MPIE, MIE", out.mstatus & 0x88, 0x80);
    csr_write(mstatus, 0);
    run(S, p_spin, 0, 0);
    equal("always enabled below M", out.cause, INTERRUPT | 3);
    csr_write(mip, 2);
    csr_write(mie, 0xa);
    run(S, p_spin, 0, 0);
    equal("machine software before supervisor software", out.cause, INTERRUPT | 3);
    *MSIP = 0;
    run(S, p_spin, 0, 0);
    equal("supervisor software to M", out.cause, INTERRUPT | 1);
    csr_write(mtvec, m_vector);

    csr_write(mideleg, 2);
    csr_write(stvec, (reg)s_vector | 1);
    csr_write(mstatus, 0);
    expect("delegated: not in S without SIE", S, p_nothing, 0, BREAK, 0);
    csr_write(mstatus, 2);
    run(S, p_spin, 0, 0);
    equal("delegated", out.results[1], 0x200);
    equal("scause", csr_read(scause), INTERRUPT | 1);
    csr_write(mstatus, 0);
    run(U, p_spin, 0, 0);
    equal("delegated, from U", out.results[1], 0x200);
    csr_write(mstatus, 0x8a);
    expect("delegated: not in M", M, p_nothing, 0, BREAK, 0);
    csr_write(mip, 0);
    csr_write(mideleg, 0);
    csr_write(stvec, s_vector);

    csr_write(mie, 0x80);
    csr_write(mstatus, 0);
    MTIMECMP[1] = 0;
    MTIMECMP[0] = MTIME[0] + 20000; /* 2 ms */
    run(S, p_spin, 0, 0);
    equal("timer interrupt", out.cause, INTERRUPT | 7);
    equal("not too early", MTIME[0] - MTIMECMP[0] < 0x80000000, 1);
    MTIMECMP[0] = MTIME[0] + 20000;
    run(S, p_wfi, 0, 0);
    equal("wfi until the timer", out.cause, INTERRUPT | 7);
    equal("and goes on behind it", out.pc, 4);
    MTIMECMP[1] = ~0u;
    csr_write(mie, 0);
}

static void supervisor_timer(void)
{
    reg now;

    csr_clear(mcounteren, 7);
    illegal("stimecmp from S", S, p_csr_stimecmp);
#if RV64
    csr_write(0x30a, (uint64_t)1 << 63);
#else
    csr_write(0x31a, 1u << 31);
    csr_write(0x15d, 0);
#endif
    illegal("stimecmp from S without TM", S, p_csr_stimecmp);
    csr_write(mcounteren, 2);
    result("stimecmp from S", S, p_csr_stimecmp, 0x7fffffff, 0x7fffffff);
    equal("not pending", csr_read(mip) & 0x20, 0);
    csr_write(0x14d, 0);
    equal("pending", csr_read(mip) & 0x20, 0x20);
    csr_clear(mip, 0x20);
    equal("until stimecmp changes", csr_read(mip) & 0x20, 0x20);
    now = csr_read(time);
    csr_write(0x14d, now + 20000);
    equal("which it does", csr_read(mip) & 0x20, 0);
    csr_write(mie, 0x20);
    run(S, p_spin, 0, 0);
    equal("and then fires", out.cause, INTERRUPT | 5);
    equal("not too early", csr_read(time) >= now + 20000, 1);
    csr_write(0x14d, ~(reg)0 >> 2); /* not for years, */
    MTIME[0] = ~0u;                 /* but then time is put forward */
    MTIME[1] = 0x7fffffff;
    run(S, p_spin, 0, 0);
    equal("fires when mtime moves", out.cause, INTERRUPT | 5);
    MTIME[1] = 0;
    csr_write(0x14d, csr_read(time) + 20000);
    run(S, p_spin, 0, 0);
    equal("and when it moves back", out.cause, INTERRUPT | 5);
    csr_write(0x14d, ~(reg)0);
    csr_write(mie, 0);
#if RV64
    csr_write(0x30a, 0);
#else
    csr_write(0x31a, 0);
#endif
}

static void counters(void)
{
    csr_write(mcounteren, 0);
    csr_write(scounteren, 0);
    illegal("cycle from S", S, p_csr_cycle);
    csr_write(mcounteren, 7);
    expect("cycle from S, enabled", S, p_csr_cycle, 0, BREAK, 0);
    illegal("cycle from U", U, p_csr_cycle);
    illegal("time from U", U, p_csr_time);
    csr_write(scounteren, 6);
    illegal("cycle from U", U, p_csr_cycle);
    expect("time from U, enabled", U, p_csr_time, 0, BREAK, 0);
    expect("instret from U, enabled", U, p_csr_instret, 0, BREAK, 0);
    illegal("hpmcounter3 from U", U, p_csr_hpmcounter3);
    csr_write(mcountinhibit, 5);
    csr_write(mcycle, 1234);
    csr_write(minstret, 5678);
    equal("inhibited mcycle", csr_read(mcycle), 1234);
    equal("inhibited minstret", csr_read(minstret), 5678);
    csr_write(mcountinhibit, 0);
    equal("mcycle counts on", csr_read(mcycle) - 1234 < 1000000000, 1);
    csr_write(mcounteren, 0);
    csr_write(scounteren, 0);
}

/* ---- protection ------------------------------------------------------------------------------ */

static uint32_t guarded[4096] __attribute__((aligned(16384)));

static void protection(void)
{
    reg at = (reg)guarded;

    /* Entry 0: the area, entry 1: everything. */
    csr_write(pmpaddr1, ~(reg)0);
    csr_write(pmpaddr0, at >> 2 | 0x7ff); /* 16 KiB */
    csr_write(pmpcfg0, 0x1f18);
    expect("PMP: load", S, p_load, at, LOAD_ACCESS, at);
    expect("PMP: store", U, p_store, at + 16380, STORE_ACCESS, at + 16380);
    expect("PMP: AMO", U, p_amo, at, STORE_ACCESS, at);
    expect("PMP: fetch", S, p_jump, at, FETCH_ACCESS, at);
    expect("PMP: below it", S, p_load, at - 4, BREAK, 0);
    expect("PMP: behind it", S, p_load, at + 16384, BREAK, 0);
    expect("PMP: M is exempt", M, p_load, at, BREAK, 0);
    csr_write(mstatus, 0x20800); /* MPRV as S */
    csr_write(pmpcfg0, 0x1f19);
    expect("PMP: read only", S, p_load, at, BREAK, 0);
    expect("PMP: read only", S, p_store, at, STORE_ACCESS, at);
    csr_write(mstatus, 0);

    csr_write(pmpaddr0, (at + 0x100) >> 2); /* four bytes */
    csr_write(pmpcfg0, 0x1f10);
    expect("PMP: 4 bytes", S, p_load, at + 0x100, LOAD_ACCESS, at + 0x100);
    expect("PMP: before them", S, p_load, at + 0xfc, BREAK, 0);
    expect("PMP: behind them", S, p_load, at + 0x104, BREAK, 0);
    expect("PMP: before them, again", S, p_store, at + 0xfc, BREAK, 0);
    expect("PMP: 4 bytes, again", S, p_store, at + 0x100, STORE_ACCESS, at + 0x100);
    /* An access must match the deciding entry with all its bytes, whatever that allows. Whether a misaligned one
     * counts as a whole is the implementation's choice: as long as it stays in a page, here it does. */
    expect("PMP: over the beginning", S, p_load, at + 0xfe, LOAD_ACCESS, at + 0xfe);
    expect("PMP: over the end", S, p_store, at + 0x102, STORE_ACCESS, at + 0x102);
    csr_write(pmpcfg0, 0x1f17);
    expect("PMP: allowed, over the beginning", S, p_load, at + 0xfe, LOAD_ACCESS, at + 0xfe);
    expect("PMP: allowed, 4 bytes", S, p_load, at + 0x100, BREAK, 0);
#if RV64
    expect("PMP: 8 bytes of 4", S, p_load8, at + 0x100, LOAD_ACCESS, at + 0x100);
    expect("PMP: 8 bytes of 4, M", M, p_load8, at + 0x100, LOAD_ACCESS, at + 0x100);
#endif

    csr_write(pmpaddr0, (at + 0x40) >> 2); /* a range, by two entries */
    csr_write(pmpaddr1, (at + 0x50) >> 2);
    csr_write(pmpaddr2, ~(reg)0);
    csr_write(pmpcfg0, 0x1f0900);
    expect("PMP: range, below", S, p_store, at + 0x3c, BREAK, 0);
    expect("PMP: range", S, p_store, at + 0x40, STORE_ACCESS, at + 0x40);
    expect("PMP: range, last", S, p_load, at + 0x4c, BREAK, 0);
    expect("PMP: range, above", S, p_store, at + 0x50, BREAK, 0);

    csr_write(pmpcfg0, 0);
    expect("PMP: no entry matches", S, p_load, at, FETCH_ACCESS, (reg)p_load);
    expect("PMP: no entry matches, M", M, p_load, at, BREAK, 0);

    /* Locked: for M too, until reset. */
    csr_write(pmpaddr3, at >> 2 | 0x1ff);
#if RV64
    csr_write(pmpcfg0, (uint64_t)0x99 << 24 | 0x1f0000);
#else
    csr_write(pmpcfg0, (uint32_t)0x99 << 24 | 0x1f0000);
#endif
    csr_write(pmpaddr2, 0);
    csr_write(pmpaddr3, 0);
    equal("PMP: locked address", csr_read(pmpaddr3), at >> 2 | 0x1ff);
    csr_write(pmpcfg0, 0);
    equal("PMP: locked configuration", csr_read(pmpcfg0), (reg)0x99 << 24);
    expect("PMP: locked, M", M, p_store, at, STORE_ACCESS, at);
    expect("PMP: locked, M may read", M, p_load, at, BREAK, 0);
    open_pmp();
}

/* ---- page tables ----------------------------------------------------------------------------- */

#define LEVEL_BITS (RV64 ? 9 : 10)
#define LEVELS (RV64 ? 3 : 2)
#define ENTRIES (1 << LEVEL_BITS)
#define V 1
#define R 2
#define W 4
#define XE 8
#define UE 16
#define A 64
#define D 128
#define CODE_VA ((reg)0x80000000) /* mapped to itself, for S */
#define VA ((reg)0x40000000)      /* what is tested */
#define BIG ((reg)1 << (12 + LEVEL_BITS))

static reg root[ENTRIES] __attribute__((aligned(4096)));
static reg mid[ENTRIES] __attribute__((aligned(4096)));
static reg leaf[ENTRIES] __attribute__((aligned(4096)));
static uint32_t page[1024] __attribute__((aligned(4096)));

static reg pte(const void *p, reg flags)
{
    return (reg)p >> 12 << 10 | flags;
}

static void space_on(reg code_flags)
{
    unsigned top = 12 + LEVEL_BITS * (LEVELS - 1);

    for (unsigned i = 0; i < ENTRIES; i++)
        root[i] = mid[i] = leaf[i] = 0;
    root[CODE_VA >> top] = (CODE_VA >> 12 << 10) | V | R | W | XE | A | D | code_flags;
    if (RV64) {
        root[VA >> top] = pte(mid, V);
        mid[0] = pte(leaf, V);
    } else {
        root[VA >> top] = pte(leaf, V);
    }
    csr_write(satp, (RV64 ? (reg)((uint64_t)8 << 60) : (reg)1 << 31) | (reg)root >> 12);
    fence_pages();
}

/* Maps VA by one leaf and tries an access. */
static void mapped(const char *what, reg flags, unsigned mode, void (*piece)(void), reg cause)
{
    leaf[0] = pte(page, flags);
    fence_pages();
    run(mode, piece, VA + 8, 0);
    equal(what, out.cause, cause);
    if (cause != BREAK)
        equal(what, out.tval, VA + 8);
}

static void page_rights(void)
{
    space_on(0);
    mapped("not valid", R | W | A | D, S, p_load, LOAD_PAGE);
    mapped("not valid", R | W | A | D, S, p_store, STORE_PAGE);
    mapped("not valid", R | W | A | D, S, p_amo, STORE_PAGE);
    mapped("not valid", R | W | A | D, S, p_jump, FETCH_PAGE);
    mapped("read", V | R | A | D, S, p_load, BREAK);
    mapped("write to read-only", V | R | A | D, S, p_store, STORE_PAGE);
    mapped("write", V | R | W | A | D, S, p_store, BREAK);
    mapped("atomic", V | R | W | A | D, S, p_amo, BREAK);
    mapped("fetch without X", V | R | W | A | D, S, p_jump, FETCH_PAGE);
    mapped("read of execute-only", V | XE | A | D, S, p_load, LOAD_PAGE);
    csr_set(mstatus, 0x80000);
    mapped("the same with MXR", V | XE | A | D, S, p_load, BREAK);
    csr_clear(mstatus, 0x80000);
    mapped("and without again", V | XE | A | D, S, p_load, LOAD_PAGE);
    mapped("W without R is reserved", V | W | A | D, S, p_load, LOAD_PAGE);
    mapped("a user page from S", V | R | W | UE | A | D, S, p_load, LOAD_PAGE);
    mapped("the same with SUM", V | R | W | UE | A | D, S, p_sum_load, BREAK);
    mapped("and without again", V | R | W | UE | A | D, S, p_load, LOAD_PAGE);
    csr_set(mstatus, 0x40000);
    mapped("SUM does not let fetch", V | R | XE | UE | A | D, S, p_jump, FETCH_PAGE);
    csr_clear(mstatus, 0x40000);
#if RV64
    mapped("reserved bits", V | R | W | A | D | (reg)1 << 54, S, p_load, LOAD_PAGE);
    mapped("N without Svnapot", V | R | W | A | D | (reg)1 << 63, S, p_load, LOAD_PAGE);
    run(S, p_load, (reg)1 << 39, 0);
    equal("not canonical", out.cause, LOAD_PAGE);
    mid[0] |= UE;
    mapped("U in a pointer is reserved", V | R | A | D, S, p_load, LOAD_PAGE);
    mid[0] &= ~(reg)UE;
#endif
    leaf[0] = pte(page, V);
    fence_pages();
    expect("pointer at the last level", S, p_load, VA, LOAD_PAGE, VA);

    /* From M through MPRV. */
    leaf[0] = pte(page, V | R | W | UE | A | D);
    fence_pages();
    page[2] = 4711;
    csr_write(mstatus, 0x20000 | U << 11);
    {
        reg v = 0;
        __asm__ volatile("lw %0, 8(%1)" : "=r"(v) : "r"(VA));
        csr_write(mstatus, 0);
        equal("MPRV: load as U", v, 4711);
    }

    space_on(UE);
    mapped("a supervisor page from U", V | R | W | A | D, U, p_load, LOAD_PAGE);
    mapped("a user page from U", V | R | W | UE | A | D, U, p_load, BREAK);
    csr_write(satp, 0);
}

static void page_bits(bool hardware)
{
    space_on(0);
    if (!hardware) {
        mapped("A clear", V | R | W, S, p_load, LOAD_PAGE);
        mapped("A clear", V | XE, S, p_jump, FETCH_PAGE);
        mapped("D clear, read", V | R | W | A, S, p_load, BREAK);
        mapped("D clear, write", V | R | W | A, S, p_store, STORE_PAGE);
        equal("bits are left alone", leaf[0], pte(page, V | R | W | A));
    } else {
        mapped("A is set", V | R | W, S, p_load, BREAK);
        equal("by a load", leaf[0], pte(page, V | R | W | A));
        run(S, p_store, VA + 8, 1);
        equal("D by a store", leaf[0], pte(page, V | R | W | A | D));
        mapped("both", V | R | W, S, p_amo, BREAK);
        equal("by an AMO", leaf[0], pte(page, V | R | W | A | D));
        mapped("no write, no D", V | R, S, p_store, STORE_PAGE);
        equal("nor A", leaf[0], pte(page, V | R));
    }
    csr_write(satp, 0);
}

static void page_sizes(void)
{
    reg flags = V | R | W | A | D;
    reg *table = RV64 ? mid : root;
    unsigned at = RV64 ? 1 : VA / BIG;

    space_on(0);
    table[at] = pte((void *)0x80000000, flags);
    fence_pages();
    expect("superpage", S, p_load, VA + (RV64 ? BIG : 0) + 0x1000, BREAK, 0);
    equal("what it shows", out.results[0], *(int32_t *)(reg)0x80001000);
    table[at] = pte((void *)0x80001000, flags);
    fence_pages();
    expect("misaligned superpage", S, p_load, VA + (RV64 ? BIG : 0), LOAD_PAGE,
           VA + (RV64 ? BIG : 0));
    /* A changed superpage, fenced by one address in it. */
    table[at] = pte((void *)0x80000000, flags);
    fence_pages();
    expect("superpage", S, p_load, VA + (RV64 ? BIG : 0) + 0x3000, BREAK, 0);
    table[at] = 0;
    __asm__ volatile("sfence.vma %0" : : "r"(VA + (RV64 ? BIG : 0)) : "memory");
    expect("fence by address", S, p_load, VA + (RV64 ? BIG : 0) + 0x3000, LOAD_PAGE,
           VA + (RV64 ? BIG : 0) + 0x3000);
    csr_write(satp, 0);
#if RV64
    for (unsigned mode = 9; mode <= 10; mode++) {
        static reg top[2][ENTRIES] __attribute__((aligned(4096)));
        space_on(0);
        top[0][0] = pte(root, V);
        top[1][0] = pte(top[0], V);
        csr_write(satp, (uint64_t)mode << 60 | (reg)top[mode - 9] >> 12);
        fence_pages();
        equal("Sv48, Sv57", csr_read(satp) >> 60, mode);
        page[2] = mode;
        mapped("a page through four or five levels", V | R | A | D, S, p_load, BREAK);
        equal("what it shows", out.results[0], mode);
        run(S, p_load, (reg)1 << 39, 0);
        equal("another top entry", out.cause, LOAD_PAGE);
        run(S, p_load, (reg)1 << (mode == 9 ? 48 : 57), 0);
        equal("not canonical", out.cause, LOAD_PAGE);
        csr_write(satp, 0);
    }
#endif
}

static void cache_blocks(void)
{
    static uint64_t block[16] __attribute__((aligned(64)));
    static void (*const manage[])(void) = { p_cbo_inval, p_cbo_clean, p_cbo_flush };

    for (unsigned i = 0; i < 16; i++)
        block[i] = ~(uint64_t)0;
    csr_write(0x30a, 0);
    csr_write(0x10a, 0);
    illegal("cbo.zero from S", S, p_cbo_zero);
    for (unsigned i = 0; i < 3; i++)
        illegal("cbo from S", S, manage[i]);
    expect("cbo.zero from M", M, p_cbo_zero, (reg)block + 70, BREAK, 0);
    equal("leaves what is before", (reg)block[7], ~(reg)0);
    equal("clears the block", (reg)(block[8] | block[15]), 0);
    csr_write(0x30a, 0xd0);
    expect("cbo.zero from S, enabled", S, p_cbo_zero, (reg)block, BREAK, 0);
    equal("clears", (reg)(block[0] | block[7]), 0);
    for (unsigned i = 0; i < 3; i++) {
        expect("cbo from S, enabled", S, manage[i], (reg)block, BREAK, 0);
        illegal("cbo from U", U, manage[i]);
    }
    csr_write(0x10a, 0xd0);
    expect("cbo.zero from U, enabled", U, p_cbo_zero, (reg)block, BREAK, 0);
    space_on(0);
    for (unsigned i = 0; i < 3; i++) {
        mapped("cbo on a readable page", V | R | A | D, S, manage[i], BREAK);
        mapped("cbo on no page", 0, S, manage[i], STORE_PAGE);
    }
    mapped("cbo.zero on a readable page", V | R | A | D, S, p_cbo_zero, STORE_PAGE);
    csr_write(satp, 0);
    csr_write(0x30a, 0);
    csr_write(0x10a, 0);
}

/* ---- comparisons that leave the flags alone -------------------------------------------------- */

struct doubles {
    uint64_t a, b;
};
#define SMALL UINT64_C(0x3fb999999999999a) /* 0.1: adding it to itself and LARGE is inexact */
#define LARGE UINT64_C(0x4008000000000000)
#define QUIET_NAN UINT64_C(0x7ff8000000000000)
#define SIGNALLING_NAN UINT64_C(0x7ff0000000000001)

/* What compilers make of isless(): frflags, a comparison, fsflags. */
#define BETWEEN_FLAGS(name, code)                                                                  \
    static reg name(const struct doubles *d, reg before, reg *ret_flags)                           \
    {                                                                                              \
        reg result;                                                                                \
        __asm__ volatile(".option push\n.option arch, +d\n"                                        \
                         "fld ft0, 0(%2)\nfld ft1, 8(%2)\nli %0, 0\n"                              \
                         "fsflags %3\nfrflags t0\n" code "fsflags t0\nfrflags %1\n"               \
                         ".option pop"                                                             \
                         : "=&r"(result), "=&r"(*ret_flags) : "r"(d), "r"(before) : "t0", "t1");   \
        return result;                                                                             \
    }
BETWEEN_FLAGS(less, "flt.d %0, ft0, ft1\n")
BETWEEN_FLAGS(less_and_equal, "flt.d %0, ft0, ft1\nfeq.d t1, ft1, ft0\n")
BETWEEN_FLAGS(sum_between, "fadd.d ft2, ft0, ft1\nflt.d %0, ft0, ft1\n")
BETWEEN_FLAGS(changed, "flt.d %0, ft0, ft1\nori t0, t0, 8\n")

static void quiet_comparisons(void)
{
    static const struct doubles ordered = { SMALL, LARGE };
    static const struct doubles nans[] = { { QUIET_NAN, SMALL }, { SMALL, QUIET_NAN },
                                           { SIGNALLING_NAN, SMALL }, { QUIET_NAN, QUIET_NAN } };
    reg flags;

    csr_set(mstatus, 0x6000);
    for (reg before = 0; before < 32; before += 5) {
        equal("less", less(&ordered, before, &flags), 1);
        equal("its flags", flags, before);
        equal("less and equal", less_and_equal(&ordered, before, &flags), 1);
        equal("their flags", flags, before);
        equal("less behind a sum", sum_between(&ordered, before, &flags), 1);
        equal("its flags", flags, before);
        equal("less, flags changed", changed(&ordered, before, &flags), 1);
        equal("its flags", flags, before | 8);
        for (unsigned i = 0; i < sizeof nans / sizeof *nans; i++) {
            equal("less than a NaN", less(&nans[i], before, &flags), 0);
            equal("its flags", flags, before);
            equal("less and equal with a NaN", less_and_equal(&nans[i], before, &flags), 0);
            equal("their flags", flags, before);
        }
    }
}

void main_(void)
{
    csr_write(mtvec, m_vector);
    open_pmp();
    fields();
    exceptions();
    delegation();
    interrupts();
    supervisor_timer();
    counters();
    quiet_comparisons();
    page_rights();
#if RV64
    csr_write(0x30a, 0);
    page_bits(false);
    csr_write(0x30a, (uint64_t)1 << 61);
    page_bits(true);
    csr_write(0x30a, 0);
#else
    csr_write(0x31a, 0);
    page_bits(false);
    csr_write(0x31a, 1u << 29);
    page_bits(true);
    csr_write(0x31a, 0);
#endif
    page_sizes();
    cache_blocks();
    protection();
    text(failures ? "FAILED: 0x" : "passed: 0x");
    hex(failures ? failures : checks);
    text(" checks\n");
    *(volatile uint32_t *)0x100000 = failures ? 1 << 16 | 0x3333 : 0x5555;
    for (;;)
        ;
}
