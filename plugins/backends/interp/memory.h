/* SPDX-License-Identifier: MIT */
/*
 * memory.h: guest memory for the interpreter: the inline TLB probe, accesses to host memory, and
 * the runtime's slow paths.
 *
 * A naturally aligned access is one host access (single-copy atomic); others are copied. Where the
 * probe misses, the runtime's call decides; it may unwind, so the site slot is written before.
 */
#ifndef INTERP_MEMORY_H
#define INTERP_MEMORY_H

#include "alu.h"
#include "code.h"

#include <stdatomic.h>
#include <string.h>

struct machine {
    const struct prologue *prologue;
    uint8_t *env;
};

static inline void *field(const struct machine *m, int32_t offset) { return m->env + offset; }

static inline uint32_t load_u32(const void *p)
{
    return __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
}
static inline uint64_t load_u64(const void *p)
{
    return __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
}

enum { TAG_READ = 0, TAG_WRITE = 1 };

static inline uint64_t address_of(const struct memory_insn *i, uint64_t base)
{
    return low_bits(i->address_bits, base + (uint64_t)(int64_t)i->displacement);
}

static inline void set_site(const struct machine *m, uint32_t site)
{
    memcpy(field(m, m->prologue->slots.site), &site, sizeof site);
}

/* User mode: a fault finds its way by the site; what the program did before must be in memory. */
static inline void *direct(const struct machine *m, const struct memory_insn *i, uint64_t va)
{
    const struct prologue *p = m->prologue;
    uint64_t bytes = BP_MEM_BYTES(i->memop);
    if (va >= p->direct_bytes || bytes > p->direct_bytes - va)
        return NULL;
    set_site(m, i->site);
    atomic_signal_fence(memory_order_seq_cst);
    return (void *)(uintptr_t)(p->direct_base + va);
}

/* The host address of an access that needs no slow path, else NULL. */
static inline void *probe(const struct machine *m, const struct memory_insn *i, uint64_t va,
                          unsigned tag)
{
    unsigned memop = i->memop;
    if (m->prologue->direct_bytes)
        return direct(m, i, va);
    const uint8_t *tlb = field(m, m->prologue->slots.tlb + 16 * (int32_t)BP_MEM_MMU_INDEX(memop));
    uint64_t mask = load_u64(tlb), slots = load_u64(tlb + 8);
    uint64_t index = va >> (BP_TLB_PAGE_LOG2 - BP_TLB_SLOT_LOG2) & mask;
    const struct bp_tlb_slot *s = (const struct bp_tlb_slot *)(uintptr_t)(slots + index);
    uint64_t page = (uint64_t)1 << BP_TLB_PAGE_LOG2;
    if (load_u64(&s->tag[tag]) != (va & -page) || (va & (page - 1)) > page - BP_MEM_BYTES(memop))
        return NULL;
    return (void *)(uintptr_t)(va + load_u64(&s->addend));
}

static inline bool is_aligned(uint64_t va, unsigned memop)
{
    return (va & (BP_MEM_BYTES(memop) - 1)) == 0;
}

static inline uint64_t slow_load(const struct machine *m, const struct memory_insn *i, uint64_t va)
{
    set_site(m, i->site);
    return m->prologue->calls.load(m->env, va, i->memop);
}

static inline void slow_store(const struct machine *m, const struct memory_insn *i, uint64_t va,
                              uint64_t value)
{
    set_site(m, i->site);
    m->prologue->calls.store(m->env, va, value, i->memop);
}

/* The plain accesses, by size. */
#define PLAIN(w)                                                                                   \
    static inline uint64_t plain_load_##w(const struct machine *m, const struct memory_insn *i,    \
                                          uint64_t base)                                           \
    {                                                                                              \
        uint64_t va = address_of(i, base);                                                         \
        uint##w##_t v;                                                                             \
        const void *p = probe(m, i, va, TAG_READ);                                          \
        if (!p)                                                                                    \
            return slow_load(m, i, va);                                                            \
        if ((uintptr_t)p % (w / 8) == 0)                                                           \
            v = __atomic_load_n((const uint##w##_t *)p, __ATOMIC_RELAXED);                         \
        else                                                                                       \
            memcpy(&v, p, sizeof v);                                                               \
        return LITTLE_##w(v);                                                                      \
    }                                                                                              \
    static inline void plain_store_##w(const struct machine *m, const struct memory_insn *i,       \
                                       uint64_t base, uint64_t value)                              \
    {                                                                                              \
        uint64_t va = address_of(i, base);                                                         \
        uint##w##_t v = LITTLE_##w((uint##w##_t)value);                                            \
        void *p = probe(m, i, va, TAG_WRITE);                                               \
        if (!p)                                                                                    \
            slow_store(m, i, va, value);                                                           \
        else if ((uintptr_t)p % (w / 8) == 0)                                                      \
            __atomic_store_n((uint##w##_t *)p, v, __ATOMIC_RELAXED);                               \
        else                                                                                       \
            memcpy(p, &v, sizeof v);                                                               \
    }
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define HOST_IS_BIG 1
#else
#define HOST_IS_BIG 0
#endif
#define LITTLE_8(v) (v)
#define LITTLE_16(v) (HOST_IS_BIG ? __builtin_bswap16(v) : (v))
#define LITTLE_32(v) (HOST_IS_BIG ? __builtin_bswap32(v) : (v))
#define LITTLE_64(v) (HOST_IS_BIG ? __builtin_bswap64(v) : (v))
PLAIN(8)
PLAIN(16)
PLAIN(32)
PLAIN(64)
#undef PLAIN

/* Guest order to value and back. */
static inline uint64_t order_bytes(unsigned memop, uint64_t v)
{
    unsigned bits = 8 * BP_MEM_BYTES(memop);
    bool big = memop & BP_MEM_BIG_ENDIAN;
    return big != HOST_IS_BIG ? alu_bswap(bits, v) : v;
}

/* As the memop says, to the width of the result. */
static inline uint64_t extend(const struct memory_insn *i, uint64_t v)
{
    unsigned bits = 8 * BP_MEM_BYTES(i->memop);
    if (i->memop & BP_MEM_SIGNED)
        v = (uint64_t)as_signed(bits, v);
    return low_bits(i->result_bits, v);
}

uint64_t interp_load(const struct machine *m, const struct memory_insn *i, uint64_t base);
void interp_store(const struct machine *m, const struct memory_insn *i, uint64_t base,
                  uint64_t value);
/* 16 bytes, in two accesses where the runtime has to help. */
void interp_load_vector(const struct machine *m, const struct memory_insn *i, uint64_t base,
                        void *ret);
void interp_store_vector(const struct machine *m, const struct memory_insn *i, uint64_t base,
                         const void *value);
uint64_t interp_rmw(const struct machine *m, const struct memory_insn *i, uint64_t base,
                    uint64_t value);
uint64_t interp_cas(const struct machine *m, const struct memory_insn *i, uint64_t base,
                    uint64_t expected, uint64_t desired);

#endif
