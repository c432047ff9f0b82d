/* SPDX-License-Identifier: MIT */
/*
 * guest.c: a bare-metal program to be debugged. Hart 0 computes, the others count for ever. What it
 * does has names that the sessions use.
 */
#include <stdint.h>

volatile uint32_t traps;
volatile uint64_t counters[8];   /* of each hart */
volatile uint32_t watched;
volatile uint8_t watched_bytes[16];
volatile uint32_t go = 1;
volatile double half = 0.5;
volatile double result;
extern void breakpoint_insn(void);

static void __attribute__((noinline)) power_off(uint32_t status)
{
    *(volatile uint32_t *)(uintptr_t)0x100000 = status << 16 | 0x3333;
    for (;;)
        ;
}

__attribute__((noinline)) uint64_t factorial(uint64_t n)
{
    if (n < 2)
        return 1;
    return n * factorial(n - 1);
}

__attribute__((noinline)) void touch(uint32_t value)
{
    watched = value;
    watched_bytes[5] = (uint8_t)value;
    *(volatile uint32_t *)(watched_bytes + 8) = value;
}

__attribute__((noinline)) uint32_t look(void)
{
    return watched + watched_bytes[5];
}

__attribute__((noinline)) void stage(uint32_t n)
{
    counters[0] = n;
}

__attribute__((noinline)) void count(unsigned long hart)
{
    counters[hart]++;
}

void main_(unsigned long hart)
{
    while (hart)
        count(hart);
    stage(1);
    uint64_t f = factorial(6);
    result = (double)(uint32_t)f * half;
    stage(2);
    touch(7);
    uint32_t seen = look();
    stage(3);
    breakpoint_insn();
    stage(4);
    while (go)
        count(0);
    stage(5);
    power_off(seen == 14 && traps == 1 && result == 360.0 ? 42 : 1);
}
