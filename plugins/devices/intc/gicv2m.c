/* SPDX-License-Identifier: MIT */
/*
 * gicv2m.c: the frame that turns message-signalled interrupts into shared peripheral interrupts of a
 * GICv2 (Arm Server Base System Architecture, "GICv2m Architecture"; Linux irq-gic-v2m.c).
 *
 * A write of an interrupt's number to SETSPI pulses that output: spi[n] is interrupt base-spi + n, whose input at
 * the controller software has made edge-triggered. Messages come through the link of bus/msi.h, or as plain
 * writes to the window.
 */
#include <backplane/board.h>
#include <backplane/bus/msi.h>
#include <backplane/device.h>

#include <errno.h>

enum { SETSPI = 0x040, WINDOW = 0x1000 };

struct gicv2m {
    uint32_t base_spi, spis;
    uint64_t doorbell;
    struct bp_pin **spi;
};

static void raise_spi(struct gicv2m *s, uint32_t id)
{
    if (id - s->base_spi < s->spis)
        bp_pin_pulse(s->spi[id - s->base_spi]);
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "message %u is not among interrupts %u to %u", id,
               s->base_spi, s->base_spi + s->spis - 1);
}

static uint64_t typer_read(void *dev, unsigned i)
{
    struct gicv2m *s = dev;
    return s->base_spi << 16 | s->spis;
}

/* Arm, no product. */
static uint64_t iidr_read(void *dev, unsigned i) { return 0x43B; }
static void setspi_write(void *dev, unsigned i, uint64_t value) { raise_spi(dev, value & 0x3FF); }

static bool send(void *dev, uint32_t requester, uint64_t address, uint32_t data)
{
    struct gicv2m *s = dev;
    if (address != s->doorbell)
        return false;
    raise_spi(s, data & 0x3FF);
    return true;
}

static int gicv2m_realize(void *dev)
{
    struct gicv2m *s = dev;
    if (s->base_spi + s->spis > 1020)
        return bp_fail(s, EINVAL, "interrupts %u to %u: the last is 1019", s->base_spi,
                       s->base_spi + s->spis - 1);
    return 0;
}

static void gicv2m_fdt(void *dev, struct bp_fdt_node *node)
{
    bp_fdt_empty(node, "msi-controller");
}

static const struct bp_msi msi = { sizeof msi, 0, send };

static const struct bp_reg regs[] = {
    { "MSI_TYPER", 0x008, 32, .read = typer_read },
    { "MSI_SETSPI", SETSPI, 32, .write = setspi_write },
    { "MSI_IIDR", 0xFCC, 32, .read = iidr_read },
};
static const struct bp_pin_row pins[] = {
    { .name = "spi", .direction = BP_PIN_OUT, .count_prop = "spis",
      .flags = BP_PIN_PULSES | BP_PIN_FORWARDS, .field = offsetof(struct gicv2m, spi) },
};
static const struct bp_prop props[] = {
    BP_UINT(struct gicv2m, base_spi, 80, 32, 1019, "number of the first interrupt, from 32 on"),
    BP_UINT(struct gicv2m, spis, 64, 1, 988, "number of interrupts"),
    BP_UINT(struct gicv2m, doorbell, 0, 0, 0,
            "gpa of MSI_SETSPI: messages through the link that go elsewhere are not for this part"),
};
static const struct bp_offer offers[] = { { .name = "msi", .id = BP_MSI_ID, .api = &msi } };

BP_DEVICE_IN(gicv2m, "arm-gicv2m", "intc", "GICv2m frame for message-signalled interrupts",
             .state_size = sizeof(struct gicv2m), .window = WINDOW, .regs = BP_ROWS(regs),
             .pins = BP_ROWS(pins), .props = BP_ROWS(props), .offers = BP_ROWS(offers),
             .realize = gicv2m_realize, .fdt_name = "v2m", .fdt_compatible = "arm,gic-v2m-frame",
             .fdt = gicv2m_fdt);
BP_PLUGIN("arm-gicv2m", "1.0", "MIT");
