/* SPDX-License-Identifier: MIT */
/* part.c: parts: allocation, life, links, and the services that every part has. */
#include <core/machine.h>
#include <core/pins.h>
#include <core/props.h>
#include <core/regs.h>

#include <core/chardev.h>
#include <core/loop.h>
#include <core/memory.h>

#include <backplane/debug.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- making ---------------------------------------------------------------------------------- */

/* Rows as this core knows them. The loader's descriptors are so already; others are copied. */
static struct bp_rows full_rows(struct part *part, const struct bp_rows *rows, uint32_t size)
{
    if (!rows->count || rows->row_size == size)
        return *rows;
    uint8_t *copy = g_malloc0((size_t)rows->count * size);
    g_ptr_array_add(part->strings, copy);
    for (uint32_t n = 0; n < rows->count; n++)
        memcpy(copy + (size_t)n * size, (const uint8_t *)rows->row + (size_t)n * rows->row_size,
               MIN(size, rows->row_size));
    return (struct bp_rows){ copy, rows->count, size };
}

static void take_device(struct part *part, const struct bp_device *d)
{
    part->device = *d;
    part->device.regs = full_rows(part, &d->regs, sizeof(struct bp_reg));
    part->device.windows = full_rows(part, &d->windows, sizeof(struct bp_window));
    part->device.pins = full_rows(part, &d->pins, sizeof(struct bp_pin_row));
    part->device.props = full_rows(part, &d->props, sizeof(struct bp_prop));
    part->device.ports = full_rows(part, &d->ports, sizeof(struct bp_port));
    part->device.offers = full_rows(part, &d->offers, sizeof(struct bp_offer));
    part->device.needs = full_rows(part, &d->needs, sizeof(struct bp_need));
    part->device.timers = full_rows(part, &d->timers, sizeof(struct bp_timer_row));
    part->device.saved = full_rows(part, &d->saved, sizeof(struct bp_saved));
    if (d->window && !d->windows.count) {
        struct bp_window *w = g_new0(struct bp_window, 1);
        g_ptr_array_add(part->strings, w);
        *w = (struct bp_window){ .name = "mmio", .size = d->window, .storage = BP_NO_STORAGE };
        part->device.windows = (struct bp_rows){ w, 1, sizeof *w };
    }
}

/* States start at different distances from their aligned block, or all parts would share cache
 * sets. */
static struct part *allocate(struct machine *m, uint32_t state_size, size_t headroom,
                             uint32_t colour)
{
    size_t head = (sizeof(struct part) + 63) & ~(size_t)63;
    size_t at = head + (colour % 32) * 128 + ((headroom + 63) & ~(size_t)63);
    void *block;
    if (headroom > PART_HEADROOM_MAX || at >= PART_ALIGN)
        return core_error(ENOMEM, "the accelerator asks for %zu bytes a vCPU", headroom), NULL;
    if (posix_memalign(&block, PART_ALIGN, at + state_size + 1))
        return core_error(ENOMEM, "no memory for a part of %u bytes", state_size), NULL;
    memset(block, 0, at + state_size + 1);
    struct part *part = block;
    part->magic = PART_MAGIC;
    part->machine = m;
    part->memory = block;
    part->state = (uint8_t *)block + at;
    return part;
}

static int make_timers(struct part *part)
{
    part->timers = g_new0(struct core_timer, part->device.timers.count + 1);
    for (uint32_t n = 0; n < part->device.timers.count; n++) {
        const struct bp_timer_row *row = PART_ROW(bp_timer_row, part->device.timers, n);
        struct core_timer *t = &part->timers[n];
        struct bp_timer *mirror = (void *)((uint8_t *)part->state + row->field);
        if (core_timer_init(t, part->machine, row->clock, row->fire, part->state) < 0)
            return core_error(EINVAL, "%s (%s): timer %s names no clock", part->name, part->type,
                              row->name);
        t->part = part;
        t->mirror = mirror;
        mirror->deadline_ns = BP_NEVER;
        mirror->core[0] = (uintptr_t)t;
    }
    return 0;
}

static struct part *create(struct machine *m, enum part_kind kind, const struct bp_device *d,
                           const char *type, const char *name, size_t headroom)
{
    GPtrArray *list = kind == PART_DEVICE || kind == PART_CPU ? m->parts : m->others;
    struct part *part = allocate(m, d->state_size, headroom, m->parts->len + m->others->len);
    if (!part)
        return NULL;
    part->kind = kind;
    part->type = type;
    part->name = g_strdup(name);
    part->index = list->len;
    part->space = m->system;
    part->strings = g_ptr_array_new_with_free_func(g_free);
    g_queue_init(&part->watches);
    take_device(part, d);
    part->offers = g_new0(struct part_offer, part->device.offers.count + 1);
    for (uint32_t n = 0; n < part->device.offers.count; n++)
        part->offers[n].row = PART_ROW(bp_offer, part->device.offers, n);
    part->need_wish = g_new0(char *, part->device.needs.count + 1);
    part->need_part = g_new0(struct part *, part->device.needs.count + 1);
    if (props_init(part) < 0 || make_timers(part) < 0) {
        part_free(part);
        return NULL;
    }
    g_ptr_array_add(list, part);
    part->listed = true;
    return part;
}

struct part *part_create(struct machine *m, const struct bp_device *device, const char *name)
{
    if (machine_part(m, name))
        return core_error(EEXIST, "two parts are named '%s'", name), NULL;
    return create(m, PART_DEVICE, device, device->head.id, name, 0);
}

struct part *part_create_plain(struct machine *m, enum part_kind kind, const char *type,
                               const char *name, uint32_t state_size, const struct bp_rows *props,
                               const void *entity)
{
    struct bp_device d = { .head = { sizeof d, BP_KIND_DEVICE, type }, .state_size = state_size };
    if (props)
        d.props = *props;
    struct part *part = create(m, kind, &d, type, name, 0);
    if (part)
        part->entity = entity;
    return part;
}

struct part *part_create_control(struct machine *m, const struct bp_control *control,
                                 const char *name)
{
    const char *type = control->head.id;
    struct bp_device d = {
        .head = { sizeof d, BP_KIND_DEVICE, type }, .state_size = control->state_size,
        .props = control->props, .ports = control->ports, .realize = control->open,
        .unrealize = control->close,
    };
    struct part *part = create(m, PART_CONTROL, &d, type, name, 0);
    if (part)
        part->entity = control;
    return part;
}

struct part *part_create_cpu(struct machine *m, const struct bp_target *target, const char *name,
                             uint32_t cluster)
{
    size_t headroom = m->accel_entity ? m->accel_entity->headroom(m->accel, target) : 0;
    if (machine_part(m, name))
        return core_error(EEXIST, "two parts are named '%s'", name), NULL;
    struct part *part = create(m, PART_CPU, target->cpu, target->head.id, name, headroom);
    if (!part)
        return NULL;
    part->target = target;
    part->vcpu = vcpu_new(m, part, cluster);
    return part;
}

void part_free(struct part *part)
{
    if (!part)
        return;
    part_unrealize(part);
    struct machine *m = part->machine;
    if (part->listed) {
        g_ptr_array_remove(m->parts, part);
        g_ptr_array_remove(m->others, part);
    }
    loop_forget(m->loop, part);
    for (uint32_t n = 0; part->timers && n < part->device.timers.count; n++)
        core_timer_arm(&part->timers[n], BP_NEVER);
    pins_free(part);
    for (uint32_t n = 0; part->windows && n < part->device.windows.count; n++)
        window_free(part->windows[n]);
    for (uint32_t n = 0; part->need_wish && n < part->device.needs.count; n++)
        g_free(part->need_wish[n]);
    vcpu_free(part->vcpu);
    g_free(part->windows);
    g_free(part->timers);
    g_free(part->offers);
    g_free(part->need_wish);
    g_free(part->need_part);
    g_free(part->prop_given);
    g_free(part->name);
    g_ptr_array_free(part->strings, TRUE);
    part->magic = 0;
    free(part->memory);
}

/* ---- windows --------------------------------------------------------------------------------- */

static int prepare_window(struct part *part, uint32_t n)
{
    const struct bp_window *row = PART_ROW(bp_window, part->device.windows, n);
    uint64_t size = row->size;
    if (!size && row->size_prop && !part_prop_number(part, row->size_prop, &size))
        return core_error(EINVAL, "%s: window %s is sized by '%s', which is no number property",
                          part->name, row->name, row->size_prop);
    if (!size && (row->flags & BP_WINDOW_OPTIONAL))
        return 0;
    if (!size)
        return core_error(EINVAL, "%s: window %s has size 0%s%s", part->name, row->name,
                          row->size_prop ? "; set property " : "",
                          row->size_prop ? row->size_prop : "");
    struct memory_window *w = window_new(part, n, size);
    if (!w)
        return -ENOMEM;
    part->windows[n] = w;
    if (w->ram && row->storage != BP_NO_STORAGE)
        memcpy((uint8_t *)part->state + row->storage, &w->ram->host, sizeof w->ram->host);
    return 0;
}

int part_prepare(struct part *part)
{
    if (part->prepared)
        return 0;
    part->prepared = true;
    int r = pins_prepare(part);
    if (!r)
        r = regs_check(part);
    part->windows = g_new0(struct memory_window *, part->device.windows.count + 1);
    for (uint32_t n = 0; !r && n < part->device.windows.count; n++)
        r = prepare_window(part, n);
    return r;
}

uint32_t part_window_count(const struct part *part)
{
    return part->device.windows.count;
}

uint64_t part_window_size(const struct part *part, uint32_t n)
{
    return n < part->device.windows.count && part->windows && part->windows[n]
               ? part->windows[n]->size : 0;
}

int part_map(struct part *part, uint32_t n, uint64_t gpa)
{
    if (n >= part->device.windows.count || !part->windows || !part->windows[n])
        return core_error(ENOENT, "%s has no window number %u to map at 0x%" PRIx64, part->name, n,
                          gpa);
    struct memory_window *w = part->windows[n];
    if (w->flags & BP_WINDOW_PLACED)
        return core_error(EINVAL, "%s: window %u is placed by its bus, not at 0x%" PRIx64,
                          part->name, n, gpa);
    if (w->region)
        return core_error(EBUSY, "%s: window %u is mapped already", part->name, n);
    w->region = region_window(part->machine, w);
    return region_add(address_space_root(part->machine->system), w->region, gpa, 0);
}

/* ---- links ----------------------------------------------------------------------------------- */

static struct part_offer *free_offer(struct part *part, const char *id, const char *name,
                                     const struct part *who)
{
    if (part->reserved_for && part->reserved_for != who)
        return NULL;
    for (uint32_t n = 0; n < part->device.offers.count; n++) {
        struct part_offer *o = &part->offers[n];
        if (!strcmp(o->row->id, id) && (!name || !strcmp(o->row->name, name)) &&
            (!o->row->capacity || o->used < o->row->capacity))
            return o;
    }
    return NULL;
}

/* "part", "part.offer" or "DEVICE-OFFER.N". */
static struct part *wished_part(struct machine *m, const char *wish, char **ret_offer)
{
    *ret_offer = NULL;
    struct part *part = machine_part(m, wish);
    const char *dot = strrchr(wish, '.');
    if (part || !dot)
        return part;
    g_autofree char *head = g_strndup(wish, (gsize)(dot - wish));
    part = machine_part(m, head);
    if (part) {
        *ret_offer = g_strdup(dot + 1);
        return part;
    }
    char *end;
    uint64_t number = g_ascii_strtoull(dot + 1, &end, 10);
    if (*end || end == dot + 1)
        return NULL;
    for (uint32_t i = 0; i < m->parts->len; i++) {
        struct part *p = g_ptr_array_index(m->parts, i);
        size_t len = strlen(p->type);
        if (strncmp(head, p->type, len) || head[len] != '-')
            continue;
        for (uint32_t n = 0; n < p->device.offers.count; n++) {
            if (strcmp(p->offers[n].row->name, head + len + 1) || number--)
                continue;
            *ret_offer = g_strdup(head + len + 1);
            return p;
        }
    }
    return NULL;
}

static int find_link(struct part *part, uint32_t n, struct part **ret,
                     struct part_offer **ret_offer)
{
    const struct bp_need *need = PART_ROW(bp_need, part->device.needs, n);
    struct machine *m = part->machine;
    const char *wish = part->need_wish[n];
    if (wish) {
        g_autofree char *offer = NULL;
        *ret = wished_part(m, wish, &offer);
        *ret_offer = *ret ? free_offer(*ret, need->id, offer, part) : NULL;
        if (!*ret)
            return core_error(ENOENT, "%s: %s=%s: there is no such part", part->name, need->name,
                              wish);
        if (!*ret_offer)
            return core_error(EBUSY, "%s: %s=%s: it offers no %s, or has no room for one more",
                              part->name, need->name, wish, need->id);
        return 0;
    }
    for (uint32_t i = 0; i < m->parts->len; i++) {
        struct part *p = g_ptr_array_index(m->parts, i);
        *ret_offer = p == part ? NULL : free_offer(p, need->id, NULL, part);
        if (*ret_offer) {
            *ret = p;
            return 0;
        }
    }
    *ret = NULL;
    return need->optional ? 0
                          : core_error(ENODEV,
                                       "%s (%s) needs %s for '%s', and no part of the machine has "
                                       "one free", part->name, part->type, need->id, need->name);
}

static int link_needs(struct part *part)
{
    for (uint32_t n = 0; n < part->device.needs.count; n++) {
        struct part *to = NULL;
        struct part_offer *offer = NULL;
        int r = find_link(part, n, &to, &offer);
        if (r < 0)
            return r;
        if (!to)
            continue;
        offer->used++;
        part->need_part[n] = to;
        struct bp_link link = { offer->row->api, to->state };
        const struct bp_need *need = PART_ROW(bp_need, part->device.needs, n);
        memcpy((uint8_t *)part->state + need->field, &link, sizeof link);
        /* A cycle ends at the part that is being realized: it is linked, only not realized yet. */
        if ((r = part_realize(to)) < 0)
            return r;
    }
    return 0;
}

static const struct bp_offer *linked_offer(const struct part *part, uint32_t n)
{
    const struct bp_need *need = PART_ROW(bp_need, part->device.needs, n);
    const struct part *to = part->need_part[n];
    struct bp_link link;
    memcpy(&link, (const uint8_t *)part->state + need->field, sizeof link);
    for (uint32_t i = 0; i < to->device.offers.count; i++)
        if (to->offers[i].row->api == link.api && !strcmp(to->offers[i].row->id, need->id))
            return to->offers[i].row;
    return NULL;
}

static int show_faces(struct part *part)
{
    for (uint32_t n = 0; n < part->device.needs.count; n++) {
        struct part *to = part->need_part[n];
        const struct bp_offer *offer = to ? linked_offer(part, n) : NULL;
        if (!offer || !offer->attached)
            continue;
        struct bp_link child = { PART_ROW(bp_need, part->device.needs, n)->face, part->state };
        int r = offer->attached(to->state, child);
        if (r < 0)
            return r;
    }
    return 0;
}

const void *part_find_offer(const struct part *part, const char *id, void **ret_dev)
{
    for (uint32_t n = 0; n < part->device.offers.count; n++) {
        if (strcmp(part->offers[n].row->id, id))
            continue;
        if (ret_dev)
            *ret_dev = part->state;
        return part->offers[n].row->api;
    }
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

int part_realize(struct part *part)
{
    if (part->realized)
        return 0;
    part->realized = true;
    int r = part_prepare(part);
    if (!r)
        r = link_needs(part);
    if (!r) {
        part->realize_called = true;
        r = part->device.realize ? part->device.realize(part->state) : 0;
    }
    if (!r)
        r = show_faces(part);
    if (!r && part->vcpu)
        r = vcpu_realize(part->vcpu);
    if (r < 0) {
        part_unrealize(part);
        return r;
    }
    ports_ready(part);
    return 0;
}

void part_unrealize(struct part *part)
{
    part->realized = false;
    if (part->realize_called && part->device.unrealize)
        part->device.unrealize(part->state);
    part->realize_called = false;
}

void ports_ready(struct part *part)
{
    for (uint32_t n = 0; n < part->device.ports.count; n++) {
        const struct bp_port *port = PART_ROW(bp_port, part->device.ports, n);
        struct bp_chardev *chr;
        if (port->kind != BP_KIND_CHARDEV)
            continue;
        memcpy(&chr, (const uint8_t *)part->state + port->field, sizeof chr);
        if (chr)
            chardev_ready(chr);
    }
}

void part_reset_storage(struct part *part)
{
    regs_reset(part);
    for (uint32_t n = 0; n < part->device.timers.count; n++)
        core_timer_arm(&part->timers[n], BP_NEVER);
}

void part_call_reset(struct part *part)
{
    if (!part->device.reset)
        return;
    part_enter(part);
    part->device.reset(part->state);
    part_leave(part);
}

/* ---- backplane.part/1 ------------------------------------------------------------------------ */

static int fail(void *dev, int err, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    g_autofree char *text = g_strdup_vprintf(format, ap);
    va_end(ap);
    return core_error(err, "%s: %s", part_of(dev)->name, text);
}

void part_logv(struct part *part, unsigned log_class, const char *format, va_list ap)
{
    static const struct {
        uint32_t item;
        const char *name;
    } classes[] = {
        [BP_LOG_GUEST_ERROR] = { LOG_GUEST_ERRORS, "guest error: " },
        [BP_LOG_UNIMP] = { LOG_UNIMP, "unimp: " },
        [BP_LOG_TRACE] = { LOG_TRACE, "" },
    };
    if (log_class >= G_N_ELEMENTS(classes) || !log_on(classes[log_class].item))
        return;
    g_autofree char *text = g_strdup_vprintf(format, ap);
    log_text("%s: %s%s\n", part->name, classes[log_class].name, text);
}

void part_log(struct part *part, unsigned log_class, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    part_logv(part, log_class, format, ap);
    va_end(ap);
}

static void dev_log(void *dev, unsigned log_class, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    part_logv(part_of(dev), log_class, format, ap);
    va_end(ap);
}

static const char *dev_name(void *dev)
{
    return part_of(dev)->name;
}

static void dev_shutdown(void *dev, int status)
{
    machine_request_shutdown(part_of(dev)->machine, status);
}

static void dev_reset(void *dev)
{
    machine_request_reset(part_of(dev)->machine);
}

static void dev_random(void *dev, void *buf, size_t n)
{
    machine_random(part_of(dev)->machine, buf, n);
}

static void dev_lock(void *dev)
{
    machine_lock(part_of(dev)->machine);
    part_enter(part_of(dev));
}

static void dev_unlock(void *dev)
{
    part_leave(part_of(dev));
    machine_unlock(part_of(dev)->machine);
}

const struct bp_part_api part_api = {
    .size = sizeof part_api,
    .fail = fail,
    .log = dev_log,
    .name = dev_name,
    .request_shutdown = dev_shutdown,
    .request_reset = dev_reset,
    .random = dev_random,
    .lock = dev_lock,
    .unlock = dev_unlock,
};
