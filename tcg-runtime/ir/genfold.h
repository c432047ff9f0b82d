/* SPDX-License-Identifier: MIT */
/* genfold.h: rules as genfold holds them between reading (genfold.c) and writing C
 * (genfold_emit.c). */
#ifndef TCG_IR_GENFOLD_H
#define TCG_IR_GENFOLD_H

#include <backplane/ir.h>

enum { MAX_RULES = 400, MAX_NAMES = 16, TEXT = 160 };

enum kind { NODE, VALUE, CONSTANT, LITERAL, EXPRESSION };

/* One place of a pattern or result. */
struct term {
    enum kind kind;
    int op;            /* NODE */
    char type;         /* variable, 0: not said */
    char text[TEXT];   /* VALUE, CONSTANT: name; LITERAL, EXPRESSION: C */
    char aux[TEXT];    /* NODE: C expression or variable, "" */
    bool aux_is_var;
    struct term *arg[3];
};

struct rule {
    char line[TEXT];
    struct term *pattern, *result;
    char condition[TEXT];
    const char *family; /* of values that its proof is about: INT, FLOAT, VECTOR */
};

struct op_info {
    const char *name, *enumerator;
    int operands;
};
extern const struct op_info ops[BP_OP_COUNT];
extern struct rule rules[MAX_RULES];
extern int rule_count;

void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...);
/* Zeroed; the tool never frees. */
void *allocate(size_t size);
/* Ops whose operands have the type of the result. */
bool is_uniform(int op);
/* Ops whose second operand is a count, modulo the width. */
bool is_shift(int op);

void print_matcher(void);
void print_proofs(void);

#endif
