/* SPDX-License-Identifier: MIT */
/*
 * gpio-keys.c: a key on a line of a GPIO controller, high while it is down, and the node that tells
 * Linux what it means (devicetree binding input/gpio-keys.yaml). The board wires `key` and adds the
 * node's `gpios`, which only it knows.
 */
#include <backplane/board.h>
#include <backplane/bus/button.h>
#include <backplane/device.h>
#include <backplane/time.h>

#define PRESS_NS (100 * BP_NS_PER_S / 1000)

struct keys {
    const char *name, *label;
    uint32_t code;
    struct bp_timer release;
    struct bp_pin *key;
};

static void release_fire(void *dev)
{
    struct keys *s = dev;
    bp_pin_set(s->key, false);
}

static void press(void *dev)
{
    struct keys *s = dev;
    bp_pin_set(s->key, true);
    bp_timer_arm(s, &s->release, bp_now(s, BP_CLOCK_VIRTUAL) + PRESS_NS);
}

static void keys_fdt(void *dev, struct bp_fdt_node *node)
{
    struct keys *s = dev;
    struct bp_fdt_node *key = bp_fdt_get_node(node, s->name);
    bp_fdt_string(key, "label", s->label);
    bp_fdt_u32(key, "linux,code", s->code);
}

static const struct bp_button api = { sizeof api, 0, press };
static const struct bp_offer offers[] = {
    { .name = "button", .id = BP_BUTTON_ID, .api = &api },
};
static const struct bp_pin_row pins[] = { BP_OUT(struct keys, key) };
static const struct bp_prop props[] = {
    BP_STRING(struct keys, name, "poweroff", "of the key's node"),
    BP_STRING(struct keys, label, "GPIO Key Poweroff", "for people"),
    BP_UINT(struct keys, code, 116, 0, 0x2FF, "Linux's number of the key"),
};
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct keys, release, BP_CLOCK_VIRTUAL, release_fire),
};

BP_DEVICE_IN(keys, "gpio-keys", "input", "A key on a GPIO line", .flags = BP_DEVICE_INTERNAL,
             .state_size = sizeof(struct keys), .pins = BP_ROWS(pins), .props = BP_ROWS(props),
             .offers = BP_ROWS(offers), .timers = BP_ROWS(timers), .fdt_name = "gpio-keys",
             .fdt_compatible = "gpio-keys", .fdt = keys_fdt);
BP_PLUGIN("gpio-keys", "1.0", "MIT");
