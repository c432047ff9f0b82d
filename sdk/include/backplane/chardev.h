/* SPDX-License-Identifier: MIT */
/*
 * chardev.h: byte streams to the outside. A device has a chardev *port*; a chardev *driver* (stdio,
 * socket, file, ...) is the host's side. The core stands between: it queues what the peer is not ready
 * to take, and it is the place where recording happens.
 */
#ifndef BACKPLANE_CHARDEV_H
#define BACKPLANE_CHARDEV_H

#include <backplane/device.h>
#include <backplane/host.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bp_chardev; /* the connection as the device sees it; core-owned */

enum bp_chardev_event { BP_CHARDEV_OPENED = 1, BP_CHARDEV_CLOSED = 2, BP_CHARDEV_BREAK = 3 };

/* The device's callbacks. */
struct bp_chardev_ops {
    uint32_t size, reserved;
    size_t (*room)(void *dev);                                  /* [bus] bytes it would take now */
    void (*receive)(void *dev, const uint8_t *buf, size_t n);   /* [bus] n <= room() */
    void (*event)(void *dev, unsigned event);                   /* [bus] or NULL */
};
#ifdef __cplusplus
extern "C++" {
template <size_t (*Room)(void *), void (*Receive)(void *, const uint8_t *, size_t),
          void (*Event)(void *, unsigned)>
inline constexpr bp_chardev_ops bp_chardev_ops_of = { sizeof(bp_chardev_ops), 0, Room, Receive,
                                                      Event };
}
#define BP_CHARDEV_OPS_(room_, receive_, event_) &bp_chardev_ops_of<room_, receive_, event_>
#define BP_NO_EVENT_ nullptr
#else
#define BP_CHARDEV_OPS_(room_, receive_, event_)                                                   \
    &(const struct bp_chardev_ops){ sizeof(struct bp_chardev_ops), 0, room_, receive_, event_ }
#define BP_NO_EVENT_ NULL
#endif
#define BP_CHARDEV(type, member, room_, receive_)                                                  \
    BP_CHARDEV_EVENTS(type, member, room_, receive_, BP_NO_EVENT_)
#define BP_CHARDEV_EVENTS(type, member, room_, receive_, event_)                                   \
    { #member, BP_KIND_CHARDEV, offsetof(type, member), BP_CHARDEV_OPS_(room_, receive_, event_) }

struct bp_chardev_api {
    uint32_t size, reserved;
    size_t (*write)(struct bp_chardev *chr, const void *buf, size_t n);
    void (*room_changed)(struct bp_chardev *chr);
    void (*deliver)(void *driver, const void *buf, size_t n);
    size_t (*room)(void *driver);
    void (*event)(void *driver, unsigned event);
};
BP_IMPORT(bp_chardev_api, bp_chardev_, "backplane.chardev/1");

/* Sends bytes; all are taken (the core queues up to 1 MiB, beyond that the oldest are dropped and
 * `guest_errors` says so). A NULL connection swallows them. [bus] */
static inline void bp_chardev_write(struct bp_chardev *chr, const void *buf, size_t n)
{
    if (chr)
        bp_chardev_->write(chr, buf, n);
}
static inline void bp_chardev_put(struct bp_chardev *chr, uint8_t byte)
{
    bp_chardev_write(chr, &byte, 1);
}

/* The device has room again after room() returned 0: the core calls receive() soon. [bus] */
static inline void bp_chardev_room_changed(struct bp_chardev *chr)
{
    if (chr)
        bp_chardev_->room_changed(chr);
}

/* ---- the host's side ------------------------------------------------------------------------ */

enum bp_chardev_driver_flags {
    BP_CHARDEV_ONE = 1, /* there is one such thing in a process: a machine's second is refused */
};

/* A chardev driver. `drv` is its zeroed state of state_size bytes; props as a device's. All callbacks run on the main
 * loop's thread holding no part's lock, unless tagged. */
struct bp_chardev_driver {
    struct bp_head head;
    const char *doc;
    uint32_t state_size, flags;                                  /* enum bp_chardev_driver_flags */
    struct bp_rows props;                                        /* struct bp_prop */
    int (*open)(void *drv);                                      /* 0, or -errno after bp_fail(): then
                                                                    close is not called */
    void (*close)(void *drv);
    int64_t (*write)(void *drv, const void *buf, size_t n);      /* [any] bytes taken; fewer than n: the
                                                                    core waits for bp_chardev_writable();
                                                                    -errno: the bytes are dropped */
    void (*room_changed)(void *drv);                             /* the device has room again: resume reading */
};
#define BP_CHARDEV_DRIVER(sym, iid, doc_, ...)                                                     \
    BP_ENTITY(BP_CAT(sym, _chardev), iid, BP_KIND_CHARDEV, "chardev", "doc=" doc_ "\n",            \
              bp_chardev_driver, .doc = doc_, __VA_ARGS__)

/* Bytes that arrived from the peer; n <= bp_chardev_room(). */
static inline void bp_chardev_deliver(void *drv, const void *buf, size_t n)
{
    bp_chardev_->deliver(drv, buf, n);
}
/* How many bytes the device would take; while 0, stop reading until room_changed is called. */
static inline size_t bp_chardev_room(void *drv) { return bp_chardev_->room(drv); }
/* Opened, closed, break: told to the device. */
static inline void bp_chardev_event(void *drv, enum bp_chardev_event event)
{
    bp_chardev_->event(drv, event);
}
/* The peer takes bytes again: the core writes what it queued. */
#define BP_CHARDEV_WRITABLE 4
static inline void bp_chardev_writable(void *drv) { bp_chardev_->event(drv, BP_CHARDEV_WRITABLE); }

#ifdef __cplusplus
}
#endif
#endif
