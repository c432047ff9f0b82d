/* SPDX-License-Identifier: MIT */
/* rig.c: see rig.h. Code memory is mapped twice, writable and executable, as the runtime does. */
#include "rig.h"

#include "tcg-runtime/fp/softfloat.h"
#include "tcg-runtime/ir/ir.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADROOM 2048
#define TLB_ENTRIES 64
#define CACHE_BYTES (4u << 20)

struct tlb_desc {
    uint64_t mask;
    struct bp_tlb_slot *slots;
};

/* Directly below env. */
struct below {
    struct rig *rig;
    uint64_t fp_save[32][2];
    uint64_t int_save[32];
    struct tlb_desc tlb[2];
    struct bp_jump_slot *jump_cache;
    uint64_t jump_tag;
    uint32_t fp_control, fp_flags, fp_rounding, site, interrupt, pad;
};

#define I64_(n) { "x" #n, NULL, BP_I64, 8 * n, BP_GREG_IR, 0 }
#define F64_(n) { "d" #n, NULL, BP_F64, 256 + 8 * n, BP_GREG_IR, 1 }
#define I32_(n) { "w" #n, NULL, BP_I32, 384 + 4 * n, BP_GREG_IR, 0 }
#define F32_(n) { "s" #n, NULL, BP_F32, 416 + 4 * n, BP_GREG_IR, 1 }
#define V128_(n) { "v" #n, NULL, BP_V128, V128_OFFSET + 16 * n, BP_GREG_IR, 1 }
#define EIGHT(m, n0, n1, n2, n3, n4, n5, n6, n7)                                                   \
    m(n0), m(n1), m(n2), m(n3), m(n4), m(n5), m(n6), m(n7)
const struct bp_guest_reg rig_regs[N_REGS] = {
    EIGHT(I64_, 0, 1, 2, 3, 4, 5, 6, 7), EIGHT(I64_, 8, 9, 10, 11, 12, 13, 14, 15),
    EIGHT(I64_, 16, 17, 18, 19, 20, 21, 22, 23), EIGHT(I64_, 24, 25, 26, 27, 28, 29, 30, 31),
    EIGHT(F64_, 0, 1, 2, 3, 4, 5, 6, 7), EIGHT(F64_, 8, 9, 10, 11, 12, 13, 14, 15),
    EIGHT(I32_, 0, 1, 2, 3, 4, 5, 6, 7), EIGHT(F32_, 0, 1, 2, 3, 4, 5, 6, 7),
    EIGHT(V128_, 0, 1, 2, 3, 4, 5, 6, 7),
};

static struct below *below(const struct rig *r)
{
    return (struct below *)(void *)(r->env - sizeof(struct below));
}

struct rig *rig_of_env(void *env)
{
    return ((struct below *)(void *)((uint8_t *)env - sizeof(struct below)))->rig;
}

/* ---- guest memory ---------------------------------------------------------------------------- */

/* What the runtime does on a fault: put the registers back as the site says, and unwind. */
static void restore(struct rig *r)
{
    const struct bp_code_job *job = &r->job;
    const struct below *b = below(r);
    uint64_t values[N_REGS];
    const struct bp_state_site *s = NULL;
    for (uint32_t i = 0; i < job->site_count; i++)
        if (job->sites[i].code + job->code_base_offset == b->site)
            s = &job->sites[i];
    if (!s) {
        fprintf(stderr, "no site for %#x\n", b->site);
        abort();
    }
    r->fault_mark = s->mark;
    for (uint32_t k = 0; k < s->count; k++) {
        const struct bp_state_reg *g = &job->state_regs[s->first + k];
        switch (g->where) {
        case BP_AT_INT_REG: values[k] = b->int_save[g->n]; break;
        case BP_AT_FP_REG: values[k] = b->fp_save[g->n][0]; break;
        case BP_AT_FRAME:
            memcpy(&values[k], r->backend->frame_base(r->env, &r->slots) + g->n, 8);
            break;
        case BP_AT_CONST: values[k] = g->value; break;
        default: values[k] = rig_get(r, g->reg); break;
        }
        if (g->flags & BP_STATE_CANON) {
            bool f64 = rig_regs[g->reg].type == BP_F64;
            uint64_t inf = f64 ? UINT64_C(0x7ff0000000000000) : 0x7f800000u;
            uint64_t magnitude = f64 ? values[k] & INT64_MAX : values[k] & INT32_MAX;
            if (magnitude > inf)
                values[k] = f64 ? UINT64_C(0x7ff8000000000000) : 0x7fc00000u;
        }
    }
    for (uint32_t k = 0; k < s->count; k++)
        rig_set(r, job->state_regs[s->first + k].reg, values[k]);
}

static _Noreturn void fault(struct rig *r, uint64_t va)
{
    r->fault_va = va;
    if (!r->in_oracle)
        restore(r);
    longjmp(r->unwind, 1);
}

static void check_access(struct rig *r, uint64_t va, uint32_t memop, bool write)
{
    uint64_t bytes = BP_MEM_BYTES(memop);
    if (memop & BP_MEM_ALIGNED && va & (bytes - 1))
        fault(r, va);
    for (uint64_t i = 0; i < bytes; i++) {
        uint64_t offset = va + i - RAM_VA, page = offset >> 12;
        if (offset >= RAM_BYTES || page / 2 == PAGE_FAULT / 2 ||
            (write && page / 2 == PAGE_READ_ONLY / 2))
            fault(r, va);
    }
}

static uint64_t to_guest_order(uint64_t v, uint32_t memop)
{
    unsigned bits = 8 * BP_MEM_BYTES(memop);
    if (memop & BP_MEM_BIG_ENDIAN)
        v = __builtin_bswap64(v) >> (64 - bits);
    return bits == 64 ? v : v & (((uint64_t)1 << bits) - 1);
}

static uint64_t extend(uint64_t v, uint32_t memop)
{
    unsigned shift = 64 - 8 * BP_MEM_BYTES(memop);
    return memop & BP_MEM_SIGNED ? (uint64_t)((int64_t)(v << shift) >> shift) : v << shift >> shift;
}

static uint64_t peek(struct rig *r, uint64_t va, uint32_t memop)
{
    uint64_t v = 0;
    memcpy(&v, r->ram + (va - RAM_VA), BP_MEM_BYTES(memop));
    return to_guest_order(v, memop);
}

static void poke(struct rig *r, uint64_t va, uint32_t memop, uint64_t v)
{
    v = to_guest_order(v, memop);
    memcpy(r->ram + (va - RAM_VA), &v, BP_MEM_BYTES(memop));
}

/* Moves the TLB to other memory, as growing it does; the old one would lead astray. */
static void fill_tlb(struct rig *r)
{
    struct below *b = below(r);
    r->tlb = r->tlbs[r->tlb == r->tlbs[0]];
    for (unsigned i = 0; i < TLB_ENTRIES; i++)
        r->tlb[i].tag[0] = r->tlb[i].tag[1] = r->tlb[i].tag[2] = 1;
    for (unsigned page = 0; page < RAM_PAGES; page++) {
        uint64_t va = RAM_VA + 4096 * page;
        struct bp_tlb_slot *s = &r->tlb[(va >> 12) % TLB_ENTRIES];
        s->addend = (uint64_t)(uintptr_t)r->ram - RAM_VA;
        if (page / 2 == PAGE_SLOW / 2 || page / 2 == PAGE_FAULT / 2)
            continue;
        s->tag[0] = va;
        s->tag[1] = page / 2 == PAGE_READ_ONLY / 2 ? va | 1 : va;
    }
    struct bp_tlb_slot *old = r->tlbs[r->tlb == r->tlbs[0]];
    memcpy(old, r->tlb, TLB_ENTRIES * sizeof *old);
    for (unsigned i = 0; i < TLB_ENTRIES; i++)
        old[i].addend += UINT64_C(1) << 62;
    for (unsigned i = 0; i < 2; i++)
        b->tlb[i] = (struct tlb_desc){ (TLB_ENTRIES - 1) << BP_TLB_SLOT_LOG2, r->tlb };
}

/* To see whether a slow path keeps registers and FP control as the ABI allows C not to. */
static void disturb(void)
{
#ifdef __x86_64__
    __asm__ volatile("xor %%eax, %%eax\n\tmov $-1, %%rcx\n\tmov %%rcx, %%r8\n\tmov %%rcx, %%r9\n\t"
                     "mov %%rcx, %%r10\n\tmov %%rcx, %%r11\n\tmov %%rcx, %%rsi\n\t"
                     "pcmpeqd %%xmm0, %%xmm0\n\tmovaps %%xmm0, %%xmm7\n\tmovaps %%xmm0, %%xmm15"
                     : : : "rax", "rcx", "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm7", "xmm15");
#endif
}

uint64_t rig_load(void *env, uint64_t va, uint32_t memop)
{
    struct rig *r = rig_of_env(env);
    disturb();
    fill_tlb(r);
    check_access(r, va, memop, false);
    return extend(peek(r, va, memop), memop);
}

void rig_store(void *env, uint64_t va, uint64_t value, uint32_t memop)
{
    struct rig *r = rig_of_env(env);
    disturb();
    fill_tlb(r);
    check_access(r, va, memop, true);
    poke(r, va, memop, value);
}

uint64_t rig_rmw(void *env, uint64_t va, uint64_t value, uint32_t memop, uint32_t kind)
{
    struct rig *r = rig_of_env(env);
    uint32_t plain = memop & ~BP_MEM_SIGNED, sign = memop | BP_MEM_SIGNED;
    disturb();
    fill_tlb(r);
    check_access(r, va, memop, true);
    uint64_t old = peek(r, va, memop), v;
    int64_t s_old = (int64_t)extend(old, sign), s_value = (int64_t)extend(value, sign);
    uint64_t u_value = extend(value, plain);
    switch (kind) {
    case BP_RMW_XCHG: v = value; break;
    case BP_RMW_ADD: v = old + value; break;
    case BP_RMW_AND: v = old & value; break;
    case BP_RMW_OR: v = old | value; break;
    case BP_RMW_XOR: v = old ^ value; break;
    case BP_RMW_MIN: v = s_old < s_value ? old : value; break;
    case BP_RMW_MAX: v = s_old > s_value ? old : value; break;
    case BP_RMW_MINU: v = old < u_value ? old : value; break;
    default: v = old > u_value ? old : value; break;
    }
    poke(r, va, memop, v);
    return extend(old, memop);
}

uint64_t rig_cas(void *env, uint64_t va, uint64_t expected, uint64_t desired, uint32_t memop)
{
    struct rig *r = rig_of_env(env);
    disturb();
    fill_tlb(r);
    check_access(r, va, memop, true);
    uint64_t old = peek(r, va, memop);
    if (old == extend(expected, memop & ~BP_MEM_SIGNED))
        poke(r, va, memop, desired);
    return extend(old, memop);
}

static const struct bp_runtime_calls calls = {
    .size = sizeof calls, .load = rig_load, .store = rig_store, .rmw = rig_rmw, .cas = rig_cas,
    .vector = tcg_vector,
};

/* ---- helpers --------------------------------------------------------------------------------- */

static uint64_t do_add(uint64_t a, uint64_t b)
{
    disturb();
    return a + b;
}
static uint64_t do_sum(void *env)
{
    uint64_t sum = 0;
    disturb();
    for (unsigned i = 0; i < 8; i++)
        sum += (i + 1) * rig_get(rig_of_env(env), i);
    return sum;
}
static void do_write(void *env, uint64_t a)
{
    struct rig *r = rig_of_env(env);
    disturb();
    rig_set(r, 3, 3 * rig_get(r, 3) + a);
}
static uint32_t do_raise(void *env, uint32_t a)
{
    disturb();
    if (a & 1)
        fault(rig_of_env(env), 0);
    return a >> 1;
}
static uint64_t do_fp(void *env, uint64_t a)
{
    struct rig *r = rig_of_env(env);
    double d;
    memcpy(&d, &a, 8);
#ifdef __x86_64__
    uint32_t control;
    __asm__ volatile("stmxcsr %0" : "=m"(control));
    if (!r->in_oracle && (control & ~0x3fu) != 0x1f80)
        return 0xbad;
#endif
    struct below *b = below(r);
    if (r->in_oracle)
        b->fp_flags |= BP_FP_DIV_ZERO;
    else
        b->fp_control = r->backend->fp_with_flags(
            b->fp_control, r->backend->fp_flags(b->fp_control) | BP_FP_DIV_ZERO);
    if (!(r->backend->fp_flags(b->fp_control) & BP_FP_DIV_ZERO))
        b->fp_flags |= BP_FP_DIV_ZERO; /* a backend that keeps no flags there */
    disturb();
    memcpy(&a, &d, 8);
    return a ^ 1;
}
static uint64_t do_six(uint64_t a, uint32_t b, uint64_t c, uint32_t d, uint64_t e, uint64_t f)
{
    disturb();
    return a + 3 * (uint64_t)b + 5 * c + 7 * (uint64_t)d + 11 * e + 13 * f;
}
#define FN(f) (void (*)(void))(f)
const struct bp_helper help_add = { "add", FN(do_add), BP_I64, 2, { BP_I64, BP_I64 },
                                    BP_CALL_PURE };
const struct bp_helper help_sum = { "sum", FN(do_sum), BP_I64, 0, { 0 },
                                    BP_CALL_READS_STATE | BP_CALL_ENV };
const struct bp_helper help_write = { "write", FN(do_write), BP_VOID, 1, { BP_I64 },
                                      BP_CALL_READS_STATE | BP_CALL_WRITES_STATE | BP_CALL_ENV };
const struct bp_helper help_raise = { "raise", FN(do_raise), BP_I32, 1, { BP_I32 },
                                      BP_CALL_MAY_RAISE | BP_CALL_ENV };
const struct bp_helper help_fp = { "fp", FN(do_fp), BP_F64, 1, { BP_F64 },
                                   BP_CALL_FP | BP_CALL_ENV };
const struct bp_helper help_six = { "six", FN(do_six), BP_I64, 6,
                                    { BP_I64, BP_I32, BP_I64, BP_I32, BP_I64, BP_F64 },
                                    BP_CALL_PURE };

/* ---- making one ------------------------------------------------------------------------------ */

extern const struct bp_plugin bp_plugin; /* of the backend that is linked in */

static const struct bp_backend *open_backend(const char *file)
{
    const struct bp_plugin *p = &bp_plugin;
    if (file) {
        void *so = dlopen(file, RTLD_NOW | RTLD_LOCAL);
        if (!so) {
            fprintf(stderr, "%s\n", dlerror());
            return NULL;
        }
        p = dlsym(so, "bp_plugin");
    }
    for (const struct bp_import *const *i = p->imports; i < p->imports_end; i++)
        if (!strcmp((*i)->id, "backplane.softfloat/1"))
            *(*i)->slot = &tcg_softfloat_api;
    for (const struct bp_head *const *e = p->entities; e < p->entities_end; e++)
        if ((*e)->kind == BP_KIND_BACKEND)
            return (const struct bp_backend *)(const void *)*e;
    return NULL;
}

static int map_cache(struct rig *r)
{
    int fd = memfd_create("code", 0);
    if (fd < 0 || ftruncate(fd, CACHE_BYTES))
        return -1;
    r->cache_size = CACHE_BYTES;
    r->cache_rw = mmap(NULL, CACHE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    r->cache_rx = mmap(NULL, CACHE_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    close(fd);
    return r->cache_rw == MAP_FAILED || r->cache_rx == MAP_FAILED ? -1 : 0;
}

static void set_slots(struct rig *r)
{
#define AT(m) (int32_t)offsetof(struct below, m) - (int32_t)sizeof(struct below)
    r->slots = (struct bp_slots){
        .size = sizeof r->slots, .pc = PC_OFFSET, .interrupt = AT(interrupt), .site = AT(site),
        .jump_cache = AT(jump_cache), .jump_tag = AT(jump_tag), .tlb = AT(tlb),
        .fp_control = AT(fp_control), .fp_flags = AT(fp_flags), .fp_rounding = AT(fp_rounding),
        .int_save = AT(int_save), .fp_save = AT(fp_save), .jump_shift = 1,
    };
}

struct rig *rig_new(const char *plugin, uint64_t features)
{
    struct rig *r = calloc(1, sizeof *r);
    char err[200];
    r->backend = open_backend(plugin);
    if (!r->backend || map_cache(r))
        return NULL;
    r->features = (r->backend->features ? r->backend->features() : 0) & features;
    r->area = aligned_alloc(64, HEADROOM + ENV_BYTES + 48);
    r->env = r->area + HEADROOM;
    for (unsigned i = 0; i < 2; i++)
        r->tlbs[i] = aligned_alloc(64, TLB_ENTRIES * sizeof *r->tlb);
    r->jumps = calloc(1u << BP_JUMP_CACHE_LOG2, sizeof *r->jumps);
    memset(r->area, 0, HEADROOM + ENV_BYTES);
    below(r)->rig = r;
    below(r)->jump_cache = r->jumps;
    below(r)->jump_tag = 7;
    below(r)->fp_control = r->backend->fp_initial;
    set_slots(r);
    fill_tlb(r);
    if (r->backend->prologue)
        r->prologue = r->backend->prologue(r->cache_rw, r->cache_rx, r->cache_size, &r->slots,
                                           &calls, r->features);
    if (r->backend->codegen) {
        r->alloc = tcg_alloc_new(r->backend, r->features, err, sizeof err);
        if (!r->alloc) {
            fprintf(stderr, "%s\n", err);
            return NULL;
        }
    }
    r->job.exit_patch = calloc(PROG_EXITS, sizeof *r->job.exit_patch);
    r->job.site_room = PROG_RECORDS;
    r->job.state_reg_room = 200000;
    r->job.sites = calloc(r->job.site_room, sizeof *r->job.sites);
    r->job.state_regs = calloc(r->job.state_reg_room, sizeof *r->job.state_regs);
    return r;
}

void rig_free(struct rig *r)
{
    tcg_alloc_free(r->alloc);
    munmap(r->cache_rw, r->cache_size);
    munmap((void *)(uintptr_t)r->cache_rx, r->cache_size);
    free(r->job.exit_patch);
    free(r->job.sites);
    free(r->job.state_regs);
    free(r->area);
    free(r->tlbs[0]);
    free(r->tlbs[1]);
    free(r->jumps);
    free(r);
}

void rig_features(struct rig *r, uint64_t features)
{
    char err[200];
    r->features = features;
    tcg_alloc_free(r->alloc);
    r->alloc = tcg_alloc_new(r->backend, features, err, sizeof err);
}

/* ---- running --------------------------------------------------------------------------------- */

int rig_compile(struct rig *r, const struct prog *p)
{
    struct bp_code_job *j = &r->job;
    j->size = sizeof *j;
    j->ir = p->ir;
    j->ir_count = p->n;
    j->exits = p->exits;
    j->exit_count = p->exit_n;
    j->guest_regs = rig_regs;
    j->guest_reg_count = N_REGS;
    j->helpers = p->helpers;
    j->slots = &r->slots;
    j->calls = &calls;
    j->features = r->features;
    j->code_base_offset = r->prologue + r->at;
    j->prologue = r->cache_rx;
    j->code_rw = r->cache_rw + j->code_base_offset;
    j->code_rx = r->cache_rx + j->code_base_offset;
    j->code_room = r->cache_size - j->code_base_offset;
    j->repeat_offset = 0;
    int err = r->alloc ? tcg_alloc_emit(r->alloc, j) : r->backend->compile(j);
    for (uint32_t e = 0; !err && r->chained && e < p->exit_n; e++)
        if (p->exits[e].flags & BP_EXIT_REPEAT && j->exit_patch[e] != UINT32_MAX)
            r->backend->patch(j->code_rw + j->exit_patch[e], j->code_rx + j->exit_patch[e],
                              j->code_rx + j->repeat_offset);
    return err;
}

static struct outcome outcome_of(struct rig *r, uint64_t word)
{
    struct outcome o = { 0 };
    switch (word & 7) {
    case BP_OUT_EXIT: case BP_OUT_INTERRUPT:
        o.kind = (word & 7) == BP_OUT_EXIT ? OUT_EXIT : OUT_INTERRUPT;
        o.exit = (uint32_t)(word >> 3 & 0xffff);
        break;
    case BP_OUT_LEAVE:
        o.kind = OUT_LEAVE;
        o.why = (uint32_t)(word >> 3);
        break;
    default:
        o.kind = (word & 7) == BP_OUT_LOOKUP ? OUT_LOOKUP : OUT_LOOKUP_INTERRUPT;
        break;
    }
    return o;
}

struct outcome rig_run(struct rig *r)
{
    struct below *b = below(r);
    struct outcome o;
    r->in_oracle = false;
    b->fp_flags = 0;
    b->fp_control = r->backend->fp_with_flags(b->fp_control, 0);
    if (setjmp(r->unwind) == 0) {
        o = outcome_of(r, r->backend->enter(r->cache_rx, r->env, r->job.code_rx));
    } else {
        o = (struct outcome){ .kind = OUT_FAULT, .mark = r->fault_mark };
        if (r->backend->unwound)
            r->backend->unwound();
#ifdef __x86_64__
        uint32_t control;
        __asm__ volatile("stmxcsr %0" : "=m"(control));
        if ((control & ~0x3fu) != 0x1f80)
            o.kind = -1;
#endif
    }
    o.flags = b->fp_flags | r->backend->fp_flags(b->fp_control);
    return o;
}

/* ---- state ----------------------------------------------------------------------------------- */

void rig_reset(struct rig *r)
{
    memset(r->env, 0, ENV_BYTES);
    memset(r->ram, 0, RAM_BYTES);
    below(r)->interrupt = 0;
    rig_set_rounding(r, BP_ROUND_NEAREST_EVEN);
}

/* Of a vector, the low half. */
static size_t scalar_bytes(unsigned reg)
{
    size_t n = ir_type_bits[rig_regs[reg].type] / 8;
    return n < 8 ? n : 8;
}

void rig_set(struct rig *r, unsigned reg, uint64_t v)
{
    memcpy(r->env + rig_regs[reg].offset, &v, scalar_bytes(reg));
}

uint64_t rig_get(const struct rig *r, unsigned reg)
{
    uint64_t v = 0;
    memcpy(&v, r->env + rig_regs[reg].offset, scalar_bytes(reg));
    return v;
}

void rig_set_rounding(struct rig *r, unsigned rounding)
{
    struct below *b = below(r);
    b->fp_rounding = rounding;
    b->fp_control = r->backend->fp_with_rounding(b->fp_control, rounding);
}

void rig_set_interrupt(struct rig *r, uint32_t v) { below(r)->interrupt = v; }

void rig_share_ram(struct rig *r, struct rig *owner)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++)
        r->tlb[i].addend = (uint64_t)(uintptr_t)owner->ram - RAM_VA;
}

uint64_t rig_pc(const struct rig *r)
{
    uint64_t v;
    memcpy(&v, r->env + PC_OFFSET, 8);
    return v;
}

uint64_t rig_counter(const struct rig *r)
{
    uint64_t v;
    memcpy(&v, r->env + COUNTER_OFFSET, 8);
    return v;
}

unsigned rig_count(const struct rig *r, bool all, FILE *f)
{
    unsigned n = 0;
    char text[128];
    for (uint32_t at = 0; at < r->job.code_size;) {
        const uint8_t *p = r->job.code_rw + at;
        unsigned length = r->backend->disassemble
            ? r->backend->disassemble(p, r->job.code_size - at, at, text, sizeof text) : 0;
        if (!length)
            break;
        n++;
        if (f)
            fprintf(f, "    %4x  %s\n", at, text);
        at += length;
        if (!all && (!strncmp(text, "jmp", 3)))
            break;
    }
    return n;
}

/* ---- programs -------------------------------------------------------------------------------- */

void prog_init(struct prog *p)
{
    p->n = 1;
    p->exit_n = p->helper_n = 0;
    p->ir[0] = (struct bp_ir){ 0 };
}

uint32_t p_emit(struct prog *p, unsigned op, unsigned type, unsigned aux, uint32_t a, uint32_t b,
                uint32_t c)
{
    if (p->n == PROG_RECORDS) {
        fprintf(stderr, "program too long\n");
        abort();
    }
    p->ir[p->n] = (struct bp_ir){ (uint8_t)op, (uint8_t)type, (uint16_t)aux, a, b, c };
    return p->n++;
}

uint32_t p_const(struct prog *p, unsigned type, uint64_t v)
{
    return p_emit(p, BP_CONST, type, 0, 0, (uint32_t)v, (uint32_t)(v >> 32));
}

void p_mark(struct prog *p, uint64_t pc)
{
    p_emit(p, BP_MARK, BP_VOID, 4, 0, (uint32_t)pc, (uint32_t)(pc >> 32));
}

uint32_t p_exit_number(struct prog *p, uint64_t pc, uint32_t flags)
{
    p->exits[p->exit_n] = (struct bp_ir_exit){ .pc = pc, .cookie = (uint64_t)p->exit_n << 3,
                                               .flags = flags };
    return p->exit_n++;
}

uint32_t p_helper(struct prog *p, const struct bp_helper *h)
{
    for (uint32_t i = 0; i < p->helper_n; i++)
        if (p->helpers[i] == h)
            return i;
    p->helpers[p->helper_n] = h;
    return p->helper_n++;
}

uint32_t p_call(struct prog *p, const struct bp_helper *h, unsigned n, const uint32_t *args)
{
    for (unsigned i = 0; i < n; i++)
        p_emit(p, BP_ARG, BP_VOID, 0, args[i], 0, 0);
    return p_emit(p, BP_CALL, h->ret, n, 0, 0, p_helper(p, h));
}

void prog_print(const struct prog *p, FILE *f)
{
    struct ir_buffer b = { 0 };
    char text[256];
    b.rec = (struct bp_ir *)(uintptr_t)p->ir;
    b.count = p->n;
    b.exits = (struct bp_ir_exit *)(uintptr_t)p->exits;
    b.exit_count = p->exit_n;
    b.helpers = (const struct bp_helper **)(uintptr_t)p->helpers;
    b.helper_count = p->helper_n;
    b.regs = rig_regs;
    b.reg_count = N_REGS;
    for (uint32_t i = 1; i < p->n; i++) {
        if (p->ir[i].op == BP_NOP)
            continue;
        ir_print_record(&b, i, text, sizeof text);
        fprintf(f, "    %s\n", text);
    }
}
