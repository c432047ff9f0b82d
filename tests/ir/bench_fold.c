/* SPDX-License-Identifier: MIT */
/*
 * bench_fold.c: what appending with folding and the backward pass cost, in nanoseconds a record,
 * on IR as a 64-bit RISC target emits it. Prints one line; never fails.
 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char block[] =
    "mark 0x1000 4\n%2 = get.i64 r0\n%3 = const.i64 0xffffffffffffffe0\n%4 = add.i64 %2, %3\n"
    "put r0, %4\nmark 0x1004 4\n%7 = get.i64 r0\n%8 = get.i64 r1\n%9 = const.i64 24\n"
    "%10 = add.i64 %7, %9\nstore.64 [%10], %8\nmark 0x1008 4\n%13 = get.i64 r2\n"
    "%14 = trunc.i32 %13\n%15 = const.i32 1\n%16 = add.i32 %14, %15\n%17 = sext.i64 %16\n"
    "put r2, %17\nmark 0x100c 4\n%20 = get.i64 r3\n%21 = const.i64 32\n"
    "%22 = shl.i64 %20, %21\nput r3, %22\nmark 0x1010 4\n%25 = get.i64 r3\n"
    "%26 = const.i64 32\n%27 = shr.i64 %25, %26\nput r3, %27\nmark 0x1014 4\n"
    "%30 = get.i64 r0\n%31 = const.i64 8\n%32 = add.i64 %30, %31\n%33 = load.i64.s32 [%32]\n"
    "put r4, %33\nmark 0x1018 4\n%36 = get.i64 r4\n%37 = get.i64 r2\n"
    "%38 = cmp.i64.ltu %36, %37\nput r5, %38\nmark 0x101c 4\n%41 = get.i64 r5\n"
    "%42 = const.i64 0\nexit_if.ne %41, %42 -> 0x2000\nmark 0x1020 4\n%45 = get.i64 r6\n"
    "%46 = get.i64 r4\n%47 = add.i64 %45, %46\nput r6, %47\nexit 0x1024\n";

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void append_all(struct ir_buffer *to, const struct ir_buffer *from, uint32_t *map)
{
    ir_reset(to);
    for (uint32_t i = 1; i < from->count; i++) {
        struct bp_ir r = from->rec[i];
        unsigned n = ir_ops[r.op].operands;
        if (n > 0)
            r.a = map[r.a];
        if (n > 1)
            r.b = map[r.b];
        map[i] = r.op == BP_EXIT || r.op == BP_EXIT_IF ? ir_append_exit(to, r, &from->exits[r.c])
                                                       : ir_append(to, r);
    }
}

int main(void)
{
    struct ir_buffer from, to;
    uint32_t map[100];
    enum { ROUNDS = 20000 };
    if (ir_init(&from, rig_regs, RIG_REGS) || ir_init(&to, rig_regs, RIG_REGS) ||
        !rig_parse(&from, block))
        return 0;
    double best_append = 1e18, best_optimise = 1e18;
    for (unsigned trial = 0; trial < 5; trial++) {
        double optimise = 0, start = now();
        for (unsigned i = 0; i < ROUNDS; i++)
            append_all(&to, &from, map);
        double append = now() - start;
        for (unsigned i = 0; i < ROUNDS / 10; i++) {
            append_all(&to, &from, map);
            start = now();
            ir_optimise(&to);
            optimise += now() - start;
        }
        if (append < best_append)
            best_append = append;
        if (optimise * 10 < best_optimise)
            best_optimise = optimise * 10;
    }
    double records = (double)(from.count - 1) * ROUNDS;
    printf("folding: %.1f ns a record appended, backward pass %.1f ns, %u records in, %u kept\n",
           best_append / records, best_optimise / records, from.count - 1, to.count - 1);
    ir_free(&from);
    ir_free(&to);
    return 0;
}
