/* SPDX-License-Identifier: MIT */
/* test_core_regs.c: register tables and raw windows, accessed as a vCPU does. */
#include "core_fixture.h"

struct dev {
    uint32_t ctrl, status, wide_lo, wide_hi, exact, unimp, masked;
    uint8_t bytes[4];
    uint64_t big;
    uint32_t array[8];
    uint32_t enable[4], threshold[4];
    /* what hooks saw */
    uint64_t written;
    unsigned written_i, writes, reads;
    uint64_t raw_offset, raw_value;
    unsigned raw_size, raw_calls;
    uint64_t raw_offsets[16];
    unsigned raw_sizes[16];
};

static uint64_t hook_read(void *dev, unsigned i)
{
    struct dev *d = dev;
    d->reads++;
    return 0x11223300 + i;
}

static void hook_write(void *dev, unsigned i, uint64_t value)
{
    struct dev *d = dev;
    d->writes++;
    d->written_i = i;
    d->written = value;
}

static const struct bp_reg regs[] = {
    { .name = "CTRL", .offset = 0, .width = 32, BP_FIELD(struct dev, ctrl), .reset = 0x55,
      .writable = 0xffff00ff },
    { .name = "STATUS", .offset = 4, .width = 32, BP_FIELD(struct dev, status), .reset = 0xf0f0f0f0,
      .w1c = 0xffffffff, .write = hook_write },
    { .name = "BYTES", .offset = 8, .width = 8, BP_FIELDS(struct dev, bytes), .writable = 0xff },
    { .name = "ID", .offset = 12, .width = 32, .read = hook_read },
    { .name = "BIG", .offset = 16, .width = 64, BP_FIELD(struct dev, big), .writable = UINT64_MAX },
    { .name = "EXACT", .offset = 24, .width = 32, .flags = BP_REG_EXACT, BP_FIELD(struct dev,
                                                                                  exact),
      .writable = UINT32_MAX, .reset = 7 },
    { .name = "UNIMP", .offset = 28, .width = 32, .flags = BP_REG_UNIMPL, BP_FIELD(struct dev,
                                                                                   unimp),
      .writable = UINT32_MAX },
    { .name = "COMMAND", .offset = 32, .width = 32, .write = hook_write },
    { .name = "ARRAY", .offset = 64, .width = 32, BP_FIELDS(struct dev, array), .stride = 8,
      .writable = UINT32_MAX, .write = hook_write },
    /* interleaved strides, far up */
    { .name = "ENABLE", .offset = 0x10000, .width = 32, BP_FIELDS(struct dev, enable),
      .stride = 0x1000, .writable = UINT32_MAX },
    { .name = "THRESHOLD", .offset = 0x10004, .width = 32, BP_FIELDS(struct dev, threshold),
      .stride = 0x1000, .writable = UINT32_MAX },
};

static const struct bp_device small = {
    .head = { sizeof small, BP_KIND_DEVICE, "regs-small" },
    .state_size = sizeof(struct dev), .window = 0x1000,
    .regs = { regs, 9, sizeof *regs },
};

static const struct bp_device large = {
    .head = { sizeof large, BP_KIND_DEVICE, "regs-large" },
    .state_size = sizeof(struct dev), .window = 0x20000,
    .regs = BP_ROWS(regs),
};

static uint64_t raw_read(void *dev, uint64_t offset, unsigned size)
{
    struct dev *d = dev;
    d->raw_offsets[d->raw_calls % 16] = offset;
    d->raw_sizes[d->raw_calls++ % 16] = size;
    uint64_t v = 0;
    for (unsigned i = 0; i < size; i++)
        v |= ((offset + i) & 0xff) << (8 * i);
    return v;
}

static void raw_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct dev *d = dev;
    d->raw_calls++;
    d->raw_offset = offset;
    d->raw_value = value;
    d->raw_size = size;
}

static const struct bp_reg be_regs[] = {
    { .name = "A", .offset = 0, .width = 32, BP_FIELD(struct dev, ctrl), .writable = UINT32_MAX },
    { .name = "ST", .offset = 4, .width = 32, BP_FIELD(struct dev, status), .w1c = UINT32_MAX,
      .reset = UINT32_MAX },
};
static const struct bp_window be_windows[] = {
    { .name = "mmio", .size = 0x100, .flags = BP_WINDOW_BIG_ENDIAN, .access_min = 2,
     .access_max = 4,
      .storage = BP_NO_STORAGE, .read = raw_read, .write = raw_write },
    { .name = "raw", .size = 0x100, .access_min = 2, .access_max = 4, .storage = BP_NO_STORAGE,
      .read = raw_read, .write = raw_write },
};
static const struct bp_device mixed = {
    .head = { sizeof mixed, BP_KIND_DEVICE, "mixed" },
    .state_size = sizeof(struct dev), .windows = BP_ROWS(be_windows), .regs = BP_ROWS(be_regs),
};

static struct machine *m;
static struct dev *s, *l, *x;
static char *log_path;
#define SMALL UINT64_C(0x10000000)
#define LARGE UINT64_C(0x20000000)
#define MIXED UINT64_C(0x30000000)

static void setup(void)
{
    m = machine_new();
    struct part *a = add_part(m, &small, "small"), *b = add_part(m, &large, "large");
    struct part *c = add_part(m, &mixed, "mixed");
    ck_assert_int_eq(machine_realize(m), 0);
    ck_assert_int_eq(part_map(a, 0, SMALL), 0);
    ck_assert_int_eq(part_map(b, 0, LARGE), 0);
    ck_assert_int_eq(part_map(c, 0, MIXED), 0);
    ck_assert_int_eq(part_map(c, 1, MIXED + 0x1000), 0);
    machine_reset(m);
    s = a->state;
    l = b->state;
    x = c->state;
    g_free(take_log(log_path));
}

static void teardown(void)
{
    machine_free(m);
}

/* The log holds exactly the guest error or unimp lines that `parts` name, in order. */
static void logged(const char *const *parts)
{
    g_autofree char *text = take_log(log_path);
    char *at = text;
    for (; *parts; parts++) {
        char *found = strstr(at, *parts);
        ck_assert_msg(found != NULL, "'%s' is not in the log: %s", *parts, text);
        at = found + strlen(*parts);
    }
    char *end = strchr(at, '\n');
    ck_assert_msg(!*at || (end && !end[1]), "more in the log: %s", text);
}
#define LOGGED(...) logged((const char *const[]){ __VA_ARGS__, NULL })
#define QUIET() logged((const char *const[]){ NULL })

START_TEST(reset_and_masks)
{
    ck_assert_uint_eq(io_read(m, SMALL, 4), 0x55);
    io_write(m, SMALL, 4, 0xffffffff);
    ck_assert_uint_eq(s->ctrl, 0xffff00ff);
    io_write(m, SMALL, 4, 0);
    ck_assert_uint_eq(io_read(m, SMALL, 4), 0);
    s->ctrl = 0x1234;
    machine_reset(m);
    ck_assert_uint_eq(s->ctrl, 0x55);
    QUIET();
}
END_TEST

START_TEST(write_one_to_clear)
{
    io_write(m, SMALL + 4, 4, 0x000000f0);
    ck_assert_uint_eq(s->status, 0xf0f0f000);
    ck_assert_uint_eq(s->written, 0xf0);
    /* a byte clears nothing outside it */
    io_write(m, SMALL + 7, 1, 0x30);
    ck_assert_uint_eq(s->status, 0xc0f0f000);
    ck_assert_uint_eq(s->written, 0x30000000);
    QUIET();
}
END_TEST

START_TEST(narrow_and_wide)
{
    io_write(m, SMALL + 16, 8, UINT64_C(0x8877665544332211));
    for (unsigned size = 1; size <= 8; size *= 2)
        for (unsigned at = 0; at + size <= 8; at++) {
            uint64_t want = UINT64_C(0x8877665544332211) >> (8 * at);
            if (size < 8)
                want &= (UINT64_C(1) << (8 * size)) - 1;
            ck_assert_uint_eq(io_read(m, SMALL + 16 + at, size), want);
        }
    io_write(m, SMALL + 19, 2, 0xabcd);
    ck_assert_uint_eq(s->big, UINT64_C(0x887766abcd332211));
    /* four byte registers in one access, and a register behind them */
    io_write(m, SMALL + 8, 4, 0x04030201);
    ck_assert(s->bytes[0] == 1 && s->bytes[1] == 2 && s->bytes[2] == 3 && s->bytes[3] == 4);
    ck_assert_uint_eq(io_read(m, SMALL + 8, 8), UINT64_C(0x1122330004030201));
    ck_assert_uint_eq(io_read(m, SMALL + 10, 4), 0x33000403);
    /* narrow reads of a hook read once */
    s->reads = 0;
    ck_assert_uint_eq(io_read(m, SMALL + 13, 2), 0x2233);
    ck_assert_uint_eq(s->reads, 1);
    QUIET();
}
END_TEST

START_TEST(guest_errors)
{
    io_write(m, SMALL + 12, 4, 5);
    LOGGED("write of 0x5 to ID, which is read-only");
    ck_assert_uint_eq(io_read(m, SMALL + 0x800, 4), 0);
    LOGGED("small: guest error: read of 4 bytes at offset 0x800");
    io_write(m, SMALL + 0x801, 1, 1);
    LOGGED("write of 1 bytes at offset 0x801");
    ck_assert_uint_eq(io_read(m, SMALL + 24, 2), 0);
    LOGGED("read of 2 bytes at byte 0 of EXACT");
    io_write(m, SMALL + 25, 1, 9);
    LOGGED("EXACT");
    ck_assert_uint_eq(s->exact, 7);
    ck_assert_uint_eq(io_read(m, SMALL + 24, 4), 7);
    /* storage without hooks reads zero where a register has no storage */
    ck_assert_uint_eq(io_read(m, SMALL + 32, 4), 0);
    QUIET();
}
END_TEST

START_TEST(unimplemented_is_logged_once)
{
    ck_assert_uint_eq(io_read(m, SMALL + 28, 4), 0);
    LOGGED("small: unimp: read of UNIMP");
    io_write(m, SMALL + 28, 4, 3);
    ck_assert_uint_eq(io_read(m, SMALL + 28, 4), 3);
    QUIET();
}
END_TEST

START_TEST(arrays)
{
    for (unsigned i = 0; i < 8; i++) {
        io_write(m, SMALL + 64 + 8 * i, 4, i * 3 + 1);
        ck_assert_uint_eq(s->written_i, i);
        ck_assert_uint_eq(s->array[i], i * 3 + 1);
    }
    QUIET();
    io_read(m, SMALL + 68, 4);
    LOGGED("offset 0x44");
    io_read(m, SMALL + 64 + 64, 4);
    LOGGED("offset 0x80");
    for (unsigned i = 0; i < 4; i++) {
        io_write(m, LARGE + 0x10000 + 0x1000 * i, 8, (uint64_t)(i + 100) << 32 | (i + 10));
        ck_assert_uint_eq(l->enable[i], i + 10);
        ck_assert_uint_eq(l->threshold[i], i + 100);
        ck_assert_uint_eq(io_read(m, LARGE + 0x10004 + 0x1000 * i, 4), i + 100);
    }
    QUIET();
    io_read(m, LARGE + 0x10008, 4);
    LOGGED("offset 0x10008");
}
END_TEST

START_TEST(raw_windows)
{
    const uint64_t raw = MIXED + 0x1000;
    /* 8 bytes: two of 4 */
    x->raw_calls = 0;
    ck_assert_uint_eq(io_read(m, raw + 8, 8), UINT64_C(0x0f0e0d0c0b0a0908));
    ck_assert_uint_eq(x->raw_calls, 2);
    ck_assert(x->raw_sizes[0] == 4 && x->raw_offsets[1] == 12);
    /* a byte is widened */
    x->raw_calls = 0;
    ck_assert_uint_eq(io_read(m, raw + 5, 1), 5);
    ck_assert(x->raw_calls == 1 && x->raw_sizes[0] == 2 && x->raw_offsets[0] == 4);
    /* misaligned: cut at aligned units */
    ck_assert_uint_eq(io_read(m, raw + 3, 4), 0x06050403);
    ck_assert_uint_eq(io_read(m, raw + 1, 8), UINT64_C(0x0807060504030201));
    io_write(m, raw + 5, 1, 0xaa);
    ck_assert(x->raw_offset == 4 && x->raw_size == 2 && x->raw_value == 0xaa00);
    QUIET();
}
END_TEST

START_TEST(big_endian_windows)
{
    io_write(m, MIXED, 4, 0x11223344);
    ck_assert_uint_eq(x->ctrl, 0x44332211);
    ck_assert_uint_eq(io_read(m, MIXED, 4), 0x11223344);
    ck_assert_uint_eq(io_read(m, MIXED, 1), 0x44);
    ck_assert_uint_eq(io_read(m, MIXED + 2, 2), 0x1122);
    io_write(m, MIXED + 3, 1, 0xee); /* the last byte is the least significant */
    ck_assert_uint_eq(x->ctrl, 0x443322ee);
    io_write(m, MIXED + 4, 1, 0x0f); /* clears in the first byte only */
    ck_assert_uint_eq(x->status, 0xf0ffffff);
    /* raw: read() gives 0x23222120 for offset 0x20, the most significant byte first on the bus */
    ck_assert_uint_eq(io_read(m, MIXED + 0x20, 4), 0x20212223);
    io_write(m, MIXED + 0x20, 2, 0x1122);
    ck_assert(x->raw_size == 2 && x->raw_value == 0x2211);
}
END_TEST

START_TEST(past_the_end)
{
    struct memory_piece p;
    uint64_t v = 1;
    ck_assert(memory_find(m->system, SMALL + 0xffc, &p));
    ck_assert_int_eq(memory_io_read(&p, SMALL + 0xffc, 8, &v), -EFAULT);
    ck_assert_uint_eq(v, 0);
    LOGGED("reaches past the end of small");
}
END_TEST

int main(void)
{
    char name[] = "/tmp/bp-test-XXXXXX";
    close(mkstemp(name));
    log_path = name;
    fill_imports();
    if (log_set_items("guest_errors,unimp") || log_set_file(log_path))
        return EXIT_FAILURE;
    Suite *suite = suite_create("registers");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, reset_and_masks);
    tcase_add_test(tc, write_one_to_clear);
    tcase_add_test(tc, narrow_and_wide);
    tcase_add_test(tc, guest_errors);
    tcase_add_test(tc, unimplemented_is_logged_once);
    tcase_add_test(tc, arrays);
    tcase_add_test(tc, raw_windows);
    tcase_add_test(tc, big_endian_windows);
    tcase_add_test(tc, past_the_end);
    suite_add_tcase(suite, tc);
    int r = run_suite(suite);
    unlink(log_path);
    return r;
}
