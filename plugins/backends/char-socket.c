/* SPDX-License-Identifier: MIT */
/*
 * char-socket.c: a chardev on a stream socket, UNIX (path=) or TCP (host=, port=), as server or
 * client. One peer at a time; what the guest sends while there is none is dropped.
 */
#include "char-fd.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

struct sock {
    struct char_fd fd;       /* of the connection; -1: no peer */
    pthread_mutex_t lock;    /* the connection's descriptor against writers on other threads */
    bool ready;              /* lock exists */
    int listener;
    bool bound;              /* the UNIX path is ours to remove */
    pid_t owner;             /* the process that bound it */
    bool retried;
    struct bp_watch *accepting, *retrying;
    const char *path, *host, *port;
    bool server, wait, nodelay;
    uint32_t reconnect;      /* seconds; 0: never */
};

static void watch_listener(struct sock *s);
static void retry_later(struct sock *s);

/* ---- the connection ------------------------------------------------------------------------- */

static void hang_up(struct sock *s)
{
    pthread_mutex_lock(&s->lock);
    char_fd_forget(&s->fd);
    if (s->fd.in >= 0)
        close(s->fd.in);
    s->fd.in = s->fd.out = -1;
    pthread_mutex_unlock(&s->lock);
}

/* The peer went: tell the device, wait for the next. */
static void peer_gone(void *drv)
{
    struct sock *s = drv;
    if (s->fd.in < 0)
        return;
    hang_up(s);
    bp_chardev_event(s, BP_CHARDEV_CLOSED);
    if (s->server)
        watch_listener(s);
    else
        retry_later(s);
}

static void connected(struct sock *s, int fd)
{
    int on = 1;
    char_fd_close_on_exec(fd, true);
    if (s->nodelay && !s->path)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    pthread_mutex_lock(&s->lock);
    s->fd.in = s->fd.out = fd;
    pthread_mutex_unlock(&s->lock);
    bp_chardev_event(s, BP_CHARDEV_OPENED);
    char_fd_resume(s);
}

static int64_t sock_write(void *drv, const void *buf, size_t n)
{
    struct sock *s = drv;
    pthread_mutex_lock(&s->lock);
    int64_t r = s->fd.out < 0 ? (int64_t)n : char_fd_write(s, buf, n);
    pthread_mutex_unlock(&s->lock);
    if (r >= 0)
        return r;
    bp_defer(s, peer_gone);
    return (int64_t)n;
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* getaddrinfo()'s errors are told from errno's by this. */
#define EAI_BASE 10000

static const char *error_text(int err)
{
    return err <= -EAI_BASE / 2 ? gai_strerror(err + EAI_BASE) : strerror(-err);
}

/* Calls use(s, address) for the address or, with TCP, each that the host has until one is taken. */
static int with_address(struct sock *s, int (*use)(struct sock *s, const struct sockaddr *address,
                                                   socklen_t n))
{
    if (s->path) {
        struct sockaddr_un un = { .sun_family = AF_UNIX };
        if (strlen(s->path) >= sizeof un.sun_path)
            return -ENAMETOOLONG;
        strcpy(un.sun_path, s->path);
        return use(s, (const struct sockaddr *)&un, sizeof un);
    }
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = s->server ? AI_PASSIVE : 0 };
    struct addrinfo *list;
    const char *host = s->host && s->host[0] ? s->host : NULL;
    char *end;
    bool wraps = strtoul(s->port, &end, 10) > UINT16_MAX && !*end; /* it would take that */
    int failed = wraps ? EAI_SERVICE : getaddrinfo(host, s->port, &hints, &list);
    if (failed)
        return failed == EAI_SYSTEM ? -errno : failed - EAI_BASE;
    int r = -EADDRNOTAVAIL;
    for (const struct addrinfo *a = list; a && r < 0; a = a->ai_next)
        r = use(s, a->ai_addr, a->ai_addrlen);
    freeaddrinfo(list);
    return r;
}

static const char *address_text(const struct sock *s, char *buf, size_t n)
{
    if (s->path)
        snprintf(buf, n, "unix:%s", s->path);
    else
        snprintf(buf, n, "tcp:%s:%s", s->host ? s->host : "", s->port);
    return buf;
}

/* ---- server --------------------------------------------------------------------------------- */

static void accept_ready(void *drv, int fd, unsigned events)
{
    struct sock *s = drv;
    int peer = accept(fd, NULL, NULL);
    if (peer < 0)
        return;
    bp_unwatch(s->accepting);
    s->accepting = NULL;
    connected(s, peer);
}

static void watch_listener(struct sock *s)
{
    if (!s->accepting)
        s->accepting = bp_watch_fd(s, s->listener, BP_FD_IN, accept_ready);
}

static int listen_at(struct sock *s, const struct sockaddr *address, socklen_t n)
{
    struct stat st;
    int on = 1, fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (s->path && lstat(s->path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(s->path); /* left behind by a process that was killed */
    if (bind(fd, address, n) < 0 || listen(fd, 1) < 0) {
        int err = errno;
        close(fd);
        return -err;
    }
    s->bound = s->path != NULL;
    s->owner = getpid();
    s->listener = fd;
    return 0;
}

static int open_server(struct sock *s)
{
    char text[256];
    int r = with_address(s, listen_at);
    if (r < 0)
        return bp_fail(s, EADDRNOTAVAIL, "cannot listen on %s: %s",
                       address_text(s, text, sizeof text), error_text(r));
    if (!s->wait) {
        watch_listener(s);
        return 0;
    }
    fprintf(stderr, "waiting for connection on: %s,server=on\n",
            address_text(s, text, sizeof text));
    struct pollfd p = { s->listener, POLLIN, 0 };
    for (;;) {
        if (poll(&p, 1, -1) < 0)
            return bp_fail(s, errno, "stopped waiting for a connection on %s: %s",
                           address_text(s, text, sizeof text), strerror(errno));
        int peer = accept(s->listener, NULL, NULL);
        if (peer >= 0) {
            connected(s, peer);
            return 0;
        }
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            return bp_fail(s, errno, "cannot accept a connection on %s: %s",
                           address_text(s, text, sizeof text), strerror(errno));
    }
}

/* ---- client --------------------------------------------------------------------------------- */

static int connect_to(struct sock *s, const struct sockaddr *address, socklen_t n)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    /* Later attempts are made on the main loop's thread: it must not wait for long. */
    if (s->retried)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){ .tv_sec = 1 },
                   sizeof(struct timeval));
    if (connect(fd, address, n) < 0) {
        int err = errno;
        close(fd);
        return -err;
    }
    connected(s, fd);
    return 0;
}

static void retry(void *drv)
{
    struct sock *s = drv;
    s->retrying = NULL;
    s->retried = true;
    if (with_address(s, connect_to) < 0)
        retry_later(s);
}

static void retry_later(struct sock *s)
{
    if (s->reconnect && !s->retrying)
        s->retrying = bp_after(s, s->reconnect * UINT64_C(1000000000), retry);
}

static int open_client(struct sock *s)
{
    char text[256];
    int r = with_address(s, connect_to);
    if (r >= 0)
        return 0;
    if (s->reconnect) {
        retry_later(s);
        return 0;
    }
    return bp_fail(s, ECONNREFUSED, "cannot connect to %s: %s",
                   address_text(s, text, sizeof text), error_text(r));
}

/* ---- the driver ----------------------------------------------------------------------------- */

static int sock_open(void *drv)
{
    struct sock *s = drv;
    s->fd = (struct char_fd){ .in = -1, .out = -1, .is_socket = true, .ended = peer_gone };
    s->listener = -1;
    if (!s->path == !s->port)
        return bp_fail(s, EINVAL, "give either path=FILE or host=HOST,port=PORT");
    if (pthread_mutex_init(&s->lock, NULL) != 0)
        return bp_fail(s, ENOMEM, "no memory for a lock");
    s->ready = true;
    return s->server ? open_server(s) : open_client(s);
}

static void sock_close(void *drv)
{
    struct sock *s = drv;
    if (!s->ready)
        return;
    hang_up(s);
    bp_unwatch(s->accepting);
    bp_unwatch(s->retrying);
    s->accepting = s->retrying = NULL;
    if (s->listener >= 0)
        close(s->listener);
    if (s->bound && s->owner == getpid()) /* not in a fork's child */
        unlink(s->path);
    s->listener = -1;
    s->bound = s->ready = false;
    pthread_mutex_destroy(&s->lock);
}

static const struct bp_prop props[] = {
    BP_STRING(struct sock, path, NULL, "UNIX socket"),
    BP_STRING(struct sock, host, NULL, "TCP: name or address; a server's default is any"),
    BP_STRING(struct sock, port, NULL, "TCP: number or service name"),
    BP_BOOL(struct sock, server, false, "listen instead of connecting"),
    BP_BOOL(struct sock, wait, true, "server: start the machine when a client has connected"),
    BP_BOOL(struct sock, nodelay, false, "TCP: send small pieces at once"),
    BP_UINT(struct sock, reconnect, 0, 0, 3600, "seconds between a client's attempts; 0: one"),
};

BP_CHARDEV_DRIVER(sock, "socket", "A UNIX or TCP stream socket", .state_size = sizeof(struct sock),
                  .props = BP_ROWS(props), .open = sock_open, .close = sock_close,
                  .write = sock_write, .room_changed = char_fd_resume);
BP_PLUGIN("char-socket", "1.0", "MIT");
