/* SPDX-License-Identifier: MIT */
/*
 * arm-virt-fdt.c: what the device tree of arm-virt says beside its parts: clock, timer, performance
 * monitors, flash, and how parts belong together (devicetree bindings timer/arm,arch_timer.yaml,
 * arm/pmu.yaml, arm/primecell.yaml, Devicetree Specification 0.4).
 */
#include "arm-virt.h"

#include <stdio.h>

/* `interrupts` from the pins of the first vCPU: they are the same on all. */
static void add_private_interrupts(struct bp_fdt_node *node, const char *const *pins,
                                   unsigned count)
{
    uint32_t cells[8 * BP_FDT_INTERRUPT_CELLS];
    struct bp_fdt_node *gic = NULL;
    unsigned n = 0;
    for (unsigned i = 0; i < count; i++)
        n += bp_fdt_interrupt(node, pins[i], &gic, cells + n);
    if (gic)
        bp_fdt_u32(node, "interrupt-parent", bp_fdt_phandle(gic));
    bp_fdt_cells(node, "interrupts", cells, n);
}

static void add_timer(struct bp_fdt_node *root, bool virtualization)
{
    static const char *const pins[] = { "cpu[0].timer-sec", "cpu[0].timer-phys",
                                        "cpu[0].timer-virt", "cpu[0].timer-hyp",
                                        "cpu[0].timer-hyp-virt" };
    static const char compatible[] = "arm,armv8-timer\0arm,armv7-timer";
    struct bp_fdt_node *node = bp_fdt_get_node(root, "timer");
    bp_fdt_bytes(node, "compatible", compatible, sizeof compatible);
    bp_fdt_empty(node, "always-on");
    add_private_interrupts(node, pins, virtualization ? 5 : 4);
}

static void add_pmu(struct bp_fdt_node *root)
{
    static const char *const pins[] = { "cpu[0].pmu" };
    struct bp_fdt_node *node = bp_fdt_get_node(root, "pmu");
    bp_fdt_string(node, "compatible", "arm,armv8-pmuv3");
    add_private_interrupts(node, pins, 1);
}

/* The clock of the PrimeCells, which Linux wants to see. */
static void add_clock(struct bp_fdt_node *root)
{
    static const char uart_names[] = "uartclk\0apb_pclk", names[] = "apb_pclk";
    static const char *const parts[] = { "uart0", "uart1", "rtc", "gpio", "secure-gpio" };
    struct bp_fdt_node *clock = bp_fdt_get_node(root, "apb-pclk");
    bp_fdt_string(clock, "compatible", "fixed-clock");
    bp_fdt_u32(clock, "#clock-cells", 0);
    bp_fdt_u32(clock, "clock-frequency", 24000000);
    bp_fdt_string(clock, "clock-output-names", "clk24mhz");
    const uint32_t cells[] = { bp_fdt_phandle(clock), bp_fdt_phandle(clock) };
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct bp_fdt_node *node = bp_fdt_part(root, parts[i]);
        bool uart = i < 2;
        if (!node)
            continue;
        bp_fdt_cells(node, "clocks", cells, uart ? 2 : 1);
        bp_fdt_bytes(node, "clock-names", uart ? uart_names : names,
                     uart ? sizeof uart_names : sizeof names);
    }
}

static void set_secure(struct bp_fdt_node *node)
{
    bp_fdt_string(node, "status", "disabled");
    bp_fdt_string(node, "secure-status", "okay");
}

static struct bp_fdt_node *add_flash_node(struct bp_fdt_node *root, const char *kind,
                                          uint64_t base, unsigned banks)
{
    char name[32];
    snprintf(name, sizeof name, "%s@%llx", kind, (unsigned long long)base);
    struct bp_fdt_node *node = bp_fdt_get_node(root, name);
    const uint32_t reg[] = {
        0, (uint32_t)base, 0, (uint32_t)FLASH_SIZE,
        0, (uint32_t)(base + FLASH_SIZE), 0, (uint32_t)FLASH_SIZE,
    };
    bp_fdt_string(node, "compatible", "cfi-flash");
    bp_fdt_cells(node, "reg", reg, 4 * banks);
    bp_fdt_u32(node, "bank-width", 4);
    return node;
}

static void add_flash(struct bp_fdt_node *root, bool secure)
{
    if (!secure) {
        add_flash_node(root, "flash", FLASH_BASE, 2);
        return;
    }
    set_secure(add_flash_node(root, "secflash", FLASH_BASE, 1));
    add_flash_node(root, "flash", FLASH_BASE + FLASH_SIZE, 1);
}

static void add_gpios(struct bp_fdt_node *node, struct bp_fdt_node *gpio, uint32_t line)
{
    const uint32_t cells[] = { bp_fdt_phandle(gpio), line, 0 };
    bp_fdt_cells(node, "gpios", cells, 3);
}

static void add_secure_parts(struct bp_fdt_node *root)
{
    const uint32_t reg[] = { 0, (uint32_t)SECURE_RAM_BASE, 0, (uint32_t)SECURE_RAM_SIZE };
    struct bp_fdt_node *gpio = bp_fdt_part(root, "secure-gpio");
    struct bp_fdt_node *off = bp_fdt_get_node(root, "gpio-poweroff");
    struct bp_fdt_node *restart = bp_fdt_get_node(root, "gpio-restart");
    struct bp_fdt_node *ram = bp_fdt_get_node(root, "secram@e000000");
    bp_fdt_string(off, "compatible", "gpio-poweroff");
    add_gpios(off, gpio, POWEROFF_LINE);
    bp_fdt_string(restart, "compatible", "gpio-restart");
    add_gpios(restart, gpio, RESTART_LINE);
    bp_fdt_string(ram, "device_type", "memory");
    bp_fdt_cells(ram, "reg", reg, 4);
    struct bp_fdt_node *const nodes[] = { gpio, off, restart, ram, bp_fdt_part(root, "uart1") };
    for (unsigned i = 0; i < sizeof nodes / sizeof *nodes; i++)
        set_secure(nodes[i]);
    bp_fdt_string(bp_fdt_get_node(root, "secure-chosen"), "stdout-path", "/pl011@9040000");
}

/* Messages of all functions go to the controller's frame, or its translation service. */
static void add_msi_map(struct bp_fdt_node *root)
{
    struct bp_fdt_node *its = bp_fdt_part(root, "its"), *v2m = bp_fdt_part(root, "v2m");
    struct bp_fdt_node *to = its ? its : v2m;
    if (!to)
        return;
    const uint32_t map[] = { 0, bp_fdt_phandle(to), 0, 0x10000 };
    bp_fdt_cells(bp_fdt_part(root, "pcie"), "msi-map", map, 4);
}

static void add_cpus(void *board, struct bp_fdt_node *root)
{
    char name[32];
    for (uint32_t i = 0; i < bp_board_cpus(board); i++) {
        snprintf(name, sizeof name, "cpu[%u]", i);
        bp_fdt_string(bp_fdt_part(root, name), "enable-method", "psci");
    }
}

void arm_virt_fdt(void *board, struct bp_fdt_node *root)
{
    const struct arm_virt *b = board;
    uint8_t seed[8];
    bp_fdt_u32(root, "interrupt-parent", bp_fdt_phandle(bp_fdt_part(root, "gic")));
    bp_fdt_empty(root, "dma-coherent");
    if (!b->secure)
        add_cpus(board, root);
    add_timer(root, b->virtualization);
    add_pmu(root);
    add_msi_map(root);
    add_clock(root);
    add_flash(root, b->secure);
    add_gpios(bp_fdt_get_node(bp_fdt_part(root, "power-key"), "poweroff"),
              bp_fdt_part(root, "gpio"), POWER_KEY_LINE);
    if (b->secure)
        add_secure_parts(root);
    bp_random(board, seed, sizeof seed);
    bp_fdt_bytes(bp_fdt_get_node(root, "chosen"), "kaslr-seed", seed, sizeof seed);
}
