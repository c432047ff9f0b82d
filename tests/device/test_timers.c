/* SPDX-License-Identifier: MIT */
/* test_timers.c: CLINT, ACLINT, Goldfish RTC and the test finisher through their registers. */
#include "rig.h"

#include <backplane/bus/riscv-time.h>
#include <time.h>

#define MSIP(hart) (4 * (hart))
#define CLINT_CMP(hart) (0x4000 + 8 * (hart))
#define CLINT_TIME 0xBFF8
#define TICK_NS 100 /* 10 MHz */
#define FAR UINT64_MAX

static struct rig r;

static void setup(void) { rig_open(&r); }
static void teardown(void) { rig_close(&r); }

static void open_clint(void)
{
    rig_device(&r, "sifive-clint", "harts", "4", NULL);
    for (unsigned h = 0; h < 4; h++) {
        rig_watch(&r, "msip", h, h);
        rig_watch(&r, "mtip", h, 8 + h);
    }
}

static uint64_t rd(uint64_t at, unsigned bytes) { return rig_read(&r, 0, at, bytes); }
static void wr(uint64_t at, unsigned bytes, uint64_t v) { rig_write(&r, 0, at, bytes, v); }
static bool msip(unsigned hart) { return rig_line(&r, hart).level; }
static bool mtip(unsigned hart) { return rig_line(&r, 8 + hart).level; }

START_TEST(software_interrupts)
{
    open_clint();
    wr(MSIP(2), 4, 0xFFFFFFFF);
    ck_assert(msip(2) && !msip(0) && !msip(1) && !msip(3));
    ck_assert_uint_eq(rd(MSIP(2), 4), 1);
    wr(MSIP(2), 4, 0);
    ck_assert(!msip(2));
    wr(MSIP(0), 8, 0x100000001); /* two registers in one access */
    ck_assert(msip(0) && msip(1));
    wr(MSIP(4), 4, 1); /* no such hart */
    machine_reset(r.m);
    ck_assert(!msip(0) && !msip(1));
}
END_TEST

START_TEST(time_counts)
{
    open_clint();
    uint64_t before = rd(CLINT_TIME, 8);
    rig_advance(&r, 12345 * TICK_NS);
    ck_assert_uint_eq(rd(CLINT_TIME, 8), before + 12345);
    ck_assert_uint_eq(rd(CLINT_TIME, 4), (uint32_t)(before + 12345));
    void *dev;
    const struct bp_riscv_time *api = part_find_offer(r.dev, BP_RISCV_TIME_ID, &dev);
    ck_assert_uint_eq(api->now(dev), before + 12345);
}
END_TEST

START_TEST(compare)
{
    open_clint();
    uint64_t now = rd(CLINT_TIME, 8);
    ck_assert_uint_eq(rd(CLINT_CMP(3), 8), FAR);
    wr(CLINT_CMP(0), 8, now + 50);
    wr(CLINT_CMP(1), 8, now + 20);
    rig_advance(&r, 19 * TICK_NS);
    ck_assert(!mtip(0) && !mtip(1));
    rig_advance(&r, 1 * TICK_NS);
    ck_assert(!mtip(0) && mtip(1) && !mtip(2));
    rig_advance(&r, 30 * TICK_NS);
    ck_assert(mtip(0) && mtip(1));
    wr(CLINT_CMP(1), 8, now + 60); /* writing ahead takes it back */
    ck_assert(mtip(0) && !mtip(1));
    wr(CLINT_CMP(2), 8, 0); /* in the past: at once */
    ck_assert(mtip(2));
}
END_TEST

START_TEST(compare_by_halves)
{
    open_clint();
    uint64_t now = rd(CLINT_TIME, 8);
    wr(CLINT_CMP(0) + 4, 4, UINT32_MAX); /* as RV32 software does */
    wr(CLINT_CMP(0), 4, (uint32_t)(now + 10));
    ck_assert(!mtip(0));
    wr(CLINT_CMP(0) + 4, 4, (now + 10) >> 32);
    ck_assert_uint_eq(rd(CLINT_CMP(0), 8), now + 10);
    rig_advance(&r, 10 * TICK_NS);
    ck_assert(mtip(0));
}
END_TEST

START_TEST(time_is_writable)
{
    open_clint();
    wr(CLINT_CMP(0), 8, 0x500000000);
    wr(CLINT_TIME, 8, 0x4FFFFFFF0);
    ck_assert(!mtip(0));
    rig_advance(&r, 16 * TICK_NS);
    ck_assert(mtip(0));
    wr(CLINT_TIME + 4, 4, 0); /* the upper half alone */
    ck_assert_uint_eq(rd(CLINT_TIME, 8), 0);
    ck_assert(!mtip(0));
    wr(CLINT_TIME, 4, 0x1234);
    ck_assert_uint_eq(rd(CLINT_TIME + 4, 4), 0);
    ck_assert_uint_eq(rd(CLINT_TIME, 4), 0x1234);
    wr(CLINT_TIME, 8, FAR - 5); /* near the end of time */
    ck_assert(mtip(0) && !mtip(1));
    rig_advance(&r, 5 * TICK_NS);
    ck_assert(mtip(1));
}
END_TEST

START_TEST(reset_starts_time)
{
    open_clint();
    rig_advance(&r, 1000 * TICK_NS);
    wr(CLINT_CMP(0), 8, 0);
    machine_reset(r.m);
    ck_assert_uint_eq(rd(CLINT_TIME, 8), 0);
    ck_assert(!mtip(0));
}
END_TEST

START_TEST(aclint_timer)
{
    rig_device(&r, "riscv-aclint-mtimer", "harts", "2", "timebase-frequency", "1000000", NULL);
    rig_watch(&r, "mtip", 1, 9);
    uint64_t now = rig_read(&r, 0, 0, 8);
    rig_write(&r, 1, 8, 8, now + 7);
    rig_advance(&r, 6 * 1000);
    ck_assert(!mtip(1));
    rig_advance(&r, 1000);
    ck_assert(mtip(1));
    ck_assert_uint_eq(rig_read(&r, 0, 0, 8), now + 7);
}
END_TEST

START_TEST(aclint_machine_software)
{
    rig_device(&r, "riscv-aclint-mswi", "harts", "2", NULL);
    rig_watch(&r, "msip", 1, 1);
    wr(MSIP(1), 4, 1);
    ck_assert(msip(1));
    ck_assert_uint_eq(rd(MSIP(1), 4), 1);
    wr(MSIP(1), 4, 0);
    ck_assert(!msip(1));
}
END_TEST

START_TEST(aclint_supervisor_software)
{
    rig_device(&r, "riscv-aclint-sswi", "harts", "2", NULL);
    rig_watch(&r, "ssip", 1, 1);
    wr(4, 4, 1);
    wr(4, 4, 1);
    wr(4, 4, 0);
    ck_assert_uint_eq(rig_line(&r, 1).rises, 2); /* edges, no level */
    ck_assert(!msip(1));
    ck_assert_uint_eq(rd(4, 4), 0);
}
END_TEST

/* ---- Goldfish RTC ------------------------------------------------------------------------------- */

static uint64_t rtc_time(void)
{
    uint64_t low = rd(0x00, 4);
    return rd(0x04, 4) << 32 | low;
}

START_TEST(rtc_tells_the_time)
{
    rig_device(&r, "goldfish-rtc", NULL);
    uint64_t before = (uint64_t)time(NULL), seconds = rtc_time() / 1000000000;
    ck_assert_uint_ge(seconds + 1, before);
    ck_assert_uint_le(seconds, (uint64_t)time(NULL) + 1);
}
END_TEST

START_TEST(rtc_is_set)
{
    const uint64_t wanted = UINT64_C(1000000000) * 86400 * 365;
    rig_device(&r, "goldfish-rtc", NULL);
    wr(0x04, 4, wanted >> 32);
    wr(0x00, 4, (uint32_t)wanted);
    uint64_t now = rtc_time();
    ck_assert_uint_ge(now, wanted);
    ck_assert_uint_lt(now, wanted + UINT64_C(600000000000));
}
END_TEST

static void set_alarm(uint64_t when)
{
    wr(0x0C, 4, when >> 32);
    wr(0x08, 4, (uint32_t)when);
}

START_TEST(rtc_alarm)
{
    rig_device(&r, "goldfish-rtc", NULL);
    rig_watch(&r, "irq", 0, 0);
    set_alarm(rtc_time() + UINT64_C(3600000000000));
    ck_assert_uint_eq(rd(0x18, 4), 1);
    wr(0x14, 4, 1); /* cleared */
    ck_assert_uint_eq(rd(0x18, 4), 0);
    set_alarm(rtc_time() - 1); /* past: pending, but not enabled */
    ck_assert_uint_eq(rd(0x18, 4), 0);
    ck_assert(!msip(0));
    wr(0x10, 4, 1);
    ck_assert(msip(0));
    wr(0x1C, 4, 1);
    ck_assert(!msip(0));
    set_alarm(FAR);
    ck_assert_uint_eq(rd(0x18, 4), 1);
    ck_assert(!msip(0));
}
END_TEST

/* ---- test finisher ------------------------------------------------------------------------------ */

START_TEST(finisher)
{
    static const struct { uint32_t value, request; int status; } cases[] = {
        { 0x5555, REQUEST_SHUTDOWN, 0 }, { 0x3333, REQUEST_SHUTDOWN, 0 },
        { 0x00073333, REQUEST_SHUTDOWN, 7 }, { 0x7777, REQUEST_RESET, 0 },
        { 0x1234, 0, 0 }, { 0, 0, 0 },
    };
    rig_device(&r, "sifive-test", NULL);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        r.m->requests = 0;
        wr(0, 4, cases[i].value);
        ck_assert_uint_eq(r.m->requests, cases[i].request);
        if (cases[i].request == REQUEST_SHUTDOWN)
            ck_assert_int_eq(r.m->exit_status, cases[i].status);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timers");
    TCase *c = tcase_create("registers");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, software_interrupts);
    tcase_add_test(c, time_counts);
    tcase_add_test(c, compare);
    tcase_add_test(c, compare_by_halves);
    tcase_add_test(c, time_is_writable);
    tcase_add_test(c, reset_starts_time);
    tcase_add_test(c, aclint_timer);
    tcase_add_test(c, aclint_machine_software);
    tcase_add_test(c, aclint_supervisor_software);
    tcase_add_test(c, rtc_tells_the_time);
    tcase_add_test(c, rtc_is_set);
    tcase_add_test(c, rtc_alarm);
    tcase_add_test(c, finisher);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
