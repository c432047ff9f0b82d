/* SPDX-License-Identifier: MIT */
/*
 * path.c: -L: an absolute path that exists under the sysroot means the file there. The kernel finds
 * it as in a chroot (openat2() with RESOLVE_IN_ROOT), so that absolute links and ".." stay inside;
 * what it found is then named by its real path. What does not exist there is the host's, and so are
 * the folders that are the kernel's own or everybody's.
 */
#include "linux-user.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const host_folders[] = { "/proc", "/sys", "/dev", "/tmp" };

static bool is_under(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return !strncmp(path, folder, n) && (path[n] == '/' || !path[n]);
}

static bool is_hosts(const char *path)
{
    for (size_t i = 0; i < sizeof host_folders / sizeof *host_folders; i++)
        if (is_under(path, host_folders[i]))
            return true;
    return false;
}

static const char *under(const struct process *p, const char *path, char buf[PATH_MAX])
{
    int n = snprintf(buf, PATH_MAX, "%s%s", p->sysroot, path);
    return n >= 0 && n < PATH_MAX ? buf : path;
}

/* Kernels and sandboxes without openat2(): links are then the host's matter. */
static const char *simply(const struct process *p, const char *path, bool follow,
                          char buf[PATH_MAX])
{
    struct stat st;
    const char *host = under(p, path, buf);
    int r = fstatat(AT_FDCWD, host, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW);
    return r < 0 && errno == ENOENT ? path : host;
}

static const char *name_of(int fd, char buf[PATH_MAX])
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, buf, PATH_MAX - 1);
    if (n <= 0)
        return NULL;
    buf[n] = '\0';
    return buf;
}

static const char *translate(const struct process *p, const char *path, bool follow,
                             char buf[PATH_MAX])
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
                            .resolve = RESOLVE_IN_ROOT };
    const char *inside = path;
    if (is_under(path, p->sysroot)) { /* as getcwd() says */
        inside = path + strlen(p->sysroot);
        inside = *inside ? inside : "/";
    } else if (is_hosts(path)) {
        return path;
    }
    long fd = syscall(SYS_openat2, p->sysroot_fd, inside, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return simply(p, inside, follow, buf);
    if (fd < 0)
        return errno == ENOENT ? path : under(p, inside, buf);
    const char *name = name_of((int)fd, buf);
    close((int)fd);
    return name ? name : under(p, inside, buf);
}

static bool is_own_exe(const char *path)
{
    if (!strcmp(path, "/proc/self/exe") || !strcmp(path, "/proc/thread-self/exe"))
        return true;
    char own[40];
    snprintf(own, sizeof own, "/proc/%d/exe", (int)getpid());
    return !strcmp(path, own);
}

const char *path_to_host(struct process *p, const char *path, char buf[PATH_MAX])
{
    if (path[0] != '/')
        return path;
    if (p->exe && !strncmp(path, "/proc/", 6) && is_own_exe(path))
        return p->exe;
    return p->sysroot_fd < 0 ? path : translate(p, path, true, buf);
}

const char *path_to_host_link(struct process *p, const char *path, char buf[PATH_MAX])
{
    return path[0] != '/' || p->sysroot_fd < 0 ? path : translate(p, path, false, buf);
}
