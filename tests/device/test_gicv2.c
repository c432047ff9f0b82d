/* SPDX-License-Identifier: MIT */
/* test_gicv2.c: arm-gic and arm-gicv2m as a driver sees them (IHI 0048B). */
#include "gic_rig.h"

#include <backplane/bus/msi.h>

enum { DIST, CPUIF, HYP, VCPU };
enum {
    GICD_CTLR = 0, GICD_TYPER = 4, GICD_IGROUPR = 0x80, GICD_ISENABLER = 0x100,
    GICD_ICENABLER = 0x180, GICD_ISPENDR = 0x200, GICD_ICPENDR = 0x280, GICD_ISACTIVER = 0x300,
    GICD_ICACTIVER = 0x380, GICD_IPRIORITYR = 0x400, GICD_ITARGETSR = 0x800, GICD_ICFGR = 0xC00,
    GICD_SGIR = 0xF00, GICD_CPENDSGIR = 0xF10, GICD_SPENDSGIR = 0xF20, GICD_PIDR2 = 0xFE8,
    GICC_CTLR = 0, GICC_PMR = 4, GICC_BPR = 8, GICC_IAR = 0xC, GICC_EOIR = 0x10, GICC_RPR = 0x14,
    GICC_HPPIR = 0x18, GICC_ABPR = 0x1C, GICC_AIAR = 0x20, GICC_AEOIR = 0x24, GICC_AHPPIR = 0x28,
    GICC_APR = 0xD0, GICC_NSAPR = 0xE0, GICC_DIR = 0x1000,
    GICH_HCR = 0, GICH_VTR = 4, GICH_VMCR = 8, GICH_MISR = 0x10, GICH_EISR = 0x20,
    GICH_ELRSR = 0x30, GICH_APR = 0xF0, GICH_LR = 0x100,
};
#define CPUS 3
#define SPURIOUS 1023

static struct rig r;

static uint32_t rd(unsigned cpu, unsigned window, uint64_t at)
{
    return (uint32_t)rig_read_as(&r, cpu, window, at, 4);
}
static void wr(unsigned cpu, unsigned window, uint64_t at, uint32_t value)
{
    rig_write_as(&r, cpu, window, at, 4, value);
}
static void wr8(unsigned cpu, uint64_t at, uint8_t value)
{
    rig_write_as(&r, cpu, DIST, at, 1, value);
}

/* Probe outputs 0 to 31 drive spi[0-31], 32 + 16 * cpu + n the private ones. */
static void open_with(const char *security)
{
    rig_open(&r);
    rig_device(&r, "arm-gic", "cpus", "3", "spis", "96", "security-extensions", security,
               "virtualization", "on", NULL);
    gic_watch(&r, CPUS);
    for (unsigned i = 0; i < 32; i++)
        rig_drive(&r, i, "spi", i);
    for (unsigned i = 0; i < 16 * CPUS; i++)
        rig_drive(&r, 32 + i, "ppi", i);
}

/* What a driver does at start. */
static void start(unsigned cpu)
{
    wr(cpu, DIST, GICD_CTLR, 3);
    wr(cpu, CPUIF, GICC_PMR, 0xF0);
    wr(cpu, CPUIF, GICC_CTLR, 3);
}

static void setup(void)
{
    open_with("off");
    for (unsigned c = 0; c < CPUS; c++)
        start(c);
}
static void teardown(void) { rig_close(&r); }

static void enable(unsigned cpu, unsigned id, uint8_t priority)
{
    wr8(cpu, GICD_IPRIORITYR + id, priority);
    if (id >= 32)
        wr8(cpu, GICD_ITARGETSR + id, (uint8_t)(1u << cpu));
    wr(cpu, DIST, GICD_ISENABLER + 4 * (id / 32), 1u << id % 32);
}
static void spi(unsigned n, bool level) { rig_set(&r, n, level); }
static void ppi(unsigned cpu, unsigned id, bool level) { rig_set(&r, 32 + 16 * cpu + id - 16, level); }
static bool irq(unsigned cpu) { return gic_line(&r, cpu, GIC_IRQ); }
static bool fiq(unsigned cpu) { return gic_line(&r, cpu, GIC_FIQ); }
static uint32_t iar(unsigned cpu) { return rd(cpu, CPUIF, GICC_IAR); }
static void eoi(unsigned cpu, uint32_t value) { wr(cpu, CPUIF, GICC_EOIR, value); }

START_TEST(level_sensitive)
{
    enable(1, 40, 0xA0);
    spi(8, true);
    ck_assert(irq(1) && !irq(0) && !irq(2) && !fiq(1));
    ck_assert_uint_eq(rd(1, CPUIF, GICC_HPPIR), 40);
    ck_assert_uint_eq(iar(1), 40);
    ck_assert(!irq(1));
    ck_assert_uint_eq(rd(1, CPUIF, GICC_RPR), 0xA0);
    ck_assert_uint_eq(rd(0, DIST, GICD_ISACTIVER + 4), 1u << 8);
    ck_assert_uint_eq(rd(0, DIST, GICD_ISPENDR + 4), 1u << 8); /* active and pending */
    ck_assert_uint_eq(iar(1), SPURIOUS);
    eoi(1, 40); /* the line is still high */
    ck_assert(irq(1));
    ck_assert_uint_eq(rd(1, CPUIF, GICC_RPR), 0xFF);
    ck_assert_uint_eq(iar(1), 40);
    spi(8, false);
    eoi(1, 40);
    ck_assert(!irq(1));
    spi(8, true);
    spi(8, false); /* not latched */
    ck_assert(!irq(1));
    ck_assert_uint_eq(iar(1), SPURIOUS);
}
END_TEST

START_TEST(edge_triggered)
{
    enable(0, 33, 0x80);
    wr(0, DIST, GICD_ICFGR + 8, 2u << 2);
    ck_assert_uint_eq(rd(0, DIST, GICD_ICFGR + 8), 2u << 2);
    spi(1, true);
    spi(1, false);
    ck_assert(irq(0));
    ck_assert_uint_eq(iar(0), 33);
    spi(1, true); /* again, while active */
    spi(1, false);
    ck_assert(!irq(0));
    eoi(0, 33);
    ck_assert(irq(0));
    ck_assert_uint_eq(iar(0), 33);
    eoi(0, 33);
    ck_assert(!irq(0));
    spi(1, true);
    wr(0, DIST, GICD_ICPENDR + 4, 2);
    ck_assert(!irq(0));
    wr(0, DIST, GICD_ISPENDR + 4, 2);
    ck_assert(irq(0));
}
END_TEST

START_TEST(enabling_and_masking)
{
    spi(0, true);
    ck_assert(!irq(0));
    enable(0, 32, 0x50);
    ck_assert(irq(0));
    wr(0, DIST, GICD_ICENABLER + 4, 1);
    ck_assert(!irq(0));
    ck_assert_uint_eq(rd(0, DIST, GICD_ISENABLER + 4), 0);
    wr(0, DIST, GICD_ISENABLER + 4, 1);
    wr(0, CPUIF, GICC_PMR, 0x50); /* only below the mask */
    ck_assert(!irq(0));
    ck_assert_uint_eq(iar(0), SPURIOUS);
    wr(0, CPUIF, GICC_PMR, 0x58);
    ck_assert(irq(0));
    wr(0, DIST, GICD_CTLR, 0);
    ck_assert(!irq(0));
    wr(0, DIST, GICD_CTLR, 1);
    wr(0, CPUIF, GICC_CTLR, 0);
    ck_assert(!irq(0));
    wr(0, CPUIF, GICC_CTLR, 1);
    ck_assert(irq(0));
    wr8(0, GICD_ITARGETSR + 32, 4);
    ck_assert(!irq(0) && irq(2));
    wr8(0, GICD_ITARGETSR + 32, 0xFF);
    ck_assert_uint_eq(rd(0, DIST, GICD_ITARGETSR + 32), 7);
    ck_assert(irq(0) && irq(1) && irq(2));
    ck_assert_uint_eq(iar(1), 32); /* one takes it */
    ck_assert(!irq(0) && !irq(1) && !irq(2));
    ck_assert_uint_eq(iar(0), SPURIOUS);
}
END_TEST

START_TEST(priorities_and_preemption)
{
    enable(0, 50, 0x90);
    enable(0, 51, 0x80);
    enable(0, 52, 0x80);
    enable(0, 53, 0x88);
    wr(0, CPUIF, GICC_BPR, 0);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_BPR), 2); /* five bits of priority */
    spi(18, true), spi(20, true), spi(19, true);
    ck_assert_uint_eq(iar(0), 51); /* lowest number of the most urgent */
    ck_assert(!irq(0));
    spi(21, true);
    ck_assert(!irq(0));
    spi(19, false);
    eoi(0, 51);
    ck_assert_uint_eq(iar(0), 52);
    spi(20, false);
    enable(0, 54, 0x40);
    spi(22, true);
    ck_assert(irq(0)); /* preempts */
    ck_assert_uint_eq(iar(0), 54);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_RPR), 0x40);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_APR), 1u << 8 | 1u << 16);
    spi(22, false);
    eoi(0, 54);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_RPR), 0x80);
    eoi(0, 52);
    ck_assert_uint_eq(iar(0), 53);
    eoi(0, 53);
    wr(0, CPUIF, GICC_BPR, 4); /* groups of 32 */
    spi(21, false);
    ck_assert_uint_eq(iar(0), 50);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_RPR), 0x80);
    spi(19, true); /* more urgent, but of the same group priority */
    ck_assert(!irq(0));
    eoi(0, 50);
    ck_assert(irq(0));
}
END_TEST

START_TEST(software_generated)
{
    for (unsigned c = 0; c < CPUS; c++)
        ck_assert_uint_eq(rd(c, DIST, GICD_ISENABLER), 0xFFFF);
    wr(1, DIST, GICD_SGIR, 1u << 16 | 3); /* 1 -> 0 */
    wr(2, DIST, GICD_SGIR, 1u << 16 | 3); /* 2 -> 0 */
    wr(0, DIST, GICD_SGIR, 2u << 24 | 3); /* 0 -> 0 */
    ck_assert(irq(0) && !irq(1) && !irq(2));
    ck_assert_uint_eq(rd(0, DIST, GICD_SPENDSGIR) >> 24, 7);
    static const unsigned from[] = { 0, 1, 2 };
    for (unsigned i = 0; i < 3; i++) {
        uint32_t v = iar(0);
        ck_assert_uint_eq(v, from[i] << 10 | 3);
        ck_assert(!irq(0));
        eoi(0, v);
    }
    ck_assert(!irq(0));
    wr(0, DIST, GICD_SGIR, 1u << 24 | 15); /* all others */
    ck_assert(!irq(0) && irq(1) && irq(2));
    ck_assert_uint_eq(rd(1, CPUIF, GICC_HPPIR), 15);
    rig_write_as(&r, 1, DIST, GICD_CPENDSGIR + 15, 1, 1);
    ck_assert(!irq(1) && irq(2));
    rig_write_as(&r, 1, DIST, GICD_SPENDSGIR + 2, 1, 4);
    ck_assert_uint_eq(iar(1), 2u << 10 | 2);
    wr(1, DIST, GICD_ISPENDR, 0xFFFF); /* not for SGIs */
    wr(0, DIST, GICD_SGIR, 3u << 24 | 0xFF0000 | 1);
    ck_assert_uint_eq(rd(1, DIST, GICD_ISPENDR), 0);
}
END_TEST

START_TEST(private_ones_are_banked)
{
    enable(0, 27, 0x20);
    enable(2, 27, 0x30);
    ppi(0, 27, true);
    ppi(1, 27, true);
    ck_assert(irq(0) && !irq(1) && !irq(2));
    ppi(2, 27, true);
    ck_assert(irq(2));
    ck_assert_uint_eq(rd(0, DIST, GICD_IPRIORITYR + 24) >> 24, 0x20);
    ck_assert_uint_eq(rd(2, DIST, GICD_IPRIORITYR + 24) >> 24, 0x30);
    ck_assert_uint_eq(rd(2, DIST, GICD_ITARGETSR + 24), 0x04040404);
    ck_assert_uint_eq(iar(0), 27);
    ck_assert_uint_eq(rd(0, DIST, GICD_ISACTIVER), 1u << 27);
    ck_assert_uint_eq(rd(2, DIST, GICD_ISACTIVER), 0);
    ppi(0, 27, false);
    eoi(0, 27);
    ck_assert(!irq(0));
}
END_TEST

START_TEST(split_end_of_interrupt)
{
    enable(0, 40, 0x80);
    wr(0, CPUIF, GICC_CTLR, 1 | 1u << 9);
    spi(8, true);
    ck_assert_uint_eq(iar(0), 40);
    eoi(0, 40);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_RPR), 0xFF);
    ck_assert(!irq(0)); /* still active */
    ck_assert_uint_eq(rd(0, DIST, GICD_ISACTIVER + 4), 1u << 8);
    wr(0, CPUIF, GICC_DIR, 40);
    ck_assert(irq(0));
    ck_assert_uint_eq(iar(0), 40);
    eoi(0, 40);
    wr(0, DIST, GICD_ICACTIVER + 4, 1u << 8);
    ck_assert(irq(0));
    wr(0, CPUIF, GICC_DIR, SPURIOUS), wr(0, CPUIF, GICC_DIR, 0xFFFFFFFF), eoi(0, SPURIOUS);
}
END_TEST

START_TEST(groups)
{
    enable(0, 40, 0x80);
    enable(0, 41, 0x90);
    wr(0, DIST, GICD_IGROUPR + 4, 1u << 8);
    wr(0, CPUIF, GICC_CTLR, 3 | 8); /* group 0 is FIQ */
    spi(8, true);
    ck_assert(irq(0) && !fiq(0));
    ck_assert_uint_eq(iar(0), 1022);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_HPPIR), 1022);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_AHPPIR), 40);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_AIAR), 40);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_NSAPR), 1u << 16);
    spi(9, true);
    ck_assert(!irq(0) && !fiq(0));
    wr(0, CPUIF, GICC_AEOIR, 40);
    spi(8, false);
    ck_assert(!irq(0) && fiq(0));
    ck_assert_uint_eq(rd(0, CPUIF, GICC_AIAR), SPURIOUS);
    ck_assert_uint_eq(iar(0), 41);
    spi(9, false);
    eoi(0, 41);
    wr(0, CPUIF, GICC_CTLR, 3 | 4); /* AckCtl: IAR takes both */
    spi(8, true);
    ck_assert_uint_eq(iar(0), 40);
    spi(8, false);
    eoi(0, 40);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_NSAPR), 0);
    /* group 1's binary point: one bit less is left out */
    wr(0, CPUIF, GICC_ABPR, 0);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_ABPR), 3);
    wr(0, DIST, GICD_CTLR, 1); /* group 1 is off */
    spi(8, true);
    ck_assert(!irq(0) && !fiq(0));
}
END_TEST

START_TEST(identification)
{
    ck_assert_uint_eq(rd(0, DIST, GICD_TYPER), 3 | 2 << 5);
    ck_assert_uint_eq(rd(0, DIST, GICD_PIDR2) >> 4, 2);
    ck_assert_uint_eq(rd(0, DIST, 0x008) & 0xFFF, 0x43B);
    ck_assert_uint_eq(rd(0, CPUIF, 0xFC) >> 16 & 15, 2); /* architecture */
    wr(0, DIST, GICD_ISENABLER + 16, 0xFFFFFFFF); /* 96: no such interrupts */
    ck_assert_uint_eq(rd(0, DIST, GICD_ISENABLER + 16), 0);
    ck_assert_uint_eq(rd(0, DIST, GICD_ICFGR), 0xAAAAAAAA);
    wr(0, DIST, GICD_ICFGR, 0);
    ck_assert_uint_eq(rd(0, DIST, GICD_ICFGR), 0xAAAAAAAA);
    wr8(0, GICD_IPRIORITYR + 40, 0xFF);
    ck_assert_uint_eq(rd(0, DIST, GICD_IPRIORITYR + 40), 0xF8);
}
END_TEST

START_TEST(reset_forgets)
{
    enable(0, 40, 0x80);
    spi(8, true);
    ck_assert_uint_eq(iar(0), 40);
    machine_reset(r.m);
    ck_assert_uint_eq(rd(0, DIST, GICD_ISACTIVER + 4), 0);
    ck_assert_uint_eq(rd(0, DIST, GICD_ISENABLER + 4), 0);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_RPR), 0xFF);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_PMR), 0);
}
END_TEST

/* ---- security extensions ------------------------------------------------------------------------ */

START_TEST(security)
{
    open_with("on");
    struct gic_vcpu *v = gic_vcpu(&r, 0, 0, true);
    ck_assert(rd(0, DIST, GICD_TYPER) & 1u << 10);
    wr(0, DIST, GICD_IGROUPR + 4, 1u << 8); /* 40 is non-secure's, 41 secure's */
    start(0);
    wr(0, CPUIF, GICC_CTLR, 3 | 8);
    enable(0, 41, 0x10);
    v->secure = false;
    ck_assert_uint_eq(rd(0, DIST, GICD_CTLR), 1);
    ck_assert_uint_eq(rd(0, DIST, GICD_IGROUPR + 4), 0);
    ck_assert_uint_eq(rd(0, DIST, GICD_ISENABLER + 4), 0);
    wr(0, DIST, GICD_ISENABLER + 4, 3u << 8);
    ck_assert_uint_eq(rd(0, DIST, GICD_ISENABLER + 4), 1u << 8);
    wr8(0, GICD_IPRIORITYR + 41, 0);
    ck_assert_uint_eq(rd(0, DIST, GICD_IPRIORITYR + 40) >> 8 & 0xFF, 0);
    wr8(0, GICD_IPRIORITYR + 40, 0x40);
    ck_assert_uint_eq(rd(0, DIST, GICD_IPRIORITYR + 40) & 0xFF, 0x40);
    wr8(0, GICD_ITARGETSR + 40, 1);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_PMR), 0xE0);
    wr(0, CPUIF, GICC_PMR, 0xC0);
    v->secure = true;
    ck_assert_uint_eq(rd(0, CPUIF, GICC_PMR), 0xE0);
    ck_assert_uint_eq(rd(0, DIST, GICD_IPRIORITYR + 40) & 0xFF, 0xA0);
    ck_assert_uint_eq(rd(0, DIST, GICD_IPRIORITYR + 40) >> 8 & 0xFF, 0x10);
    v->secure = false;
    spi(8, true);
    ck_assert(irq(0));
    spi(9, true);
    ck_assert(fiq(0) && !irq(0));
    ck_assert_uint_eq(iar(0), SPURIOUS); /* secure's turn */
    v->secure = true;
    ck_assert_uint_eq(iar(0), 41);
    spi(9, false);
    eoi(0, 41);
    v->secure = false;
    ck_assert_uint_eq(iar(0), 40);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_RPR), 0x40);
    ck_assert_uint_eq(rd(0, CPUIF, GICC_APR), 1u << 4);
    eoi(0, 40);
    /* non-secure SGIs reach group 1 only */
    wr(0, DIST, GICD_SGIR, 2u << 24 | 1);
    ck_assert_uint_eq(rd(0, DIST, GICD_ISPENDR), 0);
    v->secure = true;
    ck_assert_uint_eq(rd(0, DIST, GICD_ISPENDR), 0);
}
END_TEST

/* ---- virtualization ----------------------------------------------------------------------------- */

#define LR_PENDING (1u << 28)
#define LR_ACTIVE (2u << 28)
#define LR_GROUP1 (1u << 30)
#define LR_HW (1u << 31)
#define LR_EOI (1u << 19)
#define LR_PRIORITY(p) ((uint32_t)(p) >> 3 << 23)
#define VMCR_ALL (0xF8u << 24 | 3)

START_TEST(virtual_interrupts)
{
    ck_assert_uint_eq(rd(0, HYP, GICH_VTR) & 63, 3);
    ck_assert_uint_eq(rd(0, HYP, GICH_ELRSR), 15);
    wr(0, HYP, GICH_VMCR, VMCR_ALL);
    wr(0, HYP, GICH_LR, LR_PENDING | LR_PRIORITY(0x80) | 34);
    ck_assert(!gic_line(&r, 0, GIC_VIRQ));
    wr(0, HYP, GICH_HCR, 1);
    ck_assert(gic_line(&r, 0, GIC_VIRQ) && !gic_line(&r, 1, GIC_VIRQ));
    wr(0, HYP, GICH_LR + 4, LR_PENDING | LR_PRIORITY(0x40) | 2u << 10 | 5 | LR_EOI);
    ck_assert_uint_eq(rd(0, VCPU, GICC_HPPIR), 2u << 10 | 5);
    ck_assert_uint_eq(rd(0, VCPU, GICC_IAR), 2u << 10 | 5);
    ck_assert_uint_eq(rd(0, VCPU, GICC_RPR), 0x40);
    ck_assert(!gic_line(&r, 0, GIC_VIRQ));
    ck_assert_uint_eq(rd(0, HYP, GICH_LR + 4), LR_ACTIVE | LR_PRIORITY(0x40) | 2u << 10 | 5 | LR_EOI);
    wr(0, VCPU, GICC_EOIR, 2u << 10 | 5);
    ck_assert(gic_line(&r, 0, GIC_VIRQ));
    ck_assert_uint_eq(rd(0, HYP, GICH_EISR), 2);
    ck_assert_uint_eq(rd(0, HYP, GICH_ELRSR), 12);
    ck_assert_uint_eq(rd(0, HYP, GICH_MISR), 1);
    ck_assert_uint_eq(rd(0, VCPU, GICC_IAR), 34);
    wr(0, VCPU, GICC_EOIR, 34);
    ck_assert_uint_eq(rd(0, VCPU, GICC_IAR), SPURIOUS);
    wr(0, VCPU, GICC_PMR, 0x80); /* the guest's own view of VMCR */
    wr(0, VCPU, GICC_CTLR, 0);
    ck_assert_uint_eq(rd(0, HYP, GICH_VMCR) & 0xF8000001, 0x80u << 24);
}
END_TEST

START_TEST(virtual_interrupt_of_hardware)
{
    enable(0, 40, 0x80);
    wr(0, CPUIF, GICC_CTLR, 1 | 1u << 9);
    spi(8, true);
    ck_assert_uint_eq(iar(0), 40);
    eoi(0, 40);
    wr(0, HYP, GICH_VMCR, VMCR_ALL);
    wr(0, HYP, GICH_HCR, 1);
    wr(0, HYP, GICH_LR, LR_HW | LR_PENDING | LR_PRIORITY(0x80) | 40u << 10 | 77);
    ck_assert_uint_eq(rd(0, VCPU, GICC_IAR), 77);
    spi(8, false);
    wr(0, VCPU, GICC_EOIR, 77);
    ck_assert_uint_eq(rd(0, DIST, GICD_ISACTIVER + 4), 0); /* ended by the guest itself */
}
END_TEST

START_TEST(maintenance_interrupt)
{
    enable(0, 25, 0x20);
    wr(0, HYP, GICH_HCR, 1 | 2); /* underflow */
    ck_assert(irq(0));
    ck_assert_uint_eq(rd(0, CPUIF, GICC_HPPIR), 25);
    ck_assert_uint_eq(rd(0, HYP, GICH_MISR), 2);
    wr(0, HYP, GICH_LR, LR_PENDING | 40);
    ck_assert(irq(0));
    wr(0, HYP, GICH_LR + 4, LR_PENDING | 41);
    ck_assert(!irq(0));
    wr(0, HYP, GICH_HCR, 1 | 8); /* no pending */
    ck_assert(!irq(0));
    wr(0, HYP, GICH_LR, 0), wr(0, HYP, GICH_LR + 4, LR_ACTIVE | 41);
    ck_assert(irq(0));
    wr(0, HYP, GICH_HCR, 1 | 4); /* an end that no list register knows */
    ck_assert(!irq(0));
    wr(0, HYP, GICH_APR, 1u << 16);
    wr(0, VCPU, GICC_EOIR, 99);
    ck_assert(irq(0));
    ck_assert_uint_eq(rd(0, HYP, GICH_HCR) >> 27, 1);
    wr(0, HYP, GICH_HCR, 0);
    ck_assert(!irq(0));
}
END_TEST

/* ---- messages ------------------------------------------------------------------------------------- */

START_TEST(message_frame)
{
    rig_open(&r);
    rig_device(&r, "arm-gicv2m", "base-spi", "80", "spis", "16", "doorbell", "0x8020040", NULL);
    for (unsigned i = 0; i < 16; i++)
        rig_watch(&r, "spi", i, i);
    ck_assert_uint_eq(rig_read(&r, 0, 8, 4), 80u << 16 | 16);
    rig_write(&r, 0, 0x40, 4, 83);
    ck_assert_uint_eq(rig_line(&r, 3).rises, 1);
    ck_assert(!rig_line(&r, 3).level);
    rig_write(&r, 0, 0x40, 4, 96);
    rig_write(&r, 0, 0x40, 4, 79);
    void *dev;
    const struct bp_msi *msi = part_find_offer(r.dev, BP_MSI_ID, &dev);
    ck_assert(msi->send(dev, 0x18, 0x8020040, 95));
    ck_assert_uint_eq(rig_line(&r, 15).rises, 1);
    ck_assert(!msi->send(dev, 0x18, 0x40000040, 95));
    unsigned rises = 0;
    for (unsigned i = 0; i < 16; i++)
        rises += rig_line(&r, i).rises;
    ck_assert_uint_eq(rises, 2);
    rig_close(&r);
    rig_open(&r);
    ck_assert(rig_refused(&r, "arm-gicv2m", "base-spi", "1000", "spis", "21", NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arm-gic");
    TCase *c = tcase_create("registers");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, level_sensitive);
    tcase_add_test(c, edge_triggered);
    tcase_add_test(c, enabling_and_masking);
    tcase_add_test(c, priorities_and_preemption);
    tcase_add_test(c, software_generated);
    tcase_add_test(c, private_ones_are_banked);
    tcase_add_test(c, split_end_of_interrupt);
    tcase_add_test(c, groups);
    tcase_add_test(c, identification);
    tcase_add_test(c, reset_forgets);
    tcase_add_test(c, virtual_interrupts);
    tcase_add_test(c, virtual_interrupt_of_hardware);
    tcase_add_test(c, maintenance_interrupt);
    suite_add_tcase(suite, c);
    c = tcase_create("alone");
    tcase_add_checked_fixture(c, NULL, teardown);
    tcase_add_test(c, security);
    tcase_add_test(c, message_frame);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
