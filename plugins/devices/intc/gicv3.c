/* SPDX-License-Identifier: MIT */
/*
 * gicv3.c: the Arm Generic Interrupt Controller, version 3 (IHI 0069): device, registers, state.
 *
 * Windows: dist (GICD), redist (GICR, two frames of 64 KiB a vCPU). The CPU interfaces and list registers
 * are system registers: bus/gic-cpu.h.
 * Inputs: spi[n] is interrupt 32 + n; ppi[cpu * 16 + n] the private interrupt 16 + n of that vCPU. Outputs,
 * one a vCPU: irq, fiq, virq, vfiq. The maintenance interrupt is private interrupt 25, driven inside.
 * gicv3-its.c is the translation service for messages, a part of its own.
 */
#include "gicv3.h"

#include <errno.h>

enum { SPI, PPI };       /* pin rows */
enum { DIST, REDIST };   /* windows */
enum { CLUSTER = 16 };   /* vCPUs with equal Aff1 where no vCPU says otherwise */

static void update_everything(struct gicv3 *s)
{
    gicv3_update_routes(s);
    for (unsigned c = 0; c < s->cpus; c++)
        gicv3_update_lpis(s, c);
    gicv3_update_all(s);
}

static int gicv3_realize(void *dev)
{
    struct gicv3 *s = dev;
    for (unsigned c = 0; c < GICV3_CPUS; c++)
        s->affinity[c] = c / CLUSTER << 8 | c % CLUSTER;
    return 0;
}

static void gicv3_reset(void *dev)
{
    struct gicv3 *s = dev;
    gicv3_dist_reset(s);
    gicv3_redist_reset(s);
    gicv3_cpu_reset(s);
    for (unsigned c = 0; c < GICV3_CPUS; c++) {
        gic_virt_reset(&s->virt[c]);
        s->virt[c].vmcr |= GIC_VMCR_FIQEN;
    }
    update_everything(s);
    for (unsigned c = 0; c < s->cpus; c++)
        gicv3_update_virt(s, c);
}

static int gicv3_post_load(void *dev)
{
    struct gicv3 *s = dev;
    for (unsigned c = 0; c < GICV3_CPUS; c++) {
        s->bpr0[c] &= 7;
        s->bpr1[BANK_NS][c] &= 7;
        s->bpr1[BANK_S][c] &= 7;
    }
    update_everything(dev);
    return 0;
}

static void gicv3_fdt_interrupt(void *dev, uint32_t row, uint32_t index, uint32_t trigger,
                                uint32_t *ret_cells)
{
    ret_cells[0] = row == PPI;
    ret_cells[1] = row == PPI ? index % 16 : index;
    ret_cells[2] = trigger;
}

static void gicv3_fdt(void *dev, struct bp_fdt_node *node)
{
    struct gicv3 *s = dev;
    uint32_t maintenance[3];
    bp_fdt_u32(node, "#address-cells", 2); /* the translation service lies below it */
    bp_fdt_u32(node, "#size-cells", 2);
    bp_fdt_empty(node, "ranges");
    bp_fdt_u32(node, "#redistributor-regions", 1);
    gicv3_fdt_interrupt(s, PPI, GICV3_MAINTENANCE - 16, BP_FDT_LEVEL_HIGH, maintenance);
    if (s->virtualization)
        bp_fdt_cells(node, "interrupts", maintenance, 3);
}

/* ---- vCPUs ------------------------------------------------------------------------------------------------ */

static void cpu_moved(void *dev, uint32_t cpu, uint32_t el, bool secure)
{
    struct gicv3 *s = dev;
    if (cpu >= s->cpus || !s->security_extensions)
        return;
    bp_lock(s);
    s->at_el3[cpu] = el == 3;
    s->secure[cpu] = secure;
    gicv3_update_cpu(s, cpu);
    bp_unlock(s);
}

static const struct bp_gic_cpu_bus cpu_bus = {
    sizeof cpu_bus, 0, gicv3_sysreg_read, gicv3_sysreg_write, cpu_moved,
};

static int cpu_attached(void *dev, struct bp_link child)
{
    struct gicv3 *s = dev;
    const struct bp_gic_cpu_face *face = child.api;
    if (!face)
        return 0;
    uint32_t cpu = face->index(child.dev);
    if (cpu >= s->cpus)
        return bp_fail(s, EINVAL, "vCPU %u is not among its %u", cpu, s->cpus);
    uint64_t mpidr = face->mpidr(child.dev);
    s->faces[cpu] = (struct gicv3_face){ face, child.dev };
    s->affinity[cpu] = (uint32_t)(mpidr >> 32 & 0xFF) << 24 | (uint32_t)(mpidr & 0xFFFFFF);
    return 0;
}

/* ---- what no register row says: bytes of priorities, identification ----------------------------------- */

enum { FRAME = 0x10000, IDS = 0xFFD0, PRIORITIES = FRAME + 0x400 };

static uint64_t redist_read(void *dev, uint64_t offset, unsigned size)
{
    struct gicv3 *s = dev;
    unsigned cpu = (unsigned)(offset / GICV3_REDIST_STRIDE);
    uint32_t at = offset % GICV3_REDIST_STRIDE;
    uint64_t value = 0;
    if (at >= PRIORITIES && at < PRIORITIES + 32)
        for (unsigned i = 0; i < size; i++)
            value |= gicv3_r_priority(s, cpu, at - PRIORITIES + i) << 8 * i;
    else if (at % FRAME >= IDS && at % 4 == 0)
        value = gicv3_id_read(s, (at % FRAME - IDS) / 4);
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "read of %u bytes at 0x%x of redistributor %u: no register",
               size, at, cpu);
    return value;
}

static void redist_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct gicv3 *s = dev;
    unsigned cpu = (unsigned)(offset / GICV3_REDIST_STRIDE);
    uint32_t at = offset % GICV3_REDIST_STRIDE;
    if (at >= PRIORITIES && at < PRIORITIES + 32)
        for (unsigned i = 0; i < size; i++)
            gicv3_set_r_priority(s, cpu, at - PRIORITIES + i, (uint8_t)(value >> 8 * i));
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "write of %u bytes at 0x%x of redistributor %u: no register",
               size, at, cpu);
}

/* ---- tables --------------------------------------------------------------------------------------------- */

#define RD(fn) .read = gicv3_##fn##_read
#define WR(fn) .write = gicv3_##fn##_write
#define RW(fn) RD(fn), WR(fn)
#define EACH(n) .count = n
/* A register of every vCPU's redistributor. */
#define CPUS .window = REDIST, .count = GICV3_CPUS, .stride = GICV3_REDIST_STRIDE
#define SGI(offset) (FRAME + (offset))

static const struct bp_reg regs[] = {
    { "GICD_CTLR", 0x0000, 32, RW(ctlr) },
    { "GICD_TYPER", 0x0004, 32, RD(typer) },
    { "GICD_IIDR", 0x0008, 32, RD(iidr) },
    { "GICD_TYPER2", 0x000C, 32, EACH(2), RD(zero), .doc = "nothing of version 4.1, no GICD_STATUSR" },
    { "GICD_SETSPI", 0x0040, 32, EACH(2), .stride = 16, WR(setspi) },
    { "GICD_CLRSPI", 0x0048, 32, EACH(2), .stride = 16, WR(clrspi) },
    { "GICD_IGROUPR", 0x0080, 32, EACH(32), RW(igroupr) },
    { "GICD_ISENABLER", 0x0100, 32, EACH(32), RW(isenabler) },
    { "GICD_ICENABLER", 0x0180, 32, EACH(32), RD(isenabler), WR(icenabler) },
    { "GICD_ISPENDR", 0x0200, 32, EACH(32), RW(ispendr) },
    { "GICD_ICPENDR", 0x0280, 32, EACH(32), RD(ispendr), WR(icpendr) },
    { "GICD_ISACTIVER", 0x0300, 32, EACH(32), RW(isactiver) },
    { "GICD_ICACTIVER", 0x0380, 32, EACH(32), RD(isactiver), WR(icactiver) },
    { "GICD_IPRIORITYR", 0x0400, 8, EACH(1020), RW(ipriorityr) },
    { "GICD_ICFGR", 0x0C00, 32, EACH(64), RW(icfgr) },
    { "GICD_IGRPMODR", 0x0D00, 32, EACH(32), RW(igrpmodr) },
    { "GICD_NSACR", 0x0E00, 32, EACH(64), .flags = BP_REG_UNIMPL, .doc = "grants nothing" },
    { "GICD_IROUTER", 0x6100, 32, EACH(2 * GICV3_SPIS), RW(irouter), .doc = "halves" },
    { "GICD_ID", 0xFFD0, 32, EACH(12), RD(id), .doc = "peripheral and component identification" },

    { "GICR_CTLR", 0x0000, 32, CPUS, RW(r_ctlr) },
    { "GICR_IIDR", 0x0004, 32, CPUS, RD(iidr) },
    { "GICR_TYPER", 0x0008, 64, CPUS, RD(r_typer) },
    { "GICR_STATUSR", 0x0010, 32, CPUS, RD(zero), .doc = "not there" },
    { "GICR_WAKER", 0x0014, 32, CPUS, RW(r_waker) },
    { "GICR_PROPBASER", 0x0070, 64, CPUS, .field = offsetof(struct gicv3, propbaser),
      .field_size = 8, .writable = UINT64_C(0x070FFFFFFFFFFF9F), WR(propbaser) },
    { "GICR_PENDBASER", 0x0078, 64, CPUS, .field = offsetof(struct gicv3, pendbaser),
      .field_size = 8, .writable = UINT64_C(0x470FFFFFFFFF0F80), RW(pendbaser) },
    { "GICR_IGROUPR0", SGI(0x080), 32, CPUS, RW(r_igroupr) },
    { "GICR_ISENABLER0", SGI(0x100), 32, CPUS, RW(r_isenabler) },
    { "GICR_ICENABLER0", SGI(0x180), 32, CPUS, RD(r_isenabler), WR(r_icenabler) },
    { "GICR_ISPENDR0", SGI(0x200), 32, CPUS, RW(r_ispendr) },
    { "GICR_ICPENDR0", SGI(0x280), 32, CPUS, RD(r_ispendr), WR(r_icpendr) },
    { "GICR_ISACTIVER0", SGI(0x300), 32, CPUS, RW(r_isactiver) },
    { "GICR_ICACTIVER0", SGI(0x380), 32, CPUS, RD(r_isactiver), WR(r_icactiver) },
    { "GICR_ICFGR0", SGI(0xC00), 32, CPUS, RD(r_icfgr0) },
    { "GICR_ICFGR1", SGI(0xC04), 32, CPUS, RW(r_icfgr1) },
    { "GICR_IGRPMODR0", SGI(0xD00), 32, CPUS, RW(r_igrpmodr) },
    { "GICR_NSACR", SGI(0xE00), 32, CPUS, .flags = BP_REG_UNIMPL, .doc = "grants nothing" },
};
static const struct bp_window windows[] = {
    { "dist", 0x10000, .storage = BP_NO_STORAGE },
    { "redist", 0xF60000, .access_min = 1, .access_max = 4, .storage = BP_NO_STORAGE,
      .read = redist_read, .write = redist_write },
};
static const struct bp_pin_row pins[] = {
    BP_IN_N("spi", "spis", gicv3_set_spi),
    BP_INS("ppi", GICV3_CPUS * 16, gicv3_set_ppi),
    BP_OUT_N(struct gicv3, irq, "cpus"),
    BP_OUT_N(struct gicv3, fiq, "cpus"),
    BP_OUT_N(struct gicv3, virq, "cpus"),
    BP_OUT_N(struct gicv3, vfiq, "cpus"),
};
static const struct bp_prop props[] = {
    BP_UINT(struct gicv3, cpus, 1, 1, GICV3_CPUS, "number of vCPUs served"),
    BP_UINT(struct gicv3, spis, 256, 32, GICV3_SPIS, "number of shared peripheral interrupts"),
    BP_BOOL(struct gicv3, security_extensions, 0, "secure and non-secure software have views of their own"),
    BP_BOOL(struct gicv3, virtualization, 0, "the device tree tells of the maintenance interrupt"),
    BP_BOOL(struct gicv3, lpis, 1, "locality-specific interrupts, for a translation service"),
};
static const struct bp_offer offers[] = {
    { .name = "cpu", .id = BP_GIC_CPU_ID, .api = &cpu_bus, .attached = cpu_attached },
    { .name = "lpi", .id = GICV3_LPI_ID, .api = &gicv3_lpi_bus },
};

#define SAVED(member, elem)                                                                        \
    { #member, offsetof(struct gicv3, member), sizeof(((struct gicv3 *)0)->member), elem, 1 }

static const struct bp_saved saved[] = {
    SAVED(ctlr, 4), SAVED(group, 4), SAVED(group_mod, 4), SAVED(enabled, 4), SAVED(active, 4),
    SAVED(latched, 4), SAVED(level, 4), SAVED(edge, 4), SAVED(priority, 1), SAVED(irouter, 8),
    SAVED(waker, 4), SAVED(redist_ctlr, 4), SAVED(lpi_pending, 8), SAVED(lpi_config, 1),
    SAVED(pmr, 4), SAVED(bpr0, 4), SAVED(igrpen0, 4), SAVED(ap0r, 4), SAVED(bpr1, 4),
    SAVED(igrpen1, 4), SAVED(ap1r, 4), SAVED(cpu_ctlr, 4), SAVED(eoimode_el3, 4), SAVED(secure, 1),
    SAVED(at_el3, 1),
    GIC_VIRT_SAVED(struct gicv3, virt, 1),
    BP_TRANSIENT(struct gicv3, route), BP_TRANSIENT(struct gicv3, ready),
    BP_TRANSIENT(struct gicv3, ready_words), BP_TRANSIENT(struct gicv3, lpi_words),
    BP_TRANSIENT(struct gicv3, lpi_best), BP_TRANSIENT(struct gicv3, lpi_best_priority),
    BP_TRANSIENT(struct gicv3, lpi_stale), BP_TRANSIENT(struct gicv3, lpi_moved),
    BP_TRANSIENT(struct gicv3, best), BP_TRANSIENT(struct gicv3, best_priority),
    BP_TRANSIENT(struct gicv3, best_group), BP_TRANSIENT(struct gicv3, affinity),
    BP_TRANSIENT(struct gicv3, faces),
};

BP_DEVICE_IN(gicv3, "arm-gicv3", "intc", "Arm generic interrupt controller, version 3",
             .state_size = sizeof(struct gicv3), .interrupt_cells = 3, .regs = BP_ROWS(regs),
             .windows = BP_ROWS(windows), .pins = BP_ROWS(pins), .props = BP_ROWS(props),
             .offers = BP_ROWS(offers), .saved = BP_ROWS(saved), .realize = gicv3_realize,
             .reset = gicv3_reset, .post_load = gicv3_post_load, .fdt_name = "intc",
             .fdt_compatible = "arm,gic-v3", .fdt = gicv3_fdt, .fdt_interrupt = gicv3_fdt_interrupt);
BP_PLUGIN("arm-gicv3", "1.0", "MIT");
