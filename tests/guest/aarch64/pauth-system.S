/* SPDX-License-Identifier: MIT */
/*
 * pauth-system.S: pointer authentication with keys and translation control that are known: prints results of QARMA5
 * through the UART at 0x09000000 (arm-virt), then switches off. assemble.sh makes pauth-system.hex; pauth-system.golden is
 * what another emulator prints.
 */
    .arch armv8.5-a
    .globl _start
_start:
    ldr x0, =0x84be85ce9804e94b
    ldr x1, =0xec2802d4e0a488e9
    msr APGAKeyHi_EL1, x0
    msr APGAKeyLo_EL1, x1
    msr APIAKeyHi_EL1, x0
    msr APIAKeyLo_EL1, x1
    msr APDBKeyHi_EL1, x1
    msr APDBKeyLo_EL1, x0
    ldr x4, =0xfb623599da6e8127
    ldr x5, =0x477d469dec0b8762
    ldr x6, =0x0000123456789abc
    pacia x6, x5                /* not enabled */
    bl put
    mrs x2, sctlr_el1
    orr x2, x2, #1 << 31        /* EnIA */
    orr x2, x2, #1 << 13        /* EnDB */
    msr sctlr_el1, x2
    ldr x3, =0x100010           /* T0SZ and T1SZ 16 */
    msr tcr_el1, x3
    isb
    pacga x6, x4, x5
    bl put
    ldr x6, =0x0000123456789abc
    pacia x6, x5
    bl put
    autia x6, x5
    bl put
    ldr x6, =0xffff823456789abc
    pacdb x6, x4
    bl put
    ldr x6, =0xffff823456789abc
    pacdb x6, x4
    autdb x6, x5                /* fails */
    bl put
    ldr x6, =0x00ff823456789abc
    pacia x6, x4                /* no address */
    bl put
    ldr x3, =0x6000190010       /* TBI0, TBI1; T1SZ 25 */
    msr tcr_el1, x3
    isb
    ldr x6, =0x5aff823456789abc
    pacia x6, x4
    bl put
    autia x6, x4
    bl put
    ldr x6, =0xa5007fff56789abc
    pacdb x6, x4
    bl put
    ldr x3, =0x18006000190010   /* TBID0, TBID1 */
    msr tcr_el1, x3
    isb
    ldr x6, =0x0000823456789abc
    pacia x6, x4
    bl put
    ldr x0, =0x84000008         /* PSCI SYSTEM_OFF */
    hvc #0
1:  b 1b

put:                            /* x6 in hexadecimal */
    mov x10, #0x09000000
    mov x11, #64
2:  sub x11, x11, #4
    lsr x12, x6, x11
    and x12, x12, #15
    add x13, x12, #'0'
    cmp x12, #9
    b.ls 3f
    add x13, x12, #'a' - 10
3:  str w13, [x10]
    cbnz x11, 2b
    mov w13, #'\n'
    str w13, [x10]
    ret
