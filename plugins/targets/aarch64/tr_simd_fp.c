/* SPDX-License-Identifier: MIT */
/*
 * tr_simd_fp.c: Advanced SIMD on floats. Vectors of 32- and 64-bit lanes are the IR's; halves, whatever
 * it lacks, and all of it where FPCR.FZ is set, are done lane by lane by the exact helper.
 */
#include "simd.h"

static unsigned flags_of(const struct ctx *c) { return fp_default_nan(c) ? BP_V_CANON : 0; }
static enum bp_type type_of_lanes(struct shape s)
{
    return s.log2 == 3 ? BP_F64 : s.log2 == 2 ? BP_F32 : FP_TYPE_HALF;
}
static unsigned lanes_of(struct shape s)
{
    return s.part == PART_LANE ? 1 : (s.part == PART_FULL ? 16u : 8u) >> s.log2;
}

/* Floats of the shape: 64-bit lanes need a whole register. */
static bool exists(struct shape s) { return shape_exists(s); }

static bp_value lane(struct ctx *c, struct shape s, unsigned i, bp_value v)
{
    return bp_emit(c->t, BP_VGET, BP_I64, BP_V(s.log2, i), v, 0, 0);
}

bp_value simd_each(struct ctx *c, struct shape s, unsigned op, unsigned number, bp_value a,
                     bp_value b, bp_value z)
{
    bp_value r = vconst(c, 0);

    for (unsigned i = 0; i < lanes_of(s); i++)
        r = vop(c, BP_VSET, s.log2, i, r,
                fp_call(c, op, type_of_lanes(s), number, lane(c, s, i, a), b ? lane(c, s, i, b) : 0,
                        z ? lane(c, s, i, z) : 0));
    return r;
}

static bp_value floats(struct ctx *c, struct shape s, enum bp_op op, unsigned number, bp_value a,
                       bp_value b, bp_value z)
{
    return bp_emit(c->t, op, BP_V128, BP_V(s.log2, number) | flags_of(c), a, b, z);
}

/* The IR's op, or the helper's. */
static bp_value either(struct ctx *c, struct shape s, enum bp_op op, unsigned number,
                       unsigned exact_op, unsigned exact_number, bp_value a, bp_value b, bp_value z)
{
    if (fp_exact_mode(c) || !op || s.log2 == 1)
        return simd_each(c, s, exact_op, exact_number, a, b, z);
    return floats(c, s, op, number, a, b, z);
}

int simd_float_3(struct ctx *c, simd_core *core, int32_t rd, bp_value n, bp_value m)
{
    struct shape s = float_shape(c);

    if (!exists(s))
        return tr_undefined(c);
    simd_out(c, s, rd, core(c, s, simd_in(c, s, rd), simd_repeat(c, s, n), simd_repeat(c, s, m)));
    return BP_TR_NEXT;
}

#define CORE(name) bp_value name(struct ctx *c, struct shape s, bp_value d, bp_value a, bp_value b)
#define THREE(name)                                                                                \
    TR(name##_v, v3)                                                                               \
    {                                                                                              \
        return simd_float_3(c, core_##name, a->rd, get_v(c, a->rn), get_v(c, a->rm));              \
    }
#define CORE_2(storage, name, op, exact_op)                                                        \
    storage CORE(core_##name) { return (void)d, either(c, s, op, 0, exact_op, 0, a, b, 0); }       \
    THREE(name)
CORE_2(, fadd, BP_VFADD, FP_ADD)
CORE_2(static, fsub, BP_VFSUB, FP_SUB)
CORE_2(, fmul, BP_VFMUL, FP_MUL)
CORE_2(static, fdiv, BP_VFDIV, FP_DIV)
CORE_2(, fmulx, 0, FP_MULX)
CORE_2(static, frecps, 0, FP_RECPS)
CORE_2(static, frsqrts, 0, FP_RSQRTS)

bp_value simd_negated(struct ctx *c, struct shape s, unsigned mask, bp_value v)
{
    uint64_t sign = UINT64_C(1) << (lane_bits(s) - 1), signs = 0;

    if (s.log2 == 3 && mask != 3)
        return vop(c, BP_VXOR, 3, 0, v,
                   vop(c, BP_VSET, 3, mask == 1 ? 1 : 0, vconst(c, sign), const64(c, 0)));
    for (unsigned i = 0; i < 64u / lane_bits(s); i++)
        signs |= mask >> (i & 1) & 1 ? sign << (i * lane_bits(s)) : 0;
    return vop(c, BP_VXOR, 3, 0, v, vconst(c, signs));
}
static bp_value negated(struct ctx *c, struct shape s, bp_value v)
{
    return simd_negated(c, s, 3, v);
}
static bp_value magnitude(struct ctx *c, struct shape s, bp_value v)
{
    uint64_t signs = each_lane(s.log2, UINT64_C(1) << (lane_bits(s) - 1));
    return vop(c, BP_VAND, 3, 0, v, vconst(c, ~signs));
}

CORE(core_fmla) { return either(c, s, BP_VFMADD, 0, FP_MADD, 0, a, b, d); }
CORE(core_fmls) { return core_fmla(c, s, d, negated(c, s, a), b); }
THREE(fmla)
THREE(fmls)
static CORE(core_fabd) { return magnitude(c, s, core_fsub(c, s, d, a, b)); }
THREE(fabd)

static bp_value minmax(struct ctx *c, struct shape s, bool max, bool number, bp_value a, bp_value b)
{
    unsigned exact_op = number ? (max ? FP_MAXNM : FP_MINNM) : (max ? FP_MAX : FP_MIN);
    unsigned rule = number ? (fp_default_nan(c) ? BP_FMIN_2008_CANON : BP_FMIN_2008)
                           : (fp_default_nan(c) ? BP_FMIN_NAN_CANON : BP_FMIN_NAN);

    return either(c, s, max ? BP_VFMAX : BP_VFMIN, rule, exact_op, 0, a, b, 0);
}
static CORE(core_fmax) { return (void)d, minmax(c, s, true, false, a, b); }
static CORE(core_fmin) { return (void)d, minmax(c, s, false, false, a, b); }
static CORE(core_fmaxnm) { return (void)d, minmax(c, s, true, true, a, b); }
static CORE(core_fminnm) { return (void)d, minmax(c, s, false, true, a, b); }
THREE(fmax) THREE(fmin) THREE(fmaxnm) THREE(fminnm)

static bp_value fcmp(struct ctx *c, struct shape s, unsigned cond, bp_value a, bp_value b)
{
    return either(c, s, BP_VFCMP, cond, FP_CMP, cond, a, b, 0);
}
static CORE(core_fcmeq) { return (void)d, fcmp(c, s, BP_FEQ, a, b); }
static CORE(core_fcmge) { return (void)d, fcmp(c, s, BP_FLE, b, a); }
static CORE(core_fcmgt) { return (void)d, fcmp(c, s, BP_FLT, b, a); }
static CORE(core_facge) { return core_fcmge(c, s, d, magnitude(c, s, a), magnitude(c, s, b)); }
static CORE(core_facgt) { return core_fcmgt(c, s, d, magnitude(c, s, a), magnitude(c, s, b)); }
THREE(fcmeq) THREE(fcmge) THREE(fcmgt) THREE(facge) THREE(facgt)

/* ---- pairs and across lanes ------------------------------------------------------------------ */

static bp_value pairs(struct ctx *c, struct shape s, simd_core *core, bp_value a, bp_value b)
{
    if (s.part == PART_HALF)
        a = b = vop(c, BP_VZIP1, 3, 0, a, b);
    return core(c, s, a, vop(c, BP_VUZP1, s.log2, 0, a, b), vop(c, BP_VUZP2, s.log2, 0, a, b));
}
#define PAIRS(name)                                                                                \
    static CORE(core_##name##p) { return (void)d, pairs(c, s, core_##name, a, b); }                \
    THREE(name##p)                                                                                 \
    TR(name##p_p, v2) { return pair_2(c, core_##name, a); }

/* The two lowest lanes of a register. */
static int pair_2(struct ctx *c, simd_core *core, const struct a64_args_v2 *a)
{
    struct shape s = float_shape(c);
    bp_value v = get_v(c, a->rn), low = v1(c, BP_VDUPL, s.log2, 0, v);

    simd_out(c, s, a->rd, core(c, s, low, low, v1(c, BP_VDUPL, s.log2, 1, v)));
    return BP_TR_NEXT;
}
PAIRS(fadd)
PAIRS(fmax)
PAIRS(fmin)
PAIRS(fmaxnm)
PAIRS(fminnm)

/* Lanes of a register as a tree of pairs. What is behind the lanes that are left is paired, too, but
 * raises nothing that those do not. */
static int across(struct ctx *c, simd_core *core, const struct a64_args_one *a)
{
    struct shape s = float_shape(c);
    bp_value v = simd_in(c, s, a->rn);
    unsigned lanes = lanes_of(s);

    if (s.log2 == 2 && s.part == PART_HALF)
        return tr_undefined(c);
    for (; lanes > 1; lanes /= 2) {
        bp_value x = vop(c, BP_VUZP1, s.log2, 0, v, v), y = vop(c, BP_VUZP2, s.log2, 0, v, v);
        s.part = lanes == 2 ? PART_LANE : PART_HALF;
        v = core(c, s, x, simd_repeat(c, s, x), simd_repeat(c, s, y));
    }
    simd_out(c, s, a->rd, v);
    return BP_TR_NEXT;
}
TR(fmaxv, one) { return across(c, core_fmax, a); }
TR(fminv, one) { return across(c, core_fmin, a); }
TR(fmaxnmv, one) { return across(c, core_fmaxnm, a); }
TR(fminnmv, one) { return across(c, core_fminnm, a); }

/* ---- by element ------------------------------------------------------------------------------ */

/* Half: H:L:M of V0 to V15; single: H:L of V0 to V31; double: H, L clear. */
static int by_element(struct ctx *c, simd_core *core, const struct a64_args_ve *a)
{
    unsigned log2 = float_shape(c).log2, h = bits_of(c, 11, 1), l = bits_of(c, 21, 1);
    unsigned rm = bits_of(c, 16, 5), lane = log2 == 3 ? h : h << 1 | l;

    if (log2 == 3 && l)
        return tr_undefined(c);
    if (log2 == 1) {
        lane = lane << 1 | rm >> 4;
        rm &= 15;
    }
    return simd_float_3(c, core, a->rd, get_v(c, a->rn),
                        v1(c, BP_VDUPL, log2, lane, get_v(c, (int32_t)rm)));
}
TR(fmul_e, ve) { return by_element(c, core_fmul, a); }
TR(fmulx_e, ve) { return by_element(c, core_fmulx, a); }
TR(fmla_e, ve) { return by_element(c, core_fmla, a); }
TR(fmls_e, ve) { return by_element(c, core_fmls, a); }

/* ---- one operand ----------------------------------------------------------------------------- */

static int one(struct ctx *c, enum bp_op op, unsigned number, unsigned exact_op,
               unsigned exact_number, const struct a64_args_v2 *a)
{
    struct shape s = float_shape(c);

    if (!exists(s))
        return tr_undefined(c);
    simd_out(c, s, a->rd,
             either(c, s, op, number, exact_op, exact_number, simd_in(c, s, a->rn), 0, 0));
    return BP_TR_NEXT;
}

TR(fsqrt_v, v2) { return one(c, BP_VFSQRT, 0, FP_SQRT, 0, a); }
TR(frecpe_v, v2) { return one(c, 0, 0, FP_RECPE, 0, a); }
TR(frsqrte_v, v2) { return one(c, 0, 0, FP_RSQRTE, 0, a); }
TR(frecpx_s, v2) { return one(c, 0, 0, FP_RECPX, 0, a); }

static int bits_2(struct ctx *c, bool negate, const struct a64_args_v2 *a)
{
    struct shape s = float_shape(c);
    bp_value v = get_v(c, a->rn);

    if (!exists(s))
        return tr_undefined(c);
    simd_out(c, s, a->rd, negate ? negated(c, s, v) : magnitude(c, s, v));
    return BP_TR_NEXT;
}
TR(fabs_v, v2) { return bits_2(c, false, a); }
TR(fneg_v, v2) { return bits_2(c, true, a); }

#define ROUND(name, how)                                                                           \
    TR(name##_v, v2) { return one(c, BP_VFROUND, how, FP_ROUND, how, a); }
ROUND(frintn, BP_ROUND_NEAREST_EVEN)
ROUND(frintp, BP_ROUND_UP)
ROUND(frintm, BP_ROUND_DOWN)
ROUND(frintz, BP_ROUND_ZERO)
ROUND(frinta, BP_ROUND_NEAREST_AWAY)
ROUND(frintx, BP_ROUND_DYNAMIC | 0x80)
ROUND(frinti, BP_ROUND_DYNAMIC)

TR(frint32z_v, v2) { return one(c, 0, 0, FP_ROUND_N, BP_ROUND_ZERO, a); }
TR(frint32x_v, v2) { return one(c, 0, 0, FP_ROUND_N, BP_ROUND_DYNAMIC, a); }
TR(frint64z_v, v2) { return one(c, 0, 0, FP_ROUND_N, 8 | BP_ROUND_ZERO, a); }
TR(frint64x_v, v2) { return one(c, 0, 0, FP_ROUND_N, 8 | BP_ROUND_DYNAMIC, a); }

static int with_zero(struct ctx *c, simd_core *core, bool swap, const struct a64_args_v2 *a)
{
    bp_value v = get_v(c, a->rn), zero = vconst(c, 0);

    return simd_float_3(c, core, a->rd, swap ? zero : v, swap ? v : zero);
}
TR(fcmgt0_v, v2) { return with_zero(c, core_fcmgt, false, a); }
TR(fcmge0_v, v2) { return with_zero(c, core_fcmge, false, a); }
TR(fcmeq0_v, v2) { return with_zero(c, core_fcmeq, false, a); }
TR(fcmle0_v, v2) { return with_zero(c, core_fcmge, true, a); }
TR(fcmlt0_v, v2) { return with_zero(c, core_fcmgt, true, a); }

/* ---- integers -------------------------------------------------------------------------------- */

/* An integer as wide as the lanes, as the helper is told. */
static unsigned int_width(struct shape s) { return s.log2 == 3 ? 16 : s.log2 == 1 ? 32 : 0; }

static int to_int(struct ctx *c, unsigned rounding, bool is_unsigned, const struct a64_args_v2 *a)
{
    unsigned wide = int_width(float_shape(c));

    return one(c, BP_VF2I, rounding | (is_unsigned ? 0x80u : 0), FP_TO_INT,
               rounding | (is_unsigned ? 8u : 0) | wide, a);
}
TR(fcvtns_v, v2) { return to_int(c, BP_ROUND_NEAREST_EVEN, false, a); }
TR(fcvtnu_v, v2) { return to_int(c, BP_ROUND_NEAREST_EVEN, true, a); }
TR(fcvtps_v, v2) { return to_int(c, BP_ROUND_UP, false, a); }
TR(fcvtpu_v, v2) { return to_int(c, BP_ROUND_UP, true, a); }
TR(fcvtms_v, v2) { return to_int(c, BP_ROUND_DOWN, false, a); }
TR(fcvtmu_v, v2) { return to_int(c, BP_ROUND_DOWN, true, a); }
TR(fcvtzs_v, v2) { return to_int(c, BP_ROUND_ZERO, false, a); }
TR(fcvtzu_v, v2) { return to_int(c, BP_ROUND_ZERO, true, a); }
TR(fcvtas_v, v2) { return to_int(c, BP_ROUND_NEAREST_AWAY, false, a); }
TR(fcvtau_v, v2) { return to_int(c, BP_ROUND_NEAREST_AWAY, true, a); }

static int from_int(struct ctx *c, bool is_unsigned, const struct a64_args_v2 *a)
{
    unsigned wide = int_width(float_shape(c));

    return one(c, BP_VI2F, is_unsigned ? 0x80 : 0, FP_FROM_INT, (is_unsigned ? 8u : 0) | wide, a);
}
TR(scvtf_v, v2) { return from_int(c, false, a); }
TR(ucvtf_v, v2) { return from_int(c, true, a); }

/* Fixed point: immh:immb is 2 * bits - fraction bits. */
static int fixed(struct ctx *c, unsigned op, unsigned number, const struct a64_args_vsh *a)
{
    struct shape s = { 31u - (unsigned)__builtin_clz((unsigned)a->imm >> 3), shape_of(c).part };

    if (s.log2 < (c->cpu->ext.fp16 ? 1u : 2u) || !exists(s))
        return tr_undefined(c);
    number |= int_width(s) | (2 * lane_bits(s) - (unsigned)a->imm) << 8;
    simd_out(c, s, a->rd, simd_each(c, s, op, number, get_v(c, a->rn), 0, 0));
    return BP_TR_NEXT;
}
TR(scvtf_i, vsh) { return fixed(c, FP_FROM_INT, 0, a); }
TR(ucvtf_i, vsh) { return fixed(c, FP_FROM_INT, 8, a); }
TR(fcvtzs_i, vsh) { return fixed(c, FP_TO_INT, BP_ROUND_ZERO, a); }
TR(fcvtzu_i, vsh) { return fixed(c, FP_TO_INT, 8 | BP_ROUND_ZERO, a); }

static int estimate(struct ctx *c, unsigned op, const struct a64_args_v2 *a)
{
    struct shape s = float_shape(c);
    bp_value v = get_v(c, a->rn);

    if (s.log2 != 2)
        return tr_undefined(c);
    simd_out(c, s, a->rd, simd_call(c, op, 2, v, v, v));
    return BP_TR_NEXT;
}
TR(urecpe_v, v2) { return estimate(c, SIMD_URECPE, a); }
TR(ursqrte_v, v2) { return estimate(c, SIMD_URSQRTE, a); }

/* ---- between formats ------------------------------------------------------------------------- */

/* The half of the source, or of the destination, that Q names. */
static bp_value lower(struct ctx *c, bp_value v)
{
    return bits_of(c, 30, 1) ? vop(c, BP_VEXT, 0, 8, v, v) : v;
}
static void narrow_out(struct ctx *c, int32_t rd, bp_value low)
{
    if (bits_of(c, 30, 1))
        put_v(c, rd, vop(c, BP_VZIP1, 3, 0, get_v(c, rd), low));
    else
        put_v(c, rd, zext_v(c, lowest(c, BP_F64, low)));
}

/* Lane by lane: from lanes of `from` to `to`, log2 both. */
static bp_value convert(struct ctx *c, unsigned op, enum bp_type type, unsigned from, unsigned to,
                        bp_value v)
{
    unsigned n = 8u >> (from < to ? from : to);
    bp_value r = vconst(c, 0);

    for (unsigned i = 0; i < n; i++) {
        bp_value x = bp_emit(c->t, BP_VGET, BP_I64, BP_V(from, i), v, 0, 0);
        r = vop(c, BP_VSET, to, i, r, fp_call(c, op, type, 0, x, 0, 0));
    }
    return r;
}

TR(fcvtl_v, v2)
{
    bp_value v = lower(c, get_v(c, a->rn));

    if (!bits_of(c, 22, 1))
        v = convert(c, FP_FROM_HALF, BP_F32, 1, 2, v);
    else if (fp_exact_mode(c))
        v = convert(c, FP_TO_DOUBLE, BP_F32, 2, 3, v);
    else
        v = bp_emit(c->t, BP_VFCVT, BP_V128, BP_V(2, 0) | flags_of(c), v, 0, 0);
    put_v(c, a->rd, v);
    return BP_TR_NEXT;
}

TR(fcvtn_v, v2)
{
    bp_value v = get_v(c, a->rn);

    if (!bits_of(c, 22, 1))
        v = convert(c, FP_TO_HALF, BP_F32, 2, 1, v);
    else if (fp_exact_mode(c))
        v = convert(c, FP_TO_SINGLE, BP_F64, 3, 2, v);
    else
        v = bp_emit(c->t, BP_VFCVT, BP_V128, BP_V(3, 0) | flags_of(c), v, 0, 0);
    narrow_out(c, a->rd, v);
    return BP_TR_NEXT;
}

TR(fcvtxn_v, v2)
{
    bp_value v = get_v(c, a->rn);

    if (!bits_of(c, 22, 1))
        return tr_undefined(c);
    if (bits_of(c, 28, 1)) {
        v = bp_emit(c->t, BP_VGET, BP_I64, BP_V(3, 0), v, 0, 0);
        put_v(c, a->rd, zext_v(c, fp_call(c, FP_TO_SINGLE_ODD, BP_F64, 0, v, 0, 0)));
        return BP_TR_NEXT;
    }
    narrow_out(c, a->rd, convert(c, FP_TO_SINGLE_ODD, BP_F64, 3, 2, v));
    return BP_TR_NEXT;
}
