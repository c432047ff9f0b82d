/* SPDX-License-Identifier: MIT */
/* log.c: -d, -D, -dfilter, and errors on standard error. */
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/loader.h"

/* Logging belongs to the process as its standard error does: set up by the command line, then
 * read only. */
uint32_t log_mask;
static FILE *log_file;
static GArray *log_ranges; /* struct log_range */
static const char *log_program = "backplane";
static void (*log_error_taker)(const char *text);
static bool log_beside_program, log_append;
#define LOG_FD_MIN 1000 /* below the usual limit of 1024 */

struct log_range {
    uint64_t first, last;
};

static const struct log_name {
    const char *name;
    uint32_t item;
    const char *doc;
} log_names[] = {
    { "guest_errors", LOG_GUEST_ERRORS, "what the guest does that its manuals forbid" },
    { "unimp", LOG_UNIMP, "uses of what is not modelled" },
    { "in_asm", LOG_IN_ASM, "guest instructions of each translation" },
    { "op", LOG_OP, "intermediate code as the target wrote it" },
    { "op_opt", LOG_OP_OPT, "intermediate code after optimisation" },
    { "out_asm", LOG_OUT_ASM, "generated host code of each translation" },
    { "exec", LOG_EXEC, "each entry into a translation (makes chains of one)" },
    { "int", LOG_INT, "exceptions and interrupts" },
    { "mmu", LOG_MMU, "address translations and their faults" },
    { "cpu", LOG_CPU, "registers before each translation" },
    { "cpu_reset", LOG_CPU_RESET, "registers at each reset" },
    { "nochain", LOG_NOCHAIN, "do not chain translations, so that exec shows all" },
    { "trace", LOG_TRACE, "what devices trace" },
    { "strace", LOG_STRACE, "a program's system calls" },
};

int log_set_items(const char *items)
{
    char **words = g_strsplit(items, ",", -1);
    int result = 0;
    for (char **w = words; *w && !result; w++) {
        bool found = false;
        for (size_t i = 0; i < G_N_ELEMENTS(log_names); i++)
            if (!strcmp(*w, log_names[i].name)) {
                log_mask |= log_names[i].item;
                found = true;
            }
        if (!found && **w) {
            char *names[G_N_ELEMENTS(log_names) + 1], hint[80];
            for (size_t i = 0; i < G_N_ELEMENTS(log_names); i++)
                names[i] = (char *)(uintptr_t)log_names[i].name;
            names[G_N_ELEMENTS(log_names)] = NULL;
            result = core_error(EINVAL, "-d: unknown log item '%s'%s; -d help lists them", *w,
                                did_you_mean(*w, names, hint, sizeof hint));
        }
    }
    g_strfreev(words);
    return result;
}

void log_for_program(bool append)
{
    log_beside_program = true;
    log_append = append;
}

/* A file descriptor out of the program's way, where the limit allows; the old one is kept or closed. */
static int move_up(int fd, bool keep)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, LOG_FD_MIN);
    if (high < 0)
        return fd;
    if (!keep)
        close(fd);
    return high;
}

int log_set_file(const char *path)
{
    int how = log_append || log_beside_program ? O_APPEND : 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | how | (log_append ? 0 : O_TRUNC), 0666);
    /* A program that another one started, perhaps for another user or in another root: its log is not worth
     * its life. */
    if (fd < 0 && log_append)
        fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && log_beside_program)
        fd = move_up(fd, false);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        return core_error(errno, "-D %s: %s", path, strerror(errno));
    setvbuf(f, NULL, log_beside_program ? _IOLBF : _IOFBF, 1 << 16);
    if (log_file)
        fclose(log_file);
    log_file = f;
    return 0;
}

/* One range; the part behind the number says how it goes on. */
static bool parse_range(const char *text, struct log_range *ret)
{
    char *end;
    errno = 0;
    uint64_t start = strtoull(text, &end, 0);
    if (errno || end == text || *text == '-')
        return false;
    char how = *end;
    if (!how) {
        *ret = (struct log_range){ start, start };
        return true;
    }
    const char *second = end + 1;
    if (how == '.' && *second++ != '.')
        return false;
    uint64_t n = strtoull(second, &end, 0);
    if (errno || end == second || *end || *second == '-')
        return false;
    switch (how) {
    case '+':
        *ret = (struct log_range){ start, start + n - 1 };
        if (ret->last < start)
            ret->last = UINT64_MAX;
        return n != 0;
    case '-':
        *ret = (struct log_range){ start >= n ? start - n + 1 : 0, start };
        return n != 0;
    case '.':
        *ret = (struct log_range){ start, n };
        return start <= n;
    default:
        return false;
    }
}

int log_set_filter(const char *ranges)
{
    if (!log_ranges)
        log_ranges = g_array_new(false, false, sizeof(struct log_range));
    char **words = g_strsplit(ranges, ",", -1);
    int result = 0;
    for (char **w = words; *w && !result; w++) {
        struct log_range r;
        if (parse_range(*w, &r))
            g_array_append_val(log_ranges, r);
        else
            result = core_error(EINVAL,
                                "-dfilter: '%s' is no range; write start+size, start-size or "
                                "first..last", *w);
    }
    g_strfreev(words);
    return result;
}

void log_help(FILE *out)
{
    fputs("Log items (comma separated):\n", out);
    for (size_t i = 0; i < G_N_ELEMENTS(log_names); i++)
        fprintf(out, "%-15s %s\n", log_names[i].name, log_names[i].doc);
}

bool log_wants_address(uint64_t va)
{
    if (!log_ranges)
        return true;
    for (unsigned i = 0; i < log_ranges->len; i++) {
        const struct log_range *r = &g_array_index(log_ranges, struct log_range, i);
        if (va >= r->first && va <= r->last)
            return true;
    }
    return false;
}

/* Says once that the log has lost something. */
static void incomplete(int err)
{
    static _Atomic bool said;
    if (!atomic_exchange(&said, true))
        core_error(err, "-D: the log is incomplete: %s", strerror(err));
}

void log_vtext(const char *format, va_list ap)
{
    FILE *out = log_file ? log_file : stderr;
    if (vfprintf(out, format, ap) < 0 && log_file)
        incomplete(errno);
    if (!log_file)
        fflush(out);
}

/* In one write(), so that lines of processes that share the file stay whole. */
void log_line(const char *text)
{
    static _Atomic int aside = -1; /* standard error as it was: the program may close or redirect it */
    if (!log_file && aside < 0)
        aside = move_up(STDERR_FILENO, true);
    struct iovec parts[] = { { (void *)(uintptr_t)text, strlen(text) },
                             { (void *)(uintptr_t)"\n", 1 } };
    if (log_file)
        fflush(log_file);
    if (writev(log_file ? fileno(log_file) : aside, parts, 2) < 0 && log_file)
        incomplete(errno);
}

void log_text(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    log_vtext(format, ap);
    va_end(ap);
}

void log_flush(void)
{
    if (log_file && fflush(log_file))
        incomplete(errno);
}

void log_errors_to(void (*fn)(const char *text)) { log_error_taker = fn; }

void log_set_program(const char *name)
{
    log_program = name;
}

int core_error(int err, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    char *text = g_strdup_vprintf(format, ap);
    va_end(ap);
    if (log_error_taker) {
        log_error_taker(text);
    } else {
        fflush(stdout);
        fprintf(stderr, "%s: %s\n", log_program, text);
    }
    g_free(text);
    return -err;
}
