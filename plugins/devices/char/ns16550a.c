/* SPDX-License-Identifier: MIT */
/*
 * ns16550a.c: the 16550A UART (National Semiconductor PC16550D data sheet, section 8), registers
 * one byte apart. Sending takes no time; receiving keeps the FIFO, its trigger levels and its
 * timeout.
 */
#include <backplane/board.h>
#include <backplane/chardev.h>
#include <backplane/device.h>
#include <backplane/time.h>

#include <errno.h>
#include <string.h>

enum {
    FIFO_DEPTH = 16,
    IER_RX = 0x01, IER_THR = 0x02, IER_LINE = 0x04, IER_MODEM = 0x08,
    IIR_MODEM = 0x00, IIR_NONE = 0x01, IIR_THR = 0x02, IIR_RX = 0x04, IIR_LINE = 0x06,
    IIR_TIMEOUT = 0x0C, IIR_FIFOS = 0xC0,
    FCR_ENABLE = 0x01, FCR_CLEAR_RX = 0x02, FCR_TRIGGER = 0xC0,
    LCR_STOP2 = 0x04, LCR_PARITY = 0x08, LCR_BREAK = 0x40, LCR_DLAB = 0x80,
    MCR_DTR = 0x01, MCR_RTS = 0x02, MCR_OUT1 = 0x04, MCR_OUT2 = 0x08, MCR_LOOP = 0x10,
    LSR_READY = 0x01, LSR_OVERRUN = 0x02, LSR_FRAMING = 0x08, LSR_BREAK = 0x10,
    LSR_THR_EMPTY = 0x20, LSR_TX_EMPTY = 0x40, LSR_FIFO_ERROR = 0x80,
    MSR_DELTA_CTS = 0x01, MSR_DELTA_DSR = 0x02, MSR_RI_ENDED = 0x04, MSR_DELTA_DCD = 0x08,
    MSR_DELTAS = 0x0F, MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80,
};

struct uart {
    uint8_t ier, fcr, lcr, mcr, msr, scratch, divisor_low, divisor_high;
    uint8_t line_errors;         /* LSR bits that reading LSR clears */
    uint8_t rx_head, rx_count;
    uint8_t rx[FIFO_DEPTH], rx_error[FIFO_DEPTH];
    bool thr_interrupt;          /* the transmitter became empty and nobody has noticed */
    bool timed_out;              /* bytes below the trigger level have waited for four frames */
    uint32_t clock_frequency;
    struct bp_timer timeout;
    struct bp_pin *irq;
    struct bp_chardev *chardev;
};

static bool has_fifo(const struct uart *s) { return s->fcr & FCR_ENABLE; }

static unsigned trigger_level(const struct uart *s)
{
    static const uint8_t level[] = { 1, 4, 8, 14 };
    return has_fifo(s) ? level[s->fcr >> 6] : 1;
}

/* The pending interrupt of the highest priority, as IIR shows it. */
static unsigned interrupt_id(const struct uart *s)
{
    if (s->ier & IER_LINE && s->line_errors)
        return IIR_LINE;
    if (s->ier & IER_RX && s->rx_count >= trigger_level(s))
        return IIR_RX;
    if (s->ier & IER_RX && s->timed_out)
        return IIR_TIMEOUT;
    if (s->ier & IER_THR && s->thr_interrupt)
        return IIR_THR;
    if (s->ier & IER_MODEM && s->msr & MSR_DELTAS)
        return IIR_MODEM;
    return IIR_NONE;
}

static void update_irq(struct uart *s) { bp_pin_set(s->irq, interrupt_id(s) != IIR_NONE); }

/* ---- receiver ------------------------------------------------------------------------------- */

static int64_t frame_ns(const struct uart *s)
{
    unsigned half_bits = 2 * (1 + 5 + (s->lcr & 3) + (s->lcr & LCR_PARITY ? 1 : 0) + 1);
    if (s->lcr & LCR_STOP2)
        half_bits += s->lcr & 3 ? 2 : 1;
    uint64_t divisor = s->divisor_low | s->divisor_high << 8;
    return (int64_t)bp_muldiv(half_bits * 8 * (divisor ? divisor : 1), BP_NS_PER_S,
                              s->clock_frequency);
}

static void restart_timeout(struct uart *s)
{
    bool wanted = has_fifo(s) && s->rx_count && !s->timed_out;
    bp_timer_arm(s, &s->timeout,
                 wanted ? bp_now(s, BP_CLOCK_VIRTUAL) + 4 * frame_ns(s) : BP_NEVER);
}

static void timeout_fire(void *dev)
{
    struct uart *s = dev;
    s->timed_out = has_fifo(s) && s->rx_count;
    update_irq(s);
}

static size_t rx_space(const struct uart *s)
{
    unsigned depth = has_fifo(s) ? FIFO_DEPTH : 1;
    return depth > s->rx_count ? depth - s->rx_count : 0;
}

static void rx_push(struct uart *s, uint8_t byte, uint8_t error)
{
    if (!rx_space(s)) {
        s->line_errors |= LSR_OVERRUN;
        return;
    }
    unsigned at = (s->rx_head + s->rx_count++) % FIFO_DEPTH;
    s->rx[at] = byte;
    s->rx_error[at] = error;
    if (s->rx_count == 1)
        s->line_errors |= error;
    restart_timeout(s);
}

static void rx_clear(struct uart *s)
{
    bool was_full = !rx_space(s);
    s->rx_head = s->rx_count = 0;
    memset(s->rx, 0, sizeof s->rx);
    memset(s->rx_error, 0, sizeof s->rx_error);
    s->timed_out = false;
    bp_timer_cancel(s, &s->timeout);
    if (was_full)
        bp_chardev_room_changed(s->chardev);
}

static uint8_t rx_pop(struct uart *s)
{
    if (!s->rx_count)
        return 0;
    bool was_full = !rx_space(s);
    uint8_t byte = s->rx[s->rx_head];
    s->rx_head = (s->rx_head + 1) % FIFO_DEPTH;
    s->rx_count--;
    if (s->rx_count)
        s->line_errors |= s->rx_error[s->rx_head];
    s->timed_out = false;
    restart_timeout(s);
    update_irq(s);
    if (was_full)
        bp_chardev_room_changed(s->chardev);
    return byte;
}

static size_t chardev_room(void *dev)
{
    struct uart *s = dev;
    return s->mcr & MCR_LOOP ? 0 : rx_space(s);
}

static void chardev_receive(void *dev, const uint8_t *buf, size_t n)
{
    struct uart *s = dev;
    while (n--)
        rx_push(s, *buf++, 0);
    update_irq(s);
}

static void chardev_event(void *dev, unsigned event)
{
    struct uart *s = dev;
    if (event != BP_CHARDEV_BREAK || s->mcr & MCR_LOOP)
        return;
    rx_push(s, 0, LSR_BREAK | LSR_FRAMING);
    update_irq(s);
}

/* ---- modem lines ---------------------------------------------------------------------------- */

static uint8_t modem_lines(const struct uart *s)
{
    if (!(s->mcr & MCR_LOOP))
        return MSR_CTS | MSR_DSR | MSR_DCD;
    return (s->mcr & MCR_RTS ? MSR_CTS : 0) | (s->mcr & MCR_DTR ? MSR_DSR : 0) |
           (s->mcr & MCR_OUT1 ? MSR_RI : 0) | (s->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static void update_modem(struct uart *s)
{
    uint8_t lines = modem_lines(s), changed = (lines ^ s->msr) & ~MSR_DELTAS;
    uint8_t deltas = (changed & MSR_CTS ? MSR_DELTA_CTS : 0) |
                     (changed & MSR_DSR ? MSR_DELTA_DSR : 0) |
                     (changed & ~lines & MSR_RI ? MSR_RI_ENDED : 0) |
                     (changed & MSR_DCD ? MSR_DELTA_DCD : 0);
    s->msr = lines | (s->msr & MSR_DELTAS) | deltas;
}

/* ---- registers ------------------------------------------------------------------------------ */

static uint64_t data_read(void *dev, unsigned i)
{
    struct uart *s = dev;
    return s->lcr & LCR_DLAB ? s->divisor_low : rx_pop(s);
}

static void data_write(void *dev, unsigned i, uint64_t value)
{
    struct uart *s = dev;
    if (s->lcr & LCR_DLAB) {
        s->divisor_low = (uint8_t)value;
        return;
    }
    s->thr_interrupt = false;
    update_irq(s);
    if (s->mcr & MCR_LOOP)
        rx_push(s, (uint8_t)value, 0);
    else
        bp_chardev_put(s->chardev, (uint8_t)value);
    s->thr_interrupt = true;
    update_irq(s);
}

static uint64_t ier_read(void *dev, unsigned i)
{
    struct uart *s = dev;
    return s->lcr & LCR_DLAB ? s->divisor_high : s->ier;
}

static void ier_write(void *dev, unsigned i, uint64_t value)
{
    struct uart *s = dev;
    if (s->lcr & LCR_DLAB) {
        s->divisor_high = (uint8_t)value;
        return;
    }
    /* Enabling the transmitter's interrupt raises it: the transmitter is always empty. */
    if (value & ~s->ier & IER_THR)
        s->thr_interrupt = true;
    s->ier = value & (IER_RX | IER_THR | IER_LINE | IER_MODEM);
    update_irq(s);
}

static uint64_t iir_read(void *dev, unsigned i)
{
    struct uart *s = dev;
    unsigned id = interrupt_id(s);
    if (id == IIR_THR) {
        s->thr_interrupt = false;
        update_irq(s);
    }
    return id | (has_fifo(s) ? IIR_FIFOS : 0);
}

static void fcr_write(void *dev, unsigned i, uint64_t value)
{
    struct uart *s = dev;
    if (value & FCR_CLEAR_RX || (value ^ s->fcr) & FCR_ENABLE)
        rx_clear(s);
    s->fcr = value & FCR_ENABLE ? value & (FCR_ENABLE | FCR_TRIGGER) : 0;
    update_irq(s);
}

static void lcr_written(void *dev, unsigned i, uint64_t value)
{
    struct uart *s = dev;
    if (value & LCR_BREAK && s->mcr & MCR_LOOP) {
        rx_push(s, 0, LSR_BREAK | LSR_FRAMING);
        update_irq(s);
    }
}

static void mcr_written(void *dev, unsigned i, uint64_t value)
{
    struct uart *s = dev;
    update_modem(s);
    update_irq(s);
    if (!(s->mcr & MCR_LOOP))
        bp_chardev_room_changed(s->chardev);
}

static uint64_t lsr_read(void *dev, unsigned i)
{
    struct uart *s = dev;
    uint8_t value = LSR_THR_EMPTY | LSR_TX_EMPTY | s->line_errors | (s->rx_count ? LSR_READY : 0);
    for (unsigned n = 0; has_fifo(s) && n < s->rx_count; n++)
        if (s->rx_error[(s->rx_head + n) % FIFO_DEPTH])
            value |= LSR_FIFO_ERROR;
    if (s->rx_count)
        s->rx_error[s->rx_head] = 0;
    s->line_errors = 0;
    update_irq(s);
    return value;
}

static uint64_t msr_read(void *dev, unsigned i)
{
    struct uart *s = dev;
    uint8_t value = s->msr;
    s->msr &= ~MSR_DELTAS;
    update_irq(s);
    return value;
}

static void uart_reset(void *dev)
{
    struct uart *s = dev;
    s->ier = s->fcr = 0;
    s->divisor_low = 1;
    s->divisor_high = 0;
    s->line_errors = 0;
    s->thr_interrupt = false;
    s->msr = modem_lines(s);
    rx_clear(s);
}

static int uart_post_load(void *dev)
{
    struct uart *s = dev;
    if (s->rx_head >= FIFO_DEPTH || s->rx_count > FIFO_DEPTH)
        return bp_fail(s, EINVAL, "saved receive FIFO has head %u and %u bytes, %u fit",
                       s->rx_head, s->rx_count, FIFO_DEPTH);
    return 0;
}

static void uart_fdt(void *dev, struct bp_fdt_node *node)
{
    struct uart *s = dev;
    bp_fdt_u32(node, "clock-frequency", s->clock_frequency);
}

static const struct bp_reg regs[] = {
    { "RBR_THR", 0, 8, .read = data_read, .write = data_write,
      .doc = "with LCR.DLAB: divisor, low" },
    { "IER", 1, 8, .read = ier_read, .write = ier_write,
      .doc = "with LCR.DLAB: divisor, high" },
    { "IIR_FCR", 2, 8, .read = iir_read, .write = fcr_write },
    { "LCR", 3, 8, BP_FIELD(struct uart, lcr), .writable = 0xFF, .write = lcr_written },
    { "MCR", 4, 8, BP_FIELD(struct uart, mcr), .writable = 0x1F, .write = mcr_written },
    { "LSR", 5, 8, .read = lsr_read },
    { "MSR", 6, 8, .read = msr_read },
    { "SCR", 7, 8, BP_FIELD(struct uart, scratch), .writable = 0xFF },
};
static const struct bp_pin_row pins[] = { BP_OUT(struct uart, irq) };
static const struct bp_prop props[] = {
    BP_UINT(struct uart, clock_frequency, 3686400, 1000, 1000000000, "Hz, before the divisor"),
};
static const struct bp_port ports[] = {
    BP_CHARDEV_EVENTS(struct uart, chardev, chardev_room, chardev_receive, chardev_event),
};
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct uart, timeout, BP_CLOCK_VIRTUAL, timeout_fire),
};
static const struct bp_saved saved[] = {
    BP_SAVED(struct uart, ier, 1), BP_SAVED(struct uart, fcr, 1), BP_SAVED(struct uart, msr, 1),
    BP_SAVED(struct uart, divisor_low, 1), BP_SAVED(struct uart, divisor_high, 1),
    BP_SAVED(struct uart, line_errors, 1), BP_SAVED(struct uart, rx_head, 1),
    BP_SAVED(struct uart, rx_count, 1), BP_SAVED_ARRAY(struct uart, rx, 1),
    BP_SAVED_ARRAY(struct uart, rx_error, 1), BP_SAVED(struct uart, thr_interrupt, 1),
    BP_SAVED(struct uart, timed_out, 1),
};

BP_DEVICE_IN(uart, "ns16550a", "char", "16550A UART", .state_size = sizeof(struct uart),
          .window = 0x100, .regs = BP_ROWS(regs), .pins = BP_ROWS(pins), .props = BP_ROWS(props),
          .ports = BP_ROWS(ports), .timers = BP_ROWS(timers), .saved = BP_ROWS(saved),
          .reset = uart_reset, .post_load = uart_post_load, .fdt_name = "serial",
          .fdt_compatible = "ns16550a", .fdt = uart_fdt);
BP_PLUGIN("ns16550a", "1.0", "MIT");
