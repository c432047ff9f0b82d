/* SPDX-License-Identifier: MIT */
/*
 * virtio-mmio.c: virtio over memory-mapped registers (virtio 1.3, 4.2): one slot, empty until a
 * device is put into it.
 *
 * An empty slot shows magic, version and vendor, and DeviceID 0; everything else reads 0.
 */
#include <backplane/bus/virtio.h>
#include <backplane/time.h>

#include <errno.h>
#include <string.h>

#define MAGIC 0x74726976
#define VENDOR 0x554D4551 /* what drivers and tests know this slot by */
#define CONFIG 0x100
enum { INT_USED = 1, INT_CONFIG = 2 };

struct slot {
    uint64_t window_size;
    bool force_legacy;
    uint32_t offered_word, chosen_word, queue, page_bytes, interrupts;
    uint32_t align[BP_VIRTIO_QUEUES], pfn[BP_VIRTIO_QUEUES]; /* legacy */
    struct bp_virtio_state virtio;
    struct bp_virtio *v;
    struct bp_timer again;
    struct bp_pin *irq;
};

static void update_irq(struct slot *s) { bp_pin_set(s->irq, s->interrupts != 0); }

/* ---- what the engine asks -------------------------------------------------------------------- */

static void interrupt(void *dev, uint32_t q)
{
    struct slot *s = dev;
    s->interrupts |= q == BP_VIRTIO_CONFIG_CHANGED ? INT_CONFIG : INT_USED;
    update_irq(s);
}

static void again(void *dev)
{
    struct slot *s = dev;
    bp_timer_arm(s, &s->again, bp_now(s, BP_CLOCK_VIRTUAL));
}

static void again_fire(void *dev)
{
    struct slot *s = dev;
    bp_virtio_continue(s->v);
}

#define OPS(flags_)                                                                                \
    { .size = sizeof(struct bp_virtio_transport), .flags = flags_,                                 \
      .state_size = sizeof(struct bp_virtio_state), .interrupt = interrupt, .again = again }
static const struct bp_virtio_transport modern = OPS(0), legacy = OPS(BP_VIRTIO_LEGACY);

/* ---- registers ------------------------------------------------------------------------------- */

static uint64_t magic_read(void *dev, unsigned i) { return MAGIC; }
static uint64_t vendor_read(void *dev, unsigned i) { return VENDOR; }

static uint64_t version_read(void *dev, unsigned i)
{
    struct slot *s = dev;
    return s->force_legacy ? 1 : 2;
}

static uint64_t id_read(void *dev, unsigned i)
{
    struct slot *s = dev;
    return bp_virtio_id(s->v);
}

static uint64_t offered_read(void *dev, unsigned i)
{
    struct slot *s = dev;
    uint64_t bits = bp_virtio_offered(s->v);
    /* The legacy interface has 32 bits. */
    if (s->offered_word > (s->force_legacy ? 0 : 1))
        return 0;
    return (uint32_t)(bits >> (32 * s->offered_word));
}

static void chosen_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    bp_virtio_choose(s->v, s->chosen_word, (uint32_t)value);
}

/* Whether the register exists in this version of the interface and the queue chosen exists. */
static bool usable(struct slot *s, bool of_legacy, const char *name)
{
    if (s->force_legacy != of_legacy)
        bp_log(s, BP_LOG_GUEST_ERROR, "%s is a register of version %d", name, of_legacy ? 1 : 2);
    else if (bp_virtio_queue_size(s->v, s->queue))
        return true;
    else if (bp_virtio_id(s->v))
        bp_log(s, BP_LOG_GUEST_ERROR, "%s: there is no queue %u", name, s->queue);
    return false;
}

/* Whether the queue may be configured: not while it is enabled. */
static bool configurable(struct slot *s, bool of_legacy, const char *name)
{
    if (!usable(s, of_legacy, name))
        return false;
    if (!s->virtio.enabled[s->queue])
        return true;
    bp_log(s, BP_LOG_GUEST_ERROR, "%s is written while queue %u is enabled", name, s->queue);
    return false;
}

static uint64_t queue_max_read(void *dev, unsigned i)
{
    struct slot *s = dev;
    return bp_virtio_queue_size(s->v, s->queue);
}

static void queue_size_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    if (configurable(s, s->force_legacy, "QueueSize"))
        s->virtio.entries[s->queue] = value > UINT16_MAX ? 0 : (uint16_t)value; /* 0 is refused */
}

static void page_size_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    if (s->force_legacy)
        s->page_bytes = (uint32_t)value;
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "GuestPageSize is a register of version 1");
}

static void align_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    if (!configurable(s, true, "QueueAlign"))
        return;
    if (value && !(value & (value - 1)))
        s->align[s->queue] = (uint32_t)value;
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "QueueAlign 0x%x is no power of two", (uint32_t)value);
}

static uint64_t pfn_read(void *dev, unsigned i)
{
    struct slot *s = dev;
    return s->force_legacy && s->queue < BP_VIRTIO_QUEUES ? s->pfn[s->queue] : 0;
}

/* The three parts lie behind each other, the used ring aligned (2.7.2). */
static void pfn_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    unsigned q = s->queue;
    if (!usable(s, true, "QueuePFN"))
        return;
    if (s->virtio.enabled[q])
        bp_virtio_enable(s->v, q, false);
    s->pfn[q] = (uint32_t)value;
    if (!value)
        return;
    uint64_t entries = s->virtio.entries[q], align = s->align[q] ? s->align[q] : 4096;
    uint64_t desc = value * (s->page_bytes ? s->page_bytes : 4096), driver = desc + 16 * entries;
    s->virtio.desc[q] = desc;
    s->virtio.driver[q] = driver;
    s->virtio.device[q] = (driver + 2 * (3 + entries) + align - 1) & ~(align - 1);
    bp_virtio_enable(s->v, q, true);
}

static uint64_t ready_read(void *dev, unsigned i)
{
    struct slot *s = dev;
    return !s->force_legacy && s->queue < BP_VIRTIO_QUEUES ? s->virtio.enabled[s->queue] : 0;
}

static void ready_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    if (usable(s, false, "QueueReady") && (value & 1) != s->virtio.enabled[s->queue])
        bp_virtio_enable(s->v, s->queue, value & 1);
}

static void notify_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    bp_virtio_notify(s->v, (uint32_t)value);
}

static void ack_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    s->interrupts &= ~(uint32_t)value;
    update_irq(s);
}

static uint64_t status_read(void *dev, unsigned i)
{
    struct slot *s = dev;
    return s->virtio.status;
}

/* What the driver's reset clears beyond the engine's state. */
static void clear_registers(struct slot *s)
{
    memset(s->pfn, 0, sizeof s->pfn);
    memset(s->align, 0, sizeof s->align);
    s->interrupts = 0;
    bp_timer_cancel(s, &s->again);
    update_irq(s);
}

static void status_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    bp_virtio_set_status(s->v, (uint8_t)value);
    if (!(uint8_t)value)
        clear_registers(s);
}

static void set_half(struct slot *s, uint64_t *addresses, unsigned high, uint64_t value)
{
    if (!configurable(s, false, "a queue address"))
        return;
    uint64_t *a = &addresses[s->queue];
    *a = high ? (*a & UINT32_MAX) | value << 32 : (*a & ~(uint64_t)UINT32_MAX) | (uint32_t)value;
}

static void desc_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    set_half(s, s->virtio.desc, i, value);
}

static void driver_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    set_half(s, s->virtio.driver, i, value);
}

static void device_write(void *dev, unsigned i, uint64_t value)
{
    struct slot *s = dev;
    set_half(s, s->virtio.device, i, value);
}

/* There is no shared memory region. */
static uint64_t shm_read(void *dev, unsigned i)
{
    struct slot *s = dev;
    return bp_virtio_id(s->v) ? UINT32_MAX : 0;
}
static void shm_select_write(void *dev, unsigned i, uint64_t value) {}

static uint64_t generation_read(void *dev, unsigned i)
{
    struct slot *s = dev;
    return s->virtio.generation;
}

/* ---- configuration space --------------------------------------------------------------------- */

static uint64_t raw_read(void *dev, uint64_t offset, unsigned size)
{
    struct slot *s = dev;
    return offset < CONFIG ? 0 : bp_virtio_config_read(s->v, offset - CONFIG, size);
}

static void raw_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct slot *s = dev;
    if (offset >= CONFIG)
        bp_virtio_config_write(s->v, offset - CONFIG, (uint32_t)value, size);
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "write of 0x%x to offset 0x%x, where no register is",
               (uint32_t)value, (uint32_t)offset);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int slot_realize(void *dev)
{
    struct slot *s = dev;
    s->v = bp_virtio_create(s, s->force_legacy ? &legacy : &modern, &s->virtio);
    return s->v ? 0 : -ENOMEM;
}

static void slot_unrealize(void *dev)
{
    struct slot *s = dev;
    bp_virtio_destroy(s->v);
    s->v = NULL;
}

static void slot_reset(void *dev)
{
    struct slot *s = dev;
    bp_virtio_reset(s->v);
    clear_registers(s);
}

static int slot_post_load(void *dev)
{
    struct slot *s = dev;
    return bp_virtio_post_load(s->v);
}

static struct bp_virtio *bus_virtio(void *dev)
{
    struct slot *s = dev;
    return s->v;
}

static int bus_attached(void *dev, struct bp_link child)
{
    struct slot *s = dev;
    return bp_virtio_attach(s->v, child);
}

static const struct bp_virtio_bus bus = { sizeof bus, 0, bus_virtio };

#define REG(name, offset, ...) { name, offset, 32, .flags = BP_REG_EXACT, __VA_ARGS__ }
static const struct bp_reg regs[] = {
    REG("MagicValue", 0x000, .read = magic_read),
    REG("Version", 0x004, .read = version_read),
    REG("DeviceID", 0x008, .read = id_read),
    REG("VendorID", 0x00C, .read = vendor_read),
    REG("DeviceFeatures", 0x010, .read = offered_read),
    REG("DeviceFeaturesSel", 0x014, BP_FIELD(struct slot, offered_word), .writable = UINT32_MAX),
    REG("DriverFeatures", 0x020, .write = chosen_write),
    REG("DriverFeaturesSel", 0x024, BP_FIELD(struct slot, chosen_word), .writable = UINT32_MAX),
    REG("GuestPageSize", 0x028, BP_FIELD(struct slot, page_bytes), .write = page_size_write),
    REG("QueueSel", 0x030, BP_FIELD(struct slot, queue), .writable = UINT32_MAX),
    REG("QueueSizeMax", 0x034, .read = queue_max_read),
    REG("QueueSize", 0x038, .write = queue_size_write),
    REG("QueueAlign", 0x03C, .write = align_write),
    REG("QueuePFN", 0x040, .read = pfn_read, .write = pfn_write),
    REG("QueueReady", 0x044, .read = ready_read, .write = ready_write),
    REG("QueueNotify", 0x050, .write = notify_write),
    REG("InterruptStatus", 0x060, BP_FIELD(struct slot, interrupts)),
    REG("InterruptACK", 0x064, .write = ack_write),
    REG("Status", 0x070, .read = status_read, .write = status_write),
    REG("QueueDesc", 0x080, .count = 2, .write = desc_write),
    REG("QueueDriver", 0x090, .count = 2, .write = driver_write),
    REG("QueueDevice", 0x0A0, .count = 2, .write = device_write),
    REG("SHMSel", 0x0AC, .write = shm_select_write),
    REG("SHMLen", 0x0B0, .count = 2, .read = shm_read),
    REG("SHMBase", 0x0B8, .count = 2, .read = shm_read),
    REG("ConfigGeneration", 0x0FC, .read = generation_read),
};
static const struct bp_window windows[] = {
    { .name = "mmio", .size_prop = "window-size", .access_min = 1, .access_max = 4,
      .storage = BP_NO_STORAGE, .read = raw_read, .write = raw_write },
};
static const struct bp_pin_row pins[] = { BP_OUT(struct slot, irq) };
static const struct bp_prop props[] = {
    BP_BOOL(struct slot, force_legacy, false, "offer version 1 of the interface instead of 2"),
    BP_SIZE(struct slot, window_size, 0x1000, 0x200, 0x10000, "bytes of the register window"),
};
static const struct bp_offer offers[] = {
    { .name = "bus", .id = BP_VIRTIO_BUS_ID, .api = &bus, .capacity = 1, .attached = bus_attached },
};
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct slot, again, BP_CLOCK_VIRTUAL, again_fire),
};
static const struct bp_saved saved[] = {
    BP_VIRTIO_SAVED(struct slot, virtio),
    BP_SAVED_ARRAY(struct slot, align, 1),
    BP_SAVED_ARRAY(struct slot, pfn, 1),
    BP_TRANSIENT(struct slot, v),
};

BP_DEVICE_IN(virtio_mmio, "virtio-mmio", "internal", "Slot for one virtio device",
          .state_size = sizeof(struct slot), .regs = BP_ROWS(regs), .windows = BP_ROWS(windows),
          .pins = BP_ROWS(pins), .props = BP_ROWS(props), .offers = BP_ROWS(offers),
          .timers = BP_ROWS(timers), .saved = BP_ROWS(saved), .flags = BP_DEVICE_INTERNAL,
          .realize = slot_realize, .unrealize = slot_unrealize, .reset = slot_reset,
          .post_load = slot_post_load, .fdt_name = "virtio_mmio", .fdt_compatible = "virtio,mmio");
BP_PLUGIN("virtio-mmio", "1.0", "MIT");
