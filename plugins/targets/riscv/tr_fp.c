/* SPDX-License-Identifier: MIT */
/*
 * tr_fp.c: floating point. The RISC-V Instruction Set Manual, volume I, "F" and "D" Extensions.
 *
 * Registers hold 64 bits, narrower values NaN-boxed. Arithmetic is the IR's, with NaN results made
 * canonical; what rounds to nearest with ties away goes to an exact helper. Narrow values are
 * f32 in IR, boxed when they are put.
 */
#include "tr.h"

static enum bp_type type_of(bool dbl)
{
    return dbl ? BP_F64 : BP_F32;
}

static bp_value fpr(struct ctx *c, bool dbl, int32_t n)
{
    bp_value v = bp_get(c->t, BP_F64, REG_F0 + (unsigned)n);
    return dbl ? v : bp_op1(c->t, BP_FUNBOX, BP_F32, v);
}

static void set_fpr(struct ctx *c, bool dbl, int32_t n, bp_value v)
{
    bp_put(c->t, REG_F0 + (unsigned)n, dbl ? v : bp_op1(c->t, BP_FBOX, BP_F64, v));
}

static bp_value canonical(struct ctx *c, bool dbl, bp_value v)
{
    return bp_op1(c->t, BP_FCANON, type_of(dbl), v);
}

static bp_value bitcast(struct ctx *c, enum bp_type type, bp_value v)
{
    return bp_op1(c->t, BP_BITCAST, type, v);
}

bool fp_begin(struct ctx *c, bool writes)
{
    unsigned fs = CTX_FS(c->t->flags);

    if (fs == CTX_FS_OFF)
        return false;
    if (writes)
        tr_flags(c)->read = 0;
    if (writes && fs == CTX_FS_CLEAN) {
        bp_call(c->t, &helper_fs_dirty, 0, NULL);
        c->leave = true; /* into a context that knows */
    }
    return true;
}

/* The IR's flags in the reverse order: NV DZ OF UF NX from bit 4 down. All eight bits of a byte are
 * reversed by three multiplications. */
bp_value fp_read_flags(struct ctx *c)
{
    struct bp_tr *t = c->t;
    struct tr_flags *f = tr_flags(c);
    bp_value v = bp_emit(t, BP_FFLAGS, BP_I32, 0, 0, 0, 0);
    bp_value low = bp_op2(t, BP_AND, BP_I32, bp_op2(t, BP_MUL, BP_I32, v, bp_const(t, BP_I32, 0x802)),
                          bp_const(t, BP_I32, 0x22110));
    bp_value high = bp_op2(t, BP_AND, BP_I32,
                           bp_op2(t, BP_MUL, BP_I32, v, bp_const(t, BP_I32, 0x8020)),
                           bp_const(t, BP_I32, 0x88440));
    v = bp_op2(t, BP_MUL, BP_I32, bp_op2(t, BP_OR, BP_I32, low, high),
               bp_const(t, BP_I32, 0x10101));
    v = bp_extract(t, BP_I32, v, 16 + 3, 5, false);
    v = c->xt == BP_I32 ? v : bp_op1(t, BP_ZEXT, BP_I64, v);
    f->read = v;
    f->count = 0;
    return v;
}

bool fp_flags_unchanged(struct ctx *c, bp_value v)
{
    const struct tr_flags *f = tr_flags(c);

    if (!f->read || f->read != v)
        return false;
    for (uint32_t i = 0; i < f->count; i++) {
        bp_value unordered = bp_emit(c->t, BP_FCMP, BP_I32, BP_FUNORDERED, f->compared[i][0],
                                     f->compared[i][1], 0);
        bp_exit_if(c->t, BP_NE, unordered, bp_const(c->t, BP_I32, 0), c->t->pc);
    }
    return true;
}

/* How an instruction's rm field rounds: an IR rounding, or exactly, or not at all. */
enum rounding_kind { ROUND_ILLEGAL, ROUND_HOST, ROUND_EXACT };

static enum rounding_kind rounding_of(const struct ctx *c, int32_t rm, unsigned *ret_aux)
{
    static const uint8_t host[4] = {
        BP_ROUND_NEAREST_EVEN, BP_ROUND_ZERO, BP_ROUND_DOWN, BP_ROUND_UP,
    };

    *ret_aux = BP_ROUND_DYNAMIC;
    if (rm == 7) {
        unsigned frm = CTX_FRM(c->t->flags);
        return frm == CTX_FRM_HOST ? ROUND_HOST : frm == CTX_FRM_AWAY ? ROUND_EXACT : ROUND_ILLEGAL;
    }
    if (rm == 4)
        return ROUND_EXACT;
    if (rm > 4)
        return ROUND_ILLEGAL;
    *ret_aux = host[rm];
    return ROUND_HOST;
}

/* Starts an instruction that rounds; ROUND_ILLEGAL: raise. */
static enum rounding_kind begin_rounding(struct ctx *c, int32_t rm, unsigned *ret_aux)
{
    enum rounding_kind kind = rounding_of(c, rm, ret_aux);
    return kind != ROUND_ILLEGAL && fp_begin(c, true) ? kind : ROUND_ILLEGAL;
}

/* ---- exact helper ---------------------------------------------------------------------------- */

/* A float operand as the helper takes it. */
static bp_value exact_arg(struct ctx *c, bool dbl, int32_t reg)
{
    bp_value v = fpr(c, dbl, reg);
    if (dbl)
        return bitcast(c, BP_I64, v);
    return bp_op1(c->t, BP_ZEXT, BP_I64, bitcast(c, BP_I32, v));
}

static bp_value exact_call(struct ctx *c, unsigned op, bool dbl, bp_value x, bp_value y, bp_value z)
{
    bp_value zero = bp_const(c->t, BP_I64, 0);
    bp_value args[4] = {
        bp_const(c->t, BP_I32, op | (dbl ? FP_EXACT_DOUBLE : 0)), x, y ? y : zero, z ? z : zero,
    };

    return bp_call(c->t, &helper_fp_exact, 4, args);
}

static void set_exact(struct ctx *c, bool dbl, int32_t rd, bp_value bits)
{
    if (dbl)
        set_fpr(c, true, rd, bitcast(c, BP_F64, bits));
    else
        set_fpr(c, false, rd, bitcast(c, BP_F32, bp_op1(c->t, BP_TRUNC, BP_I32, bits)));
}

/* ---- loads, stores, moves -------------------------------------------------------------------- */

static int load_fpr(struct ctx *c, bool dbl, const struct riscv_args_i *a)
{
    unsigned memop = BP_MEM_SIZE(dbl ? 3 : 2) | BP_MEM_MMU(c->mmu);

    if (!fp_begin(c, true))
        return tr_illegal(c);
    set_fpr(c, dbl, a->rd, bp_load(c->t, type_of(dbl), memop, gpr(c, a->rs1), a->imm));
    return BP_TR_NEXT;
}

TR(flw, i) { return load_fpr(c, false, a); }
TR(fld, i) { return load_fpr(c, true, a); }

/* Stores of 32 bits take the low ones as they are, boxed or not. */
TR(fsw, s)
{
    bp_value v;

    if (!fp_begin(c, false))
        return tr_illegal(c);
    v = bitcast(c, BP_I64, bp_get(c->t, BP_F64, REG_F0 + (unsigned)a->rs2));
    bp_store(c->t, BP_MEM_SIZE(2) | BP_MEM_MMU(c->mmu), gpr(c, a->rs1), a->imm, v);
    return BP_TR_NEXT;
}

TR(fsd, s)
{
    if (!fp_begin(c, false))
        return tr_illegal(c);
    bp_store(c->t, BP_MEM_SIZE(3) | BP_MEM_MMU(c->mmu), gpr(c, a->rs1), a->imm,
             fpr(c, true, a->rs2));
    return BP_TR_NEXT;
}

/* As FSW. */
TR(fmv_x_w, r1)
{
    bp_value v;

    if (!fp_begin(c, false))
        return tr_illegal(c);
    v = bitcast(c, BP_I64, bp_get(c->t, BP_F64, REG_F0 + (unsigned)a->rs1));
    set_gpr_w(c, a->rd, bp_op1(c->t, BP_TRUNC, BP_I32, v));
    return BP_TR_NEXT;
}

TR(fmv_w_x, r1)
{
    if (!fp_begin(c, true))
        return tr_illegal(c);
    set_fpr(c, false, a->rd, bitcast(c, BP_F32, gpr_w(c, a->rs1)));
    return BP_TR_NEXT;
}

TR(fmv_x_d, r1)
{
    if (!fp_begin(c, false))
        return tr_illegal(c);
    set_gpr(c, a->rd, bitcast(c, BP_I64, fpr(c, true, a->rs1)));
    return BP_TR_NEXT;
}

TR(fmv_d_x, r1)
{
    if (!fp_begin(c, true))
        return tr_illegal(c);
    set_fpr(c, true, a->rd, bitcast(c, BP_F64, gpr(c, a->rs1)));
    return BP_TR_NEXT;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

static int arith(struct ctx *c, enum bp_op op, enum fp_exact_op exact, bool dbl, int32_t rd,
                 int32_t rs1, int32_t rs2, int32_t rm)
{
    unsigned aux;
    enum rounding_kind kind = begin_rounding(c, rm, &aux);
    bool unary = exact == FP_SQRT;

    if (kind == ROUND_ILLEGAL)
        return tr_illegal(c);
    if (kind == ROUND_EXACT) {
        bp_value y = unary ? 0 : exact_arg(c, dbl, rs2);
        set_exact(c, dbl, rd, exact_call(c, exact, dbl, exact_arg(c, dbl, rs1), y, 0));
    } else {
        bp_value x = fpr(c, dbl, rs1), y = unary ? 0 : fpr(c, dbl, rs2);
        set_fpr(c, dbl, rd, canonical(c, dbl, bp_emit(c->t, op, type_of(dbl), aux, x, y, 0)));
    }
    return BP_TR_NEXT;
}

static int arith2(struct ctx *c, enum bp_op op, enum fp_exact_op exact, bool dbl,
                  const struct riscv_args_fr *a)
{
    return arith(c, op, exact, dbl, a->rd, a->rs1, a->rs2, a->rm);
}

TR(fadd_s, fr) { return arith2(c, BP_FADD, FP_ADD, false, a); }
TR(fsub_s, fr) { return arith2(c, BP_FSUB, FP_SUB, false, a); }
TR(fmul_s, fr) { return arith2(c, BP_FMUL, FP_MUL, false, a); }
TR(fdiv_s, fr) { return arith2(c, BP_FDIV, FP_DIV, false, a); }
TR(fadd_d, fr) { return arith2(c, BP_FADD, FP_ADD, true, a); }
TR(fsub_d, fr) { return arith2(c, BP_FSUB, FP_SUB, true, a); }
TR(fmul_d, fr) { return arith2(c, BP_FMUL, FP_MUL, true, a); }
TR(fdiv_d, fr) { return arith2(c, BP_FDIV, FP_DIV, true, a); }
TR(fsqrt_s, r1m) { return arith(c, BP_FSQRT, FP_SQRT, false, a->rd, a->rs1, 0, a->rm); }
TR(fsqrt_d, r1m) { return arith(c, BP_FSQRT, FP_SQRT, true, a->rd, a->rs1, 0, a->rm); }

static int fused(struct ctx *c, enum fp_exact_op op, bool dbl, const struct riscv_args_r4 *a)
{
    enum bp_type type = type_of(dbl);
    unsigned aux;
    enum rounding_kind kind = begin_rounding(c, a->rm, &aux);
    bp_value x, y, z;

    if (kind == ROUND_ILLEGAL)
        return tr_illegal(c);
    if (kind == ROUND_EXACT) {
        x = exact_arg(c, dbl, a->rs1);
        y = exact_arg(c, dbl, a->rs2);
        z = exact_arg(c, dbl, a->rs3);
        set_exact(c, dbl, a->rd, exact_call(c, op, dbl, x, y, z));
        return BP_TR_NEXT;
    }
    x = fpr(c, dbl, a->rs1);
    y = fpr(c, dbl, a->rs2);
    z = fpr(c, dbl, a->rs3);
    if (op == FP_NMSUB || op == FP_NMADD)
        x = bp_op1(c->t, BP_FNEG, type, x);
    if (op == FP_MSUB || op == FP_NMADD)
        z = bp_op1(c->t, BP_FNEG, type, z);
    set_fpr(c, dbl, a->rd, canonical(c, dbl, bp_emit(c->t, BP_FMADD, type, aux, x, y, z)));
    return BP_TR_NEXT;
}

TR(fmadd_s, r4) { return fused(c, FP_MADD, false, a); }
TR(fmsub_s, r4) { return fused(c, FP_MSUB, false, a); }
TR(fnmsub_s, r4) { return fused(c, FP_NMSUB, false, a); }
TR(fnmadd_s, r4) { return fused(c, FP_NMADD, false, a); }
TR(fmadd_d, r4) { return fused(c, FP_MADD, true, a); }
TR(fmsub_d, r4) { return fused(c, FP_MSUB, true, a); }
TR(fnmsub_d, r4) { return fused(c, FP_NMSUB, true, a); }
TR(fnmadd_d, r4) { return fused(c, FP_NMADD, true, a); }

/* ---- signs, minimum and maximum, comparison -------------------------------------------------- */

static int sign_inject(struct ctx *c, bool dbl, bool negate, const struct riscv_args_r *a)
{
    enum bp_type type = type_of(dbl);
    bp_value x, y;

    if (!fp_begin(c, true))
        return tr_illegal(c);
    x = fpr(c, dbl, a->rs1);
    if (a->rs1 == a->rs2) {
        set_fpr(c, dbl, a->rd, negate ? bp_op1(c->t, BP_FNEG, type, x) : x);
        return BP_TR_NEXT;
    }
    y = fpr(c, dbl, a->rs2);
    if (negate)
        y = bp_op1(c->t, BP_FNEG, type, y);
    set_fpr(c, dbl, a->rd, bp_op2(c->t, BP_FCOPYSIGN, type, x, y));
    return BP_TR_NEXT;
}

static int sign_xor(struct ctx *c, bool dbl, const struct riscv_args_r *a)
{
    enum bp_type type = type_of(dbl), bits = dbl ? BP_I64 : BP_I32;
    bp_value x, y, sign;

    if (!fp_begin(c, true))
        return tr_illegal(c);
    x = fpr(c, dbl, a->rs1);
    if (a->rs1 == a->rs2) {
        set_fpr(c, dbl, a->rd, bp_op1(c->t, BP_FABS, type, x));
        return BP_TR_NEXT;
    }
    y = bitcast(c, bits, fpr(c, dbl, a->rs2));
    sign = bp_const(c->t, bits, dbl ? UINT64_C(1) << 63 : UINT64_C(1) << 31);
    y = bp_op2(c->t, BP_AND, bits, y, sign);
    x = bp_op2(c->t, BP_XOR, bits, bitcast(c, bits, x), y);
    set_fpr(c, dbl, a->rd, bitcast(c, type, x));
    return BP_TR_NEXT;
}

TR(fsgnj_s, r) { return sign_inject(c, false, false, a); }
TR(fsgnjn_s, r) { return sign_inject(c, false, true, a); }
TR(fsgnjx_s, r) { return sign_xor(c, false, a); }
TR(fsgnj_d, r) { return sign_inject(c, true, false, a); }
TR(fsgnjn_d, r) { return sign_inject(c, true, true, a); }
TR(fsgnjx_d, r) { return sign_xor(c, true, a); }

static int min_max(struct ctx *c, enum bp_op op, bool dbl, const struct riscv_args_r *a)
{
    if (!fp_begin(c, true))
        return tr_illegal(c);
    set_fpr(c, dbl, a->rd,
            bp_op2(c->t, op, type_of(dbl), fpr(c, dbl, a->rs1), fpr(c, dbl, a->rs2)));
    return BP_TR_NEXT;
}

TR(fmin_s, r) { return min_max(c, BP_FMIN, false, a); }
TR(fmax_s, r) { return min_max(c, BP_FMAX, false, a); }
TR(fmin_d, r) { return min_max(c, BP_FMIN, true, a); }
TR(fmax_d, r) { return min_max(c, BP_FMAX, true, a); }

static int compare(struct ctx *c, enum bp_fcond cond, bool dbl, const struct riscv_args_r *a)
{
    struct tr_flags *f = tr_flags(c);
    bp_value read = f->read, x, y;

    if (!fp_begin(c, true))
        return tr_illegal(c);
    x = fpr(c, dbl, a->rs1);
    y = fpr(c, dbl, a->rs2);
    set_gpr(c, a->rd, bp_emit(c->t, BP_FCMP, c->xt, cond, x, y, 0));
    if (read && f->count < TR_COMPARES) {
        f->read = read;
        f->compared[f->count][0] = x;
        f->compared[f->count++][1] = y;
    }
    return BP_TR_NEXT;
}

TR(feq_s, r) { return compare(c, BP_FEQ, false, a); }
TR(flt_s, r) { return compare(c, BP_FLT, false, a); }
TR(fle_s, r) { return compare(c, BP_FLE, false, a); }
TR(feq_d, r) { return compare(c, BP_FEQ, true, a); }
TR(flt_d, r) { return compare(c, BP_FLT, true, a); }
TR(fle_d, r) { return compare(c, BP_FLE, true, a); }

static int classify(struct ctx *c, bool dbl, const struct riscv_args_r1 *a)
{
    bp_value v;

    if (!fp_begin(c, false))
        return tr_illegal(c);
    v = bitcast(c, dbl ? BP_I64 : BP_I32, fpr(c, dbl, a->rs1));
    v = bp_call(c->t, dbl ? &helper_fclass_d : &helper_fclass_s, 1, &v);
    set_gpr_w(c, a->rd, v); /* ten bits: the sign does not matter */
    return BP_TR_NEXT;
}

TR(fclass_s, r1) { return classify(c, false, a); }
TR(fclass_d, r1) { return classify(c, true, a); }

/* ---- conversions ----------------------------------------------------------------------------- */

/* `op` is FP_TO_W ... FP_TO_LU. */
static int to_int(struct ctx *c, enum fp_exact_op op, bool dbl, const struct riscv_args_r1m *a)
{
    enum bp_type type = op == FP_TO_W || op == FP_TO_WU ? BP_I32 : BP_I64;
    bool is_unsigned = op == FP_TO_WU || op == FP_TO_LU;
    unsigned aux;
    enum rounding_kind kind = begin_rounding(c, a->rm, &aux);
    bp_value v;

    if (kind == ROUND_ILLEGAL)
        return tr_illegal(c);
    if (kind == ROUND_EXACT) {
        v = exact_call(c, op, dbl, exact_arg(c, dbl, a->rs1), 0, 0);
        set_gpr(c, a->rd, from_i64(c, v));
        return BP_TR_NEXT;
    }
    v = bp_emit(c->t, BP_F2I, type, aux | (is_unsigned ? 0x80 : 0), fpr(c, dbl, a->rs1), 0, 0);
    if (type == BP_I32)
        set_gpr_w(c, a->rd, v);
    else
        set_gpr(c, a->rd, v);
    return BP_TR_NEXT;
}

/* `op` is FP_FROM_W ... FP_FROM_LU. */
static int from_int(struct ctx *c, enum fp_exact_op op, bool dbl, const struct riscv_args_r1m *a)
{
    bool word = op == FP_FROM_W || op == FP_FROM_WU;
    bool is_unsigned = op == FP_FROM_WU || op == FP_FROM_LU;
    unsigned aux;
    enum rounding_kind kind = begin_rounding(c, a->rm, &aux);
    bp_value v;

    if (kind == ROUND_ILLEGAL)
        return tr_illegal(c);
    if (dbl && word) { /* exact, however it rounds */
        kind = ROUND_HOST;
        aux = BP_ROUND_DYNAMIC;
    }
    if (kind == ROUND_EXACT) {
        v = exact_call(c, op, dbl, to_i64(c, gpr(c, a->rs1)), 0, 0);
        set_exact(c, dbl, a->rd, v);
        return BP_TR_NEXT;
    }
    v = word ? gpr_w(c, a->rs1) : gpr(c, a->rs1);
    v = bp_emit(c->t, BP_I2F, type_of(dbl), aux | (is_unsigned ? 0x80 : 0), v, 0, 0);
    set_fpr(c, dbl, a->rd, v);
    return BP_TR_NEXT;
}

TR(fcvt_w_s, r1m) { return to_int(c, FP_TO_W, false, a); }
TR(fcvt_wu_s, r1m) { return to_int(c, FP_TO_WU, false, a); }
TR(fcvt_l_s, r1m) { return to_int(c, FP_TO_L, false, a); }
TR(fcvt_lu_s, r1m) { return to_int(c, FP_TO_LU, false, a); }
TR(fcvt_w_d, r1m) { return to_int(c, FP_TO_W, true, a); }
TR(fcvt_wu_d, r1m) { return to_int(c, FP_TO_WU, true, a); }
TR(fcvt_l_d, r1m) { return to_int(c, FP_TO_L, true, a); }
TR(fcvt_lu_d, r1m) { return to_int(c, FP_TO_LU, true, a); }
TR(fcvt_s_w, r1m) { return from_int(c, FP_FROM_W, false, a); }
TR(fcvt_s_wu, r1m) { return from_int(c, FP_FROM_WU, false, a); }
TR(fcvt_s_l, r1m) { return from_int(c, FP_FROM_L, false, a); }
TR(fcvt_s_lu, r1m) { return from_int(c, FP_FROM_LU, false, a); }
TR(fcvt_d_w, r1m) { return from_int(c, FP_FROM_W, true, a); }
TR(fcvt_d_wu, r1m) { return from_int(c, FP_FROM_WU, true, a); }
TR(fcvt_d_l, r1m) { return from_int(c, FP_FROM_L, true, a); }
TR(fcvt_d_lu, r1m) { return from_int(c, FP_FROM_LU, true, a); }

TR(fcvt_s_d, r1m)
{
    unsigned aux;
    enum rounding_kind kind = begin_rounding(c, a->rm, &aux);

    if (kind == ROUND_ILLEGAL)
        return tr_illegal(c);
    if (kind == ROUND_EXACT) {
        bp_value v = exact_call(c, FP_NARROW, true, exact_arg(c, true, a->rs1), 0, 0);
        set_exact(c, false, a->rd, v);
    } else {
        bp_value v = bp_emit(c->t, BP_FCVT, BP_F32, aux, fpr(c, true, a->rs1), 0, 0);
        set_fpr(c, false, a->rd, canonical(c, false, v));
    }
    return BP_TR_NEXT;
}

TR(fcvt_d_s, r1m)
{
    unsigned aux;
    bp_value v;

    if (begin_rounding(c, a->rm, &aux) == ROUND_ILLEGAL)
        return tr_illegal(c);
    /* Exact, however it rounds. */
    v = bp_emit(c->t, BP_FCVT, BP_F64, BP_ROUND_DYNAMIC, fpr(c, false, a->rs1), 0, 0);
    set_fpr(c, true, a->rd, canonical(c, true, v));
    return BP_TR_NEXT;
}
