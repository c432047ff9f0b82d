/* SPDX-License-Identifier: MIT */
/*
 * bus/msi.h: where message-signalled interrupts go (PCI Local Bus Specification 3.0, section 6.8): an
 * interrupt controller that tells requesters apart offers it, a PCI host needs it optionally.
 *
 * A message is a 32-bit write. Without this link, or where the controller says that the address is no
 * doorbell of its own, the host writes to memory: bp_dma_write_le32(). A controller that does not care who
 * writes sees the same there.
 */
#ifndef BACKPLANE_BUS_MSI_H
#define BACKPLANE_BUS_MSI_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_MSI_ID "backplane.bus.msi/1"

struct bp_msi {
    uint32_t size;     /* sizeof(struct bp_msi) as the controller's author knew it */
    uint32_t reserved; /* 0 */
    /* Delivers `data`, written to gpa `address` by `requester` (bus << 8 | device << 3 | function, plus what the
     * host's own offset in the controller's numbering is). False: not a doorbell of this controller, nothing was
     * done. Data that means nothing to the controller is taken and dropped. [bus] */
    bool (*send)(void *dev, uint32_t requester, uint64_t address, uint32_t data);
};

#ifdef __cplusplus
}
#endif
#endif
