/* SPDX-License-Identifier: MIT */
/*
 * sysreg.c: access to system registers: which row an encoding means, whether the access is allowed
 * or traps, and where to; SYS instructions; DC ZVA; random numbers. The Arm Architecture Reference Manual
 * for A-profile, D1.3 (traps), D19.
 */
#include "sysreg.h"

#include <string.h>

static const struct sysreg_set *const sets[] = {
    &sysregs_el, &sysregs_id, &sysregs_timer, &sysregs_pmu, &sysregs_debug,
};
#define SET_COUNT (sizeof sets / sizeof *sets)
#define HANDLE(set, row) ((uint32_t)(set) << 10 | (uint32_t)(row))

static const struct sysreg *row_of(uint32_t handle)
{
    return &sets[handle >> 10 & 7]->rows[handle & 1023];
}

/* ---- finding --------------------------------------------------------------------------------- */

static const struct sysreg *find(const struct a64_cpu *cpu, uint32_t reg, uint32_t *ret_handle)
{
    for (uint32_t s = 0; s < SET_COUNT; s++) {
        for (uint32_t i = 0; i < sets[s]->count; i++) {
            const struct sysreg *r = &sets[s]->rows[i];
            if (r->reg != reg)
                continue;
            if ((r->exists && !r->exists(cpu)) || (cpu->user_mode && !(r->flags & REG_PROGRAM)))
                return NULL;
            *ret_handle = HANDLE(s, i);
            return r;
        }
    }
    return NULL;
}

/* XXX_EL12 and XXX_EL02: the registers of EL1 and EL0 where EL2 has taken their names. */
static uint32_t own_name(uint32_t reg)
{
    uint32_t low = reg & ~(UINT32_C(7) << 11);

    if (REG_CRN(reg) == 14 && REG_CRM(reg) != 1)
        return low | 3u << 11; /* CNTP_*, CNTV_* */
    return low;
}

const struct sysreg *sysreg_find(const struct a64_cpu *cpu, uint32_t reg, uint32_t ctx_flags,
                                 uint32_t *ret_handle)
{
    bool alias = REG_OP0(reg) == 3 && REG_OP1(reg) == 5;
    const struct sysreg *r = find(cpu, alias ? own_name(reg) : reg, ret_handle);

    if (alias)
        return ctx_flags & CTX_E2H && r && r->redirect ? r : NULL;
    if (r && r->redirect && ctx_flags & CTX_E2H && CTX_EL(ctx_flags) == 2)
        return find(cpu, r->redirect, ret_handle);
    return r;
}

bool sysreg_is_plain(const struct sysreg *r, uint32_t ctx_flags, bool write)
{
    unsigned el = CTX_EL(ctx_flags), min = write && r->write_el > r->el ? r->write_el : r->el;

    if (!r->greg || el < min)
        return false;
    if (r->greg == REG_SP_EL0 && !(ctx_flags & CTX_SPSEL))
        return false;
    return !r->check || (r->check == check_vm && !(ctx_flags & CTX_VM_TRAP));
}

/* ---- checks ---------------------------------------------------------------------------------- */

enum reg_access check_hcr(const struct a64_cpu *cpu, uint64_t bit)
{
    return cpu->el == 1 && cpu_hcr(cpu) & bit ? REG_TRAP_EL2 : REG_OK;
}

enum reg_access check_vm(const struct a64_cpu *cpu, const struct sysreg *r, bool write)
{
    (void)r;
    return check_hcr(cpu, write ? HCR_TVM : HCR_TRVM);
}

/* Where floats trap: CPACR_EL1.FPEN for EL1 and below, CPTR_EL2, CPTR_EL3. */
unsigned sysreg_fp_trap(const struct a64_cpu *cpu)
{
    unsigned fpen;

    if (cpu->user_mode)
        return 0;
    if (cpu->el <= 1 && !cpu_host_el0(cpu)) {
        fpen = cpu->sys.cpacr_el1 >> 20 & 3;
        if (!(fpen & 1) || (fpen == 1 && cpu->el == 0))
            return exc_default_el(cpu);
    }
    if (cpu_el2_enabled(cpu) && cpu->el <= 2) {
        if (cpu->sys.hcr_el2 & HCR_E2H) {
            fpen = cpu->sys.cptr_el2 >> 20 & 3;
            if (!(fpen & 1) || (fpen == 1 && cpu->el == 0 && cpu_host_el0(cpu)))
                return 2;
        } else if (cpu->sys.cptr_el2 & CPTR_TFP) {
            return 2;
        }
    }
    return cpu->el3 && cpu->sys.cptr_el3 & CPTR_TFP ? 3 : 0;
}

#define ISS_NO_CONDITION 0x1e00000u

/* The syndrome of a trapped MSR or MRS. */
static uint32_t iss_of(uint32_t reg, unsigned rt, bool read)
{
    return REG_OP0(reg) << 20 | REG_OP2(reg) << 17 | REG_OP1(reg) << 14 | REG_CRN(reg) << 10 |
           rt << 5 | REG_CRM(reg) << 1 | read;
}

/* Ends the instruction unless `a` is REG_OK. */
static void obey(struct a64_cpu *cpu, enum reg_access a, uint32_t iss)
{
    static const uint8_t level[] = { [REG_TRAP_EL1] = 1, [REG_TRAP_EL2] = 2, [REG_TRAP_EL3] = 3 };

    if (a == REG_OK)
        return;
    if (cpu->user_mode)
        bp_user_trap(cpu, BP_TRAP_ILLEGAL, 0, 0, 0);
    if (a == REG_UNDEFINED)
        exc_undefined(cpu);
    if (a == REG_FP_TRAP)
        exc_raise(cpu, sysreg_fp_trap(cpu), EC_FP_ACCESS, ISS_NO_CONDITION, 0);
    exc_raise(cpu, a == REG_TRAP_EL1 ? EXC_DEFAULT : level[a], EC_SYSREG, iss, 0);
}

static void check(struct a64_cpu *cpu, const struct sysreg *r, unsigned rt, bool write)
{
    unsigned min = write && r->write_el > r->el ? r->write_el : r->el;
    enum reg_access a = REG_OK;

    if (!cpu->user_mode && cpu->el < min)
        a = r->el <= 1 && REG_CRN(r->reg) == 0 && cpu->ext.idst && !write ? REG_TRAP_EL1 : REG_UNDEFINED;
    else if (r->check && !cpu->user_mode)
        a = r->check(cpu, r, write);
    obey(cpu, a, iss_of(r->reg, rt, !write));
}

/* ---- MRS, MSR -------------------------------------------------------------------------------- */

static uint64_t read_row(struct a64_cpu *cpu, const struct sysreg *r)
{
    if (r->read)
        return r->read(cpu, r->reg);
    if (!r->field)
        return r->fixed;
    return *(const uint64_t *)((const uint8_t *)cpu + r->field) | r->fixed;
}

static void write_row(struct a64_cpu *cpu, const struct sysreg *r, uint64_t v)
{
    uint64_t *field = (uint64_t *)((uint8_t *)cpu + r->field), before;

    if (r->write) {
        r->write(cpu, r->reg, v);
    } else if (r->field) {
        before = *field;
        *field = (before & ~r->writable) | (v & r->writable);
        if (r->flags & REG_TRANSLATION && before != *field)
            mmu_changed(cpu, r->reg, before, *field);
    }
    if (r->flags & REG_IRQ)
        exc_irq_update(cpu);
}

static uint64_t mrs(void *env, uint32_t what)
{
    struct a64_cpu *cpu = env;
    const struct sysreg *r = row_of(what & 0xffff);

    check(cpu, r, what >> 16, false);
    return read_row(cpu, r);
}
const struct bp_helper helper_mrs = {
    "mrs", (void (*)(void))mrs, BP_I64, 1, { BP_I32 },
    BP_CALL_ENV | BP_CALL_READS_STATE | BP_CALL_MAY_RAISE | BP_CALL_FP,
};

static void msr(void *env, uint32_t what, uint64_t value)
{
    struct a64_cpu *cpu = env;
    const struct sysreg *r = row_of(what & 0xffff);

    check(cpu, r, what >> 16, true);
    write_row(cpu, r, value);
}
const struct bp_helper helper_msr = {
    "msr", (void (*)(void))msr, BP_VOID, 2, { BP_I32, BP_I64 },
    BP_CALL_ENV | BP_CALL_READS_STATE | BP_CALL_WRITES_STATE | BP_CALL_MAY_RAISE | BP_CALL_FP,
};

/* A register of the implementation's own, for which a hypervisor may stand in. */
static bool is_implementation_defined(uint32_t reg)
{
    return REG_OP0(reg) == 3 && (REG_CRN(reg) == 11 || REG_CRN(reg) == 15);
}

/* Reads as zero where it is one that software finds on the real core; else undefined. */
static uint64_t no_sysreg(void *env, uint32_t what, uint32_t write)
{
    struct a64_cpu *cpu = env;
    uint32_t reg = what & 0x7fff;

    if (is_implementation_defined(reg) && cpu->el > 0) {
        if (cpu->el == 1 && cpu_hcr(cpu) & HCR_TIDCP)
            obey(cpu, REG_TRAP_EL2, iss_of(reg, what >> 16, !write));
        if (cpu->midr >> 24 == 0x41) {
            bp_log(cpu, BP_LOG_UNIMP, "S3_%u_C%u_C%u_%u of the core is not implemented: zero",
                   REG_OP1(reg), REG_CRN(reg), REG_CRM(reg), REG_OP2(reg));
            return 0;
        }
    }
    bp_log(cpu, BP_LOG_UNIMP, "system register S%u_%u_C%u_C%u_%u is undefined at EL%u (pc 0x%llx)",
           REG_OP0(reg), REG_OP1(reg), REG_CRN(reg), REG_CRM(reg), REG_OP2(reg),
           (unsigned)cpu->el, (unsigned long long)cpu->pc);
    exc_undefined(cpu);
}
const struct bp_helper helper_no_sysreg = {
    "no_sysreg", (void (*)(void))no_sysreg, BP_I64, 2, { BP_I32, BP_I32 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

/* ---- the interrupt controller's -------------------------------------------------------------- */

static enum reg_access gic_result(enum bp_gic_access a)
{
    return a == BP_GIC_OK ? REG_OK
         : a == BP_GIC_TRAP_EL2 ? REG_TRAP_EL2
         : a == BP_GIC_TRAP_EL3 ? REG_TRAP_EL3 : REG_UNDEFINED;
}

static const struct bp_gic_cpu_bus *gic_begin(struct a64_cpu *cpu, struct bp_gic_who *who)
{
    const struct bp_gic_cpu_bus *gic = cpu->gic.api;
    uint64_t hcr = cpu_hcr(cpu);

    if (!gic || !gic->read || cpu->el == 0)
        return NULL;
    *who = (struct bp_gic_who){
        .cpu = bp_vcpu_index(cpu), .el = cpu->el, .secure = cpu_secure_below_el3(cpu),
        .virt_group0 = cpu->el == 1 && hcr & HCR_FMO, .virt_group1 = cpu->el == 1 && hcr & HCR_IMO,
        .el2_enabled = cpu_el2_enabled(cpu), .el3 = cpu->el3,
        .el3_fiq = cpu->el3 && cpu->sys.scr_el3 & SCR_FIQ,
        .el3_irq = cpu->el3 && cpu->sys.scr_el3 & SCR_IRQ,
    };
    return gic;
}

#define GIC_NUMBER(what) (((what) & 0x7fff) | 0x8000)

static uint64_t mrs_gic(void *env, uint32_t what)
{
    struct a64_cpu *cpu = env;
    struct bp_gic_who who;
    const struct bp_gic_cpu_bus *gic = gic_begin(cpu, &who);
    uint64_t v = 0;

    if (!gic)
        exc_undefined(cpu);
    obey(cpu, gic_result(gic->read(cpu->gic.dev, &who, GIC_NUMBER(what), &v)),
         iss_of(what & 0x7fff, what >> 16, true));
    return v;
}
const struct bp_helper helper_mrs_gic = {
    "mrs_gic", (void (*)(void))mrs_gic, BP_I64, 1, { BP_I32 }, BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

static void msr_gic(void *env, uint32_t what, uint64_t value)
{
    struct a64_cpu *cpu = env;
    struct bp_gic_who who;
    const struct bp_gic_cpu_bus *gic = gic_begin(cpu, &who);

    if (!gic)
        exc_undefined(cpu);
    obey(cpu, gic_result(gic->write(cpu->gic.dev, &who, GIC_NUMBER(what), value)),
         iss_of(what & 0x7fff, what >> 16, false));
}
const struct bp_helper helper_msr_gic = {
    "msr_gic", (void (*)(void))msr_gic, BP_VOID, 2, { BP_I32, BP_I64 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

/* ---- PSTATE fields --------------------------------------------------------------------------- */

#define PSTATE_FIELD(op1, op2) ((op1) << 3 | (op2))

/* EL0 may mask interrupts where its kernel lets it. */
static void change_daif(struct a64_cpu *cpu, uint32_t value, unsigned op2, uint32_t imm)
{
    if (cpu->user_mode)
        obey(cpu, REG_UNDEFINED, 0);
    if (cpu->el == 0 && !(cpu->sys.sctlr_el[cpu_control_el(cpu)] & SCTLR_UMA))
        obey(cpu, REG_TRAP_EL1, iss_of(SYS(3, 4, imm, op2), 31, false) & ~(UINT32_C(3) << 20));
    cpu->daif = value;
    exc_irq_update(cpu);
}

static void need(struct a64_cpu *cpu, bool feature, unsigned el)
{
    if (!feature || (cpu->el < el))
        obey(cpu, REG_UNDEFINED, 0);
}

/* `field`: op1 << 3 | op2. */
static void msr_imm(void *env, uint32_t field, uint32_t imm)
{
    struct a64_cpu *cpu = env;

    switch (field) {
    case PSTATE_FIELD(3, 2):
        need(cpu, cpu->ext.dit, 0);
        cpu->dit = imm & 1;
        break;
    case PSTATE_FIELD(3, 1):
        need(cpu, cpu->ext.ssbs && cpu->ext.ssbs2, 0);
        cpu->ssbs = imm & 1;
        break;
    case PSTATE_FIELD(0, 3):
        need(cpu, cpu->ext.uao, 1);
        cpu->uao = imm & 1;
        break;
    case PSTATE_FIELD(0, 4):
        need(cpu, cpu->ext.pan, 1);
        cpu->pan = imm & 1;
        break;
    case PSTATE_FIELD(0, 5):
        need(cpu, true, 1);
        exc_change_sp(cpu, cpu->el, imm & 1);
        break;
    case PSTATE_FIELD(3, 6): change_daif(cpu, cpu->daif | (imm & 15) << 6, 6, imm); break;
    case PSTATE_FIELD(3, 7): change_daif(cpu, cpu->daif & ~((imm & 15) << 6), 7, imm); break;
    default: obey(cpu, REG_UNDEFINED, 0);
    }
}
const struct bp_helper helper_msr_imm = {
    "msr_imm", (void (*)(void))msr_imm, BP_VOID, 2, { BP_I32, BP_I32 },
    BP_CALL_ENV | BP_CALL_READS_STATE | BP_CALL_WRITES_STATE | BP_CALL_MAY_RAISE,
};

/* ---- SYS instructions ------------------------------------------------------------------------ */

/* Level that a TLBI or AT asks for, by op1 (and by name for stage 1 and 2 together). */
static unsigned sys_level(uint32_t op)
{
    unsigned op1 = op >> 11 & 7;

    return op1 == 6 ? 3 : op1 == 4 ? 2 : 1;
}

static enum reg_access check_tlbi(const struct a64_cpu *cpu, uint32_t op)
{
    unsigned crm = op >> 3 & 15;
    uint64_t trap = HCR_TTLB;

    if (cpu->el < sys_level(op))
        return REG_UNDEFINED;
    if (crm == 1 || crm == 5) /* outer shareable */
        trap |= HCR_TTLBOS;
    else if (crm == 2 || crm == 3) /* inner shareable */
        trap |= HCR_TTLBIS;
    return check_hcr(cpu, trap);
}

/* DC and IC by address or set: EL0's by SCTLR.UCI, EL1's by traps of HCR_EL2. */
static enum reg_access check_cache(const struct a64_cpu *cpu, uint32_t op)
{
    uint64_t trap = 0;

    switch (op) {
    case SYS(0, 7, 6, 2): case SYS(0, 7, 10, 2): case SYS(0, 7, 14, 2): trap = HCR_TSW; break;
    case SYS(0, 7, 1, 0): trap = HCR_TPU | HCR_TICAB; break;
    case SYS(0, 7, 5, 0): trap = HCR_TPU | HCR_TOCU; break;
    case SYS(3, 7, 5, 1): case SYS(3, 7, 11, 1): trap = HCR_TPU | HCR_TOCU; break;
    default: trap = HCR_TPCP; break;
    }
    if (cpu->el == 0) {
        if (op >> 11 == 0)
            return REG_UNDEFINED;
        if (!(cpu->sys.sctlr_el[cpu_control_el(cpu)] & SCTLR_UCI))
            return REG_TRAP_EL1;
        return !cpu_host_el0(cpu) && cpu_hcr(cpu) & trap ? REG_TRAP_EL2 : REG_OK;
    }
    return check_hcr(cpu, trap);
}

static void sys(void *env, uint32_t what, uint64_t value)
{
    struct a64_cpu *cpu = env;
    uint32_t op = what & 0x3fff, crn = op >> 7 & 15, crm = op >> 3 & 15;
    bool at = crn == 7 && (crm == 8 || crm == 9), tlbi = crn == 8;
    enum reg_access a = tlbi ? check_tlbi(cpu, op) : at ? REG_OK : check_cache(cpu, op);

    if (at && cpu->el < sys_level(op))
        a = REG_UNDEFINED;
    obey(cpu, a, (iss_of(op, what >> 16, false) & ~(UINT32_C(3) << 20)) | UINT32_C(1) << 20);
    if ((tlbi && !mmu_tlbi(cpu, op, value)) || (at && !mmu_at(cpu, op, value)))
        exc_undefined(cpu);
    if (crn == 7 && !at && (op & 7) == 1)
        mmu_cache(cpu, op, value);
}
const struct bp_helper helper_sys = {
    "sys", (void (*)(void))sys, BP_VOID, 2, { BP_I32, BP_I64 }, BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

#define ISS_DC_ZVA (1u << 20 | 1u << 17 | 3u << 14 | 7u << 10 | 4u << 1)

/* A fault tells the address of the register, which may be behind the block's start. */
static void dc_zva(void *env, uint64_t va)
{
    struct a64_cpu *cpu = env;
    uint64_t block = va & ~(uint64_t)(ZVA_BYTES - 1);
    unsigned mmu = mmu_index(cpu);

    if (!cpu->user_mode && cpu->el == 0 && !(cpu->sys.sctlr_el[cpu_control_el(cpu)] & SCTLR_DZE))
        obey(cpu, REG_TRAP_EL1, ISS_DC_ZVA);
    if (cpu->el < 2 && !cpu_host_el0(cpu) && cpu_hcr(cpu) & HCR_TDZ)
        obey(cpu, REG_TRAP_EL2, ISS_DC_ZVA);
    if (va != block)
        bp_vcpu_cas(env, va, BP_MEM_SIZE(0) | BP_MEM_MMU(mmu), 0, 0);
    bp_vcpu_zero(env, block, ZVA_BYTES, mmu);
}
const struct bp_helper helper_dc_zva = {
    "dc_zva", (void (*)(void))dc_zva, BP_VOID, 1, { BP_I64 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

static uint64_t rndr(void *env)
{
    uint64_t v;

    bp_random(env, &v, sizeof v);
    return v;
}
const struct bp_helper helper_rndr = {
    "rndr", (void (*)(void))rndr, BP_I64, 0, { 0 }, BP_CALL_ENV,
};

/* WFI and WFE: whether they trap. (wfe, rt unused) */
static void wait(void *env, uint32_t is_wfe)
{
    struct a64_cpu *cpu = env;
    uint32_t iss = ISS_NO_CONDITION | is_wfe;

    if (cpu->el == 0 && !(cpu->sys.sctlr_el[cpu_control_el(cpu)] & (is_wfe ? SCTLR_NTWE : SCTLR_NTWI)))
        exc_raise(cpu, EXC_DEFAULT, EC_WFX, iss, 0);
    if (cpu->el < 2 && !cpu_host_el0(cpu) && cpu_hcr(cpu) & (is_wfe ? HCR_TWE : HCR_TWI))
        exc_raise(cpu, 2, EC_WFX, iss, 0);
    if (cpu->el < 3 && cpu->el3 && cpu->sys.scr_el3 & (is_wfe ? SCR_TWE : SCR_TWI))
        exc_raise(cpu, 3, EC_WFX, iss, 0);
}
const struct bp_helper helper_wait = {
    "wait", (void (*)(void))wait, BP_VOID, 1, { BP_I32 }, BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

/* ---- life, debuggers ------------------------------------------------------------------------- */

void sysreg_realize(struct a64_cpu *cpu)
{
    sysreg_identify(cpu);
}

/* FPCR and FPSR are in debuggers' own lists. */
static bool is_for_debuggers(const struct a64_cpu *cpu, const struct sysreg *r)
{
    return !(r->flags & REG_WRITE_ONLY) && (!r->exists || r->exists(cpu)) &&
           r->reg != SYSREG(3, 3, 4, 4, 0) && r->reg != SYSREG(3, 3, 4, 4, 1);
}

const struct sysreg *sysreg_at(const struct a64_cpu *cpu, uint32_t i)
{
    for (uint32_t s = 0; s < SET_COUNT; s++) {
        for (uint32_t n = 0; n < sets[s]->count; n++) {
            const struct sysreg *r = &sets[s]->rows[n];
            if (is_for_debuggers(cpu, r) && !i--)
                return r;
        }
    }
    return NULL;
}

uint64_t sysreg_debug_read(struct a64_cpu *cpu, const struct sysreg *r)
{
    return read_row(cpu, r);
}
