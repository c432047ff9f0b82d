/* SPDX-License-Identifier: MIT */
/*
 * cpu.h: the state of one AArch64 PE and what the files of this target share. The Arm Architecture
 * Reference Manual for A-profile (facts from its machine-readable form in Sail).
 *
 * Condition flags are kept as what they were computed from: cc_op says how, cc_a, cc_b and cc_c
 * from what. So an instruction that sets them costs a few stores at most, and PSTATE.NZCV is worked
 * out when somebody looks (flags.c). The exclusive monitor is the address and value that a
 * load-exclusive read; a store-exclusive compares and swaps.
 */
#ifndef AARCH64_CPU_H
#define AARCH64_CPU_H

#include <backplane/linux.h>
#include <stdatomic.h>

#include <backplane/bus/gic-cpu.h>
#include <backplane/bus/semihosting.h>
#include <backplane/bus/smccc.h>

#include "state.h"

/* Features that can be switched: member, title. All are on in the model "max". */
#define A64_FEATURES(X)                                                                            \
    X(lse, "FEAT_LSE, atomic instructions")                                                        \
    X(crc32, "FEAT_CRC32")                                                                         \
    X(rdm, "FEAT_RDM, rounding doubling multiply accumulate")                                      \
    X(lrcpc, "FEAT_LRCPC, load-acquire RCpc")                                                      \
    X(lrcpc2, "FEAT_LRCPC2")                                                                       \
    X(flagm, "FEAT_FlagM, flag manipulation")                                                      \
    X(flagm2, "FEAT_FlagM2")                                                                       \
    X(sb, "FEAT_SB, speculation barrier")                                                          \
    X(dpb, "FEAT_DPB, clean to persistence")                                                       \
    X(dpb2, "FEAT_DPB2, clean to deep persistence")                                                \
    X(dit, "FEAT_DIT, data-independent timing")                                                    \
    X(ssbs, "FEAT_SSBS, speculative store bypass safe")                                            \
    X(ssbs2, "FEAT_SSBS2, PSTATE.SSBS as a register")                                              \
    X(rng, "FEAT_RNG, random numbers")                                                             \
    X(pauth, "FEAT_PAuth, pointer authentication")                                                 \
    X(mte, "FEAT_MTE, the instructions of EL0, without tags in memory")                            \
    X(bti, "FEAT_BTI, branch target identification")                                               \
    X(jscvt, "FEAT_JSCVT, JavaScript conversion")                                                  \
    X(fcma, "FEAT_FCMA, complex numbers")                                                          \
    X(fp16, "FEAT_FP16, half-precision arithmetic")                                                \
    X(fhm, "FEAT_FHM, half to single multiply accumulate")                                         \
    X(bf16, "FEAT_BF16")                                                                           \
    X(i8mm, "FEAT_I8MM, 8-bit matrix multiplication")                                              \
    X(dotprod, "FEAT_DotProd")                                                                     \
    X(frintts, "FEAT_FRINTTS, rounding to integers that fit")                                      \
    X(aes, "FEAT_AES")                                                                             \
    X(pmull, "FEAT_PMULL, 64-bit polynomial multiplication")                                       \
    X(sha1, "FEAT_SHA1")                                                                           \
    X(sha256, "FEAT_SHA256")                                                                       \
    X(sha512, "FEAT_SHA512")                                                                       \
    X(sha3, "FEAT_SHA3")                                                                           \
    X(sm3, "FEAT_SM3")                                                                             \
    X(sm4, "FEAT_SM4")

/* Those of the system level: what only privileged code sees. */
#define A64_SYSTEM_FEATURES(X)                                                                     \
    X(pan, "FEAT_PAN and FEAT_PAN2, privileged access never")                                      \
    X(uao, "FEAT_UAO, unprivileged access override")                                               \
    X(vhe, "FEAT_VHE, a kernel at EL2")                                                            \
    X(ras, "FEAT_RAS and FEAT_IESB")                                                               \
    X(csv, "FEAT_CSV2, FEAT_CSV3: speculation tells nothing")                                      \
    X(hafdbs, "FEAT_HAFDBS, hardware access flag and dirty state")                                 \
    X(hpds, "FEAT_HPDS, hierarchical permissions can be disabled")                                 \
    X(vmid16, "FEAT_VMID16")                                                                       \
    X(xnx, "FEAT_XNX, execute-never by level at stage 2")                                          \
    X(ttcnp, "FEAT_TTCNP, common not private tables")                                              \
    X(ttst, "FEAT_TTST, small tables")                                                             \
    X(tlbi, "FEAT_TLBIOS and FEAT_TLBIRANGE")                                                      \
    X(s2fwb, "FEAT_S2FWB, forced write-back at stage 2")                                           \
    X(lva, "FEAT_LVA, 52-bit virtual addresses with 64K pages")                                    \
    X(lpa, "FEAT_LPA, 52-bit physical addresses with 64K pages")                                   \
    X(lpa2, "FEAT_LPA2, 52-bit addresses with 4K and 16K pages")                                   \
    X(e0pd, "FEAT_E0PD")                                                                           \
    X(idst, "FEAT_IDST, reads of ID registers by programs trap")

struct a64_features {
#define X(name, doc) bool name;
    A64_FEATURES(X)
    A64_SYSTEM_FEATURES(X)
#undef X
};

/* How the condition flags follow from cc_a, cc_b, cc_c. The 64-bit form of an op is the 32-bit one
 * plus one. */
enum a64_cc {
    CC_NZCV = 0,    /* cc_a holds them, as PSTATE does in bits 31 to 28 */
    CC_SUB32 = 2,   /* cc_a - cc_b */
    CC_ADD32 = 4,   /* cc_a + cc_b */
    CC_ADC32 = 6,   /* cc_a + cc_b + cc_c */
    CC_LOGIC32 = 8, /* of the result cc_a; C and V are clear */
    CC_FCMP32 = 10, /* the floats cc_a and cc_b compared */
};

struct a64_cpu {
    /* Known to translated code; offsets below 2048. */
    uint64_t x[31];
    uint64_t sp;                 /* of the current exception level */
    uint64_t v[32][2];           /* low half first */
    uint64_t qc[2];              /* FPSR.QC is set where any bit is */
    uint64_t cc_a, cc_b, cc_c;
    uint64_t excl_addr;          /* A64_NO_MONITOR: open */
    uint64_t excl_low, excl_high;
    uint64_t tpidr_el0, tpidrro_el0, tpidr_el1, tpidr_el2;
    uint64_t sp_el[4];           /* that of the current level and SPSel is stale: it is `sp` */
    uint64_t elr_el[4], spsr_el[4], esr_el[4], far_el[4]; /* by exception level; 0 is unused */
    uint32_t cc_op;              /* enum a64_cc */
    uint32_t fpcr;               /* as written; changed through fp_set_fpcr() only */
    uint32_t daif;               /* PSTATE_D, _A, _I, _F: masks */
    uint32_t btype;              /* PSTATE.BTYPE; BTYPE_BAD: see btype_settle() */
    uint64_t pc;

    uint32_t fpsr;               /* as loaded; the live flags are the runtime's and qc */
    uint32_t saturated;          /* FPSR.QC by helpers */
    uint8_t el;                  /* 0 to 3 */
    uint8_t spsel;               /* 1: SP_ELx, 0: SP_EL0; at EL0 it is 0 */
    uint8_t dit, ssbs;           /* PSTATE bits that only system instructions look at */
    uint8_t pan, uao;
    uint8_t bti;                 /* there are guarded pages, so BTYPE is kept: CTX_BTI; else it is that of ... */
    uint64_t btype_pc;           /* ... the instruction here, and 0 of others */
    uint8_t tbi;                 /* a program has used an address with a top byte: CTX_TBI */
    uint8_t ss, illegal;         /* PSTATE.SS, PSTATE.IL */
    bool told;                   /* of an instruction that we lack */

    struct a64_system sys;

    /* Generic timers: changed by this vCPU and by their own firing (timer.c). */
    _Atomic uint64_t timer_cval[TIMER_COUNT], timer_ctl[TIMER_COUNT];
    _Atomic uint64_t cntvoff;
    struct bp_timer timer[TIMER_COUNT], pmu_timer;
    _Atomic uint32_t pmu_due;    /* a counter may have overflowed */

    _Atomic uint32_t irq_pins;   /* levels of the inputs: enum a64_pin bits */
    _Atomic uint32_t power;      /* enum bp_smccc_power */
    uint64_t on_entry, on_context; /* where to start; valid while ON_PENDING */
    uint32_t on_el;
    bool waiting;                /* for an interrupt, behind a call */

    /* A hardware single step: its instruction has begun and may still fault. */
    bool stepping;

    /* Configuration, constant after realize; the only members that translation reads. */
    struct a64_features ext;
    bool pauth_impdef;           /* codes of FEAT_PAuth are not QARMA5's but quick */
    bool user_mode;              /* runs a program: stays in EL0, exceptions are the board's */
    bool el2, el3;               /* these levels are there */
    bool start_powered_off;
    uint32_t psci_conduit;       /* enum a64_conduit */
    uint32_t cluster;            /* vCPUs per MPIDR.Aff1 */
    uint64_t cntfrq;             /* Hz */
    uint64_t features;           /* A64_FEATURE_* of the decoder */
    uint64_t midr;
    uint64_t id[ID_COUNT];       /* identification registers: enum a64_id */
    uint64_t rvbar;              /* where the highest level starts */
    uint32_t pa_bits;            /* of physical addresses */
    uint32_t debug_version, pmu_version; /* as in ID_AA64DFR0_EL1 */
    bool granule16;              /* 16 KiB pages */
    bool pmu;
    struct bp_pin *timer_pin[TIMER_COUNT], *pmu_pin;
    struct bp_link gic, smccc, semihosting;
};

#define A64_NO_MONITOR UINT64_MAX

/* Guest register numbers, rows of the register table. */
enum a64_reg {
    REG_X0 = 0,
    REG_SP = 31,
    REG_V0 = 32,
    REG_QC = 64,
    REG_CC_OP, REG_CC_A, REG_CC_B, REG_CC_C,
    REG_EXCL_ADDR, REG_EXCL_LOW, REG_EXCL_HIGH,
    REG_TPIDR_EL0, REG_TPIDRRO_EL0, REG_TPIDR_EL1, REG_TPIDR_EL2,
    REG_SP_EL0, REG_SP_EL1, REG_SP_EL2, REG_SP_EL3,
    REG_ELR_EL1, REG_ELR_EL2, REG_ELR_EL3,
    REG_SPSR_EL1, REG_SPSR_EL2, REG_SPSR_EL3,
    REG_ESR_EL1, REG_ESR_EL2, REG_ESR_EL3,
    REG_FAR_EL1, REG_FAR_EL2, REG_FAR_EL3,
    REG_DAIF,
    REG_BTYPE,
    REG_PC,
};

enum a64_nzcv { FLAG_N = 1u << 31, FLAG_Z = 1 << 30, FLAG_C = 1 << 29, FLAG_V = 1 << 28 };

/* FPCR */
#define FPCR_AHP (1u << 26)
#define FPCR_DN (1u << 25)
#define FPCR_FZ (1u << 24)
#define FPCR_RMODE(fpcr) ((fpcr) >> 22 & 3u)
#define FPCR_FZ16 (1u << 19)
#define FPCR_MASK 0x07c80000u /* the traps of exceptions are not there */
#define FPSR_QC (1u << 27)
#define FPSR_MASK (FPSR_QC | 0x9fu)

/* mmu indexes: a translation regime and whose rights. EL1&0, EL2&0 (HCR_EL2.E2H), EL2, EL3. */
enum a64_mmu {
    MMU_EL0 = 0, MMU_EL1 = 1, MMU_EL1_PAN = 2,
    MMU_E20_EL0 = 3, MMU_E20_EL2 = 4, MMU_E20_EL2_PAN = 5,
    MMU_EL2 = 6, MMU_EL3 = 7, MMU_COUNT = 8,
};

/* Context flags. A program has none but those of floats. */
#define CTX_DN 1u       /* NaN results are the default one */
#define CTX_FZ 2u       /* floats need the exact helpers: flushing */
#define CTX_FZ16 4u     /* likewise, half precision */
#define CTX_AHP 8u
#define CTX_EL_SHIFT 4
#define CTX_EL(flags) ((flags) >> CTX_EL_SHIFT & 3u)
#define CTX_MMU_SHIFT 8          /* of data accesses */
#define CTX_MMU(flags) ((flags) >> CTX_MMU_SHIFT & 15u)
#define CTX_UNPRIV_SHIFT 12      /* of LDTR, STTR and the like */
#define CTX_UNPRIV(flags) ((flags) >> CTX_UNPRIV_SHIFT & 15u)
#define CTX_ALIGN (1u << 16)     /* SCTLR.A */
#define CTX_FP_TRAP (1u << 17)   /* floats and vectors are not accessible */
#define CTX_SPSEL (1u << 18)
#define CTX_STEP (1u << 19)      /* software step: this instruction, then an exception */
#define CTX_STEPPED (1u << 20)   /* software step: the exception is due */
#define CTX_BREAK (1u << 21)     /* breakpoint registers are on */
#define CTX_ILLEGAL (1u << 22)   /* PSTATE.IL */
#define CTX_VM_TRAP (1u << 23)   /* HCR_EL2.TVM, TRVM */
#define CTX_E2H (1u << 24)       /* at EL2 and EL3: HCR_EL2.E2H */

#define CTX_BTI (1u << 25)       /* BTYPE is kept */
#define CTX_GUARDED (1u << 26)   /* of a page, not of the context: it is guarded */
#define CTX_BT (1u << 27)        /* with CTX_BTI: SCTLR_ELx.BT, PACIxSP is no place for every branch */

#define CTX_TBI (1u << 31)       /* addresses of accesses lose their top byte; programs only */

#define ZVA_LOG2_WORDS 4u /* DC ZVA: 64 bytes */
#define ZVA_BYTES (4u << ZVA_LOG2_WORDS)

/* flags.c: NZCV in bits 31 to 28. */
uint32_t flags_nzcv(const struct a64_cpu *cpu);
void flags_set_nzcv(struct a64_cpu *cpu, uint32_t nzcv);
extern const struct bp_helper helper_nzcv;

/* trap.c: what instructions raise, in programs and machines. */
enum a64_exception {
    EXC_UNDEFINED, EXC_BREAKPOINT, EXC_FETCH, EXC_PC_ALIGNMENT,
    EXC_SVC, EXC_HVC, EXC_SMC,
    EXC_FP_ACCESS, EXC_ILLEGAL, EXC_STEP,
};
void trap_unaligned(void *env, uint64_t va, unsigned access, unsigned mmu);
void trap_bus_error(void *env, uint64_t va, uint64_t gpa, unsigned access);
bool trap_fill(void *env, uint64_t va, unsigned access, unsigned mmu, bool probe,
               struct bp_tlb_entry *ret);
bool trap_user_fault(void *env, uint64_t va, unsigned access);
#define TBI_MASK UINT64_C(0x00ffffffffffffff)
extern const struct bp_helper helper_raise, helper_unimplemented, helper_cas16;

/* exc.c: taking exceptions and returning from them, machines only. */
enum a64_pin { PIN_IRQ = 1, PIN_FIQ = 2, PIN_VIRQ = 4, PIN_VFIQ = 8 };
#define EXC_DEFAULT 0u
/* Raises a synchronous exception of the current instruction, below translated code, to level `el`, or where
 * exceptions of the current level go by default (EXC_DEFAULT). `iss`: ESR bits 24 to 0; `far` is
 * written for classes that have a FAR. */
void exc_raise(struct a64_cpu *cpu, unsigned el, enum exc_class ec, uint32_t iss, uint64_t far)
    __attribute__((noreturn));
/* Likewise, of an instruction that has happened: ELR is that of the next one. */
void exc_raise_behind(struct a64_cpu *cpu, unsigned el, enum exc_class ec, uint32_t iss)
    __attribute__((noreturn));
void exc_undefined(struct a64_cpu *cpu) __attribute__((noreturn));
unsigned exc_default_el(const struct a64_cpu *cpu); /* EL1, EL2 with HCR_EL2.TGE, or the current one */
bool exc_interrupt(void *env);
bool exc_has_work(const void *env);
void exc_irq_update(struct a64_cpu *cpu); /* after a change of what is masked or routed */
void exc_pin(void *env, unsigned pin, bool level);
unsigned exc_debug_el(const struct a64_cpu *cpu);   /* where BRK and other debug exceptions go */
bool exc_debug_on(const struct a64_cpu *cpu);       /* debug exceptions but BRK happen here and now */
uint32_t exc_pstate(const struct a64_cpu *cpu); /* as SPSR has it */
void exc_set_pstate(struct a64_cpu *cpu, uint32_t spsr); /* all of it, the level included */
void exc_change_sp(struct a64_cpu *cpu, unsigned el, unsigned spsel);
extern const struct bp_helper helper_eret, helper_step, helper_spsel;

/* PSTATE.BTYPE: what led to the next instruction. BTYPE_BAD, next to it: it must not have, and the pc is one byte
 * further than it was. */
enum { BTYPE_BR = 1, BTYPE_CALL = 2, BTYPE_BR_GUARDED = 3, BTYPE_BAD = 4 };
/* PSTATE.BTYPE of the instruction at the pc, which a branch (1 + enum bp_exit_hint, 0: unknown) led to from pages that
 * are not guarded. */
static inline void btype_of_branch(struct a64_cpu *cpu, uint32_t branch)
{
    static const uint8_t btypes[] = {
        [1 + BP_HINT_NONE] = BTYPE_BR, [1 + BP_HINT_CALL] = BTYPE_CALL, [1 + BP_HINT_RETURN] = 0,
    };

    if (branch) {
        cpu->btype = btypes[branch];
        cpu->btype_pc = cpu->pc;
    }
}
static inline uint32_t btype_now(const struct a64_cpu *cpu)
{
    return cpu->bti || cpu->btype_pc == cpu->pc ? cpu->btype & 3 : 0;
}
/* Takes BTYPE_BAD back: the instruction that must not be branched to is about to be looked at again. */
static inline void btype_settle(struct a64_cpu *cpu)
{
    if (!(cpu->btype & BTYPE_BAD))
        return;
    cpu->btype &= ~(uint32_t)BTYPE_BAD;
    cpu->pc &= ~UINT64_C(3);
}

/* hwdebug.c */
bool hwdebug_has_breakpoints(const struct a64_cpu *cpu); /* that may match here and now */
void hwdebug_watch(struct a64_cpu *cpu, uint64_t va, unsigned access, bool probe,
                   struct bp_tlb_entry *ret);
extern const struct bp_helper helper_break;

/* power.c */
extern const struct bp_smccc_cpu power_face;
uint64_t power_affinity(struct a64_cpu *cpu);
void power_enter_el(struct a64_cpu *cpu, unsigned el);
bool power_begin(struct a64_cpu *cpu);
#define SEMIHOSTING_IMM 0xf000
extern const struct bp_helper helper_firmware_hvc, helper_firmware_smc, helper_semihosting;

/* State that several files ask for. */
static inline bool cpu_secure(const struct a64_cpu *cpu)
{
    return cpu->el3 && (cpu->el == 3 || !(cpu->sys.scr_el3 & SCR_NS));
}
static inline bool cpu_secure_below_el3(const struct a64_cpu *cpu)
{
    return cpu->el3 && !(cpu->sys.scr_el3 & SCR_NS);
}
/* EL2 is there in the current security state (there is no secure EL2). */
static inline bool cpu_el2_enabled(const struct a64_cpu *cpu)
{
    return cpu->el2 && !cpu_secure_below_el3(cpu);
}
/* HCR_EL2 as it acts on the levels below. */
static inline uint64_t cpu_hcr(const struct a64_cpu *cpu)
{
    return cpu_el2_enabled(cpu) ? cpu->sys.hcr_el2 : 0;
}
static inline bool cpu_e2h(const struct a64_cpu *cpu) { return cpu_hcr(cpu) & HCR_E2H; }
/* EL0 belongs to the EL2&0 regime. */
static inline bool cpu_host_el0(const struct a64_cpu *cpu)
{
    return (cpu_hcr(cpu) & (HCR_E2H | HCR_TGE)) == (HCR_E2H | HCR_TGE);
}
/* The level whose SCTLR, CPACR and so on govern the current one. */
static inline unsigned cpu_control_el(const struct a64_cpu *cpu)
{
    return cpu->el ? cpu->el : cpu_host_el0(cpu) ? 2 : 1;
}

/* mmu.c */
unsigned mmu_index(const struct a64_cpu *cpu);        /* of the current level's data accesses */
unsigned mmu_index_unpriv(const struct a64_cpu *cpu); /* of its LDTR, STTR and the like */
uint64_t mmu_space(const struct a64_cpu *cpu);        /* bp_context.space */
bool mmu_fill(struct a64_cpu *cpu, uint64_t va, unsigned access, unsigned mmu, bool probe,
              struct bp_tlb_entry *ret);
void mmu_unaligned(struct a64_cpu *cpu, uint64_t va, unsigned access, unsigned mmu)
    __attribute__((noreturn));
void mmu_bus_error(struct a64_cpu *cpu, uint64_t va, uint64_t gpa, unsigned access)
    __attribute__((noreturn));
/* A register of translation has been written: `reg` as in the sysreg field, `before` its old value. Space
 * and index are asked again by themselves. */
void mmu_changed(struct a64_cpu *cpu, uint32_t reg, uint64_t before, uint64_t now);
/* TLBI and AT, whose traps have been checked: `op` is op1, CRn, CRm, op2 as SYS() packs them. False: there is
 * no such operation. */
bool mmu_tlbi(struct a64_cpu *cpu, uint32_t op, uint64_t value);
bool mmu_at(struct a64_cpu *cpu, uint32_t op, uint64_t va);
/* Cache maintenance by address: memory is coherent, so only the address is checked. */
void mmu_cache(struct a64_cpu *cpu, uint32_t op, uint64_t va);
/* DSB: waits for the other PEs' part of TLBI. */
extern const struct bp_helper helper_tlb_sync;

/* sysreg.c */
/* A system register by op0, op1, CRn, CRm, op2, as the field `sysreg` of MRS and MSR has it; and a SYS instruction. */
#define SYSREG(op0, op1, crn, crm, op2)                                                            \
    (((op0) & 1u) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define SYS(op1, crn, crm, op2) ((op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
extern const struct bp_helper helper_msr_imm, helper_dc_zva, helper_rndr, helper_wait;
/* Where an access to floats and vectors traps now: the level, 0 if it does not. */
unsigned sysreg_fp_trap(const struct a64_cpu *cpu);
void sysreg_realize(struct a64_cpu *cpu);
void sysreg_reset(struct a64_cpu *cpu);
uint64_t sysreg_hwcap(const struct a64_cpu *cpu);
uint64_t sysreg_hwcap2(const struct a64_cpu *cpu);

/* fp.c */
uint32_t fp_get_fpsr(struct a64_cpu *cpu);
void fp_set_fpsr(struct a64_cpu *cpu, uint32_t fpsr);
void fp_set_fpcr(struct a64_cpu *cpu, uint32_t fpcr);

extern const struct bp_helper helper_fp, helper_fccmp;

/* Operations of helper_fp on bit patterns: the exact way, as FPCR says. */
enum fp_op {
    FP_ADD, FP_SUB, FP_MUL, FP_DIV, FP_SQRT, FP_MADD, FP_MIN, FP_MAX, FP_MINNM, FP_MAXNM, FP_MULX,
    FP_RECPS, FP_RSQRTS, FP_RECPE, FP_RSQRTE, FP_RECPX,
    FP_CMP,      /* number: enum bp_fcond; all ones or 0 */
    FP_NZCV,     /* number: 1: signalling; NZCV as CC_NZCV has it */
    FP_ROUND,    /* number: rounding | 0x80 raises inexact */
    FP_TO_INT,   /* number: rounding | 8 unsigned | 16 64 bits | 32 16 bits | fraction bits << 8 */
    FP_FROM_INT, /* number: likewise */
    FP_TO_SINGLE, FP_TO_DOUBLE, FP_TO_HALF, FP_FROM_HALF,
    FP_TO_SINGLE_ODD,
    FP_ROUND_N,     /* number: rounding | 8: 64 bits */
    FP_JAVASCRIPT,
    FP_MADD_HALVES, /* a and b are halves, c a single */
    FP_TO_BF16,
};
/* With the op: operands of 64 bits, or of 16; the number from bit 16 on. */
#define FP_DOUBLE 0x100u
#define FP_HALF 0x200u

/* simd.c: vector instructions that no sequence of IR makes short. */
enum simd_op {
    SIMD_SQSHL, SIMD_UQSHL, SIMD_SRSHL, SIMD_URSHL, SIMD_SQRSHL, SIMD_UQRSHL, SIMD_SQSHLU,
    SIMD_SQDMULH, SIMD_SQRDMULH, SIMD_SQRDMLAH, SIMD_SQRDMLSH, SIMD_SUQADD, SIMD_USQADD,
    SIMD_SQABS, SIMD_SQNEG, SIMD_CLS, SIMD_RBIT, SIMD_PMUL, SIMD_PMULL, SIMD_URECPE, SIMD_URSQRTE,
    SIMD_SDOT, SIMD_UDOT, SIMD_USDOT, SIMD_SMMLA, SIMD_UMMLA, SIMD_USMMLA,
    SIMD_BFDOT, SIMD_BFMMLA,
    SIMD_SHA1C, SIMD_SHA1P, SIMD_SHA1M, SIMD_SHA1SU0, SIMD_SHA1H, SIMD_SHA1SU1,
    SIMD_SHA512H, SIMD_SHA512H2, SIMD_SHA512SU0, SIMD_SHA512SU1,
    SIMD_SM3SS1, SIMD_SM3TT1A, SIMD_SM3TT1B, SIMD_SM3TT2A, SIMD_SM3TT2B, /* number: the lane */
    SIMD_SM3PARTW1, SIMD_SM3PARTW2, SIMD_SM4E, SIMD_SM4EKEY,
};
extern const struct bp_helper helper_simd; /* (a, b, d, op | log2 << 8): vectors */

/* fp_bf16.c: SIMD_BFDOT, SIMD_BFMMLA of whole registers. */
void bf16_operate(unsigned op, uint8_t *ret, const uint8_t *n, const uint8_t *m, const uint8_t *d);

uint32_t fp_urecpe(uint32_t v);
uint32_t fp_ursqrte(uint32_t v);

/* crc.c */
extern const struct bp_helper helper_crc32;

/* fdt.c */
void fdt_cpu(void *env, struct bp_fdt_node *node, uint32_t index);

/* target.c */
void cpu_reset_registers(struct a64_cpu *cpu);

/* debug.c */
extern const struct bp_debug_target debug_target;

/* linux.c */
extern const struct bp_linux_abi linux_abi;

/* translate.c */
int cpu_translate(struct bp_tr *t);
unsigned cpu_disassemble(const void *env, uint64_t pc, const uint8_t *bytes, size_t n, char *buf,
                         size_t size);

#endif
