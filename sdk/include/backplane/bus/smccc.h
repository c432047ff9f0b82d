/* SPDX-License-Identifier: MIT */
/*
 * bus/smccc.h: the link by which a vCPU hands calls to firmware that the machine itself provides (Arm
 * SMC Calling Convention, DEN0028; Arm Power State Coordination Interface, DEN0022), and by which
 * that firmware switches vCPUs on and off.
 *
 * A firmware part offers it; vCPUs need it optionally. A vCPU with the link calls it for HVC or SMC, as it is
 * configured, instead of taking the exception.
 */
#ifndef BACKPLANE_BUS_SMCCC_H
#define BACKPLANE_BUS_SMCCC_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_SMCCC_ID "backplane.bus.smccc/1"

/* Who calls, and its registers: arguments in, results out. */
struct bp_smccc_call {
    uint32_t size;     /* sizeof(struct bp_smccc_call) as the caller's author knew it */
    uint32_t cpu;      /* number of the calling vCPU, as struct bp_smccc_cpu's index() gives it */
    uint32_t el;       /* exception level it calls from */
    uint32_t reserved; /* 0 */
    uint64_t x[18];    /* x0 to x17; w0 is the function */
};

enum bp_smccc_result {
    BP_SMCCC_UNKNOWN = 0, /* no such function: the vCPU puts -1 into x0 and goes on */
    BP_SMCCC_DONE = 1,    /* x[] holds the results: go on */
    BP_SMCCC_WAIT = 2,    /* likewise, after waiting for an interrupt, as WFI does */
    BP_SMCCC_STOP = 3,    /* does not return: the vCPU is off from here on, whoever switches it on gives a
                             new start; also where the whole machine is about to stop or be reset */
};

/* The firmware's side. */
struct bp_smccc {
    uint32_t size;     /* sizeof(struct bp_smccc) as the firmware's author knew it */
    uint32_t reserved; /* 0 */
    /* Holding no lock. [vcpu] */
    enum bp_smccc_result (*call)(void *dev, struct bp_smccc_call *call);
};

enum bp_smccc_power { BP_SMCCC_ON = 0, BP_SMCCC_OFF = 1, BP_SMCCC_ON_PENDING = 2 };

/* The vCPU's side: the face of the need. All may be called from any thread, by another vCPU's call too. [any] */
struct bp_smccc_cpu {
    uint32_t size;     /* sizeof(struct bp_smccc_cpu) as the vCPU's author knew it */
    uint32_t reserved; /* 0 */
    uint32_t (*index)(void *env);   /* its number, from 0 */
    uint64_t (*affinity)(void *env); /* MPIDR_EL1's Aff3..Aff0 fields, where they are in the register */
    enum bp_smccc_power (*power)(void *env);
    /* Where the vCPU is off: it becomes ON_PENDING and soon, reset, runs from `entry` at exception level
     * `el`, or the next lower one that it has, as firmware would have set up the levels above, with `context` in x0.
     * Returns the state found, so OFF when it worked; exactly one of several callers gets that. */
    enum bp_smccc_power (*switch_on)(void *env, uint64_t entry, uint64_t context, uint32_t el);
};

#ifdef __cplusplus
}
#endif
#endif
