/* SPDX-License-Identifier: MIT */
/* tr_simd.c: Advanced SIMD on integers: three registers of the same size, and of different ones. */
#include "simd.h"

bp_value simd_repeat(struct ctx *c, struct shape s, bp_value v)
{
    if (s.part == PART_FULL)
        return v;
    return v1(c, BP_VDUPL, s.part == PART_HALF ? 3 : s.log2, 0, v);
}

bp_value simd_in(struct ctx *c, struct shape s, int32_t reg)
{
    return simd_repeat(c, s, get_v(c, reg));
}

void simd_out(struct ctx *c, struct shape s, int32_t rd, bp_value v)
{
    if (s.part == PART_HALF || (s.part == PART_LANE && s.log2 == 3))
        v = zext_v(c, lowest(c, BP_F64, v));
    else if (s.part == PART_LANE && s.log2 == 2)
        v = zext_v(c, lowest(c, BP_F32, v));
    else if (s.part == PART_LANE)
        v = zext_v(c, bp_emit(c->t, BP_VGET, BP_I32, BP_V(s.log2, 0), v, 0, 0));
    put_v(c, rd, v);
}

void simd_saturated(struct ctx *c, bp_value got, bp_value plain)
{
    bp_value qc = bp_get(c->t, BP_V128, REG_QC);

    bp_put(c->t, REG_QC, vop(c, BP_VOR, 3, 0, qc, vop(c, BP_VXOR, 3, 0, got, plain)));
}

bp_value simd_call(struct ctx *c, unsigned op, unsigned log2, bp_value a, bp_value b, bp_value d)
{
    bp_value args[4] = { a, b, d, const32(c, op | log2 << 8) };

    return bp_call(c->t, &helper_simd, 4, args);
}

/* ---- three of the same size ------------------------------------------------------------------ */

enum { B = 1, H = 2, S = 4, D = 8, BHS = B | H | S, BHSD = 15, HS = H | S };

static int three(struct ctx *c, simd_core *core, unsigned sizes, const struct a64_args_v3 *a)
{
    struct shape s = shape_of(c);
    bp_value v;

    if (!(sizes >> s.log2 & 1) || !shape_exists(s))
        return tr_undefined(c);
    v = core(c, s, simd_in(c, s, a->rd), simd_in(c, s, a->rn), simd_in(c, s, a->rm));
    simd_out(c, s, a->rd, v);
    return BP_TR_NEXT;
}

/* A core that is one op of the IR. */
#define CORE(name) bp_value name(struct ctx *c, struct shape s, bp_value d, bp_value a, bp_value b)
#define CORE_OP(name, op, x, y)                                                                    \
    static CORE(name) { return (void)d, vop(c, op, s.log2, 0, x, y); }
CORE_OP(core_add, BP_VADD, a, b)
CORE_OP(core_sub, BP_VSUB, a, b)
CORE_OP(core_cmgt, BP_VCMPGTS, a, b)
CORE_OP(core_cmhi, BP_VCMPGTU, a, b)
CORE_OP(core_cmeq, BP_VCMPEQ, a, b)
CORE_OP(core_smax, BP_VMAXS, a, b)
CORE_OP(core_umax, BP_VMAXU, a, b)
CORE_OP(core_smin, BP_VMINS, a, b)
CORE_OP(core_umin, BP_VMINU, a, b)
CORE_OP(core_sshl, BP_VSHIFTS, a, b)
CORE_OP(core_ushl, BP_VSHIFTU, a, b)
static CORE(core_cmge) { return v_not(c, core_cmgt(c, s, d, b, a)); }
static CORE(core_cmhs) { return v_not(c, core_cmhi(c, s, d, b, a)); }
static CORE(core_cmtst)
{
    (void)d;
    return v_not(c, vop(c, BP_VCMPEQ, s.log2, 0, vop(c, BP_VAND, 3, 0, a, b), vconst(c, 0)));
}

/* Saturating: the plain result tells where it happened. */
#define CORE_SAT(name, op, plain)                                                                  \
    static CORE(name)                                                                              \
    {                                                                                              \
        bp_value v = vop(c, op, s.log2, 0, a, b);                                                  \
        (void)d;                                                                                   \
        simd_saturated(c, v, vop(c, plain, s.log2, 0, a, b));                                      \
        return v;                                                                                  \
    }
CORE_SAT(core_sqadd, BP_VQADDS, BP_VADD)
CORE_SAT(core_uqadd, BP_VQADDU, BP_VADD)
CORE_SAT(core_sqsub, BP_VQSUBS, BP_VSUB)
CORE_SAT(core_uqsub, BP_VQSUBU, BP_VSUB)

/* Halving: the carries of the sum, and half of what does not carry. */
static bp_value halve(struct ctx *c, struct shape s, bool is_signed, bp_value v)
{
    return v1(c, is_signed ? BP_VSHRS : BP_VSHRU, s.log2, 1, v);
}
static bp_value half_add(struct ctx *c, struct shape s, bool is_signed, bp_value a, bp_value b)
{
    bp_value h = halve(c, s, is_signed, vop(c, BP_VXOR, 3, 0, a, b));
    return vop(c, BP_VADD, s.log2, 0, vop(c, BP_VAND, 3, 0, a, b), h);
}
static bp_value half_round(struct ctx *c, struct shape s, bool is_signed, bp_value a, bp_value b)
{
    bp_value h = halve(c, s, is_signed, vop(c, BP_VXOR, 3, 0, a, b));
    return vop(c, BP_VSUB, s.log2, 0, vop(c, BP_VOR, 3, 0, a, b), h);
}
static bp_value half_sub(struct ctx *c, struct shape s, bool is_signed, bp_value a, bp_value b)
{
    bp_value h = halve(c, s, is_signed, vop(c, BP_VXOR, 3, 0, a, b));
    return vop(c, BP_VSUB, s.log2, 0, h, vop(c, BP_VANDN, 3, 0, b, a));
}
static CORE(core_shadd) { return (void)d, half_add(c, s, true, a, b); }
static CORE(core_uhadd) { return (void)d, half_add(c, s, false, a, b); }
static CORE(core_srhadd) { return (void)d, half_round(c, s, true, a, b); }
static CORE(core_urhadd) { return (void)d, half_round(c, s, false, a, b); }
static CORE(core_shsub) { return (void)d, half_sub(c, s, true, a, b); }
static CORE(core_uhsub) { return (void)d, half_sub(c, s, false, a, b); }

static bp_value difference(struct ctx *c, unsigned log2, bool is_signed, bp_value a, bp_value b)
{
    bp_value high = vop(c, is_signed ? BP_VMAXS : BP_VMAXU, log2, 0, a, b);
    bp_value low = vop(c, is_signed ? BP_VMINS : BP_VMINU, log2, 0, a, b);
    return vop(c, BP_VSUB, log2, 0, high, low);
}
static CORE(core_sabd) { return (void)d, difference(c, s.log2, true, a, b); }
static CORE(core_uabd) { return (void)d, difference(c, s.log2, false, a, b); }
static CORE(core_saba) { return vop(c, BP_VADD, s.log2, 0, d, difference(c, s.log2, true, a, b)); }
static CORE(core_uaba) { return vop(c, BP_VADD, s.log2, 0, d, difference(c, s.log2, false, a, b)); }

CORE(core_mul) { return (void)d, vop(c, BP_VMUL, s.log2, 0, a, b); }
CORE(core_mla) { return vop(c, BP_VADD, s.log2, 0, d, vop(c, BP_VMUL, s.log2, 0, a, b)); }
CORE(core_mls) { return vop(c, BP_VSUB, s.log2, 0, d, vop(c, BP_VMUL, s.log2, 0, a, b)); }

#define CORE_CALL(storage, name, op)                                                               \
    storage CORE(name) { return simd_call(c, op, s.log2, a, b, d); }
CORE_CALL(static, core_sqshl, SIMD_SQSHL)
CORE_CALL(static, core_uqshl, SIMD_UQSHL)
CORE_CALL(static, core_srshl, SIMD_SRSHL)
CORE_CALL(static, core_urshl, SIMD_URSHL)
CORE_CALL(static, core_sqrshl, SIMD_SQRSHL)
CORE_CALL(static, core_uqrshl, SIMD_UQRSHL)
CORE_CALL(static, core_pmul, SIMD_PMUL)
CORE_CALL(, core_sqdmulh, SIMD_SQDMULH)
CORE_CALL(, core_sqrdmulh, SIMD_SQRDMULH)
CORE_CALL(, core_sqrdmlah, SIMD_SQRDMLAH)
CORE_CALL(, core_sqrdmlsh, SIMD_SQRDMLSH)

/* Pairs of the two operands one behind the other: of a half register their halves are joined. */
static bp_value pairs(struct ctx *c, struct shape s, enum bp_op op, bp_value a, bp_value b)
{
    if (s.part == PART_HALF) {
        a = vop(c, BP_VZIP1, 3, 0, a, b);
        b = a;
    }
    return vop(c, op, s.log2, 0, vop(c, BP_VUZP1, s.log2, 0, a, b),
               vop(c, BP_VUZP2, s.log2, 0, a, b));
}
static CORE(core_addp) { return (void)d, pairs(c, s, BP_VADD, a, b); }
static CORE(core_smaxp) { return (void)d, pairs(c, s, BP_VMAXS, a, b); }
static CORE(core_umaxp) { return (void)d, pairs(c, s, BP_VMAXU, a, b); }
static CORE(core_sminp) { return (void)d, pairs(c, s, BP_VMINS, a, b); }
static CORE(core_uminp) { return (void)d, pairs(c, s, BP_VMINU, a, b); }

#define THREE(name, sizes) TR(name##_v, v3) { return three(c, core_##name, sizes, a); }
/* Of the scalar forms some have 64 bits only. */
#define THREE_D(name)                                                                              \
    TR(name##_v, v3) { return three(c, core_##name, bits_of(c, 28, 1) ? D : BHSD, a); }
THREE(shadd, BHS) THREE(uhadd, BHS) THREE(srhadd, BHS) THREE(urhadd, BHS)
THREE(shsub, BHS) THREE(uhsub, BHS)
THREE(sqadd, BHSD) THREE(uqadd, BHSD) THREE(sqsub, BHSD) THREE(uqsub, BHSD)
THREE_D(cmgt) THREE_D(cmhi) THREE_D(cmge) THREE_D(cmhs) THREE_D(cmeq) THREE_D(cmtst)
THREE_D(sshl) THREE_D(ushl) THREE_D(srshl) THREE_D(urshl)
THREE(sqshl, BHSD) THREE(uqshl, BHSD) THREE(sqrshl, BHSD) THREE(uqrshl, BHSD)
THREE(smax, BHS) THREE(umax, BHS) THREE(smin, BHS) THREE(umin, BHS)
THREE(sabd, BHS) THREE(uabd, BHS) THREE(saba, BHS) THREE(uaba, BHS)
THREE_D(add) THREE_D(sub)
THREE(mla, BHS) THREE(mls, BHS) THREE(mul, BHS) THREE(pmul, B)
THREE(smaxp, BHS) THREE(umaxp, BHS) THREE(sminp, BHS) THREE(uminp, BHS) THREE(addp, BHSD)
THREE(sqdmulh, HS) THREE(sqrdmulh, HS) THREE(sqrdmlah, HS) THREE(sqrdmlsh, HS)

/* ---- bitwise --------------------------------------------------------------------------------- */

static int logic(struct ctx *c, int32_t rd, bp_value v)
{
    struct shape s = { 3, bits_of(c, 30, 1) ? PART_FULL : PART_HALF };

    simd_out(c, s, rd, v);
    return BP_TR_NEXT;
}

#define LOGIC(name, expression)                                                                    \
    TR(name##_v, log)                                                                              \
    {                                                                                              \
        bp_value n = get_v(c, a->rn), m = get_v(c, a->rm);                                         \
        return logic(c, a->rd, expression);                                                        \
    }
LOGIC(and, vop(c, BP_VAND, 3, 0, n, m))
LOGIC(bic, vop(c, BP_VANDN, 3, 0, n, m))
LOGIC(orr, a->rn == a->rm ? n : vop(c, BP_VOR, 3, 0, n, m))
LOGIC(orn, vop(c, BP_VOR, 3, 0, n, v_not(c, m)))
LOGIC(eor, vop(c, BP_VXOR, 3, 0, n, m))

static bp_value bit_select(struct ctx *c, bp_value mask, bp_value yes, bp_value no)
{
    return bp_emit(c->t, BP_VSEL, BP_V128, BP_V(3, 0), mask, yes, no);
}
TR(bsl_v, log)
{
    return logic(c, a->rd, bit_select(c, get_v(c, a->rd), get_v(c, a->rn), get_v(c, a->rm)));
}
TR(bit_v, log)
{
    return logic(c, a->rd, bit_select(c, get_v(c, a->rm), get_v(c, a->rn), get_v(c, a->rd)));
}
TR(bif_v, log)
{
    return logic(c, a->rd, bit_select(c, get_v(c, a->rm), get_v(c, a->rd), get_v(c, a->rn)));
}

/* ---- different widths ------------------------------------------------------------------------ */

/* The half that a long form reads, at the bottom: Q says which. The scalar forms read a lane. */
static bp_value long_in(struct ctx *c, struct shape s, bp_value v)
{
    return s.part == PART_FULL ? vop(c, BP_VEXT, 0, 8, v, v) : v;
}
static bp_value extend(struct ctx *c, struct shape s, bool is_signed, bp_value v)
{
    return v1(c, is_signed ? BP_VSXT : BP_VZXT, s.log2, 0, v);
}

/* Results are whole registers, or lanes of twice the width. Cores get operands of which the lower
 * half counts. */
static int wider(struct ctx *c, simd_core *core, unsigned sizes, int32_t rd, bp_value n, bp_value m)
{
    struct shape s = shape_of(c), out = { s.log2 + 1, PART_FULL };

    if (!(sizes >> s.log2 & 1))
        return tr_undefined(c);
    if (s.part == PART_LANE) {
        out.part = PART_LANE;
        n = simd_repeat(c, s, n);
        m = simd_repeat(c, s, m);
    }
    simd_out(c, out, rd, core(c, s, simd_repeat(c, out, get_v(c, rd)), n, m));
    return BP_TR_NEXT;
}

static int long_3(struct ctx *c, simd_core *core, unsigned sizes, const struct a64_args_v3 *a)
{
    struct shape s = shape_of(c);

    return wider(c, core, sizes, a->rd, long_in(c, s, get_v(c, a->rn)),
                 long_in(c, s, get_v(c, a->rm)));
}

static int wide_3(struct ctx *c, simd_core *core, const struct a64_args_v3 *a)
{
    return wider(c, core, BHS, a->rd, get_v(c, a->rn), long_in(c, shape_of(c), get_v(c, a->rm)));
}

#define LONG_OP(name, op, is_signed)                                                               \
    static CORE(core_##name)                                                                       \
    {                                                                                              \
        (void)d;                                                                                   \
        return vop(c, op, s.log2 + 1, 0, extend(c, s, is_signed, a), extend(c, s, is_signed, b));  \
    }                                                                                              \
    TR(name##_v, v3) { return long_3(c, core_##name, BHS, a); }
LONG_OP(saddl, BP_VADD, true)
LONG_OP(uaddl, BP_VADD, false)
LONG_OP(ssubl, BP_VSUB, true)
LONG_OP(usubl, BP_VSUB, false)

#define WIDE_OP(name, op, is_signed)                                                               \
    static CORE(core_##name)                                                                       \
    {                                                                                              \
        (void)d;                                                                                   \
        return vop(c, op, s.log2 + 1, 0, a, extend(c, s, is_signed, b));                           \
    }                                                                                              \
    TR(name##_v, v3) { return wide_3(c, core_##name, a); }
WIDE_OP(saddw, BP_VADD, true)
WIDE_OP(uaddw, BP_VADD, false)
WIDE_OP(ssubw, BP_VSUB, true)
WIDE_OP(usubw, BP_VSUB, false)

static bp_value long_difference(struct ctx *c, struct shape s, bool is_signed, bp_value a,
                                bp_value b)
{
    return difference(c, s.log2 + 1, is_signed, extend(c, s, is_signed, a),
                      extend(c, s, is_signed, b));
}
static CORE(core_sabdl) { return (void)d, long_difference(c, s, true, a, b); }
static CORE(core_uabdl) { return (void)d, long_difference(c, s, false, a, b); }
static CORE(core_sabal)
{
    return vop(c, BP_VADD, s.log2 + 1, 0, d, long_difference(c, s, true, a, b));
}
static CORE(core_uabal)
{
    return vop(c, BP_VADD, s.log2 + 1, 0, d, long_difference(c, s, false, a, b));
}

CORE(core_smull) { return (void)d, vop(c, BP_VMULLS, s.log2, 0, a, b); }
CORE(core_umull) { return (void)d, vop(c, BP_VMULLU, s.log2, 0, a, b); }
CORE(core_smlal) { return vop(c, BP_VADD, s.log2 + 1, 0, d, core_smull(c, s, d, a, b)); }
CORE(core_umlal) { return vop(c, BP_VADD, s.log2 + 1, 0, d, core_umull(c, s, d, a, b)); }
CORE(core_smlsl) { return vop(c, BP_VSUB, s.log2 + 1, 0, d, core_smull(c, s, d, a, b)); }
CORE(core_umlsl) { return vop(c, BP_VSUB, s.log2 + 1, 0, d, core_umull(c, s, d, a, b)); }

static bp_value saturating(struct ctx *c, enum bp_op op, enum bp_op plain, unsigned log2,
                           bp_value a, bp_value b)
{
    bp_value v = vop(c, op, log2, 0, a, b);

    simd_saturated(c, v, vop(c, plain, log2, 0, a, b));
    return v;
}
CORE(core_sqdmull)
{
    bp_value p = core_smull(c, s, d, a, b);
    return saturating(c, BP_VQADDS, BP_VADD, s.log2 + 1, p, p);
}
CORE(core_sqdmlal)
{
    return saturating(c, BP_VQADDS, BP_VADD, s.log2 + 1, d, core_sqdmull(c, s, d, a, b));
}
CORE(core_sqdmlsl)
{
    return saturating(c, BP_VQSUBS, BP_VSUB, s.log2 + 1, d, core_sqdmull(c, s, d, a, b));
}
static CORE(core_pmull) { return simd_call(c, SIMD_PMULL, s.log2, a, b, d); }

#define LONG_CORE(name, sizes) TR(name##_v, v3) { return long_3(c, core_##name, sizes, a); }
LONG_CORE(sabal, BHS) LONG_CORE(uabal, BHS) LONG_CORE(sabdl, BHS) LONG_CORE(uabdl, BHS)
LONG_CORE(smlal, BHS) LONG_CORE(umlal, BHS) LONG_CORE(smlsl, BHS) LONG_CORE(umlsl, BHS)
LONG_CORE(smull, BHS) LONG_CORE(umull, BHS)
LONG_CORE(sqdmlal, HS) LONG_CORE(sqdmlsl, HS) LONG_CORE(sqdmull, HS)

/* Bytes, or doublewords with FEAT_PMULL. */
TR(pmull_v, v3)
{
    struct shape s = shape_of(c);

    if (s.log2 != 0 && !(s.log2 == 3 && c->cpu->ext.pmull))
        return tr_undefined(c);
    if (s.log2 == 3) {
        unsigned lanes = s.part == PART_FULL ? 3 : 0; /* of both operands the upper or the lower */
        put_v(c, a->rd, vop(c, BP_VCLMUL, 3, lanes, get_v(c, a->rn), get_v(c, a->rm)));
        return BP_TR_NEXT;
    }
    put_v(c, a->rd, core_pmull(c, s, vconst(c, 0), long_in(c, s, get_v(c, a->rn)),
                               long_in(c, s, get_v(c, a->rm))));
    return BP_TR_NEXT;
}

/* Narrow results: the lower half, or with Q the upper one, the lower half staying. */
static void narrow_out(struct ctx *c, int32_t rd, bp_value low)
{
    if (bits_of(c, 30, 1))
        put_v(c, rd, vop(c, BP_VZIP1, 3, 0, get_v(c, rd), low));
    else
        put_v(c, rd, zext_v(c, lowest(c, BP_F64, low)));
}

/* The upper halves of sums or differences. */
static int high_narrow(struct ctx *c, enum bp_op op, bool round, const struct a64_args_v3 *a)
{
    unsigned log2 = bits_of(c, 22, 2), bits = 8u << log2;
    bp_value v;

    if (log2 == 3)
        return tr_undefined(c);
    v = vop(c, op, log2 + 1, 0, get_v(c, a->rn), get_v(c, a->rm));
    if (round)
        v = vop(c, BP_VADD, log2 + 1, 0, v,
                vconst(c, each_lane(log2 + 1, UINT64_C(1) << (bits - 1))));
    narrow_out(c, a->rd, vop(c, BP_VUZP2, log2, 0, v, v));
    return BP_TR_NEXT;
}

TR(addhn_v, v3) { return high_narrow(c, BP_VADD, false, a); }
TR(raddhn_v, v3) { return high_narrow(c, BP_VADD, true, a); }
TR(subhn_v, v3) { return high_narrow(c, BP_VSUB, false, a); }
TR(rsubhn_v, v3) { return high_narrow(c, BP_VSUB, true, a); }

/* ---- by element ------------------------------------------------------------------------------ */

/* The lane of Vm in all lanes: 16 bits by H:L:M of V0 to V15, 32 bits by H:L. */
static bp_value element(struct ctx *c, unsigned log2)
{
    unsigned m = bits_of(c, 16, 4), h = bits_of(c, 11, 1), l = bits_of(c, 21, 1);
    unsigned n = log2 == 1 ? h << 2 | l << 1 | bits_of(c, 20, 1) : h << 1 | l;

    if (log2 == 2)
        m |= bits_of(c, 20, 1) << 4;
    return v1(c, BP_VDUPL, log2, n, get_v(c, (int32_t)m));
}

static int by_element(struct ctx *c, simd_core *core, const struct a64_args_ve *a)
{
    struct shape s = shape_of(c);

    if (s.log2 != 1 && s.log2 != 2)
        return tr_undefined(c);
    simd_out(c, s, a->rd,
             core(c, s, simd_in(c, s, a->rd), simd_in(c, s, a->rn), element(c, s.log2)));
    return BP_TR_NEXT;
}

static int long_by_element(struct ctx *c, simd_core *core, const struct a64_args_ve *a)
{
    struct shape s = shape_of(c);

    if (s.log2 != 1 && s.log2 != 2)
        return tr_undefined(c);
    return wider(c, core, HS, a->rd, long_in(c, s, get_v(c, a->rn)), element(c, s.log2));
}

#define BY_ELEMENT(name) TR(name##_e, ve) { return by_element(c, core_##name, a); }
#define LONG_BY_ELEMENT(name) TR(name##_e, ve) { return long_by_element(c, core_##name, a); }
BY_ELEMENT(mla) BY_ELEMENT(mls) BY_ELEMENT(mul) BY_ELEMENT(sqdmulh) BY_ELEMENT(sqrdmulh)
BY_ELEMENT(sqrdmlah) BY_ELEMENT(sqrdmlsh)
LONG_BY_ELEMENT(smlal) LONG_BY_ELEMENT(umlal) LONG_BY_ELEMENT(smlsl) LONG_BY_ELEMENT(umlsl)
LONG_BY_ELEMENT(smull) LONG_BY_ELEMENT(umull)
LONG_BY_ELEMENT(sqdmlal) LONG_BY_ELEMENT(sqdmlsl) LONG_BY_ELEMENT(sqdmull)
