/* SPDX-License-Identifier: MIT */
/* pins.h: the part of part.c that makes pins. */
#ifndef BACKPLANE_CORE_PINS_H
#define BACKPLANE_CORE_PINS_H

#include <core/part.h>

int pins_prepare(struct part *part);
void pins_free(struct part *part);
/* Value of a number property, from props.c. */
bool part_prop_number(const struct part *part, const char *name, uint64_t *ret);

#endif
