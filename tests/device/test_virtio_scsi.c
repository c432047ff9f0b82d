/* SPDX-License-Identifier: MIT */
/* test_virtio_scsi.c: the SCSI host with disks and a cd-rom drive, as a driver sends commands. */
#include "virtio_rig.h"

#include <core/block.h>

#include <stdlib.h>
#include <string.h>

#define ALL UINT64_MAX
#define DISK (1u << 20)
enum { CONTROL = 0, REQUEST = 2 };
enum { REQ = VR_DATA, RESP = VR_DATA + 0x200, DATA = VR_DATA + 0x1000, REQ_BYTES = 51,
       RESP_BYTES = 108, DATA_MAX = 0x10000 };
enum { GOOD = 0, CHECK = 2 };

static uint8_t *disk;

struct answer {
    uint32_t used, sense_bytes, residual;
    uint8_t status, response, key, asc;
};

/* Disk 0 of target 0, and a cd-rom drive without disc as target 2, unit 1. */
static void open_bench(struct vr *v, bool read_only)
{
    vr_open(v, false);
    vr_device(v, "virtio-scsi-device", NULL);
    vr_part(v, "scsi-cd", "cd", "scsi-id", "2", "lun", "1", NULL);
    disk = rig_drive_memory(&v->r, "drive", DISK, read_only);
    vr_part(v, "scsi-hd", "hd", "serial", "S-1", NULL);
    machine_reset(v->r.m);
    vr_start(v, ALL, 3, 64);
}
static void close_bench(struct vr *v)
{
    vr_close(v);
    g_free(disk);
}

static struct answer command_to(struct vr *v, unsigned id, unsigned lun, const void *cdb, size_t n,
                                uint32_t out, uint32_t in)
{
    uint8_t req[REQ_BYTES] = { 1, (uint8_t)id, (uint8_t)(0x40 | lun >> 8), (uint8_t)lun };
    uint8_t resp[RESP_BYTES];
    memset(resp, 0xEE, sizeof resp);
    memcpy(req + 19, cdb, n);
    rig_poke(&v->r, REQ, req, sizeof req);
    rig_poke(&v->r, RESP, resp, sizeof resp);
    struct vr_desc d[4] = { { REQ, REQ_BYTES, false, 0 } };
    unsigned count = 1;
    if (out)
        d[count++] = (struct vr_desc){ DATA, out, false, 0 };
    d[count++] = (struct vr_desc){ RESP, RESP_BYTES, true, 0 };
    if (in)
        d[count++] = (struct vr_desc){ DATA, in, true, 0 };
    struct answer a = { .used = vr_run(v, REQUEST, d, count) };
    rig_peek(&v->r, RESP, resp, sizeof resp);
    memcpy(&a.sense_bytes, resp, 4);
    memcpy(&a.residual, resp + 4, 4);
    a.status = resp[10];
    a.response = resp[11];
    a.key = resp[12 + 2] & 15;
    a.asc = resp[12 + 12];
    return a;
}
#define COMMAND(v, out, in, ...)                                                                   \
    command_to(v, 0, 0, (const uint8_t[]){ __VA_ARGS__ },                                          \
               sizeof((const uint8_t[]){ __VA_ARGS__ }), out, in)

static const uint8_t *data(struct vr *v, size_t n)
{
    static uint8_t bytes[DATA_MAX];
    rig_peek(&v->r, DATA, bytes, n);
    return bytes;
}
static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
/* The first command after a reset hears of it. */
static void ready(struct vr *v)
{
    struct answer a = COMMAND(v, 0, 0, 0);
    ck_assert(a.status == CHECK && a.key == 6 && a.asc == 0x29);
    a = COMMAND(v, 0, 0, 0);
    ck_assert(a.status == GOOD && a.response == 0 && a.used == RESP_BYTES);
}

START_TEST(says_what_it_is)
{
    struct vr v;
    open_bench(&v, false);
    struct answer a = COMMAND(&v, 0, 36, 0x12, 0, 0, 0, 36);
    ck_assert(a.status == GOOD && a.residual == 0 && a.used == RESP_BYTES + 36);
    ck_assert_uint_eq(data(&v, 36)[0], 0);
    ck_assert(!memcmp(data(&v, 36) + 16, "BP HARDDISK     ", 16));
    a = COMMAND(&v, 0, 255, 0x12, 1, 0x80, 0, 255);
    ck_assert_uint_eq(a.residual, 255 - 7);
    ck_assert(!memcmp(data(&v, 7), "\0\x80\0\3S-1", 7));
    a = COMMAND(&v, 0, 255, 0x12, 1, 0x77, 0, 255);
    ck_assert(a.status == CHECK && a.key == 5 && a.asc == 0x24);
    ready(&v);
    a = COMMAND(&v, 0, 8, 0x25);
    ck_assert_uint_eq(be32(data(&v, 8)), DISK / 512 - 1);
    ck_assert_uint_eq(be32(data(&v, 8) + 4), 512);
    a = COMMAND(&v, 0, 32, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32);
    ck_assert_uint_eq(be32(data(&v, 8) + 4), DISK / 512 - 1);
    a = COMMAND(&v, 0, 0, 0x7F);
    ck_assert(a.status == CHECK && a.key == 5 && a.asc == 0x20);
    close_bench(&v);
}
END_TEST

START_TEST(who_is_there)
{
    struct vr v;
    const uint8_t luns[] = { 0xA0, 0, 0, 0, 0, 0, 0, 0, 1, 0 }, inquiry[] = { 0x12, 0, 0, 0, 36 },
                  test[] = { 0 };
    open_bench(&v, false);
    ck_assert_uint_eq(command_to(&v, 0, 0, luns, 10, 0, 256).status, GOOD);
    ck_assert_uint_eq(be32(data(&v, 4)), 8);
    command_to(&v, 2, 0, luns, 10, 0, 256);
    ck_assert_uint_eq(be32(data(&v, 4)), 16);
    ck_assert_uint_eq(data(&v, 24)[17], 1);
    ck_assert_uint_eq(command_to(&v, 1, 0, test, 1, 0, 0).response, 3); /* no such target */
    command_to(&v, 0, 5, inquiry, 5, 0, 36);
    ck_assert_uint_eq(data(&v, 1)[0], 0x7F);
    struct answer a = command_to(&v, 0, 5, test, 1, 0, 0);
    ck_assert(a.status == CHECK && a.key == 5 && a.asc == 0x25);
    ck_assert(vr_refused(&v, "scsi-cd", "scsi-id", "2", "lun", "1", NULL));
    close_bench(&v);
}
END_TEST

START_TEST(reads_and_writes)
{
    struct vr v;
    uint8_t pattern[4096];
    open_bench(&v, false);
    ready(&v);
    for (unsigned i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7 + i / 256);
    rig_poke(&v.r, DATA, pattern, sizeof pattern);
    struct answer a = COMMAND(&v, 4096, 0, 0x2A, 0, 0, 0, 0, 16, 0, 0, 8);
    ck_assert(a.status == GOOD && a.residual == 0);
    ck_assert(!memcmp(disk + 16 * 512, pattern, sizeof pattern));
    rig_poke(&v.r, DATA, disk, 4096);
    a = COMMAND(&v, 0, 4096, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 8);
    ck_assert(a.status == GOOD && a.used == RESP_BYTES + 4096);
    ck_assert(!memcmp(data(&v, 4096), pattern, 4096));
    a = COMMAND(&v, 0, 1024, 0x28, 0, 0, 0, 0, 16, 0, 0, 8); /* the driver has less room */
    ck_assert(a.status == GOOD && a.used == RESP_BYTES + 1024);
    a = COMMAND(&v, 0, 1024, 0x28, 0, 0, 0, 0x07, 0xFF, 0, 0, 2); /* past the end */
    ck_assert(a.status == CHECK && a.key == 5 && a.asc == 0x21 && a.residual == 1024);
    a = COMMAND(&v, 0, 512, 0x88, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 1);
    ck_assert(a.status == CHECK && a.asc == 0x21);
    ck_assert_uint_eq(COMMAND(&v, 0, 0, 0x35).status, GOOD);
    a = COMMAND(&v, 512, 0, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 4); /* WRITE SAME */
    ck_assert_uint_eq(a.status, GOOD);
    for (unsigned i = 0; i < 4; i++)
        ck_assert(!memcmp(disk + (16 + i) * 512, data(&v, 512), 512));
    ck_assert(!memcmp(disk + 20 * 512, pattern + 4 * 512, 512));
    close_bench(&v);
}
END_TEST

START_TEST(write_protected)
{
    struct vr v;
    open_bench(&v, true);
    ready(&v);
    struct answer a = COMMAND(&v, 512, 0, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1);
    ck_assert(a.status == CHECK && a.key == 7 && a.asc == 0x27);
    COMMAND(&v, 0, 64, 0x1A, 0, 0x3F, 0, 64);
    ck_assert_uint_eq(data(&v, 3)[2] & 0x80, 0x80);
    close_bench(&v);
}
END_TEST

START_TEST(write_cache)
{
    struct vr v;
    uint8_t list[4 + 20] = { 0, 0, 0, 0, 8, 18 };
    open_bench(&v, false);
    ready(&v);
    struct answer a = COMMAND(&v, 0, 64, 0x1A, 8, 8, 0, 64);
    ck_assert_uint_eq(a.residual, 64 - 24);
    ck_assert_uint_eq(data(&v, 24)[4 + 2], 4);
    rig_poke(&v.r, DATA, list, sizeof list);
    ck_assert_uint_eq(COMMAND(&v, 24, 0, 0x15, 0x10, 0, 0, 24).status, GOOD);
    COMMAND(&v, 0, 64, 0x1A, 8, 8, 0, 64);
    ck_assert_uint_eq(data(&v, 24)[4 + 2], 0);
    list[4 + 3] = 1; /* not a bit that changes */
    rig_poke(&v.r, DATA, list, sizeof list);
    a = COMMAND(&v, 24, 0, 0x15, 0x10, 0, 0, 24);
    ck_assert(a.status == CHECK && a.asc == 0x26);
    close_bench(&v);
}
END_TEST

START_TEST(empty_drive)
{
    struct vr v;
    const uint8_t test[] = { 0 }, event[] = { 0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8 },
                  inquiry[] = { 0x12, 0, 0, 0, 36 };
    open_bench(&v, false);
    command_to(&v, 2, 1, inquiry, 5, 0, 36);
    ck_assert_uint_eq(data(&v, 2)[0], 5);
    ck_assert_uint_eq(data(&v, 2)[1], 0x80);
    command_to(&v, 2, 1, test, 1, 0, 0);
    struct answer a = command_to(&v, 2, 1, test, 1, 0, 0);
    ck_assert(a.status == CHECK && a.key == 2 && a.asc == 0x3A);
    a = command_to(&v, 2, 1, event, 9, 0, 8);
    ck_assert_uint_eq(a.status, GOOD);
    ck_assert_uint_eq(data(&v, 8)[5], 0);
    close_bench(&v);
}
END_TEST

START_TEST(disc)
{
    struct vr v;
    const uint8_t toc[] = { 0x43, 2, 0, 0, 0, 0, 0, 0, 20, 0 };
    vr_open(&v, false);
    vr_device(&v, "virtio-scsi-device", NULL);
    disk = rig_drive_memory(&v.r, "drive", DISK, true);
    vr_part(&v, "scsi-cd", "cd", NULL);
    machine_reset(v.r.m);
    vr_start(&v, ALL, 3, 64);
    ready(&v);
    COMMAND(&v, 0, 8, 0x25);
    ck_assert_uint_eq(be32(data(&v, 8)), DISK / 2048 - 1);
    ck_assert_uint_eq(be32(data(&v, 8) + 4), 2048);
    ck_assert_uint_eq(command_to(&v, 0, 0, toc, 10, 0, 20).status, GOOD);
    ck_assert(!memcmp(data(&v, 12), "\0\x12\1\1\0\x14\1\0\0\0\2\0", 12)); /* track 1 at 00:02:00 */
    disk[5 * 2048] = 0x77;
    COMMAND(&v, 0, 2048, 0x28, 0, 0, 0, 0, 5, 0, 0, 1);
    ck_assert_uint_eq(data(&v, 1)[0], 0x77);
    COMMAND(&v, 0, 0, 0x1E, 0, 0, 0, 1);
    struct answer a = COMMAND(&v, 0, 0, 0x1B, 0, 0, 0, 2); /* locked */
    ck_assert(a.status == CHECK && a.asc == 0x53);
    COMMAND(&v, 0, 0, 0x1E, 0, 0, 0, 0);
    ck_assert_uint_eq(COMMAND(&v, 0, 0, 0x1B, 0, 0, 0, 2).status, GOOD);
    a = COMMAND(&v, 0, 0, 0);
    ck_assert(a.status == CHECK && a.asc == 0x3A);
    ck_assert_uint_eq(COMMAND(&v, 0, 0, 0x1B, 0, 0, 0, 3).status, GOOD);
    ck_assert_uint_eq(COMMAND(&v, 0, 0, 0).status, GOOD);
    close_bench(&v);
}
END_TEST

static uint8_t task(struct vr *v, uint32_t type, uint32_t subtype, unsigned id, unsigned lun)
{
    uint8_t message[24] = { 0 }, reply = 0xEE;
    memcpy(message, &type, 4);
    memcpy(message + 4, &subtype, 4);
    const uint8_t where[4] = { 1, (uint8_t)id, 0x40, (uint8_t)lun };
    memcpy(message + 8, where, 4);
    rig_poke(&v->r, REQ, message, sizeof message);
    const struct vr_desc d[] = { { REQ, 24, false, 0 }, { RESP, 1, true, 0 } };
    ck_assert_uint_eq(vr_run(v, CONTROL, d, 2), 1);
    rig_peek(&v->r, RESP, &reply, 1);
    return reply;
}

START_TEST(task_management)
{
    struct vr v;
    open_bench(&v, false);
    ready(&v);
    ck_assert_uint_eq(task(&v, 0, 0, 0, 0), 0);
    ck_assert_uint_eq(task(&v, 0, 0, 1, 0), 3);
    ck_assert_uint_eq(task(&v, 0, 0, 0, 3), 12);
    ck_assert_uint_eq(task(&v, 0, 99, 0, 0), 11);
    ck_assert_uint_eq(task(&v, 0, 5, 0, 0), 0); /* unit reset: the next command hears of it */
    ready(&v);
    ck_assert_uint_eq(task(&v, 0, 4, 0, 0), 0);
    ready(&v);
    close_bench(&v);
}
END_TEST

START_TEST(broken_requests)
{
    struct vr v;
    open_bench(&v, false);
    const struct vr_desc little[] = { { REQ, 20, false, 0 }, { RESP, RESP_BYTES, true, 0 } };
    vr_add(&v, REQUEST, little, 2);
    vr_kick(&v, REQUEST);
    ck_assert(vr_broken(&v));
    vr_start(&v, ALL, 3, 64);
    const struct vr_desc no_room[] = { { REQ, REQ_BYTES, false, 0 }, { RESP, 11, true, 0 } };
    vr_add(&v, REQUEST, no_room, 2);
    vr_kick(&v, REQUEST);
    ck_assert(vr_broken(&v));
    vr_start(&v, ALL, 3, 64);
    ready(&v);
    close_bench(&v);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("virtio-scsi");
    TCase *tc = tcase_create("all");
    tcase_add_test(tc, says_what_it_is);
    tcase_add_test(tc, who_is_there);
    tcase_add_test(tc, reads_and_writes);
    tcase_add_test(tc, write_protected);
    tcase_add_test(tc, write_cache);
    tcase_add_test(tc, empty_drive);
    tcase_add_test(tc, disc);
    tcase_add_test(tc, task_management);
    tcase_add_test(tc, broken_requests);
    suite_add_tcase(suite, tc);
    return rig_run(suite);
}
