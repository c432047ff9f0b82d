/* SPDX-License-Identifier: MIT */
/*
 * files.h: files of the host, for the parts whose task it is to give a guest access to them
 * (semihosting). Every call is made as the user who runs the program. Devices that model hardware have
 * no use for it: they have drives and chardevs.
 *
 * A call may wait for the host; it is made without the part's lock where the guest may wait with it.
 */
#ifndef BACKPLANE_FILES_H
#define BACKPLANE_FILES_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bp_file_flags {
    BP_FILE_READ = 1,
    BP_FILE_WRITE = 2,
    BP_FILE_CREATE = 4,   /* make it where it is not there, readable and writable by everybody but for umask */
    BP_FILE_TRUNCATE = 8,
    BP_FILE_APPEND = 16,
};

struct bp_files_api {
    uint32_t size, reserved;
    int (*open)(void *dev, const char *path, unsigned flags);
    int (*close)(void *dev, int file);
    int64_t (*read)(void *dev, int file, void *buf, size_t n);
    int64_t (*write)(void *dev, int file, const void *buf, size_t n);
    int64_t (*seek)(void *dev, int file, uint64_t offset);
    int64_t (*length)(void *dev, int file);
    bool (*is_terminal)(void *dev, int file);
    int (*remove)(void *dev, const char *path);
    int (*rename)(void *dev, const char *from, const char *to);
};
BP_IMPORT(bp_files_api, bp_files_, "backplane.files/1");

/* A file by its path, relative to where the program was started. A number to name it by, 0 or more, to be closed;
 * -errno. [any] */
static inline int bp_file_open(void *dev, const char *path, unsigned flags)
{
    return bp_files_->open(dev, path, flags);
}
/* 0 or -errno. [any] */
static inline int bp_file_close(void *dev, int file) { return bp_files_->close(dev, file); }
/* How many bytes were transferred; fewer than n at the end of the file only, or when the host has no room; -errno where none
 * were. [any] */
static inline int64_t bp_file_read(void *dev, int file, void *buf, size_t n)
{
    return bp_files_->read(dev, file, buf, n);
}
static inline int64_t bp_file_write(void *dev, int file, const void *buf, size_t n)
{
    return bp_files_->write(dev, file, buf, n);
}
/* From the beginning, in bytes. The offset, or -errno. [any] */
static inline int64_t bp_file_seek(void *dev, int file, uint64_t offset)
{
    return bp_files_->seek(dev, file, offset);
}
/* Bytes, or -errno. [any] */
static inline int64_t bp_file_length(void *dev, int file) { return bp_files_->length(dev, file); }
static inline bool bp_file_is_terminal(void *dev, int file)
{
    return bp_files_->is_terminal(dev, file);
}
/* 0 or -errno. [any] */
static inline int bp_file_remove(void *dev, const char *path)
{
    return bp_files_->remove(dev, path);
}
static inline int bp_file_rename(void *dev, const char *from, const char *to)
{
    return bp_files_->rename(dev, from, to);
}

#ifdef __cplusplus
}
#endif
#endif
