/* SPDX-License-Identifier: MIT */
/* call.c: calls of C functions: the translation's helpers, and those that stand in for missing
 * rules. */
#include "internal.h"

#include "tcg-runtime/ir/ir.h"

#include <errno.h>
#include <stdatomic.h>

#define STATE_FLAGS (BP_CALL_READS_STATE | BP_CALL_WRITES_STATE | BP_CALL_MAY_RAISE)

/* ---- arguments ------------------------------------------------------------------------------- */

/* A move waits until nobody reads its destination; cycles go through the spare register. */
void parallel_moves(struct tcg_alloc *a, struct reg_move *m, unsigned n, unsigned spare)
{
    while (n) {
        bool progress = false;
        for (unsigned i = 0; i < n; i++) {
            bool read = false;
            for (unsigned k = 0; k < n; k++)
                if (k != i && m[k].src == m[i].dst)
                    read = true;
            if (read)
                continue;
            if (m[i].dst != m[i].src)
                a->cg->move(&a->as, m[i].type, m[i].dst, m[i].src);
            m[i] = m[--n];
            progress = true;
            break;
        }
        if (!progress) { /* all are in cycles: free the first one's destination */
            a->cg->move(&a->as, spare < BP_FP_REG ? BP_I64 : BP_V128, spare, m[0].dst);
            for (unsigned k = 0; k < n; k++)
                if (m[k].src == m[0].dst)
                    m[k].src = (uint8_t)spare;
        }
    }
}

static void place_args(struct tcg_alloc *a, const struct call_arg *args, unsigned n, unsigned env)
{
    struct reg_move moves[8];
    unsigned count = 0;
    for (unsigned k = 0; k < n; k++) {
        const struct val *v = &a->val[args[k].value];
        if (args[k].value && !args[k].address && v->reg != NO_REG)
            moves[count++] = (struct reg_move){ a->cg->args[k + env], v->reg,
                                                is_fp(v->type) ? BP_F64 : BP_I64 };
    }
    parallel_moves(a, moves, count, a->cg->result);
    for (unsigned k = 0; k < n; k++) {
        unsigned dst = a->cg->args[k + env];
        uint32_t value = args[k].value;
        struct val *v = &a->val[value];
        struct bp_operand memory;
        if (args[k].address) {
            if (val_memory(a, v, &memory))
                a->cg->address(&a->as, dst, &memory);
            else
                a->error = -EINVAL;
        } else if (!value) {
            a->cg->constant(&a->as, args[k].type, dst, args[k].imm);
        } else if (v->reg != NO_REG) {
            continue;
        } else if (v->flags & VAL_CONST) {
            unsigned t = is_fp(v->type) ? (v->type == BP_F32 ? BP_I32 : BP_I64) : v->type;
            a->cg->constant(&a->as, t, dst, const_value(&a->ir[value], t));
        } else if (val_memory(a, v, &memory)) {
            unsigned t = is_fp(memory.type) ? (type_bytes(memory.type) >= 8 ? BP_I64 : BP_I32)
                                            : memory.type;
            a->cg->load(&a->as, t, dst, &memory);
        } else {
            a->error = -EINVAL;
        }
    }
}

/* Values in registers that the call destroys go to a register it keeps, or to memory. */
static void save_live(struct tcg_alloc *a)
{
    /* Stores to homes come first: what they overwrite is still in a register then. */
    for (uint64_t s = a->pending_count ? a->used & ~a->cg->preserved : 0; s; s &= s - 1)
        state_save(a, a->owner[__builtin_ctzll(s)]);
    for (uint64_t s = a->used & ~a->cg->preserved; s; s &= s - 1) {
        unsigned reg = (unsigned)__builtin_ctzll(s);
        uint32_t value = a->owner[reg];
        struct val *v = &a->val[value];
        if (!alive(a, v) || v->flags & VAL_CONST)
            continue;
        uint64_t to = regs_of_type(a, v->type) & a->cg->preserved & ~a->used;
        if (to && !val_has_memory(v)) {
            unsigned dst = (unsigned)__builtin_ctzll(to);
            a->cg->move(&a->as, move_type(v->type), dst, reg);
            reg_release(a, reg);
            reg_own(a, dst, value);
        } else {
            val_save(a, value);
        }
    }
}

void emit_call(struct tcg_alloc *a, uint32_t record, void (*fn)(void), uint32_t flags,
               const struct call_arg *args, unsigned n)
{
    unsigned type = a->ir[record].type;
    a->locked = 0;
    kept_clear(a);
    if (flags & STATE_FLAGS)
        state_sync(a);
    if (flags & BP_CALL_WRITES_STATE)
        state_forget(a);
    bool result_at = flags & CALL_RESULT_AT;
    for (unsigned k = result_at; k < n; k++)
        if (args[k].address)
            val_need_memory(a, args[k].value);
    if (result_at)
        val_take_frame(a, &a->val[record]);
    for (unsigned k = result_at; k < n; k++)
        if (args[k].value) {
            a->val[args[k].value].flags |= VAL_INPUT;
            if (args[k].next != SAME_RECORD)
                a->val[args[k].value].next = args[k].next;
        }
    save_live(a);
    place_args(a, args, n, flags & BP_CALL_ENV ? 1 : 0);
    for (uint64_t s = a->used & ~a->cg->preserved; s; s &= s - 1)
        reg_release(a, (unsigned)__builtin_ctzll(s));
    if (flags & BP_CALL_MAY_RAISE)
        a->cg->site(&a->as, state_site(a, false));
    a->cg->call(&a->as, fn, flags & ~CALL_RESULT_AT);
    for (unsigned k = result_at; k < n; k++)
        if (args[k].value) {
            a->val[args[k].value].flags &= (uint8_t)~VAL_INPUT;
            val_drop_dead(a, args[k].value);
        }
    if (result_at)
        val_drop_dead(a, record);
    if (type == BP_VOID || !a->val[record].next || result_at)
        return;
    unsigned reg = a->cg->result;
    if (is_fp(type)) {
        reg = reg_pick(a, a->fp_regs, &a->val[record]);
        a->cg->move(&a->as, type, reg, a->cg->result);
    }
    reg_own(a, reg, record);
}

void emit_helper(struct tcg_alloc *a, uint32_t record)
{
    const struct bp_ir *r = &a->ir[record];
    const struct bp_helper *h = a->job->helpers[r->c];
    struct call_arg args[8];
    unsigned env = h->flags & BP_CALL_ENV ? 1 : 0, n = r->aux, at = h->ret == BP_V128;
    if (n > a->arg_count || n + env + at > 6) {
        a->error = -EINVAL;
        return;
    }
    args[0] = (struct call_arg){ .value = record, .address = true };
    for (unsigned k = 0; k < n; k++) {
        struct rec *rec = &a->rec[a->args[a->arg_count - n + k]];
        args[k + at] = (struct call_arg){ .value = rec->in[0], .next = rec->next[0],
                                          .address = h->arg_type[k] == BP_V128 };
    }
    emit_call(a, record, h->fn, h->flags | (at ? CALL_RESULT_AT : 0), args, n + at);
}

/* ---- ops without a rule ---------------------------------------------------------------------- */

static uint64_t legal_address(uint64_t va, uint64_t how)
{
    va += (uint64_t)(int64_t)(int32_t)(uint32_t)how;
    return how >> 63 ? (uint32_t)va : va;
}

/* `how`: the displacement, the memop above it; bit 63: 32-bit addresses; bit 62: 32-bit result. */
static uint64_t legal_load(void *env, uint64_t va, uint64_t how,
                           const struct bp_runtime_calls *calls)
{
    uint64_t v = calls->load(env, legal_address(va, how), (uint32_t)(how >> 32) & 0xffff);
    return how >> 62 & 1 ? (uint32_t)v : v;
}

static void legal_store(void *env, uint64_t va, uint64_t value, uint64_t how,
                        const struct bp_runtime_calls *calls)
{
    calls->store(env, legal_address(va, how), value, (uint32_t)(how >> 32) & 0xffff);
}

/* The low half of `how` is the kind. */
static uint64_t legal_rmw(void *env, uint64_t va, uint64_t value, uint64_t how,
                          const struct bp_runtime_calls *calls)
{
    uint64_t v = calls->rmw(env, how >> 63 ? (uint32_t)va : va, value,
                            (uint32_t)(how >> 32) & 0xffff, (uint32_t)how);
    return how >> 62 & 1 ? (uint32_t)v : v;
}

static uint64_t legal_cas(void *env, uint64_t va, uint64_t expected, uint64_t desired, uint64_t how,
                          const struct bp_runtime_calls *calls)
{
    uint64_t v = calls->cas(env, how >> 63 ? (uint32_t)va : va, expected, desired,
                            (uint32_t)(how >> 32) & 0xffff);
    return how >> 62 & 1 ? (uint32_t)v : v;
}

static void legal_fence(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}

static void legal_count(void *env, uint64_t offset, uint64_t n)
{
    uint64_t *counter = (uint64_t *)(void *)((uint8_t *)env + (int64_t)offset);
    *counter += n;
}

static void legal_memory(struct tcg_alloc *a, uint32_t record, struct call_arg *args, unsigned n)
{
    const struct bp_ir *r = &a->ir[record];
    void (*fn)(void) = r->op == BP_LOAD    ? (void (*)(void))legal_load
                       : r->op == BP_STORE ? (void (*)(void))legal_store
                       : r->op == BP_RMW   ? (void (*)(void))legal_rmw
                                           : (void (*)(void))legal_cas;
    if (rule_type(a->ir, r) == BP_V128) {
        a->error = -ENOTSUP;
        return;
    }
    uint64_t how = (uint64_t)r->aux << 32 | (r->op == BP_CAS ? 0 : r->c);
    if (a->ir[r->a].type == BP_I32)
        how |= (uint64_t)1 << 63;
    if (type_bytes(r->type) == 4)
        how |= (uint64_t)1 << 62;
    args[n++] = (struct call_arg){ .type = BP_I64, .imm = how };
    args[n++] = (struct call_arg){ .type = BP_I64, .imm = (uintptr_t)a->job->calls };
    emit_call(a, record, fn, BP_CALL_ENV | BP_CALL_MAY_RAISE | BP_CALL_READS_STATE | BP_CALL_FP,
              args, n);
}

/* The third operand is passed where the result will be. */
static void third_operand(struct tcg_alloc *a, uint32_t record)
{
    struct rec *rec = &a->rec[record];
    struct val *v = &a->val[rec->in[2]];
    unsigned reg = val_in_reg(a, rec->in[2]);
    struct bp_operand from = { .kind = BP_OPERAND_REG, .reg = (uint8_t)reg, .type = BP_V128 };
    struct bp_operand memory;
    val_take_frame(a, &a->val[record]);
    if (!val_memory(a, &a->val[record], &memory))
        return;
    a->cg->store(&a->as, BP_V128, &memory, &from);
    if (rec->next[2] != SAME_RECORD)
        v->next = rec->next[2];
}

static void legal_vector(struct tcg_alloc *a, uint32_t record)
{
    const struct bp_ir *r = &a->ir[record];
    const struct rec *rec = &a->rec[record];
    struct call_arg args[5];
    unsigned n = ir_ops[r->op].operands;
    uint32_t how = bp_exact_how(r, a->ir[r->op == BP_VSET ? r->b : r->a].type);
    if (n == 3)
        third_operand(a, record);
    args[0] = (struct call_arg){ .value = record, .address = true };
    args[1] = (struct call_arg){ .value = rec->in[0], .next = rec->next[0], .address = true };
    args[2] = (struct call_arg){ .type = BP_I64, .imm = 0 };
    if (n > 1)
        args[2] = (struct call_arg){ .value = rec->in[1], .next = rec->next[1], .address = true };
    args[3] = (struct call_arg){ .type = BP_I32, .imm = (uint64_t)(int32_t)how };
    args[4] = (struct call_arg){ .type = BP_I64, .imm = (uintptr_t)a->job->slots };
    emit_call(a, record, (void (*)(void))tcg_vector, BP_CALL_ENV | CALL_RESULT_AT, args, 5);
    if (n == 3)
        val_drop_dead(a, rec->in[2]);
}

void emit_legal(struct tcg_alloc *a, uint32_t record)
{
    const struct bp_ir *r = &a->ir[record];
    const struct rec *rec = &a->rec[record];
    struct call_arg args[8];
    unsigned n = ir_ops[r->op].operands;
    for (unsigned k = 0; k < n; k++)
        args[k] = (struct call_arg){ .value = rec->in[k], .next = rec->next[k] };
    if (r->op >= BP_VGET) {
        legal_vector(a, record);
    } else if (r->op == BP_FENCE) {
        emit_call(a, record, legal_fence, 0, args, 0);
    } else if (r->op == BP_COUNT) {
        args[0] = (struct call_arg){ .type = BP_I64, .imm = (uint64_t)(int64_t)(int32_t)r->a };
        args[1] = (struct call_arg){ .type = BP_I64, .imm = ir_immediate(r) };
        emit_call(a, record, (void (*)(void))legal_count, BP_CALL_ENV, args, 2);
    } else if (ir_ops[r->op].flags & IR_MEMORY) {
        legal_memory(a, record, args, n);
    } else if (ir_ops[r->op].flags & IR_LEAVES) {
        a->error = -ENOTSUP;
    } else {
        while (n < 3)
            args[n++] = (struct call_arg){ .type = BP_I32, .imm = 0 };
        uint32_t how = bp_exact_how(r, a->ir[r->a].type);
        args[n++] = (struct call_arg){ .type = BP_I32, .imm = (uint64_t)(int32_t)how };
        args[n++] = (struct call_arg){ .type = BP_I64, .imm = (uintptr_t)a->job->slots };
        emit_call(a, record, (void (*)(void))tcg_exact, BP_CALL_ENV, args, n);
    }
}
