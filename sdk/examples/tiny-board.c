/* SPDX-License-Identifier: MIT */
/*
 * tiny-board.c: one RISC-V hart, RAM, an interrupt controller, the tiny UART and a way to end.
 * Runs a bare-metal program: -M tiny-board -kernel FILE (ELF, or raw bytes for 0x80000000).
 */
#include <backplane/board.h>

static const struct bp_part parts[] = {
    BP_CPU("cpu", "riscv64"),
    BP_RAM("ram", 0x80000000, 0, .flags = BP_PART_MAIN_RAM),
    BP_DEV("finisher", "sifive-test", 0x00100000),
    BP_DEV("clint", "sifive-clint", 0x02000000, BP_SET({ "harts", "1" })),
    BP_DEV("plic", "sifive-plic", 0x0C000000, BP_SET({ "harts", "1" })),
    BP_DEV("uart0", "tiny-uart", 0x10000000, BP_SET({ "rx-depth", "32" })),
    BP_STUB("gpio", 0x10010000, 0x1000),
};

static const struct bp_wire wires[] = {
    { "clint.msip", "cpu.msi" },
    { "clint.mtip", "cpu.mti" },
    { "plic.mext", "cpu.mei" },
    { "plic.sext", "cpu.sei" },
    { "uart0.irq", "plic.in[10]" },
};

BP_BOARD(board, "tiny-board", "A small board for bare-metal programs", .default_ram = 16 * BP_MIB,
         .parts = BP_ROWS(parts), .wires = BP_ROWS(wires), .reset_pc = 0x80000000,
         .load_at = 0x80000000, .default_chardevs = "uart0.chardev");
BP_PLUGIN("tiny-board", "1.0", "MIT");
