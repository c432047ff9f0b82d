/* SPDX-License-Identifier: MIT */
/*
 * image.c: assembles into the guest's memory and writes it as a static ELF file (System V ABI,
 * ch. 4 and 5), which a machine loads like a kernel and Linux like a program.
 */
#include "image.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void poke(struct image *im, uint64_t at, uint64_t value, unsigned bytes)
{
    if (at < BASE || at - BASE + bytes > im->size)
        abort();
    for (unsigned i = 0; i < bytes; i++)
        im->bytes[at - BASE + i] = (uint8_t)(value >> 8 * i);
}

uint64_t peek(const struct image *im, uint64_t at, unsigned bytes)
{
    uint64_t value = 0;

    if (at < BASE || at - BASE + bytes > im->size)
        abort();
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)im->bytes[at - BASE + i] << 8 * i;
    return value;
}

/* ---- instructions ---------------------------------------------------------------------------- */

void put(struct image *im, uint32_t word, unsigned bytes)
{
    poke(im, im->at, word, bytes);
    im->at += bytes;
}

static void encode(struct image *im, const struct riscv_insn *insn)
{
    uint32_t word;

    if (!riscv_encode(insn, &word)) {
        fprintf(stderr, "cannot encode %s\n", riscv_op_names[insn->op]);
        abort();
    }
    put(im, word, 4);
}

void put_r(struct image *im, enum riscv_op op, int rd, int rs1, int rs2)
{
    struct riscv_insn insn = { .op = (uint16_t)op, .u.r = { rd, rs1, rs2 } };
    encode(im, &insn);
}

void put_i(struct image *im, enum riscv_op op, int rd, int rs1, int64_t imm)
{
    struct riscv_insn insn = { .op = (uint16_t)op, .u.i = { rd, rs1, (int32_t)imm } };
    encode(im, &insn);
}

void put_s(struct image *im, enum riscv_op op, int rs2, int rs1, int64_t imm)
{
    struct riscv_insn insn = { .op = (uint16_t)op, .u.s = { rs1, rs2, (int32_t)imm } };
    encode(im, &insn);
}

void put_amo(struct image *im, enum riscv_op op, int rd, int rs1, int rs2)
{
    struct riscv_insn insn = { .op = (uint16_t)op, .u.amo = { rd, rs1, rs2, 0 } };
    encode(im, &insn);
}

void put_csr(struct image *im, enum riscv_op op, int rd, unsigned csr, int rs1)
{
    struct riscv_insn insn = { .op = (uint16_t)op, .u.csr = { rd, (int32_t)csr, rs1 } };
    encode(im, &insn);
}

void put_plain(struct image *im, enum riscv_op op)
{
    struct riscv_insn insn = { .op = (uint16_t)op };
    encode(im, &insn);
}

void put_load(struct image *im, int rd, int rs1, int64_t imm)
{
    put_i(im, im->xlen == 64 ? RISCV_OP_LD : RISCV_OP_LW, rd, rs1, imm);
}

void put_store(struct image *im, int rs2, int rs1, int64_t imm)
{
    put_s(im, im->xlen == 64 ? RISCV_OP_SD : RISCV_OP_SW, rs2, rs1, imm);
}

void put_jump(struct image *im, int rd, uint64_t to)
{
    struct riscv_insn insn = { .op = RISCV_OP_JAL, .u.j = { rd, (int32_t)(to - im->at) } };
    encode(im, &insn);
}

void put_branch(struct image *im, enum riscv_op op, int rs1, int rs2, uint64_t to)
{
    struct riscv_insn insn = { .op = (uint16_t)op, .u.b = { rs1, rs2, (int32_t)(to - im->at) } };
    encode(im, &insn);
}

static void put_u(struct image *im, enum riscv_op op, int rd, int64_t imm)
{
    struct riscv_insn insn = { .op = (uint16_t)op, .u.u = { rd, (int32_t)imm } };
    encode(im, &insn);
}

void put_address(struct image *im, int rd, uint64_t address)
{
    int64_t away = (int64_t)(address - im->at);
    int64_t low = ((away & 0xfff) ^ 0x800) - 0x800;

    put_u(im, RISCV_OP_AUIPC, rd, away - low);
    put_i(im, RISCV_OP_ADDI, rd, rd, low);
}

void put_li(struct image *im, int rd, int32_t value)
{
    int32_t low = ((value & 0xfff) ^ 0x800) - 0x800;

    put_u(im, RISCV_OP_LUI, rd, (int32_t)((uint32_t)value - (uint32_t)low));
    put_i(im, im->xlen == 64 ? RISCV_OP_ADDIW : RISCV_OP_ADDI, rd, rd, low);
}

struct forward put_forward(struct image *im, enum riscv_op op, int rs1, int rs2)
{
    struct forward f = { im->at, op, rs1, rs2 };

    im->at += 4;
    return f;
}

void land(struct image *im, const struct forward *f)
{
    uint64_t here = im->at;

    im->at = f->from;
    put_branch(im, f->op, f->rs1, f->rs2, here);
    im->at = here;
}

/* ---- the file -------------------------------------------------------------------------------- */

struct segment {
    uint64_t from, to;
    uint32_t flags;
};

static void header64(uint8_t *out, const struct segment *s, unsigned n)
{
    Elf64_Ehdr eh = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC, .e_machine = EM_RISCV, .e_version = EV_CURRENT, .e_entry = BASE,
        .e_phoff = sizeof eh, .e_flags = 0x5, /* RVC, double-float ABI */
        .e_ehsize = sizeof eh, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = (uint16_t)n,
    };

    memcpy(out, &eh, sizeof eh);
    for (unsigned i = 0; i < n; i++) {
        uint64_t size = s[i].to - s[i].from;
        Elf64_Phdr ph = { PT_LOAD, s[i].flags, s[i].from - BASE + 0x1000, s[i].from, s[i].from,
                          size, size, 0x1000 };
        memcpy(out + sizeof eh + i * sizeof ph, &ph, sizeof ph);
    }
}

static void header32(uint8_t *out, const struct segment *s, unsigned n)
{
    Elf32_Ehdr eh = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC, .e_machine = EM_RISCV, .e_version = EV_CURRENT, .e_entry = BASE,
        .e_phoff = sizeof eh, .e_flags = 0x5, .e_ehsize = sizeof eh,
        .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = (uint16_t)n,
    };

    memcpy(out, &eh, sizeof eh);
    for (unsigned i = 0; i < n; i++) {
        uint32_t size = (uint32_t)(s[i].to - s[i].from), from = (uint32_t)s[i].from;
        Elf32_Phdr ph = { PT_LOAD, (uint32_t)(s[i].from - BASE + 0x1000), from, from, size, size,
                          s[i].flags, 0x1000 };
        memcpy(out + sizeof eh + i * sizeof ph, &ph, sizeof ph);
    }
}

bool write_elf(const struct image *im, const char *path, uint64_t sets)
{
    const struct segment segments[] = {
        { BASE, CODE_END, PF_R | PF_X },
        { CODE_END, CHUNKS, PF_R | PF_W },
        { CHUNKS, sets, PF_R | PF_X },
        { sets, BASE + im->size, PF_R },
    };
    uint8_t header[0x1000] = { 0 };
    FILE *f = fopen(path, "wb");
    bool ok;

    if (!f) {
        perror(path);
        return false;
    }
    (im->xlen == 64 ? header64 : header32)(header, segments, 4);
    ok = fwrite(header, sizeof header, 1, f) == 1 && fwrite(im->bytes, im->size, 1, f) == 1;
    if (fclose(f) || !ok || chmod(path, 0755)) {
        perror(path);
        return false;
    }
    return true;
}
