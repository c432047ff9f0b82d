/* SPDX-License-Identifier: MIT */
/* instruments.h: what instruments ask of a translation, and how it is put into its IR. */
#ifndef BACKPLANE_TCG_INSTRUMENTS_H
#define BACKPLANE_TCG_INSTRUMENTS_H

#include "tcg-runtime/exec/tcg.h"
#include "tcg-runtime/ir/fold.h"

/* An instruction of the block, found by a first pass over it. */
struct bp_insn {
    struct bp_tb *tb;
    uint64_t pc;
    uint32_t index, length;
    uint8_t bytes[16];
};

enum request_kind { REQUEST_ADD = 1, REQUEST_CALL = 2 };

/* Something to do before an instruction. */
struct request {
    uint32_t insn;
    uint32_t kind;      /* enum request_kind */
    int32_t offset;     /* from env: the counter, or the run's per-vCPU state */
    uint64_t n;         /* what to add, or the callback's argument */
    void (*fn)(void *vcpu_state, uint64_t arg);
};

/* The block under construction as instruments see it. */
struct bp_tb {
    struct instrument_run *run; /* whose callback is running */
    struct bp_insn *insns;
    uint32_t insn_count, insn_room;
    struct request *requests;
    uint32_t request_count, request_room;
    int32_t *count_offsets;     /* counters of completed instructions */
    uint32_t count_offset_count, count_offset_room;
};

/* Places the runs' per-vCPU state below the area; bytes that takes. [main] once */
size_t instruments_init(struct tcg *tcg);
void instruments_start(struct tcg *tcg);
void instruments_finish(struct tcg *tcg);
void instruments_free(struct tcg *tcg);

void instruments_tb_reset(struct bp_tb *tb);
void instruments_tb_free(struct bp_tb *tb);
struct bp_insn *instruments_tb_add_insn(struct bp_tb *tb, uint64_t pc);
/* Lets every instrument see the block. */
void instruments_see(struct tcg *tcg, struct bp_tb *tb);
/* Emits what was asked for before instruction `insn`. */
void instruments_emit(const struct bp_tb *tb, uint32_t insn, struct ir_buffer *ir);
/* Emits additions of `insns` to the counters of completed instructions. */
void instruments_emit_completed(const struct bp_tb *tb, uint64_t insns, struct ir_buffer *ir);

extern const struct bp_instrument_api tcg_instrument_api;

#endif
