/* SPDX-License-Identifier: MIT */
/*
 * bus/fwcfg.h: the interface by which a board fills a firmware configuration device with items and
 * files that guest firmware reads. Found with bp_find_offer(board, "fw-cfg", BP_FWCFG_ID, &dev).
 */
#ifndef BACKPLANE_BUS_FWCFG_H
#define BACKPLANE_BUS_FWCFG_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_FWCFG_ID "backplane.bus.fwcfg/1"

/* Items that firmware knows by number (OvmfPkg QemuFwCfg.h, Linux qemu_fw_cfg.h). Integers in them
 * are little-endian. */
enum bp_fwcfg_key {
    BP_FWCFG_SIGNATURE = 0x00,   /* the device's own */
    BP_FWCFG_FEATURES = 0x01,    /* the device's own */
    BP_FWCFG_UUID = 0x02,        /* 16 bytes */
    BP_FWCFG_RAM_SIZE = 0x03,    /* 8 bytes */
    BP_FWCFG_NOGRAPHIC = 0x04,   /* 2 bytes */
    BP_FWCFG_CPUS = 0x05,        /* 2 bytes */
    BP_FWCFG_KERNEL_SIZE = 0x08, /* 4 bytes */
    BP_FWCFG_INITRD_SIZE = 0x0B, /* 4 bytes */
    BP_FWCFG_BOOT_MENU = 0x0E,   /* 2 bytes */
    BP_FWCFG_MAX_CPUS = 0x0F,    /* 2 bytes */
    BP_FWCFG_KERNEL_DATA = 0x11,
    BP_FWCFG_INITRD_DATA = 0x12,
    BP_FWCFG_CMDLINE_SIZE = 0x14, /* 4 bytes, the terminating 0 counted */
    BP_FWCFG_CMDLINE_DATA = 0x15, /* with the terminating 0 */
    BP_FWCFG_DIRECTORY = 0x19,   /* the device's own */
    BP_FWCFG_FILES = 0x20,       /* the first file's key */
};

/* All [main], in the board's finish. Data is copied. 0, or -errno after bp_fail(). */
struct bp_fwcfg {
    uint32_t size;     /* sizeof(struct bp_fwcfg) as the device's author knew it */
    uint32_t reserved; /* 0 */
    /* Sets the item of that key, below BP_FWCFG_FILES and not the device's own; replaces what it
     * had. */
    int (*set_item)(void *dev, uint32_t key, const void *data, uint64_t n);
    /* Adds a file: at most 55 characters of name ("opt/org.example/thing"), at most 4 GiB - 1
     * bytes. */
    int (*add_file)(void *dev, const char *name, const void *data, uint64_t n);
};

#ifdef __cplusplus
}
#endif
#endif
