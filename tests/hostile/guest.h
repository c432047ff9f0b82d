/* SPDX-License-Identifier: MIT */
/* guest.h: what the hostile guests share: parameters, random numbers, printing, ending. */
#ifndef HOSTILE_GUEST_H
#define HOSTILE_GUEST_H
#include <stdbool.h>
#include <stdint.h>

typedef unsigned long reg;
#define RAM UINT32_C(0x80000000)
#define SCRATCH (RAM + 0x400000) /* what devices and the other harts may ruin */
#define SCRATCH_SIZE 0x100000
#define UART UINT32_C(0x10000000)
#define FINISHER UINT32_C(0x00100000)

extern const volatile uint64_t parameters[4]; /* seed, harts, count, what */
enum { SEED, HARTS, COUNT, WHAT };
extern volatile uint32_t traps;

struct random {
    uint64_t state;
};

static inline uint64_t any(struct random *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return r->state * UINT64_C(0x2545F4914F6CDD1D) >> 8;
}

static inline uint32_t below(struct random *r, uint32_t n)
{
    return (uint32_t)any(r) % n;
}

static inline struct random seeded(reg hart)
{
    struct random r = { (parameters[SEED] + hart + 1) * UINT64_C(0x9E3779B97F4A7C15) };
    any(&r);
    return r;
}

void say(const char *s);
void say_number(uint32_t n);
/* A UART that anything may have been done to, made to send again. */
void repair_uart(void);
void __attribute__((noreturn)) power_off(void);
/* All harts call it; returns in hart 0 when all have, else never. */
void meet(reg hart);
#endif
