/* SPDX-License-Identifier: MIT */
/*
 * system.c: samples what only a machine has. RISC-V Instruction Set Manual, volume II: CSRs, trap
 * returns, WFI, fences, paging. Whatever mode an instruction meets, it traps or has an effect
 * that the harness undoes: interrupts, MPRV and memory protection stay as they are.
 */
#include "system.h"
#include "ops.h"
#include "rng.h"
#include "values.h"

#define MSTATUS_SPP UINT64_C(0x100)
#define MSTATUS_MPP_SHIFT 11
#define MSTATUS_FS_SHIFT 13
#define MSTATUS_TW UINT64_C(0x200000)
#define MSTATUS_TSR UINT64_C(0x400000)
#define MSTATUS_OTHERS UINT64_C(0x1c0000) /* SUM, MXR, TVM */

enum {
    CSR_SSTATUS = 0x100, CSR_SIE = 0x104, CSR_SEPC = 0x141, CSR_SATP = 0x180, CSR_MSTATUS = 0x300,
    CSR_MEDELEG = 0x302, CSR_MIDELEG = 0x303, CSR_MIE = 0x304, CSR_MEPC = 0x341,
};

/* ---- modes ----------------------------------------------------------------------------------- */

void choose_modes(struct chunk *c)
{
    static const uint8_t kinds[] = { MODE_M, MODE_M, MODE_M, MODE_S, MODE_S, MODE_S, MODE_U };
    struct modes *m = &c->modes;

    m->mode = (enum privilege)kinds[below(&c->rng, 7)];
    if (m->mode != MODE_M && one_in(&c->rng, 2))
        m->satp_mode = c->xlen == 32 ? 1 : 8 + below(&c->rng, 3);
    m->delegate = m->mode != MODE_M && !m->satp_mode && one_in(&c->rng, 2);
    m->leaves = m->mode != MODE_U && !m->satp_mode && one_in(&c->rng, 2);
    m->waits = m->mode != MODE_U && !m->leaves && one_in(&c->rng, 2);
    m->status = (uint64_t)m->mode << MSTATUS_MPP_SHIFT | (random64(&c->rng) & MSTATUS_OTHERS);
    if (!one_in(&c->rng, 6)) /* it is a choice when it becomes dirty */
        m->status |= (uint64_t)(c->peer ? 3 : 1 + below(&c->rng, 3)) << MSTATUS_FS_SHIFT;
    m->status |= random64(&c->rng) & (MSTATUS_TW | MSTATUS_TSR | MSTATUS_SPP);
    if (m->delegate)
        m->status &= ~MSTATUS_TSR; /* its handlers return */
    if (!c->peer || m->satp_mode)
        c->bad = free_register(c);
}

/* ---- CSRs ------------------------------------------------------------------------------------ */

/* Any value; read back as the implementation likes, but the same in all engines. */
static const uint16_t writable[] = {
    0x001, 0x002, 0x003, 0x106, 0x10a, 0x140, 0x141, 0x142, 0x143, 0x306, 0x30a, 0x340, 0x341,
    0x342, 0x343,
};
/* What lower modes depend on: where there is no way down. */
static const uint16_t writable_on_top[] = { CSR_SATP, CSR_MEDELEG, CSR_MIDELEG, CSR_MIE, CSR_SIE };
static const uint16_t readable[] = {
    0x100, 0x104, 0x105, 0x144, 0x14d, 0x15d, 0x180, 0x300, 0x301, 0x302, 0x303, 0x304, 0x305,
    0x310, 0x312, 0x31a, 0x320, 0x323, 0x33f, 0x344, 0x3a0, 0x3a1, 0x3a2, 0x3b0, 0x3b7, 0x3bf,
    0x3c0, 0xb03, 0xb83, 0xb9f, 0xc03, 0xc1f, 0xc83, 0xf11, 0xf12, 0xf13, 0xf14, 0xf15,
};
/* Who may read them is the question; what they read differs from run to run. */
static const uint16_t counters[] = { 0xb00, 0xb02, 0xb80, 0xb82, 0xc00, 0xc01, 0xc02, 0xc80, 0xc81,
                                     0xc82 };

/* Those of them that leave no choice. */
static const uint16_t writable_peer[] = { 0x001, 0x002, 0x003, 0x140, 0x142, 0x143, 0x340, 0x342,
                                          0x343 };
static const uint16_t readable_peer[] = { 0x100, 0x105, 0x180, 0x300, 0x305, 0x3a1, 0x3b7, 0xf14,
                                          0xf15 };

#define PICK(c, table) (table[below(&(c)->rng, sizeof(table) / sizeof *(table))])

/* The number of a CSR that no mode has: of hundreds without any. */
static unsigned nowhere(struct chunk *c)
{
    static const uint8_t hundreds[] = { 0x0, 0x2, 0x4, 0x5, 0x6, 0x8, 0x9, 0xa, 0xd, 0xe };
    unsigned n = (unsigned)PICK(c, hundreds) << 8 | below(&c->rng, 256);

    return n < 4 ? 4 : n;
}

static void set_csr(struct riscv_insn *insn, unsigned csr, bool writes)
{
    if (insn->format == RISCV_FORMAT_CSR) {
        insn->u.csr.csr = (int)csr;
        insn->u.csr.rs1 = writes ? insn->u.csr.rs1 : 0;
    } else {
        insn->u.csri.csr = (int)csr;
        insn->u.csri.imm = writes ? insn->u.csri.imm : 0;
    }
}

/* Sets or clears bits of a status register that do no harm. */
static bool add_status(struct chunk *c, struct riscv_insn *insn)
{
    static const uint32_t masks[] = {
        0x2000, 0x4000, 0x6000, 0x40000, 0x80000, 0x100000, 0x400000, 0x1c6000, 0x4c0000,
    };
    struct riscv_insn lui = { .op = RISCV_OP_LUI, .u.u = { free_register(c), 0 } };

    if (insn->op != RISCV_OP_CSRRS && insn->op != RISCV_OP_CSRRC)
        return false;
    lui.u.u.imm = (int32_t)masks[c->peer ? 2 + below(&c->rng, 7) : below(&c->rng, 9)];
    set_csr(insn, one_in(&c->rng, 2) ? CSR_SSTATUS : CSR_MSTATUS, true);
    insn->u.csr.rs1 = lui.u.u.rd;
    chunk_add(c, &lui);
    chunk_add(c, insn)->no_target = true;
    return true;
}

bool add_csr(struct chunk *c, enum riscv_op op)
{
    bool always = op == RISCV_OP_CSRRW || op == RISCV_OP_CSRRWI;
    bool top = !c->peer && c->modes.mode == MODE_M && !c->modes.leaves && !c->modes.waits;
    struct riscv_insn insn;

    if (!chunk_draw(c, op, &insn))
        return false;
    switch (below(&c->rng, 8)) {
    case 0:
        set_csr(&insn, nowhere(c), true);
        break;
    case 1: case 2:
        return add_status(c, &insn);
    case 3: case 4:
        if (always)
            return false;
        set_csr(&insn, one_in(&c->rng, 4) ? PICK(c, counters)
                       : c->peer          ? PICK(c, readable_peer)
                                          : PICK(c, readable), false);
        for (unsigned i = 0; i < sizeof counters / sizeof *counters; i++)
            if (insn.u.csr.csr == counters[i])
                insn.u.csr.rd = 0;
        break;
    default:
        top = top && one_in(&c->rng, 3);
        set_csr(&insn, c->peer ? PICK(c, writable_peer)
                       : top   ? PICK(c, writable_on_top)
                               : PICK(c, writable), true);
    }
    chunk_add(c, &insn);
    return true;
}

/* ---- traps and returns ----------------------------------------------------------------------- */

/* A return to a few items ahead; where the mode has none, both instructions at the end trap. */
static bool add_return(struct chunk *c, struct riscv_insn *insn)
{
    int reg = free_register(c);
    struct riscv_insn auipc = { .op = RISCV_OP_AUIPC, .u.u = { reg, 0 } };
    struct riscv_insn addi = { .op = RISCV_OP_ADDI, .u.i = { reg, reg, 0 } };
    struct riscv_insn write = { .op = RISCV_OP_CSRRW, .u.csr = { 0, CSR_MEPC, reg } };
    uint16_t base = (uint16_t)c->n;
    struct item *item;

    if (insn->op == RISCV_OP_SRET)
        write.u.csr.csr = CSR_SEPC;
    chunk_add(c, &auipc);
    item = chunk_add(c, &addi);
    item->fix = FIX_FOR_LATER;
    item->base = base;
    item->ahead = 2;
    item->no_target = true;
    chunk_add(c, &write)->no_target = true;
    item = chunk_add(c, insn);
    item->fix = FIX_JUMP_ONLY;
    item->skip = (uint8_t)draw_skip(c);
    item->no_target = true;
    return true;
}

bool add_system(struct chunk *c, enum riscv_op op)
{
    const struct modes *m = &c->modes;
    bool traps = m->mode == MODE_U;
    struct riscv_insn insn;

    if (!chunk_draw(c, op, &insn))
        return false;
    if (op == RISCV_OP_MRET || op == RISCV_OP_SRET) {
        traps = traps || (m->mode == MODE_S && !m->leaves &&
                          (op == RISCV_OP_MRET || m->status & MSTATUS_TSR));
        if (m->leaves)
            return add_return(c, &insn);
        if (!traps)
            return false;
    }
    if (op == RISCV_OP_WFI && !traps && !m->waits && !(m->mode == MODE_S && m->status & MSTATUS_TW))
        return false;
    chunk_add(c, &insn);
    return true;
}

uint32_t unknown_word(struct chunk *c)
{
    uint64_t all = (UINT64_C(1) << RISCV_FEATURE_COUNT) - 1;
    struct riscv_insn insn;
    uint32_t word;

    all &= ~(c->xlen == 64 ? RISCV_FEATURE_RV32 : RISCV_FEATURE_RV64);
    do
        word = (uint32_t)random64(&c->rng) | 3;
    while ((word & 0x1c) == 0x1c || riscv_decode32(word, all, &insn)); /* longer than 32 bits */
    return word;
}

/* ---- paging ---------------------------------------------------------------------------------- */

enum { PTE_V = 1, PTE_RWX = 0xe, PTE_U = 0x10, PTE_A = 0x40, PTE_D = 0x80 };
enum { TABLE_39, TABLE_39_1, TABLE_39_0, TABLE_48, TABLE_57, TABLES_EACH };

static uint64_t table_address(bool user, unsigned table)
{
    return TABLES + 0x1000 * (uint64_t)((user ? TABLES_EACH : 0) + table);
}

static uint64_t pte(uint64_t address, unsigned flags)
{
    return address >> 12 << 10 | flags | PTE_V;
}

static void write_tables64(struct image *im, bool user)
{
    unsigned leaf = PTE_RWX | PTE_A | PTE_D | (user ? PTE_U : 0);

    poke(im, table_address(user, TABLE_57), pte(table_address(user, TABLE_48), 0), 8);
    poke(im, table_address(user, TABLE_48), pte(table_address(user, TABLE_39), 0), 8);
    poke(im, table_address(user, TABLE_39) + 8 * 2, pte(table_address(user, TABLE_39_1), 0), 8);
    poke(im, table_address(user, TABLE_39_1), pte(table_address(user, TABLE_39_0), 0), 8);
    for (uint64_t i = 1; i < 512; i++)
        poke(im, table_address(user, TABLE_39_1) + 8 * i, pte(BASE + (i << 21), leaf), 8);
    for (uint64_t i = 0; i < 512; i++)
        poke(im, table_address(user, TABLE_39_0) + 8 * i, pte(BASE + (i << 12), leaf), 8);
}

/* Sv32: a root and the first 4 MiB in small pages. */
static void write_tables32(struct image *im, bool user)
{
    unsigned leaf = PTE_RWX | PTE_A | PTE_D | (user ? PTE_U : 0);
    uint64_t root = table_address(user, TABLE_39), small = table_address(user, TABLE_39_0);

    poke(im, root + 4 * 512, pte(small, 0), 4);
    for (uint64_t i = 1; i < 256; i++)
        poke(im, root + 4 * (512 + i), pte(BASE + (i << 22), leaf), 4);
    for (uint64_t i = 0; i < 1024; i++)
        poke(im, small + 4 * i, pte(BASE + (i << 12), leaf), 4);
}

void write_page_tables(struct image *im)
{
    for (int user = 0; user < 2; user++)
        (im->xlen == 64 ? write_tables64 : write_tables32)(im, user);
}

void put_scratch_ptes(struct image *im)
{
    const uint64_t page = SCRATCH - BASE;
    unsigned size = im->xlen / 8;

    for (int i = 0; i < 4; i++) {
        bool user = i & 1, second = i & 2;
        uint64_t at = SCRATCH + (second ? 0x1000 : 0);
        unsigned flags = PTE_RWX | (user ? PTE_U : 0) | (second ? 0 : PTE_A);

        put_li(im, T0, (int32_t)pte(at, flags));
        put_address(im, T1, table_address(user, TABLE_39_0) + size * ((page >> 12) + second));
        put_store(im, T0, T1, 0);
    }
    put_plain(im, RISCV_OP_SFENCE_VMA);
}

static uint64_t satp_value(const struct chunk *c)
{
    bool user = c->modes.mode == MODE_U;

    switch (c->modes.satp_mode) {
    case 0: return 0;
    case 1: return UINT64_C(1) << 31 | table_address(user, TABLE_39) >> 12;
    case 8: return UINT64_C(8) << 60 | table_address(user, TABLE_39) >> 12;
    case 9: return UINT64_C(9) << 60 | table_address(user, TABLE_48) >> 12;
    default: return UINT64_C(10) << 60 | table_address(user, TABLE_57) >> 12;
    }
}

int32_t csr_mask(const struct image *im, enum set_csr csr)
{
    if (!im->peer)
        return -1;
    switch (csr) {
    case SET_MEDELEG: return 0xb0fc;
    case SET_MIDELEG: case SET_MIE: return 2;
    case SET_MENVCFG: case SET_SENVCFG: return 0xc1; /* FIOM, CBCFE, CBZE */
    case SET_MCOUNTEREN: case SET_SCOUNTEREN: return 7;
    case SET_SEPC: return -2;
    default: return -1;
    }
}

/* ---- sets ------------------------------------------------------------------------------------ */

void write_set_csrs(struct image *im, struct chunk *c, const struct harness *h, uint64_t at,
                    uint64_t code)
{
    /* No fetch faults, no calls from the exit. */
    const uint64_t may_delegate = 0xa0fc;
    uint64_t *rng = &c->rng, v[CSR_COUNT] = {
        [SET_MEDELEG] = c->modes.delegate ? random64(rng) & may_delegate : 0,
        [SET_MIDELEG] = c->modes.waits ? 2 : 0,
        [SET_MIE] = c->modes.waits ? 2 : 0,
        [SET_SATP] = satp_value(c),
        [SET_MENVCFG] = random64(rng) & UINT64_C(0xa0000000000000ff),
        [SET_SENVCFG] = random64(rng) & 0xff,
        [SET_MCOUNTEREN] = random64(rng) & UINT32_MAX,
        [SET_SCOUNTEREN] = random64(rng) & UINT32_MAX,
        [SET_MTVEC] = h->trap_m[c->reg],
        [SET_STVEC] = h->trap_s[c->reg],
        [SET_MEPC] = code,
        [SET_SEPC] = integer_value(rng),
        [SET_STVAL] = integer_value(rng),
        [SET_MSCRATCH] = integer_value(rng),
        [SET_SSCRATCH] = integer_value(rng),
        [SET_MSTATUS] = c->modes.status,
    };

    /* The peer always sets accessed and dirty bits by itself. */
    if (im->peer)
        v[SET_MENVCFG] = (v[SET_MENVCFG] & 0xc1) | UINT64_C(0x2000000000000000);
    if (im->peer)
        v[SET_SENVCFG] &= 0xc1;
    for (unsigned i = 0; i < CSR_COUNT; i++)
        poke(im, at + SET_CSRS + 8 * i, v[i], im->xlen / 8);
}
