/* SPDX-License-Identifier: MIT */
/* fixture-import.c: a plugin that asks for interface IMPORT of SIZE bytes. */
#include <backplane/device.h>

struct wanted {
    uint8_t bytes[SIZE];
};
BP_IMPORT(wanted, wanted_, IMPORT);
BP_DEVICE(dev, "abi-import", "Asks for too much", .state_size = 4, .window = 8);
BP_PLUGIN("fixture-import", "1.0", "MIT");
