/* SPDX-License-Identifier: MIT */
/*
 * memory.c: regions and address spaces.
 *
 * A space is flattened into a sorted array of pieces that do not overlap. Readers take no lock:
 * each space has two arrays, and `version` says which one is good. A reader looks it up, copies
 * what it found, and looks again where the version has moved meanwhile. A writer (machine lock)
 * fills the other array, then moves the version on. Arrays that became too small are kept until
 * the machine ends; they grow by doubling, so that is bounded.
 */
#include <core/memory_priv.h>
#include <core/part.h>
#include <core/regs.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define ALIAS_DEPTH_MAX 64

enum region_kind { REGION_CONTAINER, REGION_RAM, REGION_WINDOW, REGION_ALIAS };

struct region {
    struct machine *machine;
    char *name;
    enum region_kind kind;
    bool enabled, read_only;
    int priority;
    uint64_t offset;          /* in the parent */
    uint64_t last;            /* size - 1 */
    struct region *parent;
    GPtrArray *children;      /* highest priority first */
    struct ram_block *ram;
    uint64_t ram_offset;
    struct memory_window *window;
    struct region *target;    /* alias ... */
    uint64_t target_offset;
};

struct flat {
    _Atomic uint64_t first, last;
    _Atomic uint64_t offset;  /* of `first` in the leaf */
    struct region *_Atomic leaf;
};

struct view {
    uint32_t capacity;
    _Atomic uint32_t count;
    struct flat flat[];
};

struct address_space {
    struct machine *machine;
    char *name;
    struct region *root;
    _Atomic uint64_t version;        /* the view in use is views[version & 1] */
    struct view *_Atomic views[2];
    GPtrArray *old;                  /* struct view * */
};

/* A flat piece while it is made. */
struct span {
    uint64_t first, last, offset;
    struct region *leaf;
};

/* ---- regions --------------------------------------------------------------------------------- */

static struct region *region_new(struct machine *m, const char *name, enum region_kind kind,
                                 uint64_t size)
{
    struct region *r = g_new0(struct region, 1);
    r->machine = m;
    r->name = g_strdup(name);
    r->kind = kind;
    r->enabled = true;
    r->last = size - 1;
    r->children = g_ptr_array_new();
    g_ptr_array_add(m->memory->regions, r);
    return r;
}

struct region *region_container(struct machine *m, const char *name, uint64_t size)
{
    return region_new(m, name, REGION_CONTAINER, size);
}

struct region *region_ram(struct machine *m, const char *name, struct ram_block *ram,
                          uint64_t offset, uint64_t size, bool read_only)
{
    struct region *r = region_new(m, name, REGION_RAM, size);
    r->ram = ram;
    r->ram_offset = offset;
    r->read_only = read_only;
    return r;
}

struct region *region_window(struct machine *m, struct memory_window *window)
{
    bool bus = window->flags & BP_WINDOW_BUS;
    struct region *r = region_new(m, window->name, bus ? REGION_CONTAINER : REGION_WINDOW,
                                  window->size);
    r->window = window;
    r->ram = window->ram;
    return r;
}

struct region *region_alias(struct machine *m, const char *name, struct region *of, uint64_t offset,
                            uint64_t size)
{
    struct region *r = region_new(m, name, REGION_ALIAS, size);
    r->target = of;
    r->target_offset = offset;
    return r;
}

const char *region_name(const struct region *region)
{
    return region->name;
}

struct machine *region_machine(const struct region *region)
{
    return region->machine;
}

/* Puts the child behind those of its priority. */
static void insert(struct region *parent, struct region *child, uint64_t offset, int priority)
{
    guint at = 0;
    while (at < parent->children->len &&
           ((struct region *)g_ptr_array_index(parent->children, at))->priority >= priority)
        at++;
    child->parent = parent;
    child->offset = offset;
    child->priority = priority;
    memory_begin(parent->machine);
    g_ptr_array_insert(parent->children, (gint)at, child);
    parent->machine->memory->changed = true;
    memory_commit(parent->machine);
}

int region_add(struct region *parent, struct region *child, uint64_t offset, int priority)
{
    uint64_t last;
    if (__builtin_add_overflow(offset, child->last, &last) || last > parent->last)
        return core_error(EINVAL, "%s at 0x%" PRIx64 " (0x%"
                          PRIx64 " bytes) reaches past the end of %s",
                          child->name, offset, child->last + 1, parent->name);
    for (guint i = 0; i < parent->children->len; i++) {
        struct region *c = g_ptr_array_index(parent->children, i);
        if (c->priority == priority && offset <= c->offset + c->last && c->offset <= last)
            return core_error(EEXIST, "%s (0x%" PRIx64 "-0x%" PRIx64 ") overlaps %s (0x%" PRIx64
                              "-0x%" PRIx64 ")", child->name, offset, last, c->name, c->offset,
                              c->offset + c->last);
    }
    insert(parent, child, offset, priority);
    return 0;
}

int region_place(struct region *child, struct region *parent, uint64_t offset, int priority)
{
    int r = 0;
    if (parent && (child->last > parent->last || offset > parent->last - child->last))
        r = -ERANGE;
    for (const struct region *p = parent; p && !r; p = p->parent)
        if (p == child)
            r = -ERANGE;
    if (r)
        parent = NULL;
    if (child->parent == parent && (!parent || child->offset == offset))
        return r;
    memory_begin(child->machine);
    if (child->parent) {
        g_ptr_array_remove(child->parent->children, child);
        child->parent = NULL;
        child->machine->memory->changed = true;
    }
    if (parent)
        insert(parent, child, offset, priority);
    memory_commit(child->machine);
    return r;
}

bool region_base(const struct region *region, const struct region *root, uint64_t *ret)
{
    for (*ret = 0; region != root; region = region->parent) {
        if (!region->parent || !region->enabled)
            return false;
        *ret += region->offset;
    }
    return true;
}

void region_set_enabled(struct region *region, bool enabled)
{
    memory_begin(region->machine);
    if (region->enabled != enabled) {
        region->enabled = enabled;
        region->machine->memory->changed = true;
    }
    memory_commit(region->machine);
}

/* ---- flattening ------------------------------------------------------------------------------ */

/* Adds a leaf's bytes first..last where nothing is yet. */
static void paint(GArray *spans, struct span s)
{
    guint i = 0;
    while (i < spans->len && g_array_index(spans, struct span, i).last < s.first)
        i++;
    for (;;) {
        if (i == spans->len || g_array_index(spans, struct span, i).first > s.last) {
            g_array_insert_val(spans, i, s);
            return;
        }
        struct span there = g_array_index(spans, struct span, i);
        if (there.first > s.first) { /* the gap before it is free */
            struct span free = s;
            free.last = there.first - 1;
            g_array_insert_val(spans, i, free);
            i++;
        }
        if (there.last >= s.last)
            return;
        s.offset += there.last + 1 - s.first;
        s.first = there.last + 1;
        i++;
    }
}

/* Draws a region whose first byte lies at `base` (which may be outside), clipped to first..last. */
static void draw(GArray *spans, struct region *r, __int128 base, uint64_t first, uint64_t last,
                 unsigned depth)
{
    __int128 lo = MAX(base, (__int128)first), hi = MIN(base + r->last, (__int128)last);
    if (!r->enabled || lo > hi || depth > ALIAS_DEPTH_MAX)
        return;
    first = (uint64_t)lo;
    last = (uint64_t)hi;
    switch (r->kind) {
    case REGION_CONTAINER:
        for (guint i = 0; i < r->children->len; i++) {
            struct region *c = g_ptr_array_index(r->children, i);
            draw(spans, c, base + c->offset, first, last, depth + 1);
        }
        if (r->window && (r->window->read || r->window->write))
            paint(spans, (struct span){ first, last, (uint64_t)(lo - base), r });
        break;
    case REGION_ALIAS:
        draw(spans, r->target, base - r->target_offset, first, last, depth + 1);
        break;
    default:
        paint(spans, (struct span){ first, last, (uint64_t)(lo - base), r });
    }
}

static void publish(struct address_space *as, const GArray *spans)
{
    uint64_t next = atomic_load(&as->version) + 1;
    struct view *v = atomic_load(&as->views[next & 1]);
    if (!v || v->capacity < spans->len) {
        uint32_t capacity = v ? v->capacity : 16;
        while (capacity < spans->len)
            capacity *= 2;
        if (v)
            g_ptr_array_add(as->old, v);
        v = g_malloc0(sizeof *v + capacity * sizeof v->flat[0]);
        v->capacity = capacity;
        atomic_store_explicit(&as->views[next & 1], v, memory_order_release);
    }
    atomic_thread_fence(memory_order_release);
    for (guint i = 0; i < spans->len; i++) {
        const struct span *s = &g_array_index(spans, struct span, i);
        atomic_store_explicit(&v->flat[i].first, s->first, memory_order_relaxed);
        atomic_store_explicit(&v->flat[i].last, s->last, memory_order_relaxed);
        atomic_store_explicit(&v->flat[i].offset, s->offset, memory_order_relaxed);
        atomic_store_explicit(&v->flat[i].leaf, s->leaf, memory_order_relaxed);
    }
    atomic_store_explicit(&v->count, spans->len, memory_order_relaxed);
    atomic_store_explicit(&as->version, next, memory_order_release);
}

static void flatten(struct address_space *as)
{
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(struct span));
    draw(spans, as->root, 0, 0, UINT64_MAX, 0);
    publish(as, spans);
    g_array_free(spans, TRUE);
}

void memory_begin(struct machine *m)
{
    machine_lock(m);
    m->memory->depth++;
}

void memory_tell_accelerator(struct machine *m)
{
    if (m->accel && m->accel_entity->memory_changed)
        m->accel_entity->memory_changed(m->accel);
}

void memory_commit(struct machine *m)
{
    struct memory *mem = m->memory;
    if (--mem->depth == 0 && mem->changed) {
        mem->changed = false;
        for (guint i = 0; i < mem->spaces->len; i++)
            flatten(g_ptr_array_index(mem->spaces, i));
        memory_tell_accelerator(m);
    }
    machine_unlock(m);
}

/* ---- spaces ---------------------------------------------------------------------------------- */

struct address_space *address_space_new(struct machine *m, const char *name, struct region *root)
{
    struct address_space *as = g_new0(struct address_space, 1);
    as->machine = m;
    as->name = g_strdup(name);
    as->root = root;
    as->old = g_ptr_array_new_with_free_func(g_free);
    machine_lock(m);
    flatten(as);
    g_ptr_array_add(m->memory->spaces, as);
    machine_unlock(m);
    return as;
}

struct region *address_space_root(struct address_space *as)
{
    return as->root;
}

static void fill_piece(const struct span *s, struct memory_piece *ret)
{
    const struct region *r = s->leaf;
    struct memory_window *w = r->window;
    *ret = (struct memory_piece){ .gpa = s->first, .size = s->last - s->first + 1,
                                  .cpu = BP_NO_CPU };
    if (r->ram) {
        ret->ram = r->ram;
        ret->ram_offset = r->ram_offset + s->offset;
        ret->read_direct = true;
        ret->write_direct = !r->read_only;
    }
    if (!w)
        return;
    ret->window_offset = s->offset;
    if (!w->ram || (w->flags & BP_WINDOW_ROM)) {
        bool device = w->write || !w->ram;
        ret->window = device ? w : NULL;
        ret->write_direct = false;
        ret->read_direct = w->ram && atomic_load_explicit(&w->direct, memory_order_acquire);
    }
}

/* One try, good where the version stays. */
static bool look(struct address_space *as, uint64_t gpa, struct span *ret, uint64_t version)
{
    const struct view *v = atomic_load_explicit(&as->views[version & 1], memory_order_acquire);
    uint32_t lo = 0, hi = atomic_load_explicit(&v->count, memory_order_relaxed);
    uint32_t n = hi;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (gpa > atomic_load_explicit(&v->flat[mid].last, memory_order_relaxed))
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo >= n)
        return false;
    ret->first = atomic_load_explicit(&v->flat[lo].first, memory_order_relaxed);
    ret->last = atomic_load_explicit(&v->flat[lo].last, memory_order_relaxed);
    ret->offset = atomic_load_explicit(&v->flat[lo].offset, memory_order_relaxed);
    ret->leaf = atomic_load_explicit(&v->flat[lo].leaf, memory_order_relaxed);
    return gpa >= ret->first;
}

bool memory_find(struct address_space *as, uint64_t gpa, struct memory_piece *ret)
{
    struct span s;
    for (;;) {
        uint64_t version = atomic_load_explicit(&as->version, memory_order_acquire);
        bool found = look(as, gpa, &s, version);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&as->version, memory_order_relaxed) != version)
            continue;
        if (found)
            fill_piece(&s, ret);
        return found;
    }
}

void address_space_each(struct address_space *as,
                        void (*fn)(void *arg, const struct memory_piece *piece), void *arg)
{
    machine_lock(as->machine);
    const struct view *v = atomic_load(&as->views[atomic_load(&as->version) & 1]);
    uint32_t count = atomic_load(&v->count);
    struct memory_piece *pieces = g_new0(struct memory_piece, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const struct flat *f = &v->flat[i];
        fill_piece(&(struct span){ f->first, f->last, f->offset, f->leaf }, &pieces[i]);
    }
    machine_unlock(as->machine);
    for (uint32_t i = 0; i < count; i++)
        fn(arg, &pieces[i]);
    g_free(pieces);
}

const char *memory_piece_name(const struct memory_piece *piece)
{
    return piece->window ? piece->window->name : piece->ram ? piece->ram->name : "nothing";
}

/* ---- windows --------------------------------------------------------------------------------- */

static uint32_t access_size(uint32_t bytes, uint32_t none)
{
    return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8 ? bytes : none;
}

struct memory_window *window_new(struct part *part, uint32_t index, uint64_t size)
{
    const struct bp_window *row = PART_ROW(bp_window, part->device.windows, index);
    struct memory_window *w = g_new0(struct memory_window, 1);
    w->part = part;
    w->index = index;
    w->flags = row->flags;
    w->size = size;
    w->name = part->device.windows.count == 1 ? g_strdup(part->name)
                                              : g_strdup_printf("%s/%s", part->name, row->name);
    w->access_min = access_size(row->access_min, 1);
    w->access_max = MAX(access_size(row->access_max, 8), w->access_min);
    w->read = row->read;
    w->write = row->write;
    w->regs = reg_table_new(&part->device, index);
    atomic_init(&w->direct, true);
    if (row->flags & (BP_WINDOW_RAM | BP_WINDOW_ROM)) {
        w->ram = ram_new(part->machine, w->name, size);
        if (!w->ram) {
            window_free(w);
            return NULL;
        }
    }
    return w;
}

void window_free(struct memory_window *w)
{
    if (!w)
        return;
    reg_table_free(w->regs);
    g_free(w->name);
    g_free(w);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void region_free(void *p)
{
    struct region *r = p;
    g_ptr_array_free(r->children, TRUE);
    g_free(r->name);
    g_free(r);
}

static void space_free(void *p)
{
    struct address_space *as = p;
    g_free(atomic_load(&as->views[0]));
    g_free(atomic_load(&as->views[1]));
    g_ptr_array_free(as->old, TRUE);
    g_free(as->name);
    g_free(as);
}

void memory_init(struct machine *m)
{
    struct memory *mem = m->memory = g_new0(struct memory, 1);
    mem->regions = g_ptr_array_new_with_free_func(region_free);
    mem->spaces = g_ptr_array_new_with_free_func(space_free);
    mem->logs = g_ptr_array_new();
    pthread_mutex_init(&mem->logs_lock, NULL);
    m->system = address_space_new(m, "system", region_container(m, "system", 0));
}

void memory_finish(struct machine *m)
{
    struct memory *mem = m->memory;
    g_ptr_array_free(mem->spaces, TRUE);
    g_ptr_array_free(mem->regions, TRUE);
    g_ptr_array_free(mem->logs, TRUE);
    pthread_mutex_destroy(&mem->logs_lock);
    for (uint32_t i = 0; i < mem->block_count; i++)
        ram_free(mem->blocks[i]);
    g_clear_pointer(&m->memory, g_free);
}
