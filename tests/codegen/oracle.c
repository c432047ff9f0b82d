/* SPDX-License-Identifier: MIT */
/* oracle.c: evaluates IR record by record with the exact functions, as plainly as can be. */
#include "rig.h"

#include "tcg-runtime/ir/ir.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 100

struct oracle {
    struct rig *rig;
    const struct prog *p;
    uint64_t v[PROG_RECORDS];
    uint64_t args[8];
    unsigned arg_n;
    uint32_t mark;
};

static uint64_t call(struct oracle *o, const struct bp_ir *r)
{
    const struct bp_helper *h = o->p->helpers[r->c];
    uint64_t a[8] = { 0 };
    unsigned n = 0;
    if (h->flags & BP_CALL_ENV)
        a[n++] = (uintptr_t)o->rig->env;
    for (unsigned i = 0; i < o->arg_n; i++)
        a[n++] = o->args[i];
    uint64_t (*fn)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
    memcpy(&fn, &h->fn, sizeof fn);
    uint64_t v = fn(a[0], a[1], a[2], a[3], a[4], a[5]);
    o->arg_n = 0;
    return h->ret == BP_VOID ? 0 : v & ir_type_mask[h->ret];
}

static uint64_t address(const struct oracle *o, const struct bp_ir *r, bool displaced)
{
    uint64_t va = o->v[r->a] + (displaced ? (uint64_t)(int64_t)(int32_t)r->c : 0);
    return va & ir_type_mask[o->p->ir[r->a].type];
}

static uint64_t value(struct oracle *o, const struct bp_ir *r)
{
    void *env = o->rig->env;
    switch (r->op) {
    case BP_LOAD: return rig_load(env, address(o, r, true), r->aux);
    case BP_STORE: rig_store(env, address(o, r, true), o->v[r->b], r->aux); return 0;
    case BP_RMW: return rig_rmw(env, address(o, r, false), o->v[r->b], r->aux, r->c);
    case BP_CAS: return rig_cas(env, address(o, r, false), o->v[r->b], o->v[r->c], r->aux);
    default:
        return tcg_exact(env, o->v[r->a], o->v[r->b], o->v[r->c],
                         bp_exact_how(r, o->p->ir[r->a].type), &o->rig->slots);
    }
}

static void set_pc(struct oracle *o, uint64_t pc)
{
    memcpy(o->rig->env + PC_OFFSET, &pc, 8);
}

static uint32_t interrupt(const struct oracle *o)
{
    uint32_t v;
    memcpy(&v, o->rig->env + o->rig->slots.interrupt, 4);
    return v;
}

static void take_exit(struct oracle *o, const struct bp_ir *r, struct outcome *ret)
{
    const struct bp_ir_exit *e = &o->p->exits[r->c];
    bool stop = e->flags & (BP_EXIT_LOOP | BP_EXIT_LOOKUP) && interrupt(o);
    if (e->flags & BP_EXIT_LOOKUP) {
        ret->kind = stop ? OUT_LOOKUP_INTERRUPT : OUT_LOOKUP;
        set_pc(o, e->pc);
    } else {
        ret->kind = stop ? OUT_INTERRUPT : OUT_EXIT;
        ret->exit = r->c;
    }
}

static bool goes_back(const struct oracle *o, const struct outcome *out)
{
    return out->kind == OUT_EXIT && o->rig->chained &&
           o->p->exits[out->exit].flags & BP_EXIT_REPEAT;
}

/* False where it left. */
static bool step(struct oracle *o, uint32_t i, struct outcome *ret)
{
    const struct bp_ir *r = &o->p->ir[i];
    uint64_t v = 0;
    switch (r->op) {
    case BP_NOP: case BP_FENCE: case BP_CARRY: break;
    case BP_CONST: v = r->b | (uint64_t)r->c << 32; break;
    case BP_GET: v = rig_get(o->rig, r->aux); break;
    case BP_PUT: rig_set(o->rig, r->aux, o->v[r->a]); break;
    case BP_MARK: o->mark = i; break;
    case BP_ARG: o->args[o->arg_n++] = o->v[r->a]; break;
    case BP_CALL: v = call(o, r); break;
    case BP_COUNT: {
        uint64_t n;
        memcpy(&n, o->rig->env + (int32_t)r->a, 8);
        n += r->b | (uint64_t)r->c << 32;
        memcpy(o->rig->env + (int32_t)r->a, &n, 8);
        break;
    }
    case BP_EXIT:
        take_exit(o, r, ret);
        return false;
    case BP_EXIT_IF:
        if (!ir_compare(r->aux, ir_type_bits[o->p->ir[r->a].type], o->v[r->a], o->v[r->b]))
            break;
        take_exit(o, r, ret);
        return false;
    case BP_EXIT_TO:
        ret->kind = interrupt(o) ? OUT_LOOKUP_INTERRUPT : OUT_LOOKUP;
        set_pc(o, o->v[r->a]);
        return false;
    case BP_LEAVE:
        ret->kind = OUT_LEAVE;
        ret->why = r->aux;
        if (r->c != UINT32_MAX)
            set_pc(o, o->p->exits[r->c].pc);
        return false;
    default: v = value(o, r); break;
    }
    if (r->type != BP_VOID)
        o->v[i] = v & ir_type_mask[r->type];
    return true;
}

struct outcome rig_oracle(struct rig *r, const struct prog *p)
{
    struct oracle *o = calloc(1, sizeof *o);
    struct outcome ret = { .kind = -1 };
    uint32_t none = 0;
    o->rig = r;
    o->p = p;
    r->in_oracle = true;
    memcpy(r->env + r->slots.fp_flags, &none, 4);
    if (setjmp(r->unwind) == 0) {
        unsigned rounds = 0;
        do {
            ret = (struct outcome){ .kind = -1 };
            for (uint32_t i = 1; i < p->n; i++)
                if (!step(o, i, &ret))
                    break;
        } while (goes_back(o, &ret) && ++rounds < ROUNDS_MAX);
        if (rounds == ROUNDS_MAX)
            ret.kind = OUT_ENDLESS;
    } else {
        ret = (struct outcome){ .kind = OUT_FAULT, .mark = o->mark };
    }
    memcpy(&ret.flags, r->env + r->slots.fp_flags, 4);
    r->in_oracle = false;
    free(o);
    return ret;
}
