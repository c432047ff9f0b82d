/* SPDX-License-Identifier: MIT */
/*
 * sifive-test.c: the SiFive test finisher, one 32-bit register through which a guest ends the
 * machine (values as in OpenSBI's lib/utils/reset/fdt_reset_sifive_test.c).
 */
#include <backplane/device.h>

enum { FINISH_FAIL = 0x3333, FINISH_PASS = 0x5555, FINISH_RESET = 0x7777 };

static void finish_write(void *dev, unsigned i, uint64_t value)
{
    switch (value & 0xFFFF) {
    case FINISH_PASS:
        bp_request_shutdown(dev, 0);
        break;
    case FINISH_FAIL:
        bp_request_shutdown(dev, (int)(value >> 16 & 0xFF));
        break;
    case FINISH_RESET:
        bp_request_reset(dev);
        break;
    default:
        bp_log(dev, BP_LOG_GUEST_ERROR, "FINISH: unknown value 0x%x", (unsigned)value);
    }
}

static uint64_t finish_read(void *dev, unsigned i) { return 0; }

static const struct bp_reg regs[] = {
    { "FINISH", 0, 32, .read = finish_read, .write = finish_write },
};

struct finisher {
    uint8_t unused;
};
static const struct bp_saved saved[] = { BP_TRANSIENT(struct finisher, unused) };

BP_DEVICE_IN(finisher, "sifive-test", "misc", "SiFive test finisher: power off and reset",
          .state_size = sizeof(struct finisher), .window = 0x1000, .regs = BP_ROWS(regs),
          .saved = BP_ROWS(saved), .fdt_name = "test",
          .fdt_compatible = "sifive,test1 sifive,test0 syscon");
BP_PLUGIN("sifive-test", "1.0", "MIT");
