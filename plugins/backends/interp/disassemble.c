/* SPDX-License-Identifier: MIT */
/*
 * disassemble.c: bytecode to text, for -d out_asm.
 */
#include "code.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint16_t size;
} insns[INSN_COUNT] = {
#define INTERP_INSN_(name, type) [I_##name] = { #name, sizeof(struct type) },
    INTERP_INSNS
#undef INTERP_INSN_
};

static bool is_exit(unsigned op)
{
    return op == I_exit || op == I_exit_loop || op == I_exit_lookup;
}
static bool is_memory(unsigned op) { return op >= I_load_u_8 && op <= I_cas; }
static bool is_jump(unsigned op)
{
    return op == I_jump || (op >= I_jump_eq_8 && op <= I_jump_gtu_64) ||
           (op >= I_jump_eq_k_8 && op <= I_jump_gtu_k_64);
}

unsigned interp_disassemble(const uint8_t *code, size_t n, uint64_t address, char *buf, size_t size)
{
    struct insn i;
    if (n < sizeof i)
        return 0;
    memcpy(&i, code, sizeof i);
    if (i.op >= INSN_COUNT || insns[i.op].size > n)
        return 0;
    const char *name = insns[i.op].name;
    if (is_exit(i.op)) {
        struct exit_insn e;
        memcpy(&e, code, sizeof e);
        snprintf(buf, size, "%s 0x%" PRIx64 " -> 0x%" PRIx64, name, e.cookie, e.to);
    } else if (is_memory(i.op)) {
        struct memory_insn m;
        memcpy(&m, code, sizeof m);
        snprintf(buf, size, "%s %u, [%u %+" PRId32 "], %u, memop 0x%x", name, i.d, i.a,
                 m.displacement, i.b, m.memop);
    } else if (is_jump(i.op)) {
        struct wide_insn w;
        memcpy(&w, code, sizeof w);
        uint64_t to = address + (uint64_t)(int64_t)w.x, imm;
        if (insns[i.op].size == sizeof(struct wide_imm_insn)) {
            memcpy(&imm, code + offsetof(struct wide_imm_insn, imm), sizeof imm);
            snprintf(buf, size, "%s %u, 0x%" PRIx64 " -> 0x%" PRIx64, name, i.a, imm, to);
        } else {
            snprintf(buf, size, "%s %u, %u -> 0x%" PRIx64, name, i.a, i.b, to);
        }
    } else if (insns[i.op].size == sizeof(struct imm_insn)) { /* or wide: the same 8 bytes */
        uint64_t imm;
        memcpy(&imm, code + sizeof i, sizeof imm);
        snprintf(buf, size, "%s %u, %u, %u, 0x%" PRIx64, name, i.d, i.a, i.b, imm);
    } else {
        snprintf(buf, size, "%s %u, %u, %u", name, i.d, i.a, i.b);
    }
    return insns[i.op].size;
}
