/* SPDX-License-Identifier: MIT */
/* gic-virt.c: list registers, virtual priorities and the maintenance interrupt: see gic-virt.h. */
#include "gic-virt.h"

enum { LPI_FIRST = 8192 };

static unsigned lr_group(uint64_t lr)
{
    return lr & GIC_LR_GROUP1 ? 1 : 0;
}

static uint32_t lr_priority(uint64_t lr)
{
    return lr >> GIC_LR_PRIORITY & GIC_PRIORITY_MASK;
}

static unsigned bpr(const struct gic_virt *v, unsigned group)
{
    return v->vmcr >> (group ? GIC_VMCR_BPR1 : GIC_VMCR_BPR0) & 7;
}

static uint32_t mask_of(const struct gic_virt *v, unsigned group)
{
    bool own = group && !(v->vmcr & GIC_VMCR_CBPR);
    return gic_group_mask(bpr(v, own), own);
}

void gic_virt_set_vmcr(struct gic_virt *v, uint32_t vmcr)
{
    uint32_t bpr0 = vmcr >> GIC_VMCR_BPR0 & 7, bpr1 = vmcr >> GIC_VMCR_BPR1 & 7;
    bpr0 = bpr0 < GIC_BPR0_MIN ? GIC_BPR0_MIN : bpr0;
    bpr1 = bpr1 < GIC_BPR1_MIN ? GIC_BPR1_MIN : bpr1;
    v->vmcr = (vmcr & GIC_VMCR_CTLR) | bpr1 << GIC_VMCR_BPR1 | bpr0 << GIC_VMCR_BPR0 |
              (vmcr & (uint32_t)GIC_PRIORITY_MASK << GIC_VMCR_PMR);
}

void gic_virt_reset(struct gic_virt *v)
{
    for (unsigned i = 0; i < GIC_LIST_REGS; i++)
        v->lr[i] = 0;
    v->hcr = 0;
    v->apr[0] = v->apr[1] = 0;
    gic_virt_set_vmcr(v, 0);
}

/* ---- status ---------------------------------------------------------------------------------- */

uint32_t gic_virt_eisr(const struct gic_virt *v)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < GIC_LIST_REGS; i++)
        if (!(v->lr[i] & (GIC_LR_STATE | GIC_LR_HW)) && v->lr[i] & GIC_LR_EOI)
            set |= 1u << i;
    return set;
}

uint32_t gic_virt_elrsr(const struct gic_virt *v)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < GIC_LIST_REGS; i++)
        if (!(v->lr[i] & GIC_LR_STATE) && (v->lr[i] & GIC_LR_HW || !(v->lr[i] & GIC_LR_EOI)))
            set |= 1u << i;
    return set;
}

uint32_t gic_virt_misr(const struct gic_virt *v)
{
    unsigned valid = 0, pending = 0;
    for (unsigned i = 0; i < GIC_LIST_REGS; i++) {
        valid += (v->lr[i] & GIC_LR_STATE) != 0;
        pending += (v->lr[i] & GIC_LR_STATE) == GIC_LR_PENDING;
    }
    uint32_t misr = gic_virt_eisr(v) ? 1 : 0;
    if (v->hcr & GIC_HCR_UIE && valid <= 1)
        misr |= 2;
    if (v->hcr & GIC_HCR_LRENPIE && v->hcr & GIC_HCR_EOICOUNT)
        misr |= 4;
    if (v->hcr & GIC_HCR_NPIE && !pending)
        misr |= 8;
    uint32_t groups = (v->vmcr & GIC_VMCR_ENG0 ? 0x10 : 0x20) |
                      (v->vmcr & GIC_VMCR_ENG1 ? 0x40 : 0x80);
    return misr | (v->hcr & GIC_HCR_GROUP_IES & groups);
}

int gic_virt_best(const struct gic_virt *v, bool signalled)
{
    int best = -1;
    uint32_t priority = GIC_IDLE + 1;
    for (int i = 0; i < GIC_LIST_REGS; i++) {
        uint64_t lr = v->lr[i];
        uint32_t enabled = lr & GIC_LR_GROUP1 ? GIC_VMCR_ENG1 : GIC_VMCR_ENG0;
        if ((lr & GIC_LR_STATE) != GIC_LR_PENDING || !(v->vmcr & enabled) ||
            lr_priority(lr) >= priority)
            continue;
        best = i;
        priority = lr_priority(lr);
    }
    if (!signalled || best < 0)
        return best;
    if (!(v->hcr & GIC_HCR_EN) || priority >= v->vmcr >> GIC_VMCR_PMR)
        return -1;
    return (priority & mask_of(v, lr_group(v->lr[best]))) < gic_virt_running(v) ? best : -1;
}

struct gic_virt_lines gic_virt_lines(const struct gic_virt *v)
{
    struct gic_virt_lines lines = { false, false, v->hcr & GIC_HCR_EN && gic_virt_misr(v) };
    int best = gic_virt_best(v, true);
    if (best >= 0) {
        lines.fiq = !lr_group(v->lr[best]) && v->vmcr & GIC_VMCR_FIQEN;
        lines.irq = !lines.fiq;
    }
    return lines;
}

/* ---- taking and ending ----------------------------------------------------------------------- */

uint32_t gic_virt_acknowledge(struct gic_virt *v, int i)
{
    uint64_t lr = v->lr[i];
    unsigned group = lr_group(lr);
    v->apr[group] |= UINT32_C(1) << (lr_priority(lr) & mask_of(v, group)) / 8;
    v->lr[i] &= ~GIC_LR_STATE;
    if ((lr & GIC_LR_VID) < LPI_FIRST) /* LPIs have no active state */
        v->lr[i] |= GIC_LR_ACTIVE;
    return (uint32_t)(lr & GIC_LR_VID);
}

static int lr_deactivate(struct gic_virt *v, uint32_t id)
{
    if (id >= LPI_FIRST)
        return -1;
    for (unsigned i = 0; i < GIC_LIST_REGS; i++) {
        uint64_t lr = v->lr[i];
        if (!(lr & GIC_LR_ACTIVE) || (lr & GIC_LR_VID) != id)
            continue;
        v->lr[i] &= ~GIC_LR_ACTIVE;
        return lr & GIC_LR_HW ? (int)(lr >> GIC_LR_PID & GIC_LR_PID_MASK) : -1;
    }
    v->hcr = (v->hcr & ~GIC_HCR_EOICOUNT) |
             ((v->hcr + (UINT32_C(1) << 27)) & GIC_HCR_EOICOUNT); /* not in a list register */
    return -1;
}

int gic_virt_end(struct gic_virt *v, uint32_t id, unsigned groups)
{
    uint64_t levels = (groups & 1 ? v->apr[0] : 0) | (groups & 2 ? v->apr[1] : 0);
    uint64_t top = levels & -levels;
    if (!levels)
        return -1;
    if (groups & 1 && v->apr[0] & top)
        v->apr[0] &= ~top;
    else
        v->apr[1] &= ~top;
    return v->vmcr & GIC_VMCR_EOIM ? -1 : lr_deactivate(v, id);
}

int gic_virt_deactivate(struct gic_virt *v, uint32_t id)
{
    return v->vmcr & GIC_VMCR_EOIM ? lr_deactivate(v, id) : -1;
}
