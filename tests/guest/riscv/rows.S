/* SPDX-License-Identifier: MIT */
/*
 * rows.S: start-up, the exception handler, and one stub an instruction. A stub gets its inputs in
 * a0 to a3 and fa0 to fa3, may use t0 to t2, and returns; an exception in it ends it (rows.c has
 * the rest). Names are those of the decode tables; behind '@' what varies.
 */
#include "rows.h"

    .section .text.start, "ax"
    .globl _start
_start:
    csrr t0, mhartid
1:  bnez t0, 1b
    la sp, stack_top
    la t0, handler
    csrw mtvec, t0
    li t0, 0x6000
    csrs mstatus, t0            /* FS */
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li t0, 7
    csrw mcounteren, t0
    call main_

    .text
    .globl run
run:                            /* (a0: code, a1: struct state) */
    addi sp, sp, -64
    REG_S ra, 0(sp)
    REG_S s0, 8(sp)
    REG_S s1, 16(sp)
    mv s0, a1
    mv s1, sp
    mv t3, a0
#define FCSR (4 * (__riscv_xlen / 8) + 32)
#define AFTER(n) (FCSR + (n) * (__riscv_xlen / 8))
    REG_L t0, FCSR(s0)
    csrw fcsr, t0
    fld fa0, (4 * (__riscv_xlen / 8))(s0)
    fld fa1, (4 * (__riscv_xlen / 8) + 8)(s0)
    fld fa2, (4 * (__riscv_xlen / 8) + 16)(s0)
    fld fa3, (4 * (__riscv_xlen / 8) + 24)(s0)
    REG_L a0, 0(s0)
    REG_L a1, (__riscv_xlen / 8)(s0)
    REG_L a2, (2 * (__riscv_xlen / 8))(s0)
    REG_L a3, (3 * (__riscv_xlen / 8))(s0)
    jalr t3
run_done:
    mv sp, s1
    REG_S a0, 0(s0)
    REG_S a1, (__riscv_xlen / 8)(s0)
    REG_S a2, (2 * (__riscv_xlen / 8))(s0)
    REG_S a3, (3 * (__riscv_xlen / 8))(s0)
    fsd fa0, (4 * (__riscv_xlen / 8))(s0)
    fsd fa1, (4 * (__riscv_xlen / 8) + 8)(s0)
    fsd fa2, (4 * (__riscv_xlen / 8) + 16)(s0)
    fsd fa3, (4 * (__riscv_xlen / 8) + 24)(s0)
    csrr t0, fcsr
    REG_S t0, FCSR(s0)
    REG_L ra, 0(sp)
    REG_L s0, 8(sp)
    REG_L s1, 16(sp)
    addi sp, sp, 64
    ret

    .align 2
handler:
    csrr t0, mcause
    REG_S t0, AFTER(1)(s0)
    csrr t0, mtval
    REG_S t0, AFTER(2)(s0)
    csrr t0, mepc
    REG_S t0, AFTER(3)(s0)
    la t0, run_done
    csrw mepc, t0
    mret

    .option norelax
    .option arch, +svinval, +zihintpause
    .option norvc
    /* Starts a stub; what follows is its code. */
    .macro BEGIN name, kind
    .section .rodata
701: .asciz "\name"
    .section .rows, "a"
    LONG 701b, 702f, \kind
    .text
    .align 2
702:
    .endm
    /* A stub of one instruction. */
    .macro ROW name, kind, insn:vararg
    BEGIN \name, \kind
    \insn
    ret
    .endm
    /* A stub of one compressed instruction on the registers that it names. */
    .macro CROW name, kind, insn:vararg
    BEGIN \name, \kind
    .option push
    .option rvc
    \insn
    .option pop
    ret
    .endm

    .macro RRR names:vararg
    .irp n, \names
    ROW \n, KIND_INT, \n a0, a1, a2
    .endr
    .endm
    .macro RRI name, values:vararg
    .irp v, \values
    ROW \name\()@\v, KIND_INT, \name a0, a1, \v
    .endr
    .endm

    /* ---- integers ---- */
    ROW lui, KIND_INT, lui a0, 0xfedcb
    ROW auipc, KIND_INT, auipc a0, 0
    RRR add, sub, sll, slt, sltu, xor, srl, sra, or, and
    .irp n, addi, slti, sltiu, xori, ori, andi
    RRI \n, 0, 1, -1, 2047, -2048
    .endr
    RRI slli, 0, 1, 17, 31
    RRI srli, 0, 1, 17, 31
    RRI srai, 0, 1, 17, 31
    ROW add@x0, KIND_INT, add x0, a1, a2
    ROW add@same, KIND_INT, add a1, a1, a1
    ROW sub@x0, KIND_INT, sub a0, x0, a2
#if __riscv_xlen == 64
    RRI slli, 32, 63
    RRI srli, 32, 63
    RRI srai, 32, 63
    RRR addw, subw, sllw, srlw, sraw
    RRI addiw, 0, 1, -1, 2047, -2048
    RRI slliw, 0, 1, 17, 31
    RRI srliw, 0, 1, 17, 31
    RRI sraiw, 0, 1, 17, 31
#endif
    ROW slli@reserved, KIND_INT, .word 0x00151513 + (32 << 20) - (__riscv_xlen == 64) * (32 << 20)

    /* ---- jumps and branches: a0 tells whether it was taken ---- */
    .irp n, beq, bne, blt, bge, bltu, bgeu
    BEGIN \n, KIND_INT
    \n a1, a2, 1f
    li a0, 77
    ret
1: li a0, 78
    ret
    BEGIN \n\()@back, KIND_INT
    j 2f
1: li a0, 78
    ret
2: \n a1, a2, 1b
    li a0, 77
    ret
    .endr
    BEGIN jal, KIND_INT
    mv t0, ra
    jal 1f
    li a0, 1
1: sub a0, ra, a1
    mv ra, t0
    add a0, a0, a1
    ret
    BEGIN jal@x0, KIND_INT
    j 1f
    li a0, 1
1: addi a0, a0, 2
    ret
    BEGIN jalr, KIND_INT
    la t1, 1f + 1
    jalr t2, t1, 0
    li a0, 1
    ret
1: mv a0, t2
    ret
    BEGIN jalr@same, KIND_INT
    la a0, 1f - 8
    jalr a0, a0, 8
    li a0, 1
1: addi a0, a0, 2
    ret
    BEGIN jalr@call, KIND_INT
    mv t0, ra
    la t1, 1f
    jalr t1
    mv ra, t0
    ret
1: addi a0, a0, 3
    ret
    ret

    /* ---- memory ---- */
    .irp n, lb, lh, lw, lbu, lhu
    ROW \n, KIND_MEM, \n a0, 12(a1)
    ROW \n\()@neg, KIND_MEM, \n a0, -9(a1)
    .endr
    .irp n, sb, sh, sw
    ROW \n, KIND_MEM, \n a2, 12(a1)
    ROW \n\()@neg, KIND_MEM, \n a2, -9(a1)
    .endr
    ROW lw@x0, KIND_MEM, lw x0, 0(a1)
    ROW sw@x0, KIND_MEM, sw x0, 0(a1)
#if __riscv_xlen == 64
    .irp n, ld, lwu
    ROW \n, KIND_MEM, \n a0, 12(a1)
    ROW \n\()@neg, KIND_MEM, \n a0, -9(a1)
    .endr
    ROW sd, KIND_MEM, sd a2, 12(a1)
    ROW sd@neg, KIND_MEM, sd a2, -9(a1)
#endif
    BEGIN fence, KIND_MEM
    lw a0, 0(a1)
    fence rw, rw
    sw a2, 4(a1)
    ret
    BEGIN fence@w-r, KIND_MEM
    sw a2, 4(a1)
    fence w, r
    lw a0, 0(a1)
    ret
    BEGIN fence@io, KIND_MEM
    sw a2, 4(a1)
    fence io, io
    lw a0, 0(a1)
    ret
    BEGIN fence.tso, KIND_MEM
    sw a2, 4(a1)
    fence.tso
    lw a0, 0(a1)
    ret
    BEGIN fence.i, KIND_MEM
    sw a2, 4(a1)
    fence.i
    lw a0, 0(a1)
    ret
    BEGIN pause, KIND_INT
    pause
    addi a0, a0, 1
    ret

    /* ---- M ---- */
    RRR mul, mulh, mulhsu, mulhu, div, divu, rem, remu
#if __riscv_xlen == 64
    RRR mulw, divw, divuw, remw, remuw
#endif

    /* ---- A ---- */
    .irp n, amoswap, amoadd, amoxor, amoand, amoor, amomin, amomax, amominu, amomaxu
    ROW \n\().w, KIND_ALIGNED, \n\().w a0, a2, (a1)
    ROW \n\().w@aqrl, KIND_ALIGNED, \n\().w.aqrl a0, a2, (a1)
#if __riscv_xlen == 64
    ROW \n\().d, KIND_ALIGNED, \n\().d a0, a2, (a1)
    ROW \n\().d@aqrl, KIND_ALIGNED, \n\().d.aqrl a0, a2, (a1)
#endif
    .endr
    ROW amoadd.w@same, KIND_ALIGNED, amoadd.w a1, a1, (a1)
    ROW amoadd.w@x0, KIND_ALIGNED, amoadd.w x0, a2, (a1)
    ROW lr.w, KIND_ALIGNED, lr.w a0, (a1)
    BEGIN sc.w, KIND_ALIGNED
    lr.w a0, (a1)
    sc.w a3, a2, (a1)
    ret
    BEGIN sc.w@none, KIND_ALIGNED
    sc.w a3, a2, (a1)
    sc.w a3, a2, (a1)
    ret
    BEGIN sc.w@twice, KIND_ALIGNED
    lr.w.aq a0, (a1)
    sc.w.rl a3, a2, (a1)
    addi a2, a2, 1
    sc.w a0, a2, (a1)
    ret
    BEGIN sc.w@other, KIND_ALIGNED
    lr.w a0, (a1)
    addi a1, a1, 8
    sc.w a3, a2, (a1)
    ret
    BEGIN lr.w@misaligned, KIND_ALIGNED
    addi a1, a1, 2
    lr.w a0, (a1)
    ret
#if __riscv_xlen == 64
    ROW lr.d, KIND_ALIGNED, lr.d a0, (a1)
    BEGIN sc.d, KIND_ALIGNED
    lr.d a0, (a1)
    sc.d a3, a2, (a1)
    ret
    BEGIN sc.d@twice, KIND_ALIGNED
    lr.d.aq a0, (a1)
    sc.d.rl a3, a2, (a1)
    addi a2, a2, 1
    sc.d a0, a2, (a1)
    ret
#endif

    /* ---- bit manipulation ---- */
    RRR sh1add, sh2add, sh3add, andn, orn, xnor, max, maxu, min, minu, rol, ror
    RRR clmul, clmulh, clmulr, bclr, bext, binv, bset
    .irp n, clz, ctz, cpop, sext.b, sext.h, zext.h, orc.b, rev8
    ROW \n, KIND_INT, \n a0, a1
    .endr
    .irp n, rori, bclri, bexti, binvi, bseti
    RRI \n, 0, 1, 17, 31
    .endr
#if __riscv_xlen == 64
    RRR add.uw, sh1add.uw, sh2add.uw, sh3add.uw, rolw, rorw
    .irp n, rori, bclri, bexti, binvi, bseti
    RRI \n, 32, 63
    .endr
    RRI slli.uw, 0, 1, 17, 31, 32, 63
    RRI roriw, 0, 1, 17, 31
    .irp n, clzw, ctzw, cpopw
    ROW \n, KIND_INT, \n a0, a1
    .endr
#endif

    /* ---- floats ---- */
    ROW flw, KIND_MEM, flw fa0, 12(a1)
    ROW fsw, KIND_MEM, fsw fa2, 12(a1)
    ROW fld, KIND_MEM, fld fa0, 12(a1)
    ROW fsd, KIND_MEM, fsd fa2, 12(a1)
    .macro ROUNDED name, kind, insn:vararg
    ROW \name\()@dyn, \kind, \insn, dyn
    ROW \name\()@rne, \kind, \insn, rne
    ROW \name\()@rtz, \kind, \insn, rtz
    ROW \name\()@rdn, \kind, \insn, rdn
    ROW \name\()@rup, \kind, \insn, rup
    ROW \name\()@rmm, \kind, \insn, rmm
    .endm
    .macro ARITHMETIC n, s, kind
    ROUNDED \n\().\s, \kind, \n\().\s fa0, fa1, fa2
    .endm
    .macro FUSED n, s, kind
    ROUNDED \n\().\s, \kind, \n\().\s fa0, fa1, fa2, fa3
    .endm
    .macro UNROUNDED n, s, kind, to
    ROW \n\().\s, \kind, \n\().\s \to, fa1, fa2
    ROW \n\().\s\()@same, \kind, \n\().\s \to, fa1, fa1
    .endm
    .macro FORMAT s, kind
    ARITHMETIC fadd, \s, \kind
    ARITHMETIC fsub, \s, \kind
    ARITHMETIC fmul, \s, \kind
    ARITHMETIC fdiv, \s, \kind
    ROUNDED fsqrt.\s, \kind, fsqrt.\s fa0, fa1
    FUSED fmadd, \s, \kind
    FUSED fmsub, \s, \kind
    FUSED fnmsub, \s, \kind
    FUSED fnmadd, \s, \kind
    UNROUNDED fsgnj, \s, \kind, fa0
    UNROUNDED fsgnjn, \s, \kind, fa0
    UNROUNDED fsgnjx, \s, \kind, fa0
    UNROUNDED fmin, \s, \kind, fa0
    UNROUNDED fmax, \s, \kind, fa0
    UNROUNDED feq, \s, \kind, a0
    UNROUNDED flt, \s, \kind, a0
    UNROUNDED fle, \s, \kind, a0
    ROW fclass.\s, \kind, fclass.\s a0, fa1
    ROUNDED fcvt.w.\s, \kind, fcvt.w.\s a0, fa1
    ROUNDED fcvt.wu.\s, \kind, fcvt.wu.\s a0, fa1
    .endm
    FORMAT s, KIND_FLOAT
    FORMAT d, KIND_DOUBLE
    ROUNDED fcvt.s.w, KIND_FLOAT, fcvt.s.w fa0, a1
    ROUNDED fcvt.s.wu, KIND_FLOAT, fcvt.s.wu fa0, a1
    ROW fcvt.d.w, KIND_DOUBLE, fcvt.d.w fa0, a1
    ROW fcvt.d.wu, KIND_DOUBLE, fcvt.d.wu fa0, a1
    ROUNDED fcvt.s.d, KIND_DOUBLE, fcvt.s.d fa0, fa1
    ROW fcvt.d.s, KIND_FLOAT, fcvt.d.s fa0, fa1
    ROW fmv.x.w, KIND_FLOAT, fmv.x.w a0, fa1
    ROW fmv.w.x, KIND_FLOAT, fmv.w.x fa0, a1
    ROW fadd.s@reserved, KIND_FLOAT, .word 0x00c5d553 /* rm 5 */
    ROW fadd.s@reserved6, KIND_FLOAT, .word 0x00c5e553
    ROW fadd.s@double, KIND_DOUBLE, fadd.s fa0, fa1, fa2, rne
    BEGIN fmadd.d@chain, KIND_DOUBLE
    fmadd.d fa0, fa1, fa2, fa3, rne
    fadd.d fa1, fa0, fa2, rne
    fdiv.d fa2, fa1, fa3, rne
    fsub.d fa3, fa2, fa0, rne
    ret
#if __riscv_xlen == 64
    ROUNDED fcvt.l.s, KIND_FLOAT, fcvt.l.s a0, fa1
    ROUNDED fcvt.lu.s, KIND_FLOAT, fcvt.lu.s a0, fa1
    ROUNDED fcvt.l.d, KIND_DOUBLE, fcvt.l.d a0, fa1
    ROUNDED fcvt.lu.d, KIND_DOUBLE, fcvt.lu.d a0, fa1
    ROUNDED fcvt.s.l, KIND_FLOAT, fcvt.s.l fa0, a1
    ROUNDED fcvt.s.lu, KIND_FLOAT, fcvt.s.lu fa0, a1
    ROUNDED fcvt.d.l, KIND_DOUBLE, fcvt.d.l fa0, a1
    ROUNDED fcvt.d.lu, KIND_DOUBLE, fcvt.d.lu fa0, a1
    ROW fmv.x.d, KIND_DOUBLE, fmv.x.d a0, fa1
    ROW fmv.d.x, KIND_DOUBLE, fmv.d.x fa0, a1
#endif

    /* ---- compressed ---- */
    .macro ON_STACK name, insn:vararg
    BEGIN \name, KIND_ALIGNED
    mv t0, sp
    mv sp, a1
    .option push
    .option rvc
    \insn
    .option pop
    mv t1, sp
    mv sp, t0
    sub a3, t1, a1
    ret
    .endm
    CROW c.nop, KIND_INT, c.nop
    CROW c.addi, KIND_INT, c.addi a0, -17
    CROW c.addi@hint, KIND_INT, .half 0x0501
    CROW c.li, KIND_INT, c.li a0, -9
    CROW c.lui, KIND_INT, c.lui a0, 0xfffe3
    ON_STACK c.addi16sp, c.addi16sp sp, -64
    ON_STACK c.addi4spn, c.addi4spn a0, sp, 36
    CROW c.srli, KIND_INT, c.srli a1, 5
    CROW c.srai, KIND_INT, c.srai a1, 5
    CROW c.slli, KIND_INT, c.slli a1, 5
    CROW c.andi, KIND_INT, c.andi a1, -13
    .irp n, sub, xor, or, and
    CROW c.\n, KIND_INT, c.\n a1, a2
    .endr
    CROW c.mv, KIND_INT, c.mv a0, a2
    CROW c.add, KIND_INT, c.add a1, a2
    CROW c.lw, KIND_ALIGNED, c.lw a0, 8(a1)
    CROW c.sw, KIND_ALIGNED, c.sw a2, 8(a1)
    CROW c.fld, KIND_ALIGNED, c.fld fa0, 8(a1)
    CROW c.fsd, KIND_ALIGNED, c.fsd fa2, 8(a1)
    ON_STACK c.lwsp, c.lwsp a0, 20(sp)
    ON_STACK c.swsp, c.swsp a2, 20(sp)
    ON_STACK c.fldsp, c.fldsp fa0, 24(sp)
    ON_STACK c.fsdsp, c.fsdsp fa2, 24(sp)
    CROW c.ebreak, KIND_ONCE, c.ebreak
    CROW c.reserved, KIND_ONCE, .half 0
    BEGIN c.beqz, KIND_INT
    .option push
    .option rvc
    andi a1, a1, 1
    c.beqz a1, 1f
    li a0, 5
1:  c.addi a0, 1
    .option pop
    ret
    BEGIN c.bnez, KIND_INT
    .option push
    .option rvc
    andi a1, a1, 1
    c.bnez a1, 1f
    li a0, 5
1:  c.addi a0, 1
    .option pop
    ret
    BEGIN c.j, KIND_INT
    .option push
    .option rvc
    c.j 1f
    li a0, 5
1:  c.addi a0, 1
    .option pop
    ret
    BEGIN c.jr, KIND_INT
    .option push
    .option rvc
    la t0, 1f
    c.jr t0
    li a0, 5
1:  c.addi a0, 1
    .option pop
    ret
    BEGIN c.jalr, KIND_INT
    .option push
    .option rvc
    mv t1, ra
    la t0, 1f
    c.jalr t0
    li a0, 5
1:  mv a0, ra
    mv ra, t1
    .option pop
    ret
#if __riscv_xlen == 64
    CROW c.addiw, KIND_INT, c.addiw a1, -17
    CROW c.addw, KIND_INT, c.addw a1, a2
    CROW c.subw, KIND_INT, c.subw a1, a2
    CROW c.slli@63, KIND_INT, c.slli a1, 63
    CROW c.ld, KIND_ALIGNED, c.ld a0, 8(a1)
    CROW c.sd, KIND_ALIGNED, c.sd a2, 8(a1)
    ON_STACK c.ldsp, c.ldsp a0, 24(sp)
    ON_STACK c.sdsp, c.sdsp a2, 24(sp)
#else
    CROW c.flw, KIND_ALIGNED, c.flw fa0, 8(a1)
    CROW c.fsw, KIND_ALIGNED, c.fsw fa2, 8(a1)
    ON_STACK c.flwsp, c.flwsp fa0, 24(sp)
    ON_STACK c.fswsp, c.fswsp fa2, 24(sp)
    BEGIN c.jal, KIND_INT
    .option push
    .option rvc
    mv t1, ra
    c.jal 1f
    li a0, 5
1:  mv a0, ra
    mv ra, t1
    .option pop
    ret
#endif

    /* ---- what the reference may lack or have wrong: the same by other instructions ---- */
    ROW czero.eqz, KIND_INT, .word 0x0ec5d533 /* a0, a1, a2 */
    BEGIN czero.eqz@model, KIND_INT
    snez t0, a2
    neg t0, t0
    and a0, a1, t0
    ret
    ROW czero.nez, KIND_INT, .word 0x0ec5f533
    BEGIN czero.nez@model, KIND_INT
    seqz t0, a2
    neg t0, t0
    and a0, a1, t0
    ret
#if __riscv_xlen == 64
    BEGIN ctzw@model, KIND_INT
    li t0, 1 << 32
    or t0, t0, a1
    ctz a0, t0
    ret
#endif
    ROW cbo.zero, KIND_ALIGNED, .word 0x0045a00f /* (a1) */
    BEGIN cbo.zero@model, KIND_ALIGNED
    andi t0, a1, -64
    addi t1, t0, 64
1:  sw x0, 0(t0)
    addi t0, t0, 4
    bne t0, t1, 1b
    ret
    .macro NO_EFFECT name, word
    ROW \name, KIND_ALIGNED, .word \word
    BEGIN \name\()@model, KIND_ALIGNED
    ret
    .endm
    NO_EFFECT cbo.inval, 0x0005a00f
    NO_EFFECT cbo.clean, 0x0015a00f
    NO_EFFECT cbo.flush, 0x0025a00f

    /* ---- CSRs, traps, fences: M mode ---- */
    .macro CSR_OP op
    BEGIN \op, KIND_INT
    csrw mscratch, a2
    \op a0, mscratch, a1
    csrr a3, mscratch
    ret
    BEGIN \op\()i, KIND_INT
    csrw mscratch, a2
    \op\()i a0, mscratch, 21
    csrr a3, mscratch
    ret
    BEGIN \op@x0, KIND_INT
    csrw sscratch, a2
    \op x0, sscratch, a1
    csrr a3, sscratch
    ret
    BEGIN \op@fcsr, KIND_FLOAT
    fadd.s fa0, fa1, fa2, rne
    \op a0, fcsr, a1
    csrr a3, fflags
    csrr a2, frm
    ret
    BEGIN \op@sepc, KIND_INT     /* its lowest bit: priv.c */
    andi a1, a1, -2
    andi a2, a2, -2
    csrw sepc, a2
    \op a0, sepc, a1
    csrr a3, sepc
    ret
    .endm
    CSR_OP csrrw
    CSR_OP csrrs
    CSR_OP csrrc
    ROW csrrw@read-only, KIND_INT, csrrw a0, mhartid, a1
    ROW csrrs@read-only, KIND_INT, csrrs a0, mhartid, x0
    ROW csrrs@unknown, KIND_INT, csrrs a0, 0x8c0, x0
    ROW ecall, KIND_ONCE, ecall
    ROW ebreak, KIND_ONCE, ebreak
    BEGIN mret, KIND_INT
    la t0, 1f
    csrw mepc, t0
    li t0, 0x1880               /* MPP M, MPIE */
    csrs mstatus, t0
    csrc mstatus, 8
    mret
    li a0, 5
1:  csrr a1, mstatus
    andi a1, a1, 0x88
    csrci mstatus, 8
    ret
    BEGIN sret, KIND_INT        /* from M into S, and back by an exception */
    la t0, 1f
    csrw sepc, t0
    li t0, 0x120
    csrs mstatus, t0
    sret
    li a0, 5
1:  ecall
    BEGIN wfi, KIND_ONCE        /* with a software interrupt pending, but none taken */
    li t0, 0x2000000
    li t1, 1
    sw t1, 0(t0)
    li t1, 8
    csrw mie, t1
    wfi
    csrr a0, mip
    csrw mie, x0
    sw x0, 0(t0)
    andi a0, a0, 8
    ret
    ROW sfence.vma, KIND_INT, sfence.vma
    ROW sfence.vma@both, KIND_INT, sfence.vma a1, a2
    ROW sinval.vma, KIND_INT, sinval.vma a1, a2
    ROW sfence.w.inval, KIND_INT, sfence.w.inval
    ROW sfence.inval.ir, KIND_INT, sfence.inval.ir
    ROW unknown, KIND_ONCE, .word 0xffffffff
