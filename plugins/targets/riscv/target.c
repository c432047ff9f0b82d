/* SPDX-License-Identifier: MIT */
/*
 * target.c: the RISC-V target as the core sees it: registers, properties, models, pins, saved
 * state, reset and time. The RISC-V Instruction Set Manual, volumes I and II; "Sstc" for the
 * supervisor timer.
 */
#include "cpu.h"
#include "riscv-decode.h"

#include <errno.h>
#include <string.h>

#define EM_RISCV 243u

/* ---- time ------------------------------------------------------------------------------------ */

uint64_t cpu_hartid(struct riscv_cpu *cpu)
{
    return cpu->hartid == RISCV_HARTID_INDEX ? bp_vcpu_index(cpu) : cpu->hartid;
}

/* The platform's mtime; without a timer device, the virtual clock in ticks. */
uint64_t cpu_time(struct riscv_cpu *cpu)
{
    const struct bp_riscv_time *time = cpu->time.api;

    if (time)
        return time->now(cpu->time.dev);
    return bp_muldiv((uint64_t)bp_now(cpu, BP_CLOCK_VIRTUAL), cpu->timebase_frequency, BP_NS_PER_S);
}

/* After stimecmp or its enable changed: the interrupt is pending from when time reaches it. */
void cpu_stimecmp_changed(struct riscv_cpu *cpu)
{
    uint64_t now = cpu_time(cpu), compare = atomic_load(&cpu->stimecmp);
    int64_t deadline = BP_NEVER;

    atomic_store(&cpu->stimer_hint, 0);
    if (cpu->menvcfg & ENVCFG_STCE && now >= compare) {
        atomic_store(&cpu->stimer_hint, 1);
        bp_vcpu_interrupt(cpu);
    } else if (cpu->menvcfg & ENVCFG_STCE) {
        unsigned __int128 ns = (unsigned __int128)(compare - now) * BP_NS_PER_S;
        ns = ns / cpu->timebase_frequency + 1 +
             (unsigned __int128)bp_now(cpu, BP_CLOCK_VIRTUAL);
        if (ns < BP_NEVER)
            deadline = (int64_t)ns;
    }
    bp_timer_arm(cpu, &cpu->stimer, deadline);
}

static void stimer_fire(void *dev)
{
    struct riscv_cpu *cpu = dev;

    if (cpu_time(cpu) < atomic_load(&cpu->stimecmp)) {
        cpu_stimecmp_changed(cpu); /* the clock was a little early, or mtime was set back */
        return;
    }
    atomic_store(&cpu->stimer_hint, 1);
    bp_vcpu_interrupt(cpu);
}

/* mtime is another: look again, where that is done anyway. */
static void time_moved(void *hart)
{
    struct riscv_cpu *cpu = hart;

    bp_timer_arm(cpu, &cpu->stimer, bp_now(cpu, BP_CLOCK_VIRTUAL));
}

/* ---- life ------------------------------------------------------------------------------------ */

/* What decoding asks for, by configuration. */
static uint64_t features_of(const struct riscv_cpu *cpu)
{
    const struct riscv_extensions *e = &cpu->ext;

    return (cpu_is_rv32(cpu) ? RISCV_FEATURE_RV32 : RISCV_FEATURE_RV64) |
           (e->m ? RISCV_FEATURE_M : 0) | (e->a ? RISCV_FEATURE_A : 0) |
           (e->f ? RISCV_FEATURE_F : 0) | (e->d ? RISCV_FEATURE_D : 0) |
           (e->c ? RISCV_FEATURE_C : 0) | (e->zicsr ? RISCV_FEATURE_ZICSR : 0) |
           (e->zifencei ? RISCV_FEATURE_ZIFENCEI : 0) | (e->zba ? RISCV_FEATURE_ZBA : 0) |
           (e->zbb ? RISCV_FEATURE_ZBB : 0) | (e->zbc ? RISCV_FEATURE_ZBC : 0) |
           (e->zbs ? RISCV_FEATURE_ZBS : 0) | (e->zicbom ? RISCV_FEATURE_ZICBOM : 0) |
           (e->zicboz ? RISCV_FEATURE_ZICBOZ : 0) | (e->zicond ? RISCV_FEATURE_ZICOND : 0) |
           (e->svinval ? RISCV_FEATURE_SVINVAL : 0);
}

#define LETTER(c) (UINT64_C(1) << ((c) - 'a'))

static uint64_t misa_of(const struct riscv_cpu *cpu)
{
    const struct riscv_extensions *e = &cpu->ext;
    uint64_t mxl = cpu_is_rv32(cpu) ? UINT64_C(1) << 30 : UINT64_C(2) << 62;

    return mxl | LETTER('i') | (e->m ? LETTER('m') : 0) | (e->a ? LETTER('a') : 0) |
           (e->f ? LETTER('f') : 0) | (e->d ? LETTER('d') : 0) | (e->c ? LETTER('c') : 0) |
           (e->s ? LETTER('s') : 0) | (e->u ? LETTER('u') : 0);
}

static int realize(struct riscv_cpu *cpu, uint32_t xlen)
{
    struct riscv_extensions *e = &cpu->ext;
    const struct bp_riscv_time *time = cpu->time.api;

    cpu->xlen = xlen;
    if (e->d && !e->f)
        return bp_fail(cpu, EINVAL, "d=on needs f=on; set d=off too");
    if (e->f && !e->zicsr)
        return bp_fail(cpu, EINVAL, "f=on needs zicsr=on; set f=off and d=off too");
    if (e->s && !e->u)
        return bp_fail(cpu, EINVAL, "s=on needs u=on; set s=off too");
    if (!cpu->timebase_frequency)
        return bp_fail(cpu, EINVAL, "timebase-frequency is 0; it must be at least 1 Hz");
    if (cpu->user_mode && (!bp_user_ || time))
        return bp_fail(cpu, EINVAL, "user-mode=on is for boards that run programs; leave it out");
    if (cpu->user_mode && !e->u)
        return bp_fail(cpu, EINVAL, "programs run in user mode, which u=off takes away");
    if (time && time->size < offsetof(struct bp_riscv_time, watch))
        return bp_fail(cpu, EINVAL, "the timer's link %s is too small", BP_RISCV_TIME_ID);
    if (!e->s)
        e->sstc = e->svade = e->svadu = e->svinval = false;
    if (!e->s || xlen != 32)
        cpu->sv32 = false;
    if (!e->s || xlen != 64)
        cpu->sv39 = cpu->sv48 = cpu->sv57 = false;
    e->zicntr = e->zicntr && e->zicsr;
    if (time && e->sstc && time->size > offsetof(struct bp_riscv_time, watch))
        time->watch(cpu->time.dev, time_moved, cpu);
    cpu->misa = misa_of(cpu);
    cpu->features = features_of(cpu);
    return 0;
}

static int realize64(void *dev)
{
    return realize(dev, 64);
}

static int realize32(void *dev)
{
    return realize(dev, 32);
}

/* A program finds what Linux has set up for it. */
static void reset_for_programs(struct riscv_cpu *cpu)
{
    cpu->priv = PRIV_U;
    cpu->mstatus |= cpu->ext.f ? MSTATUS_FS : 0;
    cpu->mcounteren = cpu->scounteren = COUNTER_CY | COUNTER_TM | COUNTER_IR;
    cpu->menvcfg = cpu->senvcfg = ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE;
}

static void reset(void *dev)
{
    struct riscv_cpu *cpu = dev;

    memset(cpu->x, 0, sizeof cpu->x);
    for (unsigned i = 0; i < 32; i++)
        cpu->f[i] = cpu->ext.d ? 0 : UINT64_C(0xffffffff00000000);
    cpu->reserve_addr = RISCV_NO_RESERVATION & cpu_xlen_mask(cpu);
    cpu->reserve_value = 0;
    cpu->mscratch = cpu->sscratch = cpu->sepc = cpu->scause = cpu->stval = 0;
    cpu->priv = PRIV_M;
    cpu->mstatus = cpu->ext.u ? 0 : MSTATUS_MPP;
    if (!cpu_is_rv32(cpu))
        cpu->mstatus |= (cpu->ext.u ? UINT64_C(2) << MSTATUS_UXL_SHIFT : 0) |
                        (cpu->ext.s ? UINT64_C(2) << MSTATUS_SXL_SHIFT : 0);
    cpu->medeleg = cpu->mideleg = cpu->mie = 0;
    cpu->mtvec = cpu->mepc = cpu->mcause = cpu->mtval = cpu->stvec = cpu->satp = 0;
    /* Firmware that has never heard of Svadu gets what it had before. */
    cpu->menvcfg = cpu->ext.svadu && !cpu->ext.svade ? ENVCFG_ADUE : 0;
    cpu->senvcfg = 0;
    cpu->mcounteren = cpu->scounteren = cpu->mcountinhibit = 0;
    cpu->mcycle_base = cpu->minstret_base = 0;
    if (cpu->user_mode)
        reset_for_programs(cpu);
    cpu->frm = 0;
    cpu->fflags = 0;
    memset(cpu->pmpcfg, 0, sizeof cpu->pmpcfg);
    memset(cpu->pmpaddr, 0, sizeof cpu->pmpaddr);
    pmp_update(cpu);
    atomic_store(&cpu->irq_soft, 0);
    atomic_store(&cpu->stimecmp, UINT64_MAX);
    atomic_store(&cpu->stimer_hint, 0);
}

static void pre_save(void *dev)
{
    struct riscv_cpu *cpu = dev;

    cpu->fflags = (uint32_t)fp_get_fflags(cpu);
}

static int post_load(void *dev)
{
    struct riscv_cpu *cpu = dev;

    pmp_update(cpu);
    fp_load_state(cpu);
    cpu_stimecmp_changed(cpu);
    trap_irq_update(cpu);
    return 0;
}

static void set_start(void *env, uint64_t pc)
{
    struct riscv_cpu *cpu = env;
    cpu->pc = pc & cpu_xlen_mask(cpu);
}

/* ---- context --------------------------------------------------------------------------------- */

unsigned cpu_data_mmu(const struct riscv_cpu *cpu)
{
    uint64_t m = cpu->mstatus;
    unsigned priv = cpu->priv;
    unsigned mxr = m & MSTATUS_MXR ? MMU_MXR : 0;

    if (m & MSTATUS_MPRV)
        priv = (unsigned)(m >> MSTATUS_MPP_SHIFT & 3);
    if (priv == PRIV_M)
        return MMU_M;
    if (priv == PRIV_U)
        return MMU_U | mxr;
    return (m & MSTATUS_SUM ? MMU_S_SUM : MMU_S) | mxr;
}

static unsigned float_flags(const struct riscv_cpu *cpu)
{
    unsigned fs = (unsigned)(cpu->mstatus >> MSTATUS_FS_SHIFT & 3);
    unsigned frm = cpu->frm < 4 ? CTX_FRM_HOST : cpu->frm == 4 ? CTX_FRM_AWAY : CTX_FRM_INVALID;

    if (!fs)
        return 0;
    return (fs == 3 ? CTX_FS_DIRTY : CTX_FS_CLEAN) << CTX_FS_SHIFT | frm << CTX_FRM_SHIFT;
}

void cpu_context(const void *env, struct bp_context *ret)
{
    const struct riscv_cpu *cpu = env;

    ret->flags = cpu->priv | float_flags(cpu) | cpu_data_mmu(cpu) << CTX_MMU_SHIFT;
    ret->space = mmu_space(cpu);
    ret->fetch_mmu = cpu->priv; /* U, S and M have the same numbers */
}
_Static_assert((int)MMU_U == (int)PRIV_U && (int)MMU_S == (int)PRIV_S &&
               (int)MMU_M == (int)PRIV_M, "cpu_context");

/* ---- tables ---------------------------------------------------------------------------------- */

/* Where the low half of a 64-bit member lies. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW_HALF 4
#else
#define LOW_HALF 0
#endif
#define AT_BP_I64(member) offsetof(struct riscv_cpu, member)
#define AT_BP_I32(member) (offsetof(struct riscv_cpu, member) + LOW_HALF)

#define XREG(t, n, abi) { "x" #n, abi, t, AT_##t(x[n]), BP_GREG_IR, 0 }
#define FREG(n, abi) { "f" #n, abi, BP_F64, offsetof(struct riscv_cpu, f[n]), BP_GREG_IR, 1 }
#define GREG(t, member, flags) { #member, NULL, t, AT_##t(member), flags, 2 }

#define REGS(t)                                                                                    \
    XREG(t, 0, "zero"), XREG(t, 1, "ra"), XREG(t, 2, "sp"), XREG(t, 3, "gp"), XREG(t, 4, "tp"),    \
    XREG(t, 5, "t0"), XREG(t, 6, "t1"), XREG(t, 7, "t2"), XREG(t, 8, "s0"), XREG(t, 9, "s1"),      \
    XREG(t, 10, "a0"), XREG(t, 11, "a1"), XREG(t, 12, "a2"), XREG(t, 13, "a3"),                    \
    XREG(t, 14, "a4"), XREG(t, 15, "a5"), XREG(t, 16, "a6"), XREG(t, 17, "a7"),                    \
    XREG(t, 18, "s2"), XREG(t, 19, "s3"), XREG(t, 20, "s4"), XREG(t, 21, "s5"),                    \
    XREG(t, 22, "s6"), XREG(t, 23, "s7"), XREG(t, 24, "s8"), XREG(t, 25, "s9"),                    \
    XREG(t, 26, "s10"), XREG(t, 27, "s11"), XREG(t, 28, "t3"), XREG(t, 29, "t4"),                  \
    XREG(t, 30, "t5"), XREG(t, 31, "t6"),                                                          \
    FREG(0, "ft0"), FREG(1, "ft1"), FREG(2, "ft2"), FREG(3, "ft3"), FREG(4, "ft4"),                \
    FREG(5, "ft5"), FREG(6, "ft6"), FREG(7, "ft7"), FREG(8, "fs0"), FREG(9, "fs1"),                \
    FREG(10, "fa0"), FREG(11, "fa1"), FREG(12, "fa2"), FREG(13, "fa3"), FREG(14, "fa4"),           \
    FREG(15, "fa5"), FREG(16, "fa6"), FREG(17, "fa7"), FREG(18, "fs2"), FREG(19, "fs3"),           \
    FREG(20, "fs4"), FREG(21, "fs5"), FREG(22, "fs6"), FREG(23, "fs7"), FREG(24, "fs8"),           \
    FREG(25, "fs9"), FREG(26, "fs10"), FREG(27, "fs11"), FREG(28, "ft8"), FREG(29, "ft9"),         \
    FREG(30, "ft10"), FREG(31, "ft11"),                                                            \
    GREG(t, reserve_addr, BP_GREG_IR | BP_GREG_HIDDEN),                                            \
    GREG(t, reserve_value, BP_GREG_IR | BP_GREG_HIDDEN),                                           \
    GREG(t, mscratch, BP_GREG_IR), GREG(t, sscratch, BP_GREG_IR), GREG(t, sepc, BP_GREG_IR),       \
    GREG(t, scause, BP_GREG_IR), GREG(t, stval, BP_GREG_IR),                                       \
    GREG(t, pc, 0), GREG(BP_I64, mstatus, 0), GREG(t, medeleg, 0), GREG(t, mideleg, 0),            \
    GREG(t, mie, 0), GREG(t, mtvec, 0), GREG(t, mepc, 0), GREG(t, mcause, 0), GREG(t, mtval, 0),   \
    GREG(t, stvec, 0), GREG(t, satp, 0), GREG(BP_I64, menvcfg, 0), GREG(t, senvcfg, 0),            \
    GREG(t, mcounteren, 0), GREG(t, scounteren, 0), GREG(t, mcountinhibit, 0),                     \
    GREG(BP_I64, mcycle_base, BP_GREG_HIDDEN), GREG(BP_I64, minstret_base, BP_GREG_HIDDEN),        \
    { "priv", NULL, BP_I8, offsetof(struct riscv_cpu, priv), 0, 2 },                               \
    { "frm", NULL, BP_I8, offsetof(struct riscv_cpu, frm), 0, 2 }

static const struct bp_guest_reg regs64[] = { REGS(BP_I64) };
static const struct bp_guest_reg regs32[] = { REGS(BP_I32) };
_Static_assert(offsetof(struct riscv_cpu, stval) < 2048, "IR registers");

#define EXT_PROP(id, def_, doc_)                                                                   \
    { .name = #id, .type = BP_PROP_BOOL, .field = offsetof(struct riscv_cpu, ext.id),              \
      .field_size = sizeof(bool), .def = def_, .doc = doc_ },

static const struct bp_prop props[] = {
    RISCV_LETTER_EXTENSIONS(EXT_PROP)
    RISCV_NAMED_EXTENSIONS(EXT_PROP)
    BP_BOOL(struct riscv_cpu, sv32, 1, "page-based 32-bit virtual memory (RV32)"),
    BP_BOOL(struct riscv_cpu, sv39, 1, "page-based 39-bit virtual memory (RV64)"),
    BP_BOOL(struct riscv_cpu, sv48, 1, "page-based 48-bit virtual memory (RV64)"),
    BP_BOOL(struct riscv_cpu, sv57, 1, "page-based 57-bit virtual memory (RV64)"),
    { .name = "user-mode", .type = BP_PROP_BOOL, .field = offsetof(struct riscv_cpu, user_mode),
      .field_size = sizeof(bool), .flags = BP_PROP_HIDDEN, .doc = "runs a program, see user.h" },
    { .name = "hartid", .type = BP_PROP_UINT, .field = offsetof(struct riscv_cpu, hartid),
      .field_size = sizeof(uint64_t), .def = RISCV_HARTID_INDEX,
      .doc = "mhartid; by default the number of the vCPU" },
    { .name = "pmp-regions", .type = BP_PROP_UINT,
      .field = offsetof(struct riscv_cpu, pmp_regions), .field_size = sizeof(uint32_t), .def = 16,
      .max = RISCV_PMP_MAX, .doc = "number of physical memory protection entries" },
    { .name = "timebase-frequency", .type = BP_PROP_UINT,
      .field = offsetof(struct riscv_cpu, timebase_frequency), .field_size = sizeof(uint64_t),
      .def = 10000000, .max = UINT32_MAX, .doc = "Hz; rate of the time CSR" },
};

static void pin_ssi(void *env, unsigned i, bool level) { (void)i, trap_pin(env, IRQ_SSI, level); }
static void pin_msi(void *env, unsigned i, bool level) { (void)i, trap_pin(env, IRQ_MSI, level); }
static void pin_sti(void *env, unsigned i, bool level) { (void)i, trap_pin(env, IRQ_STI, level); }
static void pin_mti(void *env, unsigned i, bool level) { (void)i, trap_pin(env, IRQ_MTI, level); }
static void pin_sei(void *env, unsigned i, bool level) { (void)i, trap_pin(env, IRQ_SEI, level); }
static void pin_mei(void *env, unsigned i, bool level) { (void)i, trap_pin(env, IRQ_MEI, level); }

static const struct bp_pin_row pins[] = {
    { .name = "ssi", .direction = BP_PIN_IN, .number = IRQ_SSI, .set = pin_ssi },
    { .name = "msi", .direction = BP_PIN_IN, .number = IRQ_MSI, .set = pin_msi },
    { .name = "sti", .direction = BP_PIN_IN, .number = IRQ_STI, .set = pin_sti },
    { .name = "mti", .direction = BP_PIN_IN, .number = IRQ_MTI, .set = pin_mti },
    { .name = "sei", .direction = BP_PIN_IN, .number = IRQ_SEI, .set = pin_sei },
    { .name = "mei", .direction = BP_PIN_IN, .number = IRQ_MEI, .set = pin_mei },
};

static const struct bp_need needs[] = {
    BP_MAY_NEED(struct riscv_cpu, time, BP_RISCV_TIME_ID),
    BP_MAY_NEED(struct riscv_cpu, semihosting, BP_SEMIHOSTING_ID),
};

static const struct bp_timer_row timers[] = {
    BP_TIMER(struct riscv_cpu, stimer, BP_CLOCK_VIRTUAL, stimer_fire),
};

static const struct bp_saved saved[] = {
    BP_SAVED(struct riscv_cpu, stimecmp, 1),
    BP_SAVED_ARRAY(struct riscv_cpu, pmpcfg, 1),
    BP_SAVED_ARRAY(struct riscv_cpu, pmpaddr, 1),
    BP_SAVED(struct riscv_cpu, fflags, 1),
    BP_SAVED(struct riscv_cpu, irq_pins, 1),
    BP_SAVED(struct riscv_cpu, irq_soft, 1),
    BP_TRANSIENT(struct riscv_cpu, stimer_hint),
    BP_TRANSIENT(struct riscv_cpu, pmp_range),
    BP_TRANSIENT(struct riscv_cpu, pmp_used),
    BP_TRANSIENT(struct riscv_cpu, xlen),
    BP_TRANSIENT(struct riscv_cpu, misa),
    BP_TRANSIENT(struct riscv_cpu, features),
};

static const struct bp_cpu_model models64[] = {
    { "rv64", "RV64GC with the bit-manipulation and supervisor extensions", { 0 } },
    { "max", "all that this target implements", { 0 } },
};
static const struct bp_cpu_model models32[] = {
    { "rv32", "RV32GC with the bit-manipulation and supervisor extensions", { 0 } },
    { "max", "all that this target implements", { 0 } },
};

#define RISCV_TARGET(sym, id, doc_, bits_, abi)                                                    \
    BP_VCPU(vcpu##bits_, .state_size = sizeof(struct riscv_cpu), .pins = BP_ROWS(pins),            \
            .props = BP_ROWS(props), .needs = BP_ROWS(needs), .timers = BP_ROWS(timers),           \
            .saved = BP_ROWS(saved), .realize = realize##bits_, .reset = reset,                    \
            .post_load = post_load, .pre_save = pre_save);                                         \
    BP_LINUX_TARGET(sym, id, doc_, EM_RISCV, bits_, le,                                            \
              .pc_offset = offsetof(struct riscv_cpu, pc), .insn_align = 2, .insn_max = 4,         \
              .mmu_count = MMU_COUNT, .regs = BP_ROWS(regs##bits_),                                \
              .models = BP_ROWS(models##bits_), .cpu = &vcpu##bits_,                               \
              .translate = cpu_translate, .context = cpu_context, .tlb_fill = mmu_fill,            \
              .unaligned = trap_unaligned, .bus_error = trap_bus_error,                            \
              .interrupt = trap_interrupt, .has_work = trap_has_work, .set_start = set_start,      \
              .disassemble = cpu_disassemble, .fdt = fdt_cpu, .fdt_cpus = fdt_cpus,                \
              .linux_abi = abi, .debug = &debug##bits_, .linux_magic = "RSC\x05")

RISCV_TARGET(riscv64, "riscv64", "RISC-V, 64 bits", 64, &linux_abi64);
RISCV_TARGET(riscv32, "riscv32", "RISC-V, 32 bits", 32, NULL);
BP_PLUGIN("riscv", "1.0", "MIT");
