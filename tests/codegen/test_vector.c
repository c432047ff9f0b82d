/* SPDX-License-Identifier: MIT */
/*
 * test_vector.c: every vector op, at every width of lanes and with every number, against the
 * runtime's function, with operands in memory and in registers, alone, the same twice, and living
 * on; loads and stores of vectors on good, slow and faulting pages. Of ciphers and hashes the
 * runtime's functions themselves, by the standards' examples. Usage: test_vector [features]
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

static bool has_floats(unsigned op) { return ir_ops[op].flags & IR_FLOAT; }

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
    bool is_float = has_floats(op) && op != BP_VI2F;
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
        for (unsigned i = 0; i < (has_floats(op) ? 400 : 30); i++)
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
    case BP_VAESROUND: case BP_VAESLAST: case BP_VAESMIX: case BP_VSHA256: return 2;
    case BP_VCLMUL: return 4;
    default: return 1;
    }
}

static bool exists(unsigned op, unsigned log2)
{
    switch (op) {
    case BP_VSXT: case BP_VZXT: case BP_VMULLS: case BP_VMULLU: case BP_VREV: return log2 < 3;
    case BP_VQNSS: case BP_VQNSU: case BP_VQNUU: return log2 > 0;
    case BP_VAESROUND: case BP_VAESLAST: case BP_VAESMIX: return log2 == 0;
    case BP_VCLMUL: return log2 == 3;
    case BP_VSHA256: case BP_VSHA256M1: case BP_VSHA256M2: return log2 == 2;
    default: return !has_floats(op) || log2 >= 2;
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
    for (unsigned op = BP_VGET; op < BP_CARRY; op++)
        for (unsigned log2 = 0; log2 < 4; log2++) {
            unsigned first, n = exists(op, log2) ? numbers(op, log2, &first) : 0;
            for (unsigned k = 0; k < n; k++) {
                unsigned aux = BP_V(log2, first + k);
                if (op == BP_VGET || op == BP_VSET || op == BP_VZEXT || op == BP_VDUP)
                    scalars(op, aux);
                else if (has_floats(op))
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

/* ---- known answers --------------------------------------------------------------------------- */

static struct vec exact(unsigned op, unsigned aux, struct vec a, struct vec b, struct vec c)
{
    struct bp_ir r = { .op = (uint8_t)op, .type = BP_V128, .aux = (uint16_t)aux };
    tcg_vector(rig->env, &c, &a, &b, bp_exact_how(&r, BP_V128), &rig->slots);
    return c;
}

static struct vec xor(struct vec a, struct vec b)
{
    return (struct vec){ { a.half[0] ^ b.half[0], a.half[1] ^ b.half[1] } };
}

static void known(const char *what, struct vec got, struct vec want)
{
    checks++;
    if (!memcmp(&got, &want, sizeof got))
        return;
    printf("%s: %016llx%016llx\n", what, (unsigned long long)got.half[1],
           (unsigned long long)got.half[0]);
    exit(1);
}

/* The bytes in the order in which the standards print them. */
static struct vec bytes(uint64_t first, uint64_t second)
{
    return (struct vec){ { __builtin_bswap64(first), __builtin_bswap64(second) } };
}

/* FIPS 197, appendix B: the cipher with its key expansion, and back by the equivalent inverse. */
static void known_aes(void)
{
    const struct vec zero = { { 0, 0 } };
    const struct vec in = bytes(UINT64_C(0x3243f6a8885a308d), UINT64_C(0x313198a2e0370734));
    const struct vec out = bytes(UINT64_C(0x3925841d02dc09fb), UINT64_C(0xdc118597196a0b32));
    struct vec key[11] = { bytes(UINT64_C(0x2b7e151628aed2a6), UINT64_C(0xabf7158809cf4f3c)) }, v;
    unsigned constant = 1;
    for (unsigned i = 1; i < 11; i++, constant = constant << 1 ^ (constant >> 7) * 0x11b) {
        uint32_t w[4], t;
        memcpy(w, &key[i - 1], 16);
        v.half[0] = v.half[1] = w[3] | (uint64_t)w[3] << 32; /* all columns, so no row moves */
        t = (uint32_t)exact(BP_VAESLAST, 0, v, zero, zero).half[0];
        t = (t >> 8 | t << 24) ^ constant;
        for (unsigned k = 0; k < 4; k++)
            t = w[k] ^= t;
        memcpy(&key[i], w, 16);
    }
    v = xor(in, key[0]);
    for (unsigned i = 1; i < 10; i++)
        v = exact(BP_VAESROUND, BP_V(0, 0), v, key[i], zero);
    known("aes", exact(BP_VAESLAST, BP_V(0, 0), v, key[10], zero), out);
    v = xor(out, key[10]);
    for (unsigned i = 9; i > 0; i--)
        v = exact(BP_VAESROUND, BP_V(0, 1), v, exact(BP_VAESMIX, BP_V(0, 1), key[i], zero, zero),
                  zero);
    known("aes back", exact(BP_VAESLAST, BP_V(0, 1), v, key[0], zero), in);
    known("aes columns", exact(BP_VAESMIX, 0, exact(BP_VAESMIX, BP_V(0, 1), in, zero, zero), zero, zero),
          in);
}

/* FIPS 180-4 of "abc", one block of sixteen words; constants are roots of primes. */
static void known_sha256(void)
{
    static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2,
    };
    const struct vec zero = { { 0, 0 } };
    const struct vec feba = { { UINT64_C(0x510e527f9b05688c), UINT64_C(0x6a09e667bb67ae85) } };
    const struct vec hgdc = { { UINT64_C(0x1f83d9ab5be0cd19), UINT64_C(0x3c6ef372a54ff53a) } };
    struct vec w[16] = { { { 0x61626380, 0 } }, { { 0, 0 } }, { { 0, 0 } },
                         { { 0, UINT64_C(0x1800000000) } } };
    struct vec x = feba, y = hgdc;
    for (unsigned i = 0; i < 16; i++) {
        struct vec sum, constants;
        if (i >= 4) {
            w[i] = exact(BP_VSHA256M1, BP_V(2, 0), w[i - 4], w[i - 3], zero);
            w[i] = exact(BP_VADD, BP_V(2, 0), w[i],
                         exact(BP_VEXT, BP_V(0, 4), w[i - 2], w[i - 1], zero), zero);
            w[i] = exact(BP_VSHA256M2, BP_V(2, 0), w[i], w[i - 1], zero);
        }
        memcpy(&constants, k + 4 * i, 16);
        sum = exact(BP_VADD, BP_V(2, 0), w[i], constants, zero);
        y = exact(BP_VSHA256, BP_V(2, 0), x, y, sum);
        x = exact(BP_VSHA256, BP_V(2, 1), y, x, sum);
    }
    known("sha256 abef", exact(BP_VADD, BP_V(2, 0), x, feba, zero),
          (struct vec){ { UINT64_C(0xb00361a396177a9c), UINT64_C(0xba7816bf8f01cfea) } });
    known("sha256 cdgh", exact(BP_VADD, BP_V(2, 0), y, hgdc, zero),
          (struct vec){ { UINT64_C(0xb410ff61f20015ad), UINT64_C(0x414140de5dae2223) } });
}

/* Bit by bit. */
static void known_products(void)
{
    for (unsigned n = 0; n < 400; n++) {
        struct vec a = { { rnd(&gen), rnd(&gen) } }, b = { { rnd(&gen), rnd(&gen) } }, want;
        unsigned which = n & 3;
        unsigned __int128 sum = 0, x = a.half[which & 1];
        for (unsigned i = 0; i < 64; i++)
            if (b.half[which >> 1] >> i & 1)
                sum ^= x << i;
        want = (struct vec){ { (uint64_t)sum, (uint64_t)(sum >> 64) } };
        known("vclmul", exact(BP_VCLMUL, BP_V(3, which), a, b, a), want);
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
    known_aes();
    known_sha256();
    known_products();
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
