/* SPDX-License-Identifier: MIT */
/*
 * tr_simd_half.c: vectors of halves and of bfloat16 multiplied into singles (FEAT_FHM, FEAT_BF16), and of
 * complex numbers (FEAT_FCMA).
 */
#include "simd.h"

/* ---- FEAT_FHM -------------------------------------------------------------------------------- */

/* Lanes `first` on of n times those of m, or times m's lane `element` where that is not negative. */
static int multiply_long(struct ctx *c, bool subtract, unsigned first, int element, int32_t rd,
                         bp_value n, bp_value m)
{
    struct shape s = { 2, bits_of(c, 30, 1) ? PART_FULL : PART_HALF };
    unsigned lanes = s.part == PART_FULL ? 4 : 2;
    bp_value d = get_v(c, rd), r = vconst(c, 0);

    if (subtract)
        n = simd_negated(c, (struct shape){ 1, PART_FULL }, 3, n);
    for (unsigned i = 0; i < lanes; i++) {
        unsigned from = first * lanes + i;
        bp_value x = bp_emit(c->t, BP_VGET, BP_I64, BP_V(1, from), n, 0, 0);
        bp_value y = bp_emit(c->t, BP_VGET, BP_I64,
                             BP_V(1, element >= 0 ? (unsigned)element : from), m, 0, 0);
        bp_value z = bp_emit(c->t, BP_VGET, BP_I64, BP_V(2, i), d, 0, 0);
        r = vop(c, BP_VSET, 2, i, r, fp_call(c, FP_MADD_HALVES, BP_F32, 0, x, y, z));
    }
    put_v(c, rd, r);
    return BP_TR_NEXT;
}

/* H:L:M of V0 to V15. */
static unsigned half_lane(const struct ctx *c)
{
    return bits_of(c, 11, 1) << 2 | bits_of(c, 21, 1) << 1 | bits_of(c, 20, 1);
}

#define FHM(name, subtract, first)                                                                 \
    TR(name, c3)                                                                                   \
    {                                                                                              \
        return multiply_long(c, subtract, first, -1, a->rd, get_v(c, a->rn), get_v(c, a->rm));     \
    }                                                                                              \
    TR(name##_e, cel)                                                                              \
    {                                                                                              \
        return multiply_long(c, subtract, first, (int)half_lane(c), a->rd, get_v(c, a->rn),        \
                             get_v(c, (int32_t)bits_of(c, 16, 4)));                                \
    }
FHM(fmlal, false, 0)
FHM(fmlsl, true, 0)
FHM(fmlal2, false, 1)
FHM(fmlsl2, true, 1)

/* ---- FEAT_FCMA ------------------------------------------------------------------------------- */

static bool complex_exists(const struct ctx *c, struct shape s)
{
    return s.log2 && shape_exists(s) && (s.log2 != 1 || c->cpu->ext.fp16);
}

/* Real and imaginary parts changed places. */
static bp_value swapped(struct ctx *c, struct shape s, bp_value v)
{
    return s.log2 == 3 ? vop(c, BP_VEXT, 0, 8, v, v) : v1(c, BP_VREV, s.log2, s.log2 + 1, v);
}

/* n plus m times i, or minus. */
TR(fcadd, v3)
{
    struct shape s = shape_of(c);
    bp_value m;

    s.part = bits_of(c, 30, 1) ? PART_FULL : PART_HALF;
    if (!complex_exists(c, s))
        return tr_undefined(c);
    m = simd_negated(c, s, bits_of(c, 12, 1) ? 2 : 1, swapped(c, s, simd_in(c, s, a->rm)));
    simd_out(c, s, a->rd, core_fadd(c, s, 0, simd_in(c, s, a->rn), m));
    return BP_TR_NEXT;
}

/* d plus a half of a complex product: n's real or imaginary part times m, or m turned. */
static int multiply_add(struct ctx *c, struct shape s, unsigned rotation, int32_t rd, bp_value n,
                        bp_value m)
{
    static const uint8_t signs[4] = { 0, 1, 3, 2 };

    if (rotation & 1)
        m = swapped(c, s, m);
    if (signs[rotation])
        m = simd_negated(c, s, signs[rotation], m);
    n = vop(c, rotation & 1 ? BP_VTRN2 : BP_VTRN1, s.log2, 0, n, n);
    simd_out(c, s, rd, core_fmla(c, s, simd_in(c, s, rd), n, m));
    return BP_TR_NEXT;
}

TR(fcmla, v3)
{
    struct shape s = shape_of(c);

    s.part = bits_of(c, 30, 1) ? PART_FULL : PART_HALF;
    if (!complex_exists(c, s))
        return tr_undefined(c);
    return multiply_add(c, s, bits_of(c, 11, 2), a->rd, simd_in(c, s, a->rn),
                        simd_in(c, s, a->rm));
}

/* The element is a pair: halves by H:L, singles by H. */
TR(fcmla_e, ve)
{
    unsigned log2 = bits_of(c, 22, 2), h = bits_of(c, 11, 1), l = bits_of(c, 21, 1);
    struct shape s = { log2, bits_of(c, 30, 1) ? PART_FULL : PART_HALF };
    bp_value m = get_v(c, (int32_t)bits_of(c, 16, 5));

    if (log2 == 3 || !complex_exists(c, s) || (s.part == PART_HALF && (log2 == 2 || h)) ||
        (log2 == 2 && l))
        return tr_undefined(c);
    m = v1(c, BP_VDUPL, log2 + 1, log2 == 1 ? h << 1 | l : h, m);
    return multiply_add(c, s, bits_of(c, 13, 2), a->rd, simd_in(c, s, a->rn), m);
}

/* ---- FEAT_BF16 ------------------------------------------------------------------------------- */

static int dot(struct ctx *c, unsigned op, int32_t rd, bp_value n, bp_value m)
{
    struct shape s = { 2, bits_of(c, 30, 1) ? PART_FULL : PART_HALF };

    simd_out(c, s, rd, simd_call(c, op, 0, n, m, get_v(c, rd)));
    return BP_TR_NEXT;
}

TR(bfdot_v, c3) { return dot(c, SIMD_BFDOT, a->rd, get_v(c, a->rn), get_v(c, a->rm)); }
TR(bfmmla, c3) { return dot(c, SIMD_BFMMLA, a->rd, get_v(c, a->rn), get_v(c, a->rm)); }
TR(bfdot_e, cel)
{
    unsigned pair = bits_of(c, 11, 1) << 1 | bits_of(c, 21, 1);

    return dot(c, SIMD_BFDOT, a->rd, get_v(c, a->rn),
               v1(c, BP_VDUPL, 2, pair, get_v(c, (int32_t)bits_of(c, 16, 5))));
}

/* The even or the odd lanes as singles. */
static bp_value as_singles(struct ctx *c, bool odd, bp_value v)
{
    return odd ? vop(c, BP_VAND, 3, 0, v, vconst(c, UINT64_C(0xffff0000ffff0000)))
               : v1(c, BP_VSHL, 2, 16, v);
}

static int multiply_add_long(struct ctx *c, bool odd, int32_t rd, bp_value n, bp_value m)
{
    struct shape s = { 2, PART_FULL };

    put_v(c, rd, core_fmla(c, s, get_v(c, rd), as_singles(c, odd, n), m));
    return BP_TR_NEXT;
}

static int multiply_add_vector(struct ctx *c, bool odd, const struct a64_args_c3 *a)
{
    return multiply_add_long(c, odd, a->rd, get_v(c, a->rn), as_singles(c, odd, get_v(c, a->rm)));
}
static int multiply_add_element(struct ctx *c, bool odd, const struct a64_args_cel *a)
{
    bp_value m = v1(c, BP_VDUPL, 1, half_lane(c), get_v(c, (int32_t)bits_of(c, 16, 4)));

    return multiply_add_long(c, odd, a->rd, get_v(c, a->rn), as_singles(c, true, m));
}
TR(bfmlalb_v, c3) { return multiply_add_vector(c, false, a); }
TR(bfmlalt_v, c3) { return multiply_add_vector(c, true, a); }
TR(bfmlalb_e, cel) { return multiply_add_element(c, false, a); }
TR(bfmlalt_e, cel) { return multiply_add_element(c, true, a); }

TR(bfcvtn, c2)
{
    bp_value v = get_v(c, a->rn), r = vconst(c, 0);

    for (unsigned i = 0; i < 4; i++) {
        bp_value x = bp_emit(c->t, BP_VGET, BP_I64, BP_V(2, i), v, 0, 0);
        r = vop(c, BP_VSET, 1, i, r, fp_call(c, FP_TO_BF16, BP_F32, 0, x, 0, 0));
    }
    if (bits_of(c, 30, 1))
        put_v(c, a->rd, vop(c, BP_VZIP1, 3, 0, get_v(c, a->rd), r));
    else
        put_v(c, a->rd, zext_v(c, lowest(c, BP_F64, r)));
    return BP_TR_NEXT;
}
