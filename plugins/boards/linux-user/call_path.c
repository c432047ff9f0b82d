/* SPDX-License-Identifier: MIT */
/* call_path.c: which calls mean a link itself where a path ends in one: those that never follow,
 * and those that are told by a flag. */
#include "calls.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 8
#endif

enum { NEVER = 1, UNLESS = 2, ONLY_IF = 3 };

static const struct rule {
    int host;        /* SYS_* */
    uint8_t kind;    /* NEVER, or by bits of an argument */
    uint8_t arg;
    uint32_t bits;
} rules[] = {
    { SYS_readlinkat, NEVER, 0, 0 }, { SYS_unlinkat, NEVER, 0, 0 }, { SYS_mkdirat, NEVER, 0, 0 },
    { SYS_mknodat, NEVER, 0, 0 }, { SYS_symlinkat, NEVER, 0, 0 }, { SYS_renameat, NEVER, 0, 0 },
    { SYS_renameat2, NEVER, 0, 0 }, { SYS_lgetxattr, NEVER, 0, 0 }, { SYS_lsetxattr, NEVER, 0, 0 },
    { SYS_llistxattr, NEVER, 0, 0 }, { SYS_lremovexattr, NEVER, 0, 0 },
    { SYS_linkat, ONLY_IF, 4, AT_SYMLINK_FOLLOW },
    { SYS_name_to_handle_at, ONLY_IF, 4, AT_SYMLINK_FOLLOW },
    { SYS_newfstatat, UNLESS, 3, AT_SYMLINK_NOFOLLOW },
    { SYS_statx, UNLESS, 2, AT_SYMLINK_NOFOLLOW },
    { SYS_fchownat, UNLESS, 4, AT_SYMLINK_NOFOLLOW },
    { SYS_utimensat, UNLESS, 3, AT_SYMLINK_NOFOLLOW },
    { SYS_faccessat2, UNLESS, 3, AT_SYMLINK_NOFOLLOW },
    { 452 /* fchmodat2 */, UNLESS, 3, AT_SYMLINK_NOFOLLOW },
    { SYS_open_tree, UNLESS, 2, AT_SYMLINK_NOFOLLOW },
    { SYS_mount_setattr, UNLESS, 2, AT_SYMLINK_NOFOLLOW },
    { SYS_inotify_add_watch, UNLESS, 2, IN_DONT_FOLLOW },
    { SYS_umount2, UNLESS, 1, UMOUNT_NOFOLLOW },
    { 463 /* setxattrat */, UNLESS, 2, AT_SYMLINK_NOFOLLOW },
    { 464 /* getxattrat */, UNLESS, 2, AT_SYMLINK_NOFOLLOW },
    { 465 /* listxattrat */, UNLESS, 2, AT_SYMLINK_NOFOLLOW },
    { 466 /* removexattrat */, UNLESS, 2, AT_SYMLINK_NOFOLLOW },
};

static bool open_follows(uint32_t flags)
{
    return !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
}

bool call_follows(const struct task *t, uint64_t path)
{
    const struct call_row *row = call_row_of(t->process, t->call_number);
    const uint64_t *a = t->call_args;
    if (!row)
        return true;
    if (row->host == SYS_openat)
        return open_follows(open_flags_to_host(t->process, (uint32_t)a[2]));
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        if (r->host != row->host)
            continue;
        if (r->kind == NEVER || (r->host == SYS_linkat && path == a[3]))
            return false;
        return ((a[r->arg] & r->bits) != 0) == (r->kind == ONLY_IF);
    }
    return true;
}
