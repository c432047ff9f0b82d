/* SPDX-License-Identifier: MIT */
/*
 * emit.c: the forward pass: for each record a rule, operands where it wants them, host code.
 *
 * In this order, so that nothing is overwritten that is still read: registers wanted by name are
 * vacated; operands that are in registers are locked, the others loaded; scratch registers;
 * operands that die give back their registers; the result, which may take one of those.
 */
#include "internal.h"

#include "tcg-runtime/ir/ir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Host bytes that are not a rule's: spills, fills and moves around one record. */
#define RECORD_BYTES 1024u
#define REG_BYTES 96u /* bringing a guest register home, and what was there to safety */

static struct tcg_alloc *alloc_of(struct bp_asm *as) { return (struct tcg_alloc *)as; }

/* ---- services for rules ---------------------------------------------------------------------- */

static struct bp_stub *add_stub(struct bp_asm *as, const struct bp_use *use,
                                void (*emit)(struct bp_asm *as, struct bp_stub *stub))
{
    struct tcg_alloc *a = alloc_of(as);
    struct bp_stub *s = &a->stubs[a->stub_count];
    if (a->stub_count + 1 < a->stub_room)
        a->stub_count++;
    else
        a->error = -E2BIG; /* the last one is for writing into */
    s->emit = emit;
    s->from = s->back = NULL;
    if (use)
        s->use = *use;
    return s;
}

static void side_exit_stub(struct bp_asm *as, struct bp_stub *s)
{
    struct tcg_alloc *a = alloc_of(as);
    if (s->data[1]) {
        a->cg->exit(as, s->use.exit, s->from);
        return;
    }
    uint32_t first = (uint32_t)s->data[0], count = (uint32_t)(s->data[0] >> 32);
    a->cg->bind(as, s->from);
    if (a->job->exits[s->use.exit].flags & BP_EXIT_REPEAT) {
        repeat_emit(a, &a->outs[s->use.exit]);
    } else {
        state_restore_registers(a, first, count);
        state_restore_rest(a, first, count, 0);
    }
    a->cg->exit(as, s->use.exit, NULL);
}

static void side_exit(struct bp_asm *as, struct bp_use *use, uint8_t *field)
{
    struct tcg_alloc *a = alloc_of(as);
    struct bp_stub *s = add_stub(as, use, side_exit_stub);
    uint32_t first = 0, count = 0;
    if (!(a->job->exits[use->exit].flags & BP_EXIT_REPEAT))
        state_snapshot(a, &first, &count);
    s->from = field;
    s->data[0] = first | (uint64_t)count << 32;
    s->data[1] = as->direct;
}

/* ---- operands -------------------------------------------------------------------------------- */

/* The type by which the record uses operand k. */
static unsigned operand_type(const struct tcg_alloc *a, const struct bp_ir *r, unsigned k,
                             bool fused)
{
    if (fused) {
        const struct bp_ir *c = &a->ir[r->a];
        return a->ir[k == 0 ? c->a : k == 1 ? c->b : k == 2 ? r->b : r->c].type;
    }
    return a->ir[k == 0 ? r->a : k == 1 ? r->b : r->c].type;
}

static bool is_immediate(const struct tcg_alloc *a, const struct spec *s, uint32_t value,
                         unsigned type)
{
    return s->fits && a->val[value].flags & VAL_CONST &&
           s->fits(type, const_value(&a->ir[value], type));
}

static const struct rule *find_rule(const struct tcg_alloc *a, const struct bp_ir *r,
                                    const struct rec *rec, bool fused)
{
    unsigned t = rule_type(a->ir, r);
    const uint16_t *list = fused ? a->fused_list[t] : a->rule_list + a->rule_first[r->op][t];
    unsigned n = fused ? a->fused_n[t] : a->rule_n[r->op][t];
    for (unsigned i = 0; i < n; i++) {
        const struct rule *rule = &a->rules[list[i]];
        if (rule->row->flags & BP_RULE_DIRECT && !a->job->direct)
            continue;
        if (rule->row->when && !rule->row->when(a->ir, r))
            continue;
        bool fits = true;
        for (unsigned k = 0; k < rule->inputs && fits; k++)
            if (!rule->in[k].regs && !rule->in[k].tied)
                fits = is_immediate(a, &rule->in[k], rec->in[k], operand_type(a, r, k, fused));
        if (fits)
            return rule;
    }
    return NULL;
}

static void advance(struct tcg_alloc *a, const struct rec *rec, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        struct val *v = &a->val[rec->in[k]];
        if (rec->next[k] != SAME_RECORD)
            v->next = rec->next[k];
        v->flags |= VAL_INPUT;
    }
}

static void drop_dead(struct tcg_alloc *a, const struct rec *rec, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        a->val[rec->in[k]].flags &= (uint8_t)~VAL_INPUT;
        val_drop_dead(a, rec->in[k]);
    }
}

/* Moves a value to the one register that the rule wants it in. What was there has been vacated. */
static void place_fixed(struct tcg_alloc *a, uint32_t value, unsigned reg, bool clobbered)
{
    struct val *v = &a->val[value];
    if (v->reg == NO_REG) {
        val_load(a, value, reg);
        if (!clobbered)
            reg_own(a, reg, value);
    } else if (v->reg != reg) {
        a->cg->move(&a->as, move_type(v->type), reg, v->reg);
        if (!clobbered && !alive(a, v)) {
            reg_release(a, v->reg);
            reg_own(a, reg, value);
        }
    }
    a->locked |= bit(reg);
}

/* Registers wanted by name: who is there and must stay alive, or is not the one wanted, goes. */
static void vacate_fixed(struct tcg_alloc *a, const struct rule *rule, const struct rec *rec)
{
    for (uint64_t s = rule->fixed & a->used; s; s &= s - 1) {
        unsigned reg = (unsigned)__builtin_ctzll(s);
        uint32_t value = a->owner[reg];
        bool wanted = false, elsewhere = false;
        for (unsigned k = 0; k < rule->inputs; k++)
            if (rec->in[k] == value) {
                if (rule->in[k].regs == bit(reg))
                    wanted = true;
                else
                    elsewhere = true;
            }
        if (wanted && !(rule->clobber & bit(reg) && (elsewhere || alive(a, &a->val[value]))))
            continue;
        if (!value) {
            kept_release(a, reg);
            continue;
        }
        if (!wanted && !elsewhere && !alive(a, &a->val[value])) {
            val_drop_dead(a, value);
            continue;
        }
        uint32_t keep = a->val[value].next; /* an operand counts as alive here */
        a->val[value].next = a->i;
        reg_vacate(a, reg, rule->fixed);
        a->val[value].next = keep;
    }
}

static bool in_memory(struct tcg_alloc *a, const struct spec *s, const struct val *v,
                      unsigned type, struct bp_operand *ret)
{
    if (!(s->flags & BP_CLASS_MEMORY) || v->reg != NO_REG || v->next || v->flags & VAL_CONST ||
        a->random % 3 == 1)
        return false;
    return val_memory(a, v, ret) && type_bytes(ret->type) >= type_bytes(type);
}

static void use_input(struct tcg_alloc *a, const struct rule *rule, unsigned k, uint32_t value,
                      unsigned type)
{
    const struct spec *s = &rule->in[k];
    struct val *v = &a->val[value];
    struct bp_operand *o = &a->use.in[k];
    bool full = rule->row->flags & BP_RULE_ONE_MEMORY && a->memory_operands;
    if (is_immediate(a, s, value, type)) {
        *o = (struct bp_operand){ .kind = BP_OPERAND_IMM, .type = (uint8_t)type,
                                  .imm = const_value(&a->ir[value], type) };
        return;
    }
    if (!full && in_memory(a, s, v, type, o)) {
        o->type = (uint8_t)type;
        a->memory_operands++;
        return;
    }
    *o = (struct bp_operand){ .kind = BP_OPERAND_REG, .type = (uint8_t)type };
    if (!(s->regs & (s->regs - 1))) {
        unsigned reg = (unsigned)__builtin_ctzll(s->regs);
        place_fixed(a, value, reg, rule->clobber & s->regs);
        o->reg = (uint8_t)reg;
        return;
    }
    if (v->reg == NO_REG) {
        unsigned reg = reg_pick(a, s->regs & ~rule->fixed, v);
        val_load(a, value, reg);
        reg_own(a, reg, value);
    } else if (!(s->regs & bit(v->reg))) {
        unsigned reg = reg_pick(a, s->regs & ~rule->fixed, v);
        a->cg->move(&a->as, move_type(v->type), reg, v->reg);
        reg_release(a, v->reg);
        reg_own(a, reg, value);
    }
    o->reg = v->reg;
    a->locked |= bit(v->reg);
}

/* The result goes where operand k is, or a copy of it. */
static unsigned tied_out(struct tcg_alloc *a, const struct rule *rule, const struct rec *rec,
                         unsigned type)
{
    unsigned k = (unsigned)rule->tied;
    uint32_t value = rec->in[k];
    struct val *v = &a->val[value];
    bool shared = false;
    for (unsigned m = 0; m < rule->inputs; m++)
        if (m != k && rec->in[m] == value && a->use.in[m].kind == BP_OPERAND_REG)
            shared = true;
    if (v->reg != NO_REG && !shared && !alive(a, v) && rule->out.regs & bit(v->reg)) {
        unsigned reg = v->reg;
        reg_release(a, reg);
        return reg;
    }
    uint64_t set = rule->out.regs;
    if (set & (set - 1))
        set &= ~rule->fixed;
    unsigned dst = set & (set - 1) ? reg_pick(a, set, &a->val[a->i])
                                   : (unsigned)__builtin_ctzll(set);
    if (v->reg != NO_REG)
        a->cg->move(&a->as, is_fp(v->type) ? type : BP_I64, dst, v->reg);
    else
        val_load(a, value, dst);
    return dst;
}

static unsigned plain_out(struct tcg_alloc *a, const struct rule *rule, const struct rec *rec)
{
    uint64_t set = rule->out.regs;
    if (!(set & (set - 1)))
        return (unsigned)__builtin_ctzll(set);
    set &= ~rule->fixed;
    if (rule->out.early)
        return reg_pick(a, set, &a->val[a->i]);
    /* Best where an operand dies: the instruction may then be a shorter one. */
    unsigned dying = NO_REG;
    for (unsigned k = 0; k < rule->inputs; k++) {
        const struct val *v = &a->val[rec->in[k]];
        if (v->reg != NO_REG && !alive(a, v)) {
            if (dying == NO_REG && set & bit(v->reg) && a->use.in[k].kind == BP_OPERAND_REG)
                dying = v->reg;
            a->locked &= ~bit(v->reg);
            reg_release(a, v->reg);
        }
    }
    bool crosses = a->call_at < a->call_count && a->val[a->i].next > a->calls[a->call_at];
    if (dying != NO_REG && !(crosses && !(a->cg->preserved & bit(dying))) && !a->random)
        return dying;
    for (unsigned k = 0; k < rule->temps; k++)
        a->locked |= bit(a->use.temp[k]);
    return reg_pick(a, set, &a->val[a->i]);
}

static bool should_swap(const struct tcg_alloc *a, const struct rule *rule, const struct rec *rec)
{
    if (!(rule->row->flags & BP_RULE_COMMUTES) || rule->tied != 0 || rec->in[0] == rec->in[1])
        return false;
    const struct val *x = &a->val[rec->in[0]], *y = &a->val[rec->in[1]];
    if (y->flags & VAL_CONST || y->reg == NO_REG || alive(a, y))
        return false;
    return x->reg == NO_REG || alive(a, x);
}

static void swap_inputs(struct rec *rec)
{
    uint32_t t = rec->in[0];
    rec->in[0] = rec->in[1];
    rec->in[1] = t;
}

/* ---- accesses that share a check ------------------------------------------------------------- */

/* Finds the register that has the addend of the record's group, and locks it. */
static bool find_kept(struct tcg_alloc *a, const struct rec *rec, uint8_t *ret_reg)
{
    for (uint32_t k = 0; k < a->kept_count; k++)
        if (a->kept[k].group == REC_GROUP(rec)) {
            *ret_reg = a->kept[k].reg;
            a->locked |= bit(*ret_reg);
            return true;
        }
    return false;
}

static void share_check(struct tcg_alloc *a, uint32_t i)
{
    struct bp_use *use = &a->use;
    unsigned reg = use->temp[0];
    uint32_t group = REC_GROUP(&a->rec[i]);
    bool goes_on = a->val[i].flags & VAL_KEEP;
    if (use->share == BP_SHARE_MEMBER) {
        if (!goes_on)
            kept_release(a, reg);
    } else if (goes_on && a->kept_count < KEPT_MAX) {
        const struct group *g = &a->groups[group];
        a->kept[a->kept_count++] = (struct kept){ .group = group, .reg = (uint8_t)reg };
        a->used |= bit(reg);
        a->owner[reg] = 0;
        a->kept_regs |= (uint32_t)bit(reg);
        use->share = BP_SHARE_FIRST;
        use->share_access = g->access;
        use->share_first = g->first;
        use->share_end = g->end;
    }
}

/* Whether nothing is left to do where the exit is taken. Notes for an exit back what there is. */
static bool leaves_directly(struct tcg_alloc *a, uint32_t exit)
{
    uint32_t flags = a->job->exits[exit].flags;
    if (!(flags & BP_EXIT_REPEAT))
        return !(flags & BP_EXIT_LOOKUP) && !state_any(a);
    repeat_snapshot(a, &a->outs[exit]);
    return !a->outs[exit].put_count && repeat_in_place(a, &a->outs[exit]);
}

/* ---- one record ------------------------------------------------------------------------------ */

static void emit_rule(struct tcg_alloc *a, uint32_t i, const struct rule *rule, bool fused)
{
    const struct bp_ir *r = &a->ir[i];
    struct rec *rec = &a->rec[i];
    struct bp_use *use = &a->use;
    unsigned n = rule->inputs;
    unsigned type0 = n ? operand_type(a, r, 0, fused) : BP_VOID;
    advance(a, rec, n);
    a->locked = 0;
    a->memory_operands = 0;
    if (rule->fixed & a->used)
        vacate_fixed(a, rule, rec);
    if (should_swap(a, rule, rec))
        swap_inputs(rec);
    for (unsigned k = 0; k < n; k++)
        if (a->val[rec->in[k]].reg != NO_REG)
            a->locked |= bit(a->val[rec->in[k]].reg);
    for (unsigned k = 0; k < n; k++)
        if (!rule->in[k].tied)
            use_input(a, rule, k, rec->in[k], k ? operand_type(a, r, k, fused) : type0);
    use->share = rule->row->flags & BP_RULE_SHARES && a->kept_count &&
                 find_kept(a, rec, &use->temp[0]) ? BP_SHARE_MEMBER : BP_SHARE_NONE;
    for (unsigned k = use->share != BP_SHARE_NONE; k < rule->temps; k++) {
        uint64_t set = rule->temp[k];
        unsigned reg = set & (set - 1) ? reg_pick(a, set & ~rule->fixed, NULL)
                                       : (unsigned)__builtin_ctzll(set);
        use->temp[k] = (uint8_t)reg;
        a->locked |= bit(reg);
    }
    if (rule->has_out) {
        unsigned reg = rule->tied >= 0 ? tied_out(a, rule, rec, r->type) : plain_out(a, rule, rec);
        use->out = (struct bp_operand){ .kind = BP_OPERAND_REG, .reg = (uint8_t)reg,
                                        .type = r->type };
        if (rule->tied >= 0) {
            use->in[rule->tied] = use->out;
            use->in[rule->tied].type = (uint8_t)operand_type(a, r, (unsigned)rule->tied, fused);
        }
    }
    use->ir = r;
    use->cond = (uint8_t)(fused ? a->ir[r->a].aux : r->aux);
    if (r->op == BP_EXIT_IF) {
        use->exit = r->c;
        a->as.direct = leaves_directly(a, r->c);
    } else if (ir_ops[r->op].flags & IR_FAULT) {
        if (rule->row->flags & BP_RULE_SHARES)
            share_check(a, i);
        else
            kept_clear(a);
        use->keep = a->kept_regs;
        use->site = state_site(a, true);
    }
    rule->emit(&a->as, use);
    a->locked = 0;
    drop_dead(a, rec, n);
    if (rule->has_out) {
        reg_own(a, use->out.reg, i);
        if (!alive(a, &a->val[i]))
            reg_release(a, use->out.reg);
    }
}

static void emit_op(struct tcg_alloc *a, uint32_t i)
{
    const struct bp_ir *r = &a->ir[i];
    const struct ir_op_info *info = &ir_ops[r->op];
    bool fused = r->op == BP_SELECT && a->ir[r->a].op == BP_CMP && a->fused_n[r->type];
    if (info->flags & IR_PURE && !a->val[i].next) { /* nobody wants it */
        unsigned n = fused ? 4 : info->operands;
        advance(a, &a->rec[i], n);
        drop_dead(a, &a->rec[i], n);
        return;
    }
    const struct rule *rule = find_rule(a, r, &a->rec[i], fused);
    if (rule)
        emit_rule(a, i, rule, fused);
    else
        emit_legal(a, i);
}

/* ---- fcanon ---------------------------------------------------------------------------------- */

/* The operand slot by which record j names the value. */
static uint32_t *next_use(struct tcg_alloc *a, uint32_t j, uint32_t value)
{
    struct rec *rec = &a->rec[j];
    unsigned k = 0;
    while (rec->in[k] != value || rec->next[k] == SAME_RECORD)
        k++;
    return &rec->next[k];
}

/* From now on the two are one value: uses of `gone` become uses of `value`. */
static void merge_uses(struct tcg_alloc *a, uint32_t value, uint32_t gone)
{
    uint32_t x = a->val[value].next, y = a->val[gone].next, *link = &a->val[value].next;
    while (y) {
        if (x && x < y) {
            link = next_use(a, x, value);
            x = *link;
            continue;
        }
        uint32_t j = y, *next = next_use(a, j, gone);
        y = *next;
        for (unsigned k = 0; k < BP_USE_INPUTS; k++)
            if (a->rec[j].in[k] == gone)
                a->rec[j].in[k] = value;
        if (x == j) { /* has both */
            *next = SAME_RECORD;
            continue;
        }
        *link = j;
        link = next;
        *link = x;
    }
    a->val[gone].next = 0;
}

/* A raw result that is wanted canonical and raw can be canonical for both: no copy. */
static void emit_canon(struct tcg_alloc *a, uint32_t i)
{
    struct rec *rec = &a->rec[i];
    uint32_t raw = rec->in[0];
    struct val *v = &a->val[raw];
    if (state_canon(a, i))
        return;
    const struct rule *rule = find_rule(a, &a->ir[i], rec, false);
    if (!ir_raw(&a->ir[a->ir[i].a]) || !rec->next[0] || !rule || rule->tied != 0 || rule->temps) {
        emit_op(a, i);
        return;
    }
    v->next = rec->next[0];
    a->locked = 0;
    unsigned reg = val_in_reg(a, raw);
    if (v->frame >= 0)
        val_free_frame(a, v);
    a->use.out = (struct bp_operand){ .kind = BP_OPERAND_REG, .reg = (uint8_t)reg,
                                      .type = a->ir[i].type };
    a->use.in[0] = a->use.out;
    a->use.ir = &a->ir[i];
    rule->emit(&a->as, &a->use);
    merge_uses(a, raw, i);
}

static void leave_by(struct tcg_alloc *a, uint32_t exit)
{
    if (a->job->exits[exit].flags & BP_EXIT_REPEAT) {
        repeat_snapshot(a, &a->outs[exit]);
        repeat_emit(a, &a->outs[exit]);
    } else {
        state_sync(a);
    }
    a->cg->exit(&a->as, exit, NULL);
}

static void emit_record(struct tcg_alloc *a, uint32_t i)
{
    const struct bp_ir *r = &a->ir[i];
    if (a->val[i].root != i)
        return;
    switch (r->op) {
    case BP_NOP: case BP_CONST:
        break;
    case BP_GET:
        if (a->val[i].home == r->aux)
            a->guest[r->aux].home = i;
        break;
    case BP_PUT:
        state_put(a, i);
        break;
    case BP_MARK:
        a->mark = i;
        break;
    case BP_FCANON:
        emit_canon(a, i);
        break;
    case BP_ARG:
        if (a->arg_count < 8)
            a->args[a->arg_count++] = i;
        break;
    case BP_CALL:
        emit_helper(a, i);
        a->arg_count = 0;
        break;
    case BP_CARRY:
        repeat_carry(a, i);
        break;
    case BP_EXIT:
        leave_by(a, r->c);
        break;
    case BP_LEAVE: {
        state_sync(a);
        const uint64_t *pc = r->c == UINT32_MAX ? NULL : &a->job->exits[r->c].pc;
        a->cg->leave(&a->as, r->aux, pc);
        break;
    }
    case BP_EXIT_TO:
        state_sync(a);
        emit_op(a, i);
        break;
    default:
        emit_op(a, i);
        break;
    }
    if (r->op == BP_EXIT_IF)
        a->carry_count = 0;
}

/* ---- one translation ------------------------------------------------------------------------- */

static int grow(void *array, size_t bytes)
{
    void *p = malloc(bytes);
    if (!p)
        return -ENOMEM;
    free(*(void **)array);
    *(void **)array = p;
    return 0;
}

static int make_room(struct tcg_alloc *a, uint32_t records, uint32_t guest_regs, uint32_t exits)
{
    if (records > a->room) {
        uint32_t n = records + records / 2 + 64;
        a->room = 0;
        if (grow(&a->val, n * sizeof *a->val) || grow(&a->rec, n * sizeof *a->rec) ||
            grow(&a->calls, n * sizeof *a->calls) ||
            grow(&a->groups, (n + 1u) * sizeof *a->groups) ||
            grow(&a->stubs, 2u * n * sizeof *a->stubs))
            return -ENOMEM;
        a->room = n;
        a->stub_room = 2u * n;
    }
    if (guest_regs > a->guest_room) {
        a->guest_room = 0;
        if (grow(&a->guest, guest_regs * sizeof *a->guest) ||
            grow(&a->pending, guest_regs * sizeof *a->pending) ||
            grow(&a->carries, guest_regs * sizeof *a->carries))
            return -ENOMEM;
        a->guest_room = guest_regs;
    }
    if (exits > a->out_room) {
        a->out_room = 0;
        if (grow(&a->outs, exits * sizeof *a->outs))
            return -ENOMEM;
        a->out_room = exits;
    }
    return 0;
}

static void start(struct tcg_alloc *a, struct bp_code_job *job)
{
    uint32_t margin = a->cg->op_bytes + RECORD_BYTES + REG_BYTES * job->guest_reg_count;
    a->error = 0;
    a->mark = a->i = 0;
    a->used = a->locked = 0;
    a->kept_count = a->kept_regs = 0;
    a->pending_count = a->call_at = a->arg_count = 0;
    a->stub_count = a->snap_count = 0;
    memset(a->frame_free, 0xff, sizeof a->frame_free);
    memset(a->backend_state, 0, sizeof a->backend_state);
    a->limit = job->code_room > margin ? job->code_rw + (job->code_room - margin) : job->code_rw;
    a->as = (struct bp_asm){
        .size = sizeof a->as, .p = job->code_rw, .to_rx = job->code_rx - job->code_rw,
        .base = job->prologue, .job = job, .features = job->features,
        .backend = a->backend_state, .stub = add_stub, .side_exit = side_exit, .exact = tcg_exact,
        .home = repeat_home,
    };
    job->site_count = job->state_reg_count = 0;
    for (uint32_t i = 0; i < job->exit_count; i++)
        job->exit_patch[i] = UINT32_MAX;
}

static int emit_stubs(struct tcg_alloc *a)
{
    for (uint32_t s = 0; s < a->stub_count && !a->error; s++) {
        if (a->as.p >= a->limit)
            return -ENOSPC;
        a->stubs[s].emit(&a->as, &a->stubs[s]);
    }
    if (a->cg->finish) {
        uint32_t need = a->cg->finish_bytes ? a->cg->finish_bytes(&a->as) : 0;
        if (a->as.p + need >= a->job->code_rw + a->job->code_room)
            return -ENOSPC;
        a->cg->finish(&a->as);
    }
    return a->error;
}

int tcg_alloc_emit(struct tcg_alloc *a, struct bp_code_job *job)
{
    a->job = job;
    a->ir = job->ir;
    int e = make_room(a, job->ir_count, job->guest_reg_count, job->exit_count);
    if (e)
        return e;
    e = alloc_scan(a);
    if (e)
        return e;
    start(a, job);
    if (a->as.p >= a->limit)
        return -ENOSPC;
    repeat_enter(a);
    for (uint32_t i = 1; i < job->ir_count; i++) {
        if (a->as.p >= a->limit)
            return -ENOSPC;
        a->i = i;
        while (a->call_at < a->call_count && a->calls[a->call_at] < i)
            a->call_at++;
        emit_record(a, i);
        if (a->error)
            return a->error;
    }
    a->i = job->ir_count;
    e = emit_stubs(a);
    if (e)
        return e;
    job->code_size = code_offset(a);
    return 0;
}
