/* SPDX-License-Identifier: MIT */
/* chardev.h: what stands between chardev drivers and devices. */
#ifndef BACKPLANE_CORE_CHARDEV_H
#define BACKPLANE_CORE_CHARDEV_H

#include <backplane/chardev.h>

struct machine;
struct part;

/* -chardev DRIVER,id=ID,...: makes and opens it. Settings are the driver's properties. 0 or -errno
 * after core_error(). [main] */
int chardev_new(struct machine *m, const struct bp_chardev_driver *driver, const char *id,
                const struct bp_set *settings, uint32_t count, struct bp_chardev **ret);
struct bp_chardev *chardev_find(const struct machine *m, const char *id);
/* Connects the device's end; -EBUSY after core_error() where it has one. */
int chardev_connect(struct bp_chardev *chr, struct part *part, const struct bp_port *port);
/* The device is ready: tells it whether the peer is there. */
void chardev_ready(struct bp_chardev *chr);
/* Writes out what is queued, waiting for slow peers at most a second. [main] */
void chardev_flush_all(struct machine *m);
void chardev_free(struct bp_chardev *chr);

extern const struct bp_chardev_api chardev_api; /* backplane.chardev/1 */

#endif
