/* SPDX-License-Identifier: MIT */
/*
 * space.c: the guest's memory map: what is mapped where. Each change is made on the host first, in
 * the reservation, then in the set of areas, then told to the runtime. Addresses where nothing is
 * mapped stay an inaccessible mapping of the host's, so that no allocation of this process gets in
 * there.
 *
 * New mappings go to the highest room below the stack, as with Linux's default layout, but without
 * randomness: runs are alike.
 */
#include "space.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define STACK_GAP (UINT64_C(1) << 20)           /* Linux: stack_guard_gap, 256 pages */
#define STACK_ROOM_MIN (UINT64_C(128) << 20)    /* Linux: what mmap() leaves to a stack at least */
#define LOWEST_HINT UINT64_C(65536)             /* Linux: vm.mmap_min_addr */
#define PROT_SEM 0x8                            /* asm-generic/mman-common.h */
#define HUGE_PAGE (UINT64_C(2) << 20)
#define AREA_FLAGS (MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN)

void space_lock(struct process *p)
{
    pthread_mutex_lock(&p->space_lock);
}

void space_unlock(struct process *p)
{
    pthread_mutex_unlock(&p->space_lock);
}

int space_range(const struct process *p, uint64_t gva, uint64_t n, uint64_t *ret_end)
{
    uint64_t rounded = page_up(p, n);
    if (!page_aligned(p, gva))
        return -EINVAL;
    if (rounded < n || !gva_ok(p, gva, rounded))
        return -ENOMEM;
    *ret_end = gva + rounded;
    return 0;
}

int space_host_prot(int prot)
{
    int host = prot & (PROT_READ | PROT_WRITE);
    if (prot & (PROT_EXEC | PROT_WRITE))
        host |= PROT_READ;
    return host;
}

unsigned space_access(int prot, int flags)
{
    unsigned access = 0;
    if (prot & (PROT_READ | PROT_WRITE))
        access |= BP_ACCESS_READ;
    if (prot & PROT_WRITE)
        access |= BP_ACCESS_WRITE;
    if (prot & PROT_EXEC)
        access |= BP_ACCESS_EXEC;
    if (access && (flags & MAP_SHARED))
        access |= BP_USER_SHARED;
    if (access && (prot & AREA_GUARDED))
        access |= BP_USER_GUARDED;
    return access;
}

/* What an area has, of what a guest asks for. */
static int area_prot(const struct process *p, int prot)
{
    return (prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) |
           ((uint32_t)prot & p->guard_prot ? (int)AREA_GUARDED : 0);
}

int space_tell(struct process *p, uint64_t gva, uint64_t n, int prot, int flags)
{
    return bp_user_protect(p->space, gva, n, space_access(prot, flags) | BP_USER_MAPPED);
}

uint32_t space_new_id(struct process *p, int flags)
{
    if ((flags & MAP_ANONYMOUS) && !(flags & MAP_SHARED))
        return 0;
    return ++p->area_ids ? p->area_ids : ++p->area_ids;
}

int space_clear(struct process *p, uint64_t start, uint64_t end)
{
    if (start >= end || areas_empty(p->areas, start, end))
        return 0;
    if (areas_clear(p->areas, start, end) < 0)
        return -ENOMEM;
    void *at = mmap(at_gva(p, start), end - start, PROT_NONE,
                    MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int r = at == MAP_FAILED ? -errno : 0;
    bp_user_protect(p->space, start, end - start, r < 0 ? 0 : BP_USER_MAPPED);
    return r;
}

uint64_t space_room(const struct process *p, uint64_t hint, uint64_t n, int flags)
{
    uint64_t align = p->page_size, phase = 0, at;
    if (flags & MAP_HUGETLB) {
        align = HUGE_PAGE;
        phase = -(uint64_t)(uintptr_t)p->base & (HUGE_PAGE - 1);
    }
    hint = page_up(p, hint);
    if (hint && hint < LOWEST_HINT)
        hint = LOWEST_HINT;
    if (hint && gva_ok(p, hint, n) && areas_empty(p->areas, hint, hint + n) &&
        !((hint - phase) & (align - 1)))
        return hint;
    at = areas_hole(p->areas, LOWEST_HINT, p->map_top, n, align, phase, true);
    if (at == UINT64_MAX) /* Linux: bottom up from a third of the space */
        at = areas_hole(p->areas, page_up(p, p->limit / 3), p->limit, n, align, phase, false);
    return at;
}

bool space_allows(const struct process *p, uint64_t more, bool data)
{
    uint64_t all = areas_bytes(p->areas), private = areas_data_bytes(p->areas);
    if (p->as_limit != RLIM_INFINITY && (more > p->as_limit || all > p->as_limit - more))
        return false;
    return !data || p->data_limit == RLIM_INFINITY ||
           (more <= p->data_limit && private <= p->data_limit - more);
}

/* ---- mmap ------------------------------------------------------------------------------------ */

/* Flags that the kernel knows; MAP_SHARED_VALIDATE refuses others. */
#define KNOWN_FLAGS                                                                                \
    (MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE |       \
     MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |          \
     MAP_SYNC | MAP_FIXED_NOREPLACE | HUGE_SIZE_BITS)
#define HUGE_SIZE_BITS (0x3fu << 26)

static int check_map(const struct process *p, uint64_t gva, uint64_t n, int flags, uint64_t offset)
{
    int type = flags & MAP_TYPE;
    uint64_t rounded = page_up(p, n);
    if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (type == MAP_SHARED_VALIDATE && ((unsigned)flags & ~KNOWN_FLAGS))
        return -EOPNOTSUPP;
    if (!n || !page_aligned(p, offset))
        return -EINVAL;
    if (rounded < n || rounded > p->limit)
        return -ENOMEM;
    if (offset + rounded < offset)
        return -EOVERFLOW;
    if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
        return 0;
    if (!page_aligned(p, gva))
        return -EINVAL;
    if (!gva_ok(p, gva, rounded))
        return -ENOMEM;
    return gva < LOWEST_HINT && geteuid() ? -EPERM : 0;
}

static int64_t place(const struct process *p, uint64_t gva, uint64_t n, int flags)
{
    if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
        uint64_t at = space_room(p, gva, n, flags);
        return at == UINT64_MAX ? -ENOMEM : (int64_t)at;
    }
    if ((flags & MAP_FIXED_NOREPLACE) && !areas_empty(p->areas, gva, gva + n))
        return -EEXIST;
    return (int64_t)gva;
}

int64_t space_map_locked(struct process *p, uint64_t gva, uint64_t n, int prot, int flags, int fd,
                         uint64_t offset)
{
    bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
    int64_t at = place(p, gva, n, flags);
    if (at < 0)
        return at;
    if (!space_allows(p, n, !shared && (prot & PROT_WRITE)))
        return -ENOMEM;
    if (p->lock_future)
        flags |= MAP_LOCKED;
    int host_flags = (flags & ~(MAP_GROWSDOWN | MAP_FIXED_NOREPLACE | MAP_STACK)) | MAP_FIXED;
    void *host = mmap(at_gva(p, (uint64_t)at), n, space_host_prot(prot), host_flags,
                      flags & MAP_ANONYMOUS ? -1 : fd, (off_t)offset);
    if (host == MAP_FAILED)
        return -errno;
    struct area area = { (uint64_t)at, (uint64_t)at + n,
                         (uint32_t)prot,
                         (uint32_t)(flags & AREA_FLAGS & ~MAP_TYPE) | (shared ? MAP_SHARED : 0),
                         flags & MAP_ANONYMOUS ? 0 : offset, space_new_id(p, flags) };
    int r = areas_set(p->areas, &area);
    if (!r)
        r = space_tell(p, area.start, n, prot, (int)area.flags);
    if (r < 0) {
        mmap(host, n, PROT_NONE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        areas_clear(p->areas, area.start, area.end);
        bp_user_protect(p->space, area.start, n, BP_USER_MAPPED);
        return r;
    }
    return at;
}

int64_t space_map(struct process *p, uint64_t gva, uint64_t n, int prot, int flags, int fd,
                  uint64_t offset)
{
    int r = check_map(p, gva, n, flags, flags & MAP_ANONYMOUS ? 0 : offset);
    if (r < 0)
        return r;
    space_lock(p);
    int64_t at = space_map_locked(p, gva, page_up(p, n), area_prot(p, prot), flags, fd, offset);
    space_unlock(p);
    return at;
}

int64_t space_unmap(struct process *p, uint64_t gva, uint64_t n)
{
    uint64_t end;
    if (!n || space_range(p, gva, n, &end) < 0)
        return -EINVAL;
    space_lock(p);
    int r = space_clear(p, gva, end);
    space_unlock(p);
    return r;
}

/* ---- mprotect -------------------------------------------------------------------------------- */

/* Up to the first hole, as the kernel does: what lies before it has changed. */
static int protect_locked(struct process *p, uint64_t start, uint64_t end, int prot)
{
    struct area area;
    while (start < end) {
        if (!areas_find(p->areas, start, &area))
            return -ENOMEM;
        uint64_t stop = area.end < end ? area.end : end;
        bool more = (prot & PROT_WRITE) && !(area.prot & PROT_WRITE) && !(area.flags & MAP_SHARED);
        if (more && !space_allows(p, stop - start, true) && p->data_limit != RLIM_INFINITY)
            return -ENOMEM;
        int r = bp_user_protect(p->space, start, stop - start, space_access(prot, (int)area.flags));
        if (r < 0)
            return r;
        if (areas_change(p->areas, start, stop, (uint32_t)prot) < 0)
            return -ENOMEM;
        start = stop;
    }
    return 0;
}

int64_t space_protect(struct process *p, uint64_t gva, uint64_t n, int prot)
{
    uint64_t end;
    int grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
    if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || !page_aligned(p, gva))
        return -EINVAL;
    if (!n)
        return 0;
    if (space_range(p, gva, n, &end) < 0)
        return -ENOMEM;
    if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | (int)p->guard_prot | grows))
        return -EINVAL;
    int r = 0;
    struct area area;
    space_lock(p);
    if (grows) {
        if (!areas_find(p->areas, gva, &area))
            r = -ENOMEM;
        else if (grows != PROT_GROWSDOWN || !(area.flags & MAP_GROWSDOWN))
            r = -EINVAL;
        else
            gva = area.start;
    }
    if (!r)
        r = protect_locked(p, gva, end, area_prot(p, prot));
    space_unlock(p);
    return r;
}

/* ---- asking ---------------------------------------------------------------------------------- */

bool space_mapped(struct process *p, uint64_t gva)
{
    struct area area;
    space_lock(p);
    bool found = areas_find(p->areas, gva, &area);
    space_unlock(p);
    return found;
}

bool space_next(struct process *p, uint64_t gva, struct area *ret)
{
    space_lock(p);
    bool found = areas_next(p->areas, gva, ret);
    space_unlock(p);
    return found;
}

/* As the kernel: to the page of the fault, not into the guard gap above another area, nor beyond
 * RLIMIT_STACK. */
static bool grow_locked(struct process *p, uint64_t gva)
{
    struct area area, below;
    uint64_t start = gva & ~(p->page_size - 1);
    if (!areas_next(p->areas, gva, &area) || area.start <= gva || !(area.flags & MAP_GROWSDOWN) ||
        area.end - start > p->stack_size)
        return false;
    uint64_t low = start > STACK_GAP ? start - STACK_GAP : 0;
    if (areas_next(p->areas, low, &below) && below.start < area.start)
        return false;
    int64_t at = space_map_locked(p, start, area.start - start, (int)area.prot,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    return at >= 0;
}

bool space_grow(struct process *p, uint64_t gva)
{
    if (!gva_ok(p, gva, 1))
        return false;
    space_lock(p);
    bool grown = grow_locked(p, gva);
    space_unlock(p);
    return grown;
}

/* ---- life ------------------------------------------------------------------------------------ */

static int map_stack(struct process *p)
{
    uint64_t size = page_up(p, p->stack_size), top = p->limit - p->page_size;
    uint64_t room = size > STACK_ROOM_MIN ? size : STACK_ROOM_MIN;
    if (room > p->limit / 6 * 5)
        room = p->limit / 6 * 5 & ~(p->page_size - 1);
    if (size > room || room + STACK_GAP >= top)
        return bp_fail(p, ENOMEM, "a stack of %llu bytes does not fit into the address space",
                       (unsigned long long)size);
    p->map_top = (top - room - STACK_GAP) & ~(p->page_size - 1);
    int64_t at = space_map(p, top - size, size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN | MAP_NORESERVE,
                           -1, 0);
    if (at < 0)
        return bp_fail(p, (int)-at, "the program's stack of %llu bytes cannot be mapped: %s",
                       (unsigned long long)size, strerror((int)-at));
    p->stack_top = top;
    return 0;
}

/* All that the target has, unless the user says less, or a limit on this process's own space does: then
 * half of that, so that the emulator has the rest. */
static uint64_t choose_limit(const struct process *p)
{
    uint64_t limit = p->abi->address_limit;
    struct rlimit own;
    if (p->reserved_bytes)
        limit = p->reserved_bytes < limit ? p->reserved_bytes : limit;
    else if (!getrlimit(RLIMIT_AS, &own) && own.rlim_cur / 2 < limit)
        limit = own.rlim_cur / 2;
    return limit & ~(p->page_size - 1);
}

int space_init(struct process *p)
{
    p->areas = areas_new();
    if (!p->areas)
        return bp_fail(p, ENOMEM, "no memory for the program's memory map");
    pthread_mutex_init(&p->space_lock, NULL);
    p->as_limit = p->data_limit = RLIM_INFINITY;
    p->limit = choose_limit(p);
    int r = bp_user_reserve(p, p->limit, p->guest_base, signals_foreign, &p->space);
    if (r < 0)
        return r;
    p->base = bp_user_base(p->space);
    return map_stack(p);
}
