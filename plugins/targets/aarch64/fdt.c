/* SPDX-License-Identifier: MIT */
/*
 * fdt.c: what a vCPU tells the guest of itself: its device tree node. The devicetree binding
 * arm/cpus.yaml.
 */
#include "cpu.h"

static const char *compatible_of(const struct a64_cpu *cpu)
{
    static const struct {
        uint16_t part;
        const char *name;
    } cores[] = {
        { 0xd03, "arm,cortex-a53" }, { 0xd07, "arm,cortex-a57" }, { 0xd08, "arm,cortex-a72" },
        { 0xd0b, "arm,cortex-a76" }, { 0xd0c, "arm,neoverse-n1" },
    };

    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
        if (cpu->midr >> 24 == 0x41 && (cpu->midr >> 4 & 0xfff) == cores[i].part)
            return cores[i].name;
    return "arm,armv8";
}

void fdt_cpu(void *env, struct bp_fdt_node *node, uint32_t index)
{
    struct a64_cpu *cpu = env;

    (void)index;
    bp_fdt_string(node, "device_type", "cpu");
    bp_fdt_string(node, "compatible", compatible_of(cpu));
    bp_fdt_u32(node, "reg", (uint32_t)power_affinity(cpu));
    if (cpu->psci_conduit != CONDUIT_DISABLED)
        bp_fdt_string(node, "enable-method", "psci");
}
