/* SPDX-License-Identifier: MIT */
/* net-stream.c: a network of two machines: frames over a stream socket, UNIX or TCP, as server or
 * client. */
#include "net-wire.h"

enum { TYPE_UNIX, TYPE_INET };

struct stream {
    struct wire wire;
    uint32_t type, reconnect;
    const char *path, *host, *port;
    bool server;
    bool bound; /* the UNIX path is ours to remove */
    struct bp_watch *retrying;
};

static struct wire_address address(const struct stream *s)
{
    return (struct wire_address){ s->type == TYPE_UNIX ? s->path : NULL, s->host, s->port,
                                  s->server };
}

static void retry(void *drv);

/* Waits for the next peer, or tries to reach the old one again. */
static void wait_for_peer(void *drv)
{
    struct stream *s = drv;
    wire_await_peer(&s->wire);
    if (!s->server && s->reconnect && !s->retrying)
        s->retrying = bp_after(s, s->reconnect * UINT64_C(1000000000), retry);
}

static void retry(void *drv)
{
    struct stream *s = drv;
    struct wire_address a = address(s);
    s->retrying = NULL;
    int fd = wire_socket(&a);
    if (fd >= 0)
        wire_connected(&s->wire, fd);
    else
        wait_for_peer(s);
}

static int start(struct stream *s)
{
    int r = wire_init(&s->wire, wait_for_peer);
    if (r < 0)
        return r;
    if (s->type == TYPE_UNIX ? !s->path : !s->port)
        return bp_fail(s, EINVAL, "give addr.type=unix,addr.path=FILE or "
                       "addr.type=inet,addr.host=HOST,addr.port=PORT");
    bp_net_set_link(s, false);
    struct wire_address a = address(s);
    int fd = wire_socket(&a);
    if (fd < 0 && (s->server || !s->reconnect))
        return bp_fail(s, -fd, "cannot %s %s%s%s: %s", s->server ? "listen on" : "connect to",
                       a.path ? a.path : a.host ? a.host : "", a.path ? "" : ":",
                       a.path ? "" : a.port, strerror(-fd));
    if (s->server) {
        s->wire.listener = fd;
        s->bound = a.path != NULL;
        wait_for_peer(s);
    } else if (fd >= 0) {
        wire_connected(&s->wire, fd);
    } else {
        wait_for_peer(s);
    }
    return 0;
}

static void stream_close(void *drv)
{
    struct stream *s = drv;
    bp_unwatch(s->retrying);
    s->retrying = NULL;
    wire_finish(&s->wire);
    if (s->bound)
        unlink(s->path);
    s->bound = false;
}

/* A driver that does not open is not closed. */
static int stream_open(void *drv)
{
    int r = start(drv);
    if (r < 0)
        stream_close(drv);
    return r;
}

#define FIELD(name_, member, type_, ...)                                                           \
    { .name = name_, .type = type_, .field = offsetof(struct stream, member),                      \
      .field_size = sizeof(((struct stream *)0)->member), __VA_ARGS__ }
static const struct bp_prop props[] = {
    FIELD("addr.type", type, BP_PROP_ENUM, .choices = "unix|inet", .doc = "kind of address"),
    FIELD("addr.path", path, BP_PROP_STRING, .doc = "unix: path of the socket"),
    FIELD("addr.host", host, BP_PROP_STRING, .doc = "inet: host; server: default any address"),
    FIELD("addr.port", port, BP_PROP_STRING, .doc = "inet: port number or service"),
    BP_BOOL(struct stream, server, false, "wait for a peer instead of connecting"),
    BP_UINT(struct stream, reconnect, 0, 0, 86400, "seconds between attempts of a client; 0: one"),
};

BP_NET_DRIVER(stream, "stream", "Frames over a stream socket", .state_size = sizeof(struct stream),
              .props = BP_ROWS(props), .open = stream_open, .close = stream_close,
              .send = wire_send, .room_changed = wire_resume);
BP_PLUGIN("net-stream", "1.0", "MIT");
