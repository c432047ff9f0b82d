/* SPDX-License-Identifier: MIT */
/*
 * live.c: one device in a machine without vCPUs: reset twice gives the same saved bytes; random
 * accesses of every size, and changes of its inputs, neither crash nor hang nor change state that
 * is not saved; what is saved, loaded into another machine and saved again is the same, and its windows lie
 * where they lay; and a reset at the end brings back what the first one gave. It runs in a child
 * process with a time limit.
 */
#include "check.h"

#include "core/block.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outside.h"
#include "pcihost.h"

#include <backplane/bus/pci.h>

#define WINDOWS_AT UINT64_C(0x10000000)
#define RAM_AT UINT64_C(0x8000000000)
#define RAM_SIZE (4 * BP_MIB)
#define TIME_LIMIT_S 60
#define DOING_SIZE 192
#define FIRINGS_MAX 100 /* of timers at once: one that is always due must not hold up the check */

struct bench {
    struct machine *m;
    struct part *dev;
    struct part *pci; /* the host bridge, where there is one */
    uint64_t windows_end;
    bool *covered;   /* the device's state: bytes that some row mentions, or NULL ... */
    uint8_t *before; /* ... and as it was after a reset */
};

/* splitmix64 (public domain, S. Vigna) */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* A device that offers what another one needs, among all plugins that can be found. */
static const struct bp_device *who_offers(const char *id)
{
    if (!strcmp(id, BP_PCI_BUS_ID))
        return &pcihost;
    GPtrArray *list = entity_list(BP_KIND_DEVICE);
    const struct bp_device *found = NULL;
    for (unsigned i = 0; i < list->len && !found; i++) {
        bool failed;
        const char *name = ((struct entity_info *)list->pdata[i])->manifest->id;
        const struct bp_device *d = (const void *)entity_try(BP_KIND_DEVICE, name, &failed);
        for (uint32_t j = 0; d && j < d->offers.count && !found; j++)
            if (!strcmp(PART_ROW(bp_offer, d->offers, j)->id, id))
                found = d;
    }
    g_ptr_array_unref(list);
    return found;
}

static bool has_offer(const struct machine *m, const char *id)
{
    for (unsigned i = 0; i < m->parts->len; i++)
        if (part_find_offer(m->parts->pdata[i], id, NULL))
            return true;
    return false;
}

static void add_partners(struct bench *b, const struct bp_device *d, unsigned depth)
{
    struct machine *m = b->m;
    for (uint32_t i = 0; i < d->needs.count && depth < 4; i++) {
        const struct bp_need *need = PART_ROW(bp_need, d->needs, i);
        const struct bp_device *partner = has_offer(m, need->id) ? NULL : who_offers(need->id);
        if (!partner || partner == d)
            continue;
        add_partners(b, partner, depth + 1);
        char *name = g_strdup_printf("%s-partner%u", partner->head.id, m->parts->len);
        struct part *made = part_create(m, partner, name);
        if (partner == &pcihost)
            b->pci = made;
        g_free(name);
    }
}

static bool map_all(struct bench *b)
{
    b->windows_end = WINDOWS_AT;
    for (unsigned i = 0; i < b->m->parts->len; i++) {
        struct part *p = b->m->parts->pdata[i];
        for (uint32_t w = 0; w < part_window_count(p); w++) {
            uint64_t size = part_window_size(p, w);
            if (PART_ROW(bp_window, p->device.windows, w)->flags & BP_WINDOW_PLACED)
                continue;
            if (size && part_map(p, w, b->windows_end) < 0)
                return false;
            b->windows_end += (size + 0xFFFFF) & ~UINT64_C(0xFFFFF);
        }
    }
    return true;
}

static bool bench_try(struct bench *b, const struct bp_device *d, bool drives)
{
    struct ram_block *ram;
    b->m = machine_new();
    machine_set_seed(b->m, 1);
    add_partners(b, d, 0);
    b->dev = part_create(b->m, d, BENCH_NAME);
    return b->dev && outside_connect(b->dev, drives) == 0 &&
           memory_add_ram(b->m, "ram", RAM_AT, RAM_SIZE, false, &ram) == 0 &&
           machine_realize(b->m) == 0 && map_all(b);
}

static bool has_drive(const struct bp_device *d)
{
    for (uint32_t i = 0; i < d->ports.count; i++)
        if (PART_ROW(bp_port, d->ports, i)->kind == BP_KIND_BLOCK)
            return true;
    return false;
}

/* A device may ask for a drive of another size than ours; it then has to do without. */
static bool bench_open(struct bench *b, const struct bp_device *d)
{
    if (bench_try(b, d, true))
        return true;
    if (!has_drive(d))
        return false;
    machine_free(b->m);
    g_free(take_reason());
    return bench_try(b, d, false);
}

static GByteArray *save(struct bench *b)
{
    GByteArray *out = g_byte_array_new();
    state_save(b->m, out);
    return out;
}

/* The device's own state, for comparisons. */
static GByteArray *save_own(struct bench *b)
{
    GByteArray *out = g_byte_array_new();
    state_save_part(b->dev, out);
    return out;
}

/* ---- accesses -------------------------------------------------------------------------------- */

static uint64_t random_value(uint64_t *rng)
{
    uint64_t r = next_random(rng);
    switch (r & 7) {
    case 0: return 0;
    case 1: return UINT64_MAX;
    case 2: return UINT64_C(1) << (r >> 8 & 63);
    case 3: return RAM_AT + (r >> 8) % RAM_SIZE; /* where DMA finds something */
    case 4: return r >> 8 & 0xFF;
    default: return next_random(rng);
    }
}

/* Half of the accesses go to a register, the rest anywhere in a window, most of them to those of the
 * device itself. */
static uint64_t random_gpa(const struct bench *b, uint64_t *rng)
{
    uint64_t r = next_random(rng), base;
    const struct part *p = r >> 60 ? b->dev : b->m->parts->pdata[r % b->m->parts->len];
    const struct bp_device *d = &p->device;
    if ((r >> 16 & 1) && d->regs.count) {
        const struct bp_reg *row = PART_ROW(bp_reg, d->regs, (r >> 20) % d->regs.count);
        uint32_t n = row->count ? row->count : 1, step = row->stride ? row->stride : row->width / 8;
        if (memory_api.window_base(p->state, row->window, &base))
            return base + row->offset + (uint64_t)((r >> 40) % n) * step;
    }
    uint32_t windows = part_window_count(p), w = windows ? (uint32_t)(r >> 20) % windows : 0;
    uint64_t size = part_window_size(p, w);
    return size && memory_api.window_base(p->state, w, &base) ? base + next_random(rng) % size : RAM_AT;
}

/* "a write of 0x5 (4 bytes) at 0x10 (CTRL)": told when the device dies of it. */
static void note_access(struct subject *s, const struct memory_piece *piece, uint64_t gpa,
                        unsigned bytes, bool write, uint64_t value)
{
    const struct memory_window *w = piece->window;
    const struct bp_device *d = &w->part->device;
    uint64_t offset = piece->window_offset + (gpa - piece->gpa);
    char reg[64] = "no register", data[32] = "";
    for (uint32_t i = 0; i < d->regs.count; i++) {
        const struct bp_reg *r = PART_ROW(bp_reg, d->regs, i);
        uint32_t n = r->count ? r->count : 1, step = r->stride ? r->stride : r->width / 8;
        uint64_t at = offset - r->offset;
        if (r->window != w->index || offset < r->offset || at / step >= n ||
            at % step >= r->width / 8)
            continue;
        if (r->count)
            snprintf(reg, sizeof reg, "%.40s[%" PRIu64 "]", r->name, at / step);
        else
            snprintf(reg, sizeof reg, "%.60s", r->name);
    }
    if (write)
        snprintf(data, sizeof data, " of 0x%" PRIx64,
                 bytes == 8 ? value : value & ((UINT64_C(1) << 8 * bytes) - 1));
    snprintf(s->doing, DOING_SIZE, "at a %s%s, %u byte%s at 0x%" PRIx64 " (%s)",
             write ? "write" : "read", data, bytes, bytes == 1 ? "" : "s", offset, reg);
}

/* Virtual time goes on by ns; timers of all parts fire in order. */
static void advance(struct subject *s, struct bench *b, int64_t ns)
{
    int64_t now = machine_now(b->m, BP_CLOCK_VIRTUAL), end = now + ns;
    for (unsigned fired = 0; fired < FIRINGS_MAX; fired++) {
        struct core_timer *next = NULL;
        for (unsigned i = 0; i < b->m->parts->len; i++) {
            const struct part *p = b->m->parts->pdata[i];
            for (uint32_t t = 0; t < p->device.timers.count; t++)
                if (PART_ROW(bp_timer_row, p->device.timers, t)->clock == BP_CLOCK_VIRTUAL &&
                    p->timers[t].deadline_ns <= (next ? next->deadline_ns - 1 : end))
                    next = &p->timers[t];
        }
        if (!next)
            break;
        now = MAX(now, next->deadline_ns);
        clock_set_virtual(b->m, now);
        core_timer_arm(next, BP_NEVER);
        snprintf(s->doing, DOING_SIZE, "when one of its timers fires");
        machine_lock(b->m);
        part_enter(next->part);
        next->fire(next->opaque);
        part_leave(next->part);
        machine_unlock(b->m);
    }
    clock_set_virtual(b->m, end);
}

static void drive_input(struct subject *s, struct bench *b, uint64_t *rng)
{
    const struct bp_device *d = &b->dev->device;
    uint64_t r = next_random(rng);
    uint32_t row = (uint32_t)(r % d->pins.count);
    const struct part_pins *pins = &b->dev->pins[row];
    if (pins->row->direction != BP_PIN_IN || !pins->count || !pins->row->set)
        return;
    snprintf(s->doing, DOING_SIZE, "when its input %s is set", pins->row->name);
    machine_lock(b->m);
    part_enter(b->dev);
    pins->row->set(b->dev->state, (unsigned)((r >> 16) % pins->count), r >> 63);
    part_leave(b->dev);
    machine_unlock(b->m);
}

/* Whether a byte that nothing saves is not as it was after the reset. */
static void check_hidden_state(struct subject *s, struct bench *b)
{
    const struct bp_device *d = &b->dev->device;
    const uint8_t *now = b->dev->state;
    for (uint32_t i = 0; i < d->state_size && b->covered; i++) {
        if (b->covered[i] || b->before[i] == now[i])
            continue;
        problem(s, "%s: byte %u of its state changes, but is neither saved nor transient: make it "
                "a register, BP_SAVED or BP_TRANSIENT", d->head.id, i);
        g_clear_pointer(&b->covered, g_free); /* once is enough */
    }
}

static void poke(struct subject *s, struct bench *b, uint32_t accesses, uint64_t seed)
{
    uint64_t rng = seed;
    for (uint32_t i = 0; i < accesses; i++) {
        uint64_t gpa = random_gpa(b, &rng), r = next_random(&rng), value = random_value(&rng);
        unsigned bytes = 1u << (r & 3);
        struct memory_piece piece;
        if (memory_find(b->m->system, gpa, &piece) && piece.window) {
            note_access(s, &piece, gpa, bytes, r & 16, value);
            if (r & 16)
                memory_io_write(&piece, gpa, bytes, value);
            else
                memory_io_read(&piece, gpa, bytes, &value);
        }
        if (b->dev->device.pins.count && (r >> 8 & 31) == 0)
            drive_input(s, b, &rng);
        if ((r >> 16 & 127) == 0) {
            snprintf(s->doing, DOING_SIZE, "when one of its ports gets data");
            outside_talk(b->m, next_random(&rng));
        }
        if (b->pci && (r >> 40 & 127) == 0) {
            snprintf(s->doing, DOING_SIZE, "when a driver accesses its configuration space");
            pcihost_drive(b->pci, next_random(&rng));
        }
        if ((r >> 24 & 127) == 0) /* up to a second, mostly much less */
            advance(s, b, (int64_t)(next_random(&rng) >> 34 >> (r >> 32 & 31)));
        if ((i & 63) == 0)
            check_hidden_state(s, b);
        if ((i & 255) == 0)
            loop_poll(b->m->loop);
    }
    snprintf(s->doing, DOING_SIZE, "after all accesses");
    block_drain_all(b->m);
}

/* ---- in the child ---------------------------------------------------------------------------- */

/* What differs between two states of the device, if anything. */
static void compare(struct subject *s, const struct bench *bench, const char *what, GByteArray *a,
                    GByteArray *b, bool after_reset, const char *advice)
{
    g_autofree char *item = state_difference(bench->dev, a, b, after_reset);
    if (item)
        problem(s, "%s: %s: %s%s", bench->dev->device.head.id, what,
                *item ? item : "what is saved at all", advice);
}

/* Placements are made again by post_load. */
static void compare_places(struct subject *s, const struct bench *a, const struct bench *b)
{
    for (uint32_t w = 0; w < part_window_count(a->dev); w++) {
        const struct bp_window *row = PART_ROW(bp_window, a->dev->device.windows, w);
        uint64_t x = 0, y = 0;
        bool in_a = memory_api.window_base(a->dev->state, w, &x);
        bool in_b = memory_api.window_base(b->dev->state, w, &y);
        if (in_a == in_b && x == y)
            continue;
        problem(s, "%s: its window '%s' lies elsewhere after its state was loaded: .post_load must place it "
                   "again (PCI: pci_post_load)", a->dev->device.head.id, row->name);
        return;
    }
}

/* The bench's own doings are undone, so that all that is left is the device's. */
static void reset_at_last(struct subject *s, struct bench *b, int64_t start)
{
    strcpy(s->doing, "when it is reset after use");
    machine_lock(b->m);
    for (uint32_t i = 0; i < b->dev->device.pins.count; i++) {
        const struct part_pins *pins = &b->dev->pins[i];
        for (uint32_t n = 0; pins->row->direction == BP_PIN_IN && pins->row->set && n < pins->count; n++) {
            part_enter(b->dev);
            pins->row->set(b->dev->state, n, false);
            part_leave(b->dev);
        }
    }
    machine_unlock(b->m);
    clock_set_virtual(b->m, start);
    machine_reset(b->m);
}

static void load_into_another(struct subject *s, const struct bp_device *d, struct bench *a)
{
    struct bench b = { 0 };
    g_autoptr(GByteArray) saved = save(a), own = save_own(a);
    if (!bench_open(&b, d)) {
        g_autofree char *why = take_reason();
        problem(s, "%s: cannot be made twice%s", d->head.id, why);
        return;
    }
    machine_reset(b.m);
    strcpy(s->doing, "when its saved state is loaded");
    if (state_load(b.m, saved->data, saved->len) < 0) {
        g_autofree char *why = take_reason();
        problem(s, "%s: what it saved cannot be loaded%s", d->head.id, why);
    } else {
        g_autoptr(GByteArray) again = save_own(&b);
        compare(s, &b, "save, load, save gives other bytes", own, again, false, "");
        compare_places(s, a, &b);
        poke(s, &b, s->accesses / 10, s->seed + 1); /* a loaded part works on */
    }
    strcpy(s->doing, "when it is freed");
    machine_free(b.m);
}

static void run(struct subject *s, const struct bp_device *d)
{
    struct bench a = { 0 };
    strcpy(s->doing, "when it is made");
    if (!bench_open(&a, d)) {
        g_autofree char *why = take_reason();
        problem(s, "%s: cannot be made with its default properties%s", d->head.id, why);
        return;
    }
    int64_t start = machine_now(a.m, BP_CLOCK_VIRTUAL);
    strcpy(s->doing, "when it is reset");
    machine_reset(a.m);
    g_autoptr(GByteArray) first = save_own(&a);
    machine_reset(a.m);
    g_autoptr(GByteArray) second = save_own(&a);
    compare(s, &a, "a second reset gives another state", first, second, false, "");
    a.before = g_memdup2(a.dev->state, d->state_size + 1);
    a.covered = g_new0(bool, d->state_size + 1);
    device_coverage(d, a.covered);
    poke(s, &a, s->accesses, s->seed);
    check_hidden_state(s, &a);
    g_autofree char *why = take_reason();
    if (*why)
        problem(s, "%s: it says while it runs%s", d->head.id, why);
    load_into_another(s, d, &a);
    reset_at_last(s, &a, start);
    g_autoptr(GByteArray) last = save_own(&a);
    if (!s->problems)
        compare(s, &a, "a reset after use leaves another state than the first", first, last, true,
                ": put it back in the reset hook (or, where it is to outlive a reset, make it BP_KEPT)");
    g_free(a.before);
    g_free(a.covered);
    strcpy(s->doing, "when it is freed");
    machine_free(a.m);
}

void check_device(struct subject *s, const struct bp_device *d)
{
    if (!d)
        return;
    fflush(stdout);
    s->doing = mmap(NULL, DOING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->doing == MAP_FAILED) {
        problem(s, "%s: no memory", d->head.id);
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        alarm(TIME_LIMIT_S);
        run(s, d);
        fflush(stdout);
        s->doing[0] = '\0'; /* not cut short */
        _exit(s->problems ? 1 : 0);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        problem(s, "%s: cannot make a process", d->head.id);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        problem(s, "%s: hangs (over %d seconds) %s (seed %" PRIu64 ")", d->head.id, TIME_LIMIT_S,
                s->doing, s->seed);
    else if (WIFSIGNALED(status))
        problem(s, "%s: crashes %s: %s (seed %" PRIu64 ")", d->head.id, s->doing,
                strsignal(WTERMSIG(status)), s->seed);
    else if (s->doing[0]) /* sanitizers end the process by themselves */
        problem(s, "%s: crashes %s: exit status %d (seed %" PRIu64 ")", d->head.id, s->doing,
                WEXITSTATUS(status), s->seed);
    else if (WEXITSTATUS(status))
        s->problems++; /* said by the child */
    munmap(s->doing, DOING_SIZE);
}
