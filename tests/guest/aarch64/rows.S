/* SPDX-License-Identifier: MIT */
/*
 * rows.S: start-up, system calls, and the way in and out of one instruction under test, for rows.c.
 * x28 is the state's address, x30 the way back.
 */
    .arch armv8.5-a+crypto+sha3
    .text
    .globl _start
_start:
    mov x29, #0
    mov x0, sp
    bl main_

    .globl call
call:                           /* (number, six arguments) */
    mov x8, x0
    mov x0, x1
    mov x1, x2
    mov x2, x3
    mov x3, x4
    mov x4, x5
    mov x5, x6
    svc #0
    ret

/* struct state: x0-x27, sp, nzcv, fpcr, fpsr, v0-v31; then where the stack was, and run_done's address */
#define SP 224
#define NZCV 232
#define FPCR 240
#define FPSR 248
#define V 256
#define OLD_SP 768

    .globl run
run:                            /* (x0: code, x1: state) */
    stp x29, x30, [sp, #-160]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x28, x1
    mov x30, x0
    mov x2, sp
    str x2, [x28, #OLD_SP]
    ldr x2, [x28, #NZCV]
    msr nzcv, x2
    ldr x2, [x28, #FPCR]
    msr fpcr, x2
    ldr x2, [x28, #FPSR]
    msr fpsr, x2
    ldr x2, [x28, #SP]
    mov sp, x2
    add x2, x28, #V
    ld1 {v0.2d-v3.2d}, [x2], #64
    ld1 {v4.2d-v7.2d}, [x2], #64
    ld1 {v8.2d-v11.2d}, [x2], #64
    ld1 {v12.2d-v15.2d}, [x2], #64
    ld1 {v16.2d-v19.2d}, [x2], #64
    ld1 {v20.2d-v23.2d}, [x2], #64
    ld1 {v24.2d-v27.2d}, [x2], #64
    ld1 {v28.2d-v31.2d}, [x2], #64
    ldp x0, x1, [x28]
    ldp x2, x3, [x28, #16]
    ldp x4, x5, [x28, #32]
    ldp x6, x7, [x28, #48]
    ldp x8, x9, [x28, #64]
    ldp x10, x11, [x28, #80]
    ldp x12, x13, [x28, #96]
    ldp x14, x15, [x28, #112]
    ldp x16, x17, [x28, #128]
    ldp x18, x19, [x28, #144]
    ldp x20, x21, [x28, #160]
    ldp x22, x23, [x28, #176]
    ldp x24, x25, [x28, #192]
    ldp x26, x27, [x28, #208]
    blr x30
    .globl run_done
run_done:
    stp x0, x1, [x28]
    stp x2, x3, [x28, #16]
    stp x4, x5, [x28, #32]
    stp x6, x7, [x28, #48]
    stp x8, x9, [x28, #64]
    stp x10, x11, [x28, #80]
    stp x12, x13, [x28, #96]
    stp x14, x15, [x28, #112]
    stp x16, x17, [x28, #128]
    stp x18, x19, [x28, #144]
    stp x20, x21, [x28, #160]
    stp x22, x23, [x28, #176]
    stp x24, x25, [x28, #192]
    stp x26, x27, [x28, #208]
    mov x2, sp
    str x2, [x28, #SP]
    mrs x2, nzcv
    str x2, [x28, #NZCV]
    mrs x2, fpcr
    str x2, [x28, #FPCR]
    mrs x2, fpsr
    str x2, [x28, #FPSR]
    msr fpcr, xzr
    add x2, x28, #V
    st1 {v0.2d-v3.2d}, [x2], #64
    st1 {v4.2d-v7.2d}, [x2], #64
    st1 {v8.2d-v11.2d}, [x2], #64
    st1 {v12.2d-v15.2d}, [x2], #64
    st1 {v16.2d-v19.2d}, [x2], #64
    st1 {v20.2d-v23.2d}, [x2], #64
    st1 {v24.2d-v27.2d}, [x2], #64
    st1 {v28.2d-v31.2d}, [x2], #64
    ldr x2, [x28, #OLD_SP]
    mov sp, x2
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #160
    ret

    .globl flush
flush:                          /* (x0: code) */
    dc cvau, x0
    dsb ish
    ic ivau, x0
    dsb ish
    isb
    ret
