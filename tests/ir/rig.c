/* SPDX-License-Identifier: MIT */
/*
 * rig.c: the small vCPU of rig.h.
 */
#include "rig.h"

#include "tcg-runtime/alloc/internal.h"
#include "tcg-runtime/fp/softfloat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REG(n, t, i) { .name = n, .type = t, .offset = 8 * (i), .flags = BP_GREG_IR }
const struct bp_guest_reg rig_regs[RIG_REGS] = {
    REG("r0", BP_I64, 0), REG("r1", BP_I64, 1), REG("r2", BP_I64, 2), REG("r3", BP_I64, 3),
    REG("r4", BP_I64, 4), REG("r5", BP_I64, 5), REG("r6", BP_I64, 6), REG("r7", BP_I64, 7),
    REG("w0", BP_I32, 8), REG("w1", BP_I32, 9), REG("w2", BP_I32, 10), REG("w3", BP_I32, 11),
    REG("h0", BP_I16, 12), REG("h1", BP_I16, 13), REG("b0", BP_I8, 14), REG("b1", BP_I8, 15),
    REG("s0", BP_F32, 16), REG("s1", BP_F32, 17), REG("s2", BP_F32, 18), REG("s3", BP_F32, 19),
    REG("d0", BP_F64, 20), REG("d1", BP_F64, 21), REG("d2", BP_F64, 22), REG("d3", BP_F64, 23),
    REG("v0", BP_V128, 24), REG("v1", BP_V128, 26), REG("v2", BP_V128, 28), REG("v3", BP_V128, 30),
};

/* ---- helpers that IR may call ---------------------------------------------------------------- */

static struct rig *rig_of(void *env)
{
    return (struct rig *)(void *)((uint8_t *)env - offsetof(struct rig, env));
}

static uint64_t add2(uint64_t a, uint64_t b) { return a + b; }
static uint64_t widths(uint8_t a, uint16_t b, uint32_t c, uint64_t d, uint64_t e)
{
    return a + 0x100u * b + 0x1000000ull * c + d + (e >> 56);
}
static uint32_t get_r7(void *env) { return (uint32_t)rig_get(rig_of(env), 7); }
static void set_r7(void *env, uint64_t v) { rig_set(rig_of(env), 7, v); }
static void raise_fault(void *env) { longjmp(rig_of(env)->unwind, 1); }
static void fp_touch(void *env) { rig_of(env)->fields.fp_flags = 0; }
static uint32_t fret(uint32_t a) { return a ^ 0x80000000u; }

#define FN(f) (void (*)(void))f
static const struct bp_helper helper_add2 = { "add2", FN(add2), BP_I64, 2, { BP_I64, BP_I64 },
                                              BP_CALL_PURE };
static const struct bp_helper helper_widths = { "widths", FN(widths), BP_I64, 5,
                                                { BP_I8, BP_I16, BP_I32, BP_I64, BP_F64 },
                                                BP_CALL_PURE };
static const struct bp_helper helper_get_r7 = { "get_r7", FN(get_r7), BP_I32, 0, { 0 },
                                                BP_CALL_READS_STATE | BP_CALL_ENV };
static const struct bp_helper helper_set_r7 = { "set_r7", FN(set_r7), BP_VOID, 1, { BP_I64 },
                                                BP_CALL_WRITES_STATE | BP_CALL_ENV };
static const struct bp_helper helper_raise = { "raise", FN(raise_fault), BP_VOID, 0, { 0 },
                                               BP_CALL_MAY_RAISE | BP_CALL_ENV };
static const struct bp_helper helper_halt = { "halt", FN(raise_fault), BP_VOID, 0, { 0 },
                                              BP_CALL_NO_RETURN | BP_CALL_ENV };
static const struct bp_helper helper_fp_touch = { "fp_touch", FN(fp_touch), BP_VOID, 0, { 0 },
                                                  BP_CALL_FP | BP_CALL_ENV };
static const struct bp_helper helper_fret = { "fret", FN(fret), BP_F32, 1, { BP_F32 },
                                              BP_CALL_PURE };
const struct bp_helper *const rig_helpers[RIG_HELPERS] = {
    &helper_add2, &helper_widths, &helper_get_r7, &helper_set_r7,
    &helper_raise, &helper_halt, &helper_fp_touch, &helper_fret,
};

/* ---- memory ---------------------------------------------------------------------------------- */

/* The byte of the guest's memory, or the end of the run. The slow path knows no mmu. */
static uint8_t *slow_byte(struct rig *rig, uint64_t va, bool write)
{
    if (va < RIG_RAM_AT || va >= RIG_RAM_AT + RIG_RAM || (write && va >= RIG_RAM_AT + 0x3000)) {
        rig->fault_address = va;
        longjmp(rig->unwind, 1);
    }
    return &rig->ram[va - RIG_RAM_AT];
}

static uint64_t slow_value(struct rig *rig, uint64_t va, uint32_t memop)
{
    unsigned n = BP_MEM_BYTES(memop);
    uint64_t v = 0;
    if (memop & BP_MEM_ALIGNED && va % n) {
        rig->fault_address = va;
        longjmp(rig->unwind, 1);
    }
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)*slow_byte(rig, va + i, false)
             << 8 * (memop & BP_MEM_BIG_ENDIAN ? n - 1 - i : i);
    if (memop & BP_MEM_SIGNED && n < 8 && v >> (8 * n - 1))
        v |= UINT64_MAX << 8 * n;
    return v;
}

static uint64_t slow_load(void *env, uint64_t va, uint32_t memop)
{
    rig_of(env)->slow_calls++;
    return slow_value(rig_of(env), va, memop);
}

static void slow_store(void *env, uint64_t va, uint64_t value, uint32_t memop)
{
    struct rig *rig = rig_of(env);
    unsigned n = BP_MEM_BYTES(memop);
    rig->slow_calls++;
    if (memop & BP_MEM_ALIGNED && va % n) {
        rig->fault_address = va;
        longjmp(rig->unwind, 1);
    }
    for (unsigned i = n; i-- > 0;) /* a fault in the second page comes before any byte is written */
        slow_byte(rig, va + i, true);
    for (unsigned i = 0; i < n; i++)
        *slow_byte(rig, va + i, true) =
            (uint8_t)(value >> 8 * (memop & BP_MEM_BIG_ENDIAN ? n - 1 - i : i));
}

static uint64_t slow_rmw(void *env, uint64_t va, uint64_t value, uint32_t memop, uint32_t kind)
{
    uint64_t old = slow_value(rig_of(env), va, memop);
    uint64_t next = kind == BP_RMW_ADD ? old + value : kind == BP_RMW_XCHG ? value : old;
    slow_store(env, va, next, memop);
    return old;
}

static uint64_t slow_cas(void *env, uint64_t va, uint64_t expected, uint64_t desired,
                         uint32_t memop)
{
    uint64_t old = slow_value(rig_of(env), va, memop);
    uint64_t difference = old ^ expected;
    slow_store(env, va, difference << (64 - 8 * BP_MEM_BYTES(memop)) ? old : desired, memop);
    return old;
}

static void map_page(struct rig *rig, unsigned mmu, uint64_t va, bool write)
{
    struct bp_tlb_slot *s = &rig->tlb_slots[mmu][va >> BP_TLB_PAGE_LOG2 & 15];
    s->tag[0] = va;
    s->tag[1] = write ? va : 1;
    s->addend = (uint64_t)(uintptr_t)rig->ram - RIG_RAM_AT;
}

/* ---- the vCPU -------------------------------------------------------------------------------- */

extern const struct bp_plugin bp_plugin; /* the interpreter is linked in */

static void import_softfloat(void)
{
    for (const struct bp_import *const *i = bp_plugin.imports; i < bp_plugin.imports_end; i++) {
        if (!strcmp((*i)->id, "backplane.softfloat/1"))
            *(*i)->slot = &tcg_softfloat_api;
    }
}

#define SLOT(member)                                                                               \
    ((int32_t)offsetof(struct rig, fields.member) - (int32_t)offsetof(struct rig, env))

struct rig *rig_new(void)
{
    struct rig *rig = aligned_alloc(64, (sizeof *rig + 63) & ~(size_t)63);
    if (!rig)
        abort();
    memset(rig, 0, sizeof *rig);
    import_softfloat();
    rig->backend = (const struct bp_backend *)(const void *)*bp_plugin.entities;
    rig->slots = (struct bp_slots){
        .size = sizeof rig->slots, .pc = SLOT(pc), .interrupt = SLOT(interrupt), .site = SLOT(site),
        .jump_cache = SLOT(jump_cache), .jump_tag = SLOT(jump_tag), .tlb = SLOT(tlb),
        .fp_control = SLOT(fp_control), .fp_flags = SLOT(fp_flags),
        .fp_rounding = SLOT(fp_rounding), .jump_shift = 1,
    };
    rig->calls = (struct bp_runtime_calls){ sizeof rig->calls, 0, slow_load, slow_store, slow_rmw,
                                            slow_cas };
    rig->calls.vector = tcg_vector;
    rig_clear(rig);
    rig_reset(rig);
    return rig;
}

void rig_free(struct rig *rig)
{
    free(rig);
}

void rig_reset(struct rig *rig)
{
    memset(&rig->fields, 0, sizeof rig->fields);
    memset(rig->env, 0, sizeof rig->env);
    for (unsigned i = 0; i < sizeof rig->ram; i++)
        rig->ram[i] = (uint8_t)(i * 7 + 0x80);
    for (unsigned mmu = 0; mmu < 2; mmu++) {
        for (unsigned i = 0; i < 16; i++)
            rig->tlb_slots[mmu][i] = (struct bp_tlb_slot){ { 1, 1, 1 }, 0 };
        rig->fields.tlb[mmu][0] = 15 << BP_TLB_SLOT_LOG2;
        rig->fields.tlb[mmu][1] = (uintptr_t)rig->tlb_slots[mmu];
        map_page(rig, mmu, 0x10000, true);
    }
    map_page(rig, 1, 0x11000, true);
    map_page(rig, 1, 0x13000, false);
    rig->fields.jump_cache = rig->jumps;
    rig->fields.fp_rounding = BP_ROUND_NEAREST_EVEN;
    rig->slow_calls = 0;
    rig->fault_address = 0;
}

void rig_set(struct rig *rig, unsigned reg, uint64_t value)
{
    memcpy(rig->env + rig_regs[reg].offset, &value, sizeof value); /* little-endian hosts only */
    if (rig_regs[reg].type == BP_V128)
        memcpy(rig->env + rig_regs[reg].offset + 8, &value, sizeof value);
}

uint64_t rig_get(const struct rig *rig, unsigned reg)
{
    uint64_t v = 0;
    unsigned bytes = ir_type_bits[rig_regs[reg].type] / 8;
    memcpy(&v, rig->env + rig_regs[reg].offset, bytes < sizeof v ? bytes : sizeof v);
    return v;
}

void rig_clear(struct rig *rig)
{
    rig->code_used = rig->backend->prologue(rig->code, rig->code, RIG_CODE, &rig->slots,
                                            &rig->calls, rig->backend->features());
    rig->code_used = (rig->code_used + 15) & ~15u;
}

const uint8_t *rig_compile(struct rig *rig, const struct ir_buffer *b)
{
    static struct bp_state_reg no_regs[1];
    uint8_t *code = rig->code + rig->code_used;
    struct bp_code_job job = {
        .size = sizeof job, .ir_count = b->count, .ir = b->rec, .exits = b->exits,
        .exit_count = b->exit_count, .guest_reg_count = RIG_REGS, .guest_regs = rig_regs,
        .helpers = b->helpers, .slots = &rig->slots, .calls = &rig->calls, .code_rw = code,
        .code_rx = code, .code_room = RIG_CODE - rig->code_used,
        .code_base_offset = rig->code_used, .exit_patch = rig->exit_patch, .sites = rig->sites,
        .state_regs = no_regs, .site_room = sizeof rig->sites / sizeof *rig->sites,
    };
    if (b->exit_count > sizeof rig->exit_patch / sizeof *rig->exit_patch) {
        fprintf(stderr, "too many exits for the rig\n");
        return NULL;
    }
    int r = rig->backend->compile(&job);
    if (r) {
        fprintf(stderr, "compile: %s\n", strerror(-r));
        return NULL;
    }
    rig->site_count = job.site_count;
    rig->exit_base = rig->code_used;
    rig->code_used = (rig->code_used + job.code_size + 15) & ~15u;
    return code;
}

uint64_t rig_run(struct rig *rig, const uint8_t *code)
{
    if (setjmp(rig->unwind))
        return RIG_FAULT;
    return rig->backend->enter(rig->code, rig->env, code);
}

/* ---- comparing ------------------------------------------------------------------------------- */

struct outcome {
    uint64_t exit, pc;
    uint32_t flags;
    uint8_t env[sizeof(((struct rig *)0)->env)], ram[RIG_RAM];
};

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* Even seeds: random registers; odd ones: values where things happen. r0 is often an address. */
static void run_from(struct rig *rig, const uint8_t *code, unsigned seed, struct outcome *ret)
{
    static const uint64_t plain[] = { 0, 1, UINT64_MAX, 0x10010, 0x8000000080000000,
                                      0x7ff0000000000001, 0x3ff000003f800000, 0xffffffff7fc00000 };
    uint64_t x = (seed + 1) * 0x9e3779b97f4a7c15u;
    rig_reset(rig);
    for (unsigned reg = 0; reg < RIG_REGS; reg++) {
        uint64_t v = next_random(&x);
        rig_set(rig, reg, seed & 1 ? plain[v % 8] : v);
        if (rig_regs[reg].type == BP_V128)
            memcpy(rig->env + rig_regs[reg].offset, &x, sizeof x);
    }
    if (seed & 2)
        rig_set(rig, R0, 0x10020);
    memset(ret, 0, sizeof *ret);
    ret->exit = rig_run(rig, code);
    ret->pc = rig->fields.pc;
    ret->flags = rig->fields.fp_flags;
    memcpy(ret->env, rig->env, sizeof ret->env);
    memcpy(ret->ram, rig->ram, sizeof ret->ram);
}

static const uint8_t *check_and_compile(struct rig *rig, struct ir_buffer *b, char *msg,
                                        size_t size)
{
    for (uint32_t i = 0; i < b->exit_count; i++)
        b->exits[i].cookie = b->exits[i].pc << 3;
    if (!ir_check(b, msg, size))
        return NULL;
    const uint8_t *code = rig_compile(rig, b);
    if (!code)
        snprintf(msg, size, "is not compiled");
    return code;
}

bool rig_compare(struct rig *rig, struct ir_buffer *a, struct ir_buffer *b, unsigned seeds,
                 char *msg, size_t size)
{
    struct outcome x, y;
    rig_clear(rig);
    const uint8_t *code_a = check_and_compile(rig, a, msg, size);
    const uint8_t *code_b = code_a ? check_and_compile(rig, b, msg, size) : NULL;
    if (!code_b)
        return false;
    for (unsigned seed = 0; seed < seeds; seed++) {
        run_from(rig, code_a, seed, &x);
        run_from(rig, code_b, seed, &y);
        if (!memcmp(&x, &y, sizeof x))
            continue;
        snprintf(msg, size, "runs differently from seed %u: exit %#llx and %#llx, %s differ", seed,
                 (unsigned long long)x.exit, (unsigned long long)y.exit,
                 memcmp(x.env, y.env, sizeof x.env)   ? "registers"
                 : memcmp(x.ram, y.ram, sizeof x.ram) ? "memory"
                                                      : "flags or pc");
        return false;
    }
    return true;
}

bool rig_parse(struct ir_buffer *b, const char *text)
{
    char err[200];
    if (ir_parse(b, text, strlen(text), rig_helpers, RIG_HELPERS, err, sizeof err) ||
        !ir_check(b, err, sizeof err)) {
        fprintf(stderr, "%s\nin:\n%s", err, text);
        return false;
    }
    return true;
}
