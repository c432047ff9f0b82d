/* SPDX-License-Identifier: MIT */
/*
 * jump_cache.c: the per-vCPU cache from guest pc to translation that indirect branches probe inline.
 *
 * Entries carry a tag that stands for (context flags, address space, flush generation), so that a change of
 * mode or process is one store to the area's jump_tag and a flush is a new number. Forgetting one guest page
 * looks at that page's slots, and only where the page was ever entered.
 */
#include "tcg-runtime/exec/tcg.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int jump_cache_init(struct tcg_vcpu *c)
{
    size_t bytes = sizeof(struct bp_jump_slot) << BP_JUMP_CACHE_LOG2;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return core_error(errno, "no memory for a vCPU's jump cache: %s", strerror(errno));
    c->area->jump_cache = p;
    return 0;
}

void jump_cache_free(struct tcg_vcpu *c)
{
    munmap(c->area->jump_cache, sizeof(struct bp_jump_slot) << BP_JUMP_CACHE_LOG2);
}

static size_t jump_index(const struct tcg_vcpu *c, uint64_t pc)
{
    return bp_jump_index(pc, c->slots.jump_shift);
}

static unsigned bloom_bit(uint64_t va)
{
    return (unsigned)((va >> BP_TLB_PAGE_LOG2) * UINT64_C(0x9e3779b97f4a7c15) >> 49);
}

/* Makes the tag of the vCPU's context current. */
void jump_cache_use(struct tcg_vcpu *c)
{
    const struct bp_context *x = &c->context;
    uint64_t hash = (x->space + (uint64_t)x->flags * 0x10001) * UINT64_C(0x9e3779b97f4a7c15);
    struct jump_context *j = &c->contexts[(hash >> 40) % JUMP_CONTEXTS];
    if (!j->valid || j->space != x->space || j->flags != x->flags) {
        j->valid = true;
        j->space = x->space;
        j->flags = x->flags;
        j->tag = ++c->next_tag;
    }
    c->jump_context = j;
    c->area->jump_tag = j->tag;
}

static void renew(struct tcg_vcpu *c)
{
    memset(c->fetch_pages, 0, sizeof c->fetch_pages);
    if (c->jump_context) {
        c->jump_context->valid = true;
        c->jump_context->tag = ++c->next_tag;
        c->area->jump_tag = c->jump_context->tag;
    }
}

void jump_cache_flush(struct tcg_vcpu *c)
{
    for (unsigned i = 0; i < JUMP_CONTEXTS; i++)
        c->contexts[i].valid = false;
    renew(c);
}

void jump_cache_forget_spaces(struct tcg_vcpu *c, uint64_t space, uint64_t mask)
{
    for (unsigned i = 0; i < JUMP_CONTEXTS; i++) {
        struct jump_context *j = &c->contexts[i];
        if (!j->valid || (j->space ^ space) & mask)
            continue;
        if (j == c->jump_context) {
            j->tag = ++c->next_tag;
            c->area->jump_tag = j->tag;
        } else {
            j->valid = false;
        }
    }
}

void jump_cache_forget_space(struct tcg_vcpu *c, uint64_t space)
{
    jump_cache_forget_spaces(c, space, UINT64_MAX);
}

void jump_cache_forget_page(struct tcg_vcpu *c, uint64_t va)
{
    unsigned bit = bloom_bit(va);
    if (!(c->fetch_pages[bit >> 6] >> (bit & 63) & 1))
        return;
    uint64_t page = va & PAGE_MASK_;
    for (uint64_t pc = page; pc - page < PAGE_SIZE_; pc += (uint64_t)1 << c->slots.jump_shift) {
        struct bp_jump_slot *slot = &c->area->jump_cache[jump_index(c, pc)];
        if ((slot->pc & PAGE_MASK_) == page)
            __atomic_store_n(&slot->tag, 0, __ATOMIC_RELAXED);
    }
}

/* From any thread: the entry's tag is what makes it good. */
void jump_cache_forget_tb(struct tcg_vcpu *c, const struct tb *tb)
{
    struct bp_jump_slot *slot = &c->area->jump_cache[jump_index(c, tb->pc)];
    if (__atomic_load_n(&slot->pc, __ATOMIC_RELAXED) == tb->pc)
        __atomic_store_n(&slot->tag, 0, __ATOMIC_SEQ_CST);
}

struct tb *jump_cache_find(struct tcg_vcpu *c, uint64_t pc)
{
    const struct bp_jump_slot *slot = &c->area->jump_cache[jump_index(c, pc)];
    if (slot->pc != pc || __atomic_load_n(&slot->tag, __ATOMIC_ACQUIRE) != c->area->jump_tag)
        return NULL;
    return (struct tb *)(uintptr_t)slot->runtime;
}

void jump_cache_insert(struct tcg_vcpu *c, struct tb *tb)
{
    struct bp_jump_slot *slot = &c->area->jump_cache[jump_index(c, tb->pc)];
    unsigned bit = bloom_bit(tb->pc);
    c->fetch_pages[bit >> 6] |= UINT64_C(1) << (bit & 63);
    __atomic_store_n(&slot->tag, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->pc, tb->pc, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->code, tb->code, __ATOMIC_RELAXED);
    slot->runtime = (uintptr_t)tb;
    __atomic_store_n(&slot->tag, c->area->jump_tag, __ATOMIC_SEQ_CST);
    if (atomic_load(&tb->invalid))
        __atomic_store_n(&slot->tag, 0, __ATOMIC_SEQ_CST);
}
