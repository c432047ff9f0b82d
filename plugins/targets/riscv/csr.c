/* SPDX-License-Identifier: MIT */
/*
 * csr.c: the control and status registers, one row each. The RISC-V Instruction Set Manual, volume
 * II, CSR Listing and the chapters on machine and supervisor level; volume I, "Zicntr", "F".
 *
 * Privilege and read-only numbers are checked when the instruction is translated (tr_sys.c), what
 * depends on other CSRs by the row's `allowed` when it runs.
 */
#include "csr.h"

#include <stdio.h>
#include <string.h>

enum csr_need {
    NEED_S = 1, NEED_U = 2, NEED_F = 4, NEED_ZICNTR = 8, NEED_SSTC = 16, NEED_RV32 = 32,
};

/* ---- status ---------------------------------------------------------------------------------- */

static uint64_t mstatus_writable(const struct riscv_cpu *cpu)
{
    uint64_t m = MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP;

    if (cpu->ext.s)
        m |= MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_TVM |
             MSTATUS_TSR;
    if (cpu->ext.u)
        m |= MSTATUS_MPRV | MSTATUS_TW;
    return m | (cpu->ext.f ? MSTATUS_FS : 0);
}

#define SSTATUS_WRITABLE                                                                           \
    (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)

static uint64_t mstatus_read(struct riscv_cpu *cpu, unsigned i)
{
    uint64_t m = cpu->mstatus;

    (void)i;
    return (m & MSTATUS_FS) == MSTATUS_FS ? m | UINT64_C(1) << (cpu->xlen - 1) : m;
}

static void mstatus_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    unsigned mpp = (unsigned)(value >> MSTATUS_MPP_SHIFT & 3);

    (void)i;
    mask &= mstatus_writable(cpu);
    if (mpp == 2 || (mpp == PRIV_S && !cpu->ext.s) || (mpp == PRIV_U && !cpu->ext.u))
        mask &= ~MSTATUS_MPP;
    cpu->mstatus = (cpu->mstatus & ~mask) | (value & mask);
    trap_irq_update(cpu);
}

static uint64_t sstatus_read(struct riscv_cpu *cpu, unsigned i)
{
    uint64_t sd = UINT64_C(1) << (cpu->xlen - 1), uxl = UINT64_C(3) << MSTATUS_UXL_SHIFT;
    return mstatus_read(cpu, i) & (SSTATUS_WRITABLE | sd | uxl);
}

static void sstatus_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    mstatus_write(cpu, i, value, mask & SSTATUS_WRITABLE);
}

static uint64_t misa_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return cpu->misa;
}

/* ---- interrupts ------------------------------------------------------------------------------ */

static uint64_t irq_mask(const struct riscv_cpu *cpu)
{
    return IRQ_M_MASK | (cpu->ext.s ? IRQ_S_MASK : 0);
}

static void mideleg_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    cpu->mideleg = value & IRQ_S_MASK;
    trap_irq_update(cpu);
}

static void mie_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i;
    mask &= irq_mask(cpu);
    cpu->mie = (cpu->mie & ~mask) | (value & mask);
    trap_irq_update(cpu);
}

static uint64_t sie_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return cpu->mie & cpu->mideleg;
}

static void sie_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    mie_write(cpu, i, value, mask & cpu->mideleg);
}

static uint64_t mip_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return trap_mip(cpu);
}

/* Only the bits that software owns change: of SEIP, what a write sets is ORed with the pin. */
static void mip_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i;
    mask &= cpu->ext.s ? IRQ_S_MASK : 0;
    if (cpu->menvcfg & ENVCFG_STCE)
        mask &= ~(UINT64_C(1) << IRQ_STI);
    atomic_fetch_and(&cpu->irq_soft, ~(uint32_t)(mask & ~value));
    atomic_fetch_or(&cpu->irq_soft, (uint32_t)(mask & value));
    trap_irq_update(cpu);
}

static uint64_t sip_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return trap_mip(cpu) & cpu->mideleg;
}

static void sip_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    mip_write(cpu, i, value, mask & cpu->mideleg & 1u << IRQ_SSI);
}

static void tvec_write(uint64_t *tvec, uint64_t value)
{
    *tvec = value & ~UINT64_C(2); /* direct or vectored */
}

static void mtvec_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    tvec_write(&cpu->mtvec, value);
}

static void stvec_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    tvec_write(&cpu->stvec, value);
}

static void mepc_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    cpu->mepc = value & ~(cpu->ext.c ? UINT64_C(1) : UINT64_C(3));
}

/* ---- environment, translation ---------------------------------------------------------------- */

static uint64_t envcfg_writable(const struct riscv_cpu *cpu, uint64_t value)
{
    uint64_t m = ENVCFG_FIOM;

    if (cpu->ext.zicbom)
        m |= ENVCFG_CBCFE | ((value & ENVCFG_CBIE) == 0x20 ? 0 : ENVCFG_CBIE); /* 2 is reserved */
    return m | (cpu->ext.zicboz ? ENVCFG_CBZE : 0);
}

static void menvcfg_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    uint64_t before = cpu->menvcfg;

    (void)i;
    mask &= envcfg_writable(cpu, value) | (cpu->ext.svadu ? ENVCFG_ADUE : 0) |
            (cpu->ext.sstc ? ENVCFG_STCE : 0);
    cpu->menvcfg = (before & ~mask) | (value & mask);
    if ((before ^ cpu->menvcfg) & ENVCFG_STCE)
        cpu_stimecmp_changed(cpu);
}

static void senvcfg_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i;
    mask &= envcfg_writable(cpu, value);
    cpu->senvcfg = (cpu->senvcfg & ~mask) | (value & mask);
}

static bool satp_allowed(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return cpu->priv == PRIV_M || !(cpu->mstatus & MSTATUS_TVM);
}

static void satp_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    if (mmu_satp_mode_valid(cpu, (unsigned)(cpu_is_rv32(cpu) ? value >> 31 & 1 : value >> 60)))
        cpu->satp = value;
}

/* ---- counters and time ----------------------------------------------------------------------- */

/* Number i of cycle, time, instret, hpmcounter3...: enabled for the current mode by all above. */
static bool counter_allowed(struct riscv_cpu *cpu, unsigned i)
{
    uint64_t bit = UINT64_C(1) << i;

    if (cpu->priv != PRIV_M && !(cpu->mcounteren & bit))
        return false;
    return cpu->priv != PRIV_U || !cpu->ext.s || (cpu->scounteren & bit);
}

static bool time_allowed(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return counter_allowed(cpu, 1);
}

static bool instret_allowed(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return counter_allowed(cpu, 2);
}

static bool hpmcounter_allowed(struct riscv_cpu *cpu, unsigned i)
{
    return counter_allowed(cpu, i + 3);
}

static uint64_t counter_read(struct riscv_cpu *cpu, uint64_t base, unsigned inhibit)
{
    return cpu->mcountinhibit & inhibit ? base : base + bp_vcpu_instructions(cpu);
}

static uint64_t counter_base(struct riscv_cpu *cpu, uint64_t value, unsigned inhibit)
{
    return cpu->mcountinhibit & inhibit ? value : value - bp_vcpu_instructions(cpu);
}

static uint64_t mcycle_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return counter_read(cpu, cpu->mcycle_base, COUNTER_CY);
}

static void mcycle_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    cpu->mcycle_base = counter_base(cpu, value, COUNTER_CY);
}

static uint64_t minstret_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return counter_read(cpu, cpu->minstret_base, COUNTER_IR);
}

static void minstret_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    cpu->minstret_base = counter_base(cpu, value, COUNTER_IR);
}

static void mcountinhibit_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    uint64_t cycle = mcycle_read(cpu, 0), instret = minstret_read(cpu, 0);

    (void)i, (void)mask;
    cpu->mcountinhibit = value & (COUNTER_CY | COUNTER_IR);
    cpu->mcycle_base = counter_base(cpu, cycle, COUNTER_CY);
    cpu->minstret_base = counter_base(cpu, instret, COUNTER_IR);
}

static uint64_t time_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return cpu_time(cpu);
}

static bool stimecmp_allowed(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return cpu->priv == PRIV_M || (cpu->menvcfg & ENVCFG_STCE && cpu->mcounteren & COUNTER_TM);
}

static uint64_t stimecmp_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return atomic_load(&cpu->stimecmp);
}

static void stimecmp_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    atomic_store(&cpu->stimecmp, value);
    cpu_stimecmp_changed(cpu);
}

/* ---- floats, identity, PMP ------------------------------------------------------------------- */

static uint64_t fflags_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return fp_get_fflags(cpu);
}

static void fflags_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    fp_set_fflags(cpu, value & 0x1f);
}

static uint64_t frm_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return cpu->frm;
}

static void frm_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    fp_set_frm(cpu, value);
}

static uint64_t fcsr_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return fp_get_fflags(cpu) | (uint64_t)cpu->frm << 5;
}

static void fcsr_write(struct riscv_cpu *cpu, unsigned i, uint64_t value, uint64_t mask)
{
    (void)i, (void)mask;
    fp_set_fflags(cpu, value & 0x1f);
    fp_set_frm(cpu, value >> 5);
}

static uint64_t marchid_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)cpu, (void)i;
    return RISCV_MARCHID;
}

static uint64_t mhartid_read(struct riscv_cpu *cpu, unsigned i)
{
    (void)i;
    return cpu_hartid(cpu);
}

static bool pmpcfg_exists(const struct riscv_cpu *cpu, unsigned i)
{
    return 4 * i < cpu->pmp_regions && (cpu_is_rv32(cpu) || !(i & 1));
}

static bool pmpaddr_exists(const struct riscv_cpu *cpu, unsigned i)
{
    return i < cpu->pmp_regions;
}

static uint64_t pmpaddr_read(struct riscv_cpu *cpu, unsigned i)
{
    return cpu->pmpaddr[i];
}

/* ---- the table ------------------------------------------------------------------------------- */

#define FIELD(member) .field = offsetof(struct riscv_cpu, member)
#define RW(name) .read = name##_read, .write = name##_write
#define ALL UINT64_MAX

static const struct csr_row rows[] = {
    { "fflags", 0x001, .flags = CSR_FLOAT, .need = NEED_F, .writable = ALL, RW(fflags) },
    { "frm", 0x002, .flags = CSR_FLOAT | CSR_LEAVE, .need = NEED_F, .writable = ALL, RW(frm) },
    { "fcsr", 0x003, .flags = CSR_FLOAT | CSR_LEAVE, .need = NEED_F, .writable = ALL, RW(fcsr) },

    { "cycle", 0xc00, .need = NEED_ZICNTR, .read = mcycle_read, .allowed = counter_allowed },
    { "time", 0xc01, .need = NEED_ZICNTR, .read = time_read, .allowed = time_allowed },
    { "instret", 0xc02, .need = NEED_ZICNTR, .read = minstret_read, .allowed = instret_allowed },
    { "hpmcounter3", 0xc03, 29, .need = NEED_ZICNTR, .allowed = hpmcounter_allowed },
    { "cycleh", 0xc80, .flags = CSR_HIGH, .need = NEED_ZICNTR, .read = mcycle_read,
      .allowed = counter_allowed },
    { "timeh", 0xc81, .flags = CSR_HIGH, .need = NEED_ZICNTR, .read = time_read,
      .allowed = time_allowed },
    { "instreth", 0xc82, .flags = CSR_HIGH, .need = NEED_ZICNTR, .read = minstret_read,
      .allowed = instret_allowed },
    { "hpmcounter3h", 0xc83, 29, .flags = CSR_HIGH, .need = NEED_ZICNTR,
      .allowed = hpmcounter_allowed },

    { "sstatus", 0x100, .flags = CSR_LEAVE, .need = NEED_S, .writable = ALL, RW(sstatus) },
    { "sie", 0x104, .flags = CSR_LEAVE, .need = NEED_S, .writable = ALL, RW(sie) },
    { "stvec", 0x105, .need = NEED_S, .writable = ALL, FIELD(stvec), .write = stvec_write },
    { "scounteren", 0x106, .need = NEED_S, .writable = 7, FIELD(scounteren) },
    { "senvcfg", 0x10a, .need = NEED_S, .writable = ALL, FIELD(senvcfg), .write = senvcfg_write },
    { "sscratch", 0x140, .need = NEED_S, .writable = ALL, FIELD(sscratch), .reg = REG_SSCRATCH },
    { "sepc", 0x141, .need = NEED_S, .writable = ALL, FIELD(sepc), .reg = REG_SEPC },
    { "scause", 0x142, .need = NEED_S, .writable = ALL, FIELD(scause), .reg = REG_SCAUSE },
    { "stval", 0x143, .need = NEED_S, .writable = ALL, FIELD(stval), .reg = REG_STVAL },
    { "sip", 0x144, .flags = CSR_LEAVE, .need = NEED_S, .writable = ALL, RW(sip) },
    { "stimecmp", 0x14d, .flags = CSR_LEAVE, .need = NEED_S | NEED_SSTC, .writable = ALL,
      RW(stimecmp), .allowed = stimecmp_allowed },
    { "stimecmph", 0x15d, .flags = CSR_LEAVE | CSR_HIGH, .need = NEED_S | NEED_SSTC,
      .writable = ALL, RW(stimecmp), .allowed = stimecmp_allowed },
    { "satp", 0x180, .flags = CSR_LEAVE, .need = NEED_S, .writable = ALL, FIELD(satp),
      .write = satp_write, .allowed = satp_allowed },

    { "mvendorid", 0xf11 },
    { "marchid", 0xf12, .read = marchid_read },
    { "mimpid", 0xf13 },
    { "mhartid", 0xf14, .read = mhartid_read },
    { "mconfigptr", 0xf15 },

    { "mstatus", 0x300, .flags = CSR_LEAVE, .writable = ALL, RW(mstatus) },
    { "misa", 0x301, .read = misa_read },
    { "medeleg", 0x302, .need = NEED_S, .writable = 0xb3ff, FIELD(medeleg) },
    { "mideleg", 0x303, .flags = CSR_LEAVE, .need = NEED_S, .writable = ALL, FIELD(mideleg),
      .write = mideleg_write },
    { "mie", 0x304, .flags = CSR_LEAVE, .writable = ALL, FIELD(mie), .write = mie_write },
    { "mtvec", 0x305, .writable = ALL, FIELD(mtvec), .write = mtvec_write },
    { "mcounteren", 0x306, .need = NEED_U, .writable = 7, FIELD(mcounteren) },
    { "menvcfg", 0x30a, .flags = CSR_LEAVE, .need = NEED_U, .writable = ALL, FIELD(menvcfg),
      .write = menvcfg_write },
    { "mstatush", 0x310, .need = NEED_RV32 },
    { "medelegh", 0x312, .need = NEED_RV32 | NEED_S },
    { "menvcfgh", 0x31a, .flags = CSR_LEAVE | CSR_HIGH, .need = NEED_U, .writable = ALL,
      FIELD(menvcfg), .write = menvcfg_write },
    { "mcountinhibit", 0x320, .writable = 5, FIELD(mcountinhibit), .write = mcountinhibit_write },
    { "mhpmevent3", 0x323, 29 },
    { "mscratch", 0x340, .writable = ALL, FIELD(mscratch), .reg = REG_MSCRATCH },
    { "mepc", 0x341, .writable = ALL, FIELD(mepc), .write = mepc_write },
    { "mcause", 0x342, .writable = ALL, FIELD(mcause) },
    { "mtval", 0x343, .writable = ALL, FIELD(mtval) },
    { "mip", 0x344, .flags = CSR_LEAVE, .writable = ALL, RW(mip) },
    { "pmpcfg0", 0x3a0, 16, .flags = CSR_LEAVE, .writable = ALL, .read = pmp_read_cfg,
      .write = pmp_write_cfg, .exists = pmpcfg_exists },
    { "pmpaddr0", 0x3b0, 64, .flags = CSR_LEAVE, .writable = ALL, .read = pmpaddr_read,
      .write = pmp_write_addr, .exists = pmpaddr_exists },

    { "mcycle", 0xb00, .writable = ALL, RW(mcycle) },
    { "minstret", 0xb02, .writable = ALL, RW(minstret) },
    { "mhpmcounter3", 0xb03, 29 },
    { "mcycleh", 0xb80, .flags = CSR_HIGH, .writable = ALL, RW(mcycle) },
    { "minstreth", 0xb82, .flags = CSR_HIGH, .writable = ALL, RW(minstret) },
    { "mhpmcounter3h", 0xb83, 29, .flags = CSR_HIGH },
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

static bool row_exists(const struct riscv_cpu *cpu, const struct csr_row *row, unsigned i)
{
    unsigned have = (cpu->ext.s ? NEED_S : 0u) | (cpu->ext.u ? NEED_U : 0u) |
                    (cpu->ext.f ? NEED_F : 0u) | (cpu->ext.zicntr ? NEED_ZICNTR : 0u) |
                    (cpu->ext.sstc ? NEED_SSTC : 0u) | (cpu_is_rv32(cpu) ? NEED_RV32 : 0u);

    if (row->need & ~have || (row->flags & CSR_HIGH && !cpu_is_rv32(cpu)))
        return false;
    return !row->exists || row->exists(cpu, i);
}

/* A handle names a row and which of its CSRs: 64 of them at most. */
const struct csr_row *csr_find(const struct riscv_cpu *cpu, unsigned number, uint32_t *ret_handle)
{
    for (uint32_t r = 0; r < ROW_COUNT; r++) {
        const struct csr_row *row = &rows[r];
        unsigned i = number - row->number;
        if (i >= (row->count ? row->count : 1u))
            continue;
        if (!row_exists(cpu, row, i))
            return NULL;
        *ret_handle = r * 64 + i;
        return row;
    }
    return NULL;
}

static const struct csr_row *row_of(struct riscv_cpu *cpu, uint32_t handle, uint32_t insn)
{
    const struct csr_row *row = &rows[handle / 64 % ROW_COUNT];

    if (row->allowed && !row->allowed(cpu, handle % 64))
        trap_raise(cpu, CAUSE_ILLEGAL, insn);
    return row;
}

static uint64_t read_all(struct riscv_cpu *cpu, const struct csr_row *row, unsigned i)
{
    if (row->read)
        return row->read(cpu, i);
    return row->field ? *(const uint64_t *)((const uint8_t *)cpu + row->field) : 0;
}

/* The half or whole of a value that the CSR shows. */
static uint64_t shown(const struct riscv_cpu *cpu, const struct csr_row *row, uint64_t all)
{
    return (row->flags & CSR_HIGH ? all >> 32 : all) & cpu_xlen_mask(cpu);
}

static uint64_t csr_read(void *env, uint32_t handle, uint32_t insn)
{
    const struct csr_row *row = row_of(env, handle, insn);
    return shown(env, row, read_all(env, row, handle % 64));
}

/* Bits of `mask` become those of `value`; returns what was read before. */
static uint64_t update(struct riscv_cpu *cpu, const struct csr_row *row, unsigned i, uint64_t value,
                       uint64_t mask)
{
    uint64_t before = read_all(cpu, row, i), after;

    mask &= cpu_xlen_mask(cpu);
    if (row->flags & CSR_HIGH) {
        value <<= 32;
        mask <<= 32;
    }
    mask &= row->writable;
    after = (before & ~mask) | (value & mask);
    if (row->write)
        row->write(cpu, i, after, mask);
    else if (row->field)
        *(uint64_t *)((uint8_t *)cpu + row->field) = after;
    return shown(cpu, row, before);
}

static uint64_t csr_update(void *env, uint32_t handle, uint32_t insn, uint64_t value, uint64_t mask)
{
    return update(env, row_of(env, handle, insn), handle % 64, value, mask);
}

/* ---- debuggers ------------------------------------------------------------------------------- */

/* "hpmcounter3h", 2 gives "hpmcounter5h". */
static void numbered_name(const char *first, unsigned i, char *name, size_t size)
{
    size_t digits = strcspn(first, "0123456789");
    unsigned number = 0;
    const char *rest = first + digits;

    for (; *rest >= '0' && *rest <= '9'; rest++)
        number = number * 10 + (unsigned)(*rest - '0');
    snprintf(name, size, "%.*s%u%s", (int)digits, first, number + i, rest);
}

bool csr_debug_at(const struct riscv_cpu *cpu, uint32_t i, uint32_t *ret_handle,
                  unsigned *ret_number, char *name, size_t size)
{
    for (uint32_t r = 0; r < ROW_COUNT; r++) {
        const struct csr_row *row = &rows[r];
        for (unsigned n = 0; n < (row->count ? row->count : 1u); n++) {
            if (!row_exists(cpu, row, n) || i--)
                continue;
            *ret_handle = r * 64 + n;
            *ret_number = row->number + n;
            if (row->count)
                numbered_name(row->name, n, name, size);
            else
                snprintf(name, size, "%s", row->name);
            return true;
        }
    }
    return false;
}

uint64_t csr_debug_read(struct riscv_cpu *cpu, uint32_t handle)
{
    const struct csr_row *row = &rows[handle / 64];
    return shown(cpu, row, read_all(cpu, row, handle % 64));
}

bool csr_debug_write(struct riscv_cpu *cpu, uint32_t handle, uint64_t value)
{
    const struct csr_row *row = &rows[handle / 64];

    if (!row->writable)
        return false;
    update(cpu, row, handle % 64, value, UINT64_MAX);
    return true;
}

#define CSR_HELPER(symbol, name, fn, args, flags, ...)                                             \
    const struct bp_helper symbol = { name, (void (*)(void))fn, BP_I64, args, { __VA_ARGS__ },     \
                                      BP_CALL_ENV | BP_CALL_MAY_RAISE | (flags) }
CSR_HELPER(helper_csr_read, "csr_read", csr_read, 2, 0, BP_I32, BP_I32);
CSR_HELPER(helper_csr_read_fp, "csr_read_fp", csr_read, 2, BP_CALL_FP, BP_I32, BP_I32);
CSR_HELPER(helper_csr_update, "csr_update", csr_update, 4, 0, BP_I32, BP_I32, BP_I64, BP_I64);
CSR_HELPER(helper_csr_update_fp, "csr_update_fp", csr_update, 4, BP_CALL_FP, BP_I32, BP_I32, BP_I64,
           BP_I64);
