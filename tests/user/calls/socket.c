/* SPDX-License-Identifier: MIT */
/* Sockets: unix, inet, netlink; messages with ancillary data; options. */
#include "check.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <net/if.h>

static void pairs(void)
{
    int s[2], type;
    socklen_t n = sizeof type;
    char buf[64];
    SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s));
    printf("%x %o\n", fcntl(s[0], F_GETFD), fcntl(s[0], F_GETFL));
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &type, &n));
    printf("%d %u\n", type, n);
    SHOW(recv(s[0], buf, 1, 0));
    SHOW(send(s[0], "12345", 5, MSG_NOSIGNAL));
    SHOW(recv(s[1], buf, sizeof buf, MSG_PEEK));
    SHOW(recv(s[1], buf, 2, 0));
    int unread = 0;
    SHOW(ioctl(s[1], FIONREAD, &unread));
    printf("%d\n", unread);
    SHOW(shutdown(s[1], SHUT_RD));
    SHOW(send(s[0], "1", 1, MSG_NOSIGNAL));
    SHOW(socketpair(AF_INET, SOCK_STREAM, 0, s));
    SHOW(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NOWHERE));
    SHOW(socket(99, SOCK_STREAM, 0));
    SHOW(socket(AF_INET, 0xff, 0));
    SHOW(shutdown(0x999, SHUT_RD));
}

static void local(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "sock" }, got;
    int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t n = sizeof got;
    SHOW(bind(l, (void *)&a, sizeof a));
    SHOW(bind(l, (void *)&a, sizeof a));
    SHOW(listen(l, 4));
    SHOW(connect(c, (void *)&a, sizeof a));
    memset(&got, 0, sizeof got);
    SHOW(getpeername(c, (void *)&got, &n));
    printf("%s %u\n", got.sun_path, n);
    n = 4;
    memset(&got, '-', sizeof got);
    SHOW(getsockname(l, (void *)&got, &n));
    printf("%.4s %u\n", got.sun_path, n);
    n = sizeof got;
    int s = accept4(l, (void *)&got, &n, SOCK_CLOEXEC);
    printf("accepted %d, length %u, flags %x\n", s >= 0, n, fcntl(s, F_GETFD));
    struct ucred cred;
    n = sizeof cred;
    SHOW(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &cred, &n));
    CHECK(cred.pid == getpid() && cred.uid == geteuid() && cred.gid == getegid());
    SHOW(connect(c, (void *)&a, sizeof a));
    SHOW(connect(c, NOWHERE, sizeof a));
    SHOW(connect(c, (void *)&a, -1));
    SHOW(bind(c, NOWHERE, sizeof a));
    SHOW(accept(c, NULL, NULL));
    SHOW(accept(999, NULL, NULL));
    SHOW(getsockname(c, (void *)&got, NOWHERE));
    SHOW(getsockname(c, NOWHERE, &n));
    n = (socklen_t)-1;
    SHOW(getsockname(c, (void *)&got, &n));
    strcpy(a.sun_path, "nobody");
    SHOW(connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, sizeof a));
    /* Without a name in the file system. */
    memcpy(a.sun_path, "\0backplane-test", 15);
    snprintf(a.sun_path + 15, 20, "%d", getpid());
    int d = socket(AF_UNIX, SOCK_DGRAM, 0);
    SHOW(bind(d, (void *)&a, offsetof(struct sockaddr_un, sun_path) + 20));
    SHOW(sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "hello", 5, 0, (void *)&a,
                offsetof(struct sockaddr_un, sun_path) + 20));
    char buf[8];
    n = sizeof got;
    SHOW(recvfrom(d, buf, 3, MSG_TRUNC, (void *)&got, &n));
    printf("%u\n", n);
}

static void messages(void)
{
    int s[2], p[2], on = 1;
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0 && pipe(p) == 0);
    SHOW(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    union {
        struct cmsghdr head;
        char bytes[256];
    } control;
    struct iovec out[2] = { { "abc", 3 }, { "defg", 4 } }, in[2];
    struct msghdr m = { .msg_iov = out, .msg_iovlen = 2, .msg_control = &control };
    memset(&control, 0, sizeof control);
    m.msg_controllen = CMSG_SPACE(sizeof(int));
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &p[1], sizeof(int));
    SHOW(sendmsg(s[0], &m, 0));
    char one[4], two[16];
    in[0] = (struct iovec){ one, 2 };
    in[1] = (struct iovec){ two, 16 };
    m.msg_iov = in;
    m.msg_controllen = sizeof control;
    SHOW(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC));
    printf("flags %x namelen %u\n", m.msg_flags & ~MSG_CMSG_CLOEXEC, m.msg_namelen);
    CHECK(!memcmp(one, "ab", 2) && !memcmp(two, "cdefg", 5));
    for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        printf("level %d type %d length %lu\n", c->cmsg_level, c->cmsg_type, (long)c->cmsg_len);
        if (c->cmsg_type == SCM_RIGHTS) {
            int fd;
            memcpy(&fd, CMSG_DATA(c), sizeof fd);
            CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && write(fd, "!", 1) == 1);
            CHECK(read(p[0], one, 1) == 1 && one[0] == '!');
        } else if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred u;
            memcpy(&u, CMSG_DATA(c), sizeof u);
            CHECK(u.pid == getpid() && u.uid == getuid());
        }
    }
    memset(&control, 0, sizeof control);
    m.msg_iov = out;
    m.msg_controllen = CMSG_SPACE(sizeof(int));
    c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
    int bad = 999;
    memcpy(CMSG_DATA(c), &bad, sizeof bad);
    SHOW(sendmsg(s[0], &m, 0));
    m.msg_control = NOWHERE;
    SHOW(sendmsg(s[0], &m, 0));
    m.msg_controllen = 0;
    m.msg_iovlen = 2000;
    SHOW(sendmsg(s[0], &m, 0));
    SHOW(sendmsg(s[0], NOWHERE, 0));
    SHOW(sendmsg(999, NOWHERE, 0));
    SHOW(recvmsg(s[0], NOWHERE, MSG_DONTWAIT));
    struct mmsghdr mm[3];
    memset(mm, 0, sizeof mm);
    for (int i = 0; i < 3; i++) {
        mm[i].msg_hdr.msg_iov = &out[i & 1];
        mm[i].msg_hdr.msg_iovlen = 1;
    }
    SHOW(sendmmsg(s[0], mm, 3, 0));
    printf("%u %u %u\n", mm[0].msg_len, mm[1].msg_len, mm[2].msg_len);
    char bufs[3][8];
    struct iovec to[3] = { { bufs[0], 8 }, { bufs[1], 8 }, { bufs[2], 8 } };
    for (int i = 0; i < 3; i++)
        mm[i].msg_hdr = (struct msghdr){ .msg_iov = &to[i], .msg_iovlen = 1 };
    struct timespec time = { 1, 0 };
    SHOW(recvmmsg(s[1], mm, 3, 0, &time));
    printf("%u %u %u\n", mm[0].msg_len, mm[1].msg_len, mm[2].msg_len);
    CHECK(!memcmp(bufs[1], "defg", 4));
    SHOW(recvmmsg(s[1], mm, 3, MSG_DONTWAIT, NULL));
    SHOW(sendmmsg(s[0], NOWHERE, 3, 0));
}

static void internet(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, b;
    int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), on = 1, v = 0;
    socklen_t n = sizeof a;
    SHOW(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    SHOW(bind(l, (void *)&a, sizeof a));
    SHOW(listen(l, 5));
    SHOW(getsockname(l, (void *)&a, &n));
    CHECK(a.sin_port != 0 && n == sizeof a);
    SHOW(connect(c, (void *)&a, sizeof a));
    int s = accept(l, (void *)&b, &n);
    CHECK(s >= 0 && b.sin_addr.s_addr == a.sin_addr.s_addr);
    SHOW(setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    n = sizeof v;
    SHOW(getsockopt(c, IPPROTO_TCP, TCP_NODELAY, &v, &n));
    printf("%d %u\n", v, n);
    struct linger linger = { 1, 7 }, got;
    SHOW(setsockopt(c, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    n = sizeof got;
    SHOW(getsockopt(c, SOL_SOCKET, SO_LINGER, &got, &n));
    printf("%d %d %u\n", got.l_onoff, got.l_linger, n);
    linger.l_linger = linger.l_onoff = 0;
    CHECK(setsockopt(c, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
    struct timeval tv = { 0, 20000 }, tv2;
    SHOW(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
    n = sizeof tv2;
    SHOW(getsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv2, &n));
    printf("%ld.%06ld %u\n", (long)tv2.tv_sec, (long)tv2.tv_usec, n);
    char buf[16];
    SHOW(recv(s, buf, 1, 0));
    SHOW(send(c, "data", 4, MSG_MORE));
    SHOW(send(c, "!", 1, MSG_OOB));
    SHOW(recv(s, buf, 16, MSG_OOB));
    struct tcp_info info;
    n = sizeof info;
    CHECK(getsockopt(c, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 && info.tcpi_state == TCP_ESTABLISHED);
    SHOW(getsockopt(c, SOL_SOCKET, SO_ERROR, &v, NOWHERE));
    n = 1;
    v = 0x11223344;
    SHOW(getsockopt(c, SOL_SOCKET, SO_KEEPALIVE, &v, &n));
    printf("%x %u\n", v, n);
    SHOW(getsockopt(c, SOL_SOCKET, 9999, &v, &n));
    SHOW(setsockopt(c, SOL_SOCKET, SO_KEEPALIVE, NOWHERE, 4));
    SHOW(setsockopt(c, SOL_SOCKET, SO_KEEPALIVE, &on, 1));
    SHOW(setsockopt(c, SOL_SOCKET, SO_KEEPALIVE, &on, -1));
    close(l);
    close(s);
    close(c);
}

static void interfaces(void)
{
    int c = socket(AF_INET, SOCK_STREAM, 0);
    struct ifreq r;
    memset(&r, 0, sizeof r);
    strcpy(r.ifr_name, "lo");
    SHOW(ioctl(c, SIOCGIFINDEX, &r));
    printf("%d\n", r.ifr_ifindex);
    SHOW(ioctl(c, SIOCGIFADDR, &r));
    printf("%s\n", inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
    struct ifreq list[16];
    struct ifconf conf = { .ifc_len = sizeof list, .ifc_req = list };
    SHOW(ioctl(c, SIOCGIFCONF, &conf));
    CHECK(conf.ifc_len >= (int)sizeof *list && !strcmp(list[0].ifr_name, "lo"));
    SHOW(ioctl(c, 0x8999, &r));
    /* Where there are sockets of virtual machines. */
    int vm = open("/dev/vsock", O_RDONLY);
    unsigned cid = 7;
    SHOW(ioctl(vm, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid));
    printf("%u\n", cid);
    close(vm);
    close(c);
}

/* With a filter that lets 3 bytes through. */
static void datagrams(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, b;
    socklen_t n = sizeof a;
    char buf[16];
    int on = 1, v = 0;
    struct sock_filter code[] = { { BPF_RET | BPF_K, 0, 0, 3 + 8 } };
    struct sock_fprog prog = { 1, code };
    int u = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(bind(u, (void *)&a, sizeof a) == 0);
    CHECK(getsockname(u, (void *)&a, &n) == 0);
    SHOW(setsockopt(u, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog));
    SHOW(setsockopt(u, SOL_SOCKET, SO_ATTACH_FILTER, NOWHERE, sizeof prog));
    SHOW(sendto(u, "12345", 5, 0, (void *)&a, sizeof a));
    memset(&b, 0, sizeof b);
    SHOW(recvfrom(u, buf, 16, 0, (void *)&b, &n));
    CHECK(b.sin_port == a.sin_port);
    SHOW(setsockopt(u, SOL_SOCKET, SO_DETACH_FILTER, NULL, 0));
    SHOW(setsockopt(u, IPPROTO_IP, IP_PKTINFO, &on, sizeof on));
    SHOW(sendto(u, "12", 2, 0, (void *)&a, sizeof a));
    SHOW(sendto(u, NOWHERE, 2, 0, (void *)&a, sizeof a));
    SHOW(sendto(u, "1", 1, 0, NOWHERE, sizeof a));
    union {
        struct cmsghdr head;
        char bytes[128];
    } control;
    struct iovec in = { buf, sizeof buf };
    struct msghdr m = { .msg_name = &b, .msg_namelen = sizeof b, .msg_iov = &in, .msg_iovlen = 1,
                        .msg_control = &control, .msg_controllen = sizeof control };
    SHOW(recvmsg(u, &m, 0));
    struct cmsghdr *c2 = CMSG_FIRSTHDR(&m);
    CHECK(c2 && c2->cmsg_level == IPPROTO_IP && c2->cmsg_type == IP_PKTINFO && m.msg_namelen == 16);
    int six = socket(AF_INET6, SOCK_DGRAM, 0);
    if (six >= 0) {
        SHOW(setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on));
        n = sizeof v;
        SHOW(getsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &v, &n));
        SHOW(setsockopt(six, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on));
        SHOW(getsockopt(six, IPPROTO_IPV6, IPV6_RECVTCLASS, &v, &n));
    }
}

static void netlink(void)
{
    struct {
        struct nlmsghdr head;
        struct rtgenmsg gen;
    } req = { { sizeof req, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 }, { AF_UNSPEC } };
    struct sockaddr_nl a = { .nl_family = AF_NETLINK };
    static char buf[65536];
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    SHOW(bind(s, (void *)&a, sizeof a));
    SHOW(sendto(s, &req, sizeof req, 0, (void *)&a, sizeof a));
    ssize_t n = recv(s, buf, sizeof buf, 0);
    CHECK(n > 0);
    const struct nlmsghdr *h = (const void *)buf;
    printf("type %d\n", h->nlmsg_type);
    const struct ifinfomsg *i = NLMSG_DATA(h);
    printf("index %d flags %d\n", i->ifi_index, i->ifi_flags & IFF_LOOPBACK);
}

int main(void)
{
    pairs();
    local();
    messages();
    internet();
    interfaces();
    datagrams();
    netlink();
    return finish();
}
