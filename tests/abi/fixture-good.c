/* SPDX-License-Identifier: MIT */
/* fixture-good.c: a plugin with nothing wrong: the one that others differ from. */
#include <backplane/device.h>

struct dev {
    uint32_t value;
    uint32_t start;
};
static void reset(void *dev)
{
    struct dev *d = dev;
    d->value = d->start;
}
static const struct bp_reg regs[] = {
    { "VALUE", 0, 32, BP_FIELD(struct dev, value), .writable = 0xffff, .doc = "sixteen bits" },
    { "ZERO", 4, 32 },
};
static const struct bp_prop props[] = { BP_UINT(struct dev, start, 7, 0, 100, "first value") };

BP_DEVICE(good, "abi-good", "A device of this core's size", .state_size = sizeof(struct dev),
          .window = 8, .regs = BP_ROWS(regs), .props = BP_ROWS(props), .reset = reset);
BP_PLUGIN("fixture-good", "1.0", "MIT");
