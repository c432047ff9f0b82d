/* SPDX-License-Identifier: MIT */
/*
 * face.h: the core's public face: all that an accelerator may use of the core. Accelerators are in-tree
 * modules that resolve these symbols from the program that loads them; plugins never see this header.
 */
#ifndef BACKPLANE_CORE_FACE_H
#define BACKPLANE_CORE_FACE_H

#include <backplane/device.h>
#include <backplane/instrument.h>
#include <backplane/memory.h>
#include <backplane/target.h>

#include <stdarg.h>
#include <stdatomic.h>

#define CORE_API __attribute__((visibility("default")))

struct machine;
struct address_space;
struct ram_block;
struct memory_window;
struct vcpu;
struct bp_debug_point;

/* ---- the accelerator interface ---------------------------------------------------------------- */

/* The core creates one thread a vCPU and calls run() on it; run() returns when vcpu->stop is set. */
struct bp_accel {
    struct bp_head head;
    const char *doc;
    /* [main] options of -accel NAME,k=v ...: 0 or -errno after core_error(). */
    int (*create)(struct machine *m, const struct bp_set *options, uint32_t count, void **ret_accel);
    void (*destroy)(void *accel);
    /* [main] bytes that the accelerator wants directly below env, before any vCPU is made. 64-byte aligned */
    size_t (*headroom)(void *accel, const struct bp_target *target);
    int (*vcpu_init)(void *accel, struct vcpu *v);   /* [main] after the CPU part's realize */
    void (*vcpu_reset)(struct vcpu *v);              /* [main] machine stopped; state has been reset */
    void (*run)(struct vcpu *v);                     /* [vcpu] */
    void (*kick)(struct vcpu *v);                    /* [any] leave translated code soon: look at flags */
    void (*memory_changed)(void *accel);             /* [any, machine lock] address spaces were flattened anew */
    void (*ram_written)(void *accel, struct ram_block *ram, uint64_t offset, uint64_t n); /* [any] by others
                                                        than vCPUs, where a page has RAM_PAGE_CODE */
    void (*finish)(void *accel);                     /* [main] all vCPUs have stopped for good */
    /* [main, vCPUs stand still] The debugger's points (`group`: a cluster) from now on, replacing those before. `only_steps`:
     * the vCPUs that run next make single steps, so what costs translations can wait. NULL: no debugging */
    void (*debug_points)(void *accel, const struct bp_debug_point *points, uint32_t count,
                         bool only_steps);
};

/* What the core keeps of a vCPU. */
struct vcpu {
    struct machine *machine;
    const struct bp_target *target;
    void *env;              /* the target's state; the accelerator's headroom lies below */
    void *accel;            /* of the machine */
    void *priv;             /* the accelerator's, a vCPU */
    uint32_t index;         /* in the machine */
    uint32_t cluster;       /* equal for vCPUs made from one board part: same configuration */
    struct address_space *space;
    _Atomic uint32_t stop;      /* run() must return */
    _Atomic uint32_t interrupt; /* target->interrupt must be called: set by bp_vcpu_interrupt() */
    _Atomic uint32_t halted;    /* set while in vcpu_wait(), and kept where that ended with stop; for info */
    _Atomic uint32_t step;      /* not 0: the next run() executes one instruction, then calls vcpu_debug_stop() */
};
enum vcpu_step {
    VCPU_STEP = 1,
    VCPU_STEP_NO_IRQ = 2,
    VCPU_STEP_OVER = 4, /* watchpoints are ignored, too */
};

/* The vCPU has come to a point or made its step (enum bp_debug_kind), and run() returns next: stops the
 * machine and tells the debugger. [vcpu] */
CORE_API void vcpu_debug_stop(struct vcpu *v, unsigned kind, uint64_t address, unsigned access);

/* Blocks the vCPU's thread until interrupt or stop is set, or bp_vcpu_interrupt()/kick came. [vcpu] */
CORE_API void vcpu_wait(struct vcpu *v);
/* The same, but no longer than max_ns; whether it was woken before. [vcpu] */
CORE_API bool vcpu_rest(struct vcpu *v, uint32_t max_ns);
/* Wakes vcpu_wait and vcpu_rest. [any] */
CORE_API void vcpu_wake(struct vcpu *v);
CORE_API uint32_t machine_vcpu_count(const struct machine *m);
CORE_API struct vcpu *machine_vcpu(const struct machine *m, uint32_t i);
CORE_API struct vcpu *vcpu_of_env(const void *env);
/* The accelerator of the machine that a part's state belongs to. */
CORE_API void *accel_of_part(const void *state);
/* A further vCPU while the machine runs, configured as its first and reset. NULL after core_error(). [any] */
CORE_API struct vcpu *machine_add_vcpu(struct machine *m);
/* The state as after reset. While it does not run. [any] */
CORE_API void vcpu_reset(struct vcpu *v);
/* Ends or resets the machine, as bp_request_shutdown()/reset(). */
CORE_API void machine_request_shutdown(struct machine *m, int status);
CORE_API int64_t machine_now(const struct machine *m, enum bp_clock clock);
/* The one lock that stands for all parts' locks today; MMIO takes it itself. Recursive for its owner. */
CORE_API void machine_lock(struct machine *m);
CORE_API void machine_unlock(struct machine *m);

/* ---- memory ------------------------------------------------------------------------------------ */

enum ram_page_flags {
    RAM_PAGE_CODE = 1, /* holds translated code: writers other than the accelerator must tell it */
};

/* Host memory behind RAM or ROM. Lives as long as the machine. */
struct ram_block {
    const char *name;
    uint8_t *host;
    uint64_t size;
    _Atomic uint8_t *page_flags; /* one a 4 KiB page: enum ram_page_flags */
    uint32_t index;              /* in the machine, dense from 0 */
    uint32_t flags;
};

/* What lies at a gpa. */
struct memory_piece {
    uint64_t gpa, size;        /* the contiguous piece that holds the address asked for */
    struct ram_block *ram;     /* direct memory, or NULL */
    uint64_t ram_offset;       /* of `gpa` in it */
    bool read_direct, write_direct; /* else through memory_io_*() */
    struct memory_window *window;   /* a part's window for what is not direct; NULL: plain ROM (writes are
                                       guest errors) or nothing */
    uint64_t window_offset;    /* of `gpa` in it */
    uint32_t cpu;              /* the vCPU that accesses it: set by who found it for one, else BP_NO_CPU */
};

/* False where nothing is mapped. Lock-free; a piece may go stale when memory_changed() is called. [any] */
CORE_API bool memory_find(struct address_space *as, uint64_t gpa, struct memory_piece *ret);
/* Accesses through a window, 1 2 4 or 8 bytes, any alignment; value in the low bits, guest order as a
 * little-endian vCPU sees it (big_endian swaps). Takes the machine lock unless the window is lock-free. 0 or -errno
 * (already logged). [vcpu or any] */
CORE_API int memory_io_read(struct memory_piece *piece, uint64_t gpa, unsigned bytes, uint64_t *ret);
CORE_API int memory_io_write(struct memory_piece *piece, uint64_t gpa, unsigned bytes, uint64_t value);
/* A vCPU's store to RAM, told by the accelerator's slow path: marks the pages for whoever watches them (display,
 * migration). Cheap where nobody does. [any] */
CORE_API void ram_mark_dirty(struct machine *m, struct ram_block *ram, uint64_t offset, uint64_t n);
/* Name of what answers there, for logs. */
CORE_API const char *memory_piece_name(const struct memory_piece *piece);

/* ---- logging and errors ------------------------------------------------------------------------ */

enum log_item {
    LOG_GUEST_ERRORS = 1, LOG_UNIMP = 2, LOG_IN_ASM = 4, LOG_OP = 8, LOG_OP_OPT = 16, LOG_OUT_ASM = 32,
    LOG_EXEC = 64, LOG_INT = 128, LOG_MMU = 256, LOG_CPU = 512, LOG_NOCHAIN = 1024, LOG_TRACE = 2048,
    LOG_CPU_RESET = 4096, LOG_STRACE = 8192,
};
CORE_API extern uint32_t log_mask; /* -d, fixed before the machine starts */
static inline bool log_on(uint32_t items) { return (log_mask & items) != 0; }
/* -dfilter: whether this guest address is wanted (true without a filter). */
CORE_API bool log_wants_address(uint64_t va);
/* One call is one uninterrupted piece of text in -D's file or standard error. */
CORE_API void log_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One line on standard error: "backplane: ...". Returns -err. */
CORE_API int core_error(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- entities and services --------------------------------------------------------------------- */

/* Loads the plugin that provides the entity (by kind and id) if need be; NULL after core_error(). [main] */
CORE_API const struct bp_head *entity_get(enum bp_kind kind, const char *id);
/* Ids of a kind, found without loading; NULL-terminated, free with g_strfreev. */
CORE_API char **entity_ids(enum bp_kind kind);
/* Offers an interface to plugins loaded from now on; api starts with its size. [main] */
CORE_API void service_add(const char *id, const void *api);
/* Instruments of this machine. */
struct bp_run;
CORE_API uint32_t machine_instrument_count(const struct machine *m);
CORE_API const struct bp_instrument *machine_instrument(const struct machine *m, uint32_t i, void **ret_state);
/* Where bp_report() writes. */
CORE_API void instrument_report(const char *format, va_list ap);

#endif
