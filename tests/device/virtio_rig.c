/* SPDX-License-Identifier: MIT */
/* virtio_rig.c: see virtio_rig.h. */
#include "virtio_rig.h"

#include <core/block.h>
#include <core/net.h>

#include <string.h>

/* ---- the bench ------------------------------------------------------------------------------- */

void vr_open(struct vr *v, bool legacy)
{
    memset(v, 0, sizeof *v);
    rig_open(&v->r);
    v->legacy = legacy;
    rig_device(&v->r, "virtio-mmio", "force-legacy", legacy ? "on" : "off", NULL);
    rig_watch(&v->r, "irq", 0, VR_IRQ);
}

static int apply(struct part *part, va_list ap)
{
    const char *name;
    while ((name = va_arg(ap, const char *))) {
        int r = part_set(part, name, va_arg(ap, const char *));
        if (r < 0)
            return r;
    }
    return 0;
}

static int make(struct vr *v, const char *id, const char *name, va_list ap, struct part **ret)
{
    const struct bp_device *d = (const void *)rig_entity(BP_KIND_DEVICE, id);
    struct part *part = part_create(v->r.m, d, name);
    ck_assert_ptr_nonnull(part);
    int r = apply(part, ap);
    for (uint32_t i = 0; !r && i < d->ports.count; i++) {
        const struct bp_port *port = PART_ROW(bp_port, d->ports, i);
        bool there = port->kind == BP_KIND_CHARDEV ? chardev_find(v->r.m, port->name) != NULL
                   : port->kind == BP_KIND_BLOCK ? block_find(v->r.m, port->name) != NULL
                                                 : net_find(v->r.m, port->name) != NULL;
        if (there && !part_port_connected(part, port->name))
            r = part_set(part, port->name, port->name);
    }
    *ret = part;
    return r ? r : part_realize(part);
}

void vr_open_pci(struct vr *v, ...)
{
    va_list ap;
    memset(v, 0, sizeof *v);
    rig_open(&v->r);
    v->pci = true;
    rig_device(&v->r, "pci-host-ecam-generic", NULL);
    for (unsigned line = 0; line < 4; line++)
        rig_watch(&v->r, "irq", line, line);
    va_start(ap, v);
    const struct bp_device *d = (const void *)rig_entity(BP_KIND_DEVICE, "virtio-pci");
    v->function = part_create(v->r.m, d, "function");
    ck_assert_ptr_nonnull(v->function);
    int r = part_set(v->function, "addr", "3");
    ck_assert_int_eq(r ? r : apply(v->function, ap), 0);
    va_end(ap);
    ck_assert_int_eq(part_realize(v->function), 0);
}

void vr_device(struct vr *v, const char *id, ...)
{
    va_list ap;
    va_start(ap, id);
    int r = make(v, id, id, ap, &v->device);
    va_end(ap);
    ck_assert_msg(r == 0, "%s is not made: %s", id, strerror(-r));
    machine_reset(v->r.m);
}

bool vr_refused(struct vr *v, const char *id, ...)
{
    va_list ap;
    va_start(ap, id);
    int r = make(v, id, id, ap, &v->device);
    va_end(ap);
    return r < 0;
}

struct part *vr_part(struct vr *v, const char *id, const char *name, ...)
{
    struct part *part;
    va_list ap;
    va_start(ap, name);
    int r = make(v, id, name, ap, &part);
    va_end(ap);
    ck_assert_msg(r == 0, "%s is not made: %s", id, strerror(-r));
    return part;
}

void vr_close(struct vr *v)
{
    rig_close(&v->r);
}

/* ---- registers ------------------------------------------------------------------------------- */

uint32_t vr_at(struct vr *v, uint64_t gpa, unsigned n)
{
    return (uint32_t)rig_read(&v->r, 0, gpa - RIG_WINDOWS, n);
}
void vr_put(struct vr *v, uint64_t gpa, unsigned n, uint32_t value)
{
    rig_write(&v->r, 0, gpa - RIG_WINDOWS, n, value);
}
uint32_t vr_pci_config(struct vr *v, uint32_t offset, unsigned n)
{
    return (uint32_t)rig_read(&v->r, 0, (3u << 15) + offset, n);
}
void vr_pci_set(struct vr *v, uint32_t offset, unsigned n, uint32_t value)
{
    rig_write(&v->r, 0, (3u << 15) + offset, n, value);
}

void vr_pci_enable(struct vr *v)
{
    vr_pci_set(v, 0x10, 4, (uint32_t)(VR_PCI_IO - RIG_WINDOWS - RIG_WINDOW_STEP));
    vr_pci_set(v, 0x14, 4, (uint32_t)VR_PCI_MSIX);
    vr_pci_set(v, 0x20, 4, (uint32_t)VR_PCI_MODERN);
    vr_pci_set(v, 0x24, 4, 0);
    vr_pci_set(v, 0x04, 2, 7);
}

/* Where the slot's register is in the function's window; its bytes. */
static uint64_t modern(uint32_t offset, uint32_t value, unsigned *ret_n)
{
    static const struct {
        uint16_t slot, at;
        uint8_t n;
    } map[] = {
        { VR_FEATURES_SEL, 0x00, 4 }, { VR_FEATURES, 0x04, 4 }, { VR_DRIVER_FEATURES_SEL, 0x08, 4 },
        { VR_DRIVER_FEATURES, 0x0C, 4 }, { VR_STATUS, 0x14, 1 }, { VR_GENERATION, 0x15, 1 },
        { VR_QUEUE_SEL, 0x16, 2 }, { VR_QUEUE_MAX, 0x18, 2 }, { VR_QUEUE_SIZE, 0x18, 2 },
        { VR_QUEUE_READY, 0x1C, 2 }, { VR_DESC, 0x20, 4 }, { VR_DESC + 4, 0x24, 4 },
        { VR_DRIVER, 0x28, 4 }, { VR_DRIVER + 4, 0x2C, 4 }, { VR_DEVICE, 0x30, 4 },
        { VR_DEVICE + 4, 0x34, 4 }, { VR_INT_STATUS, 0x1000, 1 },
    };
    if (offset == VR_NOTIFY) {
        *ret_n = 2;
        return VR_PCI_MODERN + 0x3000 + 4 * (value & 0xFF);
    }
    for (unsigned i = 0; i < sizeof map / sizeof *map; i++) {
        if (map[i].slot != offset)
            continue;
        *ret_n = map[i].n;
        return VR_PCI_MODERN + map[i].at;
    }
    *ret_n = 4;
    return VR_PCI_MODERN + (offset < VR_CONFIG ? 0xFFC : 0x2000 + offset - VR_CONFIG);
}

uint32_t vr_read(struct vr *v, uint32_t offset)
{
    unsigned n = 4;
    uint64_t gpa = v->pci ? modern(offset, 0, &n) : RIG_WINDOWS + offset;
    return vr_at(v, gpa, n);
}
void vr_write(struct vr *v, uint32_t offset, uint32_t value)
{
    unsigned n = 4;
    uint64_t gpa = v->pci ? modern(offset, value, &n) : RIG_WINDOWS + offset;
    vr_put(v, gpa, n, value);
}
uint8_t vr_config8(struct vr *v, uint32_t offset)
{
    unsigned n;
    return (uint8_t)vr_at(v, v->pci ? modern(VR_CONFIG, 0, &n) + offset
                                    : RIG_WINDOWS + VR_CONFIG + offset, 1);
}
uint32_t vr_config32(struct vr *v, uint32_t offset) { return vr_read(v, VR_CONFIG + offset); }

uint64_t vr_offered(struct vr *v)
{
    vr_write(v, VR_FEATURES_SEL, 1);
    uint64_t high = vr_read(v, VR_FEATURES);
    vr_write(v, VR_FEATURES_SEL, 0);
    return high << 32 | vr_read(v, VR_FEATURES);
}

void vr_negotiate(struct vr *v, uint64_t features)
{
    vr_write(v, VR_STATUS, 0);
    vr_write(v, VR_STATUS, BP_VIRTIO_ACKNOWLEDGE);
    vr_write(v, VR_STATUS, BP_VIRTIO_ACKNOWLEDGE | BP_VIRTIO_DRIVER);
    vr_write(v, VR_DRIVER_FEATURES_SEL, 0);
    vr_write(v, VR_DRIVER_FEATURES, (uint32_t)features);
    vr_write(v, VR_DRIVER_FEATURES_SEL, 1);
    vr_write(v, VR_DRIVER_FEATURES, (uint32_t)(features >> 32));
    if (!v->legacy)
        vr_write(v, VR_STATUS, vr_read(v, VR_STATUS) | BP_VIRTIO_FEATURES_OK);
}

static void write64(struct vr *v, uint32_t offset, uint64_t value)
{
    vr_write(v, offset, (uint32_t)value);
    vr_write(v, offset + 4, (uint32_t)(value >> 32));
}

void vr_queue(struct vr *v, unsigned q, uint32_t size)
{
    uint32_t base = 0x8000 * q;
    static const uint8_t zeroes[0x8000];
    rig_poke(&v->r, base, zeroes, sizeof zeroes);
    v->q[q] = (struct vr_queue){ .size = size, .desc = base, .avail = base + 16 * size };
    v->q[q].used = (v->q[q].avail + 6 + 2 * size + 4095) & ~4095u;
    vr_write(v, VR_QUEUE_SEL, q);
    vr_write(v, VR_QUEUE_SIZE, size);
    if (v->legacy) {
        vr_write(v, VR_PAGE_SIZE, 4096);
        vr_write(v, VR_QUEUE_ALIGN, 4096);
        vr_write(v, VR_QUEUE_PFN, (uint32_t)((RIG_RAM + base) / 4096));
        return;
    }
    write64(v, VR_DESC, RIG_RAM + v->q[q].desc);
    write64(v, VR_DRIVER, RIG_RAM + v->q[q].avail);
    write64(v, VR_DEVICE, RIG_RAM + v->q[q].used);
    vr_write(v, VR_QUEUE_READY, 1);
}

void vr_driver_ok(struct vr *v)
{
    vr_write(v, VR_STATUS, vr_read(v, VR_STATUS) | BP_VIRTIO_DRIVER_OK);
}

void vr_start(struct vr *v, uint64_t mask, unsigned queues, uint32_t size)
{
    vr_negotiate(v, vr_offered(v) & mask);
    if (!v->legacy)
        ck_assert_uint_eq(vr_read(v, VR_STATUS) & BP_VIRTIO_FEATURES_OK, BP_VIRTIO_FEATURES_OK);
    for (unsigned q = 0; q < queues; q++)
        vr_queue(v, q, size);
    vr_driver_ok(v);
    ck_assert(!vr_broken(v));
}

/* ---- rings ----------------------------------------------------------------------------------- */

static void put16(uint8_t *p, uint32_t n) { p[0] = (uint8_t)n; p[1] = (uint8_t)(n >> 8); }
static void put32(uint8_t *p, uint32_t n) { put16(p, n); put16(p + 2, n >> 16); }
static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static uint32_t get32(const uint8_t *p) { return get16(p) | (uint32_t)get16(p + 2) << 16; }

void vr_table_desc(struct vr *v, uint32_t table, uint32_t i, uint64_t gpa, uint32_t length,
                   uint16_t flags, uint16_t next)
{
    uint8_t d[16];
    put32(d, (uint32_t)gpa);
    put32(d + 4, (uint32_t)(gpa >> 32));
    put32(d + 8, length);
    put16(d + 12, flags);
    put16(d + 14, next);
    rig_poke(&v->r, table + 16 * i, d, sizeof d);
}

void vr_raw_desc(struct vr *v, unsigned q, uint32_t i, uint64_t gpa, uint32_t length,
                 uint16_t flags, uint16_t next)
{
    vr_table_desc(v, v->q[q].desc, i, gpa, length, flags, next);
}

void vr_offer(struct vr *v, unsigned q, uint16_t head)
{
    struct vr_queue *s = &v->q[q];
    uint8_t b[2];
    put16(b, head);
    rig_poke(&v->r, s->avail + 4 + 2 * (s->avail_idx % s->size), b, 2);
    put16(b, ++s->avail_idx);
    rig_poke(&v->r, s->avail + 2, b, 2);
}

uint16_t vr_add(struct vr *v, unsigned q, const struct vr_desc *d, unsigned count)
{
    struct vr_queue *s = &v->q[q];
    uint32_t head = s->next_desc;
    for (unsigned i = 0; i < count; i++) {
        uint32_t at = s->next_desc, next = (at + 1) % s->size;
        vr_raw_desc(v, q, at, d[i].gpa ? d[i].gpa : RIG_RAM + d[i].offset, d[i].length,
                    (uint16_t)((d[i].write ? VR_WRITE : 0) | (i + 1 < count ? VR_NEXT : 0)),
                    (uint16_t)next);
        s->next_desc = next;
    }
    vr_offer(v, q, (uint16_t)head);
    return (uint16_t)head;
}

void vr_kick(struct vr *v, unsigned q) { vr_write(v, VR_NOTIFY, q); }

bool vr_used(struct vr *v, unsigned q, struct vr_used *ret)
{
    struct vr_queue *s = &v->q[q];
    uint8_t b[8];
    rig_poll(&v->r);
    rig_peek(&v->r, s->used + 2, b, 2);
    if (get16(b) == s->seen)
        return false;
    rig_peek(&v->r, s->used + 4 + 8 * (s->seen++ % s->size), b, 8);
    *ret = (struct vr_used){ get32(b), get32(b + 4) };
    return true;
}

uint32_t vr_run(struct vr *v, unsigned q, const struct vr_desc *d, unsigned count)
{
    struct vr_used u = { 0, 0 };
    uint16_t head = vr_add(v, q, d, count);
    vr_kick(v, q);
    ck_assert_msg(vr_used(v, q, &u), "queue %u: no answer", q);
    ck_assert_uint_eq(u.id, head);
    return u.length;
}

bool vr_broken(struct vr *v) { return vr_read(v, VR_STATUS) & BP_VIRTIO_NEEDS_RESET; }

uint32_t vr_interrupts(struct vr *v)
{
    uint32_t bits = vr_read(v, VR_INT_STATUS);
    ck_assert_uint_eq(rig_line(&v->r, VR_IRQ).level, bits != 0);
    vr_write(v, VR_INT_ACK, bits);
    ck_assert_uint_eq(rig_line(&v->r, VR_IRQ).level, 0);
    return bits;
}
