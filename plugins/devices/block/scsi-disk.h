/* SPDX-License-Identifier: MIT */
/* scsi-disk.h: the two files of the SCSI disk to each other. */
#ifndef SCSI_DISK_H
#define SCSI_DISK_H

#include <backplane/block.h>
#include <backplane/bus/scsi.h>

/* Sense keys. */
enum { NOT_READY = 2, MEDIUM_ERROR = 3, ILLEGAL_REQUEST = 5, UNIT_ATTENTION = 6, DATA_PROTECT = 7 };

#define CD_BLOCK 2048u
#define PAGE_MAX 512u /* bytes of an answer about the unit */

struct disk {
    uint32_t scsi_id, lun, channel, logical_block_size, physical_block_size;
    const char *serial, *vendor, *product, *ver;
    bool write_cache;
    struct bp_link bus;
    struct bp_block *drive; /* NULL: a cd-rom drive without disc */
    bool cd;
    uint32_t block;         /* bytes */
    uint8_t attention;      /* the next command hears of a reset */
    uint8_t locked, ejected;
    uint8_t wce;            /* write cache enabled */
};

static inline uint32_t be16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static inline uint32_t be32(const uint8_t *p) { return be16(p) << 16 | be16(p + 2); }
static inline uint64_t be64(const uint8_t *p) { return (uint64_t)be32(p) << 32 | be32(p + 4); }
static inline void put_be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void put_be32(uint8_t *p, uint32_t v)
{
    put_be16(p, v >> 16);
    put_be16(p + 2, v);
}
static inline void put_be64(uint8_t *p, uint64_t v)
{
    put_be32(p, (uint32_t)(v >> 32));
    put_be32(p + 4, (uint32_t)v);
}

bool disk_can_unmap(const struct disk *s);
/* Answers, into PAGE_MAX zeroed bytes: their size, or -1 (inquiry, mode sense) or 0 where a field is wrong. */
int disk_inquiry(struct disk *s, const uint8_t *cdb, uint8_t *buf);
int disk_mode_sense(const struct disk *s, const uint8_t *cdb, bool ten, uint64_t blocks, uint8_t *buf);
size_t disk_toc(const uint8_t *cdb, uint64_t blocks, uint8_t *buf);
size_t disk_configuration(const struct disk *s, uint8_t *buf);
size_t disk_information(uint8_t *buf);
size_t disk_event_status(const struct disk *s, const uint8_t *cdb, uint8_t *buf);
/* Takes n bytes of mode pages; false where one cannot be set so. */
bool disk_mode_select(struct disk *s, const uint8_t *pages, size_t n);
void disk_sense(struct bp_scsi_command *c, uint8_t key, uint8_t asc, uint8_t ascq);

#endif
