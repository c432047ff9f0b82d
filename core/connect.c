/* SPDX-License-Identifier: MIT */
/*
 * connect.c: the outside world of a machine: -chardev, -serial, -drive, -netdev, -nic and -device,
 * and which ports of the board they are connected to where nobody says.
 */
#include "core/graph.h"

#include "core/block.h"
#include "core/chardev.h"
#include "core/debug.h"
#include "core/loader.h"
#include "core/machine.h"
#include "core/net.h"

#include <errno.h>
#include <string.h>

/* ---- ports that the board names -------------------------------------------------------------- */

/* The nth word of a list like "uart0.chardev uart1.chardev"; with a kind, of those that begin
 * "kind:". */
static char *nth_port(const char *list, const char *kind, unsigned n)
{
    char **words = g_strsplit(list ? list : "", " ", -1);
    char *found = NULL;
    for (char **w = words; *w && !found; w++) {
        const char *word = *w;
        if (!*word)
            continue;
        if (kind) {
            size_t len = strlen(kind);
            if (strncmp(word, kind, len) || word[len] != ':')
                continue;
            word += len + 1;
        }
        if (n-- == 0)
            found = g_strdup(word);
    }
    g_strfreev(words);
    return found;
}

static int connect_port(struct graph *g, const char *part_port, uint32_t kind, const char *id)
{
    const char *dot = strrchr(part_port, '.');
    if (!dot)
        return core_error(EINVAL, "machine %s: default port '%s' is not PART.PORT",
                          g->board->head.id,
                          part_port);
    struct graph_port p = { g_strndup(part_port, (gsize)(dot - part_port)), g_strdup(dot + 1), kind,
                            g_strdup(id) };
    g_array_append_val(g->ports, p);
    return 0;
}

bool graph_port_given(const struct graph *g, uint32_t kind, const char *part_port)
{
    for (unsigned i = 0; i < g->ports->len; i++) {
        const struct graph_port *p = &g_array_index(g->ports, struct graph_port, i);
        size_t n = strlen(p->part);
        if (p->kind == kind && !strncmp(part_port, p->part, n) && part_port[n] == '.' &&
            !strcmp(part_port + n + 1, p->port))
            return true;
    }
    return false;
}

/* ---- chardevs -------------------------------------------------------------------------------- */

static int make_chardev(struct graph *g, struct option_list *l, const char *id)
{
    const struct bp_chardev_driver *d = (const void *)entity_get(BP_KIND_CHARDEV, l->head);
    struct bp_chardev *chr;
    if (!d)
        return -ENOENT;
    return chardev_new(g->machine, d, id, (const struct bp_set *)(void *)l->sets->data,
                       l->sets->len,
                       &chr);
}

static int make_chardevs(struct graph *g)
{
    for (unsigned i = 0; i < g->options->chardevs->len; i++) {
        struct option_list *l = option_list_copy(g->options->chardevs->pdata[i]);
        char *id = option_list_take(l, "id");
        int r = id ? make_chardev(g, l, id)
                   : core_error(EINVAL, "-chardev %s: id=NAME is missing", l->text);
        g_free(id);
        option_list_free(l);
        if (r < 0)
            return r;
    }
    return 0;
}

/* "unix:PATH,opts" or "tcp:HOST:PORT,opts" behind the first colon. */
static int socket_spec(struct option_list *l, const char *rest, bool tcp)
{
    struct option_list *opts = option_list_parse(l->option, rest);
    const char *where = opts->head ? opts->head : "";
    const char *colon = strrchr(where, ':');
    int r = 0;
    g_free(l->head);
    l->head = g_strdup("socket");
    if (!tcp && *where) {
        option_list_set(l, "path", where);
    } else if (tcp && colon && colon[1]) {
        char *host = g_strndup(where, (gsize)(colon - where));
        if (*host)
            option_list_set(l, "host", host);
        option_list_set(l, "port", colon + 1);
        g_free(host);
    } else {
        r = core_error(EINVAL, "%s %s: write %s", l->option, l->text,
                       tcp ? "tcp:HOST:PORT[,server=on][,wait=off]"
                           : "unix:PATH[,server=on][,wait=off]");
    }
    for (unsigned i = 0; i < opts->sets->len; i++) {
        const struct bp_set *s = &g_array_index(opts->sets, struct bp_set, i);
        bool nowait = !strcmp(s->name, "nowait"); /* the older spelling */
        option_list_set(l, nowait ? "wait" : s->name, nowait ? "off" : s->value);
    }
    option_list_free(opts);
    return r;
}

/* Turns the word of -serial or -gdb into what -chardev would say; head NULL: not connected. */
static int stream_spec(const char *option, const char *spec, struct option_list **ret)
{
    struct option_list *l = option_list_parse(option, "");
    g_free(l->text);
    l->text = g_strdup(spec);
    int r = 0;
    if (!strcmp(spec, "none")) {
        g_clear_pointer(&l->head, g_free);
    } else if (!strcmp(spec, "stdio") || !strcmp(spec, "null") || !strcmp(spec, "pty")) {
        l->head = g_strdup(spec);
    } else if (!strcmp(spec, "mon:stdio")) {
        l->head = g_strdup("stdio");
        option_list_set(l, "signal", "off");
        option_list_set(l, "escape", "on");
    } else if (g_str_has_prefix(spec, "file:") && spec[5]) {
        l->head = g_strdup("file");
        option_list_set(l, "path", spec + 5);
    } else if (g_str_has_prefix(spec, "unix:")) {
        r = socket_spec(l, spec + 5, false);
    } else if (g_str_has_prefix(spec, "tcp:")) {
        r = socket_spec(l, spec + 4, true);
    } else {
        r = core_error(EINVAL, "%s %s: write stdio, mon:stdio, file:PATH, pty, null, none, "
                       "unix:PATH, tcp:HOST:PORT or chardev:ID", option, spec);
    }
    if (r < 0)
        option_list_free(l);
    else
        *ret = l;
    return r;
}

static int make_serial(struct graph *g, unsigned n, const char *spec)
{
    char *port = nth_port(g->board->default_chardevs, NULL, n);
    char *id = g_strdup_printf("serial%u", n);
    struct option_list *l = NULL;
    int r = 0;
    if (g_str_has_prefix(spec, "chardev:")) {
        if (port)
            r = connect_port(g, port, BP_KIND_CHARDEV, spec + 8);
    } else {
        r = stream_spec("-serial", spec, &l);
        if (!r && l->head && port)
            r = make_chardev(g, l, id);
        if (!r && l->head && port)
            r = connect_port(g, port, BP_KIND_CHARDEV, id);
    }
    if (!r && !port && strcmp(spec, "none") && strcmp(spec, "null"))
        r = core_error(ENODEV, "-serial %s: machine %s has %u serial port%s", spec,
                       g->board->head.id,
                       n, n == 1 ? "" : "s");
    option_list_free(l);
    g_free(id);
    g_free(port);
    return r;
}

static int make_serials(struct graph *g)
{
    const GPtrArray *specs = g->options->serials;
    int r = 0;
    for (unsigned i = 0; i < specs->len && !r; i++)
        r = make_serial(g, i, specs->pdata[i]);
    /* without a word, the first port is the terminal: there is no other face */
    bool stdio = false;
    for (unsigned i = 0; i < g->options->chardevs->len; i++)
        stdio |= !strcmp(((struct option_list *)g->options->chardevs->pdata[i])->head, "stdio");
    if (!r && !specs->len && !g->options->no_defaults && !stdio && g->board->default_chardevs)
        r = make_serial(g, 0, g->options->nographic ? "mon:stdio" : "stdio");
    return r;
}

/* ---- debuggers ------------------------------------------------------------------------------- */

/* A debugger's socket is there to be connected to at any time, unless the user says otherwise. */
static int gdb_chardev(struct graph *g, const char *spec, const char *id)
{
    static const struct bp_set usual[] = { { "server", "on" }, { "wait", "off" } };
    struct option_list *l;
    int r = stream_spec("-gdb", spec, &l);
    if (r < 0)
        return r;
    for (size_t i = 0; i < G_N_ELEMENTS(usual) && l->head && !strcmp(l->head, "socket"); i++)
        if (!option_list_get(l, usual[i].name))
            option_list_set(l, usual[i].name, usual[i].value);
    if (g_str_has_prefix(spec, "tcp:") && !option_list_get(l, "nodelay"))
        option_list_set(l, "nodelay", "on");
    r = l->head ? make_chardev(g, l, id) : core_error(EINVAL, "-gdb %s: leave it out", spec);
    option_list_free(l);
    return r;
}

int graph_add_gdb(struct graph *g, const char *spec)
{
    unsigned n = g->machine->controls->len;
    const struct bp_control *c = (const void *)entity_get(BP_KIND_CONTROL, "gdb");
    bool named = g_str_has_prefix(spec, "chardev:");
    char *name = g_strdup_printf("gdb%u", n);
    int r = c ? 0 : -ENOENT;
    if (!r && !g->target->debug)
        r = core_error(ENOTSUP, "-gdb: target %s does not describe its registers to debuggers",
                       g->target->head.id);
    if (!r && !named)
        r = gdb_chardev(g, spec, name);
    const struct bp_set set = { "chardev", named ? spec + 8 : name };
    if (!r)
        r = control_new(g->machine, c, name, &set, 1);
    g_free(name);
    return r;
}

int graph_make_controls(struct graph *g)
{
    const struct options *o = g->options;
    int r = 0;
    for (unsigned i = 0; i < o->gdbs->len && !r; i++)
        r = graph_add_gdb(g, o->gdbs->pdata[i]);
    if (!r && o->stopped && !control_exists(g->machine))
        r = core_error(EINVAL, "-S: nothing could start the machine; add -s or -gdb");
    if (!r && o->stopped)
        machine_pause(g->machine);
    return r;
}

/* ---- drives ---------------------------------------------------------------------------------- */

static int open_drive(struct graph *g, struct option_list *l, const char *id)
{
    char *format = option_list_take(l, "format"), *serial = option_list_take(l, "serial");
    char *media = option_list_take(l, "media");
    struct block_options bo = { .serial = serial };
    int r = option_list_take_bool(l, "readonly", media && !strcmp(media, "cdrom"), &bo.read_only);
    if (!r)
        r = option_list_take_bool(l, "snapshot", g->options->snapshot, &bo.snapshot);
    if (!r && !option_list_get(l, "file") && !format)
        r = core_error(EINVAL, "-drive %s: file=FILE is missing", l->text);
    const struct bp_block_driver *d = NULL;
    if (!r && !(d = (const void *)entity_get(BP_KIND_BLOCK, format ? format : "raw")))
        r = -ENOENT;
    struct bp_block *blk;
    if (!r)
        r = block_new(g->machine, d, id, &bo, (const struct bp_set *)(void *)l->sets->data,
                      l->sets->len, &blk);
    g_free(format);
    g_free(serial);
    g_free(media);
    return r;
}

/* The one port of a kind that a device has. NULL after core_error(). */
static const char *device_port(const char *device, uint32_t kind)
{
    const struct bp_device *d = (const void *)entity_get(BP_KIND_DEVICE, device);
    for (uint32_t i = 0; d && i < d->ports.count; i++) {
        const struct bp_port *p = &((const struct bp_port *)d->ports.row)[i];
        if (p->kind == kind)
            return p->name;
    }
    if (d)
        core_error(EINVAL, "device '%s' has no %s port", device, kind_name(kind));
    return NULL;
}

/* A device made for a drive or a network, connected to it. */
static int add_device_for(struct graph *g, const char *device, uint32_t kind, const char *id,
                          const struct bp_set *more)
{
    const char *port = device_port(device, kind);
    if (!port)
        return -ENODEV;
    char *dashed = g_strdelimit(g_strdup(port), "_", '-');
    struct option_list *l = option_list_parse("-device", device);
    option_list_set(l, dashed, id);
    if (more && more->value)
        option_list_set(l, more->name, more->value);
    g_ptr_array_add(kind == BP_KIND_NET ? g->nic_devices : g->drive_devices, l);
    g_free(dashed);
    return 0;
}

/* Where a drive of kind `how` goes: its index is among those of the same kind. */
static int place_drive(struct graph *g, const char *how, unsigned index, const char *id,
                       const char *text)
{
    char *port = nth_port(g->board->default_drives, how, index);
    if (!port) {
        /* a kind that makes a device takes any number of them */
        char *first = nth_port(g->board->default_drives, how, 0);
        if (first && first[0] == '+')
            port = first;
        else
            g_free(first);
    }
    int r;
    if (!port)
        r = core_error(ENODEV, "-drive %s: machine %s has no place for drive %u of if=%s", text,
                       g->board->head.id, index, how);
    else if (port[0] == '+')
        r = add_device_for(g, port + 1, BP_KIND_BLOCK, id, NULL);
    else
        r = connect_port(g, port, BP_KIND_BLOCK, id);
    g_free(port);
    return r;
}

/* The kind of a drive that names none: what makes devices, as the board's first such. */
static char *default_kind(const struct graph *g)
{
    char **words = g_strsplit(g->board->default_drives ? g->board->default_drives : "", " ", -1);
    char *kind = NULL;
    for (char **w = words; *w && !kind; w++) {
        const char *colon = strchr(*w, ':');
        if (colon && colon[1] == '+')
            kind = g_strndup(*w, (gsize)(colon - *w));
    }
    g_strfreev(words);
    return kind;
}

static unsigned next_index(GHashTable *counts, const char *how)
{
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, how));
    g_hash_table_replace(counts, g_strdup(how), GUINT_TO_POINTER(n + 1));
    return n;
}

static int make_drive(struct graph *g, struct option_list *l, GHashTable *counts)
{
    char *id = option_list_take(l, "id"), *how = option_list_take(l, "if");
    char *index = option_list_take(l, "index"), *unit = option_list_take(l, "unit");
    int r = 0;
    uint64_t n = 0;
    if (!how)
        how = default_kind(g);
    if (!how)
        r = core_error(EINVAL,
                       "-drive %s: machine %s has no default place; give if=none and a -device",
                       l->text, g->board->head.id);
    const char *number = index ? index : unit;
    if (!r && number && !g_ascii_string_to_unsigned(number, 10, 0, 255, &n, NULL))
        r = core_error(EINVAL, "-drive %s: '%s' is no index", l->text, number);
    if (!r) {
        unsigned next = next_index(counts, how);
        if (!number)
            n = next;
        if (!id && strcmp(how, "none"))
            id = g_strdup_printf("%s%u", how, (unsigned)n);
        if (!id)
            r = core_error(EINVAL, "-drive %s: id=NAME is missing, for a -device to refer to",
                           l->text);
    }
    if (!r)
        r = open_drive(g, l, id);
    if (!r && strcmp(how, "none"))
        r = place_drive(g, how, (unsigned)n, id, l->text);
    g_free(id);
    g_free(how);
    g_free(index);
    g_free(unit);
    return r;
}

/* -machine pflash0=ID: the drive of that id in the board's nth port of kind "pflash". */
static int place_machine_drives(struct graph *g)
{
    for (unsigned i = 0; i < 8; i++) {
        char name[16];
        snprintf(name, sizeof name, "pflash%u", i);
        const char *id = option_list_get(g->options->machine, name);
        if (!id)
            continue;
        int r = place_drive(g, "pflash", i, id, id);
        if (r < 0)
            return r;
    }
    return 0;
}

static int make_drives(struct graph *g)
{
    GHashTable *counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int r = 0;
    for (unsigned i = 0; i < g->options->drives->len && !r; i++) {
        struct option_list *l = option_list_copy(g->options->drives->pdata[i]);
        r = make_drive(g, l, counts);
        option_list_free(l);
    }
    g_hash_table_unref(counts);
    return r ? r : place_machine_drives(g);
}

/* ---- networks -------------------------------------------------------------------------------- */

static int open_net(struct graph *g, struct option_list *l, const char *id)
{
    const struct bp_net_driver *d = (const void *)entity_get(BP_KIND_NET, l->head);
    struct bp_net *net;
    if (!d)
        return -ENOENT;
    return net_new(g->machine, d, id, (const struct bp_set *)(void *)l->sets->data, l->sets->len,
                   &net);
}

static int make_nic(struct graph *g, struct option_list *l, unsigned n)
{
    if (!strcmp(l->head, "none"))
        return 0;
    if (!strcmp(l->head, "nic"))
        return core_error(EINVAL, "%s %s: there is no host network for it; add -net user",
                          l->option,
                          l->text);
    char *model = option_list_take(l, "model"), *mac = option_list_take(l, "mac");
    char *id = option_list_take(l, "id");
    g_free(option_list_take(l, "net-done"));
    if (!id)
        id = g_strdup_printf("nic%u", n);
    const char *device = model && *model ? model : g->board->default_nic;
    int r = 0;
    if (!device)
        r = core_error(ENODEV, "%s %s: machine %s has no usual network device; give -netdev and "
                       "-device", l->option, l->text, g->board->head.id);
    if (!r)
        r = open_net(g, l, id);
    if (!r)
        r = add_device_for(g, device, BP_KIND_NET, id, &(struct bp_set){ "mac", mac });
    g_free(model);
    g_free(mac);
    g_free(id);
    return r;
}

static int make_nets(struct graph *g)
{
    const struct options *o = g->options;
    int r = 0;
    for (unsigned i = 0; i < o->netdevs->len && !r; i++) {
        struct option_list *l = option_list_copy(o->netdevs->pdata[i]);
        char *id = option_list_take(l, "id");
        r = id ? open_net(g, l, id) : core_error(EINVAL, "-netdev %s: id=NAME is missing", l->text);
        g_free(id);
        option_list_free(l);
    }
    for (unsigned i = 0; i < o->nics->len && !r; i++) {
        struct option_list *l = option_list_copy(o->nics->pdata[i]);
        r = make_nic(g, l, i);
        option_list_free(l);
    }
    return r;
}

int graph_make_backends(struct graph *g)
{
    int r = make_chardevs(g);
    if (!r)
        r = make_serials(g);
    if (!r)
        r = make_drives(g);
    if (!r)
        r = make_nets(g);
    return r;
}

/* ---- -device --------------------------------------------------------------------------------- */

static int add_device(struct graph *g, struct option_list *l)
{
    const struct bp_device *d = (const void *)entity_get(BP_KIND_DEVICE, l->head);
    if (!d)
        return -ENOENT;
    if (d->flags & BP_DEVICE_INTERNAL)
        return core_error(EINVAL, "-device %s: '%s' can only be part of a machine", l->text,
                          l->head);
    char *id = option_list_take(l, "id");
    if (!id) {
        char *stem = g_strdelimit(g_strdup(d->head.id), ",", '-');
        for (unsigned n = 0; !id || graph_part_find(g, id); n++) {
            g_free(id);
            id = g_strdup_printf("%s.%u", stem, n);
        }
        g_free(stem);
    }
    GArray *bases = g_array_new(false, false, sizeof(uint64_t));
    int r = graph_place(g, d, id, l, bases);
    struct bp_part row = {
        .name = id, .kind = BP_PART_DEVICE, .device = d->head.id,
        .base = bases->len ? g_array_index(bases, uint64_t, 0) : 0,
        .settings = { l->sets->data, l->sets->len, sizeof(struct bp_set) },
    };
    if (bases->len > 1)
        row.bases = (struct bp_rows){ &g_array_index(bases, uint64_t, 1), bases->len - 1,
                                      sizeof(uint64_t) };
    if (!r)
        r = graph_add_row(g, &row, true);
    g_array_unref(bases);
    g_free(id);
    return r;
}

int graph_add_devices(struct graph *g)
{
    const GPtrArray *lists[] = { g->nic_devices, g->options->devices, g->drive_devices };
    int r = 0;
    for (unsigned k = 0; k < G_N_ELEMENTS(lists); k++) {
        for (unsigned i = 0; i < lists[k]->len && !r; i++) {
            struct option_list *l = option_list_copy(lists[k]->pdata[i]);
            r = add_device(g, l);
            option_list_free(l);
        }
    }
    return r;
}
