/* SPDX-License-Identifier: MIT */
/*
 * sample.c: picks encodings of every row of the A64 tables for rows.c, which runs them: prints
 * C initializers, a word each, with the row's name behind. Rows that leave the code or depend on the
 * system are left out, and encodings that touch x28 to x30, which rows.c needs. Usage:
 * sample [encodings a row]
 */
#include "a64-decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const left_out[] = {
    "b", "bl", "b.cond", "cbz", "cbnz", "tbz", "tbnz", "svc", "hvc", "smc", "brk", "hlt", "dcps1",
    "dcps2", "dcps3", "br", "blr", "ret", "eret", "drps", "bra", "blra", "braz", "blraz", "reta",
    "ereta", "hint", "msr_i", "sys", "sysl", "msr", "mrs", "isb",
    /* by random keys: pauth.c has them */
    "pacga", "pac", "aut", "ldra",
    /* the peer does not ask for the alignment that FEAT_LRCPC without FEAT_LSE2 does */
    "ldapr_h", "ldapr_w", "ldapr_x",
};

static bool is_left_out(const char *name)
{
    for (unsigned i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (!strcmp(name, left_out[i]))
            return true;
    return false;
}

/* The peer extends negative results of 16 bits over the register, which must be zero there. */
static bool peer_differs(const char *name, uint32_t w)
{
    return !strcmp(name, "fcvtzs_is") && w >> 20 == 0x5f1;
}

static bool touches_reserved(uint32_t w)
{
    for (unsigned at = 0; at <= 16; at += at == 5 || at == 0 ? 5 : at == 10 ? 6 : 16) {
        unsigned n = w >> at & 31;
        if (n >= 28 && n <= 30)
            return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 8;
    uint64_t rng = 1;

    for (unsigned op = 1; op < A64_OP_COUNT; op++) {
        if (is_left_out(a64_op_names[op]))
            continue;
        for (unsigned i = 0, tries = 0; i < n && tries < 50 * n; tries++) {
            uint32_t w = a64_sample(&rng, (enum a64_op)op);
            if (touches_reserved(w) || peer_differs(a64_op_names[op], w))
                continue;
            printf("0x%08x, /* %s */\n", w, a64_op_names[op]);
            i++;
        }
    }
    return 0;
}
