/* SPDX-License-Identifier: MIT */
/*
 * x86.h: encoding of x86-64 instructions (Intel 64 and IA-32 Architectures Software Developer's
 * Manual, volume 2, chapter 2) and what the files of this backend share.
 *
 * An opcode is a number: the last byte, with the prefixes and the map as flags above it. The same
 * number serves the legacy and the VEX encoding.
 */
#ifndef TCG_X86_64_X86_H
#define TCG_X86_64_X86_H

#include <backplane/codegen.h>

#include <string.h>

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

#define OP_0F 0x100u   /* map 0F */
#define OP_38 0x300u   /* map 0F 38 */
#define OP_3A 0x500u   /* map 0F 3A */
#define OP_66 0x800u
#define OP_F2 0x1000u
#define OP_F3 0x2000u
#define OP_W 0x4000u   /* 64-bit operands (REX.W, VEX.W) */
#define OP_B 0x8000u   /* the register in the rm field is a byte */
#define OP_RB 0x10000u /* the register in the reg field is a byte */

/* Features: bits of this backend's own. */
enum x86_feature {
    X86_BMI1 = 1, X86_BMI2 = 2, X86_LZCNT = 4, X86_POPCNT = 8, X86_AVX = 16, X86_FMA = 32,
    X86_SSE41 = 64, X86_AVX2 = 128, X86_AES = 256, X86_PCLMUL = 512, X86_SHA = 1024,
};

/* ---- the prologue's data, by offset from the base -------------------------------------------- */

enum x86_pool {
    POOL_SIGN64 = 0, POOL_ABS64 = 16, POOL_SIGN32 = 32, POOL_ABS32 = 48, POOL_BOX = 64,
    POOL_NAN64 = 80, POOL_NAN32 = 96, POOL_ZERO = 112, POOL_MXCSR = 128, POOL_TABLE = 144,
    POOL_BYTES = 208,
};

/* Code that translations share; POOL_TABLE has the offsets as uint32_t. */
enum x86_shared {
    SHARED_ENTER, SHARED_LEAVE, SHARED_LOOKUP, SHARED_LOOKUP_INTERRUPT, SHARED_LOAD, SHARED_STORE,
    SHARED_RMW, SHARED_CAS, SHARED_EXACT, SHARED_VECTOR, SHARED_COUNT
};

/* The frame: arguments and result of slow paths, then spill slots. */
#define FRAME_ARG(n) (8 * (n))
#define FRAME_RESULT 48
#define FRAME_VECTOR(n) (56 + 16 * (n)) /* result and third operand, first, second */
#define FRAME_SPILL 104
#define FRAME_SLOTS 512
#define FRAME_BYTES (FRAME_SPILL + 8 * FRAME_SLOTS + 16 - (FRAME_SPILL + 8) % 16) /* 8 modulo 16 */
_Static_assert(FRAME_BYTES % 16 == 8, "calls need an aligned stack");

#define MXCSR_DEFAULT 0x1f80u

/* ---- bytes ----------------------------------------------------------------------------------- */

static inline void put8(struct bp_asm *as, unsigned v) { *as->p++ = (uint8_t)v; }
static inline void put32(struct bp_asm *as, uint32_t v)
{
    memcpy(as->p, &v, 4);
    as->p += 4;
}
static inline void put64(struct bp_asm *as, uint64_t v)
{
    memcpy(as->p, &v, 8);
    as->p += 8;
}
static inline bool fits8(int64_t v) { return v == (int8_t)v; }
static inline bool fits32(int64_t v) { return v == (int32_t)v; }

/* Prefixes and opcode; the three numbers extend reg, index and base or rm. */
static inline void put_op(struct bp_asm *as, unsigned op, unsigned reg, unsigned index,
                          unsigned base)
{
    unsigned rex = (op & OP_W ? 8u : 0u) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 |
                   (base >> 3 & 1);
    if (op & (OP_66 | OP_F2 | OP_F3))
        put8(as, op & OP_66 ? 0x66 : op & OP_F2 ? 0xf2 : 0xf3);
    if (rex || (op & OP_B && base >= 4) || (op & OP_RB && reg >= 4))
        put8(as, 0x40 | rex);
    if (op & OP_0F) {
        put8(as, 0x0f);
        if ((op & OP_38) == OP_38)
            put8(as, 0x38);
        else if ((op & OP_3A) == OP_3A)
            put8(as, 0x3a);
    }
    put8(as, op);
}

/* VEX prefix and opcode: three operands, or vvvv = 0 for two. */
static inline void put_vex(struct bp_asm *as, unsigned op, unsigned reg, unsigned vvvv,
                           unsigned index, unsigned base)
{
    unsigned pp = op & OP_66 ? 1 : op & OP_F3 ? 2 : op & OP_F2 ? 3 : 0;
    unsigned map = (op & OP_38) == OP_38 ? 2 : (op & OP_3A) == OP_3A ? 3 : 1;
    unsigned low = (~vvvv & 15) << 3 | pp, not_r = (reg & 8) ? 0 : 0x80;
    if (map == 1 && !(op & OP_W) && !((index | base) & 8)) {
        put8(as, 0xc5);
        put8(as, not_r | low);
    } else {
        put8(as, 0xc4);
        put8(as, not_r | (index & 8 ? 0 : 0x40) | (base & 8 ? 0 : 0x20) | map);
        put8(as, (op & OP_W ? 0x80 : 0) | low);
    }
    put8(as, op);
}

static inline void modrm_reg(struct bp_asm *as, unsigned reg, unsigned rm)
{
    put8(as, 0xc0 | (reg & 7) << 3 | (rm & 7));
}
static inline void modrm_mem(struct bp_asm *as, unsigned reg, unsigned base, int32_t disp)
{
    unsigned mod = disp == 0 && (base & 7) != RBP ? 0 : fits8(disp) ? 1 : 2;
    put8(as, mod << 6 | (reg & 7) << 3 | (base & 7));
    if ((base & 7) == RSP)
        put8(as, 0x24);
    if (mod == 1)
        put8(as, (uint8_t)disp);
    else if (mod == 2)
        put32(as, (uint32_t)disp);
}
static inline void modrm_sib(struct bp_asm *as, unsigned reg, unsigned base, unsigned index,
                             unsigned scale_log2, int32_t disp)
{
    unsigned mod = disp == 0 && (base & 7) != RBP ? 0 : fits8(disp) ? 1 : 2;
    put8(as, mod << 6 | (reg & 7) << 3 | 4);
    put8(as, scale_log2 << 6 | (index & 7) << 3 | (base & 7));
    if (mod == 1)
        put8(as, (uint8_t)disp);
    else if (mod == 2)
        put32(as, (uint32_t)disp);
}
/* [rip + x] for a place in the prologue; `after`: immediate bytes behind the address. */
static inline void modrm_pool(struct bp_asm *as, unsigned reg, unsigned offset, unsigned after)
{
    put8(as, (reg & 7) << 3 | 5);
    const uint8_t *next = as->p + 4 + after + as->to_rx;
    put32(as, (uint32_t)(as->base + offset - next));
}

/* ---- instructions ---------------------------------------------------------------------------- */

static inline void op_rr(struct bp_asm *as, unsigned op, unsigned reg, unsigned rm)
{
    put_op(as, op, reg, 0, rm);
    modrm_reg(as, reg, rm);
}
static inline void op_rm(struct bp_asm *as, unsigned op, unsigned reg, unsigned base, int32_t disp)
{
    put_op(as, op & ~OP_B, reg, 0, base);
    modrm_mem(as, reg, base, disp);
}
static inline void op_rx(struct bp_asm *as, unsigned op, unsigned reg, unsigned base,
                         unsigned index, unsigned scale_log2, int32_t disp)
{
    put_op(as, op & ~OP_B, reg, index, base);
    modrm_sib(as, reg, base, index, scale_log2, disp);
}
static inline void op_pool(struct bp_asm *as, unsigned op, unsigned reg, unsigned offset,
                           unsigned after)
{
    put_op(as, op, reg, 0, 0);
    modrm_pool(as, reg, offset, after);
}
static inline unsigned base_of(const struct bp_operand *o)
{
    return o->kind == BP_OPERAND_ENV ? RBP : RSP;
}
/* rm from an operand: register or memory. FP registers count from BP_FP_REG. */
static inline void op_ro(struct bp_asm *as, unsigned op, unsigned reg, const struct bp_operand *o)
{
    if (o->kind == BP_OPERAND_REG)
        op_rr(as, op, reg & 31, o->reg & 31);
    else
        op_rm(as, op, reg & 31, base_of(o), o->offset);
}

static inline void vex_rr(struct bp_asm *as, unsigned op, unsigned reg, unsigned vvvv, unsigned rm)
{
    put_vex(as, op, reg, vvvv, 0, rm);
    modrm_reg(as, reg, rm);
}
static inline void vex_rm(struct bp_asm *as, unsigned op, unsigned reg, unsigned vvvv,
                          unsigned base, int32_t disp)
{
    put_vex(as, op, reg, vvvv, 0, base);
    modrm_mem(as, reg, base, disp);
}
static inline void vex_pool(struct bp_asm *as, unsigned op, unsigned reg, unsigned vvvv,
                            unsigned offset)
{
    put_vex(as, op, reg, vvvv, 0, 0);
    modrm_pool(as, reg, offset, 0);
}
static inline void vex_ro(struct bp_asm *as, unsigned op, unsigned reg, unsigned vvvv,
                          const struct bp_operand *o)
{
    if (o->kind == BP_OPERAND_REG)
        vex_rr(as, op, reg & 31, vvvv & 31, o->reg & 31);
    else
        vex_rm(as, op, reg & 31, vvvv & 31, base_of(o), o->offset);
}

enum { ALU_ADD = 0, ALU_OR = 1, ALU_AND = 4, ALU_SUB = 5, ALU_XOR = 6, ALU_CMP = 7 };
enum { SHIFT_ROL = 0, SHIFT_ROR = 1, SHIFT_SHL = 4, SHIFT_SHR = 5, SHIFT_SAR = 7 };
enum { CC_O = 0, CC_B = 2, CC_AE = 3, CC_E = 4, CC_NE = 5, CC_BE = 6, CC_A = 7, CC_S = 8,
       CC_P = 10, CC_NP = 11, CC_L = 12, CC_GE = 13, CC_LE = 14, CC_G = 15 };

#define OP_MOV_LOAD 0x8bu
#define OP_MOV_STORE 0x89u
#define OP_LEA 0x8du
#define OP_IMUL (OP_0F | 0xafu)
#define OP_MOVZX8 (OP_0F | OP_B | 0xb6u)
#define OP_MOVZX16 (OP_0F | 0xb7u)
#define OP_MOVSX8 (OP_0F | OP_B | 0xbeu)
#define OP_MOVSX16 (OP_0F | 0xbfu)
#define OP_MOVSXD (OP_W | 0x63u)
#define OP_MOVAPS (OP_0F | 0x28u)
#define OP_XORPS (OP_0F | 0x57u)
#define OP_ANDPS (OP_0F | 0x54u)
#define OP_ORPS (OP_0F | 0x56u)

/* movss, movsd, movups: prefix and map */
static inline unsigned x86_fp_prefix(unsigned type)
{
    return (type == BP_V128 ? 0 : type == BP_F64 ? OP_F2 : OP_F3) | OP_0F;
}
static inline unsigned wide(unsigned type)
{
    return type == BP_I64 || type == BP_F64 ? OP_W : 0;
}
/* add or and sub xor cmp: reg op= operand */
static inline void alu_ro(struct bp_asm *as, unsigned w, unsigned alu, unsigned reg,
                          const struct bp_operand *o)
{
    op_ro(as, w | alu << 3 | 3, reg, o);
}
static inline void alu_rr(struct bp_asm *as, unsigned w, unsigned alu, unsigned reg, unsigned rm)
{
    op_rr(as, w | alu << 3 | 3, reg, rm);
}
/* operand op= immediate */
static inline void alu_oi(struct bp_asm *as, unsigned w, unsigned alu, const struct bp_operand *o,
                          int32_t imm)
{
    op_ro(as, w | (fits8(imm) ? 0x83 : 0x81), alu, o);
    if (fits8(imm))
        put8(as, (uint8_t)imm);
    else
        put32(as, (uint32_t)imm);
}
static inline void alu_ri(struct bp_asm *as, unsigned w, unsigned alu, unsigned reg, int32_t imm)
{
    op_rr(as, w | (fits8(imm) ? 0x83 : 0x81), alu, reg);
    if (fits8(imm))
        put8(as, (uint8_t)imm);
    else
        put32(as, (uint32_t)imm);
}
static inline void mov_rr(struct bp_asm *as, unsigned w, unsigned dst, unsigned src)
{
    if (dst != src)
        op_rr(as, w | OP_MOV_LOAD, dst, src);
}
static inline void shift_ri(struct bp_asm *as, unsigned w, unsigned shift, unsigned reg, unsigned n)
{
    op_rr(as, w | 0xc1, shift, reg);
    put8(as, n);
}
static inline void test_rr(struct bp_asm *as, unsigned w, unsigned a, unsigned b)
{
    op_rr(as, w | 0x85, b, a);
}
static inline void setcc(struct bp_asm *as, unsigned cc, unsigned reg)
{
    op_rr(as, OP_0F | OP_B | 0x90 | cc, 0, reg);
}
static inline void mov_ri(struct bp_asm *as, unsigned reg, uint64_t v)
{
    if (v == 0) {
        alu_rr(as, 0, ALU_XOR, reg, reg);
    } else if (v <= UINT32_MAX) {
        put_op(as, 0xb8 | (reg & 7), 0, 0, reg);
        put32(as, (uint32_t)v);
    } else if (fits32((int64_t)v)) {
        op_rr(as, OP_W | 0xc7, 0, reg);
        put32(as, (uint32_t)v);
    } else {
        put_op(as, OP_W | 0xb8 | (reg & 7), 0, 0, reg);
        put64(as, v);
    }
}
/* [base + disp] = imm, 32 bits or sign-extended to 64 */
static inline void mov_mi(struct bp_asm *as, unsigned w, unsigned base, int32_t disp, uint32_t imm)
{
    op_rm(as, w | 0xc7, 0, base, disp);
    put32(as, imm);
}

/* Jumps to somewhere not known yet return their field. */
static inline uint8_t *jcc(struct bp_asm *as, unsigned cc)
{
    put8(as, 0x0f);
    put8(as, 0x80 | cc);
    put32(as, 0);
    return as->p - 4;
}
static inline uint8_t *jmp(struct bp_asm *as)
{
    put8(as, 0xe9);
    put32(as, 0);
    return as->p - 4;
}
static inline void bind_to(uint8_t *field, const uint8_t *to)
{
    int32_t rel = (int32_t)(to - (field + 4));
    memcpy(field, &rel, 4);
}
static inline void jmp_to(struct bp_asm *as, const uint8_t *rw) { bind_to(jmp(as), rw); }
/* Short forms, bound by bind8 to as->p. */
static inline uint8_t *jcc8(struct bp_asm *as, unsigned cc)
{
    put8(as, 0x70 | cc);
    put8(as, 0);
    return as->p - 1;
}
static inline void bind8(struct bp_asm *as, uint8_t *field)
{
    *field = (uint8_t)(as->p - (field + 1));
}

static inline const uint8_t *shared_code(const struct bp_asm *as, unsigned which)
{
    uint32_t offset;
    memcpy(&offset, as->base + POOL_TABLE + 4 * which, 4);
    return as->base + offset;
}
static inline void jmp_shared(struct bp_asm *as, unsigned which)
{
    bind_to(jmp(as), shared_code(as, which) - as->to_rx);
}
static inline void call_shared(struct bp_asm *as, unsigned which)
{
    put8(as, 0xe8);
    put32(as, 0);
    bind_to(as->p - 4, shared_code(as, which) - as->to_rx);
}

static inline const struct bp_slots *slots_of(const struct bp_asm *as) { return as->job->slots; }
extern const uint8_t x86_cc[10]; /* by enum bp_cond */

/* ---- what the files offer to the table in backend.c ------------------------------------------ */

/* prologue.c */
uint32_t x86_prologue(uint8_t *rw, const uint8_t *rx, uint32_t room, const struct bp_slots *slots,
                      const struct bp_runtime_calls *calls, uint64_t features);
uint64_t x86_enter(const uint8_t *base, void *env, const uint8_t *code);
const uint8_t *x86_frame_base(const void *env, const struct bp_slots *slots);

/* fault.c */
int x86_direct_thread(uint64_t direct_base);
const uint8_t *x86_fault_pc(const void *ucontext);
void x86_fault_save(const void *ucontext, void *env, const struct bp_slots *slots);
uint64_t x86_fault_address(const void *ucontext);

/* leave.c */
void x86_bind(struct bp_asm *as, uint8_t *field);
void x86_exit(struct bp_asm *as, uint32_t exit, uint8_t *field);
void x86_leave(struct bp_asm *as, unsigned why, const uint64_t *pc);
void x86_patch(uint8_t *rw, const uint8_t *rx, const uint8_t *to);
void x86_emit_exit_if(struct bp_asm *as, struct bp_use *use);
void x86_emit_exit_to(struct bp_asm *as, struct bp_use *use);
void x86_site(struct bp_asm *as, uint32_t site);
void x86_call(struct bp_asm *as, void (*fn)(void), unsigned flags);

/* integer.c */
void x86_compare(struct bp_asm *as, unsigned cond, const struct bp_operand *a,
                 const struct bp_operand *b);
void x86_emit_add(struct bp_asm *as, struct bp_use *use);
void x86_emit_alu(struct bp_asm *as, struct bp_use *use);
void x86_emit_and_mask(struct bp_asm *as, struct bp_use *use);
void x86_emit_andn(struct bp_asm *as, struct bp_use *use);
void x86_emit_andn_base(struct bp_asm *as, struct bp_use *use);
void x86_emit_mul(struct bp_asm *as, struct bp_use *use);
void x86_emit_mul_imm(struct bp_asm *as, struct bp_use *use);
void x86_emit_mulx(struct bp_asm *as, struct bp_use *use);
void x86_emit_mulh(struct bp_asm *as, struct bp_use *use);
void x86_emit_mulhsu(struct bp_asm *as, struct bp_use *use);
void x86_emit_div(struct bp_asm *as, struct bp_use *use);
void x86_emit_not_neg(struct bp_asm *as, struct bp_use *use);
void x86_emit_shift_imm(struct bp_asm *as, struct bp_use *use);
void x86_emit_shift_cl(struct bp_asm *as, struct bp_use *use);
void x86_emit_shiftx(struct bp_asm *as, struct bp_use *use);
void x86_emit_count_bits(struct bp_asm *as, struct bp_use *use);
void x86_emit_clz_base(struct bp_asm *as, struct bp_use *use);
void x86_emit_ctz_base(struct bp_asm *as, struct bp_use *use);
void x86_emit_bswap(struct bp_asm *as, struct bp_use *use);
void x86_emit_extend(struct bp_asm *as, struct bp_use *use);
void x86_emit_extract(struct bp_asm *as, struct bp_use *use);
void x86_emit_insert(struct bp_asm *as, struct bp_use *use);
void x86_emit_cmp(struct bp_asm *as, struct bp_use *use);
void x86_emit_select(struct bp_asm *as, struct bp_use *use);
void x86_emit_select_cmp(struct bp_asm *as, struct bp_use *use);
void x86_emit_count(struct bp_asm *as, struct bp_use *use);

/* memory.c */
void x86_emit_load(struct bp_asm *as, struct bp_use *use);
void x86_emit_store(struct bp_asm *as, struct bp_use *use);
void x86_emit_rmw_simple(struct bp_asm *as, struct bp_use *use);
void x86_emit_rmw_loop(struct bp_asm *as, struct bp_use *use);
void x86_emit_atomic_call(struct bp_asm *as, struct bp_use *use);
void x86_emit_cas(struct bp_asm *as, struct bp_use *use);
void x86_emit_fence(struct bp_asm *as, struct bp_use *use);

/* float.c */
void x86_fp_move(struct bp_asm *as, unsigned dst, unsigned src);
void x86_canon(struct bp_asm *as, unsigned type, unsigned dst, unsigned src);
void x86_emit_arith(struct bp_asm *as, struct bp_use *use);
void x86_emit_sqrt(struct bp_asm *as, struct bp_use *use);
void x86_emit_fmadd(struct bp_asm *as, struct bp_use *use);
void x86_emit_sign(struct bp_asm *as, struct bp_use *use);
void x86_emit_copysign(struct bp_asm *as, struct bp_use *use);
void x86_emit_keep(struct bp_asm *as, struct bp_use *use);
void x86_emit_minmax(struct bp_asm *as, struct bp_use *use);
void x86_emit_fcmp(struct bp_asm *as, struct bp_use *use);
void x86_emit_fcmp_eq(struct bp_asm *as, struct bp_use *use);
void x86_emit_fflags(struct bp_asm *as, struct bp_use *use);
void x86_emit_fcvt(struct bp_asm *as, struct bp_use *use);
void x86_emit_f2i(struct bp_asm *as, struct bp_use *use);
void x86_emit_i2f(struct bp_asm *as, struct bp_use *use);
void x86_emit_round(struct bp_asm *as, struct bp_use *use);
void x86_emit_canon(struct bp_asm *as, struct bp_use *use);
void x86_emit_is_canon(struct bp_asm *as, struct bp_use *use);
void x86_emit_canon_bits(struct bp_asm *as, struct bp_use *use);
void x86_emit_bitcast(struct bp_asm *as, struct bp_use *use);
void x86_emit_box(struct bp_asm *as, struct bp_use *use);
void x86_emit_unbox(struct bp_asm *as, struct bp_use *use);

/* vector.c */
void x86_vector_constant(struct bp_asm *as, unsigned dst, uint64_t value);
bool x86_vector_is_simple(const struct bp_ir *ir, const struct bp_ir *r);
void x86_emit_vector_1(struct bp_asm *as, struct bp_use *use);
void x86_emit_vector_2(struct bp_asm *as, struct bp_use *use);
void x86_emit_vandn(struct bp_asm *as, struct bp_use *use);
void x86_emit_vsel(struct bp_asm *as, struct bp_use *use);
void x86_emit_vcmpgtu(struct bp_asm *as, struct bp_use *use);
void x86_emit_vshift(struct bp_asm *as, struct bp_use *use);
void x86_emit_vrev(struct bp_asm *as, struct bp_use *use);
void x86_emit_vdupl(struct bp_asm *as, struct bp_use *use);
void x86_emit_vext(struct bp_asm *as, struct bp_use *use);
void x86_emit_vtbl(struct bp_asm *as, struct bp_use *use);
void x86_emit_vuzp(struct bp_asm *as, struct bp_use *use);
void x86_emit_vtrn(struct bp_asm *as, struct bp_use *use);
void x86_emit_vget(struct bp_asm *as, struct bp_use *use);
void x86_emit_vset(struct bp_asm *as, struct bp_use *use);
void x86_emit_vzext(struct bp_asm *as, struct bp_use *use);
void x86_emit_vdup(struct bp_asm *as, struct bp_use *use);
void x86_emit_vmull(struct bp_asm *as, struct bp_use *use);
void x86_emit_vqn(struct bp_asm *as, struct bp_use *use);
void x86_emit_vpopcnt(struct bp_asm *as, struct bp_use *use);
void x86_emit_vfarith(struct bp_asm *as, struct bp_use *use);
void x86_emit_vfsqrt(struct bp_asm *as, struct bp_use *use);
void x86_emit_vfmadd(struct bp_asm *as, struct bp_use *use);
void x86_emit_vfcmp(struct bp_asm *as, struct bp_use *use);
void x86_emit_vi2f(struct bp_asm *as, struct bp_use *use);
void x86_emit_vfround(struct bp_asm *as, struct bp_use *use);
void x86_emit_vaes(struct bp_asm *as, struct bp_use *use);
void x86_emit_vaesmix(struct bp_asm *as, struct bp_use *use);
void x86_emit_vclmul(struct bp_asm *as, struct bp_use *use);
void x86_emit_vsha256(struct bp_asm *as, struct bp_use *use);
void x86_emit_vsha256m(struct bp_asm *as, struct bp_use *use);

#endif
