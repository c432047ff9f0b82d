/* SPDX-License-Identifier: MIT */
/*
 * test_pci.c: the generic host bridge and the engine behind it, driven as an operating system does: by
 * accesses to configuration space and to base addresses.
 */
#include "../unit/core_fixture.h"

#include "rig.h"

#include <backplane/bus/pci.h>

#include <sys/mman.h>
#include <unistd.h>

/* ---- a card ---------------------------------------------------------------------------------- */

#define CARD_RAM_SIZE (UINT64_C(1) << 20)

struct card {
    struct bp_pci pci;
    uint32_t reg;
    uint8_t *ram;
    uint64_t io;
    unsigned written; /* config_written was called */
};
BP_PCI_CALLBACKS(struct card, pci)

static uint64_t io_get(void *dev, uint64_t offset, unsigned size)
{
    return ((struct card *)dev)->io + offset;
}
static void io_set(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    ((struct card *)dev)->io = value;
}
static int card_setup(void *dev)
{
    struct card *c = dev;
    int cap = bp_pci_add_capability(&c->pci, BP_PCI_CAP_VENDOR, 8);
    if (cap < 0)
        return cap;
    bp_pci_set_field(&c->pci, (uint32_t)cap + 2, 2, 0x0008, 0, 0);
    bp_pci_set_field(&c->pci, (uint32_t)cap + 4, 4, 0x5A00, 0x00FF, 0xFF00);
    return 0;
}
static void card_written(void *dev, uint32_t offset, uint32_t n) { ((struct card *)dev)->written++; }

static const struct bp_reg card_regs[] = {
    { "REG", 0, 32, BP_FIELD(struct card, reg), .writable = UINT32_MAX },
};
static const struct bp_window card_windows[] = {
    { .name = "regs", .size = 0x1800, .flags = BP_WINDOW_PLACED, .storage = BP_NO_STORAGE },
    { .name = "ram", .size = CARD_RAM_SIZE, .flags = BP_WINDOW_PLACED | BP_WINDOW_RAM,
      .storage = offsetof(struct card, ram) },
    { .name = "io", .size = 16, .flags = BP_WINDOW_PLACED, .storage = BP_NO_STORAGE,
      .read = io_get, .write = io_set },
    BP_PCI_MSIX_WINDOW("msix"),
};
static const struct bp_pci_bar card_bars[] = {
    { 0, 0, 0 },
    { 1, 0, 3 },
    { 2, BP_PCI_BAR_64 | BP_PCI_BAR_PREFETCH, 1 },
    { 4, BP_PCI_BAR_IO, 2 },
};
static const struct bp_pci_device card_face = {
    BP_PCI_FACE(struct card, pci), .flags = BP_PCI_EXPRESS, .vendor = 0xABCD, .device = 0x1234,
    .subsystem_vendor = 0x1111, .subsystem = 0x2222, .class_code = 0xFF0001, .revision = 3,
    .interrupt_pin = 1, .msix_vectors = 4, .msix_window = 3, .bars = BP_ROWS(card_bars),
    .setup = card_setup, .config_written = card_written,
};
static const struct bp_prop card_props[] = { BP_PCI_PROPS(struct card, pci) };
static const struct bp_need card_needs[] = { BP_PCI_NEED(struct card, pci, &card_face) };
static const struct bp_saved card_saved[] = {
    BP_PCI_SAVED(struct card, pci),
    BP_SAVED(struct card, io, 1),
    BP_TRANSIENT(struct card, written),
};
static const struct bp_device card_device = {
    .head = { sizeof card_device, BP_KIND_DEVICE, "card" }, .state_size = sizeof(struct card),
    .regs = BP_ROWS(card_regs), .windows = BP_ROWS(card_windows), .props = BP_ROWS(card_props),
    .needs = BP_ROWS(card_needs), .saved = BP_ROWS(card_saved), .post_load = pci_post_load,
};

/* ---- the bench ------------------------------------------------------------------------------- */

enum { ECAM, PIO, MMIO, MMIO64 };
#define PIO_AT (RIG_WINDOWS + PIO * RIG_WINDOW_STEP)
#define MMIO_AT (RIG_WINDOWS + MMIO * RIG_WINDOW_STEP)
#define MMIO64_AT (RIG_WINDOWS + MMIO64 * RIG_WINDOW_STEP)
enum { COMMAND = 4, STATUS = 6, ALL_ON = 7 };

static struct rig r;

static void setup(void)
{
    rig_open(&r);
    bp_pci_ = ((const struct bp_service *)(const void *)rig_entity(BP_KIND_SERVICE,
                                                                   BP_PCI_API_ID))->api;
    rig_device(&r, "pci-host-ecam-generic", "mmio64-size", "256M", NULL);
    for (unsigned line = 0; line < 4; line++)
        rig_watch(&r, "irq", line, line);
}
static void teardown(void) { rig_close(&r); }

static struct part *try_card(const char *name, const char *addr, bool multifunction)
{
    struct part *p = part_create(r.m, &card_device, name);
    ck_assert_ptr_nonnull(p);
    if (addr)
        ck_assert_int_eq(part_set(p, "addr", addr), 0);
    if (multifunction)
        ck_assert_int_eq(part_set(p, "multifunction", "on"), 0);
    return part_realize(p) < 0 ? NULL : p;
}

static struct card *add_card(const char *name, const char *addr)
{
    struct part *p = try_card(name, addr, false);
    ck_assert_ptr_nonnull(p);
    return p->state;
}

static uint64_t config_at(unsigned slot, unsigned fn, unsigned offset)
{
    return (uint64_t)slot << 15 | (uint64_t)fn << 12 | offset;
}
static uint32_t config(unsigned slot, unsigned offset, unsigned n)
{
    return (uint32_t)rig_read(&r, ECAM, config_at(slot, 0, offset), n);
}
static void config_set(unsigned slot, unsigned offset, unsigned n, uint32_t value)
{
    rig_write(&r, ECAM, config_at(slot, 0, offset), n, value);
}
static void set_bar(unsigned slot, unsigned bar, uint32_t value)
{
    config_set(slot, 0x10 + 4 * bar, 4, value);
}
static uint64_t mem_read(uint64_t gpa, unsigned n) { return io_read(r.m, gpa, n); }

/* ---- configuration space --------------------------------------------------------------------- */

START_TEST(nobody_gives_all_ones)
{
    ck_assert_uint_eq(config(5, 0, 4), UINT32_MAX);
    ck_assert_uint_eq(config(5, 0, 2), 0xFFFF);
    ck_assert_uint_eq(rig_read(&r, ECAM, UINT64_C(200) << 20, 4), UINT32_MAX); /* bus 200 */
    config_set(5, 0, 4, 0);
    ck_assert_uint_eq(mem_read(MMIO_AT + 0x1000, 4), UINT32_MAX);
    ck_assert_uint_eq(mem_read(PIO_AT + 0x70, 1), 0xFF);
}
END_TEST

START_TEST(bridge_and_header)
{
    add_card("c", "3");
    ck_assert_uint_eq(config(0, 0, 4), 0x00081B36);
    ck_assert_uint_eq(config(0, 0x08, 4), 0x06000000);
    ck_assert_uint_eq(config(3, 0, 4), 0x1234ABCD);
    ck_assert_uint_eq(config(3, 8, 4), 0xFF000103);
    ck_assert_uint_eq(config(3, 0x0A, 2), 0xFF00);
    ck_assert_uint_eq(config(3, 0x2C, 4), 0x22221111);
    ck_assert_uint_eq(config(3, 0x3D, 1), 1);
    ck_assert_uint_eq(config(3, 0x0E, 1), 0);
    for (unsigned i = 0; i < 4096; i += 4) /* nothing that identifies it can be changed */
        config_set(3, i, 4, i == COMMAND ? 0 : UINT32_MAX);
    ck_assert_uint_eq(config(3, 0, 4), 0x1234ABCD);
    ck_assert_uint_eq(config(3, 8, 4), 0xFF000103);
    ck_assert_uint_eq(config(3, 0x2C, 4), 0x22221111);
    ck_assert_uint_eq(config(3, 0x3C, 2), 0x01FF);
}
END_TEST

START_TEST(capabilities_are_a_list)
{
    static const uint8_t expected[] = { BP_PCI_CAP_MSIX, BP_PCI_CAP_EXPRESS, BP_PCI_CAP_VENDOR };
    struct card *c = add_card("c", "3");
    unsigned at = config(3, 0x34, 1), n = 0;
    ck_assert_uint_eq(config(3, STATUS, 2) & 0x10, 0x10);
    for (; at && n < 3; at = config(3, at + 1, 1))
        ck_assert_uint_eq(config(3, at, 1), expected[n++]);
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(at, 0);
    unsigned vendor = config(3, config(3, config(3, 0x34, 1) + 1, 1) + 1, 1);
    config_set(3, vendor + 4, 4, 0x1234A5);
    ck_assert_uint_eq(config(3, vendor + 4, 4), 0x4AA5); /* 0x5A00: 0x34 cleared 0x10 */
    ck_assert_uint_gt(c->written, 0);
    machine_reset(r.m);
    ck_assert_uint_eq(config(3, vendor + 4, 4), 0x5A00);
}
END_TEST

START_TEST(slots)
{
    add_card("first", NULL);
    add_card("second", NULL);
    add_card("high", "1f");
    add_card("third", NULL);
    ck_assert_uint_eq(config(1, 0, 2), 0xABCD);
    ck_assert_uint_eq(config(2, 0, 2), 0xABCD);
    ck_assert_uint_eq(config(3, 0, 2), 0xABCD);
    ck_assert_uint_eq(config(31, 0, 2), 0xABCD);
    ck_assert_uint_eq(config(4, 0, 2), 0xFFFF);
    ck_assert_ptr_null(try_card("taken", "0x1f.0", false));
    ck_assert_ptr_null(try_card("bridge", "0", false));
    static const char *const wrong[] = { "20", "1.8", "x", "", "1.", "-1", "1.0.0", "0x", " 1" };
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++)
        ck_assert_ptr_null(try_card(wrong[i][0] ? wrong[i] : "empty", wrong[i], false));
    for (unsigned i = 4; i < 31; i++) {
        g_autofree char *name = g_strdup_printf("n%u", i);
        ck_assert_ptr_nonnull(try_card(name, NULL, false));
    }
    ck_assert_ptr_null(try_card("too-many", NULL, false));
}
END_TEST

START_TEST(several_functions)
{
    ck_assert_ptr_nonnull(try_card("zero", "4", true));
    ck_assert_ptr_nonnull(try_card("one", "4.1", false));
    ck_assert_uint_eq(config(4, 0x0E, 1), 0x80);
    ck_assert_uint_eq(rig_read(&r, ECAM, config_at(4, 1, 0), 2), 0xABCD);
    ck_assert_uint_eq(rig_read(&r, ECAM, config_at(4, 2, 0), 2), 0xFFFF);
    add_card("single", "5");
    ck_assert_ptr_null(try_card("second", "5.1", false));
    ck_assert_ptr_nonnull(try_card("behind", "6.2", false));
    ck_assert_ptr_null(try_card("front", "6", false));
}
END_TEST

/* ---- base addresses -------------------------------------------------------------------------- */

START_TEST(sizing)
{
    static const uint32_t expected[6] = { 0xFFFFE000, 0xFFFFF000, 0xFFF0000C, 0xFFFFFFFF, 0xFFFFFFF1,
                                          0 };
    add_card("c", "3");
    for (unsigned b = 0; b < 6; b++) {
        set_bar(3, b, UINT32_MAX);
        ck_assert_uint_eq(config(3, 0x10 + 4 * b, 4), expected[b]);
    }
    config_set(3, 0x30, 4, UINT32_MAX);
    ck_assert_uint_eq(config(3, 0x30, 4), 0); /* no ROM */
}
END_TEST

START_TEST(appears_where_it_is_put)
{
    struct card *c = add_card("c", "3");
    set_bar(3, 0, (uint32_t)MMIO_AT + 0x100000);
    set_bar(3, 4, 0x1000);
    ck_assert_uint_eq(mem_read(MMIO_AT + 0x100000, 4), UINT32_MAX); /* decoding is off */
    config_set(3, COMMAND, 2, 2);
    io_write(r.m, MMIO_AT + 0x100000, 4, 77);
    ck_assert_uint_eq(c->reg, 77);
    ck_assert_uint_eq(mem_read(PIO_AT + 0x1000, 4), UINT32_MAX);
    config_set(3, COMMAND, 2, 3);
    c->io = 0x40;
    ck_assert_uint_eq(mem_read(PIO_AT + 0x1003, 1), 0x43);
    config_set(3, 0x12, 2, (uint32_t)(MMIO_AT >> 16) + 0x20); /* half of the register */
    ck_assert_uint_eq(mem_read(MMIO_AT + 0x100000, 4), UINT32_MAX);
    ck_assert_uint_eq(mem_read(MMIO_AT + 0x200000, 4), 77);
    machine_reset(r.m);
    ck_assert_uint_eq(mem_read(MMIO_AT + 0x200000, 4), UINT32_MAX);
    ck_assert_uint_eq(config(3, 0x10, 4), 0);
    ck_assert_uint_eq(config(3, COMMAND, 2), 0);
}
END_TEST

START_TEST(memory_of_a_card)
{
    struct card *c = add_card("c", "3");
    uint32_t v = 0x1234;
    set_bar(3, 2, (uint32_t)MMIO64_AT);
    config_set(3, COMMAND, 2, 2);
    ck_assert_int_eq(memory_poke(r.m->system, MMIO64_AT + 16, &v, 4), 0);
    ck_assert_uint_eq(c->ram[16] | c->ram[17] << 8, 0x1234);
    set_bar(3, 3, 1); /* above 4 GiB is no window */
    ck_assert_uint_eq(mem_read(MMIO64_AT + 16, 4), UINT32_MAX);
}
END_TEST

/* Neither RAM nor the bridge's own windows can be covered; nothing outside the windows appears. */
START_TEST(hostile_addresses)
{
    static const uint64_t places[] = { RIG_RAM, RIG_WINDOWS, 0, 0xFFFFE000, 0xFFFFF000, 0xFFF00000,
                                       0xE0000000, MMIO_AT - 0x1000,
                                       MMIO64_AT + RIG_WINDOW_STEP - 0x1000 };
    uint32_t v = 0xC0FFEE, got = 0;
    struct card *c = add_card("c", "3");
    rig_poke(&r, 0, &v, 4);
    config_set(3, COMMAND, 2, ALL_ON);
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        for (unsigned b = 0; b < 6; b++)
            set_bar(3, b, b == 3 ? 0 : (uint32_t)places[i]);
        rig_peek(&r, 0, &got, 4);
        ck_assert_uint_eq(got, v);
        ck_assert_uint_eq(config(3, 0, 4), 0x1234ABCD);
        uint64_t base;
        bool near = bp_window_base(c, 0, &base);
        ck_assert(!near || (base >= MMIO_AT && base < MMIO64_AT + RIG_WINDOW_STEP));
    }
    set_bar(3, 2, UINT32_MAX);
    set_bar(3, 3, UINT32_MAX);
    ck_assert_uint_eq(mem_read(MMIO_AT, 4), UINT32_MAX);
}
END_TEST

START_TEST(two_at_one_address)
{
    struct card *a = add_card("a", "3"), *b = add_card("b", "2");
    a->reg = 1;
    b->reg = 2;
    for (unsigned slot = 2; slot < 4; slot++) {
        set_bar(slot, 0, (uint32_t)MMIO_AT);
        set_bar(slot, 1, (uint32_t)MMIO_AT);
        set_bar(slot, 2, (uint32_t)MMIO_AT);
        config_set(slot, COMMAND, 2, 2);
    }
    ck_assert_uint_eq(mem_read(MMIO_AT, 4), 1);
    config_set(3, COMMAND, 2, 0);
    ck_assert_uint_eq(mem_read(MMIO_AT, 4), 2);
}
END_TEST

/* ---- interrupts ------------------------------------------------------------------------------ */

START_TEST(pin_arrives_swizzled)
{
    struct card *a = add_card("a", "1"), *b = add_card("b", "2"), *c = add_card("c", "5");
    bp_pci_set_irq(&a->pci, true);
    ck_assert(rig_line(&r, 1).level && !rig_line(&r, 2).level);
    ck_assert_uint_eq(config(1, STATUS, 2) & 8, 8);
    bp_pci_set_irq(&b->pci, true);
    ck_assert(rig_line(&r, 2).level);
    bp_pci_set_irq(&c->pci, true); /* slot 5: the line of slot 1 */
    bp_pci_set_irq(&a->pci, false);
    ck_assert(rig_line(&r, 1).level);
    ck_assert_uint_eq(config(1, STATUS, 2) & 8, 0);
    config_set(5, COMMAND, 2, 1 << 10);
    ck_assert(!rig_line(&r, 1).level);
    ck_assert_uint_eq(config(5, STATUS, 2) & 8, 8);
    config_set(5, COMMAND, 2, 0);
    ck_assert(rig_line(&r, 1).level);
    machine_reset(r.m);
    ck_assert(!rig_line(&r, 1).level && !rig_line(&r, 2).level);
    ck_assert_uint_eq(config(5, STATUS, 2) & 8, 0);
}
END_TEST

#define TABLE (MMIO_AT + 0x4000)
static unsigned msix_cap(void) { return config(3, 0x34, 1); }
static uint32_t message(unsigned v)
{
    uint32_t got;
    rig_peek(&r, 0x100 + 4 * v, &got, 4);
    return got;
}
/* Vector v writes 0x50 + v to RAM + 0x100 + 4 v. */
static struct card *card_with_vectors(void)
{
    struct card *c = add_card("c", "3");
    set_bar(3, 1, (uint32_t)TABLE);
    config_set(3, COMMAND, 2, 6);
    for (unsigned v = 0; v < 4; v++) {
        io_write(r.m, TABLE + 16 * v, 4, RIG_RAM + 0x100 + 4 * v);
        io_write(r.m, TABLE + 16 * v + 4, 4, 0);
        io_write(r.m, TABLE + 16 * v + 8, 4, 0x50 + v);
        ck_assert_uint_eq(mem_read(TABLE + 16 * v + 12, 4), 1); /* masked at first */
        io_write(r.m, TABLE + 16 * v + 12, 4, 0);
    }
    return c;
}

START_TEST(messages)
{
    struct card *c = card_with_vectors();
    ck_assert_uint_eq(config(3, msix_cap(), 1), 0x11);
    ck_assert_uint_eq(config(3, msix_cap() + 2, 2), 3); /* 4 vectors */
    ck_assert_uint_eq(config(3, msix_cap() + 4, 4), 1); /* at 0 of base address 1 */
    ck_assert_uint_eq(config(3, msix_cap() + 8, 4), 0x801);
    bp_pci_msix(&c->pci, 0);
    ck_assert_uint_eq(message(0), 0); /* off */
    ck_assert(!bp_pci_msix_on(&c->pci));
    config_set(3, msix_cap() + 2, 2, 0x8000);
    ck_assert(bp_pci_msix_on(&c->pci));
    bp_pci_msix(&c->pci, 0);
    bp_pci_msix(&c->pci, 3);
    ck_assert_uint_eq(message(0), 0x50);
    ck_assert_uint_eq(message(3), 0x53);
    ck_assert_uint_eq(message(4), 0);
}
END_TEST

START_TEST(masked_messages_wait)
{
    struct card *c = card_with_vectors();
    config_set(3, msix_cap() + 2, 2, 0xC000); /* all masked */
    bp_pci_msix(&c->pci, 1);
    bp_pci_msix(&c->pci, 2);
    ck_assert_uint_eq(message(1), 0);
    ck_assert_uint_eq(mem_read(TABLE + 0x800, 4), 6);
    io_write(r.m, TABLE + 0x800, 4, 0); /* read-only */
    ck_assert_uint_eq(mem_read(TABLE + 0x800, 4), 6);
    io_write(r.m, TABLE + 16 * 2 + 12, 4, 1);
    config_set(3, msix_cap() + 2, 2, 0x8000);
    ck_assert_uint_eq(message(1), 0x51);
    ck_assert_uint_eq(message(2), 0);
    ck_assert_uint_eq(mem_read(TABLE + 0x800, 4), 4);
    config_set(3, COMMAND, 2, 2); /* no bus master: no messages */
    io_write(r.m, TABLE + 16 * 2 + 12, 4, 0);
    ck_assert_uint_eq(message(2), 0);
    config_set(3, COMMAND, 2, 6);
    ck_assert_uint_eq(message(2), 0x52);
    ck_assert_uint_eq(mem_read(TABLE + 0x800, 4), 0);
}
END_TEST

/* Messages go anywhere, into the card itself and the bridge too. */
START_TEST(messages_to_anywhere)
{
    static const uint64_t places[] = { 0, UINT64_MAX - 3, TABLE, TABLE + 12, RIG_WINDOWS,
                                       RIG_WINDOWS + (3 << 15) + 4, MMIO_AT, 0xDEAD0000 };
    struct card *c = card_with_vectors();
    config_set(3, msix_cap() + 2, 2, 0x8000);
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        io_write(r.m, TABLE, 4, (uint32_t)places[i]);
        io_write(r.m, TABLE + 4, 4, places[i] >> 32);
        bp_pci_msix(&c->pci, 0);
        config_set(3, COMMAND, 2, 6);
    }
    ck_assert_uint_eq(config(3, 0, 4), 0x1234ABCD);
    bp_pci_msix(&c->pci, 1);
    ck_assert_uint_eq(message(1), 0x51);
}
END_TEST

START_TEST(memory_only_for_a_bus_master)
{
    struct card *c = add_card("c", "3");
    uint32_t v = 9;
    ck_assert_int_eq(bp_dma_write(c, RIG_RAM, &v, 4), -EFAULT);
    config_set(3, COMMAND, 2, 4);
    ck_assert_int_eq(bp_dma_write(c, RIG_RAM, &v, 4), 0);
    machine_reset(r.m);
    ck_assert_int_eq(bp_dma_write(c, RIG_RAM, &v, 4), -EFAULT);
}
END_TEST

/* ---- saved state ----------------------------------------------------------------------------- */

/* ---- what its author got wrong --------------------------------------------------------------- */

static int told_fd, told_saved;
static void listen_to_errors(void)
{
    fflush(stderr);
    told_saved = dup(STDERR_FILENO);
    told_fd = memfd_create("errors", MFD_CLOEXEC);
    ck_assert_int_ge(dup2(told_fd, STDERR_FILENO), 0);
}
/* One line with these words was said, NULL: nothing. */
static void check_told(const char *words)
{
    char text[1024] = "";
    fflush(stderr);
    dup2(told_saved, STDERR_FILENO);
    close(told_saved);
    ssize_t n = pread(told_fd, text, sizeof text - 1, 0);
    close(told_fd);
    const char *newline = strchr(text, '\n');
    if (words)
        ck_assert_msg(newline && !newline[1] && strstr(text, words), "'%s' is not: %s", words, text);
    else
        ck_assert_msg(n == 0, "it said: %s", text);
}

static const struct bp_window odd_windows[] = {
    { .name = "regs", .size = 0x1000, .flags = BP_WINDOW_PLACED, .storage = BP_NO_STORAGE },
    { .name = "fixed", .size = 0x1000, .storage = BP_NO_STORAGE },
    { .name = "deaf", .size = 0x1000, .flags = BP_WINDOW_PLACED, .storage = BP_NO_STORAGE },
    BP_PCI_MSIX_WINDOW("msix"),
    { .name = "small", .size = 64, .flags = BP_WINDOW_PLACED, .storage = BP_NO_STORAGE,
      .read = pci_msix_read, .write = pci_msix_write },
};
static const struct bp_pci_bar odd_bars[] = { { 0, 0, 0 }, { 1, 0, 2 }, { 2, 0, 3 }, { 3, 0, 4 } };

/* A card like that is refused in these words. */
static void try_face(const char *words, struct bp_pci_device face)
{
    static unsigned number;
    struct bp_pci_device *kept = g_memdup2(&face, sizeof face);
    struct bp_need *need = g_new(struct bp_need, 1);
    *need = (struct bp_need)BP_PCI_NEED(struct card, pci, kept);
    struct bp_device d = card_device;
    d.windows = (struct bp_rows)BP_ROWS(odd_windows);
    d.regs.count = 0;
    d.needs = (struct bp_rows){ need, 1, sizeof *need };
    g_autofree char *name = g_strdup_printf("odd%u", number++);
    listen_to_errors();
    struct part *p = part_create(r.m, &d, name);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_lt(part_realize(p), 0);
    check_told(words);
    part_free(p);
    g_free(need);
    g_free(kept);
}
#define TRY(words, ...)                                                                            \
    do {                                                                                           \
        struct bp_pci_device f = { BP_PCI_FACE(struct card, pci), .vendor = 0xABCD, .device = 1,   \
                                   .class_code = 0xFF0000, .bars = BP_ROWS(odd_bars) };            \
        __VA_ARGS__;                                                                               \
        try_face(words, f);                                                                        \
    } while (0)
#define BARS(array) f.bars = (struct bp_rows)BP_ROWS(array)
#define VECTORS(n, window) f.msix_vectors = n, f.msix_window = window

START_TEST(faces_that_cannot_be)
{
    static const struct bp_pci_bar no_window[] = { { 0, 0, 9 } }, fixed[] = { { 0, 0, 1 } },
        sixth[] = { { 6, 0, 0 } }, regs[] = { { 0, 0, 0 } };
    TRY("a struct bp_pci of 12, ", f.member_size = 12);
    TRY(".vendor is 0xFFFF", f.vendor = 0xFFFF);
    TRY(".class_code is 0x1000000", f.class_code = 0x1000000);
    TRY(".interrupt_pin is 5: write 1 (INTA)", f.interrupt_pin = 5);
    TRY("the .window of a bar is 9, but .windows has no row 9", BARS(no_window));
    TRY("the .window of a bar is 1, window 'fixed', which lacks BP_WINDOW_PLACED", BARS(fixed));
    TRY("base address register 6 does not exist", BARS(sixth));
    TRY(".msix_window is 7, but .windows has no row 7", VECTORS(1, 7));
    TRY(".msix_window is 1, window 'fixed', which lacks BP_WINDOW_PLACED", VECTORS(1, 1));
    TRY("window 'deaf', which has no .read and .write: make the row BP_PCI_MSIX_WINDOW(\"deaf\")",
        VECTORS(1, 2));
    TRY("129 MSI-X vectors (.msix_vectors of its PCI face) are more than 128", VECTORS(129, 3));
    TRY("lie in the table", VECTORS(4, 3), f.msix_pba = 8);
    TRY("end at 0x808, window 4 (.msix_window of its PCI face) at 0x40", VECTORS(1, 4));
    TRY(".msix_window is 3, which no row of .bars shows", VECTORS(1, 3), BARS(regs));
}
END_TEST

START_TEST(calls_that_cannot_be)
{
    struct card *c = add_card("c", "3");
    listen_to_errors();
    bp_pci_msix(&c->pci, 4);
    bp_pci_msix(&c->pci, 77); /* said once */
    check_told("c: calls bp_pci_msix() for vector 4, but its PCI face has .msix_vectors = 4");
    ck_assert_int_eq(bp_pci_set_vectors(&c->pci, 2), 0);
    listen_to_errors();
    bp_pci_msix(&c->pci, 3); /* left out on this one */
    check_told(NULL);
    struct bp_pci_device no_pin = card_face;
    no_pin.interrupt_pin = 0;
    const struct bp_need need = BP_PCI_NEED(struct card, pci, &no_pin);
    struct bp_device d = card_device;
    d.needs = (struct bp_rows){ &need, 1, sizeof need };
    struct part *p = part_create(r.m, &d, "mute");
    ck_assert_int_eq(part_realize(p), 0);
    struct card *mute = p->state;
    listen_to_errors();
    bp_pci_set_irq(&mute->pci, false);
    check_told(NULL);
    listen_to_errors();
    bp_pci_set_irq(&mute->pci, true);
    bp_pci_set_irq(&mute->pci, false);
    bp_pci_set_irq(&mute->pci, true);
    check_told("mute: calls bp_pci_set_irq(), but its PCI face has no pin: add .interrupt_pin = 1");
}
END_TEST

START_TEST(comes_back_from_a_snapshot)
{
    struct card *c = card_with_vectors();
    GByteArray *saved = g_byte_array_new();
    set_bar(3, 0, (uint32_t)MMIO_AT + 0x100000);
    config_set(3, msix_cap() + 2, 2, 0xC000);
    bp_pci_msix(&c->pci, 1);
    bp_pci_set_irq(&c->pci, true);
    c->reg = 42;
    ck_assert_int_eq(state_save(r.m, saved), 0);
    machine_reset(r.m);
    ck_assert_uint_eq(mem_read(MMIO_AT + 0x100000, 4), UINT32_MAX);
    ck_assert_int_eq(state_load(r.m, saved->data, saved->len), 0);
    ck_assert_uint_eq(mem_read(MMIO_AT + 0x100000, 4), 42);
    const struct bp_pin *line = &r.dev->pins[0].outputs[3]; /* inputs save what they were told */
    ck_assert(!bp_pin_level(line) && !(config(3, STATUS, 2) & 8)); /* MSI-X silences it */
    config_set(3, msix_cap() + 2, 2, 0x4000);
    ck_assert(bp_pin_level(line) && config(3, STATUS, 2) & 8);
    config_set(3, msix_cap() + 2, 2, 0xC000);
    ck_assert(!bp_pin_level(line));
    bp_pci_set_irq(&c->pci, false);
    config_set(3, msix_cap() + 2, 2, 0x8000);
    ck_assert(!bp_pin_level(line));
    ck_assert_uint_eq(message(1), 0x51);
    g_byte_array_free(saved, TRUE);
}
END_TEST

int main(void)
{
    fill_imports();
    Suite *suite = suite_create("PCI");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, nobody_gives_all_ones);
    tcase_add_test(tc, bridge_and_header);
    tcase_add_test(tc, capabilities_are_a_list);
    tcase_add_test(tc, slots);
    tcase_add_test(tc, several_functions);
    tcase_add_test(tc, sizing);
    tcase_add_test(tc, appears_where_it_is_put);
    tcase_add_test(tc, memory_of_a_card);
    tcase_add_test(tc, hostile_addresses);
    tcase_add_test(tc, two_at_one_address);
    tcase_add_test(tc, pin_arrives_swizzled);
    tcase_add_test(tc, messages);
    tcase_add_test(tc, masked_messages_wait);
    tcase_add_test(tc, messages_to_anywhere);
    tcase_add_test(tc, memory_only_for_a_bus_master);
    tcase_add_test(tc, faces_that_cannot_be);
    tcase_add_test(tc, calls_that_cannot_be);
    tcase_add_test(tc, comes_back_from_a_snapshot);
    suite_add_tcase(suite, tc);
    return rig_run(suite);
}
