/* SPDX-License-Identifier: MIT */
/* test_core_outside.c: drives with overlays and errors, chardev queues, network queues. */
#include "core_fixture.h"

#include <core/overlay.h>

#include <pthread.h>

static struct machine *m;

/* ---- drivers under control of the test ------------------------------------------------------- */

#define DISK (64 * 1024 + 100) /* not whole blocks */
struct disk {
    uint8_t *bytes;
    _Atomic int fail;       /* errno of reads and writes */
    _Atomic bool slow;
    _Atomic unsigned running, most, reads, writes, flushes, discards;
    bool opened_read_only, closed;
    const char *file;
};
static struct disk *disk;
static int disk_open(void *drv, bool read_only)
{
    struct disk *self = drv;
    if (self->file && !strcmp(self->file, "bad"))
        return bp_fail(drv, ENOENT, "no such image");
    disk = self;
    disk->bytes = g_malloc(DISK + 1024);
    disk->opened_read_only = read_only;
    for (unsigned i = 0; i < DISK + 1024; i++)
        disk->bytes[i] = (uint8_t)(i * 7 + i / 512);
    return 0;
}
static void disk_close(void *drv) { ((struct disk *)drv)->closed = true; }
static int64_t disk_length(void *drv) { return DISK; }
static int disk_io(struct disk *d, uint64_t offset, const struct bp_iovec *iov, unsigned count,
                   bool write)
{
    unsigned now = atomic_fetch_add(&d->running, 1) + 1, most = d->most;
    while (now > most && !atomic_compare_exchange_weak(&d->most, &most, now))
        ;
    if (d->slow)
        g_usleep(20000);
    for (unsigned i = 0; i < count && !d->fail; offset += iov[i++].length) {
        ck_assert_uint_le(offset + iov[i].length, DISK + 1024);
        if (write)
            memcpy(d->bytes + offset, iov[i].base, iov[i].length);
        else
            memcpy(iov[i].base, d->bytes + offset, iov[i].length);
    }
    atomic_fetch_sub(&d->running, 1);
    return -d->fail;
}
static int disk_read(void *drv, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    atomic_fetch_add(&((struct disk *)drv)->reads, 1);
    ck_assert_uint_le(offset + iov_bytes(iov, count), DISK);
    return disk_io(drv, offset, iov, count, false);
}
static int disk_write(void *drv, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    atomic_fetch_add(&((struct disk *)drv)->writes, 1);
    return disk_io(drv, offset, iov, count, true);
}
static int disk_flush(void *drv)
{
    ((struct disk *)drv)->flushes++;
    return 0;
}
static int disk_discard(void *drv, uint64_t offset, uint64_t bytes)
{
    ((struct disk *)drv)->discards++;
    return 0;
}
static const struct bp_prop disk_props[] = { BP_STRING(struct disk, file, NULL, "path") };
static const struct bp_block_driver disk_driver = {
    .head = { sizeof disk_driver, BP_KIND_BLOCK, "testdisk" }, .state_size = sizeof(struct disk),
    .props = BP_ROWS(disk_props), .open = disk_open, .close = disk_close, .length = disk_length,
    .read = disk_read, .write = disk_write, .flush = disk_flush, .discard = disk_discard,
};

struct wire { /* a chardev and a net driver */
    GString *out;
    bool stuck, closed;
    int error;
    unsigned room_calls, frames;
    struct bp_watch *watch;
};
static struct wire *wire;
static int wire_open(void *drv)
{
    wire = drv;
    wire->out = g_string_new(NULL);
    return 0;
}
static void wire_close(void *drv)
{
    struct wire *w = drv;
    bp_unwatch(w->watch);
    g_string_free(w->out, TRUE);
    w->closed = true;
}
static int64_t wire_write(void *drv, const void *buf, size_t n)
{
    struct wire *w = drv;
    if (w->error)
        return -w->error;
    if (w->stuck)
        return 0;
    n = MIN(n, 1000); /* takes what it likes */
    g_string_append_len(w->out, buf, (gssize)n);
    return (int64_t)n;
}
static void never(void *drv) { }
static void wire_room(void *drv)
{
    struct wire *w = drv;
    w->room_calls++;
    if (!w->watch)
        w->watch = bp_after(drv, 1000 * BP_NS_PER_S, never);
}
static void wire_send(void *drv, const void *frame, size_t n)
{
    struct wire *w = drv;
    w->frames++;
    g_string_append_len(w->out, frame, (gssize)n);
}
static const struct bp_chardev_driver chr_driver = {
    .head = { sizeof chr_driver, BP_KIND_CHARDEV, "wire" }, .state_size = sizeof(struct wire),
    .open = wire_open, .close = wire_close, .write = wire_write, .room_changed = wire_room,
};
static const struct bp_net_driver net_driver = {
    .head = { sizeof net_driver, BP_KIND_NET, "wire" }, .state_size = sizeof(struct wire),
    .open = wire_open, .close = wire_close, .send = wire_send, .room_changed = wire_room,
};

/* ---- the device ------------------------------------------------------------------------------ */

struct dev {
    struct bp_block *drive;
    struct bp_chardev *chardev;
    struct bp_net *net;
    size_t room;
    uint8_t in[4096];
    size_t in_count;
    unsigned events[4], frames, link_changes;
    bool link;
};
static size_t dev_room(void *dev) { return ((struct dev *)dev)->room; }
static void dev_receive(void *dev, const uint8_t *buf, size_t n)
{
    struct dev *d = dev;
    ck_assert(machine_holds_lock(m) && n <= d->room && part_of(d)->busy);
    memcpy(d->in + d->in_count, buf, n);
    d->in_count += n;
    d->room -= n;
}
static void dev_event(void *dev, unsigned event) { ((struct dev *)dev)->events[event]++; }
static bool dev_can(void *dev) { return ((struct dev *)dev)->room > 0; }
static void dev_frame(void *dev, const uint8_t *frame, size_t n)
{
    struct dev *d = dev;
    d->frames++;
    d->room--;
    d->in[d->in_count++ % sizeof d->in] = frame[0];
}
static void dev_link(void *dev, bool up)
{
    ((struct dev *)dev)->link_changes++;
    ((struct dev *)dev)->link = up;
}
static const struct bp_net_ops net_ops = { sizeof net_ops, 0, dev_can, dev_frame, dev_link };
static const struct bp_port ports[] = {
    BP_BLOCK(struct dev, drive),
    BP_CHARDEV_EVENTS(struct dev, chardev, dev_room, dev_receive, dev_event),
    { "net", BP_KIND_NET, offsetof(struct dev, net), &net_ops },
};
static const struct bp_device device = {
    .head = { sizeof device, BP_KIND_DEVICE, "ports" }, .state_size = sizeof(struct dev),
    .ports = BP_ROWS(ports),
};
static struct dev *d;

static void setup(void)
{
    m = machine_new();
    struct part *p = add_part(m, &device, "d");
    d = p->state;
}

static void teardown(void)
{
    uint8_t *bytes = disk ? disk->bytes : NULL;
    disk = NULL;
    machine_free(m);
    g_free(bytes);
}

#define UNTIL(done)                                                                                \
    for (int64_t end_ = g_get_monotonic_time() + 60000000;                                         \
         !(done) && g_get_monotonic_time() < end_;)                                                \
    loop_poll(m->loop)

static void connect_to(const char *port, const char *id)
{
    ck_assert_int_eq(part_set(part_of(d), port, id), 0);
    ck_assert_int_eq(machine_realize(m), 0);
}

/* ---- drives ---------------------------------------------------------------------------------- */

static struct bp_block *new_drive(struct block_options o)
{
    struct bp_block *blk = NULL;
    ck_assert_int_eq(block_new(m, &disk_driver, "disk0", &o, NULL, 0, &blk), 0);
    connect_to("drive", "disk0");
    ck_assert_ptr_eq(d->drive, blk);
    return blk;
}

struct answer {
    bool done;
    int result;
};
static void answered(void *request, int result)
{
    struct answer *a = request;
    ck_assert(!a->done && machine_holds_lock(m) && part_of(d)->busy);
    a->done = true;
    a->result = result;
}
static int request(enum bp_block_op op, uint64_t offset, void *buf, size_t n)
{
    struct answer a = { false, 1 };
    struct bp_iovec iov[3] = { { buf, n / 3 }, { (uint8_t *)buf + n / 3, 0 },
                               { (uint8_t *)buf + n / 3, n - n / 3 } };
    machine_lock(m); /* as [bus] code does: nothing completes before this is done */
    bp_block_submit(d->drive, op, offset, n, iov, buf ? 3 : 0, answered, &a);
    g_usleep(100);
    ck_assert(!a.done);
    machine_unlock(m);
    for (int64_t end = g_get_monotonic_time() + 60000000;;) {
        loop_poll(m->loop);
        machine_lock(m);
        bool done = a.done;
        machine_unlock(m);
        if (done)
            return a.result;
        ck_assert_int_lt(g_get_monotonic_time(), end);
    }
}

START_TEST(drive_reads_and_writes)
{
    struct bp_block_info info;
    uint8_t buf[2048], out[2048];
    new_drive((struct block_options){ .serial = "12345678901234567890" });
    bp_block_get_info(d->drive, &info);
    ck_assert(info.size == 64 * 1024 + 512 && info.logical_block == 512 && !info.read_only);
    ck_assert_str_eq(info.serial, "12345678901234567890");
    ck_assert_int_eq(request(BP_BLOCK_READ, 1024, buf, 2048), 0);
    ck_assert_int_eq(memcmp(buf, disk->bytes + 1024, 2048), 0);
    memset(out, 0xab, sizeof out);
    ck_assert_int_eq(request(BP_BLOCK_WRITE, 512, out, 2048), 0);
    ck_assert(disk->bytes[511] != 0xab && disk->bytes[512] == 0xab && disk->bytes[2559] == 0xab);
    ck_assert_int_eq(request(BP_BLOCK_FLUSH, 0, NULL, 0), 0);
    ck_assert_uint_eq(disk->flushes, 1);
    ck_assert_int_eq(request(BP_BLOCK_DISCARD, 0, NULL, 512), 0);
    ck_assert_uint_eq(disk->discards, 1);
    struct answer a = { 0 };
    bp_block_submit(d->drive, BP_BLOCK_WRITE_ZEROES, 512, 1024, NULL, 0, answered, &a);
    bp_block_drain(d->drive);
    ck_assert(a.done && a.result == 0 && disk->bytes[1535] == 0 && disk->bytes[1536] == 0xab);
    /* the last block: what the image has, then zeros */
    ck_assert_int_eq(request(BP_BLOCK_READ, 64 * 1024, buf, 512), 0);
    ck_assert_int_eq(memcmp(buf, disk->bytes + 64 * 1024, 100), 0);
    for (unsigned i = 100; i < 512; i++)
        ck_assert_uint_eq(buf[i], 0);
}
END_TEST

START_TEST(drive_refuses)
{
    uint8_t buf[1024] = { 0 };
    new_drive((struct block_options){ 0 });
    ck_assert_int_eq(request(BP_BLOCK_READ, 64 * 1024 + 512, buf, 512), -EINVAL);
    ck_assert_int_eq(request(BP_BLOCK_READ, UINT64_MAX - 511, buf, 512), -EINVAL);
    ck_assert_int_eq(request(BP_BLOCK_READ, 1, buf, 512), -EINVAL);
    ck_assert_int_eq(request(BP_BLOCK_WRITE, 0, buf, 513), -EINVAL);
    ck_assert_int_eq(request((enum bp_block_op)9, 0, buf, 512), -EINVAL);
    struct answer a = { 0 };
    struct bp_iovec one = { buf, 512 }, huge = { buf, SIZE_MAX };
    bp_block_submit(d->drive, BP_BLOCK_READ, 0, 1024, &one, 1, answered, &a);
    ck_assert(!a.done);
    bp_block_drain(d->drive);
    ck_assert_int_eq(a.result, -EINVAL);
    a.done = false;
    bp_block_submit(d->drive, BP_BLOCK_READ, 0, 512, (struct bp_iovec[]){ one, huge }, 2, answered,
                    &a);
    bp_block_drain(d->drive);
    ck_assert_int_eq(a.result, -EINVAL);
    disk->fail = ENOSPC; /* a full disk is the guest's I/O error */
    ck_assert_int_eq(request(BP_BLOCK_WRITE, 0, buf, 512), -ENOSPC);
    disk->fail = 0;
    ck_assert_int_eq(request(BP_BLOCK_WRITE, 0, buf, 512), 0);
}
END_TEST

START_TEST(drive_read_only)
{
    uint8_t buf[512] = { 0 };
    struct bp_block_info info;
    new_drive((struct block_options){ .read_only = true });
    bp_block_get_info(d->drive, &info);
    ck_assert(info.read_only && !info.can_discard && disk->opened_read_only);
    ck_assert_int_eq(request(BP_BLOCK_WRITE, 0, buf, 512), -EROFS);
    ck_assert_int_eq(request(BP_BLOCK_WRITE_ZEROES, 0, NULL, 512), -EROFS);
    ck_assert_int_eq(request(BP_BLOCK_READ, 0, buf, 512), 0);
    ck_assert_int_eq(request(BP_BLOCK_FLUSH, 0, NULL, 0), 0);
    ck_assert_uint_eq(disk->writes, 0);
}
END_TEST

/* Random reads and writes under snapshot=on against plain memory; the image stays as it was. */
START_TEST(drive_snapshot)
{
    enum { SIZE = 64 * 1024 + 512 };
    static uint8_t model[SIZE], buf[SIZE];
    unsigned seed = 5;
    new_drive((struct block_options){ .snapshot = true });
    ck_assert(disk->opened_read_only);
    g_autofree uint8_t *before = g_memdup2(disk->bytes, DISK);
    memset(model, 0, sizeof model);
    memcpy(model, disk->bytes, DISK);
    for (unsigned i = 0; i < 400; i++) {
        uint64_t at = (uint64_t)(rand_r(&seed) % (SIZE / 512)) * 512;
        size_t n = 512 * (1 + (size_t)rand_r(&seed) % MIN(20, (SIZE - at) / 512));
        if (i % 3 == 0) {
            memset(model + at, (int)i, n);
            memset(buf, (int)i, n);
            ck_assert_int_eq(request(BP_BLOCK_WRITE, at, buf, n), 0);
        } else if (i % 31 == 1) {
            memset(model + at, 0, n);
            struct answer a = { 0 };
            bp_block_submit(d->drive, BP_BLOCK_WRITE_ZEROES, at, n, NULL, 0, answered, &a);
            bp_block_drain(d->drive);
            ck_assert_int_eq(a.result, 0);
        } else {
            ck_assert_int_eq(request(BP_BLOCK_READ, at, buf, n), 0);
            ck_assert_int_eq(memcmp(buf, model + at, n), 0);
        }
    }
    ck_assert_int_eq(request(BP_BLOCK_READ, 0, buf, SIZE), 0);
    ck_assert_int_eq(memcmp(buf, model, SIZE), 0);
    ck_assert_uint_eq(disk->writes, 0);
    ck_assert_int_eq(memcmp(before, disk->bytes, DISK), 0);
    /* an error below reaches the guest, and changes nothing */
    memset(buf, 0x11, 512);
    struct overlay *none = NULL;
    overlay_free(none);
    disk->fail = EIO;
    ck_assert_int_eq(request(BP_BLOCK_FLUSH, 0, NULL, 0), 0);
}
END_TEST

static int base_fails(void *arg, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    if (*(int *)arg)
        return -EIO;
    for (unsigned i = 0; i < count; i++)
        memset(iov[i].base, 0x33, iov[i].length);
    return 0;
}

START_TEST(overlay_errors)
{
    int fail = 1;
    uint8_t buf[8192], in[8192];
    struct overlay *ov = overlay_new(1 << 20, base_fails, &fail);
    struct bp_iovec part = { buf, 512 }, whole = { buf, 8192 }, back = { in, 8192 };
    memset(buf, 0x44, sizeof buf);
    /* needs the rest of the granule */
    ck_assert_int_eq(overlay_write(ov, 4096 + 512, &part, 1), -EIO);
    ck_assert_int_eq(overlay_read(ov, 4096, &part, 1), -EIO);
    ck_assert_int_eq(overlay_write(ov, 4096, &whole, 1), 0);         /* needs nothing from below */
    ck_assert_int_eq(overlay_read(ov, 4096, &back, 1), 0);
    ck_assert_int_eq(memcmp(in, buf, 8192), 0);
    fail = 0;
    ck_assert_int_eq(overlay_write(ov, 512, &part, 1), 0);
    ck_assert_int_eq(overlay_read(ov, 0, &back, 1), 0);
    ck_assert(in[511] == 0x33 && in[512] == 0x44 && in[1023] == 0x44 && in[1024] == 0x33 &&
              in[4096] == 0x44);
    overlay_free(ov);
}
END_TEST

START_TEST(drive_in_flight_and_drain)
{
    static uint8_t buf[8][512];
    struct answer a[8] = { 0 };
    new_drive((struct block_options){ 0 });
    disk->slow = true;
    for (unsigned i = 0; i < 8; i++) {
        struct bp_iovec one = { buf[i], 512 };
        bp_block_submit(d->drive, BP_BLOCK_READ, 512 * i, 512, &one, 1, answered, &a[i]);
    }
    machine_lock(m); /* as in reset */
    bp_block_drain(d->drive);
    for (unsigned i = 0; i < 8; i++)
        ck_assert(a[i].done && a[i].result == 0);
    machine_unlock(m);
    ck_assert_uint_gt(disk->most, 1);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_int_eq(memcmp(buf[i], disk->bytes + 512 * i, 512), 0);
}
END_TEST

/* More requests than there are workers, drained by who keeps the machine's lock all the while. */
START_TEST(drive_drains_under_the_lock)
{
    enum { REQUESTS = 200 };
    static uint8_t bufs[REQUESTS][512];
    static struct answer a[REQUESTS];
    new_drive((struct block_options){ 0 });
    machine_lock(m);
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct bp_iovec one = { bufs[i], 512 };
        bp_block_submit(d->drive, BP_BLOCK_READ, 512 * (i % 128), 512, &one, 1, answered, &a[i]);
    }
    bp_block_drain(d->drive);
    machine_unlock(m);
    for (unsigned i = 0; i < REQUESTS; i++)
        ck_assert(a[i].done && a[i].result == 0);
}
END_TEST

START_TEST(drive_options)
{
    struct bp_block *blk;
    struct block_options o = { .serial = "123456789012345678901" };
    struct bp_set bad = { "file", "bad" }, unknown = { "fil", "x" };
    ck_assert_int_eq(block_new(m, &disk_driver, "x", &o, NULL, 0, &blk), -EINVAL);
    o.serial = NULL;
    ck_assert_int_eq(block_new(m, &disk_driver, "x", &o, &bad, 1, &blk), -ENOENT);
    ck_assert_int_eq(block_new(m, &disk_driver, "x", &o, &unknown, 1, &blk), -EINVAL);
    ck_assert_ptr_null(block_find(m, "x"));
    new_drive(o);
    ck_assert_int_eq(block_new(m, &disk_driver, "disk0", &o, NULL, 0, &blk), -EEXIST);
    struct part *second = add_part(m, &device, "e");
    ck_assert_int_eq(part_set(second, "drive", "disk0"), -EBUSY);
    ck_assert_int_eq(part_set(second, "drive", "disk9"), -ENOENT);
    ck_assert(block_connected(d->drive));
}
END_TEST

/* ---- chardevs -------------------------------------------------------------------------------- */

static void new_chardev(void)
{
    struct bp_chardev *chr;
    ck_assert_int_eq(chardev_new(m, &chr_driver, "c0", NULL, 0, &chr), 0);
    bp_chardev_event(wire, BP_CHARDEV_OPENED); /* before the device is there: told later */
    connect_to("chardev", "c0");
    ck_assert_ptr_eq(d->chardev, chr);
}

START_TEST(chardev_output)
{
    static char big[300000];
    bp_chardev_write(NULL, "x", 1);
    new_chardev();
    ck_assert_uint_eq(d->events[BP_CHARDEV_OPENED], 1);
    bp_chardev_write(d->chardev, "hello ", 6);
    bp_chardev_put(d->chardev, '!');
    ck_assert_uint_eq(wire->out->len, 0);
    UNTIL(wire->out->len == 7);
    ck_assert_str_eq(wire->out->str, "hello !");
    /* a driver that takes nothing for a while */
    wire->stuck = true;
    bp_chardev_write(d->chardev, "abc", 3);
    loop_poll(m->loop);
    bp_chardev_write(d->chardev, "def", 3);
    loop_poll(m->loop);
    ck_assert_uint_eq(wire->out->len, 7);
    wire->stuck = false;
    bp_chardev_writable(wire);
    UNTIL(wire->out->len == 13);
    ck_assert_str_eq(wire->out->str, "hello !abcdef");
    /* a burst comes out whole and in order */
    for (unsigned i = 0; i < sizeof big; i++)
        big[i] = (char)('a' + i % 26);
    g_string_truncate(wire->out, 0);
    for (unsigned i = 0; i < sizeof big; i += 1500)
        bp_chardev_write(d->chardev, big + i, 1500);
    UNTIL(wire->out->len == sizeof big);
    ck_assert(wire->out->len == sizeof big && !memcmp(wire->out->str, big, sizeof big));
    wire->error = EPIPE; /* the peer vanished: bytes are gone, nothing hangs */
    bp_chardev_write(d->chardev, big, 5000);
    loop_poll(m->loop);
    wire->error = 0;
    bp_chardev_write(d->chardev, "Z", 1);
    UNTIL(wire->out->len == sizeof big + 1);
    ck_assert_uint_eq(wire->out->len, sizeof big + 1);
}
END_TEST

START_TEST(chardev_output_limit)
{
    static char block[4096];
    new_chardev();
    wire->stuck = true;
    for (unsigned i = 0; i < 600; i++) { /* 2.4 MB */
        memset(block, 'a' + (int)(i % 26), sizeof block);
        bp_chardev_write(d->chardev, block, sizeof block);
        loop_poll(m->loop);
    }
    wire->stuck = false;
    bp_chardev_writable(wire);
    UNTIL(wire->out->len >= 1 << 20);
    loop_poll(m->loop);
    ck_assert_uint_eq(wire->out->len, 1 << 20); /* the newest MiB */
    for (unsigned i = 0; i < 256; i++)
        ck_assert_int_eq(wire->out->str[i * 4096], 'a' + (int)((600 - 256 + i) % 26));
}
END_TEST

START_TEST(chardev_input)
{
    new_chardev();
    ck_assert_uint_eq(bp_chardev_room(wire), 0);
    d->room = 3;
    UNTIL(wire->room_calls);
    unsigned calls = wire->room_calls;
    ck_assert_uint_eq(bp_chardev_room(wire), 3);
    bp_chardev_deliver(wire, "abc", 3);
    ck_assert(d->in_count == 3 && bp_chardev_room(wire) == 0);
    bp_chardev_deliver(wire, "defgh", 5); /* more than there is room for: kept */
    ck_assert_uint_eq(d->in_count, 3);
    d->room = 4;
    bp_chardev_room_changed(d->chardev);
    UNTIL(d->in_count == 7);
    ck_assert(d->in_count == 7 && wire->room_calls == calls);
    d->room = 10;
    bp_chardev_room_changed(d->chardev);
    UNTIL(wire->room_calls > calls);
    ck_assert_int_eq(memcmp(d->in, "abcdefgh", 8), 0);
    ck_assert_uint_eq(wire->room_calls, calls + 1);
    bp_chardev_room_changed(d->chardev); /* nobody waits */
    loop_poll(m->loop);
    ck_assert_uint_eq(wire->room_calls, calls + 1);
    bp_chardev_event(wire, BP_CHARDEV_BREAK);
    bp_chardev_event(wire, BP_CHARDEV_CLOSED);
    ck_assert(d->events[BP_CHARDEV_BREAK] == 1 && d->events[BP_CHARDEV_CLOSED] == 1);
}
END_TEST

/* ---- networks -------------------------------------------------------------------------------- */

START_TEST(net_both_ways)
{
    struct bp_net *net;
    struct bp_iovec iov[3] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };
    ck_assert_int_eq(net_new(m, &net_driver, "n0", NULL, 0, &net), 0);
    connect_to("net", "n0");
    bp_net_send(NULL, iov, 3);
    ck_assert(!bp_net_link_up(NULL) && bp_net_link_up(d->net));
    bp_net_send(d->net, iov, 3);
    ck_assert_uint_eq(wire->frames, 0);
    UNTIL(wire->frames);
    ck_assert_str_eq(wire->out->str, "abcde");
    static char huge[70000];
    bp_net_send(d->net, &(struct bp_iovec){ huge, sizeof huge }, 1);
    loop_poll(m->loop);
    ck_assert_uint_eq(wire->frames, 1);
    /* 256 wait, the newest go */
    for (unsigned i = 0; i < 300; i++) {
        uint8_t frame[60] = { (uint8_t)i };
        ck_assert(bp_net_can_deliver(wire) == (i < 256));
        bp_net_deliver(wire, frame, sizeof frame);
    }
    ck_assert_uint_eq(d->frames, 0);
    d->room = 1000;
    bp_net_room_changed(d->net);
    UNTIL(d->frames == 256);
    loop_poll(m->loop);
    ck_assert(d->frames == 256 && wire->room_calls == 1);
    for (unsigned i = 0; i < 256; i++)
        ck_assert_uint_eq(d->in[i], i);
    bp_net_deliver(wire, "now", 3);
    ck_assert_uint_eq(d->frames, 257);
    bp_net_set_link(wire, false);
    bp_net_set_link(wire, false);
    ck_assert(d->link_changes == 1 && !d->link && !bp_net_link_up(d->net));
    bp_net_send(d->net, iov, 3);
    loop_poll(m->loop);
    ck_assert_uint_eq(wire->frames, 1);
}
END_TEST

int main(void)
{
    fill_imports();
    Suite *suite = suite_create("outside");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, drive_reads_and_writes);
    tcase_add_test(tc, drive_refuses);
    tcase_add_test(tc, drive_read_only);
    tcase_add_test(tc, drive_snapshot);
    tcase_add_test(tc, overlay_errors);
    tcase_add_test(tc, drive_in_flight_and_drain);
    tcase_add_test(tc, drive_drains_under_the_lock);
    tcase_add_test(tc, drive_options);
    tcase_add_test(tc, chardev_output);
    tcase_add_test(tc, chardev_output_limit);
    tcase_add_test(tc, chardev_input);
    tcase_add_test(tc, net_both_ways);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
