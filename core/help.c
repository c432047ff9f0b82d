/* SPDX-License-Identifier: MIT */
/* help.c: lists for people and scripts; line formats are those that scripts know from QEMU. */
#include "core/help.h"

#include "core/loader.h"
#include "core/log.h"
#include "core/part.h"

#include <errno.h>
#include <string.h>

#include <backplane/backend.h>
#include <backplane/block.h>
#include <backplane/board.h>
#include <backplane/net.h>

/* ---- plugins --------------------------------------------------------------------------------- */

static int list_plugins(bool verbose)
{
    const GPtrArray *files = loader_files();
    if (!verbose)
        printf("%-24s %-9s %s\n", "plugin", "version", "provides");
    for (unsigned i = 0; i < files->len; i++) {
        const struct plugin_file *f = files->pdata[i];
        const struct manifest *m = f->manifest;
        GString *provides = g_string_new(NULL), *uses = g_string_new(NULL);
        for (unsigned j = 0; j < m->entities->len; j++) {
            const struct manifest_entity *e = m->entities->pdata[j];
            g_string_append_printf(provides, "%s%s %s", j ? ", " : "", kind_name(e->kind), e->id);
        }
        for (unsigned j = 0; j < m->uses->len; j++)
            g_string_append_printf(uses, "%s%s", j ? ", " : "", (char *)m->uses->pdata[j]);
        for (unsigned j = 0; j < m->may_use->len; j++)
            g_string_append_printf(uses, "%s%s (optional)", uses->len ? ", " : "",
                                   (char *)m->may_use->pdata[j]);
        if (verbose)
            printf("%s\n  file: %s\n  version: %s, licence: %s, ABI %u, SDK level %u.%02u\n"
                   "  provides: %s\n  uses: %s\n", m->name, f->path, m->version, m->licence, m->abi,
                   m->level / 100, m->level % 100, provides->str, uses->str);
        else
            printf("%-24s %-9s %s\n", m->name, m->version ? m->version : "-", provides->str);
        for (unsigned j = 0; verbose && j < m->entities->len; j++) {
            const struct manifest_entity *e = m->entities->pdata[j];
            const struct entity_info *won = entity_find(e->kind, e->id);
            if (won && won->file != f)
                printf("  hidden: %s %s is taken from %s\n", kind_name(e->kind), e->id, won->file->path);
            if (e->elf) /* machine,bits,order; scripts/binfmt reads it */
                printf("  programs: %s %s\n", e->id, e->elf);
        }
        g_string_free(provides, true);
        g_string_free(uses, true);
    }
    const GPtrArray *refused = loader_refusals();
    for (unsigned i = 0; i < refused->len; i++)
        core_error(0, "refused: %s", (const char *)refused->pdata[i]);
    return 0;
}

/* ---- lists by manifest ----------------------------------------------------------------------- */

static const char *doc_of(const struct manifest_entity *e)
{
    return e->doc ? e->doc : "";
}

static int list_machines(void)
{
    GPtrArray *boards = entity_list(BP_KIND_BOARD);
    printf("Supported machines are:\n");
    for (unsigned i = 0; i < boards->len; i++) {
        const struct manifest_entity *e = ((struct entity_info *)boards->pdata[i])->manifest;
        GHashTable *shown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (char **a = e->aliases; *a; a++) {
            char *name = g_strndup(*a, strcspn(*a, "@:"));
            if (entity_alias(e, name) && g_hash_table_add(shown, name))
                printf("%-20s %s (alias of %s)\n", name, doc_of(e), e->id);
            else if (!g_hash_table_contains(shown, name))
                g_free(name);
        }
        printf("%-20s %s\n", e->id, doc_of(e));
        g_hash_table_unref(shown);
    }
    g_ptr_array_unref(boards);
    return 0;
}

static int list_kind(enum bp_kind kind, const char *heading, const char *indent)
{
    GPtrArray *list = entity_list(kind);
    printf("%s\n", heading);
    for (unsigned i = 0; i < list->len; i++) {
        const struct manifest_entity *e = ((struct entity_info *)list->pdata[i])->manifest;
        printf("%s%s\n", indent, e->id);
    }
    g_ptr_array_unref(list);
    return 0;
}

/* ---- devices --------------------------------------------------------------------------------- */

static const struct {
    const char *category, *heading;
} categories[] = {
    { "bus", "Controller/Bridge/Hub devices" }, { "storage", "Storage devices" },
    { "network", "Network devices" }, { "input", "Input devices" },
    { "display", "Display devices" }, { "sound", "Sound devices" },
    { "char", "Character devices" }, { "intc", "Interrupt controllers" },
    { "timer", "Timer devices" }, { "misc", "Misc devices" },
};

static const char *known_category(const char *category)
{
    for (size_t i = 0; category && i < G_N_ELEMENTS(categories); i++)
        if (!strcmp(categories[i].category, category))
            return category;
    return "misc";
}

/* Manifests that say it are enough; else the descriptor does. NULL: not for people. */
static const char *category_of(const struct manifest_entity *e)
{
    if (e->category && !strcmp(e->category, "internal"))
        return NULL;
    if (e->category)
        return known_category(e->category);
    bool failed;
    const struct bp_device *d = (const void *)entity_try(BP_KIND_DEVICE, e->id, &failed);
    if (!d)
        return failed ? NULL : "misc";
    if (d->flags & BP_DEVICE_INTERNAL)
        return NULL;
    return known_category(d->category);
}

static int list_devices(void)
{
    GPtrArray *list = entity_list(BP_KIND_DEVICE);
    const char **category = g_new0(const char *, list->len + 1);
    for (unsigned i = 0; i < list->len; i++)
        category[i] = category_of(((struct entity_info *)list->pdata[i])->manifest);
    bool first_group = true;
    for (size_t c = 0; c < G_N_ELEMENTS(categories); c++) {
        bool first = true;
        for (unsigned i = 0; i < list->len; i++) {
            const struct manifest_entity *e = ((struct entity_info *)list->pdata[i])->manifest;
            if (!category[i] || strcmp(category[i], categories[c].category))
                continue;
            if (first)
                printf("%s%s:\n", first_group ? "" : "\n", categories[c].heading);
            first = first_group = false;
            printf("name \"%s\", desc \"%s\"\n", e->id, doc_of(e));
        }
    }
    g_free(category);
    g_ptr_array_unref(list);
    return 0;
}

/* ---- properties ------------------------------------------------------------------------------ */

static char *type_text(const struct bp_prop *p)
{
    switch (p->type) {
    case BP_PROP_UINT: return g_strdup_printf("uint%u", p->field_size * 8);
    case BP_PROP_BOOL: return g_strdup("bool");
    case BP_PROP_SIZE: return g_strdup("size");
    case BP_PROP_ENUM: return g_strdup(p->choices);
    default: return g_strdup("str");
    }
}

static void print_prop(const char *name, const char *type, const char *doc, const char *range,
                       const char *def)
{
    char *dashed = g_strdelimit(g_strdup(name), "_", '-');
    char *left = g_strdup_printf("  %s=<%s>", dashed, type);
    printf("%-24s - %s%s", left, doc ? doc : "", range);
    if (def)
        printf(" (default: %s)", def);
    putchar('\n');
    g_free(left);
    g_free(dashed);
}

static void print_props(const struct bp_rows *rows)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct bp_prop *p = &((const struct bp_prop *)rows->row)[i];
        if (p->flags & BP_PROP_HIDDEN)
            continue;
        char *type = type_text(p), *range = prop_range_text(p), *def = prop_default_text(p);
        print_prop(p->name, type, p->doc, range, def);
        g_free(type);
        g_free(range);
        g_free(def);
    }
}

/* What place.c takes: where windows go and what pins are wired to. */
static void print_places(const struct bp_device *d)
{
    uint32_t windows = d->windows.count ? d->windows.count : d->window != 0;
    for (uint32_t i = 0; i < windows; i++) {
        const struct bp_window *w = d->windows.count ? d->windows.row : NULL;
        const char *name = w ? w[i].name : "mmio";
        if (w && w[i].flags & BP_WINDOW_PLACED)
            continue;
        char *key = i ? g_strdup_printf("%s-addr", name) : g_strdup("addr");
        char *doc = g_strdup_printf("address of its window '%s'", name);
        print_prop(key, "uint64", doc, "", NULL);
        g_free(key);
        g_free(doc);
    }
    for (uint32_t i = 0; i < d->pins.count; i++) {
        const struct bp_pin_row *p = &((const struct bp_pin_row *)d->pins.row)[i];
        char *key = p->count ? g_strdup_printf("%s[0-%u]", p->name, p->count - 1)
                  : p->count_prop ? g_strdup_printf("%s[N]", p->name) : g_strdup(p->name);
        print_prop(key, "str", p->direction == BP_PIN_OUT
                   ? "input that this output drives, as plic.in[50]"
                   : "output that drives this input, as gpio.out[3]", "", NULL);
        g_free(key);
    }
}

static void print_device(const struct bp_device *d)
{
    print_props(&d->props);
    for (uint32_t i = 0; i < d->ports.count; i++) {
        const struct bp_port *p = &((const struct bp_port *)d->ports.row)[i];
        print_prop(p->name, "str", p->kind == BP_KIND_BLOCK ? "ID of a drive"
                   : p->kind == BP_KIND_NET ? "ID of a netdev" : "ID of a chardev", "", NULL);
    }
    for (uint32_t i = 0; i < d->needs.count && !d->carrier; i++) {
        const struct bp_need *n = &((const struct bp_need *)d->needs.row)[i];
        char *doc = g_strdup_printf("part that offers %s", n->id);
        print_prop(n->name, "str", doc, "", n->optional ? "none" : "the first free one");
        g_free(doc);
    }
}

static int device_props(const char *id)
{
    const struct bp_device *d = (const void *)entity_get(BP_KIND_DEVICE, id);
    const struct bp_device *c = d && d->carrier
                                ? (const void *)entity_get(BP_KIND_DEVICE, d->carrier) : NULL;
    if (!d || (d->carrier && !c))
        return -ENOENT;
    printf("%s options:\n", d->head.id);
    print_device(d);
    if (c)
        print_device(c);
    if (!(d->flags & BP_DEVICE_INTERNAL))
        print_places(d);
    return 0;
}

void help_instrument(const struct bp_instrument *d)
{
    printf("%s options:\n", d->head.id);
    print_props(&d->props);
}

static int machine_props(const char *id)
{
    const struct bp_board *b = (const void *)entity_get(BP_KIND_BOARD, id);
    if (!b)
        return -ENOENT;
    printf("%s options:\n", b->head.id);
    print_prop("accel", "str", "what runs the vCPUs", "", "tcg");
    print_prop("dumpdtb", "str", "file to write the device tree to", "", NULL);
    print_props(&b->props);
    return 0;
}

static int driver_props(enum bp_kind kind, const char *id)
{
    const struct bp_head *h = entity_get(kind, id);
    if (!h)
        return -ENOENT;
    printf("%s options:\n", h->id);
    print_prop("id", "str", "name by which others refer to it", "", NULL);
    print_props(kind == BP_KIND_NET ? &((const struct bp_net_driver *)(const void *)h)->props
                                    : &((const struct bp_chardev_driver *)(const void *)h)->props);
    return 0;
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

static bool same_file(const char *a, const char *b)
{
    const struct entity_info *x = entity_find(BP_KIND_TARGET, a);
    const struct entity_info *y = entity_find(BP_KIND_TARGET, b);
    return x && y && x->file == y->file;
}

/* The target whose models matter: the chosen machine's, else the one that the program is named
 * after, else NULL. */
static char *wanted_target(const struct options *o)
{
    if (o->machine && o->machine->head) {
        bool failed;
        const char *name = o->machine->head;
        const struct bp_board *b = (const void *)entity_try(BP_KIND_BOARD, name, &failed);
        if (b && b->default_cpu)
            return g_strndup(b->default_cpu, strcspn(b->default_cpu, ","));
    }
    return g_strdup(o->preselect);
}

/* Calls fn() for each model that the user could choose. */
static int each_model(const struct options *o, void (*fn)(const struct bp_target *t,
                      const struct bp_cpu_model *m, void *arg), void *arg)
{
    char *wanted = wanted_target(o), **ids = entity_ids(BP_KIND_TARGET);
    int r = 0;
    for (char **id = ids; *id && !r; id++) {
        if (wanted && strcmp(*id, wanted) && !same_file(*id, wanted))
            continue;
        const struct bp_target *t = (const void *)entity_get(BP_KIND_TARGET, *id);
        r = t ? 0 : -ENOENT;
        for (uint32_t i = 0; t && i < t->models.count; i++)
            fn(t, &((const struct bp_cpu_model *)t->models.row)[i], arg);
    }
    g_strfreev(ids);
    g_free(wanted);
    return r;
}

static void collect_model(const struct bp_target *t, const struct bp_cpu_model *m, void *arg)
{
    GPtrArray *names = arg;
    for (unsigned i = 0; i < names->len; i++)
        if (!strcmp(names->pdata[i], m->name))
            return;
    g_ptr_array_add(names, (void *)(uintptr_t)m->name);
}

static int list_cpus(const struct options *o)
{
    GPtrArray *names = g_ptr_array_new();
    int r = each_model(o, collect_model, names);
    printf("Available CPUs:\n");
    for (unsigned i = 0; i < names->len; i++)
        printf("  %s\n", (const char *)names->pdata[i]);
    g_ptr_array_unref(names);
    return r;
}

struct model_search {
    const char *name;
    const struct bp_target *target;
};

static void match_model(const struct bp_target *t, const struct bp_cpu_model *m, void *arg)
{
    struct model_search *s = arg;
    if (!s->target && !strcmp(m->name, s->name))
        s->target = t;
}

static int cpu_props(const struct options *o)
{
    struct model_search s = { o->help_word, NULL };
    int r = each_model(o, match_model, &s);
    if (r)
        return r;
    if (!s.target)
        return core_error(ENOENT, "-cpu: there is no CPU model '%s'; -cpu help lists them", s.name);
    printf("%s options:\n", s.name);
    print_props(&s.target->cpu->props);
    return 0;
}

/* ---- all ------------------------------------------------------------------------------------- */

bool help_is_passive(const struct options *o)
{
    switch (o->help) {
    case HELP_ALL: case HELP_VERSION: case HELP_PLUGINS: case HELP_PLUGINS_VERBOSE: case HELP_LOG:
        return true;
    default:
        return false;
    }
}

int help_print(const struct options *o)
{
    switch (o->help) {
    case HELP_ALL:
        options_print_help(stdout, o->program, o->board_options);
        return 0;
    case HELP_VERSION:
        printf("backplane emulator version %s (plugin ABI %u, SDK level %u.%02u)\n",
               PACKAGE_VERSION,
               BP_ABI, BP_SDK_LEVEL / 100, BP_SDK_LEVEL % 100);
        return 0;
    case HELP_LOG:
        log_help(stdout);
        return 0;
    case HELP_PLUGINS:
        return list_plugins(false);
    case HELP_PLUGINS_VERBOSE:
        return list_plugins(true);
    case HELP_MACHINE:
        return list_machines();
    case HELP_MACHINE_PROPS:
        return machine_props(o->help_word);
    case HELP_CPU:
        return list_cpus(o);
    case HELP_CPU_PROPS:
        return cpu_props(o);
    case HELP_DEVICE:
        return list_devices();
    case HELP_DEVICE_PROPS:
        return device_props(o->help_word);
    case HELP_CHARDEV:
        return list_kind(BP_KIND_CHARDEV, "Available chardev backend types:", "  ");
    case HELP_CHARDEV_PROPS:
        return driver_props(BP_KIND_CHARDEV, o->help_word);
    case HELP_NETDEV:
        return list_kind(BP_KIND_NET, "Available netdev backend types:", "");
    case HELP_NETDEV_PROPS:
        return driver_props(BP_KIND_NET, o->help_word);
    case HELP_DRIVE:
        return list_kind(BP_KIND_BLOCK, "Supported formats:", "  ");
    case HELP_ACCEL:
        return list_kind(BP_KIND_ACCEL, "Accelerators supported:", "");
    default:
        return 0;
    }
}
