/* SPDX-License-Identifier: MIT */
/* gicv3-sgi.c: software-generated interrupts, sent by affinity (IHI 0069, 12.2, ICC_SGI1R_EL1). */
#include "gicv3.h"

#define SGI1R BP_GIC_REG(3, 0, 12, 11, 5)
#define SGI0R BP_GIC_REG(3, 0, 12, 11, 7)
#define ALL_OTHERS (UINT64_C(1) << 40)

/* Whether the value names that vCPU. */
static bool named(const struct gicv3 *s, unsigned cpu, unsigned self, uint64_t value)
{
    uint32_t affinity = s->affinity[cpu], aff0 = affinity & 0xFF;
    uint32_t cluster = (uint32_t)(value >> 48 & 0xFF) << 24 | (uint32_t)(value >> 32 & 0xFF) << 16 |
                       (uint32_t)(value >> 16 & 0xFF) << 8;
    if (value & ALL_OTHERS)
        return cpu != self;
    return (affinity & ~UINT32_C(0xFF)) == cluster && aff0 / 16 == (value >> 44 & 15) &&
           value >> aff0 % 16 & 1;
}

void gicv3_send_sgi(struct gicv3 *s, const struct bp_gic_who *who, uint32_t reg, uint64_t value)
{
    unsigned id = value >> 24 & 15, group = GROUP0;
    bool secure = s->security_extensions && who->secure;
    if (reg != SGI0R) /* ICC_SGI1R: this security state's group 1; ICC_ASGI1R: the other's */
        group = s->security_extensions && secure == (reg == SGI1R) ? GROUP1S : GROUP1;
    /* non-secure software reaches its own group only: GICR_NSACR grants nothing */
    if (s->security_extensions && !who->secure && group != GROUP1)
        return;
    for (unsigned c = 0; c < s->cpus; c++)
        if (named(s, c, who->cpu, value) && gicv3_group(s, c, id) == group)
            gicv3_set_sgi(s, c, id);
}
