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
                     ? bp_call(c->t, &helper_crypto[op - SIMD_AESE], 3, args)
                     : simd_call(c, op, 0, args[0], args[1], args[2]));
    return BP_TR_NEXT;
}

#define TWO(name, op) TR(name, c2) { return crypto(c, op, a->rd, a->rn, a->rn); }
#define THREE(name, op) TR(name, c3) { return crypto(c, op, a->rd, a->rn, a->rm); }
TWO(aese, SIMD_AESE) TWO(aesd, SIMD_AESD) TWO(aesmc, SIMD_AESMC) TWO(aesimc, SIMD_AESIMC)
THREE(sha1c, SIMD_SHA1C) THREE(sha1p, SIMD_SHA1P) THREE(sha1m, SIMD_SHA1M)
THREE(sha1su0, SIMD_SHA1SU0) TWO(sha1h, SIMD_SHA1H) TWO(sha1su1, SIMD_SHA1SU1)
THREE(sha256h, SIMD_SHA256H) THREE(sha256h2, SIMD_SHA256H2)
TWO(sha256su0, SIMD_SHA256SU0) THREE(sha256su1, SIMD_SHA256SU1)
THREE(sha512h, SIMD_SHA512H) THREE(sha512h2, SIMD_SHA512H2)
TWO(sha512su0, SIMD_SHA512SU0) THREE(sha512su1, SIMD_SHA512SU1)

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
