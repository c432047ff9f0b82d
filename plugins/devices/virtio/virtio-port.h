/* SPDX-License-Identifier: MIT */
/* virtio-port.h: what virtconsole and virtserialport share: a chardev plugged into a virtio serial
 * bus. */
#ifndef VIRTIO_PORT_H
#define VIRTIO_PORT_H

#include <backplane/bus/virtio-serial.h>
#include <backplane/chardev.h>

struct serial_port {
    const char *name;
    uint32_t nr;
    struct bp_chardev *chardev;
    struct bp_link bus;
};

static const struct bp_virtio_serial_bus *port_bus(struct serial_port *s) { return s->bus.api; }

static size_t port_chardev_room(void *dev)
{
    struct serial_port *s = dev;
    return port_bus(s)->room(s->bus.dev, s);
}

static void port_chardev_receive(void *dev, const uint8_t *buf, size_t n)
{
    struct serial_port *s = dev;
    port_bus(s)->deliver(s->bus.dev, s, buf, n);
}

static void port_chardev_event(void *dev, unsigned event)
{
    struct serial_port *s = dev;
    if (event == BP_CHARDEV_OPENED || event == BP_CHARDEV_CLOSED)
        port_bus(s)->set_open(s->bus.dev, s, event == BP_CHARDEV_OPENED);
}

static uint32_t port_number(void *dev)
{
    struct serial_port *s = dev;
    return s->nr;
}

static const char *port_name(void *dev)
{
    struct serial_port *s = dev;
    return s->name;
}

static void port_receive(void *dev, const uint8_t *buf, size_t n)
{
    struct serial_port *s = dev;
    bp_chardev_write(s->chardev, buf, n);
}

static void port_room_changed(void *dev)
{
    struct serial_port *s = dev;
    bp_chardev_room_changed(s->chardev);
}

#define PORT_FACE(console_)                                                                        \
    { sizeof(struct bp_virtio_serial_port), 0, console_, port_number, port_name, port_receive,     \
      port_room_changed }

static const struct bp_port port_ports[] = {
    BP_CHARDEV_EVENTS(struct serial_port, chardev, port_chardev_room, port_chardev_receive,
                      port_chardev_event),
};
static const struct bp_prop port_props[] = {
    BP_STRING(struct serial_port, name, NULL, "name that the guest sees, at most 64 bytes"),
    BP_UINT(struct serial_port, nr, BP_VIRTIO_SERIAL_ANY, 0, BP_VIRTIO_SERIAL_ANY,
            "number on the bus; default: the lowest free"),
};

#endif
