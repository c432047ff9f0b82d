/* SPDX-License-Identifier: MIT */
/* test_plic.c: sifive-plic as an interrupt handler sees it (PLIC specification, chapters 4 to 9). */
#include "rig.h"

#include <stdio.h>

#define PRIORITY(source) (4 * (source))
#define PENDING 0x1000
#define ENABLE(context, word) (0x2000 + 0x80 * (context) + 4 * (word))
#define THRESHOLD(context) (0x200000 + 0x1000 * (context))
#define CLAIM(context) (THRESHOLD(context) + 4)
#define HARTS 3

static struct rig r;

static void setup(void)
{
    rig_open(&r);
    rig_device(&r, "sifive-plic", "harts", "3", NULL);
    for (unsigned h = 0; h < HARTS; h++) {
        rig_watch(&r, "mext", h, 2 * h); /* probe input = context */
        rig_watch(&r, "sext", h, 2 * h + 1);
    }
    for (unsigned i = 0; i < 128; i++)
        rig_drive(&r, i, "in", i);
}

static void teardown(void) { rig_close(&r); }
static uint32_t rd(uint64_t at) { return (uint32_t)rig_read(&r, 0, at, 4); }
static void wr(uint64_t at, uint32_t value) { rig_write(&r, 0, at, 4, value); }
static bool context(unsigned c) { return rig_line(&r, c).level; }

static void enable(unsigned c, unsigned source, unsigned priority)
{
    wr(PRIORITY(source), priority);
    wr(ENABLE(c, source / 32), rd(ENABLE(c, source / 32)) | 1u << source % 32);
}

START_TEST(claim_and_complete)
{
    enable(1, 10, 1);
    rig_set(&r, 10, true);
    ck_assert(context(1));
    ck_assert(!context(0) && !context(2) && !context(3));
    ck_assert_uint_eq(rd(PENDING), 1u << 10);
    ck_assert_uint_eq(rd(CLAIM(1)), 10);
    ck_assert(!context(1));
    ck_assert_uint_eq(rd(PENDING), 0);
    ck_assert_uint_eq(rd(CLAIM(1)), 0);
    wr(CLAIM(1), 10); /* the line is still high: asks again */
    ck_assert(context(1));
    ck_assert_uint_eq(rd(CLAIM(1)), 10);
    rig_set(&r, 10, false);
    wr(CLAIM(1), 10);
    ck_assert(!context(1));
    ck_assert_uint_eq(rd(CLAIM(1)), 0);
}
END_TEST

START_TEST(request_stays_when_the_line_falls)
{
    enable(0, 5, 1);
    rig_set(&r, 5, true);
    rig_set(&r, 5, false);
    ck_assert_uint_eq(rd(CLAIM(0)), 5);
    wr(CLAIM(0), 5);
    ck_assert_uint_eq(rd(CLAIM(0)), 0);
}
END_TEST

START_TEST(order_of_service)
{
    static const struct { unsigned source, priority; } all[] = {
        { 40, 3 }, { 7, 3 }, { 95, 7 }, { 1, 1 }, { 33, 2 },
    };
    static const unsigned order[] = { 95, 7, 40, 33, 1, 0 };
    for (unsigned i = 0; i < 5; i++) {
        enable(4, all[i].source, all[i].priority);
        rig_set(&r, all[i].source, true);
    }
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(rd(CLAIM(4)), order[i]);
}
END_TEST

START_TEST(priorities_and_threshold)
{
    enable(0, 3, 0); /* priority 0 never interrupts */
    rig_set(&r, 3, true);
    ck_assert(!context(0));
    wr(PRIORITY(3), 4);
    ck_assert(context(0));
    wr(THRESHOLD(0), 4); /* only above the threshold */
    ck_assert(!context(0));
    ck_assert_uint_eq(rd(CLAIM(0)), 0);
    wr(THRESHOLD(0), 3);
    ck_assert(context(0));
    wr(PRIORITY(3), 0xFFFFFFFF);
    wr(THRESHOLD(0), 0xFFFFFFFF);
    ck_assert_uint_eq(rd(PRIORITY(3)), 7);
    ck_assert_uint_eq(rd(THRESHOLD(0)), 7);
}
END_TEST

START_TEST(contexts_are_apart)
{
    for (unsigned c = 0; c < 2 * HARTS; c++)
        enable(c, 20 + c, 1);
    for (unsigned c = 0; c < 2 * HARTS; c++) {
        rig_set(&r, 20 + c, true);
        for (unsigned d = 0; d < 2 * HARTS; d++)
            ck_assert_uint_eq(context(d), d <= c);
    }
    ck_assert_uint_eq(rd(CLAIM(5)), 25);
    ck_assert_uint_eq(rd(CLAIM(0)), 20);
}
END_TEST

START_TEST(completion_needs_the_enable)
{
    enable(0, 8, 1);
    rig_set(&r, 8, true);
    ck_assert_uint_eq(rd(CLAIM(0)), 8);
    wr(CLAIM(1), 8); /* not enabled there: ignored */
    wr(CLAIM(0), 9), wr(CLAIM(0), 0), wr(CLAIM(0), 96), wr(CLAIM(0), 0xFFFFFFFF);
    ck_assert(!context(0));
    wr(CLAIM(0), 8);
    ck_assert(context(0));
}
END_TEST

START_TEST(what_does_not_exist)
{
    wr(PRIORITY(0), 7), wr(ENABLE(0, 0), 0xFFFFFFFF), wr(PRIORITY(96), 7);
    ck_assert_uint_eq(rd(PRIORITY(0)), 0);
    ck_assert_uint_eq(rd(ENABLE(0, 0)), 0xFFFFFFFE);
    ck_assert_uint_eq(rd(PRIORITY(96)), 0); /* 95 sources */
    rig_set(&r, 0, true), rig_set(&r, 96, true), rig_set(&r, 127, true);
    ck_assert_uint_eq(rd(PENDING), 0);
    ck_assert_uint_eq(rd(PENDING + 12), 0);
    ck_assert_uint_eq(rd(CLAIM(6)), 0); /* three harts: no such context */
    wr(PENDING, 0xFFFFFFFF); /* read-only */
    ck_assert_uint_eq(rd(PENDING), 0);
}
END_TEST

START_TEST(reset_forgets_requests)
{
    enable(0, 2, 1);
    rig_set(&r, 2, true);
    ck_assert_uint_eq(rd(CLAIM(0)), 2);
    rig_set(&r, 2, false);
    machine_reset(r.m);
    ck_assert_uint_eq(rd(ENABLE(0, 0)), 0);
    enable(0, 2, 1);
    ck_assert(!context(0));
    rig_set(&r, 2, true); /* no completion is awaited */
    ck_assert(context(0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sifive-plic");
    TCase *c = tcase_create("registers");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, claim_and_complete);
    tcase_add_test(c, request_stays_when_the_line_falls);
    tcase_add_test(c, order_of_service);
    tcase_add_test(c, priorities_and_threshold);
    tcase_add_test(c, contexts_are_apart);
    tcase_add_test(c, completion_needs_the_enable);
    tcase_add_test(c, what_does_not_exist);
    tcase_add_test(c, reset_forgets_requests);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
