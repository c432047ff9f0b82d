/* SPDX-License-Identifier: MIT */
/* template.c: splits a template: text, %member, %x(member hi..lo), %d(member), %pc(member). */
#include "decode.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The member named at *p, which moves behind the name. */
static const struct member *take_member(const struct row *row, const char **p)
{
    const char *start = *p;

    while (isalnum((unsigned char)**p) || **p == '_')
        (*p)++;
    for (size_t i = 0; i < row->format->members.n; i++) {
        const struct member *m = row->format->members.v[i];

        if (strlen(m->name) == (size_t)(*p - start) && !strncmp(m->name, start, strlen(m->name)))
            return m;
    }
    return NULL;
}

static enum piece_kind take_function(const char **p)
{
    static const struct {
        const char *text;
        enum piece_kind kind;
    } functions[] = { { "x(", PIECE_HEX }, { "d(", PIECE_DECIMAL }, { "pc(", PIECE_PC } };

    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        size_t n = strlen(functions[i].text);

        if (!strncmp(*p, functions[i].text, n)) {
            *p += n;
            return functions[i].kind;
        }
    }
    return PIECE_PLAIN;
}

static bool take_bit(const char **p, unsigned *ret)
{
    char *end;

    if (!isdigit((unsigned char)**p))
        return false;
    *ret = (unsigned)strtoul(*p, &end, 10);
    *p = end;
    return *ret < 64;
}

static int take_argument(struct tables *t, const struct row *row, const char **p,
                         struct piece *ret)
{
    ret->hi = 63;
    if (ret->kind == PIECE_HEX && **p == ' ') {
        (*p)++;
        if (!take_bit(p, &ret->hi) || strncmp(*p, "..", 2))
            return fail(t, row->at, "%s: bits such as 31..12 expected in %%x()", row->name);
        *p += 2;
        if (!take_bit(p, &ret->lo) || ret->hi < ret->lo)
            return fail(t, row->at, "%s: bits such as 31..12 expected in %%x()", row->name);
    }
    if (**p != ')')
        return fail(t, row->at, "%s: ')' is missing in the disassembly", row->name);
    (*p)++;
    return 0;
}

int next_piece(struct tables *t, const struct row *row, const char **template, struct piece *ret)
{
    const char *p = *template, *start;

    memset(ret, 0, sizeof *ret);
    if (!*p)
        return 0;
    if (*p != '%' || p[1] == '%') {
        ret->kind = PIECE_TEXT;
        ret->text = p;
        if (*p == '%') {
            ret->length = 1;
            *template = p + 2;
            return 0;
        }
        ret->length = strcspn(p, "%");
        *template = p + ret->length;
        return 0;
    }
    p++;
    ret->kind = take_function(&p);
    start = p;
    ret->member = take_member(row, &p);
    if (!ret->member)
        return fail(t, row->at, "%s: '%%%.*s' in the disassembly is no member of format '%s'",
                    row->name, (int)(p - start), start, row->format->name);
    if (ret->kind != PIECE_PLAIN && take_argument(t, row, &p, ret))
        return -1;
    *template = p;
    return 0;
}
