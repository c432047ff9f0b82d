/* SPDX-License-Identifier: MIT */
/* priv.h: what the parts of the test of privileged behaviour share (priv*.c). */
#ifndef PRIV_H
#define PRIV_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t reg;

/* What ended a piece, where it was taken to. */
struct outcome {
    reg esr, pc, spsr, far, x0, x1;
    reg vector;            /* offset from VBAR in 128 bytes */
    reg el;
    reg hpfar;
};
extern struct outcome out;
extern unsigned monitor;   /* the level of this program: 2 or 3 */

#define PIECES(X)                                                                                  \
    X(p_nothing) X(p_load) X(p_store) X(p_ldrsb) X(p_ldrsh) X(p_strh_reg) X(p_ldr_post) X(p_ldp)   \
    X(p_ldar) X(p_ldtr) X(p_sttr) X(p_ldadd) X(p_cas) X(p_exclusive) X(p_load_unaligned)           \
    X(p_store_unaligned) X(p_ldar_unaligned) X(p_jump) X(p_svc) X(p_hvc) X(p_smc) X(p_undefined)   \
    X(p_sctlr) X(p_sctlr2) X(p_sctlr12) X(p_ttbr) X(p_midr) X(p_ctr) X(p_currentel) X(p_daifset)   \
    X(p_wfi) X(p_wfe) X(p_fp) X(p_dc_zva) X(p_dc_cvac) X(p_dc_civac) X(p_dc_ivac) X(p_dc_cisw)     \
    X(p_ic_ivau) X(p_ic_iallu) X(p_tlbi_vmalle1) X(p_tlbi_vmalle1is) X(p_tlbi_alle1)               \
    X(p_at_s1e1r) X(p_at_s1e1w) X(p_at_s1e0r) X(p_at_s1e1rp) X(p_pan_load) X(p_uao_ldtr)           \
    X(p_spin) X(p_eret_el0) X(p_eret_illegal) X(p_sp_switch) X(p_cnt) X(p_cntfrq) X(p_cntv_ctl)    \
    X(p_store_load) X(p_load_two) X(p_brk) X(p_elr_sp) X(p_pc_align) X(p_count)      \
    X(p_pmccntr) X(p_blr) X(p_ret) X(p_br16) X(p_br17) X(pieces) X(pieces_end)
#define X(name) void name(void);
PIECES(X)
#undef X

#define get(name) ({ reg v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })
#ifndef NULL
#define NULL ((void *)0)
#endif
#define set(name, v)                                                                               \
    ({ reg w_ = (reg)(v); __asm__ volatile("msr " #name ", %0\nisb" : : "r"(w_) : "memory"); })

/* PSTATE as SPSR has it. */
enum {
    EL0 = 0x3c0, EL1 = 0x3c5, EL1T = 0x3c4, EL2 = 0x3c9, EL3 = 0x3cd,
    IRQS = 0x80, PAN = 1 << 22, UAO = 1 << 23, IL = 1 << 20,
};
/* ESR.EC */
enum {
    EC_UNKNOWN = 0, EC_WFX = 1, EC_FP = 7, EC_BTI = 0xd, EC_ILLEGAL = 0xe, EC_SVC = 0x15, EC_HVC = 0x16,
    EC_SMC = 0x17, EC_SYS = 0x18, EC_FETCH_LOWER = 0x20, EC_FETCH = 0x21, EC_PC_ALIGN = 0x22,
    EC_DATA_LOWER = 0x24, EC_DATA = 0x25, EC_BRK = 0x3c,
};
#define EC(esr) ((unsigned)((esr) >> 26))
#define ISS(esr) ((unsigned)(esr) & 0x1ffffff)
/* Fault status codes, without the level. */
enum { SIZE = 0, TRANSLATION = 4, FLAG = 8, PERMISSION = 12, EXTERNAL = 0x10, ALIGNMENT = 0x21 };
#define WNR 0x40u
#define S1PTW 0x80u
#define CM 0x100u

#define SCTLR_RES1 UINT64_C(0x30d00800)
#define HCR_RW (UINT64_C(1) << 31)

void text(const char *s);
void equal(const char *what, reg got, reg wanted);
/* Runs a piece with an SPSR; what ended it is in `out`, its pc counted from the piece. */
void run(reg spsr, void (*piece)(void), reg x0, reg x1);
/* And checks the level it came to, the class, and the ISS. */
void expect(const char *what, reg spsr, void (*piece)(void), reg x0, unsigned el, unsigned ec,
            unsigned iss);
/* Runs to the `brk` and checks x0. */
void result(const char *what, reg spsr, void (*piece)(void), reg x0, reg wanted);
void plain(void); /* traps off, MMU off, EL1 in AArch64 */

void test_mmu(void);
void test_stage2(void);
void test_irq(void);
void test_debug(void);
void test_bti(void);

#endif
