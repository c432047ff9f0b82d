/* SPDX-License-Identifier: MIT */
/*
 * fuzz_gic.c: what a guest can do to Arm's interrupt controllers. The input is a script: a byte that chooses
 * the controller, then records of 16 bytes, each an access to a window or a system register, a level of an
 * input, a message, a change of memory or a command of the translation service. After each script a driver
 * that behaves must get its interrupts.
 */
#include "fuzz.h"

#include "../device/rig.h"

#include <backplane/bus/gic-cpu.h>
#include <backplane/bus/msi.h>

#include <stdlib.h>
#include <string.h>

enum { V2, V2_SECURE, V3, V3_SECURE, MACHINES };
enum { READ, WRITE, GET, SET, PIN, MESSAGE, POKE, COMMAND, STEER, START, OPS };
#define RECORD 16
#define RECORDS_MAX 512
#define CPUS 4
#define DOORBELL UINT64_C(0x8090040)
#define VALID (UINT64_C(1) << 63)

/* Windows of the bench. The service's comes behind the controller's own two. */
enum { DIST, CPUIF, HYP, VCPU, REDIST = 1, ITS = 2 };
/* In RAM. */
enum { CONFIG = 0x10000, PENDING = 0x20000, QUEUE = 0x60000, DEVICES = 0x70000, COLLECTIONS = 0x80000,
       ITT = 0x90000 };
enum { QUEUE_BYTES = 65536 };

struct bench {
    struct rig r;
    bool v3;
    const struct bp_gic_cpu_bus *bus;
    const struct bp_msi *msi;
    void *gic, *its;
    uint32_t tail;
};

/* ---- machines: one a controller, kept ----------------------------------------------------------------- */

static void add_its(struct bench *b)
{
    struct part *p = part_create(b->r.m, (const void *)rig_entity(BP_KIND_DEVICE, "arm-gicv3-its"),
                                 "its");
    ck_assert_int_eq(part_set(p, "doorbell", "0x8090040"), 0);
    ck_assert_int_eq(part_realize(p), 0);
    ck_assert_int_eq(part_map(p, 0, RIG_WINDOWS + ITS * RIG_WINDOW_STEP), 0);
    b->msi = part_find_offer(p, BP_MSI_ID, &b->its);
}

static struct bench *bench_for(unsigned machine)
{
    static struct bench *made[MACHINES];
    if (made[machine])
        return made[machine];
    struct bench *b = made[machine] = calloc(1, sizeof *b);
    b->v3 = machine >= V3;
    rig_open(&b->r);
    rig_device(&b->r, b->v3 ? "arm-gicv3" : "arm-gic", "cpus", "4", "security-extensions",
               machine == V2_SECURE || machine == V3_SECURE ? "on" : "off", NULL);
    rig_watch(&b->r, "irq", 1, 0);
    rig_watch(&b->r, "fiq", 1, 1);
    for (unsigned i = 0; i < 64; i++)
        rig_drive(&b->r, i, "spi", i);
    for (unsigned i = 0; i < 64; i++)
        rig_drive(&b->r, 64 + i, "ppi", i);
    b->bus = part_find_offer(b->r.dev, BP_GIC_CPU_ID, &b->gic);
    if (b->v3)
        add_its(b);
    machine_reset(b->r.m);
    return b;
}

/* ---- a driver that behaves ------------------------------------------------------------------------------ */

static void must(bool ok)
{
    if (!ok)
        abort();
}

#define REG(crn, crm, op2) BP_GIC_REG(3, 0, crn, crm, op2)

static void msr(struct bench *b, unsigned cpu, uint32_t reg, uint64_t value)
{
    const struct bp_gic_who who = { .cpu = cpu, .el = 1, .secure = true };
    must(b->bus->write(b->gic, &who, reg, value) == BP_GIC_OK);
}

static uint64_t mrs(struct bench *b, unsigned cpu, uint32_t reg)
{
    const struct bp_gic_who who = { .cpu = cpu, .el = 1, .secure = true };
    uint64_t value = 0;
    must(b->bus->read(b->gic, &who, reg, &value) == BP_GIC_OK);
    return value;
}

/* Nobody's MMIO is secure. All interrupts are of group 0. */
static void start(struct bench *b)
{
    struct rig *r = &b->r;
    rig_write(r, DIST, 0, 4, b->v3 ? 7 : 3);
    for (unsigned c = 0; c < CPUS; c++) {
        if (b->v3) {
            rig_write(r, REDIST, c * 0x20000 + 0x14, 4, 0);
            rig_write(r, REDIST, c * 0x20000 + 0x70, 8, (RIG_RAM + CONFIG) | 15);
            rig_write(r, REDIST, c * 0x20000 + 0x78, 8, RIG_RAM + PENDING + c * 0x10000);
            rig_write(r, REDIST, c * 0x20000, 4, 1);
            msr(b, c, REG(4, 6, 0), 0xF8);
            msr(b, c, REG(12, 12, 6), 1);
            msr(b, c, REG(12, 12, 7), 1);
        } else {
            rig_write_as(r, c, CPUIF, 4, 4, 0xF8);
            rig_write_as(r, c, CPUIF, 0, 4, 3);
        }
    }
    if (!b->v3)
        return;
    rig_write(r, ITS, 0x80, 8, VALID | (RIG_RAM + QUEUE) | (QUEUE_BYTES / 4096 - 1));
    rig_write(r, ITS, 0x100, 8, VALID | (RIG_RAM + DEVICES) | 15);
    rig_write(r, ITS, 0x108, 8, VALID | (RIG_RAM + COLLECTIONS) | 15);
    rig_write(r, ITS, 0x88, 8, 0);
    rig_write(r, ITS, 0, 4, 1);
    b->tail = 0;
}

static void command(struct bench *b, uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
    const uint64_t c[4] = { w0, w1, w2, w3 };
    rig_poke(&b->r, QUEUE + b->tail, c, sizeof c);
    b->tail = (b->tail + 32) % QUEUE_BYTES;
    rig_write(&b->r, ITS, 0x88, 8, b->tail);
}

static void spi_works(struct bench *b)
{
    struct rig *r = &b->r;
    for (unsigned i = 0; i < 128; i++)
        rig_set(r, i, false);
    rig_write(r, DIST, 0x400 + 40, 1, 0x80);
    if (b->v3)
        rig_write(r, DIST, 0x6000 + 8 * 40, 8, 1);
    else
        rig_write(r, DIST, 0x800 + 40, 1, 2);
    rig_write(r, DIST, 0x104, 4, 1u << 8);
    rig_set(r, 8, true);
    must(rig_line(r, 0).level || rig_line(r, 1).level);
    uint64_t id = b->v3 ? mrs(b, 1, REG(12, 8, 0)) : rig_read_as(r, 1, CPUIF, 0xC, 4);
    must(id == 40);
    rig_set(r, 8, false);
    if (b->v3)
        msr(b, 1, REG(12, 8, 1), 40);
    else
        rig_write_as(r, 1, CPUIF, 0x10, 4, 40);
    must(!rig_line(r, 0).level && !rig_line(r, 1).level);
}

/* LPIs are of group 1: seen where there is one security state. */
static void message_works(struct bench *b)
{
    const uint8_t config = 0xA1;
    static const uint8_t zeroes[65536];
    rig_poke(&b->r, DEVICES, zeroes, sizeof zeroes);
    rig_poke(&b->r, COLLECTIONS, zeroes, sizeof zeroes);
    rig_poke(&b->r, CONFIG + 8, &config, 1);
    command(b, 8 | UINT64_C(3) << 32, 4, VALID | (RIG_RAM + ITT), 0);
    command(b, 9, 0, VALID | 1 << 16 | 7, 0);
    command(b, 10 | UINT64_C(3) << 32, UINT64_C(8200) << 32 | 5, 7, 0);
    must(b->msi->send(b->its, 3, DOORBELL, 5));
    must(mrs(b, 1, REG(12, 12, 0)) == 8200);
    msr(b, 1, REG(12, 12, 1), 8200);
}

static void still_works(struct bench *b, unsigned machine)
{
    static const uint8_t zeroes[RIG_RAM_SIZE];
    rig_poke(&b->r, 0, zeroes, sizeof zeroes);
    start(b);
    spi_works(b);
    if (machine == V3)
        message_works(b);
}

/* ---- the script ----------------------------------------------------------------------------------------- */

static uint64_t le(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)p[i] << 8 * i;
    return v;
}

/* Values are mostly taken as they are; some are made to point into RAM. */
static uint64_t value_of(const uint8_t *p)
{
    uint64_t v = le(p + 8, 8);
    return p[1] & 0x80 ? (v & ~UINT64_C(0xFFFFFFFFF000)) | RIG_RAM | (v & 0xFF000) : v;
}

static uint64_t offset_of(const struct bench *b, unsigned window, const uint8_t *p)
{
    uint64_t offset = le(p + 2, 2);
    if (b->v3 && window == REDIST)
        offset += (uint64_t)(p[4] & 1) * 0x10000 + (uint64_t)(p[4] >> 1) * 0x20000;
    else if (b->v3 && window == ITS)
        offset = p[4] & 1 ? 0x10040 : offset & 0x1FF;
    return offset;
}

static struct bp_gic_who who_of(const uint8_t *p)
{
    return (struct bp_gic_who){
        .cpu = p[1] & 7, .el = p[4] & 3, .secure = p[5] & 1, .virt_group0 = p[5] & 2,
        .virt_group1 = p[5] & 4, .el2_enabled = p[5] & 8, .el3 = p[5] & 16, .el3_fiq = p[5] & 32,
        .el3_irq = p[5] & 64,
    };
}

/* Mostly registers that exist. */
static uint32_t reg_of(const uint8_t *p)
{
    static const uint32_t regs[] = {
        REG(4, 6, 0), REG(12, 8, 0), REG(12, 8, 1), REG(12, 8, 2), REG(12, 8, 3), REG(12, 8, 4),
        REG(12, 9, 0), REG(12, 11, 1), REG(12, 11, 3), REG(12, 11, 5), REG(12, 11, 6),
        REG(12, 11, 7), REG(12, 12, 0), REG(12, 12, 1), REG(12, 12, 2), REG(12, 12, 3),
        REG(12, 12, 4), REG(12, 12, 5), REG(12, 12, 6), REG(12, 12, 7),
        BP_GIC_REG(3, 4, 12, 8, 0), BP_GIC_REG(3, 4, 12, 9, 0), BP_GIC_REG(3, 4, 12, 9, 5),
        BP_GIC_REG(3, 4, 12, 11, 0), BP_GIC_REG(3, 4, 12, 11, 1), BP_GIC_REG(3, 4, 12, 11, 2),
        BP_GIC_REG(3, 4, 12, 11, 3), BP_GIC_REG(3, 4, 12, 11, 5), BP_GIC_REG(3, 4, 12, 11, 7),
        BP_GIC_REG(3, 4, 12, 12, 0), BP_GIC_REG(3, 4, 12, 12, 1), BP_GIC_REG(3, 4, 12, 12, 2),
        BP_GIC_REG(3, 4, 12, 12, 3), BP_GIC_REG(3, 6, 12, 12, 4), BP_GIC_REG(3, 6, 12, 12, 5),
        BP_GIC_REG(3, 6, 12, 12, 7),
    };
    return p[3] ? (uint32_t)le(p + 2, 2) : regs[p[2] % (sizeof regs / sizeof *regs)];
}

static void step(struct bench *b, const uint8_t *p)
{
    unsigned cpu = p[1] & 7, window = p[1] >> 3 & 3;
    uint32_t n = (uint32_t)le(p + 4, 4);
    uint64_t v = value_of(p), ignored;
    struct bp_gic_who who = who_of(p);
    switch (p[0] % OPS) {
    case READ:
        rig_read_as(&b->r, cpu, window, offset_of(b, window, p), 1u << (p[5] & 3));
        break;
    case WRITE:
        rig_write_as(&b->r, cpu, window, offset_of(b, window, p), 1u << (p[5] & 3), v);
        break;
    case GET:
        if (b->bus->read)
            b->bus->read(b->gic, &who, reg_of(p), &ignored);
        break;
    case SET:
        if (b->bus->write)
            b->bus->write(b->gic, &who, reg_of(p), v);
        break;
    case PIN:
        rig_set(&b->r, p[2] % RIG_PINS, p[3] & 1);
        break;
    case MESSAGE:
        if (b->msi)
            b->msi->send(b->its, n, DOORBELL, (uint32_t)v);
        break;
    case POKE:
        rig_poke(&b->r, le(p + 2, 3) % (RIG_RAM_SIZE - 8), p + 8, 8);
        break;
    case COMMAND:
        if (b->v3)
            command(b, (p[1] & 0x70 ? (unsigned)p[2] & 15 : p[2]) | (uint64_t)n << 32, v, value_of(p),
                    v);
        break;
    case STEER:
        if (b->bus->moved)
            b->bus->moved(b->gic, cpu, p[2] & 3, p[3] & 1);
        break;
    default:
        start(b);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    unsigned machine = data[0] % MACHINES;
    struct bench *b = bench_for(machine);
    data++;
    for (unsigned i = 0; i < RECORDS_MAX && (size_t)RECORD * (i + 1) < n; i++)
        step(b, data + RECORD * i);
    machine_reset(b->r.m);
    still_works(b, machine);
    return 0;
}

/* ---- seeds ---------------------------------------------------------------------------------------------- */

struct script {
    uint8_t bytes[2 + RECORD * 32];
    size_t n;
};

static void record(struct script *s, unsigned op, unsigned who, unsigned at, uint32_t n, uint64_t v)
{
    uint8_t *p = s->bytes + s->n;
    p[0] = (uint8_t)op;
    p[1] = (uint8_t)who;
    p[2] = (uint8_t)at;
    p[3] = (uint8_t)(at >> 8);
    for (unsigned i = 0; i < 4; i++)
        p[4 + i] = (uint8_t)(n >> 8 * i);
    for (unsigned i = 0; i < 8; i++)
        p[8 + i] = (uint8_t)(v >> 8 * i);
    s->n += RECORD;
}

static void interrupt_seed(struct script *s, bool v3)
{
    record(s, START, 0, 0, 0, 0);
    record(s, WRITE, 0, 0x404 + 36, 0, 0x80);
    record(s, WRITE, 0, v3 ? 0x6000 + 8 * 40 : 0x800 + 40, v3 ? 3 << 8 : 0, 1);
    record(s, WRITE, 0, 0x104, 2 << 8, 1u << 8);
    record(s, PIN, 0, 8 | 1 << 8, 0, 0);
    if (v3) {
        record(s, GET, 1, 1, 1, 0);
        record(s, SET, 1, 2, 1, 40);
        record(s, SET, 1, 23, 2, 1);
        record(s, SET, 1, 28, 2, 0xF8000003);
        record(s, SET, 1, 29, 2, UINT64_C(0x5080000000000022));
        record(s, GET, 1, 12, 1 | 14 << 8, 0);
    } else {
        record(s, READ, 1 | CPUIF << 3, 0xC, 2 << 8, 0);
        record(s, WRITE, 1 | CPUIF << 3, 0x10, 2 << 8, 40);
        record(s, WRITE, 1 | HYP << 3, 0, 2 << 8, 1);
        record(s, WRITE, 1 | HYP << 3, 8, 2 << 8, 0xF8000003);
        record(s, WRITE, 1 | HYP << 3, 0x100, 2 << 8, 0x18000022);
        record(s, READ, 1 | VCPU << 3, 0xC, 2 << 8, 0);
    }
}

static void its_seed(struct script *s)
{
    record(s, START, 0, 0, 0, 0);
    record(s, POKE, 0, CONFIG & 0xFFFF, CONFIG >> 16, 0xA1A1A1A1A1A1A1A1);
    record(s, COMMAND, 0x80, 8, 3, VALID | ITT | 15);
    for (unsigned code = 1; code < 16; code++)
        record(s, COMMAND, 0, code, 3, VALID | 1 << 16 | UINT64_C(8192) << 32);
    record(s, MESSAGE, 0, 0, 3, 5);
}

void fuzz_seeds(void (*add)(const void *data, size_t n))
{
    for (unsigned machine = 0; machine < MACHINES; machine++) {
        struct script s = { { (uint8_t)machine }, 1 };
        interrupt_seed(&s, machine >= V3);
        add(s.bytes, s.n + 1);
        if (machine < V3)
            continue;
        s.n = 1;
        its_seed(&s);
        add(s.bytes, s.n + 1);
    }
}
