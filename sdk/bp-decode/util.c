/* SPDX-License-Identifier: MIT */
/* util.c: memory, lists, errors and look-up by name. */
#include "decode.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
    if (!p) {
        fputs("bp-decode: out of memory\n", stderr);
        exit(1);
    }
    return p;
}

void append(struct list *list, void *item)
{
    if (list->n == list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->v = must(realloc(list->v, list->room * sizeof *list->v));
    }
    list->v[list->n++] = item;
}

void *allocate(struct tables *t, size_t size)
{
    void *p = must(calloc(1, size));

    append(&t->memory, p);
    return p;
}

char *copy_text(struct tables *t, const char *text, size_t n)
{
    char *s = allocate(t, n + 1);

    memcpy(s, text, n);
    return s;
}

void free_list(struct list *list)
{
    free(list->v);
    memset(list, 0, sizeof *list);
}

void tables_free(struct tables *t)
{
    size_t i;

    for (i = 0; i < t->names.n; i++)
        free(((struct names *)t->names.v[i])->entries.v);
    for (i = 0; i < t->formats.n; i++)
        free(((struct format *)t->formats.v[i])->members.v);
    for (i = 0; i < t->memory.n; i++)
        free(t->memory.v[i]);
    free(t->memory.v);
    free(t->features.v);
    free(t->exclusive.v);
    free(t->names.v);
    free(t->fields.v);
    free(t->formats.v);
    free(t->rows.v);
    free(t->files.v);
    memset(t, 0, sizeof *t);
}

int fail(struct tables *t, struct place at, const char *format, ...)
{
    va_list ap;
    int n;

    if (t->error[0])
        return -1;
    n = snprintf(t->error, sizeof t->error, "%s:%u: ", at.file, at.line);
    if (n < 0 || (size_t)n >= sizeof t->error)
        return -1;
    va_start(ap, format);
    vsnprintf(t->error + n, sizeof t->error - (size_t)n, format, ap);
    va_end(ap);
    return -1;
}

struct names *find_names(const struct tables *t, const char *name)
{
    for (size_t i = 0; i < t->names.n; i++) {
        struct names *p = t->names.v[i];

        if (!strcmp(p->name, name))
            return p;
    }
    return NULL;
}

struct field *find_field(const struct tables *t, const char *name)
{
    for (size_t i = 0; i < t->fields.n; i++) {
        struct field *p = t->fields.v[i];

        if (!strcmp(p->name, name))
            return p;
    }
    return NULL;
}

struct format *find_format(const struct tables *t, const char *name)
{
    for (size_t i = 0; i < t->formats.n; i++) {
        struct format *p = t->formats.v[i];

        if (!strcmp(p->name, name))
            return p;
    }
    return NULL;
}

struct row *find_row(const struct tables *t, const char *name)
{
    for (size_t i = 0; i < t->rows.n; i++) {
        struct row *p = t->rows.v[i];

        if (p->name && !strcmp(p->name, name))
            return p;
    }
    return NULL;
}

const struct member *find_member(const struct format *f, const char *name)
{
    for (size_t i = 0; i < f->members.n; i++) {
        const struct member *m = f->members.v[i];

        if (!strcmp(m->name, name))
            return m;
    }
    return NULL;
}
