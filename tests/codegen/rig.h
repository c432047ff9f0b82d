/* SPDX-License-Identifier: MIT */
/*
 * rig.h: a bench for backends: a vCPU state, guest memory with good, slow and faulting pages, code
 * memory, and a plain evaluator of IR (oracle.c) to compare with.
 */
#ifndef TESTS_CODEGEN_RIG_H
#define TESTS_CODEGEN_RIG_H

#include "tcg-runtime/alloc/alloc.h"

#include <backplane/backend.h>
#include <backplane/codegen.h>
#include <backplane/ir.h>

#include <setjmp.h>
#include <stdio.h>

/* Guest registers by number. */
enum { R_I64 = 0, N_I64 = 32, R_F64 = 32, N_F64 = 16, R_I32 = 48, N_I32 = 8, R_F32 = 56, N_F32 = 8,
       R_V128 = 64, N_V128 = 8, N_REGS = 72 };
#define PC_OFFSET 448
#define COUNTER_OFFSET 456
#define V128_OFFSET 464
#define ENV_BYTES (V128_OFFSET + 16 * N_V128)

#define RAM_VA UINT64_C(0x10000)
#define RAM_PAGES 16
#define RAM_BYTES (RAM_PAGES * 4096)
/* Pages of RAM: 0-7 and 14, 15 are found in the TLB; the others: */
#define PAGE_READ_ONLY 8 /* and 9: reads hit, writes fault */
#define PAGE_SLOW 10     /* and 11: no TLB entry, but good */
#define PAGE_FAULT 12    /* and 13 */

#define PROG_RECORDS 4096
#define PROG_EXITS 128

struct prog {
    struct bp_ir ir[PROG_RECORDS];
    uint32_t n;
    struct bp_ir_exit exits[PROG_EXITS];
    uint32_t exit_n;
    const struct bp_helper *helpers[16];
    uint32_t helper_n;
};

enum out_kind { OUT_EXIT, OUT_INTERRUPT, OUT_LOOKUP, OUT_LOOKUP_INTERRUPT, OUT_LEAVE, OUT_FAULT,
                OUT_ENDLESS /* the oracle's: gave up */ };

struct outcome {
    int kind;          /* enum out_kind */
    uint32_t exit;     /* EXIT, INTERRUPT */
    uint32_t why;      /* LEAVE */
    uint32_t mark;     /* FAULT: of the mark record */
    uint32_t flags;    /* sticky float flags */
};

struct rig {
    const struct bp_backend *backend;
    struct tcg_alloc *alloc;
    uint64_t features;
    struct bp_slots slots;
    struct bp_code_job job;
    uint8_t *cache_rw;
    const uint8_t *cache_rx;
    uint32_t cache_size, prologue;
    uint32_t at; /* where the next translation goes, behind the prologue; a multiple of 16 */
    uint8_t *area, *env;       /* env's headroom; env */
    uint8_t ram[RAM_BYTES];
    struct bp_tlb_slot *tlb, *tlbs[2]; /* in use; both */
    struct bp_jump_slot *jumps;
    uint32_t fault_mark;
    jmp_buf unwind;
    bool in_oracle;
    bool chained; /* exits back go back */
    uint64_t fault_va;
};

extern const struct bp_guest_reg rig_regs[N_REGS];
/* Helpers: adds; sums registers 0-7 (reads state); register 3 = 3 * it + arg (writes state);
 * faults where arg is odd; checks that the FP control is the host's and raises inexact; takes
 * six values. */
extern const struct bp_helper help_add, help_sum, help_write, help_raise, help_fp, help_six;

/* NULL after a message. `plugin`: a file, NULL for the backend linked in; `features`: mask. */
struct rig *rig_new(const char *plugin, uint64_t features);
void rig_free(struct rig *r);
/* Emits for other features than the host's from now on; the result is not to be run. */
void rig_features(struct rig *r, uint64_t features);
/* Compiles; 0 or -errno. */
int rig_compile(struct rig *r, const struct prog *p);
/* Runs what was compiled, from the state that is in env and ram. */
struct outcome rig_run(struct rig *r);
/* Evaluates instead. */
struct outcome rig_oracle(struct rig *r, const struct prog *p);

/* State */
void rig_reset(struct rig *r);
void rig_set(struct rig *r, unsigned reg, uint64_t v);
uint64_t rig_get(const struct rig *r, unsigned reg);
void rig_set_rounding(struct rig *r, unsigned rounding);
void rig_set_interrupt(struct rig *r, uint32_t v);
/* Makes `r` see the guest memory of another rig. */
void rig_share_ram(struct rig *r, struct rig *owner);
uint64_t rig_pc(const struct rig *r);
uint64_t rig_counter(const struct rig *r);
/* Number of host instructions compiled, stubs left out; text to f if not NULL. */
unsigned rig_count(const struct rig *r, bool all, FILE *f);

/* Building programs */
void prog_init(struct prog *p);
uint32_t p_emit(struct prog *p, unsigned op, unsigned type, unsigned aux, uint32_t a, uint32_t b,
                uint32_t c);
uint32_t p_const(struct prog *p, unsigned type, uint64_t v);
uint32_t p_exit_number(struct prog *p, uint64_t pc, uint32_t flags);
uint32_t p_call(struct prog *p, const struct bp_helper *h, unsigned n, const uint32_t *args);
uint32_t p_helper(struct prog *p, const struct bp_helper *h);
void p_mark(struct prog *p, uint64_t pc);
void prog_print(const struct prog *p, FILE *f);

/* Guest memory the slow way; may fault (unwinds). */
uint64_t rig_load(void *env, uint64_t va, uint32_t memop);
void rig_store(void *env, uint64_t va, uint64_t value, uint32_t memop);
uint64_t rig_rmw(void *env, uint64_t va, uint64_t value, uint32_t memop, uint32_t kind);
uint64_t rig_cas(void *env, uint64_t va, uint64_t expected, uint64_t desired, uint32_t memop);
struct rig *rig_of_env(void *env);

#endif
