/* SPDX-License-Identifier: MIT */
/* loader.c: the folders searched, the files found, and loading them with their imports and
 * entities. */
#include "core/loader.h"

#include "core/builtin.h"
#include "core/normal.h"

#include <backplane/backend.h>

#include <errno.h>
#include <gmodule.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


/* Of the process, as dlopen()'s own registry is: a plugin's import slots exist once. Main thread
 * only. */
static struct loader {
    GPtrArray *folders;     /* char * */
    GPtrArray *files;       /* struct plugin_file */
    GPtrArray *refusals;    /* char * */
    GPtrArray *infos;       /* struct entity_info: what entity_find() handed out */
    GHashTable *services;   /* id -> api */
    GHashTable *entities;   /* "kind id" -> struct loaded_entity */
    const char *preselect;
    bool force, scanned;
} loader;

struct loaded_entity {
    const struct bp_head *head;
    const struct plugin_file *file;
};

/* ---- folders --------------------------------------------------------------------------------- */

static void add_folders(const char *paths)
{
    char **words = g_strsplit(paths, ":", -1);
    for (char **w = words; *w; w++)
        if (**w)
            g_ptr_array_add(loader.folders, g_strdup(*w));
    g_strfreev(words);
}

/* The plugins beside an uninstalled program, or where the program was installed, DESTDIR
 * included. */
static void add_own_folder(void)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = '\0';
    char *dir = g_path_get_dirname(exe);
    char *made = g_build_filename(dir, "plugins", ".libs", NULL);
    char *status = g_build_filename(dir, "config.status", NULL);
    if (n > 0 && g_file_test(status, G_FILE_TEST_EXISTS) && g_file_test(made, G_FILE_TEST_IS_DIR))
        g_ptr_array_add(loader.folders, g_strdup(made));
    else if (n > 0 && g_str_has_suffix(dir, BACKPLANE_BIN_DIR))
        g_ptr_array_add(loader.folders,
                        g_strdup_printf("%.*s%s", (int)(strlen(dir) - strlen(BACKPLANE_BIN_DIR)),
                                        dir, BACKPLANE_PLUGIN_DIR));
    else
        g_ptr_array_add(loader.folders, g_strdup(BACKPLANE_PLUGIN_DIR));
    g_free(status);
    g_free(made);
    g_free(dir);
}

void loader_init(const char *preselect, const char *const *paths, bool force)
{
    loader.folders = g_ptr_array_new_with_free_func(g_free);
    loader.files = g_ptr_array_new();
    loader.refusals = g_ptr_array_new_with_free_func(g_free);
    loader.infos = g_ptr_array_new_with_free_func(g_free);
    loader.services = g_hash_table_new(g_str_hash, g_str_equal);
    loader.entities = g_hash_table_new(g_str_hash, g_str_equal);
    loader.preselect = preselect;
    loader.force = force;
    for (; paths && *paths; paths++)
        add_folders(*paths);
    const char *env = g_getenv("BACKPLANE_PLUGIN_PATH");
    if (env)
        add_folders(env);
    add_own_folder();
}

const char *loader_preselect(void)
{
    return loader.preselect;
}

/* Others than their owner can write it, or put another file in its place. NULL: it is safe. */
static const char *writable_by_anybody(const char *path, bool by_path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return NULL;
    if (st.st_mode & S_IWOTH)
        return "everybody may write it";
    bool own = st.st_uid == 0 || st.st_uid == geteuid();
    char *dir = g_path_get_dirname(path);
    const char *why = NULL;
    /* in a sticky folder nobody else can replace a file of ours, but anybody can add one to be
     * found */
    if (!stat(dir, &st) && (st.st_mode & S_IWOTH) && !(by_path && own && (st.st_mode & S_ISVTX)))
        why = "everybody may write to its folder";
    g_free(dir);
    return why;
}

static int consider(const char *path, bool by_path, struct plugin_file **ret, char **ret_why)
{
    const char *unsafe = loader.force ? NULL : writable_by_anybody(path, by_path);
    if (unsafe) {
        *ret_why = g_strdup_printf("%s; -force-plugins takes it nevertheless", unsafe);
        return -EPERM;
    }
    struct manifest *m;
    int r = manifest_read(path, &m, ret_why);
    if (r < 0)
        return r;
    struct plugin_file *f = g_new0(struct plugin_file, 1);
    f->path = g_strdup(path);
    f->manifest = m;
    f->by_path = by_path;
    *ret = f;
    return 0;
}

/* An entity that both files provide, or NULL. */
static const struct manifest_entity *shared_entity(const struct plugin_file *f,
                                                   const struct plugin_file *other)
{
    for (unsigned i = 0; i < f->manifest->entities->len; i++) {
        const struct manifest_entity *e = f->manifest->entities->pdata[i];
        if (manifest_provides(other->manifest, e->kind, e->id))
            return e;
    }
    return NULL;
}

/* Among files of one folder, or among those given by path, nothing says which one is meant. `first` is the
 * number of the first of them. */
static int check_clash(const struct plugin_file *f, unsigned first)
{
    for (unsigned i = first; i < loader.files->len; i++) {
        const struct plugin_file *other = loader.files->pdata[i];
        const struct manifest_entity *e = other->by_path == f->by_path && !other->refused
                                          ? shared_entity(f, other) : NULL;
        if (e)
            return core_error(EEXIST, "refused: %s: it provides %s '%s', and so does %s: leave one out, or "
                              "give the one that is meant with -load-plugin", f->path, kind_name(e->kind),
                              e->id, other->path);
    }
    return 0;
}

static void file_free(struct plugin_file *f)
{
    manifest_free(f->manifest);
    g_free(f->path);
    g_free(f);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void scan_folder(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    if (!dir)
        return;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while ((name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".so"))
            g_ptr_array_add(names, g_strdup(name));
    g_dir_close(dir);
    g_ptr_array_sort(names, compare_names);
    unsigned first = loader.files->len;
    for (unsigned i = 0; i < names->len; i++) {
        char *path = g_build_filename(folder, names->pdata[i], NULL);
        struct plugin_file *f;
        char *why = NULL;
        int r = consider(path, false, &f, &why);
        if (!r && check_clash(f, first) < 0)
            file_free(f);
        else if (!r)
            g_ptr_array_add(loader.files, f);
        else if (r != -ENOMSG) /* other shared objects may lie there: not our business */
            g_ptr_array_add(loader.refusals, g_strdup_printf("%s: %s", path, why));
        g_free(why);
        g_free(path);
    }
    g_ptr_array_unref(names);
}

static void add_builtin(const struct builtin_plugin *b)
{
    struct plugin_file *f = g_new0(struct plugin_file, 1);
    char *why = NULL;
    f->path = g_strdup_printf("%s (built in)", b->name);
    f->builtin = b;
    if (manifest_from_notes(b->notes, (size_t)(b->notes_end - b->notes), &f->manifest, &why) < 0) {
        g_ptr_array_add(loader.refusals, g_strdup_printf("%s: %s", f->path, why));
        g_free(why);
        g_free(f->path);
        g_free(f);
        return;
    }
    g_ptr_array_add(loader.files, f);
}

const GPtrArray *loader_files(void)
{
    if (!loader.scanned) {
        loader.scanned = true;
        for (const struct builtin_plugin *b = bp_builtin_plugins; b && b->name; b++)
            add_builtin(b);
        for (unsigned i = 0; i < loader.folders->len && !bp_builtin_plugins; i++)
            scan_folder(loader.folders->pdata[i]);
    }
    return loader.files;
}

const GPtrArray *loader_refusals(void)
{
    loader_files();
    return loader.refusals;
}

char *loader_folders_text(void)
{
    g_ptr_array_add(loader.folders, NULL);
    char *text = g_strjoinv(", ", (char **)loader.folders->pdata);
    g_ptr_array_set_size(loader.folders, (int)loader.folders->len - 1);
    return text;
}

/* ---- finding entities by name ---------------------------------------------------------------- */

static const struct entity_info *info_new(struct plugin_file *f, const struct manifest_entity *e)
{
    struct entity_info *info = g_new0(struct entity_info, 1);
    info->file = f;
    info->manifest = e;
    g_ptr_array_add(loader.infos, info);
    return info;
}

/* "virt" matches the alias "virt@x" and "virt@x:cpu"; so do "virt@x" itself. */
static bool alias_matches(const char *alias, const char *word, const char *suffix)
{
    size_t n = strcspn(alias, ":");
    size_t name = strcspn(alias, "@:");
    size_t word_n = strlen(word);
    if (word_n == n && !memcmp(alias, word, n))
        return true;
    if (word_n != name || memcmp(alias, word, name))
        return false;
    if (!suffix || alias[name] != '@')
        return true;
    return n - name - 1 == strlen(suffix) && !memcmp(alias + name + 1, suffix, n - name - 1);
}

/* The alias by which the entity answers to that word, or NULL. */
const char *entity_alias(const struct manifest_entity *e, const char *word)
{
    for (char **a = e->aliases; *a; a++)
        if (alias_matches(*a, word, loader.preselect))
            return *a;
    return NULL;
}

/* Calls add() for each entity of a kind that no earlier one of the same id hides. */
static void each_entity(uint32_t kind, void (*add)(struct plugin_file *f,
                        const struct manifest_entity *e, void *arg), void *arg)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    loader_files();
    for (int by_path = 1; by_path >= 0; by_path--)
        for (unsigned i = 0; i < loader.files->len; i++) {
            struct plugin_file *f = loader.files->pdata[i];
            for (unsigned j = 0; f->by_path == by_path && j < f->manifest->entities->len; j++) {
                const struct manifest_entity *e = f->manifest->entities->pdata[j];
                if (e->kind == kind && g_hash_table_add(seen, e->id))
                    add(f, e, arg);
            }
        }
    g_hash_table_unref(seen);
}

static int compare_info(const void *a, const void *b)
{
    const struct entity_info *x = *(void *const *)a, *y = *(void *const *)b;
    return strcmp(x->manifest->id, y->manifest->id);
}

static void add_info(struct plugin_file *f, const struct manifest_entity *e, void *arg)
{
    struct entity_info *info = g_new0(struct entity_info, 1);
    info->file = f;
    info->manifest = e;
    g_ptr_array_add(arg, info);
}

GPtrArray *entity_list(enum bp_kind kind)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    each_entity(kind, add_info, list);
    g_ptr_array_sort(list, compare_info);
    return list;
}

const struct entity_info *entity_find_all(enum bp_kind kind, const char *id, char **ret_several)
{
    GPtrArray *list = entity_list(kind);
    struct entity_info *found = NULL;
    GString *several = NULL;
    for (unsigned i = 0; i < list->len && !found; i++)
        if (!strcmp(((struct entity_info *)list->pdata[i])->manifest->id, id))
            found = list->pdata[i];
    for (unsigned i = 0; i < list->len && !(found && !strcmp(found->manifest->id, id)); i++) {
        struct entity_info *info = list->pdata[i];
        if (!entity_alias(info->manifest, id))
            continue;
        if (found) {
            if (!several)
                several = g_string_new(found->manifest->id);
            g_string_append_printf(several, ", %s", info->manifest->id);
        }
        found = info;
    }
    const struct entity_info *result = NULL;
    if (found && !several)
        result = info_new(found->file, found->manifest);
    *ret_several = several ? g_string_free(several, false) : NULL;
    g_ptr_array_unref(list);
    return result;
}

const struct entity_info *entity_find(enum bp_kind kind, const char *id)
{
    char *several;
    const struct entity_info *info = entity_find_all(kind, id, &several);
    g_free(several);
    return info;
}

char **entity_ids(enum bp_kind kind)
{
    GPtrArray *list = entity_list(kind);
    char **ids = g_new0(char *, list->len + 1);
    for (unsigned i = 0; i < list->len; i++)
        ids[i] = g_strdup(((struct entity_info *)list->pdata[i])->manifest->id);
    g_ptr_array_unref(list);
    return ids;
}

const char *entity_for_elf(const char *elf)
{
    GPtrArray *list = entity_list(BP_KIND_TARGET);
    const char *id = NULL;
    for (unsigned i = 0; i < list->len && !id; i++) {
        const struct manifest_entity *e = ((struct entity_info *)list->pdata[i])->manifest;
        if (e->elf && !strcmp(e->elf, elf))
            id = e->id; /* manifests live as long as the process */
    }
    g_ptr_array_unref(list);
    return id;
}

/* ---- interfaces ------------------------------------------------------------------------------ */

void service_add(const char *id, const void *api)
{
    g_hash_table_replace(loader.services, (void *)(uintptr_t)id, (void *)(uintptr_t)api);
}

static uint32_t api_size(const void *api)
{
    uint32_t size;
    memcpy(&size, api, sizeof size);
    return size;
}

static int load(struct plugin_file *f);

/* The interface, its plugin loaded if need be; NULL where nobody offers it. */
static const void *service_find(const char *id, const struct entity_info **ret_provider)
{
    const void *api = g_hash_table_lookup(loader.services, id);
    *ret_provider = NULL;
    if (api)
        return api;
    const struct entity_info *info = entity_find(BP_KIND_SERVICE, id);
    *ret_provider = info;
    if (!info || info->file->loading || load(info->file) < 0)
        return NULL;
    return g_hash_table_lookup(loader.services, id);
}

/* What to say about an interface that is not there: other revisions, or the file that failed. */
static char *missing_service(const char *id, const struct entity_info *provider)
{
    if (provider)
        return g_strdup_printf("which %s provides but %s", provider->file->path,
                               provider->file->loading ? "needs this file in turn" : "was refused");
    size_t stem = strcspn(id, "/");
    GHashTableIter it;
    void *key;
    g_hash_table_iter_init(&it, loader.services);
    while (g_hash_table_iter_next(&it, &key, NULL))
        if (!strncmp(key, id, stem) && ((const char *)key)[stem] == '/')
            return g_strdup_printf("this core has %s", (const char *)key);
    return g_strdup("which neither this core nor a plugin offers");
}

/* An accelerator's headers import the interfaces that it offers itself once it is created. */
static bool provides_accel(const struct plugin_file *f)
{
    for (unsigned i = 0; i < f->manifest->entities->len; i++)
        if (((struct manifest_entity *)f->manifest->entities->pdata[i])->kind == BP_KIND_ACCEL)
            return true;
    return false;
}

static int fill_import(struct plugin_file *f, const struct bp_import *import)
{
    const struct entity_info *provider;
    const void *api = service_find(import->id, &provider);
    if (api && api_size(api) >= import->size) {
        *import->slot = api;
        return 0;
    }
    if (import->optional || provides_accel(f))
        return 0;
    if (api)
        return core_error(ENOSYS, "refused: %s needs %s of %u bytes, this core has %u", f->path,
                          import->id, import->size, api_size(api));
    char *what = missing_service(import->id, provider);
    int r = core_error(ENOSYS, "refused: %s needs %s, %s", f->path, import->id, what);
    g_free(what);
    return r;
}

/* ---- loading --------------------------------------------------------------------------------- */

/* One table of pointers between two linker-made symbols; both NULL where the plugin has none. */
static uint32_t pointers(const void *first, const void *end)
{
    uintptr_t n = (uintptr_t)end - (uintptr_t)first;
    return first && end ? (uint32_t)(n / sizeof(void *)) : 0;
}

static int check_numbers(const char *path, uint32_t abi, uint32_t level)
{
    if (abi != BP_ABI)
        return core_error(ENOEXEC, "refused: %s is built for plugin ABI %u, this core has %u", path,
                          abi, BP_ABI);
    if (level > BP_SDK_LEVEL)
        return core_error(ENOEXEC, "refused: %s needs SDK level %u.%02u, this core has %u.%02u",
                          path, level / 100, level % 100, BP_SDK_LEVEL / 100, BP_SDK_LEVEL % 100);
    return 0;
}

/* On the descriptor as it is in the file: other revisions may have another layout behind it. */
static int check_revision(const char *path, const struct bp_head *head)
{
    uint32_t known = head->kind == BP_KIND_TARGET ? offsetof(struct bp_target, elf_machine)
                     : head->kind == BP_KIND_BACKEND ? offsetof(struct bp_backend, flags)
                                                     : 0;
    if (head->size < known)
        return core_error(ENOEXEC, "refused: %s has '%s', which says no revision of backplane.ir",
                          path, head->id);
    if (head->kind == BP_KIND_TARGET) {
        const struct bp_target *t = (const void *)head;
        if (t->ir_revision != BP_IR_REVISION)
            return core_error(ENOEXEC, "refused: %s has target '%s' for backplane.ir/%u, this core "
                              "has %u", path, head->id, t->ir_revision, BP_IR_REVISION);
    } else if (head->kind == BP_KIND_BACKEND) {
        const struct bp_backend *b = (const void *)head;
        if (b->ir_revision != BP_IR_REVISION || b->backend_revision != BP_BACKEND_REVISION)
            return core_error(ENOEXEC, "refused: %s has backend '%s' for backplane.backend/%u and "
                              "ir/%u, this core has %u and %u", path, head->id, b->backend_revision,
                              b->ir_revision, BP_BACKEND_REVISION, BP_IR_REVISION);
    }
    return 0;
}

static int add_service_entity(struct plugin_file *f, const struct bp_service *s)
{
    if (!s->api || s->api_size < sizeof(uint32_t) || api_size(s->api) > s->api_size)
        return core_error(ENOEXEC,
                          "refused: %s offers %s without a struct that starts with its size",
                          f->path, s->head.id);
    if (!g_hash_table_contains(loader.services, s->head.id))
        service_add(s->head.id, s->api);
    return 0;
}

static int add_entity(struct plugin_file *f, const struct bp_head *raw)
{
    if (!raw || raw->size < sizeof *raw || !raw->id)
        return core_error(ENOEXEC, "refused: %s has an entity without name or size", f->path);
    if (!kind_name(raw->kind))
        return core_error(ENOEXEC, "refused: %s has '%s' of kind %u, which this core does not know",
                          f->path, raw->id, raw->kind);
    int r = check_revision(f->path, raw);
    if (r)
        return r;
    const struct bp_head *head = normal_descriptor(raw);
    if (head->kind == BP_KIND_TARGET && !((const struct bp_target *)head)->cpu)
        return core_error(ENOEXEC, "refused: %s has target '%s', whose .cpu is no BP_VCPU()",
                          f->path, head->id);
    if (head->kind == BP_KIND_SERVICE)
        r = add_service_entity(f, (const void *)head);
    if (r)
        return r;
    char *key = g_strdup_printf("%u %s", head->kind, head->id);
    const struct loaded_entity *old = g_hash_table_lookup(loader.entities, key);
    if (old && (old->file->by_path || !f->by_path)) {
        g_free(key);
        return 0;
    }
    struct loaded_entity *e = g_new0(struct loaded_entity, 1);
    e->head = head;
    e->file = f;
    g_hash_table_replace(loader.entities, key, e);
    f->loaded_entities++;
    return 0;
}

/* A file that was refused half-way offers nothing. */
static gboolean is_of_file(gpointer key, gpointer value, gpointer file)
{
    return ((const struct loaded_entity *)value)->file == file;
}

static gboolean is_service_of(gpointer key, gpointer value, gpointer head)
{
    return ((const struct bp_service *)head)->api == value;
}

static void drop_entities(struct plugin_file *f)
{
    GHashTableIter it;
    void *value;
    g_hash_table_iter_init(&it, loader.entities);
    while (g_hash_table_iter_next(&it, NULL, &value)) {
        const struct loaded_entity *e = value;
        if (e->file == f && e->head->kind == BP_KIND_SERVICE)
            g_hash_table_foreach_remove(loader.services, is_service_of, (void *)(uintptr_t)e->head);
    }
    g_hash_table_foreach_remove(loader.entities, is_of_file, f);
}

static int take_plugin(struct plugin_file *f, const struct bp_plugin *found)
{
    if (found->size < offsetof(struct bp_plugin, name))
        return core_error(ENOEXEC, "refused: %s has a plugin struct of %u bytes", f->path,
                          found->size);
    int r = check_numbers(f->path, found->abi, found->level);
    uint32_t imports = pointers(found->imports, found->imports_end);
    uint32_t entities = pointers(found->entities, found->entities_end);
    /* Services first: a plugin may use what it offers itself. */
    for (uint32_t i = 0; i < entities && !r; i++)
        if (found->entities[i] && found->entities[i]->kind == BP_KIND_SERVICE)
            r = add_entity(f, found->entities[i]);
    for (uint32_t i = 0; i < imports && !r; i++)
        r = fill_import(f, found->imports[i]);
    for (uint32_t i = 0; i < entities && !r; i++)
        if (!found->entities[i] || found->entities[i]->kind != BP_KIND_SERVICE)
            r = add_entity(f, found->entities[i]);
    if (r)
        drop_entities(f);
    return r;
}

static int open_and_take(struct plugin_file *f)
{
    int r = check_numbers(f->path, f->manifest->abi, f->manifest->level);
    if (r < 0)
        return r;
    if (f->builtin)
        return take_plugin(f, f->builtin->plugin);
    GModule *module = g_module_open(f->path, G_MODULE_BIND_LOCAL);
    if (!module) {
        char *why = g_strdup(g_module_error());
        char *line = g_strdelimit(why, "\n", ' ');
        r = core_error(ENOEXEC, "refused: %s cannot be loaded: %s", f->path, line);
        g_free(why);
        return r;
    }
    g_module_make_resident(module); /* generated code may point into it */
    void *symbol;
    if (!g_module_symbol(module, "bp_plugin", &symbol) || !symbol)
        return core_error(ENOEXEC, "refused: %s exports no bp_plugin", f->path);
    return take_plugin(f, symbol);
}

static int load(struct plugin_file *f)
{
    if (f->loaded)
        return 0;
    if (f->refused)
        return -ENOEXEC;
    if (f->loading)
        return core_error(ELOOP, "refused: %s needs itself by way of others", f->path);
    f->loading = true;
    int r = open_and_take(f);
    f->loading = false;
    f->loaded = r == 0;
    f->refused = r < 0;
    return r;
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static struct plugin_file *given_already(const char *path)
{
    for (unsigned i = 0; i < loader.files->len; i++) {
        struct plugin_file *f = loader.files->pdata[i];
        if (f->by_path && same_file(f->path, path))
            return f;
    }
    return NULL;
}

/* A line for each entity that files in folders have, too. */
static void tell_hidden(const struct plugin_file *f)
{
    const GPtrArray *files = loader_files();
    for (unsigned i = 0; i < f->manifest->entities->len; i++) {
        const struct manifest_entity *e = f->manifest->entities->pdata[i];
        for (unsigned j = 0; j < files->len; j++) {
            const struct plugin_file *other = files->pdata[j];
            if (other->by_path || !manifest_provides(other->manifest, e->kind, e->id) ||
                same_file(f->path, other->path))
                continue;
            core_error(0, "%s '%s' is taken from %s, not from %s", kind_name(e->kind), e->id, f->path,
                       other->path);
            break;
        }
    }
}

int loader_add_file(const char *path, struct plugin_file **ret)
{
    struct plugin_file *f;
    char *why = NULL;
    if (bp_builtin_plugins)
        return core_error(ENOTSUP, "refused: %s: this program is static and loads no plugins; "
                          "the one without -static does", path);
    /* dlopen() takes a name without a slash for one of its own folders */
    char *full = strchr(path, '/') ? g_strdup(path) : g_strconcat("./", path, NULL);
    *ret = given_already(full);
    int r = *ret ? 0 : consider(full, true, &f, &why);
    if (r < 0)
        core_error(-r, "refused: %s: %s", path, why);
    g_free(full);
    g_free(why);
    if (*ret || r < 0)
        return r;
    r = check_clash(f, 0);
    if (r < 0) {
        file_free(f);
        return r;
    }
    g_ptr_array_insert(loader.files, 0, f);
    *ret = f;
    return 0;
}

int loader_load_file(const char *path, struct plugin_file **ret)
{
    struct plugin_file *f;
    int r = loader_add_file(path, &f);
    bool was = !r && f->loaded;
    if (!r)
        r = load(f);
    if (!r && !was)
        tell_hidden(f);
    if (!r && ret)
        *ret = f;
    return r;
}

/* ---- entities -------------------------------------------------------------------------------- */

static const struct bp_head *loaded(uint32_t kind, const char *id)
{
    char *key = g_strdup_printf("%u %s", kind, id);
    const struct loaded_entity *e = g_hash_table_lookup(loader.entities, key);
    g_free(key);
    return e ? e->head : NULL;
}

const struct bp_head *entity_try(enum bp_kind kind, const char *id, bool *ret_failed)
{
    *ret_failed = false;
    const struct entity_info *info = entity_find(kind, id);
    if (!info)
        return loaded(kind, id);
    if (load(info->file) < 0) {
        *ret_failed = true;
        return NULL;
    }
    const struct bp_head *head = loaded(kind, info->manifest->id);
    if (!head) {
        core_error(ENOEXEC, "%s says that it provides %s '%s', but does not", info->file->path,
                   kind_name(kind), id);
        *ret_failed = true;
    }
    return head;
}

static const struct {
    uint32_t kind;
    const char *word, *help;
} kind_words[] = {
    { BP_KIND_BOARD, "machine", "-M help" }, { BP_KIND_DEVICE, "device", "-device help" },
    { BP_KIND_CHARDEV, "chardev driver", "-chardev help" },
    { BP_KIND_NET, "netdev kind", "-netdev help" },
    { BP_KIND_BLOCK, "block format", "-drive help" },
    { BP_KIND_ACCEL, "accelerator", "-accel help" },
};

/* Ids and aliases. */
static char **names_of(enum bp_kind kind)
{
    GPtrArray *list = entity_list(kind), *names = g_ptr_array_new();
    for (unsigned i = 0; i < list->len; i++) {
        const struct manifest_entity *e = ((struct entity_info *)list->pdata[i])->manifest;
        g_ptr_array_add(names, g_strdup(e->id));
        for (char **a = e->aliases; *a; a++)
            g_ptr_array_add(names, g_strndup(*a, strcspn(*a, "@:")));
    }
    g_ptr_array_add(names, NULL);
    g_ptr_array_unref(list);
    return (char **)g_ptr_array_free(names, false);
}

const struct bp_head *entity_get(enum bp_kind kind, const char *id)
{
    bool failed;
    char *several = NULL;
    const struct bp_head *head = entity_try(kind, id, &failed);
    if (head || failed)
        return head;
    const char *word = kind_name(kind), *help = "-list-plugins";
    for (size_t i = 0; i < G_N_ELEMENTS(kind_words); i++)
        if (kind_words[i].kind == kind) {
            word = kind_words[i].word;
            help = kind_words[i].help;
        }
    entity_find_all(kind, id, &several);
    if (several) {
        core_error(ENOENT, "%s '%s' may be any of: %s; say which", word, id, several);
    } else {
        char hint[128], *folders = loader_folders_text(), **ids = names_of(kind);
        did_you_mean(id, ids, hint, sizeof hint);
        core_error(ENOENT, "no plugin provides %s '%s'%s; %s lists what there is (searched: %s)",
                   word,
                   id, hint, help, folders);
        g_strfreev(ids);
        g_free(folders);
    }
    g_free(several);
    return NULL;
}
