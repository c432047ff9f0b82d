/* SPDX-License-Identifier: MIT */
/*
 * test_ops.c: every op of the IR, on every type, in every way its operands can come (memory,
 * registers that live on, constants), against the exact functions, for special values in all pairs
 * and some at random. Usage: test_ops [features mask]
 */
#include "generate.h"

#include "tcg-runtime/ir/ir.h"

#include <stdlib.h>
#include <string.h>

static struct rig *rig;
static struct prog *prog;
static struct gen gen = { .seed = 42 };
static unsigned long checks;

static const uint64_t ints[] = {
    0, 1, 2, 3, 5, 31, 32, 33, 63, 64, 127, 128, 255, 256, 0x7fff, 0xffff, 0x7fffffff, 0x80000000u,
    0xffffffffu, UINT64_C(0x100000000), UINT64_C(0xffffffff80000000), UINT64_C(0xffffffff7fffffff),
    INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX, UINT64_MAX - 1, (uint64_t)-128, (uint64_t)-129,
    UINT64_C(0x0123456789abcdef),
};
#define N_INTS (sizeof ints / sizeof *ints)

enum way { WAY_MEMORY, WAY_LIVE, WAY_SAME, WAY_B_CONST, WAY_A_CONST, WAYS };

static unsigned reg_of(unsigned type, unsigned n)
{
    return n + (type == BP_I64 ? R_I64 : type == BP_F64 ? R_F64 : type == BP_I32 ? R_I32 : R_F32);
}

struct op_case {
    unsigned op, type, aux, n; /* n operands */
    unsigned in[3];            /* their types */
    enum way way;
    uint64_t k[3];             /* constants */
    bool canon;
};

/* Operands in registers 1, 2, 3 of their types; the result to register 0. */
static void build(const struct op_case *c)
{
    uint32_t v[3] = { 0 };
    prog_init(prog);
    p_mark(prog, 0);
    for (unsigned i = 0; i < c->n; i++) {
        bool constant = (c->way == WAY_B_CONST && i == 1) || (c->way == WAY_A_CONST && i == 0);
        if (constant)
            v[i] = p_const(prog, c->in[i], c->k[i] & ir_type_mask[c->in[i]]);
        else if (c->way == WAY_SAME && i && c->in[i] == c->in[0])
            v[i] = v[0];
        else
            v[i] = p_emit(prog, BP_GET, c->in[i], reg_of(c->in[i], i + 1), 0, 0, 0);
    }
    uint32_t x = p_emit(prog, c->op, c->type, c->aux, v[0], v[1], v[2]);
    if (c->canon)
        x = p_emit(prog, BP_FCANON, c->type, 0, x, 0, 0);
    p_emit(prog, BP_PUT, BP_VOID, reg_of(c->type, 0), x, 0, 0);
    if (c->way == WAY_LIVE) /* still wanted afterwards */
        for (unsigned i = 0; i < c->n; i++)
            p_emit(prog, BP_PUT, BP_VOID, reg_of(c->in[i], 4 + i), v[i], 0, 0);
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0, 0));
    int err = rig_compile(rig, prog);
    if (err) {
        printf("%s: compile: %d\n", ir_ops[c->op].name, err);
        exit(1);
    }
}

static void run(const struct op_case *c, const uint64_t v[3], unsigned rounding)
{
    uint64_t a[3];
    for (unsigned i = 0; i < 3; i++)
        a[i] = v[i] & (i < c->n ? ir_type_mask[c->in[i]] : 0);
    for (unsigned i = 0; i < c->n; i++)
        rig_set(rig, reg_of(c->in[i], i + 1), a[i]);
    if (c->way == WAY_SAME)
        for (unsigned i = 1; i < c->n; i++)
            if (c->in[i] == c->in[0])
                a[i] = a[0];
    if (c->way == WAY_B_CONST)
        a[1] = c->k[1] & ir_type_mask[c->in[1]];
    if (c->way == WAY_A_CONST)
        a[0] = c->k[0] & ir_type_mask[c->in[0]];
    rig_set_rounding(rig, rounding);
    struct bp_ir r = { .op = (uint8_t)c->op, .type = (uint8_t)c->type, .aux = (uint16_t)c->aux };
    uint32_t flags = 0, none = 0;
    memcpy(rig->env + rig->slots.fp_flags, &none, 4);
    uint64_t want = tcg_exact(rig->env, a[0], a[1], a[2], bp_exact_how(&r, c->in[0]), &rig->slots);
    memcpy(&flags, rig->env + rig->slots.fp_flags, 4);
    struct outcome o = rig_run(rig);
    uint64_t got = rig_get(rig, reg_of(c->type, 0));
    bool kept = true;
    for (unsigned i = 0; c->way == WAY_LIVE && i < c->n; i++)
        kept = kept && rig_get(rig, reg_of(c->in[i], 4 + i)) == a[i];
    checks++;
    if (got == want && o.flags == flags && o.kind == OUT_EXIT && kept)
        return;
    printf("%s aux %#x type %u from %u way %d rounding %u: %#llx %#llx %#llx gives %#llx "
           "flags %#x, not %#llx flags %#x%s\n", ir_ops[c->op].name, c->aux, c->type, c->in[0],
           c->way, rounding, (unsigned long long)a[0], (unsigned long long)a[1], (unsigned long long)a[2],
           (unsigned long long)got, o.flags, (unsigned long long)want, flags,
           kept ? "" : ", operands lost");
    prog_print(prog, stdout);
    rig_count(rig, true, stdout);
    exit(1);
}

/* ---- integers -------------------------------------------------------------------------------- */

static void int_case(unsigned op, unsigned type, unsigned aux, unsigned n, unsigned from)
{
    struct op_case c = { .op = op, .type = type, .aux = aux, .n = n, .in = { from, from, from } };
    if (op == BP_SELECT)
        c.in[1] = c.in[2] = type;
    for (c.way = WAY_MEMORY; c.way < WAYS; c.way++) {
        bool constant = c.way == WAY_A_CONST || c.way == WAY_B_CONST;
        if (c.way == WAY_B_CONST && n < 2)
            continue;
        for (unsigned k = 0; k < (constant ? N_INTS : 1); k++) {
            c.k[0] = c.k[1] = ints[k];
            build(&c);
            for (unsigned i = 0; i < N_INTS; i++)
                for (unsigned j = 0; j < (n > 1 && !constant ? N_INTS : 1); j++) {
                    uint64_t v[3] = { ints[i], constant ? ints[i] : ints[j], ~ints[i] };
                    run(&c, v, BP_ROUND_NEAREST_EVEN);
                }
        }
    }
}

static void fields(unsigned type)
{
    unsigned bits = type == BP_I64 ? 64 : 32;
    for (unsigned position = 0; position < bits; position += position % 8 == 7 || position % 8 == 0
                                                               ? 1 : 3)
        for (unsigned length = 1; position + length <= bits; length++) {
            if (length > 9 && length % 8 && length % 8 != 7 && position + length != bits)
                continue;
            for (unsigned op = BP_EXTRACT_U; op <= BP_INSERT; op++) {
                struct op_case c = { .op = op, .type = type, .aux = position | length << 8,
                                     .n = op == BP_INSERT ? 2 : 1, .in = { type, type } };
                for (c.way = WAY_MEMORY; c.way <= WAY_SAME; c.way++) {
                    build(&c);
                    for (unsigned i = 0; i < 4; i++) {
                        uint64_t v[3] = { rnd(&gen), rnd(&gen) };
                        run(&c, v, BP_ROUND_NEAREST_EVEN);
                    }
                }
            }
        }
}

static void all_ints(void)
{
    for (unsigned type = BP_I32; type <= BP_I64; type++) {
        for (unsigned op = BP_ADD; op <= BP_ANDN; op++)
            int_case(op, type, 0, 2, type);
        int_case(BP_NOT, type, 0, 1, type);
        int_case(BP_NEG, type, 0, 1, type);
        for (unsigned op = BP_SHL; op <= BP_ROTR; op++)
            int_case(op, type, 0, 2, type);
        for (unsigned op = BP_CLZ; op <= BP_BSWAP; op++)
            int_case(op, type, 0, 1, type);
        for (unsigned from = BP_I32; from <= BP_I64; from++) {
            for (unsigned cond = BP_EQ; cond <= BP_GTU; cond++)
                int_case(BP_CMP, type, cond, 2, from);
            int_case(BP_SELECT, type, 0, 3, from);
        }
        fields(type);
    }
    int_case(BP_TRUNC, BP_I32, 0, 1, BP_I64);
    int_case(BP_ZEXT, BP_I64, 0, 1, BP_I32);
    int_case(BP_SEXT, BP_I64, 0, 1, BP_I32);
}

/* ---- floats ---------------------------------------------------------------------------------- */

#define N_FLOATS 40

static void float_values(unsigned type, uint64_t v[N_FLOATS])
{
    struct gen g = { .seed = 1 };
    for (unsigned i = 0; i < N_FLOATS; i++)
        v[i] = ir_is_float(type) ? rnd_float(&g, type == BP_F64) : ints[i % N_INTS];
    if (type == BP_F64) {
        v[0] = UINT64_C(0x7ff0000000000000);
        v[1] = UINT64_C(0x8000000000000000);
        v[2] = 0;
        v[3] = UINT64_C(0x7ff0000000000001);
        v[4] = UINT64_C(0x7ff8000000000001);
    } else if (type == BP_F32) {
        v[0] = 0x7f800000;
        v[1] = 0x80000000u;
        v[2] = 0;
        v[3] = 0x7f800001;
        v[4] = 0x7fc00001;
    }
}

static void float_case(unsigned op, unsigned type, unsigned aux, unsigned n, unsigned from,
                       bool rounds)
{
    static const uint8_t modes[] = { BP_ROUND_NEAREST_EVEN, BP_ROUND_ZERO, BP_ROUND_DOWN,
                                     BP_ROUND_UP };
    struct op_case c = { .op = op, .type = type, .aux = aux, .n = n, .in = { from, from, from },
                         .canon = ir_is_float(type) && ir_ops[op].flags & IR_FLOAT &&
                                  !(aux & BP_NAN_KEEP) };
    uint64_t v[N_FLOATS];
    if (op == BP_FMIN || op == BP_FMAX || op == BP_I2F)
        c.canon = false;
    float_values(from, v);
    for (c.way = WAY_MEMORY; c.way < WAYS; c.way++) {
        bool constant = c.way == WAY_A_CONST || c.way == WAY_B_CONST;
        if (c.way == WAY_B_CONST && n < 2)
            continue;
        for (unsigned k = 0; k < (constant ? 12 : 1); k++) {
            c.k[0] = c.k[1] = v[k];
            build(&c);
            for (unsigned i = 0; i < N_FLOATS * (n > 1 ? N_FLOATS : 1); i++) {
                unsigned third = n > 2 ? (unsigned)rnd(&gen) % N_FLOATS : 0;
                uint64_t a[3] = { v[i % N_FLOATS], v[i / N_FLOATS], v[third] };
                if (n > 2 && i % 3 == 0) /* 0 * infinity + quiet NaN and its like */
                    a[2] = v[4];
                for (unsigned m = 0; m < (rounds ? 4 : 1); m++)
                    run(&c, a, modes[m]);
            }
        }
    }
}

/* fcanon of these is needed before anything else may look: they stand for computed results. */
static void all_floats(void)
{
    for (unsigned type = BP_F32; type <= BP_F64; type++) {
        unsigned other = type == BP_F64 ? BP_F32 : BP_F64, same = type == BP_F64 ? BP_I64 : BP_I32;
        for (unsigned n = 0; n <= 2 * BP_ROUND_NEAREST_AWAY + 1; n++) {
            unsigned m = n >> 1 | (n & 1 ? BP_NAN_KEEP : 0);
            bool dynamic = n >> 1 == BP_ROUND_DYNAMIC;
            for (unsigned op = BP_FADD; op <= BP_FDIV; op++)
                float_case(op, type, m, 2, type, dynamic);
            float_case(BP_FSQRT, type, m, 1, type, dynamic);
            float_case(BP_FMADD, type, m, 3, type, dynamic);
            float_case(BP_FCVT, other, m, 1, type, dynamic);
            for (unsigned flag = 0; flag <= 0x80; flag += 0x80) {
                float_case(BP_FROUND, type, m | flag, 1, type, dynamic);
                for (unsigned it = BP_I32; it <= BP_I64; it++) {
                    float_case(BP_F2I, it, m | flag, 1, type, dynamic);
                    float_case(BP_I2F, type, (m | flag) & 0xff, 1, it, dynamic);
                }
            }
        }
        for (unsigned op = BP_FNEG; op <= BP_FCOPYSIGN; op++)
            float_case(op, type, 0, op == BP_FCOPYSIGN ? 2 : 1, type, false);
        for (unsigned rule = BP_FMIN_2019; rule <= BP_FMIN_NAN_CANON; rule++) {
            float_case(BP_FMIN, type, rule, 2, type, false);
            float_case(BP_FMAX, type, rule, 2, type, false);
        }
        for (unsigned it = BP_I32; it <= BP_I64; it++)
            for (unsigned cond = BP_FEQ; cond <= BP_FUNORDERED; cond++)
                float_case(BP_FCMP, it, cond, 2, type, false);
        float_case(BP_FCANON, type, 0, 1, type, false);
        float_case(BP_BITCAST, type, 0, 1, same, false);
        float_case(BP_BITCAST, same, 0, 1, type, false);
    }
    float_case(BP_FBOX, BP_F64, 0, 1, BP_F32, false);
    float_case(BP_FUNBOX, BP_F32, 0, 1, BP_F64, false);
}

/* Values of unboxing that are boxed. */
static void unbox(void)
{
    struct op_case c = { .op = BP_FUNBOX, .type = BP_F32, .n = 1, .in = { BP_F64 } };
    for (c.way = WAY_MEMORY; c.way <= WAY_LIVE; c.way++) {
        build(&c);
        for (unsigned i = 0; i < 100; i++) {
            uint64_t v[3] = { rnd_float(&gen, false) | UINT64_C(0xffffffff00000000) };
            run(&c, v, BP_ROUND_NEAREST_EVEN);
        }
    }
}

int main(int argc, char **argv)
{
    uint64_t mask = argc > 1 ? strtoull(argv[1], NULL, 0) : UINT64_MAX;
    rig = rig_new(NULL, mask);
    prog = malloc(sizeof *prog);
    if (!rig || !prog)
        return 1;
    rig_reset(rig);
    all_ints();
    all_floats();
    unbox();
    printf("%lu results, features %#llx: as the exact functions\n", checks,
           (unsigned long long)rig->features);
    free(prog);
    rig_free(rig);
    return 0;
}
