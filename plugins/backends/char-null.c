/* SPDX-License-Identifier: MIT */
/* char-null.c: a chardev that swallows everything and never sends. */
#include <backplane/chardev.h>

struct null {
    uint8_t unused;
};

static int null_open(void *drv) { return 0; }
static void null_close(void *drv) {}
static int64_t null_write(void *drv, const void *buf, size_t n) { return (int64_t)n; }
static void null_room_changed(void *drv) {}

BP_CHARDEV_DRIVER(null, "null", "Swallow output, no input", .state_size = sizeof(struct null),
                  .open = null_open, .close = null_close, .write = null_write,
                  .room_changed = null_room_changed);
BP_PLUGIN("char-null", "1.0", "MIT");
