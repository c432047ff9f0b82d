/* SPDX-License-Identifier: MIT */
/*
 * prologue.c: what all translations share: constants, entry and exit, and the slow paths' thunks.
 *
 * System V Application Binary Interface, AMD64 supplement, 3.2. The frame is made once by `enter`;
 * everything that is chained behind it runs in it. A thunk is called with its arguments in the
 * frame; it saves every register where a fault can find it, runs the C function with the host's
 * default FP control, and brings back all registers, so that to the register allocator a memory
 * access clobbers nothing.
 */
#include "x86.h"

#include <errno.h>

static const uint8_t callee_saved[] = { RBP, RBX, R12, R13, R14, R15 };
static const uint8_t caller_saved[] = { RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11 };

struct prologue {
    struct bp_asm as;
    uint8_t *rw;
    const struct bp_slots *slots;
    uint32_t table[SHARED_COUNT];
};

static void pool(struct prologue *p)
{
    static const struct {
        uint32_t offset;
        uint64_t value;
    } words[] = {
        { POOL_SIGN64, UINT64_C(0x8000000000000000) }, { POOL_ABS64, UINT64_C(0x7fffffffffffffff) },
        { POOL_SIGN32, 0x80000000u }, { POOL_ABS32, 0x7fffffffu },
        { POOL_BOX, UINT64_C(0xffffffff00000000) }, { POOL_NAN64, UINT64_C(0x7ff8000000000000) },
        { POOL_NAN32, 0x7fc00000u }, { POOL_MXCSR, MXCSR_DEFAULT },
    };
    memset(p->rw, 0, POOL_BYTES);
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        memcpy(p->rw + words[i].offset, &words[i].value, 8);
    p->as.p = p->rw + POOL_BYTES;
}

static void begin(struct prologue *p, unsigned which)
{
    while ((p->as.p - p->rw) % 16)
        put8(&p->as, 0xcc);
    p->table[which] = (uint32_t)(p->as.p - p->rw);
}

/* stmxcsr, ldmxcsr: 0F AE /3, /2 */
static void save_control(struct prologue *p)
{
    op_rm(&p->as, OP_0F | 0xae, 3, RBP, p->slots->fp_control);
}
static void load_control(struct prologue *p)
{
    op_rm(&p->as, OP_0F | 0xae, 2, RBP, p->slots->fp_control);
}
static void load_default_control(struct prologue *p)
{
    op_pool(&p->as, OP_0F | 0xae, 2, POOL_MXCSR, 0);
}

static void push(struct bp_asm *as, unsigned reg) { put_op(as, 0x50 | (reg & 7), 0, 0, reg); }
static void pop(struct bp_asm *as, unsigned reg) { put_op(as, 0x58 | (reg & 7), 0, 0, reg); }

/* enter(env, code) */
static void emit_enter(struct prologue *p)
{
    struct bp_asm *as = &p->as;
    begin(p, SHARED_ENTER);
    for (unsigned i = 0; i < sizeof callee_saved; i++)
        push(as, callee_saved[i]);
    alu_ri(as, OP_W, ALU_SUB, RSP, FRAME_BYTES);
    mov_rr(as, OP_W, RBP, RDI);
    load_control(p);
    op_rr(as, 0xff, 4, RSI); /* jmp */
}

/* The exit word is in rax; the lookups' ones are made here. */
static void emit_leave(struct prologue *p)
{
    struct bp_asm *as = &p->as;
    begin(p, SHARED_LOOKUP_INTERRUPT);
    mov_ri(as, RAX, BP_OUT_LOOKUP_INTERRUPT);
    uint8_t *field = jmp(as);
    begin(p, SHARED_LOOKUP);
    mov_ri(as, RAX, BP_OUT_LOOKUP);
    uint8_t *second = jmp(as);
    begin(p, SHARED_LEAVE);
    bind_to(field, as->p);
    bind_to(second, as->p);
    save_control(p);
    load_default_control(p);
    alu_ri(as, OP_W, ALU_ADD, RSP, FRAME_BYTES);
    for (unsigned i = sizeof callee_saved; i-- > 0;)
        pop(as, callee_saved[i]);
    put8(as, 0xc3);
}

static void save_registers(struct prologue *p)
{
    struct bp_asm *as = &p->as;
    for (unsigned r = 0; r < 16; r++)
        if (r != RSP)
            op_rm(as, OP_W | OP_MOV_STORE, r, RBP, p->slots->int_save + 8 * (int32_t)r);
    op_rm(as, OP_W | OP_LEA, RAX, RSP, 8);
    op_rm(as, OP_W | OP_MOV_STORE, RAX, RBP, p->slots->int_save + 8 * RSP);
    for (unsigned r = 0; r < 16; r++)
        op_rm(as, OP_0F | 0x11, r, RBP, p->slots->fp_save + 16 * (int32_t)r);
}

static void restore_registers(struct prologue *p)
{
    struct bp_asm *as = &p->as;
    for (unsigned i = 0; i < sizeof caller_saved; i++)
        op_rm(as, OP_W | OP_MOV_LOAD, caller_saved[i], RBP,
              p->slots->int_save + 8 * caller_saved[i]);
    for (unsigned r = 0; r < 16; r++)
        op_rm(as, OP_0F | 0x10, r, RBP, p->slots->fp_save + 16 * (int32_t)r);
}

/* A thunk around fn(env, args...), or, without a function, around the one in argument 5. */
static void emit_thunk(struct prologue *p, unsigned which, void (*fn)(void), unsigned args)
{
    static const uint8_t arg_regs[] = { RSI, RDX, RCX, R8, R9 };
    struct bp_asm *as = &p->as;
    begin(p, which);
    save_registers(p);
    save_control(p);
    load_default_control(p);
    mov_rr(as, OP_W, RDI, RBP);
    for (unsigned i = 0; i < args; i++)
        op_rm(as, OP_W | OP_MOV_LOAD, arg_regs[i], RSP, 8 + FRAME_ARG((int32_t)i));
    if (fn)
        mov_ri(as, RAX, (uintptr_t)fn);
    else
        op_rm(as, OP_W | OP_MOV_LOAD, RAX, RSP, 8 + FRAME_ARG(5));
    alu_ri(as, OP_W, ALU_SUB, RSP, 8);
    op_rr(as, 0xff, 2, RAX); /* call */
    alu_ri(as, OP_W, ALU_ADD, RSP, 8);
    op_rm(as, OP_W | OP_MOV_STORE, RAX, RSP, 8 + FRAME_RESULT);
    load_control(p);
    restore_registers(p);
    put8(as, 0xc3);
}

/* vector(env, ret, a, b, how, slots): the operands are in the frame. */
static void emit_vector_thunk(struct prologue *p, const struct bp_runtime_calls *calls)
{
    struct bp_asm *as = &p->as;
    begin(p, SHARED_VECTOR);
    save_registers(p);
    save_control(p);
    load_default_control(p);
    mov_rr(as, OP_W, RDI, RBP);
    op_rm(as, OP_W | OP_LEA, RSI, RSP, 8 + FRAME_VECTOR(0));
    op_rm(as, OP_W | OP_LEA, RDX, RSP, 8 + FRAME_VECTOR(1));
    op_rm(as, OP_W | OP_LEA, RCX, RSP, 8 + FRAME_VECTOR(2));
    op_rm(as, OP_MOV_LOAD, R8, RSP, 8 + FRAME_ARG(3));
    mov_ri(as, R9, (uintptr_t)p->slots);
    mov_ri(as, RAX, (uintptr_t)calls->vector);
    alu_ri(as, OP_W, ALU_SUB, RSP, 8);
    op_rr(as, 0xff, 2, RAX); /* call */
    alu_ri(as, OP_W, ALU_ADD, RSP, 8);
    load_control(p);
    restore_registers(p);
    put8(as, 0xc3);
}

uint32_t x86_prologue(uint8_t *rw, const uint8_t *rx, uint32_t room, const struct bp_slots *slots,
                      const struct bp_runtime_calls *calls, uint64_t features)
{
    struct prologue p = { .rw = rw, .slots = slots };
    if (room < 4096)
        return 0;
    p.as.base = rx;
    p.as.to_rx = rx - rw;
    p.as.features = features;
    pool(&p);
    emit_enter(&p);
    emit_leave(&p);
    emit_thunk(&p, SHARED_LOAD, (void (*)(void))calls->load, 2);
    emit_thunk(&p, SHARED_STORE, (void (*)(void))calls->store, 3);
    emit_thunk(&p, SHARED_RMW, (void (*)(void))calls->rmw, 4);
    emit_thunk(&p, SHARED_CAS, (void (*)(void))calls->cas, 4);
    emit_thunk(&p, SHARED_EXACT, NULL, 5);
    emit_vector_thunk(&p, calls);
    memcpy(rw + POOL_TABLE, p.table, sizeof p.table);
    while ((p.as.p - rw) % 64)
        put8(&p.as, 0xcc);
    return (uint32_t)(p.as.p - rw);
}

uint64_t x86_enter(const uint8_t *base, void *env, const uint8_t *code)
{
    uint64_t (*enter)(void *env, const uint8_t *code);
    uint32_t offset;
    memcpy(&offset, base + POOL_TABLE + 4 * SHARED_ENTER, 4);
    const uint8_t *at = base + offset;
    memcpy(&enter, &at, sizeof enter);
    return enter(env, code);
}

const uint8_t *x86_frame_base(const void *env, const struct bp_slots *slots)
{
    uint64_t rsp;
    memcpy(&rsp, (const uint8_t *)env + slots->int_save + 8 * RSP, 8);
    return (const uint8_t *)(uintptr_t)rsp;
}
