/* SPDX-License-Identifier: MIT */
/*
 * simd.h: what the files of vector semantics (tr_simd*.c) share. An instruction works on a whole
 * register, the lower half of it, or one lane; this is its shape. The rest of the result is zero.
 */
#ifndef AARCH64_SIMD_H
#define AARCH64_SIMD_H

#include "tr.h"

enum part { PART_HALF, PART_FULL, PART_LANE };

struct shape {
    unsigned log2; /* lanes of 8 << log2 bits */
    enum part part;
};

static inline unsigned lane_bits(struct shape s) { return 8u << s.log2; }
static inline uint64_t each_lane(unsigned log2, uint64_t v)
{
    for (unsigned bits = 8u << log2; bits < 64; bits *= 2)
        v |= v << bits;
    return v;
}

/* From bits 30, 28 and 23..22 of the word; floats have the lower size bit alone, and halves
 * encodings of their own. */
static inline struct shape shape_of(const struct ctx *c)
{
    return (struct shape){ bits_of(c, 22, 2), bits_of(c, 28, 1)   ? PART_LANE
                                              : bits_of(c, 30, 1) ? PART_FULL
                                                                  : PART_HALF };
}
static inline bool of_halves(const struct ctx *c)
{
    if (bits_of(c, 24, 1)) /* by element */
        return !bits_of(c, 22, 2);
    if (bits_of(c, 10, 1)) /* three registers */
        return !bits_of(c, 21, 1);
    if (bits_of(c, 17, 4) == 8) /* across lanes, pairs */
        return !bits_of(c, 29, 1);
    return bits_of(c, 17, 4) == 12;
}
static inline struct shape float_shape(const struct ctx *c)
{
    struct shape s = shape_of(c);
    s.log2 = of_halves(c) ? 1 : 2 + (s.log2 & 1);
    return s;
}

/* Lanes of 64 bits exist in whole registers and as scalars. */
static inline bool shape_exists(struct shape s) { return s.log2 < 3 || s.part != PART_HALF; }

static inline bp_value v1(struct ctx *c, enum bp_op op, unsigned log2, unsigned number, bp_value a)
{
    return bp_emit(c->t, op, BP_V128, BP_V(log2, number), a, 0, 0);
}
static inline bp_value v_not(struct ctx *c, bp_value a)
{
    return vop(c, BP_VXOR, 3, 0, a, vconst(c, UINT64_MAX));
}

/* tr_simd.c: an operand whose lanes outside the shape repeat those inside, so that they do nothing
 * that the others don't: float flags, saturation. */
bp_value simd_in(struct ctx *c, struct shape s, int32_t reg);
bp_value simd_repeat(struct ctx *c, struct shape s, bp_value v);
void simd_out(struct ctx *c, struct shape s, int32_t rd, bp_value v);
/* A saturating op: whatever differs from the plain result is sticky. */
void simd_saturated(struct ctx *c, bp_value got, bp_value plain);
bp_value simd_call(struct ctx *c, unsigned op, unsigned log2, bp_value a, bp_value b, bp_value d);

/* What an instruction makes of its operands: d is the destination's old value. */
typedef bp_value simd_core(struct ctx *c, struct shape s, bp_value d, bp_value a, bp_value b);

/* tr_simd.c, for the forms by element. */
simd_core core_mul, core_mla, core_mls, core_sqdmulh, core_sqrdmulh, core_sqrdmlah, core_sqrdmlsh;
simd_core core_smull, core_umull, core_smlal, core_umlal, core_smlsl, core_umlsl;
simd_core core_sqdmull, core_sqdmlal, core_sqdmlsl;
/* tr_simd_fp.c */
simd_core core_fadd, core_fmul, core_fmla, core_fmls, core_fmulx;
int simd_float_3(struct ctx *c, simd_core *core, int32_t rd, bp_value n, bp_value m);

/* The lanes whose sign `mask` says negated: bit i of it is of lane i modulo 2. */
bp_value simd_negated(struct ctx *c, struct shape s, unsigned mask, bp_value v);
/* The helper for each lane of the shape; b and z may be 0. */
bp_value simd_each(struct ctx *c, struct shape s, unsigned op, unsigned number, bp_value a,
                   bp_value b, bp_value z);

#endif
