/* SPDX-License-Identifier: MIT */
/*
 * fw-cfg-mmio.c: the firmware configuration device behind three memory-mapped registers (Linux
 * Documentation/devicetree/bindings/firmware/qemu,fw-cfg-mmio.yaml and qemu_fw_cfg.h; OvmfPkg
 * QemuFwCfg.h for the DMA block). Items are read-only for the guest.
 */
#include <backplane/board.h>
#include <backplane/bus/fwcfg.h>
#include <backplane/device.h>
#include <backplane/memory.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_FILES = 64,
    ITEMS = BP_FWCFG_FILES + MAX_FILES,
    NAME_SIZE = 56,
    DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16,
};

struct item {
    uint8_t *data;
    uint64_t size;
};

/* An entry of the directory; integers are big-endian. */
struct directory_entry {
    uint8_t size[4], key[2], reserved[2];
    char name[NAME_SIZE];
};

struct fwcfg {
    struct item items[ITEMS];
    uint32_t files;
    uint16_t selected;
    uint64_t offset; /* of the next byte in the selected item */
    uint32_t dma_high;
};

static void put_be32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* ---- the guest's side ----------------------------------------------------------------------- */

static void select_item(struct fwcfg *s, uint16_t key)
{
    s->selected = key;
    s->offset = 0;
}

/* What is left of the selected item. */
static uint64_t rest(const struct fwcfg *s, const uint8_t **ret)
{
    if (s->selected >= ITEMS || s->offset >= s->items[s->selected].size)
        return 0;
    *ret = s->items[s->selected].data + s->offset;
    return s->items[s->selected].size - s->offset;
}

static void advance(struct fwcfg *s, uint64_t n)
{
    s->offset = s->offset + n < s->offset ? UINT64_MAX : s->offset + n;
}

/* Copies the next n bytes to gpa; past the end of the item they are zeros. */
static int dma_out(struct fwcfg *s, uint64_t gpa, uint32_t n)
{
    static const uint8_t zeros[4096];
    while (n) {
        const uint8_t *from = zeros;
        uint64_t part = rest(s, &from);
        if (!part)
            part = sizeof zeros;
        if (part > n)
            part = n;
        if (bp_dma_write(s, gpa, from, part) < 0)
            return -EFAULT;
        advance(s, part);
        gpa += part;
        n -= (uint32_t)part;
    }
    return 0;
}

static void dma_run(struct fwcfg *s, uint64_t gpa)
{
    uint8_t block[16];
    if (bp_dma_read(s, gpa, block, sizeof block) < 0) {
        bp_log(s, BP_LOG_GUEST_ERROR, "DMA block at 0x%llx is not in memory",
               (unsigned long long)gpa);
        return;
    }
    uint32_t control = get_be32(block), n = get_be32(block + 4);
    uint64_t to = (uint64_t)get_be32(block + 8) << 32 | get_be32(block + 12);
    int r = 0;
    if (control & DMA_SELECT)
        select_item(s, (uint16_t)(control >> 16));
    if (control & DMA_READ)
        r = dma_out(s, to, n);
    else if (control & DMA_WRITE)
        r = -EROFS;
    else if (control & DMA_SKIP)
        advance(s, n);
    if (r < 0)
        bp_log(s, BP_LOG_GUEST_ERROR, "DMA of item 0x%x, %u bytes at 0x%llx: %s", s->selected, n,
               (unsigned long long)to, strerror(-r));
    uint8_t result[4];
    put_be32(result, r < 0 ? DMA_ERROR : 0);
    bp_dma_write(s, gpa, result, sizeof result);
}

static uint64_t data_read(void *dev, unsigned i)
{
    struct fwcfg *s = dev;
    const uint8_t *from;
    uint64_t value = rest(s, &from) ? *from : 0;
    advance(s, 1);
    return value;
}

static void data_write(void *dev, unsigned i, uint64_t value)
{
    bp_log(dev, BP_LOG_GUEST_ERROR, "write to the data register: items are read-only");
}

static void select_write(void *dev, unsigned i, uint64_t value)
{
    select_item(dev, (uint16_t)value);
}

static uint64_t dma_high_read(void *dev, unsigned i) { return 0x51454D55; } /* "QEMU" */
static uint64_t dma_low_read(void *dev, unsigned i) { return 0x20434647; }  /* " CFG" */

static void dma_low_write(void *dev, unsigned i, uint64_t value)
{
    struct fwcfg *s = dev;
    uint64_t gpa = (uint64_t)s->dma_high << 32 | (uint32_t)value;
    s->dma_high = 0;
    dma_run(s, gpa);
}

/* ---- the board's side ----------------------------------------------------------------------- */

static int put_item(struct fwcfg *s, uint32_t key, const void *data, uint64_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy)
        return bp_fail(s, ENOMEM, "no memory for an item of %llu bytes", (unsigned long long)n);
    if (n)
        memcpy(copy, data, n);
    free(s->items[key].data);
    s->items[key] = (struct item){ copy, n };
    return 0;
}

static int set_item(void *dev, uint32_t key, const void *data, uint64_t n)
{
    struct fwcfg *s = dev;
    if (key <= BP_FWCFG_FEATURES || key == BP_FWCFG_DIRECTORY || key >= BP_FWCFG_FILES)
        return bp_fail(s, EINVAL, "item 0x%x is not for setting", key);
    return put_item(s, key, data, n);
}

static int add_file(void *dev, const char *name, const void *data, uint64_t n)
{
    struct fwcfg *s = dev;
    struct item *directory = &s->items[BP_FWCFG_DIRECTORY];
    struct directory_entry entry = { .size = { 0 } };
    if (s->files == MAX_FILES)
        return bp_fail(s, ENOSPC, "no room for file %s: there are %u already", name, s->files);
    if (strlen(name) >= NAME_SIZE || n > UINT32_MAX)
        return bp_fail(s, EINVAL, "file %s: its name has at most %u characters, it at most 4 GiB",
                       name, NAME_SIZE - 1);
    uint32_t key = BP_FWCFG_FILES + s->files;
    int r = put_item(s, key, data, n);
    if (r < 0)
        return r;
    uint8_t *grown = realloc(directory->data, directory->size + sizeof entry);
    if (!grown)
        return bp_fail(s, ENOMEM, "no memory for the directory");
    put_be32(entry.size, (uint32_t)n);
    entry.key[0] = (uint8_t)(key >> 8);
    entry.key[1] = (uint8_t)key;
    memcpy(entry.name, name, strlen(name));
    memcpy(grown + directory->size, &entry, sizeof entry);
    put_be32(grown, ++s->files);
    *directory = (struct item){ grown, directory->size + sizeof entry };
    return 0;
}

static int fwcfg_realize(void *dev)
{
    struct fwcfg *s = dev;
    static const uint8_t features[4] = { 3 /* selector and data; DMA */ }, no_files[4];
    int r = put_item(s, BP_FWCFG_SIGNATURE, "QEMU", 4);
    if (r >= 0)
        r = put_item(s, BP_FWCFG_FEATURES, features, sizeof features);
    if (r >= 0)
        r = put_item(s, BP_FWCFG_DIRECTORY, no_files, sizeof no_files);
    return r;
}

static void fwcfg_reset(void *dev) { select_item(dev, 0); }

static void fwcfg_unrealize(void *dev)
{
    struct fwcfg *s = dev;
    for (unsigned i = 0; i < ITEMS; i++) {
        free(s->items[i].data);
        s->items[i] = (struct item){ NULL, 0 };
    }
    s->files = 0;
}

static void fwcfg_fdt(void *dev, struct bp_fdt_node *node) { bp_fdt_empty(node, "dma-coherent"); }

static const struct bp_reg regs[] = {
    { "DATA", 0, 8, .count = 8, .read = data_read, .write = data_write },
    { "SELECTOR", 8, 16, .write = select_write },
    { "DMA_HIGH", 16, 32, BP_FIELD(struct fwcfg, dma_high), .writable = UINT32_MAX,
      .read = dma_high_read },
    { "DMA_LOW", 20, 32, .read = dma_low_read, .write = dma_low_write },
};
static const struct bp_window windows[] = {
    { "mmio", 0x18, .flags = BP_WINDOW_BIG_ENDIAN, .storage = BP_NO_STORAGE },
};
static const struct bp_fwcfg api = { sizeof api, 0, set_item, add_file };
static const struct bp_offer offers[] = {
    { .name = "items", .id = BP_FWCFG_ID, .api = &api },
};
static const struct bp_saved saved[] = {
    BP_SAVED(struct fwcfg, selected, 1), BP_SAVED(struct fwcfg, offset, 1),
    BP_TRANSIENT(struct fwcfg, items), BP_TRANSIENT(struct fwcfg, files),
};

BP_DEVICE_IN(fwcfg, "fw-cfg-mmio", "misc", "Firmware configuration, memory-mapped",
          .state_size = sizeof(struct fwcfg), .regs = BP_ROWS(regs), .windows = BP_ROWS(windows),
          .offers = BP_ROWS(offers), .saved = BP_ROWS(saved), .realize = fwcfg_realize,
          .reset = fwcfg_reset, .unrealize = fwcfg_unrealize, .fdt_name = "fw-cfg",
          .fdt_compatible = "qemu,fw-cfg-mmio", .fdt = fwcfg_fdt);
BP_PLUGIN("fw-cfg-mmio", "1.0", "MIT");
