/* SPDX-License-Identifier: MIT */
/*
 * opt.c: the backward pass; opt.h is the contract.
 *
 * One walk forward notes for each put the site before it; one walk backward removes and counts. A
 * record is looked at after all its users (loops apart: their values are block parameters, which
 * are not removed), so one walk is enough for chains of dead code.
 */
#include "opt.h"

#include <string.h>

#define MAX_LOOPS 64

/* Blocks `start` to the jump at `end` may run again. */
struct loop {
    uint32_t start, end;
};

struct pass {
    struct ir_buffer *b;
    uint32_t block_last_site; /* of the block that is walked, 0 where not met yet */
    uint32_t dead_args;       /* args before here that belong to a removed call */
    unsigned loop_count;
    bool too_many_loops;
    struct loop loops[MAX_LOOPS];
};

/* Clears the use information; a put's last_state is, until the walk back gets there, the site
 * before it. */
static void walk_forward(struct pass *p)
{
    struct ir_buffer *b = p->b;
    uint32_t site = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct bp_ir *r = &b->rec[i];
        b->use[i] = (struct ir_use){ 0, 0, r->op == BP_PUT ? site : 0 };
        if (ir_is_site(b, i))
            site = i;
        if ((r->op != BP_JUMP && r->op != BP_BRANCH) || r->c > i)
            continue;
        if (p->loop_count < MAX_LOOPS)
            p->loops[p->loop_count++] = (struct loop){ r->c, i };
        else
            p->too_many_loops = true;
    }
}

/* Up to where a value that is used at `position` lives. */
static uint32_t end_of_use(const struct pass *p, uint32_t value, uint32_t position)
{
    if (p->too_many_loops)
        return p->b->count - 1;
    for (bool again = p->loop_count; again;) {
        again = false;
        for (unsigned i = 0; i < p->loop_count; i++) {
            const struct loop *l = &p->loops[i];
            if (value < l->start && l->start <= position && position < l->end) {
                position = l->end;
                again = true;
            }
        }
    }
    return position;
}

static void use_value(struct pass *p, uint32_t value, uint32_t i)
{
    struct ir_use *u = &p->b->use[value];
    uint32_t end = end_of_use(p, value, i);
    u->count++;
    if (end > u->last)
        u->last = end;
}

static bool is_dead(const struct ir_buffer *b, uint32_t i)
{
    const struct bp_ir *r = &b->rec[i];
    if (b->use[i].count)
        return false;
    if (r->op == BP_CALL)
        return b->helpers[r->c]->flags & BP_CALL_PURE;
    return r->op == BP_GET || ir_ops[r->op].flags & IR_PURE;
}

/* False where nobody can see the put. b->known says for a register that is put further down in the
 * block which site is the last before that. */
static bool visit_put(struct pass *p, uint32_t i)
{
    struct ir_buffer *b = p->b;
    const struct bp_ir *r = &b->rec[i];
    struct ir_known *next = &b->known[r->aux];
    uint32_t site_before = b->use[i].last_state;
    uint32_t until = next->epoch == b->epoch ? next->value : p->block_last_site;
    *next = (struct ir_known){ site_before, b->epoch };
    if (until <= i)
        return false;
    b->use[i].last_state = until;
    if (until > b->use[r->a].last_state)
        b->use[r->a].last_state = until;
    return true;
}

static void next_epoch(struct ir_buffer *b)
{
    if (++b->epoch == 0) {
        memset(b->known, 0, b->reg_count * sizeof *b->known);
        b->epoch = 1;
    }
}

/* True where the record goes. */
static bool visit(struct pass *p, uint32_t i)
{
    struct ir_buffer *b = p->b;
    const struct bp_ir *r = &b->rec[i];
    switch (r->op) {
    case BP_ARG:
        if (p->dead_args) {
            p->dead_args--;
            return true;
        }
        break;
    case BP_PUT:
        if (!visit_put(p, i))
            return true;
        break;
    case BP_BLOCK:
        p->block_last_site = 0;
        next_epoch(b);
        break;
    default:
        break;
    }
    if (is_dead(b, i)) {
        if (r->op == BP_CALL)
            p->dead_args = r->aux;
        return true;
    }
    if (r->op == BP_GET) { /* reads a put before it; folded IR has no such get */
        struct ir_known *next = &b->known[r->aux];
        if (next->epoch == b->epoch && next->value < i)
            next->value = i;
    }
    if (!p->block_last_site && ir_is_site(b, i))
        p->block_last_site = i;
    return false;
}

void ir_optimise(struct ir_buffer *b)
{
    struct pass p = { .b = b };
    walk_forward(&p);
    next_epoch(b);
    for (uint32_t i = b->count - 1; i > 0; i--) {
        struct bp_ir *r = &b->rec[i];
        if (r->op == BP_NOP)
            continue;
        if (visit(&p, i)) {
            *r = (struct bp_ir){ .op = BP_NOP };
            b->use[i] = (struct ir_use){ 0, 0, 0 };
            continue;
        }
        unsigned n = ir_ops[r->op].operands;
        if (n > 0)
            use_value(&p, r->a, i);
        if (n > 1)
            use_value(&p, r->b, i);
        if (n > 2)
            use_value(&p, r->c, i);
    }
    next_epoch(b);
}
