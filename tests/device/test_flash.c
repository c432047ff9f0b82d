/* SPDX-License-Identifier: MIT */
/* test_flash.c: cfi-flash as drivers probe and write it (28F128J3 data sheet; JEDEC JESD68.01). */
#include "rig.h"

#include <string.h>

#define SIZE (UINT64_C(2) << 20)
#define BLOCK (UINT64_C(256) << 10)

static struct rig r;
static uint8_t *disk;

static void setup(void) { rig_open(&r); }

static void teardown(void)
{
    rig_close(&r);
    g_free(disk);
    disk = NULL;
}

static void open_flash(bool with_drive, bool read_only)
{
    if (with_drive) {
        disk = rig_drive_memory(&r, "drive", SIZE, read_only);
        memset(disk, 0xFF, SIZE);
        memcpy(disk + 16, "from the drive", 14);
    }
    rig_device(&r, "cfi-flash", "size", "2M", NULL);
}

static uint32_t rd(uint64_t at) { return (uint32_t)rig_read(&r, 0, at, 4); }
static void wr(uint64_t at, uint32_t v) { rig_write(&r, 0, at, 4, v); }
static void command(uint64_t at, unsigned c) { wr(at, c << 16 | c); }

static void program(uint64_t at, uint32_t value)
{
    command(at, 0x40);
    wr(at, value);
    ck_assert_uint_eq(rd(at), 0x00800080);
    command(0, 0xFF);
}

static void erase(uint64_t at)
{
    command(at, 0x20);
    command(at, 0xD0);
    ck_assert_uint_eq(rd(at), 0x00800080);
    command(0, 0xFF);
}

START_TEST(shows_the_drive)
{
    char text[14];
    open_flash(true, false);
    for (unsigned i = 0; i < 14; i++)
        text[i] = (char)rig_read(&r, 0, 16 + i, 1);
    ck_assert_mem_eq(text, "from the drive", 14);
    ck_assert_uint_eq(rd(SIZE - 4), 0xFFFFFFFF);
}
END_TEST

START_TEST(common_flash_interface)
{
    open_flash(false, false);
    /* A probe for four 8-bit chips must see that it is wrong. */
    wr(0x55 * 4, 0x98989898);
    ck_assert_uint_ne(rd(0x10 * 4), 0x51515151);
    command(0, 0xFF);
    command(0x55 * 4, 0x98);
    ck_assert_uint_eq(rd(0x10 * 4), 0x00510051);
    ck_assert_uint_eq(rd(0x11 * 4), 0x00520052);
    ck_assert_uint_eq(rd(0x12 * 4), 0x00590059);
    ck_assert_uint_eq(rd(0x13 * 4), 0x00010001); /* Intel extended command set */
    unsigned size = 1u << (rd(0x27 * 4) & 0xFF);
    unsigned blocks = (rd(0x2D * 4) & 0xFF) + ((rd(0x2E * 4) & 0xFF) << 8) + 1;
    unsigned block = ((rd(0x2F * 4) & 0xFF) + ((rd(0x30 * 4) & 0xFF) << 8)) * 256;
    ck_assert_uint_eq(size, SIZE / 2);
    ck_assert_uint_eq(blocks * block, size);
    ck_assert_uint_eq(rd(0x2C * 4), 0x00010001);
    unsigned table = rd(0x15 * 4) & 0xFF;
    ck_assert_uint_eq(rd(table * 4), 0x00500050);
    ck_assert_uint_eq(rd((table + 1) * 4), 0x00520052);
    ck_assert_uint_eq(rd((table + 2) * 4), 0x00490049);
    command(0, 0x90);
    ck_assert_uint_eq(rd(0), 0x00890089);
    command(0, 0xFF);
    ck_assert_uint_eq(rd(0x10 * 4), 0);
}
END_TEST

START_TEST(program_and_erase)
{
    open_flash(true, false);
    program(BLOCK, 0x12345678);
    ck_assert_uint_eq(rd(BLOCK), 0x12345678);
    program(BLOCK, 0xFFFF00FF); /* bits only fall */
    ck_assert_uint_eq(rd(BLOCK), 0x12340078);
    program(BLOCK - 4, 0xAAAAAAAA);
    program(2 * BLOCK, 0x55555555);
    rig_poll(&r);
    ck_assert_mem_eq(disk + BLOCK, "\x78\x00\x34\x12", 4);
    erase(BLOCK + 1000);
    ck_assert_uint_eq(rd(BLOCK), 0xFFFFFFFF);
    ck_assert_uint_eq(rd(BLOCK - 4), 0xAAAAAAAA);
    ck_assert_uint_eq(rd(2 * BLOCK), 0x55555555);
    rig_poll(&r);
    ck_assert_mem_eq(disk + BLOCK, "\xFF\xFF\xFF\xFF", 4);
    ck_assert_mem_eq(disk + BLOCK - 4, "\xAA\xAA\xAA\xAA", 4);
}
END_TEST

START_TEST(buffered_program)
{
    open_flash(true, false);
    command(BLOCK + 64, 0xE8);
    ck_assert_uint_eq(rd(BLOCK + 64), 0x00800080);
    command(BLOCK + 64, 31);
    for (unsigned i = 0; i < 32; i++)
        wr(BLOCK + 64 + 4 * i, 0x01010101u * i);
    command(BLOCK + 64, 0xD0);
    ck_assert_uint_eq(rd(BLOCK), 0x00800080);
    command(0, 0xFF);
    for (unsigned i = 0; i < 32; i++)
        ck_assert_uint_eq(rd(BLOCK + 64 + 4 * i), 0x01010101u * i);
    ck_assert_uint_eq(rd(BLOCK + 64 + 128), 0xFFFFFFFF);
    rig_poll(&r);
    ck_assert_mem_eq(disk + BLOCK + 64 + 4, "\1\1\1\1\2\2\2\2", 8);
}
END_TEST

START_TEST(mistakes_in_sequences)
{
    open_flash(false, false);
    command(0, 0x20);
    command(0, 0x55); /* erase not confirmed */
    ck_assert_uint_eq(rd(0), 0x00B000B0);
    command(0, 0x50);
    command(0, 0x70);
    ck_assert_uint_eq(rd(0), 0x00800080);
    command(0, 0xE8);
    command(0, 0x7FFF); /* more than the buffer */
    ck_assert_uint_eq(rd(0), 0x00B000B0);
    command(0, 0x50);
    command(0, 0xE8);
    command(0, 1);
    wr(0, 0), wr(SIZE - 4, 0); /* far from the first */
    command(0, 0xD0);
    ck_assert_uint_eq(rd(0), 0x00B000B0);
    command(0, 0xC0);
    command(0, 0);
    ck_assert_uint_eq(rd(0) & 0x00100010, 0x00100010);
}
END_TEST

START_TEST(block_locks)
{
    open_flash(true, false);
    command(BLOCK, 0x60);
    command(BLOCK, 0x01);
    command(BLOCK, 0x90);
    ck_assert_uint_eq(rd(BLOCK + 8), 0x00010001);
    ck_assert_uint_eq(rd(8), 0);
    command(BLOCK, 0x40);
    wr(BLOCK, 0);
    ck_assert_uint_eq(rd(BLOCK), 0x00920092);
    command(0, 0x50);
    command(BLOCK, 0x20);
    command(BLOCK, 0xD0);
    ck_assert_uint_eq(rd(BLOCK), 0x00A200A2);
    command(0, 0x50);
    command(0, 0xFF);
    ck_assert_uint_eq(rd(BLOCK), 0xFFFFFFFF);
    command(BLOCK, 0x60);
    command(BLOCK, 0xD0);
    command(0, 0xFF);
    program(BLOCK, 0x11111111);
    ck_assert_uint_eq(rd(BLOCK), 0x11111111);
}
END_TEST

/* U-Boot probes with 16-bit accesses, finds one chip, and programs it so. */
START_TEST(narrow_accesses)
{
    open_flash(true, false);
    rig_write(&r, 0, 0x55 * 4, 2, 0x98);
    ck_assert_uint_eq(rig_read(&r, 0, 0x40, 2), 'Q');
    ck_assert_uint_eq(rig_read(&r, 0, 0x44, 1), 'R');
    rig_write(&r, 0, 0, 2, 0xFF);
    rig_write(&r, 0, BLOCK + 2, 2, 0x40);
    rig_write(&r, 0, BLOCK + 2, 2, 0xBEEF);
    rig_write(&r, 0, BLOCK, 2, 0xE8);
    rig_write(&r, 0, BLOCK, 2, 2);
    for (unsigned i = 0; i < 3; i++)
        rig_write(&r, 0, BLOCK + 8 + 2 * i, 2, 0x1111 * i);
    rig_write(&r, 0, BLOCK, 2, 0xD0);
    ck_assert_uint_eq(rig_read(&r, 0, BLOCK, 2), 0x80);
    rig_write(&r, 0, BLOCK, 2, 0xFF);
    ck_assert_uint_eq(rd(BLOCK), 0xBEEFFFFF);
    ck_assert_uint_eq(rd(BLOCK + 8), 0x11110000);
    ck_assert_uint_eq(rd(BLOCK + 12), 0xFFFF2222);
}
END_TEST

START_TEST(read_only_drive)
{
    open_flash(true, true);
    command(0, 0x40);
    wr(0, 0);
    ck_assert_uint_eq(rd(0), 0x00920092);
    command(0, 0x50);
    command(0, 0x20);
    command(0, 0xD0);
    ck_assert_uint_eq(rd(0), 0x00A200A2);
    command(0, 0xFF);
    ck_assert_uint_eq(rd(0), 0xFFFFFFFF);
}
END_TEST

START_TEST(contents_survive_reset)
{
    open_flash(true, false);
    program(8, 0x01020304);
    command(0, 0x98);
    machine_reset(r.m);
    ck_assert_uint_eq(rd(8), 0x01020304);
}
END_TEST

START_TEST(wrong_sizes)
{
    ck_assert(rig_refused(&r, "cfi-flash", "size", "3M", NULL));
    rig_close(&r);
    rig_open(&r);
    disk = rig_drive_memory(&r, "drive", SIZE, false);
    ck_assert(rig_refused(&r, "cfi-flash", "size", "4M", NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cfi-flash");
    TCase *c = tcase_create("commands");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, shows_the_drive);
    tcase_add_test(c, common_flash_interface);
    tcase_add_test(c, program_and_erase);
    tcase_add_test(c, buffered_program);
    tcase_add_test(c, mistakes_in_sequences);
    tcase_add_test(c, block_locks);
    tcase_add_test(c, narrow_accesses);
    tcase_add_test(c, read_only_drive);
    tcase_add_test(c, contents_survive_reset);
    tcase_add_test(c, wrong_sizes);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
