/* SPDX-License-Identifier: MIT */
/*
 * priv_bti.c: branch target identification: which branches may lead to which instructions of guarded pages,
 * from guarded pages and others, at EL0 and EL1; BTYPE in SPSR. The first check is also the first guarded page that
 * the processor sees.
 */
#include "priv_mmu.h"

#define SCTLR_BT0 (UINT64_C(1) << 35)
#define SCTLR_BT1 (UINT64_C(1) << 36)
#define BTYPE(spsr) ((unsigned)((spsr) >> 10) & 3)

enum { NOP = 0xd503201f, BRK = 0xd42000e0, END = 0xd4200ee0, ADD = 0x91000400, B_4096 = 0x14000400 };

/* What may be branched to with BTYPE 1, 2 and 3. */
static const struct {
    const char *name;
    uint32_t insn;
    uint8_t may, may_bt; /* bit n: with BTYPE n; and where SCTLR_ELx.BT is set */
} places[] = {
    { "nop", NOP, 0, 0 },
    { "add", ADD, 0, 0 },
    { "bti", 0xd503241f, 0, 0 },
    { "bti c", 0xd503245f, 6, 6 },
    { "bti j", 0xd503249f, 10, 10 },
    { "bti jc", 0xd50324df, 14, 14 },
    { "paciasp", 0xd503233f, 14, 6 },
    { "pacibsp", 0xd503237f, 14, 6 },
    { "paciaz", 0xd503231f, 0, 0 },
    { "brk", BRK, 14, 14 },
};

static const struct {
    void (*piece)(void);
    uint8_t btype, guarded; /* from pages that are not guarded; from such */
} branches[] = {
    { p_jump, 1, 3 }, { p_br16, 1, 1 }, { p_br17, 1, 1 }, { p_blr, 2, 2 }, { p_ret, 0, 0 },
};

static void put(reg at, uint32_t insn)
{
    *(volatile uint32_t *)at = insn;
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" : : "r"(at) : "memory");
}

/* What came of branching with a BTYPE to an instruction at va, which an END follows. */
static void landed(const char *what, uint32_t insn, bool may, unsigned btype, reg va)
{
    reg wanted = may ? (reg)EC_BRK << 25 | (insn == BRK ? 7 : 0x77) : (reg)EC_BTI << 25 | btype;

    equal(what, (reg)out.el << 32 | EC(out.esr) << 25 | ISS(out.esr), UINT64_C(1) << 32 | wanted);
    equal("its pc", out.pc, may && insn != BRK ? va + 4 : va);
    equal("its BTYPE", BTYPE(out.spsr), may && insn != BRK ? 0 : btype);
}

static void try(reg spsr, bool guarded, bool bt)
{
    for (unsigned p = 0; p < sizeof places / sizeof *places; p++) {
        put((reg)page[1], places[p].insn);
        for (unsigned b = 0; b < sizeof branches / sizeof *branches; b++) {
            unsigned btype = guarded ? branches[b].guarded : branches[b].btype;
            unsigned may = bt ? places[p].may_bt : places[p].may;
            run(spsr, branches[b].piece, VA, 0);
            out.pc += (reg)branches[b].piece;
            landed(places[p].name, places[p].insn, !btype || may >> btype & 1, btype, VA);
            run(spsr, branches[b].piece, VA + 0x1000, 0); /* the same without a guard */
            out.pc += (reg)branches[b].piece;
            landed(places[p].name, places[p].insn, true, btype, VA + 0x1000);
        }
        for (reg btype = 0; btype < 4; btype++) { /* by ERET */
            unsigned may = bt ? places[p].may_bt : places[p].may;
            run(spsr | btype << 10, (void (*)(void))VA, 0, 0);
            landed(places[p].name, places[p].insn, !btype || may >> btype & 1, (unsigned)btype, 0);
        }
    }
}

static void begin_bti(reg program, reg user)
{
    begin(12, 48);
    map_program(&low, program | user); /* in place of begin()'s */
    map(&low, VA, 3, (reg)page[1], BASE | user | RO | GP);
    map(&low, VA + 0x1000, 3, (reg)page[1], BASE | user | RO);
    map(&low, VA + 0x2000, 3, (reg)page[2], BASE | user | RO | GP);
    put((reg)page[1] + 4, END);
    put((reg)page[2], NOP);
    put((reg)page[2] + 4, END);
}

static void levels(bool guarded, bool bt)
{
    reg program = BASE | RO | (guarded ? GP : 0);

    begin_bti(program, USER);
    use(&low, NULL, 0);
    set(sctlr_el1, SCTLR_RES1 | 1 | (bt ? SCTLR_BT0 : SCTLR_BT1));
    try(EL0, guarded, bt);
    begin_bti(program, 0);
    use(&low, NULL, 0);
    set(sctlr_el1, SCTLR_RES1 | 1 | (bt ? SCTLR_BT1 : SCTLR_BT0));
    try(EL1, guarded, bt);
}

/* What is between a branch and a guarded page forgets the branch. */
static void between(void)
{
    begin_bti(BASE | RO, 0);
    use(&low, NULL, 0);
    put((reg)page[1], B_4096); /* to VA + 0x2000 from VA + 0x1000 */
    run(EL1, p_blr, VA + 0x1000, 0);
    out.pc += (reg)p_blr;
    landed("by a direct branch", NOP, true, 0, VA + 0x2000);
    run(EL1, p_blr, VA + 0x2002, 0);
    equal("to no instruction", EC(out.esr), EC_PC_ALIGN);
    equal("its BTYPE", BTYPE(out.spsr), 2);
    run(EL1, p_blr, VA + 0x3000, 0);
    equal("to no page", EC(out.esr), EC_FETCH);
    equal("its BTYPE", BTYPE(out.spsr), 2);
    run(EL1 | IL | 3 << 10, (void (*)(void))(VA + 0x2000), 0, 0);
    equal("in an illegal state", EC(out.esr), EC_ILLEGAL);
    equal("its BTYPE", BTYPE(out.spsr), 3);
    map(&low, VA + 0x2000, 3, (reg)page[2], BASE | RO); /* no longer guarded, and guarded again */
    invalidate();
    run(EL1, p_blr, VA + 0x2000, 0);
    out.pc += (reg)p_blr;
    landed("a guard taken away", NOP, true, 2, VA + 0x2000);
    map(&low, VA + 0x2000, 3, (reg)page[2], BASE | RO | GP);
    invalidate();
    run(EL1, p_blr, VA + 0x2000, 0);
    out.pc += (reg)p_blr;
    landed("and put there again", NOP, false, 2, VA + 0x2000);
}

void test_bti(void)
{
    equal("ID_AA64PFR1_EL1.BT", get(id_aa64pfr1_el1) & 15, 1);
    if (!(get(id_aa64pfr1_el1) & 15))
        return;
    begin_bti(BASE | RO, 0);
    use(&low, NULL, 0);
    put((reg)page[1], NOP);
    run(EL1, p_blr, VA, 0);
    out.pc += (reg)p_blr;
    landed("the first guarded page", NOP, false, 2, VA);
    for (unsigned i = 0; i < 4; i++)
        levels(i & 1, i & 2);
    between();
    set(sctlr_el1, SCTLR_RES1);
    put((reg)page[1], NOP);
    run(EL1 | 3 << 10, (void (*)(void))page[1], 0, 0);
    out.pc += (reg)page[1];
    landed("with the MMU off", NOP, true, 0, (reg)page[1]);
    plain();
}
