/* SPDX-License-Identifier: MIT */
/*
 * exact.c: every integer and float op as a C function: for ops without a rule, and for the rare
 * cases that a rule leaves to code out of line. Float flags go to the flags slot, never to the
 * host's FPU.
 */
#undef BP_HOST_SIDE /* the float library is imported as plugins do, so that tests can fill it in */
#include "internal.h"
#include "exact.h"

#include "tcg-runtime/fp/softfloat.h"
#include "tcg-runtime/ir/ir.h"

#include <string.h>

#define F32_NAN 0x7fc00000u
#define F64_NAN UINT64_C(0x7ff8000000000000)

static uint32_t slot_read(const void *env, int32_t offset)
{
    uint32_t v;
    memcpy(&v, (const uint8_t *)env + offset, sizeof v);
    return v;
}

static void slot_or(void *env, int32_t offset, uint32_t bits)
{
    uint32_t v = slot_read(env, offset) | bits;
    memcpy((uint8_t *)env + offset, &v, sizeof v);
}

bool exact_holds(unsigned cond, int32_t relation)
{
    switch (cond) {
    case BP_FEQ: return relation == BP_FP_EQUAL;
    case BP_FLT: case BP_FLT_QUIET: return relation == BP_FP_LESS;
    case BP_FLE: case BP_FLE_QUIET: return relation <= BP_FP_EQUAL;
    default: return relation == BP_FP_UNORDERED;
    }
}

static unsigned rounding_of(const struct bp_fp *fp, unsigned aux)
{
    unsigned r = aux & 0x7f;
    return r == BP_ROUND_DYNAMIC ? fp->rounding : r;
}

void exact_keep_nans(struct bp_fp *fp)
{
    fp->nan_rule = BP_FP_NAN_FIRST_SIGNALLING;
    fp->fma_nan_order = BP_FP_NAN_ORDER_CAB;
    fp->fma_rule = BP_FP_FMA_NAN_TO_DEFAULT;
}

static uint64_t bits_op(const struct bp_ir *r, unsigned from, uint64_t a, uint64_t b)
{
    bool wide = r->type == BP_F64;
    uint64_t sign = wide ? (uint64_t)1 << 63 : 0x80000000u;
    uint64_t inf = wide ? UINT64_C(0x7ff0000000000000) : 0x7f800000u;
    switch (r->op) {
    case BP_FNEG: return a ^ sign;
    case BP_FABS: return a & ~sign;
    case BP_FCOPYSIGN: return (a & ~sign) | (b & sign);
    case BP_FCANON: return (a & ~sign) > inf ? (wide ? F64_NAN : F32_NAN) : a;
    case BP_FBOX: return a | UINT64_C(0xffffffff00000000);
    case BP_FUNBOX: return a >> 32 == UINT32_MAX ? (uint32_t)a : F32_NAN;
    default: return from == BP_F32 || r->type == BP_F32 ? (uint32_t)a : a; /* bitcast */
    }
}

/* What aux says of NaNs. */
static void nan_rules(struct bp_fp *fp, const struct bp_ir *r)
{
    bool minmax = r->op == BP_FMIN || r->op == BP_FMAX;
    if (minmax ? r->aux == BP_FMIN_2008 || r->aux == BP_FMIN_NAN
               : (r->aux & BP_NAN_KEEP && r->op != BP_F2I))
        exact_keep_nans(fp);
    if (r->op == BP_F2I && r->aux & BP_NAN_ZERO)
        fp->int_rule = BP_FP_INT_SATURATE_NAN_ZERO;
}

static uint64_t to_int(struct bp_fp *fp, const struct bp_ir *r, unsigned from, uint64_t a)
{
    uint32_t type = (r->type == BP_I32 ? 32 : 64) | (r->aux & 0x80 ? 0 : BP_FP_SIGNED);
    uint64_t v = from == BP_F32
        ? tcg_softfloat_api.f32_to_int(fp, (uint32_t)a, type, 0, rounding_of(fp, r->aux))
        : tcg_softfloat_api.f64_to_int(fp, a, type, 0, rounding_of(fp, r->aux));
    return r->type == BP_I32 ? (uint32_t)v : v;
}

static uint64_t from_int(struct bp_fp *fp, const struct bp_ir *r, unsigned from, uint64_t a)
{
    bool is_signed = !(r->aux & 0x80);
    if (from == BP_I32)
        a = is_signed ? (uint64_t)(int64_t)(int32_t)(uint32_t)a : (uint32_t)a;
    uint32_t type = 64 | (is_signed ? BP_FP_SIGNED : 0);
    return r->type == BP_F32 ? tcg_softfloat_api.f32_from_int(fp, a, type, 0)
                             : tcg_softfloat_api.f64_from_int(fp, a, type, 0);
}

uint32_t exact_minmax(bool max, unsigned rule)
{
    static const uint16_t rules[] = {
        BP_FP_NUMBER_2019, BP_FP_NUM_2008, BP_FP_NAN_WINS_2019, BP_FP_NUM_2008, BP_FP_NAN_WINS_2019,
    };
    return (max ? BP_FP_MAX : BP_FP_MIN) | rules[rule];
}
#define SIGNALLING(aux) ((aux) == BP_FLT || (aux) == BP_FLE)

#define ARITH(f, bits)                                                                             \
    static uint64_t arith_##f(struct bp_fp *fp, const struct bp_ir *r, uint64_t a, uint64_t b,     \
                              uint64_t c)                                                          \
    {                                                                                              \
        const struct bp_softfloat_api *s = &tcg_softfloat_api;                                     \
        switch (r->op) {                                                                           \
        case BP_FADD: return s->f##_add(fp, (bits)a, (bits)b);                                     \
        case BP_FSUB: return s->f##_sub(fp, (bits)a, (bits)b);                                     \
        case BP_FMUL: return s->f##_mul(fp, (bits)a, (bits)b);                                     \
        case BP_FDIV: return s->f##_div(fp, (bits)a, (bits)b);                                     \
        case BP_FSQRT: return s->f##_sqrt(fp, (bits)a);                                            \
        case BP_FMADD: return s->f##_fma(fp, (bits)a, (bits)b, (bits)c, 0);                        \
        case BP_FROUND:                                                                            \
            return s->f##_round_int(fp, (bits)a, rounding_of(fp, r->aux), r->aux & 0x80);          \
        case BP_FMIN: case BP_FMAX:                                                                \
            return s->f##_minmax(fp, (bits)a, (bits)b, exact_minmax(r->op == BP_FMAX, r->aux));                             \
        default:                                                                                   \
            return exact_holds(r->aux,                                                          \
                               s->f##_compare(fp, (bits)a, (bits)b, SIGNALLING(r->aux)));          \
        }                                                                                          \
    }
ARITH(f32, uint32_t)
ARITH(f64, uint64_t)

static uint64_t float_op(struct bp_fp *fp, const struct bp_ir *r, unsigned from, uint64_t a,
                         uint64_t b, uint64_t c)
{
    switch (r->op) {
    case BP_F2I: return to_int(fp, r, from, a);
    case BP_I2F: return from_int(fp, r, from, a);
    case BP_FCVT:
        return from == BP_F32 ? tcg_softfloat_api.f32_to_f64(fp, (uint32_t)a)
                              : tcg_softfloat_api.f64_to_f32(fp, a);
    default:
        return from == BP_F32 ? arith_f32(fp, r, a, b, c) : arith_f64(fp, r, a, b, c);
    }
}

uint64_t tcg_exact(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t how,
                   const struct bp_slots *slots)
{
    struct bp_ir r = { .op = how & 0xff, .type = how >> 8 & 0xf, .aux = (uint16_t)(how >> 16) };
    unsigned from = how >> 12 & 0xf;
    uint64_t v;
    if (ir_ops[r.op].flags & IR_FLOAT) {
        struct bp_fp fp;
        bp_fp_init(&fp);
        nan_rules(&fp, &r);
        fp.rounding = slot_read(env, slots->fp_rounding);
        if (r.op != BP_F2I && r.op != BP_FROUND && r.op != BP_FCMP)
            fp.rounding = rounding_of(&fp, r.aux);
        if (fp.rounding == BP_ROUND_DYNAMIC)
            fp.rounding = BP_ROUND_NEAREST_EVEN;
        v = float_op(&fp, &r, from, a, b, c);
        if (fp.flags)
            slot_or(env, slots->fp_flags, fp.flags & 0x1f);
        return v;
    }
    if (r.op >= BP_FADD)
        return bits_op(&r, from, a, b);
    uint64_t mask = ir_type_mask[from];
    unsigned bits = ir_type_bits[r.type], from_bits = ir_type_bits[from];
    if (r.op == BP_SELECT)
        return (a & mask ? b : c) & ir_type_mask[r.type];
    if (!ir_eval_int(r.op, r.aux, bits, from_bits, a & mask, b & mask, c & mask, &v))
        return 0;
    return v;
}
