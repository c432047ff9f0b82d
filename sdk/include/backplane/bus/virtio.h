/* SPDX-License-Identifier: MIT */
/*
 * bus/virtio.h: virtio (OASIS Virtual I/O Device, version 1.3): what stands between transports and
 * devices.
 *
 * Three parties. A *transport* (virtio-mmio, virtio-pci, ...) has registers, an interrupt and the
 * way to guest memory; it offers BP_VIRTIO_BUS_ID to one device. A *device* (virtio-blk-device,
 * ...) needs that link and shows struct bp_virtio_device as its face. The *engine*, an interface
 * that the plugin virtio.so offers to both ("backplane.virtio/1"), keeps features, status and
 * virtqueues, so that what a hostile driver can do is judged in one place. Split virtqueues; packed
 * ones are not offered.
 *
 * A device's life: realize, where it asks its link for the struct bp_virtio; the transport's
 * `attached` -> bp_virtio_attach(); then face callbacks, all [bus], until its unrealize. A device
 * has no reset hook of its own: the transport's reset, and the driver's, arrive as the face's
 * `reset`.
 *
 * Everything tagged [bus] here wants the locks of both the transport and the device.
 *
 * What the driver does wrong (a loop in a chain, an address with nothing behind it, an index that
 * jumps) is logged under `guest_errors` and puts the device into DEVICE_NEEDS_RESET: no queue moves
 * until the driver resets it.
 */
#ifndef BACKPLANE_BUS_VIRTIO_H
#define BACKPLANE_BUS_VIRTIO_H

#include <backplane/device.h>
#include <backplane/iovec.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_VIRTIO_BUS_ID "backplane.bus.virtio/1"
#define BP_VIRTIO_API_ID "backplane.virtio/1"

/* At most so many queues a device, entries a queue, bytes of device-specific configuration. */
#define BP_VIRTIO_QUEUES 64
#define BP_VIRTIO_QUEUE_SIZE 1024
#define BP_VIRTIO_CONFIG_SIZE 256

/* Feature bits of the queues and the transport (chapter 6). The engine offers them by itself. */
enum {
    BP_VIRTIO_F_ANY_LAYOUT = 27, /* legacy only */
    BP_VIRTIO_F_INDIRECT_DESC = 28,
    BP_VIRTIO_F_EVENT_IDX = 29,
    BP_VIRTIO_F_VERSION_1 = 32,
};
#define BP_VIRTIO_BIT(n) (UINT64_C(1) << (n))

/* Device status (2.1). */
enum bp_virtio_status {
    BP_VIRTIO_ACKNOWLEDGE = 1,
    BP_VIRTIO_DRIVER = 2,
    BP_VIRTIO_DRIVER_OK = 4,
    BP_VIRTIO_FEATURES_OK = 8,
    BP_VIRTIO_NEEDS_RESET = 64,
    BP_VIRTIO_FAILED = 128,
};

struct bp_virtio; /* one virtio device: its features, status and queues; the engine's */

/* ---- the device's side ----------------------------------------------------------------------- */

/* The face of a device on its bus; each function's first argument is the device. All [bus] but
 * features and queue_size, which are also called [main] at attach. */
struct bp_virtio_device {
    uint32_t size;
    uint32_t id; /* virtio device number (5): 1 network card, 2 block device, ... */
    /* The device's own feature bits it offers, without those of the engine. Stays the same after
     * realize. */
    uint64_t (*features)(void *dev);
    /* The driver has chosen `features`, a subset of what was offered. False refuses: FEATURES_OK
     * stays clear. May be NULL. */
    bool (*accept)(void *dev, uint64_t features);
    /* Entries of queue q at most, a power of two up to BP_VIRTIO_QUEUE_SIZE; 0 where there is no
     * such queue. */
    uint32_t (*queue_size)(void *dev, unsigned q);
    /* The driver has made buffers available in queue q, or says so. Also called after
     * bp_virtio_again(). */
    void (*notify)(void *dev, unsigned q);
    /* Fills buf, zeroed, with the configuration space as it is now; returns its size in bytes.
     * NULL: none. */
    uint32_t (*config)(void *dev, uint8_t buf[BP_VIRTIO_CONFIG_SIZE]);
    /* The driver writes n (1, 2, 4) bytes at `offset`, inside the space. May be NULL: read-only. */
    void (*config_write)(void *dev, uint32_t offset, uint32_t value, unsigned n);
    /* DRIVER_OK has been set: queues may move. May be NULL. */
    void (*started)(void *dev);
    /* Back to the state after power-on. Buffers that are out may still be pushed in here; the
     * engine frees what is left afterwards. May be NULL. */
    void (*reset)(void *dev);
};

/* A chain of descriptors that the driver made available. Made by bp_virtq_pop(), ended by
 * bp_virtq_push() or bp_virtq_unpop(); after a reset all of them are gone. */
struct bp_virtq_buffer {
    uint32_t size;             /* of this struct as the engine knows it */
    uint16_t queue, head;
    uint32_t out_count, in_count;
    struct bp_iovec *out;      /* the device reads these, in order; the device may cut the list */
    struct bp_iovec *in;       /* the device writes these, likewise */
    uint64_t out_bytes, in_bytes;
    void *user;                /* the device's own; NULL at first */
    bool wrote_all;            /* set by a device that wrote beyond the length it will push */
};

/* ---- the transport's side -------------------------------------------------------------------- */

/* What a transport offers under BP_VIRTIO_BUS_ID. */
struct bp_virtio_bus {
    uint32_t size, reserved;
    /* The device's end of the engine, the same for the transport's whole life. [main] */
    struct bp_virtio *(*virtio)(void *transport);
};

/* Guest-visible state of one virtio device: a member of the transport's state, written by the
 * engine except where noted, saved by BP_VIRTIO_SAVED(). Struct of arrays so that it can be saved
 * by rows. */
struct bp_virtio_state {
    /* Set by the transport while a queue is not enabled: addresses of descriptor table, available
     * ring (driver area) and used ring (device area), and the number of entries. */
    uint64_t desc[BP_VIRTIO_QUEUES], driver[BP_VIRTIO_QUEUES], device[BP_VIRTIO_QUEUES];
    uint16_t entries[BP_VIRTIO_QUEUES];
    uint8_t enabled[BP_VIRTIO_QUEUES];
    uint8_t signalled_valid[BP_VIRTIO_QUEUES];
    uint8_t waiting[BP_VIRTIO_QUEUES];     /* bp_virtio_again() was called */
    uint16_t next_avail[BP_VIRTIO_QUEUES]; /* next entry of the available ring to take */
    uint16_t next_used[BP_VIRTIO_QUEUES];  /* next entry of the used ring to write */
    uint16_t signalled[BP_VIRTIO_QUEUES];  /* next_used when the driver was last told */
    uint64_t features;                     /* as the driver wrote them */
    uint32_t generation;                   /* of the configuration space */
    uint8_t status;                        /* enum bp_virtio_status */
    uint8_t negotiated;                    /* features are fixed */
    uint8_t broken;                        /* the driver must reset */
    uint8_t reserved;
};
#define BP_VIRTIO_SAVED(type, member)                                                              \
    BP_SAVED_ARRAY(type, member.desc, 1), BP_SAVED_ARRAY(type, member.driver, 1),                  \
    BP_SAVED_ARRAY(type, member.device, 1), BP_SAVED_ARRAY(type, member.entries, 1),               \
    BP_SAVED_ARRAY(type, member.enabled, 1), BP_SAVED_ARRAY(type, member.signalled_valid, 1),      \
    BP_SAVED_ARRAY(type, member.waiting, 1), BP_SAVED_ARRAY(type, member.next_avail, 1),           \
    BP_SAVED_ARRAY(type, member.next_used, 1), BP_SAVED_ARRAY(type, member.signalled, 1),          \
    BP_SAVED(type, member.features, 1), BP_SAVED(type, member.generation, 1),                      \
    BP_SAVED(type, member.status, 1), BP_SAVED(type, member.negotiated, 1),                        \
    BP_SAVED(type, member.broken, 1)

enum bp_virtio_flags {
    BP_VIRTIO_LEGACY = 1, /* the interface before version 1: sections "Legacy interface" */
    BP_VIRTIO_TRANSITIONAL = 2, /* either: bp_virtio_set_legacy() says which one is in force, modern at first */
};

#define BP_VIRTIO_CONFIG_CHANGED UINT32_MAX

/* What the engine asks of a transport, all [bus]. */
struct bp_virtio_transport {
    uint32_t size;
    uint32_t flags;      /* enum bp_virtio_flags */
    uint32_t state_size; /* sizeof(struct bp_virtio_state) as the transport knows it */
    uint32_t reserved;
    /* Interrupt the driver: queue q has used buffers, or q is BP_VIRTIO_CONFIG_CHANGED. */
    void (*interrupt)(void *transport, uint32_t q);
    /* Call bp_virtio_continue() soon, but after other [bus] work had its turn: a timer at now. */
    void (*again)(void *transport);
    /* Asked by bp_virtio_post_load(): what the transport would say to bp_virtio_allow() now. NULL: allowed. */
    bool (*allowed)(void *transport);
};

/* ---- the engine ------------------------------------------------------------------------------ */

struct bp_virtio_api {
    uint32_t size, reserved;
    /* for transports */
    struct bp_virtio *(*create)(void *transport, const struct bp_virtio_transport *ops,
                                struct bp_virtio_state *state);
    void (*destroy)(struct bp_virtio *v);
    int (*attach)(struct bp_virtio *v, struct bp_link device);
    uint32_t (*id)(const struct bp_virtio *v);
    void (*reset)(struct bp_virtio *v);
    int (*post_load)(struct bp_virtio *v);
    uint64_t (*offered)(const struct bp_virtio *v);
    void (*choose)(struct bp_virtio *v, unsigned word, uint32_t bits);
    void (*set_status)(struct bp_virtio *v, uint8_t status);
    uint32_t (*queue_size)(const struct bp_virtio *v, unsigned q);
    void (*enable)(struct bp_virtio *v, unsigned q, bool on);
    void (*notify)(struct bp_virtio *v, unsigned q);
    void (*run_again)(struct bp_virtio *v);
    uint32_t (*config_read)(struct bp_virtio *v, uint64_t offset, unsigned n);
    void (*config_write)(struct bp_virtio *v, uint64_t offset, uint32_t value, unsigned n);
    /* for devices */
    struct bp_virtq_buffer *(*pop)(struct bp_virtio *v, unsigned q);
    void (*push)(struct bp_virtio *v, struct bp_virtq_buffer *buffer, uint32_t used);
    void (*unpop)(struct bp_virtio *v, struct bp_virtq_buffer *buffer);
    void (*signal)(struct bp_virtio *v, unsigned q);
    bool (*available)(struct bp_virtio *v, unsigned q);
    void (*again)(struct bp_virtio *v, unsigned q);
    void (*config_changed)(struct bp_virtio *v);
    void (*fail)(struct bp_virtio *v, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
    uint64_t (*features)(const struct bp_virtio *v);
    bool (*running)(const struct bp_virtio *v);
    /* for transports */
    void (*set_legacy)(struct bp_virtio *v, bool legacy);
    void (*allow)(struct bp_virtio *v, bool allowed);
};

/* The engine itself, which cannot import what it offers, defines this. */
#ifndef BP_VIRTIO_NO_IMPORT
BP_IMPORT(bp_virtio_api, bp_virtio_, BP_VIRTIO_API_ID);

/* Makes the engine's end for a transport; `transport` is also whose bp_dma_*() reach guest memory.
 * OPS and STATE live as long as the transport. NULL after bp_fail() where memory is out or the
 * transport is too old. [main], in the transport's realize */
static inline struct bp_virtio *bp_virtio_create(void *transport,
                                                 const struct bp_virtio_transport *ops,
                                                 struct bp_virtio_state *state)
{
    return bp_virtio_->create(transport, ops, state);
}
/* Frees it with all buffers that are out. NULL is allowed. [main] */
static inline void bp_virtio_destroy(struct bp_virtio *v) { bp_virtio_->destroy(v); }

/* The transport's `attached` hook got this device. 0, or -errno after bp_fail(). [main] */
static inline int bp_virtio_attach(struct bp_virtio *v, struct bp_link device)
{
    return bp_virtio_->attach(v, device);
}
/* The device's number; 0 where the slot is empty: every other call then does nothing or answers 0.
 * [any] */
static inline uint32_t bp_virtio_id(const struct bp_virtio *v) { return bp_virtio_->id(v); }

/* Everything back to power-on, as does writing status 0. [bus] */
static inline void bp_virtio_reset(struct bp_virtio *v) { bp_virtio_->reset(v); }

/* The state was put back from a snapshot: maps the queues again. [bus] */
static inline int bp_virtio_post_load(struct bp_virtio *v) { return bp_virtio_->post_load(v); }

/* All feature bits offered to the driver, and its choice of bits 32*word and up. [bus] */
static inline uint64_t bp_virtio_offered(const struct bp_virtio *v)
{
    return bp_virtio_->offered(v);
}
static inline void bp_virtio_choose(struct bp_virtio *v, unsigned word, uint32_t bits)
{
    bp_virtio_->choose(v, word, bits);
}
/* The driver writes the status register; state->status is what it will read. [bus] */
static inline void bp_virtio_set_status(struct bp_virtio *v, uint8_t status)
{
    bp_virtio_->set_status(v, status);
}
/* Entries of queue q at most; 0: there is none. [bus] */
static inline uint32_t bp_virtio_queue_size(const struct bp_virtio *v, unsigned q)
{
    return bp_virtio_->queue_size(v, q);
}
/* The driver enables queue q, for which the transport has put addresses and entries into the state,
 * or disables it. [bus] */
static inline void bp_virtio_enable(struct bp_virtio *v, unsigned q, bool on)
{
    bp_virtio_->enable(v, q, on);
}
/* The driver notifies queue q. The device works on it before this returns. [bus] */
static inline void bp_virtio_notify(struct bp_virtio *v, unsigned q) { bp_virtio_->notify(v, q); }

/* Notifies the queues that bp_virtio_again() was called for. [bus] */
static inline void bp_virtio_continue(struct bp_virtio *v) { bp_virtio_->run_again(v); }

/* A transitional transport: which interface the driver uses. While the status is 0, and before
 * bp_virtio_post_load(). [bus] */
static inline void bp_virtio_set_legacy(struct bp_virtio *v, bool legacy)
{
    bp_virtio_->set_legacy(v, legacy);
}
/* Whether the device may reach memory (a PCI function: Bus Master); allowed at first. While not, no queue moves and
 * what is pushed is lost; afterwards queues go on where they were, and are notified. Not from post_load: see
 * `allowed`. [bus] */
static inline void bp_virtio_allow(struct bp_virtio *v, bool allowed)
{
    bp_virtio_->allow(v, allowed);
}

/* n (1, 2, 4) bytes of configuration space; what lies outside reads 0. [bus] */
static inline uint32_t bp_virtio_config_read(struct bp_virtio *v, uint64_t offset, unsigned n)
{
    return bp_virtio_->config_read(v, offset, n);
}
static inline void bp_virtio_config_write(struct bp_virtio *v, uint64_t offset, uint32_t value,
                                          unsigned n)
{
    bp_virtio_->config_write(v, offset, value, n);
}

/* Takes the next available buffer of queue q; NULL where there is none, or the device may not run,
 * or the driver broke the queue. Its memory is mapped, or copied where it is not RAM. [bus] */
static inline struct bp_virtq_buffer *bp_virtq_pop(struct bp_virtio *v, unsigned q)
{
    return bp_virtio_->pop(v, q);
}
/* Gives a buffer back: the first `used` bytes of its `in` part have been written. Frees it. Tell
 * the driver with bp_virtq_signal() after one or several. Where the queue was disabled meanwhile,
 * it is only freed. [bus] */
static inline void bp_virtq_push(struct bp_virtio *v, struct bp_virtq_buffer *buffer, uint32_t used)
{
    bp_virtio_->push(v, buffer, used);
}
/* Undoes the last pop of the buffer's queue: the next pop finds it again. Frees it. [bus] */
static inline void bp_virtq_unpop(struct bp_virtio *v, struct bp_virtq_buffer *buffer)
{
    bp_virtio_->unpop(v, buffer);
}
/* Interrupts the driver if buffers were pushed to q since and it wants to know. [bus] */
static inline void bp_virtq_signal(struct bp_virtio *v, unsigned q) { bp_virtio_->signal(v, q); }

/* Whether pop would find something. Where not, the driver will notify when there is. [bus] */
static inline bool bp_virtq_available(struct bp_virtio *v, unsigned q)
{
    return bp_virtio_->available(v, q);
}
/* Calls the face's notify for q again soon: for a device that has done enough for one turn.
 * [bus] */
static inline void bp_virtio_again(struct bp_virtio *v, unsigned q) { bp_virtio_->again(v, q); }

/* The configuration space has news: tells the driver. [bus] */
static inline void bp_virtio_config_changed(struct bp_virtio *v) { bp_virtio_->config_changed(v); }

/* bp_virtio_fail(v, "why", ...): the driver broke the device's protocol; a reset is needed.
 * [bus] */
#define bp_virtio_fail(v, ...) bp_virtio_->fail(v, __VA_ARGS__)

/* The negotiated features; 0 before. [bus] */
static inline uint64_t bp_virtio_features(const struct bp_virtio *v)
{
    return bp_virtio_->features(v);
}
static inline bool bp_virtio_has(const struct bp_virtio *v, unsigned bit)
{
    return bp_virtio_->features(v) >> bit & 1;
}
/* The driver is there and the device is not broken: queues may move. [bus] */
static inline bool bp_virtio_running(const struct bp_virtio *v) { return bp_virtio_->running(v); }
#endif

/* A virtio device by both its names: NAME-device, which takes the first free slot that has none, and NAME-pci, which
 * comes with a PCI function of its own. Arguments as BP_DEVICE_IN(). */
#define BP_VIRTIO_DEVICE(sym, name_, category_, doc_, ...)                                         \
    BP_DEVICE_IN(sym, name_ "-device", category_, doc_, __VA_ARGS__);                              \
    BP_DEVICE_IN(BP_CAT(sym, _pci), name_ "-pci", category_, doc_ ", PCI", .carrier = "virtio-pci", \
                 __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
