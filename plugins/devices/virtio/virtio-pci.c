/* SPDX-License-Identifier: MIT */
/*
 * virtio-pci.c: virtio over PCI (virtio 1.3, 4.1): a function with one virtio device on it. Devices named
 * virtio-...-pci are made together with one of these.
 *
 * Modern by default: registers in base address 4, MSI-X in 1. With disable-legacy=off a legacy
 * driver finds its registers in base address 0 (I/O), too; the first to write the device status from
 * 0 decides which interface is in force.
 */
#include <backplane/bus/pci.h>
#include <backplane/bus/virtio.h>
#include <backplane/memory.h>
#include <backplane/time.h>

#include <errno.h>
#include <string.h>

enum { LEGACY, MSIX, MODERN };                  /* windows */
enum { BAR_LEGACY = 0, BAR_MSIX = 1, BAR_MODERN = 4 };
enum { COMMON = 0x0000, ISR = 0x1000, CONFIG = 0x2000, NOTIFY = 0x3000, MODERN_SIZE = 0x4000 };
enum { NOTIFY_STEP = 4 };
enum { INT_USED = 1, INT_CONFIG = 2 };
enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_CONFIG = 4, CAP_PCI = 5 };
enum { LEGACY_CONFIG = 20 };                    /* without MSI-X; with it, two vectors are in between */
enum { LEGACY_ON, LEGACY_OFF, LEGACY_AUTO };    /* disable-legacy=off|on|auto */
#define NO_VECTOR 0xFFFFu
#define ANY_VECTORS UINT32_MAX

struct vpci {
    struct bp_pci pci;
    uint32_t disable_legacy, vectors;
    bool disable_modern;
    const char *romfile;
    uint32_t cap_pci;           /* offset of the capability that reaches the windows */
    uint32_t offered_word, chosen_word;
    uint16_t queue, config_vector, queue_vector[BP_VIRTIO_QUEUES];
    uint8_t interrupts, legacy; /* legacy: that interface is in force */
    struct bp_virtio_state virtio;
    struct bp_virtio *v;
    struct bp_timer again;
};
BP_PCI_CALLBACKS(struct vpci, pci)

static bool has_legacy(const struct vpci *s)
{
    return s->disable_legacy == LEGACY_ON || s->disable_modern;
}

/* ---- what the engine asks -------------------------------------------------------------------- */

static void interrupt(void *dev, uint32_t q)
{
    struct vpci *s = dev;
    bool config = q == BP_VIRTIO_CONFIG_CHANGED;
    if (bp_pci_msix_on(&s->pci)) {
        uint16_t vector = config ? s->config_vector : s->queue_vector[q % BP_VIRTIO_QUEUES];
        if (vector != NO_VECTOR)
            bp_pci_msix(&s->pci, vector);
        return;
    }
    s->interrupts |= config ? INT_CONFIG : INT_USED;
    bp_pci_set_irq(&s->pci, true);
}

static void again(void *dev)
{
    struct vpci *s = dev;
    bp_timer_arm(s, &s->again, bp_now(s, BP_CLOCK_VIRTUAL));
}

static void again_fire(void *dev)
{
    struct vpci *s = dev;
    bp_virtio_continue(s->v);
}

static bool is_master(void *dev)
{
    struct vpci *s = dev;
    return bp_pci_get(&s->pci, BP_PCI_COMMAND, 2) & BP_PCI_COMMAND_MASTER;
}

static const struct bp_virtio_transport ops = {
    .size = sizeof ops, .flags = BP_VIRTIO_TRANSITIONAL,
    .state_size = sizeof(struct bp_virtio_state), .interrupt = interrupt, .again = again,
    .allowed = is_master,
};

/* ---- what both interfaces do ----------------------------------------------------------------- */

static uint64_t isr_read(void *dev, unsigned i)
{
    struct vpci *s = dev;
    uint8_t bits = s->interrupts;
    s->interrupts = 0;
    bp_pci_set_irq(&s->pci, false);
    return bits;
}

static bool known_queue(struct vpci *s, const char *name)
{
    if (bp_virtio_queue_size(s->v, s->queue))
        return true;
    bp_log(s, BP_LOG_GUEST_ERROR, "%s: there is no queue %u", name, s->queue);
    return false;
}

/* Not while it is enabled. */
static bool configurable(struct vpci *s, const char *name)
{
    if (!known_queue(s, name))
        return false;
    if (!s->virtio.enabled[s->queue])
        return true;
    bp_log(s, BP_LOG_GUEST_ERROR, "%s is written while queue %u is enabled", name, s->queue);
    return false;
}

/* Vectors that are not there are refused by reading back as none. */
static uint16_t checked_vector(struct vpci *s, uint64_t value)
{
    return value < s->vectors ? (uint16_t)value : NO_VECTOR;
}

static uint16_t vector_of_queue(const struct vpci *s)
{
    return bp_virtio_queue_size(s->v, s->queue) ? s->queue_vector[s->queue] : NO_VECTOR;
}

static void set_vector_of_queue(struct vpci *s, uint64_t value)
{
    if (bp_virtio_queue_size(s->v, s->queue))
        s->queue_vector[s->queue] = checked_vector(s, value);
}

/* What the driver's reset clears beyond the engine's state. */
static void clear_registers(struct vpci *s)
{
    for (unsigned q = 0; q < BP_VIRTIO_QUEUES; q++)
        s->queue_vector[q] = NO_VECTOR;
    s->config_vector = NO_VECTOR;
    s->offered_word = s->chosen_word = s->queue = 0;
    s->interrupts = 0;
    bp_pci_set_irq(&s->pci, false);
    bp_timer_cancel(s, &s->again);
}

static void set_status(struct vpci *s, bool legacy, uint8_t status)
{
    if (status && !s->virtio.status && s->legacy != legacy) {
        s->legacy = legacy;
        bp_virtio_set_legacy(s->v, legacy);
    }
    bp_virtio_set_status(s->v, status);
    if (!status)
        clear_registers(s);
}

static uint64_t queue_read(void *dev, unsigned i) { return ((struct vpci *)dev)->queue; }
static void queue_write(void *dev, unsigned i, uint64_t value)
{
    ((struct vpci *)dev)->queue = (uint16_t)value;
}
static uint64_t status_read(void *dev, unsigned i) { return ((struct vpci *)dev)->virtio.status; }

/* ---- modern: common configuration (4.1.4.3) -------------------------------------------------- */

static uint64_t offered_read(void *dev, unsigned i)
{
    struct vpci *s = dev;
    return s->offered_word > 1 ? 0
                               : (uint32_t)(bp_virtio_offered(s->v) >> (32 * s->offered_word));
}

static uint64_t chosen_read(void *dev, unsigned i)
{
    struct vpci *s = dev;
    return s->chosen_word > 1 ? 0 : (uint32_t)(s->virtio.features >> (32 * s->chosen_word));
}

static void chosen_write(void *dev, unsigned i, uint64_t value)
{
    struct vpci *s = dev;
    bp_virtio_choose(s->v, s->chosen_word, (uint32_t)value);
}

static uint64_t config_vector_read(void *dev, unsigned i)
{
    return ((struct vpci *)dev)->config_vector;
}

static void config_vector_write(void *dev, unsigned i, uint64_t value)
{
    struct vpci *s = dev;
    s->config_vector = checked_vector(s, value);
}

static uint32_t queue_count(const struct vpci *s)
{
    uint32_t count = 0;
    for (unsigned q = 0; q < BP_VIRTIO_QUEUES; q++)
        if (bp_virtio_queue_size(s->v, q))
            count = q + 1;
    return count;
}

static uint64_t queue_count_read(void *dev, unsigned i) { return queue_count(dev); }

static void status_write(void *dev, unsigned i, uint64_t value)
{
    set_status(dev, false, (uint8_t)value);
}

static uint64_t generation_read(void *dev, unsigned i)
{
    return (uint8_t)((struct vpci *)dev)->virtio.generation;
}

static uint64_t queue_size_read(void *dev, unsigned i)
{
    struct vpci *s = dev;
    return bp_virtio_queue_size(s->v, s->queue) ? s->virtio.entries[s->queue] : 0;
}

static void queue_size_write(void *dev, unsigned i, uint64_t value)
{
    struct vpci *s = dev;
    if (configurable(s, "queue_size"))
        s->virtio.entries[s->queue] = (uint16_t)value;
}

static uint64_t queue_vector_read(void *dev, unsigned i) { return vector_of_queue(dev); }

static void queue_vector_write(void *dev, unsigned i, uint64_t value)
{
    set_vector_of_queue(dev, value);
}

static uint64_t queue_enable_read(void *dev, unsigned i)
{
    struct vpci *s = dev;
    return s->queue < BP_VIRTIO_QUEUES && s->virtio.enabled[s->queue];
}

static void queue_enable_write(void *dev, unsigned i, uint64_t value)
{
    struct vpci *s = dev;
    if (value == 1 && configurable(s, "queue_enable"))
        bp_virtio_enable(s->v, s->queue, true);
}

static uint64_t notify_offset_read(void *dev, unsigned i) { return ((struct vpci *)dev)->queue; }

static uint64_t half(const struct vpci *s, const uint64_t *addresses, unsigned high)
{
    return s->queue < BP_VIRTIO_QUEUES ? (uint32_t)(addresses[s->queue] >> (32 * high)) : 0;
}

static void set_half(struct vpci *s, uint64_t *addresses, unsigned high, uint64_t value)
{
    if (!configurable(s, "a queue address"))
        return;
    uint64_t *a = &addresses[s->queue];
    *a = high ? (*a & UINT32_MAX) | value << 32 : (*a & ~(uint64_t)UINT32_MAX) | (uint32_t)value;
}

#define ADDRESS(name, member)                                                                      \
    static uint64_t name##_read(void *dev, unsigned i)                                             \
    {                                                                                              \
        return half(dev, ((struct vpci *)dev)->virtio.member, i);                                  \
    }                                                                                              \
    static void name##_write(void *dev, unsigned i, uint64_t value)                                \
    {                                                                                              \
        set_half(dev, ((struct vpci *)dev)->virtio.member, i, value);                              \
    }
ADDRESS(desc, desc)
ADDRESS(driver, driver)
ADDRESS(device, device)

/* ---- modern: the rest of the window ---------------------------------------------------------- */

static uint64_t modern_read(void *dev, uint64_t offset, unsigned size)
{
    struct vpci *s = dev;
    return offset >= CONFIG && offset < NOTIFY ? bp_virtio_config_read(s->v, offset - CONFIG, size)
                                               : 0;
}

static void modern_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct vpci *s = dev;
    if (offset >= NOTIFY)
        bp_virtio_notify(s->v, (unsigned)(offset - NOTIFY) / NOTIFY_STEP);
    else if (offset >= CONFIG)
        bp_virtio_config_write(s->v, offset - CONFIG, (uint32_t)value, size);
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "write of 0x%x to offset 0x%x, where no register is",
               (uint32_t)value, (uint32_t)offset);
}

/* ---- legacy (4.1.4.10) ----------------------------------------------------------------------- */

static uint64_t legacy_offered_read(void *dev, unsigned i)
{
    return (uint32_t)bp_virtio_offered(((struct vpci *)dev)->v);
}

static uint64_t legacy_chosen_read(void *dev, unsigned i)
{
    return (uint32_t)((struct vpci *)dev)->virtio.features;
}

static void legacy_chosen_write(void *dev, unsigned i, uint64_t value)
{
    bp_virtio_choose(((struct vpci *)dev)->v, 0, (uint32_t)value);
}

static uint64_t pfn_read(void *dev, unsigned i)
{
    struct vpci *s = dev;
    return queue_enable_read(dev, 0) ? (uint32_t)(s->virtio.desc[s->queue] >> 12) : 0;
}

/* The three parts lie behind each other, the used ring at the next page (2.7.2). */
static void pfn_write(void *dev, unsigned i, uint64_t value)
{
    struct vpci *s = dev;
    unsigned q = s->queue;
    if (!known_queue(s, "the queue's address"))
        return;
    if (s->virtio.enabled[q])
        bp_virtio_enable(s->v, q, false);
    if (!value)
        return;
    uint64_t entries = s->virtio.entries[q] = (uint16_t)bp_virtio_queue_size(s->v, q);
    s->virtio.desc[q] = value << 12;
    s->virtio.driver[q] = s->virtio.desc[q] + 16 * entries;
    s->virtio.device[q] = (s->virtio.driver[q] + 2 * (3 + entries) + 4095) & ~UINT64_C(4095);
    bp_virtio_enable(s->v, q, true);
}

static uint64_t legacy_size_read(void *dev, unsigned i)
{
    struct vpci *s = dev;
    return bp_virtio_queue_size(s->v, s->queue);
}

static void notify_write(void *dev, unsigned i, uint64_t value)
{
    bp_virtio_notify(((struct vpci *)dev)->v, (uint16_t)value);
}

static void legacy_status_write(void *dev, unsigned i, uint64_t value)
{
    set_status(dev, true, (uint8_t)value);
}

/* Two vectors are in front of the configuration space while MSI-X is on. */
static bool is_vector(const struct vpci *s, uint64_t offset)
{
    return bp_pci_msix_on(&s->pci) && offset < LEGACY_CONFIG + 4;
}

static uint64_t legacy_config(const struct vpci *s)
{
    return bp_pci_msix_on(&s->pci) ? LEGACY_CONFIG + 4 : LEGACY_CONFIG;
}

static uint64_t legacy_read(void *dev, uint64_t offset, unsigned size)
{
    struct vpci *s = dev;
    if (!is_vector(s, offset))
        return bp_virtio_config_read(s->v, offset - legacy_config(s), size);
    uint32_t both = s->config_vector | (uint32_t)vector_of_queue(s) << 16;
    return both >> (8 * (offset - LEGACY_CONFIG));
}

static void legacy_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct vpci *s = dev;
    if (!is_vector(s, offset))
        bp_virtio_config_write(s->v, offset - legacy_config(s), (uint32_t)value, size);
    else if (offset == LEGACY_CONFIG && size == 2)
        s->config_vector = checked_vector(s, value);
    else if (offset == LEGACY_CONFIG + 2 && size == 2)
        set_vector_of_queue(s, value);
    else
        bp_log(s, BP_LOG_GUEST_ERROR, "write of %u bytes at offset %u, where two bytes are a vector",
               size, (unsigned)offset);
}

/* ---- configuration space of PCI -------------------------------------------------------------- */

/* The access that the capability CAP_PCI describes (4.1.4.9). */
static void cap_access(struct vpci *s, bool write)
{
    uint32_t bar = bp_pci_get(&s->pci, s->cap_pci + 4, 1);
    uint32_t offset = bp_pci_get(&s->pci, s->cap_pci + 8, 4);
    uint32_t n = bp_pci_get(&s->pci, s->cap_pci + 12, 4);
    uint64_t value = bp_pci_get(&s->pci, s->cap_pci + 16, 4);
    if (bar != BAR_MODERN || (n != 1 && n != 2 && n != 4) || offset % n || offset >= MODERN_SIZE)
        return;
    bp_window_io(s, MODERN, offset, n, &value, write);
    if (!write)
        bp_pci_put(&s->pci, s->cap_pci + 16, 4, (uint32_t)value);
}

static bool touches(const struct vpci *s, uint32_t offset, uint32_t n)
{
    uint32_t data = s->cap_pci + 16;
    return s->cap_pci && offset < data + 4 && offset + n > data;
}

static void config_read(void *dev, uint32_t offset, uint32_t n)
{
    struct vpci *s = dev;
    if (touches(s, offset, n))
        cap_access(s, false);
}

static void config_written(void *dev, uint32_t offset, uint32_t n)
{
    struct vpci *s = dev;
    if (touches(s, offset, n))
        cap_access(s, true);
    if (offset < BP_PCI_COMMAND + 2 && offset + n > BP_PCI_COMMAND)
        bp_virtio_allow(s->v, is_master(s));
}

/* One capability (4.1.4); its offset or -errno. */
static int add_cap(struct vpci *s, unsigned type, uint32_t offset, uint32_t length, unsigned bytes)
{
    int at = bp_pci_add_capability(&s->pci, BP_PCI_CAP_VENDOR, bytes);
    if (at < 0)
        return at;
    uint32_t cap = (uint32_t)at;
    bp_pci_set_field(&s->pci, cap + 2, 1, bytes, 0, 0);
    bp_pci_set_field(&s->pci, cap + 3, 1, type, 0, 0);
    bp_pci_set_field(&s->pci, cap + 4, 1, type == CAP_PCI ? 0 : BAR_MODERN, 0, 0);
    bp_pci_set_field(&s->pci, cap + 8, 4, offset, 0, 0);
    bp_pci_set_field(&s->pci, cap + 12, 4, length, 0, 0);
    return at;
}

static int setup(void *dev)
{
    struct vpci *s = dev;
    if (s->disable_modern)
        return 0;
    int r = add_cap(s, CAP_COMMON, COMMON, 0x1000, 16);
    if (r >= 0)
        r = add_cap(s, CAP_ISR, ISR, 0x1000, 16);
    if (r >= 0)
        r = add_cap(s, CAP_CONFIG, CONFIG, 0x1000, 16);
    if (r >= 0)
        r = add_cap(s, CAP_NOTIFY, NOTIFY, NOTIFY_STEP * BP_VIRTIO_QUEUES, 20);
    if (r >= 0) {
        bp_pci_set_field(&s->pci, (uint32_t)r + 16, 4, NOTIFY_STEP, 0, 0);
        r = add_cap(s, CAP_PCI, 0, 0, 20);
    }
    if (r < 0)
        return r;
    s->cap_pci = (uint32_t)r;
    bp_pci_set_field(&s->pci, s->cap_pci + 4, 1, 0, 0xFF, 0);
    bp_pci_set_field(&s->pci, s->cap_pci + 8, 4, 0, UINT32_MAX, 0);
    bp_pci_set_field(&s->pci, s->cap_pci + 12, 4, 0, UINT32_MAX, 0);
    bp_pci_set_field(&s->pci, s->cap_pci + 16, 4, 0, UINT32_MAX, 0);
    return 0;
}

static uint32_t bars_used(void *dev)
{
    const struct vpci *s = dev;
    return 1u << BAR_MSIX | (has_legacy(s) ? 1u << BAR_LEGACY : 0) |
           (s->disable_modern ? 0 : 1u << BAR_MODERN);
}

/* ---- the device on it ------------------------------------------------------------------------ */

/* Virtio number, the device id that legacy drivers know, class of PCI (4.1.2). */
static const struct {
    uint32_t id, legacy, class_code;
} kinds[] = {
    { 1, 0x1000, 0x020000 },  /* network card */
    { 2, 0x1001, 0x010000 },  /* block device */
    { 3, 0x1003, 0x078000 },  /* console */
    { 4, 0x1005, 0x00FF00 },  /* entropy source */
    { 5, 0x1002, 0x00FF00 },  /* memory balloon */
    { 8, 0x1004, 0x010000 },  /* SCSI host */
    { 9, 0x1009, 0x000200 },  /* 9P transport */
    { 16, 0, 0x038000 },      /* GPU */
    { 18, 0, 0x098000 },      /* input device */
};

static int virtio_attached(void *dev, struct bp_link child)
{
    struct vpci *s = dev;
    int r = bp_virtio_attach(s->v, child);
    if (r < 0)
        return r;
    uint32_t id = bp_virtio_id(s->v), legacy = 0, class_code = 0x00FF00;
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].id != id)
            continue;
        legacy = kinds[i].legacy;
        class_code = kinds[i].class_code;
    }
    if (has_legacy(s) && !legacy)
        return bp_fail(s, EINVAL, "%s has no legacy interface: leave out disable-legacy=off",
                       bp_name(child.dev));
    if (!has_legacy(s))
        legacy = 0;
    bp_pci_set_field(&s->pci, BP_PCI_DEVICE, 2, legacy ? legacy : 0x1040 + id, 0, 0);
    bp_pci_set_field(&s->pci, BP_PCI_REVISION, 4, class_code << 8 | (legacy ? 0 : 1), 0, 0);
    bp_pci_set_field(&s->pci, BP_PCI_SUBSYSTEM, 2, legacy ? id : 0x1100, 0, 0);
    if (s->vectors == ANY_VECTORS)
        s->vectors = queue_count(s) + 1;
    return bp_pci_set_vectors(&s->pci, s->vectors);
}

static struct bp_virtio *bus_virtio(void *dev) { return ((struct vpci *)dev)->v; }

/* ---- life ------------------------------------------------------------------------------------ */

static int vpci_realize(void *dev)
{
    struct vpci *s = dev;
    if (s->romfile && *s->romfile)
        return bp_fail(s, EINVAL, "romfile=%s: there are no option ROMs yet; romfile= is taken",
                       s->romfile);
    if (s->disable_modern && s->disable_legacy == LEGACY_OFF)
        return bp_fail(s, EINVAL, "disable-modern=on and disable-legacy=on leave nothing");
    s->v = bp_virtio_create(s, &ops, &s->virtio);
    s->legacy = 0;
    return s->v ? 0 : -ENOMEM;
}

static void vpci_unrealize(void *dev)
{
    struct vpci *s = dev;
    bp_virtio_destroy(s->v);
    s->v = NULL;
}

static void vpci_reset(void *dev)
{
    struct vpci *s = dev;
    bp_virtio_reset(s->v);
    bp_virtio_allow(s->v, false);
    s->legacy = 0;
    bp_virtio_set_legacy(s->v, false);
    clear_registers(s);
}

static int vpci_post_load(void *dev)
{
    struct vpci *s = dev;
    int r = pci_post_load(dev);
    bp_virtio_set_legacy(s->v, s->legacy);
    return r ? r : bp_virtio_post_load(s->v);
}

#define COMMON_REG(name, offset, width, ...)                                                       \
    { name, COMMON + offset, width, .window = MODERN, __VA_ARGS__ }
#define LEGACY_REG(name, offset, width, ...)                                                       \
    { name, offset, width, .window = LEGACY, __VA_ARGS__ }
static const struct bp_reg regs[] = {
    COMMON_REG("device_feature_select", 0x00, 32, BP_FIELD(struct vpci, offered_word),
               .writable = UINT32_MAX),
    COMMON_REG("device_feature", 0x04, 32, .read = offered_read),
    COMMON_REG("driver_feature_select", 0x08, 32, BP_FIELD(struct vpci, chosen_word),
               .writable = UINT32_MAX),
    COMMON_REG("driver_feature", 0x0C, 32, .read = chosen_read, .write = chosen_write),
    COMMON_REG("config_msix_vector", 0x10, 16, .read = config_vector_read,
               .write = config_vector_write),
    COMMON_REG("num_queues", 0x12, 16, .read = queue_count_read),
    COMMON_REG("device_status", 0x14, 8, .read = status_read, .write = status_write),
    COMMON_REG("config_generation", 0x15, 8, .read = generation_read),
    COMMON_REG("queue_select", 0x16, 16, .read = queue_read, .write = queue_write),
    COMMON_REG("queue_size", 0x18, 16, .read = queue_size_read, .write = queue_size_write),
    COMMON_REG("queue_msix_vector", 0x1A, 16, .read = queue_vector_read,
               .write = queue_vector_write),
    COMMON_REG("queue_enable", 0x1C, 16, .read = queue_enable_read, .write = queue_enable_write),
    COMMON_REG("queue_notify_off", 0x1E, 16, .read = notify_offset_read),
    COMMON_REG("queue_desc", 0x20, 32, .count = 2, .read = desc_read, .write = desc_write),
    COMMON_REG("queue_driver", 0x28, 32, .count = 2, .read = driver_read, .write = driver_write),
    COMMON_REG("queue_device", 0x30, 32, .count = 2, .read = device_read, .write = device_write),
    { "isr", ISR, 8, .window = MODERN, .read = isr_read },
    LEGACY_REG("device_features", 0x00, 32, .read = legacy_offered_read),
    LEGACY_REG("driver_features", 0x04, 32, .read = legacy_chosen_read,
               .write = legacy_chosen_write),
    LEGACY_REG("queue_address", 0x08, 32, .read = pfn_read, .write = pfn_write),
    LEGACY_REG("queue_size", 0x0C, 16, .read = legacy_size_read),
    LEGACY_REG("queue_select", 0x0E, 16, .read = queue_read, .write = queue_write),
    LEGACY_REG("queue_notify", 0x10, 16, .write = notify_write),
    LEGACY_REG("device_status", 0x12, 8, .read = status_read, .write = legacy_status_write),
    LEGACY_REG("isr", 0x13, 8, .read = isr_read),
};
static const struct bp_window windows[] = {
    { .name = "legacy", .size = 256, .flags = BP_WINDOW_PLACED, .access_min = 1, .access_max = 4,
      .storage = BP_NO_STORAGE, .read = legacy_read, .write = legacy_write },
    BP_PCI_MSIX_WINDOW("msix"),
    { .name = "modern", .size = MODERN_SIZE, .flags = BP_WINDOW_PLACED, .access_min = 1,
      .access_max = 4, .storage = BP_NO_STORAGE, .read = modern_read, .write = modern_write },
};
static const struct bp_pci_bar bars[] = {
    { BAR_LEGACY, BP_PCI_BAR_IO, LEGACY },
    { BAR_MSIX, 0, MSIX },
    { BAR_MODERN, BP_PCI_BAR_64 | BP_PCI_BAR_PREFETCH, MODERN },
};
static const struct bp_pci_device face = {
    BP_PCI_FACE(struct vpci, pci), .flags = BP_PCI_EXPRESS, .vendor = 0x1AF4, .device = 0x1040,
    .subsystem_vendor = 0x1AF4, .subsystem = 0x1100, .class_code = 0x00FF00, .revision = 1,
    .interrupt_pin = 1, .msix_vectors = 1, .msix_window = MSIX, .bars = BP_ROWS(bars),
    .setup = setup, .config_read = config_read, .config_written = config_written,
    .bars_used = bars_used,
};
static const struct bp_virtio_bus bus = { sizeof bus, 0, bus_virtio };

static const struct bp_prop props[] = {
    BP_PCI_PROPS(struct vpci, pci),
    BP_ENUM(struct vpci, disable_legacy, LEGACY_AUTO, "off|on|auto",
            "off: serve drivers of the interface before version 1, too"),
    BP_BOOL(struct vpci, disable_modern, false, "serve those only"),
    BP_UINT(struct vpci, vectors, ANY_VECTORS, 0, 0,
            "MSI-X vectors; 0: none; 4294967295: one a queue and one for changes"),
    BP_STRING(struct vpci, romfile, NULL, "option ROM: only the empty one, none"),
};
static const struct bp_need needs[] = { BP_PCI_NEED(struct vpci, pci, &face) };
static const struct bp_offer offers[] = {
    { .name = "virtio-bus", .id = BP_VIRTIO_BUS_ID, .api = &bus, .capacity = 1,
      .attached = virtio_attached },
};
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct vpci, again, BP_CLOCK_VIRTUAL, again_fire),
};
static const struct bp_saved saved[] = {
    BP_PCI_SAVED(struct vpci, pci),
    BP_VIRTIO_SAVED(struct vpci, virtio),
    BP_SAVED(struct vpci, queue, 1),
    BP_SAVED(struct vpci, config_vector, 1),
    BP_SAVED_ARRAY(struct vpci, queue_vector, 1),
    BP_SAVED(struct vpci, interrupts, 1),
    BP_SAVED(struct vpci, legacy, 1),
    BP_TRANSIENT(struct vpci, cap_pci),
    BP_TRANSIENT(struct vpci, v),
};

BP_DEVICE_IN(vpci, "virtio-pci", "internal", "PCI function for one virtio device",
          .state_size = sizeof(struct vpci), .regs = BP_ROWS(regs), .windows = BP_ROWS(windows),
          .props = BP_ROWS(props), .offers = BP_ROWS(offers), .needs = BP_ROWS(needs),
          .timers = BP_ROWS(timers), .saved = BP_ROWS(saved), .flags = BP_DEVICE_INTERNAL,
          .realize = vpci_realize, .unrealize = vpci_unrealize, .reset = vpci_reset,
          .post_load = vpci_post_load);
BP_PLUGIN("virtio-pci", "1.0", "MIT");
