/* SPDX-License-Identifier: MIT */
/* ring.h: the two files of the virtio engine to each other: split virtqueues (virtio 1.3, 2.7). */
#ifndef VIRTIO_RING_H
#define VIRTIO_RING_H

#define BP_VIRTIO_NO_IMPORT
#include <backplane/bus/virtio.h>
#include <backplane/memory.h>

#define CHAIN_MAX 1024    /* descriptors in a chain, indirect ones included */
#define SEGMENTS_MAX 2048 /* contiguous pieces of a chain: a descriptor may cross regions */
#define COPY_MAX (64 * 1024) /* bytes of a chain that lie outside RAM */

/* A contiguous piece of a buffer. */
struct segment {
    uint8_t *host;
    uint64_t gpa;
    uint32_t length;
    bool copy; /* host is not the guest's memory but a copy of ours */
};

/* A buffer that a device holds. */
struct held {
    struct bp_virtq_buffer face; /* first: what the device knows */
    struct held *next, **prev;
    uint32_t epoch;              /* of its queue */
    uint32_t out_count, in_count; /* as popped */
    struct segment segments[];
};

struct ring {
    const uint8_t *desc, *avail; /* host addresses; NULL while not enabled */
    uint8_t *used;
    uint32_t entries;
    uint32_t epoch;         /* counts enabling and disabling */
    uint16_t known_avail;   /* the available index as last read */
    bool used_written;      /* not yet reported to the core as changed */
};

struct bp_virtio {
    void *transport;
    const struct bp_virtio_transport *ops;
    struct bp_virtio_state *state;
    const struct bp_virtio_device *face; /* NULL: empty slot */
    void *dev;
    bool legacy;
    bool denied; /* memory may not be reached */
    uint64_t offered;
    struct held *held; /* all that devices hold */
    struct ring rings[BP_VIRTIO_QUEUES];
    struct segment segments[SEGMENTS_MAX]; /* of the chain being popped */
};

bool virtio_running(const struct bp_virtio *v);
uint64_t virtio_features(const struct bp_virtio *v);
void virtio_fail(struct bp_virtio *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Maps queue q as the state says, or forgets it. */
void ring_map(struct bp_virtio *v, unsigned q);
void ring_unmap(struct bp_virtio *v, unsigned q);
/* Frees what devices hold. */
void ring_drop_held(struct bp_virtio *v);

struct bp_virtq_buffer *ring_pop(struct bp_virtio *v, unsigned q);
void ring_push(struct bp_virtio *v, struct bp_virtq_buffer *buffer, uint32_t used);
void ring_unpop(struct bp_virtio *v, struct bp_virtq_buffer *buffer);
void ring_signal(struct bp_virtio *v, unsigned q);
bool ring_available(struct bp_virtio *v, unsigned q);

#endif
