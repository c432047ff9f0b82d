/* SPDX-License-Identifier: MIT */
/*
 * user.h: running programs instead of machines. The "hardware" is the host's kernel: guest memory is
 * a piece of this process's own address space, a guest access is one host instruction, and whatever
 * the program asks of its system comes back to the board as a trap.
 *
 * The board reserves the space, maps and unmaps host memory in it (mmap with MAP_FIXED at
 * bp_user_host(space, va)), and tells the runtime what the program may do where with
 * bp_user_protect(). It makes a vCPU a thread and calls bp_user_run() on that thread, over and over.
 * Between two runs the vCPU's state is exact and belongs to that thread.
 *
 * Translated code is read only through pages that have BP_ACCESS_EXEC; host memory is never
 * executable. Pages that are writable and hold translated code are kept read-only on the host; the
 * first store drops the code and goes on. A system call that writes there would fail with EFAULT:
 * bp_user_will_write() first.
 *
 * Signals. bp_user_reserve() takes SIGSEGV and SIGBUS of the process: a fault of translated code, or
 * of a bp_user_copy(), is found out and becomes a trap or -EFAULT; others are passed on to
 * `foreign`. They must not be blocked while a vCPU runs.
 *
 * Targets: a vCPU whose bool property "user-mode" is on (each target that offers a Linux ABI, linux.h,
 * has it) runs unprivileged code only. Its system call instruction is translated to
 * bp_leave(t, BP_LEAVE_SYSCALL, pc of the next instruction); all other exceptions end in
 * bp_user_trap().
 */
#ifndef BACKPLANE_USER_H
#define BACKPLANE_USER_H

#include <backplane/target.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bp_user_space; /* the guest's memory in this process; one a machine; core-owned */

/* Why bp_user_run() returned. The pc is that of the instruction that did not happen, but for a
 * system call, where it is behind it. */
enum bp_trap_kind {
    BP_TRAP_KICK = 0,       /* bp_user_kick() */
    BP_TRAP_SYSCALL = 1,
    BP_TRAP_MEMORY = 2,     /* `address`, `access`: not allowed or nothing there */
    BP_TRAP_BUS = 3,        /* likewise, but the host said SIGBUS: behind the end of a file */
    BP_TRAP_ILLEGAL = 4,
    BP_TRAP_BREAKPOINT = 5, /* the program's own instruction */
    BP_TRAP_ALIGNMENT = 6,  /* `address`, `access` */
    BP_TRAP_ARITHMETIC = 7, /* `code`: the FPE_* of siginfo */
    BP_TRAP_DEBUG = 8,      /* a debugger's breakpoint, watchpoint or step */
};
struct bp_trap {
    uint32_t size;
    uint32_t kind;    /* enum bp_trap_kind */
    uint64_t address; /* gva */
    uint32_t access;  /* enum bp_access */
    uint32_t code;
};

/* Further bits for the access of bp_user_protect(). */
enum bp_user_pages {
    BP_USER_SHARED = 8,  /* shared memory: may change without a store here; see bp_user_fence() */
    BP_USER_GUARDED = 32, /* BP_PAGE_GUARDED (target.h) */
    BP_USER_MAPPED = 16, /* the host's protection is so already: the pages were just mapped */
};

/* Around fork(), on the forking thread, which runs no vCPU meanwhile. */
enum bp_user_fork { BP_FORK_PREPARE = 0, BP_FORK_PARENT = 1, BP_FORK_CHILD = 2 };

struct bp_user_api {
    uint32_t size, reserved;
    int (*reserve)(void *board, uint64_t bytes, uint64_t host_base,
                   void (*foreign)(int signal, void *siginfo, void *ucontext),
                   struct bp_user_space **ret);
    uint8_t *(*host)(struct bp_user_space *space);
    int (*protect)(struct bp_user_space *space, uint64_t va, uint64_t n, unsigned access);
    unsigned (*access)(struct bp_user_space *space, uint64_t va);
    int (*will_write)(struct bp_user_space *space, uint64_t va, uint64_t n);
    void (*code_changed)(struct bp_user_space *space, uint64_t va, uint64_t n);
    int (*copy)(struct bp_user_space *space, void *to, const void *from, size_t n);
    void *(*vcpu_new)(void *board, const void *like);
    void (*vcpu_free)(void *env);
    void (*run)(void *env, struct bp_trap *ret);
    void (*kick)(void *env);
    void (*trap)(void *env, enum bp_trap_kind kind, unsigned code, uint64_t address,
                 unsigned access) __attribute__((noreturn));
    void (*fork)(struct bp_user_space *space, enum bp_user_fork when);
    void (*fence)(void *env);
};
/* Optional, so that targets load where the accelerator cannot run programs: bp_user_ is NULL then. */
BP_IMPORT_OPTIONAL(bp_user_api, bp_user_, "backplane.user/1");

/*
 * Reserves `bytes` (a multiple of the host's page) of host address space, inaccessible, for guest
 * addresses 0 to bytes - 1; before any vCPU is made. host_base: where, or 0 for anywhere. `foreign` is called in the signal handler's context.
 * -ENOMEM or -EINVAL after bp_fail(). [main]
 */
static inline int bp_user_reserve(void *board, uint64_t bytes, uint64_t host_base,
                                  void (*foreign)(int signal, void *siginfo, void *ucontext),
                                  struct bp_user_space **ret)
{
    return bp_user_->reserve(board, bytes, host_base, foreign, ret);
}

/* The host address of guest address 0. [any] */
static inline uint8_t *bp_user_base(struct bp_user_space *space) { return bp_user_->host(space); }

/* The program may do `access` (enum bp_access bits and enum bp_user_pages; 0: nothing, also for what is
 * no longer mapped) in these whole host pages. Sets the host's protection accordingly (readable where
 * it may be executed, never executable) and drops translations of what was there. Call it after every
 * change of what is mapped, too. 0 or -errno of mprotect(). [any] */
static inline int bp_user_protect(struct bp_user_space *space, uint64_t va, uint64_t n,
                                  unsigned access)
{
    return bp_user_->protect(space, va, n, access);
}
/* What bp_user_protect() said of the page. [any] */
static inline unsigned bp_user_access(struct bp_user_space *space, uint64_t va)
{
    return bp_user_->access(space, va);
}
/* Somebody other than translated code is about to write there: makes the host pages writable where
 * the program may write. Quick where no such page holds code. -EFAULT where any page is not
 * writable for the program. For system calls: should another thread run code there in between, they fail
 * with EFAULT and may be tried again; writes of the board's own are bp_user_copy()'s. [any] */
static inline int bp_user_will_write(struct bp_user_space *space, uint64_t va, uint64_t n)
{
    return bp_user_->will_write(space, va, n);
}
/* The program says that it changed code (an instruction cache flush of a range): drops translations
 * there, and those of all shared memory, which may be mapped a second time. [any] */
static inline void bp_user_code_changed(struct bp_user_space *space, uint64_t va, uint64_t n)
{
    bp_user_->code_changed(space, va, n);
}
/* For targets: the program's instruction that makes fetches see earlier stores. Stores that this
 * process makes through the address that is fetched from are always seen; this drops translations of
 * shared memory. [vcpu] */
static inline void bp_user_fence(void *env) { bp_user_->fence(env); }

/* memcpy() between host memory and guest memory (host addresses both) that survives faults: 0, or
 * -EFAULT with part of it done. Not while holding locks that fault handlers need. [any] */
static inline int bp_user_copy(struct bp_user_space *space, void *to, const void *from, size_t n)
{
    return bp_user_->copy(space, to, from, n);
}

/* A further vCPU configured as the first and, where `like` is given, in the same state. NULL after bp_fail(). [any] */
static inline void *bp_user_vcpu_new(void *board, const void *like)
{
    return bp_user_->vcpu_new(board, like);
}
/* Not while it runs. [any] */
static inline void bp_user_vcpu_free(void *env) { bp_user_->vcpu_free(env); }

/* Runs the vCPU on the calling thread until something happens that only the board can deal with.
 * A vCPU may move to another thread between two runs. */
static inline void bp_user_run(void *env, struct bp_trap *ret) { bp_user_->run(env, ret); }

/* Makes the run in progress, or else the next one, return soon. Async-signal-safe. [any] */
static inline void bp_user_kick(void *env) { bp_user_->kick(env); }

/* For targets, below translated code: restores the exact state (as bp_vcpu_restore()) and makes bp_user_run() return. [vcpu] */
static inline void __attribute__((noreturn)) bp_user_trap(void *env, enum bp_trap_kind kind,
                                                          unsigned code, uint64_t address,
                                                          unsigned access)
{
    bp_user_->trap(env, kind, code, address, access);
    __builtin_unreachable();
}

/*
 * fork(): PREPARE waits until translations are consistent and keeps them so; PARENT and CHILD end
 * that. In the child, only the calling thread's vCPU is left (free the others), and translations are its
 * own. Not needed for vfork() semantics, where memory is shared.
 */
static inline void bp_user_fork(struct bp_user_space *space, enum bp_user_fork when)
{
    bp_user_->fork(space, when);
}

#ifdef __cplusplus
}
#endif
#endif
