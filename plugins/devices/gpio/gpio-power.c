/* SPDX-License-Identifier: MIT */
/*
 * gpio-power.c: the machine's power supply and reset line, for GPIO outputs of firmware to pull
 * (devicetree bindings power/reset/gpio-poweroff.yaml, gpio-restart.yaml).
 */
#include <backplane/device.h>

struct power {
    uint8_t unused;
};

static void off_set(void *dev, unsigned i, bool level)
{
    if (level)
        bp_request_shutdown(dev, 0);
}

static void reset_set(void *dev, unsigned i, bool level)
{
    if (level)
        bp_request_reset(dev);
}

static const struct bp_pin_row pins[] = { BP_IN("off", off_set), BP_IN("reset", reset_set) };
static const struct bp_saved saved[] = { BP_TRANSIENT(struct power, unused) };

BP_DEVICE_IN(power, "gpio-power", "misc", "Power off and reset by a rising line",
             .flags = BP_DEVICE_INTERNAL, .state_size = sizeof(struct power),
             .pins = BP_ROWS(pins), .saved = BP_ROWS(saved));
BP_PLUGIN("gpio-power", "1.0", "MIT");
