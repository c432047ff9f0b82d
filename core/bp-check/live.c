/* SPDX-License-Identifier: MIT */
/*
 * live.c: one device in a machine without vCPUs: reset twice gives the same saved bytes; random
 * accesses of every size, and changes of its inputs, neither crash nor hang nor change state that
 * is not saved; and what is saved, loaded into another machine and saved again is the same. It runs
 * in a child process with a time limit.
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

#define WINDOWS_AT UINT64_C(0x10000000)
#define RAM_AT UINT64_C(0x8000000000)
#define RAM_SIZE (4 * BP_MIB)
#define TIME_LIMIT_S 60
#define DOING_SIZE 192
#define FIRINGS_MAX 100 /* of timers at once: one that is always due must not hold up the check */

struct bench {
    struct machine *m;
    struct part *dev;
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

static void add_partners(struct machine *m, const struct bp_device *d, unsigned depth)
{
    for (uint32_t i = 0; i < d->needs.count && depth < 4; i++) {
        const struct bp_need *need = PART_ROW(bp_need, d->needs, i);
        const struct bp_device *partner = has_offer(m, need->id) ? NULL : who_offers(need->id);
        if (!partner || partner == d)
            continue;
        add_partners(m, partner, depth + 1);
        char *name = g_strdup_printf("%s-partner%u", partner->head.id, m->parts->len);
        part_create(m, partner, name);
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
    add_partners(b->m, d, 0);
    b->dev = part_create(b->m, d, "dev");
    return b->dev && outside_connect(b->dev, drives) == 0 &&
           memory_add_ram(b->m, "ram", RAM_AT, RAM_SIZE, false, &ram) == 0 &&
           machine_realize(b->m) == 0 && map_all(b);
}

/* A device may ask for a drive of another size than ours; it then has to do without. */
static bool bench_open(struct bench *b, const struct bp_device *d)
{
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    bool made = bench_try(b, d, true);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
    if (made)
        return true;
    machine_free(b->m);
    return bench_try(b, d, false);
}

static GByteArray *save(struct bench *b)
{
    GByteArray *out = g_byte_array_new();
    state_save(b->m, out);
    return out;
}

static bool same(const GByteArray *a, const GByteArray *b)
{
    return a->len == b->len && !memcmp(a->data, b->data, a->len);
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

/* Half of the accesses go to a register, the rest anywhere. */
static uint64_t random_gpa(const struct bench *b, uint64_t *rng)
{
    uint64_t r = next_random(rng);
    const struct part *p = b->m->parts->pdata[r % b->m->parts->len];
    const struct bp_device *d = &p->device;
    if ((r >> 16 & 1) && d->regs.count) {
        const struct bp_reg *row = PART_ROW(bp_reg, d->regs, (r >> 20) % d->regs.count);
        uint32_t n = row->count ? row->count : 1, step = row->stride ? row->stride : row->width / 8;
        uint64_t at = WINDOWS_AT;
        for (unsigned i = 0; i < b->m->parts->len && b->m->parts->pdata[i] != p; i++)
            for (uint32_t w = 0; w < part_window_count(b->m->parts->pdata[i]); w++)
                at += (part_window_size(b->m->parts->pdata[i], w) + 0xFFFFF) & ~UINT64_C(0xFFFFF);
        for (uint32_t w = 0; w < row->window; w++)
            at += (part_window_size(p, w) + 0xFFFFF) & ~UINT64_C(0xFFFFF);
        return at + row->offset + (uint64_t)((r >> 40) % n) * step;
    }
    uint64_t span = b->windows_end - WINDOWS_AT;
    return span ? WINDOWS_AT + next_random(rng) % span : RAM_AT;
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

static void run(struct subject *s, const struct bp_device *d)
{
    struct bench a = { 0 }, b = { 0 };
    strcpy(s->doing, "when it is made");
    if (!bench_open(&a, d)) {
        problem(s, "%s: cannot be made with its default properties", d->head.id);
        return;
    }
    strcpy(s->doing, "when it is reset");
    machine_reset(a.m);
    GByteArray *first = save(&a);
    machine_reset(a.m);
    GByteArray *second = save(&a);
    if (!same(first, second))
        problem(s, "%s: a second reset gives another state", d->head.id);
    a.before = g_memdup2(a.dev->state, d->state_size + 1);
    a.covered = g_new0(bool, d->state_size + 1);
    device_coverage(d, a.covered);
    poke(s, &a, s->accesses, s->seed);
    check_hidden_state(s, &a);
    GByteArray *saved = save(&a);
    if (!bench_open(&b, d)) {
        problem(s, "%s: cannot be made twice", d->head.id);
        return;
    }
    machine_reset(b.m);
    strcpy(s->doing, "when its saved state is loaded");
    if (state_load(b.m, saved->data, saved->len) < 0) {
        problem(s, "%s: what it saved cannot be loaded", d->head.id);
    } else {
        GByteArray *again = save(&b);
        if (!same(saved, again))
            problem(s, "%s: save, load, save gives other bytes", d->head.id);
        g_byte_array_unref(again);
        poke(s, &b, s->accesses / 10, s->seed + 1); /* a loaded part works on */
    }
    g_byte_array_unref(first);
    g_byte_array_unref(second);
    g_byte_array_unref(saved);
    g_free(a.before);
    g_free(a.covered);
    strcpy(s->doing, "when it is freed");
    machine_free(a.m);
    machine_free(b.m);
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
