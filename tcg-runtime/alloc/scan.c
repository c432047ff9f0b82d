/* SPDX-License-Identifier: MIT */
/*
 * scan.c: the pass before emission: who uses which value next, and how long exit states hold it.
 *
 * Uses are chained forward: each value remembers the operand that named it last, and the next one
 * writes its record number there. A put is visible from itself to the next put of its register;
 * what matters is the last site in between.
 */
#include "internal.h"

#include "tcg-runtime/ir/ir.h"

#include <errno.h>
#include <string.h>

struct scan {
    struct tcg_alloc *a;
    uint32_t last_site, last_call;
};

unsigned rule_type(const struct bp_ir *ir, const struct bp_ir *r)
{
    switch (r->op) {
    case BP_CMP: case BP_FCMP: case BP_EXIT_IF: case BP_EXIT_TO:
        return ir[r->a].type;
    case BP_STORE:
        return ir[r->b].type;
    default:
        return r->type;
    }
}

static inline void use(struct tcg_alloc *a, uint32_t i, unsigned k, uint32_t operand)
{
    uint32_t root = a->val[operand].root;
    struct val *v = &a->val[root];
    struct rec *rec = &a->rec[i];
    rec->in[k] = root;
    /* While scanning, `tail` is the operand slot that named the value last: record * 4 + k + 1. */
    if (!v->tail) {
        v->next = i;
    } else {
        uint32_t slot = v->tail - 1;
        if (slot / BP_USE_INPUTS == i) {
            rec->next[k] = SAME_RECORD;
            return;
        }
        a->rec[slot / BP_USE_INPUTS].next[slot % BP_USE_INPUTS] = i;
    }
    rec->next[k] = 0;
    v->tail = i * BP_USE_INPUTS + k + 1;
}

static void scan_put(struct scan *s, uint32_t i, const struct bp_ir *r)
{
    struct guest *g = &s->a->guest[r->aux];
    use(s->a, i, 0, r->a);
    if (g->put)
        REC_HOLD(&s->a->rec[g->put]) = s->last_site > g->put ? s->last_site : 0;
    g->put = i;
    if (!g->first_put) {
        g->first_put = i;
        g->first_hold = s->last_site;
    }
    g->current = s->a->val[r->a].root;
    REC_HOLD(&s->a->rec[i]) = LAST_PUT;
}

static void scan_call(struct scan *s, uint32_t i, const struct bp_ir *r)
{
    struct tcg_alloc *a = s->a;
    uint32_t flags = a->job->helpers[r->c]->flags;
    a->calls[a->call_count++] = i;
    s->last_call = i;
    if (flags & (BP_CALL_READS_STATE | BP_CALL_WRITES_STATE | BP_CALL_MAY_RAISE))
        s->last_site = i;
    if (flags & BP_CALL_WRITES_STATE)
        for (uint32_t g = 0; g < a->job->guest_reg_count; g++) {
            a->guest[g].current = 0;
            if (!a->guest[g].first_put) {
                a->guest[g].first_put = i;
                a->guest[g].first_hold = i;
            }
        }
}

/* zext of an i32 and vzext of a float whose register has zeros above, trunc, and a vector's lowest
 * lane as a float, are their operand. */
static bool scan_alias(struct tcg_alloc *a, struct val *v, const struct bp_ir *r)
{
    const struct val *root = &a->val[a->val[r->a].root];
    if (r->op == BP_VGET && (!is_fp(r->type) || BP_V_NUMBER(r->aux)))
        return false;
    if (r->op == BP_VZEXT &&
        !((root->type == BP_F32 || root->type == BP_F64) && root->flags & VAL_UPPER))
        return false;
    if (r->op == BP_ZEXT && !(root->type == BP_I32 && root->flags & VAL_UPPER))
        return false;
    v->root = a->val[r->a].root;
    return true;
}

/* Joins the group of accesses by this base, or starts one. */
static void scan_access(struct scan *s, uint32_t i, const struct bp_ir *r)
{
    struct tcg_alloc *a = s->a;
    struct val *base = &a->val[a->val[r->a].root];
    struct group *g = &a->groups[base->group];
    int32_t bytes = (int32_t)BP_MEM_BYTES(r->aux), first = (int32_t)r->c;
    uint8_t access = r->op == BP_LOAD ? BP_SHARE_READ : BP_SHARE_WRITE;
    REC_GROUP(&a->rec[i]) = 0;
    if (a->job->direct || (r->aux & BP_MEM_ALIGNED && bytes > 1) || first > INT32_MAX - GROUP_BYTES)
        return;
    if (base->group && g->last > s->last_call && g->mmu == BP_MEM_MMU_INDEX(r->aux) &&
        g->type == a->ir[r->a].type) {
        int32_t low = first < g->first ? first : g->first;
        int32_t end = first + bytes > g->end ? first + bytes : g->end;
        if ((int64_t)end - low <= GROUP_BYTES) {
            a->val[g->last].flags |= VAL_KEEP;
            g->first = low;
            g->end = end;
            g->last = i;
            g->access |= access;
            REC_GROUP(&a->rec[i]) = base->group;
            return;
        }
    }
    base->group = ++a->group_count;
    REC_GROUP(&a->rec[i]) = base->group;
    a->groups[base->group] = (struct group){ .first = first, .end = first + bytes, .last = i,
                                             .access = access, .mmu = BP_MEM_MMU_INDEX(r->aux),
                                             .type = a->ir[r->a].type };
}

static int scan_record(struct scan *s, uint32_t i, const struct bp_ir *r, struct val *v)
{
    struct tcg_alloc *a = s->a;
    switch (r->op) {
    case BP_BLOCK: case BP_PARAM: case BP_JUMP: case BP_BRANCH:
        return -ENOTSUP;
    case BP_CONST:
        v->flags = VAL_CONST;
        return 0;
    case BP_GET: {
        struct guest *g = &a->guest[r->aux];
        if (g->current)
            v->root = g->current;
        else
            g->current = i;
        if (!g->first && !g->first_put)
            g->first = i;
        v->home = (int16_t)r->aux;
        /* An exit back brings a float's register as it is. */
        v->flags = a->repeats && ir_is_float(r->type) ? 0 : VAL_UPPER;
        return 0;
    }
    case BP_PUT:
        scan_put(s, i, r);
        return 0;
    case BP_CALL:
        scan_call(s, i, r);
        return 0;
    case BP_TRUNC: case BP_ZEXT: case BP_VGET: case BP_VZEXT:
        if (scan_alias(a, v, r))
            return 0;
        break;
    case BP_SELECT:
        if (a->ir[r->a].op == BP_CMP && a->fused_n[r->type]) {
            use(a, i, 0, a->ir[r->a].a);
            use(a, i, 1, a->ir[r->a].b);
            use(a, i, 2, r->b);
            use(a, i, 3, r->c);
            return 0;
        }
        break;
    case BP_RMW: case BP_CAS:
        REC_GROUP(&a->rec[i]) = 0;
        s->last_site = i;
        break;
    case BP_LOAD: case BP_STORE:
        scan_access(s, i, r);
        s->last_site = i;
        break;
    case BP_EXIT_IF:
        s->last_site = i;
        /* fallthrough */
    case BP_EXIT:
        if (a->job->exits[r->c].flags & BP_EXIT_REPEAT)
            a->last_repeat = i;
        break;
    case BP_CARRY:
        if (a->carry_count < a->job->guest_reg_count)
            a->carries[a->carry_count++] = i;
        break;
    }
    unsigned n = ir_ops[r->op].operands;
    if (n > 0)
        use(a, i, 0, r->a);
    if (n > 1)
        use(a, i, 1, r->b);
    if (n > 2)
        use(a, i, 2, r->c);
    return 0;
}

int alloc_scan(struct tcg_alloc *a)
{
    struct scan s = { a, 0, 0 };
    uint32_t n = a->job->ir_count;
    const uint32_t bad_types = BP_TYPES(BP_I8) | BP_TYPES(BP_I16);
    a->call_count = a->group_count = a->carry_count = 0;
    a->repeats = false;
    a->last_repeat = 0;
    for (uint32_t e = 0; e < a->job->exit_count; e++)
        a->repeats |= a->job->exits[e].flags & BP_EXIT_REPEAT;
    for (uint32_t g = 0; g < a->job->guest_reg_count; g++)
        a->guest[g] = (struct guest){ .pending = NO_PENDING };
    for (uint32_t i = 0; i < n; i++) {
        const struct bp_ir *r = &a->ir[i];
        struct val *v = &a->val[i];
        *v = (struct val){ .root = i, .reg = NO_REG, .type = r->type, .frame = NO_SLOT,
                           .home = NO_SLOT };
        if (r->op >= BP_OP_COUNT || r->type > BP_V128)
            return -EINVAL;
        if (bad_types & BP_TYPES(r->type))
            return -ENOTSUP;
        if (r->type == BP_I32 && a->upper[r->op])
            v->flags = VAL_UPPER;
        if ((r->type == BP_F32 || r->type == BP_F64) && a->upper_fp[r->op])
            v->flags = VAL_UPPER;
        int e = scan_record(&s, i, r, v);
        if (e)
            return e;
    }
    return 0;
}
