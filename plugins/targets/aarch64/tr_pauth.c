/* SPDX-License-Identifier: MIT */
/* tr_pauth.c: pointer authentication (pauth.c), and the branches and loads that authenticate. */
#include "pauth.h"
#include "tr.h"

#define LINK 30
#define NO_MODIFIER 63 /* an argument that says: zero */

static bp_value call(struct ctx *c, const struct bp_helper *h, bp_value pointer, bp_value modifier,
                     unsigned key)
{
    bp_value args[3] = { pointer, modifier, const32(c, key) };

    return bp_call(c->t, h, 3, args);
}

static bp_value strip(struct ctx *c, bp_value pointer, bool data)
{
    bp_value args[2] = { pointer, const32(c, data) };

    return bp_call(c->t, &helper_xpac, 2, args);
}

/* ---- registers ------------------------------------------------------------------------------- */

/* With Z the modifier is zero, and its field all ones. */
static int one(struct ctx *c, const struct bp_helper *h, const struct a64_args_pac *a)
{
    bp_value modifier = a->z ? const64(c, 0) : get_xsp(c, a->rn);

    if (a->z && a->rn != 31)
        return tr_undefined(c);
    put_x(c, a->rd, call(c, h, get_x(c, a->rd), modifier, (unsigned)a->key));
    return BP_TR_NEXT;
}

TR(pac, pac) { return one(c, &helper_pac, a); }
TR(aut, pac) { return one(c, &helper_aut, a); }
TR(xpac, pac1)
{
    put_x(c, a->rd, strip(c, get_x(c, a->rd), a->data));
    return BP_TR_NEXT;
}

TR(pacga, pacga)
{
    bp_value args[2] = { get_x(c, a->rn), get_xsp(c, a->rm) };

    put_x(c, a->rd, bp_call(c->t, &helper_pacga, 2, args));
    return BP_TR_NEXT;
}

/* The forms that are hints elsewhere: CRm 0, 1 and 3. */
int pauth_hint(struct ctx *c, unsigned crm, unsigned op2)
{
    const struct bp_helper *h = op2 & 4 ? &helper_aut : &helper_pac;
    unsigned key = op2 >> 1 & 1 ? KEY_IB : KEY_IA;

    if (crm == 0) /* XPACLRI */
        put_x(c, LINK, strip(c, get_x(c, LINK), false));
    else if (crm == 1) /* PACIA1716 and so on */
        put_x(c, 17, call(c, h, get_x(c, 17), get_x(c, 16), key));
    else /* PACIAZ, PACIASP */
        put_x(c, LINK, call(c, h, get_x(c, LINK), op2 & 1 ? get_xsp(c, 31) : const64(c, 0), key));
    return BP_TR_NEXT;
}

/* ---- branches -------------------------------------------------------------------------------- */

static bp_value target(struct ctx *c, const struct a64_args_bra *a)
{
    bp_value modifier = a->rm == NO_MODIFIER ? const64(c, 0) : get_xsp(c, a->rm);

    return call(c, &helper_aut, get_x(c, a->rn), modifier, a->key ? KEY_IB : KEY_IA);
}

TR(bra, bra)
{
    bp_value to = target(c, a);

    tr_branches(c, a->rn, false);
    bp_exit_to(c->t, to, BP_HINT_NONE);
    return BP_TR_END;
}

TR(blra, bra)
{
    bp_value to = target(c, a);

    put_x(c, LINK, const64(c, c->link));
    tr_branches(c, a->rn, true);
    bp_exit_to(c->t, to, BP_HINT_CALL);
    return BP_TR_END;
}

TR(reta, key)
{
    bp_value to = call(c, &helper_aut, get_x(c, LINK), get_xsp(c, 31), a->key ? KEY_IB : KEY_IA);

    bp_exit_to(c->t, to, BP_HINT_RETURN);
    return BP_TR_END;
}

/* ELR keeps the address without its code, which nobody can see any more. */
TR(ereta, key)
{
    unsigned el = CTX_EL(c->t->flags);
    bp_value elr;

    if (c->cpu->user_mode || el == 0)
        return tr_undefined(c);
    elr = bp_get(c->t, BP_I64, REG_ELR_EL1 + el - 1);
    elr = call(c, &helper_aut, elr, get_xsp(c, 31), a->key ? KEY_IB : KEY_IA);
    bp_put(c->t, REG_ELR_EL1 + el - 1, elr);
    bp_call(c->t, &helper_eret, 0, NULL);
    bp_leave_at_env_pc(c->t, BP_LEAVE_STATE);
    return BP_TR_END;
}

/* ---- loads ----------------------------------------------------------------------------------- */

TR(ldra, ldra)
{
    bp_value address = call(c, &helper_aut, get_xsp(c, a->rn), const64(c, 0),
                            a->key ? KEY_DB : KEY_DA);
    bp_value v;

    address = op2(c, BP_ADD, BP_I64, address, const64(c, (uint64_t)(int64_t)a->imm));
    v = mem_load(c, BP_I64, BP_MEM_SIZE(3), address, 0);
    if (a->wb)
        put_xsp(c, a->rn, address);
    put_x(c, a->rt, v);
    return BP_TR_NEXT;
}
