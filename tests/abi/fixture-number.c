/* SPDX-License-Identifier: MIT */
/* fixture-number.c: a plugin for another plugin ABI. */
#include <backplane/abi.h>
#undef BP_ABI
#define BP_ABI 2
BP_PLUGIN("fixture-number", "1.0", "MIT");
