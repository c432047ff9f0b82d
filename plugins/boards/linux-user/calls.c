/* SPDX-License-Identifier: MIT */
/* calls.c: from a vCPU that stopped at a system call to its result, by the rows of calls.def. */
#include "calls.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "calls-state.h"
#include "debug.h"
#include "host-calls.h"
#include "strace.h"

/* What calls.def writes for arguments. */
#define INT { ARG_INT, NO_BY, 4, NULL, NULL }
#define UINT { ARG_UINT, NO_BY, 4, NULL, NULL }
#define LONG { ARG_LONG, NO_BY, 8, NULL, NULL }
#define SIZE { ARG_SIZE, NO_BY, 8, NULL, NULL }
#define HEX { ARG_HEX, NO_BY, 8, NULL, NULL }
#define MODE { ARG_MODE, NO_BY, 4, NULL, NULL }
#define FD { ARG_FD, NO_BY, 4, NULL, NULL }
#define DIRFD { ARG_DIRFD, NO_BY, 4, NULL, NULL }
#define SIGNAL { ARG_SIGNAL, NO_BY, 4, NULL, NULL }
#define ADDRESS { ARG_ADDRESS, NO_BY, 8, NULL, NULL }
#define PATH { ARG_PATH, NO_BY, 0, NULL, NULL }
#define STRING { ARG_STRING, NO_BY, 0, NULL, NULL }
#define STRINGS { ARG_STRINGS, NO_BY, 0, NULL, NULL }
#define MEMORY { ARG_MEMORY, NO_BY, 1, NULL, NULL }
#define FLAGS(n) { ARG_FLAGS, NO_BY, 8, &names_##n, NULL }
#define ENUM(n) { ARG_ENUM, NO_BY, 4, &names_##n, NULL }
#define IN(l) { ARG_IN, NO_BY, LAYOUT_SIZE_##l, NULL, &layout_##l }
#define OUT(l) { ARG_OUT, NO_BY, LAYOUT_SIZE_##l, NULL, &layout_##l }
#define INOUT(l) { ARG_INOUT, NO_BY, LAYOUT_SIZE_##l, NULL, &layout_##l }
#define IN_N(l, i) { ARG_IN, i, LAYOUT_SIZE_##l, NULL, &layout_##l }
#define OUT_N(l, i) { ARG_OUT, i, LAYOUT_SIZE_##l, NULL, &layout_##l }
#define INOUT_N(l, i) { ARG_INOUT, i, LAYOUT_SIZE_##l, NULL, &layout_##l }
#define SOCKADDR_IN(i) IN_N(sockaddr, i)
#define BYTES_IN(i) { ARG_IN, i, 1, NULL, NULL }
#define BYTES_OUT(i) { ARG_OUT, i, 1, NULL, NULL }

#define ARGS(...) { __VA_ARGS__ }
#define COUNT(...) (sizeof((const struct call_arg[]){ __VA_ARGS__ }) / sizeof(struct call_arg))
#define ROW(n, result, f, how, error, handler, ...)                                                \
    [BP_LINUX_##n] = { #n, SYS_##n, COUNT(__VA_ARGS__), result, f, how, error, handler,            \
                       ARGS(__VA_ARGS__) },
#define PASS(n, r, f, ...) ROW(n, RESULT_##r, f, CALL_PASSED, 0, NULL, __VA_ARGS__)
#define CALL(n, r, f, ...) ROW(n, RESULT_##r, f, CALL_HANDLED, ENOSYS, call_##n, __VA_ARGS__)
#define REFUSE(n, e, f, ...) ROW(n, RESULT_INT, f, CALL_REFUSED, e, NULL, __VA_ARGS__)
static const struct call_row rows[BP_LINUX_CALL_COUNT] = {
#include "calls.def"
};

const struct call_row *call_row_of(const struct process *p, uint64_t number)
{
    if (number >= p->abi->call_count)
        return NULL;
    const struct call_row *row = &rows[p->abi->calls[number]];
    return row->name ? row : NULL;
}

int calls_init(struct process *p)
{
    p->calls = calloc(1, sizeof *p->calls);
    if (!p->calls)
        return bp_fail(p, ENOMEM, "no memory for the state of system calls");
    return own_fds_find(p);
}

void call_unimplemented(struct task *t, const char *format, ...)
{
    struct calls *c = t->process->calls;
    char text[256];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    uint32_t hash = 2166136261; /* FNV-1a */
    for (const char *s = text; *s; s++)
        hash = (hash ^ (uint8_t)*s) * 16777619;
    uint64_t bit = UINT64_C(1) << hash % 64;
    if (!(atomic_fetch_or(&c->told[hash / 64 % (TOLD_BITS / 64)], bit) & bit))
        bp_log(t->process, BP_LOG_UNIMP, "%s", text);
}

/* ---- pointers
 * ---------------------------------------------------------------------------------- */

void *arg_in(struct task *t, uint64_t gva, uint64_t n)
{
    if (!gva)
        return NULL;
    return gva_ok(t->process, gva, n) ? at_gva(t->process, gva) : BAD_POINTER;
}

void *arg_out(struct task *t, uint64_t gva, uint64_t n)
{
    if (!gva)
        return NULL;
    if (!gva_ok(t->process, gva, n))
        return BAD_POINTER;
    /* Where part of it is not writable, the kernel finds out, after as much as it would do. */
    bp_user_will_write(t->process->space, gva, n);
    return at_gva(t->process, gva);
}

static const char *too_long(char buf[4096 + 1])
{
    memset(buf, 'x', 4096);
    buf[4096] = 0;
    return buf;
}

/* A name in /proc or /dev of a descriptor that is our own. */
static bool names_hidden(const struct process *p, const char *path)
{
    if (strncmp(path, "/proc/", 6) && strncmp(path, "/dev/fd/", 8))
        return false;
    const char *fd = strstr(path, "/fd/"), *info = strstr(path, "/fdinfo/");
    const char *number = fd ? fd + 4 : info ? info + 8 : NULL;
    return number && *number >= '0' && *number <= '9' && fd_is_own(p, atoi(number));
}

void host_path_get(struct task *t, uint64_t gva, struct host_path *ret)
{
    ret->name = NULL;
    ret->host = NULL;
    if (!gva)
        return;
    int error = -EFAULT;
    ret->name = guest_string(t, gva, PATH_MAX, &error);
    if (ret->name && names_hidden(t->process, ret->name)) {
        ret->host = "/proc/self/fd/-1";
    } else if (ret->name) {
        ret->host = call_follows(t, gva) ? path_to_host(t->process, ret->name, ret->buf)
                                         : path_to_host_link(t->process, ret->name, ret->buf);
    } else {
        ret->host = BAD_POINTER;
        if (error == -ENAMETOOLONG && (ret->name = malloc(4096 + 1)))
            ret->host = too_long(ret->name);
    }
}

void host_path_put(struct host_path *path)
{
    free(path->name);
}

/* ---- calls that need no handler
 * ---------------------------------------------------------------- */

/* Bytes that an argument points to; UINT64_MAX: more than there can be. */
static uint64_t bytes_of(const struct call_row *row, const struct call_arg *arg,
                         const uint64_t a[6])
{
    if (arg->by == NO_BY)
        return arg->size;
    uint64_t n = a[arg->by];
    if (row->args[arg->by].kind == ARG_INT)
        n = (int32_t)n < 0 ? 0 : (uint32_t)n;
    else if (row->args[arg->by].kind == ARG_UINT)
        n = (uint32_t)n;
    return n > UINT64_MAX / arg->size ? UINT64_MAX : n * arg->size;
}

struct held {
    char *strings[2];
    struct host_path paths[2];
    unsigned string_count, path_count;
};

static uint64_t string_arg(struct task *t, uint64_t gva, struct held *held)
{
    int error = -EFAULT;
    if (!gva)
        return 0;
    if (held->string_count == 2)
        return ptr_arg(BAD_POINTER);
    char *s = guest_string(t, gva, 65536, &error);
    held->strings[held->string_count++] = s;
    return ptr_arg(s ? s : BAD_POINTER);
}

static uint64_t pass_arg(struct task *t, const struct call_row *row, const uint64_t a[6],
                         unsigned i, struct held *held)
{
    const struct call_arg *arg = &row->args[i];
    switch (arg->kind) {
    case ARG_PATH:
        host_path_get(t, a[i], &held->paths[held->path_count]);
        return ptr_arg(held->paths[held->path_count++].host);
    case ARG_STRING:
        return string_arg(t, a[i], held);
    case ARG_IN:
        return ptr_arg(arg_in(t, a[i], bytes_of(row, arg, a)));
    case ARG_OUT:
    case ARG_INOUT:
        return ptr_arg(arg_out(t, a[i], bytes_of(row, arg, a)));
    case ARG_MEMORY:
        return ptr_arg(arg_out(t, a[i], 1));
    case ARG_FLAGS:
        return arg->names == &names_open ? open_flags_to_host(t->process, (uint32_t)a[i]) : a[i];
    default:
        return a[i];
    }
}

int64_t call_pass(struct task *t, const struct call_row *row, const uint64_t a[6])
{
    struct held held;
    uint64_t h[6] = { 0 };
    held.string_count = held.path_count = 0;
    for (unsigned i = 0; i < row->count; i++)
        h[i] = pass_arg(t, row, a, i, &held);
    int64_t result = host_call(t, row->host, h[0], h[1], h[2], h[3], h[4], h[5]);
    for (unsigned i = 0; i < held.path_count; i++)
        host_path_put(&held.paths[i]);
    for (unsigned i = 0; i < held.string_count; i++)
        free(held.strings[i]);
    return result;
}

int64_t host_call(struct task *t, long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                  uint64_t a4, uint64_t a5)
{
    const uint64_t args[6] = { a0, a1, a2, a3, a4, a5 };
    debug_outside(t);
    int64_t result = bp_linux_host_call(&t->pending, number, args);
    debug_inside(t);
    return result;
}

int64_t quick_call(long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                   uint64_t a5)
{
    long result = syscall(number, a0, a1, a2, a3, a4, a5);
    return result == -1 ? -errno : result;
}

/* ---- dispatch
 * ---------------------------------------------------------------------------------- */

static bool names_own_fd(const struct task *t, const struct call_row *row, const uint64_t a[6])
{
    for (unsigned i = 0; i < row->count; i++)
        if ((row->args[i].kind == ARG_FD || row->args[i].kind == ARG_DIRFD) &&
            fd_is_own(t->process, (int)a[i]))
            return true;
    return false;
}

static int64_t refuse(struct task *t, const struct call_row *row)
{
    if (!(row->flags & CALL_QUIET))
        call_unimplemented(t, "system call %s is not supported: %s", row->name,
                           strerror(row->refuse));
    return -row->refuse;
}

static int64_t unknown(struct task *t)
{
    const struct process *p = t->process;
    uint64_t number = t->call_number;
    if (number < p->abi->call_count && p->abi->calls[number] == BP_LINUX_ARCH) {
        int64_t result = p->abi->arch_call(t->env, p->space, number, t->call_args);
        if (result != -ENOSYS)
            return result;
    }
    call_unimplemented(t, "system call number %llu is not known", (unsigned long long)number);
    return -ENOSYS;
}

static int64_t perform(struct task *t, const struct call_row *row)
{
    if (!row)
        return unknown(t);
    if (names_own_fd(t, row, t->call_args))
        return -EBADF;
    if (row->handler)
        return row->handler(t, t->call_args);
    return row->how == CALL_PASSED ? call_pass(t, row, t->call_args) : refuse(t, row);
}

void task_call(struct task *t)
{
    const struct bp_linux_abi *abi = t->process->abi;
    t->call_number = abi->syscall(t->env, t->call_args);
    const struct call_row *row = call_row_of(t->process, t->call_number);
    uint64_t number = t->call_number, first = t->call_args[0];
    struct strace_line *line = NULL;
    debug_call(t, true);
    if (t->process->strace)
        line = strace_enter(t, row, number, t->call_args);
    int64_t result = perform(t, row);
    strace_leave(t, line, result);
    if (row && row->flags & CALL_NO_RESULT && result >= 0)
        return;
    /* -EINTR without a signal for the guest: only ourselves were meant. */
    if (result == -BP_LINUX_RESTART ||
        (result == -EINTR && !(row && row->flags & CALL_OWN_EINTR) && signals_restart(t)))
        abi->restart(t->env, number, first);
    else
        abi->set_result(t->env, (uint64_t)result);
    t->call_number = number; /* a handler's return may have made others */
    debug_call(t, false);
}
