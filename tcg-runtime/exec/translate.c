/* SPDX-License-Identifier: MIT */
/*
 * translate.c: from guest code to a translation block: the target appends folded IR instruction by
 * instruction, the backward pass cleans it, the backend emits.
 *
 * A block is straight guest code inside one guest page (the last instruction may reach into the next) with
 * side exits; forward jumps inside the page may have been followed. Ways out to the same page are chained,
 * others are looked up, because another page's mapping can change on its own. (In user mode all are chained: a
 * change of mappings drops the translations there.)
 */
#include "tcg-runtime/exec/user.h"

#include "tcg-runtime/alloc/alloc.h"
#include "tcg-runtime/exec/debug.h"
#include "tcg-runtime/exec/instruments.h"
#include "tcg-runtime/ir/fold.h"
#include "tcg-runtime/ir/opt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INSNS 256
#define MAX_RECORDS 1500
#define MAX_SIDE_EXITS 6
#define SCRATCH_BYTES 256
#define CODE_ROOM_MIN 65536u

enum walk { WALK_TRANSLATE, WALK_RAW, WALK_FIND_INSNS };

struct translator {
    struct bp_tr tr; /* first: the target's hooks get its address */
    struct tcg *tcg;
    const struct bp_target *target;
    struct ir_buffer ir, raw;
    struct ir_buffer *out;     /* what is being appended to */
    struct bp_tb block;        /* for instruments */
    uint64_t scratch[SCRATCH_BYTES / 8];
    /* this translation */
    struct tcg_vcpu *c;
    enum walk walk;
    uint64_t pc;
    uint32_t flags;
    uint64_t page;             /* guest address of the first page */
    const uint8_t *host;       /* its bytes */
    struct ram_block *ram;
    uint64_t ram_offset;       /* of the first page */
    const uint8_t *second_host;
    uint64_t second_offset;    /* in ram, of the second page */
    bool fetch_failed;
    uint64_t failed_pc;        /* the byte that could not be fetched */
    bool crossed;              /* the block reaches into the second page */
    bool step;                 /* for a debugger's step */
    uint64_t granules[2];
    uint32_t completed;        /* instructions counted so far */
    uint32_t mark_count;
    struct tb_mark marks[MAX_INSNS];
    uint16_t lengths[MAX_INSNS];
    /* results of the backend */
    struct bp_state_site *sites;
    struct bp_state_reg *state_regs;
    uint32_t *exit_patch;
    uint32_t site_room, state_reg_room, exit_room;
};

/* ---- hooks of bp_tr ------------------------------------------------------------------------------------ */

static bool leaves(unsigned op)
{
    return op == BP_EXIT || op == BP_EXIT_IF || op == BP_EXIT_TO || op == BP_LEAVE;
}

static void count_completed(struct translator *t)
{
    uint32_t done = t->mark_count - t->completed;
    if (t->walk == WALK_TRANSLATE && done) {
        instruments_emit_completed(&t->block, done, t->out);
        t->completed = t->mark_count;
    }
}

static bp_value append(struct translator *t, struct bp_ir r)
{
    return t->walk == WALK_RAW ? ir_append_raw(t->out, r) : ir_append(t->out, r);
}

static bp_value append_const(struct translator *t, unsigned type, uint64_t v)
{
    return append(t, (struct bp_ir){ BP_CONST, (uint8_t)type, 0, 0, (uint32_t)v, (uint32_t)(v >> 32) });
}

/* Where an access is one host instruction, what a debugger watches is looked at before it. */
static void watch_access(struct translator *t, const struct bp_ir *r)
{
    bool plain = r->op == BP_LOAD || r->op == BP_STORE;
    unsigned access = r->op == BP_LOAD ? BP_ACCESS_READ
                    : r->op == BP_STORE ? BP_ACCESS_WRITE : BP_ACCESS_READ | BP_ACCESS_WRITE;
    if (!plain && r->op != BP_RMW && r->op != BP_CAS)
        return;
    bp_value va = r->a;
    unsigned type = t->out->rec[va].type;
    if (plain && r->c)
        va = append(t, (struct bp_ir){ BP_ADD, (uint8_t)type, 0, va,
                                       append_const(t, type, (uint64_t)(int64_t)(int32_t)r->c), 0 });
    if (type == BP_I32)
        va = append(t, (struct bp_ir){ BP_ZEXT, BP_I64, 0, va, 0, 0 });
    bp_value what = append_const(t, BP_I64, BP_MEM_BYTES(r->aux) | access << 8);
    append(t, (struct bp_ir){ BP_ARG, BP_VOID, 0, va, 0, 0 });
    append(t, (struct bp_ir){ BP_ARG, BP_VOID, 0, what, 0, 0 });
    append(t, (struct bp_ir){ BP_CALL, BP_VOID, 2, 0, 0,
                              ir_add_helper(t->out, &debug_watch_helper) });
}

static bp_value hook_emit(struct bp_tr *tr, struct bp_ir r)
{
    struct translator *t = (struct translator *)tr;
    if (leaves(r.op))
        count_completed(t);
    if (t->tcg->debug && debug_watches_by_calls(t->tcg))
        watch_access(t, &r);
    return append(t, r);
}

static bp_value append_exit(struct translator *t, struct bp_ir r, const struct bp_ir_exit *exit)
{
    if (t->walk != WALK_RAW)
        return ir_append_exit(t->out, r, exit);
    r.c = ir_add_exit(t->out, exit);
    return ir_append_raw(t->out, r);
}

/* Says what the guest registers that the block began by reading have now; those that changed come first. */
static void carry_registers(struct translator *t)
{
    struct ir_buffer *b = t->out;
    for (int changed = 1; changed >= 0; changed--)
        for (uint32_t i = 1, end = b->count; i < end; i++) {
            const struct bp_ir *r = &b->rec[i];
            if (r->op == BP_CALL && b->helpers[r->c]->flags & BP_CALL_WRITES_STATE)
                break;
            bp_value now = r->op == BP_GET ? ir_known_value(b, r->aux) : 0;
            if (now && (now != i) == changed)
                append(t, (struct bp_ir){ BP_CARRY, BP_VOID, r->aux, now, 0, 0 });
        }
}

static bp_value hook_exit(struct bp_tr *tr, struct bp_ir r, const struct bp_ir_exit *exit)
{
    struct translator *t = (struct translator *)tr;
    struct bp_ir_exit e = *exit;
    count_completed(t);
    if (r.op != BP_LEAVE) {
        bool far = (e.pc & PAGE_MASK_) != t->page && !t->tcg->user;
        if (far || !t->tcg->chain || t->step)
            e.flags |= BP_EXIT_LOOKUP;
        if (e.pc <= tr->pc)
            e.flags |= BP_EXIT_LOOP;
        if (e.pc == t->pc && !(e.flags & BP_EXIT_LOOKUP) && t->walk != WALK_RAW) {
            e.flags |= BP_EXIT_REPEAT;
            carry_registers(t);
        }
    }
    return append_exit(t, r, &e);
}

static uint32_t hook_helper(struct bp_tr *tr, const struct bp_helper *helper)
{
    return ir_add_helper(((struct translator *)tr)->out, helper);
}

/* Makes the page behind the first readable. Without raising: false where it is not there, or not in the same
 * RAM. */
static bool find_second_page(struct translator *t)
{
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    if (t->second_host)
        return true;
    if (t->tcg->user) {
        uint64_t va = t->page + PAGE_SIZE_;
        if (user_hold(t->tcg->user, va, t->page) < 0)
            return false;
        t->second_offset = va;
        t->second_host = user_host_of(t->tcg->user, va);
        return true;
    }
    if (!tlb_get(t->c, t->page + PAGE_SIZE_, BP_ACCESS_EXEC, t->c->context.fetch_mmu, true, &slot,
                 &info))
        return false;
    if (info->ram != t->ram)
        return false;
    t->second_offset = info->ram_offset;
    t->second_host = t->ram->host + info->ram_offset;
    tlb_protect_ram(t->tcg, t->ram, t->second_offset);
    return true;
}

/* In user mode the page may go away meanwhile. */
static int user_code_byte(struct translator *t, uint64_t at)
{
    uint8_t byte;
    const uint8_t *from = at < PAGE_SIZE_                               ? t->host + at
                          : at < 2 * PAGE_SIZE_ && find_second_page(t) ? t->second_host + at - PAGE_SIZE_
                                                                       : NULL;
    return from && !user_copy(t->tcg->user, &byte, from, 1) ? byte : -1;
}

/* The code byte at pc, or -1. */
static int code_byte(struct translator *t, uint64_t pc)
{
    uint64_t at = pc - t->page;
    if (t->tcg->user)
        return user_code_byte(t, at);
    if (at < PAGE_SIZE_)
        return __atomic_load_n(&t->host[at], __ATOMIC_RELAXED);
    if (at < 2 * PAGE_SIZE_ && find_second_page(t))
        return __atomic_load_n(&t->second_host[at - PAGE_SIZE_], __ATOMIC_RELAXED);
    return -1;
}

/* What the translation reads, it depends on. */
static bool hook_fetch(struct bp_tr *tr, uint64_t pc, void *buf, unsigned bytes)
{
    struct translator *t = (struct translator *)tr;
    uint8_t *to = buf;
    for (unsigned i = 0; i < bytes; i++) {
        int byte = code_byte(t, pc + i);
        if (byte < 0) {
            t->fetch_failed = true;
            t->failed_pc = pc + i;
            return false;
        }
        to[i] = (uint8_t)byte;
        uint64_t at = pc + i - t->page;
        t->granules[at >> BP_TLB_PAGE_LOG2] |= UINT64_C(1) << ((at & ~PAGE_MASK_) >> 6);
        t->crossed |= at >= PAGE_SIZE_;
    }
    return true;
}

/* Disassembles the instruction at pc; its bytes, at most 16, in `bytes`. Returns its length. */
static unsigned disassemble(struct translator *t, uint64_t pc, uint8_t *bytes, char *text,
                            size_t size)
{
    unsigned n = 0;
    for (int byte; n < t->target->insn_max && n < 16 && (byte = code_byte(t, pc + n)) >= 0; n++)
        bytes[n] = (uint8_t)byte;
    unsigned length = t->target->disassemble(t->c->env, pc, bytes, n, text, size);
    if (length)
        return length;
    snprintf(text, size, "undefined");
    return t->target->insn_align;
}

/* ---- one block -------------------------------------------------------------------------------------------- */

static void begin_insn(struct translator *t, uint32_t i, uint64_t pc)
{
    t->tr.pc = pc;
    t->tr.next_pc = pc;
    t->tr.insn_index = i;
    struct tb_mark *m = &t->marks[i];
    m->ir = append(t, (struct bp_ir){ BP_MARK, BP_VOID, 0, 0, (uint32_t)pc, (uint32_t)(pc >> 32) });
    m->pc_offset = (uint32_t)(pc - t->pc);
    m->uncounted = i - t->completed;
    t->mark_count = i + 1;
    if (t->walk == WALK_TRANSLATE)
        instruments_emit(&t->block, i, t->out);
}

static void end_at(struct translator *t, uint64_t pc)
{
    struct bp_ir_exit e = { .pc = pc };
    hook_exit(&t->tr, (struct bp_ir){ BP_EXIT, BP_VOID, 0, 0, 0, 0 }, &e);
}

/* A debugger's breakpoint: control leaves before instruction i, which no instrument sees. */
static uint32_t end_at_breakpoint(struct translator *t, uint32_t i, uint64_t pc)
{
    if (t->walk == WALK_FIND_INSNS)
        return i;
    count_completed(t);
    begin_insn(t, i, pc);
    t->completed = t->mark_count;
    t->lengths[i] = (uint16_t)t->target->insn_align;
    if (t->out->rec[t->marks[i].ir].op == BP_MARK)
        t->out->rec[t->marks[i].ir].aux = t->lengths[i];
    struct bp_ir_exit e = { .pc = pc };
    append_exit(t, (struct bp_ir){ BP_LEAVE, BP_VOID, BP_LEAVE_DEBUG, 0, 0, 0 }, &e);
    return i + 1;
}

/* Records the instruction's bytes for the instruments. */
static void remember_insn(struct translator *t, uint64_t pc)
{
    char text[128];
    struct bp_insn *insn = instruments_tb_add_insn(&t->block, pc);
    insn->length = disassemble(t, pc, insn->bytes, text, sizeof text);
}

/* Walks the block, appending to t->out. Returns the number of instructions; 0: the first one could not be
 * fetched. */
static uint32_t walk_block(struct translator *t, enum walk walk, uint32_t max_insns)
{
    t->walk = walk;
    t->out = walk == WALK_RAW ? &t->raw : &t->ir;
    ir_reset(t->out);
    memset(t->scratch, 0, sizeof t->scratch);
    t->fetch_failed = t->crossed = false;
    t->granules[0] = t->granules[1] = 0;
    t->completed = 0;
    t->tr.flags = t->flags;
    t->tr.env = t->c->env;
    uint64_t pc = t->pc;
    for (uint32_t i = 0;; i++) {
        if (t->tcg->debug && !t->step && debug_breaks_at(t->tcg->debug, t->c, pc))
            return end_at_breakpoint(t, i, pc);
        begin_insn(t, i, pc);
        int result = t->target->translate(&t->tr);
        if (t->fetch_failed) {
            t->mark_count = i;
            if (!i)
                return 0;
            t->tr.pc = pc - 1; /* going on to pc is no loop edge */
            end_at(t, pc);
            return i;
        }
        uint32_t length = (uint32_t)(t->tr.next_pc - pc);
        bool jumped = length > t->target->insn_max;
        t->lengths[i] = (uint16_t)(jumped || !length ? t->target->insn_align : length);
        if (t->out->rec[t->marks[i].ir].op == BP_MARK)
            t->out->rec[t->marks[i].ir].aux = t->lengths[i];
        if (walk == WALK_FIND_INSNS)
            remember_insn(t, pc);
        if (result == BP_TR_END)
            return i + 1;
        pc = t->tr.next_pc;
        if (i + 1 >= max_insns || (pc & PAGE_MASK_) != t->page || t->out->count > MAX_RECORDS ||
            t->out->exit_count >= MAX_SIDE_EXITS || t->out->failed) {
            end_at(t, pc);
            return i + 1;
        }
    }
}

/* ---- logs -------------------------------------------------------------------------------------------------- */

static void log_in_asm(struct translator *t, uint32_t insns)
{
    log_text("IN: %016" PRIx64 " flags %08x\n", t->pc, t->tr.flags);
    for (uint32_t i = 0; i < insns; i++) {
        uint64_t pc = t->pc + (uint64_t)(int64_t)(int32_t)t->marks[i].pc_offset;
        uint8_t bytes[16] = { 0 };
        char text[128], hex[40];
        unsigned shown = disassemble(t, pc, bytes, text, sizeof text);
        for (unsigned b = 0; b < shown; b++)
            snprintf(hex + 2 * b, sizeof hex - 2 * b, "%02x", bytes[shown - 1 - b]);
        log_text("0x%016" PRIx64 ":  %-16s %s\n", pc, hex, text);
    }
    log_text("\n");
}

static void log_ir(const char *title, const struct ir_buffer *b, uint64_t pc)
{
    char *text = ir_print(b);
    log_text("%s %016" PRIx64 "\n%s\n", title, pc, text ? text : "");
    free(text);
}

static void log_out_asm(const struct bp_backend *backend, const struct tb *tb)
{
    log_text("OUT: %016" PRIx64 ": %u bytes of host code for %u instructions\n", tb->pc,
             tb->code_size, tb->insns);
    for (uint32_t at = 0; backend->disassemble && at < tb->code_size;) {
        char text[128];
        unsigned n = backend->disassemble(tb->code + at, tb->code_size - at,
                                          (uint64_t)(uintptr_t)tb->code + at, text, sizeof text);
        if (!n)
            break;
        log_text("0x%016" PRIx64 ":  %s\n", (uint64_t)(uintptr_t)tb->code + at, text);
        at += n;
    }
    log_text("\n");
}

static void check_ir(struct translator *t, const struct ir_buffer *b, const char *when)
{
    char why[256];
    if (!ir_check(b, why, sizeof why)) {
        core_error(EINVAL, "%s: IR of %016" PRIx64 " %s is wrong: %s", t->target->head.id, t->pc,
                   when, why);
        log_ir("IR:", b, t->pc);
    }
}

/* ---- emission ---------------------------------------------------------------------------------------------- */

static void make_room(struct translator *t)
{
    uint32_t sites = t->ir.count, regs = 32 * t->ir.count;
    if (sites > t->site_room) {
        t->sites = g_renew(struct bp_state_site, t->sites, sites);
        t->site_room = sites;
    }
    if (regs > t->state_reg_room) {
        t->state_regs = g_renew(struct bp_state_reg, t->state_regs, regs);
        t->state_reg_room = regs;
    }
    if (t->ir.exit_count > t->exit_room) {
        t->exit_room = t->ir.exit_count + 16;
        t->exit_patch = g_renew(uint32_t, t->exit_patch, t->exit_room);
    }
}

static void *copy_to_arena(struct tcg *tcg, const void *from, size_t bytes)
{
    void *to = arena_alloc(&tcg->arena, bytes ? bytes : 1);
    if (to && bytes)
        memcpy(to, from, bytes);
    return to;
}

static struct tb *tb_alloc(struct translator *t, uint32_t insns)
{
    struct tcg *tcg = t->tcg;
    struct tb *tb = arena_alloc(&tcg->arena, sizeof *tb);
    if (!tb)
        return NULL;
    tb->pc = t->pc;
    tb->ram_address = tcg_ram_address(t->ram, t->ram_offset + (t->pc & ~PAGE_MASK_));
    tb->second_page = t->crossed ? t->second_offset >> BP_TLB_PAGE_LOG2 : UINT64_MAX;
    tb->flags = t->tr.flags;
    tb->cluster = t->c->v->cluster | (t->step ? CLUSTER_STEP : 0);
    tb->insns = insns;
    tb->granules[0] = t->granules[0];
    tb->granules[1] = t->granules[1];
    tb->exit_count = (uint16_t)t->ir.exit_count;
    tb->exits = arena_alloc(&tcg->arena, sizeof *tb->exits * (t->ir.exit_count + 1));
    tb->mark_count = (uint16_t)t->mark_count;
    tb->marks = copy_to_arena(tcg, t->marks, t->mark_count * sizeof *t->marks);
    tb->count_offset_count = (uint16_t)t->block.count_offset_count;
    tb->count_offsets = copy_to_arena(tcg, t->block.count_offsets,
                                      t->block.count_offset_count * sizeof *tb->count_offsets);
    if (!tb->exits || !tb->marks || !tb->count_offsets)
        return NULL;
    for (uint32_t i = 0; i < t->ir.exit_count; i++) {
        tb->exits[i] = (struct tb_exit){ .tb = tb, .pc = t->ir.exits[i].pc,
                                         .patch = UINT32_MAX, .flags = t->ir.exits[i].flags };
        t->ir.exits[i].cookie = (uintptr_t)&tb->exits[i];
    }
    return tb;
}

/* 0, -ENOSPC: cache or metadata is full, -E2BIG: the block is too large for the backend. */
static int emit(struct translator *t, struct tb *tb)
{
    struct tcg *tcg = t->tcg;
    struct code_cache *cache = &tcg->cache;
    struct tcg_target *tt = t->c->tt;
    make_room(t);
    cache->used = (cache->used + 15) & ~15u;
    if (cache->size - cache->used < CODE_ROOM_MIN)
        return -ENOSPC;
    struct bp_code_job job = {
        .size = sizeof job, .ir_count = t->ir.count, .ir = t->ir.rec, .exits = t->ir.exits,
        .exit_count = t->ir.exit_count, .guest_reg_count = t->ir.reg_count,
        .guest_regs = t->ir.regs, .helpers = t->ir.helpers, .slots = &tt->slots,
        .calls = &tcg_runtime_calls, .features = tcg->features,
        .code_rw = cache->rw + cache->used, .code_rx = cache->rx + cache->used,
        .code_room = cache->size - cache->used, .code_base_offset = cache->used,
        .exit_patch = t->exit_patch, .sites = t->sites, .state_regs = t->state_regs,
        .site_room = t->site_room, .state_reg_room = t->state_reg_room, .prologue = tt->prologue,
    };
    if (tcg->user) {
        job.direct = true;
        job.direct_base = (uintptr_t)tcg->user->base;
        job.direct_bytes = tcg->user->bytes;
    }
    for (uint32_t i = 0; i < t->ir.exit_count; i++)
        t->exit_patch[i] = UINT32_MAX;
    int err = tcg->backend->compile ? tcg->backend->compile(&job)
                                    : tcg_alloc_emit(tcg->alloc, &job);
    if (err < 0)
        return err;
    tb->code = job.code_rx;
    tb->code_offset = cache->used;
    tb->code_size = job.code_size;
    tb->repeat_offset = job.repeat_offset;
    tb->site_count = (uint16_t)job.site_count;
    tb->sites = copy_to_arena(tcg, t->sites, job.site_count * sizeof *t->sites);
    tb->state_regs = copy_to_arena(tcg, t->state_regs, job.state_reg_count * sizeof *t->state_regs);
    if (!tb->sites || !tb->state_regs)
        return -ENOSPC;
    for (uint32_t i = 0; i < t->ir.exit_count; i++) {
        if (t->exit_patch[i] != UINT32_MAX && !(tb->exits[i].flags & BP_EXIT_LOOKUP))
            tb->exits[i].patch = cache->used + t->exit_patch[i];
    }
    cache->used += job.code_size;
    return 0;
}

/* Walks and emits. *ret_error as emit(); NULL with 0: the first instruction cannot be fetched. */
static struct tb *build(struct translator *t, uint32_t max_insns, int *ret_error)
{
    struct tcg *tcg = t->tcg;
    instruments_tb_reset(&t->block);
    *ret_error = 0;
    if (tcg->run_count && walk_block(t, WALK_FIND_INSNS, max_insns))
        instruments_see(tcg, &t->block);
    uint32_t insns = walk_block(t, WALK_TRANSLATE, max_insns);
    if (!insns)
        return NULL;
    bool wanted = log_mask && log_wants_address(t->pc);
    if (wanted && log_on(LOG_IN_ASM))
        log_in_asm(t, insns);
    if (wanted && log_on(LOG_OP)) {
        walk_block(t, WALK_RAW, max_insns);
        check_ir(t, &t->raw, "before folding");
        log_ir("OP:", &t->raw, t->pc);
        walk_block(t, WALK_TRANSLATE, max_insns);
    }
    if (t->ir.failed) {
        *ret_error = -E2BIG;
        return NULL;
    }
    ir_optimise(&t->ir);
    if (wanted && log_on(LOG_OP | LOG_OP_OPT))
        check_ir(t, &t->ir, "after optimisation");
    if (wanted && log_on(LOG_OP_OPT))
        log_ir("OP after folding:", &t->ir, t->pc);
    struct tb *tb = tb_alloc(t, insns);
    *ret_error = tb ? emit(t, tb) : -ENOSPC;
    if (*ret_error < 0)
        return NULL;
    tb_add(tcg, tb);
    if (wanted && log_on(LOG_OUT_ASM))
        log_out_asm(tcg->backend, tb);
    return tb;
}

/* Empties the code cache, unless somebody else did meanwhile. */
static void flush(struct tcg_vcpu *c, uint64_t flushes_seen)
{
    struct tcg *tcg = c->tcg;
    exclusive_leave(c);
    exclusive_begin(tcg);
    pthread_mutex_lock(&tcg->lock);
    if (tcg->cache.flushes == flushes_seen)
        tb_flush_all(tcg);
    pthread_mutex_unlock(&tcg->lock);
    exclusive_end(tcg);
    exclusive_enter(c);
}

static int set_up(struct translator *t, struct tcg_vcpu *c, uint64_t pc, struct ram_block *ram,
                  uint64_t offset)
{
    t->c = c;
    t->pc = pc;
    t->page = pc & PAGE_MASK_;
    t->ram = ram;
    t->ram_offset = offset & PAGE_MASK_;
    t->host = (const uint8_t *)((uintptr_t)ram->host + t->ram_offset);
    t->second_host = NULL;
    if (c->tcg->user) {
        t->failed_pc = pc;
        return user_hold(c->tcg->user, t->page, t->page);
    }
    tlb_protect_ram(c->tcg, ram, t->ram_offset);
    return 0;
}

/* The first instruction could not be fetched, because of its own page or the next. */
static void raise_fetch(struct tcg_vcpu *c, const struct ram_block *ram, uint64_t pc,
                        uint64_t failed_pc)
{
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    uint64_t second = (pc & PAGE_MASK_) + PAGE_SIZE_;
    if (c->tcg->user)
        user_trap(c->env, BP_TRAP_MEMORY, 0, failed_pc, BP_ACCESS_EXEC);
    tlb_get(c, second, BP_ACCESS_EXEC, c->context.fetch_mmu, false, &slot, &info);
    if (info->ram != ram)
        c->target->bus_error(c->env, second, info->gpa, BP_ACCESS_EXEC);
}

static struct tb *translate(struct tcg_vcpu *c, uint64_t pc, struct ram_block *ram, uint64_t offset,
                            uint32_t flags, bool step)
{
    struct tcg *tcg = c->tcg;
    struct translator *t = c->tt->translator;
    uint32_t max = tcg->one_insn || step ? 1 : tcg->max_insns;
    uint32_t cluster = c->v->cluster | (step ? CLUSTER_STEP : 0);
    if (ram->index >= RAM_BLOCKS_MAX && !tcg->user) {
        core_error(ENOTSUP, "code in RAM block %s: more than %d blocks", ram->name, RAM_BLOCKS_MAX);
        machine_request_shutdown(c->v->machine, 1);
        c->target->bus_error(c->env, pc, 0, BP_ACCESS_EXEC);
        return NULL;
    }
    pthread_mutex_lock(&tcg->lock);
    struct tb *tb = tb_find(tcg, tcg_ram_address(ram, offset), pc, flags, cluster);
    if (tb) { /* another vCPU was faster */
        pthread_mutex_unlock(&tcg->lock);
        return tb;
    }
    uint64_t flushes = tcg->cache.flushes;
    tb_code_page(tcg, ram, offset >> BP_TLB_PAGE_LOG2, true);
    int err = set_up(t, c, pc, ram, offset);
    t->step = step;
    t->flags = flags;
    while (!err && !tb) {
        tb = build(t, max, &err);
        max = max / 2;
        if (!tb && !err)
            break;
        if (err == -E2BIG && max)
            err = 0;
    }
    bool unreadable = !tb && (!err || err == -EFAULT);
    uint64_t failed_pc = t->failed_pc;
    pthread_mutex_unlock(&tcg->lock);
    if (tb)
        return tb;
    if (unreadable) {
        raise_fetch(c, ram, pc, failed_pc);
        return NULL;
    }
    if (err == -ENOSPC) {
        flush(c, flushes);
        return NULL;
    }
    core_error(-err, "backend %s cannot translate the %s instruction at %016" PRIx64 ": %s",
               tcg->backend->head.id, c->target->head.id, pc, strerror(-err));
    if (tcg->user)
        user_trap(c->env, BP_TRAP_ILLEGAL, 0, pc, 0);
    machine_request_shutdown(c->v->machine, 1);
    c->dead = true;
    return NULL;
}

struct tb *tb_translate(struct tcg_vcpu *c, uint64_t pc, struct ram_block *ram, uint64_t offset,
                        uint32_t flags)
{
    return translate(c, pc, ram, offset, flags, false);
}

struct tb *tb_translate_step(struct tcg_vcpu *c, uint64_t pc, struct ram_block *ram,
                             uint64_t offset, uint32_t flags)
{
    return translate(c, pc, ram, offset, flags, true);
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

struct translator *translator_new(struct tcg *tcg, const struct bp_target *target)
{
    struct translator *t = g_new0(struct translator, 1);
    const struct bp_guest_reg *regs = target->regs.row;
    uint32_t count = 0;
    while (count < target->regs.count && regs[count].flags & BP_GREG_IR)
        count++;
    t->tcg = tcg;
    t->target = target;
    if (ir_init(&t->ir, regs, count) < 0 || ir_init(&t->raw, regs, count) < 0) {
        translator_free(t);
        return NULL;
    }
    t->tr = (struct bp_tr){ .size = sizeof t->tr, .scratch = t->scratch, .emit = hook_emit,
                            .exit = hook_exit, .fetch = hook_fetch, .helper = hook_helper };
    return t;
}

void translator_free(struct translator *t)
{
    if (!t)
        return;
    ir_free(&t->ir);
    ir_free(&t->raw);
    instruments_tb_free(&t->block);
    g_free(t->sites);
    g_free(t->state_regs);
    g_free(t->exit_patch);
    g_free(t);
}
