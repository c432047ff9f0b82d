/* SPDX-License-Identifier: MIT */
/*
 * fuzz_virtio.c: what a driver can do to a virtio device. The input is a script: a byte that
 * chooses the device, then records of 16 bytes, each a descriptor, an index, a register access, a
 * notification, or something from outside. After each script the device must serve a driver that
 * behaves.
 */
#include "fuzz.h"

#include "../device/virtio_rig.h"

#include <backplane/bus/input.h>

#include <core/block.h>
#include <core/net.h>

#include <stdlib.h>
#include <string.h>

enum { BLK, NET, SERIAL, RNG, SCSI, BALLOON, INPUT, DEVICES };
enum {
    DESC, TABLE, OFFER, INDEX, KICK, WRITE, READ, POKE, OUTSIDE, TIME, START, EVENT, OPS,
};
#define RECORD 16
#define RECORDS_MAX 256
#define QUEUES 6
#define SIZE 16u

/* ---- outside --------------------------------------------------------------------------------- */

struct wire {
    unsigned count;
};

static int wire_open(void *drv) { return 0; }
static void wire_close(void *drv) {}
static void wire_send(void *drv, const void *frame, size_t n) { ((struct wire *)drv)->count++; }

static const struct bp_net_driver wire_driver = {
    .head = { sizeof(struct bp_net_driver), BP_KIND_NET, "wire" },
    .state_size = sizeof(struct wire), .open = wire_open, .close = wire_close, .send = wire_send,
};

static int64_t sink_write(void *drv, const void *buf, size_t n) { return (int64_t)n; }

static const struct bp_chardev_driver sink_driver = {
    .head = { sizeof(struct bp_chardev_driver), BP_KIND_CHARDEV, "sink" },
    .state_size = 1, .open = wire_open, .close = wire_close, .write = sink_write,
};

/* The state of the driver of that type. */
static void *driver_of(struct vr *v, const char *type)
{
    for (guint i = 0; i < v->r.m->others->len; i++) {
        struct part *p = g_ptr_array_index(v->r.m->others, i);
        if (!strcmp(p->type, type))
            return p->state;
    }
    abort();
}

/* ---- machines: one a device, kept ------------------------------------------------------------ */

static struct vr *machine_for(unsigned device, bool legacy)
{
    static struct vr *made[DEVICES][2];
    if (made[device][legacy])
        return made[device][legacy];
    struct vr *v = made[device][legacy] = malloc(sizeof *v);
    vr_open(v, legacy);
    switch (device) {
    case BLK:
        rig_drive_memory(&v->r, "drive", 65536, false);
        vr_device(v, "virtio-blk-device", "num-queues", "2", "queue-size", "16", NULL);
        break;
    case NET:
        net_new(v->r.m, &wire_driver, "netdev", NULL, 0, NULL);
        vr_device(v, "virtio-net-device", NULL);
        break;
    case SERIAL:
        vr_device(v, "virtio-serial-device", NULL);
        vr_part(v, "virtconsole", "con", NULL);
        chardev_new(v->r.m, &sink_driver, "chardev", NULL, 0, NULL); /* for what comes next only */
        vr_part(v, "virtserialport", "port", "name", "a.port", NULL);
        break;
    case SCSI:
        vr_device(v, "virtio-scsi-device", NULL);
        vr_part(v, "scsi-cd", "empty", "scsi-id", "1", NULL);
        rig_drive_memory(&v->r, "drive", 65536, false);
        vr_part(v, "scsi-hd", "hd", NULL);
        break;
    case BALLOON:
        vr_device(v, "virtio-balloon-device", NULL);
        break;
    case INPUT:
        vr_device(v, "virtio-tablet-device", NULL);
        break;
    default:
        vr_device(v, "virtio-rng-device", NULL);
    }
    return v;
}

/* ---- the script ------------------------------------------------------------------------------ */

static uint64_t address(const uint8_t *p)
{
    uint64_t a = 0;
    for (unsigned i = 0; i < 6; i++)
        a |= (uint64_t)p[i] << (8 * i);
    if (a < RIG_RAM_SIZE)
        return RIG_RAM + a;
    return a >> 47 ? a | UINT64_C(0xFFFF) << 48 : a;
}

static void start(struct vr *v, uint64_t mask)
{
    vr_negotiate(v, vr_offered(v) & (mask | BP_VIRTIO_BIT(BP_VIRTIO_F_VERSION_1)));
    for (unsigned q = 0; q < QUEUES; q++)
        vr_queue(v, q, SIZE);
    vr_driver_ok(v);
}

static void outside(struct vr *v, unsigned device, uint32_t n)
{
    uint8_t bytes[2048] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    n %= sizeof bytes;
    if (device == NET)
        net_api.deliver(driver_of(v, "wire"), bytes, n);
    else if (device == INPUT) {
        void *dev;
        const struct bp_input *api = part_find_offer(v->device, BP_INPUT_ID, &dev);
        api->event(dev, (uint16_t)(n % 4), (uint16_t)(n / 4), (int32_t)n);
    } else if (device == SERIAL)
        chardev_api.deliver(driver_of(v, "sink"), bytes,
                            MIN(n, chardev_api.room(driver_of(v, "sink"))));
}

static void step(struct vr *v, unsigned device, const uint8_t *p)
{
    unsigned q = p[1] % QUEUES, i = p[2] | (unsigned)p[3] << 8;
    uint32_t n = p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 24;
    uint64_t gpa = address(p + 8);
    uint16_t flags = p[14], next = p[15];
    uint8_t two[2] = { (uint8_t)i, (uint8_t)(i >> 8) };
    bool ready = v->q[q].size;
    switch (p[0] % OPS) {
    case DESC:
        if (ready)
            vr_raw_desc(v, q, i % SIZE, gpa, n, flags, next);
        break;
    case TABLE:
        vr_table_desc(v, VR_INDIRECT, i % 256, gpa, n, flags, next);
        break;
    case OFFER:
        if (ready)
            vr_offer(v, q, (uint16_t)i);
        break;
    case INDEX:
        if (ready)
            rig_poke(&v->r, v->q[q].avail + 2, two, 2);
        break;
    case KICK:
        vr_write(v, VR_NOTIFY, p[1]);
        break;
    case WRITE:
        rig_write(&v->r, 0, i % 0x300, 1u << flags % 4, n);
        break;
    case READ:
        rig_read(&v->r, 0, i % 0x300, 1u << flags % 4);
        break;
    case POKE:
        rig_poke(&v->r, (gpa >= RIG_RAM ? gpa - RIG_RAM : gpa) % (RIG_RAM_SIZE - 4), p + 4, 4);
        break;
    case OUTSIDE:
        outside(v, device, n);
        break;
    case TIME:
        rig_advance(&v->r, i);
        rig_poll(&v->r);
        break;
    case START:
        start(v, gpa);
        break;
    default:
        if (ready)
            rig_poke(&v->r, v->q[q].avail + 4 + 2 * SIZE, two, 2);
    }
}

/* ---- afterwards ------------------------------------------------------------------------------ */

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* A driver that behaves: the device answers. */
static void still_works(struct vr *v, unsigned device)
{
    const struct vr_desc out = { VR_DATA, 64, false, 0 }, in = { VR_DATA + 64, 64, true, 0 },
                         command[] = { { VR_DATA, 51, false, 0 }, { VR_DATA + 512, 108, true, 0 } },
                         request[] = { { VR_DATA, 16, false, 0 }, { VR_DATA + 512, 512, true, 0 },
                                       { VR_DATA + 64, 1, true, 0 } };
    static const uint8_t zeroes[64] = { 0 };
    struct vr_used u;
    start(v, UINT64_MAX);
    rig_poke(&v->r, VR_DATA, zeroes, sizeof zeroes);
    unsigned q = device == NET || device == SERIAL || device == INPUT ? 1 : device == SCSI ? 2 : 0;
    if (device == SCSI)
        rig_poke(&v->r, VR_DATA, "\1", 1); /* TEST UNIT READY of target 0 */
    if (device == SCSI)
        vr_add(v, q, command, 2);
    else if (device == BLK)
        vr_add(v, q, request, 3);
    else
        vr_add(v, q, device == RNG ? &in : &out, 1);
    vr_kick(v, q);
    must(vr_used(v, q, &u) && u.id == 0);
    uint8_t status = 0xEE;
    rig_peek(&v->r, VR_DATA + 64, &status, 1);
    must(device != BLK || (status == 0 && u.length == 513));
    must(device != RNG || u.length == 64);
    must(device != SCSI || u.length == 108);
    vr_write(v, VR_STATUS, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    unsigned device = (data[0] & 0x7F) % DEVICES;
    struct vr *v = machine_for(device, data[0] & 0x80);
    machine_reset(v->r.m);
    memset(v->q, 0, sizeof v->q);
    data++;
    for (unsigned i = 0; i < RECORDS_MAX && (size_t)RECORD * (i + 1) < n; i++)
        step(v, device, data + RECORD * i);
    rig_poll(&v->r);
    machine_reset(v->r.m);
    still_works(v, device);
    return 0;
}

/* ---- seeds ----------------------------------------------------------------------------------- */

struct script {
    uint8_t bytes[1 + RECORD * 32];
    size_t n;
};

static void record(struct script *s, unsigned op, unsigned q, unsigned i, uint32_t n, uint64_t addr,
                   unsigned flags, unsigned next)
{
    uint8_t *p = s->bytes + s->n;
    p[0] = (uint8_t)op;
    p[1] = (uint8_t)q;
    p[2] = (uint8_t)i;
    p[3] = (uint8_t)(i >> 8);
    for (unsigned k = 0; k < 4; k++)
        p[4 + k] = (uint8_t)(n >> (8 * k));
    for (unsigned k = 0; k < 6; k++)
        p[8 + k] = (uint8_t)(addr >> (8 * k));
    p[14] = (uint8_t)flags;
    p[15] = (uint8_t)next;
    s->n += RECORD;
}

/* The last byte of a record may be cut off by fuzz_seeds' caller: each script ends in a spare
 * one. */
static void add_script(void (*add)(const void *data, size_t n), struct script *s)
{
    record(s, TIME, 0, 1, 0, 0, 0, 0);
    s->bytes[s->n] = 0;
    add(s->bytes, s->n + 1);
}

static struct script begin(unsigned device)
{
    struct script s = { { (uint8_t)device }, 1 };
    record(&s, START, 0, 0, 0, UINT64_C(0xFFFFFFFFFFFF), 0, 0);
    return s;
}

static void blk_seed(void (*add)(const void *data, size_t n), uint32_t type, uint32_t length,
                     unsigned data_flags)
{
    struct script s = begin(BLK);
    record(&s, POKE, 0, 0, type, VR_DATA, 0, 0);
    record(&s, DESC, 0, 0, 16, VR_DATA, VR_NEXT, 1);
    record(&s, DESC, 0, 1, length, VR_DATA + 512, VR_NEXT | data_flags, 2);
    record(&s, DESC, 0, 2, 1, VR_DATA + 64, VR_WRITE, 0);
    record(&s, OFFER, 0, 0, 0, 0, 0, 0);
    record(&s, KICK, 0, 0, 0, 0, 0, 0);
    add_script(add, &s);
}

/* A command of SCSI: where it goes and its first words, then data both ways. */
static void scsi_seed(void (*add)(const void *data, size_t n), uint32_t words, uint32_t more,
                      bool write)
{
    struct script s = begin(SCSI);
    record(&s, POKE, 0, 0, 0x00400001, VR_DATA, 0, 0);
    record(&s, POKE, 0, 0, words << 24, VR_DATA + 16, 0, 0); /* the CDB begins at byte 19 */
    record(&s, POKE, 0, 0, words >> 8 | more << 24, VR_DATA + 20, 0, 0);
    record(&s, POKE, 0, 0, more >> 8, VR_DATA + 24, 0, 0);
    record(&s, DESC, 2, 0, 51, VR_DATA, VR_NEXT, 1);
    record(&s, DESC, 2, 1, write ? 1024 : 108, VR_DATA + 512, VR_NEXT | (write ? 0 : VR_WRITE), 2);
    record(&s, DESC, 2, 2, write ? 108 : 1024, VR_DATA + 2048, VR_WRITE, 0);
    record(&s, OFFER, 2, 0, 0, 0, 0, 0);
    record(&s, KICK, 2, 0, 0, 0, 0, 0);
    record(&s, TIME, 0, 1, 0, 0, 0, 0);
    record(&s, OFFER, 2, 0, 0, 0, 0, 0);
    record(&s, KICK, 2, 0, 0, 0, 0, 0);
    add_script(add, &s);
}

static void simple_seed(void (*add)(const void *data, size_t n), unsigned device, unsigned q,
                        bool write)
{
    struct script s = begin(device);
    record(&s, POKE, 0, 0, RIG_RAM / 4096 + 0xF0, VR_DATA, 0, 0);
    record(&s, DESC, q, 0, 64, VR_DATA, write ? VR_WRITE : 0, 0);
    record(&s, OFFER, q, 0, 0, 0, 0, 0);
    record(&s, KICK, q, 0, 0, 0, 0, 0);
    record(&s, OUTSIDE, q, 0, 3, 0, 0, 0);
    record(&s, OUTSIDE, q, 0, 0, 0, 0, 0);
    record(&s, WRITE, q, VR_CONFIG, 0x11, 0, 0, 0);
    record(&s, READ, q, VR_CONFIG + 8, 0, 0, 2, 0);
    add_script(add, &s);
}

void fuzz_seeds(void (*add)(const void *data, size_t n))
{
    scsi_seed(add, 0x00000012, 0x24, false);            /* INQUIRY */
    scsi_seed(add, 0x00830112, 0xFF, false);            /* its page 83 */
    scsi_seed(add, 0x003F001A, 0xFF, false);            /* MODE SENSE */
    scsi_seed(add, 0x00000028, 0x02000000, false);      /* READ (10) */
    scsi_seed(add, 0x0000002A, 0x02000000, true);       /* WRITE (10) */
    scsi_seed(add, 0x00001015, 0x18, true);             /* MODE SELECT */
    scsi_seed(add, 0x00000042, 0x18000000, true);       /* UNMAP */
    scsi_seed(add, 0x00000041, 0x02000000, true);       /* WRITE SAME */
    simple_seed(add, SCSI, 0, false);
    simple_seed(add, BALLOON, 0, false);
    simple_seed(add, BALLOON, 1, false);
    simple_seed(add, INPUT, 0, true);
    simple_seed(add, INPUT, 1, false);
    blk_seed(add, 0, 1024, VR_WRITE);
    blk_seed(add, 1, 1024, 0);
    blk_seed(add, 8, 20, VR_WRITE);
    blk_seed(add, 13, 32, 0);
    for (unsigned device = NET; device <= RNG; device++) {
        for (unsigned q = 0; q < (device == NET ? 3u : device == SERIAL ? 6u : 1u); q++) {
            bool write = device == RNG || q % 2 == 0;
            struct script s = begin(device);
            record(&s, TABLE, q, 0, 100, VR_DATA, VR_NEXT | (write ? VR_WRITE : 0), 1);
            record(&s, TABLE, q, 1, 100, VR_DATA + 512, write ? VR_WRITE : 0, 0);
            record(&s, DESC, q, 0, 32, VR_INDIRECT, VR_INDIRECT_FLAG, 0);
            record(&s, DESC, q, 1, 2, VR_DATA, VR_NEXT, 2);
            record(&s, DESC, q, 2, 60, VR_DATA + 8, VR_WRITE, 0);
            record(&s, OFFER, q, 0, 0, 0, 0, 0);
            record(&s, KICK, q, 0, 0, 0, 0, 0);
            record(&s, OUTSIDE, q, 0, 60, 0, 0, 0);
            record(&s, OFFER, q, 1, 0, 0, 0, 0);
            record(&s, WRITE, q, VR_NOTIFY, q, 0, 2, 0);
            record(&s, READ, q, VR_CONFIG, 0, 0, 2, 0);
            add_script(add, &s);
        }
    }
    struct script legacy = begin(0x80 | RNG);
    record(&legacy, DESC, 0, 3, 10, VR_DATA, VR_WRITE, 0);
    record(&legacy, OFFER, 0, 3, 0, 0, 0, 0);
    record(&legacy, KICK, 0, 0, 0, 0, 0, 0);
    add_script(add, &legacy);
}
