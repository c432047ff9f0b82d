/* SPDX-License-Identifier: MIT */
/*
 * scsi-disk.c: a hard disk and a cd-rom drive as SCSI units (SPC-4, SBC-3, MMC-6; opcodes: Linux
 * include/scsi/scsi_proto.h). What tells about the unit is in scsi-pages.c.
 */
#include "scsi-disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Opcodes. */
enum {
    TEST_UNIT_READY = 0x00, REQUEST_SENSE = 0x03, READ_6 = 0x08, WRITE_6 = 0x0A, INQUIRY = 0x12,
    MODE_SELECT_6 = 0x15, MODE_SENSE_6 = 0x1A, START_STOP = 0x1B, PREVENT_REMOVAL = 0x1E,
    READ_CAPACITY_10 = 0x25, READ_10 = 0x28, WRITE_10 = 0x2A, SEEK_10 = 0x2B, VERIFY_10 = 0x2F,
    SYNCHRONIZE_10 = 0x35, WRITE_SAME_10 = 0x41, UNMAP = 0x42, READ_TOC = 0x43,
    GET_CONFIGURATION = 0x46, GET_EVENT_STATUS = 0x4A, READ_DISC_INFORMATION = 0x51,
    MODE_SELECT_10 = 0x55, MODE_SENSE_10 = 0x5A, READ_16 = 0x88, WRITE_16 = 0x8A, VERIFY_16 = 0x8F,
    SYNCHRONIZE_16 = 0x91, WRITE_SAME_16 = 0x93, SERVICE_ACTION_IN_16 = 0x9E, READ_12 = 0xA8,
    WRITE_12 = 0xAA, SET_CD_SPEED = 0xBB, MECHANISM_STATUS = 0xBD,
};

#define UNMAP_MAX 256u               /* ranges of one UNMAP */
#define SAME_BYTES (64u * 1024)      /* of a pattern written at once */

/* A command that the drive works on. */
struct op {
    struct disk *s;
    struct bp_scsi_command *c;
    bool flush;                      /* before the end */
    uint64_t moved;
    uint64_t lba, blocks;            /* pattern: what is still to be written */
    uint32_t range, ranges;          /* UNMAP: the next of so many */
    uint8_t *memory;                 /* pattern or ranges */
    struct bp_iovec iov[];
};

/* ---- ends ------------------------------------------------------------------------------------ */

void disk_sense(struct bp_scsi_command *c, uint8_t key, uint8_t asc, uint8_t ascq)
{
    memset(c->sense, 0, 18);
    c->sense[0] = 0x70;
    c->sense[2] = key;
    c->sense[7] = 10;
    c->sense[12] = asc;
    c->sense[13] = ascq;
    c->sense_bytes = 18;
    c->status = BP_SCSI_CHECK_CONDITION;
}

static void fail(struct bp_scsi_command *c, uint8_t key, uint8_t asc, uint8_t ascq)
{
    disk_sense(c, key, asc, ascq);
    c->done(c);
}

static void wrong_field(struct bp_scsi_command *c) { fail(c, ILLEGAL_REQUEST, 0x24, 0); }
static void out_of_range(struct bp_scsi_command *c) { fail(c, ILLEGAL_REQUEST, 0x21, 0); }

static void reply(struct bp_scsi_command *c, const void *buf, size_t n, uint64_t limit)
{
    c->moved = bp_iov_write(c->in, c->in_count, 0, buf, n < limit ? n : (size_t)limit);
    c->done(c);
}

static void op_free(struct op *op)
{
    free(op->memory);
    free(op);
}

static void op_fail(struct op *op, int error)
{
    struct bp_scsi_command *c = op->c;
    op_free(op);
    if (error == -EROFS)
        fail(c, DATA_PROTECT, 0x27, 0);
    else if (error == -ENOSPC)
        fail(c, DATA_PROTECT, 0x27, 7);
    else
        fail(c, MEDIUM_ERROR, c->in_bytes ? 0x11 : 0x0C, 0);
}

/* ---- work on the drive ----------------------------------------------------------------------- */

static void next_step(struct op *op);

static void step_done(void *request, int result)
{
    struct op *op = request;
    if (result < 0)
        op_fail(op, result);
    else
        next_step(op);
}

static uint64_t blocks_of(const struct disk *s)
{
    struct bp_block_info info = { .size = 0 };
    if (s->drive)
        bp_block_get_info(s->drive, &info);
    return info.size / s->block;
}

static void unmap_step(struct op *op)
{
    const uint8_t *range = op->memory + 16 * op->range++;
    bp_block_submit(op->s->drive, BP_BLOCK_DISCARD, be64(range) * op->s->block,
                    (uint64_t)be32(range + 8) * op->s->block, NULL, 0, step_done, op);
}

static void same_step(struct op *op)
{
    struct disk *s = op->s;
    uint64_t most = SAME_BYTES / s->block, n = op->blocks < most ? op->blocks : most;
    uint64_t at = op->lba;
    op->iov[0] = (struct bp_iovec){ op->memory, (size_t)(n * s->block) };
    op->lba += n;
    op->blocks -= n;
    bp_block_submit(s->drive, BP_BLOCK_WRITE, at * s->block, n * s->block, op->iov, 1, step_done,
                    op);
}

static void next_step(struct op *op)
{
    struct bp_scsi_command *c = op->c;
    if (op->range < op->ranges) {
        unmap_step(op);
    } else if (op->blocks) {
        same_step(op);
    } else if (op->flush) {
        op->flush = false;
        bp_block_submit(op->s->drive, BP_BLOCK_FLUSH, 0, 0, NULL, 0, step_done, op);
    } else {
        c->moved = op->moved;
        op_free(op);
        c->done(c);
    }
}

/* NULL after the command has failed. */
static struct op *op_new(struct disk *s, struct bp_scsi_command *c, unsigned iovs, size_t memory)
{
    struct op *op = calloc(1, sizeof *op + (iovs + 1) * sizeof(struct bp_iovec));
    if (op && memory && !(op->memory = malloc(memory))) {
        free(op);
        op = NULL;
    }
    if (!op) {
        c->status = BP_SCSI_BUSY;
        c->done(c);
        return NULL;
    }
    op->s = s;
    op->c = c;
    return op;
}

/* Whether the unit has these blocks, and may be written where that is asked; the command has failed where not. */
static bool check_range(struct disk *s, struct bp_scsi_command *c, uint64_t lba, uint64_t blocks,
                        bool write)
{
    struct bp_block_info info = { .size = 0 };
    uint64_t all = blocks_of(s);
    if (s->drive)
        bp_block_get_info(s->drive, &info);
    if (lba > all || blocks > all - lba)
        out_of_range(c);
    else if (write && info.read_only)
        fail(c, DATA_PROTECT, 0x27, 0);
    else
        return true;
    return false;
}

static void transfer(struct disk *s, struct bp_scsi_command *c, uint64_t lba, uint64_t blocks,
                     bool write, bool fua)
{
    uint64_t bytes = blocks * s->block, room = write ? c->out_bytes : c->in_bytes;
    const struct bp_iovec *iov = write ? c->out : c->in;
    unsigned count = write ? c->out_count : c->in_count;
    if (!check_range(s, c, lba, blocks, write))
        return;
    if (bytes > room) /* the driver has less: whole blocks of it */
        bytes = room / s->block * s->block;
    if (!bytes) {
        c->done(c);
        return;
    }
    struct op *op = op_new(s, c, count, 0);
    if (!op)
        return;
    memcpy(op->iov, iov, count * sizeof *iov);
    count = bp_iov_cut(op->iov, count, 0, bytes);
    op->moved = bytes;
    op->flush = write && (fua || !s->wce);
    bp_block_submit(s->drive, write ? BP_BLOCK_WRITE : BP_BLOCK_READ, lba * s->block, bytes, op->iov,
                    count, step_done, op);
}

static void synchronize(struct disk *s, struct bp_scsi_command *c)
{
    struct op *op = op_new(s, c, 0, 0);
    if (!op)
        return;
    op->flush = true;
    next_step(op);
}

static void write_same(struct disk *s, struct bp_scsi_command *c, uint64_t lba, uint64_t blocks,
                       uint8_t flags)
{
    bool no_data = c->cdb[0] == WRITE_SAME_16 && flags & 1, zero = true;
    if (!blocks)
        blocks = blocks_of(s) - (lba < blocks_of(s) ? lba : 0);
    if (flags & 0x16) { /* anchor, and addresses in the data */
        wrong_field(c);
        return;
    }
    if (!check_range(s, c, lba, blocks, true))
        return;
    struct op *op = op_new(s, c, 1, SAME_BYTES);
    if (!op)
        return;
    memset(op->memory, 0, s->block);
    if (!no_data)
        op->moved = bp_iov_read(c->out, c->out_count, 0, op->memory, s->block);
    for (uint32_t i = 0; i < s->block && zero; i++)
        zero = !op->memory[i];
    op->flush = !s->wce;
    if (zero) {
        bp_block_submit(s->drive, BP_BLOCK_WRITE_ZEROES, lba * s->block, blocks * s->block, NULL, 0,
                        step_done, op);
        return;
    }
    for (uint32_t at = s->block; at + s->block <= SAME_BYTES; at += s->block)
        memcpy(op->memory + at, op->memory, s->block);
    op->lba = lba;
    op->blocks = blocks;
    next_step(op);
}

static void unmap(struct disk *s, struct bp_scsi_command *c)
{
    uint8_t head[8] = { 0 };
    uint64_t n = bp_iov_read(c->out, c->out_count, 0, head, sizeof head);
    uint32_t bytes = n == 8 ? be16(head + 2) : 0, ranges = bytes / 16;
    if (c->cdb[1] & 1 || ranges > UNMAP_MAX || c->out_bytes < 8 + (uint64_t)ranges * 16) {
        wrong_field(c);
        return;
    }
    if (!check_range(s, c, 0, 0, true))
        return;
    struct op *op = op_new(s, c, 0, 16 * UNMAP_MAX);
    if (!op)
        return;
    bp_iov_read(c->out, c->out_count, 8, op->memory, 16 * ranges);
    for (uint32_t i = 0; i < ranges; i++) {
        const uint8_t *range = op->memory + 16 * i;
        if (be64(range) <= blocks_of(s) && be32(range + 8) <= blocks_of(s) - be64(range))
            continue;
        op_free(op);
        out_of_range(c);
        return;
    }
    op->ranges = disk_can_unmap(s) ? ranges : 0;
    op->moved = 8 + (uint64_t)ranges * 16;
    next_step(op);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void mode_select(struct disk *s, struct bp_scsi_command *c, bool ten)
{
    uint8_t list[256] = { 0 };
    uint64_t limit = ten ? be16(c->cdb + 7) : c->cdb[4];
    size_t n = bp_iov_read(c->out, c->out_count, 0, list,
                           limit < sizeof list ? (size_t)limit : sizeof list);
    size_t at = ten ? 8u + be16(list + 6) : 4u + list[3];
    if (!n) {
        c->done(c);
    } else if (at > n || !(c->cdb[1] & 0x10)) {
        fail(c, ILLEGAL_REQUEST, 0x1A, 0); /* parameter list length */
    } else if (!disk_mode_select(s, list + at, n - at)) {
        fail(c, ILLEGAL_REQUEST, 0x26, 0); /* field in parameter list */
    } else {
        c->moved = n;
        c->done(c);
    }
}

static void start_stop(struct disk *s, struct bp_scsi_command *c)
{
    bool load_eject = c->cdb[4] & 2, on = c->cdb[4] & 1;
    if (s->cd && load_eject && !on && s->locked) {
        fail(c, ILLEGAL_REQUEST, 0x53, 2); /* medium removal prevented */
        return;
    }
    if (s->cd && load_eject)
        s->ejected = !on;
    c->done(c);
}

static void read_capacity(struct disk *s, struct bp_scsi_command *c, bool sixteen)
{
    uint8_t buf[32] = { 0 };
    uint64_t last = blocks_of(s) - 1;
    if (sixteen) {
        put_be64(buf, last);
        put_be32(buf + 8, s->block);
        while (s->block << buf[13] < s->physical_block_size)
            buf[13]++;
        buf[14] = disk_can_unmap(s) ? 0x80 : 0; /* logical block provisioning is managed */
    } else {
        put_be32(buf, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
        put_be32(buf + 4, s->block);
    }
    reply(c, buf, sixteen ? 32 : 8, sixteen ? be32(c->cdb + 10) : 8);
}

static void medium_command(struct disk *s, struct bp_scsi_command *c)
{
    const uint8_t *p = c->cdb;
    switch (p[0]) {
    case TEST_UNIT_READY: case SEEK_10: c->done(c); break;
    case READ_CAPACITY_10: read_capacity(s, c, false); break;
    case SERVICE_ACTION_IN_16:
        if ((p[1] & 31) == 0x10)
            read_capacity(s, c, true);
        else
            wrong_field(c);
        break;
    case READ_6: case WRITE_6:
        transfer(s, c, be32(p) & 0x1FFFFF, p[4] ? p[4] : 256, p[0] == WRITE_6, false);
        break;
    case READ_10: case WRITE_10:
        transfer(s, c, be32(p + 2), be16(p + 7), p[0] == WRITE_10, p[1] & 8);
        break;
    case READ_12: case WRITE_12:
        transfer(s, c, be32(p + 2), be32(p + 6), p[0] == WRITE_12, p[1] & 8);
        break;
    case READ_16: case WRITE_16:
        transfer(s, c, be64(p + 2), be32(p + 10), p[0] == WRITE_16, p[1] & 8);
        break;
    case VERIFY_10: case VERIFY_16:
        if (p[1] & 6)
            wrong_field(c); /* comparing is not there */
        else if (check_range(s, c, p[0] == VERIFY_10 ? be32(p + 2) : be64(p + 2),
                             p[0] == VERIFY_10 ? be16(p + 7) : be32(p + 10), false))
            c->done(c);
        break;
    case SYNCHRONIZE_10: case SYNCHRONIZE_16: synchronize(s, c); break;
    case WRITE_SAME_10: write_same(s, c, be32(p + 2), be16(p + 7), p[1]); break;
    case WRITE_SAME_16: write_same(s, c, be64(p + 2), be32(p + 10), p[1]); break;
    case UNMAP: unmap(s, c); break;
    default: fail(c, ILLEGAL_REQUEST, 0x20, 0); /* no such command */
    }
}

/* What a cd-rom drive has beside. */
static bool cd_command(struct disk *s, struct bp_scsi_command *c)
{
    uint8_t buf[PAGE_MAX] = { 0 };
    const uint8_t *p = c->cdb;
    size_t n;
    switch (p[0]) {
    case READ_TOC: n = s->ejected || !s->drive ? 0 : disk_toc(p, blocks_of(s), buf); break;
    case GET_CONFIGURATION: n = disk_configuration(s, buf); break;
    case READ_DISC_INFORMATION: n = s->ejected || !s->drive ? 0 : disk_information(buf); break;
    case GET_EVENT_STATUS: n = disk_event_status(s, p, buf); break;
    case MECHANISM_STATUS: n = 8; break;
    case SET_CD_SPEED: c->done(c); return true;
    default: return false;
    }
    if (n)
        reply(c, buf, n, be16(p + (p[0] == MECHANISM_STATUS ? 8 : 7)));
    else
        wrong_field(c);
    return true;
}

static void unit_command(struct disk *s, struct bp_scsi_command *c)
{
    uint8_t buf[PAGE_MAX] = { 0 };
    const uint8_t *p = c->cdb;
    bool ten = p[0] == MODE_SENSE_10 || p[0] == MODE_SELECT_10;
    int n = -1;
    switch (p[0]) {
    case INQUIRY:
        n = disk_inquiry(s, p, buf);
        break;
    case REQUEST_SENSE:
        buf[0] = 0x70;
        buf[7] = 10;
        reply(c, buf, 18, p[4]);
        return;
    case MODE_SENSE_6: case MODE_SENSE_10:
        n = disk_mode_sense(s, p, ten, blocks_of(s), buf);
        break;
    case MODE_SELECT_6: case MODE_SELECT_10: mode_select(s, c, ten); return;
    case START_STOP: start_stop(s, c); return;
    case PREVENT_REMOVAL:
        s->locked = p[4] & 1;
        c->done(c);
        return;
    default:
        if (s->cd && cd_command(s, c))
            return;
        if (s->drive && !s->ejected)
            medium_command(s, c);
        else
            fail(c, NOT_READY, 0x3A, 0); /* medium not present */
        return;
    }
    if (n < 0)
        wrong_field(c);
    else
        reply(c, buf, (size_t)n, p[0] == INQUIRY ? be16(p + 3) : ten ? be16(p + 7) : p[4]);
}

/* ---- the face -------------------------------------------------------------------------------- */

static void disk_start(void *dev, struct bp_scsi_command *c)
{
    struct disk *s = dev;
    bool asks = c->cdb[0] == INQUIRY || c->cdb[0] == REQUEST_SENSE;
    if (s->attention && !asks) {
        s->attention = 0;
        fail(c, UNIT_ATTENTION, 0x29, 0); /* power on or reset */
        return;
    }
    unit_command(s, c);
}

static void disk_drain(void *dev)
{
    struct disk *s = dev;
    if (s->drive)
        bp_block_drain(s->drive);
}

static void disk_reset(void *dev)
{
    struct disk *s = dev;
    s->attention = 1;
    s->locked = 0;
    s->wce = s->write_cache;
}

static void disk_address(void *dev, uint32_t *ret_id, uint32_t *ret_lun)
{
    const struct disk *s = dev;
    *ret_id = s->scsi_id;
    *ret_lun = s->lun;
}

static bool power_of_two(uint32_t n) { return n && !(n & (n - 1)); }

static int realize(struct disk *s)
{
    struct bp_block_info info = { .logical_block = 512 };
    if (s->drive)
        bp_block_get_info(s->drive, &info);
    s->block = s->cd ? CD_BLOCK : s->logical_block_size;
    if (!s->cd && s->block < info.logical_block)
        s->block = info.logical_block;
    if (s->physical_block_size < s->block)
        s->physical_block_size = s->block;
    if (!power_of_two(s->block) || !power_of_two(s->physical_block_size))
        return bp_fail(s, EINVAL, "block sizes %u and %u are not powers of two", s->block,
                       s->physical_block_size);
    if (s->channel)
        return bp_fail(s, EINVAL, "channel=%u: there is channel 0 only", s->channel);
    s->wce = s->write_cache;
    s->attention = 1;
    return 0;
}

static int hd_realize(void *dev)
{
    struct disk *s = dev;
    return s->drive ? realize(s) : bp_fail(s, EINVAL, "drive is missing: give drive=ID of a -drive "
                                           "if=none,id=ID,file=...");
}

static int cd_realize(void *dev)
{
    struct disk *s = dev;
    s->cd = true;
    return realize(s);
}

static const struct bp_scsi_unit face = {
    .size = sizeof face, .address = disk_address, .start = disk_start, .drain = disk_drain,
    .reset = disk_reset,
};
#define COMMON_PROPS                                                                               \
    BP_UINT(struct disk, scsi_id, BP_SCSI_ANY, 0, 0, "target; 4294967295: the first free one"),    \
    BP_UINT(struct disk, lun, BP_SCSI_ANY, 0, 0, "unit of the target; 4294967295: 0"),             \
    BP_UINT(struct disk, channel, 0, 0, 0, "always 0"),                                            \
    BP_STRING(struct disk, serial, NULL, "serial number the guest reads; default: the drive's"),   \
    BP_STRING(struct disk, vendor, "BP", "up to 8 letters"),                                       \
    BP_STRING(struct disk, product, NULL, "up to 16 letters"),                                     \
    BP_STRING(struct disk, ver, "1.0", "version, up to 4 letters"),                                \
    BP_BOOL(struct disk, write_cache, true, "write-back until the guest says otherwise")
static const struct bp_prop hd_props[] = {
    COMMON_PROPS,
    BP_UINT(struct disk, logical_block_size, 512, 512, 32768,
            "bytes, a power of two; the drive's where that is larger"),
    BP_UINT(struct disk, physical_block_size, 512, 512, 32768, "bytes, a power of two"),
};
static const struct bp_prop cd_props[] = { COMMON_PROPS };
static const struct bp_port ports[] = { BP_BLOCK(struct disk, drive) };
static const struct bp_need needs[] = { BP_NEED(struct disk, bus, BP_SCSI_BUS_ID, &face) };
static const struct bp_saved saved[] = {
    BP_SAVED(struct disk, attention, 1), BP_SAVED(struct disk, locked, 1),
    BP_SAVED(struct disk, ejected, 1),   BP_SAVED(struct disk, wce, 1),
    BP_TRANSIENT(struct disk, block),    BP_TRANSIENT(struct disk, cd),
    BP_TRANSIENT(struct disk, logical_block_size), BP_TRANSIENT(struct disk, physical_block_size),
};

BP_DEVICE_IN(hd, "scsi-hd", "storage", "SCSI disk", .state_size = sizeof(struct disk),
             .props = BP_ROWS(hd_props), .ports = BP_ROWS(ports), .needs = BP_ROWS(needs),
             .saved = BP_ROWS(saved), .flags = BP_DEVICE_USER, .realize = hd_realize);
BP_DEVICE_IN(cd, "scsi-cd", "storage", "SCSI cd-rom drive", .state_size = sizeof(struct disk),
             .props = BP_ROWS(cd_props), .ports = BP_ROWS(ports), .needs = BP_ROWS(needs),
             .saved = BP_ROWS(saved), .flags = BP_DEVICE_USER, .realize = cd_realize);
BP_PLUGIN("scsi-disk", "1.0", "MIT");
