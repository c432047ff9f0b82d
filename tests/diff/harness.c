/* SPDX-License-Identifier: MIT */
/*
 * harness.c: writes the guest code around the chunks. It sets all registers from a set, enters the
 * chunk, folds what the chunk left in registers and memory into a hash, and prints that now and
 * then: on a machine through its 16550 UART, in a process with write(2).
 *
 * In a chunk one general register, another in each, stays the harness's and holds SAVE.
 */
#include "system.h"

#include <stdlib.h>
#include <string.h>

enum {
    CSR_FCSR = 0x003, CSR_SEPC = 0x141, CSR_SCAUSE = 0x142, CSR_STVAL = 0x143, CSR_SSTATUS = 0x100,
    CSR_MSTATUS = 0x300, CSR_MTVEC = 0x305, CSR_MEPC = 0x341, CSR_MCAUSE = 0x342,
    CSR_MTVAL = 0x343, CSR_MIP = 0x344, CSR_PMPCFG0 = 0x3a0, CSR_PMPADDR0 = 0x3b0,
};

const uint16_t set_csrs[CSR_COUNT] = {
    0x302, 0x303, 0x304, 0x180, 0x30a, 0x10a, 0x306, 0x106, 0x305, 0x105, 0x341, 0x141, 0x143,
    0x340, 0x140, 0x300,
};

/* Offsets in VARS. */
enum {
    V_PROCESS = 0x00, V_SET = 0x08, V_COUNT = 0x10, V_HASH = 0x18, V_PRINT_LEFT = 0x20,
    V_PRINT_EVERY = 0x28, V_REFRESH_LEFT = 0x30, V_REFRESH_EVERY = 0x38, V_LINE = 0x40,
    V_DUMP = 0x48, V_DUMMY = 0x50, V_MULTIPLIER = 0x58, V_TEXT = 0x100,
};

#define UART 0x10000000
#define FINISHER 0x00100000
#define FS_DIRTY 0x6000

static unsigned word_size(const struct image *im)
{
    return im->xlen / 8;
}

static void write_csr(struct image *im, unsigned csr, int rs)
{
    put_csr(im, RISCV_OP_CSRRW, ZERO, csr, rs);
}

static void read_csr(struct image *im, int rd, unsigned csr)
{
    put_csr(im, RISCV_OP_CSRRS, rd, csr, ZERO);
}

static void mv(struct image *im, int rd, int rs)
{
    put_i(im, RISCV_OP_ADDI, rd, rs, 0);
}

static void ret(struct image *im)
{
    put_i(im, RISCV_OP_JALR, ZERO, RA, 0);
}

/* ---- subroutines ----------------------------------------------------------------------------- */

struct subs {
    uint64_t fold, print, line, finish, fatal;
};

/* h ^= w; h *= m; h ^= h >> s: one to one in w. */
static void fold_word(struct image *im, int hash, int word, int multiplier, int temp)
{
    put_r(im, RISCV_OP_XOR, hash, hash, word);
    put_r(im, RISCV_OP_MUL, hash, hash, multiplier);
    put_i(im, RISCV_OP_SRLI, temp, hash, im->xlen / 2 - 1);
    put_r(im, RISCV_OP_XOR, hash, hash, temp);
}

/* fold: a0 = hash of a0 and the words from a1 to a2. */
static uint64_t write_fold(struct image *im)
{
    uint64_t at = im->at, loop;

    put_address(im, T0, VARS);
    put_load(im, T0, T0, V_MULTIPLIER);
    loop = im->at;
    put_load(im, T1, A1, 0);
    fold_word(im, A0, T1, T0, T2);
    put_i(im, RISCV_OP_ADDI, A1, A1, word_size(im));
    put_branch(im, RISCV_OP_BNE, A1, A2, loop);
    ret(im);
    return at;
}

/* line: ends the text, which ends before a1, and prints it. */
static uint64_t write_line(struct image *im)
{
    uint64_t at = im->at, loop, wait;
    struct forward machine;

    put_i(im, RISCV_OP_ADDI, T0, ZERO, '\n');
    put_s(im, RISCV_OP_SB, T0, A1, 0);
    put_i(im, RISCV_OP_ADDI, A1, A1, 1);
    put_address(im, T0, VARS);
    put_load(im, T1, T0, V_PROCESS);
    put_i(im, RISCV_OP_ADDI, T0, T0, V_TEXT);
    machine = put_forward(im, RISCV_OP_BEQ, T1, ZERO);
    put_r(im, RISCV_OP_SUB, A2, A1, T0);
    mv(im, A1, T0);
    put_i(im, RISCV_OP_ADDI, A0, ZERO, 1);
    put_i(im, RISCV_OP_ADDI, A7, ZERO, 64); /* write; Linux asm-generic/unistd.h */
    put_plain(im, RISCV_OP_ECALL);
    ret(im);
    land(im, &machine);
    put_li(im, T1, UART);
    loop = wait = im->at;
    put_i(im, RISCV_OP_LBU, T2, T1, 5);     /* LSR: room for a byte */
    put_i(im, RISCV_OP_ANDI, T2, T2, 0x20);
    put_branch(im, RISCV_OP_BEQ, T2, ZERO, wait);
    put_i(im, RISCV_OP_LBU, T2, T0, 0);
    put_s(im, RISCV_OP_SB, T2, T1, 0);
    put_i(im, RISCV_OP_ADDI, T0, T0, 1);
    put_branch(im, RISCV_OP_BNE, T0, A1, loop);
    ret(im);
    return at;
}

/* print: a0 as hexadecimal text and a space at a1, which moves. */
static uint64_t write_print(struct image *im)
{
    uint64_t at = im->at, loop;
    struct forward decimal;

    put_i(im, RISCV_OP_ADDI, T0, ZERO, im->xlen / 4);
    put_i(im, RISCV_OP_ADDI, T2, ZERO, 10);
    loop = im->at;
    put_i(im, RISCV_OP_SRLI, T1, A0, im->xlen - 4);
    put_i(im, RISCV_OP_SLLI, A0, A0, 4);
    decimal = put_forward(im, RISCV_OP_BLTU, T1, T2);
    put_i(im, RISCV_OP_ADDI, T1, T1, 'a' - '0' - 10);
    land(im, &decimal);
    put_i(im, RISCV_OP_ADDI, T1, T1, '0');
    put_s(im, RISCV_OP_SB, T1, A1, 0);
    put_i(im, RISCV_OP_ADDI, A1, A1, 1);
    put_i(im, RISCV_OP_ADDI, T0, T0, -1);
    put_branch(im, RISCV_OP_BNE, T0, ZERO, loop);
    put_i(im, RISCV_OP_ADDI, T1, ZERO, ' ');
    put_s(im, RISCV_OP_SB, T1, A1, 0);
    put_i(im, RISCV_OP_ADDI, A1, A1, 1);
    ret(im);
    return at;
}

/* finish: ends the machine or the process. */
static uint64_t write_finish(struct image *im)
{
    uint64_t at = im->at;
    struct forward machine;

    put_address(im, T0, VARS);
    put_load(im, T1, T0, V_PROCESS);
    machine = put_forward(im, RISCV_OP_BEQ, T1, ZERO);
    mv(im, A0, ZERO);
    put_i(im, RISCV_OP_ADDI, A7, ZERO, 93); /* exit */
    put_plain(im, RISCV_OP_ECALL);
    land(im, &machine);
    put_li(im, T0, FINISHER);
    put_li(im, T1, 0x5555);
    put_s(im, RISCV_OP_SW, T1, T0, 0);
    put_jump(im, ZERO, im->at);
    return at;
}

/* fatal: a trap that no chunk can cause: prints a "!" and cause, pc and value. */
static uint64_t write_fatal(struct image *im, const struct subs *subs)
{
    static const uint16_t csrs[] = { CSR_MCAUSE, CSR_MEPC, CSR_MTVAL };
    uint64_t at = im->at;

    put_address(im, A1, VARS + V_TEXT);
    put_i(im, RISCV_OP_ADDI, T0, ZERO, '!');
    put_s(im, RISCV_OP_SB, T0, A1, 0);
    put_i(im, RISCV_OP_ADDI, A1, A1, 1);
    for (unsigned i = 0; i < 3; i++) {
        read_csr(im, A0, csrs[i]);
        put_jump(im, RA, subs->print);
    }
    put_jump(im, RA, subs->line);
    put_jump(im, ZERO, subs->finish);
    return at;
}

/* dump: prints the words from s1 to s2, a line each. */
static uint64_t write_dump(struct image *im, const struct subs *subs)
{
    uint64_t at = im->at, loop;

    mv(im, S3, RA);
    loop = im->at;
    put_load(im, A0, S1, 0);
    put_address(im, A1, VARS + V_TEXT);
    put_jump(im, RA, subs->print);
    put_jump(im, RA, subs->line);
    put_i(im, RISCV_OP_ADDI, S1, S1, word_size(im));
    put_branch(im, RISCV_OP_BNE, S1, S2, loop);
    put_i(im, RISCV_OP_JALR, ZERO, S3, 0);
    return at;
}

/* ---- the loop over sets ---------------------------------------------------------------------- */

/* Counts the variable down; from 0 it starts again. Leaves the value before in t0. */
static struct forward count_down(struct image *im, int left)
{
    struct forward going;

    put_load(im, T0, S0, left);
    put_i(im, RISCV_OP_ADDI, T0, T0, -1);
    put_store(im, T0, S0, left);
    going = put_forward(im, RISCV_OP_BNE, T0, ZERO);
    put_load(im, T0, S0, left + (V_PRINT_EVERY - V_PRINT_LEFT));
    put_store(im, T0, S0, left);
    return going;
}

static void write_refresh(struct image *im)
{
    struct forward keep = count_down(im, V_REFRESH_LEFT);
    uint64_t loop;

    put_address(im, T0, POOL);
    put_address(im, T1, SCRATCH);
    put_address(im, T2, SCRATCH + SCRATCH_SIZE);
    loop = im->at;
    put_load(im, T3, T0, 0);
    put_store(im, T3, T1, 0);
    put_i(im, RISCV_OP_ADDI, T0, T0, word_size(im));
    put_i(im, RISCV_OP_ADDI, T1, T1, word_size(im));
    put_branch(im, RISCV_OP_BNE, T1, T2, loop);
    land(im, &keep);
}

/* The next set's registers but the general ones, and off to the code that sets those. */
static void write_enter(struct image *im)
{
    put_address(im, T1, VARS + V_DUMMY);    /* no reservation */
    put_amo(im, RISCV_OP_LR_W, T0, T1, 0);
    put_amo(im, RISCV_OP_SC_W, T0, T1, T0);
    put_load(im, S1, S0, V_SET);
    put_i(im, RISCV_OP_ADDI, T0, S1, SET_SIZE);
    put_store(im, T0, S0, V_SET);
    for (int i = 0; i < 32; i++)
        put_i(im, RISCV_OP_FLD, i, S1, SAVE_F + 8 * i);
    put_load(im, T0, S1, SAVE_FCSR);
    write_csr(im, CSR_FCSR, T0);
    if (im->machine) {
        put_scratch_ptes(im);
        put_address(im, S2, SAVE);
        put_store(im, ZERO, S2, SAVE_TRAPS);
        put_store(im, ZERO, S2, SAVE_TRAPS + 8);
        put_i(im, RISCV_OP_ADDI, T0, ZERO, 2); /* SSIP: WFI ends where SSIE is set */
        put_csr(im, RISCV_OP_CSRRS, ZERO, CSR_MIP, T0);
        for (unsigned i = 0; i < CSR_COUNT; i++) {
            put_load(im, T0, S1, SET_CSRS + 8 * i);
            write_csr(im, set_csrs[i], T0);
        }
    }
    put_load(im, T0, S1, 0);
    put_i(im, RISCV_OP_JALR, ZERO, T0, 0);
}

static void write_restore(struct image *im, int reg)
{
    mv(im, reg, S1);
    for (int i = 1; i < 32; i++)
        if (i != reg)
            put_load(im, i, reg, (int)word_size(im) * i);
    put_load(im, reg, reg, (int)word_size(im) * reg);
    if (im->machine)
        put_plain(im, RISCV_OP_MRET);
    else
        put_i(im, RISCV_OP_JALR, ZERO, reg, 0);
}

/* Behind a chunk, all general registers saved. */
static void write_saved(struct image *im, const struct subs *subs, uint64_t next)
{
    struct forward going;

    put_address(im, S0, VARS);
    put_address(im, S1, SAVE);
    for (int i = 0; i < 32; i++)
        put_s(im, RISCV_OP_FSD, i, S1, SAVE_F + 8 * i);
    read_csr(im, T0, CSR_FCSR);
    put_store(im, T0, S1, SAVE_FCSR);
    put_load(im, A0, S0, V_HASH);
    put_i(im, RISCV_OP_ADDI, A1, S1, word_size(im));
    put_i(im, RISCV_OP_ADDI, A2, S1, im->machine ? SAVE_END : SAVE_CSRS);
    put_jump(im, RA, subs->fold);
    put_store(im, A0, S0, V_HASH);
    going = count_down(im, V_PRINT_LEFT);
    put_address(im, A1, SCRATCH);
    put_address(im, A2, SCRATCH + SCRATCH_SIZE);
    put_jump(im, RA, subs->fold);
    put_store(im, ZERO, S0, V_HASH);
    mv(im, S2, A0);
    put_load(im, A0, S0, V_LINE);
    put_i(im, RISCV_OP_ADDI, T0, A0, 1);
    put_store(im, T0, S0, V_LINE);
    put_i(im, RISCV_OP_ADDI, A1, S0, V_TEXT);
    put_jump(im, RA, subs->print);
    mv(im, A0, S2);
    put_jump(im, RA, subs->print);
    put_jump(im, RA, subs->line);
    land(im, &going);
    put_jump(im, ZERO, next);
}

/* All sets are done. */
static void write_end(struct image *im, const struct subs *subs, uint64_t dump)
{
    struct forward quiet;

    put_load(im, T0, S0, V_DUMP);
    quiet = put_forward(im, RISCV_OP_BEQ, T0, ZERO);
    put_address(im, S1, SAVE);
    put_i(im, RISCV_OP_ADDI, S2, S1, SAVE_END);
    put_jump(im, RA, dump);
    put_address(im, S1, SCRATCH);
    put_address(im, S2, SCRATCH + SCRATCH_SIZE);
    put_jump(im, RA, dump);
    land(im, &quiet);
    put_jump(im, ZERO, subs->finish);
}

/* ---- machine mode ---------------------------------------------------------------------------- */

/* Two registers other than `reg` for a trap handler to start with. */
static int spare(int reg, int i)
{
    return (reg == T0 || reg == T1 ? T2 : T0) + i;
}

static void write_trap_entry(struct image *im, int reg, uint64_t common)
{
    put_store(im, spare(reg, 0), reg, SAVE_TEMPS);
    put_store(im, spare(reg, 1), reg, SAVE_TEMPS + 8);
    put_jump(im, ZERO, common);
}

/* Counts traps; a chunk with too many hangs. a: SAVE, d: to spoil. */
static struct forward count_trap(struct image *im, int a, int d)
{
    put_load(im, d, a, SAVE_TRAPS + 8);
    put_i(im, RISCV_OP_ADDI, d, d, 1);
    put_store(im, d, a, SAVE_TRAPS + 8);
    put_i(im, RISCV_OP_SLTIU, d, d, 2000);
    return put_forward(im, RISCV_OP_BEQ, d, ZERO);
}

/* Folds cause, value, pc and status, and goes on behind the instruction. */
static uint64_t write_trap(struct image *im, bool machine, int a, uint64_t exit, uint64_t done,
                           uint64_t fatal)
{
    const int b = a + 1, c = A4, d = A5;
    const uint16_t csrs[] = {
        machine ? CSR_MCAUSE : CSR_SCAUSE, machine ? CSR_MTVAL : CSR_STVAL,
        machine ? CSR_MSTATUS : CSR_SSTATUS, machine ? CSR_MEPC : CSR_SEPC,
    };
    uint64_t at = im->at;
    struct forward other, far, wild, narrow;

    read_csr(im, a, csrs[3]);
    if (machine) {
        put_address(im, b, exit);
        other = put_forward(im, RISCV_OP_BNE, a, b);
        put_jump(im, ZERO, done);
        land(im, &other);
    }
    put_address(im, b, CHUNKS);
    wild = put_forward(im, RISCV_OP_BLTU, a, b);
    put_address(im, a, SAVE);
    put_store(im, c, a, SAVE_TEMPS + 16);
    put_store(im, d, a, SAVE_TEMPS + 24);
    put_load(im, c, a, SAVE_TRAPS);
    for (unsigned i = 0; i < 4; i++) {
        put_address(im, b, VARS);
        put_load(im, b, b, V_MULTIPLIER);
        read_csr(im, d, csrs[i]);
        fold_word(im, c, d, b, d);
    }
    put_store(im, c, a, SAVE_TRAPS);
    far = count_trap(im, a, d);
    read_csr(im, b, csrs[3]);
    put_i(im, RISCV_OP_LHU, d, b, 0);
    put_i(im, RISCV_OP_XORI, d, d, 3);
    put_i(im, RISCV_OP_ANDI, d, d, 3);
    put_i(im, RISCV_OP_ADDI, b, b, 2);
    narrow = put_forward(im, RISCV_OP_BNE, d, ZERO);
    put_i(im, RISCV_OP_ADDI, b, b, 2);
    land(im, &narrow);
    write_csr(im, csrs[3], b);
    put_load(im, d, a, SAVE_TEMPS + 24);
    put_load(im, c, a, SAVE_TEMPS + 16);
    put_load(im, b, a, SAVE_TEMPS + 8);
    put_load(im, a, a, SAVE_TEMPS);
    put_plain(im, machine ? RISCV_OP_MRET : RISCV_OP_SRET);
    land(im, &far);
    land(im, &wild);
    put_jump(im, ZERO, fatal);
    return at;
}

/* Back in machine mode: the CSRs, and all as at the start. */
static void write_left(struct image *im, uint64_t fatal, uint64_t saved)
{
    put_address(im, S1, SAVE);
    for (unsigned i = 0; i < CSR_COUNT; i++) {
        read_csr(im, T0, set_csrs[i]);
        put_li(im, T1, csr_mask(im, (enum set_csr)i));
        put_r(im, RISCV_OP_AND, T0, T0, T1);
        put_store(im, T0, S1, SAVE_CSRS + 8 * i);
    }
    put_address(im, T0, fatal);
    write_csr(im, CSR_MTVEC, T0);
    put_li(im, T0, FS_DIRTY);
    put_csr(im, RISCV_OP_CSRRS, ZERO, CSR_MSTATUS, T0);
    put_jump(im, ZERO, saved);
}

static void write_traps(struct image *im, struct harness *h, uint64_t exit, uint64_t fatal,
                        uint64_t saved)
{
    uint64_t left = im->at, m[2], s[2];

    write_left(im, fatal, saved);
    for (int i = 0; i < 2; i++) {
        int a = i ? T2 : T0;
        m[i] = write_trap(im, true, a, exit, left, fatal);
        s[i] = write_trap(im, false, a, exit, left, fatal);
    }
    for (int reg = 1; reg < 32; reg++) {
        int i = spare(reg, 0) == T2;
        h->trap_m[reg] = im->at;
        write_trap_entry(im, reg, m[i]);
        h->trap_s[reg] = im->at;
        write_trap_entry(im, reg, s[i]);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void write_start(struct image *im, uint64_t fatal)
{
    struct forward process;

    /* Linux starts programs with a stack, machines begin with zeros. */
    put_address(im, S0, VARS);
    put_r(im, RISCV_OP_SLTU, T0, ZERO, SP);
    put_store(im, T0, S0, V_PROCESS);
    process = put_forward(im, RISCV_OP_BNE, T0, ZERO);
    put_address(im, T0, fatal);
    write_csr(im, CSR_MTVEC, T0);
    put_li(im, T0, FS_DIRTY);
    put_csr(im, RISCV_OP_CSRRS, ZERO, CSR_MSTATUS, T0);
    if (im->machine) {
        put_i(im, RISCV_OP_ADDI, T0, ZERO, -1);
        write_csr(im, CSR_PMPADDR0, T0);
        put_i(im, RISCV_OP_ADDI, T0, ZERO, 0x1f); /* one naturally aligned range: all, RWX */
        write_csr(im, CSR_PMPCFG0, T0);
    }
    land(im, &process);
}

int harness_exit(int reg)
{
    return 4 * (reg - 1) - 128;
}

/* Behind a chunk: saves all registers; `reg` holds SAVE. */
static void write_exit(struct image *im, int reg, uint64_t next)
{
    uint64_t at = im->at, end;

    for (int i = 1; i < 32; i++)
        put_store(im, i, reg, (int)word_size(im) * i);
    put_jump(im, ZERO, next);
    end = im->at;
    im->at = SAVE + (uint64_t)(int64_t)harness_exit(reg);
    put_jump(im, ZERO, at);
    im->at = end;
}

void write_harness(struct image *im, struct harness *h)
{
    struct subs subs;
    uint64_t start, next, saved, dump, leave;
    struct forward more;

    memset(h, 0, sizeof *h);
    poke(im, VARS + V_MULTIPLIER, im->xlen == 64 ? UINT64_C(0x9e3779b97f4a7c15) : 0x9e3779b1u, 8);
    im->at = BASE + 4;
    subs.fold = write_fold(im);
    subs.print = write_print(im);
    subs.line = write_line(im);
    subs.finish = write_finish(im);
    subs.fatal = write_fatal(im, &subs);
    dump = write_dump(im, &subs);
    start = im->at;
    write_start(im, subs.fatal);
    next = im->at;
    put_address(im, S0, VARS);
    put_load(im, T0, S0, V_COUNT);
    more = put_forward(im, RISCV_OP_BNE, T0, ZERO);
    write_end(im, &subs, dump);
    land(im, &more);
    put_i(im, RISCV_OP_ADDI, T0, T0, -1);
    put_store(im, T0, S0, V_COUNT);
    write_refresh(im);
    write_enter(im);
    saved = leave = im->at;
    write_saved(im, &subs, next);
    if (im->machine) {
        leave = im->at;
        put_plain(im, RISCV_OP_ECALL);
        write_traps(im, h, leave, subs.fatal, saved);
    }
    for (int reg = 1; reg < 32; reg++) {
        h->restore[reg] = im->at;
        write_restore(im, reg);
        write_exit(im, reg, leave);
    }
    if (im->at > SAVE - 128)
        abort();
    im->at = BASE;
    put_jump(im, ZERO, start);
}

void set_run(struct image *im, const struct run *run)
{
    poke(im, VARS + V_SET, run->first_set, 8);
    poke(im, VARS + V_COUNT, run->count, 8);
    poke(im, VARS + V_LINE, run->first_line, 8);
    poke(im, VARS + V_PRINT_LEFT, run->print_every, 8);
    poke(im, VARS + V_PRINT_EVERY, run->print_every, 8);
    poke(im, VARS + V_REFRESH_LEFT, 1, 8);
    poke(im, VARS + V_REFRESH_EVERY, run->refresh_every, 8);
    poke(im, VARS + V_DUMP, run->dump, 8);
}
