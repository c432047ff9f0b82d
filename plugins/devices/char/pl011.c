/* SPDX-License-Identifier: MIT */
/*
 * pl011.c: the PrimeCell UART PL011, revision r1p4 with FIFOs of 16 (Arm DDI 0183, chapter 3).
 * Sending takes no time; receiving keeps the FIFO, its trigger levels and its timeout. There are no DMA
 * requests and no infrared. It sends and receives also where UARTEN is clear, with a guest error: programs
 * that were only ever run on emulators forget it.
 */
#include <backplane/board.h>
#include <backplane/chardev.h>
#include <backplane/device.h>
#include <backplane/time.h>

#include <errno.h>
#include <string.h>

enum {
    FIFO_DEPTH = 16,
    TIMEOUT_BITS = 32, /* of silence, with bytes in the FIFO */
    DR_FE = 1 << 8, DR_BE = 1 << 10, DR_OE = 1 << 11,
    RSR_SHIFT = 8, RSR_OE = 1 << 3,
    FR_CTS = 1 << 0, FR_DSR = 1 << 1, FR_DCD = 1 << 2, FR_RXFE = 1 << 4, FR_RXFF = 1 << 6,
    FR_TXFE = 1 << 7, FR_RI = 1 << 8,
    LCR_BRK = 1 << 0, LCR_FEN = 1 << 4,
    CR_UARTEN = 1 << 0, CR_LBE = 1 << 7, CR_TXE = 1 << 8, CR_RXE = 1 << 9, CR_DTR = 1 << 10,
    CR_RTS = 1 << 11, CR_OUT1 = 1 << 12, CR_OUT2 = 1 << 13,
    INT_RI = 1 << 0, INT_CTS = 1 << 1, INT_DCD = 1 << 2, INT_DSR = 1 << 3, INT_RX = 1 << 4,
    INT_TX = 1 << 5, INT_RT = 1 << 6, INT_FE = 1 << 7, INT_BE = 1 << 9, INT_OE = 1 << 10,
    INT_ALL = 0x7FF, INT_ERRORS = INT_FE | 1 << 8 | INT_BE | INT_OE,
};

struct pl011 {
    uint32_t rsr, ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
    uint8_t modem;              /* FR's inputs as last seen, RI in bit 3 */
    uint8_t rx_head, rx_count;
    bool told;                  /* of a UART that was not enabled */
    uint16_t rx[FIFO_DEPTH];    /* as DR shows them */
    uint32_t clock_frequency;
    struct bp_timer timeout;
    struct bp_pin *irq;         /* UARTINTR, the OR of all ... */
    struct bp_pin *irq_rx, *irq_tx, *irq_rt, *irq_ms, *irq_e; /* ... and each, as the cell has them */
    struct bp_chardev *chardev;
};

static void update_irq(struct pl011 *s)
{
    uint32_t on = s->ris & s->imsc;
    bp_pin_set(s->irq, on);
    bp_pin_set(s->irq_rx, on & INT_RX);
    bp_pin_set(s->irq_tx, on & INT_TX);
    bp_pin_set(s->irq_rt, on & INT_RT);
    bp_pin_set(s->irq_ms, on & (INT_RI | INT_CTS | INT_DCD | INT_DSR));
    bp_pin_set(s->irq_e, on & INT_ERRORS);
}

static void check_enabled(struct pl011 *s, const char *what)
{
    if (!(s->cr & CR_UARTEN) && !s->told) {
        s->told = true;
        bp_log(s, BP_LOG_GUEST_ERROR, "%s with CR.UARTEN clear: hardware would not", what);
    }
}

/* ---- receiver ------------------------------------------------------------------------------- */

static unsigned depth(const struct pl011 *s) { return s->lcr_h & LCR_FEN ? FIFO_DEPTH : 1; }

static unsigned trigger_level(const struct pl011 *s)
{
    static const uint8_t eighths[] = { 1, 2, 4, 6, 7, 7, 7, 7 };
    return s->lcr_h & LCR_FEN ? eighths[s->ifls >> 3 & 7] * FIFO_DEPTH / 8 : 1;
}

static size_t rx_space(const struct pl011 *s)
{
    return depth(s) > s->rx_count ? depth(s) - s->rx_count : 0;
}

static int64_t timeout_ns(const struct pl011 *s)
{
    uint64_t divisor = (uint64_t)s->ibrd << 6 | s->fbrd; /* in 64ths, of 16 clocks a bit */
    return (int64_t)bp_muldiv(TIMEOUT_BITS * 16 * (divisor >= 64 ? divisor : 64), BP_NS_PER_S,
                              (uint64_t)s->clock_frequency * 64);
}

static void restart_timeout(struct pl011 *s)
{
    bool wanted = s->rx_count && !(s->ris & INT_RT);
    bp_timer_arm(s, &s->timeout,
                 wanted ? bp_now(s, BP_CLOCK_VIRTUAL) + timeout_ns(s) : BP_NEVER);
}

static void timeout_fire(void *dev)
{
    struct pl011 *s = dev;
    if (s->rx_count)
        s->ris |= INT_RT;
    update_irq(s);
}

/* A character with its error bits as in DR. */
static void rx_push(struct pl011 *s, uint16_t entry)
{
    if (!rx_space(s)) {
        s->rsr |= RSR_OE;
        s->ris |= INT_OE;
        return;
    }
    s->rx[(s->rx_head + s->rx_count++) % FIFO_DEPTH] = entry;
    if (entry & DR_FE)
        s->ris |= INT_FE;
    if (entry & DR_BE)
        s->ris |= INT_BE;
    /* raised when the level is reached, not while it is exceeded */
    if (s->rx_count == trigger_level(s))
        s->ris |= INT_RX;
    restart_timeout(s);
}

static void rx_clear(struct pl011 *s)
{
    bool was_full = !rx_space(s);
    s->rx_head = s->rx_count = 0;
    memset(s->rx, 0, sizeof s->rx);
    s->ris &= ~(uint32_t)(INT_RX | INT_RT);
    bp_timer_cancel(s, &s->timeout);
    if (was_full)
        bp_chardev_room_changed(s->chardev);
}

static uint16_t rx_pop(struct pl011 *s)
{
    if (!s->rx_count)
        return 0;
    bool was_full = !rx_space(s);
    uint16_t entry = s->rx[s->rx_head];
    s->rx_head = (s->rx_head + 1) % FIFO_DEPTH;
    s->rx_count--;
    if (s->rx_count < trigger_level(s))
        s->ris &= ~(uint32_t)INT_RX;
    if (!s->rx_count)
        s->ris &= ~(uint32_t)INT_RT;
    restart_timeout(s);
    if (was_full)
        bp_chardev_room_changed(s->chardev);
    return entry;
}

static bool listens(const struct pl011 *s) { return s->cr & CR_RXE && !(s->cr & CR_LBE); }

static size_t chardev_room(void *dev)
{
    struct pl011 *s = dev;
    return listens(s) ? rx_space(s) : 0;
}

static void chardev_receive(void *dev, const uint8_t *buf, size_t n)
{
    struct pl011 *s = dev;
    while (n--)
        rx_push(s, *buf++);
    update_irq(s);
}

static void chardev_event(void *dev, unsigned event)
{
    struct pl011 *s = dev;
    if (event != BP_CHARDEV_BREAK || !listens(s))
        return;
    rx_push(s, DR_BE);
    update_irq(s);
}

/* ---- modem lines: nothing is connected, but for looped back ones ------------------------------ */

static uint8_t modem_lines(const struct pl011 *s)
{
    if (!(s->cr & CR_LBE))
        return 0;
    return (s->cr & CR_RTS ? FR_CTS : 0) | (s->cr & CR_DTR ? FR_DSR : 0) |
           (s->cr & CR_OUT1 ? FR_DCD : 0) | (s->cr & CR_OUT2 ? 1 << 3 : 0);
}

static void update_modem(struct pl011 *s)
{
    uint8_t lines = modem_lines(s), changed = lines ^ s->modem;
    s->ris |= (changed & FR_CTS ? INT_CTS : 0) | (changed & FR_DSR ? INT_DSR : 0) |
              (changed & FR_DCD ? INT_DCD : 0) | (changed & 1 << 3 ? INT_RI : 0);
    s->modem = lines;
}

/* ---- registers ------------------------------------------------------------------------------ */

static uint64_t dr_read(void *dev, unsigned i)
{
    struct pl011 *s = dev;
    check_enabled(s, "receives");
    uint16_t entry = rx_pop(s);
    uint32_t overrun = s->rsr & RSR_OE;
    s->rsr = overrun | (entry >> RSR_SHIFT & 7);
    update_irq(s);
    return entry | (overrun ? DR_OE : 0);
}

static void dr_write(void *dev, unsigned i, uint64_t value)
{
    struct pl011 *s = dev;
    check_enabled(s, "sends");
    if (!(s->cr & CR_TXE))
        bp_log(s, BP_LOG_GUEST_ERROR, "sends with CR.TXE clear: nothing is sent");
    else if (s->cr & CR_LBE)
        rx_push(s, (uint8_t)value);
    else
        bp_chardev_put(s->chardev, (uint8_t)value);
    s->ris |= INT_TX; /* the FIFO went through its trigger level at once */
    update_irq(s);
}

static void ecr_write(void *dev, unsigned i, uint64_t value)
{
    struct pl011 *s = dev;
    s->rsr = 0;
}

static uint64_t fr_read(void *dev, unsigned i)
{
    struct pl011 *s = dev;
    return FR_TXFE | (s->rx_count ? 0 : FR_RXFE) | (rx_space(s) ? 0 : FR_RXFF) |
           (s->modem & 7) | (s->modem & 1 << 3 ? FR_RI : 0);
}

static void lcr_h_write(void *dev, unsigned i, uint64_t value)
{
    struct pl011 *s = dev;
    bool fifos_changed = (value ^ s->lcr_h) & LCR_FEN;
    bool break_begins = value & ~s->lcr_h & LCR_BRK;
    if (fifos_changed)
        rx_clear(s);
    s->lcr_h = value & 0xFF;
    if (break_begins && s->cr & CR_LBE)
        rx_push(s, DR_BE);
    update_irq(s);
    if (fifos_changed)
        bp_chardev_room_changed(s->chardev);
}

static void cr_written(void *dev, unsigned i, uint64_t value)
{
    struct pl011 *s = dev;
    update_modem(s);
    update_irq(s);
    if (listens(s))
        bp_chardev_room_changed(s->chardev);
}

static void imsc_written(void *dev, unsigned i, uint64_t value) { update_irq(dev); }

static uint64_t mis_read(void *dev, unsigned i)
{
    struct pl011 *s = dev;
    return s->ris & s->imsc;
}

static void icr_write(void *dev, unsigned i, uint64_t value)
{
    struct pl011 *s = dev;
    s->ris &= ~(uint32_t)value;
    if (value & INT_RT)
        restart_timeout(s);
    update_irq(s);
}

static uint64_t id_read(void *dev, unsigned i)
{
    static const uint8_t id[] = { 0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1 };
    return id[i];
}

static void pl011_reset(void *dev)
{
    struct pl011 *s = dev;
    s->lcr_h = 0;
    s->rsr = s->ris = 0;
    s->modem = 0;
    s->told = false;
    rx_clear(s);
}

static int pl011_post_load(void *dev)
{
    struct pl011 *s = dev;
    if (s->rx_head >= FIFO_DEPTH || s->rx_count > FIFO_DEPTH)
        return bp_fail(s, EINVAL, "saved receive FIFO has head %u and %u bytes, %u fit",
                       s->rx_head, s->rx_count, FIFO_DEPTH);
    return 0;
}

static const struct bp_reg regs[] = {
    { "DR", 0x000, 32, .read = dr_read, .write = dr_write },
    { "RSR_ECR", 0x004, 32, BP_FIELD(struct pl011, rsr), .write = ecr_write },
    { "FR", 0x018, 32, .read = fr_read },
    { "ILPR", 0x020, 32, BP_FIELD(struct pl011, ilpr), .writable = 0xFF },
    { "IBRD", 0x024, 32, BP_FIELD(struct pl011, ibrd), .writable = 0xFFFF },
    { "FBRD", 0x028, 32, BP_FIELD(struct pl011, fbrd), .writable = 0x3F },
    { "LCR_H", 0x02C, 32, BP_FIELD(struct pl011, lcr_h), .write = lcr_h_write },
    { "CR", 0x030, 32, BP_FIELD(struct pl011, cr), .reset = CR_TXE | CR_RXE, .writable = 0xFF87,
      .write = cr_written },
    { "IFLS", 0x034, 32, BP_FIELD(struct pl011, ifls), .reset = 0x12, .writable = 0x3F },
    { "IMSC", 0x038, 32, BP_FIELD(struct pl011, imsc), .writable = INT_ALL,
      .write = imsc_written },
    { "RIS", 0x03C, 32, BP_FIELD(struct pl011, ris) },
    { "MIS", 0x040, 32, .read = mis_read },
    { "ICR", 0x044, 32, .write = icr_write },
    { "DMACR", 0x048, 32, BP_FIELD(struct pl011, dmacr), .writable = 7, .flags = BP_REG_UNIMPL,
      .doc = "DMA requests" },
    { "ID", 0xFE0, 32, .count = 8, .read = id_read, .doc = "PeriphID0-3, PCellID0-3" },
};
static const struct bp_pin_row pins[] = {
    BP_OUT(struct pl011, irq), BP_OUT(struct pl011, irq_rx), BP_OUT(struct pl011, irq_tx),
    BP_OUT(struct pl011, irq_rt), BP_OUT(struct pl011, irq_ms), BP_OUT(struct pl011, irq_e),
};
static const struct bp_prop props[] = {
    BP_UINT(struct pl011, clock_frequency, 24000000, 1000, 1000000000, "Hz, before the divisor"),
};
static const struct bp_port ports[] = {
    BP_CHARDEV_EVENTS(struct pl011, chardev, chardev_room, chardev_receive, chardev_event),
};
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct pl011, timeout, BP_CLOCK_VIRTUAL, timeout_fire),
};
static const struct bp_saved saved[] = {
    BP_SAVED(struct pl011, modem, 1), BP_SAVED(struct pl011, rx_head, 1),
    BP_SAVED(struct pl011, rx_count, 1), BP_SAVED(struct pl011, told, 1),
    BP_SAVED_ARRAY(struct pl011, rx, 1),
};

BP_DEVICE_IN(pl011, "pl011", "char", "PrimeCell UART PL011", .state_size = sizeof(struct pl011),
             .window = 0x1000, .regs = BP_ROWS(regs), .pins = BP_ROWS(pins),
             .props = BP_ROWS(props), .ports = BP_ROWS(ports), .timers = BP_ROWS(timers),
             .saved = BP_ROWS(saved), .reset = pl011_reset, .post_load = pl011_post_load,
             .fdt_name = "pl011", .fdt_compatible = "arm,pl011 arm,primecell");
BP_PLUGIN("pl011", "1.0", "MIT");
