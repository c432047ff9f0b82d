/* SPDX-License-Identifier: MIT */
/*
 * chaos.c: a guest that runs random instructions: each round on random registers, page tables, delegation,
 * protection and status, at page ends and at the end of RAM too, all harts at once on memory they share;
 * code writes code. What runs in S and U mode is brought back by the timer; the program says that it
 * survived its rounds and powers off. What runs in M mode (parameter `what`: 1) may get away for good: then
 * somebody outside must stop the machine. Parameters: seed, harts, rounds, what.
 */
#include "guest.h"

#define RV64 (__riscv_xlen == 64)
#define RAM_END UINT32_C(0x81000000) /* -m 16M */
#define SANDBOX(hart) (RAM + 0x200000 + 0x80000 * (hart))
#define CODE 0x1000                  /* offsets in a sandbox */
#define TABLES 0x8000
#define TABLES_SIZE 0x8000
#define CLINT UINT32_C(0x02000000)

#define csr_write(name, v)                                                                         \
    ({ reg w_ = (reg)(v); __asm__ volatile("csrw " #name ", %0" : : "r"(w_) : "memory"); })

struct registers {
    reg x[32];
    uint64_t f[32];
};
extern char chaos_vector[];
void __attribute__((noreturn)) enter(const struct registers *);
void __attribute__((noreturn)) ended(reg hart, reg cause);

static struct hart {
    struct random random;
    uint32_t rounds;
    struct registers registers;
} harts[8];
static volatile uint32_t causes[32], interrupts;

static uint64_t some_address(struct random *r)
{
    static const uint32_t edges[] = {
        RAM, RAM_END, RAM_END - 0x1000, 0x80010000, 0x1000, 0x10000, UART, UART + 0x100, CLINT,
        CLINT + 0x4000, CLINT + 0xBFF8, 0x0C000000, 0x0C200000, 0x10001000, 0x10008000, 0x10009000,
        0x10100000, 0x10100018, 0x20000000, 0x22000000, 0x24000000, FINISHER, 0x101000, 0,
    };
    uint32_t box = SANDBOX(below(r, (uint32_t)parameters[HARTS]));
    switch (below(r, 8)) {
    case 0:
        return edges[below(r, sizeof edges / sizeof *edges)] + (uint64_t)below(r, 32) - 16;
    case 1:
        return any(r) << below(r, 8);
    case 2:
        return box + CODE + below(r, 0x2000);
    case 3:
        return box + TABLES + (below(r, TABLES_SIZE) & ~7u);
    case 4:
        return box + ((below(r, 0x80) << 12) - below(r, 16));
    default:
        return box + below(r, 0x80000);
    }
}

/* ---- instructions ------------------------------------------------------------------------------ */

static uint32_t some_csr(struct random *r)
{
    static const uint16_t known[] = {
        0x001, 0x002, 0x003, 0x100, 0x104, 0x105, 0x106, 0x10A, 0x140, 0x141, 0x142, 0x143, 0x144,
        0x14D, 0x180, 0x300, 0x301, 0x302, 0x303, 0x306, 0x30A, 0x320, 0x340, 0x341, 0x342,
        0x343, 0x344, 0x3A0, 0x3A1, 0x3A2, 0x3A3, 0x3B0, 0x3B1, 0x3B4, 0x3BF, 0xB00, 0xB02, 0xB03,
        0xC00, 0xC01, 0xC02, 0xC80, 0xC81, 0xF11, 0xF14, 0x7A0, 0x7A1, 0x7B0, 0x747, 0x31A, 0x310,
    };
    return below(r, 8) ? known[below(r, sizeof known / sizeof *known)] : below(r, 4096);
}

static uint32_t system_instruction(struct random *r)
{
    static const uint32_t plain[] = {
        0x00000073, 0x00100073, 0x10200073, 0x30200073, 0x10500073, 0x12000073, 0x0000100F,
        0x0FF0000F, 0x16000073, 0x18000073, 0x18100073, 0x0100000F,
    };
    uint32_t rs1 = below(r, 32) << 15;
    switch (below(r, 4)) {
    case 0: /* sfence.vma, sinval.vma */
        return (below(r, 2) ? 0x12000073 : 0x16000073) | rs1 | below(r, 32) << 20;
    case 1: /* cbo.* */
        return 0x0000200F | rs1 | below(r, 5) << 20;
    case 2:
        return 0x00000073 | some_csr(r) << 20 | rs1 | (1 + below(r, 7)) << 12 | below(r, 32) << 7;
    }
    return plain[below(r, sizeof plain / sizeof *plain)];
}

/* One instruction, or two compressed ones. */
static uint32_t instruction(struct random *r)
{
    static const uint8_t opcodes[] = { 0x33, 0x3B, 0x13, 0x1B, 0x53, 0x53, 0x43, 0x47, 0x4B, 0x4F };
    uint32_t bits = (uint32_t)any(r), near = (8 + below(r, 8)) << 15;
    switch (below(r, 16)) {
    case 0:
        return bits;
    case 1:
    case 2:
    case 3: {
        uint32_t low = (bits & 3) == 3 ? bits - 1 - below(r, 3) : bits;
        return (low >> 16 & 3) == 3 ? low ^ 0x20000 : low;
    }
    case 4:
        return system_instruction(r);
    case 5:
    case 6: /* loads and stores of all kinds, from registers that hold addresses */
        bits = (bits & 0x0FF07F80) | near;
        return bits | (uint32_t[]){ 0x03, 0x23, 0x07, 0x27 }[below(r, 4)];
    case 7:
        return (bits & 0xFFF00F80) | near | 0x2F | (2 + below(r, 2)) << 12;
    case 8: /* branches, not far */
        return (bits & 0x01FF7F80 & ~UINT32_C(0x80)) | (below(r, 2) ? 0xFE000080 : 0) | 0x63;
    case 9:
        return (bits & 0x07E00F80) | 0x6F;
    case 10:
        return (bits & 0x0FF00F80) | near | 0x67;
    case 11:
        return (bits & ~UINT32_C(0x7F)) | (below(r, 2) ? 0x37 : 0x17);
    }
    bits = (bits & ~UINT32_C(0x7F)) | opcodes[below(r, sizeof opcodes)];
    if (below(r, 2))
        bits &= 0x41FFFFFF;
    return bits;
}

static void put_code(struct random *r, uint32_t at, uint32_t end)
{
    for (; at + 4 <= end; at += 4) {
        volatile uint16_t *p = (volatile uint16_t *)(uintptr_t)at;
        uint32_t word = instruction(r);
        p[0] = (uint16_t)word;
        p[1] = (uint16_t)(word >> 16);
    }
}

/* ---- the state it runs in ---------------------------------------------------------------------- */

static void put_tables(struct random *r, uint32_t box)
{
    volatile reg *table = (volatile reg *)(uintptr_t)(box + TABLES);
    for (unsigned i = 0; i < 512; i++) {
        uint64_t page = some_address(r) >> 12;
        if (!below(r, 8)) /* a whole gigabyte or 2 MiB */
            page &= ~UINT64_C(0x3FFFF);
        uint64_t flags = below(r, 3) ? 0x0F | below(r, 256) : below(r, 4) ? 1 : below(r, 1024);
        uint32_t where = below(r, TABLES_SIZE / sizeof(reg));
        if (below(r, 2)) /* where identity would look */
            where = where & ~(reg)511 & (TABLES_SIZE / sizeof(reg) - 1);
        table[where + below(r, 4)] = (reg)(page << 10 | flags);
    }
    /* RAM where it is, more often than chance: gigapages, or the 4 MiB ones of RV32. */
    if (RV64 && below(r, 2))
        table[2] = (reg)((uint64_t)RAM >> 2 | 0xEF);
    for (unsigned i = 0; !RV64 && i < 4; i++)
        table[0x200 + i] = (reg)((RAM + 0x400000 * i) >> 2 | 0xEF);
}

static void set_satp(struct random *r, uint32_t box)
{
    uint64_t root = below(r, 16) ? (box + TABLES) >> 12 : some_address(r) >> 12;
    if (!below(r, 3))
        root = 0;
#if __riscv_xlen == 64
    uint64_t mode = root ? 8 + below(r, 3) : below(r, 16);
    csr_write(satp, mode << 60 | (uint64_t)below(r, 65536) << 44 | (root & 0xFFFFFFFFFFF));
#else
    csr_write(satp, (root ? UINT32_C(1) << 31 : 0) | below(r, 512) << 22 | (root & 0x3FFFFF));
#endif
    if (below(r, 2))
        __asm__ volatile("sfence.vma" : : : "memory");
}

/* Entries 0 to 2 keep this program, 15 lets everything else through; between them anything. */
static void set_pmp(struct random *r)
{
    uint64_t low = 0x9D | 0x18 << 8 | (parameters[WHAT] ? 0x98 : 0x18) << 16;
    uint64_t high = UINT64_C(0x1F) << 56;
    if (!below(r, 4)) {
        low |= (any(r) & 0x1F1F1F1F1F) << 24;
        high |= any(r) & 0x1F1F1F1F1F1F1F;
    }
    csr_write(pmpaddr0, (RAM + 0x10000 / 2 - 1) >> 2);
    csr_write(pmpaddr1, (RAM + 0x40000 / 2 - 1) >> 2);
    csr_write(pmpaddr2, (FINISHER + 0x1000 / 2 - 1) >> 2);
    csr_write(pmpaddr3, some_address(r) >> 2);
    csr_write(pmpaddr4, some_address(r) >> 2);
    csr_write(pmpaddr7, some_address(r) >> 2);
    csr_write(pmpaddr9, some_address(r) >> 2);
    csr_write(pmpaddr15, ~(reg)0);
#if __riscv_xlen == 64
    csr_write(pmpcfg2, high);
    csr_write(pmpcfg0, low);
#else
    csr_write(pmpcfg2, (uint32_t)high);
    csr_write(pmpcfg3, (uint32_t)(high >> 32));
    csr_write(pmpcfg1, (uint32_t)(low >> 32));
    csr_write(pmpcfg0, (uint32_t)low);
#endif
}

static void set_timer(reg hart, uint32_t ticks)
{
    volatile uint32_t *compare = (volatile uint32_t *)(uintptr_t)(CLINT + 0x4000 + 8 * hart);
    volatile uint32_t *now = (volatile uint32_t *)(uintptr_t)(CLINT + 0xBFF8);
    uint64_t at = (uint64_t)now[1] << 32 | now[0];
    at = ticks == UINT32_MAX ? UINT64_MAX : at + ticks;
    compare[1] = UINT32_MAX;
    compare[0] = (uint32_t)at;
    compare[1] = (uint32_t)(at >> 32);
    *(volatile uint32_t *)(uintptr_t)(CLINT + 4 * hart) = 0; /* others may ring */
}

static void set_modes(struct random *r, uint32_t pc)
{
    static const uint32_t previous[] = { 0, 0x800, 0x800 };
    uint32_t status = 0x6000 | previous[below(r, 3)];
    csr_write(mtvec, chaos_vector);
    csr_write(mscratch, any(r));
    csr_write(medeleg, below(r, 2) ? 0 : any(r));
    csr_write(mideleg, below(r, 2) ? 0 : any(r));
    csr_write(stvec, some_address(r));
    csr_write(sepc, some_address(r));
    csr_write(mcounteren, any(r));
    csr_write(scounteren, any(r));
    csr_write(menvcfg, any(r) & 0xFF);
    csr_write(senvcfg, any(r) & 0xFF);
    csr_write(fcsr, below(r, 256));
#if __riscv_xlen == 64
    csr_write(menvcfg, any(r) << 48 | (any(r) & 0xFF));
#else
    csr_write(0x31A, any(r));
#endif
    csr_write(mip, any(r));
    csr_write(mie, 0x80 | (any(r) & 0x222));
    if (parameters[WHAT])
        status |= 0x1880; /* M mode, MPIE */
    status |= (uint32_t)any(r) & 0x7C0122; /* TSR, TVM, TW, MXR, SUM, S mode's interrupts */
    csr_write(mstatus, 0);
    csr_write(mstatus, status);
    csr_write(mepc, pc);
}

static void __attribute__((noreturn)) next_round(reg hart)
{
    struct hart *h = &harts[hart];
    struct random *r = &h->random;
    uint32_t box = SANDBOX((uint32_t)hart), pc = box + CODE + (below(r, 0x2000) & ~1u);
    if (h->rounds++ >= parameters[COUNT]) {
        meet(hart);
        repair_uart();
        say("\nsurvived: ");
        say_number((uint32_t)parameters[COUNT] * (uint32_t)parameters[HARTS]);
        say(" rounds, ");
        say_number(interrupts);
        say(" ended by interrupts, exceptions:");
        for (unsigned i = 0; i < 16; i++) {
            say(" ");
            say_number(causes[i]);
        }
        say("\n");
        power_off();
    }
    switch (below(r, 8)) {
    case 0: /* over a page's end */
        pc = box + CODE + 0x1000 - 2 * below(r, 16);
        break;
    case 1: /* at the end of RAM */
        pc = RAM_END - 2 - 2 * below(r, 32);
        put_code(r, RAM_END - 0x80, RAM_END);
        break;
    case 2: /* anywhere, as devices and the ROM */
        pc = (uint32_t)some_address(r) & ~1u;
        break;
    }
    if (below(r, 4))
        put_code(r, box + CODE + 2 * below(r, 2), box + CODE + 0x2000);
    put_tables(r, box);
    for (unsigned i = 0; i < 32; i++) {
        h->registers.x[i] = (reg)(below(r, 4) ? some_address(r) : any(r));
        h->registers.f[i] = any(r) << below(r, 9) | (below(r, 2) ? UINT64_C(0xFFFFFFFF) << 32 : 0);
    }
    set_pmp(r);
    set_satp(r, box);
    set_modes(r, pc);
    if (below(r, 2))
        __asm__ volatile("fence.i" : : : "memory");
    set_timer(hart, 300 + below(r, 3000));
    enter(&h->registers);
}

void ended(reg hart, reg cause)
{
    csr_write(mie, 0);
    csr_write(satp, 0);
    set_timer(hart, UINT32_MAX);
    if ((cause >> (__riscv_xlen - 1)) & 1)
        __atomic_add_fetch(&interrupts, 1, __ATOMIC_RELAXED);
    else
        __atomic_add_fetch(&causes[cause & 31], 1, __ATOMIC_RELAXED);
    next_round(hart);
}

void main_(reg hart)
{
    harts[hart].random = seeded(hart);
    next_round(hart);
}
