/* SPDX-License-Identifier: MIT */
/*
 * place.c: -device for parts that a board would place: addr=ADDRESS for a window, PIN=PART.PIN for
 * a wire, as in "-device acme-gpio,addr=0xD000000,irq=plic.in[50]".
 */
#include "core/graph.h"

#include "core/loader.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define ADDRESS_UNIT 8 /* bytes of the widest access */

/* Names are written with '-' or '_'. */
static bool same_name(const char *row, const char *typed, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!row[i] || (row[i] != typed[i] && !(row[i] == '_' && typed[i] == '-')))
            return false;
    return !row[n];
}

static uint32_t window_count(const struct bp_device *d)
{
    return d->windows.count ? d->windows.count : d->window != 0;
}

static const char *window_name(const struct bp_device *d, uint32_t i)
{
    return d->windows.count ? ((const struct bp_window *)d->windows.row)[i].name : "mmio";
}

/* No board and no user says where it lies. */
static bool is_placed(const struct bp_device *d, uint32_t i)
{
    return d->windows.count &&
           ((const struct bp_window *)d->windows.row)[i].flags & BP_WINDOW_PLACED;
}

/* "addr" is the first window, "NAME-addr" that of the name; window_count() where it is neither. */
static uint32_t window_of(const struct bp_device *d, const char *key)
{
    uint32_t i = 0, n = window_count(d);
    const char *dash = strrchr(key, '-');
    if (!strcmp(key, "addr"))
        return n && is_placed(d, 0) ? n : 0;
    if (!dash || strcmp(dash, "-addr"))
        return n;
    while (i < n && !same_name(window_name(d, i), key, (size_t)(dash - key)))
        i++;
    return i < n && is_placed(d, i) ? n : i;
}

static const struct bp_pin_row *pin_of(const struct bp_device *d, const char *key)
{
    for (uint32_t i = 0; i < d->pins.count; i++) {
        const struct bp_pin_row *p = &((const struct bp_pin_row *)d->pins.row)[i];
        if (same_name(p->name, key, strcspn(key, "[")))
            return p;
    }
    return NULL;
}

/* What part_set() takes, or (for a hint) `list` gets all names. */
static bool is_setting(const struct bp_device *d, const char *key, GPtrArray *list)
{
    const struct {
        const struct bp_rows *rows;
        size_t name;
    } tables[] = {
        { &d->props, offsetof(struct bp_prop, name) },
        { &d->ports, offsetof(struct bp_port, name) },
        { &d->needs, offsetof(struct bp_need, name) },
    };
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (uint32_t i = 0; i < tables[t].rows->count; i++) {
            const char *name;
            memcpy(&name, (const uint8_t *)tables[t].rows->row +
                   (size_t)i * tables[t].rows->row_size + tables[t].name, sizeof name);
            if (list)
                g_ptr_array_add(list, g_strdelimit(g_strdup(name), "_", '-'));
            else if (same_name(name, key, strlen(key)))
                return true;
        }
    }
    return false;
}

bool graph_takes(const struct bp_device *d, const char *key)
{
    return is_setting(d, key, NULL);
}

static int unknown_key(const struct bp_device *d, const char *id, const char *key)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    char hint[128];
    is_setting(d, NULL, names);
    for (uint32_t i = 0; i < window_count(d); i++)
        if (!is_placed(d, i))
            g_ptr_array_add(names, i ? g_strdup_printf("%s-addr", window_name(d, i))
                                     : g_strdup("addr"));
    for (uint32_t i = 0; i < d->pins.count; i++)
        g_ptr_array_add(names, g_strdup(((const struct bp_pin_row *)d->pins.row)[i].name));
    g_ptr_array_add(names, NULL);
    char *list = g_strjoinv(", ", (char **)names->pdata);
    did_you_mean(key, (char *const *)names->pdata, hint, sizeof hint);
    int r = core_error(EINVAL, "%s (%s) has no property '%s'%s; it has %s", id, d->head.id, key,
                       hint, list);
    g_free(list);
    g_ptr_array_unref(names);
    return r;
}

static int take_address(const struct bp_device *d, uint32_t window, const char *id,
                        const struct bp_set *set, GArray *bases)
{
    const uint64_t none = GRAPH_NO_BASE;
    uint64_t base;
    if (!parse_size(set->value, 1, &base) || base % ADDRESS_UNIT)
        return core_error(EINVAL, "%s: %s=%s is no address: write a multiple of %d such as "
                          "0xD000000", id, set->name, set->value, ADDRESS_UNIT);
    while (bases->len <= window)
        g_array_append_val(bases, none);
    g_array_index(bases, uint64_t, window) = base;
    return 0;
}

static void take_wire(struct graph *g, const struct bp_pin_row *pin, const char *id,
                      const struct bp_set *set)
{
    char *own = g_strconcat(id, ".", pin->name, set->name + strcspn(set->name, "["), NULL);
    if (pin->direction == BP_PIN_OUT)
        graph_add_wire(g, own, set->value);
    else
        graph_add_wire(g, set->value, own);
    g_free(own);
}

/* Windows that a size property leaves out need no address. */
static int check_bases(const struct graph *g, const struct bp_device *d, const GArray *bases,
                       const char *text)
{
    for (uint32_t i = 0; i < window_count(d); i++) {
        const struct bp_window *w = d->windows.count
                                    ? &((const struct bp_window *)d->windows.row)[i] : NULL;
        if ((i < bases->len && g_array_index(bases, uint64_t, i) != GRAPH_NO_BASE) ||
            (w && w->flags & (BP_WINDOW_OPTIONAL | BP_WINDOW_PLACED)))
            continue;
        const char *pin = d->pins.count ? ((const struct bp_pin_row *)d->pins.row)->name : NULL;
        return core_error(EINVAL, "-device %s: add %s%saddr=ADDRESS for its registers, where "
                          "machine %s has nothing%s%s%s", text, i ? window_name(d, i) : "",
                          i ? "-" : "", g->board->head.id, pin ? "; wires are added as " : "",
                          pin ? pin : "", pin ? "=PART.PIN" : "");
    }
    return 0;
}

int graph_place(struct graph *g, const struct bp_device *d, const char *id, struct option_list *l,
                GArray *bases)
{
    int r = 0;
    if (!window_count(d) && !d->pins.count)
        return 0;
    for (unsigned i = 0; i < l->sets->len && !r;) {
        const struct bp_set *set = &g_array_index(l->sets, struct bp_set, i);
        uint32_t window = window_of(d, set->name);
        const struct bp_pin_row *pin = pin_of(d, set->name);
        if (is_setting(d, set->name, NULL)) {
            i++;
            continue;
        }
        if (window < window_count(d))
            r = take_address(d, window, id, set, bases);
        else if (pin)
            take_wire(g, pin, id, set);
        else
            r = unknown_key(d, id, set->name);
        option_list_remove(l, i);
    }
    return r ? r : check_bases(g, d, bases, l->text);
}
