/* SPDX-License-Identifier: MIT */
/* test_program_options.c: command lines of boards that run programs. */
#include "core/options.h"

#include <backplane/board.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct bp_board_option rows[] = {
    { "L", "PREFIX", "sysroot", NULL, "folder" },
    { "s", "SIZE", "stack", NULL, "stack" },
    { "strace", NULL, "strace", NULL, "calls" },
    { "0", "NAME", "argv0", NULL, "name" },
};
static const struct bp_rows board_options = BP_ROWS(rows);

/* Words separated by spaces; what came of it, as text: "prop=value ... | command words |
 * arguments". */
static char *parse(const char *text)
{
    char **argv = g_strsplit(text, " ", -1);
    struct options o;
    GString *s = g_string_new(NULL);
    if (options_parse_program((int)g_strv_length(argv), argv, &board_options, &o) < 0) {
        g_string_assign(s, "refused");
    } else {
        for (unsigned i = 0; i < o.board_sets->len; i++) {
            const struct bp_set *set = &g_array_index(o.board_sets, struct bp_set, i);
            g_string_append_printf(s, "%s=%s ", set->name, set->value);
        }
        if (o.cpu)
            g_string_append_printf(s, "cpu:%s ", o.cpu);
        if (o.one_insn)
            g_string_append(s, "one ");
        if (o.seed_given)
            g_string_append_printf(s, "seed:%u ", (unsigned)o.seed);
        g_string_append_printf(s, "| %d |", o.command_count);
        for (int i = 0; i < o.argument_count; i++)
            g_string_append_printf(s, " %s", o.arguments[i]);
        if (o.arguments[o.argument_count])
            g_string_append(s, " not terminated");
        options_clear(&o);
    }
    g_strfreev(argv);
    return g_string_free(s, false);
}

static unsigned failures;

static void expect(const char *text, const char *want)
{
    char *got = parse(text);
    if (strcmp(got, want)) {
        printf("%s: '%s', not '%s'\n", text, got, want);
        failures++;
    }
    g_free(got);
}

static void words(void)
{
    expect("bp prog", "| 1 | prog");
    expect("bp prog -L x -h", "| 1 | prog -L x -h");
    expect("bp -L root prog -L other", "sysroot=root | 3 | prog -L other");
    expect("bp --L=root -s 8M -strace -0 name prog a",
           "sysroot=root stack=8M strace=on argv0=name | 7 | prog a");
    expect("bp -strace -- -prog -x", "strace=on | 2 | -prog -x");
    expect("bp - x", "| 1 | - x");
    expect("bp -cpu max -one-insn-per-tb -seed 7 prog", "cpu:max one seed:7 | 6 | prog");
    expect("bp -strace", "strace=on | 2 |");
    expect("bp", "| 1 |");
    expect("bp -M linux-user -L root prog", "sysroot=root | 5 | prog");
}

static void refusals(void)
{
    expect("bp -L", "refused");
    expect("bp -strace=1 prog", "refused");
    expect("bp --strace=1 prog", "refused");
    expect("bp -kernel x prog", "refused"); /* of machines */
    expect("bp -smp 2 prog", "refused");
    expect("bp -no-such prog", "refused");
}

static void environment(void)
{
    setenv("BACKPLANE_CPU", "fast", 1);
    setenv("BACKPLANE_ONE_INSN_PER_TB", "", 1);
    setenv("BACKPLANE_SEED", "9", 1);
    expect("bp prog", "cpu:fast one seed:9 | 1 | prog");
    expect("bp -cpu max -seed 1 prog", "cpu:max one seed:1 | 5 | prog");
    setenv("BACKPLANE_ONE_INSN_PER_TB", "off", 1);
    setenv("BACKPLANE_SEED", "x", 1);
    expect("bp prog", "refused");
    unsetenv("BACKPLANE_SEED");
    expect("bp prog", "cpu:fast | 1 | prog");
}

static void peeking(void)
{
    char *argv[] = { "bp", "-M", "linux-user,x=y", "--plugin-path", "p1:p2", "-no-such", "-M", "z" };
    struct options_peek p;
    options_peek(8, argv, &p);
    if (g_strcmp0(p.machine, "linux-user") || p.plugin_paths->len != 2 ||
        strcmp(p.plugin_paths->pdata[0], "p1:p2") || p.force_plugins) {
        printf("peeking: '%s', %u paths\n", p.machine, p.plugin_paths->len);
        failures++;
    }
    options_peek_clear(&p);
}

int main(void)
{
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO); /* complaints are expected */
    words();
    refusals();
    environment();
    peeking();
    return failures != 0;
}
