/* SPDX-License-Identifier: MIT */
/*
 * pauth.c: pointer authentication, FEAT_PAuth: codes in the unused upper bits of pointers, keyed; a pointer whose
 * code is wrong becomes one that faults. The Arm Architecture Reference Manual, AddPAC, Auth and Strip. The
 * code is QARMA5's, or with `pauth-impdef` one of our own, which costs a few multiplications. (It
 * keeps guests honest, not secrets: it is no cryptographic function.)
 */
#include "pauth.h"

/* ---- which bits ------------------------------------------------------------------------------ */

/* A program's: 48 bits, and the top byte is its own, as Linux sets TCR_EL1. */
#define USER_BOTTOM 48u

struct place {
    unsigned bottom;  /* lowest bit of the code */
    bool tbi;         /* bits 63 to 56 are not part of it */
    bool upper;       /* what bit 55 and the address's sign are */
};

#define TCR_T1SZ_SHIFT 16
#define TCR_TBI0_SHIFT 37
#define TCR_TBID0_SHIFT 51
#define TCR_TBI_SHIFT 20 /* of regimes with one range */
#define TCR_TBID_SHIFT 29

/* Of a pointer; `select` is the bit that says in which range it is where the top byte counts. */
static struct place place_of(const struct a64_cpu *cpu, bool data, uint64_t pointer,
                             unsigned select)
{
    unsigned el = cpu_control_el(cpu), range, size;
    uint64_t tcr = cpu->sys.tcr_el[el];
    struct place p;
    bool ranges = el == 1 || (el == 2 && cpu_e2h(cpu));

    if (cpu->user_mode)
        return (struct place){ USER_BOTTOM, !(pointer >> 55 & 1), pointer >> 55 & 1 };
    if (ranges && tcr >> TCR_TBI0_SHIFT & (data ? 3 : ~(tcr >> TCR_TBID0_SHIFT) & 3))
        select = 55;
    p.upper = pointer >> select & 1;
    range = ranges && p.upper;
    size = tcr >> (range ? TCR_T1SZ_SHIFT : 0) & 63;
    size = size > 48 ? 48 : size < 12 ? 12 : size;
    p.bottom = 64 - size;
    p.tbi = tcr >> (ranges ? TCR_TBI0_SHIFT + range : TCR_TBI_SHIFT) & 1 &&
            (data || !(tcr >> (ranges ? TCR_TBID0_SHIFT + range : TCR_TBID_SHIFT) & 1));
    return p;
}

static uint64_t ones(unsigned high, unsigned low)
{
    return UINT64_MAX >> (63 - high) & UINT64_MAX << low;
}

/* The code's bits: without 55, and without the top byte where that is the guest's. */
static uint64_t code_bits(struct place p)
{
    return ones(54, p.bottom) | (p.tbi ? 0 : ones(63, 56));
}

static uint64_t extended(struct place p, uint64_t pointer)
{
    uint64_t mask = ones(p.tbi ? 55 : 63, p.bottom);

    return p.upper ? pointer | mask : pointer & ~mask;
}

/* ---- codes ----------------------------------------------------------------------------------- */

/* Multiplications that carry every bit of the operands upward, folded down again. */
static uint64_t quick(uint64_t data, uint64_t modifier, const uint64_t key[2])
{
    uint64_t x = (data ^ key[0]) * UINT64_C(0x9fb21c651e98df25);

    x = (x ^ x >> 35 ^ modifier) + key[1];
    x = (x ^ x >> 28) * UINT64_C(0xc2b2ae3d27d4eb4f);
    x = (x ^ x >> 31 ^ key[0]) * UINT64_C(0x165667b19e3779f9);
    return x ^ x >> 32;
}

uint64_t pauth_mac(const struct a64_cpu *cpu, enum pauth_key key, uint64_t data, uint64_t modifier)
{
    const uint64_t *k = cpu->sys.ap_key[key]; /* low half first */

    return cpu->pauth_impdef ? quick(data, modifier, k) : qarma(data, modifier, k[1], k[0]);
}

void pauth_new_keys(struct a64_cpu *cpu, unsigned keys)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (keys >> i & 1)
            bp_random(cpu, cpu->sys.ap_key[i], sizeof cpu->sys.ap_key[i]);
}

/* ---- whether --------------------------------------------------------------------------------- */

/* HCR_EL2 and SCR_EL3 keep lower levels from it. */
static void trap(struct a64_cpu *cpu)
{
    if (cpu->el < 2 && cpu_el2_enabled(cpu) && !(cpu->el == 0 && cpu_host_el0(cpu)) &&
        !(cpu->sys.hcr_el2 & HCR_API))
        exc_raise(cpu, 2, EC_PAUTH, 0, 0);
    if (cpu->el < 3 && cpu->el3 && !(cpu->sys.scr_el3 & SCR_API))
        exc_raise(cpu, 3, EC_PAUTH, 0, 0);
}

/* SCTLR_ELx.EnIA, EnIB, EnDA, EnDB. */
static bool enabled(struct a64_cpu *cpu, enum pauth_key key)
{
    static const uint8_t bits[] = { 31, 30, 27, 13 };

    if (cpu->user_mode)
        return true;
    if (!(cpu->sys.sctlr_el[cpu_control_el(cpu)] >> bits[key] & 1))
        return false;
    trap(cpu);
    return true;
}

/* ---- instructions ---------------------------------------------------------------------------- */

static uint64_t pac(void *env, uint64_t pointer, uint64_t modifier, uint32_t key)
{
    struct a64_cpu *cpu = env;
    uint64_t bits, mask, code;
    struct place p;

    if (!enabled(cpu, key))
        return pointer;
    p = place_of(cpu, KEY_IS_DATA(key), pointer, 63);
    bits = code_bits(p);
    code = pauth_mac(cpu, key, extended(p, pointer), modifier);
    mask = ones(p.tbi ? 55 : 63, p.bottom);
    if ((pointer & mask) && (pointer & mask) != mask) /* no address: one that stays none */
        code ^= UINT64_C(1) << (p.tbi ? 54 : 62);
    return (extended(p, pointer) & ~bits) | (code & bits);
}
const struct bp_helper helper_pac = {
    "pac", (void (*)(void))pac, BP_I64, 3, { BP_I64, BP_I64, BP_I32 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

static uint64_t aut(void *env, uint64_t pointer, uint64_t modifier, uint32_t key)
{
    struct a64_cpu *cpu = env;
    uint64_t bits, original;
    struct place p;

    if (!enabled(cpu, key))
        return pointer;
    p = place_of(cpu, KEY_IS_DATA(key), pointer, 55);
    bits = code_bits(p);
    original = extended(p, pointer);
    if (!((pauth_mac(cpu, key, original, modifier) ^ pointer) & bits))
        return original;
    /* 01 or 10, by the key, where the address's sign is. */
    return (original & ~(UINT64_C(3) << (p.tbi ? 53 : 61))) |
           (UINT64_C(1) + (key & 1)) << (p.tbi ? 53 : 61);
}
const struct bp_helper helper_aut = {
    "aut", (void (*)(void))aut, BP_I64, 3, { BP_I64, BP_I64, BP_I32 },
    BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

static uint64_t pacga(void *env, uint64_t data, uint64_t modifier)
{
    struct a64_cpu *cpu = env;

    if (!cpu->user_mode)
        trap(cpu);
    return pauth_mac(cpu, KEY_GA, data, modifier) & ~(uint64_t)UINT32_MAX;
}
const struct bp_helper helper_pacga = {
    "pacga", (void (*)(void))pacga, BP_I64, 2, { BP_I64, BP_I64 }, BP_CALL_ENV | BP_CALL_MAY_RAISE,
};

static uint64_t xpac(void *env, uint64_t pointer, uint32_t data)
{
    return extended(place_of(env, data, pointer, 55), pointer);
}
const struct bp_helper helper_xpac = {
    "xpac", (void (*)(void))xpac, BP_I64, 2, { BP_I64, BP_I32 }, BP_CALL_ENV,
};
