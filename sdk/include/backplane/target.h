/* SPDX-License-Identifier: MIT */
/*
 * target.h: a guest instruction set. A target turns guest instructions into IR, and owns everything
 * architectural about a vCPU: registers, address translation, exceptions, interrupts.
 *
 * The vCPU is a part (device.h): its state, called `env`, is the target's own struct; properties are CPU
 * features, input pins interrupt lines, and its register table (`regs` here) is saved, shown and
 * read by debuggers from the one list. What else lives in the state is listed in cpu->saved.
 *
 * Threads: each vCPU has one. translate, tlb_fill, exception paths and helpers run on it and may use env freely.
 * Pin inputs are called [bus] from any thread: they record the level atomically and call
 * bp_vcpu_interrupt().
 *
 * How a fault unwinds: somewhere below translated code (a helper, tlb_fill) the target calls
 * bp_vcpu_restore(env): guest registers and pc are now exact for the faulting instruction, which
 * has not happened. It changes the state as the architecture says (cause, saved pc, mode, new pc), then
 * calls bp_vcpu_resume(env), which does not return: the run loop goes on at env's pc.
 */
#ifndef BACKPLANE_TARGET_H
#define BACKPLANE_TARGET_H

#include <backplane/board.h>
#include <backplane/device.h>
#include <backplane/ir.h>
#include <backplane/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What translations depend on besides the code: equal contexts may share translations. */
struct bp_context {
    uint32_t size;
    uint32_t flags;      /* mode bits that translate looks at */
    uint64_t space;      /* identifies the address space: equal values see the same mappings (until flushed) */
    uint32_t fetch_mmu;  /* mmu index that instructions are fetched through */
    uint32_t stopped;    /* not 0: executes nothing; sleeps until has_work, then `interrupt` is called and this asked again */
};

enum bp_access { BP_ACCESS_READ = 1, BP_ACCESS_WRITE = 2, BP_ACCESS_EXEC = 4 };

/* A translation found by tlb_fill. */
struct bp_tlb_entry {
    uint32_t size;
    uint32_t access;     /* allowed: enum bp_access bits; leave WRITE out until the dirty bit is set */
    uint64_t gpa;        /* of the byte asked for */
    uint32_t page_log2;  /* size of the page, at least 12; smaller protection regions: see partial */
    uint32_t flags;      /* BP_TLB_* */
    uint32_t bytes;      /* given: how many from va on are wanted, up to the page's end; 0 where that is not known */
    uint32_t attributes; /* BP_PAGE_*: for page_flags() */
    uint32_t branch;     /* given, where instructions at env's pc are wanted: as page_flags() has it */
};
#define BP_TLB_ONCE 2u     /* good for this access only: something finer than a page decides */

/* What translations of a page's code depend on, besides the context. */
#define BP_PAGE_GUARDED 1u /* indirect branches must not lead just anywhere in it */

/* Which translations to forget. */
struct bp_tlb_flush {
    uint32_t size;
    uint32_t flags;      /* BP_FLUSH_* */
    uint64_t space;      /* of address spaces (bp_context.space) that agree with this one ... */
    uint64_t space_mask; /* ... in these bits; 0: of every space */
    uint64_t va, bytes;  /* with BP_FLUSH_RANGE: of the pages that hold these addresses */
    uint32_t va_bits;    /* low bits of an address that tell pages apart, 52 to 64 or 0, all: where the upper ones are
                            ignored, pages that were found by other upper bits are forgotten, too. Such are data's
                            only: instructions are looked for at `va`. */
    uint32_t reserved;
};
#define BP_FLUSH_RANGE 1u
#define BP_FLUSH_OTHERS 2u /* by the machine's other vCPUs with this target, too: see bp_tlb_sync() */

/* A CPU model: a name for property settings. */
struct bp_cpu_model {
    const char *name, *doc;
    struct bp_rows settings; /* struct bp_set */
};

struct bp_linux_abi;    /* linux.h */
struct bp_debug_target; /* debug.h */

/* Result of translate. */
enum bp_translated {
    BP_TR_NEXT = 0, /* go on with the next instruction at t->next_pc */
    BP_TR_END = 1,  /* control has left: the last record leaves */
};

/* A translation in progress. The runtime owns it; the target reads it and emits. */
struct bp_tr {
    uint32_t size;
    uint32_t flags;       /* from the context, and from page_flags() */
    uint64_t pc;          /* guest virtual address of this instruction */
    uint64_t next_pc;     /* translate sets it: address behind this instruction */
    const void *env;      /* configuration members only: features, never registers */
    uint32_t insn_index;  /* in this translation, from 0 */
    uint32_t reserved;
    void *scratch;        /* 256 bytes, zeroed at the start of each translation, for the target */
    bp_value (*emit)(struct bp_tr *t, struct bp_ir record);
    bp_value (*exit)(struct bp_tr *t, struct bp_ir record, const struct bp_ir_exit *exit);
    bool (*fetch)(struct bp_tr *t, uint64_t pc, void *buf, unsigned bytes);
    uint32_t (*helper)(struct bp_tr *t, const struct bp_helper *helper);
};

struct bp_target {
    struct bp_head head;
    const char *doc;
    uint32_t ir_revision;        /* BP_IR_REVISION */
    uint32_t elf_machine;        /* EM_* */
    uint32_t bits;               /* of general registers and addresses: 32 or 64 */
    uint32_t flags;              /* BP_TARGET_BIG_ENDIAN */
    uint32_t pc_offset;          /* env: where the pc is, uint64_t (also for 32-bit targets) */
    uint32_t insn_align;         /* bytes: 1, 2 or 4 */
    uint32_t insn_max;           /* longest instruction in bytes */
    uint32_t mmu_count;          /* number of mmu indexes, at most 16 */
    struct bp_rows regs;         /* struct bp_guest_reg */
    struct bp_rows models;       /* struct bp_cpu_model; the first is the default */
    const struct bp_device *cpu; /* the vCPU as a part, by BP_VCPU() */

    /* [translate] Translates the instruction at t->pc. Undefined instructions are translated to a call that
     * raises. When t->fetch returns false, return BP_TR_END without emitting: the runtime raises. */
    int (*translate)(struct bp_tr *t);
    /* [any] The context of env now. */
    void (*context)(const void *env, struct bp_context *ret);
    /* [vcpu] Translate va for an access through an mmu index. Fill *ret, or raise (does not return). With
     * `probe` true never raise and have no side effect: return false where it would have raised. */
    bool (*tlb_fill)(void *env, uint64_t va, unsigned access, unsigned mmu, bool probe,
                     struct bp_tlb_entry *ret);
    /* [vcpu] An access with BP_MEM_ALIGNED was not aligned: raise. */
    void (*unaligned)(void *env, uint64_t va, unsigned access, unsigned mmu);
    /* [vcpu] Nothing answers at gpa, or a device refused: raise, or return to read zeros. */
    void (*bus_error)(void *env, uint64_t va, uint64_t gpa, unsigned access);
    /* [vcpu] Between translations, after bp_vcpu_interrupt(): take an interrupt if one is pending and enabled. True
     * where the state changed. */
    bool (*interrupt)(void *env);
    /* [vcpu] Whether a halted vCPU must wake. */
    bool (*has_work)(const void *env);
    /* [main] Where to start, after reset: called with the board's choice. */
    void (*set_start)(void *env, uint64_t pc);
    /* [any] One instruction to text, without address and newline. `bytes` holds at least insn_max bytes or what there is (n).
     * Returns its length in bytes, 0 where undefined. */
    unsigned (*disassemble)(const void *env, uint64_t pc, const uint8_t *bytes, size_t n, char *buf,
                            size_t size);
    /* [main] The cpu@N node: compatible, ISA strings, interrupt controller child. */
    void (*fdt)(void *env, struct bp_fdt_node *node, uint32_t index);
    /* [main] Properties of the /cpus node. */
    void (*fdt_cpus)(void *env, struct bp_fdt_node *node);
    /* Linux on this instruction set, for running programs (linux.h); NULL: the target cannot. Such a
     * target has a bool property "user-mode", see user.h. */
    const struct bp_linux_abi *linux_abi;
    /* What debuggers call the registers (debug.h); NULL: the target cannot be debugged. */
    const struct bp_debug_target *debug;
    /* The four bytes at 0x38 of this architecture's Linux boot image, where it has the header of 64 bytes with text
     * offset (at 8), image size (16), flags (24), all little-endian: Documentation/arch/riscv/boot-image-header.rst,
     * arm64/booting.rst. NULL: such files are raw bytes. */
    const char *linux_magic;
    /* [vcpu] An access of a program at va (enum bp_access) found nothing; registers are those before the instruction.
     * True: the state has changed, its context perhaps, so that the instruction is to be executed again. NULL:
     * it is a trap. */
    bool (*user_fault)(void *env, uint64_t va, unsigned access);
    /* [vcpu] Instructions at env's pc are to run, in a page that has attributes. *ret is 0: bits that their translations have in
     * bp_tr.flags next to the context's, which has none of them. `branch`: where an exit_to led here, 1 + its
     * enum bp_exit_hint; else 0, and also where an interrupt came between. False: the state has changed, ask for
     * the context again. NULL: attributes mean nothing. */
    bool (*page_flags)(void *env, uint32_t attributes, uint32_t branch, uint32_t *ret);
};
#define BP_TARGET_BIG_ENDIAN 1u
#define BP_TARGET_ORDER_le 0u
#define BP_TARGET_ORDER_be BP_TARGET_BIG_ENDIAN

/* The vCPU of a target as a part, named by `.cpu = &sym`: state_size, pins, props, needs, timers, saved, realize, reset,
 * pre_save, post_load. Its id is the target's; regs, windows and ports stay empty. */
#define BP_VCPU(sym, ...)                                                                          \
    static const struct bp_device sym = { .head = { sizeof(struct bp_device), BP_KIND_DEVICE, "" }, \
                                          __VA_ARGS__ }
#define BP_TARGET(sym, iid, doc_, ...)                                                             \
    BP_ENTITY(BP_CAT(sym, _target), iid, BP_KIND_TARGET, "target", "doc=" doc_ "\n", bp_target,    \
              .doc = doc_, .ir_revision = BP_IR_REVISION, __VA_ARGS__)
/* A target with a Linux ABI (.linux_abi): the manifest says which ELF files are its own, so that it is
 * found for a program without loading others. MACHINE: EM_* from elf.h or a number; BITS: 32 or 64; ORDER: le or be. */
#define BP_LINUX_TARGET(sym, iid, doc_, machine_, bits_, order_, ...)                              \
    BP_ENTITY(BP_CAT(sym, _target), iid, BP_KIND_TARGET, "target",                                 \
              "doc=" doc_ "\nelf=" BP_STR(machine_) "," BP_STR(bits_) "," #order_ "\n", bp_target, \
              .doc = doc_, .ir_revision = BP_IR_REVISION, .elf_machine = machine_, .bits = bits_,  \
              .flags = BP_TARGET_ORDER_##order_, __VA_ARGS__)

/* ---- emitting ------------------------------------------------------------------------------- */

/* Builders append one record and return its value; constants and algebra are folded on the way, so the value may
 * be an earlier one. [translate] */
static inline bp_value bp_emit(struct bp_tr *t, unsigned op, unsigned type, unsigned aux, uint32_t a,
                               uint32_t b, uint32_t c)
{
    struct bp_ir r = { (uint8_t)op, (uint8_t)type, (uint16_t)aux, a, b, c };
    return t->emit(t, r);
}
static inline bp_value bp_const(struct bp_tr *t, enum bp_type type, uint64_t value)
{
    return bp_emit(t, BP_CONST, type, 0, 0, (uint32_t)value, (uint32_t)(value >> 32));
}
static inline bp_value bp_get(struct bp_tr *t, enum bp_type type, unsigned reg)
{
    return bp_emit(t, BP_GET, type, reg, 0, 0, 0);
}
static inline void bp_put(struct bp_tr *t, unsigned reg, bp_value v)
{
    bp_emit(t, BP_PUT, BP_VOID, reg, v, 0, 0);
}
static inline bp_value bp_op1(struct bp_tr *t, enum bp_op op, enum bp_type type, bp_value a)
{
    return bp_emit(t, op, type, 0, a, 0, 0);
}
static inline bp_value bp_op2(struct bp_tr *t, enum bp_op op, enum bp_type type, bp_value a,
                              bp_value b)
{
    return bp_emit(t, op, type, 0, a, b, 0);
}
static inline bp_value bp_extract(struct bp_tr *t, enum bp_type type, bp_value a, unsigned position,
                                  unsigned length, bool is_signed)
{
    return bp_emit(t, is_signed ? BP_EXTRACT_S : BP_EXTRACT_U, type, position | length << 8, a, 0, 0);
}
static inline bp_value bp_cmp(struct bp_tr *t, enum bp_type type, enum bp_cond cond, bp_value a,
                              bp_value b)
{
    return bp_emit(t, BP_CMP, type, cond, a, b, 0);
}
static inline bp_value bp_select(struct bp_tr *t, enum bp_type type, bp_value cond, bp_value yes,
                                 bp_value no)
{
    return bp_emit(t, BP_SELECT, type, 0, cond, yes, no);
}
static inline bp_value bp_load(struct bp_tr *t, enum bp_type type, unsigned memop, bp_value address,
                               int32_t offset)
{
    return bp_emit(t, BP_LOAD, type, memop, address, 0, (uint32_t)offset);
}
static inline void bp_store(struct bp_tr *t, unsigned memop, bp_value address, int32_t offset,
                            bp_value v)
{
    bp_emit(t, BP_STORE, BP_VOID, memop, address, v, (uint32_t)offset);
}
static inline bp_value bp_rmw(struct bp_tr *t, enum bp_type type, unsigned memop, enum bp_rmw kind,
                              bp_value address, bp_value v)
{
    return bp_emit(t, BP_RMW, type, memop, address, v, kind);
}
static inline void bp_fence(struct bp_tr *t, unsigned kinds)
{
    bp_emit(t, BP_FENCE, BP_VOID, kinds, 0, 0, 0);
}

/* Leaves when a COND b, to guest pc. The path that goes on is the expected one. */
static inline void bp_exit_if(struct bp_tr *t, enum bp_cond cond, bp_value a, bp_value b, uint64_t pc)
{
    struct bp_ir r = { BP_EXIT_IF, BP_VOID, (uint16_t)cond, a, b, 0 };
    struct bp_ir_exit e = { pc, 0, BP_HINT_NONE, 0, 0 };
    t->exit(t, r, &e);
}
static inline void bp_exit(struct bp_tr *t, uint64_t pc)
{
    struct bp_ir r = { BP_EXIT, BP_VOID, 0, 0, 0, 0 };
    struct bp_ir_exit e = { pc, 0, BP_HINT_NONE, 0, 0 };
    t->exit(t, r, &e);
}
/* A direct call to pc that will return to `link`. */
static inline void bp_exit_call(struct bp_tr *t, uint64_t pc, uint64_t link)
{
    struct bp_ir r = { BP_EXIT, BP_VOID, 0, 0, 0, 0 };
    struct bp_ir_exit e = { pc, 0, BP_HINT_CALL, 0, link };
    t->exit(t, r, &e);
}
static inline void bp_exit_to(struct bp_tr *t, bp_value pc, enum bp_exit_hint hint)
{
    bp_emit(t, BP_EXIT_TO, BP_VOID, hint, pc, 0, 0);
}
/* Leaves to the run loop, which goes on at pc. */
static inline void bp_leave(struct bp_tr *t, enum bp_leave why, uint64_t pc)
{
    struct bp_ir r = { BP_LEAVE, BP_VOID, (uint16_t)why, 0, 0, 0 };
    struct bp_ir_exit e = { pc, 0, BP_HINT_NONE, 0, 0 };
    t->exit(t, r, &e);
}
/* Leaves to the run loop, which goes on at the pc that a helper has put into env. */
static inline void bp_leave_at_env_pc(struct bp_tr *t, enum bp_leave why)
{
    bp_emit(t, BP_LEAVE, BP_VOID, why, 0, 0, UINT32_MAX);
}
/* Calls a helper; `n` args. The descriptor must be static. */
static inline bp_value bp_call(struct bp_tr *t, const struct bp_helper *helper, unsigned n,
                               const bp_value *args)
{
    for (unsigned i = 0; i < n; i++)
        bp_emit(t, BP_ARG, BP_VOID, 0, args[i], 0, 0);
    return bp_emit(t, BP_CALL, helper->ret, n, 0, 0, t->helper(t, helper));
}
/* Instruction bytes at pc (this instruction's); false: not readable, see translate. */
static inline bool bp_fetch(struct bp_tr *t, uint64_t pc, void *buf, unsigned bytes)
{
    return t->fetch(t, pc, buf, bytes);
}

/* ---- vCPU services -------------------------------------------------------------------------- */

struct bp_vcpu_api {
    uint32_t size, reserved;
    void (*restore)(void *env);
    void (*resume)(void *env) __attribute__((noreturn));
    void (*interrupt)(void *env);
    void (*tlb_flush)(void *env);
    void (*tlb_flush_space)(void *env, uint64_t space);
    void (*tlb_flush_page)(void *env, uint64_t va);
    int (*phys_read)(void *env, uint64_t gpa, void *buf, unsigned bytes);
    int (*phys_cas)(void *env, uint64_t gpa, unsigned bytes, uint64_t expected, uint64_t desired,
                    bool *ret_done);
    uint64_t (*load)(void *env, uint64_t va, unsigned memop);
    void (*store)(void *env, uint64_t va, unsigned memop, uint64_t value);
    uint64_t (*cas)(void *env, uint64_t va, unsigned memop, uint64_t expected, uint64_t desired);
    uint32_t (*fp_flags)(void *env);
    void (*fp_set_flags)(void *env, uint32_t flags);
    void (*fp_set_rounding)(void *env, unsigned rounding);
    void (*zero)(void *env, uint64_t va, unsigned bytes, unsigned mmu);
    uint64_t (*instructions)(void *env);
    uint32_t (*index)(void *env);
    void (*log)(void *env, unsigned what, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
    void (*cas16)(void *env, uint64_t va, unsigned mmu, uint64_t expected[2],
                  const uint64_t desired[2]);
    void (*tlb_forget)(void *env, const struct bp_tlb_flush *what);
    void (*tlb_sync)(void *env);
};
BP_IMPORT(bp_vcpu_api, bp_vcpu_, "backplane.vcpu/1");

/* See the head of this file. Both only below translated code, tlb_fill or interrupt. [vcpu] */
static inline void bp_vcpu_restore(void *env) { bp_vcpu_->restore(env); }
static inline void __attribute__((noreturn)) bp_vcpu_resume(void *env)
{
    bp_vcpu_->resume(env);
    __builtin_unreachable();
}
/* Makes the vCPU call the target's `interrupt` soon, waking it where it sleeps. [any] */
static inline void bp_vcpu_interrupt(void *env) { bp_vcpu_->interrupt(env); }

/* Forget translations of this vCPU: all; those of an address space (bp_context.space), what it shares
 * with others included; those of the page that holds va in every space. [vcpu] */
static inline void bp_tlb_flush(void *env) { bp_vcpu_->tlb_flush(env); }
static inline void bp_tlb_flush_space(void *env, uint64_t space)
{
    bp_vcpu_->tlb_flush_space(env, space);
}
static inline void bp_tlb_flush_page(void *env, uint64_t va) { bp_vcpu_->tlb_flush_page(env, va); }
/* Forget translations as `what` says. Other vCPUs (BP_FLUSH_OTHERS) may go on using them until
 * bp_tlb_sync() has returned: it waits for every vCPU that may be using what this one wanted forgotten, and
 * costs next to nothing where there is none. Call both from helpers or `interrupt`, holding no lock. [vcpu] */
static inline void bp_tlb_forget(void *env, const struct bp_tlb_flush *what)
{
    bp_vcpu_->tlb_forget(env, what);
}
static inline void bp_tlb_sync(void *env) { bp_vcpu_->tlb_sync(env); }

/* Memory by guest physical address, for page-table walks: 4 or 8 bytes, naturally aligned, host order,
 * atomic. 0, or -EFAULT where it is not RAM or ROM. phys_cas stores `desired` where memory holds
 * `expected`. [vcpu] */
static inline int bp_phys_read(void *env, uint64_t gpa, void *buf, unsigned bytes)
{
    return bp_vcpu_->phys_read(env, gpa, buf, bytes);
}
static inline int bp_phys_cas(void *env, uint64_t gpa, unsigned bytes, uint64_t expected,
                              uint64_t desired, bool *ret_done)
{
    return bp_vcpu_->phys_cas(env, gpa, bytes, expected, desired, ret_done);
}

/* Memory by guest virtual address from a helper (flagged BP_CALL_MAY_RAISE): as the IR ops, faults
 * included. [vcpu] */
static inline uint64_t bp_vcpu_load(void *env, uint64_t va, unsigned memop)
{
    return bp_vcpu_->load(env, va, memop);
}
static inline void bp_vcpu_store(void *env, uint64_t va, unsigned memop, uint64_t value)
{
    bp_vcpu_->store(env, va, memop, value);
}
static inline uint64_t bp_vcpu_cas(void *env, uint64_t va, unsigned memop, uint64_t expected,
                                   uint64_t desired)
{
    return bp_vcpu_->cas(env, va, memop, expected, desired);
}
/* As bp_vcpu_cas(), of 16 bytes, low half first, which must be aligned; *expected becomes what was there. */
static inline void bp_vcpu_cas16(void *env, uint64_t va, unsigned mmu, uint64_t expected[2],
                                 const uint64_t desired[2])
{
    bp_vcpu_->cas16(env, va, mmu, expected, desired);
}
/* Stores `bytes` zeros at va, within one page. */
static inline void bp_vcpu_zero(void *env, uint64_t va, unsigned bytes, unsigned mmu)
{
    bp_vcpu_->zero(env, va, bytes, mmu);
}

/* Float state, from helpers flagged BP_CALL_FP or outside translated code: sticky flags (enum bp_fp_flag) and the
 * mode that BP_ROUND_DYNAMIC means (not NEAREST_AWAY: translate such code to exact helpers). */
static inline uint32_t bp_fp_flags(void *env) { return bp_vcpu_->fp_flags(env); }
static inline void bp_fp_set_flags(void *env, uint32_t flags) { bp_vcpu_->fp_set_flags(env, flags); }
static inline void bp_fp_set_rounding(void *env, enum bp_rounding rounding)
{
    bp_vcpu_->fp_set_rounding(env, rounding);
}

/* Number of this vCPU in the machine, from 0. [any] */
static inline uint32_t bp_vcpu_index(void *env) { return bp_vcpu_->index(env); }

/* A counter that goes up with the guest's work: instructions where they are counted, else nanoseconds of virtual
 * time. [vcpu] */
static inline uint64_t bp_vcpu_instructions(void *env) { return bp_vcpu_->instructions(env); }

/* One line of -d int (BP_VLOG_INT) or -d mmu (BP_VLOG_MMU). [vcpu] */
enum bp_vcpu_log { BP_VLOG_INT = 1, BP_VLOG_MMU = 2 };
#define bp_vcpu_log(env, what, ...) bp_vcpu_->log(env, what, __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
