/* SPDX-License-Identifier: MIT */
/*
 * test_softfloat_mpfr.c: every operation, format, rounding and both kinds of tininess against MPFR.
 *
 * MPFR gives each result truncated to 200 bits plus whether that was exact, which is turned into
 * one more bit; the rounding to the format is written out again here from IEEE 754-2019.
 */
#include <mpfr.h>

#include "softfloat_cases.h"

#define PRECISION 200
#define CASES 100000

enum op { ADD, SUB, MUL, DIV, SQRT, FMA, OPS };
static const char *const op_names[OPS] = { "add", "sub", "mul", "div", "sqrt", "fma" };

static int exp_max(const struct shape *f)
{
    return (1 << f->exp_bits) - 1;
}

static int exp_min_normal(const struct shape *f)
{
    return 2 - (1 << (f->exp_bits - 1));
}

static bool is_snan(const struct shape *f, uint64_t v)
{
    uint64_t frac = v << (64 - f->frac_bits);
    return (int)(v >> f->frac_bits & (uint64_t)exp_max(f)) == exp_max(f) && frac && !(frac >> 63);
}

static bool is_subnormal(const struct shape *f, uint64_t v)
{
    uint64_t frac = v << (64 - f->frac_bits);
    return f != &shape_f16 && frac && !(v >> f->frac_bits & (uint64_t)exp_max(f));
}

static void set_bits(mpfr_t x, const struct shape *f, uint64_t v)
{
    int exp = (int)(v >> f->frac_bits) & exp_max(f);
    uint64_t frac = v & ((UINT64_C(1) << f->frac_bits) - 1);
    bool sign = v >> (f->exp_bits + f->frac_bits);

    if (exp == exp_max(f) && frac)
        mpfr_set_nan(x);
    else if (exp == exp_max(f))
        mpfr_set_inf(x, 1);
    else if (exp)
        mpfr_set_ui_2exp(x, frac | UINT64_C(1) << f->frac_bits,
                         exp - 1 + exp_min_normal(f) - f->frac_bits, MPFR_RNDN);
    else
        mpfr_set_ui_2exp(x, frac, exp_min_normal(f) - f->frac_bits, MPFR_RNDN);
    mpfr_setsign(x, x, sign, MPFR_RNDN);
}

/* |x| in units of 2^unit, rounded; |x| is below 2^(unit + 64). */
static uint64_t round_to_unit(mpfr_srcptr x, long unit, uint32_t rounding, bool *ret_inexact)
{
    mpfr_t y, part;
    mpfr_init2(y, PRECISION + 2);
    mpfr_init2(part, PRECISION + 2);
    mpfr_abs(y, x, MPFR_RNDN);
    mpfr_mul_2si(y, y, -unit, MPFR_RNDN);
    uint64_t down = mpfr_get_ui(y, MPFR_RNDZ);
    mpfr_frac(part, y, MPFR_RNDN);
    *ret_inexact = !mpfr_zero_p(part);
    int half = mpfr_cmp_d(part, 0.5);
    mpfr_clears(y, part, NULL);

    if (!*ret_inexact)
        return down;
    switch (rounding) {
    case BP_ROUND_ZERO: return down;
    case BP_ROUND_DOWN: return mpfr_signbit(x) ? down + 1 : down;
    case BP_ROUND_UP: return mpfr_signbit(x) ? down : down + 1;
    case BP_ROUND_TO_ODD: return down | 1;
    case BP_ROUND_NEAREST_AWAY: return half < 0 ? down : down + 1;
    default: return half < 0 || (half == 0 && !(down & 1)) ? down : down + 1;
    }
}

static bool overflows_to_infinity(uint32_t rounding, bool sign)
{
    return rounding == BP_ROUND_NEAREST_EVEN || rounding == BP_ROUND_NEAREST_AWAY ||
           (rounding == BP_ROUND_DOWN && sign) || (rounding == BP_ROUND_UP && !sign);
}

/* The encoding of x in f, and the flags of getting there; x is not a NaN. */
static uint64_t round_to_format(mpfr_srcptr x, const struct shape *f, const struct bp_fp *fp,
                                uint32_t *flags)
{
    uint64_t sign = (uint64_t)!!mpfr_signbit(x) << (f->exp_bits + f->frac_bits);
    uint64_t infinity = (uint64_t)exp_max(f) << f->frac_bits;
    uint64_t one = UINT64_C(1) << f->frac_bits;
    bool inexact, ignored;

    if (mpfr_zero_p(x))
        return sign;
    if (mpfr_inf_p(x))
        return sign | infinity;
    long exp = mpfr_get_exp(x) - 1, min = exp_min_normal(f);
    bool tiny = exp < min;
    uint64_t wide = round_to_unit(x, exp - f->frac_bits, fp->rounding, &ignored);
    if (fp->tininess == BP_FP_TINY_AFTER_ROUNDING && exp == min - 1 && wide == 2 * one)
        tiny = false;
    long used = exp < min ? min : exp;
    uint64_t integer = round_to_unit(x, used - f->frac_bits, fp->rounding, &inexact);
    if (integer == 2 * one) {
        integer = one;
        used++;
    }
    if (used > 1 - min) {
        *flags |= BP_FP_OVERFLOW | BP_FP_INEXACT;
        return sign | (overflows_to_infinity(fp->rounding, sign) ? infinity : infinity - 1);
    }
    if (inexact)
        *flags |= BP_FP_INEXACT | (tiny ? BP_FP_UNDERFLOW : 0);
    return sign | (integer < one ? integer : (uint64_t)(used - min + 1) * one + (integer - one));
}

static int mpfr_op(mpfr_ptr r, enum op op, mpfr_t x[3], mpfr_rnd_t rounding)
{
    switch (op) {
    case ADD: return mpfr_add(r, x[0], x[1], rounding);
    case SUB: return mpfr_sub(r, x[0], x[1], rounding);
    case MUL: return mpfr_mul(r, x[0], x[1], rounding);
    case DIV: return mpfr_div(r, x[0], x[1], rounding);
    case SQRT: return mpfr_sqrt(r, x[0], rounding);
    default: return mpfr_fma(r, x[0], x[1], x[2], rounding);
    }
}

static uint64_t expected(const struct shape *f, enum op op, const uint64_t v[3],
                         const struct bp_fp *fp, uint32_t *flags)
{
    mpfr_t x[3], r;
    int count = op == SQRT ? 1 : op == FMA ? 3 : 2;
    bool any_nan = false, all_finite = true, subnormal = false;

    *flags = 0;
    mpfr_inits2(PRECISION, x[0], x[1], x[2], r, NULL);
    for (int i = 0; i < count; i++) {
        set_bits(x[i], f, v[i]);
        any_nan |= mpfr_nan_p(x[i]);
        all_finite &= mpfr_number_p(x[i]);
        subnormal |= is_subnormal(f, v[i]);
        *flags |= is_snan(f, v[i]) ? BP_FP_INVALID : 0;
    }
    /* The direction matters to MPFR for the sign of an exact zero. */
    int inexact = mpfr_op(r, op, x, MPFR_RNDZ);
    if (mpfr_zero_p(r) && fp->rounding == BP_ROUND_DOWN)
        mpfr_op(r, op, x, MPFR_RNDD);
    mpfr_prec_round(r, PRECISION + 2, MPFR_RNDN);
    if (inexact && mpfr_signbit(r))
        mpfr_nextbelow(r);
    else if (inexact)
        mpfr_nextabove(r);

    uint64_t bits;
    if (mpfr_nan_p(r)) {
        bits = (uint64_t)exp_max(f) << f->frac_bits | UINT64_C(1) << (f->frac_bits - 1);
        if (op == FMA && mpfr_nan_p(x[2])) {
            /* The flag of infinity times zero is raised whatever is added. */
            mpfr_mul(r, x[0], x[1], MPFR_RNDZ);
            any_nan = mpfr_nan_p(x[0]) || mpfr_nan_p(x[1]) || !mpfr_nan_p(r);
        }
        *flags |= any_nan ? 0 : BP_FP_INVALID;
    } else {
        if (mpfr_inf_p(r) && all_finite)
            *flags |= BP_FP_DIV_ZERO;
        else if (subnormal)
            *flags |= BP_FP_SUBNORMAL_OPERAND;
        bits = round_to_format(r, f, fp, flags);
    }
    mpfr_clears(x[0], x[1], x[2], r, NULL);
    return bits;
}

static uint64_t run(const struct shape *f, enum op op, const uint64_t v[3], struct bp_fp *fp)
{
    uint32_t a = (uint32_t)v[0], b = (uint32_t)v[1], c = (uint32_t)v[2];
    bool wide = f == &shape_f64;
    switch (op) {
    case ADD: return wide ? bp_f64_add(fp, v[0], v[1]) : bp_f32_add(fp, a, b);
    case SUB: return wide ? bp_f64_sub(fp, v[0], v[1]) : bp_f32_sub(fp, a, b);
    case MUL: return wide ? bp_f64_mul(fp, v[0], v[1]) : bp_f32_mul(fp, a, b);
    case DIV: return wide ? bp_f64_div(fp, v[0], v[1]) : bp_f32_div(fp, a, b);
    case SQRT: return wide ? bp_f64_sqrt(fp, v[0]) : bp_f32_sqrt(fp, a);
    default: return wide ? bp_f64_fma(fp, v[0], v[1], v[2], 0) : bp_f32_fma(fp, a, b, c, 0);
    }
}

static uint32_t draw_rounding(struct score *s)
{
    static const uint8_t roundings[] = { BP_ROUND_NEAREST_EVEN, BP_ROUND_ZERO, BP_ROUND_DOWN,
                                         BP_ROUND_UP, BP_ROUND_NEAREST_AWAY, BP_ROUND_TO_ODD };
    return roundings[draw_below(s, 6)];
}

static void draw_context(struct score *s, struct bp_fp *fp)
{
    bp_fp_init(fp);
    fp->rounding = draw_rounding(s);
    fp->tininess = draw_below(s, 2);
}

static void test_arithmetic(struct score *s, const struct shape *f, enum op op)
{
    struct bp_fp fp;
    uint32_t flags;
    for (int i = 0; i < CASES; i++) {
        uint64_t v[3] = { draw_operand(s, f), 0, 0 };
        if (op != SQRT)
            v[1] = draw_partner(s, f, v[0]);
        if (op == FMA)
            v[2] = draw_addend(s, f, v[0], v[1]);
        draw_context(s, &fp);
        uint64_t want = expected(f, op, v, &fp, &flags);
        uint64_t got = run(f, op, v, &fp);
        check(s, op_names[op], f->name, v, &fp, got, want, flags);
    }
}

static uint64_t run_convert(const struct shape *from, const struct shape *to, uint64_t v,
                            struct bp_fp *fp)
{
    if (from == &shape_f16)
        return to == &shape_f32 ? bp_f16_to_f32(fp, (uint16_t)v) : bp_f16_to_f64(fp, (uint16_t)v);
    if (from == &shape_f32)
        return to == &shape_f16 ? bp_f32_to_f16(fp, (uint32_t)v) : bp_f32_to_f64(fp, (uint32_t)v);
    return to == &shape_f16 ? bp_f64_to_f16(fp, v) : bp_f64_to_f32(fp, v);
}

/* An operand of `from` whose value is about one of `to`. */
static uint64_t draw_convertible(struct score *s, const struct shape *from, const struct shape *to)
{
    int64_t bias = exp_max(from) / 2, range = exp_max(to) / 2 + to->frac_bits + 2;
    uint64_t random = draw(s), frac = draw_fraction(s, random & 1 ? from : to);
    if (random & 2)
        return draw_operand(s, from);
    return encode(from, random >> 2, bias - range + draw_below(s, (uint32_t)(2 * range)),
                  frac << (random & 8 ? 0 : 13));
}

static void test_convert(struct score *s, const struct shape *from, const struct shape *to)
{
    struct bp_fp fp;
    mpfr_t x;
    char name[32];
    snprintf(name, sizeof name, "to %s", to->name);
    mpfr_init2(x, PRECISION);
    for (int i = 0; i < CASES; i++) {
        uint64_t v[3] = { draw_convertible(s, from, to) };
        uint32_t flags = is_snan(from, v[0]) ? BP_FP_INVALID : 0;
        draw_context(s, &fp);
        set_bits(x, from, v[0]);
        uint64_t want = mpfr_nan_p(x)
            ? (uint64_t)exp_max(to) << to->frac_bits | UINT64_C(1) << (to->frac_bits - 1)
            : round_to_format(x, to, &fp, &flags);
        uint64_t got = run_convert(from, to, v[0], &fp);
        check(s, name, from->name, v, &fp, got, want,
              flags | (is_subnormal(from, v[0]) ? BP_FP_SUBNORMAL_OPERAND : 0));
    }
    mpfr_clear(x);
}

/* To integers of every width, with a scale, and to integral values. */
static void test_to_int(struct score *s, const struct shape *f)
{
    struct bp_fp fp;
    mpfr_t x;
    mpfr_init2(x, PRECISION);
    for (int i = 0; i < CASES; i++) {
        uint32_t width = 8u << draw_below(s, 4), is_signed = draw_below(s, 2);
        int32_t scale = draw(s) & 1 ? 0 : (int32_t)draw_below(s, 80) - 40;
        uint64_t v[3] = { 0, width | is_signed * BP_FP_SIGNED, (uint64_t)scale };
        uint64_t max = UINT64_MAX >> (64 - width + is_signed), min = is_signed ? ~max : 0;
        v[0] = draw_operand(s, f);
        draw_context(s, &fp);
        fp.int_rule = draw_below(s, 4);
        uint32_t rounding = fp.rounding, flags = 0;
        bool inexact = false, fits = true;
        set_bits(x, f, v[0]);
        bool negative = mpfr_signbit(x), nan = mpfr_nan_p(x);
        mpfr_mul_2si(x, x, scale, MPFR_RNDN);
        uint64_t magnitude = 0, want;
        if (!mpfr_number_p(x) || (!mpfr_zero_p(x) && mpfr_get_exp(x) > 64))
            fits = false;
        else if (!mpfr_zero_p(x))
            magnitude = round_to_unit(x, 0, rounding, &inexact);
        /* 2^64 - 1 and a bit may have been rounded to 2^64. */
        if (inexact && !magnitude && mpfr_get_exp(x) > 1)
            fits = false;
        fits = fits && magnitude <= (negative ? 0 - min : max);
        if (fits) {
            want = negative ? 0 - magnitude : magnitude;
            flags = inexact ? BP_FP_INEXACT : 0;
        } else {
            static const uint32_t zero_rule = BP_FP_INT_SATURATE_NAN_ZERO;
            flags = BP_FP_INVALID;
            want = negative ? min : max;
            if (nan)
                want = fp.int_rule == zero_rule ? 0 :
                       fp.int_rule == BP_FP_INT_SATURATE_NAN_MIN ? min : max;
            if (fp.int_rule == BP_FP_INT_INDEFINITE)
                want = is_signed ? min : max;
        }
        fp.rounding = draw_rounding(s); /* must not matter */
        uint64_t got = f == &shape_f64
            ? bp_f64_to_int(&fp, v[0], (uint32_t)v[1], scale, rounding)
            : bp_f32_to_int(&fp, (uint32_t)v[0], (uint32_t)v[1], scale, rounding);
        fp.rounding = rounding;
        check(s, "to_int", f->name, v, &fp, got, want, flags);
    }
    mpfr_clear(x);
}

static void test_round_int(struct score *s, const struct shape *f)
{
    struct bp_fp fp, exact;
    mpfr_t x;
    mpfr_init2(x, PRECISION);
    for (int i = 0; i < CASES; i++) {
        uint64_t v[3] = { draw_operand(s, f) }, want = v[0];
        bool inexact = false;
        uint32_t ignored = 0;
        v[1] = draw_below(s, 2);
        draw_context(s, &fp);
        exact = fp;
        set_bits(x, f, v[0]);
        if (mpfr_nan_p(x)) {
            want = (uint64_t)exp_max(f) << f->frac_bits | UINT64_C(1) << (f->frac_bits - 1);
        } else if (mpfr_regular_p(x) && mpfr_get_exp(x) <= f->frac_bits) {
            bool sign = mpfr_signbit(x);
            mpfr_set_ui(x, round_to_unit(x, 0, fp.rounding, &inexact), MPFR_RNDN);
            mpfr_setsign(x, x, sign, MPFR_RNDN);
            want = round_to_format(x, f, &exact, &ignored);
        }
        uint64_t got = f == &shape_f64
            ? bp_f64_round_int(&fp, v[0], fp.rounding, (uint32_t)v[1])
            : bp_f32_round_int(&fp, (uint32_t)v[0], fp.rounding, (uint32_t)v[1]);
        check(s, "round_int", f->name, v, &fp, got, want,
              (is_snan(f, v[0]) ? BP_FP_INVALID : 0) | (inexact && v[1] ? BP_FP_INEXACT : 0));
    }
    mpfr_clear(x);
}

static void test_from_int(struct score *s, const struct shape *f)
{
    struct bp_fp fp;
    mpfr_t x;
    mpfr_init2(x, PRECISION);
    for (int i = 0; i < CASES; i++) {
        uint32_t type = draw(s) & 1 ? 64 : 64 | BP_FP_SIGNED, flags = 0;
        uint64_t value = draw(s), random = draw(s);
        value >>= random >> 58;
        value = random & 1 ? value : (UINT64_C(1) << (random >> 52 & 63)) + value % 5 - 2;
        value = random & 2 ? value : 0 - value;
        int32_t scale = draw(s) & 3 ? 0 : (int32_t)draw_below(s, 4000) - 2000;
        uint64_t v[3] = { value, type, (uint64_t)scale };
        draw_context(s, &fp);
        if (type & BP_FP_SIGNED)
            mpfr_set_si_2exp(x, (int64_t)value, scale, MPFR_RNDN);
        else
            mpfr_set_ui_2exp(x, value, scale, MPFR_RNDN);
        uint64_t want = round_to_format(x, f, &fp, &flags);
        uint64_t got = f == &shape_f64 ? bp_f64_from_int(&fp, value, type, scale)
                                       : bp_f32_from_int(&fp, value, type, scale);
        check(s, "from_int", f->name, v, &fp, got, want, flags);
    }
    mpfr_clear(x);
}

int main(void)
{
    struct score s = { .seed = UINT64_C(0x9e3779b97f4a7c15) };
    const struct shape *const shapes[] = { &shape_f16, &shape_f32, &shape_f64 };

    bp_softfloat_ = &tcg_softfloat_api;
    for (int i = 1; i < 3; i++) {
        for (enum op op = 0; op < OPS; op++)
            test_arithmetic(&s, shapes[i], op);
        test_to_int(&s, shapes[i]);
        test_from_int(&s, shapes[i]);
        test_round_int(&s, shapes[i]);
    }
    for (int i = 0; i < 9; i++)
        if (i / 3 != i % 3)
            test_convert(&s, shapes[i / 3], shapes[i % 3]);
    mpfr_free_cache();
    printf("softfloat against MPFR %s: %" PRIu64 " cases, %" PRIu64 " mismatches\n",
           mpfr_get_version(), s.cases, s.mismatches);
    return s.mismatches != 0;
}
