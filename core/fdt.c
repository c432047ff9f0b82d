/* SPDX-License-Identifier: MIT */
/* fdt.c: nodes and properties in memory, filled from the graph and by parts and boards, then
 * written by libfdt. */
#include "core/fdt.h"

#include "core/graph.h"
#include "core/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#define FDT_MAX (UINT32_C(2) << 20) /* what boot protocols allow */

struct fdt_prop {
    char *name;
    uint8_t *value;
    size_t n;
};

struct bp_fdt_node {
    struct fdt_tree *tree;
    struct bp_fdt_node *parent;
    char *name;
    GArray *props;       /* struct fdt_prop, in the order they were first set */
    GPtrArray *children; /* struct bp_fdt_node */
    uint32_t phandle;    /* 0: none yet */
};

struct fdt_tree {
    struct graph *graph;
    struct bp_fdt_node *root;
    GHashTable *parts;   /* struct graph_part -> struct bp_fdt_node */
    uint32_t phandles;
};

/* ---- nodes ----------------------------------------------------------------------------------- */

static struct bp_fdt_node *node_new(struct fdt_tree *t, struct bp_fdt_node *parent,
                                    const char *name)
{
    struct bp_fdt_node *node = g_new0(struct bp_fdt_node, 1);
    node->tree = t;
    node->parent = parent;
    node->name = g_strdup(name);
    node->props = g_array_new(false, false, sizeof(struct fdt_prop));
    node->children = g_ptr_array_new();
    if (parent)
        g_ptr_array_add(parent->children, node);
    return node;
}

static void node_free(struct bp_fdt_node *node)
{
    for (unsigned i = 0; i < node->children->len; i++)
        node_free(node->children->pdata[i]);
    for (unsigned i = 0; i < node->props->len; i++) {
        struct fdt_prop *p = &g_array_index(node->props, struct fdt_prop, i);
        g_free(p->name);
        g_free(p->value);
    }
    g_ptr_array_unref(node->children);
    g_array_unref(node->props);
    g_free(node->name);
    g_free(node);
}

void fdt_tree_free(struct fdt_tree *t)
{
    if (!t)
        return;
    node_free(t->root);
    g_hash_table_unref(t->parts);
    g_free(t);
}

static struct bp_fdt_node *child(struct bp_fdt_node *node, const char *name)
{
    for (unsigned i = 0; i < node->children->len; i++) {
        struct bp_fdt_node *c = node->children->pdata[i];
        if (!strcmp(c->name, name))
            return c;
    }
    return NULL;
}

static struct bp_fdt_node *get_node(struct bp_fdt_node *parent, const char *path)
{
    struct bp_fdt_node *node = *path == '/' ? parent->tree->root : parent;
    char **words = g_strsplit(path, "/", -1);
    for (char **w = words; *w; w++) {
        if (!**w)
            continue;
        struct bp_fdt_node *next = child(node, *w);
        node = next ? next : node_new(parent->tree, node, *w);
    }
    g_strfreev(words);
    return node;
}

static struct fdt_prop *find_prop(const struct bp_fdt_node *node, const char *name)
{
    for (unsigned i = 0; i < node->props->len; i++) {
        struct fdt_prop *p = &g_array_index(node->props, struct fdt_prop, i);
        if (!strcmp(p->name, name))
            return p;
    }
    return NULL;
}

static void set_prop(struct bp_fdt_node *node, const char *name, const void *value, size_t n)
{
    struct fdt_prop *p = find_prop(node, name);
    if (!p) {
        struct fdt_prop fresh = { .name = g_strdup(name) };
        g_array_append_val(node->props, fresh);
        p = &g_array_index(node->props, struct fdt_prop, node->props->len - 1);
    }
    g_free(p->value);
    p->value = n ? g_memdup2(value, n) : NULL;
    p->n = n;
}

static uint32_t get_phandle(struct bp_fdt_node *node)
{
    if (!node->phandle)
        node->phandle = ++node->tree->phandles;
    return node->phandle;
}

static struct bp_fdt_node *part_node(struct bp_fdt_node *any, const char *name)
{
    const struct graph_part *gp = graph_part_find(any->tree->graph, name);
    return gp ? g_hash_table_lookup(any->tree->parts, gp) : NULL;
}

static char *node_path(const struct bp_fdt_node *node)
{
    if (!node->parent)
        return g_strdup("");
    char *above = node_path(node->parent);
    char *path = g_strconcat(above, "/", node->name, NULL);
    g_free(above);
    return path;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void add_cell(GByteArray *cells, uint32_t value)
{
    uint32_t be = GUINT32_TO_BE(value);
    g_byte_array_append(cells, (const uint8_t *)&be, sizeof be);
}

static void add_cell64(GByteArray *cells, uint64_t value)
{
    add_cell(cells, (uint32_t)(value >> 32));
    add_cell(cells, (uint32_t)value);
}

static void set_cells(struct bp_fdt_node *node, const char *name, GByteArray *cells)
{
    set_prop(node, name, cells->data, cells->len);
}

static void set_u32(struct bp_fdt_node *node, const char *name, uint32_t value)
{
    uint32_t be = GUINT32_TO_BE(value);
    set_prop(node, name, &be, sizeof be);
}

static void set_u64(struct bp_fdt_node *node, const char *name, uint64_t value)
{
    uint64_t be = GUINT64_TO_BE(value);
    set_prop(node, name, &be, sizeof be);
}

static void set_string(struct bp_fdt_node *node, const char *name, const char *text)
{
    set_prop(node, name, text, strlen(text) + 1);
}

/* Words separated by spaces become a list of strings. */
static void set_words(struct bp_fdt_node *node, const char *name, const char *words)
{
    size_t n = strlen(words) + 1;
    char *list = g_strdup(words);
    for (size_t i = 0; i < n; i++)
        if (list[i] == ' ')
            list[i] = '\0';
    set_prop(node, name, list, n);
    g_free(list);
}

static void set_cells_22(struct bp_fdt_node *node)
{
    set_u32(node, "#address-cells", 2);
    set_u32(node, "#size-cells", 2);
}

/* ---- from the graph -------------------------------------------------------------------------- */

static uint64_t part_base(const struct graph_part *gp)
{
    return g_array_index(gp->bases, uint64_t, 0);
}

static void add_memory(struct fdt_tree *t, const struct graph_part *gp)
{
    char *name = g_strdup_printf("memory@%" PRIx64, part_base(gp));
    struct bp_fdt_node *node = get_node(t->root, name);
    GByteArray *cells = g_byte_array_new();
    add_cell64(cells, part_base(gp));
    add_cell64(cells, gp->size);
    set_string(node, "device_type", "memory");
    set_cells(node, "reg", cells);
    g_hash_table_insert(t->parts, (void *)(uintptr_t)gp, node);
    g_byte_array_unref(cells);
    g_free(name);
}

static void add_cpu(struct fdt_tree *t, const struct graph_part *gp)
{
    struct bp_fdt_node *cpus = get_node(t->root, "/cpus");
    const struct bp_target *target = gp->part->target;
    uint32_t index = gp->part->vcpu->index;
    if (!cpus->props->len) {
        set_u32(cpus, "#address-cells", 1);
        set_u32(cpus, "#size-cells", 0);
        if (target->fdt_cpus)
            target->fdt_cpus(gp->part->state, cpus);
    }
    char *name = g_strdup_printf("cpu@%x", index);
    struct bp_fdt_node *node = get_node(cpus, name);
    set_string(node, "device_type", "cpu");
    set_u32(node, "reg", index);
    set_string(node, "status", "okay");
    if (target->fdt)
        target->fdt(gp->part->state, node, index);
    g_hash_table_insert(t->parts, (void *)(uintptr_t)gp, node);
    g_free(name);
    name = g_strdup_printf("/cpus/cpu-map/cluster%u/core%u", gp->cluster, gp->index);
    set_u32(get_node(t->root, name), "cpu", get_phandle(node));
    g_free(name);
}

static struct bp_fdt_node *parent_node(struct fdt_tree *t, const struct graph_part *gp)
{
    if (gp->fdt_parent)
        return get_node(t->root, gp->fdt_parent);
    struct bp_fdt_node *soc = child(t->root, "soc");
    if (!soc) {
        soc = get_node(t->root, "/soc");
        set_cells_22(soc);
        set_string(soc, "compatible", "simple-bus");
        set_prop(soc, "ranges", NULL, 0);
    }
    return soc;
}

static void add_device(struct fdt_tree *t, const struct graph_part *gp)
{
    const struct bp_device *d = &gp->part->device;
    if (!d->fdt_name)
        return;
    GByteArray *reg = g_byte_array_new();
    uint32_t windows = part_window_count(gp->part);
    for (uint32_t i = 0; i < windows && i < gp->bases->len; i++) {
        if (!part_window_size(gp->part, i) ||
            g_array_index(gp->bases, uint64_t, i) == GRAPH_NO_BASE ||
            PART_ROW(bp_window, d->windows, i)->flags & (BP_WINDOW_PLACED | BP_WINDOW_BUS))
            continue;
        add_cell64(reg, g_array_index(gp->bases, uint64_t, i));
        add_cell64(reg, part_window_size(gp->part, i));
    }
    char *name = reg->len ? g_strdup_printf("%s@%" PRIx64, d->fdt_name, part_base(gp))
                          : g_strdup(d->fdt_name);
    struct bp_fdt_node *node = get_node(parent_node(t, gp), name);
    if (d->fdt_compatible)
        set_words(node, "compatible", d->fdt_compatible);
    if (reg->len)
        set_cells(node, "reg", reg);
    if (d->interrupt_cells) {
        set_prop(node, "interrupt-controller", NULL, 0);
        set_u32(node, "#interrupt-cells", d->interrupt_cells);
        set_u32(node, "#address-cells", 0);
    }
    g_hash_table_insert(t->parts, (void *)(uintptr_t)gp, node);
    g_byte_array_unref(reg);
    g_free(name);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

struct interrupt {
    struct bp_fdt_node *controller;
    uint32_t cells, specifier[BP_FDT_INTERRUPT_CELLS];
    bool of_cpu;
    uint32_t row, index; /* of the output */
};

/* The controller's own words; without, one cell is the number, a second one the trigger. */
static void make_specifier(const struct graph_wire *w, struct interrupt *irq)
{
    const struct part *to = w->to->part;
    uint32_t trigger = w->from_pins->row->flags & BP_PIN_PULSES ? BP_FDT_RISING : BP_FDT_LEVEL_HIGH;
    irq->specifier[0] = w->to_pins->row->number + w->to_index;
    irq->specifier[1] = trigger;
    if (to->device.fdt_interrupt)
        to->device.fdt_interrupt(to->state, (uint32_t)(w->to_pins - to->pins), w->to_index, trigger,
                                 irq->specifier);
}

/* Where a wire ends as the device tree sees it; false: that is no interrupt. */
static bool interrupt_of_wire(struct fdt_tree *t, const struct graph_wire *w, struct interrupt *ret)
{
    struct bp_fdt_node *node = g_hash_table_lookup(t->parts, w->to);
    if (!node)
        return false;
    uint32_t cells = w->to->part->device.interrupt_cells;
    bool of_cpu = w->to->kind == BP_PART_CPU;
    if (of_cpu) {
        node = child(node, "interrupt-controller");
        const struct fdt_prop *p = node ? find_prop(node, "#interrupt-cells") : NULL;
        if (!p || p->n != 4)
            return false;
        cells = p->value[3];
    }
    if (!cells || cells > BP_FDT_INTERRUPT_CELLS)
        return false;
    *ret = (struct interrupt){ node, cells, { 0 }, of_cpu,
                               (uint32_t)(w->from_pins - w->from->part->pins), w->from_index };
    make_specifier(w, ret);
    return true;
}

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int by_row(const void *a, const void *b)
{
    const struct interrupt *x = a, *y = b;
    return x->row != y->row ? compare(x->row, y->row) : compare(x->index, y->index);
}

static int by_index(const void *a, const void *b)
{
    const struct interrupt *x = a, *y = b;
    return x->index != y->index ? compare(x->index, y->index) : compare(x->row, y->row);
}

static void add_interrupts(struct fdt_tree *t, const struct graph_part *gp,
                           struct bp_fdt_node *node)
{
    GArray *list = g_array_new(false, false, sizeof(struct interrupt));
    bool even = true, extended = false;
    uint32_t lines = 0;
    for (unsigned i = 0; i < t->graph->wires->len; i++) {
        const struct graph_wire *w = &g_array_index(t->graph->wires, struct graph_wire, i);
        struct interrupt irq;
        if (w->from != gp || w->from_pins->row->flags & BP_PIN_FORWARDS ||
            !interrupt_of_wire(t, w, &irq))
            continue;
        even = even && (!lines || lines == w->from_pins->count);
        lines = w->from_pins->count;
        g_array_append_val(list, irq);
        extended |= irq.of_cpu ||
                    g_array_index(list, struct interrupt, 0).controller != irq.controller;
    }
    /* rows of equal counts are a set of lines for each index: one vCPU's timer and software
     * interrupt */
    g_array_sort(list, even ? by_index : by_row);
    GByteArray *cells = g_byte_array_new();
    for (unsigned i = 0; i < list->len; i++) {
        const struct interrupt *irq = &g_array_index(list, struct interrupt, i);
        if (extended)
            add_cell(cells, get_phandle(irq->controller));
        for (uint32_t c = 0; c < irq->cells; c++)
            add_cell(cells, irq->specifier[c]);
    }
    if (list->len && !extended)
        set_u32(node, "interrupt-parent",
                get_phandle(g_array_index(list, struct interrupt, 0).controller));
    if (list->len)
        set_cells(node, extended ? "interrupts-extended" : "interrupts", cells);
    g_byte_array_unref(cells);
    g_array_unref(list);
}

/* "part.pin", "part.pin[3]": the interrupt at the other end of its wire. */
static unsigned pin_interrupt(struct bp_fdt_node *any, const char *pin,
                              struct bp_fdt_node **ret_controller, uint32_t *ret_cells)
{
    struct fdt_tree *t = any->tree;
    for (unsigned i = 0; i < t->graph->wires->len; i++) {
        const struct graph_wire *w = &g_array_index(t->graph->wires, struct graph_wire, i);
        const char *name = w->from_pins->row->name;
        struct interrupt irq;
        if (!g_str_has_prefix(pin, w->from->name))
            continue;
        char *line = w->from_pins->array
                     ? g_strdup_printf("%s.%s[%u]", w->from->name, name, w->from_index)
                     : g_strdup_printf("%s.%s", w->from->name, name);
        bool same = !strcmp(pin, line);
        g_free(line);
        if (!same || !interrupt_of_wire(t, w, &irq))
            continue;
        *ret_controller = irq.controller;
        memcpy(ret_cells, irq.specifier, irq.cells * sizeof *ret_cells);
        return irq.cells;
    }
    return 0;
}

/* Cells of a property with one number; 0 where there is none. */
static uint32_t cell_of(const struct bp_fdt_node *node, const char *name)
{
    const struct fdt_prop *p = find_prop(node, name);
    uint32_t be = 0;
    if (p && p->n == sizeof be)
        memcpy(&be, p->value, sizeof be);
    return GUINT32_FROM_BE(be);
}

const struct bp_fdt_api fdt_api = {
    .size = sizeof fdt_api,
    .node = get_node,
    .prop = set_prop,
    .phandle = get_phandle,
    .part = part_node,
    .interrupt = pin_interrupt,
    .cell = cell_of,
};

/* ---- chosen, aliases ------------------------------------------------------------------------- */

static void add_serial_names(struct fdt_tree *t, struct bp_fdt_node *chosen)
{
    const char *list = t->graph->board->default_chardevs;
    char **words = g_strsplit(list ? list : "", " ", -1);
    unsigned n = 0;
    for (char **w = words; *w; w++) {
        char *dot = strrchr(*w, '.');
        if (dot)
            *dot = '\0';
        struct bp_fdt_node *node = **w ? part_node(t->root, *w) : NULL;
        if (!node)
            continue;
        char *path = node_path(node), *alias = g_strdup_printf("serial%u", n);
        set_string(get_node(t->root, "/aliases"), alias, path);
        if (!n++)
            set_string(chosen, "stdout-path", path);
        g_free(alias);
        g_free(path);
    }
    g_strfreev(words);
}

static void add_chosen(struct fdt_tree *t)
{
    struct graph *g = t->graph;
    struct bp_fdt_node *chosen = get_node(t->root, "/chosen");
    add_serial_names(t, chosen);
    uint8_t seed[32];
    machine_random(g->machine, seed, sizeof seed);
    set_prop(chosen, "rng-seed", seed, sizeof seed);
    if (g->options->append)
        set_string(chosen, "bootargs", g->options->append);
    if (g->initrd_size) {
        set_u64(chosen, "linux,initrd-start", g->initrd_gpa);
        set_u64(chosen, "linux,initrd-end", g->initrd_gpa + g->initrd_size);
    }
}

static void fill(struct fdt_tree *t)
{
    struct graph *g = t->graph;
    set_cells_22(t->root);
    set_words(t->root, "compatible", g->board->fdt_compatible);
    if (g->board->fdt_model)
        set_string(t->root, "model", g->board->fdt_model);
    get_node(t->root, "/chosen");
    for (unsigned i = 0; i < g->parts->len; i++) {
        const struct graph_part *gp = g->parts->pdata[i];
        if (gp->flags & BP_PART_NO_FDT)
            continue;
        if (gp->kind == BP_PART_CPU)
            add_cpu(t, gp);
        else if (gp->kind == BP_PART_RAM)
            add_memory(t, gp);
        else if (gp->kind == BP_PART_DEVICE)
            add_device(t, gp);
    }
    /* all nodes exist now, so what refers to others can be said */
    for (unsigned i = 0; i < g->parts->len; i++) {
        const struct graph_part *gp = g->parts->pdata[i];
        struct bp_fdt_node *node = g_hash_table_lookup(t->parts, gp);
        if (!node || gp->kind != BP_PART_DEVICE)
            continue;
        add_interrupts(t, gp, node);
        if (gp->part->device.fdt)
            gp->part->device.fdt(gp->part->state, node);
    }
    if (g->board->fdt)
        g->board->fdt(g->part->state, t->root);
    add_chosen(t);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int write_node(void *fdt, struct bp_fdt_node *node)
{
    int r = fdt_begin_node(fdt, node->name);
    for (unsigned i = 0; i < node->props->len && !r; i++) {
        const struct fdt_prop *p = &g_array_index(node->props, struct fdt_prop, i);
        r = p->n > INT32_MAX ? -FDT_ERR_NOSPACE : fdt_property(fdt, p->name, p->value, (int)p->n);
    }
    if (!r && node->phandle)
        r = fdt_property_u32(fdt, "phandle", node->phandle);
    for (unsigned i = 0; i < node->children->len && !r; i++)
        r = write_node(fdt, node->children->pdata[i]);
    return r ? r : fdt_end_node(fdt);
}

static GBytes *write_tree(struct fdt_tree *t)
{
    void *fdt = g_malloc0(FDT_MAX);
    int r = fdt_create(fdt, FDT_MAX);
    if (!r)
        r = fdt_finish_reservemap(fdt);
    if (!r)
        r = write_node(fdt, t->root);
    if (!r)
        r = fdt_finish(fdt);
    GBytes *bytes = NULL;
    if (r)
        core_error(ENOSPC, "machine %s: its device tree cannot be written: %s",
                   t->graph->board->head.id, fdt_strerror(r));
    else
        bytes = g_bytes_new(fdt, fdt_totalsize(fdt));
    g_free(fdt);
    return bytes;
}

/* ---- -dtb ------------------------------------------------------------------------------------ */

static int set_chosen(void *fdt, const char *append, uint64_t initrd_gpa, uint64_t initrd_size)
{
    int at = fdt_path_offset(fdt, "/chosen");
    if (at == -FDT_ERR_NOTFOUND)
        at = fdt_add_subnode(fdt, 0, "chosen");
    int r = at < 0 ? at : 0;
    if (!r && append)
        r = fdt_setprop_string(fdt, at, "bootargs", append);
    if (!r && initrd_size)
        r = fdt_setprop_u64(fdt, at, "linux,initrd-start", initrd_gpa);
    if (!r && initrd_size)
        r = fdt_setprop_u64(fdt, at, "linux,initrd-end", initrd_gpa + initrd_size);
    return r;
}

GBytes *fdt_from_bytes(const void *bytes, size_t n, const char *append, uint64_t initrd_gpa,
                       uint64_t initrd_size, char **ret_why)
{
    if (n > FDT_MAX) {
        *ret_why = g_strdup_printf("has over %u bytes", FDT_MAX);
        return NULL;
    }
    const char *wrong = fdt_check(bytes, n);
    if (wrong) {
        *ret_why = g_strdup_printf("is no device tree blob: %s", wrong);
        return NULL;
    }
    size_t room = n + 8192 + (append ? strlen(append) : 0);
    void *fdt = g_malloc0(room);
    GBytes *result = NULL;
    int r = fdt_open_into(bytes, fdt, (int)room);
    if (!r)
        r = set_chosen(fdt, append, initrd_gpa, initrd_size);
    if (!r)
        r = fdt_pack(fdt);
    if (r)
        *ret_why = g_strdup_printf("cannot be changed: %s", fdt_strerror(r));
    else
        result = g_bytes_new(fdt, fdt_totalsize(fdt));
    g_free(fdt);
    return result;
}

static GBytes *from_file(struct graph *g)
{
    const char *path = g->options->dtb;
    char *bytes, *why = NULL;
    size_t n;
    GError *error = NULL;
    if (!g_file_get_contents(path, &bytes, &n, &error)) {
        core_error(EIO, "-dtb %s: %s", path, error->message);
        g_error_free(error);
        return NULL;
    }
    GBytes *result = fdt_from_bytes(bytes, n, g->options->append, g->initrd_gpa, g->initrd_size,
                                    &why);
    if (!result)
        core_error(ENOEXEC, "-dtb %s: the file %s", path, why);
    g_free(why);
    g_free(bytes);
    return result;
}

GBytes *fdt_make(struct graph *g)
{
    if (g->fdt_blob)
        return g->fdt_blob;
    if (g->options->dtb)
        return g->fdt_blob = from_file(g);
    if (!g->board->fdt_compatible) {
        core_error(ENOTSUP, "machine %s has no device tree", g->board->head.id);
        return NULL;
    }
    struct fdt_tree *t = g_new0(struct fdt_tree, 1);
    t->graph = g;
    t->root = node_new(t, NULL, "");
    t->parts = g_hash_table_new(g_direct_hash, g_direct_equal);
    g->fdt = t;
    fill(t);
    return g->fdt_blob = write_tree(t);
}
