/* SPDX-License-Identifier: MIT */
/*
 * mmu.c: address translation Sv32, Sv39, Sv48, Sv57, its fences, and the cache-block operations,
 * which only check addresses here. The RISC-V Instruction Set Manual, volume II, Supervisor-Level
 * ISA; volume I, Cache-Block Management.
 *
 * An mmu index (enum riscv_mmu) stands for a privilege and the SUM and MXR bits, so that none of
 * their changes flushes anything. An address space is satp's mode and ASID, without the root:
 * software fences where it reuses an ASID, as it must on hardware.
 */
#include "cpu.h"

#define PTE_V 0x001u
#define PTE_R 0x002u
#define PTE_W 0x004u
#define PTE_X 0x008u
#define PTE_U 0x010u
#define PTE_A 0x040u
#define PTE_D 0x080u
#define PTE_RESERVED (UINT64_C(0x3ff) << 54) /* bits of extensions that are not there: N, PBMT */

#define SATP_MODE(cpu) (cpu_is_rv32(cpu) ? (unsigned)((cpu)->satp >> 31 & 1) \
                                         : (unsigned)((cpu)->satp >> 60))

enum satp_mode { SATP_BARE = 0, SATP_SV32 = 1, SATP_SV39 = 8, SATP_SV48 = 9, SATP_SV57 = 10 };
enum fault { FAULT_NONE = 0, FAULT_PAGE, FAULT_ACCESS };

bool mmu_satp_mode_valid(const struct riscv_cpu *cpu, unsigned mode)
{
    if (cpu_is_rv32(cpu))
        return mode == SATP_BARE || cpu->sv32;
    switch (mode) {
    case SATP_BARE: return true;
    case SATP_SV39: return cpu->sv39;
    case SATP_SV48: return cpu->sv48;
    case SATP_SV57: return cpu->sv57;
    default: return false;
    }
}

uint64_t mmu_space(const struct riscv_cpu *cpu)
{
    return cpu_is_rv32(cpu) ? cpu->satp >> 22 : cpu->satp >> 44;
}

/* Takes the PMP's view of the gpa found into the entry. */
static enum fault check_pmp(struct riscv_cpu *cpu, unsigned priv, unsigned access,
                            struct bp_tlb_entry *ret)
{
    bool uniform;
    unsigned bytes = ret->bytes ? ret->bytes : 1;
    unsigned allowed = pmp_access(cpu, ret->gpa, bytes, priv, ret->page_log2, &uniform);

    if (!uniform) {
        ret->page_log2 = 12;
        allowed = pmp_access(cpu, ret->gpa, bytes, priv, 12, &uniform);
        if (!uniform)
            ret->flags |= BP_TLB_ONCE;
    }
    ret->access &= allowed;
    return allowed & access ? FAULT_NONE : FAULT_ACCESS;
}

/* Geometry of a translation mode. */
struct scheme {
    unsigned levels, vpn_bits, pte_log2;
};

static struct scheme scheme_of(unsigned mode)
{
    if (mode == SATP_SV32)
        return (struct scheme){ 2, 10, 2 };
    return (struct scheme){ mode - SATP_SV39 + 3, 9, 3 };
}

static bool canonical(const struct scheme *s, uint64_t va)
{
    unsigned bits = 12 + s->levels * s->vpn_bits;
    uint64_t sign = va >> (bits - 1);

    return s->pte_log2 == 2 || sign == 0 || sign == UINT64_MAX >> (bits - 1);
}

static bool pte_access(struct riscv_cpu *cpu, uint64_t address, unsigned pte_log2, unsigned access)
{
    bool uniform;
    return pmp_access(cpu, address, 1u << pte_log2, PRIV_S, pte_log2, &uniform) & access && uniform;
}

/* ---- walking --------------------------------------------------------------------------------- */

/* Rights that a leaf gives through an mmu index, before the dirty bit is looked at. */
static unsigned leaf_rights(uint64_t pte, unsigned mmu)
{
    unsigned who = mmu & ~(unsigned)MMU_MXR, r = 0;

    if (who == MMU_U ? !(pte & PTE_U) : who == MMU_S && pte & PTE_U)
        return 0;
    if (pte & PTE_R || (mmu & MMU_MXR && pte & PTE_X))
        r |= BP_ACCESS_READ;
    if (pte & PTE_W)
        r |= BP_ACCESS_WRITE;
    if (pte & PTE_X && !(who == MMU_S_SUM && pte & PTE_U))
        r |= BP_ACCESS_EXEC;
    return r;
}

/* Sets A, and D for a write, in the page table entry at `address`, which holds *pte. */
static enum fault update_leaf(struct riscv_cpu *cpu, uint64_t address, unsigned pte_log2,
                              uint64_t *pte, bool dirty, bool *ret_retry)
{
    uint64_t wanted = *pte | PTE_A | (dirty ? PTE_D : 0);
    bool done = false;

    if (!(cpu->menvcfg & ENVCFG_ADUE))
        return FAULT_PAGE;
    if (!pte_access(cpu, address, pte_log2, BP_ACCESS_WRITE) ||
        bp_phys_cas(cpu, address, 1u << pte_log2, *pte, wanted, &done) < 0)
        return FAULT_ACCESS;
    *ret_retry = !done;
    *pte = wanted;
    return FAULT_NONE;
}

static enum fault use_leaf(struct riscv_cpu *cpu, uint64_t va, unsigned access, unsigned mmu,
                           bool probe, uint64_t address, uint64_t pte, unsigned level,
                           const struct scheme *s, struct bp_tlb_entry *ret, bool *ret_retry)
{
    uint64_t ppn = pte >> 10 & ((UINT64_C(1) << 44) - 1);
    unsigned shift = level * s->vpn_bits;
    unsigned r = leaf_rights(pte, mmu);

    if (ppn & ((UINT64_C(1) << shift) - 1) || !(r & access))
        return FAULT_PAGE;
    if (!(pte & PTE_A) || (access & BP_ACCESS_WRITE && !(pte & PTE_D))) {
        enum fault f = FAULT_NONE;
        if (!probe)
            f = update_leaf(cpu, address, s->pte_log2, &pte, access & BP_ACCESS_WRITE, ret_retry);
        else if (!(cpu->menvcfg & ENVCFG_ADUE))
            f = FAULT_PAGE;
        else
            ret->flags |= BP_TLB_ONCE; /* the bits stay as they are, so nothing may be kept */
        if (f || *ret_retry)
            return f;
    }
    ret->page_log2 = 12 + shift;
    ret->gpa = (ppn << 12) | (va & ((UINT64_C(1) << ret->page_log2) - 1));
    if (!(pte & PTE_D) && !(ret->flags & BP_TLB_ONCE))
        r &= ~(unsigned)BP_ACCESS_WRITE;
    ret->access = r;
    return FAULT_NONE;
}

/* vol. II, Virtual Address Translation Process. */
static enum fault walk(struct riscv_cpu *cpu, uint64_t va, unsigned access, unsigned mmu,
                       bool probe, unsigned mode, struct bp_tlb_entry *ret)
{
    struct scheme s = scheme_of(mode);
    uint64_t ppn_mask = cpu_is_rv32(cpu) ? (1u << 22) - 1 : (UINT64_C(1) << 44) - 1;
    bool retry;

    if (!canonical(&s, va))
        return FAULT_PAGE;
    do {
        uint64_t table = (cpu->satp & ppn_mask) << 12;
        enum fault f = FAULT_PAGE;
        retry = false;
        ret->flags = 0;
        for (unsigned level = s.levels; level-- > 0;) {
            uint64_t vpn = va >> (12 + level * s.vpn_bits) & ((1u << s.vpn_bits) - 1);
            uint64_t address = table + (vpn << s.pte_log2), pte = 0;
            uint32_t narrow = 0;
            void *to = s.pte_log2 == 2 ? (void *)&narrow : (void *)&pte;
            if (!pte_access(cpu, address, s.pte_log2, BP_ACCESS_READ) ||
                bp_phys_read(cpu, address, to, 1u << s.pte_log2) < 0)
                return FAULT_ACCESS;
            if (s.pte_log2 == 2)
                pte = narrow;
            if (!(pte & PTE_V) || (pte & (PTE_R | PTE_W)) == PTE_W || pte & PTE_RESERVED)
                return FAULT_PAGE;
            if (pte & (PTE_R | PTE_X)) {
                f = use_leaf(cpu, va, access, mmu, probe, address, pte, level, &s, ret, &retry);
                break;
            }
            if (pte & (PTE_A | PTE_D | PTE_U))
                return FAULT_PAGE;
            table = (pte >> 10) << 12;
        }
        if (f)
            return f;
    } while (retry);
    return FAULT_NONE;
}

static enum fault translate(struct riscv_cpu *cpu, uint64_t va, unsigned access, unsigned mmu,
                            bool probe, struct bp_tlb_entry *ret)
{
    static const uint8_t priv_of[4] = { PRIV_U, PRIV_S, PRIV_S, PRIV_M };
    unsigned priv = priv_of[mmu & 3], mode = SATP_MODE(cpu);

    ret->flags = 0;
    if (priv == PRIV_M || mode == SATP_BARE) {
        if (va >> 56)
            return FAULT_ACCESS;
        ret->gpa = va;
        ret->page_log2 = 12;
        ret->access = BP_ACCESS_READ | BP_ACCESS_WRITE | BP_ACCESS_EXEC;
    } else {
        enum fault f = walk(cpu, va, access, mmu, probe, mode, ret);
        if (f)
            return f;
    }
    return check_pmp(cpu, priv, access, ret);
}

static unsigned cause_of(enum fault f, unsigned access)
{
    if (access & BP_ACCESS_WRITE)
        return f == FAULT_PAGE ? CAUSE_STORE_PAGE : CAUSE_STORE_ACCESS;
    if (access & BP_ACCESS_EXEC)
        return f == FAULT_PAGE ? CAUSE_FETCH_PAGE : CAUSE_FETCH_ACCESS;
    return f == FAULT_PAGE ? CAUSE_LOAD_PAGE : CAUSE_LOAD_ACCESS;
}

bool mmu_fill(void *env, uint64_t va, unsigned access, unsigned mmu, bool probe,
              struct bp_tlb_entry *ret)
{
    struct riscv_cpu *cpu = env;
    /* A program's memory is the host's: nothing to walk, and whoever asks has met a fault. */
    enum fault f = cpu->user_mode ? FAULT_PAGE : translate(cpu, va, access, mmu, probe, ret);

    if (f && !probe)
        trap_raise(env, cause_of(f, access), va);
    return f == FAULT_NONE;
}

/* ---- instructions ---------------------------------------------------------------------------- */

/* SFENCE.VMA and SINVAL.VMA; registers x0 are told from the instruction. */
static void sfence(void *env, uint64_t va, uint64_t asid, uint32_t insn)
{
    struct riscv_cpu *cpu = env;
    bool any_address = !(insn >> 15 & 31), any_space = !(insn >> 20 & 31);

    if (cpu->priv == PRIV_S && cpu->mstatus & MSTATUS_TVM)
        trap_raise(cpu, CAUSE_ILLEGAL, insn);
    if (!any_address) {
        bp_tlb_flush_page(cpu, va);
    } else if (any_space) {
        bp_tlb_flush(cpu);
    } else if (cpu_is_rv32(cpu)) {
        bp_tlb_flush_space(cpu, (uint64_t)SATP_SV32 << 9 | (asid & 0x1ff));
    } else {
        for (unsigned mode = SATP_SV39; mode <= SATP_SV57; mode++)
            bp_tlb_flush_space(cpu, (uint64_t)mode << 16 | (asid & 0xffff));
    }
}
const struct bp_helper helper_sfence = {
    "sfence", (void (*)(void))sfence, BP_VOID, 3, { BP_I64, BP_I64, BP_I32 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

/* Whether the modes above permit a cache-block operation; `field` all clear forbids. */
static bool envcfg_allows(const struct riscv_cpu *cpu, uint64_t field)
{
    return (cpu->priv == PRIV_M || cpu->menvcfg & field) &&
           (cpu->priv != PRIV_U || !cpu->ext.s || cpu->senvcfg & field);
}

static void cbo_zero(void *env, uint64_t va, uint32_t mmu, uint32_t insn)
{
    struct riscv_cpu *cpu = env;
    struct bp_tlb_entry entry = { .size = sizeof entry };
    uint64_t block = va & ~(uint64_t)(RISCV_CACHE_BLOCK - 1);

    if (!envcfg_allows(cpu, ENVCFG_CBZE))
        trap_raise(cpu, CAUSE_ILLEGAL, insn);
    if (va != block && cpu->user_mode) /* a fault reports the address in rs1 */
        bp_vcpu_cas(cpu, va, BP_MEM_SIZE(0) | BP_MEM_MMU(mmu), 0, 0);
    else if (va != block)
        mmu_fill(cpu, va, BP_ACCESS_WRITE, mmu, false, &entry);
    bp_vcpu_zero(cpu, block, RISCV_CACHE_BLOCK, mmu);
}
const struct bp_helper helper_cbo_zero = {
    "cbo_zero", (void (*)(void))cbo_zero, BP_VOID, 3, { BP_I64, BP_I32, BP_I32 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

/* CBO.INVAL (operation 0), CLEAN (1), FLUSH (2): memory is coherent, only the checks remain. */
static void cbo_manage(void *env, uint64_t va, uint32_t mmu, uint32_t insn)
{
    struct riscv_cpu *cpu = env;
    struct bp_tlb_entry entry = { .size = sizeof entry };
    enum fault f;

    if (!envcfg_allows(cpu, insn >> 20 == 0 ? ENVCFG_CBIE : ENVCFG_CBCFE))
        trap_raise(cpu, CAUSE_ILLEGAL, insn);
    if (cpu->user_mode) {
        bp_vcpu_load(cpu, va, BP_MEM_SIZE(0) | BP_MEM_MMU(mmu));
        return;
    }
    /* Either right to access will do; a fault is a store's. */
    f = translate(cpu, va, BP_ACCESS_READ, mmu, false, &entry);
    if (f)
        f = translate(cpu, va, BP_ACCESS_WRITE, mmu, true, &entry);
    if (f)
        trap_raise(cpu, cause_of(f, BP_ACCESS_WRITE), va);
}
const struct bp_helper helper_cbo_manage = {
    "cbo_manage", (void (*)(void))cbo_manage, BP_VOID, 3, { BP_I64, BP_I32, BP_I32 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};
