/* SPDX-License-Identifier: MIT */
/* rig.c: see rig.h. The core is the real one; what stands for the outside are the drivers below. */
#include "rig.h"

#include <core/block.h>
#include <core/loader.h>
#include <core/loop.h>

#include <stdlib.h>
#include <string.h>

/* ---- the probe ---------------------------------------------------------------------------------- */

struct probe {
    struct rig_line line[RIG_PINS];
    struct bp_pin *out[RIG_PINS];
};

static void probe_set(void *dev, unsigned i, bool level)
{
    struct probe *p = dev;
    p->line[i].level = level;
    p->line[i].rises += level;
}

static const struct bp_pin_row probe_pins[] = {
    BP_INS("in", RIG_PINS, probe_set),
    BP_OUTS(struct probe, out),
};
static const struct bp_device probe_device = {
    .head = { sizeof(struct bp_device), BP_KIND_DEVICE, "probe" },
    .state_size = sizeof(struct probe),
    .pins = BP_ROWS(probe_pins),
};

/* ---- a chardev and a drive ---------------------------------------------------------------------- */

struct line {
    char sent[65536];
    size_t sent_count;
    uint8_t typed[65536]; /* what the device had no room for yet */
    size_t typed_count;
};

static int64_t line_write(void *drv, const void *buf, size_t n)
{
    struct line *l = drv;
    ck_assert_uint_lt(l->sent_count + n, sizeof l->sent);
    memcpy(l->sent + l->sent_count, buf, n);
    l->sent_count += n;
    return (int64_t)n;
}

static void line_deliver(void *drv)
{
    struct line *l = drv;
    size_t room;
    while (l->typed_count && (room = chardev_api.room(l))) {
        size_t n = room < l->typed_count ? room : l->typed_count;
        chardev_api.deliver(l, l->typed, n);
        l->typed_count -= n;
        memmove(l->typed, l->typed + n, l->typed_count);
    }
}

static int line_open(void *drv) { return 0; }
static void line_close(void *drv) {}

static const struct bp_chardev_driver line_driver = {
    .head = { sizeof(struct bp_chardev_driver), BP_KIND_CHARDEV, "line" },
    .state_size = sizeof(struct line), .open = line_open, .close = line_close,
    .write = line_write, .room_changed = line_deliver,
};

struct disk {
    uint8_t *bytes;
    uint64_t size;
};

static int disk_open(void *drv, bool read_only) { return 0; }
static void disk_close(void *drv) {}
static int64_t disk_length(void *drv) { return (int64_t)((struct disk *)drv)->size; }

static int disk_read(void *drv, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    struct disk *d = drv;
    for (unsigned i = 0; i < count; offset += iov[i++].length)
        memcpy(iov[i].base, d->bytes + offset, iov[i].length);
    return 0;
}

static int disk_write(void *drv, uint64_t offset, const struct bp_iovec *iov, unsigned count)
{
    struct disk *d = drv;
    for (unsigned i = 0; i < count; offset += iov[i++].length)
        memcpy(d->bytes + offset, iov[i].base, iov[i].length);
    return 0;
}

static int disk_flush(void *drv) { return 0; }

/* The driver finds its bytes through properties, as any driver does. */
static const struct bp_prop disk_props[] = {
    BP_PROP_(struct disk, bytes, BP_PROP_UINT), BP_PROP_(struct disk, size, BP_PROP_UINT),
};
static const struct bp_block_driver disk_driver = {
    .head = { sizeof(struct bp_block_driver), BP_KIND_BLOCK, "disk" },
    .state_size = sizeof(struct disk), .props = BP_ROWS(disk_props), .open = disk_open,
    .close = disk_close, .length = disk_length, .read = disk_read, .write = disk_write,
    .flush = disk_flush,
};

/* ---- plugins ------------------------------------------------------------------------------------ */

/* Imported by devices for the device tree, which no test here makes. */
static const struct bp_board_api no_board = { .size = sizeof no_board };
static const struct bp_fdt_api no_fdt = { .size = sizeof no_fdt };

void rig_plugins(void)
{
    static bool done;
    const char *folder = getenv("BP_TEST_PLUGINS");
    const char *const paths[] = { folder ? folder : "plugins/.libs", NULL };
    if (done)
        return;
    done = true;
    loader_init(NULL, paths, true);
    for (const struct core_service *s = core_services; s->id; s++)
        service_add(s->id, s->api);
    service_add("backplane.board/1", &no_board);
    service_add("backplane.fdt/1", &no_fdt);
}

const struct bp_head *rig_entity(enum bp_kind kind, const char *id)
{
    rig_plugins();
    const struct bp_head *head = entity_get(kind, id);
    ck_assert_msg(head != NULL, "no plugin provides %s", id);
    return head;
}

/* ---- the bench ---------------------------------------------------------------------------------- */

void rig_open(struct rig *r)
{
    struct ram_block *ram;
    rig_plugins();
    *r = (struct rig){ .m = machine_new() };
    ck_assert_ptr_nonnull(r->m);
    machine_set_seed(r->m, 1);
    ck_assert_int_eq(memory_add_ram(r->m, "ram", RIG_RAM, RIG_RAM_SIZE, false, &ram), 0);
    r->probe = part_create(r->m, &probe_device, "probe");
    ck_assert_ptr_nonnull(r->probe);
    ck_assert_int_eq(part_realize(r->probe), 0);
}

/* Ports are connected by rig_chardev() and the like before the device is made: handed over here. */
static int apply(struct part *part, va_list ap)
{
    const char *name;
    while ((name = va_arg(ap, const char *))) {
        const char *value = va_arg(ap, const char *);
        int r = part_set(part, name, value);
        if (r < 0)
            return r;
    }
    return 0;
}

static int connect_ports(struct rig *r, struct part *part)
{
    int result = 0;
    for (uint32_t i = 0; !result && i < part->device.ports.count; i++) {
        const struct bp_port *port = PART_ROW(bp_port, part->device.ports, i);
        bool there = port->kind == BP_KIND_CHARDEV ? chardev_find(r->m, port->name) != NULL
                   : port->kind == BP_KIND_BLOCK   ? block_find(r->m, port->name) != NULL
                                                   : false;
        if (there)
            result = part_set(part, port->name, port->name);
    }
    return result;
}

static int make(struct rig *r, const char *id, va_list ap)
{
    r->dev = part_create(r->m, (const void *)rig_entity(BP_KIND_DEVICE, id), id);
    ck_assert_ptr_nonnull(r->dev);
    int result = apply(r->dev, ap);
    if (!result)
        result = connect_ports(r, r->dev);
    return result ? result : part_realize(r->dev);
}

void rig_child(struct rig *r, const char *id)
{
    struct part *part = part_create(r->m, (const void *)rig_entity(BP_KIND_DEVICE, id), id);
    ck_assert_ptr_nonnull(part);
    ck_assert_int_eq(connect_ports(r, part), 0);
    ck_assert_msg(part_realize(part) == 0, "%s is not made", id);
    machine_reset(r->m);
}

void rig_device(struct rig *r, const char *id, ...)
{
    va_list ap;
    va_start(ap, id);
    int result = make(r, id, ap);
    va_end(ap);
    ck_assert_msg(result == 0, "%s is not made: %s", id, strerror(-result));
    for (uint32_t w = 0; w < part_window_count(r->dev); w++)
        if (part_window_size(r->dev, w) &&
            !(PART_ROW(bp_window, r->dev->device.windows, w)->flags & BP_WINDOW_PLACED))
            ck_assert_int_eq(part_map(r->dev, w, RIG_WINDOWS + w * RIG_WINDOW_STEP), 0);
    machine_reset(r->m);
}

bool rig_refused(struct rig *r, const char *id, ...)
{
    va_list ap;
    va_start(ap, id);
    int result = make(r, id, ap);
    va_end(ap);
    return result < 0;
}

void rig_close(struct rig *r)
{
    machine_free(r->m);
    *r = (struct rig){ NULL, NULL, NULL };
}

/* ---- pins --------------------------------------------------------------------------------------- */

void rig_watch(struct rig *r, const char *pin, unsigned i, unsigned to)
{
    ck_assert_int_eq(part_connect(r->dev, pin, i, r->probe, "in", to), 0);
}

void rig_drive(struct rig *r, unsigned from, const char *pin, unsigned i)
{
    ck_assert_int_eq(part_connect(r->probe, "out", from, r->dev, pin, i), 0);
}

struct rig_line rig_line(struct rig *r, unsigned input)
{
    return ((struct probe *)r->probe->state)->line[input];
}

void rig_set(struct rig *r, unsigned output, bool level)
{
    machine_lock(r->m);
    irq_api.set(((struct probe *)r->probe->state)->out[output], level);
    machine_unlock(r->m);
}

/* ---- memory ------------------------------------------------------------------------------------- */

uint64_t rig_read(struct rig *r, unsigned window, uint64_t offset, unsigned bytes)
{
    return rig_read_as(r, BP_NO_CPU, window, offset, bytes);
}

void rig_write(struct rig *r, unsigned window, uint64_t offset, unsigned bytes, uint64_t value)
{
    rig_write_as(r, BP_NO_CPU, window, offset, bytes, value);
}

uint64_t rig_read_as(struct rig *r, uint32_t cpu, unsigned window, uint64_t offset, unsigned bytes)
{
    uint64_t gpa = RIG_WINDOWS + window * RIG_WINDOW_STEP + offset, value = 0;
    struct memory_piece piece;
    if (!memory_find(r->m->system, gpa, &piece))
        return 0;
    piece.cpu = cpu;
    if (piece.read_direct)
        memory_peek(r->m->system, gpa, &value, bytes);
    else
        memory_io_read(&piece, gpa, bytes, &value);
    return value;
}

void rig_write_as(struct rig *r, uint32_t cpu, unsigned window, uint64_t offset, unsigned bytes,
                  uint64_t value)
{
    uint64_t gpa = RIG_WINDOWS + window * RIG_WINDOW_STEP + offset;
    struct memory_piece piece;
    if (!memory_find(r->m->system, gpa, &piece))
        return;
    piece.cpu = cpu;
    memory_io_write(&piece, gpa, bytes, value);
}

void rig_poke(struct rig *r, uint64_t offset, const void *buf, size_t n)
{
    ck_assert_int_eq(memory_poke(r->m->system, RIG_RAM + offset, buf, n), 0);
}

void rig_peek(struct rig *r, uint64_t offset, void *buf, size_t n)
{
    ck_assert_int_eq(memory_peek(r->m->system, RIG_RAM + offset, buf, n), 0);
}

/* ---- time, loop --------------------------------------------------------------------------------- */

static struct core_timer *next_due(struct rig *r, int64_t now)
{
    struct core_timer *next = NULL;
    for (uint32_t i = 0; i < r->dev->device.timers.count; i++) {
        struct core_timer *t = &r->dev->timers[i];
        const struct bp_timer_row *row = PART_ROW(bp_timer_row, r->dev->device.timers, i);
        if (row->clock == BP_CLOCK_VIRTUAL && t->deadline_ns <= now &&
            (!next || t->deadline_ns < next->deadline_ns))
            next = t;
    }
    return next;
}

void rig_advance(struct rig *r, int64_t ns)
{
    int64_t now = machine_now(r->m, BP_CLOCK_VIRTUAL), end = now + ns;
    struct core_timer *t;
    while ((t = next_due(r, end))) {
        now = t->deadline_ns > now ? t->deadline_ns : now;
        clock_set_virtual(r->m, now);
        core_timer_arm(t, BP_NEVER);
        machine_lock(r->m);
        t->fire(t->opaque);
        machine_unlock(r->m);
    }
    clock_set_virtual(r->m, end);
}

void rig_poll(struct rig *r)
{
    for (unsigned i = 0; i < 8; i++) {
        loop_drain_workers(r->m->loop);
        loop_poll(r->m->loop);
    }
}

/* ---- outside ------------------------------------------------------------------------------------ */

static struct line *line_of(struct rig *r)
{
    for (guint i = 0; i < r->m->others->len; i++) {
        struct part *p = g_ptr_array_index(r->m->others, i);
        if (!strcmp(p->type, "line"))
            return p->state;
    }
    ck_abort_msg("rig_chardev() was not called");
}

void rig_chardev(struct rig *r, const char *port)
{
    ck_assert_int_eq(chardev_new(r->m, &line_driver, port, NULL, 0, NULL), 0);
}

const char *rig_sent(struct rig *r)
{
    rig_poll(r);
    struct line *l = line_of(r);
    l->sent[l->sent_count] = 0;
    l->sent_count = 0;
    return l->sent;
}

void rig_type(struct rig *r, const void *bytes, size_t n)
{
    struct line *l = line_of(r);
    ck_assert_uint_le(l->typed_count + n, sizeof l->typed);
    memcpy(l->typed + l->typed_count, bytes, n);
    l->typed_count += n;
    line_deliver(l);
}

void rig_type_event(struct rig *r, enum bp_chardev_event event)
{
    chardev_api.event(line_of(r), event);
}

uint8_t *rig_drive_memory(struct rig *r, const char *port, uint64_t size, bool read_only)
{
    uint8_t *bytes = g_malloc0(size);
    char at[32], length[32];
    g_snprintf(at, sizeof at, "%llu", (unsigned long long)(uintptr_t)bytes);
    g_snprintf(length, sizeof length, "%llu", (unsigned long long)size);
    const struct bp_set settings[] = { { "bytes", at }, { "size", length } };
    struct block_options options = { .read_only = read_only };
    ck_assert_int_eq(block_new(r->m, &disk_driver, port, &options, settings, 2, NULL), 0);
    return bytes;
}

int rig_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    /* Threads of the machine do not survive a fork. */
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
