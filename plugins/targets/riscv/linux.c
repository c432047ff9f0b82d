/* SPDX-License-Identifier: MIT */
/*
 * linux.c: Linux on riscv64: registers of calls and signals, signal frames, what the kernel tells
 * of the processor. Linux, arch/riscv: include/uapi/asm/{ptrace,sigcontext,ucontext,hwprobe}.h,
 * Documentation/arch/riscv/{uabi,hwprobe}.rst; RISC-V ELF psABI.
 */
#include "cpu.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADDRESS_LIMIT (UINT64_C(1) << 38) /* Sv39 */
#define ECALL_BYTES 4

enum { X_RA = 1, X_SP = 2, X_TP = 4, X_A0 = 10, X_A1 = 11, X_A2 = 12, X_A7 = 17 };

#define NR_HWPROBE 258u
#define NR_FLUSH_ICACHE 259u

static const uint16_t calls[] = {
    BP_LINUX_GENERIC_TABLE
    [NR_HWPROBE] = BP_LINUX_ARCH,
    [NR_FLUSH_ICACHE] = BP_LINUX_ARCH,
};

/* What return addresses of handlers point to; unwinders know it by these instructions. */
static const uint32_t trampoline[] = {
    0x08b00893, /* li a7, 139: rt_sigreturn */
    0x00000073, /* ecall */
};

/* ---- calls and tasks ------------------------------------------------------------------------- */

static uint64_t syscall_of(const void *env, uint64_t args[6])
{
    const struct riscv_cpu *cpu = env;

    memcpy(args, &cpu->x[X_A0], 6 * sizeof *args);
    return cpu->x[X_A7];
}

static void set_result(void *env, uint64_t value)
{
    ((struct riscv_cpu *)env)->x[X_A0] = value;
}

static void restart(void *env, uint64_t number, uint64_t first)
{
    struct riscv_cpu *cpu = env;

    cpu->x[X_A0] = first;
    cpu->x[X_A7] = number;
    cpu->pc -= ECALL_BYTES;
}

static void forget_reservation(struct riscv_cpu *cpu)
{
    cpu->reserve_addr = RISCV_NO_RESERVATION;
}

static void start(void *env, uint64_t pc, uint64_t sp)
{
    struct riscv_cpu *cpu = env;

    memset(cpu->x, 0, sizeof cpu->x);
    for (unsigned i = 0; i < 32; i++)
        cpu->f[i] = cpu->ext.d ? 0 : UINT64_C(0xffffffff00000000);
    fp_set_fflags(cpu, 0);
    fp_set_frm(cpu, 0);
    forget_reservation(cpu);
    cpu->x[X_SP] = sp;
    cpu->pc = pc;
}

static void start_child(void *env, uint64_t sp)
{
    struct riscv_cpu *cpu = env;

    cpu->x[X_A0] = 0;
    if (sp)
        cpu->x[X_SP] = sp;
    forget_reservation(cpu);
}

static void set_tls(void *env, uint64_t tls)
{
    ((struct riscv_cpu *)env)->x[X_TP] = tls;
}

static uint64_t get_pc(const void *env)
{
    return ((const struct riscv_cpu *)env)->pc;
}

static uint64_t get_sp(const void *env)
{
    return ((const struct riscv_cpu *)env)->x[X_SP];
}

static void set_pc(void *env, uint64_t pc)
{
    ((struct riscv_cpu *)env)->pc = pc;
}

/* struct user_regs_struct: pc, then x1 to x31. */
static void get_regs(const struct riscv_cpu *cpu, uint64_t regs[32])
{
    regs[0] = cpu->pc;
    memcpy(regs + 1, cpu->x + 1, 31 * sizeof *regs);
}

static size_t core_regs(const void *env, void *buf, size_t size)
{
    uint64_t regs[32];

    if (size < sizeof regs)
        return 0;
    get_regs(env, regs);
    memcpy(buf, regs, sizeof regs);
    return sizeof regs;
}

/* ---- signal frames --------------------------------------------------------------------------- */

/* struct rt_sigframe, with the sizes and holes of the kernel's. */
struct frame {
    struct bp_linux_frame head;
    uint64_t regs[32];
    /* union of float states, as large as that of Q; here that of D, and the list of further
     * extensions' states behind it, which its end mark begins */
    uint64_t f[32];
    uint32_t fcsr;
    uint32_t unused[64];
    uint32_t reserved; /* must be 0 */
    uint32_t end_magic, end_size;
};
_Static_assert(offsetof(struct frame, regs) == 128 + 176, "ucontext.h");
_Static_assert(offsetof(struct frame, reserved) == 128 + 176 + 256 + 516, "sigcontext.h");
_Static_assert(sizeof(struct frame) == 1088, "arch/riscv/kernel/signal.c");

static void fill_frame(struct riscv_cpu *cpu, const struct bp_linux_signal *s, struct frame *f)
{
    memset(f, 0, sizeof *f);
    bp_linux_frame_fill(&f->head, s);
    get_regs(cpu, f->regs);
    if (cpu->ext.f) {
        memcpy(f->f, cpu->f, sizeof f->f);
        f->fcsr = (uint32_t)(fp_get_fflags(cpu) | (uint64_t)cpu->frm << 5);
    }
}

/* The host address of a frame at gva, or NULL where it is not the program's memory. */
static void *frame_at(struct bp_user_space *space, uint64_t gva)
{
    if (gva > ADDRESS_LIMIT - sizeof(struct frame))
        return NULL;
    return bp_user_base(space) + gva;
}

static int signal_enter(void *env, struct bp_user_space *space, const struct bp_linux_signal *s)
{
    struct riscv_cpu *cpu = env;
    uint64_t gva = (s->stack - sizeof(struct frame)) & ~UINT64_C(15);
    void *to = frame_at(space, gva);
    struct frame f;

    if (!to || bp_user_will_write(space, gva, sizeof f) < 0)
        return -EFAULT;
    fill_frame(cpu, s, &f);
    if (bp_user_copy(space, to, &f, sizeof f) < 0)
        return -EFAULT;
    forget_reservation(cpu);
    cpu->x[X_RA] = s->trampoline;
    cpu->x[X_SP] = gva;
    cpu->x[X_A0] = s->number;
    cpu->x[X_A1] = gva + offsetof(struct frame, head.info);
    cpu->x[X_A2] = gva + offsetof(struct frame, head.uc_flags);
    cpu->pc = s->handler & ~UINT64_C(1);
    return 0;
}

static int signal_return(void *env, struct bp_user_space *space, struct bp_linux_signal *ret)
{
    struct riscv_cpu *cpu = env;
    void *from = frame_at(space, cpu->x[X_SP]);
    struct frame f;

    /* No other extension's state can have been saved here. */
    if (!from || bp_user_copy(space, &f, from, sizeof f) < 0 || f.reserved || f.end_magic ||
        f.end_size)
        return -EFAULT;
    cpu->pc = f.regs[0] & ~UINT64_C(1);
    memcpy(cpu->x + 1, f.regs + 1, 31 * sizeof *cpu->x);
    if (cpu->ext.f) {
        memcpy(cpu->f, f.f, sizeof cpu->f);
        fp_set_fflags(cpu, f.fcsr & 0x1f);
        fp_set_frm(cpu, f.fcsr >> 5);
    }
    forget_reservation(cpu);
    bp_linux_frame_read(&f.head, ret);
    return 0;
}

/* ---- what the kernel tells of the processor -------------------------------------------------- */

static uint64_t hwcap(const struct riscv_cpu *cpu)
{
    const struct {
        char letter;
        bool on;
    } letters[] = {
        { 'i', true },       { 'm', cpu->ext.m }, { 'a', cpu->ext.a },
        { 'f', cpu->ext.f }, { 'd', cpu->ext.d }, { 'c', cpu->ext.c },
    };
    uint64_t r = 0;

    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        r |= letters[i].on ? UINT64_C(1) << (letters[i].letter - 'a') : 0;
    return r;
}

static uint64_t auxv(const void *env, uint32_t type)
{
    enum { AT_HWCAP_ = 16 };

    return type == AT_HWCAP_ ? hwcap(env) : 0;
}

static size_t cpuinfo(const void *env, uint32_t index, char *buf, size_t size)
{
    const struct riscv_cpu *cpu = env;
    char isa[512];
    int n;

    fdt_isa_string(cpu, isa, sizeof isa);
    n = snprintf(buf, size,
                 "processor\t: %u\nhart\t\t: %u\nisa\t\t: %s\nmmu\t\t: sv39\n"
                 "mvendorid\t: 0x0\nmarchid\t\t: 0x%x\nmimpid\t\t: 0x0\nhart isa\t: %s\n\n",
                 index, index, isa, RISCV_MARCHID, isa);
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

/* ---- riscv_hwprobe, riscv_flush_icache ------------------------------------------------------- */

/* struct riscv_hwprobe */
struct probe {
    int64_t key;
    uint64_t value;
};

enum probe_key {
    PROBE_MVENDORID, PROBE_MARCHID, PROBE_MIMPID, PROBE_BASE_BEHAVIOR, PROBE_IMA_EXT_0,
    PROBE_CPUPERF_0, PROBE_ZICBOZ_BLOCK_SIZE, PROBE_HIGHEST_ADDRESS, PROBE_TIME_FREQ,
    PROBE_MISALIGNED_SCALAR, PROBE_MISALIGNED_VECTOR, PROBE_VENDOR_EXT_THEAD_0,
    PROBE_ZICBOM_BLOCK_SIZE,
};
#define PROBE_WHICH_CPUS 1u
#define MISALIGNED_FAST 3u              /* as the host's accesses are */
#define MISALIGNED_VECTOR_UNSUPPORTED 4u

static uint64_t ima_ext_0(const struct riscv_cpu *cpu)
{
    const struct {
        uint8_t bit;
        bool on;
    } bits[] = {
        { 0, cpu->ext.f && cpu->ext.d },
        { 1, cpu->ext.c },
        { 3, cpu->ext.zba },
        { 4, cpu->ext.zbb },
        { 5, cpu->ext.zbs },
        { 6, cpu->ext.zicboz },
        { 7, cpu->ext.zbc },
        { 35, cpu->ext.zicond },
        { 36, cpu->ext.zihintpause },
        { 43, cpu->ext.c },               /* Zca */
        { 45, cpu->ext.c && cpu->ext.d }, /* Zcd */
        { 50, cpu->ext.zicntr },
        { 55, cpu->ext.zicbom },
        { 56, cpu->ext.a },               /* Zaamo */
        { 57, cpu->ext.a },               /* Zalrsc */
    };
    uint64_t r = 0;

    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        r |= bits[i].on ? UINT64_C(1) << bits[i].bit : 0;
    return r;
}

/* False: a key that is not known. */
static bool probe_value(const struct riscv_cpu *cpu, int64_t key, uint64_t *ret)
{
    *ret = 0;
    switch (key) {
    case PROBE_MVENDORID:
    case PROBE_MIMPID: return true;
    case PROBE_MARCHID: *ret = RISCV_MARCHID; return true;
    case PROBE_BASE_BEHAVIOR: *ret = cpu->ext.m && cpu->ext.a; return true;
    case PROBE_IMA_EXT_0: *ret = ima_ext_0(cpu); return true;
    case PROBE_CPUPERF_0:
    case PROBE_MISALIGNED_SCALAR: *ret = MISALIGNED_FAST; return true;
    case PROBE_ZICBOZ_BLOCK_SIZE: *ret = cpu->ext.zicboz ? RISCV_CACHE_BLOCK : 0; return true;
    case PROBE_ZICBOM_BLOCK_SIZE: *ret = cpu->ext.zicbom ? RISCV_CACHE_BLOCK : 0; return true;
    case PROBE_HIGHEST_ADDRESS: *ret = ADDRESS_LIMIT - 1; return true;
    case PROBE_TIME_FREQ: *ret = cpu->timebase_frequency; return true;
    case PROBE_MISALIGNED_VECTOR: *ret = MISALIGNED_VECTOR_UNSUPPORTED; return true;
    case PROBE_VENDOR_EXT_THEAD_0: return true;
    default: return false;
    }
}

/* Keys whose values are sets of bits: a processor has what is asked for and maybe more. */
static bool probe_is_mask(int64_t key)
{
    return key == PROBE_BASE_BEHAVIOR || key == PROBE_IMA_EXT_0 || key == PROBE_CPUPERF_0 ||
           key == PROBE_VENDOR_EXT_THEAD_0;
}

/* The caller's memory, whatever the address. */
static int copy_in(struct bp_user_space *space, uint64_t gva, void *to, size_t n)
{
    if (gva > ADDRESS_LIMIT - n)
        return -EFAULT;
    return bp_user_copy(space, to, bp_user_base(space) + gva, n);
}

static int copy_out(struct bp_user_space *space, uint64_t gva, const void *from, size_t n)
{
    if (gva > ADDRESS_LIMIT - n || bp_user_will_write(space, gva, n) < 0)
        return -EFAULT;
    return bp_user_copy(space, bp_user_base(space) + gva, from, n);
}

/* Processors are alike, so a set of them matters by what of it exists. */
struct cpu_set {
    uint64_t words[128];
    size_t bytes;
};

static void all_cpus(struct cpu_set *set)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    memset(set->words, 0, sizeof set->words);
    for (long i = 0; i < n && i < (long)(8 * sizeof set->words); i++)
        set->words[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Reads the set at gva and leaves in it what exists. */
static int read_cpus(struct bp_user_space *space, uint64_t gva, uint64_t bytes, struct cpu_set *set,
                     bool *ret_empty)
{
    struct cpu_set all;
    int r;

    memset(set, 0, sizeof *set);
    set->bytes = bytes < sizeof set->words ? (size_t)bytes : sizeof set->words;
    r = copy_in(space, gva, set->words, set->bytes);
    if (r < 0)
        return r;
    all_cpus(&all);
    *ret_empty = true;
    for (size_t i = 0; i < sizeof set->words / sizeof *set->words; i++) {
        set->words[i] &= all.words[i];
        *ret_empty = *ret_empty && !set->words[i];
    }
    return 0;
}

/* Fills in the values of pairs. */
static int64_t probe_values(const struct riscv_cpu *cpu, struct bp_user_space *space,
                            const uint64_t args[6])
{
    struct cpu_set set;
    bool empty = false;
    int r = 0;

    if (args[2] || args[3])
        r = read_cpus(space, args[3], args[2], &set, &empty);
    if (r < 0 || empty)
        return r < 0 ? r : -EINVAL;
    for (uint64_t i = 0; i < args[1]; i++) {
        uint64_t at = args[0] + i * sizeof(struct probe);
        struct probe p;
        r = copy_in(space, at, &p, sizeof p);
        if (r < 0)
            return r;
        if (!probe_value(cpu, p.key, &p.value))
            p.key = -1;
        r = copy_out(space, at, &p, sizeof p);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Finds the processors that have the values of the pairs: all or none. */
static int64_t probe_cpus(const struct riscv_cpu *cpu, struct bp_user_space *space,
                          const uint64_t args[6])
{
    struct cpu_set set;
    bool empty, none = false;
    int r;

    if (!args[2] || !args[3])
        return -EINVAL;
    r = read_cpus(space, args[3], args[2], &set, &empty);
    if (r < 0)
        return r;
    if (empty)
        all_cpus(&set);
    for (uint64_t i = 0; i < args[1]; i++) {
        uint64_t at = args[0] + i * sizeof(struct probe), have;
        struct probe p;
        r = copy_in(space, at, &p, sizeof p);
        if (r < 0)
            return r;
        if (!probe_value(cpu, p.key, &have)) {
            none = true;
            p = (struct probe){ .key = -1 };
            r = copy_out(space, at, &p, sizeof p);
            if (r < 0)
                return r;
        } else if (probe_is_mask(p.key) ? (have & p.value) != p.value : have != p.value) {
            none = true;
        }
    }
    if (none)
        memset(set.words, 0, sizeof set.words);
    return copy_out(space, args[3], set.words, set.bytes);
}

static int64_t flush_icache(struct bp_user_space *space, uint64_t start_gva, uint64_t end,
                            uint64_t flags)
{
    enum { FLUSH_LOCAL = 1 };

    if (flags & ~(uint64_t)FLUSH_LOCAL)
        return -EINVAL;
    /* The kernel looks at no address and flushes everything. */
    if (start_gva >= end || end > ADDRESS_LIMIT)
        bp_user_code_changed(space, 0, ADDRESS_LIMIT);
    else
        bp_user_code_changed(space, start_gva, end - start_gva);
    return 0;
}

static int64_t arch_call(void *env, struct bp_user_space *space, uint64_t number,
                         const uint64_t args[6])
{
    switch (number) {
    case NR_HWPROBE:
        if ((uint32_t)args[4] & ~PROBE_WHICH_CPUS)
            return -EINVAL;
        return args[4] & PROBE_WHICH_CPUS ? probe_cpus(env, space, args)
                                          : probe_values(env, space, args);
    case NR_FLUSH_ICACHE: return flush_icache(space, args[0], args[1], args[2]);
    default: return -ENOSYS;
    }
}

const struct bp_linux_abi linux_abi64 = {
    .size = sizeof(struct bp_linux_abi),
    .flags = BP_LINUX_CLONE_BACKWARDS,
    .machine = "riscv64",
    .address_limit = ADDRESS_LIMIT,
    .page_size = 4096,
    .syscall_bytes = ECALL_BYTES,
    .calls = calls,
    .call_count = sizeof calls / sizeof *calls,
    .elf_flags_mask = 0x8, /* EF_RISCV_RVE: 16 registers, another calling convention */
    .trampoline = trampoline,
    .trampoline_bytes = sizeof trampoline,
    .signal_frame_bytes = sizeof(struct frame),
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
    .arch_call = arch_call,
    .cpuinfo = cpuinfo,
    .core_regs = core_regs,
};
