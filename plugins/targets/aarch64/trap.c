/* SPDX-License-Identifier: MIT */
/*
 * trap.c: what instructions and memory raise: in a program the board deals with it (user.h), in a machine
 * exc.c takes the exception.
 */
#include "cpu.h"

/* Linux has the top byte of a program's addresses ignored. They seldom have one: the first access with one
 * fails, and from then on translations clear it (CTX_TBI). */
bool trap_user_fault(void *env, uint64_t va, unsigned access)
{
    struct a64_cpu *cpu = env;

    if (!(va & ~TBI_MASK) || va >> 55 & 1)
        return false;
    if (access & BP_ACCESS_EXEC) {
        if (cpu->pc != va)
            return false;
        cpu->pc &= TBI_MASK;
        return true;
    }
    if (cpu->tbi)
        return false;
    cpu->tbi = 1;
    return true;
}

static void __attribute__((noreturn)) raise_in_program(struct a64_cpu *cpu, uint32_t exception)
{
    bp_vcpu_restore(cpu);
    switch (exception) {
    case EXC_BREAKPOINT: bp_user_trap(cpu, BP_TRAP_BREAKPOINT, 0, cpu->pc, 0);
    case EXC_FETCH: bp_user_trap(cpu, BP_TRAP_MEMORY, 0, cpu->pc, BP_ACCESS_EXEC);
    case EXC_PC_ALIGNMENT:
        if (cpu->btype & BTYPE_BAD) {
            btype_settle(cpu);
            bp_user_trap(cpu, BP_TRAP_ILLEGAL, 0, cpu->pc, 0);
        }
        bp_user_trap(cpu, BP_TRAP_ALIGNMENT, 0, cpu->pc, BP_ACCESS_EXEC);
    default: bp_user_trap(cpu, BP_TRAP_ILLEGAL, 0, cpu->pc, 0);
    }
}

#define ISS_STEP 0x22u            /* debug exception */
#define ISS_STEP_VALID 0x1000000u
#define ISS_NO_CONDITION 0x1e00000u /* CV and COND: always */

static void __attribute__((noreturn)) raise_hvc(struct a64_cpu *cpu, uint32_t imm)
{
    bool disabled = cpu->el3 ? !(cpu->sys.scr_el3 & SCR_HCE) : cpu->sys.hcr_el2 & HCR_HCD;

    if (!cpu->el2 || disabled || cpu->el == 0 || (cpu_secure_below_el3(cpu) && cpu->el < 3))
        exc_undefined(cpu);
    exc_raise_behind(cpu, cpu->el < 2 ? 2 : cpu->el, EC_HVC, imm);
}

/* A hypervisor can have EL1's. */
static void __attribute__((noreturn)) raise_smc(struct a64_cpu *cpu, uint32_t imm)
{
    if (cpu->el == 0)
        exc_undefined(cpu);
    if (cpu->el == 1 && cpu_hcr(cpu) & HCR_TSC)
        exc_raise(cpu, 2, EC_SMC, imm, 0);
    if (!cpu->el3 || cpu->sys.scr_el3 & SCR_SMD)
        exc_undefined(cpu);
    exc_raise_behind(cpu, 3, EC_SMC, imm);
}

/* Where no instruction lies, or where translated code goes from one that must not be branched to. */
static void __attribute__((noreturn)) raise_pc(struct a64_cpu *cpu)
{
    bp_vcpu_restore(cpu);
    if (!(cpu->btype & BTYPE_BAD))
        exc_raise(cpu, EXC_DEFAULT, EC_PC_ALIGN, 0, 0);
    btype_settle(cpu);
    exc_raise(cpu, EXC_DEFAULT, EC_BTI, cpu->btype, 0);
}

static void raise_exception(void *env, uint32_t exception, uint32_t what)
{
    struct a64_cpu *cpu = env;

    if (cpu->user_mode)
        raise_in_program(cpu, exception);
    switch (exception) {
    case EXC_BREAKPOINT: exc_raise(cpu, exc_debug_el(cpu), EC_BRK, what, 0);
    case EXC_PC_ALIGNMENT: raise_pc(cpu);
    case EXC_SVC: exc_raise_behind(cpu, EXC_DEFAULT, EC_SVC, what);
    case EXC_HVC: raise_hvc(cpu, what);
    case EXC_SMC: raise_smc(cpu, what);
    case EXC_FP_ACCESS: exc_raise(cpu, sysreg_fp_trap(cpu), EC_FP_ACCESS, ISS_NO_CONDITION, 0);
    case EXC_ILLEGAL: exc_raise(cpu, EXC_DEFAULT, EC_ILLEGAL, 0, 0);
    case EXC_STEP: exc_raise(cpu, exc_debug_el(cpu), EC_STEP,
                              ISS_STEP | (cpu->stepping ? ISS_STEP_VALID : 0), 0);
    default: exc_undefined(cpu);
    }
}
const struct bp_helper helper_raise = {
    "raise", (void (*)(void))raise_exception, BP_VOID, 2, { BP_I32, BP_I32 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE | BP_CALL_NO_RETURN,
};

/* An instruction of the architecture that this target lacks and does not claim to have. */
static void unimplemented(void *env, uint32_t insn)
{
    struct a64_cpu *cpu = env;

    if (!cpu->told)
        bp_log(env, BP_LOG_UNIMP, "instruction %08x is not implemented: undefined for the guest "
               "(further ones are not told)", insn);
    cpu->told = true;
    raise_exception(env, EXC_UNDEFINED, insn);
}
const struct bp_helper helper_unimplemented = {
    "unimplemented", (void (*)(void))unimplemented, BP_VOID, 1, { BP_I32 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE | BP_CALL_NO_RETURN,
};

static bool fill(struct a64_cpu *cpu, uint64_t va, unsigned access, unsigned mmu, bool probe,
                 struct bp_tlb_entry *ret)
{
    if (!mmu_fill(cpu, va, access, mmu, probe, ret))
        return false;
    hwdebug_watch(cpu, va, access, probe, ret);
    return true;
}

/* A program's memory is the host's: whoever asks has met a fault. */
bool trap_fill(void *env, uint64_t va, unsigned access, unsigned mmu, bool probe,
               struct bp_tlb_entry *ret)
{
    struct a64_cpu *cpu = env;

    if (!cpu->user_mode)
        return fill(cpu, va, access, mmu, probe, ret);
    if (probe)
        return false;
    bp_user_trap(env, BP_TRAP_MEMORY, 0, va, access);
}

void trap_unaligned(void *env, uint64_t va, unsigned access, unsigned mmu)
{
    struct a64_cpu *cpu = env;

    if (!cpu->user_mode)
        mmu_unaligned(cpu, va, access, mmu);
    bp_user_trap(env, BP_TRAP_ALIGNMENT, 0, va, access);
}

void trap_bus_error(void *env, uint64_t va, uint64_t gpa, unsigned access)
{
    struct a64_cpu *cpu = env;

    if (!cpu->user_mode)
        mmu_bus_error(cpu, va, gpa, access);
    bp_user_trap(env, BP_TRAP_BUS, 0, va, access);
}

/* The old value of 16 bytes, which become `desired` where they are `expected`. */
static void cas16(void *env, uint64_t ret[2], uint64_t va, const uint64_t expected[2],
                  const uint64_t desired[2])
{
    uint64_t old[2] = { expected[0], expected[1] };

    bp_vcpu_cas16(env, va, mmu_index(env), old, desired);
    ret[0] = old[0];
    ret[1] = old[1];
}
const struct bp_helper helper_cas16 = {
    "cas16", (void (*)(void))cas16, BP_V128, 3, { BP_I64, BP_V128, BP_V128 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};
