/* SPDX-License-Identifier: MIT */
/*
 * gdb.c: a debugger that speaks gdb's remote protocol (GDB manual, appendix "Remote Protocol") steers the
 * machine: the connection, and which packet goes where.
 *
 * All-stop mode: gdb sends packets only while the machine stands still, but for the interrupt. Bytes arrive
 * under the machine lock and are looked at behind it, since stopping the machine waits for vCPUs that may want
 * the lock.
 */
#include "gdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum command_flags {
    ALSO_RUNNING = 1,  /* makes sense while the guest runs */
    ALSO_DETACHED = 2, /* ... while it is not debugged */
};

/* Packets by how they begin; the longest that fits wins by standing first. */
static const struct command {
    const char *word;
    void (*run)(struct gdb *g, const char *p, size_t n); /* p: behind the word, n bytes and a zero */
    unsigned flags;
} commands[] = {
    { "?", cmd_why, 0 },
    { "!", cmd_extended, 0 },
    { "g", cmd_read_all, 0 },
    { "G", cmd_write_all, 0 },
    { "p", cmd_read_reg, 0 },
    { "P", cmd_write_reg, 0 },
    { "m", cmd_read_memory, 0 },
    { "M", cmd_write_memory, 0 },
    { "X", cmd_write_binary, 0 },
    { "Z", cmd_insert, 0 },
    { "z", cmd_remove, 0 },
    { "c", cmd_continue, 0 },
    { "C", cmd_continue_signal, 0 },
    { "s", cmd_step, 0 },
    { "S", cmd_step_signal, 0 },
    { "H", cmd_set_thread, 0 },
    { "T", cmd_alive, 0 },
    { "D", cmd_detach, ALSO_RUNNING },
    { "k", cmd_kill, ALSO_RUNNING },
    { "R", cmd_restart, 0 },
    { "vCont?", cmd_vcont_query, 0 },
    { "vCont;", cmd_vcont, 0 },
    { "vCtrlC", cmd_interrupt, ALSO_RUNNING },
    { "vKill;", cmd_vkill, ALSO_RUNNING },
    { "vAttach;", cmd_attach, ALSO_DETACHED },
    { "vFile:open:", cmd_file_open, 0 },
    { "vFile:pread:", cmd_file_read, 0 },
    { "vFile:fstat:", cmd_file_stat, 0 },
    { "vFile:close:", cmd_file_close, 0 },
    { "vFile:readlink:", cmd_file_link, 0 },
    { "vFile:setfs:", cmd_file_setfs, 0 },
    { "vFile:", cmd_file_other, 0 },
    { "qSupported", cmd_supported, 0 },
    { "qXfer:", cmd_transfer, 0 },
    { "qAttached", cmd_attached_query, 0 },
    { "qC", cmd_current_thread, 0 },
    { "qfThreadInfo", cmd_first_threads, 0 },
    { "qsThreadInfo", cmd_next_threads, 0 },
    { "qThreadExtraInfo,", cmd_thread_extra, 0 },
    { "qRcmd,", cmd_monitor, 0 },
    { "qSymbol:", cmd_ok, 0 },
    { "qqemu.sstepbits", cmd_step_bits, 0 },
    { "qqemu.sstep", cmd_step_query, 0 },
    { "Qqemu.sstep=", cmd_step_set, 0 },
    { "qqemu.PhyMemMode", cmd_physical_query, 0 },
    { "Qqemu.PhyMemMode:", cmd_physical_set, 0 },
    { "QStartNoAckMode", cmd_no_ack, 0 },
    { "QPassSignals:", cmd_pass_signals, 0 },
    { "QCatchSyscalls:", cmd_catch_calls, 0 },
};

/* ---- replies ------------------------------------------------------------------------------------ */

static void send_framed(struct gdb *g)
{
    if (g->peer && !g->framed.failed)
        bp_chardev_write(g->chardev, g->framed.buf, g->framed.n);
}

void gdb_send(struct gdb *g, const struct packet_out *body)
{
    out_frame(body, &g->framed);
    send_framed(g);
}

void gdb_reply_ok(struct gdb *g)
{
    out_clear(&g->out);
    out_text(&g->out, "OK");
}

void gdb_reply_error(struct gdb *g, unsigned number)
{
    out_clear(&g->out);
    out_format(&g->out, "E%02x", number & 255);
}

/* ---- packets ------------------------------------------------------------------------------------ */

#define ERROR_BUSY 16u

static void obey(struct gdb *g, const char *packet, size_t n)
{
    out_clear(&g->out);
    g->no_reply = false;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const struct command *c = &commands[i];
        size_t length = strlen(c->word);
        if (length > n || memcmp(packet, c->word, length) != 0)
            continue;
        if (g->state == GDB_STOPPED || (g->state == GDB_RUNNING && c->flags & ALSO_RUNNING) ||
            (g->state == GDB_DETACHED && c->flags & ALSO_DETACHED))
            c->run(g, packet + length, n - length);
        else
            gdb_reply_error(g, ERROR_BUSY);
        break;
    }
    if (!g->no_reply)
        gdb_send(g, &g->out);
}

static void take_byte(struct gdb *g, uint8_t byte)
{
    switch (packet_in_put(&g->in, byte)) {
    case GOT_PACKET:
        if (!g->no_ack)
            bp_chardev_write(g->chardev, "+", 1);
        obey(g, g->in.buf, g->in.n);
        break;
    case GOT_BAD:
        if (!g->no_ack)
            bp_chardev_write(g->chardev, "-", 1);
        break;
    case GOT_NAK:
        send_framed(g);
        break;
    case GOT_INTERRUPT:
        if (g->state == GDB_RUNNING)
            bp_debug_stop(g);
        break;
    default:
        break;
    }
}

/* Without lock: all that has arrived, until the machine has to be stopped first. */
static void serve(void *ctl)
{
    struct gdb *g = ctl;
    size_t at = 0;
    g->deferred = false;
    while (at < g->waiting_n && g->peer && g->state != GDB_ATTACHING)
        take_byte(g, g->waiting[at++]);
    memmove(g->waiting, g->waiting + at, g->waiting_n - at);
    g->waiting_n -= at;
    bp_chardev_room_changed(g->chardev);
}

static void serve_soon(struct gdb *g)
{
    if (!g->deferred) {
        g->deferred = true;
        bp_defer(g, serve);
    }
}

/* ---- the machine -------------------------------------------------------------------------------- */

static void event(void *ctl, const struct bp_debug_event *e)
{
    struct gdb *g = ctl;
    if (g->state == GDB_ALONE || g->state == GDB_DETACHED)
        return;
    gdb_stopped(g, e);
    serve_soon(g);
}

static const struct bp_debug_ops ops = { sizeof ops, 0, event };

void gdb_attach(struct gdb *g)
{
    g->state = GDB_ATTACHING;
    g->stop_was_attach = true;
    if (bp_debug_attach(g, &ops) < 0)
        g->state = GDB_DETACHED;
}

/* ---- the peer ----------------------------------------------------------------------------------- */

static void forget_session(struct gdb *g)
{
    g->no_ack = g->multiprocess = g->swbreak = g->hwbreak = g->extended = false;
    g->owes_stop = g->physical = g->stop_was_attach = false;
    g->step_flags = BP_STEP_NO_IRQ;
    g->thread = 0;
    g->run_thread = (struct gdb_id){ 0, 0 };
    memset(&g->in, 0, offsetof(struct packet_in, buf));
    memset(g->attached, 0, sizeof g->attached);
    memset(g->pass, 0, sizeof g->pass);
    g->attached[0] = true;
    g->document_name[0] = '\0';
    g->order_n = 0;
    out_clear(&g->framed);
    gdb_close_files(g);
    free(g->points);
    g->points = NULL;
    g->point_n = 0;
}

static void arrive(void *ctl)
{
    struct gdb *g = ctl;
    if (!g->peer || g->state == GDB_OVER)
        return;
    forget_session(g);
    gdb_attach(g);
}

/* Nobody left a word: the machine stays as it is, but nothing stops it any more. */
static void leave(void *ctl)
{
    struct gdb *g = ctl;
    if (g->peer || g->state == GDB_ALONE || g->state == GDB_OVER)
        return;
    if (g->state != GDB_DETACHED)
        bp_debug_detach(g, false);
    g->state = GDB_ALONE;
}

static void peer_event(void *ctl, unsigned what)
{
    struct gdb *g = ctl;
    if (what == BP_CHARDEV_OPENED && !g->peer) {
        g->peer = true;
        g->waiting_n = 0;
        bp_defer(g, arrive);
    } else if (what == BP_CHARDEV_CLOSED && g->peer) {
        g->peer = false;
        bp_defer(g, leave);
    }
}

static size_t room(void *ctl)
{
    const struct gdb *g = ctl;
    return g->waiting ? IN_MAX - g->waiting_n : 0;
}

static void receive(void *ctl, const uint8_t *buf, size_t n)
{
    struct gdb *g = ctl;
    if (!g->peer) /* a stream that does not say so */
        peer_event(g, BP_CHARDEV_OPENED);
    memcpy(g->waiting + g->waiting_n, buf, n);
    g->waiting_n += n;
    serve_soon(g);
}

/* ---- the plugin --------------------------------------------------------------------------------- */

static int open_gdb(void *ctl)
{
    struct gdb *g = ctl;
    if (!bp_debug_)
        return bp_fail(g, ENOSYS, "this core has no interface for debuggers");
    g->waiting = malloc(IN_MAX);
    return g->waiting ? 0 : bp_fail(g, ENOMEM, "no memory for packets");
}

static void close_gdb(void *ctl)
{
    struct gdb *g = ctl;
    gdb_close_files(g);
    free(g->waiting);
    free(g->points);
    free(g->actions);
    out_free(&g->out);
    out_free(&g->framed);
    out_free(&g->scratch);
    out_free(&g->document);
    g->waiting = NULL;
}

static const struct bp_port ports[] = {
    BP_CHARDEV_EVENTS(struct gdb, chardev, room, receive, peer_event),
};

BP_CONTROL(gdb, "gdb", "The gdb remote protocol", .state_size = sizeof(struct gdb),
           .ports = BP_ROWS(ports), .open = open_gdb, .close = close_gdb);
BP_PLUGIN("control-gdb", "1.0", "MIT");
