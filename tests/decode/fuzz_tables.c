/* SPDX-License-Identifier: MIT */
/*
 * fuzz_tables.c: mutated tables through parser, checker and emitters of bp-decode. Under libFuzzer compile
 * with -DLIBFUZZER; else main() mutates the committed tables: 2000 inputs, or FUZZ_SECONDS of them.
 */
#include "rng.h"
#include "sdk/bp-decode/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned accepted, errors;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tables t = { 0 };
    bool bad = parse(&t, "fuzz", (const char *)data, size) || check(&t);

    /* An error has one line that says where; success has none. */
    if (bad != !!t.error[0] || (bad && (strncmp(t.error, "fuzz:", 5) || strchr(t.error, '\n'))))
        abort();
    if (!bad) {
        char *text = NULL;
        size_t n = 0;
        FILE *out = open_memstream(&text, &n);

        if (!out)
            abort();
        emit_header(out, &t, "isa");
        emit_decoder(out, &t, "isa");
        emit_disassembler(out, &t, "isa");
        emit_rows(out, &t, "isa");
        emit_encoder(out, &t, "isa");
        emit_handlers(out, &t, "isa");
        fclose(out);
        free(text);
    }
    accepted += !bad;
    errors += bad;
    tables_free(&t);
    return 0;
}

#ifndef LIBFUZZER
#define SIZE_MAX_INPUT 65536

static size_t load(char *buf, size_t room, const char *name)
{
    const char *dir = getenv("srcdir");
    char path[4096];
    FILE *in;
    size_t n;

    snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name);
    in = fopen(path, "rb");
    if (!in) {
        perror(path);
        exit(1);
    }
    n = fread(buf, 1, room, in);
    fclose(in);
    return n;
}

static size_t insert(char *buf, size_t n, size_t at, const char *text, size_t length)
{
    if (n + length > SIZE_MAX_INPUT)
        return n;
    memmove(buf + at + length, buf + at, n - at);
    memcpy(buf + at, text, length);
    return n + length;
}

/* The start of some line. */
static size_t line_start(const char *buf, size_t n, uint64_t *rng)
{
    size_t at = n ? random64(rng) % n : 0;

    while (at && buf[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_length(const char *buf, size_t n, size_t at)
{
    const char *end = memchr(buf + at, '\n', n - at);

    return end ? (size_t)(end - (buf + at)) + 1 : n - at;
}

static size_t mutate(char *buf, size_t n, uint64_t *rng)
{
    static const char *const words[] = {
        "group {\n", "}\n", "reserved ", "width 16\n", "width 32\n", " if ", " as ", "!", "(", ")", " | ",
        " & ", "0", "1", ".", "-", "=", "%", "%x(", "%pc(imm)", "\"", " << 31", " + 65535", "31..0 ", "s ",
        "4294967295", "99999999999999999999", "rv32 ", "c ", "\n", "\0", ": ", "{", "#",
    };
    size_t at = n ? random64(rng) % n : 0, length, from;
    char copy[512];
    unsigned pick = (unsigned)(random64(rng) % (sizeof words / sizeof *words));

    switch (random64(rng) % 6) {
    case 0:
        if (n)
            buf[at] = (char)random64(rng);
        return n;
    case 1:
        return insert(buf, n, at, words[pick], words[pick][0] ? strlen(words[pick]) : 1);
    case 2: /* a line goes */
        at = line_start(buf, n, rng);
        length = line_length(buf, n, at);
        memmove(buf + at, buf + at + length, n - at - length);
        return n - length;
    case 3: /* a line comes again elsewhere */
        from = line_start(buf, n, rng);
        length = line_length(buf, n, from);
        if (length > sizeof copy)
            return n;
        memcpy(copy, buf + from, length);
        return insert(buf, n, line_start(buf, n, rng), copy, length);
    case 4: /* a bit of a row changes */
        for (; at < n && !strchr("01.-", buf[at]); at++)
            ;
        if (at < n)
            buf[at] = "01.-"[random64(rng) & 3];
        return n;
    default: /* the end is cut off */
        return random64(rng) % 8 ? n : at;
    }
}

int main(void)
{
    static const char *const seeds[][4] = {
        { "tests/decode/toy.decode" },
        { "plugins/targets/riscv/riscv.decode", "plugins/targets/riscv/rv_i.decode" },
        { "plugins/targets/riscv/riscv.decode", "plugins/targets/riscv/rv_i.decode",
          "plugins/targets/riscv/rv_m.decode", "plugins/targets/riscv/rv_zba.decode" },
    };
    const char *seconds = getenv("FUZZ_SECONDS");
    time_t end = time(NULL) + (seconds ? atoi(seconds) : 0);
    uint64_t rng = seconds ? (uint64_t)time(NULL) : 1;
    char *buf = malloc(SIZE_MAX_INPUT);
    unsigned runs = 0;

    if (!buf)
        return 1;
    for (; seconds ? time(NULL) < end : runs < 2000; runs++) {
        size_t n = 0, seed = runs % (sizeof seeds / sizeof *seeds);

        for (size_t i = 0; i < 4 && seeds[seed][i]; i++)
            n += load(buf + n, SIZE_MAX_INPUT - n, seeds[seed][i]);
        for (uint64_t k = runs ? random64(&rng) % 8 : 0; k; k--)
            n = mutate(buf, n, &rng);
        LLVMFuzzerTestOneInput((const uint8_t *)buf, n);
    }
    free(buf);
    printf("%u tables, %u accepted, %u refused\n", runs, accepted, errors);
    if (!accepted || !errors) {
        puts("FAILED: both should happen");
        return 1;
    }
    puts("ok");
    return 0;
}
#endif
