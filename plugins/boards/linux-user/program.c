/* SPDX-License-Identifier: MIT */
/* program.c: opens what is to be run and finds out what it is. */
#include "program.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRIPTS_MAX 5 /* Linux: rounds of exec_binprm() */

static int fail(struct program_file *f, int err, const char *why)
{
    snprintf(f->why, sizeof f->why, "%s", why);
    return -err;
}

static int fail_errno(struct program_file *f, int err)
{
    snprintf(f->why, sizeof f->why, "cannot be run: %s", strerror(err));
    return -err;
}

void program_close(struct program_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    free(f->name);
    free(f->host);
    f->name = f->host = NULL;
    elf_file_clear(&f->elf);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* As the kernel checks before it looks inside. */
static int check_file(struct program_file *f)
{
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return fail_errno(f, errno);
    if (S_ISDIR(st.st_mode))
        return fail(f, EACCES, "is a directory");
    if (!S_ISREG(st.st_mode))
        return fail(f, EACCES, "is not a regular file");
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", f->fd);
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 && errno == EACCES)
        return fail(f, EACCES, "may not be executed (chmod +x it)");
    return 0;
}

/* Where the kernel says that the file is, so that /proc/self/exe has no links in it. */
static char *real_path(int fd, const char *host)
{
    char link[64], buf[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, buf, sizeof buf - 1);
    if (n <= 0)
        return strdup(host);
    buf[n] = '\0';
    return strdup(buf);
}

static int read_head(struct program_file *f)
{
    const char *why;
    ssize_t n = pread(f->fd, f->head, sizeof f->head, 0);
    if (n < 0)
        return fail_errno(f, errno);
    f->head_bytes = (size_t)n;
    f->is_elf = elf_read_header(f->head, f->head_bytes, &f->elf, &why);
    if (!f->is_elf && why)
        return fail(f, ENOEXEC, why);
    return 0;
}

int program_open(struct process *p, const char *name, int fd, struct program_file *ret)
{
    char buf[PATH_MAX];
    struct program_file f = { .fd = fd };
    const char *host = path_to_host(p, name, buf);
    int r = 0;
    if (fd < 0)
        f.fd = open(host, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (f.fd < 0)
        r = errno == ENOENT ? fail(&f, ENOENT, "does not exist") : fail_errno(&f, errno);
    if (!r)
        r = check_file(&f);
    if (!r) {
        f.name = strdup(name);
        f.host = real_path(f.fd, host);
        r = f.name && f.host ? read_head(&f) : fail_errno(&f, ENOMEM);
    }
    if (r < 0)
        program_close(&f);
    *ret = f;
    return r;
}

int program_read_segments(struct program_file *f, uint64_t page_size, uint64_t limit)
{
    size_t n = (size_t)f->elf.phdr_count * f->elf.phdr_bytes;
    uint8_t *table = malloc(n);
    const char *why = "cannot be loaded: no memory";
    if (!table)
        return fail(f, ENOMEM, why);
    ssize_t got = f->elf.phdr_offset > INT64_MAX - n ? 0
                : pread(f->fd, table, n, (off_t)f->elf.phdr_offset);
    int r = 0;
    if (got < 0)
        r = fail_errno(f, errno);
    else if ((size_t)got < n)
        r = fail(f, ENOEXEC, "is truncated: program headers are missing");
    else if (!elf_read_segments(&f->elf, table, page_size, limit, &why))
        r = fail(f, ENOEXEC, why);
    free(table);
    return r;
}

bool program_property(const struct program_file *f, uint32_t type, uint32_t bits)
{
    const struct elf_segment *s = elf_find_segment(&f->elf, PT_GNU_PROPERTY);
    uint8_t note[0x400]; /* Linux reads no more */
    uint32_t has;
    if (!s || s->file_bytes > sizeof note || s->offset > INT64_MAX - sizeof note)
        return false;
    ssize_t n = pread(f->fd, note, s->file_bytes, (off_t)s->offset);
    return n == (ssize_t)s->file_bytes && elf_property(&f->elf, note, (size_t)n, type, &has) &&
           (has & bits) == bits;
}

int program_interpreter(struct program_file *f, char **ret)
{
    const struct elf_segment *s = elf_find_segment(&f->elf, PT_INTERP);
    *ret = NULL;
    if (!s)
        return 0;
    if (s->file_bytes < 2 || s->file_bytes > PATH_MAX || s->offset > INT64_MAX)
        return fail(f, ENOEXEC, "has no good name of an interpreter");
    char *name = malloc(s->file_bytes);
    if (!name)
        return fail_errno(f, ENOMEM);
    ssize_t n = pread(f->fd, name, s->file_bytes, (off_t)s->offset);
    if (n != (ssize_t)s->file_bytes || name[n - 1]) {
        free(name);
        return fail(f, n < 0 ? EIO : ENOEXEC, "has no good name of an interpreter");
    }
    *ret = name;
    return 0;
}

/* ---- scripts --------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* "#! interpreter [one argument]"; false: no such line. Strings are owned. */
static bool read_script(const struct program_file *f, char **ret_interp, char **ret_arg)
{
    const uint8_t *b = f->head, *end = b + f->head_bytes;
    if (f->head_bytes < 3 || b[0] != '#' || b[1] != '!')
        return false;
    const uint8_t *line = memchr(b, '\n', f->head_bytes);
    bool cut = !line && f->head_bytes == sizeof f->head; /* the line may be longer */
    if (line)
        end = line;
    for (b += 2; b < end && is_blank(*b);)
        b++;
    const uint8_t *word = b;
    while (b < end && !is_blank(*b) && *b)
        b++;
    if (b == word || (cut && b == end))
        return false;
    *ret_interp = strndup((const char *)word, (size_t)(b - word));
    while (b < end && is_blank(*b))
        b++;
    while (end > b && is_blank(end[-1]))
        end--;
    size_t n = strnlen((const char *)b, (size_t)(end - b));
    *ret_arg = n ? strndup((const char *)b, n) : NULL;
    return true;
}

/* "#!" and the end of the file: to the kernel an empty name, which is the current folder. */
static bool names_nothing(const struct program_file *f)
{
    size_t n = 2;
    while (n < f->head_bytes && is_blank(f->head[n]))
        n++;
    return f->head_bytes >= 2 && !memcmp(f->head, "#!", 2) && n == f->head_bytes &&
           n < sizeof f->head;
}

static size_t count(char *const *words)
{
    size_t n = 0;
    while (words[n])
        n++;
    return n;
}

static char **copy_words(char *const *words, size_t room)
{
    size_t n = count(words);
    char **copy = calloc(room + n + 1, sizeof *copy);
    for (size_t i = 0; copy && i < n; i++)
        copy[room + i] = strdup(words[i]);
    return copy;
}

static void free_words(char **words)
{
    for (char **w = words; words && *w; w++)
        free(*w);
    free(words);
}

/* The interpreter, its argument and the script's name take the place of argv[0]. */
static char **script_argv(char **argv, char *interp, char *arg, const char *script)
{
    size_t head = arg ? 3 : 2, n = count(argv), keep = n ? n - 1 : 0;
    char **now = calloc(head + keep + 1, sizeof *now);
    if (!now)
        return NULL;
    now[0] = interp;
    now[1] = arg;
    now[head - 1] = strdup(script);
    for (size_t i = 0; i < keep; i++)
        now[head + i] = argv[i + 1];
    if (n)
        free(argv[0]);
    free(argv);
    return now;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int choose(struct process *p, struct program_plan *plan)
{
    struct program_file *f = &plan->file;
    const struct elf_file *e = &f->elf;
    plan->target = bp_target_for_elf(p, e->machine, e->bits, e->big_endian);
    if (plan->target)
        return 0;
    plan->kind = PROGRAM_NATIVE;
    if (e->machine == bp_linux_host_->elf_machine)
        return 0;
    const char *name = elf_machine_name(e->machine, e->bits, e->big_endian);
    if (name)
        snprintf(f->why, sizeof f->why, "is a program for %s: no installed plugin provides that "
                 "target (-list-plugins shows what there is)", name);
    else
        snprintf(f->why, sizeof f->why, "is a program for ELF machine %u (%u bits), which no "
                 "installed plugin provides", e->machine, e->bits);
    return -ENOEXEC;
}

int program_plan(struct process *p, const char *name, int fd, char *const *argv,
                 struct program_plan *ret)
{
    struct program_plan plan = { .file.fd = -1, .argv = copy_words(argv, 0) };
    char *next = strdup(name);
    int r = plan.argv && next ? 0 : fail_errno(&plan.file, ENOMEM);
    for (unsigned round = 0; !r; round++) {
        char *interp, *arg;
        r = round > SCRIPTS_MAX
                ? fail(&plan.file, ELOOP, "is a script for a script for a script ...")
                : program_open(p, next, fd, &plan.file);
        fd = -1;
        if (r < 0 || plan.file.is_elf)
            break;
        if (names_nothing(&plan.file)) {
            r = fail(&plan.file, EACCES, "is a script that names no interpreter");
            break;
        }
        if (!read_script(&plan.file, &interp, &arg)) {
            r = fail(&plan.file, ENOEXEC, !plan.file.head_bytes ? "is empty"
                                          : "is neither an ELF file nor a script");
            break;
        }
        free(next);
        next = interp ? strdup(interp) : NULL;
        char **words = script_argv(plan.argv, interp, arg, plan.file.name);
        program_close(&plan.file);
        plan.argv = words;
        if (!words || !next)
            r = fail_errno(&plan.file, ENOMEM);
    }
    free(next);
    if (!r)
        r = choose(p, &plan);
    if (r < 0)
        program_plan_clear(&plan);
    *ret = plan;
    return r;
}

void program_plan_clear(struct program_plan *plan)
{
    program_close(&plan->file);
    free_words(plan->argv);
    plan->argv = NULL;
}
