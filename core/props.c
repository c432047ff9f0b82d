/* SPDX-License-Identifier: MIT */
/* props.c: properties of parts: parsing, range checks, storing, and messages that say what is
 * expected. */
#include <core/loader.h>
#include <core/machine.h>
#include <core/pins.h>
#include <core/props.h>

#include <core/block.h>
#include <core/chardev.h>
#include <core/net.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- one row --------------------------------------------------------------------------------- */

static uint64_t type_max(const struct bp_prop *row)
{
    return row->field_size >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * row->field_size)) - 1;
}

static uint64_t range_max(const struct bp_prop *row)
{
    return row->max ? MIN(row->max, type_max(row)) : type_max(row);
}

/* Decimal or 0x hex, with nothing around it; *ret_end is the rest. */
static bool parse_number(const char *text, uint64_t *ret, const char **ret_end)
{
    unsigned base = 10;
    uint64_t v = 0;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (!(base == 16 ? g_ascii_isxdigit(*text) : g_ascii_isdigit(*text)))
        return false;
    for (int d; (d = g_ascii_xdigit_value(*text)) >= 0 && (unsigned)d < base; text++)
        if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, (unsigned)d, &v))
            return false;
    *ret = v;
    *ret_end = text;
    return true;
}

static bool parse_bytes(const char *text, uint64_t *ret)
{
    const char *end;
    uint64_t v;
    unsigned shift = 0;
    if (!parse_number(text, &v, &end))
        return false;
    switch (*end) {
    case 'k': case 'K': shift = 10; break;
    case 'm': case 'M': shift = 20; break;
    case 'g': case 'G': shift = 30; break;
    case 't': case 'T': shift = 40; break;
    case 0: break;
    default: return false;
    }
    if (shift && !strcmp(++end, "iB"))
        end += 2;
    if (*end || (v << shift) >> shift != v)
        return false;
    *ret = v << shift;
    return true;
}

static bool one_of(const char *text, const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, "|", -1);
    for (char **w = list; *w; w++)
        if (!g_ascii_strcasecmp(*w, text))
            return true;
    return false;
}

static bool parse_choice(const char *text, const char *choices, uint64_t *ret)
{
    g_auto(GStrv) list = g_strsplit(choices ? choices : "", "|", -1);
    for (unsigned i = 0; list[i]; i++) {
        if (!strcmp(list[i], text)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

int prop_parse(const struct bp_prop *row, const char *text, uint64_t *ret)
{
    const char *end;
    switch (row->type) {
    case BP_PROP_UINT:
        if (!parse_number(text, ret, &end) || *end)
            return -EINVAL;
        break;
    case BP_PROP_SIZE:
        if (!parse_bytes(text, ret))
            return -EINVAL;
        break;
    case BP_PROP_BOOL:
        if (one_of(text, "on|true|yes|y|1"))
            *ret = 1;
        else if (one_of(text, "off|false|no|n|0"))
            *ret = 0;
        else
            return -EINVAL;
        return 0;
    case BP_PROP_ENUM:
        return parse_choice(text, row->choices, ret) ? 0 : -EINVAL;
    case BP_PROP_STRING:
    case BP_PROP_LIST:
        *ret = 0;
        return 0;
    default:
        return -EINVAL;
    }
    return *ret < row->min || *ret > range_max(row) ? -EINVAL : 0;
}

char *prop_expects(const struct bp_prop *row)
{
    const char *what = row->type == BP_PROP_SIZE ? "a size in bytes (K, M, G, T may follow)"
                                                 : "a number";
    uint64_t max = range_max(row);
    switch (row->type) {
    case BP_PROP_BOOL:
        return g_strdup("on or off");
    case BP_PROP_ENUM:
        return g_strdup_printf("one of %s", row->choices ? row->choices : "");
    case BP_PROP_STRING:
        return g_strdup("text");
    case BP_PROP_LIST:
        return g_strdup("text, any number of times");
    default:
        if (!row->min && max == UINT64_MAX)
            return g_strdup(what);
        if (max == UINT64_MAX)
            return g_strdup_printf("%s, at least %" PRIu64, what, row->min);
        return g_strdup_printf("%s from %" PRIu64 " to %" PRIu64, what, row->min, max);
    }
}

static bool is_text(const struct bp_prop *row)
{
    return row->type == BP_PROP_STRING || row->type == BP_PROP_LIST;
}

static char *value_text(const struct bp_prop *row, uint64_t v)
{
    static const char units[] = "KMGT";
    int unit = -1;
    switch (row->type) {
    case BP_PROP_BOOL:
        return g_strdup(v ? "on" : "off");
    case BP_PROP_ENUM: {
        g_auto(GStrv) list = g_strsplit(row->choices ? row->choices : "", "|", -1);
        return g_strdup(v < g_strv_length(list) ? list[v] : "?");
    }
    case BP_PROP_SIZE:
        while (v && v % 1024 == 0 && unit < 3) {
            v /= 1024;
            unit++;
        }
        return unit < 0 ? g_strdup_printf("%" PRIu64, v)
                        : g_strdup_printf("%" PRIu64 "%c", v, units[unit]);
    default:
        return g_strdup_printf("%" PRIu64, v);
    }
}

char *prop_default_text(const struct bp_prop *row)
{
    return is_text(row) ? g_strdup(row->def_text) : value_text(row, row->def);
}

char *prop_range_text(const struct bp_prop *row)
{
    bool bits64 = row->type == BP_PROP_SIZE || row->field_size >= 8;
    uint64_t max = bits64 ? UINT64_MAX : (UINT64_C(1) << 8 * row->field_size) - 1;
    bool limited = row->max && row->max < max;
    if ((row->type != BP_PROP_UINT && row->type != BP_PROP_SIZE) || (!row->min && !limited))
        return g_strdup("");
    g_autofree char *low = value_text(row, row->min), *high = value_text(row, row->max);
    return limited ? g_strdup_printf(", from %s to %s", low, high) : g_strdup_printf(", at least %s", low);
}

/* ---- a part's values ------------------------------------------------------------------------- */

static void store_number(struct part *part, const struct bp_prop *row, uint64_t v)
{
    /* A property's storage is an element like a register's. */
    const struct bp_reg as_register = { .field = row->field, .field_size = row->field_size };
    reg_store(part->state, &as_register, 0, v);
}

static uint64_t load_number(const struct part *part, const struct bp_prop *row)
{
    const struct bp_reg as_register = { .field = row->field, .field_size = row->field_size };
    return reg_load(part->state, &as_register, 0);
}

static void store_string(struct part *part, const struct bp_prop *row, const char *text)
{
    char *before = NULL;
    if (row->type == BP_PROP_LIST)
        memcpy(&before, (const uint8_t *)part->state + row->field, sizeof before);
    char *copy = before ? g_strdup_printf("%s\n%s", before, text) : g_strdup(text);
    if (copy)
        g_ptr_array_add(part->strings, copy);
    memcpy((uint8_t *)part->state + row->field, &copy, sizeof copy);
}

int props_init(struct part *part)
{
    part->prop_given = g_new0(uint64_t, part->device.props.count / 64 + 1);
    for (uint32_t n = 0; n < part->device.props.count; n++) {
        const struct bp_prop *row = PART_ROW(bp_prop, part->device.props, n);
        size_t size = is_text(row) ? sizeof(char *) : row->field_size;
        if ((uint64_t)row->field + size > part->device.state_size)
            return core_error(EINVAL, "%s (%s): property %s lies outside the state", part->name,
                              part->type, row->name);
        if (is_text(row))
            store_string(part, row, row->def_text);
        else
            store_number(part, row, row->def);
    }
    return 0;
}

/* Names are members' names; people see and type them with '-' for '_'. */
static bool same_name(const char *row, const char *typed)
{
    while (*row && (*row == *typed || (*row == '_' && *typed == '-'))) {
        row++;
        typed++;
    }
    return !*row && !*typed;
}

static int prop_index(const struct part *part, const char *name)
{
    for (uint32_t n = 0; n < part->device.props.count; n++)
        if (same_name(PART_ROW(bp_prop, part->device.props, n)->name, name))
            return (int)n;
    return -1;
}

const struct bp_prop *part_prop(const struct part *part, const char *name)
{
    int n = prop_index(part, name);
    return n < 0 ? NULL : PART_ROW(bp_prop, part->device.props, n);
}

bool part_is_set(const struct part *part, const char *name)
{
    int n = prop_index(part, name);
    return n >= 0 && (part->prop_given[n / 64] >> (n % 64) & 1);
}

bool part_prop_number(const struct part *part, const char *name, uint64_t *ret)
{
    const struct bp_prop *row = part_prop(part, name);
    if (!row || (row->type != BP_PROP_UINT && row->type != BP_PROP_SIZE))
        return false;
    *ret = load_number(part, row);
    return true;
}

char *part_get(const struct part *part, const char *name)
{
    const struct bp_prop *row = part_prop(part, name);
    char *text;
    if (!row)
        return NULL;
    if (!is_text(row))
        return value_text(row, load_number(part, row));
    memcpy(&text, (const uint8_t *)part->state + row->field, sizeof text);
    return g_strdup(text);
}

/* ---- setting --------------------------------------------------------------------------------- */

static const struct bp_port *find_port(const struct part *part, const char *name)
{
    for (uint32_t n = 0; n < part->device.ports.count; n++) {
        const struct bp_port *port = PART_ROW(bp_port, part->device.ports, n);
        if (same_name(port->name, name))
            return port;
    }
    return NULL;
}

int part_connect_port(struct part *part, const char *name, void *handle)
{
    const struct bp_port *port = find_port(part, name);
    int r;
    if (!port)
        return core_error(ENOENT, "%s has no port '%s'", part->name, name);
    if (part_port_connected(part, name))
        return core_error(EBUSY, "%s.%s is connected already", part->name, name);
    if (port->kind == BP_KIND_CHARDEV)
        r = chardev_connect(handle, part, port);
    else if (port->kind == BP_KIND_BLOCK)
        r = block_connect(handle, part, port);
    else
        r = net_connect(handle, part, port);
    if (!r)
        memcpy((uint8_t *)part->state + port->field, &handle, sizeof handle);
    return r;
}

bool part_port_connected(const struct part *part, const char *name)
{
    const struct bp_port *port = find_port(part, name);
    void *handle = NULL;
    if (port)
        memcpy(&handle, (const uint8_t *)part->state + port->field, sizeof handle);
    return handle != NULL;
}

static int set_port(struct part *part, const struct bp_port *port, const char *id)
{
    struct machine *m = part->machine;
    const char *what = port->kind == BP_KIND_CHARDEV ? "chardev"
                     : port->kind == BP_KIND_BLOCK ? "drive" : "netdev";
    void *handle = port->kind == BP_KIND_CHARDEV ? (void *)chardev_find(m, id)
                 : port->kind == BP_KIND_BLOCK ? (void *)block_find(m, id)
                                                : (void *)net_find(m, id);
    if (!handle)
        return core_error(ENOENT, "%s: %s=%s: there is no %s with that id", part->name, port->name,
                          id, what);
    return part_connect_port(part, port->name, handle);
}

static void add_name(GPtrArray *names, const char *name)
{
    g_ptr_array_add(names, g_strdelimit(g_strdup(name), "_", '-'));
}

static void add_names(GPtrArray *names, const struct part *part)
{
    for (uint32_t n = 0; n < part->device.props.count; n++)
        add_name(names, PART_ROW(bp_prop, part->device.props, n)->name);
    for (uint32_t n = 0; n < part->device.ports.count; n++)
        add_name(names, PART_ROW(bp_port, part->device.ports, n)->name);
    for (uint32_t n = 0; n < part->device.needs.count; n++)
        add_name(names, PART_ROW(bp_need, part->device.needs, n)->name);
}

/* Every name that part_set() takes, of it or its carrier. */
static GPtrArray *known_names(const struct part *part)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    add_names(names, part);
    if (part->carrier)
        add_names(names, part->carrier);
    g_ptr_array_add(names, NULL);
    return names;
}

static int unknown_name(const struct part *part, const char *name)
{
    char hint[128];
    GPtrArray *names = known_names(part);
    char **words = (char **)names->pdata;
    g_autofree char *list = g_strjoinv(", ", words);
    did_you_mean(name, words, hint, sizeof hint);
    int r = names->len == 1
                ? core_error(EINVAL, "%s (%s) has no properties, so no '%s'", part->name,
                             part->type, name)
                : core_error(EINVAL, "%s (%s) has no property '%s'%s; it has %s", part->name,
                             part->type, name, hint, list);
    g_ptr_array_free(names, TRUE);
    return r;
}

static int set_need(struct part *part, const char *name, const char *value)
{
    for (uint32_t n = 0; n < part->device.needs.count; n++) {
        if (!same_name(PART_ROW(bp_need, part->device.needs, n)->name, name))
            continue;
        g_free(part->need_wish[n]);
        part->need_wish[n] = g_strdup(value);
        return 1;
    }
    return 0;
}

int part_set(struct part *part, const char *name, const char *value)
{
    uint64_t v;
    if (part->prepared)
        return core_error(EBUSY, "%s: '%s' can only be set before the machine is made", part->name,
                          name);
    int n = prop_index(part, name);
    if (n < 0) {
        const struct bp_port *port = find_port(part, name);
        if (port)
            return set_port(part, port, value);
        return set_need(part, name, value) ? 0 : unknown_name(part, name);
    }
    const struct bp_prop *row = PART_ROW(bp_prop, part->device.props, n);
    if (prop_parse(row, value, &v) < 0) {
        g_autofree char *expected = prop_expects(row);
        return core_error(EINVAL, "%s: %s=%s is not what the property takes: %s", part->name, name,
                          value, expected);
    }
    if (is_text(row))
        store_string(part, row, value);
    else
        store_number(part, row, v);
    part->prop_given[n / 64] |= UINT64_C(1) << (n % 64);
    return 0;
}

int part_set_rows(struct part *part, const struct bp_rows *settings)
{
    for (uint32_t n = 0; n < settings->count; n++) {
        const struct bp_set *set = (const void *)((const char *)settings->row +
                                                  (size_t)n * settings->row_size);
        int r = part_set(part, set->name, set->value);
        if (r < 0)
            return r;
    }
    return 0;
}
