/* SPDX-License-Identifier: MIT */
/*
 * hwdebug.c: self-hosted debug: breakpoint and watchpoint registers, the OS lock, and what is left of the
 * debug communications channel without an external debugger. The Arm Architecture Reference Manual for
 * A-profile, D2, D19.3. Software step is exc.c's.
 */
#include "sysreg.h"

#define BCR_E 1u
#define BCR_PMC(bcr) ((bcr) >> 1 & 3)
#define BCR_HMC (1u << 13)
#define BCR_BT(bcr) ((bcr) >> 20 & 15)
#define WCR_LOAD (1u << 3)
#define WCR_STORE (1u << 4)
#define WCR_BAS(wcr) ((wcr) >> 5 & 0xff)
#define WCR_MASK(wcr) ((wcr) >> 24 & 31)
#define ISS_DEBUG 0x22u
#define ISS_WRITE 0x40u
#define CONTEXT_AWARE 2u /* the last breakpoints may compare CONTEXTIDR, too */

/* ---- matching -------------------------------------------------------------------------------- */

static bool level_matches(const struct a64_cpu *cpu, uint64_t control)
{
    switch (cpu->el) {
    case 0: return BCR_PMC(control) & 2;
    case 1: return BCR_PMC(control) & 1;
    default: return control & BCR_HMC;
    }
}

bool hwdebug_has_breakpoints(const struct a64_cpu *cpu)
{
    if (!(cpu->sys.mdscr_el1 & MDSCR_MDE) || !exc_debug_on(cpu))
        return false;
    for (unsigned i = 0; i < A64_BREAKPOINTS; i++)
        if (cpu->sys.dbgbcr[i] & BCR_E)
            return true;
    return false;
}

static bool context_matches(const struct a64_cpu *cpu, unsigned i)
{
    return (uint32_t)cpu->sys.dbgbvr[i] == (uint32_t)cpu->sys.contextidr_el[1];
}

static bool breakpoint_matches(const struct a64_cpu *cpu, unsigned i, uint64_t pc)
{
    uint64_t control = cpu->sys.dbgbcr[i];
    unsigned linked = control >> 16 & 15;

    if (!(control & BCR_E) || !level_matches(cpu, control))
        return false;
    switch (BCR_BT(control)) {
    case 0: return cpu->sys.dbgbvr[i] == pc;
    case 1: return cpu->sys.dbgbvr[i] == pc && linked < A64_BREAKPOINTS && context_matches(cpu, linked);
    case 2: return i >= A64_BREAKPOINTS - CONTEXT_AWARE && context_matches(cpu, i);
    default: return false;
    }
}

static void check_break(void *env, uint64_t pc)
{
    struct a64_cpu *cpu = env;

    for (unsigned i = 0; i < A64_BREAKPOINTS; i++)
        if (breakpoint_matches(cpu, i, pc))
            exc_raise(cpu, exc_debug_el(cpu), EC_BREAKPOINT, ISS_DEBUG, 0);
}
const struct bp_helper helper_break = {
    "break", (void (*)(void))check_break, BP_VOID, 1, { BP_I64 }, BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

/* The bytes that a watchpoint watches: [*ret_first, + *ret_n). */
static void watched(const struct a64_cpu *cpu, unsigned i, uint64_t *ret_first, uint64_t *ret_n)
{
    uint64_t control = cpu->sys.dbgwcr[i], address = cpu->sys.dbgwvr[i];
    unsigned bas = WCR_BAS(control), mask = WCR_MASK(control);

    if (mask >= 3) {
        *ret_n = UINT64_C(1) << mask;
        *ret_first = address & ~(*ret_n - 1);
        return;
    }
    *ret_first = (address & ~UINT64_C(7)) + (unsigned)(bas ? __builtin_ctz(bas) : 0);
    *ret_n = (unsigned)__builtin_popcount(bas);
}

/* After a translation has been found: an access that is watched raises, and pages with watched bytes are
 * asked for at every access. */
void hwdebug_watch(struct a64_cpu *cpu, uint64_t va, unsigned access, bool probe,
                   struct bp_tlb_entry *ret)
{
    uint64_t bytes = ret->bytes ? ret->bytes : 1, first, n;

    if (access & BP_ACCESS_EXEC || !(cpu->sys.mdscr_el1 & MDSCR_MDE))
        return;
    for (unsigned i = 0; i < A64_WATCHPOINTS; i++) {
        uint64_t control = cpu->sys.dbgwcr[i];
        if (!(control & BCR_E))
            continue;
        watched(cpu, i, &first, &n);
        if (!n || (first >> 12) > (va >> 12) || ((first + n - 1) >> 12) < (va >> 12))
            continue;
        ret->page_log2 = 12;
        ret->flags |= BP_TLB_ONCE;
        if (probe || va + bytes <= first || va >= first + n || !exc_debug_on(cpu) ||
            !(control & (access & BP_ACCESS_WRITE ? WCR_STORE : WCR_LOAD)) ||
            !level_matches(cpu, control))
            continue;
        exc_raise(cpu, exc_debug_el(cpu), EC_WATCHPOINT,
                  ISS_DEBUG | (access & BP_ACCESS_WRITE ? ISS_WRITE : 0), va > first ? va : first);
    }
}

/* ---- registers ------------------------------------------------------------------------------- */

static enum reg_access check_mdcr(const struct a64_cpu *cpu, uint64_t el2_bits, uint64_t el3_bit)
{
    if (cpu->el < 2 && cpu_el2_enabled(cpu) &&
        (cpu->sys.mdcr_el2 & (el2_bits | MDCR_TDE) || cpu->sys.hcr_el2 & HCR_TGE))
        return cpu_host_el0(cpu) && cpu->el ? REG_OK : REG_TRAP_EL2;
    return cpu->el < 3 && cpu->el3 && cpu->sys.mdcr_el3 & el3_bit ? REG_TRAP_EL3 : REG_OK;
}
static enum reg_access check_debug(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    if (cpu->el == 0 && cpu->sys.mdscr_el1 & MDSCR_TDCC)
        return REG_TRAP_EL1;
    return check_mdcr(cpu, MDCR_TDA, MDCR_TDA);
}
static enum reg_access check_os(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    return check_mdcr(cpu, MDCR_TDOSA, MDCR_TDOSA);
}
static enum reg_access check_rom(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    return check_mdcr(cpu, MDCR_TDRA, MDCR_TDA);
}
static enum reg_access check_mdcr_el2(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r, (void)write;
    return cpu->el < 3 && cpu->el3 && cpu->sys.mdcr_el3 & MDCR_TDA ? REG_TRAP_EL3 : REG_OK;
}

static void write_mdscr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    uint64_t before = cpu->sys.mdscr_el1;

    (void)reg;
    cpu->sys.mdscr_el1 = v & UINT64_C(0x7c6ff001);
    if ((before ^ v) & MDSCR_MDE)
        bp_tlb_flush(cpu);
}

static void write_oslar(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    (void)reg;
    cpu->sys.oslock = v & 1;
}
static uint64_t read_oslsr(struct a64_cpu *cpu, uint32_t reg)
{
    (void)reg;
    return 8 | cpu->sys.oslock << 1;
}

static uint64_t read_bvr(struct a64_cpu *cpu, uint32_t reg)
{
    return cpu->sys.dbgbvr[REG_CRM(reg)];
}
static void write_bvr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    cpu->sys.dbgbvr[REG_CRM(reg)] = v & ~UINT64_C(3);
}
static uint64_t read_bcr(struct a64_cpu *cpu, uint32_t reg)
{
    return cpu->sys.dbgbcr[REG_CRM(reg)];
}
static void write_bcr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    cpu->sys.dbgbcr[REG_CRM(reg)] = v & 0xffe1e7;
}
static uint64_t read_wvr(struct a64_cpu *cpu, uint32_t reg)
{
    return cpu->sys.dbgwvr[REG_CRM(reg)];
}
static void write_wvr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    cpu->sys.dbgwvr[REG_CRM(reg)] = v & ~UINT64_C(3);
    bp_tlb_flush(cpu);
}
static uint64_t read_wcr(struct a64_cpu *cpu, uint32_t reg)
{
    return cpu->sys.dbgwcr[REG_CRM(reg)];
}
static void write_wcr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    cpu->sys.dbgwcr[REG_CRM(reg)] = v & 0x1f1fffff;
    bp_tlb_flush(cpu);
}

/* All tags are there, and none is set at first. */
static uint64_t read_claimset(struct a64_cpu *cpu, uint32_t reg)
{
    return (void)cpu, (void)reg, 0xff;
}
static void write_claimset(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    (void)reg;
    cpu->sys.claim |= v & 0xff;
}
static uint64_t read_claimclr(struct a64_cpu *cpu, uint32_t reg) { return (void)reg, cpu->sys.claim; }
static void write_claimclr(struct a64_cpu *cpu, uint32_t reg, uint64_t v)
{
    (void)reg;
    cpu->sys.claim &= ~v;
}

#define RW(n) .read = read_##n, .write = write_##n
#define BREAKPOINT(n)                                                                              \
    { "DBGBVR" #n "_EL1", SYSREG(2, 0, 0, n, 4), 1, .flags = REG_LEAVE, RW(bvr), .check = check_debug }, \
    { "DBGBCR" #n "_EL1", SYSREG(2, 0, 0, n, 5), 1, .flags = REG_LEAVE, RW(bcr), .check = check_debug }
#define WATCHPOINT(n)                                                                              \
    { "DBGWVR" #n "_EL1", SYSREG(2, 0, 0, n, 6), 1, .flags = REG_LEAVE, RW(wvr), .check = check_debug }, \
    { "DBGWCR" #n "_EL1", SYSREG(2, 0, 0, n, 7), 1, .flags = REG_LEAVE, RW(wcr), .check = check_debug }

static const struct sysreg rows[] = {
    { "MDSCR_EL1", SYSREG(2, 0, 0, 2, 2), 1, .flags = REG_LEAVE, FIELD(sys.mdscr_el1),
      .write = write_mdscr, .check = check_debug },
    { "MDCR_EL2", SYSREG(3, 4, 1, 1, 1), 2, .flags = REG_LEAVE, FIELD(sys.mdcr_el2),
      .writable = 0x3fff, .check = check_mdcr_el2 },
    { "MDCR_EL3", SYSREG(3, 6, 1, 3, 1), 3, .flags = REG_LEAVE, FIELD(sys.mdcr_el3),
      .writable = 0x3f7640 },
    { "OSLAR_EL1", SYSREG(2, 0, 1, 0, 4), 1, .flags = REG_LEAVE | REG_WRITE_ONLY,
      .write = write_oslar, .check = check_os },
    { "OSLSR_EL1", SYSREG(2, 0, 1, 1, 4), 1, .flags = REG_READ_ONLY, .read = read_oslsr,
      .check = check_os },
    { "OSDLR_EL1", SYSREG(2, 0, 1, 3, 4), 1, .flags = REG_LEAVE, FIELD(sys.osdlr_el1),
      .writable = 1, .check = check_os },
    { "DBGPRCR_EL1", SYSREG(2, 0, 1, 4, 4), 1, .flags = REG_IGNORED, .check = check_os },
    { "MDRAR_EL1", SYSREG(2, 0, 1, 0, 0), 1, .flags = REG_READ_ONLY, .check = check_rom },
    { "MDCCINT_EL1", SYSREG(2, 0, 0, 2, 0), 1, .flags = REG_IGNORED, .check = check_debug },
    { "MDCCSR_EL0", SYSREG(2, 3, 0, 1, 0), 0, .flags = REG_READ_ONLY, .check = check_debug },
    { "DBGDTR_EL0", SYSREG(2, 3, 0, 4, 0), 0, .flags = REG_IGNORED, .check = check_debug },
    { "DBGDTRRX_EL0", SYSREG(2, 3, 0, 5, 0), 0, .flags = REG_IGNORED, .check = check_debug },
    { "DBGVCR32_EL2", SYSREG(2, 4, 0, 7, 0), 2, .flags = REG_IGNORED, .check = check_debug },
    { "OSDTRRX_EL1", SYSREG(2, 0, 0, 0, 2), 1, FIELD(sys.osdtrrx), .writable = UINT32_MAX,
      .check = check_debug },
    { "OSDTRTX_EL1", SYSREG(2, 0, 0, 3, 2), 1, FIELD(sys.osdtrtx), .writable = UINT32_MAX,
      .check = check_debug },
    { "OSECCR_EL1", SYSREG(2, 0, 0, 6, 2), 1, FIELD(sys.oseccr), .writable = UINT32_MAX,
      .check = check_debug },
    { "DBGCLAIMSET_EL1", SYSREG(2, 0, 7, 8, 6), 1, RW(claimset), .check = check_debug },
    { "DBGCLAIMCLR_EL1", SYSREG(2, 0, 7, 9, 6), 1, RW(claimclr), .check = check_debug },
    { "DBGAUTHSTATUS_EL1", SYSREG(2, 0, 7, 14, 6), 1, .flags = REG_READ_ONLY, .check = check_debug },
    BREAKPOINT(0), BREAKPOINT(1), BREAKPOINT(2), BREAKPOINT(3), BREAKPOINT(4), BREAKPOINT(5),
    WATCHPOINT(0), WATCHPOINT(1), WATCHPOINT(2), WATCHPOINT(3),
};
const struct sysreg_set sysregs_debug = SYSREG_SET(rows);
_Static_assert(A64_BREAKPOINTS == 6 && A64_WATCHPOINTS == 4, "a row each");
