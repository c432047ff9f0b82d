/* SPDX-License-Identifier: MIT */
/*
 * gicv3-virt.c: ICH_* registers, by which a hypervisor gives virtual interrupts to a vCPU, and ICV_*,
 * what ICC_* mean for the guest above it (IHI 0069, chapter 6, 12.3 and 12.4).
 */
#include "gicv3.h"

#define R(op1, crn, crm, op2) BP_GIC_REG(3, op1, crn, crm, op2)

enum { CTLR_RO = 4 << 8 | 1 << 11 | 1 << 15 };

#define HCR_BITS                                                                                   \
    (GIC_HCR_EOICOUNT | GIC_HCR_TDIR | GIC_HCR_TALL1 | GIC_HCR_TALL0 | GIC_HCR_TC | 0xFF)

/* Five bits of priority and preemption, 24 of id, A3V, no direct injection, traps of ICC_DIR_EL1. */
static uint32_t vtr(void)
{
    return UINT32_C(4) << 29 | UINT32_C(4) << 26 | UINT32_C(1) << 23 | UINT32_C(1) << 21 |
           UINT32_C(1) << 20 | UINT32_C(1) << 19 | (GIC_LIST_REGS - 1);
}

void gicv3_update_virt(struct gicv3 *s, unsigned cpu)
{
    struct gic_virt_lines lines = gic_virt_lines(&s->virt[cpu]);
    bp_pin_set(s->virq[cpu], lines.irq);
    bp_pin_set(s->vfiq[cpu], lines.fiq);
    gicv3_set_ppi(s, cpu * 16 + GICV3_MAINTENANCE - 16, lines.maintenance);
}

/* ---- ICH ------------------------------------------------------------------------------------------------ */

/* The list register's number; GIC_LIST_REGS and above: none. */
static unsigned list_reg(uint32_t reg)
{
    unsigned crm = reg >> 3 & 15;
    return (reg & ~UINT32_C(0x7F)) == R(4, 12, 0, 0) && (crm == 12 || crm == 13)
               ? (crm - 12) * 8 + (reg & 7)
               : GIC_LIST_REGS;
}

bool gicv3_ich_read(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t *value)
{
    const struct gic_virt *v = &s->virt[cpu];
    unsigned n = list_reg(reg);
    switch (reg) {
    case R(4, 12, 8, 0): *value = v->apr[0]; return true;
    case R(4, 12, 9, 0): *value = v->apr[1]; return true;
    case R(4, 12, 11, 0): *value = v->hcr; return true;
    case R(4, 12, 11, 1): *value = vtr(); return true;
    case R(4, 12, 11, 2): *value = gic_virt_misr(v); return true;
    case R(4, 12, 11, 3): *value = gic_virt_eisr(v); return true;
    case R(4, 12, 11, 5): *value = gic_virt_elrsr(v); return true;
    case R(4, 12, 11, 7): *value = v->vmcr; return true;
    default: break;
    }
    if (n >= GIC_LIST_REGS)
        return false;
    *value = v->lr[n];
    return true;
}

bool gicv3_ich_write(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t value)
{
    struct gic_virt *v = &s->virt[cpu];
    unsigned n = list_reg(reg);
    switch (reg) {
    case R(4, 12, 8, 0): v->apr[0] = (uint32_t)value; break;
    case R(4, 12, 9, 0): v->apr[1] = (uint32_t)value; break;
    case R(4, 12, 11, 0): v->hcr = value & HCR_BITS; break;
    case R(4, 12, 11, 7): gic_virt_set_vmcr(v, (uint32_t)value | GIC_VMCR_FIQEN); break;
    default:
        if (n >= GIC_LIST_REGS)
            return false;
        v->lr[n] = value & GIC_LR_BITS;
    }
    gicv3_update_virt(s, cpu);
    return true;
}

/* ---- ICV ------------------------------------------------------------------------------------------------ */

/* The id of the interrupt that group's acknowledge and highest-pending registers show. */
static uint32_t shown(const struct gic_virt *v, int lr, bool group1)
{
    return lr >= 0 && ((v->lr[lr] & GIC_LR_GROUP1) != 0) == group1 ? (uint32_t)(v->lr[lr] & GIC_LR_VID)
                                                                   : GIC_SPURIOUS;
}

static uint32_t acknowledge(struct gicv3 *s, unsigned cpu, bool group1)
{
    struct gic_virt *v = &s->virt[cpu];
    int lr = gic_virt_best(v, true);
    uint32_t id = shown(v, lr, group1);
    if (id < GICV3_IDS || id >= GICV3_LPI_FIRST) {
        gic_virt_acknowledge(v, lr);
        gicv3_update_virt(s, cpu);
    }
    return id;
}

static uint32_t bpr1(const struct gic_virt *v)
{
    uint32_t bpr0 = v->vmcr >> GIC_VMCR_BPR0 & 7;
    if (!(v->vmcr & GIC_VMCR_CBPR))
        return v->vmcr >> GIC_VMCR_BPR1 & 7;
    return bpr0 < 7 ? bpr0 + 1 : 7;
}

bool gicv3_icv_read(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t *value)
{
    const struct gic_virt *v = &s->virt[cpu];
    switch (reg) {
    case R(0, 4, 6, 0): *value = v->vmcr >> GIC_VMCR_PMR; break;
    case R(0, 12, 8, 0): *value = acknowledge(s, cpu, false); break;
    case R(0, 12, 8, 2): *value = shown(v, gic_virt_best(v, false), false); break;
    case R(0, 12, 8, 3): *value = v->vmcr >> GIC_VMCR_BPR0 & 7; break;
    case R(0, 12, 8, 4): *value = v->apr[0]; break;
    case R(0, 12, 9, 0): *value = v->apr[1]; break;
    case R(0, 12, 11, 3): *value = gic_virt_running(v); break;
    case R(0, 12, 12, 0): *value = acknowledge(s, cpu, true); break;
    case R(0, 12, 12, 2): *value = shown(v, gic_virt_best(v, false), true); break;
    case R(0, 12, 12, 3): *value = bpr1(v); break;
    case R(0, 12, 12, 4):
        *value = CTLR_RO | (v->vmcr & GIC_VMCR_CBPR ? ICC_CBPR : 0) |
                 (v->vmcr & GIC_VMCR_EOIM ? ICC_EOIMODE : 0);
        break;
    case R(0, 12, 12, 6): *value = v->vmcr & GIC_VMCR_ENG0 ? 1 : 0; break;
    case R(0, 12, 12, 7): *value = v->vmcr & GIC_VMCR_ENG1 ? 1 : 0; break;
    default: return false;
    }
    return true;
}

static void set_vmcr(struct gic_virt *v, uint32_t mask, uint64_t value)
{
    gic_virt_set_vmcr(v, ((uint32_t)v->vmcr & ~mask) | ((uint32_t)value & mask));
}

static void ended(struct gicv3 *s, unsigned cpu, int physical)
{
    if (physical >= 0)
        gicv3_deactivate(s, cpu, (unsigned)physical);
}

static void end(struct gicv3 *s, unsigned cpu, uint64_t value, unsigned groups)
{
    uint32_t id = value & 0xFFFFFF;
    if (id < GICV3_IDS || id >= GICV3_LPI_FIRST)
        ended(s, cpu, gic_virt_end(&s->virt[cpu], id, groups));
}

bool gicv3_icv_write(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t value)
{
    struct gic_virt *v = &s->virt[cpu];
    switch (reg) {
    case R(0, 4, 6, 0): set_vmcr(v, UINT32_C(0xFF) << GIC_VMCR_PMR, value << GIC_VMCR_PMR); break;
    case R(0, 12, 8, 1): end(s, cpu, value, 1); break;
    case R(0, 12, 8, 3): set_vmcr(v, 7 << GIC_VMCR_BPR0, value << GIC_VMCR_BPR0); break;
    case R(0, 12, 8, 4): v->apr[0] = (uint32_t)value; break;
    case R(0, 12, 9, 0): v->apr[1] = (uint32_t)value; break;
    case R(0, 12, 11, 1): ended(s, cpu, gic_virt_deactivate(v, value & 0xFFFFFF)); break;
    case R(0, 12, 12, 1): end(s, cpu, value, 2); break;
    case R(0, 12, 12, 3):
        if (!(v->vmcr & GIC_VMCR_CBPR))
            set_vmcr(v, 7 << GIC_VMCR_BPR1, value << GIC_VMCR_BPR1);
        break;
    case R(0, 12, 12, 4):
        set_vmcr(v, GIC_VMCR_CBPR | GIC_VMCR_EOIM,
                 (value & ICC_CBPR ? GIC_VMCR_CBPR : 0) | (value & ICC_EOIMODE ? GIC_VMCR_EOIM : 0));
        break;
    case R(0, 12, 12, 6): set_vmcr(v, GIC_VMCR_ENG0, value & 1 ? GIC_VMCR_ENG0 : 0); break;
    case R(0, 12, 12, 7): set_vmcr(v, GIC_VMCR_ENG1, value & 1 ? GIC_VMCR_ENG1 : 0); break;
    default: return false;
    }
    gicv3_update_virt(s, cpu);
    return true;
}
