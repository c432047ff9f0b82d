/* SPDX-License-Identifier: MIT */
/* tr_sys.c: system registers, hints, cache maintenance, flags in PSTATE. */
#include "sysreg.h"
#include "tr.h"

/* ICC_* and ICH_*, which the interrupt controller has. */
static bool is_gic(uint32_t reg)
{
    unsigned op1 = REG_OP1(reg), crn = REG_CRN(reg), crm = REG_CRM(reg);

    if (REG_OP0(reg) != 3)
        return false;
    return (crn == 12 && crm >= 8 && (op1 == 0 || op1 == 4 || op1 == 6)) ||
           (crn == 4 && crm == 6 && op1 == 0 && REG_OP2(reg) == 0);
}

static int no_such_register(struct ctx *c, const struct a64_args_sysreg *a, bool write)
{
    bp_value args[2] = { const32(c, (uint32_t)(a->reg | (a->rt & 31) << 16)), const32(c, write) };
    bp_value v;

    if (c->cpu->user_mode)
        return tr_undefined(c);
    v = bp_call(c->t, &helper_no_sysreg, 2, args);
    if (!write)
        put_x(c, a->rt, v);
    return BP_TR_NEXT;
}

static int read_row(struct ctx *c, const struct a64_args_sysreg *a)
{
    uint32_t handle = 0, rt = (uint32_t)(a->rt & 31) << 16;
    const struct sysreg *r = sysreg_find(c->cpu, (uint32_t)a->reg, c->t->flags, &handle);
    bp_value arg = const32(c, (uint32_t)a->reg | rt);

    if (!r && !c->cpu->user_mode && is_gic((uint32_t)a->reg)) {
        put_x(c, a->rt, bp_call(c->t, &helper_mrs_gic, 1, &arg));
        return BP_TR_NEXT;
    }
    if (!r || r->flags & REG_WRITE_ONLY)
        return no_such_register(c, a, false);
    if (sysreg_is_plain(r, c->t->flags, false)) {
        put_x(c, a->rt, bp_get(c->t, BP_I64, r->greg));
        return BP_TR_NEXT;
    }
    arg = const32(c, handle | rt);
    put_x(c, a->rt, bp_call(c->t, &helper_mrs, 1, &arg));
    return BP_TR_NEXT;
}

static int write_row(struct ctx *c, const struct a64_args_sysreg *a)
{
    uint32_t handle = 0, rt = (uint32_t)(a->rt & 31) << 16;
    const struct sysreg *r = sysreg_find(c->cpu, (uint32_t)a->reg, c->t->flags, &handle);
    bp_value args[2] = { const32(c, (uint32_t)a->reg | rt), get_x(c, a->rt) };

    if (!r && !c->cpu->user_mode && is_gic((uint32_t)a->reg)) {
        bp_call(c->t, &helper_msr_gic, 2, args);
        c->leave = true; /* an interrupt may be pending now */
        return BP_TR_NEXT;
    }
    if (!r || r->flags & REG_READ_ONLY)
        return no_such_register(c, a, true);
    if (sysreg_is_plain(r, c->t->flags, true)) {
        bp_put(c->t, r->greg, args[1]);
        return BP_TR_NEXT;
    }
    args[0] = const32(c, handle | rt);
    bp_call(c->t, &helper_msr, 2, args);
    c->leave |= (r->flags & REG_LEAVE) != 0;
    return BP_TR_NEXT;
}

TR(mrs, sysreg)
{
    switch (a->reg) {
    case SYSREG(3, 3, 4, 2, 0):
        put_x(c, a->rt, bp_op1(c->t, BP_ZEXT, BP_I64, flags_packed(c)));
        return BP_TR_NEXT;
    case SYSREG(3, 3, 2, 4, 0):
    case SYSREG(3, 3, 2, 4, 1):
        if (!c->cpu->ext.rng)
            return tr_undefined(c);
        put_x(c, a->rt, bp_call(c->t, &helper_rndr, 0, NULL)); /* it succeeds: NZCV 0000 */
        flags_pack(c, const32(c, 0));
        return BP_TR_NEXT;
    case SYSREG(3, 3, 4, 2, 1): /* DAIF */
        if (c->cpu->user_mode || CTX_EL(c->t->flags) == 0)
            break;
        put_x(c, a->rt, bp_op1(c->t, BP_ZEXT, BP_I64, bp_get(c->t, BP_I32, REG_DAIF)));
        return BP_TR_NEXT;
    default: break;
    }
    return read_row(c, a);
}

TR(msr, sysreg)
{
    bp_value v = get_x(c, a->rt);

    if (a->reg != SYSREG(3, 3, 4, 2, 0))
        return write_row(c, a);
    v = op2(c, BP_AND, BP_I32, bp_op1(c->t, BP_TRUNC, BP_I32, v), const32(c, 0xf0000000u));
    flags_pack(c, v);
    return BP_TR_NEXT;
}

#define DAIFSET 6
#define DAIFCLR 7

TR(msr_i, msri)
{
    bp_value args[2] = { const32(c, (uint32_t)(a->op1 << 3 | a->op2)),
                         const32(c, (uint32_t)a->crm) };
    bool masks = a->op1 == 3 && a->op2 == DAIFSET, el0 = CTX_EL(c->t->flags) == 0;

    if (masks && !el0 && !c->cpu->user_mode) {
        bp_put(c->t, REG_DAIF, op2(c, BP_OR, BP_I32, bp_get(c->t, BP_I32, REG_DAIF),
                                   const32(c, (uint32_t)a->crm << 6)));
        return BP_TR_NEXT; /* fewer interrupts: nothing to look for */
    }
    bp_call(c->t, &helper_msr_imm, 2, args);
    c->leave = true;
    return BP_TR_NEXT;
}

/* ---- SYS ------------------------------------------------------------------------------------- */

/* A program's cache maintenance needs the right to read; contents are coherent anyway. */
static int by_address(struct ctx *c, int32_t rt)
{
    if (c->cpu->user_mode)
        mem_load(c, BP_I64, BP_MEM_SIZE(0), get_x(c, rt), 0);
    return BP_TR_NEXT;
}

/* TLBI, AT, and in machines what cache maintenance may raise. */
static void sys_call(struct ctx *c, const struct a64_args_sys *a)
{
    bp_value args[2] = {
        const32(c, (uint32_t)(SYS(a->op1, a->crn, a->crm, a->op2) | (a->rt & 31) << 16)),
        get_x(c, a->rt),
    };

    if (!c->cpu->user_mode)
        bp_call(c->t, &helper_sys, 2, args);
}

static int sys_privileged(struct ctx *c, const struct a64_args_sys *a)
{
    bool at = a->crn == 7 && (a->crm == 8 || a->crm == 9), tlbi = a->crn == 8;

    if (c->cpu->user_mode || CTX_EL(c->t->flags) == 0)
        return tr_undefined(c);
    switch (SYS(a->op1, a->crn, a->crm, a->op2)) {
    case SYS(0, 7, 1, 0): /* IC IALLUIS */
    case SYS(0, 7, 5, 0): /* IC IALLU */
        sys_call(c, a);
        c->leave = true;
        return BP_TR_NEXT;
    case SYS(0, 7, 6, 1):  /* DC IVAC */
    case SYS(0, 7, 6, 2):  /* DC ISW */
    case SYS(0, 7, 10, 2): /* DC CSW */
    case SYS(0, 7, 14, 2): /* DC CISW */
        sys_call(c, a);
        return BP_TR_NEXT;
    default: break;
    }
    if (!at && !tlbi)
        return tr_undefined(c);
    sys_call(c, a);
    c->leave = tlbi;
    return BP_TR_NEXT;
}

TR(sys, sys)
{
    bp_value address = get_x(c, a->rt);

    switch (SYS(a->op1, a->crn, a->crm, a->op2)) {
    case SYS(3, 7, 4, 1): /* DC ZVA */
        address = mem_address(c, address);
        bp_call(c->t, &helper_dc_zva, 1, &address);
        return BP_TR_NEXT;
    case SYS(3, 7, 12, 1): /* DC CVAP */
    case SYS(3, 7, 13, 1): /* DC CVADP */
        if (a->crm == 12 ? !c->cpu->ext.dpb : !c->cpu->ext.dpb2)
            return tr_undefined(c);
        /* fall through */
    case SYS(3, 7, 10, 1): /* DC CVAC */
    case SYS(3, 7, 11, 1): /* DC CVAU */
    case SYS(3, 7, 14, 1): /* DC CIVAC */
        sys_call(c, a);
        return by_address(c, a->rt);
    case SYS(3, 7, 5, 1): /* IC IVAU: stores to translated code are seen; find the new one */
        sys_call(c, a);
        c->leave = true;
        return BP_TR_NEXT;
    default: return sys_privileged(c, a);
    }
}

TR(sysl, sys) { return (void)a, tr_undefined(c); }

TR(hint, hint)
{
    bool wfi = a->crm == 0 && a->op2 == 3, wfe = a->crm == 0 && a->op2 == 2;
    bp_value is_wfe = const32(c, wfe);

    if (c->cpu->ext.pauth &&
        (a->crm == 1 ? !(a->op2 & 1) : a->crm == 3 || (!a->crm && a->op2 == 7)))
        return pauth_hint(c, (unsigned)a->crm, (unsigned)a->op2);
    if (!wfi && !wfe && !(a->crm == 0 && a->op2 == 1))
        return BP_TR_NEXT; /* SEV, or a hint of a feature that is not there */
    if ((wfi || wfe) && !c->cpu->user_mode)
        bp_call(c->t, &helper_wait, 1, &is_wfe);
    if (wfi && c->cpu->user_mode)
        return BP_TR_NEXT; /* ends at once in a program */
    bp_leave(c->t, wfi ? BP_LEAVE_HALT : BP_LEAVE_YIELD, c->link);
    return BP_TR_END;
}

TR(cfinv, none)
{
    (void)a;
    flags_pack(c, op2(c, BP_XOR, BP_I32, flags_packed(c), const32(c, FLAG_C)));
    return BP_TR_NEXT;
}

static bp_value flag(struct ctx *c, bp_value nzcv, unsigned bit)
{
    return bp_extract(c->t, BP_I32, nzcv, bit, 1, false);
}
static bp_value at_bit(struct ctx *c, bp_value v, unsigned bit)
{
    return op2(c, BP_SHL, BP_I32, v, const32(c, bit));
}
static bp_value invert(struct ctx *c, bp_value v)
{
    return op2(c, BP_XOR, BP_I32, v, const32(c, 1));
}

/* N = !C & !Z, Z = Z & C, C = C | Z, V = !C & Z */
TR(xaflag, none)
{
    bp_value p = flags_packed(c), z = flag(c, p, 30), carry = flag(c, p, 29);
    bp_value not_c = invert(c, carry), not_z = invert(c, z), r;

    (void)a;
    r = at_bit(c, op2(c, BP_AND, BP_I32, not_c, not_z), 31);
    r = op2(c, BP_OR, BP_I32, r, at_bit(c, op2(c, BP_AND, BP_I32, z, carry), 30));
    r = op2(c, BP_OR, BP_I32, r, at_bit(c, op2(c, BP_OR, BP_I32, z, carry), 29));
    r = op2(c, BP_OR, BP_I32, r, at_bit(c, op2(c, BP_AND, BP_I32, not_c, z), 28));
    flags_pack(c, r);
    return BP_TR_NEXT;
}

/* Z = Z | V, C = C & !V, N = V = 0 */
TR(axflag, none)
{
    bp_value p = flags_packed(c), v = flag(c, p, 28), r;

    (void)a;
    r = at_bit(c, op2(c, BP_OR, BP_I32, flag(c, p, 30), v), 30);
    r = op2(c, BP_OR, BP_I32, r,
            at_bit(c, op2(c, BP_AND, BP_I32, flag(c, p, 29), invert(c, v)), 29));
    flags_pack(c, r);
    return BP_TR_NEXT;
}
