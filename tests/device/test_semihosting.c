/* SPDX-License-Identifier: MIT */
/* test_semihosting.c: the calls as a C library makes them (Semihosting for AArch32 and AArch64), with
 * guest virtual addresses that are offsets of RAM in two halves swapped. */
#include "rig.h"

#include <backplane/bus/semihosting.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 0x100, TEXT = 0xFF0, BUFFER = 0x3000, PAGE = 0x1000, PAGES = 16 };

static struct rig r;
static const struct bp_semihosting *api;
static void *dev;
static unsigned word_bytes;
static char folder[64], path[128];

/* Pages in reverse order; the last one is not there. */
static bool translate(void *env, uint64_t va, bool write, uint64_t *ret_gpa, uint64_t *ret_n)
{
    if (va / PAGE >= PAGES - 1)
        return false;
    *ret_gpa = RIG_RAM + (PAGES - 1 - va / PAGE) * PAGE + va % PAGE;
    *ret_n = PAGE - va % PAGE;
    return true;
}

static void access_guest(uint64_t va, void *buf, size_t n, bool write)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t gpa, left;
        ck_assert(translate(NULL, va + i, write, &gpa, &left));
        if (write)
            rig_poke(&r, gpa - RIG_RAM, (uint8_t *)buf + i, 1);
        else
            rig_peek(&r, gpa - RIG_RAM, (uint8_t *)buf + i, 1);
    }
}

static void put(uint64_t va, const void *buf, size_t n)
{
    access_guest(va, (void *)(uintptr_t)buf, n, true);
}
static void put_word(unsigned i, uint64_t value) { put(BLOCK + i * word_bytes, &value, word_bytes); }

static enum bp_semihosting_result make(unsigned op, uint64_t arg, uint64_t *ret)
{
    struct bp_semihosting_call c = { .size = sizeof c, .word_bytes = word_bytes, .op = op,
                                     .arg = arg, .translate = translate };
    enum bp_semihosting_result result = api->call(dev, &c);
    *ret = c.result;
    return result;
}

/* With a block of these fields. */
static int64_t call(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t words[] = { a, b, c, d };
    uint64_t result;
    for (unsigned i = 0; i < 4; i++)
        put_word(i, words[i]);
    ck_assert_int_eq(make(op, BLOCK, &result), BP_SEMIHOSTING_DONE);
    return (int64_t)result;
}
static int64_t open_file(const char *name, unsigned mode)
{
    put(TEXT, name, strlen(name) + 1); /* over a page's end */
    return call(0x01, TEXT, mode, strlen(name), 0);
}
static int64_t error(void) { return call(0x13, 0, 0, 0, 0); }

static void setup(void)
{
    rig_open(&r);
    rig_chardev(&r, "chardev");
    rig_device(&r, "semihosting", "arg", "one two", NULL);
    api = part_find_offer(r.dev, BP_SEMIHOSTING_ID, &dev);
    word_bytes = 8;
    strcpy(folder, "/tmp/bp-semihosting-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
}
static void teardown(void)
{
    rig_close(&r);
    unlink(path);
    rmdir(folder);
}

START_TEST(files)
{
    char back[8] = { 0 };
    ck_assert_int_eq(open_file(path, 0), -1);
    ck_assert_int_eq(error(), ENOENT);
    int64_t h = open_file(path, 6); /* w+ */
    ck_assert_int_gt(h, 0);
    put(BUFFER, "0123456789", 10);
    ck_assert_int_eq(call(0x05, (uint64_t)h, BUFFER, 10, 0), 0);
    ck_assert_int_eq(call(0x0C, (uint64_t)h, 0, 0, 0), 10);
    ck_assert_int_eq(call(0x0A, (uint64_t)h, 4, 0, 0), 0);
    ck_assert_int_eq(call(0x06, (uint64_t)h, BUFFER + 0x800, 7, 0), 1); /* the end: one is missing */
    access_guest(BUFFER + 0x800, back, 6, false);
    ck_assert_str_eq(back, "456789");
    ck_assert_int_eq(call(0x09, (uint64_t)h, 0, 0, 0), 0);
    ck_assert_int_eq(call(0x02, (uint64_t)h, 0, 0, 0), 0);
    ck_assert_int_eq(call(0x02, (uint64_t)h, 0, 0, 0), -1);
    ck_assert_int_eq(error(), EBADF);
    h = open_file(path, 8); /* a */
    ck_assert_int_eq(call(0x05, (uint64_t)h, BUFFER, 3, 0), 0);
    ck_assert_int_eq(call(0x0C, (uint64_t)h, 0, 0, 0), 13);
    ck_assert_int_eq(call(0x06, (uint64_t)h, BUFFER, 3, 0), 3); /* not for reading */
    ck_assert_int_eq(open_file(path, 12), -1);
    ck_assert_int_eq(error(), EINVAL);
    char other[160];
    snprintf(other, sizeof other, "%s-2", path);
    put(BUFFER, path, strlen(path)), put(BUFFER + 0x400, other, strlen(other));
    ck_assert_int_eq(call(0x0F, BUFFER, strlen(path), BUFFER + 0x400, strlen(other)), 0);
    ck_assert_int_eq(access(other, F_OK), 0);
    ck_assert_int_eq(call(0x0E, BUFFER + 0x400, strlen(other), 0, 0), 0);
    ck_assert_int_eq(access(other, F_OK), -1);
}
END_TEST

START_TEST(handles_end)
{
    int64_t first = 0;
    for (unsigned i = 0; i < 64; i++) {
        int64_t h = open_file(":tt", 4);
        ck_assert_int_gt(h, 0);
        first = first ? first : h;
    }
    ck_assert_int_eq(open_file(path, 4), -1);
    ck_assert_int_eq(error(), EMFILE);
    ck_assert_int_eq(call(0x02, (uint64_t)first, 0, 0, 0), 0);
    ck_assert_int_eq(open_file(path, 4), first);
    machine_reset(r.m); /* closes all */
    ck_assert_int_eq(call(0x02, 5, 0, 0, 0), -1);
}
END_TEST

START_TEST(console)
{
    uint64_t x;
    put(TEXT, "hello over a page's end", 24);
    ck_assert_int_eq(make(0x04, TEXT, &x), BP_SEMIHOSTING_DONE);
    ck_assert_int_eq(make(0x03, TEXT, &x), BP_SEMIHOSTING_DONE);
    int64_t out = open_file(":tt", 4), in = open_file(":tt", 0);
    ck_assert_int_eq(call(0x09, (uint64_t)out, 0, 0, 0), 1);
    put(TEXT, "!", 1);
    ck_assert_int_eq(call(0x05, (uint64_t)out, TEXT, 1, 0), 0);
    ck_assert_int_eq(call(0x05, (uint64_t)in, TEXT, 1, 0), 1);
    ck_assert_str_eq(rig_sent(&r), "hello over a page's endh!");
    ck_assert_int_eq(make(0x07, 0, &x), BP_SEMIHOSTING_AGAIN);
    rig_type(&r, "abc", 3);
    ck_assert_int_eq(make(0x07, 0, &x), BP_SEMIHOSTING_DONE);
    ck_assert_uint_eq(x, 'a');
    ck_assert_int_eq(call(0x06, (uint64_t)in, BUFFER, 10, 0), 8); /* what there is */
    put_word(0, (uint64_t)in), put_word(1, BUFFER), put_word(2, 10);
    ck_assert_int_eq(make(0x06, BLOCK, &x), BP_SEMIHOSTING_AGAIN);
}
END_TEST

START_TEST(features)
{
    uint8_t bytes[5];
    int64_t h = open_file(":semihosting-features", 0);
    ck_assert_int_eq(call(0x0C, (uint64_t)h, 0, 0, 0), 5);
    ck_assert_int_eq(call(0x06, (uint64_t)h, BUFFER, 5, 0), 0);
    access_guest(BUFFER, bytes, 5, false);
    ck_assert_mem_eq(bytes, "SHFB\3", 5);
    ck_assert_int_eq(call(0x06, (uint64_t)h, BUFFER, 5, 0), 5);
    ck_assert_int_eq(call(0x0A, (uint64_t)h, 4, 0, 0), 0);
    ck_assert_int_eq(call(0x06, (uint64_t)h, BUFFER, 1, 0), 0);
    ck_assert_int_eq(open_file(":semihosting-features", 4), -1);
}
END_TEST

static int exits(unsigned op, uint64_t arg)
{
    uint64_t x;
    r.m->requests = 0; /* the first one counts */
    ck_assert_int_eq(make(op, arg, &x), BP_SEMIHOSTING_STOP);
    ck_assert_uint_eq(r.m->requests, REQUEST_SHUTDOWN);
    return r.m->exit_status;
}

START_TEST(exit_codes)
{
    put_word(0, 0x20026), put_word(1, 42);
    ck_assert_int_eq(exits(0x18, BLOCK), 42);
    put_word(0, 0x20023);
    ck_assert_int_eq(exits(0x18, BLOCK), 1);
    word_bytes = 4;
    ck_assert_int_eq(exits(0x18, 0x20026), 0); /* 32 bits: the reason itself */
    ck_assert_int_eq(exits(0x18, 0x20024), 1);
    put_word(0, 0x20026), put_word(1, 7);
    ck_assert_int_eq(exits(0x20, BLOCK), 7);
}
END_TEST

START_TEST(time_and_words)
{
    char text[16];
    uint64_t ns, ticks, x;
    ck_assert_int_eq(r.dev->device.load(dev), 0);
    ck_assert_int_eq(call(0x15, BUFFER, 16, 0, 0), 0);
    access_guest(BUFFER, text, 8, false);
    ck_assert_str_eq(text, "one two");
    ck_assert_int_eq(call(0x15, BUFFER, 7, 0, 0), -1); /* no room for the 0 */
    make(0x31, 0, &ticks);
    ck_assert_uint_eq(ticks, 1000000000);
    ck_assert_int_eq(call(0x30, 0, 0, 0, 0), 0);
    access_guest(BLOCK, &ns, 8, false);
    rig_advance(&r, 5 * BP_NS_PER_S);
    ck_assert_int_eq(call(0x30, 0, 0, 0, 0), 0);
    access_guest(BLOCK, &x, 8, false);
    ck_assert_uint_eq(x - ns, 5 * BP_NS_PER_S);
    ck_assert_int_eq(call(0x08, UINT64_MAX, 0, 0, 0), 1);
    ck_assert_int_eq(call(0x08, 1, 0, 0, 0), 0);
    ck_assert_int_eq(call(0x0D, BUFFER, 9, 64, 0), 0);
    ck_assert_int_eq(call(0x12, 0, 0, 0, 0), -1); /* SYSTEM */
    ck_assert_int_eq(call(0x77, 0, 0, 0, 0), -1);
}
END_TEST

START_TEST(bad_addresses)
{
    uint64_t x;
    const uint64_t nowhere = (PAGES - 1) * PAGE;
    static const unsigned ops[] = { 1, 2, 3, 4, 5, 6, 8, 9, 0xA, 0xC, 0xD, 0xE, 0xF, 0x15, 0x16, 0x30 };
    for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++) {
        ck_assert_int_eq(make(ops[i], nowhere, &x), BP_SEMIHOSTING_DONE);
        ck_assert_int_eq((int64_t)x, -1);
        ck_assert_int_eq(error(), EFAULT);
    }
    int64_t h = open_file(path, 4);
    ck_assert_int_eq(call(0x05, (uint64_t)h, nowhere - 4, 8, 0), 8);
    ck_assert_int_eq(call(0x05, (uint64_t)h, 0, UINT64_MAX, 0) > 0, false);
    ck_assert_int_eq(call(0x01, TEXT, 0, UINT64_MAX, 0), -1);
    ck_assert_int_eq(call(0x05, UINT64_MAX, 0, 1, 0), -1);
    ck_assert_int_eq(call(0x05, 0, 0, 1, 0), -1);
}
END_TEST

/* All but what names files of the host: those tests give the names. */
START_TEST(random_calls)
{
    static const unsigned ops[] = { 2, 3, 4, 5, 6, 7, 8, 9, 0xA, 0xC, 0xD, 0x10, 0x11, 0x12, 0x13,
                                    0x15, 0x16, 0x30, 0x31, 0x99 };
    uint64_t state = 1, x;
    int64_t file = open_file(path, 6);
    for (unsigned n = 0; n < 20000; n++) {
        uint64_t words[4];
        for (unsigned i = 0; i < 4; i++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            words[i] = state >> 24 & 1 ? state >> 32 & 0x1FFFF : state >> 40 & 7;
        }
        if (n % 50 == 0)
            open_file(":tt", n / 50 % 12);
        words[0] = n & 1 ? words[0] : (uint64_t)file;
        word_bytes = n & 2 ? 8 : 4;
        for (unsigned i = 0; i < 4; i++)
            put_word(i, words[i]);
        make(ops[(state >> 33) % (sizeof ops / sizeof *ops)], state >> 50 & 3 ? BLOCK : words[3], &x);
        if (n % 64 == 0)
            rig_type(&r, "typed", 5);
        rig_sent(&r);
    }
}
END_TEST

START_TEST(not_for_everybody)
{
    struct bp_semihosting_call c = { .size = sizeof c, .word_bytes = 8, .op = 0x13, .user = 1,
                                     .translate = translate };
    ck_assert_int_eq(api->call(dev, &c), BP_SEMIHOSTING_REFUSED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("semihosting");
    TCase *c = tcase_create("semihosting");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, files);
    tcase_add_test(c, handles_end);
    tcase_add_test(c, console);
    tcase_add_test(c, features);
    tcase_add_test(c, exit_codes);
    tcase_add_test(c, time_and_words);
    tcase_add_test(c, bad_addresses);
    tcase_add_test(c, random_calls);
    tcase_add_test(c, not_for_everybody);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
