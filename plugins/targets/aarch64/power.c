/* SPDX-License-Identifier: MIT */
/*
 * power.c: switching a PE on and off, and the calls by which a program asks for that: firmware of the
 * machine's own behind HVC or SMC (bus/smccc.h).
 */
#include "cpu.h"

#include <string.h>

#define RESULT_UNKNOWN UINT64_MAX

/* ---- the face to the firmware: any thread ---------------------------------------------------- */

static uint32_t face_index(void *env) { return bp_vcpu_index(env); }
static uint64_t face_affinity(void *env) { return power_affinity(env); }
static enum bp_smccc_power face_power(void *env)
{
    return (enum bp_smccc_power)atomic_load(&((struct a64_cpu *)env)->power);
}

/* Between OFF and ON_PENDING, POWER_CLAIMED keeps a second caller and the vCPU itself away. */
#define POWER_CLAIMED 3u

static enum bp_smccc_power face_switch_on(void *env, uint64_t entry, uint64_t context, uint32_t el)
{
    struct a64_cpu *cpu = env;
    uint32_t found = BP_SMCCC_OFF;

    if (!atomic_compare_exchange_strong(&cpu->power, &found, POWER_CLAIMED))
        return found == POWER_CLAIMED ? BP_SMCCC_ON_PENDING : (enum bp_smccc_power)found;
    cpu->on_entry = entry;
    cpu->on_context = context;
    cpu->on_el = el;
    atomic_store(&cpu->power, BP_SMCCC_ON_PENDING);
    bp_vcpu_interrupt(cpu);
    return BP_SMCCC_OFF;
}

const struct bp_smccc_cpu power_face = {
    .size = sizeof(struct bp_smccc_cpu), .index = face_index, .affinity = face_affinity,
    .power = face_power, .switch_on = face_switch_on,
};

/* MPIDR_EL1 without its fixed bits: Aff1 is the cluster. */
uint64_t power_affinity(struct a64_cpu *cpu)
{
    uint32_t n = bp_vcpu_index(cpu), size = cpu->cluster ? cpu->cluster : 1;

    return (uint64_t)(n / size & 0xff) << 8 | (uint64_t)(n / size >> 8 & 0xff) << 16 | n % size;
}

/* ---- this vCPU ------------------------------------------------------------------------------- */

static bool has_pauth(const struct a64_cpu *cpu)
{
    return cpu->id[ID_ISAR1] >> 4 & 0xff; /* APA, API */
}

/* Lowers the level from the highest one as firmware there would. */
void power_enter_el(struct a64_cpu *cpu, unsigned el)
{
    if (cpu->el3 && el < 3)
        cpu->sys.scr_el3 |= SCR_NS | SCR_RW | (cpu->el2 ? SCR_HCE : 0) |
                            (has_pauth(cpu) ? SCR_APK | SCR_API : 0);
    if (cpu->el2 && el < 2)
        cpu->sys.hcr_el2 |= HCR_RW | (has_pauth(cpu) ? HCR_APK | HCR_API : 0);
    if (el == 2 && !cpu->el2)
        el = 1;
    exc_change_sp(cpu, el, 1);
}

/* True where it has been switched on meanwhile. */
bool power_begin(struct a64_cpu *cpu)
{
    if (atomic_load(&cpu->power) != BP_SMCCC_ON_PENDING)
        return false;
    cpu_reset_registers(cpu);
    fp_set_fpsr(cpu, 0);
    fp_set_fpcr(cpu, 0);
    power_enter_el(cpu, cpu->on_el);
    cpu->x[0] = cpu->on_context;
    cpu->pc = cpu->on_entry;
    bp_tlb_flush(cpu);
    atomic_store(&cpu->power, BP_SMCCC_ON);
    return true;
}

/* HVC or SMC where the firmware is the machine's. */
static void power_call(struct a64_cpu *cpu)
{
    const struct bp_smccc *api = cpu->smccc.api;
    struct bp_smccc_call call = { .size = sizeof call, .cpu = bp_vcpu_index(cpu), .el = cpu->el };
    enum bp_smccc_result r;

    memcpy(call.x, cpu->x, sizeof call.x);
    r = api->call(cpu->smccc.dev, &call);
    switch (r) {
    case BP_SMCCC_UNKNOWN:
        cpu->x[0] = RESULT_UNKNOWN;
        break;
    case BP_SMCCC_STOP:
        atomic_store(&cpu->power, BP_SMCCC_OFF);
        break;
    default:
        memcpy(cpu->x, call.x, sizeof call.x);
        cpu->waiting = r == BP_SMCCC_WAIT;
    }
}

/* A hypervisor that traps SMC sees its guest's. */
static void firmware(struct a64_cpu *cpu, bool smc, uint32_t imm)
{
    if (smc && cpu->el == 1 && cpu_hcr(cpu) & HCR_TSC)
        exc_raise(cpu, 2, EC_SMC, imm, 0);
    power_call(cpu);
}

static void firmware_hvc(void *env, uint32_t imm) { firmware(env, false, imm); }
static void firmware_smc(void *env, uint32_t imm) { firmware(env, true, imm); }
#define FIRMWARE(name)                                                                             \
    const struct bp_helper helper_##name = {                                                       \
        #name, (void (*)(void))name, BP_VOID, 1, { BP_I32 },                                       \
        BP_CALL_ENV | BP_CALL_READS_STATE | BP_CALL_WRITES_STATE | BP_CALL_MAY_RAISE,              \
    }
FIRMWARE(firmware_hvc);
FIRMWARE(firmware_smc);

/* ---- semihosting ----------------------------------------------------------------------------- */

static bool translate(void *env, uint64_t va, bool write, uint64_t *ret_gpa, uint64_t *ret_n)
{
    struct a64_cpu *cpu = env;
    struct bp_tlb_entry entry = { .size = sizeof entry };
    unsigned access = write ? BP_ACCESS_WRITE : BP_ACCESS_READ;

    if (!mmu_fill(cpu, va, access, mmu_index(cpu), true, &entry))
        return false;
    *ret_gpa = entry.gpa;
    *ret_n = 4096 - (va & 4095);
    return true;
}

/* HLT 0xf000. The state is exact: the pc is that of the instruction, or goes behind it. */
static void semihosting(void *env)
{
    struct a64_cpu *cpu = env;
    const struct bp_semihosting *api = cpu->semihosting.api;
    struct bp_semihosting_call call = {
        .size = sizeof call, .word_bytes = 8, .user = cpu->el == 0, .env = cpu,
        .translate = translate,
    };

    bp_vcpu_restore(cpu);
    call.op = (uint32_t)cpu->x[0];
    call.arg = cpu->x[1];
    switch (api->call(cpu->semihosting.dev, &call)) {
    case BP_SEMIHOSTING_REFUSED: exc_undefined(cpu);
    case BP_SEMIHOSTING_AGAIN: break;
    case BP_SEMIHOSTING_STOP:
        atomic_store(&cpu->power, BP_SMCCC_OFF);
        break;
    default:
        cpu->x[0] = call.result;
        cpu->pc += 4;
        break;
    }
    bp_vcpu_resume(cpu);
}
const struct bp_helper helper_semihosting = {
    "semihosting", (void (*)(void))semihosting, BP_VOID, 0, { 0 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE | BP_CALL_NO_RETURN,
};
