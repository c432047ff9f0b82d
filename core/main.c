/* SPDX-License-Identifier: MIT */
/* main.c: the backplane program: from the command line to a running machine and its exit status. */
#include "core/builtin.h"
#include "core/fdt.h"
#include "core/graph.h"
#include "core/help.h"
#include "core/instrument.h"
#include "core/loader.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/options.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_ACCEL "tcg"
/* Set where we were started by a program's execve(), by ourselves; the board removes it. */
#define EXECUTED "BACKPLANE_EXECUTED"

/* What the command line is read for. */
struct start {
    int argc;
    char **argv;
    const char *program;          /* argv[0]'s name */
    unsigned held;                /* see hold_standard_files() */
    void (*sigpipe)(int);         /* as inherited */
    const struct bp_board *board; /* the board, where it runs programs; else NULL */
    const char *board_word;       /* and what it was called */
};

/* A file opened later must not become standard output, or the guest would write into it. Each is
 * opened the other way round, so that using it fails as it would have. */
static unsigned hold_standard_files(void)
{
    unsigned held = 0;
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        if (open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
            break;
        held |= 1u << fd;
    }
    return held;
}

static void release_standard_files(unsigned held)
{
    for (int fd = 0; fd < 3; fd++)
        if (held >> fd & 1)
            close(fd);
}

static void add_services(void)
{
    for (const struct core_service *s = core_services; s->id; s++)
        service_add(s->id, s->api);
    service_add("backplane.board/1", &board_api);
    service_add("backplane.fdt/1", &fdt_api);
}

static int set_up_log(const struct options *o)
{
    int r = o->log_file ? log_set_file(o->log_file) : 0;
    if (!r && o->log_items && o->help != HELP_LOG)
        r = log_set_items(o->log_items);
    if (!r && o->log_filter)
        r = log_set_filter(o->log_filter);
    return r;
}

/* -accel, else -machine accel=, else what there is by default. */
static int choose_accel(struct machine *m, struct options *o)
{
    char *named = option_list_take(o->machine, "accel");
    const char *name = o->accel ? o->accel->head : named ? named : DEFAULT_ACCEL;
    const struct bp_accel *a = (const void *)entity_get(BP_KIND_ACCEL, name);
    g_free(named);
    if (!a)
        return -ENOENT;
    if (!o->accel)
        o->accel = option_list_parse("-accel", name);
    if (o->one_insn)
        option_list_set(o->accel, "one-insn-per-tb", "on");
    return machine_set_accel(m, a, (const struct bp_set *)(void *)o->accel->sets->data,
                             o->accel->sets->len);
}

static int add_instruments(struct machine *m, const struct plugin_file *f,
                           const struct option_list *l)
{
    unsigned count = 0;
    for (unsigned i = 0; i < f->manifest->entities->len; i++) {
        const struct manifest_entity *e = f->manifest->entities->pdata[i];
        if (e->kind != BP_KIND_INSTRUMENT)
            continue;
        const struct bp_head *head = entity_get(BP_KIND_INSTRUMENT, e->id);
        if (!head)
            return -ENOENT;
        count++;
        if (option_list_asks_help(l)) {
            help_instrument((const void *)head);
            continue;
        }
        int r = instrument_add(m, (const void *)head, (const struct bp_set *)(void *)l->sets->data,
                               l->sets->len);
        if (r < 0)
            return r;
    }
    if (!count && l->sets->len)
        return core_error(EINVAL, "%s %s: the plugin has no instrument that could take '%s'",
                          l->option,
                          l->text, g_array_index(l->sets, struct bp_set, 0).name);
    return 0;
}

/* A path; or, where there is no such file, the name of an instrument among the plugins found. */
static int load_plugins(struct machine *m, const struct options *o)
{
    for (unsigned i = 0; i < o->plugins->len; i++) {
        const struct option_list *l = o->plugins->pdata[i];
        const char *file = l->head ? l->head : option_list_get(l, "file");
        struct plugin_file *f = NULL;
        int r;
        if (!file)
            return core_error(EINVAL, "%s %s: the first word must be a file", l->option, l->text);
        const struct entity_info *info = NULL;
        if (!strchr(file, '/') && !g_file_test(file, G_FILE_TEST_EXISTS))
            info = entity_find(BP_KIND_INSTRUMENT, file);
        r = info ? 0 : loader_load_file(file, &f);
        if (!r)
            r = add_instruments(m, info ? info->file : f, l);
        if (r < 0)
            return r;
    }
    return 0;
}

static int write_dtb(struct graph *g, const char *path)
{
    GBytes *blob = fdt_make(g);
    if (!blob)
        return -EINVAL;
    size_t n;
    const void *bytes = g_bytes_get_data(blob, &n);
    /* Into the file as it is: it may be a device or a pipe, which must not be replaced. */
    FILE *f = fopen(path, "wbe");
    int err = f ? 0 : errno;
    if (f && fwrite(bytes, 1, n, f) != n)
        err = errno;
    if (f && fclose(f) && !err)
        err = errno;
    return err ? core_error(err, "-machine dumpdtb=%s: %s", path, strerror(err)) : 0;
}

static int run_board(struct machine *m, struct options *o, const struct start *start,
                     int *ret_status)
{
    const struct bp_board *board = start->board;
    if (!o->machine || !o->machine->head)
        return core_error(EINVAL, "no machine is chosen: add -M NAME; -M help lists them");
    if (!board)
        board = (const void *)entity_get(BP_KIND_BOARD, o->machine->head);
    if (!board)
        return -ENOENT;
    if (start->board) { /* as the program, or one that the host executes instead, is to have it */
        release_standard_files(start->held);
        signal(SIGPIPE, start->sigpipe);
    }
    machine_set_no_reboot(m, o->no_reboot);
    struct graph *g = NULL;
    int r = graph_create(m, board, o, &g);
    if (!r && o->dumpdtb)
        r = write_dtb(g, o->dumpdtb);
    else if (!r)
        *ret_status = start->board ? machine_run_program(m, board->run, g->part->state)
                                    : machine_run(m);
    else if (g->fail_status)
        *ret_status = g->fail_status;
    machine_free(m);
    graph_free(g);
    return r;
}

/* "ARCH" of "backplane-ARCH"; NULL where the program has its plain name. */
static const char *preselect_of(const char *program)
{
    static const char prefix[] = "backplane-";
    const char *rest = program + sizeof prefix - 1;
    if (bp_builtin_plugins) /* whatever it is called */
        return bp_builtin_preselect;
    return g_str_has_prefix(program, prefix) && *rest ? rest : NULL;
}

/* For -list-plugins: files given by path are listed, too, and none is loaded. */
static int list_given_plugins(const struct options *o)
{
    int r = 0;
    for (unsigned i = 0; i < o->plugins->len && !r; i++) {
        const struct option_list *l = o->plugins->pdata[i];
        const char *file = l->head ? l->head : option_list_get(l, "file");
        struct plugin_file *f;
        if (file && (strchr(file, '/') || g_file_test(file, G_FILE_TEST_EXISTS)))
            r = loader_add_file(file, &f);
    }
    return r;
}

static int run(struct options *o, const struct start *start, int *ret_status)
{
    int r = set_up_log(o);
    if (r < 0)
        return r;
    if (help_is_passive(o)) {
        bool lists = o->help == HELP_PLUGINS || o->help == HELP_PLUGINS_VERBOSE;
        r = lists ? list_given_plugins(o) : 0;
        return r ? r : help_print(o);
    }
    bool loads = o->help == HELP_NONE || o->help == HELP_CPU || o->help == HELP_CPU_PROPS ||
                 o->plugins->len;
    if (!loads)
        return help_print(o);
    struct machine *m = start->board ? machine_new_for_program() : machine_new();
    if (!m)
        return -ENOMEM;
    if (o->seed_given)
        machine_set_seed(m, o->seed);
    r = choose_accel(m, o);
    if (!r)
        r = load_plugins(m, o);
    if (!r && o->help == HELP_NONE)
        return run_board(m, o, start, ret_status);
    if (!r)
        r = help_print(o);
    machine_free(m);
    return r;
}

/* Finds a board that runs programs, by -M or by the name that we were called. 0, or -errno where
 * it cannot be loaded. */
static int find_program_board(struct start *start, const struct options_peek *peek)
{
    const char *word = peek->machine ? peek->machine : loader_preselect();
    const struct entity_info *info = word ? entity_find(BP_KIND_BOARD, word) : NULL;
    if (!info || !info->manifest->runs_program)
        return 0;
    start->board = (const void *)entity_get(BP_KIND_BOARD, word);
    start->board_word = info->manifest->id;
    return start->board ? 0 : -ENOEXEC;
}

static int parse_program(const struct start *start, const struct options_peek *peek,
                         struct options *o)
{
    log_for_program(getenv(EXECUTED) != NULL);
    int r = options_parse_program(start->argc, start->argv, &start->board->options, o);
    if (r < 0)
        return r;
    if (!o->machine)
        o->machine = option_list_parse("-machine", start->board_word);
    if (o->plugin_paths->len == peek->plugin_paths->len && o->force_plugins == peek->force_plugins)
        return 0;
    options_clear(o);
    return core_error(EINVAL, "-plugin-path and -force-plugins must come before other options");
}

static int parse(struct start *start, struct options *o)
{
    struct options_peek peek;
    options_peek(start->argc, start->argv, &peek);
    loader_init(preselect_of(start->program), (const char *const *)peek.plugin_paths->pdata,
                peek.force_plugins);
    add_services();
    int r = find_program_board(start, &peek);
    if (!r)
        r = start->board ? parse_program(start, &peek, o)
                         : options_parse(start->argc, start->argv, o);
    options_peek_clear(&peek);
    if (r < 0)
        return r;
    o->program = start->program;
    o->preselect = preselect_of(start->program);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o;
    struct start start = { .argc = argc, .argv = argv };
    int status = 0;
    start.held = hold_standard_files();
    start.sigpipe = signal(SIGPIPE, SIG_IGN);
    char *program = g_path_get_basename(argc ? argv[0] : "backplane");
    start.program = program;
    log_set_program(program);
    if (parse(&start, &o) < 0) {
        g_free(program);
        return 1;
    }
    int r = run(&o, &start, &status);
    log_flush();
    options_clear(&o);
    if (fflush(stdout) && !r)
        r = core_error(errno, "standard output: %s", strerror(errno));
    log_set_program("backplane");
    g_free(program);
    return r < 0 && !status ? 1 : status;
}
