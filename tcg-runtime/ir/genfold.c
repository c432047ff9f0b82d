/* SPDX-License-Identifier: MIT */
/*
 * genfold.c: build tool: turns fold.rules into C, either the matcher of fold.c or the proofs of
 * the tests.
 *
 *    genfold match fold.rules > fold_rules.inc
 *    genfold prove fold.rules > fold_proofs.inc
 *
 * The matcher is a decision tree an op: a switch over the op of operand a, inside it one over that
 * of operand b, and in each leaf the rules that may fit, in the order of the file; a rule is a
 * function that checks what is left. Patterns of commutative ops are tried both ways round.
 *
 * Termination is checked here. Each op has a weight, a constant weighs 1, a variable nothing; a
 * rule must have a lighter right side and use no variable more often there. So every step makes
 * the sum of weights of the expression smaller, whatever the variables stand for.
 */
#include "genfold.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct op_info ops[BP_OP_COUNT] = {
#define OP(name, text, operands, flags) [BP_##name] = { text, "BP_" #name, operands },
    BP_OPS(OP)
#undef OP
};

struct rule rules[MAX_RULES];
int rule_count;
static int line_number;
static const char *at; /* parse position */

void fail(const char *format, ...)
{
    va_list ap;
    fprintf(stderr, "fold.rules:%d: ", line_number);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

/* Terms are shared between variants, so that all live until the end. */
struct allocated {
    struct allocated *next;
    max_align_t data[];
};
static struct allocated *all;

void *allocate(size_t size)
{
    struct allocated *p = calloc(1, sizeof *p + size);
    if (!p)
        fail("out of memory");
    p->next = all;
    all = p;
    return p->data;
}

static void free_all(void)
{
    while (all) {
        struct allocated *p = all;
        all = p->next;
        free(p);
    }
}

/* ---- parsing --------------------------------------------------------------------------------- */

static void skip_space(void)
{
    while (*at == ' ')
        at++;
}

/* Letters, digits, underscores. */
static void read_word(char *ret, size_t size)
{
    size_t n = 0;
    while ((isalnum((unsigned char)*at) || *at == '_') && n + 1 < size)
        ret[n++] = *at++;
    ret[n] = 0;
}

/* Text up to the bracket that closes `open`, which is at `at`. */
static void read_bracketed(char *ret, char open, char close)
{
    int depth = 0;
    size_t n = 0;
    do {
        if (*at == open)
            depth++;
        if (*at == close)
            depth--;
        if (!*at || n + 2 > TEXT)
            fail("unbalanced or long expression");
        ret[n++] = *at++;
    } while (depth);
    ret[n] = 0;
}

static int find_op(const char *name)
{
    for (int i = 0; i < BP_OP_COUNT; i++) {
        if (!strcmp(ops[i].name, name))
            return i;
    }
    return -1;
}

static bool next_is_node(void)
{
    if (*at != '(')
        return false;
    const char *p = at + 1;
    char word[TEXT];
    size_t n = 0;
    while ((isalnum((unsigned char)*p) || *p == '_') && n + 1 < sizeof word)
        word[n++] = *p++;
    word[n] = 0;
    return n && find_op(word) >= 0 && (*p == ' ' || *p == ':');
}

static void read_aux(struct term *t)
{
    static const struct {
        const char *name, *value;
    } names[] = { { "eq", "BP_EQ" }, { "ne", "BP_NE" }, { "lt", "BP_LT" }, { "ge", "BP_GE" },
                  { "le", "BP_LE" }, { "gt", "BP_GT" }, { "ltu", "BP_LTU" }, { "geu", "BP_GEU" },
                  { "leu", "BP_LEU" }, { "gtu", "BP_GTU" } };
    if (*at == '{') {
        read_bracketed(t->aux, '{', '}');
        t->aux[0] = '(';
        t->aux[strlen(t->aux) - 1] = ')';
        return;
    }
    read_word(t->aux, sizeof t->aux);
    if (isupper((unsigned char)t->aux[0]) && !t->aux[1]) {
        t->aux_is_var = true;
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strcmp(names[i].name, t->aux)) {
            strcpy(t->aux, names[i].value);
            return;
        }
    }
    fail("unknown condition %s", t->aux);
}

static char read_type(void)
{
    if (!isupper((unsigned char)*at) || isalnum((unsigned char)at[1]))
        fail("expected a type variable at %s", at);
    return *at++;
}

static struct term *read_term(bool in_result);

static struct term *read_node(bool in_result)
{
    struct term *t = allocate(sizeof *t);
    char word[TEXT];
    at++;
    read_word(word, sizeof word);
    t->kind = NODE;
    t->op = find_op(word);
    if (*at == ':') {
        at++;
        read_aux(t);
    }
    skip_space();
    t->type = read_type();
    if (t->op == BP_CONST) { /* (const T expression) is a constant of that type */
        skip_space();
        t->arg[0] = read_term(in_result);
        t->arg[0]->type = t->type;
        t = t->arg[0];
    } else {
        for (int i = 0; i < ops[t->op].operands; i++) {
            skip_space();
            t->arg[i] = read_term(in_result);
        }
    }
    skip_space();
    if (*at != ')')
        fail("expected ) at %s", at);
    at++;
    return t;
}

static struct term *read_term(bool in_result)
{
    if (next_is_node())
        return read_node(in_result);
    struct term *t = allocate(sizeof *t);
    if (*at == '(' && in_result) {
        t->kind = EXPRESSION;
        read_bracketed(t->text, '(', ')');
    } else if (isdigit((unsigned char)*at) || *at == '-') {
        char digits[TEXT];
        bool minus = *at == '-';
        at += minus;
        read_word(digits, sizeof digits);
        t->kind = LITERAL;
        snprintf(t->text, sizeof t->text, "(uint64_t)%s%.20s", minus ? "-" : "", digits);
    } else {
        read_word(t->text, sizeof t->text);
        if (!islower((unsigned char)t->text[0]))
            fail("expected a value at %s", at);
        t->kind = t->text[0] == 'k' ? CONSTANT : VALUE;
    }
    if (*at == ':') {
        at++;
        t->type = read_type();
    }
    return t;
}

bool is_uniform(int op)
{
    switch (op) {
    case BP_CMP: case BP_TRUNC: case BP_ZEXT: case BP_SEXT: case BP_BITCAST: case BP_FBOX:
    case BP_FUNBOX: case BP_SELECT: case BP_FCMP: case BP_F2I: case BP_I2F: case BP_FCVT:
        return false;
    default:
        return true;
    }
}

bool is_shift(int op)
{
    return op == BP_SHL || op == BP_SHR || op == BP_SAR || op == BP_ROTL || op == BP_ROTR;
}

/* Gives operands the types that follow from their node. */
static void infer_types(struct term *t)
{
    if (t->kind != NODE)
        return;
    int n = ops[t->op].operands;
    for (int i = 0; i < n; i++) {
        bool same = is_uniform(t->op) || (t->op == BP_SELECT && i > 0);
        if (same && !t->arg[i]->type)
            t->arg[i]->type = t->type;
    }
    if (t->op == BP_CMP) {
        char type = t->arg[0]->type ? t->arg[0]->type : t->arg[1]->type;
        for (int i = 0; i < n; i++) {
            if (!t->arg[i]->type)
                t->arg[i]->type = type;
        }
    }
    for (int i = 0; i < n; i++)
        infer_types(t->arg[i]);
}

/* The type that a value has in the pattern, 0 where it does not occur. */
static char type_of_value(const struct term *pattern, const char *name)
{
    if (pattern->kind == VALUE)
        return strcmp(pattern->text, name) ? 0 : pattern->type;
    char type = 0;
    for (int i = 0; pattern->kind == NODE && i < ops[pattern->op].operands && !type; i++)
        type = type_of_value(pattern->arg[i], name);
    return type;
}

static void type_values(const struct term *pattern, struct term *t)
{
    if (t->kind == VALUE)
        t->type = type_of_value(pattern, t->text);
    for (int i = 0; t->kind == NODE && i < ops[t->op].operands; i++)
        type_values(pattern, t->arg[i]);
}

static int highest_op(const struct term *t)
{
    int result = t->kind == NODE ? t->op : 0;
    for (int i = 0; t->kind == NODE && i < ops[t->op].operands; i++) {
        int op = highest_op(t->arg[i]);
        result = op > result ? op : result;
    }
    return result;
}

static void parse_rule(const char *line)
{
    if (rule_count == MAX_RULES)
        fail("too many rules");
    struct rule *r = &rules[rule_count++];
    if (strlen(line) >= sizeof r->line)
        fail("line too long");
    strcpy(r->line, line);
    const char *arrow = strstr(line, "->");
    if (!arrow)
        fail("no ->");
    at = line;
    if (!next_is_node())
        fail("a rule starts with an op");
    r->pattern = read_node(false);
    skip_space();
    if (!strncmp(at, "if ", 3)) {
        at += 3;
        snprintf(r->condition, sizeof r->condition, "%.*s", (int)(arrow - at), at);
        at = arrow;
    }
    if (at != arrow)
        fail("expected -> at %s", at);
    at += 2;
    skip_space();
    r->result = read_term(true);
    skip_space();
    if (*at)
        fail("junk at %s", at);
    infer_types(r->pattern);
    type_values(r->pattern, r->result);
    if (!r->result->type)
        r->result->type = r->pattern->type;
    infer_types(r->result);
    int op = highest_op(r->pattern);
    r->family = op >= BP_VGET ? "VECTOR" : op >= BP_FADD ? "FLOAT" : "INT";
}

/* ---- termination ----------------------------------------------------------------------------- */

static int op_weight(int op)
{
    switch (op) {
    case BP_DIVU: case BP_DIVS: case BP_REMU: case BP_REMS: return 9;
    case BP_MUL: case BP_MULHU: case BP_MULHS: case BP_MULHSU: return 7;
    case BP_EXTRACT_U: case BP_EXTRACT_S: case BP_INSERT: return 7;
    case BP_SUB: case BP_ANDN: case BP_SAR: case BP_ROTL: case BP_SEXT: return 5;
    default: return 4;
    }
}

/* An aux that both sides share weighs the same on both; a computed one weighs most. */
static int aux_weight(const struct term *t)
{
    if (t->op != BP_CMP || t->aux_is_var)
        return 0;
    return strcmp(t->aux, "BP_EQ") && strcmp(t->aux, "BP_NE") ? 1 : 0;
}

static int weight(const struct term *t)
{
    if (t->kind != NODE)
        return t->kind == VALUE ? 0 : 1;
    int sum = op_weight(t->op) + aux_weight(t);
    for (int i = 0; i < ops[t->op].operands; i++)
        sum += weight(t->arg[i]);
    return sum;
}

static int uses(const struct term *t, const char *name)
{
    if (t->kind == VALUE)
        return !strcmp(t->text, name);
    int sum = 0;
    for (int i = 0; t->kind == NODE && i < ops[t->op].operands; i++)
        sum += uses(t->arg[i], name);
    return sum;
}

static void check_values(const struct rule *r, const struct term *t)
{
    if (t->kind == VALUE && uses(r->result, t->text) > uses(r->pattern, t->text))
        fail("%s: the right side uses %s more often", r->line, t->text);
    for (int i = 0; t->kind == NODE && i < ops[t->op].operands; i++)
        check_values(r, t->arg[i]);
}

static void check_types(const struct rule *r, const struct term *t)
{
    if (!t->type)
        fail("%s: the type of %s is not known", r->line,
             t->kind == NODE ? ops[t->op].name : t->text);
    for (int i = 0; t->kind == NODE && i < ops[t->op].operands; i++)
        check_types(r, t->arg[i]);
}

static void check_rule(const struct rule *r)
{
    check_values(r, r->result);
    check_types(r, r->pattern);
    check_types(r, r->result);
    if (weight(r->result) >= weight(r->pattern))
        fail("%s: weight %d does not fall below %d", r->line, weight(r->result),
             weight(r->pattern));
}

int main(int argc, char **argv)
{
    char line[512];
    if (argc != 3 || (strcmp(argv[1], "match") && strcmp(argv[1], "prove"))) {
        fprintf(stderr, "usage: genfold match|prove RULES\n");
        return 2;
    }
    FILE *f = fopen(argv[2], "r");
    if (!f) {
        perror(argv[2]);
        return 1;
    }
    while (fgets(line, sizeof line, f)) {
        line_number++;
        line[strcspn(line, "\n")] = 0;
        if (line[0] == '#' || !line[0])
            continue;
        parse_rule(line);
        check_rule(&rules[rule_count - 1]);
    }
    fclose(f);
    printf("/* SPDX-License-Identifier: MIT */\n/* Made from fold.rules by genfold. */\n\n");
    if (!strcmp(argv[1], "match"))
        print_matcher();
    else
        print_proofs();
    free_all();
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
