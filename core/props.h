/* SPDX-License-Identifier: MIT */
/* props.h: the part of part.c that keeps properties. */
#ifndef BACKPLANE_CORE_PROPS_H
#define BACKPLANE_CORE_PROPS_H

#include <core/part.h>
#include <core/regs.h>

int props_init(struct part *part);

#endif
