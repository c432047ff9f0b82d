/* SPDX-License-Identifier: MIT */
/* test_virtio_net.c: the network card through its slot, between a driver and a wire that are both
 * ours. */
#include "virtio_rig.h"

#include <core/net.h>

#include <string.h>

#define NET "virtio-net-device"
#define ALL UINT64_MAX
enum { RX = 0, TX = 1, CTRL = 2 };
enum { F_MAC = 5, F_MRG_RXBUF = 15, F_STATUS = 16, F_CTRL_VQ = 17, F_CTRL_RX = 18 };

/* ---- the wire -------------------------------------------------------------------------------- */

struct wire {
    unsigned count;
    size_t length;
    uint8_t frame[70000]; /* the last one sent */
};

static int wire_open(void *drv) { return 0; }
static void wire_close(void *drv) {}

static void wire_send(void *drv, const void *frame, size_t n)
{
    struct wire *w = drv;
    ck_assert_uint_le(n, sizeof w->frame);
    memcpy(w->frame, frame, n);
    w->length = n;
    w->count++;
}

static const struct bp_net_driver wire_driver = {
    .head = { sizeof(struct bp_net_driver), BP_KIND_NET, "wire" },
    .state_size = sizeof(struct wire), .open = wire_open, .close = wire_close, .send = wire_send,
};

static struct wire *wire_of(struct vr *v)
{
    for (guint i = 0; i < v->r.m->others->len; i++) {
        struct part *p = g_ptr_array_index(v->r.m->others, i);
        if (!strcmp(p->type, "wire"))
            return p->state;
    }
    ck_abort_msg("no wire");
}

/* ---- the driver ------------------------------------------------------------------------------ */

static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

static void make(struct vr *v, bool legacy)
{
    vr_open(v, legacy);
    ck_assert_int_eq(net_new(v->r.m, &wire_driver, "netdev", NULL, 0, NULL), 0);
    vr_device(v, NET, "mac", "52:54:00:01:02:03", NULL);
}

static void net(struct vr *v, uint64_t mask)
{
    make(v, false);
    vr_start(v, mask, 3, 16);
}

/* Buffers of n bytes each for the device to receive into. */
static void give_buffers(struct vr *v, unsigned count, uint32_t n)
{
    for (unsigned i = 0; i < count; i++) {
        struct vr_desc d = { VR_DATA + i * 4096, n, true, 0 };
        vr_add(v, RX, &d, 1);
    }
    vr_kick(v, RX);
}

static void arrive(struct vr *v, const uint8_t *to, size_t n)
{
    uint8_t frame[66000];
    for (size_t i = 0; i < n; i++)
        frame[i] = (uint8_t)(i * 7);
    memcpy(frame, to, 6);
    net_api.deliver(wire_of(v), frame, n);
}

static bool received(struct vr *v)
{
    struct vr_used u;
    return vr_used(v, RX, &u);
}

static uint8_t command(struct vr *v, uint8_t class, uint8_t cmd, const void *data, uint32_t n)
{
    uint8_t head[2] = { class, cmd }, ack = 0xEE;
    rig_poke(&v->r, VR_DATA + 0x10000, head, 2);
    rig_poke(&v->r, VR_DATA + 0x11000, data, n);
    rig_poke(&v->r, VR_DATA + 0x18000, &ack, 1);
    const struct vr_desc d[] = { { VR_DATA + 0x10000, 2, false, 0 },
                                 { VR_DATA + 0x11000, n, false, 0 },
                                 { VR_DATA + 0x18000, 1, true, 0 } };
    vr_run(v, CTRL, d, 3);
    rig_peek(&v->r, VR_DATA + 0x18000, &ack, 1);
    return ack;
}

/* ---- tests ----------------------------------------------------------------------------------- */

START_TEST(configuration)
{
    struct vr v;
    net(&v, ALL);
    ck_assert_uint_eq(vr_read(&v, VR_ID), 1);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(vr_config8(&v, i), mac[i]);
    ck_assert_uint_eq(vr_config8(&v, 6), 1);
    uint32_t generation = vr_read(&v, VR_GENERATION);
    vr_interrupts(&v);
    net_api.set_link(wire_of(&v), false);
    ck_assert_uint_eq(vr_config8(&v, 6), 0);
    ck_assert_uint_eq(vr_interrupts(&v), 2);
    ck_assert_uint_ne(vr_read(&v, VR_GENERATION), generation);
    vr_write(&v, VR_CONFIG, 0); /* the address is read-only in version 2 */
    ck_assert_uint_eq(vr_config8(&v, 0), mac[0]);
    vr_close(&v);
}
END_TEST

START_TEST(properties)
{
    struct vr v;
    const char *const bad[][2] = { { "mac", "52:54:00" }, { "mac", "53:54:00:00:00:01" },
                                   { "mac", "52:54:00:01:02:0x" }, { "rx_queue_size", "100" },
                                   { "tx_queue_size", "2048" }, { "host_mtu", "67" } };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        vr_open(&v, false);
        ck_assert(vr_refused(&v, NET, bad[i][0], bad[i][1], NULL));
        vr_close(&v);
    }
}
END_TEST

START_TEST(sends)
{
    struct vr v;
    uint8_t bytes[2000];
    net(&v, ALL);
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 3);
    rig_poke(&v.r, VR_DATA, bytes, sizeof bytes);
    const struct vr_desc d[] = { { VR_DATA, 5, false, 0 }, { VR_DATA + 5, 100, false, 0 },
                                 { VR_DATA + 105, 1409, false, 0 } };
    ck_assert_uint_eq(vr_run(&v, TX, d, 3), 0);
    ck_assert_uint_eq(wire_of(&v)->count, 1);
    ck_assert_uint_eq(wire_of(&v)->length, 1514 - 12); /* behind the header of 12 */
    ck_assert_mem_eq(wire_of(&v)->frame, bytes + 12, 1502);
    for (unsigned i = 0; i < 10; i++)
        vr_add(&v, TX, d, 3);
    vr_kick(&v, TX);
    rig_poll(&v.r);
    ck_assert_uint_eq(wire_of(&v)->count, 11);
    vr_close(&v);
}
END_TEST

START_TEST(odd_frames_are_not_sent)
{
    struct vr v;
    net(&v, ALL);
    const struct vr_desc only_header = { VR_DATA, 12, false, 0 }, less = { VR_DATA, 3, false, 0 },
                         huge = { 0, 200000, false, 0 }, writable = { VR_DATA, 100, true, 0 };
    vr_run(&v, TX, &only_header, 1);
    vr_run(&v, TX, &less, 1);
    vr_run(&v, TX, &huge, 1);
    vr_run(&v, TX, &writable, 1);
    ck_assert_uint_eq(wire_of(&v)->count, 0);
    ck_assert(!vr_broken(&v));
    vr_close(&v);
}
END_TEST

START_TEST(receives)
{
    struct vr v;
    struct vr_used u;
    uint8_t b[1600];
    net(&v, ALL);
    give_buffers(&v, 2, 1526);
    arrive(&v, mac, 1514);
    ck_assert(vr_used(&v, RX, &u));
    ck_assert_uint_eq(u.length, 1526);
    rig_peek(&v.r, VR_DATA, b, sizeof b);
    ck_assert_uint_eq(b[0], 0);
    ck_assert_uint_eq(b[10] | b[11] << 8, 1); /* num_buffers */
    ck_assert_mem_eq(b + 12, mac, 6);
    ck_assert_uint_eq(b[12 + 1513], (uint8_t)(1513 * 7));
    ck_assert_uint_eq(b[1526], 0);
    ck_assert_uint_eq(vr_interrupts(&v), 1);
    vr_close(&v);
}
END_TEST

START_TEST(merges_buffers)
{
    struct vr v;
    struct vr_used u;
    uint8_t b[2];
    net(&v, ALL);
    give_buffers(&v, 10, 512);
    arrive(&v, mac, 1514);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert(vr_used(&v, RX, &u));
        ck_assert_uint_eq(u.length, i < 2 ? 512 : 1526 - 1024);
    }
    ck_assert(!vr_used(&v, RX, &u));
    rig_peek(&v.r, VR_DATA + 10, b, 2);
    ck_assert_uint_eq(b[0], 3);
    rig_peek(&v.r, VR_DATA + 4096, b, 1); /* goes on without a header */
    ck_assert_uint_eq(b[0], (uint8_t)(500 * 7));
    vr_close(&v);
}
END_TEST

/* Not enough room: the frame is lost, the buffers serve the next. */
START_TEST(frame_is_too_long)
{
    struct vr v;
    struct vr_used u;
    net(&v, ~BP_VIRTIO_BIT(F_MRG_RXBUF));
    give_buffers(&v, 4, 512);
    arrive(&v, mac, 1514);
    ck_assert(!received(&v));
    arrive(&v, mac, 500);
    ck_assert(vr_used(&v, RX, &u));
    ck_assert_uint_eq(u.length, 512);
    vr_start(&v, ALL, 3, 16);
    give_buffers(&v, 2, 512);
    arrive(&v, mac, 1514);
    ck_assert(!received(&v));
    arrive(&v, mac, 1000);
    ck_assert(received(&v));
    ck_assert(received(&v));
    ck_assert(!vr_broken(&v));
    vr_close(&v);
}
END_TEST

START_TEST(buffers_without_room_break)
{
    struct vr v;
    net(&v, ALL);
    give_buffers(&v, 1, 12);
    arrive(&v, mac, 100);
    ck_assert(vr_broken(&v));
    vr_start(&v, ALL, 3, 16);
    give_buffers(&v, 1, 100);
    arrive(&v, mac, 60);
    ck_assert(received(&v));
    vr_close(&v);
}
END_TEST

/* What arrives while there are no buffers waits for them. */
START_TEST(waits_for_buffers)
{
    struct vr v;
    net(&v, ALL);
    for (unsigned i = 0; i < 3; i++)
        arrive(&v, mac, 100 + i);
    ck_assert(!received(&v));
    give_buffers(&v, 2, 2000);
    ck_assert(received(&v));
    ck_assert(received(&v));
    ck_assert(!received(&v));
    give_buffers(&v, 2, 2000);
    ck_assert(received(&v));
    ck_assert(!received(&v));
    vr_close(&v);
}
END_TEST

START_TEST(lost_without_driver)
{
    struct vr v;
    make(&v, false);
    for (unsigned i = 0; i < 1000; i++)
        arrive(&v, mac, 100);
    vr_start(&v, ALL, 3, 16);
    give_buffers(&v, 4, 2000);
    ck_assert(!received(&v));
    arrive(&v, mac, 100);
    ck_assert(received(&v));
    vr_close(&v);
}
END_TEST

START_TEST(filters)
{
    static const uint8_t other[6] = { 0x52, 0x54, 0, 9, 9, 9 }, group[6] = { 1, 0, 0x5E, 0, 0, 1 },
                         group2[6] = { 1, 0, 0x5E, 0, 0, 2 },
                         broadcast[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    static const uint8_t on = 1, off = 0;
    struct vr v;
    net(&v, ALL);
    give_buffers(&v, 15, 2000);
    arrive(&v, other, 100);
    ck_assert(!received(&v));
    arrive(&v, group, 100);
    ck_assert(!received(&v));
    arrive(&v, broadcast, 100);
    ck_assert(received(&v));
    ck_assert_uint_eq(command(&v, 0, 0, &on, 1), 0); /* promiscuous */
    arrive(&v, other, 100);
    ck_assert(received(&v));
    ck_assert_uint_eq(command(&v, 0, 0, &off, 1), 0);
    uint8_t tables[] = { 1, 0, 0, 0, 0x52, 0x54, 0, 9, 9, 9, 1, 0, 0, 0, 1, 0, 0x5E, 0, 0, 1 };
    ck_assert_uint_eq(command(&v, 1, 0, tables, sizeof tables), 0);
    arrive(&v, other, 100);
    ck_assert(received(&v));
    arrive(&v, group, 100);
    ck_assert(received(&v));
    arrive(&v, group2, 100);
    ck_assert(!received(&v));
    ck_assert_uint_eq(command(&v, 0, 1, &on, 1), 0); /* all multicast */
    arrive(&v, group2, 100);
    ck_assert(received(&v));
    ck_assert_uint_eq(command(&v, 0, 5, &on, 1), 0); /* no broadcast */
    arrive(&v, broadcast, 100);
    ck_assert(!received(&v));
    ck_assert_uint_eq(command(&v, 1, 1, other, 6), 0); /* a new address */
    ck_assert_uint_eq(vr_config8(&v, 5), 9);
    arrive(&v, mac, 100);
    ck_assert(!received(&v));
    vr_write(&v, VR_STATUS, 0);
    ck_assert_uint_eq(vr_config8(&v, 5), 3); /* until reset */
    vr_close(&v);
}
END_TEST

START_TEST(bad_commands)
{
    struct vr v;
    uint8_t huge[8] = { 0xFF, 0xFF, 0xFF, 0xFF };
    uint8_t big[4 + 100 * 6 + 4] = { 100 };
    static const uint8_t any[6] = { 0x52, 1, 1, 1, 1, 1 };
    net(&v, ALL);
    ck_assert_uint_eq(command(&v, 1, 0, huge, 8), 1);  /* more than there is */
    ck_assert_uint_eq(command(&v, 1, 0, huge, 3), 1);
    ck_assert_uint_eq(command(&v, 1, 1, huge, 5), 1);
    ck_assert_uint_eq(command(&v, 0, 77, huge, 1), 1);
    ck_assert_uint_eq(command(&v, 200, 0, huge, 8), 1);
    ck_assert_uint_eq(command(&v, 0, 0, huge, 0), 1);
    ck_assert_uint_eq(command(&v, 1, 0, big, sizeof big), 0); /* more than the table: all pass */
    give_buffers(&v, 1, 200);
    arrive(&v, any, 100);
    ck_assert(received(&v));
    ck_assert(!vr_broken(&v));
    const struct vr_desc no_answer = { VR_DATA, 2, false, 0 };
    vr_add(&v, CTRL, &no_answer, 1);
    vr_kick(&v, CTRL);
    ck_assert(vr_broken(&v));
    vr_close(&v);
}
END_TEST

START_TEST(vlan_filter)
{
    struct vr v;
    uint8_t frame[100] = { 0 };
    const uint8_t vid[2] = { 5, 0 };
    net(&v, ALL);
    give_buffers(&v, 4, 200);
    memcpy(frame, mac, 6);
    frame[12] = 0x81;
    frame[15] = 5;
    net_api.deliver(wire_of(&v), frame, sizeof frame);
    ck_assert(!received(&v));
    ck_assert_uint_eq(command(&v, 2, 0, vid, 2), 0);
    net_api.deliver(wire_of(&v), frame, sizeof frame);
    ck_assert(received(&v));
    ck_assert_uint_eq(command(&v, 2, 1, vid, 2), 0);
    net_api.deliver(wire_of(&v), frame, sizeof frame);
    ck_assert(!received(&v));
    vr_close(&v);
}
END_TEST

START_TEST(legacy_header)
{
    struct vr v;
    struct vr_used u;
    make(&v, true);
    vr_start(&v, ~BP_VIRTIO_BIT(F_MRG_RXBUF), 3, 16);
    give_buffers(&v, 1, 1600);
    arrive(&v, mac, 100);
    ck_assert(vr_used(&v, RX, &u));
    ck_assert_uint_eq(u.length, 110);
    const struct vr_desc d = { VR_DATA, 110, false, 0 };
    vr_run(&v, TX, &d, 1);
    ck_assert_uint_eq(wire_of(&v)->length, 100);
    vr_start(&v, ALL, 3, 16);
    vr_run(&v, TX, &d, 1);
    ck_assert_uint_eq(wire_of(&v)->length, 98);
    vr_close(&v);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        configuration, properties, sends, odd_frames_are_not_sent, receives, merges_buffers,
        frame_is_too_long, buffers_without_room_break, waits_for_buffers, lost_without_driver,
        filters, bad_commands, vlan_filter, legacy_header,
    };
    Suite *suite = suite_create("virtio network card");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 120);
    for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(c, tests[i]);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
