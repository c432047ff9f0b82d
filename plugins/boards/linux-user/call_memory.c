/* SPDX-License-Identifier: MIT */
/* call_memory.c: the system calls that change or ask for the memory map. */
#include "calls.h"
#include "space.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <unistd.h>

int64_t call_mmap(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    int flags = (int)a[3], fd = (int)a[4];
    if (!(flags & MAP_ANONYMOUS) && fd_is_own(p, fd))
        return -EBADF;
    return space_map(p, a[0], a[1], (int)a[2], flags, fd, a[5]);
}

int64_t call_munmap(struct task *t, const uint64_t a[6])
{
    return space_unmap(t->process, a[0], a[1]);
}

int64_t call_mprotect(struct task *t, const uint64_t a[6])
{
    return space_protect(t->process, a[0], a[1], (int)a[2]);
}

/* Protection keys do not exist: -1 is none. */
int64_t call_pkey_mprotect(struct task *t, const uint64_t a[6])
{
    return (int)a[3] == -1 ? space_protect(t->process, a[0], a[1], (int)a[2]) : -EINVAL;
}

int64_t call_mremap(struct task *t, const uint64_t a[6])
{
    return space_remap(t->process, a[0], a[1], a[2], (int)a[3], a[4]);
}

/* Other pages of the file that is mapped shared there. */
static int64_t remap_pages(struct process *p, uint64_t start, uint64_t end, uint64_t page,
                           uint64_t flags)
{
    struct area area, next;
    if (!areas_find(p->areas, start, &area) || !areas_covered(p->areas, start, end))
        return -EINVAL;
    for (next = area; next.end < end && areas_next(p->areas, next.end, &next);)
        if (next.prot != area.prot || next.flags != area.flags)
            return -EINVAL;
    if (!(area.flags & MAP_SHARED) || area.flags & AREA_SYSV)
        return -EINVAL;
    /* What the runtime keeps from being written would be a mapping of its own. */
    bp_user_will_write(p->space, start, end - start);
    if (syscall(SYS_remap_file_pages, at_gva(p, start), end - start, 0, page, flags) < 0)
        return -errno;
    area.start = start;
    area.end = end;
    area.offset = page * p->page_size;
    area.id = space_new_id(p, (int)area.flags);
    if (areas_set(p->areas, &area) < 0)
        return -ENOMEM;
    bp_user_code_changed(p->space, start, end - start);
    return 0;
}

int64_t call_remap_file_pages(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    uint64_t mask = ~(p->page_size - 1), start = a[0] & mask, n = a[1] & mask;
    if (a[2] || !n || !gva_ok(p, start, n) || a[3] + n / p->page_size < a[3])
        return -EINVAL;
    space_lock(p);
    int64_t r = remap_pages(p, start, start + n, a[3], a[4]);
    space_unlock(p);
    return r;
}

/* ---- brk ------------------------------------------------------------------------------------- */

static bool grow_brk(struct process *p, uint64_t from, uint64_t to, uint64_t asked)
{
    uint64_t data = asked - p->brk_start + (p->data_end - p->data_start);
    if (p->data_limit != RLIM_INFINITY && data > p->data_limit)
        return false;
    if (!gva_ok(p, to, p->page_size) || !areas_empty(p->areas, from, to + p->page_size))
        return false;
    return from == to || space_map_locked(p, from, to - from, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) >= 0;
}

/* What cannot be done leaves the break where it was. */
int64_t call_brk(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    space_lock(p);
    if (a[0] >= p->brk_start && a[0] <= p->limit - p->page_size) {
        uint64_t from = page_up(p, p->brk_end), to = page_up(p, a[0]);
        bool done = to < from ? space_clear(p, to, from) == 0 : grow_brk(p, from, to, a[0]);
        if (done)
            p->brk_end = a[0];
    }
    int64_t now = (int64_t)p->brk_end;
    space_unlock(p);
    return now;
}

/* ---- calls on ranges ------------------------------------------------------------------------- */

/* Makes a host call for each mapped piece of a range. -ENOMEM at the end where there was a hole, or
 * at once if `stop`. */
struct piece {
    struct process *p;
    uint64_t gva, n;
    struct area area;
    uint64_t arg;
};

static int64_t each_piece(struct process *p, uint64_t gva, uint64_t end, bool stop, uint64_t arg,
                          int (*fn)(const struct piece *piece))
{
    struct piece piece = { .p = p, .arg = arg };
    int64_t result = 0;
    space_lock(p);
    while (gva < end) {
        if (!areas_next(p->areas, gva, &piece.area) || piece.area.start >= end) {
            result = -ENOMEM;
            break;
        }
        if (piece.area.start > gva) {
            result = -ENOMEM;
            if (stop)
                break;
            gva = piece.area.start;
        }
        piece.gva = gva;
        piece.n = (piece.area.end < end ? piece.area.end : end) - gva;
        if (fn(&piece) < 0) {
            result = -errno;
            break;
        }
        gva += piece.n;
    }
    space_unlock(p);
    return result;
}

static int advise(const struct piece *piece)
{
    struct process *p = piece->p;
    int advice = (int)piece->arg;
    bool drops = advice == MADV_DONTNEED || advice == MADV_REMOVE || advice == MADV_FREE;
    if (advice == MADV_POPULATE_WRITE)
        bp_user_will_write(p->space, piece->gva, piece->n);
    int r = madvise(at_gva(p, piece->gva), piece->n, advice);
    if (r == 0 && drops && (piece->area.prot & PROT_EXEC))
        bp_user_code_changed(p->space, piece->gva, piece->n);
    return r;
}

int64_t call_madvise(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    uint64_t end;
    if (!page_aligned(p, a[0]))
        return -EINVAL;
    int r = space_range(p, a[0], a[1], &end);
    if (r < 0)
        return page_up(p, a[1]) < a[1] ? -EINVAL : r;
    if (a[0] == end) /* the host still says whether it knows the advice */
        return madvise(p->base, 0, (int)a[2]) < 0 ? -errno : 0;
    return each_piece(p, a[0], end, false, a[2], advise);
}

static int sync_piece(const struct piece *piece)
{
    return msync(at_gva(piece->p, piece->gva), piece->n, (int)piece->arg);
}

int64_t call_msync(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    uint64_t end;
    int flags = (int)a[2];
    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || !page_aligned(p, a[0]) ||
        ((flags & MS_ASYNC) && (flags & MS_SYNC)))
        return -EINVAL;
    if (space_range(p, a[0], a[1], &end) < 0)
        return -ENOMEM;
    return each_piece(p, a[0], end, false, a[2], sync_piece);
}

int64_t call_mincore(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    uint64_t end, pages;
    if (!page_aligned(p, a[0]))
        return -EINVAL;
    if (space_range(p, a[0], a[1], &end) < 0)
        return -ENOMEM;
    uint64_t host_page = (uint64_t)sysconf(_SC_PAGESIZE);
    pages = (end - a[0]) / host_page;
    uint8_t *out = guest_out(t, a[2], pages);
    if (pages && !out)
        return -EFAULT;
    space_lock(p);
    bool covered = areas_covered(p->areas, a[0], end);
    int r = covered && pages ? mincore(at_gva(p, a[0]), end - a[0], out) : 0;
    int64_t result = !covered ? -ENOMEM : r < 0 ? -errno : 0;
    space_unlock(p);
    return result;
}

/* ---- locking --------------------------------------------------------------------------------- */

static int lock_piece(const struct piece *piece)
{
    return mlock2(at_gva(piece->p, piece->gva), piece->n, (unsigned)piece->arg);
}

static int unlock_piece(const struct piece *piece)
{
    return munlock(at_gva(piece->p, piece->gva), piece->n);
}

/* These round down, too. */
static int64_t lock_range(struct process *p, uint64_t gva, uint64_t n, uint64_t arg,
                          int (*fn)(const struct piece *piece))
{
    uint64_t start = gva & ~(p->page_size - 1), end = page_up(p, gva + n);
    if (gva + n < gva || end < gva)
        return -EINVAL;
    if (!gva_ok(p, start, end - start))
        return -ENOMEM;
    return each_piece(p, start, end, true, arg, fn);
}

int64_t call_mlock(struct task *t, const uint64_t a[6])
{
    return lock_range(t->process, a[0], a[1], 0, lock_piece);
}

int64_t call_mlock2(struct task *t, const uint64_t a[6])
{
    if ((int)a[2] & ~MLOCK_ONFAULT)
        return -EINVAL;
    return lock_range(t->process, a[0], a[1], a[2], lock_piece);
}

int64_t call_munlock(struct task *t, const uint64_t a[6])
{
    return lock_range(t->process, a[0], a[1], 0, unlock_piece);
}

/* The host's own would lock what is ours, and count all that is reserved. */
static int64_t lock_all(struct process *p, uint64_t arg, int (*fn)(const struct piece *piece))
{
    struct area area;
    for (uint64_t at = 0; space_next(p, at, &area); at = area.end) {
        int64_t r = each_piece(p, area.start, area.end, false, arg, fn);
        if (r == -EPERM || r == -EAGAIN)
            return r;
        /* what may not be accessed is locked as far as it goes */
    }
    return 0;
}

int64_t call_mlockall(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    int flags = (int)a[0];
    if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
        return -EINVAL;
    space_lock(p);
    p->lock_future = (flags & MCL_FUTURE) != 0;
    space_unlock(p);
    if (!(flags & MCL_CURRENT))
        return 0;
    return lock_all(p, flags & MCL_ONFAULT ? MLOCK_ONFAULT : 0, lock_piece);
}

int64_t call_munlockall(struct task *t, const uint64_t a[6])
{
    space_lock(t->process);
    t->process->lock_future = false;
    space_unlock(t->process);
    return lock_all(t->process, 0, unlock_piece);
}

/* ---- System V shared memory ------------------------------------------------------------------ */

static int64_t attach(struct process *p, int id, uint64_t gva, uint64_t n, int flags)
{
    if (gva && !(flags & SHM_REMAP) && !areas_empty(p->areas, gva, gva + n))
        return -EINVAL;
    if (!gva)
        gva = space_room(p, 0, n, 0);
    if (gva == UINT64_MAX || !space_allows(p, n, false))
        return -ENOMEM;
    /* SHM_EXEC needs the right to execute, but not the host's: it maps nothing to be executed. */
    void *host = shmat(id, at_gva(p, gva), (flags & SHM_RDONLY) | SHM_REMAP);
    if (host == (void *)-1)
        return -errno;
    int prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) |
               (flags & SHM_EXEC ? PROT_EXEC : 0);
    struct area area = { gva, gva + n, (uint32_t)prot, MAP_SHARED | AREA_SYSV, 0,
                         space_new_id(p, MAP_SHARED) };
    if (areas_set(p->areas, &area) < 0) {
        mmap(host, n, PROT_NONE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        return -ENOMEM;
    }
    int r = space_tell(p, gva, n, prot, MAP_SHARED);
    return r < 0 ? r : (int64_t)gva;
}

int64_t call_shmat(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    struct shmid_ds ds;
    int flags = (int)a[2];
    uint64_t gva = a[1];
    if (gva && !page_aligned(p, gva)) {
        if (!(flags & SHM_RND))
            return -EINVAL;
        gva &= ~(p->page_size - 1);
    }
    if (!gva && (a[1] || (flags & SHM_REMAP)))
        return -EINVAL;
    if (shmctl((int)a[0], IPC_STAT, &ds) < 0)
        return -errno;
    uint64_t n = page_up(p, ds.shm_segsz);
    if (!gva_ok(p, gva, n))
        return -EINVAL;
    space_lock(p);
    int64_t r = attach(p, (int)a[0], gva, n, flags);
    space_unlock(p);
    return r;
}

/* What is left of the attachment that begins there. */
int64_t call_shmdt(struct task *t, const uint64_t a[6])
{
    struct process *p = t->process;
    struct area area, next;
    int64_t r = -EINVAL;
    space_lock(p);
    if (areas_next(p->areas, a[0], &area) && page_aligned(p, a[0]) && (area.flags & AREA_SYSV) &&
        area.start - area.offset == a[0]) {
        for (next = area; next.id == area.id && (next.flags & AREA_SYSV);) {
            r = space_clear(p, next.start, next.end);
            if (r < 0 || !areas_next(p->areas, next.end, &next))
                break;
        }
    }
    space_unlock(p);
    return r;
}

int64_t call_mseal(struct task *t, const uint64_t a[6])
{
    return -ENOSYS; /* as kernels before 6.10, and those of 32 bits */
}
