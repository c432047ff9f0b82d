/* SPDX-License-Identifier: MIT */
/*
 * leave.c: the ways out of a translation, and calls.
 *
 * The place that is patched is the code that leaves: mov rax, exit word; jmp. In front of it lie
 * four bytes: the distance back to the field of the jump that leads here, which is what patching
 * changes. The field never crosses an 8-byte boundary, so that its store is atomic.
 */
#include "x86.h"

#define FIELD_OK(address) (((address) & 7) <= 4)

static void nops(uint8_t *p, unsigned n)
{
    static const uint8_t nop[4][3] = { { 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 } };
    memcpy(p, nop[n], n);
}

void x86_bind(struct bp_asm *as, uint8_t *field) { bind_to(field, as->p); }

static void leave_word(struct bp_asm *as, uint64_t word)
{
    mov_ri(as, RAX, word);
    jmp_shared(as, SHARED_LEAVE);
}

/* Through the jump cache, although the pc is known. */
static void exit_lookup(struct bp_asm *as, const struct bp_ir_exit *e)
{
    const struct bp_slots *s = slots_of(as);
    int32_t slot = (int32_t)(bp_jump_index(e->pc, s->jump_shift) << BP_JUMP_SLOT_LOG2);
    uint8_t *interrupt, *miss[2];
    mov_ri(as, RAX, e->pc);
    op_rm(as, 0x83, ALU_CMP, RBP, s->interrupt);
    put8(as, 0);
    interrupt = jcc8(as, CC_NE);
    op_rm(as, OP_W | OP_MOV_LOAD, RCX, RBP, s->jump_cache);
    op_rm(as, OP_W | 0x3b, RAX, RCX, slot);
    miss[0] = jcc8(as, CC_NE);
    op_rm(as, OP_W | OP_MOV_LOAD, RDX, RCX, slot + 8);
    op_rm(as, OP_W | 0x3b, RDX, RBP, s->jump_tag);
    miss[1] = jcc8(as, CC_NE);
    op_rm(as, 0xff, 4, RCX, slot + 16);
    bind8(as, miss[0]);
    bind8(as, miss[1]);
    op_rm(as, OP_W | OP_MOV_STORE, RAX, RBP, s->pc);
    jmp_shared(as, SHARED_LOOKUP);
    bind8(as, interrupt);
    op_rm(as, OP_W | OP_MOV_STORE, RAX, RBP, s->pc);
    jmp_shared(as, SHARED_LOOKUP_INTERRUPT);
}

void x86_exit(struct bp_asm *as, uint32_t exit, uint8_t *field)
{
    const struct bp_ir_exit *e = &as->job->exits[exit];
    uint8_t *interrupt = NULL;
    bool repeats = e->flags & BP_EXIT_REPEAT;
    if (e->flags & BP_EXIT_LOOKUP) {
        exit_lookup(as, e);
        return;
    }
    if (!field) {
        if (e->flags & BP_EXIT_LOOP) {
            op_rm(as, 0x83, ALU_CMP, RBP, slots_of(as)->interrupt);
            put8(as, 0);
            interrupt = jcc(as, CC_NE);
        }
        unsigned pad = 0;
        while (!FIELD_OK((uintptr_t)(as->p + as->to_rx) + pad + 1))
            pad++;
        nops(as->p, pad);
        as->p += pad;
        field = jmp(as);
    }
    put32(as, (uint32_t)(as->p + 4 - field));
    bind_to(field, as->p);
    as->job->exit_patch[exit] = (uint32_t)(as->p - as->job->code_rw);
    if (repeats)
        as->home(as, exit);
    leave_word(as, e->cookie | BP_OUT_EXIT);
    if (interrupt) {
        bind_to(interrupt, as->p);
        if (repeats)
            as->home(as, exit);
        leave_word(as, e->cookie | BP_OUT_INTERRUPT);
    }
}

void x86_patch(uint8_t *rw, const uint8_t *rx, const uint8_t *to)
{
    uint32_t back;
    memcpy(&back, rw - 4, 4);
    uint8_t *field = rw - back;
    int32_t rel = (int32_t)((to ? to : rx) - (rx - back + 4));
    /* One store; the field does not cross 8 bytes. */
    __asm__ volatile("movl %1, %0" : "=m"(*(int32_t(*)[1])(void *)field) : "r"(rel) : "memory");
}

void x86_leave(struct bp_asm *as, unsigned why, const uint64_t *pc)
{
    if (pc && fits32((int64_t)*pc)) {
        mov_mi(as, OP_W, RBP, slots_of(as)->pc, (uint32_t)*pc);
    } else if (pc) {
        mov_ri(as, RAX, *pc);
        op_rm(as, OP_W | OP_MOV_STORE, RAX, RBP, slots_of(as)->pc);
    }
    leave_word(as, (uint64_t)why << 3 | BP_OUT_LEAVE);
}

/* Somebody wants the vCPU; but only where it would go backward is it to leave. */
static void exit_if_interrupted(struct bp_asm *as, struct bp_stub *stub)
{
    const struct bp_ir_exit *e = &as->job->exits[stub->use.exit];
    bind_to(stub->from, as->p);
    x86_compare(as, stub->use.cond, &stub->use.in[0], &stub->use.in[1]);
    uint8_t *taken = jcc8(as, x86_cc[stub->use.cond]);
    jmp_to(as, stub->back);
    bind8(as, taken);
    if (e->flags & BP_EXIT_REPEAT)
        as->home(as, stub->use.exit);
    leave_word(as, e->cookie | BP_OUT_INTERRUPT);
}

void x86_emit_exit_if(struct bp_asm *as, struct bp_use *use)
{
    struct bp_stub *interrupt = NULL;
    if (as->direct && as->job->exits[use->exit].flags & BP_EXIT_LOOP) {
        op_rm(as, 0x83, ALU_CMP, RBP, slots_of(as)->interrupt);
        put8(as, 0);
        interrupt = as->stub(as, use, exit_if_interrupted);
        interrupt->from = jcc(as, CC_NE);
    }
    uint8_t *start = as->p;
    x86_compare(as, use->cond, &use->in[0], &use->in[1]);
    if (as->direct) {
        size_t length = (size_t)(as->p - start);
        unsigned pad = 0;
        while (!FIELD_OK((uintptr_t)(as->p + as->to_rx) + pad + 2))
            pad++;
        if (pad) { /* in front, so that compare and jump stay together */
            memmove(start + pad, start, length);
            nops(start, pad);
            as->p += pad;
        }
    }
    as->side_exit(as, use, jcc(as, x86_cc[use->cond]));
    if (interrupt)
        interrupt->back = as->p;
}

static void exit_to_stub(struct bp_asm *as, struct bp_stub *stub)
{
    bind_to(stub->from, as->p);
    if (stub->back)
        bind_to(stub->back, as->p);
    op_rm(as, OP_W | OP_MOV_STORE, stub->use.in[0].reg, RBP, slots_of(as)->pc);
    leave_word(as, (uint64_t)(1 + stub->use.ir->aux) << 3 | stub->data[0]);
}

void x86_emit_exit_to(struct bp_asm *as, struct bp_use *use)
{
    const struct bp_slots *s = slots_of(as);
    unsigned pc = use->in[0].reg, slot = use->temp[0], tag = use->temp[1];
    if (use->in[0].type == BP_I32) {
        op_rr(as, OP_MOV_LOAD, use->temp[2], pc);
        pc = use->in[0].reg = use->temp[2];
    }
    op_rm(as, 0x83, ALU_CMP, RBP, s->interrupt);
    put8(as, 0);
    struct bp_stub *interrupt = as->stub(as, use, exit_to_stub);
    interrupt->from = jcc(as, CC_NE);
    interrupt->data[0] = BP_OUT_LOOKUP_INTERRUPT;
    /* slot = bp_jump_index() << BP_JUMP_SLOT_LOG2; insn_align is 1, 2 or 4 */
    mov_rr(as, OP_W, slot, pc);
    shift_ri(as, OP_W, SHIFT_SHR, slot, BP_JUMP_FOLD);
    alu_rr(as, 0, ALU_XOR, slot, pc);
    shift_ri(as, 0, SHIFT_SHL, slot, BP_JUMP_SLOT_LOG2 - s->jump_shift);
    alu_ri(as, 0, ALU_AND, slot, ((1 << BP_JUMP_CACHE_LOG2) - 1) << BP_JUMP_SLOT_LOG2);
    op_rm(as, OP_W | 0x03, slot, RBP, s->jump_cache);
    op_rm(as, OP_W | 0x3b, pc, slot, 0);
    struct bp_stub *miss = as->stub(as, use, exit_to_stub);
    miss->from = jcc(as, CC_NE);
    miss->data[0] = BP_OUT_LOOKUP;
    op_rm(as, OP_W | OP_MOV_LOAD, tag, slot, 8);
    op_rm(as, OP_W | 0x3b, tag, RBP, s->jump_tag);
    miss->back = jcc(as, CC_NE);
    op_rm(as, 0xff, 4, slot, 16);
}

void x86_site(struct bp_asm *as, uint32_t site)
{
    mov_mi(as, 0, RBP, slots_of(as)->site, site);
}

void x86_call(struct bp_asm *as, void (*fn)(void), unsigned flags)
{
    int64_t rel = (int64_t)((uintptr_t)fn - (uintptr_t)(as->p + as->to_rx));
    if (flags & (BP_CALL_FP | BP_CALL_MAY_RAISE)) /* the flags must survive unwinding */
        op_rm(as, OP_0F | 0xae, 3, RBP, slots_of(as)->fp_control);
    if (flags & BP_CALL_FP)
        op_pool(as, OP_0F | 0xae, 2, POOL_MXCSR, 0);
    if (flags & BP_CALL_ENV)
        mov_rr(as, OP_W, RDI, RBP);
    if (fits32(rel - 64) && fits32(rel + 64)) {
        put8(as, 0xe8);
        put32(as, (uint32_t)((uintptr_t)fn - (uintptr_t)(as->p + 4 + as->to_rx)));
    } else {
        mov_ri(as, RAX, (uintptr_t)fn);
        op_rr(as, 0xff, 2, RAX);
    }
    if (flags & BP_CALL_FP)
        op_rm(as, OP_0F | 0xae, 2, RBP, slots_of(as)->fp_control);
}
