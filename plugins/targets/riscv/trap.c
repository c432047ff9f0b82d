/* SPDX-License-Identifier: MIT */
/*
 * trap.c: exceptions, interrupts and returns from them. The RISC-V Instruction Set Manual, volume
 * II: machine level (trap delegation, interrupt registers, trap-return instructions) and
 * supervisor level.
 */
#include "cpu.h"

#include <inttypes.h>

static const char *cause_name(unsigned cause)
{
    static const char *const names[16] = {
        "misaligned fetch", "fetch access fault", "illegal instruction", "breakpoint",
        "misaligned load", "load access fault", "misaligned store", "store access fault",
        "environment call from U", "environment call from S", "reserved", "environment call from M",
        "fetch page fault", "load page fault", "reserved", "store page fault",
    };
    return cause < 16 ? names[cause] : "unknown";
}

static const char *irq_name(unsigned irq)
{
    static const char *const names[16] = {
        [IRQ_SSI] = "supervisor software", [IRQ_MSI] = "machine software",
        [IRQ_STI] = "supervisor timer",    [IRQ_MTI] = "machine timer",
        [IRQ_SEI] = "supervisor external", [IRQ_MEI] = "machine external",
    };
    return irq < 16 && names[irq] ? names[irq] : "unknown";
}

static uint64_t vector(uint64_t tvec, unsigned cause, bool interrupt)
{
    return (tvec & ~UINT64_C(3)) + (interrupt && (tvec & 1) ? 4 * (uint64_t)cause : 0);
}

/* Enters the handler of privilege `to`; the state is that of the interrupted instruction. */
static void trap_enter(struct riscv_cpu *cpu, unsigned to, unsigned cause, bool interrupt,
                       uint64_t tval)
{
    uint64_t code = cause | (interrupt ? UINT64_C(1) << (cpu->xlen - 1) : 0);
    uint64_t m = cpu->mstatus;

    bp_vcpu_log(cpu, BP_VLOG_INT, "%s %u (%s) in mode %u to mode %u, pc 0x%" PRIx64
                " tval 0x%" PRIx64, interrupt ? "interrupt" : "exception", cause,
                interrupt ? irq_name(cause) : cause_name(cause), (unsigned)cpu->priv, to,
                cpu->pc, tval);
    if (to == PRIV_S) {
        cpu->sepc = cpu->pc;
        cpu->scause = code;
        cpu->stval = tval;
        m &= ~(MSTATUS_SPIE | MSTATUS_SPP);
        m |= m & MSTATUS_SIE ? MSTATUS_SPIE : 0;
        m |= cpu->priv == PRIV_S ? MSTATUS_SPP : 0;
        m &= ~MSTATUS_SIE;
        cpu->pc = vector(cpu->stvec, cause, interrupt);
    } else {
        cpu->mepc = cpu->pc;
        cpu->mcause = code;
        cpu->mtval = tval;
        m &= ~(MSTATUS_MPIE | MSTATUS_MPP);
        m |= m & MSTATUS_MIE ? MSTATUS_MPIE : 0;
        m |= (uint64_t)cpu->priv << MSTATUS_MPP_SHIFT;
        m &= ~MSTATUS_MIE;
        cpu->pc = vector(cpu->mtvec, cause, interrupt);
    }
    cpu->pc &= cpu_xlen_mask(cpu);
    cpu->mstatus = m;
    cpu->priv = (uint8_t)to;
}

/* What the board of a program hears of an exception. */
static void __attribute__((noreturn)) raise_to_board(struct riscv_cpu *cpu, unsigned cause,
                                                     uint64_t tval)
{
    static const struct {
        uint8_t kind, access;
    } traps[16] = {
        [CAUSE_FETCH_MISALIGNED] = { BP_TRAP_ALIGNMENT, BP_ACCESS_EXEC },
        [CAUSE_FETCH_ACCESS] = { BP_TRAP_MEMORY, BP_ACCESS_EXEC },
        [CAUSE_ILLEGAL] = { BP_TRAP_ILLEGAL, 0 },
        [CAUSE_BREAKPOINT] = { BP_TRAP_BREAKPOINT, 0 },
        [CAUSE_LOAD_MISALIGNED] = { BP_TRAP_ALIGNMENT, BP_ACCESS_READ },
        [CAUSE_LOAD_ACCESS] = { BP_TRAP_MEMORY, BP_ACCESS_READ },
        [CAUSE_STORE_MISALIGNED] = { BP_TRAP_ALIGNMENT, BP_ACCESS_WRITE },
        [CAUSE_STORE_ACCESS] = { BP_TRAP_MEMORY, BP_ACCESS_WRITE },
        [CAUSE_FETCH_PAGE] = { BP_TRAP_MEMORY, BP_ACCESS_EXEC },
        [CAUSE_LOAD_PAGE] = { BP_TRAP_MEMORY, BP_ACCESS_READ },
        [CAUSE_STORE_PAGE] = { BP_TRAP_MEMORY, BP_ACCESS_WRITE },
    };

    bp_user_trap(cpu, traps[cause].kind, 0, tval & cpu_xlen_mask(cpu), traps[cause].access);
}

void trap_raise(struct riscv_cpu *cpu, unsigned cause, uint64_t tval)
{
    bool delegated;

    if (cpu->user_mode)
        raise_to_board(cpu, cause & 15, tval);

    bp_vcpu_restore(cpu);
    delegated = cpu->priv <= PRIV_S && (cpu->medeleg >> cause & 1);
    trap_enter(cpu, delegated ? PRIV_S : PRIV_M, cause, false, tval & cpu_xlen_mask(cpu));
    bp_vcpu_resume(cpu);
}

/* mip as the guest sees it. */
uint64_t trap_mip(struct riscv_cpu *cpu)
{
    uint64_t mip = atomic_load(&cpu->irq_pins) | atomic_load(&cpu->irq_soft);

    if (cpu->menvcfg & ENVCFG_STCE) {
        mip &= ~(UINT64_C(1) << IRQ_STI);
        if (cpu_time(cpu) >= atomic_load(&cpu->stimecmp))
            mip |= UINT64_C(1) << IRQ_STI;
    }
    return mip;
}

/* Whether an enabled interrupt may be pending; does not read the time. */
static bool maybe_pending(const struct riscv_cpu *cpu)
{
    uint64_t pending = atomic_load(&cpu->irq_pins) | atomic_load(&cpu->irq_soft);

    if (atomic_load(&cpu->stimer_hint))
        pending |= UINT64_C(1) << IRQ_STI;
    return (pending & cpu->mie) != 0;
}

/* After a change of what is enabled or pending. */
void trap_irq_update(struct riscv_cpu *cpu)
{
    if (maybe_pending(cpu))
        bp_vcpu_interrupt(cpu);
}

bool trap_interrupt(void *env)
{
    /* Of equal destination, in this order (vol. II, Machine Interrupt Registers). */
    static const uint8_t order[] = { IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI };
    struct riscv_cpu *cpu = env;
    uint64_t pending, to_m, to_s, take;

    if (!maybe_pending(cpu))
        return false;
    pending = trap_mip(cpu) & cpu->mie;
    to_m = pending & ~cpu->mideleg;
    to_s = pending & cpu->mideleg;
    if (cpu->priv == PRIV_M && !(cpu->mstatus & MSTATUS_MIE))
        to_m = 0;
    if (cpu->priv == PRIV_M || (cpu->priv == PRIV_S && !(cpu->mstatus & MSTATUS_SIE)))
        to_s = 0;
    take = to_m ? to_m : to_s;
    for (unsigned i = 0; i < sizeof order; i++) {
        if (take >> order[i] & 1) {
            trap_enter(cpu, to_m ? PRIV_M : PRIV_S, order[i], true, 0);
            return true;
        }
    }
    return false;
}

bool trap_has_work(const void *env)
{
    /* Reading the time does not change the state. */
    struct riscv_cpu *cpu = (struct riscv_cpu *)(uintptr_t)env;

    return maybe_pending(cpu) && (trap_mip(cpu) & cpu->mie) != 0;
}

/* The supervisor software line is an edge that sets sip.SSIP, which software clears; the others are
 * levels (RISC-V ACLINT, SSWI; vol. II, Machine Interrupt Registers). */
void trap_pin(void *env, unsigned number, bool level)
{
    struct riscv_cpu *cpu = env;
    uint32_t bit = UINT32_C(1) << number;

    if (!level) {
        atomic_fetch_and(&cpu->irq_pins, ~bit);
        return;
    }
    atomic_fetch_or(number == IRQ_SSI ? &cpu->irq_soft : &cpu->irq_pins, bit);
    bp_vcpu_interrupt(cpu);
}

void trap_unaligned(void *env, uint64_t va, unsigned access, unsigned mmu)
{
    (void)mmu;
    trap_raise(env, access & BP_ACCESS_WRITE ? CAUSE_STORE_MISALIGNED : CAUSE_LOAD_MISALIGNED, va);
}

void trap_bus_error(void *env, uint64_t va, uint64_t gpa, unsigned access)
{
    (void)gpa;
    trap_raise(env,
               access & BP_ACCESS_WRITE  ? CAUSE_STORE_ACCESS
               : access & BP_ACCESS_EXEC ? CAUSE_FETCH_ACCESS
                                         : CAUSE_LOAD_ACCESS, va);
}

static void raise(void *env, uint32_t cause, uint64_t tval)
{
    trap_raise(env, cause, tval);
}
const struct bp_helper helper_raise = {
    "raise", (void (*)(void))raise, BP_VOID, 2, { BP_I32, BP_I64 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE | BP_CALL_NO_RETURN,
};

/* A jump without C: instructions lie at multiples of 4. */
static void check_jump(void *env, uint64_t target)
{
    if (target & 2)
        trap_raise(env, CAUSE_FETCH_MISALIGNED, target);
}
const struct bp_helper helper_check_jump = {
    "check_jump", (void (*)(void))check_jump, BP_VOID, 1, { BP_I64 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

static void leave_to(struct riscv_cpu *cpu, unsigned priv, uint64_t pc)
{
    if (priv != PRIV_M)
        cpu->mstatus &= ~MSTATUS_MPRV;
    cpu->priv = (uint8_t)priv;
    cpu->pc = pc & ~(cpu->ext.c ? UINT64_C(1) : UINT64_C(3));
    trap_irq_update(cpu);
}

static void mret(void *env)
{
    struct riscv_cpu *cpu = env;
    uint64_t m = cpu->mstatus;
    unsigned priv = (unsigned)(m >> MSTATUS_MPP_SHIFT & 3);

    m &= ~(MSTATUS_MIE | MSTATUS_MPP);
    m |= m & MSTATUS_MPIE ? MSTATUS_MIE : 0;
    m |= MSTATUS_MPIE | (cpu->ext.u ? 0 : MSTATUS_MPP);
    cpu->mstatus = m;
    leave_to(cpu, priv, cpu->mepc);
}
const struct bp_helper helper_mret = {
    "mret", (void (*)(void))mret, BP_VOID, 0, { 0 }, BP_CALL_ENV,
};

static void sret(void *env, uint32_t insn)
{
    struct riscv_cpu *cpu = env;
    uint64_t m = cpu->mstatus;
    unsigned priv = m & MSTATUS_SPP ? PRIV_S : PRIV_U;

    if (cpu->priv == PRIV_S && (m & MSTATUS_TSR))
        trap_raise(cpu, CAUSE_ILLEGAL, insn);
    m &= ~(MSTATUS_SIE | MSTATUS_SPP);
    m |= m & MSTATUS_SPIE ? MSTATUS_SIE : 0;
    m |= MSTATUS_SPIE;
    cpu->mstatus = m;
    leave_to(cpu, priv, cpu->sepc);
}
const struct bp_helper helper_sret = {
    "sret", (void (*)(void))sret, BP_VOID, 1, { BP_I32 },
    BP_CALL_ENV | BP_CALL_READS_STATE | BP_CALL_MAY_RAISE,
};

static void wfi(void *env, uint32_t insn)
{
    struct riscv_cpu *cpu = env;

    if (cpu->priv != PRIV_M && (cpu->mstatus & MSTATUS_TW))
        trap_raise(cpu, CAUSE_ILLEGAL, insn);
}
const struct bp_helper helper_wfi = {
    "wfi", (void (*)(void))wfi, BP_VOID, 1, { BP_I32 }, BP_CALL_ENV | BP_CALL_MAY_RAISE,
};
