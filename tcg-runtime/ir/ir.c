/* SPDX-License-Identifier: MIT */
/*
 * ir.c: the table of ops and the buffer's memory.
 */
#include "ir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The flag letters of BP_OPS. */
enum {
    LETTERS_0 = 0,
    LETTERS_P = IR_PURE,
    LETTERS_M = IR_MEMORY,
    LETTERS_MF = IR_MEMORY | IR_FAULT,
    LETTERS_X = IR_LEAVES,
    LETTERS_S = IR_STATE,
    LETTERS_E = IR_FLOAT,
};

const struct ir_op_info ir_ops[BP_OP_COUNT] = {
#define OP(name, text, operands, flags) [BP_##name] = { text, operands, LETTERS_##flags },
    BP_OPS(OP)
#undef OP
};

const uint8_t ir_type_bits[8] = { 0, 8, 16, 32, 64, 32, 64, 128 };
const uint64_t ir_type_mask[8] = { 0, 0xff, 0xffff, UINT32_MAX, UINT64_MAX, UINT32_MAX, UINT64_MAX,
                                   UINT64_MAX };

/* Makes room for one more element. */
static bool grow(void *array, uint32_t count, uint32_t *room, size_t size, uint32_t limit)
{
    if (count < *room)
        return true;
    uint32_t n = *room ? *room * 2 : 64;
    if (count >= limit)
        return false;
    void *p, *old;
    memcpy(&old, array, sizeof old);
    p = realloc(old, n * size);
    if (!p)
        return false;
    memcpy(array, &p, sizeof p);
    *room = n;
    return true;
}

int ir_init(struct ir_buffer *b, const struct bp_guest_reg *regs, uint32_t reg_count)
{
    memset(b, 0, sizeof *b);
    b->regs = regs;
    b->reg_count = reg_count;
    b->room = 1024;
    b->rec = malloc(b->room * sizeof *b->rec);
    b->use = malloc(b->room * sizeof *b->use);
    b->known = calloc(reg_count ? reg_count : 1, sizeof *b->known);
    if (!b->rec || !b->use || !b->known) {
        ir_free(b);
        return -ENOMEM;
    }
    ir_reset(b);
    return 0;
}

void ir_free(struct ir_buffer *b)
{
    free(b->rec);
    free(b->use);
    free(b->known);
    free(b->exits);
    free(b->helpers);
    memset(b, 0, sizeof *b);
}

void ir_reset(struct ir_buffer *b)
{
    b->rec[0] = (struct bp_ir){ .op = BP_NOP };
    b->count = 1;
    b->exit_count = 0;
    b->helper_count = 0;
    b->ended = false;
    b->failed = false;
    b->block_start = 1;
    b->flags_start = 1;
    /* The epoch goes on, so that what earlier translations knew is never current. */
    if (++b->epoch == 0) {
        memset(b->known, 0, b->reg_count * sizeof *b->known);
        b->epoch = 1;
    }
}

/* The two arrays by record grow together. */
static bool grow_records(struct ir_buffer *b)
{
    uint32_t room = b->room;
    if (!grow(&b->use, b->count, &room, sizeof *b->use, IR_MAX_RECORDS) ||
        !grow(&b->rec, b->count, &b->room, sizeof *b->rec, IR_MAX_RECORDS)) {
        b->failed = true;
        return false;
    }
    return true;
}

bp_value ir_append_raw(struct ir_buffer *b, struct bp_ir r)
{
    if (b->count == b->room && !grow_records(b))
        return 0;
    b->rec[b->count] = r;
    return b->count++;
}

uint32_t ir_add_exit(struct ir_buffer *b, const struct bp_ir_exit *exit)
{
    if (!grow(&b->exits, b->exit_count, &b->exit_room, sizeof *b->exits, IR_MAX_RECORDS)) {
        b->failed = true;
        return UINT32_MAX;
    }
    b->exits[b->exit_count] = *exit;
    return b->exit_count++;
}

uint32_t ir_add_helper(struct ir_buffer *b, const struct bp_helper *helper)
{
    for (uint32_t i = b->helper_count; i-- > 0;) {
        if (b->helpers[i] == helper)
            return i;
    }
    if (!grow(&b->helpers, b->helper_count, &b->helper_room, sizeof *b->helpers, IR_MAX_RECORDS)) {
        b->failed = true;
        return UINT32_MAX;
    }
    b->helpers[b->helper_count] = helper;
    return b->helper_count++;
}

bool ir_is_site(const struct ir_buffer *b, uint32_t i)
{
    const struct bp_ir *r = &b->rec[i];
    if (ir_ops[r->op].flags & (IR_FAULT | IR_LEAVES))
        return true;
    return r->op == BP_CALL && b->helpers[r->c]->flags &
                                   (BP_CALL_READS_STATE | BP_CALL_WRITES_STATE |
                                    BP_CALL_MAY_RAISE | BP_CALL_NO_RETURN);
}
