/* SPDX-License-Identifier: MIT */
/*
 * instrument.h: counting and tracing guest code. An instrument sees each translation once and inserts
 * counters or callbacks, which are compiled into the guest's code before optimisation.
 *
 * It is started by -load-plugin FILE[,PROP=VALUE...], and sees what is translated: addresses and bytes of
 * instructions. What kind they are it decodes itself; data addresses and registers are not shown.
 *
 * Per-vCPU state is declared by size and owned by the core: no lock, no allocation. Counters inserted with
 * bp_tb_count_insns() stay exact when a block is left midway, by a side exit or a fault.
 */
#ifndef BACKPLANE_INSTRUMENT_H
#define BACKPLANE_INSTRUMENT_H

#include <backplane/device.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bp_run;  /* one loaded instrument in one machine; core-owned */
struct bp_tb;   /* a translation block under construction; valid during the callback */
struct bp_insn; /* one guest instruction of it */

struct bp_instrument {
    struct bp_head head;
    const char *doc;
    uint32_t state_size;     /* bytes of state for the run, passed as `state` */
    uint32_t vcpu_state;     /* bytes a vCPU, zeroed; at most 64 KiB */
    struct bp_rows props;    /* struct bp_prop on the run's state */
    int (*start)(struct bp_run *run, void *state);                 /* [main] or NULL */
    void (*tb)(struct bp_run *run, struct bp_tb *tb);              /* [translate] */
    void (*end)(struct bp_run *run);                               /* [main] once: report */
};
#define BP_INSTRUMENT(sym, iid, doc_, ...)                                                         \
    BP_ENTITY(BP_CAT(sym, _instrument), iid, BP_KIND_INSTRUMENT, "instrument", "doc=" doc_ "\n",   \
              bp_instrument, .doc = doc_, __VA_ARGS__)

struct bp_instrument_api {
    uint32_t size, reserved;
    uint32_t (*vcpus)(struct bp_run *run);
    void *(*vcpu_state)(struct bp_run *run, uint32_t vcpu);
    void *(*state)(struct bp_run *run);
    void (*report)(struct bp_run *run, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
    uint32_t (*tb_insns)(struct bp_tb *tb);
    uint64_t (*tb_pc)(struct bp_tb *tb);
    struct bp_insn *(*tb_insn)(struct bp_tb *tb, uint32_t i);
    uint64_t (*insn_pc)(struct bp_insn *insn);
    uint32_t (*insn_bytes)(struct bp_insn *insn, void *buf, uint32_t size);
    void (*tb_add)(struct bp_tb *tb, uint32_t offset, uint64_t n);
    void (*tb_count_insns)(struct bp_tb *tb, uint32_t offset);
    void (*insn_add)(struct bp_insn *insn, uint32_t offset, uint64_t n);
    void (*insn_call)(struct bp_insn *insn, void (*fn)(void *vcpu_state, uint64_t arg), uint64_t arg);
};
BP_IMPORT(bp_instrument_api, bp_instrument_, "backplane.instrument/1");

/* Number of vCPUs, and the state of one (from 0). [main] or [translate] */
static inline uint32_t bp_vcpus(struct bp_run *run) { return bp_instrument_->vcpus(run); }
static inline void *bp_vcpu_state(struct bp_run *run, uint32_t vcpu)
{
    return bp_instrument_->vcpu_state(run, vcpu);
}
static inline void *bp_run_state(struct bp_run *run) { return bp_instrument_->state(run); }

/* Writes to the instrument's output: standard error, or -D's file. [any] */
#define bp_report(run, ...) bp_instrument_->report(run, __VA_ARGS__)

/* The block: number of instructions, guest virtual address, instruction i. [translate] */
static inline uint32_t bp_tb_insns(struct bp_tb *tb) { return bp_instrument_->tb_insns(tb); }
static inline uint64_t bp_tb_pc(struct bp_tb *tb) { return bp_instrument_->tb_pc(tb); }
static inline struct bp_insn *bp_tb_insn(struct bp_tb *tb, uint32_t i)
{
    return bp_instrument_->tb_insn(tb, i);
}
static inline uint64_t bp_insn_pc(struct bp_insn *insn) { return bp_instrument_->insn_pc(insn); }
/* Copies up to `size` of its bytes; returns its length. */
static inline uint32_t bp_insn_bytes(struct bp_insn *insn, void *buf, uint32_t size)
{
    return bp_instrument_->insn_bytes(insn, buf, size);
}

/* Each time the block is entered: the uint64_t at `offset` of the vCPU's state += n. [translate] */
static inline void bp_tb_add(struct bp_tb *tb, uint32_t offset, uint64_t n)
{
    bp_instrument_->tb_add(tb, offset, n);
}
/* Each time the block is left: the uint64_t at `offset` += instructions completed in it. [translate] */
static inline void bp_tb_count_insns(struct bp_tb *tb, uint32_t offset)
{
    bp_instrument_->tb_count_insns(tb, offset);
}
/* Before each execution of the instruction. fn runs [vcpu]. [translate] */
static inline void bp_insn_add(struct bp_insn *insn, uint32_t offset, uint64_t n)
{
    bp_instrument_->insn_add(insn, offset, n);
}
static inline void bp_insn_call(struct bp_insn *insn, void (*fn)(void *vcpu_state, uint64_t arg),
                                uint64_t arg)
{
    bp_instrument_->insn_call(insn, fn, arg);
}

#ifdef __cplusplus
}
#endif
#endif
