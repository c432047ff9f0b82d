/* SPDX-License-Identifier: MIT */
/*
 * mmio.c: a guest that makes random accesses of every size to every device of the virt board, all harts
 * at once; then, through what is in the slots, random and half-correct virtqueues. Survives, says so,
 * and powers off. Parameters: seed, harts, accesses a device, 1: no queues.
 */
#include "guest.h"

typedef reg access(reg address, reg value);
#define ACCESSES(X)                                                                                \
    X(lb) X(lbu) X(lh) X(lhu) X(lw) X(fld) X(flw) X(sb) X(sh) X(sw) X(fsw) X(fsd) X(sb) X(sh)      \
    X(sw) X(sw) X(sw) X(lw) X(lw) X(lrsc) X(swap) X(add) X(max) X(zero) X(flush)
#define ACCESSES64(X) X(ld) X(ld) X(lwu) X(sd) X(sd) X(lrscd) X(swapd) X(ord)
#define DECLARE(name) access access_##name;
#define ENTER(name) access_##name,
ACCESSES(DECLARE)
DECLARE(jump)
#if __riscv_xlen == 64
ACCESSES64(DECLARE)
static access *const accesses[] = { ACCESSES(ENTER) ACCESSES64(ENTER) };
#else
static access *const accesses[] = { ACCESSES(ENTER) };
#endif

static const struct {
    const char *name;
    uint32_t base, size;
} devices[] = {
    { "rom", 0x1000, 0xF000 }, { "test", 0x100000, 0x1000 }, { "rtc", 0x101000, 0x1000 },
    { "clint", 0x2000000, 0x10000 }, { "sswi", 0x2F00000, 0x4000 }, { "plic", 0xC000000, 0x600000 },
    { "uart", UART, 0x100 }, { "virtio0", 0x10001000, 0x1000 }, { "virtio1", 0x10002000, 0x1000 },
    { "virtio2", 0x10003000, 0x1000 }, { "virtio3", 0x10004000, 0x1000 },
    { "virtio4", 0x10005000, 0x1000 }, { "virtio5", 0x10006000, 0x1000 },
    { "virtio6", 0x10007000, 0x1000 }, { "virtio7", 0x10008000, 0x1000 },
    { "fw-cfg", 0x10100000, 0x18 }, { "flash0", 0x20000000, 0x2000000 },
    { "flash1", 0x22000000, 0x2000000 }, { "nothing", 0x30000000, 0x10000000 },
};
#define DEVICES (sizeof devices / sizeof *devices)

/* Addresses that hardware is to reach: memory, devices, what is nowhere, and the edges of all. Not the
 * finisher; and where other harts may see it with another's length, nothing below this program. */
static uint64_t some_address(struct random *r)
{
    uint32_t d = below(r, DEVICES), at = below(r, SCRATCH_SIZE);
    switch (below(r, 10)) {
    case 0:
        if (devices[d].base == FINISHER || parameters[HARTS] > 1)
            return SCRATCH + at;
        return devices[d].base + at % devices[d].size;
    case 1:
        return any(r);
    case 2:
        return parameters[HARTS] > 1 ? SCRATCH + at : UINT64_MAX - below(r, 4096);
    case 3: /* about the end of 128 MiB of RAM */
        return RAM + 0x8000000 - 64 + below(r, 128);
    case 4:
        return SCRATCH + at;
    default:
        return SCRATCH + (at & ~UINT32_C(15));
    }
}

static uint64_t swapped(uint64_t v)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < 64; i += 8)
        r |= (v >> i & 0xFF) << (56 - i);
    return r;
}

static uint64_t some_value(struct random *r)
{
    switch (below(r, 6)) {
    case 0:
        return below(r, 256);
    case 1:
        return UINT64_C(1) << below(r, 64);
    case 2:
        return some_address(r);
    case 3:
        return swapped(some_address(r)); /* fw_cfg's way round */
    case 4:
        return below(r, 2) ? 0 : UINT64_MAX;
    }
    return any(r);
}

static uint32_t some_offset(struct random *r, uint32_t size)
{
    switch (below(r, 8)) {
    case 0:
        return below(r, size);
    case 1: /* over the end */
        return size - 8 + below(r, 12);
    case 2:
        return below(r, size) & ~UINT32_C(7);
    case 3:
        return below(r, size < 0x200 ? size : 0x200);
    default:
        return below(r, size < 0x200 ? size : 0x200) & ~UINT32_C(3);
    }
}

/* Neither powers off nor resets, also not with its upper half or a byte's place in it. */
static bool ends_machine(reg address, uint64_t value)
{
    return address - FINISHER + 8 < 0x1010;
}

static void hammer(struct random *r, unsigned d)
{
    for (uint64_t n = 0; n < parameters[COUNT]; n++) {
        reg address = devices[d].base + some_offset(r, devices[d].size);
        uint64_t value = some_value(r);
        unsigned kind = below(r, sizeof accesses / sizeof *accesses);
        bool runs = devices[d].base == 0x1000 || devices[d].base >> 26 == 8;
        if (ends_machine(address, value)) {
            if (address >= FINISHER && address < FINISHER + 0xFF8)
                value = 0; /* read-modify-write keeps what reads as 0 */
            else
                continue;
        }
        if (!runs && !below(r, 64))
            access_jump(address & ~(reg)3, 0);
        else
            accesses[kind](address, (reg)value);
    }
}

/* ---- virtqueues -------------------------------------------------------------------------------- */

static void put(uint32_t slot, uint32_t at, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)(slot + at) = value;
}

static uint32_t get(uint32_t slot, uint32_t at)
{
    return *(volatile uint32_t *)(uintptr_t)(slot + at);
}

static void put_address(uint32_t slot, uint32_t at, uint64_t value)
{
    put(slot, at, (uint32_t)value);
    put(slot, at + 4, (uint32_t)(value >> 32));
}

struct queue {
    uint32_t desc, avail, used; /* in SCRATCH: what is filled, wherever the device is told to look */
    uint32_t size;
};

/* Anything, but not from below this program over it. */
static uint32_t some_length(struct random *r, uint64_t address)
{
    bool may_be_huge = address >= RAM && address <= UINT64_MAX - UINT32_MAX;
    static const uint32_t usual[] = { 0, 1, 8, 10, 12, 16, 64, 512, 1526, 4096, 65536 };
    switch (below(r, may_be_huge ? 32 : 30)) {
    case 30:
        return (uint32_t)any(r);
    case 31:
        return UINT32_MAX - below(r, 16);
    default:
        return usual[below(r, sizeof usual / sizeof *usual)];
    }
}

static void fill_desc(struct random *r, const struct queue *q, uint32_t desc, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        volatile uint64_t *d = (volatile uint64_t *)(uintptr_t)(desc + 16 * i);
        /* Mostly a chain that gets somewhere: read, then written, then its end. */
        uint64_t flags = i % 4 == 3 ? 2 : i % 4 == 0 ? 1 : 1 | below(r, 2) << 1;
        uint64_t next = i + 1;
        switch (below(r, 32)) {
        case 0:
            flags = below(r, 8);
            break;
        case 1:
            flags = below(r, 0x10000);
            break;
        case 2:
            next = below(r, q->size + 1);
            break;
        case 3:
            next = below(r, 0x10000);
            break;
        }
        uint64_t address = some_address(r);
        d[0] = address;
        d[1] = some_length(r, address) | flags << 32 | next << 48;
    }
}

/* A word that a device may take for a header: a request, a frame's header, a control message. */
static void fill_data(struct random *r)
{
    for (unsigned i = 0; i < 64; i++) {
        uint32_t at = SCRATCH + (below(r, SCRATCH_SIZE - 64) & ~UINT32_C(15));
        volatile uint32_t *p = (volatile uint32_t *)(uintptr_t)at;
        p[0] = below(r, 4) ? below(r, 16) : (uint32_t)any(r);
        p[1] = below(r, 4) ? below(r, 4) : (uint32_t)any(r);
        p[2] = below(r, 2) ? below(r, 8192) : (uint32_t)any(r);
        p[3] = below(r, 2) ? 0 : (uint32_t)any(r);
    }
}

static void set_up(struct random *r, uint32_t slot, struct queue *q)
{
    uint64_t features = below(r, 4) ? UINT64_MAX : any(r) | any(r);
    put(slot, 0x70, 0);
    put(slot, 0x70, 3);
    for (uint32_t w = 0; w < 2; w++) {
        put(slot, 0x14, w);
        uint32_t offered = get(slot, 0x10);
        put(slot, 0x24, w);
        put(slot, 0x20, below(r, 64) ? offered & ((uint32_t)(features >> 32 * w) | w)
                                     : (uint32_t)any(r));
    }
    put(slot, 0x70, 11);
    for (uint32_t i = 0; i < 4; i++) {
        put(slot, 0x30, i);
        uint32_t max = get(slot, 0x34);
        q[i].size = max ? 1u << below(r, 11) : 8;
        if (q[i].size > max && max)
            q[i].size = max;
        if (!below(r, 64))
            q[i].size = below(r, 0x10000);
        q[i].desc = SCRATCH + i * 0x20000;
        q[i].avail = q[i].desc + 0x8000;
        q[i].used = q[i].desc + 0xC000;
        put(slot, 0x38, q[i].size);
        put_address(slot, 0x80, below(r, 64) ? q[i].desc : some_address(r));
        put_address(slot, 0x90, below(r, 64) ? q[i].avail : some_address(r));
        put_address(slot, 0xA0, below(r, 64) ? q[i].used : some_address(r));
        *(volatile uint32_t *)(uintptr_t)q[i].avail = 0;
        put(slot, 0x44, 1);
        q[i].size = q[i].size && q[i].size <= 1024 ? q[i].size : 8;
    }
    put(slot, 0x70, 15);
}

static void drive(struct random *r, uint32_t slot)
{
    struct queue q[4];
    if (!get(slot, 8))
        return;
    for (uint64_t round = 0; round < (uint32_t)parameters[COUNT] / 50 + 1; round++) {
        set_up(r, slot, q);
        for (unsigned kick = 0; kick < 8; kick++) {
            uint32_t i = below(r, 4);
            volatile uint16_t *avail = (volatile uint16_t *)(uintptr_t)q[i].avail;
            fill_desc(r, &q[i], q[i].desc, q[i].size < 64 ? q[i].size : 64);
            fill_desc(r, &q[i], SCRATCH + below(r, SCRATCH_SIZE - 4096) / 16 * 16, 16);
            fill_data(r);
            avail[0] = (uint16_t)below(r, 2);
            for (uint32_t k = 0; k < q[i].size; k++)
                avail[2 + k] = (uint16_t)(below(r, 64) ? below(r, q[i].size) & ~3u : any(r));
            avail[1] = (uint16_t)(below(r, 64) ? avail[1] + below(r, 4) : any(r));
            put(slot, 0x50, below(r, 64) ? i : (uint32_t)any(r));
            if (!below(r, 4))
                put(slot, 0x64, get(slot, 0x60));
            get(slot, 0x70);
            if (!below(r, 16))
                put(slot, 0x44, below(r, 2));
        }
    }
    put(slot, 0x70, 0);
}

/* The firmware configuration device's DMA blocks: control, length, address, all big-endian. */
static void fill_blocks(struct random *r)
{
    for (uint32_t at = SCRATCH; at < SCRATCH + SCRATCH_SIZE; at += 16) {
        volatile uint64_t *p = (volatile uint64_t *)(uintptr_t)at;
        uint64_t address = some_address(r), control = below(r, 32) | (uint64_t)below(r, 64) << 16;
        p[0] = swapped(control << 32 | some_length(r, address));
        p[1] = swapped(address);
    }
}

void main_(reg hart)
{
    struct random r = seeded(hart);
    if (!hart)
        fill_blocks(&r);
    for (unsigned i = 0; i < DEVICES; i++)
        hammer(&r, (i + (unsigned)hart) % DEVICES);
    if (!parameters[WHAT]) {
        for (uint32_t slot = 0; slot < 8; slot++)
            drive(&r, 0x10001000 + (slot + (uint32_t)hart) % 8 * 0x1000);
    }
    meet(hart);
    repair_uart();
    say("\nsurvived: ");
    say_number((uint32_t)(parameters[HARTS] * DEVICES * parameters[COUNT]));
    say(" accesses, ");
    say_number(traps);
    say(" exceptions\n");
    power_off();
}
