/* SPDX-License-Identifier: MIT */
/* call_stat.c: struct stat of the generic layout (asm-generic/stat.h), from any host's. */
#include "calls.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

struct guest_stat {
    uint64_t st_dev, st_ino;
    uint32_t st_mode, st_nlink, st_uid, st_gid;
    uint64_t st_rdev, pad1;
    int64_t st_size;
    int32_t st_blksize, pad2;
    int64_t st_blocks;
    int64_t st_atime_s;
    uint64_t st_atime_ns;
    int64_t st_mtime_s;
    uint64_t st_mtime_ns;
    int64_t st_ctime_s;
    uint64_t st_ctime_ns;
    uint32_t unused[2];
};
_Static_assert(sizeof(struct guest_stat) == 128, "asm-generic's struct stat has 128 bytes");

static int64_t put_stat(struct task *t, uint64_t gva, const struct stat *s)
{
    const struct guest_stat g = {
        .st_dev = s->st_dev,
        .st_ino = s->st_ino,
        .st_mode = s->st_mode,
        .st_nlink = (uint32_t)s->st_nlink,
        .st_uid = s->st_uid,
        .st_gid = s->st_gid,
        .st_rdev = s->st_rdev,
        .st_size = s->st_size,
        .st_blksize = (int32_t)s->st_blksize,
        .st_blocks = s->st_blocks,
        .st_atime_s = s->st_atim.tv_sec,
        .st_atime_ns = (uint64_t)s->st_atim.tv_nsec,
        .st_mtime_s = s->st_mtim.tv_sec,
        .st_mtime_ns = (uint64_t)s->st_mtim.tv_nsec,
        .st_ctime_s = s->st_ctim.tv_sec,
        .st_ctime_ns = (uint64_t)s->st_ctim.tv_nsec,
    };
    return guest_write(t, gva, &g, sizeof g);
}

int64_t call_fstat(struct task *t, const uint64_t a[6])
{
    struct stat s; /* the C library's is the kernel's on 64-bit hosts */
    int64_t result = host_call(t, SYS_fstat, a[0], ptr_arg(&s), 0, 0, 0, 0);
    return result ? result : put_stat(t, a[1], &s);
}

/* The file to ask about: what a link of /proc that is ours to answer points to is followed here. */
static const char *stat_path(struct task *t, struct host_path *path, uint32_t flags,
                             char buf[PATH_MAX])
{
    if (!path->name || flags & AT_SYMLINK_NOFOLLOW)
        return path->host;
    int n = proc_readlink(t, path->name, buf, PATH_MAX - 1);
    if (n <= 0)
        return path->host;
    buf[n] = 0;
    return buf;
}

int64_t call_newfstatat(struct task *t, const uint64_t a[6])
{
    struct stat s;
    struct host_path path;
    char buf[PATH_MAX];
    host_path_get(t, a[1], &path);
    int64_t result = host_call(t, SYS_newfstatat, a[0],
                               ptr_arg(stat_path(t, &path, (uint32_t)a[3], buf)), ptr_arg(&s), a[3],
                               0, 0);
    host_path_put(&path);
    return result ? result : put_stat(t, a[2], &s);
}

int64_t call_statx(struct task *t, const uint64_t a[6])
{
    struct host_path path;
    char buf[PATH_MAX];
    host_path_get(t, a[1], &path);
    int64_t result = host_call(t, SYS_statx, a[0],
                               ptr_arg(stat_path(t, &path, (uint32_t)a[2], buf)), a[2], a[3],
                               ptr_arg(arg_out(t, a[4], 256)), 0);
    host_path_put(&path);
    return result;
}
