/* SPDX-License-Identifier: MIT */
/* rules.c: parses a backend's rule table once, and keeps the working memory. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bp_class *class_of(const struct bp_codegen *cg, char letter)
{
    for (uint32_t i = 0; i < cg->classes.count; i++) {
        const struct bp_class *c =
            (const void *)((const char *)cg->classes.row + (size_t)i * cg->classes.row_size);
        if (c->letter == letter)
            return c;
    }
    return NULL;
}

static bool single(uint64_t set) { return set && !(set & (set - 1)); }

static bool parse_spec(const struct bp_codegen *cg, const char **p, struct spec *ret)
{
    memset(ret, 0, sizeof *ret);
    if (**p == '&') {
        ret->early = true;
        ++*p;
    }
    if (**p == '0') {
        ret->tied = true;
        ++*p;
        return true;
    }
    const struct bp_class *c = class_of(cg, **p);
    if (!c)
        return false;
    ++*p;
    ret->regs = c->regs & cg->allocatable;
    ret->fits = c->fits;
    ret->flags = c->flags;
    return ret->regs || ret->fits;
}

static bool parse_inputs(const struct bp_codegen *cg, const char **p, struct rule *r)
{
    while (**p && **p != ';') {
        if (r->inputs == BP_USE_INPUTS || !parse_spec(cg, p, &r->in[r->inputs]))
            return false;
        if (r->in[r->inputs].tied) {
            if (r->tied >= 0 || !r->has_out)
                return false;
            r->tied = (int8_t)r->inputs;
        }
        if (single(r->in[r->inputs].regs))
            r->fixed |= r->in[r->inputs].regs;
        r->inputs++;
        if (**p == ',')
            ++*p;
        else if (**p && **p != ';')
            return false;
    }
    return true;
}

static bool parse_temps(const struct bp_codegen *cg, const char **p, struct rule *r)
{
    while (**p) {
        struct spec s;
        if (r->temps == BP_USE_TEMPS || !parse_spec(cg, p, &s) || !s.regs)
            return false;
        r->temp[r->temps++] = s.regs;
        if (single(s.regs)) {
            r->fixed |= s.regs;
            r->clobber |= s.regs;
        }
        if (**p == ',')
            ++*p;
    }
    return true;
}

static bool parse_rule(const struct bp_codegen *cg, const struct bp_rule *row, struct rule *r)
{
    const char *p = row->operands;
    memset(r, 0, sizeof *r);
    r->row = row;
    r->emit = row->emit;
    r->tied = -1;
    if (*p == '=') {
        p++;
        if (!parse_spec(cg, &p, &r->out) || r->out.tied || !r->out.regs)
            return false;
        r->has_out = true;
        if (single(r->out.regs)) {
            r->fixed |= r->out.regs;
            r->clobber |= r->out.regs;
        }
        if (*p == ',')
            p++;
    }
    if (!parse_inputs(cg, &p, r))
        return false;
    if (*p == ';') {
        p++;
        if (!parse_temps(cg, &p, r))
            return false;
    }
    return true;
}

static const struct bp_rule *row_at(const struct bp_codegen *cg, uint32_t i)
{
    return (const void *)((const char *)cg->rules.row + (size_t)i * cg->rules.row_size);
}

/* Groups the usable rules by op and type, keeping their order. */
static void index_rules(struct tcg_alloc *a)
{
    uint32_t n = 0;
    for (unsigned op = 0; op < BP_OP_COUNT; op++) {
        a->upper[op] = true;
        a->upper_fp[op] = true;
        for (unsigned t = 0; t < 8; t++) {
            a->rule_first[op][t] = (uint16_t)n;
            for (uint32_t i = 0; i < a->rule_count; i++) {
                const struct bp_rule *row = a->rules[i].row;
                if (row->op != op || !(row->types & BP_TYPES(t)) ||
                    (row->features & ~a->features))
                    continue;
                if (row->flags & BP_RULE_FUSED) {
                    if (a->fused_n[t] < 4)
                        a->fused_list[t][a->fused_n[t]++] = (uint16_t)i;
                    continue;
                }
                if (t == BP_I32 && !(row->flags & BP_RULE_UPPER))
                    a->upper[op] = false;
                if ((t == BP_F32 || t == BP_F64) && !(row->flags & BP_RULE_UPPER))
                    a->upper_fp[op] = false;
                a->rule_list[n++] = (uint16_t)i;
            }
            a->rule_n[op][t] = (uint8_t)(n - a->rule_first[op][t]);
        }
    }
    for (unsigned op = 0; op < BP_OP_COUNT; op++) /* without a rule for both, who knows */
        if (!a->rule_n[op][BP_F32] || !a->rule_n[op][BP_F64])
            a->upper_fp[op] = false;
    a->upper[BP_CALL] = a->upper_fp[BP_CALL] = false;
    a->upper[BP_GET] = true; /* `load` says so */
}

static int parse_rules(struct tcg_alloc *a, char *err, size_t err_size)
{
    const struct bp_codegen *cg = a->cg;
    a->rule_count = cg->rules.count;
    a->rules = calloc(cg->rules.count + 1u, sizeof *a->rules);
    a->rule_list = calloc(cg->rules.count * 8u + 1u, sizeof *a->rule_list);
    if (!a->rules || !a->rule_list) {
        snprintf(err, err_size, "backend %s: out of memory", a->backend->head.id);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < cg->rules.count; i++)
        if (!parse_rule(cg, row_at(cg, i), &a->rules[i])) {
            snprintf(err, err_size, "backend %s: rule %u: bad operands \"%s\"",
                     a->backend->head.id, i, row_at(cg, i)->operands);
            return -EINVAL;
        }
    index_rules(a);
    for (unsigned t = BP_I32; t <= BP_I64; t++)
        if (!a->rule_n[BP_EXIT_IF][t] || !a->rule_n[BP_EXIT_TO][t]) {
            snprintf(err, err_size, "backend %s: exit_if and exit_to need rules for i32 and i64",
                     a->backend->head.id);
            return -EINVAL;
        }
    return 0;
}

struct tcg_alloc *tcg_alloc_new(const struct bp_backend *backend, uint64_t features, char *err,
                                size_t err_size)
{
    struct tcg_alloc *a = calloc(1, sizeof *a);
    if (!a) {
        snprintf(err, err_size, "backend %s: out of memory", backend->head.id);
        return NULL;
    }
    a->backend = backend;
    a->cg = backend->codegen;
    a->features = features;
    a->int_regs = a->cg->allocatable & 0xffffffffu;
    a->fp_regs = a->cg->allocatable & ~(uint64_t)0xffffffffu;
    if (parse_rules(a, err, err_size)) {
        tcg_alloc_free(a);
        return NULL;
    }
    return a;
}

void tcg_alloc_free(struct tcg_alloc *a)
{
    if (!a)
        return;
    free(a->rules);
    free(a->rule_list);
    free(a->val);
    free(a->rec);
    free(a->calls);
    free(a->groups);
    free(a->stubs);
    free(a->guest);
    free(a->pending);
    free(a->snaps);
    free(a->carries);
    free(a->outs);
    free(a);
}

void tcg_alloc_randomise(struct tcg_alloc *a, uint32_t seed)
{
    a->random = seed;
}
