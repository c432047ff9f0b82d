/* SPDX-License-Identifier: MIT */
/* packet.c: framing, checksums, escapes and numbers of gdb's remote protocol. */
#include "packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- in ---------------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum packet_got put_idle(struct packet_in *in, uint8_t byte)
{
    switch (byte) {
    case '$':
        in->state = IN_BODY;
        in->n = 0;
        in->sum = 0;
        in->too_long = false;
        return GOT_NOTHING;
    case '+': return GOT_ACK;
    case '-': return GOT_NAK;
    case 3: return GOT_INTERRUPT;
    default: return GOT_NOTHING; /* noise between packets */
    }
}

static enum packet_got put_body(struct packet_in *in, uint8_t byte)
{
    if (byte == '#') {
        in->state = IN_SUM1;
        return GOT_NOTHING;
    }
    if (byte == '$') { /* the end of the one before was lost */
        in->n = 0;
        in->sum = 0;
        in->too_long = false;
        return GOT_NOTHING;
    }
    in->sum = (uint8_t)(in->sum + byte);
    if (in->n < PACKET_MAX)
        in->buf[in->n++] = (char)byte;
    else
        in->too_long = true;
    return GOT_NOTHING;
}

enum packet_got packet_in_put(struct packet_in *in, uint8_t byte)
{
    int digit = hex_value((char)byte);
    switch (in->state) {
    case IN_IDLE: return put_idle(in, byte);
    case IN_BODY: return put_body(in, byte);
    case IN_SUM1:
        in->told = (uint8_t)(digit < 0 ? 0 : digit << 4);
        in->too_long |= digit < 0;
        in->state = IN_SUM2;
        return GOT_NOTHING;
    default:
        in->state = IN_IDLE;
        in->buf[in->n] = '\0';
        if (digit < 0 || in->too_long || (uint8_t)(in->told | digit) != in->sum)
            return GOT_BAD;
        return GOT_PACKET;
    }
}

/* ---- out --------------------------------------------------------------------------------------- */

void out_clear(struct packet_out *o)
{
    o->n = 0;
    o->failed = false;
}

void out_free(struct packet_out *o)
{
    free(o->buf);
    memset(o, 0, sizeof *o);
}

static bool make_room(struct packet_out *o, size_t more)
{
    if (o->n + more <= o->room)
        return true;
    size_t room = 2 * (o->n + more) + 256;
    char *buf = realloc(o->buf, room);
    if (!buf) {
        o->failed = true;
        return false;
    }
    o->buf = buf;
    o->room = room;
    return true;
}

static void append(struct packet_out *o, const char *bytes, size_t n)
{
    if (n && make_room(o, n)) {
        memcpy(o->buf + o->n, bytes, n);
        o->n += n;
    }
}

void out_char(struct packet_out *o, char c) { append(o, &c, 1); }
void out_text(struct packet_out *o, const char *text) { append(o, text, strlen(text)); }

void out_format(struct packet_out *o, const char *format, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (n > 0)
        append(o, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void out_hex(struct packet_out *o, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = bytes;
    if (!make_room(o, 2 * n))
        return;
    for (size_t i = 0; i < n; i++) {
        o->buf[o->n++] = digits[p[i] >> 4];
        o->buf[o->n++] = digits[p[i] & 15];
    }
}

void out_binary(struct packet_out *o, const void *bytes, size_t n)
{
    const char *p = bytes;
    if (!make_room(o, 2 * n))
        return;
    for (size_t i = 0; i < n; i++) {
        bool special = p[i] == '#' || p[i] == '$' || p[i] == '}' || p[i] == '*';
        if (special)
            o->buf[o->n++] = '}';
        o->buf[o->n++] = special ? (char)(p[i] ^ 0x20) : p[i];
    }
}

void out_frame(const struct packet_out *body, struct packet_out *ret)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < body->n; i++)
        sum = (uint8_t)(sum + (uint8_t)body->buf[i]);
    out_clear(ret);
    out_char(ret, '$');
    append(ret, body->buf, body->n);
    out_format(ret, "#%02x", sum);
}

/* ---- parts of a packet ------------------------------------------------------------------------- */

bool take_hex(const char **p, uint64_t *ret)
{
    const char *at = *p;
    uint64_t v = 0;
    int digit;
    for (; (digit = hex_value(*at)) >= 0; at++) {
        if (v >> 60)
            return false;
        v = v << 4 | (unsigned)digit;
    }
    if (at == *p)
        return false;
    *p = at;
    *ret = v;
    return true;
}

bool take_word(const char **p, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(*p, word, n) != 0)
        return false;
    *p += n;
    return true;
}

size_t from_hex(const char *text, size_t text_n, uint8_t *ret, size_t room)
{
    size_t n = 0;
    for (; n < room && 2 * n + 1 < text_n; n++) {
        int high = hex_value(text[2 * n]), low = hex_value(text[2 * n + 1]);
        if (high < 0 || low < 0)
            break;
        ret[n] = (uint8_t)(high << 4 | low);
    }
    return n;
}

size_t from_binary(char *bytes, size_t n)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++) {
        bool escaped = bytes[i] == '}' && i + 1 < n;
        if (escaped)
            i++;
        bytes[to++] = escaped ? (char)(bytes[i] ^ 0x20) : bytes[i];
    }
    return to;
}
