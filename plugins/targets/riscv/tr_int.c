/* SPDX-License-Identifier: MIT */
/*
 * tr_int.c: integer computation, jumps and branches. The RISC-V Instruction Set Manual, volume I,
 * RV32I and RV64I, "M" and "Zicond".
 */
#include "tr.h"

/* ---- constants and register-immediate -------------------------------------------------------- */

TR(lui, u)
{
    set_gpr(c, a->rd, xconst(c, (uint64_t)(int64_t)a->imm));
    return BP_TR_NEXT;
}

TR(auipc, u)
{
    set_gpr(c, a->rd, xconst(c, c->t->pc + (uint64_t)(int64_t)a->imm));
    return BP_TR_NEXT;
}

static int op_imm(struct ctx *c, enum bp_op op, const struct riscv_args_i *a)
{
    bp_value imm = xconst(c, (uint64_t)(int64_t)a->imm);

    set_gpr(c, a->rd, bp_op2(c->t, op, c->xt, gpr(c, a->rs1), imm));
    return BP_TR_NEXT;
}

static int cmp_imm(struct ctx *c, enum bp_cond cond, const struct riscv_args_i *a)
{
    bp_value imm = xconst(c, (uint64_t)(int64_t)a->imm);

    set_gpr(c, a->rd, bp_cmp(c->t, c->xt, cond, gpr(c, a->rs1), imm));
    return BP_TR_NEXT;
}

TR(addi, i) { return op_imm(c, BP_ADD, a); }
TR(xori, i) { return op_imm(c, BP_XOR, a); }
TR(ori, i) { return op_imm(c, BP_OR, a); }
TR(andi, i) { return op_imm(c, BP_AND, a); }
TR(slli, i) { return op_imm(c, BP_SHL, a); }
TR(srli, i) { return op_imm(c, BP_SHR, a); }
TR(srai, i) { return op_imm(c, BP_SAR, a); }
TR(slti, i) { return cmp_imm(c, BP_LT, a); }
TR(sltiu, i) { return cmp_imm(c, BP_LTU, a); }

static int op_imm_w(struct ctx *c, enum bp_op op, const struct riscv_args_i *a)
{
    bp_value imm = bp_const(c->t, BP_I32, (uint32_t)a->imm);

    set_gpr_w(c, a->rd, bp_op2(c->t, op, BP_I32, gpr_w(c, a->rs1), imm));
    return BP_TR_NEXT;
}

TR(addiw, i) { return op_imm_w(c, BP_ADD, a); }
TR(slliw, i) { return op_imm_w(c, BP_SHL, a); }
TR(srliw, i) { return op_imm_w(c, BP_SHR, a); }
TR(sraiw, i) { return op_imm_w(c, BP_SAR, a); }

/* ---- register-register ----------------------------------------------------------------------- */

static int op_reg(struct ctx *c, enum bp_op op, const struct riscv_args_r *a)
{
    set_gpr(c, a->rd, bp_op2(c->t, op, c->xt, gpr(c, a->rs1), gpr(c, a->rs2)));
    return BP_TR_NEXT;
}

static int cmp_reg(struct ctx *c, enum bp_cond cond, const struct riscv_args_r *a)
{
    set_gpr(c, a->rd, bp_cmp(c->t, c->xt, cond, gpr(c, a->rs1), gpr(c, a->rs2)));
    return BP_TR_NEXT;
}

TR(add, r) { return op_reg(c, BP_ADD, a); }
TR(sub, r) { return op_reg(c, BP_SUB, a); }
TR(sll, r) { return op_reg(c, BP_SHL, a); }
TR(srl, r) { return op_reg(c, BP_SHR, a); }
TR(sra, r) { return op_reg(c, BP_SAR, a); }
TR(xor, r) { return op_reg(c, BP_XOR, a); }
TR(or, r) { return op_reg(c, BP_OR, a); }
TR(and, r) { return op_reg(c, BP_AND, a); }
TR(slt, r) { return cmp_reg(c, BP_LT, a); }
TR(sltu, r) { return cmp_reg(c, BP_LTU, a); }

static int op_reg_w(struct ctx *c, enum bp_op op, const struct riscv_args_r *a)
{
    set_gpr_w(c, a->rd, bp_op2(c->t, op, BP_I32, gpr_w(c, a->rs1), gpr_w(c, a->rs2)));
    return BP_TR_NEXT;
}

TR(addw, r) { return op_reg_w(c, BP_ADD, a); }
TR(subw, r) { return op_reg_w(c, BP_SUB, a); }
TR(sllw, r) { return op_reg_w(c, BP_SHL, a); }
TR(srlw, r) { return op_reg_w(c, BP_SHR, a); }
TR(sraw, r) { return op_reg_w(c, BP_SAR, a); }

/* ---- multiplication and division ------------------------------------------------------------- */

TR(mul, r) { return op_reg(c, BP_MUL, a); }
TR(mulh, r) { return op_reg(c, BP_MULHS, a); }
TR(mulhsu, r) { return op_reg(c, BP_MULHSU, a); }
TR(mulhu, r) { return op_reg(c, BP_MULHU, a); }
TR(mulw, r) { return op_reg_w(c, BP_MUL, a); }

/* Remainders by zero and overflows are as the IR defines them; a quotient by zero is all ones. */
TR(rem, r) { return op_reg(c, BP_REMS, a); }
TR(remu, r) { return op_reg(c, BP_REMU, a); }
TR(remw, r) { return op_reg_w(c, BP_REMS, a); }
TR(remuw, r) { return op_reg_w(c, BP_REMU, a); }

static bp_value divide(struct ctx *c, enum bp_op op, enum bp_type type, bp_value x, bp_value y)
{
    bp_value ones = bp_const(c->t, type, type == BP_I32 ? UINT32_MAX : UINT64_MAX);
    return bp_select(c->t, type, y, bp_op2(c->t, op, type, x, y), ones);
}

static int div_reg(struct ctx *c, enum bp_op op, const struct riscv_args_r *a)
{
    set_gpr(c, a->rd, divide(c, op, c->xt, gpr(c, a->rs1), gpr(c, a->rs2)));
    return BP_TR_NEXT;
}

static int div_reg_w(struct ctx *c, enum bp_op op, const struct riscv_args_r *a)
{
    set_gpr_w(c, a->rd, divide(c, op, BP_I32, gpr_w(c, a->rs1), gpr_w(c, a->rs2)));
    return BP_TR_NEXT;
}

TR(div, r) { return div_reg(c, BP_DIVS, a); }
TR(divu, r) { return div_reg(c, BP_DIVU, a); }
TR(divw, r) { return div_reg_w(c, BP_DIVS, a); }
TR(divuw, r) { return div_reg_w(c, BP_DIVU, a); }

/* ---- conditional zero ------------------------------------------------------------------------ */

TR(czero_eqz, r)
{
    bp_value v = gpr(c, a->rs1);

    set_gpr(c, a->rd, bp_select(c->t, c->xt, gpr(c, a->rs2), v, xconst(c, 0)));
    return BP_TR_NEXT;
}

TR(czero_nez, r)
{
    bp_value v = gpr(c, a->rs1);

    set_gpr(c, a->rd, bp_select(c->t, c->xt, gpr(c, a->rs2), xconst(c, 0), v));
    return BP_TR_NEXT;
}

/* ---- branches and jumps ---------------------------------------------------------------------- */

static bool misaligned(const struct ctx *c, uint64_t target)
{
    return !c->cpu->ext.c && target & 2;
}

static int branch(struct ctx *c, enum bp_cond cond, enum bp_cond inverse,
                  const struct riscv_args_b *a)
{
    uint64_t target = guest_address(c, c->t->pc + (uint64_t)(int64_t)a->imm);
    bp_value x = gpr(c, a->rs1), y = gpr(c, a->rs2);

    if (misaligned(c, target)) {
        bp_exit_if(c->t, inverse, x, y, c->link);
        return tr_raise(c, CAUSE_FETCH_MISALIGNED, target);
    }
    bp_exit_if(c->t, cond, x, y, target);
    return BP_TR_NEXT;
}

TR(beq, b) { return branch(c, BP_EQ, BP_NE, a); }
TR(bne, b) { return branch(c, BP_NE, BP_EQ, a); }
TR(blt, b) { return branch(c, BP_LT, BP_GE, a); }
TR(bge, b) { return branch(c, BP_GE, BP_LT, a); }
TR(bltu, b) { return branch(c, BP_LTU, BP_GEU, a); }
TR(bgeu, b) { return branch(c, BP_GEU, BP_LTU, a); }

/* Registers that calls leave their return address in (vol. I, Unconditional Jumps). */
static bool is_link(int32_t reg)
{
    return reg == 1 || reg == 5;
}

TR(jal, j)
{
    uint64_t target = guest_address(c, c->t->pc + (uint64_t)(int64_t)a->imm);

    if (misaligned(c, target))
        return tr_raise(c, CAUSE_FETCH_MISALIGNED, target);
    set_gpr(c, a->rd, xconst(c, c->link));
    if (is_link(a->rd)) {
        bp_exit_call(c->t, target, c->link);
        return BP_TR_END;
    }
    /* Forward within the page, the code there continues this translation. */
    if (!a->rd && target > c->t->pc && target >> 12 == c->t->pc >> 12) {
        c->t->next_pc = target;
        return BP_TR_NEXT;
    }
    bp_exit(c->t, target);
    return BP_TR_END;
}

TR(jalr, i)
{
    bp_value target = bp_op2(c->t, BP_ADD, c->xt, gpr(c, a->rs1),
                             xconst(c, (uint64_t)(int64_t)a->imm));
    enum bp_exit_hint hint = BP_HINT_NONE;

    target = bp_op2(c->t, BP_AND, c->xt, target, xconst(c, ~UINT64_C(1)));
    if (!c->cpu->ext.c) {
        bp_value arg = to_i64(c, target);
        bp_call(c->t, &helper_check_jump, 1, &arg);
    }
    if (is_link(a->rd))
        hint = BP_HINT_CALL;
    else if (is_link(a->rs1))
        hint = BP_HINT_RETURN;
    set_gpr(c, a->rd, xconst(c, c->link));
    bp_exit_to(c->t, target, hint);
    return BP_TR_END;
}
