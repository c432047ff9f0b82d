/* SPDX-License-Identifier: MIT */
/*
 * a64_list.c: sampled encodings of every row of the A64 tables, a line each: the word and our disassembly. With a
 * file name the words go there as the instructions of a raw image. For comparison with another disassembler
 * (check-objdump-a64). Usage: a64_list ENCODINGS-A-ROW FILE
 */
#include "a64-decode.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 8;
    FILE *f = argc > 2 ? fopen(argv[2], "wb") : NULL;
    uint64_t rng = 1;

    for (unsigned op = 1; f && op < A64_OP_COUNT; op++) {
        for (unsigned i = 0; i < n; i++) {
            uint32_t w = a64_sample(&rng, (enum a64_op)op);
            uint8_t bytes[4] = { (uint8_t)w, (uint8_t)(w >> 8), (uint8_t)(w >> 16), (uint8_t)(w >> 24) };
            struct a64_insn insn;
            char text[160];

            if (!a64_decode32(w, UINT64_MAX >> (64 - A64_FEATURE_COUNT), &insn))
                continue;
            a64_disassemble(&insn, 0, text, sizeof text);
            printf("%08x\t%s\t%s\n", w, a64_op_names[insn.op], text);
            fwrite(bytes, sizeof bytes, 1, f);
        }
    }
    if (!f || fclose(f)) {
        perror(argc > 2 ? argv[2] : "a64_list");
        return 1;
    }
    return 0;
}
