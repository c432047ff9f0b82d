/* SPDX-License-Identifier: MIT */
/* run.c: going on, stepping, and the replies that say why the guest stopped (GDB manual, "Stop Reply
 * Packets", "vCont"). */
#include "gdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- why it stopped ------------------------------------------------------------------------------ */

static void out_watch(struct gdb *g, struct packet_out *o, const struct bp_debug_event *e)
{
    static const char *const words[] = { "watch", "rwatch", "awatch" };
    for (size_t i = 0; i < g->point_n; i++) {
        const struct bp_debug_point *p = &g->points[i].point;
        if (p->kind != BP_DEBUG_WATCH || !(p->access & e->access) || e->address < p->va ||
            e->address - p->va >= p->n)
            continue;
        out_format(o, "%s:%llx;", words[g->points[i].type - 2], (unsigned long long)e->address);
        return;
    }
}

static void out_path(void *arg, const void *bytes, size_t n) { out_hex(arg, bytes, n); }

static void out_reason(struct gdb *g, struct packet_out *o, const struct bp_debug_event *e)
{
    switch ((enum bp_debug_kind)e->kind) {
    case BP_DEBUG_WATCHPOINT:
        out_watch(g, o, e);
        break;
    case BP_DEBUG_BREAKPOINT:
        if (gdb_break_type(g, e->address) == 0 && g->swbreak)
            out_text(o, "swbreak:;");
        else if (gdb_break_type(g, e->address) == 1 && g->hwbreak)
            out_text(o, "hwbreak:;");
        break;
    case BP_DEBUG_SYSCALL:
        out_format(o, "syscall_entry:%x;", (unsigned)e->code);
        break;
    case BP_DEBUG_SYSRET:
        out_format(o, "syscall_return:%x;", (unsigned)e->code);
        break;
    case BP_DEBUG_EXEC:
        out_text(o, "exec:");
        bp_debug_object(g, e->thread, "exec-file", "", out_path, o);
        out_text(o, ";");
        break;
    default:
        break;
    }
}

static unsigned signal_of(const struct gdb *g, const struct bp_debug_event *e)
{
    if (e->kind == BP_DEBUG_SIGNAL)
        return gdb_signal_of_host(e->code);
    if (e->kind == BP_DEBUG_INTERRUPT && !g->stop_was_attach)
        return 2;
    return 5;
}

/* Those that go with every stop: gdb looks at them first. */
static void out_important_regs(struct gdb *g, struct packet_out *o, const struct bp_debug_thread *t)
{
    struct bp_debug_reg reg = { .size = sizeof reg };
    for (uint32_t i = 0; i < 256 && bp_debug_reg(g, t->group, i, &reg); i++) {
        if (!(reg.flags & (BP_DEBUG_REG_PC | BP_DEBUG_REG_SP)))
            continue;
        out_format(o, "%x:", reg.number);
        gdb_out_reg(g, o, t->id, &reg);
        out_char(o, ';');
    }
}

static void out_over(struct gdb *g, struct packet_out *o, const struct bp_debug_event *e)
{
    bool killed = e->kind == BP_DEBUG_KILLED;
    out_format(o, "%c%02x", killed ? 'X' : 'W',
               killed ? gdb_signal_of_host(e->code) : (unsigned)e->code & 255);
    if (g->multiprocess)
        out_format(o, ";process:%llx", (unsigned long long)gdb_pid(g, 0));
}

void gdb_out_stop(struct gdb *g, struct packet_out *o)
{
    const struct bp_debug_event *e = &g->event;
    struct bp_debug_thread t;
    if (e->kind == BP_DEBUG_EXITED || e->kind == BP_DEBUG_KILLED) {
        out_over(g, o, e);
        return;
    }
    out_format(o, "T%02x", signal_of(g, e));
    if (gdb_find_thread(g, g->thread, &t)) {
        out_important_regs(g, o, &t);
        out_text(o, "thread:");
        gdb_out_id(g, o, &t);
        out_char(o, ';');
    }
    out_reason(g, o, e);
}

/* ---- going on ------------------------------------------------------------------------------------ */

static bool add_action(struct gdb *g, const struct bp_debug_action *a)
{
    struct bp_debug_action *actions =
        realloc(g->actions, (g->action_n + 1) * sizeof *actions);
    if (!actions)
        return false;
    g->actions = actions;
    g->actions[g->action_n++] = *a;
    return true;
}

/* Threads of processes that gdb has not attached to run along whenever something runs. */
static void add_others(struct gdb *g)
{
    struct bp_debug_thread t = { .size = sizeof t };
    bool any = false;
    for (uint32_t i = 0; i < g->action_n; i++)
        any |= g->actions[i].what == BP_DEBUG_CONTINUE;
    for (uint32_t i = 0; any && bp_debug_thread(g, i, &t); i++)
        if (t.group >= GROUPS_MAX || !g->attached[t.group])
            add_action(g, &(struct bp_debug_action){ t.id, BP_DEBUG_CONTINUE, 0 });
}

/* Resumes as the last orders say, for whatever threads there are now; `thread` gets a signal. */
static bool follow_orders(struct gdb *g, uint64_t thread, int signal)
{
    struct bp_debug_thread t = { .size = sizeof t };
    g->action_n = 0;
    for (uint32_t i = 0; bp_debug_thread(g, i, &t); i++) {
        for (size_t n = 0; n < g->order_n; n++) {
            const struct gdb_order *o = &g->orders[n];
            if (t.group >= GROUPS_MAX || !g->attached[t.group] || !gdb_id_matches(g, &o->id, &t))
                continue;
            add_action(g, &(struct bp_debug_action){ t.id, o->what,
                                                     t.id == thread ? signal : o->signal });
            break;
        }
    }
    add_others(g);
    return g->action_n && bp_debug_resume(g, g->actions, g->action_n) == 0;
}

/* A signal that gdb does not want to hear of: on as before. */
static bool passes(struct gdb *g, const struct bp_debug_event *e)
{
    unsigned number = e->kind == BP_DEBUG_SIGNAL ? gdb_signal_of_host(e->code) : 0;
    if (!number || number > 255 || !(g->pass[number / 8] >> (number % 8) & 1))
        return false;
    for (size_t i = 0; i < g->order_n; i++)
        g->orders[i].signal = 0;
    return follow_orders(g, e->thread, e->code);
}

static void go_on(struct gdb *g, const struct gdb_order *orders, size_t n)
{
    memcpy(g->orders, orders, n * sizeof *orders);
    g->order_n = n;
    if (!follow_orders(g, 0, 0)) {
        gdb_reply_error(g, ESRCH);
        return;
    }
    g->state = GDB_RUNNING;
    g->owes_stop = true;
    g->no_reply = true;
}

void gdb_stopped(struct gdb *g, const struct bp_debug_event *e)
{
    struct bp_debug_thread t;
    bool over = e->kind == BP_DEBUG_EXITED || e->kind == BP_DEBUG_KILLED;
    if (g->state == GDB_RUNNING && passes(g, e))
        return;
    if (g->state != GDB_ATTACHING)
        g->stop_was_attach = false;
    g->event = *e;
    g->state = over ? GDB_OVER : GDB_STOPPED;
    if (e->thread && gdb_find_thread(g, e->thread, &t))
        g->thread = e->thread;
    else if (!gdb_find_thread(g, g->thread, &t) && gdb_first_thread(g, &t))
        g->thread = t.id;
    if (!g->owes_stop)
        return;
    g->owes_stop = false;
    out_clear(&g->scratch);
    gdb_out_stop(g, &g->scratch);
    gdb_send(g, &g->scratch);
}

void cmd_why(struct gdb *g, const char *p, size_t n)
{
    gdb_out_stop(g, &g->out);
}

/* The packets before vCont: one action for what Hc chose (a step: the thread that stopped), others run
 * along. */
static void old_style(struct gdb *g, const char *p, uint32_t what, int signal)
{
    struct gdb_order orders[] = { { g->run_thread, what, signal }, { { 0, ALL_THREADS }, what, 0 } };
    uint64_t pc;
    bool chosen = g->run_thread.tid && g->run_thread.tid != ALL_THREADS;
    if (take_word(&p, ";") || *p) {
        if (!take_hex(&p, &pc) || !gdb_set_pc(g, chosen ? g->run_thread.tid : g->thread, pc)) {
            gdb_reply_error(g, EINVAL);
            return;
        }
    }
    if (!chosen)
        orders[0].id = (struct gdb_id){ 0, g->thread };
    orders[1].what = BP_DEBUG_CONTINUE;
    go_on(g, orders, chosen && what == BP_DEBUG_DO_STEP ? 1 : 2);
}

void cmd_continue(struct gdb *g, const char *p, size_t n)
{
    old_style(g, p, BP_DEBUG_CONTINUE, 0);
}

void cmd_step(struct gdb *g, const char *p, size_t n)
{
    old_style(g, p, BP_DEBUG_DO_STEP, 0);
}

static void with_signal(struct gdb *g, const char *p, uint32_t what)
{
    uint64_t signal;
    if (take_hex(&p, &signal))
        old_style(g, p, what, host_signal_of_gdb((unsigned)signal));
    else
        gdb_reply_error(g, EINVAL);
}

void cmd_continue_signal(struct gdb *g, const char *p, size_t n)
{
    with_signal(g, p, BP_DEBUG_CONTINUE);
}

void cmd_step_signal(struct gdb *g, const char *p, size_t n)
{
    with_signal(g, p, BP_DEBUG_DO_STEP);
}

void cmd_vcont_query(struct gdb *g, const char *p, size_t n)
{
    out_text(&g->out, "vCont;c;C;s;S;t");
}

/* c, C SIGNAL, s, S SIGNAL or t, then :THREAD-ID or nothing. */
static bool take_order(struct gdb *g, const char **p, struct gdb_order *ret)
{
    uint64_t signal = 0;
    char what = **p;
    if (!what)
        return false;
    ++*p;
    if ((what == 'C' || what == 'S') && !take_hex(p, &signal))
        return false;
    *ret = (struct gdb_order){ { 0, ALL_THREADS }, 0, host_signal_of_gdb((unsigned)signal) };
    ret->what = what == 'c' || what == 'C' ? BP_DEBUG_CONTINUE
              : what == 's' || what == 'S' ? BP_DEBUG_DO_STEP
              : what == 't' ? BP_DEBUG_HOLD : 0;
    return ret->what && (!take_word(p, ":") || gdb_take_id(g, p, &ret->id));
}

void cmd_vcont(struct gdb *g, const char *p, size_t n)
{
    struct gdb_order orders[ORDERS_MAX];
    size_t count = 0;
    do {
        if (count == ORDERS_MAX || !take_order(g, &p, &orders[count])) {
            gdb_reply_error(g, EINVAL);
            return;
        }
        count++;
    } while (take_word(&p, ";"));
    go_on(g, orders, count);
}

void cmd_interrupt(struct gdb *g, const char *p, size_t n)
{
    if (g->state == GDB_RUNNING)
        bp_debug_stop(g);
    gdb_reply_ok(g);
}

/* ---- beginning and ending ------------------------------------------------------------------------ */

void cmd_kill(struct gdb *g, const char *p, size_t n)
{
    g->no_reply = true;
    g->owes_stop = false;
    bp_debug_kill(g);
}

void cmd_vkill(struct gdb *g, const char *p, size_t n)
{
    g->owes_stop = false;
    bp_debug_kill(g);
    gdb_reply_ok(g);
}

static uint32_t group_of_pid(struct gdb *g, uint64_t pid)
{
    uint32_t groups = bp_debug_groups(g);
    for (uint32_t i = 0; i < groups && i < GROUPS_MAX; i++)
        if (gdb_pid(g, i) == pid)
            return i;
    return UINT32_MAX;
}

void cmd_attach(struct gdb *g, const char *p, size_t n)
{
    struct bp_debug_thread t = { .size = sizeof t };
    uint64_t pid;
    uint32_t group = take_hex(&p, &pid) ? group_of_pid(g, pid) : UINT32_MAX;
    if (group == UINT32_MAX) {
        gdb_reply_error(g, ESRCH);
        return;
    }
    g->attached[group] = true;
    if (g->state == GDB_DETACHED) {
        g->owes_stop = g->no_reply = true;
        gdb_attach(g);
        return;
    }
    for (uint32_t i = 0; bp_debug_thread(g, i, &t); i++) {
        if (t.group == group) {
            g->thread = t.id;
            break;
        }
    }
    g->stop_was_attach = true;
    g->event = (struct bp_debug_event){ .size = sizeof g->event, .kind = BP_DEBUG_INTERRUPT,
                                        .thread = g->thread };
    gdb_out_stop(g, &g->out);
}

/* D, or D;PID */
void cmd_detach(struct gdb *g, const char *p, size_t n)
{
    uint64_t pid;
    bool any = false;
    if (take_word(&p, ";") && take_hex(&p, &pid)) {
        uint32_t group = group_of_pid(g, pid);
        if (group == UINT32_MAX) {
            gdb_reply_error(g, ESRCH);
            return;
        }
        g->attached[group] = false;
    } else {
        memset(g->attached, 0, sizeof g->attached);
    }
    gdb_reply_ok(g);
    for (unsigned i = 0; i < GROUPS_MAX; i++)
        any |= g->attached[i];
    if (any)
        return;
    g->point_n = 0;
    g->owes_stop = false;
    g->state = GDB_DETACHED;
    bp_debug_detach(g, true);
}

void cmd_restart(struct gdb *g, const char *p, size_t n)
{
    g->no_reply = true;
    bp_debug_reset(g);
}

/* ---- programs ------------------------------------------------------------------------------------ */

void cmd_pass_signals(struct gdb *g, const char *p, size_t n)
{
    uint64_t signal;
    memset(g->pass, 0, sizeof g->pass);
    do {
        if (take_hex(&p, &signal) && signal < 256)
            g->pass[signal / 8] |= (uint8_t)(1u << (signal % 8));
    } while (take_word(&p, ";"));
    gdb_reply_ok(g);
}

/* 0, or 1 and the numbers, none meaning all. */
void cmd_catch_calls(struct gdb *g, const char *p, size_t n)
{
    uint32_t numbers[512];
    uint64_t on, number;
    uint32_t count = 0;
    if (!bp_debug_is_program(g))
        return;
    if (!take_hex(&p, &on) || on > 1) {
        gdb_reply_error(g, EINVAL);
        return;
    }
    while (take_word(&p, ";") && count < 512 && take_hex(&p, &number))
        numbers[count++] = (uint32_t)number;
    bp_debug_catch_calls(g, on, numbers, count);
    gdb_reply_ok(g);
}
