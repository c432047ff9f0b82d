/* SPDX-License-Identifier: MIT */
/* open_flags.h: between calls, which see the C library's headers, and open_flags.c, which sees the
 * kernel's. */
#ifndef OPEN_FLAGS_H
#define OPEN_FLAGS_H

#include <backplane/abi.h>

uint32_t open_flags_convert(const struct bp_rows *guest_rows, bool to_guest, uint32_t flags);

#endif
