/* SPDX-License-Identifier: MIT */
/*
 * eval.c: the ops on constants: what folding may compute while translating. No host floating point
 * is used: floats are taken apart as integers, and whatever is not exact is left to run time.
 */
#include "ir.h"

typedef unsigned __int128 u128;
typedef __int128 s128;

static uint64_t mask_of(unsigned bits) { return UINT64_MAX >> (64 - bits); }

static int64_t sign_extend(uint64_t v, unsigned bits)
{
    uint64_t sign = (uint64_t)1 << (bits - 1);
    return (int64_t)((v ^ sign) - sign);
}

bool ir_compare(unsigned cond, unsigned bits, uint64_t a, uint64_t b)
{
    int64_t sa = sign_extend(a, bits), sb = sign_extend(b, bits);
    switch (cond) {
    case BP_EQ: return a == b;
    case BP_NE: return a != b;
    case BP_LT: return sa < sb;
    case BP_GE: return sa >= sb;
    case BP_LE: return sa <= sb;
    case BP_GT: return sa > sb;
    case BP_LTU: return a < b;
    case BP_GEU: return a >= b;
    case BP_LEU: return a <= b;
    default: return a > b;
    }
}

unsigned ir_cond_invert(unsigned cond)
{
    return cond ^ 1;
}

unsigned ir_cond_swap(unsigned cond)
{
    static const uint8_t swapped[] = { BP_EQ, BP_NE, BP_GT, BP_LE, BP_GE, BP_LT,
                                       BP_GTU, BP_LEU, BP_GEU, BP_LTU };
    return swapped[cond];
}

static uint64_t divide(unsigned op, unsigned bits, uint64_t a, uint64_t b)
{
    if (b == 0)
        return op == BP_DIVU || op == BP_DIVS ? 0 : a;
    if (op == BP_DIVU)
        return a / b;
    if (op == BP_REMU)
        return a % b;
    int64_t sa = sign_extend(a, bits), sb = sign_extend(b, bits);
    if (sb == -1) /* the quotient may not fit */
        return op == BP_DIVS ? -(uint64_t)sa : 0;
    return (uint64_t)(op == BP_DIVS ? sa / sb : sa % sb);
}

static uint64_t multiply_high(unsigned op, unsigned bits, uint64_t a, uint64_t b)
{
    if (op == BP_MULHU)
        return (uint64_t)((u128)a * b >> bits);
    s128 x = sign_extend(a, bits);
    s128 y = op == BP_MULHS ? (s128)sign_extend(b, bits) : (s128)b;
    return (uint64_t)((u128)(x * y) >> bits);
}

static uint64_t shift(unsigned op, unsigned bits, uint64_t a, uint64_t b)
{
    unsigned n = b & (bits - 1);
    switch (op) {
    case BP_SHL: return a << n;
    case BP_SHR: return a >> n;
    case BP_SAR: return (uint64_t)(sign_extend(a, bits) >> n);
    case BP_ROTL: return n ? a << n | a >> (bits - n) : a;
    default: return n ? a >> n | a << (bits - n) : a;
    }
}

static uint64_t count_bits(unsigned op, unsigned bits, uint64_t a)
{
    if (op == BP_POPCNT)
        return (unsigned)__builtin_popcountll(a);
    if (a == 0)
        return bits;
    return op == BP_CTZ ? (unsigned)__builtin_ctzll(a)
                        : (unsigned)__builtin_clzll(a) - (64 - bits);
}

static uint64_t fields(unsigned op, unsigned aux, uint64_t a, uint64_t b)
{
    unsigned position = aux & 0xff, length = aux >> 8;
    uint64_t m = mask_of(length);
    if (op == BP_INSERT)
        return (a & ~(m << position)) | (b & m) << position;
    a = a >> position & m;
    return op == BP_EXTRACT_U ? a : (uint64_t)sign_extend(a, length);
}

bool ir_eval_int(unsigned op, unsigned aux, unsigned bits, unsigned operand_bits, uint64_t a,
                 uint64_t b, uint64_t c, uint64_t *ret)
{
    uint64_t v;
    switch (op) {
    case BP_ADD: v = a + b; break;
    case BP_SUB: v = a - b; break;
    case BP_MUL: v = a * b; break;
    case BP_MULHU: case BP_MULHS: case BP_MULHSU: v = multiply_high(op, bits, a, b); break;
    case BP_DIVU: case BP_DIVS: case BP_REMU: case BP_REMS: v = divide(op, bits, a, b); break;
    case BP_AND: v = a & b; break;
    case BP_OR: v = a | b; break;
    case BP_XOR: v = a ^ b; break;
    case BP_ANDN: v = a & ~b; break;
    case BP_NOT: v = ~a; break;
    case BP_NEG: v = -a; break;
    case BP_SHL: case BP_SHR: case BP_SAR: case BP_ROTL: case BP_ROTR:
        v = shift(op, bits, a, b);
        break;
    case BP_CLZ: case BP_CTZ: case BP_POPCNT: v = count_bits(op, bits, a); break;
    case BP_BSWAP:
        if (bits % 8)
            return false;
        v = __builtin_bswap64(a) >> (64 - bits);
        break;
    case BP_TRUNC: case BP_ZEXT: v = a; break;
    case BP_SEXT: v = (uint64_t)sign_extend(a, operand_bits); break;
    case BP_EXTRACT_U: case BP_EXTRACT_S: case BP_INSERT: v = fields(op, aux, a, b); break;
    case BP_CMP: v = ir_compare(aux, operand_bits, a, b); break;
    case BP_SELECT: v = a ? b : c; break;
    default: return false;
    }
    *ret = v & mask_of(bits);
    return true;
}

/* A float format by its type. */
struct format {
    unsigned bits, fraction_bits;
    uint64_t sign, exponent, fraction; /* masks */
    int bias;
};

static const struct format formats[2] = {
    { 32, 23, 0x80000000u, 0x7f800000u, 0x007fffffu, 127 },
    { 64, 52, 0x8000000000000000u, 0x7ff0000000000000u, 0x000fffffffffffffu, 1023 },
};

static const struct format *format_of(unsigned type)
{
    return &formats[type == BP_F64];
}

static bool is_nan(const struct format *f, uint64_t v) { return (v & ~f->sign) > f->exponent; }
static uint64_t canonical_nan(const struct format *f)
{
    return f->exponent | (uint64_t)1 << (f->fraction_bits - 1);
}

/* Orders numbers as integers; -0 is just below +0. */
static int64_t order(const struct format *f, uint64_t v)
{
    int64_t magnitude = (int64_t)(v & ~f->sign);
    return v & f->sign ? -1 - magnitude : magnitude;
}

static bool compare_floats(const struct format *f, unsigned cond, uint64_t a, uint64_t b,
                           uint64_t *ret)
{
    if (is_nan(f, a) || is_nan(f, b))
        return false;
    bool zeros = !((a | b) & ~f->sign);
    bool equal = a == b || zeros, less = !zeros && order(f, a) < order(f, b);
    switch (cond) {
    case BP_FEQ: *ret = equal; break;
    case BP_FLT: case BP_FLT_QUIET: *ret = less; break;
    case BP_FLE: case BP_FLE_QUIET: *ret = less || equal; break;
    default: *ret = 0; break;
    }
    return true;
}

/* Zero, infinity and numbers that are normal in both formats and lose no bit. */
static bool convert_exactly(const struct format *from, const struct format *to, uint64_t v,
                            uint64_t *ret)
{
    uint64_t sign = v & from->sign ? to->sign : 0, magnitude = v & ~from->sign;
    if (magnitude >= from->exponent) {
        *ret = sign | to->exponent;
        return magnitude == from->exponent;
    }
    if (magnitude == 0) {
        *ret = sign;
        return true;
    }
    int e = (int)(magnitude >> from->fraction_bits) - from->bias + to->bias;
    uint64_t fraction = v & from->fraction;
    if (!(v & from->exponent) || e <= 0 || e >= (int)(to->exponent >> to->fraction_bits))
        return false;
    if (to->fraction_bits >= from->fraction_bits) {
        fraction <<= to->fraction_bits - from->fraction_bits;
    } else {
        unsigned lost = from->fraction_bits - to->fraction_bits;
        if (fraction & mask_of(lost))
            return false;
        fraction >>= lost;
    }
    *ret = sign | (uint64_t)e << to->fraction_bits | fraction;
    return true;
}

static bool from_integer(const struct format *f, unsigned bits, bool is_unsigned, uint64_t v,
                         uint64_t *ret)
{
    bool negative = !is_unsigned && v >> (bits - 1);
    uint64_t magnitude = negative ? (0 - v) & mask_of(bits) : v;
    if (magnitude == 0) {
        *ret = 0;
        return true;
    }
    unsigned top = 63 - (unsigned)__builtin_clzll(magnitude);
    if (top > f->fraction_bits + (unsigned)__builtin_ctzll(magnitude))
        return false;
    uint64_t fraction = top > f->fraction_bits ? magnitude >> (top - f->fraction_bits)
                                               : magnitude << (f->fraction_bits - top);
    *ret = (negative ? f->sign : 0) | (uint64_t)((int)top + f->bias) << f->fraction_bits |
           (fraction & f->fraction);
    return true;
}

static bool to_integer(const struct format *f, unsigned bits, bool is_unsigned, uint64_t v,
                       uint64_t *ret)
{
    uint64_t magnitude = v & ~f->sign;
    if (magnitude == 0) {
        *ret = 0;
        return true;
    }
    int e = (int)(magnitude >> f->fraction_bits) - f->bias;
    if (e < 0 || e > 62) /* NaN and infinity too */
        return false;
    uint64_t significand = (v & f->fraction) | (f->fraction + 1), n;
    if (e <= (int)f->fraction_bits) {
        unsigned below = f->fraction_bits - (unsigned)e;
        if (below && significand & mask_of(below))
            return false;
        n = significand >> below;
    } else {
        n = significand << ((unsigned)e - f->fraction_bits);
    }
    bool negative = v & f->sign;
    uint64_t limit = is_unsigned ? negative ? 0 : mask_of(bits)
                                 : (mask_of(bits) >> 1) + negative;
    if (n > limit)
        return false;
    *ret = (negative ? -n : n) & mask_of(bits);
    return true;
}

static bool eval_float(const struct bp_ir *r, unsigned operand_type, uint64_t a, uint64_t b,
                       uint64_t *ret)
{
    const struct format *f = format_of(operand_type);
    switch (r->op) {
    case BP_FNEG: *ret = a ^ f->sign; return true;
    case BP_FABS: *ret = a & ~f->sign; return true;
    case BP_FCOPYSIGN: *ret = (a & ~f->sign) | (b & f->sign); return true;
    case BP_FCANON: *ret = is_nan(f, a) ? canonical_nan(f) : a; return true;
    case BP_BITCAST: *ret = a; return true;
    case BP_FBOX: *ret = a | ~(uint64_t)UINT32_MAX; return true;
    case BP_FUNBOX:
        *ret = a >> 32 == UINT32_MAX ? (uint32_t)a : canonical_nan(&formats[0]);
        return true;
    case BP_FCMP: return compare_floats(f, r->aux, a, b, ret);
    case BP_FMIN:
    case BP_FMAX:
        if (is_nan(f, a) || is_nan(f, b))
            return false;
        *ret = (order(f, a) < order(f, b)) == (r->op == BP_FMIN) ? a : b;
        return true;
    case BP_FCVT: return convert_exactly(f, format_of(r->type), a, ret);
    case BP_I2F:
        return from_integer(format_of(r->type), ir_type_bits[operand_type], r->aux & 0x80, a, ret);
    case BP_F2I: return to_integer(f, ir_type_bits[r->type], r->aux & 0x80, a, ret);
    default: return false;
    }
}

bool ir_eval(const struct bp_ir *r, unsigned operand_type, uint64_t a, uint64_t b, uint64_t c,
             uint64_t *ret)
{
    if (r->op < BP_FADD)
        return ir_eval_int(r->op, r->aux, ir_type_bits[r->type], ir_type_bits[operand_type], a, b,
                           c, ret);
    return eval_float(r, operand_type, a, b, ret);
}
