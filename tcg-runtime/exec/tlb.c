/* SPDX-License-Identifier: MIT */
/*
 * tlb.c: the software TLB.
 *
 * Per vCPU some *sets*, one an address space, so that switching between processes keeps what was
 * found; per set a direct-mapped table an mmu index, which grows while it fills and shrinks when it was flushed
 * mostly empty. Translated code probes the current set's tables (struct tlb_desc in the area). A
 * tag is the page's address, with bit 0 set where the fast path must not be used (MMIO, a page with
 * translated code, a page made of several pieces), or all ones where the access is not known to be allowed.
 *
 * Other threads only ever set bit 0 of store tags (tlb_protect_ram) or ask for a flush; tlb_lock keeps
 * tables from being replaced meanwhile.
 */
#include "tcg-runtime/exec/debug.h"
#include "tcg-runtime/exec/tcg.h"

#include <inttypes.h>
#include <string.h>

#define TLB_MIN_ENTRIES 256u
#define TLB_MAX_ENTRIES 16384u
#define TAG_SLOW 1u
#define TAG_NONE UINT64_MAX

static unsigned tag_of_access(unsigned access)
{
    return access == BP_ACCESS_READ ? 0 : access == BP_ACCESS_WRITE ? 1 : 2;
}

static uint32_t tlb_index(const struct tlb_table *t, uint64_t va)
{
    return (uint32_t)(va >> BP_TLB_PAGE_LOG2) & (t->entries - 1);
}

/* ---- tables and sets ------------------------------------------------------------------------------ */

static void table_alloc(struct tlb_table *t, uint32_t entries)
{
    size_t bytes = entries * sizeof *t->slots;
    t->slots = g_aligned_alloc(1, bytes, 64);
    memset(t->slots, 0xff, bytes);
    t->infos = g_new(struct tlb_info, entries);
    t->entries = entries;
    t->used = 0;
}

static void table_free(struct tlb_table *t)
{
    g_aligned_free(t->slots);
    g_free(t->infos);
    memset(t, 0, sizeof *t);
}

static void table_flush(struct tlb_table *t)
{
    if (!t->used)
        return;
    if (t->used < t->entries / 8 && t->entries > TLB_MIN_ENTRIES) {
        uint32_t half = t->entries / 2;
        table_free(t);
        table_alloc(t, half);
        return;
    }
    memset(t->slots, 0xff, t->entries * sizeof *t->slots);
    t->used = 0;
}

static void table_grow(struct tlb_table *t)
{
    struct tlb_table old = *t;
    table_alloc(t, old.entries ? 2 * old.entries : TLB_MIN_ENTRIES);
    for (uint32_t i = 0; i < old.entries; i++) {
        const struct bp_tlb_slot *s = &old.slots[i];
        uint64_t page = TAG_NONE;
        for (unsigned a = 0; a < 3 && page == TAG_NONE; a++)
            page = s->tag[a];
        if (page == TAG_NONE)
            continue;
        uint32_t to = tlb_index(t, page);
        t->slots[to] = *s;
        t->infos[to] = old.infos[i];
        t->used++;
    }
    table_free(&old);
}

/* Shows the current set's table to translated code. */
static void publish(struct tcg_vcpu *c, unsigned mmu)
{
    struct tlb_table *t = &c->set->table[mmu];
    struct tlb_desc *d = &c->area->tlb[mmu];
    if (t->entries) {
        d->mask = (uint64_t)(t->entries - 1) << BP_TLB_SLOT_LOG2;
        d->slots = t->slots;
    } else {
        d->mask = 0;
        d->slots = &c->no_slot;
    }
}

static void set_flush(struct tcg_vcpu *c, struct tlb_set *set)
{
    for (unsigned m = 0; m < c->target->mmu_count; m++)
        table_flush(&set->table[m]);
    memset(&set->large, 0, sizeof set->large);
    if (set == c->set) {
        for (unsigned m = 0; m < c->target->mmu_count; m++)
            publish(c, m);
    }
}

int tlb_init(struct tcg_vcpu *c)
{
    pthread_mutex_init(&c->tlb_lock, NULL);
    pthread_mutex_init(&c->mail.lock, NULL);
    memset(&c->no_slot, 0xff, sizeof c->no_slot);
    c->set = &c->sets[0];
    c->set->valid = true;
    for (unsigned m = 0; m < MMU_MAX; m++)
        publish(c, m);
    return 0;
}

void tlb_free(struct tcg_vcpu *c)
{
    for (unsigned s = 0; s < TLB_SETS; s++) {
        for (unsigned m = 0; m < MMU_MAX; m++)
            table_free(&c->sets[s].table[m]);
    }
    pthread_mutex_destroy(&c->tlb_lock);
    pthread_mutex_destroy(&c->mail.lock);
}

static unsigned hint_of(uint64_t space)
{
    return (unsigned)(space * UINT64_C(0x9e3779b97f4a7c15) >> 32) % TLB_HINTS;
}

/* The set of a space, or the one that was not used for longest. */
static struct tlb_set *find_set(struct tcg_vcpu *c, uint64_t space, bool *ret_found)
{
    struct tlb_set *hinted = &c->sets[c->hints[hint_of(space)]], *oldest = NULL;
    *ret_found = true;
    if (hinted->valid && hinted->space == space)
        return hinted;
    for (unsigned s = 0; s < TLB_SETS; s++) {
        struct tlb_set *set = &c->sets[s];
        if (set->valid && set->space == space)
            return set;
        if (!oldest || !set->valid || (oldest->valid && set->stamp < oldest->stamp))
            oldest = set;
    }
    *ret_found = false;
    return oldest;
}

void tlb_use_space(struct tcg_vcpu *c, uint64_t space)
{
    c->set->stamp = ++c->stamp;
    if (c->set->space == space)
        return;
    bool found;
    struct tlb_set *set = find_set(c, space, &found);
    if (!found) {
        pthread_mutex_lock(&c->tlb_lock);
        if (set->valid)
            jump_cache_forget_space(c, set->space);
        set_flush(c, set);
        set->space = space;
        set->valid = true;
        pthread_mutex_unlock(&c->tlb_lock);
    }
    c->hints[hint_of(space)] = (uint8_t)(set - c->sets);
    set->stamp = ++c->stamp;
    c->set = set;
    for (unsigned m = 0; m < c->target->mmu_count; m++)
        publish(c, m);
}

/* ---- large pages ------------------------------------------------------------------------------------ */

/* Upper bits of addresses may not count (bp_tlb_flush.va_bits), so they are left out. */
#define NOTE_BITS 52

static uint64_t note_address(uint64_t va)
{
    return va & ((UINT64_C(1) << NOTE_BITS) - 1);
}

static unsigned large_bit(uint64_t address)
{
    return (unsigned)((address >> 21) * UINT64_C(0x9e3779b97f4a7c15) >> 52);
}

static void note_huge(struct tlb_large *l, uint64_t first, uint64_t last)
{
    unsigned best = 0;
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < l->huge_count; i++) {
        uint64_t low = MIN(first, l->huge[i].first), high = MAX(last, l->huge[i].last);
        uint64_t added = (high - low) - (l->huge[i].last - l->huge[i].first);
        if (added < least) {
            least = added;
            best = i;
        }
    }
    bool adjoins = l->huge_count && least <= last - first + 1;
    if (l->huge_count < HUGE_RANGES && !adjoins) {
        l->huge[l->huge_count].first = first;
        l->huge[l->huge_count++].last = last;
        return;
    }
    l->huge[best].first = MIN(first, l->huge[best].first);
    l->huge[best].last = MAX(last, l->huge[best].last);
}

static void note_large(struct tlb_large *l, uint64_t va, unsigned page_log2)
{
    uint64_t address = note_address(va);
    if (page_log2 > 21) {
        uint64_t offset = page_log2 < 64 ? (UINT64_C(1) << page_log2) - 1 : UINT64_MAX;
        note_huge(l, address & ~offset, address | offset);
        return;
    }
    unsigned bit = large_bit(address);
    l->pieces[bit >> 6] |= UINT64_C(1) << (bit & 63);
}

static bool maybe_large(const struct tlb_large *l, uint64_t va, uint64_t bytes)
{
    uint64_t first = note_address(va), last = first + bytes - 1;
    for (unsigned i = 0; i < l->huge_count; i++) {
        if (first <= l->huge[i].last && last >= l->huge[i].first)
            return true;
    }
    for (uint64_t piece = first >> 21; piece <= last >> 21; piece++) {
        unsigned bit = large_bit(piece << 21);
        if (l->pieces[bit >> 6] >> (bit & 63) & 1)
            return true;
    }
    return false;
}

/* ---- flushing -------------------------------------------------------------------------------------- */

static void set_drop(struct tcg_vcpu *c, struct tlb_set *set)
{
    set_flush(c, set);
    set->valid = set == c->set;
}

/* Of the page at va in one table; bits outside `mask` don't tell pages apart. */
static void table_forget(struct tlb_table *t, uint64_t va, uint64_t mask)
{
    if (!t->entries)
        return;
    struct bp_tlb_slot *slot = &t->slots[tlb_index(t, va)];
    for (unsigned a = 0; a < 3; a++) {
        if (!((slot->tag[a] ^ va) & mask & PAGE_MASK_))
            slot->tag[a] = TAG_NONE;
    }
}

static uint64_t va_mask(unsigned bits)
{
    return bits ? UINT64_MAX >> (64 - bits) : UINT64_MAX;
}

#define FORGET_PAGES_MAX 1024u /* more are forgotten with their whole set */

void tlb_forget(struct tcg_vcpu *c, const struct bp_tlb_flush *what)
{
    uint64_t va = what->va & PAGE_MASK_, mask = va_mask(what->va_bits);
    uint64_t bytes = (what->va - va) + what->bytes;
    bool range = what->flags & BP_FLUSH_RANGE && bytes <= FORGET_PAGES_MAX * PAGE_SIZE_;
    pthread_mutex_lock(&c->tlb_lock);
    for (unsigned s = 0; s < TLB_SETS; s++) {
        struct tlb_set *set = &c->sets[s];
        if (!set->valid || (set->space ^ what->space) & what->space_mask)
            continue;
        if (!range || maybe_large(&set->large, va, bytes)) {
            set_drop(c, set);
            jump_cache_forget_space(c, set->space);
            continue;
        }
        for (uint64_t at = 0; at < bytes; at += PAGE_SIZE_) {
            for (unsigned m = 0; m < c->target->mmu_count; m++)
                table_forget(&set->table[m], va + at, mask);
        }
    }
    pthread_mutex_unlock(&c->tlb_lock);
    if (!range) {
        jump_cache_forget_spaces(c, what->space, what->space_mask);
        return;
    }
    for (uint64_t at = 0; at < bytes; at += PAGE_SIZE_)
        jump_cache_forget_page(c, va + at);
}

void tlb_flush_all(struct tcg_vcpu *c)
{
    pthread_mutex_lock(&c->tlb_lock);
    for (unsigned s = 0; s < TLB_SETS; s++)
        set_drop(c, &c->sets[s]);
    pthread_mutex_unlock(&c->tlb_lock);
    jump_cache_flush(c);
}

void tlb_flush_space(struct tcg_vcpu *c, uint64_t space)
{
    struct bp_tlb_flush what = { .size = sizeof what, .space = space, .space_mask = UINT64_MAX,
                                 .va_bits = 64 };
    tlb_forget(c, &what);
}

void tlb_flush_page(struct tcg_vcpu *c, uint64_t va)
{
    struct bp_tlb_flush what = { .size = sizeof what, .flags = BP_FLUSH_RANGE, .va = va,
                                 .bytes = 1, .va_bits = 64 };
    tlb_forget(c, &what);
}

/* ---- filling --------------------------------------------------------------------------------------- */

static void fill_info(struct tcg_vcpu *c, uint64_t gpa, struct memory_piece *piece,
                      struct tlb_info *ret)
{
    ret->gpa = gpa;
    ret->ram = NULL;
    ret->ram_offset = 0;
    if (!memory_find(c->v->space, gpa, piece) || !piece->ram)
        return;
    if (gpa < piece->gpa || gpa + PAGE_SIZE_ - 1 > piece->gpa + piece->size - 1)
        return;
    uint64_t offset = piece->ram_offset + (gpa - piece->gpa);
    if (offset & (PAGE_SIZE_ - 1))
        return;
    ret->ram = piece->ram;
    ret->ram_offset = offset;
}

static void fill_slot(const struct tcg_vcpu *c, const struct bp_tlb_entry *entry, uint64_t page,
                      const struct tlb_info *info, const struct memory_piece *piece,
                      struct bp_tlb_slot *ret)
{
    struct ram_block *ram = info->ram;
    bool read = ram && piece->read_direct, write = ram && piece->write_direct, fetch = read;
    unsigned watched = debug_watched(c, page);
    read = read && !(watched & BP_ACCESS_READ);
    write = write && !(watched & BP_ACCESS_WRITE);
    if (write && entry->access & BP_ACCESS_WRITE) {
        _Atomic uint8_t *flags = &ram->page_flags[info->ram_offset >> BP_TLB_PAGE_LOG2];
        uint8_t before = atomic_fetch_or(flags, PAGE_FLAG_STORED);
        write = !(before & RAM_PAGE_CODE);
    }
    ret->tag[0] = !(entry->access & BP_ACCESS_READ) ? TAG_NONE : read ? page : page | TAG_SLOW;
    ret->tag[1] = !(entry->access & BP_ACCESS_WRITE) ? TAG_NONE : write ? page : page | TAG_SLOW;
    ret->tag[2] = !(entry->access & BP_ACCESS_EXEC) ? TAG_NONE : fetch ? page : page | TAG_SLOW;
    ret->addend = ram ? (uint64_t)(uintptr_t)ram->host + info->ram_offset - page : 0;
}

bool tlb_get(struct tcg_vcpu *c, uint64_t va, unsigned access, unsigned mmu, bool probe,
             struct bp_tlb_slot **ret_slot, struct tlb_info **ret_info)
{
    uint64_t page = va & PAGE_MASK_;
    unsigned bytes = access >> 8;
    access &= 0xff;
    unsigned which = tag_of_access(access);
    struct tlb_table *t = &c->set->table[mmu];
    if (t->entries) {
        uint32_t i = tlb_index(t, va);
        if ((slot_tag(&t->slots[i], which) & ~(uint64_t)TAG_SLOW) == page) {
            *ret_slot = &t->slots[i];
            *ret_info = &t->infos[i];
            return true;
        }
    }
    struct bp_tlb_entry entry = { .size = sizeof entry, .bytes = bytes,
                                  .branch = access == BP_ACCESS_EXEC ? c->branch : 0 };
    if (!c->target->tlb_fill(c->env, va, access, mmu, probe, &entry))
        return false;
    struct memory_piece piece;
    fill_info(c, entry.gpa & PAGE_MASK_, &piece, &c->once_info);
    if (log_on(LOG_MMU) && log_wants_address(va))
        log_text("mmu: vcpu %u index %u va %016" PRIx64 " -> gpa %016" PRIx64 " %c%c%c\n",
                 c->v->index, mmu, page, c->once_info.gpa, entry.access & BP_ACCESS_READ ? 'r' : '-',
                 entry.access & BP_ACCESS_WRITE ? 'w' : '-', entry.access & BP_ACCESS_EXEC ? 'x' : '-');
    c->once_info.attributes = entry.attributes;
    pthread_mutex_lock(&c->tlb_lock);
    fill_slot(c, &entry, page, &c->once_info, &piece, &c->once);
    if (entry.flags & BP_TLB_ONCE) {
        pthread_mutex_unlock(&c->tlb_lock);
        *ret_slot = &c->once;
        *ret_info = &c->once_info;
        return true;
    }
    if (!t->entries || (t->used > t->entries / 4 * 3 && t->entries < TLB_MAX_ENTRIES)) {
        table_grow(t);
        publish(c, mmu);
    }
    if (entry.page_log2 > BP_TLB_PAGE_LOG2)
        note_large(&c->set->large, va, entry.page_log2);
    uint32_t i = tlb_index(t, va);
    struct bp_tlb_slot *slot = &t->slots[i];
    t->used += (slot->tag[0] & slot->tag[1] & slot->tag[2]) == TAG_NONE;
    *slot = c->once;
    t->infos[i] = c->once_info;
    pthread_mutex_unlock(&c->tlb_lock);
    *ret_slot = slot;
    *ret_info = &t->infos[i];
    return true;
}

/* ---- stores to pages with code --------------------------------------------------------------------- */

void tlb_allow_store(struct tcg_vcpu *c, struct bp_tlb_slot *slot, const struct tlb_info *info,
                     uint64_t va)
{
    if (debug_watched(c, va & PAGE_MASK_) & BP_ACCESS_WRITE)
        return;
    pthread_mutex_lock(&c->tlb_lock);
    _Atomic uint8_t *flags = &info->ram->page_flags[info->ram_offset >> BP_TLB_PAGE_LOG2];
    if (!(atomic_fetch_or(flags, PAGE_FLAG_STORED) & RAM_PAGE_CODE))
        slot->tag[1] = va & PAGE_MASK_;
    pthread_mutex_unlock(&c->tlb_lock);
}

static void table_protect(struct tlb_table *t, const struct ram_block *ram, uint64_t offset)
{
    for (uint32_t i = 0; i < t->entries; i++) {
        struct bp_tlb_slot *s = &t->slots[i];
        uint64_t tag = __atomic_load_n(&s->tag[1], __ATOMIC_RELAXED);
        if (tag != TAG_NONE && t->infos[i].ram == ram && t->infos[i].ram_offset == offset)
            __atomic_or_fetch(&s->tag[1], TAG_SLOW, __ATOMIC_SEQ_CST);
    }
}

void tlb_protect_ram(struct tcg *tcg, struct ram_block *ram, uint64_t offset)
{
    _Atomic uint8_t *flags = &ram->page_flags[offset >> BP_TLB_PAGE_LOG2];
    uint8_t before = atomic_fetch_or(flags, RAM_PAGE_CODE);
    if (before & RAM_PAGE_CODE || !(before & PAGE_FLAG_STORED))
        return;
    atomic_fetch_and(flags, (uint8_t)~PAGE_FLAG_STORED);
    for (uint32_t i = 0; i < tcg->vcpu_count; i++) {
        struct tcg_vcpu *c = tcg->vcpus[i];
        pthread_mutex_lock(&c->tlb_lock);
        for (unsigned s = 0; s < TLB_SETS; s++) {
            for (unsigned m = 0; m < c->target->mmu_count; m++)
                table_protect(&c->sets[s].table[m], ram, offset & PAGE_MASK_);
        }
        pthread_mutex_unlock(&c->tlb_lock);
    }
}
