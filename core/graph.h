/* SPDX-License-Identifier: MIT */
/*
 * graph.h: the board's graph of parts and wires: read from rows, extended by the board's build(),
 * by -device and by the default connections, checked, made into a machine, and walked again for the
 * device tree.
 */
#ifndef BACKPLANE_CORE_GRAPH_H
#define BACKPLANE_CORE_GRAPH_H

#include "core/face.h"
#include "core/images.h"
#include "core/options.h"
#include "core/part.h"

#include <backplane/board.h>

struct fdt_tree;

/* One part of the graph; arrays are expanded. Strings are owned. */
struct graph_part {
    char *name;          /* "uart0", "cpu[2]" */
    char *base_name;     /* "cpu" */
    uint32_t index;      /* in the array */
    bool array;
    uint32_t kind, flags;
    char *device;        /* "" for RAM, ROM, STUB */
    GArray *bases;       /* uint64_t: of the first, second ... window */
    uint64_t size;       /* RAM, ROM, STUB */
    GArray *sets;        /* struct bp_set */
    char *fdt_parent;    /* or NULL */
    bool from_user;      /* -device */
    uint32_t cluster;    /* CPU: equal for those of one row */
    struct part *part;   /* devices and CPUs, once made */
    struct graph_part *carrier; /* what this device is put on, made for it, or NULL */
    const struct graph_part *carried; /* the other way round */
};

/* One wire between single lines. */
struct graph_wire {
    const struct graph_part *from, *to;
    const struct part_pins *from_pins, *to_pins;
    uint32_t from_index, to_index;
};

/* A wire as written. */
struct graph_wire_text {
    char *from, *to;
};

/* Where a vCPU starts, said by a device. */
struct graph_start {
    uint32_t cpu; /* UINT32_MAX: all */
    uint64_t pc;
};

/* A port that something connects before the parts exist. */
struct graph_port {
    char *part, *port;
    uint32_t kind;      /* enum bp_kind */
    char *id;           /* of the chardev, drive or netdev */
};

struct graph {
    struct machine *machine;
    const struct options *options;
    const struct bp_board *board;
    struct part *part;               /* the board itself */
    GPtrArray *parts;                /* struct graph_part */
    GArray *wire_texts;              /* struct graph_wire_text */
    GArray *wires;                   /* struct graph_wire, once expanded */
    GArray *ports;                   /* struct graph_port */
    GPtrArray *nic_devices;          /* struct option_list: made for -nic, before the user's ... */
    GPtrArray *drive_devices;        /* ... and for -drive, behind them */
    enum { GRAPH_ROWS, GRAPH_BUILD, GRAPH_MADE } phase;
    /* vCPUs */
    const struct bp_target *target;  /* the user's or the board's choice */
    const struct bp_cpu_model *model; /* NULL: the target has none */
    GArray *cpu_sets;                /* struct bp_set: features of -cpu */
    uint32_t cpus, clusters;
    int fail_status;                 /* exit status of a program that cannot be run; 0: the usual */
    uint64_t ram_size;
    /* what finish() did */
    struct images *images;
    GArray *starts;                  /* struct graph_start */
    uint64_t initrd_gpa, initrd_size;
    uint32_t options_used;           /* bit per machine_options[] */
    GPtrArray *strings;              /* handed to the board */
    struct fdt_tree *fdt;
    GBytes *fdt_blob;
    const char *stdout_part;         /* name of the part with the first default chardev, or NULL */
};

/* Reads the board and the options, makes and connects all parts, runs `finish`. 0 or -errno
 * after core_error(). */
int graph_create(struct machine *m, const struct bp_board *board, const struct options *o,
                 struct graph **ret);
void graph_free(struct graph *g);
struct graph_part *graph_part_find(const struct graph *g, const char *name);

/* graph.c: rows and build(). */
int graph_add_row(struct graph *g, const struct bp_part *row, bool from_user);
int graph_add_wire(struct graph *g, const char *from, const char *to);
void graph_set(GArray *sets, const char *name, const char *value);

/* cpus.c: -cpu, -smp. */
int graph_choose_cpu(struct graph *g);
/* The target of a CPU part. NULL after core_error(). */
const struct bp_target *graph_cpu_target(struct graph *g, const char *id);

/* place.c: takes addr= and PIN= of a -device out of the list: addresses into `bases` (uint64_t a
 * window), wires into the graph. 0, or -errno after core_error(). */
#define GRAPH_NO_BASE UINT64_MAX /* this window is not mapped */
int graph_place(struct graph *g, const struct bp_device *d, const char *id, struct option_list *l,
                GArray *bases);

/* Whether part_set() of such a device would take the name. */
bool graph_takes(const struct bp_device *d, const char *key);

/* connect.c: -chardev -serial -drive -netdev -nic -device. */
int graph_make_backends(struct graph *g);
int graph_add_devices(struct graph *g);
/* A gdb at that place. */
int graph_add_gdb(struct graph *g, const char *spec);
/* -gdb, -S: once the machine is realized. */
int graph_make_controls(struct graph *g);
bool graph_port_given(const struct graph *g, uint32_t kind, const char *part_port);

/* wires.c: expands the texts to single lines, prepared parts, and connects them. */
int graph_connect_wires(struct graph *g);

/* board.c: what boards call. */
extern const struct bp_board_api board_api; /* backplane.board/1 */
struct graph *graph_of_board(void *board);
int graph_finish(struct graph *g);
/* Options of the machine that no code asked for are errors. */
int graph_check_options(struct graph *g);

#endif
