/* SPDX-License-Identifier: MIT */
/*
 * fuzz_a64_mmu.c: what a guest can do to AArch64 address translation. The input is system registers,
 * then memory, then records of 16 bytes: a translation for the TLB, a TLBI, an AT, a cache operation. Whatever they
 * are: walks end, what is allowed was asked for, a probe writes nothing.
 */
#include "fuzz.h"

#include "plugins/targets/aarch64/mmu.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY UINT64_C(0x40000000)
#define MEMORY_BYTES 0x8000u
#define RECORD 16
#define RECORDS_MAX 64

static uint8_t memory[MEMORY_BYTES];
static jmp_buf raised;
static unsigned writes;

/* ---- the runtime and the rest of the target --------------------------------------------------- */

static uint8_t *at_gpa(uint64_t gpa, unsigned bytes)
{
    if (gpa & (bytes - 1))
        abort(); /* walks are aligned */
    return gpa >= MEMORY && gpa - MEMORY <= MEMORY_BYTES - bytes ? &memory[gpa - MEMORY] : NULL;
}

static int phys_read(void *env, uint64_t gpa, void *buf, unsigned bytes)
{
    const uint8_t *p = at_gpa(gpa, bytes);
    (void)env;
    if (!p)
        return -EFAULT;
    memcpy(buf, p, bytes);
    return 0;
}

static int phys_cas(void *env, uint64_t gpa, unsigned bytes, uint64_t expected, uint64_t desired,
                    bool *ret_done)
{
    uint8_t *p = at_gpa(gpa, bytes);
    (void)env;
    if (!p)
        return -EFAULT;
    *ret_done = !memcmp(p, &expected, bytes) && ++writes % 5; /* sometimes another PE was first */
    if (*ret_done)
        memcpy(p, &desired, bytes);
    return 0;
}

static void __attribute__((noreturn)) resume(void *env)
{
    (void)env;
    longjmp(raised, 1);
}
static void nothing(void *env) { (void)env; }
static void forget(void *env, const struct bp_tlb_flush *what)
{
    (void)env;
    if (what->va_bits && (what->va_bits < 52 || what->va_bits > 64))
        abort();
}

static const struct bp_vcpu_api api = {
    .size = sizeof api, .restore = nothing, .resume = resume, .interrupt = nothing, .tlb_flush = nothing,
    .phys_read = phys_read, .phys_cas = phys_cas, .tlb_forget = forget, .tlb_sync = nothing,
};

void exc_raise(struct a64_cpu *cpu, unsigned el, enum exc_class ec, uint32_t iss, uint64_t far)
{
    (void)ec, (void)far;
    if (el > 3 || iss >> 25 || (el && el < cpu->el))
        abort();
    longjmp(raised, 1);
}

extern const struct bp_import *const __start_bp_imports[], *const __stop_bp_imports[];
static void fill_imports(void)
{
    for (const struct bp_import *const *i = __start_bp_imports; i < __stop_bp_imports; i++) {
        const void *p = &api;
        if (*i && !strcmp((*i)->id, "backplane.vcpu/1"))
            memcpy((*i)->slot, &p, sizeof p);
    }
}

/* ---- scripts ---------------------------------------------------------------------------------- */

static uint64_t word(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static void fill(struct a64_cpu *cpu, unsigned access, unsigned mmu, uint64_t va, bool probe)
{
    struct bp_tlb_entry e = { .size = sizeof e };
    unsigned before = writes;
    bool done = mmu_fill(cpu, va, access, mmu, probe, &e);

    if (probe && writes != before)
        abort();
    if (!done)
        return;
    if (e.gpa >> 52 || (e.gpa ^ va) & 0xfff || e.page_log2 < 12 || e.page_log2 > 48 ||
        !(e.access & access))
        abort();
}

/* The operations of one field: op1 of EL1, EL2, EL3 and any CRm, op2. */
static uint32_t sys_op(unsigned crn, const uint8_t *p)
{
    static const uint8_t op1[4] = { 0, 4, 6, 0 };
    return SYS((uint32_t)op1[p[2] & 3], crn, p[3] & 15u, p[4] & 7u);
}

static void run(struct a64_cpu *cpu, const uint8_t *p)
{
    uint64_t va = word(p + 8);
    unsigned mmu;

    cpu->pan = p[3] >> 1 & 1;
    mmu = p[3] & 1 ? mmu_index_unpriv(cpu) : mmu_index(cpu);
    switch (p[0] & 7) {
    case 4: mmu_tlbi(cpu, sys_op(8, p), va); break;
    case 5: mmu_at(cpu, SYS((p[2] & 3) * 2u, 7u, 8u | (p[3] & 1), p[4] & 7u), va); break;
    case 6: mmu_cache(cpu, p[2] & 1 ? SYS(0, 7, 6, 1) : SYS(3, 7, 10, 1), va); break;
    case 7: mmu_unaligned(cpu, va, 1u << p[2] % 3, mmu);
    default: fill(cpu, 1u << p[2] % 3, mmu, va, p[4] & 1);
    }
}

static void guarded(struct a64_cpu *cpu, const uint8_t *p)
{
    if (!setjmp(raised))
        run(cpu, p);
}

static void take(void *to, size_t bytes, const uint8_t **p, size_t *n)
{
    size_t have = *n < bytes ? *n : bytes;
    memcpy(to, *p, have);
    *p += have;
    *n -= have;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct a64_cpu cpu;
    static uint8_t header[8];

    if (!writes)
        fill_imports();
    writes = 1;
    memset(&cpu, 0, sizeof cpu);
    memset(memory, 0, sizeof memory);
    memset(header, 0, sizeof header);
    take(header, sizeof header, &data, &n);
    take(&cpu.sys, sizeof cpu.sys, &data, &n);
    take(memory, sizeof memory, &data, &n);
    memset(&cpu.ext, 1, sizeof cpu.ext);
    cpu.ext.hafdbs = header[0] & 1;
    cpu.ext.ttst = header[0] >> 1 & 1;
    cpu.ext.xnx = header[0] >> 4 & 1;
    cpu.el2 = header[0] >> 2 & 1;
    cpu.el3 = header[0] >> 3 & 1;
    cpu.el = header[1] & 3;
    if ((cpu.el == 2 && !cpu.el2) || (cpu.el == 3 && !cpu.el3))
        cpu.el = 1;
    cpu.id[ID_MMFR0] = header[2] % 7;
    cpu.pc = MEMORY + (header[3] & 0x7fu) * 4;
    for (unsigned i = 0; i < RECORDS_MAX && n >= RECORD; i++, data += RECORD, n -= RECORD) {
        guarded(&cpu, data);
    }
    return 0;
}

/* Both stages and EL1&0, of each granule, with tables that lead somewhere. */
void fuzz_seeds(void (*add)(const void *data, size_t n))
{
    static struct {
        uint8_t header[8];
        struct a64_system sys;
        uint64_t memory[MEMORY_BYTES / 8];
        uint8_t records[RECORD * 32];
    } seed;
    static const uint8_t tg0[3] = { 0, 2, 1 };

    /* ldr, ldur, ldtr, ldr with a register, ldr literal, ldar, ldapur, ldadd, cas, ldp */
    static const uint32_t insns[16] = {
        0xf9400000, 0xb8408041, 0x38400862, 0x78656883, 0x58000004, 0xc8dffc05, 0x99401006,
        0xf8270008, 0xc8a97d0a, 0xa940340c, 0xb9800000, 0x39000000, 0xf8bfc000, 0xc87f7c00,
        0xf8408400, 0x3d400000,
    };

    for (unsigned i = 0; i < 24; i++) {
        memset(&seed, 0, sizeof seed);
        seed.header[0] = i & 8 ? 0xf : 0x1f;
        seed.header[3] = (uint8_t)(i * 5);
        seed.header[1] = i < 18 ? i & 1 : i & 3;
        seed.header[2] = 6;
        seed.sys.scr_el3 = 0x531;
        seed.sys.hcr_el2 = UINT64_C(1) << 31 | i / 3 % 2;
        seed.sys.sctlr_el[1] = seed.sys.sctlr_el[2] = seed.sys.sctlr_el[3] = 1;
        seed.sys.tcr_el[2] = seed.sys.tcr_el[3] = 0x80653519 | (uint64_t)tg0[i % 3] << 14;
        seed.sys.ttbr0_el[2] = seed.sys.ttbr0_el[3] = MEMORY;
        seed.sys.mair_el[1] = 0x04ff44bb;
        seed.sys.tcr_el[1] = UINT64_C(0x18500803500) | 25 | (uint64_t)tg0[i % 3] << 14;
        seed.sys.ttbr0_el[1] = seed.sys.vttbr_el2 = MEMORY;
        seed.sys.vtcr_el2 = 0x80053540 | 25 | (uint64_t)tg0[i % 3] << 14 | 3u << 21;
        for (unsigned w = 0; w < MEMORY_BYTES / 8; w++)
            seed.memory[w] = w < 64 ? insns[2 * w % 16] | (uint64_t)insns[(2 * w + 1) % 16] << 32
                           : MEMORY | (w % 4) << 12 | (w % 3 ? 0x7c3 : 0x401);
        for (unsigned w = 64 + i % 7; w < MEMORY_BYTES / 8; w += 7) /* AF clear, clean */
            seed.memory[w] = (seed.memory[w] & ~UINT64_C(0x400)) | UINT64_C(1) << 51;
        for (unsigned r = 0; r < 32; r++) {
            uint8_t *p = &seed.records[r * RECORD];
            uint64_t va = MEMORY + ((uint64_t)r << 12);
            p[0] = (uint8_t)(r % 8);
            p[2] = (uint8_t)r;
            p[3] = (uint8_t)(r / 3);
            p[4] = (uint8_t)(r / 2);
            memcpy(p + 8, &va, 8);
        }
        add(&seed, sizeof seed);
    }
}
