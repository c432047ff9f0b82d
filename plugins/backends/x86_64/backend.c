/* SPDX-License-Identifier: MIT */
/* backend.c: the x86-64 code generator: registers, the table of rules, the descriptor. */
#include "x86.h"

#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_CAPSTONE
#include <capstone.h>
#include <dlfcn.h>
#include <pthread.h>
#endif

/* ---- operand classes ------------------------------------------------------------------------- */

#define INT_REGS (0xffffu & ~(1u << RSP | 1u << RBP))
#define FP_REGS ((uint64_t)0xffff << BP_FP_REG)

static bool any(unsigned type, uint64_t v) { return true; }
static bool simm32(unsigned type, uint64_t v) { return fits32((int64_t)v); }
static bool simm32_or_u32(unsigned type, uint64_t v)
{
    return fits32((int64_t)v) || v <= UINT32_MAX;
}
static bool low_mask(unsigned type, uint64_t v)
{
    return v == 0xff || v == 0xffff || (type == BP_I64 && v == UINT32_MAX);
}

static const struct bp_class classes[] = {
    { 'r', 0, INT_REGS, NULL },
    { 'm', BP_CLASS_MEMORY, INT_REGS, NULL },
    { 'e', 0, INT_REGS, simm32 },
    { 'g', BP_CLASS_MEMORY, INT_REGS, simm32 },
    { 'k', BP_CLASS_MEMORY, INT_REGS, simm32_or_u32 },
    { 'I', 0, 0, simm32 },
    { 'i', 0, 0, any },
    { 'L', 0, 0, low_mask },
    { 'x', 0, FP_REGS, NULL },
    { 'X', BP_CLASS_MEMORY, FP_REGS, NULL },
    { 'A', 0, 1u << RAX, NULL },
    { 'C', 0, 1u << RCX, NULL },
    { 'D', 0, 1u << RDX, NULL },
    { 'Z', 0, (uint64_t)1 << BP_FP_REG, NULL }, /* xmm0 */
};

/* ---- conditions ------------------------------------------------------------------------------ */

static bool narrow_address(const struct bp_ir *ir, const struct bp_ir *r)
{
    return ir[r->a].type == BP_I32;
}
/* Needs more scratch registers than a plain one. */
static bool special_store(const struct bp_ir *ir, const struct bp_ir *r)
{
    return narrow_address(ir, r) || r->aux & BP_MEM_BIG_ENDIAN ||
           (r->aux & BP_MEM_ACQUIRE && r->aux & BP_MEM_RELEASE);
}
static bool host_order(const struct bp_ir *ir, const struct bp_ir *r)
{
    return !(r->aux & BP_MEM_BIG_ENDIAN);
}
/* Nothing to be tested first; the constant address is one that an instruction can hold. */
static bool constant_address(const struct bp_ir *ir, const struct bp_ir *r)
{
    const struct bp_ir *a = &ir[r->a];
    int64_t at = (int64_t)(a->b | (uint64_t)a->c << 32) + (int32_t)r->c;
    bool fits = a->type == BP_I32 || (at >= 0 && at <= INT32_MAX);
    return a->op == BP_CONST && fits && !(r->aux & BP_MEM_ALIGNED && at & (BP_MEM_BYTES(r->aux) - 1));
}
static bool constant_store(const struct bp_ir *ir, const struct bp_ir *r)
{
    return constant_address(ir, r) && !(r->aux & BP_MEM_BIG_ENDIAN) &&
           !(r->aux & BP_MEM_ACQUIRE && r->aux & BP_MEM_RELEASE);
}
static bool aligned(const struct bp_ir *ir, const struct bp_ir *r)
{
    return r->aux & BP_MEM_ALIGNED;
}
static bool aligned_or_special(const struct bp_ir *ir, const struct bp_ir *r)
{
    return r->aux & (BP_MEM_ALIGNED | BP_MEM_BIG_ENDIAN) ||
           (r->aux & BP_MEM_ACQUIRE && r->aux & BP_MEM_RELEASE);
}
static bool rmw_simple(const struct bp_ir *ir, const struct bp_ir *r)
{
    return host_order(ir, r) && (r->c == BP_RMW_XCHG || r->c == BP_RMW_ADD);
}
static bool dynamic_rounding(const struct bp_ir *ir, const struct bp_ir *r)
{
    return r->aux == BP_ROUND_DYNAMIC;
}
static bool keeps_nans(const struct bp_ir *ir, const struct bp_ir *r)
{
    return r->aux == (BP_ROUND_DYNAMIC | BP_NAN_KEEP);
}
static bool round_keeps_nans(const struct bp_ir *ir, const struct bp_ir *r)
{
    return r->aux & BP_NAN_KEEP && (r->aux & 0x7f) <= BP_ROUND_UP;
}
static bool sets_integer(const struct bp_ir *ir, const struct bp_ir *r)
{
    return ir[r->b].type <= BP_I64;
}
static bool takes_integer(const struct bp_ir *ir, const struct bp_ir *r)
{
    return ir[r->a].type <= BP_I64;
}
static bool byte_lanes(const struct bp_ir *ir, const struct bp_ir *r)
{
    return BP_V_LOG2(r->aux) == 0;
}
static bool small_lanes(const struct bp_ir *ir, const struct bp_ir *r)
{
    return BP_V_LOG2(r->aux) <= 2;
}
static bool dynamic_lanes(const struct bp_ir *ir, const struct bp_ir *r)
{
    return BP_V_ROUND(r->aux) == BP_ROUND_DYNAMIC;
}
static bool signed_words(const struct bp_ir *ir, const struct bp_ir *r)
{
    return dynamic_lanes(ir, r) && BP_V_LOG2(r->aux) == 2 && !(BP_V_NUMBER(r->aux) & 0x80);
}
static bool round_lanes(const struct bp_ir *ir, const struct bp_ir *r)
{
    return (BP_V_NUMBER(r->aux) & 0x7f) <= BP_ROUND_UP;
}
static bool is_inverse(const struct bp_ir *ir, const struct bp_ir *r)
{
    return BP_V_NUMBER(r->aux);
}
static bool widening_or_dynamic(const struct bp_ir *ir, const struct bp_ir *r)
{
    return !(r->aux & BP_NAN_KEEP) && (r->type == BP_F64 || r->aux == BP_ROUND_DYNAMIC);
}
static bool round_mode(const struct bp_ir *ir, const struct bp_ir *r)
{
    return (r->aux & 0x17f) <= BP_ROUND_UP;
}
static bool dynamic_or_zero(const struct bp_ir *ir, const struct bp_ir *r)
{
    return (r->aux & 0x7f) == BP_ROUND_DYNAMIC || (r->aux & 0x7f) == BP_ROUND_ZERO;
}
static bool signed_dynamic_or_zero(const struct bp_ir *ir, const struct bp_ir *r)
{
    return !(r->aux & 0x80) && dynamic_or_zero(ir, r);
}
/* Exact ones need no rounding mode. */
static bool i2f_mode(const struct bp_ir *ir, const struct bp_ir *r)
{
    return (r->aux & 0x7f) == BP_ROUND_DYNAMIC || (ir[r->a].type == BP_I32 && r->type == BP_F64);
}
static bool i2f_signed(const struct bp_ir *ir, const struct bp_ir *r)
{
    return !(r->aux & 0x80) && i2f_mode(ir, r);
}
static bool is_equal(const struct bp_ir *ir, const struct bp_ir *r) { return r->aux == BP_FEQ; }
/* The operand was computed here, so it is no signalling NaN. */
static bool computed(const struct bp_ir *ir, const struct bp_ir *r)
{
    unsigned op = ir[r->a].op;
    return (op >= BP_FADD && op <= BP_FMADD) || op == BP_FCVT || op == BP_FROUND;
}
static bool fused(const struct bp_ir *ir, const struct bp_ir *r)
{
    return ir[r->a].op == BP_FMADD && ir[r->a].aux == BP_ROUND_DYNAMIC;
}
static bool counts_little(const struct bp_ir *ir, const struct bp_ir *r)
{
    uint64_t n = r->b | (uint64_t)r->c << 32;
    return n <= INT32_MAX;
}

/* ---- rules ----------------------------------------------------------------------------------- */

#define UP BP_RULE_UPPER
#define COMM BP_RULE_COMMUTES
#define ONE BP_RULE_ONE_MEMORY
#define SHARE BP_RULE_SHARES
#define DIR BP_RULE_DIRECT
#define INT BP_T_INT
#define FLT BP_T_FLOAT
#define BOTH (BP_T_INT | BP_T_FLOAT)
#define I32 BP_TYPES(BP_I32)
#define I64 BP_TYPES(BP_I64)
#define F32 BP_TYPES(BP_F32)
#define F64 BP_TYPES(BP_F64)
#define VEC BP_T_VECTOR
#define FVEC (FLT | VEC)

static const struct bp_rule rules[] = {
    { BP_ADD, UP, INT, "=r,m,g", 0, NULL, x86_emit_add },
    { BP_SUB, UP, INT, "=r,0,g", 0, NULL, x86_emit_alu },
    { BP_AND, UP, INT, "=r,m,L", 0, NULL, x86_emit_and_mask },
    { BP_AND, UP | COMM, INT, "=r,0,k", 0, NULL, x86_emit_alu },
    { BP_OR, UP | COMM, INT, "=r,0,g", 0, NULL, x86_emit_alu },
    { BP_XOR, UP | COMM, INT, "=r,0,g", 0, NULL, x86_emit_alu },
    { BP_ANDN, UP, INT, "=r,m,r", X86_BMI1, NULL, x86_emit_andn },
    { BP_ANDN, UP, INT, "=r,0,r;r", 0, NULL, x86_emit_andn_base },
    { BP_NOT, UP, INT, "=r,0", 0, NULL, x86_emit_not_neg },
    { BP_NEG, UP, INT, "=r,0", 0, NULL, x86_emit_not_neg },
    { BP_MUL, UP, INT, "=r,m,I", 0, NULL, x86_emit_mul_imm },
    { BP_MUL, UP | COMM, INT, "=r,0,m", 0, NULL, x86_emit_mul },
    { BP_MULHU, UP, INT, "=r,D,m", X86_BMI2, NULL, x86_emit_mulx },
    { BP_MULHU, UP, INT, "=D,A,m;A", 0, NULL, x86_emit_mulh },
    { BP_MULHS, UP, INT, "=D,A,m;A", 0, NULL, x86_emit_mulh },
    { BP_MULHSU, UP, INT, "=D,A,r;A,r", 0, NULL, x86_emit_mulhsu },
    { BP_DIVU, UP, INT, "=A,A,r;D", 0, NULL, x86_emit_div },
    { BP_DIVS, UP, INT, "=A,A,r;D", 0, NULL, x86_emit_div },
    { BP_REMU, UP, INT, "=D,A,r;A", 0, NULL, x86_emit_div },
    { BP_REMS, UP, INT, "=D,A,r;A", 0, NULL, x86_emit_div },
    { BP_SHL, UP, INT, "=r,m,i", 0, NULL, x86_emit_shift_imm },
    { BP_SHR, UP, INT, "=r,m,i", 0, NULL, x86_emit_shift_imm },
    { BP_SAR, UP, INT, "=r,m,i", 0, NULL, x86_emit_shift_imm },
    { BP_ROTL, UP, INT, "=r,m,i", 0, NULL, x86_emit_shift_imm },
    { BP_ROTR, UP, INT, "=r,m,i", 0, NULL, x86_emit_shift_imm },
    { BP_SHL, UP, INT, "=r,m,r", X86_BMI2, NULL, x86_emit_shiftx },
    { BP_SHR, UP, INT, "=r,m,r", X86_BMI2, NULL, x86_emit_shiftx },
    { BP_SAR, UP, INT, "=r,m,r", X86_BMI2, NULL, x86_emit_shiftx },
    { BP_SHL, UP, INT, "=r,0,C", 0, NULL, x86_emit_shift_cl },
    { BP_SHR, UP, INT, "=r,0,C", 0, NULL, x86_emit_shift_cl },
    { BP_SAR, UP, INT, "=r,0,C", 0, NULL, x86_emit_shift_cl },
    { BP_ROTL, UP, INT, "=r,0,C", 0, NULL, x86_emit_shift_cl },
    { BP_ROTR, UP, INT, "=r,0,C", 0, NULL, x86_emit_shift_cl },
    { BP_CLZ, UP, INT, "=r,m", X86_LZCNT, NULL, x86_emit_count_bits },
    { BP_CLZ, UP, INT, "=&r,m;r", 0, NULL, x86_emit_clz_base },
    { BP_CTZ, UP, INT, "=r,m", X86_BMI1, NULL, x86_emit_count_bits },
    { BP_CTZ, UP, INT, "=&r,m;r", 0, NULL, x86_emit_ctz_base },
    { BP_POPCNT, UP, INT, "=r,m", X86_POPCNT, NULL, x86_emit_count_bits },
    { BP_BSWAP, UP, INT, "=r,0", 0, NULL, x86_emit_bswap },
    { BP_ZEXT, UP, I64, "=r,m", 0, NULL, x86_emit_extend },
    { BP_SEXT, UP, I64, "=r,m", 0, NULL, x86_emit_extend },
    { BP_EXTRACT_U, UP, INT, "=r,m", 0, NULL, x86_emit_extract },
    { BP_EXTRACT_S, UP, INT, "=r,m", 0, NULL, x86_emit_extract },
    { BP_INSERT, UP, INT, "=r,0,r", 0, NULL, x86_emit_insert },
    { BP_CMP, UP | ONE, INT, "=r,m,g", 0, NULL, x86_emit_cmp },
    { BP_SELECT, UP, INT, "=r,r,m,0", 0, NULL, x86_emit_select },
    { BP_SELECT, 0, FVEC, "=x,r,x,0", 0, NULL, x86_emit_select },
    { BP_SELECT, UP | BP_RULE_FUSED, INT, "=r,m,e,m,0", 0, NULL, x86_emit_select_cmp },
    { BP_SELECT, BP_RULE_FUSED, FVEC, "=x,m,e,x,0", 0, NULL, x86_emit_select_cmp },

    { BP_LOAD, UP | DIR, INT, "=r,i", 0, constant_address, x86_emit_load },
    { BP_LOAD, UP | DIR, INT, "=r,r;r", 0, aligned, x86_emit_load },
    { BP_LOAD, UP | DIR, INT, "=r,r", 0, NULL, x86_emit_load },
    { BP_LOAD, DIR, FLT, "=x,i", 0, constant_address, x86_emit_load },
    { BP_LOAD, DIR, FLT, "=x,r;r", 0, aligned, x86_emit_load },
    { BP_LOAD, DIR, FLT, "=x,r", 0, NULL, x86_emit_load },
    { BP_STORE, DIR, INT, "i,e", 0, constant_store, x86_emit_store },
    { BP_STORE, DIR, INT, "r,e;r,r", 0, aligned_or_special, x86_emit_store },
    { BP_STORE, DIR, INT, "r,e", 0, NULL, x86_emit_store },
    { BP_STORE, DIR, FLT, "i,x", 0, constant_store, x86_emit_store },
    { BP_STORE, DIR, FLT, "r,x;r", 0, aligned, x86_emit_store },
    { BP_STORE, DIR, FLT, "r,x", 0, NULL, x86_emit_store },
    { BP_RMW, UP | DIR, INT, "=&r,r,r;r", 0, rmw_simple, x86_emit_rmw_simple },
    { BP_RMW, UP | DIR, INT, "=A,r,r;r", 0, host_order, x86_emit_rmw_loop },
    { BP_CAS, UP | DIR, INT, "=A,r,A,r;r", 0, host_order, x86_emit_cas },
    { BP_LOAD, UP | SHARE, INT, "=&r,r;r,r,r", 0, narrow_address, x86_emit_load },
    { BP_LOAD, UP | SHARE, INT, "=&r,r;r,r", 0, NULL, x86_emit_load },
    { BP_LOAD, UP | SHARE, FVEC, "=x,r;r,r,r", 0, narrow_address, x86_emit_load },
    { BP_LOAD, UP | SHARE, FVEC, "=x,r;r,r", 0, NULL, x86_emit_load },
    { BP_STORE, SHARE, INT, "r,e;r,r,r,r", 0, special_store, x86_emit_store },
    { BP_STORE, SHARE, INT, "r,e;r,r", 0, NULL, x86_emit_store },
    { BP_STORE, SHARE, FVEC, "r,x;r,r,r", 0, narrow_address, x86_emit_store },
    { BP_STORE, SHARE, FVEC, "r,x;r,r", 0, NULL, x86_emit_store },
    { BP_RMW, UP | SHARE, INT, "=&r,r,r;r,r,r", 0, rmw_simple, x86_emit_rmw_simple },
    { BP_RMW, UP | SHARE, INT, "=A,r,r;r,r,r,r", 0, host_order, x86_emit_rmw_loop },
    { BP_RMW, UP, INT, "=r,r,e;r", 0, NULL, x86_emit_atomic_call },
    { BP_CAS, UP | SHARE, INT, "=A,r,A,r;r,r,r", 0, host_order, x86_emit_cas },
    { BP_CAS, UP, INT, "=r,r,e,e;r", 0, NULL, x86_emit_atomic_call },
    { BP_FENCE, 0, BP_T_VOID, "", 0, NULL, x86_emit_fence },
    { BP_COUNT, 0, BP_T_VOID, "", 0, counts_little, x86_emit_count },
    { BP_EXIT_IF, ONE, INT, "m,g", 0, NULL, x86_emit_exit_if },
    { BP_EXIT_TO, 0, I64, "r;r,r", 0, NULL, x86_emit_exit_to },
    { BP_EXIT_TO, 0, I32, "r;r,r,r", 0, NULL, x86_emit_exit_to },

    { BP_FFLAGS, UP, BP_TYPES(BP_I32), "=r;r", 0, NULL, x86_emit_fflags },
    { BP_FADD, 0, FLT, "=&x,x,x", X86_AVX, keeps_nans, x86_emit_keep },
    { BP_FSUB, 0, FLT, "=&x,x,x", X86_AVX, keeps_nans, x86_emit_keep },
    { BP_FMUL, 0, FLT, "=&x,x,x", X86_AVX, keeps_nans, x86_emit_keep },
    { BP_FDIV, 0, FLT, "=&x,x,x", X86_AVX, keeps_nans, x86_emit_keep },
    { BP_FSQRT, 0, FLT, "=&x,x", X86_AVX, keeps_nans, x86_emit_keep },
    { BP_FCVT, 0, FLT, "=&x,x", X86_AVX, keeps_nans, x86_emit_keep },
    { BP_FROUND, 0, FLT, "=&x,x", X86_AVX, round_keeps_nans, x86_emit_keep },
    { BP_FMADD, 0, FLT, "=&x,x,x,x", X86_FMA, keeps_nans, x86_emit_fmadd },
    { BP_FADD, 0, FLT, "=x,x,X", X86_AVX, dynamic_rounding, x86_emit_arith },
    { BP_FADD, COMM, FLT, "=x,0,X", 0, dynamic_rounding, x86_emit_arith },
    { BP_FSUB, 0, FLT, "=x,x,X", X86_AVX, dynamic_rounding, x86_emit_arith },
    { BP_FSUB, 0, FLT, "=x,0,X", 0, dynamic_rounding, x86_emit_arith },
    { BP_FMUL, 0, FLT, "=x,x,X", X86_AVX, dynamic_rounding, x86_emit_arith },
    { BP_FMUL, COMM, FLT, "=x,0,X", 0, dynamic_rounding, x86_emit_arith },
    { BP_FDIV, 0, FLT, "=x,x,X", X86_AVX, dynamic_rounding, x86_emit_arith },
    { BP_FDIV, 0, FLT, "=x,0,X", 0, dynamic_rounding, x86_emit_arith },
    { BP_FSQRT, 0, FLT, "=x,X", 0, dynamic_rounding, x86_emit_sqrt },
    { BP_FMADD, 0, FLT, "=x,x,x,0", X86_FMA, dynamic_rounding, x86_emit_fmadd },
    { BP_FNEG, 0, FLT, "=x,x", X86_AVX, NULL, x86_emit_sign },
    { BP_FNEG, 0, FLT, "=x,0", 0, NULL, x86_emit_sign },
    { BP_FABS, 0, FLT, "=x,x", X86_AVX, NULL, x86_emit_sign },
    { BP_FABS, 0, FLT, "=x,0", 0, NULL, x86_emit_sign },
    { BP_FCOPYSIGN, 0, FLT, "=x,x,x;x", X86_AVX, NULL, x86_emit_copysign },
    { BP_FCOPYSIGN, 0, FLT, "=x,0,x;x", 0, NULL, x86_emit_copysign },
    { BP_FMIN, 0, FLT, "=&x,x,x", 0, NULL, x86_emit_minmax },
    { BP_FMAX, 0, FLT, "=&x,x,x", 0, NULL, x86_emit_minmax },
    { BP_FCMP, UP, FLT, "=r,x,X;x", 0, is_equal, x86_emit_fcmp_eq },
    { BP_FCMP, UP, FLT, "=r,X,x", 0, NULL, x86_emit_fcmp },
    { BP_FCVT, 0, FLT, "=x,X", 0, widening_or_dynamic, x86_emit_fcvt },
    { BP_F2I, UP, INT, "=r,x", 0, signed_dynamic_or_zero, x86_emit_f2i },
    { BP_F2I, UP, INT, "=r,x;r", 0, dynamic_or_zero, x86_emit_f2i },
    { BP_I2F, 0, FLT, "=x,m", 0, i2f_signed, x86_emit_i2f },
    { BP_I2F, 0, FLT, "=x,r;r", 0, i2f_mode, x86_emit_i2f },
    { BP_FROUND, 0, FLT, "=x,X", X86_SSE41, round_mode, x86_emit_round },
    { BP_FCANON, 0, FLT, "=x,0", X86_FMA, fused, x86_emit_is_canon },
    { BP_FCANON, 0, FLT, "=x,0", 0, computed, x86_emit_canon },
    { BP_FCANON, 0, FLT, "=x,0;r,r", 0, NULL, x86_emit_canon_bits },
    { BP_BITCAST, UP, INT, "=r,X", 0, NULL, x86_emit_bitcast },
    { BP_BITCAST, 0, FLT, "=x,m", 0, NULL, x86_emit_bitcast },
    { BP_FBOX, 0, F64, "=x,x", X86_AVX, NULL, x86_emit_box },
    { BP_FBOX, 0, F64, "=x,0", 0, NULL, x86_emit_box },
    { BP_FUNBOX, 0, F32, "=x,X;r", 0, NULL, x86_emit_unbox },

    { BP_VGET, UP, INT, "=r,x", X86_AVX, NULL, x86_emit_vget },
    { BP_VGET, 0, FLT, "=x,x", X86_AVX, NULL, x86_emit_vget },
    { BP_VSET, 0, VEC, "=x,x,r", X86_AVX, sets_integer, x86_emit_vset },
    { BP_VSET, 0, VEC, "=x,x,x", X86_AVX, NULL, x86_emit_vset },
    { BP_VZEXT, 0, VEC, "=x,r", 0, takes_integer, x86_emit_vzext },
    { BP_VZEXT, 0, VEC, "=x,x", X86_AVX, NULL, x86_emit_vzext },
    { BP_VDUP, 0, VEC, "=x,r", X86_AVX2, NULL, x86_emit_vdup },
    { BP_VDUPL, 0, VEC, "=x,x", X86_AVX, NULL, x86_emit_vdupl },
    { BP_VAND, 0, VEC, "=x,x,X", X86_AVX, NULL, x86_emit_vector_2 },
    { BP_VOR, 0, VEC, "=x,x,X", X86_AVX, NULL, x86_emit_vector_2 },
    { BP_VXOR, 0, VEC, "=x,x,X", X86_AVX, NULL, x86_emit_vector_2 },
    { BP_VANDN, 0, VEC, "=x,x,x", X86_AVX, NULL, x86_emit_vandn },
    { BP_VSEL, 0, VEC, "=&x,x,x,x", X86_AVX, NULL, x86_emit_vsel },
    { BP_VADD, 0, VEC, "=x,x,X", X86_AVX, NULL, x86_emit_vector_2 },
    { BP_VSUB, 0, VEC, "=x,x,X", X86_AVX, NULL, x86_emit_vector_2 },
    { BP_VMUL, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VMINS, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VMAXS, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VMINU, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VMAXU, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VQADDS, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VQADDU, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VQSUBS, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VQSUBU, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VCMPEQ, 0, VEC, "=x,x,X", X86_AVX, NULL, x86_emit_vector_2 },
    { BP_VCMPGTS, 0, VEC, "=x,x,X", X86_AVX, NULL, x86_emit_vector_2 },
    { BP_VCMPGTU, 0, VEC, "=&x,x,x;x", X86_AVX, NULL, x86_emit_vcmpgtu },
    { BP_VSHL, 0, VEC, "=x,x", X86_AVX, NULL, x86_emit_vshift },
    { BP_VSHRU, 0, VEC, "=x,x", X86_AVX, NULL, x86_emit_vshift },
    { BP_VSHRS, 0, VEC, "=x,x", X86_AVX, NULL, x86_emit_vshift },
    { BP_VABS, 0, VEC, "=x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_1 },
    { BP_VPOPCNT, 0, VEC, "=&x,x;x,x", X86_AVX, byte_lanes, x86_emit_vpopcnt },
    { BP_VREV, 0, VEC, "=x,x", X86_AVX, NULL, x86_emit_vrev },
    { BP_VSXT, 0, VEC, "=x,x", X86_AVX, NULL, x86_emit_vector_1 },
    { BP_VZXT, 0, VEC, "=x,x", X86_AVX, NULL, x86_emit_vector_1 },
    { BP_VQNSS, 0, VEC, "=x,x;x", X86_AVX, small_lanes, x86_emit_vqn },
    { BP_VQNSU, 0, VEC, "=x,x;x", X86_AVX, small_lanes, x86_emit_vqn },
    { BP_VZIP1, 0, VEC, "=x,x,X", X86_AVX, NULL, x86_emit_vector_2 },
    { BP_VZIP2, 0, VEC, "=x,x,X", X86_AVX, NULL, x86_emit_vector_2 },
    { BP_VUZP1, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VUZP2, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VUZP1, 0, VEC, "=&x,x,x;x", X86_AVX, NULL, x86_emit_vuzp },
    { BP_VUZP2, 0, VEC, "=&x,x,x;x", X86_AVX, NULL, x86_emit_vuzp },
    { BP_VTRN1, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VTRN2, 0, VEC, "=x,x,X", X86_AVX, x86_vector_is_simple, x86_emit_vector_2 },
    { BP_VTRN1, 0, VEC, "=&x,x,x;x", X86_AVX, NULL, x86_emit_vtrn },
    { BP_VTRN2, 0, VEC, "=&x,x,x;x", X86_AVX, NULL, x86_emit_vtrn },
    { BP_VEXT, 0, VEC, "=x,x,x", X86_AVX, NULL, x86_emit_vext },
    { BP_VTBL, 0, VEC, "=x,x,x;x", X86_AVX, NULL, x86_emit_vtbl },
    { BP_VMULLS, 0, VEC, "=&x,x,x;x", X86_AVX, NULL, x86_emit_vmull },
    { BP_VMULLU, 0, VEC, "=&x,x,x;x", X86_AVX, NULL, x86_emit_vmull },
    { BP_VFADD, 0, VEC, "=&x,x,x;x", X86_AVX, dynamic_lanes, x86_emit_vfarith },
    { BP_VFSUB, 0, VEC, "=&x,x,x;x", X86_AVX, dynamic_lanes, x86_emit_vfarith },
    { BP_VFMUL, 0, VEC, "=&x,x,x;x", X86_AVX, dynamic_lanes, x86_emit_vfarith },
    { BP_VFDIV, 0, VEC, "=&x,x,x;x", X86_AVX, dynamic_lanes, x86_emit_vfarith },
    { BP_VFSQRT, 0, VEC, "=&x,x;x", X86_AVX, dynamic_lanes, x86_emit_vfsqrt },
    { BP_VFMADD, 0, VEC, "=&x,x,x,x;x", X86_FMA, dynamic_lanes, x86_emit_vfmadd },
    { BP_VFCMP, 0, VEC, "=x,x,x", X86_AVX, NULL, x86_emit_vfcmp },
    { BP_VI2F, 0, VEC, "=x,x", X86_AVX, signed_words, x86_emit_vi2f },
    { BP_VFROUND, 0, VEC, "=&x,x;x", X86_AVX, round_lanes, x86_emit_vfround },
    { BP_VAESROUND, 0, VEC, "=x,x,X", X86_AES | X86_AVX, NULL, x86_emit_vaes },
    { BP_VAESROUND, 0, VEC, "=x,0,x", X86_AES, NULL, x86_emit_vaes },
    { BP_VAESLAST, 0, VEC, "=x,x,X", X86_AES | X86_AVX, NULL, x86_emit_vaes },
    { BP_VAESLAST, 0, VEC, "=x,0,x", X86_AES, NULL, x86_emit_vaes },
    { BP_VAESMIX, 0, VEC, "=x,x", X86_AES, is_inverse, x86_emit_vaesmix },
    { BP_VAESMIX, 0, VEC, "=x,0;x", X86_AES, NULL, x86_emit_vaesmix },
    { BP_VCLMUL, 0, VEC, "=x,x,x", X86_PCLMUL | X86_AVX, NULL, x86_emit_vclmul },
    { BP_VCLMUL, 0, VEC, "=x,0,x", X86_PCLMUL, NULL, x86_emit_vclmul },
    { BP_VSHA256, 0, VEC, "=x,x,0,x;Z", X86_SHA, NULL, x86_emit_vsha256 },
    { BP_VSHA256M1, 0, VEC, "=x,0,x", X86_SHA, NULL, x86_emit_vsha256m },
    { BP_VSHA256M2, 0, VEC, "=x,0,x", X86_SHA, NULL, x86_emit_vsha256m },
};

/* ---- moves ----------------------------------------------------------------------------------- */

static void move(struct bp_asm *as, unsigned type, unsigned dst, unsigned src)
{
    unsigned w = wide(type);
    if (dst < BP_FP_REG && src < BP_FP_REG)
        mov_rr(as, w, dst, src);
    else if (dst < BP_FP_REG)
        op_rr(as, OP_66 | OP_0F | w | 0x7e, src & 31, dst);
    else if (src < BP_FP_REG)
        op_rr(as, OP_66 | OP_0F | w | 0x6e, dst & 31, src);
    else
        x86_fp_move(as, dst, src);
}

static void literal_stub(struct bp_asm *as, struct bp_stub *s)
{
    bind_to(s->from, as->p);
    put64(as, s->data[0]);
}

static void constant(struct bp_asm *as, unsigned type, unsigned dst, uint64_t value)
{
    if (type == BP_V128) {
        x86_vector_constant(as, dst, value);
    } else if (dst < BP_FP_REG) {
        mov_ri(as, dst, type == BP_I32 ? (uint32_t)value : value);
    } else if (value == 0) {
        op_rr(as, OP_XORPS, dst & 31, dst & 31);
    } else {
        op_pool(as, (type == BP_F64 ? OP_F2 : OP_F3) | OP_0F | 0x10, dst & 31, 0, 0);
        struct bp_stub *s = as->stub(as, NULL, literal_stub);
        s->from = as->p - 4;
        s->data[0] = value;
    }
}

static void load(struct bp_asm *as, unsigned type, unsigned dst, const struct bp_operand *memory)
{
    if (dst < BP_FP_REG)
        op_ro(as, wide(type) | OP_MOV_LOAD, dst, memory);
    else
        op_ro(as, x86_fp_prefix(type) | 0x10, dst, memory);
}

static void store(struct bp_asm *as, unsigned type, const struct bp_operand *memory,
                  const struct bp_operand *value)
{
    if (value->kind == BP_OPERAND_IMM) {
        op_ro(as, wide(type) | 0xc7, 0, memory);
        put32(as, (uint32_t)value->imm);
    } else if (value->reg < BP_FP_REG) {
        op_ro(as, wide(type) | OP_MOV_STORE, value->reg, memory);
    } else {
        op_ro(as, x86_fp_prefix(type) | 0x11, value->reg, memory);
    }
}

static bool store_imm(unsigned type, uint64_t value)
{
    return type != BP_V128 && (fits32((int64_t)value) || type == BP_F32);
}

static void address(struct bp_asm *as, unsigned dst, const struct bp_operand *memory)
{
    op_ro(as, OP_W | OP_LEA, dst, memory);
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static const char *const reg_names[64] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15",
    [32] = "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
    "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
};

static const struct bp_codegen codegen = {
    .size = sizeof codegen,
    .allocatable = INT_REGS | FP_REGS,
    .preserved = 1u << RBX | 1u << R12 | 1u << R13 | 1u << R14 | 1u << R15,
    .avoid = 1u << RAX | 1u << RCX | 1u << RDX,
    .args = { RDI, RSI, RDX, RCX, R8, R9, 0xff, 0xff },
    .result = RAX,
    .env = RBP,
    .frame_first = FRAME_SPILL,
    .frame_slots = FRAME_SLOTS,
    .op_bytes = 192,
    .align = 16,
    .reg_names = reg_names,
    .classes = BP_ROWS(classes),
    .rules = BP_ROWS(rules),
    .move = move,
    .constant = constant,
    .load = load,
    .store = store,
    .store_imm = store_imm,
    .address = address,
    .canon = x86_canon,
    .site = x86_site,
    .call = x86_call,
    .bind = x86_bind,
    .exit = x86_exit,
    .leave = x86_leave,
};

/* Features that need the operating system's help too (AVX state in XCR0). */
static bool os_saves_ymm(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
}

static uint64_t features(void)
{
    unsigned a, b, c, d;
    uint64_t f = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return 0;
    bool avx = c & bit_OSXSAVE && c & bit_AVX && os_saves_ymm();
    f |= c & bit_SSE4_1 ? X86_SSE41 : 0;
    f |= c & bit_POPCNT ? X86_POPCNT : 0;
    f |= c & bit_AES ? X86_AES : 0;
    f |= c & bit_PCLMUL ? X86_PCLMUL : 0;
    f |= avx ? X86_AVX : 0;
    f |= avx && c & bit_FMA ? X86_FMA : 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        f |= avx && b & bit_BMI ? X86_BMI1 : 0;
        f |= avx && b & bit_BMI2 ? X86_BMI2 : 0;
        f |= avx && b & bit_AVX2 ? X86_AVX2 : 0;
        f |= b & bit_SHA ? X86_SHA : 0;
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d))
        f |= c & bit_ABM ? X86_LZCNT : 0;
    const char *mask = getenv("BACKPLANE_X86_64_FEATURES"); /* to test what older hosts run */
    return mask ? f & strtoull(mask, NULL, 0) : f;
}

/* MXCSR: flags IE DE ZE OE UE PE in bits 0 to 5, their masks in 7 to 12, rounding in 13 and 14. */
static const struct {
    uint32_t host, flag;
} flag_map[] = {
    { 1, BP_FP_INVALID }, { 4, BP_FP_DIV_ZERO }, { 8, BP_FP_OVERFLOW }, { 16, BP_FP_UNDERFLOW },
    { 32, BP_FP_INEXACT },
};

static uint32_t fp_flags(uint32_t control)
{
    uint32_t flags = 0;
    for (unsigned i = 0; i < 5; i++)
        if (control & flag_map[i].host)
            flags |= flag_map[i].flag;
    return flags;
}

static uint32_t fp_with_flags(uint32_t control, uint32_t flags)
{
    control &= ~63u;
    for (unsigned i = 0; i < 5; i++)
        if (flags & flag_map[i].flag)
            control |= flag_map[i].host;
    return control;
}

static uint32_t fp_with_rounding(uint32_t control, unsigned rounding)
{
    uint32_t mode = rounding == BP_ROUND_ZERO ? 3 : rounding == BP_ROUND_DOWN ? 1
                    : rounding == BP_ROUND_UP ? 2 : 0;
    return (control & ~0x6000u) | mode << 13;
}

/* A helper that raised left the guest's modes behind. */
static void unwound(void)
{
    uint32_t control = MXCSR_DEFAULT;
    __asm__ volatile("ldmxcsr %0" : : "m"(control));
}

#ifdef HAVE_CAPSTONE
/* Loaded when first asked for: its tables take the dynamic linker longer than all that starts a program. */
static struct {
    __typeof__(cs_open) *open;
    __typeof__(cs_disasm) *disasm;
    __typeof__(cs_free) *free;
    __typeof__(cs_close) *close;
} capstone;

static void load_capstone(void)
{
    void *lib = dlopen("libcapstone.so." BP_STR(CS_API_MAJOR), RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return;
    *(void **)&capstone.disasm = dlsym(lib, "cs_disasm");
    *(void **)&capstone.free = dlsym(lib, "cs_free");
    *(void **)&capstone.close = dlsym(lib, "cs_close");
    if (capstone.disasm && capstone.free && capstone.close)
        *(void **)&capstone.open = dlsym(lib, "cs_open");
}

static unsigned disassemble(const uint8_t *code, size_t n, uint64_t address, char *buf, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    csh handle;
    cs_insn *insn;
    unsigned length = 0;
    pthread_once(&once, load_capstone);
    if (!capstone.open || capstone.open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
        return 0;
    if (capstone.disasm(handle, code, n < 15 ? n : 15, address, 1, &insn) == 1) {
        snprintf(buf, size, "%s %s", insn->mnemonic, insn->op_str);
        length = insn->size;
        capstone.free(insn, 1);
    }
    capstone.close(&handle);
    return length;
}
#endif

/* cmpxchg16b; the first processors with 64 bits lack it. */
static bool cas16(void *p, uint64_t expected[2], const uint64_t desired[2])
{
    bool done;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*(unsigned __int128 *)p), "+a"(expected[0]),
                       "+d"(expected[1])
                     : "b"(desired[0]), "c"(desired[1])
                     : "memory");
    return done;
}

BP_BACKEND(x86_64, "tcg-x86_64", "Code for x86-64 hosts (SSE2; AVX, FMA, BMI, AES, SHA where there)",
           .elf_machine = 62, /* EM_X86_64 */
           .features = features, .codegen = &codegen, .prologue = x86_prologue, .enter = x86_enter,
           .patch = x86_patch, .frame_base = x86_frame_base, .fp_flags = fp_flags,
           .fp_with_flags = fp_with_flags, .fp_with_rounding = fp_with_rounding,
           .fp_initial = MXCSR_DEFAULT, .unwound = unwound,
           .cas16 = cas16, .direct_thread = x86_direct_thread, .fault_pc = x86_fault_pc,
           .fault_save = x86_fault_save, .fault_address = x86_fault_address,
#ifdef HAVE_CAPSTONE
           .disassemble = disassemble,
#endif
);
BP_PLUGIN("tcg-x86_64", "1.0", "MIT");
