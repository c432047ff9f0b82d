/* SPDX-License-Identifier: MIT */
/* check.h: the parts of bp-check, which says whether a plugin file keeps the rules of the SDK. */
#ifndef BACKPLANE_BP_CHECK_H
#define BACKPLANE_BP_CHECK_H

#include "core/loader.h"

#include <stdbool.h>
#include <stdint.h>

#define BENCH_NAME "dev" /* the part under test */

/* One plugin file under test. */
struct subject {
    const char *path;
    struct plugin_file *file;
    unsigned problems;
    uint32_t accesses; /* random accesses a device */
    uint64_t seed;
    char *doing;       /* live.c: DOING_SIZE bytes shared with the child: what it did last */
};

/* One line about something that is wrong. */
void problem(struct subject *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the core and the plugin said with core_error() and bp_fail() since the last call, to go behind a
 * problem: ": a; b", or "". Owned by the caller. */
char *take_reason(void);

/* elf.c: exports, constructors, libc calls; by the file's bytes alone. */
void check_elf(struct subject *s);
/* tables.c: manifest against descriptors, rows against each other. Loaded files. */
void check_tables(struct subject *s);
/* Bytes of the device's state that some row covers: `covered` has state_size elements. */
void device_coverage(const struct bp_device *d, bool *covered);
/* live.c: makes the device in a machine without vCPUs, resets, pokes, saves and loads it. In a
 * child process. */
void check_device(struct subject *s, const struct bp_device *d);

#endif
