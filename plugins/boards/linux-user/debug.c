/* SPDX-License-Identifier: MIT */
/*
 * debug.c: what happens to the program's tasks, for a debugger (backplane/debuggee.h). Tasks of vfork are processes
 * of their own that borrow our memory; they are not debugged.
 */
#include "debug.h"
#include "program.h"

#include <backplane/debuggee.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_debugged(const struct task *t)
{
    return t->process->debugged && !t->vforked;
}

/* ---- questions ------------------------------------------------------------------------------- */

static struct task *task_of(struct process *p, const void *env)
{
    struct task *t = p->tasks;
    while (t && t->env != env)
        t = t->next;
    return t ? t : p->tasks;
}

static void interrupt(void *board, void *env)
{
    bp_user_kick(env);
}

/* As far as it is there. */
static size_t memory(void *board, void *env, uint64_t gva, void *buf, size_t n, bool write)
{
    struct task *t = task_of(board, env);
    size_t done = 0;
    while (t && done < n) {
        uint64_t at = gva + done;
        size_t now = 4096 - (size_t)(at & 4095);
        if (now > n - done)
            now = n - done;
        uint8_t *bytes = (uint8_t *)buf + done;
        if ((write ? guest_write(t, at, bytes, now) : guest_read(t, at, bytes, now)) < 0)
            break;
        done += now;
    }
    return done;
}

typedef void add_fn(void *arg, const void *bytes, size_t n);

static int add_text(struct task *t, const char *path, add_fn *add, void *arg)
{
    size_t n;
    char *text = proc_text(t, path, &n);
    if (!text)
        return -ENOENT;
    add(arg, text, n);
    free(text);
    return 0;
}

static int add_file(struct task *t, const char *path, add_fn *add, void *arg)
{
    char host[4096], buf[16384];
    struct stat st;
    ssize_t n;
    if (!add_text(t, path, add, arg))
        return 0;
    int fd = open(path_to_host(t->process, path, host), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return -EACCES;
    }
    while ((n = read(fd, buf, sizeof buf)) > 0)
        add(arg, buf, (size_t)n);
    close(fd);
    return n < 0 ? -EIO : 0;
}

static int add_link(struct task *t, const char *path, add_fn *add, void *arg)
{
    char host[4096], buf[4096];
    ssize_t n = proc_readlink(t, path, buf, sizeof buf);
    if (n < 0)
        n = readlink(path_to_host_link(t->process, path, host), buf, sizeof buf);
    if (n < 0)
        return -errno;
    add(arg, buf, (size_t)n);
    return 0;
}

static int object(void *board, void *env, const char *name, const char *annex, add_fn *add,
                  void *arg)
{
    struct process *p = board;
    struct task *t = task_of(p, env);
    char pid[16];
    if (!strcmp(name, "pid")) {
        add(arg, pid, (size_t)snprintf(pid, sizeof pid, "%d", (int)getpid()));
        return 0;
    }
    if (!t)
        return -ENOENT;
    if (!strcmp(name, "file"))
        return add_file(t, annex, add, arg);
    if (!strcmp(name, "link"))
        return add_link(t, annex, add, arg);
    if (!strcmp(name, "auxv"))
        return add_text(t, "/proc/self/auxv", add, arg);
    if (!strcmp(name, "siginfo"))
        add(arg, t->last_signal, sizeof t->last_signal);
    else if (!strcmp(name, "exec-file"))
        add(arg, p->exe, strlen(p->exe));
    else
        return -ENOENT;
    return 0;
}

/* ---- reports --------------------------------------------------------------------------------- */

static int report(struct task *t, uint32_t kind, int code)
{
    const struct bp_debug_event e = { .size = sizeof e, .kind = kind, .code = code,
                                      .address = t->process->abi->pc(t->env) };
    return bp_debuggee_report(t->env, &e);
}

int debug_start(struct process *p)
{
    static const struct bp_debuggee_ops ops = {
        .size = sizeof ops, .interrupt = interrupt, .memory = memory, .object = object,
    };
    if (!p->gdb || getenv(EXECUTED)) /* what a program of ours executes is not debugged */
        return 0;
    if (!*p->gdb)
        return bp_fail(p, EINVAL, "-g needs a port or a socket's path");
    if (!bp_debuggee_)
        return bp_fail(p, ENOSYS, "-g: this core has no interface for debuggers");
    int r = bp_debuggee_start(p, p->gdb, &ops);
    p->debugged = !r;
    if (!r)
        signals_debugged(p);
    return r;
}

void debug_add(struct task *t)
{
    if (is_debugged(t))
        bp_debuggee_add(t->env, (uint64_t)t->tid);
}

void debug_remove(struct task *t)
{
    if (is_debugged(t))
        bp_debuggee_remove(t->env);
}

bool debug_pause(struct task *t)
{
    return is_debugged(t) && bp_debuggee_pause(t->env);
}

void debug_trap(struct task *t, const struct bp_trap *trap)
{
    if (!is_debugged(t)) {
        bp_debuggee_step_over(t->env);
        return;
    }
    if (trap->code == BP_DEBUG_STEP)
        return; /* debug_stepped() says so */
    const struct bp_debug_event e = { .size = sizeof e, .kind = trap->code,
                                      .address = trap->address, .access = trap->access };
    bp_debuggee_report(t->env, &e);
}

void debug_stepped(struct task *t)
{
    if (is_debugged(t))
        report(t, BP_DEBUG_STEP, 0);
}

unsigned debug_signal(struct task *t, unsigned number, const void *info)
{
    if (!is_debugged(t))
        return number;
    memcpy(t->last_signal, info, sizeof t->last_signal);
    return (unsigned)report(t, BP_DEBUG_SIGNAL, (int)number);
}

void debug_call(struct task *t, bool before)
{
    if (is_debugged(t) && bp_debuggee_wants_call(t->process, (uint32_t)t->call_number))
        report(t, before ? BP_DEBUG_SYSCALL : BP_DEBUG_SYSRET, (int)t->call_number);
}

void debug_outside(struct task *t)
{
    if (is_debugged(t))
        bp_debuggee_outside(t->env);
}

void debug_inside(struct task *t)
{
    if (is_debugged(t))
        bp_debuggee_inside(t->env);
}

void debug_fork(struct task *t, enum bp_user_fork when)
{
    struct process *p = t->process;
    if (!is_debugged(t))
        return;
    bp_debuggee_fork(p, when);
    if (when == BP_FORK_CHILD)
        p->debugged = false;
}

bool debug_wants_signals(const struct process *p)
{
    return p->debugged;
}

void debug_release(struct process *p)
{
    if (p->debugged)
        bp_debuggee_release(p);
}

void debug_finish(struct process *p, bool killed, int code)
{
    if (!p->debugged)
        return;
    p->debugged = false;
    bp_debuggee_finish(p, killed ? BP_DEBUG_KILLED : BP_DEBUG_EXITED, code);
}
