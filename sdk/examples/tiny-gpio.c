/* SPDX-License-Identifier: MIT */
/*
 * tiny-gpio.c: 32 outputs, 32 inputs and an interrupt at rising inputs. No board has it; place it:
 * -device tiny-gpio,id=gpio,addr=0xD000000,irq=plic.in[50],in[0]=gpio.out[2]
 */
#include <backplane/device.h>

struct gpio {
    uint32_t data, levels, enable, status;
    struct bp_pin *irq, *out[32];
};

static void update_irq(struct gpio *s) { bp_pin_set(s->irq, (s->status & s->enable) != 0); }
static void data_written(void *dev, unsigned i, uint64_t value)
{
    struct gpio *s = dev;
    for (unsigned n = 0; n < 32; n++)
        bp_pin_set(s->out[n], s->data >> n & 1);
}
static void interrupt_written(void *dev, unsigned i, uint64_t value) { update_irq(dev); }
static void in_set(void *dev, unsigned i, bool level)
{
    struct gpio *s = dev;
    s->levels = (s->levels & ~(UINT32_C(1) << i)) | (uint32_t)level << i;
    s->status |= (uint32_t)level << i;
    update_irq(s);
}

static const struct bp_reg regs[] = {
    { "OUT", 0x0, 32, BP_FIELD(struct gpio, data), .writable = UINT32_MAX, .write = data_written },
    { "IN", 0x4, 32, BP_FIELD(struct gpio, levels) },
    { "ENABLE", 0x8, 32, BP_FIELD(struct gpio, enable), .writable = UINT32_MAX,
      .write = interrupt_written },
    { "STATUS", 0xC, 32, BP_FIELD(struct gpio, status), .w1c = UINT32_MAX,
      .write = interrupt_written },
};
static const struct bp_pin_row pins[] = {
    BP_OUT(struct gpio, irq),
    BP_OUTS(struct gpio, out),
    BP_INS("in", 32, in_set),
};

BP_DEVICE_IN(gpio, "tiny-gpio", "misc", "32 outputs, 32 inputs", .state_size = sizeof(struct gpio),
             .window = 0x1000, .regs = BP_ROWS(regs), .pins = BP_ROWS(pins), .fdt_name = "gpio",
             .fdt_compatible = "acme,tiny-gpio");
BP_PLUGIN("tiny-gpio", "1.0", "MIT");
