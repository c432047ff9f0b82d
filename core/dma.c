/* SPDX-License-Identifier: MIT */
/*
 * dma.c: accesses through windows, and parts' own accesses to memory.
 *
 * All [bus] code runs under the machine lock between part_enter() and part_leave(), and part->busy
 * counts how often a part is on the stack. An access that would enter a part's window while that
 * part is on the stack is refused: so no part reaches itself, directly or through others, from
 * whatever callback. Lock-free windows keep no count for vCPUs, but DMA that comes from the part
 * itself is refused all the same.
 */
#include <core/memory_priv.h>
#include <core/regs.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- windows --------------------------------------------------------------------------------- */

static int refuse(const struct memory_window *w, uint64_t offset)
{
    part_log(w->part, BP_LOG_GUEST_ERROR,
             "access to offset 0x%" PRIx64 " of %s comes from the part itself: refused", offset,
             w->name);
    return -EFAULT;
}

/* The access of vCPU `cpu`; of a part or a debugger where that is BP_NO_CPU. */
static int io(struct memory_window *w, uint64_t offset, unsigned bytes, uint64_t *value, bool write,
              bool dma, uint32_t cpu)
{
    bool lock_free = w->flags & BP_WINDOW_LOCK_FREE;
    struct machine *m = w->part->machine;
    uint32_t outer = BP_NO_CPU;
    int r = 0;
    if (lock_free && dma && w->part->busy)
        return refuse(w, offset);
    if (!lock_free) {
        machine_lock(m);
        if (w->part->busy)
            r = refuse(w, offset);
        else
            part_enter(w->part);
        outer = m->access_cpu;
        m->access_cpu = cpu;
    }
    if (!r && write)
        window_write(w, offset, bytes, *value);
    else if (!r)
        *value = window_read(w, offset, bytes);
    if (!lock_free) {
        m->access_cpu = outer;
        if (!r)
            part_leave(w->part);
        machine_unlock(m);
    }
    return r;
}

/* Where in the window (or the memory) gpa lies; false where the access does not fit in. */
static bool inside(const struct memory_piece *p, uint64_t gpa, unsigned bytes, uint64_t *ret_at)
{
    *ret_at = gpa - p->gpa;
    if (*ret_at < p->size && bytes <= p->size - *ret_at)
        return true;
    if (log_on(LOG_GUEST_ERRORS))
        log_text("guest error: access of %u bytes at 0x%" PRIx64 " reaches past the end of %s\n",
                 bytes, gpa, memory_piece_name(p));
    return false;
}

int memory_io_read(struct memory_piece *p, uint64_t gpa, unsigned bytes, uint64_t *ret)
{
    uint64_t at;
    *ret = 0;
    if (!inside(p, gpa, bytes, &at))
        return -EFAULT;
    if (p->window)
        return io(p->window, p->window_offset + at, bytes, ret, false, false, p->cpu);
    if (!p->ram)
        return -EFAULT;
    memcpy(ret, p->ram->host + p->ram_offset + at, bytes);
    *ret = GUINT64_FROM_LE(*ret);
    return 0;
}

static void log_rom_write(const struct memory_piece *p, uint64_t gpa)
{
    if (log_on(LOG_GUEST_ERRORS))
        log_text("guest error: write to ROM %s at 0x%" PRIx64 "\n", memory_piece_name(p), gpa);
}

int memory_io_write(struct memory_piece *p, uint64_t gpa, unsigned bytes, uint64_t value)
{
    uint64_t at;
    if (!inside(p, gpa, bytes, &at))
        return -EFAULT;
    if (p->window)
        return io(p->window, p->window_offset + at, bytes, &value, true, false, p->cpu);
    log_rom_write(p, gpa);
    return 0;
}

/* ---- DMA ------------------------------------------------------------------------------------- */

/* Scalars are copied whole, so that a vCPU never sees half of one. */
static void copy_scalar_or_bytes(void *to, const void *from, size_t n)
{
    switch (n) {
    case 2: {
        uint16_t v;
        memcpy(&v, from, sizeof v);
        memcpy(to, &v, sizeof v);
        break;
    }
    case 4: {
        uint32_t v;
        memcpy(&v, from, sizeof v);
        memcpy(to, &v, sizeof v);
        break;
    }
    case 8: {
        uint64_t v;
        memcpy(&v, from, sizeof v);
        memcpy(to, &v, sizeof v);
        break;
    }
    default:
        memcpy(to, from, n);
    }
}

/* The largest naturally aligned access at gpa of at most n bytes. */
static unsigned unit(uint64_t gpa, uint64_t n)
{
    unsigned size = 8;
    while (size > n || gpa % size)
        size /= 2;
    return size;
}

static int copy_window(struct memory_window *w, uint64_t offset, uint8_t *buf, uint64_t n,
                       bool write)
{
    for (uint64_t done = 0; done < n;) {
        unsigned size = unit(offset + done, n - done);
        uint64_t v = 0;
        if (write)
            memcpy(&v, buf + done, size);
        v = GUINT64_FROM_LE(v);
        int r = io(w, offset + done, size, &v, write, true, BP_NO_CPU);
        if (r < 0)
            return r;
        v = GUINT64_TO_LE(v);
        if (!write)
            memcpy(buf + done, &v, size);
        done += size;
    }
    return 0;
}

static int copy(struct machine *m, struct address_space *as, uint64_t gpa, uint8_t *buf, size_t n,
                bool write)
{
    struct memory_piece p;
    if (n && gpa + (n - 1) < gpa)
        return -EFAULT;
    while (n) {
        if (!memory_find(as, gpa, &p))
            return -EFAULT;
        uint64_t at = gpa - p.gpa, take = MIN(n, p.size - at);
        if (p.ram && (write ? p.write_direct : p.read_direct)) {
            uint8_t *host = p.ram->host + p.ram_offset + at;
            copy_scalar_or_bytes(write ? host : buf, write ? buf : host, take);
            if (write)
                ram_changed(m, p.ram, p.ram_offset + at, take);
        } else if (p.window) {
            int r = copy_window(p.window, p.window_offset + at, buf, take, write);
            if (r < 0)
                return r;
        } else {
            log_rom_write(&p, gpa);
            return -EFAULT;
        }
        gpa += take;
        buf += take;
        n -= take;
    }
    return 0;
}

static int dma(void *dev, uint64_t gpa, void *buf, size_t n, bool write)
{
    struct part *part = part_of(dev);
    struct machine *m = part->machine;
    machine_lock(m);
    part_enter(part);
    int r = part->no_dma ? -EFAULT : copy(m, part->space, gpa, buf, n, write);
    part_leave(part);
    machine_unlock(m);
    if (r < 0)
        part_log(part, BP_LOG_GUEST_ERROR, "DMA %s of %zu bytes at 0x%" PRIx64 " failed%s",
                 write ? "write" : "read", n, gpa, part->no_dma ? ": it may not reach memory" : "");
    return r;
}

static int dma_read(void *dev, uint64_t gpa, void *buf, size_t n)
{
    return dma(dev, gpa, buf, n, false);
}

static int dma_write(void *dev, uint64_t gpa, const void *buf, size_t n)
{
    return dma(dev, gpa, (void *)buf, n, true);
}

static void *dma_map(void *dev, uint64_t gpa, uint64_t *n, bool writable)
{
    struct memory_piece p;
    const struct part *part = part_of(dev);
    if (!*n || part->no_dma || !memory_find(part->space, gpa, &p) || !p.ram || !p.read_direct ||
        (writable && !p.write_direct))
        return NULL;
    uint64_t at = gpa - p.gpa;
    *n = MIN(*n, p.size - at);
    return p.ram->host + p.ram_offset + at;
}

static void dma_unmap(void *dev, void *host, uint64_t n, bool written)
{
    struct machine *m = part_of(dev)->machine;
    for (uint32_t i = 0; written && host && i < ram_count(m); i++) {
        struct ram_block *ram = ram_at(m, i);
        uintptr_t at = (uintptr_t)host - (uintptr_t)ram->host;
        if (at < ram->size) {
            ram_changed(m, ram, at, n);
            return;
        }
    }
}

/* ---- control over windows -------------------------------------------------------------------- */

static struct memory_window *window_of(void *dev, unsigned window)
{
    struct part *part = part_of(dev);
    return part->windows && window < part->device.windows.count ? part->windows[window] : NULL;
}

static void window_set_direct(void *dev, unsigned window, bool direct)
{
    struct memory_window *w = window_of(dev, window);
    if (!w || !w->ram || atomic_exchange(&w->direct, direct) == direct)
        return;
    struct machine *m = part_of(dev)->machine;
    machine_lock(m);
    memory_tell_accelerator(m);
    machine_unlock(m);
}

static void window_changed(void *dev, unsigned window, uint64_t offset, uint64_t n)
{
    struct memory_window *w = window_of(dev, window);
    if (w && w->ram)
        ram_changed(part_of(dev)->machine, w->ram, offset, n);
}

static void window_set_mapped(void *dev, unsigned window, bool mapped)
{
    struct memory_window *w = window_of(dev, window);
    if (w && w->region)
        region_set_enabled(w->region, mapped);
}

static uint32_t access_cpu(void *dev)
{
    const struct machine *m = part_of(dev)->machine;
    return machine_holds_lock(m) ? m->access_cpu : BP_NO_CPU;
}

/* Of windows that overlap the part made first answers, whatever the order of their coming. */
static int window_place(void *dev, unsigned window, void *in, unsigned in_window, uint64_t offset)
{
    struct memory_window *w = window_of(dev, window);
    if (!w || !(w->flags & BP_WINDOW_PLACED))
        return -EINVAL;
    struct memory_window *bus = in ? window_of(in, in_window) : NULL;
    bool fits = bus && (bus->flags & BP_WINDOW_BUS) && bus->region;
    machine_lock(w->part->machine);
    if (!w->region)
        w->region = region_window(w->part->machine, w);
    int r = region_place(w->region, fits ? bus->region : NULL, offset,
                         -(int)(w->part->index << 6 | (window & 63)));
    machine_unlock(w->part->machine);
    return !r && in && !fits ? -EINVAL : r;
}

static bool window_base(void *dev, unsigned window, uint64_t *ret)
{
    const struct memory_window *w = window_of(dev, window);
    return w && w->region &&
           region_base(w->region, address_space_root(w->part->machine->system), ret);
}

static uint64_t window_size(void *dev, unsigned window)
{
    const struct memory_window *w = window_of(dev, window);
    return w ? w->size : 0;
}

static const struct bp_window *window_row(void *dev, unsigned window)
{
    const struct bp_rows *rows = &part_of(dev)->device.windows;
    return window < rows->count ? PART_ROW(bp_window, *rows, window) : NULL;
}

static int window_io(void *dev, unsigned window, uint64_t offset, unsigned n, uint64_t *value,
                     bool write)
{
    struct memory_window *w = window_of(dev, window);
    if (!w || (n != 1 && n != 2 && n != 4 && n != 8) || offset >= w->size || n > w->size - offset)
        return -EINVAL;
    machine_lock(w->part->machine);
    part_enter(w->part);
    if (write)
        window_write(w, offset, n, *value);
    else
        *value = window_read(w, offset, n);
    part_leave(w->part);
    machine_unlock(w->part->machine);
    return 0;
}

static void dma_discard(void *dev, uint64_t gpa, uint64_t n)
{
    const struct part *part = part_of(dev);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct memory_piece p;
    while (n && !part->no_dma && memory_find(part->space, gpa, &p) && p.ram && p.write_direct) {
        uint64_t at = gpa - p.gpa, take = MIN(n, p.size - at);
        uint8_t *host = p.ram->host + p.ram_offset + at;
        uintptr_t first = ((uintptr_t)host + page - 1) & ~(page - 1);
        uintptr_t end = ((uintptr_t)host + take) & ~(page - 1);
        if (first < end && !madvise((void *)first, end - first, MADV_DONTNEED))
            ram_changed(part->machine, p.ram, first - (uintptr_t)p.ram->host, end - first);
        gpa += take;
        n -= take;
    }
}

static void dma_allow(void *dev, bool allowed)
{
    part_of(dev)->no_dma = !allowed;
}

const struct bp_memory_api memory_api = {
    .size = sizeof memory_api,
    .dma_read = dma_read,
    .dma_write = dma_write,
    .dma_map = dma_map,
    .dma_unmap = dma_unmap,
    .window_set_direct = window_set_direct,
    .window_changed = window_changed,
    .window_set_mapped = window_set_mapped,
    .access_cpu = access_cpu,
    .window_place = window_place,
    .window_base = window_base,
    .dma_allow = dma_allow,
    .window_size = window_size,
    .window_io = window_io,
    .dma_discard = dma_discard,
    .window_row = window_row,
};

/* ---- copying without an initiator ------------------------------------------------------------ */

static struct machine *machine_of(struct address_space *as)
{
    return region_machine(address_space_root(as));
}

int memory_read(struct address_space *as, uint64_t gpa, void *buf, size_t n)
{
    return copy(machine_of(as), as, gpa, buf, n, false);
}

int memory_write(struct address_space *as, uint64_t gpa, const void *buf, size_t n)
{
    return copy(machine_of(as), as, gpa, (void *)buf, n, true);
}

uint64_t memory_room(struct address_space *as, uint64_t gpa, uint64_t n)
{
    struct memory_piece p;
    uint64_t room = 0;
    while (room < n && memory_find(as, gpa + room, &p) && p.ram) {
        room += p.size - (gpa + room - p.gpa);
        if (gpa + room < gpa)
            break;
    }
    return MIN(room, n);
}

static int poke(struct address_space *as, uint64_t gpa, uint8_t *buf, size_t n, bool write)
{
    struct memory_piece p;
    if (memory_room(as, gpa, n) < n)
        return -EFAULT;
    while (n && memory_find(as, gpa, &p) && p.ram) {
        uint64_t at = gpa - p.gpa, take = MIN(n, p.size - at);
        uint8_t *host = p.ram->host + p.ram_offset + at;
        memcpy(write ? host : buf, write ? buf : host, take);
        if (write)
            ram_changed(machine_of(as), p.ram, p.ram_offset + at, take);
        gpa += take;
        buf += take;
        n -= take;
    }
    return n ? -EFAULT : 0;
}

int memory_peek(struct address_space *as, uint64_t gpa, void *buf, size_t n)
{
    return poke(as, gpa, buf, n, false);
}

int memory_poke(struct address_space *as, uint64_t gpa, const void *buf, size_t n)
{
    return poke(as, gpa, (void *)buf, n, true);
}
