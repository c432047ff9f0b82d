/* SPDX-License-Identifier: MIT */
/* strace_types.c: structures of the generic 64-bit layout, field by field. */
#include "strace.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <linux/netlink.h>

#define DEC(n, o, s) { n, o, s, FIELD_DEC, NULL }
#define UDEC(n, o, s) { n, o, s, FIELD_UDEC, NULL }
#define HEXF(n, o, s) { n, o, s, FIELD_HEX, NULL }
#define OCT(n, o, s) { n, o, s, FIELD_OCT, NULL }
#define STR(n, o, s) { n, o, s, FIELD_STRING, NULL }

#define LAYOUT(name, ...)                                                                          \
    static const struct field fields_##name[] = { __VA_ARGS__ };                                   \
    const struct layout layout_##name = { LAYOUT_SIZE_##name,                                      \
                                          sizeof fields_##name / sizeof *fields_##name,            \
                                          fields_##name, NULL };
#define PRINTED(name)                                                                              \
    const struct layout layout_##name = { LAYOUT_SIZE_##name, 0, NULL, print_##name };

LAYOUT(timespec, DEC("tv_sec", 0, 8), DEC("tv_nsec", 8, 8))
LAYOUT(itimerspec, DEC("it_interval.tv_sec", 0, 8), DEC("tv_nsec", 8, 8),
       DEC("it_value.tv_sec", 16, 8), DEC("tv_nsec", 24, 8))
LAYOUT(timeval, DEC("tv_sec", 0, 8), DEC("tv_usec", 8, 8))
LAYOUT(timezone, DEC("tz_minuteswest", 0, 4), DEC("tz_dsttime", 4, 4))
LAYOUT(itimerval, DEC("it_interval.tv_sec", 0, 8), DEC("tv_usec", 8, 8),
       DEC("it_value.tv_sec", 16, 8), DEC("tv_usec", 24, 8))
LAYOUT(rlimit, UDEC("rlim_cur", 0, 8), UDEC("rlim_max", 8, 8))
LAYOUT(rusage, DEC("ru_utime.tv_sec", 0, 8), DEC("tv_usec", 8, 8), DEC("ru_stime.tv_sec", 16, 8),
       DEC("tv_usec", 24, 8), DEC("ru_maxrss", 32, 8))
LAYOUT(stat, HEXF("st_dev", 0, 8), UDEC("st_ino", 8, 8), OCT("st_mode", 16, 4),
       UDEC("st_nlink", 20, 4), UDEC("st_uid", 24, 4), UDEC("st_gid", 28, 4),
       HEXF("st_rdev", 32, 8), DEC("st_size", 48, 8))
LAYOUT(statx, HEXF("stx_mask", 0, 4), UDEC("stx_nlink", 16, 4), UDEC("stx_uid", 20, 4),
       UDEC("stx_gid", 24, 4), OCT("stx_mode", 28, 2), UDEC("stx_ino", 32, 8),
       UDEC("stx_size", 40, 8))
LAYOUT(statfs, HEXF("f_type", 0, 8), DEC("f_bsize", 8, 8), UDEC("f_blocks", 16, 8),
       UDEC("f_bfree", 24, 8), UDEC("f_bavail", 32, 8), UDEC("f_files", 40, 8),
       UDEC("f_ffree", 48, 8), DEC("f_namelen", 64, 8), DEC("f_frsize", 72, 8))
LAYOUT(sysinfo, DEC("uptime", 0, 8), UDEC("totalram", 32, 8), UDEC("freeram", 40, 8),
       UDEC("procs", 80, 2))
LAYOUT(utsname, STR("sysname", 0, 65), STR("nodename", 65, 65), STR("release", 130, 65),
       STR("version", 195, 65), STR("machine", 260, 65))
LAYOUT(sigset, { "", 0, 8, FIELD_SIGSET, NULL })
LAYOUT(siginfo, { "si_signo", 0, 4, FIELD_SIGNAL, NULL }, DEC("si_errno", 4, 4),
       DEC("si_code", 8, 4), DEC("si_pid", 16, 4), UDEC("si_uid", 20, 4), DEC("si_status", 24, 4))
LAYOUT(sigaction, HEXF("sa_handler", 0, 8), HEXF("sa_flags", 8, 8),
       { "sa_mask", 16, 8, FIELD_SIGSET, NULL })
LAYOUT(stack, HEXF("ss_sp", 0, 8), HEXF("ss_flags", 8, 4), UDEC("ss_size", 16, 8))
LAYOUT(int, DEC("", 0, 4))
LAYOUT(u64, HEXF("", 0, 8))
LAYOUT(off, DEC("", 0, 8))
LAYOUT(pollfd, DEC("fd", 0, 4), HEXF("events", 4, 2), HEXF("revents", 6, 2))
LAYOUT(epoll_event, HEXF("events", 0, 4), HEXF("data", 8, 8))
LAYOUT(iovec, HEXF("iov_base", 0, 8), UDEC("iov_len", 8, 8))
LAYOUT(msghdr, HEXF("msg_name", 0, 8), DEC("msg_namelen", 8, 4), HEXF("msg_iov", 16, 8),
       UDEC("msg_iovlen", 24, 8), HEXF("msg_control", 32, 8), UDEC("msg_controllen", 40, 8),
       { "msg_flags", 48, 4, FIELD_FLAGS, &names_msg })
LAYOUT(mmsghdr, HEXF("msg_name", 0, 8), DEC("msg_namelen", 8, 4), HEXF("msg_iov", 16, 8),
       UDEC("msg_iovlen", 24, 8), HEXF("msg_control", 32, 8), UDEC("msg_controllen", 40, 8),
       { "msg_flags", 48, 4, FIELD_FLAGS, &names_msg }, UDEC("msg_len", 56, 4))
LAYOUT(sigevent, HEXF("sigev_value", 0, 8), { "sigev_signo", 8, 4, FIELD_SIGNAL, NULL },
       DEC("sigev_notify", 12, 4), DEC("sigev_notify_thread_id", 16, 4))
LAYOUT(timex, HEXF("modes", 0, 4), DEC("offset", 8, 8), DEC("freq", 16, 8), DEC("status", 40, 4))
LAYOUT(tms, DEC("tms_utime", 0, 8), DEC("tms_stime", 8, 8), DEC("tms_cutime", 16, 8),
       DEC("tms_cstime", 24, 8))
LAYOUT(cap_header, HEXF("version", 0, 4), DEC("pid", 4, 4))
LAYOUT(cap_data, HEXF("effective", 0, 4), HEXF("permitted", 4, 4), HEXF("inheritable", 8, 4))
LAYOUT(clone_args, { "flags", 0, 8, FIELD_FLAGS, &names_clone }, HEXF("child_tid", 16, 8),
       HEXF("parent_tid", 24, 8), { "exit_signal", 32, 8, FIELD_SIGNAL, NULL },
       HEXF("stack", 40, 8), HEXF("stack_size", 48, 8), HEXF("tls", 56, 8))
LAYOUT(open_how, { "flags", 0, 8, FIELD_FLAGS, &names_open }, OCT("mode", 8, 8),
       HEXF("resolve", 16, 8))
LAYOUT(mq_attr, HEXF("mq_flags", 0, 8), DEC("mq_maxmsg", 8, 8), DEC("mq_msgsize", 16, 8),
       DEC("mq_curmsgs", 24, 8))
LAYOUT(sembuf, UDEC("sem_num", 0, 2), DEC("sem_op", 2, 2), HEXF("sem_flg", 4, 2))

static void print_timespecs(struct text *text, const void *p, size_t n)
{
    int64_t v[4];
    memcpy(v, p, n < sizeof v ? n : sizeof v);
    for (unsigned i = 0; i < 4; i += 2)
        text_add(text, "%s{tv_sec=%" PRId64 ",tv_nsec=%" PRId64 "}", i ? "," : "[", v[i], v[i + 1]);
    text_add(text, "]");
}
PRINTED(timespecs)

static void print_fds(struct text *text, const void *p, size_t n)
{
    int32_t v[2] = { 0 };
    memcpy(v, p, n < sizeof v ? n : sizeof v);
    text_add(text, "[%d,%d]", v[0], v[1]);
}
PRINTED(fds)

/* A wait status. */
static void print_status(struct text *text, const void *p, size_t n)
{
    uint32_t s = 0;
    memcpy(&s, p, n < 4 ? n : 4);
    if (!(s & 0x7f))
        text_add(text, "[exit %u]", s >> 8 & 0xff);
    else if ((s & 0xff) == 0x7f)
        text_add(text, "[stopped %u]", s >> 8 & 0xff);
    else
        text_add(text, "[killed %u%s]", s & 0x7f, s & 0x80 ? ", core" : "");
}
PRINTED(status)

static void print_sockaddr(struct text *text, const void *p, size_t n)
{
    struct sockaddr_storage s;
    char name[INET6_ADDRSTRLEN] = "";
    memset(&s, 0, sizeof s);
    memcpy(&s, p, n < sizeof s ? n : sizeof s);
    const struct sockaddr_in *in = (const void *)&s;
    const struct sockaddr_in6 *in6 = (const void *)&s;
    const struct sockaddr_un *un = (const void *)&s;
    const struct sockaddr_nl *nl = (const void *)&s;
    text_add(text, "{sa_family=");
    text_names(text, &names_family, s.ss_family, false);
    if (s.ss_family == AF_INET)
        text_add(text, ",sin_port=%u,sin_addr=\"%s\"", ntohs(in->sin_port),
                 inet_ntop(AF_INET, &in->sin_addr, name, sizeof name));
    else if (s.ss_family == AF_INET6)
        text_add(text, ",sin6_port=%u,sin6_addr=\"%s\"", ntohs(in6->sin6_port),
                 inet_ntop(AF_INET6, &in6->sin6_addr, name, sizeof name));
    else if (s.ss_family == AF_NETLINK)
        text_add(text, ",nl_pid=%u,nl_groups=0x%x", nl->nl_pid, nl->nl_groups);
    else if (s.ss_family == AF_UNIX && n > 2) {
        bool abstract = !un->sun_path[0];
        size_t max = (n < sizeof *un ? n : sizeof *un) - 2;
        text_add(text, ",sun_path=");
        text_bytes(text, un->sun_path, abstract ? max : strnlen(un->sun_path, max), max);
    }
    text_add(text, "}");
}
PRINTED(sockaddr)

/* struct linux_dirent64 one after the other. */
static void print_dirents(struct text *text, const void *p, size_t n)
{
    const uint8_t *b = p;
    unsigned count = 0;
    text_add(text, "[");
    for (size_t i = 0; i + 19 < n; count++) {
        uint16_t length;
        memcpy(&length, b + i + 16, 2);
        if (length < 20 || length > n - i)
            break;
        text_add(text, count ? "," : "");
        text_bytes(text, b + i + 19, strnlen((const char *)b + i + 19, length - 19u), 64);
        i += length;
    }
    text_add(text, "]");
}
PRINTED(dirents)

/* The first word of a set; -strace knows nothing of nfds here. */
static void print_fdset(struct text *text, const void *p, size_t n)
{
    text_add(text, "0x%02x...", n ? *(const uint8_t *)p : 0);
}
PRINTED(fdset)
