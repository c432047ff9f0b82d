/* SPDX-License-Identifier: MIT */
/*
 * net-wire.h: Ethernet frames over a stream socket, each behind its length in four bytes, most
 * significant first: what net drivers "socket" and "stream" share. A driver's state starts with
 * struct wire.
 */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include <backplane/net.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WIRE_FRAME_MAX (64 * 1024 + 256)
#define WIRE_OUT_MAX (1024 * 1024) /* bytes that wait for the peer; further frames are dropped */

struct wire {
    int fd;                     /* -1: no peer */
    int listener;               /* -1: not a server */
    struct bp_watch *accepting;
    struct bp_watch *in, *out;
    uint8_t *got;               /* WIRE_FRAME_MAX + 4 bytes: the frame that is arriving */
    size_t got_bytes;
    uint8_t *queue;             /* WIRE_OUT_MAX + WIRE_FRAME_MAX + 4 bytes */
    size_t queue_bytes;
    void (*gone)(void *drv);    /* the peer went; the wire is closed already */
};

static int wire_init(struct wire *w, void (*gone)(void *drv))
{
    w->fd = w->listener = -1;
    w->gone = gone;
    w->got = malloc(WIRE_FRAME_MAX + 4);
    w->queue = malloc(WIRE_OUT_MAX + WIRE_FRAME_MAX + 4);
    return w->got && w->queue ? 0 : bp_fail(w, ENOMEM, "no memory for frames");
}

static void wire_close(struct wire *w)
{
    bp_unwatch(w->in);
    bp_unwatch(w->out);
    w->in = w->out = NULL;
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
    w->got_bytes = w->queue_bytes = 0;
}

static void wire_finish(struct wire *w)
{
    wire_close(w);
    bp_unwatch(w->accepting);
    w->accepting = NULL;
    if (w->listener >= 0)
        close(w->listener);
    w->listener = -1;
    free(w->got);
    free(w->queue);
    w->got = w->queue = NULL;
}

static void wire_lost(struct wire *w)
{
    wire_close(w);
    bp_net_set_link(w, false);
    w->gone(w);
}

/* ---- from the peer --------------------------------------------------------------------------- */

static void wire_readable(void *drv, int fd, unsigned events);

static void wire_resume(void *drv)
{
    struct wire *w = drv;
    if (w->fd >= 0 && !w->in)
        w->in = bp_watch_fd(w, w->fd, BP_FD_IN, wire_readable);
}

/* Takes what has arrived apart. False where the peer speaks something else. */
static bool wire_take_frames(struct wire *w)
{
    size_t at = 0;
    while (w->got_bytes - at >= 4) {
        const uint8_t *p = w->got + at;
        size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (n > WIRE_FRAME_MAX)
            return false;
        if (w->got_bytes - at < 4 + n)
            break;
        if (n)
            bp_net_deliver(w, p + 4, n);
        at += 4 + n;
    }
    w->got_bytes -= at;
    memmove(w->got, w->got + at, w->got_bytes);
    return true;
}

static void wire_readable(void *drv, int fd, unsigned events)
{
    struct wire *w = drv;
    if (!bp_net_can_deliver(w)) { /* room_changed() starts again */
        bp_unwatch(w->in);
        w->in = NULL;
        return;
    }
    ssize_t n = read(fd, w->got + w->got_bytes, WIRE_FRAME_MAX + 4 - w->got_bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        w->got_bytes += (size_t)n;
        if (wire_take_frames(w))
            return;
        bp_log(w, BP_LOG_GUEST_ERROR, "the peer sends no frames of up to %d bytes: disconnected",
               WIRE_FRAME_MAX);
    }
    wire_lost(w);
}

/* ---- to the peer ----------------------------------------------------------------------------- */

static void wire_writable(void *drv, int fd, unsigned events)
{
    struct wire *w = drv;
    ssize_t n = send(fd, w->queue, w->queue_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        wire_lost(w);
        return;
    }
    w->queue_bytes -= (size_t)n;
    memmove(w->queue, w->queue + n, w->queue_bytes);
    if (w->queue_bytes)
        return;
    bp_unwatch(w->out);
    w->out = NULL;
}

static void wire_send(void *drv, const void *frame, size_t n)
{
    struct wire *w = drv;
    if (w->fd < 0 || w->queue_bytes > WIRE_OUT_MAX || n > WIRE_FRAME_MAX)
        return;
    uint8_t *p = w->queue + w->queue_bytes;
    p[0] = (uint8_t)(n >> 24);
    p[1] = (uint8_t)(n >> 16);
    p[2] = (uint8_t)(n >> 8);
    p[3] = (uint8_t)n;
    memcpy(p + 4, frame, n);
    w->queue_bytes += 4 + n;
    if (w->out)
        return; /* behind what waits */
    ssize_t did = send(w->fd, w->queue, w->queue_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (did < 0 && errno != EAGAIN && errno != EINTR) {
        wire_lost(w);
        return;
    }
    if (did > 0) {
        w->queue_bytes -= (size_t)did;
        memmove(w->queue, w->queue + did, w->queue_bytes);
    }
    if (w->queue_bytes)
        w->out = bp_watch_fd(w, w->fd, BP_FD_OUT, wire_writable);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void wire_connected(struct wire *w, int fd)
{
    int on = 1;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* no harm on UNIX sockets */
    w->fd = fd;
    bp_net_set_link(w, true);
    wire_resume(w);
}

static void wire_acceptable(void *drv, int fd, unsigned events)
{
    struct wire *w = drv;
    int peer = accept(fd, NULL, NULL);
    if (peer < 0)
        return;
    bp_unwatch(w->accepting);
    w->accepting = NULL;
    wire_connected(w, peer);
}

/* A server: the next peer is let in. */
static void wire_await_peer(void *drv)
{
    struct wire *w = drv;
    if (w->listener >= 0 && !w->accepting)
        w->accepting = bp_watch_fd(w, w->listener, BP_FD_IN, wire_acceptable);
}

/* Where to listen or connect: a UNIX path, or host (NULL or "": any) and port. */
struct wire_address {
    const char *path, *host, *port;
    bool listen;
};

static int wire_try(const struct sockaddr *address, socklen_t n, bool listening)
{
    int on = 1, fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (listening)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int r = listening ? bind(fd, address, n) : connect(fd, address, n);
    if (!r && listening)
        r = listen(fd, 1);
    if (!r)
        return fd;
    r = -errno;
    close(fd);
    return r;
}

/* A listening or connected socket, or -errno. */
static int wire_socket(const struct wire_address *a)
{
    if (a->path) {
        struct sockaddr_un un = { .sun_family = AF_UNIX };
        if (strlen(a->path) >= sizeof un.sun_path)
            return -ENAMETOOLONG;
        memcpy(un.sun_path, a->path, strlen(a->path));
        return wire_try((const struct sockaddr *)&un, sizeof un, a->listen);
    }
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = a->listen ? AI_PASSIVE : 0 };
    struct addrinfo *list;
    if (getaddrinfo(a->host && *a->host ? a->host : NULL, a->port, &hints, &list))
        return -EADDRNOTAVAIL;
    int r = -EADDRNOTAVAIL;
    for (const struct addrinfo *i = list; i && r < 0; i = i->ai_next)
        r = wire_try(i->ai_addr, i->ai_addrlen, a->listen);
    freeaddrinfo(list);
    return r;
}

#endif
