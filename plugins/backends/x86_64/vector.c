/* SPDX-License-Identifier: MIT */
/*
 * vector.c: vectors of 128 bits in AVX: VEX instructions of three operands. Hosts without it, and
 * what has no short sequence, use the runtime's functions. Ciphers and hashes have both encodings.
 */
#include "x86.h"

#define OP_PSHUFB (OP_66 | OP_38 | 0x00u)
#define OP_PAND (OP_66 | OP_0F | 0xdbu)
#define OP_PXOR (OP_66 | OP_0F | 0xefu)

static unsigned lanes(const struct bp_use *use) { return BP_V_LOG2(use->ir->aux); }
static unsigned number(const struct bp_use *use) { return BP_V_NUMBER(use->ir->aux); }

static void vrr(struct bp_asm *as, unsigned op, unsigned dst, unsigned a, unsigned b)
{
    vex_rr(as, op, dst & 31, a & 31, b & 31);
}
static void vrri(struct bp_asm *as, unsigned op, unsigned dst, unsigned a, unsigned b, unsigned imm)
{
    vrr(as, op, dst, a, b);
    put8(as, imm);
}

/* ---- constants ------------------------------------------------------------------------------- */

static void literal16_stub(struct bp_asm *as, struct bp_stub *s)
{
    bind_to(s->from, as->p);
    put64(as, s->data[0]);
    put64(as, s->data[1]);
}

/* dst = a OP constant, which is placed behind the code */
static void with_literal(struct bp_asm *as, unsigned op, unsigned dst, unsigned a, uint64_t low,
                         uint64_t high)
{
    vex_pool(as, op, dst & 31, a & 31, 0);
    struct bp_stub *s = as->stub(as, NULL, literal16_stub);
    s->from = as->p - 4;
    s->data[0] = low;
    s->data[1] = high;
}

void x86_vector_constant(struct bp_asm *as, unsigned dst, uint64_t value)
{
    dst &= 31;
    if (value == 0) {
        op_rr(as, OP_XORPS, dst, dst);
    } else if (value == UINT64_MAX) {
        op_rr(as, OP_66 | OP_0F | 0x76, dst, dst); /* pcmpeqd */
    } else {
        op_pool(as, OP_0F | 0x10, dst, 0, 0); /* movups */
        struct bp_stub *s = as->stub(as, NULL, literal16_stub);
        s->from = as->p - 4;
        s->data[0] = s->data[1] = value;
    }
}

static uint64_t repeat(uint64_t v, unsigned log2)
{
    for (unsigned bits = 8u << log2; bits < 64; bits *= 2)
        v |= v << bits;
    return v;
}

/* ---- one instruction ------------------------------------------------------------------------- */

#define X(op) (OP_66 | OP_0F | (op))
#define X38(op) (OP_66 | OP_38 | (op))

/* By op and lanes; 0: none. */
static const struct {
    uint8_t op;
    uint16_t code[4];
} simple[] = {
    { BP_VADD, { X(0xfc), X(0xfd), X(0xfe), X(0xd4) } },
    { BP_VSUB, { X(0xf8), X(0xf9), X(0xfa), X(0xfb) } },
    { BP_VMUL, { 0, X(0xd5), X38(0x40), 0 } },
    { BP_VMINS, { X38(0x38), X(0xea), X38(0x39), 0 } },
    { BP_VMAXS, { X38(0x3c), X(0xee), X38(0x3d), 0 } },
    { BP_VMINU, { X(0xda), X38(0x3a), X38(0x3b), 0 } },
    { BP_VMAXU, { X(0xde), X38(0x3e), X38(0x3f), 0 } },
    { BP_VQADDS, { X(0xec), X(0xed), 0, 0 } },
    { BP_VQADDU, { X(0xdc), X(0xdd), 0, 0 } },
    { BP_VQSUBS, { X(0xe8), X(0xe9), 0, 0 } },
    { BP_VQSUBU, { X(0xd8), X(0xd9), 0, 0 } },
    { BP_VCMPEQ, { X(0x74), X(0x75), X(0x76), X38(0x29) } },
    { BP_VCMPGTS, { X(0x64), X(0x65), X(0x66), X38(0x37) } },
    { BP_VZIP1, { X(0x60), X(0x61), X(0x62), X(0x6c) } },
    { BP_VZIP2, { X(0x68), X(0x69), X(0x6a), X(0x6d) } },
    { BP_VUZP1, { 0, 0, 0, X(0x6c) } },
    { BP_VUZP2, { 0, 0, 0, X(0x6d) } },
    { BP_VTRN1, { 0, 0, 0, X(0x6c) } },
    { BP_VTRN2, { 0, 0, 0, X(0x6d) } },
    { BP_VAND, { X(0xdb), X(0xdb), X(0xdb), X(0xdb) } },
    { BP_VOR, { X(0xeb), X(0xeb), X(0xeb), X(0xeb) } },
    { BP_VXOR, { X(0xef), X(0xef), X(0xef), X(0xef) } },
    { BP_VABS, { X38(0x1c), X38(0x1d), X38(0x1e), 0 } },
    { BP_VSXT, { X38(0x20), X38(0x23), X38(0x25), 0 } },
    { BP_VZXT, { X38(0x30), X38(0x33), X38(0x35), 0 } },
};

static unsigned simple_code(unsigned op, unsigned log2)
{
    for (unsigned i = 0; i < sizeof simple / sizeof *simple; i++)
        if (simple[i].op == op)
            return simple[i].code[log2];
    return 0;
}

bool x86_vector_is_simple(const struct bp_ir *ir, const struct bp_ir *r)
{
    return simple_code(r->op, BP_V_LOG2(r->aux)) != 0;
}

void x86_emit_vector_2(struct bp_asm *as, struct bp_use *use)
{
    unsigned op = simple_code(use->ir->op, lanes(use));
    vex_ro(as, op, use->out.reg, use->in[0].reg, &use->in[1]);
}

void x86_emit_vector_1(struct bp_asm *as, struct bp_use *use)
{
    unsigned op = simple_code(use->ir->op, lanes(use));
    vex_ro(as, op, use->out.reg, 0, &use->in[0]);
}

/* pandn: ~first & second */
void x86_emit_vandn(struct bp_asm *as, struct bp_use *use)
{
    vrr(as, X(0xdf), use->out.reg, use->in[1].reg, use->in[0].reg);
}

/* c ^ ((b ^ c) & a) */
void x86_emit_vsel(struct bp_asm *as, struct bp_use *use)
{
    unsigned dst = use->out.reg;
    vrr(as, OP_PXOR, dst, use->in[1].reg, use->in[2].reg);
    vrr(as, OP_PAND, dst, dst, use->in[0].reg);
    vrr(as, OP_PXOR, dst, dst, use->in[2].reg);
}

/* Above where it is not the smaller one of the two. */
void x86_emit_vcmpgtu(struct bp_asm *as, struct bp_use *use)
{
    unsigned dst = use->out.reg, log2 = lanes(use);
    if (log2 == 3) {
        uint64_t top = (uint64_t)1 << 63;
        with_literal(as, OP_PXOR, dst, use->in[0].reg, top, top);
        with_literal(as, OP_PXOR, use->temp[0], use->in[1].reg, top, top);
        vrr(as, X38(0x37), dst, dst, use->temp[0]);
        return;
    }
    vrr(as, simple_code(BP_VMINU, log2), dst, use->in[0].reg, use->in[1].reg);
    vrr(as, simple_code(BP_VCMPEQ, log2), dst, dst, use->in[0].reg);
    vrr(as, X(0x76), use->temp[0], use->temp[0], use->temp[0]);
    vrr(as, OP_PXOR, dst, dst, use->temp[0]);
}

/* ---- shifts ---------------------------------------------------------------------------------- */

static void shift_imm(struct bp_asm *as, unsigned kind, unsigned log2, unsigned dst, unsigned src,
                      unsigned n)
{
    put_vex(as, X(0x70 | log2), 0, dst & 31, 0, src & 31);
    modrm_reg(as, kind, src & 31);
    put8(as, n);
}

/* Bytes are shifted as halves of words, and what came across cleared. */
static void shift_lanes(struct bp_asm *as, bool left, unsigned log2, unsigned dst, unsigned src,
                        unsigned n)
{
    shift_imm(as, left ? 6 : 2, log2 ? log2 : 1, dst, src, n);
    if (!log2 && n) {
        uint64_t mask = repeat(left ? 0xffu << n & 0xff : 0xffu >> n, 0);
        with_literal(as, OP_PAND, dst, dst, mask, mask);
    }
}

/* Without an instruction: the sign moved down with the rest, and extended by xor and minus. */
void x86_emit_vshift(struct bp_asm *as, struct bp_use *use)
{
    unsigned dst = use->out.reg, src = use->in[0].reg, log2 = lanes(use), n = number(use);
    if (use->ir->op != BP_VSHRS) {
        shift_lanes(as, use->ir->op == BP_VSHL, log2, dst, src, n);
        return;
    }
    if (log2 == 1 || log2 == 2) {
        shift_imm(as, 4, log2, dst, src, n);
        return;
    }
    uint64_t sign = repeat((uint64_t)1 << ((8u << log2) - 1 - n), log2);
    shift_lanes(as, false, log2, dst, src, n);
    with_literal(as, OP_PXOR, dst, dst, sign, sign);
    with_literal(as, simple_code(BP_VSUB, log2), dst, dst, sign, sign);
}

/* ---- orders of lanes ------------------------------------------------------------------------- */

static void shuffle(struct bp_asm *as, unsigned dst, unsigned src, const uint8_t index[16])
{
    uint64_t half[2];
    memcpy(half, index, 16);
    with_literal(as, OP_PSHUFB, dst, src, half[0], half[1]);
}

void x86_emit_vrev(struct bp_asm *as, struct bp_use *use)
{
    uint8_t index[16];
    if (lanes(use) == 2) { /* pshufd */
        vrri(as, X(0x70), use->out.reg, 0, use->in[0].reg, 0xb1);
        return;
    }
    for (unsigned i = 0; i < 16; i++)
        index[i] = (uint8_t)(i ^ ((1u << number(use)) - 1) ^ ((1u << lanes(use)) - 1));
    shuffle(as, use->out.reg, use->in[0].reg, index);
}

void x86_emit_vdupl(struct bp_asm *as, struct bp_use *use)
{
    unsigned log2 = lanes(use), n = number(use), dst = use->out.reg, src = use->in[0].reg;
    uint8_t index[16];
    if (log2 == 2) {
        vrri(as, X(0x70), dst, 0, src, n * 0x55);
    } else if (log2 == 3) {
        vrri(as, X(0x70), dst, 0, src, n ? 0xee : 0x44);
    } else {
        for (unsigned i = 0; i < 16; i++)
            index[i] = (uint8_t)((n << log2) + (i & ((1u << log2) - 1)));
        shuffle(as, dst, src, index);
    }
}

void x86_emit_vext(struct bp_asm *as, struct bp_use *use)
{
    vrri(as, OP_66 | OP_3A | 0x0f, use->out.reg, use->in[1].reg, use->in[0].reg, number(use));
}

/* Indexes above 15 get their top bit set, which makes zeros. */
void x86_emit_vtbl(struct bp_asm *as, struct bp_use *use)
{
    uint64_t bias = UINT64_C(0x7070707070707070);
    with_literal(as, X(0xdc), use->temp[0], use->in[1].reg, bias, bias);
    vrr(as, OP_PSHUFB, use->out.reg, use->in[0].reg, use->temp[0]);
}

/* Bytes and words: what is kept moved to the bottom of wider lanes, then packed. */
void x86_emit_vuzp(struct bp_asm *as, struct bp_use *use)
{
    bool odd = use->ir->op == BP_VUZP2;
    unsigned log2 = lanes(use), dst = use->out.reg, t = use->temp[0];
    if (log2 == 2) {
        vrri(as, OP_0F | 0xc6, dst, use->in[0].reg, use->in[1].reg, odd ? 0xdd : 0x88);
        return;
    }
    uint64_t mask = repeat(log2 ? 0xffff : 0xff, log2 + 1);
    if (odd) {
        shift_imm(as, 2, log2 + 1, dst, use->in[0].reg, 8u << log2);
        shift_imm(as, 2, log2 + 1, t, use->in[1].reg, 8u << log2);
    } else {
        with_literal(as, OP_PAND, dst, use->in[0].reg, mask, mask);
        with_literal(as, OP_PAND, t, use->in[1].reg, mask, mask);
    }
    vrr(as, log2 ? X38(0x2b) : X(0x67), dst, dst, t);
}

/* Lanes of 32 bits and less: the wanted ones of a shifted over those of b. */
void x86_emit_vtrn(struct bp_asm *as, struct bp_use *use)
{
    bool second = use->ir->op == BP_VTRN2;
    unsigned log2 = lanes(use), dst = use->out.reg, t = use->temp[0], bits = 8u << log2;
    uint64_t low = repeat(((uint64_t)1 << bits) - 1, log2 + 1), keep = second ? ~low : low;
    unsigned moved = use->in[second ? 0 : 1].reg, kept = use->in[second ? 1 : 0].reg;
    shift_imm(as, second ? 2 : 6, log2 + 1, t, moved, bits);
    with_literal(as, OP_PAND, dst, kept, keep, keep);
    vrr(as, X(0xeb), dst, dst, t);
}

/* ---- scalars --------------------------------------------------------------------------------- */

static void sign_extend(struct bp_asm *as, const struct bp_use *use)
{
    static const unsigned ops[3] = { OP_MOVSX8, OP_MOVSX16, OP_MOVSXD };
    unsigned dst = use->out.reg, log2 = lanes(use);
    if (!(use->ir->aux & BP_V_SIGNED) || log2 == 3 || (log2 == 2 && use->out.type == BP_I32))
        return;
    op_rr(as, ops[log2] | (log2 < 2 ? wide(use->out.type) : 0), dst, dst);
}

void x86_emit_vget(struct bp_asm *as, struct bp_use *use)
{
    unsigned log2 = lanes(use), n = number(use), dst = use->out.reg, src = use->in[0].reg & 31;
    if (dst >= BP_FP_REG) { /* lane 0 is where it is */
        vrri(as, X(0x70), dst, 0, src, log2 == 3 ? 0xee : n);
        return;
    }
    if (log2 >= 2 && n == 0) {
        op_rr(as, X(0x7e) | (log2 == 3 ? OP_W : 0), src, dst);
    } else {
        static const unsigned ops[4] = {
            OP_66 | OP_3A | 0x14, OP_66 | OP_3A | 0x15, OP_66 | OP_3A | 0x16,
            OP_66 | OP_3A | OP_W | 0x16,
        };
        vex_rr(as, ops[log2], src, 0, dst);
        put8(as, n);
    }
    sign_extend(as, use);
}

void x86_emit_vset(struct bp_asm *as, struct bp_use *use)
{
    static const unsigned ops[4] = {
        OP_66 | OP_3A | 0x20, OP_66 | OP_0F | 0xc4, OP_66 | OP_3A | 0x22,
        OP_66 | OP_3A | OP_W | 0x22,
    };
    unsigned log2 = lanes(use), n = number(use), dst = use->out.reg, a = use->in[0].reg;
    unsigned b = use->in[1].reg;
    if (b < BP_FP_REG)
        vrri(as, ops[log2], dst, a, b, n);
    else if (log2 == 2)
        vrri(as, OP_66 | OP_3A | 0x21, dst, a, b, n << 4); /* insertps */
    else if (n)
        vrr(as, X(0x6c), dst, a, b); /* punpcklqdq */
    else
        vrr(as, OP_F2 | OP_0F | 0x10, dst, a, b); /* movsd */
}

void x86_emit_vzext(struct bp_asm *as, struct bp_use *use)
{
    unsigned type = use->in[0].type, dst = use->out.reg, a = use->in[0].reg;
    if (a < BP_FP_REG)
        op_rr(as, X(0x6e) | (type == BP_I64 ? OP_W : 0), dst & 31, a);
    else if (type == BP_F64)
        op_rr(as, OP_F3 | OP_0F | 0x7e, dst & 31, a & 31); /* movq */
    else
        vrri(as, OP_66 | OP_3A | 0x21, dst, a, a, 0x0e); /* insertps, zeroing */
}

void x86_emit_vdup(struct bp_asm *as, struct bp_use *use)
{
    static const unsigned ops[4] = { X38(0x78), X38(0x79), X38(0x58), X38(0x59) };
    unsigned log2 = lanes(use), dst = use->out.reg;
    op_rr(as, X(0x6e) | (log2 == 3 ? OP_W : 0), dst & 31, use->in[0].reg);
    vrr(as, ops[log2], dst, 0, dst);
}

/* ---- widths ---------------------------------------------------------------------------------- */

/* Both operands widened, then multiplied at that width. */
void x86_emit_vmull(struct bp_asm *as, struct bp_use *use)
{
    bool is_signed = use->ir->op == BP_VMULLS;
    unsigned log2 = lanes(use), dst = use->out.reg, t = use->temp[0];
    unsigned widen = simple_code(is_signed ? BP_VSXT : BP_VZXT, log2);
    vrr(as, widen, dst, 0, use->in[0].reg);
    vrr(as, widen, t, 0, use->in[1].reg);
    if (log2 == 2)
        vrr(as, is_signed ? X38(0x28) : X(0xf4), dst, dst, t);
    else
        vrr(as, simple_code(BP_VMUL, log2 + 1), dst, dst, t);
}

/* packss, packus: the upper half from zeros */
void x86_emit_vqn(struct bp_asm *as, struct bp_use *use)
{
    unsigned log2 = lanes(use), t = use->temp[0];
    unsigned op = use->ir->op == BP_VQNSS ? (log2 == 1 ? X(0x63) : X(0x6b))
                                          : (log2 == 1 ? X(0x67) : X38(0x2b));
    vrr(as, OP_PXOR, t, t, t);
    vrr(as, op, use->out.reg, use->in[0].reg, t);
}

/* Counts by the table of nibbles. */
void x86_emit_vpopcnt(struct bp_asm *as, struct bp_use *use)
{
    unsigned dst = use->out.reg, src = use->in[0].reg, t = use->temp[0], u = use->temp[1];
    uint64_t low = UINT64_C(0x0f0f0f0f0f0f0f0f);
    with_literal(as, OP_PAND, t, src, low, low);
    shift_imm(as, 2, 1, u, src, 4);
    with_literal(as, OP_PAND, u, u, low, low);
    op_pool(as, OP_0F | 0x10, dst & 31, 0, 0);
    struct bp_stub *s = as->stub(as, NULL, literal16_stub);
    s->from = as->p - 4;
    s->data[0] = UINT64_C(0x0302020102010100);
    s->data[1] = UINT64_C(0x0403030203020201);
    vrr(as, OP_PSHUFB, t, dst, t);
    vrr(as, OP_PSHUFB, u, dst, u);
    vrr(as, X(0xfc), dst, t, u);
}

/* ---- floats ---------------------------------------------------------------------------------- */

/* movups between a register and the frame */
static void frame_vector(struct bp_asm *as, unsigned op, unsigned reg, int32_t at)
{
    op_rm(as, OP_0F | op, reg & 31, RSP, at);
}

/* Calls the runtime's function with the operands that are still in their registers. */
static void exact_stub(struct bp_asm *as, struct bp_stub *s)
{
    const struct bp_use *use = &s->use;
    unsigned op = use->ir->op;
    unsigned n = op == BP_VFMADD ? 3 : op == BP_VFSQRT || op == BP_VFROUND ? 1 : 2;
    bind_to(s->from, as->p);
    frame_vector(as, 0x11, use->in[0].reg, FRAME_VECTOR(1));
    if (n > 1)
        frame_vector(as, 0x11, use->in[1].reg, FRAME_VECTOR(2));
    if (n > 2)
        frame_vector(as, 0x11, use->in[2].reg, FRAME_VECTOR(0));
    mov_mi(as, 0, RSP, FRAME_ARG(3), bp_exact_how(use->ir, BP_V128));
    call_shared(as, SHARED_VECTOR);
    frame_vector(as, 0x10, use->out.reg, FRAME_VECTOR(0));
    jmp_to(as, s->back);
}

static unsigned packed(unsigned log2) { return (log2 == 3 ? OP_66 : 0) | OP_0F; }

/* A lane that is not equal to itself: a NaN, so the exact way. */
static void check_nans(struct bp_asm *as, const struct bp_use *use, unsigned log2, unsigned t)
{
    vrri(as, packed(log2) | 0xc2, t, use->out.reg, use->out.reg, 3); /* cmpunord */
    vrr(as, X38(0x17), t, 0, t); /* ptest */
    struct bp_stub *s = as->stub(as, use, exact_stub);
    s->from = jcc(as, CC_NE);
    s->back = as->p;
}

void x86_emit_vfarith(struct bp_asm *as, struct bp_use *use)
{
    static const uint8_t codes[] = { 0x58, 0x5c, 0x59, 0x5e }; /* vfadd vfsub vfmul vfdiv */
    unsigned log2 = lanes(use);
    vrr(as, packed(log2) | codes[use->ir->op - BP_VFADD], use->out.reg, use->in[0].reg,
        use->in[1].reg);
    check_nans(as, use, log2, use->temp[0]);
}

void x86_emit_vfsqrt(struct bp_asm *as, struct bp_use *use)
{
    vrr(as, packed(lanes(use)) | 0x51, use->out.reg, 0, use->in[0].reg);
    check_nans(as, use, lanes(use), use->temp[0]);
}

void x86_emit_vfmadd(struct bp_asm *as, struct bp_use *use)
{
    unsigned log2 = lanes(use);
    x86_fp_move(as, use->out.reg, use->in[2].reg);
    vrr(as, OP_66 | OP_38 | (log2 == 3 ? OP_W : 0) | 0xb8, use->out.reg, use->in[0].reg,
        use->in[1].reg);
    check_nans(as, use, log2, use->temp[0]);
}

/* Quiet ones of equality and order as AVX has them. */
void x86_emit_vfcmp(struct bp_asm *as, struct bp_use *use)
{
    static const uint8_t predicates[] = { 0x00, 0x01, 0x02, 0x11, 0x12, 0x03 }; /* enum bp_fcond */
    vrri(as, packed(lanes(use)) | 0xc2, use->out.reg, use->in[0].reg, use->in[1].reg,
         predicates[number(use)]);
}

/* Signed 32-bit integers. */
void x86_emit_vi2f(struct bp_asm *as, struct bp_use *use)
{
    vrr(as, OP_0F | 0x5b, use->out.reg, 0, use->in[0].reg);
}

/* As f2i_signed() in float.c, all lanes: values that do not fit give the smallest integer. */
void x86_emit_vfround(struct bp_asm *as, struct bp_use *use)
{
    static const uint8_t modes[5] = { 4, 0, 3, 1, 2 }; /* by enum bp_rounding */
    unsigned log2 = lanes(use), how = number(use);
    vrri(as, OP_66 | OP_3A | (log2 == 3 ? 0x09 : 0x08), use->out.reg, 0, use->in[0].reg,
         modes[how & 7] | (how & 0x80 ? 0 : 8));
    check_nans(as, use, log2, use->temp[0]);
}

/* ---- ciphers and hashes ---------------------------------------------------------------------- */

#define OP_AESDECLAST X38(0xdf)

/* dst = dst OP b where the rule is a tied one, which is for hosts without AVX. */
static void two_or_three(struct bp_asm *as, unsigned op, const struct bp_use *use)
{
    unsigned dst = use->out.reg;
    if (as->features & X86_AVX)
        vex_ro(as, op, dst, use->in[0].reg, &use->in[1]);
    else
        op_ro(as, op, dst, &use->in[1]);
}

/* aesenc, aesenclast, aesdec, aesdeclast */
void x86_emit_vaes(struct bp_asm *as, struct bp_use *use)
{
    two_or_three(as, X38(0xdcu + (use->ir->op == BP_VAESLAST) + 2 * number(use)), use);
}

/* Forward: a round without what its inverse's last one undoes. */
void x86_emit_vaesmix(struct bp_asm *as, struct bp_use *use)
{
    unsigned dst = use->out.reg & 31, t = use->temp[0] & 31;
    if (number(use)) {
        op_rr(as, X38(0xdb), dst, use->in[0].reg & 31); /* aesimc */
        return;
    }
    op_rr(as, OP_PXOR, t, t);
    op_rr(as, OP_AESDECLAST, dst, t);
    op_rr(as, X38(0xdc), dst, t);
}

/* pclmulqdq */
void x86_emit_vclmul(struct bp_asm *as, struct bp_use *use)
{
    two_or_three(as, OP_66 | OP_3A | 0x44, use);
    put8(as, (number(use) & 1) | (number(use) & 2) << 3);
}

/* sha256rnds2: C D G H in the destination, W + K in xmm0 */
void x86_emit_vsha256(struct bp_asm *as, struct bp_use *use)
{
    if (number(use)) {
        op_rr(as, X(0x70), 0, use->in[2].reg & 31);
        put8(as, 0xee);
    } else {
        x86_fp_move(as, 0, use->in[2].reg & 31);
    }
    op_rr(as, OP_38 | 0xcb, use->out.reg & 31, use->in[0].reg & 31);
}

/* sha256msg1, sha256msg2 */
void x86_emit_vsha256m(struct bp_asm *as, struct bp_use *use)
{
    op_rr(as, OP_38 | (use->ir->op == BP_VSHA256M1 ? 0xcc : 0xcd), use->out.reg & 31,
          use->in[1].reg & 31);
}
