/* SPDX-License-Identifier: MIT */
/*
 * gic-virt.h: the virtual CPU interface that a hypervisor feeds through list registers, which GICv2
 * (GICH, GICV) and GICv3 (ICH, ICV) have in common. List registers and VMCR are kept in the layout of
 * version 3 (IHI 0069, ICH_LR<n>_EL2, ICH_VMCR_EL2), of which version 2's is a shorter spelling.
 *
 * Priorities have five bits, all of them preemption levels, in both versions.
 */
#ifndef GIC_VIRT_H
#define GIC_VIRT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    GIC_PRIORITY_MASK = 0xF8, /* five bits */
    GIC_BPR0_MIN = 2,         /* group 0's binary point leaves at most these bits out */
    GIC_BPR1_MIN = 3,
    GIC_IDLE = 0xFF,          /* running priority where nothing is active */
    GIC_SPURIOUS = 1023,
    GIC_LIST_REGS = 4,
};

/* ICH_HCR_EL2 and GICH_HCR. */
#define GIC_HCR_EN (UINT32_C(1) << 0)
#define GIC_HCR_UIE (UINT32_C(1) << 1)
#define GIC_HCR_LRENPIE (UINT32_C(1) << 2)
#define GIC_HCR_NPIE (UINT32_C(1) << 3)
#define GIC_HCR_GROUP_IES (UINT32_C(15) << 4)
#define GIC_HCR_TC (UINT32_C(1) << 10)
#define GIC_HCR_TALL0 (UINT32_C(1) << 11)
#define GIC_HCR_TALL1 (UINT32_C(1) << 12)
#define GIC_HCR_TDIR (UINT32_C(1) << 14)
#define GIC_HCR_EOICOUNT (UINT32_C(31) << 27)

/* ICH_VMCR_EL2. The low bits are those of GICV_CTLR, too. */
#define GIC_VMCR_ENG0 (UINT32_C(1) << 0)
#define GIC_VMCR_ENG1 (UINT32_C(1) << 1)
#define GIC_VMCR_ACKCTL (UINT32_C(1) << 2)
#define GIC_VMCR_FIQEN (UINT32_C(1) << 3)
#define GIC_VMCR_CBPR (UINT32_C(1) << 4)
#define GIC_VMCR_EOIM (UINT32_C(1) << 9)
#define GIC_VMCR_CTLR                                                                              \
    (GIC_VMCR_ENG0 | GIC_VMCR_ENG1 | GIC_VMCR_ACKCTL | GIC_VMCR_FIQEN | GIC_VMCR_CBPR |            \
     GIC_VMCR_EOIM)
#define GIC_VMCR_BPR1 18
#define GIC_VMCR_BPR0 21
#define GIC_VMCR_PMR 24

/* ICH_LR<n>_EL2. */
#define GIC_LR_VID UINT64_C(0xFFFFFFFF)
#define GIC_LR_PID 32
#define GIC_LR_PID_MASK UINT64_C(0x1FFF)
#define GIC_LR_EOI (UINT64_C(1) << 41)
#define GIC_LR_PRIORITY 48
#define GIC_LR_GROUP1 (UINT64_C(1) << 60)
#define GIC_LR_HW (UINT64_C(1) << 61)
#define GIC_LR_PENDING (UINT64_C(1) << 62)
#define GIC_LR_ACTIVE (UINT64_C(1) << 63)
#define GIC_LR_STATE (GIC_LR_PENDING | GIC_LR_ACTIVE)
/* Bits that exist: EOI and physical id overlap; priority has five bits. */
#define GIC_LR_BITS                                                                                \
    (GIC_LR_VID | GIC_LR_PID_MASK << GIC_LR_PID |                                                  \
     (uint64_t)GIC_PRIORITY_MASK << GIC_LR_PRIORITY | GIC_LR_GROUP1 | GIC_LR_HW | GIC_LR_STATE)

struct gic_virt {
    uint64_t lr[GIC_LIST_REGS];
    uint64_t hcr, vmcr;
    uint64_t apr[2]; /* active priorities of group 0 and 1: bit = priority / 8 */
};
/* A row of bp_saved for an array of them. */
#define GIC_VIRT_SAVED(type, member, since_)                                                       \
    { #member, offsetof(type, member), sizeof(((type *)0)->member), 8, since_ }

/* What the interface signals. */
struct gic_virt_lines {
    bool irq, fiq, maintenance;
};

/* The bits of a priority that decide preemption, for a binary point as group 0 and as group 1 (of its own BPR)
 * mean it (IHI 0069, 4.8.2 "Priority grouping"). */
static inline uint32_t gic_group_mask(unsigned bpr, bool own_group1)
{
    return 0xFF & ~((own_group1 ? 1u << bpr : 2u << bpr) - 1);
}

/* Running priority of active levels. */
static inline uint32_t gic_running(uint32_t levels)
{
    return levels ? (uint32_t)__builtin_ctz(levels) * 8 : GIC_IDLE;
}

void gic_virt_reset(struct gic_virt *v);
/* VMCR with values in range: binary points not below the minimum. */
void gic_virt_set_vmcr(struct gic_virt *v, uint32_t vmcr);
struct gic_virt_lines gic_virt_lines(const struct gic_virt *v);
uint32_t gic_virt_misr(const struct gic_virt *v);
uint32_t gic_virt_eisr(const struct gic_virt *v);
uint32_t gic_virt_elrsr(const struct gic_virt *v);
static inline uint32_t gic_virt_running(const struct gic_virt *v)
{
    return gic_running((uint32_t)(v->apr[0] | v->apr[1]));
}
/* The list register of the highest-priority pending interrupt, -1: none; with `signalled` only where it is
 * of sufficient priority to be taken now. */
int gic_virt_best(const struct gic_virt *v, bool signalled);
/* Takes that interrupt: returns its id. */
uint32_t gic_virt_acknowledge(struct gic_virt *v, int lr);
/* The end of interrupt `id`: a priority drop of the groups allowed (bit 0: group 0), then deactivation where the
 * mode says so. Returns the physical interrupt to deactivate, -1: none. */
int gic_virt_end(struct gic_virt *v, uint32_t id, unsigned groups);
int gic_virt_deactivate(struct gic_virt *v, uint32_t id);

#endif
