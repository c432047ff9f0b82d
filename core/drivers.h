/* SPDX-License-Identifier: MIT */
/* drivers.h: what the middle layers of chardev.c, block.c and net.c share. */
#ifndef BACKPLANE_CORE_DRIVERS_H
#define BACKPLANE_CORE_DRIVERS_H

#include <core/machine.h>

/* A driver's part with its settings, not opened yet; NULL after core_error(). WHAT is "chardev",
 * ... */
struct part *driver_part(struct machine *m, const char *what, const char *type, const char *id,
                         uint32_t state_size, const struct bp_rows *props,
                         const struct bp_set *settings, uint32_t count,
                         const void *entity, void *middle);

#endif
