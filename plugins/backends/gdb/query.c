/* SPDX-License-Identifier: MIT */
/* query.c: what gdb and the stub tell each other of themselves, and documents read piece by piece (GDB
 * manual, "General Query Packets"). */
#include "gdb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool has_feature(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += n)
        if ((at == list || at[-1] == ':' || at[-1] == ';') && (at[n] == ';' || !at[n]))
            return true;
    return false;
}

void cmd_supported(struct gdb *g, const char *p, size_t n)
{
    g->multiprocess = has_feature(p, "multiprocess+");
    g->swbreak = has_feature(p, "swbreak+");
    g->hwbreak = has_feature(p, "hwbreak+");
    out_format(&g->out, "PacketSize=%x;qXfer:features:read+;qXfer:threads:read+;vContSupported+;"
               "QStartNoAckMode+;multiprocess+;swbreak+;hwbreak+", PACKET_MAX);
    if (bp_debug_is_program(g))
        out_text(&g->out, ";qXfer:auxv:read+;qXfer:siginfo:read+;qXfer:exec-file:read+;"
                 "QPassSignals+;QCatchSyscalls+;exec-events+");
}

/* A machine was there before gdb came, and stays; a program was started for it. */
void cmd_attached_query(struct gdb *g, const char *p, size_t n)
{
    out_char(&g->out, bp_debug_is_program(g) ? '0' : '1');
}

void cmd_no_ack(struct gdb *g, const char *p, size_t n)
{
    g->no_ack = true;
    gdb_reply_ok(g);
}

void cmd_extended(struct gdb *g, const char *p, size_t n)
{
    g->extended = true;
    gdb_reply_ok(g);
}

void cmd_ok(struct gdb *g, const char *p, size_t n) { gdb_reply_ok(g); }

/* ---- documents ----------------------------------------------------------------------------------- */

static void add_bytes(void *arg, const void *bytes, size_t n)
{
    struct packet_out *o = arg;
    const char *p = bytes;
    for (size_t i = 0; i < n; i++)
        out_char(o, p[i]);
}

/* OBJECT:read:ANNEX */
static int make_document(struct gdb *g, const char *name)
{
    const char *p = name;
    out_clear(&g->document);
    if (take_word(&p, "features:read:"))
        return strcmp(p, "target.xml") ? -ENOENT : (gdb_features_document(g, &g->document), 0);
    if (take_word(&p, "threads:read:"))
        return (gdb_threads_document(g, &g->document), 0);
    static const char *const objects[] = { "auxv", "siginfo", "exec-file" };
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        char word[32];
        snprintf(word, sizeof word, "%s:read:", objects[i]);
        if (take_word(&p, word))
            return bp_debug_object(g, g->thread, objects[i], p, add_bytes, &g->document);
    }
    return -ENOSYS;
}

static void reply_piece(struct gdb *g, uint64_t offset, uint64_t count)
{
    const struct packet_out *d = &g->document;
    if (offset > d->n) {
        gdb_reply_error(g, EINVAL);
        return;
    }
    uint64_t rest = d->n - offset;
    if (count > PACKET_MAX / 2 - 8)
        count = PACKET_MAX / 2 - 8;
    if (count > rest)
        count = rest;
    out_char(&g->out, count == rest ? 'l' : 'm');
    out_binary(&g->out, d->buf ? d->buf + offset : "", (size_t)count);
}

/* OBJECT:read:ANNEX:OFFSET,LENGTH. A document is made when its beginning is asked for. */
void cmd_transfer(struct gdb *g, const char *p, size_t n)
{
    const char *tail = strrchr(p, ':');
    uint64_t offset, count;
    if (!tail || (size_t)(tail - p) >= sizeof g->document_name)
        return;
    char name[sizeof g->document_name];
    memcpy(name, p, (size_t)(tail - p));
    name[tail - p] = '\0';
    p = tail + 1;
    if (!take_hex(&p, &offset) || !take_word(&p, ",") || !take_hex(&p, &count)) {
        gdb_reply_error(g, EINVAL);
        return;
    }
    if (!offset || strcmp(name, g->document_name)) {
        int r = make_document(g, name);
        g->document_name[0] = '\0';
        if (r == -ENOSYS)
            return;
        if (r < 0 || g->document.failed) {
            gdb_reply_error(g, r < 0 ? (unsigned)-r : ENOMEM);
            return;
        }
        strcpy(g->document_name, name);
    }
    reply_piece(g, offset, count);
}

/* ---- modes that other emulators' users know -------------------------------------------------------- */

enum step_bits { STEP_ENABLE = 1, STEP_NO_IRQ = 2, STEP_NO_TIMER = 4 };

void cmd_step_bits(struct gdb *g, const char *p, size_t n)
{
    out_format(&g->out, "ENABLE=%x,NOIRQ=%x,NOTIMER=%x", STEP_ENABLE, STEP_NO_IRQ, STEP_NO_TIMER);
}

/* Virtual time passes in a step only as long as the step takes, so timers are as good as off. */
void cmd_step_query(struct gdb *g, const char *p, size_t n)
{
    out_format(&g->out, "0x%x", STEP_ENABLE | STEP_NO_TIMER |
               (g->step_flags & BP_STEP_NO_IRQ ? STEP_NO_IRQ : 0));
}

void cmd_step_set(struct gdb *g, const char *p, size_t n)
{
    uint64_t bits;
    take_word(&p, "0x");
    if (!take_hex(&p, &bits)) {
        gdb_reply_error(g, EINVAL);
        return;
    }
    g->step_flags = bits & STEP_NO_IRQ ? BP_STEP_NO_IRQ : 0;
    bp_debug_set_step(g, g->step_flags);
    gdb_reply_ok(g);
}

void cmd_physical_query(struct gdb *g, const char *p, size_t n)
{
    out_char(&g->out, g->physical ? '1' : '0');
}

void cmd_physical_set(struct gdb *g, const char *p, size_t n)
{
    g->physical = *p == '1' && !bp_debug_is_program(g);
    gdb_reply_ok(g);
}
