/* SPDX-License-Identifier: MIT */
/* pci-device.c: which card it models (name the manual and the chapter). -device my-pci-device */
#include <backplane/bus/pci.h>
#include <backplane/memory.h> /* bp_dma_read() and bp_dma_write(), while the driver has set Bus Master */

/* One instance. Everything the card remembers is here; nothing is static. */
struct card {
    struct bp_pci pci; /* configuration space and MSI-X: the engine's */
    uint32_t control, status;
};
BP_PCI_CALLBACKS(struct card, pci)

/* The pin shows a level, a message (vector 0) tells a change: the driver uses one of both. */
static void update_irq(struct card *c)
{
    bp_pci_set_irq(&c->pci, c->status != 0);
    if (c->status)
        bp_pci_msix(&c->pci, 0);
}

/* [bus] after the driver wrote CONTROL, whose storage has the new value already. */
static void control_written(void *dev, unsigned i, uint64_t value)
{
    struct card *c = dev;
    c->status |= c->control & 1;
    update_irq(c);
}
static void status_written(void *dev, unsigned i, uint64_t value) { update_irq(dev); }

/* A register is stated once: decoding, masks, reset, saving and tracing follow from the row. */
static const struct bp_reg regs[] = {
    { "CONTROL", 0x0, 32, BP_FIELD(struct card, control), .writable = 0x1, .write = control_written },
    { "STATUS", 0x4, 32, BP_FIELD(struct card, status), .w1c = 0x1, .write = status_written },
};
/* Windows have no address of their own: the driver's base addresses place them. */
static const struct bp_window windows[] = {
    { .name = "regs", .size = 0x1000, .flags = BP_WINDOW_PLACED, .storage = BP_NO_STORAGE },
    BP_PCI_MSIX_WINDOW("msix"),
};
static const struct bp_pci_bar bars[] = {
    { .index = 0, .window = 0 }, /* base address register, row of `windows` */
    { .index = 1, .window = 1 },
};
static const struct bp_pci_device face = {
    BP_PCI_FACE(struct card, pci), .vendor = 0x1234, .device = 0x0001, .class_code = 0xFF0000,
    .interrupt_pin = 1, .msix_vectors = 1, .msix_window = 1, .bars = BP_ROWS(bars),
};
static const struct bp_prop props[] = { BP_PCI_PROPS(struct card, pci) };
static const struct bp_need needs[] = { BP_PCI_NEED(struct card, pci, &face) };
static const struct bp_saved saved[] = { BP_PCI_SAVED(struct card, pci) };

BP_DEVICE_IN(card, "my-pci-device", "misc", "One line about it", .state_size = sizeof(struct card),
             .regs = BP_ROWS(regs), .windows = BP_ROWS(windows), .props = BP_ROWS(props),
             .needs = BP_ROWS(needs), .saved = BP_ROWS(saved), .flags = BP_DEVICE_USER,
             .post_load = pci_post_load);
BP_PLUGIN("my-pci-device", "0.1", "MIT");
