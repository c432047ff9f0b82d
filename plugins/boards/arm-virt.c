/* SPDX-License-Identifier: MIT */
/*
 * arm-virt.c: Arm's "virt" machine as firmware and kernels know it, linux,dummy-virt (memory map and
 * boot protocol: docs/boards.md; Linux Documentation/arm64/booting.rst).
 */
#include "arm-virt.h"
#include "fw-cfg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RAM_MAX (255 * BP_GIB)
#define RAM_MAX_LOW (3 * BP_GIB)
#define FDT_MAX (2 * BP_MIB)
#define RAW_OFFSET UINT64_C(0x80000) /* of kernels that do not say where they go */
#define KERNEL_ALIGN (2 * BP_MIB)
#define INITRD_OFFSET_MAX (128 * BP_MIB)

enum { CPUS_MAX_V2 = 8, CPUS_MAX = 64, CLUSTER_V2 = 8, CLUSTER_V3 = 16 };

/* ---- parts and wires ------------------------------------------------------------------------ */

#define ROOT .fdt_parent = "/"

static const struct bp_part parts[] = {
    BP_MAIN_RAM("ram", RAM_BASE),
    BP_DEV("uart0", "pl011", UART_BASE, ROOT),
    BP_DEV("rtc", "pl031", RTC_BASE, ROOT),
    BP_DEV("fw-cfg", "fw-cfg-mmio", FW_CFG_BASE, ROOT),
    BP_DEV("gpio", "pl061", GPIO_BASE, ROOT),
    BP_DEV("power-key", "gpio-keys", 0, ROOT),
    BP_DEV("flash0", "cfi-flash", FLASH_BASE, .flags = BP_PART_NO_FDT, BP_SET({ "size", "64M" })),
    BP_DEV("flash1", "cfi-flash", FLASH_BASE + FLASH_SIZE, .flags = BP_PART_NO_FDT,
           BP_SET({ "size", "64M" })),
    /* From the top: the first device on the command line gets the highest slot. */
#define VIRTIO(n)                                                                                  \
    BP_DEV("virtio" #n, "virtio-mmio", VIRTIO_BASE + 0x200 * n, ROOT,                              \
           BP_SET({ "window-size", "0x200" }))
    VIRTIO(31), VIRTIO(30), VIRTIO(29), VIRTIO(28), VIRTIO(27), VIRTIO(26), VIRTIO(25), VIRTIO(24),
    VIRTIO(23), VIRTIO(22), VIRTIO(21), VIRTIO(20), VIRTIO(19), VIRTIO(18), VIRTIO(17), VIRTIO(16),
    VIRTIO(15), VIRTIO(14), VIRTIO(13), VIRTIO(12), VIRTIO(11), VIRTIO(10), VIRTIO(9), VIRTIO(8),
    VIRTIO(7), VIRTIO(6), VIRTIO(5), VIRTIO(4), VIRTIO(3), VIRTIO(2), VIRTIO(1), VIRTIO(0),
};

/* PIN, with the index behind it, to gic.spi[n]. */
static int wire_spi(void *board, const char *pin, unsigned spi)
{
    char to[32];
    snprintf(to, sizeof to, "gic.spi[%u]", spi);
    return bp_add_wire(board, pin, to);
}

static int wire_devices(void *board)
{
    static const struct {
        const char *pin;
        unsigned spi;
    } lines[] = {
        { "uart0.irq", SPI_UART }, { "rtc.irq", SPI_RTC }, { "gpio.irq", SPI_GPIO },
    };
    int r = 0;
    for (unsigned i = 0; i < sizeof lines / sizeof *lines && r >= 0; i++)
        r = wire_spi(board, lines[i].pin, lines[i].spi);
    for (unsigned n = 0; n < 32 && r >= 0; n++) {
        char pin[32];
        snprintf(pin, sizeof pin, "virtio%u.irq", n);
        r = wire_spi(board, pin, SPI_VIRTIO + n);
    }
    if (r >= 0) {
        char to[32];
        snprintf(to, sizeof to, "gpio.in[%d]", POWER_KEY_LINE);
        r = bp_add_wire(board, "power-key.key", to);
    }
    return r;
}

/* The controller's lines to every vCPU, and the vCPUs' own interrupts to it. */
static int wire_cpus(void *board)
{
    static const char *const inputs[] = { "irq", "fiq", "virq", "vfiq" };
    static const struct {
        const char *pin;
        unsigned ppi;
    } own[] = {
        { "timer-phys", PPI_TIMER_PHYS }, { "timer-virt", PPI_TIMER_VIRT },
        { "timer-hyp", PPI_TIMER_HYP }, { "timer-hyp-virt", PPI_TIMER_HYP_VIRT },
        { "timer-sec", PPI_TIMER_SEC }, { "pmu", PPI_PMU },
    };
    char from[48], to[48];
    int r = 0;
    for (uint32_t c = 0; c < bp_board_cpus(board); c++) {
        for (unsigned i = 0; i < 4 && r >= 0; i++) {
            snprintf(from, sizeof from, "gic.%s[%u]", inputs[i], c);
            snprintf(to, sizeof to, "cpu[%u].%s", c, inputs[i]);
            r = bp_add_wire(board, from, to);
        }
        for (unsigned i = 0; i < sizeof own / sizeof *own && r >= 0; i++) {
            snprintf(from, sizeof from, "cpu[%u].%s", c, own[i].pin);
            snprintf(to, sizeof to, "gic.ppi[%u]", c * 16 + own[i].ppi);
            r = bp_add_wire(board, from, to);
        }
    }
    return r;
}

static const char *on_off(bool on) { return on ? "on" : "off"; }

static int add_gicv2(void *board, const char *cpus)
{
    const struct arm_virt *b = board;
    const uint64_t bases[] = { GICV2_CPU_BASE, GICV2_HYP_BASE, GICV2_VCPU_BASE };
    char doorbell[32];
    snprintf(doorbell, sizeof doorbell, "0x%llx", (unsigned long long)GICV2M_BASE + 0x40);
    const struct bp_part gic =
        BP_DEV("gic", "arm-gic", GIC_BASE, ROOT,
               .bases = { bases, b->virtualization ? 3 : 1, sizeof *bases },
               BP_SET({ "cpus", cpus }, { "spis", "256" },
                      { "security-extensions", on_off(b->secure) },
                      { "virtualization", on_off(b->virtualization) }));
    const struct bp_part v2m =
        BP_DEV("v2m", "arm-gicv2m", GICV2M_BASE, .fdt_parent = "/intc@8000000",
               BP_SET({ "base-spi", "80" }, { "spis", "64" }, { "doorbell", doorbell }));
    int r = bp_add_part(board, &gic);
    if (r >= 0)
        r = bp_add_part(board, &v2m);
    return r < 0 ? r : bp_add_wire(board, "v2m.spi[0-63]", "gic.spi[48-111]");
}

static int add_gicv3(void *board, const char *cpus)
{
    const struct arm_virt *b = board;
    const uint64_t redist = GICV3_REDIST_BASE;
    char doorbell[32];
    snprintf(doorbell, sizeof doorbell, "0x%llx", (unsigned long long)GICV3_ITS_BASE + 0x10040);
    const struct bp_part gic =
        BP_DEV("gic", "arm-gicv3", GIC_BASE, ROOT, .bases = { &redist, 1, sizeof redist },
               BP_SET({ "cpus", cpus }, { "spis", "256" },
                      { "security-extensions", on_off(b->secure) },
                      { "virtualization", on_off(b->virtualization) },
                      { "lpis", on_off(b->its) }));
    const struct bp_part its =
        BP_DEV("its", "arm-gicv3-its", GICV3_ITS_BASE, .fdt_parent = "/intc@8000000",
               BP_SET({ "doorbell", doorbell }));
    int r = bp_add_part(board, &gic);
    return r < 0 || !b->its ? r : bp_add_part(board, &its);
}

static int add_gic(void *board)
{
    char cpus[16];
    snprintf(cpus, sizeof cpus, "%u", bp_board_cpus(board));
    return has_gicv3(board) ? add_gicv3(board, cpus) : add_gicv2(board, cpus);
}

static int add_pcie(void *board)
{
    const struct arm_virt *b = board;
    const uint64_t bases[] = { PCI_PIO_BASE, PCI_MMIO_BASE, PCI_MMIO64_BASE };
    const struct bp_part pcie =
        BP_DEV("pcie", "pci-host-ecam-generic", b->highmem ? PCI_ECAM_HIGH : PCI_ECAM_LOW, ROOT,
               .bases = { bases, b->highmem ? 3 : 2, sizeof *bases },
               BP_SET({ "ecam-size", b->highmem ? "256M" : "16M" }, { "mmio-size", PCI_MMIO_SIZE },
                      { "mmio64-size", b->highmem ? "512G" : "0" }));
    int r = bp_add_part(board, &pcie);
    return r < 0 ? r : bp_add_wire(board, "pcie.irq[0-3]", "gic.spi[3-6]");
}

static int add_cpus(void *board)
{
    const struct arm_virt *b = board;
    bool psci = !b->secure;
    const char *conduit = b->virtualization ? "smc" : "hvc";
    char cluster[16];
    snprintf(cluster, sizeof cluster, "%d", has_gicv3(b) ? CLUSTER_V3 : CLUSTER_V2);
    const struct bp_part firmware = BP_DEV("psci", "psci", 0, ROOT, BP_SET({ "method", conduit }));
    const struct bp_part cpu =
        BP_CPU("cpu", "", .count = bp_board_cpus(board),
               BP_SET({ "el2", on_off(b->virtualization) }, { "el3", on_off(b->secure) },
                      { "cluster", cluster }, { "psci-conduit", psci ? conduit : "disabled" },
                      { "start-powered-off", on_off(psci) }));
    int r = psci ? bp_add_part(board, &firmware) : 0;
    if (r >= 0)
        r = bp_add_part(board, &cpu);
    return r < 0 || !psci ? r : bp_add_setting(board, "cpu[0]", "start-powered-off", "off");
}

/* What firmware in EL3 has for itself. There is one memory for both security states: others see it too. */
static int add_secure(void *board)
{
    const struct bp_part more[] = {
        BP_RAM("secure-ram", SECURE_RAM_BASE, SECURE_RAM_SIZE, .flags = BP_PART_NO_FDT),
        BP_DEV("secure-gpio", "pl061", SECURE_GPIO_BASE, ROOT),
        BP_DEV("power", "gpio-power", 0),
    };
    int r = 0;
    for (unsigned i = 0; i < sizeof more / sizeof *more && r >= 0; i++)
        r = bp_add_part(board, &more[i]);
    if (r >= 0)
        r = wire_spi(board, "secure-gpio.irq", SPI_SECURE_GPIO);
    if (r >= 0)
        r = bp_add_wire(board, "secure-gpio.out[0]", "power.off");
    return r < 0 ? r : bp_add_wire(board, "secure-gpio.out[1]", "power.reset");
}

static int virt_build(void *board)
{
    const struct arm_virt *b = board;
    const struct bp_part uart1 = BP_DEV("uart1", "pl011", UART1_BASE, ROOT);
    uint32_t cpus = bp_board_cpus(board);
    if (!has_gicv3(b) && cpus > CPUS_MAX_V2)
        return bp_fail(board, EINVAL, "gic-version=2 serves at most %d vCPUs, not %u: use "
                       "gic-version=3", CPUS_MAX_V2, cpus);
    if (bp_board_ram_size(board) > (b->highmem ? RAM_MAX : RAM_MAX_LOW))
        return bp_fail(board, EINVAL, "at most -m %s", b->highmem ? "255G" : "3G with highmem=off");
    int r = add_gic(board);
    if (r >= 0)
        r = add_pcie(board);
    if (r >= 0)
        r = add_cpus(board);
    if (r >= 0)
        r = wire_cpus(board);
    if (r >= 0)
        r = wire_devices(board);
    if (r >= 0 && b->secure)
        r = add_secure(board);
    if (r < 0 || !(b->secure || bp_board_chardev_given(board, "uart1.chardev")))
        return r;
    r = bp_add_part(board, &uart1);
    return r < 0 ? r : wire_spi(board, "uart1.irq", SPI_UART1);
}

/* ---- boot ----------------------------------------------------------------------------------- */

static void put_le(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* What a boot loader leaves to a kernel: x0 = device tree, x1 = x2 = x3 = 0. */
static int write_stub(void *board, uint64_t entry, uint64_t fdt)
{
    static const uint32_t code[] = {
        0xD2800001, /* mov x1, 0 */
        0xD2800002, /* mov x2, 0 */
        0xD2800003, /* mov x3, 0 */
        0x580000A0, /* ldr x0, 0x20 */
        0x580000C4, /* ldr x4, 0x28 */
        0xD61F0080, /* br x4 */
    };
    uint8_t stub[0x30] = { 0 };
    for (unsigned i = 0; i < sizeof code / sizeof *code; i++)
        put_le(stub + 4 * i, code[i], 4);
    put_le(stub + 0x20, fdt, 8);
    put_le(stub + 0x28, entry, 8);
    int r = bp_board_write(board, RAM_BASE, stub, sizeof stub);
    return r < 0 ? r : bp_board_start(board, UINT32_MAX, RAM_BASE);
}

static uint64_t align_up(uint64_t value, uint64_t to) { return (value + to - 1) & ~(to - 1); }

/* Kernel, initial RAM disk behind it at a fixed distance, device tree behind that. */
static int boot_linux(void *board, const struct bp_image *kernel)
{
    const char *initrd = bp_board_option(board, "initrd");
    uint64_t ram = bp_board_ram_size(board), end = RAM_BASE + ram, size = 0;
    uint64_t at = RAM_BASE + (ram / 2 < INITRD_OFFSET_MAX ? ram / 2 : INITRD_OFFSET_MAX);
    uint64_t kernel_end = align_up(kernel->base + kernel->size, FDT_MAX);
    if (at < kernel_end)
        at = kernel_end;
    at = align_up(at, 4096);
    if (initrd && at < end) {
        int r = bp_load_file(board, initrd, at, end - at, &size);
        if (r < 0)
            return r;
        bp_set_initrd(board, at, size);
    }
    uint64_t fdt = align_up(at + size, FDT_MAX);
    if (fdt >= end)
        return bp_fail(board, ENOSPC, "no room for the device tree%s behind the kernel: give more "
                       "-m", initrd ? " and -initrd" : "");
    int r = bp_place_fdt(board, fdt, end - fdt < FDT_MAX ? end - fdt : FDT_MAX);
    return r < 0 ? r : write_stub(board, kernel->entry, fdt);
}

/* The device tree where programs without a boot loader look for it, if the image leaves room. */
static int place_fdt_at_base(void *board, const struct bp_image *image)
{
    uint64_t max = bp_board_ram_size(board), size;
    if (max > FDT_MAX)
        max = FDT_MAX;
    if (image && image->base + image->size > RAM_BASE && image->base < RAM_BASE + max)
        max = image->base > RAM_BASE ? image->base - RAM_BASE : 0;
    if (!bp_fdt_blob(board, &size))
        return -EINVAL;
    return image && size > max ? 0 : bp_place_fdt(board, RAM_BASE, max);
}

static int boot_kernel(void *board, const char *path)
{
    struct bp_image image;
    int r = bp_load_image(board, path, RAM_BASE + RAW_OFFSET, KERNEL_ALIGN, &image);
    if (r < 0 || image.kind != BP_IMAGE_ELF)
        return r < 0 ? r : boot_linux(board, &image);
    if (bp_board_option(board, "initrd"))
        return bp_fail(board, EINVAL, "-initrd is for Linux images, %s is an ELF file", path);
    r = place_fdt_at_base(board, &image);
    return r < 0 ? r : bp_board_start(board, UINT32_MAX, image.entry);
}

/* Firmware at address 0, from a drive or a file. */
static int boot_firmware(void *board, const char *bios)
{
    uint64_t size;
    int r = bios ? bp_load_file(board, bios, FLASH_BASE, FLASH_SIZE, &size) : 0;
    if (r >= 0)
        r = place_fdt_at_base(board, NULL);
    return r < 0 ? r : bp_board_start(board, UINT32_MAX, FLASH_BASE);
}

static int check(void *board, const char *bios, bool in_flash)
{
    const struct arm_virt *b = board;
    const char *kernel = bp_board_option(board, "kernel");
    if (bios && in_flash)
        return bp_fail(board, EINVAL, "-bios and -drive if=pflash both give what is at address 0");
    if (!kernel && bp_board_option(board, "initrd"))
        return bp_fail(board, EINVAL, "-initrd needs -kernel");
    if (kernel && b->secure && !bios && !in_flash)
        return bp_fail(board, EINVAL, "secure=on starts in EL3: -kernel needs firmware there "
                       "(-bios, or -drive if=pflash)");
    if (!kernel && !bios && !in_flash && !bp_board_loaded(board))
        return bp_fail(board, ENOENT, "nothing to run: give -kernel FILE, -bios FILE or -drive "
                       "if=pflash,file=FILE");
    return 0;
}

static int virt_finish(void *board)
{
    const char *kernel = bp_board_option(board, "kernel"), *bios = bp_board_option(board, "bios");
    bool in_flash = bp_board_drive_given(board, "flash0.drive");
    if (bios && !strcmp(bios, "none"))
        bios = NULL;
    int r = check(board, bios, in_flash);
    if (r >= 0)
        r = fw_cfg_fill(board, bios || in_flash);
    if (r < 0)
        return r;
    return kernel && !bios && !in_flash ? boot_kernel(board, kernel) : boot_firmware(board, bios);
}

static const struct bp_prop props[] = {
    BP_ENUM(struct arm_virt, gic_version, 0, "2|3|max", "interrupt controller"),
    BP_BOOL(struct arm_virt, secure, false, "EL3, for firmware of its own; there is no PSCI then"),
    BP_BOOL(struct arm_virt, virtualization, false, "EL2, for hypervisors"),
    BP_BOOL(struct arm_virt, highmem, true, "use addresses above 4 GiB"),
    BP_BOOL(struct arm_virt, its, true, "message-signalled interrupts with gic-version=3"),
};

BP_BOARD_ALIASED(virt, "arm-virt", "Arm VirtIO board", "virt@aarch64",
                 .state_size = sizeof(struct arm_virt), .default_cpu = "aarch64", .min_cpus = 1,
                 .max_cpus = CPUS_MAX, .props = BP_ROWS(props), .parts = BP_ROWS(parts),
                 .fdt_compatible = "linux,dummy-virt", .fdt_model = "linux,dummy-virt",
                 .build = virt_build, .finish = virt_finish, .fdt = arm_virt_fdt,
                 .default_chardevs = "uart0.chardev uart1.chardev",
                 .default_drives = "pflash:flash0.drive pflash:flash1.drive "
                                   "virtio:+virtio-blk-pci",
                 .default_nic = "virtio-net-pci");
BP_PLUGIN("arm-virt", "1.0", "MIT");
