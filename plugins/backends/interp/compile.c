/* SPDX-License-Identifier: MIT */
/*
 * compile.c: IR to bytecode, one instruction a record where it can be, in one walk over the
 * records.
 *
 * Constants get a slot when somebody needs them in one; most go into instructions. (In
 * translations of several blocks they get it where they stand, since the first user may not be on
 * every way to the next.)
 *
 * A value's slot is free again after its last use, so that frames stay small. Where a block is
 * jumped to from behind, values from before the loop keep their slots up to that jump. Block
 * parameters have slots of their own for the whole translation, since jumps from anywhere write
 * them. Puts go to env at once; nothing is ever elsewhere at a state site.
 */
#include "code.h"

#include <backplane/target.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A jump whose x is to become the way to an exit, or to a block. */
struct fixup {
    uint32_t at;
    bool is_exit;
    uint32_t target; /* exit number or block record */
};

#define NO_SLOT UINT16_MAX

struct compiler {
    struct bp_code_job *job;
    const struct bp_ir *ir;
    uint32_t at;       /* offset of the next instruction */
    int error;
    uint32_t mark;     /* record of the guest instruction */
    bool several_blocks;
    uint32_t *last;    /* by record: last use of the value */
    uint16_t *slot;    /* by record: of the value, NO_SLOT: constant that needed none yet */
    uint32_t *place;   /* by record: offset of the block's code */
    uint32_t *exit_at; /* by exit number: offset of its instruction, UINT32_MAX: none yet */
    uint16_t free_slots[FRAME_SLOTS];
    uint32_t free_count, top; /* slots from top on were never used */
    uint16_t free_vectors[VECTOR_SLOTS]; /* the same for vectors */
    uint32_t free_vector_count, vector_top;
    struct fixup *fixups;
    uint32_t fixup_count;
};

static const uint8_t type_bits[8] = { 0, 8, 16, 32, 64, 32, 64, 128 };

static unsigned value_operands(unsigned op)
{
    static const uint8_t operands[BP_OP_COUNT] = {
#define OP(name, text, n, flags) [BP_##name] = n,
        BP_OPS(OP)
#undef OP
    };
    return operands[op];
}

/* The width's place in the WIDTHS of code.h. */
static unsigned width_index(unsigned type)
{
    switch (type_bits[type]) {
    case 8: return 0;
    case 16: return 1;
    case 32: return 2;
    default: return 3;
    }
}

static unsigned type_of(const struct compiler *c, uint32_t value) { return c->ir[value].type; }

/* ---- slots ----------------------------------------------------------------------------------- */

static uint16_t take_slot(struct compiler *c, unsigned type)
{
    if (type == BP_V128) {
        if (c->free_vector_count)
            return c->free_vectors[--c->free_vector_count];
        if (c->vector_top == VECTOR_SLOTS) {
            c->error = -E2BIG;
            return 0;
        }
        return (uint16_t)c->vector_top++;
    }
    if (c->free_count)
        return c->free_slots[--c->free_count];
    if (c->top == FRAME_SLOTS) {
        c->error = -E2BIG;
        return 0;
    }
    return (uint16_t)c->top++;
}

static void give_slot(struct compiler *c, uint16_t slot, unsigned type)
{
    if (type == BP_V128)
        c->free_vectors[c->free_vector_count++] = slot;
    else
        c->free_slots[c->free_count++] = slot;
}

static void release(struct compiler *c, uint32_t value, uint32_t i)
{
    if (c->last[value] != i || c->ir[value].op == BP_PARAM)
        return;
    c->last[value] = 0; /* once, also if it is an operand twice */
    if (c->slot[value] != NO_SLOT)
        give_slot(c, c->slot[value], type_of(c, value));
}

static void release_operands(struct compiler *c, uint32_t i)
{
    const struct bp_ir *r = &c->ir[i];
    unsigned n = value_operands(r->op);
    if (r->op == BP_ARG)
        return; /* lives to the call or jump */
    if (n > 0)
        release(c, r->a, i);
    if (n > 1)
        release(c, r->b, i);
    if (n > 2)
        release(c, r->c, i);
}

static uint32_t arg_count(const struct compiler *c, uint32_t i)
{
    const struct bp_ir *r = &c->ir[i];
    if (r->op == BP_CALL)
        return r->aux;
    if (r->op == BP_JUMP || r->op == BP_BRANCH)
        return c->ir[r->c].aux;
    return 0;
}

/* The k-th of n args before record i. */
static uint32_t arg_value(const struct compiler *c, uint32_t i, uint32_t n, uint32_t k)
{
    return c->ir[i - n + k].a;
}

static void find_last_uses(struct compiler *c)
{
    bool loops = false;
    for (uint32_t i = 1; i < c->job->ir_count; i++) {
        const struct bp_ir *r = &c->ir[i];
        unsigned n = value_operands(r->op);
        if (n > 0)
            c->last[r->a] = i;
        if (n > 1)
            c->last[r->b] = i;
        if (n > 2)
            c->last[r->c] = i;
        uint32_t args = arg_count(c, i);
        for (uint32_t k = 0; k < args; k++)
            c->last[arg_value(c, i, args, k)] = i;
        c->several_blocks |= r->op == BP_BLOCK;
        loops |= (r->op == BP_JUMP || r->op == BP_BRANCH) && r->c <= i;
    }
    while (loops) {
        loops = false;
        for (uint32_t i = 1; i < c->job->ir_count; i++) {
            const struct bp_ir *r = &c->ir[i];
            if ((r->op != BP_JUMP && r->op != BP_BRANCH) || r->c > i)
                continue;
            for (uint32_t v = 1; v < r->c; v++) {
                if (c->last[v] >= r->c && c->last[v] < i) {
                    c->last[v] = i;
                    loops = true;
                }
            }
        }
    }
}

/* ---- emission -------------------------------------------------------------------------------- */

static void emit(struct compiler *c, const void *insn, uint32_t size)
{
    if (size > c->job->code_room - c->at) {
        c->error = -ENOSPC;
        return;
    }
    memcpy(c->job->code_rw + c->at, insn, size);
    c->at += size;
}

static void emit_insn(struct compiler *c, unsigned op, unsigned d, unsigned a, unsigned b)
{
    struct insn i = { (uint16_t)op, (uint16_t)d, (uint16_t)a, (uint16_t)b };
    emit(c, &i, sizeof i);
}

static void emit_wide(struct compiler *c, unsigned op, unsigned d, unsigned a, unsigned b,
                      int32_t x, uint32_t y)
{
    struct wide_insn i = { { (uint16_t)op, (uint16_t)d, (uint16_t)a, (uint16_t)b }, x, y };
    emit(c, &i, sizeof i);
}

static void emit_imm(struct compiler *c, unsigned op, unsigned d, unsigned a, unsigned b,
                     uint64_t imm)
{
    struct imm_insn i = { { (uint16_t)op, (uint16_t)d, (uint16_t)a, (uint16_t)b }, imm };
    emit(c, &i, sizeof i);
}

static uint64_t immediate(const struct bp_ir *r) { return r->b | (uint64_t)r->c << 32; }

/* Whether the instruction for a record holds operand b as an immediate. */
static bool takes_immediate(const struct compiler *c, const struct bp_ir *r)
{
    bool form = (r->op >= BP_ADD && r->op <= BP_ANDN) || (r->op >= BP_SHL && r->op <= BP_ROTR) ||
                r->op == BP_CMP || r->op == BP_EXIT_IF;
    return form && c->ir[r->b].op == BP_CONST && c->slot[r->b] == NO_SLOT;
}

/* Makes sure that a constant is in a slot. */
static void need_slot(struct compiler *c, uint32_t value)
{
    if (c->ir[value].op != BP_CONST || c->slot[value] != NO_SLOT)
        return;
    unsigned type = type_of(c, value);
    c->slot[value] = take_slot(c, type);
    emit_imm(c, type == BP_V128 ? I_const_v : I_const, c->slot[value], 0, 0, immediate(&c->ir[value]));
}

static void need_operands(struct compiler *c, uint32_t i)
{
    const struct bp_ir *r = &c->ir[i];
    unsigned n = value_operands(r->op);
    if (r->op == BP_ARG)
        return;
    if (n > 0)
        need_slot(c, r->a);
    if (n > 1 && !takes_immediate(c, r))
        need_slot(c, r->b);
    if (n > 2)
        need_slot(c, r->c);
    uint32_t args = arg_count(c, i);
    for (uint32_t k = 0; k < args; k++)
        need_slot(c, arg_value(c, i, args, k));
}

/* Records the place for a fault; returns what goes into the site slot. */
static uint32_t add_site(struct compiler *c, unsigned access)
{
    struct bp_code_job *job = c->job;
    if (job->site_count == job->site_room) {
        c->error = -E2BIG;
        return 0;
    }
    job->sites[job->site_count++] = (struct bp_state_site){ .code = c->at, .mark = c->mark, .access = (uint16_t)access };
    return job->code_base_offset + c->at;
}

/* Emits a jump that a fixup completes. */
static void emit_jump(struct compiler *c, unsigned op, unsigned a, unsigned b, bool is_exit,
                      uint32_t target)
{
    c->fixups[c->fixup_count++] = (struct fixup){ c->at, is_exit, target };
    emit_wide(c, op, 0, a, b, 0, 0);
}

/* The same to an exit, comparing with a constant. */
static void emit_jump_imm(struct compiler *c, unsigned op, unsigned a, uint64_t imm, uint32_t exit)
{
    struct wide_imm_insn i = { { (uint16_t)op, 0, (uint16_t)a, 0 }, 0, 0, imm };
    c->fixups[c->fixup_count++] = (struct fixup){ c->at, true, exit };
    emit(c, &i, sizeof i);
}

static void emit_exit(struct compiler *c, uint32_t number)
{
    const struct bp_ir_exit *e = &c->job->exits[number];
    struct exit_insn i = { { I_exit, 0, 0, 0 }, 0, e->cookie };
    if (e->flags & BP_EXIT_LOOP)
        i.i.op = I_exit_loop;
    if (e->flags & BP_EXIT_LOOKUP) {
        i.i.op = I_exit_lookup;
        i.cookie = e->pc;
    } else {
        c->job->exit_patch[number] = c->at + (uint32_t)offsetof(struct exit_insn, to);
    }
    c->exit_at[number] = c->at;
    emit(c, &i, sizeof i);
}

/* ---- records --------------------------------------------------------------------------------- */

static void compile_memory(struct compiler *c, const struct bp_ir *r, unsigned d)
{
    bool narrow = r->op == BP_LOAD && r->aux & BP_MEM_SIGNED ? type_bits[r->type] < 64 : false;
    bool plain =
        !(r->aux & (BP_MEM_BIG_ENDIAN | BP_MEM_ALIGNED | BP_MEM_ACQUIRE | BP_MEM_RELEASE)) &&
        !narrow;
    struct memory_insn i = {
        .i = { 0, (uint16_t)d, c->slot[r->a], 0 },
        .site = add_site(c, r->op == BP_LOAD ? BP_ACCESS_READ : BP_ACCESS_WRITE),
        .memop = r->aux,
        .address_bits = type_bits[type_of(c, r->a)],
        .result_bits = r->type ? type_bits[r->type] : 64,
    };
    unsigned size = r->aux & BP_MEM_SIZE_MASK;
    if (r->op == BP_LOAD || r->op == BP_STORE)
        i.displacement = (int32_t)r->c;
    if (r->op != BP_LOAD)
        i.i.b = c->slot[r->b];
    if (r->op == BP_LOAD && r->type == BP_V128) {
        i.i.op = I_load_v;
        emit(c, &i, sizeof i);
        return;
    }
    if (r->op == BP_STORE && type_of(c, r->b) == BP_V128) {
        i.i.op = I_store_v;
        emit(c, &i, sizeof i);
        return;
    }
    switch (r->op) {
    case BP_LOAD:
        i.i.op = (uint16_t)(!plain ? I_load
                            : (r->aux & BP_MEM_SIGNED ? I_load_s_8 : I_load_u_8) + size);
        break;
    case BP_STORE:
        i.i.op = (uint16_t)(plain ? I_store_8 + size : I_store);
        break;
    case BP_RMW:
        i.i.op = I_rmw;
        i.third = (uint16_t)r->c;
        break;
    default:
        i.i.op = I_cas;
        i.third = c->slot[r->c];
        break;
    }
    emit(c, &i, sizeof i);
}

static ffi_type *ffi_type_for(unsigned type)
{
    switch (type_bits[type]) {
    case 8: return &ffi_type_uint8;
    case 16: return &ffi_type_uint16;
    case 32: return &ffi_type_uint32;
    case 64: return &ffi_type_uint64;
    case 128: return &ffi_type_pointer;
    default: return &ffi_type_void;
    }
}

static void compile_call(struct compiler *c, uint32_t record, unsigned d)
{
    const struct bp_ir *r = &c->ir[record];
    const struct bp_helper *h = c->job->helpers[r->c];
    struct call_insn i = {
        .i = { I_call, (uint16_t)d, 0, 0 },
        .fn = (uintptr_t)h->fn,
        .ret_bits = type_bits[h->ret],
    };
    unsigned n = 0;
    if (h->flags & BP_CALL_ENV) {
        i.arg_slot[n] = UINT16_MAX;
        i.types[n++] = &ffi_type_pointer;
    }
    if (h->ret == BP_V128) {
        i.result_at = (uint8_t)n;
        i.types[n++] = &ffi_type_pointer;
    }
    for (unsigned k = 0; k < r->aux; k++) {
        if (n == MAX_CALL_ARGS) {
            c->error = -EINVAL;
            return;
        }
        i.arg_slot[n] = c->slot[arg_value(c, record, r->aux, k)];
        i.arg_bytes[n] = type_bits[h->arg_type[k]] / 8;
        i.types[n++] = ffi_type_for(h->arg_type[k]);
    }
    i.args = (uint8_t)n;
    i.site = add_site(c, 0);
    ffi_type *ret = h->ret == BP_V128 ? &ffi_type_void : ffi_type_for(h->ret);
    if (ffi_prep_cif(&i.cif, FFI_DEFAULT_ABI, n, ret, i.types) != FFI_OK) {
        c->error = -EINVAL;
        return;
    }
    /* The description stays here, read-only, with its list of types. */
    uintptr_t types = (uintptr_t)c->job->code_rx + c->at + offsetof(struct call_insn, types);
    i.cif.arg_types = (ffi_type **)types;
    emit(c, &i, sizeof i);
}

/* Copies the args before the jump to the block's parameters, all at once. */
static void compile_args(struct compiler *c, uint32_t record, uint32_t block)
{
    uint32_t n = c->ir[block].aux;
    bool overlap = false;
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t later = k + 1; later < n; later++)
            overlap |= c->slot[block + 1 + k] == c->slot[arg_value(c, record, n, later)];
    }
    uint32_t temporaries = c->top;
    if (overlap) {
        if (c->top + n > FRAME_SLOTS) {
            c->error = -E2BIG;
            return;
        }
        for (uint32_t k = 0; k < n; k++)
            emit_insn(c, I_mov, temporaries + k, c->slot[arg_value(c, record, n, k)], 0);
    }
    for (uint32_t k = 0; k < n; k++) {
        uint32_t from = overlap ? temporaries + k : c->slot[arg_value(c, record, n, k)];
        if (from != c->slot[block + 1 + k])
            emit_insn(c, I_mov, c->slot[block + 1 + k], from, 0);
    }
}

static void compile_branch(struct compiler *c, uint32_t i)
{
    const struct bp_ir *r = &c->ir[i];
    unsigned width = width_index(type_of(c, r->a));
    if (c->ir[r->c].aux == 0) {
        emit_jump(c, I_jump_eq_8 + 4 * r->aux + width, c->slot[r->a], c->slot[r->b], false, r->c);
        return;
    }
    uint32_t around = c->at; /* the opposite condition jumps over the copies */
    emit_wide(c, I_jump_eq_8 + 4 * (r->aux ^ 1) + width, 0, c->slot[r->a], c->slot[r->b], 0, 0);
    compile_args(c, i, r->c);
    emit_jump(c, I_jump, 0, 0, false, r->c);
    if (!c->error) {
        int32_t x = (int32_t)(c->at - around);
        memcpy(c->job->code_rw + around + offsetof(struct wide_insn, x), &x, sizeof x);
    }
}

static void compile_leaving(struct compiler *c, uint32_t i)
{
    const struct bp_ir *r = &c->ir[i];
    switch (r->op) {
    case BP_JUMP:
        compile_args(c, i, r->c);
        emit_jump(c, I_jump, 0, 0, false, r->c);
        break;
    case BP_BRANCH:
        compile_branch(c, i);
        break;
    case BP_EXIT:
        if (c->exit_at[r->c] == UINT32_MAX)
            emit_exit(c, r->c);
        else
            emit_jump(c, I_jump, 0, 0, true, r->c);
        break;
    case BP_EXIT_IF: {
        unsigned op = 4 * r->aux + width_index(type_of(c, r->a));
        if (takes_immediate(c, r))
            emit_jump_imm(c, I_jump_eq_k_8 + op, c->slot[r->a], immediate(&c->ir[r->b]), r->c);
        else
            emit_jump(c, I_jump_eq_8 + op, c->slot[r->a], c->slot[r->b], true, r->c);
        break;
    }
    case BP_EXIT_TO:
        emit_insn(c, I_exit_to, 1u + r->aux, c->slot[r->a], 0);
        break;
    default: /* BP_LEAVE */
        if (r->c == UINT32_MAX)
            emit_insn(c, I_leave, r->aux, 0, 0);
        else
            emit_imm(c, I_leave_to, r->aux, 0, 0, c->job->exits[r->c].pc);
        break;
    }
}

static void compile_float(struct compiler *c, const struct bp_ir *r, unsigned d)
{
    static const uint16_t base[BP_OP_COUNT] = {
        [BP_FADD] = I_fadd_f32, [BP_FSUB] = I_fsub_f32, [BP_FMUL] = I_fmul_f32,
        [BP_FDIV] = I_fdiv_f32, [BP_FSQRT] = I_fsqrt_f32, [BP_FMADD] = I_fmadd_f32,
        [BP_FMIN] = I_fmin_f32, [BP_FMAX] = I_fmax_f32, [BP_FCMP] = I_fcmp_f32,
        [BP_F2I] = I_f2i_f32, [BP_I2F] = I_i2f_f32, [BP_FROUND] = I_fround_f32,
        [BP_FCVT] = I_fcvt_f32, [BP_FNEG] = I_fneg_f32, [BP_FABS] = I_fabs_f32,
        [BP_FCOPYSIGN] = I_fcopysign_f32, [BP_FCANON] = I_fcanon_f32,
    };
    bool by_result = r->op == BP_I2F || r->op == BP_FCVT;
    unsigned type = by_result ? r->type : type_of(c, r->a);
    unsigned op = base[r->op] + (type == BP_F64);
    unsigned n = value_operands(r->op);
    uint16_t b = n > 1 ? c->slot[r->b] : 0;
    if (r->op == BP_FNEG || r->op == BP_FABS || r->op == BP_FCOPYSIGN || r->op == BP_FCANON) {
        emit_insn(c, op, d, c->slot[r->a], b);
        return;
    }
    uint32_t y = n > 2 ? c->slot[r->c] : 0;
    if (r->op == BP_F2I)
        y = type_bits[r->type];
    if (r->op == BP_I2F)
        y = type_bits[type_of(c, r->a)];
    emit_wide(c, op, d, c->slot[r->a], b, r->aux, y);
}

static void compile_integer(struct compiler *c, const struct bp_ir *r, unsigned d)
{
    static const uint16_t base[BP_OP_COUNT] = {
        [BP_ADD] = I_add_8, [BP_SUB] = I_sub_8, [BP_MUL] = I_mul_8, [BP_MULHU] = I_mulhu_8,
        [BP_MULHS] = I_mulhs_8, [BP_MULHSU] = I_mulhsu_8, [BP_DIVU] = I_divu_8,
        [BP_DIVS] = I_divs_8, [BP_REMU] = I_remu_8, [BP_REMS] = I_rems_8, [BP_AND] = I_and_8,
        [BP_OR] = I_or_8, [BP_XOR] = I_xor_8, [BP_ANDN] = I_andn_8, [BP_SHL] = I_shl_8,
        [BP_SHR] = I_shr_8, [BP_SAR] = I_sar_8, [BP_ROTL] = I_rotl_8, [BP_ROTR] = I_rotr_8,
        [BP_NOT] = I_not_8, [BP_NEG] = I_neg_8, [BP_CLZ] = I_clz_8, [BP_CTZ] = I_ctz_8,
        [BP_POPCNT] = I_popcnt_8, [BP_BSWAP] = I_bswap_8, [BP_EXTRACT_U] = I_extract_u_8,
        [BP_EXTRACT_S] = I_extract_s_8,
    };
    unsigned a = c->slot[r->a], width = width_index(r->type);
    if (takes_immediate(c, r)) {
        unsigned op = r->op == BP_CMP ? I_cmp_eq_k_8 + 4 * r->aux + width_index(type_of(c, r->a))
                                      : base[r->op] - I_add_8 + I_add_k_8 + width;
        emit_imm(c, op, d, a, 0, immediate(&c->ir[r->b]));
        return;
    }
    switch (r->op) {
    case BP_CMP:
        emit_insn(c, I_cmp_eq_8 + 4 * r->aux + width_index(type_of(c, r->a)), d, a, c->slot[r->b]);
        break;
    case BP_TRUNC:
        emit_insn(c, I_extract_u_64, d, a, (unsigned)type_bits[r->type] << 8);
        break;
    case BP_SEXT:
        emit_insn(c, I_extract_s_8 + width, d, a, (unsigned)type_bits[type_of(c, r->a)] << 8);
        break;
    case BP_ZEXT: case BP_BITCAST:
        emit_insn(c, I_mov, d, a, 0);
        break;
    case BP_EXTRACT_U: case BP_EXTRACT_S:
        emit_insn(c, base[r->op] + width, d, a, r->aux);
        break;
    case BP_INSERT:
        emit_wide(c, I_insert, d, a, c->slot[r->b], r->aux, 0);
        break;
    case BP_SELECT:
        emit_wide(c, r->type == BP_V128 ? I_select_v : I_select, d, a, c->slot[r->b], 0, c->slot[r->c]);
        break;
    case BP_FBOX:
        emit_insn(c, I_fbox, d, a, 0);
        break;
    case BP_FUNBOX:
        emit_insn(c, I_funbox, d, a, 0);
        break;
    default:
        if (base[r->op])
            emit_insn(c, base[r->op] + width, d, a,
                      value_operands(r->op) > 1 ? c->slot[r->b] : 0);
        else
            c->error = -EINVAL;
        break;
    }
}

static void compile_vector(struct compiler *c, const struct bp_ir *r, unsigned d)
{
    unsigned n = value_operands(r->op);
    unsigned scalar = type_of(c, r->op == BP_VSET ? r->b : r->a);
    struct vector_insn i = {
        .i = { I_vector, (uint16_t)d, c->slot[r->a], n > 1 ? c->slot[r->b] : 0 },
        .how = r->op | (uint32_t)r->type << 8 | scalar << 12 | (uint32_t)r->aux << 16,
        .third = n > 2 ? c->slot[r->c] : 0,
    };
    i.places = (uint16_t)((r->type == BP_V128 ? VECTOR_D : 0) |
                          (type_of(c, r->a) == BP_V128 ? VECTOR_A : 0) |
                          (n > 1 && type_of(c, r->b) == BP_V128 ? VECTOR_B : 0) |
                          (n > 2 ? VECTOR_THIRD : 0));
    emit(c, &i, sizeof i);
}

static void compile_record(struct compiler *c, uint32_t i, unsigned d)
{
    const struct bp_ir *r = &c->ir[i];
    switch (r->op) {
    case BP_NOP: case BP_PARAM: case BP_ARG: case BP_CARRY:
        break;
    case BP_CONST:
        if (c->several_blocks)
            emit_imm(c, r->type == BP_V128 ? I_const_v : I_const, d, 0, 0, immediate(r));
        break;
    case BP_GET:
        if (r->type == BP_V128)
            emit_wide(c, I_get_v, d, 0, 0, (int32_t)c->job->guest_regs[r->aux].offset, 0);
        else
            emit_wide(c, I_get_8 + width_index(r->type), d, 0, 0,
                  (int32_t)c->job->guest_regs[r->aux].offset, 0);
        break;
    case BP_PUT:
        if (type_of(c, r->a) == BP_V128)
            emit_wide(c, I_put_v, 0, c->slot[r->a], 0,
                      (int32_t)c->job->guest_regs[r->aux].offset, 0);
        else
            emit_wide(c, I_put_8 + width_index(type_of(c, r->a)), 0, c->slot[r->a], 0,
                  (int32_t)c->job->guest_regs[r->aux].offset, 0);
        break;
    case BP_MARK:
        c->mark = i;
        break;
    case BP_BLOCK:
        c->place[i] = c->at;
        break;
    case BP_COUNT:
        emit_imm(c, I_count, 0, r->a & 0xffff, r->a >> 16, immediate(r));
        break;
    case BP_CALL:
        compile_call(c, i, d);
        break;
    case BP_LOAD: case BP_STORE: case BP_RMW: case BP_CAS:
        compile_memory(c, r, d);
        break;
    case BP_FFLAGS: /* nowhere else: see fp_flags() in run.c */
        emit_wide(c, I_get_8 + width_index(BP_I32), d, 0, 0, c->job->slots->fp_flags, 0);
        break;
    case BP_FENCE:
        emit_insn(c, I_fence, 0, r->aux, 0);
        break;
    case BP_JUMP: case BP_BRANCH: case BP_EXIT: case BP_EXIT_IF: case BP_EXIT_TO: case BP_LEAVE:
        compile_leaving(c, i);
        break;
    case BP_FADD: case BP_FSUB: case BP_FMUL: case BP_FDIV: case BP_FSQRT: case BP_FMADD:
    case BP_FNEG: case BP_FABS: case BP_FCOPYSIGN: case BP_FMIN: case BP_FMAX: case BP_FCMP:
    case BP_FCVT: case BP_F2I: case BP_I2F: case BP_FROUND: case BP_FCANON:
        compile_float(c, r, d);
        break;
    default:
        if (r->op >= BP_VGET)
            compile_vector(c, r, d);
        else
            compile_integer(c, r, d);
        break;
    }
}

static void compile_records(struct compiler *c)
{
    for (uint32_t i = 1; i < c->job->ir_count; i++) {
        if (c->ir[i].op == BP_PARAM)
            c->slot[i] = take_slot(c, c->ir[i].type);
        if (c->ir[i].op == BP_PARAM && c->ir[i].type == BP_V128)
            c->error = -ENOTSUP; /* compile_args() copies no vectors yet */
    }
    for (uint32_t i = 1; i < c->job->ir_count && !c->error; i++) {
        const struct bp_ir *r = &c->ir[i];
        uint16_t d = c->slot[i];
        bool result = r->type != BP_VOID && r->op != BP_PARAM;
        if (r->op == BP_CONST && !c->several_blocks) {
            c->slot[i] = NO_SLOT;
            continue;
        }
        need_operands(c, i);
        /* The result may take an operand's slot: instructions read everything before they write. A
         * call's args are in use until behind it. */
        release_operands(c, i);
        if (result)
            d = c->slot[i] = take_slot(c, r->type);
        compile_record(c, i, d);
        uint32_t args = arg_count(c, i);
        for (uint32_t k = 0; k < args; k++)
            release(c, arg_value(c, i, args, k), i);
        if (result && c->last[i] == 0) /* wanted for its effect only */
            give_slot(c, d, r->type);
    }
    for (uint32_t i = 0; i < c->fixup_count && !c->error; i++) {
        if (c->fixups[i].is_exit && c->exit_at[c->fixups[i].target] == UINT32_MAX)
            emit_exit(c, c->fixups[i].target);
    }
}

static void complete_jumps(const struct compiler *c)
{
    for (uint32_t i = 0; i < c->fixup_count; i++) {
        const struct fixup *f = &c->fixups[i];
        uint32_t to = f->is_exit ? c->exit_at[f->target] : c->place[f->target];
        int32_t x = (int32_t)(to - f->at);
        memcpy(c->job->code_rw + f->at + offsetof(struct wide_insn, x), &x, sizeof x);
    }
}

/* Tells the running interpreter, by the prologue, where guest memory is. */
static void set_direct(const struct bp_code_job *job)
{
    struct prologue *p = (void *)(job->code_rw + (job->prologue - job->code_rx));
    p->direct_base = job->direct_base;
    p->direct_bytes = job->direct_bytes;
}

int interp_compile(struct bp_code_job *job)
{
    if ((uintptr_t)job->code_rx % 8)
        return -EINVAL;
    struct compiler *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct compiler){ .job = job, .ir = job->ir, .error = -ENOMEM };
    c->last = calloc(job->ir_count, sizeof *c->last);
    c->slot = calloc(job->ir_count, sizeof *c->slot);
    c->place = calloc(job->ir_count, sizeof *c->place);
    c->fixups = calloc(job->ir_count, sizeof *c->fixups);
    c->exit_at = malloc((job->exit_count + 1) * sizeof *c->exit_at);
    if (c->last && c->slot && c->place && c->fixups && c->exit_at) {
        for (uint32_t i = 0; i < job->exit_count; i++)
            job->exit_patch[i] = c->exit_at[i] = UINT32_MAX;
        job->site_count = 0;
        job->state_reg_count = 0;
        c->error = 0;
        if (job->direct)
            set_direct(job);
        find_last_uses(c);
        compile_records(c);
    }
    if (!c->error) {
        complete_jumps(c);
        job->code_size = c->at;
    }
    int error = c->error;
    free(c->last);
    free(c->slot);
    free(c->place);
    free(c->fixups);
    free(c->exit_at);
    free(c);
    return error;
}
