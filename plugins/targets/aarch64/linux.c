/* SPDX-License-Identifier: MIT */
/*
 * linux.c: Linux on arm64: registers of calls and signals, signal frames, what the kernel tells of
 * the processor. Linux, arch/arm64/include/uapi/asm/{ptrace,sigcontext,ucontext,hwcap,fcntl}.h,
 * Documentation/arch/arm64/elf_hwcaps.rst.
 */
#include "pauth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ADDRESS_LIMIT (UINT64_C(1) << 42) /* as with VA_BITS 42; 48 would be more than a host has */
#define SVC_BYTES 4
#define PR_PAC_RESET_KEYS_ 54

static const uint16_t calls[] = { BP_LINUX_GENERIC_TABLE };

/* O_DIRECTORY, O_NOFOLLOW, O_DIRECT, O_LARGEFILE */
static const struct bp_linux_flag open_flags[] = {
    { 040000, 0200000 }, { 0100000, 0400000 }, { 0200000, 040000 }, { 0400000, 0100000 },
};

/* What return addresses of handlers point to; unwinders know it by these instructions. */
static const uint32_t trampoline[] = {
    0xd2801168, /* mov x8, #139: rt_sigreturn */
    0xd4000001, /* svc #0 */
};

/* ---- calls and tasks ------------------------------------------------------------------------- */

static uint64_t syscall_of(const void *env, uint64_t args[6])
{
    const struct a64_cpu *cpu = env;

    memcpy(args, cpu->x, 6 * sizeof *args);
    return cpu->x[8];
}

static void set_result(void *env, uint64_t value)
{
    ((struct a64_cpu *)env)->x[0] = value;
}

static void restart(void *env, uint64_t number, uint64_t first)
{
    struct a64_cpu *cpu = env;

    cpu->x[0] = first;
    cpu->x[8] = number;
    cpu->pc -= SVC_BYTES;
}

static void forget_monitor(struct a64_cpu *cpu)
{
    cpu->excl_addr = A64_NO_MONITOR;
}

static void start(void *env, uint64_t pc, uint64_t sp)
{
    struct a64_cpu *cpu = env;

    memset(cpu->x, 0, sizeof cpu->x);
    memset(cpu->v, 0, sizeof cpu->v);
    flags_set_nzcv(cpu, 0);
    fp_set_fpsr(cpu, 0);
    fp_set_fpcr(cpu, 0);
    cpu->tpidr_el0 = cpu->tpidrro_el0 = 0;
    cpu->tbi = cpu->bti = 0;
    cpu->btype = 0;
    forget_monitor(cpu);
    pauth_new_keys(cpu, (1u << KEY_COUNT) - 1);
    cpu->sp = sp;
    cpu->pc = pc;
}

#define PROT_BTI_ 0x10u
#define FEATURE_1_AND 0xc0000000u /* GNU_PROPERTY_AARCH64_FEATURE_1_AND */
#define FEATURE_1_BTI 1u
static uint32_t guard_prot(const void *env)
{
    return ((const struct a64_cpu *)env)->ext.bti ? PROT_BTI_ : 0;
}

/* PR_PAC_RESET_KEYS: by a mask of APIA, APIB, APDA, APDB, APGA; 0: all. */
static int64_t own_prctl(void *env, const uint64_t args[5])
{
    struct a64_cpu *cpu = env;
    const uint64_t all = (1u << KEY_COUNT) - 1;

    if (args[0] != PR_PAC_RESET_KEYS_)
        return -ENOSYS;
    if (!cpu->ext.pauth || args[1] & ~all || args[2] || args[3] || args[4])
        return -EINVAL;
    pauth_new_keys(cpu, (unsigned)(args[1] ? args[1] : all));
    return 0;
}

static void start_child(void *env, uint64_t sp)
{
    struct a64_cpu *cpu = env;

    cpu->x[0] = 0;
    if (sp)
        cpu->sp = sp;
    forget_monitor(cpu);
}

static void set_tls(void *env, uint64_t tls)
{
    ((struct a64_cpu *)env)->tpidr_el0 = tls;
}

static uint64_t get_pc(const void *env)
{
    const struct a64_cpu *cpu = env;

    return cpu->btype & BTYPE_BAD ? cpu->pc & ~UINT64_C(3) : cpu->pc;
}

static uint64_t get_sp(const void *env)
{
    return ((const struct a64_cpu *)env)->sp;
}

static void set_pc(void *env, uint64_t pc)
{
    struct a64_cpu *cpu = env;

    btype_settle(cpu);
    cpu->pc = pc;
}

/* PSTATE as SPSR shows it. */
static uint64_t get_pstate(const struct a64_cpu *cpu)
{
    return flags_nzcv(cpu) | (uint64_t)cpu->dit << 24 | (uint64_t)cpu->ssbs << 12 |
           btype_now(cpu) << PSTATE_BTYPE_SHIFT;
}

static void set_pstate(struct a64_cpu *cpu, uint64_t v)
{
    flags_set_nzcv(cpu, (uint32_t)v);
    cpu->dit = cpu->ext.dit && v >> 24 & 1;
    cpu->ssbs = cpu->ext.ssbs && v >> 12 & 1;
    cpu->btype = cpu->ext.bti ? v >> PSTATE_BTYPE_SHIFT & 3 : 0;
    cpu->bti |= cpu->btype != 0;
}

/* struct user_pt_regs: x0 to x30, sp, pc, pstate. */
static size_t core_regs(const void *env, void *buf, size_t size)
{
    const struct a64_cpu *cpu = env;
    uint64_t regs[34];

    if (size < sizeof regs)
        return 0;
    memcpy(regs, cpu->x, sizeof cpu->x);
    regs[31] = cpu->sp;
    regs[32] = get_pc(cpu);
    regs[33] = get_pstate(cpu);
    memcpy(buf, regs, sizeof regs);
    return sizeof regs;
}

/* ---- signal frames --------------------------------------------------------------------------- */

#define FPSIMD_MAGIC 0x46508001u

/* struct rt_sigframe, with the sizes and holes of the kernel's, and the frame record by which
 * debuggers walk over it. */
struct frame {
    struct bp_linux_frame head;
    uint64_t fault_address;
    uint64_t x[31], sp, pc, pstate;
    uint64_t pad2;
    struct {
        uint32_t magic, size, fpsr, fpcr;
        uint64_t v[32][2];
    } fpsimd;
    uint32_t end_magic, end_size;
    uint8_t reserved[4096 - 528 - 8];
    uint64_t record[2]; /* x29, x30 */
};
_Static_assert(offsetof(struct frame, fault_address) == 128 + 176, "ucontext.h");
_Static_assert(offsetof(struct frame, fpsimd) == 128 + 176 + 288, "sigcontext.h");
_Static_assert(sizeof(struct frame) == 128 + 176 + 288 + 4096 + 16, "arch/arm64/kernel/signal.c");

static void fill_frame(struct a64_cpu *cpu, const struct bp_linux_signal *s, struct frame *f)
{
    memset(f, 0, sizeof *f);
    bp_linux_frame_fill(&f->head, s);
    memcpy(&f->fault_address, s->info + 16, 8); /* si_addr, where the signal has one */
    memcpy(f->x, cpu->x, sizeof f->x);
    f->sp = cpu->sp;
    f->pc = cpu->pc;
    f->pstate = get_pstate(cpu);
    f->fpsimd.magic = FPSIMD_MAGIC;
    f->fpsimd.size = sizeof f->fpsimd;
    f->fpsimd.fpsr = fp_get_fpsr(cpu);
    f->fpsimd.fpcr = cpu->fpcr;
    memcpy(f->fpsimd.v, cpu->v, sizeof f->fpsimd.v);
    f->record[0] = cpu->x[29];
    f->record[1] = cpu->x[30];
}

/* The host address of a frame at gva, or NULL where it is not the program's memory. */
static void *frame_at(struct bp_user_space *space, uint64_t gva)
{
    if (gva > ADDRESS_LIMIT - sizeof(struct frame) || gva & 15)
        return NULL;
    return bp_user_base(space) + gva;
}

/* As by BLR, where anybody can see that. */
static void call_handler(struct a64_cpu *cpu, struct bp_user_space *space)
{
    cpu->bti |= cpu->ext.bti && bp_user_access(space, cpu->pc) & BP_USER_GUARDED;
    cpu->btype = cpu->bti ? BTYPE_CALL : 0;
}

static int signal_enter(void *env, struct bp_user_space *space, const struct bp_linux_signal *s)
{
    struct a64_cpu *cpu = env;
    uint64_t gva = (s->stack - sizeof(struct frame)) & ~UINT64_C(15);
    void *to = frame_at(space, gva);
    struct frame f;

    if (!to || bp_user_will_write(space, gva, sizeof f) < 0)
        return -EFAULT;
    btype_settle(cpu);
    fill_frame(cpu, s, &f);
    if (bp_user_copy(space, to, &f, sizeof f) < 0)
        return -EFAULT;
    forget_monitor(cpu);
    cpu->x[0] = s->number;
    cpu->x[1] = gva + offsetof(struct frame, head.info);
    cpu->x[2] = gva + offsetof(struct frame, head.uc_flags);
    cpu->x[29] = gva + offsetof(struct frame, record);
    cpu->x[30] = s->restorer ? s->restorer : s->trampoline;
    cpu->sp = gva;
    cpu->pc = s->handler;
    call_handler(cpu, space);
    return 0;
}

static int signal_return(void *env, struct bp_user_space *space, struct bp_linux_signal *ret)
{
    struct a64_cpu *cpu = env;
    void *from = frame_at(space, cpu->sp);
    struct frame f;

    /* The records are those that signal_enter writes: nothing else is there to be brought back. */
    if (!from || bp_user_copy(space, &f, from, sizeof f) < 0 || f.fpsimd.magic != FPSIMD_MAGIC ||
        f.fpsimd.size != sizeof f.fpsimd || f.end_magic || f.end_size)
        return -EFAULT;
    memcpy(cpu->x, f.x, sizeof cpu->x);
    cpu->sp = f.sp;
    cpu->pc = f.pc;
    set_pstate(cpu, f.pstate);
    fp_set_fpsr(cpu, f.fpsimd.fpsr);
    fp_set_fpcr(cpu, f.fpsimd.fpcr);
    memcpy(cpu->v, f.fpsimd.v, sizeof cpu->v);
    forget_monitor(cpu);
    bp_linux_frame_read(&f.head, ret);
    return 0;
}

/* ---- what the kernel tells of the processor -------------------------------------------------- */

static uint64_t auxv(const void *env, uint32_t type)
{
    enum { AT_HWCAP_ = 16, AT_HWCAP2_ = 26 };

    return type == AT_HWCAP_ ? sysreg_hwcap(env) : type == AT_HWCAP2_ ? sysreg_hwcap2(env) : 0;
}

/* Names by bit of AT_HWCAP and AT_HWCAP2. */
static const char *const cap_names[2][32] = {
    { "fp", "asimd", "evtstrm", "aes", "pmull", "sha1", "sha2", "crc32", "atomics", "fphp",
      "asimdhp", "cpuid", "asimdrdm", "jscvt", "fcma", "lrcpc", "dcpop", "sha3", "sm3", "sm4",
      "asimddp", "sha512", "sve", "asimdfhm", "dit", "uscat", "ilrcpc", "flagm", "ssbs", "sb",
      "paca", "pacg" },
    { "dcpodp", "sve2", "sveaes", "svepmull", "svebitperm", "svesha3", "svesm4", "flagm2", "frint",
      "svei8mm", "svef32mm", "svef64mm", "svebf16", "i8mm", "bf16", "dgh", "rng", "bti" },
};

static size_t cpuinfo(const void *env, uint32_t index, char *buf, size_t size)
{
    const struct a64_cpu *cpu = env;
    uint64_t caps[2] = { sysreg_hwcap(cpu), sysreg_hwcap2(cpu) };
    uint32_t midr = (uint32_t)cpu->midr;
    char names[512];
    size_t at = 0;
    int n;

    for (unsigned w = 0; w < 2; w++)
        for (unsigned i = 0; i < 32; i++)
            if (caps[w] >> i & 1 && cap_names[w][i] && at < sizeof names - 16)
                at += (size_t)snprintf(names + at, sizeof names - at, " %s", cap_names[w][i]);
    names[at] = 0;
    n = snprintf(buf, size,
                 "processor\t: %u\nBogoMIPS\t: 125.00\nFeatures\t:%s\nCPU implementer\t: 0x%02x\n"
                 "CPU architecture: 8\nCPU variant\t: 0x%x\nCPU part\t: 0x%03x\n"
                 "CPU revision\t: %u\n\n",
                 index, names, midr >> 24, midr >> 20 & 15, midr >> 4 & 0xfff, midr & 15);
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

const struct bp_linux_abi linux_abi = {
    .size = sizeof(struct bp_linux_abi),
    .flags = BP_LINUX_CLONE_BACKWARDS | BP_LINUX_RESTORER,
    .machine = "aarch64",
    .platform = "aarch64",
    .address_limit = ADDRESS_LIMIT,
    .page_size = 4096,
    .syscall_bytes = SVC_BYTES,
    .calls = calls,
    .call_count = sizeof calls / sizeof *calls,
    .open_flags = BP_ROWS(open_flags),
    .trampoline = trampoline,
    .trampoline_bytes = sizeof trampoline,
    .signal_frame_bytes = sizeof(struct frame),
    .min_signal_stack = 5120,
    .syscall = syscall_of,
    .set_result = set_result,
    .restart = restart,
    .start = start,
    .start_child = start_child,
    .set_tls = set_tls,
    .pc = get_pc,
    .sp = get_sp,
    .set_pc = set_pc,
    .auxv = auxv,
    .signal_enter = signal_enter,
    .signal_return = signal_return,
    .cpuinfo = cpuinfo,
    .core_regs = core_regs,
    .prctl = own_prctl,
    .guard_prot = guard_prot,
    .elf_guard_property = FEATURE_1_AND,
    .elf_guard_bits = FEATURE_1_BTI,
};
