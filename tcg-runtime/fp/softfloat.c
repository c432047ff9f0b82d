/* SPDX-License-Identifier: MIT */
/*
 * softfloat.c: the functions of backplane/softfloat.h for each format: unpack, compute, pack.
 */
#include "softfloat.h"

#include "arith.h"
#include "convert.h"

#define FLATTEN __attribute__((flatten)) static
#define UNPACK(f, v) unpack(fp, &format_##f, v)
#define PACK(f, type, n) ((type)pack(fp, &format_##f, (const struct num[]){ n }))

#define DEFINE_OPS(f, type)                                                                        \
    FLATTEN type f##_add(struct bp_fp *fp, type a, type b)                                         \
    {                                                                                              \
        return PACK(f, type, num_add(fp, UNPACK(f, a), UNPACK(f, b), false));                      \
    }                                                                                              \
    FLATTEN type f##_sub(struct bp_fp *fp, type a, type b)                                         \
    {                                                                                              \
        return PACK(f, type, num_add(fp, UNPACK(f, a), UNPACK(f, b), true));                       \
    }                                                                                              \
    FLATTEN type f##_mul(struct bp_fp *fp, type a, type b)                                         \
    {                                                                                              \
        return PACK(f, type, num_mul(fp, UNPACK(f, a), UNPACK(f, b)));                             \
    }                                                                                              \
    FLATTEN type f##_div(struct bp_fp *fp, type a, type b)                                         \
    {                                                                                              \
        return PACK(f, type, num_div(fp, UNPACK(f, a), UNPACK(f, b)));                             \
    }                                                                                              \
    FLATTEN type f##_sqrt(struct bp_fp *fp, type a)                                                \
    {                                                                                              \
        return PACK(f, type, num_sqrt(fp, UNPACK(f, a)));                                          \
    }                                                                                              \
    FLATTEN type f##_fma(struct bp_fp *fp, type a, type b, type c, uint32_t negate)                \
    {                                                                                              \
        struct num n = num_fma(fp, UNPACK(f, a), UNPACK(f, b), UNPACK(f, c), negate);              \
        bool flip = negate & BP_FP_NEGATE_RESULT && !num_is_nan(&n);                               \
        return PACK(f, type, n) ^ (type)flip << (8 * sizeof(type) - 1);                            \
    }                                                                                              \
    FLATTEN int32_t f##_compare(struct bp_fp *fp, type a, type b, uint32_t signalling)             \
    {                                                                                              \
        struct num x = UNPACK(f, a), y = UNPACK(f, b);                                             \
        return num_compare(fp, &x, &y, signalling);                                                \
    }                                                                                              \
    FLATTEN type f##_minmax(struct bp_fp *fp, type a, type b, uint32_t how)                        \
    {                                                                                              \
        struct bp_fp unflushed = { .size = sizeof unflushed }; /* the operand as it is */          \
        struct num n = num_minmax(fp, UNPACK(f, a), UNPACK(f, b), how);                            \
        return (type)pack(&unflushed, &format_##f, &n);                                            \
    }                                                                                              \
    FLATTEN type f##_round_int(struct bp_fp *fp, type a, uint32_t rounding, uint32_t exact)        \
    {                                                                                              \
        return PACK(f, type, num_round_int(fp, UNPACK(f, a), rounding, exact));                    \
    }                                                                                              \
    FLATTEN uint64_t f##_to_int(struct bp_fp *fp, type a, uint32_t int_type, int32_t scale,        \
                               uint32_t rounding)                                                  \
    {                                                                                              \
        return num_to_int(fp, UNPACK(f, a), int_type, scale, rounding);                            \
    }                                                                                              \
    FLATTEN type f##_from_int(struct bp_fp *fp, uint64_t value, uint32_t int_type, int32_t scale)  \
    {                                                                                              \
        return PACK(f, type, num_from_int(value, int_type, scale));                                \
    }

#define DEFINE_CONVERT(from, from_type, to, to_type)                                               \
    FLATTEN to_type from##_to_##to(struct bp_fp *fp, from_type a)                                  \
    {                                                                                              \
        return PACK(to, to_type, num_convert(fp, UNPACK(from, a)));                                \
    }

#define OPS(f)                                                                                     \
    .f##_add = f##_add, .f##_sub = f##_sub, .f##_mul = f##_mul, .f##_div = f##_div,                \
    .f##_sqrt = f##_sqrt, .f##_fma = f##_fma, .f##_compare = f##_compare,                          \
    .f##_minmax = f##_minmax, .f##_round_int = f##_round_int, .f##_to_int = f##_to_int,            \
    .f##_from_int = f##_from_int

DEFINE_OPS(f32, uint32_t)
DEFINE_OPS(f64, uint64_t)
DEFINE_CONVERT(f16, uint16_t, f32, uint32_t)
DEFINE_CONVERT(f16, uint16_t, f64, uint64_t)
DEFINE_CONVERT(f32, uint32_t, f16, uint16_t)
DEFINE_CONVERT(f32, uint32_t, f64, uint64_t)
DEFINE_CONVERT(f64, uint64_t, f16, uint16_t)
DEFINE_CONVERT(f64, uint64_t, f32, uint32_t)

const struct bp_softfloat_api tcg_softfloat_api = {
    .size = sizeof(struct bp_softfloat_api),
    OPS(f32),
    OPS(f64),
    .f16_to_f32 = f16_to_f32,
    .f16_to_f64 = f16_to_f64,
    .f32_to_f16 = f32_to_f16,
    .f32_to_f64 = f32_to_f64,
    .f64_to_f16 = f64_to_f16,
    .f64_to_f32 = f64_to_f32,
};
