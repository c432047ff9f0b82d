/* SPDX-License-Identifier: MIT */
/*
 * mmu_op.c: TLBI, AT, and the addresses of cache maintenance. The Arm Architecture Reference Manual for A-profile, D8.16 (TLB
 * maintenance), C5.4 and C5.5 (the instructions), D19.2.110 (PAR_EL1).
 *
 * What the TLB holds are results of both stages, by virtual address, in sets of regime, VMID and ASID
 * (mmu_space). Global translations are in the sets of all ASIDs, so invalidation by address looks at them
 * all; that by intermediate address takes all of the VMID.
 */
#include "mmu.h"

/* CRm: which PEs do it, whether it takes a range. */
struct reach {
    bool valid, others, range;
};
static const struct reach reaches[16] = {
    [7] = { true, false, false }, [3] = { true, true, false }, [1] = { true, true, false },
    [6] = { true, false, true },  [2] = { true, true, true },  [5] = { true, true, true },
};

static uint64_t space_of(const struct a64_cpu *cpu, enum mmu_regime regime)
{
    uint64_t secure = regime == REGIME_EL10 && cpu_secure_below_el3(cpu) ? MMU_SPACE_SECURE : 0;
    uint64_t vmid = regime == REGIME_EL10 ? mmu_vmid(cpu) : 0;

    return (uint64_t)regime << MMU_SPACE_REGIME_SHIFT | secure | vmid << MMU_SPACE_VMID_SHIFT;
}

static uint64_t mask_of(enum mmu_regime regime)
{
    uint64_t mask = UINT64_C(3) << MMU_SPACE_REGIME_SHIFT;

    return regime == REGIME_EL10 ? mask | MMU_SPACE_SECURE | MMU_SPACE_VMID : mask;
}

static void forget(struct a64_cpu *cpu, uint64_t space, uint64_t mask, bool others)
{
    struct bp_tlb_flush f = { .size = sizeof f, .flags = others ? BP_FLUSH_OTHERS : 0,
                              .space = space, .space_mask = mask };
    bp_tlb_forget(cpu, &f);
}

static void forget_range(struct a64_cpu *cpu, enum mmu_regime regime, uint64_t va, uint64_t bytes,
                         bool others)
{
    struct bp_tlb_flush f = { .size = sizeof f,
                              .flags = BP_FLUSH_RANGE | (others ? BP_FLUSH_OTHERS : 0),
                              .space = space_of(cpu, regime), .space_mask = mask_of(regime),
                              .va = va, .bytes = bytes, .va_bits = 56 };
    bp_tlb_forget(cpu, &f);
}

static uint64_t sign_extended(uint64_t v, unsigned bits)
{
    return (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
}

/* The privileged index of a regime, for its controls. */
static unsigned index_of(enum mmu_regime regime)
{
    static const uint8_t indexes[4] = { MMU_EL1, MMU_E20_EL2, MMU_EL2, MMU_EL3 };
    return indexes[regime];
}

/* VA<55:12> in the low bits: the page of the granule that holds it. */
static void forget_va(struct a64_cpu *cpu, enum mmu_regime regime, uint64_t value, bool others)
{
    uint64_t va = sign_extended(value << 12, 56), bytes;
    struct mmu_stage1 s;

    mmu_stage1_of(cpu, index_of(regime), va, false, &s);
    bytes = UINT64_C(1) << s.granule;
    forget_range(cpu, regime, va & ~(bytes - 1), bytes, others);
}

/* BaseADDR, NUM, SCALE, TG. */
static void forget_va_range(struct a64_cpu *cpu, enum mmu_regime regime, uint64_t value, bool others)
{
    static const uint8_t granules[4] = { 0, 12, 14, 16 };
    unsigned granule = granules[value >> 46 & 3], scale = value >> 44 & 3;
    uint64_t pages = ((value >> 39 & 31) + 1) << (5 * scale + 1);

    if (!granule) { /* reserved */
        forget(cpu, space_of(cpu, regime), mask_of(regime), others);
        return;
    }
    forget_range(cpu, regime, sign_extended(value, 37) << granule, pages << granule, others);
}

static bool tlbi_el1(struct a64_cpu *cpu, unsigned op2, const struct reach *r, uint64_t value)
{
    enum mmu_regime regime = cpu->el >= 2 && cpu_host_el0(cpu) ? REGIME_EL20 : REGIME_EL10;
    bool others = r->others || (cpu->el == 1 && cpu_hcr(cpu) & HCR_FB);
    uint64_t space = space_of(cpu, regime);

    if (r->range) {
        if (!(op2 & 1))
            return false;
        forget_va_range(cpu, regime, value, others);
        return true;
    }
    switch (op2) {
    case 0: /* VMALLE1 */
        forget(cpu, space, mask_of(regime), others);
        return true;
    case 2: /* ASIDE1 */
        forget(cpu, space | (value >> 48 & mmu_asid_mask(cpu, regime)), mask_of(regime) | MMU_SPACE_ASID, others);
        return true;
    case 1: case 3: case 5: case 7: /* VAE1, VAAE1, VALE1, VAALE1 */
        forget_va(cpu, regime, value, others);
        return true;
    default:
        return false;
    }
}

/* Of EL2's own regime, and of all or the current VMID's EL1&0. */
static bool tlbi_el2(struct a64_cpu *cpu, unsigned op2, const struct reach *r, uint64_t value)
{
    enum mmu_regime regime = cpu_e2h(cpu) ? REGIME_EL20 : REGIME_EL2;
    uint64_t guests = mask_of(REGIME_EL10);

    if (r->range) {
        if (op2 != 1 && op2 != 5)
            return false;
        forget_va_range(cpu, regime, value, r->others);
        return true;
    }
    switch (op2) {
    case 0: /* ALLE2 */
        forget(cpu, space_of(cpu, regime), mask_of(regime), r->others);
        return true;
    case 1: case 5: /* VAE2, VALE2 */
        forget_va(cpu, regime, value, r->others);
        return true;
    case 4: /* ALLE1 */
        forget(cpu, space_of(cpu, REGIME_EL10), guests & ~MMU_SPACE_VMID, r->others);
        return true;
    case 6: /* VMALLS12E1 */
        forget(cpu, space_of(cpu, REGIME_EL10), guests, r->others);
        return true;
    default:
        return false;
    }
}

static bool tlbi_el3(struct a64_cpu *cpu, unsigned op2, const struct reach *r, uint64_t value)
{
    if (r->range && op2 != 1 && op2 != 5)
        return false;
    if (r->range)
        forget_va_range(cpu, REGIME_EL3, value, r->others);
    else if (op2 == 0)
        forget(cpu, space_of(cpu, REGIME_EL3), mask_of(REGIME_EL3), r->others);
    else if (op2 == 1 || op2 == 5)
        forget_va(cpu, REGIME_EL3, value, r->others);
    else
        return false;
    return true;
}

/* IPAS2E1 and the like; op2 0, 3, 4, 7 of CRm 4 are the outer shareable ones. */
static bool tlbi_ipa(struct a64_cpu *cpu, unsigned crm, unsigned op2)
{
    static const uint8_t known[2] = { 0x66, 0xff }; /* of CRm 0 and 4: bits of op2 */
    static const uint8_t extended[2] = { 0x44, 0xdd };
    unsigned which = crm == 4;
    bool others = crm == 0 || op2 == 0 || op2 == 3 || op2 == 4 || op2 == 7;

    if (!(known[which] >> op2 & 1) || (extended[which] >> op2 & 1 && !cpu->ext.tlbi))
        return false;
    forget(cpu, space_of(cpu, REGIME_EL10), mask_of(REGIME_EL10), others);
    return true;
}

bool mmu_tlbi(struct a64_cpu *cpu, uint32_t op, uint64_t value)
{
    unsigned op1 = op >> 11, crm = op >> 3 & 15, op2 = op & 7;
    const struct reach *r = &reaches[crm];

    if (op1 == 4 && (crm == 0 || crm == 4))
        return tlbi_ipa(cpu, crm, op2);
    if (!r->valid || (!cpu->ext.tlbi && (r->range || crm == 1)))
        return false;
    switch (op1) {
    case 0: return tlbi_el1(cpu, op2, r, value);
    case 4: return tlbi_el2(cpu, op2, r, value);
    default: return tlbi_el3(cpu, op2, r, value);
    }
}

/* Above EL0 only DC IVAC needs a right, for it may lose what was stored. */
void mmu_cache(struct a64_cpu *cpu, uint32_t op, uint64_t va)
{
    bool inval = op == SYS(0, 7, 6, 1), fetch = op == SYS(3, 7, 5, 1);
    struct mmu_walk w = { .cpu = cpu, .va = va, .mmu = mmu_index(cpu), .probe = true,
                          .access = inval ? BP_ACCESS_WRITE : BP_ACCESS_READ,
                          .any_access = fetch || (!inval && cpu->el > 0) };
    struct mmu_result r;

    if (!mmu_translate(&w, &r))
        mmu_raise(&w, true);
}

static void tlb_sync(void *env) { bp_tlb_sync(env); }
const struct bp_helper helper_tlb_sync = {
    "tlb_sync", (void (*)(void))tlb_sync, BP_VOID, 0, { 0 }, BP_CALL_ENV,
};

/* ---- AT -------------------------------------------------------------------------------------- */

#define PAR_F 1u
#define PAR_PTW (1u << 8)
#define PAR_S (1u << 9)
#define PAR_NS (UINT64_C(1) << 9)
#define PAR_RES1 (UINT64_C(1) << 11)

static void set_par(struct a64_cpu *cpu, const struct mmu_walk *w, bool done,
                    const struct mmu_result *r)
{
    if (!done) {
        cpu->sys.par_el1 = PAR_F | (uint64_t)w->fault.status << 1 | PAR_RES1 |
                           (w->fault.s1ptw ? PAR_PTW : 0) | (w->fault.stage2 ? PAR_S : 0);
        return;
    }
    cpu->sys.par_el1 = (r->address & UINT64_C(0x000ffffffffff000)) | (uint64_t)r->attr << 56 |
                       (uint64_t)r->sh << 7 | PAR_RES1 | (cpu_secure_below_el3(cpu) ? 0 : PAR_NS);
}

static bool is_external(unsigned status)
{
    return (status & 0x3cu) == FSC_WALK_EXTERNAL;
}

static void at(struct a64_cpu *cpu, uint64_t va, unsigned mmu, bool write, bool both)
{
    struct mmu_walk w = { .cpu = cpu, .va = va, .mmu = mmu, .probe = true, .no_stage2 = !both,
                          .access = write ? BP_ACCESS_WRITE : BP_ACCESS_READ };
    struct mmu_result r;
    bool done = mmu_translate(&w, &r);

    if (!done && (is_external(w.fault.status) || (w.fault.s1ptw && cpu->el == 1)))
        mmu_raise(&w, true);
    set_par(cpu, &w, done, &r);
}

bool mmu_at(struct a64_cpu *cpu, uint32_t op, uint64_t va)
{
    unsigned op1 = op >> 11, crm = op >> 3 & 15, op2 = op & 7;
    bool host = cpu->el >= 2 && cpu_host_el0(cpu), write = op2 & 1;
    unsigned el1 = host ? MMU_E20_EL2 : MMU_EL1, el0 = host ? MMU_E20_EL0 : MMU_EL0;

    if (crm == 9) /* S1E1RP, S1E1WP */
        at(cpu, va, !cpu->pan ? el1 : host ? MMU_E20_EL2_PAN : MMU_EL1_PAN, write, false);
    else if (op1 == 0)
        at(cpu, va, op2 & 2 ? el0 : el1, write, false);
    else if (op1 == 6)
        at(cpu, va, MMU_EL3, write, false);
    else if (op2 & 4) /* S12E1R and so on */
        at(cpu, va, op2 & 2 ? MMU_EL0 : MMU_EL1, write, true);
    else
        at(cpu, va, cpu_e2h(cpu) ? MMU_E20_EL2 : MMU_EL2, write, false);
    return true;
}
