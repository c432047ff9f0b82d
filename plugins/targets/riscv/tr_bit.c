/* SPDX-License-Identifier: MIT */
/*
 * tr_bit.c: bit manipulation. The RISC-V Instruction Set Manual, volume I, "B" Extension: Zba,
 * Zbb, Zbc and Zbs.
 */
#include "tr.h"

static bp_value op2(struct ctx *c, enum bp_op op, bp_value x, bp_value y)
{
    return bp_op2(c->t, op, c->xt, x, y);
}

static int reg_op(struct ctx *c, enum bp_op op, const struct riscv_args_r *a)
{
    set_gpr(c, a->rd, op2(c, op, gpr(c, a->rs1), gpr(c, a->rs2)));
    return BP_TR_NEXT;
}

static int unary(struct ctx *c, enum bp_op op, const struct riscv_args_r1 *a)
{
    set_gpr(c, a->rd, bp_op1(c->t, op, c->xt, gpr(c, a->rs1)));
    return BP_TR_NEXT;
}

/* ---- Zba ------------------------------------------------------------------------------------- */

static bp_value zext_w(struct ctx *c, int32_t reg)
{
    return bp_op1(c->t, BP_ZEXT, BP_I64, gpr_w(c, reg));
}

static int shift_add(struct ctx *c, unsigned shift, bp_value x, const struct riscv_args_r *a)
{
    if (shift)
        x = op2(c, BP_SHL, x, xconst(c, shift));
    set_gpr(c, a->rd, op2(c, BP_ADD, x, gpr(c, a->rs2)));
    return BP_TR_NEXT;
}

TR(sh1add, r) { return shift_add(c, 1, gpr(c, a->rs1), a); }
TR(sh2add, r) { return shift_add(c, 2, gpr(c, a->rs1), a); }
TR(sh3add, r) { return shift_add(c, 3, gpr(c, a->rs1), a); }
TR(add_uw, r) { return shift_add(c, 0, zext_w(c, a->rs1), a); }
TR(sh1add_uw, r) { return shift_add(c, 1, zext_w(c, a->rs1), a); }
TR(sh2add_uw, r) { return shift_add(c, 2, zext_w(c, a->rs1), a); }
TR(sh3add_uw, r) { return shift_add(c, 3, zext_w(c, a->rs1), a); }

TR(slli_uw, i)
{
    set_gpr(c, a->rd, op2(c, BP_SHL, zext_w(c, a->rs1), xconst(c, (uint64_t)a->imm)));
    return BP_TR_NEXT;
}

/* ---- Zbb ------------------------------------------------------------------------------------- */

TR(andn, r) { return reg_op(c, BP_ANDN, a); }

TR(orn, r)
{
    bp_value inverted = bp_op1(c->t, BP_NOT, c->xt, gpr(c, a->rs2));

    set_gpr(c, a->rd, op2(c, BP_OR, gpr(c, a->rs1), inverted));
    return BP_TR_NEXT;
}

TR(xnor, r)
{
    bp_value x = op2(c, BP_XOR, gpr(c, a->rs1), gpr(c, a->rs2));

    set_gpr(c, a->rd, bp_op1(c->t, BP_NOT, c->xt, x));
    return BP_TR_NEXT;
}

TR(clz, r1) { return unary(c, BP_CLZ, a); }
TR(ctz, r1) { return unary(c, BP_CTZ, a); }
TR(cpop, r1) { return unary(c, BP_POPCNT, a); }
TR(rev8, r1) { return unary(c, BP_BSWAP, a); }

static int unary_w(struct ctx *c, enum bp_op op, const struct riscv_args_r1 *a)
{
    bp_value v = bp_op1(c->t, op, BP_I32, gpr_w(c, a->rs1));

    set_gpr(c, a->rd, bp_op1(c->t, BP_ZEXT, BP_I64, v));
    return BP_TR_NEXT;
}

TR(clzw, r1) { return unary_w(c, BP_CLZ, a); }
TR(ctzw, r1) { return unary_w(c, BP_CTZ, a); }
TR(cpopw, r1) { return unary_w(c, BP_POPCNT, a); }

static int extend(struct ctx *c, unsigned bits, bool is_signed, const struct riscv_args_r1 *a)
{
    set_gpr(c, a->rd, bp_extract(c->t, c->xt, gpr(c, a->rs1), 0, bits, is_signed));
    return BP_TR_NEXT;
}

TR(sext_b, r1) { return extend(c, 8, true, a); }
TR(sext_h, r1) { return extend(c, 16, true, a); }
TR(zext_h, r1) { return extend(c, 16, false, a); }

static int pick(struct ctx *c, enum bp_cond first_if, const struct riscv_args_r *a)
{
    bp_value x = gpr(c, a->rs1), y = gpr(c, a->rs2);
    bp_value first = bp_cmp(c->t, c->xt, first_if, x, y);

    set_gpr(c, a->rd, bp_select(c->t, c->xt, first, x, y));
    return BP_TR_NEXT;
}

TR(max, r) { return pick(c, BP_GT, a); }
TR(maxu, r) { return pick(c, BP_GTU, a); }
TR(min, r) { return pick(c, BP_LT, a); }
TR(minu, r) { return pick(c, BP_LTU, a); }

TR(rol, r) { return reg_op(c, BP_ROTL, a); }
TR(ror, r) { return reg_op(c, BP_ROTR, a); }

TR(rori, i)
{
    set_gpr(c, a->rd, op2(c, BP_ROTR, gpr(c, a->rs1), xconst(c, (uint64_t)a->imm)));
    return BP_TR_NEXT;
}

TR(rolw, r)
{
    set_gpr_w(c, a->rd, bp_op2(c->t, BP_ROTL, BP_I32, gpr_w(c, a->rs1), gpr_w(c, a->rs2)));
    return BP_TR_NEXT;
}

TR(rorw, r)
{
    set_gpr_w(c, a->rd, bp_op2(c->t, BP_ROTR, BP_I32, gpr_w(c, a->rs1), gpr_w(c, a->rs2)));
    return BP_TR_NEXT;
}

TR(roriw, i)
{
    bp_value n = bp_const(c->t, BP_I32, (uint32_t)a->imm);

    set_gpr_w(c, a->rd, bp_op2(c->t, BP_ROTR, BP_I32, gpr_w(c, a->rs1), n));
    return BP_TR_NEXT;
}

/* The top bit of each byte is set where the byte is not zero, then spread over the byte. */
TR(orc_b, r1)
{
    bp_value v = gpr(c, a->rs1), low = xconst(c, UINT64_C(0x7f7f7f7f7f7f7f7f)), top;

    top = op2(c, BP_ADD, op2(c, BP_AND, v, low), low);
    top = op2(c, BP_ANDN, op2(c, BP_OR, top, v), low);
    v = op2(c, BP_SUB, op2(c, BP_SHL, top, xconst(c, 1)), op2(c, BP_SHR, top, xconst(c, 7)));
    set_gpr(c, a->rd, v);
    return BP_TR_NEXT;
}

/* ---- Zbc ------------------------------------------------------------------------------------- */

/* Bits from `shift` on of the product. */
static int multiply_carryless(struct ctx *c, uint32_t shift, const struct riscv_args_r *a)
{
    bp_value x = bp_emit(c->t, BP_VZEXT, BP_V128, BP_V(3, 0), to_i64(c, gpr(c, a->rs1)), 0, 0);
    bp_value y = bp_emit(c->t, BP_VZEXT, BP_V128, BP_V(3, 0), to_i64(c, gpr(c, a->rs2)), 0, 0);
    bp_value product = bp_emit(c->t, BP_VCLMUL, BP_V128, BP_V(3, 0), x, y, 0);
    bp_value v = bp_emit(c->t, BP_VGET, BP_I64, BP_V(3, shift >> 6), product, 0, 0);

    if (shift & 63)
        v = bp_op2(c->t, BP_SHR, BP_I64, v, bp_const(c->t, BP_I64, shift & 63));
    if (shift == 63) {
        bp_value high = bp_emit(c->t, BP_VGET, BP_I64, BP_V(3, 1), product, 0, 0);
        high = bp_op2(c->t, BP_SHL, BP_I64, high, bp_const(c->t, BP_I64, 1));
        v = bp_op2(c->t, BP_OR, BP_I64, v, high);
    }
    set_gpr(c, a->rd, from_i64(c, v));
    return BP_TR_NEXT;
}

TR(clmul, r) { return multiply_carryless(c, 0, a); }
TR(clmulh, r) { return multiply_carryless(c, c->cpu->xlen, a); }
TR(clmulr, r) { return multiply_carryless(c, c->cpu->xlen - 1, a); }

/* ---- Zbs ------------------------------------------------------------------------------------- */

enum bit_op { BIT_CLEAR, BIT_EXTRACT, BIT_INVERT, BIT_SET };

static int single_bit(struct ctx *c, enum bit_op op, int32_t rd, int32_t rs1, bp_value index)
{
    bp_value v = gpr(c, rs1), bit;

    if (op == BIT_EXTRACT) {
        set_gpr(c, rd, op2(c, BP_AND, op2(c, BP_SHR, v, index), xconst(c, 1)));
        return BP_TR_NEXT;
    }
    bit = op2(c, BP_SHL, xconst(c, 1), index);
    set_gpr(c, rd, op2(c, op == BIT_CLEAR ? BP_ANDN : op == BIT_INVERT ? BP_XOR : BP_OR, v, bit));
    return BP_TR_NEXT;
}

TR(bclr, r) { return single_bit(c, BIT_CLEAR, a->rd, a->rs1, gpr(c, a->rs2)); }
TR(bext, r) { return single_bit(c, BIT_EXTRACT, a->rd, a->rs1, gpr(c, a->rs2)); }
TR(binv, r) { return single_bit(c, BIT_INVERT, a->rd, a->rs1, gpr(c, a->rs2)); }
TR(bset, r) { return single_bit(c, BIT_SET, a->rd, a->rs1, gpr(c, a->rs2)); }
TR(bclri, i) { return single_bit(c, BIT_CLEAR, a->rd, a->rs1, xconst(c, (uint64_t)a->imm)); }
TR(bexti, i) { return single_bit(c, BIT_EXTRACT, a->rd, a->rs1, xconst(c, (uint64_t)a->imm)); }
TR(binvi, i) { return single_bit(c, BIT_INVERT, a->rd, a->rs1, xconst(c, (uint64_t)a->imm)); }
TR(bseti, i) { return single_bit(c, BIT_SET, a->rd, a->rs1, xconst(c, (uint64_t)a->imm)); }
