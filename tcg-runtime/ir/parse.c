/* SPDX-License-Identifier: MIT */
/*
 * parse.c: text to records, a line each. What print.c writes comes back with the same numbers;
 * text written by hand may use any numbers, each defined before its use.
 *
 * Only the form is checked here: words, numbers, names that exist. Whether the records make sense
 * is ir_check()'s business. Any input is survived.
 */
#include "ir.h"
#include "names.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NUMBER IR_MAX_RECORDS
#define MAX_GAP 4096 /* nops that a jump in numbers may become */

/* Numbers in the text to records; 0: not defined. */
struct numbers {
    uint32_t *record;
    uint32_t room;
};

struct parser {
    struct ir_buffer *b;
    const char *at, *end; /* of the line */
    uint32_t line;
    const struct bp_helper *const *helpers;
    uint32_t helper_count;
    struct numbers values, blocks;
    struct fixup { /* jumps whose c is still a number in the text */
        uint32_t record, line;
    } *fixups;
    uint32_t fixup_count, fixup_room;
    char *err;
    size_t err_size;
    bool failed;
};

static void __attribute__((format(printf, 2, 3))) fail(struct parser *p, const char *format, ...)
{
    if (p->failed)
        return;
    p->failed = true;
    int n = snprintf(p->err, p->err_size, "line %u: ", p->line);
    if (n < 0 || (size_t)n >= p->err_size)
        return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(p->err + n, p->err_size - (size_t)n, format, ap);
    va_end(ap);
}

/* ---- characters, words, numbers -------------------------------------------------------------- */

static void skip_space(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t'))
        p->at++;
}

static bool accept(struct parser *p, const char *text)
{
    skip_space(p);
    size_t n = strlen(text);
    if ((size_t)(p->end - p->at) < n || memcmp(p->at, text, n))
        return false;
    p->at += n;
    return true;
}

static void expect(struct parser *p, const char *text)
{
    if (!accept(p, text))
        fail(p, "expected \"%s\"", text);
}

static bool at_end(struct parser *p)
{
    skip_space(p);
    return p->at == p->end;
}

static bool is_word_char(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* Reads a word; what does not fit is an error, so that words compare whole. */
static void read_word(struct parser *p, char *ret, size_t size)
{
    size_t n = 0;
    while (p->at < p->end && is_word_char(*p->at) && n + 1 < size)
        ret[n++] = *p->at++;
    ret[n] = 0;
    if (p->at < p->end && is_word_char(*p->at))
        fail(p, "word too long");
}

static uint64_t read_number(struct parser *p)
{
    skip_space(p);
    unsigned base = 10;
    if (p->end - p->at > 2 && p->at[0] == '0' && p->at[1] == 'x') {
        base = 16;
        p->at += 2;
    }
    uint64_t v = 0;
    bool any = false;
    for (; p->at < p->end && isxdigit((unsigned char)*p->at); p->at++) {
        char c = *p->at;
        unsigned digit = isdigit((unsigned char)c)
                             ? (unsigned)(c - '0')
                             : (unsigned)(tolower((unsigned char)c) - 'a') + 10;
        if (digit >= base)
            break;
        if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit, &v)) {
            fail(p, "number too large");
            return 0;
        }
        any = true;
    }
    if (!any)
        fail(p, "expected a number");
    return v;
}

static uint64_t read_limited(struct parser *p, uint64_t limit)
{
    uint64_t v = read_number(p);
    if (v > limit) {
        fail(p, "number too large");
        return 0;
    }
    return v;
}

/* "+ 8", "- 8" as 32 bits. */
static int32_t read_offset(struct parser *p)
{
    bool minus = accept(p, "-");
    if (!minus)
        expect(p, "+");
    uint64_t v = read_limited(p, (uint64_t)INT32_MAX + minus);
    return (int32_t)(minus ? -(int64_t)v : (int64_t)v);
}

/* Index of the word in the list, -1 where it is not in it. */
static int find(const char *const *names, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(names[i], word))
            return (int)i;
    }
    return -1;
}
#define FIND(names, word) find(names, sizeof(names) / sizeof *(names), word)

/* ".word", found in the list. */
static unsigned read_suffix_(struct parser *p, const char *const *names, size_t count,
                             const char *what)
{
    char word[16];
    if (p->at == p->end || *p->at != '.') {
        fail(p, "expected .%s", what);
        return 0;
    }
    p->at++;
    read_word(p, word, sizeof word);
    int i = find(names, count, word);
    if (i < 0)
        fail(p, "unknown %s \"%s\"", what, word);
    return i < 0 ? 0 : (unsigned)i;
}
#define read_suffix(p, names, what) read_suffix_(p, names, sizeof(names) / sizeof *(names), what)

/* ---- names of values, blocks, registers ------------------------------------------------------ */

static bool make_room(void *array, uint32_t *room, uint32_t wanted, size_t size)
{
    if (wanted < *room)
        return true;
    uint32_t n = *room ? *room : 64;
    while (n <= wanted)
        n *= 2;
    void *old, *p;
    memcpy(&old, array, sizeof old);
    p = realloc(old, n * size);
    if (!p)
        return false;
    memset((char *)p + *room * size, 0, (n - *room) * size);
    memcpy(array, &p, sizeof p);
    *room = n;
    return true;
}

/* Says that `number` is the record to be appended next. Where the number is ahead of the count,
 * nops fill the gap, so that printed text keeps its numbers; they go before args that wait. */
static void define(struct parser *p, struct numbers *n, uint64_t number)
{
    struct ir_buffer *b = p->b;
    if (p->failed)
        return;
    if (number == 0 || number >= MAX_NUMBER || !make_room(&n->record, &n->room, (uint32_t)number,
                                                          sizeof *n->record)) {
        fail(p, "number out of range");
        return;
    }
    if (n->record[number]) {
        fail(p, "number defined twice");
        return;
    }
    if (number > b->count && number - b->count <= MAX_GAP) {
        uint32_t gap = (uint32_t)number - b->count, args = 0;
        while (b->rec[b->count - 1 - args].op == BP_ARG)
            args++;
        for (uint32_t i = 0; i < gap && !b->failed; i++)
            ir_append_raw(b, (struct bp_ir){ .op = BP_NOP });
        if (!b->failed && args) {
            struct bp_ir *first = &b->rec[b->count - gap - args];
            memmove(first + gap, first, args * sizeof *first);
            for (uint32_t i = 0; i < gap; i++)
                first[i] = (struct bp_ir){ .op = BP_NOP };
        }
    }
    n->record[number] = b->count;
}

static bp_value read_value(struct parser *p)
{
    expect(p, "%");
    uint64_t number = p->failed ? 0 : read_number(p);
    if (!p->failed && (number >= p->values.room || !p->values.record[number]))
        fail(p, "%%%llu is not defined here", (unsigned long long)number);
    return p->failed ? 0 : p->values.record[number];
}

/* A block may come later: remembers to look. */
static void read_block(struct parser *p, struct bp_ir *r)
{
    expect(p, "b");
    r->c = (uint32_t)read_limited(p, MAX_NUMBER - 1);
    if (!make_room(&p->fixups, &p->fixup_room, p->fixup_count, sizeof *p->fixups)) {
        fail(p, "out of memory");
        return;
    }
    p->fixups[p->fixup_count++] = (struct fixup){ p->b->count, p->line };
}

static unsigned read_register(struct parser *p)
{
    char word[64];
    skip_space(p);
    read_word(p, word, sizeof word);
    for (uint32_t i = 0; i < p->b->reg_count; i++) {
        const char *name = p->b->regs[i].name;
        if (name && !strcmp(name, word))
            return i;
    }
    fail(p, "unknown guest register \"%s\"", word);
    return 0;
}

/* ---- records --------------------------------------------------------------------------------- */

static uint32_t read_exit(struct parser *p)
{
    struct bp_ir_exit e = { .pc = read_number(p) };
    if (accept(p, "call")) {
        e.hint = BP_HINT_CALL;
        e.link = read_number(p);
    } else if (accept(p, "return")) {
        e.hint = BP_HINT_RETURN;
    }
    if (accept(p, "loop"))
        e.flags |= BP_EXIT_LOOP;
    if (accept(p, "lookup"))
        e.flags |= BP_EXIT_LOOKUP;
    if (accept(p, "repeat"))
        e.flags |= BP_EXIT_REPEAT;
    return p->failed ? 0 : ir_add_exit(p->b, &e);
}

/* ".u32", ".s32"; a store has no sign. */
static unsigned read_access(struct parser *p, bool has_sign)
{
    static const char *const words[] = { "8", "16", "32", "64", "128" };
    unsigned aux = 0;
    expect(p, ".");
    if (has_sign) {
        if (p->at < p->end && *p->at == 's')
            aux = BP_MEM_SIGNED;
        else if (p->at == p->end || *p->at != 'u')
            fail(p, "expected s or u");
        if (p->at < p->end)
            p->at++;
    }
    char word[8];
    read_word(p, word, sizeof word);
    int size = FIND(words, word);
    if (size < 0)
        fail(p, "unknown access size \"%s\"", word);
    return size < 0 ? aux : aux | (unsigned)size;
}

static unsigned read_memop_words(struct parser *p)
{
    unsigned aux = 0;
    if (accept(p, "mmu"))
        aux |= BP_MEM_MMU((unsigned)read_limited(p, 15));
    if (accept(p, "be"))
        aux |= BP_MEM_BIG_ENDIAN;
    if (accept(p, "aligned"))
        aux |= BP_MEM_ALIGNED;
    if (accept(p, "acq"))
        aux |= BP_MEM_ACQUIRE;
    if (accept(p, "rel"))
        aux |= BP_MEM_RELEASE;
    return aux;
}

static void read_memory(struct parser *p, struct bp_ir *r)
{
    unsigned aux = read_access(p, r->op != BP_STORE);
    if (r->op == BP_RMW)
        r->c = read_suffix(p, ir_rmw_names, "operation");
    expect(p, "[");
    r->a = read_value(p);
    if ((r->op == BP_LOAD || r->op == BP_STORE) && !accept(p, "]")) {
        r->c = (uint32_t)read_offset(p);
        expect(p, "]");
    } else if (r->op == BP_RMW || r->op == BP_CAS) {
        expect(p, "]");
    }
    if (r->op != BP_LOAD) {
        expect(p, ",");
        r->b = read_value(p);
    }
    if (r->op == BP_CAS) {
        expect(p, ",");
        r->c = read_value(p);
    }
    r->aux = (uint16_t)(aux | read_memop_words(p));
}

static void read_call(struct parser *p, struct bp_ir *r)
{
    char word[64];
    skip_space(p);
    read_word(p, word, sizeof word);
    for (uint32_t i = 0; i < p->helper_count; i++) {
        if (strcmp(p->helpers[i]->name, word))
            continue;
        r->c = ir_add_helper(p->b, p->helpers[i]);
        r->aux = (uint16_t)read_limited(p, UINT16_MAX);
        return;
    }
    fail(p, "unknown helper \"%s\"", word);
}

static void set_immediate(struct bp_ir *r, uint64_t v)
{
    r->b = (uint32_t)v;
    r->c = (uint32_t)(v >> 32);
}

static void read_count(struct parser *p, struct bp_ir *r)
{
    expect(p, "[");
    expect(p, "env");
    r->a = (uint32_t)read_offset(p);
    expect(p, "]");
    expect(p, "+=");
    bool minus = accept(p, "-");
    uint64_t v = read_number(p);
    set_immediate(r, minus ? -v : v);
}

static void read_operands(struct parser *p, struct bp_ir *r)
{
    unsigned n = ir_ops[r->op].operands;
    if (n > 0)
        r->a = read_value(p);
    if (n > 1) {
        expect(p, ",");
        r->b = read_value(p);
    }
    if (n > 2) {
        expect(p, ",");
        r->c = read_value(p);
    }
}

/* ".16": the lanes of a vector op; more of aux may follow. */
static unsigned read_lanes(struct parser *p)
{
    static const char *const widths[] = { "8", "16", "32", "64" };
    unsigned aux = (unsigned)read_suffix(p, widths, "width");
    aux |= accept(p, ".s") ? BP_V_SIGNED : 0;
    aux |= accept(p, ".canon") ? BP_V_CANON : 0;
    if (p->at < p->end && *p->at == '.')
        aux |= BP_V_ROUNDING((unsigned)read_suffix(p, ir_rounding_names, "rounding"));
    return aux;
}

/* Suffixes that go into aux. */
static void read_aux_suffix(struct parser *p, struct bp_ir *r)
{
    static const char *const signs[] = { "s", "u" };
    switch (r->op) {
    case BP_CMP: case BP_EXIT_IF: case BP_BRANCH:
        r->aux = (uint16_t)read_suffix(p, ir_cond_names, "condition");
        break;
    case BP_FCMP:
        r->aux = (uint16_t)read_suffix(p, ir_fcond_names, "condition");
        break;
    case BP_F2I: case BP_I2F:
        r->aux = read_suffix(p, signs, "sign") ? 0x80 : 0;
        r->aux |= (uint16_t)read_suffix(p, ir_rounding_names, "rounding");
        r->aux |= accept(p, ".zero") ? BP_NAN_ZERO : 0;
        break;
    case BP_FADD: case BP_FSUB: case BP_FMUL: case BP_FDIV: case BP_FSQRT: case BP_FMADD:
    case BP_FCVT: case BP_FROUND:
        r->aux = (uint16_t)read_suffix(p, ir_rounding_names, "rounding");
        if (r->op == BP_FROUND && accept(p, ".x"))
            r->aux |= 0x80;
        r->aux |= accept(p, ".keep") ? BP_NAN_KEEP : 0;
        break;
    case BP_FMIN: case BP_FMAX:
        if (p->at < p->end && *p->at == '.')
            r->aux = (uint16_t)read_suffix(p, ir_fmin_names, "rule for NaNs");
        break;
    default:
        if (r->op >= BP_VGET)
            r->aux = (uint16_t)read_lanes(p);
        break;
    }
}

/* What follows the operands. */
static void read_rest(struct parser *p, struct bp_ir *r)
{
    char word[16];
    switch (r->op) {
    case BP_JUMP: case BP_BRANCH:
        expect(p, "->");
        read_block(p, r);
        break;
    case BP_EXIT:
        r->c = read_exit(p);
        break;
    case BP_EXIT_IF:
        expect(p, "->");
        r->c = read_exit(p);
        break;
    case BP_EXIT_TO:
        r->aux = accept(p, "call")     ? BP_HINT_CALL
                 : accept(p, "return") ? BP_HINT_RETURN
                                       : BP_HINT_NONE;
        break;
    case BP_LEAVE: {
        skip_space(p);
        read_word(p, word, sizeof word);
        int why = FIND(ir_leave_names, word);
        if (why < 0)
            fail(p, "unknown reason \"%s\"", word);
        r->aux = (uint16_t)why;
        r->c = at_end(p) ? UINT32_MAX : read_exit(p);
        break;
    }
    case BP_FENCE:
        while (!at_end(p) && !p->failed) {
            read_word(p, word, sizeof word);
            int bit = FIND(ir_fence_names, word);
            if (bit < 0)
                fail(p, "unknown fence \"%s\"", word);
            else
                r->aux |= (uint16_t)(1u << bit);
        }
        break;
    case BP_EXTRACT_U: case BP_EXTRACT_S: case BP_INSERT:
        expect(p, ",");
        r->aux = (uint16_t)read_limited(p, 255);
        expect(p, ",");
        r->aux |= (uint16_t)(read_limited(p, 255) << 8);
        break;
    default:
        if (r->op >= BP_VGET && accept(p, ","))
            r->aux |= (uint16_t)(read_limited(p, 255) << 8);
        break;
    }
}

static void read_record(struct parser *p, struct bp_ir *r)
{
    switch (r->op) {
    case BP_CONST:
        set_immediate(r, read_number(p));
        break;
    case BP_GET:
        r->aux = (uint16_t)read_register(p);
        break;
    case BP_PUT: case BP_CARRY:
        r->aux = (uint16_t)read_register(p);
        expect(p, ",");
        r->a = read_value(p);
        break;
    case BP_MARK:
        set_immediate(r, read_number(p));
        r->aux = (uint16_t)read_limited(p, UINT16_MAX);
        break;
    case BP_BLOCK:
        expect(p, "b");
        define(p, &p->blocks, read_number(p));
        r->aux = (uint16_t)read_limited(p, UINT16_MAX);
        break;
    case BP_CALL:
        read_call(p, r);
        break;
    case BP_COUNT:
        read_count(p, r);
        break;
    case BP_LOAD: case BP_STORE: case BP_RMW: case BP_CAS:
        read_memory(p, r);
        break;
    default:
        read_aux_suffix(p, r);
        read_operands(p, r);
        read_rest(p, r);
        break;
    }
}

static int find_op(const char *word)
{
    for (int i = 0; i < BP_OP_COUNT; i++) {
        if (!strcmp(ir_ops[i].name, word))
            return i;
    }
    return -1;
}

static void read_line(struct parser *p)
{
    char word[16];
    struct bp_ir r = { .type = BP_VOID };
    bool has_value = accept(p, "%");
    uint64_t number = has_value ? read_number(p) : 0;
    if (has_value)
        expect(p, "=");
    skip_space(p);
    read_word(p, word, sizeof word);
    int op = find_op(word);
    if (op < 0)
        fail(p, "unknown op \"%s\"", word);
    if (p->failed)
        return;
    r.op = (uint8_t)op;
    if (has_value) {
        r.type = (uint8_t)read_suffix(p, ir_type_names, "type");
        if (r.type == BP_VOID)
            fail(p, "a value needs a type");
    }
    read_record(p, &r);
    if (!p->failed && !at_end(p))
        fail(p, "unexpected text at the end of the line");
    if (has_value)
        define(p, &p->values, number);
    if (!p->failed)
        ir_append_raw(p->b, r);
    if (p->b->failed)
        fail(p, "out of memory, or too many records");
}

static void resolve_blocks(struct parser *p)
{
    for (uint32_t i = 0; i < p->fixup_count && !p->failed; i++) {
        struct bp_ir *r = &p->b->rec[p->fixups[i].record];
        p->line = p->fixups[i].line;
        if (r->c >= p->blocks.room || !p->blocks.record[r->c])
            fail(p, "block b%u is not defined", r->c);
        else
            r->c = p->blocks.record[r->c];
    }
}

int ir_parse(struct ir_buffer *b, const char *text, size_t size,
             const struct bp_helper *const *helpers, uint32_t helper_count, char *err,
             size_t err_size)
{
    struct parser p = { .b = b, .helpers = helpers, .helper_count = helper_count, .err = err,
                        .err_size = err_size };
    if (err_size)
        *err = 0;
    ir_reset(b);
    for (const char *at = text, *end = text + size; at < end && !p.failed;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        p.at = at;
        p.end = newline ? newline : end;
        at = p.end + 1;
        p.line++;
        const char *comment = memchr(p.at, '#', (size_t)(p.end - p.at));
        if (comment)
            p.end = comment;
        if (!at_end(&p))
            read_line(&p);
        if (!newline)
            break;
    }
    resolve_blocks(&p);
    free(p.values.record);
    free(p.blocks.record);
    free(p.fixups);
    return p.failed ? -EINVAL : 0;
}
