/* SPDX-License-Identifier: MIT */
/*
 * tr_sys.c: CSR access, environment calls, trap returns, WFI and address-translation fences. The
 * RISC-V Instruction Set Manual, volume I, "Zicsr"; volume II, machine and supervisor
 * instructions, "Svinval".
 */
#include "csr.h"
#include "tr.h"

/* ---- control and status registers ------------------------------------------------------------ */

#define CSR_FFLAGS 0x001u

enum csr_op { CSR_WRITE, CSR_SET, CSR_CLEAR };

/* One access: the operand's value, or nothing to write; and where the old value goes. */
struct csr_access {
    enum csr_op op;
    bool writes;
    bool small;      /* the operand is a constant below 32 */
    bp_value operand;
    int32_t rd;
};

/* A CSR that is a guest register: no helper, no leaving. */
static void access_guest_reg(struct ctx *c, const struct csr_row *row, const struct csr_access *x)
{
    struct bp_tr *t = c->t;
    bp_value before = bp_get(t, c->xt, row->reg), v = x->operand;

    if (x->writes) {
        if (x->op != CSR_WRITE)
            v = bp_op2(t, x->op == CSR_SET ? BP_OR : BP_ANDN, c->xt, before, v);
        if (row->reg == REG_SEPC)
            v = bp_op2(t, BP_AND, c->xt, v, xconst(c, c->cpu->ext.c ? ~UINT64_C(1) : ~UINT64_C(3)));
        bp_put(t, row->reg, v);
    }
    set_gpr(c, x->rd, before);
}

/* Clearing SIE or MIE, as code that locks does often: nothing that translations depend on. */
static bool only_disables(unsigned number, const struct csr_access *x)
{
    return (number == 0x100 || number == 0x300) && x->op == CSR_CLEAR && x->small;
}

static int csr_access(struct ctx *c, unsigned number, const struct csr_access *x)
{
    uint32_t handle;
    const struct csr_row *row = csr_find(c->cpu, number, &handle);
    bool is_float;
    bp_value args[4], before;

    if (!row || (number >> 8 & 3) > tr_priv(c) || (x->writes && number >> 10 == 3))
        return tr_illegal(c);
    is_float = row->flags & CSR_FLOAT;
    if (number == CSR_FFLAGS && x->op == CSR_WRITE && !x->rd && CTX_FS(c->t->flags) == CTX_FS_DIRTY &&
        fp_flags_unchanged(c, x->operand))
        return BP_TR_NEXT;
    if (is_float && !fp_begin(c, x->writes))
        return tr_illegal(c);
    if (number == CSR_FFLAGS && !x->writes) {
        set_gpr(c, x->rd, fp_read_flags(c));
        return BP_TR_NEXT;
    }
    if (row->reg) {
        access_guest_reg(c, row, x);
        return BP_TR_NEXT;
    }
    args[0] = bp_const(c->t, BP_I32, handle);
    args[1] = bp_const(c->t, BP_I32, c->insn);
    if (x->writes) {
        bp_value ones = bp_const(c->t, BP_I64, UINT64_MAX), v = to_i64(c, x->operand);
        args[2] = x->op == CSR_CLEAR ? bp_const(c->t, BP_I64, 0) : v;
        args[3] = x->op == CSR_WRITE ? ones : v;
        before = bp_call(c->t, is_float ? &helper_csr_update_fp : &helper_csr_update, 4, args);
        if (row->flags & CSR_LEAVE && !only_disables(number, x))
            c->leave = true;
    } else {
        before = bp_call(c->t, is_float ? &helper_csr_read_fp : &helper_csr_read, 2, args);
    }
    set_gpr(c, x->rd, from_i64(c, before));
    return BP_TR_NEXT;
}

static int csr_reg(struct ctx *c, enum csr_op op, const struct riscv_args_csr *a)
{
    struct csr_access x = {
        .op = op, .writes = op == CSR_WRITE || a->rs1, .operand = gpr(c, a->rs1), .rd = a->rd,
    };
    return csr_access(c, (unsigned)a->csr, &x);
}

static int csr_imm(struct ctx *c, enum csr_op op, const struct riscv_args_csri *a)
{
    struct csr_access x = {
        .op = op, .writes = op == CSR_WRITE || a->imm, .small = true,
        .operand = xconst(c, (uint64_t)a->imm), .rd = a->rd,
    };
    return csr_access(c, (unsigned)a->csr, &x);
}

TR(csrrw, csr) { return csr_reg(c, CSR_WRITE, a); }
TR(csrrs, csr) { return csr_reg(c, CSR_SET, a); }
TR(csrrc, csr) { return csr_reg(c, CSR_CLEAR, a); }
TR(csrrwi, csri) { return csr_imm(c, CSR_WRITE, a); }
TR(csrrsi, csri) { return csr_imm(c, CSR_SET, a); }
TR(csrrci, csri) { return csr_imm(c, CSR_CLEAR, a); }

/* ---- traps ----------------------------------------------------------------------------------- */

TR(ecall, none)
{
    (void)a;
    if (c->cpu->user_mode) {
        bp_leave(c->t, BP_LEAVE_SYSCALL, c->link);
        return BP_TR_END;
    }
    return tr_raise(c, CAUSE_ECALL_U + tr_priv(c), 0);
}

TR(ebreak, none)
{
    (void)a;
    if (semihosting_here(c)) {
        bp_call(c->t, &helper_semihosting, 0, NULL);
        return BP_TR_END;
    }
    return tr_raise(c, CAUSE_BREAKPOINT, c->t->pc);
}

TR(mret, none)
{
    (void)a;
    if (tr_priv(c) != PRIV_M)
        return tr_illegal(c);
    bp_call(c->t, &helper_mret, 0, NULL);
    bp_leave_at_env_pc(c->t, BP_LEAVE_STATE);
    return BP_TR_END;
}

TR(sret, none)
{
    bp_value insn;

    (void)a;
    if (tr_priv(c) == PRIV_U || !c->cpu->ext.s)
        return tr_illegal(c);
    insn = bp_const(c->t, BP_I32, c->insn);
    bp_call(c->t, &helper_sret, 1, &insn);
    bp_leave_at_env_pc(c->t, BP_LEAVE_STATE);
    return BP_TR_END;
}

TR(wfi, none)
{
    (void)a;
    if (tr_priv(c) == PRIV_U && c->cpu->ext.s)
        return tr_illegal(c);
    if (tr_priv(c) != PRIV_M) {
        bp_value insn = bp_const(c->t, BP_I32, c->insn);
        bp_call(c->t, &helper_wfi, 1, &insn);
    }
    bp_leave(c->t, BP_LEAVE_HALT, c->link);
    return BP_TR_END;
}

/* ---- address translation --------------------------------------------------------------------- */

TR(sfence_vma, vma)
{
    bp_value args[3];

    if (tr_priv(c) == PRIV_U || !c->cpu->ext.s)
        return tr_illegal(c);
    args[0] = to_i64(c, gpr(c, a->rs1));
    args[1] = to_i64(c, gpr(c, a->rs2));
    args[2] = bp_const(c->t, BP_I32, c->insn);
    bp_call(c->t, &helper_sfence, 3, args);
    c->leave = true;
    return BP_TR_NEXT;
}

/* SINVAL.VMA fences already; what orders it has nothing left to do. */
static int order_invalidation(struct ctx *c)
{
    return tr_priv(c) == PRIV_U || !c->cpu->ext.s ? tr_illegal(c) : BP_TR_NEXT;
}

TR(sfence_w_inval, none)
{
    (void)a;
    return order_invalidation(c);
}

TR(sfence_inval_ir, none)
{
    (void)a;
    return order_invalidation(c);
}
