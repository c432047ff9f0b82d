/* SPDX-License-Identifier: MIT */
/*
 * tr_mem.c: loads and stores of general registers, exclusives, atomics. An instruction that writes
 * two registers, or its base back, does so behind all its accesses, so that a fault leaves it
 * undone.
 *
 * Size and opcode of most rows are read from the instruction word: bits 31..30 the size, 23..22 the
 * opcode (0 store, 1 load, 2 load and sign-extend to 64 bits, 3 to 32 bits).
 */
#include "tr.h"

static unsigned memop_size(const struct ctx *c) { return bits_of(c, 30, 2); }

/* One access by the size and opcode of the word; loads leave the register's new value in *ret. */
static bool access_value(struct ctx *c, int32_t rt, bp_value address, int32_t offset,
                         unsigned order, bp_value *ret)
{
    unsigned memop = BP_MEM_SIZE(memop_size(c)) | order, opc = bits_of(c, 22, 2);

    if (opc == 0) {
        mem_store(c, memop, address, offset, get_x(c, rt));
        return false;
    }
    if (opc >= 2)
        memop |= BP_MEM_SIGNED;
    if (opc == 3)
        *ret = bp_op1(c->t, BP_ZEXT, BP_I64, mem_load(c, BP_I32, memop, address, offset));
    else
        *ret = mem_load(c, BP_I64, memop, address, offset);
    return true;
}

static int plain(struct ctx *c, int32_t rt, bp_value address, int32_t offset)
{
    bp_value v;

    if (access_value(c, rt, address, offset, 0, &v))
        put_x(c, rt, v);
    return BP_TR_NEXT;
}

TR(ldst_ui, ui)
{
    return plain(c, a->rt, get_xsp(c, a->rn), a->imm << memop_size(c));
}
TR(ldst_u, i9) { return plain(c, a->rt, get_xsp(c, a->rn), a->imm); }
TR(ldst_t, i9)
{
    mem_unprivileged(c);
    return plain(c, a->rt, get_xsp(c, a->rn), a->imm);
}

TR(ldst_r, ro)
{
    bp_value index;

    if (!(a->option & 2))
        return tr_undefined(c);
    index = extend_reg(c, a->rm, (unsigned)a->option, a->scaled ? memop_size(c) : 0);
    return plain(c, a->rt, op2(c, BP_ADD, BP_I64, get_xsp(c, a->rn), index), 0);
}

static int write_back(struct ctx *c, const struct a64_args_i9 *a, bool post)
{
    bp_value base = get_xsp(c, a->rn), v;
    bp_value moved = op2(c, BP_ADD, BP_I64, base, const64(c, (uint64_t)(int64_t)a->imm));
    bool load = access_value(c, a->rt, base, post ? 0 : a->imm, 0, &v);

    if (load)
        put_x(c, a->rt, v);
    put_xsp(c, a->rn, moved); /* the same register is unpredictable: the address wins */
    return BP_TR_NEXT;
}

TR(ldst_post, i9) { return write_back(c, a, true); }
TR(ldst_pre, i9) { return write_back(c, a, false); }

/* Prefetches touch nothing. */
TR(prfm_ui, ui) { return (void)a, BP_TR_NEXT; }
TR(prfm_u, i9) { return (void)a, BP_TR_NEXT; }
TR(prfm_r, ro) { return a->option & 2 ? BP_TR_NEXT : tr_undefined(c); }
TR(prfm_lit, prf_lit) { return (void)a, BP_TR_NEXT; }

static int literal(struct ctx *c, unsigned memop, const struct a64_args_lit *a)
{
    bp_value address = const64(c, c->t->pc + (uint64_t)(int64_t)a->imm);

    put_x(c, a->rt, mem_load(c, BP_I64, memop, address, 0));
    return BP_TR_NEXT;
}

TR(ldr_w_lit, lit) { return literal(c, BP_MEM_SIZE(2), a); }
TR(ldr_x_lit, lit) { return literal(c, BP_MEM_SIZE(3), a); }
TR(ldrsw_lit, lit) { return literal(c, BP_MEM_SIZE(2) | BP_MEM_SIGNED, a); }

/* opc 0: words, 1: words sign-extended, 2: doublewords. Modes: 0 and 2 offset, 1 post, 3 pre. */
TR(ldst_pair, pair)
{
    unsigned opc = bits_of(c, 30, 2), mode = bits_of(c, 23, 2), log2 = opc == 2 ? 3 : 2;
    unsigned memop = BP_MEM_SIZE(log2) | (opc == 1 ? BP_MEM_SIGNED : 0);
    int32_t offset = a->imm * (1 << log2), at = mode == 1 ? 0 : offset;
    bp_value base = get_xsp(c, a->rn), x = 0, y = 0;
    bool load = bits_of(c, 22, 1);

    if (load) {
        x = mem_load(c, BP_I64, memop, base, at);
        y = mem_load(c, BP_I64, memop, base, at + (1 << log2));
    } else {
        mem_store(c, memop, base, at, get_x(c, a->rt));
        mem_store(c, memop, base, at + (1 << log2), get_x(c, a->rt2));
    }
    if (load) { /* the same register twice is unpredictable: the first one wins */
        put_x(c, a->rt2, y);
        put_x(c, a->rt, x);
    }
    if (mode & 1)
        put_xsp(c, a->rn, op2(c, BP_ADD, BP_I64, base, const64(c, (uint64_t)(int64_t)offset)));
    return BP_TR_NEXT;
}

/* ---- ordered accesses ------------------------------------------------------------------------ */

/* Store-release and load-acquire are ordered among themselves, too: the store is the one that
 * waits. LORegions are all of memory. */
TR(stlr_b, ex)
{
    unsigned memop = BP_MEM_SIZE(memop_size(c)) | BP_MEM_ALIGNED;

    mem_store(c, memop | BP_MEM_ACQUIRE | BP_MEM_RELEASE, get_xsp(c, a->rn), 0,
             get_x(c, a->rt));
    return BP_TR_NEXT;
}

static int load_acquire(struct ctx *c, int32_t rt, int32_t rn)
{
    unsigned memop = BP_MEM_SIZE(memop_size(c)) | BP_MEM_ALIGNED | BP_MEM_ACQUIRE;

    put_x(c, rt, mem_load(c, BP_I64, memop, get_xsp(c, rn), 0));
    return BP_TR_NEXT;
}

TR(ldar_b, ex) { return load_acquire(c, a->rt, a->rn); }
TR(ldapr_b, base) { return load_acquire(c, a->rt, a->rn); }

/* LDAPUR and STLUR. Without FEAT_LSE2 they must be aligned, too. */
TR(stlurb, i9)
{
    bool store = bits_of(c, 22, 2) == 0;
    unsigned order = BP_MEM_ALIGNED | BP_MEM_ACQUIRE | (store ? BP_MEM_RELEASE : 0);
    bp_value v;

    if (access_value(c, a->rt, get_xsp(c, a->rn), a->imm, order, &v))
        put_x(c, a->rt, v);
    return BP_TR_NEXT;
}

/* ---- exclusives ------------------------------------------------------------------------------ */

static unsigned order_of(const struct ctx *c)
{
    bool ordered = bits_of(c, 15, 1), load = bits_of(c, 22, 1);

    return !ordered ? 0 : load ? BP_MEM_ACQUIRE : BP_MEM_RELEASE;
}

TR(ldxr_b, ex)
{
    unsigned memop = BP_MEM_SIZE(memop_size(c)) | BP_MEM_ALIGNED | order_of(c);
    bp_value address = get_xsp(c, a->rn), v = mem_load(c, BP_I64, memop, address, 0);

    bp_put(c->t, REG_EXCL_ADDR, address);
    bp_put(c->t, REG_EXCL_LOW, v);
    put_x(c, a->rt, v);
    return BP_TR_NEXT;
}

/* Where the address is another than the monitor's, what is stored is what is compared with: nothing
 * changes, and the instruction fails. A monitor's address is aligned; others are not checked. */
TR(stxr_b, ex)
{
    unsigned memop = BP_MEM_SIZE(memop_size(c)) | order_of(c);
    bp_value address = get_xsp(c, a->rn);
    bp_value expected = bp_get(c->t, BP_I64, REG_EXCL_LOW);
    bp_value mine = bp_cmp(c->t, BP_I64, BP_EQ, address, bp_get(c->t, BP_I64, REG_EXCL_ADDR));
    bp_value desired = bp_select(c->t, BP_I64, mine, get_x(c, a->rt), expected);
    bp_value old = mem_cas(c, memop, address, expected, desired);
    bp_value same = bp_cmp(c->t, BP_I64, BP_EQ, old, expected);
    bp_value done = op2(c, BP_AND, BP_I64, mine, same);

    bp_put(c->t, REG_EXCL_ADDR, const64(c, A64_NO_MONITOR));
    put_x(c, a->rs, op2(c, BP_XOR, BP_I64, done, const64(c, 1)));
    return BP_TR_NEXT;
}

TR(clrex, crm)
{
    (void)a;
    bp_put(c->t, REG_EXCL_ADDR, const64(c, A64_NO_MONITOR));
    return BP_TR_NEXT;
}

/* A pair of words is one doubleword. */
static bp_value join_words(struct ctx *c, bp_value low, bp_value high)
{
    return bp_emit(c->t, BP_INSERT, BP_I64, 32 | 32 << 8, low, high, 0);
}

static void put_words(struct ctx *c, int32_t low, int32_t high, bp_value v)
{
    put_x(c, low, bp_extract(c->t, BP_I64, v, 0, 32, false));
    put_x(c, high, op2(c, BP_SHR, BP_I64, v, const64(c, 32)));
}

/* Sixteen bytes, by the runtime; what was there is returned. */
static bp_value join(struct ctx *c, bp_value low, bp_value high)
{
    return vop(c, BP_VSET, 3, 1, zext_v(c, low), high);
}
static bp_value half(struct ctx *c, bp_value v, unsigned n)
{
    return bp_emit(c->t, BP_VGET, BP_I64, BP_V(3, n), v, 0, 0);
}
static bp_value cas16(struct ctx *c, bp_value address, bp_value expected, bp_value desired)
{
    bp_value args[3] = { mem_address(c, address), expected, desired };

    return bp_call(c->t, &helper_cas16, 3, args);
}

static int store_exclusive_16(struct ctx *c, int32_t rs, bp_value address, bp_value low,
                              bp_value high)
{
    bp_value old_low = bp_get(c->t, BP_I64, REG_EXCL_LOW);
    bp_value old_high = bp_get(c->t, BP_I64, REG_EXCL_HIGH);
    bp_value mine = bp_cmp(c->t, BP_I64, BP_EQ, address, bp_get(c->t, BP_I64, REG_EXCL_ADDR));
    bp_value desired = join(c, bp_select(c->t, BP_I64, mine, low, old_low),
                            bp_select(c->t, BP_I64, mine, high, old_high));
    /* Only the monitor's address is known to be aligned; others fail without being checked. */
    bp_value at = op2(c, BP_AND, BP_I64, address, const64(c, ~UINT64_C(15)));
    bp_value got = cas16(c, at, join(c, old_low, old_high), desired), same;

    same = op2(c, BP_AND, BP_I64, bp_cmp(c->t, BP_I64, BP_EQ, half(c, got, 0), old_low),
               bp_cmp(c->t, BP_I64, BP_EQ, half(c, got, 1), old_high));
    bp_put(c->t, REG_EXCL_ADDR, const64(c, A64_NO_MONITOR));
    put_x(c, rs, op2(c, BP_XOR, BP_I64, op2(c, BP_AND, BP_I64, mine, same), const64(c, 1)));
    return BP_TR_NEXT;
}

TR(ldxp_w, ex)
{
    unsigned memop = BP_MEM_SIZE(3) | BP_MEM_ALIGNED | order_of(c);
    bp_value address = get_xsp(c, a->rn), low;

    bp_value zero = vconst(c, 0), both, high;

    if (!bits_of(c, 30, 1)) {
        low = mem_load(c, BP_I64, memop, address, 0);
        bp_put(c->t, REG_EXCL_ADDR, address);
        bp_put(c->t, REG_EXCL_LOW, low);
        put_words(c, a->rt, a->rt2, low);
        return BP_TR_NEXT;
    }
    both = cas16(c, address, zero, zero); /* reads in one piece, whatever is there */
    low = half(c, both, 0);
    high = half(c, both, 1);
    bp_put(c->t, REG_EXCL_ADDR, address);
    bp_put(c->t, REG_EXCL_LOW, low);
    bp_put(c->t, REG_EXCL_HIGH, high);
    put_x(c, a->rt, low);
    put_x(c, a->rt2, high);
    return BP_TR_NEXT;
}

TR(stxp_w, ex)
{
    unsigned memop = BP_MEM_SIZE(3) | order_of(c);
    bp_value address = get_xsp(c, a->rn), low = get_x(c, a->rt), high = get_x(c, a->rt2);
    bp_value mine, expected, desired, old, same;

    if (bits_of(c, 30, 1))
        return store_exclusive_16(c, a->rs, address, low, high);
    mine = bp_cmp(c->t, BP_I64, BP_EQ, address, bp_get(c->t, BP_I64, REG_EXCL_ADDR));
    expected = bp_get(c->t, BP_I64, REG_EXCL_LOW);
    desired = bp_select(c->t, BP_I64, mine, join_words(c, low, high), expected);
    old = mem_cas(c, memop, address, expected, desired);
    same = op2(c, BP_AND, BP_I64, mine, bp_cmp(c->t, BP_I64, BP_EQ, old, expected));
    bp_put(c->t, REG_EXCL_ADDR, const64(c, A64_NO_MONITOR));
    put_x(c, a->rs, op2(c, BP_XOR, BP_I64, same, const64(c, 1)));
    return BP_TR_NEXT;
}

/* ---- FEAT_LSE -------------------------------------------------------------------------------- */

TR(cas_b, cas)
{
    unsigned log2 = memop_size(c);
    unsigned order = (bits_of(c, 22, 1) ? BP_MEM_ACQUIRE : 0u) |
                     (bits_of(c, 15, 1) ? BP_MEM_RELEASE : 0u);
    bp_value expected = get_x(c, a->rs);

    if (log2 < 3)
        expected = bp_extract(c->t, BP_I64, expected, 0, 8u << log2, false);
    put_x(c, a->rs, mem_cas(c, BP_MEM_SIZE(log2) | BP_MEM_ALIGNED | order,
                            get_xsp(c, a->rn), expected, get_x(c, a->rt)));
    return BP_TR_NEXT;
}

TR(casp_w, cas)
{
    bp_value address = get_xsp(c, a->rn), old, expected, desired;
    int32_t s = a->rs, t = a->rt;

    if (s & 1 || t & 1)
        return tr_undefined(c);
    if (bits_of(c, 30, 1)) {
        old = cas16(c, address, join(c, get_x(c, s), get_x(c, s + 1)),
                    join(c, get_x(c, t), get_x(c, t + 1)));
        put_x(c, s, half(c, old, 0));
        put_x(c, s + 1, half(c, old, 1));
        return BP_TR_NEXT;
    }
    expected = join_words(c, get_x(c, s), get_x(c, s + 1));
    desired = join_words(c, get_x(c, t), get_x(c, t + 1));
    old = mem_cas(c,
                  BP_MEM_SIZE(3) | BP_MEM_ALIGNED | BP_MEM_ACQUIRE | BP_MEM_RELEASE, address,
                  expected, desired);
    put_words(c, s, s + 1, old);
    return BP_TR_NEXT;
}

/* Opcode in bits 14..12, 15 set: swap. */
TR(ldadd_b, at)
{
    static const uint8_t kinds[8] = {
        BP_RMW_ADD, BP_RMW_AND, BP_RMW_XOR, BP_RMW_OR,
        BP_RMW_MAX, BP_RMW_MIN, BP_RMW_MAXU, BP_RMW_MINU,
    };
    unsigned log2 = memop_size(c), opc = bits_of(c, 12, 3);
    unsigned order = (a->ar & 2 ? BP_MEM_ACQUIRE : 0u) | (a->ar & 1 ? BP_MEM_RELEASE : 0u);
    enum bp_rmw kind = bits_of(c, 15, 1) ? BP_RMW_XCHG : kinds[opc];
    bp_value v = get_x(c, a->rs);

    if (kind == BP_RMW_AND)
        v = bp_op1(c->t, BP_NOT, BP_I64, v);
    put_x(c, a->rt, bp_rmw(c->t, BP_I64, BP_MEM_SIZE(log2) | BP_MEM_ALIGNED | order | c->mem, kind,
                           mem_address(c, get_xsp(c, a->rn)), v));
    return BP_TR_NEXT;
}

/* ---- barriers -------------------------------------------------------------------------------- */

/* CRm 1 of each domain: loads before loads and stores; 2: stores before stores; 3: all. */
TR(dmb, crm)
{
    static const uint8_t kinds[4] = {
        BP_FENCE_ALL, BP_FENCE_RR | BP_FENCE_RW, BP_FENCE_WW, BP_FENCE_ALL,
    };

    bp_fence(c->t, kinds[a->crm & 3]);
    return BP_TR_NEXT;
}

TR(dsb, crm)
{
    (void)a;
    bp_fence(c->t, BP_FENCE_ALL);
    if (!c->cpu->user_mode)
        bp_call(c->t, &helper_tlb_sync, 0, NULL);
    return BP_TR_NEXT;
}

TR(isb, crm)
{
    (void)a;
    c->leave = true;
    return BP_TR_NEXT;
}

TR(sb, none) { return (void)a, (void)c, BP_TR_NEXT; }
