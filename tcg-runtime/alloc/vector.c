/* SPDX-License-Identifier: MIT */
/*
 * vector.c: every vector op as a C function, lane by lane: for ops without a rule, for rare cases
 * that a rule leaves to code out of line, and for the interpreter. Lanes lie in memory lowest
 * first.
 */
#undef BP_HOST_SIDE /* as in exact.c */
#include "internal.h"
#include "exact.h"

#include "tcg-runtime/fp/softfloat.h"
#include "tcg-runtime/ir/ir.h"

#include <string.h>

struct op {
    unsigned op, aux, bits, lanes, number;
    const uint8_t *a, *b, *c;
    uint8_t *ret;
};

static uint64_t lane(const uint8_t *v, unsigned bits, unsigned i)
{
    uint64_t x = 0;
    for (unsigned k = bits / 8; k-- > 0;)
        x = x << 8 | v[i * bits / 8 + k];
    return x;
}

static void set_lane(uint8_t *v, unsigned bits, unsigned i, uint64_t x)
{
    for (unsigned k = 0; k < bits / 8; k++, x >>= 8)
        v[i * bits / 8 + k] = (uint8_t)x;
}

static int64_t sign(uint64_t x, unsigned bits)
{
    return (int64_t)(x << (64 - bits)) >> (64 - bits);
}
static uint64_t cut(uint64_t x, unsigned bits) { return x & UINT64_MAX >> (64 - bits); }

/* ---- saturation ------------------------------------------------------------------------------ */

static uint64_t clamp_signed(__int128 v, unsigned bits)
{
    __int128 max = ((__int128)1 << (bits - 1)) - 1;
    return (uint64_t)(v > max ? max : v < -max - 1 ? -max - 1 : v);
}

static uint64_t clamp_unsigned(__int128 v, unsigned bits)
{
    __int128 max = ((__int128)1 << bits) - 1;
    return (uint64_t)(v > max ? max : v < 0 ? 0 : v);
}

/* By a signed count: positive to the left. */
static uint64_t shift_by(uint64_t x, unsigned bits, int8_t n, bool arithmetic)
{
    if (n >= (int)bits)
        return 0;
    if (n >= 0)
        return x << n;
    if (n <= -(int)bits)
        return arithmetic && sign(x, bits) < 0 ? UINT64_MAX : 0;
    return arithmetic ? (uint64_t)(sign(x, bits) >> -n) : x >> -n;
}

/* ---- lane by lane ---------------------------------------------------------------------------- */

static uint64_t count_zeros(uint64_t x, unsigned bits)
{
    return x ? (unsigned)__builtin_clzll(x) - (64 - bits) : bits;
}

static uint64_t binary(unsigned op, unsigned bits, uint64_t x, uint64_t y)
{
    int64_t sx = sign(x, bits), sy = sign(y, bits);
    switch (op) {
    case BP_VADD: return x + y;
    case BP_VSUB: return x - y;
    case BP_VMUL: return x * y;
    case BP_VMINS: return sx < sy ? x : y;
    case BP_VMAXS: return sx > sy ? x : y;
    case BP_VMINU: return x < y ? x : y;
    case BP_VMAXU: return x > y ? x : y;
    case BP_VQADDS: return clamp_signed((__int128)sx + sy, bits);
    case BP_VQADDU: return clamp_unsigned((__int128)x + y, bits);
    case BP_VQSUBS: return clamp_signed((__int128)sx - sy, bits);
    case BP_VQSUBU: return clamp_unsigned((__int128)x - y, bits);
    case BP_VCMPEQ: return x == y ? UINT64_MAX : 0;
    case BP_VCMPGTS: return sx > sy ? UINT64_MAX : 0;
    case BP_VCMPGTU: return x > y ? UINT64_MAX : 0;
    case BP_VSHIFTU: return shift_by(x, bits, (int8_t)y, false);
    default: return shift_by(x, bits, (int8_t)y, true); /* BP_VSHIFTS */
    }
}

static uint64_t unary(const struct op *o, uint64_t x)
{
    switch (o->op) {
    case BP_VSHL: return x << o->number;
    case BP_VSHRU: return x >> o->number;
    case BP_VSHRS: return (uint64_t)(sign(x, o->bits) >> o->number);
    case BP_VABS: return sign(x, o->bits) < 0 ? 0 - x : x;
    case BP_VPOPCNT: return (unsigned)__builtin_popcountll(x);
    default: return count_zeros(x, o->bits);
    }
}

static uint64_t narrowed(unsigned op, unsigned bits, uint64_t x)
{
    switch (op) {
    case BP_VQNSS: return clamp_signed(sign(x, bits), bits / 2);
    case BP_VQNSU: return clamp_unsigned(sign(x, bits), bits / 2);
    default: return clamp_unsigned((__int128)x, bits / 2);
    }
}

static void widths(const struct op *o)
{
    unsigned bits = o->bits;
    for (unsigned i = 0; i < o->lanes; i++) {
        if (o->op == BP_VQNSS || o->op == BP_VQNSU || o->op == BP_VQNUU) {
            set_lane(o->ret, bits / 2, i, narrowed(o->op, bits, lane(o->a, bits, i)));
            set_lane(o->ret, bits / 2, i + o->lanes, 0);
            continue;
        }
        if (i >= o->lanes / 2)
            return;
        uint64_t x = lane(o->a, bits, i);
        bool is_signed = o->op == BP_VSXT || o->op == BP_VMULLS;
        uint64_t v = is_signed ? (uint64_t)sign(x, bits) : x;
        if (o->op == BP_VMULLS)
            v *= (uint64_t)sign(lane(o->b, bits, i), bits);
        if (o->op == BP_VMULLU)
            v *= lane(o->b, bits, i);
        set_lane(o->ret, 2 * bits, i, v);
    }
}

/* ---- orders of lanes ------------------------------------------------------------------------- */

/* Where lane i of the result comes from: a's lanes are 0 to n - 1, b's follow. */
static unsigned source_of(const struct op *o, unsigned i)
{
    unsigned n = o->lanes, odd = i & 1;
    switch (o->op) {
    case BP_VZIP1: return i / 2 + odd * n;
    case BP_VZIP2: return n / 2 + i / 2 + odd * n;
    case BP_VUZP1: return 2 * i;
    case BP_VUZP2: return 2 * i + 1;
    case BP_VTRN1: return i - odd + odd * n;
    case BP_VTRN2: return i - odd + 1 + odd * n;
    case BP_VREV: return i ^ ((8u << o->number) / o->bits - 1);
    default: return o->number; /* BP_VDUPL */
    }
}

static void permute(const struct op *o)
{
    for (unsigned i = 0; i < o->lanes; i++) {
        unsigned from = source_of(o, i);
        set_lane(o->ret, o->bits, i,
                 from < o->lanes ? lane(o->a, o->bits, from)
                                 : lane(o->b, o->bits, from - o->lanes));
    }
}

static void bytes_op(const struct op *o)
{
    for (unsigned i = 0; i < 16; i++) {
        uint8_t x = o->a[i], y = o->b[i], r;
        switch (o->op) {
        case BP_VAND: r = x & y; break;
        case BP_VOR: r = x | y; break;
        case BP_VXOR: r = x ^ y; break;
        case BP_VANDN: r = x & (uint8_t)~y; break;
        case BP_VSEL: r = (uint8_t)((x & y) | (~x & o->c[i])); break;
        case BP_VTBL: r = y < 16 ? o->a[y] : 0; break;
        default: { /* BP_VEXT */
            unsigned k = i + o->number;
            r = k < 16 ? o->a[k] : o->b[k - 16];
            break;
        }
        }
        o->ret[i] = r;
    }
}

/* ---- floats ---------------------------------------------------------------------------------- */

static uint64_t float_lane(struct bp_fp *fp, const struct op *o, uint64_t x, uint64_t y, uint64_t z)
{
    const struct bp_softfloat_api *s = &tcg_softfloat_api;
    bool wide = o->bits == 64, max = o->op == BP_VFMAX;
    uint32_t i = (uint32_t)x, j = (uint32_t)y, k = (uint32_t)z, how;
    switch (o->op) {
    case BP_VFADD: return wide ? s->f64_add(fp, x, y) : s->f32_add(fp, i, j);
    case BP_VFSUB: return wide ? s->f64_sub(fp, x, y) : s->f32_sub(fp, i, j);
    case BP_VFMUL: return wide ? s->f64_mul(fp, x, y) : s->f32_mul(fp, i, j);
    case BP_VFDIV: return wide ? s->f64_div(fp, x, y) : s->f32_div(fp, i, j);
    case BP_VFSQRT: return wide ? s->f64_sqrt(fp, x) : s->f32_sqrt(fp, i);
    case BP_VFMADD: return wide ? s->f64_fma(fp, x, y, z, 0) : s->f32_fma(fp, i, j, k, 0);
    case BP_VFMIN: case BP_VFMAX:
        how = exact_minmax(max, o->number <= BP_FMIN_NAN_CANON ? o->number : 0);
        return wide ? s->f64_minmax(fp, x, y, how) : s->f32_minmax(fp, i, j, how);
    case BP_VFCMP: {
        bool signalling = o->number == BP_FLT || o->number == BP_FLE;
        int32_t r = wide ? s->f64_compare(fp, x, y, signalling)
                         : s->f32_compare(fp, i, j, signalling);
        return exact_holds(o->number, r) ? UINT64_MAX : 0;
    }
    case BP_VF2I: {
        uint32_t type = o->bits | (o->number & 0x80 ? 0 : BP_FP_SIGNED);
        uint32_t rounding = o->number & 0x7f ? o->number & 0x7f : fp->rounding;
        return wide ? s->f64_to_int(fp, x, type, 0, rounding)
                    : s->f32_to_int(fp, i, type, 0, rounding);
    }
    case BP_VI2F: {
        uint32_t type = 64 | (o->number & 0x80 ? 0 : BP_FP_SIGNED);
        uint64_t v = o->number & 0x80 ? x : (uint64_t)sign(x, o->bits);
        return wide ? s->f64_from_int(fp, v, type, 0) : s->f32_from_int(fp, v, type, 0);
    }
    default: { /* BP_VFROUND */
        uint32_t rounding = o->number & 0x7f ? o->number & 0x7f : fp->rounding;
        return wide ? s->f64_round_int(fp, x, rounding, o->number & 0x80)
                    : s->f32_round_int(fp, i, rounding, o->number & 0x80);
    }
    }
}

static void convert_floats(struct bp_fp *fp, const struct op *o)
{
    uint64_t low, high;
    if (o->bits == 32) {
        low = tcg_softfloat_api.f32_to_f64(fp, (uint32_t)lane(o->a, 32, 0));
        high = tcg_softfloat_api.f32_to_f64(fp, (uint32_t)lane(o->a, 32, 1));
    } else {
        low = tcg_softfloat_api.f64_to_f32(fp, lane(o->a, 64, 0));
        low |= (uint64_t)tcg_softfloat_api.f64_to_f32(fp, lane(o->a, 64, 1)) << 32;
        high = 0;
    }
    set_lane(o->ret, 64, 0, low);
    set_lane(o->ret, 64, 1, high);
}

static void float_op(void *env, const struct op *o, const struct bp_slots *slots)
{
    struct bp_fp fp;
    uint32_t word;
    bp_fp_init(&fp);
    if (!(o->aux & BP_V_CANON))
        exact_keep_nans(&fp);
    fp.int_rule = BP_FP_INT_SATURATE_NAN_ZERO;
    memcpy(&fp.rounding, (uint8_t *)env + slots->fp_rounding, sizeof fp.rounding);
    if (BP_V_ROUND(o->aux))
        fp.rounding = BP_V_ROUND(o->aux);
    if (fp.rounding == BP_ROUND_DYNAMIC)
        fp.rounding = BP_ROUND_NEAREST_EVEN;
    if (o->op == BP_VFCVT)
        convert_floats(&fp, o);
    else
        for (unsigned i = 0; i < o->lanes; i++)
            set_lane(o->ret, o->bits, i,
                     float_lane(&fp, o, lane(o->a, o->bits, i), o->b ? lane(o->b, o->bits, i) : 0,
                                o->c ? lane(o->c, o->bits, i) : 0));
    memcpy(&word, (uint8_t *)env + slots->fp_flags, sizeof word);
    word |= fp.flags & 0x1f;
    memcpy((uint8_t *)env + slots->fp_flags, &word, sizeof word);
}

/* ---- all ------------------------------------------------------------------------------------- */

static uint64_t scalar(const uint8_t *p, unsigned type)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return cut(v, ir_type_bits[type]);
}

/* Scalars in and out, in 64 bits; `type` is that of the scalar. */
static void scalars(const struct op *o, unsigned type)
{
    switch (o->op) {
    case BP_VGET: {
        uint64_t v = lane(o->a, o->bits, o->number);
        if (o->aux & BP_V_SIGNED)
            v = (uint64_t)sign(v, o->bits);
        v = cut(v, ir_type_bits[type]);
        memcpy(o->ret, &v, 8);
        return;
    }
    case BP_VSET:
        memcpy(o->ret, o->a, 16);
        set_lane(o->ret, o->bits, o->number, scalar(o->b, type));
        return;
    case BP_VZEXT:
        set_lane(o->ret, 64, 0, scalar(o->a, type));
        set_lane(o->ret, 64, 1, 0);
        return;
    default: /* BP_VDUP */
        for (unsigned i = 0; i < o->lanes; i++)
            set_lane(o->ret, o->bits, i, scalar(o->a, type));
        return;
    }
}

void tcg_vector(void *env, void *ret, const void *a, const void *b, uint32_t how,
                const struct bp_slots *slots)
{
    uint8_t third[16], result[16];
    struct op o = { .op = how & 0xff, .aux = how >> 16, .a = a, .b = b, .c = third, .ret = result };
    if (o.op >= BP_VAESROUND) {
        exact_crypto(o.op, BP_V_NUMBER(o.aux), ret, a, b, ret);
        return;
    }
    unsigned type = how >> ((how & 0xff) == BP_VGET ? 8 : 12) & 0xf;
    o.bits = 8u << BP_V_LOG2(o.aux);
    o.lanes = 128 / o.bits;
    o.number = BP_V_NUMBER(o.aux);
    memcpy(third, ret, 16);
    switch (o.op) {
    case BP_VGET: case BP_VSET: case BP_VZEXT: case BP_VDUP:
        scalars(&o, type);
        memcpy(ret, result, o.op == BP_VGET ? 8 : 16);
        return;
    case BP_VAND: case BP_VOR: case BP_VXOR: case BP_VANDN: case BP_VSEL: case BP_VEXT:
    case BP_VTBL:
        bytes_op(&o);
        break;
    case BP_VDUPL: case BP_VREV: case BP_VZIP1: case BP_VZIP2: case BP_VUZP1: case BP_VUZP2:
    case BP_VTRN1: case BP_VTRN2:
        permute(&o);
        break;
    case BP_VSXT: case BP_VZXT: case BP_VQNSS: case BP_VQNSU: case BP_VQNUU: case BP_VMULLS:
    case BP_VMULLU:
        widths(&o);
        break;
    default:
        if (ir_ops[o.op].flags & IR_FLOAT) {
            float_op(env, &o, slots);
            break;
        }
        for (unsigned i = 0; i < o.lanes; i++) {
            uint64_t x = lane(o.a, o.bits, i);
            set_lane(result, o.bits, i,
                     ir_ops[o.op].operands == 1 ? unary(&o, x)
                                                : binary(o.op, o.bits, x, lane(o.b, o.bits, i)));
        }
        break;
    }
    memcpy(ret, result, 16);
}
