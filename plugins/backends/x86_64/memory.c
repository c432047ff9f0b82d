/* SPDX-License-Identifier: MIT */
/*
 * memory.c: guest memory: a TLB probe in line, the runtime's functions behind it.
 *
 * The probe finds the slot, compares its tag with the page of the access and adds the slot's
 * addend. For an access that may be unaligned it is the page of the *last* byte that is compared
 * with the slot of the first, so that one that crosses a page goes the slow way. Where alignment is
 * asked for it is tested first: the address bits below the size cannot take part in the comparison,
 * for a tag may have bit 0 set.
 *
 * In user mode there is no probe: guest memory lies at the base of the gs segment, or at address 0,
 * and the access is one instruction, whose address a 32-bit guest has computed in 32 bits. What a
 * fault needs is at the record's site.
 *
 * x86 orders all but a store with a later load (volume 3, 9.2), so
 * acquire and release cost nothing, and a sequentially consistent store is an xchg.
 */
#include "x86.h"

#define PAGE_OFFSET_BITS ((1 << BP_TLB_PAGE_LOG2) - 1)
#define SEQ_CST (BP_MEM_ACQUIRE | BP_MEM_RELEASE)
#define OP_BSWAP(reg) (OP_0F | 0xc8 | ((reg) & 7))

enum { TAG_READ = 0, TAG_WRITE = 1 };

struct access {
    unsigned va;     /* register */
    int32_t disp;
    unsigned slot, tmp;
    unsigned scratch;
    unsigned bytes;
    unsigned tag;
    bool direct, narrow, absolute; /* user mode; the address has 32 bits; is disp alone */
};

/* The address in 64 bits: a 32-bit guest's wraps. */
static struct access access_of(struct bp_asm *as, const struct bp_use *use, unsigned tag)
{
    struct access a = { .va = use->in[0].reg, .disp = (int32_t)use->ir->c, .tag = tag,
                        .bytes = BP_MEM_BYTES(use->ir->aux), .slot = use->temp[0],
                        .tmp = use->temp[1], .scratch = use->temp[3],
                        .narrow = use->in[0].type == BP_I32 };
    if (as->job->direct) {
        a.direct = true;
        a.tmp = use->temp[0];
        a.scratch = use->temp[1];
        a.absolute = use->in[0].kind == BP_OPERAND_IMM;
        if (a.absolute)
            a.disp = (int32_t)((uint32_t)a.disp + (uint32_t)use->in[0].imm);
    } else if (a.narrow) {
        if (a.disp)
            op_rm(as, OP_LEA, use->temp[2], a.va, a.disp);
        else
            op_rr(as, OP_MOV_LOAD, use->temp[2], a.va);
        a.va = use->temp[2];
        a.disp = 0;
    }
    return a;
}

/* ---- the probe ------------------------------------------------------------------------------- */

/* slot = TLB + (page of the address & mask) */
static void find_slot(struct bp_asm *as, const struct access *a, int32_t disp, unsigned aux)
{
    int32_t tlb = slots_of(as)->tlb + 16 * (int32_t)BP_MEM_MMU_INDEX(aux);
    const unsigned shift = BP_TLB_PAGE_LOG2 - BP_TLB_SLOT_LOG2;
    if (disp == 0 && as->features & X86_BMI2) {
        vex_rr(as, OP_3A | OP_F2 | OP_W | 0xf0, a->slot, 0, a->va); /* rorx */
        put8(as, shift);
    } else {
        if (disp)
            op_rm(as, OP_W | OP_LEA, a->slot, a->va, disp);
        else
            mov_rr(as, OP_W, a->slot, a->va);
        shift_ri(as, OP_W, SHIFT_SHR, a->slot, shift);
    }
    op_rm(as, OP_W | 0x23, a->slot, RBP, tlb);     /* and */
    op_rm(as, OP_W | 0x03, a->slot, RBP, tlb + 8); /* add */
}

/* tmp = page of the byte at va + disp + more */
static void page_of(struct bp_asm *as, const struct access *a, int32_t more)
{
    int64_t end = (int64_t)a->disp + more;
    if (end == 0) {
        mov_rr(as, OP_W, a->tmp, a->va);
    } else if (fits32(end)) {
        op_rm(as, OP_W | OP_LEA, a->tmp, a->va, (int32_t)end);
    } else {
        op_rm(as, OP_W | OP_LEA, a->tmp, a->va, a->disp);
        alu_ri(as, OP_W, ALU_ADD, a->tmp, more);
    }
    alu_ri(as, OP_W, ALU_AND, a->tmp, ~PAGE_OFFSET_BITS);
}

static uint8_t *compare_tag(struct bp_asm *as, const struct access *a, unsigned tag)
{
    op_rm(as, OP_W | 0x3b, a->tmp, a->slot, (int32_t)(8 * tag));
    return jcc(as, CC_NE);
}

/* For one access: leaves the addend in tmp. Where alignment matters a second jump goes to the
 * slow path. */
static uint8_t *probe(struct bp_asm *as, const struct access *a, unsigned aux,
                      uint8_t **ret_unaligned)
{
    bool aligned = aux & BP_MEM_ALIGNED && a->bytes > 1;
    *ret_unaligned = NULL;
    find_slot(as, a, a->disp, aux);
    if (aligned) {
        if (a->disp)
            op_rm(as, OP_W | OP_LEA, a->tmp, a->va, a->disp);
        else
            mov_rr(as, OP_W, a->tmp, a->va);
        op_rr(as, OP_B | 0xf6, 0, a->tmp); /* test */
        put8(as, a->bytes - 1);
        *ret_unaligned = jcc(as, CC_NE);
        alu_ri(as, OP_W, ALU_AND, a->tmp, ~PAGE_OFFSET_BITS);
    } else {
        page_of(as, a, (int32_t)a->bytes - 1);
    }
    uint8_t *miss = compare_tag(as, a, a->tag);
    op_rm(as, OP_W | OP_MOV_LOAD, a->tmp, a->slot, 24);
    return miss;
}

/* For a group: leaves the addend in slot. Returns up to two jumps to where it fails. */
static uint8_t *probe_group(struct bp_asm *as, const struct bp_use *use, const struct access *a,
                            uint8_t **ret_second)
{
    struct access g = *a;
    int32_t shift = a->disp - (int32_t)use->ir->c; /* a 32-bit guest's displacement is in va */
    g.disp = use->share_first + shift;
    find_slot(as, &g, g.disp, use->ir->aux);
    page_of(as, &g, use->share_end - use->share_first - 1);
    uint8_t *miss = NULL;
    *ret_second = NULL;
    if (use->share_access & BP_SHARE_READ)
        miss = compare_tag(as, &g, TAG_READ);
    if (use->share_access & BP_SHARE_WRITE) {
        *ret_second = miss;
        miss = compare_tag(as, &g, TAG_WRITE);
    }
    op_rm(as, OP_W | OP_MOV_LOAD, g.slot, g.slot, 24);
    return miss;
}

/* ---- the access itself ----------------------------------------------------------------------- */

/* op with the guest's memory as second operand */
static void op_guest(struct bp_asm *as, unsigned op, unsigned reg, const struct access *a,
                     unsigned addend)
{
    if (!a->direct) {
        op_rx(as, op, reg, addend, a->va, 0, a->disp);
        return;
    }
    if (as->job->direct_base)
        put8(as, 0x65); /* gs */
    if (a->narrow)
        put8(as, 0x67); /* the address is computed in 32 bits */
    if (!a->absolute) {
        op_rm(as, op, reg, a->va, a->disp);
        return;
    }
    put_op(as, op & ~OP_B, reg, 0, 0);
    put8(as, (reg & 7) << 3 | 4);
    put8(as, 0x25);
    put32(as, (uint32_t)a->disp);
}

/* Opcode of an integer load, by size and extension. */
static unsigned load_op(unsigned aux, unsigned type)
{
    bool is_signed = aux & BP_MEM_SIGNED;
    switch (aux & BP_MEM_SIZE_MASK) {
    case 0: return is_signed ? OP_MOVSX8 | wide(type) : OP_MOVZX8;
    case 1: return is_signed ? OP_MOVSX16 | wide(type) : OP_MOVZX16;
    case 2: return is_signed && type == BP_I64 ? OP_MOVSXD : OP_MOV_LOAD;
    default: return OP_W | OP_MOV_LOAD;
    }
}

static void swap_loaded(struct bp_asm *as, unsigned reg, unsigned aux, unsigned type)
{
    unsigned log2 = aux & BP_MEM_SIZE_MASK;
    put_op(as, OP_BSWAP(reg) | (log2 == 3 ? OP_W : 0), 0, 0, reg);
    if (log2 == 1)
        shift_ri(as, 0, aux & BP_MEM_SIGNED ? SHIFT_SAR : SHIFT_SHR, reg, 16);
    if (log2 < 3 && aux & BP_MEM_SIGNED && type == BP_I64)
        op_rr(as, OP_MOVSXD, reg, reg);
}

static void do_load(struct bp_asm *as, const struct bp_use *use, const struct access *a,
                    unsigned addend)
{
    unsigned aux = use->ir->aux, type = use->out.type;
    bool swap = aux & BP_MEM_BIG_ENDIAN && a->bytes > 1;
    if (use->out.reg >= BP_FP_REG) {
        op_guest(as, x86_fp_prefix(type) | 0x10, use->out.reg & 31, a, addend);
        return;
    }
    op_guest(as, load_op(swap ? aux & ~BP_MEM_SIGNED : aux, type), use->out.reg, a, addend);
    if (swap)
        swap_loaded(as, use->out.reg, aux, type);
}

static void store_value(struct bp_asm *as, const struct bp_operand *v, const struct access *a,
                        unsigned addend, unsigned log2)
{
    static const unsigned ops[4] = { OP_RB | 0x88, OP_66 | 0x89, 0x89, OP_W | 0x89 };
    static const unsigned imm_ops[4] = { 0xc6, OP_66 | 0xc7, 0xc7, OP_W | 0xc7 };
    if (v->kind != BP_OPERAND_IMM) {
        op_guest(as, ops[log2], v->reg, a, addend);
        return;
    }
    op_guest(as, imm_ops[log2], 0, a, addend);
    if (log2 == 0) {
        put8(as, (uint8_t)v->imm);
    } else if (log2 == 1) {
        put8(as, (uint8_t)v->imm);
        put8(as, (uint8_t)(v->imm >> 8));
    } else {
        put32(as, (uint32_t)v->imm);
    }
}

static void do_store(struct bp_asm *as, const struct bp_use *use, const struct access *a,
                     unsigned addend)
{
    static const unsigned xchg_ops[4] = { OP_RB | 0x86, OP_66 | 0x87, 0x87, OP_W | 0x87 };
    unsigned aux = use->ir->aux, log2 = aux & BP_MEM_SIZE_MASK, t = a->scratch;
    struct bp_operand v = use->in[1];
    bool seq_cst = (aux & SEQ_CST) == SEQ_CST, swap = aux & BP_MEM_BIG_ENDIAN && log2;
    if (v.kind == BP_OPERAND_REG && v.reg >= BP_FP_REG) {
        op_guest(as, x86_fp_prefix(v.type) | 0x11, v.reg & 31, a, addend);
        return;
    }
    if (swap || seq_cst) {
        if (v.kind == BP_OPERAND_IMM)
            mov_ri(as, t, v.imm);
        else
            mov_rr(as, OP_W, t, v.reg);
        v = (struct bp_operand){ .kind = BP_OPERAND_REG, .reg = (uint8_t)t };
    }
    if (swap) {
        put_op(as, OP_BSWAP(t) | OP_W, 0, 0, t);
        if (log2 < 3)
            shift_ri(as, OP_W, SHIFT_SHR, t, 64 - (8u << log2));
    }
    if (seq_cst)
        op_guest(as, xchg_ops[log2], t, a, addend);
    else
        store_value(as, &v, a, addend, log2);
}

/* ---- out of line ----------------------------------------------------------------------------- */

/* Stores a value in the frame, for the thunk. */
static void slow_value(struct bp_asm *as, const struct bp_operand *v, int32_t at)
{
    if (v->kind == BP_OPERAND_IMM)
        mov_mi(as, OP_W, RSP, at, (uint32_t)v->imm);
    else if (v->reg < BP_FP_REG)
        op_rm(as, OP_W | OP_MOV_STORE, v->reg, RSP, at);
    else
        op_rm(as, OP_66 | OP_0F | 0xd6, v->reg & 31, RSP, at); /* movq */
}

static void load_result(struct bp_asm *as, const struct bp_operand *out)
{
    if (out->reg < BP_FP_REG)
        op_rm(as, wide(out->type) | OP_MOV_LOAD, out->reg, RSP, FRAME_RESULT);
    else if (out->type == BP_F64)
        op_rm(as, OP_F3 | OP_0F | 0x7e, out->reg & 31, RSP, FRAME_RESULT); /* movq */
    else
        op_rm(as, OP_66 | OP_0F | 0x6e, out->reg & 31, RSP, FRAME_RESULT); /* movd */
}

/* The runtime's functions may replace the TLB: addends that are kept become 0. */
static void drop_addends(struct bp_asm *as, const struct bp_use *use)
{
    for (uint32_t k = use->keep; k; k &= k - 1)
        alu_rr(as, 0, ALU_XOR, (unsigned)__builtin_ctz(k), (unsigned)__builtin_ctz(k));
}

/* Two calls, a half each. */
static void slow_vector(struct bp_asm *as, const struct bp_use *use, const struct access *a)
{
    unsigned aux = (use->ir->aux & ~BP_MEM_SIZE_MASK) | BP_MEM_SIZE(3);
    bool load = a->tag == TAG_READ;
    unsigned reg = (load ? use->out.reg : use->in[1].reg) & 31;
    for (int32_t half = 0; half < 2; half++) {
        op_rm(as, OP_W | OP_LEA, a->tmp, a->va, a->disp + 8 * half);
        op_rm(as, OP_W | OP_MOV_STORE, a->tmp, RSP, FRAME_ARG(0));
        if (!load) /* movlps, movhps */
            op_rm(as, OP_0F | (half ? 0x17 : 0x13), reg, RSP, FRAME_ARG(1));
        mov_mi(as, 0, RSP, FRAME_ARG(load ? 1 : 2), aux);
        x86_site(as, use->site);
        call_shared(as, load ? SHARED_LOAD : SHARED_STORE);
        if (load)
            op_rm(as, OP_0F | (half ? 0x16 : 0x12), reg, RSP, FRAME_RESULT);
    }
    drop_addends(as, use);
}

static void slow_call(struct bp_asm *as, const struct bp_use *use, const struct access *a)
{
    unsigned va = a->va;
    if ((use->ir->aux & BP_MEM_SIZE_MASK) == BP_MEM_SIZE(4)) {
        slow_vector(as, use, a);
        return;
    }
    if (a->disp || (a->direct && a->narrow)) {
        op_rm(as, (a->direct && a->narrow ? 0 : OP_W) | OP_LEA, a->tmp, va, a->disp);
        va = a->tmp;
    }
    op_rm(as, OP_W | OP_MOV_STORE, va, RSP, FRAME_ARG(0));
    if (a->tag == TAG_READ) {
        mov_mi(as, 0, RSP, FRAME_ARG(1), use->ir->aux);
        x86_site(as, use->site);
        call_shared(as, SHARED_LOAD);
        load_result(as, &use->out);
    } else {
        slow_value(as, &use->in[1], FRAME_ARG(1));
        mov_mi(as, 0, RSP, FRAME_ARG(2), use->ir->aux);
        x86_site(as, use->site);
        call_shared(as, SHARED_STORE);
    }
    drop_addends(as, use);
}

static void access_stub(struct bp_asm *as, struct bp_stub *s)
{
    const struct bp_use *use = &s->use;
    struct access a = { .va = s->data[0] & 0xff, .tag = s->data[0] >> 8 & 0xff,
                        .disp = (int32_t)(s->data[0] >> 32), .slot = use->temp[0],
                        .tmp = use->temp[1], .scratch = use->temp[3],
                        .bytes = BP_MEM_BYTES(use->ir->aux) };
    uint8_t *second = (uint8_t *)(uintptr_t)s->data[1];
    bind_to(s->from, as->p);
    if (second)
        bind_to(second, as->p);
    if (use->share != BP_SHARE_NONE) { /* the group's check failed: look for this access alone */
        uint8_t *unaligned, *miss = probe(as, &a, use->ir->aux, &unaligned);
        if (a.tag == TAG_READ)
            do_load(as, use, &a, a.tmp);
        else
            do_store(as, use, &a, a.tmp);
        if (use->keep >> a.slot & 1)
            alu_rr(as, 0, ALU_XOR, a.slot, a.slot);
        jmp_to(as, s->back);
        bind_to(miss, as->p);
    }
    slow_call(as, use, &a);
    jmp_to(as, s->back);
}

/* ---- load, store ----------------------------------------------------------------------------- */

static void unaligned_stub(struct bp_asm *as, struct bp_stub *s)
{
    struct access a = access_of(as, &s->use, (unsigned)s->data[0]);
    bind_to(s->from, as->p);
    slow_call(as, &s->use, &a);
    jmp_to(as, s->back);
}

static bool wants_alignment(const struct access *a, unsigned aux)
{
    return aux & BP_MEM_ALIGNED && a->bytes > 1 && !a->absolute;
}

/* The runtime deals with an address that is not a multiple of the size. */
static uint8_t *test_alignment(struct bp_asm *as, const struct access *a)
{
    unsigned reg = a->va;
    if (a->disp) {
        op_rm(as, OP_LEA, a->tmp, a->va, a->disp);
        reg = a->tmp;
    }
    op_rr(as, OP_B | 0xf6, 0, reg); /* test */
    put8(as, a->bytes - 1);
    return jcc(as, CC_NE);
}

static void emit_direct(struct bp_asm *as, struct bp_use *use, const struct access *a)
{
    struct bp_stub *s = NULL;
    if (wants_alignment(a, use->ir->aux)) {
        s = as->stub(as, use, unaligned_stub);
        s->from = test_alignment(as, a);
        s->data[0] = a->tag;
    }
    if (a->tag == TAG_READ)
        do_load(as, use, a, 0);
    else
        do_store(as, use, a, 0);
    if (s)
        s->back = as->p;
}

static void emit_access(struct bp_asm *as, struct bp_use *use, unsigned tag)
{
    struct access a = access_of(as, use, tag);
    if (a.direct) {
        emit_direct(as, use, &a);
        return;
    }
    uint8_t *from, *second = NULL;
    unsigned addend = a.slot;
    if (use->share == BP_SHARE_MEMBER) {
        test_rr(as, OP_W, a.slot, a.slot);
        from = jcc(as, CC_E);
    } else if (use->share == BP_SHARE_FIRST) {
        from = probe_group(as, use, &a, &second);
    } else {
        from = probe(as, &a, use->ir->aux, &second);
        addend = a.tmp;
    }
    if (tag == TAG_READ)
        do_load(as, use, &a, addend);
    else
        do_store(as, use, &a, addend);
    struct bp_stub *s = as->stub(as, use, access_stub);
    s->from = from;
    s->back = as->p;
    s->data[0] = a.va | tag << 8 | (uint64_t)(uint32_t)a.disp << 32;
    s->data[1] = (uintptr_t)second;
}

void x86_emit_load(struct bp_asm *as, struct bp_use *use) { emit_access(as, use, TAG_READ); }
void x86_emit_store(struct bp_asm *as, struct bp_use *use) { emit_access(as, use, TAG_WRITE); }

/* ---- atomics --------------------------------------------------------------------------------- */

/* An i32 is passed with zeros above. */
static void value_arg(struct bp_asm *as, const struct bp_operand *v, int32_t at)
{
    slow_value(as, v, at);
    if (v->type == BP_I32)
        mov_mi(as, 0, RSP, at + 4, 0);
}

/* rmw and cas by the runtime, the address in va. */
static void atomic_call(struct bp_asm *as, const struct bp_use *use, unsigned va)
{
    bool cas = use->ir->op == BP_CAS;
    op_rm(as, OP_W | OP_MOV_STORE, va, RSP, FRAME_ARG(0));
    value_arg(as, &use->in[1], FRAME_ARG(1));
    if (cas)
        value_arg(as, &use->in[2], FRAME_ARG(2));
    mov_mi(as, 0, RSP, cas ? FRAME_ARG(3) : FRAME_ARG(2), use->ir->aux);
    if (!cas)
        mov_mi(as, 0, RSP, FRAME_ARG(3), use->ir->c);
    x86_site(as, use->site);
    call_shared(as, cas ? SHARED_CAS : SHARED_RMW);
    load_result(as, &use->out);
}

/* Byte orders other than the host's. */
void x86_emit_atomic_call(struct bp_asm *as, struct bp_use *use)
{
    unsigned va = use->in[0].reg;
    if (use->in[0].type == BP_I32) {
        op_rr(as, OP_MOV_LOAD, use->temp[0], va);
        va = use->temp[0];
    }
    atomic_call(as, use, va);
}

static void unaligned_atomic_stub(struct bp_asm *as, struct bp_stub *s)
{
    bind_to(s->from, as->p);
    x86_emit_atomic_call(as, &s->use);
    jmp_to(as, s->back);
}

static struct bp_stub *direct_atomic(struct bp_asm *as, const struct bp_use *use,
                                     const struct access *a)
{
    if (!wants_alignment(a, use->ir->aux))
        return NULL;
    struct bp_stub *s = as->stub(as, use, unaligned_atomic_stub);
    s->from = test_alignment(as, a);
    return s;
}

static void atomic_stub(struct bp_asm *as, struct bp_stub *s)
{
    for (unsigned i = 0; i < 2; i++)
        if (s->data[i])
            bind_to((uint8_t *)(uintptr_t)s->data[i], as->p);
    bind_to(s->from, as->p);
    atomic_call(as, &s->use, (unsigned)s->data[2]);
    drop_addends(as, &s->use);
    jmp_to(as, s->back);
}

/* The page must be good for both. Leaves the addend in tmp. NULL: there is no slow path. */
static struct bp_stub *probe_atomic(struct bp_asm *as, const struct bp_use *use,
                                    const struct access *a)
{
    uint8_t *unaligned;
    if (a->direct)
        return direct_atomic(as, use, a);
    struct bp_stub *s = as->stub(as, use, atomic_stub);
    s->from = probe(as, a, use->ir->aux, &unaligned);
    s->data[0] = (uintptr_t)unaligned;
    s->data[2] = a->va;
    op_rm(as, OP_W | OP_MOV_LOAD, a->tmp, a->slot, 8 * TAG_READ);
    op_rm(as, OP_W | 0x3b, a->tmp, a->slot, 8 * TAG_WRITE);
    s->data[1] = (uintptr_t)jcc(as, CC_NE);
    op_rm(as, OP_W | OP_MOV_LOAD, a->tmp, a->slot, 24);
    return s;
}

/* op [tmp + va], reg for any size; byte and 16-bit opcodes are those of 32 bits with another
 * prefix or last bit */
static void locked(struct bp_asm *as, const struct access *a, unsigned op, unsigned reg)
{
    if (a->bytes == 1)
        op = (op & ~1u) | OP_RB;
    else if (a->bytes == 2)
        op |= OP_66;
    else if (a->bytes == 8)
        op |= OP_W;
    put8(as, 0xf0);
    op_guest(as, op, reg, a, a->tmp);
}

static void extend_result(struct bp_asm *as, const struct bp_use *use)
{
    if (BP_MEM_BYTES(use->ir->aux) * 8 < (use->out.type == BP_I64 ? 64 : 32))
        op_ro(as, load_op(use->ir->aux, use->out.type), use->out.reg, &use->out);
}

/* cmpxchg leaves all of rax as it was where it stores. */
static void extend_exchanged(struct bp_asm *as, const struct bp_use *use)
{
    extend_result(as, use);
    if (use->out.type == BP_I32 && BP_MEM_BYTES(use->ir->aux) == 4)
        op_rr(as, OP_MOV_LOAD, RAX, RAX);
}

static struct access atomic_access(struct bp_asm *as, const struct bp_use *use)
{
    struct access a = { .va = use->in[0].reg, .tag = TAG_WRITE,
                        .bytes = BP_MEM_BYTES(use->ir->aux), .slot = use->temp[0],
                        .tmp = use->temp[1], .scratch = use->temp[3],
                        .narrow = use->in[0].type == BP_I32 };
    if (as->job->direct) {
        a.direct = true;
        a.scratch = use->temp[0];
    } else if (a.narrow) {
        op_rr(as, OP_MOV_LOAD, use->temp[2], a.va);
        a.va = use->temp[2];
    }
    return a;
}

/* xchg and add */
void x86_emit_rmw_simple(struct bp_asm *as, struct bp_use *use)
{
    struct access a = atomic_access(as, use);
    struct bp_stub *s = probe_atomic(as, use, &a);
    mov_rr(as, OP_W, use->out.reg, use->in[1].reg);
    locked(as, &a, use->ir->c == BP_RMW_ADD ? OP_0F | 0xc1 : 0x87, use->out.reg);
    extend_result(as, use);
    if (s)
        s->back = as->p;
}

/* t = what goes to memory, from the old value in rax */
static void rmw_compute(struct bp_asm *as, const struct bp_use *use, unsigned t, unsigned bytes)
{
    static const uint8_t alus[] = { [BP_RMW_AND] = ALU_AND, [BP_RMW_OR] = ALU_OR,
                                    [BP_RMW_XOR] = ALU_XOR };
    static const uint8_t ccs[] = { [BP_RMW_MIN] = CC_G, [BP_RMW_MAX] = CC_L,
                                   [BP_RMW_MINU] = CC_A, [BP_RMW_MAXU] = CC_B };
    unsigned kind = use->ir->c, b = use->in[1].reg, w = bytes == 8 ? OP_W : 0;
    mov_rr(as, OP_W, t, RAX);
    if (kind <= BP_RMW_XOR) {
        alu_rr(as, w, alus[kind], t, b);
        return;
    }
    /* cmp rax, b in the operand's size; where the old one loses, b */
    unsigned op = bytes == 1 ? OP_RB | OP_B | 0x3a : bytes == 2 ? OP_66 | 0x3b : w | 0x3b;
    op_rr(as, op, RAX, b);
    op_rr(as, OP_0F | OP_W | 0x40 | ccs[kind], t, b);
}

/* the others: compare and exchange until nobody came between */
void x86_emit_rmw_loop(struct bp_asm *as, struct bp_use *use)
{
    struct access a = atomic_access(as, use);
    struct bp_stub *s = probe_atomic(as, use, &a);
    unsigned t = a.scratch;
    op_guest(as, load_op(use->ir->aux & BP_MEM_SIZE_MASK, BP_I64), RAX, &a, a.tmp);
    uint8_t *again = as->p;
    rmw_compute(as, use, t, a.bytes);
    locked(as, &a, OP_0F | 0xb1, t);
    uint8_t *field = jcc8(as, CC_NE);
    *field = (uint8_t)(again - (field + 1));
    extend_exchanged(as, use);
    if (s)
        s->back = as->p;
}

void x86_emit_cas(struct bp_asm *as, struct bp_use *use)
{
    struct access a = atomic_access(as, use);
    struct bp_stub *s = probe_atomic(as, use, &a);
    locked(as, &a, OP_0F | 0xb1, use->in[2].reg);
    extend_exchanged(as, use);
    if (s)
        s->back = as->p;
}

void x86_emit_fence(struct bp_asm *as, struct bp_use *use)
{
    if (!(use->ir->aux & BP_FENCE_WR))
        return;
    /* lock or: cheaper than mfence and as strong for write-back memory */
    put8(as, 0xf0);
    op_rm(as, 0x83, ALU_OR, RSP, FRAME_RESULT);
    put8(as, 0);
}
