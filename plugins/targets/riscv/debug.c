/* SPDX-License-Identifier: MIT */
/*
 * debug.c: what debuggers call the registers: gdb's features for RISC-V (GDB manual, "RISC-V
 * Features"). General and float registers are the rows of target.c's table, CSRs those of csr.c's.
 */
#include "csr.h"

#include <backplane/debug.h>

#include <string.h>

/* gdb's numbers: x0 to x31, pc, f0 to f31, then each CSR by its number, then the mode. */
enum { GDB_PC = 32, GDB_F0 = 33, GDB_CSR0 = 65, GDB_PRIV = GDB_CSR0 + 4096 };
#define CSR_FCSR 3u
#define INDEX_PRIV UINT32_MAX

static void stored(struct bp_debug_reg *ret, unsigned number, unsigned row, const char *feature,
                   const char *type)
{
    ret->number = number;
    ret->row = row;
    ret->feature = feature;
    ret->type = type;
}

/* Names are the rows'. */
static void describe_x(unsigned i, struct bp_debug_reg *ret)
{
    bool is_data = (i >= 2 && i <= 4) || i == 8; /* sp, gp, tp, fp */

    stored(ret, i, REG_X0 + i, "org.gnu.gdb.riscv.cpu",
           i == 1 ? "code_ptr" : is_data ? "data_ptr" : "int");
    ret->flags = i == 0 ? BP_DEBUG_REG_READ_ONLY : i == 2 ? BP_DEBUG_REG_SP : 0;
}

static void describe_f(const struct riscv_cpu *cpu, unsigned i, struct bp_debug_reg *ret)
{
    stored(ret, GDB_F0 + i, REG_F0 + i, "org.gnu.gdb.riscv.fpu",
           cpu->ext.d ? "riscv_double" : "ieee_single");
    ret->bits = cpu->ext.d ? 64 : 32;
}

static bool describe_csr(const struct riscv_cpu *cpu, uint32_t i, struct bp_debug_reg *ret)
{
    unsigned number;

    if (!csr_debug_at(cpu, i, &ret->index, &number, ret->name, sizeof ret->name))
        return false;
    ret->number = GDB_CSR0 + number;
    ret->row = BP_DEBUG_NO_ROW;
    ret->feature = number <= CSR_FCSR ? "org.gnu.gdb.riscv.fpu" : "org.gnu.gdb.riscv.csr";
    ret->bits = number <= CSR_FCSR ? 32 : cpu->xlen;
    ret->group = number <= CSR_FCSR ? "float" : "csr";
    ret->type = "int";
    return true;
}

/* A program sees only what its user mode sees. */
static bool describe(const void *env, uint32_t i, struct bp_debug_reg *ret)
{
    const struct riscv_cpu *cpu = env;
    unsigned floats = cpu->ext.f ? 32 : 0;

    ret->bits = cpu->xlen;
    if (i < 32) {
        describe_x(i, ret);
    } else if (i == 32) {
        stored(ret, GDB_PC, REG_PC, "org.gnu.gdb.riscv.cpu", "code_ptr");
        ret->flags = BP_DEBUG_REG_PC;
    } else if (i < 33 + floats) {
        describe_f(cpu, i - 33, ret);
    } else if (cpu->user_mode) {
        return i < 33 + floats + (floats ? 3 : 0) && describe_csr(cpu, i - 33 - floats, ret);
    } else if (i == 33 + floats) {
        *ret = (struct bp_debug_reg){ .size = ret->size, .number = GDB_PRIV, .bits = 32,
                                      .row = BP_DEBUG_NO_ROW, .index = INDEX_PRIV, .name = "priv",
                                      .feature = "org.gnu.gdb.riscv.virtual", .type = "int",
                                      .group = "system" };
    } else {
        return describe_csr(cpu, i - 34 - floats, ret);
    }
    return true;
}

static void read_reg(void *env, const struct bp_debug_reg *reg, uint8_t *buf)
{
    struct riscv_cpu *cpu = env;
    uint64_t v = reg->index == INDEX_PRIV ? cpu->priv : csr_debug_read(cpu, reg->index);

    for (unsigned i = 0; i < reg->bits / 8; i++)
        buf[i] = (uint8_t)(v >> 8 * i);
}

static bool write_reg(void *env, const struct bp_debug_reg *reg, const uint8_t *buf)
{
    struct riscv_cpu *cpu = env;
    uint64_t v = 0;

    for (unsigned i = 0; i < reg->bits / 8; i++)
        v |= (uint64_t)buf[i] << 8 * i;
    if (reg->index != INDEX_PRIV)
        return csr_debug_write(cpu, reg->index, v);
    if (v != PRIV_M && (v != PRIV_S || !cpu->ext.s) && (v != PRIV_U || !cpu->ext.u))
        return false;
    cpu->priv = (uint8_t)v;
    return true;
}

static const char *types(const void *env, const char *feature)
{
    const struct riscv_cpu *cpu = env;

    if (strcmp(feature, "org.gnu.gdb.riscv.fpu") != 0 || !cpu->ext.d)
        return NULL;
    return "<union id=\"riscv_double\"><field name=\"float\" type=\"ieee_single\"/>"
           "<field name=\"double\" type=\"ieee_double\"/></union>";
}

/* Below M mode all pages of the current table, executable ones too. */
static uint32_t mmu(const void *env)
{
    const struct riscv_cpu *cpu = env;
    return cpu->priv == PRIV_M ? MMU_M : MMU_S_SUM | MMU_MXR;
}

#define DEBUG_TARGET(bits_)                                                                        \
    const struct bp_debug_target debug##bits_ = {                                                  \
        .size = sizeof(struct bp_debug_target), .architecture = "riscv:rv" #bits_,                 \
        .types = types, .reg = describe, .read = read_reg, .write = write_reg, .mmu = mmu,         \
    }
DEBUG_TARGET(32);
DEBUG_TARGET(64);
