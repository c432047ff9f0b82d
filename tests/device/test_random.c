/* SPDX-License-Identifier: MIT */
/*
 * test_random.c: every device that a plugin provides takes random accesses of every size, random pin
 * levels and random time, and lives. Seeded: $BP_TEST_SEED, else 1.
 */
#include "rig.h"

#include <core/loader.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCESSES 100000

static uint64_t random_state;

static uint64_t any(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* An offset in the window: anywhere, or near where registers lie. */
static uint64_t some_offset(const struct bp_device *d, unsigned window, uint64_t size)
{
    uint64_t at = any() % size;
    if (d->regs.count && any() % 4) {
        const struct bp_reg *row = PART_ROW(bp_reg, d->regs, any() % d->regs.count);
        uint64_t step = row->stride ? row->stride : row->width / 8;
        if (row->window == window)
            at = row->offset + any() % (row->count ? row->count : 1) * step + any() % 8;
    } else if (any() % 2) {
        at %= 4096;
    }
    return at % size;
}

static uint64_t some_value(void)
{
    uint64_t v = any();
    switch (any() % 4) {
    case 0:
        return v & 0xFF;
    case 1:
        return v & (UINT64_C(1) << any() % 64);
    case 2:
        return RIG_RAM + v % RIG_RAM_SIZE;
    }
    return v;
}

static void wire(struct rig *r)
{
    unsigned in = 0, out = 0;
    for (uint32_t n = 0; n < r->dev->device.pins.count; n++) {
        const struct part_pins *p = &r->dev->pins[n];
        for (unsigned i = 0; i < p->count; i++) {
            if (p->row->direction == BP_PIN_OUT && in < RIG_PINS)
                rig_watch(r, p->row->name, i, in++);
            else if (p->row->direction == BP_PIN_IN && out < RIG_PINS)
                rig_drive(r, out++, p->row->name, i);
        }
    }
}

/* What stands outside, for the ports of a device: each kind of port at most once a bench. */
static void open_outside(struct rig *r, const struct bp_device *d, uint8_t **ret_disk,
                         bool *ret_chardev)
{
    for (uint32_t i = 0; i < d->ports.count; i++) {
        const struct bp_port *port = PART_ROW(bp_port, d->ports, i);
        if (port->kind == BP_KIND_CHARDEV && !*ret_chardev) {
            rig_chardev(r, port->name);
            *ret_chardev = true;
        } else if (port->kind == BP_KIND_BLOCK && !*ret_disk) {
            *ret_disk = rig_drive_memory(r, port->name, UINT64_C(32) << 20, false);
        }
    }
}

static void one_step(struct rig *r, bool has_chardev)
{
    const struct bp_device *d = &r->dev->device;
    unsigned window;
    do
        window = (unsigned)(any() % part_window_count(r->dev));
    while (!part_window_size(r->dev, window));
    unsigned bytes = 1u << any() % 4;
    uint64_t at = some_offset(d, window, part_window_size(r->dev, window));
    if (any() % 2)
        rig_write(r, window, at, bytes, some_value());
    else
        rig_read(r, window, at, bytes);
    switch (any() % 64) {
    case 0:
        rig_set(r, (unsigned)(any() % RIG_PINS), any() % 2);
        break;
    case 1:
        rig_advance(r, (int64_t)(any() % 10000000));
        break;
    case 2:
        if (has_chardev)
            rig_type(r, "typed text", any() % 10);
        break;
    case 3:
        rig_poll(r);
        if (has_chardev)
            rig_sent(r);
        break;
    case 4:
        if (any() % 100 == 0)
            machine_reset(r->m);
        break;
    }
}

static const struct bp_device *device(const char *id)
{
    return (const void *)rig_entity(BP_KIND_DEVICE, id);
}

/* The need that must be met, or NULL. */
static const struct bp_need *need_of(const struct bp_device *d)
{
    for (uint32_t i = 0; i < d->needs.count; i++)
        if (!PART_ROW(bp_need, d->needs, i)->optional)
            return PART_ROW(bp_need, d->needs, i);
    return NULL;
}

/* A device that offers what the need asks for; NULL where nobody does. */
static const struct bp_device *who_offers(const GPtrArray *list, const char *id)
{
    for (guint i = 0; i < list->len; i++) {
        const struct entity_info *e = g_ptr_array_index(list, i);
        const struct bp_device *d = device(e->manifest->id);
        for (uint32_t n = 0; n < d->offers.count; n++)
            if (!strcmp(PART_ROW(bp_offer, d->offers, n)->id, id))
                return d;
    }
    return NULL;
}

static void fill_ram(struct rig *r)
{
    uint64_t bytes[512];
    for (uint64_t at = 0; at < RIG_RAM_SIZE; at += sizeof bytes) {
        for (unsigned i = 0; i < 512; i++)
            bytes[i] = some_value();
        rig_poke(r, at, bytes, sizeof bytes);
    }
}

/* chain[0] has registers; each further one sits on the one before. */
static void torture(const struct bp_device *const *chain, unsigned n)
{
    struct rig r;
    uint8_t *disk = NULL;
    bool has_chardev = false;
    rig_open(&r);
    for (unsigned i = 0; i < n; i++)
        open_outside(&r, chain[i], &disk, &has_chardev);
    rig_device(&r, chain[0]->head.id, NULL);
    for (unsigned i = 1; i < n; i++)
        rig_child(&r, chain[i]->head.id);
    wire(&r);
    fill_ram(&r);
    for (unsigned i = 0; i < ACCESSES; i++)
        one_step(&r, has_chardev);
    rig_poll(&r);
    r.m->requests = 0;
    machine_reset(r.m);
    rig_close(&r);
    g_free(disk);
}

START_TEST(all_devices)
{
    const char *seed = getenv("BP_TEST_SEED");
    unsigned devices = 0;
    rig_plugins();
    GPtrArray *list = entity_list(BP_KIND_DEVICE);
    for (guint i = 0; i < list->len; i++) {
        const struct entity_info *e = g_ptr_array_index(list, i);
        const struct bp_device *d = device(e->manifest->id), *chain[4];
        unsigned n = 4;
        const struct bp_need *need;
        chain[--n] = d;
        while ((need = need_of(chain[n])) && n && (d = who_offers(list, need->id)))
            chain[--n] = d;
        if (need || !(chain[n]->window || chain[n]->windows.count)) {
            printf("%s: not on any device with registers\n", e->manifest->id);
            continue;
        }
        random_state = seed ? strtoull(seed, NULL, 0) : 1;
        random_state = random_state * UINT64_C(0x9E3779B97F4A7C15) | 1;
        torture(chain + n, 4 - n);
        devices++;
    }
    g_ptr_array_unref(list);
    printf("%u devices, %u accesses each\n", devices, ACCESSES);
    ck_assert_uint_ge(devices, 8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random accesses");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 600);
    tcase_add_test(c, all_devices);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
