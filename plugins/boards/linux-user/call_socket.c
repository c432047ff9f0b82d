/* SPDX-License-Identifier: MIT */
/* call_socket.c: sockets: addresses with their lengths, messages and their ancillary data,
 * options that hold pointers. */
#include "calls.h"

#include <limits.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Where the kernel puts something of as many bytes as an int of the guest's says, and leaves the
 * true length in it. The length is kept here meanwhile: another thread of the guest may change
 * its own. */
struct sized {
    uint64_t length_gva;
    uint32_t length;
    void *data, *host_length;
};

static void sized_get(struct task *t, uint64_t data, uint64_t length, struct sized *ret)
{
    ret->length_gva = length;
    ret->length = 0;
    ret->host_length = &ret->length;
    if (!length)
        ret->host_length = NULL;
    else if (guest_read(t, length, &ret->length, 4))
        ret->host_length = BAD_POINTER;
    ret->data = arg_out(t, data, (int32_t)ret->length < 0 ? 0 : ret->length);
}

static int64_t sized_put(struct task *t, const struct sized *s, int64_t result)
{
    if (result >= 0 && s->data && s->host_length == &s->length &&
        guest_write(t, s->length_gva, &s->length, 4))
        return -EFAULT;
    return result;
}

static int64_t accept_flags(struct task *t, const uint64_t a[6], uint64_t flags)
{
    struct sized name;
    sized_get(t, a[1], a[2], &name);
    return sized_put(t, &name,
                     host_call(t, SYS_accept4, a[0], ptr_arg(name.data), ptr_arg(name.host_length),
                               flags, 0, 0));
}

int64_t call_accept(struct task *t, const uint64_t a[6])
{
    return accept_flags(t, a, 0);
}

int64_t call_accept4(struct task *t, const uint64_t a[6])
{
    return accept_flags(t, a, a[3]);
}

static int64_t get_name(struct task *t, const uint64_t a[6], long number)
{
    struct sized name;
    sized_get(t, a[1], a[2], &name);
    return sized_put(t, &name,
                     host_call(t, number, a[0], ptr_arg(name.data), ptr_arg(name.host_length), 0, 0,
                               0));
}

int64_t call_getsockname(struct task *t, const uint64_t a[6])
{
    return get_name(t, a, SYS_getsockname);
}

int64_t call_getpeername(struct task *t, const uint64_t a[6])
{
    return get_name(t, a, SYS_getpeername);
}

int64_t call_recvfrom(struct task *t, const uint64_t a[6])
{
    struct sized name;
    sized_get(t, a[4], a[5], &name);
    return sized_put(t, &name,
                     host_call(t, SYS_recvfrom, a[0], ptr_arg(arg_out(t, a[1], a[2])), a[2], a[3],
                               ptr_arg(name.data), ptr_arg(name.host_length)));
}

/* ---- messages
 * ---------------------------------------------------------------------------------- */

/* The kernel's struct msghdr of 64-bit guests. */
struct guest_msghdr {
    uint64_t name;
    int32_t name_length;
    uint32_t pad1;
    uint64_t iov, iov_count, control, control_length;
    uint32_t flags, pad2;
};
struct guest_mmsghdr {
    struct guest_msghdr header;
    uint32_t length, pad;
};
_Static_assert(sizeof(struct guest_msghdr) == 56, "struct user_msghdr has 56 bytes");

/* A message for the host; iov is malloc()ed where it does not fit. */
struct message {
    struct guest_msghdr guest;
    struct msghdr *host;
    struct iovec *iov, few[16];
};

/* -EBADF where descriptors of our own would be handed out. */
static int64_t check_rights(struct task *t, uint64_t gva, uint64_t n)
{
    struct {
        uint64_t length;
        int32_t level, type;
    } head;
    for (uint64_t at = 0; n - at >= sizeof head && n >= at;) {
        if (guest_read(t, gva + at, &head, sizeof head))
            return 0; /* the kernel will say so */
        if (head.length < sizeof head || head.length > n - at)
            return 0;
        for (uint64_t i = sizeof head; head.level == SOL_SOCKET && head.type == SCM_RIGHTS &&
                                       i + 4 <= head.length && i < sizeof head + 4 * 253;
             i += 4) {
            int32_t fd;
            if (!guest_read(t, gva + at + i, &fd, 4) && fd_is_own(t->process, fd))
                return -EBADF;
        }
        at += (head.length + 7) & ~UINT64_C(7);
    }
    return 0;
}

static int64_t message_vector(struct task *t, struct message *m, bool receive)
{
    uint64_t count = m->guest.iov_count;
    m->host->msg_iovlen = count;
    m->host->msg_iov = BAD_POINTER;
    if (count > IOV_MAX)
        return 0; /* -EMSGSIZE by the kernel */
    if (count > sizeof m->few / sizeof *m->few && !(m->iov = malloc(count * sizeof *m->iov)))
        return -ENOMEM;
    struct iovec *iov = m->iov ? m->iov : m->few;
    if (!iov_get(t, m->guest.iov, count, receive, iov))
        m->host->msg_iov = iov;
    return 0;
}

static int64_t message_get(struct task *t, uint64_t gva, bool receive, struct message *m,
                           struct msghdr *host)
{
    m->iov = NULL;
    m->host = host;
    memset(host, 0, sizeof *host);
    if (guest_read(t, gva, &m->guest, sizeof m->guest))
        return -EFAULT;
    const struct guest_msghdr *g = &m->guest;
    uint64_t name = g->name_length < 0 ? 0 : (uint64_t)g->name_length;
    host->msg_name = receive ? arg_out(t, g->name, name) : arg_in(t, g->name, name);
    host->msg_namelen = (socklen_t)g->name_length;
    host->msg_control = receive ? arg_out(t, g->control, g->control_length)
                                : arg_in(t, g->control, g->control_length);
    host->msg_controllen = g->control_length;
    host->msg_flags = (int)g->flags;
    int64_t result = message_vector(t, m, receive);
    if (!result && !receive && g->control_length)
        result = check_rights(t, g->control, g->control_length);
    return result;
}

static void message_free(struct message *m)
{
    free(m->iov);
    m->iov = NULL;
}

/* What a received message says of itself. */
static int64_t message_put(struct task *t, uint64_t gva, struct message *m)
{
    if (m->guest.name)
        m->guest.name_length = (int32_t)m->host->msg_namelen;
    m->guest.control_length = m->host->msg_controllen;
    m->guest.flags = (uint32_t)m->host->msg_flags;
    return guest_write(t, gva, &m->guest, sizeof m->guest);
}

/* A bad descriptor is found before a bad header. */
static int64_t bad_header(struct task *t, const uint64_t a[6], long number, int64_t error)
{
    if (error != -EFAULT)
        return error;
    return host_call(t, number, a[0], ptr_arg(BAD_POINTER), a[2], a[3], 0, 0);
}

int64_t call_sendmsg(struct task *t, const uint64_t a[6])
{
    struct message m;
    struct msghdr host;
    int64_t result = message_get(t, a[1], false, &m, &host);
    result = result ? bad_header(t, a, SYS_sendmsg, result)
                    : host_call(t, SYS_sendmsg, a[0], ptr_arg(&host), a[2], 0, 0, 0);
    message_free(&m);
    return result;
}

int64_t call_recvmsg(struct task *t, const uint64_t a[6])
{
    struct message m;
    struct msghdr host;
    int64_t result = message_get(t, a[1], true, &m, &host);
    result = result ? bad_header(t, a, SYS_recvmsg, result)
                    : host_call(t, SYS_recvmsg, a[0], ptr_arg(&host), a[2], 0, 0, 0);
    if (result >= 0 && message_put(t, a[1], &m))
        result = -EFAULT;
    message_free(&m);
    return result;
}

/* Several at once: fewer than asked for where one in the middle is no good, as the kernel does. */
static int64_t many(struct task *t, const uint64_t a[6], bool receive)
{
    uint64_t count = (uint32_t)a[2];
    long number = receive ? SYS_recvmmsg : SYS_sendmmsg;
    if (count > IOV_MAX)
        count = IOV_MAX;
    struct message *m = calloc(count + 1, sizeof *m);
    struct mmsghdr *host = calloc(count + 1, sizeof *host);
    int64_t result = m && host ? 0 : -ENOMEM;
    uint64_t good = 0;
    for (; good < count && !result; good++)
        result = message_get(t, a[1] + good * sizeof(struct guest_mmsghdr), receive, &m[good],
                             &host[good].msg_hdr);
    if (result && good)
        good--;
    if (!result || good)
        result = host_call(t, number, a[0], ptr_arg(host), good, a[3],
                           receive ? ptr_arg(arg_out(t, a[4], 16)) : 0, 0);
    else
        result = bad_header(t, a, receive ? SYS_recvmsg : SYS_sendmsg, result);
    for (int64_t i = 0; i < result; i++) {
        uint64_t gva = a[1] + (uint64_t)i * sizeof(struct guest_mmsghdr);
        uint32_t length = host[i].msg_len;
        if ((receive && message_put(t, gva, &m[i])) ||
            guest_write(t, gva + offsetof(struct guest_mmsghdr, length), &length, 4))
            result = i ? i : -EFAULT;
    }
    for (uint64_t i = 0; m && i < count; i++)
        message_free(&m[i]);
    free(m);
    free(host);
    return result;
}

int64_t call_sendmmsg(struct task *t, const uint64_t a[6])
{
    return many(t, a, false);
}

int64_t call_recvmmsg(struct task *t, const uint64_t a[6])
{
    return many(t, a, true);
}

/* ---- options
 * ----------------------------------------------------------------------------------- */

/* struct sock_fprog: a length and a pointer to so many instructions of 8 bytes. */
static int64_t set_filter(struct task *t, const uint64_t a[6])
{
    struct {
        uint16_t count, pad[3];
        uint64_t code;
    } g;
    if ((uint32_t)a[4] < sizeof g)
        return host_call(t, SYS_setsockopt, a[0], a[1], a[2], ptr_arg(arg_in(t, a[3], 1)), a[4], 0);
    if (guest_read(t, a[3], &g, sizeof g))
        return -EFAULT;
    struct sock_fprog host = { g.count, arg_in(t, g.code, (uint64_t)g.count * 8) };
    return host_call(t, SYS_setsockopt, a[0], a[1], a[2], ptr_arg(&host), sizeof host, 0);
}

/* Options whose values hold addresses, which the host would take for its own: tables of packet
 * filters and TCP_ZEROCOPY_RECEIVE. */
static const struct {
    int level, first, last;
} with_addresses[] = {
    { SOL_IP, 64, 67 }, { SOL_IP, 96, 99 }, { SOL_IP, 128, 131 }, { SOL_IPV6, 64, 65 },
    { SOL_TCP, 35, 35 },
};

static bool holds_addresses(int level, int option)
{
    for (size_t i = 0; i < sizeof with_addresses / sizeof *with_addresses; i++)
        if (with_addresses[i].level == level && option >= with_addresses[i].first &&
            option <= with_addresses[i].last)
            return true;
    return false;
}

static int64_t no_option(struct task *t, int level, int option)
{
    call_unimplemented(t, "socket option %d of level %d is not supported: %s", option, level,
                       strerror(ENOPROTOOPT));
    return -ENOPROTOOPT;
}

int64_t call_setsockopt(struct task *t, const uint64_t a[6])
{
    int level = (int)a[1], option = (int)a[2], length = (int)a[4];
    if (holds_addresses(level, option))
        return no_option(t, level, option);
    if (level == SOL_SOCKET &&
        (option == SO_ATTACH_FILTER || option == SO_ATTACH_REUSEPORT_CBPF))
        return set_filter(t, a);
    return host_call(t, SYS_setsockopt, a[0], a[1], a[2],
                     ptr_arg(arg_in(t, a[3], length < 0 ? 0 : (uint64_t)length)), a[4], 0);
}

int64_t call_getsockopt(struct task *t, const uint64_t a[6])
{
    struct sized value;
    if (holds_addresses((int)a[1], (int)a[2]))
        return no_option(t, (int)a[1], (int)a[2]);
    sized_get(t, a[3], a[4], &value);
    int64_t result = host_call(t, SYS_getsockopt, a[0], a[1], a[2], ptr_arg(value.data),
                               ptr_arg(value.host_length), 0);
    if (!result && value.host_length == &value.length && guest_write(t, a[4], &value.length, 4))
        return -EFAULT;
    return result;
}
