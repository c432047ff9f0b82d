/* SPDX-License-Identifier: MIT */
/*
 * run_ir.c: runs the text tests of the IR's passes: *.ir files, each a list of cases.
 *
 *    == PASS: what is tested
 *    input
 *    --
 *    expected output
 *
 * PASS is one of
 *    parse     the input is parsed and printed; the print is parsed and printed again
 *    check     the input is parsed and checked; output: "ok" or why not
 *    fold      the input is appended record by record, folding
 *    optimise  the backward pass over the input as it is, printed with each record's use
 *              information: number of uses, last use, last site that needs it as state
 *    both      fold, then optimise, printed plainly
 *
 * What fold and both give is also run by the interpreter from several states, beside the input:
 * registers, memory, float flags and exit must be equal. --bless writes the outputs found into the
 * files.
 */
#include "rig.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig *rig;
static struct ir_buffer input, output;
static unsigned cases, failures;
static bool bless;

/* ---- passes ---------------------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        abort();
    return copy;
}

static char *print_uses(const struct ir_buffer *b)
{
    size_t size = b->count * 200 + 1, at = 0;
    char *text = calloc(1, size), line[150];
    if (!text)
        abort();
    for (uint32_t i = 1; i < b->count; i++) {
        if (b->rec[i].op == BP_NOP)
            continue;
        const struct ir_use *u = &b->use[i];
        ir_print_record(b, i, line, sizeof line);
        at += (size_t)snprintf(text + at, size - at, "    %-40s", line);
        if (u->count)
            at += (size_t)snprintf(text + at, size - at, " ; %u uses, last %u", u->count, u->last);
        if (u->last_state)
            at += (size_t)snprintf(text + at, size - at, " ; state for %u", u->last_state);
        while (text[at - 1] == ' ')
            at--;
        text[at++] = '\n';
        text[at] = 0;
    }
    return text;
}

static char *pass_parse(void)
{
    char err[200], *first = ir_print(&input);
    if (ir_parse(&output, first, strlen(first), rig_helpers, RIG_HELPERS, err, sizeof err)) {
        free(first);
        return copy_text(err);
    }
    char *second = ir_print(&output);
    if (strcmp(first, second)) {
        printf("FAIL printed text does not come back as it was\n");
        failures++;
    }
    free(second);
    return first;
}

static char *pass_check(void)
{
    char msg[300];
    return copy_text(ir_check(&input, msg, sizeof msg) ? "ok" : msg);
}

static void compare_runs(const char *name)
{
    char msg[300];
    if (rig_compare(rig, &input, &output, 40, msg, sizeof msg))
        return;
    printf("FAIL %s: %s\n", name, msg);
    failures++;
}

static char *run_pass(const char *pass, const char *name)
{
    char msg[300];
    if (!strcmp(pass, "parse"))
        return pass_parse();
    if (!strcmp(pass, "check"))
        return pass_check();
    if (!ir_check(&input, msg, sizeof msg))
        return copy_text(msg);
    if (!strcmp(pass, "optimise")) {
        ir_optimise(&input);
        return print_uses(&input);
    }
    if (strcmp(pass, "fold") && strcmp(pass, "both"))
        return copy_text("unknown pass");
    if (ir_refold(&output, &input))
        return copy_text("refold failed");
    compare_runs(name);
    if (!strcmp(pass, "both")) {
        ir_optimise(&output);
        compare_runs(name);
    }
    return ir_print(&output);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Equal but for indentation, empty lines and comments. */
static bool next_line(const char **at, const char **ret, size_t *ret_length)
{
    while (**at) {
        const char *line = *at, *end = line + strcspn(line, "\n");
        *at = *end ? end + 1 : end;
        while (*line == ' ')
            line++;
        if (line < end && *line != '#') {
            while (end[-1] == ' ')
                end--;
            *ret = line;
            *ret_length = (size_t)(end - line);
            return true;
        }
    }
    return false;
}

static bool same_text(const char *a, const char *b)
{
    const char *x, *y;
    size_t m, n;
    for (;;) {
        bool more = next_line(&a, &x, &m);
        if (next_line(&b, &y, &n) != more)
            return false;
        if (!more)
            return true;
        if (m != n || memcmp(x, y, m))
            return false;
    }
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f) {
        perror(path);
        exit(2);
    }
    size_t size = 1 << 20, n;
    char *text = malloc(size);
    if (!text)
        abort();
    n = fread(text, 1, size - 1, f);
    text[n] = 0;
    fclose(f);
    return text;
}

/* One case, from behind its head line; returns where the next starts. */
static char *run_case(const char *path, char *head, char *body, FILE *blessed)
{
    char *next = strstr(body, "\n== "), *divider = strstr(body, "--\n"), err[200];
    char *end = next ? next + 1 : body + strlen(body);
    char *colon = strchr(head, ':');
    cases++;
    if (!divider || divider >= end || !colon) {
        printf("FAIL %s: \"%s\" is no complete case\n", path, head);
        failures++;
        return end;
    }
    char keep = *end;
    *end = 0;
    *colon = 0;
    char *found;
    if (ir_parse(&input, body, (size_t)(divider - body), rig_helpers, RIG_HELPERS, err, sizeof err))
        found = copy_text(err);
    else
        found = run_pass(head, colon + 2);
    if (blessed) { /* comments behind the expected output are kept */
        fprintf(blessed, "== %s:%s\n%.*s--\n%s%s\n", head, colon + 1, (int)(divider - body), body,
                found, *found && found[strlen(found) - 1] == '\n' ? "" : "\n");
        for (char *line = divider + 3; *line; line += strcspn(line, "\n") + 1) {
            if (*line == '#')
                fprintf(blessed, "%.*s\n\n", (int)strcspn(line, "\n"), line);
        }
    } else if (!same_text(divider + 3, found)) {
        printf("FAIL %s: %s:%s\nexpected:\n%sfound:\n%s\n", path, head, colon + 1, divider + 3,
               found);
        failures++;
    }
    free(found);
    *end = keep;
    return end;
}

static void run_file(const char *path)
{
    char *text = read_file(path), *at = strstr(text, "\n== ");
    unsigned before = cases;
    FILE *blessed = NULL;
    if (bless && !(blessed = fopen(path, "w"))) {
        perror(path);
        exit(2);
    }
    at = at ? at + 1 : text + strlen(text);
    if (blessed)
        fprintf(blessed, "%.*s", (int)(at - text), text);
    while (*at) {
        char *head = at + 3, *newline = strchr(head, '\n');
        if (!newline)
            break;
        *newline = 0;
        at = run_case(path, head, newline + 1, blessed);
    }
    if (blessed)
        fclose(blessed);
    if (cases == before) {
        printf("FAIL %s holds no case\n", path);
        failures++;
    }
    free(text);
}

int main(int argc, char **argv)
{
    rig = rig_new();
    if (ir_init(&input, rig_regs, RIG_REGS) || ir_init(&output, rig_regs, RIG_REGS))
        return 2;
    int i = 1;
    if (i < argc && !strcmp(argv[i], "--bless")) {
        bless = true;
        i++;
    }
    for (; i < argc; i++)
        run_file(argv[i]);
    printf("IR text tests: %u cases, %u failed\n", cases, failures);
    ir_free(&input);
    ir_free(&output);
    rig_free(rig);
    return failures != 0 || cases == 0;
}
