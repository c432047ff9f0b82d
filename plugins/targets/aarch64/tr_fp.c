/* SPDX-License-Identifier: MIT */
/*
 * tr_fp.c: scalar floating point. The host's FPU does it, NaNs passed on as Arm does
 * (BP_NAN_KEEP), or made the default one where FPCR.DN is set. Where FPCR.FZ is set all goes to
 * the exact helper, and so does half precision: in IR a half is its bits as an i64.
 */
#include "tr.h"

enum { TYPE_S = 0, TYPE_D = 1, TYPE_RESERVED = 2, TYPE_H = 3 };

static unsigned ftype(const struct ctx *c) { return bits_of(c, 22, 2); }

/* The type of the instruction; BP_VOID where there is none here. */
static enum bp_type float_type(const struct ctx *c)
{
    unsigned t = ftype(c);
    return t == TYPE_S ? BP_F32 : t == TYPE_D ? BP_F64 : BP_VOID;
}

static enum bp_type bits_type(enum bp_type t) { return t == BP_F64 ? BP_I64 : BP_I32; }

/* A float as the helper takes and gives it: 64 bits. */
static bp_value to_bits(struct ctx *c, enum bp_type t, bp_value v)
{
    v = bp_op1(c->t, BP_BITCAST, bits_type(t), v);
    return t == BP_F64 ? v : bp_op1(c->t, BP_ZEXT, BP_I64, v);
}
static bp_value from_bits(struct ctx *c, enum bp_type t, bp_value v)
{
    if (t == BP_F32)
        v = bp_op1(c->t, BP_TRUNC, BP_I32, v);
    return bp_op1(c->t, BP_BITCAST, t, v);
}

bp_value fp_call(struct ctx *c, unsigned op, enum bp_type type, unsigned number, bp_value a,
                 bp_value b, bp_value z)
{
    bp_value zero = const64(c, 0);
    uint32_t what = op | number << 16 | (type == BP_F64 ? FP_DOUBLE : type == FP_TYPE_HALF ? FP_HALF : 0);
    bp_value args[4] = { const32(c, what), a, b ? b : zero, z ? z : zero };

    return bp_call(c->t, &helper_fp, 4, args);
}

static bp_value exact(struct ctx *c, unsigned op, enum bp_type t, unsigned number, bp_value a,
                      bp_value b, bp_value z)
{
    return from_bits(c, t, fp_call(c, op, t, number, to_bits(c, t, a), b ? to_bits(c, t, b) : 0,
                                   z ? to_bits(c, t, z) : 0));
}

/* ---- half precision: the same handlers where the type is none of the IR's ---------------------- */

#define HALF_SIGN 0x8000u

static bool is_half(const struct ctx *c) { return ftype(c) == TYPE_H && c->cpu->ext.fp16; }

static bp_value half_of(struct ctx *c, int32_t n)
{
    return bp_emit(c->t, BP_VGET, BP_I64, BP_V(1, 0), get_v(c, n), 0, 0);
}

static bp_value half_xor(struct ctx *c, bp_value v, uint64_t bits)
{
    return op2(c, BP_XOR, BP_I64, v, const64(c, bits));
}

static bp_value half_call(struct ctx *c, unsigned op, unsigned number, bp_value a, bp_value b,
                          bp_value z)
{
    return fp_call(c, op, FP_TYPE_HALF, number, a, b, z);
}

/* What an instruction does of which only the helper's operation matters. */
static int half_op(struct ctx *c, unsigned op, unsigned number, int32_t rd, int32_t rn, int32_t rm)
{
    if (!is_half(c))
        return tr_undefined(c);
    put_f(c, rd, half_call(c, op, number, half_of(c, rn), half_of(c, rm), 0));
    return BP_TR_NEXT;
}

/* ---- two operands ---------------------------------------------------------------------------- */

/* Arithmetic that the IR has; `number` is more of aux, and what the helper is told. */
static bp_value arith(struct ctx *c, enum bp_op op, unsigned exact_op, enum bp_type t,
                      unsigned number, bp_value a, bp_value b, bp_value z)
{
    if (fp_exact_mode(c))
        return exact(c, exact_op, t, number, a, b, z);
    if (fp_default_nan(c))
        return bp_op1(c->t, BP_FCANON, t, bp_emit(c->t, op, t, number, a, b, z));
    return bp_emit(c->t, op, t, number | BP_NAN_KEEP, a, b, z);
}

static int binary(struct ctx *c, enum bp_op op, unsigned exact_op, const struct a64_args_f3 *a)
{
    enum bp_type t = float_type(c);

    if (!t)
        return half_op(c, exact_op, 0, a->rd, a->rn, a->rm);
    put_f(c, a->rd, arith(c, op, exact_op, t, 0, get_f(c, t, a->rn), get_f(c, t, a->rm), 0));
    return BP_TR_NEXT;
}

TR(fadd, f3) { return binary(c, BP_FADD, FP_ADD, a); }
TR(fsub, f3) { return binary(c, BP_FSUB, FP_SUB, a); }
TR(fmul, f3) { return binary(c, BP_FMUL, FP_MUL, a); }
TR(fdiv, f3) { return binary(c, BP_FDIV, FP_DIV, a); }

TR(fnmul, f3)
{
    enum bp_type t = float_type(c);
    bp_value v;

    if (is_half(c)) {
        v = half_call(c, FP_MUL, 0, half_of(c, a->rn), half_of(c, a->rm), 0);
        put_f(c, a->rd, half_xor(c, v, HALF_SIGN));
        return BP_TR_NEXT;
    }
    if (!t)
        return tr_undefined(c);
    v = arith(c, BP_FMUL, FP_MUL, t, 0, get_f(c, t, a->rn), get_f(c, t, a->rm), 0);
    put_f(c, a->rd, bp_op1(c->t, BP_FNEG, t, v));
    return BP_TR_NEXT;
}

static int minmax(struct ctx *c, enum bp_op op, unsigned exact_op, bool number,
                  const struct a64_args_f3 *a)
{
    enum bp_type t = float_type(c);
    bool canon = fp_default_nan(c);
    unsigned rule = number ? (canon ? BP_FMIN_2008_CANON : BP_FMIN_2008)
                           : (canon ? BP_FMIN_NAN_CANON : BP_FMIN_NAN);
    bp_value x, y;

    if (!t)
        return half_op(c, exact_op, 0, a->rd, a->rn, a->rm);
    x = get_f(c, t, a->rn);
    y = get_f(c, t, a->rm);
    put_f(c, a->rd, fp_exact_mode(c) ? exact(c, exact_op, t, 0, x, y, 0)
                                     : bp_emit(c->t, op, t, rule, x, y, 0));
    return BP_TR_NEXT;
}

TR(fmax, f3) { return minmax(c, BP_FMAX, FP_MAX, false, a); }
TR(fmin, f3) { return minmax(c, BP_FMIN, FP_MIN, false, a); }
TR(fmaxnm, f3) { return minmax(c, BP_FMAX, FP_MAXNM, true, a); }
TR(fminnm, f3) { return minmax(c, BP_FMIN, FP_MINNM, true, a); }

/* Operands are negated, NaNs too. */
static int fused(struct ctx *c, bool negate_product, bool negate_addend,
                 const struct a64_args_f4 *a)
{
    enum bp_type t = float_type(c);
    bp_value n, z;

    if (is_half(c)) {
        n = half_xor(c, half_of(c, a->rn), negate_product ? HALF_SIGN : 0);
        z = half_xor(c, half_of(c, a->ra), negate_addend ? HALF_SIGN : 0);
        put_f(c, a->rd, half_call(c, FP_MADD, 0, n, half_of(c, a->rm), z));
        return BP_TR_NEXT;
    }
    if (!t)
        return tr_undefined(c);
    n = get_f(c, t, a->rn);
    z = get_f(c, t, a->ra);
    if (negate_product)
        n = bp_op1(c->t, BP_FNEG, t, n);
    if (negate_addend)
        z = bp_op1(c->t, BP_FNEG, t, z);
    put_f(c, a->rd, arith(c, BP_FMADD, FP_MADD, t, 0, n, get_f(c, t, a->rm), z));
    return BP_TR_NEXT;
}

TR(fmadd, f4) { return fused(c, false, false, a); }
TR(fmsub, f4) { return fused(c, true, false, a); }
TR(fnmadd, f4) { return fused(c, true, true, a); }
TR(fnmsub, f4) { return fused(c, false, true, a); }

/* ---- one operand ----------------------------------------------------------------------------- */

TR(fsqrt, f2)
{
    enum bp_type t = float_type(c);

    if (!t)
        return half_op(c, FP_SQRT, 0, a->rd, a->rn, a->rn);
    put_f(c, a->rd, arith(c, BP_FSQRT, FP_SQRT, t, 0, get_f(c, t, a->rn), 0, 0));
    return BP_TR_NEXT;
}

static int sign_op(struct ctx *c, enum bp_op op, const struct a64_args_f2 *a)
{
    enum bp_type t = float_type(c);
    bp_value v;

    if (is_half(c)) {
        v = half_of(c, a->rn);
        v = op == BP_FABS ? op2(c, BP_AND, BP_I64, v, const64(c, HALF_SIGN - 1))
                          : half_xor(c, v, op ? HALF_SIGN : 0);
        put_f(c, a->rd, v);
        return BP_TR_NEXT;
    }
    if (!t)
        return tr_undefined(c);
    v = get_f(c, t, a->rn);
    put_f(c, a->rd, op ? bp_op1(c->t, op, t, v) : v);
    return BP_TR_NEXT;
}

TR(fmov, f2) { return sign_op(c, 0, a); }
TR(fabs, f2) { return sign_op(c, BP_FABS, a); }
TR(fneg, f2) { return sign_op(c, BP_FNEG, a); }

static int round_op(struct ctx *c, unsigned how, const struct a64_args_f2 *a)
{
    enum bp_type t = float_type(c);

    if (!t)
        return half_op(c, FP_ROUND, how, a->rd, a->rn, a->rn);
    put_f(c, a->rd, arith(c, BP_FROUND, FP_ROUND, t, how, get_f(c, t, a->rn), 0, 0));
    return BP_TR_NEXT;
}

TR(frintn, f2) { return round_op(c, BP_ROUND_NEAREST_EVEN, a); }
TR(frintp, f2) { return round_op(c, BP_ROUND_UP, a); }
TR(frintm, f2) { return round_op(c, BP_ROUND_DOWN, a); }
TR(frintz, f2) { return round_op(c, BP_ROUND_ZERO, a); }
TR(frinta, f2) { return round_op(c, BP_ROUND_NEAREST_AWAY, a); }
TR(frintx, f2) { return round_op(c, BP_ROUND_DYNAMIC | 0x80, a); }
TR(frinti, f2) { return round_op(c, BP_ROUND_DYNAMIC, a); }

/* FEAT_FRINTTS */
static int round_n(struct ctx *c, unsigned how, const struct a64_args_f2 *a)
{
    enum bp_type t = float_type(c);

    if (!t)
        return tr_undefined(c);
    put_f(c, a->rd, exact(c, FP_ROUND_N, t, how, get_f(c, t, a->rn), 0, 0));
    return BP_TR_NEXT;
}
TR(frint32z, f2) { return round_n(c, BP_ROUND_ZERO, a); }
TR(frint32x, f2) { return round_n(c, BP_ROUND_DYNAMIC, a); }
TR(frint64z, f2) { return round_n(c, 8 | BP_ROUND_ZERO, a); }
TR(frint64x, f2) { return round_n(c, 8 | BP_ROUND_DYNAMIC, a); }

TR(bfcvt, ftopx)
{
    bp_value v = to_bits(c, BP_F32, get_f(c, BP_F32, a->rn));

    put_f(c, a->rd, fp_call(c, FP_TO_BF16, BP_F32, 0, v, 0, 0));
    return BP_TR_NEXT;
}

/* FEAT_JSCVT. Bit 32 of what the helper gives is Z; the other flags are clear. */
TR(fjcvtzs, f2i0)
{
    bp_value v = to_bits(c, BP_F64, get_f(c, BP_F64, a->rn));

    v = fp_call(c, FP_JAVASCRIPT, BP_F64, 0, v, 0, 0);
    put_w(c, a->rd, bp_op1(c->t, BP_TRUNC, BP_I32, v));
    v = op2(c, BP_SHL, BP_I64, bp_extract(c->t, BP_I64, v, 32, 1, false), const64(c, 30));
    flags_pack(c, bp_op1(c->t, BP_TRUNC, BP_I32, v));
    return BP_TR_NEXT;
}

/* ---- between formats ------------------------------------------------------------------------- */

static int from_half(struct ctx *c, enum bp_type t, const struct a64_args_f2 *a)
{
    put_f(c, a->rd, from_bits(c, t, fp_call(c, FP_FROM_HALF, t, 0, half_of(c, a->rn), 0, 0)));
    return BP_TR_NEXT;
}

TR(fcvt_s, f2)
{
    if (ftype(c) == TYPE_H)
        return from_half(c, BP_F32, a);
    if (ftype(c) != TYPE_D)
        return tr_undefined(c);
    if (fp_exact_mode(c)) {
        bp_value v = to_bits(c, BP_F64, get_f(c, BP_F64, a->rn));
        v = fp_call(c, FP_TO_SINGLE, BP_F64, 0, v, 0, 0);
        put_f(c, a->rd, from_bits(c, BP_F32, v));
    } else {
        put_f(c, a->rd, arith(c, BP_FCVT, FP_TO_SINGLE, BP_F32, 0, get_f(c, BP_F64, a->rn), 0, 0));
    }
    return BP_TR_NEXT;
}

TR(fcvt_d, f2)
{
    if (ftype(c) == TYPE_H)
        return from_half(c, BP_F64, a);
    if (ftype(c) != TYPE_S)
        return tr_undefined(c);
    if (fp_exact_mode(c)) {
        bp_value v = to_bits(c, BP_F32, get_f(c, BP_F32, a->rn));
        v = fp_call(c, FP_TO_DOUBLE, BP_F32, 0, v, 0, 0);
        put_f(c, a->rd, from_bits(c, BP_F64, v));
    } else {
        put_f(c, a->rd, arith(c, BP_FCVT, FP_TO_DOUBLE, BP_F64, 0, get_f(c, BP_F32, a->rn), 0, 0));
    }
    return BP_TR_NEXT;
}

TR(fcvt_h, f2)
{
    enum bp_type t = float_type(c);

    if (!t)
        return tr_undefined(c);
    put_f(c, a->rd, fp_call(c, FP_TO_HALF, t, 0, to_bits(c, t, get_f(c, t, a->rn)), 0, 0));
    return BP_TR_NEXT;
}

/* ---- comparison ------------------------------------------------------------------------------ */

static int compare(struct ctx *c, bool signalling, bool zero, const struct a64_args_fcmp *a)
{
    enum bp_type t = float_type(c);
    bp_value x, y;

    if (is_half(c)) {
        y = zero ? const64(c, 0) : half_of(c, a->rm);
        x = half_call(c, FP_NZCV, signalling, half_of(c, a->rn), y, 0);
        flags_pack(c, bp_op1(c->t, BP_TRUNC, BP_I32, x));
        return BP_TR_NEXT;
    }
    if (!t)
        return tr_undefined(c);
    x = get_f(c, t, a->rn);
    y = zero ? bp_const(c->t, t, 0) : get_f(c, t, a->rm);
    if (fp_exact_mode(c)) {
        bp_value v = fp_call(c, FP_NZCV, t, signalling, to_bits(c, t, x), to_bits(c, t, y), 0);
        flags_pack(c, bp_op1(c->t, BP_TRUNC, BP_I32, v));
        return BP_TR_NEXT;
    }
    bp_emit(c->t, BP_FCMP, BP_I32, signalling ? BP_FLT : BP_FUNORDERED, x, y, 0);
    flags_fcmp(c, t, x, y);
    return BP_TR_NEXT;
}

TR(fcmp, fcmp) { return compare(c, false, false, a); }
TR(fcmpe, fcmp) { return compare(c, true, false, a); }
TR(fcmp_z, fcmp) { return compare(c, false, true, a); }
TR(fcmpe_z, fcmp) { return compare(c, true, true, a); }

static int conditional_compare(struct ctx *c, bool signalling, const struct a64_args_fccmp *a)
{
    enum bp_type t = float_type(c);
    bool half = is_half(c);
    bp_value args[4];
    struct test cond;
    uint32_t what;

    if (!t && !half)
        return tr_undefined(c);
    what = FP_NZCV | (half ? FP_HALF : t == BP_F64 ? FP_DOUBLE : 0) | (uint32_t)signalling << 16 |
           (uint32_t)a->nzcv << 28;
    cond = flags_test(c, (unsigned)a->cond);
    args[0] = bp_cmp(c->t, BP_I32, cond.cond, cond.a, cond.b);
    args[1] = half ? half_of(c, a->rn) : to_bits(c, t, get_f(c, t, a->rn));
    args[2] = half ? half_of(c, a->rm) : to_bits(c, t, get_f(c, t, a->rm));
    args[3] = const32(c, what);
    flags_pack(c, bp_call(c->t, &helper_fccmp, 4, args));
    return BP_TR_NEXT;
}

TR(fccmp, fccmp) { return conditional_compare(c, false, a); }
TR(fccmpe, fccmp) { return conditional_compare(c, true, a); }

TR(fcsel, fcsel)
{
    enum bp_type t = float_type(c);
    struct test cond;
    bool half = is_half(c);
    bp_value yes, no, v;

    if (!t && !half)
        return tr_undefined(c);
    cond = flags_test(c, (unsigned)a->cond);
    yes = half ? half_of(c, a->rn) : get_f(c, t, a->rn);
    no = half ? half_of(c, a->rm) : get_f(c, t, a->rm);
    v = bp_cmp(c->t, BP_I32, cond.cond, cond.a, cond.b);
    put_f(c, a->rd, bp_select(c->t, half ? BP_I64 : t, v, yes, no));
    return BP_TR_NEXT;
}

/* ---- integers -------------------------------------------------------------------------------- */

static int to_int(struct ctx *c, unsigned rounding, bool is_unsigned, const struct a64_args_f2i *a)
{
    enum bp_type t = float_type(c), it = type_of(a->rd);
    unsigned number = rounding | (is_unsigned ? 8u : 0) | (WIDE(a->rd) ? 16u : 0);
    bp_value v;

    if (is_half(c)) {
        put_x(c, a->rd, half_call(c, FP_TO_INT, number, half_of(c, a->rn), 0, 0));
        return BP_TR_NEXT;
    }
    if (!t)
        return tr_undefined(c);
    v = get_f(c, t, a->rn);
    if (fp_exact_mode(c)) {
        put_x(c, a->rd, fp_call(c, FP_TO_INT, t, number, to_bits(c, t, v), 0, 0));
        return BP_TR_NEXT;
    }
    put_r(c, a->rd, bp_emit(c->t, BP_F2I, it, rounding | (is_unsigned ? 0x80 : 0) | BP_NAN_ZERO, v,
                            0, 0));
    return BP_TR_NEXT;
}

TR(fcvtns, f2i) { return to_int(c, BP_ROUND_NEAREST_EVEN, false, a); }
TR(fcvtnu, f2i) { return to_int(c, BP_ROUND_NEAREST_EVEN, true, a); }
TR(fcvtps, f2i) { return to_int(c, BP_ROUND_UP, false, a); }
TR(fcvtpu, f2i) { return to_int(c, BP_ROUND_UP, true, a); }
TR(fcvtms, f2i) { return to_int(c, BP_ROUND_DOWN, false, a); }
TR(fcvtmu, f2i) { return to_int(c, BP_ROUND_DOWN, true, a); }
TR(fcvtzs, f2i) { return to_int(c, BP_ROUND_ZERO, false, a); }
TR(fcvtzu, f2i) { return to_int(c, BP_ROUND_ZERO, true, a); }
TR(fcvtas, f2i) { return to_int(c, BP_ROUND_NEAREST_AWAY, false, a); }
TR(fcvtau, f2i) { return to_int(c, BP_ROUND_NEAREST_AWAY, true, a); }

static int from_int(struct ctx *c, bool is_unsigned, const struct a64_args_i2f *a)
{
    enum bp_type t = float_type(c);

    if (is_half(c)) {
        unsigned number = (is_unsigned ? 8u : 0) | (WIDE(a->rn) ? 16u : 0);
        put_f(c, a->rd, half_call(c, FP_FROM_INT, number, get_x(c, a->rn), 0, 0));
        return BP_TR_NEXT;
    }
    if (!t)
        return tr_undefined(c);
    put_f(c, a->rd, bp_emit(c->t, BP_I2F, t, is_unsigned ? 0x80 : 0, get_r(c, a->rn), 0, 0));
    return BP_TR_NEXT;
}

TR(scvtf, i2f) { return from_int(c, false, a); }
TR(ucvtf, i2f) { return from_int(c, true, a); }

/* Fixed point: 64 - scale fraction bits. */
static unsigned fixed_number(int32_t r, int32_t scale, bool is_unsigned)
{
    return (is_unsigned ? 8u : 0) | (WIDE(r) ? 16u : 0) | (64u - (unsigned)scale) << 8;
}

static int to_fixed(struct ctx *c, bool is_unsigned, const struct a64_args_f2x *a)
{
    enum bp_type t = float_type(c);
    unsigned number = fixed_number(a->rd, a->scale, is_unsigned) | BP_ROUND_ZERO;

    if ((!t && !is_half(c)) || (!WIDE(a->rd) && a->scale < 32))
        return tr_undefined(c);
    if (!t) {
        put_x(c, a->rd, half_call(c, FP_TO_INT, number, half_of(c, a->rn), 0, 0));
        return BP_TR_NEXT;
    }
    put_x(c, a->rd, fp_call(c, FP_TO_INT, t, number, to_bits(c, t, get_f(c, t, a->rn)), 0, 0));
    return BP_TR_NEXT;
}

TR(fcvtzs_x, f2x) { return to_fixed(c, false, a); }
TR(fcvtzu_x, f2x) { return to_fixed(c, true, a); }

static int from_fixed(struct ctx *c, bool is_unsigned, const struct a64_args_x2f *a)
{
    enum bp_type t = float_type(c);
    unsigned number = fixed_number(a->rn, a->scale, is_unsigned);

    if ((!t && !is_half(c)) || (!WIDE(a->rn) && a->scale < 32))
        return tr_undefined(c);
    if (!t) {
        put_f(c, a->rd, half_call(c, FP_FROM_INT, number, get_x(c, a->rn), 0, 0));
        return BP_TR_NEXT;
    }
    put_f(c, a->rd, from_bits(c, t, fp_call(c, FP_FROM_INT, t, number, get_x(c, a->rn), 0, 0)));
    return BP_TR_NEXT;
}

TR(scvtf_x, x2f) { return from_fixed(c, false, a); }
TR(ucvtf_x, x2f) { return from_fixed(c, true, a); }

/* ---- moves ----------------------------------------------------------------------------------- */

/* VFPExpandImm */
static uint64_t expand_imm(unsigned imm8, bool wide)
{
    uint64_t sign = imm8 >> 7, b = imm8 >> 6 & 1, low = imm8 & 0x3f;

    if (wide)
        return sign << 63 | (b ? UINT64_C(0x3fc0) : UINT64_C(0x4000)) << 48 | low << 48;
    return sign << 31 | (b ? UINT64_C(0x3e00) : UINT64_C(0x4000)) << 16 | low << 19;
}

TR(fmov_i, fimm)
{
    enum bp_type t = float_type(c);

    if (is_half(c)) {
        put_f(c, a->rd, const64(c, fp_expand_half((unsigned)a->imm)));
        return BP_TR_NEXT;
    }
    if (!t)
        return tr_undefined(c);
    put_f(c, a->rd, bp_const(c->t, bits_type(t), expand_imm((unsigned)a->imm, t == BP_F64)));
    return BP_TR_NEXT;
}

static int lane_to_x(struct ctx *c, unsigned log2, unsigned n, int32_t rd, int32_t rn)
{
    put_x(c, rd, bp_emit(c->t, BP_VGET, BP_I64, BP_V(log2, n), get_v(c, rn), 0, 0));
    return BP_TR_NEXT;
}

TR(fmov_ws, f2i0) { return lane_to_x(c, 2, 0, a->rd, a->rn); }
TR(fmov_xd, ftop) { return lane_to_x(c, 3, 0, a->rd, a->rn); }
TR(fmov_xv, ftop) { return lane_to_x(c, 3, 1, a->rd, a->rn); }

TR(fmov_sw, i2f0)
{
    put_f(c, a->rd, get_w(c, a->rn));
    return BP_TR_NEXT;
}
TR(fmov_dx, topf)
{
    put_f(c, a->rd, get_x(c, a->rn));
    return BP_TR_NEXT;
}
TR(fmov_vx, topf)
{
    put_v(c, a->rd, vop(c, BP_VSET, 3, 1, get_v(c, a->rd), get_x(c, a->rn)));
    return BP_TR_NEXT;
}
TR(fmov_wh, f2ih) { return lane_to_x(c, 1, 0, a->rd, a->rn); }
TR(fmov_hw, i2fh)
{
    put_f(c, a->rd, op2(c, BP_AND, BP_I64, get_x(c, a->rn), const64(c, 0xffff)));
    return BP_TR_NEXT;
}
