/* SPDX-License-Identifier: MIT */
/*
 * float.c: scalar floating point in SSE2 or AVX. MXCSR has the guest's rounding mode and collects
 * the sticky flags; tininess is detected after rounding (volume 1, 4.9.1.5). Where x86 differs from
 * the IR (NaN operands of min and max, integers out of range) a test in line finds the case and
 * code out of line does it exactly.
 */
#include "x86.h"

static bool has_avx(const struct bp_asm *as) { return as->features & X86_AVX; }
static unsigned scalar(unsigned type) { return (type == BP_F64 ? OP_F2 : OP_F3) | OP_0F; }
/* ucomis and comis have their own prefixes */
static unsigned ucomis(unsigned type) { return (type == BP_F64 ? OP_66 : 0) | OP_0F | 0x2e; }
static unsigned comis(unsigned type) { return (type == BP_F64 ? OP_66 : 0) | OP_0F | 0x2f; }

void x86_fp_move(struct bp_asm *as, unsigned dst, unsigned src)
{
    if (dst != src)
        op_rr(as, OP_MOVAPS, dst & 31, src & 31);
}

/* dst = a OP b: three operands with AVX, else a is where the result is */
static void three_op(struct bp_asm *as, unsigned op, unsigned dst, unsigned a,
                     const struct bp_operand *b)
{
    if (has_avx(as))
        vex_ro(as, op, dst, a, b);
    else
        op_ro(as, op, dst, b);
}

static void three_rr(struct bp_asm *as, unsigned op, unsigned dst, unsigned a, unsigned b)
{
    if (has_avx(as))
        vex_rr(as, op, dst & 31, a & 31, b & 31);
    else
        op_rr(as, op, dst & 31, b & 31);
}

static void three_pool(struct bp_asm *as, unsigned op, unsigned dst, unsigned a, unsigned offset)
{
    if (has_avx(as))
        vex_pool(as, op, dst & 31, a & 31, offset);
    else
        op_pool(as, op, dst & 31, offset, 0);
}

static void zero(struct bp_asm *as, unsigned reg) { three_rr(as, OP_XORPS, reg, reg, reg); }

/* ---- the exact way, out of line -------------------------------------------------------------- */

static void exact_arg(struct bp_asm *as, const struct bp_operand *o, int32_t at)
{
    if (o->reg < BP_FP_REG) {
        op_rm(as, OP_W | OP_MOV_STORE, o->reg, RSP, at);
    } else {
        op_rm(as, scalar(o->type) | 0x11, o->reg & 31, RSP, at);
        if (o->type == BP_F32)
            mov_mi(as, 0, RSP, at + 4, 0);
    }
}

static void frame_const(struct bp_asm *as, int32_t at, uint64_t v)
{
    mov_mi(as, 0, RSP, at, (uint32_t)v);
    mov_mi(as, 0, RSP, at + 4, (uint32_t)(v >> 32));
}

/* Calls the runtime's exact function with what the record's operands are in registers. */
static void exact_stub(struct bp_asm *as, struct bp_stub *s)
{
    const struct bp_use *use = &s->use;
    bind_to(s->from, as->p);
    exact_arg(as, &use->in[0], FRAME_ARG(0));
    if (use->ir->op == BP_FMIN || use->ir->op == BP_FMAX || use->ir->op == BP_FMADD ||
        (use->ir->op >= BP_FADD && use->ir->op <= BP_FDIV))
        exact_arg(as, &use->in[1], FRAME_ARG(1));
    if (use->ir->op == BP_FMADD)
        exact_arg(as, use->ir->aux & BP_NAN_KEEP ? &use->in[2] : &use->out, FRAME_ARG(2));
    mov_mi(as, 0, RSP, FRAME_ARG(3), bp_exact_how(use->ir, use->in[0].type));
    frame_const(as, FRAME_ARG(4), (uintptr_t)as->job->slots);
    frame_const(as, FRAME_ARG(5), (uintptr_t)as->exact);
    call_shared(as, SHARED_EXACT);
    if (use->out.reg < BP_FP_REG)
        op_rm(as, wide(use->out.type) | OP_MOV_LOAD, use->out.reg, RSP, FRAME_RESULT);
    else
        op_rm(as, scalar(use->out.type) | 0x10, use->out.reg & 31, RSP, FRAME_RESULT);
    jmp_to(as, s->back);
}

static struct bp_stub *exact(struct bp_asm *as, const struct bp_use *use, uint8_t *from)
{
    struct bp_stub *s = as->stub(as, use, exact_stub);
    s->from = from;
    return s;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

void x86_emit_arith(struct bp_asm *as, struct bp_use *use)
{
    unsigned op = use->ir->op;
    unsigned code = op == BP_FADD ? 0x58 : op == BP_FMUL ? 0x59 : op == BP_FSUB ? 0x5c : 0x5e;
    three_op(as, scalar(use->out.type) | code, use->out.reg, use->in[0].reg, &use->in[1]);
}

/* One-operand instructions merge into their destination: clear it, or use the source for both. */
static void merge_op(struct bp_asm *as, unsigned op, unsigned dst, const struct bp_operand *src)
{
    if (has_avx(as)) {
        if (src->kind != BP_OPERAND_REG || src->reg < BP_FP_REG)
            zero(as, dst);
        vex_ro(as, op, dst, src->kind == BP_OPERAND_REG && src->reg >= BP_FP_REG ? src->reg : dst,
               src);
    } else {
        if (src->kind != BP_OPERAND_REG || src->reg != dst)
            zero(as, dst);
        op_ro(as, op, dst, src);
    }
}

void x86_emit_sqrt(struct bp_asm *as, struct bp_use *use)
{
    merge_op(as, scalar(use->out.type) | 0x51, use->out.reg, &use->in[0]);
}

/* vfmadd231: the result is where c is. The hardware lets infinity * 0 + quiet NaN pass without
 * invalid; a NaN that comes out is as good a c for the exact function, which raises it, as the
 * one that went in. */
void x86_emit_fmadd(struct bp_asm *as, struct bp_use *use)
{
    unsigned type = use->out.type, w = type == BP_F64 ? OP_W : 0, reg = use->out.reg & 31;
    if (use->ir->aux & BP_NAN_KEEP) /* c must stay where it is */
        x86_fp_move(as, use->out.reg, use->in[2].reg);
    vex_ro(as, OP_66 | OP_38 | w | 0xb9, use->out.reg, use->in[0].reg, &use->in[1]);
    op_rr(as, ucomis(type), reg, reg);
    struct bp_stub *s = exact(as, use, jcc(as, CC_P));
    s->back = as->p;
}

/* roundss, roundsd: immediate bit 2 takes the mode from MXCSR, bit 3 keeps inexact down */
static void round_op(struct bp_asm *as, unsigned type, unsigned dst, const struct bp_operand *src,
                     unsigned aux)
{
    static const uint8_t modes[5] = { 4, 0, 3, 1, 2 }; /* by enum bp_rounding */
    merge_op(as, OP_66 | OP_3A | (type == BP_F64 ? 0x0b : 0x0a), dst, src);
    put8(as, modes[aux & 7] | (aux & 0x80 ? 0 : 8));
}

/* BP_NAN_KEEP: a NaN that comes out is made again the exact way, from the operands. */
void x86_emit_keep(struct bp_asm *as, struct bp_use *use)
{
    unsigned type = use->out.type, reg = use->out.reg & 31, op = use->ir->op;
    if (op == BP_FSQRT)
        merge_op(as, scalar(type) | 0x51, use->out.reg, &use->in[0]);
    else if (op == BP_FCVT)
        merge_op(as, scalar(use->in[0].type) | 0x5a, use->out.reg, &use->in[0]);
    else if (op == BP_FROUND)
        round_op(as, type, use->out.reg, &use->in[0], use->ir->aux & 0xff);
    else
        x86_emit_arith(as, use);
    op_rr(as, ucomis(type), reg, reg);
    struct bp_stub *s = exact(as, use, jcc(as, CC_P));
    s->back = as->p;
}

/* fneg, fabs */
void x86_emit_sign(struct bp_asm *as, struct bp_use *use)
{
    bool f64 = use->out.type == BP_F64;
    if (use->ir->op == BP_FNEG)
        three_pool(as, OP_XORPS, use->out.reg, use->in[0].reg, f64 ? POOL_SIGN64 : POOL_SIGN32);
    else
        three_pool(as, OP_ANDPS, use->out.reg, use->in[0].reg, f64 ? POOL_ABS64 : POOL_ABS32);
}

void x86_emit_copysign(struct bp_asm *as, struct bp_use *use)
{
    bool f64 = use->out.type == BP_F64;
    if (!has_avx(as))
        x86_fp_move(as, use->temp[0], use->in[1].reg);
    three_pool(as, OP_ANDPS, use->temp[0], use->in[1].reg, f64 ? POOL_SIGN64 : POOL_SIGN32);
    three_pool(as, OP_ANDPS, use->out.reg, use->in[0].reg, f64 ? POOL_ABS64 : POOL_ABS32);
    three_rr(as, OP_ORPS, use->out.reg, use->out.reg, use->temp[0]);
}

/* Equal operands: only zeros differ, -0 below +0. A NaN among them goes the exact way. */
static void minmax_stub(struct bp_asm *as, struct bp_stub *s)
{
    const struct bp_use *use = &s->use;
    unsigned op = use->ir->op == BP_FMIN ? OP_ORPS : OP_ANDPS;
    uint8_t *equal = s->from;
    bind_to(equal, as->p);
    s->from = jcc(as, CC_P);
    if (!has_avx(as))
        x86_fp_move(as, use->out.reg, use->in[0].reg);
    three_rr(as, op, use->out.reg, use->in[0].reg, use->in[1].reg);
    jmp_to(as, s->back);
    exact_stub(as, s);
}

void x86_emit_minmax(struct bp_asm *as, struct bp_use *use)
{
    unsigned type = use->out.type;
    op_rr(as, ucomis(type), use->in[0].reg & 31, use->in[1].reg & 31);
    struct bp_stub *s = as->stub(as, use, minmax_stub);
    s->from = jcc(as, CC_E);
    if (!has_avx(as))
        x86_fp_move(as, use->out.reg, use->in[0].reg);
    three_rr(as, scalar(type) | (use->ir->op == BP_FMIN ? 0x5d : 0x5f), use->out.reg,
             use->in[0].reg, use->in[1].reg);
    s->back = as->p;
}

/* ---- comparison ------------------------------------------------------------------------------ */

/* flt, fle with exchanged operands, so that unordered is false; unordered itself */
void x86_emit_fcmp(struct bp_asm *as, struct bp_use *use)
{
    unsigned cond = use->ir->aux, type = use->in[0].type, dst = use->out.reg;
    bool signalling = cond == BP_FLT || cond == BP_FLE;
    unsigned cc = cond == BP_FUNORDERED                     ? CC_P
                  : cond == BP_FLT || cond == BP_FLT_QUIET ? CC_A
                                                           : CC_AE;
    alu_rr(as, 0, ALU_XOR, dst, dst);
    op_ro(as, signalling ? comis(type) : ucomis(type), use->in[1].reg, &use->in[0]);
    setcc(as, cc, dst);
}

/* cmpeqs makes a mask: ordered and equal, quiet */
void x86_emit_fcmp_eq(struct bp_asm *as, struct bp_use *use)
{
    unsigned t = use->temp[0];
    if (!has_avx(as))
        x86_fp_move(as, t, use->in[0].reg);
    three_op(as, scalar(use->in[0].type) | 0xc2, t, use->in[0].reg, &use->in[1]);
    put8(as, 0);
    op_rr(as, OP_66 | OP_0F | 0x7e, t & 31, use->out.reg); /* movd */
    alu_ri(as, 0, ALU_AND, use->out.reg, 1);
}

/* ---- flags ----------------------------------------------------------------------------------- */

/* MXCSR has IE DE ZE OE UE PE from bit 0 on; the IR has no DE. What exact functions raised is in
 * the slot. */
void x86_emit_fflags(struct bp_asm *as, struct bp_use *use)
{
    unsigned dst = use->out.reg, t = use->temp[0];
    op_rm(as, OP_0F | 0xae, 3, RSP, FRAME_RESULT); /* stmxcsr */
    op_rm(as, OP_MOV_LOAD, dst, RSP, FRAME_RESULT);
    op_rr(as, OP_MOV_LOAD, t, dst);
    shift_ri(as, 0, SHIFT_SHR, dst, 1);
    alu_ri(as, 0, ALU_AND, t, BP_FP_INVALID);
    alu_ri(as, 0, ALU_AND, dst, 0x1e);
    alu_rr(as, 0, ALU_OR, dst, t);
    op_rm(as, 0x0b, dst, RBP, slots_of(as)->fp_flags); /* or */
}

/* ---- conversion ------------------------------------------------------------------------------ */

void x86_emit_fcvt(struct bp_asm *as, struct bp_use *use)
{
    merge_op(as, scalar(use->in[0].type) | 0x5a, use->out.reg, &use->in[0]);
}

void x86_emit_round(struct bp_asm *as, struct bp_use *use)
{
    round_op(as, use->out.type, use->out.reg, &use->in[0], use->ir->aux);
}

/* cvts2si gives the smallest integer where the value does not fit, and it may be that integer:
 * then what is not below zero, NaN included, becomes the largest. */
static void f2i_stub(struct bp_asm *as, struct bp_stub *s)
{
    const struct bp_use *use = &s->use;
    bind_to(s->from, as->p);
    op_pool(as, ucomis(use->in[0].type), use->in[0].reg & 31, POOL_ZERO, 0);
    uint8_t *unordered = jcc8(as, CC_P), *below = jcc8(as, CC_B);
    if (!(use->ir->aux & BP_NAN_ZERO))
        bind8(as, unordered);
    op_rr(as, wide(use->out.type) | 0xf7, 2, use->out.reg); /* not */
    bind8(as, below);
    jmp_to(as, s->back);
    if (use->ir->aux & BP_NAN_ZERO) {
        bind8(as, unordered);
        alu_rr(as, 0, ALU_XOR, use->out.reg, use->out.reg);
        jmp_to(as, s->back);
    }
}

static unsigned cvt_op(unsigned from, unsigned rounding)
{
    return scalar(from) | (rounding == BP_ROUND_DYNAMIC ? 0x2d : 0x2c);
}

static void f2i_signed(struct bp_asm *as, struct bp_use *use)
{
    unsigned w = wide(use->out.type), dst = use->out.reg, from = use->in[0].type;
    op_rr(as, w | cvt_op(from, use->ir->aux & 0x7f), dst, use->in[0].reg & 31);
    alu_ri(as, w, ALU_CMP, dst, 1);
    struct bp_stub *s = as->stub(as, use, f2i_stub);
    s->from = jcc(as, CC_O);
    s->back = as->p;
}

/* Values from +0 to below a bound convert as signed 64-bit ones; as bit patterns they are those
 * below the bound's. Everything else goes the exact way. */
static void f2i_unsigned(struct bp_asm *as, struct bp_use *use)
{
    unsigned from = use->in[0].type, t = use->temp[0], src = use->in[0].reg & 31;
    bool narrow = use->out.type == BP_I32;
    uint64_t bound = from == BP_F64 ? (narrow ? UINT64_C(0x41efffffffe00000)   /* 2^32 - 1 */
                                              : UINT64_C(0x43e0000000000000))  /* 2^63 */
                                    : (narrow ? 0x4f800000u : 0x5f000000u);    /* 2^32, 2^63 */
    op_rr(as, OP_66 | OP_0F | wide(from) | 0x7e, src, t);
    mov_ri(as, use->out.reg, bound);
    op_rr(as, wide(from) | 0x3b, t, use->out.reg);
    struct bp_stub *s = exact(as, use, jcc(as, CC_AE));
    op_rr(as, OP_W | cvt_op(from, use->ir->aux & 0x7f), use->out.reg, src);
    s->back = as->p;
}

void x86_emit_f2i(struct bp_asm *as, struct bp_use *use)
{
    if (use->ir->aux & 0x80)
        f2i_unsigned(as, use);
    else
        f2i_signed(as, use);
}

void x86_emit_i2f(struct bp_asm *as, struct bp_use *use)
{
    unsigned op = scalar(use->out.type) | 0x2a;
    struct bp_operand a = use->in[0];
    bool is_unsigned = use->ir->aux & 0x80;
    struct bp_stub *s = NULL;
    if (is_unsigned && a.type == BP_I32) {
        op_rr(as, OP_MOV_LOAD, use->temp[0], a.reg);
        a.reg = use->temp[0];
        op |= OP_W;
    } else if (a.type == BP_I64) {
        op |= OP_W;
        if (is_unsigned) {
            test_rr(as, OP_W, a.reg, a.reg);
            s = exact(as, use, jcc(as, CC_S));
        }
    }
    merge_op(as, op, use->out.reg, &a);
    if (s)
        s->back = as->p;
}

/* ---- NaNs and bits --------------------------------------------------------------------------- */

static void load_nan(struct bp_asm *as, unsigned type, unsigned dst)
{
    op_pool(as, scalar(type) | 0x10, dst & 31, type == BP_F64 ? POOL_NAN64 : POOL_NAN32, 0);
}

static void nan_stub(struct bp_asm *as, struct bp_stub *s)
{
    bind_to(s->from, as->p);
    load_nan(as, s->use.out.type, s->use.out.reg);
    jmp_to(as, s->back);
}

void x86_canon(struct bp_asm *as, unsigned type, unsigned dst, unsigned src)
{
    x86_fp_move(as, dst, src);
    op_rr(as, ucomis(type), dst & 31, dst & 31);
    uint8_t *ordered = jcc8(as, CC_NP);
    load_nan(as, type, dst);
    bind8(as, ordered);
}

void x86_emit_canon(struct bp_asm *as, struct bp_use *use)
{
    unsigned reg = use->out.reg & 31;
    op_rr(as, ucomis(use->out.type), reg, reg);
    struct bp_stub *s = as->stub(as, use, nan_stub);
    s->from = jcc(as, CC_P);
    s->back = as->p;
}

/* The exact function made it canonical already. */
void x86_emit_is_canon(struct bp_asm *as, struct bp_use *use) {}

/* Of any bits: a signalling NaN must not raise invalid. Without sign a NaN is above infinity. */
void x86_emit_canon_bits(struct bp_asm *as, struct bp_use *use)
{
    unsigned w = wide(use->out.type), t = use->temp[0];
    op_rr(as, OP_66 | OP_0F | w | 0x7e, use->out.reg & 31, t);
    alu_rr(as, w, ALU_ADD, t, t);
    mov_ri(as, use->temp[1], w ? UINT64_C(0xffe0000000000000) : 0xff000000u);
    alu_rr(as, w, ALU_CMP, t, use->temp[1]);
    struct bp_stub *s = as->stub(as, use, nan_stub);
    s->from = jcc(as, CC_A);
    s->back = as->p;
}

void x86_emit_bitcast(struct bp_asm *as, struct bp_use *use)
{
    const struct bp_operand *a = &use->in[0];
    unsigned w = wide(use->out.type), dst = use->out.reg;
    if (dst >= BP_FP_REG) {
        op_ro(as, OP_66 | OP_0F | w | 0x6e, dst, a);
    } else if (a->kind == BP_OPERAND_REG) {
        op_rr(as, OP_66 | OP_0F | w | 0x7e, a->reg & 31, dst);
    } else {
        op_ro(as, w | OP_MOV_LOAD, dst, a);
    }
}

void x86_emit_box(struct bp_asm *as, struct bp_use *use)
{
    three_pool(as, OP_ORPS, use->out.reg, use->in[0].reg, POOL_BOX);
}

void x86_emit_unbox(struct bp_asm *as, struct bp_use *use)
{
    struct bp_operand a = use->in[0];
    if (a.kind == BP_OPERAND_REG) {
        op_rr(as, OP_66 | OP_0F | OP_W | 0x7e, a.reg & 31, use->temp[0]);
        shift_ri(as, OP_W, SHIFT_SAR, use->temp[0], 32);
        alu_ri(as, 0, ALU_CMP, use->temp[0], -1);
        x86_fp_move(as, use->out.reg, a.reg);
    } else {
        a.offset += 4;
        alu_oi(as, 0, ALU_CMP, &a, -1);
        a.offset -= 4;
        op_ro(as, OP_F3 | OP_0F | 0x10, use->out.reg, &a);
    }
    struct bp_stub *s = as->stub(as, use, nan_stub);
    s->from = jcc(as, CC_NE);
    s->back = as->p;
}
