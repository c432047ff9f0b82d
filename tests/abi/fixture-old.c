/* SPDX-License-Identifier: MIT */
/*
 * fixture-old.c: the same device as a plugin of an older SDK would have it: its descriptor ends
 * before the members for device trees, and its register and property rows before their doc.
 */
#include <backplane/device.h>

struct old_reg {
    const char *name;
    uint64_t offset;
    uint32_t width, field, field_size, count, stride, window, flags, reserved;
    uint64_t reset, writable, w1c;
    uint64_t (*read)(void *dev, unsigned i);
    void (*write)(void *dev, unsigned i, uint64_t value);
};
struct old_prop {
    const char *name;
    uint32_t type, field, field_size, reserved;
    uint64_t def, min, max;
    const char *def_text, *choices;
};
_Static_assert(sizeof(struct old_reg) == offsetof(struct bp_reg, doc), "a prefix");
_Static_assert(sizeof(struct old_prop) == offsetof(struct bp_prop, doc), "a prefix");

struct dev {
    uint32_t value;
    uint32_t start;
};
static void reset(void *dev)
{
    struct dev *d = dev;
    d->value = d->start;
}
static const struct old_reg regs[] = {
    { .name = "VALUE", .width = 32, .field = 0, .field_size = 4, .writable = 0xffff },
    { .name = "ZERO", .offset = 4, .width = 32 },
};
static const struct old_prop props[] = {
    { .name = "start", .type = BP_PROP_UINT, .field = 4, .field_size = 4, .def = 7, .max = 100 },
};

static const struct bp_device device = {
    .head = { offsetof(struct bp_device, fdt_name), BP_KIND_DEVICE, "abi-old" },
    .doc = "A device of an older core's size",
    .state_size = sizeof(struct dev),
    .window = 8,
    .regs = BP_ROWS(regs),
    .props = BP_ROWS(props),
    .reset = reset,
    /* behind the end of the old struct: must not be looked at */
    .fdt_name = (const char *)8,
    .fdt_compatible = (const char *)8,
};
__attribute__((used, retain, section("bp_entities"))) static const struct bp_head *const entity =
    &device.head;
BP_NOTE(note, "[device abi-old]\ndoc=A device of an older core's size\n");
BP_PLUGIN("fixture-old", "1.0", "MIT");
