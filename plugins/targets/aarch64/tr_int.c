/* SPDX-License-Identifier: MIT */
/* tr_int.c: integer arithmetic and logic. */
#include "tr.h"

/* ---- addition and subtraction ---------------------------------------------------------------- */

enum { SUBTRACT = 1, SET_FLAGS = 2 };

/* The destination may be the stack pointer where the flags are not set. */
static int add_sub(struct ctx *c, unsigned how, int32_t rd, bool rd_sp, bp_value a, bp_value b)
{
    enum bp_type t = type_of(rd);
    bp_value r = op2(c, how & SUBTRACT ? BP_SUB : BP_ADD, t, a, b);

    if (how & SET_FLAGS && how & SUBTRACT)
        flags_sub(c, t, a, b);
    else if (how & SET_FLAGS)
        flags_add(c, t, a, b);
    if (rd_sp)
        put_rsp(c, rd, r);
    else
        put_r(c, rd, r);
    return BP_TR_NEXT;
}

static bp_value imm12(struct ctx *c, int32_t r, int32_t imm, int32_t sh)
{
    return const_r(c, r, (uint64_t)imm << (sh ? 12 : 0));
}

TR(add_i, ri_sp)
{
    return add_sub(c, 0, a->rd, true, get_rsp(c, a->rn), imm12(c, a->rd, a->imm, a->sh));
}
TR(sub_i, ri_sp)
{
    return add_sub(c, SUBTRACT, a->rd, true, get_rsp(c, a->rn), imm12(c, a->rd, a->imm, a->sh));
}
TR(adds_i, ri_f)
{
    return add_sub(c, SET_FLAGS, a->rd, false, get_rsp(c, a->rn), imm12(c, a->rd, a->imm, a->sh));
}
TR(subs_i, ri_f)
{
    return add_sub(c, SUBTRACT | SET_FLAGS, a->rd, false, get_rsp(c, a->rn),
                   imm12(c, a->rd, a->imm, a->sh));
}

/* A shifted register; the amount is below the width. */
static bp_value shifted(struct ctx *c, int32_t rm, unsigned shift, unsigned amount)
{
    static const uint8_t ops[4] = { BP_SHL, BP_SHR, BP_SAR, BP_ROTR };
    bp_value v = get_r(c, rm);

    return amount ? op2(c, ops[shift], type_of(rm), v, const_r(c, rm, amount)) : v;
}

static int add_sub_shifted(struct ctx *c, unsigned how, const struct a64_args_rs *a)
{
    if (a->shift == 3 || (!WIDE(a->rd) && a->imm >= 32))
        return tr_undefined(c);
    return add_sub(c, how, a->rd, false, get_r(c, a->rn),
                   shifted(c, a->rm, (unsigned)a->shift, (unsigned)a->imm));
}

TR(add, rs) { return add_sub_shifted(c, 0, a); }
TR(adds, rs) { return add_sub_shifted(c, SET_FLAGS, a); }
TR(sub, rs) { return add_sub_shifted(c, SUBTRACT, a); }
TR(subs, rs) { return add_sub_shifted(c, SUBTRACT | SET_FLAGS, a); }

/* An extended register, 64 bits; option: UXTB to UXTX, SXTB to SXTX. */
bp_value extend_reg(struct ctx *c, int32_t rm, unsigned option, unsigned shift)
{
    bp_value v = get_x(c, rm);
    unsigned bits = 8u << (option & 3);

    if (bits < 64)
        v = bp_extract(c->t, BP_I64, v, 0, bits, option & 4);
    return shift ? op2(c, BP_SHL, BP_I64, v, const64(c, shift)) : v;
}

static int add_sub_extended(struct ctx *c, unsigned how, bool rd_sp,
                            const struct a64_args_rx_sp *a)
{
    bp_value m;

    if (a->imm > 4)
        return tr_undefined(c);
    m = narrow(c, a->rd, extend_reg(c, a->rm, (unsigned)a->ext, (unsigned)a->imm));
    return add_sub(c, how, a->rd, rd_sp, get_rsp(c, a->rn), m);
}

TR(add_x, rx_sp) { return add_sub_extended(c, 0, true, a); }
TR(sub_x, rx_sp) { return add_sub_extended(c, SUBTRACT, true, a); }
TR(adds_x, rx_sp) { return add_sub_extended(c, SET_FLAGS, false, a); }
TR(subs_x, rx_sp) { return add_sub_extended(c, SUBTRACT | SET_FLAGS, false, a); }

/* A subtraction adds the complement. */
static int with_carry(struct ctx *c, unsigned how, const struct a64_args_r3 *a)
{
    enum bp_type t = type_of(a->rd);
    bp_value x = get_r(c, a->rn), y = get_r(c, a->rm), carry = flags_carry(c), sum;

    if (how & SUBTRACT)
        y = bp_op1(c->t, BP_NOT, t, y);
    sum = op2(c, BP_ADD, t, op2(c, BP_ADD, t, x, y), narrow(c, a->rd, carry));
    if (how & SET_FLAGS)
        flags_adc(c, t, x, y, carry);
    put_r(c, a->rd, sum);
    return BP_TR_NEXT;
}

TR(adc, r3) { return with_carry(c, 0, a); }
TR(adcs, r3) { return with_carry(c, SET_FLAGS, a); }
TR(sbc, r3) { return with_carry(c, SUBTRACT, a); }
TR(sbcs, r3) { return with_carry(c, SUBTRACT | SET_FLAGS, a); }

TR(adr, adr)
{
    put_x(c, a->rd, const64(c, c->t->pc + (uint64_t)(int64_t)a->imm));
    return BP_TR_NEXT;
}

TR(adrp, adr)
{
    uint64_t page = c->t->pc & ~UINT64_C(0xfff);

    put_x(c, a->rd, const64(c, page + ((uint64_t)(int64_t)a->imm << 12)));
    return BP_TR_NEXT;
}

/* ---- logic ----------------------------------------------------------------------------------- */

static int logic_result(struct ctx *c, int32_t rd, bool sp, bool flags, bp_value r)
{
    if (flags)
        flags_logic(c, type_of(rd), r);
    if (sp)
        put_rsp(c, rd, r);
    else
        put_r(c, rd, r);
    return BP_TR_NEXT;
}

/* The mask that N:immr:imms stands for (DecodeBitMasks); false: reserved. */
static bool bit_mask(unsigned n_immr_imms, bool wide, uint64_t *ret)
{
    unsigned n = n_immr_imms >> 12, immr = n_immr_imms >> 6 & 63, imms = n_immr_imms & 63;
    unsigned key = n << 6 | (~imms & 63), size, ones, turn;
    uint64_t m;

    if (key < 2 || (n && !wide))
        return false;
    size = 1u << (31 - __builtin_clz(key));
    ones = (imms & (size - 1)) + 1;
    turn = immr & (size - 1);
    if (ones == size)
        return false;
    m = (UINT64_C(1) << ones) - 1;
    if (turn)
        m = (m >> turn | m << (size - turn)) & (UINT64_MAX >> (64 - size));
    for (unsigned w = size; w < 64; w *= 2)
        m |= m << w;
    *ret = m;
    return true;
}

static int logic_imm(struct ctx *c, enum bp_op op, bool flags, const struct a64_args_logi *a)
{
    enum bp_type t = type_of(a->rd);
    uint64_t mask;

    if (!bit_mask((unsigned)a->imm, WIDE(a->rd), &mask))
        return tr_undefined(c);
    return logic_result(c, a->rd, !flags, flags,
                        op2(c, op, t, get_r(c, a->rn), const_r(c, a->rd, mask)));
}

TR(and_i, logi) { return logic_imm(c, BP_AND, false, a); }
TR(orr_i, logi) { return logic_imm(c, BP_OR, false, a); }
TR(eor_i, logi) { return logic_imm(c, BP_XOR, false, a); }
TR(ands_i, logi) { return logic_imm(c, BP_AND, true, a); }

static int logic(struct ctx *c, enum bp_op op, bool invert, bool flags,
                 const struct a64_args_rs *a)
{
    enum bp_type t = type_of(a->rd);
    bp_value m;

    if (!WIDE(a->rd) && a->imm >= 32)
        return tr_undefined(c);
    m = shifted(c, a->rm, (unsigned)a->shift, (unsigned)a->imm);
    if (op == BP_AND && invert)
        op = BP_ANDN;
    else if (invert)
        m = bp_op1(c->t, BP_NOT, t, m);
    return logic_result(c, a->rd, false, flags, op2(c, op, t, get_r(c, a->rn), m));
}

TR(and, rs) { return logic(c, BP_AND, false, false, a); }
TR(bic, rs) { return logic(c, BP_AND, true, false, a); }
TR(orr, rs) { return logic(c, BP_OR, false, false, a); }
TR(orn, rs) { return logic(c, BP_OR, true, false, a); }
TR(eor, rs) { return logic(c, BP_XOR, false, false, a); }
TR(eon, rs) { return logic(c, BP_XOR, true, false, a); }
TR(ands, rs) { return logic(c, BP_AND, false, true, a); }
TR(bics, rs) { return logic(c, BP_AND, true, true, a); }

/* ---- moves and bit fields -------------------------------------------------------------------- */

TR(movz, movw)
{
    if (!WIDE(a->rd) && a->hw > 1)
        return tr_undefined(c);
    put_r(c, a->rd, const_r(c, a->rd, (uint64_t)a->imm << 16 * a->hw));
    return BP_TR_NEXT;
}

TR(movn, movw)
{
    if (!WIDE(a->rd) && a->hw > 1)
        return tr_undefined(c);
    put_r(c, a->rd, const_r(c, a->rd, ~((uint64_t)a->imm << 16 * a->hw)));
    return BP_TR_NEXT;
}

TR(movk, movw)
{
    bp_value v;

    if (!WIDE(a->rd) && a->hw > 1)
        return tr_undefined(c);
    v = bp_emit(c->t, BP_INSERT, type_of(a->rd), (unsigned)(16 * a->hw) | 16u << 8,
                get_r(c, a->rd), const_r(c, a->rd, (uint64_t)a->imm), 0);
    put_r(c, a->rd, v);
    return BP_TR_NEXT;
}

static bool bit_field_valid(int32_t rd, const struct a64_args_bf *a)
{
    return a->n == WIDE(rd) && (WIDE(rd) || (a->immr < 32 && a->imms < 32));
}

/* Bits imms..immr of the source to the bottom, or imms..0 to width - immr. */
static int extract_field(struct ctx *c, bool is_signed, const struct a64_args_bf *a)
{
    enum bp_type t = type_of(a->rd);
    unsigned width = WIDE(a->rd) ? 64 : 32, immr = (unsigned)a->immr, imms = (unsigned)a->imms;
    bp_value v = get_r(c, a->rn);

    if (!bit_field_valid(a->rd, a))
        return tr_undefined(c);
    if (imms >= immr) {
        v = bp_extract(c->t, t, v, immr, imms - immr + 1, is_signed);
    } else {
        v = bp_extract(c->t, t, v, 0, imms + 1, is_signed);
        v = op2(c, BP_SHL, t, v, const_r(c, a->rd, width - immr));
    }
    put_r(c, a->rd, v);
    return BP_TR_NEXT;
}

TR(sbfm, bf) { return extract_field(c, true, a); }
TR(ubfm, bf) { return extract_field(c, false, a); }

TR(bfm, bf)
{
    enum bp_type t = type_of(a->rd);
    unsigned width = WIDE(a->rd) ? 64 : 32, immr = (unsigned)a->immr, imms = (unsigned)a->imms;
    unsigned length = imms >= immr ? imms - immr + 1 : imms + 1;
    unsigned to = imms >= immr ? 0 : width - immr;
    bp_value v = get_r(c, a->rn);

    if (!bit_field_valid(a->rd, a))
        return tr_undefined(c);
    if (imms >= immr && immr)
        v = op2(c, BP_SHR, t, v, const_r(c, a->rd, immr));
    put_r(c, a->rd, bp_emit(c->t, BP_INSERT, t, to | length << 8, get_r(c, a->rd), v, 0));
    return BP_TR_NEXT;
}

TR(extr, extr)
{
    enum bp_type t = type_of(a->rd);
    unsigned width = WIDE(a->rd) ? 64 : 32, lsb = (unsigned)a->imms;
    bp_value high = get_r(c, a->rn), low = get_r(c, a->rm);

    if (a->n != WIDE(a->rd) || lsb >= width)
        return tr_undefined(c);
    if (lsb && a->rn == a->rm) {
        low = op2(c, BP_ROTR, t, low, const_r(c, a->rd, lsb));
    } else if (lsb) {
        low = op2(c, BP_SHR, t, low, const_r(c, a->rd, lsb));
        high = op2(c, BP_SHL, t, high, const_r(c, a->rd, width - lsb));
        low = op2(c, BP_OR, t, low, high);
    }
    put_r(c, a->rd, low);
    return BP_TR_NEXT;
}

/* ---- conditions ------------------------------------------------------------------------------ */

static int select_op(struct ctx *c, const struct a64_args_csel *a, bp_value no)
{
    struct test t = flags_test(c, (unsigned)a->cond);
    bp_value yes = get_r(c, a->rn), cond;

    if (a->cond >= 14) {
        put_r(c, a->rd, yes);
        return BP_TR_NEXT;
    }
    cond = bp_cmp(c->t, BP_I32, t.cond, t.a, t.b);
    put_r(c, a->rd, bp_select(c->t, type_of(a->rd), cond, yes, no));
    return BP_TR_NEXT;
}

TR(csel, csel) { return select_op(c, a, get_r(c, a->rm)); }
TR(csinc, csel)
{
    return select_op(c, a, op2(c, BP_ADD, type_of(a->rd), get_r(c, a->rm), const_r(c, a->rd, 1)));
}
TR(csinv, csel)
{
    return select_op(c, a, bp_op1(c->t, BP_NOT, type_of(a->rd), get_r(c, a->rm)));
}
TR(csneg, csel)
{
    return select_op(c, a, bp_op1(c->t, BP_NEG, type_of(a->rd), get_r(c, a->rm)));
}

static int conditional_compare(struct ctx *c, unsigned cond, bool subtract, int32_t rn, bp_value b,
                               int32_t nzcv)
{
    enum bp_type t = type_of(rn);
    bp_value x = get_r(c, rn);

    if (cond < 14)
        flags_ccmp(c, cond, subtract, t, x, b, (unsigned)nzcv);
    else if (subtract)
        flags_sub(c, t, x, b);
    else
        flags_add(c, t, x, b);
    return BP_TR_NEXT;
}

TR(ccmp, ccr)
{
    return conditional_compare(c, (unsigned)a->cond, true, a->rn, get_r(c, a->rm), a->nzcv);
}
TR(ccmn, ccr)
{
    return conditional_compare(c, (unsigned)a->cond, false, a->rn, get_r(c, a->rm), a->nzcv);
}
TR(ccmp_i, cci)
{
    bp_value imm = const_r(c, a->rn, (uint64_t)a->imm);
    return conditional_compare(c, (unsigned)a->cond, true, a->rn, imm, a->nzcv);
}
TR(ccmn_i, cci)
{
    bp_value imm = const_r(c, a->rn, (uint64_t)a->imm);
    return conditional_compare(c, (unsigned)a->cond, false, a->rn, imm, a->nzcv);
}

/* FEAT_FlagM: the low four bits, rotated, into flags of the mask. */
TR(rmif, rmif)
{
    bp_value v = get_x(c, a->rn), old = flags_packed(c);
    uint32_t mask = (uint32_t)a->mask << 28;

    if (a->imm)
        v = op2(c, BP_ROTR, BP_I64, v, const64(c, (uint64_t)a->imm));
    v = op2(c, BP_SHL, BP_I32, bp_op1(c->t, BP_TRUNC, BP_I32, v), const32(c, 28));
    v = op2(c, BP_AND, BP_I32, v, const32(c, mask));
    old = op2(c, BP_AND, BP_I32, old, const32(c, ~mask & 0xf0000000u));
    flags_pack(c, op2(c, BP_OR, BP_I32, old, v));
    return BP_TR_NEXT;
}

/* N and Z of the low bits, V from the two bits around their sign; C stays. */
static int setf(struct ctx *c, int32_t rn, unsigned bits)
{
    bp_value w = get_w(c, rn), old = flags_packed(c), n, z, v;

    old = op2(c, BP_AND, BP_I32, old, const32(c, FLAG_C));
    n = op2(c, BP_SHL, BP_I32, w, const32(c, 32 - bits));
    z = bp_cmp(c->t, BP_I32, BP_EQ, n, const32(c, 0));
    z = op2(c, BP_SHL, BP_I32, z, const32(c, 30));
    v = op2(c, BP_XOR, BP_I32, n, op2(c, BP_SHL, BP_I32, w, const32(c, 31 - bits)));
    v = op2(c, BP_SHR, BP_I32, v, const32(c, 31));
    v = op2(c, BP_SHL, BP_I32, v, const32(c, 28));
    n = op2(c, BP_AND, BP_I32, n, const32(c, FLAG_N));
    flags_pack(c, op2(c, BP_OR, BP_I32, op2(c, BP_OR, BP_I32, old, n),
                      op2(c, BP_OR, BP_I32, z, v)));
    return BP_TR_NEXT;
}

TR(setf8, setf) { return setf(c, a->rn, 8); }
TR(setf16, setf) { return setf(c, a->rn, 16); }

/* ---- two sources ----------------------------------------------------------------------------- */

static int binary(struct ctx *c, enum bp_op op, const struct a64_args_r3 *a)
{
    put_r(c, a->rd, op2(c, op, type_of(a->rd), get_r(c, a->rn), get_r(c, a->rm)));
    return BP_TR_NEXT;
}

TR(udiv, r3) { return binary(c, BP_DIVU, a); }
TR(sdiv, r3) { return binary(c, BP_DIVS, a); }
TR(lslv, r3) { return binary(c, BP_SHL, a); }
TR(lsrv, r3) { return binary(c, BP_SHR, a); }
TR(asrv, r3) { return binary(c, BP_SAR, a); }
TR(rorv, r3) { return binary(c, BP_ROTR, a); }

/* `how`: log2 of the bytes; 4: the Castagnoli polynomial. */
static int crc(struct ctx *c, unsigned how, const struct a64_args_crc *a)
{
    bp_value args[3] = { get_w(c, a->rn), get_x(c, a->rm), const32(c, how) };

    put_w(c, a->rd, bp_call(c->t, &helper_crc32, 3, args));
    return BP_TR_NEXT;
}

TR(crc32b, crc) { return crc(c, 0, a); }
TR(crc32h, crc) { return crc(c, 1, a); }
TR(crc32w, crc) { return crc(c, 2, a); }
TR(crc32x, crc) { return crc(c, 3, a); }
TR(crc32cb, crc) { return crc(c, 4, a); }
TR(crc32ch, crc) { return crc(c, 5, a); }
TR(crc32cw, crc) { return crc(c, 6, a); }
TR(crc32cx, crc) { return crc(c, 7, a); }

/* ---- one source ------------------------------------------------------------------------------ */

/* Exchanges neighbouring groups of `bits` bits; `mask` has the lower ones of each pair. */
static bp_value swap_groups(struct ctx *c, int32_t r, bp_value v, unsigned bits, uint64_t mask)
{
    enum bp_type t = type_of(r);
    bp_value m = const_r(c, r, mask), n = const_r(c, r, bits);
    bp_value low = op2(c, BP_AND, t, op2(c, BP_SHR, t, v, n), m);
    bp_value high = op2(c, BP_SHL, t, op2(c, BP_AND, t, v, m), n);

    return op2(c, BP_OR, t, low, high);
}

TR(rbit, r2)
{
    bp_value v = bp_op1(c->t, BP_BSWAP, type_of(a->rd), get_r(c, a->rn));

    v = swap_groups(c, a->rd, v, 4, UINT64_C(0x0f0f0f0f0f0f0f0f));
    v = swap_groups(c, a->rd, v, 2, UINT64_C(0x3333333333333333));
    put_r(c, a->rd, swap_groups(c, a->rd, v, 1, UINT64_C(0x5555555555555555)));
    return BP_TR_NEXT;
}

TR(rev16, r2)
{
    put_r(c, a->rd, swap_groups(c, a->rd, get_r(c, a->rn), 8, UINT64_C(0x00ff00ff00ff00ff)));
    return BP_TR_NEXT;
}

TR(rev32, r2)
{
    bp_value v = bp_op1(c->t, BP_BSWAP, type_of(a->rd), get_r(c, a->rn));

    if (WIDE(a->rd))
        v = op2(c, BP_ROTR, BP_I64, v, const64(c, 32));
    put_r(c, a->rd, v);
    return BP_TR_NEXT;
}

TR(rev64, r2x)
{
    put_x(c, a->rd, bp_op1(c->t, BP_BSWAP, BP_I64, get_x(c, a->rn)));
    return BP_TR_NEXT;
}

TR(clz, r2)
{
    put_r(c, a->rd, bp_op1(c->t, BP_CLZ, type_of(a->rd), get_r(c, a->rn)));
    return BP_TR_NEXT;
}

/* Bits below the sign that equal it: made zeros, and a one put below all. */
TR(cls, r2)
{
    enum bp_type t = type_of(a->rd);
    bp_value v = get_r(c, a->rn), one = const_r(c, a->rd, 1);

    v = op2(c, BP_XOR, t, v, op2(c, BP_SAR, t, v, const_r(c, a->rd, WIDE(a->rd) ? 63 : 31)));
    v = op2(c, BP_OR, t, op2(c, BP_SHL, t, v, one), one);
    put_r(c, a->rd, bp_op1(c->t, BP_CLZ, t, v));
    return BP_TR_NEXT;
}

/* ---- multiplication -------------------------------------------------------------------------- */

static int multiply(struct ctx *c, enum bp_op op, const struct a64_args_r4 *a)
{
    enum bp_type t = type_of(a->rd);
    bp_value p = op2(c, BP_MUL, t, get_r(c, a->rn), get_r(c, a->rm));

    put_r(c, a->rd, op2(c, op, t, get_r(c, a->ra), p));
    return BP_TR_NEXT;
}

TR(madd, r4) { return multiply(c, BP_ADD, a); }
TR(msub, r4) { return multiply(c, BP_SUB, a); }

static int multiply_long(struct ctx *c, enum bp_op op, bool is_signed,
                         const struct a64_args_r4l *a)
{
    bp_value x = bp_extract(c->t, BP_I64, get_x(c, a->rn), 0, 32, is_signed);
    bp_value y = bp_extract(c->t, BP_I64, get_x(c, a->rm), 0, 32, is_signed);

    put_x(c, a->rd, op2(c, op, BP_I64, get_x(c, a->ra), op2(c, BP_MUL, BP_I64, x, y)));
    return BP_TR_NEXT;
}

TR(smaddl, r4l) { return multiply_long(c, BP_ADD, true, a); }
TR(smsubl, r4l) { return multiply_long(c, BP_SUB, true, a); }
TR(umaddl, r4l) { return multiply_long(c, BP_ADD, false, a); }
TR(umsubl, r4l) { return multiply_long(c, BP_SUB, false, a); }

TR(smulh, r3x)
{
    put_x(c, a->rd, op2(c, BP_MULHS, BP_I64, get_x(c, a->rn), get_x(c, a->rm)));
    return BP_TR_NEXT;
}
TR(umulh, r3x)
{
    put_x(c, a->rd, op2(c, BP_MULHU, BP_I64, get_x(c, a->rn), get_x(c, a->rm)));
    return BP_TR_NEXT;
}
