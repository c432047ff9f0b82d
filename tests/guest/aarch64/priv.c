/* SPDX-License-Identifier: MIT */
/*
 * priv.c: privileged behaviour of a PE, on the virt board: exceptions and their syndromes, returns,
 * traps; priv_mmu.c, priv_stage2.c and priv_irq.c have translation and interrupts,
 * priv_debug.c debug and the performance monitors. Each check states what the Arm
 * Architecture Reference Manual for A-profile says; what differs is printed.
 * It runs at EL2 (virtualization=on) or EL3 (with secure=on, too).
 */
#include "priv.h"

struct entry {
    reg pc, spsr, args[3];
};
void enter(const struct entry *e, struct outcome *o, reg monitor);
extern char monitor_vectors[], hvc_vectors[], smc_vectors[];

struct outcome out;
unsigned monitor;
static unsigned checks, failures;

/* ---- reporting ------------------------------------------------------------------------------- */

static void put(char c)
{
    volatile uint32_t *uart = (volatile uint32_t *)0x09000000;
    while (uart[6] & 0x20)
        ;
    uart[0] = (uint8_t)c;
}

void text(const char *s)
{
    while (*s)
        put(*s++);
}

static void hex(reg v)
{
    unsigned digits = 1;
    while (digits < 16 && v >> (4 * digits))
        digits++;
    while (digits-- > 0)
        put("0123456789abcdef"[v >> (4 * digits) & 15]);
}

void equal(const char *what, reg got, reg wanted)
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

/* With EL3 the board has a line for that (a PL061), else its firmware. */
static void __attribute__((noreturn)) leave(void)
{
    volatile uint8_t *gpio = (volatile uint8_t *)0x090b0000;

    if (monitor == 3) {
        gpio[0x400] = 1;
        gpio[4] = 1;
    }
    for (;;) {
        register reg x0 __asm__("x0") = 0x84000008;
        __asm__ volatile("smc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
    }
}

/* ---- running pieces -------------------------------------------------------------------------- */

void run(reg spsr, void (*piece)(void), reg x0, reg x1)
{
    struct entry e = { (reg)piece, spsr, { x0, x1, 0 } };
    reg esr;

    enter(&e, &out, monitor);
    esr = out.esr;
    out.el = monitor;
    if (!(out.vector & 3) && (EC(esr) == EC_HVC || EC(esr) == EC_SMC) &&
        (ISS(esr) & ~15u) == 0x100) {
        out.el = monitor == 3 && (out.spsr & 0xc) == 8 ? 2 : 1;
        out.vector = ISS(esr) & 15;
        out.esr = out.el == 1 ? get(esr_el1) : get(esr_el2);
        out.pc = out.el == 1 ? get(elr_el1) : get(elr_el2);
        out.spsr = out.el == 1 ? get(spsr_el1) : get(spsr_el2);
        out.far = out.el == 1 ? get(far_el1) : get(far_el2);
    }
    out.hpfar = get(hpfar_el2);
    out.pc -= (reg)piece;
}

void expect(const char *what, reg spsr, void (*piece)(void), reg x0, unsigned el, unsigned ec,
            unsigned iss)
{
    run(spsr, piece, x0, 0x1122334455667788);
    equal(what, (reg)out.el << 32 | EC(out.esr) << 25 | ISS(out.esr),
          (reg)el << 32 | ec << 25 | iss);
}

void result(const char *what, reg spsr, void (*piece)(void), reg x0, reg wanted)
{
    run(spsr, piece, x0, 0x1122334455667788);
    equal(what, (reg)EC(out.esr) << 32 | ISS(out.esr), (reg)EC_BRK << 32 | 0x77);
    equal(what, out.x0, wanted);
}

/* Level that EL1's exceptions, and a monitor's own, go to. */
static unsigned el_of(reg spsr)
{
    unsigned el = spsr >> 2 & 3;
    return el ? el : 1;
}

static void ends(const char *what, reg spsr, void (*piece)(void), reg x0)
{
    expect(what, spsr, piece, x0, el_of(spsr), EC_BRK, 0x77);
}

void plain(void)
{
    if (monitor == 3) {
        set(scr_el3, 0x531); /* RW, HCE, NS */
        set(vbar_el2, smc_vectors);
        set(cptr_el3, 0);
        set(mdcr_el3, 0);
    }
    set(vbar_el1, monitor == 3 ? smc_vectors : hvc_vectors);
    set(hcr_el2, HCR_RW);
    set(cptr_el2, 0x33ff);
    set(hstr_el2, 0);
    set(mdcr_el2, 0);
    set(cnthctl_el2, 3);
    set(cntvoff_el2, 0);
    set(vpidr_el2, get(midr_el1));
    set(vmpidr_el2, get(mpidr_el1));
    set(sctlr_el1, SCTLR_RES1);
    if (monitor == 3)
        set(sctlr_el2, 0x30c50830);
    set(cpacr_el1, 3 << 20);
    set(cntkctl_el1, 3);
    set(mdscr_el1, 0);
}

/* ---- exceptions ------------------------------------------------------------------------------ */

#define MRS_ISS(op0, op1, crn, crm, op2, rt, read)                                                 \
    ((unsigned)(op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (rt) << 5 | (crm) << 1 | (read))

static void exceptions(void)
{
    expect("brk from EL1", EL1, p_brk, 0, 1, EC_BRK, 0x55);
    equal("vector: same level, SP_ELx", out.vector, 4);
    equal("its pc", out.pc, 0);
    equal("its spsr", out.spsr, EL1);
    expect("brk from EL1, SP_EL0", EL1T, p_brk, 0, 1, EC_BRK, 0x55);
    equal("vector: same level, SP_EL0", out.vector, 0);
    expect("brk from EL0", EL0, p_brk, 0, 1, EC_BRK, 0x55);
    equal("vector: lower level", out.vector, 8);
    expect("brk from EL0, flags", EL0 | 0xf0000000, p_brk, 0, 1, EC_BRK, 0x55);
    equal("flags in spsr", out.spsr, EL0 | 0xf0000000);
    expect("svc from EL0", EL0, p_svc, 0, 1, EC_SVC, 0x1234);
    equal("returns behind it", out.pc, 4);
    expect("svc from EL1", EL1, p_svc, 0, 1, EC_SVC, 0x1234);
    expect("undefined", EL0, p_undefined, 0, 1, EC_UNKNOWN, 0);
    equal("its pc", out.pc, 0);
    expect("hvc from EL0", EL0, p_hvc, 0, 1, EC_UNKNOWN, 0);
    expect("hvc from EL1", EL1, p_hvc, 0, 2, EC_HVC, 0x23);
    equal("returns behind it", out.pc, 4);
    expect("smc from EL0", EL0, p_smc, 0, 1, EC_UNKNOWN, 0);
    if (monitor == 3) {
        expect("smc from EL1", EL1, p_smc, 0, 3, EC_SMC, 0x45);
        equal("returns behind it", out.pc, 4);
        set(scr_el3, 0x431); /* not HCE */
        expect("hvc disabled", EL1, p_hvc, 0, 1, EC_UNKNOWN, 0);
        set(scr_el3, 0x531);
    }
    expect("EL1's register from EL0", EL0, p_sctlr, 0, 1, EC_UNKNOWN, 0);
    expect("EL2's register from EL1", EL1, p_sctlr2, 0, 1, EC_UNKNOWN, 0);
    expect("sctlr_el12 from EL1", EL1, p_sctlr12, 0, 1, EC_UNKNOWN, 0);
    expect("pc alignment", EL1, p_pc_align, 0x1000, 1, EC_PC_ALIGN, 0);
    equal("its far", out.far, 0x1002);
    result("CurrentEL at EL1", EL1, p_currentel, 0, 4);
    expect("CurrentEL at EL0", EL0, p_currentel, 0, 1, EC_UNKNOWN, 0);
    expect("alignment of ldar", EL1, p_ldar_unaligned, (reg)pieces, 1, EC_DATA, ALIGNMENT);
    equal("its far", out.far, (reg)pieces + 1);
    set(sctlr_el1, SCTLR_RES1 | 2);
    expect("SCTLR.A: load", EL1, p_load_unaligned, (reg)pieces, 1, EC_DATA, ALIGNMENT);
    expect("SCTLR.A: store", EL1, p_store_unaligned, (reg)pieces, 1, EC_DATA, ALIGNMENT | WNR);
    expect("SCTLR.A: EL0", EL0, p_load_unaligned, (reg)pieces, 1, EC_DATA_LOWER, ALIGNMENT);
    ends("SCTLR.A: aligned", EL1, p_load, (reg)pieces);
    set(sctlr_el1, SCTLR_RES1);
    expect("load from nothing", EL1, p_load, 0x70000000000, 1, EC_DATA, EXTERNAL);
    equal("its far", out.far, 0x70000000000);
    expect("store to nothing", EL0, p_store, 0x70000000000, 1, EC_DATA_LOWER, EXTERNAL | WNR);
    expect("jump to nothing", EL1, p_jump, 0x70000000000, 1, EC_FETCH, EXTERNAL);
    equal("its pc", out.pc + (reg)p_jump, 0x70000000000);
    expect("beyond physical addresses", EL1, p_load, (reg)1 << 54, 1, EC_DATA, SIZE);
    set(sctlr_el1, SCTLR_RES1 & ~(reg)(1 << 23)); /* SPAN */
    expect("PAN is set", EL0, p_brk, 0, 1, EC_BRK, 0x55);
    expect("by an exception to EL1", EL1, p_hvc, 0, 2, EC_HVC, 0x23);
    set(sctlr_el1, SCTLR_RES1);
    expect("PAN in spsr", EL1 | PAN, p_brk, 0, 1, EC_BRK, 0x55);
    equal("PAN in spsr", out.spsr, EL1 | PAN);
    expect("UAO in spsr", EL1 | UAO, p_brk, 0, 1, EC_BRK, 0x55);
    equal("UAO in spsr", out.spsr, EL1 | UAO);
}

static void returns(void)
{
    ends("eret to EL0", EL1, p_eret_el0, 0);
    equal("its spsr", out.spsr, EL0);
    equal("vector: lower level", out.vector, 8);
    run(EL1, p_eret_illegal, 0, 0);
    equal("illegal return", EC(out.esr), EC_ILLEGAL);
    equal("stays in EL1", out.spsr & 0xf, 5);
    equal("PSTATE.IL", out.spsr & IL, IL);
    run(EL1 | IL, p_nothing, 0, 0);
    equal("PSTATE.IL from spsr", EC(out.esr), EC_ILLEGAL);
    set(sp_el0, 0x4440);
    run(EL1, p_sp_switch, 0x8880, 0);
    equal("SP_EL0", out.x1, 0x4440);
    equal("SP_EL1", out.x0, 0x8880);
    equal("SP_EL0 afterwards", get(sp_el0), 0x1230);
    if (monitor == 3) {
        set(scr_el3, 0x530); /* secure: no EL2 */
        run(EL1, p_currentel, 0, 0);
        equal("secure EL1", out.x0, 4);
        expect("hvc from secure EL1", EL1, p_hvc, 0, 1, EC_UNKNOWN, 0);
        set(scr_el3, 0x531);
        result("EL2", EL2, p_currentel, 0, 8);
        expect("brk at EL2", EL2, p_brk, 0, 2, EC_BRK, 0x55);
    }
}

/* ---- traps ----------------------------------------------------------------------------------- */

#define HCR(bit) (HCR_RW | UINT64_C(1) << (bit))

static volatile reg scratch[64] __attribute__((aligned(64)));

static void traps(void)
{
    set(cpacr_el1, 0);
    expect("FP at EL1", EL1, p_fp, 0, 1, EC_FP, 0x1e00000);
    expect("FP at EL0", EL0, p_fp, 0, 1, EC_FP, 0x1e00000);
    set(cpacr_el1, 1 << 20);
    ends("FP at EL1, EL0 traps", EL1, p_fp, 0);
    expect("FP at EL0, EL0 traps", EL0, p_fp, 0, 1, EC_FP, 0x1e00000);
    set(cpacr_el1, 3 << 20);
    set(cptr_el2, 0x33ff | 1 << 10);
    expect("FP, CPTR_EL2", EL0, p_fp, 0, 2, EC_FP, 0x1e00000);
    set(cptr_el2, 0x33ff);
    ends("FP", EL0, p_fp, 0);

    expect("wfi at EL0", EL0, p_wfi, 0, 1, EC_WFX, 0x1e00000);
    expect("ctr_el0 at EL0", EL0, p_ctr, 0, 1, EC_SYS, MRS_ISS(3, 3, 0, 0, 1, 0, 1));
    expect("dc zva at EL0", EL0, p_dc_zva, (reg)&out, 1, EC_SYS, MRS_ISS(1, 3, 7, 4, 1, 0, 0));
    expect("dc cvac at EL0", EL0, p_dc_cvac, (reg)&out, 1, EC_SYS, MRS_ISS(1, 3, 7, 10, 1, 0, 0));
    expect("ic ivau at EL0", EL0, p_ic_ivau, (reg)&out, 1, EC_SYS, MRS_ISS(1, 3, 7, 5, 1, 0, 0));
    expect("dc ivac at EL0", EL0, p_dc_ivac, (reg)&out, 1, EC_UNKNOWN, 0);
    expect("ic iallu at EL0", EL0, p_ic_iallu, 0, 1, EC_UNKNOWN, 0);
    expect("tlbi at EL0", EL0, p_tlbi_vmalle1, 0, 1, EC_UNKNOWN, 0);
    expect("at at EL0", EL0, p_at_s1e1r, 0, 1, EC_UNKNOWN, 0);
    expect("daifset at EL0", EL0, p_daifset, 0, 1, EC_SYS, MRS_ISS(0, 3, 4, 2, 6, 31, 0));
    set(sctlr_el1, SCTLR_RES1 | 1 << 9 | 1 << 14 | 1 << 15 | 1 << 26);
    ends("ctr_el0 at EL0, UCT", EL0, p_ctr, 0);
    scratch[9] = scratch[15] = 1;
    scratch[7] = scratch[16] = 1;
    ends("dc zva at EL0, DZE", EL0, p_dc_zva, (reg)&scratch[9]);
    equal("clears its block", scratch[9] | scratch[15], 0);
    equal("and no other", scratch[7] & scratch[16], 1);
    ends("dc cvac at EL0, UCI", EL0, p_dc_cvac, (reg)&out);
    ends("ic ivau at EL0, UCI", EL0, p_ic_ivau, (reg)&out);
    ends("daifset at EL0, UMA", EL0, p_daifset, 0);
    set(sctlr_el1, SCTLR_RES1);

    ends("midr_el1", EL1, p_midr, 0);
    set(vpidr_el2, 0x4711);
    result("vpidr_el2", EL1, p_midr, 0, 0x4711);
    expect("tlbi alle1 at EL1", EL1, p_tlbi_alle1, 0, 1, EC_UNKNOWN, 0);
    set(hcr_el2, HCR(13));
    expect("TWI", EL1, p_wfi, 0, 2, EC_WFX, 0x1e00000);
    set(hcr_el2, HCR(14));
    expect("TWE", EL1, p_wfe, 0, 2, EC_WFX, 0x1e00001);
    set(hcr_el2, HCR(19));
    expect("TSC", EL1, p_smc, 0, 2, EC_SMC, 0x45);
    set(hcr_el2, HCR(22));
    expect("TSW", EL1, p_dc_cisw, 0, 2, EC_SYS, MRS_ISS(1, 0, 7, 14, 2, 31, 0));
    set(hcr_el2, HCR(23));
    expect("TPCP", EL1, p_dc_civac, (reg)&out, 2, EC_SYS, MRS_ISS(1, 3, 7, 14, 1, 0, 0));
    set(hcr_el2, HCR(24));
    expect("TPU", EL1, p_ic_iallu, 0, 2, EC_SYS, MRS_ISS(1, 0, 7, 5, 0, 31, 0));
    expect("TPU", EL1, p_ic_ivau, (reg)&out, 2, EC_SYS, MRS_ISS(1, 3, 7, 5, 1, 0, 0));
    set(hcr_el2, HCR(25));
    expect("TTLB", EL1, p_tlbi_vmalle1, 0, 2, EC_SYS, MRS_ISS(1, 0, 8, 7, 0, 31, 0));
    set(hcr_el2, HCR(26));
    expect("TVM", EL1, p_ttbr, 0, 2, EC_SYS, MRS_ISS(3, 0, 2, 0, 0, 1, 0));
    ends("TVM, a read", EL1, p_sctlr, 0);
    set(hcr_el2, HCR(30));
    expect("TRVM", EL1, p_sctlr, 0, 2, EC_SYS, MRS_ISS(3, 0, 1, 0, 0, 0, 1));
    set(hcr_el2, HCR(28));
    expect("TDZ", EL1, p_dc_zva, (reg)&out, 2, EC_SYS, MRS_ISS(1, 3, 7, 4, 1, 0, 0));
    set(hcr_el2, HCR(27));
    expect("TGE: svc from EL0", EL0, p_svc, 0, 2, EC_SVC, 0x1234);
    expect("TGE: undefined in EL0", EL0, p_undefined, 0, 2, EC_UNKNOWN, 0);
    plain();
}

void main_(unsigned el)
{
    monitor = el;
    ((volatile uint32_t *)0x09000000)[12] = 0x301;
    if (monitor < 2) {
        text("this program needs EL2\n");
        leave();
    }
    if (monitor == 3)
        set(vbar_el3, monitor_vectors);
    else
        set(vbar_el2, monitor_vectors);
    plain();
    exceptions();
    returns();
    traps();
    test_bti();
    test_mmu();
    test_stage2();
    test_irq();
    test_debug();
    text(failures ? "FAILED: 0x" : "passed: 0x");
    hex(failures ? failures : checks);
    text(" checks\n");
    leave();
}
