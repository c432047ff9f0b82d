/* SPDX-License-Identifier: MIT */
/* pcihost.h: what PCI functions under test are put into. */
#ifndef BACKPLANE_BP_CHECK_PCIHOST_H
#define BACKPLANE_BP_CHECK_PCIHOST_H

#include "core/part.h"

/* Offers BP_PCI_BUS_ID. */
extern const struct bp_device pcihost;
/* Does as a driver would with all functions of a part made of it, or, at times, as none would. [main] */
void pcihost_drive(struct part *part, uint64_t random);

#endif
