/* SPDX-License-Identifier: MIT */
/* decode.h: what bp-decode knows after reading tables; docs/decode-tables.md has the grammar. */
#ifndef BP_DECODE_H
#define BP_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_FEATURES 64u
#define MAX_RANGES 8u
#define MAX_ROWS 65535u       /* an op number is 16 bits */
#define MAX_CONDITION 12u     /* features that one overlap question may involve */
#define MAX_DEPTH 64u         /* of parentheses in a condition */

/* Where something was written. */
struct place {
    const char *file;
    unsigned line;
};

/* A growing array of pointers. */
struct list {
    void **v;
    size_t n, room;
};

enum expr_kind { EXPR_FEATURE, EXPR_AND, EXPR_OR, EXPR_NOT };

/* A condition over features; NULL stands for true. */
struct expr {
    enum expr_kind kind;
    unsigned feature;
    const struct expr *a, *b;
};

/* A class of names for the values of a field. */
struct names {
    struct place at;
    const char *name;
    struct list entries; /* struct name_entry */
};

struct name_entry {
    uint64_t value;
    const char *text;
};

struct field {
    struct place at;
    const char *name;
    unsigned width;      /* of the words that it is cut from */
    bool is_signed;
    unsigned range_count;
    unsigned hi[MAX_RANGES], lo[MAX_RANGES]; /* most significant part first */
    unsigned bits;       /* in all ranges */
    unsigned shift;      /* zero bits below */
    int64_t add;
    uint32_t mask;       /* of the word */
    const char *names_name;
    const struct names *names;
};

/* One member of a format: a field, or a constant where field_name is NULL. */
struct member {
    const char *name;
    const char *field_name;
    const struct field *field;
    int64_t constant;
};

struct format {
    struct place at;
    const char *name;
    unsigned width;
    const char *args_name;     /* of the format that owns the argument struct */
    const struct format *args;
    struct list members;       /* struct member */
    uint32_t mask;             /* bits that some field covers */
    unsigned number;           /* of an argument struct */
    bool used;                 /* by a row, itself (not through another) */
    bool args_used;            /* by a row, as an argument struct */
};

struct row {
    struct place at;
    const char *name;          /* NULL for reserved */
    unsigned width;
    uint32_t mask, match;
    uint32_t ignored;          /* bits written '-' */
    const char *format_name;
    const struct format *format;
    const char *template;
    const char *as_name;
    const struct row *as;
    const struct expr *condition;
    unsigned group;            /* 0: none */
    unsigned index;            /* in priority order */
    unsigned op;
    uint64_t sample_features;  /* with these the row can be reached */
};

struct tables {
    struct list memory;
    struct list features;      /* char * */
    struct list exclusive;     /* uint64_t * */
    struct list names;         /* struct names */
    struct list fields;        /* struct field */
    struct list formats;       /* struct format */
    struct list rows;          /* struct row, reserved ones too */
    struct list files;         /* char *, base names */
    unsigned groups;
    unsigned args_count;
    char error[512];           /* the first error: "file:line: what" */
};

/* util.c */
void *allocate(struct tables *t, size_t size);
char *copy_text(struct tables *t, const char *text, size_t n);
void append(struct list *list, void *item);
void free_list(struct list *list);
void tables_free(struct tables *t);
/* Records the first error; returns -1. */
int fail(struct tables *t, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct names *find_names(const struct tables *t, const char *name);
struct field *find_field(const struct tables *t, const char *name);
struct format *find_format(const struct tables *t, const char *name);
struct row *find_row(const struct tables *t, const char *name);
const struct member *find_member(const struct format *f, const char *name);

/* parse.c: reads one table; 0 or -1. */
int parse(struct tables *t, const char *file, const char *text, size_t n);

/* expr.c */
uint64_t expr_features(const struct expr *e);
bool expr_true(const struct expr *e, uint64_t features);
const struct expr *expr_and(struct tables *t, const struct expr *a, const struct expr *b);
/* A feature set is valid when it has at most one of each exclusive set. */
bool features_valid(const struct tables *t, uint64_t features);
bool expr_is_conjunction(const struct expr *e); /* of features, true among them */
/* Emits whether all features of a mask are there ("=="), or not ("!="). */
void emit_features(FILE *out, const struct tables *t, const char *isa, uint64_t mask,
                   const char *compare);
void emit_expr(FILE *out, const struct tables *t, const char *isa, const struct expr *e);

/* check.c: resolves names and refuses what is wrong; 0 or -1. */
int check(struct tables *t);
/* Whether both match some word. */
bool patterns_meet(const struct row *a, const struct row *b);

/* template.c: what a disassembly template asks for, one piece at a time. */
enum piece_kind { PIECE_END, PIECE_TEXT, PIECE_PLAIN, PIECE_HEX, PIECE_DECIMAL, PIECE_PC };

struct piece {
    enum piece_kind kind;
    const char *text;            /* PIECE_TEXT: of this length */
    size_t length;
    const struct member *member;
    unsigned hi, lo;             /* PIECE_HEX */
};

/* Takes the next piece off *template; -1 after fail(). */
int next_piece(struct tables *t, const struct row *row, const char **template, struct piece *ret);

/* emit*.c: each writes one part of the output. */
const char *c_name(char buf[64], const char *name);
const char *c_upper(char buf[64], const char *name);
bool member_is_wide(const struct tables *t, const struct format *args, const char *name);
void emit_text(FILE *out, const char *isa, const char *text);
void emit_banner(FILE *out, const struct tables *t, const char *what);
void emit_header(FILE *out, const struct tables *t, const char *isa);
void emit_decoder(FILE *out, const struct tables *t, const char *isa);
void emit_disassembler(FILE *out, struct tables *t, const char *isa);
void emit_rows(FILE *out, const struct tables *t, const char *isa);
void emit_encoder(FILE *out, const struct tables *t, const char *isa);
void emit_handlers(FILE *out, const struct tables *t, const char *isa);
#endif
