/* SPDX-License-Identifier: MIT */
/* graph.c: from a board's rows to the parts of a machine. */
#include "core/graph.h"

#include "core/fdt.h"
#include "core/loader.h"
#include "core/machine.h"
#include "core/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PARTS_MAX 4096
#define DEFAULT_RAM (128 * BP_MIB)
#define RAM_UNIT UINT64_C(4096)

/* ---- rows ------------------------------------------------------------------------------------ */

void graph_set(GArray *sets, const char *name, const char *value)
{
    struct bp_set set = { g_strdup(name), g_strdup(value) };
    g_array_append_val(sets, set);
}

static void set_clear(void *p)
{
    struct bp_set *s = p;
    g_free((char *)(uintptr_t)s->name);
    g_free((char *)(uintptr_t)s->value);
}

static GArray *sets_new(void)
{
    GArray *sets = g_array_new(false, false, sizeof(struct bp_set));
    g_array_set_clear_func(sets, set_clear);
    return sets;
}

static void graph_part_free(void *p)
{
    struct graph_part *gp = p;
    g_free(gp->name);
    g_free(gp->base_name);
    g_free(gp->device);
    g_free(gp->fdt_parent);
    g_array_unref(gp->bases);
    g_array_unref(gp->sets);
    g_free(gp);
}

struct graph_part *graph_part_find(const struct graph *g, const char *name)
{
    for (unsigned i = 0; i < g->parts->len; i++) {
        struct graph_part *gp = g->parts->pdata[i];
        if (!strcmp(gp->name, name))
            return gp;
    }
    return NULL;
}

/* Puts the index for each "%i". */
static char *with_index(const char *text, uint32_t index)
{
    GString *s = g_string_new(NULL);
    for (const char *p = text; *p; p++) {
        if (p[0] == '%' && p[1] == 'i') {
            g_string_append_printf(s, "%u", index);
            p++;
        } else {
            g_string_append_c(s, *p);
        }
    }
    return g_string_free(s, false);
}

static bool is_name(const char *name)
{
    if (!name || !*name)
        return false;
    for (const char *p = name; *p; p++)
        if (!g_ascii_isalnum(*p) && !strchr("-_+", *p) && !(*p == '.' && p > name))
            return false;
    return true;
}

static int check_row(const struct graph *g, const struct bp_part *row, bool from_user)
{
    const char *board = g->board->head.id;
    if (!is_name(row->name))
        return core_error(EINVAL, "machine %s: '%s' is no name for a part", board,
                          row->name ? row->name : "");
    if (row->kind < BP_PART_DEVICE || row->kind > BP_PART_STUB)
        return core_error(EINVAL, "machine %s: part %s is of the unknown kind %u", board, row->name,
                          row->kind);
    if (row->kind == BP_PART_DEVICE && (!row->device || !*row->device))
        return core_error(EINVAL, "machine %s: part %s names no device", board, row->name);
    if (row->count > PARTS_MAX || g->parts->len + row->count > PARTS_MAX)
        return core_error(EINVAL, "machine %s: more than %d parts", board, PARTS_MAX);
    for (unsigned i = 0; i < g->parts->len; i++) {
        const struct graph_part *gp = g->parts->pdata[i];
        if (!strcmp(gp->base_name, row->name))
            return from_user ? core_error(EEXIST, "-device: the id '%s' is in use", row->name)
                             : core_error(EEXIST, "machine %s: two parts are named '%s'", board,
                                          row->name);
    }
    return 0;
}

static struct graph_part *part_from_row(const struct bp_part *row, uint32_t i)
{
    struct graph_part *gp = g_new0(struct graph_part, 1);
    gp->base_name = g_strdup(row->name);
    gp->array = row->count != 0;
    gp->name = gp->array ? g_strdup_printf("%s[%u]", row->name, i) : g_strdup(row->name);
    gp->index = i;
    gp->kind = row->kind;
    gp->flags = row->flags;
    gp->device = g_strdup(row->device ? row->device : "");
    gp->size = row->size;
    gp->fdt_parent = g_strdup(row->fdt_parent);
    gp->bases = g_array_new(false, false, sizeof(uint64_t));
    uint64_t base = row->base + row->stride * i;
    g_array_append_val(gp->bases, base);
    for (uint32_t b = 0; b < row->bases.count; b++) {
        memcpy(&base, (const uint8_t *)row->bases.row + (size_t)b * row->bases.row_size,
               sizeof base);
        base += row->stride * i;
        g_array_append_val(gp->bases, base);
    }
    gp->sets = sets_new();
    for (uint32_t s = 0; s < row->settings.count; s++) {
        struct bp_set set;
        memcpy(&set, (const uint8_t *)row->settings.row + (size_t)s * row->settings.row_size,
               sizeof set);
        char *value = with_index(set.value, i);
        graph_set(gp->sets, set.name, value);
        g_free(value);
    }
    return gp;
}

int graph_add_row(struct graph *g, const struct bp_part *row, bool from_user)
{
    int r = check_row(g, row, from_user);
    if (r < 0)
        return r;
    uint32_t cluster = row->kind == BP_PART_CPU ? g->clusters++ : 0;
    for (uint32_t i = 0; i < MAX(row->count, 1); i++) {
        struct graph_part *gp = part_from_row(row, i);
        gp->from_user = from_user;
        gp->cluster = cluster;
        if (gp->flags & BP_PART_MAIN_RAM)
            gp->size = g->ram_size;
        g_ptr_array_add(g->parts, gp);
    }
    return 0;
}

int graph_add_wire(struct graph *g, const char *from, const char *to)
{
    struct graph_wire_text w = { g_strdup(from), g_strdup(to) };
    g_array_append_val(g->wire_texts, w);
    return 0;
}

static int read_board(struct graph *g)
{
    const struct bp_board *b = g->board;
    int r = 0;
    for (uint32_t i = 0; i < b->parts.count && !r; i++)
        r = graph_add_row(g, &((const struct bp_part *)b->parts.row)[i], false);
    for (uint32_t i = 0; i < b->wires.count && !r; i++) {
        const struct bp_wire *w = &((const struct bp_wire *)b->wires.row)[i];
        r = graph_add_wire(g, w->from, w->to);
    }
    g->phase = GRAPH_BUILD;
    if (!r && b->build)
        r = b->build(g->part->state);
    g->phase = GRAPH_MADE;
    return r;
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* What the carrier of a device knows is the carrier's, by the device's name, too. */
static bool global_is_for(const struct graph_part *gp, const char *type, const char *name)
{
    if (!strcmp(gp->part->type, type))
        return !gp->carrier || !graph_takes(&gp->carrier->part->device, name);
    return gp->carried && !strcmp(gp->carried->device, type) && graph_takes(&gp->part->device, name);
}

/* -global DEVICE.PROP=VALUE for one part: defaults, so before any other setting. */
static int apply_globals(struct graph *g, struct graph_part *gp)
{
    struct part *part = gp->part;
    const GPtrArray *globals = g->options->globals;
    for (unsigned i = 0; i < globals->len; i++) {
        const char *text = globals->pdata[i];
        const char *value = strchr(text, '=');
        size_t n = (size_t)(strchr(text, '.') ? strchr(text, '.') - text : 0);
        if (!n || !value || value < text + n)
            continue;
        char *name = g_strndup(text + n + 1, (gsize)(value - text - n - 1));
        char *type = g_strndup(text, n);
        int r = global_is_for(gp, type, name) ? part_set(part, name, value + 1) : 0;
        g_free(name);
        g_free(type);
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_globals(const struct graph *g)
{
    const GPtrArray *globals = g->options->globals;
    for (unsigned i = 0; i < globals->len; i++) {
        const char *text = globals->pdata[i], *dot = strchr(text, '.'), *value = strchr(text, '=');
        if (!dot || !value || dot > value)
            return core_error(EINVAL, "-global %s: write DEVICE.PROPERTY=VALUE", text);
        bool used = false;
        for (unsigned j = 0; j < g->parts->len && !used; j++) {
            const struct part *p = ((struct graph_part *)g->parts->pdata[j])->part;
            size_t n = p ? strlen(p->type) : 0;
            used = p && !strncmp(text, p->type, n) && text[n] == '.';
        }
        if (!used)
            core_error(0, "note: -global %s: the machine has no such device", text);
    }
    return 0;
}

/* Words of -machine that are not the board's: see connect.c and main.c. */
static bool machine_key(const char *name)
{
    return g_str_has_prefix(name, "pflash") && g_ascii_isdigit(name[6]) && !name[7];
}

static int apply_sets(struct part *part, const GArray *sets)
{
    for (unsigned i = 0; i < sets->len; i++) {
        const struct bp_set *s = &g_array_index(sets, struct bp_set, i);
        if (part->kind == PART_BOARD && machine_key(s->name))
            continue;
        int r = part_set(part, s->name, s->value);
        if (r < 0)
            return r;
    }
    return 0;
}

static int apply_ports(struct graph *g, struct graph_part *gp)
{
    for (unsigned i = 0; i < g->ports->len; i++) {
        const struct graph_port *p = &g_array_index(g->ports, struct graph_port, i);
        if (strcmp(p->part, gp->name))
            continue;
        int r = part_set(gp->part, p->port, p->id);
        if (r < 0)
            return r;
    }
    return 0;
}

static int make_cpu(struct graph *g, struct graph_part *gp)
{
    const struct bp_target *target = graph_cpu_target(g, gp->device);
    if (!target)
        return -ENOENT;
    gp->part = part_create_cpu(g->machine, target, gp->name, gp->cluster);
    if (!gp->part)
        return -EINVAL;
    int r = apply_globals(g, gp);
    if (!r && target == g->target && g->model)
        r = part_set_rows(gp->part, &g->model->settings);
    if (!r)
        r = apply_sets(gp->part, gp->sets);
    if (!r && target == g->target)
        r = apply_sets(gp->part, g->cpu_sets);
    return r;
}

/* A part for the device that `gp` is put on, with the settings that it knows. */
static struct graph_part *carrier_for(struct graph_part *gp, const struct bp_device *carrier)
{
    struct graph_part *c = g_new0(struct graph_part, 1);
    c->name = g_strdup_printf("%s.%s", gp->name, carrier->head.id);
    c->base_name = g_strdup(c->name);
    c->kind = BP_PART_DEVICE;
    c->flags = gp->flags;
    c->device = g_strdup(carrier->head.id);
    c->bases = g_array_new(false, false, sizeof(uint64_t));
    const uint64_t none = GRAPH_NO_BASE;
    g_array_append_val(c->bases, none);
    c->sets = sets_new();
    c->from_user = gp->from_user;
    c->carried = gp;
    for (unsigned i = 0; i < gp->sets->len;) {
        const struct bp_set *set = &g_array_index(gp->sets, struct bp_set, i);
        if (graph_takes(carrier, set->name)) {
            graph_set(c->sets, set->name, set->value);
            g_array_remove_index(gp->sets, i);
        } else {
            i++;
        }
    }
    return c;
}

/* Devices that are put on others get those in front of them. */
static int add_carriers(struct graph *g)
{
    for (unsigned i = 0; i < g->parts->len; i++) {
        struct graph_part *gp = g->parts->pdata[i];
        bool failed;
        const struct bp_device *d = gp->kind != BP_PART_DEVICE ? NULL
            : (const void *)entity_try(BP_KIND_DEVICE, gp->device, &failed);
        if (!d || !d->carrier)
            continue;
        const struct bp_device *carrier = (const void *)entity_get(BP_KIND_DEVICE, d->carrier);
        if (!carrier)
            return -ENOENT;
        gp->carrier = carrier_for(gp, carrier);
        g_ptr_array_insert(g->parts, (gint)i++, gp->carrier);
    }
    return 0;
}

/* Links the device to its carrier, which nobody else gets. */
static int put_on_carrier(const struct graph_part *gp)
{
    struct part *part = gp->part, *carrier = gp->carrier->part;
    for (uint32_t n = 0; n < part->device.needs.count; n++) {
        const struct bp_need *need = PART_ROW(bp_need, part->device.needs, n);
        if (!part_find_offer(carrier, need->id, NULL))
            continue;
        carrier->reserved_for = part;
        return part_set(part, need->name, carrier->name);
    }
    return core_error(EINVAL, "%s (%s): its carrier %s offers nothing that it needs", gp->name,
                      gp->device, carrier->type);
}

static int make_device(struct graph *g, struct graph_part *gp)
{
    bool failed;
    const struct bp_device *d = (const void *)entity_try(BP_KIND_DEVICE, gp->device, &failed);
    if (!d && !failed) {
        char *folders = loader_folders_text();
        core_error(ENOENT, "machine %s: part %s needs device '%s', which no plugin provides "
                           "(searched: "
                   "%s)", g->board->head.id, gp->name, gp->device, folders);
        g_free(folders);
    }
    if (!d)
        return -ENOENT;
    gp->part = part_create(g->machine, d, gp->name);
    if (!gp->part)
        return -EINVAL;
    gp->part->middle = g;
    gp->part->carrier = gp->carrier ? gp->carrier->part : NULL;
    int r = apply_globals(g, gp);
    if (!r)
        r = apply_sets(gp->part, gp->sets);
    if (!r)
        r = apply_ports(g, gp);
    if (!r && gp->carrier)
        r = put_on_carrier(gp);
    return r;
}

static int make_memory(struct graph *g, struct graph_part *gp)
{
    uint64_t base = g_array_index(gp->bases, uint64_t, 0);
    if (!gp->size)
        return core_error(EINVAL, "machine %s: part %s has size 0", g->board->head.id, gp->name);
    if (gp->kind == BP_PART_STUB)
        return memory_add_stub(g->machine, gp->name, base, gp->size);
    struct ram_block *ram;
    return memory_add_ram(g->machine, gp->name, base, gp->size, gp->kind == BP_PART_ROM, &ram);
}

static int make_parts(struct graph *g)
{
    int carriers = add_carriers(g);
    if (carriers < 0)
        return carriers;
    for (unsigned i = 0; i < g->parts->len; i++) {
        struct graph_part *gp = g->parts->pdata[i];
        int r = gp->kind == BP_PART_CPU ? make_cpu(g, gp)
              : gp->kind == BP_PART_DEVICE ? make_device(g, gp) : make_memory(g, gp);
        if (!r && gp->part)
            r = part_prepare(gp->part);
        if (r < 0)
            return r;
    }
    return check_globals(g);
}

static int map_windows(struct graph *g)
{
    for (unsigned i = 0; i < g->parts->len; i++) {
        struct graph_part *gp = g->parts->pdata[i];
        if (gp->kind != BP_PART_DEVICE)
            continue;
        uint32_t windows = part_window_count(gp->part);
        for (uint32_t w = 0; w < windows; w++) {
            bool given = w < gp->bases->len &&
                         g_array_index(gp->bases, uint64_t, w) != GRAPH_NO_BASE;
            const struct bp_window *row = PART_ROW(bp_window, gp->part->device.windows, w);
            if (row->flags & BP_WINDOW_PLACED)
                continue;
            if (!given && (row->flags & BP_WINDOW_OPTIONAL))
                continue;
            if (!given)
                return core_error(EINVAL, "machine %s: part %s has no base for window %s",
                                  g->board->head.id, gp->name, row->name);
            if (!part_window_size(gp->part, w))
                continue;
            int r = part_map(gp->part, w, g_array_index(gp->bases, uint64_t, w));
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int choose_ram(struct graph *g)
{
    uint64_t size = g->options->ram_size ? g->options->ram_size
                  : g->board->default_ram ? g->board->default_ram : DEFAULT_RAM;
    if (size > UINT64_MAX - RAM_UNIT)
        return core_error(EINVAL, "-m: 0x%" PRIx64 " bytes are too many", size);
    g->ram_size = (size + RAM_UNIT - 1) & ~(RAM_UNIT - 1);
    return 0;
}

/* Options of the board that come from the environment: an empty value turns on. */
static int apply_environment(struct graph *g)
{
    const struct bp_rows *rows = &g->board->options;
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct bp_board_option *o = &((const struct bp_board_option *)rows->row)[i];
        const char *value = o->env ? g_getenv(o->env) : NULL;
        if (!value)
            continue;
        int r = part_set(g->part, o->prop, o->arg || *value ? value : "on");
        if (r < 0)
            return core_error(-r, "(that is what %s in the environment asks for)", o->env);
    }
    return 0;
}

static int make_board(struct graph *g)
{
    const struct bp_board *b = g->board;
    g->part = part_create_plain(g->machine, PART_BOARD, b->head.id, b->head.id, b->state_size,
                                &b->props, b);
    if (!g->part)
        return -EINVAL;
    g->part->middle = g;
    int r = apply_environment(g);
    if (!r)
        r = apply_sets(g->part, g->options->machine->sets);
    if (!r)
        r = apply_sets(g->part, g->options->board_sets);
    if (!r && log_on(LOG_STRACE))
        r = part_set(g->part, "strace", "on");
    return r;
}

static void put_images_back(void *arg)
{
    struct graph *g = arg;
    images_apply(g->images);
}

static uint64_t memory_room_cb(void *arg, uint64_t gpa, uint64_t n)
{
    struct machine *m = arg;
    return memory_room(m->system, gpa, n);
}

static int memory_write_cb(void *arg, uint64_t gpa, const void *bytes, uint64_t n)
{
    struct machine *m = arg;
    return memory_poke(m->system, gpa, bytes, n);
}

static struct graph *graph_new(struct machine *m, const struct bp_board *board,
                               const struct options *o)
{
    struct graph *g = g_new0(struct graph, 1);
    g->machine = m;
    g->options = o;
    g->board = board;
    g->parts = g_ptr_array_new_with_free_func(graph_part_free);
    g->wire_texts = g_array_new(false, false, sizeof(struct graph_wire_text));
    g->wires = g_array_new(false, false, sizeof(struct graph_wire));
    g->ports = g_array_new(false, false, sizeof(struct graph_port));
    g->cpu_sets = sets_new();
    g->starts = g_array_new(false, false, sizeof(struct graph_start));
    g->nic_devices = g_ptr_array_new_with_free_func((GDestroyNotify)option_list_free);
    g->drive_devices = g_ptr_array_new_with_free_func((GDestroyNotify)option_list_free);
    g->strings = g_ptr_array_new_with_free_func(g_free);
    g->images = images_new(&(struct images_memory){ m, memory_room_cb, memory_write_cb });
    return g;
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    for (unsigned i = 0; i < g->wire_texts->len; i++) {
        struct graph_wire_text *w = &g_array_index(g->wire_texts, struct graph_wire_text, i);
        g_free(w->from);
        g_free(w->to);
    }
    for (unsigned i = 0; i < g->ports->len; i++) {
        struct graph_port *p = &g_array_index(g->ports, struct graph_port, i);
        g_free(p->part);
        g_free(p->port);
        g_free(p->id);
    }
    g_array_unref(g->wire_texts);
    g_array_unref(g->wires);
    g_array_unref(g->ports);
    g_array_unref(g->cpu_sets);
    g_array_unref(g->starts);
    g_ptr_array_unref(g->nic_devices);
    g_ptr_array_unref(g->drive_devices);
    g_ptr_array_unref(g->parts);
    g_ptr_array_unref(g->strings);
    images_free(g->images);
    fdt_tree_free(g->fdt);
    if (g->fdt_blob)
        g_bytes_unref(g->fdt_blob);
    g_free(g);
}

int graph_create(struct machine *m, const struct bp_board *board, const struct options *o,
                 struct graph **ret)
{
    struct graph *g = graph_new(m, board, o);
    *ret = g; /* the machine's board part refers to it: freed behind the machine */
    memory_begin(m);
    int r = choose_ram(g);
    if (!r)
        r = make_board(g);
    if (!r)
        r = graph_choose_cpu(g);
    if (!r)
        r = graph_make_backends(g);
    if (!r)
        r = read_board(g);
    if (!r)
        r = graph_add_devices(g);
    if (!r)
        r = make_parts(g);
    if (!r)
        r = machine_realize(m);
    if (!r)
        r = graph_connect_wires(g);
    if (!r)
        r = map_windows(g);
    memory_commit(m);
    if (!r)
        r = graph_finish(g);
    if (!r)
        machine_add_reset_hook(m, put_images_back, g);
    if (!r)
        r = graph_make_controls(g);
    return r;
}
