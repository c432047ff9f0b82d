/* SPDX-License-Identifier: MIT */
/* tables.c: a descriptor's tables against the manifest, the state's size and each other. */
#include "check.h"

#include "core/part.h"

#include <gmodule.h>
#include <inttypes.h>
#include <string.h>

#include <backplane/board.h>

/* ---- manifest -------------------------------------------------------------------------------- */

static const struct bp_plugin *plugin_of(const char *path)
{
    char *full = strchr(path, '/') ? g_strdup(path) : g_strconcat("./", path, NULL);
    GModule *module = g_module_open(full, G_MODULE_BIND_LOCAL);
    void *symbol = NULL;
    g_free(full);
    if (!module || !g_module_symbol(module, "bp_plugin", &symbol))
        return NULL;
    return symbol;
}

static bool in_list(const GPtrArray *list, const char *id)
{
    for (unsigned i = 0; i < list->len; i++)
        if (!strcmp(list->pdata[i], id))
            return true;
    return false;
}

/* People type its id and read its line in a list. */
static void check_entity(struct subject *s, const struct manifest_entity *e)
{
    bool fine = *e->id != '\0';
    for (const char *p = e->id; *p; p++)
        fine &= g_ascii_isalnum(*p) || strchr("-_.+", *p) ||
                (e->kind == BP_KIND_SERVICE && *p == '/');
    if (!fine)
        problem(s, "%s '%s': an id is made of letters, digits and -_.+", kind_name(e->kind), e->id);
    if (!e->doc || !*e->doc)
        problem(s, "%s '%s' has no doc: say in a line what it is", kind_name(e->kind), e->id);
}

static void check_manifest(struct subject *s)
{
    const struct bp_plugin *p = plugin_of(s->path);
    const struct manifest *m = s->file->manifest;
    if (!p)
        return;
    if (p->abi != m->abi || p->level != m->level)
        problem(s, "its manifest says ABI %u, level %u; its plugin struct says %u and %u", m->abi,
                m->level, p->abi, p->level);
    if (g_strcmp0(p->name, m->name) || g_strcmp0(p->version, m->version) ||
        g_strcmp0(p->licence, m->licence))
        problem(s, "its manifest and its plugin struct differ in name, version or licence");
    for (unsigned i = 0; i < m->entities->len; i++)
        check_entity(s, m->entities->pdata[i]);
    unsigned entities = 0;
    for (const struct bp_head *const *e = p->entities; e != p->entities_end; e++, entities++)
        if (!manifest_provides(m, (*e)->kind, (*e)->id))
            problem(s, "%s '%s' is not in its manifest: nothing would load it by name",
                    kind_name((*e)->kind), (*e)->id);
    if (entities != m->entities->len)
        problem(s, "its manifest names %u entities, it has %u", m->entities->len, entities);
    for (const struct bp_import *const *i = p->imports; i != p->imports_end; i++)
        if (!in_list(m->uses, (*i)->id) && !in_list(m->may_use, (*i)->id))
            problem(s, "it uses %s, which is not in its manifest", (*i)->id);
}

/* ---- devices --------------------------------------------------------------------------------- */

static uint64_t window_size(const struct bp_device *d, uint32_t i)
{
    if (!d->windows.count)
        return i ? 0 : d->window;
    return i < d->windows.count ? PART_ROW(bp_window, d->windows, i)->size : 0;
}

static uint32_t stride(const struct bp_reg *r) { return r->stride ? r->stride : r->width / 8; }
static uint32_t count(const struct bp_reg *r) { return r->count ? r->count : 1; }

/* A property by whose value a row is made: which must be a number. */
static void check_count_prop(struct subject *s, const struct bp_device *d, const char *verb,
                             const char *what, const char *name, const char *prop)
{
    for (uint32_t i = 0; prop && i < d->props.count; i++) {
        const struct bp_prop *p = PART_ROW(bp_prop, d->props, i);
        char *dashed = g_strdelimit(g_strdup(p->name), "_", '-');
        bool same = !strcmp(p->name, prop) || !strcmp(dashed, prop);
        g_free(dashed);
        if (same && (p->type == BP_PROP_UINT || p->type == BP_PROP_SIZE))
            return;
    }
    if (prop)
        problem(s, "%s: %s %s is %s '%s', which is no number property", d->head.id, what,
                name, verb, prop);
}

/* A reset writes to the storage, and takes what a property says. */
static void check_reset_prop(struct subject *s, const struct bp_device *d, const struct bp_reg *r)
{
    for (uint32_t i = 0; i < d->props.count; i++) {
        const struct bp_prop *p = PART_ROW(bp_prop, d->props, i);
        if (r->field_size && r->field < p->field + (uint64_t)p->field_size &&
            p->field < r->field + (uint64_t)r->field_size * count(r))
            problem(s, "%s: register %s has the property '%s' for storage, which a reset overwrites: "
                    "leave it out and give .reset_prop", d->head.id, r->name, p->name);
    }
    check_count_prop(s, d, "reset to", "register", r->name, r->reset_prop);
}

static void check_reg(struct subject *s, const struct bp_device *d, const struct bp_reg *r)
{
    const char *id = d->head.id, *name = r->name ? r->name : "";
    uint32_t windows = d->windows.count ? d->windows.count : d->window != 0;
    if (!*name)
        problem(s, "%s: a register has no name", id);
    if (r->width != 8 && r->width != 16 && r->width != 32 && r->width != 64) {
        problem(s, "%s: register %s is %u bits wide", id, name, r->width);
        return;
    }
    if (r->window >= windows)
        problem(s, "%s: register %s lies in window %u, there are %u", id, name, r->window, windows);
    uint64_t size = window_size(d, r->window);
    uint64_t end = r->offset + (uint64_t)(count(r) - 1) * stride(r) + r->width / 8;
    if (size && end > size)
        problem(s, "%s: register %s ends at 0x%" PRIx64 ", its window at 0x%" PRIx64, id, name, end,
                size);
    if (stride(r) < r->width / 8)
        problem(s, "%s: registers %s lie over each other: stride %u", id, name, stride(r));
    if (r->field_size && (uint64_t)r->field + (uint64_t)r->field_size * count(r) > d->state_size)
        problem(s, "%s: register %s has its storage outside the state", id, name);
    uint64_t mask = r->width == 64 ? UINT64_MAX : (UINT64_C(1) << r->width) - 1;
    if ((r->writable | r->w1c | r->reset) & ~mask)
        problem(s, "%s: register %s has mask or reset bits beyond its %u bits", id, name, r->width);
    if (r->writable & r->w1c)
        problem(s, "%s: register %s has bits both writable and cleared by writing one", id, name);
    if ((r->writable || r->w1c) && !r->field_size)
        problem(s, "%s: register %s has a write mask, but no storage", id, name);
    if (!r->field_size && !r->read && !r->write && !r->reset && !r->reset_prop &&
        !(r->flags & (BP_REG_UNIMPL | BP_REG_ZERO)))
        problem(s, "%s: register %s has neither storage, hooks nor a value (.reset for a constant, "
                "BP_REG_ZERO where that is 0, BP_REG_UNIMPL where it is not modelled)", id, name);
    check_reset_prop(s, d, r);
}

static bool reads_overlap(const struct bp_reg *a, const struct bp_reg *b)
{
    for (uint32_t i = 0; i < count(a); i++) {
        uint64_t low = a->offset + (uint64_t)i * stride(a), high = low + a->width / 8;
        if (high <= b->offset)
            continue;
        /* the element of b at or below `high - 1` */
        uint64_t j = (high - 1 - b->offset) / stride(b);
        j = MIN(j, count(b) - 1);
        uint64_t at = b->offset + j * stride(b);
        if (at < high && at + b->width / 8 > low)
            return true;
    }
    return false;
}

static void check_regs(struct subject *s, const struct bp_device *d)
{
    for (uint32_t i = 0; i < d->regs.count; i++) {
        const struct bp_reg *a = PART_ROW(bp_reg, d->regs, i);
        check_reg(s, d, a);
        if (!a->width)
            continue;
        for (uint32_t j = 0; j < i; j++) {
            const struct bp_reg *b = PART_ROW(bp_reg, d->regs, j);
            if (b->width && a->window == b->window && reads_overlap(a, b))
                problem(s, "%s: registers %s and %s overlap", d->head.id, b->name, a->name);
            if (a->name && b->name && a->window == b->window && !strcmp(a->name, b->name))
                problem(s, "%s: two registers are named %s", d->head.id, a->name);
        }
    }
}

static void check_name(struct subject *s, const struct bp_device *d, const char *what,
                       const char *name, GHashTable *seen)
{
    if (!name || !*name)
        problem(s, "%s: a %s has no name", d->head.id, what);
    else if (!g_hash_table_add(seen, (void *)(uintptr_t)name))
        problem(s, "%s: two of its properties, ports, links or pins are named '%s'", d->head.id,
                name);
}

static void check_inside(struct subject *s, const struct bp_device *d, const char *what,
                         const char *name, uint32_t field, uint64_t size)
{
    if (field > d->state_size || size > d->state_size - field)
        problem(s, "%s: %s %s lies outside the state of %u bytes", d->head.id, what,
                name ? name : "",
                d->state_size);
}

static void check_props(struct subject *s, const struct bp_device *d, GHashTable *seen)
{
    for (uint32_t i = 0; i < d->props.count; i++) {
        const struct bp_prop *p = PART_ROW(bp_prop, d->props, i);
        check_name(s, d, "property", p->name, seen);
        check_inside(s, d, "property", p->name, p->field, p->field_size);
        bool number = p->type == BP_PROP_UINT || p->type == BP_PROP_SIZE;
        if (number && (p->def < p->min || (p->max && p->def > p->max)))
            problem(s, "%s: property %s: the default is outside its range", d->head.id, p->name);
        if (p->type < BP_PROP_UINT || p->type > BP_PROP_LIST)
            problem(s, "%s: property %s has the unknown type %u", d->head.id, p->name, p->type);
        if (p->type == BP_PROP_ENUM && !p->choices)
            problem(s, "%s: property %s has no choices", d->head.id, p->name);
        if (!p->doc || !*p->doc)
            problem(s, "%s: property %s has no doc", d->head.id, p->name);
    }
}

/* Pins are keys of -device too. */
static void check_pins(struct subject *s, const struct bp_device *d, GHashTable *seen)
{
    for (uint32_t i = 0; i < d->pins.count; i++) {
        const struct bp_pin_row *p = PART_ROW(bp_pin_row, d->pins, i);
        uint64_t n = p->count_prop ? 1 : MAX(p->count, 1);
        check_name(s, d, "pin", p->name, seen);
        if (p->direction == BP_PIN_OUT)
            check_inside(s, d, "pin", p->name, p->field, n * sizeof(void *));
        else if (p->direction != BP_PIN_IN)
            problem(s, "%s: pin %s has no direction", d->head.id, p->name);
        check_count_prop(s, d, "sized by", "pin", p->name, p->count_prop);
    }
    if (d->interrupt_cells > BP_FDT_INTERRUPT_CELLS ||
        (d->interrupt_cells > 2 && !d->fdt_interrupt))
        problem(s, "%s: %u interrupt_cells: over 2 need fdt_interrupt, %d are the most", d->head.id,
                d->interrupt_cells, BP_FDT_INTERRUPT_CELLS);
}

static bool meet(const struct bp_saved *v, uint64_t field, uint64_t size)
{
    return v->field < field + size && field < (uint64_t)v->field + v->size;
}

/* What is configuration or an address must not come out of a file, and nothing comes twice. */
static void check_saved_once(struct subject *s, const struct bp_device *d, uint32_t i)
{
    const struct bp_saved *v = PART_ROW(bp_saved, d->saved, i);
    const char *over = NULL, *why = "saves itself";
    for (uint32_t j = 0; j < d->regs.count; j++) {
        const struct bp_reg *r = PART_ROW(bp_reg, d->regs, j);
        if (!(r->flags & BP_REG_TRANSIENT) && meet(v, r->field, r->field_size * count(r)))
            over = r->name;
    }
    for (uint32_t j = 0; j < d->timers.count; j++) {
        const struct bp_timer_row *t = PART_ROW(bp_timer_row, d->timers, j);
        if (meet(v, t->field, sizeof(struct bp_timer)))
            over = t->name;
    }
    for (uint32_t j = 0; j < i; j++) {
        const struct bp_saved *w = PART_ROW(bp_saved, d->saved, j);
        if (w->since && meet(v, w->field, w->size))
            over = w->name, why = "is saved already";
    }
    for (uint32_t j = 0; j < d->pins.count; j++) {
        const struct bp_pin_row *p = PART_ROW(bp_pin_row, d->pins, j);
        if (p->direction == BP_PIN_OUT &&
            meet(v, p->field, sizeof(void *) * (p->count_prop ? 1 : MAX(p->count, 1))))
            over = p->name, why = "is an address of the core's";
    }
    for (uint32_t j = 0; j < d->ports.count; j++)
        if (meet(v, PART_ROW(bp_port, d->ports, j)->field, sizeof(void *)))
            over = PART_ROW(bp_port, d->ports, j)->name, why = "is an address of the core's";
    for (uint32_t j = 0; j < d->needs.count; j++)
        if (meet(v, PART_ROW(bp_need, d->needs, j)->field, sizeof(struct bp_link)))
            over = PART_ROW(bp_need, d->needs, j)->name, why = "is an address of the core's";
    for (uint32_t j = 0; j < d->props.count; j++) {
        const struct bp_prop *p = PART_ROW(bp_prop, d->props, j);
        if (meet(v, p->field, p->field_size))
            over = p->name, why = "is a property, which is configuration";
    }
    if (over && v->since)
        problem(s, "%s: saved %s: %s %s", d->head.id, v->name, over, why);
}

static void check_rows(struct subject *s, const struct bp_device *d)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    check_props(s, d, seen);
    for (uint32_t i = 0; i < d->ports.count; i++) {
        const struct bp_port *p = PART_ROW(bp_port, d->ports, i);
        check_name(s, d, "port", p->name, seen);
        check_inside(s, d, "port", p->name, p->field, sizeof(void *));
        if (p->kind != BP_KIND_CHARDEV && p->kind != BP_KIND_BLOCK && p->kind != BP_KIND_NET)
            problem(s, "%s: port %s is of the unknown kind %u", d->head.id, p->name, p->kind);
    }
    for (uint32_t i = 0; i < d->needs.count; i++) {
        const struct bp_need *n = PART_ROW(bp_need, d->needs, i);
        check_name(s, d, "link", n->name, seen);
        check_inside(s, d, "link", n->name, n->field, sizeof(struct bp_link));
    }
    check_pins(s, d, seen);
    unsigned placed = 0; /* said once */
    for (uint32_t i = 0; i < d->windows.count; i++) {
        const struct bp_window *w = PART_ROW(bp_window, d->windows, i);
        check_count_prop(s, d, "sized by", "window", w->name, w->size_prop);
        if (!w->size && !w->size_prop)
            problem(s, "%s: window %s has size 0", d->head.id, w->name);
        if ((w->flags & BP_WINDOW_PLACED) && !d->post_load && !placed++)
            problem(s, "%s: window %s has BP_WINDOW_PLACED, but there is no .post_load to place it again when "
                       "state is loaded (PCI: pci_post_load)", d->head.id, w->name);
    }
    for (uint32_t i = 0; i < d->timers.count; i++) {
        const struct bp_timer_row *t = PART_ROW(bp_timer_row, d->timers, i);
        check_inside(s, d, "timer", t->name, t->field, sizeof(struct bp_timer));
    }
    for (uint32_t i = 0; i < d->saved.count; i++) {
        const struct bp_saved *v = PART_ROW(bp_saved, d->saved, i);
        check_inside(s, d, "saved", v->name, v->field, v->size);
        check_saved_once(s, d, i);
        if (v->since && (!v->elem_size || v->size % v->elem_size))
            problem(s, "%s: saved %s is %u bytes in elements of %u", d->head.id, v->name, v->size,
                    v->elem_size);
        if (v->since > MAX(d->state_version, 1))
            problem(s, "%s: saved %s is of state version %u, the device's is %u", d->head.id,
                    v->name,
                    v->since, MAX(d->state_version, 1));
    }
    g_hash_table_unref(seen);
}

/* ---- state that nobody mentions -------------------------------------------------------------- */

static void cover(bool *covered, uint32_t size, uint64_t field, uint64_t n)
{
    for (uint64_t i = field; i < field + n && i < size; i++)
        covered[i] = true;
}

void device_coverage(const struct bp_device *d, bool *covered)
{
    uint32_t size = d->state_size;
    for (uint32_t i = 0; i < d->regs.count; i++) {
        const struct bp_reg *r = PART_ROW(bp_reg, d->regs, i);
        cover(covered, size, r->field, (uint64_t)r->field_size * count(r));
    }
    for (uint32_t i = 0; i < d->windows.count; i++) {
        const struct bp_window *w = PART_ROW(bp_window, d->windows, i);
        if ((w->flags & (BP_WINDOW_RAM | BP_WINDOW_ROM)) && w->storage != BP_NO_STORAGE)
            cover(covered, size, w->storage, sizeof(void *));
    }
    for (uint32_t i = 0; i < d->pins.count; i++) {
        const struct bp_pin_row *p = PART_ROW(bp_pin_row, d->pins, i);
        if (p->direction == BP_PIN_OUT)
            cover(covered, size, p->field, sizeof(void *) * (p->count_prop ? 1 : MAX(p->count, 1)));
    }
    for (uint32_t i = 0; i < d->props.count; i++) {
        const struct bp_prop *p = PART_ROW(bp_prop, d->props, i);
        cover(covered, size, p->field, p->field_size);
    }
    for (uint32_t i = 0; i < d->ports.count; i++)
        cover(covered, size, PART_ROW(bp_port, d->ports, i)->field, sizeof(void *));
    for (uint32_t i = 0; i < d->needs.count; i++)
        cover(covered, size, PART_ROW(bp_need, d->needs, i)->field, sizeof(struct bp_link));
    for (uint32_t i = 0; i < d->timers.count; i++)
        cover(covered, size, PART_ROW(bp_timer_row, d->timers, i)->field, sizeof(struct bp_timer));
    for (uint32_t i = 0; i < d->saved.count; i++) {
        const struct bp_saved *v = PART_ROW(bp_saved, d->saved, i);
        cover(covered, size, v->field, v->size);
    }
}

/* Whose member lies last before `end`; NULL: none. */
static const char *name_before(const struct bp_device *d, uint32_t end)
{
    const char *name = NULL;
    uint64_t best = 0;
#define LOOK(rows, row, offset_, bytes_)                                                           \
    for (uint32_t i = 0; i < d->rows.count; i++) {                                                 \
        const struct row *r = PART_ROW(row, d->rows, i);                                           \
        uint64_t at = (uint64_t)(offset_) + (bytes_);                                              \
        if (at <= end && at > best) {                                                              \
            best = at;                                                                             \
            name = r->name;                                                                        \
        }                                                                                          \
    }
    LOOK(regs, bp_reg, r->field, (uint64_t)r->field_size * count(r))
    LOOK(props, bp_prop, r->field, r->field_size)
    LOOK(ports, bp_port, r->field, sizeof(void *))
    LOOK(needs, bp_need, r->field, sizeof(struct bp_link))
    LOOK(timers, bp_timer_row, r->field, sizeof(struct bp_timer))
    LOOK(saved, bp_saved, r->field, r->size)
#undef LOOK
    return name;
}

/* A run of bytes that ends where a member starts may be padding if it is shorter than that
 * member's alignment. */
static bool maybe_padding(uint32_t first, uint32_t end)
{
    uint32_t n = end - first;
    return n < 8 && end % (n < 2 ? 2 : n < 4 ? 4 : 8) == 0;
}

static void check_coverage(struct subject *s, const struct bp_device *d)
{
    bool *covered = g_new0(bool, d->state_size + 1);
    device_coverage(d, covered);
    for (uint32_t i = 0; i < d->state_size;) {
        uint32_t first = i;
        while (i < d->state_size && !covered[i])
            i++;
        if (i > first && !maybe_padding(first, i)) {
            const char *name = name_before(d, first);
            problem(s, "%s: bytes %u to %u of its state, behind %s, are in no row: make them registers, BP_SAVED "
                       "or BP_TRANSIENT, or add the row of the pin, property, port, link or timer there",
                    d->head.id, first, i - 1, name ? name : "its start");
        }
        i++;
    }
    g_free(covered);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void check_target(struct subject *s, const struct bp_target *t)
{
    for (uint32_t i = 0; i < t->regs.count; i++) {
        const struct bp_guest_reg *r = PART_ROW(bp_guest_reg, t->regs, i);
        if ((r->flags & BP_GREG_IR) && r->offset >= 2048)
            problem(s, "%s: register %s lies at %u; those of translated code must be below 2048",
                    t->head.id, r->name, r->offset);
        if (r->offset >= t->cpu->state_size)
            problem(s, "%s: register %s lies outside the state", t->head.id, r->name);
    }
    if (t->pc_offset + 8 > t->cpu->state_size)
        problem(s, "%s: its pc lies outside the state", t->head.id);
    if (!t->translate || !t->context || !t->tlb_fill || !t->set_start || !t->interrupt ||
        !t->has_work)
        problem(s, "%s: lacks translate, context, tlb_fill, interrupt, has_work or set_start",
                t->head.id);
    if (!t->mmu_count || t->mmu_count > 16)
        problem(s, "%s: has %u mmu indexes", t->head.id, t->mmu_count);
}

void check_tables(struct subject *s)
{
    check_manifest(s);
    for (unsigned i = 0; i < s->file->manifest->entities->len && !s->problems; i++) {
        const struct manifest_entity *e = s->file->manifest->entities->pdata[i];
        if (e->kind == BP_KIND_SERVICE)
            continue;
        const struct bp_head *h = entity_get(e->kind, e->id);
        if (!h) {
            problem(s, "its %s '%s' cannot be loaded", kind_name(e->kind), e->id);
        } else if (e->kind == BP_KIND_DEVICE) {
            const struct bp_device *d = (const void *)h;
            if (d->regs.count && !d->window && !d->windows.count)
                problem(s, "%s: it has registers, but no .window or .windows", e->id);
            if (!d->state_size && (d->regs.count || d->saved.count || d->pins.count))
                problem(s, "%s: it has no .state_size", e->id);
            if (s->problems)
                continue;
            check_regs(s, d);
            check_rows(s, d);
            check_coverage(s, d);
        } else if (e->kind == BP_KIND_TARGET) {
            check_target(s, (const void *)h);
        }
    }
}
