/* SPDX-License-Identifier: MIT */
/*
 * cpu.h: the state of one RISC-V hart and what the files of this target share. The RISC-V
 * Instruction Set Manual, volumes I (unprivileged) and II (privileged).
 *
 * One state struct serves RV32 and RV64: registers are kept in 64 bits, RV32 values zero-extended.
 */
#ifndef RISCV_CPU_H
#define RISCV_CPU_H

#include <backplane/bus/riscv-time.h>
#include <backplane/bus/semihosting.h>
#include <backplane/linux.h>
#include <stdatomic.h>

/* Extensions that can be switched: member, default, title. Multi-letter ones are in the order of
 * an ISA string (vol. I, ISA Extension Naming Conventions). */
#define RISCV_LETTER_EXTENSIONS(X)                                                                 \
    X(m, 1, "integer multiplication and division")                                                 \
    X(a, 1, "atomic instructions")                                                                 \
    X(f, 1, "single-precision floating point")                                                     \
    X(d, 1, "double-precision floating point")                                                     \
    X(c, 1, "compressed instructions")                                                             \
    X(s, 1, "supervisor mode")                                                                     \
    X(u, 1, "user mode")
#define RISCV_NAMED_EXTENSIONS(X)                                                                  \
    X(zicbom, 1, "cache-block management")                                                         \
    X(zicboz, 1, "cache-block zeroing")                                                            \
    X(zicntr, 1, "user-level cycle, time and instret counters")                                    \
    X(zicond, 1, "integer conditional operations")                                                 \
    X(zicsr, 1, "control and status register instructions")                                        \
    X(zifencei, 1, "instruction-fetch fence")                                                      \
    X(zihintpause, 1, "pause hint")                                                                \
    X(zba, 1, "address generation")                                                                \
    X(zbb, 1, "basic bit manipulation")                                                            \
    X(zbc, 1, "carry-less multiplication")                                                         \
    X(zbs, 1, "single-bit instructions")                                                           \
    X(sstc, 1, "supervisor timer compare")                                                         \
    X(svade, 0, "page faults where accessed or dirty bits need setting")                           \
    X(svadu, 1, "hardware update of accessed and dirty bits")                                      \
    X(svinval, 1, "fine-grained address-translation cache invalidation")

struct riscv_extensions {
#define X(name, def, doc) bool name;
    RISCV_LETTER_EXTENSIONS(X)
    RISCV_NAMED_EXTENSIONS(X)
#undef X
};

#define RISCV_PMP_MAX 64

/* Addresses, inclusive; last < first: none. */
struct riscv_range {
    uint64_t first, last;
};

struct riscv_cpu {
    /* Known to translated code; offsets below 2048. */
    uint64_t x[32];
    uint64_t f[32];          /* narrower values are NaN-boxed, also without D */
    uint64_t reserve_addr;   /* LR: address, or RISCV_NO_RESERVATION */
    uint64_t reserve_value;  /* what LR read */
    uint64_t mscratch, sscratch;
    uint64_t sepc, scause, stval;
    uint64_t pc;

    uint64_t mstatus;
    uint64_t medeleg, mideleg, mie;
    uint64_t mtvec, mepc, mcause, mtval;
    uint64_t stvec, satp;
    uint64_t menvcfg, senvcfg;
    uint64_t mcounteren, scounteren, mcountinhibit;
    uint64_t mcycle_base, minstret_base; /* added to the running count; inhibited: the value */
    _Atomic uint64_t stimecmp;
    uint64_t pmpcfg[RISCV_PMP_MAX];      /* a byte's value each */
    uint64_t pmpaddr[RISCV_PMP_MAX];
    uint8_t priv;                        /* enum riscv_priv */
    uint8_t frm;
    uint32_t fflags;                     /* as saved; the live ones are the runtime's */

    _Atomic uint32_t irq_pins;           /* levels of the input pins, bit = interrupt number */
    _Atomic uint32_t irq_soft;           /* mip bits that software sets */
    _Atomic uint32_t stimer_hint;        /* stimecmp may have been reached */
    struct bp_timer stimer;

    /* Derived from the PMP registers. */
    struct riscv_range pmp_range[RISCV_PMP_MAX]; /* gpa */
    uint32_t pmp_used;                   /* entries up to the last one that is on */


    /* Configuration, constant after realize; the only members that translation reads. */
    struct riscv_extensions ext;
    bool sv32, sv39, sv48, sv57;
    bool user_mode;                      /* runs a Linux program: stays in U, exceptions are the board's */
    uint32_t xlen;                       /* 32 or 64 */
    uint32_t pmp_regions;
    uint64_t hartid;                     /* RISCV_HARTID_INDEX: the vCPU's number */
    uint64_t timebase_frequency;         /* Hz */
    uint64_t misa;
    uint64_t features;                   /* RISCV_FEATURE_* of the decoder */
    struct bp_link time;
    struct bp_link semihosting;
};

#define RISCV_NO_RESERVATION UINT64_MAX
#define RISCV_HARTID_INDEX UINT64_MAX

enum riscv_priv { PRIV_U = 0, PRIV_S = 1, PRIV_M = 3 };

/* Guest register numbers, rows of the register table. */
enum riscv_reg {
    REG_X0 = 0,
    REG_F0 = 32,
    REG_RESERVE_ADDR = 64,
    REG_RESERVE_VALUE,
    REG_MSCRATCH,
    REG_SSCRATCH,
    REG_SEPC,
    REG_SCAUSE,
    REG_STVAL,
    REG_PC,
};

/* vol. II, Machine Cause Register. */
enum riscv_cause {
    CAUSE_FETCH_MISALIGNED = 0,
    CAUSE_FETCH_ACCESS = 1,
    CAUSE_ILLEGAL = 2,
    CAUSE_BREAKPOINT = 3,
    CAUSE_LOAD_MISALIGNED = 4,
    CAUSE_LOAD_ACCESS = 5,
    CAUSE_STORE_MISALIGNED = 6,
    CAUSE_STORE_ACCESS = 7,
    CAUSE_ECALL_U = 8,
    CAUSE_FETCH_PAGE = 12,
    CAUSE_LOAD_PAGE = 13,
    CAUSE_STORE_PAGE = 15,
};

enum riscv_irq { IRQ_SSI = 1, IRQ_MSI = 3, IRQ_STI = 5, IRQ_MTI = 7, IRQ_SEI = 9, IRQ_MEI = 11 };
#define IRQ_S_MASK (1u << IRQ_SSI | 1u << IRQ_STI | 1u << IRQ_SEI)
#define IRQ_M_MASK (1u << IRQ_MSI | 1u << IRQ_MTI | 1u << IRQ_MEI)

/* vol. II, Machine Status Registers. */
#define MSTATUS_SIE UINT64_C(0x2)
#define MSTATUS_MIE UINT64_C(0x8)
#define MSTATUS_SPIE UINT64_C(0x20)
#define MSTATUS_MPIE UINT64_C(0x80)
#define MSTATUS_SPP UINT64_C(0x100)
#define MSTATUS_MPP_SHIFT 11
#define MSTATUS_MPP (UINT64_C(3) << MSTATUS_MPP_SHIFT)
#define MSTATUS_FS_SHIFT 13
#define MSTATUS_FS (UINT64_C(3) << MSTATUS_FS_SHIFT)
#define MSTATUS_MPRV UINT64_C(0x20000)
#define MSTATUS_SUM UINT64_C(0x40000)
#define MSTATUS_MXR UINT64_C(0x80000)
#define MSTATUS_TVM UINT64_C(0x100000)
#define MSTATUS_TW UINT64_C(0x200000)
#define MSTATUS_TSR UINT64_C(0x400000)
#define MSTATUS_UXL_SHIFT 32
#define MSTATUS_SXL_SHIFT 34

/* vol. II, Machine Environment Configuration Register. */
#define ENVCFG_FIOM UINT64_C(0x1)
#define ENVCFG_CBIE UINT64_C(0x30)
#define ENVCFG_CBCFE UINT64_C(0x40)
#define ENVCFG_CBZE UINT64_C(0x80)
#define ENVCFG_ADUE (UINT64_C(1) << 61)
#define ENVCFG_STCE (UINT64_C(1) << 63)

#define COUNTER_CY 1u
#define COUNTER_TM 2u
#define COUNTER_IR 4u

#define RISCV_MARCHID 42u
#define RISCV_CACHE_BLOCK 64u /* bytes, for Zicbom and Zicboz */

/* mmu indexes: whose access rights, with SUM folded in; MMU_MXR is a bit on top. */
enum riscv_mmu { MMU_U = 0, MMU_S = 1, MMU_S_SUM = 2, MMU_M = 3, MMU_MXR = 4, MMU_COUNT = 8 };

/* Context flags. */
#define CTX_PRIV(flags) ((flags) & 3u)
#define CTX_FS(flags) ((flags) >> 2 & 3u)
#define CTX_FS_SHIFT 2
enum ctx_fs { CTX_FS_OFF = 0, CTX_FS_CLEAN = 1, CTX_FS_DIRTY = 2 };
#define CTX_FRM(flags) ((flags) >> 4 & 3u)
#define CTX_FRM_SHIFT 4
enum ctx_frm { CTX_FRM_HOST = 0, CTX_FRM_AWAY = 1, CTX_FRM_INVALID = 2 };
#define CTX_MMU(flags) ((flags) >> 8 & 15u)
#define CTX_MMU_SHIFT 8

static inline bool cpu_is_rv32(const struct riscv_cpu *cpu)
{
    return cpu->xlen == 32;
}
static inline uint64_t cpu_xlen_mask(const struct riscv_cpu *cpu)
{
    return cpu->xlen == 32 ? UINT32_MAX : UINT64_MAX;
}

/* target.c */
uint64_t cpu_hartid(struct riscv_cpu *cpu);
uint64_t cpu_time(struct riscv_cpu *cpu);
void cpu_stimecmp_changed(struct riscv_cpu *cpu);
void cpu_context(const void *env, struct bp_context *ret);
unsigned cpu_data_mmu(const struct riscv_cpu *cpu);

/* trap.c */
void trap_raise(struct riscv_cpu *cpu, unsigned cause, uint64_t tval) __attribute__((noreturn));
uint64_t trap_mip(struct riscv_cpu *cpu);
void trap_irq_update(struct riscv_cpu *cpu);
bool trap_interrupt(void *env);
bool trap_has_work(const void *env);
void trap_pin(void *env, unsigned number, bool level);
void trap_unaligned(void *env, uint64_t va, unsigned access, unsigned mmu);
void trap_bus_error(void *env, uint64_t va, uint64_t gpa, unsigned access);
extern const struct bp_helper helper_raise, helper_mret, helper_sret, helper_wfi, helper_check_jump;

/* mmu.c */
bool mmu_fill(void *env, uint64_t va, unsigned access, unsigned mmu, bool probe,
              struct bp_tlb_entry *ret);
bool mmu_satp_mode_valid(const struct riscv_cpu *cpu, unsigned mode);
uint64_t mmu_space(const struct riscv_cpu *cpu);
extern const struct bp_helper helper_sfence, helper_cbo_zero, helper_cbo_manage;

/* pmp.c */
void pmp_update(struct riscv_cpu *cpu);
unsigned pmp_access(const struct riscv_cpu *cpu, uint64_t gpa, unsigned bytes, unsigned priv,
                    unsigned size_log2, bool *ret_uniform);
uint64_t pmp_read_cfg(struct riscv_cpu *cpu, unsigned i);
void pmp_write_cfg(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask);
void pmp_write_addr(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask);

/* fp.c */
void fp_load_state(struct riscv_cpu *cpu);
uint64_t fp_get_fflags(struct riscv_cpu *cpu);
void fp_set_fflags(struct riscv_cpu *cpu, uint64_t flags);
void fp_set_frm(struct riscv_cpu *cpu, uint64_t frm);
extern const struct bp_helper helper_fs_dirty, helper_fp_exact, helper_fclass_s, helper_fclass_d;

/* Operations of helper_fp_exact: rounding is to nearest, ties to the larger magnitude. */
enum fp_exact_op {
    FP_ADD, FP_SUB, FP_MUL, FP_DIV, FP_SQRT, FP_MADD, FP_MSUB, FP_NMSUB, FP_NMADD,
    FP_TO_W, FP_TO_WU, FP_TO_L, FP_TO_LU, FP_FROM_W, FP_FROM_WU, FP_FROM_L, FP_FROM_LU, FP_NARROW,
};
#define FP_EXACT_DOUBLE 0x100u

/* fdt.c */
void fdt_cpu(void *env, struct bp_fdt_node *node, uint32_t index);
void fdt_cpus(void *env, struct bp_fdt_node *node);
void fdt_isa_string(const struct riscv_cpu *cpu, char *buf, size_t size);

/* linux.c */
extern const struct bp_linux_abi linux_abi64;

/* debug.c */
extern const struct bp_debug_target debug32, debug64;

/* translate.c */
int cpu_translate(struct bp_tr *t);
unsigned cpu_disassemble(const void *env, uint64_t pc, const uint8_t *bytes, size_t n, char *buf,
                           size_t size);

#endif
