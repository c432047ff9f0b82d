/* SPDX-License-Identifier: MIT */
/* emit_decoder.c: the decision tree over fixed bits, as nested switches that end in compares. */
#include "decode.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define RUN_MAX 7u   /* bits that one switch looks at */

struct emitter {
    FILE *out;
    const struct tables *t;
    const char *isa;
    char upper[64];
};

/* A choice of bits to switch on. */
struct run {
    unsigned lo, bits;
};

/* What the way to a node has established. */
struct known {
    uint32_t tested;     /* bits of the word */
    uint64_t features;   /* that are there */
};

static void indent(FILE *out, unsigned depth)
{
    for (unsigned i = 0; i < 4 * depth; i++)
        fputc(' ', out);
}

/* ---- field extraction ------------------------------------------------------------------- */

/* One part of a field, moved to its place in the value. */
static void emit_part(FILE *out, unsigned hi, unsigned lo, unsigned at)
{
    uint32_t mask = UINT32_MAX >> (31 - (hi - lo));

    if (at >= lo)
        fprintf(out, at > lo ? "(word & 0x%xu) << %u" : "(word & 0x%xu)", mask << lo, at - lo);
    else
        fprintf(out, "(word >> %u & 0x%xu)", lo - at, mask << at);
}

static void emit_field(FILE *out, const struct field *f)
{
    unsigned top = f->bits + f->shift, at = top;
    const char *separator = "";
    bool wide = !f->is_signed && top == 32;

    fputs(wide ? "(int64_t)(" : "(int32_t)(", out);
    if (f->is_signed)
        fputs("((", out);
    for (unsigned i = 0; i < f->range_count; i++) {
        at -= f->hi[i] - f->lo[i] + 1;
        fputs(separator, out);
        emit_part(out, f->hi[i], f->lo[i], at);
        separator = " | ";
    }
    if (f->is_signed)
        fprintf(out, ") ^ 0x%xu) - 0x%xu", UINT32_C(1) << (top - 1), UINT32_C(1) << (top - 1));
    fputs(")", out);
    if (f->add)
        fprintf(out, " + %d", (int)f->add);
}

static void emit_extractor(const struct emitter *e, const struct format *f)
{
    char name[64], args[64];

    fprintf(e->out, "\nstatic inline void get_%s(uint32_t word, struct %s_args_%s *a)\n{\n",
            c_name(name, f->name), e->isa, c_name(args, f->args_name));
    fputs("    (void)word;\n", e->out);
    for (size_t i = 0; i < f->members.n; i++) {
        const struct member *m = f->members.v[i];

        fprintf(e->out, "    a->%s = ", c_name(name, m->name));
        if (m->field)
            emit_field(e->out, m->field);
        else
            fprintf(e->out, "%d", (int)m->constant);
        fputs(";\n", e->out);
    }
    if (!f->members.n)
        fputs("    a->none = 0;\n", e->out);
    fputs("}\n", e->out);
}

/* ---- the tree --------------------------------------------------------------------------- */

static uint32_t run_mask(struct run run)
{
    return (UINT32_MAX >> (32 - run.bits)) << run.lo;
}

static bool row_takes(const struct row *r, struct run run, uint32_t value)
{
    return !((r->match ^ value << run.lo) & r->mask & run_mask(run));
}

/* The mean number of rows left for a row that went through the switch, in 1/256; UINT64_MAX where
 * the switch would copy too many rows into several cases. */
static uint64_t run_cost(const struct list *rows, struct run run)
{
    uint64_t total = 0, squares = 0;
    uint32_t values = UINT32_C(1) << run.bits;
    size_t loose = 0;

    for (size_t i = 0; i < rows->n; i++)
        loose += !(((struct row *)rows->v[i])->mask & run_mask(run));
    if (loose * 4 > rows->n)
        return UINT64_MAX;
    for (uint32_t value = 0; value < values; value++) {
        uint64_t bucket = 0;

        for (size_t i = 0; i < rows->n; i++)
            bucket += row_takes(rows->v[i], run, value);
        if (bucket == loose)
            continue;
        total += bucket;
        squares += bucket * bucket;
    }
    total += loose;
    squares += (uint64_t)loose * loose;
    if (total > rows->n + rows->n / 2 + 4)
        return UINT64_MAX;
    return 256 * squares / total;
}

static bool choose_run(const struct list *rows, uint32_t tested, unsigned width, struct run *ret)
{
    uint64_t best = 256 * (uint64_t)rows->n;
    bool found = false;

    for (unsigned bits = 1; bits <= RUN_MAX; bits++) {
        for (unsigned lo = 0; lo + bits <= width; lo++) {
            struct run run = { lo, bits };
            uint64_t cost;

            if (tested & run_mask(run))
                continue;
            cost = run_cost(rows, run);
            if (cost < best) {
                best = cost;
                *ret = run;
                found = true;
            }
        }
    }
    return found;
}

/* The features without which a condition is certainly false, as far as is plain. */
static uint64_t required(const struct expr *e)
{
    if (e && e->kind == EXPR_FEATURE)
        return UINT64_C(1) << e->feature;
    return e && e->kind == EXPR_AND ? required(e->a) | required(e->b) : 0;
}

/* The rest of a row's condition, in C; false where none is left. */
static bool emit_condition(const struct emitter *e, const struct row *r, uint64_t known,
                           const char *before, const char *after)
{
    bool conjunction = expr_is_conjunction(r->condition);
    uint64_t left = required(r->condition) & ~known;

    if (conjunction && !left)
        return false;
    fputs(before, e->out);
    if (conjunction)
        emit_features(e->out, e->t, e->isa, left, "==");
    else
        emit_expr(e->out, e->t, e->isa, r->condition);
    fputs(after, e->out);
    return true;
}

/* Emits the test of one row; returns true where it always succeeds. */
static bool emit_leaf(const struct emitter *e, const struct row *r, struct known known,
                      unsigned depth)
{
    uint32_t mask = r->mask & ~known.tested;
    bool tests;
    char name[64];

    indent(e->out, depth);
    if (mask)
        fprintf(e->out, "if ((word & 0x%xu) == 0x%xu", mask, r->match & mask);
    tests = emit_condition(e, r, known.features, mask ? " && (" : "if (", mask ? ")" : "") || mask;
    if (tests) {
        fputs(") {\n", e->out);
        indent(e->out, ++depth);
    }
    if (r->name) {
        fprintf(e->out, "op = %s_OP_%s;\n", e->upper, c_upper(name, r->name));
        indent(e->out, depth);
        fprintf(e->out, "goto is_%s;\n", c_name(name, r->format->name));
    } else {
        fputs("return false;\n", e->out);
    }
    if (tests) {
        indent(e->out, depth - 1);
        fputs("}\n", e->out);
    }
    return !tests;
}

/* Tests once what all rows of a node ask for. */
static void emit_common(const struct emitter *e, const struct list *rows, struct known *known,
                        unsigned depth)
{
    const struct row *first = rows->v[0];
    uint32_t mask = ~known->tested;
    uint64_t features = ~known->features;

    for (size_t i = 0; i < rows->n; i++) {
        const struct row *r = rows->v[i];

        mask &= r->mask & ~(r->match ^ first->match);
        features &= required(r->condition);
    }
    if (mask) {
        indent(e->out, depth);
        fprintf(e->out, "if ((word & 0x%xu) != 0x%xu)\n", mask, first->match & mask);
        indent(e->out, depth + 1);
        fputs(depth > 1 ? "break;\n" : "return false;\n", e->out);
        known->tested |= mask;
    }
    if (features) {
        indent(e->out, depth);
        fputs("if (", e->out);
        emit_features(e->out, e->t, e->isa, features, "!=");
        fputs(")\n", e->out);
        indent(e->out, depth + 1);
        fputs(depth > 1 ? "break;\n" : "return false;\n", e->out);
        known->features |= features;
    }
}

static void emit_node(const struct emitter *e, const struct list *rows, struct known known,
                      unsigned width, unsigned depth);

static bool same_rows(const struct list *a, const struct list *b)
{
    return a->n == b->n && (!a->n || !memcmp(a->v, b->v, a->n * sizeof *a->v));
}

/* Sorts rows into a bucket a value, in priority order; the last is for those that take any. */
static struct list *make_buckets(const struct list *rows, struct run run)
{
    uint32_t values = UINT32_C(1) << run.bits;
    struct list *buckets = calloc(values + 1, sizeof *buckets);

    if (!buckets) {
        fputs("bp-decode: out of memory\n", stderr);
        exit(1);
    }
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *r = rows->v[i];

        for (uint32_t value = 0; value < values; value++)
            if (row_takes(r, run, value))
                append(&buckets[value], rows->v[i]);
        if (!(r->mask & run_mask(run)))
            append(&buckets[values], rows->v[i]);
    }
    return buckets;
}

static void emit_switch(const struct emitter *e, const struct list *rows, struct run run,
                        struct known known, unsigned width, unsigned depth)
{
    uint32_t values = UINT32_C(1) << run.bits;
    struct list *buckets = make_buckets(rows, run), *loose = &buckets[values];

    known.tested |= run_mask(run);
    indent(e->out, depth);
    if (run.lo)
        fprintf(e->out, "switch (word >> %u & 0x%x) {\n", run.lo, values - 1);
    else
        fprintf(e->out, "switch (word & 0x%x) {\n", values - 1);
    for (uint32_t value = 0; value < values; value++) {
        bool first = !same_rows(&buckets[value], loose);

        for (uint32_t before = 0; before < value && first; before++)
            first = !same_rows(&buckets[value], &buckets[before]);
        if (!first)
            continue;
        for (uint32_t other = value; other < values; other++) {
            if (same_rows(&buckets[other], &buckets[value])) {
                indent(e->out, depth);
                fprintf(e->out, "case 0x%x:\n", other);
            }
        }
        emit_node(e, &buckets[value], known, width, depth + 1);
    }
    if (loose->n) {
        indent(e->out, depth);
        fputs("default:\n", e->out);
        emit_node(e, loose, known, width, depth + 1);
    }
    indent(e->out, depth);
    fputs("}\n", e->out);
    for (uint32_t value = 0; value <= values; value++)
        free_list(&buckets[value]);
    free(buckets);
}

/* Each node ends in a jump, a return or a break out of its switch. */
static void emit_node(const struct emitter *e, const struct list *rows, struct known known,
                      unsigned width, unsigned depth)
{
    struct run run = { 0, 0 };

    if (rows->n > 1)
        emit_common(e, rows, &known, depth);
    if (rows->n > 2 && choose_run(rows, known.tested, width, &run)) {
        emit_switch(e, rows, run, known, width, depth);
    } else {
        for (size_t i = 0; i < rows->n; i++)
            if (emit_leaf(e, rows->v[i], known, depth))
                return;
    }
    indent(e->out, depth);
    fputs(depth > 1 ? "break;\n" : "return false;\n", e->out);
}

static void emit_function(const struct emitter *e, unsigned width)
{
    struct list rows = { 0 };
    char name[64], args[64];

    for (size_t i = 0; i < e->t->rows.n; i++)
        if (((struct row *)e->t->rows.v[i])->width == width)
            append(&rows, e->t->rows.v[i]);
    if (!rows.n)
        return;
    emit_text(e->out, e->isa, width == 16
              ? "\nbool @_decode16(uint32_t word, uint64_t features, struct @_insn *ret)\n"
                "{\n    unsigned op;\n\n    (void)features;\n    word &= 0xffff;\n"
              : "\nbool @_decode32(uint32_t word, uint64_t features, struct @_insn *ret)\n"
                "{\n    unsigned op;\n\n    (void)features;\n");
    emit_node(e, &rows, (struct known){ 0 }, width, 1);
    fputs("\n", e->out);
    for (size_t i = 0; i < e->t->formats.n; i++) {
        const struct format *f = e->t->formats.v[i];

        if (!f->used || f->width != width)
            continue;
        c_name(args, f->args_name);
        c_name(name, f->name);
        fprintf(e->out, "is_%s:\n    get_%s(word, &ret->u.%s);\n", name, name, args);
        fprintf(e->out, "    ret->format = %s_FORMAT_%s;\n    goto done;\n", e->upper,
                c_upper(name, f->args_name));
    }
    fprintf(e->out, "done:\n    ret->op = (uint16_t)op;\n    ret->length = %u;\n"
            "    ret->raw = word;\n    return true;\n}\n", width / 8);
    free_list(&rows);
}

void emit_decoder(FILE *out, const struct tables *t, const char *isa)
{
    struct emitter e = { .out = out, .t = t, .isa = isa };

    c_upper(e.upper, isa);
    for (size_t i = 0; i < t->formats.n; i++) {
        const struct format *f = t->formats.v[i];

        if (f->used)
            emit_extractor(&e, f);
    }
    emit_function(&e, 16);
    emit_function(&e, 32);
}
