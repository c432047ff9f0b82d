/* SPDX-License-Identifier: MIT */
/*
 * mmu.c: which translation regime governs an access and what controls it; the answer to the
 * runtime's TLB. The Arm Architecture Reference Manual for A-profile, D8.
 *
 * An mmu index (enum a64_mmu) stands for a regime, EL0 or the privileged level, and PSTATE.PAN, so
 * that none of their changes flushes anything. An address space (bp_context.space) is the regime,
 * VMID and ASID, without the tables' addresses: software invalidates where it reuses an ASID, as it
 * must on hardware. Whether the stages are on is in it, too: SCTLR_ELx.M may not be cached; and a
 * digest of TCR_ELx and VTCR_EL2, so that a hypervisor that changes them with its guests forgets nothing.
 *
 * Where the top byte of addresses is ignored, a tagged address is found as another page of the TLB: the
 * fast path strips nothing. The pc never has a tag.
 */
#include "mmu.h"

#define TCR_A1 (UINT64_C(1) << 22)
#define TCR_AS (UINT64_C(1) << 36)
#define VTCR_VS (UINT64_C(1) << 19)
#define SPACE_STAGE1 (UINT64_C(1) << 35)
#define SPACE_STAGE2 (UINT64_C(1) << 36)
#define SPACE_DC (UINT64_C(1) << 37)
#define SPACE_CONTROLS_SHIFT 40 /* to the top */

/* ---- regimes --------------------------------------------------------------------------------- */

unsigned mmu_index(const struct a64_cpu *cpu)
{
    switch (cpu->el) {
    case 0: return cpu_host_el0(cpu) ? MMU_E20_EL0 : MMU_EL0;
    case 1: return cpu->pan ? MMU_EL1_PAN : MMU_EL1;
    case 2: return !cpu_e2h(cpu) ? MMU_EL2 : cpu->pan ? MMU_E20_EL2_PAN : MMU_E20_EL2;
    default: return MMU_EL3;
    }
}

unsigned mmu_index_unpriv(const struct a64_cpu *cpu)
{
    if (cpu->uao)
        return mmu_index(cpu);
    if (cpu->el == 1)
        return MMU_EL0;
    return cpu->el == 2 && cpu_host_el0(cpu) ? MMU_E20_EL0 : mmu_index(cpu);
}

enum mmu_regime mmu_regime_of(unsigned mmu)
{
    switch (mmu) {
    case MMU_EL0: case MMU_EL1: case MMU_EL1_PAN: return REGIME_EL10;
    case MMU_E20_EL0: case MMU_E20_EL2: case MMU_E20_EL2_PAN: return REGIME_EL20;
    case MMU_EL2: return REGIME_EL2;
    default: return REGIME_EL3;
    }
}

unsigned mmu_regime_el(enum mmu_regime regime)
{
    return regime == REGIME_EL10 ? 1 : regime == REGIME_EL3 ? 3 : 2;
}

static bool has_two_ranges(enum mmu_regime regime)
{
    return regime == REGIME_EL10 || regime == REGIME_EL20;
}

static bool stage1_on(const struct a64_cpu *cpu, enum mmu_regime regime)
{
    uint64_t hcr = cpu_hcr(cpu);

    if (regime == REGIME_EL10 && (hcr & HCR_DC || (hcr & (HCR_TGE | HCR_E2H)) == HCR_TGE))
        return false;
    return cpu->sys.sctlr_el[mmu_regime_el(regime)] & SCTLR_M;
}

bool mmu_stage2_on(const struct a64_cpu *cpu, enum mmu_regime regime)
{
    return regime == REGIME_EL10 && cpu_hcr(cpu) & (HCR_VM | HCR_DC) &&
           !(cpu_hcr(cpu) & HCR_TGE);
}

unsigned mmu_vmid(const struct a64_cpu *cpu)
{
    if (!cpu_el2_enabled(cpu))
        return 0;
    return cpu->sys.vttbr_el2 >> 48 & (cpu->sys.vtcr_el2 & VTCR_VS ? 0xffff : 0xff);
}

unsigned mmu_asid_mask(const struct a64_cpu *cpu, enum mmu_regime regime)
{
    return cpu->sys.tcr_el[mmu_regime_el(regime)] & TCR_AS ? 0xffff : 0xff;
}

static unsigned asid(const struct a64_cpu *cpu, enum mmu_regime regime)
{
    unsigned el = mmu_regime_el(regime);
    uint64_t tcr = cpu->sys.tcr_el[el];
    uint64_t ttbr = tcr & TCR_A1 ? cpu->sys.ttbr1_el[el] : cpu->sys.ttbr0_el[el];

    return ttbr >> 48 & mmu_asid_mask(cpu, regime);
}

uint64_t mmu_space(const struct a64_cpu *cpu)
{
    enum mmu_regime regime = mmu_regime_of(mmu_index(cpu));
    uint64_t space = (uint64_t)regime << MMU_SPACE_REGIME_SHIFT |
                     (cpu_secure_below_el3(cpu) ? MMU_SPACE_SECURE : 0);
    uint64_t controls = cpu->sys.tcr_el[mmu_regime_el(regime)];

    if (mmu_stage2_on(cpu, regime))
        controls ^= cpu->sys.vtcr_el2 << 17;
    controls = controls * UINT64_C(0x9e3779b97f4a7c15) >> SPACE_CONTROLS_SHIFT;
    if (has_two_ranges(regime))
        space |= asid(cpu, regime);
    if (regime == REGIME_EL10)
        space |= (uint64_t)mmu_vmid(cpu) << MMU_SPACE_VMID_SHIFT |
                 (mmu_stage2_on(cpu, regime) ? SPACE_STAGE2 : 0) |
                 (cpu_hcr(cpu) & HCR_DC ? SPACE_DC : 0);
    return space | (stage1_on(cpu, regime) ? SPACE_STAGE1 : 0) | controls << SPACE_CONTROLS_SHIFT;
}

/* ---- controls -------------------------------------------------------------------------------- */

static unsigned granule_of(unsigned tg, bool upper)
{
    static const uint8_t lower[4] = { 12, 16, 14, 12 }, higher[4] = { 12, 14, 12, 16 };

    return upper ? higher[tg] : lower[tg];
}

static bool bit(uint64_t v, unsigned n) { return v >> n & 1; }

/* TCR of two ranges: a field of the lower or upper half. */
static void controls_of_two(const struct a64_cpu *cpu, uint64_t tcr, uint64_t va, bool fetch,
                            struct mmu_stage1 *s)
{
    bool u = bit(va, 55);

    s->upper = u;
    s->tsz = tcr >> (u ? 16 : 0) & 63;
    s->granule = granule_of(tcr >> (u ? 30 : 14) & 3, u);
    s->epd = bit(tcr, u ? 23 : 7);
    s->e0pd = cpu->ext.e0pd && bit(tcr, u ? 56 : 55);
    s->tbi = bit(tcr, u ? 38 : 37) && !(fetch && bit(tcr, u ? 52 : 51));
    s->ha = cpu->ext.hafdbs && bit(tcr, 39);
    s->hd = s->ha && bit(tcr, 40);
    s->hpd = cpu->ext.hpds && bit(tcr, u ? 42 : 41);
    s->size_code = tcr >> 32 & 7;
}

static void controls_of_one(const struct a64_cpu *cpu, uint64_t tcr, bool fetch,
                            struct mmu_stage1 *s)
{
    s->tsz = tcr & 63;
    s->granule = granule_of(tcr >> 14 & 3, false);
    s->tbi = bit(tcr, 20) && !(fetch && bit(tcr, 29));
    s->ha = cpu->ext.hafdbs && bit(tcr, 21);
    s->hd = s->ha && bit(tcr, 22);
    s->hpd = cpu->ext.hpds && bit(tcr, 24);
    s->size_code = tcr >> 16 & 7;
}

void mmu_stage1_of(const struct a64_cpu *cpu, unsigned mmu, uint64_t va, bool fetch,
                   struct mmu_stage1 *ret)
{
    enum mmu_regime regime = mmu_regime_of(mmu);
    unsigned el = mmu_regime_el(regime);
    uint64_t sctlr = cpu->sys.sctlr_el[el];

    *ret = (struct mmu_stage1){
        .regime = regime, .on = stage1_on(cpu, regime), .two = has_two_ranges(regime),
        .wxn = sctlr & SCTLR_WXN, .mair = cpu->sys.mair_el[el],
    };
    if (ret->two)
        controls_of_two(cpu, cpu->sys.tcr_el[el], va, fetch, ret);
    else
        controls_of_one(cpu, cpu->sys.tcr_el[el], fetch, ret);
    ret->ttbr = ret->upper ? cpu->sys.ttbr1_el[el] : cpu->sys.ttbr0_el[el];
}

/* Without its tag. */
uint64_t mmu_va_canonical(const struct mmu_stage1 *s, uint64_t va)
{
    if (!s->tbi)
        return va;
    return s->upper ? va | UINT64_C(0xff) << 56 : va & ~(UINT64_C(0xff) << 56);
}

/* ---- the TLB's question ---------------------------------------------------------------------- */

/* Instructions of which a part may be in the next page don't exist, so the pc is the address. */
static void drop_tag_of_pc(struct a64_cpu *cpu, uint64_t va, unsigned mmu)
{
    struct mmu_stage1 s;

    mmu_stage1_of(cpu, mmu, va, true, &s);
    if (mmu_va_canonical(&s, va) == va)
        return;
    bp_vcpu_restore(cpu);
    cpu->pc = mmu_va_canonical(&s, va);
    bp_vcpu_resume(cpu);
}

bool mmu_fill(struct a64_cpu *cpu, uint64_t va, unsigned access, unsigned mmu, bool probe,
              struct bp_tlb_entry *ret)
{
    struct mmu_walk w = { .cpu = cpu, .va = va, .access = access, .mmu = mmu, .probe = probe };
    struct mmu_result r;

    if (access == BP_ACCESS_EXEC && !probe && cpu->pc == va)
        drop_tag_of_pc(cpu, va, mmu);
    if (!mmu_translate(&w, &r)) {
        if (probe)
            return false;
        if (access == BP_ACCESS_EXEC && cpu->ext.bti && !cpu->bti && cpu->pc == va)
            btype_of_branch(cpu, ret->branch);
        mmu_raise(&w, false);
    }
    ret->gpa = r.address;
    ret->access = r.access;
    ret->page_log2 = r.page_log2;
    ret->flags = r.once ? BP_TLB_ONCE : 0;
    ret->attributes = r.guarded ? BP_PAGE_GUARDED : 0;
    return true;
}

/* Registers whose fields TLBs may cache: software has to invalidate, but need not be perfect. */
void mmu_changed(struct a64_cpu *cpu, uint32_t reg, uint64_t before, uint64_t now)
{
    uint64_t changed = before ^ now;

    switch (reg) {
    case SYSREG(3, 0, 1, 0, 0): case SYSREG(3, 4, 1, 0, 0): case SYSREG(3, 6, 1, 0, 0):
        changed &= SCTLR_WXN; /* M is in the space, A in the context's flags */
        break;
    case SYSREG(3, 4, 1, 1, 0):
        changed &= HCR_PTW;
        break;
    default:
        return;
    }
    if (changed)
        bp_tlb_flush(cpu);
}
