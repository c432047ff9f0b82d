/* SPDX-License-Identifier: MIT */
/*
 * exc.c: taking exceptions and returning from them. The Arm Architecture Reference Manual for
 * A-profile, D1.3 (exceptions), D1.3.6 (asynchronous ones: routing and masking), D2.12 (software step).
 *
 * All levels use AArch64. There is no secure EL2.
 */
#include "pmu.h"

#include <inttypes.h>

enum vector { VECTOR_SYNC = 0, VECTOR_IRQ = 0x80, VECTOR_FIQ = 0x100, VECTOR_SERROR = 0x180 };

/* ---- PSTATE ---------------------------------------------------------------------------------- */

uint32_t exc_pstate(const struct a64_cpu *cpu)
{
    return flags_nzcv(cpu) | (cpu->dit ? PSTATE_DIT : 0) | (cpu->uao ? PSTATE_UAO : 0) |
           (cpu->pan ? PSTATE_PAN : 0) | (cpu->ss ? PSTATE_SS : 0) |
           (cpu->illegal ? PSTATE_IL : 0) | (cpu->ssbs ? PSTATE_SSBS : 0) |
           btype_now(cpu) << PSTATE_BTYPE_SHIFT | cpu->daif | (uint32_t)cpu->el << 2 |
           cpu->spsel;
}

/* EL3 is entered or left: a GICv3 signals group 1 otherwise there, and in the other security state. */
static void tell_gic(struct a64_cpu *cpu)
{
    const struct bp_gic_cpu_bus *gic = cpu->gic.api;
    if (gic && gic->size > offsetof(struct bp_gic_cpu_bus, moved) && gic->moved)
        gic->moved(cpu->gic.dev, bp_vcpu_index(cpu), cpu->el, cpu_secure_below_el3(cpu));
}

/* Banks the stack pointer and takes that of the new level. */
void exc_change_sp(struct a64_cpu *cpu, unsigned el, unsigned spsel)
{
    bool crosses_el3 = cpu->el3 && (cpu->el == 3) != (el == 3);
    cpu->sp_el[cpu->spsel ? cpu->el : 0] = cpu->sp;
    cpu->el = (uint8_t)el;
    cpu->spsel = (uint8_t)(el ? spsel : 0);
    cpu->sp = cpu->sp_el[cpu->spsel ? el : 0];
    if (crosses_el3)
        tell_gic(cpu);
}

/* All but the level and the stack pointer. */
static void set_bits(struct a64_cpu *cpu, uint32_t spsr)
{
    flags_set_nzcv(cpu, spsr & (FLAG_N | FLAG_Z | FLAG_C | FLAG_V));
    cpu->daif = spsr & PSTATE_DAIF;
    cpu->pan = cpu->ext.pan && spsr & PSTATE_PAN;
    cpu->uao = cpu->ext.uao && spsr & PSTATE_UAO;
    cpu->dit = cpu->ext.dit && spsr & PSTATE_DIT;
    cpu->ssbs = cpu->ext.ssbs && spsr & PSTATE_SSBS;
    cpu->btype = cpu->ext.bti ? spsr >> PSTATE_BTYPE_SHIFT & 3 : 0;
    cpu->illegal = (spsr & PSTATE_IL) != 0;
    cpu->ss = (spsr & PSTATE_SS) != 0;
}

void exc_set_pstate(struct a64_cpu *cpu, uint32_t spsr)
{
    set_bits(cpu, spsr);
    exc_change_sp(cpu, spsr >> 2 & 3, spsr & 1);
}

/* ---- entry ----------------------------------------------------------------------------------- */

/* The state is that of the interrupted instruction. */
static void enter(struct a64_cpu *cpu, unsigned to, enum vector vector)
{
    uint64_t from_same = cpu->spsel ? 0x200 : 0;
    uint64_t offset = (cpu->el == to ? from_same : 0x400) + vector;
    uint64_t sctlr = cpu->sys.sctlr_el[to];

    btype_settle(cpu);
    cpu->elr_el[to] = cpu->pc;
    cpu->spsr_el[to] = exc_pstate(cpu);
    exc_change_sp(cpu, to, 1);
    cpu->daif = PSTATE_DAIF;
    cpu->ss = cpu->illegal = cpu->uao = 0;
    cpu->btype = 0;
    cpu->ssbs = cpu->ext.ssbs && sctlr & SCTLR_DSSBS;
    if (cpu->ext.pan && !(sctlr & SCTLR_SPAN) && (to == 1 || (to == 2 && cpu_host_el0(cpu))))
        cpu->pan = 1;
    cpu->stepping = false;
    cpu->pc = (cpu->sys.vbar_el[to] & ~UINT64_C(0x7ff)) + offset;
}

static const char *class_name(unsigned ec)
{
    static const struct {
        uint8_t ec;
        const char *name;
    } names[] = {
        { EC_UNKNOWN, "undefined" }, { EC_WFX, "WFx" }, { EC_FP_ACCESS, "FP access" },
        { EC_PAUTH, "pointer authentication" }, { EC_BTI, "branch target" },
        { EC_ILLEGAL, "illegal state" }, { EC_SVC, "SVC" }, { EC_HVC, "HVC" }, { EC_SMC, "SMC" },
        { EC_SYSREG, "system register" }, { EC_PAC_FAIL, "authentication failure" },
        { EC_FETCH_ABORT, "instruction abort" }, { EC_PC_ALIGN, "PC alignment" },
        { EC_DATA_ABORT, "data abort" }, { EC_SP_ALIGN, "SP alignment" },
        { EC_BREAKPOINT, "breakpoint" }, { EC_STEP, "software step" },
        { EC_WATCHPOINT, "watchpoint" }, { EC_BRK, "BRK" },
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].ec == ec)
            return names[i].name;
    return "unknown";
}

unsigned exc_default_el(const struct a64_cpu *cpu)
{
    return cpu->el ? cpu->el : cpu_hcr(cpu) & HCR_TGE ? 2 : 1;
}

/* Classes that have a second form for exceptions from the same level. */
static bool has_two_forms(enum exc_class ec)
{
    return ec == EC_FETCH_ABORT || ec == EC_DATA_ABORT || ec == EC_BREAKPOINT || ec == EC_STEP ||
           ec == EC_WATCHPOINT;
}

/* Of the instruction behind a stepped one. */
static bool is_next(enum exc_class ec)
{
    return ec == EC_STEP || ec == EC_FETCH_ABORT || ec == EC_PC_ALIGN;
}

/* The state is exact. `done`: the instruction has happened, and the pc is behind it. */
static void __attribute__((noreturn)) raise_now(struct a64_cpu *cpu, unsigned el, enum exc_class ec,
                                                uint32_t iss, uint64_t far, bool done)
{
    unsigned code = ec;

    if (!el)
        el = exc_default_el(cpu);
    if (has_two_forms(ec) && el == cpu->el)
        code++;
    bp_vcpu_log(cpu, BP_VLOG_INT, "exception 0x%02x (%s) in EL%u to EL%u, pc 0x%" PRIx64
                " iss 0x%x far 0x%" PRIx64, code, class_name(ec), (unsigned)cpu->el, el, cpu->pc,
                iss, far);
    cpu->esr_el[el] = (uint64_t)code << 26 | UINT64_C(1) << 25 | (iss & 0x1ffffffu);
    if (ec == EC_FETCH_ABORT || ec == EC_DATA_ABORT || ec == EC_PC_ALIGN || ec == EC_WATCHPOINT)
        cpu->far_el[el] = ec == EC_PC_ALIGN ? cpu->pc : far;
    if (cpu->stepping && !done && !is_next(ec))
        cpu->ss = 1; /* to be stepped again */
    enter(cpu, el, VECTOR_SYNC);
    bp_vcpu_resume(cpu);
}

void exc_raise(struct a64_cpu *cpu, unsigned el, enum exc_class ec, uint32_t iss, uint64_t far)
{
    bp_vcpu_restore(cpu);
    raise_now(cpu, el, ec, iss, far, false);
}

void exc_raise_behind(struct a64_cpu *cpu, unsigned el, enum exc_class ec, uint32_t iss)
{
    bp_vcpu_restore(cpu);
    cpu->pc += 4;
    raise_now(cpu, el, ec, iss, 0, true);
}

void exc_undefined(struct a64_cpu *cpu)
{
    exc_raise(cpu, EXC_DEFAULT, EC_UNKNOWN, 0, 0);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

/* Interrupts that are pending, as enum a64_pin, whether masked or not. */
static unsigned pending(const struct a64_cpu *cpu)
{
    unsigned pins = atomic_load(&cpu->irq_pins);
    uint64_t hcr = cpu_hcr(cpu);

    pins |= (hcr & HCR_VI ? (unsigned)PIN_VIRQ : 0) | (hcr & HCR_VF ? (unsigned)PIN_VFIQ : 0);
    if (cpu->el >= 2 || hcr & HCR_TGE || !(hcr & HCR_IMO))
        pins &= ~(unsigned)PIN_VIRQ;
    if (cpu->el >= 2 || hcr & HCR_TGE || !(hcr & HCR_FMO))
        pins &= ~(unsigned)PIN_VFIQ;
    return pins;
}

/* Where a physical interrupt goes. */
static unsigned target_of(const struct a64_cpu *cpu, uint64_t scr_bit, uint64_t hcr_bit)
{
    if (cpu->el3 && cpu->sys.scr_el3 & scr_bit)
        return 3;
    return cpu_hcr(cpu) & (hcr_bit | HCR_TGE) ? 2 : 1;
}

/* A mask holds for interrupts to the current level, and for those that EL0's kernel gets; what goes to a higher
 * level than that is taken. */
static bool unmasked(const struct a64_cpu *cpu, unsigned target, uint32_t mask)
{
    if (target < cpu->el)
        return false;
    if (target > cpu->el && target != 1 && !(target == 2 && cpu_host_el0(cpu)))
        return true;
    return !(cpu->daif & mask);
}

static bool take(struct a64_cpu *cpu, unsigned to, enum vector vector, const char *name)
{
    bp_vcpu_log(cpu, BP_VLOG_INT, "%s in EL%u to EL%u, pc 0x%" PRIx64, name, (unsigned)cpu->el, to,
                cpu->pc);
    enter(cpu, to, vector);
    return true;
}

static bool take_virtual_serror(struct a64_cpu *cpu)
{
    uint64_t hcr = cpu_hcr(cpu);

    if (!(hcr & HCR_VSE) || !(hcr & HCR_AMO) || hcr & HCR_TGE || cpu->el >= 2 ||
        cpu->daif & PSTATE_A)
        return false;
    cpu->sys.hcr_el2 &= ~HCR_VSE;
    cpu->esr_el[1] = (uint64_t)EC_SERROR << 26 | UINT64_C(1) << 25 |
                     (cpu->ext.ras ? cpu->sys.vsesr_el2 & 0x1ffffff : 0);
    return take(cpu, 1, VECTOR_SERROR, "virtual SError");
}

bool exc_interrupt(void *env)
{
    struct a64_cpu *cpu = env;
    unsigned pins, to;

    if (cpu->user_mode)
        return false;
    if (atomic_load(&cpu->power) != BP_SMCCC_ON)
        return power_begin(cpu);
    cpu->waiting = false;
    if (atomic_load(&cpu->pmu_due) && atomic_exchange(&cpu->pmu_due, 0))
        pmu_check(cpu);
    pins = pending(cpu);
    if (pins & PIN_FIQ) {
        to = target_of(cpu, SCR_FIQ, HCR_FMO);
        if (unmasked(cpu, to, PSTATE_F))
            return take(cpu, to, VECTOR_FIQ, "FIQ");
    }
    if (pins & PIN_IRQ) {
        to = target_of(cpu, SCR_IRQ, HCR_IMO);
        if (unmasked(cpu, to, PSTATE_I))
            return take(cpu, to, VECTOR_IRQ, "IRQ");
    }
    if (take_virtual_serror(cpu))
        return true;
    if (pins & PIN_VFIQ && !(cpu->daif & PSTATE_F))
        return take(cpu, 1, VECTOR_FIQ, "virtual FIQ");
    if (pins & PIN_VIRQ && !(cpu->daif & PSTATE_I))
        return take(cpu, 1, VECTOR_IRQ, "virtual IRQ");
    return false;
}

bool exc_has_work(const void *env)
{
    const struct a64_cpu *cpu = env;

    if (cpu->user_mode)
        return true;
    if (atomic_load(&cpu->power) != BP_SMCCC_ON)
        return atomic_load(&cpu->power) == BP_SMCCC_ON_PENDING;
    return pending(cpu) != 0 || atomic_load(&cpu->pmu_due) || cpu_hcr(cpu) & HCR_VSE;
}

void exc_irq_update(struct a64_cpu *cpu)
{
    if (pending(cpu) || cpu_hcr(cpu) & HCR_VSE)
        bp_vcpu_interrupt(cpu);
}

void exc_pin(void *env, unsigned pin, bool level)
{
    struct a64_cpu *cpu = env;

    if (!level) {
        atomic_fetch_and(&cpu->irq_pins, ~pin);
        return;
    }
    atomic_fetch_or(&cpu->irq_pins, pin);
    bp_vcpu_interrupt(cpu);
}

/* ---- software step, breakpoints -------------------------------------------------------------- */

/* Where debug exceptions go: EL2 or EL1. */
static unsigned debug_el(const struct a64_cpu *cpu)
{
    return cpu_el2_enabled(cpu) && (cpu->sys.hcr_el2 & HCR_TGE || cpu->sys.mdcr_el2 & MDCR_TDE) ? 2 : 1;
}

unsigned exc_debug_el(const struct a64_cpu *cpu)
{
    unsigned el = debug_el(cpu);

    return el > cpu->el ? el : cpu->el;
}

/* Whether level `from` with PSTATE.D `masked` has debug exceptions other than BRK. */
static bool debug_enabled(const struct a64_cpu *cpu, unsigned from, bool masked)
{
    unsigned to = debug_el(cpu);

    if (cpu->sys.oslock & 1 || cpu->sys.osdlr_el1 & 1)
        return false;
    if (cpu_secure_below_el3(cpu) && cpu->sys.mdcr_el3 & MDCR_SDD)
        return false;
    if (from == to)
        return cpu->sys.mdscr_el1 & MDSCR_KDE && !masked;
    return to > from;
}

bool exc_debug_on(const struct a64_cpu *cpu)
{
    return debug_enabled(cpu, cpu->el, cpu->daif & PSTATE_D);
}

/* Before the one instruction of a step. Whatever way it ends, the run loop comes next. */
static void step(void *env)
{
    struct a64_cpu *cpu = env;

    cpu->ss = 0;
    cpu->stepping = true;
    bp_vcpu_interrupt(cpu);
}
const struct bp_helper helper_step = {
    "step", (void (*)(void))step, BP_VOID, 0, { 0 }, BP_CALL_ENV,
};

/* ---- returns --------------------------------------------------------------------------------- */

static bool illegal_return(const struct a64_cpu *cpu, uint32_t spsr)
{
    unsigned to = spsr >> 2 & 3;

    if (spsr & (PSTATE_AARCH32 | 2) || to > cpu->el || (to == 0 && spsr & 1))
        return true;
    if (to == 2 && (!cpu->el2 || cpu_secure_below_el3(cpu)))
        return true;
    return to == 1 && cpu_hcr(cpu) & HCR_TGE;
}

static void eret(void *env)
{
    struct a64_cpu *cpu = env;
    uint32_t spsr = (uint32_t)cpu->spsr_el[cpu->el];
    uint64_t pc = cpu->elr_el[cpu->el];
    bool illegal = illegal_return(cpu, spsr), may_step;

    may_step = cpu->sys.mdscr_el1 & MDSCR_SS && !exc_debug_on(cpu) &&
               debug_enabled(cpu, illegal ? cpu->el : spsr >> 2 & 3, spsr & PSTATE_D);
    if (!may_step)
        spsr &= ~PSTATE_SS;
    if (illegal) {
        set_bits(cpu, spsr | PSTATE_IL);
    } else {
        exc_set_pstate(cpu, spsr);
    }
    cpu->pc = cpu->btype_pc = pc;
    cpu->excl_addr = A64_NO_MONITOR;
    cpu->stepping = false;
    exc_irq_update(cpu);
}
const struct bp_helper helper_eret = {
    "eret", (void (*)(void))eret, BP_VOID, 0, { 0 },
    BP_CALL_ENV | BP_CALL_READS_STATE | BP_CALL_WRITES_STATE,
};

static void set_spsel(void *env, uint32_t spsel)
{
    struct a64_cpu *cpu = env;

    exc_change_sp(cpu, cpu->el, spsel & 1);
}
const struct bp_helper helper_spsel = {
    "spsel", (void (*)(void))set_spsel, BP_VOID, 1, { BP_I32 },
    BP_CALL_ENV | BP_CALL_READS_STATE | BP_CALL_WRITES_STATE,
};
