/* SPDX-License-Identifier: MIT */
/*
 * virtio-serial.c: the virtio console device (virtio 1.3, 5.3): the bus that virtconsole and
 * virtserialport plug into.
 *
 * Port n has a receive queue (to the guest) and a transmit queue; control messages go over two more
 * where the driver takes MULTIPORT. A driver that does not has port 0 only.
 */
#include <backplane/bus/virtio-serial.h>
#include <backplane/bus/virtio.h>

#include <errno.h>
#include <string.h>

enum { F_SIZE = 0, F_MULTIPORT = 1, F_EMERG_WRITE = 2 };
/* Control messages (5.3.6.1). */
enum {
    DEVICE_READY = 0,
    DEVICE_ADD = 1,
    PORT_READY = 3,
    CONSOLE_PORT = 4,
    PORT_OPEN = 6,
    PORT_NAME = 7,
};
enum { CTRL_RX = 2, CTRL_TX = 3 };
enum { EMERG_WR = 8, CONFIG_BYTES = 12 };

#define PORTS (BP_VIRTIO_QUEUES / 2 - 1)
#define QUEUE_SIZE 128u
#define MESSAGE 8u            /* bytes of a control message before its text */
#define NAME_MAX 64u
#define PENDING 256u          /* control messages that wait for a buffer */
#define TURN_MAX 64u
#define WRITE_MAX (1024 * 1024u) /* bytes of one transmit buffer that are sent */

struct port {
    const struct bp_virtio_serial_port *face; /* NULL: no such port */
    void *dev;
};

struct serial {
    uint32_t max_ports;
    struct bp_link bus;
    struct bp_virtio *v;
    struct port ports[PORTS];
    uint8_t host_open[PORTS];
    uint8_t guest_open[PORTS];
    uint8_t guest_ready[PORTS];
    uint8_t starved[PORTS];   /* room() said 0 since the port was last told otherwise */
    uint8_t pending_bytes[PENDING * 4]; /* port, event, value, 0 each */
    uint32_t pending_count;
};

static uint32_t rx_queue(unsigned n) { return n ? 2 + 2 * n : 0; }
/* The port of a data queue. */
static unsigned port_of(unsigned q) { return q < 2 ? 0 : q / 2 - 1; }

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

/* ---- control messages to the guest ----------------------------------------------------------- */

static bool multiport(const struct serial *s) { return bp_virtio_has(s->v, F_MULTIPORT); }

/* Sends one message; false: there is no buffer. */
static bool send_message(struct serial *s, const uint8_t *p)
{
    uint8_t message[MESSAGE + NAME_MAX] = { 0 };
    const struct port *port = &s->ports[p[0]];
    size_t n = MESSAGE;
    struct bp_virtq_buffer *b = bp_virtq_pop(s->v, CTRL_RX);
    if (!b)
        return false;
    put16(message, p[0]);
    put16(message + 4, p[1]);
    put16(message + 6, p[2]);
    const char *name = p[1] == PORT_NAME && port->face ? port->face->name(port->dev) : NULL;
    if (name) {
        memcpy(message + MESSAGE, name, strnlen(name, NAME_MAX));
        n += strnlen(name, NAME_MAX);
    }
    if (b->in_bytes < n) {
        bp_virtio_fail(s->v, "a control buffer of %llu bytes for a message of %zu",
                       (unsigned long long)b->in_bytes, n);
        n = 0;
    }
    bp_virtq_push(s->v, b, (uint32_t)bp_iov_write(b->in, b->in_count, 0, message, n));
    return true;
}

static void send_pending(struct serial *s)
{
    uint32_t sent = 0;
    while (sent < s->pending_count && send_message(s, &s->pending_bytes[4 * sent]))
        sent++;
    s->pending_count -= sent;
    memmove(s->pending_bytes, s->pending_bytes + 4 * sent, 4 * s->pending_count);
    if (sent)
        bp_virtq_signal(s->v, CTRL_RX);
}

static void tell(struct serial *s, unsigned port, unsigned event, unsigned value)
{
    if (!multiport(s))
        return;
    if (s->pending_count == PENDING) {
        bp_virtio_fail(s->v, "the driver takes no control messages: %u are waiting", PENDING);
        return;
    }
    uint8_t *p = &s->pending_bytes[4 * s->pending_count++];
    p[0] = (uint8_t)port;
    p[1] = (uint8_t)event;
    p[2] = (uint8_t)value;
    p[3] = 0;
    send_pending(s);
}

/* ---- control messages from the guest --------------------------------------------------------- */

static void port_room(struct serial *s, unsigned n)
{
    struct port *p = &s->ports[n];
    if (p->face && s->starved[n]) {
        s->starved[n] = 0;
        p->face->room_changed(p->dev);
    }
}

static void port_ready(struct serial *s, unsigned n)
{
    struct port *p = &s->ports[n];
    s->guest_ready[n] = 1;
    if (p->face->console(p->dev))
        tell(s, n, CONSOLE_PORT, 1);
    if (p->face->name(p->dev))
        tell(s, n, PORT_NAME, 1);
    if (s->host_open[n])
        tell(s, n, PORT_OPEN, 1);
}

static void handle_message(struct serial *s, const uint8_t *p)
{
    uint32_t n = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    unsigned event = p[4] | (unsigned)p[5] << 8, value = p[6] | (unsigned)p[7] << 8;
    if (event == DEVICE_READY) {
        for (unsigned i = 0; value && i < PORTS; i++)
            if (s->ports[i].face)
                tell(s, i, DEVICE_ADD, 1);
        return;
    }
    if (n >= PORTS || !s->ports[n].face) {
        bp_log(s, BP_LOG_GUEST_ERROR, "control message %u for port %u, which does not exist",
               event, n);
        return;
    }
    if (event == PORT_READY && value)
        port_ready(s, n);
    else if (event == PORT_OPEN) {
        s->guest_open[n] = value != 0;
        port_room(s, n);
    } else if (event != PORT_READY)
        bp_log(s, BP_LOG_GUEST_ERROR, "control message %u for port %u is not one of a driver's",
               event, n);
}

static void read_control(struct serial *s)
{
    struct bp_virtq_buffer *b = NULL;
    unsigned turn = 0;
    while (turn++ < TURN_MAX && (b = bp_virtq_pop(s->v, CTRL_TX))) {
        uint8_t message[MESSAGE];
        if (bp_iov_read(b->out, b->out_count, 0, message, MESSAGE) == MESSAGE)
            handle_message(s, message);
        else
            bp_log(s, BP_LOG_GUEST_ERROR, "a control message of %llu bytes",
                   (unsigned long long)b->out_bytes);
        bp_virtq_push(s->v, b, 0);
    }
    bp_virtq_signal(s->v, CTRL_TX);
    if (b)
        bp_virtio_again(s->v, CTRL_TX);
}

/* ---- data ------------------------------------------------------------------------------------ */

static void read_data(struct serial *s, unsigned q)
{
    struct port *p = &s->ports[port_of(q)];
    struct bp_virtq_buffer *b = NULL;
    unsigned turn = 0;
    while (turn++ < TURN_MAX && (b = bp_virtq_pop(s->v, q))) {
        if (b->out_bytes > WRITE_MAX)
            bp_log(s, BP_LOG_GUEST_ERROR, "a transmit buffer of %llu bytes is cut to %u",
                   (unsigned long long)b->out_bytes, WRITE_MAX);
        unsigned count = bp_iov_cut(b->out, b->out_count, 0, WRITE_MAX);
        for (unsigned i = 0; p->face && i < count; i++)
            p->face->receive(p->dev, b->out[i].base, b->out[i].length);
        bp_virtq_push(s->v, b, 0);
    }
    bp_virtq_signal(s->v, q);
    if (b)
        bp_virtio_again(s->v, q);
}

/* ---- what ports ask -------------------------------------------------------------------------- */

static unsigned find_port(const struct serial *s, const void *dev)
{
    unsigned n = 0;
    while (n < PORTS && s->ports[n].dev != dev)
        n++;
    return n;
}

/* Whether somebody in the guest listens: without control messages, always. */
static bool listens(const struct serial *s, unsigned n)
{
    return !multiport(s) || s->guest_open[n];
}

static size_t bus_room(void *dev, void *port_dev)
{
    struct serial *s = dev;
    unsigned n = find_port(s, port_dev);
    if (n == PORTS)
        return 0;
    if (!bp_virtio_running(s->v) || !listens(s, n) || !bp_virtq_available(s->v, rx_queue(n))) {
        s->starved[n] = 1;
        return 0;
    }
    struct bp_virtq_buffer *b = bp_virtq_pop(s->v, rx_queue(n));
    size_t room = b ? (size_t)b->in_bytes : 0;
    if (b && !room)
        bp_virtio_fail(s->v, "a receive buffer without room");
    if (b)
        bp_virtq_unpop(s->v, b);
    return room;
}

static void bus_deliver(void *dev, void *port_dev, const uint8_t *buf, size_t n)
{
    struct serial *s = dev;
    unsigned number = find_port(s, port_dev);
    struct bp_virtq_buffer *b;
    if (number == PORTS)
        return;
    while (n && (b = bp_virtq_pop(s->v, rx_queue(number)))) {
        size_t took = bp_iov_write(b->in, b->in_count, 0, buf, n);
        bp_virtq_push(s->v, b, (uint32_t)took);
        buf += took;
        n -= took;
        if (!took) {
            bp_virtio_fail(s->v, "a receive buffer without room");
            break;
        }
    }
    bp_virtq_signal(s->v, rx_queue(number));
}

static void bus_set_open(void *dev, void *port_dev, bool open)
{
    struct serial *s = dev;
    unsigned n = find_port(s, port_dev);
    if (n == PORTS || s->host_open[n] == open)
        return;
    s->host_open[n] = open;
    if (s->guest_ready[n])
        tell(s, n, PORT_OPEN, open);
}

/* A console takes the lowest free number; other ports leave 0, which drivers without MULTIPORT use,
 * to consoles. */
static int bus_attached(void *dev, struct bp_link child)
{
    struct serial *s = dev;
    const struct bp_virtio_serial_port *face = child.api;
    if (!face || face->size < sizeof *face)
        return bp_fail(child.dev, EINVAL, "its virtio-serial face has %u bytes, %zu are needed",
                       face ? face->size : 0, sizeof *face);
    const char *name = face->name(child.dev);
    if (name && strlen(name) > NAME_MAX)
        return bp_fail(child.dev, EINVAL, "name is longer than %u bytes", NAME_MAX);
    uint32_t n = face->number(child.dev);
    bool any = n == BP_VIRTIO_SERIAL_ANY;
    if (any)
        for (n = face->console(child.dev) ? 0 : 1; n < s->max_ports && s->ports[n].face;)
            n++;
    if (n >= s->max_ports)
        return bp_fail(child.dev, EINVAL, any ? "all of the %u ports of %s are taken"
                       : "nr is not below the %u ports of %s", s->max_ports, bp_name(s));
    if (!n && !face->console(child.dev))
        return bp_fail(child.dev, EINVAL, "nr=0 is for consoles only: give nr=1 or more");
    if (s->ports[n].face)
        return bp_fail(child.dev, EBUSY, "nr=%u is taken by %s", n, bp_name(s->ports[n].dev));
    s->ports[n] = (struct port){ face, child.dev };
    return 0;
}

/* ---- the face -------------------------------------------------------------------------------- */

static void serial_notify(void *dev, unsigned q)
{
    struct serial *s = dev;
    if (q == CTRL_TX)
        read_control(s);
    else if (q == CTRL_RX)
        send_pending(s);
    else if (q & 1)
        read_data(s, q);
    else
        port_room(s, port_of(q));
}

static uint64_t serial_features(void *dev)
{
    struct serial *s = dev;
    return BP_VIRTIO_BIT(F_EMERG_WRITE) | (s->max_ports > 1 ? BP_VIRTIO_BIT(F_MULTIPORT) : 0);
}

static uint32_t serial_queue_size(void *dev, unsigned q)
{
    struct serial *s = dev;
    bool control = q == CTRL_RX || q == CTRL_TX;
    return (control ? s->max_ports > 1 : port_of(q) < s->max_ports) ? QUEUE_SIZE : 0;
}

static uint32_t serial_config(void *dev, uint8_t buf[BP_VIRTIO_CONFIG_SIZE])
{
    struct serial *s = dev;
    put16(buf + 4, s->max_ports);
    return CONFIG_BYTES;
}

static void serial_config_write(void *dev, uint32_t offset, uint32_t value, unsigned n)
{
    struct serial *s = dev;
    uint8_t byte = (uint8_t)value;
    if (offset != EMERG_WR)
        bp_log(s, BP_LOG_GUEST_ERROR, "write of %u bytes at offset %u of the configuration space, "
               "where only emerg_wr can be written", n, offset);
    else if (s->ports[0].face)
        s->ports[0].face->receive(s->ports[0].dev, &byte, 1);
}

static void serial_started(void *dev)
{
    struct serial *s = dev;
    for (unsigned n = 0; n < PORTS; n++)
        port_room(s, n);
}

static void serial_reset(void *dev)
{
    struct serial *s = dev;
    s->pending_count = 0;
    memset(s->pending_bytes, 0, sizeof s->pending_bytes);
    memset(s->guest_open, 0, sizeof s->guest_open);
    memset(s->guest_ready, 0, sizeof s->guest_ready);
    memset(s->starved, 1, sizeof s->starved);
}

static int serial_realize(void *dev)
{
    struct serial *s = dev;
    s->v = ((const struct bp_virtio_bus *)s->bus.api)->virtio(s->bus.dev);
    return 0;
}

static const struct bp_virtio_device face = {
    .size = sizeof face, .id = 3, .features = serial_features, .queue_size = serial_queue_size,
    .notify = serial_notify, .config = serial_config, .config_write = serial_config_write,
    .started = serial_started, .reset = serial_reset,
};
static const struct bp_virtio_serial_bus serial_bus = { sizeof serial_bus, 0, bus_room, bus_deliver,
                                                        bus_set_open };
static const struct bp_prop props[] = {
    BP_UINT(struct serial, max_ports, PORTS, 1, PORTS, "ports that can be plugged in"),
};
static const struct bp_need needs[] = { BP_NEED(struct serial, bus, BP_VIRTIO_BUS_ID, &face) };
static const struct bp_offer offers[] = {
    { .name = "0", .id = BP_VIRTIO_SERIAL_BUS_ID, .api = &serial_bus, .capacity = 0,
      .attached = bus_attached },
};
static const struct bp_saved saved[] = {
    BP_SAVED_ARRAY(struct serial, guest_open, 1),
    BP_SAVED_ARRAY(struct serial, guest_ready, 1),
    BP_SAVED_ARRAY(struct serial, starved, 1),
    BP_SAVED_ARRAY(struct serial, pending_bytes, 1),
    BP_SAVED(struct serial, pending_count, 1),
    BP_TRANSIENT(struct serial, host_open),
    BP_TRANSIENT(struct serial, v),
    BP_TRANSIENT(struct serial, ports),
};

BP_VIRTIO_DEVICE(serial, "virtio-serial", "char",
             "Virtio serial bus, for virtconsole and virtserialport",
          .state_size = sizeof(struct serial), .props = BP_ROWS(props),
          .needs = BP_ROWS(needs), .offers = BP_ROWS(offers), .saved = BP_ROWS(saved),
          .flags = BP_DEVICE_USER, .realize = serial_realize);
BP_PLUGIN("virtio-serial", "1.0", "MIT");
