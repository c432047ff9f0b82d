/* SPDX-License-Identifier: MIT */
/*
 * priv_irq.c: the generic timers, their interrupts and traps; where interrupts go and what masks
 * them; virtual interrupts. The interrupt controller is a GICv2, which passes levels on.
 */
#include "priv.h"

#define GICD ((volatile uint32_t *)0x08000000)
#define GICC ((volatile uint32_t *)0x08010000)
#define PPI_HYP 26u
#define PPI_VIRT 27u
#define PPI_SECURE 29u
#define PPI_PHYS 30u

#define HCR_FMO (1u << 3)
#define HCR_IMO (1u << 4)
#define HCR_AMO (1u << 5)
#define HCR_VF (1u << 6)
#define HCR_VI (1u << 7)
#define HCR_VSE (1u << 8)
#define HCR_TGE (1u << 27)

/* Vectors of 128 bytes: from the same level with SP_ELx, from a lower one. */
enum { SAME_IRQ = 5, SAME_FIQ = 6, SAME_SERROR = 7, LOWER_IRQ = 9, LOWER_FIQ = 10 };
#define EL0I (EL0 & ~IRQS)
#define EL1I (EL1 & ~IRQS)

static void enable(unsigned ppi)
{
    GICD[0x180 / 4] = ~0u;
    GICD[0x100 / 4] = 1u << ppi;
}

static bool pending(unsigned ppi)
{
    return GICD[0x200 / 4] >> ppi & 1;
}

static void irq(const char *what, reg spsr, void (*piece)(void), unsigned el, unsigned vector)
{
    run(spsr, piece, 0, 0);
    equal(what, out.el << 8 | out.vector, el << 8 | vector);
}

static void routing(void)
{
    enable(PPI_PHYS);
    set(cntp_cval_el0, 0);
    set(cntp_ctl_el0, 1);
    equal("ISTATUS", get(cntp_ctl_el0), 5);
    equal("pending", pending(PPI_PHYS), 1);
    result("masked", EL1, p_currentel, 0, 4);
    irq("IRQ in EL1", EL1I, p_spin, 1, SAME_IRQ);
    equal("before any instruction", out.pc, 0);
    equal("its spsr", out.spsr, EL1I);
    irq("IRQ in EL0", EL0I, p_spin, 1, LOWER_IRQ);
    irq("IRQ in EL0, masked", EL0, p_brk, 1, 8);
    set(hcr_el2, HCR_RW | HCR_IMO);
    irq("IMO: to EL2, from EL1", EL1I, p_spin, 2, LOWER_IRQ);
    irq("IMO: whatever EL1 masks", EL1, p_spin, 2, LOWER_IRQ);
    irq("IMO: from EL0", EL0, p_spin, 2, LOWER_IRQ);
    set(hcr_el2, HCR_RW | HCR_TGE);
    irq("TGE: from EL0", EL0I, p_spin, 2, LOWER_IRQ);
    set(hcr_el2, HCR_RW);
    if (monitor == 3) {
        set(scr_el3, 0x533); /* IRQ */
        irq("SCR.IRQ: to EL3", EL1, p_spin, 3, LOWER_IRQ);
        irq("SCR.IRQ: from EL2", EL2, p_spin, 3, LOWER_IRQ);
        set(scr_el3, 0x531);
        set(hcr_el2, HCR_RW | HCR_IMO);
        irq("IRQ in EL2", EL2 & ~IRQS, p_spin, 2, SAME_IRQ);
        result("masked in EL2", EL2, p_currentel, 0, 8);
        set(hcr_el2, HCR_RW);
        result("EL1's does not reach EL2", EL2 & ~IRQS, p_currentel, 0, 8);
    }
    set(cntp_ctl_el0, 3);
    equal("IMASK", get(cntp_ctl_el0), 7);
    equal("no interrupt then", pending(PPI_PHYS), 0);
    result("no interrupt then", EL1I, p_currentel, 0, 4);
    set(cntp_ctl_el0, 0);
    equal("off", get(cntp_ctl_el0) & 1, 0);
}

static void timers(void)
{
    reg f = get(cntfrq_el0), at, before;

    equal("a frequency", f >= 1000000, 1);
    result("its register", EL0, p_cntfrq, 0, f);
    run(EL0, p_cnt, 0, 0);
    before = out.x0;
    run(EL0, p_cnt, 0, 0);
    equal("time goes on", out.x0 > before, 1);
    equal("virtual is physical", out.x1 - out.x0 < f, 1);
    set(cntvoff_el2, 0x123456789000);
    run(EL1, p_cnt, 0, 0);
    equal("without CNTVOFF", out.x1 - out.x0 - 0x123456789000 < f, 1);

    enable(PPI_VIRT);
    at = get(cntpct_el0) - 0x123456789000 + f / 500;
    set(cntv_cval_el0, at);
    set(cntv_ctl_el0, 1);
    equal("TVAL", (uint32_t)get(cntv_tval_el0) <= f / 500, 1);
    irq("virtual timer", EL1I, p_spin, 1, SAME_IRQ);
    equal("not too early", get(cntpct_el0) - 0x123456789000 >= at, 1);
    set(cntv_ctl_el0, 0);
    set(cntvoff_el2, 0);

    set(cntv_tval_el0, f / 500);
    at = get(cntv_cval_el0);
    set(cntv_ctl_el0, 1);
    result("wfi, masked", EL1, p_wfi, 0, 0);
    equal("until the timer", get(cntpct_el0) >= at, 1);
    irq("and then it is taken", EL1I, p_spin, 1, SAME_IRQ);
    set(cntv_ctl_el0, 0);

    enable(PPI_HYP);
    set(cnthp_tval_el2, f / 500);
    set(cnthp_ctl_el2, 1);
    set(hcr_el2, HCR_RW | HCR_IMO);
    irq("EL2's timer", EL1, p_spin, 2, LOWER_IRQ);
    equal("not too early", get(cntpct_el0) >= get(cnthp_cval_el2), 1);
    set(cnthp_ctl_el2, 0);
    set(hcr_el2, HCR_RW);
    if (monitor == 3) {
        enable(PPI_SECURE);
        set(cntps_tval_el1, f / 500);
        set(cntps_ctl_el1, 1);
        set(scr_el3, 0x533);
        irq("the secure timer", EL1, p_spin, 3, LOWER_IRQ);
        set(cntps_ctl_el1, 0);
        set(scr_el3, 0x531);
    }
}

#define MRS_TRAP(op1, crm, op2) (3u << 20 | (op2) << 17 | (op1) << 14 | 14u << 10 | (crm) << 1 | 1)

static void timer_traps(void)
{
    set(cntkctl_el1, 0);
    expect("CNTKCTL: counter at EL0", EL0, p_cnt, 0, 1, 0x18, MRS_TRAP(3, 0, 2));
    expect("CNTKCTL: timer at EL0", EL0, p_cntv_ctl, 0, 1, 0x18, MRS_TRAP(3, 3, 1));
    set(cntkctl_el1, 1 << 1 | 1 << 8);
    run(EL0, p_cnt, 0, 0);
    equal("the virtual one only", out.pc << 8 | out.el, 0x401);
    result("timer at EL0", EL0, p_cntv_ctl, 0, get(cntv_ctl_el0));
    set(cntkctl_el1, 3);
    set(cnthctl_el2, 0);
    run(EL1, p_cnt, 0, 0);
    equal("CNTHCTL: physical counter at EL1", out.pc << 8 | out.el, 0x402);
    equal("its syndrome", (unsigned)out.esr & 0x1ffffff, MRS_TRAP(3, 0, 1) | 1 << 5);
    set(cnthctl_el2, 3);
}

static void virtual_interrupts(void)
{
    set(hcr_el2, HCR_RW | HCR_IMO | HCR_VI);
    irq("virtual IRQ", EL1I, p_spin, 1, SAME_IRQ);
    irq("virtual IRQ in EL0", EL0I, p_spin, 1, LOWER_IRQ);
    result("masked", EL1, p_currentel, 0, 4);
    result("wakes all the same", EL1, p_wfi, 0, 0);
    set(hcr_el2, HCR_RW | HCR_FMO | HCR_VF);
    irq("virtual FIQ", EL1 & ~0x40, p_spin, 1, SAME_FIQ);
    irq("virtual FIQ in EL0", EL0 & ~0x40, p_spin, 1, LOWER_FIQ);
    set(hcr_el2, HCR_RW | HCR_VI);
    result("none without IMO", EL1I, p_currentel, 0, 4);
    set(hcr_el2, HCR_RW | HCR_AMO | HCR_VSE);
    irq("virtual SError", EL1 & ~0x100, p_spin, 1, SAME_SERROR);
    equal("its class", (unsigned)(get(esr_el1) >> 26), 0x2f);
    equal("is taken once", get(hcr_el2) & HCR_VSE, 0);
    plain();
}

void test_irq(void)
{
    plain();
    GICD[0x80 / 4] = ~0u; /* group 1 */
    GICD[0] = 3;
    GICC[1] = 0xff;
    GICC[0] = 3;
    routing();
    timers();
    timer_traps();
    virtual_interrupts();
}
