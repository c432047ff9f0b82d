/* SPDX-License-Identifier: MIT */
/* fixture-level.c: a plugin that asks for a later SDK level. */
#define BP_TARGET_LEVEL 199
#include <backplane/device.h>

BP_DEVICE(dev, "abi-level", "From the future", .state_size = 4, .window = 8);
BP_PLUGIN("fixture-level", "1.0", "MIT");
