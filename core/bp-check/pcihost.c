/* SPDX-License-Identifier: MIT */
/*
 * pcihost.c: the host bridge for PCI functions under test, and a driver that brings them up: finds
 * the sizes of base addresses, puts them into its bus windows, switches memory, Bus Master and
 * sometimes MSI-X on, and between these writes whatever comes to configuration space.
 */
#include "core/loader.h"
#include "core/machine.h"

#include "pcihost.h"

#include <errno.h>

#define BP_PCI_NO_IMPORT
#include <backplane/bus/pci.h>

#define MEMORY_SIZE BP_GIB
#define IO_SIZE (64 * BP_KIB)
enum { WINDOW_IO, WINDOW_MEMORY };
enum { BARS = 6, MSIX_ENABLE = 0x8000 };

struct host {
    const struct bp_pci_api *engine;
    struct bp_pci_root *root;
    uint32_t functions; /* attached, in slots 0, 1, ... */
};

static bool find_window(void *dev, bool io, uint64_t address, uint64_t bytes, unsigned *ret_window,
                        uint64_t *ret_offset)
{
    uint64_t size = io ? IO_SIZE : MEMORY_SIZE;
    *ret_window = io ? WINDOW_IO : WINDOW_MEMORY;
    *ret_offset = address;
    return address < size && bytes <= size - address;
}
static void intx(void *dev, unsigned line, bool level) { }

static const struct bp_pci_host ops = {
    .size = sizeof ops, .find_window = find_window, .intx = intx,
};

static int realize(void *dev)
{
    struct host *h = dev;
    const struct bp_service *engine = (const void *)entity_get(BP_KIND_SERVICE, BP_PCI_API_ID);
    if (!engine)
        return core_error(ENOENT, "the PCI engine (pci.so) is not among the plugins: --plugin-path");
    h->engine = engine->api;
    h->root = h->engine->create(h, &ops);
    return h->root ? 0 : -ENOMEM;
}
static void unrealize(void *dev)
{
    struct host *h = dev;
    if (h->root)
        h->engine->destroy(h->root);
}
static void reset(void *dev)
{
    struct host *h = dev;
    h->engine->reset(h->root);
}
static int attached(void *dev, struct bp_link child)
{
    struct host *h = dev;
    int r = h->engine->attach(h->root, child);
    h->functions += !r;
    return r;
}

static const struct bp_pci_bus bus = { .size = sizeof bus };
static const struct bp_offer offers[] = {
    { .name = "bus", .id = BP_PCI_BUS_ID, .api = &bus, .attached = attached },
};
static const struct bp_window windows[] = {
    { .name = "io", .size = IO_SIZE, .flags = BP_WINDOW_BUS, .storage = BP_NO_STORAGE },
    { .name = "memory", .size = MEMORY_SIZE, .flags = BP_WINDOW_BUS, .storage = BP_NO_STORAGE },
};
const struct bp_device pcihost = {
    .head = { sizeof pcihost, BP_KIND_DEVICE, "bp-check-pci" }, .state_size = sizeof(struct host),
    .windows = BP_ROWS(windows), .offers = BP_ROWS(offers), .realize = realize, .reset = reset,
    .unrealize = unrealize,
};

/* ---- the driver ------------------------------------------------------------------------------ */

static uint32_t get(const struct host *h, uint32_t function, uint32_t offset, unsigned n)
{
    return h->engine->host_read(h->root, function, offset, n);
}
static void set(const struct host *h, uint32_t function, uint32_t offset, unsigned n, uint32_t value)
{
    h->engine->host_write(h->root, function, offset, value, n);
}

/* Base addresses behind each other, each at a multiple of its size. */
static void place(const struct host *h, uint32_t function, uint64_t *next)
{
    for (unsigned i = 0; i < BARS; i++) {
        uint32_t at = BP_PCI_BAR0 + 4 * i;
        set(h, function, at, 4, UINT32_MAX);
        uint32_t mask = get(h, function, at, 4);
        bool io = mask & 1, wide = !io && (mask & 4);
        uint64_t size = (uint32_t) - (mask & (io ? ~3u : ~15u));
        if (!size)
            continue;
        uint64_t *from = &next[io ? WINDOW_IO : WINDOW_MEMORY];
        *from = (*from + size - 1) / size * size;
        set(h, function, at, 4, (uint32_t)*from);
        if (wide)
            set(h, function, at + 4, 4, 0);
        *from += size;
        i += wide;
    }
}

static void switch_msix(const struct host *h, uint32_t function, bool on)
{
    uint32_t at = get(h, function, BP_PCI_CAPABILITIES, 1);
    for (unsigned i = 0; at && i < 48; i++, at = get(h, function, at + 1, 1))
        if (get(h, function, at, 1) == BP_PCI_CAP_MSIX)
            set(h, function, at + 2, 2, on ? MSIX_ENABLE : 0);
}

void pcihost_drive(struct part *part, uint64_t random)
{
    const struct host *h = part->state;
    uint64_t next[2] = { 0x100, 0x100000 };
    machine_lock(part->machine);
    for (uint32_t n = 0; n < h->functions; n++) {
        uint32_t function = 8 * n;
        if (random & 3) {
            place(h, function, next);
            switch_msix(h, function, random & 4);
            set(h, function, BP_PCI_COMMAND, 2,
                BP_PCI_COMMAND_IO | BP_PCI_COMMAND_MEMORY | BP_PCI_COMMAND_MASTER);
            continue;
        }
        unsigned size = 1u << (random >> 3) % 3;
        uint32_t offset = (uint32_t)(random >> 8) % (random & 32 ? 64 : BP_PCI_CONFIG_SIZE);
        set(h, function, offset & ~(size - 1), size, (uint32_t)(random >> 32));
        get(h, function, offset & ~(size - 1), size);
    }
    machine_unlock(part->machine);
}
