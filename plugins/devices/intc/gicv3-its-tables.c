/* SPDX-License-Identifier: MIT */
/*
 * gicv3-its-tables.c: device table, collection table and interrupt translation tables, which software
 * gives memory for and this service alone fills (IHI 0069, 5.2 and GITS_BASER<n>). Entries are 8 bytes:
 *
 *   device       63 valid   62:58 bits of event id - 1   43:0 translation table's address >> 8
 *   collection   63 valid   15:0 vCPU
 *   event        63 valid   31:16 collection   15:0 LPI
 */
#include "gicv3-its.h"

#define VALID (UINT64_C(1) << 63)
#define INDIRECT (UINT64_C(1) << 62)
#define L2_ADDRESS UINT64_C(0x000FFFFFFFFFF000)

enum { ENTRY = 8 };

static uint64_t page_size(uint64_t baser)
{
    static const uint32_t sizes[4] = { 4096, 16384, 65536, 65536 };
    return sizes[baser >> 8 & 3];
}

/* Where software put the table; with pages of 64 KiB the low bits are bits 51 to 48. */
static uint64_t table_address(uint64_t baser)
{
    uint64_t at = baser & UINT64_C(0x0000FFFFFFFFF000);
    if (page_size(baser) == 65536)
        at = (at & ~UINT64_C(0xF000)) | (at & UINT64_C(0xF000)) << 36;
    return at;
}

/* Where the entry of `id` is in the table of GITS_BASER<n>. */
static bool find(struct its *s, unsigned n, uint32_t id, uint64_t *ret)
{
    uint64_t baser = s->baser[n], page = page_size(baser), at = table_address(baser), l1;
    uint64_t bytes = ((baser & 0xFF) + 1) * page, per_page = page / ENTRY;
    if (!(baser & VALID) || id >> ITS_ID_BITS)
        return false;
    if (!(baser & INDIRECT)) {
        *ret = at + (uint64_t)id * ENTRY;
        return (uint64_t)id * ENTRY < bytes;
    }
    uint64_t index = id / per_page * ENTRY;
    if (index >= bytes || bp_dma_read_le64(s, at + index, &l1) < 0 || !(l1 & VALID))
        return false;
    *ret = (l1 & L2_ADDRESS & ~(page - 1)) + id % per_page * ENTRY;
    return true;
}

static bool get(struct its *s, unsigned n, uint32_t id, uint64_t *ret)
{
    uint64_t at;
    return find(s, n, id, &at) && bp_dma_read_le64(s, at, ret) >= 0 && *ret & VALID;
}

static bool set(struct its *s, unsigned n, uint32_t id, uint64_t entry)
{
    uint64_t at;
    return find(s, n, id, &at) && bp_dma_write_le64(s, at, entry) >= 0;
}

/* ---- devices and collections --------------------------------------------------------------------- */

bool its_get_device(struct its *s, uint32_t device, struct its_device *ret)
{
    uint64_t entry;
    if (!get(s, ITS_DEVICES, device, &entry))
        return false;
    unsigned bits = (entry >> 58 & 31) + 1;
    ret->itt = (entry & UINT64_C(0xFFFFFFFFFFF)) << 8;
    ret->events = UINT32_C(1) << (bits < ITS_ID_BITS ? bits : ITS_ID_BITS);
    return true;
}

bool its_set_device(struct its *s, uint32_t device, const struct its_device *d)
{
    uint64_t entry = 0;
    if (d)
        entry = VALID | (uint64_t)(__builtin_ctz(d->events) - 1) << 58 | d->itt >> 8;
    return set(s, ITS_DEVICES, device, entry);
}

bool its_get_collection(struct its *s, uint32_t collection, uint32_t *ret_cpu)
{
    uint64_t entry;
    if (!get(s, ITS_COLLECTIONS, collection, &entry))
        return false;
    *ret_cpu = entry & 0xFFFF;
    return true;
}

bool its_set_collection(struct its *s, uint32_t collection, bool valid, uint32_t cpu)
{
    return set(s, ITS_COLLECTIONS, collection, valid ? VALID | cpu : 0);
}

/* ---- events ---------------------------------------------------------------------------------------- */

bool its_get_event(struct its *s, const struct its_device *d, uint32_t event, struct its_event *ret)
{
    uint64_t entry;
    if (event >= d->events || bp_dma_read_le64(s, d->itt + (uint64_t)event * ENTRY, &entry) < 0 ||
        !(entry & VALID))
        return false;
    ret->lpi = entry & 0xFFFF;
    ret->collection = entry >> 16 & 0xFFFF;
    return true;
}

bool its_set_event(struct its *s, const struct its_device *d, uint32_t event,
                   const struct its_event *e)
{
    uint64_t entry = e ? VALID | e->collection << 16 | e->lpi : 0;
    return event < d->events &&
           bp_dma_write_le64(s, d->itt + (uint64_t)event * ENTRY, entry) >= 0;
}
