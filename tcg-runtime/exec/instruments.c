/* SPDX-License-Identifier: MIT */
/*
 * instruments.c: the instrument interface on translated code.
 *
 * A block is walked once to find its instructions, shown to the instruments, which leave requests, and
 * translated with the requests in place. Counters are IR records, so they cost an inline add to memory.
 * Completed instructions are counted at each way out of the block, with what has been completed since the
 * way out before; a fault adds the rest from the mark's table (tcg_restore).
 */
#include "tcg-runtime/exec/instruments.h"

#include <errno.h>
#include <string.h>

/* One loaded instrument: what plugins know as struct bp_run. */
struct bp_run {
    struct tcg *tcg;
    const struct bp_instrument *instrument;
    void *state;
    int32_t offset; /* of its per-vCPU state, from env */
};

struct instrument_run {
    struct bp_run run;
};

size_t instruments_init(struct tcg *tcg)
{
    uint32_t count = machine_instrument_count(tcg->machine);
    size_t bytes = 0;
    tcg->runs = g_new0(struct instrument_run, count ? count : 1);
    tcg->run_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct bp_run *run = &tcg->runs[i].run;
        run->tcg = tcg;
        run->instrument = machine_instrument(tcg->machine, i, &run->state);
        bytes += (run->instrument->vcpu_state + 63) & ~(size_t)63;
        run->offset = -(int32_t)(sizeof(struct tcg_area) + bytes);
    }
    return bytes;
}

void instruments_start(struct tcg *tcg)
{
    for (uint32_t i = 0; i < tcg->run_count; i++) {
        struct bp_run *run = &tcg->runs[i].run;
        if (run->instrument->start)
            run->instrument->start(run, run->state);
    }
}

void instruments_finish(struct tcg *tcg)
{
    for (uint32_t i = 0; i < tcg->run_count; i++) {
        struct bp_run *run = &tcg->runs[i].run;
        if (run->instrument->end)
            run->instrument->end(run);
    }
}

void instruments_free(struct tcg *tcg)
{
    g_free(tcg->runs);
    tcg->runs = NULL;
    tcg->run_count = 0;
}

/* ---- a block ------------------------------------------------------------------------------------------ */

void instruments_tb_reset(struct bp_tb *tb)
{
    tb->insn_count = tb->request_count = tb->count_offset_count = 0;
}

void instruments_tb_free(struct bp_tb *tb)
{
    g_free(tb->insns);
    g_free(tb->requests);
    g_free(tb->count_offsets);
}

struct bp_insn *instruments_tb_add_insn(struct bp_tb *tb, uint64_t pc)
{
    if (tb->insn_count == tb->insn_room) {
        tb->insn_room = tb->insn_room ? 2 * tb->insn_room : 128;
        tb->insns = g_renew(struct bp_insn, tb->insns, tb->insn_room);
    }
    struct bp_insn *insn = &tb->insns[tb->insn_count];
    memset(insn, 0, sizeof *insn);
    insn->tb = tb;
    insn->pc = pc;
    insn->index = tb->insn_count++;
    return insn;
}

void instruments_see(struct tcg *tcg, struct bp_tb *tb)
{
    for (uint32_t i = 0; i < tcg->run_count; i++) {
        tb->run = &tcg->runs[i];
        if (tb->run->run.instrument->tb)
            tb->run->run.instrument->tb(&tb->run->run, tb);
    }
}

static void add_request(struct bp_tb *tb, struct request r)
{
    if (tb->request_count == tb->request_room) {
        tb->request_room = tb->request_room ? 2 * tb->request_room : 64;
        tb->requests = g_renew(struct request, tb->requests, tb->request_room);
    }
    tb->requests[tb->request_count++] = r;
}

/* ---- into the IR --------------------------------------------------------------------------------------- */

static void call_instrument(void *env, uint64_t fn, uint64_t offset, uint64_t arg)
{
    void (*callback)(void *, uint64_t) = (void (*)(void *, uint64_t))(uintptr_t)fn;
    callback((uint8_t *)env + (int64_t)offset, arg);
}

static const struct bp_helper call_helper = {
    .name = "instrument",
    .fn = (void (*)(void))call_instrument,
    .ret = BP_VOID,
    .args = 3,
    .arg_type = { BP_I64, BP_I64, BP_I64 },
    .flags = BP_CALL_ENV | BP_CALL_FP,
};

static void emit_count(struct ir_buffer *ir, int32_t offset, uint64_t n)
{
    ir_append(ir, (struct bp_ir){ BP_COUNT, BP_VOID, 0, (uint32_t)offset, (uint32_t)n,
                                  (uint32_t)(n >> 32) });
}

void instruments_emit(const struct bp_tb *tb, uint32_t insn, struct ir_buffer *ir)
{
    for (uint32_t i = 0; i < tb->request_count; i++) {
        const struct request *r = &tb->requests[i];
        if (r->insn != insn)
            continue;
        if (r->kind == REQUEST_ADD) {
            emit_count(ir, r->offset, r->n);
            continue;
        }
        /* Constants first: args must stand directly before their call. */
        const uint64_t args[3] = { (uintptr_t)r->fn, (uint64_t)(int64_t)r->offset, r->n };
        bp_value v[3];
        for (unsigned a = 0; a < 3; a++)
            v[a] = ir_append(ir, (struct bp_ir){ BP_CONST, BP_I64, 0, 0, (uint32_t)args[a],
                                                 (uint32_t)(args[a] >> 32) });
        for (unsigned a = 0; a < 3; a++)
            ir_append(ir, (struct bp_ir){ BP_ARG, BP_VOID, 0, v[a], 0, 0 });
        ir_append(ir, (struct bp_ir){ BP_CALL, BP_VOID, 3, 0, 0, ir_add_helper(ir, &call_helper) });
    }
}

void instruments_emit_completed(const struct bp_tb *tb, uint64_t insns, struct ir_buffer *ir)
{
    for (uint32_t i = 0; i < tb->count_offset_count && insns; i++)
        emit_count(ir, tb->count_offsets[i], insns);
}

/* ---- the service ----------------------------------------------------------------------------------------- */

static uint32_t api_vcpus(struct bp_run *run) { return run->tcg->vcpu_count; }

static void *api_vcpu_state(struct bp_run *run, uint32_t vcpu)
{
    if (vcpu >= run->tcg->vcpu_count)
        return NULL;
    return (uint8_t *)run->tcg->vcpus[vcpu]->env + run->offset;
}

static void *api_state(struct bp_run *run) { return run->state; }

static void api_report(struct bp_run *run, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    instrument_report(format, ap);
    va_end(ap);
}

static uint32_t api_tb_insns(struct bp_tb *tb) { return tb->insn_count; }
static uint64_t api_tb_pc(struct bp_tb *tb) { return tb->insns[0].pc; }
static struct bp_insn *api_tb_insn(struct bp_tb *tb, uint32_t i)
{
    return i < tb->insn_count ? &tb->insns[i] : NULL;
}
static uint64_t api_insn_pc(struct bp_insn *insn) { return insn->pc; }

static uint32_t api_insn_bytes(struct bp_insn *insn, void *buf, uint32_t size)
{
    memcpy(buf, insn->bytes, size < insn->length ? size : insn->length);
    return insn->length;
}

/* Offset from env of a counter in the running instrument's per-vCPU state; false and a log where it lies
 * outside. */
static bool counter_offset(struct bp_tb *tb, uint32_t offset, uint32_t bytes, int32_t *ret)
{
    const struct bp_run *run = &tb->run->run;
    uint32_t size = run->instrument->vcpu_state;
    if (offset > size || bytes > size - offset) {
        core_error(EINVAL, "instrument %s: counter at %u is outside its vcpu_state of %u bytes",
                   run->instrument->head.id, offset, size);
        return false;
    }
    *ret = run->offset + (int32_t)offset;
    return true;
}

static void api_insn_add(struct bp_insn *insn, uint32_t offset, uint64_t n)
{
    struct request r = { .insn = insn->index, .kind = REQUEST_ADD, .n = n };
    if (counter_offset(insn->tb, offset, sizeof(uint64_t), &r.offset))
        add_request(insn->tb, r);
}

static void api_tb_add(struct bp_tb *tb, uint32_t offset, uint64_t n)
{
    api_insn_add(&tb->insns[0], offset, n);
}

static void api_tb_count_insns(struct bp_tb *tb, uint32_t offset)
{
    int32_t at;
    if (!counter_offset(tb, offset, sizeof(uint64_t), &at))
        return;
    if (tb->count_offset_count == tb->count_offset_room) {
        tb->count_offset_room = tb->count_offset_room ? 2 * tb->count_offset_room : 8;
        tb->count_offsets = g_renew(int32_t, tb->count_offsets, tb->count_offset_room);
    }
    tb->count_offsets[tb->count_offset_count++] = at;
}

static void api_insn_call(struct bp_insn *insn, void (*fn)(void *vcpu_state, uint64_t arg),
                          uint64_t arg)
{
    struct request r = { .insn = insn->index, .kind = REQUEST_CALL, .n = arg, .fn = fn };
    if (counter_offset(insn->tb, 0, 0, &r.offset))
        add_request(insn->tb, r);
}

const struct bp_instrument_api tcg_instrument_api = {
    .size = sizeof(struct bp_instrument_api),
    .vcpus = api_vcpus,
    .vcpu_state = api_vcpu_state,
    .state = api_state,
    .report = api_report,
    .tb_insns = api_tb_insns,
    .tb_pc = api_tb_pc,
    .tb_insn = api_tb_insn,
    .insn_pc = api_insn_pc,
    .insn_bytes = api_insn_bytes,
    .tb_add = api_tb_add,
    .tb_count_insns = api_tb_count_insns,
    .insn_add = api_insn_add,
    .insn_call = api_insn_call,
};
