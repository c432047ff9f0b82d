/* SPDX-License-Identifier: MIT */
/*
 * repeat.c: a translation that ends where it began keeps guest registers in host registers.
 *
 * The registers that `carry` records name are loaded before the place where such exits go to (the
 * repeat entry), each into a host register of its own, from which the code behind takes them in
 * place of the home; an exit back brings the newest values there. Those that the loop changes are
 * pending at the repeat entry: their homes are written where the loop is left, and on the way out
 * to the run loop when the exit is not chained or there is an interrupt. So are those that each
 * round puts before anybody can look.
 */
#include "internal.h"

#include "tcg-runtime/ir/ir.h"

#define CARRIED_MAX 8 /* of a class of registers: the code between needs some, too */

/* The home will be stale: faults and side exits before the first put find the value elsewhere. */
static void defer(struct tcg_alloc *a, struct guest *g, unsigned guest)
{
    struct val *v = &a->val[g->first];
    v->home = NO_SLOT;
    if (g->put && g->put < a->last_repeat)
        REC_HOLD(&a->rec[g->put]) = a->job->ir_count;
    if (g->first_hold) {
        if (v->until < g->first_hold)
            v->until = g->first_hold;
        state_hold(a, guest, g->first, g->first_hold);
    }
}

static void find_unseen(struct tcg_alloc *a)
{
    for (uint32_t r = 0; r < a->job->guest_reg_count; r++) {
        struct guest *g = &a->guest[r];
        g->unseen = g->put && g->put < a->last_repeat && !g->first && !g->first_hold;
        if (g->unseen)
            REC_HOLD(&a->rec[g->put]) = a->job->ir_count;
    }
}

void repeat_enter(struct tcg_alloc *a)
{
    unsigned taken[2] = { 0, 0 };
    a->carried_count = 0;
    for (uint32_t k = 0; k < a->carry_count; k++) {
        unsigned guest = a->ir[a->carries[k]].aux;
        struct guest *g = &a->guest[guest];
        struct val *v = &a->val[g->first];
        if (!g->first || !v->next || v->reg != NO_REG || taken[is_fp(v->type)] == CARRIED_MAX)
            continue;
        taken[is_fp(v->type)]++;
        struct carried c = { .guest = (uint16_t)guest, .reg = (uint8_t)val_in_reg(a, g->first),
                             .deferred = g->first_put && g->first_put < a->last_repeat };
        a->carried[a->carried_count++] = c;
        a->locked |= bit(c.reg);
        if (c.deferred)
            defer(a, g, guest);
        else
            g->home = g->first;
    }
    if (a->repeats)
        find_unseen(a);
    a->carry_count = 0;
    a->locked = 0;
    a->job->repeat_offset = code_offset(a);
}

void repeat_carry(struct tcg_alloc *a, uint32_t record)
{
    uint32_t end = record;
    struct val *v = &a->val[a->rec[record].in[0]];
    while (end + 1 < a->job->ir_count && a->ir[end].op != BP_EXIT && a->ir[end].op != BP_EXIT_IF)
        end++;
    v->next = a->rec[record].next[0];
    if (v->until < end)
        v->until = end;
    if (a->carry_count < a->job->guest_reg_count)
        a->carries[a->carry_count++] = record;
}

/* ---- the way out --------------------------------------------------------------------------------- */

/* Whether the value's register is as good as the home: see the flags of a get in scan.c. */
static bool is_whole(const struct val *v, unsigned type)
{
    if (v->reg == NO_REG || is_fp(v->type) != is_fp(type) || type_bytes(v->type) > type_bytes(type))
        return false;
    return (v->type == type && type != BP_I32) || v->flags & VAL_UPPER;
}

/* The register that has what the exit carries for a guest register, or NO_REG. */
static uint8_t source_of(const struct tcg_alloc *a, unsigned guest)
{
    for (uint32_t k = 0; k < a->carry_count; k++) {
        const struct val *v = &a->val[a->rec[a->carries[k]].in[0]];
        if (a->ir[a->carries[k]].aux == guest && is_whole(v, a->job->guest_regs[guest].type))
            return v->reg;
    }
    return NO_REG;
}

static uint64_t kept_registers(const struct tcg_alloc *a, const struct repeat_out *out)
{
    uint64_t set = 0;
    for (uint32_t k = 0; k < a->carried_count; k++)
        set |= bit(a->carried[k].reg);
    for (uint32_t k = 0; k < out->unseen_count; k++)
        set |= bit(out->unseen[k].reg);
    return set;
}

/* What need not go home in each round. A register of each class stays free for the way out. */
static void leave_unseen(struct tcg_alloc *a, struct repeat_out *out)
{
    uint64_t carried = kept_registers(a, out), kept = carried;
    for (uint32_t k = out->puts + out->put_count; k-- > out->puts;) {
        struct snap s = a->snaps[k];
        if (!a->guest[s.reg].unseen || s.canon || s.from.kind != BP_OPERAND_REG)
            continue;
        uint64_t with = kept | bit(s.from.reg);
        if (carried & bit(s.from.reg) || out->unseen_count == CARRIED_ALL ||
            !(a->int_regs & ~with) || !(a->fp_regs & ~with))
            continue;
        kept = with;
        out->unseen[out->unseen_count++] = (struct carried){ s.reg, s.from.reg, true };
        state_snapshot_drop(a, out->puts, &out->put_count, s.reg);
    }
}

void repeat_snapshot(struct tcg_alloc *a, struct repeat_out *out)
{
    uint64_t moved = 0;
    out->unseen_count = 0;
    for (uint32_t k = 0; k < a->carried_count; k++) {
        const struct carried *c = &a->carried[k];
        out->from[k] = source_of(a, c->guest);
        if (c->deferred && out->from[k] != NO_REG)
            moved |= bit(k);
    }
    state_snapshot(a, &out->puts, &out->put_count);
    for (uint32_t k = 0; k < a->carried_count; k++)
        if (moved & bit(k)) /* its home stays stale */
            state_snapshot_drop(a, out->puts, &out->put_count, a->carried[k].guest);
    leave_unseen(a, out);
}

bool repeat_in_place(const struct tcg_alloc *a, const struct repeat_out *out)
{
    for (uint32_t k = 0; k < a->carried_count; k++)
        if (out->from[k] != a->carried[k].reg)
            return false;
    return true;
}

void repeat_emit(struct tcg_alloc *a, const struct repeat_out *out)
{
    struct reg_move moves[2][CARRIED_MAX];
    unsigned count[2] = { 0, 0 };
    uint64_t keep = kept_registers(a, out);
    state_restore_registers(a, out->puts, out->put_count);
    for (uint32_t k = 0; k < a->carried_count; k++) {
        const struct carried *c = &a->carried[k];
        unsigned type = move_type(a->job->guest_regs[c->guest].type), class = is_fp(type);
        if (out->from[k] != NO_REG)
            moves[class][count[class]++] = (struct reg_move){ c->reg, out->from[k], (uint8_t)type };
    }
    for (unsigned class = 0; class < 2; class++) {
        uint64_t spare = (class ? a->fp_regs : a->int_regs) & ~keep;
        parallel_moves(a, moves[class], count[class], (unsigned)__builtin_ctzll(spare));
    }
    state_restore_rest(a, out->puts, out->put_count, keep);
    for (uint32_t k = 0; k < a->carried_count; k++)
        if (out->from[k] == NO_REG) {
            struct bp_operand home = home_of(a, a->carried[k].guest);
            a->cg->load(&a->as, home.type, a->carried[k].reg, &home);
        }
}

static void store_deferred(struct tcg_alloc *a, const struct carried *c, uint32_t n)
{
    for (; n-- > 0; c++) {
        struct bp_operand home = home_of(a, c->guest);
        struct bp_operand from = { .kind = BP_OPERAND_REG, .reg = c->reg, .type = home.type };
        if (c->deferred)
            a->cg->store(&a->as, home.type, &home, &from);
    }
}

void repeat_home(struct bp_asm *as, uint32_t exit)
{
    struct tcg_alloc *a = (struct tcg_alloc *)as;
    store_deferred(a, a->carried, a->carried_count);
    store_deferred(a, a->outs[exit].unseen, a->outs[exit].unseen_count);
}
