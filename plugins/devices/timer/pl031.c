/* SPDX-License-Identifier: MIT */
/*
 * pl031.c: the PrimeCell real-time clock PL031 (Arm DDI 0224, chapter 3): seconds since 1970, one
 * match. The clock was started when the machine was made and has a battery: it cannot be stopped, and
 * goes on through a reset.
 */
#include <backplane/device.h>
#include <backplane/time.h>

struct pl031 {
    uint32_t mr, lr, imsc;
    uint32_t ris;
    uint32_t offset_s; /* the guest's count minus the host's, modulo 2^32 */
    struct bp_timer match;
    struct bp_pin *irq;
};

static uint32_t host_count(struct pl031 *s)
{
    return (uint32_t)(bp_now(s, BP_CLOCK_HOST) / BP_NS_PER_S);
}

static void update_irq(struct pl031 *s) { bp_pin_set(s->irq, s->ris & s->imsc); }

static void match_fire(void *dev)
{
    struct pl031 *s = dev;
    s->ris = 1;
    update_irq(s);
}

/* Waits for the second in which the count becomes the match. */
static void arm_match(struct pl031 *s)
{
    uint32_t left = s->mr - (host_count(s) + s->offset_s);
    int64_t second = bp_now(s, BP_CLOCK_HOST) / BP_NS_PER_S;
    if (!left) {
        bp_timer_cancel(s, &s->match);
        match_fire(s);
        return;
    }
    bp_timer_arm(s, &s->match, (second + left) * BP_NS_PER_S);
}

static uint64_t dr_read(void *dev, unsigned i)
{
    struct pl031 *s = dev;
    return host_count(s) + s->offset_s;
}

static void mr_written(void *dev, unsigned i, uint64_t value) { arm_match(dev); }

static void lr_written(void *dev, unsigned i, uint64_t value)
{
    struct pl031 *s = dev;
    s->offset_s = s->lr - host_count(s);
    arm_match(s);
}

static uint64_t cr_read(void *dev, unsigned i) { return 1; }
static void cr_write(void *dev, unsigned i, uint64_t value)
{
    /* "any writes to this bit have no effect" once it is set */
}

static void imsc_written(void *dev, unsigned i, uint64_t value) { update_irq(dev); }

static uint64_t mis_read(void *dev, unsigned i)
{
    struct pl031 *s = dev;
    return s->ris & s->imsc;
}

static void icr_write(void *dev, unsigned i, uint64_t value)
{
    struct pl031 *s = dev;
    if (value & 1)
        s->ris = 0;
    update_irq(s);
}

static uint64_t id_read(void *dev, unsigned i)
{
    static const uint8_t id[] = { 0x31, 0x10, 0x04, 0x00, 0x0D, 0xF0, 0x05, 0xB1 };
    return id[i];
}

static const struct bp_reg regs[] = {
    { "DR", 0x00, 32, .read = dr_read },
    { "MR", 0x04, 32, BP_FIELD(struct pl031, mr), .writable = UINT32_MAX, .write = mr_written },
    { "LR", 0x08, 32, BP_FIELD(struct pl031, lr), .writable = UINT32_MAX, .write = lr_written },
    { "CR", 0x0C, 32, .read = cr_read, .write = cr_write },
    { "IMSC", 0x10, 32, BP_FIELD(struct pl031, imsc), .writable = 1, .write = imsc_written },
    { "RIS", 0x14, 32, BP_FIELD(struct pl031, ris) },
    { "MIS", 0x18, 32, .read = mis_read },
    { "ICR", 0x1C, 32, .write = icr_write },
    { "ID", 0xFE0, 32, .count = 8, .read = id_read, .doc = "PeriphID0-3, PCellID0-3" },
};
static const struct bp_pin_row pins[] = { BP_OUT(struct pl031, irq) };
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct pl031, match, BP_CLOCK_HOST, match_fire),
};
static const struct bp_saved saved[] = { BP_KEPT(struct pl031, offset_s, 1) };

BP_DEVICE_IN(pl031, "pl031", "timer", "PrimeCell real-time clock PL031",
             .state_size = sizeof(struct pl031), .window = 0x1000, .regs = BP_ROWS(regs),
             .pins = BP_ROWS(pins), .timers = BP_ROWS(timers), .saved = BP_ROWS(saved),
             .fdt_name = "pl031", .fdt_compatible = "arm,pl031 arm,primecell");
BP_PLUGIN("pl031", "1.0", "MIT");
