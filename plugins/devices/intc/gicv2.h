/* SPDX-License-Identifier: MIT */
/*
 * gicv2.h: the state of a GICv2 (IHI 0048B) and what its files call of each other.
 *
 * Interrupts come in words of 32. Word 0 (software-generated and private) exists once a vCPU, the others once:
 * slot() numbers them. From the registers follows, for each vCPU, `ready`: what is pending, enabled,
 * not active and routed there. Every change updates the words it touches, so that choosing the next interrupt
 * looks at ready ones only.
 */
#ifndef GICV2_H
#define GICV2_H

#include "gic-virt.h"

#include <backplane/board.h>
#include <backplane/bus/gic-cpu.h>
#include <backplane/device.h>
#include <backplane/memory.h>

enum {
    GICV2_CPUS = 8,
    GICV2_WORDS = 32,
    GICV2_IDS = 1020, /* those above have meanings of their own */
    GICV2_SLOTS = GICV2_CPUS + GICV2_WORDS - 1,
    GICV2_MAINTENANCE = 25,
};

/* GICC_CTLR as secure software sees it. */
#define GICC_ENG0 (UINT32_C(1) << 0)
#define GICC_ENG1 (UINT32_C(1) << 1)
#define GICC_ACKCTL (UINT32_C(1) << 2)
#define GICC_FIQEN (UINT32_C(1) << 3)
#define GICC_CBPR (UINT32_C(1) << 4)
#define GICC_EOIMODE_S (UINT32_C(1) << 9)
#define GICC_EOIMODE_NS (UINT32_C(1) << 10)

struct gicv2_face {
    const struct bp_gic_cpu_face *api;
    void *env;
};

struct gicv2 {
    uint32_t cpus, spis;
    bool security_extensions, virtualization;

    /* distributor, by slot */
    uint32_t ctlr; /* bit 0: group 0 is forwarded, 1: group 1 */
    uint32_t group[GICV2_SLOTS], enabled[GICV2_SLOTS], active[GICV2_SLOTS];
    uint32_t latched[GICV2_SLOTS]; /* pending by an edge or by software */
    uint32_t level[GICV2_SLOTS];   /* of the inputs */
    uint32_t edge[GICV2_SLOTS];    /* edge-triggered */
    uint8_t priority[GICV2_SLOTS * 32], target[GICV2_SLOTS * 32];
    uint8_t sgi_source[GICV2_CPUS][16]; /* who sent the pending ones: a bit a vCPU */

    /* CPU interfaces */
    uint32_t cpu_ctlr[GICV2_CPUS], pmr[GICV2_CPUS], bpr[GICV2_CPUS], abpr[GICV2_CPUS];
    uint32_t apr[2][GICV2_CPUS]; /* active priorities of each group: bit = priority / 8 */
    struct gic_virt virt[GICV2_CPUS];

    /* follows from the above */
    uint32_t routed[GICV2_CPUS][GICV2_WORDS];
    uint32_t ready[GICV2_CPUS][GICV2_WORDS];
    uint32_t ready_words[GICV2_CPUS]; /* words of `ready` that are not zero */
    uint32_t best[GICV2_CPUS];        /* what to take next, GIC_SPURIOUS: nothing */

    struct gicv2_face faces[GICV2_CPUS];
    struct bp_pin **irq, **fiq, **virq, **vfiq;
};

static inline unsigned gicv2_slot(unsigned cpu, unsigned word)
{
    return word ? GICV2_CPUS - 1 + word : cpu;
}
/* The vCPU that accesses; a debugger sees the first's. */
static inline unsigned gicv2_cpu(struct gicv2 *s)
{
    uint32_t cpu = bp_access_cpu(s);
    return cpu < s->cpus ? cpu : 0;
}
/* Whether the access is a non-secure one to a controller that tells the difference. */
static inline bool gicv2_nonsecure(struct gicv2 *s, unsigned cpu)
{
    const struct gicv2_face *f = &s->faces[cpu];
    return s->security_extensions && f->api && !f->api->secure(f->env);
}
static inline uint8_t *gicv2_priority(struct gicv2 *s, unsigned cpu, unsigned id)
{
    return &s->priority[gicv2_slot(cpu, id / 32) * 32 + id % 32];
}
static inline unsigned gicv2_group(const struct gicv2 *s, unsigned cpu, unsigned id)
{
    return s->group[gicv2_slot(cpu, id / 32)] >> id % 32 & 1;
}

/* Hooks of the register rows in gicv2.c. */
#define GICV2_READ(name) uint64_t gicv2_##name##_read(void *dev, unsigned i);
#define GICV2_WRITE(name) void gicv2_##name##_write(void *dev, unsigned i, uint64_t value);
#define GICV2_HOOKS(name) GICV2_READ(name) GICV2_WRITE(name)

/* gicv2-dist.c: a word of the distributor has changed, seen by `cpu` (which matters for word 0); all have. */
void gicv2_update_word(struct gicv2 *s, unsigned cpu, unsigned word);
void gicv2_update_all(struct gicv2 *s);
void gicv2_update_routes(struct gicv2 *s);
void gicv2_set_spi(void *dev, unsigned i, bool level);
void gicv2_set_ppi(void *dev, unsigned i, bool level);
/* The interrupt is taken: active, no longer latched. An SGI's sender is returned in the bits of GICC_IAR. */
uint32_t gicv2_activate(struct gicv2 *s, unsigned cpu, unsigned id);
void gicv2_deactivate(struct gicv2 *s, unsigned cpu, unsigned id);
void gicv2_dist_reset(struct gicv2 *s);
GICV2_HOOKS(dist_ctlr)
GICV2_READ(dist_typer)
GICV2_READ(dist_iidr)
GICV2_READ(dist_id)
GICV2_HOOKS(igroupr)
GICV2_HOOKS(isenabler)
GICV2_WRITE(icenabler)
GICV2_HOOKS(ispendr)
GICV2_WRITE(icpendr)
GICV2_HOOKS(isactiver)
GICV2_WRITE(icactiver)
GICV2_HOOKS(ipriorityr)
GICV2_HOOKS(itargetsr)
GICV2_HOOKS(icfgr)
GICV2_WRITE(sgir)
GICV2_HOOKS(spendsgir)
GICV2_WRITE(cpendsgir)

/* gicv2-cpu.c: what the CPU interface makes of what is ready. */
void gicv2_update_cpu(struct gicv2 *s, unsigned cpu);
void gicv2_cpu_reset(struct gicv2 *s);
GICV2_HOOKS(cpu_ctlr)
GICV2_HOOKS(pmr)
GICV2_HOOKS(bpr)
GICV2_HOOKS(abpr)
GICV2_READ(iar)
GICV2_READ(aiar)
GICV2_WRITE(eoir)
GICV2_WRITE(aeoir)
GICV2_WRITE(dir)
GICV2_READ(rpr)
GICV2_READ(hppir)
GICV2_READ(ahppir)
GICV2_HOOKS(apr)
GICV2_HOOKS(nsapr)
GICV2_READ(cpu_iidr)

/* gicv2-virt.c */
void gicv2_update_virt(struct gicv2 *s, unsigned cpu);
GICV2_HOOKS(hcr)
GICV2_READ(vtr)
GICV2_HOOKS(vmcr)
GICV2_READ(misr)
GICV2_READ(eisr)
GICV2_READ(elrsr)
GICV2_HOOKS(hapr)
GICV2_HOOKS(lr)
GICV2_HOOKS(v_ctlr)
GICV2_HOOKS(v_pmr)
GICV2_HOOKS(v_bpr)
GICV2_HOOKS(v_abpr)
GICV2_READ(v_iar)
GICV2_READ(v_aiar)
GICV2_WRITE(v_eoir)
GICV2_WRITE(v_aeoir)
GICV2_WRITE(v_dir)
GICV2_READ(v_rpr)
GICV2_READ(v_hppir)
GICV2_READ(v_ahppir)

#endif
