/* SPDX-License-Identifier: MIT */
/*
 * virtio-net.c: the virtio network card (virtio 1.3, 5.1): one pair of queues and a control queue
 * for receive filters. No checksum or segmentation offload.
 */
#include <backplane/bus/virtio.h>
#include <backplane/net.h>

#include <errno.h>
#include <string.h>

/* Feature bits (5.1.3). */
enum {
    F_MTU = 3,
    F_MAC = 5,
    F_MRG_RXBUF = 15,
    F_STATUS = 16,
    F_CTRL_VQ = 17,
    F_CTRL_RX = 18,
    F_CTRL_VLAN = 19,
    F_CTRL_RX_EXTRA = 20,
    F_CTRL_MAC_ADDR = 23,
};
enum { RX = 0, TX = 1, CTRL = 2 };
/* Classes and commands of the control queue (5.1.6.5). */
enum { CTRL_RX = 0, CTRL_MAC = 1, CTRL_VLAN = 2 };
enum {
    RX_PROMISC = 0,
    RX_ALLMULTI = 1,
    RX_ALLUNI = 2,
    RX_NOMULTI = 3,
    RX_NOUNI = 4,
    RX_NOBCAST = 5,
};
enum { MAC_TABLE_SET = 0, MAC_ADDR_SET = 1 };
enum { VLAN_ADD = 0, VLAN_DEL = 1 };
enum { ACK_OK = 0, ACK_ERROR = 1 };
enum { STATUS_LINK_UP = 1 };

#define HEADER_MAX 12u        /* struct virtio_net_hdr up to num_buffers */
#define NUM_BUFFERS 10u       /* offset of num_buffers in it */
#define FRAME_MAX (64u * 1024)
#define MACS 64u              /* filter entries of each kind; more mean all */
#define TURN_MAX 256u         /* frames sent, then others have their turn */
#define MERGE_MAX 64u         /* buffers that a received frame may fill */
#define COMMAND_MAX (2u + 2 * (4 + 6 * 4096u))

struct net {
    const char *mac;
    uint32_t rx_queue_size, tx_queue_size, host_mtu;
    bool mrg_rxbuf, ctrl_vq;
    struct bp_net *netdev;
    struct bp_link bus;
    struct bp_virtio *v;
    uint8_t own[6];                       /* the address as configured */
    uint8_t address[6];                   /* as the driver set it */
    uint8_t mode[6];                      /* by RX_... */
    uint32_t unicast_count, multicast_count; /* MACS + 1: there were more */
    uint8_t unicast[MACS][6], multicast[MACS][6];
    uint8_t vlan[4096 / 8];
};

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static bool in_table(const uint8_t macs[][6], uint32_t count, const uint8_t *address)
{
    if (count > MACS)
        return true;
    for (uint32_t i = 0; i < count; i++)
        if (!memcmp(macs[i], address, 6))
            return true;
    return false;
}

/* Filters on VLAN tags are in force once the driver has the feature; untagged frames pass. */
static bool vlan_wanted(const struct net *s, const uint8_t *frame, size_t n)
{
    if (n < 16 || frame[12] != 0x81 || frame[13] != 0x00 || !bp_virtio_has(s->v, F_CTRL_VLAN))
        return true;
    unsigned vid = (frame[14] & 0x0F) << 8 | frame[15];
    return s->vlan[vid / 8] >> (vid % 8) & 1;
}

static bool wanted(const struct net *s, const uint8_t *frame, size_t n)
{
    static const uint8_t broadcast[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    if (!bp_virtio_has(s->v, F_CTRL_RX) || s->mode[RX_PROMISC])
        return true;
    if (!vlan_wanted(s, frame, n))
        return false;
    if (!memcmp(frame, broadcast, 6))
        return !s->mode[RX_NOBCAST];
    if (frame[0] & 1)
        return !s->mode[RX_NOMULTI] &&
               (s->mode[RX_ALLMULTI] || in_table(s->multicast, s->multicast_count, frame));
    return !s->mode[RX_NOUNI] && (s->mode[RX_ALLUNI] || !memcmp(s->address, frame, 6) ||
                                  in_table(s->unicast, s->unicast_count, frame));
}

/* Bytes before each frame: the legacy interface has num_buffers only where buffers are merged
 * (5.1.6.1). */
static uint32_t header_bytes(const struct net *s)
{
    return bp_virtio_has(s->v, BP_VIRTIO_F_VERSION_1) || bp_virtio_has(s->v, F_MRG_RXBUF)
               ? HEADER_MAX : NUM_BUFFERS;
}

static bool net_can_receive(void *dev)
{
    struct net *s = dev;
    /* With no driver there, frames are lost rather than kept for later. */
    return !bp_virtio_running(s->v) || bp_virtq_available(s->v, RX);
}

/* Fills as many buffers as the frame takes; false: there were not enough. */
static bool fill(struct net *s, struct bp_virtq_buffer *list[MERGE_MAX], uint32_t used[MERGE_MAX],
                 unsigned *ret_count, const uint8_t *frame, size_t n)
{
    uint32_t header = header_bytes(s);
    bool merge = bp_virtio_has(s->v, F_MRG_RXBUF);
    unsigned count = 0;
    size_t done = 0;
    do {
        struct bp_virtq_buffer *b = count < (merge ? MERGE_MAX : 1) ? bp_virtq_pop(s->v, RX) : NULL;
        *ret_count = count;
        if (!b)
            return false;
        list[count++] = b;
        *ret_count = count;
        uint32_t at = count == 1 ? header : 0;
        if (b->in_bytes <= at) {
            bp_virtio_fail(s->v, "a receive buffer of %llu bytes", (unsigned long long)b->in_bytes);
            return false;
        }
        size_t took = bp_iov_write(b->in, b->in_count, at, frame + done, n - done);
        used[count - 1] = (uint32_t)(at + took);
        done += took;
    } while (done < n);
    uint8_t zeroes[HEADER_MAX] = { 0 };
    if (header == HEADER_MAX)
        zeroes[NUM_BUFFERS] = (uint8_t)count;
    bp_iov_write(list[0]->in, list[0]->in_count, 0, zeroes, header);
    return true;
}

static void net_receive(void *dev, const uint8_t *frame, size_t n)
{
    struct net *s = dev;
    struct bp_virtq_buffer *list[MERGE_MAX];
    uint32_t used[MERGE_MAX];
    unsigned count;
    if (!bp_virtio_running(s->v) || n < 14 || n > FRAME_MAX || !wanted(s, frame, n))
        return;
    if (fill(s, list, used, &count, frame, n)) {
        for (unsigned i = 0; i < count; i++)
            bp_virtq_push(s->v, list[i], used[i]);
        bp_virtq_signal(s->v, RX);
        return;
    }
    while (count) /* the frame is lost, the buffers are not */
        bp_virtq_unpop(s->v, list[--count]);
}

static void net_link_changed(void *dev, bool up)
{
    struct net *s = dev;
    bp_virtio_config_changed(s->v);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void transmit(struct net *s)
{
    uint32_t header = header_bytes(s);
    struct bp_virtq_buffer *b = NULL;
    unsigned turn = 0;
    while (turn++ < TURN_MAX && (b = bp_virtq_pop(s->v, TX))) {
        if (b->out_bytes > header && b->out_bytes - header <= FRAME_MAX) {
            unsigned count = bp_iov_cut(b->out, b->out_count, header, UINT64_MAX);
            bp_net_send(s->netdev, b->out, count);
        } else {
            bp_log(s, BP_LOG_GUEST_ERROR, "a frame of %llu bytes with its header of %u is not sent",
                   (unsigned long long)b->out_bytes, header);
        }
        bp_virtq_push(s->v, b, 0);
    }
    bp_virtq_signal(s->v, TX);
    if (b)
        bp_virtio_again(s->v, TX);
}

/* ---- control queue --------------------------------------------------------------------------- */

/* One table of le32 count and addresses; returns the bytes it takes, 0 where it is cut off. */
static size_t set_table(uint8_t macs[MACS][6], uint32_t *count, const uint8_t *p, size_t n)
{
    if (n < 4)
        return 0;
    uint32_t entries = get32(p);
    if (entries > (n - 4) / 6)
        return 0;
    *count = entries > MACS ? MACS + 1 : entries;
    if (entries <= MACS)
        memcpy(macs, p + 4, 6 * (size_t)entries);
    return 4 + 6 * (size_t)entries;
}

static bool set_tables(struct net *s, const uint8_t *p, size_t n)
{
    struct net copy = *s;
    size_t first = set_table(copy.unicast, &copy.unicast_count, p, n);
    if (!first || !set_table(copy.multicast, &copy.multicast_count, p + first, n - first))
        return false;
    memcpy(s->unicast, copy.unicast, sizeof s->unicast);
    memcpy(s->multicast, copy.multicast, sizeof s->multicast);
    s->unicast_count = copy.unicast_count;
    s->multicast_count = copy.multicast_count;
    return true;
}

static bool command(struct net *s, const uint8_t *p, size_t n)
{
    uint8_t class = p[0], cmd = p[1];
    p += 2;
    n -= 2;
    if (class == CTRL_RX && n >= 1 && cmd <= RX_NOBCAST && bp_virtio_has(s->v, F_CTRL_RX) &&
        (cmd <= RX_ALLMULTI || bp_virtio_has(s->v, F_CTRL_RX_EXTRA))) {
        s->mode[cmd] = p[0] != 0;
        return true;
    }
    if (class == CTRL_MAC && cmd == MAC_TABLE_SET && bp_virtio_has(s->v, F_CTRL_RX))
        return set_tables(s, p, n);
    if (class == CTRL_MAC && cmd == MAC_ADDR_SET && n >= 6 &&
        bp_virtio_has(s->v, F_CTRL_MAC_ADDR)) {
        memcpy(s->address, p, 6);
        return true;
    }
    if (class == CTRL_VLAN && cmd <= VLAN_DEL && n >= 2 && bp_virtio_has(s->v, F_CTRL_VLAN)) {
        unsigned vid = (p[0] | (unsigned)p[1] << 8) & 0xFFF;
        uint8_t bit = (uint8_t)(1u << vid % 8);
        s->vlan[vid / 8] = (uint8_t)(cmd == VLAN_ADD ? s->vlan[vid / 8] | bit
                                                      : s->vlan[vid / 8] & ~bit);
        return true;
    }
    bp_log(s, BP_LOG_UNIMP, "control command %u of class %u with %zu bytes", cmd, class, n);
    return false;
}

static void control(struct net *s)
{
    static const uint8_t answers[] = { [ACK_OK] = ACK_OK, [ACK_ERROR] = ACK_ERROR };
    struct bp_virtq_buffer *b;
    uint8_t buf[COMMAND_MAX];
    for (unsigned turn = 0; turn < 16 && (b = bp_virtq_pop(s->v, CTRL)); turn++) {
        size_t n = bp_iov_read(b->out, b->out_count, 0, buf, sizeof buf);
        if (n < 2 || !b->in_bytes) {
            bp_virtio_fail(s->v, "a control command of %zu bytes with %llu for the answer", n,
                           (unsigned long long)b->in_bytes);
            bp_virtq_push(s->v, b, 0);
            return;
        }
        bool ok = b->out_bytes <= sizeof buf && command(s, buf, n);
        bp_iov_write(b->in, b->in_count, 0, &answers[ok ? ACK_OK : ACK_ERROR], 1);
        bp_virtq_push(s->v, b, 1);
    }
    bp_virtq_signal(s->v, CTRL);
    if (bp_virtq_available(s->v, CTRL))
        bp_virtio_again(s->v, CTRL);
}

/* ---- the face -------------------------------------------------------------------------------- */

static void net_notify(void *dev, unsigned q)
{
    struct net *s = dev;
    if (q == RX)
        bp_net_room_changed(s->netdev);
    else if (q == TX)
        transmit(s);
    else
        control(s);
}

static uint64_t net_features(void *dev)
{
    struct net *s = dev;
    uint64_t f = BP_VIRTIO_BIT(F_MAC) | BP_VIRTIO_BIT(F_STATUS);
    if (s->host_mtu)
        f |= BP_VIRTIO_BIT(F_MTU);
    if (s->mrg_rxbuf)
        f |= BP_VIRTIO_BIT(F_MRG_RXBUF);
    if (s->ctrl_vq)
        f |= BP_VIRTIO_BIT(F_CTRL_VQ) | BP_VIRTIO_BIT(F_CTRL_RX) | BP_VIRTIO_BIT(F_CTRL_VLAN) |
             BP_VIRTIO_BIT(F_CTRL_RX_EXTRA) | BP_VIRTIO_BIT(F_CTRL_MAC_ADDR);
    return f;
}

static bool net_accept(void *dev, uint64_t features)
{
    uint64_t needs_queue = BP_VIRTIO_BIT(F_CTRL_RX) | BP_VIRTIO_BIT(F_CTRL_VLAN) |
                           BP_VIRTIO_BIT(F_CTRL_MAC_ADDR);
    return (features & BP_VIRTIO_BIT(F_CTRL_VQ)) || !(features & needs_queue);
}

static uint32_t net_queue_size(void *dev, unsigned q)
{
    struct net *s = dev;
    return q == RX ? s->rx_queue_size
         : q == TX ? s->tx_queue_size
         : q == CTRL && s->ctrl_vq ? 64 : 0;
}

static uint32_t net_config(void *dev, uint8_t buf[BP_VIRTIO_CONFIG_SIZE])
{
    struct net *s = dev;
    memcpy(buf, s->address, 6);
    buf[6] = bp_net_link_up(s->netdev) ? STATUS_LINK_UP : 0;
    buf[8] = 1; /* max_virtqueue_pairs */
    buf[10] = (uint8_t)s->host_mtu;
    buf[11] = (uint8_t)(s->host_mtu >> 8);
    return 12;
}

/* Drivers of the legacy interface set the address here (5.1.4.1). */
static void net_config_write(void *dev, uint32_t offset, uint32_t value, unsigned n)
{
    struct net *s = dev;
    if (offset + n > 6 || bp_virtio_has(s->v, BP_VIRTIO_F_VERSION_1) ||
        bp_virtio_has(s->v, F_CTRL_MAC_ADDR)) {
        bp_log(s, BP_LOG_GUEST_ERROR, "write of %u bytes at offset %u of the configuration space, "
               "which is read-only", n, offset);
        return;
    }
    for (unsigned i = 0; i < n; i++)
        s->address[offset + i] = (uint8_t)(value >> (8 * i));
}

static void net_started(void *dev)
{
    struct net *s = dev;
    bp_net_room_changed(s->netdev);
}

static void net_reset(void *dev)
{
    struct net *s = dev;
    memcpy(s->address, s->own, sizeof s->address);
    memset(s->mode, 0, sizeof s->mode);
    s->unicast_count = s->multicast_count = 0;
    memset(s->unicast, 0, sizeof s->unicast);
    memset(s->multicast, 0, sizeof s->multicast);
    memset(s->vlan, 0, sizeof s->vlan);
}

/* Without mac=: the usual prefix, then what follows from the part's name (FNV-1a): the same at
 * every start, and different for two cards. */
static void make_address(struct net *s)
{
    uint32_t hash = 2166136261u;
    for (const char *p = bp_name(s); *p; p++)
        hash = (hash ^ (uint8_t)*p) * 16777619u;
    const uint8_t address[6] = { 0x52, 0x54, 0x00, (uint8_t)(hash >> 16), (uint8_t)(hash >> 8),
                                 (uint8_t)hash };
    memcpy(s->own, address, sizeof s->own);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Six bytes of two digits, ':' or '-' between them. */
static bool parse_address(const char *text, uint8_t ret[6])
{
    for (unsigned i = 0; i < 6; i++, text += 3) {
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0 || (i < 5 ? text[2] != ':' && text[2] != '-' : text[2] != 0))
            return false;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static int set_address(struct net *s)
{
    if (!s->mac)
        make_address(s);
    else if (!parse_address(s->mac, s->own))
        return bp_fail(s, EINVAL, "mac=%s is not six bytes as in 52:54:00:12:34:56", s->mac);
    else if (s->own[0] & 1)
        return bp_fail(s, EINVAL, "mac=%s is a multicast address", s->mac);
    return 0;
}

static bool power_of_two(uint32_t n) { return n && !(n & (n - 1)); }

static int net_realize(void *dev)
{
    struct net *s = dev;
    if (!power_of_two(s->rx_queue_size) || !power_of_two(s->tx_queue_size))
        return bp_fail(s, EINVAL, "queue sizes %u and %u are not both powers of two",
                       s->rx_queue_size, s->tx_queue_size);
    if (s->host_mtu && s->host_mtu < 68)
        return bp_fail(s, EINVAL, "host_mtu=%u is less than 68", s->host_mtu);
    s->v = ((const struct bp_virtio_bus *)s->bus.api)->virtio(s->bus.dev);
    int r = set_address(s);
    memcpy(s->address, s->own, sizeof s->address);
    return r;
}

static const struct bp_virtio_device face = {
    .size = sizeof face, .id = 1, .features = net_features, .accept = net_accept,
    .queue_size = net_queue_size, .notify = net_notify, .config = net_config,
    .config_write = net_config_write, .started = net_started, .reset = net_reset,
};
static const struct bp_net_ops net_ops = { sizeof net_ops, 0, net_can_receive, net_receive,
                                           net_link_changed };

static const struct bp_prop props[] = {
    BP_STRING(struct net, mac, NULL,
              "address as in 52:54:00:12:34:56; default: from the part's name"),
    BP_UINT(struct net, rx_queue_size, 256, 16, BP_VIRTIO_QUEUE_SIZE,
              "entries of the receive queue, a power of two"),
    BP_UINT(struct net, tx_queue_size, 256, 16, BP_VIRTIO_QUEUE_SIZE,
              "entries of the transmit queue, a power of two"),
    BP_UINT(struct net, host_mtu, 0, 0, 65535, "bytes; 0: say nothing about it"),
    BP_BOOL(struct net, mrg_rxbuf, true, "offer merging of receive buffers"),
    BP_BOOL(struct net, ctrl_vq, true, "offer the control queue"),
};
static const struct bp_port ports[] = {
    { "netdev", BP_KIND_NET, offsetof(struct net, netdev), &net_ops },
};
static const struct bp_need needs[] = { BP_NEED(struct net, bus, BP_VIRTIO_BUS_ID, &face) };
static const struct bp_saved saved[] = {
    BP_SAVED_ARRAY(struct net, address, 1),
    BP_SAVED_ARRAY(struct net, mode, 1),
    BP_SAVED(struct net, unicast_count, 1),
    BP_SAVED(struct net, multicast_count, 1),
    { "unicast", offsetof(struct net, unicast), sizeof(((struct net *)0)->unicast), 1, 1 },
    { "multicast", offsetof(struct net, multicast), sizeof(((struct net *)0)->multicast), 1, 1 },
    BP_SAVED_ARRAY(struct net, vlan, 1),
    BP_TRANSIENT(struct net, v),
    BP_TRANSIENT(struct net, own),
};

BP_VIRTIO_DEVICE(net, "virtio-net", "network", "Virtio network card",
          .state_size = sizeof(struct net), .props = BP_ROWS(props), .ports = BP_ROWS(ports),
          .needs = BP_ROWS(needs), .saved = BP_ROWS(saved), .flags = BP_DEVICE_USER,
          .realize = net_realize);
BP_PLUGIN("virtio-net", "1.0", "MIT");
