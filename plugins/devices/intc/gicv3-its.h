/* SPDX-License-Identifier: MIT */
/* gicv3-its.h: the state of an interrupt translation service (IHI 0069, chapter 5), for its files. */
#ifndef GICV3_ITS_H
#define GICV3_ITS_H

#include "gicv3-lpi.h"

#include <backplane/board.h>
#include <backplane/device.h>
#include <backplane/memory.h>

enum { ITS_DEVICES, ITS_COLLECTIONS, ITS_BASERS = 8 };
enum { ITS_ID_BITS = 16 }; /* of devices, events and collections */

struct its {
    struct bp_link gic;
    uint64_t doorbell;
    uint32_t ctlr;
    uint64_t cbaser, cwriter, creadr;
    uint64_t baser[ITS_BASERS];
};

/* A device that is mapped: where its translations are, and how many. */
struct its_device {
    uint64_t itt;
    uint32_t events;
};
/* An event that is mapped. */
struct its_event {
    uint32_t lpi, collection;
};

/* gicv3-its-tables.c: entries of the tables in guest memory. False: outside the table, in no memory, or not
 * valid. Entries that guests write themselves are taken as they are: every number in them is checked where it is used. */
bool its_get_device(struct its *s, uint32_t device, struct its_device *ret);
bool its_set_device(struct its *s, uint32_t device, const struct its_device *entry); /* NULL: unmap */
bool its_get_collection(struct its *s, uint32_t collection, uint32_t *ret_cpu);
bool its_set_collection(struct its *s, uint32_t collection, bool valid, uint32_t cpu);
bool its_get_event(struct its *s, const struct its_device *d, uint32_t event, struct its_event *ret);
bool its_set_event(struct its *s, const struct its_device *d, uint32_t event,
                   const struct its_event *entry); /* NULL: unmap */

/* gicv3-its-cmd.c */
void its_run_commands(struct its *s);
/* Makes the event's LPI pending; false: it is not mapped. */
bool its_signal(struct its *s, uint32_t device, uint32_t event);

#define ITS_LPI(s) ((const struct gicv3_lpi_bus *)(s)->gic.api)

#endif
