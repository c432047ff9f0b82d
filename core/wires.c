/* SPDX-License-Identifier: MIT */
/*
 * wires.c: wires as written, "cpu[*].irq" or "plic.in[8-39]", to pairs of single lines.
 *
 * An end is PART.PIN, each with an optional [n], [first-last] or [*]; a pin that is an array and
 * has no index means all its lines. Parts vary slowest. Both sides must have equally many lines.
 */
#include "core/graph.h"

#include "core/loader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 65536

struct line {
    const struct graph_part *gp;
    const struct part_pins *pins;
    uint32_t i;
};

/* "name", "name[3]", "name[0-7]", "name[*]". */
struct range {
    char *name;
    bool given, all;
    uint32_t first, last;
};

static bool parse_number(const char **at, uint32_t *ret)
{
    char *end;
    if (!g_ascii_isdigit(**at))
        return false;
    uint64_t n = g_ascii_strtoull(*at, &end, 10);
    *at = end;
    *ret = (uint32_t)n;
    return n <= UINT32_MAX;
}

static bool parse_range(const char *text, size_t n, struct range *ret)
{
    char *copy = g_strndup(text, n);
    char *open = strchr(copy, '[');
    *ret = (struct range){ .name = copy };
    if (!open)
        return *copy != '\0';
    *open = '\0';
    const char *at = open + 1;
    ret->given = true;
    if (!strcmp(at, "*]")) {
        ret->all = true;
        return true;
    }
    if (!parse_number(&at, &ret->first))
        return false;
    ret->last = ret->first;
    if (*at == '-') {
        at++;
        if (!parse_number(&at, &ret->last) || ret->last < ret->first)
            return false;
    }
    return !strcmp(at, "]");
}

static const char *direction_name(enum bp_pin_direction d)
{
    return d == BP_PIN_OUT ? "output" : "input";
}

/* "irq, in[0-95]": what the part has in that direction. */
static char *pin_list(const struct part *part, enum bp_pin_direction direction)
{
    GString *s = g_string_new(NULL);
    for (uint32_t i = 0; i < part->device.pins.count; i++) {
        const struct part_pins *p = &part->pins[i];
        if (p->row->direction != direction)
            continue;
        g_string_append_printf(s, "%s%s", s->len ? ", " : "", p->row->name);
        if (p->array && p->count)
            g_string_append_printf(s, "[0-%u]", p->count - 1);
    }
    if (!s->len)
        g_string_append(s, "none");
    return g_string_free(s, false);
}

static int add_lines(const struct graph *g, const char *text, const struct graph_part *gp,
                     const struct range *pin, enum bp_pin_direction direction, GArray *ret)
{
    const char *board = g->board->head.id;
    if (!gp->part)
        return core_error(EINVAL, "machine %s: wire end '%s': %s has no pins", board, text,
                          gp->name);
    const struct part_pins *pins = part_find_pins(gp->part, pin->name, direction);
    if (!pins) {
        char *list = pin_list(gp->part, direction);
        int r = core_error(ENOENT, "machine %s: wire end '%s': %s (%s) has no %s '%s'; it has: %s",
                           board, text, gp->name, gp->device, direction_name(direction), pin->name,
                           list);
        g_free(list);
        return r;
    }
    bool all = pin->all || (!pin->given && pins->array);
    uint32_t first = all ? 0 : pin->first, last = all ? pins->count - 1 : pin->last;
    if (all && !pins->count)
        return 0;
    if (last >= pins->count)
        return core_error(EINVAL, "machine %s: wire end '%s': %s.%s has %u line%s", board, text,
                          gp->name, pin->name, pins->count, pins->count == 1 ? "" : "s");
    for (uint32_t i = first; i <= last && ret->len < LINES_MAX; i++) {
        struct line line = { gp, pins, i };
        g_array_append_val(ret, line);
    }
    return 0;
}

static int no_part(const struct graph *g, const char *text, const struct range *part)
{
    GPtrArray *names = g_ptr_array_new();
    bool array = false;
    for (unsigned i = 0; i < g->parts->len; i++) {
        const struct graph_part *gp = g->parts->pdata[i];
        array |= !strcmp(gp->base_name, part->name) && gp->array;
        g_ptr_array_add(names, gp->base_name);
    }
    g_ptr_array_add(names, NULL);
    char hint[128];
    const char *board = g->board->head.id;
    int r = array ? core_error(ENOENT,
                               "machine %s: wire end '%s': %s is an array; write %s[*] or an "
                               "index in it", board, text, part->name, part->name)
                  : core_error(ENOENT, "machine %s: wire end '%s': there is no such part%s", board,
                               text, did_you_mean(part->name, (char *const *)names->pdata, hint,
                                                  sizeof hint));
    g_ptr_array_unref(names);
    return r;
}

static int expand(const struct graph *g, const char *text, enum bp_pin_direction direction,
                  GArray *ret)
{
    /* the dot behind the part's name and index, not one in a name */
    const char *bracket = strchr(text, ']');
    const char *dot = strrchr(text, '.');
    if (bracket && bracket[1] == '.')
        dot = bracket + 1;
    if (!dot)
        return core_error(EINVAL, "machine %s: wire end '%s' is not PART.PIN", g->board->head.id,
                          text);
    struct range part, pin = { 0 };
    int r = 0;
    bool found = false;
    bool fine = parse_range(text, (size_t)(dot - text), &part);
    if (!parse_range(dot + 1, strlen(dot + 1), &pin) || !fine)
        r = core_error(EINVAL,
                       "machine %s: wire end '%s' is not PART.PIN, with [n], [first-last] or "
                       "[*] behind either", g->board->head.id, text);
    for (unsigned i = 0; i < g->parts->len && !r; i++) {
        const struct graph_part *gp = g->parts->pdata[i];
        if (strcmp(gp->base_name, part.name) || part.given != gp->array ||
            (gp->array && !part.all && (gp->index < part.first || gp->index > part.last)))
            continue;
        found = true;
        r = add_lines(g, text, gp, &pin, direction, ret);
    }
    if (!r && !found)
        r = no_part(g, text, &part);
    g_free(part.name);
    g_free(pin.name);
    return r;
}

static int connect_wire(struct graph *g, const struct graph_wire_text *w)
{
    GArray *from = g_array_new(false, false, sizeof(struct line));
    GArray *to = g_array_new(false, false, sizeof(struct line));
    int r = expand(g, w->from, BP_PIN_OUT, from);
    if (!r)
        r = expand(g, w->to, BP_PIN_IN, to);
    if (!r && from->len != to->len)
        r = core_error(EINVAL, "machine %s: wire %s -> %s joins %u lines to %u", g->board->head.id,
                       w->from, w->to, from->len, to->len);
    for (unsigned i = 0; i < from->len && !r; i++) {
        const struct line *a = &g_array_index(from, struct line, i);
        const struct line *b = &g_array_index(to, struct line, i);
        r = part_connect(a->gp->part, a->pins->row->name, a->i, b->gp->part, b->pins->row->name,
                         b->i);
        struct graph_wire wire = { a->gp, b->gp, a->pins, b->pins, a->i, b->i };
        g_array_append_val(g->wires, wire);
    }
    g_array_unref(from);
    g_array_unref(to);
    return r;
}

int graph_connect_wires(struct graph *g)
{
    int r = 0;
    for (unsigned i = 0; i < g->wire_texts->len && !r; i++)
        r = connect_wire(g, &g_array_index(g->wire_texts, struct graph_wire_text, i));
    return r;
}
