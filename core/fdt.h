/* SPDX-License-Identifier: MIT */
/*
 * fdt.h: the device tree, generated from the board's graph (Devicetree Specification 0.4).
 *
 * A part has a node where its device has an fdt_name. `reg` comes from its windows, `interrupts`
 * from its wires: an output that is wired to a device with interrupt_cells, or to a vCPU whose node
 * has an interrupt-controller child, is an interrupt there; what stands for it is the controller's
 * fdt_interrupt(), or the input row's `number` plus the index. One controller gives interrupt-parent and interrupts; several, or a vCPU's,
 * interrupts-extended.
 */
#ifndef BACKPLANE_CORE_FDT_H
#define BACKPLANE_CORE_FDT_H

#include <backplane/board.h>

#include <glib.h>

struct fdt_tree;
struct graph;

void fdt_tree_free(struct fdt_tree *t);
/* The tree of the machine as bytes, made at the first call (later calls: the same). NULL after
 * core_error(). */
GBytes *fdt_make(struct graph *g);
/* What is wrong with a blob, or NULL: libfdt may then read it. fdt_check.c */
const char *fdt_check(const void *bytes, size_t n);
/* A tree from outside, checked, with bootargs and initrd put into /chosen where given. NULL with
 * a line in *ret_why (owned). */
GBytes *fdt_from_bytes(const void *bytes, size_t n, const char *append, uint64_t initrd_gpa,
                       uint64_t initrd_size, char **ret_why);

extern const struct bp_fdt_api fdt_api; /* backplane.fdt/1 */

#endif
