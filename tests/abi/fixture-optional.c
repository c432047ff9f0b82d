/* SPDX-License-Identifier: MIT */
/* fixture-optional.c: a plugin that can do without an interface. Its register says whether it
 * got it. */
#include <backplane/device.h>

struct wanted {
    uint32_t size;
};
BP_IMPORT_OPTIONAL(wanted, wanted_, "test.nobody/1");
static uint64_t present(void *dev, unsigned i) { return wanted_ != NULL; }
static const struct bp_reg regs[] = { { "PRESENT", 0, 32, .read = present } };
BP_DEVICE(dev, "abi-optional", "Takes what there is", .state_size = 4, .window = 8,
          .regs = BP_ROWS(regs));
BP_PLUGIN("fixture-optional", "1.0", "MIT");
