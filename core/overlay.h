/* SPDX-License-Identifier: MIT */
/* overlay.h: snapshot=on: a temporary file takes a drive's writes; pieces of gather lists. */
#ifndef BACKPLANE_CORE_OVERLAY_H
#define BACKPLANE_CORE_OVERLAY_H

#include <backplane/block.h>

struct overlay;

/* Reads what lies below: 0 or -errno, never short. */
typedef int overlay_base_fn(void *arg, uint64_t offset, const struct bp_iovec *iov, unsigned count);

/* For a drive of so many bytes. The file has no name and goes with the process. NULL with errno
 * set. */
struct overlay *overlay_new(uint64_t size, overlay_base_fn *base, void *arg);
void overlay_free(struct overlay *ov);
/* Any thread, several at once. 0 or -errno. */
int overlay_read(struct overlay *ov, uint64_t offset, const struct bp_iovec *iov, unsigned count);
int overlay_write(struct overlay *ov, uint64_t offset, const struct bp_iovec *iov, unsigned count);

uint64_t iov_bytes(const struct bp_iovec *iov, unsigned count);
/* The piece of `bytes` bytes from byte `skip` on, into `to` (room for `count`); returns its number
 * of elements. */
unsigned iov_slice(struct bp_iovec *to, const struct bp_iovec *iov, unsigned count, uint64_t skip,
                   uint64_t bytes);
void iov_zero(const struct bp_iovec *iov, unsigned count);

#endif
