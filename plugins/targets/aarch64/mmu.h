/* SPDX-License-Identifier: MIT */
/*
 * mmu.h: what the files of address translation share. The Arm Architecture Reference Manual for
 * A-profile, D8 (The AArch64 Virtual Memory System Architecture).
 */
#ifndef AARCH64_MMU_H
#define AARCH64_MMU_H

#include "cpu.h"

/* A translation regime; the level that controls it is that of its name, EL2 for EL2&0. */
enum mmu_regime { REGIME_EL10, REGIME_EL20, REGIME_EL2, REGIME_EL3 };

/* Fault status codes, D8.15; those of translation have the level in the low two bits. */
enum mmu_status {
    FSC_SIZE = 0x00, FSC_TRANSLATION = 0x04, FSC_FLAG = 0x08, FSC_PERMISSION = 0x0c,
    FSC_EXTERNAL = 0x10, FSC_WALK_EXTERNAL = 0x14, FSC_ALIGNMENT = 0x21, FSC_UPDATE = 0x31,
};

struct mmu_fault {
    uint8_t status;      /* with the level */
    bool stage2;
    bool s1ptw;          /* of stage 2, on the way through stage 1 */
    bool wrote;          /* the access that failed was a write, for WnR */
    uint64_t ipa;        /* of stage 2 */
};

/* One translation: the question. */
struct mmu_walk {
    struct a64_cpu *cpu;
    uint64_t va;
    unsigned access;     /* one of enum bp_access */
    unsigned mmu;        /* enum a64_mmu */
    bool probe;          /* descriptors stay as they are */
    bool any_access;     /* only whether and where: permissions don't matter */
    bool no_stage2;      /* of the result; the walk itself still goes through stage 2 */
    struct mmu_fault fault;
};

/* The answer. */
struct mmu_result {
    uint64_t address;    /* of the byte */
    unsigned access;     /* allowed, enum bp_access */
    unsigned page_log2;  /* as flushes by virtual address must know it */
    bool once;
    bool guarded;        /* FEAT_BTI: indirect branches need a place to land */
    uint8_t attr, sh;    /* as PAR_EL1 has them */
};

/* What controls stage 1 of a regime for an address. */
struct mmu_stage1 {
    enum mmu_regime regime;
    bool on;
    bool two;            /* EL0 and a privileged level */
    bool tbi;            /* the top byte is ignored */
    bool upper;          /* of two ranges: TTBR1's */
    bool epd, e0pd, ha, hd, hpd, wxn;
    unsigned tsz;
    unsigned granule;    /* log2 */
    unsigned size_code;  /* of the output */
    uint64_t ttbr, mair;
};

/* mmu.c */
enum mmu_regime mmu_regime_of(unsigned mmu);
unsigned mmu_regime_el(enum mmu_regime regime);
bool mmu_stage2_on(const struct a64_cpu *cpu, enum mmu_regime regime);
void mmu_stage1_of(const struct a64_cpu *cpu, unsigned mmu, uint64_t va, bool fetch,
                   struct mmu_stage1 *ret);
unsigned mmu_asid_mask(const struct a64_cpu *cpu, enum mmu_regime regime);
unsigned mmu_vmid(const struct a64_cpu *cpu);
uint64_t mmu_va_canonical(const struct mmu_stage1 *s, uint64_t va);
#define MMU_SPACE_VMID_SHIFT 16
#define MMU_SPACE_REGIME_SHIFT 32
#define MMU_SPACE_SECURE (UINT64_C(1) << 34)
#define MMU_SPACE_ASID UINT64_C(0xffff)
#define MMU_SPACE_VMID (UINT64_C(0xffff) << MMU_SPACE_VMID_SHIFT)
#define MMU_SPACE_REGIME (UINT64_C(3) << MMU_SPACE_REGIME_SHIFT | MMU_SPACE_SECURE)

/* mmu_walk.c: false where it fails, with w->fault set. */
bool mmu_translate(struct mmu_walk *w, struct mmu_result *ret);
unsigned mmu_size_bits(unsigned code);

/* mmu_fault.c */
void mmu_raise(const struct mmu_walk *w, bool maintenance) __attribute__((noreturn));

#endif
