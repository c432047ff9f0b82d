/* SPDX-License-Identifier: MIT */
/*
 * translate.c: fetches and decodes one instruction and calls its handler in tr_*.c; disassembly.
 * The encodings are in *.decode, from which bp-decode writes decoder, disassembler and dispatch.
 */
#define A64_DISPATCH
#include "tr.h"

#include <stdio.h>
#include <string.h>

int tr_raise(struct ctx *c, enum a64_exception e, unsigned what)
{
    bp_value args[2] = { const32(c, e), const32(c, what) };

    bp_call(c->t, &helper_raise, 2, args);
    return BP_TR_END;
}

int tr_undefined(struct ctx *c)
{
    return tr_raise(c, EXC_UNDEFINED, c->insn);
}

int tr_unimplemented(struct ctx *c)
{
    bp_value insn = const32(c, c->insn);

    bp_call(c->t, &helper_unimplemented, 1, &insn);
    return BP_TR_END;
}

/* What PSTATE asks for before an instruction: BP_TR_NEXT where it happens. */
static int tr_state(struct ctx *c)
{
    if (c->t->flags & CTX_STEPPED)
        return tr_raise(c, EXC_STEP, 0);
    if (c->t->flags & CTX_ILLEGAL)
        return tr_raise(c, EXC_ILLEGAL, 0);
    bp_call(c->t, &helper_step, 0, NULL);
    c->leave = true;
    return BP_TR_NEXT;
}

/* Bit n: PSTATE.BTYPE n may lead from elsewhere to this instruction of a guarded page (BTypeCompatible in the Arm
 * Architecture Reference Manual's pseudocode). */
static unsigned may_land(const struct ctx *c)
{
    enum { NONE = 1u, CALLS = 1u << BTYPE_CALL, BR = 1u << BTYPE_BR, GUARDED = 1u << BTYPE_BR_GUARDED };
    unsigned hint = bits_of(c, 5, 7);

    if ((c->insn & 0xfffff01f) != 0xd503201f)
        return NONE;
    switch (hint) {
    case 25: case 27: /* PACIASP, PACIBSP */
        return NONE | BR | CALLS | (c->t->flags & CTX_BT ? 0 : GUARDED);
    case 34: return NONE | BR | CALLS;   /* BTI c */
    case 36: return NONE | BR | GUARDED; /* BTI j */
    case 38: return NONE | BR | CALLS | GUARDED;
    default: return NONE;
    }
}

/* The first instruction of a translation, which may have been branched to. Where it must not have been, control goes to
 * the address behind its first byte, at which nothing but an exception can be. */
static void tr_landing(struct ctx *c)
{
    unsigned may = c->t->flags & CTX_GUARDED ? may_land(c) : 0xf;
    bool brk = (c->insn & 0xffe0001f) == 0xd4200000, hlt = (c->insn & 0xffe0001f) == 0xd4400000;
    bp_value btype;

    if (brk) /* its exception comes first, and SPSR has BTYPE */
        return;
    may |= hlt ? 0xf : 0;
    if (may != 0xf) {
        btype = bp_get(c->t, BP_I32, REG_BTYPE);
        bp_put(c->t, REG_BTYPE, op2(c, BP_OR, BP_I32, btype, const32(c, BTYPE_BAD)));
        if (may == 1)
            bp_exit_if(c->t, BP_NE, btype, const32(c, 0), c->t->pc + 1);
        else
            bp_exit_if(c->t, BP_EQ, btype, const32(c, may & 1u << BTYPE_CALL ? BTYPE_BR_GUARDED : BTYPE_CALL),
                       c->t->pc + 1);
    }
    bp_put(c->t, REG_BTYPE, const32(c, 0));
}

static uint32_t word_at(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Encodings of floats and vectors: data processing x111, loads and stores x1x0 with V. */
static bool is_float(uint32_t insn)
{
    return (insn >> 25 & 7) == 7 || ((insn >> 25 & 5) == 4 && insn >> 26 & 1);
}

static int dispatch(struct ctx *c, const struct a64_insn *insn)
{
    if (c->t->flags & CTX_FP_TRAP && is_float(c->insn))
        return tr_raise(c, EXC_FP_ACCESS, 0);
    return a64_dispatch(c, insn);
}

int cpu_translate(struct bp_tr *t)
{
    struct ctx c = {
        .t = t, .cpu = t->env, .link = t->pc + 4,
        .mem = BP_MEM_MMU(CTX_MMU(t->flags)) | (t->flags & CTX_ALIGN ? BP_MEM_ALIGNED : 0),
    };
    struct a64_insn insn;
    uint8_t bytes[4];
    int r;

    if (t->flags & (CTX_STEP | CTX_STEPPED | CTX_ILLEGAL) && (r = tr_state(&c)) != BP_TR_NEXT)
        return r;
    if (t->pc & 3)
        return tr_raise(&c, EXC_PC_ALIGNMENT, 0);
    if (!bp_fetch(t, t->pc, bytes, 4))
        return BP_TR_END;
    c.insn = word_at(bytes);
    t->next_pc = c.link;
    if (t->flags & CTX_BREAK) {
        bp_value pc = bp_const(t, BP_I64, t->pc);
        bp_call(t, &helper_break, 1, &pc);
    }
    if (t->flags & CTX_BTI && t->insn_index == 0)
        tr_landing(&c);
    r = a64_decode32(c.insn, c.cpu->features, &insn) ? dispatch(&c, &insn) : tr_undefined(&c);
    if (r == BP_TR_NEXT && c.leave) {
        bp_leave(t, BP_LEAVE_STATE, t->next_pc);
        r = BP_TR_END;
    }
    return r;
}

unsigned cpu_disassemble(const void *env, uint64_t pc, const uint8_t *bytes, size_t n, char *buf,
                         size_t size)
{
    const struct a64_cpu *cpu = env;
    struct a64_insn insn;

    if (n < 4 || !a64_decode32(word_at(bytes), cpu->features, &insn))
        return 0;
    a64_disassemble(&insn, pc, buf, size);
    return insn.length;
}
