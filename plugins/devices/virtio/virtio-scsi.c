/* SPDX-License-Identifier: MIT */
/*
 * virtio-scsi.c: the virtio SCSI host device (virtio 1.3, 5.6): one channel, 256 targets, units by
 * bus/scsi.h. No hot-plug, no protection information.
 */
#include <backplane/bus/scsi.h>
#include <backplane/bus/virtio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CONTROL = 0, EVENT = 1, REQUEST = 2 };           /* queues */
enum { LUN_BYTES = 8, HEADER = 19, RESPONSE = 12 };     /* without CDB, without sense */
enum { CDB_DEFAULT = 32, SENSE_DEFAULT = 96 };
enum { SENSE_AT = 20, CDB_AT = 24 };                    /* offsets in the configuration space */
/* Answers (5.6.6.1.1, 5.6.6.2) */
enum { R_OK = 0, R_OVERRUN = 1, R_BAD_TARGET = 3, R_FAILURE = 9, R_REJECTED = 11,
       R_INCORRECT_LUN = 12 };
enum { T_TMF = 0, T_AN_QUERY = 1, T_AN_SUBSCRIBE = 2 };
enum { TMF_ABORT_TASK = 0, TMF_ABORT_TASK_SET = 1, TMF_CLEAR_ACA = 2, TMF_CLEAR_TASK_SET = 3,
       TMF_NEXUS_RESET = 4, TMF_UNIT_RESET = 5, TMF_QUERY_TASK = 6, TMF_QUERY_TASK_SET = 7 };
enum { INQUIRY = 0x12, REQUEST_SENSE = 0x03, REPORT_LUNS = 0xA0 };

#define UNITS 256u     /* in all */
#define LUN_MAX 16383u
#define TARGETS 256u
#define TURN_MAX 256u  /* requests started, then others have their turn */

struct unit {
    const struct bp_scsi_unit *face;
    void *dev;
    uint32_t id, lun;
};

struct vscsi {
    uint32_t num_queues, virtqueue_size, cmd_per_lun, max_sectors;
    struct bp_link bus;
    struct bp_virtio *v;
    uint32_t cdb_size, sense_size;  /* as the driver chose */
    struct unit units[UNITS];
    uint32_t unit_count;
    uint8_t turn;                   /* 0 except in notify */
};

struct request {
    struct bp_scsi_command c; /* first */
    struct vscsi *s;
    struct bp_virtq_buffer *buffer;
    struct bp_iovec *cut;           /* the data parts of the buffer's lists */
};

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
static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* ---- units ----------------------------------------------------------------------------------- */

static struct unit *find_unit(struct vscsi *s, uint32_t id, uint32_t lun)
{
    for (uint32_t i = 0; i < s->unit_count; i++)
        if (s->units[i].id == id && s->units[i].lun == lun)
            return &s->units[i];
    return NULL;
}

static bool has_target(const struct vscsi *s, uint32_t id)
{
    for (uint32_t i = 0; i < s->unit_count; i++)
        if (s->units[i].id == id)
            return true;
    return false;
}

/* Target and unit of an address (5.6.6.1): 1, target, two bytes of a flat unit number. */
static bool parse_lun(const uint8_t lun[LUN_BYTES], uint32_t *ret_id, uint32_t *ret_lun)
{
    *ret_id = lun[1];
    *ret_lun = ((uint32_t)lun[2] << 8 | lun[3]) & 0x3FFF;
    return lun[0] == 1 && (lun[2] & 0xC0) != 0x80 && (lun[2] & 0xC0) != 0xC0;
}

static int bus_attached(void *dev, struct bp_link child)
{
    struct vscsi *s = dev;
    const struct bp_scsi_unit *face = child.api;
    uint32_t id, lun;
    if (!face || face->size < sizeof *face)
        return bp_fail(child.dev, EINVAL, "its SCSI face has %u bytes, %zu are needed",
                       face ? face->size : 0, sizeof *face);
    face->address(child.dev, &id, &lun);
    if (lun == BP_SCSI_ANY)
        lun = 0;
    if (id == BP_SCSI_ANY)
        for (id = 0; id < TARGETS && find_unit(s, id, lun);)
            id++;
    if (id >= TARGETS || lun > LUN_MAX)
        return bp_fail(child.dev, EINVAL, "scsi-id is up to %u, lun up to %u", TARGETS - 1, LUN_MAX);
    const struct unit *there = find_unit(s, id, lun);
    if (there)
        return bp_fail(child.dev, EBUSY, "scsi-id=%u, lun=%u is taken by %s", id, lun,
                       bp_name(there->dev));
    if (s->unit_count == UNITS)
        return bp_fail(child.dev, EBUSY, "%s has %u units already", bp_name(s), UNITS);
    s->units[s->unit_count++] = (struct unit){ face, child.dev, id, lun };
    return 0;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void answer(struct request *r, uint8_t response)
{
    struct vscsi *s = r->s;
    struct bp_virtq_buffer *b = r->buffer;
    struct bp_scsi_command *c = &r->c;
    uint8_t head[RESPONSE + BP_SCSI_SENSE_MAX] = { 0 };
    uint64_t data = c->out_bytes + c->in_bytes;
    uint32_t sense = c->sense_bytes < s->sense_size ? c->sense_bytes : s->sense_size;
    unsigned q = b->queue;
    put32(head, sense);
    put32(head + 4, (uint32_t)(data - (c->moved < data ? c->moved : data)));
    head[10] = c->status;
    head[11] = response;
    memcpy(head + RESPONSE, c->sense, sense);
    uint32_t used = RESPONSE + s->sense_size;
    bp_iov_write(b->in, b->in_count, 0, head, sizeof head < used ? sizeof head : used);
    bp_virtq_push(s->v, b, c->in_bytes ? used + (uint32_t)c->moved : used);
    free(r->cut);
    free(r);
    if (!s->turn)
        bp_virtq_signal(s->v, q);
}

static void command_done(struct bp_scsi_command *c) { answer((struct request *)c, R_OK); }

static void check_condition(struct bp_scsi_command *c, uint8_t key, uint8_t asc)
{
    c->status = BP_SCSI_CHECK_CONDITION;
    c->sense_bytes = 18;
    c->sense[0] = 0x70;
    c->sense[2] = key;
    c->sense[7] = 10;
    c->sense[12] = asc;
}

static void report_luns(struct vscsi *s, struct bp_scsi_command *c, uint32_t id)
{
    uint32_t limit = (uint32_t)c->cdb[6] << 24 | (uint32_t)c->cdb[7] << 16 |
                     (uint32_t)c->cdb[8] << 8 | c->cdb[9], n = 8;
    uint8_t list[8 + 8 * UNITS] = { 0 };
    bool zero = find_unit(s, id, 0) != NULL;
    n += zero ? 0 : 8; /* unit 0 answers this always, so it is listed */
    for (uint32_t i = 0; i < s->unit_count; i++) {
        if (s->units[i].id != id)
            continue;
        uint32_t lun = s->units[i].lun;
        uint8_t *at = &list[n];
        at[0] = lun > 255 ? (uint8_t)(0x40 | lun >> 8) : 0;
        at[1] = (uint8_t)lun;
        n += 8;
    }
    list[2] = (uint8_t)((n - 8) >> 8);
    list[3] = (uint8_t)(n - 8);
    c->moved = bp_iov_write(c->in, c->in_count, 0, list, n < limit ? n : limit);
}

/* A target answers these for units that it does not have. */
static void no_unit(struct bp_scsi_command *c)
{
    uint8_t inquiry[36] = { 0x7F, 0, 5, 2, 31 };
    uint32_t limit = (uint32_t)c->cdb[3] << 8 | c->cdb[4];
    if (c->cdb[0] == INQUIRY)
        c->moved = bp_iov_write(c->in, c->in_count, 0, inquiry,
                                limit < sizeof inquiry ? limit : sizeof inquiry);
    else
        check_condition(c, 5, 0x25); /* illegal request: logical unit not supported */
}

static void dispatch(struct request *r, const uint8_t lun[LUN_BYTES])
{
    struct vscsi *s = r->s;
    uint32_t id, number;
    bool fine = parse_lun(lun, &id, &number);
    struct unit *u = fine ? find_unit(s, id, number) : NULL;
    if (!fine || !has_target(s, id)) {
        answer(r, R_BAD_TARGET);
    } else if (r->c.out_bytes && r->c.in_bytes) {
        answer(r, R_FAILURE); /* both directions: not offered */
    } else if (r->c.cdb[0] == REPORT_LUNS) {
        report_luns(s, &r->c, id);
        answer(r, R_OK);
    } else if (!u) {
        no_unit(&r->c);
        answer(r, R_OK);
    } else {
        u->face->start(u->dev, &r->c);
    }
}

static void start(struct vscsi *s, struct bp_virtq_buffer *b)
{
    uint8_t header[HEADER + BP_SCSI_CDB_MAX] = { 0 };
    uint32_t out_head = HEADER + s->cdb_size, in_head = RESPONSE + s->sense_size;
    size_t known = out_head < sizeof header ? out_head : sizeof header;
    struct request *r = NULL;
    if (b->out_bytes >= out_head && b->in_bytes >= in_head)
        r = calloc(1, sizeof *r);
    if (r)
        r->cut = calloc(b->out_count + b->in_count + 1, sizeof *r->cut);
    if (!r || !r->cut) {
        bp_virtio_fail(s->v, "a SCSI request of %llu bytes to read and %llu to write",
                       (unsigned long long)b->out_bytes, (unsigned long long)b->in_bytes);
        free(r);
        bp_virtq_push(s->v, b, 0);
        return;
    }
    bp_iov_read(b->out, b->out_count, 0, header, known);
    struct bp_iovec *out = r->cut, *in = r->cut + b->out_count;
    memcpy(out, b->out, b->out_count * sizeof *out);
    memcpy(in, b->in, b->in_count * sizeof *in);
    r->s = s;
    r->buffer = b;
    r->c = (struct bp_scsi_command){
        .size = sizeof r->c, .out = out, .in = in, .out_bytes = b->out_bytes - out_head,
        .in_bytes = b->in_bytes - in_head, .done = command_done, .adapter = r,
    };
    r->c.out_count = bp_iov_cut(out, b->out_count, out_head, r->c.out_bytes);
    r->c.in_count = bp_iov_cut(in, b->in_count, in_head, r->c.in_bytes);
    memcpy(r->c.cdb, header + HEADER, BP_SCSI_CDB_MAX);
    dispatch(r, header);
}

/* ---- the control queue ----------------------------------------------------------------------- */

/* Commands end soon by themselves, so aborting one waits for all of its unit's. */
static uint8_t task_management(struct vscsi *s, const uint8_t *message)
{
    uint32_t subtype = get32(message + 4), id, lun;
    if (!parse_lun(message + 8, &id, &lun) || !has_target(s, id))
        return R_BAD_TARGET;
    const struct unit *u = find_unit(s, id, lun);
    bool whole = subtype == TMF_NEXUS_RESET;
    if (subtype > TMF_QUERY_TASK_SET || subtype == TMF_CLEAR_ACA)
        return R_REJECTED;
    if (!u && !whole)
        return R_INCORRECT_LUN;
    for (uint32_t i = 0; i < s->unit_count; i++) {
        const struct unit *one = &s->units[i];
        if (whole ? one->id != id : one != u)
            continue;
        one->face->drain(one->dev);
        if (whole || subtype == TMF_UNIT_RESET)
            one->face->reset(one->dev);
    }
    return R_OK; /* function complete: of a query, too: the task is no longer there */
}

static void control(struct vscsi *s, struct bp_virtq_buffer *b)
{
    uint8_t message[24] = { 0 }, reply[5] = { 0 };
    size_t n = bp_iov_read(b->out, b->out_count, 0, message, sizeof message), size = 1;
    uint32_t type = get32(message);
    if (type == T_TMF && n == 24) {
        reply[0] = task_management(s, message);
    } else if ((type == T_AN_QUERY || type == T_AN_SUBSCRIBE) && n >= 16) {
        size = 5; /* no event is ever reported */
    } else {
        bp_virtio_fail(s->v, "a control message of type %u and %zu bytes", type, n);
        size = 0;
    }
    bp_virtq_push(s->v, b, (uint32_t)bp_iov_write(b->in, b->in_count, 0, reply, size));
}

/* ---- the face -------------------------------------------------------------------------------- */

static void scsi_notify(void *dev, unsigned q)
{
    struct vscsi *s = dev;
    struct bp_virtq_buffer *b = NULL;
    unsigned count = 0;
    if (q == EVENT) /* buffers for what never comes */
        return;
    s->turn = 1; /* what completes at once is signalled together below */
    while (count++ < TURN_MAX && (b = bp_virtq_pop(s->v, q))) {
        if (q == CONTROL)
            control(s, b);
        else
            start(s, b);
    }
    s->turn = 0;
    for (unsigned i = 0; i < REQUEST + s->num_queues; i++)
        if (i == q || q == CONTROL)
            bp_virtq_signal(s->v, i);
    if (b)
        bp_virtio_again(s->v, q);
}

static uint64_t scsi_features(void *dev) { return 0; }

static uint32_t scsi_queue_size(void *dev, unsigned q)
{
    struct vscsi *s = dev;
    return q < REQUEST + s->num_queues ? s->virtqueue_size : 0;
}

static uint32_t scsi_config(void *dev, uint8_t buf[BP_VIRTIO_CONFIG_SIZE])
{
    struct vscsi *s = dev;
    put32(buf, s->num_queues);
    put32(buf + 4, s->virtqueue_size - 2); /* seg_max: without header and answer */
    put32(buf + 8, s->max_sectors);
    put32(buf + 12, s->cmd_per_lun);
    put32(buf + 16, 16);                   /* bytes of an event */
    put32(buf + SENSE_AT, s->sense_size);
    put32(buf + CDB_AT, s->cdb_size);
    put16(buf + 28, 0);                    /* max_channel */
    put16(buf + 30, TARGETS - 1);
    put32(buf + 32, LUN_MAX);
    return 36;
}

static void scsi_config_write(void *dev, uint32_t offset, uint32_t value, unsigned n)
{
    struct vscsi *s = dev;
    if (offset == SENSE_AT && n == 4 && value < 65536)
        s->sense_size = value;
    else if (offset == CDB_AT && n == 4 && value < 256)
        s->cdb_size = value;
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "write of 0x%x to offset %u of the configuration space, where "
               "only sense_size (to 65535) and cdb_size (to 255) change", value, offset);
}

static void scsi_reset(void *dev)
{
    struct vscsi *s = dev;
    for (uint32_t i = 0; i < s->unit_count; i++) {
        s->units[i].face->drain(s->units[i].dev);
        s->units[i].face->reset(s->units[i].dev);
    }
    s->cdb_size = CDB_DEFAULT;
    s->sense_size = SENSE_DEFAULT;
}

static int scsi_realize(void *dev)
{
    struct vscsi *s = dev;
    if (!s->virtqueue_size || (s->virtqueue_size & (s->virtqueue_size - 1)))
        return bp_fail(s, EINVAL, "virtqueue-size=%u is not a power of two", s->virtqueue_size);
    s->cdb_size = CDB_DEFAULT;
    s->sense_size = SENSE_DEFAULT;
    s->v = ((const struct bp_virtio_bus *)s->bus.api)->virtio(s->bus.dev);
    return 0;
}

static int scsi_post_load(void *dev)
{
    struct vscsi *s = dev;
    return s->cdb_size < 256 && s->sense_size < 65536 ? 0
           : bp_fail(s, EINVAL, "the saved sizes of requests are wrong");
}

static const struct bp_virtio_device face = {
    .size = sizeof face, .id = 8, .features = scsi_features, .queue_size = scsi_queue_size,
    .notify = scsi_notify, .config = scsi_config, .config_write = scsi_config_write,
    .reset = scsi_reset,
};
static const struct bp_scsi_bus scsi_bus = { sizeof scsi_bus, 0 };
static const struct bp_prop props[] = {
    BP_UINT(struct vscsi, num_queues, 1, 1, BP_VIRTIO_QUEUES - REQUEST, "request queues"),
    BP_UINT(struct vscsi, virtqueue_size, 256, 4, BP_VIRTIO_QUEUE_SIZE,
            "entries a queue, a power of two"),
    BP_UINT(struct vscsi, cmd_per_lun, 128, 1, 65535, "commands at once that a unit takes"),
    BP_UINT(struct vscsi, max_sectors, 65535, 1, UINT32_MAX, "512-byte blocks of a transfer"),
};
static const struct bp_need needs[] = { BP_NEED(struct vscsi, bus, BP_VIRTIO_BUS_ID, &face) };
static const struct bp_offer offers[] = {
    { .name = "0", .id = BP_SCSI_BUS_ID, .api = &scsi_bus, .attached = bus_attached },
};
static const struct bp_saved saved[] = {
    BP_SAVED(struct vscsi, cdb_size, 1),
    BP_SAVED(struct vscsi, sense_size, 1),
    BP_TRANSIENT(struct vscsi, units),
    BP_TRANSIENT(struct vscsi, unit_count),
    BP_TRANSIENT(struct vscsi, v),
    BP_TRANSIENT(struct vscsi, turn),
};

BP_VIRTIO_DEVICE(scsi, "virtio-scsi", "storage", "Virtio SCSI host, for scsi-hd and scsi-cd",
                 .state_size = sizeof(struct vscsi), .props = BP_ROWS(props),
                 .needs = BP_ROWS(needs), .offers = BP_ROWS(offers), .saved = BP_ROWS(saved),
                 .flags = BP_DEVICE_USER, .realize = scsi_realize, .post_load = scsi_post_load);
BP_PLUGIN("virtio-scsi", "1.0", "MIT");
