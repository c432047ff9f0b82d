/* SPDX-License-Identifier: MIT */
/* open_flags.c: open()'s flags between guest, generic values and host. Kernel headers only: the C
 * library's O_LARGEFILE is 0. */
#include <linux/fcntl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <backplane/linux.h>

#include "open_flags.h"

/* Generic values that some hosts number otherwise. */
static const struct bp_linux_flag host_flags[] = {
    { 040000, O_DIRECT },
    { 0100000, O_LARGEFILE },
    { 0200000, O_DIRECTORY },
    { 0400000, O_NOFOLLOW },
};

/* Bits found in a row's `from` column become those of the other; bits in no row stay. */
static uint32_t convert(const void *rows, uint32_t count, uint32_t row_size, bool back,
                        uint32_t flags)
{
    uint32_t known = 0, result = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct bp_linux_flag *f =
            (const void *)((const uint8_t *)rows + (size_t)i * row_size);
        uint32_t from = back ? f->host : f->guest, to = back ? f->guest : f->host;
        known |= from;
        if (from && (flags & from) == from)
            result |= to;
    }
    return result | (flags & ~known);
}

uint32_t open_flags_convert(const struct bp_rows *guest_rows, bool to_guest, uint32_t flags)
{
    const uint32_t n = sizeof host_flags / sizeof *host_flags, size = sizeof *host_flags;
    if (to_guest) {
        flags = convert(host_flags, n, size, true, flags);
        return convert(guest_rows->row, guest_rows->count, guest_rows->row_size, true, flags);
    }
    flags = convert(guest_rows->row, guest_rows->count, guest_rows->row_size, false, flags);
    return convert(host_flags, n, size, false, flags);
}
