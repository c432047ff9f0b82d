/* SPDX-License-Identifier: MIT */
/* outside.h: the other ends of a device's ports under test. */
#ifndef BACKPLANE_BP_CHECK_OUTSIDE_H
#define BACKPLANE_BP_CHECK_OUTSIDE_H

#include <stdbool.h>
#include <stdint.h>

struct machine;
struct part;

/* Connects each of the part's ports, those for drives if asked to. 0 or -errno after
 * core_error(). */
int outside_connect(struct part *part, bool drives);
/* Some bytes or a frame for every device that takes them. [main] */
void outside_talk(struct machine *m, uint64_t random);

#endif
