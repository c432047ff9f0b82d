/* SPDX-License-Identifier: MIT */
/*
 * fold.h: appending with folding: the first half of the optimiser, done while the target emits.
 *
 * ir_append() takes a record whose operands are values it returned before, and gives back the
 * value to use in its place, which may be an earlier one. In this order:
 *
 *  1. constants are evaluated (ir_eval);
 *  2. the rules of fold.rules rewrite the record, until none fits: each makes it smaller or brings
 *     it nearer to the normal form (constants right, no sub of a constant, address sums in the
 *     displacement, comparisons inside exit_if and branch), so this ends;
 *  3. a pure record that the block already has is not appended again; nor is float arithmetic,
 *     whose flags are sticky, unless the flags were looked at in between;
 *  4. `get` gives the value that the register is known to have in this block, from a put or an
 *     earlier get, and a `put` of the value that the register already has is dropped. Calls that
 *     write state make all registers unknown.
 *
 * After a record with which control always leaves, records up to the next `block` are dropped and
 * have the value 0.
 */
#ifndef TCG_IR_FOLD_H
#define TCG_IR_FOLD_H

#include "ir.h"

bp_value ir_append(struct ir_buffer *b, struct bp_ir r);

/* Appends an exit, exit_if or leave with its way out; the exit is not kept where the record is
 * folded away. */
bp_value ir_append_exit(struct ir_buffer *b, struct bp_ir r, const struct bp_ir_exit *exit);

/* The value that the guest register is known to have behind the last record, 0 where it is not known. */
bp_value ir_known_value(const struct ir_buffer *b, uint32_t reg);

/* Empties `to` and appends everything of `from` to it: folding of IR that was parsed or appended
 * raw. 0, -EINVAL where `from` does not pass ir_check(), or -ENOMEM. */
int ir_refold(struct ir_buffer *to, const struct ir_buffer *from);

/* The rules as written, for tests. A buffer's rule_hits, where set, has this many elements. */
extern const char *const ir_fold_rule_text[];
extern const unsigned ir_fold_rule_count;

#endif
