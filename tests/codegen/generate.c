/* SPDX-License-Identifier: MIT */
/* generate.c: random programs that obey the IR's contract. */
#include "generate.h"

#include "tcg-runtime/ir/ir.h"

#include <string.h>

uint64_t rnd(struct gen *g)
{
    uint64_t z = g->seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static unsigned below_n(struct gen *g, unsigned n) { return (unsigned)(rnd(g) % n); }

uint64_t rnd_int(struct gen *g)
{
    static const uint64_t special[] = {
        0, 1, 2, 7, 8, 31, 32, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
        0x80000000u, 0xffffffffu, UINT64_C(0x100000000), UINT64_C(0xffffffff80000000), INT64_MAX,
        (uint64_t)INT64_MIN, UINT64_MAX, UINT64_MAX - 1, (uint64_t)-128, (uint64_t)-129,
    };
    switch (below_n(g, 4)) {
    case 0: return special[below_n(g, sizeof special / sizeof *special)];
    case 1: return below_n(g, 2) ? rnd(g) & 0xff : -(rnd(g) & 0xff);
    case 2: return rnd(g) >> below_n(g, 64);
    default: return rnd(g);
    }
}

uint64_t rnd_float(struct gen *g, bool f64)
{
    static const uint64_t f64s[] = {
        0, UINT64_C(0x8000000000000000), UINT64_C(0x3ff0000000000000), UINT64_C(0xbff0000000000000),
        UINT64_C(0x7ff0000000000000), UINT64_C(0xfff0000000000000), UINT64_C(0x7ff8000000000000),
        UINT64_C(0x7ff0000000000001), UINT64_C(0xfff8000000000123), 1, UINT64_C(0x800fffffffffffff),
        UINT64_C(0x0010000000000000), UINT64_C(0x7fefffffffffffff), UINT64_C(0x43e0000000000000),
        UINT64_C(0xc3e0000000000000), UINT64_C(0x41dfffffffc00000), UINT64_C(0x41e0000000000000),
        UINT64_C(0xc1e0000000000000), UINT64_C(0x41efffffffe00000), UINT64_C(0x41f0000000000000),
        UINT64_C(0x43f0000000000000), UINT64_C(0x3fe0000000000000), UINT64_C(0xbfe0000000000000),
        UINT64_C(0x4008000000000000), UINT64_C(0xc1e0000000200000), UINT64_C(0xc1e0000000100000),
        UINT64_C(0x41efffffffe80000),
    };
    static const uint32_t f32s[] = {
        0, 0x80000000u, 0x3f800000, 0xbf800000u, 0x7f800000, 0xff800000u, 0x7fc00000, 0x7f800001,
        0xffc01234u, 1, 0x807fffffu, 0x00800000, 0x7f7fffff, 0x5f000000, 0xdf000000u, 0x4f000000,
        0x4effffff, 0xcf000000u, 0x4f800000, 0x4f7fffff, 0x5f800000, 0x3f000000, 0xbf000000u,
    };
    switch (below_n(g, 4)) {
    case 0:
        return f64 ? f64s[below_n(g, sizeof f64s / sizeof *f64s)]
                   : f32s[below_n(g, sizeof f32s / sizeof *f32s)];
    case 1: return f64 ? rnd(g) : rnd(g) & 0xffffffffu;
    default: { /* numbers of ordinary size */
        uint64_t e = 1023 - 40 + below_n(g, 80), e32 = 127 - 40 + below_n(g, 80);
        return f64 ? (rnd(g) & UINT64_C(0x800fffffffffffff)) | e << 52
                   : (rnd(g) & 0x807fffffu) | e32 << 23;
    }
    }
}

static void keep(struct gen *g, unsigned type, uint32_t v)
{
    struct pool *p = &g->pool[type];
    if (p->n == POOL_MAX)
        p->v[below_n(g, POOL_MAX)] = v;
    else
        p->v[p->n++] = v;
}

static void keep_raw(struct gen *g, unsigned type, uint32_t v)
{
    struct pool *p = &g->raw[type];
    if (p->n == POOL_MAX)
        p->v[below_n(g, POOL_MAX)] = v;
    else
        p->v[p->n++] = v;
}

/* A value that may be used anywhere; made where there is none. */
static uint32_t any(struct gen *g, unsigned type)
{
    struct pool *p = &g->pool[type];
    if (p->n == 0 || below_n(g, 8) == 0) {
        uint32_t v;
        if (below_n(g, 2)) {
            unsigned base = type == BP_I64 ? R_I64 : type == BP_F64 ? R_F64
                            : type == BP_I32 ? R_I32 : R_F32;
            unsigned n = type == BP_I64 ? N_I64 : type == BP_F64 ? N_F64 : 8;
            v = p_emit(g->p, BP_GET, type, base + below_n(g, n), 0, 0, 0);
        } else {
            uint64_t c = ir_is_float(type) ? rnd_float(g, type == BP_F64) : rnd_int(g);
            v = p_const(g->p, type, type == BP_I32 || type == BP_F32 ? (uint32_t)c : c);
        }
        keep(g, type, v);
        return v;
    }
    /* newer values more often */
    unsigned a = below_n(g, p->n), b = below_n(g, p->n);
    return p->v[a > b ? a : b];
}

static uint32_t any_float(struct gen *g, unsigned type)
{
    struct pool *p = &g->raw[type];
    return p->n && below_n(g, 3) ? p->v[below_n(g, p->n)] : any(g, type);
}

static unsigned int_type(struct gen *g) { return below_n(g, 3) ? BP_I64 : BP_I32; }
static unsigned float_type(struct gen *g) { return below_n(g, 2) ? BP_F64 : BP_F32; }

static uint32_t shift_count(struct gen *g, unsigned t)
{
    return below_n(g, 2) ? p_const(g->p, t, below_n(g, 64)) : any(g, t);
}

static void gen_int(struct gen *g)
{
    static const uint8_t two[] = { BP_ADD, BP_SUB, BP_MUL, BP_MULHU, BP_MULHS, BP_MULHSU, BP_DIVU,
                                   BP_DIVS, BP_REMU, BP_REMS, BP_AND, BP_OR, BP_XOR, BP_ANDN,
                                   BP_ADD, BP_SUB, BP_AND, BP_OR, BP_XOR };
    static const uint8_t shifts[] = { BP_SHL, BP_SHR, BP_SAR, BP_ROTL, BP_ROTR };
    static const uint8_t one[] = { BP_NOT, BP_NEG, BP_CLZ, BP_CTZ, BP_POPCNT, BP_BSWAP };
    unsigned t = int_type(g), bits = t == BP_I64 ? 64 : 32;
    uint32_t v = 0;
    switch (below_n(g, 10)) {
    case 0: case 1: case 2: case 3: {
        unsigned op = two[below_n(g, sizeof two)];
        uint32_t a = any(g, t);
        uint32_t b = below_n(g, 4) == 0 ? p_const(g->p, t, t == BP_I64 ? rnd_int(g)
                                                                       : (uint32_t)rnd_int(g))
                                        : any(g, t);
        v = p_emit(g->p, op, t, 0, a, b, 0);
        break;
    }
    case 4: {
        unsigned op = shifts[below_n(g, sizeof shifts)];
        uint32_t a = any(g, t), b = shift_count(g, t);
        v = p_emit(g->p, op, t, 0, a, b, 0);
        break;
    }
    case 5: v = p_emit(g->p, one[below_n(g, sizeof one)], t, 0, any(g, t), 0, 0); break;
    case 6: {
        unsigned op = below_n(g, 3);
        unsigned position = below_n(g, 3) ? 8 * below_n(g, bits / 8) : below_n(g, bits);
        unsigned length = 1 + below_n(g, bits - position);
        if (below_n(g, 2) && position + 8 <= bits)
            length = position + 16 <= bits && below_n(g, 2) ? 16 : 8;
        uint32_t a = any(g, t), b = op == 2 ? any(g, t) : 0;
        v = p_emit(g->p, BP_EXTRACT_U + op, t, position | length << 8, a, b, 0);
        break;
    }
    case 7: {
        unsigned from = int_type(g);
        uint32_t a = any(g, from), b = below_n(g, 3) ? any(g, from) : p_const(g->p, from, 0);
        v = p_emit(g->p, BP_CMP, t, below_n(g, 10), a, b, 0);
        if (below_n(g, 2)) {
            keep(g, t, v);
            unsigned rt = below_n(g, 4) ? t : float_type(g);
            uint32_t yes = any(g, rt), no = any(g, rt);
            v = p_emit(g->p, BP_SELECT, rt, 0, v, yes, no);
            t = rt;
        }
        break;
    }
    case 8: {
        unsigned from = int_type(g), rt = below_n(g, 4) ? t : float_type(g);
        uint32_t a = any(g, from), yes = any(g, rt), no = any(g, rt);
        v = p_emit(g->p, BP_SELECT, rt, 0, a, yes, no);
        t = rt;
        break;
    }
    default:
        if (below_n(g, 2)) {
            v = p_emit(g->p, BP_TRUNC, BP_I32, 0, any(g, BP_I64), 0, 0);
            t = BP_I32;
        } else {
            v = p_emit(g->p, below_n(g, 2) ? BP_ZEXT : BP_SEXT, BP_I64, 0, any(g, BP_I32), 0, 0);
            t = BP_I64;
        }
        break;
    }
    keep(g, t, v);
}

/* Static modes now and then, so that the exact functions are used too. */
static unsigned mode(struct gen *g)
{
    return below_n(g, 8) ? BP_ROUND_DYNAMIC : 1 + below_n(g, 5);
}

static void gen_float_bits(struct gen *g)
{
    unsigned t = float_type(g), it = t == BP_F64 ? BP_I64 : BP_I32;
    switch (below_n(g, 6)) {
    case 0: keep(g, t, p_emit(g->p, BP_FNEG + below_n(g, 2), t, 0, any(g, t), 0, 0)); break;
    case 1: {
        uint32_t a = any(g, t), b = any(g, t);
        keep(g, t, p_emit(g->p, BP_FCOPYSIGN, t, 0, a, b, 0));
        break;
    }
    case 2: keep(g, t, p_emit(g->p, BP_BITCAST, t, 0, any(g, it), 0, 0)); break;
    case 3: keep(g, it, p_emit(g->p, BP_BITCAST, it, 0, any(g, t), 0, 0)); break;
    case 4: keep(g, BP_F64, p_emit(g->p, BP_FBOX, BP_F64, 0, any(g, BP_F32), 0, 0)); break;
    default: keep(g, BP_F32, p_emit(g->p, BP_FUNBOX, BP_F32, 0, any(g, BP_F64), 0, 0)); break;
    }
}

static void gen_float(struct gen *g)
{
    unsigned t = float_type(g), it = int_type(g);
    uint32_t v, a = any_float(g, t), b, c;
    switch (below_n(g, 12)) {
    case 0: case 1: case 2:
        b = any_float(g, t);
        v = p_emit(g->p, BP_FADD + below_n(g, 4), t, mode(g), a, b, 0);
        break;
    case 3: v = p_emit(g->p, BP_FSQRT, t, mode(g), a, 0, 0); break;
    case 4:
        b = any_float(g, t);
        c = any_float(g, t);
        v = p_emit(g->p, BP_FMADD, t, mode(g), a, b, c);
        break;
    case 5: {
        /* fmin and fmax take any bits, and give no raw NaN */
        uint32_t x = any(g, t), y = any(g, t);
        keep(g, t, p_emit(g->p, BP_FMIN + below_n(g, 2), t, 0, x, y, 0));
        return;
    }
    case 6:
        b = any_float(g, t);
        keep(g, it, p_emit(g->p, BP_FCMP, it, below_n(g, 6), a, b, 0));
        return;
    case 7:
        t = t == BP_F64 ? BP_F32 : BP_F64;
        v = p_emit(g->p, BP_FCVT, t, mode(g), a, 0, 0);
        break;
    case 8: case 9: {
        unsigned m = below_n(g, 2) ? BP_ROUND_ZERO : mode(g);
        keep(g, it, p_emit(g->p, BP_F2I, it, m | (below_n(g, 2) ? 0x80 : 0), a, 0, 0));
        return;
    }
    case 10:
        a = any(g, it);
        keep(g, t, p_emit(g->p, BP_I2F, t, mode(g) | (below_n(g, 2) ? 0x80 : 0), a, 0, 0));
        return;
    default:
        v = p_emit(g->p, BP_FROUND, t, mode(g) | (below_n(g, 2) ? 0x80 : 0), a, 0, 0);
        break;
    }
    keep_raw(g, t, v);
    if (below_n(g, 2))
        keep(g, t, p_emit(g->p, BP_FCANON, t, 0, v, 0, 0));
}

static uint32_t address(struct gen *g, int32_t *ret_disp)
{
    if (g->address && below_n(g, 2)) { /* near the one before */
        *ret_disp = below_n(g, 8) ? (int32_t)below_n(g, 512) - 256
                                  : (int32_t)below_n(g, 16384) - 8192;
        return g->address;
    }
    unsigned page = below_n(g, 12) ? below_n(g, 8) : below_n(g, RAM_PAGES);
    uint64_t va = RAM_VA + 4096 * page + below_n(g, 4096);
    unsigned t = below_n(g, 4) ? BP_I64 : BP_I32;
    if (below_n(g, 2))
        va &= ~UINT64_C(15);
    *ret_disp = below_n(g, 2) ? (int32_t)below_n(g, 256) - 128 : 0;
    uint32_t v = p_const(g->p, t, va - (uint64_t)(int64_t)(below_n(g, 2) ? 0 : *ret_disp));
    if (below_n(g, 2)) { /* not a constant to the allocator */
        uint32_t zero = p_emit(g->p, BP_GET, t, t == BP_I64 ? R_I64 + 31 : R_I32 + 7, 0, 0, 0);
        v = p_emit(g->p, BP_ADD, t, 0, v, zero, 0);
    }
    g->address = v;
    return v;
}

static void gen_memory(struct gen *g)
{
    int32_t disp;
    uint32_t a = address(g, &disp);
    unsigned t = int_type(g), log2 = below_n(g, t == BP_I64 ? 4 : 3);
    unsigned memop = log2 | BP_MEM_MMU(below_n(g, 2));
    if (below_n(g, 4) == 0)
        memop |= BP_MEM_ALIGNED;
    if (below_n(g, 6) == 0)
        memop |= BP_MEM_BIG_ENDIAN;
    if (below_n(g, 4) == 0)
        memop |= BP_MEM_ACQUIRE | (below_n(g, 2) ? BP_MEM_RELEASE : 0);
    switch (below_n(g, 6)) {
    case 0: case 1:
        if (below_n(g, 2))
            memop |= BP_MEM_SIGNED;
        keep(g, t, p_emit(g->p, BP_LOAD, t, memop, a, 0, (uint32_t)disp));
        break;
    case 2: case 3: p_emit(g->p, BP_STORE, BP_VOID, memop, a, any(g, t), (uint32_t)disp); break;
    case 4: {
        unsigned ft = float_type(g);
        memop = (memop & ~(BP_MEM_SIZE_MASK | BP_MEM_BIG_ENDIAN)) | (ft == BP_F64 ? 3 : 2);
        if (below_n(g, 2))
            keep(g, ft, p_emit(g->p, BP_LOAD, ft, memop, a, 0, (uint32_t)disp));
        else
            p_emit(g->p, BP_STORE, BP_VOID, memop, a, any(g, ft), (uint32_t)disp);
        break;
    }
    default:
        memop |= BP_MEM_ALIGNED;
        if (below_n(g, 2))
            memop |= BP_MEM_SIGNED;
        if (below_n(g, 2)) {
            uint32_t v = any(g, t);
            v = p_emit(g->p, BP_RMW, t, memop, a, v, below_n(g, 9));
            keep(g, t, v);
        } else { /* mostly with what is there */
            uint32_t x = any(g, t), y = any(g, t);
            if (below_n(g, 2))
                x = p_emit(g->p, BP_LOAD, t, memop, a, 0, 0);
            keep(g, t, p_emit(g->p, BP_CAS, t, memop, a, x, y));
        }
        if (t == BP_I32 && below_n(g, 2)) /* is the upper half clean? */
            keep(g, BP_I64, p_emit(g->p, BP_ZEXT, BP_I64, 0, g->p->n - 1, 0, 0));
        break;
    }
}

static void gen_put(struct gen *g)
{
    unsigned t = below_n(g, 4) ? BP_I64 : 3 + below_n(g, 4);
    unsigned base = t == BP_I64 ? R_I64 : t == BP_F64 ? R_F64 : t == BP_I32 ? R_I32 : R_F32;
    unsigned n = t == BP_I64 ? 12 : t == BP_F64 ? 6 : 4; /* few, so that they are put again */
    p_emit(g->p, BP_PUT, BP_VOID, base + below_n(g, n), any(g, t), 0, 0);
}

/* A NaN that the host makes, put to a register that a site sees and that is then put again. */
static void gen_seen_nan(struct gen *g)
{
    unsigned t = float_type(g), reg = (t == BP_F64 ? R_F64 : R_F32) + below_n(g, 4);
    uint32_t inf = p_const(g->p, t, t == BP_F64 ? UINT64_C(0x7ff0000000000000) : 0x7f800000);
    uint32_t v = p_emit(g->p, BP_FSUB, t, 0, inf, below_n(g, 2) ? inf : any_float(g, t), 0);
    p_emit(g->p, BP_PUT, BP_VOID, reg, p_emit(g->p, BP_FCANON, t, 0, v, 0, 0), 0, 0);
    for (unsigned n = below_n(g, 4); n > 0; n--)
        gen_memory(g);
    p_emit(g->p, BP_PUT, BP_VOID, reg, any(g, t), 0, 0);
}

static void gen_call(struct gen *g)
{
    uint32_t a[6];
    const struct bp_helper *all[] = { &help_add, &help_sum, &help_write, &help_raise, &help_fp,
                                      &help_six };
    const struct bp_helper *h = all[below_n(g, 6)];
    for (unsigned i = 0; i < h->args; i++)
        a[i] = any(g, h->arg_type[i]);
    if (h == &help_raise && below_n(g, 4)) /* mostly harmless */
        a[0] = p_const(g->p, BP_I32, below_n(g, 1000) * 2);
    uint32_t v = p_call(g->p, h, h->args, a);
    if (h->ret)
        keep(g, h->ret, v);
}

/* ---- loops ------------------------------------------------------------------------------------- */

#define R_ROUND (R_I64 + 30) /* nothing else puts it */

/* At most three rounds. */
static void gen_round(struct gen *g)
{
    uint32_t old = p_emit(g->p, BP_GET, BP_I64, R_ROUND, 0, 0, 0);
    old = p_emit(g->p, BP_AND, BP_I64, 0, old, p_const(g->p, BP_I64, 7), 0);
    g->round = p_emit(g->p, BP_SHR, BP_I64, 0, old, p_const(g->p, BP_I64, 1), 0);
    p_emit(g->p, BP_PUT, BP_VOID, R_ROUND, g->round, 0, 0);
}

/* Some of the registers whose value is known, in any order. */
static void gen_carries(struct gen *g)
{
    uint32_t now[N_REGS] = { 0 };
    for (uint32_t i = 1; i < g->p->n; i++) {
        const struct bp_ir *r = &g->p->ir[i];
        if (r->op == BP_PUT)
            now[r->aux] = r->a;
        else if (r->op == BP_GET && !now[r->aux])
            now[r->aux] = i;
        else if (r->op == BP_CALL && g->p->helpers[r->c]->flags & BP_CALL_WRITES_STATE)
            memset(now, 0, sizeof now);
    }
    unsigned first = below_n(g, N_REGS), some = below_n(g, 3);
    for (unsigned k = 0; k < N_REGS; k++) {
        unsigned reg = (first + k) % N_REGS;
        if (now[reg] && (!some || below_n(g, 3) < some))
            p_emit(g->p, BP_CARRY, BP_VOID, reg, now[reg], 0, 0);
    }
}

static void gen_repeat(struct gen *g)
{
    uint32_t more = g->round;
    if (below_n(g, 2))
        more = p_emit(g->p, BP_AND, BP_I64, 0, more, any(g, BP_I64), 0);
    uint32_t zero = p_const(g->p, BP_I64, 0);
    gen_carries(g);
    p_emit(g->p, BP_EXIT_IF, BP_VOID, BP_NE, more, zero,
           p_exit_number(g->p, 0x1000, BP_EXIT_LOOP | BP_EXIT_REPEAT));
}

static void gen_endless(struct gen *g)
{
    uint32_t zero = p_const(g->p, BP_I64, 0);
    p_emit(g->p, BP_EXIT_IF, BP_VOID, BP_EQ, g->round, zero, p_exit_number(g->p, 0x2000, 0));
    gen_carries(g);
    p_emit(g->p, BP_EXIT, BP_VOID, 0, 0, 0,
           p_exit_number(g->p, 0x1000, BP_EXIT_LOOP | BP_EXIT_REPEAT));
}

static void gen_end(struct gen *g)
{
    unsigned flags = below_n(g, 3);
    switch (below_n(g, 4)) {
    case 0: {
        unsigned t = int_type(g);
        p_emit(g->p, BP_EXIT_TO, BP_VOID, 0, any(g, t), 0, 0);
        break;
    }
    case 1:
        p_emit(g->p, BP_LEAVE, BP_VOID, below_n(g, 3), 0, 0,
               below_n(g, 2) ? UINT32_MAX : p_exit_number(g->p, rnd_int(g), 0));
        break;
    default: p_emit(g->p, BP_EXIT, BP_VOID, 0, 0, 0, p_exit_number(g->p, rnd_int(g), flags)); break;
    }
}

void generate(struct gen *g, struct prog *p, unsigned length)
{
    static const uint32_t flags[] = { 0, 0, BP_EXIT_LOOP, BP_EXIT_LOOKUP,
                                      BP_EXIT_LOOP | BP_EXIT_LOOKUP };
    memset(g->pool, 0, sizeof g->pool);
    memset(g->raw, 0, sizeof g->raw);
    g->p = p;
    g->address = 0;
    prog_init(p);
    p_mark(p, 0x1000);
    g->round = 0;
    if (below_n(g, 3) == 0)
        gen_round(g);
    while (p->n < length) {
        unsigned what = below_n(g, 32);
        if (what < 9)
            gen_int(g);
        else if (what < 14 && g->floats)
            gen_float(g);
        else if (what < 16 && g->floats)
            gen_float_bits(g);
        else if (what < 20)
            gen_memory(g);
        else if (what < 26)
            gen_put(g);
        else if (what == 26)
            gen_call(g);
        else if (what == 27)
            p_mark(p, 0x1000 + 4 * p->n);
        else if (what == 28 && g->round && below_n(g, 2) && p->exit_n < PROG_EXITS - 4) {
            gen_repeat(g);
        } else if (what == 28 && p->exit_n < PROG_EXITS - 4) {
            unsigned t = int_type(g);
            uint32_t a = any(g, t), b = any(g, t);
            p_emit(p, BP_EXIT_IF, BP_VOID, below_n(g, 4) ? BP_EQ : below_n(g, 10), a, b,
                   p_exit_number(p, rnd(g), flags[below_n(g, 5)]));
        } else if (what == 29)
            p_emit(p, BP_COUNT, BP_VOID, 0, COUNTER_OFFSET, (uint32_t)rnd(g) >> below_n(g, 32),
                   below_n(g, 8) ? 0 : 3);
        else if (what == 31 && g->floats)
            gen_seen_nan(g);
        else if (what == 30)
            p_emit(p, BP_FENCE, BP_VOID, below_n(g, 16), 0, 0, 0);
    }
    if (g->round && below_n(g, 2))
        gen_repeat(g);
    if (g->round && below_n(g, 3) == 0)
        gen_endless(g);
    else
        gen_end(g);
}
