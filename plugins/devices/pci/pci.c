/* SPDX-License-Identifier: MIT */
/*
 * pci.c: the PCI engine, the interface "backplane.pci/1": configuration space, base addresses and
 * interrupt pins (Linux include/uapi/linux/pci_regs.h). MSI-X is in msix.c.
 */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_END = 0x40, CAPS_END = 0x100, HEADER_TYPE = 0x0E };
enum { STATUS_INTX = 1 << 3, STATUS_CAPABILITIES = 1 << 4, STATUS_ERRORS = 0xF900 };
enum { COMMAND_PARITY = 1 << 6, COMMAND_SERR = 1 << 8 };
enum { MULTIFUNCTION = 0x80 };
enum { BAR_IO = 1, BAR_64 = 4, BAR_PREFETCH = 8 };

/* ---- fields ---------------------------------------------------------------------------------- */

void pci_set_field(struct bp_pci *p, uint32_t offset, unsigned n, uint32_t value, uint32_t writable,
                   uint32_t w1c)
{
    struct bp_pci_function *f = p->fn;
    if (!f || n > 4 || offset > BP_PCI_CONFIG_SIZE - n)
        return;
    put_le(p->config + offset, n, value);
    put_le(f->initial + offset, n, value);
    put_le(f->writable + offset, n, writable);
    put_le(f->w1c + offset, n, w1c);
}

static uint32_t get(const struct bp_pci *p, uint32_t offset, unsigned n)
{
    return n <= 4 && offset <= BP_PCI_CONFIG_SIZE - n ? get_le(p->config + offset, n) : 0;
}

static void put(struct bp_pci *p, uint32_t offset, unsigned n, uint32_t value)
{
    if (n <= 4 && offset <= BP_PCI_CONFIG_SIZE - n)
        put_le(p->config + offset, n, value);
}

int pci_add_capability(struct bp_pci *p, unsigned id, unsigned bytes)
{
    struct bp_pci_function *f = p->fn;
    uint32_t at = f->next_cap, end = (at + bytes + 3) & ~UINT32_C(3);
    if (bytes < 2 || bytes > CAPS_END - HEADER_END || end > CAPS_END)
        return bp_fail(f->dev, ENOSPC, "no room for a PCI capability of %u bytes", bytes);
    pci_set_field(p, f->last_cap ? f->last_cap + 1 : BP_PCI_CAPABILITIES, 1, at, 0, 0);
    pci_set_field(p, at, 1, id, 0, 0);
    pci_set_field(p, BP_PCI_STATUS, 2, STATUS_CAPABILITIES, 0, STATUS_ERRORS);
    f->last_cap = at;
    f->next_cap = end;
    return (int)at;
}

/* ---- base addresses -------------------------------------------------------------------------- */

static unsigned bar_offset(unsigned i) { return BP_PCI_BAR0 + 4 * i; }

static uint64_t bar_address(const struct bp_pci_function *f, unsigned i)
{
    const struct bar *b = &f->bars[i];
    uint64_t address = get_le(f->p->config + bar_offset(i), 4);
    if (b->flags & BP_PCI_BAR_64)
        address |= (uint64_t)get_le(f->p->config + bar_offset(i + 1), 4) << 32;
    return address & ~(b->size - 1);
}

/* Puts the windows where base addresses and command register say. */
static void place_bars(struct bp_pci_function *f)
{
    struct bp_pci_root *root = f->root;
    uint32_t command = command_of(f);
    for (unsigned i = 0; i < BARS; i++) {
        const struct bar *b = &f->bars[i];
        if (!b->size)
            continue;
        bool io = b->flags & BP_PCI_BAR_IO;
        bool on = command & (io ? BP_PCI_COMMAND_IO : BP_PCI_COMMAND_MEMORY);
        unsigned window = 0;
        uint64_t offset = 0;
        if (!on || !root->ops->find_window(root->host, io, bar_address(f, i), b->size, &window,
                                           &offset) ||
            bp_window_place(f->dev, b->window, root->host, window, offset) < 0)
            bp_window_place(f->dev, b->window, NULL, 0, 0);
    }
}

static void make_bar_field(struct bp_pci_function *f, unsigned i)
{
    const struct bar *b = &f->bars[i];
    uint64_t mask = ~(b->size - 1);
    uint32_t type = b->flags & BP_PCI_BAR_IO ? BAR_IO
                  : (b->flags & BP_PCI_BAR_64 ? BAR_64 : 0u) |
                    (b->flags & BP_PCI_BAR_PREFETCH ? BAR_PREFETCH : 0u);
    pci_set_field(f->p, bar_offset(i), 4, type, (uint32_t)mask, 0);
    if (b->flags & BP_PCI_BAR_64)
        pci_set_field(f->p, bar_offset(i + 1), 4, 0, (uint32_t)(mask >> 32), 0);
}

const struct bp_window *pci_window(const struct bp_pci_function *f, const char *field, uint32_t window)
{
    const struct bp_window *row = bp_window_row(f->dev, window);
    if (!row)
        bp_fail(f->dev, EINVAL, "its PCI face: %s is %u, but .windows has no row %u", field, window,
                window);
    else if (!(row->flags & BP_WINDOW_PLACED))
        bp_fail(f->dev, EINVAL, "its PCI face: %s is %u, window '%s', which lacks BP_WINDOW_PLACED: add "
                "it to the row's .flags", field, window, row->name);
    return row && row->flags & BP_WINDOW_PLACED ? row : NULL;
}

static int make_bar(struct bp_pci_function *f, const struct bp_pci_bar *row)
{
    bool wide = row->flags & BP_PCI_BAR_64, io = row->flags & BP_PCI_BAR_IO;
    if (!pci_window(f, "the .window of a bar", row->window))
        return -EINVAL;
    uint64_t bytes = bp_window_size(f->dev, row->window), size = io ? 4 : 16;
    if (!bytes)
        return 0;
    while (size < bytes && size < UINT64_C(1) << 62)
        size *= 2;
    if (row->index >= BARS || (wide && (io || row->index + 1 >= BARS)) || f->bars[row->index].size ||
        (wide && f->bars[row->index + 1].size) ||
        (row->index && f->bars[row->index - 1].size &&
         f->bars[row->index - 1].flags & BP_PCI_BAR_64))
        return bp_fail(f->dev, EINVAL, "base address register %u does not exist or is used twice",
                       row->index);
    if (size < bytes || (!wide && size > UINT64_C(1) << 31) || (io && size > 256))
        return bp_fail(f->dev, EINVAL, "base address register %u: %llu bytes are too many", row->index,
                       (unsigned long long)bytes);
    f->bars[row->index] = (struct bar){ size, row->window, row->flags };
    make_bar_field(f, row->index);
    return 0;
}

/* ---- interrupt pins -------------------------------------------------------------------------- */

static unsigned line_of(const struct bp_pci_function *f)
{
    return ((unsigned)f->devfn / 8 + f->face->interrupt_pin - 1u) % LINES;
}

/* Counts the function among those that drive its line, or no longer. MSI-X silences the pin (PCI Local Bus
 * Specification 3.0, 6.8.2.3). */
static void show_intx(struct bp_pci_function *f)
{
    if (!f->face->interrupt_pin)
        return;
    bool wanted = f->p->intx && !msix_on(f->p);
    bool level = wanted && !(command_of(f) & BP_PCI_COMMAND_INTX_OFF);
    uint8_t *status = f->p->config + BP_PCI_STATUS;
    *status = (uint8_t)((*status & ~STATUS_INTX) | (wanted ? STATUS_INTX : 0));
    if (level == f->intx_shown)
        return;
    struct bp_pci_root *root = f->root;
    unsigned line = line_of(f);
    f->intx_shown = level;
    root->lines[line] += level ? 1 : UINT32_MAX;
    root->ops->intx(root->host, line, root->lines[line] != 0);
}

static void set_irq(struct bp_pci *p, bool level)
{
    struct bp_pci_function *f = p->fn;
    if (f && level && !f->face->interrupt_pin && !f->told_pin) {
        f->told_pin = true;
        bp_fail(f->dev, EINVAL, "calls bp_pci_set_irq(), but its PCI face has no pin: add .interrupt_pin "
                "= 1 (INTA)");
    }
    if (!f || p->intx == level)
        return;
    p->intx = level;
    show_intx(f);
}

/* ---- accesses -------------------------------------------------------------------------------- */

/* What follows from the command register and the base addresses. */
static void follow(struct bp_pci_function *f)
{
    bp_dma_allow(f->dev, command_of(f) & BP_PCI_COMMAND_MASTER);
    place_bars(f);
    show_intx(f);
    msix_release(f);
}

static struct bp_pci_function *function_at(const struct bp_pci_root *root, uint32_t requester)
{
    return requester < FUNCTIONS ? root->functions[requester] : NULL;
}

static uint32_t host_read(struct bp_pci_root *root, uint32_t requester, uint32_t offset, unsigned n)
{
    struct bp_pci_function *f = function_at(root, requester);
    if (!f || n > 4 || offset > BP_PCI_CONFIG_SIZE - n)
        return UINT32_MAX;
    if (f->face->config_read)
        f->face->config_read(f->dev, offset, n);
    return get_le(f->p->config + offset, n);
}

static void host_write(struct bp_pci_root *root, uint32_t requester, uint32_t offset, uint32_t value,
                       unsigned n)
{
    struct bp_pci_function *f = function_at(root, requester);
    if (!f || n > 4 || offset > BP_PCI_CONFIG_SIZE - n)
        return;
    for (unsigned i = 0; i < n; i++) {
        uint8_t *byte = f->p->config + offset + i, v = (uint8_t)(value >> (8 * i));
        uint8_t writable = f->writable[offset + i];
        *byte = (uint8_t)((*byte & ~writable) | (v & writable));
        *byte &= (uint8_t)~(v & f->w1c[offset + i]);
    }
    if (offset < BP_PCI_BAR0 + 4 * BARS && offset + n > BP_PCI_COMMAND)
        follow(f);
    else if (f->msix_cap && offset < f->msix_cap + 4 && offset + n > f->msix_cap)
        follow(f);
    if (f->face->config_written)
        f->face->config_written(f->dev, offset, n);
}

static void reset(struct bp_pci_root *root)
{
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        struct bp_pci_function *f = root->functions[i];
        if (!f)
            continue;
        memcpy(f->p->config, f->initial, sizeof f->initial);
        f->p->intx = 0;
        msix_reset(f);
        follow(f);
    }
}

/* Of what a file says only what a driver could have written is taken. */
static int post_load(struct bp_pci *p)
{
    struct bp_pci_function *f = p->fn;
    if (!f)
        return 0;
    for (unsigned i = 0; i < BP_PCI_CONFIG_SIZE; i++) {
        uint8_t open = f->writable[i] | f->w1c[i];
        p->config[i] = (uint8_t)((f->initial[i] & ~open) | (p->config[i] & open));
    }
    p->intx = p->intx != 0;
    follow(f);
    return 0;
}

/* ---- attaching ------------------------------------------------------------------------------- */

static bool hex(const char **at, unsigned *ret, unsigned max)
{
    char *end;
    if ((*at)[0] == '-' || (*at)[0] == '+' || (*at)[0] == ' ')
        return false;
    unsigned long n = strtoul(*at, &end, 16);
    bool ok = end != *at && n <= max;
    *at = end;
    *ret = (unsigned)n;
    return ok;
}

static int busy(const struct bp_pci_function *f, unsigned devfn)
{
    return bp_fail(f->dev, EBUSY, "addr=%x.%x is taken by %s", devfn / 8, devfn % 8,
                   bp_name(f->root->functions[devfn]->dev));
}

/* Finds the slot: addr=, else the first that is empty. */
static int choose_slot(struct bp_pci_function *f)
{
    struct bp_pci_root *root = f->root;
    unsigned slot = 0, number = 0;
    const char *at = f->p->addr;
    if (at) {
        bool ok = hex(&at, &slot, 31);
        if (ok && *at == '.') {
            at++;
            ok = hex(&at, &number, 7);
        }
        if (!ok || *at)
            return bp_fail(f->dev, EINVAL, "addr=%s is not SLOT or SLOT.FUNCTION, hexadecimal, up to "
                           "1f.7", f->p->addr);
    } else {
        while (slot < 32 && root->functions[8 * slot])
            slot++;
        if (slot == 32)
            return bp_fail(f->dev, EBUSY, "all 32 slots of %s are taken: give addr=SLOT.FUNCTION and "
                           "multifunction=on", bp_name(root->host));
    }
    f->devfn = (uint8_t)(8 * slot + number);
    if (root->functions[f->devfn])
        return busy(f, f->devfn);
    const struct bp_pci_function *zero = root->functions[8 * slot];
    if (number && zero && !zero->p->multifunction)
        return bp_fail(f->dev, EINVAL, "addr=%s: %s, function 0 of that slot, needs multifunction=on",
                       f->p->addr, bp_name(zero->dev));
    for (unsigned i = 1; !number && !f->p->multifunction && i < 8; i++)
        if (root->functions[f->devfn + i])
            return bp_fail(f->dev, EINVAL, "needs multifunction=on: slot %x has further functions",
                           slot);
    return 0;
}

/* PCI Express capability of an endpoint that is integrated in the root complex. */
static int make_express(struct bp_pci_function *f)
{
    enum { BYTES = 0x3C, FLAGS = 2, DEVICE_CAP = 4, DEVICE_CONTROL = 8, DEVICE_STATUS = 10 };
    int at = pci_add_capability(f->p, BP_PCI_CAP_EXPRESS, BYTES);
    if (at < 0)
        return at;
    uint32_t cap = (uint32_t)at;
    pci_set_field(f->p, cap + FLAGS, 2, 2 | 9 << 4, 0, 0);
    pci_set_field(f->p, cap + DEVICE_CAP, 4, 1 << 15, 0, 0); /* errors are reported by role */
    pci_set_field(f->p, cap + DEVICE_CONTROL, 2, 0x2810, 0x78FF, 0);
    pci_set_field(f->p, cap + DEVICE_STATUS, 2, 0, 0, 0xF);
    return 0;
}

static void make_header(struct bp_pci_function *f)
{
    const struct bp_pci_device *d = f->face;
    uint32_t command = COMMAND_PARITY | COMMAND_SERR | BP_PCI_COMMAND_MASTER;
    for (unsigned i = 0; i < BARS; i++)
        if (f->bars[i].size)
            command |= f->bars[i].flags & BP_PCI_BAR_IO ? BP_PCI_COMMAND_IO : BP_PCI_COMMAND_MEMORY;
    if (d->interrupt_pin)
        command |= BP_PCI_COMMAND_INTX_OFF;
    pci_set_field(f->p, BP_PCI_VENDOR, 2, d->vendor, 0, 0);
    pci_set_field(f->p, BP_PCI_DEVICE, 2, d->device, 0, 0);
    pci_set_field(f->p, BP_PCI_COMMAND, 2, 0, command, 0);
    pci_set_field(f->p, BP_PCI_STATUS, 2, 0, 0, STATUS_ERRORS);
    pci_set_field(f->p, BP_PCI_REVISION, 4, d->revision | d->class_code << 8, 0, 0);
    pci_set_field(f->p, 0x0C, 1, 0, 0xFF, 0); /* cache line size: kept, not used */
    pci_set_field(f->p, HEADER_TYPE, 1, f->p->multifunction ? MULTIFUNCTION : 0, 0, 0);
    pci_set_field(f->p, BP_PCI_SUBSYSTEM_VENDOR, 2, d->subsystem_vendor, 0, 0);
    pci_set_field(f->p, BP_PCI_SUBSYSTEM, 2, d->subsystem, 0, 0);
    pci_set_field(f->p, BP_PCI_INTERRUPT_LINE, 1, 0, d->interrupt_pin ? 0xFF : 0, 0);
    pci_set_field(f->p, BP_PCI_INTERRUPT_PIN, 1, d->interrupt_pin, 0, 0);
}

static int make(struct bp_pci_function *f)
{
    const struct bp_pci_device *d = f->face;
    uint32_t used = d->bars_used ? d->bars_used(f->dev) : UINT32_MAX;
    int r = choose_slot(f);
    for (uint32_t i = 0; i < d->bars.count && !r; i++) {
        const struct bp_pci_bar *row = (const void *)((const uint8_t *)d->bars.row +
                                                      (size_t)i * d->bars.row_size);
        if (used >> row->index % 32 & 1)
            r = make_bar(f, row);
    }
    if (r < 0)
        return r;
    make_header(f);
    f->next_cap = HEADER_END;
    r = msix_create(f);
    if (!r && d->flags & BP_PCI_EXPRESS)
        r = make_express(f);
    if (!r && d->setup)
        r = d->setup(f->dev);
    return r;
}

static int check_face(void *dev, const struct bp_pci_device *face)
{
    if (!face)
        return bp_fail(dev, EINVAL, "shows no PCI face: give it to BP_PCI_NEED()");
    if (face->size < sizeof *face || face->member_size < sizeof(struct bp_pci))
        return bp_fail(dev, EINVAL, "its PCI face is of %u bytes with a struct bp_pci of %u, %u and %u are "
                       "needed: begin it with BP_PCI_FACE()", face->size, face->member_size,
                       (unsigned)sizeof *face, (unsigned)sizeof(struct bp_pci));
    if (!face->vendor || face->vendor == UINT16_MAX)
        return bp_fail(dev, EINVAL, "its PCI face: .vendor is 0x%04X, which drivers take for an empty slot",
                       face->vendor);
    if (face->class_code >> 24)
        return bp_fail(dev, EINVAL, "its PCI face: .class_code is 0x%X: class, subclass and programming "
                       "interface are 24 bits", face->class_code);
    if (face->interrupt_pin > LINES)
        return bp_fail(dev, EINVAL, "its PCI face: .interrupt_pin is %u: write 1 (INTA) to 4 (INTD), 0 for "
                       "none", face->interrupt_pin);
    return 0;
}

static int attach(struct bp_pci_root *root, struct bp_link link)
{
    const struct bp_pci_device *face = link.api;
    int r = check_face(link.dev, face);
    if (r)
        return r;
    struct bp_pci_function *f = calloc(1, sizeof *f);
    if (!f)
        return bp_fail(link.dev, ENOMEM, "no memory for a PCI function");
    f->p = (struct bp_pci *)((uint8_t *)link.dev + face->member);
    f->p->fn = f;
    f->root = root;
    f->face = face;
    f->dev = link.dev;
    r = make(f);
    if (r < 0) {
        f->p->fn = NULL;
        free(f);
        return r;
    }
    root->functions[f->devfn] = f;
    follow(f);
    return 0;
}

static struct bp_pci_root *create(void *host, const struct bp_pci_host *ops)
{
    struct bp_pci_root *root = ops->size >= sizeof *ops ? calloc(1, sizeof *root) : NULL;
    if (!root) {
        bp_fail(host, ENOMEM, "no memory for a PCI bus, or its interface is too old");
        return NULL;
    }
    root->host = host;
    root->ops = ops;
    return root;
}

/* Functions go before their bridge or behind it: they are not touched. */
static void destroy(struct bp_pci_root *root)
{
    for (unsigned i = 0; root && i < FUNCTIONS; i++)
        free(root->functions[i]);
    free(root);
}

static const struct bp_pci_api api = {
    .size = sizeof api,
    .create = create,
    .destroy = destroy,
    .attach = attach,
    .reset = reset,
    .host_read = host_read,
    .host_write = host_write,
    .post_load = post_load,
    .set_irq = set_irq,
    .msix = msix_notify,
    .msix_on = msix_on,
    .msix_read = msix_read,
    .msix_write = msix_write,
    .set_vectors = msix_set_vectors,
    .add_capability = pci_add_capability,
    .set_field = pci_set_field,
    .get = get,
    .put = put,
};

BP_SERVICE(engine, BP_PCI_API_ID, "PCI engine: configuration space, base addresses, MSI-X", api);
BP_PLUGIN("pci", "1.0", "MIT");
