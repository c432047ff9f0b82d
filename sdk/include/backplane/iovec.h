/* SPDX-License-Identifier: MIT */
/* iovec.h: a piece of host memory, and copies from and to lists of them. */
#ifndef BACKPLANE_IOVEC_H
#define BACKPLANE_IOVEC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bp_iovec {
    void *base;
    size_t length; /* bytes; may be 0 */
};

/* Bytes in all pieces. */
static inline uint64_t bp_iov_bytes(const struct bp_iovec *iov, unsigned count)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < count; i++)
        n += iov[i].length;
    return n;
}

/* Copies up to n bytes that start `skip` bytes into the pieces to buf; returns how many there
 * were. */
static inline size_t bp_iov_read(const struct bp_iovec *iov, unsigned count, uint64_t skip,
                                 void *buf, size_t n)
{
    size_t done = 0;
    for (unsigned i = 0; i < count && done < n; i++) {
        if (skip >= iov[i].length) {
            skip -= iov[i].length;
            continue;
        }
        size_t take = iov[i].length - (size_t)skip;
        if (take > n - done)
            take = n - done;
        memcpy((uint8_t *)buf + done, (const uint8_t *)iov[i].base + skip, take);
        done += take;
        skip = 0;
    }
    return done;
}

/* Copies up to n bytes from buf into the pieces, `skip` bytes from their start; returns how many
 * fitted. */
static inline size_t bp_iov_write(const struct bp_iovec *iov, unsigned count, uint64_t skip,
                                  const void *buf, size_t n)
{
    size_t done = 0;
    for (unsigned i = 0; i < count && done < n; i++) {
        if (skip >= iov[i].length) {
            skip -= iov[i].length;
            continue;
        }
        size_t take = iov[i].length - (size_t)skip;
        if (take > n - done)
            take = n - done;
        memcpy((uint8_t *)iov[i].base + skip, (const uint8_t *)buf + done, take);
        done += take;
        skip = 0;
    }
    return done;
}

/* Cuts `skip` bytes off the front and everything after n further bytes; the pieces are changed in
 * place and moved to iov[0]. Returns how many pieces remain. */
static inline unsigned bp_iov_cut(struct bp_iovec *iov, unsigned count, uint64_t skip, uint64_t n)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < count && n; i++) {
        if (skip >= iov[i].length) {
            skip -= iov[i].length;
            continue;
        }
        struct bp_iovec piece = { (uint8_t *)iov[i].base + skip, iov[i].length - (size_t)skip };
        if (piece.length > n)
            piece.length = (size_t)n;
        n -= piece.length;
        skip = 0;
        iov[kept++] = piece;
    }
    return kept;
}

#ifdef __cplusplus
}
#endif
#endif
