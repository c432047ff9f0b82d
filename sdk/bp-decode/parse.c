/* SPDX-License-Identifier: MIT */
/* parse.c: text tables to records; names are resolved later, in check.c. */
#include "decode.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum token { TOKEN_END, TOKEN_NEWLINE, TOKEN_WORD, TOKEN_TEXT, TOKEN_SHIFT, TOKEN_PUNCT };

struct parser {
    struct tables *t;
    const char *p, *end;
    struct place at;
    enum token token;
    const char *text;           /* TOKEN_WORD and TOKEN_TEXT: owned by the tables */
    char punct;
    unsigned width;
    unsigned group;
    const struct expr *require;
};

static int wrong(struct parser *s, const char *wanted)
{
    const char *got = s->text;
    char punct[2] = { s->punct, 0 };

    switch (s->token) {
    case TOKEN_END: got = "end of file"; break;
    case TOKEN_NEWLINE: got = "end of line"; break;
    case TOKEN_SHIFT: got = "<<"; break;
    case TOKEN_PUNCT: got = punct; break;
    default: break;
    }
    return fail(s->t, s->at, "%s expected, not '%.40s'", wanted, got);
}

static bool word_char(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-';
}

static int next_text(struct parser *s)
{
    const char *start = ++s->p;

    while (s->p < s->end && *s->p != '"' && *s->p != '\n') {
        if ((unsigned char)*s->p < ' ' || *s->p == '\\')
            return fail(s->t, s->at, "text may hold neither control characters nor backslashes");
        s->p++;
    }
    if (s->p == s->end || *s->p != '"')
        return fail(s->t, s->at, "text is not closed: put \" at its end, on the same line");
    s->token = TOKEN_TEXT;
    s->text = copy_text(s->t, start, (size_t)(s->p - start));
    s->p++;
    return 0;
}

static int next(struct parser *s)
{
    const char *start;

    if (s->token == TOKEN_NEWLINE)
        s->at.line++;
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
    if (s->p < s->end && *s->p == '#')
        while (s->p < s->end && *s->p != '\n')
            s->p++;
    if (s->p == s->end) {
        s->token = TOKEN_END;
        return 0;
    }
    if (*s->p == '"')
        return next_text(s);
    start = s->p;
    if (word_char(*s->p)) {
        while (s->p < s->end && word_char(*s->p))
            s->p++;
        if (s->p - start > 48)
            return fail(s->t, s->at, "word is longer than 48 characters");
        s->token = TOKEN_WORD;
        s->text = copy_text(s->t, start, (size_t)(s->p - start));
        return 0;
    }
    if (*s->p == '\n') {
        s->token = TOKEN_NEWLINE;
    } else if (*s->p == '<' && s->end - s->p > 1 && s->p[1] == '<') {
        s->token = TOKEN_SHIFT;
        s->p++;
    } else if (strchr(":=&|!(){}+", *s->p) && *s->p) {
        s->token = TOKEN_PUNCT;
        s->punct = *s->p;
    } else {
        return fail(s->t, s->at, "character 0x%02x has no meaning here", (unsigned char)*s->p);
    }
    s->p++;
    return 0;
}

static bool is_punct(const struct parser *s, char c)
{
    return s->token == TOKEN_PUNCT && s->punct == c;
}

static bool is_word(const struct parser *s, const char *word)
{
    return s->token == TOKEN_WORD && !strcmp(s->text, word);
}

static bool is_line_end(const struct parser *s)
{
    return s->token == TOKEN_NEWLINE || s->token == TOKEN_END || is_punct(s, '}');
}

static int line_end(struct parser *s)
{
    return is_line_end(s) ? 0 : wrong(s, "end of line");
}

/* Names become parts of C identifiers: a letter first, and '.' '_' or alphanumerics. */
static int take_name(struct parser *s, const char *what, const char **ret)
{
    if (s->token != TOKEN_WORD || !isalpha((unsigned char)s->text[0]) || strchr(s->text, '-'))
        return wrong(s, what);
    *ret = s->text;
    return next(s);
}

static bool to_number(const char *text, uint64_t *ret)
{
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    *ret = strtoull(text, &end, 0);
    return !*end && *ret <= UINT32_MAX;
}

static int take_number(struct parser *s, const char *what, uint64_t max, uint64_t *ret)
{
    uint64_t n;

    if (s->token != TOKEN_WORD || !to_number(s->text, &n))
        return wrong(s, what);
    if (n > max)
        return fail(s->t, s->at, "%s: %s is too large, at most %u", what, s->text, (unsigned)max);
    *ret = n;
    return next(s);
}

/* ---- conditions ------------------------------------------------------------------------- */

static int take_or(struct parser *s, unsigned depth, const struct expr **ret);

static int take_factor(struct parser *s, unsigned depth, const struct expr **ret)
{
    struct tables *t = s->t;
    struct expr *e;

    if (depth > MAX_DEPTH)
        return fail(t, s->at, "condition is nested too deeply");
    if (is_punct(s, '(')) {
        if (next(s) || take_or(s, depth + 1, ret))
            return -1;
        return is_punct(s, ')') ? next(s) : wrong(s, "')'");
    }
    if (is_punct(s, '!')) {
        e = allocate(t, sizeof *e);
        e->kind = EXPR_NOT;
        *ret = e;
        return next(s) || take_factor(s, depth + 1, &e->a) ? -1 : 0;
    }
    if (s->token != TOKEN_WORD)
        return wrong(s, "feature name");
    for (unsigned i = 0; i < t->features.n; i++) {
        if (!strcmp(t->features.v[i], s->text)) {
            e = allocate(t, sizeof *e);
            e->kind = EXPR_FEATURE;
            e->feature = i;
            *ret = e;
            return next(s);
        }
    }
    return fail(t, s->at, "feature '%s' is not declared: add 'feature %s' before", s->text,
                s->text);
}

static int take_chain(struct parser *s, unsigned depth, char punct, const struct expr **ret)
{
    const struct expr *left;
    unsigned terms = 0;

    if (punct == '&' ? take_factor(s, depth, &left) : take_chain(s, depth, '&', &left))
        return -1;
    while (is_punct(s, punct)) {
        struct expr *e = allocate(s->t, sizeof *e);

        if (++terms > MAX_DEPTH)
            return fail(s->t, s->at, "condition has too many terms");
        e->kind = punct == '&' ? EXPR_AND : EXPR_OR;
        e->a = left;
        if (next(s) || (punct == '&' ? take_factor(s, depth, &e->b)
                                     : take_chain(s, depth, '&', &e->b)))
            return -1;
        left = e;
    }
    *ret = left;
    return 0;
}

static int take_or(struct parser *s, unsigned depth, const struct expr **ret)
{
    return take_chain(s, depth, '|', ret);
}

/* ---- declarations ----------------------------------------------------------------------- */

static int parse_width(struct parser *s)
{
    uint64_t n;

    if (take_number(s, "width", 32, &n))
        return -1;
    if (n != 16 && n != 32)
        return fail(s->t, s->at, "width is 16 or 32, not %u", (unsigned)n);
    s->width = (unsigned)n;
    return line_end(s);
}

static int parse_features(struct parser *s)
{
    struct tables *t = s->t;
    const char *name;

    do {
        if (take_name(s, "feature name", &name))
            return -1;
        for (size_t i = 0; i < t->features.n; i++)
            if (!strcmp(t->features.v[i], name))
                return fail(t, s->at, "feature '%s' is declared twice", name);
        if (t->features.n == MAX_FEATURES)
            return fail(t, s->at, "more than %u features", MAX_FEATURES);
        append(&t->features, (char *)name);
    } while (!is_line_end(s));
    return 0;
}

static int parse_exclusive(struct parser *s)
{
    uint64_t *set = allocate(s->t, sizeof *set);
    const struct expr *e;

    do {
        if (take_factor(s, MAX_DEPTH, &e))
            return -1;
        *set |= expr_features(e);
    } while (!is_line_end(s));
    append(&s->t->exclusive, set);
    return 0;
}

static int parse_names(struct parser *s)
{
    struct names *names = allocate(s->t, sizeof *names);
    uint64_t value = 0;
    bool block;

    names->at = s->at;
    if (take_name(s, "name of the class", &names->name))
        return -1;
    if (find_names(s->t, names->name))
        return fail(s->t, s->at, "names '%s' are declared twice", names->name);
    append(&s->t->names, names);
    block = is_punct(s, '{');
    if (block && next(s))
        return -1;
    while (block ? !is_punct(s, '}') : !is_line_end(s)) {
        struct name_entry *entry;

        if (block && s->token == TOKEN_NEWLINE) {
            if (next(s))
                return -1;
            continue;
        }
        if (s->token != TOKEN_WORD && s->token != TOKEN_TEXT)
            return wrong(s, block ? "name or '}'" : "name");
        entry = allocate(s->t, sizeof *entry);
        entry->text = s->text;
        if (next(s))
            return -1;
        if (is_punct(s, '=')) {
            if (!to_number(entry->text, &value))
                return fail(s->t, s->at, "'%s' is not a number", entry->text);
            if (next(s))
                return -1;
            if (s->token != TOKEN_WORD && s->token != TOKEN_TEXT)
                return wrong(s, "name");
            entry->text = s->text;
            if (next(s))
                return -1;
        }
        for (size_t i = 0; i < names->entries.n; i++)
            if (((struct name_entry *)names->entries.v[i])->value == value)
                return fail(s->t, s->at, "value %u of names '%s' has two names", (unsigned)value,
                            names->name);
        entry->value = value++;
        append(&names->entries, entry);
    }
    return block ? next(s) || line_end(s) ? -1 : 0 : 0;
}

static int parse_range(struct parser *s, struct field *f)
{
    unsigned hi, lo, i = f->range_count;
    char *end;

    if (i == MAX_RANGES)
        return fail(s->t, s->at, "field '%s' has more than %u parts", f->name, MAX_RANGES);
    hi = lo = (unsigned)strtoul(s->text, &end, 10);
    if (end == s->text || (*end && strncmp(end, "..", 2)))
        return wrong(s, "bit or range of bits such as 31..25");
    if (*end) {
        const char *low = end + 2;

        lo = (unsigned)strtoul(low, &end, 10);
        if (end == low || *end)
            return wrong(s, "bit or range of bits such as 31..25");
    }
    if (hi < lo)
        return fail(s->t, s->at, "range %s is upside down: write the higher bit first", s->text);
    if (hi >= s->width)
        return fail(s->t, s->at, "bit %u is outside of a word of %u bits", hi, s->width);
    for (unsigned bit = lo; bit <= hi; bit++) {
        if (f->mask >> bit & 1)
            return fail(s->t, s->at, "field '%s' has bit %u twice", f->name, bit);
        f->mask |= UINT32_C(1) << bit;
    }
    f->hi[i] = hi;
    f->lo[i] = lo;
    f->bits += hi - lo + 1;
    f->range_count++;
    return next(s);
}

static int parse_field(struct parser *s)
{
    struct field *f = allocate(s->t, sizeof *f);
    uint64_t n;

    f->at = s->at;
    f->width = s->width;
    if (take_name(s, "name of the field", &f->name))
        return -1;
    if (find_field(s->t, f->name))
        return fail(s->t, s->at, "field '%s' is declared twice", f->name);
    if (!s->width)
        return fail(s->t, s->at, "say 'width 16' or 'width 32' before the first field");
    if (is_word(s, "s")) {
        f->is_signed = true;
        if (next(s))
            return -1;
    }
    while (s->token == TOKEN_WORD)
        if (parse_range(s, f))
            return -1;
    if (!f->range_count)
        return wrong(s, "bit or range of bits such as 31..25");
    if (s->token == TOKEN_SHIFT) {
        if (next(s) || take_number(s, "shift", 31, &n))
            return -1;
        f->shift = (unsigned)n;
    }
    if (is_punct(s, '+')) {
        if (next(s) || take_number(s, "number to add", 0xffff, &n))
            return -1;
        f->add = (int64_t)n;
    }
    if (is_punct(s, ':'))
        if (next(s) || take_name(s, "names", &f->names_name))
            return -1;
    append(&s->t->fields, f);
    return line_end(s);
}

static int parse_format(struct parser *s)
{
    struct format *f = allocate(s->t, sizeof *f);

    f->at = s->at;
    f->width = s->width;
    if (take_name(s, "name of the format", &f->name))
        return -1;
    if (find_format(s->t, f->name))
        return fail(s->t, s->at, "format '%s' is declared twice", f->name);
    if (!s->width)
        return fail(s->t, s->at, "say 'width 16' or 'width 32' before the first format");
    append(&s->t->formats, f);
    f->args_name = f->name;
    if (is_punct(s, ':'))
        if (next(s) || take_name(s, "format that has the arguments", &f->args_name))
            return -1;
    while (!is_line_end(s)) {
        struct member *m = allocate(s->t, sizeof *m);
        uint64_t n;

        if (take_name(s, "field or argument", &m->name))
            return -1;
        if (find_member(f, m->name))
            return fail(s->t, s->at, "format '%s' has '%s' twice", f->name, m->name);
        if (!strcmp(m->name, "x") || !strcmp(m->name, "d") || !strcmp(m->name, "pc"))
            return fail(s->t, s->at, "'%s' has a meaning in disassembly: choose another name",
                        m->name);
        m->field_name = m->name;
        if (is_punct(s, '=')) {
            if (next(s))
                return -1;
            if (s->token == TOKEN_WORD && to_number(s->text, &n)) {
                m->field_name = NULL;
                m->constant = (int64_t)n;
                if (n > INT32_MAX)
                    return fail(s->t, s->at, "constant %s is too large", s->text);
                if (next(s))
                    return -1;
            } else if (take_name(s, "field or number", &m->field_name)) {
                return -1;
            }
        }
        append(&f->members, m);
    }
    return 0;
}

/* ---- rows ------------------------------------------------------------------------------- */

static bool is_bits(const struct parser *s)
{
    return s->token == TOKEN_WORD && s->text[strspn(s->text, "01.-")] == 0;
}

static int parse_bits(struct parser *s, struct row *r)
{
    unsigned n = 0;

    while (is_bits(s)) {
        for (const char *c = s->text; *c; c++, n++) {
            r->mask = r->mask << 1 | (*c == '0' || *c == '1');
            r->match = r->match << 1 | (*c == '1');
            r->ignored = r->ignored << 1 | (*c == '-');
        }
        if (next(s))
            return -1;
    }
    if (n != s->width)
        return fail(s->t, r->at, "%s has %u bits, not %u", r->name ? r->name : "reserved row", n,
                    s->width);
    if (!r->mask)
        return fail(s->t, r->at, "%s has no fixed bit", r->name ? r->name : "reserved row");
    return 0;
}

static int parse_row(struct parser *s, bool reserved)
{
    struct tables *t = s->t;
    struct row *r = allocate(t, sizeof *r);
    const struct row *other;

    r->at = s->at;
    r->width = s->width;
    r->group = s->group;
    r->condition = s->require;
    if (!reserved && take_name(s, "declaration or row", &r->name))
        return -1;
    if (!s->width)
        return fail(t, r->at, "say 'width 16' or 'width 32' before the first row");
    if (r->name && !is_bits(s))
        return fail(t, r->at, "'%s' is no declaration, and no row since bits must follow its name",
                    r->name);
    other = r->name ? find_row(t, r->name) : NULL;
    if (other)
        return fail(t, r->at, "row '%s' is already at %s:%u", r->name, other->at.file,
                    other->at.line);
    if (parse_bits(s, r))
        return -1;
    if (!reserved) {
        if (take_name(s, "format", &r->format_name))
            return -1;
        if (s->token != TOKEN_TEXT)
            return wrong(s, "disassembly in double quotes");
        r->template = s->text;
        if (next(s))
            return -1;
        if (is_word(s, "as"))
            if (next(s) || take_name(s, "row", &r->as_name))
                return -1;
    }
    if (is_word(s, "if")) {
        const struct expr *e;

        if (next(s) || take_or(s, 0, &e))
            return -1;
        r->condition = expr_and(t, r->condition, e);
    }
    if (t->rows.n == MAX_ROWS)
        return fail(t, r->at, "more than %u rows", MAX_ROWS);
    r->index = (unsigned)t->rows.n;
    append(&t->rows, r);
    return line_end(s);
}

static int parse_group(struct parser *s)
{
    if (s->group)
        return fail(s->t, s->at, "a group inside of a group");
    if (!is_punct(s, '{'))
        return wrong(s, "'{'");
    s->group = ++s->t->groups;
    return next(s) ? -1 : line_end(s);
}

static int parse_line(struct parser *s)
{
    static const struct {
        const char *word;
        int (*parse)(struct parser *s);
    } declarations[] = {
        { "width", parse_width },   { "feature", parse_features }, { "exclusive", parse_exclusive },
        { "names", parse_names },   { "field", parse_field },      { "format", parse_format },
        { "group", parse_group },
    };

    for (size_t i = 0; i < sizeof declarations / sizeof *declarations; i++)
        if (is_word(s, declarations[i].word))
            return next(s) ? -1 : declarations[i].parse(s);
    if (is_word(s, "require"))
        return next(s) || take_or(s, 0, &s->require) ? -1 : line_end(s);
    if (is_word(s, "reserved"))
        return next(s) ? -1 : parse_row(s, true);
    return parse_row(s, false);
}

int parse(struct tables *t, const char *file, const char *text, size_t n)
{
    struct parser s = { .t = t, .p = text, .end = text + n };
    const char *base = strrchr(file, '/');

    base = base ? base + 1 : file;
    s.at.file = copy_text(t, file, strlen(file));
    s.at.line = 1;
    append(&t->files, copy_text(t, base, strlen(base)));
    if (next(&s))
        return -1;
    while (s.token != TOKEN_END) {
        if (s.token == TOKEN_NEWLINE) {
            if (next(&s))
                return -1;
        } else if (is_punct(&s, '}') && s.group) {
            s.group = 0;
            if (next(&s) || line_end(&s))
                return -1;
        } else if (parse_line(&s)) {
            return -1;
        }
    }
    return s.group ? fail(t, s.at, "group is not closed: '}' is missing") : 0;
}
