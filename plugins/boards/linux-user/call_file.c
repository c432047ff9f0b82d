/* SPDX-License-Identifier: MIT */
/* call_file.c: opening, reading and writing files, links, directories. */
#include "calls.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <linux/magic.h>
#include <unistd.h>

#include "host-calls.h"
#include "open_flags.h"

uint32_t open_flags_to_host(const struct process *p, uint32_t guest)
{
    return open_flags_convert(&p->abi->open_flags, false, guest);
}

uint32_t open_flags_to_guest(const struct process *p, uint32_t host)
{
    return open_flags_convert(&p->abi->open_flags, true, host);
}

/* ---- open
 * -------------------------------------------------------------------------------------- */

int64_t call_openat(struct task *t, const uint64_t a[6])
{
    struct host_path path;
    uint32_t flags = open_flags_to_host(t->process, (uint32_t)a[2]);
    int64_t result;
    host_path_get(t, a[1], &path);
    if (!path.name || proc_open(t, path.name, (int)flags, &result) < 0)
        result = host_call(t, SYS_openat, a[0], ptr_arg(path.host), flags, a[3], 0, 0);
    host_path_put(&path);
    return result;
}

/* struct open_how: the kernel's own checks see what the guest gave, but for the numbering of
 * flags. */
int64_t call_openat2(struct task *t, const uint64_t a[6])
{
    struct {
        struct open_how how;
        uint8_t more[4096 - sizeof(struct open_how)];
    } how;
    struct host_path path;
    uint64_t n = a[3];
    int64_t result;
    memset(&how, 0, sizeof how);
    if (n < sizeof how.how || n > sizeof how)
        return n > sizeof how ? -E2BIG : -EINVAL;
    if (guest_read(t, a[2], &how, n))
        return -EFAULT;
    how.how.flags = (how.how.flags & ~UINT64_C(0xffffffff)) |
                    open_flags_to_host(t->process, (uint32_t)how.how.flags);
    host_path_get(t, a[1], &path);
    if (!path.name || how.how.resolve ||
        proc_open(t, path.name, (int)how.how.flags, &result) < 0)
        result = host_call(t, SYS_openat2, a[0], ptr_arg(path.host), ptr_arg(&how), n, 0, 0);
    host_path_put(&path);
    return result;
}

int64_t call_open_by_handle_at(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_open_by_handle_at, a[0], ptr_arg(arg_in(t, a[1], 8)),
                     open_flags_to_host(t->process, (uint32_t)a[2]), 0, 0, 0);
}

int64_t call_readlinkat(struct task *t, const uint64_t a[6])
{
    struct host_path path;
    char link[PATH_MAX];
    host_path_get(t, a[1], &path);
    int64_t n = path.name && (int)a[3] > 0 ? proc_readlink(t, path.name, link, sizeof link) : -1;
    if (n < 0) {
        n = host_call(t, SYS_readlinkat, a[0], ptr_arg(path.host),
                      ptr_arg(arg_out(t, a[2], (uint32_t)a[3])), a[3], 0, 0);
    } else {
        n = n < (int)a[3] ? n : (int)a[3];
        n = guest_write(t, a[2], link, (size_t)n) ? -EFAULT : n;
    }
    host_path_put(&path);
    return n;
}

int64_t call_getcwd(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_getcwd, ptr_arg(arg_out(t, a[0], a[1] < PATH_MAX ? a[1] : PATH_MAX)),
                     a[1], 0, 0, 0, 0);
}

/* ---- vectors
 * ----------------------------------------------------------------------------------- */

int64_t iov_get(struct task *t, uint64_t gva, uint64_t count, bool out, struct iovec *ret_iov)
{
    if (count > IOV_MAX)
        return -EINVAL;
    if (guest_read(t, gva, ret_iov, count * sizeof *ret_iov))
        return -EFAULT;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t base = (uintptr_t)ret_iov[i].iov_base, n = ret_iov[i].iov_len;
        if (n > INT64_MAX)
            continue;
        /* The kernel moves at most so much; a longer vector is cut there, not refused. */
        ret_iov[i].iov_base = out ? arg_out(t, base, n) : arg_in(t, base, n);
    }
    return 0;
}

/* The call with its vector converted; what is wrong with the vector, the kernel says in its own
 * time. */
static int64_t vector_call(struct task *t, long number, const uint64_t a[6], bool out)
{
    struct iovec iov[IOV_MAX];
    uint64_t count = a[2];
    const void *vector = iov;
    if (count <= IOV_MAX && iov_get(t, a[1], count, out, iov))
        vector = BAD_POINTER;
    return host_call(t, number, a[0], ptr_arg(vector), count, a[3], a[4], a[5]);
}

int64_t call_readv(struct task *t, const uint64_t a[6])
{
    return vector_call(t, SYS_readv, a, true);
}

int64_t call_writev(struct task *t, const uint64_t a[6])
{
    return vector_call(t, SYS_writev, a, false);
}

int64_t call_preadv(struct task *t, const uint64_t a[6])
{
    return vector_call(t, SYS_preadv, a, true);
}

int64_t call_pwritev(struct task *t, const uint64_t a[6])
{
    return vector_call(t, SYS_pwritev, a, false);
}

int64_t call_preadv2(struct task *t, const uint64_t a[6])
{
    return vector_call(t, SYS_preadv2, a, true);
}

int64_t call_pwritev2(struct task *t, const uint64_t a[6])
{
    return vector_call(t, SYS_pwritev2, a, false);
}

int64_t call_vmsplice(struct task *t, const uint64_t a[6])
{
    struct iovec iov[IOV_MAX];
    const void *vector = iov;
    /* Into memory where the descriptor is the reading end. */
    int mode = fcntl((int)a[0], F_GETFL);
    if (a[2] <= IOV_MAX &&
        iov_get(t, a[1], a[2], mode >= 0 && (mode & O_ACCMODE) == O_RDONLY, iov))
        vector = BAD_POINTER;
    return host_call(t, SYS_vmsplice, a[0], ptr_arg(vector), a[2], a[3], 0, 0);
}

/* ---- descriptors
 * ------------------------------------------------------------------------------- */

int64_t call_pipe2(struct task *t, const uint64_t a[6])
{
    return host_call(t, SYS_pipe2, ptr_arg(arg_out(t, a[0], 8)),
                     open_flags_to_host(t->process, (uint32_t)a[1]), 0, 0, 0, 0);
}

int64_t call_dup3(struct task *t, const uint64_t a[6])
{
    if (fd_is_own(t->process, (int)a[1]))
        return -EBADF;
    return host_call(t, SYS_dup3, a[0], a[1], open_flags_to_host(t->process, (uint32_t)a[2]), 0, 0,
                     0);
}

/* Third argument of fcntl()'s commands: bytes that the kernel reads or writes; 0: a number. */
static const struct fcntl_row {
    int command;
    uint16_t bytes;
} fcntl_rows[] = {
    { F_GETLK, sizeof(struct flock) },
    { F_SETLK, sizeof(struct flock) },
    { F_SETLKW, sizeof(struct flock) },
    { F_OFD_GETLK, sizeof(struct flock) },
    { F_OFD_SETLK, sizeof(struct flock) },
    { F_OFD_SETLKW, sizeof(struct flock) },
    { F_SETOWN_EX, 8 },
    { F_GETOWN_EX, 8 },
    { F_GET_RW_HINT, 8 },
    { F_SET_RW_HINT, 8 },
    { F_GET_FILE_RW_HINT, 8 },
    { F_SET_FILE_RW_HINT, 8 },
    { F_DUPFD, 0 },
    { F_DUPFD_CLOEXEC, 0 },
    { F_GETFD, 0 },
    { F_SETFD, 0 },
    { F_SETOWN, 0 },
    { F_GETOWN, 0 },
    { F_SETSIG, 0 },
    { F_GETSIG, 0 },
    { F_SETLEASE, 0 },
    { F_GETLEASE, 0 },
    { F_NOTIFY, 0 },
    { F_SETPIPE_SZ, 0 },
    { F_GETPIPE_SZ, 0 },
    { F_ADD_SEALS, 0 },
    { F_GET_SEALS, 0 },
    { 1028, 0 }, /* F_CREATED_QUERY */
    { 1027, 0 }, /* F_DUPFD_QUERY */
};

int64_t call_fcntl(struct task *t, const uint64_t a[6])
{
    int command = (int)a[1];
    if (command == F_GETFL) {
        int64_t flags = host_call(t, SYS_fcntl, a[0], F_GETFL, 0, 0, 0, 0);
        return flags < 0 ? flags : open_flags_to_guest(t->process, (uint32_t)flags);
    }
    if (command == F_SETFL)
        return host_call(t, SYS_fcntl, a[0], F_SETFL,
                         open_flags_to_host(t->process, (uint32_t)a[2]), 0, 0, 0);
    for (size_t i = 0; i < sizeof fcntl_rows / sizeof *fcntl_rows; i++) {
        const struct fcntl_row *row = &fcntl_rows[i];
        if (row->command == command)
            return host_call(t, SYS_fcntl, a[0], a[1],
                             row->bytes ? ptr_arg(arg_out(t, a[2], row->bytes)) : a[2], 0, 0, 0);
    }
    int64_t result = host_call(t, SYS_fcntl, a[0], F_GETFD, 0, 0, 0, 0);
    return result < 0 ? result : -EINVAL;
}

/* ---- directories
 * ------------------------------------------------------------------------------- */

/* Whether the descriptor is some process's /proc/N/fd or fdinfo. */
static bool lists_descriptors(int fd)
{
    struct statfs fs;
    char name[40], target[64];
    if (fstatfs(fd, &fs) || fs.f_type != PROC_SUPER_MAGIC)
        return false;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(name, target, sizeof target - 1);
    if (n < 0)
        return false;
    target[n] = 0;
    return n > 3 && (strstr(target, "/fd") == target + n - 3 || strstr(target, "/fdinfo"));
}

/* Takes our own descriptors out of the entries; what is left of n bytes. */
static size_t drop_own(const struct process *p, uint8_t *entries, size_t n)
{
    size_t kept = 0;
    for (size_t at = 0; at + 19 < n;) {
        uint16_t length;
        memcpy(&length, entries + at + 16, 2);
        if (length < 20 || length > n - at)
            break;
        char *end;
        long fd = strtol((const char *)entries + at + 19, &end, 10);
        if (*end || end == (const char *)entries + at + 19 || !fd_is_own(p, (int)fd)) {
            memmove(entries + kept, entries + at, length);
            kept += length;
        }
        at += length;
    }
    return kept;
}

int64_t call_getdents64(struct task *t, const uint64_t a[6])
{
    uint32_t size = (uint32_t)a[2];
    if (!lists_descriptors((int)a[0]))
        return host_call(t, SYS_getdents64, a[0], ptr_arg(arg_out(t, a[1], size)), size, 0, 0, 0);
    uint8_t buf[32768];
    int64_t n, kept;
    do {
        n = quick_call(SYS_getdents64, a[0], ptr_arg(buf), size < sizeof buf ? size : sizeof buf, 0,
                       0, 0);
        if (n <= 0)
            return n;
        kept = (int64_t)drop_own(t->process, buf, (size_t)n);
    } while (!kept);
    return guest_write(t, a[1], buf, (size_t)kept) ? -EFAULT : kept;
}

/* ---- mounting
 * ---------------------------------------------------------------------------------- */

/* `data` is a string of at most a page for most file systems, bytes for some: as far as the
 * kernel reads. */
int64_t call_mount(struct task *t, const uint64_t a[6])
{
    struct host_path source, target;
    char *type = NULL;
    int error = -EFAULT;
    host_path_get(t, a[1], &target);
    host_path_get(t, a[0], &source);
    if (a[2])
        type = guest_string(t, a[2], 4096, &error);
    const char *from = source.host;
    /* The source of most mounts is no file: only where it is a path of something there. */
    if (source.name && source.name[0] != '/')
        from = source.name;
    int64_t result = host_call(t, SYS_mount, ptr_arg(from), ptr_arg(target.host),
                               a[2] ? ptr_arg(type ? type : BAD_POINTER) : 0, a[3],
                               ptr_arg(arg_in(t, a[4], 1)), 0);
    free(type);
    host_path_put(&source);
    host_path_put(&target);
    return result;
}

int64_t call_fsconfig(struct task *t, const uint64_t a[6])
{
    enum { SET_STRING = 1, SET_BINARY = 2, SET_PATH = 3, SET_PATH_EMPTY = 4 };
    int error;
    char *key = a[2] ? guest_string(t, a[2], 256, &error) : NULL;
    char *value = NULL;
    const void *v = BAD_POINTER;
    if ((uint32_t)a[1] == SET_BINARY)
        v = arg_in(t, a[3], (uint32_t)a[4]);
    else if (!a[3])
        v = NULL;
    else if ((value = guest_string(t, a[3], PATH_MAX, &error)))
        v = value;
    int64_t result = host_call(t, SYS_fsconfig, a[0], a[1],
                               a[2] ? ptr_arg(key ? key : BAD_POINTER) : 0, ptr_arg(v), a[4], 0);
    free(key);
    free(value);
    return result;
}

/* ---- attributes at -------------------------------------------------------------------------- */

/* struct xattr_args { u64 value; u32 size, flags; }. */
static int64_t xattr_at(struct task *t, const uint64_t a[6], long number, bool get)
{
    struct {
        uint64_t value;
        uint32_t size, flags;
    } args = { 0 };
    struct host_path path;
    int error = -EFAULT;
    if (a[5] != sizeof args)
        return a[5] < sizeof args ? -EINVAL : -E2BIG;
    if (guest_read(t, a[4], &args, sizeof args))
        return -EFAULT;
    char *name = guest_string(t, a[3], 4096, &error);
    if (!name)
        return error == -ENAMETOOLONG ? -ERANGE : error;
    args.value = ptr_arg(get ? arg_out(t, args.value, args.size)
                             : arg_in(t, args.value, args.size));
    host_path_get(t, a[1], &path);
    int64_t result = host_call(t, number, a[0], ptr_arg(path.host), a[2], ptr_arg(name),
                               ptr_arg(&args), sizeof args);
    host_path_put(&path);
    free(name);
    return result;
}

int64_t call_setxattrat(struct task *t, const uint64_t a[6])
{
    return xattr_at(t, a, SYS_setxattrat, false);
}

int64_t call_getxattrat(struct task *t, const uint64_t a[6])
{
    return xattr_at(t, a, SYS_getxattrat, true);
}
