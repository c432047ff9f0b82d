/* SPDX-License-Identifier: MIT */
/* manifest.h: what a plugin file says about itself, read from its ELF notes without loading it. */
#ifndef BACKPLANE_CORE_MANIFEST_H
#define BACKPLANE_CORE_MANIFEST_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One section that names an entity: [device ns16550a]. */
struct manifest_entity {
    uint32_t kind;      /* enum bp_kind */
    char *id;
    char *doc;          /* or NULL */
    char *category;     /* or NULL */
    char **aliases;     /* NULL-terminated, maybe empty */
    char *elf;          /* target: "243,64,le": the programs that it runs; or NULL */
    bool runs_program;  /* board */
};

struct manifest {
    char *name, *version, *licence;
    uint32_t abi, level;
    GPtrArray *entities; /* struct manifest_entity */
    GPtrArray *uses;     /* char *: interface ids */
    GPtrArray *may_use;
};

/* Reads the file's manifest. 0, or -errno with one line (without the file's name) in *ret_why,
 * to be freed. -ENOMSG: a fine shared object, but no plugin. */
int manifest_read(const char *file, struct manifest **ret, char **ret_why);
/* The same from bytes, for tests. */
int manifest_parse(const uint8_t *bytes, size_t n, struct manifest **ret, char **ret_why);
/* The same from its notes alone. */
int manifest_from_notes(const uint8_t *notes, size_t n, struct manifest **ret, char **ret_why);
bool manifest_provides(const struct manifest *m, uint32_t kind, const char *id);
void manifest_free(struct manifest *m);

/* "device" for BP_KIND_DEVICE; NULL for unknown kinds, and the other way round (0). */
const char *kind_name(uint32_t kind);
uint32_t kind_from_name(const char *name, size_t n);

#endif
