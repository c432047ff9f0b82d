/* SPDX-License-Identifier: MIT */
/*
 * backend.h: what turns IR into something that runs on the host.
 *
 * Two shapes. A *code generator* describes its registers, and for each op one or more rules {op, types, operands,
 * features, emit}; the runtime allocates registers and calls the first rule that fits. An op without
 * a rule is expanded by the runtime into simpler ops or a helper call. An *interpreter* provides `compile` and
 * gets the whole translation at once.
 *
 * The runtime keeps its own per-vCPU fields at negative offsets from env; struct bp_slots says
 * where. Translated code is entered through `enter`, which sets up one frame for everything that is chained
 * behind it, and left by returning an exit word.
 *
 * Code is written through `rw` and runs at `rx`, two mappings of the same memory: no mapping is writable and
 * executable.
 */
#ifndef BACKPLANE_BACKEND_H
#define BACKPLANE_BACKEND_H

#include <backplane/abi.h>
#include <backplane/ir.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_BACKEND_REVISION 2

/* ---- the runtime's per-vCPU fields ---------------------------------------------------------- */

/* One entry of the software TLB. A tag is the guest virtual page address the entry is good for, or has
 * bit 0 set, so that no compare matches and the slow path decides. Host address = va + addend. */
struct bp_tlb_slot {
    uint64_t tag[3];  /* read, write, fetch */
    uint64_t addend;
};
#define BP_TLB_PAGE_LOG2 12
#define BP_TLB_SLOT_LOG2 5

/* One entry of the jump cache: where the translation of `pc` under `tag` starts. */
struct bp_jump_slot {
    uint64_t pc, tag;
    const uint8_t *code; /* rx address */
    uint64_t runtime;    /* the runtime's own */
};
#define BP_JUMP_SLOT_LOG2 5
#define BP_JUMP_CACHE_LOG2 14
#define BP_JUMP_FOLD 14
/* Its index. Higher bits take part, or places that are far apart but equal below would push each other out. */
static inline uint64_t bp_jump_index(uint64_t pc, unsigned jump_shift)
{
    return (pc ^ pc >> BP_JUMP_FOLD) >> jump_shift & ((1u << BP_JUMP_CACHE_LOG2) - 1);
}

/* Offsets from env, in bytes. */
struct bp_slots {
    uint32_t size;
    int32_t pc;          /* uint64_t guest pc (the target's own field) */
    int32_t interrupt;   /* uint32_t: nonzero asks translated code to leave at the next loop edge */
    int32_t site;        /* uint32_t: code offset of the call or access in progress, see bp_state_site */
    int32_t jump_cache;  /* struct bp_jump_slot *: 1 << BP_JUMP_CACHE_LOG2 entries, see
                            bp_jump_index() */
    int32_t jump_tag;    /* uint64_t: tag of the current context and address space */
    int32_t tlb;         /* per mmu index 16 bytes: uint64_t mask ((entries - 1) << BP_TLB_SLOT_LOG2), then
                            uint64_t address of the slots; index = (va >> (12 - 5)) & mask */
    int32_t fp_control;  /* uint32_t: image of the host's FP control register while outside */
    int32_t fp_flags;    /* uint32_t: sticky flags (enum bp_fp_flag) raised by exact helpers */
    int32_t fp_rounding; /* uint32_t: enum bp_rounding, for exact helpers */
    int32_t int_save;    /* uint64_t[32]: integer registers at a slow path, by register number */
    int32_t fp_save;     /* uint64_t[32][2]: FP registers there */
    uint32_t jump_shift; /* log2 of the instruction alignment */
};

/* Slow paths and run-time functions that generated code calls. All may unwind instead of returning. */
struct bp_runtime_calls {
    uint32_t size, reserved;
    uint64_t (*load)(void *env, uint64_t va, uint32_t memop);  /* extended as the memop says to 64 bits */
    void (*store)(void *env, uint64_t va, uint64_t value, uint32_t memop);
    uint64_t (*rmw)(void *env, uint64_t va, uint64_t value, uint32_t memop, uint32_t kind);
    uint64_t (*cas)(void *env, uint64_t va, uint64_t expected, uint64_t desired, uint32_t memop);
    /* Any vector op, never raises. `how` is bp_exact_how() (codegen.h) with the type of the scalar operand, where
     * there is one; a, b point to operands, scalars in 64 bits; ret to 16 bytes: the third operand
     * before, the result after. */
    void (*vector)(void *env, void *ret, const void *a, const void *b, uint32_t how,
                   const struct bp_slots *slots);
};

/* ---- exit words ----------------------------------------------------------------------------- */

/* What `enter` returns: low 3 bits enum bp_exit_kind, the rest the exit's cookie (whose low 3 bits are
 * zero), an enum bp_leave shifted left by 3, or, of a look-up, 1 + the exit_to's enum bp_exit_hint likewise, 0 for
 * another exit. */
enum bp_exit_kind {
    BP_OUT_LOOKUP = 0,    /* pc slot is set: find its translation */
    BP_OUT_EXIT = 1,      /* cookie: an exit that is not chained (yet) */
    BP_OUT_INTERRUPT = 2, /* cookie: an exit not taken because of the interrupt flag */
    BP_OUT_LEAVE = 3,     /* reason; pc slot is set */
    BP_OUT_LOOKUP_INTERRUPT = 4, /* as LOOKUP, because of the interrupt flag */
};

/* ---- one compilation ------------------------------------------------------------------------ */

/* Where a guest register is while translated code is at a site. */
enum bp_where {
    BP_AT_ENV = 0,      /* in its home */
    BP_AT_INT_REG = 1,  /* in int_save[n] */
    BP_AT_FP_REG = 2,   /* in fp_save[n] */
    BP_AT_FRAME = 3,    /* in the frame at byte n from its base, see frame_base */
    BP_AT_CONST = 4,    /* value */
};
struct bp_state_reg {
    uint16_t reg;    /* guest register */
    uint8_t where;   /* enum bp_where */
    uint8_t flags;   /* BP_STATE_CANON: a NaN found there is to be made canonical */
    uint32_t n;
    uint64_t value;
};
#define BP_STATE_CANON 1u

/* A place that may fault: the runtime finds it by the site slot's code offset. Registers not listed are in
 * their homes. */
struct bp_state_site {
    uint32_t code;       /* offset from job->code_rx */
    uint32_t mark;       /* index of the mark record: the guest instruction it belongs to */
    uint32_t first;      /* into job->state_regs */
    uint16_t count;
    uint16_t access;     /* enum bp_access of the access that may fault here, 0: a call */
};

/* Reports of the compilation; the arrays are the runtime's and large enough for the IR given. */
struct bp_code_job {
    uint32_t size;
    uint32_t ir_count;
    const struct bp_ir *ir;            /* checked, folded; record 0 is a nop */
    const struct bp_ir_exit *exits;
    uint32_t exit_count;
    uint32_t guest_reg_count;
    const struct bp_guest_reg *guest_regs; /* target.h; row size is sizeof as compiled into the runtime */
    const struct bp_helper *const *helpers; /* by helper number */
    const struct bp_slots *slots;
    const struct bp_runtime_calls *calls;
    uint64_t features;                 /* what `features` said */
    uint8_t *code_rw;                  /* write here ... */
    const uint8_t *code_rx;            /* ... it runs there */
    uint32_t code_room;                /* bytes */
    uint32_t code_base_offset;         /* code_rx's offset in the code cache: site slot = this + site.code */
    /* results */
    uint32_t code_size;
    uint32_t site_count, state_reg_count;
    uint32_t *exit_patch;              /* by exit number: offset to give to `patch`, UINT32_MAX: never */
    struct bp_state_site *sites;       /* ascending code */
    struct bp_state_reg *state_regs;
    uint32_t site_room, state_reg_room;
    const uint8_t *prologue;           /* rx address of what `prologue` emitted for this target */
    /* User mode (user.h), where `direct` is set: guest memory lies at this host address plus the
     * guest's, without a TLB, and is `direct_bytes` long. A load, store, rmw or cas is the host's own
     * access. A fault at an instruction of a code generator belongs to the last site that does not
     * lie behind it, and is recovered by fault_save(). An interpreter stores the site slot before
     * each access and calls the runtime's functions for what is not all below direct_bytes. */
    uint64_t direct_base, direct_bytes;
    bool direct;
    uint32_t repeat_offset;            /* result: where in the code BP_EXIT_REPEAT exits go */
};

/* ---- the descriptor ------------------------------------------------------------------------- */

enum bp_backend_flags {
    BP_BACKEND_INTERPRETER = 1, /* code_rx is data: need not be executable */
};

struct bp_guest_reg; /* target.h */
struct bp_codegen;   /* codegen.h: registers, rules and emission of a code generator */

struct bp_backend {
    struct bp_head head;
    const char *doc;
    uint32_t backend_revision, ir_revision;
    uint32_t flags;           /* enum bp_backend_flags */
    uint32_t elf_machine;     /* host it runs on; 0: any */
    uint64_t (*features)(void);                              /* of this host; bits are the backend's own */
    const struct bp_codegen *codegen;                        /* a code generator, else NULL */
    int (*compile)(struct bp_code_job *job);                 /* interpreter; -ENOSPC: room too small */
    /* Emits what all translations share (entry, exit, slow-path thunks) at the start of the code cache; returns its
     * size in bytes. `enter` and the rest of the code refer to it. */
    uint32_t (*prologue)(uint8_t *rw, const uint8_t *rx, uint32_t room, const struct bp_slots *slots,
                         const struct bp_runtime_calls *calls, uint64_t features);
    /* Runs the translation at `code` until it is left. `base` is the rx address of the prologue. [vcpu] */
    uint64_t (*enter)(const uint8_t *base, void *env, const uint8_t *code);
    /* Makes the exit at rw/rx (an exit_patch place) go to `to` directly; NULL: back to leaving. Atomic against
     * vCPUs that run it. */
    void (*patch)(uint8_t *rw, const uint8_t *rx, const uint8_t *to);
    /* Frame base while in a slow path, for BP_AT_FRAME; given the int_save area. */
    const uint8_t *(*frame_base)(const void *env, const struct bp_slots *slots);
    /* The FP control image: sticky flags in it, with flags replaced, with rounding replaced. */
    uint32_t (*fp_flags)(uint32_t control);
    uint32_t (*fp_with_flags)(uint32_t control, uint32_t flags);
    uint32_t (*fp_with_rounding)(uint32_t control, unsigned rounding);
    uint32_t fp_initial;
    /* Host code to text, one instruction; returns its length. NULL: the runtime dumps bytes. */
    unsigned (*disassemble)(const uint8_t *code, size_t n, uint64_t address, char *buf, size_t size);
    /* `enter` was left by unwinding instead of returning: put the host's FP control right. fp_control holds the
     * guest's image. NULL: nothing to do. [vcpu] */
    void (*unwound)(void);
    /* User mode. The calling thread will run translations with this direct_base. NULL: the backend
     * needs no such call. [any] */
    int (*direct_thread)(uint64_t direct_base);
    /* Host pc of a signal handler's ucontext_t. Async-signal-safe. NULL with an interpreter. */
    const uint8_t *(*fault_pc)(const void *ucontext);
    /* Saves what a slow path would have saved (int_save, fp_save, fp_control, frame base) from the
     * ucontext_t of a fault in translated code. Async-signal-safe. */
    void (*fault_save)(const void *ucontext, void *env, const struct bp_slots *slots);
    /* The guest address of an access that the host reported without one (outside what it calls an
     * address), from the instruction and the registers. Async-signal-safe. NULL: the host always
     * tells. */
    uint64_t (*fault_address)(const void *ucontext);
    /* Compare and swap of 16 bytes, aligned so: whether it did; *expected becomes what was there. NULL:
     * the host cannot, and such accesses of the guest are atomic among themselves only. [any] */
    bool (*cas16)(void *p, uint64_t expected[2], const uint64_t desired[2]);
};
#define BP_BACKEND(sym, iid, doc_, ...)                                                            \
    BP_ENTITY(BP_CAT(sym, _backend), iid, BP_KIND_BACKEND, "backend", "doc=" doc_ "\n",            \
              bp_backend, .doc = doc_, .backend_revision = BP_BACKEND_REVISION,                    \
              .ir_revision = BP_IR_REVISION, __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
