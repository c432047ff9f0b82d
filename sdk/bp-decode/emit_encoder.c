/* SPDX-License-Identifier: MIT */
/* emit_encoder.c: what tests and tools need: tables of names and rows, the encoder, the sampler. */
#include "decode.h"

static void emit_row(FILE *out, const struct row *r)
{
    if (r->name)
        fprintf(out, "    { \"%s\", ", r->name);
    else
        fputs("    { NULL, ", out);
    fprintf(out, "0x%x, 0x%x, %u, %u, UINT64_C(0x%llx) },\n", r->mask, r->match, r->op,
            r->width / 8, (unsigned long long)r->sample_features);
}

void emit_rows(FILE *out, const struct tables *t, const char *isa)
{
    emit_text(out, isa, "\nconst char *const @_feature_names[$_FEATURE_COUNT + 1] = {\n");
    for (size_t i = 0; i < t->features.n; i++)
        fprintf(out, "    \"%s\",\n", (char *)t->features.v[i]);
    emit_text(out, isa, "    NULL\n};\n\n"
                        "const char *const @_op_names[$_OP_COUNT] = {\n    \"invalid\",\n");
    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        if (r->name)
            fprintf(out, "    \"%s\",\n", r->name);
    }
    emit_text(out, isa, "};\n\nconst struct @_row @_rows[] = {\n");
    for (size_t i = 0; i < t->rows.n; i++)
        emit_row(out, t->rows.v[i]);
    fprintf(out, "};\nconst size_t %s_row_count = %zu;\n\n", isa, t->rows.n);
    emit_text(out, isa, "/* The row of an op. */\n"
                        "static const uint16_t op_rows[$_OP_COUNT] = {\n    0,\n");
    for (size_t i = 0; i < t->rows.n; i++)
        if (((struct row *)t->rows.v[i])->name)
            fprintf(out, "    %zu,\n", i);
    emit_text(out, isa, "};\n\nbool @_row_enabled(size_t row, uint64_t features)\n{\n"
                        "    (void)features;\n    switch (row) {\n");
    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        if (r->condition) {
            fprintf(out, "    case %zu:\n        return ", i);
            emit_expr(out, t, isa, r->condition);
            fputs(";\n", out);
        }
    }
    emit_text(out, isa, "    default:\n        return row < @_row_count;\n    }\n}\n");
}

static void emit_setter(FILE *out, const struct format *f, const char *isa)
{
    char name[64], args[64];

    fprintf(out, "\nstatic uint32_t put_%s(const struct %s_args_%s *a)\n{\n",
            c_name(name, f->name), isa, c_name(args, f->args_name));
    fputs("    uint32_t word = 0;\n\n    (void)a;\n", out);
    for (size_t i = 0; i < f->members.n; i++) {
        const struct member *m = f->members.v[i];
        const struct field *field = m->field;
        unsigned at;

        if (!field)
            continue;
        at = field->bits + field->shift;
        for (unsigned k = 0; k < field->range_count; k++) {
            unsigned bits = field->hi[k] - field->lo[k] + 1;

            at -= bits;
            fprintf(out, "    word |= part(a->%s, %u, %u, 0x%xu) << %u;\n",
                    c_name(name, m->name), (unsigned)field->add, at, UINT32_MAX >> (32 - bits),
                    field->lo[k]);
        }
    }
    fputs("    return word;\n}\n", out);
}

/* Reads back what was encoded: arguments that do not survive cannot be encoded. */
static void emit_reader(FILE *out, const struct format *f, const char *isa)
{
    char name[64], args[64];

    fprintf(out, "\nstatic bool holds_%s(uint32_t word, const struct %s_args_%s *a)\n{\n"
            "    struct %s_args_%s b;\n\n    get_%s(word, &b);\n    (void)a;\n    return true",
            c_name(name, f->name), isa, c_name(args, f->args_name), isa, args, name);
    for (size_t i = 0; i < f->members.n; i++) {
        c_name(name, ((struct member *)f->members.v[i])->name);
        fprintf(out, " && b.%s == a->%s", name, name);
    }
    fputs(";\n}\n", out);
}

static bool any_field(const struct tables *t)
{
    for (size_t i = 0; i < t->formats.n; i++) {
        const struct format *f = t->formats.v[i];

        if (f->used && f->mask)
            return true;
    }
    return false;
}

static void emit_encode(FILE *out, const struct tables *t, const char *isa)
{
    char upper[64], name[64], args[64];

    c_upper(upper, isa);
    if (any_field(t))
        fputs("\nstatic inline uint32_t part(int64_t v, unsigned add, unsigned at, uint32_t mask)\n"
              "{\n    return (uint32_t)(((uint64_t)v - add) >> at) & mask;\n}\n", out);
    for (size_t i = 0; i < t->formats.n; i++) {
        const struct format *f = t->formats.v[i];

        if (f->used) {
            emit_setter(out, f, isa);
            emit_reader(out, f, isa);
        }
    }
    emit_text(out, isa,
              "\nbool @_encode(const struct @_insn *insn, uint32_t *ret)\n{\n"
              "    uint32_t word;\n    bool holds;\n\n"
              "    if (insn->op == $_OP_INVALID || insn->op >= $_OP_COUNT)\n        return false;\n"
              "    word = @_rows[op_rows[insn->op]].match;\n    switch ((enum @_op)insn->op) {\n");
    for (size_t i = 0; i < t->formats.n; i++) {
        const struct format *f = t->formats.v[i];

        if (!f->used)
            continue;
        for (size_t k = 0; k < t->rows.n; k++) {
            const struct row *r = t->rows.v[k];

            if (r->format == f)
                fprintf(out, "    case %s_OP_%s:\n", upper, c_upper(name, r->name));
        }
        c_name(name, f->name);
        c_name(args, f->args_name);
        fprintf(out, "        word |= put_%s(&insn->u.%s);\n"
                "        holds = holds_%s(word, &insn->u.%s);\n        break;\n", name, args, name,
                args);
    }
    fputs("    default:\n        return false;\n    }\n    if (holds)\n        *ret = word;\n"
          "    return holds;\n}\n", out);
}

static void emit_sample(FILE *out, const struct tables *t, const char *isa)
{
    bool narrow = false, full = false;

    for (size_t i = 0; i < t->rows.n; i++) {
        const struct row *r = t->rows.v[i];

        narrow |= r->width == 16;
        full |= r->width == 32;
    }
    emit_text(out, isa,
              "\nuint32_t @_sample(uint64_t *rng, enum @_op op)\n{\n"
              "    const struct @_row *row;\n    struct @_insn insn;\n\n"
              "    if (op == $_OP_INVALID || op >= $_OP_COUNT)\n        return 0;\n"
              "    row = &@_rows[op_rows[op]];\n"
              "    /* Words that an earlier row of a group takes are thrown away. */\n"
              "    for (int tries = 0; tries < 65536; tries++) {\n"
              "        uint64_t x = (*rng += UINT64_C(0x9e3779b97f4a7c15));\n"
              "        uint32_t word;\n\n"
              "        /* splitmix64, Steele, Lea and Flood 2014 */\n"
              "        x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);\n"
              "        x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);\n"
              "        x ^= x >> 31;\n"
              "        word = row->match | ((uint32_t)x & ~row->mask);\n");
    if (narrow)
        emit_text(out, isa,
                  "        if (row->length == 2)\n            word &= 0xffff;\n"
                  "        if (row->length == 2 && !@_decode16(word, row->features, &insn))\n"
                  "            continue;\n");
    if (full)
        emit_text(out, isa,
                  "        if (row->length == 4 && !@_decode32(word, row->features, &insn))\n"
                  "            continue;\n");
    fputs("        if (insn.op == op)\n            return word;\n    }\n    return 0;\n}\n", out);
}

void emit_encoder(FILE *out, const struct tables *t, const char *isa)
{
    emit_encode(out, t, isa);
    emit_sample(out, t, isa);
}
