/* SPDX-License-Identifier: MIT */
/*
 * net-user-frag.h: puts IPv4 fragments together (RFC 791, 3.2) before libslirp sees them: its own
 * reassembly (4.7) loses track of its memory on fragments that overlap or come out of order, so
 * that a guest could bring the emulator down.
 */
#ifndef NET_USER_FRAG_H
#define NET_USER_FRAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FRAG_DATAGRAMS 16          /* in progress at once; the oldest makes way */
#define FRAG_BYTES 65536
#define FRAG_HEADER_MAX (14 + 60)

/* A datagram that is arriving. Payload lies at bytes + FRAG_HEADER_MAX, the headers right before
 * it. */
struct frag {
    bool used;
    uint8_t key[11];               /* addresses, protocol, identification */
    uint64_t age;
    uint32_t header;               /* bytes of the headers; 0: the first fragment is missing */
    uint32_t end;                  /* bytes of payload; 0: the last fragment is missing */
    uint32_t have;                 /* units of 8 bytes that have arrived */
    uint32_t reach;                /* end of the farthest of them, bytes */
    uint8_t units[FRAG_BYTES / 8 / 8];
    uint8_t bytes[FRAG_HEADER_MAX + FRAG_BYTES];
};

struct frags {
    struct frag *list;             /* FRAG_DATAGRAMS of them, made at the first fragment */
    uint64_t count;
};

static unsigned frag_get16(const uint8_t *p) { return (unsigned)p[0] << 8 | p[1]; }

static void frag_put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* Whether the frame is a fragment. */
static bool frag_is(const uint8_t *frame, size_t n)
{
    return n >= 34 && frag_get16(frame + 12) == 0x0800 && frame[14] >> 4 == 4 &&
           (frag_get16(frame + 20) & 0x3FFF);
}

static struct frag *frag_find(struct frags *f, const uint8_t *ip)
{
    uint8_t key[11];
    struct frag *oldest = f->list;
    memcpy(key, ip + 12, 8);
    key[8] = ip[9];
    memcpy(key + 9, ip + 4, 2);
    for (struct frag *i = f->list; i < f->list + FRAG_DATAGRAMS; i++) {
        if (i->used && !memcmp(i->key, key, sizeof key))
            return i;
        if (!i->used || (oldest->used && i->age < oldest->age))
            oldest = i;
    }
    oldest->used = true;
    oldest->header = oldest->end = oldest->have = oldest->reach = 0;
    oldest->age = ++f->count;
    memset(oldest->units, 0, sizeof oldest->units);
    memcpy(oldest->key, key, sizeof key);
    return oldest;
}

/* The whole frame in *RET_FRAME, valid until the next call; returns its size. */
static size_t frag_complete(struct frag *d, const uint8_t **ret_frame)
{
    uint8_t *frame = d->bytes + FRAG_HEADER_MAX - d->header, *ip = frame + 14;
    uint32_t sum = 0;
    d->used = false;
    frag_put16(ip + 2, d->header - 14 + d->end);
    frag_put16(ip + 6, 0);
    frag_put16(ip + 10, 0);
    for (uint32_t i = 0; i < d->header - 14; i += 2)
        sum += frag_get16(ip + i);
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    frag_put16(ip + 10, ~sum & 0xFFFF);
    *ret_frame = frame;
    return d->header + d->end;
}

/* Takes one fragment. Returns the size of the datagram's frame once it is whole, else 0. What makes
 * no sense is dropped, with the datagram that it belongs to. */
static size_t frag_take(struct frags *f, const uint8_t *frame, size_t n, const uint8_t **ret_frame)
{
    const uint8_t *ip = frame + 14;
    uint32_t header = 14 + (ip[0] & 15u) * 4, total = 14 + frag_get16(ip + 2);
    uint32_t offset = (frag_get16(ip + 6) & 0x1FFF) * 8;
    bool more = frag_get16(ip + 6) & 0x2000;
    if (header < 34 || total <= header || total > n || (more && (total - header) % 8))
        return 0;
    if (!f->list && !(f->list = calloc(FRAG_DATAGRAMS, sizeof *f->list)))
        return 0;
    uint32_t bytes = total - header, end = offset + bytes;
    struct frag *d = frag_find(f, ip);
    if (d->reach < end)
        d->reach = end;
    if (!more)
        d->end = end;
    if (end > FRAG_BYTES - 1 - 60 || (d->end && d->reach > d->end)) {
        d->used = false;
        return 0;
    }
    for (uint32_t u = offset / 8; u < (end + 7) / 8; u++) {
        d->have += !(d->units[u / 8] >> (u % 8) & 1);
        d->units[u / 8] = (uint8_t)(d->units[u / 8] | 1u << (u % 8));
    }
    memcpy(d->bytes + FRAG_HEADER_MAX + offset, frame + header, bytes);
    if (!offset) {
        d->header = header;
        memcpy(d->bytes + FRAG_HEADER_MAX - header, frame, header);
    }
    bool whole = d->header && d->end && d->have == (d->end + 7) / 8;
    return whole ? frag_complete(d, ret_frame) : 0;
}

static void frag_free(struct frags *f)
{
    free(f->list);
    f->list = NULL;
}

#endif
