/* SPDX-License-Identifier: MIT */
/*
 * fp.c: the floating-point state, and operations done exactly: where FPCR asks for what the host
 * does not do, and those that the IR does not have. Sticky flags live in the runtime while the vCPU
 * runs; FPSR is made from them on demand.
 */
#include "fp.h"

/* FPSR has IOC, DZC, OFC, UFC, IXC in bits 0 to 4, as enum bp_fp_flag, and IDC in bit 7. */
#define FPSR_FLAGS 0x1fu
#define FPSR_IDC 0x80u

uint32_t fp_get_fpsr(struct a64_cpu *cpu)
{
    return (bp_fp_flags(cpu) & FPSR_FLAGS) | (cpu->fpsr & FPSR_IDC) |
           (cpu->qc[0] | cpu->qc[1] | cpu->saturated ? FPSR_QC : 0);
}

void fp_set_fpsr(struct a64_cpu *cpu, uint32_t fpsr)
{
    cpu->fpsr = fpsr & FPSR_MASK;
    cpu->qc[0] = cpu->qc[1] = 0;
    cpu->saturated = fpsr & FPSR_QC;
    bp_fp_set_flags(cpu, fpsr & FPSR_FLAGS);
}

static const uint8_t rounding_modes[4] = {
    BP_ROUND_NEAREST_EVEN, BP_ROUND_UP, BP_ROUND_DOWN, BP_ROUND_ZERO,
};

void fp_set_fpcr(struct a64_cpu *cpu, uint32_t fpcr)
{
    cpu->fpcr = fpcr & (cpu->ext.fp16 ? FPCR_MASK : FPCR_MASK & ~FPCR_FZ16);
    bp_fp_set_rounding(cpu, rounding_modes[FPCR_RMODE(fpcr)]);
}

/* ---- a context as FPCR has it ---------------------------------------------------------------- */

static void begin(const struct a64_cpu *cpu, struct bp_fp *fp)
{
    bp_fp_init(fp);
    fp->rounding = rounding_modes[FPCR_RMODE(cpu->fpcr)];
    fp->tininess = BP_FP_TINY_BEFORE_ROUNDING;
    fp->nan_rule = cpu->fpcr & FPCR_DN ? BP_FP_NAN_DEFAULT : BP_FP_NAN_FIRST_SIGNALLING;
    fp->fma_nan_order = BP_FP_NAN_ORDER_CAB;
    fp->fma_rule = BP_FP_FMA_NAN_TO_DEFAULT;
    fp->int_rule = BP_FP_INT_SATURATE_NAN_ZERO;
    if (cpu->fpcr & FPCR_FZ)
        fp->flush = BP_FP_FLUSH_INPUTS | BP_FP_FLUSH_OUTPUTS;
}

static void end(struct a64_cpu *cpu, const struct bp_fp *fp)
{
    if (fp->flags & BP_FP_INPUT_FLUSHED)
        cpu->fpsr |= FPSR_IDC;
    bp_fp_set_flags(cpu, bp_fp_flags(cpu) | (fp->flags & FPSR_FLAGS));
}

/* ---- all formats ----------------------------------------------------------------------------- */

const struct format single_format = { 32, 23, 0x80000000u, 0x7f800000u };
const struct format double_format = {
    64, 52, UINT64_C(1) << 63, UINT64_C(0x7ff0000000000000),
};
const struct format half_format = { 16, 10, 0x8000, 0x7c00 };

static uint64_t pick(bool wide, struct bp_fp *fp, uint64_t a, uint64_t b,
                     uint64_t (*d)(struct bp_fp *, uint64_t, uint64_t),
                     uint32_t (*s)(struct bp_fp *, uint32_t, uint32_t))
{
    return wide ? d(fp, a, b) : s(fp, (uint32_t)a, (uint32_t)b);
}

/* FPMulX: zero times infinity is 2, by the signs. */
static uint64_t mulx(struct bp_fp *fp, const struct format *f, uint64_t a, uint64_t b)
{
    struct number x = look(f, flushed(fp, f, a)), y = look(f, flushed(fp, f, b));
    bool wide = f->bits == 64;

    if ((x.zero && y.infinite) || (x.infinite && y.zero))
        return (x.negative != y.negative ? f->sign : 0) |
               (wide ? UINT64_C(0x4000000000000000) : UINT64_C(0x40000000));
    return pick(wide, fp, a, b, bp_f64_mul, bp_f32_mul);
}

static uint64_t fused(bool wide, struct bp_fp *fp, uint64_t a, uint64_t b, uint64_t c)
{
    return wide ? bp_f64_fma(fp, a, b, c, 0)
                : bp_f32_fma(fp, (uint32_t)a, (uint32_t)b, (uint32_t)c, 0);
}

/* Half of a number; those so small that their products do not matter stay. */
static uint64_t halved(const struct format *f, uint64_t v)
{
    uint64_t one = UINT64_C(1) << f->fraction_bits, magnitude = v & ~f->sign;

    return magnitude >= 2 * one && magnitude < f->infinity ? v - one : v;
}

/* FPRecipStepFused, FPRSqrtStepFused: 2 - a * b; (3 - a * b) / 2, where the larger factor is halved
 * instead, which is exact unless the product does not matter. */
static uint64_t step(struct bp_fp *fp, const struct format *f, uint64_t a, uint64_t b, bool root)
{
    bool wide = f->bits == 64;
    uint64_t two = wide ? UINT64_C(0x4000000000000000) : UINT64_C(0x40000000);
    uint64_t one_and_half = wide ? UINT64_C(0x3ff8000000000000) : UINT64_C(0x3fc00000);
    uint32_t flush = fp->flush;
    struct number x, y;
    uint64_t r;

    a = flushed(fp, f, a ^ f->sign); /* of NaNs too */
    b = flushed(fp, f, b);
    x = look(f, a);
    y = look(f, b);
    if (!x.nan && !y.nan && ((x.zero && y.infinite) || (x.infinite && y.zero)))
        return root ? one_and_half : two;
    if (!root)
        return fused(wide, fp, a, b, two);
    if ((a & ~f->sign) > (b & ~f->sign))
        a = halved(f, a);
    else
        b = halved(f, b);
    fp->flush &= ~(uint32_t)BP_FP_FLUSH_INPUTS;
    r = fused(wide, fp, a, b, one_and_half);
    fp->flush = flush;
    return r;
}

/* ---- estimates (FPRecipEstimate, FPRSqrtEstimate) -------------------------------------------- */

/* 1/x of a 9-bit fraction 256 to 511, in as many. */
static uint32_t recip_estimate(uint32_t a)
{
    uint32_t b;

    a = a * 2 + 1;
    b = (1u << 19) / a;
    return (b + 1) / 2;
}

static uint32_t rsqrt_estimate(uint32_t a)
{
    uint32_t b = 512;

    a = a < 256 ? a * 2 + 1 : ((a >> 1 << 1) + 1) * 2;
    while (a * (b + 1) * (b + 1) < 1u << 28)
        b++;
    return (b + 1) / 2;
}

uint32_t fp_urecpe(uint32_t v)
{
    return v >> 31 ? recip_estimate(v >> 23) << 23 : UINT32_MAX;
}

uint32_t fp_ursqrte(uint32_t v)
{
    return v >> 30 ? rsqrt_estimate(v >> 23) << 23 : UINT32_MAX;
}

static bool overflows_to_infinity(const struct bp_fp *fp, bool negative)
{
    return fp->rounding == BP_ROUND_NEAREST_EVEN ||
           fp->rounding == (negative ? BP_ROUND_DOWN : BP_ROUND_UP);
}

static uint64_t recpe(struct bp_fp *fp, const struct format *f, uint64_t v)
{
    unsigned fb = f->fraction_bits, max = (unsigned)(f->infinity >> fb);
    struct number n;
    uint64_t sign, fraction, r;
    int e;

    v = flushed(fp, f, v);
    n = look(f, v);
    sign = v & f->sign;
    if (n.nan)
        return nan_result(fp, f, v);
    if (n.infinite)
        return sign;
    if (n.zero) {
        fp->flags |= BP_FP_DIV_ZERO;
        return sign | f->infinity;
    }
    e = (int)(v >> fb & max);
    fraction = (v & ((UINT64_C(1) << fb) - 1)) << (52 - fb);
    if (e == 0 && !(fraction >> 50)) { /* below 2^-(bias + 1) */
        fp->flags |= BP_FP_OVERFLOW | BP_FP_INEXACT;
        return sign | (overflows_to_infinity(fp, n.negative) ? f->infinity : f->infinity - 1);
    }
    if (fp->flush & BP_FP_FLUSH_OUTPUTS && e >= (int)max - 2) {
        fp->flags |= BP_FP_UNDERFLOW;
        return sign;
    }
    if (e == 0) {
        if (!(fraction >> 51)) {
            e = -1;
            fraction = fraction << 2 & ((UINT64_C(1) << 52) - 1);
        } else {
            fraction = fraction << 1 & ((UINT64_C(1) << 52) - 1);
        }
    }
    r = recip_estimate((uint32_t)(256 | fraction >> 44));
    e = (int)max - 2 - e;
    fraction = (r & 255) << 44;
    if (e == 0) {
        fraction = UINT64_C(1) << 51 | fraction >> 1;
    } else if (e == -1) {
        fraction = UINT64_C(1) << 50 | fraction >> 2;
        e = 0;
    }
    return sign | (uint64_t)e << fb | fraction >> (52 - fb);
}

static uint64_t rsqrte(struct bp_fp *fp, const struct format *f, uint64_t v)
{
    unsigned fb = f->fraction_bits, max = (unsigned)(f->infinity >> fb);
    struct number n;
    uint64_t sign, fraction, r;
    int e;

    v = flushed(fp, f, v);
    n = look(f, v);
    sign = v & f->sign;
    if (n.nan)
        return nan_result(fp, f, v);
    if (n.zero) {
        fp->flags |= BP_FP_DIV_ZERO;
        return sign | f->infinity;
    }
    if (n.negative) {
        fp->flags |= BP_FP_INVALID;
        return default_nan(f);
    }
    if (n.infinite)
        return 0;
    e = (int)(v >> fb & max);
    fraction = (v & ((UINT64_C(1) << fb) - 1)) << (52 - fb);
    if (e == 0) {
        while (!(fraction >> 51)) {
            fraction <<= 1;
            e--;
        }
        fraction = fraction << 1 & ((UINT64_C(1) << 52) - 1);
    }
    r = e & 1 ? rsqrt_estimate((uint32_t)(128 | fraction >> 45))
              : rsqrt_estimate((uint32_t)(256 | fraction >> 44));
    e = ((int)(3 * (max >> 1)) - 1 - e) / 2;
    return (uint64_t)e << fb | ((r & 255) << 44) >> (52 - fb);
}

/* FPRecpX: the exponent's complement. */
static uint64_t recpx(struct bp_fp *fp, const struct format *f, uint64_t v)
{
    uint64_t e;

    v = flushed(fp, f, v);
    if (look(f, v).nan)
        return nan_result(fp, f, v);
    e = v & f->infinity;
    return (v & f->sign) |
           (e ? ~e & f->infinity : f->infinity - (UINT64_C(1) << f->fraction_bits));
}

/* ---- to integers that fit -------------------------------------------------------------------- */

/* FPRoundIntN: to an integer of 32 or 64 bits; what does not fit is the smallest one. */
static uint64_t round_n(struct bp_fp *fp, bool wide, unsigned number, uint64_t a)
{
    const struct format *f = wide ? &double_format : &single_format;
    uint32_t rounding = number & 7 ? number & 7 : fp->rounding;
    unsigned bits = number & 8 ? 64 : 32;
    uint64_t limit = (uint64_t)((f->infinity >> (f->fraction_bits + 1)) + bits - 1)
                     << f->fraction_bits; /* 2^(bits - 1) */
    struct bp_fp t = *fp;
    uint64_t r, magnitude;

    if (look(f, a).nan || look(f, a).infinite) {
        fp->flags |= BP_FP_INVALID;
        return f->sign | limit;
    }
    r = wide ? bp_f64_round_int(&t, a, rounding, 1)
             : bp_f32_round_int(&t, (uint32_t)a, rounding, 1);
    magnitude = r & ~f->sign;
    if (magnitude > limit || (magnitude == limit && !(r & f->sign))) {
        fp->flags |= BP_FP_INVALID;
        return f->sign | limit;
    }
    fp->flags = t.flags;
    return r;
}

/* FPToFixedJS: modulo 2^32; bit 32 says that the value is the same and not -0 (PSTATE.Z). */
static uint64_t to_javascript(struct bp_fp *fp, uint64_t a)
{
    uint64_t given = a, fraction, low;
    struct number n;
    int e;

    a = flushed(fp, &double_format, a);
    n = look(&double_format, a);
    if (n.nan || n.infinite) {
        fp->flags |= BP_FP_INVALID;
        return 0;
    }
    if (n.zero)
        return given ? 0 : UINT64_C(1) << 32;
    e = (int)(a >> 52 & 0x7ff) - 1023;
    fraction = (a & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    if (e < 0) {
        fp->flags |= BP_FP_INEXACT;
        return 0;
    }
    low = e > 52 ? (e - 52 < 32 ? fraction << (e - 52) : 0) : fraction >> (52 - e);
    if (n.negative)
        low = 0 - low;
    if (e > 31 || (e == 31 && (!n.negative || low << 32 >> 32 != 0x80000000u))) {
        fp->flags |= BP_FP_INVALID;
        return (uint32_t)low;
    }
    if (e < 52 && fraction << (12 + e)) {
        fp->flags |= BP_FP_INEXACT;
        return (uint32_t)low;
    }
    return (uint32_t)low | UINT64_C(1) << 32;
}

/* ---- all ------------------------------------------------------------------------------------- */

static uint64_t relation(struct bp_fp *fp, bool wide, uint64_t a, uint64_t b, bool signalling)
{
    return (uint64_t)(int64_t)(wide ? bp_f64_compare(fp, a, b, signalling)
                                    : bp_f32_compare(fp, (uint32_t)a, (uint32_t)b, signalling));
}

static uint64_t compare(struct bp_fp *fp, bool wide, uint64_t a, uint64_t b, unsigned cond)
{
    int64_t r = (int64_t)relation(fp, wide, a, b, cond == BP_FLT || cond == BP_FLE);
    bool holds = cond == BP_FEQ                            ? r == BP_FP_EQUAL
                 : cond == BP_FLT || cond == BP_FLT_QUIET ? r == BP_FP_LESS
                 : cond == BP_FLE || cond == BP_FLE_QUIET ? r <= BP_FP_EQUAL
                                                          : r == BP_FP_UNORDERED;

    return holds ? UINT64_MAX : 0;
}

static uint32_t compare_nzcv(struct bp_fp *fp, bool wide, uint64_t a, uint64_t b, bool signalling)
{
    switch ((int64_t)relation(fp, wide, a, b, signalling)) {
    case BP_FP_LESS: return FLAG_N;
    case BP_FP_EQUAL: return FLAG_Z | FLAG_C;
    case BP_FP_GREATER: return FLAG_C;
    default: return FLAG_C | FLAG_V;
    }
}

static uint32_t int_type(unsigned number)
{
    return (number & 16 ? 64 : 32) | (number & 8 ? 0 : BP_FP_SIGNED);
}

static uint64_t to_int(struct bp_fp *fp, bool wide, unsigned number, uint64_t a)
{
    int32_t scale = (int32_t)(number >> 8);
    uint32_t rounding = number & 7 ? number & 7 : fp->rounding;
    uint64_t v = wide ? bp_f64_to_int(fp, a, int_type(number), scale, rounding)
                      : bp_f32_to_int(fp, (uint32_t)a, int_type(number), scale, rounding);

    return number & 16 ? v : (uint32_t)v;
}

static uint64_t from_int(struct bp_fp *fp, bool wide, unsigned number, uint64_t a)
{
    int32_t scale = -(int32_t)(number >> 8);
    uint32_t type = 64 | (number & 8 ? 0 : BP_FP_SIGNED);

    if (!(number & 16))
        a = number & 8 ? (uint32_t)a : (uint64_t)(int64_t)(int32_t)(uint32_t)a;
    return wide ? bp_f64_from_int(fp, a, type, scale) : bp_f32_from_int(fp, a, type, scale);
}

/* FPCR.AHP: half precision without infinities and NaNs. */
static uint64_t alternative_to_half(struct bp_fp *fp, bool wide, uint64_t a)
{
    const struct format *f = wide ? &double_format : &single_format;
    struct number n = look(f, flushed(fp, f, a));
    uint16_t sign = n.negative ? 0x8000 : 0;
    uint64_t d, magnitude;
    struct bp_fp t = *fp;
    uint16_t r;

    if (n.nan || n.infinite) {
        fp->flags |= BP_FP_INVALID;
        return n.nan ? sign : sign | 0x7fff;
    }
    d = wide ? a : bp_f32_to_f64(&t, (uint32_t)a);
    magnitude = d & ~double_format.sign;
    if (magnitude < UINT64_C(0x40f0000000000000)) { /* 2^16 */
        r = bp_f64_to_f16(fp, d);
        if ((r & 0x7fff) != 0x7c00)
            return r;
    }
    /* One exponent more: halve, convert, put the exponent up. */
    t = *fp;
    t.flags = 0;
    r = bp_f64_to_f16(&t, d - (UINT64_C(1) << 52));
    if ((r & 0x7fff) >= 0x7c00 || (t.flags & BP_FP_OVERFLOW)) {
        fp->flags |= BP_FP_INVALID;
        return sign | 0x7fff;
    }
    fp->flags = (fp->flags & ~(uint32_t)BP_FP_OVERFLOW) | t.flags;
    return (uint16_t)(r + 0x400);
}

static uint64_t alternative_from_half(struct bp_fp *fp, bool wide, uint16_t a)
{
    if ((a & 0x7c00) == 0x7c00) { /* 2^16 and above: as half of it, doubled */
        a -= 0x400;
        return wide ? bp_f16_to_f64(fp, a) + (UINT64_C(1) << 52)
                    : bp_f16_to_f32(fp, a) + (UINT32_C(1) << 23);
    }
    return wide ? bp_f16_to_f64(fp, a) : bp_f16_to_f32(fp, a);
}

static uint64_t convert(struct bp_fp *fp, const struct a64_cpu *cpu, unsigned op, bool wide,
                        uint64_t a)
{
    bool alternative = cpu->fpcr & FPCR_AHP;

    switch (op) {
    case FP_TO_SINGLE_ODD: fp->rounding = BP_ROUND_TO_ODD; return bp_f64_to_f32(fp, a);
    case FP_TO_SINGLE: return bp_f64_to_f32(fp, a);
    case FP_TO_DOUBLE: return bp_f32_to_f64(fp, (uint32_t)a);
    case FP_TO_HALF:
        if (alternative)
            return alternative_to_half(fp, wide, a);
        return wide ? bp_f64_to_f16(fp, a) : bp_f32_to_f16(fp, (uint32_t)a);
    default: /* FP_FROM_HALF: not flushed */
        fp->flush = 0;
        if (alternative)
            return alternative_from_half(fp, wide, (uint16_t)a);
        return wide ? bp_f16_to_f64(fp, (uint16_t)a) : bp_f16_to_f32(fp, (uint16_t)a);
    }
}

static uint64_t minmax(struct bp_fp *fp, bool wide, unsigned op, uint64_t a, uint64_t b)
{
    uint32_t how = (op == FP_MAX || op == FP_MAXNM ? BP_FP_MAX : BP_FP_MIN) |
                   (op >= FP_MINNM ? BP_FP_NUM_2008 : BP_FP_NAN_WINS_2019);

    return wide ? bp_f64_minmax(fp, a, b, how) : bp_f32_minmax(fp, (uint32_t)a, (uint32_t)b, how);
}

static uint64_t operate(struct bp_fp *fp, const struct a64_cpu *cpu, unsigned what, uint64_t a,
                        uint64_t b, uint64_t c)
{
    bool wide = what & FP_DOUBLE, half = what & FP_HALF;
    const struct format *f = wide ? &double_format : half ? &half_format : &single_format;
    unsigned op = what & 0xff, number = what >> 16;

    if (half)
        fp->flush = cpu->fpcr & FPCR_FZ16 ? BP_FP_FLUSH_INPUTS | BP_FP_FLUSH_OUTPUTS : 0;
    if (half && op != FP_RECPE && op != FP_RSQRTE && op != FP_RECPX)
        return half_operate(fp, op, number, a, b, c);
    switch (op) {
    case FP_ADD: return pick(wide, fp, a, b, bp_f64_add, bp_f32_add);
    case FP_SUB: return pick(wide, fp, a, b, bp_f64_sub, bp_f32_sub);
    case FP_MUL: return pick(wide, fp, a, b, bp_f64_mul, bp_f32_mul);
    case FP_DIV: return pick(wide, fp, a, b, bp_f64_div, bp_f32_div);
    case FP_SQRT: return wide ? bp_f64_sqrt(fp, a) : bp_f32_sqrt(fp, (uint32_t)a);
    case FP_MADD:
        return wide ? bp_f64_fma(fp, a, b, c, 0)
                    : bp_f32_fma(fp, (uint32_t)a, (uint32_t)b, (uint32_t)c, 0);
    case FP_MIN: case FP_MAX: case FP_MINNM: case FP_MAXNM: return minmax(fp, wide, op, a, b);
    case FP_MULX: return mulx(fp, f, a, b);
    case FP_RECPS: case FP_RSQRTS: return step(fp, f, a, b, op == FP_RSQRTS);
    case FP_RECPE: return recpe(fp, f, a);
    case FP_RSQRTE: return rsqrte(fp, f, a);
    case FP_RECPX: return recpx(fp, f, a);
    case FP_CMP: return compare(fp, wide, a, b, number);
    case FP_NZCV: return compare_nzcv(fp, wide, a, b, number);
    case FP_ROUND: {
        uint32_t rounding = number & 7 ? number & 7 : fp->rounding;
        return wide ? bp_f64_round_int(fp, a, rounding, number & 0x80)
                    : bp_f32_round_int(fp, (uint32_t)a, rounding, number & 0x80);
    }
    case FP_TO_INT: return to_int(fp, wide, number, a);
    case FP_FROM_INT: return from_int(fp, wide, number, a);
    case FP_ROUND_N: return round_n(fp, wide, number, a);
    case FP_JAVASCRIPT: return to_javascript(fp, a);
    case FP_MADD_HALVES: return half_to_single_fma(fp, cpu->fpcr & FPCR_FZ16, a, b, c);
    case FP_TO_BF16: return single_to_bf16(fp, a);
    default: return convert(fp, cpu, op, wide, a);
    }
}

static uint64_t fp_operation(void *env, uint32_t what, uint64_t a, uint64_t b, uint64_t c)
{
    struct a64_cpu *cpu = env;
    struct bp_fp fp;
    uint64_t r;

    begin(cpu, &fp);
    r = operate(&fp, cpu, what, a, b, c);
    if (what & FP_HALF)
        fp.flags &= ~(uint32_t)BP_FP_INPUT_FLUSHED;
    end(cpu, &fp);
    return r;
}
const struct bp_helper helper_fp = {
    "fp", (void (*)(void))fp_operation, BP_I64, 4, { BP_I32, BP_I64, BP_I64, BP_I64 },
    BP_CALL_ENV | BP_CALL_FP,
};

/* The comparison where `first` is not zero, else the immediate: `what` has it in bits 28 to 31. */
static uint32_t fccmp(void *env, uint32_t first, uint64_t a, uint64_t b, uint32_t what)
{
    if (!first)
        return what & 0xf0000000u;
    return (uint32_t)fp_operation(env, what & 0x0fffffffu, a, b, 0);
}
const struct bp_helper helper_fccmp = {
    "fccmp", (void (*)(void))fccmp, BP_I32, 4, { BP_I32, BP_I64, BP_I64, BP_I32 },
    BP_CALL_ENV | BP_CALL_FP,
};
