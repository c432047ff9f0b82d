/* SPDX-License-Identifier: MIT */
/* test_uart.c: ns16550a driven as a serial driver would (PC16550D data sheet, section 8). */
#include "rig.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };
#define FRAME_8N1_NS (10 * 16 * BP_NS_PER_S / 3686400) /* divisor 1 */

static struct rig r;

static void setup(void)
{
    rig_open(&r);
    rig_chardev(&r, "chardev");
    rig_device(&r, "ns16550a", NULL);
    rig_watch(&r, "irq", 0, 0);
    rig_write(&r, 0, LCR, 1, 3);
}

static void teardown(void) { rig_close(&r); }
static uint8_t rd(unsigned reg) { return (uint8_t)rig_read(&r, 0, reg, 1); }
static void wr(unsigned reg, unsigned value) { rig_write(&r, 0, reg, 1, value); }
static bool irq(void) { return rig_line(&r, 0).level; }

START_TEST(reset_values)
{
    wr(IER, 0x0F), wr(MCR, 0x1F), wr(SCR, 0x5A), wr(FCR, 0x01);
    machine_reset(r.m);
    ck_assert_uint_eq(rd(IER), 0);
    ck_assert_uint_eq(rd(IIR), 0x01);
    ck_assert_uint_eq(rd(LCR), 0);
    ck_assert_uint_eq(rd(MCR), 0);
    ck_assert_uint_eq(rd(LSR), 0x60);
    ck_assert_uint_eq(rd(MSR), 0xB0);
    ck_assert(!irq());
}
END_TEST

START_TEST(sends)
{
    for (const char *p = "hello"; *p; p++) {
        wr(DATA, (uint8_t)*p);
        ck_assert_uint_eq(rd(LSR), 0x60);
    }
    ck_assert_str_eq(rig_sent(&r), "hello");
}
END_TEST

START_TEST(divisor_and_scratch)
{
    wr(LCR, 0x83);
    wr(DATA, 0x34), wr(IER, 0x12);
    ck_assert_uint_eq(rd(DATA), 0x34);
    ck_assert_uint_eq(rd(IER), 0x12);
    wr(LCR, 0x03);
    ck_assert_uint_eq(rd(IER), 0);
    wr(SCR, 0xA5);
    ck_assert_uint_eq(rd(SCR), 0xA5);
    ck_assert_str_eq(rig_sent(&r), "");
}
END_TEST

START_TEST(transmitter_interrupt)
{
    wr(IER, 0x02); /* raised at once: the transmitter is empty */
    ck_assert(irq());
    ck_assert_uint_eq(rd(IIR), 0x02);
    ck_assert(!irq()); /* reading IIR took it back */
    ck_assert_uint_eq(rd(IIR), 0x01);
    unsigned before = rig_line(&r, 0).rises;
    wr(DATA, 'a');
    ck_assert(irq());
    wr(DATA, 'b'); /* falls and rises again: an edge for each byte */
    ck_assert_uint_eq(rig_line(&r, 0).rises, before + 2);
    wr(IER, 0);
    ck_assert(!irq());
}
END_TEST

START_TEST(receives_without_fifo)
{
    wr(IER, 0x01);
    rig_type(&r, "xy", 2);
    ck_assert(irq());
    ck_assert_uint_eq(rd(IIR), 0x04);
    ck_assert_uint_eq(rd(LSR), 0x61);
    ck_assert_uint_eq(rd(DATA), 'x');
    rig_poll(&r); /* the second byte waited outside */
    ck_assert_uint_eq(rd(LSR), 0x61);
    ck_assert_uint_eq(rd(DATA), 'y');
    ck_assert_uint_eq(rd(LSR), 0x60);
    ck_assert(!irq());
}
END_TEST

START_TEST(trigger_levels)
{
    static const unsigned level[] = { 1, 4, 8, 14 };
    wr(IER, 0x01);
    for (unsigned i = 0; i < 4; i++) {
        wr(FCR, 0x07 | i << 6);
        for (unsigned n = 1; n <= level[i]; n++) {
            ck_assert(!irq());
            rig_type(&r, "z", 1);
        }
        ck_assert(irq());
        ck_assert_uint_eq(rd(IIR), 0xC4);
        rd(DATA);
        ck_assert_uint_eq(irq(), 0);
    }
}
END_TEST

START_TEST(character_timeout)
{
    wr(IER, 0x01);
    wr(FCR, 0x87); /* level 8 */
    rig_type(&r, "abc", 3);
    rig_advance(&r, 4 * FRAME_8N1_NS - 1000);
    ck_assert(!irq());
    rig_type(&r, "d", 1); /* starts the wait again */
    rig_advance(&r, 4 * FRAME_8N1_NS - 1000);
    ck_assert(!irq());
    rig_advance(&r, 2000);
    ck_assert(irq());
    ck_assert_uint_eq(rd(IIR), 0xCC);
    ck_assert_uint_eq(rd(DATA), 'a');
    ck_assert(!irq());
    rig_advance(&r, 4 * FRAME_8N1_NS + 1000); /* bytes are left: again */
    ck_assert_uint_eq(rd(IIR), 0xCC);
    ck_assert_uint_eq(rd(DATA), 'b');
    ck_assert_uint_eq(rd(DATA), 'c');
    ck_assert_uint_eq(rd(DATA), 'd');
    rig_advance(&r, 100 * FRAME_8N1_NS);
    ck_assert_uint_eq(rd(IIR), 0xC1);
}
END_TEST

START_TEST(timeout_follows_line_speed)
{
    wr(LCR, 0x83), wr(DATA, 24), wr(IER, 0), wr(LCR, 0x03); /* 9600 baud */
    wr(IER, 0x01), wr(FCR, 0x87);
    rig_type(&r, "a", 1);
    rig_advance(&r, 24 * 4 * FRAME_8N1_NS - 100000);
    ck_assert(!irq());
    rig_advance(&r, 200000);
    ck_assert(irq());
}
END_TEST

START_TEST(long_input_keeps_order)
{
    uint8_t in[1000];
    for (unsigned i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 7);
    wr(FCR, 0x01);
    rig_type(&r, in, sizeof in);
    for (unsigned i = 0; i < sizeof in; i++) {
        if (!(rd(LSR) & 1))
            rig_poll(&r);
        ck_assert_uint_eq(rd(LSR), 0x61);
        ck_assert_uint_eq(rd(DATA), in[i]);
    }
    rig_poll(&r);
    ck_assert_uint_eq(rd(LSR), 0x60);
}
END_TEST

START_TEST(clearing_the_fifo)
{
    wr(FCR, 0x01);
    rig_type(&r, "0123456789abcdef", 16);
    wr(FCR, 0x03);
    ck_assert_uint_eq(rd(LSR), 0x60);
    rig_type(&r, "Q", 1);
    rig_poll(&r);
    ck_assert_uint_eq(rd(DATA), 'Q');
    rig_type(&r, "R", 1);
    wr(FCR, 0x00); /* switching FIFOs off empties them */
    ck_assert_uint_eq(rd(LSR), 0x60);
    ck_assert_uint_eq(rd(IIR), 0x01);
}
END_TEST

START_TEST(loopback)
{
    rd(MSR);
    wr(MCR, 0x10);
    ck_assert_uint_eq(rd(MSR), 0x0B); /* all lines fell; RI was not up */
    wr(MCR, 0x1F);
    ck_assert_uint_eq(rd(MSR), 0xFB);
    wr(MCR, 0x1B);
    ck_assert_uint_eq(rd(MSR), 0xB4); /* RI ended */
    wr(DATA, 0x42);
    ck_assert_uint_eq(rd(DATA), 0x42);
    wr(DATA, 1), wr(DATA, 2);
    ck_assert_uint_eq(rd(LSR), 0x63); /* overrun, told once */
    ck_assert_uint_eq(rd(LSR), 0x61);
    rig_type(&r, "n", 1); /* the wire outside is cut off */
    ck_assert_uint_eq(rd(DATA), 1);
    rig_poll(&r);
    ck_assert_uint_eq(rd(LSR), 0x60);
    ck_assert_str_eq(rig_sent(&r), "");
    wr(MCR, 0);
    rig_poll(&r);
    ck_assert_uint_eq(rd(DATA), 'n');
}
END_TEST

START_TEST(modem_interrupt)
{
    wr(IER, 0x08);
    wr(MCR, 0x10);
    ck_assert(irq());
    ck_assert_uint_eq(rd(IIR), 0x00);
    rd(MSR);
    ck_assert(!irq());
    ck_assert_uint_eq(rd(IIR), 0x01);
}
END_TEST

START_TEST(break_in_the_fifo)
{
    wr(IER, 0x04), wr(FCR, 0x01);
    rig_type(&r, "a", 1);
    rig_type_event(&r, BP_CHARDEV_BREAK);
    ck_assert(!irq()); /* shown when it is the oldest */
    ck_assert_uint_eq(rd(LSR), 0xE1);
    ck_assert_uint_eq(rd(DATA), 'a');
    ck_assert(irq());
    ck_assert_uint_eq(rd(IIR), 0xC6);
    ck_assert_uint_eq(rd(LSR), 0xF9);
    ck_assert(!irq());
    ck_assert_uint_eq(rd(LSR), 0x61);
    ck_assert_uint_eq(rd(DATA), 0);
    ck_assert_uint_eq(rd(LSR), 0x60);
}
END_TEST

START_TEST(priorities)
{
    rd(MSR);
    wr(MCR, 0x10);          /* modem lines change */
    wr(DATA, 1), wr(DATA, 2); /* byte received, overrun, transmitter empty */
    wr(IER, 0x0F);
    ck_assert_uint_eq(rd(IIR), 0x06);
    rd(LSR);
    ck_assert_uint_eq(rd(IIR), 0x04);
    rd(DATA);
    ck_assert_uint_eq(rd(IIR), 0x02);
    ck_assert_uint_eq(rd(IIR), 0x00);
    rd(MSR);
    ck_assert_uint_eq(rd(IIR), 0x01);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ns16550a");
    TCase *c = tcase_create("registers");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, reset_values);
    tcase_add_test(c, sends);
    tcase_add_test(c, divisor_and_scratch);
    tcase_add_test(c, transmitter_interrupt);
    tcase_add_test(c, receives_without_fifo);
    tcase_add_test(c, trigger_levels);
    tcase_add_test(c, character_timeout);
    tcase_add_test(c, timeout_follows_line_speed);
    tcase_add_test(c, long_input_keeps_order);
    tcase_add_test(c, clearing_the_fifo);
    tcase_add_test(c, loopback);
    tcase_add_test(c, modem_interrupt);
    tcase_add_test(c, break_in_the_fifo);
    tcase_add_test(c, priorities);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
