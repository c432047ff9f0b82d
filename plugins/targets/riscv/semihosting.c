/* SPDX-License-Identifier: MIT */
/*
 * semihosting.c: the sequence slli x0, x0, 0x1f; ebreak; srai x0, x0, 7, which asks the machine's
 * semihosting for something (RISC-V Semihosting 1.0, section 2). All three are uncompressed and in one
 * page. Without such a part the ebreak is one.
 */
#include "tr.h"

#define ENTRY 0x01f01013u
#define EXIT 0x40705013u
#define PAGE 4096u

static uint32_t word(const uint8_t b[4])
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

bool semihosting_here(const struct ctx *c)
{
    uint64_t pc = c->t->pc, in_page = pc & (PAGE - 1);
    uint8_t before[4], behind[4];

    return c->cpu->semihosting.api && in_page >= 4 && in_page <= PAGE - 8 &&
           bp_fetch(c->t, pc - 4, before, 4) && word(before) == ENTRY &&
           bp_fetch(c->t, pc + 4, behind, 4) && word(behind) == EXIT;
}

static bool locate(void *env, uint64_t va, bool write, uint64_t *ret_gpa, uint64_t *ret_n)
{
    struct riscv_cpu *cpu = env;
    struct bp_tlb_entry entry = { .size = sizeof entry, .bytes = 1 };

    if (!mmu_fill(cpu, cpu_is_rv32(cpu) ? (uint32_t)va : va,
                  write ? BP_ACCESS_WRITE : BP_ACCESS_READ, cpu_data_mmu(cpu), true, &entry))
        return false;
    *ret_gpa = entry.gpa;
    /* protection may be finer than a page */
    *ret_n = entry.flags & BP_TLB_ONCE ? 1 : PAGE - (va & (PAGE - 1));
    return true;
}

static void semihosting(void *env)
{
    struct riscv_cpu *cpu = env;
    const struct bp_semihosting *api = cpu->semihosting.api;
    struct bp_semihosting_call call = {
        .size = sizeof call, .word_bytes = cpu->xlen / 8, .user = cpu->priv == PRIV_U, .env = cpu,
        .translate = locate,
    };

    bp_vcpu_restore(cpu);
    call.op = (uint32_t)cpu->x[10];
    call.arg = cpu_is_rv32(cpu) ? (uint32_t)cpu->x[10 + 1] : cpu->x[10 + 1];
    switch (api->call(cpu->semihosting.dev, &call)) {
    case BP_SEMIHOSTING_REFUSED:
        trap_raise(cpu, CAUSE_BREAKPOINT, cpu->pc);
    case BP_SEMIHOSTING_DONE:
        cpu->x[10] = cpu_is_rv32(cpu) ? (uint64_t)(int32_t)call.result : call.result;
        cpu->pc += 4;
        break;
    default: /* wait, or stand still until the machine does: the same again */
        break;
    }
    bp_vcpu_resume(cpu);
}
const struct bp_helper helper_semihosting = {
    "semihosting", (void (*)(void))semihosting, BP_VOID, 0, { 0 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE | BP_CALL_NO_RETURN,
};
