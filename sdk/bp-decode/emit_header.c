/* SPDX-License-Identifier: MIT */
/* emit_header.c: the generated header and the file of handlers; and names in C. */
#include "decode.h"

#include <ctype.h>
#include <string.h>

const char *c_name(char buf[64], const char *name)
{
    size_t n;

    for (n = 0; name[n] && n < 63; n++)
        buf[n] = isalnum((unsigned char)name[n]) ? name[n] : '_';
    buf[n] = 0;
    return buf;
}

const char *c_upper(char buf[64], const char *name)
{
    c_name(buf, name);
    for (size_t n = 0; buf[n]; n++)
        buf[n] = (char)toupper((unsigned char)buf[n]);
    return buf;
}

bool member_is_wide(const struct tables *t, const struct format *args, const char *name)
{
    for (size_t i = 0; i < t->formats.n; i++) {
        const struct format *f = t->formats.v[i];
        const struct member *m = f->args == args ? find_member(f, name) : NULL;

        if (m && m->field && !m->field->is_signed && m->field->bits + m->field->shift == 32)
            return true;
    }
    return false;
}

void emit_banner(FILE *out, const struct tables *t, const char *what)
{
    fprintf(out, "/* SPDX-License-Identifier: MIT */\n/* %s\n * Written by bp-decode from", what);
    for (size_t i = 0; i < t->files.n; i++)
        fprintf(out, " %s", (char *)t->files.v[i]);
    fputs(": change those. */\n", out);
}

/* Text with the ISA's name put in: '@' stands for it, '$' for it in capitals. */
void emit_text(FILE *out, const char *isa, const char *text)
{
    char upper[64];

    c_upper(upper, isa);
    for (; *text; text++) {
        if (*text == '@' || *text == '$')
            fputs(*text == '@' ? isa : upper, out);
        else
            fputc(*text, out);
    }
}

static void emit_ops(FILE *out, const struct tables *t, const char *isa, const char *upper)
{
    char name[64];

    emit_text(out, isa, "enum @_op {\n    $_OP_INVALID = 0,\n");
    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        if (r->name)
            fprintf(out, "    %s_OP_%s = %u,\n", upper, c_upper(name, r->name), r->op);
    }
    emit_text(out, isa, "    $_OP_COUNT\n};\n\n");
}

static void emit_feature_names(FILE *out, const struct tables *t, const char *isa,
                               const char *upper)
{
    char name[64];

    fputs("/* What the `if` conditions of the tables ask for. */\n", out);
    for (size_t i = 0; i < t->features.n; i++)
        fprintf(out, "#define %s_FEATURE_%s (UINT64_C(1) << %zu)\n", upper,
                c_upper(name, t->features.v[i]), i);
    fprintf(out, "#define %s_FEATURE_COUNT %zu\n", upper, t->features.n);
    emit_text(out, isa, "/* By bit number; ends in NULL. */\n"
                        "extern const char *const @_feature_names[$_FEATURE_COUNT + 1];\n\n");
}

static void emit_args(FILE *out, const struct tables *t, const char *isa, const char *upper)
{
    char name[64];

    fputs("/* Arguments, by format; int64_t where int32_t does not hold all values. */\n",
          out);
    for (size_t i = 0; i < t->formats.n; i++) {
        const struct format *f = t->formats.v[i];

        if (!f->args_used)
            continue;
        fprintf(out, "struct %s_args_%s {\n", isa, c_name(name, f->name));
        for (size_t k = 0; k < f->members.n; k++) {
            const struct member *m = f->members.v[k];

            fprintf(out, "    %s %s;\n", member_is_wide(t, f, m->name) ? "int64_t" : "int32_t",
                    c_name(name, m->name));
        }
        fprintf(out, "%s};\n", f->members.n ? "" : "    int32_t none;\n");
    }
    fprintf(out, "\nenum %s_format {\n", isa);
    for (size_t i = 0; i < t->formats.n; i++) {
        const struct format *f = t->formats.v[i];

        if (f->args_used)
            fprintf(out, "    %s_FORMAT_%s = %u,\n", upper, c_upper(name, f->name), f->number);
    }
    fputs("};\n\n", out);
}

static void emit_insn(FILE *out, const struct tables *t, const char *isa)
{
    char name[64];

    emit_text(out, isa,
              "struct @_insn {\n"
              "    uint16_t op;     /* enum @_op */\n"
              "    uint8_t format;  /* enum @_format: the member of u */\n"
              "    uint8_t length;  /* bytes */\n"
              "    uint32_t raw;    /* the word */\n"
              "    union {\n");
    for (size_t i = 0; i < t->formats.n; i++) {
        const struct format *f = t->formats.v[i];

        if (f->args_used) {
            c_name(name, f->name);
            fprintf(out, "        struct %s_args_%s %s;\n", isa, name, name);
        }
    }
    fputs("    } u;\n};\n\n", out);
}

static void emit_prototypes(FILE *out, const struct tables *t, const char *isa)
{
    bool narrow = false, full = false;

    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        narrow |= r->width == 16;
        full |= r->width == 32;
    }
    emit_text(out, isa, "/* Decodes a word; false where no row has it. */\n");
    if (narrow)
        emit_text(out, isa,
                  "bool @_decode16(uint32_t word, uint64_t features, struct @_insn *ret);\n");
    if (full)
        emit_text(out, isa,
                  "bool @_decode32(uint32_t word, uint64_t features, struct @_insn *ret);\n");
    emit_text(out, isa,
              "/* Text of a decoded instruction at pc, without address and newline. Returns its\n"
              " * length like snprintf: what does not fit is cut off. */\n"
              "size_t @_disassemble(const struct @_insn *insn, uint64_t pc, char *buf, "
              "size_t size);\n"
              "\n/* ---- for tests and tools ---- */\n\n"
              "/* The rows in order: of the enabled ones that match the first wins. */\n"
              "struct @_row {\n"
              "    const char *name;      /* NULL: reserved, decodes to nothing */\n"
              "    uint32_t mask, match;\n"
              "    uint16_t op;\n"
              "    uint8_t length;        /* bytes */\n"
              "    uint64_t features;     /* a set with which the row can be reached */\n"
              "};\n"
              "extern const struct @_row @_rows[];\n"
              "extern const size_t @_row_count;\n"
              "extern const char *const @_op_names[$_OP_COUNT]; /* \"invalid\" first */\n"
              "/* Whether the condition of a row holds. */\n"
              "bool @_row_enabled(size_t row, uint64_t features);\n"
              "/* Encodes op and u; false where the arguments cannot be encoded. */\n"
              "bool @_encode(const struct @_insn *insn, uint32_t *ret);\n"
              "/* A random encoding of op, valid with the features of its row; 0 if none was\n"
              " * found. Any seed will do. */\n"
              "uint32_t @_sample(uint64_t *rng, enum @_op op);\n");
}

void emit_header(FILE *out, const struct tables *t, const char *isa)
{
    char upper[64];

    c_upper(upper, isa);
    emit_banner(out, t, "Instructions of one ISA: decoder, disassembler, encoder.");
    emit_text(out, isa, "#ifndef $_DECODE_H\n#define $_DECODE_H\n#include <stdbool.h>\n"
                        "#include <stddef.h>\n#include <stdint.h>\n\n");
    emit_ops(out, t, isa, upper);
    emit_feature_names(out, t, isa, upper);
    emit_args(out, t, isa, upper);
    emit_insn(out, t, isa);
    emit_prototypes(out, t, isa);
    fputs("#endif\n", out);
}

static void emit_handler_names(FILE *out, const struct tables *t, const char *isa,
                               const char *upper)
{
    char name[64], args[64];

    fputs("enum {\n", out);
    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        if (r->name && !r->as)
            fprintf(out, "    %s_HAS_%s = 1,\n", upper, c_name(name, r->name));
    }
    fputs("};\n\n", out);
    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        if (r->name && !r->as) {
            emit_text(out, isa, "$_TR_STORAGE $_TR_RESULT ");
            fprintf(out, "tr_%s(%s_CTX *c, const struct %s_args_%s *a);\n", c_name(name, r->name),
                    upper, isa, c_name(args, r->format->args_name));
        }
    }
}

void emit_handlers(FILE *out, const struct tables *t, const char *isa)
{
    char upper[64], name[64], args[64];

    c_upper(upper, isa);
    emit_banner(out, t, "Prototypes of the handlers, one a row, and the call of the right one.");
    emit_text(out, isa,
              "/* Define $_CTX before: the context type of the handlers.\n"
              " * Optional: $_TR_RESULT, what they return (int); $_TR_STORAGE (static).\n"
              " * $_TR(row, format) { ... } defines the handler of a row, with arguments c and a.\n"
              " * With $_DISPATCH defined there is @_dispatch(), too: define it in one place. */\n"
              "#ifndef $_HANDLERS_SEEN\n#define $_HANDLERS_SEEN\n"
              "#ifndef $_TR_RESULT\n#define $_TR_RESULT int\n#endif\n"
              "#ifndef $_TR_STORAGE\n#define $_TR_STORAGE static\n#endif\n"
              "/* A handler that no row has does not compile. */\n"
              "#define $_TR(row, format) \\\n"
              "    _Static_assert($_HAS_##row, \"\"); \\\n"
              "    $_TR_STORAGE $_TR_RESULT tr_##row($_CTX *c, "
              "const struct @_args_##format *a)\n\n");
    emit_handler_names(out, t, isa, upper);
    emit_text(out, isa,
              "#endif\n\n#ifdef $_DISPATCH\n"
              "/* Calls the handler of a decoded instruction. */\n"
              "static $_TR_RESULT @_dispatch($_CTX *c, const struct @_insn *insn)\n{\n"
              "    switch ((enum @_op)insn->op) {\n");
    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        if (!r->name)
            continue;
        fprintf(out, "    case %s_OP_%s:\n", upper, c_upper(name, r->name));
        fprintf(out, "        return tr_%s(c, &insn->u.%s);\n",
                c_name(name, r->as ? r->as->name : r->name), c_name(args, r->format->args_name));
    }
    fputs("    default:\n        break;\n    }\n"
          "    __builtin_unreachable(); /* the decoder makes no other op */\n}\n#endif\n", out);
}
