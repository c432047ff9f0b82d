/* SPDX-License-Identifier: MIT */
/*
 * debug.h: debugging a guest, seen from three sides.
 *
 *  - A *target* says what its registers are called by debuggers (struct bp_debug_target).
 *  - A *control* plugin (struct bp_control: the gdb stub) looks at a machine from outside and steers it
 *    through backplane.debug/1. All its callbacks run on the main loop's thread, no lock held, and so must
 *    its calls.
 *  - A *board that runs a program* (user.h) reports what happens to the program and answers questions
 *    about it through backplane.debuggee/1.
 *
 * A *thread* is a vCPU of a machine, or a task of a program. A *group* is a set of threads with one
 * instruction set and configuration, which a debugger sees as one process.
 *
 * While a machine is stopped all threads stand between two instructions and their registers are exact. Most calls
 * are for a stopped machine only; those marked [running] may also be made while it runs.
 *
 * Breakpoints are where translated code is left, never bytes in the guest's memory, so code in ROM can have
 * them and the guest does not see them. They are checked before the instruction happens, watchpoints before
 * the access happens.
 */
#ifndef BACKPLANE_DEBUG_H
#define BACKPLANE_DEBUG_H

#include <backplane/chardev.h>
#include <backplane/target.h>
#include <backplane/user.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a target's registers ----------------------------------------------------------------------- */

/* A register as debuggers know it. */
struct bp_debug_reg {
    uint32_t size;
    uint32_t number;     /* the debugger's: unique in the target, order of the register list */
    uint32_t bits;       /* a multiple of 8, at most 512 */
    uint32_t row;        /* of bp_target.regs, which stores it; BP_DEBUG_NO_ROW: the target's hooks do */
    uint32_t flags;      /* BP_DEBUG_REG_* */
    uint32_t index;      /* for the target's hooks */
    char name[32];       /* "sp"; empty: the row's alias, or its name */
    const char *feature; /* of the target description: "org.gnu.gdb.riscv.cpu" */
    const char *type;    /* in the target description: "int", "code_ptr", "data_ptr", "ieee_double", ... */
    const char *group;   /* "general", "float", "vector", "system"; NULL: as the type says */
};
#define BP_DEBUG_NO_ROW UINT32_MAX
#define BP_DEBUG_REG_READ_ONLY 1u /* writes are ignored */
#define BP_DEBUG_REG_PC 2u
#define BP_DEBUG_REG_SP 4u        /* these two go with every stop */

/* Static data; bp_target.debug points to it. vCPUs are stopped in all callbacks. */
struct bp_debug_target {
    uint32_t size, flags;
    const char *architecture; /* as gdb names it: "riscv:rv64" */
    /* XML of a feature, for types that its registers use; NULL: none. */
    const char *(*types)(const void *env, const char *feature);
    /* The i-th register, from 0, that this vCPU's configuration has; false behind the last. Registers of a feature
     * follow each other. */
    bool (*reg)(const void *env, uint32_t i, struct bp_debug_reg *ret);
    /* Registers without row: bits / 8 bytes, in the guest's order. A write returns false where the
     * register does not take the value. */
    void (*read)(void *env, const struct bp_debug_reg *reg, uint8_t *buf);
    bool (*write)(void *env, const struct bp_debug_reg *reg, const uint8_t *buf);
    /* The mmu index through whose reads a debugger sees the current address space, access rights as wide
     * as there are. */
    uint32_t (*mmu)(const void *env);
};

/* ---- what happens to a thread -------------------------------------------------------------------- */

enum bp_debug_kind {
    BP_DEBUG_INTERRUPT = 1,   /* bp_debug_stop(), or somebody else stopped the machine */
    BP_DEBUG_STEP = 2,        /* the step is done */
    BP_DEBUG_BREAKPOINT = 3,  /* `address` */
    BP_DEBUG_WATCHPOINT = 4,  /* `address` of the access's first watched byte, `access`: READ or WRITE */
    BP_DEBUG_EXITED = 5,      /* `code`: exit status. The last event */
    /* programs only */
    BP_DEBUG_SIGNAL = 6,      /* `code`: number (host's) of a signal about to be delivered */
    BP_DEBUG_KILLED = 7,      /* `code`: the signal that ended the program. The last event */
    BP_DEBUG_SYSCALL = 8,     /* `code`: number; before it is made */
    BP_DEBUG_SYSRET = 9,      /* `code`: number; after it was made */
    BP_DEBUG_FORK = 10,       /* `code`: the child's id; the child is not debugged */
    BP_DEBUG_VFORK = 11,      /* likewise */
    BP_DEBUG_EXEC = 12,       /* another program begins; object "exec-file" is it */
};
struct bp_debug_event {
    uint32_t size, kind; /* enum bp_debug_kind */
    uint64_t thread;     /* id; 0: none in particular */
    uint64_t address;    /* gva */
    uint32_t access;     /* enum bp_access */
    int32_t code;
};

/* ---- controls ------------------------------------------------------------------------------------ */

/* A plugin that steers a machine. `ctl` is its zeroed state of state_size bytes. */
struct bp_control {
    struct bp_head head;
    const char *doc;
    uint32_t state_size, flags;
    struct bp_rows props;       /* struct bp_prop */
    struct bp_rows ports;       /* struct bp_port: a chardev named "chardev" is the peer */
    int (*open)(void *ctl);     /* [main] the machine is realized and has not run. 0, or -errno after bp_fail() */
    void (*close)(void *ctl);   /* [main] */
};
#define BP_CONTROL(sym, iid, doc_, ...)                                                            \
    BP_ENTITY(BP_CAT(sym, _control), iid, BP_KIND_CONTROL, "control", "doc=" doc_ "\n", bp_control, \
              .doc = doc_, __VA_ARGS__)

struct bp_debug_thread {
    uint32_t size;
    uint32_t group;     /* from 0 */
    uint64_t id;        /* not 0: vCPU number + 1; of a task: what the program knows it by */
    char name[48];      /* "cpu[0]" */
    char state[48];     /* "running", "halted": for people; maybe empty */
};

enum bp_debug_do { BP_DEBUG_CONTINUE = 1, BP_DEBUG_DO_STEP = 2, BP_DEBUG_HOLD = 3 };
struct bp_debug_action {
    uint64_t thread;  /* id; 0: all threads that no earlier action names */
    uint32_t what;    /* enum bp_debug_do; threads that no action names are held */
    int32_t signal;   /* programs: deliver this signal (host's number); 0: none */
};

enum bp_debug_point_kind { BP_DEBUG_BREAK = 1, BP_DEBUG_WATCH = 2 };
struct bp_debug_point {
    uint32_t kind;    /* enum bp_debug_point_kind */
    uint32_t access;  /* WATCH: enum bp_access bits READ and WRITE */
    uint64_t va, n;   /* gva; bytes of a watchpoint */
    uint32_t group;   /* whose threads it is for */
    uint32_t reserved;
};

enum bp_debug_memory_flags {
    BP_DEBUG_WRITE = 1,
    BP_DEBUG_PHYSICAL = 2,   /* the address is a gpa (machines only) */
};

struct bp_debug_ops {
    uint32_t size, reserved;
    /* The machine has stopped: threads stand still from before this call until bp_debug_resume(). With EXITED and
     * KILLED it is over. */
    void (*event)(void *ctl, const struct bp_debug_event *e);
};

struct bp_debug_api {
    uint32_t size, reserved;
    int (*attach)(void *ctl, const struct bp_debug_ops *ops);
    void (*detach)(void *ctl, bool resume);
    void (*stop)(void *ctl);
    bool (*running)(void *ctl);
    int (*resume)(void *ctl, const struct bp_debug_action *actions, uint32_t n);
    uint32_t (*groups)(void *ctl);
    bool (*thread)(void *ctl, uint32_t i, struct bp_debug_thread *ret);
    const struct bp_target *(*target)(void *ctl, uint32_t group);
    const char *(*types)(void *ctl, uint32_t group, const char *feature);
    bool (*reg)(void *ctl, uint32_t group, uint32_t i, struct bp_debug_reg *ret);
    bool (*reg_by_number)(void *ctl, uint32_t group, uint32_t number, struct bp_debug_reg *ret);
    int (*reg_read)(void *ctl, uint64_t thread, const struct bp_debug_reg *reg, uint8_t *buf);
    int (*reg_write)(void *ctl, uint64_t thread, const struct bp_debug_reg *reg,
                     const uint8_t *buf);
    size_t (*memory)(void *ctl, uint64_t thread, uint64_t address, void *buf, size_t n,
                     unsigned flags);
    int (*point)(void *ctl, const struct bp_debug_point *point, bool insert);
    void (*set_step)(void *ctl, unsigned flags);
    void (*reset)(void *ctl);
    void (*kill)(void *ctl);
    bool (*is_program)(void *ctl);
    int (*object)(void *ctl, uint64_t thread, const char *name, const char *annex,
                  void (*add)(void *arg, const void *bytes, size_t n), void *arg);
    void (*catch_calls)(void *ctl, bool on, const uint32_t *numbers, uint32_t n);
};
BP_IMPORT_OPTIONAL(bp_debug_api, bp_debug_, "backplane.debug/1");

/* Becomes the machine's debugger and stops it: an INTERRUPT event follows, also where it was stopped
 * already. -EBUSY where another control is it. [running] */
static inline int bp_debug_attach(void *ctl, const struct bp_debug_ops *ops)
{
    return bp_debug_->attach(ctl, ops);
}
/* Takes all points away and stops being the debugger; `resume`: the machine goes on. [running] */
static inline void bp_debug_detach(void *ctl, bool resume) { bp_debug_->detach(ctl, resume); }
/* Asks for a stop; an event follows. [running] */
static inline void bp_debug_stop(void *ctl) { bp_debug_->stop(ctl); }
/* Between a resume and the next event. [running] */
static inline bool bp_debug_running(void *ctl) { return bp_debug_->running(ctl); }
/* Threads go on as the actions say; earlier actions win. -ESRCH where one names no thread. */
static inline int bp_debug_resume(void *ctl, const struct bp_debug_action *actions, uint32_t n)
{
    return bp_debug_->resume(ctl, actions, n);
}

static inline uint32_t bp_debug_groups(void *ctl) { return bp_debug_->groups(ctl); }
/* The i-th thread, from 0. */
static inline bool bp_debug_thread(void *ctl, uint32_t i, struct bp_debug_thread *ret)
{
    return bp_debug_->thread(ctl, i, ret);
}
static inline const struct bp_target *bp_debug_target(void *ctl, uint32_t group)
{
    return bp_debug_->target(ctl, group);
}
/* What the target says of a feature's types (XML), or NULL. */
static inline const char *bp_debug_types(void *ctl, uint32_t group, const char *feature)
{
    return bp_debug_->types(ctl, group, feature);
}
/* The i-th register of a group, in order of number; the one of a number. False where there is none. */
static inline bool bp_debug_reg(void *ctl, uint32_t group, uint32_t i, struct bp_debug_reg *ret)
{
    return bp_debug_->reg(ctl, group, i, ret);
}
static inline bool bp_debug_reg_by_number(void *ctl, uint32_t group, uint32_t number,
                                          struct bp_debug_reg *ret)
{
    return bp_debug_->reg_by_number(ctl, group, number, ret);
}
/* bits / 8 bytes in the guest's order. -ESRCH: no such thread; -EINVAL: it does not take the value. */
static inline int bp_debug_reg_read(void *ctl, uint64_t thread, const struct bp_debug_reg *reg,
                                    uint8_t *buf)
{
    return bp_debug_->reg_read(ctl, thread, reg, buf);
}
static inline int bp_debug_reg_write(void *ctl, uint64_t thread, const struct bp_debug_reg *reg,
                                     const uint8_t *buf)
{
    return bp_debug_->reg_write(ctl, thread, reg, buf);
}
/* Reads or writes guest memory as the thread's address space has it, access rights aside; ROM can be
 * written, a device's registers are read and written as the guest would. Returns how many bytes were done. */
static inline size_t bp_debug_memory(void *ctl, uint64_t thread, uint64_t address, void *buf,
                                     size_t n, unsigned flags)
{
    return bp_debug_->memory(ctl, thread, address, buf, n, flags);
}
/* Inserts or removes one. -ENOENT: it is not there; -ENOTSUP: what runs the vCPUs has no such points;
 * -EINVAL. Inserting what is there does nothing. */
static inline int bp_debug_point(void *ctl, const struct bp_debug_point *point, bool insert)
{
    return bp_debug_->point(ctl, point, insert);
}
/* How steps are made: BP_STEP_* bits; at first BP_STEP_NO_IRQ. */
#define BP_STEP_NO_IRQ 1u   /* no interrupt is taken */
static inline void bp_debug_set_step(void *ctl, unsigned flags) { bp_debug_->set_step(ctl, flags); }
/* Resets the machine, which stays stopped. Programs: does nothing. */
static inline void bp_debug_reset(void *ctl) { bp_debug_->reset(ctl); }
/* Ends the machine or program. [running] */
static inline void bp_debug_kill(void *ctl) { bp_debug_->kill(ctl); }
/* A program instead of a machine. [running] */
static inline bool bp_debug_is_program(void *ctl) { return bp_debug_->is_program(ctl); }
/* A program's "auxv", "exec-file", "siginfo" (of the thread's last signal), "pid" (decimal), "link" (annex: a symbolic link's path: where it leads) or "file" (annex: a
 * path as the program sees it; as seen by it, so /proc/PID/maps is the guest's): calls add() with the bytes, any number of times. -ENOENT: there
 * is none. */
static inline int bp_debug_object(void *ctl, uint64_t thread, const char *name, const char *annex,
                                  void (*add)(void *arg, const void *bytes, size_t n), void *arg)
{
    return bp_debug_->object(ctl, thread, name, annex, add, arg);
}
/* Report system calls of these numbers (the guest's), all where n is 0; or none. */
static inline void bp_debug_catch_calls(void *ctl, bool on, const uint32_t *numbers, uint32_t n)
{
    bp_debug_->catch_calls(ctl, on, numbers, n);
}

#ifdef __cplusplus
}
#endif
#endif
