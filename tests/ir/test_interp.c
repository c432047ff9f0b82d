/* SPDX-License-Identifier: MIT */
/*
 * test_interp.c: every op that computes, run by the interpreter and, where it may be evaluated
 * while translating, by ir_eval(), against results computed here in another way: bit by bit or in
 * wider types; floats against written-out bit patterns and flags.
 */
#include "interp.h"

/* ---- integers: the reference ------------------------------------------------------------------
 */

static bool bit(uint64_t v, unsigned i) { return v >> i & 1; }

/* Floor of v / 2^n. */
static wide halve(wide v, unsigned n)
{
    for (; n > 0; n--)
        v = (v - (v & 1)) / 2;
    return v;
}

/* Bits of a moved up by n places, round the end where `round`. */
static uint64_t move(unsigned bits, uint64_t a, unsigned n, bool round)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bits; i++) {
        if (bit(a, i) && (round || i + n < bits))
            v |= (uint64_t)1 << (i + n) % bits;
    }
    return v;
}

static uint64_t reference2(unsigned op, unsigned bits, uint64_t a, uint64_t b)
{
    wide ua = as_unsigned(bits, a), ub = as_unsigned(bits, b);
    wide sa = as_signed(bits, a), sb = as_signed(bits, b);
    unsigned n = (unsigned)(ub % bits);
    switch (op) {
    case BP_ADD: return cut(bits, ua + ub);
    case BP_SUB: return cut(bits, ua - ub);
    case BP_MUL: return cut(bits, sa * sb);
    case BP_MULHU: return cut(bits, (wide)((unsigned __int128)ua * (unsigned __int128)ub >> bits));
    case BP_MULHS: return cut(bits, halve(sa * sb, bits));
    case BP_MULHSU: return cut(bits, halve(sa * ub, bits));
    case BP_DIVU: return ub == 0 ? 0 : cut(bits, ua / ub);
    case BP_REMU: return ub == 0 ? (uint64_t)ua : cut(bits, ua % ub);
    case BP_DIVS: return sb == 0 ? 0 : cut(bits, sa / sb);
    case BP_REMS: return sb == 0 ? (uint64_t)ua : cut(bits, sa % sb);
    case BP_AND: return (uint64_t)ua & (uint64_t)ub;
    case BP_OR: return (uint64_t)ua | (uint64_t)ub;
    case BP_XOR: return ((uint64_t)ua | (uint64_t)ub) - ((uint64_t)ua & (uint64_t)ub);
    case BP_ANDN: return (uint64_t)ua - ((uint64_t)ua & (uint64_t)ub);
    case BP_SHL: return move(bits, a, n, false);
    case BP_SHR: return cut(bits, halve(ua, n));
    case BP_SAR: return cut(bits, halve(sa, n));
    case BP_ROTL: return move(bits, a, n, true);
    default: return move(bits, a, (bits - n) % bits, true); /* ROTR */
    }
}

static uint64_t reference1(unsigned op, unsigned bits, uint64_t a)
{
    unsigned n = 0;
    uint64_t v = 0;
    switch (op) {
    case BP_NOT: return cut(bits, -1 - as_signed(bits, a));
    case BP_NEG: return cut(bits, -as_signed(bits, a));
    case BP_CLZ:
        while (n < bits && !bit(a, bits - 1 - n))
            n++;
        return n;
    case BP_CTZ:
        while (n < bits && !bit(a, n))
            n++;
        return n;
    case BP_POPCNT:
        for (unsigned i = 0; i < bits; i++)
            n += bit(a, i);
        return n;
    default: /* BSWAP */
        for (unsigned i = 0; i < bits; i++)
            v |= (uint64_t)bit(a, i) << (bits - 8 - i / 8 * 8 + i % 8);
        return v;
    }
}

static bool reference_cond(unsigned cond, unsigned bits, uint64_t a, uint64_t b)
{
    wide ua = as_unsigned(bits, a), ub = as_unsigned(bits, b);
    wide sa = as_signed(bits, a), sb = as_signed(bits, b);
    const bool holds[] = { ua == ub, ua != ub, sa < sb, sa >= sb, sa <= sb, sa > sb,
                           ua < ub, ua >= ub, ua <= ub, ua > ub };
    return holds[cond];
}

static const struct {
    unsigned type, reg;
    const char *name, *regs[2];
} types[] = {
    { BP_I8, B0, "i8", { "b0", "b1" } }, { BP_I16, H0, "i16", { "h0", "h1" } },
    { BP_I32, W0, "i32", { "w0", "w1" } }, { BP_I64, R0, "i64", { "r0", "r1" } },
};

/* Operands that find mistakes: around zero, the sign, and patterns. i8 takes all. */
static unsigned sample(unsigned bits, uint64_t *ret)
{
    unsigned n = 0;
    if (bits == 8) {
        for (; n < 256; n++)
            ret[n] = n;
        return n;
    }
    for (unsigned i = 0; i < bits; i += bits / 16) {
        ret[n++] = cut(bits, (wide)1 << i);
        ret[n++] = cut(bits, ((wide)1 << i) - 1);
        ret[n++] = cut(bits, -((wide)1 << i));
    }
    const uint64_t more[] = { 0, 3, 10, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa, 0x123456789abcdef0,
                              0xfedcba9876543210, 0x7fffffffffffffff, 0x00ff00ff00ff00ff };
    for (unsigned i = 0; i < sizeof more / sizeof *more; i++)
        ret[n++] = cut(bits, more[i]);
    return n;
}

/* Runs a translation of operands in the first registers of a type for all pairs of samples. */
static void check_pairs(const char *what, unsigned t, const char *text, unsigned result_reg,
                        uint64_t (*reference)(unsigned, unsigned, uint64_t, uint64_t), unsigned op,
                        const struct bp_ir *eval, bool unary)
{
    uint64_t values[256], folded;
    unsigned bits = ir_type_bits[types[t].type], n = sample(bits, values);
    const uint8_t *code = compile(text);
    for (unsigned i = 0; code && i < n; i++) {
        for (unsigned k = 0; k < (unary ? 1 : n); k++) {
            rig_set(rig, types[t].reg, values[i]);
            rig_set(rig, types[t].reg + 1, values[k]);
            rig_run(rig, code);
            uint64_t got = rig_get(rig, result_reg),
                     want = reference(op, bits, values[i], values[k]);
            expect(got == want, "%s.%s %" PRIx64 ", %" PRIx64 ": %" PRIx64 ", not %" PRIx64, what,
                   types[t].name, values[i], values[k], got, want);
            bool done = ir_eval(eval, types[t].type, values[i], values[k], 0, &folded);
            expect(done && folded == want, "ir_eval %s.%s %" PRIx64 ", %" PRIx64, what,
                   types[t].name, values[i], values[k]);
        }
    }
}

static uint64_t reference_unary(unsigned op, unsigned bits, uint64_t a, uint64_t b)
{
    return reference1(op, bits, a);
}
static uint64_t reference_cmp(unsigned cond, unsigned bits, uint64_t a, uint64_t b)
{
    return reference_cond(cond, bits, a, b);
}

static void test_arithmetic(void)
{
    char text[300];
    for (unsigned t = 0; t < 4; t++) {
        const char *ty = types[t].name, *const *r = types[t].regs;
        for (unsigned op = BP_ADD; op <= BP_BSWAP; op++) {
            bool unary = ir_ops[op].operands == 1;
            snprintf(text, sizeof text,
                     "%%1 = get.%s %s\n%%2 = get.%s %s\n%%3 = %s.%s %%1%s\nput %s, %%3\nexit 0\n",
                     ty, r[0], ty, r[1], ir_ops[op].name, ty, unary ? "" : ", %2", r[0]);
            struct bp_ir eval = { .op = (uint8_t)op, .type = (uint8_t)types[t].type };
            check_pairs(ir_ops[op].name, t, text, types[t].reg,
                        unary ? reference_unary : reference2, op, &eval, unary);
        }
        static const char *const conds[] = { "eq", "ne",  "lt",  "ge",  "le",
                                             "gt", "ltu", "geu", "leu", "gtu" };
        for (unsigned cond = 0; cond < 10; cond++) {
            snprintf(text, sizeof text,
                     "%%1 = get.%s %s\n%%2 = get.%s %s\n%%3 = cmp.i64.%s %%1, %%2\nput r2, %%3\n"
                     "exit 0\n",
                     ty, r[0], ty, r[1], conds[cond]);
            struct bp_ir eval = { .op = BP_CMP, .type = BP_I64, .aux = (uint16_t)cond };
            check_pairs("cmp", t, text, R0 + 2, reference_cmp, cond, &eval, false);
            snprintf(text, sizeof text,
                     "%%1 = get.%s %s\n%%2 = get.%s %s\n%%3 = const.i64 1\nput r2, %%3\n"
                     "exit_if.%s %%1, %%2 -> 8\n%%4 = const.i64 0\nput r2, %%4\nexit 0\n",
                     ty, r[0], ty, r[1], conds[cond]);
            check_pairs("exit_if", t, text, R0 + 2, reference_cmp, cond, &eval, false);
            snprintf(text, sizeof text,
                     "%%1 = get.%s %s\n%%2 = get.%s %s\nbranch.%s %%1, %%2 -> b2\nblock b1 0\n"
                     "%%3 = const.i64 0\nput r2, %%3\nexit 0\nblock b2 0\n%%4 = const.i64 1\n"
                     "put r2, %%4\nexit 0\n",
                     ty, r[0], ty, r[1], conds[cond]);
            check_pairs("branch", t, text, R0 + 2, reference_cmp, cond, &eval, false);
        }
    }
}

/* Fields of every position and length; conversions between all widths; select. */
static uint64_t reference_extract(bool is_signed, unsigned bits, uint64_t a, unsigned position,
                                  unsigned length)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bits; i++) {
        if (i < length ? bit(a, position + i) : is_signed && bit(a, position + length - 1))
            v |= (uint64_t)1 << i;
    }
    return v;
}

static void test_fields(void)
{
    static const uint64_t a = 0x8123456789abcdef, b = 0xf0e1d2c3b4a59687;
    char text[300];
    uint64_t folded;
    for (unsigned t = 0; t < 4; t++) {
        unsigned bits = ir_type_bits[types[t].type];
        const char *ty = types[t].name, *const *r = types[t].regs;
        uint64_t x = cut(bits, a), y = cut(bits, b);
        for (unsigned position = 0; position < bits; position += 1 + bits / 32) {
            for (unsigned length = 1; position + length <= bits; length += 1 + bits / 32) {
                for (unsigned k = 0; k < 3; k++) {
                    unsigned op = k == 0 ? BP_EXTRACT_U : k == 1 ? BP_EXTRACT_S : BP_INSERT;
                    uint64_t want = reference_extract(k == 1, bits, x, position, length);
                    if (k == 2) {
                        want = x;
                        for (unsigned i = 0; i < length; i++) {
                            want &= ~((uint64_t)1 << (position + i));
                            want |= (uint64_t)bit(y, i) << (position + i);
                        }
                    }
                    snprintf(text, sizeof text,
                             "%%1 = get.%s %s\n%%2 = get.%s %s\n%%3 = %s.%s %%1%s, %u, %u\n"
                             "put %s, %%3\nexit 0\n",
                             ty, r[0], ty, r[1], ir_ops[op].name, ty, k == 2 ? ", %2" : "",
                             position, length, r[0]);
                    rig_set(rig, types[t].reg, x);
                    rig_set(rig, types[t].reg + 1, y);
                    run_one(ir_ops[op].name, text, types[t].reg, want);
                    struct bp_ir eval = { .op = (uint8_t)op, .type = (uint8_t)types[t].type,
                                          .aux = (uint16_t)(position | length << 8) };
                    expect(ir_eval(&eval, types[t].type, x, y, 0, &folded) && folded == want,
                           "ir_eval %s", ir_ops[op].name);
                }
            }
        }
    }
}

static void test_conversions(void)
{
    static const uint64_t values[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x12345678,
                                       0x80000000, 0xffffffff, 0x8000000000000000, UINT64_MAX };
    char text[300];
    uint64_t folded;
    for (unsigned from = 0; from < 4; from++) {
        for (unsigned to = 0; to < 4; to++) {
            for (unsigned v = 0; from != to && v < sizeof values / sizeof *values; v++) {
                unsigned fb = ir_type_bits[types[from].type], tb = ir_type_bits[types[to].type];
                for (unsigned op = to < from ? BP_TRUNC : BP_ZEXT;
                     op <= (to < from ? BP_TRUNC : BP_SEXT); op++) {
                    uint64_t x = cut(fb, values[v]);
                    uint64_t want = cut(tb, op == BP_SEXT ? as_signed(fb, x) : as_unsigned(fb, x));
                    snprintf(text, sizeof text,
                             "%%1 = get.%s %s\n%%2 = %s.%s %%1\nput %s, %%2\nexit 0\n",
                             types[from].name, types[from].regs[0], ir_ops[op].name, types[to].name,
                             types[to].regs[1]);
                    rig_set(rig, types[from].reg, x);
                    run_one(ir_ops[op].name, text, types[to].reg + 1, want);
                    struct bp_ir eval = { .op = (uint8_t)op, .type = (uint8_t)types[to].type };
                    expect(ir_eval(&eval, types[from].type, x, 0, 0, &folded) && folded == want,
                           "ir_eval %s", ir_ops[op].name);
                }
            }
        }
    }
    rig_set(rig, R0, 11);
    rig_set(rig, R0 + 1, 22);
    for (unsigned c = 0; c < 3; c++) {
        rig_set(rig, B0, c == 2 ? 0x80 : c);
        run_one("select",
                "%1 = get.i64 r0\n%2 = get.i64 r1\n%3 = get.i8 b0\n%4 = select.i64 %3, %1, %2\n"
                "put r2, %4\nexit 0\n",
                R0 + 2, c ? 11 : 22);
    }
}

/* ---- floats: bit patterns and flags written out ---------------------------------------------- */

enum { NV = BP_FP_INVALID, DZ = BP_FP_DIV_ZERO, OF = BP_FP_OVERFLOW, UF = BP_FP_UNDERFLOW,
       NX = BP_FP_INEXACT };

/* Operands in d0 d1 d2 or s0 s1 s2 or r0; the result goes to d3, s3 or r3 by `result`. */
static const struct float_case {
    const char *line; /* of %1 %2 %3 (f64), %4 %5 %6 (f32), %7 (i64), %8 (i32); result is %9 */
    const char *result;
    uint64_t a, b, c, want;
    uint32_t flags;
} float_cases[] = {
    { "fadd.f64.near %1, %2", "d3", 0x3ff0000000000000, 0x4000000000000000, 0, 0x4008000000000000,
      0 },
    { "fadd.f64.near %1, %2", "d3", 0x3ff0000000000000, 0x3c90000000000000, 0, 0x3ff0000000000000,
      NX },
    { "fadd.f64.up %1, %2", "d3", 0x3ff0000000000000, 0x3c90000000000000, 0, 0x3ff0000000000001,
      NX },
    { "fadd.f64.near %1, %2", "d3", 0x7ff0000000000000, 0xfff0000000000000, 0, 0x7ff8000000000000,
      NV },
    { "fadd.f32.zero %4, %5", "s3", 0x3f800000, 0x33ffffff, 0, 0x3f800000, NX },
    { "fsub.f64.near %1, %2", "d3", 0x3ff0000000000000, 0x3ff0000000000000, 0, 0, 0 },
    { "fsub.f64.down %1, %2", "d3", 0x3ff0000000000000, 0x3ff0000000000000, 0, 0x8000000000000000,
      0 },
    { "fmul.f64.near %1, %2", "d3", 0x4008000000000000, 0x4010000000000000, 0, 0x4028000000000000,
      0 },
    { "fmul.f32.near %4, %5", "s3", 0x7f000000, 0x7f000000, 0, 0x7f800000, OF | NX },
    { "fmul.f32.zero %4, %5", "s3", 0x7f000000, 0x7f000000, 0, 0x7f7fffff, OF | NX },
    { "fmul.f32.near %4, %5", "s3", 0x00800000, 0x3effffff, 0, 0x00400000, UF | NX },
    { "fdiv.f64.near %1, %2", "d3", 0x3ff0000000000000, 0, 0, 0x7ff0000000000000, DZ },
    { "fdiv.f64.near %1, %2", "d3", 0, 0, 0, 0x7ff8000000000000, NV },
    { "fdiv.f64.near %1, %2", "d3", 0x3ff0000000000000, 0x4008000000000000, 0, 0x3fd5555555555555,
      NX },
    { "fsqrt.f64.near %1", "d3", 0x4010000000000000, 0, 0, 0x4000000000000000, 0 },
    { "fsqrt.f64.near %1", "d3", 0xbff0000000000000, 0, 0, 0x7ff8000000000000, NV },
    { "fsqrt.f32.near %4", "s3", 0x40000000, 0, 0, 0x3fb504f3, NX },
    { "fmadd.f64.near %1, %2, %3", "d3", 0x4000000000000000, 0x4008000000000000, 0x3ff0000000000000,
      0x401c000000000000, 0 },
    { "fmadd.f32.near %4, %5, %6", "s3", 0x3f800001, 0x3f800001, 0xbf800002, 0x28800000, 0 },
    { "fneg.f64 %1", "d3", 0x7ff0000000000001, 0, 0, 0xfff0000000000001, 0 },
    { "fabs.f32 %4", "s3", 0xff800001, 0, 0, 0x7f800001, 0 },
    { "fcopysign.f64 %1, %2", "d3", 0x3ff0000000000000, 0x8000000000000000, 0, 0xbff0000000000000,
      0 },
    { "fmin.f64 %1, %2", "d3", 0, 0x8000000000000000, 0, 0x8000000000000000, 0 },
    { "fmax.f64 %1, %2", "d3", 0, 0x8000000000000000, 0, 0, 0 },
    { "fmin.f64 %1, %2", "d3", 0x7ff8000000000000, 0x3ff0000000000000, 0, 0x3ff0000000000000, 0 },
    { "fmax.f32 %4, %5", "s3", 0x3f800000, 0x7f800001, 0, 0x3f800000, NV },
    { "fmin.f32 %4, %5", "s3", 0xffc12345, 0x7fc00001, 0, 0x7fc00000, 0 },
    { "fcmp.i64.eq %1, %2", "r3", 0, 0x8000000000000000, 0, 1, 0 },
    { "fcmp.i64.eq %1, %2", "r3", 0x7ff8000000000000, 0, 0, 0, 0 },
    { "fcmp.i64.eq %1, %2", "r3", 0x7ff0000000000001, 0, 0, 0, NV },
    { "fcmp.i64.lt %1, %2", "r3", 0x7ff8000000000000, 0, 0, 0, NV },
    { "fcmp.i64.ltq %1, %2", "r3", 0x7ff8000000000000, 0, 0, 0, 0 },
    { "fcmp.i64.le %4, %5", "r3", 0x3f800000, 0x3f800000, 0, 1, 0 },
    { "fcmp.i64.leq %4, %5", "r3", 0x40000000, 0x3f800000, 0, 0, 0 },
    { "fcmp.i64.lt %4, %5", "r3", 0xbf800000, 0x3f800000, 0, 1, 0 },
    { "fcmp.i64.uno %1, %2", "r3", 0x7ff8000000000000, 0, 0, 1, 0 },
    { "fcmp.i64.uno %1, %2", "r3", 0, 0, 0, 0, 0 },
    { "fcvt.f32.near %1", "s3", 0x3ff0000010000000, 0, 0, 0x3f800000, NX },
    { "fcvt.f32.up %1", "s3", 0x3ff0000010000000, 0, 0, 0x3f800001, NX },
    { "fcvt.f32.near %1", "s3", 0x7ff0000000000001, 0, 0, 0x7fc00000, NV },
    { "fcvt.f64.near %4", "d3", 0x3f800000, 0, 0, 0x3ff0000000000000, 0 },
    { "f2i.i64.s.near %1", "r3", 0x4004000000000000, 0, 0, 2, NX },
    { "f2i.i64.s.away %1", "r3", 0x4004000000000000, 0, 0, 3, NX },
    { "f2i.i64.s.zero %1", "r3", 0xc004000000000000, 0, 0, (uint64_t)-2, NX },
    { "f2i.i64.s.zero %1", "r3", 0x7ff8000000000000, 0, 0, INT64_MAX, NV },
    { "f2i.i64.u.zero %1", "r3", 0xfff8000000000000, 0, 0, UINT64_MAX, NV },
    { "f2i.i64.u.zero %1", "r3", 0xbff0000000000000, 0, 0, 0, NV },
    { "f2i.i64.u.zero %1", "r3", 0xbfe0000000000000, 0, 0, 0, NX },
    { "f2i.i32.s.zero %1", "w3", 0x41e0000000000000, 0, 0, 0x7fffffff, NV },
    { "f2i.i32.u.zero %1", "w3", 0x41e0000000000000, 0, 0, 0x80000000, 0 },
    { "f2i.i32.s.near %4", "w3", 0xc0200000, 0, 0, 0xfffffffe, NX },
    { "i2f.f64.s.near %7", "d3", (uint64_t)-3, 0, 0, 0xc008000000000000, 0 },
    { "i2f.f64.u.near %7", "d3", UINT64_MAX, 0, 0, 0x43f0000000000000, NX },
    { "i2f.f64.u.zero %7", "d3", UINT64_MAX, 0, 0, 0x43efffffffffffff, NX },
    { "i2f.f32.s.near %8", "s3", 0xffffffff, 0, 0, 0xbf800000, 0 },
    { "i2f.f32.u.near %8", "s3", 0xffffffff, 0, 0, 0x4f800000, NX },
    { "fround.f64.near %1", "d3", 0x4004000000000000, 0, 0, 0x4000000000000000, 0 },
    { "fround.f64.near.x %1", "d3", 0x4004000000000000, 0, 0, 0x4000000000000000, NX },
    { "fround.f32.up.x %4", "s3", 0xbf000000, 0, 0, 0x80000000, NX },
    { "fcanon.f64 %1", "d3", 0xfff0000000000123, 0, 0, 0x7ff8000000000000, 0 },
    { "fcanon.f32 %4", "s3", 0xff800000, 0, 0, 0xff800000, 0 },
    { "bitcast.i64 %1", "r3", 0x7ff0000000000001, 0, 0, 0x7ff0000000000001, 0 },
    { "bitcast.f64 %7", "d3", 0x1234, 0, 0, 0x1234, 0 },
    { "bitcast.i32 %4", "w3", 0x80000001, 0, 0, 0x80000001, 0 },
    { "bitcast.f32 %8", "s3", 0x80000001, 0, 0, 0x80000001, 0 },
    { "fbox.f64 %4", "d3", 0x3f800000, 0, 0, 0xffffffff3f800000, 0 },
    { "funbox.f32 %1", "s3", 0xffffffff3f800000, 0, 0, 0x3f800000, 0 },
    { "funbox.f32 %1", "s3", 0xfffffffe3f800000, 0, 0, 0x7fc00000, 0 },
};

static void run_float(const struct float_case *f, unsigned dynamic)
{
    static const char *const types_by_letter[] = { ['d'] = "f64", ['s'] = "f32", ['r'] = "i64",
                                                   ['w'] = "i32" };
    char text[600], op[32], line[80];
    const char *ty = types_by_letter[(unsigned char)f->result[0]];
    strcpy(line, f->line);
    sscanf(f->line, "%31[a-z0-9_]", op);
    bool raw = !strcmp(op, "fadd") || !strcmp(op, "fsub") || !strcmp(op, "fmul") ||
               !strcmp(op, "fdiv") || !strcmp(op, "fsqrt") || !strcmp(op, "fmadd") ||
               !strcmp(op, "fcvt") || !strcmp(op, "fround");
    const char *mode = NULL;
    for (unsigned i = 0; i < 4 && dynamic && !mode; i++) { /* the same by the dynamic mode */
        static const char *const modes[] = { ".near", ".zero", ".down", ".up" };
        mode = strstr(f->line, modes[i]);
        if (!mode)
            continue;
        snprintf(line, sizeof line, "%.*s.dyn%s", (int)(mode - f->line), f->line,
                 mode + strlen(modes[i]));
        rig->fields.fp_rounding = BP_ROUND_NEAREST_EVEN + i;
    }
    if (dynamic && !mode)
        return;
    snprintf(text, sizeof text,
             "%%1 = get.f64 d0\n%%2 = get.f64 d1\n%%3 = get.f64 d2\n%%4 = get.f32 s0\n"
             "%%5 = get.f32 s1\n%%6 = get.f32 s2\n%%7 = get.i64 r0\n%%8 = get.i32 w0\n"
             "%%9 = %s\n%s%s, %%%s\nexit 0\n",
             line,
             raw ? !strcmp(ty, "f64") ? "%10 = fcanon.f64 %9\nput " : "%10 = fcanon.f32 %9\nput "
                 : "put ",
             f->result, raw ? "10" : "9");
    const uint64_t values[] = { f->a, f->b, f->c };
    for (unsigned i = 0; i < 3; i++) {
        rig_set(rig, D0 + i, values[i]);
        rig_set(rig, S0 + i, values[i]);
    }
    rig_set(rig, R0, f->a);
    rig_set(rig, W0, f->a);
    rig->fields.fp_flags = 0;
    unsigned result = 0;
    while (strcmp(rig_regs[result].name, f->result))
        result++;
    run_one(f->line, text, result, f->want);
    expect(rig->fields.fp_flags == f->flags, "%s: flags %x, not %x", f->line, rig->fields.fp_flags,
           f->flags);
    rig->fields.fp_rounding = BP_ROUND_NEAREST_EVEN;
}

static void test_floats(void)
{
    for (unsigned i = 0; i < sizeof float_cases / sizeof *float_cases; i++) {
        run_float(&float_cases[i], 0);
        run_float(&float_cases[i], 1);
    }
}

/* What ir_eval() says of floats must be what the interpreter finds, without any flag. */
static void test_float_folding(void)
{
    static const uint64_t patterns[] = {
        0, 0x8000000000000000, 1, 0x000fffffffffffff, 0x0010000000000000, 0x3ff0000000000000,
        0xbff0000000000000, 0x3ff8000000000000, 0x4004000000000000, 0x41dfffffffc00000,
        0x41e0000000000000, 0x43e0000000000000, 0xc3e0000000000000, 0x43f0000000000000,
        0x7fefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
        0x7ff0000000000001, 0x36a0000000000000, 0x47efffffe0000000, 0x47efffffe0000001,
        0xffffffff3f800000, 0xffffffff7f800001, 0x3f800000, 0xbf800000, 0x40200000, 0x4f000000,
        0xcf000000, 0x5f000000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001,
        0x00800000, 0x007fffff, 0x80000000, 0x4b000001, 0x4b7fffff,
    };
    static const struct {
        const char *line;
        struct bp_ir r;
        unsigned operand;
        const char *reg;
    } ops[] = {
        { "fcvt.f32.near %1", { BP_FCVT, BP_F32, BP_ROUND_NEAREST_EVEN, 0, 0, 0 }, BP_F64, "s3" },
        { "fcvt.f64.near %4", { BP_FCVT, BP_F64, BP_ROUND_NEAREST_EVEN, 0, 0, 0 }, BP_F32, "d3" },
        { "f2i.i64.s.near %1", { BP_F2I, BP_I64, BP_ROUND_NEAREST_EVEN, 0, 0, 0 }, BP_F64, "r3" },
        { "f2i.i64.u.near %1", { BP_F2I, BP_I64, 0x81, 0, 0, 0 }, BP_F64, "r3" },
        { "f2i.i32.s.near %1", { BP_F2I, BP_I32, BP_ROUND_NEAREST_EVEN, 0, 0, 0 }, BP_F64, "w3" },
        { "f2i.i32.u.near %4", { BP_F2I, BP_I32, 0x81, 0, 0, 0 }, BP_F32, "w3" },
        { "i2f.f64.s.near %7", { BP_I2F, BP_F64, BP_ROUND_NEAREST_EVEN, 0, 0, 0 }, BP_I64, "d3" },
        { "i2f.f32.u.near %7", { BP_I2F, BP_F32, 0x81, 0, 0, 0 }, BP_I64, "s3" },
        { "i2f.f32.s.near %8", { BP_I2F, BP_F32, BP_ROUND_NEAREST_EVEN, 0, 0, 0 }, BP_I32, "s3" },
        { "fmin.f64 %1, %2", { BP_FMIN, BP_F64, 0, 0, 0, 0 }, BP_F64, "d3" },
        { "fmax.f32 %4, %5", { BP_FMAX, BP_F32, 0, 0, 0, 0 }, BP_F32, "s3" },
        { "fcmp.i64.eq %1, %2", { BP_FCMP, BP_I64, BP_FEQ, 0, 0, 0 }, BP_F64, "r3" },
        { "fcmp.i64.lt %1, %2", { BP_FCMP, BP_I64, BP_FLT, 0, 0, 0 }, BP_F64, "r3" },
        { "fcmp.i64.leq %4, %5", { BP_FCMP, BP_I64, BP_FLE_QUIET, 0, 0, 0 }, BP_F32, "r3" },
        { "fcanon.f64 %1", { BP_FCANON, BP_F64, 0, 0, 0, 0 }, BP_F64, "d3" },
        { "funbox.f32 %1", { BP_FUNBOX, BP_F32, 0, 0, 0, 0 }, BP_F64, "s3" },
        { "fcopysign.f32 %4, %5", { BP_FCOPYSIGN, BP_F32, 0, 0, 0, 0 }, BP_F32, "s3" },
    };
    unsigned n = sizeof patterns / sizeof *patterns, exact = 0;
    for (unsigned o = 0; o < sizeof ops / sizeof *ops; o++) {
        for (unsigned i = 0; i < n; i++) {
            for (unsigned k = 0; k < n; k += ir_ops[ops[o].r.op].operands == 2 ? 1 : n) {
                uint64_t m = ir_type_mask[ops[o].operand], v;
                if (!ir_eval(&ops[o].r, ops[o].operand, patterns[i] & m, patterns[k] & m, 0, &v))
                    continue;
                exact++;
                run_float(&(struct float_case){ ops[o].line, ops[o].reg, patterns[i], patterns[k],
                                                0, v, 0 },
                          0);
            }
        }
    }
    expect(exact > 2000, "only %u float results were folded", exact);
}

int main(void)
{
    set_up();
    test_arithmetic();
    test_fields();
    test_conversions();
    test_floats();
    test_float_folding();
    return report("interpreter, arithmetic");
}
