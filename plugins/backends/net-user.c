/* SPDX-License-Identifier: MIT */
/*
 * net-user.c: a private network behind the user's own sockets, by libslirp: the guest reaches out
 * through a gateway that translates addresses, and is reached through ports of the host (hostfwd=).
 *
 * libslirp wants a loop that asks for its file descriptors before each poll. Here watches are kept
 * equal to what it asked for last, and it is asked again whenever something happened.
 */
#include "net-user-frag.h"

#include <backplane/net.h>
#include <backplane/time.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One descriptor that libslirp wants watched. */
struct polled {
    int fd, events; /* SLIRP_POLL_... */
    int ready;
    struct bp_watch *watch;
};

/* A timer of libslirp's. */
struct user_timer {
    struct user *user;
    SlirpTimerId id;
    void *opaque;
    int64_t due_ns; /* INT64_MAX: not armed */
    struct user_timer *next;
};

struct user {
    /* properties */
    const char *net, *host, *dhcpstart, *dns, *hostname, *domainname, *tftp, *tftp_server_name,
        *bootfile, *hostfwd;
    bool restricted, ipv4, ipv6;
    /* the rest */
    Slirp *slirp;
    struct in_addr guest; /* where hostfwd goes without an address */
    struct polled *polled;      /* as asked for last, watched */
    unsigned polled_count, polled_room;
    struct polled *asked;       /* being asked for */
    unsigned asked_count, asked_room;
    struct bp_watch *timeout;
    struct user_timer *timers;  /* all that exist */
    struct bp_watch *timer_watch; /* for the earliest of them */
    bool sync_pending;
    struct frags frags;
};

/* ---- the loop -------------------------------------------------------------------------------- */

static void sync_watches(void *drv);

/* Asks again soon: once for all that happens until then. */
static void sync_soon(struct user *s)
{
    if (s->sync_pending)
        return;
    s->sync_pending = true;
    bp_defer(s, sync_watches);
}

static int revents(int index, void *opaque)
{
    struct user *s = opaque;
    return index >= 0 && (unsigned)index < s->polled_count ? s->polled[index].ready : 0;
}

static void poll_slirp(struct user *s)
{
    slirp_pollfds_poll(s->slirp, 0, revents, s);
    for (unsigned i = 0; i < s->polled_count; i++)
        s->polled[i].ready = 0;
    sync_soon(s);
}

/* The core's watches don't tell urgent data apart: it is read as ordinary data. The kernel reports
 * hang-ups and errors also where nobody asked. libslirp, which does not ask while its buffer for
 * the guest is full, would take them for the end of the stream; so the descriptor is left alone
 * until it asks again. */
static void fd_ready(void *drv, int fd, unsigned events)
{
    struct user *s = drv;
    bool any = false;
    if (s->sync_pending)
        return; /* it is still ready after that */
    int ready = (events & BP_FD_IN ? SLIRP_POLL_IN : 0) |
                (events & BP_FD_OUT ? SLIRP_POLL_OUT : 0) |
                (events & BP_FD_HANGUP ? SLIRP_POLL_HUP : 0) |
                (events & BP_FD_ERROR ? SLIRP_POLL_ERR : 0);
    for (unsigned i = 0; i < s->polled_count; i++) {
        struct polled *p = &s->polled[i];
        if (p->fd != fd)
            continue;
        p->ready = ready & p->events;
        any |= p->ready != 0;
        if (!p->ready) {
            bp_unwatch(p->watch);
            p->watch = NULL;
        }
    }
    if (any)
        poll_slirp(s);
}

static void timed_out(void *drv)
{
    struct user *s = drv;
    s->timeout = NULL;
    poll_slirp(s);
}

static int add_poll(int fd, int events, void *opaque)
{
    struct user *s = opaque;
    if (s->asked_count == s->asked_room) {
        unsigned room = s->asked_room ? 2 * s->asked_room : 32;
        struct polled *more = realloc(s->asked, room * sizeof *more);
        if (!more)
            return -1;
        s->asked = more;
        s->asked_room = room;
    }
    s->asked[s->asked_count] = (struct polled){ fd, events, 0, NULL };
    return (int)s->asked_count++;
}

/* The watch of the descriptor that it asked for before in the same way, taken over. */
static struct bp_watch *known_watch(struct user *s, const struct polled *p, unsigned hint)
{
    for (unsigned n = 0; n < s->polled_count; n++) {
        struct polled *old = &s->polled[(hint + n) % s->polled_count];
        if (old->watch && old->fd == p->fd && old->events == p->events) {
            struct bp_watch *watch = old->watch;
            old->watch = NULL;
            return watch;
        }
    }
    return NULL;
}

static void sync_watches(void *drv)
{
    struct user *s = drv;
    uint32_t wait_ms = UINT32_MAX;
    s->sync_pending = false;
    s->asked_count = 0;
    slirp_pollfds_fill(s->slirp, &wait_ms, add_poll, s);
    for (unsigned i = 0; i < s->asked_count; i++)
        s->asked[i].watch = known_watch(s, &s->asked[i], i);
    /* Old watches go first: a descriptor number may have been used anew. */
    for (unsigned i = 0; i < s->polled_count; i++)
        bp_unwatch(s->polled[i].watch);
    for (unsigned i = 0; i < s->asked_count; i++) {
        struct polled *p = &s->asked[i];
        unsigned events = (p->events & SLIRP_POLL_IN ? BP_FD_IN : 0) |
                          (p->events & SLIRP_POLL_OUT ? BP_FD_OUT : 0);
        if (!p->watch)
            p->watch = bp_watch_fd(s, p->fd, events, fd_ready);
    }
    struct polled *list = s->polled;
    unsigned room = s->polled_room;
    s->polled = s->asked;
    s->polled_count = s->asked_count;
    s->polled_room = s->asked_room;
    s->asked = list;
    s->asked_room = room;
    bp_unwatch(s->timeout);
    s->timeout = wait_ms == UINT32_MAX ? NULL : bp_after(s, wait_ms * UINT64_C(1000000), timed_out);
}

/* ---- what libslirp calls --------------------------------------------------------------------- */

static ssize_t slirp_send(const void *frame, size_t n, void *opaque)
{
    bp_net_deliver(opaque, frame, n);
    return (ssize_t)n;
}

static void slirp_guest_error(const char *message, void *opaque)
{
    bp_log(opaque, BP_LOG_GUEST_ERROR, "%s", message);
}

static int64_t slirp_clock(void *opaque) { return bp_now(opaque, BP_CLOCK_REALTIME); }

/* bp_after() says whose call it is, not which: one wait serves all timers. */
static void timers_due(void *drv);

static void arm_timers(struct user *s)
{
    int64_t due = INT64_MAX, now = slirp_clock(s);
    for (const struct user_timer *t = s->timers; t; t = t->next)
        due = t->due_ns < due ? t->due_ns : due;
    bp_unwatch(s->timer_watch);
    s->timer_watch = NULL;
    if (due != INT64_MAX)
        s->timer_watch = bp_after(s, due > now ? (uint64_t)(due - now) : 0, timers_due);
}

static void timers_due(void *drv)
{
    struct user *s = drv;
    int64_t now = slirp_clock(s);
    s->timer_watch = NULL;
    for (struct user_timer *t = s->timers, *next; t; t = next) {
        next = t->next;
        if (t->due_ns > now)
            continue;
        t->due_ns = INT64_MAX;
        slirp_handle_timer(s->slirp, t->id, t->opaque);
    }
    arm_timers(s);
    sync_soon(s);
}

static void *slirp_timer_new(SlirpTimerId id, void *cb_opaque, void *opaque)
{
    struct user *s = opaque;
    struct user_timer *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    *t = (struct user_timer){ s, id, cb_opaque, INT64_MAX, s->timers };
    s->timers = t;
    return t;
}

static void slirp_timer_free(void *timer, void *opaque)
{
    struct user *s = opaque;
    for (struct user_timer **t = &s->timers; *t; t = &(*t)->next) {
        if (*t != timer)
            continue;
        *t = (*t)->next;
        break;
    }
    free(timer);
}

static void slirp_timer_mod(void *timer, int64_t expire_ms, void *opaque)
{
    struct user_timer *t = timer;
    if (!t)
        return;
    t->due_ns = expire_ms > INT64_MAX / 1000000 ? INT64_MAX - 1 : expire_ms * 1000000;
    arm_timers(opaque);
}

static void slirp_register(int fd, void *opaque) {}

/* The descriptor is about to be closed. */
static void slirp_unregister(int fd, void *opaque)
{
    struct user *s = opaque;
    for (unsigned i = 0; i < s->polled_count; i++) {
        if (s->polled[i].fd != fd)
            continue;
        bp_unwatch(s->polled[i].watch);
        s->polled[i].watch = NULL;
    }
}

static void slirp_notify(void *opaque) { sync_soon(opaque); }
static void slirp_ready(Slirp *slirp, void *opaque) {}

static const SlirpCb callbacks = {
    .send_packet = slirp_send,
    .guest_error = slirp_guest_error,
    .clock_get_ns = slirp_clock,
    .timer_free = slirp_timer_free,
    .timer_mod = slirp_timer_mod,
    .register_poll_fd = slirp_register,
    .unregister_poll_fd = slirp_unregister,
    .notify = slirp_notify,
    .init_completed = slirp_ready,
    .timer_new_opaque = slirp_timer_new,
};

/* ---- options --------------------------------------------------------------------------------- */

static int parse_ipv4(struct user *s, const char *what, const char *text, struct in_addr *ret)
{
    if (inet_pton(AF_INET, text, ret) == 1)
        return 0;
    return bp_fail(s, EINVAL, "%s=%s is no IPv4 address", what, text);
}

/* ADDRESS[/BITS or /MASK]; 24 bits where there is no mask. */
static int parse_net(struct user *s, SlirpConfig *c)
{
    char text[64];
    const char *net = s->net ? s->net : "10.0.2.0/24";
    uint32_t mask = 0xFFFFFF00;
    if (strlen(net) >= sizeof text)
        return bp_fail(s, EINVAL, "net=%s is not ADDRESS/BITS", net);
    memcpy(text, net, strlen(net) + 1);
    char *slash = strchr(text, '/'), *end;
    if (slash) {
        *slash++ = 0;
        unsigned long bits = strtoul(slash, &end, 10);
        struct in_addr a;
        if (*slash && !*end && bits >= 1 && bits <= 30)
            mask = UINT32_MAX << (32 - bits);
        else if (inet_pton(AF_INET, slash, &a) == 1)
            mask = ntohl(a.s_addr);
        else
            return bp_fail(s, EINVAL, "net=%s: behind '/' belong 1 to 30 bits", net);
    }
    int r = parse_ipv4(s, "net", text, &c->vnetwork);
    c->vnetmask.s_addr = htonl(mask);
    c->vnetwork.s_addr &= c->vnetmask.s_addr;
    return r;
}

/* An address in the network: given, or the default host number there. */
static int parse_own(struct user *s, SlirpConfig *c, const char *what, const char *text,
                     uint32_t number, struct in_addr *ret)
{
    ret->s_addr = c->vnetwork.s_addr | (htonl(number) & ~c->vnetmask.s_addr);
    if (!text)
        return 0;
    int r = parse_ipv4(s, what, text, ret);
    if (!r && (ret->s_addr & c->vnetmask.s_addr) != c->vnetwork.s_addr)
        return bp_fail(s, EINVAL, "%s=%s is not in the network %s", what, text,
                       s->net ? s->net : "10.0.2.0/24");
    return r;
}

static int configure(struct user *s, SlirpConfig *c)
{
    struct stat st;
    *c = (SlirpConfig){
        .version = 4, .restricted = s->restricted, .in_enabled = s->ipv4, .in6_enabled = s->ipv6,
        .vprefix_len = 64, .vhostname = s->hostname, .tftp_server_name = s->tftp_server_name,
        .tftp_path = s->tftp, .bootfile = s->bootfile, .vdomainname = s->domainname,
    };
    inet_pton(AF_INET6, "fec0::", &c->vprefix_addr6);
    inet_pton(AF_INET6, "fec0::2", &c->vhost6);
    inet_pton(AF_INET6, "fec0::3", &c->vnameserver6);
    if (!s->ipv4 && !s->ipv6)
        return bp_fail(s, EINVAL, "ipv4=off and ipv6=off leave nothing");
    if (s->tftp && (stat(s->tftp, &st) < 0 || !S_ISDIR(st.st_mode)))
        return bp_fail(s, ENOTDIR, "tftp=%s is no directory", s->tftp);
    int r = parse_net(s, c);
    if (!r)
        r = parse_own(s, c, "host", s->host, 2, &c->vhost);
    if (!r)
        r = parse_own(s, c, "dhcpstart", s->dhcpstart, 15, &c->vdhcp_start);
    if (!r)
        r = parse_own(s, c, "dns", s->dns, 3, &c->vnameserver);
    if (!r && c->vhost.s_addr == c->vnameserver.s_addr)
        r = bp_fail(s, EINVAL, "host and dns have the same address");
    return r;
}

static bool parse_port(const char *text, int *ret)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (!*text || *end || n > 65535 || text[0] == '-' || text[0] == '+')
        return false;
    *ret = (int)n;
    return true;
}

/* "ADDRESS:PORT", both but the port may be empty. Cuts the text. */
static bool parse_end(char *text, struct in_addr *address, int *port)
{
    char *colon = strrchr(text, ':');
    if (!colon)
        return false;
    *colon = 0;
    return (!*text || inet_pton(AF_INET, text, address) == 1) && parse_port(colon + 1, port);
}

/* PROTOCOL:[HOSTADDRESS]:HOSTPORT-[GUESTADDRESS]:GUESTPORT */
static int add_forward(struct user *s, const char *rule)
{
    char text[128];
    struct in_addr host = { .s_addr = INADDR_ANY }, guest = s->guest;
    int host_port, guest_port;
    bool udp = !strncmp(rule, "udp:", 4), tcp = !strncmp(rule, "tcp:", 4) || rule[0] == ':';
    const char *ends = strchr(rule, ':');
    if ((!udp && !tcp) || strlen(rule) >= sizeof text)
        goto wrong;
    memcpy(text, ends + 1, strlen(ends));
    char *dash = strchr(text, '-');
    if (!dash)
        goto wrong;
    *dash = 0;
    if (!parse_end(text, &host, &host_port) || !parse_end(dash + 1, &guest, &guest_port) ||
        !guest_port)
        goto wrong;
    if (slirp_add_hostfwd(s->slirp, udp, host, host_port, guest, guest_port) < 0)
        return bp_fail(s, errno ? errno : EADDRINUSE, "hostfwd=%s: cannot listen on port %d: %s",
                       rule, host_port, strerror(errno));
    return 0;
wrong:
    return bp_fail(s, EINVAL, "hostfwd=%s is not "
                   "tcp|udp:[HOSTADDRESS]:HOSTPORT-[GUESTADDRESS]:GUESTPORT", rule);
}

/* ---- the driver ------------------------------------------------------------------------------ */

static void user_close(void *drv)
{
    struct user *s = drv;
    if (s->slirp)
        slirp_cleanup(s->slirp);
    s->slirp = NULL;
    for (unsigned i = 0; i < s->polled_count; i++)
        bp_unwatch(s->polled[i].watch);
    s->polled_count = 0;
    bp_unwatch(s->timeout);
    bp_unwatch(s->timer_watch);
    s->timeout = s->timer_watch = NULL;
    while (s->timers)
        slirp_timer_free(s->timers, s);
    frag_free(&s->frags);
    free(s->polled);
    free(s->asked);
    s->polled = s->asked = NULL;
}

static int add_forwards(struct user *s)
{
    char *copy = s->hostfwd ? strdup(s->hostfwd) : NULL, *rest = copy, *rule;
    int r = 0;
    while (!r && (rule = strsep(&rest, "\n")))
        r = add_forward(s, rule);
    free(copy);
    return r;
}

/* A driver that does not open is not closed. */
static int user_open(void *drv)
{
    struct user *s = drv;
    SlirpConfig config;
    int r = configure(s, &config);
    if (r < 0)
        return r;
    s->guest = config.vdhcp_start;
    s->slirp = slirp_new(&config, &callbacks, s);
    if (!s->slirp)
        return bp_fail(s, EINVAL, "libslirp %s refuses these options", slirp_version_string());
    r = add_forwards(s);
    if (r < 0)
        user_close(s);
    else
        sync_soon(s);
    return r;
}

static void user_send(void *drv, const void *frame, size_t n)
{
    struct user *s = drv;
    const uint8_t *whole = frame;
    if (n < 14 || n > 64 * 1024 + 14)
        return;
    if (frag_is(frame, n) && !(n = frag_take(&s->frags, frame, n, &whole)))
        return;
    slirp_input(s->slirp, whole, (int)n);
    sync_soon(s);
}

static void user_room_changed(void *drv) { sync_soon(drv); }

#define FIELD(name_, member, type_, ...)                                                           \
    { .name = name_, .type = type_, .field = offsetof(struct user, member),                        \
      .field_size = sizeof(((struct user *)0)->member), __VA_ARGS__ }
static const struct bp_prop props[] = {
    BP_STRING(struct user, net, NULL, "ADDRESS/BITS of the network; default 10.0.2.0/24"),
    BP_STRING(struct user, host, NULL, "address of the gateway; default: number 2 of the network"),
    BP_STRING(struct user, dhcpstart, NULL, "first address that DHCP gives; default: number 15"),
    BP_STRING(struct user, dns, NULL, "address of the name server; default: number 3"),
    BP_LIST(struct user, hostfwd,
            "tcp|udp:[ADDRESS]:PORT-[ADDRESS]:PORT: a port of the host leads to one of the guest"),
    FIELD("restrict", restricted, BP_PROP_BOOL, .doc = "let the guest reach nothing but hostfwd"),
    BP_BOOL(struct user, ipv4, true, "IPv4"),
    BP_BOOL(struct user, ipv6, true, "IPv6, network fec0::/64"),
    BP_STRING(struct user, hostname, NULL, "name that DHCP gives"),
    BP_STRING(struct user, domainname, NULL, "domain that DHCP gives"),
    BP_STRING(struct user, tftp, NULL, "directory to serve by TFTP, read-only"),
    BP_STRING(struct user, tftp_server_name, NULL, "name of the TFTP server for DHCP"),
    BP_STRING(struct user, bootfile, NULL, "file that DHCP tells the guest to boot"),
};

BP_NET_DRIVER(user, "user", "Private network by user-mode sockets (libslirp)",
              .state_size = sizeof(struct user), .props = BP_ROWS(props), .open = user_open,
              .close = user_close, .send = user_send, .room_changed = user_room_changed);
BP_PLUGIN("net-user", "1.0", "MIT");
