/* SPDX-License-Identifier: MIT */
/*
 * tr_flags.c: condition flags in IR. What sets them records what they come from, in guest registers
 * (cpu.h) and, for the rest of the translation, in values: then a conditional branch is the compare
 * itself. Where a translation starts with a condition, a helper works the flags out.
 */
#include "tr.h"

enum kind {
    KIND_UNKNOWN = 0, KIND_NZCV, KIND_SUB, KIND_ADD, KIND_ADC, KIND_LOGIC, KIND_FCMP,
};

/* The flags as this translation knows them; lives in the scratch memory. */
struct flags {
    uint8_t kind;         /* enum kind */
    uint8_t type;         /* of a and b */
    uint8_t conditional;  /* where `first` is zero, the flags are `nzcv` */
    uint8_t nzcv;
    bp_value a, b, result, carry, first;
};
_Static_assert(sizeof(struct flags) <= 256, "bp_tr.scratch");

static struct flags *flags_of(struct ctx *c) { return c->t->scratch; }

static void put_cc(struct ctx *c, unsigned op, bp_value a, bp_value b)
{
    bp_put(c->t, REG_CC_OP, const32(c, op));
    bp_put(c->t, REG_CC_A, a);
    if (b)
        bp_put(c->t, REG_CC_B, b);
}

static bp_value to64(struct ctx *c, enum bp_type type, bp_value v)
{
    return type == BP_I64 ? v : bp_op1(c->t, BP_ZEXT, BP_I64, v);
}

static void set_binary(struct ctx *c, enum kind kind, unsigned cc, enum bp_type type, bp_value a,
                       bp_value b)
{
    *flags_of(c) = (struct flags){ .kind = (uint8_t)kind, .type = (uint8_t)type, .a = a, .b = b };
    put_cc(c, cc + (type == BP_I64), to64(c, type, a), to64(c, type, b));
}

void flags_sub(struct ctx *c, enum bp_type type, bp_value a, bp_value b)
{
    set_binary(c, KIND_SUB, CC_SUB32, type, a, b);
    flags_of(c)->result = op2(c, BP_SUB, type, a, b);
}

void flags_add(struct ctx *c, enum bp_type type, bp_value a, bp_value b)
{
    set_binary(c, KIND_ADD, CC_ADD32, type, a, b);
    flags_of(c)->result = op2(c, BP_ADD, type, a, b);
}

void flags_adc(struct ctx *c, enum bp_type type, bp_value a, bp_value b, bp_value carry64)
{
    bp_value carry = type == BP_I64 ? carry64 : bp_op1(c->t, BP_TRUNC, BP_I32, carry64);

    set_binary(c, KIND_ADC, CC_ADC32, type, a, b);
    bp_put(c->t, REG_CC_C, carry64);
    flags_of(c)->carry = carry;
    flags_of(c)->result = op2(c, BP_ADD, type, op2(c, BP_ADD, type, a, b), carry);
}

void flags_logic(struct ctx *c, enum bp_type type, bp_value result)
{
    *flags_of(c) = (struct flags){ .kind = KIND_LOGIC, .type = (uint8_t)type, .result = result };
    put_cc(c, CC_LOGIC32 + (type == BP_I64), to64(c, type, result), 0);
}

void flags_pack(struct ctx *c, bp_value nzcv32)
{
    *flags_of(c) = (struct flags){ .kind = KIND_NZCV, .type = BP_I32, .result = nzcv32 };
    put_cc(c, CC_NZCV, to64(c, BP_I32, nzcv32), 0);
}

void flags_fcmp(struct ctx *c, enum bp_type type, bp_value a, bp_value b)
{
    enum bp_type bits = type == BP_F64 ? BP_I64 : BP_I32;
    bp_value x = to64(c, bits, bp_op1(c->t, BP_BITCAST, bits, a));
    bp_value y = to64(c, bits, bp_op1(c->t, BP_BITCAST, bits, b));

    *flags_of(c) = (struct flags){ .kind = KIND_FCMP, .type = (uint8_t)type, .a = a, .b = b };
    put_cc(c, CC_FCMP32 + (type == BP_F64), x, y);
}

bp_value flags_packed(struct ctx *c)
{
    return bp_call(c->t, &helper_nzcv, 0, NULL);
}

static struct flags *known(struct ctx *c)
{
    struct flags *f = flags_of(c);

    if (f->kind == KIND_UNKNOWN)
        flags_pack(c, flags_packed(c));
    return f;
}

void flags_ccmp(struct ctx *c, unsigned cond, bool subtract, enum bp_type type, bp_value a,
                bp_value b, unsigned nzcv)
{
    struct test t = flags_test(c, cond);
    bp_value first = bp_cmp(c->t, BP_I32, t.cond, t.a, t.b);
    bp_value imm = const64(c, (uint64_t)nzcv << 28), a64 = to64(c, type, a);
    unsigned cc = (subtract ? CC_SUB32 : CC_ADD32) + (type == BP_I64);

    bp_put(c->t, REG_CC_OP, bp_select(c->t, BP_I32, first, const32(c, cc), const32(c, CC_NZCV)));
    bp_put(c->t, REG_CC_A, bp_select(c->t, BP_I64, first, a64, imm));
    bp_put(c->t, REG_CC_B, to64(c, type, b));
    *flags_of(c) = (struct flags){
        .kind = subtract ? KIND_SUB : KIND_ADD, .type = (uint8_t)type, .conditional = true,
        .nzcv = (uint8_t)nzcv, .a = a, .b = b, .first = first,
        .result = op2(c, subtract ? BP_SUB : BP_ADD, type, a, b),
    };
}

/* ---- conditions ------------------------------------------------------------------------------ */

static struct test is_set(struct ctx *c, bp_value v)
{
    return (struct test){ BP_NE, v, const32(c, 0) };
}

static bp_value zero_of(struct ctx *c, const struct flags *f)
{
    return bp_const(c->t, f->type, 0);
}

/* A value whose sign is V: of an addition, both operands' signs differ from the result's. */
static bp_value overflow(struct ctx *c, const struct flags *f)
{
    enum bp_type t = f->type;
    bp_value x = op2(c, BP_XOR, t, f->a, f->kind == KIND_SUB ? f->b : f->result);
    bp_value y = op2(c, BP_XOR, t, f->kind == KIND_SUB ? f->a : f->b, f->result);

    return op2(c, BP_AND, t, x, y);
}

/* Carry out of an addition. */
static struct test carry_test(struct ctx *c, const struct flags *f)
{
    bp_value below, equal;

    if (f->kind == KIND_ADD)
        return (struct test){ BP_LTU, f->result, f->a };
    below = bp_cmp(c->t, BP_I32, BP_LTU, f->result, f->a);
    equal = bp_cmp(c->t, BP_I32, BP_LEU, f->result, f->a);
    return is_set(c, bp_select(c->t, BP_I32, f->carry, equal, below));
}

static bp_value value_of(struct ctx *c, struct test t)
{
    return bp_cmp(c->t, BP_I32, t.cond, t.a, t.b);
}

/* EQ, CS, MI, VS, HI, GE, GT by number / 2, of a - b. */
static struct test test_sub(struct ctx *c, const struct flags *f, unsigned which)
{
    switch (which) {
    case 0: return (struct test){ BP_EQ, f->a, f->b };
    case 1: return (struct test){ BP_GEU, f->a, f->b };
    case 2: return (struct test){ BP_LT, f->result, zero_of(c, f) };
    case 3: return (struct test){ BP_LT, overflow(c, f), zero_of(c, f) };
    case 4: return (struct test){ BP_GTU, f->a, f->b };
    case 5: return (struct test){ BP_GE, f->a, f->b };
    default: return (struct test){ BP_GT, f->a, f->b };
    }
}

static struct test test_add(struct ctx *c, const struct flags *f, unsigned which)
{
    bp_value zero = zero_of(c, f), signs, x, y;

    switch (which) {
    case 0: return (struct test){ BP_EQ, f->result, zero };
    case 1: return carry_test(c, f);
    case 2: return (struct test){ BP_LT, f->result, zero };
    case 3: return (struct test){ BP_LT, overflow(c, f), zero };
    case 4:
        x = value_of(c, carry_test(c, f));
        y = bp_cmp(c->t, BP_I32, BP_NE, f->result, zero);
        return is_set(c, op2(c, BP_AND, BP_I32, x, y));
    }
    signs = op2(c, BP_XOR, f->type, overflow(c, f), f->result);
    if (which == 5)
        return (struct test){ BP_GE, signs, zero };
    x = bp_cmp(c->t, BP_I32, BP_GE, signs, zero);
    y = bp_cmp(c->t, BP_I32, BP_NE, f->result, zero);
    return is_set(c, op2(c, BP_AND, BP_I32, x, y));
}

static struct test test_logic(struct ctx *c, const struct flags *f, unsigned which)
{
    static const uint8_t conds[7] = { BP_EQ, 0, BP_LT, 0, 0, BP_GE, BP_GT };

    if (which == 1 || which == 3 || which == 4) /* C and V are clear */
        return is_set(c, const32(c, 0));
    return (struct test){ conds[which], f->result, zero_of(c, f) };
}

static struct test test_nzcv(struct ctx *c, const struct flags *f, unsigned which)
{
    static const uint32_t bits[4] = { FLAG_Z, FLAG_C, FLAG_N, FLAG_V };
    bp_value p = f->result, signs;

    if (which < 4)
        return is_set(c, op2(c, BP_AND, BP_I32, p, const32(c, bits[which])));
    if (which == 4) { /* C and not Z */
        p = op2(c, BP_AND, BP_I32, p, const32(c, FLAG_C | FLAG_Z));
        return (struct test){ BP_EQ, p, const32(c, FLAG_C) };
    }
    signs = op2(c, BP_XOR, BP_I32, p, op2(c, BP_SHL, BP_I32, p, const32(c, 3)));
    if (which == 5)
        return (struct test){ BP_GE, signs, const32(c, 0) };
    /* N = V and not Z: the sign bit of either spoils it */
    signs = op2(c, BP_OR, BP_I32, signs, op2(c, BP_SHL, BP_I32, p, const32(c, 1)));
    return (struct test){ BP_GE, signs, const32(c, 0) };
}

/* Flags of a float comparison: less 1000, equal 0110, greater 0010, unordered 0011. */
static struct test test_fcmp(struct ctx *c, const struct flags *f, unsigned which)
{
    static const struct {
        uint8_t cond;
        bool swap, invert;
    } how[7] = {
        { BP_FEQ, false, false },       { BP_FLT_QUIET, false, true },
        { BP_FLT_QUIET, false, false }, { BP_FUNORDERED, false, false },
        { BP_FLE_QUIET, false, true },  { BP_FLE_QUIET, true, false },
        { BP_FLT_QUIET, true, false },
    };
    bp_value a = how[which].swap ? f->b : f->a, b = how[which].swap ? f->a : f->b;
    bp_value v = bp_emit(c->t, BP_FCMP, BP_I32, how[which].cond, a, b, 0);

    return (struct test){ how[which].invert ? BP_EQ : BP_NE, v, const32(c, 0) };
}

/* What an immediate says of a condition. */
static bool holds(unsigned nzcv, unsigned which)
{
    bool n = nzcv >> 3 & 1, z = nzcv >> 2 & 1, carry = nzcv >> 1 & 1, v = nzcv & 1;

    switch (which) {
    case 0: return z;
    case 1: return carry;
    case 2: return n;
    case 3: return v;
    case 4: return carry && !z;
    case 5: return n == v;
    default: return n == v && !z;
    }
}

static struct test test_of(struct ctx *c, const struct flags *f, unsigned which)
{
    switch (f->kind) {
    case KIND_SUB: return test_sub(c, f, which);
    case KIND_ADD:
    case KIND_ADC: return test_add(c, f, which);
    case KIND_LOGIC: return test_logic(c, f, which);
    case KIND_FCMP: return test_fcmp(c, f, which);
    default: return test_nzcv(c, f, which);
    }
}

struct test flags_test(struct ctx *c, unsigned cond)
{
    struct flags f;
    struct test t;
    bp_value v;

    if (cond >= 14)
        return (struct test){ BP_EQ, const32(c, 0), const32(c, 0) };
    f = *known(c);
    t = test_of(c, &f, cond / 2);
    if (f.conditional) {
        v = value_of(c, t);
        if (holds(f.nzcv, cond / 2))
            v = op2(c, BP_OR, BP_I32, v, op2(c, BP_XOR, BP_I32, f.first, const32(c, 1)));
        else
            v = op2(c, BP_AND, BP_I32, v, f.first);
        t = is_set(c, v);
    }
    if (cond & 1)
        t.cond ^= 1;
    return t;
}

bp_value flags_carry(struct ctx *c)
{
    struct flags f = *known(c);
    struct test t;

    if (f.kind == KIND_NZCV) {
        bp_value bit = bp_extract(c->t, BP_I32, f.result, 29, 1, false);
        return bp_op1(c->t, BP_ZEXT, BP_I64, bit);
    }
    t = flags_test(c, 2);
    return bp_cmp(c->t, BP_I64, t.cond, t.a, t.b);
}
