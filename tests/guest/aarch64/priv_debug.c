/* SPDX-License-Identifier: MIT */
/*
 * priv_debug.c: self-hosted debug (software step, breakpoints, watchpoints) and the performance monitors.
 * Arm Architecture Reference Manual for A-profile, D2 and D13.
 */
#include "priv.h"

enum { EC_BREAKPOINT = 0x30, EC_STEP = 0x32, EC_STEP_SAME = 0x33, EC_WATCHPOINT = 0x34 };
#define SS (1u << 21)
#define D_CLEAR 0x200u
#define STEPPED 0x1000022u /* ISV; debug exception */
#define DEBUG_EVENT 0x22u
#define MDSCR_SS 1u
#define MDSCR_KDE (1u << 13)
#define MDSCR_MDE (1u << 15)
#define E 1u
#define AT_EL0 4u
#define AT_EL1 2u
#define LOADS 8u
#define STORES 16u
#define BYTES(bas) ((bas) << 5)

static uint64_t words[4];

static void begin(reg mdscr)
{
    plain();
    set(oslar_el1, 0);
    set(mdscr_el1, mdscr);
}

static void ends(const char *what, reg spsr, void (*piece)(void), reg x0)
{
    expect(what, spsr, piece, x0, 1, EC_BRK, 0x77);
}

static void steps(void)
{
    begin(MDSCR_SS);
    expect("step at EL0", EL0 | SS, p_count, 0, 1, EC_STEP, STEPPED);
    equal("step at EL0: pc", out.pc, 4);
    equal("step at EL0: SPSR.SS", out.spsr & SS, 0);
    expect("step pending", EL0, p_count, 0, 1, EC_STEP, DEBUG_EVENT);
    equal("step pending: pc", out.pc, 0);
    expect("step over a jump", EL0 | SS, p_jump, (reg)p_nothing, 1, EC_STEP, STEPPED);
    equal("step over a jump: pc", out.pc + (reg)p_jump, (reg)p_nothing);
    expect("step onto what faults", EL0 | SS, p_undefined, 0, 1, EC_UNKNOWN, 0);
    equal("step onto what faults: SPSR.SS", out.spsr & SS, SS);
    expect("step over SVC", EL0 | SS, p_svc, 0, 1, EC_SVC, 0x1234);
    equal("step over SVC: SPSR.SS", out.spsr & SS, 0);
    ends("no step at EL1 without KDE", EL1 & ~D_CLEAR, p_count, 0);

    begin(MDSCR_SS | MDSCR_KDE);
    expect("step at EL1", (EL1 & ~D_CLEAR) | SS, p_count, 0, 1, EC_STEP_SAME, STEPPED);
    equal("step at EL1: pc", out.pc, 4);
    ends("no step while masked", EL1 | SS, p_count, 0);
    set(oslar_el1, 1);
    ends("no step with the OS lock", EL0 | SS, p_count, 0);
    begin(MDSCR_SS);
    set(mdcr_el2, 0x100); /* TDE */
    expect("step to EL2", EL0 | SS, p_count, 0, 2, EC_STEP, STEPPED);
}

static void breakpoints(void)
{
    begin(MDSCR_MDE);
    set(dbgbvr0_el1, (reg)p_count + 4);
    set(dbgbcr0_el1, E | AT_EL0 | BYTES(15));
    expect("breakpoint", EL0, p_count, 0, 1, EC_BREAKPOINT, DEBUG_EVENT);
    equal("breakpoint: pc", out.pc, 4);
    ends("breakpoint of EL0 at EL1", EL1 & ~D_CLEAR, p_count, 0);
    set(dbgbcr0_el1, AT_EL0 | BYTES(15));
    ends("breakpoint off", EL0, p_count, 0);
    set(dbgbcr0_el1, E | AT_EL0 | BYTES(15));
    set(mdscr_el1, 0);
    ends("breakpoints off", EL0, p_count, 0);
    set(dbgbcr0_el1, 0);
}

static void watchpoints(void)
{
    begin(MDSCR_MDE);
    set(dbgwvr0_el1, (reg)&words[1]);
    set(dbgwcr0_el1, E | AT_EL0 | STORES | BYTES(0xff));
    expect("watched store", EL0, p_store, (reg)&words[1], 1, EC_WATCHPOINT, DEBUG_EVENT | WNR);
    equal("watched store: FAR", out.far, (reg)&words[1]);
    equal("watched store: pc", out.pc, 0);
    ends("load where stores are watched", EL0, p_load, (reg)&words[1]);
    ends("store below", EL0, p_store, (reg)&words[0]);
    ends("store above", EL0, p_store, (reg)&words[2]);
    ends("watched for EL0, stored by EL1", EL1 & ~D_CLEAR, p_store, (reg)&words[1]);
    set(dbgwcr0_el1, E | AT_EL0 | LOADS | BYTES(0xf0));
    expect("watched load", EL0, p_load, (reg)&words[1], 1, EC_WATCHPOINT, DEBUG_EVENT);
    set(dbgwcr0_el1, 0);
    ends("watchpoint off", EL0, p_load, (reg)&words[1]);
    set(mdscr_el1, 0);
}

static void monitors(void)
{
    reg a, b;

    begin(0);
    set(mdcr_el2, 6);
    set(pmcr_el0, 0x47); /* E, P, C, LC */
    set(pmccfiltr_el0, UINT64_C(1) << 27); /* at EL2, too */
    set(pmcntenset_el0, UINT64_C(1) << 31 | 1);
    a = get(pmccntr_el0);
    for (unsigned i = 0; i < 1000; i++)
        __asm__ volatile("" : : : "memory");
    b = get(pmccntr_el0);
    equal("cycles go by", b > a, 1);
    set(pmcntenclr_el0, UINT64_C(1) << 31);
    a = get(pmccntr_el0);
    equal("cycles stand still", get(pmccntr_el0), a);
    set(pmevtyper0_el0, UINT64_C(1) << 27); /* software increment */
    set(pmovsclr_el0, UINT32_MAX);
    set(pmevcntr0_el0, UINT32_MAX - 1);
    set(pmswinc_el0, 1);
    equal("increment", get(pmevcntr0_el0), UINT32_MAX);
    equal("no overflow yet", get(pmovsset_el0), 0);
    set(pmswinc_el0, 1);
    equal("wraps", get(pmevcntr0_el0), 0);
    equal("overflow", get(pmovsset_el0), 1);
    set(pmcr_el0, 0x40);
    set(pmuserenr_el0, 0);
    expect("EL0 without leave", EL0, p_pmccntr, 0, 1, EC_SYS,
           3u << 20 | 3u << 14 | 9u << 10 | 13u << 1 | 1);
    set(pmuserenr_el0, 4); /* CR */
    ends("EL0 with leave", EL0, p_pmccntr, 0);
    set(mdcr_el2, 0x46); /* TPM */
    expect("EL1 by TPM", EL1, p_pmccntr, 0, 2, EC_SYS,
           3u << 20 | 3u << 14 | 9u << 10 | 13u << 1 | 1);
}

void test_debug(void)
{
    steps();
    breakpoints();
    watchpoints();
    monitors();
    plain();
}
