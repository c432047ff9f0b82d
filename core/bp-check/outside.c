/* SPDX-License-Identifier: MIT */
/* outside.c: what bp-check connects to a device's ports: a peer that talks at random, a drive in
 * memory, a network. */
#include "check.h"

#include "core/block.h"
#include "core/chardev.h"
#include "core/machine.h"
#include "core/net.h"

#include <string.h>

#include "outside.h"

#define DRIVE_SIZE BP_MIB

struct peer {
    uint32_t heard; /* bytes or frames that the device sent */
};

static int peer_open(void *drv) { return 0; }
static void peer_close(void *drv) { }
static int64_t peer_write(void *drv, const void *buf, size_t n)
{
    struct peer *p = drv;
    p->heard += (uint32_t)n;
    return (int64_t)n;
}
static void peer_send(void *drv, const void *frame, size_t n)
{
    struct peer *p = drv;
    p->heard++;
}

static const struct bp_chardev_driver chardev = {
    .head = { sizeof chardev, BP_KIND_CHARDEV, "bp-check-peer" },
    .state_size = sizeof(struct peer),
    .open = peer_open,
    .close = peer_close,
    .write = peer_write,
};
static const struct bp_net_driver net = {
    .head = { sizeof net, BP_KIND_NET, "bp-check-net" },
    .state_size = sizeof(struct peer),
    .open = peer_open,
    .close = peer_close,
    .send = peer_send,
};

struct drive {
    uint8_t bytes[DRIVE_SIZE];
};

static int drive_open(void *drv, bool read_only) { return 0; }
static int64_t drive_length(void *drv) { return DRIVE_SIZE; }

/* The core checks ranges before drivers see them. */
static int drive_read(void *drv, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    struct drive *d = drv;
    for (unsigned i = 0; i < count; offset += iov[i++].length)
        memcpy(iov[i].base, d->bytes + offset, iov[i].length);
    return 0;
}
static int drive_write(void *drv, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    struct drive *d = drv;
    for (unsigned i = 0; i < count; offset += iov[i++].length)
        memcpy(d->bytes + offset, iov[i].base, iov[i].length);
    return 0;
}
static int drive_flush(void *drv) { return 0; }

static const struct bp_block_driver block = {
    .head = { sizeof block, BP_KIND_BLOCK, "bp-check-drive" },
    .state_size = sizeof(struct drive),
    .open = drive_open,
    .close = peer_close,
    .length = drive_length,
    .read = drive_read,
    .write = drive_write,
    .flush = drive_flush,
};

int outside_connect(struct part *part, bool drives)
{
    struct machine *m = part->machine;
    int r = 0;
    for (uint32_t i = 0; i < part->device.ports.count && !r; i++) {
        const struct bp_port *port = PART_ROW(bp_port, part->device.ports, i);
        char *id = g_strdup_printf("%s.%s", part->name, port->name);
        void *handle = NULL;
        if (port->kind == BP_KIND_CHARDEV) {
            struct bp_chardev *c = NULL;
            r = chardev_new(m, &chardev, id, NULL, 0, &c);
            handle = c;
        } else if (port->kind == BP_KIND_BLOCK && drives) {
            struct bp_block *b = NULL;
            r = block_new(m, &block, id, &(struct block_options){ false }, NULL, 0, &b);
            handle = b;
        } else if (port->kind == BP_KIND_NET) {
            struct bp_net *n = NULL;
            r = net_new(m, &net, id, NULL, 0, &n);
            handle = n;
        }
        if (!r && handle)
            r = part_connect_port(part, port->name, handle);
        g_free(id);
    }
    return r;
}

void outside_talk(struct machine *m, uint64_t random)
{
    uint8_t bytes[64];
    size_t n = 1 + (random >> 8) % sizeof bytes;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(random >> (i & 7) * 8);
    for (unsigned i = 0; i < m->others->len; i++) {
        struct part *p = m->others->pdata[i];
        if (p->entity == &chardev) {
            size_t room = chardev_api.room(p->state);
            if (room)
                chardev_api.deliver(p->state, bytes, MIN(n, room));
            if ((random & 15) == 0)
                chardev_api.event(p->state, random & 16 ? BP_CHARDEV_CLOSED : BP_CHARDEV_OPENED);
        } else if (p->entity == &net && net_api.can_deliver(p->state)) {
            net_api.deliver(p->state, bytes, n);
        }
    }
}
