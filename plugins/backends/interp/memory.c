/* SPDX-License-Identifier: MIT */
/*
 * memory.c: the accesses that are not plain: ordered, big-endian, required to be aligned, narrower
 * than their result, and the atomic ones.
 */
#include "memory.h"

static uint64_t load_host(const void *p, unsigned memop, int order)
{
    uint64_t v = 0;
    switch (memop & BP_MEM_SIZE_MASK) {
    case 0: return __atomic_load_n((const uint8_t *)p, order);
    case 1: return __atomic_load_n((const uint16_t *)p, order);
    case 2: return __atomic_load_n((const uint32_t *)p, order);
    case 3: return __atomic_load_n((const uint64_t *)p, order);
    default: return v;
    }
}

static void store_host(void *p, unsigned memop, uint64_t v, int order)
{
    switch (memop & BP_MEM_SIZE_MASK) {
    case 0: __atomic_store_n((uint8_t *)p, (uint8_t)v, order); break;
    case 1: __atomic_store_n((uint16_t *)p, (uint16_t)v, order); break;
    case 2: __atomic_store_n((uint32_t *)p, (uint32_t)v, order); break;
    case 3: __atomic_store_n((uint64_t *)p, v, order); break;
    default: break;
    }
}

/* True where *expected was there and was replaced; else *expected is what is there. */
static bool swap_host(void *p, unsigned memop, uint64_t *expected, uint64_t desired)
{
    switch (memop & BP_MEM_SIZE_MASK) {
#define SWAP(log2, type)                                                                           \
    case log2: {                                                                                   \
        type e = (type)*expected;                                                                  \
        bool done = __atomic_compare_exchange_n((type *)p, &e, (type)desired, false,               \
                                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);               \
        *expected = e;                                                                             \
        return done;                                                                               \
    }
    SWAP(0, uint8_t)
    SWAP(1, uint16_t)
    SWAP(2, uint32_t)
    SWAP(3, uint64_t)
#undef SWAP
    default:
        return true;
    }
}

/* Copies bytes low to high, for accesses that are not aligned. */
static uint64_t load_bytes(const uint8_t *p, unsigned memop)
{
    uint64_t v = 0;
    unsigned n = BP_MEM_BYTES(memop);
    for (unsigned k = 0; k < n; k++)
        v |= (uint64_t)p[k] << 8 * (memop & BP_MEM_BIG_ENDIAN ? n - 1 - k : k);
    return v;
}

static void store_bytes(uint8_t *p, unsigned memop, uint64_t v)
{
    unsigned n = BP_MEM_BYTES(memop);
    for (unsigned k = 0; k < n; k++)
        p[k] = (uint8_t)(v >> 8 * (memop & BP_MEM_BIG_ENDIAN ? n - 1 - k : k));
}

uint64_t interp_load(const struct machine *m, const struct memory_insn *i, uint64_t base)
{
    uint64_t va = address_of(i, base), v;
    bool aligned = is_aligned(va, i->memop);
    const void *p =
        aligned || !(i->memop & BP_MEM_ALIGNED) ? probe(m, i, va, TAG_READ) : NULL;
    if (!p)
        return low_bits(i->result_bits, slow_load(m, i, va));
    bool acquire = i->memop & BP_MEM_ACQUIRE, both = acquire && i->memop & BP_MEM_RELEASE;
    if (aligned) {
        v = order_bytes(i->memop, load_host(p, i->memop, both      ? __ATOMIC_SEQ_CST
                                                         : acquire ? __ATOMIC_ACQUIRE
                                                                   : __ATOMIC_RELAXED));
    } else {
        if (both)
            atomic_thread_fence(memory_order_seq_cst);
        v = load_bytes(p, i->memop);
        if (acquire)
            atomic_thread_fence(memory_order_acquire);
    }
    return extend(i, v);
}

void interp_store(const struct machine *m, const struct memory_insn *i, uint64_t base,
                  uint64_t value)
{
    uint64_t va = address_of(i, base);
    bool aligned = is_aligned(va, i->memop);
    void *p = aligned || !(i->memop & BP_MEM_ALIGNED) ? probe(m, i, va, TAG_WRITE) : NULL;
    if (!p) {
        slow_store(m, i, va, value);
        return;
    }
    bool release = i->memop & BP_MEM_RELEASE, both = release && i->memop & BP_MEM_ACQUIRE;
    if (aligned) {
        store_host(p, i->memop, order_bytes(i->memop, low_bits(8 * BP_MEM_BYTES(i->memop), value)),
                   both      ? __ATOMIC_SEQ_CST
                   : release ? __ATOMIC_RELEASE
                             : __ATOMIC_RELAXED);
    } else {
        if (release)
            atomic_thread_fence(memory_order_release);
        store_bytes(p, i->memop, value);
        if (both)
            atomic_thread_fence(memory_order_seq_cst);
    }
}

void interp_load_vector(const struct machine *m, const struct memory_insn *i, uint64_t base,
                        void *ret)
{
    uint64_t va = address_of(i, base), half[2];
    struct memory_insn part = *i;
    const void *p = probe(m, i, va, TAG_READ);
    if (p) {
        memcpy(ret, p, 16);
        return;
    }
    part.memop = (uint16_t)((i->memop & ~BP_MEM_SIZE_MASK) | BP_MEM_SIZE(3));
    half[0] = LITTLE_64(slow_load(m, &part, va));
    half[1] = LITTLE_64(slow_load(m, &part, low_bits(i->address_bits, va + 8)));
    memcpy(ret, half, 16);
}

void interp_store_vector(const struct machine *m, const struct memory_insn *i, uint64_t base,
                         const void *value)
{
    uint64_t va = address_of(i, base), half[2];
    struct memory_insn part = *i;
    void *p = probe(m, i, va, TAG_WRITE);
    if (p) {
        memcpy(p, value, 16);
        return;
    }
    memcpy(half, value, 16);
    part.memop = (uint16_t)((i->memop & ~BP_MEM_SIZE_MASK) | BP_MEM_SIZE(3));
    slow_store(m, &part, va, LITTLE_64(half[0]));
    slow_store(m, &part, low_bits(i->address_bits, va + 8), LITTLE_64(half[1]));
}

/* Atomic accesses read and write; both must be allowed. */
static void *probe_both(const struct machine *m, const struct memory_insn *i, uint64_t va)
{
    if (!is_aligned(va, i->memop) || !probe(m, i, va, TAG_READ))
        return NULL;
    return probe(m, i, va, TAG_WRITE);
}

static uint64_t combine(unsigned kind, unsigned bits, uint64_t old, uint64_t value)
{
    switch (kind) {
    case BP_RMW_ADD: return old + value;
    case BP_RMW_AND: return old & value;
    case BP_RMW_OR: return old | value;
    case BP_RMW_XOR: return old ^ value;
    case BP_RMW_MIN: return as_signed(bits, old) < as_signed(bits, value) ? old : value;
    case BP_RMW_MAX: return as_signed(bits, old) > as_signed(bits, value) ? old : value;
    case BP_RMW_MINU: return old < value ? old : value;
    case BP_RMW_MAXU: return old > value ? old : value;
    default: return value;
    }
}

uint64_t interp_rmw(const struct machine *m, const struct memory_insn *i, uint64_t base,
                    uint64_t value)
{
    uint64_t va = address_of(i, base);
    unsigned bits = 8 * BP_MEM_BYTES(i->memop);
    void *p = probe_both(m, i, va);
    if (!p) {
        set_site(m, i->site);
        return low_bits(i->result_bits,
                        m->prologue->calls.rmw(m->env, va, value, i->memop, i->third));
    }
    value = low_bits(bits, value);
    uint64_t there = load_host(p, i->memop, __ATOMIC_RELAXED), old;
    do {
        old = order_bytes(i->memop, there);
    } while (
        !swap_host(p, i->memop, &there,
                   order_bytes(i->memop, low_bits(bits, combine(i->third, bits, old, value)))));
    return extend(i, old);
}

uint64_t interp_cas(const struct machine *m, const struct memory_insn *i, uint64_t base,
                    uint64_t expected, uint64_t desired)
{
    uint64_t va = address_of(i, base);
    unsigned bits = 8 * BP_MEM_BYTES(i->memop);
    void *p = probe_both(m, i, va);
    if (!p) {
        set_site(m, i->site);
        return low_bits(i->result_bits,
                        m->prologue->calls.cas(m->env, va, expected, desired, i->memop));
    }
    uint64_t there = order_bytes(i->memop, low_bits(bits, expected));
    swap_host(p, i->memop, &there, order_bytes(i->memop, low_bits(bits, desired)));
    return extend(i, order_bytes(i->memop, there));
}
