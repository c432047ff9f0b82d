/* SPDX-License-Identifier: MIT */
/*
 * bus/input.h: where keys and pointers enter a machine: an input device (virtio-keyboard-device, ...) offers
 * BP_INPUT_ID, and who has events for the guest (a display, a remote control, a test) calls it. Nobody in the tree does yet.
 *
 * Types, codes and values are Linux's (include/uapi/linux/input-event-codes.h). A packet of events ends with
 * EV_SYN, SYN_REPORT.
 */
#ifndef BACKPLANE_BUS_INPUT_H
#define BACKPLANE_BUS_INPUT_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_INPUT_ID "backplane.input/1"

enum bp_input_type { BP_EV_SYN = 0, BP_EV_KEY = 1, BP_EV_REL = 2, BP_EV_ABS = 3, BP_EV_LED = 0x11,
                     BP_EV_REP = 0x14 };

/* Absolute axes go from 0 to this. */
#define BP_INPUT_ABS_MAX 32767

struct bp_input {
    uint32_t size, reserved;
    /* Whether the device could ever send that: otherwise event() drops it. [bus] */
    bool (*takes)(void *dev, uint16_t type, uint16_t code);
    /* One event. Key: value 1 pressed, 0 released. Relative: a distance. Absolute: 0 to BP_INPUT_ABS_MAX. Events are
     * kept until the packet ends; where the guest has no buffers for a whole packet, all of it is dropped. [bus] */
    void (*event)(void *dev, uint16_t type, uint16_t code, int32_t value);
};

#ifdef __cplusplus
}
#endif
#endif
