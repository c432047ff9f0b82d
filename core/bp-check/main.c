/* SPDX-License-Identifier: MIT */
/* main.c: bp-check FILE...: checks plugin files; prints one line a problem, and one a file. */
#include "check.h"

#include "core/fdt.h"
#include "core/graph.h"
#include "core/log.h"
#include "core/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stubs.h"

void problem(struct subject *s, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    char *text = g_strdup_vprintf(format, ap);
    va_end(ap);
    printf("%s: %s\n", s->path, text);
    g_free(text);
    s->problems++;
}

/* ---- reasons --------------------------------------------------------------------------------- */

static GString *said;

static void hear(const char *text)
{
    const char *own = BENCH_NAME ": "; /* the problem names the device */
    bool first = !said->len;
    if (!first && g_str_has_suffix(said->str, text))
        return;
    g_string_append_printf(said, "%s%s", first ? ": " : "; ",
                           g_str_has_prefix(text, own) ? text + strlen(own) : text);
}

char *take_reason(void)
{
    char *text = g_string_free(said, FALSE);
    said = g_string_new(NULL);
    return text;
}

static void usage(FILE *out)
{
    fputs("usage: bp-check [--plugin-path DIR] [--accesses N] [--seed N] FILE...\n"
          "Checks plugin files: what they export and call, their manifest, their tables; and\n"
          "each device by resetting, saving, loading it and by random accesses.\n", out);
}

static const char *counted(const struct manifest *m)
{
    static char text[256];
    size_t n = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < m->entities->len && n < sizeof text; i++) {
        const struct manifest_entity *e = m->entities->pdata[i];
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s", i ? ", " : "",
                              kind_name(e->kind),
                              e->id);
    }
    return text;
}

static bool is_accelerator(const char *path)
{
    struct manifest *m = NULL;
    char *why = NULL;
    bool found = false;
    if (manifest_read(path, &m, &why) == 0) {
        for (unsigned i = 0; i < m->entities->len; i++)
            found |= ((struct manifest_entity *)m->entities->pdata[i])->kind == BP_KIND_ACCEL;
        manifest_free(m);
    }
    g_free(why);
    return found;
}

static unsigned check_file(const char *path, uint32_t accesses, uint64_t seed)
{
    struct subject s = { .path = path, .accesses = accesses, .seed = seed };
    if (is_accelerator(path)) {
        printf("%s: an accelerator: part of Backplane itself, not checked\n", path);
        return 0;
    }
    check_elf(&s);
    if (!s.problems && loader_load_file(path, &s.file) < 0) {
        g_autofree char *why = take_reason();
        problem(&s, "cannot be loaded%s", why);
    }
    if (s.file)
        check_tables(&s);
    for (unsigned i = 0; s.file && !s.problems && i < s.file->manifest->entities->len; i++) {
        const struct manifest_entity *e = s.file->manifest->entities->pdata[i];
        if (e->kind == BP_KIND_DEVICE)
            check_device(&s, (const void *)entity_get(BP_KIND_DEVICE, e->id));
    }
    if (!s.problems)
        printf("%s: ok (%s)\n", path, counted(s.file->manifest));
    g_autofree char *rest = take_reason(); /* about other files: told, but not this one's fault */
    if (*rest)
        fprintf(stderr, "bp-check: %s\n", rest + 2);
    return s.problems;
}

int main(int argc, char **argv)
{
    GPtrArray *paths = g_ptr_array_new();
    uint64_t accesses = 20000, seed = 1;
    int i = 1;
    log_set_program("bp-check");
    said = g_string_new(NULL);
    log_errors_to(hear);
    for (; i < argc && argv[i][0] == '-'; i++) {
        bool more = i + 1 < argc;
        if (!strcmp(argv[i], "--plugin-path") && more)
            g_ptr_array_add(paths, argv[++i]);
        else if (!strcmp(argv[i], "--accesses") && more &&
                 g_ascii_string_to_unsigned(argv[i + 1], 10, 0, 100000000, &accesses, NULL))
            i++;
        else if (!strcmp(argv[i], "--seed") && more &&
                 g_ascii_string_to_unsigned(argv[i + 1], 10, 0, UINT64_MAX, &seed, NULL))
            i++;
        else {
            bool help = !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");
            if (!help)
                fprintf(stderr, "bp-check: unknown option, or no number behind it: %s\n", argv[i]);
            usage(help ? stdout : stderr);
            return help ? 0 : 2;
        }
    }
    if (i >= argc) {
        usage(stderr);
        return 2;
    }
    g_ptr_array_add(paths, NULL);
    loader_init(NULL, (const char *const *)paths->pdata, false);
    for (const struct core_service *s = core_services; s->id; s++)
        service_add(s->id, s->api);
    service_add("backplane.board/1", &board_api);
    service_add("backplane.fdt/1", &fdt_api);
    add_stub_services();
    unsigned problems = 0;
    for (; i < argc; i++)
        problems += check_file(argv[i], (uint32_t)accesses, seed);
    g_ptr_array_unref(paths);
    return problems ? 1 : 0;
}
