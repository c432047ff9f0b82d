/* SPDX-License-Identifier: MIT */
/*
 * tr_mte.c: FEAT_MTE as its instructions at EL0 alone (ID_AA64PFR1_EL1.MTE is 1): there are no allocation tags. So
 * tags that are made are 0, those loaded are 0, those stored go nowhere, and nothing is checked against them.
 */
#include "tr.h"

#define GRANULE 16u
#define TAG_SHIFT 56
#define TAG_MASK (UINT64_C(15) << TAG_SHIFT)

/* An address with tag 0. */
static bp_value untagged(struct ctx *c, bp_value v)
{
    return op2(c, BP_AND, BP_I64, v, const64(c, ~TAG_MASK));
}

static bp_value plus(struct ctx *c, bp_value v, int64_t n)
{
    return op2(c, BP_ADD, BP_I64, v, const64(c, (uint64_t)n));
}

TR(addg, addg)
{
    put_xsp(c, a->rd, untagged(c, plus(c, get_xsp(c, a->rn), a->imm)));
    return BP_TR_NEXT;
}

TR(subg, addg)
{
    put_xsp(c, a->rd, untagged(c, plus(c, get_xsp(c, a->rn), -(int64_t)a->imm)));
    return BP_TR_NEXT;
}

TR(irg, irg)
{
    put_xsp(c, a->rd, untagged(c, get_xsp(c, a->rn)));
    return BP_TR_NEXT;
}

/* The mask with the bit of the address's tag set. */
TR(gmi, gmi)
{
    bp_value tag = bp_extract(c->t, BP_I64, get_xsp(c, a->rn), TAG_SHIFT, 4, false);
    bp_value bit = op2(c, BP_SHL, BP_I64, const64(c, 1), tag);

    put_x(c, a->rd, op2(c, BP_OR, BP_I64, get_x(c, a->rm), bit));
    return BP_TR_NEXT;
}

/* Of 56 bits, sign-extended. */
static bp_value address_56(struct ctx *c, int32_t r)
{
    return bp_extract(c->t, BP_I64, get_xsp(c, r), 0, TAG_SHIFT, true);
}

TR(subp, subp)
{
    put_x(c, a->rd, op2(c, BP_SUB, BP_I64, address_56(c, a->rn), address_56(c, a->rm)));
    return BP_TR_NEXT;
}

TR(subps, subp)
{
    bp_value n = address_56(c, a->rn), m = address_56(c, a->rm);

    flags_sub(c, BP_I64, n, m);
    put_x(c, a->rd, op2(c, BP_SUB, BP_I64, n, m));
    return BP_TR_NEXT;
}

/* Stores of tags must be aligned to granules. */
static void aligned(void *env, uint64_t va, uint32_t mmu)
{
    if (va & (GRANULE - 1))
        trap_unaligned(env, va, BP_ACCESS_WRITE, mmu);
}
static const struct bp_helper helper_aligned = {
    "granule", (void (*)(void))aligned, BP_VOID, 2, { BP_I64, BP_I32 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};
static void check_aligned(struct ctx *c, bp_value address)
{
    bp_value args[2] = { mem_address(c, address), const32(c, CTX_MMU(c->t->flags)) };

    bp_call(c->t, &helper_aligned, 2, args);
}

/* Writable, but not written. */
static void touch(struct ctx *c, bp_value address)
{
    bp_rmw(c->t, BP_I64, BP_MEM_SIZE(0) | c->mem, BP_RMW_OR, mem_address(c, address), const64(c, 0));
}

/* Bits 23..22: how many granules, and whether they are cleared; 11..10: post-indexed, offset, pre-indexed. */
TR(stg, stg)
{
    unsigned op = bits_of(c, 22, 2), mode = bits_of(c, 10, 2), granules = op & 2 ? 2 : 1;
    bp_value base = get_xsp(c, a->rn), moved = plus(c, base, a->imm);
    bp_value at = mode == 1 ? base : moved;

    check_aligned(c, at);
    for (unsigned i = 0; i < granules; i++) {
        bp_value address = plus(c, at, i * GRANULE);
        if (op & 1)
            mem_store(c, BP_MEM_SIZE(4), address, 0, vconst(c, 0));
        else
            touch(c, address);
    }
    if (mode != 2)
        put_xsp(c, a->rn, moved);
    return BP_TR_NEXT;
}

TR(ldg, ldg)
{
    bp_value address = plus(c, get_xsp(c, a->rn), a->imm);

    address = op2(c, BP_AND, BP_I64, address, const64(c, ~UINT64_C(15)));
    mem_load(c, BP_I64, BP_MEM_SIZE(0), address, 0);
    put_x(c, a->rt, untagged(c, get_x(c, a->rt)));
    return BP_TR_NEXT;
}

/* Two doublewords. */
TR(stgp, stgp)
{
    unsigned mode = bits_of(c, 23, 2);
    bp_value base = get_xsp(c, a->rn), moved = plus(c, base, a->imm);
    bp_value pair = vop(c, BP_VSET, 3, 1, zext_v(c, get_x(c, a->rt)), get_x(c, a->rt2));

    check_aligned(c, mode == 1 ? base : moved);
    mem_store(c, BP_MEM_SIZE(4), mode == 1 ? base : moved, 0, pair);
    if (mode != 2)
        put_xsp(c, a->rn, moved);
    return BP_TR_NEXT;
}
