/* SPDX-License-Identifier: MIT */
/* bus/button.h: the interface of a part that stands for a button which somebody outside presses. */
#ifndef BACKPLANE_BUS_BUTTON_H
#define BACKPLANE_BUS_BUTTON_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_BUTTON_ID "backplane.bus.button/1"

struct bp_button {
    uint32_t size;     /* sizeof(struct bp_button) as the device's author knew it */
    uint32_t reserved; /* 0 */
    /* A short press: down now, and up again after some 100 ms of the guest's time. [bus] */
    void (*press)(void *dev);
};

#ifdef __cplusplus
}
#endif
#endif
