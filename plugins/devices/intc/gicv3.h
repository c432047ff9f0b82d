/* SPDX-License-Identifier: MIT */
/*
 * gicv3.h: the state of a GICv3 (IHI 0069) and what its files call of each other. Affinity routing is always on,
 * the CPU interfaces are system registers.
 *
 * Interrupts come in words of 32. Word 0 (software-generated and private) exists once a vCPU, the others once:
 * slot() numbers them. From the registers follows, for each vCPU, `ready`: what is pending, enabled, not
 * active and routed there; and the best of its pending LPIs. So choosing the next interrupt looks at ready
 * ones only.
 */
#ifndef GICV3_H
#define GICV3_H

#include "gic-virt.h"
#include "gicv3-lpi.h"

#include <backplane/board.h>
#include <backplane/bus/gic-cpu.h>
#include <backplane/device.h>
#include <backplane/memory.h>

enum {
    GICV3_CPUS = 64,
    GICV3_WORDS = 32,
    GICV3_IDS = 1020, /* shared ones end here; 1020 to 1023 have meanings of their own */
    GICV3_SPIS = GICV3_IDS - 32,
    GICV3_SLOTS = GICV3_CPUS + GICV3_WORDS - 1,
    GICV3_MAINTENANCE = 25,
    GICV3_NO_CPU = 0xFF,
    GICV3_LPI_WORDS = GICV3_LPIS / 64,
    GICV3_REDIST_STRIDE = 0x20000,
    GICV3_IIDR = 0x43B,
};

/* Groups of interrupts. Without security (GICD_CTLR.DS), group 1 is the non-secure one. */
enum { GROUP0, GROUP1, GROUP1S, GROUPS };
/* Banks of group 1's registers. */
enum { BANK_NS, BANK_S, BANKS };

/* GICD_CTLR, as secure software sees it: a bit a group enables it. */
enum { GICD_ENG0 = 1, GICD_ENG1 = 2, GICD_ENG1S = 4 };

/* ICC_CTLR_EL1. */
enum { ICC_CBPR = 1, ICC_EOIMODE = 2 };

enum { WAKER_SLEEP = 2, WAKER_ASLEEP = 4 };

struct gicv3_face {
    const struct bp_gic_cpu_face *api;
    void *env;
};

struct gicv3 {
    uint32_t cpus, spis;
    bool security_extensions, virtualization, lpis;

    /* distributor and the redistributors' private interrupts, by slot */
    uint32_t ctlr;
    uint32_t group[GICV3_SLOTS], group_mod[GICV3_SLOTS], enabled[GICV3_SLOTS], active[GICV3_SLOTS];
    uint32_t latched[GICV3_SLOTS]; /* pending by an edge or by software */
    uint32_t level[GICV3_SLOTS];   /* of the inputs */
    uint32_t edge[GICV3_SLOTS];    /* edge-triggered */
    uint8_t priority[GICV3_SLOTS * 32];
    uint64_t irouter[GICV3_SPIS];

    /* redistributors */
    uint32_t waker[GICV3_CPUS], redist_ctlr[GICV3_CPUS];
    uint64_t propbaser[GICV3_CPUS], pendbaser[GICV3_CPUS];
    uint64_t lpi_pending[GICV3_CPUS][GICV3_LPI_WORDS];
    uint8_t lpi_config[GICV3_LPIS]; /* of the table in memory; see LPI_CACHED */

    /* CPU interfaces; banks by security state */
    uint32_t pmr[GICV3_CPUS], bpr0[GICV3_CPUS], igrpen0[GICV3_CPUS], ap0r[GICV3_CPUS];
    uint32_t bpr1[BANKS][GICV3_CPUS], igrpen1[BANKS][GICV3_CPUS], ap1r[BANKS][GICV3_CPUS];
    uint32_t cpu_ctlr[BANKS][GICV3_CPUS];
    uint32_t eoimode_el3[GICV3_CPUS];
    uint8_t secure[GICV3_CPUS], at_el3[GICV3_CPUS]; /* the vCPU's state, as it told */
    struct gic_virt virt[GICV3_CPUS];

    /* follows from the above */
    uint8_t route[GICV3_SPIS]; /* vCPU, or GICV3_NO_CPU */
    uint32_t ready[GICV3_CPUS][GICV3_WORDS];
    uint32_t ready_words[GICV3_CPUS]; /* words of `ready` that are not zero */
    uint64_t lpi_words[GICV3_CPUS][(GICV3_LPI_WORDS + 63) / 64]; /* likewise of lpi_pending */
    uint32_t lpi_best[GICV3_CPUS];
    uint8_t lpi_best_priority[GICV3_CPUS];
    uint64_t lpi_stale; /* vCPUs whose best must be looked for again */
    uint64_t lpi_moved; /* vCPUs that must hear of a change */
    uint32_t best[GICV3_CPUS]; /* what to take next, GIC_SPURIOUS: nothing */
    uint8_t best_priority[GICV3_CPUS], best_group[GICV3_CPUS];

    uint32_t affinity[GICV3_CPUS]; /* aff3 << 24 | aff2 << 16 | aff1 << 8 | aff0 */
    struct gicv3_face faces[GICV3_CPUS];
    struct bp_pin **irq, **fiq, **virq, **vfiq;
};

static inline unsigned gicv3_slot(unsigned cpu, unsigned word)
{
    return word ? GICV3_CPUS - 1 + word : cpu;
}
/* Whether the access to memory that is under way is a non-secure one that must not see everything. */
static inline bool gicv3_nonsecure(struct gicv3 *s)
{
    uint32_t cpu = s->security_extensions ? bp_access_cpu(s) : BP_NO_CPU;
    const struct gicv3_face *f = &s->faces[cpu < s->cpus ? cpu : 0];
    return s->security_extensions && f->api && !f->api->secure(f->env);
}
static inline unsigned gicv3_group(const struct gicv3 *s, unsigned slot, unsigned bit)
{
    if (s->group[slot] >> bit & 1)
        return GROUP1;
    return s->security_extensions && s->group_mod[slot] >> bit & 1 ? GROUP1S : GROUP0;
}

/* Hooks of the register rows in gicv3.c. */
#define GICV3_READ(name) uint64_t gicv3_##name##_read(void *dev, unsigned i);
#define GICV3_WRITE(name) void gicv3_##name##_write(void *dev, unsigned i, uint64_t value);
#define GICV3_HOOKS(name) GICV3_READ(name) GICV3_WRITE(name)
/* The same register of shared interrupts and of a redistributor's private ones. */
#define GICV3_BOTH(what, name) what(name) what(r_##name)

/* gicv3-dist.c: states of interrupts, routing. */
void gicv3_update_private(struct gicv3 *s, unsigned cpu);
void gicv3_update_spis(struct gicv3 *s, unsigned word, uint32_t bits);
void gicv3_update_all(struct gicv3 *s);
void gicv3_update_route(struct gicv3 *s, unsigned spi);
void gicv3_update_routes(struct gicv3 *s);
void gicv3_set_spi(void *dev, unsigned i, bool level);
void gicv3_set_ppi(void *dev, unsigned i, bool level);
void gicv3_set_sgi(struct gicv3 *s, unsigned cpu, unsigned id);
void gicv3_activate(struct gicv3 *s, unsigned cpu, unsigned id);
void gicv3_deactivate(struct gicv3 *s, unsigned cpu, unsigned id);
void gicv3_dist_reset(struct gicv3 *s);

/* gicv3-dist-regs.c */
GICV3_HOOKS(ctlr)
GICV3_READ(typer)
GICV3_READ(iidr)
GICV3_WRITE(setspi)
GICV3_WRITE(clrspi)
GICV3_BOTH(GICV3_HOOKS, igroupr)
GICV3_BOTH(GICV3_HOOKS, igrpmodr)
GICV3_BOTH(GICV3_HOOKS, isenabler)
GICV3_BOTH(GICV3_WRITE, icenabler)
GICV3_BOTH(GICV3_HOOKS, ispendr)
GICV3_BOTH(GICV3_WRITE, icpendr)
GICV3_BOTH(GICV3_HOOKS, isactiver)
GICV3_BOTH(GICV3_WRITE, icactiver)
GICV3_HOOKS(ipriorityr)
uint64_t gicv3_r_priority(struct gicv3 *s, unsigned cpu, unsigned id);
void gicv3_set_r_priority(struct gicv3 *s, unsigned cpu, unsigned id, uint8_t value);
GICV3_HOOKS(icfgr)
GICV3_READ(r_icfgr0)
GICV3_HOOKS(r_icfgr1)
GICV3_HOOKS(irouter)
GICV3_READ(id)
GICV3_READ(zero)

/* gicv3-redist.c: power, and LPIs with their tables in memory. */
void gicv3_redist_reset(struct gicv3 *s);
void gicv3_take_lpi(struct gicv3 *s, unsigned cpu, uint32_t lpi);
/* What follows from lpi_pending. */
void gicv3_update_lpis(struct gicv3 *s, unsigned cpu);
extern const struct gicv3_lpi_bus gicv3_lpi_bus;
GICV3_HOOKS(r_ctlr)
GICV3_READ(r_typer)
GICV3_HOOKS(r_waker)
GICV3_WRITE(propbaser)
GICV3_HOOKS(pendbaser)

/* gicv3-cpu.c: the CPU interface. */
void gicv3_update_cpu(struct gicv3 *s, unsigned cpu);
void gicv3_cpu_reset(struct gicv3 *s);
enum bp_gic_access gicv3_sysreg_read(void *dev, const struct bp_gic_who *who, uint32_t reg,
                                     uint64_t *value);
enum bp_gic_access gicv3_sysreg_write(void *dev, const struct bp_gic_who *who, uint32_t reg,
                                      uint64_t value);

/* gicv3-virt.c: list registers and the interface of a guest. False: no such register. */
void gicv3_update_virt(struct gicv3 *s, unsigned cpu);
bool gicv3_ich_read(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t *value);
bool gicv3_ich_write(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t value);
bool gicv3_icv_read(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t *value);
bool gicv3_icv_write(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t value);

/* gicv3-sgi.c */
void gicv3_send_sgi(struct gicv3 *s, const struct bp_gic_who *who, uint32_t reg, uint64_t value);

#endif
