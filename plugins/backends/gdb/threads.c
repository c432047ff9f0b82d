/* SPDX-License-Identifier: MIT */
/*
 * threads.c: threads and processes. A group of vCPUs is a process to gdb, which can debug several only
 * where it knows the multiprocess extension, and attaches by hand to all but the first.
 */
#include "gdb.h"

#include <stdlib.h>
#include <string.h>

static bool thread_at(struct gdb *g, uint32_t i, struct bp_debug_thread *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->size = sizeof *ret;
    return bp_debug_thread(g, i, ret);
}

static bool is_attached(const struct gdb *g, const struct bp_debug_thread *t)
{
    return t->group < GROUPS_MAX && g->attached[t->group];
}

bool gdb_find_thread(struct gdb *g, uint64_t tid, struct bp_debug_thread *ret)
{
    for (uint32_t i = 0; thread_at(g, i, ret); i++)
        if (ret->id == tid)
            return true;
    return false;
}

bool gdb_first_thread(struct gdb *g, struct bp_debug_thread *ret)
{
    for (uint32_t i = 0; thread_at(g, i, ret); i++)
        if (is_attached(g, ret))
            return true;
    return false;
}

uint32_t gdb_group(struct gdb *g)
{
    struct bp_debug_thread t;
    return gdb_find_thread(g, g->thread, &t) ? t.group : 0;
}

/* ---- ids ---------------------------------------------------------------------------------------- */

static void add_digits(void *arg, const void *bytes, size_t n)
{
    char *text = arg;
    size_t have = strlen(text);
    if (have + n < 24)
        memcpy(text + have, bytes, n);
}

uint64_t gdb_pid(struct gdb *g, uint32_t group)
{
    char text[24] = "";
    if (!bp_debug_is_program(g))
        return group + 1;
    if (bp_debug_object(g, 0, "pid", "", add_digits, text) < 0)
        return 1;
    return strtoull(text, NULL, 10);
}

static bool take_number(const char **p, uint64_t *ret)
{
    if (!take_word(p, "-1"))
        return take_hex(p, ret);
    *ret = ALL_THREADS;
    return true;
}

/* "pPID.TID", "pPID", or "TID" of any process. */
bool gdb_take_id(struct gdb *g, const char **p, struct gdb_id *ret)
{
    *ret = (struct gdb_id){ 0, ALL_THREADS };
    if (!take_word(p, "p"))
        return take_number(p, &ret->tid);
    return take_number(p, &ret->pid) && (!take_word(p, ".") || take_number(p, &ret->tid));
}

bool gdb_id_matches(struct gdb *g, const struct gdb_id *id, const struct bp_debug_thread *t)
{
    bool any_pid = !id->pid || id->pid == ALL_THREADS;
    if (!any_pid && id->pid != gdb_pid(g, t->group))
        return false;
    return !id->tid || id->tid == ALL_THREADS || id->tid == t->id;
}

void gdb_out_id(struct gdb *g, struct packet_out *o, const struct bp_debug_thread *t)
{
    if (g->multiprocess)
        out_format(o, "p%llx.", (unsigned long long)gdb_pid(g, t->group));
    out_format(o, "%llx", (unsigned long long)t->id);
}

/* ---- packets ------------------------------------------------------------------------------------ */

/* H c|g THREAD-ID */
void cmd_set_thread(struct gdb *g, const char *p, size_t n)
{
    struct gdb_id id;
    struct bp_debug_thread t;
    char what = n ? *p++ : '\0';
    if ((what != 'c' && what != 'g') || !gdb_take_id(g, &p, &id)) {
        gdb_reply_error(g, 22);
        return;
    }
    bool found = false;
    for (uint32_t i = 0; !found && thread_at(g, i, &t); i++)
        found = is_attached(g, &t) && gdb_id_matches(g, &id, &t);
    if (!found) {
        gdb_reply_error(g, 3);
        return;
    }
    if (what == 'c')
        g->run_thread = id;
    else if (id.tid && id.tid != ALL_THREADS)
        g->thread = id.tid;
    else
        g->thread = t.id;
    gdb_reply_ok(g);
}

void cmd_alive(struct gdb *g, const char *p, size_t n)
{
    struct gdb_id id;
    struct bp_debug_thread t;
    if (gdb_take_id(g, &p, &id) && gdb_find_thread(g, id.tid, &t) && is_attached(g, &t))
        gdb_reply_ok(g);
    else
        gdb_reply_error(g, 3);
}

void cmd_current_thread(struct gdb *g, const char *p, size_t n)
{
    struct bp_debug_thread t;
    if (n) /* another word that begins so */
        return;
    if (!gdb_find_thread(g, g->thread, &t)) {
        gdb_reply_error(g, 3);
        return;
    }
    out_text(&g->out, "QC");
    gdb_out_id(g, &g->out, &t);
}

/* As many as one packet takes. */
void cmd_next_threads(struct gdb *g, const char *p, size_t n)
{
    struct bp_debug_thread t;
    out_char(&g->out, 'm');
    for (; g->out.n < 1024 && thread_at(g, g->list_at, &t); g->list_at++) {
        if (!is_attached(g, &t))
            continue;
        if (g->out.n > 1)
            out_char(&g->out, ',');
        gdb_out_id(g, &g->out, &t);
    }
    if (g->out.n == 1) {
        out_clear(&g->out);
        out_char(&g->out, 'l');
    }
}

void cmd_first_threads(struct gdb *g, const char *p, size_t n)
{
    g->list_at = 0;
    cmd_next_threads(g, p, n);
}

void cmd_thread_extra(struct gdb *g, const char *p, size_t n)
{
    struct gdb_id id;
    struct bp_debug_thread t;
    if (!gdb_take_id(g, &p, &id) || !gdb_find_thread(g, id.tid, &t)) {
        gdb_reply_error(g, 3);
        return;
    }
    out_hex(&g->out, t.name, strlen(t.name));
    if (t.state[0]) {
        out_hex(&g->out, " ", 1);
        out_hex(&g->out, t.state, strlen(t.state));
    }
}

/* Text of an XML document. */
static void out_escaped(struct packet_out *o, const char *text)
{
    for (; *text; text++) {
        if (strchr("<>&\"'", *text) || (unsigned char)*text < 32)
            out_format(o, "&#%u;", (unsigned char)*text < 32 ? 63u : (unsigned)*text);
        else
            out_char(o, *text);
    }
}

/* GDB manual, "Thread List Format". */
void gdb_threads_document(struct gdb *g, struct packet_out *o)
{
    struct bp_debug_thread t;
    bool program = bp_debug_is_program(g);
    out_text(o, "<?xml version=\"1.0\"?><threads>");
    for (uint32_t i = 0; thread_at(g, i, &t); i++) {
        if (!is_attached(g, &t))
            continue;
        out_text(o, "<thread id=\"");
        gdb_out_id(g, o, &t);
        if (!program)
            out_format(o, "\" core=\"%u", i);
        out_text(o, "\" name=\"");
        out_escaped(o, t.name);
        out_text(o, "\">");
        out_escaped(o, t.state);
        out_text(o, "</thread>");
    }
    out_text(o, "</threads>");
}
