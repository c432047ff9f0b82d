/* SPDX-License-Identifier: MIT */
/*
 * image.h: the guest's memory as the stream generator writes it: its map, a small assembler over
 * the generated encoder, and the file, which is both a bare-metal guest and a Linux program.
 */
#ifndef TESTS_DIFF_IMAGE_H
#define TESTS_DIFF_IMAGE_H

#include "riscv-decode.h"

/* Where things are, the same for a machine's RAM and a process. */
#define BASE UINT64_C(0x80000000)
#define CODE_END (BASE + 0x5000)   /* the harness, from BASE */
#define SAVE (BASE + 0x5000)       /* registers behind a chunk; calls into the harness lie below */
#define VARS (BASE + 0x6000)       /* the harness's own variables */
#define SCRATCH (BASE + 0x8000)    /* what sampled loads and stores reach */
#define SCRATCH_SIZE 0x2000u
#define POOL (BASE + 0xb000)       /* what SCRATCH begins with */
#define TABLES (BASE + 0xd000)     /* page tables */
#define CHUNKS (BASE + 0x20000)

/* In SAVE: general registers from 0 on, XLEN bits each. */
#define SAVE_F 0x100
#define SAVE_FCSR 0x200
#define SAVE_CSRS 0x208            /* 64 bits each */
#define SAVE_TRAPS 0x300           /* hash of traps taken, their number */
#define SAVE_END 0x310
#define SAVE_TEMPS 0x320           /* of trap handlers */

#define CHUNK_SIZE 404u            /* bytes; no divisor of a page: instructions cross pages */
#define CSR_COUNT 16u              /* values in a set */
#define SET_SIZE (0x208u + 8 * CSR_COUNT)
/* In a set: like SAVE, but in the place of x0 where the harness goes on. */
#define SET_CSRS 0x208

struct image {
    uint8_t *bytes;
    uint64_t size;  /* bytes from BASE on */
    uint64_t at;    /* where the next instruction goes */
    unsigned xlen;
    bool machine;   /* for machines only: may use machine mode */
    bool peer;      /* a machine of the peer, too */
};

enum reg {
    ZERO, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A5, A6, A7, S2, S3, S4, S5, S6,
    S7, S8, S9, S10, S11, T3, T4, T5, T6,
};

void poke(struct image *im, uint64_t at, uint64_t value, unsigned bytes);
uint64_t peek(const struct image *im, uint64_t at, unsigned bytes);

/* Instructions at im->at. */
void put(struct image *im, uint32_t word, unsigned bytes);
void put_r(struct image *im, enum riscv_op op, int rd, int rs1, int rs2);
void put_i(struct image *im, enum riscv_op op, int rd, int rs1, int64_t imm);
void put_s(struct image *im, enum riscv_op op, int rs2, int rs1, int64_t imm);
void put_amo(struct image *im, enum riscv_op op, int rd, int rs1, int rs2);
void put_csr(struct image *im, enum riscv_op op, int rd, unsigned csr, int rs1);
void put_plain(struct image *im, enum riscv_op op);
void put_load(struct image *im, int rd, int rs1, int64_t imm);  /* XLEN bits */
void put_store(struct image *im, int rs2, int rs1, int64_t imm);
void put_jump(struct image *im, int rd, uint64_t to);
void put_branch(struct image *im, enum riscv_op op, int rs1, int rs2, uint64_t to);
void put_address(struct image *im, int rd, uint64_t address);   /* two instructions */
void put_li(struct image *im, int rd, int32_t value);           /* two instructions */

/* A place for a branch to somewhere later: write it when im->at is there. */
struct forward {
    uint64_t from;
    enum riscv_op op;
    int rs1, rs2;
};
struct forward put_forward(struct image *im, enum riscv_op op, int rs1, int rs2);
void land(struct image *im, const struct forward *f);

bool write_elf(const struct image *im, const char *path, uint64_t sets);

#endif
