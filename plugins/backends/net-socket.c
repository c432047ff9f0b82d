/* SPDX-License-Identifier: MIT */
/*
 * net-socket.c: machines connected by sockets: listen= and connect= join two over TCP (as driver
 * "stream" does), mcast= any number over a UDP multicast group, udp= and localaddr= two over UDP.
 */
#include "net-wire.h"

#include <arpa/inet.h>

#define ECHOES 128

struct sock {
    struct wire wire; /* TCP; the buffer `got` also serves UDP */
    const char *listen, *connect, *mcast, *udp, *localaddr;
    int datagram;
    struct bp_watch *receiving;
    struct sockaddr_in to;        /* UDP */
    uint64_t echoes[ECHOES];      /* mcast: hashes of frames that will come back to us */
    unsigned next_echo;
};

/* ---- addresses ------------------------------------------------------------------------------- */

/* "HOST:PORT", HOST may be empty: copied to host (size n); *RET_PORT points into text. */
static int split(struct sock *s, const char *what, const char *text, char *host, size_t n,
                 const char **ret_port)
{
    const char *colon = strrchr(text, ':');
    if (!colon || !colon[1] || (size_t)(colon - text) >= n)
        return bp_fail(s, EINVAL, "%s=%s is not HOST:PORT", what, text);
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = 0;
    *ret_port = colon + 1;
    return 0;
}

static int ipv4(struct sock *s, const char *what, const char *text, struct sockaddr_in *ret)
{
    char host[256];
    const char *port;
    struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM,
                              .ai_flags = AI_PASSIVE };
    struct addrinfo *list;
    int r = split(s, what, text, host, sizeof host, &port);
    if (r < 0)
        return r;
    r = getaddrinfo(*host ? host : NULL, port, &hints, &list);
    if (r)
        return bp_fail(s, EINVAL, "%s=%s: %s", what, text, gai_strerror(r));
    memcpy(ret, list->ai_addr, sizeof *ret);
    freeaddrinfo(list);
    return 0;
}

/* ---- TCP ------------------------------------------------------------------------------------- */

static int open_tcp(struct sock *s)
{
    char host[256];
    const char *text = s->listen ? s->listen : s->connect;
    struct wire_address a = { .host = host, .listen = s->listen != NULL };
    int r = split(s, s->listen ? "listen" : "connect", text, host, sizeof host, &a.port);
    if (r < 0)
        return r;
    int fd = wire_socket(&a);
    if (fd < 0)
        return bp_fail(s, -fd, "cannot %s %s: %s", s->listen ? "listen on" : "connect to", text,
                       strerror(-fd));
    bp_net_set_link(s, false);
    if (s->listen) {
        s->wire.listener = fd;
        wire_await_peer(&s->wire);
    } else {
        wire_connected(&s->wire, fd);
    }
    return 0;
}

/* ---- UDP ------------------------------------------------------------------------------------- */

/* A group sends everything back to the sender too; a card that hears itself takes its own address
 * for taken (IPv6 duplicate address detection). So what was sent is known by its hash for a while.
 */
static uint64_t hash(const uint8_t *frame, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < n; i++)
        h = (h ^ frame[i]) * UINT64_C(1099511628211);
    return h ? h : 1;
}

static bool is_echo(struct sock *s, const uint8_t *frame, size_t n)
{
    uint64_t h = s->mcast ? hash(frame, n) : 0;
    for (unsigned i = 0; s->mcast && i < ECHOES; i++) {
        if (s->echoes[i] != h)
            continue;
        s->echoes[i] = 0;
        return true;
    }
    return false;
}

static void datagram_ready(void *drv, int fd, unsigned events)
{
    struct sock *s = drv;
    if (!bp_net_can_deliver(s)) {
        bp_unwatch(s->receiving);
        s->receiving = NULL;
        return;
    }
    ssize_t n = recv(fd, s->wire.got, WIRE_FRAME_MAX, MSG_DONTWAIT);
    if (n > 0 && !is_echo(s, s->wire.got, (size_t)n))
        bp_net_deliver(s, s->wire.got, (size_t)n);
}

static int join(struct sock *s, int fd)
{
    int on = 1;
    struct ip_mreq group = { .imr_multiaddr = s->to.sin_addr };
    if (s->localaddr && inet_pton(AF_INET, s->localaddr, &group.imr_interface) != 1)
        return bp_fail(s, EINVAL, "localaddr=%s is no IPv4 address of this host", s->localaddr);
    if (!IN_MULTICAST(ntohl(s->to.sin_addr.s_addr)))
        return bp_fail(s, EINVAL, "mcast=%s is no multicast address (224.0.0.0 to 239.255.255.255)",
                       s->mcast);
    if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) < 0 ||
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof on) < 0 ||
        (s->localaddr && setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group.imr_interface,
                                    sizeof group.imr_interface) < 0))
        return bp_fail(s, errno, "cannot join %s: %s", s->mcast, strerror(errno));
    return 0;
}

static int open_udp(struct sock *s)
{
    int on = 1;
    struct sockaddr_in local;
    const char *what = s->mcast ? "mcast" : "udp", *text = s->mcast ? s->mcast : s->udp;
    int r = ipv4(s, what, text, &s->to);
    if (r < 0)
        return r;
    if (s->udp && !s->localaddr)
        return bp_fail(s, EINVAL, "udp= needs localaddr=HOST:PORT to receive at");
    local = s->to;
    if (s->udp && (r = ipv4(s, "localaddr", s->localaddr, &local)) < 0)
        return r;
    s->datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->datagram < 0)
        return bp_fail(s, errno, "no socket: %s", strerror(errno));
    setsockopt(s->datagram, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s->datagram, (const struct sockaddr *)&local, sizeof local) < 0)
        return bp_fail(s, errno, "cannot receive at %s: %s", s->udp ? s->localaddr : text,
                       strerror(errno));
    if (s->mcast && (r = join(s, s->datagram)) < 0)
        return r;
    s->receiving = bp_watch_fd(s, s->datagram, BP_FD_IN, datagram_ready);
    return 0;
}

/* ---- the driver ------------------------------------------------------------------------------ */

static int start(struct sock *s)
{
    s->datagram = -1;
    int r = wire_init(&s->wire, wire_await_peer);
    if (r < 0)
        return r;
    if (!!s->listen + !!s->connect + !!s->mcast + !!s->udp != 1)
        return bp_fail(s, EINVAL, "give one of listen=, connect=, mcast= and udp=");
    return s->listen || s->connect ? open_tcp(s) : open_udp(s);
}

static void sock_close(void *drv)
{
    struct sock *s = drv;
    bp_unwatch(s->receiving);
    s->receiving = NULL;
    wire_finish(&s->wire);
    if (s->datagram >= 0)
        close(s->datagram);
    s->datagram = -1;
}

/* A driver that does not open is not closed. */
static int sock_open(void *drv)
{
    int r = start(drv);
    if (r < 0)
        sock_close(drv);
    return r;
}

static void sock_send(void *drv, const void *frame, size_t n)
{
    struct sock *s = drv;
    if (s->datagram < 0) {
        wire_send(s, frame, n);
        return;
    }
    ssize_t sent = sendto(s->datagram, frame, n, MSG_DONTWAIT | MSG_NOSIGNAL,
                          (const struct sockaddr *)&s->to, sizeof s->to);
    if (sent >= 0 && s->mcast) /* else a datagram is lost */
        s->echoes[s->next_echo++ % ECHOES] = hash(frame, n);
}

static void sock_room_changed(void *drv)
{
    struct sock *s = drv;
    if (s->datagram < 0)
        wire_resume(s);
    else if (!s->receiving)
        s->receiving = bp_watch_fd(s, s->datagram, BP_FD_IN, datagram_ready);
}

static const struct bp_prop props[] = {
    BP_STRING(struct sock, listen, NULL, "[HOST]:PORT to wait for a TCP peer at"),
    BP_STRING(struct sock, connect, NULL, "HOST:PORT of a TCP peer"),
    BP_STRING(struct sock, mcast, NULL, "ADDRESS:PORT of a UDP multicast group"),
    BP_STRING(struct sock, udp, NULL, "HOST:PORT to send UDP to"),
    BP_STRING(struct sock, localaddr, NULL,
              "udp: HOST:PORT to receive at; mcast: address of the interface to use"),
};

BP_NET_DRIVER(socket, "socket", "Frames over TCP, UDP or UDP multicast",
              .state_size = sizeof(struct sock), .props = BP_ROWS(props), .open = sock_open,
              .close = sock_close, .send = sock_send, .room_changed = sock_room_changed);
BP_PLUGIN("net-socket", "1.0", "MIT");
