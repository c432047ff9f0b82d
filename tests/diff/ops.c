/* SPDX-License-Identifier: MIT */
/* ops.c: what RISC-V's decode tables do not state of their rows, from names and formats. */
#include "ops.h"

#include <string.h>

static bool starts(enum riscv_op op, const char *with)
{
    return !strncmp(riscv_op_names[op], with, strlen(with));
}

static bool is_memory(enum riscv_op op)
{
    static const char *const names[] = {
        "lb", "lh", "lw", "ld", "lbu", "lhu", "lwu", "sb", "sh", "sw", "sd", "flw", "fld", "fsw",
        "fsd", "c.lw", "c.ld", "c.flw", "c.fld", "c.sw", "c.sd", "c.fsw", "c.fsd", "c.lwsp",
        "c.ldsp", "c.flwsp", "c.fldsp", "c.swsp", "c.sdsp", "c.fswsp", "c.fsdsp",
    };

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(riscv_op_names[op], names[i]))
            return true;
    return false;
}

enum kind kind_of(enum riscv_op op)
{
    switch (op) {
    case RISCV_OP_BEQ: case RISCV_OP_BNE: case RISCV_OP_BLT: case RISCV_OP_BGE:
    case RISCV_OP_BLTU: case RISCV_OP_BGEU: case RISCV_OP_JAL: case RISCV_OP_C_J:
    case RISCV_OP_C_JAL: case RISCV_OP_C_BEQZ: case RISCV_OP_C_BNEZ:
        return KIND_BRANCH;
    case RISCV_OP_JALR: case RISCV_OP_C_JR: case RISCV_OP_C_JALR:
        return KIND_INDIRECT;
    case RISCV_OP_ECALL: case RISCV_OP_EBREAK: case RISCV_OP_C_EBREAK:
        return KIND_TRAP;
    case RISCV_OP_MRET: case RISCV_OP_SRET: case RISCV_OP_WFI: case RISCV_OP_SFENCE_VMA:
    case RISCV_OP_SINVAL_VMA: case RISCV_OP_SFENCE_W_INVAL: case RISCV_OP_SFENCE_INVAL_IR:
        return KIND_PRIVILEGED;
    default:
        if (starts(op, "csr"))
            return KIND_CSR;
        if (starts(op, "cbo."))
            return KIND_BLOCK;
        if (starts(op, "amo") || starts(op, "lr.") || starts(op, "sc."))
            return KIND_ATOMIC;
        return is_memory(op) ? KIND_MEMORY : KIND_PLAIN;
    }
}

static bool float_result(enum riscv_op op)
{
    static const char *const to_x[] = {
        "fcvt.w", "fcvt.l", "fmv.x", "feq", "flt", "fle", "fclass",
    };

    for (unsigned i = 0; i < sizeof to_x / sizeof *to_x; i++)
        if (starts(op, to_x[i]))
            return false;
    return (riscv_op_names[op][0] == 'f' && !starts(op, "fence")) || starts(op, "c.f");
}

int destination(const struct riscv_insn *insn)
{
    if (float_result(insn->op))
        return 0;
    switch ((enum riscv_format)insn->format) {
    case RISCV_FORMAT_R: return insn->u.r.rd;
    case RISCV_FORMAT_I: return insn->u.i.rd;
    case RISCV_FORMAT_U: return insn->u.u.rd;
    case RISCV_FORMAT_J: return insn->u.j.rd;
    case RISCV_FORMAT_AMO: return insn->u.amo.rd;
    case RISCV_FORMAT_FR: return insn->u.fr.rd;
    case RISCV_FORMAT_R4: return insn->u.r4.rd;
    case RISCV_FORMAT_R1M: return insn->u.r1m.rd;
    case RISCV_FORMAT_R1: return insn->u.r1.rd;
    case RISCV_FORMAT_CSR: return insn->u.csr.rd;
    case RISCV_FORMAT_CSRI: return insn->u.csri.rd;
    default: return 0;
    }
}

int *address_register(struct riscv_insn *insn)
{
    switch ((enum riscv_format)insn->format) {
    case RISCV_FORMAT_I: return &insn->u.i.rs1;
    case RISCV_FORMAT_S: return &insn->u.s.rs1;
    case RISCV_FORMAT_AMO: return &insn->u.amo.rs1;
    case RISCV_FORMAT_CBO: return &insn->u.cbo.rs1;
    default: return NULL;
    }
}

int32_t *immediate(struct riscv_insn *insn)
{
    switch ((enum riscv_format)insn->format) {
    case RISCV_FORMAT_I: return &insn->u.i.imm;
    case RISCV_FORMAT_S: return &insn->u.s.imm;
    case RISCV_FORMAT_B: return &insn->u.b.imm;
    case RISCV_FORMAT_J: return &insn->u.j.imm;
    case RISCV_FORMAT_U: return &insn->u.u.imm;
    default: return NULL;
    }
}

int32_t *rounding(struct riscv_insn *insn)
{
    switch ((enum riscv_format)insn->format) {
    case RISCV_FORMAT_FR: return &insn->u.fr.rm;
    case RISCV_FORMAT_R4: return &insn->u.r4.rm;
    case RISCV_FORMAT_R1M: return &insn->u.r1m.rm;
    default: return NULL;
    }
}

int32_t *amount(struct riscv_insn *insn)
{
    static const char *const names[] = {
        "sll", "srl", "sra", "ror", "bset", "bclr", "bext", "binv",
    };

    if (insn->format != RISCV_FORMAT_I || kind_of(insn->op) != KIND_PLAIN)
        return NULL;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (starts(insn->op, names[i]))
            return &insn->u.i.imm;
    return NULL;
}

#define FIELDS(...)                                                                                \
    do {                                                                                           \
        int32_t *const list[] = { __VA_ARGS__ };                                                   \
        memcpy(ret, list, sizeof list);                                                            \
        return sizeof list / sizeof *list;                                                         \
    } while (0)

unsigned register_fields(struct riscv_insn *insn, int32_t *ret[4])
{
    switch ((enum riscv_format)insn->format) {
    case RISCV_FORMAT_R: FIELDS(&insn->u.r.rd, &insn->u.r.rs1, &insn->u.r.rs2);
    case RISCV_FORMAT_I: FIELDS(&insn->u.i.rd, &insn->u.i.rs1);
    case RISCV_FORMAT_S: FIELDS(&insn->u.s.rs1, &insn->u.s.rs2);
    case RISCV_FORMAT_B: FIELDS(&insn->u.b.rs1, &insn->u.b.rs2);
    case RISCV_FORMAT_U: FIELDS(&insn->u.u.rd);
    case RISCV_FORMAT_J: FIELDS(&insn->u.j.rd);
    case RISCV_FORMAT_AMO: FIELDS(&insn->u.amo.rd, &insn->u.amo.rs1, &insn->u.amo.rs2);
    case RISCV_FORMAT_FR: FIELDS(&insn->u.fr.rd, &insn->u.fr.rs1, &insn->u.fr.rs2);
    case RISCV_FORMAT_R4:
        FIELDS(&insn->u.r4.rd, &insn->u.r4.rs1, &insn->u.r4.rs2, &insn->u.r4.rs3);
    case RISCV_FORMAT_R1M: FIELDS(&insn->u.r1m.rd, &insn->u.r1m.rs1);
    case RISCV_FORMAT_R1: FIELDS(&insn->u.r1.rd, &insn->u.r1.rs1);
    case RISCV_FORMAT_CSR: FIELDS(&insn->u.csr.rd, &insn->u.csr.rs1);
    case RISCV_FORMAT_CSRI: FIELDS(&insn->u.csri.rd);
    default: return 0;
    }
}

int float_width(enum riscv_op op)
{
    const char *name = riscv_op_names[op];
    size_t n = strlen(name);

    if (name[0] != 'f' || starts(op, "fence") || n < 2 || starts(op, "fcvt.s.d") ||
        starts(op, "fcvt.d.s"))
        return 0;
    if (strstr(name, ".s"))
        return 's';
    return strstr(name, ".d") ? 'd' : 0;
}
