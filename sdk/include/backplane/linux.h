/* SPDX-License-Identifier: MIT */
/*
 * linux.h: what a target says of Linux on its instruction set, so that the linux-user board can run its
 * programs: how system calls and signals look in registers and memory, and where structures and
 * constants differ from the generic ones. System calls themselves are the board's.
 *
 * A target points to its struct bp_linux_abi from bp_target.linux_abi; it is static data. Callbacks
 * get the vCPU's state and run on the thread that owns it, while it does not run.
 *
 * "Generic" is what new architectures use: Linux's include/uapi/asm-generic.
 */
#ifndef BACKPLANE_LINUX_H
#define BACKPLANE_LINUX_H

#include <backplane/linux-calls.h>
#include <backplane/user.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A signal to be delivered, and what sigreturn brings back. All in the guest's terms. */
struct bp_linux_signal {
    uint32_t size;
    uint32_t number;          /* 1 to 64 */
    uint64_t handler;         /* gva */
    uint64_t flags;           /* SA_* */
    uint64_t restorer;        /* gva from sigaction; 0: use `trampoline` */
    uint64_t trampoline;      /* gva of abi->trampoline in the guest's memory */
    uint64_t stack;           /* where frames go: below this gva, red zone not yet left out */
    uint64_t alt_sp, alt_size;/* the alternate stack, for the frame's uc_stack */
    uint32_t alt_flags, reserved;
    uint64_t mask;            /* blocked signals to put back, bit 0 = signal 1 */
    uint8_t info[128];        /* siginfo_t in the guest's layout */
};

/*
 * How the frame of a generic architecture begins: siginfo_t and struct ucontext as far as its machine context
 * (asm-generic/ucontext.h, asm-generic/signal.h), which lies at a multiple of 16. A target's own frame has it as its
 * first member.
 */
struct bp_linux_frame {
    uint8_t info[128];
    uint64_t uc_flags, uc_link;
    uint64_t stack_sp;
    uint32_t stack_flags, reserved0;
    uint64_t stack_size;
    uint64_t mask;
    uint8_t reserved1[1024 / 8 - 8 + 8];
};
/* What the signal says goes into a frame that is otherwise zero. [any] */
static inline void bp_linux_frame_fill(struct bp_linux_frame *f, const struct bp_linux_signal *s)
{
    __builtin_memcpy(f->info, s->info, sizeof f->info);
    f->stack_sp = s->alt_sp;
    f->stack_flags = s->alt_flags;
    f->stack_size = s->alt_size;
    f->mask = s->mask;
}
/* What sigreturn brings back of it. [any] */
static inline void bp_linux_frame_read(const struct bp_linux_frame *f, struct bp_linux_signal *ret)
{
    ret->mask = f->mask;
    ret->alt_sp = f->stack_sp;
    ret->alt_size = f->stack_size;
    ret->alt_flags = f->stack_flags;
}

/* Bits of an open() flag, guest and host: rows where the guest differs from the generic values. */
struct bp_linux_flag {
    uint32_t guest, host;
};

enum bp_linux_abi_flags {
    BP_LINUX_CLONE_BACKWARDS = 1, /* clone(flags, sp, parent_tid, tls, child_tid) */
    BP_LINUX_RESTORER = 2,        /* struct sigaction has sa_restorer */
};

struct bp_linux_abi {
    uint32_t size;
    uint32_t flags;              /* enum bp_linux_abi_flags */
    const char *machine;         /* uname -m: "riscv64" */
    const char *platform;        /* AT_PLATFORM, or NULL */
    uint64_t address_limit;      /* bytes of user address space (TASK_SIZE) */
    uint32_t page_size;          /* bytes; AT_PAGESZ */
    uint32_t syscall_bytes;      /* length of the system call instruction: pc goes back so far to restart */
    const uint16_t *calls;       /* by number: enum bp_linux_call, 0: none */
    uint32_t call_count;
    uint32_t elf_flags_mask;     /* of e_flags: bits that must be ... */
    uint32_t elf_flags;          /* ... so; else the file is refused */
    uint32_t min_signal_stack;   /* MINSIGSTKSZ, bytes: sigaltstack() takes none smaller; 0: 2048 */
    struct bp_rows open_flags;   /* struct bp_linux_flag; empty: generic */

    /* Code of a page that the board maps for the program to execute: signal return and the like. */
    const void *trampoline;
    uint32_t trampoline_bytes;
    uint32_t signal_frame_bytes; /* AT_MINSIGSTKSZ */

    /* The system call just made: its arguments, and its number returned. */
    uint64_t (*syscall)(const void *env, uint64_t args[6]);
    /* -4095 to -1: an error. Targets with an error flag set it here. */
    void (*set_result)(void *env, uint64_t value);
    /* The result is to be the call's own again (restart): puts back what set_result or the
     * architecture destroyed, and moves the pc back onto the instruction. `first` is args[0] as it was. */
    void (*restart)(void *env, uint64_t number, uint64_t first);
    /* A fresh program: all registers cleared, these two set. */
    void (*start)(void *env, uint64_t pc, uint64_t sp);
    /* A new thread or process, state copied from its parent: result 0, stack pointer (0: keep). */
    void (*start_child)(void *env, uint64_t sp);
    void (*set_tls)(void *env, uint64_t tls);
    uint64_t (*pc)(const void *env);
    uint64_t (*sp)(const void *env);
    void (*set_pc)(void *env, uint64_t pc);
    /* AT_HWCAP, AT_HWCAP2 ...: value of an auxiliary vector entry; 0: leave it out. */
    uint64_t (*auxv)(const void *env, uint32_t type);
    /* Builds the frame in guest memory with bp_user_copy() and sets the registers to enter the handler.
     * -EFAULT: no stack there; nothing changed. */
    int (*signal_enter)(void *env, struct bp_user_space *space, const struct bp_linux_signal *s);
    /* rt_sigreturn: registers from the frame at sp; mask and alt_* into *ret. -EFAULT: broken frame. */
    int (*signal_return)(void *env, struct bp_user_space *space, struct bp_linux_signal *ret);
    /* Calls that only this architecture has (enum bp_linux_call BP_LINUX_ARCH). -ENOSYS: none such. */
    int64_t (*arch_call)(void *env, struct bp_user_space *space, uint64_t number,
                         const uint64_t args[6]);
    /* /proc/cpuinfo's text of one processor, with its final blank line; returns its length. */
    size_t (*cpuinfo)(const void *env, uint32_t index, char *buf, size_t size);
    /* ELF core register set (NT_PRSTATUS) of env in the guest's layout; returns its length. NULL:
     * no core dumps. */
    size_t (*core_regs)(const void *env, void *buf, size_t size);
    /* prctl() with an option that only this architecture has; args[0] is the option. -ENOSYS: none such. May be
     * NULL. [vcpu] */
    int64_t (*prctl)(void *env, const uint64_t args[5]);
    /* The PROT_* bit of mmap() and mprotect() that makes pages BP_USER_GUARDED, as this processor has it; 0: there
     * is none. Executable segments have it of a file whose property (PT_GNU_PROPERTY) elf_guard_property has
     * elf_guard_bits. May be NULL. */
    uint32_t (*guard_prot)(const void *env);
    uint32_t elf_guard_property, elf_guard_bits;
};

#ifdef __cplusplus
}
#endif
#endif
