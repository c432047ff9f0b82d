/* SPDX-License-Identifier: MIT */
/*
 * test_random.c: random IR through a backend against the plain evaluator: same way out, registers,
 * memory, float flags. Usage: test_random [programs [first seed [features mask [plugin]]]]; without
 * a plugin all sets of features are tried.
 *
 * Each program runs compiled normally and with randomised register allocation. A difference prints
 * the program.
 */
#include "generate.h"

#include "tcg-runtime/ir/ir.h"

#include <stdlib.h>
#include <string.h>

struct state {
    uint8_t env[ENV_BYTES], ram[RAM_BYTES];
};

static struct state before, expected;

static void random_state(struct rig *r, struct gen *g)
{
    static const uint8_t modes[] = { BP_ROUND_NEAREST_EVEN, BP_ROUND_ZERO, BP_ROUND_DOWN,
                                     BP_ROUND_UP };
    rig_reset(r);
    for (unsigned i = 0; i < N_REGS; i++) {
        bool f64 = rig_regs[i].type == BP_F64, f32 = rig_regs[i].type == BP_F32;
        uint64_t v = f64 || f32 ? rnd_float(g, f64) : rnd_int(g);
        if (f64 && rnd(g) % 3 == 0)
            v = rnd_float(g, false) | UINT64_C(0xffffffff00000000);
        rig_set(r, i, v);
    }
    rig_set(r, R_I64 + 31, 0); /* the generator adds these two to addresses */
    rig_set(r, R_I32 + 7, 0);
    for (unsigned i = 0; i < RAM_BYTES; i += 8) {
        uint64_t v = i % 64 ? (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15) : rnd(g);
        memcpy(r->ram + i, &v, 8);
    }
    rig_set_rounding(r, rnd(g) % 2 ? BP_ROUND_NEAREST_EVEN : modes[rnd(g) % 4]);
    rig_set_interrupt(r, rnd(g) % 4 == 0);
    memcpy(before.env, r->env, ENV_BYTES);
    memcpy(before.ram, r->ram, RAM_BYTES);
}

static bool same_memory(const struct rig *r, const struct outcome *o, const struct outcome *e)
{
    bool same = true;
    for (unsigned i = 0; i < N_REGS; i++) {
        unsigned at = rig_regs[i].offset, n = ir_type_bits[rig_regs[i].type] / 8;
        if (memcmp(r->env + at, expected.env + at, n)) {
            uint64_t want = 0;
            memcpy(&want, expected.env + at, n < sizeof want ? n : sizeof want);
            printf("  %s is %#llx, not %#llx\n", rig_regs[i].name,
                   (unsigned long long)rig_get(r, i), (unsigned long long)want);
            same = false;
        }
    }
    if (o->kind != OUT_FAULT && memcmp(r->env + PC_OFFSET, expected.env + PC_OFFSET, 8)) {
        printf("  pc is %#llx\n", (unsigned long long)rig_pc(r));
        same = false;
    }
    if (memcmp(r->env + COUNTER_OFFSET, expected.env + COUNTER_OFFSET, 8)) {
        printf("  the counter is %#llx\n", (unsigned long long)rig_counter(r));
        same = false;
    }
    for (unsigned i = 0; i < RAM_BYTES; i++)
        if (r->ram[i] != expected.ram[i]) {
            printf("  memory at %#llx is %#x, not %#x\n", (unsigned long long)RAM_VA + i, r->ram[i],
                   expected.ram[i]);
            same = false;
            break;
        }
    if (o->kind != e->kind || o->exit != e->exit || o->why != e->why || o->mark != e->mark ||
        o->flags != e->flags) {
        printf("  left by %d %u %u %u flags %#x, not %d %u %u %u flags %#x\n", o->kind, o->exit,
               o->why, o->mark, o->flags, e->kind, e->exit, e->why, e->mark, e->flags);
        same = false;
    }
    return same;
}

static bool compare(struct rig *r, const struct prog *p, const struct outcome *e, uint32_t seed)
{
    if (r->alloc)
        tcg_alloc_randomise(r->alloc, seed);
    int err = rig_compile(r, p);
    if (err) {
        printf("compile: %d (random %u)\n", err, seed);
        return false;
    }
    memcpy(r->env, before.env, ENV_BYTES);
    memcpy(r->ram, before.ram, RAM_BYTES);
    struct outcome o = rig_run(r);
    if (same_memory(r, &o, e))
        return true;
    printf("with random allocation %u\n", seed);
    return false;
}

/* ---- making a failing program small ---------------------------------------------------------- */

static bool quiet_same(struct rig *r, const struct prog *p, uint32_t seed)
{
    memcpy(r->env, before.env, ENV_BYTES);
    memcpy(r->ram, before.ram, RAM_BYTES);
    struct outcome e = rig_oracle(r, p);
    if (e.kind == OUT_ENDLESS)
        return true;
    memcpy(expected.env, r->env, ENV_BYTES);
    memcpy(expected.ram, r->ram, RAM_BYTES);
    fflush(stdout);
    FILE *out = stdout;
    stdout = fopen("/dev/null", "w");
    bool same = compare(r, p, &e, seed);
    fclose(stdout);
    stdout = out;
    return same;
}

static bool used(const struct prog *p, uint32_t v)
{
    for (uint32_t i = 1; i < p->n; i++) {
        const struct bp_ir *r = &p->ir[i];
        unsigned n = ir_ops[r->op].operands;
        if ((n > 0 && r->a == v) || (n > 1 && r->b == v) || (n > 2 && r->c == v))
            return true;
    }
    return false;
}

static void reduce(struct rig *r, struct prog *p, uint32_t seed)
{
    for (int round = 0; round < 3; round++)
        for (uint32_t i = p->n - 2; i > 1; i--) {
            struct bp_ir old[8];
            unsigned n = p->ir[i].op == BP_CALL ? p->ir[i].aux + 1u : 1, type = p->ir[i].type;
            if (p->ir[i].op == BP_NOP || p->ir[i].op == BP_ARG || p->ir[i].op == BP_CONST)
                if (p->ir[i].op != BP_CONST || used(p, i))
                    continue;
            memcpy(old, &p->ir[i + 1 - n], n * sizeof *old);
            memset(&p->ir[i + 1 - n], 0, n * sizeof *old);
            if (type != BP_VOID && used(p, i))
                p->ir[i] = (struct bp_ir){ .op = BP_CONST, .type = (uint8_t)type };
            if (quiet_same(r, p, seed))
                memcpy(&p->ir[i + 1 - n], old, n * sizeof *old);
        }
    if (!quiet_same(r, p, seed)) {
        memcpy(r->env, before.env, ENV_BYTES);
        memcpy(r->ram, before.ram, RAM_BYTES);
        struct outcome e = rig_oracle(r, p);
        compare(r, p, &e, seed);
    }
}

static bool one(struct rig *r, uint64_t seed, struct prog *p)
{
    struct gen g = { .seed = seed, .floats = seed % 4 != 0 };
    unsigned lengths[] = { 12, 30, 60, 120, 250, 600 };
    generate(&g, p, lengths[rnd(&g) % 6]);
    random_state(r, &g);
    r->chained = rnd(&g) % 4;
    struct outcome e = rig_oracle(r, p);
    memcpy(expected.env, r->env, ENV_BYTES);
    memcpy(expected.ram, r->ram, RAM_BYTES);
    uint32_t random = 0;
    if (compare(r, p, &e, 0)) {
        random = (uint32_t)seed * 2 + 1;
        if (compare(r, p, &e, random))
            return true;
    }
    printf("made smaller:\n");
    reduce(r, p, random);
    printf("seed %llu features %#llx\n", (unsigned long long)seed,
           (unsigned long long)r->features);
    prog_print(p, stdout);
    rig_count(r, true, stdout);
    return false;
}

static int many(const char *plugin, uint64_t mask, unsigned long n, unsigned long long first)
{
    struct rig *r = rig_new(plugin, mask);
    struct prog *p = malloc(sizeof *p);
    if (!r || !p)
        return 1;
    for (unsigned long i = 0; i < n; i++)
        if (!one(r, first + i, p))
            return 1;
    printf("%lu programs, features %#llx: same as the evaluator\n", n,
           (unsigned long long)r->features);
    free(p);
    rig_free(r);
    return 0;
}

int main(int argc, char **argv)
{
    /* all; none; AVX without FMA; BMI alone; SSE4.1 alone */
    static const uint64_t masks[] = { UINT64_MAX, 0, 0x10, 3, 0x40 };
    unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 3000;
    unsigned long long first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    if (argc > 3)
        return many(argc > 4 ? argv[4] : NULL, strtoull(argv[3], NULL, 0), n, first);
    for (unsigned i = 0; i < sizeof masks / sizeof *masks; i++)
        if (many(NULL, masks[i], n, first))
            return 1;
    return 0;
}
