/* SPDX-License-Identifier: MIT */
/*
 * test_counts.c: host instructions and bytes of the snippets in counts.ir, against the golden file;
 * and how long compiling takes. Counts are of a host with all features, which the emission is told
 * even where it could not run the result. Usage: test_counts SNIPPETS GOLDEN [--bless | --time |
 * --code]
 */
#include "rig.h"

#include "tcg-runtime/ir/fold.h"
#include "tcg-runtime/ir/ir.h"
#include "tcg-runtime/ir/opt.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct snippet {
    char name[80];
    unsigned guest;
    const char *text;
    size_t size;
};

static char *read_file(const char *name, size_t *ret_size)
{
    FILE *f = fopen(name, "r");
    if (!f) {
        perror(name);
        exit(1);
    }
    char *text = NULL;
    size_t room = 0;
    ssize_t n = getdelim(&text, &room, 0, f);
    fclose(f);
    *ret_size = n < 0 ? 0 : (size_t)n;
    return text;
}

/* The next "= name, number" and what follows it. */
static bool next_snippet(const char **at, const char *end, struct snippet *ret)
{
    const char *p = *at;
    while (p < end && !(*p == '=' && p[1] == ' ')) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p)
            return false;
        p++;
    }
    if (p >= end || sscanf(p, "= %79[^,], %u", ret->name, &ret->guest) != 2)
        return false;
    p = memchr(p, '\n', (size_t)(end - p));
    ret->text = ++p;
    while (p < end && !(*p == '=' && p[1] == ' ')) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : end;
    }
    ret->size = (size_t)(p - ret->text);
    *at = p;
    return true;
}

static void compile(struct rig *r, struct ir_buffer *b, const struct snippet *s, struct prog *p)
{
    static const struct bp_helper *const helpers[] = { &help_add };
    struct ir_buffer parsed;
    char err[200] = "";
    if (ir_init(&parsed, rig_regs, N_REGS) ||
        ir_parse(&parsed, s->text, s->size, helpers, 1, err, sizeof err) || ir_refold(b, &parsed)) {
        fprintf(stderr, "%s: %s\n", s->name, err);
        exit(1);
    }
    ir_optimise(b);
    prog_init(p);
    memcpy(p->ir, b->rec, b->count * sizeof *b->rec);
    memcpy(p->exits, b->exits, b->exit_count * sizeof *b->exits);
    for (uint32_t i = 0; i < b->helper_count; i++)
        p->helpers[i] = b->helpers[i];
    p->n = b->count;
    p->exit_n = b->exit_count;
    ir_free(&parsed);
    if (rig_compile(r, p)) {
        fprintf(stderr, "%s: does not compile\n", s->name);
        exit(1);
    }
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void time_it(struct rig *r, const struct snippet *s, const struct prog *p)
{
    unsigned n = 20000;
    double start = now_ns();
    for (unsigned i = 0; i < n; i++)
        rig_compile(r, p);
    double ns = (now_ns() - start) / n;
    printf("%-52s %7.0f ns, %5.1f ns a record, %5.1f ns a guest instruction\n", s->name, ns,
           ns / (p->n - 1), ns / (s->guest ? s->guest : 1));
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: test_counts SNIPPETS GOLDEN [--bless | --time | --code]\n");
        return 2;
    }
    const char *mode = argc > 3 ? argv[3] : "";
    size_t size, golden_size = 0;
    char *text = read_file(argv[1], &size), *report = NULL;
    size_t report_size = 0;
    struct rig *r = rig_new(NULL, UINT64_MAX);
    struct prog *p = malloc(sizeof *p);
    struct ir_buffer b;
    if (!r || !p || ir_init(&b, rig_regs, N_REGS))
        return 1;
    if (!r->backend->disassemble) {
        printf("no disassembler\n");
        return 77;
    }
    rig_features(r, 0x7ff);
    FILE *f = open_memstream(&report, &report_size);
    fprintf(f, "# guest instructions, IR records, host instructions, host bytes with what is "
               "out of line\n");
    struct snippet s;
    for (const char *at = text; next_snippet(&at, text + size, &s);) {
        unsigned records = 0;
        compile(r, &b, &s, p);
        for (uint32_t i = 1; i < p->n; i++)
            records += p->ir[i].op != BP_NOP;
        fprintf(f, "%3u %3u %4u %5u  %s\n", s.guest, records, rig_count(r, false, NULL),
                r->job.code_size, s.name);
        if (!strcmp(mode, "--time"))
            time_it(r, &s, p);
        if (!strcmp(mode, "--code")) {
            printf("%s\n", s.name);
            rig_count(r, true, stdout);
        }
    }
    fclose(f);
    int result = 0;
    if (!strcmp(mode, "--bless")) {
        FILE *out = fopen(argv[2], "w");
        if (!out || fwrite(report, 1, report_size, out) != report_size || fclose(out))
            result = 1;
    } else if (!*mode) {
        char *golden = read_file(argv[2], &golden_size);
        if (golden_size != report_size || memcmp(golden, report, report_size)) {
            printf("%s differs; the counts now are:\n%s", argv[2], report);
            result = 1;
        }
        free(golden);
    }
    free(text);
    free(report);
    free(p);
    ir_free(&b);
    rig_free(r);
    return result;
}
