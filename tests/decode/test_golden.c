/* SPDX-License-Identifier: MIT */
/*
 * test_golden.c: disassembly of every RISC-V row against files with lines of xlen, word and text.
 * riscv.golden is text that GNU binutils prints, too, as against-binutils.sh shows; riscv-own.golden
 * holds what binutils prints in another way or not at all. `--bless` writes new texts for the words
 * of both files, and adds words for rows that both lack to the second.
 */
#include "riscv-decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const files[] = { "riscv.golden", "riscv-own.golden" };
static bool seen[RISCV_OP_COUNT];
static unsigned failures, lines;

static bool disassemble(unsigned xlen, uint32_t word, unsigned length, char *buf, size_t size)
{
    uint64_t features = (UINT64_C(1) << RISCV_FEATURE_COUNT) - 1;
    struct riscv_insn insn;

    features &= ~(xlen == 32 ? RISCV_FEATURE_RV64 : RISCV_FEATURE_RV32);
    if (!(length == 2 ? riscv_decode16(word, features, &insn)
                      : riscv_decode32(word, features, &insn)))
        return false;
    seen[insn.op] = true;
    riscv_disassemble(&insn, 0, buf, size);
    return true;
}

static void check_line(const char *file, unsigned number, char *line, FILE *out)
{
    unsigned xlen, length;
    char word[16], buf[128] = "nothing", wanted[256];
    int at = 0;

    line[strcspn(line, "\n")] = 0;
    if (*line == '#') {
        if (out)
            fprintf(out, "%s\n", line);
        return;
    }
    if (sscanf(line, "%u %15s %n", &xlen, word, &at) != 2 || !at) {
        printf("FAIL %s:%u: not a line of xlen, word and text\n", file, number);
        failures++;
        return;
    }
    lines++;
    length = (unsigned)strlen(word) / 2;
    disassemble(xlen, (uint32_t)strtoul(word, NULL, 16), length, buf, sizeof buf);
    snprintf(wanted, sizeof wanted, "%s", line + at);
    if (strcmp(buf, wanted) && !out) {
        printf("FAIL %s:%u: %s is '%s', should be '%s'\n", file, number, word, buf, wanted);
        failures++;
    }
    if (out)
        fprintf(out, "%u %s %s\n", xlen, word, buf);
}

static void add_missing(FILE *out)
{
    for (size_t i = 0; i < riscv_row_count; i++) {
        const struct riscv_row *row = &riscv_rows[i];
        uint64_t rng = i;
        char buf[128];

        for (int k = 0; k < 3 && row->op && !seen[row->op]; k++) {
            unsigned xlen = row->features & RISCV_FEATURE_RV32 ? 32 : 64;
            uint32_t word = riscv_sample(&rng, row->op);
            bool other = seen[row->op];

            if (disassemble(xlen, word, row->length, buf, sizeof buf))
                fprintf(out, "%u %0*x %s\n", xlen, 2 * row->length, word, buf);
            seen[row->op] = other || k == 2;
        }
    }
}

static int check_file(const char *name, bool bless, bool last)
{
    const char *dir = getenv("srcdir");
    char path[4096], line[512], *whole = NULL;
    size_t size = 0;
    FILE *in, *out = NULL;
    unsigned number = 0;

    snprintf(path, sizeof path, "%s/tests/decode/%s", dir ? dir : ".", name);
    in = fopen(path, "r");
    if (!in) {
        perror(path);
        return 1;
    }
    if (bless)
        out = open_memstream(&whole, &size);
    while (fgets(line, sizeof line, in))
        check_line(name, ++number, line, out);
    fclose(in);
    if (!out)
        return 0;
    if (last)
        add_missing(out);
    fclose(out);
    out = fopen(path, "w");
    if (!out || fwrite(whole, 1, size, out) != size || fclose(out)) {
        perror(path);
        return 1;
    }
    free(whole);
    return 0;
}

int main(int argc, char **argv)
{
    bool bless = argc == 2 && !strcmp(argv[1], "--bless");
    unsigned covered = 0;

    for (size_t i = 0; i < 2; i++)
        if (check_file(files[i], bless, i == 1))
            return 1;
    for (unsigned op = 1; op < RISCV_OP_COUNT; op++) {
        covered += seen[op];
        if (!seen[op]) {
            printf("FAIL no line for row '%s'\n", riscv_op_names[op]);
            failures++;
        }
    }
    printf("%u lines, %u of %u rows\n%s\n", lines, covered, RISCV_OP_COUNT - 1,
           failures ? "FAILED" : "ok");
    return failures != 0;
}
