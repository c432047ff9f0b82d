/* SPDX-License-Identifier: MIT */
/*
 * test_virtio_host.c: the host's side of networks: drivers stream, socket and user, behind a virtio
 * network card that the test drives. Everything stays on the loopback interface.
 */
#include "virtio_rig.h"

#include <core/loader.h>
#include <core/net.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { RX = 0, TX = 1 };
#define WAIT_MS 30000

static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };
static const uint8_t runt[60];

/* A machine with a network card on a netdev of that kind. Settings as name, value, ..., NULL. */
static int try_netdev(struct vr *v, const char *kind, va_list ap)
{
    const struct bp_net_driver *d = (const void *)rig_entity(BP_KIND_NET, kind);
    struct bp_set settings[8];
    uint32_t count = 0;
    const char *name;
    while ((name = va_arg(ap, const char *)))
        settings[count++] = (struct bp_set){ name, va_arg(ap, const char *) };
    return net_new(v->r.m, d, "netdev", settings, count, NULL);
}

static void buffers(struct vr *v, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct vr_desc d = { VR_DATA + 0x10000 + v->q[RX].next_desc * 2048, 2048, true, 0 };
        vr_add(v, RX, &d, 1);
    }
    vr_kick(v, RX);
}

__attribute__((sentinel)) static void host(struct vr *v, const char *kind, ...)
{
    va_list ap;
    vr_open(v, false);
    va_start(ap, kind);
    ck_assert_int_eq(try_netdev(v, kind, ap), 0);
    va_end(ap);
    vr_device(v, "virtio-net-device", "mac", "52:54:00:01:02:03", NULL);
    vr_start(v, UINT64_MAX & ~BP_VIRTIO_BIT(18), 2, 16); /* no receive filter */
    buffers(v, 16);
}

__attribute__((sentinel)) static bool refused(const char *kind, ...)
{
    struct vr v;
    va_list ap;
    vr_open(&v, false);
    va_start(ap, kind);
    int r = try_netdev(&v, kind, ap);
    va_end(ap);
    vr_close(&v);
    return r < 0;
}

static void send_frame(struct vr *v, const void *frame, uint32_t n)
{
    rig_poke(&v->r, VR_DATA + 12, frame, n);
    const struct vr_desc d = { VR_DATA, n + 12, false, 0 };
    vr_run(v, TX, &d, 1);
}

/* The next frame the guest receives, without its header; 0 where none comes. */
static uint32_t next_frame(struct vr *v, uint8_t *buf, int wait_ms)
{
    struct vr_used u;
    for (int i = 0; !vr_used(v, RX, &u); i++) {
        if (i >= wait_ms)
            return 0;
        poll(NULL, 0, 1);
    }
    rig_peek(&v->r, VR_DATA + 0x10000 + u.id * 2048, buf, 2048);
    memmove(buf, buf + 12, 2048 - 12);
    buffers(v, 1);
    return u.length - 12;
}

static bool link_up(struct vr *v)
{
    rig_poll(&v->r);
    return vr_config8(v, 6) & 1;
}

static bool becomes(struct vr *v, struct vr *other, bool up)
{
    for (int i = 0; i < WAIT_MS && link_up(v) != up; i++) {
        if (other)
            rig_poll(&other->r);
        poll(NULL, 0, 1);
    }
    return link_up(v) == up;
}

static void pattern(uint8_t *frame, size_t n, uint8_t seed)
{
    for (size_t i = 0; i < n; i++)
        frame[i] = (uint8_t)(seed + i * 5);
}

/* A frame from a to b arrives unchanged. */
static void carries(struct vr *a, struct vr *b, uint32_t n, uint8_t seed)
{
    uint8_t sent[2048], got[2048];
    pattern(sent, n, seed);
    send_frame(a, sent, n);
    for (int i = 0; i < 20; i++)
        rig_poll(&a->r);
    ck_assert_uint_eq(next_frame(b, got, WAIT_MS), n);
    ck_assert_mem_eq(got, sent, n);
}

static uint16_t free_port(int type)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, type, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, n), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    close(fd);
    return ntohs(a.sin_port);
}

/* ---- stream, socket -------------------------------------------------------------------------- */

static char path[108];

static void make_path(void)
{
    g_snprintf(path, sizeof path, "%s/bp-net-%d", g_get_tmp_dir(), (int)getpid());
    unlink(path);
}

START_TEST(stream_unix)
{
    struct vr a, b;
    make_path();
    host(&a, "stream", "addr.type", "unix", "addr.path", path, "server", "on", NULL);
    ck_assert(!link_up(&a));
    host(&b, "stream", "addr.type", "unix", "addr.path", path, NULL);
    ck_assert(becomes(&a, &b, true));
    ck_assert(link_up(&b));
    for (unsigned i = 0; i < 40; i++) {
        carries(&a, &b, 14 + i * 37, (uint8_t)i);
        carries(&b, &a, 1514 - i, (uint8_t)(i + 100));
    }
    vr_close(&b); /* the peer vanishes */
    ck_assert(becomes(&a, NULL, false));
    send_frame(&a, runt, sizeof runt);
    host(&b, "stream", "addr.type", "unix", "addr.path", path, NULL);
    ck_assert(becomes(&a, &b, true));
    carries(&a, &b, 100, 7);
    vr_close(&a);
    ck_assert(becomes(&b, NULL, false));
    ck_assert_int_ne(access(path, F_OK), 0);
    vr_close(&b);
}
END_TEST

START_TEST(client_reconnects)
{
    struct vr a, b;
    make_path();
    host(&b, "stream", "addr.type", "unix", "addr.path", path, "reconnect", "1", NULL);
    ck_assert(!link_up(&b));
    host(&a, "stream", "addr.type", "unix", "addr.path", path, "server", "on", NULL);
    ck_assert(becomes(&b, &a, true));
    ck_assert(becomes(&a, &b, true));
    carries(&a, &b, 100, 1);
    vr_close(&a);
    vr_close(&b);
}
END_TEST

START_TEST(socket_tcp)
{
    struct vr a, b;
    char listen_at[32], connect_to[32];
    unsigned port = free_port(SOCK_STREAM);
    g_snprintf(listen_at, sizeof listen_at, "127.0.0.1:%u", port);
    g_snprintf(connect_to, sizeof connect_to, "127.0.0.1:%u", port);
    host(&a, "socket", "listen", listen_at, NULL);
    host(&b, "socket", "connect", connect_to, NULL);
    ck_assert(becomes(&a, &b, true));
    for (unsigned i = 0; i < 20; i++) {
        carries(&a, &b, 60 + i, (uint8_t)i);
        carries(&b, &a, 600 + i, (uint8_t)i);
    }
    vr_close(&a);
    ck_assert(becomes(&b, NULL, false));
    send_frame(&b, runt, sizeof runt);
    vr_close(&b);
}
END_TEST

START_TEST(socket_udp)
{
    struct vr a, b;
    char at[32], to[32];
    unsigned one = free_port(SOCK_DGRAM), other = free_port(SOCK_DGRAM);
    g_snprintf(at, sizeof at, "127.0.0.1:%u", one);
    g_snprintf(to, sizeof to, "127.0.0.1:%u", other);
    host(&a, "socket", "udp", to, "localaddr", at, NULL);
    host(&b, "socket", "udp", at, "localaddr", to, NULL);
    carries(&a, &b, 200, 3);
    carries(&b, &a, 1500, 4);
    vr_close(&b);
    for (unsigned i = 0; i < 5; i++)
        send_frame(&a, runt, sizeof runt); /* nobody is there any more */
    rig_poll(&a.r);
    vr_close(&a);
}
END_TEST

/* Everybody hears it but the sender. Skipped where the host has no multicast. */
START_TEST(socket_mcast)
{
    struct vr a, b;
    char group[32];
    uint8_t sent[100], got[2048];
    g_snprintf(group, sizeof group, "230.0.0.1:%u", free_port(SOCK_DGRAM));
    if (refused("socket", "mcast", group, "localaddr", "127.0.0.1", NULL)) {
        printf("no multicast here: skipped\n");
        return;
    }
    host(&a, "socket", "mcast", group, "localaddr", "127.0.0.1", NULL);
    host(&b, "socket", "mcast", group, "localaddr", "127.0.0.1", NULL);
    pattern(sent, sizeof sent, 5);
    send_frame(&a, sent, sizeof sent);
    rig_poll(&a.r);
    ck_assert_uint_eq(next_frame(&b, got, WAIT_MS), sizeof sent);
    ck_assert_mem_eq(got, sent, sizeof sent);
    ck_assert_uint_eq(next_frame(&a, got, 50), 0);
    send_frame(&b, sent, sizeof sent); /* the same bytes, but from another */
    rig_poll(&b.r);
    ck_assert_uint_eq(next_frame(&a, got, WAIT_MS), sizeof sent);
    vr_close(&a);
    vr_close(&b);
}
END_TEST

/* A peer that speaks the wire's language by hand. */
static int hand(void)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(un.sun_path, path, sizeof un.sun_path);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
    return fd;
}

START_TEST(peers_that_misbehave)
{
    struct vr a;
    uint8_t got[2048], b[4 + 100] = { 0, 0, 0, 100 };
    make_path();
    host(&a, "stream", "addr.type", "unix", "addr.path", path, "server", "on", NULL);

    int fd = hand(); /* one byte at a time */
    ck_assert(becomes(&a, NULL, true));
    for (unsigned i = 0; i < sizeof b; i++) {
        ck_assert_int_eq(write(fd, b + i, 1), 1);
        rig_poll(&a.r);
    }
    ck_assert_uint_eq(next_frame(&a, got, WAIT_MS), 100);
    ck_assert_int_eq(write(fd, b, 50), 50); /* half a frame, then gone */
    close(fd);
    ck_assert(becomes(&a, NULL, false));

    fd = hand(); /* what was half there is forgotten */
    ck_assert(becomes(&a, NULL, true));
    ck_assert_int_eq(write(fd, b, sizeof b), (int)sizeof b);
    ck_assert_uint_eq(next_frame(&a, got, WAIT_MS), 100);
    const uint8_t zero[8] = { 0 }; /* frames of no bytes */
    ck_assert_int_eq(write(fd, zero, 8), 8);
    const uint8_t huge[4] = { 0xFF, 0xFF, 0xFF, 0xFF };
    ck_assert_int_eq(write(fd, huge, 4), 4);
    ck_assert(becomes(&a, NULL, false));
    char c;
    ck_assert_int_eq(read(fd, &c, 1), 0);
    close(fd);

    fd = hand(); /* never reads: frames are dropped, nothing blocks */
    ck_assert(becomes(&a, NULL, true));
    uint8_t frame[1514];
    pattern(frame, sizeof frame, 1);
    for (unsigned i = 0; i < 5000; i++) {
        send_frame(&a, frame, sizeof frame);
        rig_poll(&a.r);
    }
    ck_assert(link_up(&a));
    close(fd);
    ck_assert(becomes(&a, NULL, false));
    vr_close(&a);
}
END_TEST

/* More than the guest takes: the sender is held back, and goes on. */
START_TEST(floods_are_held_back)
{
    struct vr a;
    uint8_t got[2048], b[4 + 1000] = { 0, 0, 3, 0xE8 };
    unsigned sent = 0, received = 0;
    make_path();
    host(&a, "stream", "addr.type", "unix", "addr.path", path, "server", "on", NULL);
    int fd = hand();
    ck_assert(becomes(&a, NULL, true));
    for (unsigned round = 0; round < 2000; round++) {
        if (send(fd, b, sizeof b, MSG_DONTWAIT) != (ssize_t)sizeof b)
            break;
        sent++;
        rig_poll(&a.r);
    }
    ck_assert_uint_gt(sent, 100);
    while (next_frame(&a, got, 20) == 1000)
        received++;
    ck_assert_uint_gt(received, 100);
    ck_assert_uint_le(received, sent);
    close(fd);
    vr_close(&a);
}
END_TEST

START_TEST(wrong_options)
{
    ck_assert(refused("stream", NULL));
    ck_assert(refused("stream", "addr.type", "inet", NULL));
    ck_assert(refused("stream", "addr.type", "unix", "addr.path", "/nowhere/at/all", NULL));
    ck_assert(refused("socket", NULL));
    ck_assert(refused("socket", "listen", "127.0.0.1", NULL));
    ck_assert(refused("socket", "listen", ":1", "connect", ":2", NULL));
    ck_assert(refused("socket", "mcast", "127.0.0.1:1234", NULL));
    ck_assert(refused("socket", "udp", "127.0.0.1:1234", NULL));
}
END_TEST

/* ---- user ------------------------------------------------------------------------------------ */

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static uint16_t checksum(const uint8_t *p, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i += 2)
        sum += (uint32_t)p[i] << 8 | p[i + 1];
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)~sum;
}

static const uint8_t guest_ip[4] = { 10, 0, 2, 15 }, gateway_ip[4] = { 10, 0, 2, 2 };
static uint8_t gateway_mac[6];

/* The gateway's address by ARP; also tells it ours. */
static void resolve(struct vr *v)
{
    uint8_t f[60] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }, got[2048];
    memcpy(f + 6, mac, 6);
    put16(f + 12, 0x0806);
    static const uint8_t head[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };
    memcpy(f + 14, head, 8);
    memcpy(f + 22, mac, 6);
    memcpy(f + 28, guest_ip, 4);
    memcpy(f + 38, gateway_ip, 4);
    send_frame(v, f, sizeof f);
    for (;;) {
        ck_assert_uint_gt(next_frame(v, got, WAIT_MS), 41);
        if (got[12] == 8 && got[13] == 6 && got[21] == 2)
            break;
    }
    memcpy(gateway_mac, got + 6, 6);
}

/* A fragment of an IPv4 packet to the gateway: `n` bytes of its payload from `offset` on. */
static void send_fragment(struct vr *v, unsigned id, unsigned offset, bool more,
                          const uint8_t *payload, unsigned n)
{
    uint8_t f[1514] = { 0 };
    memcpy(f, gateway_mac, 6);
    memcpy(f + 6, mac, 6);
    put16(f + 12, 0x0800);
    uint8_t *ip = f + 14;
    ip[0] = 0x45;
    put16(ip + 2, 20 + n);
    put16(ip + 4, id);
    put16(ip + 6, (more ? 0x2000 : 0) | offset / 8);
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 12, guest_ip, 4);
    memcpy(ip + 16, gateway_ip, 4);
    put16(ip + 10, checksum(ip, 20));
    memcpy(ip + 20, payload + offset, n);
    send_frame(v, f, 34 + n < 60 ? 60 : 34 + n);
}

static void send_udp(struct vr *v, unsigned from, unsigned to, const void *data, unsigned n)
{
    uint8_t f[1500] = { 0 };
    memcpy(f, gateway_mac, 6);
    memcpy(f + 6, mac, 6);
    put16(f + 12, 0x0800);
    uint8_t *ip = f + 14, *udp = ip + 20;
    ip[0] = 0x45;
    put16(ip + 2, 28 + n);
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 12, guest_ip, 4);
    memcpy(ip + 16, gateway_ip, 4);
    put16(ip + 10, checksum(ip, 20));
    put16(udp, from);
    put16(udp + 2, to);
    put16(udp + 4, 8 + n);
    memcpy(udp + 8, data, n);
    send_frame(v, f, 42 + n < 60 ? 60 : 42 + n);
}

/* The payload of the next UDP datagram to that port. */
static unsigned next_udp(struct vr *v, unsigned port, uint8_t *data, unsigned *ret_from)
{
    uint8_t got[2048];
    for (;;) {
        if (!next_frame(v, got, WAIT_MS))
            return 0;
        const uint8_t *udp = got + 34;
        if (got[12] != 8 || got[13] || got[23] != 17 || (udp[2] << 8 | udp[3]) != (int)port)
            continue;
        unsigned n = (unsigned)(udp[4] << 8 | udp[5]) - 8;
        memcpy(data, udp + 8, n);
        *ret_from = (unsigned)(udp[0] << 8 | udp[1]);
        return n;
    }
}

static int udp_socket(uint16_t *ret_port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, n), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    *ret_port = ntohs(a.sin_port);
    return fd;
}

static bool have_user(void)
{
    rig_plugins();
    return entity_find(BP_KIND_NET, "user") != NULL;
}

START_TEST(user_reaches_the_host)
{
    struct vr v;
    uint16_t port;
    uint8_t data[2048];
    char text[64];
    struct sockaddr_in from;
    socklen_t n = sizeof from;
    ssize_t got = -1;
    unsigned source;
    int fd = udp_socket(&port);
    host(&v, "user", NULL);
    ck_assert(link_up(&v));
    resolve(&v);
    send_udp(&v, 4000, port, "ping from the guest", 19);
    for (int i = 0; i < WAIT_MS && got < 0; i++) {
        rig_poll(&v.r);
        got = recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&from, &n);
        poll(NULL, 0, got < 0);
    }
    ck_assert_int_eq(got, 19);
    ck_assert_mem_eq(text, "ping from the guest", 19);
    sendto(fd, "pong", 4, 0, (struct sockaddr *)&from, n);
    ck_assert_uint_eq(next_udp(&v, 4000, data, &source), 4);
    ck_assert_mem_eq(data, "pong", 4);
    ck_assert_uint_eq(source, port);
    close(fd);
    vr_close(&v);
}
END_TEST

static ssize_t wait_datagram(struct vr *v, int fd, void *buf, size_t n, int wait_ms)
{
    ssize_t got = -1;
    for (int i = 0; i < wait_ms && got < 0; i++) {
        rig_poll(&v->r);
        got = recv(fd, buf, n, 0);
        poll(NULL, 0, got < 0);
    }
    return got;
}

/* Fragments in any order, twice, overlapping; and such that never make a whole. */
START_TEST(user_takes_fragments)
{
    struct vr v;
    uint16_t port;
    uint8_t packet[3008], got[4096];
    int fd = udp_socket(&port);
    host(&v, "user", NULL);
    resolve(&v);
    pattern(packet, sizeof packet, 9);
    put16(packet, 4000);
    put16(packet + 2, port);
    put16(packet + 4, sizeof packet);
    put16(packet + 6, 0);
    send_fragment(&v, 1, 2000, false, packet, 1008);
    send_fragment(&v, 1, 800, true, packet, 1200);
    send_fragment(&v, 1, 800, true, packet, 1200);
    send_fragment(&v, 1, 400, true, packet, 800);
    ck_assert_int_lt(wait_datagram(&v, fd, got, sizeof got, 20), 0);
    send_fragment(&v, 1, 0, true, packet, 400);
    ck_assert_int_eq(wait_datagram(&v, fd, got, sizeof got, WAIT_MS), 3000);
    ck_assert_mem_eq(got, packet + 8, 3000);
    for (unsigned id = 100; id < 200; id++) { /* each lacks something, or reaches past its end */
        send_fragment(&v, id, 8 * id, true, packet, 800);
        send_fragment(&v, id, 0, true, packet, 8);
        send_fragment(&v, id, 16, false, packet, 8);
    }
    ck_assert_int_lt(wait_datagram(&v, fd, got, sizeof got, 20), 0);
    send_fragment(&v, 7, 2960, false, packet, 48);
    send_fragment(&v, 7, 0, true, packet, 1480);
    send_fragment(&v, 7, 1480, true, packet, 1480);
    ck_assert_int_eq(wait_datagram(&v, fd, got, sizeof got, WAIT_MS), 3000);
    ck_assert_mem_eq(got, packet + 8, 3000);
    close(fd);
    vr_close(&v);
}
END_TEST

START_TEST(user_forwards_ports)
{
    struct vr v;
    uint8_t data[2048];
    char rule[64], rule2[64];
    unsigned source, port = free_port(SOCK_DGRAM), port2 = free_port(SOCK_DGRAM);
    uint16_t own;
    int fd = udp_socket(&own);
    g_snprintf(rule, sizeof rule, "udp:127.0.0.1:%u-:5000", port);
    g_snprintf(rule2, sizeof rule2, "udp:127.0.0.1:%u-10.0.2.15:5001", port2);
    host(&v, "user", "hostfwd", rule, "hostfwd", rule2, "restrict", "on", NULL);
    resolve(&v);
    const unsigned ports[] = { port, port2 };
    for (unsigned i = 0; i < 2; i++) {
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)ports[i]),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        ck_assert_int_eq(sendto(fd, "in", 2, 0, (struct sockaddr *)&to, sizeof to), 2);
        ck_assert_uint_eq(next_udp(&v, 5000 + i, data, &source), 2);
        ck_assert_mem_eq(data, "in", 2);
    }
    vr_close(&v);
    close(fd);
}
END_TEST

START_TEST(user_answers_dhcp)
{
    struct vr v;
    uint8_t data[2048], d[300] = { 1, 1, 6, 0, 1, 2, 3, 4 };
    static const uint8_t options[] = { 0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255 };
    unsigned source;
    memcpy(d + 28, mac, 6);
    memcpy(d + 236, options, sizeof options);
    host(&v, "user", "net", "192.168.77.0/24", "dhcpstart", "192.168.77.40", NULL);
    uint8_t f[14 + 28 + sizeof d] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    memcpy(f + 6, mac, 6);
    put16(f + 12, 0x0800);
    uint8_t *ip = f + 14;
    ip[0] = 0x45;
    put16(ip + 2, 28 + sizeof d);
    ip[8] = 64;
    ip[9] = 17;
    memset(ip + 16, 0xFF, 4);
    put16(ip + 10, checksum(ip, 20));
    put16(ip + 20, 68);
    put16(ip + 22, 67);
    put16(ip + 24, 8 + sizeof d);
    memcpy(ip + 28, d, sizeof d);
    send_frame(&v, f, sizeof f);
    ck_assert_uint_gt(next_udp(&v, 68, data, &source), 240);
    static const uint8_t offered[4] = { 192, 168, 77, 40 };
    ck_assert_mem_eq(data + 16, offered, 4);
    vr_close(&v);
}
END_TEST

START_TEST(user_survives_garbage)
{
    struct vr v;
    uint32_t seed = 12345;
    uint8_t f[1514], got[2048];
    host(&v, "user", NULL);
    resolve(&v);
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t n = 14 + (seed >> 8) % 200;
        for (uint32_t k = 0; k < n; k++)
            f[k] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
        memcpy(f, gateway_mac, 6);
        memcpy(f + 6, mac, 6);
        static const uint8_t kinds[][2] = { { 8, 0 }, { 8, 6 }, { 0x86, 0xDD } };
        memcpy(f + 12, kinds[seed % 3], 2);
        if (f[12] == 8 && !f[13] && n > 40) { /* more like IPv4, to the guest or the gateway */
            f[14] = 0x45;
            put16(f + 16, n - 14);
            f[23] = (seed >> 4) & 1 ? 1 : 17;
            memcpy(f + 26, guest_ip, 4);
            memcpy(f + 30, (seed >> 5) & 1 ? gateway_ip : guest_ip, 4);
            put16(f + 24, 0);
            put16(f + 24, checksum(f + 14, 20));
            put16(f + 36, 69 + (seed >> 6) % 2); /* TFTP, or nothing */
        }
        send_frame(&v, f, n);
        while (next_frame(&v, got, 0))
            continue;
    }
    resolve(&v); /* it still answers */
    vr_close(&v);
}
END_TEST

START_TEST(user_options)
{
    ck_assert(refused("user", "hostfwd", "tcp", NULL));
    ck_assert(refused("user", "hostfwd", "tcp::-:22", NULL));
    ck_assert(refused("user", "hostfwd", "tcp::70000-:22", NULL));
    ck_assert(refused("user", "hostfwd", "tcp:1.2.3:2222-:22", NULL));
    ck_assert(refused("user", "hostfwd", "tcp::2222-:", NULL));
    ck_assert(refused("user", "hostfwd", "sctp::2222-:22", NULL));
    ck_assert(refused("user", "net", "10.0.2.0/40", NULL));
    ck_assert(refused("user", "net", "ten", NULL));
    ck_assert(refused("user", "host", "10.0.3.2", NULL));
    ck_assert(refused("user", "dns", "10.0.2.2", NULL));
    ck_assert(refused("user", "tftp", "/nowhere/at/all", NULL));
    ck_assert(refused("user", "ipv4", "off", "ipv6", "off", NULL));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { stream_unix, client_reconnects, socket_tcp, socket_udp,
                                   socket_mcast,
                                   peers_that_misbehave, floods_are_held_back, wrong_options };
    const TTest *const user[] = { user_reaches_the_host, user_takes_fragments,
                                  user_forwards_ports, user_answers_dhcp,
                                  user_survives_garbage, user_options };
    Suite *suite = suite_create("network drivers");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 120);
    for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(c, tests[i]);
    for (unsigned i = 0; have_user() && i < sizeof user / sizeof *user; i++)
        tcase_add_test(c, user[i]);
    suite_add_tcase(suite, c);
    return rig_run(suite);
}
