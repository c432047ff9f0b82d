/* SPDX-License-Identifier: MIT */
/* board.c: which machine this is (name its manual and the chapter of its memory map). */
#include <backplane/board.h>

static const struct bp_part parts[] = {
    BP_CPU("cpu", "riscv64"),
    BP_MAIN_RAM("ram", 0x80000000), /* as large as -m says */
    BP_DEV("uart0", "ns16550a", 0x10000000),
    BP_DEV("plic", "sifive-plic", 0x0C000000),
    BP_STUB("clocks", 0x20000000, 0x1000), /* reads zero and is logged: -d unimp */
};
static const struct bp_wire wires[] = {
    { "uart0.irq", "plic.in[1]" },
    { "plic.mext", "cpu.mei" },
};

BP_BOARD(board, "my-board", "One line about it", .parts = BP_ROWS(parts), .wires = BP_ROWS(wires),
         .reset_pc = 0x80000000, .load_at = 0x80000000, .default_chardevs = "uart0.chardev");
BP_PLUGIN("my-board", "0.1", "MIT");
