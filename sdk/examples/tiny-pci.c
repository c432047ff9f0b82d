/* SPDX-License-Identifier: MIT */
/*
 * tiny-pci.c: a PCI card that adds up what lies in memory: the driver writes ADDRESS and COUNT (bytes), the
 * card reads them, puts the sum into SUM and interrupts by its pin or its one MSI-X vector. STATUS
 * tells that, and is cleared by writing 1. -device tiny-pci
 */
#include <backplane/bus/pci.h>
#include <backplane/memory.h>

struct card {
    struct bp_pci pci;
    uint64_t address;
    uint32_t count, sum, status;
};
BP_PCI_CALLBACKS(struct card, pci)

static void status_written(void *dev, unsigned i, uint64_t value)
{
    struct card *c = dev;
    bp_pci_set_irq(&c->pci, c->status != 0);
}
static void count_written(void *dev, unsigned i, uint64_t value)
{
    struct card *c = dev;
    uint8_t buf[4096];
    size_t n = c->count < sizeof buf ? c->count : sizeof buf;
    c->sum = 0;
    if (bp_dma_read(c, c->address, buf, n) < 0)
        return;
    for (size_t k = 0; k < n; k++)
        c->sum += buf[k];
    c->status = 1;
    bp_pci_set_irq(&c->pci, true);
    bp_pci_msix(&c->pci, 0);
}

static const struct bp_reg regs[] = {
    { "ADDRESS", 0x00, 64, BP_FIELD(struct card, address), .writable = UINT64_MAX },
    { "COUNT", 0x08, 32, BP_FIELD(struct card, count), .writable = UINT32_MAX, .write = count_written },
    { "SUM", 0x0C, 32, BP_FIELD(struct card, sum) },
    { "STATUS", 0x10, 32, BP_FIELD(struct card, status), .w1c = 1, .write = status_written },
};
static const struct bp_window windows[] = {
    { .name = "regs", .size = 0x100, .flags = BP_WINDOW_PLACED, .storage = BP_NO_STORAGE },
    BP_PCI_MSIX_WINDOW("msix"),
};
static const struct bp_pci_bar bars[] = { { 0, 0, 0 }, { 1, 0, 1 } };
static const struct bp_pci_device face = {
    BP_PCI_FACE(struct card, pci), .vendor = 0x1B36, .device = 0x00FE, .class_code = 0xFF0000,
    .interrupt_pin = 1, .msix_vectors = 1, .msix_window = 1, .bars = BP_ROWS(bars),
};
static const struct bp_prop props[] = { BP_PCI_PROPS(struct card, pci) };
static const struct bp_need needs[] = { BP_PCI_NEED(struct card, pci, &face) };
static const struct bp_saved saved[] = { BP_PCI_SAVED(struct card, pci) };

BP_DEVICE_IN(card, "tiny-pci", "misc", "PCI card that adds", .state_size = sizeof(struct card),
             .regs = BP_ROWS(regs), .windows = BP_ROWS(windows), .props = BP_ROWS(props),
             .needs = BP_ROWS(needs), .saved = BP_ROWS(saved), .flags = BP_DEVICE_USER,
             .post_load = pci_post_load);
BP_PLUGIN("tiny-pci", "1.0", "MIT");
