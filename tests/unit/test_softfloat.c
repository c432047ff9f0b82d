/* SPDX-License-Identifier: MIT */
/*
 * test_softfloat.c: the exact floating-point library against the host's FPU, and by tables where
 * the host has no say: NaN rules, min/max, flushing, integers out of range, binary16 (IEEE 754).
 *
 * Compile with -frounding-math -ffp-contract=off. Operands and results of host operations are
 * volatile, which ties each operation between the calls that set and read the environment.
 */
#include <fenv.h>
#include <math.h>
#include <string.h>

#include "softfloat_cases.h"

#define CASES 150000

/* binary64 and binary32 encodings. */
#define ONE UINT64_C(0x3ff0000000000000)
#define INF UINT64_C(0x7ff0000000000000)
#define QUIET UINT64_C(0x7ff8000000000000)
#define SIGNALLING UINT64_C(0x7ff0000000000000) /* plus a fraction */
#define MIN_NORMAL UINT64_C(0x0010000000000000)
#define MAX_FINITE UINT64_C(0x7fefffffffffffff)
#define NEG UINT64_C(0x8000000000000000)
#define NEG32 0x80000000u

/* Host side. */

static const struct {
    int host;
    uint32_t flag;
} host_flags[] = {
#ifdef FE_INVALID
    { FE_INVALID, BP_FP_INVALID },
#endif
#ifdef FE_DIVBYZERO
    { FE_DIVBYZERO, BP_FP_DIV_ZERO },
#endif
#ifdef FE_OVERFLOW
    { FE_OVERFLOW, BP_FP_OVERFLOW },
#endif
#ifdef FE_UNDERFLOW
    { FE_UNDERFLOW, BP_FP_UNDERFLOW },
#endif
#ifdef FE_INEXACT
    { FE_INEXACT, BP_FP_INEXACT },
#endif
};

static const struct {
    int host;
    uint32_t rounding;
} host_roundings[] = {
#ifdef FE_TONEAREST
    { FE_TONEAREST, BP_ROUND_NEAREST_EVEN },
#endif
#ifdef FE_TOWARDZERO
    { FE_TOWARDZERO, BP_ROUND_ZERO },
#endif
#ifdef FE_DOWNWARD
    { FE_DOWNWARD, BP_ROUND_DOWN },
#endif
#ifdef FE_UPWARD
    { FE_UPWARD, BP_ROUND_UP },
#endif
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static double as_double(uint64_t v)
{
    double d;
    memcpy(&d, &v, sizeof d);
    return d;
}

static float as_float(uint64_t v)
{
    uint32_t w = (uint32_t)v;
    float d;
    memcpy(&d, &w, sizeof d);
    return d;
}

static uint64_t of_double(double d)
{
    uint64_t v;
    memcpy(&v, &d, sizeof v);
    return isnan(d) ? QUIET : v;
}

static uint64_t of_float(float d)
{
    uint32_t v;
    memcpy(&v, &d, sizeof v);
    return isnan(d) ? 0x7fc00000 : v;
}

static uint32_t read_host_flags(void)
{
    int raised = fetestexcept(FE_ALL_EXCEPT);
    uint32_t flags = 0;
    for (size_t i = 0; i < COUNT(host_flags); i++)
        if (raised & host_flags[i].host)
            flags |= host_flags[i].flag;
    return flags;
}

/* Whether the host finds (1 + e)(min - min e) tiny, which rounds to min. */
static uint32_t host_tininess(void)
{
    volatile double a = as_double(ONE + 1), b = as_double(MIN_NORMAL - 1), product;
    feclearexcept(FE_ALL_EXCEPT);
    product = a * b;
    (void)product;
    return read_host_flags() & BP_FP_UNDERFLOW ? BP_FP_TINY_BEFORE_ROUNDING
                                               : BP_FP_TINY_AFTER_ROUNDING;
}

enum op {
    ADD, SUB, MUL, DIV, SQRT, FMA, CONVERT, ROUND_INT, NEARBY_INT, FROM_I64, FROM_U64, COMPARE,
    TO_I32, TO_U32, TO_I64, TO_U64, OPS
};
static const char *const op_names[OPS] = {
    "add", "sub", "mul", "div", "sqrt", "fma", "convert", "round_int", "nearby_int", "from_i64",
    "from_u64", "compare", "to_i32", "to_u32", "to_i64", "to_u64"
};

/* An integer conversion by way of the host's rint(): its flags, and its value where it fits. */
static uint64_t int_result(double rounded, bool is_signed, int width)
{
    double limit = ldexp(1, width - is_signed);
    uint64_t max = UINT64_MAX >> (64 - width + is_signed), min = is_signed ? ~max : 0;
    if (rounded < limit && rounded >= (is_signed ? -limit : 0))
        return is_signed ? (uint64_t)(int64_t)rounded : (uint64_t)rounded;
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_INVALID);
    return rounded < 0 ? min : max;
}

#define DEFINE_HOST_OP(name, type, to, of, other, of_other, sqrt_, fma_, rint_, nearbyint_)        \
    static uint64_t name(enum op op, const uint64_t v[3], uint32_t *ret_flags)                     \
    {                                                                                              \
        volatile type a = to(v[0]), b = to(v[1]), c = to(v[2]), r = 0;                             \
        volatile other o = 0;                                                                      \
        volatile uint64_t i = v[0];                                                                \
        uint64_t result = 0;                                                                       \
        feclearexcept(FE_ALL_EXCEPT);                                                              \
        switch (op) {                                                                              \
        case ADD: r = a + b; break;                                                                \
        case SUB: r = a - b; break;                                                                \
        case MUL: r = a * b; break;                                                                \
        case DIV: r = a / b; break;                                                                \
        case SQRT: r = sqrt_(a); break;                                                            \
        case FMA: r = fma_(a, b, c); break;                                                        \
        case ROUND_INT: r = rint_(a); break;                                                       \
        case NEARBY_INT: r = nearbyint_(a); break;                                                 \
        case FROM_I64: r = (type)(int64_t)i; break;                                                \
        case FROM_U64: r = (type)i; break;                                                         \
        case CONVERT: o = (other)a; break;                                                         \
        case COMPARE:                                                                              \
            result = (uint64_t)(isunordered(a, b) ? 2 : isgreater(a, b) - isless(a, b));           \
            break;                                                                                 \
        default: r = rint_(a); break;                                                              \
        }                                                                                          \
        if (op >= TO_I32)                                                                          \
            result = int_result(r, op == TO_I32 || op == TO_I64, op <= TO_U32 ? 32 : 64);          \
        *ret_flags = read_host_flags();                                                            \
        return op == CONVERT ? of_other(o) : op >= COMPARE ? result : of(r);                       \
    }
DEFINE_HOST_OP(host_f32, float, as_float, of_float, double, of_double, sqrtf, fmaf, rintf,
               nearbyintf)
DEFINE_HOST_OP(host_f64, double, as_double, of_double, float, of_float, sqrt, fma, rint, nearbyint)

/* What the host makes of fma(infinity, 0, NaN), which is its own choice. */
static uint32_t host_fma_rule(const struct shape *f)
{
    const uint64_t v64[3] = { INF, 0, QUIET }, v32[3] = { 0x7f800000, 0, 0x7fc00000 };
    uint32_t flags;
    f == &shape_f64 ? host_f64(FMA, v64, &flags) : host_f32(FMA, v32, &flags);
    return flags & BP_FP_INVALID ? 0 : BP_FP_FMA_NAN_QUIETLY;
}

#define DEFINE_SOFT_OP(f, type, convert)                                                           \
    static uint64_t soft_##f(enum op op, const uint64_t v[3], struct bp_fp *fp)                    \
    {                                                                                              \
        type a = (type)v[0], b = (type)v[1], c = (type)v[2];                                       \
        switch (op) {                                                                              \
        case ADD: return bp_##f##_add(fp, a, b);                                                   \
        case SUB: return bp_##f##_sub(fp, a, b);                                                   \
        case MUL: return bp_##f##_mul(fp, a, b);                                                   \
        case DIV: return bp_##f##_div(fp, a, b);                                                   \
        case SQRT: return bp_##f##_sqrt(fp, a);                                                    \
        case FMA: return bp_##f##_fma(fp, a, b, c, 0);                                             \
        case CONVERT: return convert(fp, a);                                                       \
        case ROUND_INT: return bp_##f##_round_int(fp, a, fp->rounding, 1);                         \
        case NEARBY_INT: return bp_##f##_round_int(fp, a, fp->rounding, 0);                        \
        case FROM_I64: return bp_##f##_from_i64(fp, (int64_t)v[0]);                                \
        case FROM_U64: return bp_##f##_from_u64(fp, v[0]);                                         \
        case COMPARE: return (uint64_t)bp_##f##_compare(fp, a, b, 0);                              \
        case TO_I32: return (uint64_t)bp_##f##_to_i32(fp, a, fp->rounding);                        \
        case TO_U32: return bp_##f##_to_u32(fp, a, fp->rounding);                                  \
        case TO_I64: return (uint64_t)bp_##f##_to_i64(fp, a, fp->rounding);                        \
        default: return bp_##f##_to_u64(fp, a, fp->rounding);                                      \
        }                                                                                          \
    }
DEFINE_SOFT_OP(f32, uint32_t, bp_f32_to_f64)
DEFINE_SOFT_OP(f64, uint64_t, bp_f64_to_f32)

static uint64_t draw_integer(struct score *s)
{
    uint64_t value = draw(s), random = draw(s);
    return value >> (random & 63) << (random >> 6 & 31);
}

static void test_against_host(struct score *s, const struct shape *f, enum op op)
{
    struct bp_fp fp;
    uint32_t tininess = host_tininess(), fma_rule = host_fma_rule(f), known = 0;
    for (size_t i = 0; i < COUNT(host_flags); i++)
        known |= host_flags[i].flag;

    for (int i = 0; i < CASES; i++) {
        uint64_t v[3] = { draw_operand(s, f) };
        if (op == FROM_I64 || op == FROM_U64)
            v[0] = draw_integer(s);
        else if (op < SQRT || op == FMA || op == COMPARE)
            v[1] = draw_partner(s, f, v[0]);
        if (op == FMA)
            v[2] = draw_addend(s, f, v[0], v[1]);
        size_t mode = draw_below(s, COUNT(host_roundings));
        bp_fp_init(&fp);
        fp.rounding = host_roundings[mode].rounding;
        fp.tininess = tininess;
        fp.fma_rule = fma_rule;

        uint32_t flags;
        fesetround(host_roundings[mode].host);
        uint64_t want = (f == &shape_f64 ? host_f64 : host_f32)(op, v, &flags);
        fesetround(FE_TONEAREST);
        uint64_t got = (f == &shape_f64 ? soft_f64 : soft_f32)(op, v, &fp);
        fp.flags &= known;
        check(s, op_names[op], f->name, v, &fp, got, want, flags);
    }
}

/* Tables. */

static void expect(struct score *s, const char *what, const struct bp_fp *fp, uint64_t got,
                   uint64_t want, uint32_t flags)
{
    check(s, what, "", (const uint64_t[3]){ 0 }, fp, got, want, flags);
}

static struct bp_fp context(void)
{
    struct bp_fp fp;
    bp_fp_init(&fp);
    return fp;
}

static void test_nan_rules(struct score *s)
{
    const uint64_t q1 = QUIET | 1, q2 = NEG | QUIET | 2;
    const uint64_t s1 = SIGNALLING | 3, s2 = NEG | SIGNALLING | 4;
    const struct {
        uint64_t a, b, first, first_signalling, larger;
    } rows[] = {
        { q1, ONE, q1, q1, q1 },
        { ONE, q2, q2, q2, q2 },
        { q1, q2, q1, q1, q2 },
        { q2, q1, q2, q2, q2 },
        { q1, s2, q1, s2 | QUIET, q1 },
        { s1, q2, s1 | QUIET, s1 | QUIET, q2 },
        { s1, s2, s1 | QUIET, s1 | QUIET, s2 | QUIET },
        { s2, ONE, s2 | QUIET, s2 | QUIET, s2 | QUIET },
        { q1, NEG | q1, q1, q1, q1 },
        { NEG | q1, q1, NEG | q1, NEG | q1, q1 },
    };
    uint64_t (*const ops[])(struct bp_fp *, uint64_t, uint64_t) = { bp_f64_add, bp_f64_sub,
                                                                    bp_f64_mul, bp_f64_div };
    for (size_t i = 0; i < COUNT(rows) * COUNT(ops); i++) {
        uint64_t a = rows[i / COUNT(ops)].a, b = rows[i / COUNT(ops)].b;
        uint64_t want[] = { QUIET, rows[i / COUNT(ops)].first,
                            rows[i / COUNT(ops)].first_signalling, rows[i / COUNT(ops)].larger };
        bool signalling = a << 1 >> 52 == 0xffe || b << 1 >> 52 == 0xffe;
        for (uint32_t rule = 0; rule < 4; rule++) {
            struct bp_fp fp = context();
            fp.nan_rule = rule;
            uint64_t got = ops[i % COUNT(ops)](&fp, a, b);
            expect(s, "NaN rule", &fp, got, want[rule], signalling ? BP_FP_INVALID : 0);
        }
    }

    /* Default NaNs of other kinds, in every format, also where the operands are not NaNs. */
    struct bp_fp fp = context();
    fp.default_nan = UINT64_C(0xfff8000000000000);
    expect(s, "inf - inf", &fp, bp_f64_sub(&fp, INF, INF), NEG | QUIET, BP_FP_INVALID);
    expect(s, "inf - inf", &fp, bp_f32_sub(&fp, 0x7f800000, 0x7f800000), 0xffc00000, BP_FP_INVALID);
    expect(s, "NaN f32 to f16", &fp, bp_f32_to_f16(&fp, 0x7fc00001), 0xfe00, BP_FP_INVALID);
    fp.default_nan = UINT64_C(0x7ff7ffffffffffff);
    fp.nan_rule = BP_FP_NAN_FIRST;
    fp.flags = 0;
    expect(s, "0 / 0", &fp, bp_f32_div(&fp, 0, NEG32), 0x7fbfffff, BP_FP_INVALID);
    expect(s, "sqrt(-1)", &fp, bp_f64_sqrt(&fp, NEG | ONE), fp.default_nan, BP_FP_INVALID);
    expect(s, "0 * inf", &fp, bp_f64_mul(&fp, 0, INF), fp.default_nan, BP_FP_INVALID);

    /* Payloads move with their leading bits. */
    fp = context();
    fp.nan_rule = BP_FP_NAN_FIRST;
    const uint64_t wide = UINT64_C(0xfff82468a0000000);
    expect(s, "NaN f32 to f64", &fp, bp_f32_to_f64(&fp, 0xffc12345), wide, 0);
    expect(s, "NaN f64 to f32", &fp, bp_f64_to_f32(&fp, wide | 0x1fffffff), 0xffc12345, 0);
    expect(s, "NaN f16 to f32", &fp, bp_f16_to_f32(&fp, 0x7e01), 0x7fc02000, 0);
    expect(s, "sNaN f64 to f32", &fp, bp_f64_to_f32(&fp, SIGNALLING | 1), 0x7fc00000,
           BP_FP_INVALID);
    fp.flags = 0;
    expect(s, "round sNaN", &fp, bp_f64_round_int(&fp, SIGNALLING | 1, 0, 1), QUIET | 1,
           BP_FP_INVALID);
}

static void test_fma_rules(struct score *s)
{
    const uint64_t a = QUIET | 1, b = QUIET | 2, c = QUIET | 3, two = UINT64_C(0x4000000000000000);
    static const uint8_t order[6][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 },
                                         { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 } };
    for (uint32_t i = 0; i < 6; i++) {
        struct bp_fp fp = context();
        fp.nan_rule = BP_FP_NAN_FIRST;
        fp.fma_nan_order = i;
        uint64_t v[4] = { 0, a, b, c };
        for (int n = 0; n < 3; n++) {
            expect(s, "fma NaN order", &fp, bp_f64_fma(&fp, v[1], v[2], v[3], 7),
                   QUIET | order[i][n], 0);
            v[order[i][n]] = ONE;
        }
        fp.nan_rule = BP_FP_NAN_FIRST_SIGNALLING;
        expect(s, "fma signalling", &fp, bp_f64_fma(&fp, a, SIGNALLING | 9, c, 0), QUIET | 9,
               BP_FP_INVALID);
    }
    for (uint32_t rule = 0; rule < 4; rule++) {
        struct bp_fp fp = context();
        fp.nan_rule = BP_FP_NAN_FIRST;
        fp.fma_rule = rule;
        expect(s, "fma(inf, 0, NaN)", &fp, bp_f64_fma(&fp, INF, NEG, c, 0), rule & 2 ? QUIET : c,
               rule & 1 ? 0 : BP_FP_INVALID);
        fp.flags = 0;
        expect(s, "fma(0, inf, sNaN)", &fp, bp_f64_fma(&fp, 0, INF, SIGNALLING | 1, 0), QUIET | 1,
               BP_FP_INVALID);
        expect(s, "fma(0, inf, 1)", &fp, bp_f64_fma(&fp, 0, INF, ONE, 0), QUIET, BP_FP_INVALID);
    }
    for (uint32_t negate = 0; negate < 8; negate++) {
        struct bp_fp fp = context();
        int value = (negate & 1 ? -2 : 2) + (negate & 2 ? -1 : 1);
        double want = negate & 4 ? -value : value;
        expect(s, "fma negate", &fp, bp_f64_fma(&fp, two, ONE, ONE, negate), of_double(want), 0);
        fp.rounding = BP_ROUND_UP; /* 2^-200 + 1, up, and its negations */
        bool product = negate & 1, addend = negate & 2, result = negate & 4;
        uint64_t tiny = UINT64_C(0x3370000000000000);
        uint64_t up = addend ? (product ? ONE : ONE - 1) : (product ? ONE : ONE + 1);
        expect(s, "fma negate", &fp, bp_f64_fma(&fp, tiny, ONE, ONE, negate),
               (addend != result ? NEG : 0) | up, BP_FP_INEXACT);
    }
}

static void test_minmax(struct score *s)
{
    const uint64_t q = QUIET | 5, sn = SIGNALLING | 5;
    const uint64_t two = UINT64_C(0x4000000000000000), n2 = NEG | two;
    const struct {
        uint64_t a, b;
        uint32_t how;
        uint64_t want;
        uint32_t flags;
    } rows[] = {
        { ONE, two, BP_FP_MIN, ONE, 0 },
        { ONE, two, BP_FP_MAX, two, 0 },
        { ONE, n2, BP_FP_MIN, n2, 0 },
        { ONE, n2, BP_FP_MAX, ONE, 0 },
        { ONE, n2, BP_FP_MIN | BP_FP_MAGNITUDE, ONE, 0 },
        { ONE, n2, BP_FP_MAX | BP_FP_MAGNITUDE, n2, 0 },
        { two, n2, BP_FP_MAX | BP_FP_MAGNITUDE, two, 0 },
        { two, n2, BP_FP_MIN | BP_FP_MAGNITUDE, n2, 0 },
        { 0, NEG, BP_FP_MIN, NEG, 0 },
        { NEG, 0, BP_FP_MAX, 0, 0 },
        { 0, NEG, BP_FP_MAX | BP_FP_NAN_WINS_2019, 0, 0 },
        { INF, MAX_FINITE, BP_FP_MIN | BP_FP_NUMBER_2019, MAX_FINITE, 0 },
        { NEG | INF, n2, BP_FP_MIN | BP_FP_NUMBER_2019, NEG | INF, 0 },
        { 1, 2, BP_FP_MAX, 2, BP_FP_SUBNORMAL_OPERAND },
        { q, ONE, BP_FP_MIN | BP_FP_NUM_2008, ONE, 0 },
        { ONE, q, BP_FP_MAX | BP_FP_NUM_2008, ONE, 0 },
        { sn, ONE, BP_FP_MIN | BP_FP_NUM_2008, q, BP_FP_INVALID },
        { ONE, sn, BP_FP_MAX | BP_FP_NUM_2008, q, BP_FP_INVALID },
        { q, ONE, BP_FP_MIN | BP_FP_NUMBER_2019, ONE, 0 },
        { ONE, sn, BP_FP_MAX | BP_FP_NUMBER_2019, ONE, BP_FP_INVALID },
        { sn, q, BP_FP_MAX | BP_FP_NUMBER_2019, q, BP_FP_INVALID },
        { q, q, BP_FP_MAX | BP_FP_NUMBER_2019, q, 0 },
        { q, ONE, BP_FP_MIN | BP_FP_NAN_WINS_2019, q, 0 },
        { ONE, sn, BP_FP_MAX | BP_FP_NAN_WINS_2019, q, BP_FP_INVALID },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bp_fp fp = context();
        fp.nan_rule = BP_FP_NAN_FIRST;
        fp.flush = BP_FP_FLUSH_OUTPUTS; /* must not matter */
        uint64_t got = bp_f64_minmax(&fp, rows[i].a, rows[i].b, rows[i].how);
        expect(s, "minmax", &fp, got, rows[i].want, rows[i].flags);
    }
    struct bp_fp fp = context();
    expect(s, "minmax NaN", &fp, bp_f32_minmax(&fp, 0x7f800001, 0x7f800001, BP_FP_NUMBER_2019),
           0x7fc00000, BP_FP_INVALID);
}

static void test_compare_flags(struct score *s)
{
    const uint64_t values[] = { NEG | INF, NEG | ONE, NEG, 0, ONE, INF, QUIET, SIGNALLING | 1 };
    for (size_t i = 0; i < 8 * 8 * 2; i++) {
        uint64_t a = values[i % 8], b = values[i / 8 % 8];
        double x = as_double(a), y = as_double(b);
        bool signalling_nan = a == (SIGNALLING | 1) || b == (SIGNALLING | 1);
        bool signalling = i / 64, nan = signalling_nan || a == QUIET || b == QUIET;
        uint32_t flags = signalling_nan || (signalling && nan) ? BP_FP_INVALID : 0;
        struct bp_fp fp = context();
        expect(s, "eq", &fp, signalling ? bp_f64_eq_signalling(&fp, a, b) : bp_f64_eq(&fp, a, b),
               !nan && x == y, flags);
        fp = context();
        expect(s, "lt", &fp, signalling ? bp_f64_lt(&fp, a, b) : bp_f64_lt_quiet(&fp, a, b),
               !nan && x < y, flags);
        fp = context();
        expect(s, "le", &fp, signalling ? bp_f64_le(&fp, a, b) : bp_f64_le_quiet(&fp, a, b),
               !nan && x <= y, flags);
    }
}

static void test_int_rules(struct score *s)
{
    const uint64_t big = UINT64_C(0x47e0000000000000);
    for (uint32_t rule = 0; rule < 4; rule++) {
        struct bp_fp fp = context();
        bool ind = rule == BP_FP_INT_INDEFINITE;
        fp.int_rule = rule;
        const uint64_t nan_i64[] = { INT64_MAX, 0, (uint64_t)INT64_MIN, (uint64_t)INT64_MIN };
        const uint64_t nan_u32[] = { UINT32_MAX, 0, 0, UINT32_MAX };
        expect(s, "NaN to i64", &fp, (uint64_t)bp_f64_to_i64(&fp, QUIET, 0), nan_i64[rule],
               BP_FP_INVALID);
        expect(s, "-NaN to u32", &fp, bp_f32_to_u32(&fp, 0xffc00000, 0), nan_u32[rule],
               BP_FP_INVALID);
        expect(s, "big to i32", &fp, (uint32_t)bp_f64_to_i32(&fp, big, 0),
               ind ? 0x80000000 : 0x7fffffff, BP_FP_INVALID);
        expect(s, "-big to i64", &fp, (uint64_t)bp_f64_to_i64(&fp, NEG | big, 0),
               (uint64_t)INT64_MIN, BP_FP_INVALID);
        expect(s, "-inf to u64", &fp, bp_f64_to_u64(&fp, NEG | INF, 0), ind ? UINT64_MAX : 0,
               BP_FP_INVALID);
        expect(s, "-1 to u16", &fp, bp_f64_to_int(&fp, NEG | ONE, 16, 0, 0), ind ? 0xffff : 0,
               BP_FP_INVALID);
    }
    struct bp_fp fp = context();
    const uint64_t half = UINT64_C(0x3fe0000000000000);
    expect(s, "-0.5 to u32", &fp, bp_f64_to_u32(&fp, NEG | half, 0), 0, BP_FP_INEXACT);
    expect(s, "0.5 * 2^4 to i8", &fp, bp_f64_to_int(&fp, half, 8 | BP_FP_SIGNED, 4, 0), 8,
           BP_FP_INEXACT);
    expect(s, "0.5 * 2^INT32_MIN", &fp, bp_f64_to_int(&fp, half, 64, INT32_MIN, BP_ROUND_UP), 1,
           BP_FP_INEXACT);
    fp.flags = 0;
    expect(s, "2 * 2^INT32_MAX", &fp, bp_f64_to_int(&fp, ONE + MIN_NORMAL, 64, INT32_MAX, 0),
           UINT64_MAX, BP_FP_INVALID);
    fp.flags = 0;
    expect(s, "1 * 2^INT32_MAX", &fp, bp_f64_from_int(&fp, 1, 64, INT32_MAX), INF,
           BP_FP_INEXACT | BP_FP_OVERFLOW);
    fp.flags = 0;
    expect(s, "from i32", &fp, bp_f32_from_i32(&fp, INT32_MIN), 0xcf000000, 0);
    expect(s, "from u32", &fp, bp_f64_from_u32(&fp, UINT32_MAX), UINT64_C(0x41efffffffe00000), 0);
}

static void test_flush(struct score *s)
{
    const uint64_t half = UINT64_C(0x3fe0000000000000);
    const uint32_t in = BP_FP_FLUSH_INPUTS, out = BP_FP_FLUSH_OUTPUTS;
    struct bp_fp fp = context();

    fp.flush = in;
    expect(s, "flushed + -1", &fp, bp_f64_add(&fp, 1, NEG | ONE), NEG | ONE, BP_FP_INPUT_FLUSHED);
    expect(s, "flushed sqrt", &fp, bp_f32_sqrt(&fp, 0x807fffff), 0x80000000, BP_FP_INPUT_FLUSHED);
    expect(s, "unflushed output", &fp, bp_f64_mul(&fp, MIN_NORMAL, half), MIN_NORMAL / 2,
           BP_FP_INPUT_FLUSHED);
    expect(s, "1 / flushed", &fp, bp_f64_div(&fp, ONE, NEG | 1), NEG | INF,
           BP_FP_INPUT_FLUSHED | BP_FP_DIV_ZERO);
    fp.flags = 0;
    expect(s, "flushed == 0", &fp, bp_f64_eq(&fp, 1, NEG), 1, BP_FP_INPUT_FLUSHED);
    expect(s, "flushed to int", &fp, (uint64_t)bp_f64_to_i64(&fp, 1, BP_ROUND_UP), 0,
           BP_FP_INPUT_FLUSHED);
    fp.flags = 0;
    expect(s, "f16 stays", &fp, bp_f16_to_f64(&fp, 1), UINT64_C(0x3e70000000000000), 0);

    fp = context();
    fp.flush = out;
    expect(s, "exact and flushed", &fp, bp_f64_mul(&fp, MIN_NORMAL, NEG | half), NEG,
           BP_FP_UNDERFLOW);
    expect(s, "flushed f32", &fp, bp_f64_to_f32(&fp, UINT64_C(0x3800000000000000)), 0,
           BP_FP_UNDERFLOW);
    fp.flags = 0;
    expect(s, "not tiny after", &fp, bp_f64_mul(&fp, ONE + 1, MIN_NORMAL - 1), MIN_NORMAL,
           BP_FP_INEXACT | BP_FP_SUBNORMAL_OPERAND);
    fp.flags = 0;
    fp.tininess = BP_FP_TINY_BEFORE_ROUNDING;
    expect(s, "tiny before", &fp, bp_f64_mul(&fp, ONE + 1, MIN_NORMAL - 1), 0,
           BP_FP_UNDERFLOW | BP_FP_SUBNORMAL_OPERAND);
    fp.flags = 0;
    expect(s, "f16 stays", &fp, bp_f32_to_f16(&fp, 0x33800000), 1, 0);
    fp.flush = out | BP_FP_FLUSH_OUTPUT_INEXACT;
    expect(s, "flushed, inexact", &fp, bp_f64_mul(&fp, MIN_NORMAL, half), 0,
           BP_FP_UNDERFLOW | BP_FP_INEXACT);
}

static void test_subnormal_flag(struct score *s)
{
    struct bp_fp fp = context();
    expect(s, "subnormal / 0", &fp, bp_f64_div(&fp, 1, 0), INF, BP_FP_DIV_ZERO);
    fp.flags = 0;
    expect(s, "sqrt(-subnormal)", &fp, bp_f64_sqrt(&fp, NEG | 1), QUIET, BP_FP_INVALID);
    fp.flags = 0;
    expect(s, "subnormal + NaN", &fp, bp_f64_add(&fp, 1, QUIET), QUIET, 0);
    expect(s, "subnormal * inf", &fp, bp_f64_mul(&fp, 1, INF), INF, BP_FP_SUBNORMAL_OPERAND);
    fp.flags = 0;
    expect(s, "subnormal < 1", &fp, bp_f64_lt(&fp, 1, ONE), 1, BP_FP_SUBNORMAL_OPERAND);
    fp.flags = 0;
    expect(s, "fma with subnormal", &fp, bp_f64_fma(&fp, ONE, ONE, 1, 0), ONE,
           BP_FP_SUBNORMAL_OPERAND | BP_FP_INEXACT);
}

/* Overflow, ties and exact zeros. */
static void test_roundings(struct score *s)
{
    const uint64_t half_ulp = UINT64_C(0x3ca0000000000000), half = UINT64_C(0x3fe0000000000000);
    static const struct {
        uint8_t rounding;
        bool grows, shrinks; /* max + max, -max - max become infinite */
        uint8_t up, odd_up;  /* 1 + tie, 1 + ulp + tie go up */
        int8_t half;         /* -0.5 as an integer */
    } rows[] = {
        { BP_ROUND_DYNAMIC, true, true, 0, 1, 0 },
        { BP_ROUND_NEAREST_EVEN, true, true, 0, 1, 0 },
        { BP_ROUND_ZERO, false, false, 0, 0, 0 },
        { BP_ROUND_DOWN, false, true, 0, 0, -1 },
        { BP_ROUND_UP, true, false, 1, 1, 0 },
        { BP_ROUND_NEAREST_AWAY, true, true, 1, 1, -1 },
        { BP_ROUND_TO_ODD, false, false, 1, 0, -1 },
        { 0xff, true, true, 0, 1, 0 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bp_fp fp = context();
        fp.rounding = rows[i].rounding;
        uint64_t zero = fp.rounding == BP_ROUND_DOWN ? NEG : 0;
        expect(s, "max + max", &fp, bp_f64_add(&fp, MAX_FINITE, MAX_FINITE),
               rows[i].grows ? INF : MAX_FINITE, BP_FP_OVERFLOW | BP_FP_INEXACT);
        expect(s, "-max - max", &fp, bp_f64_sub(&fp, NEG | MAX_FINITE, MAX_FINITE),
               NEG | (rows[i].shrinks ? INF : MAX_FINITE), BP_FP_OVERFLOW | BP_FP_INEXACT);
        fp.flags = 0;
        expect(s, "1 + tie", &fp, bp_f64_add(&fp, ONE, half_ulp), ONE + rows[i].up, BP_FP_INEXACT);
        expect(s, "1 + ulp + tie", &fp, bp_f64_add(&fp, ONE + 1, half_ulp),
               ONE + 1 + rows[i].odd_up, BP_FP_INEXACT);
        expect(s, "-0.5 to i32", &fp,
               (uint64_t)bp_f64_to_i32(&fp, NEG | half, BP_ROUND_DYNAMIC),
               (uint64_t)(int64_t)rows[i].half, BP_FP_INEXACT);
        expect(s, "round -0.5", &fp, bp_f64_round_int(&fp, NEG | half, BP_ROUND_DYNAMIC, 0),
               NEG | (rows[i].half ? ONE : 0), BP_FP_INEXACT);
        fp.flags = 0;
        expect(s, "1 - 1", &fp, bp_f64_sub(&fp, ONE, ONE), zero, 0);
        expect(s, "-0 + -0", &fp, bp_f64_add(&fp, NEG, NEG), NEG, 0);
        expect(s, "fma zero", &fp, bp_f64_fma(&fp, ONE, ONE, NEG | ONE, 0), zero, 0);
    }
}

/* Every binary16 value: to wider and back, and its value by definition. */
static void test_f16(struct score *s)
{
    for (uint32_t v = 0; v < 0x10000; v++) {
        struct bp_fp fp = context();
        int exp = v >> 10 & 31, frac = v & 0x3ff;
        double value = exp == 31 ? INFINITY : ldexp(exp ? frac + 1024 : frac, (exp ? exp : 1) - 25);
        if (exp == 31 && frac)
            continue;
        uint64_t wide = bp_f16_to_f64(&fp, (uint16_t)v);
        expect(s, "f16 to f64", &fp, wide, of_double(v >> 15 ? -value : value), 0);
        expect(s, "f64 to f16", &fp, bp_f64_to_f16(&fp, wide), v, 0);
        uint32_t middle = bp_f16_to_f32(&fp, (uint16_t)v);
        expect(s, "f16 to f32", &fp, middle, of_float((float)(v >> 15 ? -value : value)), 0);
        expect(s, "f32 to f16", &fp, bp_f32_to_f16(&fp, middle), v, 0);
    }
}

int main(void)
{
    struct score s = { .seed = UINT64_C(0x2545f4914f6cdd1d) };

    bp_softfloat_ = &tcg_softfloat_api;
    test_nan_rules(&s);
    test_fma_rules(&s);
    test_minmax(&s);
    test_compare_flags(&s);
    test_int_rules(&s);
    test_flush(&s);
    test_subnormal_flag(&s);
    test_roundings(&s);
    test_f16(&s);
    printf("softfloat by tables: %" PRIu64 " cases, %" PRIu64 " mismatches\n", s.cases,
           s.mismatches);

    struct score host = { .seed = s.seed };
    for (enum op op = 0; op < OPS; op++) {
        test_against_host(&host, &shape_f32, op);
        test_against_host(&host, &shape_f64, op);
    }
    printf("softfloat against the host, %zu roundings: %" PRIu64 " cases, %" PRIu64
           " mismatches\n", COUNT(host_roundings), host.cases, host.mismatches);
    return s.mismatches || host.mismatches;
}
