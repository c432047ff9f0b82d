/* SPDX-License-Identifier: MIT */
/* gic_rig.h: vCPUs as an Arm interrupt controller sees them: a link, an affinity, a security state. */
#ifndef TESTS_DEVICE_GIC_RIG_H
#define TESTS_DEVICE_GIC_RIG_H

#include "rig.h"

#include <backplane/bus/gic-cpu.h>

/* Probe inputs: vCPU's lines. */
enum { GIC_IRQ, GIC_FIQ, GIC_VIRQ, GIC_VFIQ, GIC_LINES };

struct gic_vcpu {
    struct bp_link gic;
    uint32_t index;
    uint64_t mpidr;
    bool secure;
};

/* Wires the outputs of vCPUs 0 to n - 1 to the probe: input GIC_LINES * cpu + line. */
void gic_watch(struct rig *r, unsigned n);
static inline bool gic_line(struct rig *r, unsigned cpu, unsigned line)
{
    return rig_line(r, GIC_LINES * cpu + line).level;
}
/* A vCPU linked to the device under test. Then the machine is reset. */
struct gic_vcpu *gic_vcpu(struct rig *r, uint32_t index, uint64_t mpidr, bool secure);

#endif
