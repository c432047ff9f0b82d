/* SPDX-License-Identifier: MIT */
/* test_core_place.c: windows that other parts' windows are placed in while the machine runs, and parts
 * that may not reach memory. */
#include "core_fixture.h"

static struct machine *m;
static unsigned changed;

static int accel_create(struct machine *machine, const struct bp_set *o, uint32_t n, void **ret)
{
    *ret = &changed;
    return 0;
}
static size_t accel_headroom(void *accel, const struct bp_target *t) { return 0; }
static void accel_changed(void *accel) { changed++; }
static const struct bp_accel accel = {
    .head = { sizeof accel, BP_KIND_ACCEL, "count" }, .create = accel_create,
    .headroom = accel_headroom, .memory_changed = accel_changed,
};

/* A bus with two windows: the second is not mapped by anybody. */
struct bus {
    unsigned stray;
};
static uint64_t between(void *dev, uint64_t offset, unsigned size) { return UINT64_MAX; }
static void stray(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    ((struct bus *)dev)->stray++;
}
static const struct bp_window bus_windows[] = {
    { .name = "near", .size = 0x10000, .flags = BP_WINDOW_BUS, .storage = BP_NO_STORAGE,
      .read = between, .write = stray },
    { .name = "far", .size = 0x10000, .flags = BP_WINDOW_BUS | BP_WINDOW_OPTIONAL,
      .storage = BP_NO_STORAGE },
};
static const struct bp_device bus_device = {
    .head = { sizeof bus_device, BP_KIND_DEVICE, "bus" }, .state_size = sizeof(struct bus),
    .windows = BP_ROWS(bus_windows),
};

/* A card: registers, RAM, and a bus window of its own, as a bridge has. */
struct card {
    uint32_t reg;
    uint8_t *ram;
};
static const struct bp_reg card_regs[] = {
    { "REG", 0, 32, BP_FIELD(struct card, reg), .writable = UINT32_MAX },
};
static const struct bp_window card_windows[] = {
    { .name = "regs", .size = 0x1000, .flags = BP_WINDOW_PLACED, .storage = BP_NO_STORAGE },
    { .name = "ram", .size = 0x4000, .flags = BP_WINDOW_PLACED | BP_WINDOW_RAM,
      .storage = offsetof(struct card, ram) },
    { .name = "behind", .size = 0x8000, .flags = BP_WINDOW_PLACED | BP_WINDOW_BUS,
      .storage = BP_NO_STORAGE },
};
static const struct bp_device card_device = {
    .head = { sizeof card_device, BP_KIND_DEVICE, "card" }, .state_size = sizeof(struct card),
    .regs = BP_ROWS(card_regs), .windows = BP_ROWS(card_windows),
};
enum { REGS, RAM_WINDOW, BEHIND };

#define BUS_AT UINT64_C(0x40000000)
static void *bus, *a, *b;

static void *add(const struct bp_device *d, const char *name)
{
    struct part *p = add_part(m, d, name);
    ck_assert_int_eq(part_realize(p), 0);
    return p->state;
}

static void setup(void)
{
    struct ram_block *ram;
    m = machine_new();
    ck_assert_int_eq(machine_set_accel(m, &accel, NULL, 0), 0);
    ck_assert_int_eq(memory_add_ram(m, "ram", 0x10000, 0x10000, false, &ram), 0);
    bus = add(&bus_device, "bus");
    a = add(&card_device, "a");
    b = add(&card_device, "b");
    ck_assert_int_eq(part_map(machine_part(m, "bus"), 0, BUS_AT), 0);
}
static void teardown(void) { machine_free(m); }

static bool there(uint64_t gpa)
{
    struct memory_piece p;
    return memory_find(m->system, gpa, &p);
}

START_TEST(appears_moves_and_goes)
{
    uint64_t base;
    ck_assert(!bp_window_base(a, REGS, &base));
    ck_assert_uint_eq(bp_window_size(a, REGS), 0x1000);
    ck_assert_uint_eq(io_read(m, BUS_AT + 0x2000, 4), UINT32_MAX);
    ck_assert_int_eq(bp_window_place(a, REGS, bus, 0, 0x2000), 0);
    ck_assert(bp_window_base(a, REGS, &base) && base == BUS_AT + 0x2000);
    io_write(m, BUS_AT + 0x2000, 4, 0x1234);
    ck_assert_uint_eq(io_read(m, BUS_AT + 0x2000, 4), 0x1234);
    ck_assert_int_eq(bp_window_place(a, REGS, bus, 0, 0xF000), 0);
    ck_assert_uint_eq(io_read(m, BUS_AT + 0x2000, 4), UINT32_MAX);
    ck_assert_uint_eq(io_read(m, BUS_AT + 0xF000, 4), 0x1234);
    ck_assert_int_eq(bp_window_place(a, REGS, NULL, 0, 0), 0);
    ck_assert_uint_eq(io_read(m, BUS_AT + 0xF000, 4), UINT32_MAX);
    io_write(m, BUS_AT + 0xF000, 4, 1);
    ck_assert_uint_eq(((struct bus *)bus)->stray, 1);
    ck_assert(!bp_window_base(a, REGS, &base));
}
END_TEST

/* Only changes cost anything. */
START_TEST(same_place_again_is_free)
{
    ck_assert_int_eq(bp_window_place(a, REGS, bus, 0, 0x2000), 0);
    unsigned before = changed;
    for (unsigned i = 0; i < 100; i++)
        ck_assert_int_eq(bp_window_place(a, REGS, bus, 0, 0x2000), 0);
    ck_assert_uint_eq(changed, before);
    ck_assert_int_eq(bp_window_place(a, REGS, bus, 0, 0x3000), 0);
    ck_assert_uint_eq(changed, before + 1);
}
END_TEST

START_TEST(what_does_not_fit_is_nowhere)
{
    static const uint64_t wrong[] = { 0xF001, 0x10000, UINT64_MAX, UINT64_MAX - 0xFFF };
    uint64_t base;
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        ck_assert_int_eq(bp_window_place(a, REGS, bus, 0, 0), 0);
        ck_assert_int_eq(bp_window_place(a, REGS, bus, 0, wrong[i]), -ERANGE);
        ck_assert(!bp_window_base(a, REGS, &base));
        ck_assert_uint_eq(io_read(m, BUS_AT, 4), UINT32_MAX);
    }
    ck_assert_int_eq(bp_window_place(a, REGS, bus, 1, 0), -EINVAL); /* not mapped */
    ck_assert_int_eq(bp_window_place(a, REGS, bus, 2, 0), -EINVAL); /* none */
    ck_assert_int_eq(bp_window_place(a, REGS, b, RAM_WINDOW, 0), -EINVAL); /* no bus window */
    ck_assert_int_eq(bp_window_place(bus, 0, bus, 0, 0), -EINVAL); /* a board's */
    ck_assert_int_lt(part_map(machine_part(m, "a"), REGS, 0x1000000), 0);
}
END_TEST

/* Whatever came first, the part that was made first answers. */
START_TEST(overlap_does_not_depend_on_history)
{
    ((struct card *)a)->reg = 0xA;
    ((struct card *)b)->reg = 0xB;
    for (unsigned order = 0; order < 2; order++) {
        void *first = order ? a : b, *second = order ? b : a;
        ck_assert_int_eq(bp_window_place(first, REGS, bus, 0, 0x1000), 0);
        ck_assert_int_eq(bp_window_place(second, REGS, bus, 0, 0x1000), 0);
        ck_assert_uint_eq(io_read(m, BUS_AT + 0x1000, 4), 0xA);
        ck_assert_int_eq(bp_window_place(a, REGS, NULL, 0, 0), 0);
        ck_assert_uint_eq(io_read(m, BUS_AT + 0x1000, 4), 0xB);
        ck_assert_int_eq(bp_window_place(b, REGS, NULL, 0, 0), 0);
    }
}
END_TEST

START_TEST(ram_keeps_its_contents)
{
    uint32_t v = 0xCAFE;
    ck_assert_int_eq(bp_window_place(a, RAM_WINDOW, bus, 0, 0x4000), 0);
    ck_assert_int_eq(memory_poke(m->system, BUS_AT + 0x4010, &v, 4), 0);
    ck_assert_int_eq(bp_window_place(a, RAM_WINDOW, bus, 0, 0x8000), 0);
    v = 0;
    ck_assert_int_eq(memory_peek(m->system, BUS_AT + 0x8010, &v, 4), 0);
    ck_assert_uint_eq(v, 0xCAFE);
    ck_assert_int_lt(memory_peek(m->system, BUS_AT + 0x4010, &v, 4), 0);
}
END_TEST

START_TEST(buses_nest_but_not_in_themselves)
{
    uint64_t base;
    ck_assert_int_eq(bp_window_place(a, BEHIND, bus, 0, 0x8000), 0);
    ck_assert_int_eq(bp_window_place(b, BEHIND, a, BEHIND, 0), 0);
    ck_assert_int_eq(bp_window_place(b, REGS, b, BEHIND, 0x3000), 0);
    ck_assert(bp_window_base(b, REGS, &base) && base == BUS_AT + 0xB000);
    io_write(m, BUS_AT + 0xB000, 4, 7);
    ck_assert_uint_eq(((struct card *)b)->reg, 7);
    ck_assert(!there(BUS_AT + 0x9000) || io_read(m, BUS_AT + 0x9000, 4) == UINT32_MAX);
    ck_assert_int_eq(bp_window_place(a, BEHIND, b, BEHIND, 0), -ERANGE);
    ck_assert_int_eq(bp_window_place(a, BEHIND, a, BEHIND, 0), -ERANGE);
    ck_assert(!bp_window_base(b, REGS, &base)); /* a's window has left the bus */
}
END_TEST

START_TEST(memory_is_granted)
{
    uint32_t v = 5;
    uint64_t n = 4;
    ck_assert_int_eq(bp_dma_write(a, 0x10000, &v, 4), 0);
    bp_dma_allow(a, false);
    ck_assert_int_eq(bp_dma_write(a, 0x10000, &v, 4), -EFAULT);
    ck_assert_int_eq(bp_dma_read(a, 0x10000, &v, 4), -EFAULT);
    ck_assert_ptr_null(bp_dma_map(a, 0x10000, &n, false));
    ck_assert_int_eq(bp_dma_read(b, 0x10000, &v, 4), 0);
    bp_dma_allow(a, true);
    ck_assert_int_eq(bp_dma_read(a, 0x10000, &v, 4), 0);
    ck_assert_ptr_nonnull(bp_dma_map(a, 0x10000, &n, false));
}
END_TEST

int main(void)
{
    fill_imports();
    Suite *suite = suite_create("placed windows");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, appears_moves_and_goes);
    tcase_add_test(tc, same_place_again_is_free);
    tcase_add_test(tc, what_does_not_fit_is_nowhere);
    tcase_add_test(tc, overlap_does_not_depend_on_history);
    tcase_add_test(tc, ram_keeps_its_contents);
    tcase_add_test(tc, buses_nest_but_not_in_themselves);
    tcase_add_test(tc, memory_is_granted);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
