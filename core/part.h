/* SPDX-License-Identifier: MIT */
/*
 * part.h: parts. Everything that has a state pointer handed to plugin code is a part: devices,
 * vCPUs, boards, instruments, and chardev, block and network drivers. So bp_fail() and its like
 * work with any of them.
 *
 * A part is one allocation, [struct part][free space][accelerator's headroom][state], aligned so
 * that the state's address leads to the header.
 *
 * Order of use, all [main]: part_create*() -> part_set() any number of times -> part_prepare()
 * (done by part_realize() too; sizes, pins, windows exist from here) -> part_realize() ->
 * part_connect(), part_map() -> machine_reset() ... -> part_free() (machine_free() does it, in
 * reverse order).
 */
#ifndef BACKPLANE_CORE_PART_H
#define BACKPLANE_CORE_PART_H

#include <core/face.h>

#include <backplane/chardev.h>
#include <backplane/device.h>
#include <backplane/target.h>
#include <backplane/time.h>

#include <glib.h>

struct machine;
struct vcpu;
struct memory_window;
struct region;
struct core_timer;
struct bp_control;

enum part_kind {
    PART_DEVICE = 1,
    PART_CPU = 2,
    PART_BOARD = 3,
    PART_INSTRUMENT = 4,
    PART_DRIVER = 5, /* chardev, block, net */
    PART_CONTROL = 6,
};

/* One input line. */
struct pin_input {
    struct part *part;
    void (*set)(void *dev, unsigned i, bool level);
    uint32_t i;
    uint32_t high;   /* outputs wired to it that are high */
    bool delivered;  /* the level its part was told last */
};

/* One output line: what plugins know as struct bp_pin. */
struct bp_pin {
    struct part *part;
    uint32_t row, i;
    _Atomic bool level;
    bool shown;   /* the level that the inputs count */
    bool setting; /* inputs are being told */
    uint32_t input_count;
    struct pin_input **inputs;
};

/* A pin row with its lines. */
struct part_pins {
    const struct bp_pin_row *row;
    uint32_t count;
    bool array;              /* named pin[i] */
    struct bp_pin *outputs;  /* one of both is set */
    struct bp_pin **output_ptrs;
    struct pin_input *inputs;
};

struct part_offer {
    const struct bp_offer *row;
    uint32_t used;
};

struct part {
    uint64_t magic;
    struct machine *machine;
    void *state;
    char *name;          /* in the machine: "uart0", "virtio[3]" */
    const char *type;    /* id of the entity it was made from */
    enum part_kind kind;
    uint32_t index;      /* order in the machine */
    uint32_t busy;       /* callbacks of it that are on the stack; machine lock */
    bool prepared, realized, listed;
    bool realize_called; /* unrealize is due */
    bool no_dma;         /* bp_dma_allow() took memory away */
    struct vcpu *vcpu;   /* PART_CPU */
    const struct bp_target *target; /* PART_CPU */
    const void *entity;  /* the driver's, board's or instrument's own descriptor */
    void *middle;        /* chardev.c, block.c, net.c: the connection behind a driver; of boards and their
                            devices: the graph */
    struct bp_device device; /* rows point to full-size copies */
    struct address_space *space; /* its initiator port */
    struct part_pins *pins;          /* a row each */
    struct memory_window **windows;  /* a row each, from part_prepare() on */
    struct part_offer *offers;
    char **need_wish;                /* a need row each: the offer asked for by name, or NULL */
    struct part **need_part;         /* a need row each: who it is linked to */
    struct part *reserved_for;       /* its offers are for that part only; NULL: for any */
    const struct part *carrier;      /* what it is put on, whose settings people give with its own; or NULL */
    struct core_timer *timers;       /* a row each */
    GPtrArray *strings;              /* string properties, rows that were copied */
    uint64_t *prop_given;            /* bit per property row: set by somebody */
    GQueue watches;                  /* loop.c; machine's host lock */
    void *memory;                    /* what to free */
};

#define PART_MAGIC UINT64_C(0x5452415042504c4e)
#define PART_ALIGN ((size_t)32 << 10)
#define PART_HEADROOM_MAX ((size_t)24 << 10)

/* The part that a state pointer belongs to. */
static inline struct part *part_of(const void *dev)
{
    return (struct part *)((uintptr_t)dev & ~(uintptr_t)(PART_ALIGN - 1));
}

/* Row i of a table, as a full struct: only for tables in part->device, which part_create() has
 * normalised. */
#define PART_ROW(type, rows, n) (&((const struct type *)(rows).row)[n])

/* ---- making ---------------------------------------------------------------------------------- */

/* A device with default property values. NAME is copied. NULL after core_error(). */
struct part *part_create(struct machine *m, const struct bp_device *device, const char *name);
/* A vCPU, added to the machine's; the accelerator has been chosen. `cluster`: see struct vcpu. */
struct part *part_create_cpu(struct machine *m, const struct bp_target *target, const char *name,
                             uint32_t cluster);
/* A board, instrument or driver: state and properties. TYPE is its id, ENTITY its descriptor. */
struct part *part_create_plain(struct machine *m, enum part_kind kind, const char *type,
                               const char *name, uint32_t state_size, const struct bp_rows *props,
                               const void *entity);
/* A control: state, properties and ports; realizing opens it. */
struct part *part_create_control(struct machine *m, const struct bp_control *control,
                                 const char *name);
/* Unrealizes first where need be. NULL is allowed. */
void part_free(struct part *part);

/* ---- settings -------------------------------------------------------------------------------- */

/*
 * Sets a property, connects a port (the value is the id of a chardev, drive or netdev) or chooses
 * the offer for a need ("part.offer", "part" where it has one such offer, or "DEVICE-OFFER.N":
 * offer of the Nth part made from that device, as in virtio-mmio-bus.0). 0, or -errno after
 * core_error() that names part, property and what is expected. Before realize.
 */
int part_set(struct part *part, const char *name, const char *value);
int part_set_rows(struct part *part, const struct bp_rows *settings);
/* Whether somebody gave the property a value. */
bool part_is_set(const struct part *part, const char *name);
/* The property row of that name, or NULL. */
const struct bp_prop *part_prop(const struct part *part, const char *name);
/* Parses as a property of this row would; 0 or -EINVAL without message. */
int prop_parse(const struct bp_prop *row, const char *text, uint64_t *ret);
/* The value as text, newly allocated. */
char *part_get(const struct part *part, const char *name);
/* Default value as people write it, newly allocated; NULL where there is none. */
char *prop_default_text(const struct bp_prop *row);
/* "number 0..16", "on|off", "one of a|b": what the row takes. Newly allocated. */
char *prop_expects(const struct bp_prop *row);
/* ", from 1 to 64", ", at least 1", "" where the type alone is the limit. Newly allocated. */
char *prop_range_text(const struct bp_prop *row);
/* Connects a port to a handle (struct bp_chardev, bp_block, bp_net). */
int part_connect_port(struct part *part, const char *port, void *handle);
bool part_port_connected(const struct part *part, const char *port);

/* ---- realizing, wiring, mapping -------------------------------------------------------------- */

/* Counts of pins, sizes of windows; RAM and ROM are allocated. Properties are fixed now. */
int part_prepare(struct part *part);
/* Links needs to offers, calls realize, shows the part to what it is linked to. Vcpus also get
 * vcpu_init. */
int part_realize(struct part *part);
void part_unrealize(struct part *part);
/* The pin row and, in *ret_index, its index in part->pins; NULL where there is none. Prepared
 * parts. */
const struct part_pins *part_find_pins(const struct part *part, const char *name,
                                       enum bp_pin_direction direction);
/* Wires output `from_pin`[i] to input `to_pin`[j]. Wiring the same ends twice is an error. */
int part_connect(struct part *from, const char *from_pin, uint32_t i, struct part *to,
                 const char *to_pin, uint32_t j);
/* Maps a window at gpa of the system's address space. -EEXIST after core_error() on overlap. */
int part_map(struct part *part, uint32_t window, uint64_t gpa);
uint32_t part_window_count(const struct part *part);
uint64_t part_window_size(const struct part *part, uint32_t window);
/* The interface that the part offers under that id. */
const void *part_find_offer(const struct part *part, const char *id, void **ret_dev);

/* ---- used by the rest of the core ------------------------------------------------------------ */

/* Every call of a part's [bus] code is between these two, under the machine lock: see memory.c. */
static inline void part_enter(struct part *part) { part->busy++; }
static inline void part_leave(struct part *part) { part->busy--; }

/* The stages of machine reset, see machine.c. */
void part_reset_storage(struct part *part);
void part_lower_outputs(struct part *part);
void part_call_reset(struct part *part);
/* Tells inputs about what outputs did while machine->hold_pins was set. */
void part_show_outputs(struct part *part);

/* Tells the chardevs connected to it that it is there. */
void ports_ready(struct part *part);

void part_log(struct part *part, unsigned log_class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void part_logv(struct part *part, unsigned log_class, const char *format, va_list ap);

extern const struct bp_part_api part_api; /* backplane.part/1 */
extern const struct bp_irq_api irq_api;   /* backplane.irq/1 */

#endif
