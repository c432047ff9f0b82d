/* SPDX-License-Identifier: MIT */
/* rows.h: what the instructions (rows.S) and the program that runs them (rows.c) share. */
#ifndef ROWS_H
#define ROWS_H

/* What inputs an instruction is run with. */
#define KIND_INT 0     /* integers in a0 a1 a2 */
#define KIND_FLOAT 1   /* single-precision values in fa0 to fa3, an integer in a1 */
#define KIND_DOUBLE 2  /* the same in double precision */
#define KIND_MEM 3     /* a1: an address in the buffer, of any alignment; a2, fa2: values */
#define KIND_ALIGNED 4 /* a1: naturally aligned for 8 bytes */
#define KIND_ONCE 5    /* nothing varies: run once */

#if __riscv_xlen == 64
#define LONG .dword
#define REG_S sd
#define REG_L ld
#else
#define LONG .word
#define REG_S sw
#define REG_L lw
#endif

#endif
