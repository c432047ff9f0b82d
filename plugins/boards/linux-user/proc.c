/* SPDX-License-Identifier: MIT */
/*
 * proc.c: files of /proc as the guest has to see them: those of its own process that tell of
 * addresses and arguments, and the processor's. They are made when they are opened, as files in
 * memory. The others are the host's.
 */
#include "areas.h"
#include "debug.h"
#include "linux-user.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- which file ------------------------------------------------------------------------------ */

/* What is behind "self/", "thread-self/" or our own number, also with "task/TID/"; NULL: not ours. */
static const char *own_file(const struct task *t, const char *path)
{
    char id[24];
    size_t n;
    if (strncmp(path, "/proc/", 6))
        return NULL;
    path += 6;
    n = (size_t)snprintf(id, sizeof id, "%d/", (int)getpid());
    if (!strncmp(path, "self/", 5))
        path += 5;
    else if (!strncmp(path, id, n))
        path += n;
    else if (!strncmp(path, "thread-self/", 12))
        return path + 12;
    else
        return NULL;
    if (strncmp(path, "task/", 5))
        return path;
    n = (size_t)snprintf(id, sizeof id, "%d/", (int)t->tid);
    return strncmp(path + 5, id, n) ? NULL : path + 5 + n;
}

/* ---- maps ------------------------------------------------------------------------------------ */

/* A line of the guest's: those that the host has cut are joined. */
struct line {
    uint64_t start, end, offset;
    uint32_t prot;
    char shared;          /* 's' or 'p' */
    char device[16], file[4096];
    unsigned long inode;
};

struct maps {
    struct process *p;
    FILE *out;
    struct line last;     /* not printed yet; empty: start == end */
};

static const char *file_of(const struct process *p, const struct line *l)
{
    if (*l->file)
        return l->file;
    if (l->start < p->stack_top && l->end >= p->stack_top)
        return "[stack]";
    if (l->start < p->brk_end && l->end > p->brk_start)
        return "[heap]";
    return "";
}

static void print_last(struct maps *m)
{
    const struct line *l = &m->last;
    if (l->start == l->end)
        return;
    int n = fprintf(m->out, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " %s %lu ", l->start,
                    l->end, l->prot & PROT_READ ? 'r' : '-', l->prot & PROT_WRITE ? 'w' : '-',
                    l->prot & PROT_EXEC ? 'x' : '-', l->shared, l->offset, l->device, l->inode);
    const char *file = file_of(m->p, l);
    if (*file)
        fprintf(m->out, "%*s%s", n < 73 ? 73 - n : 0, "", file);
    fputc('\n', m->out);
}

static void add_line(struct maps *m, const struct line *l)
{
    struct line *last = &m->last;
    bool anonymous = !l->inode;
    if (last->end == l->start && last->start != last->end && last->prot == l->prot &&
        last->shared == l->shared && last->inode == l->inode && !strcmp(last->file, l->file) &&
        !strcmp(last->device, l->device) &&
        (anonymous || last->offset + (last->end - last->start) == l->offset)) {
        last->end = l->end;
        return;
    }
    print_last(m);
    *last = *l;
}

/* What of a line of the host's is the guest's. */
static void take_line(struct maps *m, const struct line *host)
{
    struct area area;
    for (uint64_t at = host->start; space_next(m->p, at, &area) && area.start < host->end;
         at = area.end) {
        struct line l = *host;
        l.start = area.start > host->start ? area.start : host->start;
        l.end = area.end < host->end ? area.end : host->end;
        if (l.inode)
            l.offset += l.start - host->start;
        l.prot = area.prot;
        add_line(m, &l);
    }
}

static void write_maps(struct task *t, FILE *out)
{
    struct process *p = t->process;
    struct maps m = { .p = p, .out = out };
    uint64_t base = (uint64_t)(uintptr_t)p->base;
    char *text = NULL, access[8];
    size_t room = 0;
    FILE *f = fopen("/proc/self/maps", "re");
    while (f && getline(&text, &room, f) > 0) {
        struct line l = { 0 };
        int at = 0;
        if (sscanf(text, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %15s %lu %n", &l.start, &l.end,
                   access, &l.offset, l.device, &l.inode, &at) < 6)
            continue;
        if (l.end <= base || l.start - base >= p->limit)
            continue;
        text[strcspn(text, "\n")] = '\0';
        snprintf(l.file, sizeof l.file, "%s", l.inode ? text + at : "");
        l.shared = access[3];
        l.start -= base;
        l.end -= base;
        take_line(&m, &l);
    }
    print_last(&m);
    if (f)
        fclose(f);
    free(text);
}

/* ---- others ---------------------------------------------------------------------------------- */

/* What the program's memory holds now: it may have written a new title there. */
static void write_memory(struct task *t, FILE *out, uint64_t start, uint64_t end)
{
    char buf[4096];
    while (start < end) {
        size_t n = end - start < sizeof buf ? (size_t)(end - start) : sizeof buf;
        if (guest_read(t, start, buf, n) < 0)
            return;
        fwrite(buf, 1, n, out);
        start += n;
    }
}

static void write_cmdline(struct task *t, FILE *out)
{
    write_memory(t, out, t->process->args_start, t->process->args_end);
}

static void write_environ(struct task *t, FILE *out)
{
    write_memory(t, out, t->process->env_start, t->process->env_end);
}

static void write_auxv(struct task *t, FILE *out)
{
    const struct process *p = t->process;
    bool big = p->target->flags & BP_TARGET_BIG_ENDIAN;
    unsigned word = p->target->bits / 8;
    for (uint32_t i = 0; i < 2 * p->auxv_count; i++)
        for (unsigned b = 0; b < word; b++)
            fputc((int)(p->auxv[i / 2][i % 2] >> 8 * (big ? word - 1 - b : b) & 255), out);
}

/* The host's line with our addresses in it (proc(5)). */
static void write_stat(struct task *t, FILE *out)
{
    const struct process *p = t->process;
    const struct {
        unsigned field;
        uint64_t value;
    } own[] = {
        { 26, p->code_start }, { 27, p->code_end }, { 28, p->auxv_count ? p->args_start : 0 },
        { 29, 0 }, { 30, 0 }, { 45, p->data_start }, { 46, p->data_end }, { 47, p->brk_start },
        { 48, p->args_start }, { 49, p->args_end }, { 50, p->env_start }, { 51, p->env_end },
    };
    char text[2048];
    FILE *f = fopen("/proc/thread-self/stat", "re");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    char *rest = strrchr(text, ')'), *word, *save = NULL;
    if (!rest)
        return;
    fprintf(out, "%.*s", (int)(rest + 1 - text), text);
    unsigned field = 3, next = 0;
    for (word = strtok_r(rest + 1, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
        if (next < sizeof own / sizeof *own && own[next].field == field)
            fprintf(out, " %" PRIu64, own[next++].value);
        else
            fprintf(out, " %s", word);
        field++;
    }
    fputc('\n', out);
}

static void write_cpuinfo(struct task *t, FILE *out)
{
    const struct bp_linux_abi *abi = t->process->abi;
    char buf[4096];
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    for (long i = 0; i < n; i++)
        fwrite(buf, 1, abi->cpuinfo(t->env, (uint32_t)i, buf, sizeof buf), out);
}

/* ---- opening --------------------------------------------------------------------------------- */

static const struct made {
    const char *name; /* in the process's own folder */
    void (*write)(struct task *t, FILE *out);
} made[] = {
    { "maps", write_maps }, { "cmdline", write_cmdline }, { "environ", write_environ },
    { "auxv", write_auxv }, { "stat", write_stat },
};

static void (*maker(const struct task *t, const char *path))(struct task *t, FILE *out)
{
    const char *own = own_file(t, path);
    for (size_t i = 0; own && i < sizeof made / sizeof *made; i++)
        if (!strcmp(own, made[i].name))
            return made[i].write;
    if (!own && !strcmp(path, "/proc/cpuinfo") && t->process->abi->cpuinfo)
        return write_cpuinfo;
    return NULL;
}

/* A descriptor to read it from, at the lowest free number as open() would give. */
static int64_t make_file(struct task *t, const char *path, int flags,
                         void (*write)(struct task *t, FILE *out))
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return -ENOMEM;
    write(t, out);
    if (fclose(out)) {
        free(text);
        return -ENOMEM;
    }
    int fd = memfd_create(strrchr(path, '/') + 1, flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
    int64_t r = fd < 0 ? -errno : fd;
    for (size_t done = 0; r >= 0 && done < n;) {
        ssize_t k = pwrite(fd, text + done, n - done, (off_t)done);
        if (k < 0)
            r = -errno;
        else
            done += (size_t)k;
    }
    if (r < 0 && fd >= 0)
        close(fd);
    free(text);
    return r;
}

char *proc_text(struct task *t, const char *path, size_t *ret_n)
{
    void (*write)(struct task *t, FILE *out) = maker(t, path);
    char *text = NULL;
    FILE *out = write ? open_memstream(&text, ret_n) : NULL;
    if (!out)
        return NULL;
    write(t, out);
    fclose(out);
    return text;
}

int proc_open(struct task *t, const char *path, int flags, int64_t *ret_result)
{
    if (strncmp(path, "/proc/", 6))
        return -1;
    const char *own = own_file(t, path);
    if (own && !strcmp(own, "mem")) {
        /* The host's file, whose offsets are the guest's where guest memory lies at 0. Writing by it
         * heeds no protection, that of translated code included. */
        if (!t->process->base && (flags & O_ACCMODE) == O_RDONLY)
            return -1;
        *ret_result = -EACCES;
        bp_log(t->process, BP_LOG_UNIMP, "%s can be read only, and only with guest memory at host "
               "address 0 (-B)", path);
        return 0;
    }
    void (*write)(struct task *t, FILE *out) = maker(t, path);
    if (!write)
        return -1;
    if ((flags & O_ACCMODE) == O_WRONLY) /* not to be read: the host says whether */
        return -1;
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        *ret_result = -EEXIST;
    else if (flags & O_DIRECTORY)
        *ret_result = -ENOTDIR;
    else
        *ret_result = make_file(t, path, flags, write);
    return 0;
}

int proc_readlink(struct task *t, const char *path, char *buf, size_t size)
{
    const char *own = own_file(t, path);
    if (!own || strcmp(own, "exe"))
        return -1;
    size_t n = strlen(t->process->exe);
    if (n > size)
        n = size;
    memcpy(buf, t->process->exe, n);
    return (int)n;
}
