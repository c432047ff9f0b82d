/* SPDX-License-Identifier: MIT */
/* options.c: the table of command-line options. The words are QEMU's wherever it has one. */
#include "core/options.h"

#include "core/loader.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define CPUS_MAX 1024

struct option {
    const char *names;    /* separated by spaces, without dashes */
    const char *arg;      /* NULL: none */
    int (*take)(struct options *o, const struct option *self, const char *name, const char *arg);
    size_t field;         /* of struct options, for the general handlers */
    const char *help;     /* NULL: not listed */
    const char *program;  /* goes with programs, too, and this environment variable does the same ("": none) */
};

static bool is_help(const char *word)
{
    return !strcmp(word, "help") || !strcmp(word, "?");
}

static void ask_help(struct options *o, enum options_help what, const char *word)
{
    if (o->help == HELP_NONE) {
        o->help = what;
        o->help_word = g_strdup(word);
    }
}

/* ---- handlers -------------------------------------------------------------------------------- */

#define MEMBER(o, self, type) ((type *)(void *)((char *)(o) + (self)->field))

static int take_text(struct options *o, const struct option *self, const char *name,
                     const char *arg)
{
    char **to = MEMBER(o, self, char *);
    g_free(*to);
    *to = g_strdup(arg);
    return 0;
}

static int take_flag(struct options *o, const struct option *self, const char *name,
                     const char *arg)
{
    *MEMBER(o, self, bool) = true;
    return 0;
}

static int take_texts(struct options *o, const struct option *self, const char *name,
                      const char *arg)
{
    g_ptr_array_add(*MEMBER(o, self, GPtrArray *), g_strdup(arg));
    return 0;
}

static int take_gdb(struct options *o, const struct option *self, const char *name,
                    const char *arg)
{
    g_ptr_array_add(o->gdbs, g_strdup("tcp::1234"));
    return 0;
}

/* A list whose first word names what is made: "help" there, or "WORD,help". */
static int take_made(struct options *o, const struct option *self, const char *name,
                     const char *arg)
{
    static const struct {
        const char *option, *key;
        enum options_help all, one;
    } kinds[] = {
        { "-device", "driver", HELP_DEVICE, HELP_DEVICE_PROPS },
        { "-chardev", "backend", HELP_CHARDEV, HELP_CHARDEV_PROPS },
        { "-netdev", "type", HELP_NETDEV, HELP_NETDEV_PROPS },
        { "-nic", "type", HELP_NETDEV, HELP_NETDEV_PROPS },
    };
    struct option_list *l = option_list_parse(name, arg);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(name, kinds[i].option))
            continue;
        if (!l->head)
            l->head = option_list_take(l, kinds[i].key);
        if (l->head && is_help(l->head))
            ask_help(o, kinds[i].all, NULL);
        else if (l->head && option_list_asks_help(l))
            ask_help(o, kinds[i].one, l->head);
    }
    g_ptr_array_add(*MEMBER(o, self, GPtrArray *), l);
    if (!l->head)
        return core_error(EINVAL, "%s %s: the first word must say what kind; %s help lists them",
                          name, arg, name);
    return 0;
}

/* "FILE,help": what its instruments take; the file has to be loaded for that, by main.c. */
static int take_plugin(struct options *o, const struct option *self, const char *name,
                       const char *arg)
{
    struct option_list *l = option_list_parse(name, arg);
    if (option_list_asks_help(l))
        ask_help(o, HELP_INSTRUMENT_PROPS, NULL);
    g_ptr_array_add(o->plugins, l);
    return 0;
}

static int take_machine(struct options *o, const struct option *self, const char *name,
                        const char *arg)
{
    struct option_list *l = option_list_parse("-machine", arg);
    if (!l->head)
        l->head = option_list_take(l, "type");
    if (l->head && is_help(l->head))
        ask_help(o, HELP_MACHINE, NULL);
    else if (l->head && option_list_asks_help(l))
        ask_help(o, HELP_MACHINE_PROPS, l->head);
    if (!o->machine) {
        o->machine = l;
        return 0;
    }
    if (l->head) {
        g_free(o->machine->head);
        o->machine->head = g_strdup(l->head);
    }
    for (unsigned i = 0; i < l->sets->len; i++) {
        const struct bp_set *s = &g_array_index(l->sets, struct bp_set, i);
        option_list_set(o->machine, s->name, s->value);
    }
    option_list_free(l);
    return 0;
}

static int take_accel(struct options *o, const struct option *self, const char *name,
                      const char *arg)
{
    struct option_list *l = option_list_parse("-accel", arg);
    if (!l->head)
        l->head = option_list_take(l, "accel");
    if (l->head && is_help(l->head))
        ask_help(o, HELP_ACCEL, NULL);
    if (!l->head || o->accel) {
        const char *why = l->head ? "may be given once" : "needs the accelerator's name first";
        int r = core_error(EINVAL, "-accel %s: the option %s; -accel help lists them", arg, why);
        option_list_free(l);
        return r;
    }
    o->accel = l;
    return 0;
}

static int take_cpu(struct options *o, const struct option *self, const char *name, const char *arg)
{
    const char *comma = strchr(arg, ',');
    if (is_help(arg)) {
        ask_help(o, HELP_CPU, NULL);
    } else if (comma && is_help(comma + 1)) {
        char *model = g_strndup(arg, (gsize)(comma - arg));
        ask_help(o, HELP_CPU_PROPS, model);
        g_free(model);
    }
    return take_text(o, self, name, arg);
}

static int take_smp(struct options *o, const struct option *self, const char *name, const char *arg)
{
    struct option_list *l = option_list_parse("-smp", arg);
    char *count = l->head ? g_strdup(l->head) : option_list_take(l, "cpus");
    uint64_t n = 0;
    int r = 0;
    if (l->sets->len)
        r = core_error(EINVAL, "-smp %s: '%s' is not available in this version; only the number of "
                       "vCPUs is", arg, g_array_index(l->sets, struct bp_set, 0).name);
    else if (!count || !g_ascii_string_to_unsigned(count, 10, 1, CPUS_MAX, &n, NULL))
        r = core_error(EINVAL, "-smp %s: the number of vCPUs must be 1 to %d", arg, CPUS_MAX);
    else
        o->cpus = (uint32_t)n;
    g_free(count);
    option_list_free(l);
    return r;
}

static int take_memory(struct options *o, const struct option *self, const char *name,
                       const char *arg)
{
    struct option_list *l = option_list_parse("-m", arg);
    char *size = l->head ? g_strdup(l->head) : option_list_take(l, "size");
    int r = 0;
    if (l->sets->len)
        r = core_error(EINVAL, "-m %s: '%s' is not available in this version; only the size is",
                       arg,
                       g_array_index(l->sets, struct bp_set, 0).name);
    else if (!size || !parse_size(size, BP_MIB, &o->ram_size) || !o->ram_size)
        r = core_error(EINVAL, "-m %s: the size must be a number of MiB, or end in K, M, G or T",
                       arg);
    g_free(size);
    option_list_free(l);
    return r;
}

static int take_drive(struct options *o, const struct option *self, const char *name,
                      const char *arg)
{
    struct option_list *l = option_list_parse("-drive", arg);
    const char *format = option_list_get(l, "format");
    g_ptr_array_add(o->drives, l);
    if ((l->head && is_help(l->head)) || (format && is_help(format)))
        ask_help(o, HELP_DRIVE, NULL);
    else if (l->head)
        return core_error(EINVAL, "-drive %s: '%s' has no value; write file=%s", arg, l->head,
                          l->head);
    return 0;
}

/* -net nic,... and -net KIND,... are one -nic each in spirit: the device and what it is plugged
 * into. */
static int take_net(struct options *o, const struct option *self, const char *name, const char *arg)
{
    struct option_list *l = option_list_parse("-net", arg);
    if (l->head && !strcmp(l->head, "none")) {
        o->no_default_net = true;
        option_list_free(l);
        return 0;
    }
    if (l->head && is_help(l->head))
        ask_help(o, HELP_NETDEV, NULL);
    if (!l->head) {
        option_list_free(l);
        return core_error(EINVAL, "-net %s: the first word must be nic, none or a netdev kind",
                          arg);
    }
    /* join with an earlier one that lacks this half */
    bool is_nic = !strcmp(l->head, "nic");
    for (unsigned i = 0; i < o->nics->len; i++) {
        struct option_list *other = o->nics->pdata[i];
        if (strcmp(other->option, "-net") || option_list_get(other, "net-done") ||
            !strcmp(other->head, "nic") == is_nic)
            continue;
        if (is_nic) {
            option_list_set(other, "model", option_list_get(l, "model") ?
                            option_list_get(l, "model") : "");
        } else {
            g_free(other->head);
            other->head = g_strdup(l->head);
            for (unsigned j = 0; j < l->sets->len; j++) {
                const struct bp_set *s = &g_array_index(l->sets, struct bp_set, j);
                option_list_set(other, s->name, s->value);
            }
        }
        option_list_set(other, "net-done", "on");
        option_list_free(l);
        return 0;
    }
    g_ptr_array_add(o->nics, l);
    return 0;
}

static int take_seed(struct options *o, const struct option *self, const char *name,
                     const char *arg)
{
    if (!g_ascii_string_to_unsigned(arg, 10, 0, UINT64_MAX, &o->seed, NULL))
        return core_error(EINVAL, "-seed %s: must be a number", arg);
    o->seed_given = true;
    return 0;
}

/* -semihosting, -semihosting-config SETTINGS: the device of that name, one for all such options; with a
 * `-device semihosting` it is the same. */
static int take_semihosting(struct options *o, const struct option *self, const char *name,
                            const char *arg)
{
    struct option_list *l = NULL;
    for (unsigned i = 0; i < o->devices->len && !l; i++) {
        struct option_list *other = o->devices->pdata[i];
        if (other->head && !strcmp(other->head, "semihosting"))
            l = other;
    }
    if (!l) {
        l = option_list_parse(name, "semihosting");
        g_ptr_array_add(o->devices, l);
    }
    struct option_list *more = option_list_parse(name, arg ? arg : "");
    if (more->head) /* "on" alone */
        option_list_set(l, "enable", more->head);
    for (unsigned i = 0; i < more->sets->len; i++) {
        const struct bp_set *s = &g_array_index(more->sets, struct bp_set, i);
        struct bp_set copy = { g_strdup(s->name), g_strdup(s->value) };
        g_array_append_val(l->sets, copy); /* arg= may come several times */
    }
    option_list_free(more);
    return 0;
}

static int take_log(struct options *o, const struct option *self, const char *name, const char *arg)
{
    if (is_help(arg))
        ask_help(o, HELP_LOG, NULL);
    return take_text(o, self, name, arg);
}

/* Options of things that this version has not, with the one value that asks for nothing. */
static int take_none(struct options *o, const struct option *self, const char *name,
                     const char *arg)
{
    if (!strcmp(arg, "none") || !strcmp(arg, "null"))
        return 0;
    return core_error(EINVAL, "%s %s is not available in this version; only %s none is", name, arg,
                      name);
}

static int take_missing(struct options *o, const struct option *self, const char *name,
                        const char *arg)
{
    return core_error(EINVAL, "%s is not available in this version", name);
}

static int take_nothing(struct options *o, const struct option *self, const char *name,
                        const char *arg)
{
    return 0;
}

static int take_version(struct options *o, const struct option *self, const char *name,
                        const char *arg)
{
    ask_help(o, HELP_VERSION, NULL);
    return 0;
}

static int take_help(struct options *o, const struct option *self, const char *name,
                     const char *arg)
{
    ask_help(o, HELP_ALL, NULL);
    return 0;
}

static int take_plugins(struct options *o, const struct option *self, const char *name,
                        const char *arg)
{
    ask_help(o, arg && !strcmp(arg, "verbose") ? HELP_PLUGINS_VERBOSE : HELP_PLUGINS, NULL);
    if (arg && strcmp(arg, "verbose"))
        return core_error(EINVAL, "-list-plugins takes nothing or 'verbose', not '%s'", arg);
    return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define FIELD(member) offsetof(struct options, member)
static const struct option options[] = {
    { "h help", NULL, take_help, 0, "Show this help", "" },
    { "version", NULL, take_version, 0, "Show the version", "" },
    { "M machine", "NAME[,PROP=VALUE...]", take_machine, 0,
      "Choose the machine (-M help lists them, -M NAME,help its properties); also dumpdtb=FILE: "
      "write its device tree and end", "" },
    { "cpu", "MODEL[,FEATURE=on|off,+FEATURE,-FEATURE...]", take_cpu, FIELD(cpu),
      "Choose the vCPUs (-cpu help lists them)", "BACKPLANE_CPU" },
    { "smp", "N", take_smp, 0, "Number of vCPUs" },
    { "m", "SIZE", take_memory, 0, "RAM in MiB, or with K, M, G, T" },
    { "accel", "NAME[,PROP=VALUE...]", take_accel, 0,
      "What runs the vCPUs (-accel help lists them)", "" },
    { "bios", "FILE", take_text, FIELD(bios), "Firmware; 'none' for none" },
    { "kernel", "FILE", take_text, FIELD(kernel),
      "Kernel: ELF, Linux Image (also gzip-compressed) or raw" },
    { "initrd", "FILE", take_text, FIELD(initrd), "Initial RAM disk of the kernel" },
    { "append", "TEXT", take_text, FIELD(append), "Command line of the kernel" },
    { "dtb", "FILE", take_text, FIELD(dtb), "Device tree to use instead of the machine's own" },
    { "drive", "file=FILE[,format=F][,if=KIND][,id=ID][,readonly=on][,snapshot=on]...",
      take_drive, 0,
      "A drive; if=none: for a -device; if=virtio or if=pflash: connected by the machine" },
    { "device", "NAME[,PROP=VALUE...]", take_made, FIELD(devices),
      "Add a device (-device help lists them, -device NAME,help its properties)" },
    { "netdev", "KIND,id=ID[,PROP=VALUE...]", take_made, FIELD(netdevs),
      "A host network for a -device (-netdev help lists them)" },
    { "nic", "KIND[,model=DEVICE][,PROP=VALUE...]", take_made, FIELD(nics),
      "A host network with the machine's usual network device; 'none' for none" },
    { "net", "nic[,model=DEVICE] | KIND[,PROP=VALUE...] | none", take_net, 0,
      "The older spelling of -nic" },
    { "chardev", "KIND,id=ID[,PROP=VALUE...]", take_made, FIELD(chardevs),
      "A character stream for a -device or -serial (-chardev help lists them)" },
    { "serial", "SPEC", take_texts, FIELD(serials),
      "Connect the machine's next serial port: stdio, mon:stdio, file:PATH, pty, null, none, "
      "unix:PATH[,server=on][,wait=off], tcp:HOST:PORT[,...], chardev:ID" },
    { "gdb", "SPEC", take_texts, FIELD(gdbs),
      "Wait for a gdb at tcp:HOST:PORT, unix:PATH, stdio or chardev:ID" },
    { "s", NULL, take_gdb, 0, "The same as -gdb tcp::1234" },
    { "S", NULL, take_flag, FIELD(stopped), "Leave the machine stopped until a debugger starts it" },
    { "nographic", NULL, take_flag, FIELD(nographic),
      "Serial port on the terminal, no display (Ctrl-A x ends)" },
    { "no-reboot", NULL, take_flag, FIELD(no_reboot), "End instead of rebooting" },
    { "snapshot", NULL, take_flag, FIELD(snapshot), "Write drives' changes to temporary files" },
    { "global", "DEVICE.PROP=VALUE", take_texts, FIELD(globals),
      "Default of a property for all such devices" },
    { "one-insn-per-tb", NULL, take_flag, FIELD(one_insn),
      "Translate single instructions only (slow; for logs)", "BACKPLANE_ONE_INSN_PER_TB" },
    { "seed", "N", take_seed, 0, "Make the machine's random numbers the same each time", "BACKPLANE_SEED" },
    { "name", "TEXT", take_text, FIELD(name), "A name for people to see in the process list", "" },
    { "nodefaults", NULL, take_flag, FIELD(no_defaults),
      "No serial port that was not asked for" },
    { "semihosting", NULL, take_semihosting, 0,
      "Let programs on bare metal use the host's console and files, by semihosting calls" },
    { "semihosting-config", "[enable=on|off][,chardev=ID][,arg=WORD...][,userspace=on|off]",
      take_semihosting, 0, "The same, with settings (-device semihosting,help lists them)" },
    { "d", "ITEM[,ITEM...]", take_log, FIELD(log_items), "Log (-d help lists the items)", "BACKPLANE_LOG" },
    { "D", "FILE", take_text, FIELD(log_file), "Write the log to a file", "BACKPLANE_LOG_FILE" },
    { "dfilter", "RANGE[,RANGE...]", take_text, FIELD(log_filter),
      "Log translations of these addresses only: start+size, start-size, first..last", "BACKPLANE_DFILTER" },
    { "L", "DIR", take_texts, FIELD(firmware_paths), "Look for firmware there first" },
    { "list-plugins", "[verbose]", take_plugins, 0,
      "List the plugins found and what they provide", "" },
    { "plugin-path", "DIR[:DIR...]", take_texts, FIELD(plugin_paths),
      "Look for plugins there first", "" },
    { "load-plugin plugin", "FILE[,PROP=VALUE...]", take_plugin, 0,
      "Load a plugin by path, or an instrument by name; an instrument is started with "
      "these properties (FILE,help lists them)", "BACKPLANE_PLUGIN" },
    { "force-plugins", NULL, take_flag, FIELD(force_plugins),
      "Load plugin files even where everybody may write them", "" },
    { "monitor", "none", take_none, 0, "There is no monitor in this version" },
    { "display", "none", take_none, 0, "There is no display in this version" },
    { "vga parallel audio", "none", take_none, 0, NULL },
    { "no-user-config nodefconfig", NULL, take_nothing, 0, NULL },
    { "daemonize usb", NULL, take_missing, 0, NULL },
    { "qmp mon icount object blockdev fw_cfg rtc boot incoming loadvm vnc trace smbios "
      "acpitable uuid hda hdb sd mtdblock pflash cdrom usbdevice spice numa "
      "action watchdog overcommit run-with msg pidfile tpmdev fsdev virtfs qtest readconfig",
      "ARG", take_missing, 0, NULL },
};

static bool names_word(const char *names, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = names; at && n; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (!strncmp(at, word, n) && (at[n] == ' ' || !at[n]))
            return true;
    }
    return false;
}

/* What fits a board that runs programs, or all. */
static const struct option *find_option(const char *word, bool program)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        if (names_word(options[i].names, word) && (!program || options[i].program))
            return &options[i];
    return NULL;
}

static const struct bp_board_option *board_row(const struct bp_rows *rows, uint32_t i)
{
    return &((const struct bp_board_option *)rows->row)[i];
}

static const struct bp_board_option *find_board_option(const struct options *o, const char *word)
{
    for (uint32_t i = 0; o->board_options && i < o->board_options->count; i++)
        if (!strcmp(board_row(o->board_options, i)->name, word))
            return board_row(o->board_options, i);
    return NULL;
}

static char **known_words(const struct options *o)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        if (options[i].help && (!o->board_options || options[i].program))
            g_string_append_printf(names, "%s%s", names->len ? " " : "", options[i].names);
    for (uint32_t i = 0; o->board_options && i < o->board_options->count; i++)
        g_string_append_printf(names, " %s", board_row(o->board_options, i)->name);
    char **words = g_strsplit(names->str, " ", -1);
    g_string_free(names, true);
    return words;
}

static int unknown_option(const struct options *o, const char *written, const char *word)
{
    if (o->board_options && find_option(word, false))
        return core_error(EINVAL, "%s is for machines, not for programs; -h lists all", written);
    char **words = known_words(o);
    const char *near = *word ? nearest_word(word, words) : NULL;
    const char *dash = g_str_has_prefix(written, "--") ? "--" : "-";
    int r = near ? core_error(EINVAL, "unknown option %s (did you mean %s%s?); -h lists all",
                              written,
                              dash, near)
                 : core_error(EINVAL, "unknown option %s; -h lists all", written);
    g_strfreev(words);
    return r;
}

static void init(struct options *o)
{
    memset(o, 0, sizeof *o);
    GPtrArray **lists[] = { &o->drives, &o->devices, &o->netdevs, &o->nics, &o->chardevs,
                            &o->plugins };
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        *lists[i] = g_ptr_array_new_with_free_func((GDestroyNotify)option_list_free);
    GPtrArray **texts[] = { &o->globals, &o->serials, &o->gdbs, &o->plugin_paths,
                            &o->firmware_paths };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = g_ptr_array_new_with_free_func(g_free);
    o->board_sets = g_array_new(false, false, sizeof(struct bp_set));
}

void options_clear(struct options *o)
{
    GPtrArray *lists[] = { o->drives, o->devices, o->netdevs, o->nics, o->chardevs, o->plugins,
                           o->globals, o->serials, o->gdbs, o->plugin_paths, o->firmware_paths };
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_ptr_array_unref(lists[i]);
    char *texts[] = { o->cpu, o->bios, o->kernel, o->initrd, o->append, o->dtb, o->dumpdtb, o->name,
                      o->log_items, o->log_file, o->log_filter, o->help_word };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    option_list_free(o->machine);
    option_list_free(o->accel);
    for (unsigned i = 0; i < o->board_sets->len; i++)
        g_free((char *)(uintptr_t)g_array_index(o->board_sets, struct bp_set, i).value);
    g_array_unref(o->board_sets);
    memset(o, 0, sizeof *o);
}

static void add_board_set(struct options *o, const struct bp_board_option *b, const char *arg)
{
    struct bp_set set = { b->prop, g_strdup(arg ? arg : "on") };
    g_array_append_val(o->board_sets, set);
}

/* What one word says: "-name", "--name=arg". */
struct written {
    const char *text;
    char *name;
    const char *arg;  /* behind '=', or NULL */
};

static struct written read_word(const char *text)
{
    const char *word = text + 1;
    if (*word == '-')
        word++;
    size_t n = text[1] == '-' ? strcspn(word, "=") : strlen(word);
    return (struct written){ text, g_strndup(word, n), word[n] == '=' ? word + n + 1 : NULL };
}

/* The argument, from the next word where it must be there. 0, or -EINVAL after core_error(). */
static int take_argument(const struct written *w, const char *takes, int argc, char **argv, int *i,
                         const char **ret)
{
    *ret = w->arg;
    if (takes && takes[0] == '[' && !w->arg) { /* may be left out */
        if (*i + 1 < argc && argv[*i + 1][0] != '-')
            *ret = argv[++*i];
        return 0;
    }
    if (takes && !w->arg && *i + 1 >= argc)
        return core_error(EINVAL, "%s needs an argument: %s", w->text, takes);
    if (!takes && w->arg)
        return core_error(EINVAL, "-%s takes no argument", w->name);
    if (takes && !w->arg)
        *ret = argv[++*i];
    return 0;
}

/* One option at argv[*i]; its argument is behind '=' or the next word. */
static int parse_one(struct options *o, int argc, char **argv, int *i)
{
    const char *text = argv[*i], *arg;
    if (text[0] != '-' || !text[1])
        return core_error(EINVAL,
                          "'%s' is no option; a drive is given by -drive file=%s, a kernel by "
                          "-kernel %s", text, text, text);
    struct written w = read_word(text);
    const struct bp_board_option *board_option = find_board_option(o, w.name);
    const struct option *option = find_option(w.name, o->board_options != NULL);
    int r;
    if (board_option) {
        r = take_argument(&w, board_option->arg, argc, argv, i, &arg);
        if (!r)
            add_board_set(o, board_option, arg);
    } else if (!option) {
        r = unknown_option(o, text, w.name);
    } else {
        char *shown = g_strconcat("-", w.name, NULL);
        arg = w.arg;
        r = option->take == take_missing ? 0
                                         : take_argument(&w, option->arg, argc, argv, i, &arg);
        if (!r)
            r = option->take(o, option, shown, arg);
        g_free(shown);
    }
    g_free(w.name);
    return r;
}

static int finish(struct options *o, int r, struct options *ret)
{
    if (r) {
        options_clear(o);
        return r;
    }
    g_ptr_array_add(o->plugin_paths, NULL);
    if (o->machine)
        o->dumpdtb = option_list_take(o->machine, "dumpdtb");
    *ret = *o;
    return 0;
}

int options_parse(int argc, char **argv, struct options *ret)
{
    struct options o;
    init(&o);
    int r = 0;
    for (int i = 1; i < argc && !r; i++)
        r = parse_one(&o, argc, argv, &i);
    return finish(&o, r, ret);
}

/* General options by environment; an empty value of one without argument turns it on. */
static int take_environment(struct options *o)
{
    int r = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(options) && !r; i++) {
        const struct option *option = &options[i];
        const char *value = option->program && *option->program ? g_getenv(option->program) : NULL;
        bool on = true;
        if (!value || (!option->arg && *value && parse_bool(value, &on) && !on))
            continue;
        r = option->take(o, option, option->program, value);
    }
    return r;
}

int options_parse_program(int argc, char **argv, const struct bp_rows *board_options,
                          struct options *ret)
{
    struct options o;
    init(&o);
    o.board_options = board_options;
    int r = take_environment(&o), i = 1;
    while (i < argc && !r && argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--")) {
        r = parse_one(&o, argc, argv, &i);
        i++;
    }
    i = MIN(i, argc);
    o.command = argv;
    o.command_count = i;
    i += i < argc && !strcmp(argv[i], "--");
    o.arguments = argv + i;
    o.argument_count = argc - i;
    return finish(&o, r, ret);
}

void options_peek(int argc, char **argv, struct options_peek *ret)
{
    *ret = (struct options_peek){ NULL, g_ptr_array_new(), false };
    for (int i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        struct written w = read_word(argv[i]);
        const struct option *option = find_option(w.name, false);
        const char *arg = w.arg;
        if (option && option->arg && !arg && option->take != take_missing && i + 1 < argc &&
            (option->arg[0] != '[' || argv[i + 1][0] != '-'))
            arg = argv[++i];
        if (option && arg && option->take == take_machine) {
            size_t n = strcspn(arg, ",");
            bool named = g_str_has_prefix(arg, "type=");
            if (named || !memchr(arg, '=', n)) {
                g_free(ret->machine);
                ret->machine = named ? g_strndup(arg + 5, n - 5) : g_strndup(arg, n);
            }
        } else if (option && arg && option->field == FIELD(plugin_paths)) {
            g_ptr_array_add(ret->plugin_paths, (void *)(uintptr_t)arg);
        } else if (option && option->field == FIELD(force_plugins)) {
            ret->force_plugins = true;
        }
        g_free(w.name);
        if (!option)
            break;
    }
    g_ptr_array_add(ret->plugin_paths, NULL);
}

void options_peek_clear(struct options_peek *p)
{
    g_free(p->machine);
    g_ptr_array_unref(p->plugin_paths);
}

/* ---- help ------------------------------------------------------------------------------------ */

/* Wrapped behind column 16, as people know it. */
static void print_wrapped(FILE *out, const char *help)
{
    char **words = g_strsplit(help, " ", -1);
    int column = 0;
    for (char **w = words; *w; w++) {
        int n = (int)g_utf8_strlen(*w, -1);
        if (!column || column + 1 + n > 78)
            column = fprintf(out, "%s%15s", column ? "\n" : "", "") - (column != 0);
        column += fprintf(out, " %s", *w);
    }
    fputc('\n', out);
    g_strfreev(words);
}

static void print_option(FILE *out, const char *names_text, const char *arg, const char *env,
                         const char *help)
{
    char **names = g_strsplit(names_text, " ", -1);
    for (char **n = names; *n; n++)
        fprintf(out, "%s-%s", n == names ? "" : ", ", *n);
    fprintf(out, "%s%s", arg ? " " : "", arg ? arg : "");
    fprintf(out, env && *env ? "  (or %s)\n" : "%s\n", env && *env ? env : "");
    print_wrapped(out, help);
    g_strfreev(names);
}

void options_print_help(FILE *out, const char *program, const struct bp_rows *board_options)
{
    fprintf(out, board_options ? "usage: %s [options] program [arguments]\n\n"
                                 "Options (one dash or two), and environment variables:\n"
                               : "usage: %s [options]\n\nOptions (one dash or two):\n", program);
    for (uint32_t i = 0; board_options && i < board_options->count; i++) {
        const struct bp_board_option *b = board_row(board_options, i);
        print_option(out, b->name, b->arg, b->env, b->doc);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        const struct option *o = &options[i];
        if (o->help && (!board_options || o->program))
            print_option(out, o->names, o->arg, board_options ? o->program : NULL, o->help);
    }
    fprintf(out, "\nA comma inside a value is written twice.\n");
}
