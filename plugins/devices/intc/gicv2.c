/* SPDX-License-Identifier: MIT */
/*
 * gicv2.c: the Arm Generic Interrupt Controller, version 2 (IHI 0048B): device, registers, state.
 *
 * Windows: dist (GICD), cpu (GICC); with virtualization also hyp (GICH) and vcpu (GICV). All but the
 * distributor's shared part are each vCPU's own, told apart by who accesses.
 * Inputs: spi[n] is interrupt 32 + n; ppi[cpu * 16 + n] the private interrupt 16 + n of that vCPU. Outputs,
 * one a vCPU: irq, fiq, virq, vfiq. The maintenance interrupt is private interrupt 25, driven inside.
 */
#include "gicv2.h"

#include <errno.h>

enum { SPI, PPI }; /* pin rows */

static int gicv2_realize(void *dev)
{
    struct gicv2 *s = dev;
    gicv2_update_routes(s);
    return 0;
}

static void gicv2_reset(void *dev)
{
    struct gicv2 *s = dev;
    gicv2_dist_reset(s);
    gicv2_cpu_reset(s);
    for (unsigned c = 0; c < GICV2_CPUS; c++)
        gic_virt_reset(&s->virt[c]);
    gicv2_update_routes(s);
    gicv2_update_all(s);
    for (unsigned c = 0; c < s->cpus; c++)
        gicv2_update_virt(s, c);
}

static int gicv2_post_load(void *dev)
{
    struct gicv2 *s = dev;
    for (unsigned c = 0; c < GICV2_CPUS; c++) {
        s->bpr[c] &= 7;
        s->abpr[c] &= 7;
    }
    gicv2_update_routes(s);
    gicv2_update_all(s);
    return 0;
}

/* A private interrupt's third cell also says which vCPUs have it. */
static void gicv2_fdt_interrupt(void *dev, uint32_t row, uint32_t index, uint32_t trigger,
                                uint32_t *ret_cells)
{
    struct gicv2 *s = dev;
    bool private = row == PPI;
    ret_cells[0] = private;
    ret_cells[1] = private ? index % 16 : index;
    ret_cells[2] = private ? trigger | ((1u << s->cpus) - 1) << 8 : trigger;
}

static void gicv2_fdt(void *dev, struct bp_fdt_node *node)
{
    struct gicv2 *s = dev;
    uint32_t maintenance[3];
    bp_fdt_u32(node, "#address-cells", 2); /* frames for messages lie below it */
    bp_fdt_u32(node, "#size-cells", 2);
    bp_fdt_empty(node, "ranges");
    gicv2_fdt_interrupt(s, PPI, GICV2_MAINTENANCE - 16, BP_FDT_LEVEL_HIGH, maintenance);
    if (s->virtualization)
        bp_fdt_cells(node, "interrupts", maintenance, 3);
}

/* ---- vCPUs ------------------------------------------------------------------------------------------- */

/* No system registers: the link tells this side who is there. */
static const struct bp_gic_cpu_bus cpu_bus = { .size = sizeof cpu_bus };

static int cpu_attached(void *dev, struct bp_link child)
{
    struct gicv2 *s = dev;
    const struct bp_gic_cpu_face *face = child.api;
    if (!face)
        return 0;
    uint32_t cpu = face->index(child.dev);
    if (cpu >= s->cpus)
        return bp_fail(s, EINVAL, "vCPU %u is not among its %u", cpu, s->cpus);
    s->faces[cpu] = (struct gicv2_face){ face, child.dev };
    return 0;
}

/* ---- tables ------------------------------------------------------------------------------------------ */

enum { DIST, CPU, HYP, VCPU };

#define R(fn) .read = gicv2_##fn##_read
#define W(fn) .write = gicv2_##fn##_write
#define RW(fn) R(fn), W(fn)
#define BANK(n) .count = n

static const struct bp_reg regs[] = {
    { "GICD_CTLR", 0x000, 32, RW(dist_ctlr) },
    { "GICD_TYPER", 0x004, 32, R(dist_typer) },
    { "GICD_IIDR", 0x008, 32, R(dist_iidr) },
    { "GICD_IGROUPR", 0x080, 32, BANK(32), RW(igroupr) },
    { "GICD_ISENABLER", 0x100, 32, BANK(32), RW(isenabler) },
    { "GICD_ICENABLER", 0x180, 32, BANK(32), R(isenabler), W(icenabler) },
    { "GICD_ISPENDR", 0x200, 32, BANK(32), RW(ispendr) },
    { "GICD_ICPENDR", 0x280, 32, BANK(32), R(ispendr), W(icpendr) },
    { "GICD_ISACTIVER", 0x300, 32, BANK(32), RW(isactiver) },
    { "GICD_ICACTIVER", 0x380, 32, BANK(32), R(isactiver), W(icactiver) },
    { "GICD_IPRIORITYR", 0x400, 8, BANK(1020), RW(ipriorityr) },
    { "GICD_ITARGETSR", 0x800, 8, BANK(1020), RW(itargetsr) },
    { "GICD_ICFGR", 0xC00, 32, BANK(64), RW(icfgr) },
    { "GICD_SGIR", 0xF00, 32, W(sgir) },
    { "GICD_CPENDSGIR", 0xF10, 8, BANK(16), R(spendsgir), W(cpendsgir) },
    { "GICD_SPENDSGIR", 0xF20, 8, BANK(16), RW(spendsgir) },
    { "GICD_ID", 0xFD0, 32, BANK(12), R(dist_id), .doc = "peripheral and component identification" },

    { "GICC_CTLR", 0x00, 32, .window = CPU, RW(cpu_ctlr) },
    { "GICC_PMR", 0x04, 32, .window = CPU, RW(pmr) },
    { "GICC_BPR", 0x08, 32, .window = CPU, RW(bpr) },
    { "GICC_IAR", 0x0C, 32, .window = CPU, R(iar) },
    { "GICC_EOIR", 0x10, 32, .window = CPU, W(eoir) },
    { "GICC_RPR", 0x14, 32, .window = CPU, R(rpr) },
    { "GICC_HPPIR", 0x18, 32, .window = CPU, R(hppir) },
    { "GICC_ABPR", 0x1C, 32, .window = CPU, RW(abpr) },
    { "GICC_AIAR", 0x20, 32, .window = CPU, R(aiar) },
    { "GICC_AEOIR", 0x24, 32, .window = CPU, W(aeoir) },
    { "GICC_AHPPIR", 0x28, 32, .window = CPU, R(ahppir) },
    { "GICC_APR", 0xD0, 32, BANK(4), .window = CPU, RW(apr) },
    { "GICC_NSAPR", 0xE0, 32, BANK(4), .window = CPU, RW(nsapr) },
    { "GICC_IIDR", 0xFC, 32, .window = CPU, R(cpu_iidr) },
    { "GICC_DIR", 0x1000, 32, .window = CPU, W(dir) },

    { "GICH_HCR", 0x00, 32, .window = HYP, RW(hcr) },
    { "GICH_VTR", 0x04, 32, .window = HYP, R(vtr) },
    { "GICH_VMCR", 0x08, 32, .window = HYP, RW(vmcr) },
    { "GICH_MISR", 0x10, 32, .window = HYP, R(misr) },
    { "GICH_EISR", 0x20, 32, BANK(2), .window = HYP, R(eisr) },
    { "GICH_ELRSR", 0x30, 32, BANK(2), .window = HYP, R(elrsr) },
    { "GICH_APR", 0xF0, 32, .window = HYP, RW(hapr) },
    { "GICH_LR", 0x100, 32, BANK(GIC_LIST_REGS), .window = HYP, RW(lr) },

    { "GICV_CTLR", 0x00, 32, .window = VCPU, RW(v_ctlr) },
    { "GICV_PMR", 0x04, 32, .window = VCPU, RW(v_pmr) },
    { "GICV_BPR", 0x08, 32, .window = VCPU, RW(v_bpr) },
    { "GICV_IAR", 0x0C, 32, .window = VCPU, R(v_iar) },
    { "GICV_EOIR", 0x10, 32, .window = VCPU, W(v_eoir) },
    { "GICV_RPR", 0x14, 32, .window = VCPU, R(v_rpr) },
    { "GICV_HPPIR", 0x18, 32, .window = VCPU, R(v_hppir) },
    { "GICV_ABPR", 0x1C, 32, .window = VCPU, RW(v_abpr) },
    { "GICV_AIAR", 0x20, 32, .window = VCPU, R(v_aiar) },
    { "GICV_AEOIR", 0x24, 32, .window = VCPU, W(v_aeoir) },
    { "GICV_AHPPIR", 0x28, 32, .window = VCPU, R(v_ahppir) },
    { "GICV_APR", 0xD0, 32, .window = VCPU, RW(hapr) },
    { "GICV_IIDR", 0xFC, 32, .window = VCPU, R(cpu_iidr) },
    { "GICV_DIR", 0x1000, 32, .window = VCPU, W(v_dir) },
};
static const struct bp_window windows[] = {
    { "dist", 0x10000, .storage = BP_NO_STORAGE },
    { "cpu", 0x10000, .storage = BP_NO_STORAGE },
    { "hyp", 0x10000, .flags = BP_WINDOW_OPTIONAL, .storage = BP_NO_STORAGE },
    { "vcpu", 0x10000, .flags = BP_WINDOW_OPTIONAL, .storage = BP_NO_STORAGE },
};
static const struct bp_pin_row pins[] = {
    BP_IN_N("spi", "spis", gicv2_set_spi),
    BP_INS("ppi", GICV2_CPUS * 16, gicv2_set_ppi),
    BP_OUT_N(struct gicv2, irq, "cpus"),
    BP_OUT_N(struct gicv2, fiq, "cpus"),
    BP_OUT_N(struct gicv2, virq, "cpus"),
    BP_OUT_N(struct gicv2, vfiq, "cpus"),
};
static const struct bp_prop props[] = {
    BP_UINT(struct gicv2, cpus, 1, 1, GICV2_CPUS, "number of vCPUs served"),
    BP_UINT(struct gicv2, spis, 256, 32, GICV2_IDS - 32, "number of shared peripheral interrupts"),
    BP_BOOL(struct gicv2, security_extensions, 0, "secure and non-secure software have views of their own"),
    BP_BOOL(struct gicv2, virtualization, 0, "the board maps the windows hyp and vcpu"),
};
static const struct bp_offer offers[] = {
    { .name = "cpu", .id = BP_GIC_CPU_ID, .api = &cpu_bus, .attached = cpu_attached },
};
static const struct bp_saved saved[] = {
    BP_SAVED(struct gicv2, ctlr, 1),
    BP_SAVED_ARRAY(struct gicv2, group, 1),
    BP_SAVED_ARRAY(struct gicv2, enabled, 1),
    BP_SAVED_ARRAY(struct gicv2, active, 1),
    BP_SAVED_ARRAY(struct gicv2, latched, 1),
    BP_SAVED_ARRAY(struct gicv2, level, 1),
    BP_SAVED_ARRAY(struct gicv2, edge, 1),
    BP_SAVED_ARRAY(struct gicv2, priority, 1),
    BP_SAVED_ARRAY(struct gicv2, target, 1),
    { "sgi_source", offsetof(struct gicv2, sgi_source), sizeof(((struct gicv2 *)0)->sgi_source), 1, 1 },
    BP_SAVED_ARRAY(struct gicv2, cpu_ctlr, 1),
    BP_SAVED_ARRAY(struct gicv2, pmr, 1),
    BP_SAVED_ARRAY(struct gicv2, bpr, 1),
    BP_SAVED_ARRAY(struct gicv2, abpr, 1),
    { "apr", offsetof(struct gicv2, apr), sizeof(((struct gicv2 *)0)->apr), 4, 1 },
    GIC_VIRT_SAVED(struct gicv2, virt, 1),
    BP_TRANSIENT(struct gicv2, routed),
    BP_TRANSIENT(struct gicv2, ready),
    BP_TRANSIENT(struct gicv2, ready_words),
    BP_TRANSIENT(struct gicv2, best),
    BP_TRANSIENT(struct gicv2, faces),
};

BP_DEVICE_IN(gicv2, "arm-gic", "intc", "Arm generic interrupt controller, version 2",
             .state_size = sizeof(struct gicv2), .interrupt_cells = 3, .regs = BP_ROWS(regs),
             .windows = BP_ROWS(windows), .pins = BP_ROWS(pins), .props = BP_ROWS(props),
             .offers = BP_ROWS(offers), .saved = BP_ROWS(saved), .realize = gicv2_realize,
             .reset = gicv2_reset, .post_load = gicv2_post_load, .fdt_name = "intc",
             .fdt_compatible = "arm,cortex-a15-gic", .fdt = gicv2_fdt,
             .fdt_interrupt = gicv2_fdt_interrupt);
BP_PLUGIN("arm-gic", "1.0", "MIT");
