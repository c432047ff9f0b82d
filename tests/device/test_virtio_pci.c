/* SPDX-License-Identifier: MIT */
/* test_virtio_pci.c: virtio devices on PCI, driven through base addresses: modern, legacy, by pin and by message. */
#include "virtio_rig.h"

#include <core/state.h>

#include <stdlib.h>
#include <string.h>

#define ALL UINT64_MAX
#define LINE 3 /* slot 3, INTA */
enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_CONFIG = 4, CAP_PCI = 5 };
static const struct vr_desc in = { VR_DATA, 64, true, 0 };

static void rng(struct vr *v)
{
    vr_open_pci(v, NULL);
    vr_device(v, "virtio-rng-pci", NULL);
    vr_pci_enable(v);
}

/* Offset of a capability of virtio's by type; 0: none. */
static uint32_t find_cap(struct vr *v, unsigned type)
{
    unsigned bound = 0;
    for (uint32_t at = vr_pci_config(v, 0x34, 1); at && bound++ < 48;
         at = vr_pci_config(v, at + 1, 1))
        if (vr_pci_config(v, at, 1) == 9 && vr_pci_config(v, at + 3, 1) == type)
            return at;
    return 0;
}

START_TEST(identity)
{
    struct vr v;
    rng(&v);
    ck_assert_uint_eq(vr_pci_config(&v, 0, 4), 0x10441AF4);
    ck_assert_uint_eq(vr_pci_config(&v, 8, 4), 0x00FF0001);
    ck_assert_uint_eq(vr_pci_config(&v, 0x2C, 4), 0x11001AF4);
    ck_assert_uint_eq(vr_pci_config(&v, 0x10, 4), 0); /* no legacy registers */
    for (unsigned type = CAP_COMMON; type <= CAP_CONFIG; type++) {
        uint32_t cap = find_cap(&v, type);
        ck_assert_uint_ne(cap, 0);
        ck_assert_uint_eq(vr_pci_config(&v, cap + 4, 1), 4);
        ck_assert_uint_le(vr_pci_config(&v, cap + 8, 4) + vr_pci_config(&v, cap + 12, 4), 0x4000);
    }
    ck_assert_uint_eq(vr_pci_config(&v, find_cap(&v, CAP_NOTIFY) + 16, 4), 4);
    ck_assert_uint_eq(vr_at(&v, VR_PCI_MODERN + 0x12, 2), 1); /* queues */
    vr_close(&v);
}
END_TEST

START_TEST(by_the_pin)
{
    struct vr v;
    rng(&v);
    vr_start(&v, ALL, 1, 16);
    ck_assert_uint_eq(vr_run(&v, 0, &in, 1), 64);
    ck_assert(rig_line(&v.r, LINE).level);
    ck_assert_uint_eq(vr_at(&v, VR_PCI_MODERN + 0x1000, 1), 1);
    ck_assert(!rig_line(&v.r, LINE).level); /* reading acknowledges */
    ck_assert_uint_eq(vr_at(&v, VR_PCI_MODERN + 0x1000, 1), 0);
    vr_run(&v, 0, &in, 1);
    vr_write(&v, VR_STATUS, 0);
    ck_assert(!rig_line(&v.r, LINE).level);
    vr_close(&v);
}
END_TEST

static uint32_t word(struct vr *v, uint32_t offset)
{
    uint32_t w;
    rig_peek(&v->r, offset, &w, 4);
    return w;
}

#define MESSAGES (VR_DATA + 0x2000)
static void vectors(struct vr *v, unsigned count)
{
    uint32_t msix = 0;
    for (uint32_t at = vr_pci_config(v, 0x34, 1); at; at = vr_pci_config(v, at + 1, 1))
        if (vr_pci_config(v, at, 1) == 0x11)
            msix = at;
    ck_assert_uint_ne(msix, 0);
    ck_assert_uint_eq((vr_pci_config(v, msix + 2, 2) & 0x7FF) + 1, count);
    for (unsigned i = 0; i < count; i++) {
        vr_put(v, VR_PCI_MSIX + 16 * i, 4, (uint32_t)RIG_RAM + MESSAGES + 4 * i);
        vr_put(v, VR_PCI_MSIX + 16 * i + 8, 4, 0x70 + i);
        vr_put(v, VR_PCI_MSIX + 16 * i + 12, 4, 0);
    }
    vr_pci_set(v, msix + 2, 2, 0x8000);
}

START_TEST(a_vector_a_queue)
{
    struct vr v;
    vr_open_pci(&v, NULL);
    uint8_t *disk = rig_drive_memory(&v.r, "drive", 65536, false);
    const struct vr_desc request[] = { { VR_DATA, 16, false, 0 }, { VR_DATA + 512, 512, true, 0 },
                                       { VR_DATA + 64, 1, true, 0 } };
    vr_device(&v, "virtio-blk-pci", "num-queues", "3", NULL);
    vr_pci_enable(&v);
    ck_assert_uint_eq(vr_pci_config(&v, 0, 4), 0x10421AF4);
    ck_assert_uint_eq(vr_pci_config(&v, 0x0A, 2), 0x0100);
    vectors(&v, 4);
    vr_negotiate(&v, vr_offered(&v));
    ck_assert_uint_eq(vr_at(&v, VR_PCI_MODERN + 0x10, 2), 0xFFFF);
    vr_put(&v, VR_PCI_MODERN + 0x10, 2, 0);
    ck_assert_uint_eq(vr_at(&v, VR_PCI_MODERN + 0x10, 2), 0);
    vr_put(&v, VR_PCI_MODERN + 0x10, 2, 4); /* there is none */
    ck_assert_uint_eq(vr_at(&v, VR_PCI_MODERN + 0x10, 2), 0xFFFF);
    for (unsigned q = 0; q < 3; q++) {
        vr_queue(&v, q, 16);
        vr_put(&v, VR_PCI_MODERN + 0x1A, 2, q + 1);
        ck_assert_uint_eq(vr_at(&v, VR_PCI_MODERN + 0x1A, 2), q + 1);
    }
    vr_driver_ok(&v);
    disk[0] = 0x5A;
    for (unsigned q = 0; q < 3; q++) {
        ck_assert_uint_eq(vr_run(&v, q, request, 3), 513);
        ck_assert_uint_eq(word(&v, MESSAGES + 4 * (q + 1)), 0x71 + q);
        ck_assert_uint_eq(word(&v, MESSAGES + 4 * (q + 2)), 0);
    }
    ck_assert(!rig_line(&v.r, LINE).level);
    ck_assert_uint_eq(word(&v, VR_DATA + 512) & 0xFF, 0x5A);
    vr_write(&v, VR_STATUS, 0);
    vr_write(&v, VR_QUEUE_SEL, 1);
    ck_assert_uint_eq(vr_at(&v, VR_PCI_MODERN + 0x1A, 2), 0xFFFF);
    vr_close(&v);
    g_free(disk);
}
END_TEST

START_TEST(without_vectors)
{
    struct vr v;
    vr_open_pci(&v, "vectors", "0", NULL);
    vr_device(&v, "virtio-rng-pci", NULL);
    vr_pci_enable(&v);
    for (uint32_t at = vr_pci_config(&v, 0x34, 1); at; at = vr_pci_config(&v, at + 1, 1))
        ck_assert_uint_ne(vr_pci_config(&v, at, 1), 0x11);
    vr_start(&v, ALL, 1, 16);
    ck_assert_uint_eq(vr_run(&v, 0, &in, 1), 64);
    vr_close(&v);
}
END_TEST

/* ---- legacy ---------------------------------------------------------------------------------- */

static uint32_t io(struct vr *v, uint32_t offset, unsigned n) { return vr_at(v, VR_PCI_IO + offset, n); }
static void io_set(struct vr *v, uint32_t offset, unsigned n, uint32_t value)
{
    vr_put(v, VR_PCI_IO + offset, n, value);
}

/* A driver that knows nothing of version 1 fills one buffer. */
static void legacy_driver(struct vr *v)
{
    static const uint8_t zeroes[0x8000];
    rig_poke(&v->r, 0, zeroes, sizeof zeroes);
    io_set(v, 0x12, 1, 0);
    io_set(v, 0x12, 1, 1);
    io_set(v, 0x12, 1, 3);
    ck_assert_uint_ne(io(v, 0, 4) & 1u << 27, 0); /* ANY_LAYOUT: legacy only */
    io_set(v, 4, 4, 0);
    io_set(v, 0x0E, 2, 0);
    uint32_t size = io(v, 0x0C, 2);
    ck_assert_uint_eq(size, 64);
    v->q[0] = (struct vr_queue){ .size = size, .desc = 0, .avail = 16 * size, .used = 0x1000 };
    io_set(v, 8, 4, (uint32_t)(RIG_RAM / 4096));
    ck_assert_uint_eq(io(v, 8, 4), RIG_RAM / 4096);
    io_set(v, 0x12, 1, 7);
    vr_add(v, 0, &in, 1);
    io_set(v, 0x10, 2, 0);
    struct vr_used u;
    ck_assert(vr_used(v, 0, &u) && u.length == 64);
    ck_assert(rig_line(&v->r, LINE).level);
    ck_assert_uint_eq(io(v, 0x13, 1), 1);
    ck_assert(!rig_line(&v->r, LINE).level);
}

START_TEST(transitional_serves_both)
{
    struct vr v;
    vr_open_pci(&v, "disable-legacy", "off", NULL);
    vr_device(&v, "virtio-rng-pci", NULL);
    vr_pci_enable(&v);
    ck_assert_uint_eq(vr_pci_config(&v, 0, 4), 0x10051AF4);
    ck_assert_uint_eq(vr_pci_config(&v, 8, 1), 0);
    ck_assert_uint_eq(vr_pci_config(&v, 0x2E, 2), 4);
    for (unsigned i = 0; i < 2; i++) {
        legacy_driver(&v);
        vr_write(&v, VR_STATUS, 0);
        vr_write(&v, VR_STATUS, 1); /* by the modern register: that interface is in force */
        vr_start(&v, ALL, 1, 16);
        ck_assert_uint_eq(vr_run(&v, 0, &in, 1), 64);
        vr_write(&v, VR_STATUS, 0);
    }
    vr_close(&v);
}
END_TEST

START_TEST(legacy_only)
{
    struct vr v;
    vr_open_pci(&v, "disable-modern", "on", NULL);
    vr_device(&v, "virtio-rng-pci", NULL);
    vr_pci_enable(&v);
    ck_assert_uint_eq(vr_pci_config(&v, 0, 4), 0x10051AF4);
    ck_assert_uint_eq(find_cap(&v, CAP_COMMON), 0);
    legacy_driver(&v);
    vr_close(&v);
}
END_TEST

START_TEST(no_legacy_input)
{
    struct vr v;
    vr_open_pci(&v, "disable-legacy", "off", NULL);
    ck_assert(vr_refused(&v, "virtio-keyboard-pci", NULL));
    vr_close(&v);
}
END_TEST

/* ---- the rest -------------------------------------------------------------------------------- */

/* Firmware without a way to memory windows reads and writes them through configuration space. */
START_TEST(window_in_configuration_space)
{
    struct vr v;
    rng(&v);
    uint32_t cap = find_cap(&v, CAP_PCI);
    ck_assert_uint_ne(cap, 0);
    vr_pci_set(&v, cap + 4, 1, 4);
    vr_pci_set(&v, cap + 8, 4, 0x14);
    vr_pci_set(&v, cap + 12, 4, 1);
    vr_pci_set(&v, cap + 16, 4, 3);
    ck_assert_uint_eq(vr_read(&v, VR_STATUS), 3);
    vr_pci_set(&v, cap + 16, 4, 0);
    ck_assert_uint_eq(vr_read(&v, VR_STATUS), 0);
    vr_write(&v, VR_STATUS, 1);
    ck_assert_uint_eq(vr_pci_config(&v, cap + 16, 1), 1);
    static const uint32_t hostile[][3] = { { 4, 0xFFFFFFFC, 4 }, { 4, 0x3FFE, 4 }, { 4, 0x14, 3 },
                                           { 255, 0, 4 }, { 1, 0, 4 }, { 4, 0x4000, 1 } };
    for (unsigned i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        vr_pci_set(&v, cap + 4, 1, hostile[i][0]);
        vr_pci_set(&v, cap + 8, 4, hostile[i][1]);
        vr_pci_set(&v, cap + 12, 4, hostile[i][2]);
        vr_pci_set(&v, cap + 16, 4, UINT32_MAX);
        vr_pci_config(&v, cap + 16, 4);
    }
    ck_assert_uint_eq(vr_read(&v, VR_STATUS), 1);
    vr_close(&v);
}
END_TEST

START_TEST(nothing_moves_without_bus_master)
{
    struct vr v;
    struct vr_used u;
    rng(&v);
    vr_start(&v, ALL, 1, 16);
    vr_run(&v, 0, &in, 1);
    vr_pci_set(&v, 4, 2, 3);
    vr_add(&v, 0, &in, 1);
    vr_kick(&v, 0);
    ck_assert(!vr_used(&v, 0, &u));
    ck_assert(!vr_broken(&v));
    vr_pci_set(&v, 4, 2, 7);
    ck_assert(vr_used(&v, 0, &u) && u.length == 64);
    vr_close(&v);
}
END_TEST

START_TEST(comes_back_from_a_snapshot)
{
    struct vr v;
    GByteArray *saved = g_byte_array_new();
    rng(&v);
    vr_start(&v, ALL, 1, 16);
    vr_run(&v, 0, &in, 1);
    ck_assert_int_eq(state_save(v.r.m, saved), 0);
    machine_reset(v.r.m);
    ck_assert_uint_eq(vr_at(&v, VR_PCI_MODERN, 4), UINT32_MAX); /* no window there */
    ck_assert_int_eq(state_load(v.r.m, saved->data, saved->len), 0);
    ck_assert_uint_eq(vr_read(&v, VR_STATUS), 15);
    ck_assert_uint_eq(vr_run(&v, 0, &in, 1), 64);
    g_byte_array_free(saved, TRUE);
    vr_close(&v);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("virtio-pci");
    TCase *tc = tcase_create("all");
    tcase_add_test(tc, identity);
    tcase_add_test(tc, by_the_pin);
    tcase_add_test(tc, a_vector_a_queue);
    tcase_add_test(tc, without_vectors);
    tcase_add_test(tc, transitional_serves_both);
    tcase_add_test(tc, legacy_only);
    tcase_add_test(tc, no_legacy_input);
    tcase_add_test(tc, window_in_configuration_space);
    tcase_add_test(tc, nothing_moves_without_bus_master);
    tcase_add_test(tc, comes_back_from_a_snapshot);
    suite_add_tcase(suite, tc);
    return rig_run(suite);
}
