/* SPDX-License-Identifier: MIT */
/*
 * debug.c: what debuggers call the registers: gdb's features for AArch64 (GDB manual, "AArch64
 * Features").
 */
#include "sysreg.h"

#include <backplane/debug.h>

#include <stdio.h>
#include <string.h>

/* gdb's numbers. */
enum { GDB_SP = 31, GDB_PC = 32, GDB_CPSR = 33, GDB_V0 = 34, GDB_FPSR = 66, GDB_FPCR = 67,
       GDB_TPIDR = 68, GDB_COUNT = 69 };

/* Behind them the system registers of a machine, in the order of their tables. */
static bool describe_system(const struct a64_cpu *cpu, uint32_t i, struct bp_debug_reg *ret)
{
    const struct sysreg *r = cpu->user_mode ? NULL : sysreg_at(cpu, i - GDB_COUNT);

    if (!r)
        return false;
    ret->number = ret->index = i;
    ret->bits = 64;
    ret->row = BP_DEBUG_NO_ROW;
    ret->feature = "org.backplane.aarch64.system";
    ret->type = "int";
    ret->group = "system";
    ret->flags = BP_DEBUG_REG_READ_ONLY;
    snprintf(ret->name, sizeof ret->name, "%s", r->name);
    return true;
}

static bool describe(const void *env, uint32_t i, struct bp_debug_reg *ret)
{
    if (i >= GDB_COUNT)
        return describe_system(env, i, ret);
    ret->number = i;
    ret->index = i;
    ret->bits = 64;
    ret->row = BP_DEBUG_NO_ROW;
    ret->feature = i <= GDB_CPSR ? "org.gnu.gdb.aarch64.core"
                 : i <= GDB_FPCR ? "org.gnu.gdb.aarch64.fpu" : "org.gnu.gdb.aarch64.tls";
    ret->type = "int";
    if (i < GDB_SP) {
        ret->row = REG_X0 + i;
        snprintf(ret->name, sizeof ret->name, "x%u", i);
    } else if (i == GDB_SP) {
        ret->row = REG_SP;
        ret->type = "data_ptr";
        ret->flags = BP_DEBUG_REG_SP;
    } else if (i == GDB_PC) {
        ret->row = REG_PC;
        ret->type = "code_ptr";
        ret->flags = BP_DEBUG_REG_PC;
    } else if (i >= GDB_V0 && i < GDB_FPSR) {
        ret->bits = 128;
        ret->type = "aarch64v";
        snprintf(ret->name, sizeof ret->name, "v%u", i - GDB_V0);
    } else if (i == GDB_TPIDR) {
        ret->row = REG_TPIDR_EL0;
        ret->type = "data_ptr";
        strcpy(ret->name, "tpidr");
    } else {
        ret->bits = 32;
        ret->group = i == GDB_CPSR ? "general" : "float";
        strcpy(ret->name, i == GDB_CPSR ? "cpsr" : i == GDB_FPSR ? "fpsr" : "fpcr");
    }
    return true;
}

/* The exception level and the stack pointer's choice stay. */
static void set_pstate(struct a64_cpu *cpu, uint32_t v)
{
    uint32_t kept = (uint32_t)cpu->el << 2 | cpu->spsel;

    exc_set_pstate(cpu, (v & ~31u) | kept);
    if (cpu->user_mode)
        cpu->daif = cpu->pan = cpu->uao = cpu->ss = cpu->illegal = 0;
}

static void put(uint8_t *buf, unsigned bytes, uint64_t v)
{
    for (unsigned i = 0; i < bytes; i++)
        buf[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t take(const uint8_t *buf, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes; i++)
        v |= (uint64_t)buf[i] << 8 * i;
    return v;
}

static void read_reg(void *env, const struct bp_debug_reg *reg, uint8_t *buf)
{
    struct a64_cpu *cpu = env;

    if (reg->index >= GDB_COUNT) {
        put(buf, 8, sysreg_debug_read(cpu, sysreg_at(cpu, reg->index - GDB_COUNT)));
        return;
    }
    switch (reg->index) {
    case GDB_CPSR: put(buf, 4, exc_pstate(cpu)); break;
    case GDB_FPSR: put(buf, 4, fp_get_fpsr(cpu)); break;
    case GDB_FPCR: put(buf, 4, cpu->fpcr); break;
    default:
        put(buf, 8, cpu->v[reg->index - GDB_V0][0]);
        put(buf + 8, 8, cpu->v[reg->index - GDB_V0][1]);
    }
}

static bool write_reg(void *env, const struct bp_debug_reg *reg, const uint8_t *buf)
{
    struct a64_cpu *cpu = env;

    if (reg->index >= GDB_COUNT)
        return false;
    switch (reg->index) {
    case GDB_CPSR: set_pstate(cpu, (uint32_t)take(buf, 4)); break;
    case GDB_FPSR: fp_set_fpsr(cpu, (uint32_t)take(buf, 4) & FPSR_MASK); break;
    case GDB_FPCR: fp_set_fpcr(cpu, (uint32_t)take(buf, 4)); break;
    default:
        cpu->v[reg->index - GDB_V0][0] = take(buf, 8);
        cpu->v[reg->index - GDB_V0][1] = take(buf + 8, 8);
    }
    return true;
}

static const char *types(const void *env, const char *feature)
{
    if (strcmp(feature, "org.gnu.gdb.aarch64.fpu") != 0)
        return NULL;
    return "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
           "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
           "<vector id=\"v2u\" type=\"uint64\" count=\"2\"/>"
           "<vector id=\"v4u\" type=\"uint32\" count=\"4\"/>"
           "<vector id=\"v8u\" type=\"uint16\" count=\"8\"/>"
           "<vector id=\"v16u\" type=\"uint8\" count=\"16\"/>"
           "<union id=\"aarch64v\"><field name=\"d\" type=\"v2d\"/><field name=\"s\" type=\"v4f\"/>"
           "<field name=\"ud\" type=\"v2u\"/><field name=\"us\" type=\"v4u\"/>"
           "<field name=\"uh\" type=\"v8u\"/><field name=\"ub\" type=\"v16u\"/>"
           "<field name=\"uq\" type=\"uint128\"/></union>";
}

/* The current regime with the rights of its kernel. */
static uint32_t mmu(const void *env)
{
    const struct a64_cpu *cpu = env;

    switch (mmu_index(cpu)) {
    case MMU_EL0: case MMU_EL1: case MMU_EL1_PAN: return MMU_EL1;
    case MMU_E20_EL0: case MMU_E20_EL2: case MMU_E20_EL2_PAN: return MMU_E20_EL2;
    case MMU_EL2: return MMU_EL2;
    default: return MMU_EL3;
    }
}

const struct bp_debug_target debug_target = {
    .size = sizeof(struct bp_debug_target), .architecture = "aarch64", .types = types,
    .reg = describe, .read = read_reg, .write = write_reg, .mmu = mmu,
};
