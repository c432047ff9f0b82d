/* SPDX-License-Identifier: MIT */
/*
 * virtio-balloon.c: the virtio memory balloon (virtio 1.3, 5.5): the guest hands pages out, and their host
 * memory goes back to the host. How many it should hand out is a property today.
 */
#include <backplane/bus/virtio.h>
#include <backplane/memory.h>

#include <string.h>

enum { F_DEFLATE_ON_OOM = 2 };
enum { INFLATE = 0, DEFLATE = 1, QUEUES = 2 };
enum { QUEUE_SIZE = 128, PAGE_LOG2 = 12, CONFIG_BYTES = 8, ACTUAL = 4 };
#define TURN_MAX 16u     /* buffers, then others have their turn */
#define PFNS_MAX 4096u   /* page numbers of a buffer */

struct balloon {
    uint64_t take;       /* bytes */
    bool deflate_on_oom;
    struct bp_link bus;
    struct bp_virtio *v;
    uint32_t actual;     /* pages handed out, as the driver says */
};

static void put32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}
static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Neighbours are given back together. */
static void hand_out(struct balloon *s, const struct bp_virtq_buffer *b)
{
    uint64_t n = b->out_bytes / 4, first = 0, pages = 0;
    if (n > PFNS_MAX) {
        bp_log(s, BP_LOG_GUEST_ERROR, "%llu pages in a buffer; the first %u are taken",
               (unsigned long long)n, PFNS_MAX);
        n = PFNS_MAX;
    }
    for (uint64_t i = 0; i <= n; i++) {
        uint8_t pfn[4];
        bool more = i < n && bp_iov_read(b->out, b->out_count, 4 * i, pfn, 4) == 4;
        uint64_t page = more ? get32(pfn) : 0;
        if (more && pages && page == first + pages) {
            pages++;
            continue;
        }
        if (more && pages && page + 1 == first) {
            first--;
            pages++;
            continue;
        }
        if (pages)
            bp_dma_discard(s->bus.dev, first << PAGE_LOG2, pages << PAGE_LOG2);
        first = page;
        pages = more;
    }
}

static void balloon_notify(void *dev, unsigned q)
{
    struct balloon *s = dev;
    struct bp_virtq_buffer *b = NULL;
    unsigned turn = 0;
    while (turn++ < TURN_MAX && (b = bp_virtq_pop(s->v, q))) {
        if (q == INFLATE)
            hand_out(s, b);
        bp_virtq_push(s->v, b, 0); /* pages that come back are there: the host gives them when touched */
    }
    bp_virtq_signal(s->v, q);
    if (b)
        bp_virtio_again(s->v, q);
}

static uint64_t balloon_features(void *dev)
{
    const struct balloon *s = dev;
    return s->deflate_on_oom ? BP_VIRTIO_BIT(F_DEFLATE_ON_OOM) : 0;
}

static uint32_t balloon_queue_size(void *dev, unsigned q) { return q < QUEUES ? QUEUE_SIZE : 0; }

static uint32_t balloon_config(void *dev, uint8_t buf[BP_VIRTIO_CONFIG_SIZE])
{
    const struct balloon *s = dev;
    put32(buf, (uint32_t)(s->take >> PAGE_LOG2));
    put32(buf + ACTUAL, s->actual);
    return CONFIG_BYTES;
}

static void balloon_config_write(void *dev, uint32_t offset, uint32_t value, unsigned n)
{
    struct balloon *s = dev;
    if (offset == ACTUAL && n == 4)
        s->actual = value;
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "write of %u bytes at offset %u of the configuration space, "
               "where only `actual` can change", n, offset);
}

static void balloon_reset(void *dev) { ((struct balloon *)dev)->actual = 0; }

static int balloon_realize(void *dev)
{
    struct balloon *s = dev;
    s->v = ((const struct bp_virtio_bus *)s->bus.api)->virtio(s->bus.dev);
    return 0;
}

static const struct bp_virtio_device face = {
    .size = sizeof face, .id = 5, .features = balloon_features, .queue_size = balloon_queue_size,
    .notify = balloon_notify, .config = balloon_config, .config_write = balloon_config_write,
    .reset = balloon_reset,
};
static const struct bp_prop props[] = {
    BP_SIZE(struct balloon, take, 0, 0, (uint64_t)UINT32_MAX << PAGE_LOG2,
            "bytes that the guest is asked to hand out"),
    BP_BOOL(struct balloon, deflate_on_oom, false, "the guest may take pages back when it needs them"),
};
static const struct bp_need needs[] = { BP_NEED(struct balloon, bus, BP_VIRTIO_BUS_ID, &face) };
static const struct bp_saved saved[] = {
    BP_SAVED(struct balloon, actual, 1),
    BP_TRANSIENT(struct balloon, v),
};

BP_VIRTIO_DEVICE(balloon, "virtio-balloon", "misc", "Virtio memory balloon",
                 .state_size = sizeof(struct balloon), .props = BP_ROWS(props),
                 .needs = BP_ROWS(needs), .saved = BP_ROWS(saved), .flags = BP_DEVICE_USER,
                 .realize = balloon_realize);
BP_PLUGIN("virtio-balloon", "1.0", "MIT");
