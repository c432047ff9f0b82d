/* SPDX-License-Identifier: MIT */
/*
 * device.h: what a device model is: registers, windows, pins, properties, ports, links, timers and
 * saved state, each stated once as a row of a table.
 *
 * The core allocates `state_size` zeroed bytes for each part made from the device and passes their
 * address as `dev` to every callback. That same address names the part in every service call
 * (bp_fail(), bp_dma_read(), ...). Rows refer to members of the state by offset; the macros below
 * take the struct and the member and derive the visible name from the member's, with '_' turned
 * into '-' for properties and ports.
 *
 * Life of a part: properties set -> realize [main] -> pins wired, windows mapped -> reset [bus] ->
 * running: register hooks, pin inputs, timers, port callbacks, all [bus] -> unrealize [main].
 * Reset puts reset values into the registers, cancels timers, lowers outputs (their inputs are told),
 * then calls `reset`, which clears all other state.
 */
#ifndef BACKPLANE_DEVICE_H
#define BACKPLANE_DEVICE_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_KIB (UINT64_C(1) << 10)
#define BP_MIB (UINT64_C(1) << 20)
#define BP_GIB (UINT64_C(1) << 30)

/* ---- registers ------------------------------------------------------------------------------ */

enum bp_reg_flags {
    BP_REG_UNIMPL = 1,    /* known but not modelled: reads storage or zero; the first access logs `unimp` */
    BP_REG_EXACT = 2,     /* an access of any other size than the register's is a guest error */
    BP_REG_TRANSIENT = 4, /* storage is not saved */
    BP_REG_ZERO = 8,      /* always 0: says that a row without storage, hooks and `reset` is meant so */
};

/*
 * One register, or `count` of them `stride` bytes apart.
 *
 * Read: the value is `read(dev, i)`, or the storage where there is no hook. Write: with storage, the
 * bits of `writable` are taken from the value and the bits of `w1c` that the value has set are
 * cleared, the rest kept; then `write(dev, i, value)` is called with the value as the guest wrote it (what the
 * storage was before is gone: keep a copy where it matters).
 * A register with neither `writable`, `w1c` nor a write hook is read-only: a write is a guest error
 * that changes nothing. One without storage and hooks is a constant and needs no member:
 * { "ID", 0xFC, 32, .reset = 0x41434D45 }.
 *
 * Reset: storage becomes `reset`, or, with `reset_prop`, what that property of the part is set to. A constant is that too,
 * so a board or user says what an identification reads: { "ID", 0xFC, 32, .reset_prop = "id" }. The property's own member
 * is no storage for a row: a reset would overwrite the setting. What is computed belongs into the `reset` hook.
 *
 * Accesses. An access that lies inside one register and is narrower reads the bytes addressed, and
 * writes by merging into the current *storage* (zero where there is none). An access wider than a
 * register is split at register boundaries, lowest address first. Bytes that no row knows read zero
 * and are logged under `guest_errors`.
 */
struct bp_reg {
    const char *name;
    uint64_t offset;      /* bytes, in the window */
    uint32_t width;       /* bits: 8, 16, 32 or 64 */
    uint32_t field;       /* storage: offset in the state ... */
    uint32_t field_size;  /* ... and its size (an element's): 1, 2, 4 or 8 bytes; 0: no storage */
    uint32_t count;       /* how many; 0 means 1. Storage is then an array */
    uint32_t stride;      /* bytes from one to the next; 0 means the width */
    uint32_t window;      /* index of the window row it lies in */
    uint32_t flags;       /* enum bp_reg_flags */
    uint32_t reserved;
    uint64_t reset;       /* storage at reset; without storage and hooks the value */
    uint64_t writable;    /* bits the guest can write */
    uint64_t w1c;         /* bits cleared by writing one */
    uint64_t (*read)(void *dev, unsigned i);                  /* [bus] */
    void (*write)(void *dev, unsigned i, uint64_t value);     /* [bus] */
    const char *doc;
    const char *reset_prop; /* name of a number property that is the reset value in place of `reset`; NULL: none */
};
/* A row; { "NAME", offset, width, ... } is the same in C. C++ needs this one: its designated members
 * cannot follow plain values. */
#define BP_REG(name_, offset_, width_, ...)                                                        \
    { .name = name_, .offset = offset_, .width = width_, __VA_ARGS__ }
#define BP_FIELD(type, member)                                                                     \
    .field = offsetof(type, member), .field_size = sizeof(((type *)0)->member)
#define BP_FIELDS(type, member)                                                                    \
    .field = offsetof(type, member), .field_size = sizeof(((type *)0)->member[0]),                 \
    .count = sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0])

/* ---- windows -------------------------------------------------------------------------------- */

enum bp_window_flags {
    BP_WINDOW_RAM = 1,        /* backed by memory the guest reads and writes directly */
    BP_WINDOW_ROM = 2,        /* backed by memory; guest writes are guest errors unless `write` is set */
    BP_WINDOW_LOCK_FREE = 4,  /* callbacks take no lock of the core's: the part does its own */
    BP_WINDOW_BIG_ENDIAN = 8, /* registers and raw values are big-endian */
    BP_WINDOW_OPTIONAL = 16,  /* a board need not map it */
    BP_WINDOW_PLACED = 32,    /* no board maps it: it lies where bp_window_place() (memory.h) puts it, nowhere
                                 at first */
    BP_WINDOW_BUS = 64,       /* windows of other parts are placed in it; `read` and `write` answer between them */
};

/*
 * A piece of address space that the part answers. Register rows are looked up first; accesses that
 * no row covers go to `read` and `write` where present. Raw callbacks see sizes from access_min to
 * access_max bytes (powers of two, 0: 1 and 8), naturally aligned offsets; other accesses are
 * widened or split by the core. A window with BP_WINDOW_ROM and a `write` hook is a ROM device: reads
 * are direct while bp_window_set_direct() says so (initially), otherwise they go to `read`.
 */
struct bp_window {
    const char *name;
    uint64_t size;            /* bytes; 0: taken from size_prop */
    const char *size_prop;    /* name of an integer property holding the size in bytes, or NULL */
    uint32_t flags;           /* enum bp_window_flags */
    uint32_t access_min, access_max;
    uint32_t storage;         /* RAM, ROM: offset of a `uint8_t *` in the state that receives the
                                 host address of the contents; UINT32_MAX: not wanted */
    uint64_t (*read)(void *dev, uint64_t offset, unsigned size);              /* [bus] */
    void (*write)(void *dev, uint64_t offset, uint64_t value, unsigned size); /* [bus] */
};
#define BP_NO_STORAGE UINT32_MAX

/* ---- pins ----------------------------------------------------------------------------------- */

struct bp_pin; /* an output, owned by the core, valid from before realize */

enum bp_pin_direction { BP_PIN_OUT = 1, BP_PIN_IN = 2 };

enum bp_pin_flags {
    BP_PIN_PULSES = 1, /* out: as an interrupt it means something when it rises, not while it is high */
    BP_PIN_FORWARDS = 2, /* out: carries interrupts of others (messages, devices behind it): the device tree
                            does not list it among the device's own; an `fdt` hook may say where it leads
                            (bp_fdt_interrupt()) */
};

/* A named line, or `count` of them ("irq", "in[0-52]"), carrying a level. */
struct bp_pin_row {
    const char *name;
    uint32_t direction;      /* enum bp_pin_direction */
    uint32_t count;          /* 0: one, not an array, unless count_prop is set */
    const char *count_prop;  /* name of an integer property that gives the count, or NULL */
    uint32_t field;          /* out: offset of `struct bp_pin *` (one), or of `struct bp_pin *[count]`,
                                or, with count_prop, of a `struct bp_pin **` to a core-owned array */
    uint32_t number;         /* interrupt number of the first, in the device tree's terms */
    void (*set)(void *dev, unsigned i, bool level); /* in: the level changed; low at first [bus] */
    uint32_t flags;          /* enum bp_pin_flags */
};
#define BP_OUT(type, member)                                                                       \
    { .name = #member, .direction = BP_PIN_OUT, .field = offsetof(type, member) }
#define BP_OUTS(type, member)                                                                      \
    { .name = #member, .direction = BP_PIN_OUT,                                                    \
      .count = sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0]),                       \
      .field = offsetof(type, member) }
#define BP_OUT_N(type, member, prop)                                                               \
    { .name = #member, .direction = BP_PIN_OUT, .count_prop = prop, .field = offsetof(type, member) }
#define BP_IN(name_, set_) { .name = name_, .direction = BP_PIN_IN, .set = set_ }
#define BP_INS(name_, count_, set_)                                                                \
    { .name = name_, .direction = BP_PIN_IN, .count = count_, .set = set_ }
#define BP_IN_N(name_, prop, set_)                                                                 \
    { .name = name_, .direction = BP_PIN_IN, .count_prop = prop, .set = set_ }

/* ---- properties ----------------------------------------------------------------------------- */

enum bp_prop_type {
    BP_PROP_UINT = 1,   /* uint8_t..uint64_t by field_size; decimal, 0x hex */
    BP_PROP_BOOL = 2,   /* bool; on, off, true, false, yes, no */
    BP_PROP_STRING = 3, /* const char *, core-owned, lives as long as the part; may be NULL */
    BP_PROP_SIZE = 4,   /* uint64_t bytes; suffixes K M G T */
    BP_PROP_ENUM = 5,   /* uint32_t index into `choices` */
    BP_PROP_LIST = 6,   /* as a string, but may be given several times: '\n' stands between the values */
};

enum bp_prop_flags {
    BP_PROP_HIDDEN = 1, /* not listed: for boards to set, not for people */
};

/* Configuration before realize. The core parses, checks the range and stores. */
struct bp_prop {
    const char *name;
    uint32_t type; /* enum bp_prop_type */
    uint32_t field, field_size;
    uint32_t flags;          /* enum bp_prop_flags */
    uint64_t def, min, max;  /* max 0: no limit */
    const char *def_text;    /* default of a string */
    const char *choices;     /* enum: "a|b|c" */
    const char *doc;         /* one line; starts with the unit where there is one */
};
#define BP_PROP_(owner, member, kind_, ...)                                                        \
    { .name = #member, .type = kind_, .field = offsetof(owner, member),                            \
      .field_size = sizeof(((owner *)0)->member), __VA_ARGS__ }
#define BP_UINT(type, member, default_, min_, max_, doc_)                                          \
    BP_PROP_(type, member, BP_PROP_UINT, .def = default_, .min = min_, .max = max_, .doc = doc_)
#define BP_BOOL(type, member, default_, doc_)                                                      \
    BP_PROP_(type, member, BP_PROP_BOOL, .def = default_, .doc = doc_)
#define BP_STRING(type, member, default_, doc_)                                                    \
    BP_PROP_(type, member, BP_PROP_STRING, .def_text = default_, .doc = doc_)
#define BP_LIST(type, member, doc_) BP_PROP_(type, member, BP_PROP_LIST, .doc = doc_)
#define BP_SIZE(type, member, default_, min_, max_, doc_)                                          \
    BP_PROP_(type, member, BP_PROP_SIZE, .def = default_, .min = min_, .max = max_, .doc = doc_)
#define BP_ENUM(type, member, default_, choices_, doc_)                                            \
    BP_PROP_(type, member, BP_PROP_ENUM, .def = default_, .choices = choices_, .doc = doc_)

/* ---- ports to the outside ------------------------------------------------------------------- */

/* A connection to a chardev, drive or network backend; macros in chardev.h, block.h, net.h. The
 * member receives the handle before realize, or NULL where nothing is connected. The user connects
 * it by a property of the port's name: -device X,chardev=ID. */
struct bp_port {
    const char *name;
    uint32_t kind;   /* BP_KIND_CHARDEV, BP_KIND_BLOCK or BP_KIND_NET */
    uint32_t field;  /* offset of the handle pointer in the state */
    const void *ops; /* callbacks of that kind, first member their size; or NULL */
};

/* ---- links between parts -------------------------------------------------------------------- */

/* The other end of a link: its interface, and the part to pass as first argument. */
struct bp_link {
    const void *api; /* NULL where not connected */
    void *dev;
};

/*
 * Interfaces between parts: one part offers, another needs; the board or the user connects them by
 * name ("virtio0.bus"), or the core takes the first free offer with the same id, in the board's order. The
 * needing side may show a `face` of its own to the offering side, whose `attached` is called before
 * the needing part's realize returns to the core. That is how a bus and the device on it meet.
 */
struct bp_offer {
    const char *name;   /* "bus", "time" */
    const char *id;     /* "backplane.bus.virtio/1" */
    const void *api;    /* struct of functions whose first argument is this part */
    uint32_t capacity;  /* how many parts may connect; 0: any number */
    uint32_t reserved;
    int (*attached)(void *dev, struct bp_link child);  /* [main] after the child's realize; a refusal
                                                          (-errno after bp_fail) fails the child */
};
struct bp_need {
    const char *name;
    const char *id;
    uint32_t field;     /* offset of a `struct bp_link`; filled before realize */
    uint32_t optional;
    const void *face;   /* struct of functions whose first argument is this part; or NULL */
};
#define BP_NEED(type, member, iid, face_)                                                          \
    { .name = #member, .id = iid, .field = offsetof(type, member), .face = face_ }
#define BP_MAY_NEED(type, member, iid)                                                             \
    { .name = #member, .id = iid, .field = offsetof(type, member), .optional = 1 }

/* ---- saved state ---------------------------------------------------------------------------- */

/*
 * Members that are state but not registers. Registers with storage, timers, RAM/ROM contents and the
 * levels of outputs are saved by themselves; properties, ports, links and the members that receive pins
 * are configuration. bp-check finds members that
 * nobody mentions, and those that a reset after use does not put back as the first one left them.
 */
struct bp_saved {
    const char *name;
    uint32_t field, size; /* bytes in all */
    uint32_t elem_size;   /* size of one integer, for byte order; 1 for bytes */
    uint32_t since;       /* version of the device's state that introduced it, from 1; 0: transient */
    uint32_t flags;       /* enum bp_saved_flags */
};
enum bp_saved_flags {
    BP_SAVED_KEPT = 1,    /* outlives a reset on purpose; bp-check does not ask why */
};
#define BP_SAVED(type, member, since_)                                                             \
    { #member, offsetof(type, member), sizeof(((type *)0)->member),                                \
      sizeof(((type *)0)->member) <= 8 ? sizeof(((type *)0)->member) : 1, since_, 0 }
/* The same of a member that a reset leaves alone: a clock's time, what the outside has said. */
#define BP_KEPT(type, member, since_)                                                              \
    { #member, offsetof(type, member), sizeof(((type *)0)->member),                                \
      sizeof(((type *)0)->member) <= 8 ? sizeof(((type *)0)->member) : 1, since_, BP_SAVED_KEPT }
#define BP_SAVED_ARRAY(type, member, since_)                                                       \
    { #member, offsetof(type, member), sizeof(((type *)0)->member),                                \
      sizeof(((type *)0)->member[0]), since_, 0 }
/* State that reset or post_load computes anew, or that only caches. */
#define BP_TRANSIENT(type, member)                                                                 \
    { #member, offsetof(type, member), sizeof(((type *)0)->member), 1, 0, 0 }

/* ---- the descriptor ------------------------------------------------------------------------- */

struct bp_fdt_node; /* board.h */

enum bp_device_flags {
    BP_DEVICE_USER = 1,      /* -device NAME alone is enough: no window, nothing to wire. Others are placed
                                with -device NAME,addr=ADDRESS,PIN=PART.PIN */
    BP_DEVICE_INTERNAL = 2,  /* not for -device, nor listed by its help: makes sense on a board only */
};

struct bp_device {
    struct bp_head head;
    const char *doc;          /* one line */
    const char *category;     /* "bus", "storage", "network", "input", "display", "sound", "char",
                                 "intc", "timer" or "misc" */
    uint32_t state_size;      /* bytes */
    uint32_t state_version;   /* 0 means 1 */
    uint32_t flags;           /* enum bp_device_flags */
    uint32_t interrupt_cells; /* device tree: nonzero makes it an interrupt controller, with that many cells
                                 (at most 8) for an interrupt: the number, which is the input row's `number`
                                 + index, and the trigger behind it; or what fdt_interrupt says */
    uint64_t window;          /* size of the only window, named "mmio"; else 0 and `windows` */
    struct bp_rows regs;      /* struct bp_reg */
    struct bp_rows windows;   /* struct bp_window */
    struct bp_rows pins;      /* struct bp_pin_row */
    struct bp_rows props;     /* struct bp_prop */
    struct bp_rows ports;     /* struct bp_port */
    struct bp_rows offers;    /* struct bp_offer */
    struct bp_rows needs;     /* struct bp_need */
    struct bp_rows timers;    /* struct bp_timer_row, time.h */
    struct bp_rows saved;     /* struct bp_saved */
    int (*realize)(void *dev);      /* [main] properties, ports and links are set */
    void (*reset)(void *dev);       /* [bus] after the registers got their reset values */
    int (*post_load)(void *dev);    /* [bus] after saved state was put back */
    void (*unrealize)(void *dev);   /* [main] free what realize took; also after a failed realize */
    const char *fdt_name;           /* device tree: node name before '@' ("serial"), or NULL: no node */
    const char *fdt_compatible;     /* most specific first, separated by spaces */
    void (*fdt)(void *dev, struct bp_fdt_node *node); /* [main] further properties (board.h) */
    void (*pre_save)(void *dev);    /* [bus] before state is saved: bring members up to date that stand for
                                       what is kept elsewhere; the device must go on as if nothing had been */
    /* [main] The device tree's cells for an interrupt at line `index` of pin row number `row`, where the binding
     * of this controller wants more than number and trigger. `trigger` is an enum bp_fdt_trigger; `ret_cells`, with room
     * for interrupt_cells, has the two when called. */
    void (*fdt_interrupt)(void *dev, uint32_t row, uint32_t index, uint32_t trigger,
                          uint32_t *ret_cells);
    /* [main] Everything is realized and mapped, the board's `finish` comes next: put images into memory, say where a
     * vCPU starts (the board's choice yields). bp_load_image(), bp_load_file(), bp_board_write() and bp_board_start()
     * of board.h take `dev` here in the board's place. 0, or -errno after bp_fail(). */
    int (*load)(void *dev);
    const char *carrier;      /* id of a device that this one is put on: -device and boards make one for it. Settings that
                                 the carrier knows go there, this one's need is linked to it. NULL: none */
};
/* Of a wire, as the devicetree bindings of interrupt controllers number them. */
enum bp_fdt_trigger { BP_FDT_RISING = 1, BP_FDT_LEVEL_HIGH = 4 };

/* Defines a device: BP_DEVICE(symbol, "name people type", "doc", ...); the description goes to the manifest,
 * so it is given first. BP_DEVICE_IN also takes the category, so that -device help can sort it
 * without loading it. */
#define BP_DEVICE(sym, iid, doc_, ...)                                                             \
    BP_ENTITY(BP_CAT(sym, _device), iid, BP_KIND_DEVICE, "device", "doc=" doc_ "\n", bp_device,    \
              .doc = doc_, __VA_ARGS__)
#define BP_DEVICE_IN(sym, iid, category_, doc_, ...)                                               \
    BP_ENTITY(BP_CAT(sym, _device), iid, BP_KIND_DEVICE, "device",                                 \
              "doc=" doc_ "\ncategory=" category_ "\n", bp_device, .doc = doc_,                    \
              .category = category_, __VA_ARGS__)

/* ---- services ------------------------------------------------------------------------------- */

enum bp_log_class { BP_LOG_GUEST_ERROR = 1, BP_LOG_UNIMP = 2, BP_LOG_TRACE = 3 };

struct bp_part_api {
    uint32_t size, reserved;
    int (*fail)(void *dev, int err, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
    void (*log)(void *dev, unsigned log_class, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
    const char *(*name)(void *dev);
    void (*request_shutdown)(void *dev, int status);
    void (*request_reset)(void *dev);
    void (*random)(void *dev, void *buf, size_t n);
    void (*lock)(void *dev);
    void (*unlock)(void *dev);
};
BP_IMPORT(bp_part_api, bp_part_, "backplane.part/1");

/* Says why something failed; evaluates to -err. ERR is a positive errno value. One line, no name (the
 * core puts the part's first), what was expected: bp_fail(s, EINVAL, "rx-depth %u is over 16", n).
 * [any] */
#define bp_fail(dev, err, ...) bp_part_->fail(dev, err, __VA_ARGS__)

/* The guest misused the part (BP_LOG_GUEST_ERROR), or used what is not modelled (BP_LOG_UNIMP).
 * Shown with -d guest_errors, -d unimp. [any] */
#define bp_log(dev, log_class, ...) bp_part_->log(dev, log_class, __VA_ARGS__)

/* The part's name in the machine; core-owned. [any] */
static inline const char *bp_name(void *dev) { return bp_part_->name(dev); }

/* Asks for the machine to be powered off, ending the process with `status` (0-255); takes effect
 * after the callback, once every vCPU has left its translated code. [any] */
static inline void bp_request_shutdown(void *dev, int status)
{
    bp_part_->request_shutdown(dev, status);
}

/* Asks for a reset of the whole machine, likewise. [any] */
static inline void bp_request_reset(void *dev) { bp_part_->request_reset(dev); }

/* Random bytes; the only source of randomness a part may use (deterministic under -seed). [any] */
static inline void bp_random(void *dev, void *buf, size_t n) { bp_part_->random(dev, buf, n); }

/* For a function that a part offers to vCPUs (bp_offer), whose helpers hold no lock: what stands between the two
 * is the part's own [bus] code, and may use its state and services. Recursive; not held across calls that
 * do not return (bp_vcpu_resume()). [any] */
static inline void bp_lock(void *dev) { bp_part_->lock(dev); }
static inline void bp_unlock(void *dev) { bp_part_->unlock(dev); }

struct bp_irq_api {
    uint32_t size, reserved;
    void (*set)(struct bp_pin *pin, bool level);
    bool (*level)(const struct bp_pin *pin);
};
BP_IMPORT(bp_irq_api, bp_irq_, "backplane.irq/1");

/* Drives an output. Nothing happens where the level is already that; the inputs wired to it are
 * called before this returns. Several outputs on one input are ORed. [bus] */
static inline void bp_pin_set(struct bp_pin *pin, bool level) { bp_irq_->set(pin, level); }
static inline void bp_pin_pulse(struct bp_pin *pin)
{
    bp_irq_->set(pin, true);
    bp_irq_->set(pin, false);
}
static inline bool bp_pin_level(const struct bp_pin *pin) { return bp_irq_->level(pin); }

#ifdef __cplusplus
}
#endif
#endif
