/* SPDX-License-Identifier: MIT */
/* test_core_state.c: saved state comes back identical, and damaged state is refused. */
#include "core_fixture.h"

struct dev {
    uint32_t ctrl, cache;
    uint16_t array[5];
    uint64_t hidden;
    uint8_t fifo[7];
    uint32_t newer;
    uint32_t transient;
    struct bp_timer timer;
    struct bp_pin *irq, *out[3];
    uint8_t *ram;
    uint32_t depth;
    unsigned loads, saves, heard;
    uint32_t kept, elsewhere; /* the second is not the device's own */
    bool level;
    int refuse;
};
static void fire(void *dev) { }
static void heard(void *dev, unsigned i, bool level)
{
    struct dev *d = dev;
    d->heard++;
    d->level = level;
}
static void pre_save(void *dev)
{
    struct dev *d = dev;
    d->saves++;
    d->kept = d->elsewhere;
}
static int post_load(void *dev)
{
    struct dev *d = dev;
    d->loads++;
    return d->refuse ? bp_fail(d, EINVAL, "does not fit") : 0;
}
static const struct bp_reg regs[] = {
    { .name = "CTRL", .offset = 0, .width = 32, BP_FIELD(struct dev, ctrl), .reset = 1 },
    { .name = "CACHE", .offset = 4, .width = 32, BP_FIELD(struct dev, cache),
      .flags = BP_REG_TRANSIENT },
    { .name = "ARRAY", .offset = 8, .width = 16, BP_FIELDS(struct dev, array) },
};
static const struct bp_window windows[] = {
    { .name = "mmio", .size = 0x100, .storage = BP_NO_STORAGE },
    { .name = "ram", .size = 0x5000, .flags = BP_WINDOW_RAM, .storage = offsetof(struct dev, ram) },
};
static const struct bp_saved saved[] = {
    BP_SAVED(struct dev, hidden, 1), BP_SAVED_ARRAY(struct dev, fifo, 1),
    BP_SAVED(struct dev, level, 1), BP_SAVED(struct dev, kept, 1),
    BP_SAVED(struct dev, newer, 2), BP_TRANSIENT(struct dev, transient),
};
static const struct bp_timer_row timers[] = { BP_TIMER(struct dev, timer, BP_CLOCK_VIRTUAL, fire) };
static const struct bp_pin_row pins[] = { BP_OUT(struct dev, irq), BP_OUTS(struct dev, out),
                                          BP_IN("in", heard) };
static const struct bp_device device = {
    .head = { sizeof device, BP_KIND_DEVICE, "saver" }, .state_size = sizeof(struct dev),
    .state_version = 2, .regs = BP_ROWS(regs), .windows = BP_ROWS(windows), .saved = BP_ROWS(saved),
    .timers = BP_ROWS(timers), .pins = BP_ROWS(pins), .post_load = post_load,
    .pre_save = pre_save,
};

struct env {
    uint64_t x[4], pc;
    uint32_t f;
    uint32_t scratch;
    uint8_t vec[16];
};
static const struct bp_guest_reg guest_regs[] = {
    { "x1", NULL, BP_I64, offsetof(struct env, x[1]), BP_GREG_IR, 0 },
    { "pc", NULL, BP_I64, offsetof(struct env, pc), 0, 0 },
    { "f", NULL, BP_F32, offsetof(struct env, f), 0, 1 },
    { "v0", NULL, BP_V128, offsetof(struct env, vec), 0, 1 },
};
BP_VCPU(vcpu, .state_size = sizeof(struct env));
static const struct bp_target target = {
    .head = { sizeof target, BP_KIND_TARGET, "none" }, .regs = BP_ROWS(guest_regs),
    .cpu = &vcpu,
};

struct all {
    struct machine *m;
    struct dev *a, *b;
    struct env *cpu;
    struct ram_block *ram;
};
static struct all all_new(void)
{
    struct all x = { .m = machine_new() };
    x.a = add_part(x.m, &device, "a")->state;
    x.b = add_part(x.m, &device, "b")->state;
    x.cpu = part_create_cpu(x.m, &target, "cpu", 0)->state;
    ck_assert_int_eq(memory_add_ram(x.m, "main", 0x80000000, 64 * BP_MIB, false, &x.ram), 0);
    ck_assert_int_eq(machine_realize(x.m), 0);
    ck_assert_int_eq(part_connect(part_of(x.a), "irq", 0, part_of(x.b), "in", 0), 0);
    ck_assert_int_eq(part_connect(part_of(x.a), "out", 2, part_of(x.b), "in", 0), 0);
    machine_reset(x.m);
    return x;
}

static void fill(struct all *x)
{
    x->a->ctrl = 0x11223344;
    x->a->cache = 5;
    for (unsigned i = 0; i < 5; i++)
        x->a->array[i] = (uint16_t)(0x100 * i + 7);
    x->b->hidden = UINT64_C(0x8899aabbccddeeff);
    memcpy(x->b->fifo, "abcdefg", 7);
    x->b->newer = 99;
    x->b->elsewhere = 12;
    x->b->transient = 1;
    x->a->ram[0x4fff] = 0x5a;
    x->cpu->x[1] = UINT64_MAX - 5;
    x->cpu->pc = 0x80001234;
    x->cpu->f = 0x3f800000;
    x->cpu->scratch = 1;
    memcpy(x->cpu->vec, "0123456789abcdef", 16);
    x->ram->host[5 * BP_MIB + 3] = 0xee;
    x->ram->host[64 * BP_MIB - 1] = 0xef;
    bp_pin_set(x->a->irq, true);
    bp_pin_set(x->a->out[2], true);
    clock_set_virtual(x->m, 123456789);
    bp_timer_arm(x->b, &x->b->timer, 200000000);
}

START_TEST(round_trip)
{
    struct all x = all_new(), y = all_new();
    GByteArray *one = g_byte_array_new(), *two = g_byte_array_new();
    fill(&x);
    ck_assert_int_eq(state_save(x.m, one), 0);
    ck_assert_uint_lt(one->len, 64 * 1024); /* zero pages cost nothing */
    y.ram->host[77] = 1; /* is overwritten with zero */
    unsigned heard_before = y.b->heard;
    ck_assert_int_eq(state_load(y.m, one->data, one->len), 0);
    ck_assert(y.a->ctrl == 0x11223344 && y.a->cache == 0 && y.a->array[4] == 0x407);
    ck_assert(y.b->hidden == UINT64_C(0x8899aabbccddeeff) && !memcmp(y.b->fifo, "abcdefg", 7));
    ck_assert(x.b->saves == 1 && y.b->saves == 0 && y.b->kept == 12);
    y.b->elsewhere = 12;
    ck_assert(y.b->newer == 99 && y.b->transient == 0 && y.a->ram[0x4fff] == 0x5a);
    ck_assert(y.cpu->x[1] == UINT64_MAX - 5 && y.cpu->pc == 0x80001234 && y.cpu->f == 0x3f800000);
    ck_assert(y.cpu->scratch == 0 && !memcmp(y.cpu->vec, "0123456789abcdef", 16));
    ck_assert(y.ram->host[5 * BP_MIB + 3] == 0xee && y.ram->host[64 * BP_MIB - 1] == 0xef);
    ck_assert_uint_eq(y.ram->host[77], 0);
    ck_assert_int_eq(machine_now(y.m, BP_CLOCK_VIRTUAL), 123456789);
    ck_assert_int_eq(bp_timer_deadline(&y.b->timer), 200000000);
    ck_assert_int_eq(bp_timer_deadline(&y.a->timer), BP_NEVER);
    /* levels are back without anybody having been told; the wired OR still counts right */
    ck_assert(bp_pin_level(y.a->irq) && y.b->level && y.b->heard == heard_before &&
              y.b->loads == 1);
    bp_pin_set(y.a->irq, false);
    ck_assert_uint_eq(y.b->heard, heard_before);
    bp_pin_set(y.a->out[2], false);
    ck_assert(y.b->heard == heard_before + 1 && !y.b->level);
    bp_pin_set(y.a->irq, true);
    bp_pin_set(y.a->out[2], true);
    ck_assert_int_eq(state_save(y.m, two), 0);
    ck_assert(one->len == two->len && !memcmp(one->data, two->data, one->len));
    g_byte_array_free(one, TRUE);
    g_byte_array_free(two, TRUE);
    machine_free(x.m);
    machine_free(y.m);
}
END_TEST

START_TEST(part_alone_and_versions)
{
    struct all x = all_new();
    GByteArray *s = g_byte_array_new();
    size_t used;
    struct part *b = part_of(x.b), *a = part_of(x.a);
    fill(&x);
    ck_assert_int_eq(state_save_part(b, s), 0);
    x.b->hidden = 0;
    ck_assert_int_eq(state_load_part(b, s->data, s->len, &used), 0);
    ck_assert(used == s->len && x.b->hidden == UINT64_C(0x8899aabbccddeeff));
    ck_assert_int_eq(state_load_part(a, s->data, s->len, &used), -EINVAL); /* another part */
    b->device.state_version = 1; /* this core is older than the stream */
    ck_assert_int_eq(state_load_part(b, s->data, s->len, &used), -EINVAL);
    b->device.state_version = 2;
    x.b->refuse = 1;
    ck_assert_int_eq(state_load_part(b, s->data, s->len, &used), -EINVAL);
    x.b->refuse = 0;
    /* a stream of version 1 has no `newer` */
    GByteArray *old = g_byte_array_new();
    struct bp_rows rows = b->device.saved;
    b->device.saved.count = 4;
    b->device.state_version = 1;
    ck_assert_int_eq(state_save_part(b, old), 0);
    b->device.saved = rows;
    b->device.state_version = 2;
    x.b->newer = 41;
    ck_assert_int_eq(state_load_part(b, old->data, old->len, &used), 0);
    ck_assert_uint_eq(x.b->newer, 41);
    g_byte_array_free(old, TRUE);
    g_byte_array_free(s, TRUE);
    machine_free(x.m);
}
END_TEST

START_TEST(damaged)
{
    struct all x = all_new();
    GByteArray *s = g_byte_array_new();
    unsigned seed = 9;
    fill(&x);
    ck_assert_int_eq(state_save(x.m, s), 0);
    int saved_stderr = dup(2);
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    for (size_t n = 0; n < s->len; n += 1 + n / 40) { /* truncated anywhere */
        g_autofree uint8_t *copy = g_memdup2(s->data, n ? n : 1);
        ck_assert_int_eq(state_load(x.m, copy, n), -EINVAL);
    }
    for (unsigned i = 0; i < 3000; i++) { /* any answer, but no crash */
        g_autofree uint8_t *copy = g_memdup2(s->data, s->len);
        for (unsigned k = 0; k < 3; k++)
            copy[(size_t)rand_r(&seed) % MIN(s->len, i % 2 ?
                                             s->len : 600)] = (uint8_t)rand_r(&seed);
        state_load_part(part_of(x.a), copy, s->len, NULL);
        if (i % 20 == 0)
            state_load(x.m, copy, s->len);
    }
    fflush(stderr);
    dup2(saved_stderr, 2);
    close(saved_stderr);
    ck_assert_int_eq(state_load(x.m, s->data, s->len), 0);
    g_byte_array_append(s, (const guint8 *)"x", 1);
    ck_assert_int_eq(state_load(x.m, s->data, s->len), -EINVAL);
    g_byte_array_free(s, TRUE);
    machine_free(x.m);
}
END_TEST

int main(void)
{
    fill_imports();
    Suite *suite = suite_create("state");
    TCase *tc = tcase_create("all");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, round_trip);
    tcase_add_test(tc, part_alone_and_versions);
    tcase_add_test(tc, damaged);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
