/* SPDX-License-Identifier: MIT */
/*
 * run.c: runs bytecode, and the descriptor of the tcg-interp backend.
 *
 * One C frame runs everything that is chained; what unwinds goes over it with longjmp, so it holds
 * nothing that would have to be given back.
 */
#include "float.h"

#include <stdio.h>

struct vector {
    uint64_t half[2];
};

/* Any vector op, by the runtime. */
static void do_vector(const struct machine *m, const struct vector_insn *i, uint64_t *slots,
                      struct vector *vectors)
{
    struct vector ret = { { 0, 0 } };
    const void *a = i->places & VECTOR_A ? (void *)&vectors[i->i.a] : (void *)&slots[i->i.a];
    const void *b = i->places & VECTOR_B ? (void *)&vectors[i->i.b] : (void *)&slots[i->i.b];
    if (i->places & VECTOR_THIRD)
        ret = vectors[i->third];
    m->prologue->calls.vector(m->env, &ret, a, b, i->how, &m->prologue->slots);
    if (i->places & VECTOR_D)
        vectors[i->i.d] = ret;
    else
        slots[i->i.d] = ret.half[0];
}

/* Calls a helper; arguments are converted to their own size, for hosts of either byte order. */
static void do_call(const struct machine *m, const struct call_insn *i, uint64_t *slots,
                    struct vector *vectors)
{
    union value {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        void *pointer;
        ffi_arg ret;
    } args[MAX_CALL_ARGS], ret = { 0 };
    void *pointers[MAX_CALL_ARGS];
    for (unsigned k = 0; k < i->args; k++) {
        pointers[k] = &args[k];
        if (i->arg_slot[k] == UINT16_MAX) {
            args[k].pointer = m->env;
            continue;
        }
        if (i->arg_bytes[k] == 16) {
            args[k].pointer = &vectors[i->arg_slot[k]];
            continue;
        }
        uint64_t v = slots[i->arg_slot[k]];
        switch (i->arg_bytes[k]) {
        case 1: args[k].u8 = (uint8_t)v; break;
        case 2: args[k].u16 = (uint16_t)v; break;
        case 4: args[k].u32 = (uint32_t)v; break;
        default: args[k].u64 = v; break;
        }
    }
    set_site(m, i->site);
    struct vector result;
    if (i->ret_bits == 128)
        args[i->result_at].pointer = &result;
    ffi_call((ffi_cif *)(uintptr_t)&i->cif, (void (*)(void))(uintptr_t)i->fn, &ret, pointers);
    if (i->ret_bits == 128)
        vectors[i->i.d] = result;
    else if (i->ret_bits == 64)
        slots[i->i.d] = ret.u64;
    else if (i->ret_bits) /* libffi widens smaller results */
        slots[i->i.d] = low_bits(i->ret_bits, ret.ret);
}

static void do_count(const struct machine *m, const struct imm_insn *i)
{
    uint64_t v;
    uint8_t *p = field(m, (int32_t)(i->i.a | (uint32_t)i->i.b << 16));
    memcpy(&v, p, sizeof v);
    v += i->imm;
    memcpy(p, &v, sizeof v);
}

/* The orders that an acquire-release fence does not give are those of a write before a read. */
static void do_fence(unsigned kinds)
{
    if (kinds & BP_FENCE_WR)
        atomic_thread_fence(memory_order_seq_cst);
    else if (kinds)
        atomic_thread_fence(memory_order_acq_rel);
}

static inline bool is_interrupted(const struct machine *m)
{
    return load_u32(field(m, m->prologue->slots.interrupt)) != 0;
}

static inline void set_pc(const struct machine *m, uint64_t pc)
{
    memcpy(field(m, m->prologue->slots.pc), &pc, sizeof pc);
}

/* The translation of pc, or NULL with the exit word in *ret_out. */
static const uint8_t *look_up(const struct machine *m, uint64_t pc, uint64_t *ret_out)
{
    const struct bp_slots *s = &m->prologue->slots;
    set_pc(m, pc);
    if (is_interrupted(m)) {
        *ret_out = BP_OUT_LOOKUP_INTERRUPT;
        return NULL;
    }
    const struct bp_jump_slot *cache = *(struct bp_jump_slot *const *)field(m, s->jump_cache);
    const struct bp_jump_slot *j =
        &cache[bp_jump_index(pc, s->jump_shift)];
    *ret_out = BP_OUT_LOOKUP;
    return j->pc == pc && j->tag == load_u64(field(m, s->jump_tag)) ? j->code : NULL;
}

#define INSN(type) ((const struct type *)(const void *)code)
#define D slots[INSN(insn)->d]
#define A slots[INSN(insn)->a]
#define B slots[INSN(insn)->b]
/* Each instruction jumps on by itself, which branch predictors like. Sanitizers don't: hundreds of
 * jumps to hundreds of places take them minutes to compile. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DISPATCH goto dispatch
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DISPATCH goto dispatch
#endif
#endif
#ifndef DISPATCH
#define DISPATCH goto *labels[INSN(insn)->op]
#endif
#define NEXT(type)                                                                                 \
    do {                                                                                           \
        code += sizeof(struct type);                                                               \
        DISPATCH;                                                                                  \
    } while (0)
#define GO_TO(address)                                                                             \
    do {                                                                                           \
        code = (address);                                                                          \
        DISPATCH;                                                                                  \
    } while (0)

#define ALU2_W(name, w)                                                                            \
    L_##name##_##w:                                                                                \
    D = low_bits(w, alu_##name(w, A, B));                                                          \
    NEXT(insn);                                                                                    \
    L_##name##_k_##w:                                                                              \
    D = low_bits(w, alu_##name(w, A, INSN(imm_insn)->imm));                                        \
    NEXT(imm_insn);
#define ALU1_W(name, w)                                                                            \
    L_##name##_##w:                                                                                \
    D = low_bits(w, alu_##name(w, A));                                                             \
    NEXT(insn);
#define FIELD_W(name, w)                                                                           \
    L_##name##_##w:                                                                                \
    D = low_bits(w, alu_##name(w, A, INSN(insn)->b & 0xff, INSN(insn)->b >> 8));                   \
    NEXT(insn);
#define CMP_W(name, w)                                                                             \
    L_cmp_##name##_##w:                                                                            \
    D = (uint64_t)alu_is_##name(w, A, B);                                                          \
    NEXT(insn);                                                                                    \
    L_jump_##name##_##w:                                                                           \
    if (alu_is_##name(w, A, B))                                                                    \
        GO_TO(code + INSN(wide_insn)->x);                                                          \
    NEXT(wide_insn);                                                                               \
    L_cmp_##name##_k_##w:                                                                          \
    D = (uint64_t)alu_is_##name(w, A, INSN(imm_insn)->imm);                                        \
    NEXT(imm_insn);                                                                                \
    L_jump_##name##_k_##w:                                                                         \
    if (alu_is_##name(w, A, INSN(wide_imm_insn)->imm))                                             \
        GO_TO(code + INSN(wide_imm_insn)->x);                                                      \
    NEXT(wide_imm_insn);
#define STATE_W(w)                                                                                 \
    L_get_##w: {                                                                                   \
        uint##w##_t v;                                                                             \
        memcpy(&v, state + INSN(wide_insn)->x, sizeof v);                                          \
        D = v;                                                                                     \
        NEXT(wide_insn);                                                                           \
    }                                                                                              \
    L_put_##w: {                                                                                   \
        uint##w##_t v = (uint##w##_t)A;                                                            \
        memcpy(state + INSN(wide_insn)->x, &v, sizeof v);                                          \
        NEXT(wide_insn);                                                                           \
    }
#define MEMORY_W(w)                                                                                \
    L_load_u_##w:                                                                                  \
    D = plain_load_##w(m, INSN(memory_insn), A);                                                   \
    NEXT(memory_insn);                                                                             \
    L_load_s_##w:                                                                                  \
    D = (uint64_t)as_signed(w, plain_load_##w(m, INSN(memory_insn), A));                           \
    NEXT(memory_insn);                                                                             \
    L_store_##w:                                                                                   \
    plain_store_##w(m, INSN(memory_insn), A, B);                                                   \
    NEXT(memory_insn);
#define ALL_WIDTHS(X, name) X(name, 8) X(name, 16) X(name, 32) X(name, 64)
#define DO_ALU2(name) ALL_WIDTHS(ALU2_W, name)
#define DO_ALU1(name) ALL_WIDTHS(ALU1_W, name)
#define DO_CMP(name) ALL_WIDTHS(CMP_W, name)
#define FLOAT_F(name, f)                                                                           \
    L_##name##_##f: {                                                                              \
        struct bp_fp fp = fp_begin(m, INSN(wide_insn)->x);                        \
        D = do_##name##_##f(&fp, A, B, slots, INSN(wide_insn));                                    \
        fp_end(m, &fp);                                                                            \
        NEXT(wide_insn);                                                                           \
    }
#define DO_FLOAT(name) FLOAT_F(name, f32) FLOAT_F(name, f64)
#define FLOAT_BITS_F(name, f)                                                                      \
    L_##name##_##f:                                                                                \
    D = do_##name##_##f(A, B);                                                                     \
    NEXT(insn);
#define DO_FLOAT_BITS(name) FLOAT_BITS_F(name, f32) FLOAT_BITS_F(name, f64)

/* Without these checks sanitized builds take half the time: instructions are aligned by
 * construction. */
__attribute__((no_sanitize("null", "alignment", "object-size")))
uint64_t interp_enter(const uint8_t *base, void *env, const uint8_t *code)
{
    static const void *const labels[INSN_COUNT] = {
#define INTERP_INSN_(name, type) [I_##name] = &&L_##name,
        INTERP_INSNS
#undef INTERP_INSN_
    };
    const struct machine machine = { (const struct prologue *)(const void *)base, env };
    const struct machine *m = &machine;
    uint8_t *const state = env; /* needs no look at *m, which calls might have changed */
    uint64_t slots[FRAME_SLOTS];
    struct vector vectors[VECTOR_SLOTS];
    const uint8_t *to;
    uint64_t out;
    slots[0] = 0;
    goto dispatch;
dispatch:
    goto *labels[INSN(insn)->op];

    ALU2(DO_ALU2)
    ALU1(DO_ALU1)
    CONDITIONS(DO_CMP)
    FLOATS(DO_FLOAT)
    FLOAT_BITS(DO_FLOAT_BITS)
    ALL_WIDTHS(FIELD_W, extract_u)
    ALL_WIDTHS(FIELD_W, extract_s)
    STATE_W(8)
    STATE_W(16)
    STATE_W(32)
    STATE_W(64)
    MEMORY_W(8)
    MEMORY_W(16)
    MEMORY_W(32)
    MEMORY_W(64)

L_fcvt_f32: {
    struct bp_fp fp = fp_begin(m, INSN(wide_insn)->x);
    D = bp_f64_to_f32(&fp, A);
    fp_end(m, &fp);
    NEXT(wide_insn);
}
L_fcvt_f64: {
    struct bp_fp fp = fp_begin(m, INSN(wide_insn)->x);
    D = bp_f32_to_f64(&fp, (uint32_t)A);
    fp_end(m, &fp);
    NEXT(wide_insn);
}
L_fbox:
    D = A | UINT64_C(0xffffffff00000000);
    NEXT(insn);
L_funbox:
    D = A >> 32 == UINT32_MAX ? (uint32_t)A : UINT32_C(0x7fc00000);
    NEXT(insn);
L_const:
    D = INSN(imm_insn)->imm;
    NEXT(imm_insn);
L_mov:
    D = A;
    NEXT(insn);
L_insert:
    D = alu_insert(A, B, (unsigned)INSN(wide_insn)->x & 0xff, (unsigned)INSN(wide_insn)->x >> 8);
    NEXT(wide_insn);
L_select:
    D = A ? B : slots[INSN(wide_insn)->y];
    NEXT(wide_insn);
L_count:
    do_count(m, INSN(imm_insn));
    NEXT(imm_insn);
L_load:
    D = interp_load(m, INSN(memory_insn), A);
    NEXT(memory_insn);
L_store:
    interp_store(m, INSN(memory_insn), A, B);
    NEXT(memory_insn);
L_rmw:
    D = interp_rmw(m, INSN(memory_insn), A, B);
    NEXT(memory_insn);
L_cas:
    D = interp_cas(m, INSN(memory_insn), A, B, slots[INSN(memory_insn)->third]);
    NEXT(memory_insn);
L_fence:
    do_fence(INSN(insn)->a);
    NEXT(insn);
L_get_v:
    memcpy(&vectors[INSN(insn)->d], state + INSN(wide_insn)->x, sizeof *vectors);
    NEXT(wide_insn);
L_put_v:
    memcpy(state + INSN(wide_insn)->x, &vectors[INSN(insn)->a], sizeof *vectors);
    NEXT(wide_insn);
L_const_v:
    vectors[INSN(insn)->d].half[0] = vectors[INSN(insn)->d].half[1] = INSN(imm_insn)->imm;
    NEXT(imm_insn);
L_select_v:
    vectors[INSN(insn)->d] = vectors[A ? INSN(insn)->b : INSN(wide_insn)->y];
    NEXT(wide_insn);
L_load_v:
    interp_load_vector(m, INSN(memory_insn), A, &vectors[INSN(insn)->d]);
    NEXT(memory_insn);
L_store_v:
    interp_store_vector(m, INSN(memory_insn), A, &vectors[INSN(insn)->b]);
    NEXT(memory_insn);
L_vector:
    do_vector(m, INSN(vector_insn), slots, vectors);
    NEXT(vector_insn);
L_call:
    do_call(m, INSN(call_insn), slots, vectors);
    NEXT(call_insn);
L_jump:
    GO_TO(code + INSN(wide_insn)->x);
L_exit_loop:
    if (is_interrupted(m))
        return INSN(exit_insn)->cookie | BP_OUT_INTERRUPT;
L_exit:
    to = (const uint8_t *)(uintptr_t)__atomic_load_n(&INSN(exit_insn)->to, __ATOMIC_ACQUIRE);
    if (!to)
        return INSN(exit_insn)->cookie | BP_OUT_EXIT;
    GO_TO(to);
L_exit_lookup:
    to = look_up(m, INSN(exit_insn)->cookie, &out);
    if (!to)
        return out;
    GO_TO(to);
L_exit_to:
    to = look_up(m, A, &out);
    if (!to)
        return out | (uint64_t)INSN(insn)->d << 3;
    GO_TO(to);
L_leave_to:
    set_pc(m, INSN(imm_insn)->imm);
L_leave:
    return (uint64_t)INSN(insn)->d << 3 | BP_OUT_LEAVE;
L_illegal: /* no translation starts or continues here */
    return (uint64_t)BP_LEAVE_STATE << 3 | BP_OUT_LEAVE;
}

/* ---- the other members of struct bp_backend -------------------------------------------------- */

static uint64_t features(void) { return 0; }

static uint32_t write_prologue(uint8_t *rw, const uint8_t *rx, uint32_t room,
                               const struct bp_slots *slots, const struct bp_runtime_calls *calls,
                               uint64_t unused)
{
    struct prologue p;
    if (room < sizeof p)
        return 0;
    memset(&p, 0, sizeof p);
    memcpy(&p.slots, slots, slots->size < sizeof p.slots ? slots->size : sizeof p.slots);
    memcpy(&p.calls, calls, calls->size < sizeof p.calls ? calls->size : sizeof p.calls);
    memcpy(rw, &p, sizeof p);
    return sizeof p;
}

/* exit_patch places are the `to` of an exit_insn. */
static void patch(uint8_t *rw, const uint8_t *rx, const uint8_t *to)
{
    __atomic_store_n((uint64_t *)(void *)rw, (uint64_t)(uintptr_t)to, __ATOMIC_RELEASE);
}

/* Nothing is kept in registers or in the frame at a site. */
static const uint8_t *frame_base(const void *env, const struct bp_slots *slots) { return NULL; }

/* Flags and rounding live in fp_flags and fp_rounding alone: there is no control register. */
static uint32_t fp_flags(uint32_t control) { return 0; }
static uint32_t fp_with_flags(uint32_t control, uint32_t flags) { return control; }
static uint32_t fp_with_rounding(uint32_t control, unsigned rounding) { return control; }

BP_BACKEND(interp, "tcg-interp", "interprets the IR: any host, exact floats, slow",
           .flags = BP_BACKEND_INTERPRETER, .features = features, .compile = interp_compile,
           .prologue = write_prologue, .enter = interp_enter, .patch = patch,
           .frame_base = frame_base, .fp_flags = fp_flags, .fp_with_flags = fp_with_flags,
           .fp_with_rounding = fp_with_rounding, .disassemble = interp_disassemble);
BP_PLUGIN("tcg-interp", "0.1.0", "MIT");
