/* SPDX-License-Identifier: MIT */
/* tr_crypto.c: dot products and matrices of bytes; AES, SHA, SM3, SM4; FEAT_SHA3. */
#include "crypto.h"
#include "simd.h"

static int dot(struct ctx *c, unsigned op, int32_t rd, bp_value n, bp_value m)
{
    struct shape s = { 2, bits_of(c, 30, 1) ? PART_FULL : PART_HALF };

    simd_out(c, s, rd, simd_call(c, op, 0, n, m, get_v(c, rd)));
    return BP_TR_NEXT;
}

/* Four bytes of Vm in all words: H:L. */
static bp_value element(struct ctx *c)
{
    return v1(c, BP_VDUPL, 2, bits_of(c, 11, 1) << 1 | bits_of(c, 21, 1),
              get_v(c, (int32_t)bits_of(c, 16, 5)));
}

#define DOT(name, op) TR(name, c3) { return dot(c, op, a->rd, get_v(c, a->rn), get_v(c, a->rm)); }
#define DOT_E(name, op) TR(name, cel) { return dot(c, op, a->rd, get_v(c, a->rn), element(c)); }
DOT(sdot_v, SIMD_SDOT)
DOT(udot_v, SIMD_UDOT)
DOT(usdot_v, SIMD_USDOT)
DOT(smmla, SIMD_SMMLA)
DOT(ummla, SIMD_UMMLA)
DOT(usmmla, SIMD_USMMLA)
DOT_E(sdot_e, SIMD_SDOT)
DOT_E(udot_e, SIMD_UDOT)
DOT_E(usdot_e, SIMD_USDOT)
/* Signed by unsigned: the other way round. */
TR(sudot_e, cel) { return dot(c, SIMD_USDOT, a->rd, element(c), get_v(c, a->rn)); }

/* ---- hashes and ciphers ---------------------------------------------------------------------- */

static int crypto(struct ctx *c, unsigned op, int32_t rd, int32_t rn, int32_t rm)
{
    bp_value args[3] = { get_v(c, rn), get_v(c, rm), get_v(c, rd) };

    put_v(c, rd, op <= SIMD_SHA512SU1
                     ? bp_call(c->t, &helper_crypto[op - SIMD_SHA1C], 3, args)
                     : simd_call(c, op, 0, args[0], args[1], args[2]));
    return BP_TR_NEXT;
}

#define TWO(name, op) TR(name, c2) { return crypto(c, op, a->rd, a->rn, a->rn); }
#define THREE(name, op) TR(name, c3) { return crypto(c, op, a->rd, a->rn, a->rm); }
THREE(sha1c, SIMD_SHA1C) THREE(sha1p, SIMD_SHA1P) THREE(sha1m, SIMD_SHA1M)
THREE(sha1su0, SIMD_SHA1SU0) TWO(sha1h, SIMD_SHA1H) TWO(sha1su1, SIMD_SHA1SU1)
THREE(sha512h, SIMD_SHA512H) THREE(sha512h2, SIMD_SHA512H2)
TWO(sha512su0, SIMD_SHA512SU0) THREE(sha512su1, SIMD_SHA512SU1)

/* The key comes first here, last in the IR: it is the next round's there. */
static int aes_last(struct ctx *c, unsigned inverse, const struct a64_args_c2 *a)
{
    bp_value v = vop(c, BP_VXOR, 3, 0, get_v(c, a->rd), get_v(c, a->rn));

    put_v(c, a->rd, vop(c, BP_VAESLAST, 0, inverse, v, vconst(c, 0)));
    return BP_TR_NEXT;
}
static int aes_mix(struct ctx *c, unsigned inverse, const struct a64_args_c2 *a)
{
    put_v(c, a->rd, v1(c, BP_VAESMIX, 0, inverse, get_v(c, a->rn)));
    return BP_TR_NEXT;
}
TR(aese, c2) { return aes_last(c, 0, a); }
TR(aesd, c2) { return aes_last(c, 1, a); }
TR(aesmc, c2) { return aes_mix(c, 0, a); }
TR(aesimc, c2) { return aes_mix(c, 1, a); }

/* Four rounds from A B C D and E F G H; folding merges those of the two instructions. */
static int sha256_rounds(struct ctx *c, bool second, const struct a64_args_c3 *a)
{
    bp_value abcd = get_v(c, second ? a->rn : a->rd), efgh = get_v(c, second ? a->rd : a->rn);
    bp_value feba = v1(c, BP_VREV, 2, 3, vop(c, BP_VZIP1, 3, 0, efgh, abcd));
    bp_value hgdc = v1(c, BP_VREV, 2, 3, vop(c, BP_VZIP2, 3, 0, efgh, abcd)), v;

    for (unsigned i = 0; i < 2; i++) {
        v = bp_emit(c->t, BP_VSHA256, BP_V128, BP_V(2, i), feba, hgdc, get_v(c, a->rm));
        hgdc = feba;
        feba = v;
    }
    v = vop(c, second ? BP_VZIP1 : BP_VZIP2, 3, 0, feba, hgdc);
    put_v(c, a->rd, v1(c, BP_VREV, 2, 3, v));
    return BP_TR_NEXT;
}
TR(sha256h, c3) { return sha256_rounds(c, false, a); }
TR(sha256h2, c3) { return sha256_rounds(c, true, a); }

TR(sha256su0, c2)
{
    put_v(c, a->rd, vop(c, BP_VSHA256M1, 2, 0, get_v(c, a->rd), get_v(c, a->rn)));
    return BP_TR_NEXT;
}

TR(sha256su1, c3)
{
    bp_value v = vop(c, BP_VEXT, 0, 4, get_v(c, a->rn), get_v(c, a->rm)); /* a word further on */

    v = vop(c, BP_VADD, 2, 0, get_v(c, a->rd), v);
    put_v(c, a->rd, vop(c, BP_VSHA256M2, 2, 0, v, get_v(c, a->rm)));
    return BP_TR_NEXT;
}

static bp_value rotl64(struct ctx *c, unsigned n, bp_value v)
{
    if (!n)
        return v;
    return vop(c, BP_VOR, 3, 0, v1(c, BP_VSHL, 3, n, v), v1(c, BP_VSHRU, 3, 64 - n, v));
}

TR(rax1, c3)
{
    put_v(c, a->rd, vop(c, BP_VXOR, 3, 0, get_v(c, a->rn), rotl64(c, 1, get_v(c, a->rm))));
    return BP_TR_NEXT;
}

TR(xar, xar)
{
    bp_value v = vop(c, BP_VXOR, 3, 0, get_v(c, a->rn), get_v(c, a->rm));

    put_v(c, a->rd, rotl64(c, (64 - (unsigned)a->imm) & 63, v));
    return BP_TR_NEXT;
}

TR(eor3, c4)
{
    bp_value v = vop(c, BP_VXOR, 3, 0, get_v(c, a->rn), get_v(c, a->rm));

    put_v(c, a->rd, vop(c, BP_VXOR, 3, 0, v, get_v(c, a->ra)));
    return BP_TR_NEXT;
}

TR(bcax, c4)
{
    bp_value v = vop(c, BP_VANDN, 3, 0, get_v(c, a->rm), get_v(c, a->ra));

    put_v(c, a->rd, vop(c, BP_VXOR, 3, 0, get_v(c, a->rn), v));
    return BP_TR_NEXT;
}

/* ---- SM3, SM4 -------------------------------------------------------------------------------- */

TR(sm3ss1, c4)
{
    put_v(c, a->rd, simd_call(c, SIMD_SM3SS1, 0, get_v(c, a->rn), get_v(c, a->rm), get_v(c, a->ra)));
    return BP_TR_NEXT;
}

static int sm3_half(struct ctx *c, unsigned op, const struct a64_args_c3i *a)
{
    put_v(c, a->rd, simd_call(c, op, (unsigned)a->imm, get_v(c, a->rn), get_v(c, a->rm),
                              get_v(c, a->rd)));
    return BP_TR_NEXT;
}
TR(sm3tt1a, c3i) { return sm3_half(c, SIMD_SM3TT1A, a); }
TR(sm3tt1b, c3i) { return sm3_half(c, SIMD_SM3TT1B, a); }
TR(sm3tt2a, c3i) { return sm3_half(c, SIMD_SM3TT2A, a); }
TR(sm3tt2b, c3i) { return sm3_half(c, SIMD_SM3TT2B, a); }
THREE(sm3partw1, SIMD_SM3PARTW1) THREE(sm3partw2, SIMD_SM3PARTW2)
TWO(sm4e, SIMD_SM4E) THREE(sm4ekey, SIMD_SM4EKEY)
