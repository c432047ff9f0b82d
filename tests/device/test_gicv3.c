/* SPDX-License-Identifier: MIT */
/* test_gicv3.c: arm-gicv3 as a driver and a hypervisor see it (IHI 0069). */
#include "gic_rig.h"

#include <stdio.h>

enum { DIST, REDIST };
enum {
    GICD_CTLR = 0, GICD_TYPER = 4, GICD_IGROUPR = 0x80, GICD_ISENABLER = 0x100,
    GICD_ICENABLER = 0x180, GICD_ISPENDR = 0x200, GICD_ICPENDR = 0x280, GICD_ISACTIVER = 0x300,
    GICD_ICACTIVER = 0x380, GICD_IPRIORITYR = 0x400, GICD_ICFGR = 0xC00, GICD_IGRPMODR = 0xD00,
    GICD_IROUTER = 0x6000, GICD_PIDR2 = 0xFFE8, GICD_SETSPI_NSR = 0x40, GICD_CLRSPI_NSR = 0x48,
};
#define GICR(cpu) ((cpu) * UINT64_C(0x20000))
#define SGI_FRAME 0x10000
#define GICR_WAKER 0x14
#define GICR_TYPER 8
#define ANY (UINT64_C(1) << 31)

#define REG(op1, crn, crm, op2) BP_GIC_REG(3, op1, crn, crm, op2)
#define PMR REG(0, 4, 6, 0)
#define IAR0 REG(0, 12, 8, 0)
#define EOIR0 REG(0, 12, 8, 1)
#define HPPIR0 REG(0, 12, 8, 2)
#define BPR0 REG(0, 12, 8, 3)
#define AP0R0 REG(0, 12, 8, 4)
#define AP1R0 REG(0, 12, 9, 0)
#define DIR REG(0, 12, 11, 1)
#define RPR REG(0, 12, 11, 3)
#define SGI1R REG(0, 12, 11, 5)
#define ASGI1R REG(0, 12, 11, 6)
#define SGI0R REG(0, 12, 11, 7)
#define IAR1 REG(0, 12, 12, 0)
#define EOIR1 REG(0, 12, 12, 1)
#define HPPIR1 REG(0, 12, 12, 2)
#define BPR1 REG(0, 12, 12, 3)
#define CTLR REG(0, 12, 12, 4)
#define SRE REG(0, 12, 12, 5)
#define IGRPEN0 REG(0, 12, 12, 6)
#define IGRPEN1 REG(0, 12, 12, 7)
#define SRE_EL2 REG(4, 12, 9, 5)
#define ICH_HCR REG(4, 12, 11, 0)
#define ICH_VTR REG(4, 12, 11, 1)
#define ICH_MISR REG(4, 12, 11, 2)
#define ICH_EISR REG(4, 12, 11, 3)
#define ICH_ELRSR REG(4, 12, 11, 5)
#define ICH_VMCR REG(4, 12, 11, 7)
#define ICH_LR(n) REG(4, 12, 12 + (n) / 8, (n) % 8)
#define CTLR_EL3 REG(6, 12, 12, 4)
#define IGRPEN1_EL3 REG(6, 12, 12, 7)

#define CPUS 20
#define SPURIOUS 1023

static struct rig r;
static const struct bp_gic_cpu_bus *bus;
static void *gic;
static struct bp_gic_who who; /* of the accesses; `cpu` is given with each */

/* ---- as a vCPU --------------------------------------------------------------------------------------- */

static uint32_t rd(uint64_t at) { return (uint32_t)rig_read_as(&r, who.cpu, DIST, at, 4); }
static void wr(uint64_t at, uint32_t value) { rig_write_as(&r, who.cpu, DIST, at, 4, value); }
static uint32_t rrd(unsigned cpu, uint64_t at)
{
    return (uint32_t)rig_read_as(&r, who.cpu, REDIST, GICR(cpu) + at, 4);
}
static void rwr(unsigned cpu, uint64_t at, uint32_t value)
{
    rig_write_as(&r, who.cpu, REDIST, GICR(cpu) + at, 4, value);
}
static uint64_t mrs(unsigned cpu, uint32_t reg)
{
    uint64_t value = 0xDEAD;
    who.cpu = cpu;
    ck_assert_int_eq(bus->read(gic, &who, reg, &value), BP_GIC_OK);
    return value;
}
static void msr(unsigned cpu, uint32_t reg, uint64_t value)
{
    who.cpu = cpu;
    ck_assert_int_eq(bus->write(gic, &who, reg, value), BP_GIC_OK);
}
static int trap_read(uint32_t reg)
{
    uint64_t value = 0xDEAD;
    int result = bus->read(gic, &who, reg, &value);
    ck_assert(result == BP_GIC_OK || value == 0xDEAD);
    return result;
}

/* Probe outputs 0 to 31 drive spi[0-31], 32 + 16 * cpu + n those private to vCPUs 0 to 3. */
static void open_with(const char *security)
{
    char cpus[8];
    snprintf(cpus, sizeof cpus, "%d", CPUS);
    rig_open(&r);
    rig_device(&r, "arm-gicv3", "cpus", cpus, "spis", "96", "security-extensions", security, NULL);
    gic_watch(&r, CPUS);
    for (unsigned i = 0; i < 32; i++)
        rig_drive(&r, i, "spi", i);
    for (unsigned i = 0; i < 64; i++)
        rig_drive(&r, 32 + i, "ppi", i);
    bus = part_find_offer(r.dev, BP_GIC_CPU_ID, &gic);
    who = (struct bp_gic_who){ .el = 1 };
}

/* What a driver does at start. */
static void start(unsigned cpu)
{
    rwr(cpu, SGI_FRAME + GICD_IGROUPR, 0xFFFFFFFF);
    msr(cpu, PMR, 0xF0);
    msr(cpu, IGRPEN1, 1);
}

static void setup(void)
{
    open_with("off");
    wr(GICD_CTLR, 0x13);
    for (unsigned i = 1; i < 4; i++)
        wr(GICD_IGROUPR + 4 * i, 0xFFFFFFFF);
    for (unsigned c = 0; c < CPUS; c++)
        start(c);
    who.cpu = 0;
}
static void teardown(void) { rig_close(&r); }

static void enable(unsigned id, unsigned cpu, uint8_t priority)
{
    rig_write_as(&r, who.cpu, DIST, GICD_IPRIORITYR + id, 1, priority);
    rig_write_as(&r, who.cpu, DIST, GICD_IROUTER + 8 * id, 8, cpu / 16 << 8 | cpu % 16);
    wr(GICD_ISENABLER + 4 * (id / 32), 1u << id % 32);
}
static void spi(unsigned n, bool level) { rig_set(&r, n, level); }
static bool irq(unsigned cpu) { return gic_line(&r, cpu, GIC_IRQ); }
static bool fiq(unsigned cpu) { return gic_line(&r, cpu, GIC_FIQ); }

/* ---- one security state -------------------------------------------------------------------------------- */

START_TEST(level_sensitive)
{
    enable(40, 17, 0xA0);
    spi(8, true);
    ck_assert(irq(17) && !irq(0) && !irq(1) && !fiq(17));
    ck_assert_uint_eq(mrs(17, HPPIR1), 40);
    ck_assert_uint_eq(mrs(17, IAR0), SPURIOUS); /* of the other group */
    ck_assert_uint_eq(mrs(17, IAR1), 40);
    ck_assert(!irq(17));
    ck_assert_uint_eq(mrs(17, RPR), 0xA0);
    ck_assert_uint_eq(mrs(17, AP1R0), 1u << 20);
    ck_assert_uint_eq(rd(GICD_ISACTIVER + 4), 1u << 8);
    ck_assert_uint_eq(mrs(17, IAR1), SPURIOUS);
    msr(17, EOIR1, 40); /* the line is still high */
    ck_assert(irq(17));
    ck_assert_uint_eq(mrs(17, RPR), 0xFF);
    spi(8, false);
    ck_assert(!irq(17));
    ck_assert_uint_eq(mrs(17, IAR1), SPURIOUS);
    msr(17, EOIR1, SPURIOUS); /* means nothing */
}
END_TEST

START_TEST(edge_triggered)
{
    enable(33, 0, 0x80);
    wr(GICD_ICFGR + 8, 2u << 2);
    spi(1, true);
    spi(1, false);
    ck_assert_uint_eq(mrs(0, IAR1), 33);
    spi(1, true);
    ck_assert(!irq(0));
    msr(0, EOIR1, 33);
    ck_assert(irq(0));
    wr(GICD_ICPENDR + 4, 2);
    ck_assert(!irq(0));
    wr(GICD_SETSPI_NSR, 33);
    ck_assert(irq(0));
    wr(GICD_CLRSPI_NSR, 33);
    ck_assert(!irq(0));
}
END_TEST

START_TEST(routing)
{
    enable(40, 1, 0x80);
    spi(8, true);
    ck_assert(irq(1));
    rig_write(&r, DIST, GICD_IROUTER + 8 * 40, 8, 0x103); /* 0.0.1.3: vCPU 19 */
    ck_assert(!irq(1) && irq(19));
    rig_write(&r, DIST, GICD_IROUTER + 8 * 40, 8, 0x104); /* nobody */
    ck_assert(!irq(19));
    ck_assert_uint_eq(rig_read(&r, DIST, GICD_IROUTER + 8 * 40, 8), 0x104);
    rig_write(&r, DIST, GICD_IROUTER + 8 * 40, 4, 0x102); /* by halves */
    ck_assert(irq(18));
    rig_write(&r, DIST, GICD_IROUTER + 8 * 40 + 4, 4, 1);
    ck_assert(!irq(18));
    ck_assert_uint_eq(rig_read(&r, DIST, GICD_IROUTER + 8 * 40, 8), 0x100000102);
    rig_write(&r, DIST, GICD_IROUTER + 8 * 40, 8, ANY);
    ck_assert(irq(0));
    rwr(0, GICR_WAKER, 2); /* vCPU 0 goes to sleep: another takes its place */
    ck_assert_uint_eq(rrd(0, GICR_WAKER), 6);
    ck_assert(!irq(0) && irq(1));
    rwr(0, GICR_WAKER, 0);
    ck_assert_uint_eq(rrd(0, GICR_WAKER), 0);
    ck_assert(irq(0) && !irq(1));
}
END_TEST

START_TEST(enabling_and_masking)
{
    spi(0, true);
    enable(32, 0, 0x50);
    ck_assert(irq(0));
    wr(GICD_ICENABLER + 4, 1);
    ck_assert(!irq(0));
    wr(GICD_ISENABLER + 4, 1);
    msr(0, PMR, 0x50);
    ck_assert(!irq(0));
    ck_assert_uint_eq(mrs(0, IAR1), SPURIOUS);
    ck_assert_uint_eq(mrs(0, HPPIR1), 32);
    msr(0, PMR, 0x5F);
    ck_assert_uint_eq(mrs(0, PMR), 0x58); /* five bits */
    ck_assert(irq(0));
    msr(0, IGRPEN1, 0);
    ck_assert(!irq(0));
    ck_assert_uint_eq(mrs(0, HPPIR1), SPURIOUS);
    msr(0, IGRPEN1, 1);
    wr(GICD_CTLR, 1);
    ck_assert(!irq(0));
    wr(GICD_CTLR, 2);
    ck_assert(irq(0));
    ck_assert_uint_eq(rd(GICD_CTLR), 0x52);
}
END_TEST

START_TEST(priorities_and_preemption)
{
    enable(50, 0, 0x90), enable(51, 0, 0x80), enable(52, 0, 0x80), enable(54, 0, 0x40);
    msr(0, BPR1, 0);
    ck_assert_uint_eq(mrs(0, BPR1), 3);
    spi(18, true), spi(20, true), spi(19, true);
    ck_assert_uint_eq(mrs(0, IAR1), 51);
    spi(19, false);
    ck_assert(!irq(0));
    spi(22, true);
    ck_assert(irq(0));
    ck_assert_uint_eq(mrs(0, IAR1), 54);
    ck_assert_uint_eq(mrs(0, AP1R0), 1u << 8 | 1u << 16);
    spi(22, false);
    msr(0, EOIR1, 54);
    ck_assert_uint_eq(mrs(0, RPR), 0x80);
    msr(0, EOIR1, 51);
    ck_assert_uint_eq(mrs(0, IAR1), 52);
    spi(20, false);
    msr(0, EOIR1, 52);
    msr(0, BPR1, 5); /* groups of 32 */
    ck_assert_uint_eq(mrs(0, IAR1), 50);
    ck_assert_uint_eq(mrs(0, RPR), 0x80);
    spi(19, true);
    ck_assert(!irq(0));
    msr(0, EOIR1, 50);
    msr(0, CTLR, 1); /* CBPR: group 0's binary point for both */
    msr(0, BPR0, 4);
    ck_assert_uint_eq(mrs(0, BPR1), 5);
    msr(0, BPR1, 7);
    ck_assert_uint_eq(mrs(0, BPR1), 5);
    ck_assert_uint_eq(mrs(0, CTLR) & 3, 1);
}
END_TEST

START_TEST(private_ones)
{
    for (unsigned c = 0; c < 3; c++)
        rig_write(&r, REDIST, GICR(c) + SGI_FRAME + GICD_IPRIORITYR + 27, 1, 0x20 + 16 * c);
    rwr(0, SGI_FRAME + GICD_ISENABLER, 1u << 27);
    rwr(2, SGI_FRAME + GICD_ISENABLER, 1u << 27);
    for (unsigned c = 0; c < 3; c++)
        rig_set(&r, 32 + 16 * c + 11, true);
    ck_assert(irq(0) && !irq(1) && irq(2));
    ck_assert_uint_eq(rrd(2, SGI_FRAME + GICD_IPRIORITYR + 24) >> 24, 0x40);
    ck_assert_uint_eq(rrd(1, SGI_FRAME + GICD_ISPENDR), 1u << 27);
    ck_assert_uint_eq(mrs(2, IAR1), 27);
    ck_assert_uint_eq(rrd(2, SGI_FRAME + GICD_ISACTIVER), 1u << 27);
    ck_assert_uint_eq(rrd(0, SGI_FRAME + GICD_ISACTIVER), 0);
    rwr(2, SGI_FRAME + GICD_ICACTIVER, 1u << 27);
    ck_assert(!irq(2)); /* its priority has not been dropped */
    msr(2, EOIR1, 27);
    ck_assert(irq(2));
}
END_TEST

#define SGI(aff1, id, list) ((uint64_t)(aff1) << 16 | (uint64_t)(id) << 24 | (list))

START_TEST(software_generated)
{
    for (unsigned c = 0; c < CPUS; c++)
        rwr(c, SGI_FRAME + GICD_ISENABLER, 0xFFFF);
    msr(0, SGI1R, SGI(1, 5, 0x9)); /* vCPUs 16 and 19 */
    for (unsigned c = 0; c < CPUS; c++)
        ck_assert_int_eq(irq(c), c == 16 || c == 19);
    ck_assert_uint_eq(mrs(19, IAR1), 5);
    msr(19, EOIR1, 5);
    ck_assert(!irq(19));
    msr(3, SGI1R, UINT64_C(1) << 40 | 2 << 24); /* all others */
    for (unsigned c = 0; c < CPUS; c++)
        ck_assert_int_eq(irq(c), c != 3);
    msr(0, SGI1R, SGI(0, 1, 0x8));
    msr(0, SGI0R, SGI(0, 2, 0x8)); /* not of that group */
    ck_assert_uint_eq(mrs(3, IAR1), 1);
    msr(3, EOIR1, 1);
    ck_assert(!irq(3));
    msr(0, SGI1R, SGI(2, 1, 0xFFFF)); /* nobody */
    msr(0, SGI1R, UINT64_C(1) << 44 | SGI(0, 1, 8)); /* Aff0 16 to 31: nobody */
    ck_assert(!irq(3));
}
END_TEST

START_TEST(group_0_is_fiq)
{
    enable(40, 0, 0x80);
    wr(GICD_IGROUPR + 4, ~(1u << 8));
    spi(8, true);
    ck_assert(!irq(0) && !fiq(0)); /* the interface takes no group 0 */
    msr(0, IGRPEN0, 1);
    ck_assert(!irq(0) && fiq(0));
    ck_assert_uint_eq(mrs(0, HPPIR1), SPURIOUS);
    ck_assert_uint_eq(mrs(0, IAR1), SPURIOUS);
    ck_assert_uint_eq(mrs(0, HPPIR0), 40);
    ck_assert_uint_eq(mrs(0, IAR0), 40);
    ck_assert_uint_eq(mrs(0, AP0R0), 1u << 16);
    msr(0, EOIR1, 40); /* not the running group: ignored */
    ck_assert_uint_eq(mrs(0, RPR), 0x80);
    msr(0, EOIR0, 40);
    ck_assert(fiq(0));
}
END_TEST

START_TEST(split_end_of_interrupt)
{
    enable(40, 0, 0x80);
    msr(0, CTLR, 2);
    spi(8, true);
    ck_assert_uint_eq(mrs(0, IAR1), 40);
    msr(0, EOIR1, 40);
    ck_assert_uint_eq(mrs(0, RPR), 0xFF);
    ck_assert(!irq(0));
    msr(0, DIR, 40);
    ck_assert(irq(0));
    msr(0, DIR, 0xFFFFFF), msr(0, DIR, 1019);
}
END_TEST

START_TEST(identification)
{
    ck_assert_uint_eq(rd(GICD_TYPER) & 0x1F, 3);
    ck_assert_uint_eq(rd(GICD_TYPER) >> 19 & 31, 15); /* 16 bits of id */
    ck_assert(rd(GICD_TYPER) >> 17 & 1);
    ck_assert_uint_eq(rd(8), 0x43B);
    ck_assert_uint_eq(rd(GICD_PIDR2), 0x3B);
    ck_assert_uint_eq(rrd(19, GICD_PIDR2), 0x3B);
    ck_assert_uint_eq(rig_read(&r, REDIST, GICR(19) + GICR_TYPER, 8),
                      UINT64_C(0x103) << 32 | 1 << 24 | 19 << 8 | 1 << 4 | 1);
    ck_assert_uint_eq(rig_read(&r, REDIST, GICR(18) + GICR_TYPER, 8) & 16, 0); /* not the last */
    ck_assert_uint_eq(mrs(0, SRE), 7);
    ck_assert_uint_eq(mrs(0, CTLR), 0x8C00);
    ck_assert_int_eq(trap_read(SRE_EL2), BP_GIC_UNDEFINED);
    ck_assert_int_eq(trap_read(CTLR_EL3), BP_GIC_UNDEFINED);
    ck_assert_int_eq(trap_read(REG(0, 12, 8, 5)), BP_GIC_UNDEFINED); /* ICC_AP0R1_EL1 */
    ck_assert_int_eq(trap_read(EOIR1), BP_GIC_UNDEFINED);
    ck_assert_int_eq(bus->write(gic, &who, IAR1, 0), BP_GIC_UNDEFINED);
    who.el = 2;
    ck_assert_uint_eq(mrs(0, SRE_EL2), 15);
    who.cpu = CPUS;
    ck_assert_int_eq(trap_read(IAR1), BP_GIC_UNDEFINED); /* no such vCPU */
}
END_TEST

/* ---- two security states --------------------------------------------------------------------------------- */

/* vCPU 0 at EL3 (secure), or at EL1 of a state. */
static void be(struct gic_vcpu *v, unsigned el, bool secure)
{
    v->secure = secure;
    who = (struct bp_gic_who){ .el = el, .secure = secure, .el3 = true, .el3_fiq = true };
    bus->moved(gic, 0, el, secure);
}

START_TEST(security)
{
    open_with("on");
    struct gic_vcpu *v = gic_vcpu(&r, 0, 0, true);
    be(v, 3, true);
    ck_assert_uint_eq(rrd(0, GICR_WAKER), 6); /* asleep until firmware wakes it */
    wr(GICD_CTLR, 7);
    wr(GICD_IGROUPR + 4, 1u << 8);   /* 40: non-secure group 1 */
    wr(GICD_IGRPMODR + 4, 1u << 9);  /* 41: secure group 1; 42: group 0 */
    enable(40, 0, 0xA0), enable(41, 0, 0x20), enable(42, 0, 0x10);
    msr(0, PMR, 0xF8), msr(0, IGRPEN0, 1), msr(0, IGRPEN1_EL3, 3);
    spi(8, true);
    ck_assert(!irq(0) && !fiq(0));
    rwr(0, GICR_WAKER, 0);
    ck_assert(!irq(0) && fiq(0)); /* EL3: all groups are FIQ */
    ck_assert_uint_eq(mrs(0, IAR0), 1021);
    be(v, 1, true);
    ck_assert(!irq(0) && fiq(0)); /* not this state's */
    be(v, 1, false);
    ck_assert(irq(0) && !fiq(0));
    spi(9, true);
    ck_assert(!irq(0) && fiq(0));
    ck_assert_uint_eq(mrs(0, IAR1), SPURIOUS);
    ck_assert_int_eq(trap_read(IAR0), BP_GIC_TRAP_EL3);
    be(v, 1, true);
    ck_assert(irq(0) && !fiq(0));
    ck_assert_uint_eq(mrs(0, IAR1), 41);
    msr(0, EOIR1, 41);
    spi(9, false);
    be(v, 3, true);
    spi(10, true);
    ck_assert_uint_eq(mrs(0, IAR0), 42);
    spi(10, false);
    msr(0, EOIR0, 42);
    /* the non-secure view */
    be(v, 1, false);
    ck_assert_uint_eq(rd(GICD_CTLR), 0x12);
    ck_assert_uint_eq(rd(GICD_ISENABLER + 4), 1u << 8);
    ck_assert_uint_eq(rd(GICD_IPRIORITYR + 40), 0x40);
    ck_assert_uint_eq(rd(GICD_IGROUPR + 4), 0);
    wr(GICD_ICENABLER + 4, 0xFFFFFFFF);
    ck_assert_uint_eq(rrd(0, GICR_WAKER), 0);
    ck_assert_uint_eq(mrs(0, PMR), 0xF0);
    msr(0, PMR, 0x80);
    be(v, 1, true);
    ck_assert_uint_eq(rd(GICD_ISENABLER + 4), 3u << 9);
    ck_assert_uint_eq(mrs(0, PMR), 0xC0);
}
END_TEST

START_TEST(secure_software_interrupts)
{
    open_with("on");
    struct gic_vcpu *v = gic_vcpu(&r, 0, 0, true);
    be(v, 3, true);
    rwr(0, SGI_FRAME + GICD_IGROUPR, 2);    /* 1: non-secure */
    rwr(0, SGI_FRAME + GICD_IGRPMODR, 4);   /* 2: secure group 1; 3: group 0 */
    for (unsigned reg = 0; reg < 3; reg++) {
        static const uint32_t regs[] = { SGI1R, ASGI1R, SGI0R };
        for (unsigned id = 1; id <= 3; id++)
            msr(0, regs[reg], SGI(0, id, 1));
        static const uint32_t pends[] = { 4, 2, 8 };
        ck_assert_uint_eq(rrd(0, SGI_FRAME + GICD_ISPENDR), pends[reg]);
        rwr(0, SGI_FRAME + GICD_ICPENDR, 0xFFFF);
    }
    be(v, 1, false);
    for (unsigned id = 1; id <= 3; id++)
        msr(0, SGI1R, SGI(0, id, 1)), msr(0, ASGI1R, SGI(0, id, 1));
    be(v, 3, true);
    ck_assert_uint_eq(rrd(0, SGI_FRAME + GICD_ISPENDR), 2);
}
END_TEST

/* ---- virtualization -------------------------------------------------------------------------------------- */

#define LR_PENDING (UINT64_C(1) << 62)
#define LR_ACTIVE (UINT64_C(1) << 63)
#define LR_HW (UINT64_C(1) << 61)
#define LR_GROUP1 (UINT64_C(1) << 60)
#define LR_EOI (UINT64_C(1) << 41)
#define LR_PRIORITY(p) ((uint64_t)(p) << 48)

static void hyp(void) { who = (struct bp_gic_who){ .el = 2, .el2_enabled = true }; }
static void guest(void)
{
    who = (struct bp_gic_who){ .el = 1, .el2_enabled = true, .virt_group0 = true,
                               .virt_group1 = true };
}

START_TEST(virtual_interrupts)
{
    hyp();
    ck_assert_uint_eq(mrs(0, ICH_VTR), 0x90B80003);
    ck_assert_uint_eq(mrs(0, ICH_ELRSR), 15);
    ck_assert_int_eq(trap_read(ICH_LR(4)), BP_GIC_UNDEFINED);
    msr(0, ICH_VMCR, 0xF8u << 24 | 2);
    msr(0, ICH_HCR, 1);
    msr(0, ICH_LR(0), LR_PENDING | LR_GROUP1 | LR_PRIORITY(0x80) | 34);
    ck_assert(gic_line(&r, 0, GIC_VIRQ) && !gic_line(&r, 1, GIC_VIRQ));
    msr(0, ICH_LR(1), LR_PENDING | LR_GROUP1 | LR_PRIORITY(0x40) | 8192 | LR_EOI);
    guest();
    ck_assert_uint_eq(mrs(0, HPPIR1), 8192);
    ck_assert_uint_eq(mrs(0, IAR1), 8192);
    ck_assert_uint_eq(mrs(0, RPR), 0x40);
    ck_assert_uint_eq(mrs(0, IAR1), SPURIOUS);
    msr(0, EOIR1, 8192);
    ck_assert_uint_eq(mrs(0, IAR1), 34);
    hyp();
    ck_assert_uint_eq(mrs(0, ICH_LR(0)), LR_ACTIVE | LR_GROUP1 | LR_PRIORITY(0x80) | 34);
    ck_assert_uint_eq(mrs(0, ICH_EISR), 2); /* an LPI has no active state */
    ck_assert_uint_eq(mrs(0, ICH_MISR), 1);
    guest();
    msr(0, EOIR1, 34);
    ck_assert_uint_eq(mrs(0, RPR), 0xFF);
    /* its own view of VMCR */
    msr(0, PMR, 0x90), msr(0, IGRPEN1, 0), msr(0, BPR1, 6), msr(0, CTLR, 2);
    ck_assert_uint_eq(mrs(0, CTLR), 0x8C02);
    hyp();
    ck_assert_uint_eq(mrs(0, ICH_VMCR), 0x90u << 24 | 2u << 21 | 6u << 18 | 1u << 9 | 8);
    ck_assert_uint_eq(mrs(0, PMR), 0xF0); /* the physical interface is another */
    msr(0, ICH_LR(2), LR_PENDING | LR_PRIORITY(0x20) | 50); /* group 0 */
    msr(0, ICH_VMCR, 0xF8u << 24 | 3);
    ck_assert(gic_line(&r, 0, GIC_VFIQ) && !gic_line(&r, 0, GIC_VIRQ));
    guest();
    ck_assert_uint_eq(mrs(0, IAR1), SPURIOUS);
    ck_assert_uint_eq(mrs(0, IAR0), 50);
}
END_TEST

START_TEST(virtual_interrupt_of_hardware)
{
    enable(40, 0, 0x80);
    hyp();
    msr(0, CTLR, 2);
    spi(8, true);
    ck_assert_uint_eq(mrs(0, IAR1), 40);
    msr(0, EOIR1, 40);
    msr(0, ICH_VMCR, 0xF8u << 24 | 2);
    msr(0, ICH_HCR, 1);
    msr(0, ICH_LR(3), LR_HW | LR_PENDING | LR_GROUP1 | LR_PRIORITY(0x80) | UINT64_C(40) << 32 | 77);
    guest();
    ck_assert_uint_eq(mrs(0, IAR1), 77);
    spi(8, false);
    msr(0, EOIR1, 77);
    ck_assert_uint_eq(rd(GICD_ISACTIVER + 4), 0);
    ck_assert_uint_eq(mrs(0, IAR1), SPURIOUS);
}
END_TEST

START_TEST(traps_of_a_guest)
{
    guest();
    ck_assert_int_eq(bus->write(gic, &who, SGI1R, 0), BP_GIC_TRAP_EL2); /* has no virtual one */
    ck_assert_int_eq(trap_read(ICH_HCR), BP_GIC_UNDEFINED);
    hyp();
    msr(0, ICH_HCR, 1u << 12); /* TALL1 */
    guest();
    ck_assert_int_eq(trap_read(IAR1), BP_GIC_TRAP_EL2);
    ck_assert_int_eq(trap_read(IAR0), BP_GIC_OK);
    ck_assert_int_eq(trap_read(PMR), BP_GIC_OK);
    hyp();
    msr(0, ICH_HCR, 1u << 10 | 1u << 11); /* TC, TALL0 */
    guest();
    ck_assert_int_eq(trap_read(IAR1), BP_GIC_OK);
    ck_assert_int_eq(trap_read(IAR0), BP_GIC_TRAP_EL2);
    ck_assert_int_eq(trap_read(PMR), BP_GIC_TRAP_EL2);
    ck_assert_int_eq(bus->write(gic, &who, DIR, 1), BP_GIC_TRAP_EL2);
    hyp();
    msr(0, ICH_HCR, 1u << 14); /* TDIR */
    guest();
    ck_assert_int_eq(bus->write(gic, &who, DIR, 1), BP_GIC_TRAP_EL2);
    ck_assert_int_eq(trap_read(PMR), BP_GIC_OK);
    who.el3 = true, who.el3_irq = true, who.virt_group1 = false;
    ck_assert_int_eq(trap_read(IAR1), BP_GIC_TRAP_EL3);
}
END_TEST

START_TEST(maintenance_interrupt)
{
    rig_write(&r, REDIST, SGI_FRAME + GICD_IPRIORITYR + 25, 1, 0x20);
    rwr(0, SGI_FRAME + GICD_ISENABLER, 1u << 25);
    hyp();
    msr(0, ICH_HCR, 1 | 2); /* underflow */
    ck_assert(irq(0));
    ck_assert_uint_eq(mrs(0, HPPIR1), 25);
    msr(0, ICH_LR(0), LR_PENDING | 40), msr(0, ICH_LR(1), LR_PENDING | 41);
    ck_assert(!irq(0));
    msr(0, ICH_HCR, 1 | 1u << 7); /* group 1 is off */
    ck_assert(irq(0));
    guest();
    msr(0, IGRPEN1, 1);
    ck_assert(!irq(0));
}
END_TEST

/* ---- LPIs without a translation service ------------------------------------------------------------------ */

START_TEST(lpi_tables)
{
    /* 8192 pending, enabled; 8193 pending, disabled; 8200 of a better priority. Tables at RAM + 64 KiB. */
    const uint8_t config[16] = { 0xA1, 0xA0, [8] = 0x81 }, pending[2] = { 3, 1 };
    rig_poke(&r, 0x10000, config, sizeof config);
    rig_poke(&r, 0x20000 + 1024, pending, sizeof pending);
    rig_write(&r, REDIST, 0x70, 8, (RIG_RAM + 0x10000) | 0x78F);
    rig_write(&r, REDIST, 0x78, 8, RIG_RAM + 0x20000);
    ck_assert_uint_eq(rig_read(&r, REDIST, 0x70, 8), (RIG_RAM + 0x10000) | 0x78F);
    ck_assert_uint_eq(rrd(0, 0) & 1, 0);
    ck_assert(!irq(0));
    rwr(0, 0, 1);
    ck_assert_uint_eq(rrd(0, 0) & 1, 1);
    ck_assert(irq(0));
    ck_assert_uint_eq(mrs(0, IAR1), 8200);
    ck_assert_uint_eq(mrs(0, RPR), 0x80);
    msr(0, EOIR1, 8200);
    ck_assert_uint_eq(mrs(0, HPPIR1), 8192);
    rwr(0, 0, 0); /* pending ones go back to memory */
    ck_assert(!irq(0));
    uint8_t after[2];
    rig_peek(&r, 0x20000 + 1024, after, 2);
    ck_assert(after[0] == 3 && after[1] == 0);
    rig_write(&r, REDIST, 0x78, 8, (RIG_RAM + 0x20000) | UINT64_C(1) << 62); /* PTZ: all zero */
    ck_assert_uint_eq(rig_read(&r, REDIST, 0x78, 8), RIG_RAM + 0x20000);
    rwr(0, 0, 1);
    ck_assert(!irq(0));
    rwr(0, 0, 0);
    rig_write(&r, REDIST, 0x70, 8, 0x40000000 | 15); /* nothing there */
    rig_write(&r, REDIST, 0x78, 8, 0x40000000);
    rwr(0, 0, 1);
    rwr(0, 0, 0);
    ck_assert(!irq(0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arm-gicv3");
    TCase *c = tcase_create("registers");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, level_sensitive);
    tcase_add_test(c, edge_triggered);
    tcase_add_test(c, routing);
    tcase_add_test(c, enabling_and_masking);
    tcase_add_test(c, priorities_and_preemption);
    tcase_add_test(c, private_ones);
    tcase_add_test(c, software_generated);
    tcase_add_test(c, group_0_is_fiq);
    tcase_add_test(c, split_end_of_interrupt);
    tcase_add_test(c, identification);
    tcase_add_test(c, virtual_interrupts);
    tcase_add_test(c, virtual_interrupt_of_hardware);
    tcase_add_test(c, traps_of_a_guest);
    tcase_add_test(c, maintenance_interrupt);
    tcase_add_test(c, lpi_tables);
    suite_add_tcase(suite, c);
    c = tcase_create("security");
    tcase_add_checked_fixture(c, NULL, teardown);
    tcase_add_test(c, security);
    tcase_add_test(c, secure_software_interrupts);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
