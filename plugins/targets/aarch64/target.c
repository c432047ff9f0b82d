/* SPDX-License-Identifier: MIT */
/*
 * target.c: the AArch64 target as the core sees it: registers, properties, models, saved state,
 * reset. The Arm Architecture Reference Manual for A-profile.
 */
#include "a64-decode.h"
#include "pmu.h"
#include "timer.h"

#include <errno.h>
#include <string.h>

#define EM_AARCH64 183

/* ---- life ------------------------------------------------------------------------------------ */

/* What decoding asks for, by configuration. */
static uint64_t features_of(const struct a64_cpu *cpu)
{
    const struct a64_features *e = &cpu->ext;

    return (e->lse ? A64_FEATURE_LSE : 0) | (e->crc32 ? A64_FEATURE_CRC32 : 0) |
           (e->rdm ? A64_FEATURE_RDM : 0) | (e->lrcpc ? A64_FEATURE_LRCPC : 0) |
           (e->lrcpc2 ? A64_FEATURE_LRCPC2 : 0) | (e->flagm ? A64_FEATURE_FLAGM : 0) |
           (e->flagm2 ? A64_FEATURE_FLAGM2 : 0) | (e->sb ? A64_FEATURE_SB : 0) |
           (e->dotprod ? A64_FEATURE_DOTPROD : 0) | (e->i8mm ? A64_FEATURE_I8MM : 0) |
           (e->aes ? A64_FEATURE_AES : 0) | (e->sha1 ? A64_FEATURE_SHA1 : 0) |
           (e->sha256 ? A64_FEATURE_SHA256 : 0) | (e->sha512 ? A64_FEATURE_SHA512 : 0) |
           (e->sha3 ? A64_FEATURE_SHA3 : 0) | (e->sm3 ? A64_FEATURE_SM3 : 0) |
           (e->sm4 ? A64_FEATURE_SM4 : 0) | (e->fp16 ? A64_FEATURE_FP16 : 0) |
           (e->fhm ? A64_FEATURE_FHM : 0) | (e->fcma ? A64_FEATURE_FCMA : 0) |
           (e->bf16 ? A64_FEATURE_BF16 : 0) | (e->jscvt ? A64_FEATURE_JSCVT : 0) |
           (e->frintts ? A64_FEATURE_FRINTTS : 0) | (e->pauth ? A64_FEATURE_PAUTH : 0) |
           (e->mte ? A64_FEATURE_MTE : 0);
}

static int realize(void *dev)
{
    struct a64_cpu *cpu = dev;

    if (cpu->user_mode && !bp_user_)
        return bp_fail(cpu, EINVAL, "user-mode=on is for boards that run programs; leave it out");
    if (!cpu->cntfrq)
        return bp_fail(cpu, EINVAL, "cntfrq is 0; it must be at least 1 Hz");
    cpu->features = features_of(cpu);
    sysreg_realize(cpu);
    return 0;
}

/* Of the highest exception level; what the architecture leaves open is zero. */
void cpu_reset_registers(struct a64_cpu *cpu)
{
    memset(cpu->x, 0, sizeof cpu->x);
    memset(cpu->v, 0, sizeof cpu->v);
    memset(cpu->qc, 0, sizeof cpu->qc);
    cpu->sp = 0;
    cpu->cc_op = CC_NZCV;
    cpu->cc_a = cpu->cc_b = cpu->cc_c = 0;
    cpu->excl_addr = A64_NO_MONITOR;
    cpu->excl_low = cpu->excl_high = 0;
    cpu->tpidr_el0 = cpu->tpidrro_el0 = cpu->tpidr_el1 = cpu->tpidr_el2 = 0;
    memset(cpu->sp_el, 0, sizeof cpu->sp_el);
    memset(cpu->elr_el, 0, sizeof cpu->elr_el);
    memset(cpu->spsr_el, 0, sizeof cpu->spsr_el);
    memset(cpu->esr_el, 0, sizeof cpu->esr_el);
    memset(cpu->far_el, 0, sizeof cpu->far_el);
    cpu->fpcr = cpu->fpsr = cpu->saturated = 0;
    cpu->el = cpu->user_mode ? 0 : cpu->el3 ? 3 : cpu->el2 ? 2 : 1;
    cpu->spsel = !cpu->user_mode;
    cpu->daif = cpu->user_mode ? 0 : PSTATE_DAIF;
    cpu->dit = cpu->ssbs = cpu->bti = cpu->pan = cpu->uao = cpu->ss = cpu->illegal = 0;
    cpu->btype = 0;
    cpu->btype_pc = 0;
    cpu->waiting = cpu->stepping = false;
    sysreg_reset(cpu);
}

static void reset(void *dev)
{
    struct a64_cpu *cpu = dev;

    cpu_reset_registers(cpu);
    if (cpu->user_mode)
        return;
    timer_reset(cpu);
    cpu->pc = cpu->rvbar;
    atomic_store(&cpu->power, cpu->start_powered_off ? BP_SMCCC_OFF : BP_SMCCC_ON);
}

static void pre_save(void *dev)
{
    struct a64_cpu *cpu = dev;

    cpu->fpsr = fp_get_fpsr(cpu);
    btype_settle(cpu);
}

/* Levels are indexes, so a state from outside must not have others. */
static bool valid_levels(const struct a64_cpu *cpu)
{
    return cpu->el <= 3 && (cpu->el != 2 || cpu->el2) && (cpu->el != 3 || cpu->el3) &&
           cpu->spsel <= (cpu->el ? 1 : 0) && cpu->btype <= 3 && cpu->on_el <= 3 &&
           atomic_load(&cpu->power) <= BP_SMCCC_ON_PENDING;
}

static int post_load(void *dev)
{
    struct a64_cpu *cpu = dev;

    if (!cpu->user_mode && !valid_levels(cpu))
        return bp_fail(cpu, EINVAL, "saved state is at EL%u, which this CPU cannot be in",
                       (unsigned)cpu->el);
    bp_fp_set_flags(cpu, cpu->fpsr & 0x1f);
    fp_set_fpcr(cpu, cpu->fpcr);
    if (cpu->user_mode)
        return 0;
    timer_update_all(cpu);
    atomic_store(&cpu->pmu_due, 1);
    bp_vcpu_interrupt(cpu);
    exc_irq_update(cpu);
    return 0;
}

static void set_start(void *env, uint64_t pc)
{
    struct a64_cpu *cpu = env;

    cpu->pc = cpu->rvbar = pc;
}

/* What translations of a machine depend on. */
static uint32_t system_flags(const struct a64_cpu *cpu)
{
    uint64_t sctlr = cpu->sys.sctlr_el[cpu_control_el(cpu)];
    uint32_t f = (uint32_t)cpu->el << CTX_EL_SHIFT | mmu_index(cpu) << CTX_MMU_SHIFT |
                 mmu_index_unpriv(cpu) << CTX_UNPRIV_SHIFT;

    f |= (sctlr & SCTLR_A ? CTX_ALIGN : 0) | (sysreg_fp_trap(cpu) ? CTX_FP_TRAP : 0) |
         (cpu->el == 1 && cpu_hcr(cpu) & (HCR_TVM | HCR_TRVM) ? CTX_VM_TRAP : 0) |
         (cpu->el >= 2 && cpu->sys.hcr_el2 & HCR_E2H ? CTX_E2H : 0) |
         (cpu->spsel ? CTX_SPSEL : 0) | (cpu->illegal ? CTX_ILLEGAL : 0);
    if (cpu->sys.mdscr_el1 & MDSCR_SS && exc_debug_on(cpu))
        f |= cpu->ss ? CTX_STEP : CTX_STEPPED;
    if (hwdebug_has_breakpoints(cpu))
        f |= CTX_BREAK;
    if (cpu->bti && sctlr & (cpu->el ? SCTLR_BT : SCTLR_BT0))
        f |= CTX_BT;
    return f;
}

static void context(const void *env, struct bp_context *ret)
{
    const struct a64_cpu *cpu = env;

    ret->flags = (cpu->fpcr & FPCR_DN ? CTX_DN : 0) | (cpu->fpcr & FPCR_FZ ? CTX_FZ : 0) |
                 (cpu->fpcr & FPCR_FZ16 ? CTX_FZ16 : 0) | (cpu->fpcr & FPCR_AHP ? CTX_AHP : 0) |
                 (cpu->bti ? CTX_BTI : 0);
    ret->space = 0;
    ret->fetch_mmu = 0;
    if (cpu->user_mode) {
        ret->flags |= (cpu->tbi ? CTX_TBI : 0) | (cpu->bti ? CTX_BT : 0);
        return;
    }
    ret->flags |= system_flags(cpu);
    ret->space = mmu_space(cpu);
    ret->fetch_mmu = mmu_index(cpu);
    ret->stopped = cpu->waiting || atomic_load(&cpu->power) != BP_SMCCC_ON;
}

/* The first guarded page: from now on BTYPE is kept, and what led here was in pages that are not. */
static bool page_flags(void *env, uint32_t attributes, uint32_t branch, uint32_t *ret)
{
    struct a64_cpu *cpu = env;

    if (!cpu->ext.bti || !(attributes & BP_PAGE_GUARDED))
        return true;
    *ret = CTX_GUARDED;
    if (cpu->bti)
        return true;
    btype_of_branch(cpu, branch);
    cpu->btype = btype_now(cpu);
    cpu->bti = 1;
    return false;
}

/* ---- tables ---------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct a64_cpu, member)
#define XREG(n) { "x" #n, NULL, BP_I64, AT(x[n]), BP_GREG_IR, 0 }
#define VREG(n) { "v" #n, NULL, BP_V128, AT(v[n]), BP_GREG_IR, 1 }
#define HID(type, name, at) { #name, NULL, type, at, BP_GREG_IR | BP_GREG_HIDDEN, 2 }
#define BANKED(r)                                                                                  \
    HID(BP_I64, r##_el1, AT(r##_el[1])), HID(BP_I64, r##_el2, AT(r##_el[2])),                      \
    HID(BP_I64, r##_el3, AT(r##_el[3]))
#define HIDDEN(type, member) { #member, NULL, type, AT(member), BP_GREG_IR | BP_GREG_HIDDEN, 2 }

/* In the order of enum a64_reg. */
static const struct bp_guest_reg regs[] = {
    XREG(0), XREG(1), XREG(2), XREG(3), XREG(4), XREG(5), XREG(6), XREG(7), XREG(8), XREG(9),
    XREG(10), XREG(11), XREG(12), XREG(13), XREG(14), XREG(15), XREG(16), XREG(17), XREG(18),
    XREG(19), XREG(20), XREG(21), XREG(22), XREG(23), XREG(24), XREG(25), XREG(26), XREG(27),
    XREG(28), { "x29", "fp", BP_I64, AT(x[29]), BP_GREG_IR, 0 },
    { "x30", "lr", BP_I64, AT(x[30]), BP_GREG_IR, 0 },
    { "sp", NULL, BP_I64, AT(sp), BP_GREG_IR, 0 },
    VREG(0), VREG(1), VREG(2), VREG(3), VREG(4), VREG(5), VREG(6), VREG(7), VREG(8), VREG(9),
    VREG(10), VREG(11), VREG(12), VREG(13), VREG(14), VREG(15), VREG(16), VREG(17), VREG(18),
    VREG(19), VREG(20), VREG(21), VREG(22), VREG(23), VREG(24), VREG(25), VREG(26), VREG(27),
    VREG(28), VREG(29), VREG(30), VREG(31),
    HIDDEN(BP_V128, qc),
    HIDDEN(BP_I32, cc_op), HIDDEN(BP_I64, cc_a), HIDDEN(BP_I64, cc_b), HIDDEN(BP_I64, cc_c),
    HIDDEN(BP_I64, excl_addr), HIDDEN(BP_I64, excl_low), HIDDEN(BP_I64, excl_high),
    { "tpidr_el0", NULL, BP_I64, AT(tpidr_el0), BP_GREG_IR, 2 },
    { "tpidrro_el0", NULL, BP_I64, AT(tpidrro_el0), BP_GREG_IR, 2 },
    HID(BP_I64, tpidr_el1, AT(tpidr_el1)), HID(BP_I64, tpidr_el2, AT(tpidr_el2)),
    HID(BP_I64, sp_el0, AT(sp_el[0])), HID(BP_I64, sp_el1, AT(sp_el[1])),
    HID(BP_I64, sp_el2, AT(sp_el[2])), HID(BP_I64, sp_el3, AT(sp_el[3])),
    BANKED(elr), BANKED(spsr), BANKED(esr), BANKED(far),
    HID(BP_I32, daif, AT(daif)), HID(BP_I32, btype, AT(btype)),
    { "pc", NULL, BP_I64, AT(pc), 0, 0 },
    { "fpcr", NULL, BP_I32, AT(fpcr), 0, 1 },
};
_Static_assert(AT(pc) < 2048, "IR registers");
_Static_assert(offsetof(struct a64_cpu, v) % 16 == 0, "vectors are aligned");

#define FEATURE_PROP(id, doc_)                                                                     \
    { .name = #id, .type = BP_PROP_BOOL, .field = offsetof(struct a64_cpu, ext.id),                \
      .field_size = sizeof(bool), .def = A64_HAVE_##id, .doc = doc_ },

/* What is translated today; the other features' properties exist and are off. */
enum {
    A64_HAVE_lse = 1, A64_HAVE_crc32 = 1, A64_HAVE_rdm = 1, A64_HAVE_lrcpc = 1,
    A64_HAVE_lrcpc2 = 1, A64_HAVE_flagm = 1, A64_HAVE_flagm2 = 1, A64_HAVE_sb = 1,
    A64_HAVE_dpb = 1, A64_HAVE_dpb2 = 1, A64_HAVE_ssbs2 = 1, A64_HAVE_csv = 1,
    A64_HAVE_dit = 1, A64_HAVE_ssbs = 1, A64_HAVE_rng = 1, A64_HAVE_bti = 1,
    A64_HAVE_pauth = 1, A64_HAVE_mte = 1,
    A64_HAVE_jscvt = 1, A64_HAVE_fcma = 1, A64_HAVE_fp16 = 1, A64_HAVE_fhm = 1, A64_HAVE_bf16 = 1,
    A64_HAVE_i8mm = 1, A64_HAVE_dotprod = 1, A64_HAVE_frintts = 1, A64_HAVE_aes = 1,
    A64_HAVE_pmull = 1, A64_HAVE_sha1 = 1, A64_HAVE_sha256 = 1, A64_HAVE_sha512 = 1,
    A64_HAVE_sha3 = 1, A64_HAVE_sm3 = 1, A64_HAVE_sm4 = 1,
    /* System level. */
    A64_HAVE_pan = 1, A64_HAVE_uao = 1, A64_HAVE_vhe = 1, A64_HAVE_ras = 1, A64_HAVE_hafdbs = 1,
    A64_HAVE_hpds = 1, A64_HAVE_vmid16 = 1, A64_HAVE_xnx = 1, A64_HAVE_ttcnp = 1, A64_HAVE_ttst = 1,
    A64_HAVE_tlbi = 1, A64_HAVE_s2fwb = 1, A64_HAVE_lva = 1, A64_HAVE_lpa = 1, A64_HAVE_lpa2 = 0,
    A64_HAVE_e0pd = 1, A64_HAVE_idst = 1,
};

static const struct bp_prop props[] = {
    A64_FEATURES(FEATURE_PROP)
    A64_SYSTEM_FEATURES(FEATURE_PROP)
    { .name = "pauth-impdef", .type = BP_PROP_BOOL, .field = AT(pauth_impdef),
      .field_size = sizeof(bool), .def = 1,
      .doc = "pointer authentication by a quick function instead of QARMA5" },
    { .name = "midr", .type = BP_PROP_UINT, .field = AT(midr), .field_size = sizeof(uint64_t),
      .def = 0x000f0510, .doc = "MIDR_EL1" },
    { .name = "pa-bits", .type = BP_PROP_UINT, .field = AT(pa_bits), .field_size = sizeof(uint32_t),
      .def = 52, .min = 32, .max = 52, .doc = "bits of physical addresses" },
    { .name = "debug-version", .type = BP_PROP_UINT, .field = AT(debug_version),
      .field_size = sizeof(uint32_t), .def = 8, .max = 15, .doc = "ID_AA64DFR0_EL1.DebugVer" },
    { .name = "pmu-version", .type = BP_PROP_UINT, .field = AT(pmu_version),
      .field_size = sizeof(uint32_t), .def = 4, .max = 15, .doc = "ID_AA64DFR0_EL1.PMUVer" },
    BP_BOOL(struct a64_cpu, granule16, true, "16 KiB pages"),
    BP_BOOL(struct a64_cpu, pmu, true, "performance monitors"),
    BP_BOOL(struct a64_cpu, el2, false, "exception level 2: virtualization"),
    BP_BOOL(struct a64_cpu, el3, false, "exception level 3: the secure monitor"),
    BP_BOOL(struct a64_cpu, start_powered_off, false, "waits until firmware switches it on"),
    BP_ENUM(struct a64_cpu, psci_conduit, CONDUIT_DISABLED, "disabled|hvc|smc",
            "the instruction that calls the machine's own firmware"),
    { .name = "cntfrq", .type = BP_PROP_UINT, .field = AT(cntfrq), .field_size = sizeof(uint64_t),
      .def = 62500000, .max = UINT32_MAX, .doc = "Hz; rate of the generic timer" },
    { .name = "cluster", .type = BP_PROP_UINT, .field = AT(cluster), .field_size = sizeof(uint32_t),
      .def = 8, .min = 1, .max = 256, .doc = "vCPUs that share an Aff1 in MPIDR_EL1" },
    { .name = "user-mode", .type = BP_PROP_BOOL, .field = AT(user_mode),
      .field_size = sizeof(bool), .flags = BP_PROP_HIDDEN, .doc = "runs a program, see user.h" },
};

static uint32_t gic_index(void *env) { return bp_vcpu_index(env); }
static uint64_t gic_mpidr(void *env) { return power_affinity(env) | UINT64_C(1) << 31; }
static bool gic_secure(void *env) { return cpu_secure(env); }
static const struct bp_gic_cpu_face gic_face = {
    .size = sizeof gic_face, .index = gic_index, .mpidr = gic_mpidr, .secure = gic_secure,
};

static void pin_irq(void *env, unsigned i, bool level) { (void)i, exc_pin(env, PIN_IRQ, level); }
static void pin_fiq(void *env, unsigned i, bool level) { (void)i, exc_pin(env, PIN_FIQ, level); }
static void pin_virq(void *env, unsigned i, bool level) { (void)i, exc_pin(env, PIN_VIRQ, level); }
static void pin_vfiq(void *env, unsigned i, bool level) { (void)i, exc_pin(env, PIN_VFIQ, level); }

#define OUT(name_, member) { .name = name_, .direction = BP_PIN_OUT, .field = AT(member) }
static const struct bp_pin_row pins[] = {
    { .name = "irq", .direction = BP_PIN_IN, .set = pin_irq },
    { .name = "fiq", .direction = BP_PIN_IN, .set = pin_fiq },
    { .name = "virq", .direction = BP_PIN_IN, .set = pin_virq },
    { .name = "vfiq", .direction = BP_PIN_IN, .set = pin_vfiq },
    OUT("timer-phys", timer_pin[TIMER_PHYS]), OUT("timer-virt", timer_pin[TIMER_VIRT]),
    OUT("timer-hyp", timer_pin[TIMER_HYP]), OUT("timer-hyp-virt", timer_pin[TIMER_HYP_VIRT]),
    OUT("timer-sec", timer_pin[TIMER_SEC]), OUT("pmu", pmu_pin),
};

static const struct bp_timer_row timers[] = {
    { "timer-phys", AT(timer[TIMER_PHYS]), BP_CLOCK_VIRTUAL, timer_fire_phys },
    { "timer-virt", AT(timer[TIMER_VIRT]), BP_CLOCK_VIRTUAL, timer_fire_virt },
    { "timer-hyp", AT(timer[TIMER_HYP]), BP_CLOCK_VIRTUAL, timer_fire_hyp },
    { "timer-hyp-virt", AT(timer[TIMER_HYP_VIRT]), BP_CLOCK_VIRTUAL, timer_fire_hyp_virt },
    { "timer-sec", AT(timer[TIMER_SEC]), BP_CLOCK_VIRTUAL, timer_fire_sec },
    BP_TIMER(struct a64_cpu, pmu_timer, BP_CLOCK_VIRTUAL, pmu_fire),
};

static const struct bp_need needs[] = {
    { .name = "smccc", .id = BP_SMCCC_ID, .field = AT(smccc), .optional = 1, .face = &power_face },
    { .name = "gic", .id = BP_GIC_CPU_ID, .field = AT(gic), .optional = 1, .face = &gic_face },
    BP_MAY_NEED(struct a64_cpu, semihosting, BP_SEMIHOSTING_ID),
};

static const struct bp_saved saved[] = {
    BP_SAVED(struct a64_cpu, fpsr, 1),
    BP_SAVED(struct a64_cpu, saturated, 1),
    BP_SAVED(struct a64_cpu, el, 1),
    BP_SAVED(struct a64_cpu, dit, 1),
    BP_SAVED(struct a64_cpu, ssbs, 1),
    BP_SAVED(struct a64_cpu, bti, 1),
    BP_SAVED(struct a64_cpu, btype_pc, 1),
    BP_SAVED(struct a64_cpu, tbi, 1),
    BP_SAVED(struct a64_cpu, spsel, 1),
    BP_SAVED(struct a64_cpu, pan, 1),
    BP_SAVED(struct a64_cpu, uao, 1),
    BP_SAVED(struct a64_cpu, ss, 1),
    BP_SAVED(struct a64_cpu, illegal, 1),
    { "sys", AT(sys), sizeof(struct a64_system), sizeof(uint64_t), 1 },
    BP_SAVED_ARRAY(struct a64_cpu, timer_cval, 1),
    BP_SAVED_ARRAY(struct a64_cpu, timer_ctl, 1),
    BP_SAVED(struct a64_cpu, cntvoff, 1),
    BP_SAVED(struct a64_cpu, irq_pins, 1),
    BP_SAVED(struct a64_cpu, power, 1),
    BP_SAVED(struct a64_cpu, on_entry, 1),
    BP_SAVED(struct a64_cpu, on_context, 1),
    BP_SAVED(struct a64_cpu, on_el, 1),
    BP_SAVED(struct a64_cpu, waiting, 1),
    BP_SAVED(struct a64_cpu, stepping, 1),
    BP_TRANSIENT(struct a64_cpu, pmu_due),
    BP_TRANSIENT(struct a64_cpu, id),
    BP_TRANSIENT(struct a64_cpu, rvbar),
    BP_TRANSIENT(struct a64_cpu, told),
    BP_TRANSIENT(struct a64_cpu, features),
};

#define OFF(name) { name, "off" }
/* Armv8.2 with what these cores have beyond it, and Armv8.0 with cryptography. */
#define LACKS_AFTER_8_2                                                                            \
    OFF("ttst"), OFF("tlbi"), OFF("s2fwb"), OFF("lva"), OFF("lpa"), OFF("lpa2"), OFF("e0pd"),      \
    OFF("idst"), OFF("lrcpc2"), OFF("flagm"), OFF("flagm2"), OFF("sb"), OFF("dit"), OFF("rng"),    \
    OFF("i8mm"), OFF("sha512"), OFF("sha3"), OFF("sm3"), OFF("sm4"), OFF("fhm"), OFF("fcma"),      \
    OFF("bf16"), OFF("jscvt"), OFF("frintts"), OFF("dpb2"), OFF("pauth"), OFF("mte"),        \
    OFF("bti")
#define LACKS_AFTER_8_0                                                                            \
    LACKS_AFTER_8_2, OFF("pan"), OFF("uao"), OFF("vhe"), OFF("ras"), OFF("hafdbs"), OFF("hpds"),   \
    OFF("vmid16"), OFF("xnx"), OFF("ttcnp"), { "debug-version", "6" }, { "pmu-version", "1" },     \
    OFF("lse"), OFF("rdm"), OFF("lrcpc"), OFF("dpb"), OFF("dotprod"), OFF("ssbs"), OFF("fp16"),    \
    OFF("granule16"), OFF("ssbs2"), OFF("csv")

static const struct bp_set settings_a53[] = { { "midr", "0x410fd034" }, { "pa-bits", "40" },
                                             LACKS_AFTER_8_0 };
static const struct bp_set settings_a57[] = { { "midr", "0x411fd070" }, { "pa-bits", "44" },
                                             LACKS_AFTER_8_0 };
static const struct bp_set settings_a72[] = { { "midr", "0x410fd083" }, { "pa-bits", "44" },
                                             LACKS_AFTER_8_0 };
static const struct bp_set settings_a76[] = { { "midr", "0x414fd0b1" }, { "pa-bits", "40" },
                                             OFF("ssbs2"), LACKS_AFTER_8_2 };
static const struct bp_set settings_n1[] = { { "midr", "0x414fd0c1" }, { "pa-bits", "48" },
                                            LACKS_AFTER_8_2 };

static const struct bp_cpu_model models[] = {
    { "max", "all that this target implements", { 0 } },
    { "cortex-a53", "Armv8.0", BP_ROWS(settings_a53) },
    { "cortex-a57", "Armv8.0", BP_ROWS(settings_a57) },
    { "cortex-a72", "Armv8.0", BP_ROWS(settings_a72) },
    { "cortex-a76", "Armv8.2", BP_ROWS(settings_a76) },
    { "neoverse-n1", "Armv8.2", BP_ROWS(settings_n1) },
};

BP_VCPU(vcpu, .state_size = sizeof(struct a64_cpu), .pins = BP_ROWS(pins), .props = BP_ROWS(props),
        .needs = BP_ROWS(needs), .timers = BP_ROWS(timers), .saved = BP_ROWS(saved),
        .realize = realize, .reset = reset, .pre_save = pre_save, .post_load = post_load);
BP_LINUX_TARGET(aarch64, "aarch64", "Arm, 64 bits", EM_AARCH64, 64, le,
                .pc_offset = AT(pc), .insn_align = 4, .insn_max = 4, .mmu_count = MMU_COUNT,
                .regs = BP_ROWS(regs), .models = BP_ROWS(models), .cpu = &vcpu,
                .translate = cpu_translate, .context = context, .tlb_fill = trap_fill,
                .unaligned = trap_unaligned, .bus_error = trap_bus_error,
                .interrupt = exc_interrupt, .has_work = exc_has_work, .set_start = set_start,
                .user_fault = trap_user_fault, .page_flags = page_flags,
                .disassemble = cpu_disassemble, .fdt = fdt_cpu, .linux_abi = &linux_abi,
                .debug = &debug_target, .linux_magic = "ARM\x64");
BP_PLUGIN("aarch64", "1.0", "MIT");
