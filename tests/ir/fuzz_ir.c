/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ir.c: hostile and random IR. Two targets, chosen by the first byte of the input:
 *
 *    text      the rest is parsed, printed, checked and, where it is valid, folded and optimised
 *    records   the rest drives a generator of valid IR with memory accesses, exits, calls, floats
 *              and loops; folded, optimised and unfolded IR must run alike
 *
 * Built plainly it makes inputs of its own: fuzz_ir [COUNT [SEED]], and says how many were of use.
 * With -fsanitize=fuzzer (-DFUZZER) libFuzzer does.
 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig *rig;
static struct ir_buffer before, after;

static struct {
    unsigned long parsed, valid, compared, records, kept;
} tally;

static void set_up(void)
{
    if (rig)
        return;
    rig = rig_new();
    if (ir_init(&before, rig_regs, RIG_REGS) || ir_init(&after, rig_regs, RIG_REGS))
        abort();
}

static void give_up(const char *what, const char *msg)
{
    char *x = ir_print(&before), *y = ir_print(&after);
    fprintf(stderr, "%s: %s\n%sbecame\n%s", what, msg, x, y);
    abort();
}

/* ---- text ------------------------------------------------------------------------------------ */

static void fuzz_text(const char *text, size_t size)
{
    char msg[300];
    if (ir_parse(&before, text, size, rig_helpers, RIG_HELPERS, msg, sizeof msg))
        return;
    tally.parsed++;
    char *printed = ir_print(&before);
    if (!printed)
        abort();
    if (!ir_check(&before, msg, sizeof msg)) {
        free(printed);
        return;
    }
    tally.valid++;
    if (ir_parse(&after, printed, strlen(printed), rig_helpers, RIG_HELPERS, msg, sizeof msg))
        give_up("what was printed does not parse", msg);
    free(printed);
    if (ir_refold(&after, &before) || !ir_check(&after, msg, sizeof msg))
        give_up("folding broke the contract", msg);
    ir_optimise(&after);
    if (!ir_check(&after, msg, sizeof msg))
        give_up("the backward pass broke the contract", msg);
}

/* ---- records --------------------------------------------------------------------------------- */

struct source {
    const uint8_t *at, *end;
};

static unsigned draw(struct source *s, unsigned n)
{
    return s->at < s->end ? *s->at++ % n : 0;
}

static uint64_t draw_bits(struct source *s)
{
    uint64_t v = 0;
    unsigned bytes = 1 + draw(s, 8);
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | draw(s, 256);
    switch (draw(s, 6)) {
    case 0: return (uint64_t)1 << v % 64;
    case 1: return ((uint64_t)1 << v % 64) - 1;
    case 2: return -((uint64_t)1 << v % 64);
    case 3: return v % 66;
    case 4: return -(v % 16);
    default: return v;
    }
}

static bp_value add(unsigned op, unsigned type, unsigned aux, uint32_t a, uint32_t b, uint32_t c)
{
    return ir_append_raw(&before,
                         (struct bp_ir){ (uint8_t)op, (uint8_t)type, (uint16_t)aux, a, b, c });
}

static uint32_t block_start; /* of the block that is generated */

static const uint8_t first_reg[] = { 0, B0, H0, W0, R0, S0, D0 };
static const uint8_t reg_count[] = { 0, 2, 2, 4, 8, 4, 4 };

/* A value of the type that may be used here: one that is there, else a register or a constant. */
static bp_value pick(struct source *s, unsigned type, bool may_be_raw)
{
    for (unsigned n = 0; n < 6; n++) {
        uint32_t span = before.count - block_start;
        bp_value v = before.count - 1 - (span ? draw(s, span < 24 ? span : 24) : 0);
        if (v >= block_start && v < before.count && before.rec[v].type == type &&
            (may_be_raw || !ir_raw(&before.rec[v])))
            return v;
    }
    if (draw(s, 3))
        return add(BP_GET, type, first_reg[type] + draw(s, reg_count[type]), 0, 0, 0);
    uint64_t k = draw_bits(s) & ir_type_mask[type];
    return add(BP_CONST, type, 0, 0, (uint32_t)k, (uint32_t)(k >> 32));
}

static unsigned draw_int_type(struct source *s)
{
    static const uint8_t types[] = { BP_I64, BP_I64, BP_I64, BP_I32, BP_I32, BP_I16, BP_I8 };
    return types[draw(s, sizeof types)];
}

/* r0 is an address in half of the runs; faults are part of the game. */
static bp_value pick_address(struct source *s)
{
    if (draw(s, 4) == 0)
        return pick(s, draw(s, 2) ? BP_I64 : BP_I32, false);
    bp_value v = add(BP_GET, BP_I64, R0, 0, 0, 0);
    if (draw(s, 2)) {
        uint64_t k = draw_bits(s) % 64;
        v = add(BP_ADD, BP_I64, 0, v, add(BP_CONST, BP_I64, 0, 0, (uint32_t)k, 0), 0);
    }
    return v;
}

static void add_integer(struct source *s)
{
    unsigned type = draw_int_type(s), other = draw_int_type(s);
    unsigned op = BP_ADD + draw(s, BP_SELECT - BP_ADD + 1), aux = 0;
    bp_value a, b = 0, c = 0;
    if (op == BP_TRUNC || op == BP_ZEXT || op == BP_SEXT) {
        if (type == other)
            return;
        if ((op == BP_TRUNC) != (type < other))
            op = type < other ? BP_TRUNC : draw(s, 2) ? BP_ZEXT : BP_SEXT;
        a = pick(s, other, false);
    } else if (op == BP_CMP) {
        a = pick(s, other, false);
        b = pick(s, other, false);
        aux = draw(s, 10);
    } else if (op == BP_SELECT) {
        a = pick(s, other, false);
        b = pick(s, type, false);
        c = pick(s, type, false);
    } else {
        a = pick(s, type, false);
        if (ir_ops[op].operands > 1)
            b = pick(s, type, false);
        if (op == BP_EXTRACT_U || op == BP_EXTRACT_S || op == BP_INSERT) {
            unsigned position = draw(s, ir_type_bits[type]);
            aux = position | (1 + draw(s, ir_type_bits[type] - position)) << 8;
        }
    }
    add(op, type, aux, a, b, c);
}

static void add_float(struct source *s)
{
    unsigned type = draw(s, 2) ? BP_F64 : BP_F32, integer = draw(s, 2) ? BP_I64 : BP_I32;
    unsigned op = BP_FADD + draw(s, BP_FUNBOX - BP_FADD + 1), aux = draw(s, 5);
    bool raw = ir_ops[op].flags & IR_FLOAT || op == BP_FCANON;
    bp_value a, b = 0, c = 0;
    switch (op) {
    case BP_FCMP:
        type = integer;
        raw = true;
        aux = draw(s, 6);
        integer = draw(s, 2) ? BP_F32 : BP_F64;
        a = pick(s, integer, raw);
        b = pick(s, integer, raw);
        break;
    case BP_F2I:
        a = pick(s, type, raw);
        type = integer;
        aux |= draw(s, 2) << 7;
        break;
    case BP_I2F:
        a = pick(s, integer, false);
        aux |= draw(s, 2) << 7;
        break;
    case BP_FCVT:
        a = pick(s, type == BP_F64 ? BP_F32 : BP_F64, raw);
        break;
    case BP_BITCAST:
        integer = type == BP_F64 ? BP_I64 : BP_I32;
        aux = 0;
        if (draw(s, 2)) {
            a = pick(s, type, false);
            type = integer;
        } else {
            a = pick(s, integer, false);
        }
        break;
    case BP_FBOX: case BP_FUNBOX:
        type = op == BP_FBOX ? BP_F64 : BP_F32;
        a = pick(s, op == BP_FBOX ? BP_F32 : BP_F64, false);
        aux = 0;
        break;
    default:
        if (op == BP_FROUND)
            aux |= draw(s, 2) << 7;
        else if (op > BP_FMADD)
            aux = 0;
        a = pick(s, type, raw);
        if (ir_ops[op].operands > 1)
            b = pick(s, type, raw);
        if (ir_ops[op].operands > 2)
            c = pick(s, type, raw);
        break;
    }
    bp_value v = add(op, type, aux, a, b, c);
    if (ir_raw(&before.rec[v]) && draw(s, 2))
        add(BP_FCANON, type, 0, v, 0, 0);
}

static void add_memory(struct source *s)
{
    static const uint8_t types[] = { BP_I64, BP_I32, BP_I16, BP_I8, BP_F64, BP_F32 };
    unsigned type = types[draw(s, sizeof types)], bytes = ir_type_bits[type] / 8, log2 = 0;
    while (1u << log2 < bytes)
        log2++;
    if (ir_is_int(type))
        log2 = draw(s, log2 + 1);
    unsigned aux = BP_MEM_SIZE(log2) | BP_MEM_MMU(draw(s, 2));
    aux |= draw(s, 6) ? 0 : BP_MEM_BIG_ENDIAN;
    aux |= draw(s, 8) ? 0 : BP_MEM_ALIGNED;
    aux |= draw(s, 8) ? 0 : BP_MEM_ACQUIRE | BP_MEM_RELEASE;
    bp_value address = pick_address(s);
    uint32_t displacement = (uint32_t)(int32_t)(int8_t)draw(s, 256);
    switch (draw(s, 6)) {
    case 0: case 1: case 2:
        if (ir_is_int(type) && draw(s, 2))
            aux |= BP_MEM_SIGNED;
        add(BP_LOAD, type, aux, address, 0, displacement);
        break;
    case 3: case 4:
        add(BP_STORE, BP_VOID, aux, address, pick(s, type, false), displacement);
        break;
    default:
        if (!ir_is_int(type))
            return;
        if (draw(s, 2)) {
            bp_value v = pick(s, type, false);
            add(BP_RMW, type, aux, address, v, draw(s, 2)); /* what the slow path knows */
        } else {
            bp_value expected = pick(s, type, false), desired = pick(s, type, false);
            add(BP_CAS, type, aux, address, expected, desired);
        }
        break;
    }
}

static void add_call(struct source *s)
{
    uint32_t n = draw(s, RIG_HELPERS - 2); /* not the two that end the run */
    const struct bp_helper *h = rig_helpers[n < 4 ? n : n + 2];
    bp_value args[6];
    for (unsigned i = 0; i < h->args; i++)
        args[i] = pick(s, h->arg_type[i], false);
    for (unsigned i = 0; i < h->args; i++)
        add(BP_ARG, BP_VOID, 0, args[i], 0, 0);
    add(BP_CALL, h->ret, h->args, 0, 0, ir_add_helper(&before, h));
}

static uint32_t new_exit(struct source *s)
{
    struct bp_ir_exit e = { .pc = 0x1000 + 4 * before.exit_count };
    e.flags = draw(s, 8) ? 0 : BP_EXIT_LOOP;
    return ir_add_exit(&before, &e);
}

static void add_record(struct source *s)
{
    switch (draw(s, 16)) {
    case 0: case 1: case 2: case 3: case 4: case 5:
        add_integer(s);
        break;
    case 6: case 7: case 8:
        add_float(s);
        break;
    case 9: case 10:
        add_memory(s);
        break;
    case 11: case 12: case 13: {
        unsigned type = 1 + draw(s, BP_F64);
        bp_value v = pick(s, type, false);
        add(BP_PUT, BP_VOID, first_reg[type] + draw(s, reg_count[type]), v, 0, 0);
        break;
    }
    case 14:
        add_call(s);
        break;
    default: {
        unsigned type = draw_int_type(s), cond = draw(s, 10);
        bp_value a = pick(s, type, false), b = pick(s, type, false);
        if (before.exit_count < 40)
            add(BP_EXIT_IF, BP_VOID, cond, a, b, new_exit(s));
        break;
    }
    }
}

static void add_mark(void)
{
    uint32_t pc = 0x1000 + 4 * before.count;
    add(BP_MARK, BP_VOID, 4, 0, pc, 0);
}

/* A loop of a few rounds around some records: a counter and a sum go round as parameters. */
static void add_loop(struct source *s)
{
    bp_value rounds = add(BP_CONST, BP_I64, 0, 0, 1 + draw(s, 4), 0), sum = pick(s, BP_I64, false);
    add(BP_ARG, BP_VOID, 0, rounds, 0, 0);
    add(BP_ARG, BP_VOID, 0, sum, 0, 0);
    bp_value jump = add(BP_JUMP, BP_VOID, 0, 0, 0, 0);
    bp_value block = add(BP_BLOCK, BP_VOID, 2, 0, 0, 0);
    before.rec[jump].c = block;
    block_start = before.count;
    bp_value counter = add(BP_PARAM, BP_I64, 0, 0, 0, 0);
    bp_value value = add(BP_PARAM, BP_I64, 0, 0, 0, 0);
    add_mark();
    for (unsigned n = draw(s, 8); n > 0; n--)
        add_record(s);
    bp_value next = add(BP_ADD, BP_I64, 0, value, pick(s, BP_I64, false), 0);
    bp_value one = add(BP_CONST, BP_I64, 0, 0, 1, 0), zero = add(BP_CONST, BP_I64, 0, 0, 0, 0);
    bp_value left = add(BP_SUB, BP_I64, 0, counter, one, 0);
    add(BP_PUT, BP_VOID, R0 + 1, next, 0, 0);
    add(BP_ARG, BP_VOID, 0, left, 0, 0);
    add(BP_ARG, BP_VOID, 0, next, 0, 0);
    add(BP_BRANCH, BP_VOID, BP_NE, left, zero, block);
    add(BP_BLOCK, BP_VOID, 0, 0, 0, 0);
    block_start = before.count;
    add_mark();
}

static void generate(struct source *s)
{
    ir_reset(&before);
    block_start = 1;
    add_mark();
    for (unsigned n = 0; n < 60 && s->at < s->end; n++) {
        if (draw(s, 30) == 0)
            add_loop(s);
        else if (draw(s, 10) == 0)
            add_mark();
        else
            add_record(s);
    }
    if (draw(s, 4) == 0)
        add(BP_EXIT_TO, BP_VOID, BP_HINT_NONE, pick(s, BP_I64, false), 0, 0);
    else
        add(BP_EXIT, BP_VOID, 0, 0, 0, new_exit(s));
}

static void fuzz_records(struct source s)
{
    char msg[400];
    generate(&s);
    ir_refold(&after, &before); /* invalid input is found by the comparison */
    tally.records += before.count;
    if (!rig_compare(rig, &before, &after, 8, msg, sizeof msg))
        give_up("folding", msg);
    ir_optimise(&after);
    for (uint32_t i = 0; i < after.count; i++)
        tally.kept += after.rec[i].op != BP_NOP;
    if (!rig_compare(rig, &before, &after, 8, msg, sizeof msg))
        give_up("folding and the backward pass", msg);
    ir_optimise(&before);
    if (!rig_compare(rig, &after, &before, 4, msg, sizeof msg))
        give_up("the backward pass alone", msg);
    tally.compared++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    set_up();
    if (size == 0)
        return 0;
    if (data[0] & 1)
        fuzz_text((const char *)data + 1, size - 1);
    else
        fuzz_records((struct source){ data + 1, data + size });
    return 0;
}

#ifndef FUZZER
static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Printed IR with some characters changed: nearly right text goes deepest. */
static size_t make_text(uint8_t *data, size_t room)
{
    struct source s = { data, data + 200 };
    for (unsigned i = 0; i < 200; i++)
        data[i] = (uint8_t)(next_random() >> 24);
    generate(&s);
    char *text = ir_print(&before);
    size_t n = text ? strlen(text) : 0;
    if (n > room)
        n = room;
    memcpy(data, text, n);
    free(text);
    static const char letters[] = "0123456789%.,[]+-> \nabcdefiklmnoprstux_=";
    for (unsigned k = (unsigned)(next_random() >> 20) % 4; k > 0 && n; k--) {
        size_t i = (next_random() >> 8) % n;
        if (next_random() >> 20 & 1)
            data[i] = (uint8_t)letters[(next_random() >> 20) % (sizeof letters - 1)];
        else
            memmove(data + i, data + i + 1, --n - i);
    }
    return n;
}

int main(int argc, char **argv)
{
    static uint8_t data[1 << 16];
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000;
    state = (argc > 2 ? strtoull(argv[2], NULL, 0) : 1) * 0x9e3779b97f4a7c15u;
    set_up();
    for (unsigned long i = 0; i < count; i++) {
        if (i % 4 == 3) {
            size_t n = make_text(data + 1, sizeof data - 1);
            data[0] = 1;
            LLVMFuzzerTestOneInput(data, n + 1);
            continue;
        }
        size_t n = 20 + (next_random() >> 20) % 500;
        for (size_t k = 0; k < n; k++)
            data[k] = (uint8_t)(next_random() >> 24);
        data[0] = 0;
        LLVMFuzzerTestOneInput(data, n);
    }
    printf("random IR: %lu translations ran alike folded and unfolded (%lu records, %lu left), "
           "%lu texts parsed, %lu of them valid\n",
           tally.compared, tally.records, tally.kept, tally.parsed, tally.valid);
    ir_free(&before);
    ir_free(&after);
    rig_free(rig);
    return tally.compared < count / 2 || tally.valid == 0;
}
#endif
