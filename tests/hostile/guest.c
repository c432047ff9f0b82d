/* SPDX-License-Identifier: MIT */
/* guest.c: what the hostile guests share. */
#include "guest.h"

volatile uint32_t traps;
static volatile uint32_t arrived;

static volatile uint8_t *const uart = (volatile uint8_t *)(uintptr_t)UART;

void say(const char *s)
{
    for (; *s; s++) {
        while (!(uart[5] & 0x20))
            ;
        uart[0] = (uint8_t)*s;
    }
}

void say_number(uint32_t n)
{
    char digits[12], *at = digits + sizeof digits;
    *--at = 0;
    do
        *--at = (char)('0' + n % 10);
    while (n /= 10);
    say(at);
}

void repair_uart(void)
{
    uart[3] = 0x03; /* DLAB off, 8 bits */
    uart[1] = 0x00;
    uart[4] = 0x00; /* no loopback */
    uart[2] = 0x07;
    (void)uart[0];
    (void)uart[5];
}

void power_off(void)
{
    for (;;)
        *(volatile uint32_t *)(uintptr_t)FINISHER = 0x5555;
}

void meet(reg hart)
{
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    if (hart) {
        for (;;)
            __asm__ volatile("wfi");
    }
    while (arrived < parameters[HARTS])
        ;
}

/* chaos.c has its own. */
void __attribute__((weak)) ended(reg hart, reg cause) { }
