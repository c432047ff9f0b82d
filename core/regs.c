/* SPDX-License-Identifier: MIT */
/* regs.c: register tables: decoding, access rules, reset, as backplane/device.h states them. */
#include <core/regs.h>

#include <core/part.h>
#include <core/pins.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* One row, ready for use. */
struct entry {
    const struct bp_reg *row;
    uint64_t first, end;  /* bytes of all its registers, gaps of the stride included */
    uint64_t stride;
    uint32_t count, bytes;
    _Atomic bool noted;   /* its first access has been logged */
};

/* Rows whose ranges overlap (interleaved strides) are searched one after the other. */
struct cluster {
    uint64_t first, end;
    uint32_t from, count; /* entries */
};

/* Windows this small have an entry number for every byte. */
#define DIRECT_BYTES 4096

struct reg_table {
    struct entry *entries;
    uint32_t count;
    struct cluster *clusters;
    uint32_t cluster_count;
    uint16_t *direct;     /* entry + 1, by offset; NULL for large windows */
    uint64_t direct_size;
};

static uint64_t mask_of(unsigned bytes)
{
    return bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * bytes)) - 1;
}

static uint64_t swap(uint64_t v, unsigned bytes)
{
    return bytes ? __builtin_bswap64(v) >> (64 - 8 * bytes) : 0;
}

/* ---- storage --------------------------------------------------------------------------------- */

uint64_t reg_load(const void *state, const struct bp_reg *row, uint32_t i)
{
    const uint8_t *p = (const uint8_t *)state + row->field + (size_t)i * row->field_size;
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;
    switch (row->field_size) {
    case 1:
        return *p;
    case 2:
        memcpy(&v16, p, sizeof v16);
        return v16;
    case 4:
        memcpy(&v32, p, sizeof v32);
        return v32;
    case 8:
        memcpy(&v64, p, sizeof v64);
        return v64;
    default:
        return 0;
    }
}

void reg_store(void *state, const struct bp_reg *row, uint32_t i, uint64_t value)
{
    uint8_t *p = (uint8_t *)state + row->field + (size_t)i * row->field_size;
    uint16_t v16 = (uint16_t)value;
    uint32_t v32 = (uint32_t)value;
    switch (row->field_size) {
    case 1:
        *p = (uint8_t)value;
        break;
    case 2:
        memcpy(p, &v16, sizeof v16);
        break;
    case 4:
        memcpy(p, &v32, sizeof v32);
        break;
    case 8:
        memcpy(p, &value, sizeof value);
        break;
    }
}

uint64_t reg_reset_value(const struct part *part, const struct bp_reg *row)
{
    uint64_t value = row->reset;
    if (row->reset_prop)
        part_prop_number(part, row->reset_prop, &value);
    return value;
}

void regs_reset(struct part *part)
{
    for (uint32_t n = 0; n < part->device.regs.count; n++) {
        const struct bp_reg *row = PART_ROW(bp_reg, part->device.regs, n);
        uint64_t value = row->field_size ? reg_reset_value(part, row) : 0;
        for (uint32_t i = 0; row->field_size && i < reg_count(row); i++)
            reg_store(part->state, row, i, value);
    }
}

int regs_check(const struct part *part)
{
    for (uint32_t n = 0; n < part->device.regs.count; n++) {
        const struct bp_reg *row = PART_ROW(bp_reg, part->device.regs, n);
        uint64_t value;
        if (row->reset_prop && !part_prop_number(part, row->reset_prop, &value))
            return core_error(EINVAL, "%s: register %s is reset to '%s', which is no number property",
                              part->name, row->name, row->reset_prop);
    }
    return 0;
}

/* Without storage it is what a reset would make it. */
static uint64_t value_of(const struct part *part, const struct bp_reg *row, uint32_t i)
{
    return row->field_size ? reg_load(part->state, row, i) : reg_reset_value(part, row);
}

/* ---- look-up --------------------------------------------------------------------------------- */

static int by_offset(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Whether the entry has a register at the offset; which one, and which byte of it. */
static bool entry_hit(const struct entry *e, uint64_t offset, uint32_t *ret_i, uint32_t *ret_byte)
{
    if (offset < e->first || offset >= e->end)
        return false;
    uint64_t at = offset - e->first, i = 0;
    if (e->count > 1) {
        i = at / e->stride;
        at -= i * e->stride;
    }
    if (at >= e->bytes)
        return false;
    *ret_i = (uint32_t)i;
    *ret_byte = (uint32_t)at;
    return true;
}

static struct entry *find_slow(const struct reg_table *t, uint64_t offset, uint32_t *ret_i,
                               uint32_t *ret_byte)
{
    uint32_t lo = 0, hi = t->cluster_count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (offset >= t->clusters[mid].end)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == t->cluster_count || offset < t->clusters[lo].first)
        return NULL;
    const struct cluster *c = &t->clusters[lo];
    for (uint32_t n = c->from; n < c->from + c->count; n++)
        if (entry_hit(&t->entries[n], offset, ret_i, ret_byte))
            return &t->entries[n];
    return NULL;
}

static struct entry *find(const struct reg_table *t, uint64_t offset, uint32_t *ret_i,
                          uint32_t *ret_byte)
{
    if (!t)
        return NULL;
    if (!t->direct)
        return find_slow(t, offset, ret_i, ret_byte);
    if (offset >= t->direct_size || !t->direct[offset])
        return NULL;
    struct entry *e = &t->entries[t->direct[offset] - 1];
    entry_hit(e, offset, ret_i, ret_byte);
    return e;
}

static void make_clusters(struct reg_table *t)
{
    t->clusters = g_new0(struct cluster, t->count);
    for (uint32_t n = 0; n < t->count; n++) {
        const struct entry *e = &t->entries[n];
        struct cluster *c = t->cluster_count ? &t->clusters[t->cluster_count - 1] : NULL;
        if (!c || e->first >= c->end) {
            c = &t->clusters[t->cluster_count++];
            *c = (struct cluster){ e->first, e->end, n, 0 };
        }
        c->count++;
        c->end = MAX(c->end, e->end);
    }
}

struct reg_table *reg_table_new(const struct bp_device *device, uint32_t window)
{
    GArray *entries = g_array_new(FALSE, TRUE, sizeof(struct entry));
    for (uint32_t n = 0; n < device->regs.count; n++) {
        const struct bp_reg *row = PART_ROW(bp_reg, device->regs, n);
        if (row->window != window || row->width < 8)
            continue;
        struct entry e = { .row = row, .first = row->offset, .count = reg_count(row),
                           .bytes = MIN(row->width / 8, 8u) };
        e.stride = MAX(row->stride ? row->stride : e.bytes, e.bytes);
        if (__builtin_add_overflow(e.first, (e.count - 1) * e.stride + e.bytes, &e.end))
            continue; /* lies in no window */
        g_array_append_val(entries, e);
    }
    if (!entries->len) {
        g_array_free(entries, TRUE);
        return NULL;
    }
    struct reg_table *t = g_new0(struct reg_table, 1);
    t->count = entries->len;
    t->entries = (struct entry *)(void *)g_array_free(entries, FALSE);
    qsort(t->entries, t->count, sizeof *t->entries, by_offset);
    make_clusters(t);
    uint64_t end = t->clusters[t->cluster_count - 1].end;
    if (end <= DIRECT_BYTES && t->count < UINT16_MAX) {
        uint16_t *direct = g_new0(uint16_t, end);
        for (uint64_t o = 0; o < end; o++) {
            uint32_t i, byte;
            const struct entry *e = find_slow(t, o, &i, &byte);
            direct[o] = e ? (uint16_t)(e - t->entries + 1) : 0;
        }
        t->direct = direct;
        t->direct_size = end;
    }
    return t;
}

void reg_table_free(struct reg_table *t)
{
    if (!t)
        return;
    g_free(t->entries);
    g_free(t->clusters);
    g_free(t->direct);
    g_free(t);
}

/* ---- registers ------------------------------------------------------------------------------- */

static void note_unimplemented(struct memory_window *w, struct entry *e, const char *what)
{
    if (!(e->row->flags & BP_REG_UNIMPL) || atomic_exchange(&e->noted, true))
        return;
    part_log(w->part, BP_LOG_UNIMP, "%s of %s, which is not modelled", what, e->row->name);
}

/* The register's bytes as a little-endian reader sees them. */
static uint64_t register_read(struct memory_window *w, struct entry *e, uint32_t i)
{
    const struct bp_reg *row = e->row;
    void *dev = w->part->state;
    note_unimplemented(w, e, "read");
    uint64_t v = row->read ? row->read(dev, i) : value_of(w->part, row, i);
    v &= mask_of(e->bytes);
    return w->flags & BP_WINDOW_BIG_ENDIAN ? swap(v, e->bytes) : v;
}

/* Writes the bytes of `image` that `lanes` selects. */
static void register_write(struct memory_window *w, struct entry *e, uint32_t i, uint64_t image,
                           uint64_t lanes)
{
    const struct bp_reg *row = e->row;
    void *dev = w->part->state;
    if (w->flags & BP_WINDOW_BIG_ENDIAN) {
        image = swap(image, e->bytes);
        lanes = swap(lanes, e->bytes);
    }
    note_unimplemented(w, e, "write");
    if (!row->write && !row->writable && !row->w1c) {
        if (!(row->flags & BP_REG_UNIMPL))
            part_log(w->part, BP_LOG_GUEST_ERROR, "write of 0x%"
                     PRIx64 " to %s, which is read-only",
                     image & lanes, row->name);
        return;
    }
    /* Bytes that the guest did not write keep what they hold, and clear nothing. */
    uint64_t old = reg_load(dev, row, i) & mask_of(e->bytes);
    uint64_t value = (image & lanes) | (old & ~lanes & ~row->w1c);
    if (row->field_size) {
        uint64_t now = (old & ~row->writable) | (value & row->writable);
        reg_store(dev, row, i, now & ~(value & row->w1c));
    }
    if (row->write)
        row->write(dev, i, value);
}

/* ---- what no row covers ---------------------------------------------------------------------- */

static void log_unknown(struct memory_window *w, const char *what, uint64_t offset, unsigned bytes)
{
    if (log_on(LOG_GUEST_ERRORS))
        part_log(w->part, BP_LOG_GUEST_ERROR, "%s of %u bytes at offset 0x%" PRIx64
                 " of %s: nothing is there", what, bytes, offset, w->name);
}

/* The next access that the raw callbacks may see: an aligned unit at *ret_base that covers
 * `offset`. Returns how many of the n bytes wanted it serves. */
static unsigned raw_unit(const struct memory_window *w, uint64_t offset, unsigned n,
                         uint64_t *ret_base, unsigned *ret_size)
{
    unsigned size = w->access_max;
    while (size > w->access_min && (size > n || offset % size))
        size /= 2;
    *ret_base = offset & ~(uint64_t)(size - 1);
    *ret_size = size;
    return MIN(n, (unsigned)(*ret_base + size - offset));
}

static uint64_t raw_read(struct memory_window *w, uint64_t offset, unsigned n)
{
    uint64_t value = 0, base;
    unsigned size;
    if (!w->read) {
        log_unknown(w, "read", offset, n);
        return 0;
    }
    for (unsigned done = 0, took; done < n; done += took) {
        took = raw_unit(w, offset + done, n - done, &base, &size);
        uint64_t v = w->read(w->part->state, base, size) & mask_of(size);
        if (w->flags & BP_WINDOW_BIG_ENDIAN)
            v = swap(v, size);
        v >>= 8 * (offset + done - base);
        value |= (v & mask_of(took)) << (8 * done);
    }
    return value;
}

static void raw_write(struct memory_window *w, uint64_t offset, unsigned n, uint64_t value)
{
    uint64_t base;
    unsigned size;
    if (!w->write) {
        log_unknown(w, "write", offset, n);
        return;
    }
    for (unsigned done = 0, took; done < n; done += took) {
        took = raw_unit(w, offset + done, n - done, &base, &size);
        uint64_t v = (value >> (8 * done) & mask_of(took)) << (8 * (offset + done - base));
        if (w->flags & BP_WINDOW_BIG_ENDIAN)
            v = swap(v, size);
        w->write(w->part->state, base, v, size);
    }
}

/* ---- windows --------------------------------------------------------------------------------- */

/* How many bytes from offset, at most n, are in no register. */
static unsigned gap(const struct reg_table *t, uint64_t offset, unsigned n)
{
    uint32_t i, byte;
    unsigned k = 1;
    while (k < n && !find(t, offset + k, &i, &byte))
        k++;
    return k;
}

/* An access of n bytes from byte `byte` of a register that only takes its own size. */
static bool refused(struct memory_window *w, const struct entry *e, uint32_t byte, unsigned n,
                    const char *what)
{
    if (!(e->row->flags & BP_REG_EXACT) || (!byte && n == e->bytes))
        return false;
    part_log(w->part, BP_LOG_GUEST_ERROR, "%s of %u bytes at byte %u of %s, which takes %u", what,
             n,
             byte, e->row->name, e->bytes);
    return true;
}

uint64_t window_read(struct memory_window *w, uint64_t offset, unsigned n)
{
    uint32_t i, byte;
    uint64_t value = 0;
    struct entry *e = find(w->regs, offset, &i, &byte);
    if (e && !byte && e->bytes == n)
        return register_read(w, e, i);
    for (unsigned done = 0, took; done < n; done += took) {
        uint64_t v = 0;
        e = find(w->regs, offset + done, &i, &byte);
        if (e) {
            took = MIN(n - done, e->bytes - byte);
            if (!refused(w, e, byte, n, "read"))
                v = register_read(w, e, i) >> (8 * byte) & mask_of(took);
        } else {
            took = gap(w->regs, offset + done, n - done);
            v = raw_read(w, offset + done, took);
        }
        value |= v << (8 * done);
    }
    return value;
}

void window_write(struct memory_window *w, uint64_t offset, unsigned n, uint64_t value)
{
    uint32_t i, byte;
    struct entry *e = find(w->regs, offset, &i, &byte);
    if (e && !byte && e->bytes == n) {
        register_write(w, e, i, value & mask_of(n), mask_of(n));
        return;
    }
    for (unsigned done = 0, took; done < n; done += took) {
        uint64_t v = value >> (8 * done);
        e = find(w->regs, offset + done, &i, &byte);
        if (e) {
            took = MIN(n - done, e->bytes - byte);
            if (!refused(w, e, byte, n, "write"))
                register_write(w, e, i, (v & mask_of(took)) << (8 * byte),
                               mask_of(took) << (8 * byte));
        } else {
            took = gap(w->regs, offset + done, n - done);
            raw_write(w, offset + done, took, v & mask_of(took));
        }
    }
}
