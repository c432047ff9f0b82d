/* SPDX-License-Identifier: MIT */
/*
 * work.c: a guest that works while the world around it is hostile. Parameter `what`: 0 sends `count` bytes
 * through the UART; 1 writes `count` times 64 KiB to the disk, tells what failed, and reads the
 * beginning again; 2 echoes until a q comes; 3 spins without interrupts; 4 sends `count` bytes through the
 * virtio console; 5 as 1, but for ever. Says that it survived, and powers off.
 */
#include "guest.h"

#define CHUNK 65536
enum { UART_DATA = 0, UART_LSR = 5 };
static volatile uint8_t *const uart = (volatile uint8_t *)(uintptr_t)UART;

/* ---- a virtqueue of four descriptors at SCRATCH ------------------------------------------------- */

struct desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};
static struct desc *const desc = (struct desc *)(uintptr_t)SCRATCH;
static volatile uint16_t *const avail = (volatile uint16_t *)(uintptr_t)(SCRATCH + 0x1000);
static volatile uint16_t *const used = (volatile uint16_t *)(uintptr_t)(SCRATCH + 0x2000);
static uint8_t *const data = (uint8_t *)(uintptr_t)(SCRATCH + 0x10000);

static volatile uint32_t *find_device(uint32_t id)
{
    for (uint32_t i = 0; i < 8; i++) {
        volatile uint32_t *slot = (volatile uint32_t *)(uintptr_t)(0x10001000 + 0x1000 * i);
        if (slot[2] == id)
            return slot;
    }
    say("\nno such virtio device\n");
    power_off();
}

static void start_device(volatile uint32_t *slot, uint32_t queue)
{
    slot[0x70 / 4] = 0;
    slot[0x70 / 4] = 3;
    slot[0x24 / 4] = 0;
    slot[0x20 / 4] = 0;
    slot[0x24 / 4] = 1;
    slot[0x20 / 4] = 1; /* VERSION_1 */
    slot[0x70 / 4] = 11;
    slot[0x30 / 4] = queue;
    slot[0x38 / 4] = 4;
    slot[0x80 / 4] = SCRATCH;
    slot[0x90 / 4] = SCRATCH + 0x1000;
    slot[0xA0 / 4] = SCRATCH + 0x2000;
    slot[0x44 / 4] = 1;
    slot[0x70 / 4] = 15;
}

static void run_queue(volatile uint32_t *slot, uint32_t queue)
{
    uint16_t before = used[1];
    avail[2 + avail[1] % 4] = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    avail[1]++;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    slot[0x50 / 4] = queue;
    while (used[1] == before)
        ;
}

/* ---- the disk ------------------------------------------------------------------------------------ */

struct request {
    uint32_t type, reserved;
    uint64_t sector;
    volatile uint8_t status;
};
static struct request *const request = (struct request *)(uintptr_t)(SCRATCH + 0x3000);

static unsigned disk(volatile uint32_t *slot, uint32_t type, uint64_t sector, uint32_t n)
{
    *request = (struct request){ type, 0, sector, 0xFF };
    desc[0] = (struct desc){ SCRATCH + 0x3000, 16, 1, 1 };
    desc[1] = (struct desc){ (uintptr_t)data, n, (uint16_t)(1 | (type ? 0 : 2)), 2 };
    if (!n)
        desc[0].next = 2;
    desc[2] = (struct desc){ SCRATCH + 0x3010, 1, 2, 0 };
    run_queue(slot, 0);
    return request->status;
}

static void fill(uint32_t from)
{
    for (uint32_t i = 0; i < CHUNK / 4; i++)
        ((uint32_t *)data)[i] = from + i;
}

static void fill_disk(bool for_ever)
{
    volatile uint32_t *slot = find_device(2);
    uint32_t failed = 0, first = 0;
    start_device(slot, 0);
    do {
        for (uint32_t i = 0; i < (uint32_t)parameters[COUNT]; i++) {
            fill(i);
            if (disk(slot, 1, i * (CHUNK / 512), CHUNK) != 0 && !failed++)
                first = i;
        }
    } while (for_ever);
    say("\ndisk: ");
    say_number(failed);
    say(" writes failed, first ");
    say_number(first);
    say(", flush ");
    say_number(disk(slot, 4, 0, 0));
    fill(1);
    say(", read ");
    say_number(disk(slot, 0, 0, CHUNK));
    for (uint32_t i = 0; i < CHUNK / 4; i++) {
        if (((uint32_t *)data)[i] != i) {
            say(", and found other data");
            break;
        }
    }
}

/* ---- streams ------------------------------------------------------------------------------------- */

static void send_uart(void)
{
    for (uint32_t i = 0; i < (uint32_t)parameters[COUNT]; i++) {
        while (!(uart[UART_LSR] & 0x20))
            ;
        uart[UART_DATA] = i % 64 == 63 ? '\n' : (uint8_t)('0' + i % 64);
    }
}

static void send_console(void)
{
    volatile uint32_t *slot = find_device(3);
    start_device(slot, 1);
    desc[0] = (struct desc){ (uintptr_t)data, CHUNK, 0, 0 };
    for (uint32_t i = 0; i < (uint32_t)parameters[COUNT]; i += CHUNK)
        run_queue(slot, 1);
}

static void echo(void)
{
    uint8_t byte = 0;
    say("ready\n");
    while (byte != 'q') {
        while (!(uart[UART_LSR] & 1))
            ;
        byte = uart[UART_DATA];
        while (!(uart[UART_LSR] & 0x20))
            ;
        uart[UART_DATA] = byte;
    }
}

void main_(reg hart)
{
    if (hart)
        return;
    switch ((uint32_t)parameters[WHAT]) {
    case 0:
        send_uart();
        break;
    case 1:
    case 5:
        fill_disk(parameters[WHAT] == 5);
        break;
    case 2:
        echo();
        break;
    case 3:
        say("spins\n");
        for (;;)
            __asm__ volatile("");
    case 4:
        send_console();
        break;
    }
    say("\nsurvived\n");
    power_off();
}
