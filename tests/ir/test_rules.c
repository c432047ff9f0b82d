/* SPDX-License-Identifier: MIT */
/*
 * test_rules.c: every line of fold.rules, twice.
 *
 * Proof: the line itself, as an equation between expressions, for all values and constants at
 * widths of 2, 4 and 8 bits (2 and 4 where more than 24 bits would have to be enumerated). A
 * property that folding finds by analysis, such as covers(k, x), is taken to hold as soon as it
 * holds for the value at hand, which is more often than any analysis says so. Rules about floats
 * are bit operations: they are tried on patterns. So are those about vectors, with every aux.
 *
 * Match: the left side, with random operands, is folded until the rule has been seen to act; what
 * comes out must run as what went in. A rule that never acts is an error.
 */
#include "rig.h"

#include "tcg-runtime/alloc/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Inlined into the proofs, so that they run at the speed of the operations. */
#define ir_eval proof_eval
#define ir_eval_int proof_eval_int
#define ir_compare proof_compare
#define ir_cond_invert proof_cond_invert
#define ir_cond_swap proof_cond_swap
#include "tcg-runtime/ir/eval.c"
#undef ir_eval
#undef ir_eval_int
#undef ir_compare
#undef ir_cond_invert
#undef ir_cond_swap

/* ---- the proofs' vocabulary ------------------------------------------------------------------ */

struct proof {
    unsigned long cases; /* equations looked at */
    unsigned widths;     /* combinations of widths, or types */
    bool wrong;
};

/* Sanitizers make inlining slow to compile and proofs slow to run: they see smaller ones. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
#define FLATTEN
#define MAX_PROOF_BITS 12
#else
#define FLATTEN __attribute__((flatten))
#define MAX_PROOF_BITS 24
#endif

static inline uint64_t eval_small(unsigned op, unsigned aux, unsigned bits, unsigned operand_bits,
                                  uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t v = 0;
    if (!proof_eval_int(op, aux, bits, operand_bits, a, b, c, &v))
        abort(); /* no rule about integers has another op */
    return v;
}

#define EVAL_INT(op, aux, T, U, a, b, c) eval_small(op, aux, T, U, a, b, c)
#define BITS_INT(T) (T)
#define MASK_INT(T) (UINT64_MAX >> (64 - (T)))
#define CONST_INT(v, T) ((v) & MASK_INT(T))
#define FOR_INT_TYPE(T) for (unsigned T = 2; T <= 8; T *= 2)
#define AFFORDABLE_INT(sum) ((sum) <= MAX_PROOF_BITS)
#define FOR_INT(x, T) for (uint64_t x = 0; x <= MASK_INT(T); x++)
#define FOR_COUNT(k, T) for (uint64_t k = 0; k < (T); k++)
#define FOR_CONDITION(C) for (unsigned C = 0; C < 10; C++)
#define FOR_FIELD(P, T)                                                                            \
    for (unsigned P = 0x100; P < ((T) + 1u) << 8; P++)                                             \
        if ((P & 0xff) + (P >> 8) <= (T))

static bool types_fit(unsigned op, unsigned to, unsigned from)
{
    switch (op) {
    case BP_TRUNC: return to < from;
    case BP_ZEXT: case BP_SEXT: return to > from;
    case BP_BSWAP: return to == 8;
    default: return true;
    }
}
#define TYPES_FIT_INT(op, T, U) types_fit(op, T, U)

/* Floats: types are enum bp_type. */
static const uint64_t float_patterns[] = {
    0, 1, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7f800001, 0x7fc00000,
    0xffc00001, 0x00400000, 0x7f7fffff, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000,
    0x7ff0000000000000, 0xfff0000000000000, 0x7ff0000000000001, 0x7ff8000000000000,
    0xfff8000000000001, 0x0008000000000000, 0x7fefffffffffffff, 0xffffffff3f800000,
    0xffffffff7f800001, 0xfffffffe3f800000, 0x123456789abcdef0,
};
static bool float_types_fit(unsigned op, unsigned to, unsigned from)
{
    switch (op) {
    case BP_TRUNC: return to == BP_I32 && from == BP_I64;
    case BP_BITCAST: return (to == BP_I32 && from == BP_F32) || (to == BP_I64 && from == BP_F64) ||
                            (from == BP_I32 && to == BP_F32) || (from == BP_I64 && to == BP_F64);
    case BP_FBOX: return to == BP_F64 && from == BP_F32;
    case BP_FUNBOX: return to == BP_F32 && from == BP_F64;
    default: return to >= BP_F32;
    }
}
static uint64_t eval_float_rule(unsigned op, unsigned aux, unsigned to, unsigned from, uint64_t a,
                                uint64_t b, uint64_t c)
{
    struct bp_ir r = { (uint8_t)op, (uint8_t)to, (uint16_t)aux, 0, 0, 0 };
    uint64_t v = 0;
    if (!ir_eval(&r, from, a, b, c, &v))
        abort();
    return v;
}
#define EVAL_FLOAT(op, aux, T, U, a, b, c) eval_float_rule(op, aux, T, U, a, b, c)
#define BITS_FLOAT(T) ((void)(T), 0)
#define CONST_FLOAT(v, T) ((v) & ir_type_mask[T])
#define FOR_FLOAT_TYPE(T) for (unsigned T = BP_I32; T <= BP_F64; T++)
#define AFFORDABLE_FLOAT(sum) ((sum) == 0)
#define TYPES_FIT_FLOAT(op, T, U) float_types_fit(op, T, U)
#define FOR_FLOAT(x, T) \
    for (unsigned n_##x = 0; n_##x < sizeof float_patterns / sizeof *float_patterns; n_##x++) \
        for (uint64_t x = float_patterns[n_##x] & ir_type_mask[T], once_##x = 1; once_##x; \
             once_##x = 0)

/* Vectors: by the runtime's functions. */
typedef unsigned __int128 u128;
static u128 repeat(uint64_t v) { return (u128)v << 64 | v; }
static u128 vector_pattern(unsigned n)
{
    static const uint64_t half[] = {
        0, UINT64_MAX, 0x0123456789abcdef, 0x80ff7f0100fe5a13, 0xdeadbeef00c0ffee,
    };
    return (u128)half[(n + 2) % 5] << 64 | half[n];
}
static bool aux_fits(unsigned op, unsigned aux)
{
    static struct ir_buffer one;
    char msg[100];
    if (!one.rec && ir_init(&one, rig_regs, RIG_REGS))
        abort();
    ir_reset(&one);
    uint32_t exit = ir_add_exit(&one, &(struct bp_ir_exit){ .pc = 4 });
    bp_value v = ir_append_raw(&one, (struct bp_ir){ BP_GET, BP_V128, V0, 0, 0, 0 });
    bp_value w[3] = { 0 };
    for (unsigned i = 0; i < ir_ops[op].operands; i++)
        w[i] = v;
    ir_append_raw(&one, (struct bp_ir){ (uint8_t)op, BP_V128, (uint16_t)aux, w[0], w[1], w[2] });
    ir_append_raw(&one, (struct bp_ir){ BP_EXIT, BP_VOID, 0, 0, 0, exit });
    return ir_check(&one, msg, sizeof msg);
}
static u128 eval_vector(unsigned op, unsigned aux, u128 a, u128 b, u128 c)
{
    struct bp_ir r = { (uint8_t)op, BP_V128, (uint16_t)aux, 0, 0, 0 };
    tcg_vector(NULL, &c, &a, &b, bp_exact_how(&r, BP_V128), NULL);
    return c;
}
#define EVAL_VECTOR(op, aux, T, U, a, b, c) ((void)(T), eval_vector(op, aux, a, b, c))
#define BITS_VECTOR(T) ((void)(T), 0)
#define CONST_VECTOR(v, T) ((void)(T), repeat(v))
#define FOR_VECTOR_TYPE(T) for (unsigned T = BP_V128; T <= BP_V128; T++)
#define AFFORDABLE_VECTOR(sum) ((sum) == 0)
#define TYPES_FIT_VECTOR(op, T, U) true
#define AUX_FITS(op, aux) aux_fits(op, aux)
#define FOR_AUX(P, T)                                                                              \
    for (unsigned P = 0; P < BP_V(0, 16); P = (P & 0xff) < 3 ? P + 1 : (P | 0xff) + 1)
#define FOR_VECTOR(x, T)                                                                           \
    for (unsigned n_##x = 0; n_##x < 5; n_##x++)                                                   \
        for (u128 x = vector_pattern(n_##x), once_##x = 1; once_##x; once_##x = 0)

/* The words that rules may use; x##_type is the width (or type) of x. */
#define bits(T) BITS_INT(T)
#define mask(T) MASK_INT(T)
#define covers(k, x) (((x) & ~(k)) == 0)
#define lacks(x, k) (((k) & ~(x)) != 0)
#define sign_extended(x, n) sign_extend(x, n)
#define is_signed(x, n)                                                                            \
    (((uint64_t)sign_extend((x) & MASK_INT(n), n) & MASK_INT(x##_type)) == (x))
#define canonical(x) (!is_nan(format_of(x##_type), x) || (x) == canonical_nan(format_of(x##_type)))
#define is_pow2(k) (__builtin_popcountll(k) == 1)
#define log2_of(k) ((unsigned)__builtin_ctzll(k))
#define is_low(k) ((k) != 0 && ((k) & ((k) + 1)) == 0)
#define width(k) ((unsigned)__builtin_popcountll(k))
#define position(P) ((P) & 0xff)
#define length(P) ((P) >> 8)
#define field(position, length) ((unsigned)(position) | (unsigned)(length) << 8)
#define invert(C) proof_cond_invert(C)
#define to_unsigned(C) ((C) >= BP_LT && (C) <= BP_GT ? (C) + 4 : (C))
#define lanes(P) BP_V_LOG2(P)
#define if_equal(C) ((C) == BP_EQ || (C) == BP_GE || (C) == BP_LE || (C) == BP_GEU || (C) == BP_LEU)
#define PROVE(left, right)                                                                         \
    do {                                                                                           \
        p->cases++;                                                                                \
        p->wrong |= (left) != (right);                                                             \
    } while (0)

/* A pattern as data: terms in prefix order. */
struct shape {
    int kind; /* 0 node, 1 value, 2 constant, 3 literal */
    unsigned op;
    char type;
    const char *text, *aux_name;
    unsigned aux;
};

#include "tcg-runtime/ir/fold_proofs.inc"

#undef bits
#undef mask
#undef width
#undef length
#undef position
#undef field
#undef lanes

/* ---- matching -------------------------------------------------------------------------------- */

static struct rig *rig;
static struct ir_buffer before, after;
static uint64_t seed = 88172645463325252;

static uint64_t random_bits(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}
static unsigned random_below(unsigned n) { return (unsigned)(random_bits() >> 20) % n; }

/* What the names of a pattern stand for in one attempt. */
struct bindings {
    unsigned type[26]; /* by letter */
    char name[16][4];
    bp_value value[16];
    unsigned count;
    unsigned aux[26];
    bool aux_known[26];
};

static bp_value add(unsigned op, unsigned type, unsigned aux, uint32_t a, uint32_t b, uint32_t c)
{
    return ir_append_raw(&before,
                         (struct bp_ir){ (uint8_t)op, (uint8_t)type, (uint16_t)aux, a, b, c });
}

static bp_value add_const(unsigned type, uint64_t v)
{
    v &= ir_type_mask[type];
    return add(BP_CONST, type, 0, 0, (uint32_t)v, (uint32_t)(v >> 32));
}

static uint64_t random_constant(unsigned type)
{
    unsigned bits = ir_type_bits[type], n = random_below(bits);
    switch (random_below(9)) {
    case 0: return random_below(4);
    case 1: return bits - 1 - random_below(3);
    case 2: return (uint64_t)1 << n;
    case 3: return ((uint64_t)1 << n) - 1;
    case 4: return -((uint64_t)1 << n);
    case 5: return ir_type_mask[1 + random_below(4)];
    case 6: return UINT64_MAX;
    case 7: return ~((uint64_t)1 << n);
    default: return random_bits();
    }
}

static bp_value random_get(unsigned type)
{
    static const uint8_t first[] = { 0, B0, H0, W0, R0, S0, D0, V0 };
    static const uint8_t count[] = { 0, 2, 2, 4, 8, 4, 4, 4 };
    return add(BP_GET, type, first[type] + random_below(count[type]), 0, 0, 0);
}

/* A value whose properties an analysis may find. */
static bp_value random_value(unsigned type)
{
    unsigned narrower = BP_I8 + random_below(3), bits = ir_type_bits[type];
    if (type == BP_V128)
        return random_get(type);
    if (ir_is_float(type)) {
        bp_value v = random_get(type);
        return random_below(3) ? v : add(BP_FCANON, type, 0, v, 0, 0);
    }
    switch (random_below(8)) {
    case 0:
        if (narrower >= type)
            break;
        return add(random_below(2) ? BP_ZEXT : BP_SEXT, type, 0, random_get(narrower), 0, 0);
    case 1:
        return add(BP_AND, type, 0, random_get(type), add_const(type, random_constant(type)), 0);
    case 2:
        return add(random_below(2) ? BP_EXTRACT_U : BP_EXTRACT_S, type,
                   (1 + random_below(bits / 2)) << 8 | random_below(bits / 2), random_get(type), 0,
                   0);
    case 3:
        return add(BP_CMP, type, random_below(10), random_get(BP_I64), random_get(BP_I64), 0);
    case 4:
        return add(random_below(2) ? BP_SHR : BP_SAR, type, 0, random_get(type),
                   add_const(type, random_below(bits)), 0);
    default:
        break;
    }
    return random_get(type);
}

static bp_value build(const struct shape **at, struct bindings *b)
{
    const struct shape *s = (*at)++;
    unsigned type = b->type[s->type - 'A'];
    if (s->kind == 0) {
        bp_value operand[3] = { 0 };
        unsigned aux = s->aux;
        for (unsigned i = 0; i < ir_ops[s->op].operands; i++)
            operand[i] = build(at, b);
        if (*s->aux_name) {
            unsigned k = (unsigned)(*s->aux_name - 'A');
            if (!b->aux_known[k]) {
                unsigned n = ir_type_bits[type], position = random_below(2) ? 0 : random_below(n);
                b->aux[k] = s->op == BP_CMP   ? random_below(10)
                            : type == BP_V128 ? BP_V(random_below(4), random_below(4))
                                              : position | (1 + random_below(n - position)) << 8;
                b->aux_known[k] = true;
            }
            aux = b->aux[k];
        }
        return add(s->op, type, aux, operand[0], operand[1], operand[2]);
    }
    if (s->kind == 3)
        return add_const(type, (uint64_t)strtoll(strchr(s->text, ')') + 1, NULL, 10));
    for (unsigned i = 0; i < b->count; i++) {
        if (!strcmp(b->name[i], s->text))
            return b->value[i];
    }
    bp_value v = s->kind == 2 ? add_const(type, random_constant(type)) : random_value(type);
    snprintf(b->name[b->count], sizeof *b->name, "%s", s->text);
    b->value[b->count++] = v;
    return v;
}

static void attempt(const struct shape *shape, unsigned highest)
{
    struct bindings b;
    const struct shape *at = shape;
    memset(&b, 0, sizeof b);
    for (unsigned i = 0; i < 26; i++)
        b.type[i] = highest >= BP_VGET   ? BP_V128
                    : highest >= BP_FADD ? BP_I32 + random_below(4)
                                         : BP_I8 + random_below(4);
    ir_reset(&before);
    uint32_t exit = ir_add_exit(&before, &(struct bp_ir_exit){ .pc = 4 });
    bp_value v = build(&at, &b);
    static const uint8_t result[] = { 0, B0, H0, W0, R0, S0, D0, V0 };
    add(BP_PUT, BP_VOID, result[before.rec[v].type], v, 0, 0);
    add(BP_EXIT, BP_VOID, 0, 0, 0, exit);
}

static unsigned highest_op(const struct shape *shape)
{
    const struct shape *at = shape;
    unsigned op = 0;
    for (int open = 1; open > 0; open--, at++) {
        if (at->kind != 0)
            continue;
        op = at->op > op ? at->op : op;
        open += ir_ops[at->op].operands;
    }
    return op;
}

static bool match_rule(unsigned rule, uint32_t *hits)
{
    char msg[400];
    unsigned runs = 0;
    for (unsigned n = 0; n < 200000 && runs < 8; n++) {
        attempt(shapes[rule], highest_op(shapes[rule]));
        if (!ir_check(&before, msg, sizeof msg))
            continue; /* the types drawn do not go together */
        uint32_t count = hits[rule];
        if (ir_refold(&after, &before) || !ir_check(&after, msg, sizeof msg)) {
            printf("FAIL %s\n  folded: %s\n", ir_fold_rule_text[rule], msg);
            return false;
        }
        if (hits[rule] == count)
            continue;
        runs++;
        if (!rig_compare(rig, &before, &after, 24, msg, sizeof msg)) {
            char *x = ir_print(&before), *y = ir_print(&after);
            printf("FAIL %s\n  %s\n%sbecame\n%s", ir_fold_rule_text[rule], msg, x, y);
            free(x);
            free(y);
            return false;
        }
    }
    if (runs == 0)
        printf("FAIL %s\n  never acts\n", ir_fold_rule_text[rule]);
    return runs != 0;
}

/* ---- analyses -------------------------------------------------------------------------------- */

/* What covers(), lacks() and is_signed() say of an op's result shows in these: each asks about the
 * low n bits. Were an analysis wrong for the op, the folded code would differ. */
static bp_value ask(unsigned question, bp_value x, unsigned type, unsigned n)
{
    uint64_t low = ((uint64_t)1 << n) - 1;
    switch (question) {
    case 0: return add(BP_AND, type, 0, x, add_const(type, low), 0);
    case 1: return add(BP_AND, type, 0, x, add_const(type, ~low), 0);
    case 2: return add(BP_EXTRACT_S, type, n << 8, x, 0, 0);
    case 3: return add(BP_OR, type, 0, x, add_const(type, low), 0);
    default: return add(BP_CMP, type, BP_EQ, x, add_const(type, low + 1), 0);
    }
}

static bp_value make_operand(struct bp_ir *r, unsigned type)
{
    unsigned narrower = BP_I8 + random_below(3), wider = type + 1;
    switch (r->op) {
    case BP_ZEXT: case BP_SEXT:
        return narrower < type ? random_value(narrower) : 0;
    case BP_TRUNC:
        return wider <= BP_I64 ? random_value(wider) : 0;
    case BP_CMP:
        r->aux = (uint16_t)random_below(10);
        return random_value(type);
    case BP_EXTRACT_U: case BP_EXTRACT_S: case BP_INSERT: {
        unsigned position = random_below(ir_type_bits[type]);
        r->aux = (uint16_t)(position | (1 + random_below(ir_type_bits[type] - position)) << 8);
        return random_value(type);
    }
    default:
        return random_value(type);
    }
}

static bool analyse(unsigned op, unsigned type, unsigned question, unsigned n)
{
    char msg[400];
    struct bp_ir r = { .op = (uint8_t)op, .type = (uint8_t)type };
    ir_reset(&before);
    uint32_t exit = ir_add_exit(&before, &(struct bp_ir_exit){ .pc = 4 });
    add(BP_MARK, BP_VOID, 4, 0, 0, 0);
    if (op == BP_LOAD) {
        unsigned aux = BP_MEM_MMU(1) | random_below(type) | random_below(2) * BP_MEM_SIGNED;
        r = (struct bp_ir){
            BP_LOAD, (uint8_t)type, (uint16_t)aux, add_const(BP_I64, 0x10010), 0, 0
        };
    } else {
        r.a = make_operand(&r, type);
        if (!r.a)
            return true;
        bool constant = op >= BP_SHL && op <= BP_ROTR && random_below(4);
        if (ir_ops[op].operands > 1)
            r.b = constant ? add_const(type, random_below(ir_type_bits[type])) : random_value(type);
        if (ir_ops[op].operands > 2)
            r.c = random_value(type);
    }
    bp_value v = ask(question, ir_append_raw(&before, r), type, n);
    static const uint8_t result[] = { 0, B0, H0, W0, R0 };
    add(BP_PUT, BP_VOID, result[type], v, 0, 0);
    add(BP_EXIT, BP_VOID, 0, 0, 0, exit);
    if (ir_refold(&after, &before) == 0 && rig_compare(rig, &before, &after, 12, msg, sizeof msg))
        return true;
    char *x = ir_print(&before), *y = ir_print(&after);
    printf("FAIL analysis of %s\n%sbecame\n%s", ir_ops[op].name, x, y);
    free(x);
    free(y);
    return false;
}

static unsigned test_analyses(void)
{
    unsigned failures = 0;
    for (unsigned op = BP_ADD; op <= BP_SELECT + 1 && failures < 5; op++) {
        unsigned real = op > BP_SELECT ? BP_LOAD : op;
        for (unsigned type = BP_I8; type <= BP_I64; type++) {
            for (unsigned n = 1; n < ir_type_bits[type]; n += 1 + (type > BP_I16)) {
                for (unsigned question = 0; question < 5; question++)
                    failures += !analyse(real, type, question, n);
            }
        }
    }
    return failures;
}

int main(void)
{
    unsigned failures = 0, full = 0;
    unsigned long cases = 0;
    uint32_t *hits = calloc(ir_fold_rule_count, sizeof *hits);
    rig = rig_new();
    if (!hits || ir_init(&before, rig_regs, RIG_REGS) || ir_init(&after, rig_regs, RIG_REGS))
        return 2;
    after.rule_hits = hits;
    for (unsigned i = 0; i < ir_fold_rule_count; i++) {
        struct proof p = { 0, 0, false };
        proofs[i](&p);
        if (p.wrong || !p.cases) {
            printf("FAIL %s\n  %s\n", ir_fold_rule_text[i],
                   p.wrong ? "is wrong" : "was never tried");
            failures++;
        }
        cases += p.cases;
        full += p.cases > 0;
        if (!match_rule(i, hits))
            failures++;
    }
    failures += test_analyses();
    printf("fold rules: %u of %u proved in %lu cases, %u failures\n", full, ir_fold_rule_count,
           cases, failures);
    ir_free(&before);
    ir_free(&after);
    rig_free(rig);
    free(hits);
    return failures != 0;
}
