/* SPDX-License-Identifier: MIT */
/*
 * tcg.h: the objects of the translation runtime.
 *
 * A *cluster* is a set of vCPUs with the same target and configuration; they share translations. A
 * *translation block* (TB) is host code for a straight piece of guest code with side exits, keyed by
 * where its first byte lies in RAM, its guest virtual address, and the context flags.
 *
 * Locks. `tcg->lock` guards translations: code cache, TB tables, links, code pages. Each vCPU's
 * `tlb_lock` guards its TLB against other threads; it is taken inside tcg->lock, never the other way
 * round. Neither is held while a target hook that may raise is called, nor while a part is.
 * Looking up a TB takes no lock: TBs are freed only by a flush of the whole code cache, which waits
 * until every vCPU is outside (exclusive.c).
 */
#ifndef BACKPLANE_TCG_H
#define BACKPLANE_TCG_H

#include "core/face.h"

#include <backplane/backend.h>
#include <backplane/instrument.h>
#include <backplane/target.h>

#include <glib.h>
#include <pthread.h>
#include <setjmp.h>

struct tcg;
struct tcg_vcpu;
struct tb;

#define PAGE_SIZE_ ((uint64_t)1 << BP_TLB_PAGE_LOG2)
#define PAGE_MASK_ (~(PAGE_SIZE_ - 1))
#define MMU_MAX 16
#define TLB_SETS 16
#define TLB_HINTS 64
#define VICTIM_SLOTS 8

/* ---- the area below env ----------------------------------------------------------------------- */

struct tlb_desc {
    uint64_t mask;
    struct bp_tlb_slot *slots;
};

/* The fields that translated code touches; struct bp_slots gives their offsets from env. The instruments' per-vCPU
 * state lies below it. */
struct tcg_area {
    uint64_t fp_save[32][2];
    uint64_t int_save[32];
    struct tlb_desc tlb[MMU_MAX];
    struct bp_jump_slot *jump_cache;
    uint64_t jump_tag;
    uint32_t fp_control, fp_flags, fp_rounding, reserved;
    uint32_t site;
    _Atomic uint32_t interrupt;
};

/* ---- translations ------------------------------------------------------------------------------ */

/* A direct exit of a TB. Its address, 8-byte aligned, is the cookie that the code hands back. */
struct tb_exit {
    struct tb *tb;          /* the TB that it leaves */
    struct tb *to;          /* where it is chained to, or NULL */
    struct tb_exit *next;   /* in to->incoming */
    uint64_t pc;
    uint32_t patch;         /* code cache offset for the backend's patch, UINT32_MAX: never chained */
    uint32_t flags;         /* BP_EXIT_* */
};

/* A guest instruction inside a TB, for sites and logs. */
struct tb_mark {
    uint32_t ir;            /* record number of its mark */
    uint32_t pc_offset;     /* pc - tb->pc, modulo 2^32 sign-extended */
    uint32_t uncounted;     /* instructions completed but not yet counted when it starts */
};

struct tb {
    uint64_t pc;
    uint64_t ram_address;   /* of the first byte: tcg_ram_address() */
    uint64_t second_page;   /* ram page number of the last byte when it is another, else UINT64_MAX */
    struct tb *_Atomic hash_next;
    struct tb *page_next[2];
    struct tb_exit *incoming;
    struct tb_exit *exits;
    struct tb_mark *marks;
    struct bp_state_site *sites;
    struct bp_state_reg *state_regs;
    int32_t *count_offsets; /* from env: counters of completed instructions */
    const uint8_t *code;    /* rx */
    uint32_t code_offset, code_size;
    uint32_t repeat_offset; /* in code: where its own BP_EXIT_REPEAT exits go */
    uint32_t flags, cluster;
    uint32_t guest_bytes;   /* from the first byte's page offset on, followed jumps included */
    uint32_t insns;
    uint64_t granules[2];   /* of its pages: 64-byte pieces that hold its instructions */
    uint16_t exit_count, mark_count, site_count, count_offset_count;
    _Atomic bool invalid;
};

/* A page of RAM that holds translated code. */
struct code_page {
    struct tb *first;               /* by page_next[tb's index of this page] */
    _Atomic uint64_t granules;      /* union of the TBs' */
};

struct ram_pages {
    struct ram_block *ram;
    struct code_page *_Atomic *_Atomic page; /* by page number */
};

struct code_cache {
    uint8_t *rw;
    const uint8_t *rx;
    uint32_t size;
    uint32_t prologue;      /* bytes at the start that stay */
    uint32_t used;
    uint64_t flushes;
    uint8_t *child;         /* while a child is forked: its copy */
};

/* Metadata of translations: bump allocation, emptied by a flush. */
struct arena {
    uint8_t *base;
    size_t size, used;
};

#define TB_HASH_LOG2 17
#define RAM_BLOCKS_MAX 1024

struct instrument_run;
struct tcg_alloc;
struct tcg_debug;
struct translator;

/* What is made once for each target that the machine has vCPUs of. */
struct tcg_target {
    const struct bp_target *target;
    struct bp_slots slots;
    const uint8_t *prologue; /* rx */
    struct translator *translator;
};
#define TCG_TARGETS_MAX 32

struct tcg {
    struct machine *machine;
    const struct bp_backend *backend;
    uint64_t features;
    struct tcg_alloc *alloc; /* with a code generator */
    pthread_mutex_t lock;
    struct code_cache cache;
    struct arena arena;
    struct tb *_Atomic *hash;
    struct tb **tbs;        /* in order of code_offset */
    uint32_t tb_count, tb_room;
    struct ram_pages ram[RAM_BLOCKS_MAX + 1]; /* by ram_block.index; the last is user mode's */
    struct tcg_target targets[TCG_TARGETS_MAX];
    uint32_t target_count;
    struct instrument_run *runs;
    uint32_t run_count;
    size_t instrument_bytes;
    bool instruments_placed, instruments_started;
    struct tcg_debug *debug; /* NULL: nobody debugs */
    bool chain;
    bool one_insn;
    uint32_t max_insns;
    /* exclusive.c */
    pthread_mutex_t exclusive_lock;
    pthread_cond_t exclusive_cond;
    _Atomic uint32_t exclusive_pending;
    _Atomic uint32_t sync_waiters; /* vCPUs in tlb_sync() that sleep, on exclusive_cond */
    /* Changed holding both `lock` and `exclusive_lock`; only grows. */
    struct tcg_vcpu **vcpus;
    uint32_t vcpu_count;
    struct bp_user_space *user; /* user mode: guest memory is this; else NULL */
};

/* ---- a vCPU ------------------------------------------------------------------------------------ */

/* What the fast slot leaves out; found by the same index as the slot. */
struct tlb_info {
    uint64_t gpa;            /* of the page */
    struct ram_block *ram;   /* behind the whole page, or NULL: ask memory_find() */
    uint64_t ram_offset;
    uint32_t attributes;     /* BP_PAGE_* */
};

struct tlb_table {
    struct bp_tlb_slot *slots;
    struct tlb_info *infos;
    uint32_t entries;        /* a power of two; 0: nothing allocated yet */
    uint32_t used;           /* slots filled since it was emptied */
};

/* Set in ram_block.page_flags by this runtime: some TLB may let stores through to the page. */
#define PAGE_FLAG_STORED 0x80

/* Pages larger than a table's entries. A flush by address must forget all entries of such a page, so where one may
 * be, it forgets the set. */
#define HUGE_RANGES 8
struct tlb_large {
    uint64_t pieces[64];     /* bloom filter of 2 MiB pieces that hold pages of up to 2 MiB */
    struct {
        uint64_t first, last;
    } huge[HUGE_RANGES];     /* where larger ones lie */
    unsigned huge_count;
};

struct tlb_set {
    uint64_t space;
    uint64_t stamp;          /* last use */
    bool valid;
    struct tlb_large large;
    struct tlb_table table[MMU_MAX];
};

/* What other vCPUs want forgotten (tlb_mail.c). */
#define TLB_MAIL_MAX 16
struct tlb_mail {
    pthread_mutex_t lock;
    struct bp_tlb_flush wanted[TLB_MAIL_MAX];
    unsigned count;
    bool all;                /* more than would fit */
    _Atomic uint64_t posted, served;
};

struct jump_context {
    uint64_t space, tag;
    uint32_t flags;
    bool valid;
};
#define JUMP_CONTEXTS 128

struct tcg_vcpu {
    struct vcpu *v;
    struct tcg *tcg;
    const struct bp_target *target;
    void *env;
    struct tcg_area *area;
    struct tcg_target *tt;
    struct bp_slots slots;
    pthread_t thread;
    jmp_buf unwind;
    bool in_code;            /* below enter(): the site slot says where */
    _Atomic bool entered;    /* inside, see exclusive.c */
    bool no_watch;           /* this run ignores watchpoints */
    bool retry;              /* a program's fault that the target took: execute again */
    bool dead;               /* cannot go on; the machine is shutting down */
    struct bp_context context;
    uint32_t halts;          /* in a row that ended at once, without an interrupt being taken; */
    int64_t halts_began;     /* since when, ns of real time */
    struct tb_exit *last_exit; /* the exit that was just taken and may be chained */
    uint32_t branch;         /* what led to the pc, as page_flags() is told */
    _Atomic uint32_t flush_request; /* other threads ask to forget TLB and jump cache */
    /* TLB */
    pthread_mutex_t tlb_lock;
    struct tlb_set sets[TLB_SETS];
    struct tlb_set *set;
    uint8_t hints[TLB_HINTS]; /* set of a space, by a hash of its number; may be wrong */
    uint64_t stamp;
    struct tlb_mail mail;
    bool unsynced;           /* has posted what others may not have done yet */
    struct bp_tlb_slot once; /* a fill that is good for one access ... */
    struct tlb_info once_info;
    struct bp_tlb_slot no_slot; /* what empty tables point at */
    /* jump cache */
    struct jump_context contexts[JUMP_CONTEXTS];
    struct jump_context *jump_context;
    uint64_t next_tag;
    uint64_t fetch_pages[512]; /* bloom filter of guest pages that the jump cache knows */
    /* user mode */
    struct bp_trap *trap;      /* where bp_user_run() reports */
    _Atomic uint32_t kicked;
    uint32_t access;           /* enum bp_access while a C function accesses guest memory for the vCPU */
    uint32_t site_access;      /* tcg_restore(): of the site */
    struct tcg_vcpu *next_free;
};

/*
 * A vCPU learns of another's translations by running into them, through exits that were patched: the processor orders
 * that, but ThreadSanitizer does not see generated code. So it is told: what was done before a translation was
 * added or chained is known to whoever leaves translated code later.
 */
#ifdef __has_feature
#define TCG_TSAN __has_feature(thread_sanitizer)
#elif defined __SANITIZE_THREAD__
#define TCG_TSAN 1
#else
#define TCG_TSAN 0
#endif
#if TCG_TSAN
void __tsan_acquire(void *);
void __tsan_release(void *);
#define code_published(tcg) __tsan_release(&(tcg)->cache)
#define code_left(tcg) __tsan_acquire(&(tcg)->cache)
#else
#define code_published(tcg) ((void)0)
#define code_left(tcg) ((void)0)
#endif

static inline struct tcg_vcpu *tcg_of_env(void *env)
{
    return vcpu_of_env(env)->priv;
}

static inline uint64_t env_pc(const struct tcg_vcpu *c)
{
    return *(const uint64_t *)((const uint8_t *)c->env + c->target->pc_offset);
}
static inline void env_set_pc(struct tcg_vcpu *c, uint64_t pc)
{
    *(uint64_t *)((uint8_t *)c->env + c->target->pc_offset) = pc;
}

/* A byte of RAM as one number, for keys: block index above, offset below. */
static inline uint64_t tcg_ram_address(const struct ram_block *ram, uint64_t offset)
{
    return (uint64_t)ram->index << 48 | offset;
}

/* ---- cache.c ---------------------------------------------------------------------------------- */

int code_cache_init(struct code_cache *cache, uint64_t bytes);
/* Around a fork: makes a copy for the child; in the child, puts it in the place of what the parent goes on
 * writing to; in the parent, drops it. */
void code_cache_copy(struct code_cache *cache);
int code_cache_replace(struct code_cache *cache);
void code_cache_drop_copy(struct code_cache *cache);
void code_cache_free(struct code_cache *cache);
int arena_init(struct arena *arena, size_t bytes);
void arena_free(struct arena *arena);
/* NULL where it is full. 8-byte aligned, zeroed. */
void *arena_alloc(struct arena *arena, size_t bytes);

/* ---- tb.c: call with tcg->lock held unless said otherwise --------------------------------------- */

/* Lock-free. */
struct tb *tb_find(struct tcg *tcg, uint64_t ram_address, uint64_t pc, uint32_t flags,
                   uint32_t cluster);
struct tb *tb_of_code(struct tcg *tcg, uint32_t code_offset);
int tb_add(struct tcg *tcg, struct tb *tb);
/* Chains an exit to a TB; takes the lock. Does nothing where either has become invalid. */
void tb_chain(struct tcg *tcg, struct tb_exit *exit, struct tb *to);
/* Drops the TBs that hold code in these bytes of RAM; takes the lock. */
void tb_invalidate_range(struct tcg *tcg, struct ram_block *ram, uint64_t offset, uint64_t n);
/* All of a page's. */
void tb_invalidate_page(struct tcg *tcg, struct ram_block *ram, uint64_t page);
/* Forgets every translation. Only while no vCPU is inside. */
void tb_flush_all(struct tcg *tcg);
/* Drops the TBs that have an instruction at guest address pc, in any address space; takes the lock. */
void tb_invalidate_pc(struct tcg *tcg, uint64_t pc);
/* The page's entry, made where it is not there and `create` is set. */
struct code_page *tb_code_page(struct tcg *tcg, struct ram_block *ram, uint64_t page, bool create);

/* ---- translate.c ------------------------------------------------------------------------------- */

struct translator *translator_new(struct tcg *tcg, const struct bp_target *target);
void translator_free(struct translator *t);
/* Translates at pc, whose first byte lies at ram+offset, with these flags. May raise. NULL: the code cache was full and
 * has been flushed: look again. Takes the lock. */
struct tb *tb_translate(struct tcg_vcpu *c, uint64_t pc, struct ram_block *ram, uint64_t offset,
                        uint32_t flags);
/* The same for a debugger's step: one instruction, breakpoints or not, which other vCPUs' run loops do not
 * find. */
struct tb *tb_translate_step(struct tcg_vcpu *c, uint64_t pc, struct ram_block *ram,
                             uint64_t offset, uint32_t flags);
#define CLUSTER_STEP 0x80000000u /* set in tb.cluster of such */

/* ---- tlb.c -------------------------------------------------------------------------------------- */

int tlb_init(struct tcg_vcpu *c);
void tlb_free(struct tcg_vcpu *c);
void tlb_flush_all(struct tcg_vcpu *c);
void tlb_flush_space(struct tcg_vcpu *c, uint64_t space);
void tlb_flush_page(struct tcg_vcpu *c, uint64_t va);
/* As the flags say, but for BP_FLUSH_OTHERS. */
void tlb_forget(struct tcg_vcpu *c, const struct bp_tlb_flush *what);
/* Makes the set of an address space the current one. */
void tlb_use_space(struct tcg_vcpu *c, uint64_t space);
/* The slot good for `access` (one bit, with TLB_BYTES) to the page of va, and what lies there, filled if need
 * be; may raise. With `probe`: false where it would raise. */
#define TLB_BYTES(n) ((n) << 8)
/* The vCPU itself reads tags without its lock; others make them slow meanwhile. */
static inline uint64_t slot_tag(const struct bp_tlb_slot *slot, unsigned which)
{
    return __atomic_load_n(&slot->tag[which], __ATOMIC_RELAXED);
}
bool tlb_get(struct tcg_vcpu *c, uint64_t va, unsigned access, unsigned mmu, bool probe,
             struct bp_tlb_slot **ret_slot, struct tlb_info **ret_info);
/* The page holds no code any more: stores go the fast way again. */
void tlb_allow_store(struct tcg_vcpu *c, struct bp_tlb_slot *slot, const struct tlb_info *info,
                     uint64_t va);
/* Makes stores to a page of RAM go the slow way on every vCPU. */
void tlb_protect_ram(struct tcg *tcg, struct ram_block *ram, uint64_t offset);

/* ---- tlb_mail.c ---------------------------------------------------------------------------------- */

void tlb_post(struct tcg_vcpu *c, const struct bp_tlb_flush *what);
void tlb_mail_serve(struct tcg_vcpu *c);
void tlb_sync(struct tcg_vcpu *c);
/* Whoever waits in tlb_sync() looks again. */
void tlb_sync_wake(struct tcg *tcg);

/* ---- access.c: memory accesses the slow way ------------------------------------------------------ */

extern const struct bp_runtime_calls tcg_runtime_calls;
void tcg_cas16(void *env, uint64_t va, unsigned mmu, uint64_t expected[2],
               const uint64_t desired[2]);

/* ---- run.c ---------------------------------------------------------------------------------------- */

void tcg_run(struct vcpu *v);
void tcg_vcpu_reset(struct tcg_vcpu *c);
void tcg_restore(struct tcg_vcpu *c);
_Noreturn void tcg_resume(struct tcg_vcpu *c);
void tcg_kick(struct tcg_vcpu *c);
/* Parts of a run loop: serves what made translated code leave; asks the target for its context; runs
 * one chain of translations and returns the exit word. */
void tcg_serve_requests(struct tcg_vcpu *c);
void tcg_update_context(struct tcg_vcpu *c);
/* The flags of translations at env's pc, in a page with these attributes. False: the context is to be updated first. */
bool tcg_flags(struct tcg_vcpu *c, uint32_t attributes, uint32_t *ret);
/* What an exit word says of how control came to the pc. */
uint32_t tcg_branch(uint64_t word);
uint64_t tcg_run_chain(struct tcg_vcpu *c, struct tb *tb);
void jump_cache_flush(struct tcg_vcpu *c);
void jump_cache_forget_space(struct tcg_vcpu *c, uint64_t space);
void jump_cache_forget_spaces(struct tcg_vcpu *c, uint64_t space, uint64_t mask);
void jump_cache_forget_page(struct tcg_vcpu *c, uint64_t va);
void jump_cache_forget_tb(struct tcg_vcpu *c, const struct tb *tb);

/* ---- exclusive.c ---------------------------------------------------------------------------------- */

void exclusive_enter(struct tcg_vcpu *c); /* the vCPU begins to run translated code; waits its turn */
void exclusive_leave(struct tcg_vcpu *c);
/* Waits until no other vCPU is inside and keeps them out; c itself must be outside. */
void exclusive_begin(struct tcg *tcg);
void exclusive_end(struct tcg *tcg);

/* Pages of it that are never used take no memory. */
int jump_cache_init(struct tcg_vcpu *c);
void jump_cache_free(struct tcg_vcpu *c);
void jump_cache_use(struct tcg_vcpu *c);
void jump_cache_insert(struct tcg_vcpu *c, struct tb *tb);
/* The translation for pc in the current context, or NULL. */
struct tb *jump_cache_find(struct tcg_vcpu *c, uint64_t pc);

/* ---- services.c ------------------------------------------------------------------------------------- */

extern const struct bp_vcpu_api tcg_vcpu_api;

#endif
