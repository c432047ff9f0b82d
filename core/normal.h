/* SPDX-License-Identifier: MIT */
/* normal.h: descriptors of older plugins brought to this core's sizes. */
#ifndef BACKPLANE_CORE_NORMAL_H
#define BACKPLANE_CORE_NORMAL_H

#include <backplane/abi.h>

/* The descriptor itself where it is as this core knows it, else a copy that lives as long as the
 * process: the smaller of both sizes copied, the rest zero, tables likewise. */
const struct bp_head *normal_descriptor(const struct bp_head *head);
/* A table with rows of exactly `row_size` bytes: the same rows, or copies. */
struct bp_rows normal_rows(const struct bp_rows *rows, uint32_t row_size);

#endif
