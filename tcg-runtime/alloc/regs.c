/* SPDX-License-Identifier: MIT */
/*
 * regs.c: where values are: registers, spill slots, homes of guest registers.
 *
 * Registers are given back lazily: one whose value only an exit state held is noticed when a
 * register is wanted. Out of registers, the value whose next use is farthest away goes (Belady),
 * and costs no store where memory has it too.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

void reg_own(struct tcg_alloc *a, unsigned reg, uint32_t value)
{
    a->used |= bit(reg);
    a->owner[reg] = value;
    a->val[value].reg = (uint8_t)reg;
}

void reg_release(struct tcg_alloc *a, unsigned reg)
{
    a->used &= ~bit(reg);
    a->val[a->owner[reg]].reg = NO_REG;
}

void kept_release(struct tcg_alloc *a, unsigned reg)
{
    for (uint32_t k = 0; k < a->kept_count; k++)
        if (a->kept[k].reg == reg)
            a->kept[k] = a->kept[--a->kept_count];
    a->used &= ~bit(reg);
    a->kept_regs &= ~(uint32_t)bit(reg);
}

void kept_clear(struct tcg_alloc *a)
{
    while (a->kept_count)
        kept_release(a, a->kept[0].reg);
}

static uint32_t random_next(struct tcg_alloc *a)
{
    a->random ^= a->random << 13;
    a->random ^= a->random >> 17;
    a->random ^= a->random << 5;
    return a->random;
}

static unsigned random_bit(struct tcg_alloc *a, uint64_t set)
{
    unsigned n = random_next(a) % (unsigned)__builtin_popcountll(set);
    while (n--)
        set &= set - 1;
    return (unsigned)__builtin_ctzll(set);
}

/* ---- spill slots ----------------------------------------------------------------------------- */

/* Slots that a value of this type takes: neighbours, the first one even. */
static uint64_t slots_of(unsigned type) { return type == BP_V128 ? 3 : 1; }

static int frame_alloc(struct tcg_alloc *a, unsigned type)
{
    uint64_t even = UINT64_C(0x5555555555555555);
    for (unsigned w = 0; w * 64 < a->cg->frame_slots; w++) {
        uint64_t can = a->frame_free[w];
        if (type == BP_V128)
            can &= can >> 1 & even;
        if (can) {
            unsigned bit_ = (unsigned)__builtin_ctzll(can), n = w * 64 + bit_;
            if (n + 1 >= a->cg->frame_slots)
                break;
            a->frame_free[w] &= ~(slots_of(type) << bit_);
            return (int)n;
        }
    }
    a->error = -E2BIG;
    return 0;
}

static struct bp_operand frame_operand(const struct tcg_alloc *a, int slot, unsigned type)
{
    return (struct bp_operand){ .kind = BP_OPERAND_FRAME, .type = (uint8_t)move_type(type),
                                .offset = (int32_t)a->cg->frame_first + 8 * slot };
}

bool val_memory(const struct tcg_alloc *a, const struct val *v, struct bp_operand *ret)
{
    if (v->home >= 0) {
        *ret = home_of(a, (unsigned)v->home);
        return true;
    }
    if (v->frame >= 0) {
        *ret = frame_operand(a, v->frame, v->type);
        return true;
    }
    return false;
}

void val_load(struct tcg_alloc *a, uint32_t value, unsigned reg)
{
    struct val *v = &a->val[value];
    struct bp_operand memory;
    if (v->flags & VAL_CONST)
        a->cg->constant(&a->as, v->type, reg, const_value(&a->ir[value], v->type));
    else if (val_memory(a, v, &memory))
        a->cg->load(&a->as, memory.type, reg, &memory);
    else
        a->error = -EINVAL; /* used before it is defined */
}

void val_save(struct tcg_alloc *a, uint32_t value)
{
    struct val *v = &a->val[value];
    if (!alive(a, v) || v->flags & VAL_CONST)
        return;
    bool pending = state_save(a, value);
    if (v->frame >= 0 || (v->home >= 0 && !pending))
        return;
    v->frame = (int16_t)frame_alloc(a, v->type);
    struct bp_operand memory = frame_operand(a, v->frame, v->type);
    struct bp_operand from = { .kind = BP_OPERAND_REG, .reg = v->reg, .type = memory.type };
    a->cg->store(&a->as, memory.type, &memory, &from);
}

void val_free_frame(struct tcg_alloc *a, struct val *v)
{
    a->frame_free[v->frame / 64] |= slots_of(v->type) << (unsigned)v->frame % 64;
    v->frame = NO_SLOT;
}

void val_take_frame(struct tcg_alloc *a, struct val *v)
{
    if (v->frame < 0)
        v->frame = (int16_t)frame_alloc(a, v->type);
}

void val_need_memory(struct tcg_alloc *a, uint32_t value)
{
    struct val *v = &a->val[value];
    if (val_has_memory(v))
        return;
    unsigned reg = val_in_reg(a, value);
    val_take_frame(a, v);
    struct bp_operand memory = frame_operand(a, v->frame, v->type);
    struct bp_operand from = { .kind = BP_OPERAND_REG, .reg = (uint8_t)reg, .type = memory.type };
    a->cg->store(&a->as, memory.type, &memory, &from);
}

void val_drop_dead(struct tcg_alloc *a, uint32_t value)
{
    struct val *v = &a->val[value];
    if (alive(a, v))
        return;
    if (v->reg != NO_REG)
        reg_release(a, v->reg);
    if (v->frame >= 0)
        val_free_frame(a, v);
}

/* ---- registers ------------------------------------------------------------------------------- */

static uint64_t sweep(struct tcg_alloc *a, uint64_t set)
{
    uint64_t freed = 0;
    for (uint64_t s = set; s; s &= s - 1) {
        unsigned reg = (unsigned)__builtin_ctzll(s);
        if (!a->owner[reg])
            kept_release(a, reg);
        else if (!alive(a, &a->val[a->owner[reg]]))
            val_drop_dead(a, a->owner[reg]);
        else
            continue;
        freed |= bit(reg);
    }
    return freed;
}

static unsigned victim(struct tcg_alloc *a, uint64_t set)
{
    unsigned best = 0;
    uint64_t best_score = 0;
    if (a->random)
        return random_bit(a, set);
    for (uint64_t s = set; s; s &= s - 1) {
        unsigned reg = (unsigned)__builtin_ctzll(s);
        const struct val *v = &a->val[a->owner[reg]];
        uint64_t score = v->next ? v->next - a->i : 1u << 20;
        if (v->flags & VAL_CONST || val_has_memory(v))
            score += 4; /* no store */
        if (score >= best_score) {
            best_score = score;
            best = reg;
        }
    }
    return best;
}

unsigned reg_pick(struct tcg_alloc *a, uint64_t set, const struct val *v)
{
    uint64_t can = set & ~a->locked, found = can & ~a->used;
    if (!can) { /* a rule asks for more registers than there are */
        a->error = -EINVAL;
        return (unsigned)__builtin_ctzll(set);
    }
    if (a->random && found && random_next(a) % 16 == 0)
        found = 0;
    if (!found)
        found = sweep(a, can & a->used);
    if (!found) {
        unsigned reg = victim(a, can & a->used ? can & a->used : can);
        if (a->used & bit(reg)) {
            val_save(a, a->owner[reg]);
            reg_release(a, reg);
        }
        return reg;
    }
    if (a->random)
        return random_bit(a, found);
    bool crosses = v && a->call_at < a->call_count && v->next > a->calls[a->call_at];
    uint64_t best = crosses ? found & a->cg->preserved : found & ~a->cg->preserved & ~a->cg->avoid;
    if (!best)
        best = found & ~a->cg->avoid;
    return (unsigned)__builtin_ctzll(best ? best : found);
}

void reg_vacate(struct tcg_alloc *a, unsigned reg, uint64_t not_in)
{
    uint32_t value = a->owner[reg];
    struct val *v = &a->val[value];
    if (!value) {
        kept_release(a, reg);
        return;
    }
    if (!alive(a, v)) {
        val_drop_dead(a, value);
        return;
    }
    uint64_t to = regs_of_type(a, v->type) & ~not_in & ~a->used & ~a->locked;
    if (to && !(v->flags & VAL_CONST)) {
        unsigned dst = reg_pick(a, to, v);
        a->cg->move(&a->as, move_type(v->type), dst, reg);
        reg_release(a, reg);
        reg_own(a, dst, value);
        return;
    }
    val_save(a, value);
    reg_release(a, reg);
}

unsigned val_in_reg(struct tcg_alloc *a, uint32_t value)
{
    struct val *v = &a->val[value];
    if (v->reg == NO_REG) {
        unsigned reg = reg_pick(a, regs_of_type(a, v->type), v);
        val_load(a, value, reg);
        reg_own(a, reg, value);
    }
    return v->reg;
}
