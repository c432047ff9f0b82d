/* SPDX-License-Identifier: MIT */
/* main.c: bp-decode reads instruction tables and writes a decoder in C. docs/decode-tables.md. */
#include "decode.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: bp-decode --isa NAME [--header FILE] [--source FILE] [--handlers FILE] TABLE...\n"
    "  --isa NAME       prefix of everything generated, for example riscv\n"
    "  --header FILE    writes declarations to FILE\n"
    "  --source FILE    writes decoder, disassembler and encoder to FILE\n"
    "  --handlers FILE  writes prototypes of the handlers and their dispatch to FILE\n"
    "  without an output: checks the tables only\n";

static int read_all(const char *file, char **ret, size_t *ret_size)
{
    FILE *in = fopen(file, "rb");
    char *text = NULL;
    size_t n = 0, got;

    if (!in)
        goto failed;
    do {
        char *more = realloc(text, n + 65536);

        if (!more)
            goto failed;
        text = more;
        got = fread(text + n, 1, 65536, in);
        n += got;
    } while (got);
    if (ferror(in))
        goto failed;
    fclose(in);
    *ret = text;
    *ret_size = n;
    return 0;
failed:
    fprintf(stderr, "bp-decode: cannot read %s: %s\n", file, strerror(errno));
    free(text);
    if (in)
        fclose(in);
    return -1;
}

static int finish(FILE *out, const char *file)
{
    int bad = ferror(out);

    if (fclose(out) || bad) {
        fprintf(stderr, "bp-decode: cannot write %s: %s\n", file, strerror(errno));
        remove(file);
        return -1;
    }
    return 0;
}

static FILE *start(const char *file)
{
    FILE *out = fopen(file, "w");

    if (!out)
        fprintf(stderr, "bp-decode: cannot write %s: %s\n", file, strerror(errno));
    return out;
}

static int write_source(struct tables *t, const char *isa, const char *header, const char *file)
{
    const char *base = strrchr(header, '/');
    FILE *out = start(file);

    if (!out)
        return -1;
    emit_banner(out, t, "Instructions of one ISA: decoder, disassembler, encoder.");
    fprintf(out, "#include \"%s\"\n\n#include <inttypes.h>\n#include <stdio.h>\n",
            base ? base + 1 : header);
    emit_decoder(out, t, isa);
    emit_disassembler(out, t, isa);
    emit_rows(out, t, isa);
    emit_encoder(out, t, isa);
    return finish(out, file);
}

static int write_outputs(struct tables *t, const char *isa, const char *header,
                         const char *source, const char *handlers)
{
    if (header) {
        FILE *out = start(header);

        if (!out)
            return -1;
        emit_header(out, t, isa);
        if (finish(out, header))
            return -1;
    }
    if (source && write_source(t, isa, header, source))
        return -1;
    if (handlers) {
        FILE *out = start(handlers);

        if (!out)
            return -1;
        emit_handlers(out, t, isa);
        if (finish(out, handlers))
            return -1;
    }
    return 0;
}

static bool is_identifier(const char *name)
{
    if (!isalpha((unsigned char)*name) || strlen(name) > 32)
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

static int run(struct tables *t, char **files)
{
    for (; *files; files++) {
        char *text;
        size_t n;
        int bad;

        if (read_all(*files, &text, &n))
            return -1;
        bad = parse(t, *files, text, n);
        free(text);
        if (bad)
            break;
    }
    if (t->error[0] || check(t)) {
        fprintf(stderr, "%s\n", t->error);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "isa", required_argument, NULL, 'i' },      { "header", required_argument, NULL, 'h' },
        { "source", required_argument, NULL, 's' },   { "handlers", required_argument, NULL, 'd' },
        { "help", no_argument, NULL, '?' + 256 },     { 0 },
    };
    const char *isa = NULL, *header = NULL, *source = NULL, *handlers = NULL;
    struct tables t = { 0 };
    int c, bad;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'i': isa = optarg; break;
        case 'h': header = optarg; break;
        case 's': source = optarg; break;
        case 'd': handlers = optarg; break;
        case '?' + 256: fputs(usage, stdout); return 0;
        default: fputs(usage, stderr); return 2;
        }
    }
    if (!isa || !is_identifier(isa) || optind == argc || (source && !header)) {
        fprintf(stderr, "bp-decode: %s\n%s", !isa ? "--isa is missing"
                : !is_identifier(isa) ? "--isa must be a C identifier"
                : optind == argc ? "no table given" : "--source needs --header, which it includes",
                usage);
        return 2;
    }
    bad = run(&t, argv + optind) || write_outputs(&t, isa, header, source, handlers);
    tables_free(&t);
    return bad ? 1 : 0;
}
