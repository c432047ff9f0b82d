/* SPDX-License-Identifier: MIT */
/*
 * ring.c: split virtqueues (virtio 1.3, 2.7): taking chains of descriptors, giving them back, and
 * who is to be told.
 *
 * The guest may change any of its memory at any time, from another vCPU too. So every descriptor
 * and every index is copied once and judged as copied, and nothing read from guest memory is used
 * as a size or index unchecked.
 */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { AVAIL_NO_INTERRUPT = 1 };
enum { DESC_BYTES = 16, USED_BYTES = 8 };

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};

/* ---- little-endian guest memory -------------------------------------------------------------- */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static uint16_t le16(uint16_t v) { return v; }
static uint32_t le32(uint32_t v) { return v; }
static uint64_t le64(uint64_t v) { return v; }
#else
static uint16_t le16(uint16_t v) { return __builtin_bswap16(v); }
static uint32_t le32(uint32_t v) { return __builtin_bswap32(v); }
static uint64_t le64(uint64_t v) { return __builtin_bswap64(v); }
#endif

/* Indices that the other side waits for; ring_map() made sure that they are aligned. */
static uint16_t load_index(const uint8_t *p)
{
    return le16(__atomic_load_n((const uint16_t *)(const void *)p, __ATOMIC_ACQUIRE));
}

static void store_index(uint8_t *p, uint16_t v)
{
    __atomic_store_n((uint16_t *)(void *)p, le16(v), __ATOMIC_RELEASE);
}

static struct desc parse_desc(const uint8_t *p)
{
    struct desc d;
    memcpy(&d.addr, p, 8);
    memcpy(&d.len, p + 8, 4);
    memcpy(&d.flags, p + 12, 2);
    memcpy(&d.next, p + 14, 2);
    d.addr = le64(d.addr);
    d.len = le32(d.len);
    d.flags = le16(d.flags);
    d.next = le16(d.next);
    return d;
}

/* ---- parts of a ring ------------------------------------------------------------------------- */

static uint32_t avail_bytes(uint32_t entries) { return 6 + 2 * entries; }
static uint32_t used_bytes(uint32_t entries) { return 6 + USED_BYTES * entries; }
static const uint8_t *used_event(const struct ring *r) { return r->avail + 4 + 2 * r->entries; }
static uint8_t *avail_event(const struct ring *r) { return r->used + 4 + USED_BYTES * r->entries; }

static bool has(const struct bp_virtio *v, unsigned bit) { return virtio_features(v) >> bit & 1; }

/* One part of the ring: in RAM throughout and aligned, or NULL after saying why. */
static uint8_t *map_part(struct bp_virtio *v, unsigned q, const char *what, uint64_t gpa,
                         uint64_t bytes, unsigned align, bool writable)
{
    uint64_t n = bytes;
    uint8_t *host = gpa % align ? NULL : bp_dma_map(v->transport, gpa, &n, writable);
    if (host && n >= bytes && (uintptr_t)host % align == 0)
        return host;
    if (host)
        bp_dma_unmap(v->transport, host, n, false);
    virtio_fail(v, "queue %u: the %s at 0x%llx is not %llu bytes of RAM aligned to %u", q, what,
                (unsigned long long)gpa, (unsigned long long)bytes, align);
    return NULL;
}

void ring_unmap(struct bp_virtio *v, unsigned q)
{
    struct ring *r = &v->rings[q];
    if (r->desc)
        bp_dma_unmap(v->transport, (void *)r->desc, (uint64_t)DESC_BYTES * r->entries, false);
    if (r->avail)
        bp_dma_unmap(v->transport, (void *)r->avail, avail_bytes(r->entries), false);
    if (r->used)
        bp_dma_unmap(v->transport, r->used, used_bytes(r->entries), r->used_written);
    r->desc = r->avail = NULL;
    r->used = NULL;
    r->used_written = false;
    r->epoch++;
}

void ring_map(struct bp_virtio *v, unsigned q)
{
    struct ring *r = &v->rings[q];
    struct bp_virtio_state *s = v->state;
    uint32_t n = s->entries[q];
    ring_unmap(v, q);
    if (!n || (n & (n - 1)) || n > v->face->queue_size(v->dev, q)) {
        virtio_fail(v, "queue %u: size %u is not a power of two up to %u", q, n,
                    v->face->queue_size(v->dev, q));
        return;
    }
    r->entries = n;
    r->desc = map_part(v, q, "descriptor table", s->desc[q], (uint64_t)DESC_BYTES * n, DESC_BYTES,
                       false);
    r->avail = r->desc ? map_part(v, q, "available ring", s->driver[q], avail_bytes(n), 2, false)
                       : NULL;
    r->used = r->avail ? map_part(v, q, "used ring", s->device[q], used_bytes(n), 4, true) : NULL;
    if (!r->used)
        ring_unmap(v, q);
    r->known_avail = s->next_avail[q];
}

/* The core learns that the used ring changed: once for all that was written since. */
static void report_used(struct bp_virtio *v, struct ring *r)
{
    if (r->used_written)
        bp_dma_unmap(v->transport, r->used, used_bytes(r->entries), true);
    r->used_written = false;
}

/* ---- looking for work ------------------------------------------------------------------------ */

/* The ring of queue q where it may move, else NULL. */
static struct ring *live_ring(struct bp_virtio *v, unsigned q)
{
    return q < BP_VIRTIO_QUEUES && v->rings[q].used && virtio_running(v) ? &v->rings[q] : NULL;
}

/* Reads the driver's index anew. False where it cannot be. */
static bool read_avail(struct bp_virtio *v, unsigned q, struct ring *r)
{
    uint16_t now = load_index(r->avail + 2), next = v->state->next_avail[q];
    uint16_t ahead = (uint16_t)(now - next), out = (uint16_t)(next - v->state->next_used[q]);
    if (ahead > r->entries || out + ahead > r->entries) {
        virtio_fail(v, "queue %u: available index goes from %u to %u with %u buffers out, size %u",
                    q, next, now, out, r->entries);
        return false;
    }
    r->known_avail = now;
    return true;
}

bool ring_available(struct bp_virtio *v, unsigned q)
{
    struct ring *r = live_ring(v, q);
    if (!r)
        return false;
    uint16_t next = v->state->next_avail[q];
    if (r->known_avail != next)
        return true;
    if (!read_avail(v, q, r))
        return false;
    if (r->known_avail != next || !has(v, BP_VIRTIO_F_EVENT_IDX))
        return r->known_avail != next;
    /* Ask for a notification, then look once more: the driver may have added before it saw the
     * wish. */
    if (load_index(avail_event(r)) != next) {
        store_index(avail_event(r), next);
        r->used_written = true;
        report_used(v, r);
    }
    bp_barrier();
    return read_avail(v, q, r) && r->known_avail != next;
}

/* ---- chains ---------------------------------------------------------------------------------- */

struct walk {
    struct bp_virtio *v;
    unsigned q;
    uint32_t descs, out_count, count, copied;
    uint64_t bytes;
    bool writing; /* a device-writable descriptor was seen */
};

static void free_copies(struct segment *s, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (s[i].copy)
            free(s[i].host);
}

/* What is not RAM is copied: in now where the device reads, back at push where it writes. */
static bool copy_segment(struct walk *w, struct segment *s)
{
    w->copied += s->length;
    if (s->length > COPY_MAX || w->copied > COPY_MAX) {
        virtio_fail(w->v, "queue %u: more than %u bytes of a buffer are not in RAM (at 0x%llx)",
                    w->q, COPY_MAX, (unsigned long long)s->gpa);
        return false;
    }
    s->host = calloc(1, s->length);
    s->copy = s->host != NULL;
    if (s->host && (w->writing || bp_dma_read(w->v->transport, s->gpa, s->host, s->length) == 0))
        return true;
    virtio_fail(w->v, "queue %u: buffer at 0x%llx has no memory behind it", w->q,
                (unsigned long long)s->gpa);
    return false;
}

/* The bytes of one descriptor, as one segment or several. */
static bool add_bytes(struct walk *w, uint64_t gpa, uint32_t len)
{
    struct bp_virtio *v = w->v;
    w->bytes += len;
    if (w->bytes > UINT32_MAX || gpa + len < gpa) {
        virtio_fail(v, "queue %u: a buffer is longer than 2^32 bytes or wraps around", w->q);
        return false;
    }
    while (len) {
        if (w->count == SEGMENTS_MAX) {
            virtio_fail(v, "queue %u: a buffer lies in more than %u pieces", w->q, SEGMENTS_MAX);
            return false;
        }
        struct segment *s = &v->segments[w->count];
        uint64_t n = len;
        *s = (struct segment){ bp_dma_map(v->transport, gpa, &n, w->writing), gpa, len, false };
        w->count++;
        if (s->host)
            s->length = (uint32_t)n;
        else if (!copy_segment(w, s))
            return false;
        gpa += s->length;
        len -= s->length;
        w->out_count += !w->writing;
    }
    return true;
}

static bool add_desc(struct walk *w, const struct desc *d)
{
    bool writes = d->flags & DESC_WRITE;
    if (w->writing && !writes) {
        virtio_fail(w->v, "queue %u: a readable descriptor follows a writable one", w->q);
        return false;
    }
    w->writing = writes;
    return add_bytes(w, d->addr, d->len);
}

/* Follows a chain through a table of `entries` descriptors, in host memory or (host NULL) by DMA.
 * *RET_INDIRECT: it ended in a descriptor that refers to another table. */
static bool follow(struct walk *w, const uint8_t *host, uint64_t gpa, uint32_t entries, uint32_t i,
                   struct desc *ret_indirect)
{
    for (uint32_t steps = 0;; steps++) {
        uint8_t copy[DESC_BYTES];
        struct desc d;
        if (i >= entries || steps >= entries || w->descs++ >= CHAIN_MAX) {
            virtio_fail(w->v, "queue %u: a chain of descriptors leaves its table of %u, or loops, "
                        "at descriptor %u", w->q, entries, i);
            return false;
        }
        if (!host &&
            bp_dma_read(w->v->transport, gpa + (uint64_t)DESC_BYTES * i, copy, sizeof copy)) {
            virtio_fail(w->v, "queue %u: indirect table at 0x%llx has no memory behind it", w->q,
                        (unsigned long long)gpa);
            return false;
        }
        d = parse_desc(host ? host + (size_t)DESC_BYTES * i : copy);
        if (d.flags & DESC_INDIRECT) {
            if (!ret_indirect || (d.flags & DESC_NEXT) || !has(w->v, BP_VIRTIO_F_INDIRECT_DESC)) {
                virtio_fail(w->v, "queue %u: an indirect descriptor %s", w->q, !ret_indirect
                            ? "inside an indirect table" : d.flags & DESC_NEXT ? "with a next one"
                            : "without that feature");
                return false;
            }
            *ret_indirect = d;
            return true;
        }
        if (!add_desc(w, &d))
            return false;
        if (!(d.flags & DESC_NEXT))
            return true;
        i = d.next;
    }
}

static bool follow_indirect(struct walk *w, const struct desc *d)
{
    if (!d->len || d->len % DESC_BYTES || d->addr + d->len < d->addr) {
        virtio_fail(w->v, "queue %u: an indirect table of %u bytes at 0x%llx", w->q, d->len,
                    (unsigned long long)d->addr);
        return false;
    }
    uint64_t n = d->len;
    uint8_t *host = bp_dma_map(w->v->transport, d->addr, &n, false);
    bool ok = follow(w, n >= d->len ? host : NULL, d->addr, d->len / DESC_BYTES, 0, NULL);
    if (host)
        bp_dma_unmap(w->v->transport, host, n, false);
    return ok;
}

/* ---- buffers --------------------------------------------------------------------------------- */

static struct held *hold(struct bp_virtio *v, const struct walk *w, uint16_t head)
{
    size_t segments = w->count * sizeof(struct segment);
    struct held *h = malloc(sizeof *h + segments + w->count * sizeof(struct bp_iovec));
    if (!h)
        return NULL;
    memset(h, 0, sizeof *h);
    memcpy(h->segments, v->segments, segments);
    struct bp_iovec *iov = (void *)((uint8_t *)h->segments + segments);
    h->epoch = v->rings[w->q].epoch;
    h->out_count = w->out_count;
    h->in_count = w->count - w->out_count;
    h->face = (struct bp_virtq_buffer){
        .size = sizeof h->face, .queue = (uint16_t)w->q, .head = head,
        .out_count = h->out_count, .in_count = h->in_count, .out = iov, .in = iov + h->out_count,
    };
    for (uint32_t i = 0; i < w->count; i++) {
        iov[i] = (struct bp_iovec){ h->segments[i].host, h->segments[i].length };
        *(i < h->out_count ? &h->face.out_bytes : &h->face.in_bytes) += h->segments[i].length;
    }
    h->next = v->held;
    h->prev = &v->held;
    if (h->next)
        h->next->prev = &h->next;
    v->held = h;
    return h;
}

/* `written`: bytes of the writable part that changed. */
static void let_go(struct bp_virtio *v, struct held *h, uint64_t written)
{
    for (uint32_t i = 0; i < h->out_count + h->in_count; i++) {
        struct segment *s = &h->segments[i];
        uint64_t n = i < h->out_count ? 0 : written < s->length ? written : s->length;
        if (i >= h->out_count)
            written -= n;
        if (s->copy && n && bp_dma_write(v->transport, s->gpa, s->host, n) < 0)
            virtio_fail(v, "queue %u: buffer at 0x%llx cannot be written", h->face.queue,
                        (unsigned long long)s->gpa);
        if (!s->copy)
            bp_dma_unmap(v->transport, s->host, n ? n : s->length, n != 0);
    }
    free_copies(h->segments, h->out_count + h->in_count);
    *h->prev = h->next;
    if (h->next)
        h->next->prev = h->prev;
    free(h);
}

void ring_drop_held(struct bp_virtio *v)
{
    while (v->held)
        let_go(v, v->held, 0);
}

struct bp_virtq_buffer *ring_pop(struct bp_virtio *v, unsigned q)
{
    if (!ring_available(v, q))
        return NULL;
    struct ring *r = &v->rings[q];
    struct walk w = { .v = v, .q = q };
    struct desc indirect = { 0 };
    uint16_t next = v->state->next_avail[q], head;
    memcpy(&head, r->avail + 4 + 2 * (next & (r->entries - 1)), sizeof head);
    head = le16(head);
    if (head >= r->entries) {
        virtio_fail(v, "queue %u: head %u is not in the table of %u", q, head, r->entries);
        return NULL;
    }
    bool ok = follow(&w, r->desc, 0, r->entries, head, &indirect) &&
              (!(indirect.flags & DESC_INDIRECT) || follow_indirect(&w, &indirect));
    struct held *h = ok ? hold(v, &w, head) : NULL;
    if (!h) {
        if (ok)
            virtio_fail(v, "queue %u: no memory for a buffer of %u pieces", q, w.count);
        free_copies(v->segments, w.count);
        return NULL;
    }
    v->state->next_avail[q]++;
    return &h->face;
}

void ring_unpop(struct bp_virtio *v, struct bp_virtq_buffer *buffer)
{
    struct held *h = (struct held *)buffer;
    if (h->epoch == v->rings[buffer->queue].epoch)
        v->state->next_avail[buffer->queue]--;
    let_go(v, h, 0);
}

void ring_push(struct bp_virtio *v, struct bp_virtq_buffer *buffer, uint32_t used)
{
    struct held *h = (struct held *)buffer;
    unsigned q = buffer->queue;
    uint32_t head = buffer->head, epoch = h->epoch;
    let_go(v, h, buffer->wrote_all ? UINT64_MAX : used);
    struct ring *r = live_ring(v, q);
    if (!r || epoch != r->epoch)
        return;
    uint16_t at = v->state->next_used[q]++;
    uint32_t element[2] = { le32(head), le32(used) };
    memcpy(r->used + 4 + (size_t)USED_BYTES * (at & (r->entries - 1)), element, sizeof element);
    store_index(r->used + 2, (uint16_t)(at + 1));
    r->used_written = true;
}

/* Whether the driver wants to know that the used index went from `old` to `now` (2.7.7). */
static bool wanted(struct bp_virtio *v, unsigned q, struct ring *r, uint16_t old, uint16_t now)
{
    bp_barrier(); /* the index is out before the wish is read */
    if (!has(v, BP_VIRTIO_F_EVENT_IDX))
        return !(load_index(r->avail) & AVAIL_NO_INTERRUPT);
    if (!v->state->signalled_valid[q])
        return true;
    uint16_t event = load_index(used_event(r));
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

void ring_signal(struct bp_virtio *v, unsigned q)
{
    struct ring *r = live_ring(v, q);
    if (!r)
        return;
    struct bp_virtio_state *s = v->state;
    uint16_t old = s->signalled[q], now = s->next_used[q];
    report_used(v, r);
    if (s->signalled_valid[q] && old == now)
        return;
    if (!s->signalled_valid[q] && !now)
        return; /* nothing was ever pushed */
    bool tell = wanted(v, q, r, old, now);
    s->signalled[q] = now;
    s->signalled_valid[q] = 1;
    if (tell)
        v->ops->interrupt(v->transport, q);
}
