/* SPDX-License-Identifier: MIT */
/*
 * power.S: a second PE switched on and off by PSCI (Arm DEN0022), on the virt board with two vCPUs, loaded
 * at 0x40100000 and started at EL1 on the first. Prints "passed", or "FAILED" and the number of the check.
 */
    .arch armv8-a
    .macro PSCI fn
    ldr w0, =\fn
    hvc #0
    .endm
    .macro CHECK n, reg, value
    mov w19, #\n
    mov x9, #\value
    cmp \reg, x9
    b.ne failed
    .endm
    .globl _start
_start:
    adr x20, mailbox
    /* 1: it is off, and has not run. */
    mov x1, #1
    mov x2, #0
    PSCI 0xc4000004
    CHECK 1, x0, 1
    ldr x0, [x20]
    CHECK 2, x0, 0
    /* 2: twice on and off, each time from the entry with the context in x0. */
    mov x21, #0x1230
1:  mov x1, #1
    adr x2, second
    mov x3, x21
    PSCI 0xc4000003
    CHECK 3, x0, 0
2:  mov x1, #1
    mov x2, #0
    PSCI 0xc4000004
    cmp x0, #1
    b.ne 2b
    ldr x0, [x20]
    cmp x0, x21
    mov w19, #4
    b.ne failed
    ldr x0, [x20, #8]
    CHECK 5, x0, 0x3c5 /* EL1 with its own stack pointer, all masked */
    add x21, x21, #1
    and x0, x21, #15
    cmp x0, #2
    b.ne 1b
    /* 3: on, it is not switched on again. */
    mov x1, #1
    adr x2, spin
    PSCI 0xc4000003
    CHECK 6, x0, 0
3:  mov x1, #1
    mov x2, #0
    PSCI 0xc4000004
    cbnz x0, 3b
    mov x1, #1
    adr x2, second
    PSCI 0xc4000003
    CHECK 7, x0, -4
    adr x1, passed_text
    b finish
failed:
    adr x1, failed_text
    add w19, w19, #'0'
    strb w19, [x1, #7]
finish:
    mov x2, #0x09000000
    mov w3, #0x301
    str w3, [x2, #0x30]
4:  ldrb w3, [x1], #1
    cbz w3, 5f
    strb w3, [x2]
    b 4b
5:  PSCI 0x84000008
    b .

second:
    adr x20, mailbox
    mrs x1, currentel
    mrs x2, daif
    orr x1, x1, x2
    mrs x2, spsel
    orr x1, x1, x2
    str x1, [x20, #8]
    str x0, [x20]
    dmb sy
    PSCI 0x84000002
spin:
    wfi
    b spin

    .ltorg
passed_text: .asciz "passed\n"
failed_text: .asciz "FAILED 0\n"
    .balign 8
mailbox: .quad 0, 0
