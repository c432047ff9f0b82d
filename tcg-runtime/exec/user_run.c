/* SPDX-License-Identifier: MIT */
/*
 * user_run.c: vCPUs in user mode: they run on whichever thread calls bp_user_run(), until a trap; they
 * are made and given back at any time.
 *
 * One that is given back is kept and used for the next one that is wanted, so that its number, and what
 * instruments counted for it, stay.
 */
#include "tcg-runtime/exec/debug.h"
#include "tcg-runtime/exec/user.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>

/* ---- traps ----------------------------------------------------------------------------------- */

static void set_trap(struct tcg_vcpu *c, uint32_t kind, uint32_t code, uint64_t address,
                     uint32_t access)
{
    *c->trap = (struct bp_trap){ .size = sizeof *c->trap, .kind = kind, .code = code,
                                 .address = address, .access = access };
}

void user_trap(void *env, enum bp_trap_kind kind, unsigned code, uint64_t address, unsigned access)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    tcg_restore(c);
    c->retry = kind == BP_TRAP_MEMORY && c->target->user_fault &&
               c->target->user_fault(env, address, access);
    if (!c->retry)
        set_trap(c, kind, code, address, access);
    tcg_resume(c);
}

void user_kick(void *env)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    atomic_store(&c->kicked, 1);
    tcg_kick(c);
}

/* ---- running --------------------------------------------------------------------------------- */

/* Of translations at pc; raises where nothing may be executed. */
static bool find_flags(struct tcg_vcpu *c, uint64_t pc, uint32_t *ret)
{
    unsigned bits = user_page(c->tcg->user, pc);
    if (!(bits & BP_ACCESS_EXEC))
        user_trap(c->env, BP_TRAP_MEMORY, 0, pc, BP_ACCESS_EXEC);
    return tcg_flags(c, bits & BP_USER_GUARDED ? BP_PAGE_GUARDED : 0, ret);
}

static struct tb *find(struct tcg_vcpu *c)
{
    struct bp_user_space *s = c->tcg->user;
    uint64_t pc = env_pc(c);
    struct tb *tb = jump_cache_find(c, pc);
    if (tb)
        return tb;
    uint32_t flags;
    if (!find_flags(c, pc, &flags))
        return NULL;
    tb = tb_find(c->tcg, tcg_ram_address(&s->ram, pc), pc, flags, c->v->cluster);
    if (!tb)
        tb = tb_translate(c, pc, &s->ram, pc, flags);
    if (tb && c->tcg->chain)
        jump_cache_insert(c, tb);
    return tb;
}

/* True where the run ends. */
static bool leave(struct tcg_vcpu *c, enum bp_leave why)
{
    if (why == BP_LEAVE_DEBUG) {
        set_trap(c, BP_TRAP_DEBUG, BP_DEBUG_BREAKPOINT, env_pc(c), BP_ACCESS_EXEC);
        return true;
    }
    if (why == BP_LEAVE_SYSCALL) {
        set_trap(c, BP_TRAP_SYSCALL, 0, 0, 0);
        return true;
    }
    if (why == BP_LEAVE_YIELD || why == BP_LEAVE_HALT)
        sched_yield();
    tcg_update_context(c);
    return false;
}

/* True where the run ends. */
static bool take_exit(struct tcg_vcpu *c, uint64_t word)
{
    uint64_t value = word & ~UINT64_C(7);
    c->branch = tcg_branch(word);
    switch ((enum bp_exit_kind)(word & 7)) {
    case BP_OUT_EXIT:
        c->last_exit = (struct tb_exit *)(uintptr_t)value;
        env_set_pc(c, c->last_exit->pc);
        return false;
    case BP_OUT_INTERRUPT:
        env_set_pc(c, ((struct tb_exit *)(uintptr_t)value)->pc);
        return false;
    case BP_OUT_LEAVE:
        return leave(c, (enum bp_leave)(value >> 3));
    default:
        return false;
    }
}

static void loop(struct tcg_vcpu *c)
{
    for (;;) {
        if (atomic_load(&c->area->interrupt)) {
            tcg_serve_requests(c);
            c->last_exit = NULL;
            if (atomic_exchange(&c->kicked, 0)) {
                set_trap(c, BP_TRAP_KICK, 0, 0, 0);
                return;
            }
            continue;
        }
        struct tb *tb = find(c);
        if (!tb) {
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
        if (take_exit(c, tcg_run_chain(c, tb)))
            return;
    }
}

/* One instruction; see debug.c. */
static void step(struct tcg_vcpu *c)
{
    struct bp_user_space *s = c->tcg->user;
    struct tb *tb = NULL;
    tcg_serve_requests(c);
    while (!tb) {
        uint64_t pc = env_pc(c);
        uint32_t flags;
        if (!find_flags(c, pc, &flags)) {
            tcg_update_context(c);
            continue;
        }
        tb = tb_find(c->tcg, tcg_ram_address(&s->ram, pc), pc, flags, c->v->cluster | CLUSTER_STEP);
        if (!tb)
            tb = tb_translate_step(c, pc, &s->ram, pc, flags);
    }
    c->area->jump_tag = UINT64_MAX;
    bool trapped = take_exit(c, tcg_run_chain(c, tb));
    c->last_exit = NULL;
    tcg_update_context(c);
    if (!trapped)
        set_trap(c, BP_TRAP_DEBUG, BP_DEBUG_STEP, env_pc(c), 0);
}

static void prepare_thread(struct user_thread *t, struct bp_user_space *s)
{
    const struct bp_backend *b = s->tcg->backend;
    if (b->direct_thread)
        b->direct_thread((uintptr_t)s->base);
    t->ready = s;
}

void user_run(void *env, struct bp_trap *ret)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    struct user_thread *t = &user_thread;
    if (t->ready != c->tcg->user)
        prepare_thread(t, c->tcg->user);
    c->trap = ret;
    c->in_code = false;
    c->last_exit = NULL;
    c->thread = pthread_self();
    c->retry = false;
    const uint32_t how = atomic_exchange(&c->v->step, 0);
    exclusive_enter(c);
    if (!_setjmp(c->unwind) || c->retry) {
        c->retry = false;
        c->last_exit = NULL;
        c->branch = 0;
        t->c = c;
        tcg_update_context(c);
        c->no_watch = how & VCPU_STEP_OVER;
        if (how)
            step(c);
        else
            loop(c);
    }
    user_thread.c = NULL;
    exclusive_leave(c);
}

/* ---- making ---------------------------------------------------------------------------------- */

/* A state without what the core keeps in it. */
static void copy_state(struct tcg_vcpu *to, const struct tcg_vcpu *from)
{
    const struct bp_device *d = to->target->cpu;
    g_autofree struct bp_timer *timers = g_new(struct bp_timer, d->timers.count + 1);
    for (uint32_t i = 0; i < d->timers.count; i++) {
        const struct bp_timer_row *row =
            (const void *)((const uint8_t *)d->timers.row + (size_t)i * d->timers.row_size);
        memcpy(&timers[i], (uint8_t *)to->env + row->field, sizeof timers[i]);
    }
    memcpy(to->env, from->env, d->state_size);
    for (uint32_t i = 0; i < d->timers.count; i++) {
        const struct bp_timer_row *row =
            (const void *)((const uint8_t *)d->timers.row + (size_t)i * d->timers.row_size);
        memcpy((uint8_t *)to->env + row->field, &timers[i], sizeof timers[i]);
    }
    to->area->fp_control = from->area->fp_control;
    to->area->fp_flags = from->area->fp_flags;
    to->area->fp_rounding = from->area->fp_rounding;
}

void *user_vcpu_new(void *board, const void *like)
{
    struct tcg *tcg = accel_of_part(board);
    struct tcg_vcpu *c = NULL;
    pthread_mutex_lock(&tcg->lock);
    if (tcg->user && tcg->user->free) {
        c = tcg->user->free;
        tcg->user->free = c->next_free;
    }
    pthread_mutex_unlock(&tcg->lock);
    if (!c) {
        struct vcpu *v = machine_add_vcpu(tcg->machine);
        if (!v)
            return NULL;
        c = v->priv;
    } else if (!like) {
        vcpu_reset(c->v);
    }
    tcg_vcpu_reset(c);
    atomic_store(&c->kicked, 0);
    if (like)
        copy_state(c, tcg_of_env((void *)(uintptr_t)like));
    return c->env;
}

void user_vcpu_free(void *env)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    if (atomic_load(&c->entered)) /* its process was killed inside, and shared our memory */
        exclusive_leave(c);
    pthread_mutex_lock(&c->tcg->lock);
    c->next_free = c->tcg->user->free;
    c->tcg->user->free = c;
    pthread_mutex_unlock(&c->tcg->lock);
}

const struct bp_user_api tcg_user_api = {
    .size = sizeof(struct bp_user_api),
    .reserve = user_reserve,
    .host = user_host,
    .protect = user_protect,
    .access = user_access,
    .will_write = user_will_write,
    .code_changed = user_code_changed,
    .copy = user_copy,
    .vcpu_new = user_vcpu_new,
    .vcpu_free = user_vcpu_free,
    .run = user_run,
    .kick = user_kick,
    .trap = user_trap,
    .fork = user_fork,
    .fence = user_fence,
};
