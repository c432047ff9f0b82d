/* SPDX-License-Identifier: MIT */
/*
 * bus/scsi.h: the link between a SCSI host adapter and the logical units on it (SAM-5, SPC-4): an adapter
 * (virtio-scsi, ...) offers BP_SCSI_BUS_ID, a unit (scsi-hd, scsi-cd, ...) needs it and shows struct
 * bp_scsi_unit as its face.
 *
 * Everything tagged [bus] here wants the locks of both. A command ends when the unit calls its `done`; that may be
 * inside `start`.
 */
#ifndef BACKPLANE_BUS_SCSI_H
#define BACKPLANE_BUS_SCSI_H

#include <backplane/device.h>
#include <backplane/iovec.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_SCSI_BUS_ID "backplane.bus.scsi/1"

#define BP_SCSI_CDB_MAX 32
#define BP_SCSI_SENSE_MAX 96
/* An id or lun that leaves the choice to the adapter. */
#define BP_SCSI_ANY UINT32_MAX

enum bp_scsi_status { BP_SCSI_GOOD = 0, BP_SCSI_CHECK_CONDITION = 2, BP_SCSI_BUSY = 8 };

/* A command for a unit. The adapter fills the first half, the unit the second. The adapter owns it, and keeps it until
 * `done`. */
struct bp_scsi_command {
    uint32_t size;                  /* of this struct as the adapter knows it */
    uint8_t cdb[BP_SCSI_CDB_MAX];
    const struct bp_iovec *out, *in; /* from and to the driver: at most one has bytes */
    unsigned out_count, in_count;
    uint64_t out_bytes, in_bytes;
    void (*done)(struct bp_scsi_command *c); /* [bus] */
    void *adapter, *unit;            /* each one's own */
    /* the answer, zero at first */
    uint8_t status;                 /* enum bp_scsi_status */
    uint8_t sense_bytes;
    uint8_t sense[BP_SCSI_SENSE_MAX];
    uint64_t moved;                 /* bytes read from `out` or written to `in` */
};

/* The face of a unit; each callback's first argument is the unit. */
struct bp_scsi_unit {
    uint32_t size, reserved;
    /* What the user asked for, or BP_SCSI_ANY. [main] */
    void (*address)(void *unit, uint32_t *ret_id, uint32_t *ret_lun);
    /* Begins a command. [bus] */
    void (*start)(void *unit, struct bp_scsi_command *c);
    /* Ends everything that was begun: calls `done` of all of it before it returns. [bus] */
    void (*drain)(void *unit);
    /* Power-on, or a reset of bus or unit: after drain. [bus] */
    void (*reset)(void *unit);
};

/* What an adapter offers: nothing but its name; its `attached` hook gets the unit. */
struct bp_scsi_bus {
    uint32_t size, reserved;
};

#ifdef __cplusplus
}
#endif
#endif
