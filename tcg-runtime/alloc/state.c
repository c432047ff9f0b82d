/* SPDX-License-Identifier: MIT */
/*
 * state.c: guest registers while translated code runs.
 *
 * A put that is the last of its register goes to its home at once. An earlier one is *pending*: its
 * value is kept somewhere (register, spill slot, constant) while sites can see it; faults find it
 * by the site's table, side exits store it on their way out, calls that look at the state store it
 * first.
 */
#include "internal.h"

#include "tcg-runtime/ir/ir.h"

#include <backplane/target.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void pending_remove(struct tcg_alloc *a, uint32_t k)
{
    struct pending *p = a->pending;
    a->guest[p[k].reg].pending = NO_PENDING;
    p[k] = p[--a->pending_count];
    if (k < a->pending_count)
        a->guest[p[k].reg].pending = (uint16_t)k;
}

/* Drops what no site can see any more. */
static void pending_expire(struct tcg_alloc *a)
{
    for (uint32_t k = a->pending_count; k-- > 0;)
        if (a->pending[k].until < a->i)
            pending_remove(a, k);
}

bool state_any(struct tcg_alloc *a)
{
    if (a->pending_count)
        pending_expire(a);
    return a->pending_count != 0;
}

/* The home is about to change: what only it holds is brought into a register. */
static void home_rescue(struct tcg_alloc *a, unsigned reg)
{
    uint32_t old = a->guest[reg].home;
    if (!old)
        return;
    struct val *v = &a->val[old];
    if (v->home != (int)reg)
        return;
    if (v->reg == NO_REG && v->frame < 0 && alive(a, v))
        val_in_reg(a, old);
    v->home = NO_SLOT;
}

static bool home_is_only_place(const struct tcg_alloc *a, unsigned reg)
{
    const struct val *v = &a->val[a->guest[reg].home];
    if (!a->guest[reg].home || v->home != (int)reg || v->reg != NO_REG)
        return false;
    return v->flags & VAL_INPUT || (v->frame < 0 && alive(a, v)); /* an operand may be read there */
}

/* Stores the canonical form of a raw float; the home is then no copy of the value. */
static void home_store_canon(struct tcg_alloc *a, unsigned reg, uint32_t value)
{
    const struct bp_guest_reg *g = &a->job->guest_regs[reg];
    struct bp_operand home = home_of(a, reg);
    a->locked = bit(a->val[value].reg);
    unsigned tmp = reg_pick(a, a->fp_regs, NULL);
    a->locked = 0;
    struct bp_operand from = { .kind = BP_OPERAND_REG, .reg = (uint8_t)tmp, .type = home.type };
    a->cg->canon(&a->as, g->type, tmp, a->val[value].reg);
    a->cg->store(&a->as, g->type, &home, &from);
    a->guest[reg].home = 0;
}

static void home_store(struct tcg_alloc *a, unsigned reg, uint32_t value)
{
    const struct bp_guest_reg *g = &a->job->guest_regs[reg];
    struct bp_operand home = home_of(a, reg);
    struct val *v = &a->val[value];
    struct bp_operand from = { .kind = BP_OPERAND_REG, .reg = v->reg, .type = (uint8_t)g->type };
    if (v->reg == NO_REG) { /* a constant that can be stored as it is */
        from.kind = BP_OPERAND_IMM;
        from.imm = const_value(&a->ir[value], g->type);
    }
    uint32_t old = a->guest[reg].home;
    if (old && a->val[old].home == (int)reg)
        a->val[old].home = NO_SLOT;
    a->cg->store(&a->as, g->type, &home, &from);
    a->guest[reg].home = 0;
    if (type_bytes(g->type) >= type_bytes(v->type) && is_fp(g->type) == is_fp(v->type) &&
        !(v->flags & VAL_CONST)) {
        a->guest[reg].home = value;
        if (v->home < 0)
            v->home = (int16_t)reg;
    }
}

static bool storable_const(const struct tcg_alloc *a, uint32_t value, unsigned type)
{
    return a->val[value].flags & VAL_CONST &&
           a->cg->store_imm(type, const_value(&a->ir[value], type));
}

bool state_canon(struct tcg_alloc *a, uint32_t record)
{
    uint32_t until = 0, raw = a->rec[record].in[0];
    if (!ir_raw(&a->ir[a->ir[record].a]))
        return false;
    for (uint32_t k = a->val[record].next; k; k = a->rec[k].next[0]) {
        if (a->ir[k].op != BP_PUT || REC_HOLD(&a->rec[k]) == LAST_PUT)
            return false;
        if (REC_HOLD(&a->rec[k]) > until)
            until = REC_HOLD(&a->rec[k]);
    }
    struct val *v = &a->val[raw];
    v->next = a->rec[record].next[0];
    if (v->until < until)
        v->until = until;
    a->val[record].flags |= VAL_CANON;
    val_drop_dead(a, raw);
    return true;
}

void state_hold(struct tcg_alloc *a, unsigned reg, uint32_t value, uint32_t until)
{
    a->guest[reg].pending = (uint16_t)a->pending_count;
    a->pending[a->pending_count++] =
        (struct pending){ .value = value, .until = until, .reg = (uint16_t)reg };
}

void state_put(struct tcg_alloc *a, uint32_t record)
{
    unsigned reg = a->ir[record].aux;
    struct guest *g = &a->guest[reg];
    struct rec *rec = &a->rec[record];
    uint32_t value = rec->in[0], hold = REC_HOLD(rec);
    struct val *v = &a->val[value];
    bool canon = v->flags & VAL_CANON;
    if (g->pending != NO_PENDING)
        pending_remove(a, g->pending);
    if (canon) { /* its operand stands for it */
        v->next = rec->next[0];
        value = a->rec[value].in[0];
        v = &a->val[value];
    }
    if (g->home == value && !canon) {
        /* the home has it already */
    } else if (hold == LAST_PUT) {
        home_rescue(a, reg);
        if (!storable_const(a, value, a->job->guest_regs[reg].type) || v->reg != NO_REG)
            val_in_reg(a, value);
        home_store(a, reg, value);
    } else if (hold > record) {
        if (v->until < hold)
            v->until = hold;
        if (v->reg == NO_REG && v->frame < 0 && !(v->flags & VAL_CONST))
            val_in_reg(a, value); /* another register's home is no place to remember */
        g->pending = (uint16_t)a->pending_count;
        a->pending[a->pending_count++] =
            (struct pending){ .value = value, .until = hold, .reg = (uint16_t)reg, .canon = canon };
    }
    if (!canon)
        v->next = rec->next[0];
    val_drop_dead(a, value);
}

bool state_save(struct tcg_alloc *a, uint32_t value)
{
    bool left = false;
    for (uint32_t k = a->pending_count; k-- > 0;) {
        struct pending *p = &a->pending[k];
        if (p->value != value)
            continue;
        if (p->until < a->i) {
            pending_remove(a, k);
        } else if (!p->canon && !home_is_only_place(a, p->reg)) {
            home_store(a, p->reg, value);
            pending_remove(a, k);
        } else {
            left = true;
        }
    }
    return left;
}

void state_sync(struct tcg_alloc *a)
{
    if (!state_any(a))
        return;
    while (a->pending_count) {
        struct pending p = a->pending[a->pending_count - 1];
        home_rescue(a, p.reg);
        if (!storable_const(a, p.value, a->job->guest_regs[p.reg].type))
            val_in_reg(a, p.value);
        if (a->guest[p.reg].pending != NO_PENDING) { /* not stored on the way */
            if (p.canon)
                home_store_canon(a, p.reg, p.value);
            else
                home_store(a, p.reg, p.value);
            pending_remove(a, a->guest[p.reg].pending);
        }
    }
}

void state_forget(struct tcg_alloc *a)
{
    for (uint32_t r = 0; r < a->job->guest_reg_count; r++) {
        home_rescue(a, r);
        a->guest[r].home = 0;
    }
}

/* ---- sites and side exits -------------------------------------------------------------------- */

static struct bp_operand locate(const struct tcg_alloc *a, const struct pending *p)
{
    const struct val *v = &a->val[p->value];
    struct bp_operand o = { .kind = BP_OPERAND_REG, .reg = v->reg,
                            .type = (uint8_t)a->job->guest_regs[p->reg].type };
    if (v->flags & VAL_CONST) {
        o.kind = BP_OPERAND_IMM;
        o.imm = const_value(&a->ir[p->value], o.type);
    } else if (v->reg == NO_REG) {
        o.kind = BP_OPERAND_FRAME;
        o.offset = (int32_t)a->cg->frame_first + 8 * v->frame;
    }
    return o;
}

static struct bp_state_reg state_of(const struct pending *p, struct bp_operand o)
{
    struct bp_state_reg s = { .reg = p->reg, .flags = p->canon ? BP_STATE_CANON : 0 };
    switch (o.kind) {
    case BP_OPERAND_REG:
        s.where = o.reg < BP_FP_REG ? BP_AT_INT_REG : BP_AT_FP_REG;
        s.n = o.reg % BP_FP_REG;
        break;
    case BP_OPERAND_IMM:
        s.where = BP_AT_CONST;
        s.value = o.imm;
        break;
    default:
        s.where = BP_AT_FRAME;
        s.n = (uint32_t)o.offset;
        break;
    }
    return s;
}

uint32_t state_site(struct tcg_alloc *a, bool with_registers)
{
    struct bp_code_job *job = a->job;
    uint32_t offset = code_offset(a), first = job->state_reg_count;
    if (job->site_count == job->site_room) {
        a->error = -ENOSPC;
        return 0;
    }
    if (with_registers && state_any(a)) {
        if (first + a->pending_count > job->state_reg_room) {
            a->error = -ENOSPC;
            return 0;
        }
        for (uint32_t k = 0; k < a->pending_count; k++)
            job->state_regs[job->state_reg_count++] =
                state_of(&a->pending[k], locate(a, &a->pending[k]));
    }
    unsigned op = a->ir[a->i].op;
    unsigned access = op == BP_LOAD                                       ? BP_ACCESS_READ
                      : op == BP_STORE || op == BP_RMW || op == BP_CAS ? BP_ACCESS_WRITE
                                                                          : 0;
    job->sites[job->site_count++] =
        (struct bp_state_site){ .code = offset, .mark = a->mark, .first = first,
                                .count = (uint16_t)(job->state_reg_count - first),
                                .access = (uint16_t)access };
    return job->code_base_offset + offset;
}

void state_snapshot(struct tcg_alloc *a, uint32_t *ret_first, uint32_t *ret_count)
{
    *ret_first = a->snap_count;
    *ret_count = a->pending_count;
    if (a->snap_count + a->pending_count > a->snap_room) {
        uint32_t room = 2 * (a->snap_count + a->pending_count) + 64;
        struct snap *s = realloc(a->snaps, room * sizeof *s);
        if (!s) {
            a->error = -ENOMEM;
            *ret_count = 0;
            return;
        }
        a->snaps = s;
        a->snap_room = room;
    }
    for (uint32_t k = 0; k < a->pending_count; k++)
        a->snaps[a->snap_count++] =
            (struct snap){ .from = locate(a, &a->pending[k]), .reg = a->pending[k].reg,
                           .canon = a->pending[k].canon };
}

void state_snapshot_drop(struct tcg_alloc *a, uint32_t first, uint32_t *count, unsigned reg)
{
    for (uint32_t k = first; k < first + *count; k++)
        if (a->snaps[k].reg == reg) {
            a->snaps[k] = a->snaps[first + --*count];
            return;
        }
}

static void restore_one(struct tcg_alloc *a, const struct snap *s, uint64_t keep)
{
    const struct bp_guest_reg *g = &a->job->guest_regs[s->reg];
    struct bp_operand home = home_of(a, s->reg), from = s->from;
    if (from.kind != BP_OPERAND_REG &&
        !(from.kind == BP_OPERAND_IMM && a->cg->store_imm(g->type, from.imm))) {
        unsigned reg = (unsigned)__builtin_ctzll(regs_of_type(a, g->type) & ~keep);
        if (from.kind == BP_OPERAND_IMM)
            a->cg->constant(&a->as, g->type, reg, from.imm);
        else
            a->cg->load(&a->as, g->type, reg, &from);
        from = (struct bp_operand){ .kind = BP_OPERAND_REG, .reg = (uint8_t)reg,
                                    .type = (uint8_t)g->type };
    }
    if (s->canon)
        a->cg->canon(&a->as, g->type, from.reg, from.reg);
    a->cg->store(&a->as, g->type, &home, &from);
}

void state_restore_registers(struct tcg_alloc *a, uint32_t first, uint32_t count)
{
    for (uint32_t k = first; k < first + count; k++)
        if (a->snaps[k].from.kind == BP_OPERAND_REG)
            restore_one(a, &a->snaps[k], 0);
}

void state_restore_rest(struct tcg_alloc *a, uint32_t first, uint32_t count, uint64_t keep)
{
    for (uint32_t k = first; k < first + count; k++)
        if (a->snaps[k].from.kind != BP_OPERAND_REG)
            restore_one(a, &a->snaps[k], keep);
}
