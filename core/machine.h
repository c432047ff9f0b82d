/* SPDX-License-Identifier: MIT */
/*
 * machine.h: a machine: its parts, memory, time, threads and life. Nothing of it is global.
 *
 * Life, all [main]: machine_new() -> machine_set_accel() -> parts, wires, maps ->
 * machine_realize() -> machine_run() (resets, starts, runs the main loop until shutdown) ->
 * machine_free().
 *
 * Locks, outermost first: machine lock (machine_lock(), face.h), then the leaves, which are never
 * held while plugin code runs: run_lock, the loop's, a drive's, a chardev's queue.
 */
#ifndef BACKPLANE_CORE_MACHINE_H
#define BACKPLANE_CORE_MACHINE_H

#include <core/clock.h>
#include <core/face.h>
#include <core/part.h>

#include <glib.h>
#include <pthread.h>

struct loop;
struct debug;

enum machine_request { REQUEST_RESET = 1, REQUEST_SHUTDOWN = 2 };

struct machine_hook {
    void (*run)(void *arg);
    void *arg;
};

struct machine_instrument {
    struct part *part;
    const struct bp_instrument *instrument;
};

struct machine {
    pthread_mutex_t lock;
    _Atomic uintptr_t lock_owner;
    uint32_t lock_depth;

    const struct bp_accel *accel_entity;
    void *accel;
    bool no_reboot;
    bool runs_program;      /* a board with run(): no main loop, no timers */
    bool seeded;
    uint64_t seed[4];

    GPtrArray *parts;       /* struct part *, devices and vCPUs in order of creation */
    GPtrArray *others;      /* struct part *: boards, instruments, drivers */
    GPtrArray *vcpus;       /* struct vcpu * */
    GArray *reset_hooks;    /* struct machine_hook, after the parts have been reset */
    GArray *instruments;    /* struct machine_instrument */
    /* struct bp_chardev *, struct bp_block *, struct bp_net * */
    GPtrArray *chardevs, *drives, *nets;
    GPtrArray *controls;    /* struct part * */
    struct debug *debug;

    struct clocks clocks;
    struct loop *loop;
    struct signal_watch {
        struct machine *machine;
        int number;
        GSource *source;    /* NULL: ignored, as nohup asks for */
    } signals[3];           /* of machine_run() */
    struct memory *memory;  /* memory.c */
    struct address_space *system;
    uint32_t access_cpu;    /* vCPU whose access a window's callback serves, or BP_NO_CPU; machine lock */
    bool hold_pins;         /* reset: outputs are remembered, inputs told later */

    pthread_mutex_t run_lock; /* what follows */
    pthread_cond_t run_cond;
    bool running;           /* vCPUs may run */
    bool paused;            /* ... but not until machine_unpause() */
    bool quitting;
    bool finished;          /* machine_run() must return */
    uint32_t parked;        /* vCPU threads that stand still */
    uint32_t threads;       /* vCPU threads that exist */
    uint32_t requests;      /* enum machine_request */
    int exit_status;
};

struct machine *machine_new(void);
/* For a board that runs a program. */
struct machine *machine_new_for_program(void);
void machine_free(struct machine *m);

/* Chooses what runs the vCPUs; before any vCPU is made. 0, or -errno after core_error(). */
int machine_set_accel(struct machine *m, const struct bp_accel *accel, const struct bp_set *options,
                      uint32_t count);
/* -no-reboot: a reset request ends the machine instead. */
void machine_set_no_reboot(struct machine *m, bool no_reboot);
/* -seed: makes bp_random() deterministic. */
void machine_set_seed(struct machine *m, uint64_t seed);
void machine_random(struct machine *m, void *buf, size_t n);

/* The part of that name among devices and vCPUs, or NULL. */
struct part *machine_part(const struct machine *m, const char *name);
/* Realizes every listed part that is not yet, in order. */
int machine_realize(struct machine *m);
/* Called at each reset after the parts': put images back, choose where vCPUs start. */
void machine_add_reset_hook(struct machine *m, void (*run)(void *arg), void *arg);
/* Where a vCPU starts: target->set_start() after each reset. UINT32_MAX: all. */
void machine_set_start(struct machine *m, uint32_t vcpu, uint64_t pc);
/* An instrument with its state (PART_INSTRUMENT): seen by the accelerator from its next call on. */
void machine_add_instrument(struct machine *m, const struct bp_instrument *instrument,
                            struct part *part);

/* Resets all parts. Machine stopped. */
void machine_reset(struct machine *m);
/* Resets, starts, runs the main loop; returns the exit status once the machine has shut down. */
int machine_run(struct machine *m);
/* The same with run() in place of vCPU threads and main loop. */
int machine_run_program(struct machine *m, int (*run)(void *board), void *board);
/* Lets vCPUs and virtual time go; stops them and waits until they stand still (not holding the
 * machine lock). [main] */
void machine_start(struct machine *m);
void machine_stop(struct machine *m);
/* machine_start() does nothing until it is taken back; vCPUs leave their code at once. [any] */
void machine_pause(struct machine *m);
void machine_unpause(struct machine *m);
bool machine_holds_lock(const struct machine *m);
/* Takes the lock where that needs no waiting. */
bool machine_trylock(struct machine *m);
void machine_request_reset(struct machine *m);

/* A vCPU of a part; realizing tells the accelerator. */
struct vcpu *vcpu_new(struct machine *m, struct part *part, uint32_t cluster);
int vcpu_realize(struct vcpu *v);
void vcpu_free(struct vcpu *v);
/* It does not run even when the machine does. Machine stopped. [main] */
void vcpu_hold(struct vcpu *v, bool hold);

/* The interfaces that this half of the core offers to plugins: {NULL, NULL} ends it. */
struct core_service {
    const char *id;
    const void *api;
};
extern const struct core_service core_services[];

#endif
