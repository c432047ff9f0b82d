/* SPDX-License-Identifier: MIT */
/*
 * priv_mmu.c: address translation of EL1 and EL0: granules, levels and sizes, permissions, access
 * flag and dirty state, ASIDs, invalidation, AT.
 */
#include "priv_mmu.h"

#define TABLES 48
static reg tables[TABLES][8192] __attribute__((aligned(65536)));
static unsigned tables_used;
volatile reg page[4][8192] __attribute__((aligned(65536)));

/* ---- building tables ------------------------------------------------------------------------- */

reg *new_table(unsigned granule)
{
    reg *t = tables[tables_used++];

    if (tables_used > TABLES)
        text("too many tables\n");
    for (unsigned i = 0; i < 1u << (granule - 3); i++)
        t[i] = 0;
    return t;
}

unsigned shift_of(const struct space *s, unsigned level)
{
    return s->granule + (s->granule - 3) * (3 - level);
}

struct space new_space(unsigned granule, unsigned bits)
{
    struct space s = { .granule = granule, .bits = bits };

    s.start = 3 - (bits - granule - 1) / (granule - 3);
    s.root = new_table(granule);
    return s;
}

/* The place of an entry, with the tables to it. */
reg *entry(const struct space *s, reg va, unsigned level)
{
    reg *t = s->root;

    for (unsigned l = s->start;; l++) {
        unsigned bits = l == s->start ? s->bits - shift_of(s, l) : s->granule - 3;
        reg *e = &t[va >> shift_of(s, l) & ((UINT64_C(1) << bits) - 1)];
        if (l == level)
            return e;
        if (!(*e & 1))
            *e = (reg)new_table(s->granule) | 3;
        t = (reg *)(*e & UINT64_C(0xffffffff0000) & ~(reg)((1u << s->granule) - 1));
    }
}

void map(const struct space *s, reg va, unsigned level, reg to, reg flags)
{
    *entry(s, va, level) = to | flags | (level == 3 ? 3 : 1);
}

/* The program at its own address: EL0 and EL1 may execute it. */
void map_program(const struct space *s, reg flags)
{
    unsigned level = s->granule == 12 ? 1 : 2;
    reg size = UINT64_C(1) << shift_of(s, level);

    for (reg at = 0; at < 0x2000000; at += size)
        map(s, RAM + at, level, RAM + at, flags);
}

void invalidate(void)
{
    __asm__ volatile("dsb ish\n tlbi alle1\n dsb ish\n isb" : : : "memory");
}

unsigned tg0(unsigned granule) { return granule == 12 ? 0 : granule == 14 ? 2 : 1; }
static unsigned tg1(unsigned granule) { return granule == 12 ? 2 : granule == 14 ? 1 : 3; }

reg tcr_of(const struct space *low, const struct space *high, reg more)
{
    reg tcr = TCR_IPS48 | (64 - low->bits) | tg0(low->granule) << 14 | 0x3500 | more;

    if (high)
        return tcr | (reg)(64 - high->bits) << 16 | (reg)tg1(high->granule) << 30 | 0x35000000;
    return tcr | TCR_EPD1;
}

void use(const struct space *low, const struct space *high, reg more)
{
    set(mair_el1, 0x04ff);
    set(tcr_el1, tcr_of(low, high, more));
    set(ttbr0_el1, low->root);
    set(ttbr1_el1, high ? high->root : 0);
    set(sctlr_el1, SCTLR_RES1 | 1);
    invalidate();
}

/* The usual space: 4 KiB, 48 bits, the program mapped. */
struct space low;
void begin(unsigned granule, unsigned bits)
{
    plain();
    tables_used = 0;
    low = new_space(granule, bits);
    map_program(&low, BASE | USER | RO);
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned j = 0; j < 8192; j += 512)
            page[i][j] = i << 16 | j;
        page[i][1] = 0x1000 + i;
    }
}

/* Expects an access to fail, or (status ~0) to be done. */
void access(const char *what, reg spsr, enum kind kind, reg va, unsigned status)
{
    static void (*const code[])(void) = { p_load, p_store, p_jump };
    unsigned el = spsr >> 2 & 3, to = el ? el : 1, ec = kind == FETCH ? EC_FETCH : EC_DATA;

    if (el == 0 && (get(hcr_el2) & UINT64_C(1) << 27))
        to = 2;
    run(spsr, code[kind], va, 0x77);
    if (status == ~0u) {
        equal(what, (reg)EC(out.esr) << 32 | ISS(out.esr),
              (reg)(kind == FETCH ? EC_UNKNOWN : EC_BRK) << 32 | (kind == FETCH ? 0 : 0x77));
        return;
    }
    equal(what, (reg)out.el << 32 | EC(out.esr) << 25 | ISS(out.esr),
          (reg)to << 32 | (ec - (el == 0)) << 25 | status | (kind == STORE ? WNR : 0));
    equal("its far", out.far, va);
}

/* ---- stage 1 --------------------------------------------------------------------------------- */

static void granules(void)
{
    static const struct {
        uint8_t granule, bits;
    } spaces[] = {
        { 12, 48 }, { 12, 42 }, { 12, 39 }, { 12, 36 }, { 12, 33 }, { 14, 48 }, { 14, 47 },
        { 14, 42 }, { 14, 36 }, { 16, 48 }, { 16, 42 }, { 16, 36 },
    };

    for (unsigned i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        unsigned g = spaces[i].granule, block = g == 12 ? 1 : 2;
        reg bytes;
        begin(g, spaces[i].bits);
        use(&low, NULL, 0);
        for (unsigned level = low.start; level <= 3; level++) {
            if (!*entry(&low, VA, level)) /* the tables above are there now */
                access("no entry", EL1, LOAD, VA + 8, TRANSLATION | level);
        }
        access("no page, fetch", EL0, FETCH, VA + 8, TRANSLATION | 3);
        access("no page, store", EL0, STORE, VA + 8, TRANSLATION | 3);
        map(&low, VA, 3, (reg)page[1], BASE | USER);
        invalidate();
        result("a page", EL0, p_load, VA + 8, 0x1001);
        bytes = UINT64_C(1) << g;
        access("behind it", EL1, LOAD, VA + bytes, TRANSLATION | 3);
        page[1][(bytes - 8) / 8] = 0x4711;
        result("its end", EL1, p_load, VA + bytes - 8, 0x4711);
        *entry(&low, VA, 3) &= ~(reg)2; /* reserved */
        invalidate();
        access("block at the last level", EL1, LOAD, VA, TRANSLATION | 3);
        for (unsigned level = block; level < 3; level++) {
            reg at = UINT64_C(0xc0000000);
            reg offset = (reg)&page[2][1] & ((UINT64_C(1) << shift_of(&low, level)) - 1);
            map(&low, at, level, RAM, BASE);
            invalidate();
            result("a block", EL1, p_load, at + offset, *(volatile reg *)(RAM + offset));
            *entry(&low, at, level) = 0;
        }
        access("beyond the space", EL1, LOAD, UINT64_C(1) << spaces[i].bits, TRANSLATION | 0);
        access("the upper half is off", EL1, LOAD, UPPER(39), TRANSLATION | 0);
    }
}

/* The upper half, in sizes too small for the program. */
static void upper_half(void)
{
    static const struct {
        uint8_t granule, bits;
    } spaces[] = {
        { 12, 48 }, { 12, 39 }, { 12, 30 }, { 12, 25 }, { 12, 21 }, { 12, 16 }, { 14, 48 },
        { 14, 36 }, { 14, 25 }, { 14, 16 }, { 16, 48 }, { 16, 42 }, { 16, 29 }, { 16, 25 },
        { 16, 17 }, { 16, 52 },
    };

    for (unsigned i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        struct space high;
        reg at = UPPER(spaces[i].bits);
        begin(12, 48);
        high = new_space(spaces[i].granule, spaces[i].bits);
        map(&high, at & ~UPPER(spaces[i].bits), 3, (reg)page[3], BASE);
        use(&low, &high, 0);
        result("the upper half's first page", EL1, p_load, at + 8, 0x1003);
        if (spaces[i].bits < 52)
            access("below it", EL1, LOAD, at - 8, TRANSLATION | 0);
        access("no page", EL1, LOAD, ~UINT64_C(7),
               TRANSLATION | (high.start == 3 ? 3 : high.start));
        access("not EL0's", EL0, LOAD, at + 8, PERMISSION | 3);
    }
}

static bool may(reg flags, bool el1, enum kind kind, bool wxn)
{
    bool user = flags & USER, writable = !(flags & RO);

    if (kind == FETCH)
        return el1 ? !(flags & PXN) && !(user && writable) && !(wxn && writable)
                   : !(flags & UXN) && !(wxn && user && writable);
    return (el1 || user) && (kind == LOAD || writable);
}

static void permissions(void)
{
    static const reg flags[] = { 0, USER, RO, USER | RO };

    begin(12, 48);
    page[0][1] = 0; /* udf */
    for (unsigned wxn = 0; wxn < 2; wxn++) {
        use(&low, NULL, 0);
        set(sctlr_el1, SCTLR_RES1 | 1 | wxn << 19);
        invalidate();
        for (unsigned i = 0; i < 16; i++) {
            reg f = flags[i & 3] | (i & 4 ? UXN : 0) | (i & 8 ? PXN : 0);
            map(&low, VA, 3, (reg)page[0], BASE | f);
            invalidate();
            for (unsigned el = 0; el < 2; el++) {
                for (enum kind k = LOAD; k <= FETCH; k++) {
                    page[0][1] = 0;
                    access("permissions", el ? EL1 : EL0, k, VA + 8,
                           may(f, el, k, wxn) ? OK : PERMISSION | 3);
                }
            }
        }
    }
    /* What the table above takes away. */
    for (unsigned hpd = 0; hpd < 2; hpd++) {
        use(&low, NULL, hpd ? TCR_HPD0 : 0);
        page[0][1] = 0;
        map(&low, VA, 3, (reg)page[0], BASE | USER);
        *entry(&low, VA, 1) |= RO_TABLE;
        invalidate();
        access("APTable: read-only", EL1, STORE, VA + 8, hpd ? OK : PERMISSION | 3);
        access("APTable: read-only", EL0, LOAD, VA + 8, OK);
        *entry(&low, VA, 1) ^= RO_TABLE | USER_TABLE;
        invalidate();
        page[0][1] = 0;
        access("APTable: not EL0", EL0, LOAD, VA + 8, hpd ? OK : PERMISSION | 3);
        access("APTable: not EL0", EL1, STORE, VA + 8, OK);
        *entry(&low, VA, 1) ^= USER_TABLE | UXN_TABLE;
        map(&low, VA, 3, (reg)page[0], BASE | USER | RO);
        invalidate();
        page[0][1] = 0;
        access("UXNTable", EL0, FETCH, VA + 8, hpd ? OK : PERMISSION | 3);
        access("UXNTable", EL1, FETCH, VA + 8, OK);
        *entry(&low, VA, 1) ^= UXN_TABLE | PXN_TABLE;
        invalidate();
        access("PXNTable", EL1, FETCH, VA + 8, hpd ? OK : PERMISSION | 3);
        access("PXNTable", EL0, FETCH, VA + 8, OK);
        *entry(&low, VA, 1) ^= PXN_TABLE;
    }
}

static void unprivileged(void)
{
    begin(12, 48);
    use(&low, NULL, 0);
    map(&low, VA, 3, (reg)page[0], BASE | USER);
    map(&low, VA + 0x1000, 3, (reg)page[1], BASE);
    map(&low, VA + 0x2000, 3, (reg)page[2], BASE | USER | RO);
    invalidate();
    result("ldtr from EL0's page", EL1, p_ldtr, VA + 8, 0x1000);
    expect("ldtr from EL1's page", EL1, p_ldtr, VA + 0x1008, 1, EC_DATA, PERMISSION | 3);
    expect("sttr to EL0's read-only page", EL1, p_sttr, VA + 0x2008, 1, EC_DATA,
           PERMISSION | 3 | WNR);
    result("ldtr from EL1's page, UAO", EL1, p_uao_ldtr, VA + 0x1008, 0x1001);
    expect("PAN: load", EL1 | PAN, p_load, VA + 8, 1, EC_DATA, PERMISSION | 3);
    expect("PAN: store", EL1 | PAN, p_store, VA + 8, 1, EC_DATA, PERMISSION | 3 | WNR);
    result("PAN: ldtr", EL1 | PAN, p_ldtr, VA + 8, 0x1000);
    result("PAN: EL1's page", EL1 | PAN, p_load, VA + 0x1008, 0x1001);
    expect("PAN: ldtr with UAO", EL1 | PAN, p_uao_ldtr, VA + 8, 1, EC_DATA, PERMISSION | 3);
    result("PAN off again", EL1, p_pan_load, VA + 8, 0x1000);
    result("PAN says nothing of EL0", EL0 | PAN, p_load, VA + 8, 0x1000);
    result("PAN and AT", EL1 | PAN, p_at_s1e1rp, VA + 8, 0x81f);
    run(EL1, p_at_s1e1rp, VA + 8, 0);
    equal("AT without PAN", out.x0 & 1, 0);
    run(EL1 | PAN, p_at_s1e1r, VA + 8, 0);
    equal("AT that ignores PAN", out.x0 & 1, 0);
}

static void flags_by_hardware(void)
{
    reg *e;

    begin(12, 48);
    use(&low, NULL, 0);
    map(&low, VA, 3, (reg)page[0], SH);
    e = entry(&low, VA, 3);
    invalidate();
    access("AF clear", EL1, LOAD, VA + 8, FLAG | 3);
    access("AF clear, no right", EL0, STORE, VA + 8, FLAG | 3);
    access("AF clear, fetch", EL1, FETCH, VA + 8, FLAG | 3);
    set(tcr_el1, tcr_of(&low, NULL, TCR_HA));
    invalidate();
    access("AF by hardware, no right", EL0, LOAD, VA + 8, PERMISSION | 3);
    access("AF by hardware", EL1, LOAD, VA + 8, OK);
    equal("AF is set", *e & AF, AF);
    map(&low, VA, 3, (reg)page[0], SH | AF | RO | DBM);
    invalidate();
    access("DBM without HD", EL1, STORE, VA + 8, PERMISSION | 3);
    set(tcr_el1, tcr_of(&low, NULL, TCR_HA | TCR_HD));
    invalidate();
    access("writable clean: load", EL1, LOAD, VA + 8, OK);
    equal("stays clean", *e & RO, RO);
    access("writable clean: store", EL1, STORE, VA + 8, OK);
    equal("is dirty", *e & RO, 0);
    map(&low, VA, 3, (reg)page[0], SH | RO | DBM);
    invalidate();
    run(EL1, p_ldadd, VA + 16, 5);
    equal("an atomic", EC(out.esr), EC_BRK);
    equal("sets both", *e & (RO | AF), AF);
    map(&low, VA, 3, (reg)page[0], SH | RO);
    invalidate();
    access("read-only", EL1, STORE, VA + 8, PERMISSION | 3);
    run(EL1, p_at_s1e1w, VA, 0);
    equal("AT of it", out.x0, 0x81f);
    map(&low, VA, 3, (reg)page[0], SH | RO | DBM);
    invalidate();
    run(EL1, p_at_s1e1w, VA, 0);
    equal("AT of what would become dirty", out.x0 & 1, 0);
    equal("leaves it", *e & RO, RO);
}

static void sizes_of_addresses(void)
{
    begin(12, 48);
    use(&low, NULL, 0);
    set(tcr_el1, tcr_of(&low, NULL, 0) & ~(UINT64_C(7) << 32)); /* 32 bits */
    map(&low, VA, 3, UINT64_C(1) << 32, BASE);
    invalidate();
    access("a page beyond IPS", EL1, LOAD, VA, SIZE | 3);
    *entry(&low, VA, 2) = (UINT64_C(1) << 33) | 3;
    invalidate();
    access("a table beyond IPS", EL1, LOAD, VA, SIZE | 2);
    map(&low, VA + 0x40000000, 1, UINT64_C(1) << 40, BASE);
    invalidate();
    access("a block beyond IPS", EL1, STORE, VA + 0x40000000, SIZE | 1);
    /* A table that is not there. */
    set(tcr_el1, tcr_of(&low, NULL, 0));
    *entry(&low, VA, 2) = UINT64_C(0x70000000000) | 3;
    invalidate();
    access("no table there", EL1, LOAD, VA, 0x14 | 3);
    access("no table there", EL1, FETCH, VA, 0x14 | 3);
    expect("AT meets it, too", EL1, p_at_s1e1r, VA, 1, EC_DATA, 0x14 | 3 | CM | WNR);
    /* 52 bits, in the descriptors of the 64 KiB granule. */
    begin(16, 48);
    use(&low, NULL, 0);
    set(tcr_el1, (tcr_of(&low, NULL, 0) & ~(UINT64_C(7) << 32)) | UINT64_C(6) << 32);
    map(&low, VA, 3, 0xf000, BASE);
    invalidate();
    run(EL1, p_at_s1e1r, VA, 0);
    equal("52-bit page", out.x0 & UINT64_C(0xffffffffff001), UINT64_C(0xf000000000000));
    *entry(&low, VA, 3) = (reg)page[1] | BASE | 3;
    invalidate();
    result("52-bit page", EL1, p_load, VA + 8, 0x1001);
    *entry(&low, UINT64_C(1) << 42, 1) = BASE | 1;
    invalidate();
    result("a block of 4 TiB", EL1, p_load, (UINT64_C(1) << 42) + (reg)&page[2][1], 0x1002);
}

static void tags(void)
{
    reg tag = UINT64_C(0xa5) << 56;

    begin(12, 48);
    map(&low, VA, 3, (reg)page[0], BASE | USER);
    use(&low, NULL, 0);
    access("no TBI", EL1, LOAD, VA + 8 + tag, TRANSLATION | 0);
    set(tcr_el1, tcr_of(&low, NULL, TCR_TBI0));
    invalidate();
    result("TBI", EL0, p_load, VA + 8 + tag, 0x1000);
    result("TBI, no tag", EL0, p_load, VA + 8, 0x1000);
    run(EL0, p_jump, (reg)p_undefined + tag, 0);
    equal("a jump to a tagged address", EC(out.esr), EC_UNKNOWN);
    equal("the pc has no tag", out.pc + (reg)p_jump, (reg)p_undefined);
    run(EL0, p_load, VA + 0x1000 + tag, 0);
    equal("far has it", out.far, VA + 0x1000 + tag);
    /* Invalidation takes the page's tagged names, too. */
    map(&low, VA, 3, (reg)page[1], BASE | USER);
    __asm__ volatile("dsb ish\n tlbi vaae1, %0\n dsb ish\n isb" : : "r"(VA >> 12) : "memory");
    result("after TLBI", EL0, p_load, VA + 8 + tag, 0x1001);
    result("after TLBI", EL0, p_load, VA + 8, 0x1001);
    plain();
    result("MMU off, TBI", EL1, p_load, (reg)&page[2][1] + tag, 0x1002);
    set(tcr_el1, 0);
    invalidate();
    access("MMU off, no TBI", EL1, LOAD, (reg)&page[2][1] + tag, SIZE);
}

static void crossing(void)
{
    begin(12, 48);
    map(&low, VA, 3, (reg)page[0], BASE | USER);
    map(&low, VA + 0x1000, 3, (reg)page[1], BASE | USER);
    use(&low, NULL, 0);
    ((volatile uint8_t *)page[0])[4095] = 0x11;
    page[1][0] = 0x22334455667788;
    result("over the end of a page", EL0, p_load_unaligned, VA + 0xffe, 0x2233445566778811);
    expect("into nothing", EL0, p_load_unaligned, VA + 0x1ffa, 1, EC_DATA_LOWER, TRANSLATION | 3);
    equal("its far", out.far, VA + 0x2000);
    expect("into nothing", EL0, p_store_unaligned, VA + 0x1ffa, 1, EC_DATA_LOWER,
           TRANSLATION | 3 | WNR);
    equal("its far", out.far, VA + 0x2000);
    map(&low, VA + 0x3000, 3, (reg)page[2], BASE | USER);
    invalidate();
    expect("from nothing", EL0, p_load_unaligned, VA + 0x2ffa, 1, EC_DATA_LOWER, TRANSLATION | 3);
    equal("its far", out.far, VA + 0x2ffb);
}

static void kinds_of_access(void)
{
    begin(12, 48);
    map(&low, VA, 3, (reg)page[0], BASE | USER | RO);
    use(&low, NULL, 0);
    set(sctlr_el1, SCTLR_RES1 | 1 | 1 << 14 | 1 << 26);
    expect("atomic on nothing is a read", EL1, p_ldadd, VA + 0x1000, 1, EC_DATA, TRANSLATION | 3);
    expect("CAS likewise", EL0, p_cas, VA + 0x1000, 1, EC_DATA_LOWER, TRANSLATION | 3);
    expect("atomic on a read-only page", EL1, p_ldadd, VA, 1, EC_DATA, PERMISSION | 3 | WNR);
    expect("CAS likewise", EL0, p_cas, VA, 1, EC_DATA_LOWER, PERMISSION | 3 | WNR);
    run(EL0, p_exclusive, VA, 1);
    equal("exclusive store", ISS(out.esr), PERMISSION | 3 | WNR);
    equal("its pc", out.pc, 4);
    expect("dc zva", EL0, p_dc_zva, VA + 72, 1, EC_DATA_LOWER, PERMISSION | 3 | WNR);
    equal("its far", out.far, VA + 72);
    expect("dc cvac on nothing", EL0, p_dc_cvac, VA + 0x1008, 1, EC_DATA_LOWER,
           TRANSLATION | 3 | CM | WNR);
    equal("its far", out.far, VA + 0x1008);
    run(EL0, p_dc_cvac, VA + 8, 0);
    equal("dc cvac on a readable page", EC(out.esr), EC_BRK);
    expect("dc ivac on a read-only page", EL1, p_dc_ivac, VA + 8, 1, EC_DATA,
           PERMISSION | 3 | CM | WNR);
    *entry(&low, VA, 3) &= ~USER;
    invalidate();
    expect("dc civac on EL1's page", EL0, p_dc_civac, VA + 8, 1, EC_DATA_LOWER,
           PERMISSION | 3 | CM | WNR);
    run(EL1, p_dc_civac, VA + 8, 0);
    equal("from EL1", EC(out.esr), EC_BRK);
    expect("dc zva at EL1", EL1, p_dc_zva, VA + 8, 1, EC_DATA, PERMISSION | 3 | WNR);
}

/* ---- ASIDs, invalidation --------------------------------------------------------------------- */

static void use_asid(const struct space *s, reg asid)
{
    set(ttbr0_el1, (reg)s->root | asid << 48);
}

static void asids(void)
{
    struct space a, b;

    begin(12, 48);
    a = low;
    b = new_space(12, 48);
    map_program(&b, BASE | USER | RO);
    map(&a, VA, 3, (reg)page[0], BASE | USER | NG);
    map(&b, VA, 3, (reg)page[1], BASE | USER | NG);
    map(&a, VA + 0x1000, 3, (reg)page[2], BASE | USER); /* global, the same in both */
    map(&b, VA + 0x1000, 3, (reg)page[2], BASE | USER);
    map(&a, VA + 0x200000, 2, RAM, BASE | USER | NG);
    map(&b, VA + 0x200000, 2, RAM, BASE | USER | NG);
    use(&a, NULL, TCR_AS);
    for (reg n = 1; n < 12; n++) { /* more than are remembered at a time */
        use_asid(n & 1 ? &a : &b, n);
        result("a page by ASID", EL0, p_load, VA + 8, n & 1 ? 0x1000 : 0x1001);
        result("a global page", EL0, p_load, VA + 0x1008, 0x1002);
    }
    use_asid(&b, 0x102);
    result("16 bits", EL0, p_load, VA + 8, 0x1001);
    use_asid(&a, 2); /* so far B's */
    TLBI("aside1", UINT64_C(2) << 48);
    result("after ASIDE1", EL0, p_load, VA + 8, 0x1000);
    map(&a, VA, 3, (reg)page[3], BASE | USER | NG);
    TLBI("vae1", UINT64_C(2) << 48 | VA >> 12);
    result("after VAE1", EL0, p_load, VA + 8, 0x1003);
    use_asid(&a, 3);
    map(&a, VA, 3, (reg)page[1], BASE | USER | NG);
    TLBI("vale1is", UINT64_C(3) << 48 | VA >> 12);
    result("after VALE1IS", EL0, p_load, VA + 8, 0x1001);
    map(&a, VA, 3, (reg)page[2], BASE | USER | NG);
    TLBI("vaae1is", VA >> 12);
    result("after VAAE1IS", EL0, p_load, VA + 8, 0x1002);
    map(&a, VA + 0x1000, 3, (reg)page[3], BASE | USER);
    map(&b, VA + 0x1000, 3, (reg)page[3], BASE | USER);
    TLBI("vae1is", UINT64_C(3) << 48 | (VA + 0x1000) >> 12);
    for (reg n = 1; n < 5; n++) {
        use_asid(&a, n | 1);
        result("a global page, after VAE1IS", EL0, p_load, VA + 0x1008, 0x1003);
    }
    use_asid(&a, 3);
    page[2][3] = 0x4321;
    result("in a block", EL0, p_load, VA + 0x200000 + ((reg)&page[2][3] & 0x1fffff),
           *(volatile reg *)(RAM + ((reg)&page[2][3] & 0x1fffff)));
    *entry(&a, VA + 0x200000, 2) = 0;
    TLBI("vae1", UINT64_C(3) << 48 | (VA + 0x3ff000) >> 12);
    access("after VAE1 elsewhere in the block", EL0, LOAD,
           VA + 0x200000 + ((reg)&page[2][3] & 0x1fffff), TRANSLATION | 2);
    /* From EL1 itself. */
    map(&a, VA, 3, (reg)page[0], BASE | USER | NG);
    run(EL1, p_tlbi_vmalle1is, 0, 0);
    result("after VMALLE1IS", EL0, p_load, VA + 8, 0x1000);
    /* The other half's. */
    set(tcr_el1, tcr_of(&low, NULL, TCR_A1));
    set(ttbr1_el1, UINT64_C(7) << 48);
    invalidate();
    use_asid(&a, 0);
    result("A1: TTBR1 has the ASID", EL0, p_load, VA + 8, 0x1000);
    use_asid(&b, 0);
    set(ttbr1_el1, UINT64_C(8) << 48);
    result("A1: another", EL0, p_load, VA + 8, 0x1001);
    set(ttbr1_el1, UINT64_C(0x107) << 48);
    use_asid(&a, 0);
    result("A1: 8 bits of it", EL0, p_load, VA + 8, 0x1000);
}

static void ranges(void)
{
    reg tg;

    for (unsigned g = 12; g <= 16; g += 2) {
        begin(g, 48);
        use(&low, NULL, 0);
        tg = (reg)((g - 10) / 2) << 46;
        for (unsigned i = 0; i < 4; i++)
            map(&low, VA + ((reg)i << g), 3, (reg)page[0], BASE | USER);
        invalidate();
        for (unsigned i = 0; i < 4; i++)
            result("before", EL0, p_load, VA + ((reg)i << g) + 8, 0x1000);
        for (unsigned i = 0; i < 4; i++)
            map(&low, VA + ((reg)i << g), 3, (reg)page[1], BASE | USER);
        /* RVAE1, 4 pages: NUM 1, SCALE 0 */
        __asm__ volatile("dsb ish\n sys #0, c8, c6, #1, %0\n dsb ish\n isb"
                         : : "r"(VA >> g | (reg)1 << 39 | tg) : "memory");
        for (unsigned i = 0; i < 4; i++)
            result("after RVAE1", EL0, p_load, VA + ((reg)i << g) + 8, 0x1001);
        for (unsigned i = 0; i < 4; i++)
            map(&low, VA + ((reg)i << g), 3, (reg)page[2], BASE | USER);
        /* RVAAE1IS, 64 * 2 pages: NUM 1, SCALE 1 */
        __asm__ volatile("dsb ish\n sys #0, c8, c2, #3, %0\n dsb ish\n isb"
                         : : "r"(VA >> g | (reg)1 << 44 | (reg)1 << 39 | tg) : "memory");
        for (unsigned i = 0; i < 4; i++)
            result("after RVAAE1IS", EL0, p_load, VA + ((reg)i << g) + 8, 0x1002);
        /* One address takes the whole page of a granule. */
        page[3][(UINT64_C(1) << g) / 8 - 1] = 0x99;
        page[2][(UINT64_C(1) << g) / 8 - 1] = 0x98;
        result("its end", EL0, p_load, VA + (UINT64_C(1) << g) - 8, 0x98);
        map(&low, VA, 3, (reg)page[3], BASE | USER);
        TLBI("vaae1", VA >> 12);
        result("its end after VAAE1", EL0, p_load, VA + (UINT64_C(1) << g) - 8, 0x99);
    }
}

/* ---- AT -------------------------------------------------------------------------------------- */

static void translate(void)
{
    begin(12, 48);
    use(&low, NULL, 0);
    map(&low, VA, 3, (reg)page[1], BASE | RO);
    map(&low, VA + 0x1000, 3, (reg)page[2], AF | DEVICE | USER);
    invalidate();
    run(EL1, p_at_s1e1r, VA + 0x123, 0);
    equal("AT S1E1R", out.x0 & ~(reg)0x200, (reg)page[1] | UINT64_C(0xff) << 56 | 0x980);
    result("AT S1E1W", EL1, p_at_s1e1w, VA, 0x81f);
    result("AT S1E0R", EL1, p_at_s1e0r, VA, 0x81f);
    run(EL1, p_at_s1e0r, VA + 0x1000, 0);
    equal("AT of device memory", out.x0 & ~(reg)0x200, (reg)page[2] | UINT64_C(4) << 56 | 0x900);
    result("AT of no page", EL1, p_at_s1e1r, VA + 0x2000, 0x80f);
    result("AT of no table", EL1, p_at_s1e1r, 0, 0x80b);
    set(sctlr_el1, SCTLR_RES1);
    run(EL1, p_at_s1e1r, 0x12345678, 0);
    equal("AT with the MMU off", out.x0 & ~(reg)0x200, 0x12345900);
}

void test_mmu(void)
{
    granules();
    upper_half();
    permissions();
    unprivileged();
    flags_by_hardware();
    sizes_of_addresses();
    tags();
    crossing();
    kinds_of_access();
    asids();
    ranges();
    translate();
    plain();
}
