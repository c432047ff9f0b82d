/* SPDX-License-Identifier: MIT */
/* net.c: what stands between network drivers and devices: a queue of frames each way. */
#include <core/net.h>

#include <core/drivers.h>
#include <core/loop.h>

#include <errno.h>
#include <string.h>

#define QUEUE_MAX 256
#define FRAME_MAX (64 * 1024 + 256)

struct frame {
    size_t n;
    uint8_t bytes[];
};

struct bp_net {
    struct machine *machine;
    const struct bp_net_driver *driver;
    struct part *part;       /* the driver's */
    char *id;
    struct part *device;
    struct bp_net_ops ops;
    bool open, up;

    pthread_mutex_t lock;    /* to the outside */
    GQueue out;
    bool scheduled;

    GQueue in;               /* to the device; machine lock */
    bool starved, logged;
    _Atomic bool room_scheduled;
};

static void frame_free(void *frame)
{
    g_free(frame);
}

/* ---- to the outside -------------------------------------------------------------------------- */

static void send_soon(void *arg)
{
    struct bp_net *net = arg;
    pthread_mutex_lock(&net->lock);
    GQueue queue = net->out;
    g_queue_init(&net->out);
    net->scheduled = false;
    pthread_mutex_unlock(&net->lock);
    for (struct frame *f; (f = g_queue_pop_head(&queue)); g_free(f))
        if (net->open && net->driver->send)
            net->driver->send(net->part->state, f->bytes, f->n);
}

static void net_send(struct bp_net *net, const struct bp_iovec *iov, unsigned count)
{
    size_t n = 0;
    for (unsigned i = 0; i < count; i++) {
        if (iov[i].length > FRAME_MAX - n) {
            if (net->device)
                part_log(net->device, BP_LOG_GUEST_ERROR,
                         "sends a frame of more than %d bytes: dropped", FRAME_MAX);
            return;
        }
        n += iov[i].length;
    }
    if (!n || !net->up)
        return;
    struct frame *f = g_malloc(sizeof *f + n);
    f->n = 0;
    for (unsigned i = 0; i < count; f->n += iov[i++].length)
        if (iov[i].length)
            memcpy(f->bytes + f->n, iov[i].base, iov[i].length);
    pthread_mutex_lock(&net->lock);
    bool full = net->out.length >= QUEUE_MAX;
    if (!full)
        g_queue_push_tail(&net->out, f);
    bool schedule = !full && !net->scheduled;
    net->scheduled |= schedule;
    pthread_mutex_unlock(&net->lock);
    if (full)
        g_free(f);
    if (schedule)
        loop_defer(net->machine->loop, net->part, send_soon, net);
}

/* ---- to the device, under the machine lock --------------------------------------------------- */

static bool device_ready(struct bp_net *net)
{
    if (!net->device || !net->device->realized || !net->ops.receive)
        return false;
    if (!net->ops.can_receive)
        return true;
    part_enter(net->device);
    bool ready = net->ops.can_receive(net->device->state);
    part_leave(net->device);
    return ready;
}

static void device_receive(struct bp_net *net, const void *bytes, size_t n)
{
    part_enter(net->device);
    net->ops.receive(net->device->state, bytes, n);
    part_leave(net->device);
}

static void deliver_queued(struct bp_net *net)
{
    while (net->in.length && device_ready(net)) {
        struct frame *f = g_queue_pop_head(&net->in);
        device_receive(net, f->bytes, f->n);
        g_free(f);
    }
}

static void drv_deliver(void *drv, const void *bytes, size_t n)
{
    struct bp_net *net = part_of(drv)->middle;
    if (!n || n > FRAME_MAX)
        return;
    machine_lock(net->machine);
    deliver_queued(net);
    if (!net->in.length && device_ready(net)) {
        device_receive(net, bytes, n);
    } else if (net->device && net->up && net->in.length < QUEUE_MAX) {
        struct frame *f = g_malloc(sizeof *f + n);
        f->n = n;
        memcpy(f->bytes, bytes, n);
        g_queue_push_tail(&net->in, f);
        net->starved = true;
    }
    machine_unlock(net->machine);
}

static bool drv_can_deliver(void *drv)
{
    struct bp_net *net = part_of(drv)->middle;
    machine_lock(net->machine);
    bool can = net->in.length < QUEUE_MAX;
    if (!can)
        net->starved = true;
    machine_unlock(net->machine);
    return can;
}

static void room_soon(void *arg)
{
    struct bp_net *net = arg;
    atomic_store(&net->room_scheduled, false);
    machine_lock(net->machine);
    deliver_queued(net);
    bool tell = net->starved && !net->in.length;
    if (tell)
        net->starved = false;
    machine_unlock(net->machine);
    if (tell && net->open && net->driver->room_changed)
        net->driver->room_changed(net->part->state);
}

static void net_room_changed(struct bp_net *net)
{
    if (net->starved && !atomic_exchange(&net->room_scheduled, true))
        loop_defer(net->machine->loop, net->part, room_soon, net);
}

static bool net_link_up(struct bp_net *net)
{
    return net->up;
}

static void drv_set_link(void *drv, bool up)
{
    struct bp_net *net = part_of(drv)->middle;
    machine_lock(net->machine);
    bool tell = net->up != up && net->device && net->device->realized && net->ops.link_changed;
    net->up = up;
    if (tell) {
        part_enter(net->device);
        net->ops.link_changed(net->device->state, up);
        part_leave(net->device);
    }
    machine_unlock(net->machine);
}

const struct bp_net_api net_api = {
    .size = sizeof net_api,
    .send = net_send,
    .room_changed = net_room_changed,
    .link_up = net_link_up,
    .deliver = drv_deliver,
    .can_deliver = drv_can_deliver,
    .set_link = drv_set_link,
};

/* ---- making ---------------------------------------------------------------------------------- */

int net_new(struct machine *m, const struct bp_net_driver *driver, const char *id,
            const struct bp_set *settings, uint32_t count, struct bp_net **ret)
{
    if (net_find(m, id))
        return core_error(EEXIST, "two netdevs have the id '%s'", id);
    struct bp_net *net = g_new0(struct bp_net, 1);
    net->machine = m;
    net->driver = driver;
    net->id = g_strdup(id);
    net->up = true;
    g_queue_init(&net->out);
    g_queue_init(&net->in);
    pthread_mutex_init(&net->lock, NULL);
    g_ptr_array_add(m->nets, net);
    net->part = driver_part(m, "netdev", driver->head.id, id, driver->state_size, &driver->props,
                            settings, count, driver, net);
    int r = net->part ? 0 : -EINVAL;
    if (!r && driver->open)
        r = driver->open(net->part->state);
    net->open = !r;
    if (r < 0)
        net_free(net);
    else if (ret)
        *ret = net;
    return r;
}

struct bp_net *net_find(const struct machine *m, const char *id)
{
    for (guint i = 0; i < m->nets->len; i++) {
        struct bp_net *net = g_ptr_array_index(m->nets, i);
        if (!strcmp(net->id, id))
            return net;
    }
    return NULL;
}

int net_connect(struct bp_net *net, struct part *part, const struct bp_port *port)
{
    if (net->device)
        return core_error(EBUSY, "netdev %s is used by %s already, so not by %s", net->id,
                          net->device->name, part->name);
    net->device = part;
    if (port->ops)
        memcpy(&net->ops, port->ops, MIN(sizeof net->ops, *(const uint32_t *)port->ops));
    return 0;
}

void net_free(struct bp_net *net)
{
    g_ptr_array_remove(net->machine->nets, net);
    if (net->part)
        loop_settle(net->machine->loop, net->part);
    if (net->open && net->driver->close) /* removes its own watches; part_free() the rest */
        net->driver->close(net->part->state);
    net->open = false;
    part_free(net->part);
    g_queue_clear_full(&net->out, frame_free);
    g_queue_clear_full(&net->in, frame_free);
    pthread_mutex_destroy(&net->lock);
    g_free(net->id);
    g_free(net);
}
