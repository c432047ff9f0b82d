/* SPDX-License-Identifier: MIT */
/* semihosting-files.c: the calls on handles. A handle is a file of the host, the console, or the list of
 * features, which looks like a file. */
#include "semihosting.h"

#include <backplane/files.h>

#include <errno.h>
#include <string.h>

#define CHUNK 4096

/* The file ":semihosting-features": exits have codes in a block; ":tt" is output and error apart. */
static const uint8_t features[] = { 0x53, 0x48, 0x46, 0x42, 0x03 };

/* Handles are taken and freed under the part's lock; what is behind one is used without. */
static uint64_t add_handle(struct semihosting *s, struct handle handle)
{
    uint64_t number = 0;
    bp_lock(s);
    for (unsigned i = 0; i < HANDLES && !number; i++)
        if (s->handles[i].kind == HANDLE_FREE) {
            s->handles[i] = handle;
            number = i + 1;
        }
    bp_unlock(s);
    return number;
}

/* The handle of the block's first field, to be let go again. NULL where the call has failed by that. */
static struct handle *hold_handle(struct job *j)
{
    uint64_t i = j->word[0] - 1;
    struct handle *h = i < HANDLES ? &j->s->handles[i] : NULL;
    bp_lock(j->s);
    if (h && (h->kind == HANDLE_FREE || h->closing))
        h = NULL;
    if (h)
        h->users++;
    bp_unlock(j->s);
    if (!h)
        fail(j, EBADF);
    return h;
}

/* 0, or -errno where that closed it. */
static int let_go(struct semihosting *s, struct handle *h, bool close)
{
    int file = -1;
    bp_lock(s);
    h->closing |= close;
    if (!--h->users && h->closing) {
        file = h->kind == HANDLE_FILE ? h->file : -1;
        *h = (struct handle){ .kind = HANDLE_FREE };
    }
    bp_unlock(s);
    return file < 0 ? 0 : bp_file_close(s, file);
}

static bool get_path(struct job *j, uint64_t va, uint64_t n, char path[PATH_BYTES])
{
    if (n >= PATH_BYTES) {
        fail(j, ENAMETOOLONG);
        return false;
    }
    if (!mem_read(j, va, path, n)) {
        fail(j, EFAULT);
        return false;
    }
    path[n] = '\0';
    return true;
}

static int open_file(struct semihosting *s, const char *path, uint64_t mode, struct handle *ret)
{
    /* as fopen() has them: r rb r+ r+b w wb w+ w+b a ab a+ a+b */
    static const uint8_t flags[] = {
        BP_FILE_READ, BP_FILE_READ | BP_FILE_WRITE,
        BP_FILE_WRITE | BP_FILE_CREATE | BP_FILE_TRUNCATE,
        BP_FILE_READ | BP_FILE_WRITE | BP_FILE_CREATE | BP_FILE_TRUNCATE,
        BP_FILE_WRITE | BP_FILE_CREATE | BP_FILE_APPEND,
        BP_FILE_READ | BP_FILE_WRITE | BP_FILE_CREATE | BP_FILE_APPEND,
    };
    if (mode > 11)
        return -EINVAL;
    if (!strcmp(path, ":tt")) {
        ret->kind = mode < 4 ? HANDLE_IN : mode < 8 ? HANDLE_OUT : HANDLE_ERR;
        return 0;
    }
    if (!strcmp(path, ":semihosting-features")) {
        ret->kind = HANDLE_FEATURES;
        return mode < 2 ? 0 : -EACCES;
    }
    ret->kind = HANDLE_FILE;
    ret->file = bp_file_open(s, path, flags[mode >> 1]);
    return ret->file < 0 ? ret->file : 0;
}

void op_open(struct job *j)
{
    char path[PATH_BYTES];
    struct handle handle = { .kind = HANDLE_FREE };
    if (!get_words(j, 3) || !get_path(j, j->word[0], j->word[2], path))
        return;
    int r = open_file(j->s, path, j->word[1], &handle);
    if (r < 0) {
        fail(j, -r);
        return;
    }
    j->call->result = add_handle(j->s, handle);
    if (j->call->result)
        return;
    if (handle.kind == HANDLE_FILE)
        bp_file_close(j->s, handle.file);
    fail(j, EMFILE);
}

void op_close(struct job *j)
{
    struct handle *h = get_words(j, 1) ? hold_handle(j) : NULL;
    int r = h ? let_go(j->s, h, true) : 0;
    if (r < 0)
        fail(j, -r);
}

/* The result of WRITE and READ is how many bytes were not transferred. */
void op_write(struct job *j)
{
    uint8_t chunk[CHUNK];
    struct handle *h = get_words(j, 3) ? hold_handle(j) : NULL;
    uint64_t va = j->word[1], left = j->word[2];
    if (!h)
        return;
    while (left) {
        uint64_t n = left < CHUNK ? left : CHUNK;
        int64_t done = -EBADF;
        if (!mem_read(j, va, chunk, n)) {
            done = -EFAULT;
        } else if (h->kind == HANDLE_FILE) {
            done = bp_file_write(j->s, h->file, chunk, n);
        } else if (h->kind == HANDLE_OUT || h->kind == HANDLE_ERR) {
            console_write(j->s, h->kind == HANDLE_OUT ? 1 : 2, chunk, n);
            done = (int64_t)n;
        }
        if (done < 0)
            j->s->error = (uint32_t)-done;
        if (done <= 0)
            break;
        va += (uint64_t)done;
        left -= (uint64_t)done;
    }
    let_go(j->s, h, false);
    j->call->result = left;
}

static uint64_t read_features(struct semihosting *s, struct handle *h, uint64_t n, uint8_t *buf)
{
    bp_lock(s);
    uint64_t left = h->at < sizeof features ? sizeof features - h->at : 0;
    n = n < left ? n : left;
    if (n)
        memcpy(buf, features + h->at, n);
    h->at += n;
    bp_unlock(s);
    return n;
}

static uint64_t read_console(struct semihosting *s, uint64_t n, uint8_t *buf)
{
    bp_lock(s);
    bool was_full = s->input_count == INPUT;
    if (n > s->input_count)
        n = s->input_count;
    memcpy(buf, s->input, n);
    s->input_count -= (uint32_t)n;
    memmove(s->input, s->input + n, s->input_count);
    if (was_full && n)
        bp_chardev_room_changed(s->chardev);
    bp_unlock(s);
    return n;
}

/* Bytes from a handle, fewer than n where there are no more now; -EAGAIN: wait for some. */
static int64_t read_some(struct semihosting *s, struct handle *h, uint8_t *buf, uint64_t n)
{
    if (h->kind == HANDLE_FILE)
        return bp_file_read(s, h->file, buf, n);
    if (h->kind == HANDLE_FEATURES)
        return (int64_t)read_features(s, h, n, buf);
    if (h->kind != HANDLE_IN)
        return -EBADF;
    int64_t got = (int64_t)read_console(s, n, buf);
    return got || !s->chardev ? got : -EAGAIN;
}

enum bp_semihosting_result op_read(struct job *j)
{
    uint8_t chunk[CHUNK];
    struct handle *h = get_words(j, 3) ? hold_handle(j) : NULL;
    uint64_t va = j->word[1], left = j->word[2];
    bool more = h, wait = false;
    while (left && more) {
        uint64_t n = left < CHUNK ? left : CHUNK;
        int64_t got = read_some(j->s, h, chunk, n);
        wait = got == -EAGAIN && left == j->word[2];
        more = got == (int64_t)n;
        if (got > 0 && !mem_write(j, va, chunk, (uint64_t)got))
            got = -EFAULT;
        if (got < 0 && got != -EAGAIN)
            j->s->error = (uint32_t)-got;
        if (got <= 0)
            break;
        va += (uint64_t)got;
        left -= (uint64_t)got;
    }
    if (!h)
        return BP_SEMIHOSTING_DONE;
    let_go(j->s, h, false);
    j->call->result = left;
    return wait ? BP_SEMIHOSTING_AGAIN : BP_SEMIHOSTING_DONE;
}

void op_istty(struct job *j)
{
    struct handle *h = get_words(j, 1) ? hold_handle(j) : NULL;
    if (!h)
        return;
    j->call->result = h->kind == HANDLE_FILE ? bp_file_is_terminal(j->s, h->file)
                                             : h->kind != HANDLE_FEATURES;
    let_go(j->s, h, false);
}

void op_seek(struct job *j)
{
    struct handle *h = get_words(j, 2) ? hold_handle(j) : NULL;
    int64_t r = -ESPIPE;
    if (!h)
        return;
    if (h->kind == HANDLE_FILE)
        r = bp_file_seek(j->s, h->file, j->word[1]);
    if (h->kind == HANDLE_FEATURES) {
        bp_lock(j->s);
        h->at = j->word[1];
        bp_unlock(j->s);
        r = 0;
    }
    let_go(j->s, h, false);
    if (r < 0)
        fail(j, (int)-r);
}

void op_flen(struct job *j)
{
    struct handle *h = get_words(j, 1) ? hold_handle(j) : NULL;
    if (!h)
        return;
    int64_t n = h->kind == HANDLE_FILE ? bp_file_length(j->s, h->file)
              : h->kind == HANDLE_FEATURES ? (int64_t)sizeof features : -ESPIPE;
    let_go(j->s, h, false);
    if (n < 0)
        fail(j, (int)-n);
    else
        j->call->result = (uint64_t)n;
}

void op_remove(struct job *j)
{
    char path[PATH_BYTES];
    if (!get_words(j, 2) || !get_path(j, j->word[0], j->word[1], path))
        return;
    int r = bp_file_remove(j->s, path);
    if (r < 0)
        fail(j, -r);
}

void op_rename(struct job *j)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    if (!get_words(j, 4) || !get_path(j, j->word[0], j->word[1], from) ||
        !get_path(j, j->word[2], j->word[3], to))
        return;
    int r = bp_file_rename(j->s, from, to);
    if (r < 0)
        fail(j, -r);
}

void files_close_all(struct semihosting *s)
{
    for (unsigned i = 0; i < HANDLES; i++) {
        if (s->handles[i].kind == HANDLE_FILE)
            bp_file_close(s, s->handles[i].file);
        s->handles[i] = (struct handle){ .kind = HANDLE_FREE };
    }
}
