/* SPDX-License-Identifier: MIT */
/*
 * mmu_walk.c: translation table walks of stage 1 and 2 with granules of 4, 16 and 64 KiB. The Arm
 * Architecture Reference Manual for A-profile, D8.2 (translation process), D8.3 (descriptors),
 * D8.4 (permissions), D8.5 (access flag and dirty state by hardware), D8.6 (attributes).
 *
 * The contiguous bit is a hint and not used. FEAT_LPA2 is not there: 52-bit addresses are those of
 * the 64 KiB granule.
 */
#include "mmu.h"

#define DESC_VALID 1u
#define DESC_TABLE 2u
#define DESC_AP1 (UINT64_C(1) << 6) /* stage 1: EL0, too; stage 2: read */
#define DESC_AP2 (UINT64_C(1) << 7) /* stage 1: read-only; stage 2: write */
#define DESC_AF (UINT64_C(1) << 10)
#define DESC_GP (UINT64_C(1) << 50)
#define DESC_DBM (UINT64_C(1) << 51)
#define DESC_PXN (UINT64_C(1) << 53)
#define DESC_UXN (UINT64_C(1) << 54)
#define TABLE_PXN (UINT64_C(1) << 59)
#define TABLE_UXN (UINT64_C(1) << 60)
#define TABLE_AP1 (UINT64_C(1) << 61)
#define TABLE_AP2 (UINT64_C(1) << 62)

#define ATTR_DEVICE 0x00u
#define ATTR_NORMAL 0xffu /* write-back */
#define SH_OUTER 2u
#define SH_INNER 3u

#define ALL_ACCESS (BP_ACCESS_READ | BP_ACCESS_WRITE | BP_ACCESS_EXEC)

/* Of stage 1's table walk through stage 2, see stage2(). */
static bool stage2(struct mmu_walk *w, uint64_t ipa, unsigned access, bool s1ptw,
                   struct mmu_result *ret);

static uint64_t ones(unsigned n) { return n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX; }

static bool fail(struct mmu_walk *w, unsigned status, unsigned level)
{
    w->fault = (struct mmu_fault){ .status = (uint8_t)(status | level),
                                   .wrote = w->access == BP_ACCESS_WRITE };
    return false;
}

/* ID_AA64MMFR0_EL1.PARange and the like. */
unsigned mmu_size_bits(unsigned code)
{
    static const uint8_t bits[8] = { 32, 36, 40, 42, 44, 48, 52, 52 };
    return bits[code & 7];
}

/* Bits of addresses that come out of a stage. */
static unsigned output_bits(const struct a64_cpu *cpu, unsigned code, unsigned granule)
{
    unsigned implemented = mmu_size_bits(cpu->id[ID_MMFR0] & 15), bits = mmu_size_bits(code);
    unsigned n = bits < implemented ? bits : implemented;

    return granule < 16 && n > 48 ? 48 : n;
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* A walk of one stage through its tables. */
struct tables {
    unsigned granule;    /* log2 */
    unsigned input, output; /* bits of addresses */
    unsigned level;      /* where the walk starts; later, where it is */
    uint64_t table;      /* address of the first table */
    bool lpa;            /* 52-bit output */
};

static unsigned low_bit(const struct tables *t, unsigned level)
{
    return t->granule + (t->granule - 3) * (3 - level);
}

static uint64_t base_of(const struct tables *t, uint64_t ttbr)
{
    unsigned low = 3 + t->input - low_bit(t, t->level);

    if (t->lpa) {
        low = low < 6 ? 6 : low;
        return (ttbr & ones(48) & ~ones(low)) | (ttbr >> 2 & 15) << 48;
    }
    return ttbr & ones(48) & ~ones(low);
}

static uint64_t output_of(const struct tables *t, uint64_t desc, unsigned low)
{
    return (desc & ones(48) & ~ones(low)) | (t->lpa ? (desc >> 12 & 15) << 48 : 0);
}

static bool block_allowed(const struct tables *t)
{
    switch (t->granule) {
    case 12: return t->level == 1 || t->level == 2;
    case 14: return t->level == 2;
    default: return t->level == 2 || (t->level == 1 && t->lpa);
    }
}

enum step { STEP_FAULT, STEP_TABLE, STEP_LEAF };

/* Looks at a descriptor; *ret_status says what is wrong with it. */
static enum step step(struct tables *t, uint64_t desc, unsigned *ret_status)
{
    bool leaf = t->level == 3 || !(desc & DESC_TABLE);
    uint64_t to = output_of(t, desc, t->granule); /* a block's lower bits are no address, and 0 */

    *ret_status = FSC_TRANSLATION;
    if (!(desc & DESC_VALID))
        return STEP_FAULT;
    if (t->level == 3 ? !(desc & DESC_TABLE) : leaf && !block_allowed(t))
        return STEP_FAULT;
    *ret_status = FSC_SIZE;
    if (leaf)
        to &= ~ones(low_bit(t, t->level));
    if (to & ~ones(t->output))
        return STEP_FAULT;
    if (leaf)
        return STEP_LEAF;
    t->table = to;
    t->level++;
    return STEP_TABLE;
}

static uint64_t entry_address(const struct tables *t, uint64_t address, bool first)
{
    unsigned low = low_bit(t, t->level);
    unsigned bits = first ? t->input - low : t->granule - 3;

    return t->table + ((address >> low & ones(bits)) << 3);
}

/* ---- stage 1 --------------------------------------------------------------------------------- */

/* Where a descriptor of stage 1 lies. */
static bool table_address(struct mmu_walk *w, const struct mmu_stage1 *s, uint64_t address,
                          unsigned access, uint64_t *ret)
{
    struct mmu_result r;

    *ret = address;
    if (!mmu_stage2_on(w->cpu, s->regime))
        return true;
    if (!stage2(w, address, access, true, &r))
        return false;
    *ret = r.address;
    return true;
}

/* Rights that a leaf gives through an mmu index; `table`: what the tables above take away, as a table
 * descriptor has it. */
static unsigned stage1_rights(const struct mmu_walk *w, const struct mmu_stage1 *s, uint64_t desc,
                              uint64_t table)
{
    bool writable = (!(desc & DESC_AP2) || (s->hd && desc & DESC_DBM)) && !(table & TABLE_AP2);
    bool user = s->two && desc & DESC_AP1 && !(table & TABLE_AP1);
    bool uxn = desc & DESC_UXN || table & TABLE_UXN || (s->wxn && writable && user);
    bool pxn = desc & DESC_PXN || table & TABLE_PXN;
    unsigned data = BP_ACCESS_READ | (writable ? BP_ACCESS_WRITE : 0);

    switch (w->mmu) {
    case MMU_EL0: case MMU_E20_EL0:
        return (user ? data : 0) | (uxn ? 0 : BP_ACCESS_EXEC);
    case MMU_EL2: case MMU_EL3:
        uxn = desc & DESC_UXN || table & TABLE_UXN || (s->wxn && writable);
        return data | (uxn ? 0 : BP_ACCESS_EXEC);
    default:
        pxn = pxn || (user && writable) || (s->wxn && writable);
        if (user && (w->mmu == MMU_EL1_PAN || w->mmu == MMU_E20_EL2_PAN))
            data = 0;
        return data | (pxn ? 0 : BP_ACCESS_EXEC);
    }
}

/* Whether the access flag or the dirty state must change for this access. */
static uint64_t updated(uint64_t desc, unsigned access, bool dirty_by_hardware, bool dirty_is_clear)
{
    uint64_t now = desc | DESC_AF;

    if (access == BP_ACCESS_WRITE && dirty_by_hardware && desc & DESC_DBM)
        now = dirty_is_clear ? now & ~DESC_AP2 : now | DESC_AP2;
    return now;
}

/* Writes an updated descriptor. False with *ret_retry where it has changed meanwhile. */
static bool update(struct mmu_walk *w, uint64_t address, uint64_t desc, uint64_t now,
                   bool *ret_retry)
{
    bool done = false;

    if (bp_phys_cas(w->cpu, address, 8, desc, now, &done) < 0)
        return fail(w, FSC_UPDATE, 0);
    *ret_retry = !done;
    return done;
}

static bool stage1_leaf(struct mmu_walk *w, const struct mmu_stage1 *s, const struct tables *t,
                        uint64_t address, uint64_t desc, uint64_t above, bool *ret_retry,
                        struct mmu_result *ret)
{
    unsigned rights = stage1_rights(w, s, desc, above), low = low_bit(t, t->level);
    uint64_t now = updated(desc, w->access, s->hd, true);

    if (!(desc & DESC_AF) && !s->ha)
        return fail(w, FSC_FLAG, t->level);
    if (!(rights & w->access) && !w->any_access)
        return fail(w, FSC_PERMISSION, t->level);
    if (now != desc && w->probe) {
        ret->once = true;
    } else if (now != desc) {
        uint64_t at;
        if (!table_address(w, s, address, BP_ACCESS_WRITE, &at) ||
            !update(w, at, desc, now, ret_retry))
            return false;
        desc = now;
    }
    if (desc & DESC_AP2 && !ret->once) /* the first write must come here */
        rights &= ~(unsigned)BP_ACCESS_WRITE;
    ret->address = (output_of(t, desc, t->granule) & ~ones(low)) | (w->va & ones(low));
    ret->access = rights;
    /* TLBI by address takes a whole page of the granule: see mmu_op.c. */
    ret->page_log2 = t->level == 3 ? 12 : low;
    ret->guarded = desc & DESC_GP;
    ret->attr = (uint8_t)(s->mair >> 8 * (desc >> 2 & 7));
    ret->sh = ret->attr & 0xf0 ? desc >> 8 & 3 : SH_OUTER;
    return true;
}

/* The largest and smallest TnSZ. */
static bool valid_tsz(const struct a64_cpu *cpu, unsigned tsz, unsigned granule)
{
    unsigned most = !cpu->ext.ttst ? 39 : granule == 16 ? 47 : 48;
    unsigned least = granule == 16 && cpu->ext.lva ? 12 : 16;

    return tsz >= least && tsz <= most;
}

static bool start_stage1(struct mmu_walk *w, const struct mmu_stage1 *s, struct tables *t)
{
    uint64_t va = mmu_va_canonical(s, w->va), top;
    bool user = w->mmu == MMU_EL0 || w->mmu == MMU_E20_EL0;

    if (s->epd || (s->e0pd && user) || !valid_tsz(w->cpu, s->tsz, s->granule))
        return fail(w, FSC_TRANSLATION, 0);
    t->granule = s->granule;
    t->input = 64 - s->tsz;
    top = va >> t->input;
    if (top != (s->upper ? ones(s->tsz) : 0))
        return fail(w, FSC_TRANSLATION, 0);
    t->output = output_bits(w->cpu, s->size_code, s->granule);
    t->lpa = t->output == 52;
    t->level = 3 - (t->input - t->granule - 1) / (t->granule - 3);
    t->table = base_of(t, s->ttbr);
    return !(t->table & ~ones(t->output)) || fail(w, FSC_SIZE, 0);
}

static bool walk_stage1(struct mmu_walk *w, const struct mmu_stage1 *s, struct mmu_result *ret,
                        bool *ret_retry)
{
    struct tables t;
    uint64_t above = 0, address, desc = 0;

    *ret_retry = false;
    if (!start_stage1(w, s, &t))
        return false;
    for (bool first = true;; first = false) {
        uint64_t ipa = entry_address(&t, w->va, first);
        unsigned level = t.level, status;
        if (!table_address(w, s, ipa, BP_ACCESS_READ, &address))
            return false;
        if (bp_phys_read(w->cpu, address, &desc, 8) < 0)
            return fail(w, FSC_WALK_EXTERNAL, level);
        switch (step(&t, desc, &status)) {
        case STEP_FAULT: return fail(w, status, level);
        case STEP_TABLE: above |= s->hpd ? 0 : desc; break;
        case STEP_LEAF:
            return stage1_leaf(w, s, &t, ipa, desc, above, ret_retry, ret);
        }
    }
}

static bool flat(struct mmu_walk *w, const struct mmu_stage1 *s, struct mmu_result *ret)
{
    uint64_t va = s->tbi ? w->va & ones(56) : w->va;
    bool cacheable = s->regime == REGIME_EL10 && cpu_hcr(w->cpu) & HCR_DC;

    if (va & ~ones(mmu_size_bits(w->cpu->id[ID_MMFR0] & 15)))
        return fail(w, FSC_SIZE, 0);
    *ret = (struct mmu_result){ .address = va, .access = ALL_ACCESS, .page_log2 = 12,
                                .attr = cacheable ? ATTR_NORMAL : ATTR_DEVICE,
                                .sh = cacheable ? 0 : SH_OUTER };
    return true;
}

/* ---- stage 2 --------------------------------------------------------------------------------- */

static bool fail2(struct mmu_walk *w, unsigned status, unsigned level, uint64_t ipa,
                  unsigned access, bool s1ptw)
{
    w->fault = (struct mmu_fault){ .status = (uint8_t)(status | level), .stage2 = true,
                                   .s1ptw = s1ptw, .wrote = access == BP_ACCESS_WRITE,
                                   .ipa = ipa };
    return false;
}

static bool start_stage2(const struct a64_cpu *cpu, struct tables *t)
{
    static const uint8_t granules[4] = { 12, 16, 14, 12 };
    uint64_t vtcr = cpu->sys.vtcr_el2;
    unsigned tsz = vtcr & 63, sl0 = vtcr >> 6 & 3, first_bits;

    t->granule = granules[vtcr >> 14 & 3];
    if (!valid_tsz(cpu, tsz, t->granule) || (t->granule != 12 && sl0 == 3) ||
        (t->granule == 12 && sl0 == 3 && !cpu->ext.ttst))
        return false;
    t->input = 64 - tsz;
    t->output = output_bits(cpu, vtcr >> 16 & 7, t->granule);
    t->lpa = t->output == 52;
    t->level = t->granule != 12 ? 3 - sl0 : sl0 == 3 ? 3 : 2 - sl0;
    if (t->input <= low_bit(t, t->level))
        return false;
    first_bits = t->input - low_bit(t, t->level);
    if (first_bits > t->granule - 3 + 4) /* at most 16 tables side by side */
        return false;
    t->table = base_of(t, cpu->sys.vttbr_el2 & ~(uint64_t)DESC_VALID);
    return true;
}

/* FEAT_XNX makes two levels of XN<1:0>. */
static bool stage2_executable(const struct a64_cpu *cpu, uint64_t desc, bool user)
{
    unsigned xn = desc >> 53 & 3;

    if (!cpu->ext.xnx)
        return !(xn & 2);
    return xn == 0 || xn == (user ? 1 : 3);
}

static uint8_t stage2_attr(const struct a64_cpu *cpu, uint64_t desc)
{
    unsigned memory = desc >> 2 & 15;

    if (cpu_hcr(cpu) & HCR_FWB)
        return memory & 4 ? ATTR_NORMAL : (uint8_t)((memory & 3) << 2);
    if (!(memory >> 2))
        return (uint8_t)((memory & 3) << 2);
    return memory == 15 ? ATTR_NORMAL : memory >> 2 == 1 ? 0x44 : 0xbb;
}

static bool stage2_leaf(struct mmu_walk *w, const struct tables *t, uint64_t ipa, unsigned access,
                        bool s1ptw, uint64_t address, uint64_t desc, bool *ret_retry,
                        struct mmu_result *ret)
{
    uint64_t vtcr = w->cpu->sys.vtcr_el2;
    bool ha = w->cpu->ext.hafdbs && vtcr >> 21 & 1, hd = ha && vtcr >> 22 & 1;
    bool user = w->mmu == MMU_EL0, writable = desc & DESC_AP2 || (hd && desc & DESC_DBM);
    unsigned low = low_bit(t, t->level);
    uint64_t now = updated(desc, access, hd, false);
    bool ptw = s1ptw && cpu_hcr(w->cpu) & HCR_PTW;

    ret->access = (desc & DESC_AP1 ? BP_ACCESS_READ : 0u) | (writable ? BP_ACCESS_WRITE : 0u) |
                  (stage2_executable(w->cpu, desc, user) ? BP_ACCESS_EXEC : 0u);
    ret->attr = stage2_attr(w->cpu, desc);
    ret->sh = ret->attr & 0xf0 ? desc >> 8 & 3 : SH_OUTER;
    if (!(desc & DESC_AF) && !ha)
        return fail2(w, FSC_FLAG, t->level, ipa, access, s1ptw);
    if ((!(ret->access & access) && !w->any_access) || (ptw && !(ret->attr & 0xf0)))
        return fail2(w, FSC_PERMISSION, t->level, ipa, access, s1ptw);
    if (now != desc && w->probe) {
        ret->once = true;
    } else if (now != desc) {
        if (!update(w, address, desc, now, ret_retry))
            return false;
        desc = now;
    }
    if (!(desc & DESC_AP2) && !ret->once)
        ret->access &= ~(unsigned)BP_ACCESS_WRITE;
    ret->address = (output_of(t, desc, t->granule) & ~ones(low)) | (ipa & ones(low));
    ret->page_log2 = 12; /* invalidation by IPA takes the whole VMID */
    return true;
}

static bool walk_stage2(struct mmu_walk *w, uint64_t ipa, unsigned access, bool s1ptw,
                        bool *ret_retry, struct mmu_result *ret)
{
    struct tables t;

    *ret = (struct mmu_result){ 0 };
    *ret_retry = false;
    if (!start_stage2(w->cpu, &t) || ipa >> t.input)
        return fail2(w, FSC_TRANSLATION, 0, ipa, access, s1ptw);
    if (t.table & ~ones(t.output))
        return fail2(w, FSC_SIZE, 0, ipa, access, s1ptw);
    for (bool first = true;; first = false) {
        uint64_t address = entry_address(&t, ipa, first), desc = 0;
        unsigned level = t.level, status;
        if (bp_phys_read(w->cpu, address, &desc, 8) < 0)
            return fail2(w, FSC_WALK_EXTERNAL, level, ipa, access, s1ptw);
        switch (step(&t, desc, &status)) {
        case STEP_FAULT: return fail2(w, status, level, ipa, access, s1ptw);
        case STEP_TABLE: break;
        case STEP_LEAF:
            return stage2_leaf(w, &t, ipa, access, s1ptw, address, desc, ret_retry, ret);
        }
    }
}

static bool stage2(struct mmu_walk *w, uint64_t ipa, unsigned access, bool s1ptw,
                   struct mmu_result *ret)
{
    bool retry, done;

    do {
        done = walk_stage2(w, ipa, access, s1ptw, &retry, ret);
    } while (!done && retry);
    return done;
}

/* ---- both ------------------------------------------------------------------------------------ */

/* D8.6, combining of stage 1 and stage 2 attributes. */
static void combine_attr(struct mmu_result *r, const struct mmu_result *s2)
{
    bool device1 = !(r->attr & 0xf0), device2 = !(s2->attr & 0xf0);

    if (device1 || device2) {
        uint8_t a = device1 ? r->attr : 0x0c, b = device2 ? s2->attr : 0x0c;
        r->attr = a < b ? a : b;
        r->sh = SH_OUTER;
        return;
    }
    if ((s2->attr & 0xf0) == 0x40)
        r->attr = 0x44;
    else if (s2->attr == 0xbb && r->attr != 0x44)
        r->attr = (uint8_t)(r->attr & 0xbb);
    if (r->attr == 0x44 || s2->sh == SH_OUTER || r->sh == SH_OUTER)
        r->sh = SH_OUTER;
    else if (s2->sh == SH_INNER)
        r->sh = SH_INNER;
}

bool mmu_translate(struct mmu_walk *w, struct mmu_result *ret)
{
    struct mmu_stage1 s;
    struct mmu_result second;
    bool done, retry = false;

    mmu_stage1_of(w->cpu, w->mmu, w->va, w->access == BP_ACCESS_EXEC, &s);
    do {
        *ret = (struct mmu_result){ 0 };
        done = s.on ? walk_stage1(w, &s, ret, &retry) : flat(w, &s, ret);
    } while (!done && retry);
    if (!done)
        return false;
    if (!mmu_stage2_on(w->cpu, s.regime) || w->no_stage2)
        return true;
    if (!stage2(w, ret->address, w->access, false, &second))
        return false;
    ret->address = second.address;
    ret->access &= second.access;
    ret->once |= second.once;
    combine_attr(ret, &second);
    return true;
}
