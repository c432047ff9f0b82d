/* SPDX-License-Identifier: MIT */
/* check.c: resolves names and refuses tables that are ambiguous, incomplete or partly dead. */
#include "decode.h"

#include <string.h>

#define GROUP_MAX 64u   /* rows of a group that one row may overlap */

static const char *row_name(const struct row *r)
{
    return r->name ? r->name : "reserved row";
}

/* ---- names ------------------------------------------------------------------------------ */

static int resolve_field(struct tables *t, struct field *f)
{
    if (f->bits + f->shift > 32)
        return fail(t, f->at, "field '%s' has more than 32 bits with its shift", f->name);
    if (f->names_name) {
        f->names = find_names(t, f->names_name);
        if (!f->names)
            return fail(t, f->at, "names '%s' of field '%s' are not declared", f->names_name,
                        f->name);
    }
    return 0;
}

static int resolve_member(struct tables *t, struct format *f, struct member *m)
{
    if (!m->field_name)
        return 0;
    m->field = find_field(t, m->field_name);
    if (!m->field)
        return fail(t, f->at, "field '%s' of format '%s' is not declared", m->field_name, f->name);
    if (m->field->width != f->width)
        return fail(t, f->at, "field '%s' is cut from %u bits, format '%s' has %u", m->field_name,
                    m->field->width, f->name, f->width);
    f->mask |= m->field->mask;
    return 0;
}

static int resolve_format(struct tables *t, struct format *f)
{
    for (size_t i = 0; i < f->members.n; i++)
        if (resolve_member(t, f, f->members.v[i]))
            return -1;
    f->args = find_format(t, f->args_name);
    if (!f->args)
        return fail(t, f->at, "format '%s' is not declared", f->args_name);
    if (strcmp(f->args->args_name, f->args->name))
        return fail(t, f->at, "format '%s' takes its own arguments from '%s': name that one",
                    f->args_name, f->args->args_name);
    for (size_t i = 0; i < f->members.n; i++) {
        const struct member *m = f->members.v[i];

        if (!find_member(f->args, m->name))
            return fail(t, f->at, "format '%s' sets '%s', which format '%s' does not have",
                        f->name, m->name, f->args_name);
    }
    for (size_t i = 0; i < f->args->members.n; i++) {
        const struct member *m = f->args->members.v[i];

        if (!find_member(f, m->name))
            return fail(t, f->at, "format '%s' leaves '%s' of format '%s' unset", f->name, m->name,
                        f->args_name);
    }
    return 0;
}

/* The order of bits, for a message: the highest set one. */
static unsigned highest(uint32_t mask)
{
    unsigned n = 0;

    while (mask >>= 1)
        n++;
    return n;
}

static int check_row_bits(struct tables *t, const struct row *r)
{
    uint32_t all = UINT32_MAX >> (32 - r->width), wrong;

    wrong = all & ~(r->mask | r->ignored | r->format->mask);
    if (wrong)
        return fail(t, r->at, "%s: bit %u is unassigned: no field of format '%s' covers it",
                    r->name, highest(wrong), r->format->name);
    for (size_t i = 0; i < r->format->members.n; i++) {
        const struct member *m = r->format->members.v[i];

        wrong = m->field ? m->field->mask & (r->mask | r->ignored) : 0;
        if (wrong)
            return fail(t, r->at, "%s: field '%s' lies on bit %u, which the row %s", r->name,
                        m->field->name, highest(wrong),
                        r->mask & wrong ? "fixes" : "ignores");
    }
    return 0;
}

static int resolve_row(struct tables *t, struct row *r)
{
    struct format *format, *args;
    struct piece piece;
    const char *template = r->template;

    if (!r->name)
        return 0;
    format = find_format(t, r->format_name);
    if (!format)
        return fail(t, r->at, "format '%s' of row '%s' is not declared", r->format_name, r->name);
    r->format = format;
    if (format->width != r->width)
        return fail(t, r->at, "row '%s' has %u bits, its format '%s' has %u", r->name, r->width,
                    format->name, format->width);
    format->used = true;
    args = find_format(t, format->args_name);
    args->args_used = true;
    if (check_row_bits(t, r))
        return -1;
    do {
        if (next_piece(t, r, &template, &piece))
            return -1;
    } while (piece.kind != PIECE_END);
    return 0;
}

/* Rows become C identifiers, with '_' for '.': two must not meet there. */
static int check_row_name(struct tables *t, const struct row *r)
{
    char a[64], b[64];

    for (size_t i = 0; i < r->index; i++) {
        const struct row *other = t->rows.v[i];

        if (other->name && !strcmp(c_upper(a, other->name), c_upper(b, r->name)))
            return fail(t, r->at, "row '%s' has the same name in C as '%s' at %s:%u", r->name,
                        other->name, other->at.file, other->at.line);
    }
    return strcmp(c_upper(a, r->name), "INVALID") && strcmp(a, "COUNT")
        ? 0 : fail(t, r->at, "a row cannot be called '%s'", r->name);
}

static int resolve_as(struct tables *t, struct row *r)
{
    if (!r->as_name)
        return 0;
    r->as = find_row(t, r->as_name);
    if (!r->as)
        return fail(t, r->at, "row '%s' is to be handled as '%s', which does not exist", r->name,
                    r->as_name);
    if (r->as->as_name)
        return fail(t, r->at, "row '%s' is itself handled as '%s': name that one", r->as_name,
                    r->as->as_name);
    if (r->as->format->args != r->format->args)
        return fail(t, r->at, "row '%s' has arguments of format '%s', '%s' those of '%s'", r->name,
                    r->format->args_name, r->as_name, r->as->format->args_name);
    return 0;
}

static int check_unused(struct tables *t)
{
    for (size_t i = 0; i < t->formats.n; i++) {
        const struct format *f = t->formats.v[i];

        if (!f->used && !f->args_used)
            return fail(t, f->at, "format '%s' is used by no row", f->name);
    }
    return 0;
}

/* ---- overlap and reach ------------------------------------------------------------------ */

bool patterns_meet(const struct row *a, const struct row *b)
{
    return a->width == b->width && !((a->match ^ b->match) & a->mask & b->mask);
}

static unsigned count_bits(uint64_t n)
{
    unsigned count = 0;

    for (; n; n &= n - 1)
        count++;
    return count;
}

static int check_overlap(struct tables *t, const struct row *a, const struct row *b)
{
    uint64_t all, features;

    if (!patterns_meet(a, b) || (a->group && a->group == b->group))
        return 0;
    all = expr_features(a->condition) | expr_features(b->condition);
    if (count_bits(all) > MAX_CONDITION)
        return fail(t, b->at, "condition of %s has more than %u features", row_name(b),
                    MAX_CONDITION);
    for (features = all;; features = (features - 1) & all) {
        if (features_valid(t, features) && expr_true(a->condition, features)
            && expr_true(b->condition, features))
            return fail(t, b->at, "%s overlaps %s at %s:%u: put both into one group or make their "
                        "conditions exclusive", row_name(b), row_name(a), a->at.file, a->at.line);
        if (!features)
            return 0;
    }
}

/* Whether rows first..end of a list together take every word of mask/match. */
static bool covered(const struct list *rows, size_t first, uint32_t mask, uint32_t match,
                    unsigned *budget)
{
    for (size_t i = first; i < rows->n && *budget; i++) {
        const struct row *r = rows->v[i];
        uint32_t open = r->mask & ~mask, bit;

        if ((r->match ^ match) & r->mask & mask)
            continue;
        if (!open)
            return true;
        --*budget;
        /* Split by one bit that this row fixes: one half misses the row, the other comes closer. */
        bit = open & -open;
        return covered(rows, i, mask | bit, match, budget)
            && covered(rows, i, mask | bit, match | bit, budget);
    }
    return false;
}

static bool reachable(const struct list *earlier, const struct row *r, uint64_t features)
{
    struct list enabled = { 0 };
    void *room[GROUP_MAX];
    unsigned budget = 100000;

    enabled.v = room;
    for (size_t i = 0; i < earlier->n; i++)
        if (expr_true(((struct row *)earlier->v[i])->condition, features))
            enabled.v[enabled.n++] = earlier->v[i];
    return !covered(&enabled, 0, r->mask, r->match, &budget);
}

/* Adds what goes together with some features, in the order of declaration; `decided` ones stay. */
static uint64_t add_features(const struct tables *t, uint64_t features, uint64_t decided)
{
    for (unsigned i = 0; i < t->features.n; i++) {
        uint64_t more = features | UINT64_C(1) << i;

        if (!(decided >> i & 1) && features_valid(t, more))
            features = more;
    }
    return features;
}

/* Whether set a is the better one to sample a row with: it has the earlier declared feature. */
static bool is_preferred(uint64_t a, uint64_t b)
{
    uint64_t first = (a ^ b) & -(a ^ b);

    return (a & first) != 0;
}

/* Earlier rows of the group that take some of the row's words. */
static int find_earlier(struct tables *t, const struct row *r, struct list *ret)
{
    for (size_t i = 0; i < r->index && r->group; i++) {
        struct row *other = t->rows.v[i];

        if (other->group != r->group || !patterns_meet(other, r))
            continue;
        if (ret->n == GROUP_MAX)
            return fail(t, r->at, "%s overlaps more than %u rows of its group", row_name(r),
                        GROUP_MAX);
        ret->v[ret->n++] = other;
    }
    return 0;
}

/* Finds features with which the row can be reached: as many as go together. */
static int check_reach(struct tables *t, struct row *r)
{
    struct list earlier = { 0 };
    void *room[GROUP_MAX];
    uint64_t all = expr_features(r->condition), features;
    bool found = false;

    earlier.v = room;
    if (find_earlier(t, r, &earlier))
        return -1;
    for (size_t i = 0; i < earlier.n; i++)
        all |= expr_features(((struct row *)earlier.v[i])->condition);
    if (count_bits(all) > MAX_CONDITION)
        return fail(t, r->at, "%s depends on more than %u features", row_name(r), MAX_CONDITION);
    for (features = all;; features = (features - 1) & all) {
        if (features_valid(t, features) && expr_true(r->condition, features)
            && reachable(&earlier, r, features)) {
            uint64_t more = add_features(t, features, all);

            if (!found || is_preferred(more, r->sample_features))
                r->sample_features = more;
            found = true;
        }
        if (!features)
            break;
    }
    return found ? 0 : fail(t, r->at, earlier.n
                            ? "%s is unreachable: earlier rows of its group take all its words"
                            : "%s is unreachable: its condition is never true", row_name(r));
}

int check(struct tables *t)
{
    struct place start = { t->files.n ? t->files.v[0] : "input", 1 };
    unsigned op = 0;

    for (size_t i = 0; i < t->fields.n; i++)
        if (resolve_field(t, t->fields.v[i]))
            return -1;
    for (size_t i = 0; i < t->formats.n; i++)
        if (resolve_format(t, t->formats.v[i]))
            return -1;
    for (size_t i = 0; i < t->rows.n; i++)
        if (resolve_row(t, t->rows.v[i]))
            return -1;
    if (check_unused(t))
        return -1;
    for (size_t i = 0; i < t->rows.n; i++) {
        struct row *r = t->rows.v[i];

        if (r->name && (check_row_name(t, r) || resolve_as(t, r)))
            return -1;
        for (size_t k = 0; k < i; k++)
            if (check_overlap(t, t->rows.v[k], r))
                return -1;
        if (check_reach(t, r))
            return -1;
        if (r->name)
            r->op = ++op;
    }
    for (size_t i = 0; i < t->formats.n; i++) {
        struct format *f = t->formats.v[i];

        if (f->args_used)
            f->number = ++t->args_count;
    }
    return op ? 0 : fail(t, start, "the tables hold no row");
}
