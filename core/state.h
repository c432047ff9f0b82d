/* SPDX-License-Identifier: MIT */
/* state.h: saved state: registers, timers, listed members, RAM and ROM contents, as a stream of
 * named items. */
#ifndef BACKPLANE_CORE_STATE_H
#define BACKPLANE_CORE_STATE_H

#include <glib.h>

struct machine;
struct part;

/* Appends a part's state. Machine stopped or its lock held. 0, or -EFBIG after core_error(). */
int state_save_part(struct part *part, GByteArray *out);
/* Takes it back, calls post_load. 0, or -EINVAL after core_error(): the part must be reset then. */
int state_load_part(struct part *part, const void *data, size_t n, size_t *ret_used);
/* The whole machine: virtual time, parts in order, RAM. Machine stopped. */
int state_save(struct machine *m, GByteArray *out);
int state_load(struct machine *m, const void *data, size_t n);

/* Name of the first item in which two saved states of the part differ, "" where their items do; NULL: equal.
 * After a reset, what outlives one (contents of windows, BP_SAVED_KEPT) is not looked at. Newly allocated. */
char *state_difference(const struct part *part, const GByteArray *a, const GByteArray *b,
                       bool after_reset);

#endif
