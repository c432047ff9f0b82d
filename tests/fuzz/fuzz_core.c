/* SPDX-License-Identifier: MIT */
/*
 * fuzz_core.c: what the core takes from outside: saved state, property settings, and guests'
 * accesses to windows. Built with -DLIBFUZZER it is a libFuzzer target; else a program that runs a
 * fixed number of mutated inputs.
 */
#include "../unit/core_fixture.h"

struct dev {
    uint32_t ctrl, kick;
    uint16_t array[5];
    uint64_t gpa;
    uint8_t small, fifo[7];
    bool flag;
    const char *text;
    uint64_t size;
    uint32_t mode, lines;
    struct bp_timer timer;
    struct bp_pin *irq, **many;
    uint8_t *rom;
};

static void kick(void *dev, unsigned i, uint64_t value)
{
    struct dev *d = dev;
    uint8_t buf[16] = { (uint8_t)value };
    if (value & 1)
        bp_dma_write(d, d->gpa, buf, value % 17);
    else
        bp_dma_read(d, d->gpa, buf, value % 17);
    bp_pin_set(d->irq, value & 2);
    bp_window_set_direct(d, 1, value & 4);
    bp_window_set_mapped(d, 2, value & 8);
    bp_timer_arm(d, &d->timer, value & 16 ? (int64_t)d->gpa : BP_NEVER);
}
static void fire(void *dev) { }
static void heard(void *dev, unsigned i, bool level) { ((struct dev *)dev)->fifo[0]++; }
static uint64_t raw_read(void *dev, uint64_t offset, unsigned size)
{
    if (offset % size || offset + size > 0x1000)
        abort();
    return offset;
}
static void raw_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    if (offset % size || offset + size > 0x1000 || (size < 8 && value >> (8 * size)))
        abort();
}

static const struct bp_reg regs[] = {
    { .name = "CTRL", .offset = 0, .width = 32, BP_FIELD(struct dev, ctrl), .writable = 0xff00ff,
      .w1c = 0xff00 },
    { .name = "KICK", .offset = 4, .width = 32, BP_FIELD(struct dev, kick), .writable = UINT32_MAX,
      .write = kick },
    { .name = "GPA", .offset = 8, .width = 64, BP_FIELD(struct dev, gpa), .writable = UINT64_MAX },
    { .name = "ARRAY", .offset = 0x13, .width = 16, BP_FIELDS(struct dev, array), .stride = 3,
      .writable = UINT16_MAX },
    { .name = "EXACT", .offset = 0x30, .width = 8, .flags = BP_REG_EXACT },
    { .name = "BE", .offset = 0x10, .width = 16, .window = 2, BP_FIELDS(struct dev, array),
      .writable = UINT16_MAX },
};
static const struct bp_window windows[] = {
    { .name = "mmio", .size = 0x40, .storage = BP_NO_STORAGE },
    { .name = "rom", .size = 0x1000, .flags = BP_WINDOW_ROM, .storage = offsetof(struct dev, rom),
      .access_min = 1, .access_max = 2, .read = raw_read, .write = raw_write },
    { .name = "be", .size = 0x1000, .flags = BP_WINDOW_BIG_ENDIAN, .storage = BP_NO_STORAGE,
      .access_min = 4, .access_max = 4, .read = raw_read, .write = raw_write },
};
static const struct bp_prop props[] = {
    BP_UINT(struct dev, small, 1, 0, 9, "x"), BP_BOOL(struct dev, flag, false, "x"),
    BP_STRING(struct dev, text, "t", "x"), BP_SIZE(struct dev, size, 4096, 0, 0, "x"),
    BP_ENUM(struct dev, mode, 0, "a|b|c", "x"), BP_UINT(struct dev, lines, 2, 0, 99, "x"),
};
static const struct bp_saved saved[] = { BP_SAVED_ARRAY(struct dev, fifo, 1) };
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct dev, timer, BP_CLOCK_VIRTUAL, fire),
};
static const struct bp_pin_row pins[] = { BP_OUT(struct dev, irq), BP_OUT_N(struct dev, many,
                                                                            "lines"),
                                          BP_INS("in", 3, heard) };
static const struct bp_need needs[] = {
    { .name = "bus", .id = "fuzz/1", .field = offsetof(struct dev, gpa), .optional = 1 },
};
static const struct bp_device device = {
    .head = { sizeof device, BP_KIND_DEVICE, "fuzzed" }, .state_size = sizeof(struct dev) + 16,
    .regs = BP_ROWS(regs), .windows = BP_ROWS(windows), .props = BP_ROWS(props),
    .saved = BP_ROWS(saved), .timers = BP_ROWS(timers), .pins = BP_ROWS(pins),
};
static const struct bp_device wisher = {
    .head = { sizeof wisher, BP_KIND_DEVICE, "wisher" }, .state_size = sizeof(struct dev),
    .props = BP_ROWS(props), .needs = BP_ROWS(needs),
};

#define BASE UINT64_C(0x10000)

static struct machine *make(struct part *ret[2])
{
    struct machine *m = machine_new();
    ret[0] = part_create(m, &device, "a");
    ret[1] = part_create(m, &device, "b");
    machine_realize(m);
    memory_add_ram(m, "ram", 0x1000, 0x2001, false, NULL);
    for (uint32_t i = 0; i < 6; i++)
        part_map(ret[i / 3], i % 3, BASE + 0x10000 * i);
    part_connect(ret[0], "irq", 0, ret[1], "in", 1);
    part_connect(ret[1], "irq", 0, ret[0], "in", 2);
    machine_reset(m);
    return m;
}

static void accesses(struct machine *m, const uint8_t *p, size_t n)
{
    for (; n >= 12; p += 12, n -= 12) {
        struct memory_piece piece;
        /* CTRL, KICK, GPA often */
        unsigned at = p[2] & 16 ? p[1] & 0xcu : p[1] | (p[0] & 0xf0u) << 4;
        uint64_t gpa = BASE + 0x10000 * (p[0] % 6) + at, v;
        unsigned size = 1u << (p[2] & 3);
        memcpy(&v, p + 4, sizeof v);
        if (p[2] & 8) /* addresses that lead somewhere */
            v = p[3] & 1 ? v % 0x4000 : BASE + v % 0x60000;
        if (!memory_find(m->system, gpa, &piece))
            continue;
        if (p[2] & 4)
            memory_io_write(&piece, gpa, size, v);
        else if (!memory_io_read(&piece, gpa, size, &v) && size < 8 && v >> (8 * size))
            abort();
    }
}

static void settings(struct machine *m, const uint8_t *p, size_t n)
{
    g_autofree char *text = g_strndup((const char *)p, n);
    struct part *part = part_create(m, &wisher, "w");
    for (char *line = text, *next; line && part; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        char *value = strchr(line, '=');
        if (value)
            *value++ = 0;
        part_set(part, line, value ? value : "on");
        const struct bp_prop *row = part_prop(part, line);
        g_autofree char *now = row ? part_get(part, line) : NULL;
        uint64_t v;
        if (now && row->type != BP_PROP_STRING && prop_parse(row, now, &v) < 0)
            abort(); /* what it prints it also reads */
    }
    part_realize(part);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct part *parts[2];
    fill_imports();
    struct machine *m = make(parts);
    if (n && p[0] % 4 == 0)
        state_load_part(parts[0], p + 1, n - 1, NULL);
    else if (n && p[0] % 4 == 1)
        state_load(m, p + 1, n - 1);
    else if (n && p[0] % 4 == 2)
        settings(m, p + 1, n - 1);
    else if (n)
        accesses(m, p + 1, n - 1);
    machine_reset(m);
    machine_free(m);
    return 0;
}

#ifndef LIBFUZZER
static const char words[] = "small=5\nsmall=0x9\nflag=on\ntext=a\nsize=4K\nmode=b\nlines=99\n"
                            "bus=fuzzed-irq.0\nbus=a.irq\nsmal=1\nmode=\n"
                            "size=18446744073709551615\n";

/* Seeds: real saved states, real settings, random accesses. */
static GByteArray *seed_input(unsigned kind, unsigned *seed)
{
    GByteArray *in = g_byte_array_new();
    struct part *parts[2];
    g_byte_array_append(in, (const guint8[]){ (guint8)kind }, 1);
    if (kind < 2) {
        struct machine *m = make(parts);
        if (kind)
            state_save(m, in);
        else
            state_save_part(parts[0], in);
        machine_free(m);
    } else if (kind == 2) {
        g_byte_array_append(in, (const guint8 *)words, sizeof words - 1);
    }
    for (unsigned i = 0; kind == 3 && i < 12 * 60; i++) {
        guint8 byte = (guint8)rand_r(seed);
        g_byte_array_append(in, &byte, 1);
    }
    return in;
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 4000, seed = 1;
    fill_imports();
    if (!freopen("/dev/null", "w", stderr)) /* a message a refusal */
        return EXIT_FAILURE;
    log_set_items("guest_errors,unimp");
    GByteArray *seeds[4];
    for (unsigned kind = 0; kind < 4; kind++)
        seeds[kind] = seed_input(kind, &seed);
    for (unsigned i = 0; i < rounds; i++) {
        const GByteArray *from = seeds[i % 4];
        size_t n = i % 11 ? from->len : 1 + (size_t)rand_r(&seed) % from->len;
        g_autofree uint8_t *in = g_memdup2(from->data, n);
        for (unsigned k = i % 8; k && n > 1; k--)
            in[1 + (size_t)rand_r(&seed) % (n - 1)] = (uint8_t)rand_r(&seed);
        for (size_t k = 1; i % 4 == 3 && k < n; k++) /* other accesses each time */
            in[k] = (uint8_t)rand_r(&seed);
        LLVMFuzzerTestOneInput(in, n);
    }
    for (unsigned kind = 0; kind < 4; kind++)
        g_byte_array_free(seeds[kind], TRUE);
    printf("%u inputs\n", rounds);
    return EXIT_SUCCESS;
}
#endif
