/* SPDX-License-Identifier: MIT */
/* test_toy.c: what bp-decode makes of toy.decode: each expectation was worked out by hand. */
#include "toy-decode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int calls;
#define TOY_CTX int
#define TOY_TR_RESULT int64_t
#define TOY_DISPATCH
#include "toy-handlers.inc"

TOY_TR(half_add, half)
{
    *c += 1;
    return a->a + a->b;
}

TOY_TR(half_sub, half)
{
    *c += 10;
    return a->a - a->b;
}

TOY_TR(load, wide)
{
    *c += 100;
    return a->value;
}

TOY_TR(pick_1, mixed)
{
    *c += 1000;
    return a->low;
}

#define SMALL TOY_FEATURE_SMALL
#define BIG TOY_FEATURE_BIG
#define HUGE_ TOY_FEATURE_HUGE
#define EXTRA TOY_FEATURE_EXTRA

static const struct {
    unsigned width;
    uint32_t word;
    uint64_t features;
    unsigned op;          /* TOY_OP_INVALID: nothing */
    int called;           /* what the handler adds to the context */
    int64_t result;
    const char *text;
} cases[] = {
    { 16, 0xa023, 0, TOY_OP_HALF_ADD, 1, 105, "half.add r2, 103" },
    { 16, 0xaf9f, 0, TOY_OP_HALF_ADD, 1, 124, "half.add 0x9, 115" },
    { 16, 0xb010, 0, TOY_OP_HALF_SUB, 10, -99, "half.sub r1, 1, 100" },
    { 16, 0xb010, EXTRA, TOY_OP_INVALID, 0, 0, NULL },
    { 16, 0x1023, 0, TOY_OP_INVALID, 0, 0, NULL },
    { 32, 0xfffff011, 0, TOY_OP_LOAD, 100, 0xfffff000, "load 0xfffff000, 4294963200%" },
    { 32, 0x00000011, 0, TOY_OP_LOAD, 100, 0, "load 0x0, 0%" },
    { 32, 0x00001800, SMALL | EXTRA, TOY_OP_PICK_1, 1000, -64, "pickeq -64" },
    { 32, 0x00001710, BIG | EXTRA, TOY_OP_PICK_1, 1000, 7, "pickne 7" },
    { 32, 0x00001f5e, HUGE_ | EXTRA, TOY_OP_PICK_2, 1000, -1, "otherlt -1" },
    { 32, 0x00001f6e, HUGE_, TOY_OP_PICK_2, 1000, -1, "other -1" },
    { 32, 0x00000f7e, 0, TOY_OP_PICK_2, 1000, -1, "other0x7 -1" },
    { 32, 0x00000f7e, BIG | EXTRA, TOY_OP_INVALID, 0, 0, NULL },
    { 32, 0x00001f6e, SMALL, TOY_OP_INVALID, 0, 0, NULL },
    { 32, 0x00002000, SMALL, TOY_OP_BOTH_S, 1, 10, "both.s 3, 0x1007" },
    { 32, 0x00002000, BIG, TOY_OP_BOTH_B, 1, 10, "both.b 3, 0x3" },
    { 32, 0x00002000, HUGE_, TOY_OP_INVALID, 0, 0, NULL },
};

static int check(size_t i)
{
    struct toy_insn insn = { 0 };
    bool found = cases[i].width == 16 ? toy_decode16(cases[i].word, cases[i].features, &insn)
        : toy_decode32(cases[i].word, cases[i].features, &insn);
    char text[64];
    int64_t result;

    if (found != (cases[i].op != TOY_OP_INVALID) || (found && insn.op != cases[i].op)) {
        printf("FAIL case %zu: op %s\n", i, found ? toy_op_names[insn.op] : "none");
        return 1;
    }
    if (!found)
        return 0;
    toy_disassemble(&insn, 0x1000, text, sizeof text);
    if (strcmp(text, cases[i].text)) {
        printf("FAIL case %zu: text '%s', should be '%s'\n", i, text, cases[i].text);
        return 1;
    }
    calls = 0;
    result = toy_dispatch(&calls, &insn);
    if (result != cases[i].result || calls != cases[i].called) {
        printf("FAIL case %zu: handler got %" PRId64 " (%d)\n", i, result, calls);
        return 1;
    }
    return 0;
}

int main(void)
{
    int failures = 0;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        failures += check(i);
    if (TOY_FEATURE_COUNT != 4 || strcmp(toy_feature_names[3], "extra") || toy_feature_names[4]) {
        printf("FAIL feature names\n");
        failures++;
    }
    if (sizeof ((struct toy_args_wide *)0)->value != 8 || sizeof(struct toy_args_half) != 8) {
        printf("FAIL sizes of members\n");
        failures++;
    }
    puts(failures ? "FAILED" : "ok");
    return failures != 0;
}
