/* SPDX-License-Identifier: MIT */
/*
 * tr_vmem.c: loads and stores of vector registers. Registers and the base are written behind all
 * accesses of an instruction.
 */
#include "tr.h"

/* log2 of the bytes, from size and the upper bit of the opcode. */
static unsigned size_of(const struct ctx *c) { return bits_of(c, 30, 2) | bits_of(c, 23, 1) << 2; }

static bp_value load_v(struct ctx *c, unsigned log2, bp_value address, int32_t offset)
{
    unsigned memop = BP_MEM_SIZE(log2);

    switch (log2) {
    case 2: return zext_v(c, mem_load(c, BP_F32, memop, address, offset));
    case 3: return zext_v(c, mem_load(c, BP_F64, memop, address, offset));
    case 4: return mem_load(c, BP_V128, memop, address, offset);
    default: return zext_v(c, mem_load(c, BP_I32, memop, address, offset));
    }
}

static void store_v(struct ctx *c, unsigned log2, bp_value address, int32_t offset, bp_value v)
{
    if (log2 == 2 || log2 == 3)
        v = lowest(c, log2 == 3 ? BP_F64 : BP_F32, v);
    else if (log2 < 2)
        v = bp_emit(c->t, BP_VGET, BP_I32, BP_V(log2, 0), v, 0, 0);
    mem_store(c, BP_MEM_SIZE(log2), address, offset, v);
}

static int transfer(struct ctx *c, int32_t rt, bp_value address, int32_t offset)
{
    if (size_of(c) > 4)
        return tr_undefined(c);
    if (bits_of(c, 22, 1))
        put_v(c, rt, load_v(c, size_of(c), address, offset));
    else
        store_v(c, size_of(c), address, offset, get_v(c, rt));
    return BP_TR_NEXT;
}

TR(vldst_ui, vui)
{
    return transfer(c, a->rt, get_xsp(c, a->rn), (int32_t)((uint32_t)a->imm << size_of(c)));
}
TR(vldst_u, vi9) { return transfer(c, a->rt, get_xsp(c, a->rn), a->imm); }

TR(vldst_r, vro)
{
    bp_value index;

    if (!(a->option & 2))
        return tr_undefined(c);
    index = extend_reg(c, a->rm, (unsigned)a->option, a->scaled ? size_of(c) : 0);
    return transfer(c, a->rt, op2(c, BP_ADD, BP_I64, get_xsp(c, a->rn), index), 0);
}

static int write_back(struct ctx *c, const struct a64_args_vi9 *a, bool post)
{
    bp_value base = get_xsp(c, a->rn);
    bp_value moved = op2(c, BP_ADD, BP_I64, base, const64(c, (uint64_t)(int64_t)a->imm));
    int r = transfer(c, a->rt, base, post ? 0 : a->imm);

    if (r == BP_TR_NEXT)
        put_xsp(c, a->rn, moved);
    return r;
}

TR(vldst_post, vi9) { return write_back(c, a, true); }
TR(vldst_pre, vi9) { return write_back(c, a, false); }

TR(vldr_lit, vlit)
{
    bp_value address = const64(c, c->t->pc + (uint64_t)(int64_t)a->imm);

    put_v(c, a->rt, load_v(c, 2 + bits_of(c, 30, 2), address, 0));
    return BP_TR_NEXT;
}

/* Modes: 0 and 2 offset, 1 post, 3 pre. */
TR(vldst_pair, vpair)
{
    unsigned log2 = 2 + bits_of(c, 30, 2), mode = bits_of(c, 23, 2);
    int32_t offset = (int32_t)((uint32_t)a->imm << log2), at = mode == 1 ? 0 : offset;
    bp_value base = get_xsp(c, a->rn), x = 0, y = 0;
    bool load = bits_of(c, 22, 1);

    if (load) {
        x = load_v(c, log2, base, at);
        y = load_v(c, log2, base, at + (1 << log2));
    } else {
        store_v(c, log2, base, at, get_v(c, a->rt));
        store_v(c, log2, base, at + (1 << log2), get_v(c, a->rt2));
    }
    if (mode & 1)
        put_xsp(c, a->rn, op2(c, BP_ADD, BP_I64, base, const64(c, (uint64_t)(int64_t)offset)));
    if (load) {
        put_v(c, a->rt, x);
        put_v(c, a->rt2, y);
    }
    return BP_TR_NEXT;
}

/* ---- structures ------------------------------------------------------------------------------ */

/* Of a post-indexed form: Rm 31 stands for the bytes transferred. */
static void advance(struct ctx *c, const struct a64_args_vms *a, bp_value base, uint32_t bytes)
{
    bp_value by;

    if (!bits_of(c, 23, 1))
        return;
    by = a->rm == 31 ? const64(c, bytes) : get_x(c, a->rm);
    put_xsp(c, a->rn, op2(c, BP_ADD, BP_I64, base, by));
}

static bp_value load_lane(struct ctx *c, unsigned log2, bp_value base, int32_t offset)
{
    return mem_load(c, log2 == 3 ? BP_I64 : BP_I32, BP_MEM_SIZE(log2), base, offset);
}

static bp_value get_lane(struct ctx *c, unsigned log2, unsigned n, bp_value v)
{
    return bp_emit(c->t, BP_VGET, log2 == 3 ? BP_I64 : BP_I32, BP_V(log2, n), v, 0, 0);
}

/* Vectors of 16 bytes, whole: interleaved by zipping and unzipping once or twice. */
static void load_interleaved(struct ctx *c, unsigned n, unsigned log2, bp_value base, bp_value v[4])
{
    bp_value m[4], x[4];

    for (unsigned i = 0; i < n; i++)
        m[i] = mem_load(c, BP_V128, BP_MEM_SIZE(4), base, (int32_t)(16 * i));
    if (n == 2) {
        v[0] = vop(c, BP_VUZP1, log2, 0, m[0], m[1]);
        v[1] = vop(c, BP_VUZP2, log2, 0, m[0], m[1]);
        return;
    }
    x[0] = vop(c, BP_VUZP1, log2, 0, m[0], m[1]);
    x[1] = vop(c, BP_VUZP2, log2, 0, m[0], m[1]);
    x[2] = vop(c, BP_VUZP1, log2, 0, m[2], m[3]);
    x[3] = vop(c, BP_VUZP2, log2, 0, m[2], m[3]);
    v[0] = vop(c, BP_VUZP1, log2, 0, x[0], x[2]);
    v[1] = vop(c, BP_VUZP1, log2, 0, x[1], x[3]);
    v[2] = vop(c, BP_VUZP2, log2, 0, x[0], x[2]);
    v[3] = vop(c, BP_VUZP2, log2, 0, x[1], x[3]);
}

static void store_interleaved(struct ctx *c, unsigned n, unsigned log2, bp_value base,
                              const bp_value v[4])
{
    bp_value m[4], x[4];

    if (n == 2) {
        m[0] = vop(c, BP_VZIP1, log2, 0, v[0], v[1]);
        m[1] = vop(c, BP_VZIP2, log2, 0, v[0], v[1]);
    } else {
        x[0] = vop(c, BP_VZIP1, log2, 0, v[0], v[2]);
        x[1] = vop(c, BP_VZIP2, log2, 0, v[0], v[2]);
        x[2] = vop(c, BP_VZIP1, log2, 0, v[1], v[3]);
        x[3] = vop(c, BP_VZIP2, log2, 0, v[1], v[3]);
        m[0] = vop(c, BP_VZIP1, log2, 0, x[0], x[2]);
        m[1] = vop(c, BP_VZIP2, log2, 0, x[0], x[2]);
        m[2] = vop(c, BP_VZIP1, log2, 0, x[1], x[3]);
        m[3] = vop(c, BP_VZIP2, log2, 0, x[1], x[3]);
    }
    for (unsigned i = 0; i < n; i++)
        mem_store(c, BP_MEM_SIZE(4), base, (int32_t)(16 * i), m[i]);
}

/* A lane at a time: three registers, or half of them. */
static void load_lanes(struct ctx *c, unsigned n, unsigned log2, unsigned lanes, bp_value base,
                       bp_value v[4])
{
    for (unsigned i = 0; i < n; i++)
        v[i] = vconst(c, 0);
    for (unsigned k = 0; k < lanes; k++)
        for (unsigned i = 0; i < n; i++)
            v[i] = vop(c, BP_VSET, log2, k, v[i],
                       load_lane(c, log2, base, (int32_t)((k * n + i) << log2)));
}

static void store_lanes(struct ctx *c, unsigned n, unsigned log2, unsigned lanes, bp_value base,
                        const bp_value v[4])
{
    for (unsigned k = 0; k < lanes; k++)
        for (unsigned i = 0; i < n; i++)
            mem_store(c, BP_MEM_SIZE(log2), base, (int32_t)((k * n + i) << log2),
                     get_lane(c, log2, k, v[i]));
}

/* Registers and interleaving by opcode. */
static const struct {
    uint8_t registers, interleave;
} multiple[16] = {
    [0] = { 4, 4 }, [2] = { 4, 1 }, [4] = { 3, 3 }, [6] = { 3, 1 },
    [7] = { 1, 1 }, [8] = { 2, 2 }, [10] = { 2, 1 },
};

TR(vms, vms)
{
    unsigned opcode = bits_of(c, 12, 4), log2 = bits_of(c, 10, 2), q = bits_of(c, 30, 1);
    unsigned n = multiple[opcode].registers, together = multiple[opcode].interleave;
    unsigned bytes = q ? 16 : 8, lanes = bytes >> log2;
    bool load = bits_of(c, 22, 1);
    bp_value base = get_xsp(c, a->rn), v[4] = { 0 };

    if (together > 1 && log2 == 3 && !q)
        return tr_undefined(c);
    for (unsigned i = 0; !load && i < n; i++)
        v[i] = get_v(c, a->rt + (int32_t)i);
    for (unsigned i = 0; together == 1 && i < n; i++) {
        if (load)
            v[i] = load_v(c, q ? 4 : 3, base, (int32_t)(i * bytes));
        else
            store_v(c, q ? 4 : 3, base, (int32_t)(i * bytes), v[i]);
    }
    if (together > 1 && load && q && n != 3)
        load_interleaved(c, n, log2, base, v);
    else if (together > 1 && load)
        load_lanes(c, n, log2, lanes, base, v);
    else if (together > 1 && q && n != 3)
        store_interleaved(c, n, log2, base, v);
    else if (together > 1)
        store_lanes(c, n, log2, lanes, base, v);
    advance(c, a, base, n * bytes);
    for (unsigned i = 0; load && i < n; i++)
        put_v(c, a->rt + (int32_t)i, v[i]);
    return BP_TR_NEXT;
}

/* Width and lane of a single structure: opcode<2:1>, Q, S, size; false: reserved. */
static bool single_lane(const struct ctx *c, unsigned *ret_log2, unsigned *ret_lane)
{
    unsigned scale = bits_of(c, 14, 2), size = bits_of(c, 10, 2);
    unsigned index = bits_of(c, 30, 1) << 3 | bits_of(c, 12, 1) << 2 | size;

    if (scale == 1 && size & 1)
        return false;
    if (scale == 2 && (size & 2 || (size & 1 && bits_of(c, 12, 1))))
        return false;
    *ret_log2 = scale == 2 && size & 1 ? 3 : scale;
    *ret_lane = index >> *ret_log2;
    return true;
}

TR(vss, vms)
{
    unsigned n = (bits_of(c, 13, 1) << 1 | bits_of(c, 21, 1)) + 1, log2, lane = 0;
    bool load = bits_of(c, 22, 1), all = bits_of(c, 14, 2) == 3, q = bits_of(c, 30, 1);
    bp_value base = get_xsp(c, a->rn), v[4];

    if (all)
        log2 = bits_of(c, 10, 2);
    else if (!single_lane(c, &log2, &lane))
        return tr_undefined(c);
    if (all && bits_of(c, 12, 1))
        return tr_undefined(c);
    for (unsigned i = 0; i < n; i++) {
        bp_value old = get_v(c, a->rt + (int32_t)i);
        int32_t offset = (int32_t)(i << log2);
        if (!load) {
            mem_store(c, BP_MEM_SIZE(log2), base, offset, get_lane(c, log2, lane, old));
            continue;
        }
        v[i] = load_lane(c, log2, base, offset);
        if (all) {
            v[i] = bp_emit(c->t, BP_VDUP, BP_V128, BP_V(log2, 0), v[i], 0, 0);
            v[i] = q ? v[i] : zext_v(c, lowest(c, BP_F64, v[i]));
        } else {
            v[i] = vop(c, BP_VSET, log2, lane, old, v[i]);
        }
    }
    advance(c, a, base, n << log2);
    for (unsigned i = 0; load && i < n; i++)
        put_v(c, a->rt + (int32_t)i, v[i]);
    return BP_TR_NEXT;
}
