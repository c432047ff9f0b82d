/* SPDX-License-Identifier: MIT */
/* emit_disassembler.c: a function a kind of operand list, for all rows that print it alike. */
#include "decode.h"

#include <string.h>

static const char support[] =
    "\nstruct text {\n    char *buf;\n    size_t size, length;\n};\n\n"
    "static void put_text(struct text *o, const char *s)\n{\n"
    "    for (; *s; s++, o->length++)\n"
    "        if (o->length + 1 < o->size)\n            o->buf[o->length] = *s;\n}\n";

static const char support_hex[] =
    "\nstatic void put_hex(struct text *o, uint64_t v)\n{\n    char s[32];\n\n"
    "    snprintf(s, sizeof s, \"0x%\" PRIx64, v);\n    put_text(o, s);\n}\n";

static const char support_decimal[] =
    "\nstatic void put_decimal(struct text *o, int64_t v)\n{\n    char s[32];\n\n"
    "    snprintf(s, sizeof s, \"%\" PRId64, v);\n    put_text(o, s);\n}\n";

static const char support_name[] =
    "\nstatic void put_name(struct text *o, const char *name, int64_t v)\n{\n"
    "    char s[32];\n\n"
    "    if (!name)\n        snprintf(s, sizeof s, \"0x%\" PRIx64, (uint64_t)v);\n"
    "    put_text(o, name ? name : s);\n}\n";

/* Names are text between quotes in the table: no escapes are needed. */
static void emit_names(FILE *out, const struct names *names)
{
    char name[64];

    fprintf(out, "\nstatic const char *name_%s(int64_t v)\n{\n    switch (v) {\n",
            c_name(name, names->name));
    for (size_t i = 0; i < names->entries.n; i++) {
        const struct name_entry *entry = names->entries.v[i];

        fprintf(out, "    case %u: return \"%s\";\n", (unsigned)entry->value, entry->text);
    }
    fputs("    }\n    return NULL;\n}\n", out);
}

/* Where the mnemonic ends: the text up to the first reference or blank. */
static size_t mnemonic_length(const char *template)
{
    return strcspn(template, " %");
}

static bool names_match(const struct format *a, const struct format *b)
{
    for (size_t i = 0; i < a->members.n; i++) {
        const struct member *m = a->members.v[i], *other = find_member(b, m->name);
        const struct names *x = m->field ? m->field->names : NULL;
        const struct names *y = other && other->field ? other->field->names : NULL;

        if (x != y)
            return false;
    }
    return true;
}

static bool same_operands(const struct row *a, const struct row *b)
{
    return a->format->args == b->format->args
        && !strcmp(a->template + mnemonic_length(a->template),
                   b->template + mnemonic_length(b->template))
        && names_match(a->format, b->format);
}

static void emit_piece(FILE *out, const struct piece *p)
{
    const struct names *names = p->member && p->member->field ? p->member->field->names : NULL;
    char member[64], class[64];

    if (p->member)
        c_name(member, p->member->name);
    switch (p->kind) {
    case PIECE_TEXT:
        fprintf(out, "    put_text(o, \"%.*s\");\n", (int)p->length, p->text);
        break;
    case PIECE_PC:
        fprintf(out, "    put_hex(o, pc + (uint64_t)a->%s);\n", member);
        break;
    case PIECE_HEX:
        fprintf(out, "    put_hex(o, (uint64_t)a->%s >> %u & UINT64_C(0x%llx));\n", member, p->lo,
                ~0ull >> (63 - (p->hi - p->lo)));
        break;
    default:
        if (names && p->kind == PIECE_PLAIN)
            fprintf(out, "    put_name(o, name_%s(a->%s), a->%s);\n", c_name(class, names->name),
                    member, member);
        else
            fprintf(out, "    put_decimal(o, a->%s);\n", member);
    }
}

static void emit_operands(FILE *out, struct tables *t, const struct row *r, const char *isa)
{
    const char *template = r->template + mnemonic_length(r->template);
    struct piece piece;
    char args[64];

    fprintf(out, "\nstatic void operands_%u(struct text *o, const struct %s_args_%s *a, "
            "uint64_t pc)\n{\n", r->op, isa, c_name(args, r->format->args_name));
    fputs("    (void)o;\n    (void)a;\n    (void)pc;\n", out);
    while (!next_piece(t, r, &template, &piece) && piece.kind != PIECE_END)
        emit_piece(out, &piece);
    fputs("}\n", out);
}

/* The first row that prints its operands like this one. */
static const struct row *operands_owner(const struct tables *t, const struct row *r)
{
    for (size_t i = 0; i < r->index; i++) {
        const struct row *other = t->rows.v[i];

        if (other->name && same_operands(other, r))
            return other;
    }
    return r;
}

/* The support functions that the templates need: an unused one would be a warning. */
struct needs {
    bool hex, decimal;
    struct list classes; /* struct names */
};

static void find_needs(struct tables *t, struct needs *ret)
{
    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];
        const char *template = r->template;
        struct piece p;

        while (r->name && !next_piece(t, r, &template, &p) && p.kind != PIECE_END) {
            const struct names *names = p.member && p.member->field ? p.member->field->names : NULL;
            bool seen = false;

            ret->hex |= p.kind == PIECE_HEX || p.kind == PIECE_PC;
            ret->decimal |= p.kind == PIECE_DECIMAL || (p.kind == PIECE_PLAIN && !names);
            if (p.kind != PIECE_PLAIN || !names)
                continue;
            for (size_t k = 0; k < ret->classes.n; k++)
                seen |= ret->classes.v[k] == names;
            if (!seen)
                append(&ret->classes, (void *)names);
        }
    }
}

static void emit_switch(FILE *out, const struct tables *t, const char *upper)
{
    char buf[64];

    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        if (!r->name || operands_owner(t, r) != r)
            continue;
        for (size_t k = i; k < t->rows.n; k++) {
            const struct row *other = t->rows.v[k];

            if (other->name && operands_owner(t, other) == r)
                fprintf(out, "    case %s_OP_%s:\n", upper, c_upper(buf, other->name));
        }
        fprintf(out, "        operands_%u(&o, &insn->u.%s, pc);\n        break;\n", r->op,
                c_name(buf, r->format->args_name));
    }
}

void emit_disassembler(FILE *out, struct tables *t, const char *isa)
{
    struct needs needs = { 0 };
    char upper[64];

    c_upper(upper, isa);
    find_needs(t, &needs);
    fputs(support, out);
    if (needs.hex)
        fputs(support_hex, out);
    if (needs.decimal)
        fputs(support_decimal, out);
    if (needs.classes.n)
        fputs(support_name, out);
    for (size_t i = 0; i < needs.classes.n; i++)
        emit_names(out, needs.classes.v[i]);
    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        if (r->name && operands_owner(t, r) == r)
            emit_operands(out, t, r, isa);
    }
    emit_text(out, isa, "\nstatic const char *const mnemonics[$_OP_COUNT] = {\n    \"invalid\",\n");
    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        if (r->name)
            fprintf(out, "    \"%.*s\",\n", (int)mnemonic_length(r->template), r->template);
    }
    emit_text(out, isa,
              "};\n\n"
              "size_t @_disassemble(const struct @_insn *insn, uint64_t pc, char *buf, "
              "size_t size)\n"
              "{\n    struct text o = { buf, size, 0 };\n\n"
              "    put_text(&o, mnemonics[insn->op < $_OP_COUNT ? insn->op : 0]);\n"
              "    switch ((enum @_op)insn->op) {\n");
    emit_switch(out, t, upper);
    fputs("    default:\n        break;\n    }\n"
          "    if (size)\n        buf[o.length < size ? o.length : size - 1] = 0;\n"
          "    return o.length;\n}\n", out);
    free_list(&needs.classes);
}
