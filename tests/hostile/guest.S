/* SPDX-License-Identifier: MIT */
/*
 * guest.S: start-up of the hostile guests, their parameters, and single accesses of every kind whose
 * exceptions are counted and skipped. The script that runs a guest writes the parameters into its file.
 */
#define N (__riscv_xlen / 8)
#if __riscv_xlen == 64
#define REG_S sd
#define REG_L ld
#else
#define REG_S sw
#define REG_L lw
#endif

    .section .text.start, "ax"
    .option norvc
    .globl _start, parameters
_start:
    j 1f
    .word 0
parameters:                     /* at 8: seed, harts, count, what */
    .dword 1, 1, 1000, 0
1:  csrw mie, zero
    la t0, skip_vector
    csrw mtvec, t0
    li t0, 0x6000               /* mstatus.FS */
    csrs mstatus, t0
    csrr a0, mhartid
    addi t0, a0, 1
    slli t0, t0, 14
    la sp, stacks
    add sp, sp, t0
    call main_
2:  wfi
    j 2b

    .text
    .align 2
    .globl skip_vector
/* Only accesses trap, and they are called: the temporaries are free. A jump returns to t5. */
skip_vector:
    la t0, traps
    li t1, 1
    amoadd.w zero, t1, (t0)
    csrr t0, mepc
    la t1, program_end
    li t2, 0x80000000
    bltu t0, t2, 1f
    bgeu t0, t1, 1f
    addi t0, t0, 4
    csrw mepc, t0
    mret
1:  csrw mepc, t5
    mret

/* Each: a0 address, a1 value; the result in a0. */
#define ACCESS(name, ...) .globl name; .align 2; name: __VA_ARGS__; ret
ACCESS(access_lb, lb a0, (a0))
ACCESS(access_lbu, lbu a0, (a0))
ACCESS(access_lh, lh a0, (a0))
ACCESS(access_lhu, lhu a0, (a0))
ACCESS(access_lw, lw a0, (a0))
ACCESS(access_fld, fld ft0, (a0))
ACCESS(access_flw, flw ft0, (a0))
ACCESS(access_sb, sb a1, (a0))
ACCESS(access_sh, sh a1, (a0))
ACCESS(access_sw, sw a1, (a0))
ACCESS(access_fsw, fmv.w.x ft1, a1; fsw ft1, (a0))
ACCESS(access_fsd, fcvt.d.w ft1, a1; fsd ft1, (a0))
ACCESS(access_lrsc, lr.w a2, (a0); sc.w a0, a1, (a0))
ACCESS(access_swap, amoswap.w a0, a1, (a0))
ACCESS(access_add, amoadd.w a0, a1, (a0))
ACCESS(access_max, amomaxu.w.aqrl a0, a1, (a0))
ACCESS(access_zero, .word 0x0045200f)    /* cbo.zero (a0) */
ACCESS(access_flush, .word 0x0025200f)   /* cbo.flush (a0) */
ACCESS(access_jump, jalr t5, (a0))
#if __riscv_xlen == 64
ACCESS(access_ld, ld a0, (a0))
ACCESS(access_lwu, lwu a0, (a0))
ACCESS(access_sd, sd a1, (a0))
ACCESS(access_lrscd, lr.d a2, (a0); sc.d a0, a1, (a0))
ACCESS(access_swapd, amoswap.d a0, a1, (a0))
ACCESS(access_ord, amoor.d a0, a1, (a0))
#endif

/* ---- for chaos.c --------------------------------------------------------------------------------- */

/* The end of whatever ran: nothing of it is kept but the cause. */
    .align 2
    .globl chaos_vector
chaos_vector:
    csrr a0, mhartid
    andi a0, a0, 7
    addi t0, a0, 1
    slli t0, t0, 14
    la sp, stacks
    add sp, sp, t0
    csrr a1, mcause
    li t0, 0x6000
    csrs mstatus, t0
    j ended

/* enter(registers): x1 to x31 and f0 to f31, and away as mepc and mstatus say. */
    .align 2
    .globl enter
enter:
    mv x31, a0
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fld f\n, (32 * N + 8 * \n)(x31)
    .endr
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    REG_L x\n, (\n * N)(x31)
    .endr
    mret

    .bss
    .align 4
    .globl stacks
stacks: .space 8 << 14
