/* SPDX-License-Identifier: MIT */
/*
 * pl061.c: the PrimeCell GPIO PL061 (Arm DDI 0190, chapter 3): eight lines, each an input or an
 * output, with interrupts on edges or levels. A line that is an input does not drive its output pin.
 */
#include <backplane/board.h>
#include <backplane/device.h>

struct pl061 {
    uint32_t data, dir, is, ibe, iev, ie, afsel;
    uint32_t edges;  /* latched, as RIS shows them */
    uint8_t inputs;  /* levels from outside */
    uint8_t lines;   /* as last seen: outputs as driven, inputs as given */
    struct bp_pin *out[8];
    struct bp_pin *irq;
};

static uint8_t line_levels(const struct pl061 *s)
{
    return (uint8_t)((s->data & s->dir) | (s->inputs & ~s->dir));
}

static uint8_t raw_status(const struct pl061 *s)
{
    uint8_t levels = (uint8_t)~(s->lines ^ s->iev);
    return (uint8_t)((levels & s->is) | (s->edges & ~s->is));
}

static void update(struct pl061 *s)
{
    uint8_t now = line_levels(s), changed = now ^ s->lines;
    s->lines = now;
    s->edges |= changed & ~s->is & (s->ibe | ~(uint32_t)(now ^ s->iev)) & 0xFF;
    for (unsigned i = 0; i < 8; i++)
        bp_pin_set(s->out[i], s->data & s->dir & 1u << i);
    bp_pin_set(s->irq, raw_status(s) & s->ie);
}

static void input_set(void *dev, unsigned i, bool level)
{
    struct pl061 *s = dev;
    s->inputs = (uint8_t)((s->inputs & ~(1u << i)) | (unsigned)level << i);
    update(s);
}

/* The address carries a mask: bits 9 to 2 select the lines. */
static uint64_t data_read(void *dev, unsigned i)
{
    struct pl061 *s = dev;
    return line_levels(s) & i;
}

static void data_write(void *dev, unsigned i, uint64_t value)
{
    struct pl061 *s = dev;
    uint32_t mask = i & s->dir;
    s->data = (s->data & ~mask) | ((uint32_t)value & mask);
    update(s);
}

static void written(void *dev, unsigned i, uint64_t value) { update(dev); }

/* Bits that turn to edge detection forget nothing; those that turn to levels have nothing latched. */
static void is_written(void *dev, unsigned i, uint64_t value)
{
    struct pl061 *s = dev;
    s->edges &= ~s->is;
    update(s);
}

static uint64_t ris_read(void *dev, unsigned i) { return raw_status(dev); }

static uint64_t mis_read(void *dev, unsigned i)
{
    struct pl061 *s = dev;
    return raw_status(s) & s->ie;
}

static void ic_write(void *dev, unsigned i, uint64_t value)
{
    struct pl061 *s = dev;
    s->edges &= ~(uint32_t)value;
    update(s);
}

static uint64_t id_read(void *dev, unsigned i)
{
    static const uint8_t id[] = { 0x61, 0x10, 0x04, 0x00, 0x0D, 0xF0, 0x05, 0xB1 };
    return id[i];
}

static void pl061_reset(void *dev)
{
    struct pl061 *s = dev;
    s->data = s->edges = 0;
    s->lines = line_levels(s);
}

static void pl061_fdt(void *dev, struct bp_fdt_node *node)
{
    bp_fdt_empty(node, "gpio-controller");
    bp_fdt_u32(node, "#gpio-cells", 2);
}

#define BITS(name, offset, member, hook)                                                           \
    { name, offset, 32, BP_FIELD(struct pl061, member), .writable = 0xFF, .write = hook }
static const struct bp_reg regs[] = {
    { "DATA", 0x000, 32, .count = 256, .read = data_read, .write = data_write },
    BITS("DIR", 0x400, dir, written),
    BITS("IS", 0x404, is, is_written),
    BITS("IBE", 0x408, ibe, written),
    BITS("IEV", 0x40C, iev, written),
    BITS("IE", 0x410, ie, written),
    { "RIS", 0x414, 32, .read = ris_read },
    { "MIS", 0x418, 32, .read = mis_read },
    { "IC", 0x41C, 32, .write = ic_write },
    { "AFSEL", 0x420, 32, BP_FIELD(struct pl061, afsel), .writable = 0xFF,
      .flags = BP_REG_UNIMPL, .doc = "hardware control of lines" },
    { "ID", 0xFE0, 32, .count = 8, .read = id_read, .doc = "PeriphID0-3, PCellID0-3" },
};
static const struct bp_pin_row pins[] = {
    BP_OUTS(struct pl061, out), BP_OUT(struct pl061, irq), BP_INS("in", 8, input_set),
};
static const struct bp_saved saved[] = {
    BP_SAVED(struct pl061, data, 1), BP_SAVED(struct pl061, edges, 1),
    BP_SAVED(struct pl061, inputs, 1), BP_SAVED(struct pl061, lines, 1),
};

BP_DEVICE_IN(pl061, "pl061", "misc", "PrimeCell GPIO PL061", .state_size = sizeof(struct pl061),
             .window = 0x1000, .regs = BP_ROWS(regs), .pins = BP_ROWS(pins),
             .saved = BP_ROWS(saved), .reset = pl061_reset, .fdt_name = "pl061",
             .fdt_compatible = "arm,pl061 arm,primecell", .fdt = pl061_fdt);
BP_PLUGIN("pl061", "1.0", "MIT");
