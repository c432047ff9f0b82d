/* SPDX-License-Identifier: MIT */
/* test_user_areas.c: the guest's memory map against an array with an entry a page. */
#include "plugins/boards/linux-user/areas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGES 200
#define PAGE UINT64_C(4096)
#define ROUNDS 20000

struct page {
    bool used;
    uint32_t prot, flags, id;
    uint64_t offset;
};

static struct page model[PAGES];
static struct areas *areas;
static uint64_t state = 0x9e3779b97f4a7c15;

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % n;
}

static void fail(const char *what, unsigned round)
{
    fprintf(stderr, "test_user_areas: %s in round %u\n", what, round);
    exit(1);
}

#define CHECK(ok) do { if (!(ok)) fail(#ok, round); } while (0)

static void range(uint64_t *start, uint64_t *end)
{
    *start = below(PAGES);
    *end = *start + 1 + below(below(8) ? 12 : (uint32_t)(PAGES - *start));
    if (*end > PAGES)
        *end = PAGES;
}

/* ---- changes --------------------------------------------------------------------------------- */

static void set(unsigned round)
{
    uint64_t start, end;
    range(&start, &end);
    bool anonymous = below(2);
    struct area a = { start * PAGE, end * PAGE, below(4), anonymous ? MAP_ANONYMOUS : below(2),
                      anonymous ? 0 : below(50) * PAGE, anonymous ? 0 : round + 1 };
    CHECK(areas_set(areas, &a) == 0);
    for (uint64_t i = start; i < end; i++)
        model[i] = (struct page){ true, a.prot, a.flags, a.id,
                                  a.id ? a.offset + (i - start) * PAGE : 0 };
}

static void clear(unsigned round)
{
    uint64_t start, end;
    range(&start, &end);
    CHECK(areas_clear(areas, start * PAGE, end * PAGE) == 0);
    memset(&model[start], 0, (size_t)(end - start) * sizeof *model);
}

static void change(unsigned round)
{
    uint64_t start, end;
    uint32_t prot = below(8);
    range(&start, &end);
    CHECK(areas_change(areas, start * PAGE, end * PAGE, prot) == 0);
    for (uint64_t i = start; i < end; i++)
        if (model[i].used)
            model[i].prot = prot;
}

/* ---- questions ------------------------------------------------------------------------------- */

static bool alike(uint64_t i, uint64_t j)
{
    return model[i].used && model[j].used && model[i].prot == model[j].prot &&
           model[i].flags == model[j].flags && model[i].id == model[j].id &&
           (!model[i].id || model[i].offset + PAGE == model[j].offset);
}

/* Areas are as few as they can be, and say of each page what the model does. */
static void walk(unsigned round)
{
    struct area a;
    uint64_t at = 0, bytes = 0, data = 0;
    uint32_t n = 0;
    for (uint64_t i = 0; i < PAGES; n++) {
        while (i < PAGES && !model[i].used)
            i++;
        if (i == PAGES)
            break;
        uint64_t end = i + 1;
        while (end < PAGES && alike(end - 1, end))
            end++;
        CHECK(areas_next(areas, at, &a));
        CHECK(a.start == i * PAGE && a.end == end * PAGE);
        CHECK(a.prot == model[i].prot && a.flags == model[i].flags && a.id == model[i].id);
        CHECK(a.offset == model[i].offset);
        bytes += a.end - a.start;
        data += (a.prot & PROT_WRITE) && !(a.flags & MAP_SHARED) ? a.end - a.start : 0;
        at = a.end;
        i = end;
    }
    CHECK(!areas_next(areas, at, &a));
    CHECK(areas_count(areas) == n && areas_bytes(areas) == bytes);
    CHECK(areas_data_bytes(areas) == data);
}

static void ask(unsigned round)
{
    uint64_t start, end;
    struct area a;
    range(&start, &end);
    bool covered = true, empty = true;
    for (uint64_t i = start; i < end; i++) {
        covered &= model[i].used;
        empty &= !model[i].used;
    }
    CHECK(areas_covered(areas, start * PAGE, end * PAGE) == covered);
    CHECK(areas_empty(areas, start * PAGE, end * PAGE) == empty);
    CHECK(areas_find(areas, start * PAGE + 17, &a) == model[start].used);
}

static bool free_at(uint64_t at, uint64_t n)
{
    for (uint64_t i = at; i < at + n; i++)
        if (i < PAGES && model[i].used)
            return false;
    return true;
}

static void holes(unsigned round)
{
    uint64_t low = below(PAGES), high = low + below((uint32_t)(PAGES - low) + 1);
    uint64_t n = 1 + below(20), align = UINT64_C(1) << below(5), phase = below((uint32_t)align);
    for (int highest = 0; highest < 2; highest++) {
        uint64_t want = UINT64_MAX;
        for (uint64_t at = low; at + n <= high; at++)
            if (at % align == phase && free_at(at, n) && (highest || want == UINT64_MAX))
                want = at * PAGE;
        uint64_t got = areas_hole(areas, low * PAGE, high * PAGE, n * PAGE, align * PAGE,
                                  phase * PAGE, highest);
        CHECK(got == want);
    }
}

int main(void)
{
    void (*const changes[])(unsigned) = { set, set, set, clear, change };
    areas = areas_new();
    for (unsigned round = 0; round < ROUNDS; round++) {
        changes[below(sizeof changes / sizeof *changes)](round);
        walk(round);
        ask(round);
        holes(round);
    }
    areas_free(areas);
    return 0;
}
