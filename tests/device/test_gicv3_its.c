/* SPDX-License-Identifier: MIT */
/* test_gicv3_its.c: arm-gicv3-its as a driver sees it: tables, commands, messages (IHI 0069, chapter 5). */
#include "gic_rig.h"

#include <backplane/bus/msi.h>

#include <string.h>

enum { REDIST = 1, ITS = 2 };
#define GITS_CTLR 0
#define GITS_TYPER 8
#define GITS_CBASER 0x80
#define GITS_CWRITER 0x88
#define GITS_CREADR 0x90
#define GITS_BASER(n) (0x100 + 8 * (n))
#define GITS_TRANSLATER 0x10040
#define DOORBELL UINT64_C(0x8090040)
#define VALID (UINT64_C(1) << 63)
#define INDIRECT (UINT64_C(1) << 62)

/* Where things lie in RAM. */
enum {
    CONFIG = 0x10000, PENDING = 0x20000, QUEUE = 0x80000, DEVICES = 0x90000, L2 = 0x91000,
    COLLECTIONS = 0x92000, ITT = 0x93000, ITT2 = 0x94000,
};
enum { QUEUE_BYTES = 4096 };

#define REG(crn, crm, op2) BP_GIC_REG(3, 0, crn, crm, op2)
#define PMR REG(4, 6, 0)
#define IAR1 REG(12, 12, 0)
#define EOIR1 REG(12, 12, 1)
#define IGRPEN1 REG(12, 12, 7)

enum { MOVI = 1, INT = 3, CLEAR = 4, SYNC = 5, MAPD = 8, MAPC = 9, MAPTI = 10, MAPI = 11, INV = 12,
       INVALL = 13, MOVALL = 14, DISCARD = 15 };
#define CPUS 3
#define SPURIOUS 1023

static struct rig r;
static const struct bp_gic_cpu_bus *bus;
static const struct bp_msi *msi;
static void *gic, *its;
static uint64_t tail;

static uint64_t rd(uint64_t at) { return rig_read(&r, ITS, at, 8); }
static void wr(uint64_t at, uint64_t value) { rig_write(&r, ITS, at, 8, value); }
static uint64_t mrs(unsigned cpu, uint32_t reg)
{
    struct bp_gic_who who = { .cpu = cpu, .el = 1 };
    uint64_t value = 0;
    ck_assert_int_eq(bus->read(gic, &who, reg, &value), BP_GIC_OK);
    return value;
}
static void msr(unsigned cpu, uint32_t reg, uint64_t value)
{
    struct bp_gic_who who = { .cpu = cpu, .el = 1 };
    ck_assert_int_eq(bus->write(gic, &who, reg, value), BP_GIC_OK);
}
static bool irq(unsigned cpu) { return gic_line(&r, cpu, GIC_IRQ); }
/* Takes and ends what is next. */
static uint64_t take(unsigned cpu)
{
    uint64_t id = mrs(cpu, IAR1);
    if (id != SPURIOUS)
        msr(cpu, EOIR1, id);
    return id;
}

static void put(const uint64_t c[4])
{
    rig_poke(&r, QUEUE + tail, c, 32);
    tail = (tail + 32) % QUEUE_BYTES;
}
static void run(void)
{
    wr(GITS_CWRITER, tail);
    ck_assert_uint_eq(rd(GITS_CREADR), tail);
}
static void command(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
    put((const uint64_t[4]){ w0, w1, w2, w3 });
    run();
}
static void mapd(uint32_t device, unsigned bits, uint64_t itt)
{
    command(MAPD | (uint64_t)device << 32, bits - 1, VALID | (RIG_RAM + itt), 0);
}
static void mapc(uint32_t collection, uint64_t cpu) { command(MAPC, 0, VALID | cpu << 16 | collection, 0); }
static void mapti(uint32_t device, uint32_t event, uint32_t lpi, uint32_t collection)
{
    command(MAPTI | (uint64_t)device << 32, event | (uint64_t)lpi << 32, collection, 0);
}
static void on_event(unsigned code, uint32_t device, uint32_t event, uint32_t collection)
{
    command(code | (uint64_t)device << 32, event, collection, 0);
}
static void configure(uint32_t lpi, uint8_t byte) { rig_poke(&r, CONFIG + lpi - 8192, &byte, 1); }
static bool message(uint32_t device, uint32_t event) { return msi->send(its, device, DOORBELL, event); }

static void setup(void)
{
    rig_open(&r);
    rig_device(&r, "arm-gicv3", "cpus", "3", NULL);
    gic_watch(&r, CPUS);
    bus = part_find_offer(r.dev, BP_GIC_CPU_ID, &gic);
    struct part *part = part_create(r.m, (const void *)rig_entity(BP_KIND_DEVICE, "arm-gicv3-its"),
                                    "its");
    ck_assert_int_eq(part_set(part, "doorbell", "0x8090040"), 0);
    ck_assert_int_eq(part_realize(part), 0);
    ck_assert_int_eq(part_map(part, 0, RIG_WINDOWS + ITS * RIG_WINDOW_STEP), 0);
    msi = part_find_offer(part, BP_MSI_ID, &its);
    machine_reset(r.m);

    rig_write(&r, 0, 0, 4, 0x12);
    for (unsigned c = 0; c < CPUS; c++) {
        rig_write(&r, REDIST, c * 0x20000 + 0x70, 8, (RIG_RAM + CONFIG) | 15);
        rig_write(&r, REDIST, c * 0x20000 + 0x78, 8, RIG_RAM + PENDING + c * 0x10000);
        rig_write(&r, REDIST, c * 0x20000, 4, 1);
        msr(c, PMR, 0xF0);
        msr(c, IGRPEN1, 1);
    }
    tail = 0;
    wr(GITS_CBASER, VALID | (RIG_RAM + QUEUE));
    wr(GITS_BASER(0), VALID | (RIG_RAM + DEVICES));
    wr(GITS_BASER(1), VALID | (RIG_RAM + COLLECTIONS));
    wr(GITS_CTLR, 1);
}
static void teardown(void) { rig_close(&r); }

/* Device 24 with event 5 as LPI 8200 in collection 1 of vCPU 2. */
static void one_event(void)
{
    configure(8200, 0xA1);
    mapd(24, 5, ITT);
    mapc(1, 2);
    mapti(24, 5, 8200, 1);
}

START_TEST(identification)
{
    ck_assert_uint_eq(rd(GITS_TYPER) & 1, 1);
    ck_assert_uint_eq(rd(GITS_TYPER) >> 19 & 1, 0); /* PTA */
    ck_assert_uint_eq(rd(4) & 0xFFFFFFFF, 0x43B);
    ck_assert_uint_eq(rig_read(&r, ITS, 0xFFE8, 4), 0x3B);
    ck_assert_uint_eq(rd(GITS_BASER(0)) >> 56 & 7, 1);
    ck_assert_uint_eq(rd(GITS_BASER(1)) >> 56 & 7, 4);
    ck_assert_uint_eq(rd(GITS_BASER(0)) >> 48 & 31, 7);
    wr(GITS_BASER(2), UINT64_MAX);
    ck_assert_uint_eq(rd(GITS_BASER(2)), 0);
    wr(GITS_BASER(0), UINT64_MAX);
    ck_assert_uint_eq(rd(GITS_BASER(0)) >> 56 & 7, 1);
    wr(GITS_CTLR, 0);
    ck_assert_uint_eq(rig_read(&r, ITS, GITS_CTLR, 4), UINT64_C(1) << 31);
}
END_TEST

START_TEST(message_becomes_interrupt)
{
    one_event();
    ck_assert(!irq(2));
    ck_assert(message(24, 5));
    ck_assert(irq(2) && !irq(0) && !irq(1));
    ck_assert(message(24, 5)); /* once pending, once taken */
    ck_assert_uint_eq(mrs(2, IAR1), 8200);
    ck_assert(!irq(2));
    ck_assert(message(24, 5)); /* LPIs have no active state */
    ck_assert(!irq(2));
    msr(2, EOIR1, 8200);
    ck_assert(irq(2));
    ck_assert_uint_eq(take(2), 8200);
    ck_assert_uint_eq(take(2), SPURIOUS);
    ck_assert(message(24, 6) && message(25, 5) && message(24, 0xFFFFFFFF)); /* not mapped */
    ck_assert(message(0xFFFFFFFF, 5) && message(512, 5));
    ck_assert(!irq(0) && !irq(1) && !irq(2));
    ck_assert(!msi->send(its, 24, DOORBELL + 4, 5)); /* for memory */
    rig_write(&r, ITS, GITS_TRANSLATER, 4, 5);       /* from nobody */
    wr(GITS_CTLR, 0);
    ck_assert(message(24, 5));
    ck_assert(!irq(2));
}
END_TEST

START_TEST(configuration_is_read_again)
{
    one_event();
    configure(8200, 0xA0);
    on_event(INV, 24, 5, 0);
    message(24, 5);
    ck_assert(!irq(2));
    configure(8200, 0xA1);
    ck_assert(!irq(2)); /* a cache may not know */
    on_event(INV, 24, 5, 0);
    ck_assert(irq(2));
    configure(8200, 0xA0);
    command(INVALL, 0, 1, 0);
    ck_assert(!irq(2));
    configure(8200, 0xA1);
    command(INVALL, 0, 1, 0);
    ck_assert(irq(2));
    /* of two, the one of better priority */
    configure(8300, 0x41);
    mapti(24, 6, 8300, 1);
    message(24, 6);
    ck_assert_uint_eq(take(2), 8300);
    ck_assert_uint_eq(take(2), 8200);
}
END_TEST

START_TEST(commands_set_and_clear)
{
    one_event();
    on_event(INT, 24, 5, 0);
    ck_assert(irq(2));
    on_event(CLEAR, 24, 5, 0);
    ck_assert(!irq(2));
    on_event(INT, 24, 5, 0);
    on_event(DISCARD, 24, 5, 0);
    ck_assert(!irq(2));
    message(24, 5);
    ck_assert(!irq(2));
    configure(8197, 0xA1);
    mapd(25, 14, ITT2);
    on_event(MAPI, 25, 8197, 1);
    on_event(INT, 25, 8197, 0);
    ck_assert_uint_eq(take(2), 8197);
}
END_TEST

START_TEST(events_move)
{
    one_event();
    mapc(0, 0), mapc(2, 1);
    message(24, 5);
    on_event(MOVI, 24, 5, 0); /* with what is pending */
    ck_assert(irq(0) && !irq(2));
    ck_assert_uint_eq(take(0), 8200);
    message(24, 5);
    ck_assert_uint_eq(take(0), 8200);
    message(24, 5);
    configure(8201, 0x91);
    mapti(24, 7, 8201, 0);
    message(24, 7);
    command(MOVALL, 0, 0 << 16, UINT64_C(1) << 16);
    ck_assert(!irq(0) && irq(1));
    ck_assert_uint_eq(take(1), 8201);
    ck_assert_uint_eq(take(1), 8200);
    mapc(0, 1); /* the collection itself */
    message(24, 5);
    ck_assert(irq(1));
    command(MAPC, 0, 0, 0);
    take(1);
    message(24, 5);
    ck_assert(!irq(0) && !irq(1));
    command(MAPD | UINT64_C(24) << 32, 0, 0, 0);
    mapc(0, 1);
    message(24, 5);
    ck_assert(!irq(1));
}
END_TEST

START_TEST(tables_of_two_levels)
{
    const uint64_t l1 = VALID | (RIG_RAM + L2);
    wr(GITS_CTLR, 0);
    wr(GITS_BASER(0), VALID | INDIRECT | (RIG_RAM + DEVICES));
    wr(GITS_CTLR, 1);
    rig_poke(&r, DEVICES + 8 * 3, &l1, 8); /* devices 1536 to 2047 */
    configure(8200, 0xA1);
    mapc(1, 2);
    mapd(1600, 5, ITT);
    mapti(1600, 5, 8200, 1);
    mapd(100, 5, ITT2); /* no second level there */
    mapti(100, 5, 8200, 1);
    message(100, 5);
    ck_assert(!irq(2));
    message(1600, 5);
    ck_assert_uint_eq(take(2), 8200);
    uint64_t entry;
    rig_peek(&r, L2 + 8 * (1600 - 1536), &entry, 8);
    ck_assert(entry >> 63);
}
END_TEST

START_TEST(many_commands_around_the_end)
{
    one_event();
    for (unsigned i = 0; i < 1000; i++) {
        put((const uint64_t[4]){ INT | UINT64_C(24) << 32, 5, 0, 0 });
        put((const uint64_t[4]){ SYNC, 0, UINT64_C(2) << 16, 0 });
        run();
        ck_assert_uint_eq(take(2), 8200);
    }
}
END_TEST

/* Nothing of this may do harm; afterwards it works. */
START_TEST(nonsense)
{
    mapd(24, 32, ITT);                      /* 32 bits of event id */
    mapd(1 << 20, 5, ITT);                  /* outside the table */
    mapd(24, 5, 0xFF0000000);               /* in no memory */
    mapti(24, 5, 8200, 1);
    command(MAPC, 0, VALID | UINT64_C(3) << 16, 0);      /* no such vCPU */
    command(MAPC, 0, VALID | UINT64_C(0xFFFFFFFFF) << 16, 0);
    mapd(24, 5, ITT);
    mapti(24, 5, 100, 1), mapti(24, 5, 65536, 1), mapti(24, 5, 0xFFFFFFFF, 1);
    mapti(24, 32, 8200, 1), mapti(24, 0xFFFFFFFF, 8200, 1);
    on_event(MAPI, 24, 5, 1);
    on_event(MOVI, 24, 5, 1), on_event(INV, 24, 5, 1), on_event(DISCARD, 9, 9, 9);
    command(MOVALL, 0, UINT64_C(7) << 16, UINT64_C(0xFFFFF) << 16);
    command(0xFF, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    command(INVALL, 0, 0xFFFF, 0);
    message(24, 5);
    /* what software itself put into the tables */
    uint8_t junk[4096];
    memset(junk, 0xFF, sizeof junk);
    rig_poke(&r, DEVICES, junk, sizeof junk);
    rig_poke(&r, COLLECTIONS, junk, sizeof junk);
    for (unsigned i = 0; i < 512; i++)
        message(i, i), on_event(INT, i, i, 0), on_event(MOVI, i, i, i);
    /* queues that are none */
    wr(GITS_CWRITER, QUEUE_BYTES);
    wr(GITS_CWRITER, 0xFFFFFFFFFFFFFFFF);
    wr(GITS_CBASER, VALID | 0x40000000);
    wr(GITS_CWRITER, 32);
    ck_assert_uint_eq(rd(GITS_CREADR), 1); /* stalled */
    wr(GITS_CWRITER, 64);
    ck_assert_uint_eq(rd(GITS_CREADR), 1);
    wr(GITS_CWRITER, 64 | 1);
    ck_assert_uint_eq(rd(GITS_CREADR), 1);
    wr(GITS_CBASER, VALID | (RIG_RAM + QUEUE));
    wr(GITS_CWRITER, 0);
    tail = 0;
    memset(junk, 0, sizeof junk);
    rig_poke(&r, DEVICES, junk, sizeof junk);
    rig_poke(&r, COLLECTIONS, junk, sizeof junk);
    one_event();
    message(24, 5);
    ck_assert_uint_eq(take(2), 8200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arm-gicv3-its");
    TCase *c = tcase_create("service");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, identification);
    tcase_add_test(c, message_becomes_interrupt);
    tcase_add_test(c, configuration_is_read_again);
    tcase_add_test(c, commands_set_and_clear);
    tcase_add_test(c, events_move);
    tcase_add_test(c, tables_of_two_levels);
    tcase_add_test(c, many_commands_around_the_end);
    tcase_add_test(c, nonsense);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
