/* SPDX-License-Identifier: MIT */
/*
 * block.h: drives. A device has a block *port* and issues requests that complete later; a block
 * *driver* (raw, ...) serves them one at a time on worker threads. The core stands between and does
 * `readonly=on` and `snapshot=on` for every driver.
 */
#ifndef BACKPLANE_BLOCK_H
#define BACKPLANE_BLOCK_H

#include <backplane/device.h>
#include <backplane/iovec.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bp_block; /* a drive as the device sees it; core-owned */

struct bp_block_info {
    uint64_t size;          /* bytes */
    uint32_t logical_block; /* bytes, a power of two: requests are multiples of it */
    bool read_only;
    bool can_discard;
    char serial[21];        /* as given by the user, else "" */
};

struct bp_block_ops {
    uint32_t size, reserved;
    void (*resized)(void *dev); /* [bus] or NULL: bp_block_get_info() has news */
};
#define BP_BLOCK(type, member)                                                                     \
    { #member, BP_KIND_BLOCK, offsetof(type, member), NULL }

enum bp_block_op {
    BP_BLOCK_READ = 1,
    BP_BLOCK_WRITE = 2,
    BP_BLOCK_FLUSH = 3,
    BP_BLOCK_DISCARD = 4,
    BP_BLOCK_WRITE_ZEROES = 5,
};

struct bp_block_api {
    uint32_t size, reserved;
    void (*get_info)(struct bp_block *blk, struct bp_block_info *ret);
    void (*submit)(struct bp_block *blk, unsigned op, uint64_t offset, uint64_t bytes,
                   const struct bp_iovec *iov, unsigned iov_count,
                   void (*done)(void *request, int result), void *request);
    void (*drain)(struct bp_block *blk);
};
BP_IMPORT(bp_block_api, bp_block_, "backplane.block/1");

static inline void bp_block_get_info(struct bp_block *blk, struct bp_block_info *ret)
{
    bp_block_->get_info(blk, ret);
}

/* Starts a request on `bytes` bytes at `offset`; done(request, result) is called [bus] later, never from
 * inside this call, with 0 or -errno. The iovecs are copied, their memory must stay until done. A range
 * outside the drive, or writing a read-only one, completes with -EINVAL or -EROFS. Requests may complete
 * in any order; a flush covers the writes completed before it was submitted. [bus] */
static inline void bp_block_submit(struct bp_block *blk, enum bp_block_op op, uint64_t offset,
                                   uint64_t bytes, const struct bp_iovec *iov, unsigned iov_count,
                                   void (*done)(void *request, int result), void *request)
{
    bp_block_->submit(blk, op, offset, bytes, iov, iov_count, done, request);
}

/* Waits until every request submitted by this device has completed (its done callbacks have run). For
 * reset. [bus] */
static inline void bp_block_drain(struct bp_block *blk) { bp_block_->drain(blk); }

/* ---- the host's side ------------------------------------------------------------------------ */

/* A block driver. `drv` is its zeroed state; the properties of -drive/-blockdev that have a row of the same name are
 * set before open. read, write, flush and discard run [worker], several at once, and return 0 or
 * -errno, never short. */
struct bp_block_driver {
    struct bp_head head;
    const char *doc;
    uint32_t state_size, flags;
    struct bp_rows props; /* struct bp_prop; "file" is the image's path */
    int (*open)(void *drv, bool read_only); /* failed: close is not called */
    void (*close)(void *drv);
    int64_t (*length)(void *drv); /* bytes, or -errno */
    int (*read)(void *drv, uint64_t offset, const struct bp_iovec *iov, unsigned count);
    int (*write)(void *drv, uint64_t offset, const struct bp_iovec *iov, unsigned count);
    int (*flush)(void *drv);
    int (*discard)(void *drv, uint64_t offset, uint64_t bytes); /* or NULL */
    int (*write_zeroes)(void *drv, uint64_t offset, uint64_t bytes); /* or NULL */
};
#define BP_BLOCK_DRIVER(sym, iid, doc_, ...)                                                       \
    BP_ENTITY(BP_CAT(sym, _block), iid, BP_KIND_BLOCK, "block", "doc=" doc_ "\n",                  \
              bp_block_driver, .doc = doc_, __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
