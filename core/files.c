/* SPDX-License-Identifier: MIT */
/* files.c: the host's files for parts that hand them on to a guest (backplane/files.h). */
#include "core/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int host_flags(unsigned flags)
{
    int host = flags & BP_FILE_WRITE ? flags & BP_FILE_READ ? O_RDWR : O_WRONLY : O_RDONLY;
    return host | O_CLOEXEC | O_NOCTTY | (flags & BP_FILE_CREATE ? O_CREAT : 0) |
           (flags & BP_FILE_TRUNCATE ? O_TRUNC : 0) | (flags & BP_FILE_APPEND ? O_APPEND : 0);
}

static int file_open(void *dev, const char *path, unsigned flags)
{
    int fd = open(path, host_flags(flags), 0666);
    return fd < 0 ? -errno : fd;
}

static int file_close(void *dev, int file)
{
    return close(file) < 0 ? -errno : 0;
}

static int64_t file_read(void *dev, int file, void *buf, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t k = read(file, (char *)buf + got, n - got);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return got ? (int64_t)got : -errno;
        if (!k)
            break;
        got += (size_t)k;
    }
    return (int64_t)got;
}

static int64_t file_write(void *dev, int file, const void *buf, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t k = write(file, (const char *)buf + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return done ? (int64_t)done : -errno;
        done += (size_t)k;
    }
    return (int64_t)done;
}

static int64_t file_seek(void *dev, int file, uint64_t offset)
{
    if (offset > INT64_MAX)
        return -EINVAL;
    off_t at = lseek(file, (off_t)offset, SEEK_SET);
    return at < 0 ? -errno : at;
}

static int64_t file_length(void *dev, int file)
{
    struct stat st;
    return fstat(file, &st) < 0 ? -errno : st.st_size;
}

static bool file_is_terminal(void *dev, int file)
{
    return isatty(file);
}

static int file_remove(void *dev, const char *path)
{
    return unlink(path) < 0 ? -errno : 0;
}

static int file_rename(void *dev, const char *from, const char *to)
{
    return rename(from, to) < 0 ? -errno : 0;
}

const struct bp_files_api files_api = {
    .size = sizeof files_api,
    .open = file_open,
    .close = file_close,
    .read = file_read,
    .write = file_write,
    .seek = file_seek,
    .length = file_length,
    .is_terminal = file_is_terminal,
    .remove = file_remove,
    .rename = file_rename,
};
