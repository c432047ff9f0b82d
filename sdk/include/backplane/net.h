/* SPDX-License-Identifier: MIT */
/*
 * net.h: Ethernet. A device has a network *port*; a network *driver* (user, socket, ...) is the
 * host's side. What passes are whole frames without preamble and checksum.
 */
#ifndef BACKPLANE_NET_H
#define BACKPLANE_NET_H

#include <backplane/block.h>
#include <backplane/host.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bp_net; /* the connection as the device sees it; core-owned */

struct bp_net_ops {
    uint32_t size, reserved;
    bool (*can_receive)(void *dev);                               /* [bus] */
    void (*receive)(void *dev, const uint8_t *frame, size_t n);   /* [bus] after can_receive said yes */
    void (*link_changed)(void *dev, bool up);                     /* [bus] or NULL */
};
#ifdef __cplusplus
extern "C++" {
template <bool (*CanReceive)(void *), void (*Receive)(void *, const uint8_t *, size_t)>
inline constexpr bp_net_ops bp_net_ops_of = { sizeof(bp_net_ops), 0, CanReceive, Receive, nullptr };
}
#define BP_NET_OPS_(can_receive_, receive_) &bp_net_ops_of<can_receive_, receive_>
#else
#define BP_NET_OPS_(can_receive_, receive_)                                                        \
    &(const struct bp_net_ops){ sizeof(struct bp_net_ops), 0, can_receive_, receive_, NULL }
#endif
#define BP_NET(type, member, can_receive_, receive_)                                               \
    { #member, BP_KIND_NET, offsetof(type, member), BP_NET_OPS_(can_receive_, receive_) }

struct bp_net_api {
    uint32_t size, reserved;
    void (*send)(struct bp_net *net, const struct bp_iovec *iov, unsigned count);
    void (*room_changed)(struct bp_net *net);
    bool (*link_up)(struct bp_net *net);
    void (*deliver)(void *drv, const void *frame, size_t n);
    bool (*can_deliver)(void *drv);
    void (*set_link)(void *drv, bool up);
};
BP_IMPORT(bp_net_api, bp_net_, "backplane.net/1");

/* Sends one frame, gathered from the iovecs (copied). Dropped where nothing is connected. [bus] */
static inline void bp_net_send(struct bp_net *net, const struct bp_iovec *iov, unsigned count)
{
    if (net)
        bp_net_->send(net, iov, count);
}
/* can_receive() would answer yes now: queued frames (at most 256) are delivered soon. [bus] */
static inline void bp_net_room_changed(struct bp_net *net)
{
    if (net)
        bp_net_->room_changed(net);
}
static inline bool bp_net_link_up(struct bp_net *net) { return net && bp_net_->link_up(net); }

/* ---- the host's side ------------------------------------------------------------------------ */

/* A network driver; callbacks on the main loop's thread, no part's lock held. */
struct bp_net_driver {
    struct bp_head head;
    const char *doc;
    uint32_t state_size, flags;
    struct bp_rows props;
    int (*open)(void *drv); /* failed: close is not called */
    void (*close)(void *drv);
    void (*send)(void *drv, const void *frame, size_t n); /* from the device to the outside */
    void (*room_changed)(void *drv);                      /* or NULL: frames can be delivered again */
};
#define BP_NET_DRIVER(sym, iid, doc_, ...)                                                         \
    BP_ENTITY(BP_CAT(sym, _net), iid, BP_KIND_NET, "net", "doc=" doc_ "\n", bp_net_driver,         \
              .doc = doc_, __VA_ARGS__)

/* A frame for the device; the core queues it while the device has no room, and drops the newest when the queue
 * is full. */
static inline void bp_net_deliver(void *drv, const void *frame, size_t n)
{
    bp_net_->deliver(drv, frame, n);
}
static inline bool bp_net_can_deliver(void *drv) { return bp_net_->can_deliver(drv); }
static inline void bp_net_set_link(void *drv, bool up) { bp_net_->set_link(drv, up); }

#ifdef __cplusplus
}
#endif
#endif
