/* SPDX-License-Identifier: MIT */
/*
 * run.c: a vCPU's run loop: find the translation for the pc, run until it is left, chain, repeat;
 * between translations take interrupts and serve requests of other threads.
 *
 * Exceptions raised below translated code come back here by longjmp (tcg_resume), after tcg_restore
 * has made the guest registers exact from the site's side table.
 */
#include "tcg-runtime/exec/debug.h"
#include "tcg-runtime/exec/tcg.h"

#include <inttypes.h>
#include <sched.h>
#include <string.h>

/* ---- exact state at a site ------------------------------------------------------------------------- */

static uint64_t canonical_nan(uint64_t v, unsigned type)
{
    if (type == BP_F32)
        return (v & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : v;
    if (type == BP_F64)
        return (v & INT64_MAX) > UINT64_C(0x7ff0000000000000) ? UINT64_C(0x7ff8000000000000) : v;
    return v;
}

static void restore_register(struct tcg_vcpu *c, const struct bp_state_reg *s)
{
    const struct bp_rows *rows = &c->target->regs;
    const struct bp_guest_reg *reg =
        (const void *)((const uint8_t *)rows->row + (size_t)s->reg * rows->row_size);
    uint64_t v = 0, high = 0;
    bool vector = reg->type == BP_V128;
    switch (s->where) {
    case BP_AT_INT_REG: v = c->area->int_save[s->n]; break;
    case BP_AT_FP_REG:
        v = c->area->fp_save[s->n][0];
        high = c->area->fp_save[s->n][1];
        break;
    case BP_AT_FRAME:
        memcpy(&v, c->tcg->backend->frame_base(c->env, &c->slots) + s->n, sizeof v);
        if (vector)
            memcpy(&high, c->tcg->backend->frame_base(c->env, &c->slots) + s->n + 8, sizeof high);
        break;
    case BP_AT_CONST: v = high = s->value; break;
    default: return;
    }
    if (s->flags & BP_STATE_CANON)
        v = canonical_nan(v, reg->type);
    size_t bytes = reg->type == BP_I32 || reg->type == BP_F32 ? 4 : 8;
    memcpy((uint8_t *)c->env + reg->offset, &v, bytes);
    if (vector)
        memcpy((uint8_t *)c->env + reg->offset + 8, &high, sizeof high);
}

static const struct tb_mark *mark_of_ir(const struct tb *tb, uint32_t ir)
{
    const struct tb_mark *found = &tb->marks[0];
    for (unsigned i = 0; i < tb->mark_count && tb->marks[i].ir <= ir; i++)
        found = &tb->marks[i];
    return found;
}

/* The last site that does not lie behind a place in the code. */
static const struct bp_state_site *find_site(const struct tb *tb, uint32_t at)
{
    uint32_t low = 0, high = tb->site_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (tb->sites[mid].code <= at)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? &tb->sites[low - 1] : NULL;
}

void tcg_restore(struct tcg_vcpu *c)
{
    if (!c->in_code)
        return;
    c->in_code = false;
    pthread_mutex_lock(&c->tcg->lock);
    struct tb *tb = tb_of_code(c->tcg, c->area->site);
    pthread_mutex_unlock(&c->tcg->lock);
    if (!tb)
        return;
    const struct bp_state_site *site = find_site(tb, c->area->site - tb->code_offset);
    if (!site)
        return;
    c->site_access = site->access;
    for (uint32_t i = 0; i < site->count; i++)
        restore_register(c, &tb->state_regs[site->first + i]);
    const struct tb_mark *mark = mark_of_ir(tb, site->mark);
    env_set_pc(c, tb->pc + (uint64_t)(int64_t)(int32_t)mark->pc_offset);
    for (unsigned i = 0; i < tb->count_offset_count; i++)
        *(uint64_t *)((uint8_t *)c->env + tb->count_offsets[i]) += mark->uncounted;
}

_Noreturn void tcg_resume(struct tcg_vcpu *c)
{
    c->in_code = false;
    if (c->tcg->backend->unwound)
        c->tcg->backend->unwound();
    longjmp(c->unwind, 1);
}

/* ---- requests ---------------------------------------------------------------------------------------- */

void tcg_kick(struct tcg_vcpu *c)
{
    atomic_store(&c->area->interrupt, 1);
}

/* Serves what made translated code leave. True where the context may have changed. */
void tcg_serve_requests(struct tcg_vcpu *c)
{
    atomic_store(&c->area->interrupt, 0);
    if (atomic_exchange(&c->flush_request, 0))
        tlb_flush_all(c);
    tlb_mail_serve(c);
    if (atomic_load(&c->tcg->exclusive_pending)) {
        exclusive_leave(c);
        exclusive_enter(c);
    }
}

/* ---- finding translations ---------------------------------------------------------------------------- */

void tcg_update_context(struct tcg_vcpu *c)
{
    struct bp_context x = { .size = sizeof x };
    c->target->context(c->env, &x);
    if (x.space != c->context.space || !c->jump_context)
        tlb_use_space(c, x.space);
    c->context = x;
    jump_cache_use(c);
}

bool tcg_flags(struct tcg_vcpu *c, uint32_t attributes, uint32_t *ret)
{
    uint32_t more = 0;
    bool done = !attributes || !c->target->page_flags ||
                c->target->page_flags(c->env, attributes, c->branch, &more);
    *ret = c->context.flags | more;
    return done;
}

uint32_t tcg_branch(uint64_t word)
{
    unsigned kind = word & 7;
    return kind == BP_OUT_LOOKUP || kind == BP_OUT_LOOKUP_INTERRUPT ? (uint32_t)(word >> 3) : 0;
}

/* The translation for env's pc. May raise. NULL: look again. */
static struct tb *find(struct tcg_vcpu *c)
{
    uint64_t pc = env_pc(c);
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    struct tb *known = jump_cache_find(c, pc);
    if (known)
        return known;
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
    struct tb *tb = tb_find(c->tcg, tcg_ram_address(ram, offset), pc, flags, c->v->cluster);
    if (!tb)
        tb = tb_translate(c, pc, ram, offset, flags);
    if (tb && c->tcg->chain)
        jump_cache_insert(c, tb);
    return tb;
}

static void log_exec(struct tcg_vcpu *c, const struct tb *tb)
{
    if (log_wants_address(tb->pc))
        log_text("exec: vcpu %u %016" PRIx64 " flags %08x\n", c->v->index, tb->pc, tb->flags);
}

/* Runs one chain of translations; returns the exit word. */
uint64_t tcg_run_chain(struct tcg_vcpu *c, struct tb *tb)
{
    if (log_on(LOG_EXEC))
        log_exec(c, tb);
    c->in_code = true;
    uint64_t word = c->tcg->backend->enter(c->tt->prologue, c->env, tb->code);
    code_left(c->tcg);
    c->in_code = false;
    return word;
}

/*
 * A guest that halts in a loop while an interrupt is pending that it keeps out is polling for what another vCPU will
 * do. It rests for a sixteenth of the time that this has been so, and looks at each new interrupt.
 * OpenSBI up to 1.1 keeps all harts but one so until Linux starts them: that takes host processors from the one that
 * works, and a hart that looks all the time sees itself started before it is told where (hart_start writes the state
 * first, then the address).
 */
enum { HALTS_IN_VAIN = 32, REST_MAX_NS = 20000000 };

static void rest(struct tcg_vcpu *c)
{
    int64_t now = machine_now(c->v->machine, BP_CLOCK_REALTIME);
    if (c->halts == HALTS_IN_VAIN)
        c->halts_began = now;
    int64_t ns = (now - c->halts_began) / 16;
    if (ns > 0 && vcpu_rest(c->v, ns < REST_MAX_NS ? (uint32_t)ns : REST_MAX_NS))
        c->halts = 0;
}

static void sleep_until_work(struct tcg_vcpu *c)
{
    struct vcpu *v = c->v;
    exclusive_leave(c);
    if (c->halts >= HALTS_IN_VAIN && c->tcg->vcpu_count > 1)
        rest(c);
    while (!atomic_load(&v->stop) && !c->target->has_work(c->env)) {
        vcpu_wait(v);
        c->halts = 0;
    }
    exclusive_enter(c);
}

/* What an exit word asks for. Sets c->last_exit where the exit may be chained. */
static void take_exit(struct tcg_vcpu *c, uint64_t word)
{
    uint64_t value = word & ~UINT64_C(7);
    c->branch = tcg_branch(word);
    switch ((enum bp_exit_kind)(word & 7)) {
    case BP_OUT_EXIT:
        c->last_exit = (struct tb_exit *)(uintptr_t)value;
        env_set_pc(c, c->last_exit->pc);
        break;
    case BP_OUT_INTERRUPT:
        env_set_pc(c, ((struct tb_exit *)(uintptr_t)value)->pc);
        break;
    case BP_OUT_LEAVE:
        if (value >> 3 == BP_LEAVE_YIELD) {
            if (c->tcg->vcpu_count > 1)
                sched_yield(); /* a guest's spin loop: whoever holds the lock may need this processor */
            break;
        }
        if (value >> 3 == BP_LEAVE_DEBUG) {
            debug_breakpoint(c);
            break;
        }
        if (value >> 3 == BP_LEAVE_HALT) {
            sleep_until_work(c);
            c->halts++;
        }
        if (c->target->interrupt(c->env))
            c->halts = 0;
        tcg_update_context(c);
        break;
    case BP_OUT_LOOKUP:
    case BP_OUT_LOOKUP_INTERRUPT:
        break;
    }
}

static void loop(struct tcg_vcpu *c)
{
    struct vcpu *v = c->v;
    while (!atomic_load(&v->stop)) {
        if (atomic_load(&c->area->interrupt)) {
            tcg_serve_requests(c);
            c->last_exit = NULL;
            if (atomic_exchange(&v->interrupt, 0)) {
                if (c->target->interrupt(c->env))
                    c->halts = c->branch = 0;
                tcg_update_context(c);
            }
            continue;
        }
        if (c->context.stopped) {
            sleep_until_work(c);
            c->target->interrupt(c->env);
            tcg_update_context(c);
            continue;
        }
        struct tb *tb = find(c);
        if (!tb) {
            if (c->dead)
                break;
            c->last_exit = NULL;
            tcg_update_context(c);
            continue;
        }
        if (c->last_exit) {
            struct tb_exit *e = c->last_exit;
            c->last_exit = NULL;
            if (c->tcg->chain && !(e->flags & BP_EXIT_LOOKUP))
                tb_chain(c->tcg, e, tb);
        }
        take_exit(c, tcg_run_chain(c, tb));
    }
}

void tcg_run(struct vcpu *v)
{
    struct tcg_vcpu *c = v->priv;
    c->thread = pthread_self();
    if (atomic_load(&v->step)) {
        debug_step(c);
        return;
    }
    exclusive_enter(c);
    setjmp(c->unwind);
    c->in_code = false;
    c->last_exit = NULL;
    c->branch = 0;
    c->target->interrupt(c->env);
    tcg_update_context(c);
    loop(c);
    exclusive_leave(c);
    while (c->dead && !atomic_load(&v->stop))
        vcpu_wait(v);
}

void tcg_vcpu_reset(struct tcg_vcpu *c)
{
    tlb_flush_all(c);
    c->last_exit = NULL;
    c->jump_context = NULL;
    c->area->fp_control = c->tcg->backend->fp_initial;
    c->area->fp_flags = 0;
    c->area->fp_rounding = BP_ROUND_NEAREST_EVEN;
    atomic_store(&c->area->interrupt, 0);
}
