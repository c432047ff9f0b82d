/* SPDX-License-Identifier: MIT */
/*
 * opt.h: the backward pass over a finished buffer: dead code, dead puts, and who uses what.
 *
 * Afterwards
 *  - pure records, gets and calls of pure helpers that nobody uses are nops, with their args;
 *  - puts that are overwritten in their block before anybody could look (ir_is_site) are nops;
 *  - b->use[i] describes each record that is not a nop. Positions are record indices.
 *
 *      count       records that have the value as an operand; one that has it twice counts twice
 *      last        the last such record, 0 for none. An arg counts itself: the call or jump that
 *                  takes it follows directly
 *      last_state  the last site whose exit state holds the value through a put, 0 for none. A
 *                  site that ends the block counts: there puts are written back at the latest.
 *
 *    For a put, `last_state` is the last site at which it is the register's newest put, and `count`
 *    and `last` are 0. A put lives on to the end of its block or to the next put of its register.
 *    For a block's param, `count` and `last` cover its own uses, not the arguments passed to it.
 *
 * With several blocks `last` is the highest position of a use. Where a block is jumped to from
 * behind (a loop), a value from before the loop that is used in it lives to the jump: `last` is
 * raised to the position of the last such jump, so an allocator that walks positions backward
 * stays right.
 *
 * The buffer must obey the contract (ir_check). No memory is allocated; records are not moved.
 */
#ifndef TCG_IR_OPT_H
#define TCG_IR_OPT_H

#include "ir.h"

void ir_optimise(struct ir_buffer *b);

#endif
