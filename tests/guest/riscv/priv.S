/* SPDX-License-Identifier: MIT */
/*
 * priv.S: the assembly of priv.c: start-up, entering a mode to run a piece of code, the handlers of
 * M and S mode, and the pieces of code. A piece runs with its arguments in a0 to a2 and ends with
 * `ebreak`, its results in a0 and a1.
 */
#include "rows.h"
#define N (__riscv_xlen / 8)

    .section .text.start, "ax"
    .globl _start
_start:
    csrr t0, mhartid
1:  bnez t0, 1b
    la sp, stack_top
    call main_

    .text
    .option norvc
/* void enter(const struct entry *e, struct outcome *o): e: pc, args[3]; mstatus.MPP, satp are set.
 * o: cause, tval, pc, results[2], scause, stval, sepc, steps, mstatus. */
    .globl enter
    .align 2
enter:
    addi sp, sp, -16 * N
    REG_S ra, 0(sp)
    REG_S s0, N(sp)
    REG_S s1, 2*N(sp)
    REG_S s2, 3*N(sp)
    REG_S gp, 4*N(sp)
    REG_S tp, 5*N(sp)
    csrw mscratch, sp
    REG_S a1, 6*N(sp)
    REG_L t0, 0(a0)
    csrw mepc, t0
    REG_L a2, 3*N(a0)
    REG_L a1, 2*N(a0)
    REG_L a0, N(a0)
    mret

    .globl m_vector
    .align 8
m_vector:                        /* vectored: 4 bytes a cause */
    j m_trap
    .rept 15
    j m_vectored
    .endr
m_vectored:
    csrrw sp, mscratch, sp
    REG_S t0, 7*N(sp)
    li t0, 0x100                 /* seen in steps */
    j 1f
m_trap:
    csrrw sp, mscratch, sp
    REG_S t0, 7*N(sp)
    li t0, 0
1:  REG_S t1, 8*N(sp)
    REG_L t1, 6*N(sp)
    REG_S t0, 8*N(t1)
    csrr t0, mcause
    REG_S t0, 0(t1)
    csrr t0, mtval
    REG_S t0, N(t1)
    csrr t0, mepc
    REG_S t0, 2*N(t1)
    REG_S a0, 3*N(t1)
    REG_S a1, 4*N(t1)
    csrr t0, mstatus
    REG_S t0, 9*N(t1)
    li t0, 0x20000               /* handlers see memory as it is */
    csrc mstatus, t0
    REG_L ra, 0(sp)
    REG_L s0, N(sp)
    REG_L s1, 2*N(sp)
    REG_L s2, 3*N(sp)
    REG_L gp, 4*N(sp)
    REG_L tp, 5*N(sp)
    addi sp, sp, 16 * N
    ret

    .globl s_vector
    .align 8
s_vector:
    j s_trap
    .rept 15
    j s_vectored
    .endr
s_vectored:
    li a1, 0x200
    j 1f
s_trap:
    li a1, 0x100
1:  csrr a0, sstatus
    ebreak                       /* not delegated: M mode reads scause and the rest */

/* The pieces. */
    .macro PIECE name
    .globl \name
    .align 2
\name:
    .endm

PIECE p_nothing
    ebreak
PIECE p_ecall
    ecall
    ebreak
PIECE p_load
    lw a0, 0(a0)
    ebreak
PIECE p_load_unaligned
    lw a0, 2(a0)
    ebreak
PIECE p_load8
#if __riscv_xlen == 64
    ld a0, 0(a0)
#endif
    ebreak
PIECE p_store
    sw a1, 0(a0)
    ebreak
PIECE p_amo
    amoadd.w a0, a1, (a0)
    ebreak
PIECE p_amo_unaligned
    addi a0, a0, 2
    amoadd.w a0, a1, (a0)
    ebreak
PIECE p_lr_unaligned
    addi a0, a0, 2
    lr.w a0, (a0)
    ebreak
PIECE p_sc_none
    li a1, 1
    sc.w a0, a1, (a0)
    ebreak
PIECE p_jump
    jr a0
PIECE p_csr_mstatus
    csrr a0, mstatus
    ebreak
PIECE p_csr_sstatus
    csrr a0, sstatus
    ebreak
PIECE p_csr_satp
    csrr a0, satp
    ebreak
PIECE p_csr_cycle
    csrr a0, cycle
    ebreak
PIECE p_csr_time
    csrr a0, time
    ebreak
PIECE p_csr_instret
    csrr a0, instret
    ebreak
PIECE p_csr_hpmcounter3
    csrr a0, hpmcounter3
    ebreak
PIECE p_csr_fcsr
    csrr a0, fcsr
    ebreak
PIECE p_csr_stimecmp
    csrw 0x14d, a0
    csrr a0, 0x14d
    ebreak
PIECE p_csr_sie_sip
    csrr a0, sie
    csrr a1, sip
    ebreak
PIECE p_fadd
    .word 0x00208053             /* fadd.s ft0, ft1, ft2, rne */
    ebreak
PIECE p_mret
    mret
    ebreak
PIECE p_sret
    la t0, 1f
    csrw sepc, t0
    sret
1:  ebreak
PIECE p_sret_plain
    sret
    ebreak
PIECE p_wfi
    wfi
    ebreak
PIECE p_sfence
    sfence.vma
    ebreak
PIECE p_sinval
    .word 0x16000073             /* sinval.vma */
    ebreak
PIECE p_sinval_order
    .word 0x18000073             /* sfence.w.inval */
    ebreak
PIECE p_cbo_zero
    .word 0x0045200f             /* cbo.zero (a0) */
    ebreak
PIECE p_cbo_inval
    .word 0x0005200f
    ebreak
PIECE p_cbo_clean
    .word 0x0015200f
    ebreak
PIECE p_cbo_flush
    .word 0x0025200f
    ebreak
PIECE p_spin
    j p_spin
PIECE p_sum_load                 /* S: load with SUM set */
    li t0, 0x40000
    csrs sstatus, t0
    lw a0, 0(a0)
    csrc sstatus, t0
    ebreak
PIECE p_unknown
    .word 0xffffffff
    ebreak
PIECE p_unknown16
    .half 0
    .align 2
    ebreak
