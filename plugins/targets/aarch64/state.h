/* SPDX-License-Identifier: MIT */
/*
 * state.h: the system level of one AArch64 PE: system registers that only privileged code sees, and
 * the constants of their fields. The Arm Architecture Reference Manual for A-profile, chapters D1 (exceptions),
 * D19 (system registers). cpu.h includes it.
 *
 * Registers that exist once an exception level are arrays indexed by it: sctlr_el[1] is SCTLR_EL1.
 */
#ifndef AARCH64_STATE_H
#define AARCH64_STATE_H

#include <backplane/target.h>
#include <stdatomic.h>

/* Identification registers that are a sum of features (sysreg_id.c). */
enum a64_id {
    ID_ISAR0, ID_ISAR1, ID_ISAR2, ID_PFR0, ID_PFR1, ID_ZFR0, ID_MMFR0, ID_MMFR1, ID_MMFR2, ID_MMFR3,
    ID_DFR0, ID_COUNT,
};

#define A64_BREAKPOINTS 6u
#define A64_WATCHPOINTS 4u
#define A64_PMU_COUNTERS 6u

enum a64_timer { TIMER_PHYS, TIMER_VIRT, TIMER_HYP, TIMER_HYP_VIRT, TIMER_SEC, TIMER_COUNT };
enum a64_conduit { CONDUIT_DISABLED, CONDUIT_HVC, CONDUIT_SMC };

/* Saved as one array: every member is made of uint64_t. */
struct a64_system {
    /* Control and translation. */
    uint64_t sctlr_el[4], actlr_el[4], tcr_el[4], ttbr0_el[4], ttbr1_el[3], mair_el[4], amair_el[4];
    uint64_t afsr0_el[4], afsr1_el[4], vbar_el[4], contextidr_el[3], rmr;
    uint64_t cpacr_el1, cptr_el2, cptr_el3;
    uint64_t hcr_el2, hstr_el2, hacr_el2, hpfar_el2, vttbr_el2, vtcr_el2, vpidr_el2, vmpidr_el2;
    uint64_t scr_el3, mdcr_el2, mdcr_el3, sder_el3;
    uint64_t par_el1, csselr_el1, tpidr_el3, disr_el1, vdisr_el2, vsesr_el2;
    uint64_t ap_key[5][2]; /* pointer authentication: IA, IB, DA, DB, GA; low half first */

    /* Debug. */
    uint64_t mdscr_el1, mdccint_el1, oslock, osdlr_el1, osdtrrx, osdtrtx, oseccr, claim;
    uint64_t dbgbvr[A64_BREAKPOINTS], dbgbcr[A64_BREAKPOINTS];
    uint64_t dbgwvr[A64_WATCHPOINTS], dbgwcr[A64_WATCHPOINTS];

    /* Generic timers; TVAL and CNT are views. */
    uint64_t cntkctl_el1, cnthctl_el2, cntfrq;

    /* PMU. Counter 31 is the cycle counter; a running counter's value is what its base lacks to the source. */
    uint64_t pmcr, pmcnten, pminten, pmovs, pmsel, pmuseren;
    uint64_t pmcnt_base[32], pmcnt_last[32], pmtyper[32];
};

/* PSTATE and SPSR */
#define PSTATE_SS (1u << 21)
#define PSTATE_IL (1u << 20)
#define PSTATE_DIT (1u << 24)
#define PSTATE_UAO (1u << 23)
#define PSTATE_PAN (1u << 22)
#define PSTATE_SSBS (1u << 12)
#define PSTATE_BTYPE_SHIFT 10
#define PSTATE_D (1u << 9)
#define PSTATE_A (1u << 8)
#define PSTATE_I (1u << 7)
#define PSTATE_F (1u << 6)
#define PSTATE_DAIF (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)
#define PSTATE_AARCH32 (1u << 4)

/* SCTLR_ELx */
#define SCTLR_M (UINT64_C(1) << 0)
#define SCTLR_A (UINT64_C(1) << 1)
#define SCTLR_C (UINT64_C(1) << 2)
#define SCTLR_SA (UINT64_C(1) << 3)
#define SCTLR_SA0 (UINT64_C(1) << 4)
#define SCTLR_UMA (UINT64_C(1) << 9)
#define SCTLR_I (UINT64_C(1) << 12)
#define SCTLR_DZE (UINT64_C(1) << 14)
#define SCTLR_UCT (UINT64_C(1) << 15)
#define SCTLR_NTWI (UINT64_C(1) << 16)
#define SCTLR_NTWE (UINT64_C(1) << 18)
#define SCTLR_WXN (UINT64_C(1) << 19)
#define SCTLR_SPAN (UINT64_C(1) << 23)
#define SCTLR_E0E (UINT64_C(1) << 24)
#define SCTLR_EE (UINT64_C(1) << 25)
#define SCTLR_UCI (UINT64_C(1) << 26)
#define SCTLR_BT0 (UINT64_C(1) << 35) /* EL0's, where that is of the regime */
#define SCTLR_BT (UINT64_C(1) << 36)
#define SCTLR_DSSBS (UINT64_C(1) << 44)

/* HCR_EL2 */
#define HCR_VM (UINT64_C(1) << 0)
#define HCR_SWIO (UINT64_C(1) << 1)
#define HCR_PTW (UINT64_C(1) << 2)
#define HCR_FMO (UINT64_C(1) << 3)
#define HCR_IMO (UINT64_C(1) << 4)
#define HCR_AMO (UINT64_C(1) << 5)
#define HCR_VF (UINT64_C(1) << 6)
#define HCR_VI (UINT64_C(1) << 7)
#define HCR_VSE (UINT64_C(1) << 8)
#define HCR_FB (UINT64_C(1) << 9)
#define HCR_DC (UINT64_C(1) << 12)
#define HCR_TWI (UINT64_C(1) << 13)
#define HCR_TWE (UINT64_C(1) << 14)
#define HCR_TID0 (UINT64_C(1) << 15)
#define HCR_TID1 (UINT64_C(1) << 16)
#define HCR_TID2 (UINT64_C(1) << 17)
#define HCR_TID3 (UINT64_C(1) << 18)
#define HCR_TSC (UINT64_C(1) << 19)
#define HCR_TIDCP (UINT64_C(1) << 20)
#define HCR_TACR (UINT64_C(1) << 21)
#define HCR_TSW (UINT64_C(1) << 22)
#define HCR_TPCP (UINT64_C(1) << 23)
#define HCR_TPU (UINT64_C(1) << 24)
#define HCR_TTLB (UINT64_C(1) << 25)
#define HCR_TVM (UINT64_C(1) << 26)
#define HCR_TGE (UINT64_C(1) << 27)
#define HCR_TDZ (UINT64_C(1) << 28)
#define HCR_HCD (UINT64_C(1) << 29)
#define HCR_TRVM (UINT64_C(1) << 30)
#define HCR_RW (UINT64_C(1) << 31)
#define HCR_CD (UINT64_C(1) << 32)
#define HCR_ID (UINT64_C(1) << 33)
#define HCR_E2H (UINT64_C(1) << 34)
#define HCR_TERR (UINT64_C(1) << 36)
#define HCR_TEA (UINT64_C(1) << 37)
#define HCR_APK (UINT64_C(1) << 40)
#define HCR_API (UINT64_C(1) << 41)
#define HCR_FWB (UINT64_C(1) << 46)
#define HCR_TID4 (UINT64_C(1) << 49)
#define HCR_TICAB (UINT64_C(1) << 50)
#define HCR_TOCU (UINT64_C(1) << 52)
#define HCR_TTLBIS (UINT64_C(1) << 54)
#define HCR_TTLBOS (UINT64_C(1) << 55)

/* SCR_EL3 */
#define SCR_NS (UINT64_C(1) << 0)
#define SCR_IRQ (UINT64_C(1) << 1)
#define SCR_FIQ (UINT64_C(1) << 2)
#define SCR_EA (UINT64_C(1) << 3)
#define SCR_SMD (UINT64_C(1) << 7)
#define SCR_HCE (UINT64_C(1) << 8)
#define SCR_SIF (UINT64_C(1) << 9)
#define SCR_RW (UINT64_C(1) << 10)
#define SCR_ST (UINT64_C(1) << 11)
#define SCR_TWI (UINT64_C(1) << 12)
#define SCR_TWE (UINT64_C(1) << 13)
#define SCR_TERR (UINT64_C(1) << 15)
#define SCR_APK (UINT64_C(1) << 16)
#define SCR_API (UINT64_C(1) << 17)

/* CPTR_EL2 (without HCR_EL2.E2H), CPTR_EL3 */
#define CPTR_TFP (UINT64_C(1) << 10)
#define CPTR_TCPAC (UINT64_C(1) << 31)

/* MDSCR_EL1, MDCR_EL2, MDCR_EL3 */
#define MDSCR_SS (UINT64_C(1) << 0)
#define MDSCR_TDCC (UINT64_C(1) << 12)
#define MDSCR_KDE (UINT64_C(1) << 13)
#define MDSCR_MDE (UINT64_C(1) << 15)
#define MDCR_HPME (UINT64_C(1) << 7)
#define MDCR_TPMCR (UINT64_C(1) << 5)
#define MDCR_TPM (UINT64_C(1) << 6)
#define MDCR_TDE (UINT64_C(1) << 8)
#define MDCR_TDA (UINT64_C(1) << 9)
#define MDCR_TDOSA (UINT64_C(1) << 10)
#define MDCR_TDRA (UINT64_C(1) << 11)
#define MDCR_SDD (UINT64_C(1) << 16)

/* Exception classes, ESR_ELx.EC; where two forms exist, that of a lower level: exc_raise() takes the
 * other one where nothing changes level. */
enum exc_class {
    EC_UNKNOWN = 0x00, EC_WFX = 0x01, EC_FP_ACCESS = 0x07, EC_PAUTH = 0x09, EC_BTI = 0x0d,
    EC_ILLEGAL = 0x0e, EC_SVC = 0x15, EC_HVC = 0x16, EC_SMC = 0x17, EC_SYSREG = 0x18, EC_PAC_FAIL = 0x1c,
    EC_FETCH_ABORT = 0x20, EC_PC_ALIGN = 0x22, EC_DATA_ABORT = 0x24, EC_SP_ALIGN = 0x26,
    EC_SERROR = 0x2f, EC_BREAKPOINT = 0x30, EC_STEP = 0x32, EC_WATCHPOINT = 0x34, EC_BRK = 0x3c,
};

#endif
