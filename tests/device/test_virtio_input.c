/* SPDX-License-Identifier: MIT */
/* test_virtio_input.c: keyboard, mouse, tablet, and the memory balloon. */
#include "virtio_rig.h"

#include <backplane/bus/input.h>

#include <stdlib.h>
#include <string.h>

#define ALL UINT64_MAX
enum { SELECT = 0, SUBSEL = 1, SIZE = 2, DATA = 8 };

static const struct bp_input *api;
static void *dev;

static void open_input(struct vr *v, const char *id)
{
    vr_open(v, false);
    vr_device(v, id, NULL);
    api = part_find_offer(v->device, BP_INPUT_ID, &dev);
    ck_assert_ptr_nonnull(api);
    vr_start(v, ALL, 2, 16);
}

static uint8_t ask(struct vr *v, uint8_t select, uint8_t subsel)
{
    rig_write(&v->r, 0, VR_CONFIG + SELECT, 1, select);
    rig_write(&v->r, 0, VR_CONFIG + SUBSEL, 1, subsel);
    return vr_config8(v, SIZE);
}
static bool bit(struct vr *v, unsigned n) { return vr_config8(v, DATA + n / 8) >> n % 8 & 1; }

START_TEST(keyboard_tells_its_keys)
{
    struct vr v;
    open_input(&v, "virtio-keyboard-device");
    ck_assert_uint_eq(vr_read(&v, VR_ID), 18);
    ck_assert_uint_gt(ask(&v, 1, 0), 10); /* a name */
    ck_assert_uint_eq(vr_config8(&v, DATA), 'B');
    ck_assert_uint_eq(ask(&v, 3, 0), 8);
    ck_assert_uint_eq(ask(&v, 0x11, BP_EV_KEY), 32);
    ck_assert(bit(&v, 30) && !bit(&v, 0)); /* KEY_A */
    ck_assert_uint_eq(ask(&v, 0x11, BP_EV_LED), 1);
    ck_assert_uint_eq(ask(&v, 0x11, BP_EV_ABS), 0);
    ck_assert_uint_eq(ask(&v, 0x12, 0), 0);
    ck_assert_uint_eq(ask(&v, 0x77, 0), 0);
    vr_close(&v);
}
END_TEST

START_TEST(tablet_tells_its_axes)
{
    struct vr v;
    open_input(&v, "virtio-tablet-device");
    ck_assert_uint_eq(ask(&v, 0x12, 1), 20);
    ck_assert_uint_eq(vr_config32(&v, DATA + 4), BP_INPUT_ABS_MAX);
    ck_assert(api->takes(dev, BP_EV_ABS, 1) && api->takes(dev, BP_EV_KEY, 0x110));
    ck_assert(!api->takes(dev, BP_EV_REL, 0) && !api->takes(dev, BP_EV_KEY, 30));
    vr_close(&v);
}
END_TEST

static void buffers(struct vr *v, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct vr_desc d = { VR_DATA + 8 * i, 8, true, 0 };
        vr_add(v, 0, &d, 1);
    }
    vr_kick(v, 0);
}

START_TEST(events_arrive_in_packets)
{
    struct vr v;
    struct vr_used u;
    uint8_t b[24];
    open_input(&v, "virtio-mouse-device");
    buffers(&v, 3);
    api->event(dev, BP_EV_REL, 0, -5);
    api->event(dev, BP_EV_ABS, 0, 5); /* a mouse has no such axis */
    api->event(dev, BP_EV_KEY, 0x110, 1);
    ck_assert(!vr_used(&v, 0, &u));
    api->event(dev, BP_EV_SYN, 0, 0);
    for (unsigned i = 0; i < 3; i++)
        ck_assert(vr_used(&v, 0, &u) && u.length == 8);
    rig_peek(&v.r, VR_DATA, b, sizeof b);
    ck_assert(!memcmp(b, "\2\0\0\0\xFB\xFF\xFF\xFF" "\1\0\x10\1\1\0\0\0" "\0\0\0\0\0\0\0\0", 24));
    ck_assert_uint_eq(vr_interrupts(&v), 1);
    vr_close(&v);
}
END_TEST

START_TEST(no_room_no_packet)
{
    struct vr v;
    struct vr_used u;
    open_input(&v, "virtio-keyboard-device");
    buffers(&v, 1);
    api->event(dev, BP_EV_KEY, 30, 1);
    api->event(dev, BP_EV_SYN, 0, 0); /* two events, one buffer */
    ck_assert(!vr_used(&v, 0, &u));
    for (unsigned i = 0; i < 1000; i++)
        api->event(dev, BP_EV_KEY, 30, 1);
    api->event(dev, BP_EV_SYN, 0, 0);
    ck_assert(!vr_used(&v, 0, &u));
    buffers(&v, 1);
    api->event(dev, BP_EV_KEY, 30, 0);
    api->event(dev, BP_EV_SYN, 0, 0);
    ck_assert(vr_used(&v, 0, &u) && vr_used(&v, 0, &u));
    ck_assert(!vr_broken(&v));
    vr_close(&v);
}
END_TEST

START_TEST(lights_are_taken)
{
    struct vr v;
    const struct vr_desc d = { VR_DATA, 8, false, 0 };
    open_input(&v, "virtio-keyboard-device");
    ck_assert_uint_eq(vr_run(&v, 1, &d, 1), 0);
    vr_close(&v);
}
END_TEST

/* ---- balloon --------------------------------------------------------------------------------- */

START_TEST(pages_go_back)
{
    struct vr v;
    uint32_t pfns[] = { RIG_RAM / 4096 + 0xC1, RIG_RAM / 4096 + 0xC2, RIG_RAM / 4096 + 0xC4, 0,
                        UINT32_MAX };
    uint8_t ones[4096], got[4096], zeroes[4096] = { 0 };
    memset(ones, 0xFF, sizeof ones);
    vr_open(&v, false);
    vr_device(&v, "virtio-balloon-device", "take", "64K", NULL);
    vr_start(&v, ALL, 2, 16);
    ck_assert_uint_eq(vr_read(&v, VR_ID), 5);
    ck_assert_uint_eq(vr_config32(&v, 0), 16);
    for (unsigned i = 0; i < 6; i++)
        rig_poke(&v.r, 0xC0000 + 4096 * i, ones, sizeof ones);
    rig_poke(&v.r, VR_DATA, pfns, sizeof pfns);
    const struct vr_desc d = { VR_DATA, sizeof pfns, false, 0 };
    vr_run(&v, 0, &d, 1);
    for (unsigned i = 0; i < 6; i++) {
        bool gone = i == 1 || i == 2 || i == 4;
        rig_peek(&v.r, 0xC0000 + 4096 * i, got, sizeof got);
        ck_assert_msg(!memcmp(got, gone ? zeroes : ones, sizeof got), "page %u", i);
    }
    vr_run(&v, 1, &d, 1);
    vr_write(&v, VR_CONFIG + 4, 3);
    ck_assert_uint_eq(vr_config32(&v, 4), 3);
    vr_close(&v);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("virtio-input, virtio-balloon");
    TCase *tc = tcase_create("all");
    tcase_add_test(tc, keyboard_tells_its_keys);
    tcase_add_test(tc, tablet_tells_its_axes);
    tcase_add_test(tc, events_arrive_in_packets);
    tcase_add_test(tc, no_room_no_packet);
    tcase_add_test(tc, lights_are_taken);
    tcase_add_test(tc, pages_go_back);
    suite_add_tcase(suite, tc);
    return rig_run(suite);
}
