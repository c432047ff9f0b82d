/* SPDX-License-Identifier: MIT */
/*
 * genfold_emit.c: writes what genfold.c has read as C: the matcher, or the proofs with the
 * patterns as data.
 */
#include "genfold.h"

#include <stdio.h>
#include <string.h>

/* ---- names bound while a pattern is walked --------------------------------------------------- */

struct names {
    char name[MAX_NAMES][TEXT];
    int count;
};

/* True where the name is new. */
static bool bind(struct names *n, const char *name)
{
    for (int i = 0; i < n->count; i++) {
        if (!strcmp(n->name[i], name))
            return false;
    }
    if (n->count == MAX_NAMES)
        fail("too many names");
    snprintf(n->name[n->count++], TEXT, "%s", name);
    return true;
}

static bool bind_type(struct names *n, char type)
{
    return bind(n, (char[]){ type, 0 });
}

/* ---- the matcher ----------------------------------------------------------------------------- */

/* Checks and binds one operand; `place` is the C expression of its value number. `op_known`: the
 * decision tree has looked at the op. */
static void match_term(struct names *n, const struct term *t, const char *place, bool op_known,
                       bool is_count, char parent_type)
{
    char record[TEXT];
    snprintf(record, sizeof record, "b->rec[%.100s]", place);
    if (t->kind == VALUE) {
        if (!bind(n, t->text)) {
            printf("    if (%s != %s)\n        return FOLD_NONE;\n", place, t->text);
            return;
        }
        printf("    bp_value %s = %s;\n", t->text, place);
    } else if (!op_known) {
        printf("    if (%s.op != %s)\n        return FOLD_NONE;\n", record,
               t->kind == NODE ? ops[t->op].enumerator : "BP_CONST");
    }
    if (bind_type(n, t->type))
        printf("    unsigned %c = %s.type;\n", t->type, record);
    else if (t->type != parent_type)
        printf("    if (%s.type != %c)\n        return FOLD_NONE;\n", record, t->type);
    if (t->kind == CONSTANT) {
        if (bind(n, t->text))
            printf("    uint64_t %s = ir_imm(&%s)%s;\n", t->text, record,
                   is_count ? " & (bits(T) - 1)" : ""); /* patterns with shifts have but T */
        else
            printf("    if (ir_imm(&%s) != %s)\n        return FOLD_NONE;\n", record, t->text);
    } else if (t->kind == LITERAL) {
        printf("    if (ir_imm(&%s) != (%s & ir_type_mask[%c]))\n        return FOLD_NONE;\n",
               record, t->text, t->type);
    }
    if (t->kind != NODE)
        return;
    if (t->aux[0]) {
        if (t->aux_is_var && bind(n, t->aux))
            printf("    unsigned %s = %s.aux;\n", t->aux, record);
        else
            printf("    if (%s.aux != %s)\n        return FOLD_NONE;\n", record, t->aux);
    }
    for (int i = 0; i < ops[t->op].operands; i++) {
        char child[TEXT];
        snprintf(child, sizeof child, "%.100s.%c", record, "abc"[i]);
        bool implied = is_uniform(t->op) || (t->op == BP_SELECT && i > 0);
        match_term(n, t->arg[i], child, false, i == 1 && is_shift(t->op), implied ? t->type : 0);
    }
}

/* Prints C for the value of a result's operand. */
static void build_term(const struct term *t)
{
    switch (t->kind) {
    case VALUE:
        printf("%s", t->text);
        break;
    case NODE:
        printf("ir_append(b, (struct bp_ir){ %s, (uint8_t)%c, (uint16_t)%s", ops[t->op].enumerator,
               t->type, t->aux[0] ? t->aux : "0");
        for (int i = 0; i < 3; i++) {
            printf(", ");
            if (i < ops[t->op].operands)
                build_term(t->arg[i]);
            else
                printf("0");
        }
        printf(" })");
        break;
    default:
        printf("constant(b, %c, %s)", t->type, t->text);
        break;
    }
}

static void print_rule_function(int number, int variant, const struct term *pattern)
{
    const struct rule *r = &rules[number];
    struct names n = { .count = 0 };
    printf("/* %s */\n", r->line);
    printf("static enum fold rule_%d_%d(struct ir_buffer *b, struct bp_ir *r, bp_value *ret)\n{\n",
           number, variant);
    bind_type(&n, pattern->type);
    printf("    unsigned %c = r->type;\n", pattern->type);
    if (pattern->aux[0]) {
        if (pattern->aux_is_var && bind(&n, pattern->aux))
            printf("    unsigned %s = r->aux;\n", pattern->aux);
        else
            printf("    if (r->aux != %s)\n        return FOLD_NONE;\n", pattern->aux);
    }
    for (int i = 0; i < ops[pattern->op].operands; i++) {
        char place[8];
        snprintf(place, sizeof place, "r->%c", "abc"[i]);
        bool implied = is_uniform(pattern->op) || (pattern->op == BP_SELECT && i > 0);
        match_term(&n, pattern->arg[i], place, i < 2, i == 1 && is_shift(pattern->op),
                   implied ? pattern->type : 0);
    }
    for (int i = 0; i < n.count; i++)
        printf("    (void)%s;\n", n.name[i]);
    if (r->condition[0])
        printf("    if (!(%s))\n        return FOLD_NONE;\n", r->condition);
    printf("    if (b->rule_hits)\n        b->rule_hits[%d]++;\n", number);
    const struct term *t = r->result;
    if (t->kind != NODE) {
        printf("    *ret = ");
        build_term(t);
        printf(";\n    return FOLD_VALUE;\n}\n\n");
        return;
    }
    const char *const names[] = { "a", "b", "c" };
    for (int i = 0; i < ops[t->op].operands; i++) {
        printf("    bp_value new_%s = ", names[i]);
        build_term(t->arg[i]);
        printf(";\n");
    }
    printf("    *r = (struct bp_ir){ %s, (uint8_t)%c, (uint16_t)%s", ops[t->op].enumerator, t->type,
           t->aux[0] ? t->aux : "0");
    for (int i = 0; i < 3; i++)
        printf(i < ops[t->op].operands ? ", new_%s" : ", 0", names[i]);
    printf(" };\n    return FOLD_AGAIN;\n}\n\n");
}

static bool is_commutative(int op)
{
    switch (op) {
    case BP_ADD: case BP_MUL: case BP_MULHU: case BP_MULHS: case BP_AND: case BP_OR: case BP_XOR:
    case BP_VAND: case BP_VOR: case BP_VXOR:
        return true;
    default:
        return false;
    }
}

/* The pattern written differently: bit i of `choice` exchanges the operands of its i-th commutative
 * node. */
static struct term *rearrange(const struct term *t, unsigned choice, unsigned *index, bool is_root)
{
    struct term *copy = allocate(sizeof *copy);
    *copy = *t;
    if (t->kind != NODE)
        return copy;
    bool exchange = false;
    if (is_commutative(t->op)) {
        enum kind second = t->arg[1]->kind;
        bool plain = t->arg[0]->kind == VALUE && second == VALUE;
        if (second != CONSTANT && second != LITERAL && !(plain && is_root))
            exchange = choice >> (*index)++ & 1;
    }
    for (int i = 0; i < ops[t->op].operands; i++)
        copy->arg[i] = rearrange(t->arg[i], choice, index, false);
    if (exchange) {
        struct term *a = copy->arg[0];
        copy->arg[0] = copy->arg[1];
        copy->arg[1] = a;
    }
    return copy;
}

struct variant {
    int rule, number;
    const struct term *pattern;
};
static struct variant variants[4 * MAX_RULES];
static int variant_count;

static void list_variants(void)
{
    for (int i = 0; i < rule_count; i++) {
        unsigned choices = 0;
        rearrange(rules[i].pattern, 0, &choices, true);
        for (unsigned c = 0; c < 1u << choices; c++) {
            unsigned index = 0;
            if (variant_count == 4 * MAX_RULES)
                fail("too many variants");
            variants[variant_count++] =
                (struct variant){ i, (int)c, rearrange(rules[i].pattern, c, &index, true) };
        }
    }
}

/* The op that an operand must have, -1: any. */
static int key_of(const struct term *t)
{
    return !t || t->kind == VALUE ? -1 : t->kind == NODE ? t->op : BP_CONST;
}

static bool fits(const struct variant *v, int root, int a, int b)
{
    if (v->pattern->op != root)
        return false;
    int ka = key_of(v->pattern->arg[0]), kb = key_of(v->pattern->arg[1]);
    return (ka == -1 || ka == a) && (kb == -1 || kb == b);
}

static void print_leaf(int root, int a, int b, const char *indent)
{
    for (int i = 0; i < variant_count; i++) {
        const struct variant *v = &variants[i];
        if (!fits(v, root, a, b))
            continue;
        printf("%sif ((f = rule_%d_%d(b, r, ret)) != FOLD_NONE)\n%s    return f;\n", indent,
               v->rule, v->number, indent);
    }
    printf("%sreturn FOLD_NONE;\n", indent);
}

/* Whether a rule for root asks for op `key` at operand `operand`, given a's op. */
static bool is_asked(int root, int operand, int key, int a)
{
    for (int i = 0; i < variant_count; i++) {
        const struct term *p = variants[i].pattern;
        if (p->op != root || key_of(p->arg[operand]) != key)
            continue;
        if (operand == 0 || key_of(p->arg[0]) == -1 || key_of(p->arg[0]) == a)
            return true;
    }
    return false;
}

static void print_second_switch(int root, int a)
{
    bool any = false;
    for (int b = 0; b < BP_OP_COUNT; b++)
        any |= ops[root].operands > 1 && is_asked(root, 1, b, a);
    if (!any) {
        print_leaf(root, a, -2, "        ");
        return;
    }
    printf("        switch (b->rec[r->b].op) {\n");
    for (int b = 0; b < BP_OP_COUNT; b++) {
        if (!is_asked(root, 1, b, a))
            continue;
        printf("        case %s:\n", ops[b].enumerator);
        print_leaf(root, a, b, "            ");
    }
    printf("        default:\n");
    print_leaf(root, a, -2, "            ");
    printf("        }\n");
}

void print_matcher(void)
{
    list_variants();
    for (int i = 0; i < variant_count; i++)
        print_rule_function(variants[i].rule, variants[i].number, variants[i].pattern);
    for (int root = 0; root < BP_OP_COUNT; root++) {
        bool any = false;
        for (int i = 0; i < rule_count; i++)
            any |= rules[i].pattern->op == root;
        if (!any)
            continue;
        printf("static enum fold fold_%s(struct ir_buffer *b, struct bp_ir *r, bp_value *ret)\n{\n"
               "    enum fold f;\n    switch (b->rec[r->a].op) {\n",
               ops[root].name);
        for (int a = 0; a < BP_OP_COUNT; a++) {
            if (!is_asked(root, 0, a, a))
                continue;
            printf("    case %s:\n", ops[a].enumerator);
            print_second_switch(root, a);
        }
        printf("    default:\n");
        print_second_switch(root, -2);
        printf("    }\n}\n\n");
    }
    printf(
        "static enum fold fold_by_rules(struct ir_buffer *b, struct bp_ir *r, bp_value *ret)\n{\n"
        "    switch (r->op) {\n");
    for (int root = 0; root < BP_OP_COUNT; root++) {
        for (int i = 0; i < rule_count; i++) {
            if (rules[i].pattern->op != root)
                continue;
            printf("    case %s:\n        return fold_%s(b, r, ret);\n", ops[root].enumerator,
                   ops[root].name);
            break;
        }
    }
    printf("    default:\n        return FOLD_NONE;\n    }\n}\n\n");
    printf("const char *const ir_fold_rule_text[] = {\n");
    for (int i = 0; i < rule_count; i++)
        printf("    \"%s\",\n", rules[i].line);
    printf("};\nconst unsigned ir_fold_rule_count = %d;\n", rule_count);
}

/* ---- the proofs ------------------------------------------------------------------------------ */

/* The variables of a pattern by how a proof enumerates them. */
struct variables {
    struct names types, values, constants, conditions, fields;
    char value_type[MAX_NAMES], constant_type[MAX_NAMES], field_type[MAX_NAMES];
    bool is_count[MAX_NAMES]; /* of constants */
};

static void collect(const struct term *t, bool is_count, struct variables *v)
{
    bind_type(&v->types, t->type);
    if (t->kind == VALUE && bind(&v->values, t->text))
        v->value_type[v->values.count - 1] = t->type;
    if (t->kind == CONSTANT && bind(&v->constants, t->text)) {
        v->constant_type[v->constants.count - 1] = t->type;
        v->is_count[v->constants.count - 1] = is_count;
    }
    if (t->kind != NODE)
        return;
    if (t->aux_is_var && t->op == BP_CMP)
        bind(&v->conditions, t->aux);
    else if (t->aux_is_var && bind(&v->fields, t->aux))
        v->field_type[v->fields.count - 1] = t->type;
    for (int i = 0; i < ops[t->op].operands; i++)
        collect(t->arg[i], i == 1 && is_shift(t->op), v);
}

/* C for the value of a term in a proof. Family INT has widths in place of types. */
static void prove_term(const struct term *t, const char *family)
{
    switch (t->kind) {
    case VALUE: case CONSTANT:
        printf("%s", t->text);
        return;
    case LITERAL: case EXPRESSION:
        printf("CONST_%s(%s, %c)", family, t->text, t->type);
        return;
    default:
        break;
    }
    printf("EVAL_%s(%s, %s, %c, %c", family, ops[t->op].enumerator, t->aux[0] ? t->aux : "0",
           t->type, t->arg[0]->type);
    for (int i = 0; i < 3; i++) {
        printf(", ");
        if (i < ops[t->op].operands)
            prove_term(t->arg[i], family);
        else
            printf("0");
    }
    printf(")");
}

/* The condition on widths that makes the nodes well-typed. */
static void prove_typing(const struct term *t, const char *family)
{
    if (t->kind != NODE)
        return;
    printf("    if (!TYPES_FIT_%s(%s, %c, %c))\n        continue;\n", family, ops[t->op].enumerator,
           t->type, t->arg[0]->type);
    for (int i = 0; i < ops[t->op].operands; i++)
        prove_typing(t->arg[i], family);
}

/* The condition on aux of a vector pattern's nodes, beyond types. */
static void prove_aux(const struct term *t)
{
    if (t->kind != NODE)
        return;
    printf("    if (AUX_FITS(%s, %s))\n", ops[t->op].enumerator, t->aux[0] ? t->aux : "0");
    for (int i = 0; i < ops[t->op].operands; i++)
        prove_aux(t->arg[i]);
}

static void print_proof(int number)
{
    const struct rule *r = &rules[number];
    struct variables v;
    memset(&v, 0, sizeof v);
    collect(r->pattern, false, &v);
    const char *family = r->family;
    bool is_vector = !strcmp(family, "VECTOR");
    printf("/* %s */\nstatic FLATTEN void prove_%d(struct proof *p)\n{\n", r->line, number);
    for (int i = 0; i < v.types.count; i++)
        printf("    FOR_%s_TYPE(%s)\n", family, v.types.name[i]);
    printf("    {\n");
    prove_typing(r->pattern, family);
    printf("    if (!AFFORDABLE_%s(0", family);
    for (int i = 0; i < v.values.count; i++)
        printf(" + BITS_%s(%c)", family, v.value_type[i]);
    for (int i = 0; i < v.constants.count; i++) {
        if (v.is_count[i])
            printf(" + 3");
        else
            printf(" + BITS_%s(%c)", family, v.constant_type[i]);
    }
    printf("))\n        continue;\n    p->widths++;\n");
    for (int i = 0; i < v.conditions.count; i++)
        printf("    FOR_CONDITION(%s)\n", v.conditions.name[i]);
    for (int i = 0; i < v.fields.count; i++)
        printf("    %s(%s, %c)\n", is_vector ? "FOR_AUX" : "FOR_FIELD", v.fields.name[i],
               v.field_type[i]);
    if (is_vector)
        prove_aux(r->pattern);
    for (int i = 0; i < v.constants.count; i++)
        printf("    FOR_%s(%s, %c)\n", v.is_count[i] ? "COUNT" : family, v.constants.name[i],
               v.constant_type[i]);
    for (int i = 0; i < v.values.count; i++)
        printf("    FOR_%s(%s, %c)\n", family, v.values.name[i], v.value_type[i]);
    printf("    {\n");
    for (int i = 0; i < v.values.count; i++)
        printf("        const unsigned %s_type = %c;\n        (void)%s_type;\n", v.values.name[i],
               v.value_type[i], v.values.name[i]);
    if (r->condition[0])
        printf("        if (!(%s))\n            continue;\n", r->condition);
    printf("        PROVE(");
    prove_term(r->pattern, family);
    printf(",\n              ");
    prove_term(r->result, family);
    printf(");\n    }\n    }\n}\n\n");
}

/* The pattern as data, for a test that builds it: nodes in prefix order. */
static void print_shape(const struct term *t)
{
    printf("{ %d, %s, '%c', \"%s\", \"%s\", %s },\n    ", t->kind,
           t->kind == NODE ? ops[t->op].enumerator : "0", t->type, t->kind == NODE ? "" : t->text,
           t->aux_is_var ? t->aux : "", t->aux[0] && !t->aux_is_var ? t->aux : "0");
    for (int i = 0; t->kind == NODE && i < ops[t->op].operands; i++)
        print_shape(t->arg[i]);
}

void print_proofs(void)
{
    for (int i = 0; i < rule_count; i++)
        print_proof(i);
    printf("static void (*const proofs[])(struct proof *) = {\n");
    for (int i = 0; i < rule_count; i++)
        printf("    prove_%d,\n", i);
    printf("};\n\n");
    for (int i = 0; i < rule_count; i++) {
        printf("static const struct shape shape_%d[] = {\n    ", i);
        print_shape(rules[i].pattern);
        printf("\n};\n");
    }
    printf("static const struct shape *const shapes[] = {\n");
    for (int i = 0; i < rule_count; i++)
        printf("    shape_%d,\n", i);
    printf("};\n");
}

