/* SPDX-License-Identifier: MIT */
/* instrument.h: the instruments of a machine: made from -load-plugin, run by the accelerator
 * (see face.h). */
#ifndef BACKPLANE_CORE_INSTRUMENT_H
#define BACKPLANE_CORE_INSTRUMENT_H

#include "core/face.h"

/* Adds an instrument with property settings. 0 or -errno after core_error(). [main] before the
 * machine runs */
int instrument_add(struct machine *m, const struct bp_instrument *d, const struct bp_set *sets,
                   uint32_t count);

#endif
