/* SPDX-License-Identifier: MIT */
/* ram.c: host memory behind RAM and ROM, who must know when it changes, and the board's plain
 * memory parts. */
#include <core/memory_priv.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

/* Blocks of this size and more are placed so that the host can use large pages. */
#define LARGE ((uint64_t)2 << 20)

struct dirty_log {
    struct machine *machine;
    pthread_mutex_t lock;
    _Atomic uint64_t *bits[RAM_BLOCKS_MAX]; /* a bit a page; NULL: never marked */
};

static uint64_t pages_of(uint64_t size)
{
    return (size + ((1u << RAM_PAGE_LOG2) - 1)) >> RAM_PAGE_LOG2;
}

static void *map(uint64_t size, uint64_t align)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    if (size > (UINT64_C(1) << 46))
        return NULL;
    uint8_t *p = mmap(NULL, size + align, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    uint8_t *start = align ? (uint8_t *)(((uintptr_t)p + align - 1) & ~(uintptr_t)(align - 1)) : p;
    if (start > p)
        munmap(p, (size_t)(start - p));
    if (start < p + align)
        munmap(start + size, (size_t)(p + align - start));
    return start;
}

struct ram_block *ram_new(struct machine *m, const char *name, uint64_t size)
{
    struct memory *mem = m->memory;
    uint32_t index = atomic_load(&mem->block_count);
    uint64_t bytes = pages_of(size) << RAM_PAGE_LOG2;
    if (index == RAM_BLOCKS_MAX)
        return core_error(ENOMEM, "more than %d pieces of RAM and ROM", RAM_BLOCKS_MAX), NULL;
    struct ram_block *ram = g_new0(struct ram_block, 1);
    ram->host = map(bytes, bytes >= LARGE ? LARGE : 0);
    ram->page_flags = ram->host ? map(pages_of(bytes >> RAM_PAGE_LOG2) << RAM_PAGE_LOG2, 0) : NULL;
    if (!ram->page_flags) {
        if (ram->host)
            munmap(ram->host, bytes);
        g_free(ram);
        return core_error(ENOMEM, "the host has no %" PRIu64 " bytes of memory for %s", size,
                          name), NULL;
    }
    if (bytes >= LARGE)
        madvise(ram->host, bytes, MADV_HUGEPAGE);
    ram->name = g_strdup(name);
    ram->size = size;
    ram->index = index;
    atomic_store(&mem->blocks[index], ram);
    atomic_store(&mem->block_count, index + 1);
    return ram;
}

void ram_free(struct ram_block *ram)
{
    uint64_t bytes = pages_of(ram->size) << RAM_PAGE_LOG2;
    munmap(ram->host, bytes);
    munmap((void *)ram->page_flags, pages_of(bytes >> RAM_PAGE_LOG2) << RAM_PAGE_LOG2);
    g_free((char *)ram->name);
    g_free(ram);
}

uint32_t ram_count(const struct machine *m)
{
    return atomic_load(&m->memory->block_count);
}

struct ram_block *ram_at(const struct machine *m, uint32_t i)
{
    return i < ram_count(m) ? atomic_load(&m->memory->blocks[i]) : NULL;
}

int memory_add_ram(struct machine *m, const char *name, uint64_t gpa, uint64_t size, bool rom,
                   struct ram_block **ret)
{
    if (!size)
        return core_error(EINVAL, "%s has size 0", name);
    struct ram_block *ram = ram_new(m, name, size);
    if (!ram)
        return -ENOMEM;
    if (ret)
        *ret = ram;
    return region_add(address_space_root(m->system), region_ram(m, name, ram, 0, size, rom), gpa,
                      0);
}

/* ---- stubs ----------------------------------------------------------------------------------- */

struct stub {
    uint64_t size;
};

static uint64_t stub_read(void *dev, uint64_t offset, unsigned size)
{
    part_log(part_of(dev), BP_LOG_UNIMP, "read of %u bytes at offset 0x%" PRIx64, size, offset);
    return 0;
}

static void stub_write(void *dev, uint64_t offset, uint64_t value, unsigned size)
{
    part_log(part_of(dev), BP_LOG_UNIMP, "write of 0x%" PRIx64 " (%u bytes) at offset 0x%" PRIx64,
             value,
             size, offset);
}

int memory_add_stub(struct machine *m, const char *name, uint64_t gpa, uint64_t size)
{
    static const struct bp_window window[] = {
        { .name = "mmio", .size_prop = "size", .storage = BP_NO_STORAGE, .read = stub_read,
          .write = stub_write },
    };
    static const struct bp_prop props[] = { BP_SIZE(struct stub, size, 0, 0, 0, "bytes") };
    static const struct bp_device device = {
        .head = { sizeof device, BP_KIND_DEVICE, "stub" },
        .state_size = sizeof(struct stub),
        .windows = BP_ROWS(window),
        .props = BP_ROWS(props),
    };
    struct part *part = part_create(m, &device, name);
    if (!part)
        return -EEXIST;
    ((struct stub *)part->state)->size = size;
    int r = part_prepare(part);
    return r < 0 ? r : part_map(part, 0, gpa);
}

/* ---- changes --------------------------------------------------------------------------------- */

static _Atomic uint64_t *log_bits(struct dirty_log *log, const struct ram_block *ram, bool make)
{
    _Atomic uint64_t *bits = __atomic_load_n(&log->bits[ram->index], __ATOMIC_ACQUIRE);
    if (bits || !make)
        return bits;
    pthread_mutex_lock(&log->lock);
    bits = log->bits[ram->index];
    if (!bits) {
        bits = g_malloc0((pages_of(ram->size) / 64 + 1) * sizeof *bits);
        __atomic_store_n(&log->bits[ram->index], bits, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&log->lock);
    return bits;
}

void ram_mark_dirty(struct machine *m, struct ram_block *ram, uint64_t offset, uint64_t n)
{
    struct memory *mem = m->memory;
    if (!n || offset >= ram->size || !atomic_load_explicit(&mem->log_count, memory_order_relaxed))
        return;
    uint64_t last = MIN(n - 1, ram->size - 1 - offset) + offset;
    pthread_mutex_lock(&mem->logs_lock);
    for (guint i = 0; i < mem->logs->len; i++) {
        _Atomic uint64_t *bits = log_bits(g_ptr_array_index(mem->logs, i), ram, true);
        for (uint64_t p = offset >> RAM_PAGE_LOG2; p <= last >> RAM_PAGE_LOG2; p++)
            atomic_fetch_or(&bits[p / 64], UINT64_C(1) << (p % 64));
    }
    pthread_mutex_unlock(&mem->logs_lock);
}

void ram_changed(struct machine *m, struct ram_block *ram, uint64_t offset, uint64_t n)
{
    if (!n || offset >= ram->size)
        return;
    ram_mark_dirty(m, ram, offset, n);
    if (!m->accel || !m->accel_entity->ram_written)
        return;
    /* Pairs with the translator, which marks the page before it reads the code. */
    atomic_thread_fence(memory_order_seq_cst);
    uint64_t last = (MIN(n - 1, ram->size - 1 - offset) + offset) >> RAM_PAGE_LOG2;
    for (uint64_t p = offset >> RAM_PAGE_LOG2; p <= last; p++) {
        if (atomic_load_explicit(&ram->page_flags[p], memory_order_relaxed) & RAM_PAGE_CODE) {
            m->accel_entity->ram_written(m->accel, ram, offset, n);
            return;
        }
    }
}

struct dirty_log *dirty_log_new(struct machine *m)
{
    struct memory *mem = m->memory;
    struct dirty_log *log = g_new0(struct dirty_log, 1);
    log->machine = m;
    pthread_mutex_init(&log->lock, NULL);
    pthread_mutex_lock(&mem->logs_lock);
    g_ptr_array_add(mem->logs, log);
    atomic_store(&mem->log_count, mem->logs->len);
    pthread_mutex_unlock(&mem->logs_lock);
    return log;
}

void dirty_log_free(struct dirty_log *log)
{
    struct memory *mem = log->machine->memory;
    pthread_mutex_lock(&mem->logs_lock);
    g_ptr_array_remove(mem->logs, log);
    atomic_store(&mem->log_count, mem->logs->len);
    pthread_mutex_unlock(&mem->logs_lock);
    for (uint32_t i = 0; i < RAM_BLOCKS_MAX; i++)
        g_free((void *)log->bits[i]);
    pthread_mutex_destroy(&log->lock);
    g_free(log);
}

bool dirty_log_test(struct dirty_log *log, struct ram_block *ram, uint64_t offset, uint64_t n,
                    bool clear)
{
    _Atomic uint64_t *bits = log_bits(log, ram, false);
    bool dirty = false;
    if (!bits || !n || offset >= ram->size)
        return false;
    uint64_t last = (MIN(n - 1, ram->size - 1 - offset) + offset) >> RAM_PAGE_LOG2;
    for (uint64_t p = offset >> RAM_PAGE_LOG2; p <= last; p++) {
        uint64_t bit = UINT64_C(1) << (p % 64);
        uint64_t old = clear ? atomic_fetch_and(&bits[p / 64], ~bit) : atomic_load(&bits[p / 64]);
        dirty |= (old & bit) != 0;
    }
    return dirty;
}
