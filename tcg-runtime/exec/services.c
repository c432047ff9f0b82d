/* SPDX-License-Identifier: MIT */
/* services.c: the interfaces that the runtime offers to targets, backends and instruments. */
#include "tcg-runtime/exec/debug.h"
#include "tcg-runtime/exec/instruments.h"
#include "tcg-runtime/exec/user.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void api_restore(void *env) { tcg_restore(tcg_of_env(env)); }

static void __attribute__((noreturn)) api_resume(void *env) { tcg_resume(tcg_of_env(env)); }

static void api_interrupt(void *env)
{
    struct vcpu *v = vcpu_of_env(env);
    struct tcg_vcpu *c = v->priv;
    atomic_store(&v->interrupt, 1);
    if (c)
        tcg_kick(c);
    vcpu_wake(v);
}

static void api_tlb_flush(void *env) { tlb_flush_all(tcg_of_env(env)); }
static void api_tlb_flush_space(void *env, uint64_t space)
{
    tlb_flush_space(tcg_of_env(env), space);
}
static void api_tlb_flush_page(void *env, uint64_t va) { tlb_flush_page(tcg_of_env(env), va); }
static void api_tlb_forget(void *env, const struct bp_tlb_flush *what)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    tlb_forget(c, what);
    if (what->flags & BP_FLUSH_OTHERS)
        tlb_post(c, what);
}
static void api_tlb_sync(void *env) { tlb_sync(tcg_of_env(env)); }

/* RAM behind `bytes` bytes at gpa, or NULL. */
static uint8_t *phys_host(struct tcg_vcpu *c, uint64_t gpa, unsigned bytes, bool writable,
                          struct memory_piece *piece)
{
    if (gpa & (bytes - 1) || !memory_find(c->v->space, gpa, piece) || !piece->ram)
        return NULL;
    if (!(writable ? piece->write_direct : piece->read_direct))
        return NULL;
    uint64_t at = gpa - piece->gpa;
    if (piece->size - at < bytes)
        return NULL;
    return piece->ram->host + piece->ram_offset + at;
}

static int api_phys_read(void *env, uint64_t gpa, void *buf, unsigned bytes)
{
    struct memory_piece piece;
    const uint8_t *p = phys_host(tcg_of_env(env), gpa, bytes, false, &piece);
    if (!p)
        return -EFAULT;
    if (bytes == 8) {
        uint64_t v = __atomic_load_n((const uint64_t *)(const void *)p, __ATOMIC_ACQUIRE);
        memcpy(buf, &v, 8);
    } else {
        uint32_t v = __atomic_load_n((const uint32_t *)(const void *)p, __ATOMIC_ACQUIRE);
        memcpy(buf, &v, 4);
    }
    return 0;
}

static int api_phys_cas(void *env, uint64_t gpa, unsigned bytes, uint64_t expected,
                        uint64_t desired, bool *ret_done)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    struct memory_piece piece;
    uint8_t *p = phys_host(c, gpa, bytes, true, &piece);
    if (!p)
        return -EFAULT;
    if (bytes == 8) {
        *ret_done = __atomic_compare_exchange_n((uint64_t *)(void *)p, &expected, desired, false,
                                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    } else {
        uint32_t e = (uint32_t)expected;
        *ret_done = __atomic_compare_exchange_n((uint32_t *)(void *)p, &e, (uint32_t)desired, false,
                                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    }
    uint64_t offset = piece.ram_offset + (gpa - piece.gpa);
    if (*ret_done &&
        atomic_load(&piece.ram->page_flags[offset >> BP_TLB_PAGE_LOG2]) & RAM_PAGE_CODE)
        tb_invalidate_range(c->tcg, piece.ram, offset, bytes);
    return 0;
}

static uint64_t api_load(void *env, uint64_t va, unsigned memop)
{
    return tcg_runtime_calls.load(env, va, memop);
}
static void api_store(void *env, uint64_t va, unsigned memop, uint64_t value)
{
    tcg_runtime_calls.store(env, va, value, memop);
}
static uint64_t api_cas(void *env, uint64_t va, unsigned memop, uint64_t expected, uint64_t desired)
{
    return tcg_runtime_calls.cas(env, va, expected, desired, memop);
}

/* By words, which other vCPUs see whole. */
static void zero(uint8_t *p, unsigned bytes)
{
    if (((uintptr_t)p | bytes) & 7) {
        memset(p, 0, bytes);
        return;
    }
    for (unsigned i = 0; i < bytes; i += 8)
        __atomic_store_n((uint64_t *)(p + i), 0, __ATOMIC_RELAXED);
}

static void api_zero(void *env, uint64_t va, unsigned bytes, unsigned mmu)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    if (c->tcg->user) {
        zero(user_access_begin(c, va, bytes, BP_ACCESS_WRITE), bytes);
        user_access_end(c);
        return;
    }
    tlb_get(c, va, BP_ACCESS_WRITE | TLB_BYTES(bytes), mmu, false, &slot, &info);
    debug_access(c, va, bytes, BP_ACCESS_WRITE);
    if (slot_tag(slot, 1) == (va & PAGE_MASK_) && (va & ~PAGE_MASK_) + bytes <= PAGE_SIZE_) {
        zero((uint8_t *)(uintptr_t)(va + slot->addend), bytes);
        return;
    }
    unsigned size = (va | bytes) & 7 ? 0 : 3;
    for (unsigned i = 0; i < bytes; i += 1u << size)
        tcg_runtime_calls.store(env, va + i, 0, BP_MEM_SIZE(size) | BP_MEM_MMU(mmu));
}

/* ---- floating point ------------------------------------------------------------------------------------ */

static uint32_t api_fp_flags(void *env)
{
    const struct tcg_vcpu *c = tcg_of_env(env);
    const struct bp_backend *b = c->tcg->backend;
    return c->area->fp_flags | (b->fp_flags ? b->fp_flags(c->area->fp_control) : 0);
}

static void api_fp_set_flags(void *env, uint32_t flags)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    const struct bp_backend *b = c->tcg->backend;
    c->area->fp_flags = flags;
    if (b->fp_with_flags)
        c->area->fp_control = b->fp_with_flags(c->area->fp_control, 0);
}

static void api_fp_set_rounding(void *env, unsigned rounding)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    const struct bp_backend *b = c->tcg->backend;
    c->area->fp_rounding = rounding;
    if (b->fp_with_rounding)
        c->area->fp_control = b->fp_with_rounding(c->area->fp_control, rounding);
}

/* ---- the rest --------------------------------------------------------------------------------------------- */

static uint64_t api_instructions(void *env)
{
    return (uint64_t)machine_now(vcpu_of_env(env)->machine, BP_CLOCK_VIRTUAL);
}

static uint32_t api_index(void *env) { return vcpu_of_env(env)->index; }

static void api_log(void *env, unsigned what, const char *format, ...)
{
    if (!log_on(what == BP_VLOG_INT ? LOG_INT : LOG_MMU))
        return;
    char text[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    log_text("%s: vcpu %u %s\n", what == BP_VLOG_INT ? "int" : "mmu", vcpu_of_env(env)->index, text);
}

const struct bp_vcpu_api tcg_vcpu_api = {
    .size = sizeof(struct bp_vcpu_api),
    .restore = api_restore,
    .resume = api_resume,
    .interrupt = api_interrupt,
    .tlb_flush = api_tlb_flush,
    .tlb_flush_space = api_tlb_flush_space,
    .tlb_flush_page = api_tlb_flush_page,
    .phys_read = api_phys_read,
    .phys_cas = api_phys_cas,
    .load = api_load,
    .store = api_store,
    .cas = api_cas,
    .fp_flags = api_fp_flags,
    .fp_set_flags = api_fp_set_flags,
    .fp_set_rounding = api_fp_set_rounding,
    .zero = api_zero,
    .instructions = api_instructions,
    .index = api_index,
    .log = api_log,
    .cas16 = tcg_cas16,
    .tlb_forget = api_tlb_forget,
    .tlb_sync = api_tlb_sync,
};
