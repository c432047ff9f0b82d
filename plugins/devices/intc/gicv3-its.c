/* SPDX-License-Identifier: MIT */
/*
 * gicv3-its.c: the interrupt translation service of a GICv3 (IHI 0069, chapter 5 and 12.18): turns
 * messages of devices into locality-specific interrupts, by tables in guest memory.
 *
 * One window: control frame and translation frame, 64 KiB each. It needs a GICv3 (link `gic`). Messages come through
 * the link of bus/msi.h, which tells who sends; plain writes to GITS_TRANSLATER do not, and are dropped.
 */
#include "gicv3-its.h"

#include <backplane/bus/msi.h>

enum {
    CTLR_ENABLED = 1,
    IIDR = 0x43B,
    TRANSLATER = 0x10040,
    WINDOW = 0x20000,
};
#define CTLR_QUIESCENT (UINT32_C(1) << 31)
#define RETRY UINT64_C(1)
#define STALLED UINT64_C(1)

/* Types of tables, and their entries of 8 bytes. */
#define BASER_DEVICES (UINT64_C(1) << 56 | UINT64_C(7) << 48)
#define BASER_COLLECTIONS (UINT64_C(4) << 56 | UINT64_C(7) << 48)
#define BASER_RW UINT64_C(0xF8E0FFFFFFFFFFFF)

static uint64_t ctlr_read(void *dev, unsigned i)
{
    struct its *s = dev;
    return s->ctlr & CTLR_ENABLED ? s->ctlr : CTLR_QUIESCENT;
}

static void ctlr_write(void *dev, unsigned i, uint64_t value)
{
    struct its *s = dev;
    s->ctlr = value & CTLR_ENABLED;
    its_run_commands(s);
}

static uint64_t iidr_read(void *dev, unsigned i) { return IIDR; }

/* Physical LPIs; entries of 8 bytes in translation tables; 16 bits of event, device and collection id (which the
 * field CIDbits says); vCPUs are named by number; no collections inside. */
static uint64_t typer_read(void *dev, unsigned i)
{
    return UINT64_C(1) | 7 << 4 | (ITS_ID_BITS - 1) << 8 | (ITS_ID_BITS - 1) << 13 |
           (uint64_t)(ITS_ID_BITS - 1) << 32 | UINT64_C(1) << 36;
}

/* A new queue begins at its start. */
static void cbaser_write(void *dev, unsigned i, uint64_t value)
{
    struct its *s = dev;
    s->creadr = 0;
}

static void cwriter_write(void *dev, unsigned i, uint64_t value)
{
    struct its *s = dev;
    if (value & RETRY)
        s->creadr &= ~STALLED;
    its_run_commands(s);
}

/* Two tables are all there are. */
static void baser_write(void *dev, unsigned i, uint64_t value)
{
    struct its *s = dev;
    if (i > ITS_COLLECTIONS)
        s->baser[i] = 0;
}

static uint64_t id_read(void *dev, unsigned i)
{
    static const uint8_t ids[12] = {
        0x44, 0, 0, 0, 0x92, 0xB4, 0x3B, 0, 0x0D, 0xF0, 0x05, 0xB1,
    };
    return ids[i % 12];
}

/* ---- messages ---------------------------------------------------------------------------------------------- */

static void translater_write(void *dev, unsigned i, uint64_t value)
{
    bp_log(dev, BP_LOG_GUEST_ERROR, "message %u from nobody: GITS_TRANSLATER needs a device's id",
           (unsigned)value);
}

static bool send(void *dev, uint32_t requester, uint64_t address, uint32_t data)
{
    struct its *s = dev;
    if (address != s->doorbell)
        return false;
    if (s->ctlr & CTLR_ENABLED && !its_signal(s, requester, data))
        bp_log(s, BP_LOG_GUEST_ERROR, "event %u of device 0x%x is not mapped", data, requester);
    return true;
}

static const struct bp_msi msi = { sizeof msi, 0, send };

/* ---- device ------------------------------------------------------------------------------------------------ */

static void its_reset(void *dev)
{
    struct its *s = dev;
    s->baser[ITS_DEVICES] = BASER_DEVICES;
    s->baser[ITS_COLLECTIONS] = BASER_COLLECTIONS;
}

static void its_fdt(void *dev, struct bp_fdt_node *node)
{
    bp_fdt_empty(node, "msi-controller");
    bp_fdt_u32(node, "#msi-cells", 1);
}

static const struct bp_reg regs[] = {
    { "GITS_CTLR", 0x0000, 32, BP_FIELD(struct its, ctlr), .read = ctlr_read, .write = ctlr_write },
    { "GITS_IIDR", 0x0004, 32, .read = iidr_read },
    { "GITS_TYPER", 0x0008, 64, .read = typer_read },
    { "GITS_CBASER", 0x0080, 64, BP_FIELD(struct its, cbaser),
      .writable = UINT64_C(0xB8EFFFFFFFFFFCFF), .write = cbaser_write },
    { "GITS_CWRITER", 0x0088, 64, BP_FIELD(struct its, cwriter), .writable = UINT64_C(0xFFFE0),
      .write = cwriter_write },
    { "GITS_CREADR", 0x0090, 64, BP_FIELD(struct its, creadr) },
    { "GITS_BASER", 0x0100, 64, BP_FIELDS(struct its, baser), .writable = BASER_RW,
      .write = baser_write },
    { "GITS_ID", 0xFFD0, 32, .count = 12, .read = id_read },
    { "GITS_TRANSLATER", TRANSLATER, 32, .write = translater_write },
};
static const struct bp_prop props[] = {
    BP_UINT(struct its, doorbell, 0, 0, 0,
            "gpa of GITS_TRANSLATER: messages through the link that go elsewhere are not for this part"),
};
static const struct bp_offer offers[] = { { .name = "msi", .id = BP_MSI_ID, .api = &msi } };
static const struct bp_need needs[] = { BP_NEED(struct its, gic, GICV3_LPI_ID, NULL) };

BP_DEVICE_IN(its, "arm-gicv3-its", "intc", "Interrupt translation service of a GICv3",
             .state_size = sizeof(struct its), .window = WINDOW, .regs = BP_ROWS(regs),
             .props = BP_ROWS(props), .offers = BP_ROWS(offers), .needs = BP_ROWS(needs),
             .reset = its_reset, .fdt_name = "its", .fdt_compatible = "arm,gic-v3-its",
             .fdt = its_fdt);
