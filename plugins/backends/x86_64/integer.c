/* SPDX-License-Identifier: MIT */
/* integer.c: integer ops (Software Developer's Manual, volume 2). */
#include "x86.h"

const uint8_t x86_cc[10] = { CC_E, CC_NE, CC_L, CC_GE, CC_LE, CC_G, CC_B, CC_AE, CC_BE, CC_A };

static bool is_imm(const struct bp_operand *o) { return o->kind == BP_OPERAND_IMM; }
static bool is_reg(const struct bp_operand *o) { return o->kind == BP_OPERAND_REG; }

static void load_operand(struct bp_asm *as, unsigned w, unsigned dst, const struct bp_operand *o)
{
    if (!is_reg(o) || o->reg != dst)
        op_ro(as, w | OP_MOV_LOAD, dst, o);
}

static void alu_operand(struct bp_asm *as, unsigned w, unsigned alu, unsigned dst,
                        const struct bp_operand *o)
{
    if (is_imm(o))
        alu_ri(as, w, alu, dst, (int32_t)o->imm);
    else
        alu_ro(as, w, alu, dst, o);
}

/* ---- flags ----------------------------------------------------------------------------------- */

/* What the host's zero flag is known to be of: a register, as long as nothing was written since. */
struct zero_flag {
    const uint8_t *at;
    uint8_t reg, type;
};
_Static_assert(sizeof(struct zero_flag) <= 64, "must fit bp_asm.backend");

static void flag_of(struct bp_asm *as, const struct bp_operand *out)
{
    struct zero_flag *z = as->backend;
    *z = (struct zero_flag){ as->p, out->reg, out->type };
}

static bool flag_is_of(const struct bp_asm *as, const struct bp_operand *a)
{
    const struct zero_flag *z = as->backend;
    return z->at == as->p && z->reg == a->reg && z->type == a->type;
}

/* ---- arithmetic and logic -------------------------------------------------------------------- */

void x86_emit_add(struct bp_asm *as, struct bp_use *use)
{
    const struct bp_operand *a = &use->in[0], *b = &use->in[1];
    unsigned w = wide(use->out.type), dst = use->out.reg;
    if (is_reg(a) && a->reg == dst) {
        alu_operand(as, w, ALU_ADD, dst, b);
        flag_of(as, &use->out);
    } else if (is_reg(b) && b->reg == dst) {
        alu_ro(as, w, ALU_ADD, dst, a);
        flag_of(as, &use->out);
    } else if (is_reg(a) && is_imm(b)) {
        op_rm(as, w | OP_LEA, dst, a->reg, (int32_t)b->imm);
    } else if (is_reg(a) && is_reg(b)) {
        op_rx(as, w | OP_LEA, dst, a->reg, b->reg, 0, 0);
    } else {
        op_ro(as, w | OP_MOV_LOAD, dst, a);
        alu_operand(as, w, ALU_ADD, dst, b);
    }
}

/* sub and or xor: the first operand is where the result is */
void x86_emit_alu(struct bp_asm *as, struct bp_use *use)
{
    unsigned op = use->ir->op, w = wide(use->out.type);
    unsigned alu = op == BP_SUB ? ALU_SUB : op == BP_AND ? ALU_AND : op == BP_OR ? ALU_OR : ALU_XOR;
    if (op == BP_AND && is_imm(&use->in[1]) && use->in[1].imm <= UINT32_MAX)
        w = 0; /* the upper half is cleared either way */
    alu_operand(as, w, alu, use->out.reg, &use->in[1]);
    flag_of(as, &use->out);
}

/* and with 0xff, 0xffff, 0xffffffff */
void x86_emit_and_mask(struct bp_asm *as, struct bp_use *use)
{
    unsigned op = use->in[1].imm == 0xff     ? OP_MOVZX8
                  : use->in[1].imm == 0xffff ? OP_MOVZX16
                                             : OP_MOV_LOAD;
    op_ro(as, op, use->out.reg, &use->in[0]);
}

void x86_emit_andn(struct bp_asm *as, struct bp_use *use)
{
    /* andn: ~vvvv & rm */
    vex_ro(as, OP_38 | wide(use->out.type) | 0xf2, use->out.reg, use->in[1].reg, &use->in[0]);
}

void x86_emit_andn_base(struct bp_asm *as, struct bp_use *use)
{
    unsigned w = wide(use->out.type);
    mov_rr(as, w, use->temp[0], use->in[1].reg);
    op_rr(as, w | 0xf7, 2, use->temp[0]);
    alu_rr(as, w, ALU_AND, use->out.reg, use->temp[0]);
}

void x86_emit_not_neg(struct bp_asm *as, struct bp_use *use)
{
    op_rr(as, wide(use->out.type) | 0xf7, use->ir->op == BP_NOT ? 2 : 3, use->out.reg);
}

/* ---- multiplication and division ------------------------------------------------------------- */

void x86_emit_mul(struct bp_asm *as, struct bp_use *use)
{
    op_ro(as, wide(use->out.type) | OP_IMUL, use->out.reg, &use->in[1]);
}

void x86_emit_mul_imm(struct bp_asm *as, struct bp_use *use)
{
    int32_t imm = (int32_t)use->in[1].imm;
    op_ro(as, wide(use->out.type) | (fits8(imm) ? 0x6b : 0x69), use->out.reg, &use->in[0]);
    if (fits8(imm))
        put8(as, (uint8_t)imm);
    else
        put32(as, (uint32_t)imm);
}

/* mulx: rdx * rm; with both results in one register it is the high half. */
void x86_emit_mulx(struct bp_asm *as, struct bp_use *use)
{
    vex_ro(as, OP_38 | OP_F2 | wide(use->out.type) | 0xf6, use->out.reg, use->out.reg, &use->in[1]);
}

/* rdx:rax = rax * rm */
void x86_emit_mulh(struct bp_asm *as, struct bp_use *use)
{
    op_ro(as, wide(use->out.type) | 0xf7, use->ir->op == BP_MULHS ? 5 : 4, &use->in[1]);
}

/* signed a by unsigned b: the unsigned high half, less b where a is negative */
void x86_emit_mulhsu(struct bp_asm *as, struct bp_use *use)
{
    unsigned w = wide(use->out.type), t = use->temp[1];
    mov_rr(as, w, t, RAX);
    shift_ri(as, w, SHIFT_SAR, t, w ? 63 : 31);
    alu_rr(as, w, ALU_AND, t, use->in[1].reg);
    op_rr(as, w | 0xf7, 4, use->in[1].reg);
    alu_rr(as, w, ALU_SUB, RDX, t);
}

/* Divisors for which the instruction would trap: 0, and -1 of signed ones. */
static void div_stub(struct bp_asm *as, struct bp_stub *s)
{
    unsigned op = s->use.ir->op, w = wide(s->use.out.type), b = s->use.in[1].reg;
    bool is_signed = op == BP_DIVS || op == BP_REMS, quotient = op == BP_DIVU || op == BP_DIVS;
    bind_to(s->from, as->p);
    if (is_signed) {
        test_rr(as, w, b, b);
        uint8_t *zero = jcc8(as, CC_E);
        if (quotient)
            op_rr(as, w | 0xf7, 3, RAX);
        else
            alu_rr(as, 0, ALU_XOR, RDX, RDX);
        jmp_to(as, s->back);
        bind8(as, zero);
    }
    if (quotient)
        alu_rr(as, 0, ALU_XOR, RAX, RAX);
    else
        mov_rr(as, w, RDX, RAX);
    jmp_to(as, s->back);
}

void x86_emit_div(struct bp_asm *as, struct bp_use *use)
{
    unsigned op = use->ir->op, w = wide(use->out.type), b = use->in[1].reg;
    struct bp_stub *s = as->stub(as, use, div_stub);
    if (op == BP_DIVS || op == BP_REMS) {
        op_rm(as, w | OP_LEA, RDX, b, 1);
        alu_ri(as, w, ALU_CMP, RDX, 1);
        s->from = jcc(as, CC_BE);
        put_op(as, w | 0x99, 0, 0, 0); /* cdq, cqo */
        op_rr(as, w | 0xf7, 7, b);
    } else {
        test_rr(as, w, b, b);
        s->from = jcc(as, CC_E);
        alu_rr(as, 0, ALU_XOR, RDX, RDX);
        op_rr(as, w | 0xf7, 6, b);
    }
    s->back = as->p;
}

/* ---- shifts and bits ------------------------------------------------------------------------- */

static unsigned shift_of(unsigned op)
{
    switch (op) {
    case BP_SHL: return SHIFT_SHL;
    case BP_SHR: return SHIFT_SHR;
    case BP_SAR: return SHIFT_SAR;
    case BP_ROTL: return SHIFT_ROL;
    default: return SHIFT_ROR;
    }
}

void x86_emit_shift_imm(struct bp_asm *as, struct bp_use *use)
{
    const struct bp_operand *a = &use->in[0];
    unsigned op = use->ir->op, w = wide(use->out.type), dst = use->out.reg;
    unsigned bits = w ? 64 : 32, n = (unsigned)use->in[1].imm & (bits - 1);
    bool in_place = is_reg(a) && a->reg == dst;
    if (n == 0) {
        op_ro(as, w | OP_MOV_LOAD, dst, a);
    } else if (op == BP_SHL && n == 1 && in_place) {
        alu_rr(as, w, ALU_ADD, dst, dst);
    } else if (op == BP_SHL && n == 1 && is_reg(a)) {
        op_rx(as, w | OP_LEA, dst, a->reg, a->reg, 0, 0);
    } else if ((op == BP_ROTL || op == BP_ROTR) && !in_place && as->features & X86_BMI2) {
        vex_ro(as, OP_3A | OP_F2 | w | 0xf0, dst, 0, a); /* rorx */
        put8(as, op == BP_ROTL ? (bits - n) & (bits - 1) : n);
    } else {
        load_operand(as, w, dst, a);
        shift_ri(as, w, shift_of(op), dst, n);
    }
}

void x86_emit_shift_cl(struct bp_asm *as, struct bp_use *use)
{
    op_rr(as, wide(use->out.type) | 0xd3, shift_of(use->ir->op), use->out.reg);
}

/* shlx, shrx, sarx: the count in any register */
void x86_emit_shiftx(struct bp_asm *as, struct bp_use *use)
{
    unsigned op = use->ir->op, prefix = op == BP_SHL ? OP_66 : op == BP_SHR ? OP_F2 : OP_F3;
    vex_ro(as, OP_38 | prefix | wide(use->out.type) | 0xf7, use->out.reg, use->in[1].reg,
           &use->in[0]);
}

void x86_emit_count_bits(struct bp_asm *as, struct bp_use *use)
{
    unsigned op = use->ir->op;
    unsigned code = op == BP_CLZ ? 0xbd : op == BP_CTZ ? 0xbc : 0xb8;
    op_ro(as, OP_F3 | OP_0F | wide(use->out.type) | code, use->out.reg, &use->in[0]);
}

/* bsr leaves the index of the highest one; none: the result is made to come out as the width. */
void x86_emit_clz_base(struct bp_asm *as, struct bp_use *use)
{
    unsigned w = wide(use->out.type), bits = w ? 64 : 32, dst = use->out.reg;
    mov_ri(as, use->temp[0], 2 * bits - 1);
    op_ro(as, OP_0F | w | 0xbd, dst, &use->in[0]);
    op_rr(as, OP_0F | w | 0x40 | CC_E, dst, use->temp[0]);
    alu_ri(as, w, ALU_XOR, dst, (int32_t)bits - 1);
}

void x86_emit_ctz_base(struct bp_asm *as, struct bp_use *use)
{
    unsigned w = wide(use->out.type);
    mov_ri(as, use->temp[0], w ? 64 : 32);
    op_ro(as, OP_0F | w | 0xbc, use->out.reg, &use->in[0]);
    op_rr(as, OP_0F | w | 0x40 | CC_E, use->out.reg, use->temp[0]);
}

void x86_emit_bswap(struct bp_asm *as, struct bp_use *use)
{
    unsigned reg = use->out.reg;
    put_op(as, OP_0F | wide(use->out.type) | 0xc8 | (reg & 7), 0, 0, reg);
}

/* zext, sext: i32 to i64 */
void x86_emit_extend(struct bp_asm *as, struct bp_use *use)
{
    op_ro(as, use->ir->op == BP_SEXT ? OP_MOVSXD : OP_MOV_LOAD, use->out.reg, &use->in[0]);
}

/* A field of whole bytes in memory is loaded alone. */
static bool extract_load(struct bp_asm *as, const struct bp_use *use, unsigned position,
                         unsigned length, bool is_signed)
{
    struct bp_operand o = use->in[0];
    unsigned w = wide(use->out.type), op;
    if (is_reg(&o) ? position != 0 : position % 8 != 0)
        return false;
    if (length == 8)
        op = is_signed ? OP_MOVSX8 | w : OP_MOVZX8;
    else if (length == 16)
        op = is_signed ? OP_MOVSX16 | w : OP_MOVZX16;
    else if (length == 32)
        op = is_signed && w ? OP_MOVSXD : OP_MOV_LOAD;
    else
        return false;
    o.offset += (int32_t)position / 8;
    op_ro(as, op, use->out.reg, &o);
    return true;
}

void x86_emit_extract(struct bp_asm *as, struct bp_use *use)
{
    unsigned position = use->ir->aux & 0xff, length = use->ir->aux >> 8, dst = use->out.reg;
    unsigned w = wide(use->out.type), bits = w ? 64 : 32, above = bits - position - length;
    bool is_signed = use->ir->op == BP_EXTRACT_S;
    if (extract_load(as, use, position, length, is_signed))
        return;
    load_operand(as, w, dst, &use->in[0]);
    if (above == 0) {
        shift_ri(as, w, is_signed ? SHIFT_SAR : SHIFT_SHR, dst, position);
    } else if (!is_signed && length <= 32) {
        if (position)
            shift_ri(as, w, SHIFT_SHR, dst, position);
        if (length == 8)
            op_rr(as, OP_MOVZX8, dst, dst);
        else if (length == 16)
            op_rr(as, OP_MOVZX16, dst, dst);
        else if (length == 32)
            op_rr(as, OP_MOV_LOAD, dst, dst);
        else
            alu_ri(as, 0, ALU_AND, dst, (int32_t)((1u << length) - 1));
    } else {
        shift_ri(as, w, SHIFT_SHL, dst, above);
        shift_ri(as, w, is_signed ? SHIFT_SAR : SHIFT_SHR, dst, bits - length);
    }
}

/* a turned until the field is at its bottom, the field shifted out below while b comes in above,
 * and turned back */
void x86_emit_insert(struct bp_asm *as, struct bp_use *use)
{
    unsigned position = use->ir->aux & 0xff, length = use->ir->aux >> 8;
    unsigned w = wide(use->out.type), bits = w ? 64 : 32, dst = use->out.reg;
    unsigned b = use->in[1].reg;
    if (length == bits) {
        mov_rr(as, w, dst, b);
    } else if (position == 0 && length == 8) {
        op_rr(as, OP_B | OP_RB | 0x88, b, dst);
        if (!w)
            op_rr(as, OP_MOV_LOAD, dst, dst);
    } else if (position == 0 && length == 16) {
        op_rr(as, OP_66 | 0x89, b, dst);
        if (!w)
            op_rr(as, OP_MOV_LOAD, dst, dst);
    } else {
        if (position)
            shift_ri(as, w, SHIFT_ROR, dst, position);
        op_rr(as, OP_0F | w | 0xac, b, dst); /* shrd */
        put8(as, length);
        if ((position + length) % bits)
            shift_ri(as, w, SHIFT_ROL, dst, (position + length) % bits);
    }
}

/* ---- comparison ------------------------------------------------------------------------------ */

void x86_compare(struct bp_asm *as, unsigned cond, const struct bp_operand *a,
                 const struct bp_operand *b)
{
    unsigned w = wide(a->type);
    if (is_imm(b) && b->imm == 0 && is_reg(a) && cond <= BP_NE && flag_is_of(as, a))
        return;
    if (is_imm(b) && b->imm == 0 && is_reg(a))
        test_rr(as, w, a->reg, a->reg);
    else if (is_imm(b))
        alu_oi(as, w, ALU_CMP, a, (int32_t)b->imm);
    else if (is_reg(b))
        op_ro(as, w | ALU_CMP << 3 | 1, b->reg, a);
    else
        alu_ro(as, w, ALU_CMP, a->reg, b);
}

void x86_emit_cmp(struct bp_asm *as, struct bp_use *use)
{
    const struct bp_operand *a = &use->in[0], *b = &use->in[1];
    unsigned dst = use->out.reg;
    bool overlaps = (is_reg(a) && a->reg == dst) || (is_reg(b) && b->reg == dst);
    if (use->cond == BP_LT && is_imm(b) && b->imm == 0) { /* the sign bit */
        load_operand(as, wide(a->type), dst, a);
        shift_ri(as, wide(a->type), SHIFT_SHR, dst, a->type == BP_I64 ? 63 : 31);
        return;
    }
    if (!overlaps)
        alu_rr(as, 0, ALU_XOR, dst, dst);
    x86_compare(as, use->cond, a, b);
    setcc(as, x86_cc[use->cond], dst);
    if (overlaps)
        op_rr(as, OP_MOVZX8, dst, dst);
}

/* result = no; if (cc) result = yes */
static void conditional(struct bp_asm *as, const struct bp_use *use, unsigned cc,
                        const struct bp_operand *yes)
{
    if (use->out.reg < BP_FP_REG) {
        op_ro(as, OP_0F | wide(use->out.type) | 0x40 | cc, use->out.reg, yes);
        return;
    }
    uint8_t *over = jcc8(as, cc ^ 1);
    x86_fp_move(as, use->out.reg, yes->reg);
    bind8(as, over);
}

void x86_emit_select(struct bp_asm *as, struct bp_use *use)
{
    test_rr(as, wide(use->in[0].type), use->in[0].reg, use->in[0].reg);
    conditional(as, use, CC_NE, &use->in[1]);
}

void x86_emit_select_cmp(struct bp_asm *as, struct bp_use *use)
{
    x86_compare(as, use->cond, &use->in[0], &use->in[1]);
    conditional(as, use, x86_cc[use->cond], &use->in[2]);
}

void x86_emit_count(struct bp_asm *as, struct bp_use *use)
{
    struct bp_operand counter = { .kind = BP_OPERAND_ENV, .offset = (int32_t)use->ir->a };
    alu_oi(as, OP_W, ALU_ADD, &counter, (int32_t)use->ir->b);
}
