/* SPDX-License-Identifier: MIT */
/*
 * rows.c: runs every instruction of rows.S on many inputs and prints a line each: its name and a
 * hash of all results: registers, float flags, memory and exceptions. It runs in M mode on the
 * virt board; two emulators agree on an instruction when they print the same line.
 */
#include "rows.h"

#include <stdint.h>

typedef unsigned long reg;

struct row {
    const char *name;
    void (*code)(void);
    reg kind;
};
extern const struct row rows_begin[], rows_end[];

/* In and out of run(), rows.S. */
struct state {
    reg a[4];
    uint64_t f[4];
    reg fcsr, cause, tval, pc;
};
void run(void (*code)(void), struct state *s);

#define BUFFER_BYTES 256
#define CASES 96
static uint8_t buffer[BUFFER_BYTES] __attribute__((aligned(64)));
static uint64_t seed;

static void put(char c)
{
    volatile uint8_t *uart = (volatile uint8_t *)0x10000000;
    while (!(uart[5] & 0x20))
        ;
    *uart = (uint8_t)c;
}

static void puts_(const char *s)
{
    while (*s)
        put(*s++);
}

static void put_hex(uint64_t v, unsigned digits)
{
    for (unsigned i = digits; i-- > 0;)
        put("0123456789abcdef"[v >> (4 * i) & 15]);
}

/* splitmix64 */
static uint64_t next(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static reg integer(void)
{
    static const int64_t special[16] = {
        0, 1, -1, 2, -2, INT32_MAX, INT32_MIN, UINT32_MAX, INT64_MAX, INT64_MIN,
        0x7f, -0x80, 0xff, 0x7fff, 31, 63,
    };
    uint64_t v = next();

    switch (next() & 7) {
    case 0:
    case 1: return (reg)special[v & 15];
    case 2: return (reg)(int64_t)(int32_t)v;
    case 3: return (reg)(v >> (v & 63));
    case 4: return (reg)(int64_t)(int8_t)v;
    default: return (reg)v;
    }
}

static uint64_t float_bits(void)
{
    static const uint32_t special[16] = {
        0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
        0x7f800001, 0xffc00001, 0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff, 0x4f000000,
        0x5f000000, 0xcf000001,
    };
    uint64_t r = next(), how = next() & 15;
    uint32_t v = (uint32_t)r;

    if (how < 6)
        v = special[r & 15];
    else if (how < 10) /* of ordinary size, some with few bits */
        v = (v & 0x807fffff) | (uint32_t)(120 + (r >> 32) % 24) << 23;
    else if (how < 12)
        v &= 0xfff00000;
    if (how == 15)
        return r; /* most likely not boxed */
    return UINT64_C(0xffffffff00000000) | v;
}

static uint64_t double_bits(void)
{
    static const uint64_t special[16] = {
        0, UINT64_C(1) << 63, UINT64_C(0x3ff0000000000000), UINT64_C(0xbff0000000000000),
        UINT64_C(0x7ff0000000000000), UINT64_C(0xfff0000000000000), UINT64_C(0x7ff8000000000000),
        UINT64_C(0x7ff0000000000001), UINT64_C(0xfff8000000000001), 1,
        UINT64_C(0x800fffffffffffff), UINT64_C(0x0010000000000000), UINT64_C(0x7fefffffffffffff),
        UINT64_C(0x41e0000000000000), UINT64_C(0x43e0000000000000), UINT64_C(0xc3e0000000000000),
    };
    uint64_t v = next(), r = next(), how = next() & 15;

    if (how < 6)
        return special[r & 15];
    if (how < 10)
        return (v & UINT64_C(0x800fffffffffffff)) | (1010 + r % 60) << 52;
    if (how < 12) /* around what single precision can hold */
        return (v & UINT64_C(0x800fffffffffffff)) | (870 + r % 300) << 52;
    if (how < 14)
        return v & UINT64_C(0xfffff00000000000);
    return v;
}

static void inputs(struct state *s, reg kind)
{
    for (unsigned i = 0; i < 4; i++) {
        s->a[i] = integer();
        s->f[i] = kind == KIND_DOUBLE ? double_bits() : float_bits();
    }
    for (unsigned i = 0; i < BUFFER_BYTES; i++)
        buffer[i] = (uint8_t)(i * 37 + (unsigned)seed);
    if (kind == KIND_MEM)
        s->a[1] = (reg)&buffer[96] + (next() & 31);
    if (kind == KIND_ALIGNED)
        s->a[1] = (reg)&buffer[96] + (next() & 24);
    /* The last three modes are no modes. */
    s->fcsr = (next() & 7) << 5;
    if (s->fcsr >> 5 > 4 && next() & 3)
        s->fcsr = 0;
    s->cause = s->tval = s->pc = 0;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9fb21c651e98df25);
    return h ^ h >> 29;
}

static uint64_t results(uint64_t h, const struct state *s, const struct row *row)
{
    for (unsigned i = 0; i < 4; i++) {
        reg a = s->a[i];
        /* Addresses: as where in the buffer or the code. */
        if (a - (reg)buffer < BUFFER_BYTES)
            a -= (reg)buffer;
        else if (a - (reg)row->code < 64)
            a -= (reg)row->code;
        h = mix(h, (uint64_t)(int64_t)(long)a);
        h = mix(h, s->f[i]);
    }
    h = mix(h, s->fcsr);
    h = mix(h, s->cause);
    if (s->cause == 2)
        h = mix(h, s->tval);
    if (s->cause)
        h = mix(h, s->pc - (reg)row->code);
    for (unsigned i = 0; i < BUFFER_BYTES; i++)
        h = mix(h, buffer[i]);
    return h;
}

/* Variants of an instruction, behind '@', get the same inputs. */
static uint64_t name_seed(const char *name)
{
    uint64_t h = 1469598103934665603u;
    while (*name && *name != '@')
        h = (h ^ (uint8_t)*name++) * 1099511628211u;
    return h;
}

void main_(void)
{
    unsigned count = 0;

    for (const struct row *row = rows_begin; row < rows_end; row++, count++) {
        uint64_t h = 0;
        seed = name_seed(row->name);
        for (unsigned i = 0; i < (row->kind == KIND_ONCE ? 1 : CASES); i++) {
            struct state s;
            inputs(&s, row->kind);
            run(row->code, &s);
            h = results(h, &s, row);
        }
        puts_(row->name);
        put(' ');
        put_hex(h, 16);
        put('\n');
    }
    puts_("rows: 0x");
    put_hex(count, 4);
    put('\n');
    *(volatile uint32_t *)0x100000 = 0x5555;
    for (;;)
        ;
}
