/* SPDX-License-Identifier: MIT */
/*
 * calls.h: the table of system calls (calls.def), and what handlers share.
 *
 * A row says what a call takes and gives. It prints the call for -strace, and where it says all
 * there is, it makes the call: file descriptors that are our own are refused, pointers get the
 * base added, paths are looked up under the sysroot, and the host's call of the same name is
 * made. A pointer that is no good becomes one that is no good to the host, so that its kernel
 * finds the error when it would.
 */
#ifndef CALLS_H
#define CALLS_H

#include "linux-user.h"

#include <sys/syscall.h>
#include <sys/uio.h>

enum arg_kind {
    ARG_NONE = 0,
    ARG_INT,    /* 32 bits, signed */
    ARG_UINT,   /* 32 bits */
    ARG_LONG,   /* 64 bits, signed */
    ARG_SIZE,   /* 64 bits */
    ARG_HEX,
    ARG_MODE,   /* permissions: octal */
    ARG_FD,
    ARG_DIRFD,
    ARG_FLAGS,  /* bits named by `names` */
    ARG_ENUM,   /* one value named by `names` */
    ARG_SIGNAL,
    ARG_ADDRESS,/* a gva that is not followed; only for handlers */
    ARG_PATH,   /* a file's name, looked up under the sysroot */
    ARG_STRING, /* another string that ends with a NUL */
    ARG_STRINGS,/* argv */
    ARG_IN,     /* `size` bytes of `layout`; times argument `by` if it is not NO_BY */
    ARG_OUT,    /* likewise, filled in by the call */
    ARG_INOUT,
    ARG_MEMORY, /* of unknown length, or no access at all: only the base is added */
};
enum { NO_BY = 255 };

struct name_row {
    uint64_t value;
    const char *name;
};
/* Names of flags or of values. */
struct names {
    uint64_t mask;   /* flags: the part that is one value, not bits (O_ACCMODE) */
    const struct name_row *rows;
    size_t count;
};

struct layout; /* strace.h: how a structure is printed */

struct call_arg {
    uint8_t kind; /* enum arg_kind */
    uint8_t by;   /* index of the argument that counts, or NO_BY */
    uint16_t size;
    const struct names *names;
    const struct layout *layout; /* NULL: bytes */
};

enum result_kind { RESULT_INT = 0, RESULT_HEX = 1 };

enum call_flags {
    CALL_OWN_EINTR = 1, /* -EINTR says something else than that a signal came */
    CALL_LEAVES = 2,    /* may not come back: printed before it is made */
    CALL_NO_RESULT = 4, /* sets registers itself */
    CALL_QUIET = 8,     /* refused without a line in the log */
    CALL_BYTES = 16,    /* the result is how much of the OUT buffer has been filled */
};

enum call_how { CALL_PASSED = 0, CALL_HANDLED = 1, CALL_REFUSED = 2 };

struct call_row {
    const char *name;
    int host;           /* SYS_name, or -1 */
    uint8_t count;      /* of arguments */
    uint8_t result;     /* enum result_kind */
    uint16_t flags;     /* enum call_flags */
    uint16_t how;       /* enum call_how */
    uint16_t refuse;    /* CALL_REFUSED: errno */
    call_fn *handler;   /* CALL_HANDLED */
    struct call_arg args[6];
};

/* NULL: a number that is in no table, or a call that has no row. */
const struct call_row *call_row_of(const struct process *p, uint64_t number);
/* Makes the call as its row says, without handler. */
int64_t call_pass(struct task *t, const struct call_row *row, const uint64_t a[6]);

/* State of the calls in a process. */
struct calls;
int calls_init(struct process *p);
/* A log line of class unimp, the first time that this is said. */
void call_unimplemented(struct task *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Pointers for the host's kernel. gva 0: NULL. Outside: an address at which every kernel says
 * -EFAULT. */
#define BAD_POINTER ((void *)~(uintptr_t)0xfff)
void *arg_in(struct task *t, uint64_t gva, uint64_t n);
void *arg_out(struct task *t, uint64_t gva, uint64_t n);
static inline uint64_t ptr_arg(const void *p) { return (uint64_t)(uintptr_t)p; }

/* A path argument for the host: the string or what it is under the sysroot. NULL for gva 0,
 * BAD_POINTER where it cannot be read, too long where it is too long. */
struct host_path {
    char *name;   /* malloc()ed: as the guest said; NULL: there is none */
    const char *host;
    char buf[4096];
};
void host_path_get(struct task *t, uint64_t gva, struct host_path *ret);
void host_path_put(struct host_path *path);
/* Whether the call in progress follows a link at the end of the path argument at that gva.
 * (call_path.c) */
bool call_follows(const struct task *t, uint64_t path);

/* A host call that does not block: result or -errno. */
int64_t quick_call(long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                   uint64_t a5);

/* Descriptors of the emulator's own, which the guest must not see. (call_fd.c) */
int own_fds_find(struct process *p);
bool fd_is_own(const struct process *p, int fd);
/* A descriptor opened later by ourselves (a debugger's connection): moved out of the way; returns
 * where it is now. */
int own_fd_add(struct process *p, int fd);

/* struct iovec of the guest for the host: count entries in iov; -errno where Linux would say so.
 * `out`: the kernel will write there. */
int64_t iov_get(struct task *t, uint64_t gva, uint64_t count, bool out, struct iovec *ret_iov);

/* Open flags, guest to host and back. */
uint32_t open_flags_to_host(const struct process *p, uint32_t guest);
uint32_t open_flags_to_guest(const struct process *p, uint32_t host);

/* -strace (strace.c): what is printed is kept from `enter` to `leave`. */
struct strace_line;
struct strace_line *strace_enter(struct task *t, const struct call_row *row, uint64_t number,
                                 const uint64_t a[6]);
void strace_leave(struct task *t, struct strace_line *line, int64_t result);

/* Handlers, one each row that has one. */
#define CALL(name, result, flags, ...) call_fn call_##name;
#define PASS(name, result, flags, ...)
#define REFUSE(name, error, flags, ...)
#include "calls.def"
#undef CALL
#undef PASS
#undef REFUSE

#endif
