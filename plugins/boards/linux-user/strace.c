/* SPDX-License-Identifier: MIT */
/* strace.c: one line a call, from the call's row: pid name(arguments) = result. */
#include "strace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>

enum { BYTES_SHOWN = 64, STRING_SHOWN = 1024, ELEMENTS_SHOWN = 32, ARG_CHARS = 4096 };

struct strace_line {
    const struct call_row *row;
    uint64_t number;
    uint64_t a[6];
    char *arg[6]; /* text of argument i, or NULL: comes after the call */
};

void text_add(struct text *text, const char *format, ...)
{
    if (text->n + 1 >= text->size)
        return;
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(text->buf + text->n, text->size - text->n, format, ap);
    va_end(ap);
    text->n += n < 0 ? 0 : (size_t)n;
    if (text->n >= text->size)
        text->n = text->size - 1;
}

void text_bytes(struct text *text, const void *p, size_t n, size_t max)
{
    static const char plain[] = "\n\t\r\"\\", escaped[] = "ntr\"\\";
    const uint8_t *b = p;
    text_add(text, "\"");
    for (size_t i = 0; i < n && i < max; i++) {
        const char *e = b[i] ? strchr(plain, b[i]) : NULL;
        if (e)
            text_add(text, "\\%c", escaped[e - plain]);
        else if (b[i] >= ' ' && b[i] < 127)
            text_add(text, "%c", b[i]);
        else
            text_add(text, i + 1 < n && b[i + 1] >= '0' && b[i + 1] <= '7' ? "\\%03o" : "\\%o",
                     b[i]);
    }
    text_add(text, n > max ? "\"..." : "\"");
}

static void add_flags(struct text *text, const struct names *names, uint64_t value)
{
    const char *between = "";
    bool bare = !value;
    if (names->mask) {
        uint64_t part = value & names->mask;
        for (size_t i = 0; i < names->count; i++)
            if ((names->rows[i].value & ~names->mask) == 0 && names->rows[i].value == part) {
                text_add(text, "%s", names->rows[i].name);
                between = "|";
                value &= ~names->mask;
                bare = false;
                break;
            }
    }
    for (size_t i = 0; i < names->count; i++) {
        uint64_t v = names->rows[i].value & ~names->mask;
        if (!v || (value & v) != v)
            continue;
        text_add(text, "%s%s", between, names->rows[i].name);
        between = "|";
        value &= ~v;
    }
    if (value)
        text_add(text, "%s0x%" PRIx64, between, value);
    else if (bare)
        text_add(text, "0");
}

void text_names(struct text *text, const struct names *names, uint64_t value, bool flags)
{
    if (flags) {
        add_flags(text, names, value);
        return;
    }
    for (size_t i = 0; i < names->count; i++)
        if (names->rows[i].value == value) {
            text_add(text, "%s", names->rows[i].name);
            return;
        }
    text_add(text, value < 4096 ? "%" PRIu64 : "0x%" PRIx64, value);
}

static void add_signal(struct text *text, uint64_t number)
{
    if (number < 32 && signal_names[number])
        text_add(text, "SIG%s", signal_names[number]);
    else
        text_add(text, "%" PRIu64, number);
}

static void add_sigset(struct text *text, uint64_t set)
{
    const char *between = "";
    text_add(text, "[");
    for (unsigned i = 1; i <= 64; i++)
        if (set >> (i - 1) & 1) {
            if (i < 32)
                text_add(text, "%s%s", between, signal_names[i]);
            else
                text_add(text, "%s%u", between, i);
            between = " ";
        }
    text_add(text, "]");
}

static void add_field(struct text *text, const struct field *f, const uint8_t *p)
{
    uint64_t u = 0;
    memcpy(&u, p + f->offset, f->size < 8 ? f->size : 8);
    int64_t s = f->size == 4 ? (int32_t)u : f->size == 2 ? (int16_t)u : (int64_t)u;
    text_add(text, "%s%s", f->name, *f->name ? "=" : "");
    switch (f->format) {
    case FIELD_DEC: text_add(text, "%" PRId64, s); break;
    case FIELD_UDEC: text_add(text, "%" PRIu64, u); break;
    case FIELD_OCT: text_add(text, "0%" PRIo64, u); break;
    case FIELD_FLAGS: text_names(text, f->names, u, true); break;
    case FIELD_ENUM: text_names(text, f->names, u, false); break;
    case FIELD_STRING:
        text_bytes(text, p + f->offset, strnlen((const char *)p + f->offset, f->size), f->size);
        break;
    case FIELD_SIGSET: add_sigset(text, u); break;
    case FIELD_SIGNAL: add_signal(text, u); break;
    default: text_add(text, "0x%" PRIx64, u); break;
    }
}

static void add_one(struct text *text, const struct layout *l, const uint8_t *p)
{
    if (l->count == 1 && !*l->fields->name) {
        add_field(text, l->fields, p);
        return;
    }
    text_add(text, "{");
    for (uint32_t i = 0; i < l->count; i++) {
        text_add(text, i ? "," : "");
        add_field(text, &l->fields[i], p);
    }
    text_add(text, "}");
}

/* n bytes of guest memory as that layout. */
static void add_memory(struct task *t, struct text *text, const struct call_arg *arg, uint64_t gva,
                       uint64_t n)
{
    const struct layout *l = arg->layout;
    uint8_t bytes[ELEMENTS_SHOWN * 64 > 4096 ? ELEMENTS_SHOWN * 64 : 4096];
    uint64_t max = l && l->size > 1 ? (uint64_t)l->size * ELEMENTS_SHOWN : l ? 4096 : BYTES_SHOWN;
    uint64_t get = n < max ? n : max;
    if (get > sizeof bytes)
        get = sizeof bytes / l->size * l->size;
    if (!gva) {
        text_add(text, "NULL");
    } else if (guest_read(t, gva, bytes, get)) {
        text_add(text, "0x%" PRIx64, gva);
    } else if (!l) {
        text_bytes(text, bytes, get, get);
        text_add(text, n > get ? "..." : "");
    } else if (l->print) {
        l->print(text, bytes, get);
    } else if (arg->by == NO_BY) {
        add_one(text, l, bytes);
    } else {
        text_add(text, "[");
        for (uint64_t i = 0; i + l->size <= get; i += l->size) {
            text_add(text, i ? "," : "");
            add_one(text, l, bytes + i);
        }
        text_add(text, n > get ? ",...]" : "]");
    }
}

static void add_string(struct task *t, struct text *text, uint64_t gva)
{
    int error;
    char *s = gva ? guest_string(t, gva, 65536, &error) : NULL;
    if (s)
        text_bytes(text, s, strlen(s), STRING_SHOWN);
    else if (gva)
        text_add(text, "0x%" PRIx64, gva);
    else
        text_add(text, "NULL");
    free(s);
}

static void add_strings(struct task *t, struct text *text, uint64_t gva)
{
    uint64_t s;
    text_add(text, "[");
    for (unsigned i = 0; !guest_read(t, gva + 8 * i, &s, 8) && s; i++) {
        text_add(text, i ? "," : "");
        if (i == ELEMENTS_SHOWN) {
            text_add(text, "...");
            break;
        }
        add_string(t, text, s);
    }
    text_add(text, "]");
}

static void add_address(struct text *text, uint64_t v)
{
    if (v)
        text_add(text, "0x%" PRIx64, v);
    else
        text_add(text, "NULL");
}

static uint64_t bytes_shown(const struct strace_line *line, const struct call_arg *arg,
                            int64_t result)
{
    if (arg->by == NO_BY)
        return arg->size;
    if (arg->kind == ARG_OUT && arg->size > 1 && result >= 0 && result < (1 << 20) &&
        arg->layout == &layout_epoll_event)
        return (uint64_t)result * arg->size;
    if (arg->kind == ARG_OUT && line->row->flags & CALL_BYTES && result >= 0)
        return (uint64_t)result;
    return (uint64_t)(uint32_t)line->a[arg->by] * arg->size;
}

static void add_arg(struct task *t, struct text *text, const struct strace_line *line, unsigned i,
                    int64_t result)
{
    const struct call_arg *arg = &line->row->args[i];
    uint64_t v = line->a[i];
    switch (arg->kind) {
    case ARG_INT:
    case ARG_FD: text_add(text, "%" PRId32, (int32_t)v); break;
    case ARG_UINT: text_add(text, "%" PRIu32, (uint32_t)v); break;
    case ARG_LONG: text_add(text, "%" PRId64, (int64_t)v); break;
    case ARG_SIZE: text_add(text, "%" PRIu64, v); break;
    case ARG_HEX: text_add(text, v ? "0x%" PRIx64 : "%" PRIx64, v); break;
    case ARG_MODE: text_add(text, "0%" PRIo32, (uint32_t)v); break;
    case ARG_DIRFD:
        if ((int32_t)v == AT_FDCWD)
            text_add(text, "AT_FDCWD");
        else
            text_add(text, "%" PRId32, (int32_t)v);
        break;
    case ARG_FLAGS:
        if ((int64_t)v == (int32_t)v) /* most are int */
            v = (uint32_t)v;
        if (arg->names == &names_open)
            v = open_flags_to_host(t->process, (uint32_t)v);
        text_names(text, arg->names, v, true);
        break;
    case ARG_ENUM: text_names(text, arg->names, (uint32_t)v, false); break;
    case ARG_SIGNAL: add_signal(text, (uint32_t)v); break;
    case ARG_PATH:
    case ARG_STRING: add_string(t, text, v); break;
    case ARG_STRINGS: add_strings(t, text, v); break;
    case ARG_IN:
    case ARG_OUT:
    case ARG_INOUT: add_memory(t, text, arg, v, bytes_shown(line, arg, result)); break;
    default: add_address(text, v); break;
    }
}

static char *arg_text(struct task *t, const struct strace_line *line, unsigned i, int64_t result)
{
    char buf[ARG_CHARS];
    struct text text = { buf, 0, sizeof buf };
    buf[0] = 0;
    add_arg(t, &text, line, i, result);
    return strdup(buf);
}

static void add_result(struct text *text, const struct strace_line *line, int64_t result)
{
    if (result == -BP_LINUX_RESTART)
        text_add(text, "? (interrupted before it began)");
    else if (result < 0 && result >= -4095 && (uint64_t)-result < 134 && errno_names[-result])
        text_add(text, "-1 %s (%s)", errno_names[-result], strerror((int)-result));
    else if (line->row && line->row->result == RESULT_HEX)
        text_add(text, "0x%" PRIx64, (uint64_t)result);
    else
        text_add(text, "%" PRId64, result);
}

static void show(struct task *t, const struct strace_line *line, const int64_t *result)
{
    char buf[8192];
    struct text text = { buf, 0, sizeof buf };
    const struct call_row *row = line->row;
    unsigned count = row ? row->count : 6;
    if (row)
        text_add(&text, "%d %s(", (int)t->tid, row->name);
    else
        text_add(&text, "%d syscall_%" PRIu64 "(", (int)t->tid, line->number);
    for (unsigned i = 0; i < count; i++)
        text_add(&text, "%s%s", i ? "," : "", line->arg[i] ? line->arg[i] : "?");
    text_add(&text, ") = ");
    if (result)
        add_result(&text, line, *result);
    else
        text_add(&text, "?");
    bp_board_log_line(t->process, buf);
}

struct strace_line *strace_enter(struct task *t, const struct call_row *row, uint64_t number,
                                 const uint64_t a[6])
{
    struct strace_line *line = calloc(1, sizeof *line);
    if (!line)
        return NULL;
    line->row = row;
    line->number = number;
    memcpy(line->a, a, sizeof line->a);
    if (!row) {
        char hex[24];
        for (unsigned i = 0; i < 6; i++) {
            snprintf(hex, sizeof hex, "0x%" PRIx64, a[i]);
            line->arg[i] = strdup(hex);
        }
        return line;
    }
    for (unsigned i = 0; i < row->count; i++)
        if (row->args[i].kind != ARG_OUT)
            line->arg[i] = arg_text(t, line, i, 0);
    if (row->flags & (CALL_LEAVES | CALL_NO_RESULT))
        show(t, line, NULL);
    return line;
}

static void fill_out(struct task *t, struct strace_line *line, unsigned i, int64_t result)
{
    const struct call_arg *arg = &line->row->args[i];
    if (arg->kind == ARG_OUT && result >= 0) {
        line->arg[i] = arg_text(t, line, i, result);
    } else if (arg->kind == ARG_OUT) {
        char buf[24];
        struct text text = { buf, 0, sizeof buf };
        add_address(&text, line->a[i]);
        line->arg[i] = strdup(buf);
    } else if (arg->kind == ARG_INOUT && result >= 0 && line->arg[i]) {
        char *now = arg_text(t, line, i, result), *both;
        if (now && strcmp(now, line->arg[i]) &&
            asprintf(&both, "%s => %s", line->arg[i], now) >= 0) {
            free(line->arg[i]);
            line->arg[i] = both;
        }
        free(now);
    }
}

void strace_leave(struct task *t, struct strace_line *line, int64_t result)
{
    if (!line)
        return;
    const struct call_row *row = line->row;
    for (unsigned i = 0; row && i < row->count; i++)
        fill_out(t, line, i, result);
    if (!row || !(row->flags & CALL_NO_RESULT))
        show(t, line, &result);
    for (unsigned i = 0; i < 6; i++)
        free(line->arg[i]);
    free(line);
}
