/* SPDX-License-Identifier: MIT */
/* msix.c: MSI-X tables, masks and pending bits (Linux pci_regs.h, PCI_MSIX_*). */
#include "engine.h"

#include <errno.h>
#include <string.h>

enum { ENABLE = 1 << 15, MASK_ALL = 1 << 14 };
enum { CONTROL = 2, TABLE = 4, PBA = 8, CAP_BYTES = 12 }; /* in the capability */
enum { ADDRESS = 0, DATA = 8, VECTOR_CONTROL = 12, ENTRY = 16 }; /* in an entry */

static uint32_t control(const struct bp_pci_function *f)
{
    return f->msix_cap ? get_le(f->p->config + f->msix_cap + CONTROL, 2) : 0;
}

static uint32_t pba_offset(const struct bp_pci_function *f)
{
    return f->face->msix_pba ? f->face->msix_pba : BP_PCI_MSIX_PBA;
}

/* The base address register at which the window answers; BARS: none. */
static unsigned bar_of_window(const struct bp_pci_function *f, uint32_t window)
{
    unsigned i = 0;
    while (i < BARS && !(f->bars[i].size && f->bars[i].window == window))
        i++;
    return i;
}

static int check_count(const struct bp_pci_function *f, unsigned count)
{
    uint64_t table_end = f->face->msix_table + (uint64_t)ENTRY * count;
    uint64_t pba_end = pba_offset(f) + (uint64_t)(count + 63) / 64 * 8;
    uint64_t size = bp_window_size(f->dev, f->face->msix_window);
    if (count > BP_PCI_MSIX_MAX)
        return bp_fail(f->dev, EINVAL, "%u MSI-X vectors (.msix_vectors of its PCI face) are more than %u",
                       count, BP_PCI_MSIX_MAX);
    if (f->face->msix_table % 8 || pba_offset(f) % 8 || pba_offset(f) < table_end)
        return bp_fail(f->dev, EINVAL, "MSI-X pending bits at 0x%x (.msix_pba of its PCI face) lie in the "
                       "table, or one of both is not at a multiple of 8", pba_offset(f));
    if (pba_end > size)
        return bp_fail(f->dev, EINVAL, "MSI-X pending bits end at 0x%llx, window %u (.msix_window of its PCI "
                       "face) at 0x%llx: make the window larger", (unsigned long long)pba_end,
                       f->face->msix_window, (unsigned long long)size);
    return 0;
}

/* The window's own callbacks show the table, or nothing does. */
static int check_window(const struct bp_pci_function *f)
{
    const struct bp_window *row = pci_window(f, ".msix_window", f->face->msix_window);
    if (row && (!row->read || !row->write))
        return bp_fail(f->dev, EINVAL, "its PCI face: .msix_window is %u, window '%s', which has no .read and "
                       ".write: make the row BP_PCI_MSIX_WINDOW(\"%s\"), or call bp_pci_msix_read() and "
                       "bp_pci_msix_write() there", f->face->msix_window, row->name, row->name);
    return row ? 0 : -EINVAL;
}

int msix_create(struct bp_pci_function *f)
{
    if (!f->face->msix_vectors)
        return 0;
    int r = check_window(f);
    if (r)
        return r;
    unsigned bar = bar_of_window(f, f->face->msix_window);
    if (bar == BARS)
        return bp_fail(f->dev, EINVAL, "its PCI face: .msix_window is %u, which no row of .bars shows",
                       f->face->msix_window);
    r = check_count(f, f->face->msix_vectors);
    if (!r)
        r = pci_add_capability(f->p, BP_PCI_CAP_MSIX, CAP_BYTES);
    if (r < 0)
        return r;
    f->msix_cap = (uint32_t)r;
    f->vectors = f->face->msix_vectors;
    pci_set_field(f->p, f->msix_cap + CONTROL, 2, f->vectors - 1, ENABLE | MASK_ALL, 0);
    pci_set_field(f->p, f->msix_cap + TABLE, 4, f->face->msix_table | bar, 0, 0);
    pci_set_field(f->p, f->msix_cap + PBA, 4, pba_offset(f) | bar, 0, 0);
    msix_reset(f);
    return 0;
}

/* Without vectors the capability stays in its place with an id that drivers pass over. */
int msix_set_vectors(struct bp_pci *p, unsigned count)
{
    struct bp_pci_function *f = p->fn;
    if (!f)
        return -EINVAL;
    if (!f->msix_cap && count)
        return bp_fail(f->dev, EINVAL, "its face names no MSI-X vectors");
    int r = check_count(f, count);
    if (r < 0 || !f->msix_cap)
        return r;
    f->vectors = count;
    pci_set_field(p, f->msix_cap, 1, count ? BP_PCI_CAP_MSIX : 0, 0, 0);
    pci_set_field(p, f->msix_cap + CONTROL, 2, count ? count - 1 : 0,
                  count ? ENABLE | MASK_ALL : 0, 0);
    return 0;
}

void msix_reset(struct bp_pci_function *f)
{
    memset(f->p->msix_table, 0, sizeof f->p->msix_table);
    memset(f->p->msix_pending, 0, sizeof f->p->msix_pending);
    for (unsigned v = 0; v < f->vectors; v++)
        f->p->msix_table[ENTRY * v + VECTOR_CONTROL] = 1;
}

/* ---- messages -------------------------------------------------------------------------------- */

bool msix_on(const struct bp_pci *p) { return p->fn && control(p->fn) & ENABLE; }

/* A message is a memory write: without Bus Master it waits, as behind a mask. */
static bool held_back(const struct bp_pci_function *f, unsigned v)
{
    return (control(f) & MASK_ALL) || !(command_of(f) & BP_PCI_COMMAND_MASTER) ||
           (f->p->msix_table[ENTRY * v + VECTOR_CONTROL] & 1);
}

static void send(struct bp_pci_function *f, unsigned v)
{
    const uint8_t *entry = &f->p->msix_table[ENTRY * v];
    uint64_t address = get_le(entry + ADDRESS, 4) | (uint64_t)get_le(entry + ADDRESS + 4, 4) << 32;
    uint32_t data = get_le(entry + DATA, 4);
    if (f->root->ops->message)
        f->root->ops->message(f->root->host, f->dev, f->devfn, address, data);
    else
        bp_dma_write_le32(f->dev, address, data);
}

void msix_notify(struct bp_pci *p, unsigned v)
{
    struct bp_pci_function *f = p->fn;
    if (f && v >= f->face->msix_vectors && !f->told_vector) {
        f->told_vector = true;
        bp_fail(f->dev, EINVAL, "calls bp_pci_msix() for vector %u, but its PCI face has .msix_vectors = %u",
                v, f->face->msix_vectors);
    }
    if (!msix_on(p) || v >= f->vectors)
        return;
    if (held_back(f, v))
        p->msix_pending[v / 8] |= (uint8_t)(1u << v % 8);
    else
        send(f, v);
}

void msix_release(struct bp_pci_function *f)
{
    struct bp_pci *p = f->p;
    for (unsigned v = 0; msix_on(p) && v < f->vectors; v++) {
        if (!(p->msix_pending[v / 8] >> v % 8 & 1) || held_back(f, v))
            continue;
        p->msix_pending[v / 8] &= (uint8_t)~(1u << v % 8);
        send(f, v);
    }
}

/* ---- the window ------------------------------------------------------------------------------ */

static uint8_t *byte_at(const struct bp_pci_function *f, uint64_t offset, bool write)
{
    uint64_t pba = pba_offset(f) - f->face->msix_table;
    if (offset < (uint64_t)ENTRY * f->vectors)
        return &f->p->msix_table[offset];
    if (!write && offset >= pba && offset - pba < (f->vectors + 63) / 64 * 8)
        return &f->p->msix_pending[offset - pba];
    return NULL;
}

uint64_t msix_read(struct bp_pci *p, uint64_t offset, unsigned n)
{
    uint64_t value = 0;
    for (unsigned i = 0; p->fn && i < n && i < 8; i++) {
        const uint8_t *byte = byte_at(p->fn, offset + i, false);
        value |= byte ? (uint64_t)*byte << (8 * i) : 0;
    }
    return value;
}

void msix_write(struct bp_pci *p, uint64_t offset, uint64_t value, unsigned n)
{
    struct bp_pci_function *f = p->fn;
    bool known = false;
    for (unsigned i = 0; f && i < n && i < 8; i++) {
        uint8_t *byte = byte_at(f, offset + i, true);
        /* of the last word the mask is all there is; messages are whole words */
        unsigned at = (offset + i) % ENTRY;
        uint8_t bits = at == ADDRESS ? 0xFC : at < VECTOR_CONTROL ? 0xFF : at == VECTOR_CONTROL;
        if (byte)
            *byte = (uint8_t)(value >> (8 * i)) & bits;
        known |= byte != NULL;
    }
    if (known)
        msix_release(f);
    else if (f)
        bp_log(f->dev, BP_LOG_GUEST_ERROR, "write of 0x%llx at offset 0x%llx of the MSI-X window, "
               "where no vector is", (unsigned long long)value, (unsigned long long)offset);
}
