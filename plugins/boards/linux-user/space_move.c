/* SPDX-License-Identifier: MIT */
/*
 * space_move.c: mremap. The host's own call moves the pages; the point is that no address of the
 * reservation is ever free on the host, or an allocation of this process might get there. So pages
 * are moved with MREMAP_DONTUNMAP, shared ones are mapped once more (an old length of 0), and
 * anonymous memory grows by a mapping beside it. Only files mapped privately, and growing in place
 * what has a file, need a free range for a moment.
 */
#include "space.h"

#include <sys/mman.h>

struct move {
    struct area area;       /* that holds `from` */
    uint64_t from, from_bytes, to, to_bytes;
    bool keep;              /* MREMAP_DONTUNMAP */
};

static bool is_private_anonymous(const struct area *a)
{
    return (a->flags & MAP_ANONYMOUS) && !(a->flags & MAP_SHARED);
}

/* The area that [gva, gva + n) of another becomes elsewhere. */
static struct area moved_area(const struct move *m, uint64_t to, uint64_t n)
{
    struct area a = m->area;
    if (a.id)
        a.offset += m->from - a.start;
    a.start = to;
    a.end = to + n;
    return a;
}

static void *host_remap(struct process *p, const struct move *m, uint64_t old_bytes,
                        uint64_t new_bytes, int flags)
{
    return mremap(at_gva(p, m->from), old_bytes, new_bytes, flags | MREMAP_MAYMOVE | MREMAP_FIXED,
                  at_gva(p, m->to));
}

static void *map_beside(struct process *p, const struct area *a, uint64_t at, uint64_t n)
{
    return mmap(at_gva(p, at), n, space_host_prot((int)a->prot),
                MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static int move_on_host(struct process *p, const struct move *m)
{
    void *host;
    if (m->area.flags & MAP_SHARED) {
        host = host_remap(p, m, 0, m->to_bytes, 0);
        return host == MAP_FAILED ? -errno : 0;
    }
    bool grows = m->to_bytes > m->from_bytes;
    /* The runtime may have write-protected some pages, and the host moves what is one mapping. */
    int r = bp_user_protect(p->space, m->from, m->from_bytes,
                            space_access((int)m->area.prot, (int)m->area.flags));
    if (r < 0)
        return r;
    if (grows && !is_private_anonymous(&m->area)) {
        host = host_remap(p, m, m->from_bytes, m->to_bytes, 0);
        return host == MAP_FAILED ? -errno : 0;
    }
    host = host_remap(p, m, m->from_bytes, m->from_bytes, MREMAP_DONTUNMAP);
    if (host == MAP_FAILED && errno == EINVAL && !m->keep)
        host = host_remap(p, m, m->from_bytes, m->from_bytes, 0);
    if (host != MAP_FAILED && grows)
        host = map_beside(p, &m->area, m->to + m->from_bytes, m->to_bytes - m->from_bytes);
    return host == MAP_FAILED ? -errno : 0;
}

static int64_t move(struct process *p, const struct move *m)
{
    int r = move_on_host(p, m);
    if (r < 0)
        return r;
    struct area area = moved_area(m, m->to, m->to_bytes);
    if (areas_set(p->areas, &area) < 0)
        return -ENOMEM;
    r = bp_user_protect(p->space, m->to, m->to_bytes,
                        space_access((int)area.prot, (int)area.flags));
    if (r < 0)
        return r;
    if (m->keep)
        r = space_tell(p, m->from, m->from_bytes, (int)m->area.prot, (int)m->area.flags);
    else
        r = space_clear(p, m->from, m->from + m->from_bytes);
    return r < 0 ? r : (int64_t)m->to;
}

/* The addresses behind the area are free for the guest, and reserved on the host. */
static int grow_in_place(struct process *p, const struct move *m)
{
    uint64_t at = m->from + m->from_bytes, n = m->to_bytes - m->from_bytes;
    if (is_private_anonymous(&m->area)) {
        if (map_beside(p, &m->area, at, n) == MAP_FAILED)
            return -errno;
    } else {
        int r = bp_user_protect(p->space, m->from, m->from_bytes,
                                space_access((int)m->area.prot, (int)m->area.flags));
        if (r < 0)
            return r;
        munmap(at_gva(p, at), n);
        if (mremap(at_gva(p, m->from), m->from_bytes, m->to_bytes, 0) == MAP_FAILED) {
            r = -errno;
            mmap(at_gva(p, at), n, PROT_NONE, MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS |
                 MAP_NORESERVE, -1, 0);
            return r;
        }
    }
    struct area area = m->area;
    area.end = at + n;
    if (areas_set(p->areas, &area) < 0)
        return -ENOMEM;
    return bp_user_protect(p->space, at, n, space_access((int)area.prot, (int)area.flags));
}

static bool can_grow_in_place(const struct process *p, const struct move *m)
{
    uint64_t end = m->from + m->from_bytes, new_end = m->from + m->to_bytes;
    return end == m->area.end && new_end > end && gva_ok(p, new_end, 0) &&
           areas_empty(p->areas, end, new_end);
}

/* The checks that come once it is known where the pages go. */
static int check_move(const struct process *p, const struct move *m)
{
    if (!m->from_bytes && !(m->area.flags & MAP_SHARED))
        return -EINVAL;
    if (m->from_bytes > m->area.end - m->from)
        return -EFAULT;
    uint64_t more = m->to_bytes - (m->keep ? 0 : m->from_bytes);
    bool data = is_private_anonymous(&m->area) && (m->area.prot & PROT_WRITE);
    if ((m->keep || m->to_bytes > m->from_bytes) && !space_allows(p, more, data))
        return -ENOMEM;
    return 0;
}

static int64_t remap_to(struct process *p, struct move *m, uint64_t to, int flags)
{
    if (flags & MREMAP_FIXED) {
        if (!page_aligned(p, to) || !gva_ok(p, to, m->to_bytes))
            return -EINVAL;
        if (m->from < to + m->to_bytes && to < m->from + m->from_bytes)
            return -EINVAL;
    } else {
        to = space_room(p, to, m->to_bytes, 0);
        if (to == UINT64_MAX)
            return -ENOMEM;
    }
    if (m->from_bytes > m->to_bytes) {
        int r = space_clear(p, m->from + m->to_bytes, m->from + m->from_bytes);
        if (r < 0)
            return r;
        m->from_bytes = m->to_bytes;
        areas_find(p->areas, m->from, &m->area);
    }
    m->to = to;
    int r = check_move(p, m);
    return r < 0 ? r : move(p, m);
}

static int64_t remap_locked(struct process *p, struct move *m, uint64_t to, int flags)
{
    if (!areas_find(p->areas, m->from, &m->area))
        return -EFAULT;
    if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
        return remap_to(p, m, to, flags);
    if (m->from_bytes >= m->to_bytes) {
        int r = space_clear(p, m->from + m->to_bytes, m->from + m->from_bytes);
        return r < 0 ? r : (int64_t)m->from;
    }
    int r = check_move(p, m);
    if (r < 0)
        return r;
    if (can_grow_in_place(p, m)) {
        r = grow_in_place(p, m);
        return r < 0 ? r : (int64_t)m->from;
    }
    return flags & MREMAP_MAYMOVE ? remap_to(p, m, 0, 0) : -ENOMEM;
}

int64_t space_remap(struct process *p, uint64_t from, uint64_t from_bytes, uint64_t to_bytes,
                    int flags, uint64_t to)
{
    const int known = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    struct move m = { .from = from, .from_bytes = page_up(p, from_bytes),
                      .to_bytes = page_up(p, to_bytes), .keep = (flags & MREMAP_DONTUNMAP) != 0 };
    if ((flags & ~known) || ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE)))
        return -EINVAL;
    if (m.keep && (!(flags & MREMAP_MAYMOVE) || m.from_bytes != m.to_bytes))
        return -EINVAL;
    if (!page_aligned(p, from) || !m.to_bytes || m.from_bytes < from_bytes)
        return -EINVAL;
    if (m.to_bytes < to_bytes || m.to_bytes > p->limit)
        return flags & MREMAP_FIXED ? -EINVAL : -ENOMEM;
    if (!gva_ok(p, from, m.from_bytes))
        return -EFAULT;
    space_lock(p);
    int64_t r = remap_locked(p, &m, to, flags);
    space_unlock(p);
    return r;
}
