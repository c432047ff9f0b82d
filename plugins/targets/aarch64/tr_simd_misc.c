/* SPDX-License-Identifier: MIT */
/*
 * tr_simd_misc.c: Advanced SIMD on integers: one operand, across lanes, shifts by immediates,
 * constants, copies, permutations.
 */
#include "simd.h"

enum { B = 1, H = 2, S = 4, D = 8, BHS = B | H | S, BHSD = 15, HS = H | S };

/* ---- one operand ----------------------------------------------------------------------------- */

typedef bp_value unary_core(struct ctx *c, struct shape s, bp_value d, bp_value a);

static int two(struct ctx *c, unary_core *core, unsigned sizes, const struct a64_args_v2 *a)
{
    struct shape s = shape_of(c);

    if (!(sizes >> s.log2 & 1) || !shape_exists(s))
        return tr_undefined(c);
    simd_out(c, s, a->rd, core(c, s, simd_in(c, s, a->rd), simd_in(c, s, a->rn)));
    return BP_TR_NEXT;
}

#define UNARY(name) static bp_value name(struct ctx *c, struct shape s, bp_value d, bp_value a)
UNARY(u_rev64) { return (void)d, v1(c, BP_VREV, s.log2, 3, a); }
UNARY(u_rev32) { return (void)d, v1(c, BP_VREV, s.log2, 2, a); }
UNARY(u_rev16) { return (void)d, v1(c, BP_VREV, s.log2, 1, a); }
UNARY(u_clz) { return (void)d, v1(c, BP_VCLZ, s.log2, 0, a); }
UNARY(u_cls) { return simd_call(c, SIMD_CLS, s.log2, a, a, d); }
UNARY(u_abs) { return (void)d, v1(c, BP_VABS, s.log2, 0, a); }
UNARY(u_neg) { return (void)d, vop(c, BP_VSUB, s.log2, 0, vconst(c, 0), a); }
UNARY(u_suqadd) { return simd_call(c, SIMD_SUQADD, s.log2, a, a, d); }
UNARY(u_usqadd) { return simd_call(c, SIMD_USQADD, s.log2, a, a, d); }
UNARY(u_sqabs) { return simd_call(c, SIMD_SQABS, s.log2, a, a, d); }
UNARY(u_sqneg) { return simd_call(c, SIMD_SQNEG, s.log2, a, a, d); }
UNARY(u_cmgt0) { return (void)d, vop(c, BP_VCMPGTS, s.log2, 0, a, vconst(c, 0)); }
UNARY(u_cmlt0) { return (void)d, vop(c, BP_VCMPGTS, s.log2, 0, vconst(c, 0), a); }
UNARY(u_cmge0) { return v_not(c, u_cmlt0(c, s, d, a)); }
UNARY(u_cmle0) { return v_not(c, u_cmgt0(c, s, d, a)); }
UNARY(u_cmeq0) { return (void)d, vop(c, BP_VCMPEQ, s.log2, 0, a, vconst(c, 0)); }

/* Sums of neighbours, twice as wide. */
static bp_value pair_sums(struct ctx *c, struct shape s, bool is_signed, bp_value a)
{
    unsigned bits = lane_bits(s), wide = s.log2 + 1;
    enum bp_op right = is_signed ? BP_VSHRS : BP_VSHRU;
    bp_value odd = v1(c, right, wide, bits, a);
    bp_value even = v1(c, right, wide, bits, v1(c, BP_VSHL, wide, bits, a));

    return vop(c, BP_VADD, wide, 0, even, odd);
}
UNARY(u_saddlp) { return (void)d, pair_sums(c, s, true, a); }
UNARY(u_uaddlp) { return (void)d, pair_sums(c, s, false, a); }
UNARY(u_sadalp) { return vop(c, BP_VADD, s.log2 + 1, 0, d, pair_sums(c, s, true, a)); }
UNARY(u_uadalp) { return vop(c, BP_VADD, s.log2 + 1, 0, d, pair_sums(c, s, false, a)); }

#define TWO(name, sizes) TR(name##_v, v2) { return two(c, u_##name, sizes, a); }
#define TWO_D(name)                                                                                \
    TR(name##_v, v2) { return two(c, u_##name, bits_of(c, 28, 1) ? D : BHSD, a); }
TWO(rev64, BHS) TWO(rev32, B | H) TWO(rev16, B) TWO(clz, BHS) TWO(cls, BHS)
TWO(saddlp, BHS) TWO(uaddlp, BHS) TWO(sadalp, BHS) TWO(uadalp, BHS)
TWO(suqadd, BHSD) TWO(usqadd, BHSD) TWO(sqabs, BHSD) TWO(sqneg, BHSD)
TWO_D(cmgt0) TWO_D(cmge0) TWO_D(cmeq0) TWO_D(cmle0) TWO_D(cmlt0) TWO_D(abs) TWO_D(neg)

static int bytes_out(struct ctx *c, int32_t rd, bp_value v)
{
    simd_out(c, (struct shape){ 0, bits_of(c, 30, 1) ? PART_FULL : PART_HALF }, rd, v);
    return BP_TR_NEXT;
}

TR(cnt_v, one) { return bytes_out(c, a->rd, v1(c, BP_VPOPCNT, 0, 0, get_v(c, a->rn))); }
TR(not_v, one) { return bytes_out(c, a->rd, v_not(c, get_v(c, a->rn))); }
TR(rbit_v, one)
{
    bp_value v = get_v(c, a->rn);
    return bytes_out(c, a->rd, simd_call(c, SIMD_RBIT, 0, v, v, v));
}

/* ---- narrower -------------------------------------------------------------------------------- */

/* The lower half, or with Q the upper one; scalars a lane. */
static void narrow_out(struct ctx *c, unsigned log2, int32_t rd, bp_value low)
{
    if (bits_of(c, 28, 1))
        simd_out(c, (struct shape){ log2, PART_LANE }, rd, low);
    else if (bits_of(c, 30, 1))
        put_v(c, rd, vop(c, BP_VZIP1, 3, 0, get_v(c, rd), low));
    else
        put_v(c, rd, zext_v(c, lowest(c, BP_F64, low)));
}

/* Saturation of lanes twice as wide as log2 says; QC where widening does not give them back. */
static bp_value narrow_saturating(struct ctx *c, enum bp_op op, unsigned log2, bp_value v)
{
    bp_value r = v1(c, op, log2 + 1, 0, v);

    simd_saturated(c, v1(c, op == BP_VQNSS ? BP_VSXT : BP_VZXT, log2, 0, r), v);
    return r;
}

static int narrow_2(struct ctx *c, enum bp_op op, const struct a64_args_v2 *a)
{
    unsigned log2 = bits_of(c, 22, 2);
    bp_value v = get_v(c, a->rn);

    if (log2 == 3)
        return tr_undefined(c);
    if (bits_of(c, 28, 1))
        v = v1(c, BP_VDUPL, log2 + 1, 0, v);
    narrow_out(c, log2, a->rd,
               op ? narrow_saturating(c, op, log2, v) : vop(c, BP_VUZP1, log2, 0, v, v));
    return BP_TR_NEXT;
}

TR(xtn_v, v2) { return narrow_2(c, 0, a); }
TR(sqxtn_v, v2) { return narrow_2(c, BP_VQNSS, a); }
TR(sqxtun_v, v2) { return narrow_2(c, BP_VQNSU, a); }
TR(uqxtn_v, v2) { return narrow_2(c, BP_VQNUU, a); }

static bp_value long_in(struct ctx *c, int32_t rn)
{
    bp_value v = get_v(c, rn);
    return bits_of(c, 30, 1) ? vop(c, BP_VEXT, 0, 8, v, v) : v;
}

TR(shll_v, v2)
{
    unsigned log2 = bits_of(c, 22, 2);

    if (log2 == 3)
        return tr_undefined(c);
    put_v(c, a->rd,
          v1(c, BP_VSHL, log2 + 1, 8u << log2, v1(c, BP_VZXT, log2, 0, long_in(c, a->rn))));
    return BP_TR_NEXT;
}

/* ---- across lanes ---------------------------------------------------------------------------- */

/* Folds the upper half onto the lower one until a lane is left. */
static bp_value fold(struct ctx *c, enum bp_op op, unsigned log2, unsigned bytes, bp_value v)
{
    for (unsigned n = bytes / 2; n >= 1u << log2; n /= 2)
        v = vop(c, op, log2, 0, v, vop(c, BP_VEXT, 0, n, v, v));
    return v;
}

/* Reserved: 64-bit lanes, and two 32-bit ones. */
static bool across_exists(struct shape s)
{
    return s.log2 < 2 || (s.log2 == 2 && s.part == PART_FULL);
}

static int across(struct ctx *c, enum bp_op op, const struct a64_args_v2 *a)
{
    struct shape s = shape_of(c);
    bp_value v = get_v(c, a->rn);

    if (!across_exists(s))
        return tr_undefined(c);
    v = fold(c, op, s.log2, s.part == PART_FULL ? 16 : 8, v);
    s.part = PART_LANE;
    simd_out(c, s, a->rd, v);
    return BP_TR_NEXT;
}

TR(addv, v2) { return across(c, BP_VADD, a); }
TR(smaxv, v2) { return across(c, BP_VMAXS, a); }
TR(umaxv, v2) { return across(c, BP_VMAXU, a); }
TR(sminv, v2) { return across(c, BP_VMINS, a); }
TR(uminv, v2) { return across(c, BP_VMINU, a); }

static int across_long(struct ctx *c, bool is_signed, const struct a64_args_v2 *a)
{
    struct shape s = shape_of(c), out = { s.log2 + 1, PART_LANE };
    bp_value v;

    if (!across_exists(s))
        return tr_undefined(c);
    v = pair_sums(c, s, is_signed, get_v(c, a->rn));
    simd_out(c, out, a->rd, fold(c, BP_VADD, s.log2 + 1, s.part == PART_FULL ? 16 : 8, v));
    return BP_TR_NEXT;
}

TR(saddlv, v2) { return across_long(c, true, a); }
TR(uaddlv, v2) { return across_long(c, false, a); }

TR(addp_p, v2)
{
    if (bits_of(c, 22, 2) != 3)
        return tr_undefined(c);
    simd_out(c, (struct shape){ 3, PART_LANE }, a->rd, fold(c, BP_VADD, 3, 16, get_v(c, a->rn)));
    return BP_TR_NEXT;
}

/* ---- shifts by immediates -------------------------------------------------------------------- */

/* Width by the highest bit of immh; immh:immb is 2 * bits - n to the right, bits + n to the
 * left. */
static struct shape imm_shape(const struct ctx *c, int32_t imm)
{
    return (struct shape){ 31u - (unsigned)__builtin_clz((unsigned)imm >> 3),
                           bits_of(c, 28, 1)   ? PART_LANE
                           : bits_of(c, 30, 1) ? PART_FULL
                                               : PART_HALF };
}
static unsigned right_count(struct shape s, int32_t imm)
{
    return 2 * lane_bits(s) - (unsigned)imm;
}
static unsigned left_count(struct shape s, int32_t imm) { return (unsigned)imm - lane_bits(s); }

/* Up to the width, which the IR's shifts stop short of. */
static bp_value shift_right(struct ctx *c, struct shape s, bool is_signed, unsigned n, bp_value v)
{
    if (n == lane_bits(s) && !is_signed)
        return vconst(c, 0);
    if (n == lane_bits(s))
        n--;
    return v1(c, is_signed ? BP_VSHRS : BP_VSHRU, s.log2, n, v);
}

/* The bit shifted out last is added. */
static bp_value shift_rounding(struct ctx *c, struct shape s, bool is_signed, unsigned n,
                               bp_value v)
{
    bp_value half = vop(c, BP_VAND, 3, 0, v1(c, BP_VSHRU, s.log2, n - 1, v),
                        vconst(c, each_lane(s.log2, 1)));

    return vop(c, BP_VADD, s.log2, 0, shift_right(c, s, is_signed, n, v), half);
}

enum { SIGNED = 1, ROUND = 2, ACCUMULATE = 4 };

static int right(struct ctx *c, unsigned how, const struct a64_args_vsh *a)
{
    struct shape s = imm_shape(c, a->imm);
    unsigned n = right_count(s, a->imm);
    bp_value v = get_v(c, a->rn);

    if (!shape_exists(s) || (s.part == PART_LANE && s.log2 != 3))
        return tr_undefined(c);
    v = how & ROUND ? shift_rounding(c, s, how & SIGNED, n, v)
                    : shift_right(c, s, how & SIGNED, n, v);
    if (how & ACCUMULATE)
        v = vop(c, BP_VADD, s.log2, 0, get_v(c, a->rd), v);
    simd_out(c, s, a->rd, v);
    return BP_TR_NEXT;
}

TR(sshr_i, vsh) { return right(c, SIGNED, a); }
TR(ushr_i, vsh) { return right(c, 0, a); }
TR(ssra_i, vsh) { return right(c, SIGNED | ACCUMULATE, a); }
TR(usra_i, vsh) { return right(c, ACCUMULATE, a); }
TR(srshr_i, vsh) { return right(c, SIGNED | ROUND, a); }
TR(urshr_i, vsh) { return right(c, ROUND, a); }
TR(srsra_i, vsh) { return right(c, SIGNED | ROUND | ACCUMULATE, a); }
TR(ursra_i, vsh) { return right(c, ROUND | ACCUMULATE, a); }

/* Inserts into what the mask spares. */
static int insert(struct ctx *c, struct shape s, uint64_t mask, bp_value v, int32_t rd)
{
    if (!shape_exists(s) || (s.part == PART_LANE && s.log2 != 3))
        return tr_undefined(c);
    v = bp_emit(c->t, BP_VSEL, BP_V128, BP_V(3, 0), vconst(c, each_lane(s.log2, mask)), v,
                get_v(c, rd));
    simd_out(c, s, rd, v);
    return BP_TR_NEXT;
}

TR(sri_i, vsh)
{
    struct shape s = imm_shape(c, a->imm);
    unsigned n = right_count(s, a->imm), bits = lane_bits(s);
    uint64_t mask = n == bits ? 0 : UINT64_MAX >> (64 - bits) >> n;

    return insert(c, s, mask, shift_right(c, s, false, n, get_v(c, a->rn)), a->rd);
}

TR(sli_i, vsh)
{
    struct shape s = imm_shape(c, a->imm);
    unsigned n = left_count(s, a->imm), bits = lane_bits(s);
    uint64_t mask = (UINT64_MAX >> (64 - bits) << n) & UINT64_MAX >> (64 - bits);

    return insert(c, s, mask, v1(c, BP_VSHL, s.log2, n, get_v(c, a->rn)), a->rd);
}

TR(shl_i, vsh)
{
    struct shape s = imm_shape(c, a->imm);

    if (!shape_exists(s) || (s.part == PART_LANE && s.log2 != 3))
        return tr_undefined(c);
    simd_out(c, s, a->rd, v1(c, BP_VSHL, s.log2, left_count(s, a->imm), get_v(c, a->rn)));
    return BP_TR_NEXT;
}

static int left_saturating(struct ctx *c, unsigned op, const struct a64_args_vsh *a)
{
    struct shape s = imm_shape(c, a->imm);
    bp_value v = simd_in(c, s, a->rn);

    if (!shape_exists(s))
        return tr_undefined(c);
    v = simd_call(c, op, s.log2, v, vconst(c, each_lane(s.log2, left_count(s, a->imm))), v);
    simd_out(c, s, a->rd, v);
    return BP_TR_NEXT;
}

TR(sqshl_i, vsh) { return left_saturating(c, SIMD_SQSHL, a); }
TR(uqshl_i, vsh) { return left_saturating(c, SIMD_UQSHL, a); }
TR(sqshlu_i, vsh) { return left_saturating(c, SIMD_SQSHLU, a); }

/* From lanes twice as wide. */
static int right_narrow(struct ctx *c, unsigned how, enum bp_op saturate,
                        const struct a64_args_vsh *a)
{
    struct shape s = imm_shape(c, a->imm), wide = { s.log2 + 1, PART_FULL };
    unsigned n = right_count(s, a->imm);
    bp_value v = get_v(c, a->rn);

    if (s.log2 == 3)
        return tr_undefined(c);
    if (s.part == PART_LANE)
        v = v1(c, BP_VDUPL, wide.log2, 0, v);
    v = how & ROUND ? shift_rounding(c, wide, how & SIGNED, n, v)
                    : shift_right(c, wide, how & SIGNED, n, v);
    narrow_out(c, s.log2, a->rd, saturate ? narrow_saturating(c, saturate, s.log2, v)
                                          : vop(c, BP_VUZP1, s.log2, 0, v, v));
    return BP_TR_NEXT;
}

TR(shrn_i, vsh) { return right_narrow(c, 0, 0, a); }
TR(rshrn_i, vsh) { return right_narrow(c, ROUND, 0, a); }
TR(sqshrn_i, vsh) { return right_narrow(c, SIGNED, BP_VQNSS, a); }
TR(uqshrn_i, vsh) { return right_narrow(c, 0, BP_VQNUU, a); }
TR(sqrshrn_i, vsh) { return right_narrow(c, SIGNED | ROUND, BP_VQNSS, a); }
TR(uqrshrn_i, vsh) { return right_narrow(c, ROUND, BP_VQNUU, a); }
TR(sqshrun_i, vsh) { return right_narrow(c, SIGNED, BP_VQNSU, a); }
TR(sqrshrun_i, vsh) { return right_narrow(c, SIGNED | ROUND, BP_VQNSU, a); }

static int left_long(struct ctx *c, enum bp_op widen, const struct a64_args_vsh *a)
{
    struct shape s = imm_shape(c, a->imm);

    if (s.log2 == 3)
        return tr_undefined(c);
    put_v(c, a->rd, v1(c, BP_VSHL, s.log2 + 1, left_count(s, a->imm),
                       v1(c, widen, s.log2, 0, long_in(c, a->rn))));
    return BP_TR_NEXT;
}

TR(sshll_i, vsh) { return left_long(c, BP_VSXT, a); }
TR(ushll_i, vsh) { return left_long(c, BP_VZXT, a); }

/* ---- constants ------------------------------------------------------------------------------- */

/* AdvSIMDExpandImm */
static uint64_t expand(unsigned cmode, bool op, uint64_t imm8)
{
    uint64_t v = 0;

    switch (cmode >> 1) {
    case 0: case 1: case 2: case 3: return each_lane(2, imm8 << 8 * (cmode >> 1));
    case 4: return each_lane(1, imm8);
    case 5: return each_lane(1, imm8 << 8);
    case 6: return each_lane(2, cmode & 1 ? imm8 << 16 | 0xffff : imm8 << 8 | 0xff);
    }
    if (!(cmode & 1) && !op)
        return each_lane(0, imm8);
    if (!(cmode & 1)) {
        for (unsigned i = 0; i < 8; i++)
            v |= imm8 >> i & 1 ? UINT64_C(0xff) << 8 * i : 0;
        return v;
    }
    if (!op)
        return each_lane(2, (imm8 & 0x80) << 24 | (imm8 & 0x40 ? 0x3e000000u : 0x40000000u) |
                                (imm8 & 0x3f) << 19);
    return (imm8 & 0x80) << 56 | (imm8 & 0x40 ? UINT64_C(0x3fc0) : UINT64_C(0x4000)) << 48 |
           (imm8 & 0x3f) << 48;
}

TR(movi_v, vimm)
{
    unsigned cmode = (unsigned)a->cmode;
    bool op = bits_of(c, 29, 1), modify = (cmode & 1) && cmode < 12;
    uint64_t imm = expand(cmode, op, (uint64_t)(a->hi << 5 | a->lo));
    struct shape s = { 3, a->q ? PART_FULL : PART_HALF };
    bp_value v;

    if (cmode == 15 && op && !a->q)
        return tr_undefined(c);
    if (modify && op)
        v = vop(c, BP_VANDN, 3, 0, get_v(c, a->rd), vconst(c, imm)); /* BIC */
    else if (modify)
        v = vop(c, BP_VOR, 3, 0, get_v(c, a->rd), vconst(c, imm)); /* ORR */
    else
        v = vconst(c, op && cmode < 14 ? ~imm : imm); /* MVNI, MOVI, FMOV */
    simd_out(c, s, a->rd, v);
    return BP_TR_NEXT;
}

TR(fmov_ih, vimm)
{
    struct shape s = { 3, a->q ? PART_FULL : PART_HALF };

    simd_out(c, s, a->rd,
             vconst(c, each_lane(1, fp_expand_half((unsigned)(a->hi << 5 | a->lo)))));
    return BP_TR_NEXT;
}

/* ---- copies ---------------------------------------------------------------------------------- */

/* Width by the lowest bit of imm5, lane above it; false: reserved. */
static bool copy_lane(int32_t imm5, unsigned *ret_log2, unsigned *ret_lane)
{
    if (!(imm5 & 15))
        return false;
    *ret_log2 = (unsigned)__builtin_ctz((unsigned)imm5);
    *ret_lane = (unsigned)imm5 >> (*ret_log2 + 1);
    return true;
}

static struct shape copy_shape(const struct ctx *c, unsigned log2)
{
    return (struct shape){ log2, bits_of(c, 28, 1) ? PART_LANE
                                 : bits_of(c, 30, 1) ? PART_FULL : PART_HALF };
}

TR(dup_e, vcopy)
{
    unsigned log2, lane;
    struct shape s;

    if (!copy_lane(a->imm5, &log2, &lane))
        return tr_undefined(c);
    s = copy_shape(c, log2);
    if (!shape_exists(s))
        return tr_undefined(c);
    simd_out(c, s, a->rd, v1(c, BP_VDUPL, log2, lane, get_v(c, a->rn)));
    return BP_TR_NEXT;
}

TR(dup_x, fromx)
{
    unsigned log2, lane;
    struct shape s;

    if (!copy_lane(a->imm5, &log2, &lane))
        return tr_undefined(c);
    s = copy_shape(c, log2);
    if (!shape_exists(s))
        return tr_undefined(c);
    simd_out(c, s, a->rd,
             bp_emit(c->t, BP_VDUP, BP_V128, BP_V(log2, 0), get_x(c, a->rn), 0, 0));
    return BP_TR_NEXT;
}

TR(ins_x, fromx)
{
    unsigned log2, lane;

    if (!copy_lane(a->imm5, &log2, &lane))
        return tr_undefined(c);
    put_v(c, a->rd, vop(c, BP_VSET, log2, lane, get_v(c, a->rd), get_x(c, a->rn)));
    return BP_TR_NEXT;
}

TR(ins_e, vcopy)
{
    unsigned log2, lane, from;
    bp_value v;

    if (!copy_lane(a->imm5, &log2, &lane))
        return tr_undefined(c);
    from = (unsigned)a->imm4 >> log2;
    v = bp_emit(c->t, BP_VGET, BP_I64, BP_V(log2, from), get_v(c, a->rn), 0, 0);
    put_v(c, a->rd, vop(c, BP_VSET, log2, lane, get_v(c, a->rd), v));
    return BP_TR_NEXT;
}

TR(umov, tox)
{
    unsigned log2, lane;
    bool q = bits_of(c, 30, 1);

    if (!copy_lane(a->imm5, &log2, &lane) || q != (log2 == 3))
        return tr_undefined(c);
    put_x(c, a->rd, bp_emit(c->t, BP_VGET, BP_I64, BP_V(log2, lane), get_v(c, a->rn), 0, 0));
    return BP_TR_NEXT;
}

TR(smov, tox)
{
    unsigned log2, lane;
    bool q = bits_of(c, 30, 1);
    bp_value v;

    if (!copy_lane(a->imm5, &log2, &lane) || log2 > (q ? 2u : 1u))
        return tr_undefined(c);
    v = bp_emit(c->t, BP_VGET, q ? BP_I64 : BP_I32, BP_V(log2, lane) | BP_V_SIGNED, get_v(c, a->rn),
                0, 0);
    put_x(c, a->rd, q ? v : bp_op1(c->t, BP_ZEXT, BP_I64, v));
    return BP_TR_NEXT;
}

/* ---- permutations ---------------------------------------------------------------------------- */

/* Of half registers: both halves joined, and the operation's lower half. */
static int permute(struct ctx *c, enum bp_op op, const struct a64_args_v3 *a)
{
    struct shape s = shape_of(c);
    bp_value n = get_v(c, a->rn), m = get_v(c, a->rm), v;

    if (!shape_exists(s))
        return tr_undefined(c);
    if (s.part == PART_HALF && (op == BP_VUZP1 || op == BP_VUZP2)) {
        v = vop(c, BP_VZIP1, 3, 0, n, m);
        v = vop(c, op, s.log2, 0, v, v);
    } else if (s.part == PART_HALF && op == BP_VZIP2) {
        v = vop(c, BP_VZIP1, s.log2, 0, n, m);
        v = vop(c, BP_VEXT, 0, 8, v, v);
    } else {
        v = vop(c, op, s.log2, 0, n, m);
    }
    simd_out(c, s, a->rd, v);
    return BP_TR_NEXT;
}

TR(uzp1, v3) { return permute(c, BP_VUZP1, a); }
TR(uzp2, v3) { return permute(c, BP_VUZP2, a); }
TR(zip1, v3) { return permute(c, BP_VZIP1, a); }
TR(zip2, v3) { return permute(c, BP_VZIP2, a); }
TR(trn1, v3) { return permute(c, BP_VTRN1, a); }
TR(trn2, v3) { return permute(c, BP_VTRN2, a); }

TR(ext, vext)
{
    bp_value n = get_v(c, a->rn), m = get_v(c, a->rm);
    bool q = bits_of(c, 30, 1);

    if (!q && a->imm4 & 8)
        return tr_undefined(c);
    if (!q)
        n = m = vop(c, BP_VZIP1, 3, 0, n, m);
    simd_out(c, (struct shape){ 0, q ? PART_FULL : PART_HALF }, a->rd,
             vop(c, BP_VEXT, 0, (unsigned)a->imm4, n, m));
    return BP_TR_NEXT;
}

/* Up to four registers: each takes the indexes that are its own once 16 is taken off. */
static bp_value look_up(struct ctx *c, unsigned n, int32_t first, bp_value index)
{
    bp_value r = vop(c, BP_VTBL, 0, 0, get_v(c, first), index);

    for (unsigned i = 1; i < n; i++) {
        index = vop(c, BP_VSUB, 0, 0, index, vconst(c, each_lane(0, 16)));
        r = vop(c, BP_VOR, 3, 0, r, vop(c, BP_VTBL, 0, 0, get_v(c, first + (int32_t)i), index));
    }
    return r;
}

TR(tbl, log)
{
    return bytes_out(c, a->rd, look_up(c, bits_of(c, 13, 2) + 1, a->rn, get_v(c, a->rm)));
}

TR(tbx, log)
{
    unsigned n = bits_of(c, 13, 2) + 1;
    bp_value index = get_v(c, a->rm);
    bp_value inside = vop(c, BP_VCMPGTU, 0, 0, vconst(c, each_lane(0, 16 * n)), index);
    bp_value v = look_up(c, n, a->rn, index);

    return bytes_out(c, a->rd, bp_emit(c->t, BP_VSEL, BP_V128, BP_V(3, 0), inside, v,
                                       get_v(c, a->rd)));
}
