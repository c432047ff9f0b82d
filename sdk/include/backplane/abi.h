/* SPDX-License-Identifier: MIT */
/*
 * abi.h: what every plugin and the core agree on.
 *
 * A plugin is a shared object that exports one data symbol, `bp_plugin`, and links against nothing
 * of Backplane. It hands over *entities* (descriptors of devices, boards, targets, ...), and it
 * receives *imports*: structs of function pointers, asked for by a versioned id. Including a header
 * that declares an interface records the import; the loader fills the pointer before any plugin
 * code runs and refuses the file with one line where an interface is missing or too small.
 *
 * How things grow without breaking a binary:
 *  - every struct that crosses the boundary starts with its size and grows at the end; the reader
 *    takes the smaller size and treats the rest as zero, and zero means "as before";
 *  - tables are {row, count, row_size}, so rows grow too;
 *  - ids end in a revision ("backplane.irq/1"); an incompatible change is a new revision, offered
 *    beside the old one for the life of the ABI number;
 *  - enumerators are explicit and never reused;
 *  - struct bp_head, bp_import, bp_rows, bp_plugin's first four members and the note layout are
 *    frozen.
 *
 * Thread tags. Each callback in these headers carries one:
 *    [main]      the control thread, machine stopped
 *    [bus]       holding the part's lock, machine running; any thread
 *    [vcpu]      a vCPU thread, called from translated code
 *    [translate] a translating thread: no guest state may be looked at
 *    [worker]    a worker thread, no lock held, may block
 *    [any]       any thread, no lock assumed
 *
 * Errors. Unless it says otherwise, an int function returns 0 or a negative errno value, and whoever
 * returns the error has said why through bp_fail() in device.h.
 *
 * Freestanding C11; also compiles as C++17 or later. In C++ a row is given by designated members in
 * the order of their declaration (BP_REG() for registers), a state is a plain struct (the core
 * zeroes it and calls no constructor), and no exception may leave a callback.
 */
#ifndef BACKPLANE_ABI_H
#define BACKPLANE_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised only when binaries built for the number before can no longer be served. */
#define BP_ABI 1

/* The SDK level of these headers: 100 is 1.00. */
#define BP_SDK_LEVEL 100

/* The level a plugin asks for. Define it before the first include to be loadable by older cores;
 * what is newer than the level is then hidden. A core refuses a level above its own. */
#ifndef BP_TARGET_LEVEL
#define BP_TARGET_LEVEL BP_SDK_LEVEL
#endif

#define BP_STR_(x) #x
#define BP_STR(x) BP_STR_(x)
#define BP_CAT_(a, b) a##b
#define BP_CAT(a, b) BP_CAT_(a, b)

/* What an entity is; the type of its descriptor follows from it. */
enum bp_kind {
    BP_KIND_DEVICE = 1,     /* struct bp_device, device.h */
    BP_KIND_BOARD = 2,      /* struct bp_board, board.h */
    BP_KIND_INSTRUMENT = 3, /* struct bp_instrument, instrument.h */
    BP_KIND_TARGET = 4,     /* struct bp_target, target.h */
    BP_KIND_BACKEND = 5,    /* struct bp_backend, backend.h */
    BP_KIND_CHARDEV = 6,    /* struct bp_chardev_driver, chardev.h */
    BP_KIND_BLOCK = 7,      /* struct bp_block_driver, block.h */
    BP_KIND_NET = 8,        /* struct bp_net_driver, net.h */
    BP_KIND_SERVICE = 9,    /* struct bp_service: an interface that other plugins import */
    BP_KIND_ACCEL = 10,     /* struct bp_accel: runs vCPUs; in-tree only, not part of the promise */
    BP_KIND_CONTROL = 11,   /* struct bp_control, debug.h */
};

/* First member of every descriptor. `id` is the name people type ("ns16550a"); static storage. */
struct bp_head {
    uint32_t size; /* of the whole descriptor, in bytes */
    uint32_t kind; /* enum bp_kind */
    const char *id;
};

/* One imported interface. The loader stores the interface's address in *slot. */
struct bp_import {
    const char *id;
    uint32_t size;     /* bytes of the interface that this plugin knows */
    uint32_t optional; /* nonzero: *slot stays NULL where nobody offers it */
    const void **slot;
};

/* The exported symbol. */
struct bp_plugin {
    uint32_t size, abi, level, reserved;
    const struct bp_head *const *entities, *const *entities_end;
    const struct bp_import *const *imports, *const *imports_end;
    const char *name, *version, *licence;
};

/* A table whose rows may grow: step by row_size. The memory is the plugin's, static. */
struct bp_rows {
    const void *row;
    uint32_t count, row_size;
};
#define BP_ROWS(a) { (a), sizeof(a) / sizeof *(a), sizeof *(a) }

/* A property setting as written in a board or on a command line. */
struct bp_set {
    const char *name, *value;
};

/* One ELF note: owner "Backplane", type 0x42500001, key-file text. Read without loading the file. */
#define BP_NOTE_TYPE 0x42500001u
#define BP_NOTE(sym, text)                                                                         \
    __attribute__((used, aligned(4), section(".note.backplane"))) static const struct {            \
        uint32_t namesz, descsz, type;                                                             \
        char name[12];                                                                             \
        char desc[(sizeof(text) + 3) & ~(size_t)3];                                                \
    } sym = { 10, (sizeof(text) + 3) & ~(size_t)3, BP_NOTE_TYPE, "Backplane", text }

/* An interface used by this file. TYPE is the struct, VAR the static pointer that receives it. */
#define BP_IMPORT_(type, var, iid, opt, section_name)                                              \
    static const struct type *var;                                                                 \
    static const struct bp_import BP_CAT(var, _import) = { iid, sizeof(struct type), opt,          \
                                                           (const void **)&var };                  \
    __attribute__((used, retain, section("bp_imports"))) static const struct bp_import             \
        *const BP_CAT(var, _importp) = &BP_CAT(var, _import);                                      \
    BP_NOTE(BP_CAT(var, _note), section_name iid "]\n")
#ifndef BP_HOST_SIDE
#define BP_IMPORT(type, var, iid) BP_IMPORT_(type, var, iid, 0, "[uses ")
#define BP_IMPORT_OPTIONAL(type, var, iid) BP_IMPORT_(type, var, iid, 1, "[may-use ")
#else /* the core and accelerators: they offer the interfaces and must not ask for them */
#define BP_IMPORT(type, var, iid) static const struct type *var __attribute__((unused))
#define BP_IMPORT_OPTIONAL(type, var, iid) BP_IMPORT(type, var, iid)
#endif

/* One thing this plugin provides. KINDNAME and IID are what the manifest lists; NOTE is further
 * key-file text of the entity's section (KEY=VALUE lines: "doc=...", "aliases=a;b"). */
#define BP_ENTITY(sym, iid, kind_, kindname, note, type, ...)                                      \
    static const struct type sym = { .head = { sizeof(struct type), kind_, iid }, __VA_ARGS__ };   \
    __attribute__((used, retain, section("bp_entities"))) static const struct bp_head              \
        *const BP_CAT(sym, _entity) = &sym.head;                                                   \
    BP_NOTE(BP_CAT(sym, _note), "[" kindname " " iid "]\n" note);                                  \
    struct bp_head /* swallows the semicolon */

/* Once in every plugin, after its entities. */
#define BP_PLUGIN(name_, version_, licence_)                                                       \
    extern const struct bp_head *const __start_bp_entities[]                                       \
        __attribute__((weak, visibility("hidden")));                                               \
    extern const struct bp_head *const __stop_bp_entities[]                                        \
        __attribute__((weak, visibility("hidden")));                                               \
    extern const struct bp_import *const __start_bp_imports[]                                      \
        __attribute__((weak, visibility("hidden")));                                               \
    extern const struct bp_import *const __stop_bp_imports[]                                       \
        __attribute__((weak, visibility("hidden")));                                               \
    BP_NOTE(bp_plugin_note, "[plugin]\nname=" name_ "\nversion=" version_ "\nlicence=" licence_    \
                            "\nabi=" BP_STR(BP_ABI) "\nlevel=" BP_STR(BP_TARGET_LEVEL) "\n");      \
    extern __attribute__((visibility("default"))) const struct bp_plugin bp_plugin;                \
    const struct bp_plugin bp_plugin = {                                                           \
        sizeof(struct bp_plugin), BP_ABI, BP_TARGET_LEVEL, 0,                                      \
        __start_bp_entities, __stop_bp_entities, __start_bp_imports, __stop_bp_imports,            \
        name_, version_, licence_                                                                  \
    }

/* An interface that this plugin offers to others, such as a bus. `api` points to a struct that
 * starts with its own size as uint32_t; the importers' BP_IMPORT type describes it. */
struct bp_service {
    struct bp_head head;
    const char *doc;
    const void *api;
    uint32_t api_size; /* bytes */
    uint32_t reserved;
};
#define BP_SERVICE(sym, iid, doc_, api_)                                                           \
    BP_ENTITY(BP_CAT(sym, _service), iid, BP_KIND_SERVICE, "service", "doc=" doc_ "\n",            \
              bp_service, .doc = doc_, .api = &(api_), .api_size = sizeof(api_))

#ifdef __cplusplus
}
#endif
#endif
