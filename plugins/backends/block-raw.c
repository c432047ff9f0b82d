/* SPDX-License-Identifier: MIT */
/*
 * block-raw.c: a drive whose contents are a file or a host block device, byte for byte.
 *
 * Locks are advisory, of the open file description (fcntl(2), F_OFD_SETLK): shared for readers,
 * exclusive for writers, so that two machines don't write one image.
 */
#include <backplane/block.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum discard { DISCARD_UNMAP, DISCARD_ON, DISCARD_IGNORE, DISCARD_OFF };
enum cache { CACHE_WRITEBACK, CACHE_WRITETHROUGH, CACHE_UNSAFE };

struct raw {
    const char *file;
    bool locking;
    uint32_t discard, cache;
    int fd;
    bool opened, device;
};

/* ---- opening --------------------------------------------------------------------------------- */

static int take_lock(struct raw *s, bool read_only)
{
    struct flock lock = { .l_type = read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };
    if (!s->locking || fcntl(s->fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    if (errno == EAGAIN || errno == EACCES)
        return bp_fail(s, EBUSY, "%s is in use%s: end what uses it, or give locking=off", s->file,
                       read_only ? " by somebody who writes it" : "");
    return 0; /* file systems without locks */
}

static int open_file(struct raw *s, bool read_only)
{
    struct stat st;
    if (!s->file || !*s->file)
        return bp_fail(s, EINVAL, "file is missing: give file=PATH");
    int flags = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK |
                (s->cache == CACHE_WRITETHROUGH && !read_only ? O_DSYNC : 0);
    s->fd = open(s->file, flags);
    if (s->fd < 0)
        return bp_fail(s, errno, "cannot open %s: %s%s", s->file, strerror(errno),
                       !read_only && (errno == EACCES || errno == EROFS)
                           ? "; readonly=on or snapshot=on needs no right to write" : "");
    s->opened = true;
    if (fstat(s->fd, &st) < 0)
        return bp_fail(s, errno, "%s: %s", s->file, strerror(errno));
    s->device = S_ISBLK(st.st_mode);
    if (!s->device && !S_ISREG(st.st_mode))
        return bp_fail(s, EINVAL, "%s is neither a file nor a block device", s->file);
    return take_lock(s, read_only);
}

static void raw_close(void *drv)
{
    struct raw *s = drv;
    if (s->opened)
        close(s->fd);
    s->opened = false;
}

/* A driver that does not open is not closed. */
static int raw_open(void *drv, bool read_only)
{
    int r = open_file(drv, read_only);
    if (r < 0)
        raw_close(drv);
    return r;
}

static int64_t raw_length(void *drv)
{
    struct raw *s = drv;
    struct stat st;
    uint64_t bytes;
    if (s->device)
        return ioctl(s->fd, BLKGETSIZE64, &bytes) < 0 ? -errno : (int64_t)bytes;
    return fstat(s->fd, &st) < 0 ? -errno : (int64_t)st.st_size;
}

/* ---- transfers ------------------------------------------------------------------------------- */

#define BATCH 64

/* All of the pieces, however many calls that takes. */
static int transfer(struct raw *s, bool write, uint64_t offset, const struct bp_iovec *iov,
                    unsigned count)
{
    struct iovec piece[BATCH];
    uint64_t left = bp_iov_bytes(iov, count);
    size_t skip = 0; /* of iov[0] */
    while (left) {
        int n = 0;
        while (count && skip >= iov->length) {
            skip -= iov->length;
            iov++;
            count--;
        }
        for (unsigned i = 0; i < count && n < BATCH; i++, n++)
            piece[n] = (struct iovec){ iov[i].base, iov[i].length };
        piece[0].iov_base = (uint8_t *)piece[0].iov_base + skip;
        piece[0].iov_len -= skip;
        ssize_t did = write ? pwritev(s->fd, piece, n, (off_t)offset)
                            : preadv(s->fd, piece, n, (off_t)offset);
        if (did < 0 && errno == EINTR)
            continue;
        if (did < 0)
            return -errno;
        if (!did) /* the file has become shorter, or takes no more */
            return write ? -ENOSPC : -EIO;
        offset += (uint64_t)did;
        left -= (uint64_t)did;
        skip += (size_t)did;
    }
    return 0;
}

static int raw_read(void *drv, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    return transfer(drv, false, offset, iov, count);
}

static int raw_write(void *drv, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    return transfer(drv, true, offset, iov, count);
}

static int raw_flush(void *drv)
{
    struct raw *s = drv;
    if (s->cache == CACHE_UNSAFE)
        return 0;
    return fdatasync(s->fd) < 0 ? -errno : 0;
}

static int allocate(struct raw *s, int mode, uint64_t offset, uint64_t bytes)
{
    int r;
    do
        r = fallocate(s->fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes);
    while (r < 0 && errno == EINTR);
    if (r == 0)
        return 0;
    return errno == EINVAL || errno == ENODEV || errno == ENOSYS || errno == ENOTTY ? -EOPNOTSUPP
                                                                                    : -errno;
}

static bool may_unmap(const struct raw *s)
{
    return s->discard == DISCARD_UNMAP || s->discard == DISCARD_ON;
}

static int raw_discard(void *drv, uint64_t offset, uint64_t bytes)
{
    struct raw *s = drv;
    return may_unmap(s) && bytes ? allocate(s, FALLOC_FL_PUNCH_HOLE, offset, bytes) : 0;
}

static int raw_write_zeroes(void *drv, uint64_t offset, uint64_t bytes)
{
    struct raw *s = drv;
    if (!bytes)
        return 0;
    if (may_unmap(s) && allocate(s, FALLOC_FL_PUNCH_HOLE, offset, bytes) == 0)
        return 0;
    return allocate(s, FALLOC_FL_ZERO_RANGE, offset, bytes);
}

static const struct bp_prop props[] = {
    BP_STRING(struct raw, file, NULL, "image file or block device"),
    BP_BOOL(struct raw, locking, true, "refuse an image that somebody else writes"),
    BP_ENUM(struct raw, discard, DISCARD_UNMAP, "unmap|on|ignore|off",
            "whether discarded ranges become holes in the file"),
    BP_ENUM(struct raw, cache, CACHE_WRITEBACK, "writeback|writethrough|unsafe",
            "what a completed write means; unsafe ignores the guest's flushes"),
};

BP_BLOCK_DRIVER(raw, "raw", "File or block device as it is", .state_size = sizeof(struct raw),
                .props = BP_ROWS(props), .open = raw_open, .close = raw_close, .length = raw_length,
                .read = raw_read, .write = raw_write, .flush = raw_flush, .discard = raw_discard,
                .write_zeroes = raw_write_zeroes);
BP_PLUGIN("block-raw", "1.0", "MIT");
