/* SPDX-License-Identifier: MIT */
/*
 * check.c: the contract of backplane/ir.h, record by record: operands exist, dominate their uses
 * and have the right types; what aux and the other fields name exists; blocks start and end as
 * they must; raw NaNs stay among float arithmetic; whatever may fault knows its guest pc.
 *
 * It is for tests and debug builds, between passes: thorough rather than fast, and it allocates.
 */
#include "ir.h"
#include "names.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks are numbered in their order; block 0 is the entry. */
struct block {
    uint32_t first, last; /* records; `first` is the block record itself but for the entry */
    uint32_t params;
    int32_t order;        /* in reverse postorder from the entry, -1: not reached */
    uint32_t idom;        /* immediate dominator */
    uint32_t next[2];     /* successors */
    unsigned next_count;
};

struct checker {
    const struct ir_buffer *b;
    struct block *blocks;
    uint32_t block_count;
    uint32_t *block_of; /* by record */
    uint32_t mark;      /* in this block, 0: none yet */
    uint32_t i;         /* the record that is looked at */
    char *msg;
    size_t size;
    bool failed;
};

static void __attribute__((format(printf, 2, 3))) fail(struct checker *c, const char *format, ...)
{
    if (c->failed)
        return;
    c->failed = true;
    char text[160];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (c->i < c->b->count) {
        char record[128];
        ir_print_record(c->b, c->i, record, sizeof record);
        snprintf(c->msg, c->size, "record %u (%s): %s", c->i, record, text);
    } else {
        snprintf(c->msg, c->size, "%s", text);
    }
}

static void require(struct checker *c, bool condition, const char *what)
{
    if (!condition)
        fail(c, "%s", what);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static bool never_goes_on(const struct ir_buffer *b, const struct bp_ir *r)
{
    switch (r->op) {
    case BP_EXIT: case BP_EXIT_TO: case BP_LEAVE: case BP_JUMP: case BP_BRANCH:
        return true;
    case BP_CALL:
        return r->c < b->helper_count && b->helpers[r->c]->flags & BP_CALL_NO_RETURN;
    default:
        return false;
    }
}

static void find_blocks(struct checker *c)
{
    const struct ir_buffer *b = c->b;
    struct block *block = &c->blocks[0];
    bool ended = false;
    *block = (struct block){ .first = 1, .last = 0 };
    c->block_count = 1;
    for (c->i = 1; c->i < b->count && !c->failed; c->i++) {
        const struct bp_ir *r = &b->rec[c->i];
        require(c, r->op < BP_OP_COUNT, "unknown op");
        require(c, r->type <= BP_V128, "unknown type");
        if (c->failed)
            return;
        if (r->op == BP_BLOCK) {
            require(c, ended, "the block before does not end with an exit, jump or branch");
            block = &c->blocks[c->block_count];
            *block = (struct block){ .first = c->i, .params = r->aux };
            c->block_count++;
            ended = false;
        } else if (ended && r->op != BP_NOP) {
            fail(c, "is behind the end of its block");
        }
        if (r->op == BP_PARAM)
            require(c, c->block_count > 1 && c->i - block->first <= block->params,
                    "param is not directly behind its block, or one too many");
        else
            require(c, c->block_count == 1 || c->i - block->first > block->params ||
                           c->i == block->first,
                    "the block has more params");
        c->block_of[c->i] = c->block_count - 1;
        if (r->op != BP_NOP)
            block->last = c->i;
        ended |= never_goes_on(b, r);
    }
    c->i = b->count;
    require(c, ended, "the last block does not end with an exit, jump or branch");
}

static void add_successor(struct checker *c, struct block *block, uint32_t record)
{
    if (record >= c->b->count || c->b->rec[record].op != BP_BLOCK) {
        fail(c, "goes to what is no block");
        return;
    }
    block->next[block->next_count++] = c->block_of[record];
}

static void find_successors(struct checker *c)
{
    for (uint32_t k = 0; k < c->block_count && !c->failed; k++) {
        struct block *block = &c->blocks[k];
        const struct bp_ir *r = &c->b->rec[block->last];
        c->i = block->last;
        if (r->op == BP_JUMP || r->op == BP_BRANCH)
            add_successor(c, block, r->c);
        if (r->op != BP_BRANCH)
            continue;
        if (k + 1 == c->block_count)
            fail(c, "has no block to fall into");
        else if (c->blocks[k + 1].params)
            fail(c, "falls into a block with params");
        else
            block->next[block->next_count++] = k + 1;
    }
}

/* Numbers blocks in reverse postorder, by a walk with a stack of its own. */
static void order_blocks(struct checker *c, uint32_t *stack, uint8_t *visited)
{
    uint32_t depth = 0;
    int32_t order = (int32_t)c->block_count;
    for (uint32_t k = 0; k < c->block_count; k++)
        c->blocks[k].order = -1;
    memset(visited, 0, c->block_count);
    stack[depth++] = 0;
    visited[0] = 1; /* 1 + successors looked at */
    while (depth > 0) {
        uint32_t k = stack[depth - 1];
        struct block *block = &c->blocks[k];
        unsigned n = visited[k] - 1u;
        if (n == block->next_count) {
            block->order = --order;
            depth--;
            continue;
        }
        visited[k]++;
        if (!visited[block->next[n]]) {
            visited[block->next[n]] = 1;
            stack[depth++] = block->next[n];
        }
    }
}

#define UNKNOWN UINT32_MAX

/* The nearest common dominator. */
static uint32_t common(const struct checker *c, uint32_t x, uint32_t y)
{
    while (x != y) {
        if (c->blocks[x].order > c->blocks[y].order)
            x = c->blocks[x].idom;
        else
            y = c->blocks[y].idom;
    }
    return x;
}

/* Cooper, Harvey, Kennedy: A simple, fast dominance algorithm. The first predecessor that a block
 * meets comes before it in the order, so idoms always point backward in it. */
static void find_dominators(struct checker *c, uint32_t *in_order)
{
    uint32_t reached = 0;
    for (uint32_t k = 0; k < c->block_count; k++)
        reached += c->blocks[k].order >= 0;
    for (uint32_t k = 0; k < c->block_count; k++) {
        c->blocks[k].idom = UNKNOWN;
        if (c->blocks[k].order >= 0)
            in_order[(uint32_t)c->blocks[k].order - (c->block_count - reached)] = k;
    }
    c->blocks[0].idom = 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t n_th = 0; n_th < reached; n_th++) {
            uint32_t k = in_order[n_th];
            const struct block *from = &c->blocks[k];
            for (unsigned n = 0; n < from->next_count; n++) {
                struct block *to = &c->blocks[from->next[n]];
                uint32_t idom = to->idom == UNKNOWN ? k : common(c, k, to->idom);
                if (to != &c->blocks[0] && to->idom != idom) {
                    to->idom = idom;
                    changed = true;
                }
            }
        }
    }
}

static bool dominates(const struct checker *c, uint32_t x, uint32_t y)
{
    if (c->blocks[y].order < 0)
        return true; /* never run */
    while (y != x && y != 0)
        y = c->blocks[y].idom;
    return y == x;
}

/* ---- types ----------------------------------------------------------------------------------- */

static unsigned type_of(const struct checker *c, uint32_t v) { return c->b->rec[v].type; }

static void check_type(struct checker *c, uint32_t v, unsigned type)
{
    if (type_of(c, v) != type)
        fail(c, "operand %%%u is %s, not %s", v, ir_type_names[type_of(c, v)], ir_type_names[type]);
}

/* Exists, is a value, and is there on every way to here. */
static void check_operand(struct checker *c, uint32_t v)
{
    const struct ir_buffer *b = c->b;
    if (v == 0 || v >= b->count || b->rec[v].type == BP_VOID) {
        fail(c, "operand %%%u is no value", v);
        return;
    }
    uint32_t from = c->block_of[v], to = c->block_of[c->i];
    if (from == to ? v >= c->i : !dominates(c, from, to)) {
        fail(c, "operand %%%u is not there on every way to here", v);
        return;
    }
    const struct bp_ir *r = &b->rec[c->i];
    if (ir_raw(&b->rec[v]) && !(ir_ops[r->op].flags & IR_FLOAT) && r->op != BP_FCANON)
        fail(c, "operand %%%u may be a NaN that is not canonical", v);
}

static void check_uniform(struct checker *c, const struct bp_ir *r, bool is_float)
{
    unsigned n = ir_ops[r->op].operands;
    require(c, is_float ? ir_is_float(r->type) : ir_is_int(r->type), "wrong result type");
    check_type(c, r->a, r->type);
    if (n > 1)
        check_type(c, r->b, r->type);
    if (n > 2)
        check_type(c, r->c, r->type);
}

static void check_integer(struct checker *c, const struct bp_ir *r)
{
    unsigned a = type_of(c, r->a);
    switch (r->op) {
    case BP_TRUNC:
        require(c, ir_is_int(r->type) && ir_is_int(a) && a > r->type, "goes to no narrower type");
        break;
    case BP_ZEXT: case BP_SEXT:
        require(c, ir_is_int(r->type) && ir_is_int(a) && a < r->type, "goes to no wider type");
        break;
    case BP_EXTRACT_U: case BP_EXTRACT_S: case BP_INSERT: {
        check_uniform(c, r, false);
        unsigned position = r->aux & 0xff, length = r->aux >> 8;
        require(c, length >= 1 && position + length <= ir_type_bits[r->type], "field out of range");
        break;
    }
    case BP_CMP:
        require(c, ir_is_int(r->type) && ir_is_int(a), "compares and gives integers");
        require(c, r->aux <= BP_GTU, "unknown condition");
        check_type(c, r->b, a);
        break;
    case BP_SELECT:
        require(c, ir_is_int(a), "the condition is no integer");
        check_type(c, r->b, r->type);
        check_type(c, r->c, r->type);
        break;
    default:
        check_uniform(c, r, false);
        break;
    }
}

static void check_float(struct checker *c, const struct bp_ir *r)
{
    unsigned a = type_of(c, r->a);
    bool is_big = r->type == BP_I32 || r->type == BP_I64;
    switch (r->op) {
    case BP_FADD: case BP_FSUB: case BP_FMUL: case BP_FDIV: case BP_FSQRT: case BP_FMADD:
        check_uniform(c, r, true);
        require(c, (r->aux & ~BP_NAN_KEEP) <= BP_ROUND_NEAREST_AWAY, "unknown rounding");
        break;
    case BP_FROUND:
        check_uniform(c, r, true);
        require(c, (r->aux & ~(BP_NAN_KEEP | 0x80u)) <= BP_ROUND_NEAREST_AWAY, "unknown rounding");
        break;
    case BP_FCVT:
        require(c, ir_is_float(a) && ir_is_float(r->type) && a != r->type,
                "converts between f32 and f64");
        require(c, (r->aux & ~BP_NAN_KEEP) <= BP_ROUND_NEAREST_AWAY, "unknown rounding");
        break;
    case BP_F2I:
        require(c, is_big && ir_is_float(a), "converts a float to i32 or i64");
        require(c, (r->aux & ~(BP_NAN_KEEP | 0x80u)) <= BP_ROUND_NEAREST_AWAY, "unknown rounding");
        break;
    case BP_I2F:
        require(c, (a == BP_I32 || a == BP_I64) && ir_is_float(r->type),
                "converts i32 or i64 to a float");
        require(c, (r->aux & ~(BP_NAN_KEEP | 0x80u)) <= BP_ROUND_NEAREST_AWAY, "unknown rounding");
        break;
    case BP_FCMP:
        require(c, ir_is_int(r->type) && ir_is_float(a), "compares floats, gives an integer");
        require(c, r->aux <= BP_FUNORDERED, "unknown condition");
        check_type(c, r->b, a);
        break;
    case BP_BITCAST:
        require(c, (ir_is_int(a) && ir_is_float(r->type)) || (ir_is_float(a) && ir_is_int(r->type)),
                "casts between integer and float");
        require(c, ir_type_bits[a] == ir_type_bits[r->type], "casts between different widths");
        break;
    case BP_FBOX:
        require(c, a == BP_F32 && r->type == BP_F64, "boxes f32 in f64");
        break;
    case BP_FUNBOX:
        require(c, a == BP_F64 && r->type == BP_F32, "takes f32 out of f64");
        break;
    case BP_FMIN: case BP_FMAX:
        check_uniform(c, r, true);
        require(c, r->aux <= BP_FMIN_NAN_CANON, "unknown rule for NaNs");
        break;
    default:
        check_uniform(c, r, true);
        break;
    }
}

/* Scalars that go into a lane or come out of one: as wide, or wider integers. */
static void check_lane(struct checker *c, const struct bp_ir *r, unsigned type)
{
    unsigned bits = 8u << BP_V_LOG2(r->aux);
    if (ir_is_float(type))
        require(c, ir_type_bits[type] == bits && !(r->aux & BP_V_SIGNED), "a float lane is whole");
    else
        require(c, (type == BP_I32 || type == BP_I64) && ir_type_bits[type] >= bits,
                "the scalar is narrower than the lane");
}

static void check_vector(struct checker *c, const struct bp_ir *r)
{
    unsigned n = ir_ops[r->op].operands, log2 = BP_V_LOG2(r->aux), number = BP_V_NUMBER(r->aux);
    bool scalar = r->op == BP_VZEXT || r->op == BP_VDUP;
    require(c, (r->type == BP_V128) != (r->op == BP_VGET), "wrong result type");
    if (!scalar)
        check_type(c, r->a, BP_V128);
    if (n > 1 && r->op != BP_VSET)
        check_type(c, r->b, BP_V128);
    if (n > 2)
        check_type(c, r->c, BP_V128);
    if (r->op == BP_VGET || r->op == BP_VSET || r->op == BP_VDUPL)
        require(c, number < 16u >> log2, "there is no such lane");
    if (r->op == BP_VGET)
        check_lane(c, r, r->type);
    if (r->op == BP_VSET)
        check_lane(c, r, type_of(c, r->b));
    if (r->op == BP_VDUP)
        require(c, type_of(c, r->a) == BP_I32 || type_of(c, r->a) == BP_I64, "takes an integer");
    if (r->op == BP_VZEXT)
        require(c, type_of(c, r->a) >= BP_I32 && type_of(c, r->a) <= BP_F64, "takes a scalar");
    if (r->op >= BP_VSHL && r->op <= BP_VSHRS)
        require(c, number < 8u << log2, "shifts by the width or more");
    if (r->op == BP_VREV)
        require(c, number > log2 && number <= 3, "a group has two lanes or more, up to 8 bytes");
    if (r->op == BP_VEXT)
        require(c, number <= 15, "byte out of range");
    if (r->op == BP_VSXT || r->op == BP_VZXT || r->op == BP_VMULLS || r->op == BP_VMULLU)
        require(c, log2 < 3, "there are no wider lanes");
    if (r->op == BP_VQNSS || r->op == BP_VQNSU || r->op == BP_VQNUU)
        require(c, log2 > 0, "there are no narrower lanes");
    if (ir_ops[r->op].flags & IR_FLOAT)
        require(c, log2 >= 2, "no float lanes");
    if (r->op >= BP_VAESROUND) {
        unsigned width = r->op <= BP_VAESMIX ? 0 : r->op == BP_VCLMUL ? 3 : 2;
        require(c, log2 == width, "lanes of another width");
        require(c, number <= (r->op == BP_VCLMUL ? 3 : r->op <= BP_VSHA256), "unknown number");
    }
}

static bool may_fault(const struct checker *c, const struct bp_ir *r)
{
    if (ir_ops[r->op].flags & IR_FAULT)
        return true;
    return r->op == BP_CALL &&
           c->b->helpers[r->c]->flags & (BP_CALL_MAY_RAISE | BP_CALL_NO_RETURN);
}

/* A value that is loaded or stored: wide enough, floats exactly. */
static void check_accessed(struct checker *c, unsigned type, unsigned aux)
{
    unsigned bits = 8 * BP_MEM_BYTES(aux);
    if (type == BP_V128)
        require(c, (aux & 0xff) == BP_MEM_SIZE(4), "a vector is accessed whole, and plainly");
    else if (ir_is_float(type))
        require(c, ir_type_bits[type] == bits && !(aux & BP_MEM_SIGNED),
                "a float is accessed whole");
    else
        require(c, ir_is_int(type) && ir_type_bits[type] >= bits,
                "the access is wider than the value");
}

static void check_memory(struct checker *c, const struct bp_ir *r)
{
    if (r->op == BP_FENCE) {
        require(c, r->aux <= BP_FENCE_ALL, "unknown fence");
        return;
    }
    unsigned a = type_of(c, r->a);
    require(c, a == BP_I32 || a == BP_I64, "the address is neither i32 nor i64");
    require(c, (r->aux & BP_MEM_SIZE_MASK) <= 4 && !(r->aux & 0xf000), "unknown memop");
    if (c->failed)
        return;
    if (r->op == BP_STORE) {
        require(c, !(r->aux & BP_MEM_SIGNED), "a store has no sign");
        check_accessed(c, type_of(c, r->b), r->aux);
        return;
    }
    check_accessed(c, r->type, r->aux);
    if (r->op == BP_LOAD)
        return;
    require(c, ir_is_int(r->type), "is for integers");
    check_type(c, r->b, r->type);
    if (r->op == BP_RMW)
        require(c, r->c <= BP_RMW_MAXU, "unknown operation");
    else
        check_type(c, r->c, r->type);
}

/* ---- state and structure --------------------------------------------------------------------- */

static void check_guest_register(struct checker *c, const struct bp_ir *r, unsigned type)
{
    if (r->aux >= c->b->reg_count)
        fail(c, "guest register %u does not exist", r->aux);
    else if (c->b->regs[r->aux].type != type)
        fail(c, "guest register %s is %s, not %s", c->b->regs[r->aux].name,
             ir_type_names[c->b->regs[r->aux].type & 7], ir_type_names[type]);
}

/* How many args directly before record i. */
static uint32_t args_before(const struct ir_buffer *b, uint32_t i)
{
    uint32_t n = 0;
    while (i - n > 1 && b->rec[i - 1 - n].op == BP_ARG)
        n++;
    return n;
}

static void check_call(struct checker *c, const struct bp_ir *r)
{
    if (r->c >= c->b->helper_count) {
        fail(c, "helper %u does not exist", r->c);
        return;
    }
    const struct bp_helper *h = c->b->helpers[r->c];
    require(c, r->type == h->ret, "the helper returns another type");
    require(c, h->args + !!(h->flags & BP_CALL_ENV) + (h->ret == BP_V128) <= 6,
            "the helper takes too many args");
    if (r->aux != h->args || args_before(c->b, c->i) != r->aux)
        fail(c, "has %u args of %u, the helper takes %u", args_before(c->b, c->i), r->aux, h->args);
    for (uint32_t k = 0; k < r->aux && !c->failed; k++)
        check_type(c, c->b->rec[c->i - r->aux + k].a, h->arg_type[k]);
}

static void check_block_args(struct checker *c, const struct bp_ir *r)
{
    uint32_t n = c->b->rec[r->c].aux;
    if (args_before(c->b, c->i) != n)
        fail(c, "has %u args, the block takes %u", args_before(c->b, c->i), n);
    for (uint32_t k = 0; k < n && !c->failed; k++)
        check_type(c, c->b->rec[c->i - n + k].a, type_of(c, r->c + 1 + k));
}

static void check_exit(struct checker *c, uint32_t number)
{
    if (number >= c->b->exit_count) {
        fail(c, "exit %u does not exist", number);
        return;
    }
    const struct bp_ir_exit *e = &c->b->exits[number];
    require(c, e->hint <= BP_HINT_RETURN && !(e->flags & ~(BP_EXIT_LOOP | BP_EXIT_LOOKUP | BP_EXIT_REPEAT)),
            "unknown hint or flag of the exit");
}

static void check_condition(struct checker *c, const struct bp_ir *r)
{
    require(c, ir_is_int(type_of(c, r->a)), "compares integers");
    require(c, r->aux <= BP_GTU, "unknown condition");
    check_type(c, r->b, type_of(c, r->a));
}

static void check_structure(struct checker *c, const struct bp_ir *r)
{
    switch (r->op) {
    case BP_CONST:
        require(c, r->type && !(ir_imm(r) & ~ir_type_mask[r->type]), "has bits above its type");
        break;
    case BP_GET:
        check_guest_register(c, r, r->type);
        break;
    case BP_PUT: case BP_CARRY:
        check_guest_register(c, r, type_of(c, r->a));
        break;
    case BP_PARAM:
        require(c, r->type != BP_VOID, "needs a type");
        break;
    case BP_MARK:
        c->mark = c->i;
        break;
    case BP_BLOCK:
        c->mark = 0;
        break;
    case BP_ARG: {
        uint32_t next = c->i + 1;
        unsigned op = next < c->b->count ? c->b->rec[next].op : BP_NOP;
        require(c, op == BP_ARG || op == BP_CALL || op == BP_JUMP || op == BP_BRANCH,
                "belongs to nothing");
        break;
    }
    case BP_CALL:
        check_call(c, r);
        break;
    case BP_JUMP:
        check_block_args(c, r);
        break;
    case BP_BRANCH:
        check_condition(c, r);
        check_block_args(c, r);
        break;
    case BP_EXIT_IF:
        check_condition(c, r);
        check_exit(c, r->c);
        break;
    case BP_EXIT:
        check_exit(c, r->c);
        break;
    case BP_EXIT_TO:
        require(c, type_of(c, r->a) == BP_I32 || type_of(c, r->a) == BP_I64, "pc is no i32 or i64");
        require(c, r->aux <= BP_HINT_RETURN, "unknown hint");
        break;
    case BP_FFLAGS:
        require(c, r->type == BP_I32, "wrong result type");
        break;
    case BP_LEAVE:
        require(c, r->aux <= BP_LEAVE_DEBUG, "unknown reason");
        if (r->c != UINT32_MAX)
            check_exit(c, r->c);
        break;
    default:
        break;
    }
}

/* Whether an op has a result: pure ops and float arithmetic do, the others by name. */
static bool yields_value(const struct bp_ir *r)
{
    switch (r->op) {
    case BP_GET: case BP_PARAM: case BP_LOAD: case BP_RMW: case BP_CAS: case BP_FFLAGS:
        return true;
    case BP_CALL:
        return r->type != BP_VOID;
    default:
        return ir_ops[r->op].flags & (IR_PURE | IR_FLOAT);
    }
}

static void check_record(struct checker *c)
{
    const struct bp_ir *r = &c->b->rec[c->i];
    const uint32_t operands[] = { r->a, r->b, r->c };
    require(c, (r->type != BP_VOID) == yields_value(r), "has a value where it must not, or none");
    for (unsigned k = 0; k < ir_ops[r->op].operands && !c->failed; k++)
        check_operand(c, operands[k]);
    if (c->failed)
        return;
    if (r->op == BP_CARRY)
        check_structure(c, r);
    else if (ir_ops[r->op].flags & IR_MEMORY)
        check_memory(c, r);
    else if (r->op >= BP_ADD && r->op <= BP_SELECT)
        check_integer(c, r);
    else if (r->op >= BP_VGET)
        check_vector(c, r);
    else if (r->op >= BP_FADD)
        check_float(c, r);
    else
        check_structure(c, r);
    if (!c->failed && may_fault(c, r))
        require(c, c->mark != 0, "may fault, but no mark before it in its block says where");
}

bool ir_check(const struct ir_buffer *b, char *msg, size_t size)
{
    struct checker c = { .b = b, .msg = msg, .size = size, .i = b->count };
    if (size)
        *msg = 0;
    if (b->failed || b->count < 2 || b->rec[0].op != BP_NOP) {
        fail(&c, b->failed ? "the buffer failed" : "there are no records");
        return false;
    }
    uint32_t blocks = 1;
    for (uint32_t i = 1; i < b->count; i++)
        blocks += b->rec[i].op == BP_BLOCK;
    c.blocks = calloc(blocks, sizeof *c.blocks);
    c.block_of = calloc(b->count, sizeof *c.block_of);
    uint32_t *stack = calloc(blocks, sizeof *stack);
    uint8_t *visited = calloc(blocks, 1);
    if (!c.blocks || !c.block_of || !stack || !visited) {
        fail(&c, "out of memory");
    } else {
        find_blocks(&c);
        if (!c.failed)
            find_successors(&c);
        if (!c.failed) {
            order_blocks(&c, stack, visited);
            find_dominators(&c, stack);
            for (c.i = 1; c.i < b->count && !c.failed; c.i++)
                check_record(&c);
        }
    }
    free(c.blocks);
    free(c.block_of);
    free(stack);
    free(visited);
    return !c.failed;
}
