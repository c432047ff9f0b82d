/* SPDX-License-Identifier: MIT */
/* test_core_parts.c: properties, pins, links, life and reset of parts. */
#include "core_fixture.h"

static struct machine *m;

static void setup(void)
{
    m = machine_new();
}

static void teardown(void)
{
    machine_free(m);
}

/* Standard error of what runs in between, which core_error() writes to. */
static int saved_stderr;
static FILE *errors;
static void catch_errors(void)
{
    fflush(stderr);
    errors = tmpfile();
    saved_stderr = dup(2);
    dup2(fileno(errors), 2);
}
static char *caught(void)
{
    char buf[4096];
    fflush(stderr);
    dup2(saved_stderr, 2);
    close(saved_stderr);
    rewind(errors);
    size_t n = fread(buf, 1, sizeof buf - 1, errors);
    buf[n] = 0;
    fclose(errors);
    return g_strdup(buf);
}
/* The call fails with `err`, and its one line holds `text`. */
#define FAILS(call, err, text)                                                                     \
    do {                                                                                           \
        catch_errors();                                                                            \
        int r_ = (call);                                                                           \
        g_autofree char *said_ = caught();                                                         \
        ck_assert_msg(r_ == -(err), "returned %d, said: %s", r_, said_);                           \
        ck_assert_msg(strstr(said_, text) != NULL, "'%s' is not in: %s", text, said_);             \
        ck_assert_msg(strchr(said_, '\n') && !strchr(said_, '\n')[1], "not one line: %s", said_);  \
    } while (0)

/* ---- properties ------------------------------------------------------------------------------ */

struct props {
    uint8_t rx_depth;
    uint16_t u16;
    uint64_t u64;
    uint8_t two_words;
    bool flag;
    const char *text, *none;
    uint64_t size;
    uint32_t mode;
};
static const struct bp_prop prop_rows[] = {
    { .name = "rx-depth", .type = BP_PROP_UINT, .field = offsetof(struct props, rx_depth),
      .field_size = 1, .def = 16, .min = 1, .max = 64, .doc = "bytes" },
    BP_UINT(struct props, u16, 7, 0, 0, "x"),
    BP_UINT(struct props, u64, UINT64_MAX, 0, 0, "x"),
    BP_BOOL(struct props, flag, true, "x"),
    BP_UINT(struct props, two_words, 1, 0, 0, "x"),
    BP_STRING(struct props, text, "hello", "x"),
    BP_STRING(struct props, none, NULL, "x"),
    BP_SIZE(struct props, size, 2 * BP_MIB, 4096, 0, "bytes"),
    BP_ENUM(struct props, mode, 1, "slow|fast|turbo", "x"),
};
static const struct bp_device props_device = {
    .head = { sizeof props_device, BP_KIND_DEVICE, "props" },
    .state_size = sizeof(struct props), .props = BP_ROWS(prop_rows),
};

START_TEST(property_values)
{
    struct part *p = add_part(m, &props_device, "p0");
    struct props *s = p->state;
    ck_assert(s->rx_depth == 16 && s->u16 == 7 && s->u64 == UINT64_MAX && s->flag);
    ck_assert_str_eq(s->text, "hello");
    ck_assert_ptr_null(s->none);
    ck_assert(s->size == 2 * BP_MIB && s->mode == 1);
    ck_assert(!part_is_set(p, "rx-depth"));
    ck_assert_int_eq(part_set(p, "rx-depth", "0x40"), 0);
    ck_assert_int_eq(part_set(p, "u16", "65535"), 0);
    ck_assert_int_eq(part_set(p, "u64", "18446744073709551615"), 0);
    ck_assert_int_eq(part_set(p, "flag", "off"), 0);
    ck_assert_int_eq(part_set(p, "text", "a b"), 0);
    ck_assert_int_eq(part_set(p, "size", "3G"), 0);
    ck_assert_int_eq(part_set(p, "mode", "turbo"), 0);
    ck_assert_int_eq(part_set(p, "two-words", "8"), 0); /* as people see it */
    ck_assert_uint_eq(s->two_words, 8);
    ck_assert_int_eq(part_set(p, "two_words", "9"), 0); /* as boards may write it */
    ck_assert_uint_eq(s->two_words, 9);
    ck_assert(part_is_set(p, "rx-depth"));
    ck_assert(s->rx_depth == 64 && s->u16 == 65535 && s->u64 == UINT64_MAX && !s->flag);
    ck_assert_str_eq(s->text, "a b");
    ck_assert(s->size == 3 * BP_GIB && s->mode == 2);
    static const char *const yes[] = { "on", "true", "yes" }, *const no[] = { "off", "false", "no"
                                                                             };
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(part_set(p, "flag", yes[i]), 0);
        ck_assert(s->flag);
        ck_assert_int_eq(part_set(p, "flag", no[i]), 0);
        ck_assert(!s->flag);
    }
    char *text = part_get(p, "size");
    ck_assert_str_eq(text, "3G");
    g_free(text);
    text = prop_default_text(part_prop(p, "mode"));
    ck_assert_str_eq(text, "fast");
    g_free(text);
}
END_TEST

START_TEST(property_errors)
{
    struct part *p = add_part(m, &props_device, "p0");
    struct props *s = p->state;
    FAILS(part_set(p, "rx-depth", "65"), EINVAL,
          "p0: rx-depth=65 is not what the property takes: a number from 1 to 64");
    FAILS(part_set(p, "rx-depth", "0"), EINVAL, "1 to 64");
    static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x", "1k", "x", "65536",
                                       "18446744073709551616", "0x10000000000000000", "1.5" };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
        FAILS(part_set(p, "u16", bad[i]), EINVAL, "a number from 0 to 65535");
    FAILS(part_set(p, "u64", "18446744073709551616"), EINVAL, "a number");
    FAILS(part_set(p, "size", "1"), EINVAL, "at least 4096");
    FAILS(part_set(p, "size", "17179869184G"), EINVAL, "a size in bytes");
    FAILS(part_set(p, "size", "4KB"), EINVAL, "a size in bytes");
    FAILS(part_set(p, "flag", "maybe"), EINVAL, "on or off");
    FAILS(part_set(p, "mode", "warp"), EINVAL, "one of slow|fast|turbo");
    FAILS(part_set(p, "rx-dept", "1"), EINVAL, "did you mean 'rx-depth'");
    FAILS(part_set(p, "colour", "1"), EINVAL, "it has rx-depth, u16, u64, flag, two-words, text");
    ck_assert(s->rx_depth == 16 && s->u16 == 7 && s->size == 2 * BP_MIB);
    ck_assert_int_eq(part_realize(p), 0);
    FAILS(part_set(p, "rx-depth", "3"), EBUSY, "before the machine is made");
}
END_TEST

/* ---- pins ------------------------------------------------------------------------------------ */

struct pins {
    struct bp_pin *irq;
    struct bp_pin *four[4];
    struct bp_pin **many;
    uint32_t lines;
    unsigned calls, last_i;
    bool level[8];
    struct bp_pin *follow; /* set to the level that arrives, or its opposite */
    bool invert, raise_in_reset;
    unsigned resets;
};

static void pin_in(void *dev, unsigned i, bool level)
{
    struct pins *s = dev;
    s->calls++;
    s->last_i = i;
    s->level[i] = level;
    if (s->follow)
        bp_pin_set(s->follow, level != s->invert);
}

static void pins_reset(void *dev)
{
    struct pins *s = dev;
    s->resets++;
    memset(s->level, 0, sizeof s->level);
    if (s->raise_in_reset)
        bp_pin_set(s->irq, true);
}

static const struct bp_pin_row pin_rows[] = {
    BP_OUT(struct pins, irq), BP_OUTS(struct pins, four), BP_OUT_N(struct pins, many, "lines"),
    BP_INS("in", 8, pin_in), BP_IN_N("inn", "lines", pin_in),
};
static const struct bp_prop pins_props[] = { BP_UINT(struct pins, lines, 3, 0, 100000, "x") };
static const struct bp_device pins_device = {
    .head = { sizeof pins_device, BP_KIND_DEVICE, "pins" },
    .state_size = sizeof(struct pins), .pins = BP_ROWS(pin_rows), .props = BP_ROWS(pins_props),
    .reset = pins_reset,
};

static struct part *pins_part(const char *name)
{
    struct part *p = add_part(m, &pins_device, name);
    ck_assert_int_eq(part_realize(p), 0);
    return p;
}

START_TEST(pin_levels_and_or)
{
    struct part *a = pins_part("a"), *b = pins_part("b"), *c = pins_part("c");
    struct pins *sa = a->state, *sb = b->state, *sc = c->state;
    ck_assert_int_eq(part_connect(a, "irq", 0, c, "in", 5), 0);
    ck_assert_int_eq(part_connect(b, "four", 2, c, "in", 5), 0);
    ck_assert_int_eq(part_connect(b, "many", 2, c, "inn", 1), 0);
    bp_pin_set(sa->irq, true);
    ck_assert(sc->calls == 1 && sc->last_i == 5 && sc->level[5]);
    bp_pin_set(sa->irq, true); /* no change, no call */
    bp_pin_set(sb->four[2], true);
    ck_assert_uint_eq(sc->calls, 1);
    bp_pin_set(sa->irq, false);
    ck_assert(sc->calls == 1 && sc->level[5]);
    bp_pin_set(sb->four[2], false);
    ck_assert(sc->calls == 2 && !sc->level[5]);
    ck_assert(!bp_pin_level(sb->four[2]));
    bp_pin_pulse(sb->many[2]);
    ck_assert(sc->calls == 4 && sc->last_i == 1 && !sc->level[1]);
    /* nothing is wired to it */
    bp_pin_set(sb->four[0], true);
    ck_assert(bp_pin_level(sb->four[0]) && sc->calls == 4);
}
END_TEST

START_TEST(pin_errors)
{
    struct part *a = pins_part("a"), *b = pins_part("b");
    FAILS(part_connect(a, "irqq", 0, b, "in", 0), ENOENT, "a has no output pin 'irqq'");
    FAILS(part_connect(a, "in", 0, b, "in", 0), ENOENT, "output pin 'in'");
    FAILS(part_connect(a, "four", 4, b, "in", 0), ERANGE, "it has 4 of them");
    FAILS(part_connect(a, "irq", 0, b, "inn", 3), ERANGE, "it has 3 of them");
    ck_assert_int_eq(part_connect(a, "irq", 0, b, "in", 0), 0);
    FAILS(part_connect(a, "irq", 0, b, "in", 0), EEXIST, "twice");
    struct part *c = add_part(m, &pins_device, "c");
    ck_assert_int_eq(part_set(c, "lines", "70000"), 0);
    FAILS(part_realize(c), EINVAL, "lines asks for 70000 many pins");
}
END_TEST

START_TEST(pin_loops_settle)
{
    struct part *a = pins_part("a");
    struct pins *s = a->state;
    ck_assert_int_eq(part_connect(a, "irq", 0, a, "in", 0), 0);
    s->follow = s->irq; /* irq follows its own level: stable */
    bp_pin_set(s->irq, true);
    ck_assert(s->calls == 1 && bp_pin_level(s->irq));
    s->invert = true; /* an oscillator is stopped */
    bp_pin_set(s->irq, false);
    ck_assert_uint_gt(s->calls, 10);
    ck_assert_uint_lt(s->calls, 2000);
}
END_TEST

START_TEST(reset_of_pins)
{
    /* The receiver resets after the sender raised its line, and still hears of it. */
    struct part *a = pins_part("a"), *b = pins_part("b");
    struct pins *sa = a->state, *sb = b->state;
    ck_assert_int_eq(part_connect(a, "irq", 0, b, "in", 0), 0);
    ck_assert_int_eq(part_connect(a, "four", 0, b, "in", 1), 0);
    bp_pin_set(sa->four[0], true);
    sa->raise_in_reset = true;
    machine_reset(m);
    ck_assert(sa->resets == 1 && sb->resets == 1);
    ck_assert(sb->level[0] && !sb->level[1]);
    ck_assert(bp_pin_level(sa->irq) && !bp_pin_level(sa->four[0]));
    machine_reset(m);
    ck_assert(sb->level[0]);
}
END_TEST

/* ---- links ----------------------------------------------------------------------------------- */

struct bus_api {
    uint32_t size;
    int (*number)(void *dev);
};
struct bus {
    struct bp_link child[3];
    uint32_t children;
    uint32_t number;
    bool realized, refuse;
};
struct leaf {
    struct bp_link bus, extra;
    bool realized, unrealized, bus_was_realized;
};
static int bus_number(void *dev) { return (int)((struct bus *)dev)->number; }
static const struct bus_api bus_api = { sizeof bus_api, bus_number };
static int bus_attached(void *dev, struct bp_link child)
{
    struct bus *s = dev;
    if (s->refuse)
        return bp_fail(s, EPERM, "no");
    ck_assert(((struct leaf *)child.dev)->realized);
    s->child[s->children++ % 3] = child;
    return 0;
}
static int bus_realize(void *dev)
{
    ((struct bus *)dev)->realized = true;
    return 0;
}
static const struct bp_offer bus_offers[] = {
    { .name = "bus", .id = "test.bus/1", .api = &bus_api, .capacity = 1, .attached = bus_attached },
    { .name = "any", .id = "test.any/1", .api = &bus_api },
};
static const struct bp_prop bus_props[] = { BP_UINT(struct bus, number, 0, 0, 0, "x"),
                                            BP_BOOL(struct bus, refuse, false, "x") };
static const struct bp_device bus_device = {
    .head = { sizeof bus_device, BP_KIND_DEVICE, "acme-hub" }, .state_size = sizeof(struct bus),
    .offers = BP_ROWS(bus_offers), .props = BP_ROWS(bus_props), .realize = bus_realize,
};
static int leaf_realize(void *dev)
{
    struct leaf *s = dev;
    s->realized = true;
    s->bus_was_realized = ((struct bus *)s->bus.dev)->realized;
    return 0;
}
static void leaf_unrealize(void *dev)
{
    ((struct leaf *)dev)->unrealized = true;
}
static const int face = 5;
static const struct bp_need leaf_needs[] = { BP_NEED(struct leaf, bus, "test.bus/1", &face),
                                             BP_MAY_NEED(struct leaf, extra, "test.none/1") };
static const struct bp_device leaf_device = {
    .head = { sizeof leaf_device, BP_KIND_DEVICE, "leaf" }, .state_size = sizeof(struct leaf),
    .needs = BP_ROWS(leaf_needs), .realize = leaf_realize, .unrealize = leaf_unrealize,
};

static int number_of(const struct part *p)
{
    const struct leaf *s = p->state;
    return ((const struct bus_api *)s->bus.api)->number(s->bus.dev);
}

START_TEST(links)
{
    /* The leaf comes first; its bus is realized before it all the same. */
    struct part *leaf[3];
    leaf[0] = add_part(m, &leaf_device, "l0");
    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *name = g_strdup_printf("hub[%u]", i), *n = g_strdup_printf("%u", 10 + i);
        ck_assert_int_eq(part_set(add_part(m, &bus_device, name), "number", n), 0);
    }
    leaf[1] = add_part(m, &leaf_device, "l1");
    leaf[2] = add_part(m, &leaf_device, "l2");
    ck_assert_int_eq(part_set(leaf[1], "bus", "acme-hub-bus.2"), 0);
    ck_assert_int_eq(machine_realize(m), 0);
    ck_assert_int_eq(number_of(leaf[0]), 10);
    ck_assert_int_eq(number_of(leaf[1]), 12);
    ck_assert_int_eq(number_of(leaf[2]), 11);
    struct leaf *s = leaf[0]->state;
    ck_assert(s->bus_was_realized && !s->extra.api);
    struct bus *b = machine_part(m, "hub[0]")->state;
    ck_assert(b->children == 1 && b->child[0].dev == s && b->child[0].api == &face);
    /* all three are taken */
    struct part *late = add_part(m, &leaf_device, "l3");
    FAILS(part_realize(late), ENODEV, "l3 (leaf) needs test.bus/1 for 'bus'");
    void *dev;
    ck_assert_ptr_eq(part_find_offer(machine_part(m, "hub[1]"), "test.any/1", &dev), &bus_api);
    ck_assert_ptr_null(part_find_offer(leaf[0], "test.any/1", &dev));
}
END_TEST

START_TEST(link_errors)
{
    ck_assert_int_eq(part_set(add_part(m, &bus_device, "h"), "refuse", "on"), 0);
    add_part(m, &bus_device, "g");
    struct part *a = add_part(m, &leaf_device, "a"), *b = add_part(m, &leaf_device, "b");
    struct part *c = add_part(m, &leaf_device, "c"), *d = add_part(m, &leaf_device, "d");
    ck_assert_int_eq(part_set(a, "bus", "h.bus"), 0);
    FAILS(part_realize(a), EPERM, "h: no");
    ck_assert(((struct leaf *)a->state)->unrealized);
    ck_assert_int_eq(part_set(b, "bus", "nowhere.bus"), 0);
    FAILS(part_realize(b), ENOENT, "bus=nowhere.bus: there is no such part");
    ck_assert_int_eq(part_set(c, "bus", "g"), 0);
    ck_assert_int_eq(part_realize(c), 0);
    ck_assert_int_eq(part_set(d, "bus", "g.bus"), 0);
    FAILS(part_realize(d), EBUSY, "no room for one more");
}
END_TEST

START_TEST(names_and_services)
{
    struct part *p = add_part(m, &props_device, "p0");
    catch_errors();
    ck_assert_ptr_null(part_create(m, &props_device, "p0"));
    g_autofree char *said = caught();
    ck_assert_ptr_nonnull(strstr(said, "two parts are named 'p0'"));
    ck_assert_str_eq(bp_name(p->state), "p0");
    ck_assert_ptr_eq(part_of(p->state), p);
    FAILS(bp_fail(p->state, EIO, "broken at %d", 5), EIO, "p0: broken at 5");
    uint64_t a[4], b[4];
    machine_set_seed(m, 42);
    bp_random(p->state, a, sizeof a);
    machine_set_seed(m, 42);
    bp_random(p->state, b, sizeof b);
    ck_assert_int_eq(memcmp(a, b, sizeof a), 0);
    bp_random(p->state, b, sizeof b);
    ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
}
END_TEST

/* A plugin from before the rows grew: shorter rows, the rest reads as zero. */
START_TEST(short_rows)
{
    static struct { const char *name; uint32_t direction; } rows[] = { { "x", BP_PIN_IN } };
    static struct bp_device d = {
        .head = { sizeof d, BP_KIND_DEVICE, "short" }, .state_size = 8,
        .pins = { rows, 1, sizeof rows[0] },
    };
    struct part *p = add_part(m, &d, "short");
    ck_assert_int_eq(part_realize(p), 0);
    const struct part_pins *pins = part_find_pins(p, "x", BP_PIN_IN);
    ck_assert(pins && pins->count == 1 && !pins->array);
}
END_TEST

int main(void)
{
    fill_imports();
    Suite *suite = suite_create("parts");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, property_values);
    tcase_add_test(tc, property_errors);
    tcase_add_test(tc, pin_levels_and_or);
    tcase_add_test(tc, pin_errors);
    tcase_add_test(tc, pin_loops_settle);
    tcase_add_test(tc, reset_of_pins);
    tcase_add_test(tc, links);
    tcase_add_test(tc, link_errors);
    tcase_add_test(tc, names_and_services);
    tcase_add_test(tc, short_rows);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
