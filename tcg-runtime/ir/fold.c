/* SPDX-License-Identifier: MIT */
/*
 * fold.c: appending with folding; fold.h is the contract, fold.rules the algebra.
 *
 * This is the translation path: a record costs a few table look-ups, no allocation and no search.
 * The table of known records is direct-mapped and never cleared: an entry counts only if its index
 * lies in the current block and the record there is equal in all its 16 bytes.
 */
#include "fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t *hash_slot(struct ir_buffer *b, const struct bp_ir *r)
{
    uint64_t w[2];
    memcpy(w, r, sizeof w);
    uint64_t h = (w[0] ^ (w[1] << 29 | w[1] >> 35)) * 0x9e3779b97f4a7c15u;
    return &b->hash[h >> (64 - IR_HASH_LOG2)];
}

static bool same(const struct bp_ir *x, const struct bp_ir *y)
{
    uint64_t v[2], w[2];
    memcpy(v, x, sizeof v);
    memcpy(w, y, sizeof w);
    return v[0] == w[0] && v[1] == w[1];
}

/* The record, or the equal one that is there already at `start` or behind. */
static bp_value append_once(struct ir_buffer *b, const struct bp_ir *r, uint32_t start)
{
    uint32_t *slot = hash_slot(b, r);
    uint32_t i = *slot;
    if (i >= start && i < b->count && same(&b->rec[i], r))
        return i;
    i = ir_append_raw(b, *r);
    *slot = i;
    return i;
}

static bp_value constant(struct ir_buffer *b, unsigned type, uint64_t v)
{
    v &= ir_type_mask[type];
    struct bp_ir r = { BP_CONST, (uint8_t)type, 0, 0, (uint32_t)v, (uint32_t)(v >> 32) };
    return append_once(b, &r, b->block_start);
}

/* ---- what rules ask -------------------------------------------------------------------------- */

/* The bits that a value may have set. */
static uint64_t possible(const struct ir_buffer *b, bp_value v, unsigned depth)
{
    const struct bp_ir *r = &b->rec[v];
    uint64_t all = ir_type_mask[r->type];
    if (r->op == BP_CONST)
        return ir_imm(r);
    if (depth == 0)
        return all;
    depth--;
    switch (r->op) {
    case BP_CMP: case BP_FCMP:
        return 1;
    case BP_LOAD: case BP_RMW: case BP_CAS:
        return r->aux & BP_MEM_SIGNED ? all : all & (UINT64_MAX >> (64 - 8 * BP_MEM_BYTES(r->aux)));
    case BP_ZEXT: case BP_TRUNC:
        return possible(b, r->a, depth) & all;
    case BP_EXTRACT_U:
        return possible(b, r->a, depth) >> (r->aux & 0xff) &
               (all >> (ir_type_bits[r->type] - (r->aux >> 8)));
    case BP_AND:
        return possible(b, r->a, depth) & possible(b, r->b, depth);
    case BP_ANDN:
        return possible(b, r->a, depth);
    case BP_OR: case BP_XOR:
        return possible(b, r->a, depth) | possible(b, r->b, depth);
    case BP_SELECT:
        return possible(b, r->b, depth) | possible(b, r->c, depth);
    case BP_CLZ: case BP_CTZ: case BP_POPCNT:
        return all & (2u * ir_type_bits[r->type] - 1);
    case BP_SHL: case BP_SHR: {
        const struct bp_ir *k = &b->rec[r->b];
        if (k->op != BP_CONST)
            return all;
        unsigned n = k->b & (ir_type_bits[r->type] - 1u);
        uint64_t x = possible(b, r->a, depth);
        return r->op == BP_SHL ? x << n & all : x >> n;
    }
    default:
        return all;
    }
}

#define POSSIBLE_DEPTH 4

static int64_t sign_extended(uint64_t x, unsigned bits)
{
    uint64_t sign = (uint64_t)1 << (bits - 1);
    return (int64_t)((x ^ sign) - sign);
}

/* Whether the value is known to be the sign extension of its `n` low bits. */
static bool is_sign_extended(const struct ir_buffer *b, bp_value v, unsigned n)
{
    const struct bp_ir *r = &b->rec[v];
    switch (r->op) {
    case BP_LOAD: case BP_RMW: case BP_CAS:
        if (r->aux & BP_MEM_SIGNED)
            return 8 * BP_MEM_BYTES(r->aux) <= n;
        break;
    case BP_SEXT:
        if (ir_type_bits[b->rec[r->a].type] <= n)
            return true;
        break;
    case BP_EXTRACT_S:
        return r->aux >> 8 <= n;
    case BP_SAR:
        if (b->rec[r->b].op == BP_CONST &&
            ir_type_bits[r->type] - (b->rec[r->b].b & (ir_type_bits[r->type] - 1u)) <= n)
            return true;
        break;
    default:
        break;
    }
    return !(possible(b, v, POSSIBLE_DEPTH) >> (n - 1)); /* not negative */
}

/* Whether the value cannot be a NaN other than the canonical one. */
static bool is_canonical(const struct ir_buffer *b, bp_value v)
{
    switch (b->rec[v].op) {
    case BP_FCANON: case BP_I2F:
        return true;
    default:
        return false;
    }
}

static unsigned unsigned_cond(unsigned cond)
{
    return cond >= BP_LT && cond <= BP_GT ? cond + (BP_LTU - BP_LT) : cond;
}

/* The words of fold.rules. */
#define bits(T) ((unsigned)ir_type_bits[T])
#define mask(T) ir_type_mask[T]
#define covers(k, x) (!(possible(b, x, POSSIBLE_DEPTH) & ~(k)))
#define lacks(x, k) (((k) & ~possible(b, x, POSSIBLE_DEPTH)) != 0)
#define is_signed(x, n) is_sign_extended(b, x, n)
#define canonical(x) is_canonical(b, x)
#define is_pow2(k) ((k) != 0 && ((k) & ((k) - 1)) == 0)
#define log2_of(k) ((unsigned)__builtin_ctzll(k))
#define is_low(k) ((k) != 0 && ((k) & ((k) + 1)) == 0)
#define width(k) (64 - (unsigned)__builtin_clzll(k))
#define position(P) ((P) & 0xff)
#define length(P) ((P) >> 8)
#define field(position, length) ((unsigned)(position) | (unsigned)(length) << 8)
#define invert(C) ir_cond_invert(C)
#define to_unsigned(C) unsigned_cond(C)
#define lanes(P) BP_V_LOG2(P)
#define if_equal(C) ir_compare(C, 64, 0, 0)

enum fold {
    FOLD_NONE,
    FOLD_VALUE, /* it is *ret */
    FOLD_AGAIN, /* the record was rewritten */
};

#include "tcg-runtime/ir/fold_rules.inc"

/* ---- values ---------------------------------------------------------------------------------- */

static bool is_commutative(unsigned op)
{
    switch (op) {
    case BP_ADD: case BP_MUL: case BP_MULHU: case BP_MULHS: case BP_AND: case BP_OR: case BP_XOR:
    case BP_VAND: case BP_VOR: case BP_VXOR:
        return true;
    default:
        return false;
    }
}

/* Whether all value operands are constants and the result is known now. */
static bool evaluate(const struct ir_buffer *b, const struct bp_ir *r, uint64_t *ret)
{
    const struct bp_ir *rec = b->rec;
    unsigned n = ir_ops[r->op].operands;
    if (r->op >= BP_VGET || r->type == BP_V128)
        return false;
    if (rec[r->a].op != BP_CONST || (n > 1 && rec[r->b].op != BP_CONST) ||
        (n > 2 && rec[r->c].op != BP_CONST))
        return false;
    return ir_eval(r, rec[r->a].type, ir_imm(&rec[r->a]), n > 1 ? ir_imm(&rec[r->b]) : 0,
                   n > 2 ? ir_imm(&rec[r->c]) : 0, ret);
}

/* Constants right; other operands of commutative ops in ascending order. */
static void order_operands(const struct ir_buffer *b, struct bp_ir *r)
{
    bool left = b->rec[r->a].op == BP_CONST, right = b->rec[r->b].op == BP_CONST;
    if (!left && (right || r->a <= r->b))
        return;
    if (r->op == BP_CMP) {
        if (!left)
            return;
        r->aux = (uint16_t)ir_cond_swap(r->aux);
    } else if (!is_commutative(r->op)) {
        return;
    }
    uint32_t a = r->a;
    r->a = r->b;
    r->b = a;
}

/* Constant shift counts are kept below the width. */
static void reduce_count(struct ir_buffer *b, struct bp_ir *r)
{
    const struct bp_ir *k = &b->rec[r->b];
    uint64_t limit = ir_type_bits[r->type] - 1u;
    if (r->op >= BP_SHL && r->op <= BP_ROTR && k->op == BP_CONST && ir_imm(k) > limit)
        r->b = constant(b, r->type, ir_imm(k) & limit);
}

/* Float arithmetic sees no difference between a raw NaN and the canonical one: both are quiet. */
static uint32_t without_canon(const struct ir_buffer *b, uint32_t v)
{
    const struct bp_ir *r = &b->rec[v];
    return r->op == BP_FCANON && ir_raw(&b->rec[r->a]) ? r->a : v;
}

static void use_raw_operands(const struct ir_buffer *b, struct bp_ir *r)
{
    unsigned n = ir_ops[r->op].operands;
    r->a = without_canon(b, r->a);
    if (n > 1)
        r->b = without_canon(b, r->b);
    if (n > 2)
        r->c = without_canon(b, r->c);
}

/* Brings the record into normal form; true where it is a value that is there already. */
static bool simplify(struct ir_buffer *b, struct bp_ir *r, bp_value *ret)
{
    for (;;) {
        uint64_t v;
        if (evaluate(b, r, &v)) {
            *ret = constant(b, r->type, v);
            return true;
        }
        if (ir_ops[r->op].operands == 2) {
            order_operands(b, r);
            reduce_count(b, r);
        }
        enum fold f = fold_by_rules(b, r, ret);
        if (f != FOLD_AGAIN)
            return f == FOLD_VALUE;
        if (r->op == BP_CONST)
            return false;
    }
}

/* Pure ops and float arithmetic. */
static bp_value append_value(struct ir_buffer *b, struct bp_ir *r)
{
    bp_value v;
    if (r->op == BP_CONST)
        return constant(b, r->type, ir_imm(r));
    bool is_float = ir_ops[r->op].flags & IR_FLOAT;
    if (is_float)
        use_raw_operands(b, r);
    if (simplify(b, r, &v))
        return v;
    return append_once(b, r, is_float && b->flags_start > b->block_start ? b->flags_start
                                                                         : b->block_start);
}

/* Brings a comparison into its shortest form, by the rules for cmp; true where the outcome is
 * known. */
static bool fold_compare(struct ir_buffer *b, uint16_t *cond, uint32_t *x, uint32_t *y,
                         bool *ret_outcome)
{
    struct bp_ir r = { BP_CMP, BP_I32, *cond, *x, *y, 0 };
    bp_value v;
    if (simplify(b, &r, &v)) {
        const struct bp_ir *k = &b->rec[v];
        if (k->op == BP_CONST) {
            *ret_outcome = ir_imm(k);
            return true;
        }
        r = (struct bp_ir){ BP_CMP, BP_I32, BP_NE, v, constant(b, k->type, 0), 0 };
    }
    *cond = r.aux;
    *x = r.a;
    *y = r.b;
    return false;
}

static void end_block(struct ir_buffer *b)
{
    b->ended = true;
}

static bp_value append_put(struct ir_buffer *b, const struct bp_ir *r)
{
    struct ir_known *k = &b->known[r->aux];
    if (k->epoch == b->epoch && k->value == r->a)
        return 0;
    k->epoch = b->epoch;
    k->value = r->a;
    return ir_append_raw(b, *r);
}

static bp_value append_get(struct ir_buffer *b, const struct bp_ir *r)
{
    struct ir_known *k = &b->known[r->aux];
    if (k->epoch == b->epoch && b->rec[k->value].type == r->type)
        return k->value;
    k->epoch = b->epoch;
    k->value = ir_append_raw(b, *r);
    return k->value;
}

bp_value ir_known_value(const struct ir_buffer *b, uint32_t reg)
{
    return b->known[reg].epoch == b->epoch ? b->known[reg].value : 0;
}

/* Nothing is known of guest registers from here on. */
static void forget_registers(struct ir_buffer *b)
{
    if (++b->epoch == 0) {
        memset(b->known, 0, b->reg_count * sizeof *b->known);
        b->epoch = 1;
    }
}

static bp_value append_call(struct ir_buffer *b, const struct bp_ir *r)
{
    uint32_t flags = b->helpers[r->c]->flags;
    bp_value v = ir_append_raw(b, *r);
    if (flags & BP_CALL_WRITES_STATE)
        forget_registers(b);
    if (flags & BP_CALL_FP)
        b->flags_start = b->count;
    if (flags & BP_CALL_NO_RETURN)
        end_block(b);
    return v;
}

static bp_value append_block(struct ir_buffer *b, const struct bp_ir *r)
{
    b->ended = false;
    bp_value v = ir_append_raw(b, *r);
    b->block_start = b->count;
    b->flags_start = b->count;
    forget_registers(b);
    return v;
}

/* Moves constant parts of the address into the displacement c. */
static void fold_address(struct ir_buffer *b, struct bp_ir *r)
{
    for (;;) {
        const struct bp_ir *a = &b->rec[r->a];
        const struct bp_ir *k = a->op == BP_ADD ? &b->rec[a->b] : a;
        if (k->op != BP_CONST)
            return;
        uint64_t sum = ir_imm(k) + (uint64_t)(int32_t)r->c;
        if (a->op == BP_CONST) {
            if (r->c) {
                r->a = constant(b, a->type, sum);
                r->c = 0;
            }
            return;
        }
        int64_t displacement = a->type == BP_I32 ? (int32_t)(uint32_t)sum : (int64_t)sum;
        if (displacement != (int32_t)displacement)
            return;
        r->a = a->a;
        r->c = (uint32_t)displacement;
    }
}

/* Drops what only changes bits above those stored. */
static void narrow_stored_value(const struct ir_buffer *b, struct bp_ir *r)
{
    unsigned bits = 8 * BP_MEM_BYTES(r->aux);
    for (;;) {
        const struct bp_ir *v = &b->rec[r->b];
        bool drop = false;
        switch (v->op) {
        case BP_TRUNC:
            drop = true;
            break;
        case BP_ZEXT: case BP_SEXT:
            drop = ir_type_bits[b->rec[v->a].type] >= bits;
            break;
        case BP_EXTRACT_U: case BP_EXTRACT_S:
            drop = (v->aux & 0xff) == 0 && v->aux >> 8 >= bits;
            break;
        case BP_AND:
            drop = bits < 64 && b->rec[v->b].op == BP_CONST &&
                   !(~ir_imm(&b->rec[v->b]) & (((uint64_t)1 << bits) - 1));
            break;
        }
        if (!drop)
            return;
        r->b = v->a;
    }
}

static bp_value append_exit_if(struct ir_buffer *b, struct bp_ir *r)
{
    bool outcome;
    if (!fold_compare(b, &r->aux, &r->a, &r->b, &outcome))
        return ir_append_raw(b, *r);
    if (!outcome)
        return 0;
    bp_value v = ir_append_raw(b, (struct bp_ir){ BP_EXIT, BP_VOID, 0, 0, 0, r->c });
    end_block(b);
    return v;
}

#define MAX_HELD_ARGS 128

/* A branch stays one, its block and args being the region builder's; only its comparison is
 * folded. What that appends must not come between the args and the branch. */
static bp_value append_branch(struct ir_buffer *b, struct bp_ir *r)
{
    struct bp_ir args[MAX_HELD_ARGS];
    uint32_t n = 0;
    bool outcome;
    while (n < MAX_HELD_ARGS && b->rec[b->count - 1].op == BP_ARG)
        args[n++] = b->rec[--b->count];
    if (n < MAX_HELD_ARGS)
        fold_compare(b, &r->aux, &r->a, &r->b, &outcome);
    while (n > 0)
        ir_append_raw(b, args[--n]);
    bp_value v = ir_append_raw(b, *r);
    end_block(b);
    return v;
}

/* Whether what the record names exists; a target that got it wrong must not lead us astray. */
static bool is_sound(const struct ir_buffer *b, const struct bp_ir *r)
{
    if (r->op >= BP_OP_COUNT || r->type > BP_V128)
        return false;
    unsigned n = ir_ops[r->op].operands;
    return (n < 1 || r->a < b->count) && (n < 2 || r->b < b->count) && (n < 3 || r->c < b->count) &&
           ((r->op != BP_GET && r->op != BP_PUT && r->op != BP_CARRY) || r->aux < b->reg_count) &&
           (r->op != BP_CALL || r->c < b->helper_count);
}

bp_value ir_append(struct ir_buffer *b, struct bp_ir r)
{
    if (b->ended && r.op != BP_BLOCK)
        return 0;
    if (!is_sound(b, &r)) {
        b->failed = true;
        return 0;
    }
    if (ir_ops[r.op].flags & (IR_PURE | IR_FLOAT))
        return append_value(b, &r);
    switch (r.op) {
    case BP_NOP:
        return 0;
    case BP_GET:
        return append_get(b, &r);
    case BP_PUT:
        return append_put(b, &r);
    case BP_BLOCK:
        return append_block(b, &r);
    case BP_CALL:
        return append_call(b, &r);
    case BP_EXIT_IF:
        return append_exit_if(b, &r);
    case BP_BRANCH:
        return append_branch(b, &r);
    case BP_STORE:
        narrow_stored_value(b, &r);
        /* fallthrough */
    case BP_LOAD:
        fold_address(b, &r);
        return ir_append_raw(b, r);
    case BP_JUMP:
    case BP_EXIT:
    case BP_EXIT_TO:
    case BP_LEAVE: {
        bp_value v = ir_append_raw(b, r);
        end_block(b);
        return v;
    }
    default:
        return ir_append_raw(b, r);
    }
}

bp_value ir_append_exit(struct ir_buffer *b, struct bp_ir r, const struct bp_ir_exit *exit)
{
    if (b->ended)
        return 0;
    r.c = ir_add_exit(b, exit);
    uint32_t count = b->count;
    bp_value v = ir_append(b, r);
    if (b->count == count && b->exit_count)
        b->exit_count--; /* folded away */
    return v;
}

/* ---- folding what is there already ----------------------------------------------------------- */

/* The record with operands, exit and helper as they are in `to`; jumps keep their old block
 * number. */
static bp_value append_mapped(struct ir_buffer *to, const struct ir_buffer *from, struct bp_ir r,
                              const uint32_t *map)
{
    unsigned n = ir_ops[r.op].operands;
    if (n > 0)
        r.a = map[r.a];
    if (n > 1)
        r.b = map[r.b];
    if (n > 2)
        r.c = map[r.c];
    if (r.op == BP_EXIT || r.op == BP_EXIT_IF || (r.op == BP_LEAVE && r.c != UINT32_MAX))
        return ir_append_exit(to, r, &from->exits[r.c]);
    if (r.op == BP_CALL)
        r.c = ir_add_helper(to, from->helpers[r.c]);
    return ir_append(to, r);
}

int ir_refold(struct ir_buffer *to, const struct ir_buffer *from)
{
    char msg[64];
    if (!ir_check(from, msg, sizeof msg))
        return -EINVAL;
    uint32_t *map = calloc(from->count, sizeof *map);
    if (!map)
        return -ENOMEM;
    ir_reset(to);
    for (uint32_t i = 1; i < from->count; i++)
        map[i] = append_mapped(to, from, from->rec[i], map);
    for (uint32_t i = 1; i < to->count; i++) {
        if (to->rec[i].op == BP_JUMP || to->rec[i].op == BP_BRANCH)
            to->rec[i].c = map[to->rec[i].c];
    }
    free(map);
    return to->failed ? -ENOMEM : 0;
}
