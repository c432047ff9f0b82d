/* SPDX-License-Identifier: MIT */
/*
 * rig.h: a small vCPU to run IR on, without a target: guest registers, some memory, the
 * interpreter.
 *
 * Guest registers: r0..r7 i64, w0..w3 i32, h0 h1 i16, b0 b1 i8, s0..s3 f32, d0..d3 f64, v0..v3
 * v128. Guest memory, through mmu 1 (mmu 0 has the first page only):
 *    0x10000..0x11fff  RAM in the TLB
 *    0x12000..0x12fff  RAM that only the slow path reaches
 *    0x13000..0x13fff  RAM that may be read through the TLB, not written
 *    elsewhere         faults: the run ends with RIG_FAULT
 */
#ifndef TESTS_IR_RIG_H
#define TESTS_IR_RIG_H

#include "tcg-runtime/ir/fold.h"
#include "tcg-runtime/ir/opt.h"

#include <backplane/backend.h>

#include <setjmp.h>

enum {
    R0 = 0, W0 = 8, H0 = 12, B0 = 14, S0 = 16, D0 = 20, V0 = 24, RIG_REGS = 28,
    RIG_HELPERS = 8,
    RIG_RAM = 0x4000,
    RIG_RAM_AT = 0x10000,
    RIG_CODE = 1 << 18,
};
#define RIG_FAULT UINT64_MAX

extern const struct bp_guest_reg rig_regs[RIG_REGS];
/* add2(i64, i64) i64 pure; widths(i8, i16, i32, i64, f64) i64 pure; get_r7(env) i32 reads state;
 * set_r7(env, i64) writes state; raise(env) may raise; halt(env) never returns; fp_touch(env)
 * float; fret(f32) f32 pure. */
extern const struct bp_helper *const rig_helpers[RIG_HELPERS];

struct rig {
    /* What the runtime keeps below env. */
    _Alignas(64) struct rig_fields {
        uint64_t tlb[16][2];
        struct bp_jump_slot *jump_cache;
        uint64_t jump_tag, pc;
        uint32_t interrupt, site, fp_flags, fp_rounding, fp_control;
        int64_t counter;
        struct rig *self;
    } fields;
    uint8_t env[512]; /* guest registers */
    _Alignas(16) uint8_t ram[RIG_RAM];
    _Alignas(32) struct bp_tlb_slot tlb_slots[2][16];
    struct bp_jump_slot jumps[1 << BP_JUMP_CACHE_LOG2];
    struct bp_slots slots;
    struct bp_runtime_calls calls;
    const struct bp_backend *backend;
    _Alignas(16) uint8_t code[RIG_CODE];
    uint32_t code_used;
    uint32_t exit_patch[64];
    uint32_t exit_base; /* offset of the last translation's code */
    struct bp_state_site sites[256];
    uint32_t site_count;
    unsigned slow_calls; /* accesses that took the slow path */
    uint64_t fault_address;
    jmp_buf unwind;
};

/* Owned by the caller: rig_free(). Aborts the test program where there is no memory. */
struct rig *rig_new(void);
void rig_free(struct rig *rig);
/* Registers, memory and slots as they are at first; code and jump cache stay. */
void rig_reset(struct rig *rig);
/* Of a vector, both halves; rig_get() the lower one. */
void rig_set(struct rig *rig, unsigned reg, uint64_t value);
uint64_t rig_get(const struct rig *rig, unsigned reg);

/* Compiles behind what is there; NULL, after a message, where the backend refuses. */
const uint8_t *rig_compile(struct rig *rig, const struct ir_buffer *b);
/* Forgets all code. */
void rig_clear(struct rig *rig);
/* The exit word, or RIG_FAULT. */
uint64_t rig_run(struct rig *rig, const uint8_t *code);

/* Whether two translations do the same: both pass the checker and, run from `seeds` pseudo-random
 * states, leave equal registers, memory, float flags and exit (exits are told apart by pc). Else
 * msg says what differs. Forgets all code. */
bool rig_compare(struct rig *rig, struct ir_buffer *a, struct ir_buffer *b, unsigned seeds,
                 char *msg, size_t size);

/* Parses into b, which has rig_regs; prints what is wrong. */
bool rig_parse(struct ir_buffer *b, const char *text);

#endif
