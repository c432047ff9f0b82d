/* SPDX-License-Identifier: MIT */
/*
 * bus/gic-cpu.h: the link between an Arm vCPU and its interrupt controller (Arm Generic Interrupt
 * Controller Architecture, IHI 0069 for version 3, IHI 0048 for version 2).
 *
 * Both versions offer it; a vCPU needs it optionally and shows a face. Version 3 has its CPU interface in system
 * registers: the vCPU decodes MRS and MSR and passes on every ICC_* and ICH_* access, with what the
 * controller cannot know about the vCPU's state. The controller owns all registers behind them, ICC_SRE_ELx
 * included. Interrupts themselves are pins (irq, fiq, virq, vfiq).
 */
#ifndef BACKPLANE_BUS_GIC_CPU_H
#define BACKPLANE_BUS_GIC_CPU_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_GIC_CPU_ID "backplane.bus.gic-cpu/1"

/* A system register's number: op0 << 14 | op1 << 11 | CRn << 7 | CRm << 3 | op2. */
#define BP_GIC_REG(op0, op1, crn, crm, op2)                                                        \
    ((uint32_t)(op0) << 14 | (uint32_t)(op1) << 11 | (uint32_t)(crn) << 7 | (uint32_t)(crm) << 3 | \
     (uint32_t)(op2))

/* Who accesses, and what its own registers say about interrupts. The flags are effective values: false
 * where the level that owns the bit is absent or disabled. */
struct bp_gic_who {
    uint32_t cpu;     /* number of the vCPU in the machine, from 0 */
    uint32_t el;      /* exception level, 1 to 3 */
    bool secure;      /* in secure state (EL3 counts by SCR_EL3.NS, as ICC_* banking does) */
    bool virt_group0; /* at EL1 with HCR_EL2.FMO: group 0 registers mean ICV_* */
    bool virt_group1; /* at EL1 with HCR_EL2.IMO: group 1 registers mean ICV_* */
    bool el2_enabled; /* EL2 exists and is enabled in this security state: its traps apply */
    bool el3;         /* EL3 exists */
    bool el3_fiq;     /* SCR_EL3.FIQ: group 0 belongs to EL3 */
    bool el3_irq;     /* SCR_EL3.IRQ: group 1 belongs to EL3 */
    bool reserved[7]; /* false */
};

/* What an access came to. The traps are of class 0x18 (MSR, MRS); the vCPU builds the syndrome. */
enum bp_gic_access {
    BP_GIC_OK = 0,
    BP_GIC_UNDEFINED = 1, /* no such register, or not at this level, read-only, write-only */
    BP_GIC_TRAP_EL2 = 2,
    BP_GIC_TRAP_EL3 = 3,
};

struct bp_gic_cpu_bus {
    uint32_t size;     /* sizeof(struct bp_gic_cpu_bus) as the controller's author knew it */
    uint32_t reserved; /* 0 */
    /* System registers; NULL: none, the CPU interface is memory mapped (ID_AA64PFR0_EL1.GIC is 0). Both take the
     * controller's lock themselves and may drive the vCPU's interrupt inputs before they return. *value is touched
     * only where the result is BP_GIC_OK. [vcpu] */
    enum bp_gic_access (*read)(void *dev, const struct bp_gic_who *who, uint32_t reg,
                               uint64_t *value);
    enum bp_gic_access (*write)(void *dev, const struct bp_gic_who *who, uint32_t reg,
                                uint64_t value);
    /* The vCPU has entered or left EL3, or its security state (SCR_EL3.NS) has changed: whether an interrupt of
     * group 1 is IRQ or FIQ depends on both. Only vCPUs with EL3 need call it; after a reset it is at EL3, secure.
     * NULL: that makes no difference. Older controllers do not have it: see size. Takes the controller's lock. [vcpu] */
    void (*moved)(void *dev, uint32_t cpu, uint32_t el, bool secure);
};

/* The face that a vCPU shows. All callable from its own thread at any time, the first two from any. */
struct bp_gic_cpu_face {
    uint32_t size;     /* sizeof(struct bp_gic_cpu_face) as the target's author knew it */
    uint32_t reserved; /* 0 */
    uint32_t (*index)(void *env);   /* number in the machine, from 0 [any] */
    uint64_t (*mpidr)(void *env);   /* MPIDR_EL1: the affinity that routing and SGIs name [any] */
    bool (*secure)(void *env);      /* whether its accesses to memory are secure now [vcpu] */
};

#ifdef __cplusplus
}
#endif
#endif
