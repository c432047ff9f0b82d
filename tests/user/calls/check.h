/* SPDX-License-Identifier: MIT */
/*
 * check.h: programs that look at system calls from inside. They print results and errors of
 * calls, which must be the same natively and as a guest, and say where something is not as Linux
 * has it. They run in an empty folder.
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failures;

/* An address where nothing is, and one that no program has. */
static void *volatile nowhere = (void *)16, *volatile outside = (void *)~(uintptr_t)0xfff;
#define NOWHERE nowhere
#define OUTSIDE outside

#define CHECK(what)                                                                                \
    do {                                                                                           \
        errno = 0;                                                                                 \
        if (!(what)) {                                                                             \
            failures++;                                                                            \
            printf("%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #what,                          \
                   errno ? strerrorname_np(errno) : "no error");                                   \
        }                                                                                          \
    } while (0)

/* Prints the call with its result. */
#define SHOW(call)                                                                                 \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long result_ = (long)(call);                                                               \
        printf("%s = %ld%s%s\n", #call, result_, result_ == -1 ? " " : "",                         \
               result_ == -1 && errno ? strerrorname_np(errno) : "");                              \
    } while (0)
/* Likewise, where only success or the error is the same everywhere. */
#define SHOW_OK(call)                                                                              \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long result_ = (long)(call);                                                               \
        printf("%s: %s\n", #call, result_ == -1 ? strerrorname_np(errno) : "ok");                  \
    } while (0)

/* Fails with that error. */
#define FAILS(call, error)                                                                         \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long result_ = (long)(call);                                                               \
        if (result_ != -1 || errno != (error)) {                                                   \
            failures++;                                                                            \
            printf("%s:%d: %s = %ld %s, not %s\n", __FILE__, __LINE__, #call, result_,             \
                   errno ? strerrorname_np(errno) : "no error", strerrorname_np(error));           \
        }                                                                                          \
    } while (0)

/* F_GETFL in the numbers that most architectures have. */
static inline int flags_of(int fd)
{
#ifdef __aarch64__
    const int large = 0400000;
#else
    const int large = 0100000;
#endif
    const int bits[][2] = { { O_DIRECTORY, 0200000 }, { O_NOFOLLOW, 0400000 }, { O_DIRECT, 040000 },
                            { large, 0100000 } };
    int flags = fcntl(fd, F_GETFL), result = flags;
    for (int i = 0; flags >= 0 && i < 4; i++)
        result &= ~bits[i][0];
    for (int i = 0; flags >= 0 && i < 4; i++)
        result |= flags & bits[i][0] ? bits[i][1] : 0;
    return result;
}

static int finish(void)
{
    printf("%d failures\n", failures);
    return failures != 0;
}

#endif
