/* SPDX-License-Identifier: MIT */
/* virtio-rng.c: the virtio entropy device (virtio 1.3, 5.4): fills the driver's buffers with random
 * bytes. */
#include <backplane/bus/virtio.h>

struct rng {
    struct bp_link bus;
    struct bp_virtio *v;
};

#define BYTES_MAX (64 * 1024) /* in a buffer: the rest is for the next one */
#define TURN_MAX 32           /* buffers, then others have their turn */

static uint64_t rng_features(void *dev) { return 0; }
static uint32_t rng_queue_size(void *dev, unsigned q) { return q ? 0 : 64; }

static void rng_notify(void *dev, unsigned q)
{
    struct rng *s = dev;
    struct bp_virtq_buffer *b = NULL;
    unsigned turn = 0;
    while (turn++ < TURN_MAX && (b = bp_virtq_pop(s->v, q))) {
        size_t used = 0;
        for (uint32_t i = 0; i < b->in_count && used < BYTES_MAX; i++) {
            size_t n = b->in[i].length;
            if (n > BYTES_MAX - used)
                n = BYTES_MAX - used;
            bp_random(s, b->in[i].base, n);
            used += n;
        }
        bp_virtq_push(s->v, b, (uint32_t)used);
    }
    bp_virtq_signal(s->v, q);
    if (b)
        bp_virtio_again(s->v, q);
}

static int rng_realize(void *dev)
{
    struct rng *s = dev;
    s->v = ((const struct bp_virtio_bus *)s->bus.api)->virtio(s->bus.dev);
    return 0;
}

static const struct bp_virtio_device face = {
    .size = sizeof face, .id = 4, .features = rng_features, .queue_size = rng_queue_size,
    .notify = rng_notify,
};
static const struct bp_need needs[] = { BP_NEED(struct rng, bus, BP_VIRTIO_BUS_ID, &face) };
static const struct bp_saved saved[] = { BP_TRANSIENT(struct rng, v) };

BP_VIRTIO_DEVICE(rng, "virtio-rng", "misc", "Virtio random number generator",
          .state_size = sizeof(struct rng), .needs = BP_ROWS(needs), .saved = BP_ROWS(saved),
          .flags = BP_DEVICE_USER, .realize = rng_realize);
BP_PLUGIN("virtio-rng", "1.0", "MIT");
