/* SPDX-License-Identifier: MIT */
/*
 * virtio.c: the virtio engine, the interface "backplane.virtio/1": features, status and
 * configuration space (virtio 1.3, chapter 2). Queues are in ring.c.
 */
#include "ring.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENGINE_FEATURES                                                                            \
    (BP_VIRTIO_BIT(BP_VIRTIO_F_INDIRECT_DESC) | BP_VIRTIO_BIT(BP_VIRTIO_F_EVENT_IDX))

/* ---- state ----------------------------------------------------------------------------------- */

bool virtio_running(const struct bp_virtio *v)
{
    const struct bp_virtio_state *s = v->state;
    /* Drivers of the legacy interface may use queues before they set DRIVER_OK. */
    return v->face && !s->broken && !v->denied && s->negotiated &&
           (v->legacy || (s->status & BP_VIRTIO_DRIVER_OK));
}

uint64_t virtio_features(const struct bp_virtio *v)
{
    return v->state->negotiated ? v->state->features : 0;
}

static void set_broken(struct bp_virtio *v)
{
    struct bp_virtio_state *s = v->state;
    if (s->broken)
        return;
    s->broken = 1;
    if (v->legacy)
        return;
    s->status |= BP_VIRTIO_NEEDS_RESET;
    if (s->status & BP_VIRTIO_DRIVER_OK)
        v->ops->interrupt(v->transport, BP_VIRTIO_CONFIG_CHANGED);
}

void virtio_fail(struct bp_virtio *v, const char *format, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    bp_log(v->transport, BP_LOG_GUEST_ERROR, "%s: the driver must reset the device", text);
    set_broken(v);
}

static void reset_state(struct bp_virtio *v)
{
    struct bp_virtio_state *s = v->state;
    uint32_t generation = s->generation;
    memset(s, 0, sizeof *s);
    s->generation = generation;
    for (unsigned q = 0; v->face && q < BP_VIRTIO_QUEUES; q++)
        s->entries[q] = (uint16_t)v->face->queue_size(v->dev, q);
}

static void virtio_reset(struct bp_virtio *v)
{
    if (v->face && v->face->reset)
        v->face->reset(v->dev);
    ring_drop_held(v);
    for (unsigned q = 0; q < BP_VIRTIO_QUEUES; q++)
        ring_unmap(v, q);
    reset_state(v);
}

/* ---- transports ------------------------------------------------------------------------------ */

static struct bp_virtio *create(void *transport, const struct bp_virtio_transport *ops,
                                struct bp_virtio_state *state)
{
    struct bp_virtio *v = NULL;
    const size_t least = offsetof(struct bp_virtio_transport, allowed);
    if (ops->size < least || ops->state_size < sizeof *state)
        bp_fail(transport, EINVAL, "its virtio state has %u bytes, %zu are needed",
                ops->size < least ? 0 : ops->state_size, sizeof *state);
    else if (!(v = calloc(1, sizeof *v)))
        bp_fail(transport, ENOMEM, "no memory for queues");
    if (!v)
        return NULL;
    v->transport = transport;
    v->ops = ops;
    v->state = state;
    v->legacy = ops->flags & BP_VIRTIO_LEGACY;
    return v;
}

static void destroy(struct bp_virtio *v)
{
    if (!v)
        return;
    ring_drop_held(v);
    for (unsigned q = 0; q < BP_VIRTIO_QUEUES; q++)
        ring_unmap(v, q);
    free(v);
}

static void make_offer(struct bp_virtio *v)
{
    v->offered = v->face->features(v->dev) | ENGINE_FEATURES |
                 (v->legacy ? BP_VIRTIO_BIT(BP_VIRTIO_F_ANY_LAYOUT)
                            : BP_VIRTIO_BIT(BP_VIRTIO_F_VERSION_1));
}

static void set_legacy(struct bp_virtio *v, bool legacy)
{
    if (v->legacy == legacy || !(v->ops->flags & BP_VIRTIO_TRANSITIONAL))
        return;
    v->legacy = legacy;
    if (v->face)
        make_offer(v);
}

static int attach(struct bp_virtio *v, struct bp_link device)
{
    const struct bp_virtio_device *face = device.api;
    if (!face || face->size < sizeof *face)
        return bp_fail(v->transport, EINVAL, "%s shows a virtio face of %u bytes, %zu are needed",
                       bp_name(device.dev), face ? face->size : 0, sizeof *face);
    if (v->face)
        return bp_fail(v->transport, EBUSY, "%s: there is a device already", bp_name(device.dev));
    for (unsigned q = 0; q < BP_VIRTIO_QUEUES; q++) {
        uint32_t n = face->queue_size(device.dev, q);
        if ((n & (n - 1)) || n > BP_VIRTIO_QUEUE_SIZE)
            return bp_fail(v->transport, EINVAL, "%s: queue %u has size %u, which is not a power "
                           "of two up to %u", bp_name(device.dev), q, n, BP_VIRTIO_QUEUE_SIZE);
    }
    v->face = face;
    v->dev = device.dev;
    make_offer(v);
    reset_state(v);
    return 0;
}

static uint32_t device_id(const struct bp_virtio *v) { return v->face ? v->face->id : 0; }

static int post_load(struct bp_virtio *v)
{
    struct bp_virtio_state *s = v->state;
    if (v->ops->size >= sizeof *v->ops && v->ops->allowed)
        v->denied = !v->ops->allowed(v->transport);
    ring_drop_held(v);
    for (unsigned q = 0; q < BP_VIRTIO_QUEUES; q++) {
        ring_unmap(v, q);
        if (v->face && s->enabled[q] && !s->broken && !v->denied)
            ring_map(v, q);
    }
    return 0;
}

static uint64_t offered(const struct bp_virtio *v) { return v->face ? v->offered : 0; }

static void choose(struct bp_virtio *v, unsigned word, uint32_t bits)
{
    struct bp_virtio_state *s = v->state;
    if (!v->face)
        return;
    if (word > 1) {
        if (bits)
            bp_log(v->transport, BP_LOG_GUEST_ERROR, "feature bits 0x%x of word %u, which were not "
                   "offered", bits, word);
        return;
    }
    if (s->negotiated) {
        bp_log(v->transport, BP_LOG_GUEST_ERROR, "features are written after they were settled");
        return;
    }
    s->features = word ? (s->features & UINT32_MAX) | (uint64_t)bits << 32
                       : (s->features & ~(uint64_t)UINT32_MAX) | bits;
}

/* Settles the features; false: they are not acceptable. */
static bool negotiate(struct bp_virtio *v)
{
    struct bp_virtio_state *s = v->state;
    if (s->negotiated)
        return true;
    if (v->legacy)
        s->features &= v->offered; /* without FEATURES_OK nothing could be said */
    bool ok = !(s->features & ~v->offered) &&
              (v->legacy || (s->features & BP_VIRTIO_BIT(BP_VIRTIO_F_VERSION_1)));
    if (ok && v->face->accept)
        ok = v->face->accept(v->dev, s->features);
    if (!ok)
        bp_log(v->transport, BP_LOG_GUEST_ERROR,
               "features 0x%llx are refused; 0x%llx are offered%s",
               (unsigned long long)s->features, (unsigned long long)v->offered,
               v->legacy ? "" : ", and VERSION_1 is needed");
    s->negotiated = ok;
    return ok;
}

static void set_status(struct bp_virtio *v, uint8_t status)
{
    struct bp_virtio_state *s = v->state;
    if (!v->face)
        return;
    if (!status) {
        virtio_reset(v);
        return;
    }
    uint8_t old = s->status, set = status & (uint8_t)~old;
    s->status = (uint8_t)((status & ~BP_VIRTIO_NEEDS_RESET) | (old & BP_VIRTIO_NEEDS_RESET));
    if ((set & BP_VIRTIO_FEATURES_OK) && !v->legacy && !negotiate(v))
        s->status &= (uint8_t)~BP_VIRTIO_FEATURES_OK;
    if (!(set & BP_VIRTIO_DRIVER_OK))
        return;
    if (!v->legacy && !s->negotiated)
        bp_log(v->transport, BP_LOG_GUEST_ERROR, "DRIVER_OK without FEATURES_OK");
    if (!negotiate(v)) {
        virtio_fail(v, "features are not acceptable");
        return;
    }
    if (v->face->started)
        v->face->started(v->dev);
}

static uint32_t queue_size(const struct bp_virtio *v, unsigned q)
{
    return v->face && q < BP_VIRTIO_QUEUES ? v->face->queue_size(v->dev, q) : 0;
}

static void enable(struct bp_virtio *v, unsigned q, bool on)
{
    struct bp_virtio_state *s = v->state;
    if (!queue_size(v, q) || s->broken)
        return;
    s->enabled[q] = on;
    s->waiting[q] = 0;
    s->signalled_valid[q] = 0;
    s->next_avail[q] = s->next_used[q] = s->signalled[q] = 0;
    if (on && !v->denied)
        ring_map(v, q);
    else
        ring_unmap(v, q);
}

static void notify(struct bp_virtio *v, unsigned q)
{
    if (!queue_size(v, q)) {
        if (v->face)
            bp_log(v->transport, BP_LOG_GUEST_ERROR, "queue %u is notified; there is none", q);
        return;
    }
    if (v->legacy && !v->state->negotiated)
        negotiate(v);
    if (virtio_running(v) && v->rings[q].used)
        v->face->notify(v->dev, q);
}

static void allow(struct bp_virtio *v, bool allowed)
{
    struct bp_virtio_state *s = v->state;
    if (v->denied == !allowed)
        return;
    v->denied = !allowed;
    for (unsigned q = 0; v->face && q < BP_VIRTIO_QUEUES; q++) {
        if (s->enabled[q] && !s->broken && allowed)
            ring_map(v, q);
        else
            ring_unmap(v, q);
    }
    for (unsigned q = 0; v->face && allowed && q < BP_VIRTIO_QUEUES; q++)
        if (s->enabled[q])
            notify(v, q);
}

static void run_again(struct bp_virtio *v)
{
    for (unsigned q = 0; q < BP_VIRTIO_QUEUES; q++) {
        if (!v->state->waiting[q])
            continue;
        v->state->waiting[q] = 0;
        notify(v, q);
    }
}

static uint32_t config_read(struct bp_virtio *v, uint64_t offset, unsigned n)
{
    uint8_t buf[BP_VIRTIO_CONFIG_SIZE] = { 0 };
    uint32_t value = 0;
    if (!v->face || !v->face->config)
        return 0;
    uint32_t size = v->face->config(v->dev, buf);
    if (size > sizeof buf)
        size = sizeof buf;
    for (unsigned i = 0; i < n && i < 4; i++)
        if (offset < size && offset + i < size)
            value |= (uint32_t)buf[offset + i] << (8 * i);
    return value;
}

static void config_write(struct bp_virtio *v, uint64_t offset, uint32_t value, unsigned n)
{
    uint8_t buf[BP_VIRTIO_CONFIG_SIZE] = { 0 };
    if (!v->face)
        return;
    uint32_t size = v->face->config ? v->face->config(v->dev, buf) : 0;
    if (v->face->config_write && offset < size && n <= size - offset)
        v->face->config_write(v->dev, (uint32_t)offset, value, n);
    else
        bp_log(v->transport, BP_LOG_GUEST_ERROR, "write of %u bytes at offset 0x%llx of the "
               "configuration space, which is read-only there", n, (unsigned long long)offset);
}

/* ---- devices --------------------------------------------------------------------------------- */

static void again(struct bp_virtio *v, unsigned q)
{
    if (q >= BP_VIRTIO_QUEUES)
        return;
    v->state->waiting[q] = 1;
    v->ops->again(v->transport);
}

static void config_changed(struct bp_virtio *v)
{
    v->state->generation++;
    if (v->face && (v->state->status & BP_VIRTIO_DRIVER_OK))
        v->ops->interrupt(v->transport, BP_VIRTIO_CONFIG_CHANGED);
}

static const struct bp_virtio_api api = {
    .size = sizeof api,
    .create = create,
    .destroy = destroy,
    .attach = attach,
    .id = device_id,
    .reset = virtio_reset,
    .post_load = post_load,
    .offered = offered,
    .choose = choose,
    .set_status = set_status,
    .queue_size = queue_size,
    .enable = enable,
    .notify = notify,
    .run_again = run_again,
    .config_read = config_read,
    .config_write = config_write,
    .pop = ring_pop,
    .push = ring_push,
    .unpop = ring_unpop,
    .signal = ring_signal,
    .available = ring_available,
    .again = again,
    .config_changed = config_changed,
    .fail = virtio_fail,
    .features = virtio_features,
    .running = virtio_running,
    .set_legacy = set_legacy,
    .allow = allow,
};

BP_SERVICE(engine, BP_VIRTIO_API_ID, "Virtio engine: features, status and split virtqueues", api);
BP_PLUGIN("virtio", "1.0", "MIT");
