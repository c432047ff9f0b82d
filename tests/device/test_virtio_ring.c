/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_ring.c: the slot's registers and what the engine does with queues, well made and
 * malformed. The device is the random number generator, which answers at once.
 */
#include "virtio_rig.h"

#include <core/state.h>

#include <string.h>

#define RNG "virtio-rng-device"
#define ALL UINT64_MAX
#define INDIRECT BP_VIRTIO_BIT(BP_VIRTIO_F_INDIRECT_DESC)
#define EVENT_IDX BP_VIRTIO_BIT(BP_VIRTIO_F_EVENT_IDX)
#define VERSION_1 BP_VIRTIO_BIT(BP_VIRTIO_F_VERSION_1)

static void rng(struct vr *v, uint64_t mask, uint32_t size)
{
    vr_open(v, false);
    vr_device(v, RNG, NULL);
    vr_start(v, mask, 1, size);
}

/* How many of n bytes at a RAM offset are not 0. */
static unsigned filled(struct vr *v, uint32_t offset, unsigned n)
{
    uint8_t b[4096];
    unsigned count = 0;
    rig_peek(&v->r, offset, b, n);
    for (unsigned i = 0; i < n; i++)
        count += b[i] != 0;
    return count;
}

/* ---- registers ------------------------------------------------------------------------------- */

START_TEST(empty_slot)
{
    struct vr v;
    vr_open(&v, false);
    ck_assert_uint_eq(vr_read(&v, VR_MAGIC), 0x74726976);
    ck_assert_uint_eq(vr_read(&v, VR_VERSION), 2);
    ck_assert_uint_eq(vr_read(&v, VR_ID), 0);
    ck_assert_uint_eq(vr_read(&v, VR_VENDOR), 0x554D4551);
    for (uint32_t at = 0x10; at < 0x200; at += 4) {
        vr_write(&v, at, 0xFFFFFFFF);
        if (at != VR_FEATURES_SEL && at != VR_DRIVER_FEATURES_SEL && at != VR_QUEUE_SEL)
            ck_assert_msg(vr_read(&v, at) == 0, "0x%x reads 0x%x", at, vr_read(&v, at));
    }
    ck_assert_uint_eq(rig_line(&v.r, VR_IRQ).rises, 0);
    vr_close(&v);
}
END_TEST

START_TEST(registers)
{
    struct vr v;
    vr_open(&v, false);
    vr_device(&v, RNG, NULL);
    ck_assert_uint_eq(vr_read(&v, VR_ID), 4);
    ck_assert_uint_eq(vr_offered(&v), INDIRECT | EVENT_IDX | VERSION_1);
    vr_write(&v, VR_FEATURES_SEL, 2);
    ck_assert_uint_eq(vr_read(&v, VR_FEATURES), 0);
    vr_write(&v, VR_QUEUE_SEL, 0);
    ck_assert_uint_eq(vr_read(&v, VR_QUEUE_MAX), 64);
    vr_write(&v, VR_QUEUE_SEL, 1);
    ck_assert_uint_eq(vr_read(&v, VR_QUEUE_MAX), 0);
    vr_write(&v, VR_QUEUE_SEL, 0xFFFFFFFF);
    ck_assert_uint_eq(vr_read(&v, VR_QUEUE_MAX), 0);
    vr_write(&v, VR_QUEUE_READY, 1);
    ck_assert_uint_eq(vr_read(&v, VR_QUEUE_READY), 0);
    ck_assert_uint_eq(vr_config32(&v, 0), 0);
    /* Control registers take 32-bit accesses only. */
    vr_write(&v, VR_STATUS, 1);
    rig_write(&v.r, 0, VR_STATUS, 1, 3);
    ck_assert_uint_eq(vr_read(&v, VR_STATUS), 1);
    ck_assert_uint_eq(rig_read(&v.r, 0, VR_MAGIC + 2, 2), 0);
    vr_close(&v);
}
END_TEST

START_TEST(features_refused)
{
    struct vr v;
    vr_open(&v, false);
    vr_device(&v, RNG, NULL);
    vr_negotiate(&v, 0); /* without VERSION_1 */
    ck_assert_uint_eq(vr_read(&v, VR_STATUS) & BP_VIRTIO_FEATURES_OK, 0);
    vr_negotiate(&v, VERSION_1 | BP_VIRTIO_BIT(3)); /* never offered */
    ck_assert_uint_eq(vr_read(&v, VR_STATUS) & BP_VIRTIO_FEATURES_OK, 0);
    vr_driver_ok(&v);
    ck_assert(vr_broken(&v));
    vr_start(&v, ALL, 1, 8);
    vr_close(&v);
}
END_TEST

START_TEST(only_one_device)
{
    struct vr v;
    vr_open(&v, false);
    vr_device(&v, RNG, NULL);
    ck_assert(vr_refused(&v, "virtio-net-device", NULL));
    vr_close(&v);
}
END_TEST

START_TEST(registers_are_fixed_while_enabled)
{
    struct vr v;
    struct vr_desc d = { VR_DATA, 16, true, 0 };
    rng(&v, ALL, 8);
    vr_write(&v, VR_DESC, 0x1000);
    vr_write(&v, VR_QUEUE_SIZE, 4);
    ck_assert_uint_eq(vr_run(&v, 0, &d, 1), 16);
    vr_write(&v, VR_DRIVER_FEATURES_SEL, 0);
    vr_write(&v, VR_DRIVER_FEATURES, 0xFFFFFFFF);
    ck_assert_uint_eq(vr_run(&v, 0, &d, 1), 16);
    vr_close(&v);
}
END_TEST

/* ---- queues ---------------------------------------------------------------------------------- */

START_TEST(fills_buffers)
{
    struct vr v;
    struct vr_desc d[] = { { VR_DATA, 100, true, 0 }, { VR_DATA + 1000, 200, true, 0 } };
    rng(&v, ALL, 8);
    ck_assert_uint_eq(vr_run(&v, 0, d, 2), 300);
    ck_assert_uint_gt(filled(&v, VR_DATA, 100), 80);
    ck_assert_uint_eq(filled(&v, VR_DATA + 100, 900), 0);
    ck_assert_uint_gt(filled(&v, VR_DATA + 1000, 200), 160);
    ck_assert_uint_eq(filled(&v, VR_DATA + 1200, 800), 0);
    ck_assert_uint_eq(vr_interrupts(&v), 1);
    vr_close(&v);
}
END_TEST

START_TEST(legacy_interface)
{
    struct vr v;
    struct vr_desc d = { VR_DATA, 64, true, 0 };
    vr_open(&v, true);
    vr_device(&v, RNG, NULL);
    ck_assert_uint_eq(vr_read(&v, VR_VERSION), 1);
    ck_assert_uint_eq(vr_offered(&v), INDIRECT | EVENT_IDX | BP_VIRTIO_BIT(BP_VIRTIO_F_ANY_LAYOUT));
    vr_start(&v, ALL, 1, 8);
    ck_assert_uint_eq(vr_read(&v, VR_QUEUE_PFN), RIG_RAM / 4096);
    ck_assert_uint_eq(vr_run(&v, 0, &d, 1), 64);
    ck_assert_uint_eq(vr_interrupts(&v), 1);
    vr_write(&v, VR_QUEUE_PFN, 0);
    ck_assert_uint_eq(vr_read(&v, VR_QUEUE_PFN), 0);
    vr_add(&v, 0, &d, 1);
    vr_kick(&v, 0);
    struct vr_used u;
    ck_assert(!vr_used(&v, 0, &u));
    vr_close(&v);
}
END_TEST

START_TEST(indices_wrap)
{
    struct vr v;
    rng(&v, ALL, 4);
    for (unsigned i = 0; i < 66000; i++) {
        struct vr_desc d = { VR_DATA + i % 64, 1 + i % 8, true, 0 };
        struct vr_used u = { 0, 0 };
        vr_add(&v, 0, &d, 1);
        if (i % 3 == 0)
            continue; /* two at once now and then */
        vr_kick(&v, 0);
        uint8_t idx[2];
        rig_peek(&v.r, v.q[0].used + 2, idx, 2);
        ck_assert_uint_eq(idx[0] | idx[1] << 8, (uint16_t)(i + 1));
        v.q[0].seen = (uint16_t)i;
        ck_assert(vr_used(&v, 0, &u));
        ck_assert_uint_eq(u.length, d.length);
    }
    ck_assert(!vr_broken(&v));
    vr_close(&v);
}
END_TEST

START_TEST(no_notifications_wanted)
{
    struct vr v;
    struct vr_desc d = { VR_DATA, 16, true, 0 };
    rng(&v, VERSION_1, 8);
    const uint8_t no_interrupt[2] = { 1, 0 }, wanted[2] = { 0, 0 };
    rig_poke(&v.r, v.q[0].avail, no_interrupt, 2);
    vr_run(&v, 0, &d, 1);
    ck_assert_uint_eq(vr_interrupts(&v), 0);
    rig_poke(&v.r, v.q[0].avail, wanted, 2);
    vr_run(&v, 0, &d, 1);
    ck_assert_uint_eq(vr_interrupts(&v), 1);
    vr_close(&v);
}
END_TEST

START_TEST(event_indices)
{
    struct vr v;
    struct vr_desc d = { VR_DATA, 16, true, 0 };
    uint8_t event[2] = { 3, 0 };
    rng(&v, ALL, 8);
    vr_run(&v, 0, &d, 1); /* the first is always told */
    ck_assert_uint_eq(vr_interrupts(&v), 1);
    rig_poke(&v.r, v.q[0].avail + 4 + 2 * 8, event, 2); /* tell me of the fourth */
    vr_run(&v, 0, &d, 1);
    vr_run(&v, 0, &d, 1);
    ck_assert_uint_eq(vr_interrupts(&v), 0);
    vr_run(&v, 0, &d, 1);
    ck_assert_uint_eq(vr_interrupts(&v), 1);
    vr_run(&v, 0, &d, 1);
    ck_assert_uint_eq(vr_interrupts(&v), 0);
    rig_peek(&v.r, v.q[0].used + 4 + 8 * 8, event, 2); /* the device waits for the next */
    ck_assert_uint_eq(event[0], 5);
    vr_close(&v);
}
END_TEST

START_TEST(indirect_table)
{
    struct vr v;
    struct vr_used u;
    rng(&v, ALL, 8);
    vr_table_desc(&v, VR_INDIRECT, 0, RIG_RAM + VR_DATA, 10, VR_WRITE | VR_NEXT, 5);
    vr_table_desc(&v, VR_INDIRECT, 5, RIG_RAM + VR_DATA + 100, 20, VR_WRITE, 0);
    vr_raw_desc(&v, 0, 2, RIG_RAM + VR_INDIRECT, 6 * 16, VR_INDIRECT_FLAG | VR_WRITE, 0);
    vr_offer(&v, 0, 2);
    vr_kick(&v, 0);
    ck_assert(vr_used(&v, 0, &u));
    ck_assert_uint_eq(u.id, 2);
    ck_assert_uint_eq(u.length, 30);
    /* A direct descriptor, then a table (2.7.5.3.2). */
    vr_raw_desc(&v, 0, 3, RIG_RAM + VR_DATA + 200, 7, VR_WRITE | VR_NEXT, 2);
    vr_offer(&v, 0, 3);
    vr_kick(&v, 0);
    ck_assert(vr_used(&v, 0, &u));
    ck_assert_uint_eq(u.length, 37);
    vr_close(&v);
}
END_TEST

START_TEST(reset_forgets)
{
    struct vr v;
    struct vr_desc d = { VR_DATA, 16, true, 0 };
    struct vr_used u;
    rng(&v, ALL, 8);
    vr_run(&v, 0, &d, 1);
    vr_write(&v, VR_STATUS, 0);
    ck_assert_uint_eq(vr_read(&v, VR_INT_STATUS), 0);
    ck_assert_uint_eq(rig_line(&v.r, VR_IRQ).level, 0);
    ck_assert_uint_eq(vr_read(&v, VR_STATUS), 0);
    vr_write(&v, VR_QUEUE_SEL, 0);
    ck_assert_uint_eq(vr_read(&v, VR_QUEUE_READY), 0);
    vr_add(&v, 0, &d, 1);
    vr_kick(&v, 0);
    ck_assert(!vr_used(&v, 0, &u));
    vr_start(&v, ALL, 1, 16);
    ck_assert_uint_eq(vr_run(&v, 0, &d, 1), 16);
    vr_close(&v);
}
END_TEST

START_TEST(waits_for_driver_ok)
{
    struct vr v;
    struct vr_desc d = { VR_DATA, 16, true, 0 };
    struct vr_used u;
    vr_open(&v, false);
    vr_device(&v, RNG, NULL);
    vr_negotiate(&v, VERSION_1);
    vr_queue(&v, 0, 8);
    vr_add(&v, 0, &d, 1);
    vr_kick(&v, 0);
    ck_assert(!vr_used(&v, 0, &u));
    vr_driver_ok(&v);
    vr_kick(&v, 0);
    ck_assert(vr_used(&v, 0, &u));
    vr_close(&v);
}
END_TEST

/* More buffers than a turn takes are done without a further notification. */
START_TEST(goes_on_by_itself)
{
    struct vr v;
    struct vr_desc d = { VR_DATA, 1, true, 0 };
    rng(&v, ALL, 64);
    for (unsigned i = 0; i < 64; i++)
        vr_add(&v, 0, &d, 1);
    vr_kick(&v, 0);
    for (unsigned i = 0; i < 10; i++)
        rig_advance(&v.r, 1);
    uint8_t idx[2];
    rig_peek(&v.r, v.q[0].used + 2, idx, 2);
    ck_assert_uint_eq(idx[0], 64);
    vr_close(&v);
}
END_TEST

START_TEST(saved_state)
{
    struct vr v;
    struct vr_desc d = { VR_DATA, 16, true, 0 };
    rng(&v, ALL, 8);
    for (unsigned i = 0; i < 11; i++)
        vr_run(&v, 0, &d, 1);
    GByteArray *saved = g_byte_array_new(), *again = g_byte_array_new();
    ck_assert_int_eq(state_save(v.r.m, saved), 0);
    struct vr_queue then = v.q[0];
    vr_write(&v, VR_STATUS, 0);
    ck_assert_int_eq(state_load(v.r.m, saved->data, saved->len), 0);
    ck_assert_int_eq(state_save(v.r.m, again), 0);
    ck_assert_uint_eq(saved->len, again->len);
    ck_assert_mem_eq(saved->data, again->data, saved->len);
    v.q[0] = then;
    ck_assert_uint_eq(vr_run(&v, 0, &d, 1), 16);
    g_byte_array_free(saved, TRUE);
    g_byte_array_free(again, TRUE);
    vr_close(&v);
}
END_TEST

/* ---- malformed ------------------------------------------------------------------------------- */

/* What the driver did must break the device, tell the driver, and be cured by a reset. */
static void must_break(struct vr *v)
{
    struct vr_desc good = { VR_DATA, 16, true, 0 };
    struct vr_used u;
    vr_kick(v, 0);
    ck_assert(vr_broken(v));
    ck_assert_uint_eq(vr_interrupts(v) & 2, 2);
    vr_add(v, 0, &good, 1); /* nothing moves any more */
    vr_kick(v, 0);
    ck_assert(!vr_used(v, 0, &u));
    vr_start(v, ALL, 1, 8);
    ck_assert_uint_eq(vr_run(v, 0, &good, 1), 16);
    vr_close(v);
}

static void bad_chain(uint64_t gpa, uint32_t length, uint16_t flags, uint16_t next)
{
    struct vr v;
    rng(&v, ALL, 8);
    vr_raw_desc(&v, 0, 0, gpa, length, flags, next);
    vr_offer(&v, 0, 0);
    must_break(&v);
}

static void bad_table(uint64_t gpa, uint32_t length, uint16_t flags, uint16_t next)
{
    struct vr v;
    rng(&v, ALL, 8);
    vr_table_desc(&v, VR_INDIRECT, 0, gpa, length, flags, next);
    vr_raw_desc(&v, 0, 0, RIG_RAM + VR_INDIRECT, 64, VR_INDIRECT_FLAG, 0);
    vr_offer(&v, 0, 0);
    must_break(&v);
}

#define GOOD (RIG_RAM + VR_DATA)
START_TEST(chain_loops) { bad_chain(GOOD, 16, VR_WRITE | VR_NEXT, 0); }
END_TEST
START_TEST(chain_leaves_table) { bad_chain(GOOD, 16, VR_WRITE | VR_NEXT, 8); }
END_TEST
START_TEST(chain_leaves_table_far) { bad_chain(GOOD, 16, VR_WRITE | VR_NEXT, 65535); }
END_TEST
START_TEST(address_has_nothing) { bad_chain(0x40, 16, 0, 0); }
END_TEST
START_TEST(write_address_has_nothing) { bad_chain(0x40, 16, VR_WRITE, 0); }
END_TEST
START_TEST(address_is_at_the_end) { bad_chain(UINT64_MAX - 7, 16, VR_WRITE, 0); }
END_TEST
START_TEST(buffer_leaves_ram) { bad_chain(RIG_RAM + RIG_RAM_SIZE - 8, 16, 0, 0); }
END_TEST
START_TEST(length_is_huge) { bad_chain(GOOD, UINT32_MAX, VR_WRITE, 0); }
END_TEST
START_TEST(buffer_is_the_slot_itself) { bad_chain(RIG_WINDOWS + VR_STATUS, 4, VR_WRITE, 0); }
END_TEST
START_TEST(buffer_reads_the_slot) { bad_chain(RIG_WINDOWS, 4, 0, 0); }
END_TEST
START_TEST(indirect_and_next)
{
    bad_chain(RIG_RAM + VR_INDIRECT, 32, VR_INDIRECT_FLAG | VR_NEXT, 1);
}
END_TEST
START_TEST(table_is_empty) { bad_chain(RIG_RAM + VR_INDIRECT, 0, VR_INDIRECT_FLAG, 0); }
END_TEST
START_TEST(table_is_odd) { bad_chain(RIG_RAM + VR_INDIRECT, 17, VR_INDIRECT_FLAG, 0); }
END_TEST
START_TEST(table_has_nothing) { bad_chain(0x1000, 32, VR_INDIRECT_FLAG, 0); }
END_TEST
START_TEST(table_wraps) { bad_chain(UINT64_MAX - 15, 32, VR_INDIRECT_FLAG, 0); }
END_TEST
START_TEST(table_is_the_slot) { bad_chain(RIG_WINDOWS, 32, VR_INDIRECT_FLAG, 0); }
END_TEST
START_TEST(table_loops) { bad_table(GOOD, 16, VR_WRITE | VR_NEXT, 0); }
END_TEST
START_TEST(table_is_left) { bad_table(GOOD, 16, VR_WRITE | VR_NEXT, 4); }
END_TEST
START_TEST(table_in_table) { bad_table(RIG_RAM + VR_INDIRECT, 64, VR_INDIRECT_FLAG, 0); }
END_TEST

START_TEST(readable_after_writable)
{
    struct vr v;
    rng(&v, ALL, 8);
    vr_raw_desc(&v, 0, 0, GOOD, 16, VR_WRITE | VR_NEXT, 1);
    vr_raw_desc(&v, 0, 1, GOOD, 16, 0, 0);
    vr_offer(&v, 0, 0);
    must_break(&v);
}
END_TEST

START_TEST(indirect_without_the_feature)
{
    struct vr v;
    rng(&v, VERSION_1, 8);
    vr_table_desc(&v, VR_INDIRECT, 0, GOOD, 16, VR_WRITE, 0);
    vr_raw_desc(&v, 0, 0, RIG_RAM + VR_INDIRECT, 16, VR_INDIRECT_FLAG, 0);
    vr_offer(&v, 0, 0);
    must_break(&v);
}
END_TEST

/* 80 descriptors of 64 MiB each: no single one is wrong. */
START_TEST(longer_than_32_bits)
{
    struct vr v;
    struct ram_block *ram;
    const uint64_t big = UINT64_C(1) << 32;
    const uint32_t bytes = 64 << 20;
    vr_open(&v, false);
    ck_assert_int_eq(memory_add_ram(v.r.m, "big", big, bytes, false, &ram), 0);
    vr_device(&v, RNG, NULL);
    for (unsigned count = 60; count <= 80; count += 20) {
        struct vr_used u;
        vr_start(&v, ALL, 1, 8);
        for (uint32_t i = 0; i < count; i++)
            vr_table_desc(&v, VR_INDIRECT, i, big, bytes, VR_WRITE | (i + 1 < count ? VR_NEXT : 0),
                          (uint16_t)(i + 1));
        vr_raw_desc(&v, 0, 0, RIG_RAM + VR_INDIRECT, 16 * count, VR_INDIRECT_FLAG, 0);
        vr_offer(&v, 0, 0);
        vr_kick(&v, 0);
        ck_assert_uint_eq(vr_used(&v, 0, &u), count == 60);
        ck_assert_uint_eq(vr_broken(&v), count == 80);
    }
    vr_close(&v);
}
END_TEST

START_TEST(table_of_too_many)
{
    struct vr v;
    rng(&v, ALL, 8);
    for (uint32_t i = 0; i < 2048; i++)
        vr_table_desc(&v, VR_INDIRECT, i, GOOD, 1, VR_WRITE | (i < 2047 ? VR_NEXT : 0),
                      (uint16_t)(i + 1));
    vr_raw_desc(&v, 0, 0, RIG_RAM + VR_INDIRECT, 2048 * 16, VR_INDIRECT_FLAG, 0);
    vr_offer(&v, 0, 0);
    must_break(&v);
}
END_TEST

static void bad_head(uint16_t head)
{
    struct vr v;
    rng(&v, ALL, 8);
    vr_offer(&v, 0, head);
    must_break(&v);
}
START_TEST(head_is_not_in_table) { bad_head(8); }
END_TEST
START_TEST(head_is_far_away) { bad_head(65535); }
END_TEST

static void bad_index(uint16_t index)
{
    struct vr v;
    uint8_t b[2] = { (uint8_t)index, (uint8_t)(index >> 8) };
    rng(&v, ALL, 8);
    rig_poke(&v.r, v.q[0].avail + 2, b, 2);
    must_break(&v);
}
START_TEST(index_jumps) { bad_index(9); }
END_TEST
START_TEST(index_goes_back) { bad_index(65535); }
END_TEST

static void bad_ring(uint64_t desc, uint64_t driver, uint64_t device, uint32_t size)
{
    struct vr v;
    vr_open(&v, false);
    vr_device(&v, RNG, NULL);
    vr_negotiate(&v, vr_offered(&v));
    vr_write(&v, VR_QUEUE_SEL, 0);
    vr_write(&v, VR_QUEUE_SIZE, size);
    const uint64_t at[3] = { desc, driver, device };
    const uint32_t reg[3] = { VR_DESC, VR_DRIVER, VR_DEVICE };
    for (unsigned i = 0; i < 3; i++) {
        vr_write(&v, reg[i], (uint32_t)at[i]);
        vr_write(&v, reg[i] + 4, (uint32_t)(at[i] >> 32));
    }
    vr_write(&v, VR_QUEUE_READY, 1);
    ck_assert(vr_broken(&v));
    vr_driver_ok(&v);
    vr_kick(&v, 0);
    vr_start(&v, ALL, 1, 8);
    vr_close(&v);
}
#define R RIG_RAM
#define END (RIG_RAM + RIG_RAM_SIZE)
START_TEST(rings_in_bad_places)
{
    bad_ring(0, R, R + 4096, 8);
    bad_ring(R, 0, R + 4096, 8);
    bad_ring(R, R + 4096, 0, 8);
    bad_ring(R + 8, R + 4096, R + 8192, 8);
    bad_ring(R, R + 4097, R + 8192, 8);
    bad_ring(R, R + 4096, R + 8194, 8);
    bad_ring(END - 64, R, R + 4096, 8);
    bad_ring(R, END - 8, R + 4096, 8);
    bad_ring(R, R + 4096, END - 64, 8);
    bad_ring(UINT64_MAX - 15, R, R + 4096, 8);
    bad_ring(RIG_WINDOWS, RIG_WINDOWS, RIG_WINDOWS, 8);
    bad_ring(R, R + 4096, R + 8192, 0);
    bad_ring(R, R + 4096, R + 8192, 7);
    bad_ring(R, R + 4096, R + 8192, 128);
    bad_ring(R, R + 4096, R + 8192, 65536 + 8);
}
END_TEST

/* All parts of a ring in one place: whatever happens, it ends. */
START_TEST(ring_overlaps_itself)
{
    struct vr v;
    vr_open(&v, false);
    vr_device(&v, RNG, NULL);
    vr_negotiate(&v, vr_offered(&v));
    vr_write(&v, VR_QUEUE_SEL, 0);
    vr_write(&v, VR_QUEUE_SIZE, 8);
    vr_table_desc(&v, 0, 0, R, 64, VR_WRITE, 0);
    for (uint32_t reg = VR_DESC; reg <= VR_DEVICE; reg += 16)
        vr_write(&v, reg, (uint32_t)R);
    vr_write(&v, VR_QUEUE_READY, 1);
    vr_driver_ok(&v);
    for (unsigned i = 0; i < 1000; i++) {
        vr_kick(&v, 0);
        rig_advance(&v.r, 1);
    }
    vr_close(&v);
}
END_TEST

/* 100000 accesses of every size, near the registers mostly, with values that make queues now and
 * then; after them the device still works. */
static void random_accesses(const char *id, bool legacy)
{
    struct vr v;
    uint8_t *disk = NULL;
    uint64_t x = 88172645463325252u;
    vr_open(&v, legacy);
    if (!strcmp(id, "virtio-blk-device"))
        disk = rig_drive_memory(&v.r, "drive", 65536, false);
    vr_device(&v, id, NULL);
    uint32_t device = vr_read(&v, VR_ID);
    for (unsigned i = 0; i < 100000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        uint64_t at = x % 8 ? (x >> 8) % 0x120 : (x >> 8) % 0x1000;
        unsigned bytes = 1u << (x >> 32) % 4;
        static const uint64_t values[] = { 0, 1, 2, 4, 7, 8, 15, 16, RIG_RAM, RIG_RAM + 4096,
                                           UINT32_MAX, UINT64_MAX };
        uint64_t value = values[(x >> 36) % (sizeof values / sizeof *values)];
        if (x >> 40 & 1)
            rig_write(&v.r, 0, at & ~(uint64_t)(x >> 41 & 3), bytes, value);
        else
            rig_read(&v.r, 0, at, bytes);
        if (i % 1000 == 0) {
            rig_advance(&v.r, 1);
            rig_poll(&v.r);
        }
    }
    vr_write(&v, VR_STATUS, 0);
    ck_assert_uint_eq(vr_read(&v, VR_ID), device);
    ck_assert_uint_eq(rig_line(&v.r, VR_IRQ).level, 0);
    vr_start(&v, ALL, 1, 16);
    vr_close(&v);
    g_free(disk);
}

START_TEST(takes_random_accesses)
{
    static const char *const ids[] = { RNG, "virtio-blk-device", "virtio-net-device",
                                       "virtio-serial-device" };
    for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
        random_accesses(ids[i], false);
        random_accesses(ids[i], true);
    }
}
END_TEST

#define ADD(c, ...)                                                                                \
    do {                                                                                           \
        const TTest *const list[] = { __VA_ARGS__ };                                               \
        for (unsigned i = 0; i < sizeof list / sizeof *list; i++)                                  \
            tcase_add_test(c, list[i]);                                                            \
    } while (0)

int main(void)
{
    Suite *suite = suite_create("virtio rings");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 120);
    ADD(c, empty_slot, registers, features_refused, only_one_device,
        registers_are_fixed_while_enabled, fills_buffers, legacy_interface, indices_wrap,
        no_notifications_wanted, event_indices, indirect_table, reset_forgets, waits_for_driver_ok,
        goes_on_by_itself, saved_state);
    ADD(c, chain_loops, chain_leaves_table, chain_leaves_table_far, address_has_nothing,
        write_address_has_nothing, address_is_at_the_end, buffer_leaves_ram, length_is_huge,
        buffer_is_the_slot_itself, buffer_reads_the_slot, indirect_and_next, table_is_empty,
        table_is_odd, table_has_nothing, table_wraps, table_is_the_slot, table_loops, table_is_left,
        table_in_table, readable_after_writable, indirect_without_the_feature, longer_than_32_bits,
        table_of_too_many, head_is_not_in_table, head_is_far_away, index_jumps, index_goes_back,
        rings_in_bad_places, ring_overlaps_itself, takes_random_accesses);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
