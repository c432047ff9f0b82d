/* SPDX-License-Identifier: MIT */
/* flags.c: the condition flags worked out from what they come from (cpu.h). */
#include "cpu.h"

static uint32_t pack(bool n, bool z, bool c, bool v)
{
    return (n ? FLAG_N : 0u) | (z ? FLAG_Z : 0u) | (c ? FLAG_C : 0u) | (v ? FLAG_V : 0u);
}

/* Of a + b + carry. 32-bit operands lie in the upper halves, what is below does not carry into
 * them. */
static uint32_t of_sum(uint64_t a, uint64_t b, uint64_t carry, bool wide)
{
    unsigned up = wide ? 0 : 32;
    uint64_t x = a << up, y = b << up, r = x + y + (carry << up);
    bool c = ((x & y) | ((x | y) & ~r)) >> 63;
    bool v = ((x ^ r) & (y ^ r)) >> 63;

    return pack(r >> 63, r == 0, c, v);
}

static double as_double(uint64_t bits)
{
    union {
        uint64_t u;
        double d;
    } v = { bits };
    return v.d;
}

static double as_single(uint64_t bits)
{
    union {
        uint32_t u;
        float f;
    } v = { (uint32_t)bits };
    return (double)v.f;
}

/* NaNs are told by their bits, so that the host's flags stay as they are. */
static bool is_nan(uint64_t bits, bool wide)
{
    return wide ? bits << 1 > UINT64_C(0xffe0000000000000) : (uint32_t)bits << 1 > 0xff000000u;
}

static uint32_t of_floats(uint64_t a, uint64_t b, bool wide)
{
    double x, y;

    if (is_nan(a, wide) || is_nan(b, wide))
        return FLAG_C | FLAG_V;
    x = wide ? as_double(a) : as_single(a);
    y = wide ? as_double(b) : as_single(b);
    return x == y ? FLAG_Z | FLAG_C : x < y ? FLAG_N : FLAG_C;
}

uint32_t flags_nzcv(const struct a64_cpu *cpu)
{
    bool wide = cpu->cc_op & 1;
    uint64_t a = cpu->cc_a, b = cpu->cc_b;

    switch (cpu->cc_op & ~1u) {
    case CC_SUB32: return of_sum(a, ~b, 1, wide);
    case CC_ADD32: return of_sum(a, b, 0, wide);
    case CC_ADC32: return of_sum(a, b, cpu->cc_c, wide);
    case CC_LOGIC32: return of_sum(a, 0, 0, wide);
    case CC_FCMP32: return of_floats(a, b, wide);
    default: return (uint32_t)a;
    }
}

void flags_set_nzcv(struct a64_cpu *cpu, uint32_t nzcv)
{
    cpu->cc_op = CC_NZCV;
    cpu->cc_a = nzcv & 0xf0000000u;
}

static uint32_t nzcv(const void *env) { return flags_nzcv(env); }
const struct bp_helper helper_nzcv = {
    "nzcv", (void (*)(void))nzcv, BP_I32, 0, { 0 }, BP_CALL_ENV | BP_CALL_READS_STATE,
};
