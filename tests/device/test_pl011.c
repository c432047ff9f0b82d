/* SPDX-License-Identifier: MIT */
/* test_pl011.c: the PL011 driven as a serial driver would (Arm DDI 0183, chapter 3). */
#include "rig.h"

enum {
    DR = 0x00, RSR = 0x04, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR = 0x2C, CR = 0x30,
    IFLS = 0x34, IMSC = 0x38, RIS = 0x3C, MIS = 0x40, ICR = 0x44, ID = 0xFE0,
    FEN = 0x10, EN = 0x301, LOOP = 0x80,
    RXFE = 0x10, RXFF = 0x40, TXFE = 0x80,
    RX = 0x10, TX = 0x20, RT = 0x40, BE = 0x200, OE = 0x400,
};
#define BIT_NS (16 * 13 * BP_NS_PER_S / 24000000) /* divisor 13: 115200 baud */

static struct rig r;

static uint32_t rd(unsigned reg) { return (uint32_t)rig_read(&r, 0, reg, 4); }
static void wr(unsigned reg, unsigned value) { rig_write(&r, 0, reg, 4, value); }
static bool irq(void) { return rig_line(&r, 0).level; }

static void setup(void)
{
    rig_open(&r);
    rig_chardev(&r, "chardev");
    rig_device(&r, "pl011", NULL);
    rig_watch(&r, "irq", 0, 0);
    rig_watch(&r, "irq_rx", 0, 1);
    rig_watch(&r, "irq_tx", 0, 2);
    wr(IBRD, 13), wr(FBRD, 0), wr(LCR, 0x60 | FEN), wr(CR, EN);
}
static void teardown(void) { rig_close(&r); }

START_TEST(reset_values)
{
    wr(IMSC, 0x7FF), wr(CR, 0xFF87), wr(IFLS, 0);
    machine_reset(r.m);
    ck_assert_uint_eq(rd(FR), 0x90);
    ck_assert_uint_eq(rd(CR), 0x300);
    ck_assert_uint_eq(rd(IFLS), 0x12);
    ck_assert_uint_eq(rd(IMSC), 0);
    ck_assert_uint_eq(rd(RIS), 0);
    ck_assert_uint_eq(rd(LCR), 0);
    ck_assert(!irq());
    /* what the amba bus of Linux reads: part 0x011 of designer 0x41, a PrimeCell */
    static const uint8_t id[] = { 0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1 };
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(rd(ID + 4 * i), id[i]);
}
END_TEST

START_TEST(sends)
{
    for (const char *p = "hello"; *p; p++) {
        wr(DR, (uint8_t)*p);
        ck_assert_uint_eq(rd(FR), TXFE | RXFE);
    }
    rig_write(&r, 0, DR, 1, '!'); /* by bytes, too */
    ck_assert_str_eq(rig_sent(&r), "hello!");
}
END_TEST

START_TEST(sends_when_not_set_up)
{
    machine_reset(r.m);
    wr(DR, 'a');
    ck_assert_str_eq(rig_sent(&r), "a");
    wr(CR, 0x201); /* no TXE */
    wr(DR, 'b');
    ck_assert_str_eq(rig_sent(&r), "");
}
END_TEST

START_TEST(transmit_interrupt)
{
    wr(IMSC, TX);
    ck_assert(!irq()); /* only passing the level raises it */
    wr(DR, 'a');
    ck_assert(irq() && rig_line(&r, 2).level && !rig_line(&r, 1).level);
    ck_assert_uint_eq(rd(MIS), TX);
    wr(ICR, TX);
    ck_assert(!irq());
    wr(DR, 'b');
    ck_assert(irq());
    wr(IMSC, 0);
    ck_assert(!irq());
    ck_assert_uint_eq(rd(RIS), TX);
    ck_assert_uint_eq(rd(MIS), 0);
}
END_TEST

START_TEST(trigger_levels)
{
    static const unsigned level[] = { 2, 4, 8, 12, 14 };
    wr(IMSC, RX);
    for (unsigned i = 0; i < 5; i++) {
        wr(IFLS, i << 3);
        for (unsigned n = 1; n <= level[i]; n++) {
            ck_assert(!irq());
            rig_type(&r, "z", 1);
        }
        ck_assert(irq() && rig_line(&r, 1).level);
        ck_assert_uint_eq(rd(DR), 'z');
        ck_assert(!irq()); /* below the level again */
        while (!(rd(FR) & RXFE))
            rd(DR);
    }
}
END_TEST

START_TEST(level_is_an_edge)
{
    wr(IMSC, RX), wr(IFLS, 0);
    rig_type(&r, "abc", 3);
    ck_assert(irq());
    wr(ICR, RX);
    ck_assert(!irq()); /* still three in the FIFO */
    rig_type(&r, "d", 1);
    ck_assert(!irq());
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(rd(DR), "abcd"[i]);
    rig_type(&r, "ef", 2);
    ck_assert(irq());
}
END_TEST

START_TEST(receive_timeout)
{
    wr(IMSC, RT);
    rig_type(&r, "ab", 2);
    rig_advance(&r, 32 * BIT_NS - 1000);
    ck_assert(!irq());
    rig_type(&r, "c", 1); /* starts the wait again */
    rig_advance(&r, 32 * BIT_NS - 1000);
    ck_assert(!irq());
    rig_advance(&r, 2000);
    ck_assert(irq());
    ck_assert_uint_eq(rd(DR), 'a');
    ck_assert_uint_eq(rd(DR), 'b');
    ck_assert(irq());
    ck_assert_uint_eq(rd(DR), 'c'); /* all read */
    ck_assert(!irq());
    rig_advance(&r, 1000 * BIT_NS);
    ck_assert(!irq());
}
END_TEST

START_TEST(without_fifo)
{
    wr(LCR, 0x60), wr(IMSC, RX);
    rig_type(&r, "xy", 2);
    ck_assert(irq());
    ck_assert_uint_eq(rd(FR), TXFE | RXFF);
    ck_assert_uint_eq(rd(DR), 'x');
    rig_poll(&r); /* the second byte waited outside */
    ck_assert(irq());
    ck_assert_uint_eq(rd(DR), 'y');
    ck_assert(!irq());
    ck_assert_uint_eq(rd(FR), TXFE | RXFE);
    ck_assert_uint_eq(rd(DR), 0);
}
END_TEST

START_TEST(long_input_keeps_order)
{
    uint8_t in[1000];
    for (unsigned i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 7);
    rig_type(&r, in, sizeof in);
    for (unsigned i = 0; i < sizeof in; i++) {
        if (rd(FR) & RXFE)
            rig_poll(&r);
        ck_assert_uint_eq(rd(DR), in[i]);
    }
    rig_poll(&r);
    ck_assert(rd(FR) & RXFE);
}
END_TEST

START_TEST(switching_fifos_empties_them)
{
    rig_type(&r, "abcdefghijklmnop", 16);
    ck_assert(rd(FR) & RXFF);
    wr(LCR, 0x60);
    ck_assert(rd(FR) & RXFE);
    wr(LCR, 0x60 | FEN);
    rig_type(&r, "Q", 1);
    ck_assert_uint_eq(rd(DR), 'Q');
}
END_TEST

START_TEST(input_waits_for_the_receiver)
{
    wr(CR, 0x101);
    rig_type(&r, "k", 1);
    ck_assert(rd(FR) & RXFE);
    wr(CR, EN);
    rig_poll(&r);
    ck_assert_uint_eq(rd(DR), 'k');
}
END_TEST

START_TEST(loopback_and_overrun)
{
    wr(CR, EN | LOOP), wr(IMSC, OE);
    for (unsigned i = 0; i < 17; i++)
        wr(DR, i + 1);
    ck_assert_str_eq(rig_sent(&r), "");
    ck_assert(irq()); /* the seventeenth */
    ck_assert_uint_eq(rd(RSR), 0x8);
    ck_assert_uint_eq(rd(DR), 0x801);
    wr(RSR, 0), wr(ICR, OE);
    ck_assert(!irq());
    ck_assert_uint_eq(rd(DR), 2);
    /* modem outputs are the inputs: DTR, RTS, OUT1, OUT2 */
    wr(IMSC, 0xF);
    wr(CR, EN | LOOP | 0x3C00);
    ck_assert_uint_eq(rd(FR) & 0x107, 0x107);
    ck_assert_uint_eq(rd(MIS), 0xF);
}
END_TEST

START_TEST(break_is_told)
{
    wr(IMSC, BE);
    rig_type(&r, "a", 1);
    rig_type_event(&r, BP_CHARDEV_BREAK);
    ck_assert(irq());
    ck_assert_uint_eq(rd(DR), 'a');
    ck_assert_uint_eq(rd(RSR), 0);
    ck_assert_uint_eq(rd(DR), 0x400);
    ck_assert_uint_eq(rd(RSR), 0x4); /* of the character read last */
    wr(ICR, BE);
    ck_assert(!irq());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pl011");
    TCase *c = tcase_create("pl011");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, reset_values);
    tcase_add_test(c, sends);
    tcase_add_test(c, sends_when_not_set_up);
    tcase_add_test(c, transmit_interrupt);
    tcase_add_test(c, trigger_levels);
    tcase_add_test(c, level_is_an_edge);
    tcase_add_test(c, receive_timeout);
    tcase_add_test(c, without_fifo);
    tcase_add_test(c, long_input_keeps_order);
    tcase_add_test(c, switching_fifos_empties_them);
    tcase_add_test(c, input_waits_for_the_receiver);
    tcase_add_test(c, loopback_and_overrun);
    tcase_add_test(c, break_is_told);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
