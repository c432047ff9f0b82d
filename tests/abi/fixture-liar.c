/* SPDX-License-Identifier: MIT */
/* fixture-liar.c: a plugin whose manifest names a device that it has not. */
#include <backplane/abi.h>
BP_NOTE(note, "[device abi-ghost]\ndoc=Not there\n");
BP_PLUGIN("fixture-liar", "1.0", "MIT");
