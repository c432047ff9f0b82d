/* SPDX-License-Identifier: MIT */
/* virtserialport.c: a named byte stream on a virtio serial bus (virtio 1.3, 5.3). */
#include "virtio-port.h"

static bool console(void *dev) { return false; }
static const struct bp_virtio_serial_port face = PORT_FACE(console);
static const struct bp_need needs[] = {
    BP_NEED(struct serial_port, bus, BP_VIRTIO_SERIAL_BUS_ID, &face),
};

BP_DEVICE_IN(virtserialport, "virtserialport", "char", "Virtio serial port",
          .state_size = sizeof(struct serial_port), .props = BP_ROWS(port_props),
          .ports = BP_ROWS(port_ports), .needs = BP_ROWS(needs), .flags = BP_DEVICE_USER);
BP_PLUGIN("virtserialport", "1.0", "MIT");
