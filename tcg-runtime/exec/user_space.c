/* SPDX-License-Identifier: MIT */
/*
 * user_space.c: the guest's address space in user mode: the reservation, what the program may do
 * with each page, and pages that hold translated code.
 *
 * A page that may be written and holds translated code is *held*: the host has it read-only. The
 * first store to it, or a warning of one (bp_user_will_write), drops its code and releases it;
 * translating it again holds it again. So a program that writes and runs the same page goes
 * slowly but on.
 */
#include "tcg-runtime/exec/user.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#define ACCESS_BITS (BP_ACCESS_READ | BP_ACCESS_WRITE | BP_ACCESS_EXEC)
#define GUARD_BYTES ((uint64_t)1 << 20)
#define LOWEST_BYTES ((uint64_t)1 << 16) /* what hosts do not let be mapped at address 0 */
#define BYTES_MAX ((uint64_t)1 << 47)

/* ---- pages ----------------------------------------------------------------------------------- */

static struct user_span *span_of(uintptr_t v)
{
    return v & 1 ? NULL : (struct user_span *)v;
}

unsigned user_page(const struct bp_user_space *s, uint64_t va)
{
    if (va >= s->bytes)
        return 0;
    uintptr_t v = atomic_load_explicit(&s->spans[va >> SPAN_LOG2], memory_order_acquire);
    const struct user_span *span = span_of(v);
    return span ? atomic_load(&span->page[va >> BP_TLB_PAGE_LOG2 & (SPAN_PAGES - 1)])
                : (unsigned)(v >> 1);
}

static struct user_span *make_span(struct bp_user_space *s, uint64_t number)
{
    uintptr_t v = atomic_load(&s->spans[number]);
    struct user_span *span = span_of(v);
    if (span)
        return span;
    span = g_new0(struct user_span, 1);
    span->number = number;
    memset((void *)span->page, (int)(v >> 1), SPAN_PAGES);
    span->next = s->all;
    s->all = span;
    atomic_store_explicit(&s->spans[number], (uintptr_t)span, memory_order_release);
    return span;
}

static void set_page(struct bp_user_space *s, uint64_t va, unsigned bits)
{
    struct user_span *span = make_span(s, va >> SPAN_LOG2);
    atomic_store(&span->page[va >> BP_TLB_PAGE_LOG2 & (SPAN_PAGES - 1)], (uint8_t)bits);
}

static void set_pages(struct bp_user_space *s, uint64_t va, uint64_t n, unsigned bits)
{
    while (n) {
        uint64_t number = va >> SPAN_LOG2, at = va & ((1u << SPAN_LOG2) - 1);
        uint64_t here = MIN(n, (1u << SPAN_LOG2) - at);
        uintptr_t v = atomic_load(&s->spans[number]);
        if (here == 1u << SPAN_LOG2 && !span_of(v)) {
            atomic_store(&s->spans[number], bits ? (uintptr_t)bits << 1 | 1 : 0);
        } else if (span_of(v) || v >> 1 != bits) {
            struct user_span *span = make_span(s, number);
            memset((void *)&span->page[at >> BP_TLB_PAGE_LOG2], (int)bits,
                   here >> BP_TLB_PAGE_LOG2);
        }
        va += here;
        n -= here;
    }
}

/* ---- code ------------------------------------------------------------------------------------ */

struct code_page *user_code_page(struct bp_user_space *s, uint64_t page, bool create)
{
    uint64_t number = page >> (SPAN_LOG2 - BP_TLB_PAGE_LOG2);
    if (number >= s->span_count)
        return NULL;
    struct user_span *span = create ? make_span(s, number) : span_of(s->spans[number]);
    if (!span || (!span->code && !create))
        return NULL;
    if (!span->code) {
        span->code = g_new0(struct code_page, SPAN_PAGES);
        span->next_code = s->code;
        s->code = span;
    }
    return &span->code[page & (SPAN_PAGES - 1)];
}

void user_forget_code(struct bp_user_space *s)
{
    for (struct user_span *span = s->code; span; span = span->next_code)
        memset((void *)span->code, 0, SPAN_PAGES * sizeof *span->code);
    s->shared_code = false;
}

static void drop_page(struct bp_user_space *s, uint64_t va)
{
    tb_invalidate_page(s->tcg, &s->ram, va >> BP_TLB_PAGE_LOG2);
}

/* Drops the code in whole pages. tcg->lock held */
static void drop_code(struct bp_user_space *s, uint64_t va, uint64_t n)
{
    uint64_t end = va + n;
    for (const struct user_span *span = s->code; span; span = span->next_code) {
        uint64_t first = span->number << SPAN_LOG2, last = first + (1u << SPAN_LOG2);
        for (uint64_t p = MAX(first, va); p < MIN(last, end); p += PAGE_SIZE_)
            drop_page(s, p);
    }
}

static void drop_shared_code(struct bp_user_space *s)
{
    if (!s->shared_code)
        return;
    for (const struct user_span *span = s->code; span; span = span->next_code) {
        for (uint64_t i = 0; i < SPAN_PAGES; i++) {
            if (atomic_load(&span->page[i]) & BP_USER_SHARED)
                drop_page(s, span->number << SPAN_LOG2 | i << BP_TLB_PAGE_LOG2);
        }
    }
    s->shared_code = false;
}

/* ---- holding --------------------------------------------------------------------------------- */

static int host_protection(unsigned access)
{
    int p = access & (BP_ACCESS_READ | BP_ACCESS_EXEC) ? PROT_READ : PROT_NONE;
    return access & BP_ACCESS_WRITE ? PROT_READ | PROT_WRITE : p;
}

/* tcg->lock held */
static void release_page(struct bp_user_space *s, uint64_t va, unsigned bits)
{
    va &= PAGE_MASK_;
    drop_page(s, va);
    mprotect(user_host_of(s, va), PAGE_SIZE_, host_protection(bits));
    set_page(s, va, bits & ~PAGE_HELD);
}

/* Each held page between others takes the host two of the mappings that a process may have. */
static void release_all(struct bp_user_space *s, uint64_t keep)
{
    for (const struct user_span *span = s->code; span; span = span->next_code) {
        for (uint64_t i = 0; i < SPAN_PAGES; i++) {
            unsigned bits = atomic_load(&span->page[i]);
            uint64_t va = span->number << SPAN_LOG2 | i << BP_TLB_PAGE_LOG2;
            if (bits & PAGE_HELD && va != keep)
                release_page(s, va, bits);
        }
    }
}

int user_hold(struct bp_user_space *s, uint64_t va, uint64_t keep)
{
    unsigned bits = user_page(s, va);
    if (!(bits & BP_ACCESS_EXEC))
        return -EFAULT;
    s->shared_code |= (bits & BP_USER_SHARED) != 0;
    if (!(bits & BP_ACCESS_WRITE) || bits & PAGE_HELD)
        return 0;
    uint8_t *p = user_host_of(s, va & PAGE_MASK_);
    if (mprotect(p, PAGE_SIZE_, PROT_READ) < 0) {
        release_all(s, keep);
        if (mprotect(p, PAGE_SIZE_, PROT_READ) < 0)
            return -errno;
    }
    set_page(s, va, bits | PAGE_HELD);
    return 0;
}

enum user_release user_release(struct bp_user_space *s, uint64_t va)
{
    pthread_mutex_lock(&s->tcg->lock);
    unsigned bits = user_page(s, va);
    if (bits & PAGE_HELD)
        release_page(s, va, bits);
    pthread_mutex_unlock(&s->tcg->lock);
    return bits & PAGE_HELD ? USER_RELEASED
           : bits & BP_ACCESS_WRITE ? USER_WRITABLE : USER_READ_ONLY;
}

/* ---- the service ----------------------------------------------------------------------------- */

uint8_t *user_host(struct bp_user_space *s) { return s->base; }

static bool whole_pages(const struct bp_user_space *s, uint64_t va, uint64_t n)
{
    return va <= s->bytes && n <= s->bytes - va && !((va | n) & ~PAGE_MASK_);
}

static int host_protect(struct bp_user_space *s, uint64_t va, uint64_t n, unsigned access)
{
    if (!s->base && va < LOWEST_BYTES && !(access & ACCESS_BITS)) { /* not even reserved */
        uint64_t below = MIN(n, LOWEST_BYTES - va);
        va += below;
        n -= below;
    }
    return n && mprotect(user_host_of(s, va), n, host_protection(access)) < 0 ? -errno : 0;
}

int user_protect(struct bp_user_space *s, uint64_t va, uint64_t n, unsigned access)
{
    int err = 0;
    if (!whole_pages(s, va, n))
        return -EINVAL;
    pthread_mutex_lock(&s->tcg->lock);
    drop_code(s, va, n);
    if (!(access & BP_USER_MAPPED))
        err = host_protect(s, va, n, access);
    if (!err)
        set_pages(s, va, n, access & (ACCESS_BITS | BP_USER_SHARED | BP_USER_GUARDED));
    pthread_mutex_unlock(&s->tcg->lock);
    return err;
}

unsigned user_access(struct bp_user_space *s, uint64_t va)
{
    return user_page(s, va) & (ACCESS_BITS | BP_USER_GUARDED);
}

int user_will_write(struct bp_user_space *s, uint64_t va, uint64_t n)
{
    uint64_t end = va + n;
    if (!n)
        return 0;
    if (end < va || end > s->bytes)
        return -EFAULT;
    for (uint64_t p = va & PAGE_MASK_; p < end;) {
        uintptr_t v = atomic_load_explicit(&s->spans[p >> SPAN_LOG2], memory_order_acquire);
        if (!span_of(v)) {
            if (!(v >> 1 & BP_ACCESS_WRITE))
                return -EFAULT;
            p = ((p >> SPAN_LOG2) + 1) << SPAN_LOG2;
            continue;
        }
        unsigned bits = user_page(s, p);
        if (!(bits & BP_ACCESS_WRITE))
            return -EFAULT;
        if (bits & PAGE_HELD)
            user_release(s, p);
        p += PAGE_SIZE_;
    }
    return 0;
}

void user_code_changed(struct bp_user_space *s, uint64_t va, uint64_t n)
{
    if (va >= s->bytes || !n)
        return;
    uint64_t end = n > s->bytes - va ? s->bytes : va + n;
    uint64_t first = va & PAGE_MASK_;
    pthread_mutex_lock(&s->tcg->lock);
    drop_code(s, first, end - first);
    drop_shared_code(s);
    pthread_mutex_unlock(&s->tcg->lock);
}

void user_fence(void *env)
{
    struct bp_user_space *s = tcg_of_env(env)->tcg->user;
    if (!s)
        return;
    pthread_mutex_lock(&s->tcg->lock);
    drop_shared_code(s);
    pthread_mutex_unlock(&s->tcg->lock);
}

/* ---- the reservation ------------------------------------------------------------------------- */

static void *reserve_at(uint64_t address, uint64_t n)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void *p = mmap((void *)(uintptr_t)address, n, PROT_NONE, flags, -1, 0);
    if (p == MAP_FAILED || (uintptr_t)p == address)
        return p;
    munmap(p, n); /* an old kernel took the address as a hint */
    errno = EEXIST;
    return MAP_FAILED;
}

static int map_space(struct bp_user_space *s, uint64_t bytes, uint64_t base)
{
    void *p = MAP_FAILED;
    s->map_bytes = bytes + 2 * GUARD_BYTES;
    if (base) {
        p = reserve_at(base - GUARD_BYTES, s->map_bytes);
        s->base = (uint8_t *)(uintptr_t)base;
    } else if (bytes > LOWEST_BYTES) {
        /* At 0, guest addresses are host addresses, and accesses shorter instructions. */
        s->map_bytes = bytes + GUARD_BYTES - LOWEST_BYTES;
        p = reserve_at(LOWEST_BYTES, s->map_bytes);
        s->base = NULL;
        if (p == MAP_FAILED) {
            s->map_bytes = bytes + 2 * GUARD_BYTES;
            p = mmap(NULL, s->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                     -1, 0);
            s->base = (uint8_t *)p + GUARD_BYTES;
        }
    }
    if (p == MAP_FAILED)
        return -errno;
    s->map = p;
    return 0;
}

static void *map_table(uint64_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void user_space_free(struct bp_user_space *s)
{
    if (!s)
        return;
    user_let_faults(s);
    for (struct user_span *span = s->all, *next; span; span = next) {
        next = span->next;
        g_free(span->code);
        g_free(span);
    }
    if (s->spans)
        munmap((void *)s->spans, s->span_count * sizeof *s->spans);
    if (s->map)
        munmap(s->map, s->map_bytes);
    g_free(s);
}

int user_reserve(void *board, uint64_t bytes, uint64_t host_base,
                 void (*foreign)(int signal, void *siginfo, void *ucontext),
                 struct bp_user_space **ret)
{
    struct tcg *tcg = accel_of_part(board);
    if (!bytes || bytes > BYTES_MAX || (bytes | host_base) & ~PAGE_MASK_ ||
        (host_base && host_base < GUARD_BYTES))
        return core_error(EINVAL, "a guest address space of 0x%" PRIx64 " bytes at 0x%" PRIx64
                          ": sizes are whole pages, at most 0x%" PRIx64, bytes, host_base,
                          BYTES_MAX);
    if (tcg->user)
        return core_error(EBUSY, "this machine has a guest address space already");
    struct bp_user_space *s = g_new0(struct bp_user_space, 1);
    s->tcg = tcg;
    s->bytes = bytes;
    s->foreign = foreign;
    s->span_count = (bytes + ((1u << SPAN_LOG2) - 1)) >> SPAN_LOG2;
    s->spans = map_table(s->span_count * sizeof *s->spans);
    int err = s->spans ? map_space(s, bytes, host_base) : -errno;
    if (err < 0)
        core_error(-err, "cannot reserve 0x%" PRIx64 " bytes of address space for the guest%s: %s",
                   bytes, host_base ? " there" : "", strerror(-err));
    else
        err = user_catch_faults(s);
    if (err < 0) {
        user_space_free(s);
        return err;
    }
    s->ram = (struct ram_block){ .name = "user", .host = s->base, .size = bytes,
                                 .index = USER_RAM_INDEX };
    tcg->user = s;
    *ret = s;
    return 0;
}
