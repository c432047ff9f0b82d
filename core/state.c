/* SPDX-License-Identifier: MIT */
/*
 * state.c: saved state. A stream of items, all numbers little-endian:
 *
 *   uint16 bytes of the name, the name, uint32 size of one element, uint64 bytes of data, the data
 *
 * A part is an item "@part" (name, NUL, type, NUL, uint32 version), its items, and "@end". An item
 * of memory holds only pages that are not zero, each after its uint64 number. What a stream lacks
 * keeps its reset value where it is newer than the stream's version of the device.
 */
#include <core/machine.h>
#include <core/memory.h>
#include <core/regs.h>
#include <core/state.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char magic[8] = "BPSTATE1";
#define PAGE 4096u
#define STREAM_MAX (G_MAXUINT - (16u << 20)) /* what a byte array holds */

enum item_kind { ITEM_BYTES, ITEM_TIMER, ITEM_PINS, ITEM_RAM };

/* Something that is saved, wherever it lives. */
struct item {
    char *name;
    enum item_kind kind;
    void *at;           /* bytes; struct core_timer, struct part_pins or struct ram_block */
    uint64_t size;
    uint32_t elem;
    uint32_t since;     /* version of the device; 0: always */
    bool seen;
};

/* An item as it lies in a stream. */
struct record {
    char name[256];
    uint32_t elem;
    uint64_t size;
    const uint8_t *data;
};

/* ---- what is saved --------------------------------------------------------------------------- */

static void add(GArray *items, char *name, enum item_kind kind, void *at, uint64_t size,
                uint32_t elem,
                uint32_t since)
{
    struct item i = { name, kind, at, size, elem, since, false };
    g_array_append_val(items, i);
}

static uint32_t type_size(uint32_t type)
{
    switch (type) {
    case BP_I8:
        return 1;
    case BP_I16:
        return 2;
    case BP_I32:
    case BP_F32:
        return 4;
    case BP_V128:
        return 16;
    default:
        return 8;
    }
}

static void clear_item(void *item)
{
    g_free(((struct item *)item)->name);
}

static void add_tables(struct part *part, GArray *items)
{
    uint8_t *s = part->state;
    const struct bp_device *d = &part->device;
    for (uint32_t n = 0; n < d->regs.count; n++) {
        const struct bp_reg *r = PART_ROW(bp_reg, d->regs, n);
        if (r->field_size && !(r->flags & BP_REG_TRANSIENT))
            add(items, g_strdup_printf("reg %s", r->name), ITEM_BYTES, s + r->field,
                (uint64_t)r->field_size * reg_count(r), r->field_size, 0);
    }
    for (uint32_t n = 0; n < d->saved.count; n++) {
        const struct bp_saved *r = PART_ROW(bp_saved, d->saved, n);
        if (r->since)
            add(items, g_strdup(r->name), ITEM_BYTES, s + r->field, r->size,
                r->elem_size == 2 || r->elem_size == 4 || r->elem_size == 8 ? r->elem_size : 1,
                r->since);
    }
    for (uint32_t n = 0; n < d->timers.count; n++)
        add(items, g_strdup_printf("timer %s", PART_ROW(bp_timer_row, d->timers, n)->name),
            ITEM_TIMER,
            &part->timers[n], 8, 8, 0);
}

static GArray *part_items(struct part *part)
{
    GArray *items = g_array_new(FALSE, TRUE, sizeof(struct item));
    g_array_set_clear_func(items, clear_item);
    uint8_t *s = part->state;
    add_tables(part, items);
    for (uint32_t n = 0; part->target && n < part->target->regs.count; n++) {
        const struct bp_guest_reg *r = PART_ROW(bp_guest_reg, part->target->regs, n);
        uint32_t size = type_size(r->type);
        add(items, g_strdup_printf("reg %s", r->name), ITEM_BYTES, s + r->offset, size, MIN(size,
                                                                                            8u), 0);
    }
    for (uint32_t n = 0; part->pins && n < part->device.pins.count; n++)
        if (part->pins[n].outputs)
            add(items, g_strdup_printf("pin %s", part->pins[n].row->name), ITEM_PINS,
                &part->pins[n],
                part->pins[n].count, 1, 0);
    for (uint32_t n = 0; part->windows && n < part->device.windows.count; n++) {
        struct memory_window *w = part->windows[n];
        if (w && w->ram)
            add(items, g_strdup_printf("window %s", PART_ROW(bp_window, part->device.windows,
                                                             n)->name),
                ITEM_RAM, w->ram, w->ram->size, 1, 0);
    }
    return items;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_number(GByteArray *out, uint64_t v, unsigned bytes)
{
    uint8_t b[8];
    for (unsigned i = 0; i < bytes; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    g_byte_array_append(out, b, bytes);
}

/* Host order to little-endian and back. */
static void order(uint8_t *p, uint64_t size, uint32_t elem)
{
    if (G_BYTE_ORDER == G_LITTLE_ENDIAN || elem < 2)
        return;
    for (uint64_t at = 0; at + elem <= size; at += elem)
        for (uint32_t i = 0; i < elem / 2; i++) {
            uint8_t t = p[at + i];
            p[at + i] = p[at + elem - 1 - i];
            p[at + elem - 1 - i] = t;
        }
}

/* Begins an item; returns where its size is, for put_end(). */
static guint put_begin(GByteArray *out, const char *name, uint32_t elem)
{
    size_t n = strlen(name);
    put_number(out, n, 2);
    g_byte_array_append(out, (const guint8 *)name, (guint)n);
    put_number(out, elem, 4);
    put_number(out, 0, 8);
    return out->len;
}

static void put_end(GByteArray *out, guint begin)
{
    uint64_t size = out->len - begin;
    for (unsigned i = 0; i < 8; i++)
        out->data[begin - 8 + i] = (uint8_t)(size >> (8 * i));
}

static bool is_zero(const uint8_t *p, size_t n)
{
    return !n || (!p[0] && !memcmp(p, p + 1, n - 1));
}

static int put_ram(GByteArray *out, const struct ram_block *ram)
{
    for (uint64_t at = 0; at < ram->size; at += PAGE) {
        size_t n = MIN(PAGE, ram->size - at);
        if (is_zero(ram->host + at, n))
            continue;
        if (out->len > STREAM_MAX)
            return core_error(EFBIG, "saved state: %s makes it larger than 4 GiB", ram->name);
        put_number(out, at / PAGE, 8);
        g_byte_array_append(out, ram->host + at, (guint)n);
    }
    return 0;
}

static int put_item(GByteArray *out, const struct item *i)
{
    guint begin = put_begin(out, i->name, i->elem);
    const struct part_pins *pins = i->at;
    int r = 0;
    switch (i->kind) {
    case ITEM_BYTES:
        g_byte_array_append(out, i->at, (guint)i->size);
        order(out->data + begin, i->size, i->elem);
        break;
    case ITEM_TIMER:
        put_number(out, (uint64_t)((struct core_timer *)i->at)->deadline_ns, 8);
        break;
    case ITEM_PINS:
        for (uint32_t n = 0; n < pins->count; n++)
            put_number(out, atomic_load(&pins->outputs[n].level), 1);
        break;
    case ITEM_RAM:
        r = put_ram(out, i->at);
        break;
    }
    put_end(out, begin);
    return r;
}

static uint32_t version_of(const struct part *part)
{
    return part->device.state_version ? part->device.state_version : 1;
}

int state_save_part(struct part *part, GByteArray *out)
{
    int r = 0;
    guint begin = put_begin(out, "@part", 1);
    g_byte_array_append(out, (const guint8 *)part->name, (guint)strlen(part->name) + 1);
    g_byte_array_append(out, (const guint8 *)part->type, (guint)strlen(part->type) + 1);
    put_number(out, version_of(part), 4);
    put_end(out, begin);
    GArray *items = part_items(part);
    machine_lock(part->machine);
    if (part->device.pre_save) {
        part_enter(part);
        part->device.pre_save(part->state);
        part_leave(part);
    }
    machine_unlock(part->machine);
    for (guint n = 0; n < items->len && !r; n++)
        r = put_item(out, &g_array_index(items, struct item, n));
    g_array_free(items, TRUE);
    put_end(out, put_begin(out, "@end", 1));
    return r;
}

/* ---- reading --------------------------------------------------------------------------------- */

static uint64_t get_number(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static int get_record(const uint8_t *p, size_t n, size_t *at, struct record *ret)
{
    size_t rest = n - *at;
    if (rest < 2)
        return -EINVAL;
    size_t name = get_number(p + *at, 2);
    if (name >= sizeof ret->name || rest < 2 + name + 12)
        return -EINVAL;
    memcpy(ret->name, p + *at + 2, name);
    ret->name[name] = 0;
    ret->elem = (uint32_t)get_number(p + *at + 2 + name, 4);
    ret->size = get_number(p + *at + 6 + name, 8);
    ret->data = p + *at + 14 + name;
    if (ret->size > rest - (14 + name))
        return -EINVAL;
    *at += 14 + name + ret->size;
    return 0;
}

/* Levels are put back without telling inputs: what they made of them is state of their own. */
static void get_pin(struct bp_pin *pin, bool level)
{
    atomic_store(&pin->level, level);
    if (pin->shown == level)
        return;
    pin->shown = level;
    for (uint32_t i = 0; i < pin->input_count; i++) {
        pin->inputs[i]->high += level ? 1 : -1;
        pin->inputs[i]->delivered = pin->inputs[i]->high != 0;
    }
}

static int get_ram(struct machine *m, struct ram_block *ram, const struct record *r)
{
    uint64_t at = 0;
    memset(ram->host, 0, ram->size);
    while (at < r->size) {
        if (r->size - at < 8)
            return -EINVAL;
        uint64_t page = get_number(r->data + at, 8);
        if (page >= (ram->size + PAGE - 1) / PAGE)
            return -EINVAL;
        uint64_t n = MIN(PAGE, ram->size - page * PAGE);
        if (n > r->size - at - 8)
            return -EINVAL;
        memcpy(ram->host + page * PAGE, r->data + at + 8, n);
        at += 8 + n;
    }
    ram_changed(m, ram, 0, ram->size);
    return 0;
}

static int get_item(struct machine *m, struct item *i, const struct record *r)
{
    struct part_pins *pins = i->at;
    i->seen = true;
    if (i->kind == ITEM_RAM)
        return get_ram(m, i->at, r);
    if (r->size != i->size || r->elem != i->elem)
        return -EINVAL;
    switch (i->kind) {
    case ITEM_TIMER:
        core_timer_arm(i->at, (int64_t)get_number(r->data, 8));
        break;
    case ITEM_PINS:
        for (uint32_t n = 0; n < pins->count; n++)
            get_pin(&pins->outputs[n], r->data[n] & 1);
        break;
    default:
        memcpy(i->at, r->data, i->size);
        order(i->at, i->size, i->elem);
    }
    return 0;
}

static struct item *find_item(GArray *items, const char *name)
{
    for (guint n = 0; n < items->len; n++) {
        struct item *i = &g_array_index(items, struct item, n);
        if (!i->seen && !strcmp(i->name, name))
            return i;
    }
    return NULL;
}

static int bad(const struct part *part, const char *what, const char *name)
{
    return core_error(EINVAL, "saved state of %s: %s%s%s", part->name, what, name ? " " : "",
                      name ? name : "");
}

/* The "@part" record: whether it is this part's. */
static int get_header(const struct part *part, const struct record *r, uint32_t *ret_version)
{
    size_t name = strlen(part->name) + 1, type = strlen(part->type) + 1;
    if (strcmp(r->name, "@part") || r->size != name + type + 4 || memcmp(r->data, part->name,
                                                                         name) ||
        memcmp(r->data + name, part->type, type))
        return bad(part, "another part's was found", NULL);
    *ret_version = (uint32_t)get_number(r->data + name + type, 4);
    if (*ret_version > version_of(part))
        return bad(part, "it is from a newer version of the device", NULL);
    return 0;
}

static int load_items(struct part *part, const uint8_t *p, size_t n, size_t *at, GArray *items,
                      uint32_t version)
{
    struct record r;
    for (;;) {
        if (get_record(p, n, at, &r) < 0)
            return bad(part, "it is truncated", NULL);
        if (!strcmp(r.name, "@end"))
            break;
        struct item *i = find_item(items, r.name);
        if (!i)
            return bad(part, "the device has no", r.name);
        if (get_item(part->machine, i, &r) < 0)
            return bad(part, "wrong size of", r.name);
    }
    for (guint k = 0; k < items->len; k++) {
        struct item *i = &g_array_index(items, struct item, k);
        if (!i->seen && i->since <= version)
            return bad(part, "it lacks", i->name);
    }
    return 0;
}

int state_load_part(struct part *part, const void *data, size_t n, size_t *ret_used)
{
    const uint8_t *p = data;
    size_t at = 0;
    struct record r;
    uint32_t version = 0;
    if (get_record(p, n, &at, &r) < 0)
        return bad(part, "it is truncated", NULL);
    int e = get_header(part, &r, &version);
    if (e < 0)
        return e;
    GArray *items = part_items(part);
    machine_lock(part->machine);
    e = load_items(part, p, n, &at, items, version);
    if (!e && part->device.post_load) {
        part_enter(part);
        e = part->device.post_load(part->state);
        part_leave(part);
    }
    machine_unlock(part->machine);
    g_array_free(items, TRUE);
    if (ret_used)
        *ret_used = at;
    return e;
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* RAM and ROM that is no part's window. */
static bool is_plain(const struct machine *m, const struct ram_block *ram)
{
    for (guint i = 0; i < m->parts->len; i++) {
        const struct part *part = g_ptr_array_index(m->parts, i);
        for (uint32_t n = 0; part->windows && n < part->device.windows.count; n++)
            if (part->windows[n] && part->windows[n]->ram == ram)
                return false;
    }
    return true;
}

int state_save(struct machine *m, GByteArray *out)
{
    int e = 0;
    g_byte_array_append(out, (const guint8 *)magic, sizeof magic);
    guint begin = put_begin(out, "@virtual-time", 8);
    put_number(out, (uint64_t)machine_now(m, BP_CLOCK_VIRTUAL), 8);
    put_end(out, begin);
    for (uint32_t i = 0; i < ram_count(m) && !e; i++) {
        struct ram_block *ram = ram_at(m, i);
        if (!is_plain(m, ram))
            continue;
        struct item item = { (char *)ram->name, ITEM_RAM, ram, ram->size, 1, 0, false };
        e = put_item(out, &item);
    }
    for (guint i = 0; i < m->parts->len && !e; i++)
        e = state_save_part(g_ptr_array_index(m->parts, i), out);
    return e;
}

int state_load(struct machine *m, const void *data, size_t n)
{
    const uint8_t *p = data;
    size_t at = sizeof magic, used;
    struct record r;
    if (n < at || memcmp(p, magic, at) || get_record(p, n, &at, &r) < 0 ||
        strcmp(r.name, "@virtual-time") || r.size != 8)
        return core_error(EINVAL, "this is no saved state of a machine");
    clock_set_virtual(m, (int64_t)get_number(r.data, 8));
    for (uint32_t i = 0; i < ram_count(m); i++) {
        struct ram_block *ram = ram_at(m, i);
        if (!is_plain(m, ram))
            continue;
        if (get_record(p, n, &at, &r) < 0 || strcmp(r.name, ram->name) || get_ram(m, ram, &r) < 0)
            return core_error(EINVAL, "saved state: the contents of %s are missing or damaged",
                              ram->name);
    }
    for (guint i = 0; i < m->parts->len; i++) {
        int e = state_load_part(g_ptr_array_index(m->parts, i), p + at, n - at, &used);
        if (e < 0)
            return e;
        at += used;
    }
    for (uint32_t i = 0; i < machine_vcpu_count(m) && m->accel_entity; i++)
        m->accel_entity->vcpu_reset(machine_vcpu(m, i)); /* what it keeps of the state is stale */
    return at == n ? 0 : core_error(EINVAL, "saved state: %zu bytes too many", n - at);
}

static bool outlives_reset(const struct part *part, const char *name)
{
    for (uint32_t n = 0; n < part->device.saved.count; n++) {
        const struct bp_saved *r = PART_ROW(bp_saved, part->device.saved, n);
        if ((r->flags & BP_SAVED_KEPT) && !strcmp(r->name, name))
            return true;
    }
    return g_str_has_prefix(name, "window ");
}

char *state_difference(const struct part *part, const GByteArray *a, const GByteArray *b,
                       bool after_reset)
{
    size_t at = 0, bt = 0;
    struct record x, y;
    while (at < a->len && bt < b->len) {
        if (get_record(a->data, a->len, &at, &x) < 0 || get_record(b->data, b->len, &bt, &y) < 0 ||
            strcmp(x.name, y.name))
            return g_strdup("");
        if (after_reset && outlives_reset(part, x.name))
            continue;
        if (x.size != y.size || memcmp(x.data, y.data, x.size))
            return g_strdup(x.name);
    }
    return at == a->len && bt == b->len ? NULL : g_strdup("");
}
