/* SPDX-License-Identifier: MIT */
/* strace.h: names of flags and layouts of structures, for printing calls. */
#ifndef STRACE_H
#define STRACE_H

#include "calls.h"

#define STRACE_NAMES(X) \
    X(xattr) X(eventfd) X(epoll_create) X(epoll_op) X(open) X(fcntl) X(inotify) X(ioctl) X(flock) \
    X(at) X(at_unlink) X(at_access) X(umount) X(mount) X(fallocate) X(access) X(whence) X(splice) \
    X(clock) X(timer) X(idtype) X(wait) X(clone) X(futex) X(itimer) X(sched) X(sigprocmask) \
    X(priority) X(rlimit) X(rusage) X(prctl) X(ipc) X(ipc_command) X(family) X(socket) X(msg) \
    X(sol) X(mremap) X(keyctl) X(prot) X(map) X(msync) X(madvise) X(rename) X(getrandom) X(memfd) \
    X(membarrier) X(close_range)
#define STRACE_DECLARE_(name) extern const struct names names_##name;
STRACE_NAMES(STRACE_DECLARE_)
#undef STRACE_DECLARE_

extern const char *const signal_names[32]; /* by number, without "SIG" */
extern const char *const errno_names[134]; /* by number */

/* The line being made; what does not fit is left out. */
struct text {
    char *buf;
    size_t n, size;
};
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* At most `max` of n bytes as a C string. */
void text_bytes(struct text *text, const void *p, size_t n, size_t max);
void text_names(struct text *text, const struct names *names, uint64_t value, bool flags);

enum field_format {
    FIELD_DEC,
    FIELD_UDEC,
    FIELD_HEX,
    FIELD_OCT,
    FIELD_FLAGS,
    FIELD_ENUM,
    FIELD_STRING, /* `size` bytes, ended by a NUL where shorter */
    FIELD_SIGSET,
    FIELD_SIGNAL,
};
struct field {
    const char *name;
    uint16_t offset, size;
    uint32_t format; /* enum field_format */
    const struct names *names;
};
struct layout {
    uint32_t size;      /* bytes of one */
    uint32_t count;
    const struct field *fields;
    /* Instead of fields: n bytes at p. */
    void (*print)(struct text *text, const void *p, size_t n);
};

/* X(name, bytes): sizes are those of 64-bit guests. */
#define STRACE_LAYOUTS(X) \
    X(timespec, 16) X(timespecs, 32) X(itimerspec, 32) X(timeval, 16) X(timezone, 8) \
    X(itimerval, 32) X(rlimit, 16) X(rusage, 144) X(stat, 128) X(statx, 256) X(statfs, 120) \
    X(sysinfo, 112) X(utsname, 390) X(sigset, 8) X(siginfo, 128) X(sigaction, 24) X(stack, 24) \
    X(int, 4) X(status, 4) X(fds, 8) X(u64, 8) X(off, 8) X(pollfd, 8) X(epoll_event, 16) \
    X(iovec, 16) X(sockaddr, 1) X(msghdr, 56) X(mmsghdr, 64) X(sigevent, 64) X(timex, 208) \
    X(tms, 32) X(cap_header, 8) X(cap_data, 24) X(dirents, 1) X(clone_args, 64) X(open_how, 24) \
    X(mq_attr, 64) X(fdset, 1) X(sembuf, 6)
#define STRACE_DECLARE_(name, bytes) extern const struct layout layout_##name;
STRACE_LAYOUTS(STRACE_DECLARE_)
#undef STRACE_DECLARE_
#define STRACE_SIZE_(name, bytes) LAYOUT_SIZE_##name = bytes,
enum { STRACE_LAYOUTS(STRACE_SIZE_) };
#undef STRACE_SIZE_

#endif
