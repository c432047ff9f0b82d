/* SPDX-License-Identifier: MIT */
/* test_primecell.c: PL031, PL061 and the key on a GPIO line (Arm DDI 0224, DDI 0190). */
#include "rig.h"

#include <backplane/bus/button.h>
#include <time.h>

static struct rig r;

static uint32_t rd(unsigned reg) { return (uint32_t)rig_read(&r, 0, reg, 4); }
static void wr(unsigned reg, unsigned value) { rig_write(&r, 0, reg, 4, value); }
static bool irq(void) { return rig_line(&r, 8).level; }
static void setup(void) { rig_open(&r); }
static void teardown(void) { rig_close(&r); }

static void check_id(uint8_t part)
{
    const uint8_t id[] = { part, 0x10, 0x04, 0x00, 0x0D, 0xF0, 0x05, 0xB1 };
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(rd(0xFE0 + 4 * i), id[i]);
}

/* ---- PL031 ---------------------------------------------------------------------------------- */

enum { DR = 0x00, MR = 0x04, LR = 0x08, CR = 0x0C, IMSC = 0x10, RTC_RIS = 0x14, RTC_MIS = 0x18,
       ICR = 0x1C };

static void open_rtc(void)
{
    rig_device(&r, "pl031", NULL);
    rig_watch(&r, "irq", 0, 8);
}

enum { SLACK = 600 }; /* seconds that a busy machine may take between two lines */

START_TEST(rtc_is_the_hosts)
{
    open_rtc();
    uint32_t host = (uint32_t)time(NULL);
    ck_assert_uint_le(rd(DR) - host, SLACK);
    wr(CR, 0); /* it cannot be stopped */
    ck_assert_uint_eq(rd(CR), 1);
    check_id(0x31);
}
END_TEST

START_TEST(rtc_is_set)
{
    open_rtc();
    wr(LR, 1000);
    ck_assert_uint_eq(rd(LR), 1000);
    ck_assert_uint_le(rd(DR) - 1000, SLACK);
    machine_reset(r.m); /* the time goes on */
    ck_assert_uint_le(rd(DR) - 1000, SLACK);
    wr(LR, 0xFFFFFFFF);
    ck_assert_uint_le(rd(DR) + 1, SLACK);
}
END_TEST

START_TEST(rtc_match)
{
    open_rtc();
    wr(LR, 5000), wr(MR, 9000);
    ck_assert_uint_eq(rd(RTC_RIS), 0);
    wr(LR, 9000); /* set to the match: at once */
    ck_assert_uint_eq(rd(RTC_RIS), 1);
    ck_assert_uint_eq(rd(RTC_MIS), 0);
    ck_assert(!irq());
    wr(IMSC, 1);
    ck_assert(irq());
    ck_assert_uint_eq(rd(RTC_MIS), 1);
    wr(ICR, 1);
    ck_assert(!irq());
    ck_assert_uint_eq(rd(RTC_RIS), 0);
}
END_TEST

/* ---- PL061 ---------------------------------------------------------------------------------- */

enum { DATA = 0x000, GPIODIR = 0x400, IS = 0x404, IBE = 0x408, IEV = 0x40C, IE = 0x410, RIS = 0x414,
       MIS = 0x418, IC = 0x41C };
#define LINES(mask) (DATA + ((mask) << 2))

static void open_gpio(void)
{
    rig_device(&r, "pl061", NULL);
    for (unsigned i = 0; i < 8; i++) {
        rig_watch(&r, "out", i, i);
        rig_drive(&r, i, "in", i);
    }
    rig_watch(&r, "irq", 0, 8);
}

START_TEST(gpio_masks)
{
    open_gpio();
    wr(GPIODIR, 0x0F);
    wr(LINES(0xFF), 0xFF); /* inputs keep what they have */
    ck_assert_uint_eq(rd(LINES(0xFF)), 0x0F);
    wr(LINES(0x05), 0x00);
    ck_assert_uint_eq(rd(LINES(0xFF)), 0x0A);
    ck_assert_uint_eq(rd(LINES(0x02)), 0x02);
    ck_assert(!rig_line(&r, 0).level && rig_line(&r, 1).level);
    rig_set(&r, 7, true), rig_set(&r, 1, true);
    ck_assert_uint_eq(rd(LINES(0xFF)), 0x8A);
    wr(GPIODIR, 0x00); /* all inputs now */
    ck_assert(!rig_line(&r, 1).level);
    ck_assert_uint_eq(rd(LINES(0xFF)), 0x82);
    check_id(0x61);
}
END_TEST

START_TEST(gpio_edges)
{
    open_gpio();
    wr(IE, 0xFF), wr(IEV, 0x01); /* line 0 rising, 1 falling, 2 both */
    wr(IBE, 0x04);
    rig_set(&r, 0, true);
    ck_assert(irq());
    ck_assert_uint_eq(rd(MIS), 0x01);
    rig_set(&r, 0, false);
    ck_assert_uint_eq(rd(MIS), 0x01); /* latched */
    wr(IC, 0x01);
    ck_assert(!irq());
    rig_set(&r, 1, true);
    ck_assert(!irq());
    rig_set(&r, 1, false);
    ck_assert_uint_eq(rd(RIS), 0x02);
    wr(IC, 0xFF);
    rig_set(&r, 2, true);
    ck_assert_uint_eq(rd(RIS), 0x04);
    wr(IC, 0xFF);
    rig_set(&r, 2, false);
    ck_assert_uint_eq(rd(RIS), 0x04);
    wr(IE, 0);
    ck_assert(!irq());
}
END_TEST

START_TEST(gpio_levels)
{
    open_gpio();
    wr(IS, 0x03), wr(IEV, 0x01), wr(IE, 0x03);
    ck_assert_uint_eq(rd(MIS), 0x02); /* line 1 wants low */
    rig_set(&r, 1, true);
    ck_assert(!irq());
    rig_set(&r, 0, true);
    ck_assert(irq());
    wr(IC, 0xFF); /* levels are not latched, so not cleared */
    ck_assert(irq());
    rig_set(&r, 0, false);
    ck_assert(!irq());
}
END_TEST

START_TEST(key_is_pressed)
{
    rig_device(&r, "gpio-keys", NULL);
    rig_watch(&r, "key", 0, 8);
    void *dev;
    const struct bp_button *button = part_find_offer(r.dev, BP_BUTTON_ID, &dev);
    machine_lock(r.m);
    button->press(dev);
    machine_unlock(r.m);
    ck_assert(irq());
    rig_advance(&r, 50 * 1000000);
    ck_assert(irq());
    rig_advance(&r, 51 * 1000000);
    ck_assert(!irq());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("primecell");
    TCase *c = tcase_create("primecell");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, rtc_is_the_hosts);
    tcase_add_test(c, rtc_is_set);
    tcase_add_test(c, rtc_match);
    tcase_add_test(c, gpio_masks);
    tcase_add_test(c, gpio_edges);
    tcase_add_test(c, gpio_levels);
    tcase_add_test(c, key_is_pressed);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
