/* SPDX-License-Identifier: MIT */
/* fw-cfg.c: items that firmware knows by number (bus/fwcfg.h). */
#include "fw-cfg.h"

#include <backplane/bus/fwcfg.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The whole file, to free(); for items that firmware loads by itself. */
static int read_file(void *board, const char *path, uint8_t **ret, size_t *ret_size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return bp_fail(board, errno, "cannot read %s: %s", path, strerror(errno));
    uint8_t *data = NULL;
    size_t size = 0, n;
    do {
        uint8_t *grown = realloc(data, size + (1 << 20));
        if (!grown) {
            fclose(f);
            free(data);
            return bp_fail(board, ENOMEM, "no memory for %s", path);
        }
        data = grown;
        n = fread(data + size, 1, 1 << 20, f);
        size += n;
    } while (n == 1 << 20 && size <= UINT32_MAX);
    bool failed = ferror(f);
    fclose(f);
    if (failed || size > UINT32_MAX) {
        free(data);
        return bp_fail(board, EIO, "cannot read %s, or it has more than 4 GiB", path);
    }
    *ret = data;
    *ret_size = size;
    return 0;
}

static int set_u32(const struct bp_fwcfg *api, void *dev, uint32_t key, uint64_t value)
{
    const uint8_t le[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                            (uint8_t)(value >> 24) };
    return api->set_item(dev, key, le, sizeof le);
}

static int offer_file(void *board, const struct bp_fwcfg *api, void *dev, const char *option,
                      uint32_t size_key, uint32_t data_key)
{
    const char *path = bp_board_option(board, option);
    uint8_t *data = NULL;
    size_t size = 0;
    if (!path)
        return 0;
    int r = read_file(board, path, &data, &size);
    if (r < 0)
        return r;
    r = set_u32(api, dev, size_key, size);
    if (r >= 0)
        r = api->set_item(dev, data_key, data, size);
    free(data);
    return r;
}

/* Firmware in flash loads the kernel by itself, from the firmware configuration device. */
static int offer_kernel(void *board, const struct bp_fwcfg *api, void *dev)
{
    const char *append = bp_board_option(board, "append");
    int r = offer_file(board, api, dev, "kernel", BP_FWCFG_KERNEL_SIZE, BP_FWCFG_KERNEL_DATA);
    if (r >= 0)
        r = offer_file(board, api, dev, "initrd", BP_FWCFG_INITRD_SIZE, BP_FWCFG_INITRD_DATA);
    if (r >= 0 && append)
        r = set_u32(api, dev, BP_FWCFG_CMDLINE_SIZE, strlen(append) + 1);
    if (r >= 0 && append)
        r = api->set_item(dev, BP_FWCFG_CMDLINE_DATA, append, strlen(append) + 1);
    return r;
}

int fw_cfg_fill(void *board, bool kernel)
{
    void *dev;
    const struct bp_fwcfg *api = bp_find_offer(board, "fw-cfg", BP_FWCFG_ID, &dev);
    if (!api)
        return bp_fail(board, ENOENT, "part fw-cfg offers no %s", BP_FWCFG_ID);
    uint64_t ram = bp_board_ram_size(board);
    uint8_t size[8], cpus[2] = { (uint8_t)bp_board_cpus(board), 0 };
    for (unsigned i = 0; i < 8; i++)
        size[i] = (uint8_t)(ram >> 8 * i);
    int r = api->set_item(dev, BP_FWCFG_RAM_SIZE, size, sizeof size);
    if (r >= 0)
        r = api->set_item(dev, BP_FWCFG_CPUS, cpus, sizeof cpus);
    if (r >= 0)
        r = api->set_item(dev, BP_FWCFG_MAX_CPUS, cpus, sizeof cpus);
    return r >= 0 && kernel ? offer_kernel(board, api, dev) : r;
}
