/* SPDX-License-Identifier: MIT */
/*
 * bus/semihosting.h: the link by which a vCPU hands semihosting calls (Semihosting for AArch32 and AArch64,
 * 2023Q3; RISC-V Semihosting 1.0, which refers to it) to the part that carries them out.
 *
 * Such a part is there when the user asks for it (-semihosting); vCPUs need it optionally, and without it
 * their semihosting instruction is what the architecture says it is without a debugger.
 */
#ifndef BACKPLANE_BUS_SEMIHOSTING_H
#define BACKPLANE_BUS_SEMIHOSTING_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_SEMIHOSTING_ID "backplane.semihosting/1"

struct bp_semihosting_call {
    uint32_t size;       /* sizeof(struct bp_semihosting_call) as the caller's author knew it */
    uint32_t word_bytes; /* 4 or 8: of the fields of parameter blocks */
    uint32_t op;         /* w0, a0 */
    uint32_t user;       /* the call came from an unprivileged level */
    uint64_t arg;        /* x1, a1: mostly the gva of the parameter block */
    uint64_t result;     /* out: for x0, a0 */
    void *env;           /* the calling vCPU ... */
    /* ... and where va, accessed as data with the caller's rights, lies: its gpa, and how many bytes from there
     * on are in the same page. False where the access would fault; nothing is raised. [vcpu] */
    bool (*translate)(void *env, uint64_t va, bool write, uint64_t *ret_gpa, uint64_t *ret_n);
};

enum bp_semihosting_result {
    BP_SEMIHOSTING_REFUSED = 0, /* not for this caller: as if there were no semihosting */
    BP_SEMIHOSTING_DONE = 1,    /* `result` is set: go on behind the instruction */
    BP_SEMIHOSTING_AGAIN = 2,   /* has to wait (for input): let others run, then make the same call again */
    BP_SEMIHOSTING_STOP = 3,    /* the machine is about to stop: the vCPU does not go on */
};

struct bp_semihosting {
    uint32_t size;     /* sizeof(struct bp_semihosting) as the part's author knew it */
    uint32_t reserved; /* 0 */
    /* Holding no lock. [vcpu] */
    enum bp_semihosting_result (*call)(void *dev, struct bp_semihosting_call *call);
};

#ifdef __cplusplus
}
#endif
#endif
