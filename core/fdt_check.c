/* SPDX-License-Identifier: MIT */
/*
 * fdt_check.c: whether bytes from outside are a device tree blob that libfdt can be trusted with
 * (Devicetree Specification 0.4, ch. 5). libfdt 1.6's own full check reads past the end of damaged ones.
 */
#include "core/fdt.h"

#include <libfdt.h>
#include <string.h>

#define DEPTH_MAX 64

struct blob {
    const uint8_t *bytes;
    uint32_t total;
    uint32_t strukt, strukt_size, strings, strings_size;
};

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool inside(uint32_t offset, uint32_t n, uint32_t size)
{
    return offset <= size && n <= size - offset;
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
    return a < b ? a_size > b - a : b_size > a - b;
}

static const char *check_header(struct blob *b, const uint8_t *bytes, size_t n)
{
    if (n < FDT_V17_SIZE)
        return "truncated";
    if (word(bytes) != FDT_MAGIC)
        return "bad magic";
    uint32_t version = word(bytes + 20), oldest = word(bytes + 24);
    if (version < 17 || oldest > 17)
        return "unknown version";
    *b = (struct blob){ bytes, word(bytes + 4), word(bytes + 8), word(bytes + 36), word(bytes + 12),
                        word(bytes + 32) };
    if (b->total > n)
        return "truncated";
    if (b->total < FDT_V17_SIZE || !inside(b->strukt, b->strukt_size, b->total) ||
        !inside(b->strings, b->strings_size, b->total) || b->strukt % 4 || b->strukt < FDT_V17_SIZE ||
        b->strings < FDT_V17_SIZE)
        return "a block lies outside";
    uint32_t at = word(bytes + 16);
    if (at % 8 || at < FDT_V17_SIZE)
        return "bad memory reservations";
    static const uint8_t zero[8];
    uint32_t end = at;
    for (bool more = true; more; end += 16) {
        if (!inside(end, 16, b->total))
            return "memory reservations without an end";
        more = memcmp(bytes + end + 8, zero, sizeof zero) != 0; /* as libfdt: no size, no more */
    }
    if (overlap(at, end - at, b->strukt, b->strukt_size) ||
        overlap(at, end - at, b->strings, b->strings_size) ||
        overlap(b->strukt, b->strukt_size, b->strings, b->strings_size))
        return "its blocks overlap";
    return NULL;
}

/* Bytes of a string up to its end, which must lie before `limit`; 0: it has none. */
static uint32_t string_bytes(const struct blob *b, uint32_t at, uint32_t limit)
{
    const uint8_t *end = at < limit ? memchr(b->bytes + at, 0, limit - at) : NULL;
    return end ? (uint32_t)(end - (b->bytes + at)) + 1 : 0;
}

/* One property; *at is behind its token, and then behind its value. */
static const char *check_property(const struct blob *b, uint32_t *at, uint32_t end)
{
    if (!inside(*at, 8, end))
        return "a property is cut";
    uint32_t n = word(b->bytes + *at), name = word(b->bytes + *at + 4);
    *at += 8;
    if (!inside(*at, n, end))
        return "a value is cut";
    if (name >= b->strings_size ||
        !string_bytes(b, b->strings + name, b->strings + b->strings_size))
        return "a property's name is not there";
    *at += (n + 3) & ~3u;
    return NULL;
}

const char *fdt_check(const void *bytes, size_t n)
{
    struct blob b;
    const char *why = check_header(&b, bytes, n);
    if (why)
        return why;
    uint32_t at = b.strukt, end = b.strukt + b.strukt_size, depth = 0, name;
    bool started = false, children = false;
    while (inside(at, 4, end)) {
        uint32_t token = word(b.bytes + at);
        at += 4;
        switch (token) {
        case FDT_BEGIN_NODE:
            name = string_bytes(&b, at, end);
            if (!name || depth == DEPTH_MAX || (started && !depth))
                return !name ? "a node's name has no end" : "too many levels, or roots";
            at += (name + 3) & ~3u;
            depth++;
            started = true;
            children = false;
            break;
        case FDT_END_NODE:
            if (!depth)
                return "nodes do not match";
            depth--;
            children = true;
            break;
        case FDT_PROP:
            if (!depth || children)
                return "a property outside of a node";
            why = check_property(&b, &at, end);
            if (why)
                return why;
            break;
        case FDT_NOP:
            break;
        case FDT_END:
            return depth || !started ? "nodes do not match" : NULL;
        default:
            return "an unknown token";
        }
    }
    return "it has no end";
}
