/* SPDX-License-Identifier: MIT */
/*
 * print.c: records to text. It prints what is there, also where ir_check() would refuse it.
 */
#include "ir.h"
#include "names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Text that is cut at its end; `length` counts what would have been. */
struct text {
    char *buf;
    size_t size, length;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    bool full = t->length >= t->size;
    int n = vsnprintf(full ? NULL : t->buf + t->length, full ? 0 : t->size - t->length, format, ap);
    va_end(ap);
    if (n > 0)
        t->length += (size_t)n;
}

static void put_register(struct text *t, const struct ir_buffer *b, unsigned reg)
{
    if (reg < b->reg_count && b->regs[reg].name)
        put(t, "%s", b->regs[reg].name);
    else
        put(t, "r%u", reg);
}

/* " + 8", " - 8" */
static void put_offset(struct text *t, int64_t n)
{
    put(t, " %c %" PRId64, n < 0 ? '-' : '+', n < 0 ? -n : n);
}

static void put_address(struct text *t, const struct bp_ir *r, int32_t displacement)
{
    put(t, " [%%%" PRIu32, r->a);
    if (displacement)
        put_offset(t, displacement);
    put(t, "]");
}

static void put_memop_words(struct text *t, unsigned aux)
{
    if (BP_MEM_MMU_INDEX(aux))
        put(t, " mmu%u", BP_MEM_MMU_INDEX(aux));
    if (aux & BP_MEM_BIG_ENDIAN)
        put(t, " be");
    if (aux & BP_MEM_ALIGNED)
        put(t, " aligned");
    if (aux & BP_MEM_ACQUIRE)
        put(t, " acq");
    if (aux & BP_MEM_RELEASE)
        put(t, " rel");
}

static void put_memory(struct text *t, const struct bp_ir *r)
{
    const char *sign = r->op == BP_STORE ? "" : r->aux & BP_MEM_SIGNED ? "s" : "u";
    put(t, ".%s%u", sign, 8 * BP_MEM_BYTES(r->aux));
    if (r->op == BP_RMW)
        put(t, ".%s", IR_NAME(ir_rmw_names, r->c));
    put_address(t, r, r->op == BP_LOAD || r->op == BP_STORE ? (int32_t)r->c : 0);
    if (r->op != BP_LOAD)
        put(t, ", %%%" PRIu32, r->b);
    if (r->op == BP_CAS)
        put(t, ", %%%" PRIu32, r->c);
    put_memop_words(t, r->aux);
}

static void put_exit(struct text *t, const struct ir_buffer *b, uint32_t number)
{
    if (number >= b->exit_count) {
        put(t, " ?");
        return;
    }
    const struct bp_ir_exit *e = &b->exits[number];
    put(t, " 0x%" PRIx64, e->pc);
    if (e->hint)
        put(t, " %s", IR_NAME(ir_hint_names, e->hint));
    if (e->hint == BP_HINT_CALL)
        put(t, " 0x%" PRIx64, e->link);
    if (e->flags & BP_EXIT_LOOP)
        put(t, " loop");
    if (e->flags & BP_EXIT_LOOKUP)
        put(t, " lookup");
    if (e->flags & BP_EXIT_REPEAT)
        put(t, " repeat");
}

/* What follows the op and its type: suffixes that aux selects. */
static void put_suffix(struct text *t, const struct bp_ir *r)
{
    switch (r->op) {
    case BP_CMP: case BP_EXIT_IF: case BP_BRANCH:
        put(t, ".%s", IR_NAME(ir_cond_names, r->aux));
        break;
    case BP_FCMP:
        put(t, ".%s", IR_NAME(ir_fcond_names, r->aux));
        break;
    case BP_F2I: case BP_I2F:
        put(t, ".%s.%s%s", r->aux & 0x80 ? "u" : "s", IR_NAME(ir_rounding_names, r->aux & 0x7f),
            r->aux & BP_NAN_ZERO ? ".zero" : "");
        break;
    case BP_FROUND:
        put(t, ".%s%s%s", IR_NAME(ir_rounding_names, r->aux & 0x7f), r->aux & 0x80 ? ".x" : "",
            r->aux & BP_NAN_KEEP ? ".keep" : "");
        break;
    case BP_FADD: case BP_FSUB: case BP_FMUL: case BP_FDIV: case BP_FSQRT: case BP_FMADD:
    case BP_FCVT:
        put(t, ".%s%s", IR_NAME(ir_rounding_names, r->aux & 0xff),
            r->aux & BP_NAN_KEEP ? ".keep" : "");
        break;
    case BP_FMIN: case BP_FMAX:
        if (r->aux)
            put(t, ".%s", IR_NAME(ir_fmin_names, r->aux));
        break;
    default:
        if (r->op >= BP_VGET) {
            put(t, ".%u%s%s", 8u << BP_V_LOG2(r->aux), r->aux & BP_V_SIGNED ? ".s" : "",
                r->aux & BP_V_CANON ? ".canon" : "");
            if (BP_V_ROUND(r->aux))
                put(t, ".%s", IR_NAME(ir_rounding_names, BP_V_ROUND(r->aux)));
        }
        break;
    }
}

static void put_structure(struct text *t, const struct ir_buffer *b, const struct bp_ir *r)
{
    switch (r->op) {
    case BP_BLOCK:
        put(t, " b%zu %u", (size_t)(r - b->rec), r->aux);
        break;
    case BP_MARK:
        put(t, " 0x%" PRIx64 " %u", ir_imm(r), r->aux);
        break;
    case BP_COUNT:
        put(t, " [env");
        put_offset(t, (int32_t)r->a);
        put(t, "] += %" PRId64, (int64_t)ir_imm(r));
        break;
    case BP_CALL:
        put(t, " %s %u", r->c < b->helper_count ? b->helpers[r->c]->name : "?", r->aux);
        break;
    case BP_JUMP: case BP_BRANCH:
        put(t, " -> b%" PRIu32, r->c);
        break;
    case BP_EXIT:
        put_exit(t, b, r->c);
        break;
    case BP_EXIT_IF:
        put(t, " ->");
        put_exit(t, b, r->c);
        break;
    case BP_EXIT_TO:
        if (r->aux)
            put(t, " %s", IR_NAME(ir_hint_names, r->aux));
        break;
    case BP_LEAVE:
        put(t, " %s", IR_NAME(ir_leave_names, r->aux));
        if (r->c != UINT32_MAX)
            put_exit(t, b, r->c);
        break;
    case BP_FENCE:
        for (unsigned i = 0; i < 4; i++) {
            if (r->aux >> i & 1)
                put(t, " %s", ir_fence_names[i]);
        }
        break;
    case BP_EXTRACT_U: case BP_EXTRACT_S: case BP_INSERT:
        put(t, ", %u, %u", r->aux & 0xff, r->aux >> 8);
        break;
    default:
        if (r->op >= BP_VGET && BP_V_NUMBER(r->aux))
            put(t, ", %u", BP_V_NUMBER(r->aux));
        break;
    }
}

static void put_record(struct text *t, const struct ir_buffer *b, uint32_t i)
{
    const struct bp_ir *r = &b->rec[i];
    if (r->op >= BP_OP_COUNT) {
        put(t, "? %u", r->op);
        return;
    }
    if (r->type != BP_VOID)
        put(t, "%%%" PRIu32 " = ", i);
    put(t, "%s", ir_ops[r->op].name);
    if (r->type != BP_VOID)
        put(t, ".%s", IR_NAME(ir_type_names, r->type));
    switch (r->op) {
    case BP_CONST:
        put(t, " 0x%" PRIx64, ir_imm(r));
        return;
    case BP_GET:
        put(t, " ");
        put_register(t, b, r->aux);
        return;
    case BP_PUT: case BP_CARRY:
        put(t, " ");
        put_register(t, b, r->aux);
        put(t, ", %%%" PRIu32, r->a);
        return;
    case BP_LOAD: case BP_STORE: case BP_RMW: case BP_CAS:
        put_memory(t, r);
        return;
    default:
        break;
    }
    put_suffix(t, r);
    const uint32_t operands[] = { r->a, r->b, r->c };
    for (unsigned k = 0; k < ir_ops[r->op].operands; k++)
        put(t, "%s%%%" PRIu32, k ? ", " : " ", operands[k]);
    put_structure(t, b, r);
}

unsigned ir_print_record(const struct ir_buffer *b, uint32_t i, char *buf, size_t size)
{
    struct text t = { buf, size, 0 };
    if (size)
        *buf = 0;
    put_record(&t, b, i);
    return (unsigned)t.length;
}

char *ir_print(const struct ir_buffer *b)
{
    struct text t = { NULL, 0, 0 };
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 1; i < b->count; i++) {
            if (b->rec[i].op == BP_NOP)
                continue;
            put(&t, "    ");
            put_record(&t, b, i);
            put(&t, "\n");
        }
        if (pass == 0) {
            t = (struct text){ malloc(t.length + 1), t.length + 1, 0 };
            if (!t.buf)
                return NULL;
            *t.buf = 0;
        }
    }
    return t.buf;
}
