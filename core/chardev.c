/* SPDX-License-Identifier: MIT */
/*
 * chardev.c: what stands between chardev drivers and devices.
 *
 * Bytes to the outside are queued and written by the main loop, so a vCPU makes no system call for
 * a byte. Where the queue grows the writer helps, which slows it down to the peer's pace; beyond
 * the limit the oldest bytes go.
 */
#include <core/chardev.h>

#include <core/drivers.h>
#include <core/loop.h>

#include <errno.h>
#include <poll.h>
#include <string.h>

#define OUT_LIMIT ((size_t)1 << 20)
#define OUT_HELP ((size_t)64 << 10)
#define IN_LIMIT ((size_t)64 << 10)

struct bp_chardev {
    struct machine *machine;
    const struct bp_chardev_driver *driver;
    struct part *part;             /* the driver's */
    char *id;
    struct part *device;           /* connected to */
    struct bp_chardev_ops ops;

    pthread_mutex_t lock;          /* the output queue */
    GByteArray *out;               /* from out_start on */
    size_t out_start;
    bool scheduled;                /* a flush is on its way */
    bool waiting;                  /* the driver took nothing: it calls when it does again */
    bool dropped, failed;          /* said so */
    pthread_mutex_t write_lock;    /* held while the driver writes */

    GByteArray *in;                /* machine lock: what the device had no room for */
    bool starved;                  /* somebody was told that there is no room */
    bool opened;                   /* the peer is there */
    bool ready;                    /* the device is realized */
    bool open;                     /* the driver is */
    _Atomic bool room_scheduled;
};

/* ---- to the outside -------------------------------------------------------------------------- */

/* What the driver is to write next, copied: the queue may move meanwhile. */
static size_t take_out(struct bp_chardev *chr, uint8_t *buf, size_t size)
{
    pthread_mutex_lock(&chr->lock);
    size_t n = MIN(size, chr->out->len - chr->out_start);
    if (n)
        memcpy(buf, chr->out->data + chr->out_start, n);
    chr->out_start += n;
    if (chr->out_start == chr->out->len) {
        g_byte_array_set_size(chr->out, 0);
        chr->out_start = 0;
    }
    pthread_mutex_unlock(&chr->lock);
    return n;
}

/* Puts back what the driver did not take. */
static void untake(struct bp_chardev *chr, const uint8_t *buf, size_t n)
{
    pthread_mutex_lock(&chr->lock);
    if (chr->out_start >= n) {
        chr->out_start -= n;
        memcpy(chr->out->data + chr->out_start, buf, n);
    } else {
        g_byte_array_remove_range(chr->out, 0, (guint)chr->out_start);
        chr->out_start = 0;
        g_byte_array_prepend(chr->out, buf, (guint)n);
    }
    chr->waiting = true;
    pthread_mutex_unlock(&chr->lock);
}

/* Writes as long as the driver takes something; bytes that it fails to write are gone. */
static bool write_out(struct bp_chardev *chr, const uint8_t *buf, size_t n)
{
    for (size_t done = 0; done < n && chr->driver->write;) {
        int64_t took = chr->driver->write(chr->part->state, buf + done, n - done);
        if (took < 0) {
            if (!chr->failed)
                core_error((int)-took, "%s: output is lost: %s", chr->part->name,
                           strerror((int)-took));
            chr->failed = true;
            break;
        }
        if (!took) {
            untake(chr, buf + done, n - done);
            return false;
        }
        done += MIN((size_t)took, n - done);
    }
    return true;
}

/* With write_lock held. True where everything is out. */
static bool flush_locked(struct bp_chardev *chr)
{
    uint8_t buf[4096];
    size_t n;
    if (!chr->open) /* nobody to write to */
        return false;
    while ((n = take_out(chr, buf, sizeof buf)))
        if (!write_out(chr, buf, n))
            return false;
    return true;
}

static bool flush(struct bp_chardev *chr)
{
    pthread_mutex_lock(&chr->write_lock);
    pthread_mutex_lock(&chr->lock);
    chr->scheduled = chr->waiting = false;
    pthread_mutex_unlock(&chr->lock);
    bool done = flush_locked(chr);
    pthread_mutex_unlock(&chr->write_lock);
    return done;
}

static void flush_soon(void *arg)
{
    flush(arg);
}

/* Makes room for n bytes by forgetting the oldest. With the lock held. */
static bool make_room(struct bp_chardev *chr, size_t n)
{
    size_t held = chr->out->len - chr->out_start;
    if (chr->out_start > OUT_LIMIT) {
        g_byte_array_remove_range(chr->out, 0, (guint)chr->out_start);
        chr->out_start = 0;
    }
    if (held + n <= OUT_LIMIT)
        return false;
    chr->out_start += MIN(held, held + n - OUT_LIMIT);
    bool first = !chr->dropped;
    chr->dropped = true;
    return first;
}

static size_t chr_write(struct bp_chardev *chr, const void *buf, size_t n)
{
    const uint8_t *p = buf;
    size_t rest = n;
    if (rest > OUT_LIMIT) {
        p += rest - OUT_LIMIT;
        rest = OUT_LIMIT;
    }
    pthread_mutex_lock(&chr->lock);
    bool lost = make_room(chr, rest);
    g_byte_array_append(chr->out, p, (guint)rest);
    bool schedule = !chr->scheduled && !chr->waiting;
    bool help = chr->out->len - chr->out_start > OUT_HELP && !chr->waiting;
    chr->scheduled |= schedule;
    pthread_mutex_unlock(&chr->lock);
    if (lost && chr->device)
        part_log(chr->device, BP_LOG_GUEST_ERROR, "%s takes nothing: output is being dropped",
                 chr->part->name);
    if (schedule)
        loop_defer(chr->machine->loop, chr->part, flush_soon, chr);
    /* Only where nobody writes: whoever does may be waiting for the machine lock, which this thread
     * holds. */
    if (help && !pthread_mutex_trylock(&chr->write_lock)) {
        flush_locked(chr);
        pthread_mutex_unlock(&chr->write_lock);
    }
    return n;
}

/* ---- to the device: all under the machine lock ----------------------------------------------- */

static bool reachable(const struct bp_chardev *chr)
{
    return chr->device && chr->ready && chr->device->realized;
}

static size_t device_room(struct bp_chardev *chr)
{
    if (!reachable(chr) || !chr->ops.room || !chr->ops.receive)
        return 0;
    part_enter(chr->device);
    size_t room = chr->ops.room(chr->device->state);
    part_leave(chr->device);
    return room;
}

static void device_receive(struct bp_chardev *chr, const uint8_t *buf, size_t n)
{
    part_enter(chr->device);
    chr->ops.receive(chr->device->state, buf, n);
    part_leave(chr->device);
}

static void deliver_queued(struct bp_chardev *chr)
{
    size_t room;
    while (chr->in->len && (room = device_room(chr))) {
        uint8_t buf[4096];
        guint n = (guint)MIN(MIN(room, chr->in->len), sizeof buf);
        memcpy(buf, chr->in->data, n);
        g_byte_array_remove_range(chr->in, 0, n);
        device_receive(chr, buf, n);
    }
}

static void drv_deliver(void *drv, const void *buf, size_t n)
{
    struct bp_chardev *chr = part_of(drv)->middle;
    const uint8_t *p = buf;
    machine_lock(chr->machine);
    deliver_queued(chr);
    while (n && !chr->in->len) {
        size_t room = device_room(chr), now = MIN(room, n);
        if (!now)
            break;
        device_receive(chr, p, now);
        p += now;
        n -= now;
    }
    if (n) {
        size_t keep = chr->in->len < IN_LIMIT ? MIN(n, IN_LIMIT - chr->in->len) : 0;
        g_byte_array_append(chr->in, p, (guint)keep);
        chr->starved = true;
    }
    machine_unlock(chr->machine);
}

static size_t drv_room(void *drv)
{
    struct bp_chardev *chr = part_of(drv)->middle;
    machine_lock(chr->machine);
    size_t room = chr->in->len ? 0 : device_room(chr);
    if (!room)
        chr->starved = true;
    machine_unlock(chr->machine);
    return room;
}

/* On the main loop: the device has room again. */
static void room_soon(void *arg)
{
    struct bp_chardev *chr = arg;
    atomic_store(&chr->room_scheduled, false);
    machine_lock(chr->machine);
    deliver_queued(chr);
    bool tell = chr->starved && !chr->in->len && device_room(chr);
    if (tell)
        chr->starved = false;
    machine_unlock(chr->machine);
    if (tell && chr->open && chr->driver->room_changed)
        chr->driver->room_changed(chr->part->state);
}

static void chr_room_changed(struct bp_chardev *chr)
{
    if (chr->starved && !atomic_exchange(&chr->room_scheduled, true))
        loop_defer(chr->machine->loop, chr->part, room_soon, chr);
}

static void tell_event(struct bp_chardev *chr, unsigned event)
{
    if (!reachable(chr) || !chr->ops.event)
        return;
    part_enter(chr->device);
    chr->ops.event(chr->device->state, event);
    part_leave(chr->device);
}

static void schedule_flush(struct bp_chardev *chr)
{
    pthread_mutex_lock(&chr->lock);
    bool schedule = !chr->scheduled;
    chr->scheduled = true;
    pthread_mutex_unlock(&chr->lock);
    if (schedule)
        loop_defer(chr->machine->loop, chr->part, flush_soon, chr);
}

static void drv_event(void *drv, unsigned event)
{
    struct bp_chardev *chr = part_of(drv)->middle;
    /* A peer that comes or goes takes something too, be it what the one before it did not. */
    if (event != BP_CHARDEV_BREAK)
        schedule_flush(chr);
    if (event == BP_CHARDEV_WRITABLE)
        return;
    machine_lock(chr->machine);
    if (event == BP_CHARDEV_OPENED || event == BP_CHARDEV_CLOSED)
        chr->opened = event == BP_CHARDEV_OPENED;
    tell_event(chr, event);
    machine_unlock(chr->machine);
}

const struct bp_chardev_api chardev_api = {
    .size = sizeof chardev_api,
    .write = chr_write,
    .room_changed = chr_room_changed,
    .deliver = drv_deliver,
    .room = drv_room,
    .event = drv_event,
};

/* ---- making ---------------------------------------------------------------------------------- */

static struct bp_chardev *chardev_of_driver(const struct machine *m,
                                            const struct bp_chardev_driver *driver)
{
    for (guint i = 0; i < m->chardevs->len; i++) {
        struct bp_chardev *chr = g_ptr_array_index(m->chardevs, i);
        if (chr->driver == driver)
            return chr;
    }
    return NULL;
}

int chardev_new(struct machine *m, const struct bp_chardev_driver *driver, const char *id,
                const struct bp_set *settings, uint32_t count, struct bp_chardev **ret)
{
    if (chardev_find(m, id))
        return core_error(EEXIST, "two chardevs have the id '%s'", id);
    const struct bp_chardev *other = chardev_of_driver(m, driver);
    if (driver->flags & BP_CHARDEV_ONE && other)
        return core_error(EBUSY, "chardev %s: chardev %s is the machine's %s already", id, other->id,
                          driver->head.id);
    struct bp_chardev *chr = g_new0(struct bp_chardev, 1);
    chr->machine = m;
    chr->driver = driver;
    chr->id = g_strdup(id);
    chr->out = g_byte_array_new();
    chr->in = g_byte_array_new();
    pthread_mutex_init(&chr->lock, NULL);
    pthread_mutex_init(&chr->write_lock, NULL);
    g_ptr_array_add(m->chardevs, chr);
    chr->part = driver_part(m, "chardev", driver->head.id, id, driver->state_size, &driver->props,
                            settings, count, driver, chr);
    int r = chr->part ? 0 : -EINVAL;
    if (!r && driver->open)
        r = driver->open(chr->part->state);
    chr->open = !r;
    if (r < 0)
        chardev_free(chr);
    else if (ret)
        *ret = chr;
    return r;
}

struct bp_chardev *chardev_find(const struct machine *m, const char *id)
{
    for (guint i = 0; i < m->chardevs->len; i++) {
        struct bp_chardev *chr = g_ptr_array_index(m->chardevs, i);
        if (!strcmp(chr->id, id))
            return chr;
    }
    return NULL;
}

int chardev_connect(struct bp_chardev *chr, struct part *part, const struct bp_port *port)
{
    if (chr->device)
        return core_error(EBUSY, "chardev %s is used by %s already, so not by %s", chr->id,
                          chr->device->name, part->name);
    chr->device = part;
    if (port->ops)
        memcpy(&chr->ops, port->ops, MIN(sizeof chr->ops, *(const uint32_t *)port->ops));
    return 0;
}

void chardev_ready(struct bp_chardev *chr)
{
    machine_lock(chr->machine);
    chr->ready = true;
    if (chr->opened)
        tell_event(chr, BP_CHARDEV_OPENED);
    chr->starved = true; /* the driver may have asked before */
    machine_unlock(chr->machine);
    chr_room_changed(chr);
}

void chardev_flush_all(struct machine *m)
{
    int64_t end = g_get_monotonic_time() + G_USEC_PER_SEC;
    for (guint i = 0; i < m->chardevs->len; i++) {
        struct bp_chardev *chr = g_ptr_array_index(m->chardevs, i);
        while (chr->open && !flush(chr) && g_get_monotonic_time() < end)
            poll(NULL, 0, 2);
    }
}

void chardev_free(struct bp_chardev *chr)
{
    g_ptr_array_remove(chr->machine->chardevs, chr);
    if (chr->part)
        loop_settle(chr->machine->loop, chr->part);
    if (chr->open && chr->driver->close) /* removes its own watches; part_free() the rest */
        chr->driver->close(chr->part->state);
    chr->open = false;
    part_free(chr->part);
    g_byte_array_free(chr->out, TRUE);
    g_byte_array_free(chr->in, TRUE);
    pthread_mutex_destroy(&chr->lock);
    pthread_mutex_destroy(&chr->write_lock);
    g_free(chr->id);
    g_free(chr);
}
