/* SPDX-License-Identifier: MIT */
/* virtconsole.c: a console (hvc0 under Linux) on a virtio serial bus (virtio 1.3, 5.3). */
#include "virtio-port.h"

static bool console(void *dev) { return true; }
static const struct bp_virtio_serial_port face = PORT_FACE(console);
static const struct bp_need needs[] = {
    BP_NEED(struct serial_port, bus, BP_VIRTIO_SERIAL_BUS_ID, &face),
};

BP_DEVICE_IN(virtconsole, "virtconsole", "char", "Virtio console port",
          .state_size = sizeof(struct serial_port), .props = BP_ROWS(port_props),
          .ports = BP_ROWS(port_ports), .needs = BP_ROWS(needs), .flags = BP_DEVICE_USER);
BP_PLUGIN("virtconsole", "1.0", "MIT");
