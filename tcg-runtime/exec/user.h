/* SPDX-License-Identifier: MIT */
/*
 * user.h: user mode, as backplane/user.h promises it to boards: guest memory is a piece of this
 * process's address space.
 *
 * tcg->lock guards what is known of pages as well as translations. Fault handlers take it; that is
 * safe, because whoever holds it touches guest memory only under a guard, which is looked at first.
 */
#ifndef BACKPLANE_TCG_USER_H
#define BACKPLANE_TCG_USER_H

#include "tcg-runtime/exec/tcg.h"

#include <backplane/user.h>

#define USER_RAM_INDEX RAM_BLOCKS_MAX

/* What is known of a page: enum bp_access bits, BP_USER_SHARED, BP_USER_GUARDED, and: */
#define PAGE_HELD 0x10u /* writable, but kept read-only on the host: code was translated from it */

#define SPAN_LOG2 21
#define SPAN_PAGES (1u << (SPAN_LOG2 - BP_TLB_PAGE_LOG2))

/* Pages that are not all alike. Lives as long as the space. */
struct user_span {
    uint64_t number;                 /* gva >> SPAN_LOG2 */
    _Atomic uint8_t page[SPAN_PAGES];
    struct code_page *code;          /* SPAN_PAGES; NULL: there never was any */
    struct user_span *next_code;     /* in space->code */
    struct user_span *next;          /* in space->all */
};

struct bp_user_space {
    struct tcg *tcg;
    uint8_t *base;                   /* host address of gva 0 */
    uint64_t bytes;
    void *map;                       /* what to unmap */
    size_t map_bytes;
    void (*foreign)(int signal, void *siginfo, void *ucontext);
    struct ram_block ram;            /* stands for the space in keys of translations */
    /* By gva >> SPAN_LOG2: a struct user_span, or what all pages are, shifted by 1, | 1; 0: nothing */
    _Atomic uintptr_t *spans;
    uint64_t span_count;
    struct user_span *code;          /* spans with code */
    struct user_span *all;
    bool shared_code;                /* code was translated from shared memory */
    struct tcg_vcpu *free;           /* given back, to be used again */
};

static inline uint8_t *user_host_of(const struct bp_user_space *s, uint64_t va)
{
    return (uint8_t *)((uintptr_t)s->base + va);
}

/* What a host thread is doing; the fault handler looks at it. */
struct user_thread {
    struct tcg_vcpu *c;              /* whose bp_user_run() it is in */
    struct bp_user_space *ready;     /* set up to run this space's code */
    void *volatile guard;            /* jmp_buf *: where a fault of a guarded copy goes */
    uint32_t retries;                /* of accesses that should not have failed */
};
extern __thread struct user_thread user_thread __attribute__((tls_model("initial-exec")));

/* ---- user_space.c: what is where ------------------------------------------------------------- */

/* Bits of the page. Lock-free, async-signal-safe. */
unsigned user_page(const struct bp_user_space *s, uint64_t va);
/* The page's code, for tb.c. */
struct code_page *user_code_page(struct bp_user_space *s, uint64_t page, bool create);
/* All translations are gone. */
void user_forget_code(struct bp_user_space *s);
/* Before code of the page is read: holds it, where it is writable. 0; -EFAULT where the program may not
 * execute it; or another -errno. The page `keep` stays held.
 * tcg->lock held */
int user_hold(struct bp_user_space *s, uint64_t va, uint64_t keep);
/* A store met a page that is read-only on the host. */
enum user_release { USER_RELEASED, USER_WRITABLE, USER_READ_ONLY };
/* Drops a held page's code and lets it be written; else says what the program may do. */
enum user_release user_release(struct bp_user_space *s, uint64_t va);
void user_space_free(struct bp_user_space *s);

int user_reserve(void *board, uint64_t bytes, uint64_t host_base,
                 void (*foreign)(int signal, void *siginfo, void *ucontext),
                 struct bp_user_space **ret);
uint8_t *user_host(struct bp_user_space *s);
int user_protect(struct bp_user_space *s, uint64_t va, uint64_t n, unsigned access);
unsigned user_access(struct bp_user_space *s, uint64_t va);
int user_will_write(struct bp_user_space *s, uint64_t va, uint64_t n);
void user_code_changed(struct bp_user_space *s, uint64_t va, uint64_t n);
void user_fence(void *env);

/* ---- user_fault.c ------------------------------------------------------------------------------ */

int user_catch_faults(struct bp_user_space *s);
void user_let_faults(struct bp_user_space *s);
int user_copy(struct bp_user_space *s, void *to, const void *from, size_t n);
/* Host address for `n` bytes at va, to be accessed by a C function for the vCPU: traps where they
 * are not in the space. Then between these two. */
uint8_t *user_access_begin(struct tcg_vcpu *c, uint64_t va, unsigned n, unsigned access);
static inline void user_access_end(struct tcg_vcpu *c)
{
    atomic_signal_fence(memory_order_seq_cst);
    c->access = 0;
}

/* ---- user_run.c -------------------------------------------------------------------------------- */

void user_run(void *env, struct bp_trap *ret);
void user_kick(void *env);
void user_trap(void *env, enum bp_trap_kind kind, unsigned code, uint64_t address, unsigned access)
    __attribute__((noreturn));
void *user_vcpu_new(void *board, const void *like);
void user_vcpu_free(void *env);
void user_fork(struct bp_user_space *s, enum bp_user_fork when);

extern const struct bp_user_api tcg_user_api;

#endif
