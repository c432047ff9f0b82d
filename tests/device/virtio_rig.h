/* SPDX-License-Identifier: MIT */
/*
 * virtio_rig.h: a test bench with one virtio device in a virtio-mmio slot, and a driver for it that
 * can also misbehave. Queues lie in the first part of RAM, buffers where the test puts them from
 * VR_DATA on.
 */
#ifndef TESTS_DEVICE_VIRTIO_RIG_H
#define TESTS_DEVICE_VIRTIO_RIG_H

#include "rig.h"

#include <backplane/bus/virtio.h>

#define VR_IRQ 0              /* the probe's input that the slot's interrupt is wired to */
#define VR_DATA 0x80000u      /* offset in RAM from where buffers may lie */
#define VR_INDIRECT 0x70000u  /* one for indirect tables */
#define VR_QUEUES 8

/* Registers of the slot (virtio 1.3, 4.2.2). */
enum {
    VR_MAGIC = 0x000, VR_VERSION = 0x004, VR_ID = 0x008, VR_VENDOR = 0x00C, VR_FEATURES = 0x010,
    VR_FEATURES_SEL = 0x014, VR_DRIVER_FEATURES = 0x020, VR_DRIVER_FEATURES_SEL = 0x024,
    VR_PAGE_SIZE = 0x028, VR_QUEUE_SEL = 0x030, VR_QUEUE_MAX = 0x034, VR_QUEUE_SIZE = 0x038,
    VR_QUEUE_ALIGN = 0x03C, VR_QUEUE_PFN = 0x040, VR_QUEUE_READY = 0x044, VR_NOTIFY = 0x050,
    VR_INT_STATUS = 0x060, VR_INT_ACK = 0x064, VR_STATUS = 0x070, VR_DESC = 0x080,
    VR_DRIVER = 0x090, VR_DEVICE = 0x0A0, VR_GENERATION = 0x0FC, VR_CONFIG = 0x100,
};
enum { VR_NEXT = 1, VR_WRITE = 2, VR_INDIRECT_FLAG = 4 };

struct vr_queue {
    uint32_t size, next_desc;
    uint32_t desc, avail, used; /* offsets in RAM */
    uint16_t avail_idx, seen;
};

struct vr {
    struct rig r;        /* r.dev is the slot */
    struct part *device; /* the virtio device */
    bool legacy;
    bool pci;            /* r.dev is a PCI host bridge, the registers are those of `function`'s windows */
    struct part *function;
    struct vr_queue q[VR_QUEUES];
};

/* One descriptor: RAM offset of the bytes, or an absolute address in `gpa` where that is not 0. */
struct vr_desc {
    uint32_t offset, length;
    bool write;
    uint64_t gpa;
};

struct vr_used {
    uint32_t id, length;
};

/* A slot (version 1 where legacy), then the device in it: properties as name, value, ..., NULL.
 * Ports are connected to whatever has the id of their name. */
void vr_open(struct vr *v, bool legacy);
void vr_device(struct vr *v, const char *id, ...) __attribute__((sentinel));
bool vr_refused(struct vr *v, const char *id, ...) __attribute__((sentinel));
/* A PCI function (virtio-pci, in slot 3) on a host bridge instead of the slot; its properties as name, value, ...,
 * NULL. vr_device() follows, then vr_pci_enable(): base addresses, memory, I/O and bus master. vr_read() and the like
 * go on taking the slot's offsets. */
void vr_open_pci(struct vr *v, ...) __attribute__((sentinel));
void vr_pci_enable(struct vr *v);
#define VR_PCI_IO (RIG_WINDOWS + RIG_WINDOW_STEP + 0x1000)         /* legacy */
#define VR_PCI_MSIX (RIG_WINDOWS + 2 * RIG_WINDOW_STEP)
#define VR_PCI_MODERN (RIG_WINDOWS + 2 * RIG_WINDOW_STEP + 0x10000)
uint32_t vr_pci_config(struct vr *v, uint32_t offset, unsigned n);
void vr_pci_set(struct vr *v, uint32_t offset, unsigned n, uint32_t value);
/* Any address. */
uint32_t vr_at(struct vr *v, uint64_t gpa, unsigned n);
void vr_put(struct vr *v, uint64_t gpa, unsigned n, uint32_t value);
/* One more part behind the device, such as a virtconsole. */
struct part *vr_part(struct vr *v, const char *id, const char *name, ...) __attribute__((sentinel));
void vr_close(struct vr *v);

uint32_t vr_read(struct vr *v, uint32_t offset);
void vr_write(struct vr *v, uint32_t offset, uint32_t value);
uint8_t vr_config8(struct vr *v, uint32_t offset);
uint32_t vr_config32(struct vr *v, uint32_t offset);
uint64_t vr_offered(struct vr *v);

/* Negotiates: everything that is offered, of `mask`; then queues up to `queues` of `size` entries,
 * then DRIVER_OK. */
void vr_start(struct vr *v, uint64_t mask, unsigned queues, uint32_t size);
/* The steps of it. */
void vr_negotiate(struct vr *v, uint64_t features);
void vr_queue(struct vr *v, unsigned q, uint32_t size);
void vr_driver_ok(struct vr *v);

/* Writes descriptor i of queue q raw. */
void vr_raw_desc(struct vr *v, unsigned q, uint32_t i, uint64_t gpa, uint32_t length,
                 uint16_t flags, uint16_t next);
/* Writes it into a table at RAM offset `table`. */
void vr_table_desc(struct vr *v, uint32_t table, uint32_t i, uint64_t gpa, uint32_t length,
                   uint16_t flags, uint16_t next);
/* Makes a head available, without telling. */
void vr_offer(struct vr *v, unsigned q, uint16_t head);
/* Makes a chain of the next free descriptors available; returns its head. */
uint16_t vr_add(struct vr *v, unsigned q, const struct vr_desc *d, unsigned count);
void vr_kick(struct vr *v, unsigned q);
/* The next used element; false where there is none. Lets workers finish first. */
bool vr_used(struct vr *v, unsigned q, struct vr_used *ret);
/* Adds, kicks, waits for the answer: the used length. */
uint32_t vr_run(struct vr *v, unsigned q, const struct vr_desc *d, unsigned count);

bool vr_broken(struct vr *v); /* DEVICE_NEEDS_RESET */
/* Acknowledges interrupts; returns what they were. */
uint32_t vr_interrupts(struct vr *v);

#endif
