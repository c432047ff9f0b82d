/* SPDX-License-Identifier: MIT */
/* registers.c: registers, and the target description that names them (GDB manual, "Target
 * Descriptions"). */
#include "gdb.h"

#include <string.h>

#define REG_BYTES_MAX 64
#define ALL_BYTES_MAX 4096

static bool reg_at(struct gdb *g, uint32_t group, uint32_t i, struct bp_debug_reg *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->size = sizeof *ret;
    return bp_debug_reg(g, group, i, ret);
}

static bool is_system(const struct bp_debug_reg *reg)
{
    return reg->group && (!strcmp(reg->group, "system") || !strcmp(reg->group, "csr"));
}

void gdb_out_reg(struct gdb *g, struct packet_out *o, uint64_t thread,
                 const struct bp_debug_reg *reg)
{
    uint8_t buf[REG_BYTES_MAX];
    if (bp_debug_reg_read(g, thread, reg, buf) == 0) {
        out_hex(o, buf, reg->bits / 8);
        return;
    }
    for (unsigned i = 0; i < reg->bits / 8; i++)
        out_text(o, "xx");
}

/* The general registers; gdb asks for those behind them one by one. */
void cmd_read_all(struct gdb *g, const char *p, size_t n)
{
    struct bp_debug_reg reg;
    uint32_t group = gdb_group(g);
    for (uint32_t i = 0; reg_at(g, group, i, &reg) && !is_system(&reg); i++) {
        if (g->out.n + reg.bits / 4 > 2 * ALL_BYTES_MAX)
            break;
        gdb_out_reg(g, &g->out, g->thread, &reg);
    }
    if (!g->out.n)
        gdb_reply_error(g, 3);
}

void cmd_write_all(struct gdb *g, const char *p, size_t n)
{
    struct bp_debug_reg reg;
    uint8_t buf[REG_BYTES_MAX];
    uint32_t group = gdb_group(g);
    for (uint32_t i = 0; reg_at(g, group, i, &reg) && !is_system(&reg) && n; i++) {
        size_t bytes = reg.bits / 8;
        if (n < 2 * bytes || from_hex(p, n, buf, bytes) != bytes) {
            gdb_reply_error(g, 22);
            return;
        }
        bp_debug_reg_write(g, g->thread, &reg, buf);
        p += 2 * bytes;
        n -= 2 * bytes;
    }
    gdb_reply_ok(g);
}

static bool take_reg(struct gdb *g, const char **p, struct bp_debug_reg *ret)
{
    uint64_t number;
    memset(ret, 0, sizeof *ret);
    ret->size = sizeof *ret;
    return take_hex(p, &number) && number <= UINT32_MAX &&
           bp_debug_reg_by_number(g, gdb_group(g), (uint32_t)number, ret);
}

void cmd_read_reg(struct gdb *g, const char *p, size_t n)
{
    struct bp_debug_reg reg;
    if (take_reg(g, &p, &reg))
        gdb_out_reg(g, &g->out, g->thread, &reg);
    else
        gdb_reply_error(g, 22);
}

void cmd_write_reg(struct gdb *g, const char *p, size_t n)
{
    struct bp_debug_reg reg;
    uint8_t buf[REG_BYTES_MAX];
    if (take_reg(g, &p, &reg) && take_word(&p, "=") &&
        from_hex(p, strlen(p), buf, reg.bits / 8) == reg.bits / 8 &&
        bp_debug_reg_write(g, g->thread, &reg, buf) == 0)
        gdb_reply_ok(g);
    else
        gdb_reply_error(g, 22);
}

bool gdb_set_pc(struct gdb *g, uint64_t thread, uint64_t pc)
{
    struct bp_debug_thread t;
    struct bp_debug_reg reg;
    uint8_t buf[REG_BYTES_MAX];
    if (!gdb_find_thread(g, thread, &t))
        return false;
    bool big = bp_debug_target(g, t.group)->flags & BP_TARGET_BIG_ENDIAN;
    for (uint32_t i = 0; reg_at(g, t.group, i, &reg); i++) {
        unsigned bytes = reg.bits / 8;
        if (!(reg.flags & BP_DEBUG_REG_PC) || bytes > 8)
            continue;
        for (unsigned b = 0; b < bytes; b++)
            buf[big ? bytes - 1 - b : b] = (uint8_t)(pc >> 8 * b);
        return bp_debug_reg_write(g, thread, &reg, buf) == 0;
    }
    return false;
}

/* ---- the target description --------------------------------------------------------------------- */

static void out_description(struct packet_out *o, const struct bp_debug_reg *reg)
{
    out_format(o, "<reg name=\"%s\" bitsize=\"%u\" regnum=\"%u\" type=\"%s\"", reg->name, reg->bits,
               reg->number, reg->type);
    if (reg->group)
        out_format(o, " group=\"%s\"", reg->group);
    if (is_system(reg))
        out_text(o, " save-restore=\"no\"");
    out_text(o, "/>");
}

/* A feature was described before register i. */
static bool described(struct gdb *g, uint32_t group, uint32_t i, const char *feature)
{
    struct bp_debug_reg reg;
    for (uint32_t j = 0; j < i && reg_at(g, group, j, &reg); j++)
        if (!strcmp(reg.feature, feature))
            return true;
    return false;
}

void gdb_features_document(struct gdb *g, struct packet_out *o)
{
    uint32_t group = gdb_group(g);
    const struct bp_target *t = bp_debug_target(g, group);
    struct bp_debug_reg reg, other;
    out_format(o, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
               "<target version=\"1.0\"><architecture>%s</architecture>", t->debug->architecture);
    if (bp_debug_is_program(g))
        out_text(o, "<osabi>GNU/Linux</osabi>");
    for (uint32_t i = 0; reg_at(g, group, i, &reg); i++) {
        if (described(g, group, i, reg.feature))
            continue;
        const char *types = bp_debug_types(g, group, reg.feature);
        out_format(o, "<feature name=\"%s\">", reg.feature);
        if (types)
            out_text(o, types);
        for (uint32_t j = i; reg_at(g, group, j, &other); j++)
            if (!strcmp(other.feature, reg.feature))
                out_description(o, &other);
        out_text(o, "</feature>");
    }
    out_text(o, "</target>");
}
