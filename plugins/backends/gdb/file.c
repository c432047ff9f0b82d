/* SPDX-License-Identifier: MIT */
/*
 * file.c: files as the debugged program sees them, for reading (GDB manual, "Host I/O Packets"). The board
 * answers, so that a path below a prefix, or /proc/PID/maps, is the program's. Machines have no files.
 */
#include "gdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES (sizeof ((struct gdb *)0)->files / sizeof *((struct gdb *)0)->files)
/* The protocol's own numbers of errors and flags. */
enum { FILEIO_ENOENT = 2, FILEIO_EBADF = 9, FILEIO_EACCES = 13, FILEIO_EINVAL = 22,
       FILEIO_EMFILE = 24, FILEIO_ENOSYS = 88, FILEIO_EUNKNOWN = 9999 };
#define FILEIO_ACCESS_MODE 3u

static void fail(struct gdb *g, int number)
{
    out_format(&g->out, "F-1,%x", (unsigned)number);
}

static void add_bytes(void *arg, const void *bytes, size_t n)
{
    struct packet_out *o = arg;
    const char *p = bytes;
    for (size_t i = 0; i < n; i++)
        out_char(o, p[i]);
}

void gdb_close_files(struct gdb *g)
{
    for (size_t i = 0; i < FILES; i++) {
        free(g->files[i].bytes);
        memset(&g->files[i], 0, sizeof g->files[i]);
    }
}

static void fail_with(struct gdb *g, int r)
{
    fail(g, r == -ENOENT ? FILEIO_ENOENT : r == -EACCES ? FILEIO_EACCES
          : r == -EINVAL ? FILEIO_EINVAL : FILEIO_EUNKNOWN);
}

/* HEX-PATH */
void cmd_file_link(struct gdb *g, const char *p, size_t n)
{
    uint8_t path[4096];
    struct packet_out bytes = { 0 };
    if (!bp_debug_is_program(g))
        return;
    path[from_hex(p, n, path, sizeof path - 1)] = '\0';
    int r = bp_debug_object(g, g->thread, "link", (const char *)path, add_bytes, &bytes);
    if (r < 0) {
        fail_with(g, r);
    } else {
        out_format(&g->out, "F%x;", (unsigned)bytes.n);
        out_binary(&g->out, bytes.buf ? bytes.buf : "", bytes.n);
    }
    out_free(&bytes);
}

/* HEX-PATH,FLAGS,MODE */
void cmd_file_open(struct gdb *g, const char *p, size_t n)
{
    uint8_t path[4096];
    uint64_t flags = 0;
    size_t count = from_hex(p, strcspn(p, ","), path, sizeof path - 1), i = 0;
    struct packet_out bytes = { 0 };
    if (!bp_debug_is_program(g))
        return;
    path[count] = '\0';
    p += strcspn(p, ",");
    if (!take_word(&p, ",") || !take_hex(&p, &flags)) {
        fail(g, FILEIO_EINVAL);
        return;
    }
    while (i < FILES && g->files[i].open)
        i++;
    if (i == FILES || flags & FILEIO_ACCESS_MODE) {
        fail(g, i == FILES ? FILEIO_EMFILE : FILEIO_EACCES);
        return;
    }
    int r = bp_debug_object(g, g->thread, "file", (const char *)path, add_bytes, &bytes);
    if (r < 0 || bytes.failed) {
        out_free(&bytes);
        fail_with(g, r);
        return;
    }
    g->files[i].open = true;
    g->files[i].bytes = (uint8_t *)bytes.buf;
    g->files[i].n = bytes.n;
    out_format(&g->out, "F%x", (unsigned)i + 3);
}

static bool take_file(struct gdb *g, const char **p, size_t *ret)
{
    uint64_t fd;
    if (take_hex(p, &fd) && fd >= 3 && fd - 3 < FILES && g->files[fd - 3].open) {
        *ret = (size_t)fd - 3;
        return true;
    }
    fail(g, FILEIO_EBADF);
    return false;
}

/* FD,COUNT,OFFSET */
void cmd_file_read(struct gdb *g, const char *p, size_t n)
{
    uint64_t count, offset;
    size_t i;
    if (!bp_debug_is_program(g) || !take_file(g, &p, &i))
        return;
    if (!take_word(&p, ",") || !take_hex(&p, &count) || !take_word(&p, ",") ||
        !take_hex(&p, &offset)) {
        fail(g, FILEIO_EINVAL);
        return;
    }
    uint64_t rest = offset < g->files[i].n ? g->files[i].n - offset : 0;
    if (count > PACKET_MAX / 2 - 32)
        count = PACKET_MAX / 2 - 32;
    if (count > rest)
        count = rest;
    out_format(&g->out, "F%x;", (unsigned)count);
    if (count)
        out_binary(&g->out, g->files[i].bytes + offset, (size_t)count);
}

static void put_big(uint8_t *to, unsigned bytes, uint64_t v)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
}

/* The protocol's struct stat: only kind, size and blocks say something. */
void cmd_file_stat(struct gdb *g, const char *p, size_t n)
{
    uint8_t st[64] = { 0 };
    size_t i;
    if (!bp_debug_is_program(g) || !take_file(g, &p, &i))
        return;
    put_big(st + 8, 4, S_IFREG | 0444);
    put_big(st + 12, 4, 1);
    put_big(st + 28, 8, g->files[i].n);
    put_big(st + 36, 8, 4096);
    put_big(st + 44, 8, (g->files[i].n + 511) / 512);
    out_format(&g->out, "F%x;", (unsigned)sizeof st);
    out_binary(&g->out, st, sizeof st);
}

void cmd_file_close(struct gdb *g, const char *p, size_t n)
{
    size_t i;
    if (!bp_debug_is_program(g) || !take_file(g, &p, &i))
        return;
    free(g->files[i].bytes);
    memset(&g->files[i], 0, sizeof g->files[i]);
    out_text(&g->out, "F0");
}

/* One process, one view of files. */
void cmd_file_setfs(struct gdb *g, const char *p, size_t n)
{
    if (bp_debug_is_program(g))
        out_text(&g->out, "F0");
}

/* The empty reply: not supported. */
void cmd_file_other(struct gdb *g, const char *p, size_t n) { }
