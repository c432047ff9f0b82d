/* SPDX-License-Identifier: MIT */
/*
 * virtio-input.c: virtio input devices (virtio 1.3, 5.8): a keyboard, a mouse, a tablet. Events come from
 * whoever calls the offered bus/input.h.
 */
#include <backplane/bus/input.h>
#include <backplane/bus/virtio.h>

#include <errno.h>
#include <string.h>

enum { EVENT = 0, STATUS = 1 }; /* queues */
enum { QUEUE_SIZE = 64, EVENT_BYTES = 8, PACKET_MAX = 32 };
/* Configuration space: what is asked for, and the answer. */
enum { SELECT = 0, SUBSEL = 1, SIZE = 2, DATA = 8, DATA_BYTES = 128 };
enum { CFG_NAME = 1, CFG_SERIAL = 2, CFG_IDS = 3, CFG_PROPS = 0x10, CFG_EVENTS = 0x11,
       CFG_ABS = 0x12 };
/* Codes (Linux input-event-codes.h). */
enum { KEY_LAST = 0xF8, BTN_LEFT = 0x110, BTN_SIDE = 0x113, BTN_EXTRA = 0x114, REL_X = 0, REL_Y = 1,
       REL_WHEEL = 8, ABS_X = 0, ABS_Y = 1, LED_LAST = 2, REP_LAST = 1 };
enum { KEYBOARD, MOUSE, TABLET };

struct input {
    const char *serial;
    struct bp_link bus;
    struct bp_virtio *v;
    uint8_t kind;
    uint8_t select, subsel;
    uint8_t packet[PACKET_MAX * EVENT_BYTES]; /* events until the packet ends */
    uint32_t packet_events;                   /* PACKET_MAX + 1: it is too long, all is dropped */
};

static const char *const names[] = { "Backplane Virtio Keyboard", "Backplane Virtio Mouse",
                                     "Backplane Virtio Tablet" };

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}
static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v);
    put16(p + 2, v >> 16);
}

/* ---- what there is --------------------------------------------------------------------------- */

struct range {
    uint8_t kinds;        /* a bit a kind */
    uint16_t type, first, last;
};
static const struct range ranges[] = {
    { 1 << KEYBOARD, BP_EV_KEY, 1, KEY_LAST },
    { 1 << KEYBOARD, BP_EV_LED, 0, LED_LAST },
    { 1 << KEYBOARD, BP_EV_REP, 0, REP_LAST },
    { 1 << MOUSE | 1 << TABLET, BP_EV_KEY, BTN_LEFT, BTN_EXTRA },
    { 1 << MOUSE, BP_EV_REL, REL_X, REL_Y },
    { 1 << MOUSE | 1 << TABLET, BP_EV_REL, REL_WHEEL, REL_WHEEL },
    { 1 << TABLET, BP_EV_ABS, ABS_X, ABS_Y },
};

static bool has_code(const struct input *s, uint16_t type, uint16_t code)
{
    for (unsigned i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].kinds >> s->kind & 1 && ranges[i].type == type && code >= ranges[i].first &&
            code <= ranges[i].last)
            return true;
    return false;
}

/* ---- configuration space --------------------------------------------------------------------- */

static uint32_t event_bits(const struct input *s, uint8_t *data)
{
    uint32_t bytes = 0;
    for (uint16_t code = 0; code < DATA_BYTES * 8; code++) {
        if (!has_code(s, s->subsel, code))
            continue;
        data[code / 8] |= (uint8_t)(1u << code % 8);
        bytes = code / 8u + 1;
    }
    return bytes;
}

static uint32_t answer(const struct input *s, uint8_t *data)
{
    const char *text = NULL;
    switch (s->select) {
    case CFG_NAME:
        text = names[s->kind];
        break;
    case CFG_SERIAL:
        text = s->serial;
        break;
    case CFG_IDS:
        put16(data, 6); /* BUS_VIRTUAL */
        put16(data + 2, 0x0627);
        put16(data + 4, 1u + s->kind);
        put16(data + 6, 1);
        return 8;
    case CFG_EVENTS:
        return event_bits(s, data);
    case CFG_ABS:
        if (!has_code(s, BP_EV_ABS, s->subsel))
            return 0;
        put32(data + 4, BP_INPUT_ABS_MAX);
        return 20;
    }
    size_t n = text ? strnlen(text, DATA_BYTES) : 0;
    memcpy(data, text ? text : "", n);
    return (uint32_t)n;
}

static uint32_t input_config(void *dev, uint8_t buf[BP_VIRTIO_CONFIG_SIZE])
{
    struct input *s = dev;
    buf[SELECT] = s->select;
    buf[SUBSEL] = s->subsel;
    buf[SIZE] = (uint8_t)answer(s, buf + DATA);
    return DATA + DATA_BYTES;
}

static void input_config_write(void *dev, uint32_t offset, uint32_t value, unsigned n)
{
    struct input *s = dev;
    for (unsigned i = 0; i < n; i++, value >>= 8) {
        if (offset + i == SELECT)
            s->select = (uint8_t)value;
        else if (offset + i == SUBSEL)
            s->subsel = (uint8_t)value;
        else
            bp_log(s, BP_LOG_GUEST_ERROR, "write at offset %u of the configuration space, where only "
                   "select and subsel can change", offset + i);
    }
}

/* ---- events ---------------------------------------------------------------------------------- */

/* All of the packet, or nothing: a buffer holds one event. */
static void send_packet(struct input *s)
{
    struct bp_virtq_buffer *b[PACKET_MAX + 1] = { NULL };
    uint32_t n = s->packet_events, got = 0;
    s->packet_events = 0;
    if (n > PACKET_MAX)
        return;
    while (got < n && (b[got] = bp_virtq_pop(s->v, EVENT)))
        got++;
    if (got < n) {
        while (got)
            bp_virtq_unpop(s->v, b[--got]);
        bp_log(s, BP_LOG_TRACE, "a packet of %u events is dropped: the driver has no buffers", n);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        bp_virtq_push(s->v, b[i], (uint32_t)bp_iov_write(b[i]->in, b[i]->in_count, 0,
                                                        s->packet + EVENT_BYTES * i, EVENT_BYTES));
    bp_virtq_signal(s->v, EVENT);
}

static bool takes(void *dev, uint16_t type, uint16_t code)
{
    struct input *s = dev;
    return type != BP_EV_LED && type != BP_EV_REP && has_code(s, type, code);
}

static void event(void *dev, uint16_t type, uint16_t code, int32_t value)
{
    struct input *s = dev;
    bool sync = type == BP_EV_SYN && !code;
    if ((!sync && !takes(s, type, code)) || (sync && !s->packet_events) ||
        !bp_virtio_running(s->v))
        return;
    if (s->packet_events < PACKET_MAX) {
        uint8_t *p = s->packet + EVENT_BYTES * s->packet_events++;
        put16(p, type);
        put16(p + 2, code);
        put32(p + 4, (uint32_t)value);
    } else {
        s->packet_events = PACKET_MAX + 1;
    }
    if (sync)
        send_packet(s);
}

/* The driver's own events (lights, repeat) change nothing here. */
static void input_notify(void *dev, unsigned q)
{
    struct input *s = dev;
    struct bp_virtq_buffer *b = NULL;
    unsigned turn = 0;
    if (q != STATUS)
        return;
    while (turn++ < QUEUE_SIZE && (b = bp_virtq_pop(s->v, q)))
        bp_virtq_push(s->v, b, 0);
    bp_virtq_signal(s->v, q);
    if (b)
        bp_virtio_again(s->v, q);
}

static uint64_t input_features(void *dev) { return 0; }
static uint32_t input_queue_size(void *dev, unsigned q) { return q > STATUS ? 0 : QUEUE_SIZE; }

static void input_reset(void *dev)
{
    struct input *s = dev;
    s->select = s->subsel = 0;
    s->packet_events = 0;
}

static int realize(struct input *s, uint8_t kind)
{
    s->kind = kind;
    s->v = ((const struct bp_virtio_bus *)s->bus.api)->virtio(s->bus.dev);
    return 0;
}
static int keyboard_realize(void *dev) { return realize(dev, KEYBOARD); }
static int mouse_realize(void *dev) { return realize(dev, MOUSE); }
static int tablet_realize(void *dev) { return realize(dev, TABLET); }

static int input_post_load(void *dev)
{
    struct input *s = dev;
    return s->packet_events <= PACKET_MAX + 1 ? 0
           : bp_fail(s, EINVAL, "the saved packet of events is too long");
}

static const struct bp_virtio_device face = {
    .size = sizeof face, .id = 18, .features = input_features, .queue_size = input_queue_size,
    .notify = input_notify, .config = input_config, .config_write = input_config_write,
    .reset = input_reset,
};
static const struct bp_input api = { sizeof api, 0, takes, event };
static const struct bp_prop props[] = {
    BP_STRING(struct input, serial, NULL, "serial number the guest reads"),
};
static const struct bp_need needs[] = { BP_NEED(struct input, bus, BP_VIRTIO_BUS_ID, &face) };
static const struct bp_offer offers[] = { { .name = "input", .id = BP_INPUT_ID, .api = &api } };
static const struct bp_saved saved[] = {
    BP_SAVED(struct input, select, 1),
    BP_SAVED(struct input, subsel, 1),
    BP_SAVED_ARRAY(struct input, packet, 1),
    BP_SAVED(struct input, packet_events, 1),
    BP_TRANSIENT(struct input, kind),
    BP_TRANSIENT(struct input, v),
};

#define INPUT_DEVICE(sym, doc_)                                                                    \
    BP_VIRTIO_DEVICE(sym, "virtio-" #sym, "input", doc_, .state_size = sizeof(struct input),       \
                     .props = BP_ROWS(props), .needs = BP_ROWS(needs), .offers = BP_ROWS(offers),  \
                     .saved = BP_ROWS(saved), .flags = BP_DEVICE_USER, .realize = sym##_realize,   \
                     .post_load = input_post_load)
INPUT_DEVICE(keyboard, "Virtio keyboard");
INPUT_DEVICE(mouse, "Virtio mouse");
INPUT_DEVICE(tablet, "Virtio tablet");
BP_PLUGIN("virtio-input", "1.0", "MIT");
