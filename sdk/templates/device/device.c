/* SPDX-License-Identifier: MIT */
/* device.c: what it models (name the manual and the chapter). */
#include <backplane/device.h>

/* One instance. Everything the device remembers is here; nothing is static. */
struct dev {
    uint32_t control;
    uint32_t model; /* a property: configuration, which no reset and no guest changes */
    struct bp_pin *irq;
};

/* [bus] after the guest wrote CONTROL, whose storage has the new value already. */
static void control_written(void *dev, unsigned i, uint64_t value)
{
    struct dev *s = dev;
    bp_pin_set(s->irq, s->control & 1);
}

/* A register is stated once: decoding, masks, reset, saving and tracing follow from the row. */
static const struct bp_reg regs[] = {
    { "CONTROL", 0, 32, BP_FIELD(struct dev, control), .writable = 0x1, .write = control_written },
    { "ID", 4, 32, .reset_prop = "model", .doc = "what the property is set to, for the guest to read" },
};
static const struct bp_pin_row pins[] = { BP_OUT(struct dev, irq) };
static const struct bp_prop props[] = { BP_UINT(struct dev, model, 1, 1, 7, "what ID reads") };

BP_DEVICE_IN(dev, "my-device", "misc", "One line about it",
          .state_size = sizeof(struct dev), .window = 0x1000, .regs = BP_ROWS(regs),
          .pins = BP_ROWS(pins), .props = BP_ROWS(props));
BP_PLUGIN("my-device", "0.1", "MIT");
