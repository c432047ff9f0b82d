/* SPDX-License-Identifier: MIT */
/*
 * loader.h: finds plugin files, reads their manifests, and loads them by name when something asks
 * for an entity.
 *
 * What a plugin is given lives in static slots of its own, so a process has one registry of
 * services and one of loaded files. A loaded file is never unmapped. Descriptors that entity_get()
 * returns are *normalised*: at least as long as this core's structs, and their tables have rows of
 * exactly this core's size, with zeros for what an older plugin does not know.
 *
 * An interface is offered by service_add(), or by a plugin with a BP_SERVICE entity, which is then
 * loaded when somebody imports it.
 */
#ifndef BACKPLANE_CORE_LOADER_H
#define BACKPLANE_CORE_LOADER_H

#include "core/face.h"
#include "core/manifest.h"

/* A file that was found. */
struct plugin_file {
    char *path;
    struct manifest *manifest;
    const struct builtin_plugin *builtin; /* linked into the program; NULL: a file */
    bool by_path;   /* -load-plugin: wins over files found in folders */
    bool loading, loaded;
    bool refused;   /* loading failed, and why was said */
    uint32_t loaded_entities;
};

/* One entity of a file. */
struct entity_info {
    struct plugin_file *file;
    const struct manifest_entity *manifest;
};

/* Sets up the folders to search: `paths` are -plugin-path values in order (each may hold
 * several, separated by ':'), `force` accepts files that anybody may write, `preselect` is the
 * ARCH of a program named backplane-ARCH, which chooses among aliases like "virt@ARCH", or NULL.
 * Called once, before anything else. */
void loader_init(const char *preselect, const char *const *paths, bool force);
const char *loader_preselect(void);
/* The folders, for messages; newly allocated. */
char *loader_folders_text(void);
/* -load-plugin: reads one file's manifest, for lists. What it provides hides what files found in folders
 * provide under the same id; two files given so must not provide the same. 0 or -errno after core_error(). */
int loader_add_file(const char *path, struct plugin_file **ret);
/* The same, loads it at once, and says what it hides. */
int loader_load_file(const char *path, struct plugin_file **ret);

/* All files found, sorted by path; reads manifests at the first call, loads nothing. Elements:
 * struct plugin_file. */
const GPtrArray *loader_files(void);
/* The files that were refused while scanning, one line each, for -list-plugins. */
const GPtrArray *loader_refusals(void);
/* The entities of a kind, sorted by id. Elements: struct entity_info; free with
 * g_ptr_array_unref. */
GPtrArray *entity_list(enum bp_kind kind);
/* By id or by unambiguous alias; loads nothing. NULL where there is none. */
const struct entity_info *entity_find(enum bp_kind kind, const char *id);
/* As entity_find(), with the candidates in *ret_several (owned, or NULL) where the name is
 * ambiguous. */
const struct entity_info *entity_find_all(enum bp_kind kind, const char *id, char **ret_several);
/* Id of the target that runs ELF files of this kind ("243,64,le"); loads nothing. NULL where there
 * is none. */
const char *entity_for_elf(const char *elf);
/* The alias by which an entity answers to the word, as the manifest has it ("virt@x:cpu"), or
 * NULL. */
const char *entity_alias(const struct manifest_entity *e, const char *word);
/* The descriptor where its file is loaded already or can be loaded; NULL without a word where
 * nobody provides it, NULL after core_error() where loading failed (*ret_failed). */
const struct bp_head *entity_try(enum bp_kind kind, const char *id, bool *ret_failed);

/* The nearest of `words` (NULL-terminated) to `word`, or NULL where none is near. words.c */
const char *nearest_word(const char *word, char *const *words);
/* " (did you mean 'x'?)" or "", into buf; returns buf. */
const char *did_you_mean(const char *word, char *const *words, char *buf, size_t size);

#endif
