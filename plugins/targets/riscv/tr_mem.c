/* SPDX-License-Identifier: MIT */
/*
 * tr_mem.c: loads, stores, fences, atomics and cache-block operations. The RISC-V Instruction Set
 * Manual, volume I, RV32I, RV64I, "A", "Zifencei", "Zicbom", "Zicboz".
 *
 * A reservation is the address and the value that LR read. SC compares memory with the value and
 * stores in one step; where the address is another one it stores what it compares with, so that
 * nothing changes whatever it finds, and fails.
 */
#include "tr.h"

/* ---- loads and stores ------------------------------------------------------------------------ */

static int load(struct ctx *c, unsigned memop, const struct riscv_args_i *a)
{
    memop |= BP_MEM_MMU(c->mmu);
    set_gpr(c, a->rd, bp_load(c->t, c->xt, memop, gpr(c, a->rs1), a->imm));
    return BP_TR_NEXT;
}

static int store(struct ctx *c, unsigned memop, const struct riscv_args_s *a)
{
    bp_store(c->t, memop | BP_MEM_MMU(c->mmu), gpr(c, a->rs1), a->imm, gpr(c, a->rs2));
    return BP_TR_NEXT;
}

TR(lb, i) { return load(c, BP_MEM_SIZE(0) | BP_MEM_SIGNED, a); }
TR(lh, i) { return load(c, BP_MEM_SIZE(1) | BP_MEM_SIGNED, a); }
TR(lw, i) { return load(c, BP_MEM_SIZE(2) | BP_MEM_SIGNED, a); }
TR(ld, i) { return load(c, BP_MEM_SIZE(3), a); }
TR(lbu, i) { return load(c, BP_MEM_SIZE(0), a); }
TR(lhu, i) { return load(c, BP_MEM_SIZE(1), a); }
TR(lwu, i) { return load(c, BP_MEM_SIZE(2), a); }
TR(sb, s) { return store(c, BP_MEM_SIZE(0), a); }
TR(sh, s) { return store(c, BP_MEM_SIZE(1), a); }
TR(sw, s) { return store(c, BP_MEM_SIZE(2), a); }
TR(sd, s) { return store(c, BP_MEM_SIZE(3), a); }

/* ---- fences ---------------------------------------------------------------------------------- */

/* Devices are memory as far as ordering goes: input orders as reads, output as writes. */
TR(fence, fence)
{
    bool pr = a->pred & 0xa, pw = a->pred & 0x5, sr = a->succ & 0xa, sw = a->succ & 0x5;
    unsigned kinds = (pr && sr ? BP_FENCE_RR : 0u) | (pr && sw ? BP_FENCE_RW : 0u) |
                     (pw && sr ? BP_FENCE_WR : 0u) | (pw && sw ? BP_FENCE_WW : 0u);

    if (kinds)
        bp_fence(c->t, kinds);
    return BP_TR_NEXT;
}

TR(fence_tso, none)
{
    (void)a;
    bp_fence(c->t, BP_FENCE_RR | BP_FENCE_RW | BP_FENCE_WW);
    return BP_TR_NEXT;
}

/* Without Zihintpause it is a fence that orders nothing. */
TR(pause, none)
{
    (void)a;
    if (!c->cpu->ext.zihintpause)
        return BP_TR_NEXT;
    bp_leave(c->t, BP_LEAVE_YIELD, c->link);
    return BP_TR_END;
}

static void user_fence(void *env) { bp_user_fence(env); }
static const struct bp_helper helper_user_fence = {
    "fence_i", (void (*)(void))user_fence, BP_VOID, 0, { 0 }, BP_CALL_ENV,
};

/* The runtime sees writes to translated code, but for those through another mapping in user mode;
 * what is left is to find the new code. */
TR(fence_i, none)
{
    (void)a;
    bp_fence(c->t, BP_FENCE_ALL);
    if (c->cpu->user_mode)
        bp_call(c->t, &helper_user_fence, 0, NULL);
    c->leave = true;
    return BP_TR_NEXT;
}

/* ---- atomics --------------------------------------------------------------------------------- */

static unsigned atomic_memop(const struct ctx *c, unsigned log2, int32_t aqrl)
{
    return BP_MEM_SIZE(log2) | BP_MEM_SIGNED | BP_MEM_ALIGNED | BP_MEM_MMU(c->mmu) |
           (aqrl & 2 ? BP_MEM_ACQUIRE : 0u) | (aqrl & 1 ? BP_MEM_RELEASE : 0u);
}

static int load_reserved(struct ctx *c, unsigned log2, const struct riscv_args_amo *a)
{
    bp_value address = gpr(c, a->rs1);
    bp_value v = bp_load(c->t, c->xt, atomic_memop(c, log2, a->aqrl), address, 0);

    bp_put(c->t, REG_RESERVE_ADDR, address);
    bp_put(c->t, REG_RESERVE_VALUE, v);
    set_gpr(c, a->rd, v);
    return BP_TR_NEXT;
}

static int store_conditional(struct ctx *c, unsigned log2, const struct riscv_args_amo *a)
{
    struct bp_tr *t = c->t;
    bp_value address = gpr(c, a->rs1);
    bp_value reserved = bp_get(t, c->xt, REG_RESERVE_ADDR);
    bp_value expected = bp_get(t, c->xt, REG_RESERVE_VALUE);
    bp_value mine = bp_cmp(t, c->xt, BP_EQ, address, reserved);
    bp_value desired = bp_select(t, c->xt, mine, gpr(c, a->rs2), expected);
    bp_value old = bp_emit(t, BP_CAS, c->xt, atomic_memop(c, log2, a->aqrl), address, expected,
                           desired);
    bp_value same = bp_cmp(t, c->xt, BP_EQ, old, expected);
    bp_value done = bp_op2(t, BP_AND, c->xt, mine, same);

    bp_put(t, REG_RESERVE_ADDR, xconst(c, RISCV_NO_RESERVATION));
    set_gpr(c, a->rd, bp_op2(t, BP_XOR, c->xt, done, xconst(c, 1)));
    return BP_TR_NEXT;
}

TR(lr_w, amo) { return load_reserved(c, 2, a); }
TR(lr_d, amo) { return load_reserved(c, 3, a); }
TR(sc_w, amo) { return store_conditional(c, 2, a); }
TR(sc_d, amo) { return store_conditional(c, 3, a); }

static int amo(struct ctx *c, unsigned log2, enum bp_rmw kind, const struct riscv_args_amo *a)
{
    unsigned memop = atomic_memop(c, log2, a->aqrl);
    bp_value address = gpr(c, a->rs1);

    set_gpr(c, a->rd, bp_rmw(c->t, c->xt, memop, kind, address, gpr(c, a->rs2)));
    return BP_TR_NEXT;
}

TR(amoswap_w, amo) { return amo(c, 2, BP_RMW_XCHG, a); }
TR(amoadd_w, amo) { return amo(c, 2, BP_RMW_ADD, a); }
TR(amoxor_w, amo) { return amo(c, 2, BP_RMW_XOR, a); }
TR(amoand_w, amo) { return amo(c, 2, BP_RMW_AND, a); }
TR(amoor_w, amo) { return amo(c, 2, BP_RMW_OR, a); }
TR(amomin_w, amo) { return amo(c, 2, BP_RMW_MIN, a); }
TR(amomax_w, amo) { return amo(c, 2, BP_RMW_MAX, a); }
TR(amominu_w, amo) { return amo(c, 2, BP_RMW_MINU, a); }
TR(amomaxu_w, amo) { return amo(c, 2, BP_RMW_MAXU, a); }
TR(amoswap_d, amo) { return amo(c, 3, BP_RMW_XCHG, a); }
TR(amoadd_d, amo) { return amo(c, 3, BP_RMW_ADD, a); }
TR(amoxor_d, amo) { return amo(c, 3, BP_RMW_XOR, a); }
TR(amoand_d, amo) { return amo(c, 3, BP_RMW_AND, a); }
TR(amoor_d, amo) { return amo(c, 3, BP_RMW_OR, a); }
TR(amomin_d, amo) { return amo(c, 3, BP_RMW_MIN, a); }
TR(amomax_d, amo) { return amo(c, 3, BP_RMW_MAX, a); }
TR(amominu_d, amo) { return amo(c, 3, BP_RMW_MINU, a); }
TR(amomaxu_d, amo) { return amo(c, 3, BP_RMW_MAXU, a); }

/* ---- cache blocks ---------------------------------------------------------------------------- */

static int cache_block(struct ctx *c, const struct bp_helper *helper,
                       const struct riscv_args_cbo *a)
{
    bp_value args[3] = {
        to_i64(c, gpr(c, a->rs1)), bp_const(c->t, BP_I32, c->mmu), bp_const(c->t, BP_I32, c->insn),
    };

    bp_call(c->t, helper, 3, args);
    return BP_TR_NEXT;
}

TR(cbo_inval, cbo) { return cache_block(c, &helper_cbo_manage, a); }
TR(cbo_clean, cbo) { return cache_block(c, &helper_cbo_manage, a); }
TR(cbo_flush, cbo) { return cache_block(c, &helper_cbo_manage, a); }
TR(cbo_zero, cbo) { return cache_block(c, &helper_cbo_zero, a); }
