/* SPDX-License-Identifier: MIT */
/*
 * interp.h: what the two tests of the interpreter share: a rig, running a text, counting checks.
 * Each program includes it once.
 */
#ifndef TESTS_IR_INTERP_H
#define TESTS_IR_INTERP_H

#include "rig.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig *rig;
static struct ir_buffer buffer;
static unsigned long checks, failures;

static void __attribute__((format(printf, 2, 3))) expect(bool ok, const char *format, ...)
{
    checks++;
    if (ok || failures++ > 20)
        return;
    va_list ap;
    va_start(ap, format);
    printf("FAIL ");
    vprintf(format, ap);
    printf("\n");
    va_end(ap);
}

static const uint8_t *compile(const char *text)
{
    rig_clear(rig);
    if (!rig_parse(&buffer, text)) {
        failures++;
        return NULL;
    }
    const uint8_t *code = rig_compile(rig, &buffer);
    failures += !code;
    return code;
}

static void run_one(const char *what, const char *text, unsigned result_reg, uint64_t want)
{
    const uint8_t *code = compile(text);
    if (!code)
        return;
    rig_run(rig, code);
    expect(rig_get(rig, result_reg) == want, "%s: %" PRIx64 ", not %" PRIx64 "\n%s", what,
           rig_get(rig, result_reg), want, text);
}

/* ---- integers as mathematics has them ---------------------------------------------------------
 */

typedef __int128 wide;

static wide as_unsigned(unsigned bits, uint64_t v) { return (wide)v & (((wide)1 << bits) - 1); }
static wide as_signed(unsigned bits, uint64_t v)
{
    wide u = as_unsigned(bits, v), half = (wide)1 << (bits - 1);
    return u >= half ? u - 2 * half : u;
}
static uint64_t cut(unsigned bits, wide v) { return (uint64_t)(v & (((wide)1 << bits) - 1)); }

static void set_up(void)
{
    rig = rig_new();
    if (ir_init(&buffer, rig_regs, RIG_REGS))
        abort();
}

/* Exit status of the program. */
static int report(const char *what)
{
    ir_free(&buffer);
    rig_free(rig);
    printf("%s: %lu checks, %lu failed\n", what, checks, failures);
    return failures != 0 || checks == 0;
}

#endif
