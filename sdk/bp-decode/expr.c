/* SPDX-License-Identifier: MIT */
/* expr.c: conditions over features. */
#include "decode.h"

uint64_t expr_features(const struct expr *e)
{
    if (!e)
        return 0;
    switch (e->kind) {
    case EXPR_FEATURE:
        return UINT64_C(1) << e->feature;
    case EXPR_NOT:
        return expr_features(e->a);
    default:
        return expr_features(e->a) | expr_features(e->b);
    }
}

bool expr_true(const struct expr *e, uint64_t features)
{
    if (!e)
        return true;
    switch (e->kind) {
    case EXPR_FEATURE:
        return features >> e->feature & 1;
    case EXPR_NOT:
        return !expr_true(e->a, features);
    case EXPR_AND:
        return expr_true(e->a, features) && expr_true(e->b, features);
    default:
        return expr_true(e->a, features) || expr_true(e->b, features);
    }
}

const struct expr *expr_and(struct tables *t, const struct expr *a, const struct expr *b)
{
    struct expr *e;

    if (!a || !b)
        return a ? a : b;
    e = allocate(t, sizeof *e);
    e->kind = EXPR_AND;
    e->a = a;
    e->b = b;
    return e;
}

bool features_valid(const struct tables *t, uint64_t features)
{
    for (size_t i = 0; i < t->exclusive.n; i++) {
        uint64_t both = features & *(const uint64_t *)t->exclusive.v[i];

        if (both & (both - 1))
            return false;
    }
    return true;
}

bool expr_is_conjunction(const struct expr *e)
{
    if (e && e->kind == EXPR_AND)
        return expr_is_conjunction(e->a) && expr_is_conjunction(e->b);
    return !e || e->kind == EXPR_FEATURE;
}

static void emit_mask(FILE *out, const struct tables *t, const char *isa, uint64_t mask)
{
    char prefix[64], name[64];
    const char *separator = "";

    for (unsigned i = 0; i < t->features.n; i++) {
        if (mask >> i & 1) {
            fprintf(out, "%s%s_FEATURE_%s", separator, c_upper(prefix, isa),
                    c_upper(name, t->features.v[i]));
            separator = " | ";
        }
    }
}

void emit_features(FILE *out, const struct tables *t, const char *isa, uint64_t mask,
                   const char *compare)
{
    bool several = mask & (mask - 1);

    fputs(several ? "(features & (" : "(features & ", out);
    emit_mask(out, t, isa, mask);
    if (several) {
        fprintf(out, ")) %s (", compare);
        emit_mask(out, t, isa, mask);
        fputs(")", out);
    } else {
        fprintf(out, ") %s 0", *compare == '=' ? "!=" : "==");
    }
}

void emit_expr(FILE *out, const struct tables *t, const char *isa, const struct expr *e)
{
    if (!e) {
        fputs("true", out);
    } else if (expr_is_conjunction(e)) {
        emit_features(out, t, isa, expr_features(e), "==");
    } else if (e->kind == EXPR_NOT) {
        fputs("!(", out);
        emit_expr(out, t, isa, e->a);
        fputs(")", out);
    } else {
        fputs("(", out);
        emit_expr(out, t, isa, e->a);
        fputs(e->kind == EXPR_AND ? ") && (" : ") || (", out);
        emit_expr(out, t, isa, e->b);
        fputs(")", out);
    }
}
