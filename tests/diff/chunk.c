/* SPDX-License-Identifier: MIT */
/*
 * chunk.c: samples the instructions of a chunk. Whatever decode row is drawn, the instruction must
 * leave the harness's register alone, reach memory only through pointers into SCRATCH, and go
 * forward, but for one counted loop.
 */
#include "chunk.h"
#include "ops.h"
#include "rng.h"
#include "system.h"
#include "values.h"

#include <stdlib.h>
#include <string.h>

#define ROOM (CHUNK_SIZE - 16) /* for items, beside entry and exit */

/* ---- profiles -------------------------------------------------------------------------------- */

static uint64_t features_of(unsigned xlen)
{
    uint64_t all = (UINT64_C(1) << RISCV_FEATURE_COUNT) - 1;
    return all & ~(xlen == 64 ? RISCV_FEATURE_RV32 : RISCV_FEATURE_RV64);
}

/* Not in the peer, or rightly different there: docs/testing.md says which and why. */
static bool peer_differs(enum riscv_op op, bool machine)
{
    switch (op) {
    case RISCV_OP_CZERO_EQZ: case RISCV_OP_CZERO_NEZ:
        return true;
    case RISCV_OP_EBREAK: case RISCV_OP_C_EBREAK: case RISCV_OP_SC_W: case RISCV_OP_SC_D:
    case RISCV_OP_SINVAL_VMA: case RISCV_OP_SFENCE_W_INVAL: case RISCV_OP_SFENCE_INVAL_IR:
        return machine;
    default:
        return kind_of(op) == KIND_BLOCK;
    }
}

void set_profile(struct profile *p, unsigned xlen, bool machine, bool peer)
{
    memset(p, 0, sizeof *p);
    p->xlen = xlen;
    p->machine = machine;
    p->peer = peer;
    for (size_t i = 0; i < riscv_row_count; i++) {
        enum riscv_op op = riscv_rows[i].op;
        enum kind kind = kind_of(op);

        if (!op || !riscv_row_enabled(i, features_of(xlen)))
            continue;
        if (!machine && (kind == KIND_TRAP || kind == KIND_PRIVILEGED))
            continue;
        if (!peer || !peer_differs(op, machine))
            p->ops[p->op_count++] = (uint16_t)op;
    }
}

/* ---- drawing --------------------------------------------------------------------------------- */

static struct item *add(struct chunk *c, uint32_t word, unsigned length, enum riscv_op op)
{
    struct item *item = &c->items[c->n];

    if (c->n == MAX_ITEMS || c->bytes + length > ROOM)
        abort();
    c->n++;
    c->bytes += length;
    memset(item, 0, sizeof *item);
    item->word = word;
    item->length = (uint8_t)length;
    item->op = (uint16_t)op;
    item->region = (uint8_t)c->region;
    return item;
}

/* For the next instruction to take up. */
static void remember(struct chunk *c, const struct riscv_insn *insn)
{
    struct riscv_insn copy = *insn;
    int32_t *fields[4];

    if (destination(insn))
        c->last[0] = c->last[1] = destination(insn);
    else if (insn->length == 4 && register_fields(&copy, fields))
        c->last[1] = *fields[0];
}

struct item *chunk_add(struct chunk *c, struct riscv_insn *insn)
{
    uint32_t word;

    if (!riscv_encode(insn, &word))
        return NULL;
    remember(c, insn);
    return add(c, word, insn->length ? insn->length : 4, insn->op);
}

static bool decode(const struct chunk *c, uint32_t word, struct riscv_insn *ret)
{
    uint64_t features = features_of(c->xlen);

    return (word & 3) == 3 ? riscv_decode32(word, features, ret)
                           : riscv_decode16(word, features, ret);
}

/* A general register that may be written: neither pointer nor counter nor the harness's. */
static bool is_free(const struct chunk *c, int reg)
{
    return !reg || (reg != c->reg && !c->pointer[reg] && reg != c->counter && reg != c->bad);
}

int free_register(struct chunk *c)
{
    for (;;) {
        int reg = 1 + (int)below(&c->rng, 31);
        if (is_free(c, reg))
            return reg;
    }
}

/* Long chains of what depends on each other, where the chunk is about few registers; often one
 * operand is what was written last, and an amount one that cuts words or bytes. */
static void narrow(struct chunk *c, struct riscv_insn *insn)
{
    static const uint8_t amounts[] = { 1, 8, 16, 24, 31, 32, 33, 48, 56, 63 };
    struct riscv_insn other = *insn;
    int32_t *fields[4], *by = amount(&other);
    unsigned n = register_fields(&other, fields);
    uint32_t word;

    if (!c->few_n || insn->length != 4)
        return;
    for (unsigned i = 0; i < n; i++)
        *fields[i] = c->few[below(&c->rng, c->few_n)];
    if (n && one_in(&c->rng, 2))
        *fields[n > 1 ? 1 + below(&c->rng, n - 1) : 0] = c->last[below(&c->rng, 2)];
    if (by && one_in(&c->rng, 2))
        *by = amounts[below(&c->rng, sizeof amounts)] & (int)(c->xlen - 1);
    if (riscv_encode(&other, &word))
        *insn = other;
}

static unsigned pointers_left(const struct chunk *c)
{
    unsigned n = 0;

    for (int i = 1; i < 32; i++)
        n += c->pointer[i];
    return n;
}

/* A row's instruction with operands that are harmless; false where the chunk has no room for it. */
bool chunk_draw(struct chunk *c, enum riscv_op op, struct riscv_insn *insn)
{
    for (int tries = 0; tries < 48; tries++) {
        int32_t *rm;
        uint32_t word = riscv_sample(&c->rng, op);

        if (!decode(c, word, insn) || insn->op != op)
            continue;
        rm = rounding(insn);
        if (rm && (*rm == 5 || *rm == 6) && (!c->machine || !one_in(&c->rng, 4)))
            continue;
        if (rm && one_in(&c->rng, 3))
            *rm = 7; /* what fcsr says, as in most programs */
        narrow(c, insn);
        if (is_free(c, destination(insn)))
            return true;
    }
    return false;
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Puts a pointer where the instruction takes its address from. */
static bool give_pointer(struct chunk *c, struct riscv_insn *insn, bool aligned)
{
    unsigned first = below(&c->rng, 32);

    for (unsigned i = 0; i < 32; i++) {
        int reg = (int)((first + i) & 31);
        uint32_t word;

        if (!c->pointer[reg] || (aligned && reg != c->aligned))
            continue;
        *address_register(insn) = reg;
        if (riscv_encode(insn, &word))
            return true;
    }
    return false;
}

/* Now and then the pointer itself is overwritten; then it is one no more. */
static void maybe_overwrite(struct chunk *c, struct riscv_insn *insn)
{
    int reg = *address_register(insn);
    struct riscv_insn other = *insn;
    uint32_t word;

    if (reg == c->bad || c->loop_count || insn->format == RISCV_FORMAT_S ||
        insn->format == RISCV_FORMAT_CBO || !destination(insn) || pointers_left(c) < 2 ||
        !one_in(&c->rng, 12))
        return;
    if (insn->format == RISCV_FORMAT_I)
        other.u.i.rd = reg;
    else
        other.u.amo.rd = reg;
    if (!riscv_encode(&other, &word))
        return;
    *insn = other;
    c->pointer[reg] = false;
}

static bool add_memory(struct chunk *c, enum riscv_op op, bool aligned)
{
    struct riscv_insn insn;
    int32_t *imm;

    if (!chunk_draw(c, op, &insn) || !give_pointer(c, &insn, aligned))
        return false;
    if (c->bad && !(c->peer && aligned) && one_in(&c->rng, 16))
        *address_register(&insn) = c->bad;
    imm = immediate(&insn);
    if (imm && insn.length == 4 && one_in(&c->rng, 2))
        *imm = (int32_t)below(&c->rng, 64) - 32;
    maybe_overwrite(c, &insn);
    return chunk_add(c, &insn);
}

/* SC mostly follows an LR of its size at its address, now and then with something between. */
static bool add_conditional(struct chunk *c, enum riscv_op op)
{
    struct riscv_insn load, store;
    int between;

    if (!chunk_draw(c, op, &store) || !give_pointer(c, &store, true))
        return false;
    if (!chunk_draw(c, op == RISCV_OP_SC_W ? RISCV_OP_LR_W : RISCV_OP_LR_D, &load))
        return false;
    load.u.amo.rs1 = store.u.amo.rs1;
    chunk_add(c, &load);
    between = (int)below(&c->rng, 3);
    while (between-- > 0) {
        struct riscv_insn insn;
        if (chunk_draw(c, RISCV_OP_ADDI, &insn))
            chunk_add(c, &insn);
    }
    chunk_add(c, &store);
    return true;
}

static bool add_atomic(struct chunk *c, enum riscv_op op)
{
    bool conditional = op == RISCV_OP_SC_W || op == RISCV_OP_SC_D;

    if (!c->pointer[c->aligned])
        return false;
    if (conditional && !one_in(&c->rng, 3))
        return add_conditional(c, op);
    return add_memory(c, op, !c->machine || c->peer || !one_in(&c->rng, 8));
}

/* ---- jumps ----------------------------------------------------------------------------------- */

unsigned draw_skip(struct chunk *c)
{
    return below(&c->rng, 5);
}

static bool add_branch(struct chunk *c, enum riscv_op op)
{
    struct riscv_insn insn;
    struct item *item;

    if (!chunk_draw(c, op, &insn))
        return false;
    *immediate(&insn) = 4;
    item = chunk_add(c, &insn);
    item->fix = FIX_TARGET;
    item->skip = (uint8_t)draw_skip(c);
    return true;
}

/* AUIPC, where there is no immediate ADDI, and the jump: none of them may be entered alone. */
static bool add_indirect(struct chunk *c, enum riscv_op op)
{
    int reg = free_register(c);
    struct riscv_insn insn, auipc = { .op = RISCV_OP_AUIPC, .u.u = { reg, 0 } };
    struct riscv_insn addi = { .op = RISCV_OP_ADDI, .u.i = { reg, reg, 0 } };
    struct item *item;
    uint16_t base = (uint16_t)c->n;

    if (!chunk_draw(c, op, &insn))
        return false;
    *address_register(&insn) = reg;
    chunk_add(c, &auipc);
    if (op != RISCV_OP_JALR) {
        item = chunk_add(c, &addi);
        item->fix = FIX_FOR_LATER;
        item->base = base;
        item->ahead = 1;
        item->no_target = true;
        item = chunk_add(c, &insn);
        item->fix = FIX_JUMP_ONLY;
    } else {
        *immediate(&insn) = (int32_t)below(&c->rng, 2); /* the lowest bit is ignored */
        item = chunk_add(c, &insn);
        item->fix = FIX_FROM_BASE;
        item->base = base;
    }
    item->no_target = true;
    item->skip = (uint8_t)draw_skip(c);
    return true;
}

/* ---- float CSRs ------------------------------------------------------------------------------ */

enum { FFLAGS = 1, FRM, FCSR };

/* Leaves a valid rounding mode behind, as programs do. */
static bool add_float_csr(struct chunk *c, enum riscv_op op)
{
    struct riscv_insn insn, li = { .op = RISCV_OP_ADDI };
    int csr = (int)below(&c->rng, 3) + FFLAGS;
    bool known = false;

    if (!chunk_draw(c, op, &insn))
        return false;
    if (insn.format == RISCV_FORMAT_CSRI) {
        insn.u.csri.csr = csr;
        if (csr == FRM && op == RISCV_OP_CSRRWI)
            insn.u.csri.imm = (int)below(&c->rng, 5);
        if (csr == FRM && op == RISCV_OP_CSRRSI)
            insn.u.csri.imm = 0;
        chunk_add(c, &insn);
        return true;
    }
    insn.u.csr.csr = csr;
    if (csr != FFLAGS && op != RISCV_OP_CSRRC) {
        bool sets = op == RISCV_OP_CSRRS;
        unsigned value = sets ? below(&c->rng, 32) : fcsr_value(&c->rng);

        known = true;
        li.u.i.rd = free_register(c);
        li.u.i.imm = csr == FCSR ? (int)value : sets ? 0 : (int)(value >> 5);
        insn.u.csr.rs1 = li.u.i.rd;
        chunk_add(c, &li);
    }
    chunk_add(c, &insn)->no_target = known;
    return true;
}

/* ---- the chunk ------------------------------------------------------------------------------- */

static bool add_plain(struct chunk *c, enum riscv_op op)
{
    struct riscv_insn insn;

    if (!chunk_draw(c, op, &insn))
        return false;
    chunk_add(c, &insn);
    return true;
}

/* The peer counts on beyond a low word of zeros: give it another. docs/testing.md. */
static bool add_ctzw_for_peer(struct chunk *c)
{
    int reg = free_register(c);
    struct riscv_insn insn;
    struct riscv_insn set = { .op = RISCV_OP_BSETI, .u.i = { reg, reg, (int)below(&c->rng, 32) } };

    if (!chunk_draw(c, RISCV_OP_CTZW, &insn))
        return false;
    insn.u.r1.rs1 = reg;
    chunk_add(c, &set);
    chunk_add(c, &insn)->no_target = true;
    return true;
}

static bool add_row(struct chunk *c, enum riscv_op op)
{
    int width = float_width(op);

    if ((c->flavour == FLOATS_SINGLE && width == 'd') ||
        (c->flavour == FLOATS_DOUBLE && width == 's'))
        return false;
    if (c->peer && op == RISCV_OP_CTZW)
        return add_ctzw_for_peer(c);
    switch (kind_of(op)) {
    case KIND_MEMORY: return add_memory(c, op, false);
    case KIND_BLOCK: return add_memory(c, op, false);
    case KIND_ATOMIC: return add_atomic(c, op);
    case KIND_BRANCH: return add_branch(c, op);
    case KIND_INDIRECT: return add_indirect(c, op);
    case KIND_CSR:
        return c->machine && !one_in(&c->rng, 4) ? add_csr(c, op) : add_float_csr(c, op);
    case KIND_TRAP: case KIND_PRIVILEGED: return add_system(c, op);
    default: return add_plain(c, op);
    }
}

static void choose_registers(struct chunk *c)
{
    int more[3];

    c->reg = 1 + (int)below(&c->rng, 31);
    more[0] = one_in(&c->rng, 4) ? 1 + (int)below(&c->rng, 31) : SP;
    more[1] = 8 + (int)below(&c->rng, 8);
    more[2] = 1 + (int)below(&c->rng, 31);
    for (int i = 0; i < 3; i++)
        if (more[i] != c->reg)
            c->pointer[more[i]] = true;
    if (!pointers_left(c))
        c->pointer[c->reg % 31 + 1] = true;
    do
        c->aligned = 1 + (int)below(&c->rng, 31);
    while (!c->pointer[c->aligned]);
    memcpy(c->was_pointer, c->pointer, sizeof c->was_pointer);
}

/* Some chunks are about few registers, some about few rows: rules that need neighbours apply. */
static void choose_theme(struct chunk *c, const struct profile *p)
{
    static const uint16_t always[] = {
        RISCV_OP_ADDI, RISCV_OP_LUI, RISCV_OP_BNE, RISCV_OP_SW, RISCV_OP_LW,
    };

    if (one_in(&c->rng, 2)) {
        c->few_n = 4 + below(&c->rng, 3);
        for (unsigned i = 0; i < c->few_n; i++)
            c->few[i] = free_register(c);
    }
    if (one_in(&c->rng, 3)) {
        memcpy(c->rows, always, sizeof always);
        for (c->rows_n = 5; c->rows_n < 16; c->rows_n++)
            c->rows[c->rows_n] = p->ops[below(&c->rng, p->op_count)];
    }
}

/* A constant in a register, or a row. */
static void add_any(struct chunk *c, const struct profile *p)
{
    struct riscv_insn li;

    if (c->few_n && one_in(&c->rng, 8) && chunk_draw(c, RISCV_OP_ADDI, &li)) {
        li.u.i.rs1 = ZERO;
        li.u.i.imm = small_value(&c->rng);
        chunk_add(c, &li);
    } else if (c->machine && one_in(&c->rng, 40)) {
        add(c, unknown_word(c), 4, RISCV_OP_INVALID);
    } else if (c->rows_n) {
        add_row(c, c->rows[below(&c->rng, c->rows_n)]);
    } else {
        add_row(c, p->ops[below(&c->rng, p->op_count)]);
    }
}

static void open_loop(struct chunk *c)
{
    struct riscv_insn li = { .op = RISCV_OP_ADDI };

    c->loop_count = 2 + below(&c->rng, 3);
    li.u.i.rd = free_register(c);
    li.u.i.imm = (int)c->loop_count;
    chunk_add(c, &li)->gate = true;
    c->counter = li.u.i.rd;
    c->region = 1;
    c->loop_start = (uint16_t)c->n;
}

static void close_loop(struct chunk *c)
{
    struct riscv_insn down = { .op = RISCV_OP_ADDI, .u.i = { c->counter, c->counter, -1 } };
    struct riscv_insn back = { .op = RISCV_OP_BNE, .u.b = { c->counter, ZERO, -4 } };
    struct item *item;

    chunk_add(c, &down)->gate = true;
    item = chunk_add(c, &back);
    item->fix = FIX_BACK;
    item->base = c->loop_start;
    item->no_target = true;
    c->counter = 0;
    c->region = 2;
}

/* Where a jump goes that wants to skip items: not into others' middle, not past a gate. */
static unsigned target_of(const struct chunk *c, unsigned i)
{
    unsigned want = i + 1 + c->items[i].skip, j;

    for (j = i + 1; j < c->n; j++)
        if (c->items[j].gate || (j >= want && !c->items[j].no_target))
            break;
    return j;
}

static bool is_jump(const struct item *item)
{
    return item->fix == FIX_TARGET || item->fix == FIX_FROM_BASE || item->fix == FIX_JUMP_ONLY;
}

static void mark_sure(struct chunk *c)
{
    for (unsigned i = 0; i < c->n; i++)
        c->items[i].sure = true;
    for (unsigned i = 0; i < c->n; i++)
        if (is_jump(&c->items[i]))
            for (unsigned j = i + 1; j < target_of(c, i); j++)
                c->items[j].sure = false;
}

void make_chunk(struct chunk *c, const struct profile *p, uint64_t seed, uint64_t number)
{
    unsigned loop_from, loop_to;

    memset(c, 0, sizeof *c);
    c->xlen = p->xlen;
    c->machine = p->machine;
    c->peer = p->peer;
    c->rng = seed ^ number * UINT64_C(0xd1342543de82ef95);
    random64(&c->rng);
    choose_registers(c);
    c->flavour = (enum flavour)below(&c->rng, 3);
    if (c->machine)
        choose_modes(c);
    choose_theme(c, p);
    loop_from = one_in(&c->rng, 3) ? below(&c->rng, 200) : ROOM;
    loop_to = loop_from + 30 + below(&c->rng, 80);
    /* The longest unit has 24 bytes, the loop's end 8. */
    while (c->bytes + 40 < ROOM) {
        if (c->bytes >= loop_from && !c->region)
            open_loop(c);
        if (c->region == 1 && c->bytes >= loop_to)
            close_loop(c);
        add_any(c, p);
    }
    if (c->region == 1)
        close_loop(c);
    mark_sure(c);
}

uint64_t count_chunk(const struct chunk *c, uint64_t *counts)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < c->n; i++) {
        uint64_t times = c->items[i].region == 1 ? c->loop_count : 1;

        if (!c->items[i].sure)
            continue;
        counts[c->items[i].op] += times;
        sum += times;
    }
    return sum;
}

/* ---- writing --------------------------------------------------------------------------------- */

static uint32_t with_immediate(const struct chunk *c, const struct item *item, int32_t away)
{
    struct riscv_insn insn;
    uint32_t word;

    if (!decode(c, item->word, &insn))
        abort();
    *immediate(&insn) = item->fix == FIX_FROM_BASE ? away | (*immediate(&insn) & 1) : away;
    if (!riscv_encode(&insn, &word))
        abort();
    return word;
}

static uint32_t fixed(const struct chunk *c, unsigned i, unsigned limit, const uint64_t *addresses)
{
    const struct item *item = &c->items[i];
    unsigned from = item->base, to;

    if (item->fix == FIX_NONE || item->fix == FIX_JUMP_ONLY)
        return item->word;
    to = item->fix == FIX_BACK ? item->base : target_of(c, i + item->ahead);
    to = to < limit ? to : limit;
    if (item->fix == FIX_TARGET || item->fix == FIX_BACK)
        from = i;
    return with_immediate(c, item, (int32_t)(addresses[to] - addresses[from]));
}

void write_chunk(struct image *im, const struct chunk *c, unsigned limit)
{
    uint64_t addresses[MAX_ITEMS + 1];

    put_address(im, c->reg, SAVE);
    if (limit > c->n)
        limit = c->n;
    addresses[0] = im->at;
    for (unsigned i = 0; i < limit; i++)
        addresses[i + 1] = addresses[i] + c->items[i].length;
    for (unsigned i = 0; i < limit; i++)
        put(im, fixed(c, i, limit, addresses), c->items[i].length);
    put_i(im, RISCV_OP_JALR, ZERO, c->reg, harness_exit(c->reg));
}

void write_set(struct image *im, struct chunk *c, const struct harness *h, uint64_t at,
               uint64_t code)
{
    unsigned word = im->xlen / 8;

    poke(im, at, h->restore[c->reg], word);
    for (int i = 1; i < 32; i++) {
        uint64_t value = integer_value(&c->rng);

        if (c->was_pointer[i])
            value = pointer_value(&c->rng, i == c->aligned);
        if (i == c->bad)
            value = bad_pointer_value(&c->rng, c->xlen);
        poke(im, at + word * (unsigned)i, i == c->reg ? code : value, word);
    }
    for (unsigned i = 0; i < 32; i++)
        poke(im, at + SAVE_F + 8 * i, float_value(&c->rng, c->flavour), 8);
    poke(im, at + SAVE_FCSR, fcsr_value(&c->rng), word);
    if (im->machine)
        write_set_csrs(im, c, h, at, code);
}
