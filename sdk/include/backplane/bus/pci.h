/* SPDX-License-Identifier: MIT */
/*
 * bus/pci.h: PCI and PCI Express (register layout: Linux include/uapi/linux/pci_regs.h): what stands
 * between host bridges and functions.
 *
 * Three parties. A *function* (a network card, say) has registers in windows of its own, embeds a struct
 * bp_pci, needs BP_PCI_BUS_ID and shows struct bp_pci_device as its face. A *host bridge* offers
 * BP_PCI_BUS_ID, has the way to configuration space, bus windows that base addresses fall into, and
 * four interrupt lines. The *engine*, an interface that the plugin pci.so offers to both
 * ("backplane.pci/1"), keeps configuration space, base addresses and MSI-X, so that what a hostile
 * driver can do is judged in one place.
 *
 * A function in five steps (sdk/examples/tiny-pci.c is one):
 *   1. `struct bp_pci pci;` in the state, BP_PCI_CALLBACKS(struct mine, pci) behind it;
 *   2. windows with BP_WINDOW_PLACED, registers in them as in any device;
 *   3. struct bp_pci_bar rows: which base address register each window answers at; a face with ids;
 *   4. BP_PCI_PROPS, BP_PCI_NEED, BP_PCI_SAVED in its tables, `.post_load = pci_post_load`;
 *   5. bp_pci_set_irq() or bp_pci_msix() where it interrupts; bp_dma_*() (memory.h) where it reaches
 *      memory, which works while the driver has set Bus Master.
 *
 * Configuration space is put back at reset by the engine. A read of what is not there gives all ones.
 * Not offered: bridges and root ports (all functions sit on bus 0), MSI, option ROMs, hot-plug,
 * function-level reset.
 *
 * Everything tagged [bus] here wants the locks of both the host bridge and the function.
 */
#ifndef BACKPLANE_BUS_PCI_H
#define BACKPLANE_BUS_PCI_H

#include <backplane/device.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_PCI_BUS_ID "backplane.bus.pci/1"
#define BP_PCI_API_ID "backplane.pci/1"

#define BP_PCI_CONFIG_SIZE 4096
#define BP_PCI_MSIX_MAX 128      /* vectors of a function at most */
#define BP_PCI_MSIX_PBA 0x800    /* usual offset of the pending bits in the MSI-X window */

/* Offsets in configuration space, and capabilities. */
enum {
    BP_PCI_VENDOR = 0x00,
    BP_PCI_DEVICE = 0x02,
    BP_PCI_COMMAND = 0x04,
    BP_PCI_STATUS = 0x06,
    BP_PCI_REVISION = 0x08,
    BP_PCI_CLASS = 0x09, /* three bytes */
    BP_PCI_BAR0 = 0x10,
    BP_PCI_SUBSYSTEM_VENDOR = 0x2C,
    BP_PCI_SUBSYSTEM = 0x2E,
    BP_PCI_CAPABILITIES = 0x34,
    BP_PCI_INTERRUPT_LINE = 0x3C,
    BP_PCI_INTERRUPT_PIN = 0x3D,
    BP_PCI_CAP_VENDOR = 0x09,
    BP_PCI_CAP_EXPRESS = 0x10,
    BP_PCI_CAP_MSIX = 0x11,
};
enum { BP_PCI_COMMAND_IO = 1, BP_PCI_COMMAND_MEMORY = 2, BP_PCI_COMMAND_MASTER = 4,
       BP_PCI_COMMAND_INTX_OFF = 1 << 10 };

struct bp_pci_function; /* the engine's part of a function */
struct bp_pci_root;     /* the engine's part of a host bridge */

/* ---- functions ------------------------------------------------------------------------------- */

/* A function's member; its contents are the engine's. */
struct bp_pci {
    struct bp_link bus;
    const char *addr;     /* properties */
    bool multifunction;
    struct bp_pci_function *fn; /* NULL until the host bridge has taken the function */
    uint8_t config[BP_PCI_CONFIG_SIZE];
    uint8_t msix_table[16 * BP_PCI_MSIX_MAX], msix_pending[BP_PCI_MSIX_MAX / 8];
    uint8_t intx;         /* the level that the function wants on its pin */
};

enum bp_pci_bar_flags {
    BP_PCI_BAR_IO = 1,
    BP_PCI_BAR_64 = 2,       /* takes the register behind it, too */
    BP_PCI_BAR_PREFETCH = 4, /* reading has no side effect, writes may be merged */
};

/* A base address register. Its size is the window's, rounded up to a power of two. A window with size
 * 0 (by size_prop) has none. */
struct bp_pci_bar {
    uint8_t index;   /* 0 to 5 */
    uint8_t flags;   /* enum bp_pci_bar_flags */
    uint16_t window; /* index of the window row */
};

enum bp_pci_flags {
    BP_PCI_EXPRESS = 1, /* has the PCI Express capability, as an endpoint integrated in the root complex */
};

/* The face of a function; each callback's first argument is the device. */
struct bp_pci_device {
    uint32_t size;
    uint32_t member, member_size; /* offset of the struct bp_pci in the state, and its size */
    uint32_t flags;               /* enum bp_pci_flags */
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code;          /* 24 bits: class, subclass, programming interface */
    uint8_t revision;
    uint8_t interrupt_pin;        /* 1: INTA to 4: INTD; 0: none */
    uint16_t msix_vectors;        /* 0: no MSI-X */
    uint32_t msix_window;         /* window row that shows table and pending bits (BP_PCI_MSIX_WINDOW,
                                     or one whose callbacks call bp_pci_msix_read/write) ... */
    uint32_t msix_table, msix_pba; /* ... at these offsets; pba 0: BP_PCI_MSIX_PBA */
    struct bp_rows bars;          /* struct bp_pci_bar */
    /* The header is made: add capabilities and further fields. May be NULL. 0 or -errno after bp_fail().
     * [main] */
    int (*setup)(void *dev);
    /* The driver is about to read, or has written, n bytes at offset. May be NULL. [bus] */
    void (*config_read)(void *dev, uint32_t offset, uint32_t n);
    void (*config_written)(void *dev, uint32_t offset, uint32_t n);
    /* A bit for each base address register of `bars` that this one has; NULL: all. [main] */
    uint32_t (*bars_used)(void *dev);
};
/* The first members of a face. */
#define BP_PCI_FACE(type, member_)                                                                 \
    .size = sizeof(struct bp_pci_device), .member = offsetof(type, member_),                       \
    .member_size = sizeof(struct bp_pci)

#define BP_PCI_NEED(type, member, face_)                                                           \
    { .name = "bus", .id = BP_PCI_BUS_ID, .field = offsetof(type, member.bus), .face = face_ }
#define BP_PCI_PROPS(owner, member)                                                                 \
    { .name = "addr", .type = BP_PROP_STRING, .field = offsetof(owner, member.addr),                \
      .field_size = sizeof(const char *),                                                          \
      .doc = "slot and function as in 3 or 1f.2, hexadecimal; default: the first free slot" },     \
    { .name = "multifunction", .type = BP_PROP_BOOL,                                               \
      .field = offsetof(owner, member.multifunction), .field_size = sizeof(bool),                   \
      .doc = "function 0 of several in its slot" }
#define BP_PCI_SAVED(type, member)                                                                 \
    BP_SAVED_ARRAY(type, member.config, 1), BP_SAVED_ARRAY(type, member.msix_table, 1),            \
    BP_SAVED_ARRAY(type, member.msix_pending, 1), BP_SAVED(type, member.intx, 1),                  \
    BP_TRANSIENT(type, member.fn)
/* A window row that holds nothing but MSI-X table and pending bits. */
#define BP_PCI_MSIX_WINDOW(name_)                                                                  \
    { .name = name_, .size = 4096, .flags = BP_WINDOW_PLACED, .access_min = 1, .access_max = 4,    \
      .storage = BP_NO_STORAGE, .read = pci_msix_read, .write = pci_msix_write }

/* ---- host bridges ---------------------------------------------------------------------------- */

/* What a host bridge offers under BP_PCI_BUS_ID: nothing but its name; all goes through the engine. */
struct bp_pci_bus {
    uint32_t size, reserved;
};

/* What the engine asks of a host bridge, all [bus]. */
struct bp_pci_host {
    uint32_t size, reserved;
    /* Finds the bus window (BP_WINDOW_BUS) of the host bridge that has the `bytes` bytes at `address` of I/O or
     * memory space, and the offset in it; false: none has all of them. */
    bool (*find_window)(void *host, bool io, uint64_t address, uint64_t bytes, unsigned *ret_window,
                        uint64_t *ret_offset);
    /* Level of line INTA to INTD (0 to 3) of bus 0 where it arrives at the bridge: slots are swizzled, all
     * functions ORed. */
    void (*intx)(void *host, unsigned line, bool level);
    /* A message of the function `requester` (bus << 8 | slot << 3 | function) with state dev: 32 bits of data
     * for `address`. NULL: written to memory as the function's DMA. */
    void (*message)(void *host, void *dev, uint32_t requester, uint64_t address, uint32_t data);
};

/* ---- the engine ------------------------------------------------------------------------------ */

struct bp_pci_api {
    uint32_t size, reserved;
    /* for host bridges */
    struct bp_pci_root *(*create)(void *host, const struct bp_pci_host *ops);
    void (*destroy)(struct bp_pci_root *root);
    int (*attach)(struct bp_pci_root *root, struct bp_link function);
    void (*reset)(struct bp_pci_root *root);
    uint32_t (*host_read)(struct bp_pci_root *root, uint32_t requester, uint32_t offset, unsigned n);
    void (*host_write)(struct bp_pci_root *root, uint32_t requester, uint32_t offset,
                       uint32_t value, unsigned n);
    /* for functions */
    int (*post_load)(struct bp_pci *p);
    void (*set_irq)(struct bp_pci *p, bool level);
    void (*msix)(struct bp_pci *p, unsigned vector);
    bool (*msix_on)(const struct bp_pci *p);
    uint64_t (*msix_read)(struct bp_pci *p, uint64_t offset, unsigned n);
    void (*msix_write)(struct bp_pci *p, uint64_t offset, uint64_t value, unsigned n);
    int (*set_vectors)(struct bp_pci *p, unsigned count);
    int (*add_capability)(struct bp_pci *p, unsigned id, unsigned bytes);
    void (*set_field)(struct bp_pci *p, uint32_t offset, unsigned n, uint32_t value,
                      uint32_t writable, uint32_t w1c);
    uint32_t (*get)(const struct bp_pci *p, uint32_t offset, unsigned n);
    void (*put)(struct bp_pci *p, uint32_t offset, unsigned n, uint32_t value);
};

/* The engine itself, which cannot import what it offers, defines this. */
#ifndef BP_PCI_NO_IMPORT
BP_IMPORT(bp_pci_api, bp_pci_, BP_PCI_API_ID);

/* Drives the function's interrupt pin (INTx). The driver sees the level where it has neither disabled the pin nor
 * switched MSI-X on, so a device may show it without asking. Without .interrupt_pin in the face that is a mistake, which
 * is said once. [bus] */
static inline void bp_pci_set_irq(struct bp_pci *p, bool level) { bp_pci_->set_irq(p, level); }

/* Sends the message of a vector, or marks it pending while it is masked. Nothing happens where MSI-X is off or
 * bp_pci_set_vectors() has left the vector out; one that .msix_vectors never had is a mistake, which is said once. [bus] */
static inline void bp_pci_msix(struct bp_pci *p, unsigned vector) { bp_pci_->msix(p, vector); }

/* Whether the driver has switched MSI-X on: the pin is then low, whatever its level. [bus] */
static inline bool bp_pci_msix_on(const struct bp_pci *p) { return bp_pci_->msix_on(p); }

/* For windows of one's own that show the MSI-X table at `offset` 0 and the pending bits at msix_pba -
 * msix_table behind it. [bus] */
static inline uint64_t bp_pci_msix_read(struct bp_pci *p, uint64_t offset, unsigned n)
{
    return bp_pci_->msix_read(p, offset, n);
}
static inline void bp_pci_msix_write(struct bp_pci *p, uint64_t offset, uint64_t value, unsigned n)
{
    bp_pci_->msix_write(p, offset, value, n);
}

/* Changes the number of MSI-X vectors before the machine runs; 0: takes the capability away.
 * -EINVAL after bp_fail() for more than BP_PCI_MSIX_MAX, or where the face names no vectors. [main] */
static inline int bp_pci_set_vectors(struct bp_pci *p, unsigned count)
{
    return bp_pci_->set_vectors(p, count);
}

/* Adds a capability of `bytes` bytes (2 to 192), zero and read-only but for id and link; returns its offset, or
 * -ENOSPC after bp_fail(). In `setup`. [main] */
static inline int bp_pci_add_capability(struct bp_pci *p, unsigned id, unsigned bytes)
{
    return bp_pci_->add_capability(p, id, bytes);
}

/* Says what n (1, 2, 4) bytes at offset hold after reset, and which bits the driver can write, or clear by writing
 * one. In `setup`, or later before the machine runs. [main] */
static inline void bp_pci_set_field(struct bp_pci *p, uint32_t offset, unsigned n, uint32_t value,
                                    uint32_t writable, uint32_t w1c)
{
    bp_pci_->set_field(p, offset, n, value, writable, w1c);
}

/* n (1, 2, 4) bytes of configuration space as the driver sees them; put() ignores masks and has no side effect:
 * for fields of the device's own. [bus] */
static inline uint32_t bp_pci_get(const struct bp_pci *p, uint32_t offset, unsigned n)
{
    return bp_pci_->get(p, offset, n);
}
static inline void bp_pci_put(struct bp_pci *p, uint32_t offset, unsigned n, uint32_t value)
{
    bp_pci_->put(p, offset, n, value);
}

/* pci_post_load, for the descriptor, or to be called first by a post_load of one's own; and what
 * BP_PCI_MSIX_WINDOW names. */
#define BP_PCI_CALLBACKS(type, member)                                                             \
    __attribute__((unused)) static inline int pci_post_load(void *dev)                             \
    {                                                                                              \
        return bp_pci_->post_load(&((type *)dev)->member);                                         \
    }                                                                                              \
    __attribute__((unused)) static inline uint64_t pci_msix_read(void *dev, uint64_t offset,       \
                                                                unsigned size)                     \
    {                                                                                              \
        return bp_pci_->msix_read(&((type *)dev)->member, offset, size);                           \
    }                                                                                              \
    __attribute__((unused)) static inline void pci_msix_write(void *dev, uint64_t offset,          \
                                                             uint64_t value, unsigned size)        \
    {                                                                                              \
        bp_pci_->msix_write(&((type *)dev)->member, offset, value, size);                          \
    }

/* Makes the engine's part of a host bridge. OPS live as long as it does. NULL after bp_fail() where memory is out.
 * [main], in realize */
static inline struct bp_pci_root *bp_pci_create(void *host, const struct bp_pci_host *ops)
{
    return bp_pci_->create(host, ops);
}
/* NULL is allowed. [main] */
static inline void bp_pci_destroy(struct bp_pci_root *root) { bp_pci_->destroy(root); }

/* The bridge's `attached` hook got this function: gives it its slot. The bridge shows itself by the same way.
 * 0, or -errno after bp_fail(). [main] */
static inline int bp_pci_attach(struct bp_pci_root *root, struct bp_link function)
{
    return bp_pci_->attach(root, function);
}
/* Configuration space of all functions as after power-on. In the bridge's reset. [bus] */
static inline void bp_pci_reset(struct bp_pci_root *root) { bp_pci_->reset(root); }

/* The driver reads or writes n (1, 2, 4) bytes of a function's configuration space, naturally aligned. [bus] */
static inline uint32_t bp_pci_host_read(struct bp_pci_root *root, uint32_t requester,
                                        uint32_t offset, unsigned n)
{
    return bp_pci_->host_read(root, requester, offset, n);
}
static inline void bp_pci_host_write(struct bp_pci_root *root, uint32_t requester, uint32_t offset,
                                     uint32_t value, unsigned n)
{
    bp_pci_->host_write(root, requester, offset, value, n);
}
#endif

#ifdef __cplusplus
}
#endif
#endif
