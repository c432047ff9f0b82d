/* SPDX-License-Identifier: MIT */
/*
 * debug.c: a debugger's breakpoints, watchpoints and steps.
 *
 * A breakpoint is a translation that leaves before its instruction; nothing is written to guest memory. When
 * points change, the translations that have an instruction there are dropped. A watchpoint makes the accesses to its
 * page go the slow way (a bit in the TLB's tags), where each is checked before it is made. In user mode there is no such
 * way: while there are watchpoints, every access is preceded by a call that checks it.
 *
 * Debuggers take all points away at each stop and bring them back when the guest goes on, with a step
 * in between to get over the breakpoint. So what they want and what has been applied are two lists, and the second
 * follows the first only when something is to run freely, or when a watchpoint is new.
 */
#include "tcg-runtime/exec/debug.h"
#include "tcg-runtime/exec/user.h"

#include <string.h>

/* ---- points --------------------------------------------------------------------------------------- */

static bool same(const struct bp_debug_point *a, const struct bp_debug_point *b)
{
    return a->kind == b->kind && a->va == b->va && a->group == b->group &&
           (a->kind == BP_DEBUG_BREAK || (a->n == b->n && a->access == b->access));
}

static bool among(const struct bp_debug_point *p, const GArray *list)
{
    for (guint i = 0; i < list->len; i++)
        if (same(p, &g_array_index(list, struct bp_debug_point, i)))
            return true;
    return false;
}

/* Drops the translations of breakpoints that are in one list only; true where watchpoints are. */
static bool differences(struct tcg *tcg, const GArray *list, const GArray *other)
{
    bool watches = false;
    for (guint i = 0; i < list->len; i++) {
        const struct bp_debug_point *p = &g_array_index(list, struct bp_debug_point, i);
        if (among(p, other))
            continue;
        watches |= p->kind == BP_DEBUG_WATCH;
        if (p->kind == BP_DEBUG_BREAK)
            tb_invalidate_pc(tcg, p->va);
    }
    return watches;
}

static uint32_t count_kind(const GArray *list, uint32_t kind)
{
    uint32_t n = 0;
    for (guint i = 0; i < list->len; i++)
        n += g_array_index(list, struct bp_debug_point, i).kind == kind;
    return n;
}

/* vCPUs stand still, out of translated code. */
static void forget_translations(struct tcg *tcg)
{
    pthread_mutex_lock(&tcg->lock);
    tb_flush_all(tcg);
    pthread_mutex_unlock(&tcg->lock);
}

static void apply(struct tcg *tcg, struct tcg_debug *d)
{
    bool watches = differences(tcg, d->points, d->applied);
    watches |= differences(tcg, d->applied, d->points);
    g_array_set_size(d->applied, 0);
    if (d->points->len)
        g_array_append_vals(d->applied, d->points->data, d->points->len);
    bool watched = d->watches != 0;
    d->breaks = count_kind(d->applied, BP_DEBUG_BREAK);
    d->watches = count_kind(d->applied, BP_DEBUG_WATCH);
    if (tcg->user && watched != (d->watches != 0))
        forget_translations(tcg);
    for (uint32_t i = 0; i < tcg->vcpu_count && watches; i++)
        tlb_flush_all(tcg->vcpus[i]);
}

static bool new_watches(const struct tcg_debug *d)
{
    for (guint i = 0; i < d->points->len; i++) {
        const struct bp_debug_point *p = &g_array_index(d->points, struct bp_debug_point, i);
        if (p->kind == BP_DEBUG_WATCH && !among(p, d->applied))
            return true;
    }
    return false;
}

void debug_points(void *accel, const struct bp_debug_point *points, uint32_t count, bool only_steps)
{
    struct tcg *tcg = accel;
    struct tcg_debug *d = tcg->debug;
    if (!d && !count)
        return;
    if (!d) {
        d = g_new0(struct tcg_debug, 1);
        d->points = g_array_new(false, false, sizeof *points);
        d->applied = g_array_new(false, false, sizeof *points);
        tcg->debug = d;
    }
    g_array_set_size(d->points, 0);
    if (count)
        g_array_append_vals(d->points, points, count);
    if (!only_steps || new_watches(d))
        apply(tcg, d);
    if (!d->points->len && !d->applied->len)
        debug_end(tcg);
}

void debug_end(struct tcg *tcg)
{
    if (!tcg->debug)
        return;
    g_array_unref(tcg->debug->points);
    g_array_unref(tcg->debug->applied);
    g_free(tcg->debug);
    tcg->debug = NULL;
}

/* ---- breakpoints ---------------------------------------------------------------------------------- */

bool debug_breaks_at(const struct tcg_debug *d, const struct tcg_vcpu *c, uint64_t pc)
{
    for (guint i = 0; i < d->applied->len && d->breaks; i++) {
        const struct bp_debug_point *p = &g_array_index(d->applied, struct bp_debug_point, i);
        if (p->kind == BP_DEBUG_BREAK && p->va == pc && p->group == c->v->cluster)
            return true;
    }
    return false;
}

void debug_breakpoint(struct tcg_vcpu *c)
{
    vcpu_debug_stop(c->v, BP_DEBUG_BREAKPOINT, env_pc(c), BP_ACCESS_EXEC);
}

/* ---- watchpoints ---------------------------------------------------------------------------------- */

unsigned debug_watched_page(const struct tcg_vcpu *c, uint64_t page)
{
    const struct tcg_debug *d = c->tcg->debug;
    unsigned access = 0;
    for (guint i = 0; i < d->applied->len && d->watches; i++) {
        const struct bp_debug_point *p = &g_array_index(d->applied, struct bp_debug_point, i);
        if (p->kind == BP_DEBUG_WATCH && p->group == c->v->cluster && p->va <= (page | ~PAGE_MASK_) &&
            p->va + p->n - 1 >= page)
            access |= p->access;
    }
    return access;
}

void debug_check_access(struct tcg_vcpu *c, uint64_t va, unsigned bytes, unsigned access)
{
    const struct tcg_debug *d = c->tcg->debug;
    for (guint i = 0; i < d->points->len && d->watches && !c->no_watch; i++) {
        const struct bp_debug_point *p = &g_array_index(d->points, struct bp_debug_point, i);
        if (p->kind != BP_DEBUG_WATCH || !(p->access & access) || p->group != c->v->cluster ||
            p->va > va + bytes - 1 || p->va + p->n - 1 < va)
            continue;
        uint64_t first = p->va > va ? p->va : va;
        if (c->tcg->user)
            user_trap(c->env, BP_TRAP_DEBUG, BP_DEBUG_WATCHPOINT, first, p->access & access);
        tcg_restore(c);
        vcpu_debug_stop(c->v, BP_DEBUG_WATCHPOINT, first, p->access & access);
        tcg_resume(c);
    }
}

static void check_access(void *env, uint64_t va, uint64_t what)
{
    debug_check_access(tcg_of_env(env), va, what & 255, (unsigned)(what >> 8));
}

const struct bp_helper debug_watch_helper = {
    .name = "watch",
    .fn = (void (*)(void))check_access,
    .ret = BP_VOID,
    .args = 2,
    .arg_type = { BP_I64, BP_I64 },
    .flags = BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

/* ---- steps ---------------------------------------------------------------------------------------- */

/* The translation of the one instruction at the pc. May raise. NULL: look again, or control went
 * elsewhere. */
static struct tb *find_step(struct tcg_vcpu *c)
{
    uint64_t pc = env_pc(c);
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    tlb_get(c, pc, BP_ACCESS_EXEC, c->context.fetch_mmu, false, &slot, &info);
    if (!info->ram) {
        c->target->bus_error(c->env, pc, info->gpa | (pc & ~PAGE_MASK_), BP_ACCESS_EXEC);
        return NULL;
    }
    struct ram_block *ram = info->ram;
    uint64_t offset = info->ram_offset + (pc & ~PAGE_MASK_);
    uint32_t flags;
    if (!tcg_flags(c, info->attributes, &flags))
        return NULL;
    struct tb *tb = tb_find(c->tcg, tcg_ram_address(ram, offset), pc, flags, c->v->cluster | CLUSTER_STEP);
    return tb ? tb : tb_translate_step(c, pc, ram, offset, flags);
}

/* Where the exit word says that control goes. A halt is over at once. */
static void take_exit(struct tcg_vcpu *c, uint64_t word)
{
    unsigned kind = word & 7;
    c->branch = tcg_branch(word);
    if (kind == BP_OUT_EXIT || kind == BP_OUT_INTERRUPT)
        env_set_pc(c, ((const struct tb_exit *)(uintptr_t)(word & ~UINT64_C(7)))->pc);
}

/* No inline look-up of the next instruction may succeed, so control comes back after the first. */
static void step_once(struct tcg_vcpu *c)
{
    struct tb *tb;
    do {
        tcg_update_context(c);
        if (c->context.stopped)
            return;
        c->area->jump_tag = UINT64_MAX;
        tb = find_step(c);
    } while (!tb && !c->dead);
    if (tb)
        take_exit(c, tcg_run_chain(c, tb));
}

void debug_step(struct tcg_vcpu *c)
{
    struct vcpu *v = c->v;
    uint32_t how = atomic_exchange(&v->step, 0);
    exclusive_enter(c);
    tcg_serve_requests(c);
    bool irq = !(how & VCPU_STEP_NO_IRQ) && atomic_exchange(&v->interrupt, 0) &&
               c->target->interrupt(c->env);
    c->last_exit = NULL;
    c->branch = irq ? 0 : c->branch;
    if (!irq && !setjmp(c->unwind))
        step_once(c);
    c->in_code = false;
    c->last_exit = NULL;
    tcg_update_context(c);
    exclusive_leave(c);
    vcpu_debug_stop(v, BP_DEBUG_STEP, env_pc(c), 0);
}
