/* SPDX-License-Identifier: MIT */
/* virtio-blk.c: the virtio block device (virtio 1.3, 5.2). */
#include <backplane/block.h>
#include <backplane/bus/virtio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Feature bits (5.2.3). */
enum {
    F_SEG_MAX = 2,
    F_RO = 5,
    F_BLK_SIZE = 6,
    F_FLUSH = 9,
    F_TOPOLOGY = 10,
    F_CONFIG_WCE = 11,
    F_MQ = 12,
    F_DISCARD = 13,
    F_WRITE_ZEROES = 14,
};
/* Request types and results (5.2.6). */
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };

#define SECTOR 512u
#define HEADER 16u
#define ID_BYTES 20u
#define RANGE 16u          /* bytes of one range of discard and write zeroes */
#define RANGES_MAX 32u
#define RANGE_SECTORS_MAX (UINT32_MAX / SECTOR)
#define TURN_MAX 256u      /* requests started, then others have their turn */
enum { WRITEBACK = 32 };   /* offset of `writeback` in the configuration space */

struct blk {
    /* properties */
    const char *serial;
    uint32_t num_queues, queue_size, logical_block_size, physical_block_size;
    bool config_wce, discard, write_zeroes;
    /* connections */
    struct bp_block *drive;
    struct bp_link bus;
    struct bp_virtio *v;
    uint8_t writeback;
    uint8_t turn; /* 0 except in notify */
};

/* What a request is doing. */
struct request {
    struct blk *blk;
    struct bp_virtq_buffer *buffer;
    uint32_t type;
    uint32_t done_ranges, ranges;   /* discard, write zeroes */
    uint32_t used;                  /* bytes written before the status */
    bool flushing;                  /* the last step: written data goes to stable storage */
    uint8_t range[];                /* of discard and write zeroes: RANGES_MAX * RANGE bytes */
};

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static uint64_t get64(const uint8_t *p) { return get32(p) | (uint64_t)get32(p + 4) << 32; }
static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}
static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v);
    put16(p + 2, v >> 16);
}
static void put64(uint8_t *p, uint64_t v)
{
    put32(p, (uint32_t)v);
    put32(p + 4, (uint32_t)(v >> 32));
}

/* ---- requests -------------------------------------------------------------------------------- */

/* Writes the status byte, the last one of the buffer, and gives it back. */
static void finish(struct request *r, uint8_t status)
{
    struct blk *s = r->blk;
    struct bp_virtq_buffer *b = r->buffer;
    uint32_t used = status == S_OK ? r->used + 1 : 0;
    unsigned q = b->queue;
    bp_iov_write(b->in, b->in_count, b->in_bytes - 1, &status, 1);
    /* The status counts as written right behind the data only where the data fills the buffer. */
    if (used && used != b->in_bytes)
        used = r->used;
    b->wrote_all = true;
    bp_virtq_push(s->v, b, used);
    free(r);
    if (!s->turn)
        bp_virtq_signal(s->v, q);
}

static bool write_through(const struct blk *s)
{
    if (bp_virtio_has(s->v, F_CONFIG_WCE))
        return !s->writeback;
    return !bp_virtio_has(s->v, F_FLUSH);
}

static void next_step(struct request *r);

static void step_done(void *request, int result)
{
    struct request *r = request;
    if (result < 0)
        finish(r, result == -ENOTSUP ? S_UNSUPP : S_IOERR);
    else if (r->flushing || r->type == T_IN || r->type == T_FLUSH)
        finish(r, S_OK);
    else
        next_step(r);
}

static void submit(struct request *r, enum bp_block_op op, uint64_t offset, uint64_t bytes,
                   const struct bp_iovec *iov, unsigned count)
{
    bp_block_submit(r->blk->drive, op, offset, bytes, iov, count, step_done, r);
}

/* Discard and write zeroes take one range after the other; a write ends with a flush where the
 * cache is write-through. */
static void next_step(struct request *r)
{
    if (r->done_ranges < r->ranges) {
        const uint8_t *p = &r->range[RANGE * r->done_ranges++];
        submit(r, r->type == T_DISCARD ? BP_BLOCK_DISCARD : BP_BLOCK_WRITE_ZEROES,
               get64(p) * SECTOR, (uint64_t)get32(p + 8) * SECTOR, NULL, 0);
    } else if (write_through(r->blk)) {
        r->flushing = true;
        submit(r, BP_BLOCK_FLUSH, 0, 0, NULL, 0);
    } else {
        finish(r, S_OK);
    }
}

/* Whether the drive has these bytes. */
static bool on_drive(struct blk *s, uint64_t sector, uint64_t bytes)
{
    struct bp_block_info info;
    bp_block_get_info(s->drive, &info);
    return bytes % SECTOR == 0 && sector <= UINT64_MAX / SECTOR &&
           sector * SECTOR <= info.size && bytes <= info.size - sector * SECTOR;
}

static void start_transfer(struct request *r, uint64_t sector)
{
    struct bp_virtq_buffer *b = r->buffer;
    bool write = r->type == T_OUT;
    struct bp_iovec *iov = write ? b->out : b->in;
    uint64_t bytes = write ? b->out_bytes - HEADER : b->in_bytes - 1;
    if (!on_drive(r->blk, sector, bytes)) {
        finish(r, S_IOERR);
        return;
    }
    /* The driver's status byte stays in the list for finish(): cut a copy. */
    unsigned count = write ? b->out_count : b->in_count;
    struct bp_iovec few[32], *cut = few;
    if (count > sizeof few / sizeof *few && !(cut = malloc(count * sizeof *cut))) {
        finish(r, S_IOERR);
        return;
    }
    memcpy(cut, iov, count * sizeof *cut);
    count = bp_iov_cut(cut, count, write ? HEADER : 0, bytes);
    r->used = write ? 0 : (uint32_t)bytes;
    submit(r, write ? BP_BLOCK_WRITE : BP_BLOCK_READ, sector * SECTOR, bytes, cut, count);
    if (cut != few)
        free(cut);
}

static void start_ranges(struct request *r)
{
    struct blk *s = r->blk;
    struct bp_virtq_buffer *b = r->buffer;
    uint64_t bytes = b->out_bytes - HEADER;
    unsigned feature = r->type == T_DISCARD ? F_DISCARD : F_WRITE_ZEROES;
    uint32_t known = r->type == T_DISCARD ? 0 : 1; /* flags: unmap */
    if (!bp_virtio_has(s->v, feature)) {
        finish(r, S_UNSUPP);
        return;
    }
    if (!bytes || bytes % RANGE || bytes > RANGES_MAX * RANGE) {
        finish(r, S_IOERR);
        return;
    }
    bp_iov_read(b->out, b->out_count, HEADER, r->range, (size_t)bytes);
    r->ranges = (uint32_t)(bytes / RANGE);
    for (uint32_t i = 0; i < r->ranges; i++) {
        const uint8_t *p = &r->range[RANGE * i];
        if (get32(p + 12) & ~known) {
            finish(r, S_UNSUPP);
            return;
        }
        if (get32(p + 8) > RANGE_SECTORS_MAX ||
            !on_drive(s, get64(p), (uint64_t)get32(p + 8) * SECTOR)) {
            finish(r, S_IOERR);
            return;
        }
    }
    next_step(r);
}

static void get_id(struct request *r)
{
    struct blk *s = r->blk;
    struct bp_virtq_buffer *b = r->buffer;
    struct bp_block_info info;
    char id[ID_BYTES + 1] = { 0 };
    bp_block_get_info(s->drive, &info);
    const char *from = s->serial ? s->serial : info.serial;
    memcpy(id, from, strnlen(from, ID_BYTES));
    uint64_t n = b->in_bytes - 1 < ID_BYTES ? b->in_bytes - 1 : ID_BYTES;
    r->used = (uint32_t)bp_iov_write(b->in, b->in_count, 0, id, (size_t)n);
    finish(r, S_OK);
}

static void start(struct blk *s, struct bp_virtq_buffer *b)
{
    uint8_t header[HEADER];
    if (bp_iov_read(b->out, b->out_count, 0, header, HEADER) < HEADER || !b->in_bytes) {
        bp_virtio_fail(s->v, "a block request of %llu bytes to read and %llu to write",
                       (unsigned long long)b->out_bytes, (unsigned long long)b->in_bytes);
        bp_virtq_push(s->v, b, 0);
        return;
    }
    uint32_t type = get32(header);
    bool ranged = type == T_DISCARD || type == T_WRITE_ZEROES, writes = ranged || type == T_OUT;
    struct request *r = malloc(sizeof *r + (ranged ? RANGES_MAX * RANGE : 0));
    if (!r) {
        bp_virtio_fail(s->v, "no memory for a block request");
        bp_virtq_push(s->v, b, 0);
        return;
    }
    struct bp_block_info info;
    bp_block_get_info(s->drive, &info);
    *r = (struct request){ .blk = s, .buffer = b, .type = type };
    if (writes && info.read_only)
        finish(r, S_IOERR);
    else if (type == T_IN || type == T_OUT)
        start_transfer(r, get64(header + 8));
    else if (type == T_FLUSH)
        submit(r, BP_BLOCK_FLUSH, 0, 0, NULL, 0);
    else if (type == T_GET_ID)
        get_id(r);
    else if (ranged)
        start_ranges(r);
    else
        finish(r, S_UNSUPP);
}

/* ---- the face -------------------------------------------------------------------------------- */

static void blk_notify(void *dev, unsigned q)
{
    struct blk *s = dev;
    struct bp_virtq_buffer *b = NULL;
    unsigned count = 0;
    s->turn = 1; /* what completes at once is signalled together below */
    while (count++ < TURN_MAX && (b = bp_virtq_pop(s->v, q)))
        start(s, b);
    s->turn = 0;
    bp_virtq_signal(s->v, q);
    if (b)
        bp_virtio_again(s->v, q);
}

static uint64_t blk_features(void *dev)
{
    struct blk *s = dev;
    struct bp_block_info info;
    bp_block_get_info(s->drive, &info);
    uint64_t f = BP_VIRTIO_BIT(F_SEG_MAX) | BP_VIRTIO_BIT(F_BLK_SIZE) | BP_VIRTIO_BIT(F_TOPOLOGY) |
                 BP_VIRTIO_BIT(F_FLUSH);
    if (s->num_queues > 1)
        f |= BP_VIRTIO_BIT(F_MQ);
    if (s->config_wce)
        f |= BP_VIRTIO_BIT(F_CONFIG_WCE);
    if (info.read_only)
        return f | BP_VIRTIO_BIT(F_RO);
    if (s->discard && info.can_discard)
        f |= BP_VIRTIO_BIT(F_DISCARD);
    if (s->write_zeroes)
        f |= BP_VIRTIO_BIT(F_WRITE_ZEROES);
    return f;
}

static bool blk_accept(void *dev, uint64_t features)
{
    struct blk *s = dev;
    /* Without flushes the driver cannot look after a write-back cache (5.2.5.2). */
    if (!(features & BP_VIRTIO_BIT(F_FLUSH)))
        s->writeback = 0;
    return true;
}

static uint32_t blk_queue_size(void *dev, unsigned q)
{
    struct blk *s = dev;
    return q < s->num_queues ? s->queue_size : 0;
}

static uint32_t blk_config(void *dev, uint8_t buf[BP_VIRTIO_CONFIG_SIZE])
{
    struct blk *s = dev;
    struct bp_block_info info;
    bp_block_get_info(s->drive, &info);
    uint32_t block_sectors = s->logical_block_size / SECTOR, exponent = 0;
    while (s->logical_block_size << exponent < s->physical_block_size)
        exponent++;
    put64(buf, info.size / SECTOR);
    put32(buf + 12, s->queue_size - 2);              /* seg_max: without header and status */
    put32(buf + 20, s->logical_block_size);
    buf[24] = (uint8_t)exponent;
    put16(buf + 26, 1);                              /* min_io_size, blocks */
    buf[WRITEBACK] = s->writeback;
    put16(buf + 34, s->num_queues);
    put32(buf + 36, RANGE_SECTORS_MAX / block_sectors * block_sectors);
    put32(buf + 40, RANGES_MAX);
    put32(buf + 44, block_sectors);                  /* discard_sector_alignment */
    put32(buf + 48, RANGE_SECTORS_MAX / block_sectors * block_sectors);
    put32(buf + 52, RANGES_MAX);
    buf[56] = info.can_discard;                      /* write_zeroes_may_unmap */
    return 60;
}

static void blk_config_write(void *dev, uint32_t offset, uint32_t value, unsigned n)
{
    struct blk *s = dev;
    if (offset == WRITEBACK && n == 1 && s->config_wce)
        s->writeback = value & 1;
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "write of %u bytes at offset %u of the configuration space, "
               "where only the byte `writeback` can change", n, offset);
}

static void blk_reset(void *dev)
{
    struct blk *s = dev;
    bp_block_drain(s->drive);
    s->writeback = 1;
}

static void blk_resized(void *dev)
{
    struct blk *s = dev;
    bp_virtio_config_changed(s->v);
}

static bool power_of_two(uint32_t n) { return n && !(n & (n - 1)); }

static int blk_realize(void *dev)
{
    struct blk *s = dev;
    struct bp_block_info info;
    if (!s->drive)
        return bp_fail(s, EINVAL,
                       "drive is missing: give drive=ID of a -drive if=none,id=ID,file=...");
    if (!power_of_two(s->queue_size))
        return bp_fail(s, EINVAL, "queue-size=%u is not a power of two", s->queue_size);
    bp_block_get_info(s->drive, &info);
    if (s->logical_block_size < info.logical_block)
        s->logical_block_size = info.logical_block;
    if (s->physical_block_size < s->logical_block_size)
        s->physical_block_size = s->logical_block_size;
    if (!power_of_two(s->logical_block_size) || !power_of_two(s->physical_block_size))
        return bp_fail(s, EINVAL, "block sizes %u and %u are not powers of two",
                       s->logical_block_size, s->physical_block_size);
    if (s->serial && strlen(s->serial) > ID_BYTES)
        return bp_fail(s, EINVAL, "serial is longer than %u bytes", ID_BYTES);
    s->v = ((const struct bp_virtio_bus *)s->bus.api)->virtio(s->bus.dev);
    return 0;
}

static const struct bp_virtio_device face = {
    .size = sizeof face, .id = 2, .features = blk_features, .accept = blk_accept,
    .queue_size = blk_queue_size, .notify = blk_notify, .config = blk_config,
    .config_write = blk_config_write, .reset = blk_reset,
};
static const struct bp_block_ops drive_ops = { .size = sizeof drive_ops, .resized = blk_resized };

static const struct bp_prop props[] = {
    BP_STRING(struct blk, serial, NULL, "serial number the guest reads; default: the drive's"),
    BP_UINT(struct blk, num_queues, 1, 1, BP_VIRTIO_QUEUES, "queues"),
    BP_UINT(struct blk, queue_size, 256, 4, BP_VIRTIO_QUEUE_SIZE,
            "entries a queue, a power of two"),
    BP_UINT(struct blk, logical_block_size, SECTOR, SECTOR, 32768,
              "bytes, a power of two; the drive's where that is larger"),
    BP_UINT(struct blk, physical_block_size, SECTOR, SECTOR, 32768,
              "bytes, a power of two"),
    BP_BOOL(struct blk, config_wce, true, "let the guest choose write-back or write-through"),
    BP_BOOL(struct blk, discard, true, "offer discard where the drive can"),
    BP_BOOL(struct blk, write_zeroes, true, "offer writing of zeroes"),
};
static const struct bp_port ports[] = {
    { "drive", BP_KIND_BLOCK, offsetof(struct blk, drive), &drive_ops },
};
static const struct bp_need needs[] = { BP_NEED(struct blk, bus, BP_VIRTIO_BUS_ID, &face) };
static const struct bp_saved saved[] = {
    BP_SAVED(struct blk, writeback, 1),
    BP_TRANSIENT(struct blk, v),
    BP_TRANSIENT(struct blk, turn),
};

BP_VIRTIO_DEVICE(blk, "virtio-blk", "storage", "Virtio block device",
          .state_size = sizeof(struct blk), .props = BP_ROWS(props), .ports = BP_ROWS(ports),
          .needs = BP_ROWS(needs), .saved = BP_ROWS(saved), .flags = BP_DEVICE_USER,
          .realize = blk_realize);
BP_PLUGIN("virtio-blk", "1.0", "MIT");
