/* SPDX-License-Identifier: MIT */
/*
 * translate.c: fetches and decodes one instruction and calls its handler in tr_*.c; disassembly.
 * The encodings are in *.decode, from which bp-decode writes decoder, disassembler and dispatch.
 */
#define RISCV_DISPATCH
#include "tr.h"

#include <stdio.h>
#include <string.h>

int tr_raise(struct ctx *c, unsigned cause, uint64_t tval)
{
    bp_value args[2] = { bp_const(c->t, BP_I32, cause), bp_const(c->t, BP_I64, tval) };

    bp_call(c->t, &helper_raise, 2, args);
    return BP_TR_END;
}

int tr_illegal(struct ctx *c)
{
    return tr_raise(c, CAUSE_ILLEGAL, c->insn);
}

static uint16_t half_at(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

int cpu_translate(struct bp_tr *t)
{
    struct ctx c = { .t = t, .cpu = t->env, .mmu = CTX_MMU(t->flags) };
    struct riscv_insn insn;
    uint8_t bytes[4];
    bool known;
    int r;

    c.xt = cpu_is_rv32(c.cpu) ? BP_I32 : BP_I64;
    if (!bp_fetch(t, t->pc, bytes, 2))
        return BP_TR_END;
    c.insn = half_at(bytes);
    if ((c.insn & 3) == 3) {
        if (!bp_fetch(t, guest_address(&c, t->pc + 2), bytes + 2, 2))
            return BP_TR_END;
        c.insn |= (uint32_t)half_at(bytes + 2) << 16;
        c.link = guest_address(&c, t->pc + 4);
        known = riscv_decode32(c.insn, c.cpu->features, &insn);
    } else {
        c.link = guest_address(&c, t->pc + 2);
        known = riscv_decode16(c.insn, c.cpu->features, &insn);
    }
    t->next_pc = c.link;
    r = known ? riscv_dispatch(&c, &insn) : tr_illegal(&c);
    if (r == BP_TR_NEXT && c.leave) {
        bp_leave(t, BP_LEAVE_STATE, t->next_pc);
        r = BP_TR_END;
    }
    return r;
}

unsigned cpu_disassemble(const void *env, uint64_t pc, const uint8_t *bytes, size_t n, char *buf,
                           size_t size)
{
    const struct riscv_cpu *cpu = env;
    struct riscv_insn insn;
    bool known;

    if (n < 2)
        return 0;
    if ((bytes[0] & 3) != 3) {
        known = riscv_decode16(half_at(bytes), cpu->features, &insn);
    } else {
        if (n < 4)
            return 0;
        known = riscv_decode32(half_at(bytes) | (uint32_t)half_at(bytes + 2) << 16, cpu->features,
                               &insn);
    }
    if (!known)
        return 0;
    riscv_disassemble(&insn, pc, buf, size);
    return insn.length;
}
