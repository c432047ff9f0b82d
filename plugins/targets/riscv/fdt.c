/* SPDX-License-Identifier: MIT */
/*
 * fdt.c: what a hart tells the guest of itself: its device tree node. The devicetree bindings
 * riscv/cpus.yaml and riscv/extensions.yaml; The RISC-V Instruction Set Manual, volume I, ISA
 * Extension Naming Conventions.
 */
#include "cpu.h"

#include <stdio.h>
#include <string.h>

struct isa_name {
    const char *name;
    bool on;
};

/* Calls `add` for each extension that is on, in canonical order; single letters first. */
static void each_extension(const struct riscv_cpu *cpu, bool letters,
                           void (*add)(void *to, const char *name), void *to)
{
    const struct isa_name single[] = {
        { "i", true },       { "m", cpu->ext.m }, { "a", cpu->ext.a },
        { "f", cpu->ext.f }, { "d", cpu->ext.d }, { "c", cpu->ext.c },
    };
    const struct isa_name named[] = {
#define X(id, def, doc) { #id, cpu->ext.id },
        RISCV_NAMED_EXTENSIONS(X)
#undef X
    };
    const struct isa_name *list = letters ? single : named;
    size_t n = letters ? sizeof single / sizeof *single : sizeof named / sizeof *named;

    for (size_t i = 0; i < n; i++) {
        if (list[i].on)
            add(to, list[i].name);
    }
}

struct text {
    char s[512];
    size_t n;
    bool separate; /* '_' before each */
};

static void add_to_string(void *to, const char *name)
{
    struct text *t = to;
    int r = snprintf(t->s + t->n, sizeof t->s - t->n, "%s%s", t->separate ? "_" : "", name);

    if (r > 0 && (size_t)r < sizeof t->s - t->n)
        t->n += (size_t)r;
}

static void add_to_list(void *to, const char *name)
{
    struct text *t = to;
    size_t n = strlen(name) + 1;

    if (n <= sizeof t->s - t->n) {
        memcpy(t->s + t->n, name, n);
        t->n += n;
    }
}

static const char *mmu_type(const struct riscv_cpu *cpu)
{
    if (!cpu->ext.s)
        return NULL;
    if (cpu_is_rv32(cpu))
        return cpu->sv32 ? "riscv,sv32" : "riscv,none";
    return cpu->sv57 ? "riscv,sv57" : cpu->sv48 ? "riscv,sv48"
         : cpu->sv39 ? "riscv,sv39" : "riscv,none";
}

/* "rv64imafdc_zicbom_..." */
void fdt_isa_string(const struct riscv_cpu *cpu, char *buf, size_t size)
{
    struct text isa = { .n = 0 };

    isa.n = (size_t)snprintf(isa.s, sizeof isa.s, "rv%u", (unsigned)cpu->xlen);
    each_extension(cpu, true, add_to_string, &isa);
    isa.separate = true;
    each_extension(cpu, false, add_to_string, &isa);
    snprintf(buf, size, "%s", isa.s);
}

void fdt_cpu(void *env, struct bp_fdt_node *node, uint32_t index)
{
    struct riscv_cpu *cpu = env;
    struct text list = { .n = 0 };
    char isa[sizeof list.s];
    const char *mmu = mmu_type(cpu);
    struct bp_fdt_node *intc = bp_fdt_get_node(node, "interrupt-controller");

    bp_fdt_string(node, "device_type", "cpu");
    bp_fdt_string(node, "compatible", "riscv");
    bp_fdt_u32(node, "reg", cpu->hartid == RISCV_HARTID_INDEX ? index : (uint32_t)cpu->hartid);
    bp_fdt_string(node, "status", "okay");
    fdt_isa_string(cpu, isa, sizeof isa);
    bp_fdt_string(node, "riscv,isa", isa);
    bp_fdt_string(node, "riscv,isa-base", cpu_is_rv32(cpu) ? "rv32i" : "rv64i");
    each_extension(cpu, true, add_to_list, &list);
    each_extension(cpu, false, add_to_list, &list);
    bp_fdt_bytes(node, "riscv,isa-extensions", list.s, list.n);
    if (mmu)
        bp_fdt_string(node, "mmu-type", mmu);
    if (cpu->ext.zicbom)
        bp_fdt_u32(node, "riscv,cbom-block-size", RISCV_CACHE_BLOCK);
    if (cpu->ext.zicboz)
        bp_fdt_u32(node, "riscv,cboz-block-size", RISCV_CACHE_BLOCK);

    bp_fdt_u32(intc, "#interrupt-cells", 1);
    bp_fdt_empty(intc, "interrupt-controller");
    bp_fdt_string(intc, "compatible", "riscv,cpu-intc");
}

void fdt_cpus(void *env, struct bp_fdt_node *node)
{
    struct riscv_cpu *cpu = env;

    bp_fdt_u32(node, "timebase-frequency", (uint32_t)cpu->timebase_frequency);
}
