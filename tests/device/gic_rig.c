/* SPDX-License-Identifier: MIT */
/* gic_rig.c: see gic_rig.h. */
#include "gic_rig.h"

#include <stdio.h>

static uint32_t index_of(void *env) { return ((struct gic_vcpu *)env)->index; }
static uint64_t mpidr_of(void *env) { return ((struct gic_vcpu *)env)->mpidr; }
static bool is_secure(void *env) { return ((struct gic_vcpu *)env)->secure; }

static const struct bp_gic_cpu_face face = { sizeof face, 0, index_of, mpidr_of, is_secure };
static const struct bp_prop props[] = {
    BP_UINT(struct gic_vcpu, index, 0, 0, 63, "number"),
    BP_UINT(struct gic_vcpu, mpidr, 0, 0, 0, "affinity"),
    BP_BOOL(struct gic_vcpu, secure, 0, "state"),
};
static const struct bp_need needs[] = { BP_NEED(struct gic_vcpu, gic, BP_GIC_CPU_ID, &face) };
static const struct bp_device vcpu_device = {
    .head = { sizeof(struct bp_device), BP_KIND_DEVICE, "test-vcpu" },
    .state_size = sizeof(struct gic_vcpu), .props = BP_ROWS(props), .needs = BP_ROWS(needs),
};

void gic_watch(struct rig *r, unsigned n)
{
    for (unsigned c = 0; c < n; c++) {
        rig_watch(r, "irq", c, GIC_LINES * c + GIC_IRQ);
        rig_watch(r, "fiq", c, GIC_LINES * c + GIC_FIQ);
        rig_watch(r, "virq", c, GIC_LINES * c + GIC_VIRQ);
        rig_watch(r, "vfiq", c, GIC_LINES * c + GIC_VFIQ);
    }
}

struct gic_vcpu *gic_vcpu(struct rig *r, uint32_t index, uint64_t mpidr, bool secure)
{
    char name[16], number[32];
    snprintf(name, sizeof name, "cpu%u", index);
    struct part *part = part_create(r->m, &vcpu_device, name);
    ck_assert_ptr_nonnull(part);
    snprintf(number, sizeof number, "%u", index);
    ck_assert_int_eq(part_set(part, "index", number), 0);
    snprintf(number, sizeof number, "%llu", (unsigned long long)mpidr);
    ck_assert_int_eq(part_set(part, "mpidr", number), 0);
    ck_assert_int_eq(part_set(part, "secure", secure ? "on" : "off"), 0);
    ck_assert_int_eq(part_realize(part), 0);
    machine_reset(r->m);
    return part->state;
}
