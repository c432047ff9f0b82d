/* SPDX-License-Identifier: MIT */
/* fp.h: what the files of exact floating point (fp*.c) share: binary formats, NaNs, flushing. */
#ifndef AARCH64_FP_H
#define AARCH64_FP_H

#include "cpu.h"

#include <backplane/softfloat.h>

struct number {
    bool nan, signalling, infinite, zero, subnormal, negative;
};

/* A binary format in 64 bits. */
struct format {
    unsigned bits, fraction_bits;
    uint64_t sign, infinity;
};
extern const struct format single_format, double_format, half_format;

static inline struct number look(const struct format *f, uint64_t v)
{
    uint64_t magnitude = v & ~f->sign;

    return (struct number){
        .nan = magnitude > f->infinity,
        .signalling = magnitude > f->infinity && !(v >> (f->fraction_bits - 1) & 1),
        .infinite = magnitude == f->infinity,
        .zero = magnitude == 0,
        .subnormal = magnitude != 0 && magnitude < UINT64_C(1) << f->fraction_bits,
        .negative = v & f->sign,
    };
}

static inline uint64_t flushed(struct bp_fp *fp, const struct format *f, uint64_t v)
{
    if (!(fp->flush & BP_FP_FLUSH_INPUTS) || !look(f, v).subnormal)
        return v;
    fp->flags |= BP_FP_INPUT_FLUSHED;
    return v & f->sign;
}

static inline uint64_t default_nan(const struct format *f)
{
    return f->infinity | UINT64_C(1) << (f->fraction_bits - 1);
}

/* A NaN operand's result. */
static inline uint64_t nan_result(struct bp_fp *fp, const struct format *f, uint64_t v)
{
    if (look(f, v).signalling)
        fp->flags |= BP_FP_INVALID;
    return fp->nan_rule == BP_FP_NAN_DEFAULT ? default_nan(f)
                                             : v | UINT64_C(1) << (f->fraction_bits - 1);
}

/* fp_half.c: half precision, of FPCR's FZ16 in fp->flush; operations that are the same in all
 * formats are not here. */
uint64_t half_operate(struct bp_fp *fp, unsigned op, unsigned number, uint64_t a, uint64_t b,
                      uint64_t c);
/* Two halves multiplied, added to a single; FZ16 flushes the halves. */
uint64_t half_to_single_fma(struct bp_fp *fp, bool flush_halves, uint64_t a, uint64_t b,
                            uint64_t c);

/* fp_bf16.c */
uint64_t single_to_bf16(struct bp_fp *fp, uint64_t a);

#endif
