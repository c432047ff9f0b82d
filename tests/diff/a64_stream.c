/* SPDX-License-Identifier: MIT */
/*
 * a64_stream.c: samples A64 instructions from the decode tables into chunks that a program on the guest's
 * side runs (tests/guest/aarch64/rows.c), for comparing engines. docs/testing.md.
 *
 * A chunk is 128 words: how many follow, then instructions. They leave x24 to x27 and sp alone, which point into
 * memory, and x28, which is the runner's; x29 and x30 are for branches. x27 and sp stay aligned.
 * Branches go forward a few instructions.
 */
#include "a64-decode.h"
#include "rng.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_WORDS = 128, MAX_WORDS = 120, UNIT_WORDS = 16, ROUNDS = 4, ALIGNED = 27 };

struct chunk {
    uint32_t words[CHUNK_WORDS]; /* [0]: how many */
    unsigned unsure;             /* of them a branch may leave out */
    bool target[CHUNK_WORDS];    /* a branch goes there */
    uint64_t rng;
    unsigned rows_n;             /* where it is not 0: the only rows */
    uint16_t rows[16];
};

static const uint64_t all_features = (UINT64_C(1) << A64_FEATURE_COUNT) - 1;
static uint16_t ops[A64_OP_COUNT];
static unsigned op_count;
static uint64_t counts[A64_OP_COUNT];

/* ---- rows ------------------------------------------------------------------------------------ */

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(name, *list))
            return true;
    return false;
}

/* That leave the program, or depend on keys, time or chance. hlt is semihosting's. */
static const char *const left_out[] = {
    "svc", "brk", "hlt", "hint", "msr_i", "sys", "sysl", "msr", "mrs", "isb", "pacga", "pac", "aut", "ldra",
    "bra", "blra", "braz", "blraz", "reta", "ereta", "wfet", "wfit", NULL,
};
static const char *const branches[] = { "b", "bl", "b.cond", "cbz", "cbnz", "tbz", "tbnz", NULL };
static const char *const indirect[] = { "br", "blr", "ret", NULL };

static bool starts(const char *name, const char *with) { return !strncmp(name, with, strlen(with)); }

static bool is_memory(uint32_t w) { return (w >> 25 & 5) == 4; }
static bool is_literal(uint32_t w) { return (w >> 24 & 0x3b) == 0x18; }
/* Exclusives, ordered accesses, compare and swap, atomics: must be aligned. */
static bool is_ordered(uint32_t w)
{
    return (w >> 24 & 0x3f) == 8 || ((w >> 24 & 0x3f) == 0x38 && (w >> 21 & 1) && !(w >> 10 & 3)) ||
           (w >> 24 & 0x3f) == 0x19;
}

static void choose_rows(void)
{
    for (unsigned op = 1; op < A64_OP_COUNT; op++)
        if (!is_one_of(a64_op_names[op], left_out))
            ops[op_count++] = (uint16_t)op;
}

/* ---- registers ------------------------------------------------------------------------------- */

/* The operand that the text begins with, a general register: its number, or -1. */
static int register_in(const char *text)
{
    if ((text[0] == 'x' || text[0] == 'w') && text[1] >= '0' && text[1] <= '9')
        return atoi(text + 1);
    return starts(text, "sp") || starts(text, "wsp") ? 31 : -1;
}

static bool is_reserved(int reg, bool written)
{
    return reg >= 28 || (written && reg >= 24);
}

/* Whether registers other than an address are harmless: of the text's operands the first, those before [, and
 * none of x28 to x30. */
static bool is_harmless(uint32_t w)
{
    struct a64_insn insn;
    char text[160], *at, *bracket;

    if (!a64_decode32(w, all_features, &insn))
        return false;
    a64_disassemble(&insn, 0, text, sizeof text);
    bracket = strchr(text, '[');
    if (bracket && !is_memory(w))
        bracket = NULL;
    at = strchr(text, ' ');
    for (bool first = true; at; at = strchr(at, ',')) {
        at += strspn(at, " ,{");
        if (bracket && at >= bracket)
            break;
        if (is_reserved(register_in(at), first || bracket))
            return false;
        first = false;
    }
    return true;
}

static void set_field(uint32_t *w, unsigned at, unsigned bits, uint32_t value)
{
    uint32_t mask = ((1u << bits) - 1) << at;

    *w = (*w & ~mask) | (value << at & mask);
}
static uint32_t field(uint32_t w, unsigned at, unsigned bits) { return w >> at & ((1u << bits) - 1); }

/* A free general register. */
static uint32_t any_register(struct chunk *c) { return below(&c->rng, 24); }

/* ---- adding ---------------------------------------------------------------------------------- */

static void add(struct chunk *c, uint32_t w)
{
    c->words[1 + c->words[0]++] = w;
}

/* The words of a unit belong together: no branch must go into its middle. */
static void begin_unit(struct chunk *c, unsigned words)
{
    for (unsigned i = 1; i < words; i++) {
        while (c->target[c->words[0] + i]) {
            add(c, 0xd503201f); /* nop */
            i = 1;
        }
    }
}

static void mark_target(struct chunk *c, unsigned words_ahead)
{
    c->target[c->words[0] + words_ahead] = true;
}

/* movz xN, #imm */
static void add_constant(struct chunk *c, uint32_t reg, uint32_t imm)
{
    add(c, 0xd2800000 | imm << 5 | reg);
}

static bool draw(struct chunk *c, enum a64_op op, uint32_t *ret)
{
    for (unsigned tries = 0; tries < 64; tries++) {
        struct a64_insn insn;
        uint32_t w = a64_sample(&c->rng, op);

        if (!a64_decode32(w, all_features, &insn) || insn.op != op)
            continue;
        if (is_memory(w) && !is_literal(w))
            set_field(&w, 5, 5, 24 + below(&c->rng, 4));
        if (!is_harmless(w))
            continue;
        *ret = w;
        return true;
    }
    return false;
}

/* Two registers that must differ, or it is unpredictable. */
static bool is_unpredictable(const char *name, uint32_t w)
{
    uint32_t rt = field(w, 0, 5), rt2 = field(w, 10, 5), rs = field(w, 16, 5);

    if (starts(name, "ldp") || starts(name, "ldnp") || starts(name, "vldp"))
        return rt == rt2;
    if ((w >> 24 & 0x3f) == 8 && !(w >> 23 & 1) && w >> 21 & 1 && field(w, 22, 1))
        return rt == rt2;
    (void)rs;
    return false;
}

/* Where the peer is wrong: docs/aarch64.md. */
static bool peer_differs(const char *name, uint32_t w)
{
    return starts(name, "fcvtz") && w >> 28 == 5 && field(w, 20, 3) == 1 && field(w, 24, 1);
}

static bool add_memory(struct chunk *c, const char *name, uint32_t w)
{
    bool pair = (w >> 27 & 7) == 5, single = (w >> 24 & 0x3b) == 0x38 || (w >> 24 & 0x3b) == 0x39;
    bool structure = (w >> 24 & 0xbe) == 0x0c;
    bool back = (pair && field(w, 23, 1)) || (single && !field(w, 24, 1) && !field(w, 21, 1) && field(w, 10, 1)) ||
                (structure && field(w, 23, 1));

    if (is_unpredictable(name, w))
        return false;
    if (is_literal(w)) {
        set_field(&w, 5, 19, below(&c->rng, 16));
    } else if (is_ordered(w)) {
        set_field(&w, 5, 5, one_in(&c->rng, 4) ? 31 : ALIGNED);
        if (w >> 24 == 0xd9 && !field(w, 21, 1)) /* FEAT_LRCPC2 */
            set_field(&w, 12, 9, below(&c->rng, 16) << 4);
        else if (w >> 24 == 0xd9) /* FEAT_MTE */
            set_field(&w, 12, 9, below(&c->rng, 16) - 8);
        else if ((w >> 24 & 0x3f) == 0x19)
            set_field(&w, 12, 9, below(&c->rng, 16) << 4);
    } else if (back) {
        set_field(&w, 5, 5, 24 + below(&c->rng, 3));
    } else if (one_in(&c->rng, 6)) {
        set_field(&w, 5, 5, 31);
    }
    /* An index, or what is added behind: small, seldom anything. */
    if ((single && !field(w, 24, 1) && field(w, 21, 1) && field(w, 10, 2) == 2) ||
        (structure && field(w, 23, 1) && field(w, 16, 5) != 31)) {
        uint32_t index = any_register(c);
        set_field(&w, 16, 5, index);
        begin_unit(c, 2);
        if (back || !one_in(&c->rng, 8))
            add_constant(c, index, below(&c->rng, 256));
    }
    if (single && field(w, 24, 1) && !one_in(&c->rng, 4))
        set_field(&w, 10, 12, below(&c->rng, 64));
    add(c, w);
    return true;
}

/* Forward past up to three more units' first words; the words between may be left out. */
static void add_branch(struct chunk *c, const char *name, uint32_t w)
{
    unsigned skip = below(&c->rng, 4);

    if (!strcmp(name, "b") || !strcmp(name, "bl"))
        set_field(&w, 0, 26, 1 + skip);
    else if (starts(name, "tb"))
        set_field(&w, 5, 14, 1 + skip);
    else
        set_field(&w, 5, 19, 1 + skip);
    mark_target(c, 1 + skip);
    add(c, w);
    c->unsure += skip;
}

/* adr x30, past some words; br, blr or ret there. */
static void add_indirect(struct chunk *c, const char *name)
{
    unsigned skip = below(&c->rng, 3);
    uint32_t w = !strcmp(name, "br") ? 0xd61f03c0 : !strcmp(name, "blr") ? 0xd63f03c0 : 0xd65f03c0;
    uint32_t at = 8 + 4 * skip;

    begin_unit(c, 2);
    mark_target(c, at / 4);
    add(c, 0x10000000 | (at >> 2) << 5 | 30);
    add(c, w);
    c->unsure += skip;
}

/* A load-exclusive, perhaps something, and a store-exclusive of the same size there. */
static bool add_exclusive(struct chunk *c, uint32_t w)
{
    uint32_t load = w, store = w, status = any_register(c), base = one_in(&c->rng, 4) ? 31 : ALIGNED;

    set_field(&load, 22, 1, 1);
    set_field(&load, 16, 5, 31);
    set_field(&store, 22, 1, 0);
    set_field(&load, 5, 5, base);
    set_field(&store, 5, 5, base);
    for (unsigned at = 0; at <= 10; at += 10) {
        set_field(&load, at, 5, any_register(c));
        set_field(&store, at, 5, any_register(c));
    }
    if (!field(w, 21, 1)) { /* no pair */
        set_field(&load, 10, 5, 31);
        set_field(&store, 10, 5, 31);
    } else if (field(load, 0, 5) == field(load, 10, 5)) {
        return false;
    }
    if (status == field(store, 0, 5) || status == field(store, 10, 5))
        return false;
    set_field(&store, 16, 5, status);
    begin_unit(c, 4);
    add(c, load);
    if (one_in(&c->rng, 2))
        add(c, 0x91000400 | status << 5 | status); /* add xS, xS, #1 */
    if (one_in(&c->rng, 4))
        add(c, 0xd503305f | below(&c->rng, 16) << 8); /* clrex */
    add(c, store);
    return true;
}

/* NZCV and FPCR by MRS and MSR: rows that have harmless encodings only among many. */
static void add_system(struct chunk *c)
{
    static const uint16_t modes[] = { 0, 0x40, 0x80, 0xc0, 0x100, 0x200, 0x400, 0x08 };
    uint32_t reg = any_register(c), mode = 0;

    switch (below(&c->rng, 4)) {
    case 0: add(c, 0xd53b4200 | reg); break;       /* mrs nzcv */
    case 1: add(c, 0xd51b4200 | reg); break;
    case 2: add(c, 0xd53b4400 | reg); break;       /* mrs fpcr */
    default:
        for (unsigned i = 0; i < 3; i++)
            mode |= modes[below(&c->rng, 8)];
        begin_unit(c, 2);
        add(c, 0xd2a00000 | mode << 5 | reg);      /* movz, lsl 16 */
        add(c, 0xd51b4400 | reg);
        break;
    }
}

static bool add_row(struct chunk *c, enum a64_op op)
{
    const char *name = a64_op_names[op];
    uint32_t w;

    if (is_one_of(name, indirect)) {
        add_indirect(c, name);
        return true;
    }
    if (!draw(c, op, &w) || peer_differs(name, w))
        return false;
    if (is_one_of(name, branches)) {
        add_branch(c, name, w);
        return true;
    }
    if ((w >> 24 & 0x3f) == 8 && !(w >> 23 & 1) && !(field(w, 21, 1) && !field(w, 31, 1)))
        return add_exclusive(c, w);
    if (is_memory(w))
        return add_memory(c, name, w);
    add(c, w);
    if (!strcmp(name, "fjcvtzs")) /* the peer's Z differs: docs/aarch64.md; cmp */
        add(c, 0xeb00001f | any_register(c) << 16 | any_register(c) << 5);
    return true;
}

static void make_chunk(struct chunk *c, uint64_t seed, uint64_t number)
{
    memset(c, 0, sizeof *c);
    c->rng = seed ^ number * UINT64_C(0xd1342543de82ef95);
    random64(&c->rng);
    if (one_in(&c->rng, 3))
        for (c->rows_n = 0; c->rows_n < 16; c->rows_n++)
            c->rows[c->rows_n] = ops[below(&c->rng, op_count)];
    while (c->words[0] < MAX_WORDS - UNIT_WORDS) {
        unsigned before = c->words[0];
        enum a64_op op = c->rows_n ? c->rows[below(&c->rng, c->rows_n)] : ops[below(&c->rng, op_count)];

        if (one_in(&c->rng, 64))
            add_system(c);
        else if (add_row(c, op) && c->words[0] > before)
            counts[op] += ROUNDS;
    }
    /* Where the last branches may go. */
    for (unsigned i = 0; i < 4; i++)
        add(c, 0xd503201f);
}

/* ---- the program ----------------------------------------------------------------------------- */

static void list(const struct chunk *c)
{
    for (unsigned i = 0; i < c->words[0]; i++) {
        struct a64_insn insn;
        char text[160] = "no instruction";

        if (a64_decode32(c->words[1 + i], all_features, &insn))
            a64_disassemble(&insn, 4 * i, text, sizeof text);
        printf("%3u  %08x  %s\n", i, c->words[1 + i], text);
    }
}

static int usage(void)
{
    fputs("usage: a64_stream [--seed N] [--insns N] [--stats FILE] [--list CHUNK] FILE\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option words[] = {
        { "seed", 1, NULL, 's' }, { "insns", 1, NULL, 'i' }, { "stats", 1, NULL, 'c' }, { "list", 1, NULL, 'l' },
        { NULL, 0, NULL, 0 },
    };
    uint64_t seed = 1, insns = 100000, sampled = 0, sure = 0, n = 0;
    const char *stats = NULL;
    long long listed = -1;
    static struct chunk c;
    FILE *f;

    for (int o; (o = getopt_long(argc, argv, "", words, NULL)) != -1;) {
        switch (o) {
        case 's': seed = strtoull(optarg, NULL, 0); break;
        case 'i': insns = strtoull(optarg, NULL, 0); break;
        case 'c': stats = optarg; break;
        case 'l': listed = atoll(optarg); break;
        default: return usage();
        }
    }
    if (optind != argc - 1)
        return usage();
    choose_rows();
    if (listed >= 0) {
        make_chunk(&c, seed, (uint64_t)listed);
        list(&c);
        return 0;
    }
    f = fopen(argv[optind], "wb");
    for (; f && sure < insns; n++) {
        make_chunk(&c, seed, n);
        sampled += c.words[0];
        sure += ROUNDS * (c.words[0] - c.unsure);
        if (fwrite(c.words, sizeof c.words, 1, f) != 1)
            break;
    }
    if (!f || sure < insns || fclose(f)) {
        perror(argv[optind]);
        return 1;
    }
    f = stats ? fopen(stats, "w") : NULL;
    for (unsigned i = 0; f && i < op_count; i++)
        fprintf(f, "%s %llu\n", a64_op_names[ops[i]], (unsigned long long)counts[ops[i]]);
    if (f)
        fclose(f);
    printf("%llu instructions executed of %llu sampled in %llu chunks\n", (unsigned long long)sure,
           (unsigned long long)sampled, (unsigned long long)n);
    return 0;
}
