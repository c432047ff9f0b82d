/* SPDX-License-Identifier: MIT */
/*
 * priv_stage2.c: translation of stage 2, both stages together, VMIDs; the regimes of EL2 itself.
 */
#include "priv_mmu.h"

/* ---- stage 2 --------------------------------------------------------------------------------- */

#define S2_R (UINT64_C(1) << 6)
#define S2_W (UINT64_C(1) << 7)
#define S2_BASE (AF | SH | 0xf << 2)
#define S2_RW (S2_BASE | S2_R | S2_W)
#define XN(n) ((reg)(n) << 53)
#define HCR_VM 1u
#define HCR_DC (1u << 12)
#define IPA UINT64_C(0x80000000)

static struct space guest;

static void use_stage2(const struct space *s, reg vmid, reg more)
{
    unsigned sl0 = s->granule == 12 ? 2 - s->start : 3 - s->start;

    set(vtcr_el2, 0x80000000 | UINT64_C(5) << 16 | 0x3500 | (64 - s->bits) | sl0 << 6 |
        tg0(s->granule) << 14 | more);
    set(vttbr_el2, (reg)s->root | vmid << 48);
    set(hcr_el2, HCR_RW | HCR_VM);
    invalidate();
}

/* Stage 1 off, stage 2 with the program. */
static void begin_stage2(unsigned granule, unsigned bits)
{
    begin(12, 48);
    guest = new_space(granule, bits);
    map_program(&guest, S2_RW);
    use_stage2(&guest, 5, 0);
}

static void fault2(const char *what, reg spsr, enum kind kind, reg va, unsigned status, reg ipa)
{
    static void (*const code[])(void) = { p_load, p_store, p_jump };
    /* ISV, a doubleword, x0 or x1, SF */
    unsigned isv = kind == FETCH ? 0 : 1u << 24 | 3u << 22 | (kind == STORE ? 1u << 16 : 0) | 1u << 15;

    if (status & S1PTW)
        isv = 0;
    expect(what, spsr, code[kind], va, 2, kind == FETCH ? EC_FETCH_LOWER : EC_DATA_LOWER,
           status | isv | (kind == STORE ? WNR : 0));
    equal("its far", out.far, va);
    equal("its hpfar", out.hpfar, ipa >> 12 << 4);
}

static void stage2_granules(void)
{
    static const struct {
        uint8_t granule, bits;
    } spaces[] = {
        { 12, 48 }, { 12, 44 }, { 12, 40 }, { 12, 39 }, { 12, 36 }, { 14, 47 }, { 14, 40 },
        { 14, 36 }, { 16, 48 }, { 16, 44 }, { 16, 42 }, { 16, 36 },
    };

    for (unsigned i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        begin_stage2(spaces[i].granule, spaces[i].bits);
        for (unsigned level = guest.start; level <= 3; level++) {
            if (!*entry(&guest, IPA, level))
                fault2("no entry", EL1, LOAD, IPA + 8, TRANSLATION | level, IPA);
        }
        fault2("no page, store", EL0, STORE, IPA + 8, TRANSLATION | 3, IPA);
        fault2("no page, fetch", EL0, FETCH, IPA + 8, TRANSLATION | 3, IPA);
        map(&guest, IPA, 3, (reg)page[1], S2_RW);
        invalidate();
        result("a page", EL1, p_load, IPA + 8, 0x1001);
        if (spaces[i].bits < 48)
            fault2("beyond the space", EL1, LOAD, UINT64_C(1) << spaces[i].bits, TRANSLATION | 0,
                   UINT64_C(1) << spaces[i].bits);
    }
    /* 40 bits from level 1: two tables side by side. */
    begin(12, 48);
    guest = (struct space){ .granule = 12, .bits = 40, .start = 1 };
    guest.root = new_table(13);
    map_program(&guest, S2_RW);
    map(&guest, UINT64_C(1) << 39, 3, (reg)page[2], S2_RW);
    use_stage2(&guest, 5, 0);
    result("concatenated tables", EL1, p_load, (UINT64_C(1) << 39) + 8, 0x1002);
}

static void stage2_permissions(void)
{
    reg *e;

    begin_stage2(12, 40);
    page[0][1] = 0;
    for (unsigned i = 0; i < 16; i++) {
        bool x0 = i >> 2 < 2, x1 = i >> 2 == 0 || i >> 2 == 3;
        map(&guest, IPA, 3, (reg)page[0], S2_BASE | (i & 1 ? S2_R : 0) | (i & 2 ? S2_W : 0) |
            XN(i >> 2));
        invalidate();
        page[0][1] = 0;
        for (unsigned el = 0; el < 2; el++) {
            reg from = el ? EL1 : EL0;
            if (i & 1)
                access("stage 2: read", from, LOAD, IPA + 8, OK);
            else
                fault2("stage 2: read", from, LOAD, IPA + 8, PERMISSION | 3, IPA);
            /* Instructions must be readable, too, or not: the manual leaves that open. */
            if (i & 1 && (el ? x1 : x0))
                access("stage 2: fetch", from, FETCH, IPA + 8, OK);
            else if (i & 1)
                fault2("stage 2: fetch", from, FETCH, IPA + 8, PERMISSION | 3, IPA);
            if (i & 2)
                access("stage 2: write", from, STORE, IPA + 16, OK);
            else
                fault2("stage 2: write", from, STORE, IPA + 16, PERMISSION | 3, IPA);
        }
    }
    map(&guest, IPA, 3, (reg)page[0], (S2_RW & ~AF));
    e = entry(&guest, IPA, 3);
    invalidate();
    fault2("stage 2: AF", EL1, LOAD, IPA, FLAG | 3, IPA);
    use_stage2(&guest, 5, 1 << 21);
    access("stage 2: AF by hardware", EL1, LOAD, IPA, OK);
    equal("is set", *e & AF, AF);
    map(&guest, IPA, 3, (reg)page[0], S2_BASE | S2_R | DBM);
    use_stage2(&guest, 5, 3 << 21);
    access("stage 2: clean", EL1, LOAD, IPA, OK);
    equal("stays so", *e & S2_W, 0);
    access("stage 2: clean", EL1, STORE, IPA, OK);
    equal("is dirty", *e & S2_W, S2_W);
}

static void stage2_syndromes(void)
{
    static const struct {
        void (*piece)(void);
        unsigned iss;
    } cases[] = {
        { p_ldrsb, 1u << 24 | 1u << 21 | 5 << 16 },
        { p_ldrsh, 1u << 24 | 1u << 22 | 1u << 21 | 6 << 16 | 1u << 15 },
        { p_strh_reg, 1u << 24 | 1u << 22 | 7 << 16 | WNR },
        { p_ldar, 1u << 24 | 2u << 22 | 8 << 16 | 1u << 14 },
        { p_ldr_post, 0 }, { p_ldp, 0 }, { p_exclusive, 0 }, { p_ldadd, 0 },
        { p_ldtr, 1u << 24 | 3u << 22 | 1u << 15 },
    };

    begin_stage2(12, 40);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect("syndrome for a hypervisor", EL1, cases[i].piece, IPA, 2, EC_DATA_LOWER,
               cases[i].iss | TRANSLATION | 1);
        equal("its pc", out.pc, 0);
    }
}

static void both_stages(void)
{
    reg par;

    /* Stage 1 tables are at their own intermediate addresses; the page is not. */
    begin(12, 48);
    guest = new_space(12, 40);
    map_program(&guest, S2_RW);
    map(&guest, IPA, 3, (reg)page[1], S2_BASE | S2_R);
    map(&guest, IPA + 0x200000, 2, RAM, S2_RW);
    map(&low, VA, 3, IPA, BASE | USER);
    map(&low, VA + 0x40000000, 1, IPA, BASE | USER); /* a block over smaller pieces */
    map(&low, VA + 0x1000, 3, IPA + 0x1000, BASE | USER);
    use(&low, NULL, 0);
    use_stage2(&guest, 9, 0);
    result("both stages", EL0, p_load, VA + 8, 0x1001);
    fault2("stage 2's right", EL0, STORE, VA + 8, PERMISSION | 3, IPA);
    fault2("stage 2's page", EL0, LOAD, VA + 0x1008, TRANSLATION | 3, IPA + 0x1000);
    result("a block over pages", EL0, p_load, VA + 0x40000008, 0x1001);
    result("a block over blocks", EL0, p_load, VA + 0x40200000 + ((reg)&page[3][1] & 0x1fffff),
           *(volatile reg *)(RAM + ((reg)&page[3][1] & 0x1fffff)));
    access("stage 1 first", EL1, LOAD, VA + 0x2000, TRANSLATION | 3);
    /* AT: stage 1 alone gives the intermediate address. */
    run(EL1, p_at_s1e1r, VA, 0);
    equal("AT S1E1R", out.x0 & UINT64_C(0xfffffffff001), IPA);
    __asm__ volatile("at s12e1r, %0\n isb" : : "r"(VA + 8) : "memory");
    par = get(par_el1);
    equal("AT S12E1R", par & UINT64_C(0xfffffffff001), (reg)page[1]);
    __asm__ volatile("at s12e0w, %0\n isb" : : "r"(VA + 8) : "memory");
    equal("AT S12E0W", get(par_el1), 0xa1f);
    __asm__ volatile("at s12e1r, %0\n isb" : : "r"(VA + 0x1000) : "memory");
    equal("AT S12E1R of no page", get(par_el1), 0xa0f);
    __asm__ volatile("at s12e1r, %0\n isb" : : "r"(VA + 0x2000) : "memory");
    equal("AT S12E1R, stage 1 fails", get(par_el1), 0x80f);
    /* Stage 1's table is nowhere in stage 2. */
    *entry(&low, VA, 2) = (IPA + 0x5000) | 3;
    invalidate();
    fault2("a table of stage 1", EL0, LOAD, VA + 8, TRANSLATION | 3 | S1PTW, IPA + 0x5000);
    fault2("a table of stage 1, fetch", EL0, FETCH, VA + 8, TRANSLATION | 3 | S1PTW, IPA + 0x5000);
    expect("and AT from EL1", EL1, p_at_s1e1r, VA, 2, EC_DATA_LOWER,
           TRANSLATION | 3 | S1PTW | CM | WNR);
    __asm__ volatile("at s1e1r, %0\n isb" : : "r"(VA) : "memory");
    equal("AT S1E1R from above", get(par_el1), 0xb0f);
    /* Hardware must be able to write stage 1's tables. */
    map(&guest, IPA + 0x5000, 3, (reg)page[2], S2_BASE | S2_R);
    page[2][0] = IPA | SH | USER | 3;
    set(tcr_el1, tcr_of(&low, NULL, TCR_HA));
    invalidate();
    run(EL0, p_load, VA + 8, 0);
    equal("AF in a read-only table", out.el << 8 | (ISS(out.esr) & ~WNR),
          0x200 | PERMISSION | 3 | S1PTW);
    *entry(&guest, IPA + 0x5000, 3) |= S2_W;
    invalidate();
    result("and in a writable one", EL0, p_load, VA + 8, 0x1001);
    equal("is set", page[2][0] & AF, AF);
}

static void vmids(void)
{
    struct space a, b;

    begin_stage2(12, 40);
    a = guest;
    b = new_space(12, 40);
    map_program(&b, S2_RW);
    map(&a, IPA, 3, (reg)page[0], S2_RW);
    map(&b, IPA, 3, (reg)page[1], S2_RW);
    use_stage2(&a, 1, 0);
    for (reg n = 1; n < 12; n++) {
        set(vttbr_el2, (reg)(n & 1 ? a.root : b.root) | n << 48);
        result("a page by VMID", EL1, p_load, IPA + 8, n & 1 ? 0x1000 : 0x1001);
    }
    set(vttbr_el2, (reg)a.root | UINT64_C(2) << 48);
    __asm__ volatile("dsb ish\n tlbi vmalls12e1\n dsb ish\n isb" : : : "memory");
    result("after VMALLS12E1", EL1, p_load, IPA + 8, 0x1000);
    map(&a, IPA, 3, (reg)page[2], S2_RW);
    TLBI("ipas2e1is", IPA >> 12);
    __asm__ volatile("tlbi vmalle1is\n dsb ish\n isb" : : : "memory");
    result("after IPAS2E1IS", EL1, p_load, IPA + 8, 0x1002);
    use_stage2(&b, 0x101, 1 << 19);
    result("16 bits", EL1, p_load, IPA + 8, 0x1001);
    /* Off and on: no invalidation in between. */
    set(hcr_el2, HCR_RW);
    access("stage 2 off", EL1, LOAD, (reg)&page[3][1], OK);
    equal("shows memory", out.x0, 0x1003);
    set(hcr_el2, HCR_RW | HCR_VM);
    result("and on", EL1, p_load, IPA + 8, 0x1001);
    set(hcr_el2, HCR_RW | HCR_VM | HCR_DC);
    invalidate();
    result("HCR.DC", EL1, p_load, IPA + 8, 0x1001);
    run(EL1, p_at_s1e1r, 0x12345678, 0);
    equal("AT with HCR.DC", out.x0 >> 56, 0xff);
    plain();
}

/* ---- EL2's own regimes ----------------------------------------------------------------------- */

static void el2_regimes(void)
{
    reg sctlr = 0x30c50830;

    if (monitor != 3)
        return;
    begin(12, 48);
    *entry(&low, RAM, 1) = RAM | BASE | USER | RO | 1;
    map(&low, VA, 3, (reg)page[0], BASE | USER);
    map(&low, VA + 0x1000, 3, (reg)page[1], BASE | USER | RO);
    map(&low, VA + 0x2000, 3, (reg)page[2], BASE | USER | UXN);
    set(mair_el2, 0x04ff);
    set(tcr_el2, 0x80800000 | 5 << 16 | 0x3500 | 16);
    set(ttbr0_el2, low.root);
    set(sctlr_el2, sctlr | 1);
    __asm__ volatile("tlbi alle2\n dsb ish\n isb" : : : "memory");
    result("EL2: a page", EL2, p_load, VA + 8, 0x1000);
    page[0][1] = 0;
    access("EL2: writable is executable", EL2, FETCH, VA + 8, OK);
    access("EL2: XN", EL2, FETCH, VA + 0x2008, PERMISSION | 3);
    access("EL2: read-only", EL2, STORE, VA + 0x1008, PERMISSION | 3);
    access("EL2: no page", EL2, LOAD, VA + 0x3008, TRANSLATION | 3);
    access("EL2: one range", EL2, LOAD, UPPER(48), TRANSLATION | 0);
    map(&low, VA, 3, (reg)page[3], BASE | USER);
    TLBI("vae2is", VA >> 12);
    result("EL2: after VAE2IS", EL2, p_load, VA + 8, 0x1003);
    __asm__ volatile("at s1e2w, %0\n isb" : : "r"(VA + 0x1000) : "memory");
    equal("AT S1E2W", get(par_el1), 0x81f);
    set(sctlr_el2, sctlr);

    /* EL2&0 */
    struct space high = new_space(12, 48);
    map(&high, 0, 3, (reg)page[1], BASE);
    set(hcr_el2, HCR_RW | UINT64_C(1) << 34 | 1 << 27);
    set(cptr_el2, 3 << 20);
    set(tcr_el2, tcr_of(&low, &high, TCR_AS));
    set(ttbr0_el2, (reg)low.root | UINT64_C(3) << 48);
    __asm__ volatile("msr s3_4_c2_c0_1, %0\n isb" : : "r"(high.root)); /* ttbr1_el2 */
    set(sctlr_el2, (sctlr | 1 | 1 << 23));
    page[3][1] = 0x1003;
    __asm__ volatile("tlbi alle2\n dsb ish\n isb" : : : "memory");
    result("EL2&0: a page", EL2, p_load, VA + 8, 0x1003);
    result("EL2&0: from EL0", EL0, p_load, VA + 8, 0x1003);
    equal("comes to EL2", out.el, 2);
    result("EL2&0: the upper half", EL2, p_load, UPPER(48) + 8, 0x1001);
    access("EL2&0: not EL0's", EL0, LOAD, UPPER(48) + 8, PERMISSION | 3);
    access("EL2&0: writable by EL0 is not executable", EL2, FETCH, VA + 8, PERMISSION | 3);
    access("EL2&0: PAN", EL2 | PAN, LOAD, VA + 8, PERMISSION | 3);
    result("EL2&0: ldtr", EL2 | PAN, p_ldtr, VA + 8, 0x1003);
    map(&low, VA, 3, (reg)page[2], BASE | USER | NG);
    TLBI("vae2", UINT64_C(3) << 48 | VA >> 12);
    result("EL2&0: after VAE2", EL0, p_load, VA + 8, 0x1002);
    map(&low, VA, 3, (reg)page[0], BASE | USER | NG);
    run(EL2, p_tlbi_vmalle1is, 0, 0);
    page[0][1] = 0x1000;
    result("EL2&0: after VMALLE1IS at EL2", EL0, p_load, VA + 8, 0x1000);
    run(EL2, p_at_s1e0r, VA + 0x1000, 0);
    equal("EL2&0: AT S1E0R at EL2", out.x0 & UINT64_C(0xfffffffff001), (reg)page[1]);
    expect("EL2&0: svc", EL0, p_svc, 0, 2, EC_SVC, 0x1234);
    set(sctlr_el2, sctlr);
    set(hcr_el2, HCR_RW);
    plain();
}

void test_stage2(void)
{
    stage2_granules();
    stage2_permissions();
    stage2_syndromes();
    both_stages();
    vmids();
    el2_regimes();
    plain();
}
