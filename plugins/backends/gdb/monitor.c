/* SPDX-License-Identifier: MIT */
/* monitor.c: gdb's "monitor" command: words for the machine itself. */
#include "gdb.h"

#include <stdio.h>
#include <string.h>

/* ---- text back ----------------------------------------------------------------------------------- */

/* One packet of text for gdb's console. */
static void say(struct gdb *g, const char *text)
{
    out_clear(&g->scratch);
    out_char(&g->scratch, 'O');
    out_hex(&g->scratch, text, strlen(text));
    gdb_send(g, &g->scratch);
}

static void show_value(char *text, size_t size, const uint8_t *buf, unsigned bytes, bool big)
{
    size_t n = 0;
    for (unsigned i = 0; i < bytes && n + 2 < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%02x", buf[big ? i : bytes - 1 - i]);
}

static void info_registers(struct gdb *g)
{
    struct bp_debug_reg reg = { .size = sizeof reg };
    uint32_t group = gdb_group(g);
    bool big = bp_debug_target(g, group)->flags & BP_TARGET_BIG_ENDIAN;
    char line[512] = "";
    for (uint32_t i = 0; bp_debug_reg(g, group, i, &reg); i++) {
        uint8_t buf[64];
        char value[132] = "", item[192];
        if (bp_debug_reg_read(g, g->thread, &reg, buf) < 0)
            continue;
        show_value(value, sizeof value, buf, reg.bits / 8, big);
        snprintf(item, sizeof item, "%-14s%s", reg.name, value);
        size_t have = strlen(line);
        if (have && have + strlen(item) + 2 > 100) {
            snprintf(line + have, sizeof line - have, "\n");
            say(g, line);
            line[0] = '\0';
            have = 0;
        }
        snprintf(line + have, sizeof line - have, "%s%s", have ? "  " : "", item);
    }
    snprintf(line + strlen(line), sizeof line - strlen(line), "\n");
    say(g, line);
}

static void info_cpus(struct gdb *g)
{
    struct bp_debug_thread t = { .size = sizeof t };
    for (uint32_t i = 0; bp_debug_thread(g, i, &t); i++) {
        char line[192];
        snprintf(line, sizeof line, "%c %llu: %s %s\n", t.id == g->thread ? '*' : ' ',
                 (unsigned long long)t.id, t.name, t.state);
        say(g, line);
    }
}

static void reset(struct gdb *g)
{
    if (bp_debug_is_program(g)) {
        say(g, "a program cannot be reset\n");
        return;
    }
    bp_debug_reset(g);
    say(g, "the machine was reset; gdb does not know: say 'maintenance flush register-cache'\n");
}

static void quit(struct gdb *g) { bp_debug_kill(g); }

static void help(struct gdb *g);

static const struct word {
    const char *text, *doc;
    void (*run)(struct gdb *g);
} words[] = {
    { "help", "this list", help },
    { "info registers", "all registers of the current thread", info_registers },
    { "info cpus", "the vCPUs or tasks", info_cpus },
    { "reset", "reset the machine, which stays stopped (also system_reset)", reset },
    { "system_reset", NULL, reset },
    { "quit", "end the emulator (also q, system_powerdown)", quit },
    { "q", NULL, quit },
    { "system_powerdown", NULL, quit },
};

static void help(struct gdb *g)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char line[128];
        if (!words[i].doc)
            continue;
        snprintf(line, sizeof line, "%-16s %s\n", words[i].text, words[i].doc);
        say(g, line);
    }
}

/* The command in hex; any number of spaces separates words. */
void cmd_monitor(struct gdb *g, const char *p, size_t n)
{
    uint8_t raw[256];
    char text[257];
    size_t count = from_hex(p, n, raw, sizeof raw), to = 0;
    for (size_t i = 0; i < count; i++) {
        bool space = raw[i] == ' ' || raw[i] == '\t' || raw[i] == '\n';
        if (!space)
            text[to++] = (char)(raw[i] ? raw[i] : '?');
        else if (to && text[to - 1] != ' ')
            text[to++] = ' ';
    }
    to -= to && text[to - 1] == ' ';
    text[to] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i].text))
            continue;
        words[i].run(g);
        gdb_reply_ok(g);
        return;
    }
    say(g, "unknown command; 'monitor help' lists them\n");
    gdb_reply_ok(g);
}
