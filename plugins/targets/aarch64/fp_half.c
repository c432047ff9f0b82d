/* SPDX-License-Identifier: MIT */
/*
 * fp_half.c: half-precision arithmetic (FEAT_FP16, FEAT_FHM), exactly. Every half is a double, and a double
 * has more than twice a half's digits: an operation rounded to odd there and then to a half as FPCR says
 * is rounded once. NaNs are looked for before, since they would be quiet after widening. FPCR.FZ16
 * flushes without FPSR.IDC.
 */
#include "fp.h"

#define SMALLEST_NORMAL UINT64_C(0x3f10000000000000) /* 2^-14 as a double */
#define ONE_AND_HALF UINT64_C(0x3ff8000000000000)
#define TWO UINT64_C(0x4000000000000000)
#define THREE UINT64_C(0x4008000000000000)

/* Exactly; a NaN stays one. */
static uint64_t widen(uint64_t h)
{
    struct bp_fp t;

    bp_fp_init(&t);
    return bp_f16_to_f64(&t, (uint16_t)h);
}

/* A result that is exact, or whose last bit says that it is not. */
static uint64_t narrow(struct bp_fp *fp, uint64_t d)
{
    uint64_t magnitude = d & ~double_format.sign;

    if (fp->flush & BP_FP_FLUSH_OUTPUTS && magnitude && magnitude < SMALLEST_NORMAL) {
        fp->flags |= BP_FP_UNDERFLOW;
        return d >> 63 << 15;
    }
    return bp_f64_to_f16(fp, d);
}

/* Of NaN operands in this order the first signalling one, else the first. */
static bool nans(struct bp_fp *fp, const uint64_t *v, unsigned n, uint64_t *ret)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < n; i++) {
            struct number x = look(&half_format, v[i]);
            if (pass ? x.nan : x.signalling) {
                *ret = nan_result(fp, &half_format, v[i]);
                return true;
            }
        }
    }
    return false;
}

/* A double by an operation rounded to odd; an exact zero has the sign that the rounding gives. */
typedef uint64_t operation(struct bp_fp *fp, uint64_t a, uint64_t b, uint64_t c);

static uint64_t once(struct bp_fp *fp, operation *op, uint64_t a, uint64_t b, uint64_t c)
{
    struct bp_fp t = *fp;
    uint64_t r;

    t.flags = 0;
    t.flush = 0;
    t.rounding = BP_ROUND_TO_ODD;
    r = op(&t, a, b, c);
    if (!(r & ~double_format.sign)) {
        t.rounding = fp->rounding;
        r = op(&t, a, b, c);
    }
    fp->flags |= t.flags & (BP_FP_INVALID | BP_FP_DIV_ZERO);
    return r;
}

static uint64_t add(struct bp_fp *fp, uint64_t a, uint64_t b, uint64_t c)
{
    return (void)c, bp_f64_add(fp, a, b);
}
static uint64_t sub(struct bp_fp *fp, uint64_t a, uint64_t b, uint64_t c)
{
    return (void)c, bp_f64_sub(fp, a, b);
}
static uint64_t mul(struct bp_fp *fp, uint64_t a, uint64_t b, uint64_t c)
{
    return (void)c, bp_f64_mul(fp, a, b);
}
static uint64_t divide(struct bp_fp *fp, uint64_t a, uint64_t b, uint64_t c)
{
    return (void)c, bp_f64_div(fp, a, b);
}
static uint64_t root(struct bp_fp *fp, uint64_t a, uint64_t b, uint64_t c)
{
    return (void)b, (void)c, bp_f64_sqrt(fp, a);
}
static uint64_t fused(struct bp_fp *fp, uint64_t a, uint64_t b, uint64_t c)
{
    return bp_f64_fma(fp, a, b, c, 0);
}

static uint64_t two_operands(struct bp_fp *fp, operation *op, uint64_t a, uint64_t b)
{
    uint64_t v[2] = { a, b }, r;

    if (nans(fp, v, 2, &r))
        return r;
    return narrow(fp, once(fp, op, widen(a), widen(b), 0));
}

/* Zero times infinity. */
static bool undefined_product(uint64_t a, uint64_t b)
{
    struct number x = look(&half_format, a), y = look(&half_format, b);

    return (x.zero && y.infinite) || (x.infinite && y.zero);
}

static uint64_t multiply_add(struct bp_fp *fp, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t v[3] = { c, a, b }, r;

    if (look(&half_format, c).nan && !look(&half_format, c).signalling && undefined_product(a, b)) {
        fp->flags |= BP_FP_INVALID;
        return default_nan(&half_format);
    }
    if (nans(fp, v, 3, &r))
        return r;
    return narrow(fp, once(fp, fused, widen(a), widen(b), widen(c)));
}

static uint64_t mulx(struct bp_fp *fp, uint64_t a, uint64_t b)
{
    if (undefined_product(a, b))
        return ((a ^ b) & 0x8000) | 0x4000;
    return two_operands(fp, mul, a, b);
}

/* 2 - a * b; (3 - a * b) / 2. */
static uint64_t step(struct bp_fp *fp, uint64_t a, uint64_t b, bool of_root)
{
    uint64_t v[2] = { a ^ 0x8000, b }, r;

    if (nans(fp, v, 2, &r))
        return r;
    if (undefined_product(a, b))
        return of_root ? 0x3e00 : 0x4000;
    r = once(fp, fused, widen(v[0]), widen(b), of_root ? THREE : TWO);
    if (of_root && r & ~double_format.sign && !look(&double_format, r).infinite)
        r -= UINT64_C(1) << 52;
    return narrow(fp, r);
}

static uint64_t minmax(struct bp_fp *fp, unsigned op, uint64_t a, uint64_t b)
{
    uint32_t how = (op == FP_MAX || op == FP_MAXNM ? BP_FP_MAX : BP_FP_MIN) | BP_FP_NAN_WINS_2019;
    struct number x = look(&half_format, a), y = look(&half_format, b);
    uint64_t v[2] = { a, b }, r;
    struct bp_fp t;

    if (op == FP_MAXNM || op == FP_MINNM) {
        if (x.nan && !x.signalling && !y.nan)
            return b;
        if (y.nan && !y.signalling && !x.nan)
            return a;
    }
    if (nans(fp, v, 2, &r))
        return r;
    bp_fp_init(&t);
    return bp_f64_to_f16(&t, bp_f64_minmax(&t, widen(a), widen(b), how));
}

static int32_t relation(struct bp_fp *fp, uint64_t a, uint64_t b, bool signalling)
{
    struct number x = look(&half_format, a), y = look(&half_format, b);
    struct bp_fp t;

    if (x.signalling || y.signalling || (signalling && (x.nan || y.nan)))
        fp->flags |= BP_FP_INVALID;
    bp_fp_init(&t);
    return bp_f64_compare(&t, widen(a), widen(b), 0);
}

static uint64_t compare(struct bp_fp *fp, uint64_t a, uint64_t b, unsigned cond)
{
    int32_t r = relation(fp, a, b, cond == BP_FLT || cond == BP_FLE);
    bool holds = cond == BP_FEQ ? r == BP_FP_EQUAL
                 : cond == BP_FLT || cond == BP_FLT_QUIET ? r == BP_FP_LESS : r <= BP_FP_EQUAL;

    return holds ? UINT64_MAX : 0;
}

static uint32_t nzcv(struct bp_fp *fp, uint64_t a, uint64_t b, bool signalling)
{
    switch (relation(fp, a, b, signalling)) {
    case BP_FP_LESS: return FLAG_N;
    case BP_FP_EQUAL: return FLAG_Z | FLAG_C;
    case BP_FP_GREATER: return FLAG_C;
    default: return FLAG_C | FLAG_V;
    }
}

static uint64_t round_int(struct bp_fp *fp, unsigned number, uint64_t a)
{
    uint32_t rounding = number & 7 ? number & 7 : fp->rounding;
    struct bp_fp t;
    uint64_t r;

    if (nans(fp, &a, 1, &r))
        return r;
    r = bp_f64_round_int(fp, widen(a), rounding, number & 0x80);
    bp_fp_init(&t);
    return bp_f64_to_f16(&t, r);
}

static uint64_t to_int(struct bp_fp *fp, unsigned number, uint64_t a)
{
    uint32_t type = (number & 16 ? 64 : number & 32 ? 16 : 32) | (number & 8 ? 0 : BP_FP_SIGNED);
    uint32_t rounding = number & 7 ? number & 7 : fp->rounding;
    uint64_t r = bp_f64_to_int(fp, widen(a), type, (int32_t)(number >> 8), rounding);

    return number & 16 ? r : number & 32 ? (uint16_t)r : (uint32_t)r;
}

static uint64_t from_int(struct bp_fp *fp, unsigned number, uint64_t a)
{
    uint32_t type = 64 | (number & 8 ? 0 : BP_FP_SIGNED);
    unsigned bits = number & 16 ? 64 : number & 32 ? 16 : 32;
    struct bp_fp t = *fp;

    if (number & 8)
        a = a << (64 - bits) >> (64 - bits);
    else
        a = (uint64_t)((int64_t)(a << (64 - bits)) >> (64 - bits));
    t.rounding = BP_ROUND_TO_ODD;
    return narrow(fp, bp_f64_from_int(&t, a, type, -(int32_t)(number >> 8)));
}

static uint64_t operate(struct bp_fp *fp, unsigned op, unsigned number, uint64_t a, uint64_t b,
                        uint64_t c)
{
    switch (op) {
    case FP_ADD: return two_operands(fp, add, a, b);
    case FP_SUB: return two_operands(fp, sub, a, b);
    case FP_MUL: return two_operands(fp, mul, a, b);
    case FP_DIV: return two_operands(fp, divide, a, b);
    case FP_SQRT: return two_operands(fp, root, a, a);
    case FP_MADD: return multiply_add(fp, a, b, c);
    case FP_MIN: case FP_MAX: case FP_MINNM: case FP_MAXNM: return minmax(fp, op, a, b);
    case FP_MULX: return mulx(fp, a, b);
    case FP_RECPS: case FP_RSQRTS: return step(fp, a, b, op == FP_RSQRTS);
    case FP_CMP: return compare(fp, a, b, number);
    case FP_NZCV: return nzcv(fp, a, b, number);
    case FP_ROUND: return round_int(fp, number, a);
    case FP_TO_INT: return to_int(fp, number, a);
    default: return from_int(fp, number, a); /* FP_FROM_INT */
    }
}

uint64_t half_operate(struct bp_fp *fp, unsigned op, unsigned number, uint64_t a, uint64_t b,
                      uint64_t c)
{
    struct bp_fp t = *fp;
    uint64_t r;

    if (op != FP_FROM_INT) {
        a = flushed(&t, &half_format, a);
        b = flushed(&t, &half_format, b);
        c = flushed(&t, &half_format, c);
    }
    r = operate(&t, op, number, a, b, c);
    fp->flags |= t.flags & ~(uint32_t)BP_FP_INPUT_FLUSHED;
    return r;
}

/* The same value as a single; a signalling NaN stays one. */
static uint32_t half_as_single(bool flush, uint64_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    struct bp_fp t;

    if (look(&half_format, h).nan)
        return sign | 0x7f800000 | (uint32_t)(h & 0x3ff) << 13;
    if (flush && look(&half_format, h).subnormal)
        return sign;
    bp_fp_init(&t);
    return bp_f16_to_f32(&t, (uint16_t)h);
}

uint64_t half_to_single_fma(struct bp_fp *fp, bool flush_halves, uint64_t a, uint64_t b, uint64_t c)
{
    return bp_f32_fma(fp, half_as_single(flush_halves, a), half_as_single(flush_halves, b),
                      (uint32_t)c, 0);
}
