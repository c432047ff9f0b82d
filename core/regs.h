/* SPDX-License-Identifier: MIT */
/* regs.h: register tables: decoding, access rules, reset. The rules are those of
 * backplane/device.h. */
#ifndef BACKPLANE_CORE_REGS_H
#define BACKPLANE_CORE_REGS_H

#include <backplane/device.h>

#include <core/memory.h>

struct reg_table;

/* The rows of one window, ready for look-up; NULL where it has none. */
struct reg_table *reg_table_new(const struct bp_device *device, uint32_t window);
void reg_table_free(struct reg_table *table);

/* 1, 2, 4 or 8 bytes at any offset inside the window; the value as a little-endian reader sees it.
 * Bytes that no row knows go to the window's raw callbacks, cut and widened as they ask. Caller
 * holds what lock there is. */
uint64_t window_read(struct memory_window *w, uint64_t offset, unsigned bytes);
void window_write(struct memory_window *w, uint64_t offset, unsigned bytes, uint64_t value);

/* A register's storage, element i. */
uint64_t reg_load(const void *state, const struct bp_reg *row, uint32_t i);
void reg_store(void *state, const struct bp_reg *row, uint32_t i, uint64_t value);
static inline uint32_t reg_count(const struct bp_reg *row) { return row->count ? row->count : 1; }
/* What it holds after a reset: the row's value, or that of a property. */
uint64_t reg_reset_value(const struct part *part, const struct bp_reg *row);
void regs_reset(struct part *part);
/* Whether the rows' reset_prop name number properties; -EINVAL after core_error(). */
int regs_check(const struct part *part);

#endif
