/* SPDX-License-Identifier: MIT */
/* semihosting.h: what the files of this part share. */
#ifndef DEVICES_SEMIHOSTING_H
#define DEVICES_SEMIHOSTING_H

#include <backplane/bus/semihosting.h>
#include <backplane/chardev.h>
#include <backplane/device.h>

enum { HANDLES = 64, INPUT = 256, PATH_BYTES = 4096, CMDLINE_BYTES = 4096 };

enum handle_kind { HANDLE_FREE = 0, HANDLE_FILE, HANDLE_IN, HANDLE_OUT, HANDLE_ERR, HANDLE_FEATURES };

struct handle {
    uint32_t kind;   /* enum handle_kind */
    int32_t file;    /* of the host */
    uint32_t users;  /* calls that are using it: who closes it meanwhile leaves that to the last */
    bool closing;
    uint64_t at;     /* HANDLE_FEATURES: offset */
};

struct semihosting {
    bool enable, userspace;
    uint32_t target; /* enum: auto, native */
    const char *arg; /* lines */
    char cmdline[CMDLINE_BYTES];
    struct bp_chardev *chardev;
    struct handle handles[HANDLES]; /* number n is n + 1 to the guest */
    uint32_t error;                 /* of the last call that failed: errno */
    uint32_t input_count;
    uint8_t input[INPUT];
};

/* A call in progress. */
struct job {
    struct semihosting *s;
    struct bp_semihosting_call *call;
    uint64_t word[4]; /* parameter block, as far as the op has one */
};

/* Guest memory by virtual address; false where any of it cannot be accessed. */
bool mem_read(struct job *j, uint64_t va, void *buf, uint64_t n);
bool mem_write(struct job *j, uint64_t va, const void *buf, uint64_t n);
/* The first fields of the parameter block, into word[]; false where the call has failed by that. */
bool get_words(struct job *j, unsigned count);

/* semihosting-files.c: the ops on handles; each sets the call's result. */
void op_open(struct job *j);
void op_close(struct job *j);
void op_write(struct job *j);
enum bp_semihosting_result op_read(struct job *j);
void op_istty(struct job *j);
void op_seek(struct job *j);
void op_flen(struct job *j);
void op_remove(struct job *j);
void op_rename(struct job *j);
void files_close_all(struct semihosting *s);

/* To the console: the chardev, or the stream of this program (1, 2) where none is connected. */
void console_write(struct semihosting *s, int stream, const void *buf, size_t n);

static inline void fail(struct job *j, int error)
{
    j->s->error = (uint32_t)error;
    j->call->result = UINT64_MAX;
}

#endif
