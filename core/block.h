/* SPDX-License-Identifier: MIT */
/* block.h: what stands between block drivers and devices: requests in flight, readonly=on,
 * snapshot=on. */
#ifndef BACKPLANE_CORE_BLOCK_H
#define BACKPLANE_CORE_BLOCK_H

#include <backplane/block.h>

struct machine;
struct part;

struct block_options {
    bool read_only;
    bool snapshot;      /* writes go to a temporary file and are lost at the end */
    const char *serial; /* or NULL */
};

/* -drive/-blockdev: makes and opens it. Settings are the driver's properties ("file"). 0 or -errno
 * after core_error(). [main] */
int block_new(struct machine *m, const struct bp_block_driver *driver, const char *id,
              const struct block_options *options, const struct bp_set *settings, uint32_t count,
              struct bp_block **ret);
struct bp_block *block_find(const struct machine *m, const char *id);
int block_connect(struct bp_block *blk, struct part *part, const struct bp_port *port);
bool block_connected(const struct bp_block *blk);
/* Waits for all drives; completions run. [main, no lock held] */
void block_drain_all(struct machine *m);
void block_free(struct bp_block *blk);

extern const struct bp_block_api block_api; /* backplane.block/1 */

#endif
