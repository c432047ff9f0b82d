/* SPDX-License-Identifier: MIT */
/*
 * access.c: guest memory accesses that the inline TLB probe does not serve: misses, MMIO, pages with
 * translated code, page-crossing and atomic accesses. In user mode: those of helpers, and what is not
 * one host instruction.
 */
#include "tcg-runtime/exec/debug.h"
#include "tcg-runtime/alloc/alloc.h"
#include "tcg-runtime/exec/user.h"

#include <string.h>

static uint64_t bswap_n(uint64_t v, unsigned bytes)
{
    return __builtin_bswap64(v) >> (64 - 8 * bytes);
}

/* A value of `bytes` bytes as the memop says: order, then extension to 64 bits. */
static uint64_t from_memory(uint64_t v, unsigned memop)
{
    unsigned bytes = BP_MEM_BYTES(memop);
    if (memop & BP_MEM_BIG_ENDIAN)
        v = bswap_n(v, bytes);
    if (bytes < 8) {
        unsigned shift = 64 - 8 * bytes;
        v <<= shift;
        v = memop & BP_MEM_SIGNED ? (uint64_t)((int64_t)v >> shift) : v >> shift;
    }
    return v;
}

static uint64_t to_memory(uint64_t v, unsigned memop)
{
    unsigned bytes = BP_MEM_BYTES(memop);
    if (memop & BP_MEM_BIG_ENDIAN)
        v = bswap_n(v, bytes);
    return bytes < 8 ? v & (((uint64_t)1 << 8 * bytes) - 1) : v;
}

/* ---- host memory ----------------------------------------------------------------------------------- */

static uint64_t host_read(const uint8_t *p, unsigned bytes)
{
    if ((uintptr_t)p & (bytes - 1)) {
        uint64_t v = 0;
        memcpy(&v, p, bytes);
        return v;
    }
    switch (bytes) {
    case 1: return __atomic_load_n(p, __ATOMIC_ACQUIRE);
    case 2: return __atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE);
    case 4: return __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
    default: return __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE);
    }
}

static void host_write(uint8_t *p, uint64_t v, unsigned bytes)
{
    if ((uintptr_t)p & (bytes - 1)) {
        memcpy(p, &v, bytes);
        return;
    }
    switch (bytes) {
    case 1: __atomic_store_n(p, (uint8_t)v, __ATOMIC_SEQ_CST); break;
    case 2: __atomic_store_n((uint16_t *)p, (uint16_t)v, __ATOMIC_SEQ_CST); break;
    case 4: __atomic_store_n((uint32_t *)p, (uint32_t)v, __ATOMIC_SEQ_CST); break;
    default: __atomic_store_n((uint64_t *)p, v, __ATOMIC_SEQ_CST); break;
    }
}

/* ---- one access inside one page -------------------------------------------------------------------- */

static void fail_access(struct tcg_vcpu *c, uint64_t va, uint64_t gpa, unsigned access)
{
    c->target->bus_error(c->env, va, gpa, access);
}

static uint64_t read_slow(struct tcg_vcpu *c, uint64_t va, uint64_t gpa, unsigned bytes)
{
    struct memory_piece piece;
    uint64_t v = 0;
    if (!memory_find(c->v->space, gpa, &piece)) {
        fail_access(c, va, gpa, BP_ACCESS_READ);
        return 0;
    }
    if (piece.ram && piece.read_direct && gpa + bytes - piece.gpa <= piece.size)
        return host_read(piece.ram->host + piece.ram_offset + (gpa - piece.gpa), bytes);
    piece.cpu = c->v->index;
    if (memory_io_read(&piece, gpa, bytes, &v) < 0)
        fail_access(c, va, gpa, BP_ACCESS_READ);
    return v;
}

static void write_slow(struct tcg_vcpu *c, uint64_t va, uint64_t gpa, uint64_t v, unsigned bytes)
{
    struct memory_piece piece;
    if (!memory_find(c->v->space, gpa, &piece)) {
        fail_access(c, va, gpa, BP_ACCESS_WRITE);
        return;
    }
    if (piece.ram && piece.write_direct && gpa + bytes - piece.gpa <= piece.size) {
        uint64_t offset = piece.ram_offset + (gpa - piece.gpa);
        host_write(piece.ram->host + offset, v, bytes);
        tb_invalidate_range(c->tcg, piece.ram, offset, bytes);
        return;
    }
    piece.cpu = c->v->index;
    if (memory_io_write(&piece, gpa, bytes, v) < 0)
        fail_access(c, va, gpa, BP_ACCESS_WRITE);
}

static uint64_t read_page(struct tcg_vcpu *c, uint64_t va, unsigned bytes, unsigned mmu)
{
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    tlb_get(c, va, BP_ACCESS_READ | TLB_BYTES(bytes), mmu, false, &slot, &info);
    if (slot_tag(slot, 0) == (va & PAGE_MASK_))
        return host_read((const uint8_t *)(uintptr_t)(va + slot->addend), bytes);
    return read_slow(c, va, info->gpa + (va & ~PAGE_MASK_), bytes);
}

/* The page held translated code when the slot was filled; code there is dropped after the write. */
static void store_done(struct tcg_vcpu *c, struct bp_tlb_slot *slot, const struct tlb_info *info,
                       uint64_t va, unsigned bytes)
{
    uint64_t offset = info->ram_offset + (va & ~PAGE_MASK_);
    uint64_t page = offset >> BP_TLB_PAGE_LOG2;
    if (atomic_load(&info->ram->page_flags[page]) & RAM_PAGE_CODE) {
        struct code_page *p = tb_code_page(c->tcg, info->ram, page, false);
        uint64_t first = (va & ~PAGE_MASK_) >> 6;
        uint64_t last = ((va + bytes - 1) & ~PAGE_MASK_) >> 6;
        uint64_t touched = (UINT64_MAX << first) & (UINT64_MAX >> (63 - last));
        if (p && atomic_load(&p->granules) & touched)
            tb_invalidate_range(c->tcg, info->ram, offset, bytes);
    }
    if (!(atomic_load(&info->ram->page_flags[page]) & RAM_PAGE_CODE))
        tlb_allow_store(c, slot, info, va);
}

static void write_page(struct tcg_vcpu *c, uint64_t va, uint64_t v, unsigned bytes, unsigned mmu)
{
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    tlb_get(c, va, BP_ACCESS_WRITE | TLB_BYTES(bytes), mmu, false, &slot, &info);
    bool fast = slot_tag(slot, 1) == (va & PAGE_MASK_);
    struct memory_piece piece;
    if (fast || (info->ram && memory_find(c->v->space, info->gpa, &piece) && piece.write_direct)) {
        host_write((uint8_t *)(uintptr_t)(va + slot->addend), v, bytes);
        if (!fast)
            store_done(c, slot, info, va, bytes);
        return;
    }
    write_slow(c, va, info->gpa + (va & ~PAGE_MASK_), v, bytes);
}

/* ---- loads and stores ------------------------------------------------------------------------------ */

static bool crosses(uint64_t va, unsigned bytes)
{
    return (va & ~PAGE_MASK_) + bytes > PAGE_SIZE_;
}

static void check_alignment(struct tcg_vcpu *c, uint64_t va, unsigned memop, unsigned access)
{
    if (memop & BP_MEM_ALIGNED && va & (BP_MEM_BYTES(memop) - 1))
        c->target->unaligned(c->env, va, access, BP_MEM_MMU_INDEX(memop));
}

static uint64_t user_load(struct tcg_vcpu *c, uint64_t va, uint32_t memop)
{
    unsigned bytes = BP_MEM_BYTES(memop);
    uint64_t v = host_read(user_access_begin(c, va, bytes, BP_ACCESS_READ), bytes);
    user_access_end(c);
    return from_memory(v, memop);
}

static void user_store(struct tcg_vcpu *c, uint64_t va, uint64_t value, uint32_t memop)
{
    unsigned bytes = BP_MEM_BYTES(memop);
    host_write(user_access_begin(c, va, bytes, BP_ACCESS_WRITE), value, bytes);
    user_access_end(c);
}

static uint64_t access_load(void *env, uint64_t va, uint32_t memop)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    unsigned bytes = BP_MEM_BYTES(memop), mmu = BP_MEM_MMU_INDEX(memop);
    check_alignment(c, va, memop, BP_ACCESS_READ);
    debug_access(c, va, bytes, BP_ACCESS_READ);
    if (c->tcg->user)
        return user_load(c, va, memop);
    if (!crosses(va, bytes))
        return from_memory(read_page(c, va, bytes, mmu), memop);
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    uint64_t v = 0;
    tlb_get(c, va, BP_ACCESS_READ, mmu, false, &slot, &info);
    tlb_get(c, (va + bytes - 1) & PAGE_MASK_, BP_ACCESS_READ, mmu, false, &slot, &info);
    for (unsigned i = 0; i < bytes; i++)
        v |= read_page(c, va + i, 1, mmu) << (8 * i);
    return from_memory(v, memop);
}

static void access_store(void *env, uint64_t va, uint64_t value, uint32_t memop)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    unsigned bytes = BP_MEM_BYTES(memop), mmu = BP_MEM_MMU_INDEX(memop);
    check_alignment(c, va, memop, BP_ACCESS_WRITE);
    debug_access(c, va, bytes, BP_ACCESS_WRITE);
    value = to_memory(value, memop);
    if (c->tcg->user) {
        user_store(c, va, value, memop);
        return;
    }
    if (!crosses(va, bytes)) {
        write_page(c, va, value, bytes, mmu);
        return;
    }
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    tlb_get(c, va, BP_ACCESS_WRITE, mmu, false, &slot, &info);
    tlb_get(c, (va + bytes - 1) & PAGE_MASK_, BP_ACCESS_WRITE, mmu, false, &slot, &info);
    for (unsigned i = 0; i < bytes; i++)
        write_page(c, va + i, value >> (8 * i) & 0xff, 1, mmu);
}

/* ---- atomics ---------------------------------------------------------------------------------------- */

static uint64_t rmw_result(uint64_t old, uint64_t operand, unsigned memop, unsigned kind)
{
    unsigned signed_op = (memop & ~BP_MEM_BIG_ENDIAN) | BP_MEM_SIGNED;
    int64_t so = (int64_t)from_memory(old, signed_op);
    int64_t sv = (int64_t)from_memory(operand, signed_op);
    unsigned unsigned_op = memop & BP_MEM_SIZE_MASK;
    uint64_t uo = from_memory(old, unsigned_op), uv = from_memory(operand, unsigned_op);
    switch (kind) {
    case BP_RMW_XCHG: return operand;
    case BP_RMW_ADD: return old + operand;
    case BP_RMW_AND: return old & operand;
    case BP_RMW_OR: return old | operand;
    case BP_RMW_XOR: return old ^ operand;
    case BP_RMW_MIN: return so < sv ? old : operand;
    case BP_RMW_MAX: return so > sv ? old : operand;
    case BP_RMW_MINU: return uo < uv ? old : operand;
    default: return uo > uv ? old : operand;
    }
}

/* Compare and swap on host memory; misaligned only where the target allows it, then not atomic: no
 * architecture promises more across granules. */
static bool host_cas(uint8_t *p, uint64_t *expected, uint64_t desired, unsigned bytes)
{
    bool done = false;
    if ((uintptr_t)p & (bytes - 1)) {
        uint64_t now = host_read(p, bytes);
        done = now == *expected;
        if (done)
            host_write(p, desired, bytes);
        *expected = now;
        return done;
    }
#define CAS_CASE(type)                                                                             \
    {                                                                                              \
        type e = (type)*expected;                                                                  \
        done = __atomic_compare_exchange_n((type *)p, &e, (type)desired, false, __ATOMIC_SEQ_CST,  \
                                           __ATOMIC_SEQ_CST);                                      \
        *expected = e;                                                                             \
        break;                                                                                     \
    }
    switch (bytes) {
    case 1: CAS_CASE(uint8_t)
    case 2: CAS_CASE(uint16_t)
    case 4: CAS_CASE(uint32_t)
    default: CAS_CASE(uint64_t)
    }
#undef CAS_CASE
    return done;
}

static uint64_t host_rmw(uint8_t *p, uint64_t operand, unsigned memop, unsigned kind)
{
    unsigned bytes = BP_MEM_BYTES(memop);
    uint64_t old = host_read(p, bytes), desired;
    do {
        uint64_t swapped = memop & BP_MEM_BIG_ENDIAN ? bswap_n(old, bytes) : old;
        desired = to_memory(rmw_result(swapped, operand, memop & ~BP_MEM_BIG_ENDIAN, kind), memop);
    } while (!host_cas(p, &old, desired, bytes));
    return old;
}

static uint64_t user_rmw(struct tcg_vcpu *c, uint64_t va, uint64_t value, uint32_t memop,
                         uint32_t kind)
{
    check_alignment(c, va, memop, BP_ACCESS_WRITE);
    uint8_t *p = user_access_begin(c, va, BP_MEM_BYTES(memop), BP_ACCESS_WRITE);
    uint64_t old = host_rmw(p, value, memop, kind);
    user_access_end(c);
    return from_memory(old, memop);
}

static uint64_t user_cas(struct tcg_vcpu *c, uint64_t va, uint64_t expected, uint64_t desired,
                         uint32_t memop)
{
    uint64_t old = to_memory(expected, memop);
    check_alignment(c, va, memop, BP_ACCESS_WRITE);
    uint8_t *p = user_access_begin(c, va, BP_MEM_BYTES(memop), BP_ACCESS_WRITE);
    host_cas(p, &old, to_memory(desired, memop), BP_MEM_BYTES(memop));
    user_access_end(c);
    return from_memory(old, memop);
}

/* Host address of RAM that can be written at va, or NULL (MMIO, ROM), with the slot in hand. */
static uint8_t *atomic_host(struct tcg_vcpu *c, uint64_t va, unsigned memop,
                            struct bp_tlb_slot **ret_slot, struct tlb_info **ret_info)
{
    unsigned bytes = BP_MEM_BYTES(memop), mmu = BP_MEM_MMU_INDEX(memop);
    check_alignment(c, va, memop, BP_ACCESS_WRITE);
    if (crosses(va, bytes))
        c->target->unaligned(c->env, va, BP_ACCESS_WRITE, mmu);
    debug_access(c, va, bytes, BP_ACCESS_READ | BP_ACCESS_WRITE);
    tlb_get(c, va, BP_ACCESS_WRITE | TLB_BYTES(bytes), mmu, false, ret_slot, ret_info);
    struct memory_piece piece;
    if (slot_tag(*ret_slot, 1) == (va & PAGE_MASK_))
        return (uint8_t *)(uintptr_t)(va + (*ret_slot)->addend);
    if ((*ret_info)->ram && memory_find(c->v->space, (*ret_info)->gpa, &piece) && piece.write_direct)
        return (uint8_t *)(uintptr_t)(va + (*ret_slot)->addend);
    return NULL;
}

static uint64_t access_rmw(void *env, uint64_t va, uint64_t value, uint32_t memop, uint32_t kind)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    unsigned bytes = BP_MEM_BYTES(memop);
    if (c->tcg->user)
        return user_rmw(c, va, value, memop, kind);
    uint8_t *p = atomic_host(c, va, memop, &slot, &info);
    uint64_t old;
    if (p) {
        old = host_rmw(p, value, memop, kind);
        if (slot_tag(slot, 1) != (va & PAGE_MASK_))
            store_done(c, slot, info, va, bytes);
        return from_memory(old, memop);
    }
    uint64_t gpa = info->gpa + (va & ~PAGE_MASK_);
    old = read_slow(c, va, gpa, bytes);
    uint64_t swapped = memop & BP_MEM_BIG_ENDIAN ? bswap_n(old, bytes) : old;
    write_slow(c, va, gpa,
               to_memory(rmw_result(swapped, value, memop & ~BP_MEM_BIG_ENDIAN, kind), memop), bytes);
    return from_memory(old, memop);
}

static uint64_t access_cas(void *env, uint64_t va, uint64_t expected, uint64_t desired,
                           uint32_t memop)
{
    struct tcg_vcpu *c = tcg_of_env(env);
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    unsigned bytes = BP_MEM_BYTES(memop);
    if (c->tcg->user)
        return user_cas(c, va, expected, desired, memop);
    uint8_t *p = atomic_host(c, va, memop, &slot, &info);
    uint64_t old = to_memory(expected, memop);
    desired = to_memory(desired, memop);
    if (p) {
        bool done = host_cas(p, &old, desired, bytes);
        if (done && slot_tag(slot, 1) != (va & PAGE_MASK_))
            store_done(c, slot, info, va, bytes);
        return from_memory(old, memop);
    }
    uint64_t gpa = info->gpa + (va & ~PAGE_MASK_);
    uint64_t now = read_slow(c, va, gpa, bytes);
    if (now == old)
        write_slow(c, va, gpa, desired, bytes);
    return from_memory(now, memop);
}

/* ---- 16 bytes --------------------------------------------------------------------------------------- */

static bool host_cas16(struct tcg_vcpu *c, uint8_t *p, uint64_t expected[2],
                       const uint64_t desired[2])
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    uint64_t now[2];
    if (c->tcg->backend->cas16)
        return c->tcg->backend->cas16(p, expected, desired);
    pthread_mutex_lock(&lock);
    memcpy(now, p, 16);
    bool done = now[0] == expected[0] && now[1] == expected[1];
    if (done)
        memcpy(p, desired, 16);
    pthread_mutex_unlock(&lock);
    memcpy(expected, now, 16);
    return done;
}

void tcg_cas16(void *env, uint64_t va, unsigned mmu, uint64_t expected[2], const uint64_t desired[2])
{
    struct tcg_vcpu *c = tcg_of_env(env);
    unsigned memop = BP_MEM_SIZE(4) | BP_MEM_ALIGNED | BP_MEM_MMU(mmu);
    struct bp_tlb_slot *slot;
    struct tlb_info *info;
    if (c->tcg->user) {
        check_alignment(c, va, memop, BP_ACCESS_WRITE);
        host_cas16(c, user_access_begin(c, va, 16, BP_ACCESS_WRITE), expected, desired);
        user_access_end(c);
        return;
    }
    uint8_t *p = atomic_host(c, va, memop, &slot, &info);
    if (!p) { /* no memory: nothing that could do this */
        fail_access(c, va, info->gpa + (va & ~PAGE_MASK_), BP_ACCESS_WRITE);
        return;
    }
    if (host_cas16(c, p, expected, desired) && slot->tag[1] != (va & PAGE_MASK_))
        store_done(c, slot, info, va, 16);
}

const struct bp_runtime_calls tcg_runtime_calls = {
    .size = sizeof(struct bp_runtime_calls),
    .load = access_load,
    .store = access_store,
    .rmw = access_rmw,
    .cas = access_cas,
    .vector = tcg_vector,
};
