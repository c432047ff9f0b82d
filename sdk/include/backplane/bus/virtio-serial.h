/* SPDX-License-Identifier: MIT */
/*
 * bus/virtio-serial.h: the link between a virtio serial device and the ports in it (virtio 1.3,
 * chapter 5.3): consoles and named byte streams.
 */
#ifndef BACKPLANE_BUS_VIRTIO_SERIAL_H
#define BACKPLANE_BUS_VIRTIO_SERIAL_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_VIRTIO_SERIAL_BUS_ID "backplane.bus.virtio-serial/1"

/* A port number that leaves the choice to the device. */
#define BP_VIRTIO_SERIAL_ANY UINT32_MAX

/* What the serial device offers, all [bus]. PORT is the state address that the port's face was
 * attached with. */
struct bp_virtio_serial_bus {
    uint32_t size, reserved;
    /* Bytes that the guest would take from the host now. */
    size_t (*room)(void *serial, void *port);
    /* Bytes for the guest, n <= room(). */
    void (*deliver)(void *serial, void *port, const uint8_t *buf, size_t n);
    /* The host's end has been opened or closed. */
    void (*set_open)(void *serial, void *port, bool open);
};

/* The face of a port. */
struct bp_virtio_serial_port {
    uint32_t size, reserved;
    bool (*console)(void *port);     /* [main] whether it is a console */
    uint32_t (*number)(void *port);  /* [main] wanted, or BP_VIRTIO_SERIAL_ANY */
    const char *(*name)(void *port); /* [main] for the guest, at most 64 bytes; NULL: none */
    /* Bytes from the guest; all are taken. [bus] */
    void (*receive)(void *port, const uint8_t *buf, size_t n);
    void (*room_changed)(void *port); /* [bus] room() is no longer 0 */
};

#ifdef __cplusplus
}
#endif
#endif
