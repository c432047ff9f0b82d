/* SPDX-License-Identifier: MIT */
/*
 * ir.h: the intermediate representation between targets and backends.
 *
 * A translation is an array of 16-byte records. A record that yields a value *is* the value: its index
 * is the SSA name, printed %7. Operands refer to earlier records. Nothing in here knows a guest or a host.
 *
 * Types. i8 i16 i32 i64 f32 f64 v128. Targets produce i32 and i64 (and f32, f64, v128); i8 and i16 exist
 * so that the evaluator can prove rules by exhaustion. Every op has a defined result for every input,
 * so that all engines agree bit for bit.
 *
 * Guest state. `get` reads guest register number aux, `put` says that it now has the value a. Numbers index
 * the target's register table. A put is not a store: it is only required that memory, host registers and side
 * tables together know the register whenever somebody may look: at an exit, at an op that may fault, and
 * at a call that reads state. The *exit state* of a record is the set of the last puts before it in its
 * block, with `mark` giving the guest pc. Puts of the last values are written to memory at the latest
 * when the translation is left.
 *
 * Blocks. The first records, up to the first `block`, form the entry block. `block` starts another, its
 * parameters are the `param` records directly behind it; `jump` and `branch` pass the values of the `arg`
 * records directly before them. The block that a branch falls into has no parameters. Tier 0 makes single blocks with side exits (`exit_if`); a
 * region has several blocks, and guest registers that live round a loop are block parameters, each followed
 * by a `put` that re-establishes the state. A single block that ends where it began says by `carry` what lives round it.
 *
 * Addresses. The sum of a and the displacement wraps at the width of a's type and is zero-extended.
 *
 * Floats. Arithmetic (fadd fsub fmul fdiv fsqrt fmadd fcvt fround) rounds as its aux says and accumulates sticky
 * flags; where a result is a NaN its sign and payload are unspecified until `fcanon` makes it the
 * canonical quiet NaN (but see BP_NAN_KEEP). The checker requires that such a raw result is only used by float arithmetic, fcmp, f2i
 * and fcanon, so no engine can show a difference; folding removes the fcanon of intermediate results.
 *
 * Text form, as printed by -d op and parsed by tests:
 *     mark 0x80000000 4
 *     %2 = get.i64 x10
 *     %3 = const.i64 0x10
 *     %4 = add.i64 %2, %3
 *     put x11, %4
 *     %6 = load.i64.s32 [%4 + 8] mmu1
 *     exit_if.ltu %4, %2 -> 0x80000010
 *     exit 0x80000004
 */
#ifndef BACKPLANE_IR_H
#define BACKPLANE_IR_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Targets and backends state which revision they were built for; it may move at a minor release. */
#define BP_IR_REVISION 3

enum bp_type {
    BP_VOID = 0, BP_I8 = 1, BP_I16 = 2, BP_I32 = 3, BP_I64 = 4, BP_F32 = 5, BP_F64 = 6, BP_V128 = 7,
};

/* Index of a record; 0 is no value. */
typedef uint32_t bp_value;

/* One record. For const, mark, count: b is the low and c the high half of a 64-bit immediate; a v128 constant
 * has it in both halves. */
struct bp_ir {
    uint8_t op;    /* enum bp_op */
    uint8_t type;  /* enum bp_type of the result, BP_VOID for none */
    uint16_t aux;
    uint32_t a, b, c;
};

/*
 * The ops. Columns: name, number of value operands (a, then b, then c), flags, kind of aux.
 * Flags: P pure (may be removed or merged), M memory, F may fault, X leaves, S reads or writes guest state,
 * E accumulates float flags.
 *
 *   OP(enum, text, operands, flags)
 */
#define BP_OPS(OP)                                                                                 \
    /* constants, state, structure */                                                              \
    OP(NOP, "nop", 0, 0)                                                                           \
    OP(CONST, "const", 0, P)       /* immediate; f32/f64: the bit pattern */                       \
    OP(GET, "get", 0, S)           /* aux: guest register */                                       \
    OP(PUT, "put", 1, S)           /* aux: guest register; a */                                    \
    OP(MARK, "mark", 0, S)         /* a guest instruction starts: immediate pc, aux its length */  \
    OP(BLOCK, "block", 0, S)       /* aux: number of params that follow */                         \
    OP(PARAM, "param", 0, 0)       /* value passed by the jump */                                  \
    OP(ARG, "arg", 1, 0)           /* a: next argument of the call, jump or branch that follows */ \
    OP(JUMP, "jump", 0, X)         /* c: block record */                                           \
    OP(BRANCH, "branch", 2, X)     /* if a COND b to block c, else fall into the next block */     \
    /* leaving */                                                                                  \
    OP(EXIT, "exit", 0, X)         /* c: exit number, whose pc is known: chained */                \
    OP(EXIT_IF, "exit_if", 2, X)   /* aux: COND; if a COND b leave by exit c, else go on */        \
    OP(EXIT_TO, "exit_to", 1, X)   /* a: guest pc; aux: enum bp_exit_hint */                       \
    OP(LEAVE, "leave", 0, X)       /* to the run loop; aux: enum bp_leave; c: exit number or ~0 when   \
                                      the state's pc is already right */                           \
    OP(CALL, "call", 0, S)         /* aux: number of args; c: helper number */                     \
    OP(COUNT, "count", 0, S)       /* a: offset from env (signed); 64-bit counter += immediate */ \
    /* integers */                                                                                 \
    OP(ADD, "add", 2, P)                                                                           \
    OP(SUB, "sub", 2, P)                                                                           \
    OP(MUL, "mul", 2, P)                                                                           \
    OP(MULHU, "mulhu", 2, P)       /* high half, unsigned x unsigned */                            \
    OP(MULHS, "mulhs", 2, P)       /* signed x signed */                                           \
    OP(MULHSU, "mulhsu", 2, P)     /* signed a x unsigned b */                                     \
    OP(DIVU, "divu", 2, P)         /* b = 0: 0 */                                                  \
    OP(DIVS, "divs", 2, P)         /* b = 0: 0; min / -1: min */                                   \
    OP(REMU, "remu", 2, P)         /* b = 0: a */                                                  \
    OP(REMS, "rems", 2, P)         /* b = 0: a; min / -1: 0 */                                     \
    OP(AND, "and", 2, P)                                                                           \
    OP(OR, "or", 2, P)                                                                             \
    OP(XOR, "xor", 2, P)                                                                           \
    OP(ANDN, "andn", 2, P)         /* a & ~b */                                                    \
    OP(NOT, "not", 1, P)                                                                           \
    OP(NEG, "neg", 1, P)                                                                           \
    OP(SHL, "shl", 2, P)           /* shift counts modulo the width; b has a's type */             \
    OP(SHR, "shr", 2, P)                                                                           \
    OP(SAR, "sar", 2, P)                                                                           \
    OP(ROTL, "rotl", 2, P)                                                                         \
    OP(ROTR, "rotr", 2, P)                                                                         \
    OP(CLZ, "clz", 1, P)           /* of 0: the width */                                           \
    OP(CTZ, "ctz", 1, P)                                                                           \
    OP(POPCNT, "popcnt", 1, P)                                                                     \
    OP(BSWAP, "bswap", 1, P)                                                                       \
    OP(TRUNC, "trunc", 1, P)       /* to a narrower type */                                        \
    OP(ZEXT, "zext", 1, P)         /* to a wider type */                                           \
    OP(SEXT, "sext", 1, P)                                                                         \
    OP(EXTRACT_U, "extract_u", 1, P) /* aux: position | length << 8; length 1..width-position */   \
    OP(EXTRACT_S, "extract_s", 1, P)                                                               \
    OP(INSERT, "insert", 2, P)     /* a with bits [position, +length) from b's low bits */         \
    OP(CMP, "cmp", 2, P)           /* aux: COND on a's type; result 0 or 1 of the record's type */ \
    OP(SELECT, "select", 3, P)     /* a (any integer type) nonzero: b, else c */                   \
    /* floats; aux of arithmetic: enum bp_rounding */                                              \
    OP(FADD, "fadd", 2, E)                                                                         \
    OP(FSUB, "fsub", 2, E)                                                                         \
    OP(FMUL, "fmul", 2, E)                                                                         \
    OP(FDIV, "fdiv", 2, E)                                                                         \
    OP(FSQRT, "fsqrt", 1, E)                                                                       \
    OP(FMADD, "fmadd", 3, E)       /* a * b + c, one rounding */                                   \
    OP(FNEG, "fneg", 1, P)         /* bit operation, NaNs included */                              \
    OP(FABS, "fabs", 1, P)                                                                         \
    OP(FCOPYSIGN, "fcopysign", 2, P) /* magnitude of a, sign of b */                               \
    OP(FMIN, "fmin", 2, E)         /* -0 < +0; aux: enum bp_fmin */                                \
    OP(FMAX, "fmax", 2, E)                                                                         \
    OP(FCMP, "fcmp", 2, E)         /* aux: enum bp_fcond; result 0 or 1 of the record's type */    \
    OP(FCVT, "fcvt", 1, E)         /* f32 <-> f64 */                                               \
    OP(F2I, "f2i", 1, E)           /* aux: rounding | 0x80 unsigned; saturates, NaN gives the maximum, with BP_NAN_ZERO 0 */ \
    OP(I2F, "i2f", 1, E)           /* aux: rounding | 0x80 unsigned */                             \
    OP(FROUND, "fround", 1, E)     /* to an integral float; aux: rounding | 0x80 raises inexact */ \
    OP(FCANON, "fcanon", 1, P)     /* a NaN becomes the canonical quiet NaN (sign +, payload 0) */ \
    OP(BITCAST, "bitcast", 1, P)   /* i32 <-> f32, i64 <-> f64 */                                  \
    OP(FBOX, "fbox", 1, P)         /* f32 -> f64 with all ones above (NaN boxing) */               \
    OP(FUNBOX, "funbox", 1, P)     /* f64 -> f32; not all ones above: canonical NaN */             \
    /* memory; aux: struct bp_memop bits; address a + signed 32-bit c (load, store) */             \
    OP(LOAD, "load", 1, MF)                                                                        \
    OP(STORE, "store", 2, MF)      /* b: value; its low bits where the access is narrower */       \
    OP(RMW, "rmw", 2, MF)          /* c: enum bp_rmw; result: old value, extended as the memop says */ \
    OP(CAS, "cas", 3, MF)          /* if [a] = b store c; result: old value */                     \
    OP(FENCE, "fence", 0, M)       /* aux: bits of enum bp_fence */                                \
    OP(FFLAGS, "fflags", 0, S)     /* i32: the sticky flags now, bits of enum bp_fp_flag */        \
    /* vectors; aux: BP_V() with the lanes' width, and a number where one is named here */         \
    OP(VGET, "vget", 1, P)         /* lane `number` as an integer, zero-extended or BP_V_SIGNED, or as a float */ \
    OP(VSET, "vset", 2, P)         /* a with lane `number` = scalar b */                           \
    OP(VZEXT, "vzext", 1, P)       /* scalar a below, zeros above */                               \
    OP(VDUP, "vdup", 1, P)         /* integer a's low bits in all lanes */                         \
    OP(VDUPL, "vdupl", 1, P)       /* lane `number` of a in all lanes */                           \
    OP(VAND, "vand", 2, P)                                                                         \
    OP(VOR, "vor", 2, P)                                                                           \
    OP(VXOR, "vxor", 2, P)                                                                         \
    OP(VANDN, "vandn", 2, P)       /* a & ~b */                                                    \
    OP(VSEL, "vsel", 3, P)         /* (a & b) | (~a & c) */                                        \
    OP(VADD, "vadd", 2, P)                                                                         \
    OP(VSUB, "vsub", 2, P)                                                                         \
    OP(VMUL, "vmul", 2, P)                                                                         \
    OP(VMINS, "vmins", 2, P)                                                                       \
    OP(VMAXS, "vmaxs", 2, P)                                                                       \
    OP(VMINU, "vminu", 2, P)                                                                       \
    OP(VMAXU, "vmaxu", 2, P)                                                                       \
    OP(VQADDS, "vqadds", 2, P)     /* saturating, signed */                                        \
    OP(VQADDU, "vqaddu", 2, P)                                                                     \
    OP(VQSUBS, "vqsubs", 2, P)                                                                     \
    OP(VQSUBU, "vqsubu", 2, P)                                                                     \
    OP(VCMPEQ, "vcmpeq", 2, P)     /* all ones where true, else zero */                            \
    OP(VCMPGTS, "vcmpgts", 2, P)                                                                   \
    OP(VCMPGTU, "vcmpgtu", 2, P)                                                                   \
    OP(VSHL, "vshl", 1, P)         /* by `number`, below the width */                              \
    OP(VSHRU, "vshru", 1, P)                                                                       \
    OP(VSHRS, "vshrs", 1, P)                                                                       \
    OP(VSHIFTU, "vshiftu", 2, P)   /* left by the signed low byte of b's lane; negative: right */  \
    OP(VSHIFTS, "vshifts", 2, P)   /* likewise, right shifts are arithmetic */                     \
    OP(VABS, "vabs", 1, P)         /* of the smallest: itself */                                   \
    OP(VPOPCNT, "vpopcnt", 1, P)                                                                   \
    OP(VCLZ, "vclz", 1, P)                                                                         \
    OP(VREV, "vrev", 1, P)         /* lanes in opposite order within groups of 1 << number bytes */ \
    OP(VSXT, "vsxt", 1, P)         /* the lower half of the lanes, extended to twice the width */  \
    OP(VZXT, "vzxt", 1, P)                                                                         \
    OP(VQNSS, "vqnss", 1, P)       /* lanes to half the width, saturating signed to signed, in the lower half */ \
    OP(VQNSU, "vqnsu", 1, P)       /* signed to unsigned */                                        \
    OP(VQNUU, "vqnuu", 1, P)                                                                       \
    OP(VZIP1, "vzip1", 2, P)       /* a0 b0 a1 b1 ... of the lower halves */                       \
    OP(VZIP2, "vzip2", 2, P)       /* of the upper halves */                                       \
    OP(VUZP1, "vuzp1", 2, P)       /* even lanes of a, then of b */                                \
    OP(VUZP2, "vuzp2", 2, P)       /* odd ones */                                                  \
    OP(VTRN1, "vtrn1", 2, P)       /* a0 b0 a2 b2 ... */                                           \
    OP(VTRN2, "vtrn2", 2, P)       /* a1 b1 a3 b3 ... */                                           \
    OP(VEXT, "vext", 2, P)         /* 16 bytes of a and, above it, b from byte `number` on */      \
    OP(VTBL, "vtbl", 2, P)         /* bytes of a by index b; 0 where that is above 15 */           \
    OP(VMULLS, "vmulls", 2, P)     /* products of the lower halves, twice as wide */               \
    OP(VMULLU, "vmullu", 2, P)                                                                     \
    /* floats in lanes (32 or 64 bits); as the scalar ops; aux: BP_V_ROUNDING(), BP_V_CANON, too */ \
    OP(VFADD, "vfadd", 2, E)                                                                       \
    OP(VFSUB, "vfsub", 2, E)                                                                       \
    OP(VFMUL, "vfmul", 2, E)                                                                       \
    OP(VFDIV, "vfdiv", 2, E)                                                                       \
    OP(VFSQRT, "vfsqrt", 1, E)                                                                     \
    OP(VFMADD, "vfmadd", 3, E)                                                                     \
    OP(VFMIN, "vfmin", 2, E)       /* `number`: as aux of fmin */                                  \
    OP(VFMAX, "vfmax", 2, E)                                                                       \
    OP(VFCMP, "vfcmp", 2, E)       /* `number`: enum bp_fcond; all ones where true */              \
    OP(VFCVT, "vfcvt", 1, E)       /* lanes of 32 bits: the lower two widened; of 64: narrowed, zeros above */ \
    OP(VF2I, "vf2i", 1, E)         /* `number`: rounding | 0x80 unsigned; NaN gives 0 */           \
    OP(VI2F, "vi2f", 1, E)         /* `number`: 0x80 unsigned */                                   \
    OP(VFROUND, "vfround", 1, E)   /* `number`: rounding | 0x80 raises inexact */              \
    /* steps of ciphers and hashes that hosts have: lanes of 8 (AES), 64 (vclmul), 32 bits (SHA-256) */ \
    OP(VAESROUND, "vaesround", 2, P) /* MixColumns(SubBytes(ShiftRows(a))) ^ b of FIPS 197, byte 4c + r being \
                                        row r of column c; `number` 1: of the three inverses */ \
    OP(VAESLAST, "vaeslast", 2, P) /* likewise, without MixColumns */                          \
    OP(VAESMIX, "vaesmix", 1, P)   /* MixColumns(a); `number` 1: its inverse */                \
    OP(VCLMUL, "vclmul", 2, P)     /* 128-bit product without carries of two lanes; `number` bit 0: which of a, \
                                      bit 1: which of b */                                     \
    OP(VSHA256, "vsha256", 3, P)   /* two rounds of FIPS 180-4: a is F E B A from lane 0 up, b H G D C; W + K in \
                                      lanes 0 and 1 of c, `number` 1: in 2 and 3; result: the new F E B A (the \
                                      new H G D C is a) */                                     \
    OP(VSHA256M1, "vsha256m1", 2, P) /* its schedule: a[i] + sigma0 of word i + 1 of a and, above it, b */ \
    OP(VSHA256M2, "vsha256m2", 2, P) /* r[i] = a[i] + sigma1(b[i + 2]), for i > 1 sigma1(r[i - 2]) */             \
    /* at the exit or exit_if that comes next, a BP_EXIT_REPEAT, guest register aux has the value a, as the state says, \
     * too: a hint to keep it in a host register round the loop */                                  \
    OP(CARRY, "carry", 1, 0)

enum bp_op {
#define BP_OP_ENUM_(name, text, operands, flags) BP_##name,
    BP_OPS(BP_OP_ENUM_)
#undef BP_OP_ENUM_
    BP_OP_COUNT
};

enum bp_cond {
    BP_EQ = 0, BP_NE = 1, BP_LT = 2, BP_GE = 3, BP_LE = 4, BP_GT = 5, /* signed */
    BP_LTU = 6, BP_GEU = 7, BP_LEU = 8, BP_GTU = 9,
};

/* A NaN operand makes the result 0; flags: quiet ones raise invalid for signalling NaNs only. */
enum bp_fcond {
    BP_FEQ = 0,       /* quiet */
    BP_FLT = 1,       /* signalling */
    BP_FLE = 2,       /* signalling */
    BP_FLT_QUIET = 3,
    BP_FLE_QUIET = 4,
    BP_FUNORDERED = 5, /* quiet */
};

enum bp_rounding {
    BP_ROUND_DYNAMIC = 0, /* as bp_fp_set_rounding() said */
    BP_ROUND_NEAREST_EVEN = 1, BP_ROUND_ZERO = 2, BP_ROUND_DOWN = 3, BP_ROUND_UP = 4,
    BP_ROUND_NEAREST_AWAY = 5,
};

/* Bits of aux next to the rounding of float arithmetic (fadd fsub fmul fdiv fsqrt fmadd fcvt fround). The
 * result is then no raw one: a NaN is the first signalling operand made quiet,
 * else the first NaN, else canonical. Of fmadd c comes first; 0 * infinity + a quiet NaN is canonical. */
#define BP_NAN_KEEP 0x100u
#define BP_NAN_ZERO 0x100u /* f2i */

/* aux of fmin, fmax */
enum bp_fmin {
    BP_FMIN_2019 = 0, /* IEEE 754-2019 minimumNumber: a NaN loses; both NaN: canonical */
    BP_FMIN_2008 = 1, /* IEEE 754-2008 minNum: a quiet NaN loses; else as BP_NAN_KEEP */
    BP_FMIN_NAN = 2,  /* a NaN wins, as BP_NAN_KEEP */
    BP_FMIN_2008_CANON = 3, BP_FMIN_NAN_CANON = 4, /* likewise, NaNs made canonical */
};

/* aux of vector ops. Results of float ops are never raw: NaNs are as with BP_NAN_KEEP, or canonical. */
#define BP_V(log2, number) ((log2) | (number) << 8) /* lanes of 8 << log2 bits, log2 0..3 */
#define BP_V_LOG2(aux) ((aux) & 3u)
#define BP_V_NUMBER(aux) ((aux) >> 8)
#define BP_V_SIGNED 4u                             /* vget */
#define BP_V_CANON 8u                              /* float ops: NaNs become canonical */
#define BP_V_ROUNDING(rounding) ((rounding) << 4)
#define BP_V_ROUND(aux) ((aux) >> 4 & 7u)

/* Sticky float flags, as bp_fp_flags() returns them. */
enum bp_fp_flag {
    BP_FP_INVALID = 1, BP_FP_DIV_ZERO = 2, BP_FP_OVERFLOW = 4, BP_FP_UNDERFLOW = 8, BP_FP_INEXACT = 16,
};

/* aux of load, store, rmw, cas */
#define BP_MEM_SIZE(log2) (log2)          /* bits 0-2: bytes = 1 << n, n 0..4; 4: plain loads and stores of v128 */
#define BP_MEM_SIZE_MASK 7u
#define BP_MEM_SIGNED 0x08u               /* a narrower value is sign-extended, else zero-extended */
#define BP_MEM_BIG_ENDIAN 0x10u
#define BP_MEM_ALIGNED 0x20u              /* not naturally aligned: the target's `unaligned` hook raises */
#define BP_MEM_ACQUIRE 0x40u
#define BP_MEM_RELEASE 0x80u              /* acquire and release: sequentially consistent */
#define BP_MEM_MMU(index) ((index) << 8)  /* bits 8-11: which of the target's address spaces */
#define BP_MEM_MMU_INDEX(aux) (((aux) >> 8) & 15u)
#define BP_MEM_BYTES(aux) (1u << ((aux) & BP_MEM_SIZE_MASK))

enum bp_rmw {
    BP_RMW_XCHG = 0, BP_RMW_ADD = 1, BP_RMW_AND = 2, BP_RMW_OR = 3, BP_RMW_XOR = 4,
    BP_RMW_MIN = 5, BP_RMW_MAX = 6, BP_RMW_MINU = 7, BP_RMW_MAXU = 8,
};

/* What must be done before (low nibble) what comes after (high nibble): R reads, W writes. */
enum bp_fence {
    BP_FENCE_RR = 1, BP_FENCE_RW = 2, BP_FENCE_WR = 4, BP_FENCE_WW = 8, BP_FENCE_ALL = 15,
};

enum bp_exit_hint { BP_HINT_NONE = 0, BP_HINT_CALL = 1, BP_HINT_RETURN = 2 };

enum bp_leave {
    BP_LEAVE_STATE = 0, /* state changed that translations depend on: ask the target's context again */
    BP_LEAVE_HALT = 1,  /* sleep until an interrupt request; pc is the next instruction */
    BP_LEAVE_YIELD = 2, /* let other vCPUs run */
    BP_LEAVE_SYSCALL = 3, /* user mode (user.h): bp_user_run() returns BP_TRAP_SYSCALL; pc is behind the instruction */
    BP_LEAVE_DEBUG = 4, /* the runtime's own: a debugger's breakpoint; pc is the instruction that did not happen */
};

enum bp_guest_reg_flags {
    BP_GREG_IR = 1,      /* translated code knows it by get and put; those rows come first: number = row */
    BP_GREG_HIDDEN = 2,  /* saved, but not shown to debuggers */
};

/* A guest register with storage in env: a row of the target's register table. */
struct bp_guest_reg {
    const char *name;   /* "x10" */
    const char *alias;  /* "a0", or NULL */
    uint32_t type;      /* enum bp_type */
    uint32_t offset;    /* in env; below 2048 for IR registers */
    uint32_t flags;     /* enum bp_guest_reg_flags */
    uint32_t group;     /* target-defined number for debuggers: 0 general, 1 float, 2 system */
};

/* A way out with a known guest pc. */
struct bp_ir_exit {
    uint64_t pc;
    uint64_t cookie; /* the runtime's, for the backend to hand back */
    uint32_t hint;   /* enum bp_exit_hint; CALL: `link` is the guest return address */
    uint32_t flags;  /* BP_EXIT_* */
    uint64_t link;
};
#define BP_EXIT_LOOP 1u   /* check for interrupt requests before leaving by it */
#define BP_EXIT_LOOKUP 2u /* not chained: found by pc in the jump cache, as exit_to of a constant is */
#define BP_EXIT_REPEAT 4u /* to this translation's own start, and chained: `carry` records may stand before it */

/* A C function that translated code may call. */
enum bp_helper_flags {
    BP_CALL_PURE = 1,         /* result depends on the arguments alone */
    BP_CALL_READS_STATE = 2,  /* guest registers must be in memory */
    BP_CALL_WRITES_STATE = 4, /* guest registers may have changed after it */
    BP_CALL_MAY_RAISE = 8,    /* may end in bp_vcpu_resume(): its exit state must be known */
    BP_CALL_NO_RETURN = 16,   /* always does */
    BP_CALL_FP = 32,          /* uses bp_fp_*() or host floating point: the host's FP control register
                                 is put into and taken from memory around the call */
    BP_CALL_ENV = 64,         /* the vCPU state is passed as first argument, before the args */
};
struct bp_helper {
    const char *name;
    void (*fn)(void);
    uint8_t ret;          /* enum bp_type; f32/f64 are passed and returned as i32/i64 bit patterns,
                             v128 as pointers to 16 bytes: the result's comes before the args */
    uint8_t args;         /* number of args, at most 6 with env and a v128 result */
    uint8_t arg_type[6];  /* enum bp_type */
    uint32_t flags;       /* enum bp_helper_flags */
};

#ifdef __cplusplus
}
#endif
#endif
