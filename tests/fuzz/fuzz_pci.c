/* SPDX-License-Identifier: MIT */
/*
 * fuzz_pci.c: what a driver can do to PCI functions: a script of records of 16 bytes, each an access to
 * configuration space, to a window wherever base addresses put it, to RAM, or to a virtqueue. Four
 * virtio functions share the bus, one of them transitional. After each script the first must serve a driver
 * that behaves.
 */
#include "fuzz.h"

#include "../device/virtio_rig.h"

#include <core/block.h>

#include <stdlib.h>
#include <string.h>

enum { CONFIG_WRITE, CONFIG_READ, WRITE, READ, POKE, DESC, OFFER, KICK, ENABLE, START, TIME, MESSAGE, OPS };
#define RECORD 16
#define RECORDS_MAX 256
#define SIZE 16u
#define SLOTS 4u /* from 3 on */

static void must(bool ok)
{
    if (!ok)
        abort();
}

static struct part *add(struct vr *v, const char *id, const char *name, const char *key,
                        const char *value)
{
    struct part *part = part_create(v->r.m, (const void *)rig_entity(BP_KIND_DEVICE, id), name);
    must(part && (!key || part_set(part, key, value) == 0) && part_realize(part) == 0);
    return part;
}

/* Made once: a script starts from a reset. */
static struct vr *machine(void)
{
    static struct vr *made;
    if (made)
        return made;
    struct vr *v = made = malloc(sizeof *v);
    vr_open_pci(v, "disable-legacy", "off", NULL);
    rig_drive_memory(&v->r, "drive", 65536, false);
    vr_device(v, "virtio-blk-pci", "num-queues", "2", "queue-size", "16", NULL);
    add(v, "virtio-pci", "f4", "addr", "4");
    add(v, "virtio-rng-pci", "rng", NULL, NULL);
    add(v, "virtio-pci", "f5", "addr", "5");
    add(v, "virtio-scsi-pci", "scsi", NULL, NULL);
    add(v, "scsi-cd", "cd", NULL, NULL);
    add(v, "virtio-pci", "f6", "addr", "6");
    add(v, "virtio-tablet-pci", "tablet", NULL, NULL);
    return made;
}

/* ---- the script ------------------------------------------------------------------------------ */

/* One of the places that matter, and how far from it. */
static uint64_t place(const uint8_t *p)
{
    static const uint64_t bases[] = {
        VR_PCI_MODERN, VR_PCI_MSIX, VR_PCI_IO, RIG_RAM, RIG_WINDOWS, RIG_WINDOWS + RIG_WINDOW_STEP,
        RIG_WINDOWS + 2 * RIG_WINDOW_STEP, RIG_WINDOWS + 3 * RIG_WINDOW_STEP - 0x10000,
    };
    uint64_t offset = p[1] | (uint64_t)p[2] << 8 | (uint64_t)(p[3] & 1) << 16;
    return bases[p[0] % (sizeof bases / sizeof *bases)] + offset;
}

static void start(struct vr *v)
{
    vr_write(v, VR_STATUS, 0);
    vr_write(v, VR_STATUS, BP_VIRTIO_ACKNOWLEDGE);
    vr_negotiate(v, vr_offered(v));
    for (unsigned q = 0; q < 2; q++)
        vr_queue(v, q, SIZE);
    vr_driver_ok(v);
}

static void step(struct vr *v, const uint8_t *p)
{
    unsigned bytes = 1u << p[1] % 3, q = p[2] % 2, i = p[3];
    uint32_t value = p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 24;
    uint32_t config = (3 + p[8] % SLOTS) << 15 | (uint32_t)(p[9] % 2) << 12 |
                      ((p[10] | (uint32_t)(p[11] & 1) << 8) & ~(bytes - 1));
    uint64_t gpa = place(p + 8);
    switch (p[0] % OPS) {
    case CONFIG_WRITE:
        vr_put(v, RIG_WINDOWS + config, bytes, p[12] & 1 ? (uint32_t)gpa : value);
        break;
    case CONFIG_READ:
        vr_at(v, RIG_WINDOWS + config, bytes);
        break;
    case WRITE:
        vr_put(v, gpa, bytes, value);
        break;
    case READ:
        vr_at(v, gpa, bytes);
        break;
    case POKE:
        rig_poke(&v->r, ((uint64_t)p[8] << 8 | p[9]) * 16 % (RIG_RAM_SIZE - 4), p + 4, 4);
        break;
    case DESC:
        if (v->q[q].size)
            vr_raw_desc(v, q, i % SIZE, gpa, value & 0xFFFF, p[12] & 7, p[13]);
        break;
    case OFFER:
        if (v->q[q].size)
            vr_offer(v, q, (uint16_t)i);
        break;
    case KICK:
        vr_kick(v, q);
        break;
    case ENABLE:
        vr_pci_enable(v);
        break;
    case START:
        start(v);
        break;
    case TIME:
        rig_advance(&v->r, i);
        rig_poll(&v->r);
        break;
    default: /* vector i of slot 3 goes anywhere */
        vr_put(v, VR_PCI_MSIX + 16 * (i % 4), 4, (uint32_t)gpa);
        vr_put(v, VR_PCI_MSIX + 16 * (i % 4) + 12, 4, value & 1);
    }
}

/* ---- afterwards ------------------------------------------------------------------------------ */

static void still_works(struct vr *v)
{
    static const uint8_t zeroes[64] = { 0 };
    const struct vr_desc request[] = { { VR_DATA, 16, false, 0 }, { VR_DATA + 512, 512, true, 0 },
                                       { VR_DATA + 64, 1, true, 0 } };
    struct vr_used u;
    uint8_t status = 0xEE;
    must(vr_pci_config(v, 0, 4) == 0x10011AF4);
    must(vr_at(v, RIG_WINDOWS + (4 << 15), 4) == 0x10441AF4);
    must(vr_at(v, RIG_WINDOWS, 4) == 0x00081B36);
    vr_pci_enable(v);
    start(v);
    rig_poke(&v->r, VR_DATA, zeroes, sizeof zeroes);
    vr_add(v, 0, request, 3);
    vr_kick(v, 0);
    must(vr_used(v, 0, &u) && u.id == 0 && u.length == 513);
    rig_peek(&v->r, VR_DATA + 64, &status, 1);
    must(status == 0);
    vr_write(v, VR_STATUS, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct vr *v = machine();
    machine_reset(v->r.m);
    memset(v->q, 0, sizeof v->q);
    for (unsigned i = 0; i < RECORDS_MAX && (size_t)RECORD * (i + 1) <= n; i++)
        step(v, data + RECORD * i);
    rig_poll(&v->r);
    machine_reset(v->r.m);
    still_works(v);
    return 0;
}

/* ---- seeds ----------------------------------------------------------------------------------- */

static void record(uint8_t **at, unsigned op, unsigned size, unsigned q, unsigned i, uint32_t value,
                   unsigned where, uint32_t offset, unsigned flags)
{
    uint8_t *p = *at;
    memset(p, 0, RECORD);
    p[0] = (uint8_t)op;
    p[1] = (uint8_t)size;
    p[2] = (uint8_t)q;
    p[3] = (uint8_t)i;
    for (unsigned k = 0; k < 4; k++)
        p[4 + k] = (uint8_t)(value >> (8 * k));
    p[8] = (uint8_t)where;
    p[9] = (uint8_t)offset;
    p[10] = (uint8_t)(offset >> 8);
    p[11] = (uint8_t)(offset >> 16);
    p[12] = (uint8_t)flags;
    *at += RECORD;
}

static void config_record(uint8_t **at, unsigned slot, unsigned offset, unsigned size, uint32_t value)
{
    record(at, CONFIG_WRITE, size, 0, 0, value, slot, offset << 8, 0);
}

void fuzz_seeds(void (*add_seed)(const void *data, size_t n))
{
    uint8_t bytes[RECORD * 64], *at = bytes;
    record(&at, ENABLE, 0, 0, 0, 0, 0, 0, 0);
    record(&at, START, 0, 0, 0, 0, 0, 0, 0);
    record(&at, DESC, 0, 0, 0, 16, 3, 0x8000, 1);
    record(&at, OFFER, 0, 0, 0, 0, 0, 0, 0);
    record(&at, KICK, 0, 0, 0, 0, 0, 0, 0);
    add_seed(bytes, (size_t)(at - bytes));
    at = bytes;
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        for (unsigned bar = 0; bar < 6; bar++) {
            config_record(&at, slot, 0x10 + 4 * bar, 2, UINT32_MAX);
            record(&at, CONFIG_READ, 2, 0, 0, 0, slot, (0x10 + 4 * bar) << 8, 0);
        }
        config_record(&at, slot, 4, 1, 7);
    }
    add_seed(bytes, (size_t)(at - bytes));
    at = bytes;
    for (unsigned slot = 0; slot < SLOTS; slot++) { /* all at one place */
        config_record(&at, slot, 0x14, 2, (uint32_t)VR_PCI_MSIX);
        config_record(&at, slot, 0x20, 2, (uint32_t)VR_PCI_MODERN);
        config_record(&at, slot, 0x24, 2, 0);
        config_record(&at, slot, 4, 1, 7);
    }
    record(&at, MESSAGE, 0, 0, 0, 0, 1, 12, 0);
    record(&at, WRITE, 2, 0, 0, 0x0F, 0, 0x14, 0);
    record(&at, READ, 2, 0, 0, 0, 0, 0x1000, 0);
    add_seed(bytes, (size_t)(at - bytes));
    at = bytes;
    record(&at, ENABLE, 0, 0, 0, 0, 0, 0, 0); /* legacy */
    record(&at, WRITE, 0, 0, 0, 3, 2, 0x12, 0);
    record(&at, WRITE, 2, 0, 0, (uint32_t)(RIG_RAM / 4096), 2, 8, 0);
    record(&at, WRITE, 0, 0, 0, 7, 2, 0x12, 0);
    record(&at, WRITE, 1, 0, 0, 0, 2, 0x10, 0);
    record(&at, READ, 0, 0, 0, 0, 2, 0x13, 0);
    config_record(&at, 0, 0x40 + 2, 1, 0x8000);
    record(&at, WRITE, 1, 0, 0, 1, 2, 0x14, 0);
    add_seed(bytes, (size_t)(at - bytes));
}
