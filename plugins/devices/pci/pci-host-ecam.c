/* SPDX-License-Identifier: MIT */
/*
 * pci-host-ecam.c: a PCI Express host bridge as the device tree binding "pci-host-ecam-generic" knows it
 * (Linux Documentation/devicetree/bindings/pci/host-generic-pci.yaml): configuration space of bus 0
 * in a flat window, windows for I/O and memory, four interrupt lines.
 *
 * Memory windows show PCI addresses equal to guest physical ones; the I/O window starts at I/O
 * address 0. Between what functions have placed there, reads give all ones.
 */
#include <backplane/board.h>
#include <backplane/bus/msi.h>
#include <backplane/bus/pci.h>
#include <backplane/memory.h>

#include <errno.h>
#include <stdio.h>

enum { ECAM, PIO, MMIO, MMIO64 };

struct host {
    uint64_t ecam_size, pio_size, mmio_size, mmio64_size;
    struct bp_pin *irq[4];
    struct bp_link msi; /* the interrupt controller that takes messages, or nobody */
    struct bp_pci_root *root;
    struct bp_pci pci; /* the bridge's own function, 00.0 */
};

BP_PCI_CALLBACKS(struct host, pci)

/* ---- windows --------------------------------------------------------------------------------- */

static uint64_t ecam_read(void *dev, uint64_t offset, unsigned size)
{
    struct host *s = dev;
    return bp_pci_host_read(s->root, (uint32_t)(offset >> 12), offset & 0xFFF, size);
}

static void ecam_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct host *s = dev;
    bp_pci_host_write(s->root, (uint32_t)(offset >> 12), offset & 0xFFF, (uint32_t)value, size);
}

static uint64_t nobody_read(void *dev, uint64_t offset, unsigned size) { return UINT64_MAX; }

static void nobody_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    bp_log(dev, BP_LOG_GUEST_ERROR, "write of 0x%llx at offset 0x%llx of a window, where no function "
           "answers", (unsigned long long)value, (unsigned long long)offset);
}

static bool find_window(void *dev, bool io, uint64_t address, uint64_t bytes, unsigned *ret_window,
                        uint64_t *ret_offset)
{
    for (unsigned w = io ? PIO : MMIO; w <= (io ? PIO : MMIO64); w++) {
        uint64_t size = bp_window_size(dev, w), base = 0;
        if (!size || (!io && !bp_window_base(dev, w, &base)) || address < base || bytes > size ||
            address - base > size - bytes)
            continue;
        *ret_window = w;
        *ret_offset = address - base;
        return true;
    }
    return false;
}

static void intx(void *dev, unsigned line, bool level)
{
    struct host *s = dev;
    bp_pin_set(s->irq[line], level);
}

static void message(void *dev, void *function, uint32_t requester, uint64_t address, uint32_t data)
{
    struct host *s = dev;
    const struct bp_msi *msi = s->msi.api;
    if (!msi || !msi->send(s->msi.dev, requester, address, data))
        bp_dma_write_le32(function, address, data);
}

static const struct bp_pci_host ops = { .size = sizeof ops, .find_window = find_window,
                                        .intx = intx, .message = message };

/* ---- device tree ----------------------------------------------------------------------------- */

static size_t put_cell(uint8_t *at, uint32_t cell)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(cell >> (24 - 8 * i));
    return 4;
}

/* One of `ranges`: three cells of PCI address, two each of gpa and size. */
static unsigned add_range(struct host *s, unsigned window, uint32_t space, uint32_t *cells)
{
    uint64_t base, size = bp_window_size(s, window);
    if (!size || !bp_window_base(s, window, &base))
        return 0;
    uint64_t address = window == PIO ? 0 : base;
    const uint32_t range[] = { space, (uint32_t)(address >> 32), (uint32_t)address,
                               (uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32),
                               (uint32_t)size };
    for (unsigned i = 0; i < 7; i++)
        cells[i] = range[i];
    return 7;
}

/* A slot's pin leads to line (slot + pin) mod 4, so four slots say it all. */
static void add_interrupt_map(struct host *s, struct bp_fdt_node *node)
{
    const uint32_t mask[] = { 3 << 11, 0, 0, 7 };
    uint8_t map[4 * 16 * (4 + 1 + 4 + BP_FDT_INTERRUPT_CELLS)];
    size_t n = 0;
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t slot = i / 4, pin = i % 4, specifier[BP_FDT_INTERRUPT_CELLS];
        struct bp_fdt_node *controller;
        char name[80];
        snprintf(name, sizeof name, "%.60s.irq[%u]", bp_name(s), (slot + pin) % 4);
        unsigned cells = bp_fdt_interrupt(node, name, &controller, specifier);
        if (!cells)
            continue;
        n += put_cell(map + n, slot << 11);
        n += put_cell(map + n, 0);
        n += put_cell(map + n, 0);
        n += put_cell(map + n, pin + 1);
        n += put_cell(map + n, bp_fdt_phandle(controller));
        for (uint32_t a = bp_fdt_get_u32(controller, "#address-cells"); a && a <= 4; a--)
            n += put_cell(map + n, 0);
        for (unsigned c = 0; c < cells; c++)
            n += put_cell(map + n, specifier[c]);
    }
    if (!n)
        return;
    bp_fdt_u32(node, "#interrupt-cells", 1);
    bp_fdt_cells(node, "interrupt-map-mask", mask, 4);
    bp_fdt_bytes(node, "interrupt-map", map, n);
}

/* Where messages go: the requester is the number of the function. */
static void add_msi_map(struct host *s, struct bp_fdt_node *node)
{
    struct bp_fdt_node *msi = s->msi.api ? bp_fdt_part(node, bp_name(s->msi.dev)) : NULL;
    if (!msi)
        return;
    const uint32_t map[] = { 0, bp_fdt_phandle(msi), 0, 0x10000 };
    bp_fdt_cells(node, "msi-map", map, 4);
}

static void host_fdt(void *dev, struct bp_fdt_node *node)
{
    struct host *s = dev;
    uint32_t ranges[21], buses[] = { 0, (uint32_t)(s->ecam_size >> 20) - 1 };
    unsigned n = add_range(s, PIO, 0x01000000, ranges);
    n += add_range(s, MMIO, 0x02000000, ranges + n);
    n += add_range(s, MMIO64, 0x03000000, ranges + n);
    bp_fdt_string(node, "device_type", "pci");
    bp_fdt_u32(node, "#address-cells", 3);
    bp_fdt_u32(node, "#size-cells", 2);
    bp_fdt_cells(node, "bus-range", buses, 2);
    bp_fdt_u32(node, "linux,pci-domain", 0);
    bp_fdt_cells(node, "ranges", ranges, n);
    bp_fdt_empty(node, "dma-coherent");
    add_interrupt_map(s, node);
    add_msi_map(s, node);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* The function that Linux and firmware know as "generic host bridge". */
static const struct bp_pci_device face = {
    BP_PCI_FACE(struct host, pci), .vendor = 0x1B36, .device = 0x0008, .subsystem_vendor = 0x1AF4,
    .subsystem = 0x1100, .class_code = 0x060000,
};

static int host_realize(void *dev)
{
    struct host *s = dev;
    if (s->ecam_size % BP_MIB)
        return bp_fail(s, EINVAL, "ecam-size is a MiB a bus");
    s->root = bp_pci_create(s, &ops);
    if (!s->root)
        return -ENOMEM;
    s->pci.addr = "0.0";
    return bp_pci_attach(s->root, (struct bp_link){ &face, s });
}

static void host_unrealize(void *dev)
{
    struct host *s = dev;
    bp_pci_destroy(s->root);
    s->root = NULL;
}

static void host_reset(void *dev)
{
    struct host *s = dev;
    bp_pci_reset(s->root);
}

static int bus_attached(void *dev, struct bp_link child)
{
    struct host *s = dev;
    return bp_pci_attach(s->root, child);
}

static const struct bp_pci_bus bus = { sizeof bus, 0 };
#define BUS_WINDOW(name_, size_prop_)                                                              \
    { .name = name_, .size_prop = size_prop_, .flags = BP_WINDOW_BUS | BP_WINDOW_OPTIONAL,         \
      .storage = BP_NO_STORAGE, .read = nobody_read, .write = nobody_write }
static const struct bp_window windows[] = {
    { .name = "ecam", .size_prop = "ecam-size", .access_min = 1, .access_max = 4,
      .storage = BP_NO_STORAGE, .read = ecam_read, .write = ecam_write },
    BUS_WINDOW("pio", "pio-size"),
    BUS_WINDOW("mmio", "mmio-size"),
    BUS_WINDOW("mmio64", "mmio64-size"),
};
static const struct bp_pin_row pins[] = {
    { .name = "irq", .direction = BP_PIN_OUT, .count = 4, .flags = BP_PIN_FORWARDS,
      .field = offsetof(struct host, irq) },
};
static const struct bp_prop props[] = {
    BP_SIZE(struct host, ecam_size, 256 * BP_MIB, BP_MIB, 256 * BP_MIB,
            "bytes of the configuration window, a MiB a bus"),
    BP_SIZE(struct host, pio_size, 64 * BP_KIB, 0, 64 * BP_KIB, "bytes of the I/O window"),
    BP_SIZE(struct host, mmio_size, 256 * BP_MIB, 0, 4 * BP_GIB,
            "bytes of the memory window for 32-bit addresses"),
    BP_SIZE(struct host, mmio64_size, 0, 0, 0, "bytes of the memory window above 4 GiB"),
};
static const struct bp_offer offers[] = {
    { .name = "0", .id = BP_PCI_BUS_ID, .api = &bus, .attached = bus_attached },
};
static const struct bp_need needs[] = { BP_MAY_NEED(struct host, msi, BP_MSI_ID) };
static const struct bp_saved saved[] = {
    BP_PCI_SAVED(struct host, pci),
    BP_TRANSIENT(struct host, pci.bus), /* it is on no bus but its own */
    BP_TRANSIENT(struct host, pci.addr),
    BP_TRANSIENT(struct host, pci.multifunction),
    BP_TRANSIENT(struct host, root),
};

BP_DEVICE_IN(host, "pci-host-ecam-generic", "bus", "Generic PCI Express host bridge",
          .state_size = sizeof(struct host), .windows = BP_ROWS(windows), .pins = BP_ROWS(pins),
          .props = BP_ROWS(props), .offers = BP_ROWS(offers), .needs = BP_ROWS(needs),
          .saved = BP_ROWS(saved),
          .realize = host_realize, .unrealize = host_unrealize, .reset = host_reset, .post_load = pci_post_load,
          .fdt_name = "pcie", .fdt_compatible = "pci-host-ecam-generic", .fdt = host_fdt);
BP_PLUGIN("pci-host-ecam", "1.0", "MIT");
