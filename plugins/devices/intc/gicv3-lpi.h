/* SPDX-License-Identifier: MIT */
/* gicv3-lpi.h: what an interrupt translation service asks of its GICv3: locality-specific interrupts. */
#ifndef GICV3_LPI_H
#define GICV3_LPI_H

#include <stdbool.h>
#include <stdint.h>

#define GICV3_LPI_ID "backplane.intc.gicv3-lpi/1"

enum {
    GICV3_LPI_FIRST = 8192,
    GICV3_LPI_END = 65536, /* ids have 16 bits */
    GICV3_LPIS = GICV3_LPI_END - GICV3_LPI_FIRST,
};

/*
 * All [bus]. vCPUs by number (GICR_TYPER.Processor_Number); numbers and ids that do not exist are ignored.
 * Changes show at vCPUs when settle() is called, so that many of them cost one look.
 */
struct gicv3_lpi_bus {
    uint32_t size, reserved;
    uint32_t (*cpus)(void *gic);
    void (*set)(void *gic, uint32_t cpu, uint32_t lpi, bool pending);
    bool (*pending)(void *gic, uint32_t cpu, uint32_t lpi);
    /* The configuration in memory has changed, of one or of all. */
    void (*invalidate)(void *gic, uint32_t lpi);
    void (*invalidate_all)(void *gic);
    /* Pending ones of a vCPU become another's. */
    void (*move_all)(void *gic, uint32_t from, uint32_t to);
    void (*settle)(void *gic);
};

#endif
