/* SPDX-License-Identifier: MIT */
/*
 * covered.c: every row of the RISC-V decode tables is executed by rows.S: takes the names from the
 * expected results. Run by `make check` in the build folder.
 */
#include "riscv-decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the golden files; behind '@' is a variant. Marks the op of that name. */
static int take_names(const char *path, bool *seen)
{
    FILE *in = fopen(path, "r");
    char line[256];

    if (!in) {
        fprintf(stderr, "cannot read %s\n", path);
        return -1;
    }
    while (fgets(line, sizeof line, in)) {
        line[strcspn(line, " @\n")] = 0;
        for (unsigned op = 1; op < RISCV_OP_COUNT; op++) {
            if (!strcmp(line, riscv_op_names[op]))
                seen[op] = true;
        }
    }
    fclose(in);
    return 0;
}

int main(void)
{
    const char *src = getenv("srcdir");
    bool seen[2][RISCV_OP_COUNT] = { { false } };
    unsigned ran = 0, missing = 0;
    char path[4096];

    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/tests/guest/riscv/rows%u.golden", src ? src : ".",
                 i ? 32 : 64);
        if (take_names(path, seen[i]) < 0)
            return 1;
    }
    for (unsigned op = 1; op < RISCV_OP_COUNT; op++) {
        const char *name = riscv_op_names[op], *dot = strrchr(name, '.');
        bool ok = seen[0][op] || seen[1][op];
        /* A row ".32" is the RV32 encoding of an instruction that RV64 encodes otherwise. */
        for (unsigned other = 1; dot && !strcmp(dot, ".32") && other < RISCV_OP_COUNT; other++) {
            size_t n = (size_t)(dot - name);
            if (strlen(riscv_op_names[other]) == n && !strncmp(riscv_op_names[other], name, n))
                ok |= seen[1][other];
        }
        if (!ok) {
            missing++;
            printf("FAILED: no test executes %s\n", name);
        }
        ran += ok;
    }
    printf("%u of %u decode rows are executed\n", ran, RISCV_OP_COUNT - 1);
    return missing != 0;
}
