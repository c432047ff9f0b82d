/* SPDX-License-Identifier: MIT */
/* options.h: the command line, parsed into plain data; one table of options makes parser and
 * --help. */
#ifndef BACKPLANE_CORE_OPTIONS_H
#define BACKPLANE_CORE_OPTIONS_H

#include "core/face.h"

#include <glib.h>
#include <stdio.h>

/* "head,k=v,k=v": of -device, -netdev, ... Doubled commas stand for one. */
struct option_list {
    char *option;        /* "-device", for messages */
    char *text;          /* as written, for messages */
    char *head;          /* first word where it has no '=', else NULL */
    GArray *sets;        /* struct bp_set, owned; a word alone is word=on */
};

/* What only prints and ends. */
enum options_help {
    HELP_NONE, HELP_ALL, HELP_VERSION, HELP_PLUGINS, HELP_PLUGINS_VERBOSE, HELP_MACHINE,
    HELP_MACHINE_PROPS, HELP_CPU, HELP_CPU_PROPS, HELP_DEVICE, HELP_DEVICE_PROPS,
    HELP_CHARDEV, HELP_CHARDEV_PROPS,
    HELP_NETDEV, HELP_NETDEV_PROPS, HELP_DRIVE, HELP_ACCEL, HELP_LOG, HELP_INSTRUMENT_PROPS,
};

/* What must be known before the command line can be read. Strings are borrowed from argv but for
 * `machine`. */
struct options_peek {
    char *machine;               /* head of the last -M, or NULL */
    GPtrArray *plugin_paths;     /* const char *, and a NULL at the end */
    bool force_plugins;
};

/* All strings and lists are owned; NULL where not given. */
struct options {
    /* argv[0]'s name, and ARCH where it is backplane-ARCH; set by main() */
    const char *program, *preselect;
    struct option_list *machine; /* all -machine in one */
    struct option_list *accel;
    char *cpu;                   /* as written */
    uint32_t cpus;               /* 0: not given */
    uint64_t ram_size;           /* bytes; 0: not given */
    char *bios, *kernel, *initrd, *append, *dtb, *dumpdtb;
    /* struct option_list */
    GPtrArray *drives, *devices, *netdevs, *nics, *chardevs, *globals, *plugins;
    GPtrArray *serials;          /* char * */
    GPtrArray *gdbs;             /* char *: where debuggers connect */
    GPtrArray *plugin_paths;     /* char *, and a NULL at the end */
    GPtrArray *firmware_paths;   /* char * */
    char *name;
    uint64_t seed;
    bool one_insn;
    /* A board that runs a program: its options, what they set (struct bp_set), the words before the program's,
     * and those, NULL-terminated (argv's own). */
    const struct bp_rows *board_options;
    GArray *board_sets;
    char **command, **arguments;
    int command_count, argument_count;
    bool stopped;                /* -S */
    bool seed_given, nographic, no_reboot, snapshot, force_plugins, no_defaults, no_default_net;
    char *log_items, *log_file, *log_filter;
    enum options_help help;
    char *help_word;
};

/* 0, or -EINVAL after core_error(). */
int options_parse(int argc, char **argv, struct options *ret);
/* The same for a board that runs a program: its options (struct bp_board_option) come first, options
 * that mean machines are unknown, and the program's words follow. The environment is asked, too. */
int options_parse_program(int argc, char **argv, const struct bp_rows *board_options,
                          struct options *ret);
/* As far as the general options reach; says nothing. */
void options_peek(int argc, char **argv, struct options_peek *ret);
void options_peek_clear(struct options_peek *p);
void options_clear(struct options *o);
/* Prints the table; of a board that runs programs, only what goes with it, its own options first. */
void options_print_help(FILE *out, const char *program, const struct bp_rows *board_options);

/* Parses "head,k=v,...". */
struct option_list *option_list_parse(const char *option, const char *text);
struct option_list *option_list_copy(const struct option_list *l);
void option_list_free(struct option_list *l);
/* "help" or "?" is among the words. */
bool option_list_asks_help(const struct option_list *l);
const char *option_list_get(const struct option_list *l, const char *name);
void option_list_set(struct option_list *l, const char *name, const char *value);
/* Removes and returns (owned) the last value of that name, or NULL. */
char *option_list_take(struct option_list *l, const char *name);
/* Removes the setting of that index. */
void option_list_remove(struct option_list *l, unsigned index);
/* The same as on/off; `def` where it is not there. 0, or -EINVAL after core_error(). */
int option_list_take_bool(struct option_list *l, const char *name, bool def, bool *ret);

/* "512", "1G", "0x100000": bytes; a plain number is multiplied by `unit`. False where it is not
 * a size. */
bool parse_size(const char *text, uint64_t unit, uint64_t *ret);
bool parse_bool(const char *text, bool *ret);

#endif
