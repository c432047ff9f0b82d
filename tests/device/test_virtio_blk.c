/* SPDX-License-Identifier: MIT */
/* test_virtio_blk.c: the block device through its slot, on a drive in memory and on files. */
#include "virtio_rig.h"

#include <core/block.h>
#include <core/loader.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLK "virtio-blk-device"
#define ALL UINT64_MAX
#define DISK (1u << 20)
enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum { OK = 0, IOERR = 1, UNSUPP = 2, UNTOUCHED = 0xEE };
enum { F_RO = 5, F_FLUSH = 9, F_CONFIG_WCE = 11, F_MQ = 12, F_DISCARD = 13, F_WRITE_ZEROES = 14 };

/* Where a request's parts lie. */
#define HEADER VR_DATA
#define STATUS (VR_DATA + 0x100)
#define DATA (VR_DATA + 0x1000)

static uint8_t *disk;

static void blk(struct vr *v, bool read_only)
{
    vr_open(v, false);
    disk = rig_drive_memory(&v->r, "drive", DISK, read_only);
    vr_device(v, BLK, "serial", "SERIAL-0123456789ABC", NULL);
    vr_start(v, ALL, 1, 64);
}

static void done(struct vr *v)
{
    vr_close(v);
    g_free(disk);
}

static void header(struct vr *v, uint32_t at, uint32_t type, uint64_t sector)
{
    uint8_t h[16] = { 0 }, status = UNTOUCHED;
    memcpy(h, &type, 4);
    memcpy(h + 8, &sector, 8);
    rig_poke(&v->r, at, h, sizeof h);
    rig_poke(&v->r, STATUS, &status, 1);
}

static uint8_t status(struct vr *v)
{
    uint8_t b;
    rig_peek(&v->r, STATUS, &b, 1);
    return b;
}

/* A request with n bytes at DATA; `write`: the device writes them. */
static uint8_t request(struct vr *v, uint32_t type, uint64_t sector, uint32_t n, bool write,
                       uint32_t *ret_used)
{
    const struct vr_desc d[] = { { HEADER, 16, false, 0 }, { DATA, n, write, 0 },
                                 { STATUS, 1, true, 0 } };
    header(v, HEADER, type, sector);
    uint32_t used;
    if (n) {
        used = vr_run(v, 0, d, 3);
    } else {
        const struct vr_desc two[] = { d[0], d[2] };
        used = vr_run(v, 0, two, 2);
    }
    if (ret_used)
        *ret_used = used;
    return status(v);
}

static void fill(uint8_t *p, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
}

START_TEST(configuration)
{
    struct vr v;
    blk(&v, false);
    ck_assert_uint_eq(vr_read(&v, VR_ID), 2);
    ck_assert_uint_eq(vr_config32(&v, 0), DISK / 512);
    ck_assert_uint_eq(vr_config32(&v, 4), 0);
    ck_assert_uint_eq(vr_config32(&v, 12), 254); /* seg_max */
    ck_assert_uint_eq(vr_config32(&v, 20), 512); /* blk_size */
    ck_assert_uint_eq(vr_config32(&v, 60), 0);
    ck_assert_uint_eq(vr_config32(&v, 0xEFC), 0);
    uint64_t f = vr_offered(&v);
    ck_assert(f >> F_FLUSH & 1);
    ck_assert(!(f >> F_RO & 1));
    ck_assert(!(f >> F_DISCARD & 1)); /* this drive has no discard */
    ck_assert(f >> F_WRITE_ZEROES & 1);
    vr_write(&v, VR_CONFIG, 5); /* capacity is read-only */
    ck_assert_uint_eq(vr_config32(&v, 0), DISK / 512);
    done(&v);
}
END_TEST

START_TEST(reads_and_writes)
{
    struct vr v;
    uint8_t buf[4096], got[4096];
    uint32_t used;
    blk(&v, false);
    fill(disk, DISK, 7);
    ck_assert_uint_eq(request(&v, IN, 3, 4096, true, &used), OK);
    ck_assert_uint_eq(used, 4097);
    rig_peek(&v.r, DATA, got, sizeof got);
    ck_assert_mem_eq(got, disk + 3 * 512, sizeof got);
    fill(buf, sizeof buf, 8);
    rig_poke(&v.r, DATA, buf, sizeof buf);
    ck_assert_uint_eq(request(&v, OUT, DISK / 512 - 8, 4096, false, &used), OK);
    ck_assert_uint_eq(used, 1);
    ck_assert_mem_eq(disk + DISK - 4096, buf, sizeof buf);
    ck_assert_uint_eq(request(&v, FLUSH, 0, 0, false, NULL), OK);
    ck_assert_uint_ge(vr_interrupts(&v), 1);
    done(&v);
}
END_TEST

/* The header, the data and the status in pieces of odd sizes, data and status in one descriptor. */
START_TEST(any_layout)
{
    struct vr v;
    uint8_t got[1536];
    blk(&v, false);
    fill(disk, DISK, 9);
    header(&v, HEADER, IN, 1);
    const struct vr_desc d[] = {
        { HEADER, 3, false, 0 }, { HEADER + 3, 13, false, 0 }, { DATA, 1, true, 0 },
        { DATA + 1, 511, true, 0 }, { DATA + 512, 700, true, 0 }, { DATA + 1212, 325, true, 0 },
    };
    ck_assert_uint_eq(vr_run(&v, 0, d, 6), 1537);
    rig_peek(&v.r, DATA, got, sizeof got);
    ck_assert_mem_eq(got, disk + 512, sizeof got);
    uint8_t b = UNTOUCHED;
    rig_peek(&v.r, DATA + 1536, &b, 1);
    ck_assert_uint_eq(b, OK);
    done(&v);
}
END_TEST

START_TEST(out_of_range)
{
    struct vr v;
    blk(&v, false);
    ck_assert_uint_eq(request(&v, IN, DISK / 512, 512, true, NULL), IOERR);
    ck_assert_uint_eq(request(&v, IN, DISK / 512 - 1, 1024, true, NULL), IOERR);
    ck_assert_uint_eq(request(&v, OUT, DISK / 512 - 1, 1024, false, NULL), IOERR);
    ck_assert_uint_eq(request(&v, IN, UINT64_MAX, 512, true, NULL), IOERR);
    ck_assert_uint_eq(request(&v, IN, UINT64_MAX / 512, 512, true, NULL), IOERR);
    ck_assert_uint_eq(request(&v, OUT, UINT64_MAX / 512 + 1, 512, false, NULL), IOERR);
    ck_assert_uint_eq(request(&v, IN, 0, 100, true, NULL), IOERR); /* no whole sectors */
    ck_assert_uint_eq(request(&v, IN, 0, 0, false, NULL), OK);
    ck_assert(!vr_broken(&v));
    done(&v);
}
END_TEST

START_TEST(other_requests)
{
    struct vr v;
    uint8_t id[21] = { 0 };
    uint32_t used;
    blk(&v, false);
    ck_assert_uint_eq(request(&v, GET_ID, 0, 20, true, &used), OK);
    rig_peek(&v.r, DATA, id, 20);
    ck_assert_str_eq((char *)id, "SERIAL-0123456789ABC");
    ck_assert_uint_eq(used, 21);
    ck_assert_uint_eq(request(&v, GET_ID, 0, 4, true, NULL), OK);
    ck_assert_uint_eq(request(&v, 99, 0, 0, false, NULL), UNSUPP);
    ck_assert_uint_eq(request(&v, 0xFFFFFFFF, 0, 512, true, NULL), UNSUPP);
    ck_assert_uint_eq(request(&v, DISCARD, 0, 16, false, NULL), UNSUPP);
    done(&v);
}
END_TEST

static void range(struct vr *v, unsigned i, uint64_t sector, uint32_t count, uint32_t flags)
{
    uint8_t b[16];
    memcpy(b, &sector, 8);
    memcpy(b + 8, &count, 4);
    memcpy(b + 12, &flags, 4);
    rig_poke(&v->r, DATA + 16 * i, b, 16);
}

START_TEST(write_zeroes)
{
    struct vr v;
    blk(&v, false);
    memset(disk, 0x55, DISK);
    range(&v, 0, 2, 3, 0);
    range(&v, 1, 100, 1, 1);
    ck_assert_uint_eq(request(&v, WRITE_ZEROES, 0, 32, false, NULL), OK);
    for (unsigned i = 0; i < DISK; i += 512) {
        bool zero = (i / 512 >= 2 && i / 512 < 5) || i / 512 == 100;
        ck_assert_uint_eq(disk[i], zero ? 0 : 0x55);
        ck_assert_uint_eq(disk[i + 511], zero ? 0 : 0x55);
    }
    range(&v, 0, DISK / 512 - 1, 2, 0);
    ck_assert_uint_eq(request(&v, WRITE_ZEROES, 0, 16, false, NULL), IOERR);
    range(&v, 0, 0, 1, 2); /* an unknown flag */
    ck_assert_uint_eq(request(&v, WRITE_ZEROES, 0, 16, false, NULL), UNSUPP);
    ck_assert_uint_eq(request(&v, WRITE_ZEROES, 0, 15, false, NULL), IOERR);
    ck_assert_uint_eq(request(&v, WRITE_ZEROES, 0, 0, false, NULL), IOERR);
    ck_assert_uint_eq(request(&v, WRITE_ZEROES, 0, 33 * 16, false, NULL), IOERR);
    ck_assert_uint_eq(disk[0], 0x55);
    done(&v);
}
END_TEST

START_TEST(read_only_drive)
{
    struct vr v;
    blk(&v, true);
    ck_assert(vr_offered(&v) >> F_RO & 1);
    ck_assert_uint_eq(request(&v, IN, 0, 512, true, NULL), OK);
    ck_assert_uint_eq(request(&v, OUT, 0, 512, false, NULL), IOERR);
    range(&v, 0, 0, 1, 0);
    ck_assert_uint_eq(request(&v, WRITE_ZEROES, 0, 16, false, NULL), IOERR);
    done(&v);
}
END_TEST

START_TEST(malformed_requests)
{
    struct vr v;
    const struct vr_desc short_header[] = { { HEADER, 15, false, 0 }, { STATUS, 1, true, 0 } };
    const struct vr_desc no_status[] = { { HEADER, 16, false, 0 } };
    const struct vr_desc no_header[] = { { DATA, 512, true, 0 } };
    const struct vr_desc *bad[] = { short_header, no_status, no_header };
    blk(&v, false);
    for (unsigned i = 0; i < 3; i++) {
        header(&v, HEADER, IN, 0);
        vr_add(&v, 0, bad[i], i == 0 ? 2 : 1);
        vr_kick(&v, 0);
        ck_assert(vr_broken(&v));
        vr_start(&v, ALL, 1, 64);
    }
    ck_assert_uint_eq(request(&v, IN, 0, 512, true, NULL), OK);
    done(&v);
}
END_TEST

/* The status byte lies where nothing is: the data is lost, the device breaks, the machine lives. */
START_TEST(answer_cannot_be_written)
{
    struct vr v;
    blk(&v, false);
    header(&v, HEADER, IN, 0);
    const struct vr_desc d[] = { { HEADER, 16, false, 0 }, { DATA, 512, true, 0 },
                                 { 0, 1, true, 0x40 } };
    vr_add(&v, 0, d, 3);
    vr_kick(&v, 0);
    rig_poll(&v.r);
    ck_assert(vr_broken(&v));
    done(&v);
}
END_TEST

START_TEST(reset_with_requests_out)
{
    struct vr v;
    blk(&v, false);
    for (unsigned round = 0; round < 50; round++) {
        vr_start(&v, ALL, 1, 64);
        for (unsigned i = 0; i < 10; i++) {
            const struct vr_desc d[] = { { HEADER, 16, false, 0 },
                                         { DATA + i * 512, 512, true, 0 }, { STATUS, 1, true, 0 } };
            header(&v, HEADER, IN, i);
            vr_add(&v, 0, d, 3);
        }
        vr_kick(&v, 0);
        if (round % 3 == 0)
            vr_write(&v, VR_STATUS, 0);
        else if (round % 3 == 1)
            machine_reset(v.r.m);
        else
            vr_write(&v, VR_QUEUE_READY, 0); /* and later completions go nowhere */
        rig_poll(&v.r);
    }
    vr_start(&v, ALL, 1, 64);
    ck_assert_uint_eq(request(&v, IN, 0, 512, true, NULL), OK);
    done(&v);
}
END_TEST

/* Heads made available again before they were used: at most as many buffers are out as the queue
 * has entries. */
START_TEST(heads_offered_twice)
{
    struct vr v;
    blk(&v, false);
    header(&v, HEADER, IN, 0);
    const struct vr_desc d[] = { { HEADER, 16, false, 0 }, { DATA, 512, true, 0 },
                                 { STATUS, 1, true, 0 } };
    uint16_t head = vr_add(&v, 0, d, 3);
    machine_lock(v.r.m); /* nothing completes meanwhile */
    vr_kick(&v, 0);
    for (unsigned i = 1; i < 64; i++) {
        vr_offer(&v, 0, head);
        vr_kick(&v, 0);
        ck_assert(!vr_broken(&v));
    }
    vr_offer(&v, 0, head);
    vr_kick(&v, 0);
    ck_assert(vr_broken(&v));
    machine_unlock(v.r.m);
    rig_poll(&v.r);
    done(&v);
}
END_TEST

START_TEST(many_queues)
{
    struct vr v;
    vr_open(&v, false);
    disk = rig_drive_memory(&v.r, "drive", DISK, false);
    vr_device(&v, BLK, "num-queues", "4", "queue-size", "16", NULL);
    ck_assert(vr_offered(&v) >> F_MQ & 1);
    ck_assert_uint_eq(vr_config32(&v, 32) >> 16, 4);
    vr_start(&v, ALL, 4, 16);
    fill(disk, DISK, 3);
    for (unsigned q = 0; q < 4; q++) {
        uint8_t got[512];
        const struct vr_desc d[] = { { HEADER, 16, false, 0 }, { DATA, 512, true, 0 },
                                     { STATUS, 1, true, 0 } };
        header(&v, HEADER, IN, q + 1);
        vr_run(&v, q, d, 3);
        rig_peek(&v.r, DATA, got, 512);
        ck_assert_mem_eq(got, disk + (q + 1) * 512, 512);
    }
    vr_write(&v, VR_QUEUE_SEL, 4);
    ck_assert_uint_eq(vr_read(&v, VR_QUEUE_MAX), 0);
    done(&v);
}
END_TEST

START_TEST(write_through)
{
    struct vr v;
    blk(&v, false);
    ck_assert_uint_eq(vr_config8(&v, 32), 1);
    rig_write(&v.r, 0, VR_CONFIG + 32, 1, 0);
    ck_assert_uint_eq(vr_config8(&v, 32), 0);
    ck_assert_uint_eq(request(&v, OUT, 0, 512, false, NULL), OK);
    vr_start(&v, ~BP_VIRTIO_BIT(F_FLUSH), 1, 64);
    ck_assert_uint_eq(vr_config8(&v, 32), 0); /* who cannot flush gets a write-through cache */
    ck_assert_uint_eq(request(&v, OUT, 0, 512, false, NULL), OK);
    done(&v);
}
END_TEST

START_TEST(needs_a_drive)
{
    struct vr v;
    vr_open(&v, false);
    ck_assert(vr_refused(&v, BLK, NULL));
    vr_close(&v);
    vr_open(&v, false);
    disk = rig_drive_memory(&v.r, "drive", DISK, false);
    ck_assert(vr_refused(&v, BLK, "queue-size", "100", NULL));
    done(&v);
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------- */

static char path[256];

static void make_file(off_t size)
{
    g_snprintf(path, sizeof path, "%s/bp-blk-XXXXXX", g_get_tmp_dir());
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, size), 0);
    close(fd);
}

static int open_file(struct vr *v, const char *id, bool read_only)
{
    const struct bp_block_driver *raw = (const void *)rig_entity(BP_KIND_BLOCK, "raw");
    const struct bp_set settings[] = { { "file", path } };
    const struct block_options options = { .read_only = read_only };
    return block_new(v->r.m, raw, id, &options, settings, 1, NULL);
}

static void file_blk(struct vr *v)
{
    vr_open(v, false);
    ck_assert_int_eq(open_file(v, "drive", false), 0);
    vr_device(v, BLK, NULL);
    vr_start(v, ALL, 1, 64);
}

static void file_byte(off_t at, uint8_t expected)
{
    uint8_t b = 0xDD;
    int fd = open(path, O_RDONLY);
    ck_assert_int_eq(pread(fd, &b, 1, at), 1);
    close(fd);
    ck_assert_uint_eq(b, expected);
}

START_TEST(file_keeps_what_is_written)
{
    struct vr v;
    uint8_t buf[4096];
    make_file(DISK);
    file_blk(&v);
    memset(buf, 0xA5, sizeof buf);
    rig_poke(&v.r, DATA, buf, sizeof buf);
    ck_assert_uint_eq(request(&v, OUT, 16, 4096, false, NULL), OK);
    ck_assert_uint_eq(request(&v, FLUSH, 0, 0, false, NULL), OK);
    file_byte(16 * 512, 0xA5);
    file_byte(16 * 512 + 4095, 0xA5);
    file_byte(16 * 512 + 4096, 0);
    ck_assert(vr_offered(&v) >> F_DISCARD & 1);
    range(&v, 0, 20, 2, 0);
    ck_assert_uint_eq(request(&v, WRITE_ZEROES, 0, 16, false, NULL), OK);
    file_byte(20 * 512 - 1, 0xA5);
    file_byte(20 * 512, 0);
    file_byte(22 * 512, 0xA5);
    range(&v, 0, 16, 8, 0);
    ck_assert_uint_eq(request(&v, DISCARD, 0, 16, false, NULL), OK);
    range(&v, 0, 16, 8, 1); /* unmap has no meaning there */
    ck_assert_uint_eq(request(&v, DISCARD, 0, 16, false, NULL), UNSUPP);
    struct stat st;
    stat(path, &st);
    ck_assert_int_eq(st.st_size, DISK);
    vr_close(&v);
    unlink(path);
}
END_TEST

START_TEST(file_of_odd_size)
{
    struct vr v;
    uint8_t buf[512];
    make_file(1000);
    file_blk(&v);
    ck_assert_uint_eq(vr_config32(&v, 0), 2);
    memset(buf, 1, sizeof buf);
    rig_poke(&v.r, DATA, buf, sizeof buf);
    ck_assert_uint_eq(request(&v, IN, 1, 512, true, NULL), OK);
    rig_peek(&v.r, DATA, buf, 512);
    ck_assert_uint_eq(buf[511], 0);
    vr_close(&v);
    unlink(path);
}
END_TEST

/* The file system takes no more: a limit on the size of files stands for a full disk. */
START_TEST(full_disk)
{
    struct vr v;
    struct rlimit before, small = { 65536, RLIM_INFINITY };
    make_file(0);
    ck_assert_int_eq(truncate(path, DISK), 0);
    file_blk(&v);
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    uint8_t in = request(&v, OUT, 0, 4096, false, NULL);
    uint8_t across = request(&v, OUT, 65536 / 512 - 4, 4096, false, NULL);
    uint8_t beyond = request(&v, OUT, 1000, 4096, false, NULL);
    uint8_t again = request(&v, IN, 1000, 4096, true, NULL);
    setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_uint_eq(in, OK);
    ck_assert_uint_eq(across, IOERR);
    ck_assert_uint_eq(beyond, IOERR);
    ck_assert_uint_eq(again, OK);
    ck_assert_uint_eq(request(&v, OUT, 1000, 4096, false, NULL), OK);
    vr_close(&v);
    unlink(path);
}
END_TEST

/* Somebody cut the file off while it is in use. */
START_TEST(shrunk_file)
{
    struct vr v;
    make_file(DISK);
    file_blk(&v);
    ck_assert_int_eq(truncate(path, 4096), 0);
    ck_assert_uint_eq(request(&v, IN, 100, 512, true, NULL), IOERR);
    ck_assert_uint_eq(request(&v, IN, 0, 512, true, NULL), OK);
    vr_close(&v);
    unlink(path);
}
END_TEST

START_TEST(locked_file)
{
    struct vr v;
    make_file(DISK);
    vr_open(&v, false);
    ck_assert_int_eq(open_file(&v, "a", false), 0);
    ck_assert_int_lt(open_file(&v, "b", false), 0);
    ck_assert_int_lt(open_file(&v, "c", true), 0);
    vr_close(&v);
    vr_open(&v, false);
    ck_assert_int_eq(open_file(&v, "a", true), 0); /* readers share */
    ck_assert_int_eq(open_file(&v, "b", true), 0);
    ck_assert_int_lt(open_file(&v, "c", false), 0);
    vr_close(&v);
    unlink(path);
}
END_TEST

START_TEST(unusable_files)
{
    struct vr v;
    vr_open(&v, false);
    const char *const bad[] = { "/nowhere/at/all", "/dev/null", "/", "" };
    for (unsigned i = 0; i < 4; i++) {
        g_strlcpy(path, bad[i], sizeof path);
        ck_assert_int_lt(open_file(&v, "x", true), 0);
    }
    vr_close(&v);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        configuration, reads_and_writes, any_layout, out_of_range, other_requests, write_zeroes,
        read_only_drive, malformed_requests, answer_cannot_be_written, reset_with_requests_out,
        heads_offered_twice, many_queues, write_through, needs_a_drive,
        file_keeps_what_is_written, file_of_odd_size,
        full_disk, shrunk_file, locked_file, unusable_files,
    };
    Suite *suite = suite_create("virtio block device");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 120);
    for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(c, tests[i]);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
