/* SPDX-License-Identifier: MIT */
/*
 * riscv-virt.c: the RISC-V "virt" machine that OpenSBI, U-Boot, EDK2 and Linux know as riscv-virtio
 * (memory map and boot protocol: docs/boards.md; Linux Documentation/arch/riscv/boot.rst and
 * boot-image-header.rst; OpenSBI include/sbi/fw_dynamic.h).
 */
#include "fw-cfg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROM_BASE UINT64_C(0x00001000)
#define CLINT_BASE UINT64_C(0x02000000)
#define SSWI_BASE UINT64_C(0x02F00000)
#define FLASH_BASE UINT64_C(0x20000000)
#define FLASH_SIZE (32 * BP_MIB)
#define VIRTIO_BASE UINT64_C(0x10001000)
#define PCIE_ECAM UINT64_C(0x30000000)
#define PCIE_PIO UINT64_C(0x03000000)
#define PCIE_MMIO UINT64_C(0x40000000)
#define RAM_BASE UINT64_C(0x80000000)
#define FDT_MAX (2 * BP_MIB)
#define FIRMWARE "opensbi/generic/fw_dynamic.bin"

enum { MAX_HARTS = 64 };

struct board {
    bool aclint;
};

/* ---- parts and wires ------------------------------------------------------------------------ */

static const struct bp_part parts[] = {
    BP_RAM("ram", RAM_BASE, 0, .flags = BP_PART_MAIN_RAM),
    BP_ROM("rom", ROM_BASE, 0xF000, .flags = BP_PART_NO_FDT),
    BP_DEV("test", "sifive-test", 0x00100000),
    BP_DEV("rtc", "goldfish-rtc", 0x00101000),
    BP_DEV("uart0", "ns16550a", 0x10000000),
    BP_DEV("fw-cfg", "fw-cfg-mmio", 0x10100000),
    BP_DEV("flash0", "cfi-flash", FLASH_BASE, .flags = BP_PART_NO_FDT),
    BP_DEV("flash1", "cfi-flash", FLASH_BASE + FLASH_SIZE, .flags = BP_PART_NO_FDT),
    /* From the top: the first device on the command line gets the highest slot. */
#define VIRTIO(n) BP_DEV("virtio" #n, "virtio-mmio", VIRTIO_BASE + 0x1000 * n)
    VIRTIO(7), VIRTIO(6), VIRTIO(5), VIRTIO(4), VIRTIO(3), VIRTIO(2), VIRTIO(1), VIRTIO(0),
};

static const struct bp_wire wires[] = {
    { "uart0.irq", "plic.in[10]" },  { "rtc.irq", "plic.in[11]" },
    { "virtio0.irq", "plic.in[1]" }, { "virtio1.irq", "plic.in[2]" },
    { "virtio2.irq", "plic.in[3]" }, { "virtio3.irq", "plic.in[4]" },
    { "virtio4.irq", "plic.in[5]" }, { "virtio5.irq", "plic.in[6]" },
    { "virtio6.irq", "plic.in[7]" }, { "virtio7.irq", "plic.in[8]" },
};

/* PART.PIN[h] to cpu[h].INPUT for every hart. */
static int wire_harts(void *board, const char *pin, const char *input)
{
    int r = 0;
    for (uint32_t h = 0; h < bp_board_cpus(board) && r >= 0; h++) {
        char from[64], to[64];
        snprintf(from, sizeof from, "%s[%u]", pin, h);
        snprintf(to, sizeof to, "cpu[%u].%s", h, input);
        r = bp_add_wire(board, from, to);
    }
    return r;
}

static int add_clint(void *board, const char *harts)
{
    const struct bp_part clint =
        BP_DEV("clint", "sifive-clint", CLINT_BASE, BP_SET({ "harts", harts }));
    int r = bp_add_part(board, &clint);
    if (r >= 0)
        r = wire_harts(board, "clint.msip", "msi");
    return r < 0 ? r : wire_harts(board, "clint.mtip", "mti");
}

static int add_aclint(void *board, const char *harts)
{
    const uint64_t mtimecmp = CLINT_BASE + 0x4000;
    const struct bp_part devices[] = {
        BP_DEV("mswi", "riscv-aclint-mswi", CLINT_BASE, BP_SET({ "harts", harts })),
        BP_DEV("mtimer", "riscv-aclint-mtimer", CLINT_BASE + 0xBFF8, BP_SET({ "harts", harts }),
               .bases = { &mtimecmp, 1, sizeof mtimecmp }),
        BP_DEV("sswi", "riscv-aclint-sswi", SSWI_BASE, BP_SET({ "harts", harts })),
    };
    int r = 0;
    for (unsigned i = 0; i < sizeof devices / sizeof *devices && r >= 0; i++)
        r = bp_add_part(board, &devices[i]);
    if (r >= 0)
        r = wire_harts(board, "mswi.msip", "msi");
    if (r >= 0)
        r = wire_harts(board, "mtimer.mtip", "mti");
    return r < 0 ? r : wire_harts(board, "sswi.ssip", "ssi");
}

/* The window above 4 GiB is as large as its address is aligned, and lies behind RAM; RV32 has 34 address bits. */
static int add_pcie(void *board)
{
    bool rv64 = bp_board_cpu_bits(board) == 64;
    uint64_t size = rv64 ? 16 * BP_GIB : 4 * BP_GIB;
    uint64_t ram_end = RAM_BASE + bp_board_ram_size(board);
    uint64_t high = rv64 ? (ram_end + size - 1) & ~(size - 1) : UINT64_C(0x300000000);
    const uint64_t bases[] = { PCIE_PIO, PCIE_MMIO, high };
    const struct bp_part pcie =
        BP_DEV("pcie", "pci-host-ecam-generic", PCIE_ECAM, .bases = { bases, 3, sizeof *bases },
               BP_SET({ "mmio-size", "1G" }, { "mmio64-size", rv64 ? "16G" : "4G" }));
    int r = bp_add_part(board, &pcie);
    return r < 0 ? r : bp_add_wire(board, "pcie.irq", "plic.in[32-35]");
}

static int virt_build(void *board)
{
    struct board *b = board;
    char harts[16];
    snprintf(harts, sizeof harts, "%u", bp_board_cpus(board));
    const struct bp_part cpu = BP_CPU("cpu", "", .count = bp_board_cpus(board));
    const struct bp_part plic =
        BP_DEV("plic", "sifive-plic", 0x0C000000, BP_SET({ "harts", harts }));
    int r = b->aclint ? add_aclint(board, harts) : add_clint(board, harts);
    if (r >= 0)
        r = bp_add_part(board, &cpu);
    if (r >= 0)
        r = bp_add_part(board, &plic);
    if (r >= 0)
        r = add_pcie(board);
    if (r >= 0)
        r = wire_harts(board, "plic.mext", "mei");
    return r < 0 ? r : wire_harts(board, "plic.sext", "sei");
}

/* ---- device tree ---------------------------------------------------------------------------- */

static void add_syscon(struct bp_fdt_node *root, const char *name, uint32_t value)
{
    char compatible[32];
    struct bp_fdt_node *node = bp_fdt_get_node(root, name);
    snprintf(compatible, sizeof compatible, "syscon-%s", name);
    bp_fdt_string(node, "compatible", compatible);
    bp_fdt_u32(node, "regmap", bp_fdt_phandle(bp_fdt_part(root, "test")));
    bp_fdt_u32(node, "offset", 0);
    bp_fdt_u32(node, "value", value);
}

/* Both banks in one node, as firmware expects them. */
static void add_flash(struct bp_fdt_node *root)
{
    struct bp_fdt_node *node = bp_fdt_get_node(root, "flash@20000000");
    const uint32_t reg[] = {
        0, (uint32_t)FLASH_BASE, 0, (uint32_t)FLASH_SIZE,
        0, (uint32_t)(FLASH_BASE + FLASH_SIZE), 0, (uint32_t)FLASH_SIZE,
    };
    bp_fdt_string(node, "compatible", "cfi-flash");
    bp_fdt_cells(node, "reg", reg, 8);
    bp_fdt_u32(node, "bank-width", 4);
}

static void virt_fdt(void *board, struct bp_fdt_node *root)
{
    add_flash(root);
    add_syscon(root, "poweroff", 0x5555);
    add_syscon(root, "reboot", 0x7777);
}

/* ---- boot ----------------------------------------------------------------------------------- */

struct boot {
    bool rv64;
    uint64_t align;        /* of kernels: 2 MiB, with RV32 4 MiB */
    uint64_t ram_end;
    uint64_t firmware_end; /* 0: no firmware */
    uint64_t start, next;  /* where the ROM and the firmware jump to */
    uint64_t fdt;
};

static int load_firmware(void *board, struct boot *boot)
{
    const char *path = bp_board_option(board, "bios");
    struct bp_image image;
    if (path && !strcmp(path, "none"))
        return 0;
    if (!path || !strcmp(path, "default")) {
        if (!boot->rv64)
            return bp_fail(board, ENOENT, "there is no default firmware for 32-bit harts: give "
                           "-bios FILE, or -bios none");
        path = bp_find_firmware(board, FIRMWARE);
        if (!path)
            return bp_fail(board, ENOENT, "the default firmware %s is not installed: install the "
                           "package opensbi, or give -bios FILE, or -bios none", FIRMWARE);
    }
    int r = bp_load_image(board, path, RAM_BASE, 0, &image);
    if (r < 0)
        return r;
    boot->firmware_end = image.base + image.size;
    boot->start = image.entry;
    return 0;
}

static int load_initrd(void *board, const struct boot *boot, const struct bp_image *kernel)
{
    const char *path = bp_board_option(board, "initrd");
    uint64_t half = bp_board_ram_size(board) / 2, size;
    uint64_t at = kernel->base + (half < 512 * BP_MIB ? half : 512 * BP_MIB);
    uint64_t kernel_end = kernel->base + kernel->size;
    if (!path)
        return 0;
    if (at < kernel_end)
        at = kernel_end;
    at = (at + 0xFFF) & ~UINT64_C(0xFFF);
    if (at < RAM_BASE || at >= boot->fdt)
        return bp_fail(board, ENOSPC, "no room for -initrd behind the kernel: give more -m");
    int r = bp_load_file(board, path, at, boot->fdt - at, &size);
    if (r < 0)
        return r;
    bp_set_initrd(board, at, size);
    return 0;
}

static int load_kernel(void *board, struct boot *boot)
{
    const char *path = bp_board_option(board, "kernel");
    struct bp_image image;
    uint64_t at = RAM_BASE;
    if (!path)
        return bp_board_option(board, "initrd") ? bp_fail(board, EINVAL, "-initrd needs -kernel")
                                                : 0;
    if (boot->firmware_end) {
        at = RAM_BASE + boot->align;
        if (at < boot->firmware_end && boot->firmware_end < boot->ram_end)
            at = (boot->firmware_end + boot->align - 1) & ~(boot->align - 1);
    }
    int r = bp_load_image(board, path, at, boot->align, &image);
    if (r < 0)
        return r;
    if (image.base < boot->ram_end && image.base + image.size > boot->fdt)
        return bp_fail(board, ENOSPC, "%s reaches into the device tree at 0x%llx: give more -m",
                       path, (unsigned long long)boot->fdt);
    boot->next = image.entry;
    if (!boot->firmware_end)
        boot->start = image.entry;
    return load_initrd(board, boot, &image);
}

static void put_le(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* a0 = hart, a1 = device tree, a2 = struct fw_dynamic_info, and away. */
static int write_rom(void *board, const struct boot *boot)
{
    const uint32_t load = boot->rv64 ? 0x3000 : 0x2000; /* funct3 of ld, lw */
    const uint32_t code[] = {
        0x00000297,        /* auipc t0, 0 */
        0x02828613,        /* addi  a2, t0, 0x28 */
        0xF1402573,        /* csrr  a0, mhartid */
        0x02028583 | load, /* l[wd] a1, 0x20(t0) */
        0x01828283 | load, /* l[wd] t0, 0x18(t0) */
        0x00028067,        /* jr    t0 */
    };
    const uint64_t info[] = {
        0x4942534F,          /* "OSBI" */
        2,                   /* version */
        boot->next, 1,       /* entered in S-mode */
        0, 0,                /* options, preferred boot hart */
    };
    unsigned xlen = boot->rv64 ? 8 : 4;
    uint8_t rom[0x28 + sizeof info];
    memset(rom, 0, sizeof rom);
    for (unsigned i = 0; i < 6; i++)
        put_le(rom + 4 * i, code[i], 4);
    put_le(rom + 0x18, boot->start, 8);
    put_le(rom + 0x20, boot->fdt, 8);
    for (unsigned i = 0; i < 6; i++)
        put_le(rom + 0x28 + xlen * i, info[i], xlen);
    return bp_board_write(board, ROM_BASE, rom, sizeof rom);
}

static int virt_finish(void *board)
{
    uint64_t ram = bp_board_ram_size(board);
    struct boot boot = { .rv64 = bp_board_cpu_bits(board) == 64, .start = RAM_BASE,
                         .ram_end = RAM_BASE + ram };
    bool in_flash = bp_board_drive_given(board, "flash0.drive");
    boot.align = (boot.rv64 ? 2 : 4) * BP_MIB;
    if (!boot.rv64 && ram > 2 * BP_GIB)
        return bp_fail(board, EINVAL, "32-bit harts reach at most -m 2G");
    /* The last 2 MiB; of little RAM the upper half. */
    uint64_t max = ram < 2 * FDT_MAX ? ram / 2 : FDT_MAX;
    boot.fdt = (boot.ram_end - max) & ~(max == FDT_MAX ? FDT_MAX - 1 : UINT64_C(0xFFF));

    int r = load_firmware(board, &boot);
    if (r >= 0 && in_flash) {
        boot.next = FLASH_BASE;
        boot.start = boot.firmware_end ? boot.start : FLASH_BASE;
    } else if (r >= 0) {
        r = load_kernel(board, &boot);
    }
    if (r >= 0)
        r = fw_cfg_fill(board, in_flash);
    if (r >= 0)
        r = bp_place_fdt(board, boot.fdt, boot.ram_end - boot.fdt);
    return r < 0 ? r : write_rom(board, &boot);
}

static const struct bp_prop props[] = {
    BP_BOOL(struct board, aclint, false, "ACLINT devices instead of the CLINT"),
};

BP_BOARD_ALIASED(virt, "riscv-virt", "RISC-V VirtIO board", "virt@riscv64;virt@riscv32",
                 .state_size = sizeof(struct board), .default_cpu = "riscv64", .min_cpus = 1,
                 .max_cpus = MAX_HARTS, .props = BP_ROWS(props), .parts = BP_ROWS(parts),
                 .wires = BP_ROWS(wires), .fdt_compatible = "riscv-virtio",
                 .fdt_model = "riscv-virtio,qemu", .reset_pc = ROM_BASE, .build = virt_build,
                 .finish = virt_finish, .fdt = virt_fdt, .default_chardevs = "uart0.chardev",
                 .default_drives = "pflash:flash0.drive pflash:flash1.drive "
                                   "virtio:+virtio-blk-device",
                 .default_nic = "virtio-net-device");
BP_PLUGIN("riscv-virt", "1.0", "MIT");
