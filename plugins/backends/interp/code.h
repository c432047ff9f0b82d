/* SPDX-License-Identifier: MIT */
/*
 * code.h: the bytecode that the interpreter compiles IR to, and runs.
 *
 * A program counter runs over instructions of 8, 16 or more bytes, each aligned to 8. Values live
 * in slots of 64 bits in a frame on the C stack, zero-extended; an instruction names its slots d
 * (result), a and b. Code is read where it runs (rx) and holds no pointer into itself except those
 * of a call's libffi description, which point to rx too. A translation starts with its first
 * instruction.
 */
#ifndef INTERP_CODE_H
#define INTERP_CODE_H

#include <backplane/backend.h>

#include <ffi.h>

#define FRAME_SLOTS 4096 /* values alive at once in a translation */
#define VECTOR_SLOTS 1024
#define MAX_CALL_ARGS 7  /* six and env */

/* One instruction for each width, 8 to 64 bits: d = op(a, b) or op(a). */
#define ALU2(A)                                                                                    \
    A(add) A(sub) A(mul) A(mulhu) A(mulhs) A(mulhsu) A(divu) A(divs) A(remu) A(rems)               \
    A(and) A(or) A(xor) A(andn) A(shl) A(shr) A(sar) A(rotl) A(rotr)
#define ALU1(A) A(not) A(neg) A(clz) A(ctz) A(popcnt) A(bswap)
/* Conditions in the order of enum bp_cond. cmp: d = a COND b; jump: if a COND b to a place. */
#define CONDITIONS(A) A(eq) A(ne) A(lt) A(ge) A(le) A(gt) A(ltu) A(geu) A(leu) A(gtu)
/* Floats of both formats, a struct wide_insn: rounding in x, third operand in y. */
#define FLOATS(A)                                                                                  \
    A(fadd) A(fsub) A(fmul) A(fdiv) A(fsqrt) A(fmadd) A(fmin) A(fmax) A(fcmp) A(f2i) A(i2f)        \
    A(fround)
#define FLOAT_BITS(A) A(fneg) A(fabs) A(fcopysign) A(fcanon)

#define WIDTHS(I, name, type)                                                                      \
    I(name##_8, type) I(name##_16, type) I(name##_32, type) I(name##_64, type)

/* All instructions: name, struct that holds it. */
#define ALU_INSN_(name) WIDTHS(INTERP_INSN_, name, insn)
#define ALU_K_INSN_(name) WIDTHS(INTERP_INSN_, name##_k, imm_insn)
#define CMP_INSN_(name) WIDTHS(INTERP_INSN_, cmp_##name, insn)
#define CMP_K_INSN_(name) WIDTHS(INTERP_INSN_, cmp_##name##_k, imm_insn)
#define JUMP_INSN_(name) WIDTHS(INTERP_INSN_, jump_##name, wide_insn)
#define JUMP_K_INSN_(name) WIDTHS(INTERP_INSN_, jump_##name##_k, wide_imm_insn)
#define FLOAT_INSN_(name) INTERP_INSN_(name##_f32, wide_insn) INTERP_INSN_(name##_f64, wide_insn)
#define FLOAT_BITS_INSN_(name) INTERP_INSN_(name##_f32, insn) INTERP_INSN_(name##_f64, insn)
#define INTERP_INSNS                                                                               \
    INTERP_INSN_(illegal, insn)                                                                    \
    ALU2(ALU_INSN_) ALU1(ALU_INSN_) CONDITIONS(CMP_INSN_) CONDITIONS(JUMP_INSN_)                   \
    ALU2(ALU_K_INSN_) CONDITIONS(CMP_K_INSN_) CONDITIONS(JUMP_K_INSN_) /* imm in place of b */     \
    FLOATS(FLOAT_INSN_) FLOAT_BITS(FLOAT_BITS_INSN_)                                               \
    INTERP_INSN_(fcvt_f32, wide_insn) /* to f32 */ INTERP_INSN_(fcvt_f64, wide_insn)               \
    INTERP_INSN_(fbox, insn) INTERP_INSN_(funbox, insn)                                            \
    INTERP_INSN_(const, imm_insn) INTERP_INSN_(mov, insn)                                          \
    WIDTHS(INTERP_INSN_, extract_u, insn) /* b: position | length << 8 */                          \
    WIDTHS(INTERP_INSN_, extract_s, insn)                                                          \
    INTERP_INSN_(insert, wide_insn) /* x: position | length << 8 */                                \
    INTERP_INSN_(select, wide_insn) /* y: c */                                                     \
    WIDTHS(INTERP_INSN_, get, wide_insn) /* x: offset in env */                                    \
    WIDTHS(INTERP_INSN_, put, wide_insn)                                                           \
    INTERP_INSN_(count, imm_insn) /* a, b: offset from env, low and high half */                   \
    /* plain accesses: little-endian, no order, any alignment, result of 64 bits */                \
    WIDTHS(INTERP_INSN_, load_u, memory_insn) WIDTHS(INTERP_INSN_, load_s, memory_insn)            \
    WIDTHS(INTERP_INSN_, store, memory_insn)                                                       \
    /* every other access */                                                                       \
    INTERP_INSN_(load, memory_insn) INTERP_INSN_(store, memory_insn)                               \
    INTERP_INSN_(rmw, memory_insn) INTERP_INSN_(cas, memory_insn)                                  \
    INTERP_INSN_(get_v, wide_insn) INTERP_INSN_(put_v, wide_insn)                                  \
    INTERP_INSN_(const_v, imm_insn) INTERP_INSN_(select_v, wide_insn)                              \
    INTERP_INSN_(load_v, memory_insn) INTERP_INSN_(store_v, memory_insn)                           \
    INTERP_INSN_(vector, vector_insn)                                                              \
    INTERP_INSN_(fence, insn) INTERP_INSN_(call, call_insn)                                        \
    INTERP_INSN_(jump, wide_insn)                                                                  \
    INTERP_INSN_(exit, exit_insn) INTERP_INSN_(exit_loop, exit_insn)                               \
    INTERP_INSN_(exit_lookup, exit_insn) INTERP_INSN_(exit_to, insn)                               \
    INTERP_INSN_(leave, insn) INTERP_INSN_(leave_to, imm_insn) /* d: enum bp_leave */

enum insn_op {
#define INTERP_INSN_(name, type) I_##name,
    INTERP_INSNS
#undef INTERP_INSN_
    INSN_COUNT
};

struct insn {
    uint16_t op, d, a, b;
};
/* A jump goes to the instruction at its own address + x bytes. */
struct wide_insn {
    struct insn i;
    int32_t x;
    uint32_t y;
};
struct wide_imm_insn {
    struct insn i;
    int32_t x;
    uint32_t reserved;
    uint64_t imm;
};
struct imm_insn {
    struct insn i;
    uint64_t imm;
};
/* An access at slot a plus displacement; b: value to store or operand; d: result. */
struct memory_insn {
    struct insn i;
    int32_t displacement;
    uint32_t site;        /* for the site slot */
    uint16_t memop;
    uint16_t third;       /* rmw: enum bp_rmw; cas: slot of the new value */
    uint8_t address_bits; /* 32 or 64 */
    uint8_t result_bits;  /* 8 to 64 */
    uint16_t reserved;
};
struct exit_insn {
    struct insn i;
    uint64_t to;     /* patched: rx address of the next translation, or 0 */
    uint64_t cookie; /* with enum bp_exit_kind still zero; exit_lookup: guest pc */
};
/* Any vector op, by the runtime's function. `places`: whether d, a, b, third are vector slots. */
enum vector_place { VECTOR_D = 1, VECTOR_A = 2, VECTOR_B = 4, VECTOR_THIRD = 8 };
struct vector_insn {
    struct insn i;
    uint32_t how;
    uint16_t third;
    uint16_t places;
};
/* d: result, where ret_bits is not 0; 128: a vector, passed by its address. */
struct call_insn {
    struct insn i;
    uint64_t fn;
    uint32_t site;
    uint8_t ret_bits, args;
    uint8_t result_at, reserved; /* of a vector result: the argument that is its address */
    uint16_t arg_slot[MAX_CALL_ARGS + 1]; /* UINT16_MAX: env; a vector's where arg_bytes is 16 */
    uint8_t arg_bytes[MAX_CALL_ARGS + 1];
    ffi_cif cif;
    ffi_type *types[MAX_CALL_ARGS];
};

/* What the prologue holds: instead of code, what every translation needs to know. */
struct prologue {
    struct bp_slots slots;
    struct bp_runtime_calls calls;
    uint64_t direct_base, direct_bytes; /* user mode: guest memory; 0 bytes: by the TLB */
};

int interp_compile(struct bp_code_job *job);
uint64_t interp_enter(const uint8_t *base, void *env, const uint8_t *code);
unsigned interp_disassemble(const uint8_t *code, size_t n, uint64_t address, char *buf,
                            size_t size);

#endif
