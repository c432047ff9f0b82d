/* SPDX-License-Identifier: MIT */
/* test_core_memory.c: flattening, look-up while it changes, DMA, its guard, dirty logs. */
#include "core_fixture.h"

#include <pthread.h>

static struct machine *m;

/* An accelerator that only counts what it is told. */
struct told {
    unsigned changed, written;
    struct ram_block *ram;
    uint64_t offset, n;
};
static struct told told;
static int accel_create(struct machine *machine, const struct bp_set *o, uint32_t n, void **ret)
{
    *ret = &told;
    return 0;
}
static size_t accel_headroom(void *accel, const struct bp_target *t) { return 0; }
static void accel_changed(void *accel) { ((struct told *)accel)->changed++; }
static void accel_written(void *accel, struct ram_block *ram, uint64_t offset, uint64_t n)
{
    struct told *t = accel;
    t->written++;
    t->ram = ram;
    t->offset = offset;
    t->n = n;
}
static const struct bp_accel accel = {
    .head = { sizeof accel, BP_KIND_ACCEL, "count" }, .create = accel_create,
    .headroom = accel_headroom, .memory_changed = accel_changed, .ram_written = accel_written,
};

/* A device that does DMA when written to. */
struct dmadev {
    uint64_t target;      /* where its DMA goes */
    uint32_t doorbell;
    int result;
    unsigned runs;
    uint32_t cpu;         /* whose access rang the doorbell last */
    uint8_t buf[16];
    struct bp_timer timer;
    uint8_t *rom, *ram;
    uint8_t command;
};
static void go(void *dev)
{
    struct dmadev *d = dev;
    d->runs++;
    d->cpu = bp_access_cpu(d);
    d->result = bp_dma_write(d, d->target, d->buf, 4);
}
static void ring(void *dev, unsigned i, uint64_t value) { go(dev); }
static void pin(void *dev, unsigned i, bool level) { go(dev); }
static uint64_t rom_read(void *dev, uint64_t offset, unsigned size) { return 0xa5; }
static void rom_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    struct dmadev *d = dev;
    d->command = (uint8_t)value;
    bp_window_set_direct(d, 1, value == 0xff);
}
static const struct bp_reg regs[] = {
    { .name = "BELL", .offset = 0, .width = 32, BP_FIELD(struct dmadev, doorbell),
      .writable = UINT32_MAX, .write = ring },
};
static const struct bp_window windows[] = {
    { .name = "mmio", .size = 0x1000, .storage = BP_NO_STORAGE },
    { .name = "flash", .size = 0x2000, .flags = BP_WINDOW_ROM, .read = rom_read, .write = rom_write,
      .storage = offsetof(struct dmadev, rom) },
    { .name = "ram", .size = 0x300, .flags = BP_WINDOW_RAM, .storage = offsetof(struct dmadev,
                                                                                ram) },
};
static const struct bp_pin_row pins[] = { BP_IN("go", pin) };
static const struct bp_timer_row timers[] = {
    BP_TIMER(struct dmadev, timer, BP_CLOCK_VIRTUAL, go),
};
static const struct bp_device dma_device = {
    .head = { sizeof dma_device, BP_KIND_DEVICE, "dma" }, .state_size = sizeof(struct dmadev),
    .regs = BP_ROWS(regs), .windows = BP_ROWS(windows), .pins = BP_ROWS(pins),
    .timers = BP_ROWS(timers),
};

#define RAM UINT64_C(0x80000000)
#define ROM UINT64_C(0x1000)
#define A UINT64_C(0x10000000)
#define B UINT64_C(0x10010000)
static struct ram_block *ram, *rom;
static struct dmadev *a, *b;

static void setup(void)
{
    m = machine_new();
    memset(&told, 0, sizeof told);
    ck_assert_int_eq(machine_set_accel(m, &accel, NULL, 0), 0);
    ck_assert_int_eq(memory_add_ram(m, "ram", RAM, 1 * BP_MIB, false, &ram), 0);
    ck_assert_int_eq(memory_add_ram(m, "rom", ROM, 0x1000, true, &rom), 0);
    struct part *pa = add_part(m, &dma_device, "a"), *pb = add_part(m, &dma_device, "b");
    ck_assert_int_eq(machine_realize(m), 0);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(part_map(pa, i, A + 0x4000 * i), 0);
        ck_assert_int_eq(part_map(pb, i, B + 0x4000 * i), 0);
    }
    a = pa->state;
    b = pb->state;
    memory_add_stub(m, "stub", 0x20000000, 0x100);
}

static void teardown(void)
{
    machine_free(m);
}

/* ---- flattening ------------------------------------------------------------------------------ */

static void collect(void *arg, const struct memory_piece *p)
{
    g_string_append_printf(arg, "%" PRIx64 "+%" PRIx64 ":%s@%" PRIx64 " ", p->gpa, p->size,
                           memory_piece_name(p), p->ram_offset);
}

static char *map_of(struct address_space *as)
{
    GString *s = g_string_new(NULL);
    address_space_each(as, collect, s);
    return g_string_free(s, FALSE);
}

START_TEST(flatten)
{
    struct region *root = region_container(m, "root", 0);
    struct address_space *as = address_space_new(m, "test", root);
    struct ram_block *x = ram_new(m, "x", 0x10000), *y = ram_new(m, "y", 0x1000);
    struct region *rx = region_ram(m, "x", x, 0, 0x10000, false);
    struct region *ry = region_ram(m, "y", y, 0, 0x1000, true);
    struct region *box = region_container(m, "box", 0x8000);
    struct region *al = region_alias(m, "alias", rx, 0x2000, 0x3000);
    unsigned before = told.changed;
    memory_begin(m);
    ck_assert_int_eq(region_add(root, rx, 0x10000, 0), 0);
    ck_assert_int_eq(region_add(box, ry, 0x1000, 0), 0);
    ck_assert_int_eq(region_add(root, box, 0x14000, 1), 0);   /* covers the middle of x */
    ck_assert_int_eq(region_add(root, al, UINT64_MAX - 0x2fff, 0), 0); /* up to the last byte */
    ck_assert_uint_eq(told.changed, before);
    memory_commit(m);
    ck_assert_uint_eq(told.changed, before + 1);
    g_autofree char *map = map_of(as);
    ck_assert_str_eq(map, "10000+5000:x@0 15000+1000:y@0 16000+a000:x@6000 "
                          "ffffffffffffd000+3000:x@2000 ");
    struct memory_piece p;
    ck_assert(memory_find(as, 0x15fff, &p));
    ck_assert(p.ram == y && p.read_direct && !p.write_direct && !p.window);
    ck_assert(memory_find(as, UINT64_MAX, &p) && p.ram == x);
    ck_assert(!memory_find(as, 0xffff, &p) && !memory_find(as, 0x20000, &p) && !memory_find(as, 0,
                                                                                            &p));
    region_set_enabled(box, false);
    g_autofree char *without = map_of(as);
    ck_assert_str_eq(without, "10000+10000:x@0 ffffffffffffd000+3000:x@2000 ");
    region_set_enabled(box, false); /* nothing new: nobody is told */
    ck_assert_uint_eq(told.changed, before + 2);
}
END_TEST

START_TEST(overlap_is_refused)
{
    struct region *r = region_ram(m, "late", ram, 0, 0x2000, false);
    ck_assert_int_eq(region_add(address_space_root(m->system), r, RAM + 0xff000, 0), -EEXIST);
    ck_assert_int_eq(region_add(address_space_root(m->system), r, RAM - 1, 0), -EEXIST);
    ck_assert_int_eq(region_add(address_space_root(m->system), r, UINT64_MAX - 0x1000, 0), -EINVAL);
    ck_assert_int_eq(region_add(address_space_root(m->system), r, RAM + 1 * BP_MIB, 0), 0);
}
END_TEST

/* Many small pieces, against a byte map. */
START_TEST(flatten_random)
{
    enum { SPACE = 512, REGIONS = 24 };
    unsigned seed = 1;
    for (unsigned round = 0; round < 50; round++) {
        struct region *root = region_container(m, "root", SPACE);
        struct address_space *as = address_space_new(m, "test", root);
        int owner[SPACE], offset[SPACE];
        memset(owner, -1, sizeof owner);
        memory_begin(m);
        for (int i = 0; i < REGIONS; i++) {
            uint64_t at = (unsigned)rand_r(&seed) % SPACE;
            uint64_t size = 1 + (unsigned)rand_r(&seed) % (SPACE - at);
            struct region *r = region_ram(m, "r", ram, (uint64_t)i * 0x1000, size, false);
            ck_assert_int_eq(region_add(root, r, at, i), 0); /* later ones hide earlier ones */
            for (uint64_t k = 0; k < size; k++) {
                owner[at + k] = i;
                offset[at + k] = (int)k;
            }
        }
        memory_commit(m);
        for (uint64_t k = 0; k < SPACE; k++) {
            struct memory_piece p;
            bool found = memory_find(as, k, &p);
            ck_assert_int_eq(found, owner[k] >= 0);
            if (found)
                ck_assert_uint_eq(p.ram_offset + (k - p.gpa),
                                  (uint64_t)owner[k] * 0x1000 + (uint64_t)offset[k]);
        }
    }
}
END_TEST

static _Atomic bool stop_reading;
static _Atomic uint64_t good_reads, bad_reads;
static void *reader(void *arg)
{
    while (!atomic_load(&stop_reading)) {
        struct memory_piece p;
        bool good = memory_find(m->system, RAM + 0x5000, &p) && p.ram == ram && p.gpa == RAM &&
                    p.size == 1 * BP_MIB;
        if (memory_find(m->system, A, &p))
            good = good && !strcmp(memory_piece_name(&p), "a/mmio");
        atomic_fetch_add(good ? &good_reads : &bad_reads, 1);
    }
    return NULL;
}

START_TEST(look_up_while_it_changes)
{
    pthread_t t;
    atomic_store(&stop_reading, false);
    atomic_store(&good_reads, 0);
    pthread_create(&t, NULL, reader, NULL);
    for (unsigned i = 0; i < 4000 || (atomic_load(&good_reads) < 100 && i < 4000000); i++)
        bp_window_set_mapped(a, 0, i & 1);
    atomic_store(&stop_reading, true);
    pthread_join(t, NULL);
    ck_assert_uint_ge(atomic_load(&good_reads), 100);
    ck_assert_uint_eq(atomic_load(&bad_reads), 0);
}
END_TEST

/* ---- windows --------------------------------------------------------------------------------- */

START_TEST(rom_device_and_ram_window)
{
    struct memory_piece p;
    ck_assert(a->rom && a->ram);
    a->rom[0x10] = 0x77;
    ck_assert(memory_find(m->system, A + 0x4000, &p));
    ck_assert(p.ram && p.read_direct && !p.write_direct && p.window && p.ram->host == a->rom);
    unsigned before = told.changed;
    ck_assert_int_eq(memory_io_write(&p, A + 0x4000, 1, 0x90), 0);
    ck_assert_uint_eq(told.changed, before + 1);
    ck_assert(memory_find(m->system, A + 0x4000, &p) && !p.read_direct);
    ck_assert_uint_eq(io_read(m, A + 0x4010, 1), 0xa5);
    uint8_t byte;
    ck_assert_int_eq(bp_dma_read(b, A + 0x4010, &byte, 1), 0);
    ck_assert_uint_eq(byte, 0xa5);
    io_write(m, A + 0x4000, 1, 0xff);
    ck_assert(memory_find(m->system, A + 0x4000, &p) && p.read_direct);
    ck_assert_int_eq(bp_dma_read(b, A + 0x4010, &byte, 1), 0);
    ck_assert_uint_eq(byte, 0x77);
    ck_assert(memory_find(m->system, A + 0x82ff, &p) && p.write_direct && !p.window &&
              p.size == 0x300);
    ck_assert(!memory_find(m->system, A + 0x8300, &p));
    /* plain ROM takes no writes, and says so without an error */
    ck_assert(memory_find(m->system, ROM, &p) && !p.window);
    ck_assert_int_eq(memory_io_write(&p, ROM, 4, 1), 0);
    ck_assert_uint_eq(rom->host[0], 0);
    bp_window_set_mapped(a, 2, false);
    ck_assert(!memory_find(m->system, A + 0x8000, &p));
    ck_assert_uint_eq(io_read(m, 0x20000010, 8), 0); /* the stub */
}
END_TEST

/* ---- DMA ------------------------------------------------------------------------------------- */

START_TEST(dma)
{
    uint8_t out[64], in[64];
    for (unsigned i = 0; i < 64; i++)
        out[i] = (uint8_t)(i + 1);
    ck_assert_int_eq(bp_dma_write(a, RAM + 0xfff, out, 64), 0);
    ck_assert_int_eq(bp_dma_read(b, RAM + 0xfff, in, 64), 0);
    ck_assert_int_eq(memcmp(out, in, 64), 0);
    uint32_t v = 0;
    ck_assert_int_eq(bp_dma_read_le32(a, RAM + 0xfff, &v), 0);
    ck_assert_uint_eq(v, 0x04030201);
    /* nothing there; over the end; wrapping; into ROM */
    ck_assert_int_eq(bp_dma_read(a, 0x5000, in, 4), -EFAULT);
    ck_assert_int_eq(bp_dma_write(a, RAM + 1 * BP_MIB - 2, out, 4), -EFAULT);
    ck_assert_uint_eq(ram->host[1 * BP_MIB - 1], 2); /* the bytes before it were copied */
    ck_assert_int_eq(bp_dma_read(a, UINT64_MAX - 1, in, 4), -EFAULT);
    ck_assert_int_eq(bp_dma_write(a, ROM, out, 4), -EFAULT);
    ck_assert_int_eq(bp_dma_read(a, ROM, in, 4), 0);
    ck_assert_int_eq(bp_dma_read(a, 0x5000, in, 0), 0);
    /* mapping */
    uint64_t n = 1 << 30;
    uint8_t *p = bp_dma_map(a, RAM + 0x800, &n, true);
    ck_assert(p == ram->host + 0x800 && n == 1 * BP_MIB - 0x800);
    bp_dma_unmap(a, p, 0, false);
    n = 4;
    ck_assert_ptr_null(bp_dma_map(a, ROM, &n, true));
    ck_assert_ptr_eq(bp_dma_map(a, ROM, &n, false), rom->host);
    ck_assert_ptr_null(bp_dma_map(a, A, &n, false));
    ck_assert_ptr_null(bp_dma_map(a, 0x5000, &n, false));
}
END_TEST

START_TEST(loaders)
{
    uint8_t in[8] = { 0 };
    ck_assert_int_eq(memory_poke(m->system, ROM + 4, "boot", 4), 0);
    ck_assert_int_eq(memory_peek(m->system, ROM, in, 8), 0);
    ck_assert_int_eq(memcmp(in, "\0\0\0\0boot", 8), 0);
    ck_assert_int_eq(memory_poke(m->system, ROM + 0xffe, "boot", 4), -EFAULT);
    ck_assert_uint_eq(rom->host[0xffe], 0); /* all or nothing */
    ck_assert_int_eq(memory_peek(m->system, A, in, 1), -EFAULT);
    ck_assert_uint_eq(memory_room(m->system, RAM + 16, UINT64_MAX), 1 * BP_MIB - 16);
    ck_assert_uint_eq(memory_room(m->system, A, 4), 0);
}
END_TEST

/* ---- who accesses ----------------------------------------------------------------------------- */

START_TEST(vcpu_of_an_access)
{
    struct memory_piece p;
    a->target = B;
    b->target = RAM;
    ck_assert(memory_find(m->system, A, &p));
    p.cpu = 3;
    ck_assert_int_eq(memory_io_write(&p, A, 4, 1), 0);
    ck_assert_uint_eq(a->cpu, 3);
    ck_assert_uint_eq(b->cpu, BP_NO_CPU); /* a's DMA, whoever caused it */
    ck_assert_uint_eq(bp_access_cpu(a), BP_NO_CPU);
    io_write(m, A, 4, 1); /* nobody said who */
    ck_assert_uint_eq(a->cpu, BP_NO_CPU);
}
END_TEST

START_TEST(lock_of_a_part)
{
    bp_lock(a);
    bp_lock(a);
    ck_assert(machine_holds_lock(m));
    ck_assert_int_eq(bp_dma_write(b, A, b->buf, 4), -EFAULT); /* inside a's own code */
    bp_unlock(a);
    ck_assert(machine_holds_lock(m));
    bp_unlock(a);
    ck_assert(!machine_holds_lock(m));
    a->target = RAM;
    ck_assert_int_eq(bp_dma_write(b, A, b->buf, 4), 0);
}
END_TEST

/* ---- the guard ------------------------------------------------------------------------------- */

START_TEST(part_cannot_reach_itself)
{
    a->target = A;
    io_write(m, A, 4, 1); /* MMIO handler -> DMA -> own window */
    ck_assert(a->runs == 1 && a->result == -EFAULT);
    a->runs = 0;
    a->target = B;
    b->target = A;
    io_write(m, A, 4, 1); /* a -> b -> a */
    ck_assert(a->runs == 1 && b->runs == 1);
    ck_assert(a->result == 0 && b->result == -EFAULT);
    /* from outside any callback: b's DMA to a, whose DMA comes back */
    a->runs = b->runs = 0;
    a->target = B;
    ck_assert_int_eq(bp_dma_write(b, A, b->buf, 4), 0);
    ck_assert(a->runs == 1 && b->runs == 0 && a->result == -EFAULT);
    /* own RAM and ROM windows are memory, not callbacks */
    ck_assert_int_eq(bp_dma_write(a, A + 0x8000, a->buf, 4), 0);
    /* and afterwards everything answers again */
    a->target = RAM;
    io_write(m, A, 4, 1);
    ck_assert_int_eq(a->result, 0);
}
END_TEST

START_TEST(guard_covers_pins_and_timers)
{
    a->target = A;
    struct part *driver = machine_part(m, "stub");
    machine_lock(m);
    part_enter(driver);
    part_leave(driver);
    machine_unlock(m);
    struct part *pa = part_of(a);
    const struct part_pins *in = part_find_pins(pa, "go", BP_PIN_IN);
    part_enter(pa); /* as pins.c does */
    in->row->set(a, 0, true);
    part_leave(pa);
    ck_assert(a->runs == 1 && a->result == -EFAULT);
    a->result = 0;
    clock_run(m, true);
    bp_timer_arm(a, &a->timer, 0);
    for (unsigned i = 0; i < 1000 && a->runs < 2; i++) {
        loop_poll(m->loop);
        g_usleep(100);
    }
    clock_run(m, false);
    ck_assert(a->runs == 2 && a->result == -EFAULT);
}
END_TEST

/* ---- who must know --------------------------------------------------------------------------- */

START_TEST(code_pages_and_dirty_logs)
{
    struct dirty_log *log = dirty_log_new(m);
    uint8_t buf[4] = { 1 };
    atomic_store(&ram->page_flags[2], RAM_PAGE_CODE);
    ck_assert_int_eq(bp_dma_write(a, RAM + 0x1000, buf, 4), 0);
    ck_assert_uint_eq(told.written, 0);
    ck_assert_int_eq(bp_dma_write(a, RAM + 0x1ffe, buf, 4), 0);
    ck_assert(told.written == 1 && told.ram == ram && told.offset == 0x1ffe && told.n == 4);
    uint64_t n = 0x4000;
    void *p = bp_dma_map(a, RAM, &n, true);
    ck_assert_uint_eq(told.written, 1);
    bp_dma_unmap(a, p, 0x4000, true);
    ck_assert_uint_eq(told.written, 2);
    bp_dma_unmap(a, p, 0x1000, true);
    ck_assert_uint_eq(told.written, 2);
    ck_assert(dirty_log_test(log, ram, 0x3fff, 1, true));
    ck_assert(!dirty_log_test(log, ram, 0x3fff, 1, false));
    ck_assert(dirty_log_test(log, ram, 0, 0x1000, false));
    ck_assert(!dirty_log_test(log, ram, 0x4000, 0xf000, false));
    ram_mark_dirty(m, ram, 0x9000, 1);
    ck_assert(dirty_log_test(log, ram, 0x4000, 0xf000, false));
    struct ram_block *flash = ram_at(m, 2);
    ck_assert_str_eq(flash->name, "a/flash");
    atomic_store(&flash->page_flags[1], RAM_PAGE_CODE);
    bp_window_changed(a, 1, 0x1000, 1);
    ck_assert(told.written == 3 && told.ram == flash);
    ck_assert(dirty_log_test(log, flash, 0x1000, 1, false));
    dirty_log_free(log);
}
END_TEST

int main(void)
{
    fill_imports();
    Suite *suite = suite_create("memory");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, flatten);
    tcase_add_test(tc, overlap_is_refused);
    tcase_add_test(tc, flatten_random);
    tcase_add_test(tc, look_up_while_it_changes);
    tcase_add_test(tc, rom_device_and_ram_window);
    tcase_add_test(tc, dma);
    tcase_add_test(tc, loaders);
    tcase_add_test(tc, vcpu_of_an_access);
    tcase_add_test(tc, lock_of_a_part);
    tcase_add_test(tc, part_cannot_reach_itself);
    tcase_add_test(tc, guard_covers_pins_and_timers);
    tcase_add_test(tc, code_pages_and_dirty_logs);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
