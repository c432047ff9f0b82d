/* SPDX-License-Identifier: MIT */
/*
 * semihosting.c: calls by which a program on bare metal uses the host: console, files, time, exit status
 * (Arm ABI, "Semihosting for AArch32 and AArch64", 2023Q3; RISC-V Semihosting 1.0, which refers to it).
 * One part serves the vCPUs of all instruction sets. It is there when the user asks for it: programs then
 * reach the host's files as the user does.
 */
#include "semihosting.h"

#include <backplane/board.h>
#include <backplane/files.h>
#include <backplane/memory.h>
#include <backplane/time.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    OPEN = 0x01, CLOSE = 0x02, WRITEC = 0x03, WRITE0 = 0x04, WRITE = 0x05, READ = 0x06,
    READC = 0x07, ISERROR = 0x08, ISTTY = 0x09, SEEK = 0x0A, FLEN = 0x0C, TMPNAM = 0x0D,
    REMOVE = 0x0E, RENAME = 0x0F, CLOCK = 0x10, TIME = 0x11, SYSTEM = 0x12, LAST_ERROR = 0x13,
    GET_CMDLINE = 0x15, HEAPINFO = 0x16, EXIT = 0x18, EXIT_EXTENDED = 0x20, ELAPSED = 0x30,
    TICKFREQ = 0x31,
};
#define APPLICATION_EXIT 0x20026
#define STRING_MAX (1 << 20) /* of WRITE0 */

/* ---- guest memory --------------------------------------------------------------------------- */

static bool access_memory(struct job *j, uint64_t va, void *buf, uint64_t n, bool write)
{
    uint8_t *p = buf;
    while (n) {
        uint64_t gpa, here;
        if (!j->call->translate(j->call->env, va, write, &gpa, &here) || !here)
            return false;
        uint64_t take = n < here ? n : here;
        bp_lock(j->s);
        int r = write ? bp_dma_write(j->s, gpa, p, take) : bp_dma_read(j->s, gpa, p, take);
        bp_unlock(j->s);
        if (r < 0)
            return false;
        va += take;
        p += take;
        n -= take;
    }
    return true;
}

bool mem_read(struct job *j, uint64_t va, void *buf, uint64_t n)
{
    return access_memory(j, va, buf, n, false);
}

bool mem_write(struct job *j, uint64_t va, const void *buf, uint64_t n)
{
    return access_memory(j, va, (void *)(uintptr_t)buf, n, true);
}

bool get_words(struct job *j, unsigned count)
{
    uint8_t bytes[4 * 8];
    unsigned size = j->call->word_bytes;
    if (count > 4 || size > 8 || !mem_read(j, j->call->arg, bytes, (uint64_t)count * size)) {
        fail(j, EFAULT);
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        j->word[i] = 0;
        for (unsigned b = size; b--;)
            j->word[i] = j->word[i] << 8 | bytes[i * size + b];
    }
    return true;
}

static bool put_word(struct job *j, unsigned i, uint64_t value)
{
    uint8_t bytes[8];
    unsigned size = j->call->word_bytes;
    for (unsigned b = 0; b < 8; b++)
        bytes[b] = (uint8_t)(value >> 8 * b);
    return mem_write(j, j->call->arg + (uint64_t)i * size, bytes, size);
}

/* ---- console -------------------------------------------------------------------------------- */

void console_write(struct semihosting *s, int stream, const void *buf, size_t n)
{
    if (!s->chardev) {
        bp_file_write(s, stream, buf, n);
        return;
    }
    bp_lock(s);
    bp_chardev_write(s->chardev, buf, n);
    bp_unlock(s);
}

static void op_writec(struct job *j)
{
    uint8_t byte;
    if (mem_read(j, j->call->arg, &byte, 1))
        console_write(j->s, 2, &byte, 1);
    else
        fail(j, EFAULT);
}

static void op_write0(struct job *j)
{
    uint8_t chunk[256];
    uint64_t va = j->call->arg;
    size_t n = 0;
    for (unsigned total = 0; total < STRING_MAX; total++) {
        if (!mem_read(j, va++, &chunk[n], 1)) {
            fail(j, EFAULT);
            break;
        }
        if (!chunk[n])
            break;
        if (++n == sizeof chunk) {
            console_write(j->s, 2, chunk, n);
            n = 0;
        }
    }
    if (n)
        console_write(j->s, 2, chunk, n);
}

static enum bp_semihosting_result op_readc(struct job *j)
{
    struct semihosting *s = j->s;
    enum bp_semihosting_result result = BP_SEMIHOSTING_DONE;
    if (!s->chardev) {
        fail(j, ENXIO);
        return result;
    }
    bp_lock(s);
    if (s->input_count) {
        bool was_full = s->input_count == INPUT;
        j->call->result = s->input[0];
        memmove(s->input, s->input + 1, --s->input_count);
        if (was_full)
            bp_chardev_room_changed(s->chardev);
    } else {
        result = BP_SEMIHOSTING_AGAIN;
    }
    bp_unlock(s);
    return result;
}

static size_t chardev_room(void *dev) { return INPUT - ((struct semihosting *)dev)->input_count; }

static void chardev_receive(void *dev, const uint8_t *buf, size_t n)
{
    struct semihosting *s = dev;
    memcpy(s->input + s->input_count, buf, n);
    s->input_count += (uint32_t)n;
}

/* ---- the rest ------------------------------------------------------------------------------- */

static void op_tmpnam(struct job *j)
{
    char name[64];
    uint8_t random[8];
    if (!get_words(j, 3))
        return;
    bp_random(j->s, random, sizeof random);
    size_t n = (size_t)snprintf(name, sizeof name, "/tmp/semihosting-%02x%02x%02x%02x%02x%02x-%02x",
                                random[0], random[1], random[2], random[3], random[4], random[5],
                                (unsigned)j->word[1] & 0xFF);
    if (n >= j->word[2])
        fail(j, ENOSPC);
    else if (!mem_write(j, j->word[0], name, n + 1))
        fail(j, EFAULT);
}

static void op_get_cmdline(struct job *j)
{
    size_t n = strlen(j->s->cmdline);
    if (!get_words(j, 2))
        return;
    if (j->word[1] <= n)
        fail(j, ENOSPC);
    else if (!mem_write(j, j->word[0], j->s->cmdline, n + 1) || !put_word(j, 1, n))
        fail(j, EFAULT);
}

/* Where heap and stack may lie is not known here: zero, which tells the program to decide. */
static void op_heapinfo(struct job *j)
{
    static const uint8_t unknown[4 * 8];
    if (get_words(j, 1) &&
        !mem_write(j, j->word[0], unknown, (uint64_t)4 * j->call->word_bytes))
        fail(j, EFAULT);
}

/* A64 and 64-bit RISC-V give reason and code in a block, the others the reason alone. */
static enum bp_semihosting_result op_exit(struct job *j)
{
    bool block = j->call->word_bytes == 8 || j->call->op == EXIT_EXTENDED;
    uint64_t reason = j->call->arg, code = 0;
    if (block && get_words(j, 2)) {
        reason = j->word[0];
        code = j->word[1];
    }
    bp_request_shutdown(j->s, reason == APPLICATION_EXIT ? (int)(code & 0xFF) : 1);
    return BP_SEMIHOSTING_STOP;
}

static void op_elapsed(struct job *j)
{
    uint64_t ns = (uint64_t)bp_now(j->s, BP_CLOCK_VIRTUAL);
    bool ok = put_word(j, 0, ns);
    if (ok && j->call->word_bytes == 4)
        ok = put_word(j, 1, ns >> 32);
    if (!ok)
        fail(j, EFAULT);
}

static enum bp_semihosting_result refuse(struct job *j, const char *what)
{
    bp_log(j->s, BP_LOG_UNIMP, "call 0x%x: %s", j->call->op, what);
    fail(j, ENOSYS);
    return BP_SEMIHOSTING_DONE;
}

static enum bp_semihosting_result run(struct job *j)
{
    struct bp_semihosting_call *c = j->call;
    switch (c->op) {
    case OPEN: op_open(j); break;
    case CLOSE: op_close(j); break;
    case WRITEC: op_writec(j); break;
    case WRITE0: op_write0(j); break;
    case WRITE: op_write(j); break;
    case READ: return op_read(j);
    case READC: return op_readc(j);
    case ISERROR:
        if (get_words(j, 1))
            c->result = j->word[0] >> (8 * c->word_bytes - 1);
        break;
    case ISTTY: op_istty(j); break;
    case SEEK: op_seek(j); break;
    case FLEN: op_flen(j); break;
    case TMPNAM: op_tmpnam(j); break;
    case REMOVE: op_remove(j); break;
    case RENAME: op_rename(j); break;
    case CLOCK: c->result = (uint64_t)bp_now(j->s, BP_CLOCK_VIRTUAL) / 10000000; break;
    case TIME: c->result = (uint64_t)(bp_now(j->s, BP_CLOCK_HOST) / BP_NS_PER_S); break;
    case SYSTEM: return refuse(j, "a program may not run the host's commands");
    case LAST_ERROR: c->result = j->s->error; break;
    case GET_CMDLINE: op_get_cmdline(j); break;
    case HEAPINFO: op_heapinfo(j); break;
    case EXIT:
    case EXIT_EXTENDED: return op_exit(j);
    case ELAPSED: op_elapsed(j); break;
    case TICKFREQ: c->result = BP_NS_PER_S; break;
    default: return refuse(j, "no such call");
    }
    return BP_SEMIHOSTING_DONE;
}

/* vCPUs call at the same time; files may make one wait, but not the others' console. */
static enum bp_semihosting_result call(void *dev, struct bp_semihosting_call *c)
{
    struct semihosting *s = dev;
    struct job job = { .s = s, .call = c };
    if (!s->enable || (c->user && !s->userspace) || (c->word_bytes != 4 && c->word_bytes != 8))
        return BP_SEMIHOSTING_REFUSED;
    c->result = 0;
    return run(&job);
}

/* ---- life ----------------------------------------------------------------------------------- */

/* The program's words: arg=..., one each; without, what a kernel would have got. */
static int load(void *dev)
{
    struct semihosting *s = dev;
    const char *kernel = s->arg ? NULL : bp_board_option(s, "kernel");
    const char *append = s->arg ? NULL : bp_board_option(s, "append");
    size_t n = s->arg ? strlen(s->arg)
                      : (kernel ? strlen(kernel) : 0) + (append ? strlen(append) + 1 : 0);
    if (n >= sizeof s->cmdline)
        return bp_fail(s, E2BIG, "the command line has %zu bytes, %d are the most", n,
                       CMDLINE_BYTES - 1);
    if (s->arg)
        memcpy(s->cmdline, s->arg, n + 1);
    else
        snprintf(s->cmdline, sizeof s->cmdline, "%s%s%s", kernel ? kernel : "", append ? " " : "",
                 append ? append : "");
    for (char *p = s->cmdline; *p; p++)
        if (*p == '\n')
            *p = ' ';
    return 0;
}

static void semihosting_reset(void *dev)
{
    struct semihosting *s = dev;
    files_close_all(s);
    s->error = 0;
}

static int semihosting_post_load(void *dev)
{
    struct semihosting *s = dev;
    if (s->input_count > INPUT)
        return bp_fail(s, EINVAL, "saved input has %u bytes, %d fit", s->input_count, INPUT);
    return 0;
}

static void semihosting_unrealize(void *dev) { files_close_all(dev); }

static const struct bp_semihosting api = { sizeof api, 0, call };
static const struct bp_offer offers[] = {
    { .name = "calls", .id = BP_SEMIHOSTING_ID, .api = &api },
};
static const struct bp_prop props[] = {
    BP_BOOL(struct semihosting, enable, true, "off: as if the part were not there"),
    BP_ENUM(struct semihosting, target, 0, "auto|native", "who carries calls out: this program"),
    BP_LIST(struct semihosting, arg, "a word of the program's command line; may be repeated"),
    BP_BOOL(struct semihosting, userspace, false, "also for unprivileged programs"),
};
static const struct bp_port ports[] = {
    BP_CHARDEV(struct semihosting, chardev, chardev_room, chardev_receive),
};
static const struct bp_saved saved[] = {
    BP_SAVED(struct semihosting, error, 1), BP_KEPT(struct semihosting, input_count, 1),
    BP_KEPT(struct semihosting, input, 1), BP_TRANSIENT(struct semihosting, cmdline),
    BP_TRANSIENT(struct semihosting, handles),
};

BP_DEVICE_IN(semihosting, "semihosting", "misc", "Semihosting: console, files and exit status",
             .flags = BP_DEVICE_USER, .state_size = sizeof(struct semihosting),
             .props = BP_ROWS(props), .ports = BP_ROWS(ports), .offers = BP_ROWS(offers),
             .saved = BP_ROWS(saved), .reset = semihosting_reset,
             .post_load = semihosting_post_load, .unrealize = semihosting_unrealize, .load = load);
BP_PLUGIN("semihosting", "1.0", "MIT");
