/* SPDX-License-Identifier: MIT */
/*
 * gicv2-virt.c: GICH, by which a hypervisor gives virtual interrupts to a vCPU, and GICV, the CPU
 * interface that the guest above it sees (IHI 0048B, chapter 5).
 *
 * A list register's CPU id lies next to the virtual id, as in GICV_IAR: both together are the id in gic-virt.h.
 */
#include "gicv2.h"

enum {
    LR_VID = 0x3FF,      /* virtual id, of a hardware interrupt */
    LR_VID_CPU = 0x1FFF, /* with the CPU id above it, of a software interrupt */
    LR_EOI = 1 << 19,
    NOT_THIS_GROUP = 1022,
    CPU_IIDR = 0x0202143B,
};

static struct gic_virt *virt(struct gicv2 *s) { return &s->virt[gicv2_cpu(s)]; }

void gicv2_update_virt(struct gicv2 *s, unsigned cpu)
{
    struct gic_virt_lines lines = gic_virt_lines(&s->virt[cpu]);
    bp_pin_set(s->virq[cpu], lines.irq);
    bp_pin_set(s->vfiq[cpu], lines.fiq);
    gicv2_set_ppi(s, cpu * 16 + GICV2_MAINTENANCE - 16, lines.maintenance);
}

static void changed(struct gicv2 *s) { gicv2_update_virt(s, gicv2_cpu(s)); }

/* ---- GICH ------------------------------------------------------------------------------------------ */

uint64_t gicv2_hcr_read(void *dev, unsigned i) { return virt(dev)->hcr; }

void gicv2_hcr_write(void *dev, unsigned i, uint64_t value)
{
    virt(dev)->hcr = value & (GIC_HCR_EOICOUNT | 0xFF);
    changed(dev);
}

uint64_t gicv2_vtr_read(void *dev, unsigned i)
{
    return UINT32_C(4) << 29 | UINT32_C(4) << 26 | (GIC_LIST_REGS - 1);
}

uint64_t gicv2_vmcr_read(void *dev, unsigned i) { return virt(dev)->vmcr; }

void gicv2_vmcr_write(void *dev, unsigned i, uint64_t value)
{
    gic_virt_set_vmcr(virt(dev), (uint32_t)value);
    changed(dev);
}

uint64_t gicv2_misr_read(void *dev, unsigned i) { return gic_virt_misr(virt(dev)); }
uint64_t gicv2_eisr_read(void *dev, unsigned i) { return i ? 0 : gic_virt_eisr(virt(dev)); }
uint64_t gicv2_elrsr_read(void *dev, unsigned i) { return i ? 0 : gic_virt_elrsr(virt(dev)); }

/* One register for both groups here: what it is written belongs to group 0, which changes no decision. */
uint64_t gicv2_hapr_read(void *dev, unsigned i) { return virt(dev)->apr[0] | virt(dev)->apr[1]; }

void gicv2_hapr_write(void *dev, unsigned i, uint64_t value)
{
    virt(dev)->apr[0] = value;
    virt(dev)->apr[1] = 0;
    changed(dev);
}

uint64_t gicv2_lr_read(void *dev, unsigned i)
{
    uint64_t lr = virt(dev)->lr[i];
    uint64_t low = lr & GIC_LR_HW ? (lr & LR_VID) | (lr >> GIC_LR_PID & 0x3FF) << 10
                                  : (lr & LR_VID_CPU) | (lr & GIC_LR_EOI ? LR_EOI : 0);
    return low | (lr >> GIC_LR_PRIORITY & GIC_PRIORITY_MASK) >> 3 << 23 | (lr >> 62) << 28 |
           (lr & GIC_LR_GROUP1 ? UINT64_C(1) << 30 : 0) | (lr & GIC_LR_HW ? UINT64_C(1) << 31 : 0);
}

void gicv2_lr_write(void *dev, unsigned i, uint64_t value)
{
    uint64_t lr = (value >> 23 & 31) << 3 << GIC_LR_PRIORITY | (value >> 28 & 3) << 62;
    if (value >> 31 & 1)
        lr |= GIC_LR_HW | (value & LR_VID) | (value >> 10 & 0x3FF) << GIC_LR_PID;
    else
        lr |= (value & LR_VID_CPU) | (value & LR_EOI ? GIC_LR_EOI : 0);
    virt(dev)->lr[i] = lr | (value >> 30 & 1 ? GIC_LR_GROUP1 : 0);
    changed(dev);
}

/* ---- GICV ------------------------------------------------------------------------------------------ */

uint64_t gicv2_v_ctlr_read(void *dev, unsigned i) { return virt(dev)->vmcr & GIC_VMCR_CTLR; }

static void set_vmcr(struct gicv2 *s, uint32_t mask, uint64_t value)
{
    struct gic_virt *v = virt(s);
    gic_virt_set_vmcr(v, (uint32_t)((v->vmcr & ~(uint64_t)mask) | (value & mask)));
    changed(s);
}

void gicv2_v_ctlr_write(void *dev, unsigned i, uint64_t value)
{
    set_vmcr(dev, GIC_VMCR_CTLR, value);
}

uint64_t gicv2_v_pmr_read(void *dev, unsigned i) { return virt(dev)->vmcr >> GIC_VMCR_PMR; }

void gicv2_v_pmr_write(void *dev, unsigned i, uint64_t value)
{
    set_vmcr(dev, UINT32_C(0xFF) << GIC_VMCR_PMR, value << GIC_VMCR_PMR);
}

uint64_t gicv2_v_bpr_read(void *dev, unsigned i) { return virt(dev)->vmcr >> GIC_VMCR_BPR0 & 7; }

void gicv2_v_bpr_write(void *dev, unsigned i, uint64_t value)
{
    set_vmcr(dev, UINT32_C(7) << GIC_VMCR_BPR0, value << GIC_VMCR_BPR0);
}

uint64_t gicv2_v_abpr_read(void *dev, unsigned i) { return virt(dev)->vmcr >> GIC_VMCR_BPR1 & 7; }

void gicv2_v_abpr_write(void *dev, unsigned i, uint64_t value)
{
    set_vmcr(dev, UINT32_C(7) << GIC_VMCR_BPR1, value << GIC_VMCR_BPR1);
}

/* The id that an acknowledge or highest-pending register shows for that list register. */
static uint32_t shown(const struct gic_virt *v, int lr, bool group1_only)
{
    if (lr < 0)
        return GIC_SPURIOUS;
    bool group1 = v->lr[lr] & GIC_LR_GROUP1;
    if (group1_only)
        return group1 ? (uint32_t)(v->lr[lr] & LR_VID_CPU) : GIC_SPURIOUS;
    return group1 && !(v->vmcr & GIC_VMCR_ACKCTL) ? (uint32_t)NOT_THIS_GROUP
                                                  : (uint32_t)(v->lr[lr] & LR_VID_CPU);
}

static uint32_t acknowledge(struct gicv2 *s, bool group1_only)
{
    struct gic_virt *v = virt(s);
    int lr = gic_virt_best(v, true);
    uint32_t id = shown(v, lr, group1_only);
    if ((id & LR_VID) < GICV2_IDS) {
        gic_virt_acknowledge(v, lr);
        changed(s);
    }
    return id;
}

uint64_t gicv2_v_iar_read(void *dev, unsigned i) { return acknowledge(dev, false); }
uint64_t gicv2_v_aiar_read(void *dev, unsigned i) { return acknowledge(dev, true); }

uint64_t gicv2_v_hppir_read(void *dev, unsigned i)
{
    return shown(virt(dev), gic_virt_best(virt(dev), false), false);
}

uint64_t gicv2_v_ahppir_read(void *dev, unsigned i)
{
    return shown(virt(dev), gic_virt_best(virt(dev), false), true);
}

uint64_t gicv2_v_rpr_read(void *dev, unsigned i) { return gic_virt_running(virt(dev)); }

static void ended(struct gicv2 *s, int physical)
{
    if (physical >= 0)
        gicv2_deactivate(s, gicv2_cpu(s), (unsigned)physical);
    changed(s);
}

static void end(struct gicv2 *s, uint32_t value, unsigned groups)
{
    if ((value & LR_VID) < GICV2_IDS)
        ended(s, gic_virt_end(virt(s), value & LR_VID_CPU, groups));
}

void gicv2_v_eoir_write(void *dev, unsigned i, uint64_t value) { end(dev, (uint32_t)value, 3); }
void gicv2_v_aeoir_write(void *dev, unsigned i, uint64_t value) { end(dev, (uint32_t)value, 2); }

void gicv2_v_dir_write(void *dev, unsigned i, uint64_t value)
{
    if ((value & LR_VID) < GICV2_IDS)
        ended(dev, gic_virt_deactivate(virt(dev), value & LR_VID_CPU));
}
