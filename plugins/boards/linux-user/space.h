/* SPDX-License-Identifier: MIT */
/* space.h: what the files that deal with the guest's memory map share (space.c, space_move.c,
 * call_memory.c). */
#ifndef LINUX_USER_SPACE_H
#define LINUX_USER_SPACE_H

#include "areas.h"
#include "linux-user.h"

/* All with the space locked. Ranges are whole pages inside the address space. */

static inline uint64_t page_up(const struct process *p, uint64_t n)
{
    return (n + p->page_size - 1) & ~(p->page_size - 1);
}
static inline bool page_aligned(const struct process *p, uint64_t n)
{
    return !(n & (p->page_size - 1));
}
/* 0, or -EINVAL, or -ENOMEM where it ends outside; *ret_end is rounded up. */
int space_range(const struct process *p, uint64_t gva, uint64_t n, uint64_t *ret_end);
/* The host's protection and the runtime's for what the guest may do. */
int space_host_prot(int prot);
/* Tells the runtime of pages just mapped so. */
int space_tell(struct process *p, uint64_t gva, uint64_t n, int prot, int flags);
/* Checked arguments, prot as areas have it, n whole pages: where it is now, or -errno. */
int64_t space_map_locked(struct process *p, uint64_t gva, uint64_t n, int prot, int flags, int fd,
                         uint64_t offset);
/* bp_user_protect()'s access for pages of an area. */
unsigned space_access(int prot, int flags);
/* Nothing is there any more; the host's addresses stay reserved. */
int space_clear(struct process *p, uint64_t start, uint64_t end);
/* Where a new mapping goes: near `hint` if that is free, else the highest room. `flags`: MAP_*.
 * UINT64_MAX: none. */
uint64_t space_room(const struct process *p, uint64_t hint, uint64_t n, int flags);
/* Whether so much more is allowed: RLIMIT_AS, and RLIMIT_DATA where `data`. */
bool space_allows(const struct process *p, uint64_t more, bool data);
uint32_t space_new_id(struct process *p, int flags);

#endif
