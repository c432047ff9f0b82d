/* SPDX-License-Identifier: MIT */
/* overlay.c: snapshot=on: 4 KiB granules that were written live in a temporary file, the rest
 * below. */
#include <core/overlay.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define GRANULE_LOG2 12
#define GRANULE (UINT64_C(1) << GRANULE_LOG2)
#define IOV_BATCH 256

struct overlay {
    int fd;
    uint64_t size;
    uint64_t bitmap_bytes;
    _Atomic uint64_t *bits;   /* a bit a granule: it is in the file */
    pthread_mutex_t lock;     /* held by writes that take new granules */
    overlay_base_fn *base;
    void *arg;
};

/* ---- gather lists ---------------------------------------------------------------------------- */

uint64_t iov_bytes(const struct bp_iovec *iov, unsigned count)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < count; i++)
        n += iov[i].length;
    return n;
}

unsigned iov_slice(struct bp_iovec *to, const struct bp_iovec *iov, unsigned count, uint64_t skip,
                   uint64_t bytes)
{
    unsigned n = 0;
    for (unsigned i = 0; i < count && bytes; i++) {
        if (skip >= iov[i].length) {
            skip -= iov[i].length;
            continue;
        }
        to[n].base = (uint8_t *)iov[i].base + skip;
        to[n].length = MIN(iov[i].length - skip, bytes);
        bytes -= to[n++].length;
        skip = 0;
    }
    return n;
}

void iov_zero(const struct bp_iovec *iov, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (iov[i].length)
            memset(iov[i].base, 0, iov[i].length);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* The whole list, however the host cuts it. Reading past the file's end gives zeros. */
static int transfer(int fd, uint64_t offset, const struct bp_iovec *iov, unsigned count, bool write)
{
    uint64_t done = 0, bytes = iov_bytes(iov, count);
    g_autofree struct bp_iovec *rest = g_new(struct bp_iovec, count + 1);
    while (done < bytes) {
        struct iovec batch[IOV_BATCH];
        unsigned n = MIN(iov_slice(rest, iov, count, done, bytes - done), IOV_BATCH);
        for (unsigned i = 0; i < n; i++)
            batch[i] = (struct iovec){ rest[i].base, rest[i].length };
        ssize_t r = write ? pwritev(fd, batch, (int)n, (off_t)(offset + done))
                          : preadv(fd, batch, (int)n, (off_t)(offset + done));
        if (r < 0 && errno != EINTR)
            return -errno;
        if (r == 0 && write)
            return -ENOSPC;
        if (r == 0) {
            iov_zero(rest, iov_slice(rest, iov, count, done, bytes - done));
            return 0;
        }
        done += r > 0 ? (uint64_t)r : 0;
    }
    return 0;
}

static int temporary_file(void)
{
    const char *dir = g_get_tmp_dir();
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    g_autofree char *name = g_strdup_printf("%s/backplane-XXXXXX", dir);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

static bool has(const struct overlay *ov, uint64_t granule)
{
    uint64_t bits = atomic_load_explicit(&ov->bits[granule / 64], memory_order_acquire);
    return bits >> (granule % 64) & 1;
}

struct overlay *overlay_new(uint64_t size, overlay_base_fn *base, void *arg)
{
    uint64_t granules = (size + GRANULE - 1) >> GRANULE_LOG2;
    uint64_t bytes = (granules / 64 + 1) * 8;
    void *bits = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bits == MAP_FAILED)
        return NULL;
    int fd = temporary_file();
    if (fd < 0) {
        int err = errno;
        munmap(bits, bytes);
        errno = err;
        return NULL;
    }
    struct overlay *ov = g_new0(struct overlay, 1);
    *ov = (struct overlay){ .fd = fd, .size = size, .bitmap_bytes = bytes, .bits = bits,
                            .base = base, .arg = arg };
    pthread_mutex_init(&ov->lock, NULL);
    return ov;
}

void overlay_free(struct overlay *ov)
{
    if (!ov)
        return;
    close(ov->fd);
    munmap((void *)ov->bits, ov->bitmap_bytes);
    pthread_mutex_destroy(&ov->lock);
    g_free(ov);
}

int overlay_read(struct overlay *ov, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    uint64_t bytes = iov_bytes(iov, count), done = 0;
    g_autofree struct bp_iovec *part = g_new(struct bp_iovec, count + 1);
    while (done < bytes) {
        uint64_t at = offset + done, granule = at >> GRANULE_LOG2;
        bool own = has(ov, granule);
        uint64_t end = (granule + 1) << GRANULE_LOG2;
        while (end < offset + bytes && has(ov, end >> GRANULE_LOG2) == own)
            end += GRANULE;
        uint64_t n = MIN(end, offset + bytes) - at;
        unsigned parts = iov_slice(part, iov, count, done, n);
        int r = own ? transfer(ov->fd, at, part, parts, false) : ov->base(ov->arg, at, part, parts);
        if (r < 0)
            return r;
        done += n;
    }
    return 0;
}

/* Brings up a granule that is about to be written in part. */
static int copy_up(struct overlay *ov, uint64_t granule)
{
    uint8_t buf[GRANULE];
    uint64_t at = granule << GRANULE_LOG2;
    struct bp_iovec one = { buf, MIN(GRANULE, ov->size - at) };
    if (has(ov, granule))
        return 0;
    int r = ov->base(ov->arg, at, &one, 1);
    return r < 0 ? r : transfer(ov->fd, at, &one, 1, true);
}

int overlay_write(struct overlay *ov, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    uint64_t bytes = iov_bytes(iov, count), end = offset + bytes;
    if (!bytes)
        return 0;
    uint64_t first = offset >> GRANULE_LOG2, last = (end - 1) >> GRANULE_LOG2;
    bool all = true;
    int r = 0;
    for (uint64_t g = first; g <= last && all; g++)
        all = has(ov, g);
    if (all)
        return transfer(ov->fd, offset, iov, count, true);
    pthread_mutex_lock(&ov->lock);
    if (offset % GRANULE)
        r = copy_up(ov, first);
    if (!r && end % GRANULE && end < ov->size)
        r = copy_up(ov, last);
    if (!r)
        r = transfer(ov->fd, offset, iov, count, true);
    for (uint64_t g = first; !r && g <= last; g++)
        atomic_fetch_or_explicit(&ov->bits[g / 64], UINT64_C(1) << (g % 64), memory_order_release);
    pthread_mutex_unlock(&ov->lock);
    return r;
}
