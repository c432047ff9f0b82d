/* SPDX-License-Identifier: MIT */
/* guest.S: start-up of the debugged guest: all harts call main_(hart) with a stack of their own. */
    .section .text.start, "ax"
    .globl _start
_start:
    la t0, trap
    csrw mtvec, t0
    li t0, 0x6000               /* mstatus.FS */
    csrs mstatus, t0
    csrr a0, mhartid
    addi t0, a0, 1
    slli t0, t0, 12
    la sp, stacks
    add sp, sp, t0
    li s0, 0
    li ra, 0
    call main_
1:  wfi
    j 1b

/* Counts and skips: 4-byte instructions only. */
    .align 2
    .globl trap
trap:
    la t0, traps
    li t1, 1
    amoadd.w zero, t1, (t0)
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    mret

    .globl breakpoint_insn
breakpoint_insn:
    .word 0x00100073            /* ebreak, uncompressed */
    ret

    .bss
    .align 4
stacks: .space 8 << 12
