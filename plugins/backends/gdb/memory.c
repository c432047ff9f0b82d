/* SPDX-License-Identifier: MIT */
/* memory.c: guest memory, breakpoints and watchpoints. */
#include "gdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX (PACKET_MAX / 2)

static unsigned memory_flags(const struct gdb *g)
{
    return g->physical ? BP_DEBUG_PHYSICAL : 0;
}

/* ADDRESS,LENGTH */
static bool take_range(const char **p, uint64_t *ret_at, uint64_t *ret_n)
{
    return take_hex(p, ret_at) && take_word(p, ",") && take_hex(p, ret_n);
}

void cmd_read_memory(struct gdb *g, const char *p, size_t n)
{
    uint8_t buf[MEMORY_MAX];
    uint64_t at, count;
    if (!take_range(&p, &at, &count)) {
        gdb_reply_error(g, EINVAL);
        return;
    }
    if (count > sizeof buf)
        count = sizeof buf;
    size_t got = bp_debug_memory(g, g->thread, at, buf, (size_t)count, memory_flags(g));
    if (got || !count)
        out_hex(&g->out, buf, got);
    else
        gdb_reply_error(g, EFAULT);
}

static void write_memory(struct gdb *g, uint64_t at, void *bytes, size_t n)
{
    if (bp_debug_memory(g, g->thread, at, bytes, n, memory_flags(g) | BP_DEBUG_WRITE) == n)
        gdb_reply_ok(g);
    else
        gdb_reply_error(g, EFAULT);
}

void cmd_write_memory(struct gdb *g, const char *p, size_t n)
{
    uint8_t buf[MEMORY_MAX];
    uint64_t at, count;
    if (!take_range(&p, &at, &count) || !take_word(&p, ":") || count > sizeof buf ||
        strlen(p) != 2 * count || from_hex(p, strlen(p), buf, (size_t)count) != count)
        gdb_reply_error(g, EINVAL);
    else
        write_memory(g, at, buf, (size_t)count);
}

void cmd_write_binary(struct gdb *g, const char *p, size_t n)
{
    const char *end = p + n;
    uint64_t at, count;
    if (!take_range(&p, &at, &count) || !take_word(&p, ":")) {
        gdb_reply_error(g, EINVAL);
        return;
    }
    char *bytes = g->in.buf + (p - g->in.buf);
    size_t have = from_binary(bytes, (size_t)(end - p));
    if (have != count)
        gdb_reply_error(g, EINVAL);
    else
        write_memory(g, at, bytes, have);
}

/* ---- points ------------------------------------------------------------------------------------- */

static struct gdb_point *find_point(const struct gdb *g, const struct gdb_point *like)
{
    for (size_t i = 0; i < g->point_n; i++) {
        struct gdb_point *p = &g->points[i];
        if (p->type == like->type && p->point.va == like->point.va &&
            p->point.n == like->point.n && p->point.group == like->point.group)
            return p;
    }
    return NULL;
}

/* Another kind of breakpoint at the same place, which is one to the core. */
static bool has_twin(const struct gdb *g, const struct gdb_point *p)
{
    for (size_t i = 0; i < g->point_n; i++) {
        const struct gdb_point *q = &g->points[i];
        if (q != p && p->type < 2 && q->type < 2 && p->point.va == q->point.va &&
            p->point.group == q->point.group)
            return true;
    }
    return false;
}

int gdb_break_type(const struct gdb *g, uint64_t va)
{
    for (size_t i = 0; i < g->point_n; i++)
        if (g->points[i].type < 2 && g->points[i].point.va == va)
            return (int)g->points[i].type;
    return -1;
}

/* TYPE,ADDRESS,KIND where kind is the length of a watchpoint. Conditions were not promised. */
static bool take_point(struct gdb *g, const char *p, struct gdb_point *ret)
{
    static const uint8_t access[] = { 0, 0, BP_ACCESS_WRITE, BP_ACCESS_READ,
                                      BP_ACCESS_READ | BP_ACCESS_WRITE };
    uint64_t type, at, kind;
    memset(ret, 0, sizeof *ret);
    if (!take_hex(&p, &type) || type > 4 || !take_word(&p, ",") || !take_range(&p, &at, &kind))
        return false;
    ret->type = (unsigned)type;
    ret->point.kind = type < 2 ? BP_DEBUG_BREAK : BP_DEBUG_WATCH;
    ret->point.access = access[type];
    ret->point.va = at;
    ret->point.n = type < 2 ? 1 : kind;
    ret->point.group = gdb_group(g);
    return true;
}

static void reply_result(struct gdb *g, int r)
{
    if (r == -ENOTSUP)
        return; /* the empty reply says so */
    if (r < 0)
        gdb_reply_error(g, (unsigned)-r);
    else
        gdb_reply_ok(g);
}

void cmd_insert(struct gdb *g, const char *p, size_t n)
{
    struct gdb_point point, *points;
    if (!take_point(g, p, &point)) {
        gdb_reply_error(g, EINVAL);
        return;
    }
    int r = 0;
    if (!find_point(g, &point)) {
        points = realloc(g->points, (g->point_n + 1) * sizeof *points);
        r = points ? bp_debug_point(g, &point.point, true) : -ENOMEM;
        g->points = points ? points : g->points;
        if (!r)
            g->points[g->point_n++] = point;
    }
    reply_result(g, r);
}

void cmd_remove(struct gdb *g, const char *p, size_t n)
{
    struct gdb_point point;
    if (!take_point(g, p, &point)) {
        gdb_reply_error(g, EINVAL);
        return;
    }
    struct gdb_point *found = find_point(g, &point);
    int r = !found ? -ENOENT : has_twin(g, found) ? 0 : bp_debug_point(g, &point.point, false);
    if (found && !r)
        *found = g->points[--g->point_n];
    reply_result(g, r);
}
