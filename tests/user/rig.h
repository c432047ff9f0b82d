/* SPDX-License-Identifier: MIT */
/*
 * rig.h: a board that runs pieces of riscv64 code in user mode, for tests of backplane/user.h. Code is written
 * by the functions here: The RISC-V Instruction Set Manual, volume I, "RV32/64G Instruction Set Listings".
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef USER_RIG_H
#define USER_RIG_H

#include <backplane/board.h>
#include <backplane/user.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE UINT64_C(4096)
#define CODE UINT64_C(0x100000)
#define DATA UINT64_C(0x200000)
#define RX (BP_ACCESS_READ | BP_ACCESS_EXEC)
#define RW (BP_ACCESS_READ | BP_ACCESS_WRITE)
#define RWX (RX | BP_ACCESS_WRITE)

enum { ZERO, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A5, A6, A7, S2, S3 };

struct rig {
    uint64_t bytes, base;   /* properties */
    uint64_t seed;
};

extern void *board;
extern struct bp_user_space *space;
extern void *env; /* the graph's vCPU */
extern unsigned foreign_signals;

/* One fact: prints and counts where it is not so. */
void check_that(bool so, const char *file, int line, const char *what);
#define CHECK(x) check_that((x), __FILE__, __LINE__, #x)
/* The same of two numbers. */
void check_equal(uint64_t a, uint64_t b, const char *file, int line, const char *what);
#define EQUAL(a, b) check_equal((a), (b), __FILE__, __LINE__, #a " == " #b)

static inline uint8_t *host(uint64_t va)
{
    return (uint8_t *)((uintptr_t)bp_user_base(space) + va);
}
/* Fresh zeroed memory there. */
void map_fresh(uint64_t va, uint64_t n, unsigned access);
void set_reg(void *e, unsigned x, uint64_t v);
uint64_t get_reg(void *e, unsigned x);
void set_pc(void *e, uint64_t pc);
uint64_t get_pc(void *e);
/* Runs from pc; the trap. */
struct bp_trap run_at(void *e, uint64_t pc);
/* Writes instructions at va, as the board would; returns the address behind. */
uint64_t put_code(uint64_t va, const uint32_t *insns, size_t n);
#define PUT(va, ...)                                                                               \
    put_code((va), (const uint32_t[]){ __VA_ARGS__ },                                              \
             sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static inline uint32_t r_type(unsigned op, unsigned f3, unsigned f7, unsigned rd, unsigned a,
                              unsigned b)
{
    return op | rd << 7 | f3 << 12 | a << 15 | b << 20 | f7 << 25;
}
static inline uint32_t i_type(unsigned op, unsigned f3, unsigned rd, unsigned a, int imm)
{
    return op | rd << 7 | f3 << 12 | a << 15 | (uint32_t)imm << 20;
}
static inline uint32_t s_type(unsigned op, unsigned f3, unsigned a, unsigned b, int imm)
{
    uint32_t u = (uint32_t)imm;
    return op | (u & 31) << 7 | f3 << 12 | a << 15 | b << 20 | (u >> 5 & 127) << 25;
}
static inline uint32_t b_type(unsigned f3, unsigned a, unsigned b, int imm)
{
    uint32_t u = (uint32_t)imm;
    return 0x63 | (u >> 11 & 1) << 7 | (u >> 1 & 15) << 8 | f3 << 12 | a << 15 | b << 20 |
           (u >> 5 & 63) << 25 | (u >> 12 & 1) << 31;
}
static inline uint32_t jal(unsigned rd, int imm)
{
    uint32_t u = (uint32_t)imm;
    return 0x6f | rd << 7 | (u & 0xff000) | (u >> 11 & 1) << 20 | (u >> 1 & 0x3ff) << 21 |
           (u >> 20 & 1) << 31;
}
#define ADDI(rd, a, imm) i_type(0x13, 0, rd, a, imm)
#define ADD(rd, a, b) r_type(0x33, 0, 0, rd, a, b)
#define LB(rd, a, imm) i_type(0x03, 0, rd, a, imm)
#define LW(rd, a, imm) i_type(0x03, 2, rd, a, imm)
#define LD(rd, a, imm) i_type(0x03, 3, rd, a, imm)
#define SB(b, a, imm) s_type(0x23, 0, a, b, imm)
#define SW(b, a, imm) s_type(0x23, 2, a, b, imm)
#define SD(b, a, imm) s_type(0x23, 3, a, b, imm)
#define FLD(rd, a, imm) i_type(0x07, 3, rd, a, imm)
#define FSD(b, a, imm) s_type(0x27, 3, a, b, imm)
#define LR_D(rd, a) r_type(0x2f, 3, 0x02 << 2, rd, a, 0)
#define SC_D(rd, b, a) r_type(0x2f, 3, 0x03 << 2, rd, a, b)
#define AMOADD_D(rd, b, a) r_type(0x2f, 3, 0x00 << 2, rd, a, b)
#define AMOADD_W(rd, b, a) r_type(0x2f, 2, 0x00 << 2, rd, a, b)
#define AMOSWAP_D(rd, b, a) r_type(0x2f, 3, 0x01 << 2, rd, a, b)
#define AMOMAX_W(rd, b, a) r_type(0x2f, 2, 0x14 << 2, rd, a, b)
#define AMOMAX_D(rd, b, a) r_type(0x2f, 3, 0x14 << 2, rd, a, b)
#define CBO_ZERO(a) i_type(0x0f, 2, 0, a, 4)
#define BNE(a, b, imm) b_type(1, a, b, imm)
#define JAL(rd, imm) jal(rd, imm)
#define JALR(rd, a, imm) i_type(0x67, 0, rd, a, imm)
#define ECALL 0x73u
#define EBREAK 0x100073u
#define UNDEFINED 0xffffffffu
#define FENCE_I 0x0000100fu
#define RET JALR(ZERO, RA, 0)

struct test_case {
    const char *name;
    void (*run)(void);
};
extern const struct test_case memory_cases[], code_cases[], life_cases[], narrow_cases[]; /* ended by {NULL} */

#endif
