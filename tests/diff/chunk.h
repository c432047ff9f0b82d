/* SPDX-License-Identifier: MIT */
/* chunk.h: a chunk: some hundred bytes of sampled instructions, and the registers to start with. */
#ifndef TESTS_DIFF_CHUNK_H
#define TESTS_DIFF_CHUNK_H

#include "harness.h"

enum { MAX_ITEMS = 256 };

enum flavour { FLOATS_MIXED, FLOATS_SINGLE, FLOATS_DOUBLE };

/* How a chunk of a machine stream runs. */
enum privilege { MODE_U, MODE_S, MODE_M = 3 };
struct modes {
    enum privilege mode;
    unsigned satp_mode; /* 0: bare; an identity mapping otherwise */
    bool delegate;      /* exceptions go to supervisor mode */
    bool leaves;        /* M or S: may return to a lower mode */
    bool waits;         /* WFI has something that ends it */
    uint64_t status;    /* mstatus at the start */
};

/* What an instruction's immediate is, once all have their places. */
enum fix {
    FIX_NONE,
    FIX_TARGET,      /* pc-relative, of a jump */
    FIX_FROM_BASE,   /* of a jump, from the item `base` */
    FIX_FOR_LATER,   /* the same, of what another item jumps to, `ahead` of this one */
    FIX_JUMP_ONLY,   /* a jump without immediate */
    FIX_BACK,        /* to the item `base` */
};

struct item {
    uint32_t word;
    uint8_t length;
    uint16_t op;       /* 0: a word that is no instruction */
    uint8_t fix;
    uint8_t skip;      /* of a jump: how many items to leave out */
    uint8_t ahead;
    uint8_t region;    /* before, in, behind the loop */
    bool no_target;    /* nothing may jump here */
    bool gate;         /* nothing may jump past it */
    bool sure;         /* no branch goes around it */
    uint16_t base;
};

struct chunk {
    unsigned xlen;
    bool machine, peer;
    uint64_t rng;
    int reg;               /* that stays the harness's */
    bool pointer[32];      /* into SCRATCH */
    bool was_pointer[32];  /* at the start */
    int bad;               /* a pointer to nothing; 0: none */
    int aligned;           /* the pointer that is aligned */
    enum flavour flavour;
    unsigned few_n;        /* where it is not 0: the registers that most operands are */
    int few[6];
    int last[2];           /* registers written last: general, float or general */
    unsigned rows_n;       /* where it is not 0: the only rows */
    uint16_t rows[16];
    struct modes modes;
    int counter;           /* of the loop; 0: none open */
    unsigned loop_count;   /* 0: no loop */
    uint16_t loop_start;
    unsigned region;
    unsigned bytes, n;
    struct item items[MAX_ITEMS];
};

struct profile {
    unsigned xlen;
    bool machine;
    bool peer;                       /* only what the peer has and does, too */
    uint16_t ops[RISCV_OP_COUNT];    /* rows to sample */
    unsigned op_count;
};

void set_profile(struct profile *p, unsigned xlen, bool machine, bool peer);

/* The chunk of a number; the same for the same seed. */
void make_chunk(struct chunk *c, const struct profile *p, uint64_t seed, uint64_t number);
/* Writes it at im->at; of its items only the first `limit`. */
void write_chunk(struct image *im, const struct chunk *c, unsigned limit);
/* Writes a set of registers for it at `at`. */
void write_set(struct image *im, struct chunk *c, const struct harness *h, uint64_t at,
               uint64_t code);
/* Adds what one run of the chunk surely executes to counts by row; returns their sum. */
uint64_t count_chunk(const struct chunk *c, uint64_t *counts);

/* For system.c: draws a row's instruction with harmless operands; appends one, if it exists. */
bool chunk_draw(struct chunk *c, enum riscv_op op, struct riscv_insn *insn);
struct item *chunk_add(struct chunk *c, struct riscv_insn *insn);
int free_register(struct chunk *c);
unsigned draw_skip(struct chunk *c);

#endif
