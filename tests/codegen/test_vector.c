/* SPDX-License-Identifier: MIT */
/*
 * test_vector.c: every vector op, at every width of lanes and with every number, against the
 * runtime's function, with operands in memory and in registers, alone, the same twice, and living
 * on; loads and stores of vectors on good, slow and faulting pages. Usage: test_vector [features]
 */
#include "generate.h"

#include "tcg-runtime/ir/ir.h"

#include <stdlib.h>
#include <string.h>

static struct rig *rig;
static struct prog *prog;
static struct gen gen = { .seed = 7 };
static unsigned long checks;

struct vec {
    uint64_t half[2];
};

static struct vec *vreg(unsigned n) { return (struct vec *)(void *)(rig->env + V128_OFFSET + 16 * n); }

static uint64_t interesting(unsigned log2, bool is_float)
{
    static const uint64_t some[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
                                     0x80000000u, 0xffffffffu };
    uint64_t v = 0;
    if (is_float)
        return log2 == 3 ? rnd_float(&gen, true)
                         : rnd_float(&gen, false) | (uint64_t)rnd_float(&gen, false) << 32;
    for (unsigned at = 0; at < 64; at += 8u << log2) {
        uint64_t x = rnd(&gen);
        if (x & 1)
            x = some[(x >> 8) % (sizeof some / sizeof *some)];
        if (x >> 1 & 1)
            x = 0 - x;
        v |= (log2 == 3 ? x : x & ((UINT64_C(1) << (8u << log2)) - 1)) << at;
    }
    return v;
}

enum way { WAY_MEMORY, WAY_LIVE, WAY_SAME, WAY_COMPUTED, WAYS };

static unsigned scalar_reg(unsigned type, unsigned n)
{
    return n + (type == BP_I64 ? R_I64 : type == BP_F64 ? R_F64 : type == BP_I32 ? R_I32 : R_F32);
}

/* Operands in vector registers 1 to 3 (scalars in registers 1, 2 of their type), result in 0. */
static void build(unsigned op, unsigned type, unsigned aux, const unsigned in[3], enum way way)
{
    unsigned n = ir_ops[op].operands;
    uint32_t v[3] = { 0 };
    prog_init(prog);
    p_mark(prog, 0);
    for (unsigned i = 0; i < n; i++) {
        unsigned reg = in[i] == BP_V128 ? R_V128 + i + 1 : scalar_reg(in[i], i + 1);
        v[i] = way == WAY_SAME && i && in[i] == in[0] ? v[0]
                                                      : p_emit(prog, BP_GET, in[i], reg, 0, 0, 0);
    }
    for (unsigned i = 0; way == WAY_COMPUTED && i < n; i++) /* in registers only */
        if (in[i] == BP_V128)
            v[i] = p_emit(prog, BP_VXOR, BP_V128, BP_V(3, 0), v[i],
                          p_const(prog, BP_V128, UINT64_C(0x0101010101010101)), 0);
    uint32_t x = p_emit(prog, op, type, aux, v[0], v[1], v[2]);
    p_emit(prog, BP_PUT, BP_VOID, type == BP_V128 ? R_V128 : scalar_reg(type, 0), x, 0, 0);
    for (unsigned i = 0; way == WAY_LIVE && i < n; i++)
        if (in[i] == BP_V128)
            p_emit(prog, BP_PUT, BP_VOID, R_V128 + 4 + i, v[i], 0, 0);
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0, 0));
    int err = rig_compile(rig, prog);
    if (err) {
        printf("%s: compile: %d\n", ir_ops[op].name, err);
        exit(1);
    }
}

static void give_up(const char *what, const struct vec v[3], const struct vec *got,
                    const struct vec *want, uint32_t got_flags, uint32_t flags)
{
    printf("%s", what);
    for (unsigned i = 0; i < 3; i++)
        printf(" %016llx%016llx", (unsigned long long)v[i].half[1], (unsigned long long)v[i].half[0]);
    printf(" gives %016llx%016llx flags %#x, not %016llx%016llx flags %#x\n",
           (unsigned long long)got->half[1], (unsigned long long)got->half[0], got_flags,
           (unsigned long long)want->half[1], (unsigned long long)want->half[0], flags);
    prog_print(prog, stdout);
    rig_count(rig, true, stdout);
    exit(1);
}

static void run(unsigned op, unsigned type, unsigned aux, const unsigned in[3], enum way way,
                unsigned rounding)
{
    unsigned n = ir_ops[op].operands, log2 = BP_V_LOG2(aux);
    bool is_float = op >= BP_VFADD && op != BP_VI2F;
    struct vec v[3], want, got = { { 0, 0 } };
    uint32_t none = 0, flags;
    for (unsigned i = 0; i < 3; i++)
        for (unsigned h = 0; h < 2; h++)
            v[i].half[h] = interesting(log2, is_float);
    for (unsigned i = 0; i < n; i++) {
        if (in[i] == BP_V128)
            *vreg(i + 1) = v[i];
        else
            rig_set(rig, scalar_reg(in[i], i + 1), v[i].half[0] & ir_type_mask[in[i]]);
        if (way == WAY_SAME && in[i] == in[0])
            v[i] = v[0];
        for (unsigned h = 0; way == WAY_COMPUTED && h < 2 && in[i] == BP_V128; h++)
            v[i].half[h] ^= UINT64_C(0x0101010101010101);
    }
    struct bp_ir r = { .op = (uint8_t)op, .type = (uint8_t)type, .aux = (uint16_t)aux };
    rig_set_rounding(rig, rounding);
    memcpy(rig->env + rig->slots.fp_flags, &none, 4);
    want = v[2];
    tcg_vector(rig->env, &want, &v[0], &v[1], bp_exact_how(&r, in[op == BP_VSET]), &rig->slots);
    memcpy(&flags, rig->env + rig->slots.fp_flags, 4);
    struct outcome o = rig_run(rig);
    if (type == BP_V128) {
        got = *vreg(0);
    } else {
        got.half[0] = rig_get(rig, scalar_reg(type, 0));
        want.half[1] = 0;
    }
    checks++;
    char what[80];
    snprintf(what, sizeof what, "%s aux %#x way %d rounding %u:", ir_ops[op].name, aux, way, rounding);
    bool kept = true;
    for (unsigned i = 0; way == WAY_LIVE && i < n; i++)
        kept = kept && (in[i] != BP_V128 || !memcmp(vreg(4 + i), &v[i], 16));
    if (memcmp(&got, &want, 16) || o.flags != flags || o.kind != OUT_EXIT || !kept)
        give_up(what, v, &got, &want, o.flags, flags);
}

static void one(unsigned op, unsigned type, unsigned aux, unsigned a, unsigned b)
{
    static const uint8_t modes[] = { BP_ROUND_NEAREST_EVEN, BP_ROUND_ZERO, BP_ROUND_DOWN,
                                     BP_ROUND_UP };
    const unsigned in[3] = { a, b, BP_V128 };
    for (enum way way = WAY_MEMORY; way < WAYS; way++) {
        build(op, type, aux, in, way);
        for (unsigned i = 0; i < (op >= BP_VFADD ? 400 : 30); i++)
            run(op, type, aux, in, way, modes[i % 4]);
    }
}

/* Numbers that an op takes at this width: their count, and the first. */
static unsigned numbers(unsigned op, unsigned log2, unsigned *ret_first)
{
    *ret_first = 0;
    switch (op) {
    case BP_VGET: case BP_VSET: case BP_VDUPL: return 16u >> log2;
    case BP_VSHL: case BP_VSHRU: case BP_VSHRS: return 8u << log2;
    case BP_VEXT: return 16;
    case BP_VREV: *ret_first = log2 + 1; return 3 - log2;
    case BP_VFMIN: case BP_VFMAX: return BP_FMIN_NAN_CANON + 1;
    case BP_VFCMP: return BP_FUNORDERED + 1;
    default: return 1;
    }
}

static bool exists(unsigned op, unsigned log2)
{
    switch (op) {
    case BP_VSXT: case BP_VZXT: case BP_VMULLS: case BP_VMULLU: case BP_VREV: return log2 < 3;
    case BP_VQNSS: case BP_VQNSU: case BP_VQNUU: return log2 > 0;
    default: return op < BP_VFADD || log2 >= 2;
    }
}

static void scalars(unsigned op, unsigned aux)
{
    unsigned log2 = BP_V_LOG2(aux), f = log2 == 3 ? BP_F64 : BP_F32;
    for (unsigned t = BP_I32; t <= BP_I64; t++) {
        if (8u << log2 > ir_type_bits[t])
            continue;
        if (op == BP_VGET) {
            one(op, t, aux, BP_V128, 0);
            one(op, t, aux | BP_V_SIGNED, BP_V128, 0);
        } else if (op == BP_VSET) {
            one(op, BP_V128, aux, BP_V128, t);
        } else {
            one(op, BP_V128, aux, t, 0);
        }
    }
    if (log2 >= 2 && op == BP_VGET)
        one(op, f, aux, BP_V128, 0);
    if (log2 >= 2 && op == BP_VSET)
        one(op, BP_V128, aux, BP_V128, f);
    if (log2 >= 2 && op == BP_VZEXT)
        one(op, BP_V128, aux, f, 0);
}

static void floats(unsigned op, unsigned aux)
{
    for (unsigned canon = 0; canon <= BP_V_CANON; canon += BP_V_CANON)
        for (unsigned m = BP_ROUND_DYNAMIC; m <= BP_ROUND_NEAREST_AWAY; m++) {
            if (op == BP_VF2I || op == BP_VFROUND)
                for (unsigned flag = 0; flag <= 0x80; flag += 0x80)
                    one(op, BP_V128, aux | canon | BP_V(0, m | flag), BP_V128, BP_V128);
            else if (op == BP_VI2F)
                for (unsigned flag = 0; flag <= 0x80; flag += 0x80)
                    one(op, BP_V128, aux | canon | BP_V_ROUNDING(m) | BP_V(0, flag), BP_V128,
                        BP_V128);
            else
                one(op, BP_V128, aux | canon | BP_V_ROUNDING(m), BP_V128, BP_V128);
        }
}

static void all_ops(void)
{
    for (unsigned op = BP_VGET; op <= BP_VFROUND; op++)
        for (unsigned log2 = 0; log2 < 4; log2++) {
            unsigned first, n = exists(op, log2) ? numbers(op, log2, &first) : 0;
            for (unsigned k = 0; k < n; k++) {
                unsigned aux = BP_V(log2, first + k);
                if (op == BP_VGET || op == BP_VSET || op == BP_VZEXT || op == BP_VDUP)
                    scalars(op, aux);
                else if (op >= BP_VFADD)
                    floats(op, aux);
                else
                    one(op, BP_V128, aux, BP_V128, BP_V128);
            }
        }
}

/* A load or store of 16 bytes at every place that matters; a fault leaves everything as it was. */
static void memory(bool store)
{
    static const unsigned pages[] = { 0, PAGE_READ_ONLY, PAGE_SLOW, PAGE_SLOW + 1, PAGE_FAULT - 1 };
    prog_init(prog);
    p_mark(prog, 0);
    uint32_t at = p_emit(prog, BP_GET, BP_I64, R_I64 + 1, 0, 0, 0), v;
    if (store) {
        v = p_emit(prog, BP_GET, BP_V128, R_V128 + 1, 0, 0, 0);
        p_emit(prog, BP_STORE, BP_VOID, BP_MEM_SIZE(4), at, v, 8);
    } else {
        v = p_emit(prog, BP_LOAD, BP_V128, BP_MEM_SIZE(4), at, 0, 8);
        p_emit(prog, BP_PUT, BP_VOID, R_V128, v, 0, 0);
    }
    p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0, 0));
    if (rig_compile(rig, prog)) {
        printf("memory: does not compile\n");
        exit(1);
    }
    for (unsigned p = 0; p < sizeof pages / sizeof *pages; p++)
        for (unsigned offset = 0; offset < 4096; offset += offset < 4064 && offset > 48 ? 1000 : 1) {
            uint64_t place = pages[p] * 4096 + offset;
            struct vec old = { { rnd(&gen), rnd(&gen) } }, new = { { rnd(&gen), rnd(&gen) } };
            bool bad = place + 16 > PAGE_FAULT * 4096 ||
                       (store && place + 16 > PAGE_READ_ONLY * 4096 && place < PAGE_SLOW * 4096);
            rig_set(rig, R_I64 + 1, RAM_VA + place - 8);
            memcpy(rig->ram + place, &old, 16);
            *vreg(0) = *vreg(1) = new;
            struct outcome o = rig_run(rig);
            struct vec *want = store ? &new : &old, got;
            memcpy(&got, store ? (void *)(rig->ram + place) : (void *)vreg(0), 16);
            checks++;
            if (o.kind != (bad ? OUT_FAULT : OUT_EXIT) || (!bad && memcmp(&got, want, 16)) ||
                (bad && memcmp(vreg(0), &new, 16))) {
                printf("%s at %#llx: kind %d\n", store ? "store" : "load", (unsigned long long)place,
                       o.kind);
                exit(1);
            }
        }
}

/* A vector's lowest lane as the operand of a scalar op that the runtime does. */
static void lowest_lane(void)
{
    for (unsigned way = 0; way < 2; way++) {
        prog_init(prog);
        p_mark(prog, 0);
        uint32_t v = p_emit(prog, BP_GET, BP_V128, R_V128 + 1, 0, 0, 0);
        if (way) /* in a register, not in memory */
            v = p_emit(prog, BP_VOR, BP_V128, BP_V(3, 0), v, p_const(prog, BP_V128, 0), 0);
        uint32_t x = p_emit(prog, BP_VGET, BP_F64, BP_V(3, 0), v, 0, 0);
        x = p_emit(prog, BP_FROUND, BP_F64, BP_ROUND_NEAREST_AWAY | BP_NAN_KEEP, x, 0, 0);
        p_emit(prog, BP_PUT, BP_VOID, R_F64, x, 0, 0);
        p_emit(prog, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(prog, 0, 0));
        *vreg(1) = (struct vec){ { UINT64_C(0x4004000000000000), 1 } }; /* 2.5 */
        if (rig_compile(rig, prog) || rig_run(rig).kind != OUT_EXIT ||
            rig_get(rig, R_F64) != UINT64_C(0x4008000000000000)) {
            printf("lowest lane: way %u: 2.5 rounds to %#llx\n", way,
                   (unsigned long long)rig_get(rig, R_F64));
            exit(1);
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
    all_ops();
    memory(false);
    memory(true);
    lowest_lane();
    printf("%lu results, features %#llx: as the exact functions\n", checks,
           (unsigned long long)rig->features);
    free(prog);
    rig_free(rig);
    return 0;
}
