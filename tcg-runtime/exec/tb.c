/* SPDX-License-Identifier: MIT */
/*
 * tb.c: finding, chaining and dropping translation blocks.
 *
 * Writes to code. A page of RAM that holds translated code carries RAM_PAGE_CODE, which keeps it out of the
 * vCPUs' fast store path and makes the core report DMA. Each such page keeps a map of its 64-byte pieces that
 * hold instructions; a write to other pieces of the page changes nothing.
 */
#include "tcg-runtime/exec/tcg.h"

#include "tcg-runtime/exec/user.h"

#include <errno.h>
#include <string.h>

static uint32_t tb_hash(uint64_t ram_address, uint64_t pc, uint32_t flags, uint32_t cluster)
{
    uint64_t h = ram_address * UINT64_C(0x9e3779b97f4a7c15);
    h ^= (pc + ((uint64_t)flags << 20) + cluster) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (uint32_t)(h >> (64 - TB_HASH_LOG2));
}

struct tb *tb_find(struct tcg *tcg, uint64_t ram_address, uint64_t pc, uint32_t flags,
                   uint32_t cluster)
{
    struct tb *tb = atomic_load_explicit(&tcg->hash[tb_hash(ram_address, pc, flags, cluster)],
                                         memory_order_acquire);
    while (tb) {
        if (tb->ram_address == ram_address && tb->pc == pc && tb->flags == flags &&
            tb->cluster == cluster && !atomic_load_explicit(&tb->invalid, memory_order_relaxed))
            return tb;
        tb = atomic_load_explicit(&tb->hash_next, memory_order_acquire);
    }
    return NULL;
}

struct tb *tb_of_code(struct tcg *tcg, uint32_t code_offset)
{
    uint32_t low = 0, high = tcg->tb_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (tcg->tbs[mid]->code_offset <= code_offset)
            low = mid + 1;
        else
            high = mid;
    }
    if (!low)
        return NULL;
    struct tb *tb = tcg->tbs[low - 1];
    return code_offset - tb->code_offset < tb->code_size ? tb : NULL;
}

/* ---- pages -------------------------------------------------------------------------------------- */

struct code_page *tb_code_page(struct tcg *tcg, struct ram_block *ram, uint64_t page, bool create)
{
    struct ram_pages *pages = &tcg->ram[ram->index];
    if (ram->index == USER_RAM_INDEX) {
        pages->ram = ram;
        return user_code_page(tcg->user, page, create);
    }
    if (!pages->page) {
        if (!create)
            return NULL;
        pages->ram = ram;
        pages->page = g_new0(struct code_page *_Atomic, (ram->size + PAGE_SIZE_ - 1) / PAGE_SIZE_);
    }
    struct code_page *p = pages->page[page];
    if (!p && create) {
        p = g_new0(struct code_page, 1);
        pages->page[page] = p;
    }
    return p;
}

static struct ram_block *ram_of(struct tcg *tcg, uint64_t ram_address)
{
    return tcg->ram[ram_address >> 48].ram;
}

static uint64_t page_of(uint64_t ram_address)
{
    return (ram_address & (((uint64_t)1 << 48) - 1)) >> BP_TLB_PAGE_LOG2;
}

/* The tb's index (0 or 1) of a page in its page_next. */
static unsigned page_index(const struct tb *tb, uint64_t page)
{
    return page_of(tb->ram_address) == page ? 0 : 1;
}

static void page_insert(struct tcg *tcg, struct tb *tb, uint64_t page, unsigned i)
{
    struct ram_block *ram = ram_of(tcg, tb->ram_address);
    struct code_page *p = tb_code_page(tcg, ram, page, true);
    tb->page_next[i] = p->first;
    p->first = tb;
    p->granules |= tb->granules[i];
}

static void page_remove(struct tcg *tcg, struct tb *tb, uint64_t page)
{
    struct ram_block *ram = ram_of(tcg, tb->ram_address);
    struct code_page *p = tb_code_page(tcg, ram, page, false);
    struct tb **link = &p->first;
    uint64_t granules = 0;
    while (*link) {
        struct tb *t = *link;
        unsigned i = page_index(t, page);
        if (t == tb) {
            *link = t->page_next[i];
            continue;
        }
        granules |= t->granules[i];
        link = &t->page_next[i];
    }
    p->granules = granules;
    if (!p->first && ram->page_flags)
        atomic_fetch_and(&ram->page_flags[page], (uint8_t)~RAM_PAGE_CODE);
}

/* ---- adding and chaining ------------------------------------------------------------------------ */

int tb_add(struct tcg *tcg, struct tb *tb)
{
    if (tcg->tb_count == tcg->tb_room) {
        tcg->tb_room = tcg->tb_room ? 2 * tcg->tb_room : 4096;
        tcg->tbs = g_renew(struct tb *, tcg->tbs, tcg->tb_room);
    }
    tcg->tbs[tcg->tb_count++] = tb;
    page_insert(tcg, tb, page_of(tb->ram_address), 0);
    if (tb->second_page != UINT64_MAX)
        page_insert(tcg, tb, tb->second_page, 1);
    struct tb *_Atomic *head = &tcg->hash[tb_hash(tb->ram_address, tb->pc, tb->flags, tb->cluster)];
    tb->hash_next = *head;
    code_published(tcg);
    atomic_store_explicit(head, tb, memory_order_release);
    return 0;
}

static void patch_exit(struct tcg *tcg, struct tb_exit *exit, const uint8_t *to)
{
    tcg->backend->patch(tcg->cache.rw + exit->patch, tcg->cache.rx + exit->patch, to);
}

void tb_chain(struct tcg *tcg, struct tb_exit *exit, struct tb *to)
{
    pthread_mutex_lock(&tcg->lock);
    if (!exit->to && exit->patch != UINT32_MAX && !exit->tb->invalid && !to->invalid) {
        exit->to = to;
        exit->next = to->incoming;
        to->incoming = exit;
        code_published(tcg);
        bool repeats = exit->flags & BP_EXIT_REPEAT && exit->tb == to;
        patch_exit(tcg, exit, to->code + (repeats ? to->repeat_offset : 0));
    }
    pthread_mutex_unlock(&tcg->lock);
}

static void unchain(struct tcg *tcg, struct tb *tb)
{
    for (struct tb_exit *e = tb->incoming, *next; e; e = next) {
        next = e->next;
        patch_exit(tcg, e, NULL);
        e->to = NULL;
        e->next = NULL;
    }
    tb->incoming = NULL;
    for (unsigned i = 0; i < tb->exit_count; i++) {
        struct tb_exit *e = &tb->exits[i];
        if (!e->to)
            continue;
        struct tb_exit **link = &e->to->incoming;
        while (*link != e)
            link = &(*link)->next;
        *link = e->next;
        patch_exit(tcg, e, NULL);
        e->to = NULL;
    }
}

/* ---- dropping ------------------------------------------------------------------------------------ */

static void tb_invalidate(struct tcg *tcg, struct tb *tb)
{
    atomic_store(&tb->invalid, true);
    struct tb *_Atomic *link =
        &tcg->hash[tb_hash(tb->ram_address, tb->pc, tb->flags, tb->cluster)];
    while (*link && *link != tb)
        link = &(*link)->hash_next;
    if (*link)
        atomic_store_explicit(link, tb->hash_next, memory_order_release);
    page_remove(tcg, tb, page_of(tb->ram_address));
    if (tb->second_page != UINT64_MAX)
        page_remove(tcg, tb, tb->second_page);
    unchain(tcg, tb);
    for (uint32_t i = 0; i < tcg->vcpu_count; i++)
        jump_cache_forget_tb(tcg->vcpus[i], tb);
}

static uint64_t granules_of(uint64_t first, uint64_t last)
{
    uint64_t low = first >> 6, high = last >> 6;
    return (UINT64_MAX << low) & (UINT64_MAX >> (63 - high));
}

void tb_invalidate_page(struct tcg *tcg, struct ram_block *ram, uint64_t page)
{
    struct code_page *p = tb_code_page(tcg, ram, page, false);
    while (p && p->first)
        tb_invalidate(tcg, p->first);
}

void tb_invalidate_range(struct tcg *tcg, struct ram_block *ram, uint64_t offset, uint64_t n)
{
    if (!n)
        return;
    pthread_mutex_lock(&tcg->lock);
    uint64_t end = offset + n;
    for (uint64_t page = offset >> BP_TLB_PAGE_LOG2; page << BP_TLB_PAGE_LOG2 < end; page++) {
        struct code_page *p = tb_code_page(tcg, ram, page, false);
        if (!p || !p->first)
            continue;
        uint64_t base = page << BP_TLB_PAGE_LOG2;
        uint64_t first = offset > base ? offset - base : 0;
        uint64_t last = end - base < PAGE_SIZE_ ? end - base - 1 : PAGE_SIZE_ - 1;
        uint64_t touched = granules_of(first, last);
        if (!(p->granules & touched))
            continue;
        for (struct tb *tb = p->first, *next; tb; tb = next) {
            unsigned i = page_index(tb, page);
            next = tb->page_next[i];
            if (tb->granules[i] & touched)
                tb_invalidate(tcg, tb);
        }
    }
    pthread_mutex_unlock(&tcg->lock);
}

static bool has_insn_at(const struct tb *tb, uint64_t pc)
{
    if ((tb->pc ^ pc) & PAGE_MASK_)
        return false;
    for (unsigned i = 0; i < tb->mark_count; i++)
        if (tb->pc + (uint64_t)(int64_t)(int32_t)tb->marks[i].pc_offset == pc)
            return true;
    return false;
}

void tb_invalidate_pc(struct tcg *tcg, uint64_t pc)
{
    pthread_mutex_lock(&tcg->lock);
    for (uint32_t i = 0; i < tcg->tb_count; i++) {
        struct tb *tb = tcg->tbs[i];
        if (!tb->invalid && !(tb->cluster & CLUSTER_STEP) && has_insn_at(tb, pc))
            tb_invalidate(tcg, tb);
    }
    pthread_mutex_unlock(&tcg->lock);
}

void tb_flush_all(struct tcg *tcg)
{
    for (uint32_t r = 0; r < RAM_BLOCKS_MAX; r++) {
        struct ram_pages *pages = &tcg->ram[r];
        if (!pages->page)
            continue;
        uint64_t count = (pages->ram->size + PAGE_SIZE_ - 1) / PAGE_SIZE_;
        for (uint64_t i = 0; i < count; i++) {
            if (!pages->page[i])
                continue;
            g_free(pages->page[i]);
            pages->page[i] = NULL;
            atomic_fetch_and(&pages->ram->page_flags[i], (uint8_t)~RAM_PAGE_CODE);
        }
    }
    for (uint32_t i = 0; i < 1u << TB_HASH_LOG2; i++)
        tcg->hash[i] = NULL;
    if (tcg->user)
        user_forget_code(tcg->user);
    tcg->tb_count = 0;
    tcg->cache.used = tcg->cache.prologue;
    tcg->cache.flushes++;
    tcg->arena.used = 0;
    for (uint32_t i = 0; i < tcg->vcpu_count; i++) {
        jump_cache_flush(tcg->vcpus[i]);
        tcg->vcpus[i]->last_exit = NULL;
    }
}
