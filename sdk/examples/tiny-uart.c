/* SPDX-License-Identifier: MIT */
/* tiny-uart.c: a UART with a receive queue and one interrupt line. */
#include <backplane/chardev.h>
#include <backplane/fifo.h>

struct uart {
    uint8_t ier;
    uint32_t rx_depth;
    struct bp_fifo8 rx;
    struct bp_pin *irq;
    struct bp_chardev *chardev;
};
enum { IER_RX = 0x01, STATUS_RX = 0x01, STATUS_TX_EMPTY = 0x60 };

static void update_irq(struct uart *s) { bp_pin_set(s->irq, (s->ier & IER_RX) && s->rx.count); }
static uint64_t data_read(void *dev, unsigned i)
{
    struct uart *s = dev;
    uint8_t byte = bp_fifo8_pop(&s->rx);
    update_irq(s);
    bp_chardev_room_changed(s->chardev);
    return byte;
}
static void data_write(void *dev, unsigned i, uint64_t value)
{
    struct uart *s = dev;
    bp_chardev_put(s->chardev, (uint8_t)value);
}
static uint64_t status_read(void *dev, unsigned i)
{
    struct uart *s = dev;
    return STATUS_TX_EMPTY | (s->rx.count ? STATUS_RX : 0);
}
static void ier_written(void *dev, unsigned i, uint64_t value) { update_irq(dev); }
static size_t rx_room(void *dev) { struct uart *s = dev; return s->rx_depth - s->rx.count; }
static void rx_bytes(void *dev, const uint8_t *buf, size_t n)
{
    struct uart *s = dev;
    while (n--)
        bp_fifo8_push(&s->rx, *buf++);
    update_irq(s);
}
static void reset(void *dev) { bp_fifo8_clear(&((struct uart *)dev)->rx); }

static const struct bp_reg regs[] = {
    { "DATA", 0, 8, .read = data_read, .write = data_write },
    { "IER", 1, 8, BP_FIELD(struct uart, ier), .writable = IER_RX, .write = ier_written },
    { "STATUS", 5, 8, .read = status_read },
};
static const struct bp_pin_row pins[] = { BP_OUT(struct uart, irq) };
static const struct bp_prop props[] = { BP_UINT(struct uart, rx_depth, 16, 1, 64, "bytes") };
static const struct bp_port ports[] = { BP_CHARDEV(struct uart, chardev, rx_room, rx_bytes) };
static const struct bp_saved saved[] = { BP_SAVED(struct uart, rx, 1) };

BP_DEVICE_IN(uart, "tiny-uart", "char", "A small UART", .state_size = sizeof(struct uart),
          .window = 8, .regs = BP_ROWS(regs), .pins = BP_ROWS(pins), .props = BP_ROWS(props),
          .ports = BP_ROWS(ports), .saved = BP_ROWS(saved), .reset = reset);
BP_PLUGIN("tiny-uart", "1.0", "MIT");
