/* SPDX-License-Identifier: MIT */
/* tr_branch.c: branches, and the exceptions that instructions ask for. */
#include "tr.h"

#define LINK 30

static uint64_t target_of(const struct ctx *c, int32_t offset)
{
    return c->t->pc + (uint64_t)(int64_t)offset;
}

TR(b, b)
{
    uint64_t to = target_of(c, a->imm);

    /* Forward in the page: simply go on there. */
    if (to > c->t->pc && to >> 12 == c->t->pc >> 12) {
        c->t->next_pc = to;
        return BP_TR_NEXT;
    }
    bp_exit(c->t, to);
    return BP_TR_END;
}

TR(bl, b)
{
    put_x(c, LINK, const64(c, c->link));
    bp_exit_call(c->t, target_of(c, a->imm), c->link);
    return BP_TR_END;
}

TR(b_cond, bcond)
{
    struct test t;

    if (a->cond >= 14) {
        bp_exit(c->t, target_of(c, a->imm));
        return BP_TR_END;
    }
    t = flags_test(c, (unsigned)a->cond);
    bp_exit_if(c->t, t.cond, t.a, t.b, target_of(c, a->imm));
    return BP_TR_NEXT;
}

TR(cbz, cb)
{
    bp_exit_if(c->t, BP_EQ, get_r(c, a->rt), const_r(c, a->rt, 0), target_of(c, a->imm));
    return BP_TR_NEXT;
}

TR(cbnz, cb)
{
    bp_exit_if(c->t, BP_NE, get_r(c, a->rt), const_r(c, a->rt, 0), target_of(c, a->imm));
    return BP_TR_NEXT;
}

/* The tested bit as the sign where it is one. */
static int test_bit(struct ctx *c, bool set, const struct a64_args_tb *a)
{
    bp_value v = get_r(c, a->rt);
    uint64_t to = target_of(c, a->imm);

    if (a->bit == (WIDE(a->rt) ? 63 : 31)) {
        bp_exit_if(c->t, set ? BP_LT : BP_GE, v, const_r(c, a->rt, 0), to);
        return BP_TR_NEXT;
    }
    v = op2(c, BP_AND, type_of(a->rt), v, const_r(c, a->rt, UINT64_C(1) << a->bit));
    bp_exit_if(c->t, set ? BP_NE : BP_EQ, v, const_r(c, a->rt, 0), to);
    return BP_TR_NEXT;
}

TR(tbz, tb) { return test_bit(c, false, a); }
TR(tbnz, tb) { return test_bit(c, true, a); }

TR(br, br)
{
    tr_branches(c, a->rn, false);
    bp_exit_to(c->t, get_x(c, a->rn), BP_HINT_NONE);
    return BP_TR_END;
}

TR(blr, br)
{
    bp_value to = get_x(c, a->rn);

    put_x(c, LINK, const64(c, c->link));
    tr_branches(c, a->rn, true);
    bp_exit_to(c->t, to, BP_HINT_CALL);
    return BP_TR_END;
}

TR(ret, br)
{
    bp_exit_to(c->t, get_x(c, a->rn), BP_HINT_RETURN);
    return BP_TR_END;
}

/* ---- exceptions ------------------------------------------------------------------------------ */

TR(svc, imm16)
{
    if (!c->cpu->user_mode)
        return tr_raise(c, EXC_SVC, (unsigned)a->imm);
    bp_leave(c->t, BP_LEAVE_SYSCALL, c->link);
    return BP_TR_END;
}

TR(brk, imm16) { return tr_raise(c, EXC_BREAKPOINT, (unsigned)a->imm); }

/* A call of the machine's own firmware, or the exception. */
static int call_above(struct ctx *c, enum a64_conduit conduit, enum a64_exception e, unsigned imm)
{
    bp_value arg;

    if (c->cpu->user_mode || CTX_EL(c->t->flags) == 0)
        return tr_undefined(c);
    if (c->cpu->psci_conduit != conduit || !c->cpu->smccc.api)
        return tr_raise(c, e, imm);
    arg = const32(c, imm);
    bp_call(c->t, conduit == CONDUIT_HVC ? &helper_firmware_hvc : &helper_firmware_smc, 1, &arg);
    c->leave = true;
    return BP_TR_NEXT;
}

TR(hvc, imm16) { return call_above(c, CONDUIT_HVC, EXC_HVC, (unsigned)a->imm); }
TR(smc, imm16) { return call_above(c, CONDUIT_SMC, EXC_SMC, (unsigned)a->imm); }

/* Without semihosting, and for an external debugger, which there is none: undefined. */
TR(hlt, imm16)
{
    if (c->cpu->user_mode || !c->cpu->semihosting.api || a->imm != SEMIHOSTING_IMM)
        return tr_undefined(c);
    bp_call(c->t, &helper_semihosting, 0, NULL);
    return BP_TR_END;
}

TR(dcps1, imm16) { return (void)a, tr_undefined(c); }
TR(dcps2, imm16) { return (void)a, tr_undefined(c); }
TR(dcps3, imm16) { return (void)a, tr_undefined(c); }
TR(drps, none) { return (void)a, tr_undefined(c); }

TR(eret, none)
{
    (void)a;
    if (c->cpu->user_mode || CTX_EL(c->t->flags) == 0)
        return tr_undefined(c);
    bp_call(c->t, &helper_eret, 0, NULL);
    bp_leave_at_env_pc(c->t, BP_LEAVE_STATE);
    return BP_TR_END;
}
