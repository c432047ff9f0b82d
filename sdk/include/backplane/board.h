/* SPDX-License-Identifier: MIT */
/*
 * board.h: a board is a graph of parts and wires, written once. The machine is made from it, and the
 * device tree handed to the guest is generated from it.
 *
 * Rows state what is always there; `build` adds what depends on options (vCPU count, RAM size, board
 * properties); both end in the same graph. `finish` runs when all parts are realized and wired: it
 * loads firmware and kernels and says where vCPUs start. The board's own state (`state_size`) holds
 * its properties (-M name,prop=value), and its address names the board in every call here.
 *
 * Names: "part.pin", "part.pin[3]", "part.pin[0-31]". A wire joins equally many ends on both sides.
 * Parts made with a count are arrays: "cpu[0]", and "cpu[*].mei" means that pin of each.
 */
#ifndef BACKPLANE_BOARD_H
#define BACKPLANE_BOARD_H

#include <backplane/device.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bp_target; /* target.h */

enum bp_part_kind {
    BP_PART_DEVICE = 1,
    BP_PART_CPU = 2,  /* one vCPU a count; `device` names the target or "" for the user's choice */
    BP_PART_RAM = 3,
    BP_PART_ROM = 4,
    BP_PART_STUB = 5, /* answers reads with 0 and logs `unimp` */
};

enum bp_part_flags {
    BP_PART_NO_FDT = 1,   /* leave it out of the device tree */
    BP_PART_MAIN_RAM = 2, /* the RAM that -m sizes and that images are loaded into */
};

/* One part. Setting values may contain "%i" in a part with a count: the index. */
struct bp_part {
    const char *name;
    uint32_t kind;                /* enum bp_part_kind */
    uint32_t flags;               /* enum bp_part_flags */
    const char *device;           /* device, or target for a CPU */
    uint64_t base;                /* gpa of the first window, where there is one */
    uint64_t size;                /* RAM, ROM, STUB: bytes */
    uint32_t count;               /* 0: one, not an array */
    uint32_t reserved;
    uint64_t stride;              /* bytes between the bases of an array's parts */
    struct bp_rows settings;      /* struct bp_set */
    struct bp_rows bases;         /* uint64_t: bases of the second, third ... window */
    const char *fdt_parent;       /* node path to live under; NULL: /soc, memory and cpus in their own places */
};
#define BP_SETTINGS(...)                                                                           \
    { (const struct bp_set[]){ __VA_ARGS__ },                                                      \
      sizeof((const struct bp_set[]){ __VA_ARGS__ }) / sizeof(struct bp_set),                      \
      sizeof(struct bp_set) }
#define BP_SET(...) .settings = BP_SETTINGS(__VA_ARGS__)
#define BP_CPU(name_, target_, ...)                                                                \
    { .name = name_, .kind = BP_PART_CPU, .device = target_, __VA_ARGS__ }
#define BP_RAM(name_, base_, size_, ...)                                                           \
    { .name = name_, .kind = BP_PART_RAM, .base = base_, .size = size_, __VA_ARGS__ }
/* The RAM that -m sizes. */
#define BP_MAIN_RAM(name_, base_, ...)                                                             \
    { .name = name_, .kind = BP_PART_RAM, .flags = BP_PART_MAIN_RAM, .base = base_, __VA_ARGS__ }
#define BP_ROM(name_, base_, size_, ...)                                                           \
    { .name = name_, .kind = BP_PART_ROM, .base = base_, .size = size_, __VA_ARGS__ }
#define BP_DEV(name_, device_, base_, ...)                                                         \
    { .name = name_, .kind = BP_PART_DEVICE, .device = device_, .base = base_, __VA_ARGS__ }
#define BP_STUB(name_, base_, size_, ...)                                                          \
    { .name = name_, .kind = BP_PART_STUB, .base = base_, .size = size_, __VA_ARGS__ }

/*
 * An option of the command line that only a board that runs programs has, beside the general ones. The
 * board must be known when it comes: the program is called backplane-NAME (an alias of the board), or -M BOARD
 * stands before it. It sets a property of the board, to the argument or to "on".
 */
struct bp_board_option {
    const char *name;  /* without the dash: "L" */
    const char *arg;   /* "PATH" for --help; NULL: takes none */
    const char *prop;  /* property of the board that it sets */
    const char *env;   /* environment variable that does the same, or NULL; the option wins */
    const char *doc;   /* one line */
};

/* A wire, output first. */
struct bp_wire {
    const char *from, *to;
};

struct bp_board {
    struct bp_head head;
    const char *doc;             /* what -M help shows: "RISC-V VirtIO board" */
    uint32_t state_size;
    uint32_t flags;
    const char *default_cpu;     /* "target" or "target,model"; used where the user gives no -cpu */
    uint32_t min_cpus, max_cpus; /* 0: 1 */
    uint64_t default_ram;        /* bytes; 0: 128 MiB where there is main RAM */
    struct bp_rows props;        /* struct bp_prop on the board's state */
    struct bp_rows parts;        /* struct bp_part */
    struct bp_rows wires;        /* struct bp_wire */
    const char *fdt_compatible;  /* root node; separated by spaces; NULL: no device tree */
    const char *fdt_model;
    uint64_t reset_pc;           /* where vCPUs start; 0: the target's own */
    uint64_t load_at;            /* gpa where -bios/-kernel images without an address go when there is no
                                    `finish`; a -kernel ELF file goes where its headers say */
    int (*build)(void *board);   /* [main] add parts and wires */
    int (*finish)(void *board);  /* [main] load, place, start */
    void (*fdt)(void *board, struct bp_fdt_node *root); /* [main] further nodes and properties */
    const char *default_chardevs; /* ports that get -serial backends in turn: "uart0.chardev uart1.chardev" */
    const char *default_drives;   /* ports that get -drive if=none-less drives by kind: "pflash:flash0.drive
                                     pflash:flash1.drive"; a kind "virtio" may name a device to create:
                                     "virtio:+virtio-blk-device" */
    const char *default_nic;      /* device that -nic/-net without -device creates */
    /* A board that runs a program instead of a machine (user.h; BP_PROGRAM_BOARD). The first word of the
     * command line that is no option, and all behind it, are the program's: bp_board_arguments().
     * `run` takes the place of vCPU threads and main loop, after reset; its result is the exit status. [main] */
    struct bp_rows options;       /* struct bp_board_option */
    int (*run)(void *board);
    /* The target (bp_target id) that the program needs, asked for before the graph is built. 0, or -errno after bp_fail():
     * then the exit status is 127 for -ENOENT, 126 for others, as a shell's. [main] */
    int (*choose_target)(void *board, const char **ret);
};

/* ALIASES: other names, as "virt@riscv64;virt@riscv32" ("virt" when preselected by that program suffix). */
#define BP_BOARD_ALIASED(sym, iid, doc_, aliases_, ...)                                            \
    BP_ENTITY(BP_CAT(sym, _board), iid, BP_KIND_BOARD, "board",                                    \
              "doc=" doc_ "\naliases=" aliases_ "\n", bp_board, .doc = doc_, __VA_ARGS__)
#define BP_BOARD(sym, iid, doc_, ...) BP_BOARD_ALIASED(sym, iid, doc_, "", __VA_ARGS__)
/* A board with `run`: the manifest says so, because it changes how the command line is read. */
#define BP_PROGRAM_BOARD(sym, iid, doc_, aliases_, ...)                                            \
    BP_ENTITY(BP_CAT(sym, _board), iid, BP_KIND_BOARD, "board",                                    \
              "doc=" doc_ "\naliases=" aliases_ "\nruns=program\n", bp_board, .doc = doc_,         \
              __VA_ARGS__)

/* An image that was loaded. */
struct bp_image {
    uint64_t base, size; /* gpa of the lowest byte; bytes from there to the end, bss included */
    uint64_t entry;      /* gpa */
    uint32_t kind;       /* enum bp_image_kind */
    uint32_t machine;    /* ELF: e_machine; else 0 */
};
enum bp_image_kind { BP_IMAGE_RAW = 1, BP_IMAGE_ELF = 2, BP_IMAGE_LINUX = 3 };

struct bp_board_api {
    uint32_t size, reserved;
    int (*add_part)(void *board, const struct bp_part *part);
    int (*add_wire)(void *board, const char *from, const char *to);
    uint32_t (*cpus)(void *board);
    uint64_t (*ram_size)(void *board);
    const char *(*option)(void *board, const char *name);
    int (*load_image)(void *board, const char *path, uint64_t at, uint64_t align,
                      struct bp_image *ret);
    int (*load_file)(void *board, const char *path, uint64_t gpa, uint64_t max, uint64_t *ret_size);
    int (*write)(void *board, uint64_t gpa, const void *buf, size_t n);
    int (*place_fdt)(void *board, uint64_t gpa, uint64_t max);
    int (*start)(void *board, uint32_t cpu, uint64_t pc);
    const char *(*find_firmware)(void *board, const char *name);
    const void *(*find_offer)(void *board, const char *part, const char *id, void **ret_dev);
    const void *(*fdt_blob)(void *board, uint64_t *ret_size);
    uint32_t (*cpu_bits)(void *board);
    bool (*drive_given)(void *board, const char *part_port);
    void (*set_initrd)(void *board, uint64_t gpa, uint64_t n);
    char **(*arguments)(void *board, int *ret_count);
    char **(*command)(void *board, int *ret_count);
    const char *(*target_for_elf)(void *board, unsigned machine, unsigned bits, bool big_endian);
    const struct bp_target *(*target)(void *board);
    void *(*cpu)(void *board, uint32_t i);
    void (*log_line)(void *board, const char *text);
    int (*add_setting)(void *board, const char *part, const char *name, const char *value);
    bool (*chardev_given)(void *board, const char *part_port);
    bool (*loaded)(void *board);
};
BP_IMPORT(bp_board_api, bp_board_, "backplane.board/1");

/* Copies the row (and what it points at) into the graph; in `build` only. [main] */
static inline int bp_add_part(void *board, const struct bp_part *part)
{
    return bp_board_->add_part(board, part);
}
static inline int bp_add_wire(void *board, const char *from, const char *to)
{
    return bp_board_->add_wire(board, from, to);
}

/* A further setting of a part of the graph, for what rows cannot say: of one element of an array ("cpu[3]"); in `build`
 * only. [main] */
static inline int bp_add_setting(void *board, const char *part, const char *name,
                                 const char *value)
{
    return bp_board_->add_setting(board, part, name, value);
}

/* -smp, and -m in bytes. [main] */
static inline uint32_t bp_board_cpus(void *board) { return bp_board_->cpus(board); }
static inline uint64_t bp_board_ram_size(void *board) { return bp_board_->ram_size(board); }

/* Address width of the vCPUs' general registers: 32 or 64; after build. [main] */
static inline uint32_t bp_board_cpu_bits(void *board) { return bp_board_->cpu_bits(board); }

/* A command-line option of the machine as given: "bios", "kernel", "initrd", "append", "dtb"; NULL where the
 * user gave none. Core-owned. [main] */
static inline const char *bp_board_option(void *board, const char *name)
{
    return bp_board_->option(board, name);
}

/* Whether the user connected a drive to that port ("flash0.drive"). [main] */
static inline bool bp_board_drive_given(void *board, const char *part_port)
{
    return bp_board_->drive_given(board, part_port);
}

/* The same of a chardev ("uart1.chardev"). */
static inline bool bp_board_chardev_given(void *board, const char *part_port)
{
    return bp_board_->chardev_given(board, part_port);
}

/* Whether it is right that the board has nothing to run: a device that the user added (-device loader) has put an
 * image into memory or said where a vCPU starts, or the machine is only described (dumpdtb=). [main], in finish,
 * before it loads anything */
static inline bool bp_board_loaded(void *board) { return bp_board_->loaded(board); }

/* Loads an ELF file where it says, a Linux Image at the lowest address from `at` on that equals its text
 * offset modulo `align` (a power of two: 2 MiB for most kernels), anything else raw at `at`;
 * gzip-compressed files of each kind too. Refused, with bp_fail() done: unreadable,
 * truncated, larger than the memory there, for another machine than the vCPUs. Contents are put back
 * at every machine reset. [main], in finish */
static inline int bp_load_image(void *board, const char *path, uint64_t at, uint64_t align,
                                struct bp_image *ret)
{
    return bp_board_->load_image(board, path, at, align, ret);
}

/* Loads a file as it is, at most `max` bytes. */
static inline int bp_load_file(void *board, const char *path, uint64_t gpa, uint64_t max,
                               uint64_t *ret_size)
{
    return bp_board_->load_file(board, path, gpa, max, ret_size);
}

/* Writes bytes into RAM or ROM, put back at every reset. */
static inline int bp_board_write(void *board, uint64_t gpa, const void *buf, size_t n)
{
    return bp_board_->write(board, gpa, buf, n);
}

/* The words of the command line from the program's name on, NULL-terminated; core-owned. [main] */
static inline char **bp_board_arguments(void *board, int *ret_count)
{
    return bp_board_->arguments(board, ret_count);
}
/* The words before those: this program's own name and options; not NULL-terminated; core-owned. [main] */
static inline char **bp_board_command(void *board, int *ret_count)
{
    return bp_board_->command(board, ret_count);
}
/* Id of the installed target that runs ELF files of this kind (e_machine, 32 or 64) and has a Linux
 * ABI; found without loading plugins that do not; NULL where there is none. [main] */
static inline const char *bp_target_for_elf(void *board, unsigned machine, unsigned bits,
                                            bool big_endian)
{
    return bp_board_->target_for_elf(board, machine, bits, big_endian);
}
/* The vCPUs' target, and the state of vCPU i as it was made from the graph. After build. [main] */
static inline const struct bp_target *bp_board_target(void *board)
{
    return bp_board_->target(board);
}
static inline void *bp_board_cpu(void *board, uint32_t i) { return bp_board_->cpu(board, i); }
/* One uninterrupted line, its newline added, into -D's file, else standard error; written at once. [any] */
static inline void bp_board_log_line(void *board, const char *text)
{
    bp_board_->log_line(board, text);
}

/* Tells the device tree's /chosen where the initial RAM disk lies. [main] */
static inline void bp_set_initrd(void *board, uint64_t gpa, uint64_t n)
{
    bp_board_->set_initrd(board, gpa, n);
}

/* Generates the device tree (or takes -dtb FILE), adds /chosen (bootargs, initrd, rng-seed, stdout-path) and
 * writes it at gpa. bp_fdt_blob() gives the same bytes. */
static inline int bp_place_fdt(void *board, uint64_t gpa, uint64_t max)
{
    return bp_board_->place_fdt(board, gpa, max);
}
static inline const void *bp_fdt_blob(void *board, uint64_t *ret_size)
{
    return bp_board_->fdt_blob(board, ret_size);
}

/* vCPU number `cpu` (UINT32_MAX: all) runs from pc after reset. Without it, from the board's reset_pc. */
static inline int bp_board_start(void *board, uint32_t cpu, uint64_t pc)
{
    return bp_board_->start(board, cpu, pc);
}

/* Path of a firmware file by its usual relative name ("opensbi/generic/fw_dynamic.bin"), searched where
 * distributions put firmware; NULL where there is none. Core-owned. */
static inline const char *bp_find_firmware(void *board, const char *name)
{
    return bp_board_->find_firmware(board, name);
}

/* The interface that a part offers, and in *ret_dev the part to call it with; NULL where it does not. */
static inline const void *bp_find_offer(void *board, const char *part, const char *id,
                                        void **ret_dev)
{
    return bp_board_->find_offer(board, part, id, ret_dev);
}

/* ---- device tree nodes ---------------------------------------------------------------------- */

struct bp_fdt_api {
    uint32_t size, reserved;
    struct bp_fdt_node *(*node)(struct bp_fdt_node *parent, const char *path);
    void (*prop)(struct bp_fdt_node *node, const char *name, const void *value, size_t n);
    uint32_t (*phandle)(struct bp_fdt_node *node);
    struct bp_fdt_node *(*part)(struct bp_fdt_node *any, const char *name);
    unsigned (*interrupt)(struct bp_fdt_node *any, const char *pin,
                          struct bp_fdt_node **ret_controller, uint32_t *ret_cells);
    uint32_t (*cell)(const struct bp_fdt_node *node, const char *name);
};
BP_IMPORT(bp_fdt_api, bp_fdt_, "backplane.fdt/1");

/* The node at a path relative to `parent` (or absolute, with a leading '/'), made where it is not there.
 * Nodes live until the tree is written. [main] */
static inline struct bp_fdt_node *bp_fdt_get_node(struct bp_fdt_node *parent, const char *path)
{
    return bp_fdt_->node(parent, path);
}
/* The node of a part of the board; NULL where it has none. */
static inline struct bp_fdt_node *bp_fdt_part(struct bp_fdt_node *any, const char *part)
{
    return bp_fdt_->part(any, part);
}
/* The node's phandle, assigned at the first call. */
static inline uint32_t bp_fdt_phandle(struct bp_fdt_node *node) { return bp_fdt_->phandle(node); }

/* What stands for the interrupt that an output ("timer.irq", "cpu[0].timer", "pci.intx[2]") is wired
 * to, for nodes and properties that no single part has: the number of cells, in host order, and whose they are.
 * 0: it is wired to no interrupt controller that has a node. Not before all parts have theirs: from `fdt`
 * hooks. [main] */
#define BP_FDT_INTERRUPT_CELLS 8
static inline unsigned bp_fdt_interrupt(struct bp_fdt_node *any, const char *pin,
                                        struct bp_fdt_node **ret_controller,
                                        uint32_t ret_cells[BP_FDT_INTERRUPT_CELLS])
{
    return bp_fdt_->interrupt(any, pin, ret_controller, ret_cells);
}
/* Value of a property with one cell, such as "#address-cells", host order; 0 where the node has no such property yet. [main] */
static inline uint32_t bp_fdt_get_u32(const struct bp_fdt_node *node, const char *name)
{
    return bp_fdt_->cell(node, name);
}

/* Sets a property; values are copied. Cells are given in host order. */
static inline void bp_fdt_bytes(struct bp_fdt_node *node, const char *name, const void *value,
                                size_t n)
{
    bp_fdt_->prop(node, name, value, n);
}
static inline void bp_fdt_empty(struct bp_fdt_node *node, const char *name)
{
    bp_fdt_->prop(node, name, NULL, 0);
}
static inline void bp_fdt_string(struct bp_fdt_node *node, const char *name, const char *text)
{
    size_t n = 0;
    while (text[n])
        n++;
    bp_fdt_->prop(node, name, text, n + 1);
}
static inline void bp_fdt_cells(struct bp_fdt_node *node, const char *name, const uint32_t *cells,
                                unsigned count)
{
    uint8_t be[64 * 4];
    if (count > 64)
        count = 64;
    for (unsigned i = 0; i < count; i++) {
        be[4 * i] = (uint8_t)(cells[i] >> 24);
        be[4 * i + 1] = (uint8_t)(cells[i] >> 16);
        be[4 * i + 2] = (uint8_t)(cells[i] >> 8);
        be[4 * i + 3] = (uint8_t)cells[i];
    }
    bp_fdt_->prop(node, name, be, 4 * (size_t)count);
}
static inline void bp_fdt_u32(struct bp_fdt_node *node, const char *name, uint32_t value)
{
    bp_fdt_cells(node, name, &value, 1);
}
static inline void bp_fdt_u64(struct bp_fdt_node *node, const char *name, uint64_t value)
{
    const uint32_t cells[2] = { (uint32_t)(value >> 32), (uint32_t)value };
    bp_fdt_cells(node, name, cells, 2);
}

#ifdef __cplusplus
}
#endif
#endif
