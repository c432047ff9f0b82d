/* SPDX-License-Identifier: MIT */
/* test_virtio_serial.c: the serial device with a console and a named port. */
#include "virtio_rig.h"

#include <string.h>

#define SERIAL "virtio-serial-device"
#define ALL UINT64_MAX
#define F_MULTIPORT BP_VIRTIO_BIT(1)
enum { RX0 = 0, TX0 = 1, CTRL_RX = 2, CTRL_TX = 3, RX1 = 4, TX1 = 5 };
enum {
    DEVICE_READY = 0,
    DEVICE_ADD = 1,
    PORT_READY = 3,
    CONSOLE_PORT = 4,
    PORT_OPEN = 6,
    PORT_NAME = 7,
};

/* A message that the device sent. */
struct message {
    uint32_t id;
    unsigned event, value;
    char name[65];
};

static void serial(struct vr *v)
{
    vr_open(v, false);
    vr_device(v, SERIAL, NULL);
}

static void give(struct vr *v, unsigned q, unsigned count, uint32_t at, uint32_t n)
{
    for (unsigned i = 0; i < count; i++) {
        struct vr_desc d = { at + i * 256, n, true, 0 };
        vr_add(v, q, &d, 1);
    }
    vr_kick(v, q);
}

static void start(struct vr *v, uint64_t mask)
{
    vr_start(v, mask, mask & F_MULTIPORT ? 6 : 2, 32);
    if (mask & F_MULTIPORT)
        give(v, CTRL_RX, 32, VR_DATA, 256);
}

static void tell(struct vr *v, uint32_t id, unsigned event, unsigned value)
{
    uint8_t b[8] = { (uint8_t)id, (uint8_t)(id >> 8), (uint8_t)(id >> 16), (uint8_t)(id >> 24),
                     (uint8_t)event, 0, (uint8_t)value, 0 };
    rig_poke(&v->r, VR_DATA + 0x8000, b, 8);
    const struct vr_desc d = { VR_DATA + 0x8000, 8, false, 0 };
    vr_run(v, CTRL_TX, &d, 1);
}

static bool told(struct vr *v, struct message *m)
{
    struct vr_used u;
    uint8_t b[256];
    if (!vr_used(v, CTRL_RX, &u))
        return false;
    rig_peek(&v->r, VR_DATA + 256 * (u.id % 32), b, sizeof b);
    memset(m, 0, sizeof *m);
    m->id = b[0];
    m->event = b[4];
    m->value = b[6];
    memcpy(m->name, b + 8, u.length - 8);
    return true;
}

static void must_tell(struct vr *v, uint32_t id, unsigned event, unsigned value)
{
    struct message m;
    ck_assert(told(v, &m));
    ck_assert_uint_eq(m.id, id);
    ck_assert_uint_eq(m.event, event);
    ck_assert_uint_eq(m.value, value);
}

static void send(struct vr *v, unsigned q, const char *text)
{
    rig_poke(&v->r, VR_DATA + 0x9000, text, strlen(text));
    const struct vr_desc d = { VR_DATA + 0x9000, (uint32_t)strlen(text), false, 0 };
    vr_run(v, q, &d, 1);
}

START_TEST(console_without_control)
{
    struct vr v;
    struct vr_used u;
    uint8_t b[16];
    serial(&v);
    rig_chardev(&v.r, "chardev");
    vr_part(&v, "virtconsole", "con", NULL);
    start(&v, ~F_MULTIPORT);
    ck_assert_uint_eq(vr_read(&v, VR_ID), 3);
    send(&v, TX0, "to the host");
    ck_assert_str_eq(rig_sent(&v.r), "to the host");
    rig_type(&v.r, "early", 5); /* waits for a buffer */
    give(&v, RX0, 1, VR_DATA + 0xA000, 16);
    ck_assert(vr_used(&v, RX0, &u));
    ck_assert_uint_eq(u.length, 5);
    rig_peek(&v.r, VR_DATA + 0xA000, b, 5);
    ck_assert_mem_eq(b, "early", 5);
    give(&v, RX0, 2, VR_DATA + 0xA000, 4);
    rig_type(&v.r, "abcdef", 6);
    ck_assert(vr_used(&v, RX0, &u));
    ck_assert_uint_eq(u.length, 4);
    ck_assert(vr_used(&v, RX0, &u));
    ck_assert_uint_eq(u.length, 2);
    vr_close(&v);
}
END_TEST

START_TEST(emergency_write)
{
    struct vr v;
    serial(&v);
    rig_chardev(&v.r, "chardev");
    vr_part(&v, "virtconsole", "con", NULL);
    vr_write(&v, VR_CONFIG + 8, 'X'); /* before there is a driver */
    ck_assert_str_eq(rig_sent(&v.r), "X");
    vr_close(&v);
}
END_TEST

START_TEST(control_messages)
{
    struct vr v;
    struct message m;
    serial(&v);
    rig_chardev(&v.r, "chardev");
    struct part *port = vr_part(&v, "virtserialport", "p", "name", "org.test.0", NULL);
    ck_assert(part_port_connected(port, "chardev"));
    start(&v, ALL);
    ck_assert_uint_eq(vr_config32(&v, 4), 31);
    ck_assert(!told(&v, &m)); /* nothing before the driver asks */
    tell(&v, 0, DEVICE_READY, 1);
    must_tell(&v, 1, DEVICE_ADD, 1); /* number 0 is left to consoles */
    ck_assert(!told(&v, &m));
    tell(&v, 1, PORT_READY, 1);
    ck_assert(told(&v, &m));
    ck_assert_uint_eq(m.event, PORT_NAME);
    ck_assert_str_eq(m.name, "org.test.0");
    while (told(&v, &m))
        ck_assert_uint_eq(m.event, PORT_OPEN);
    rig_type_event(&v.r, BP_CHARDEV_CLOSED);
    rig_type_event(&v.r, BP_CHARDEV_OPENED);
    rig_poll(&v.r);
    bool open = false;
    while (told(&v, &m))
        open = m.event == PORT_OPEN && m.value;
    ck_assert(open);
    vr_close(&v);
}
END_TEST

START_TEST(port_carries_data_while_open)
{
    struct vr v;
    struct vr_used u;
    serial(&v);
    rig_chardev(&v.r, "chardev");
    vr_part(&v, "virtserialport", "p", "nr", "1", NULL);
    start(&v, ALL);
    tell(&v, 0, DEVICE_READY, 1);
    tell(&v, 1, PORT_READY, 1);
    give(&v, RX1, 2, VR_DATA + 0xA000, 16);
    rig_type(&v.r, "x", 1);
    ck_assert(!vr_used(&v, RX1, &u)); /* nobody in the guest has it open */
    tell(&v, 1, PORT_OPEN, 1);
    ck_assert(vr_used(&v, RX1, &u));
    ck_assert_uint_eq(u.length, 1);
    send(&v, TX1, "answer");
    ck_assert_str_eq(rig_sent(&v.r), "answer");
    tell(&v, 1, PORT_OPEN, 0);
    rig_type(&v.r, "y", 1);
    ck_assert(!vr_used(&v, RX1, &u));
    vr_close(&v);
}
END_TEST

START_TEST(console_is_told)
{
    struct vr v;
    struct message m;
    serial(&v);
    vr_part(&v, "virtconsole", "con", NULL);
    start(&v, ALL);
    tell(&v, 0, DEVICE_READY, 1);
    must_tell(&v, 0, DEVICE_ADD, 1);
    tell(&v, 0, PORT_READY, 1);
    must_tell(&v, 0, CONSOLE_PORT, 1);
    ck_assert(!told(&v, &m));
    send(&v, TX0, "into the void"); /* no chardev: swallowed */
    vr_close(&v);
}
END_TEST

START_TEST(bad_control_messages)
{
    struct vr v;
    struct message m;
    serial(&v);
    vr_part(&v, "virtconsole", "con", NULL);
    start(&v, ALL);
    const struct vr_desc cut = { VR_DATA + 0x8000, 7, false, 0 },
                         writable = { VR_DATA + 0x8000, 8, true, 0 };
    vr_run(&v, CTRL_TX, &cut, 1);
    vr_run(&v, CTRL_TX, &writable, 1);
    for (unsigned event = 0; event < 16; event++) {
        tell(&v, 0, event, 0);
        tell(&v, 5, event, 1); /* no such port */
        tell(&v, 0xFFFFFFFF, event, 1);
        while (told(&v, &m))
            ck_assert_uint_eq(m.id, 0);
        if (event == DEVICE_READY)
            continue;
        ck_assert(!vr_broken(&v));
    }
    vr_close(&v);
}
END_TEST

/* A driver that asks for ports again and again but takes no answers. */
START_TEST(unanswered_messages_are_bounded)
{
    struct vr v;
    serial(&v);
    vr_part(&v, "virtconsole", "con", NULL);
    vr_start(&v, ALL, 6, 32);
    uint8_t b[8] = { 0, 0, 0, 0, DEVICE_READY, 0, 1, 0 };
    rig_poke(&v.r, VR_DATA + 0x8000, b, 8);
    const struct vr_desc d = { VR_DATA + 0x8000, 8, false, 0 };
    for (unsigned i = 0; i < 1000 && !vr_broken(&v); i++) {
        vr_add(&v, CTRL_TX, &d, 1);
        vr_kick(&v, CTRL_TX);
    }
    ck_assert(vr_broken(&v));
    start(&v, ALL);
    tell(&v, 0, DEVICE_READY, 1);
    must_tell(&v, 0, DEVICE_ADD, 1);
    vr_close(&v);
}
END_TEST

START_TEST(huge_writes_are_cut)
{
    struct vr v;
    serial(&v);
    vr_part(&v, "virtconsole", "con", NULL);
    start(&v, ALL);
    for (uint32_t i = 0; i < 512; i++)
        vr_table_desc(&v, VR_INDIRECT, i, RIG_RAM, RIG_RAM_SIZE, i < 511 ? VR_NEXT : 0,
                      (uint16_t)(i + 1));
    vr_raw_desc(&v, TX0, 0, RIG_RAM + VR_INDIRECT, 512 * 16, VR_INDIRECT_FLAG, 0);
    vr_offer(&v, TX0, 0);
    vr_kick(&v, TX0);
    struct vr_used u;
    ck_assert(vr_used(&v, TX0, &u));
    vr_close(&v);
}
END_TEST

static bool refused(struct vr *v, const char *id, const char *name, const char *value)
{
    struct part *part = part_create(v->r.m, (const void *)rig_entity(BP_KIND_DEVICE, id), name);
    return part_set(part, "nr", value) < 0 || part_realize(part) < 0;
}

START_TEST(port_numbers)
{
    struct vr v;
    vr_open(&v, false);
    vr_device(&v, SERIAL, "max-ports", "3", NULL);
    vr_part(&v, "virtconsole", "a", NULL);
    ck_assert(refused(&v, "virtserialport", "b", "0"));
    ck_assert(refused(&v, "virtconsole", "c", "0"));
    ck_assert(refused(&v, "virtserialport", "d", "3"));
    vr_part(&v, "virtserialport", "e", NULL);
    vr_part(&v, "virtserialport", "f", "nr", "2", NULL);
    ck_assert(refused(&v, "virtserialport", "g", "2"));
    vr_close(&v);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        console_without_control, emergency_write, control_messages, port_carries_data_while_open,
        console_is_told, bad_control_messages, unanswered_messages_are_bounded,
        huge_writes_are_cut, port_numbers,
    };
    Suite *suite = suite_create("virtio serial device");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 120);
    for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(c, tests[i]);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
