/* SPDX-License-Identifier: MIT */
/*
 * areas.c: a treap of areas by address (Seidel, Aragon: Randomized Search Trees, 1996). Each node
 * knows the widest hole below it, so that finding room costs as little as finding an address. An
 * operation on a range cuts areas at both ends, splits the tree there, and joins it again.
 */
#include "areas.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

struct node {
    struct node *left, *right;
    uint32_t priority;
    struct area area;
    uint64_t low, high; /* of all areas of the subtree */
    uint64_t gap;       /* the widest hole between two of them */
};

struct areas {
    struct node *root;
    struct node *free;  /* linked by `right` */
    uint32_t free_count, count;
    uint32_t random;
    uint64_t bytes, data_bytes;
};

#define NODES_PER_OPERATION 3

struct areas *areas_new(void)
{
    struct areas *a = calloc(1, sizeof *a);
    if (a)
        a->random = 2463534242u;
    return a;
}

static void free_nodes(struct node *n)
{
    if (!n)
        return;
    free_nodes(n->left);
    free_nodes(n->right);
    free(n);
}

void areas_free(struct areas *a)
{
    if (!a)
        return;
    free_nodes(a->root);
    for (struct node *n = a->free; n;) {
        struct node *next = n->right;
        free(n);
        n = next;
    }
    free(a);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

/* So that an operation that has begun cannot fail. */
static int prepare(struct areas *a)
{
    while (a->free_count < NODES_PER_OPERATION) {
        struct node *n = calloc(1, sizeof *n);
        if (!n)
            return -ENOMEM;
        n->right = a->free;
        a->free = n;
        a->free_count++;
    }
    return 0;
}

/* xorshift32 (Marsaglia). */
static uint32_t next_priority(struct areas *a)
{
    a->random ^= a->random << 13;
    a->random ^= a->random >> 17;
    a->random ^= a->random << 5;
    return a->random;
}

static void count(struct areas *a, const struct area *area, int sign)
{
    uint64_t n = area->end - area->start;
    bool data = (area->prot & PROT_WRITE) && !(area->flags & MAP_SHARED);
    a->bytes += sign > 0 ? n : -n;
    if (data)
        a->data_bytes += sign > 0 ? n : -n;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void pull(struct node *n)
{
    n->low = n->area.start;
    n->high = n->area.end;
    n->gap = 0;
    if (n->left) {
        n->low = n->left->low;
        n->gap = larger(n->left->gap, n->area.start - n->left->high);
    }
    if (n->right) {
        n->high = n->right->high;
        n->gap = larger(n->gap, larger(n->right->gap, n->right->low - n->area.end));
    }
}

static struct node *node_new(struct areas *a, const struct area *area)
{
    struct node *n = a->free;
    a->free = n->right;
    a->free_count--;
    *n = (struct node){ .priority = next_priority(a), .area = *area };
    pull(n);
    a->count++;
    count(a, area, 1);
    return n;
}

/* A subtree's nodes become free ones; beyond a few they are given back. */
static void drop(struct areas *a, struct node *n)
{
    if (!n)
        return;
    drop(a, n->left);
    drop(a, n->right);
    count(a, &n->area, -1);
    a->count--;
    if (a->free_count >= 64) {
        free(n);
        return;
    }
    n->right = a->free;
    a->free = n;
    a->free_count++;
}

/* ---- the tree -------------------------------------------------------------------------------- */

/* Areas that start below `at`, and the others. */
static void split(struct node *n, uint64_t at, struct node **ret_low, struct node **ret_high)
{
    if (!n) {
        *ret_low = *ret_high = NULL;
    } else if (n->area.start < at) {
        split(n->right, at, &n->right, ret_high);
        *ret_low = n;
        pull(n);
    } else {
        split(n->left, at, ret_low, &n->left);
        *ret_high = n;
        pull(n);
    }
}

/* All of `low` lies below all of `high`. */
static struct node *join(struct node *low, struct node *high)
{
    if (!low || !high)
        return low ? low : high;
    if (low->priority >= high->priority) {
        low->right = join(low->right, high);
        pull(low);
        return low;
    }
    high->left = join(low, high->left);
    pull(high);
    return high;
}

static struct node *find(const struct areas *a, uint64_t gva)
{
    struct node *n = a->root;
    while (n && !(gva >= n->area.start && gva < n->area.end))
        n = gva < n->area.start ? n->left : n->right;
    return n;
}

static void set_end(struct node *n, const struct node *which, uint64_t end)
{
    if (n == which)
        n->area.end = end;
    else
        set_end(which->area.start < n->area.start ? n->left : n->right, which, end);
    pull(n);
}

static uint64_t offset_at(const struct area *area, uint64_t gva)
{
    return area->id ? area->offset + (gva - area->start) : 0;
}

/* Makes `at` a boundary. */
static void cut(struct areas *a, uint64_t at)
{
    struct node *n = find(a, at), *low, *high;
    if (!n || n->area.start == at)
        return;
    struct area upper = n->area;
    upper.start = at;
    upper.offset = offset_at(&n->area, at);
    a->bytes -= upper.end - at; /* node_new() counts it again */
    if ((upper.prot & PROT_WRITE) && !(upper.flags & MAP_SHARED))
        a->data_bytes -= upper.end - at;
    set_end(a->root, n, at);
    split(a->root, at, &low, &high);
    a->root = join(join(low, node_new(a, &upper)), high);
}

static bool goes_on(const struct area *a, const struct area *b)
{
    return a->end == b->start && a->prot == b->prot && a->flags == b->flags && a->id == b->id &&
           offset_at(a, b->start) == b->offset;
}

/* Two areas that meet at `at` become one where they are alike. */
static void mend(struct areas *a, uint64_t at)
{
    struct node *low = at ? find(a, at - 1) : NULL, *high = find(a, at), *l, *m, *r;
    if (!low || !high || low == high || !goes_on(&low->area, &high->area))
        return;
    uint64_t end = high->area.end;
    split(a->root, at, &l, &m);
    split(m, end, &m, &r);
    struct area gone = m->area;
    drop(a, m);
    a->root = join(l, r);
    set_end(a->root, low, end);
    count(a, &gone, 1);
}

static void take_out(struct areas *a, uint64_t start, uint64_t end, struct node **ret_low,
                     struct node **ret_middle, struct node **ret_high)
{
    cut(a, start);
    cut(a, end);
    split(a->root, start, ret_low, ret_middle);
    split(*ret_middle, end, ret_middle, ret_high);
}

/* ---- operations ------------------------------------------------------------------------------ */

int areas_set(struct areas *a, const struct area *area)
{
    struct node *low, *middle, *high;
    if (prepare(a) < 0)
        return -ENOMEM;
    take_out(a, area->start, area->end, &low, &middle, &high);
    drop(a, middle);
    a->root = join(join(low, node_new(a, area)), high);
    mend(a, area->start);
    mend(a, area->end);
    return 0;
}

int areas_clear(struct areas *a, uint64_t start, uint64_t end)
{
    struct node *low, *middle, *high;
    if (start >= end)
        return 0;
    if (prepare(a) < 0)
        return -ENOMEM;
    take_out(a, start, end, &low, &middle, &high);
    drop(a, middle);
    a->root = join(low, high);
    return 0;
}

static void set_prot(struct areas *a, struct node *n, uint32_t prot)
{
    if (!n)
        return;
    set_prot(a, n->left, prot);
    set_prot(a, n->right, prot);
    count(a, &n->area, -1);
    n->area.prot = prot;
    count(a, &n->area, 1);
}

int areas_change(struct areas *a, uint64_t start, uint64_t end, uint32_t prot)
{
    struct node *low, *middle, *high;
    struct area area;
    if (start >= end)
        return 0;
    if (prepare(a) < 0)
        return -ENOMEM;
    take_out(a, start, end, &low, &middle, &high);
    set_prot(a, middle, prot);
    a->root = join(join(low, middle), high);
    mend(a, start);
    for (uint64_t at = start; areas_next(a, at, &area) && area.end < end;) {
        uint64_t before = area.end;
        mend(a, before);
        if (!areas_find(a, area.start, &area) || area.end == before)
            at = before;
    }
    mend(a, end);
    return 0;
}

bool areas_next(const struct areas *a, uint64_t gva, struct area *ret)
{
    const struct node *best = NULL;
    for (const struct node *n = a->root; n;) {
        if (n->area.end > gva) {
            best = n;
            n = n->left;
        } else {
            n = n->right;
        }
    }
    if (best)
        *ret = best->area;
    return best != NULL;
}

bool areas_find(const struct areas *a, uint64_t gva, struct area *ret)
{
    const struct node *n = find(a, gva);
    if (n)
        *ret = n->area;
    return n != NULL;
}

bool areas_covered(const struct areas *a, uint64_t start, uint64_t end)
{
    struct area area;
    for (; start < end; start = area.end)
        if (!areas_find(a, start, &area))
            return false;
    return true;
}

bool areas_empty(const struct areas *a, uint64_t start, uint64_t end)
{
    struct area area;
    return start >= end || !areas_next(a, start, &area) || area.start >= end;
}

struct want {
    uint64_t low, high, n, align, phase;
    bool highest;
};

static uint64_t fit(const struct want *w, uint64_t from, uint64_t to)
{
    uint64_t mask = w->align - 1, at;
    from = larger(from, w->low);
    to = to < w->high ? to : w->high;
    if (to < from || to - from < w->n)
        return UINT64_MAX;
    if (w->highest) {
        at = to - w->n;
        uint64_t back = (at - w->phase) & mask;
        return back > at - from ? UINT64_MAX : at - back;
    }
    uint64_t on = (w->phase - from) & mask;
    return on > to - from - w->n ? UINT64_MAX : from + on;
}

/* In the hole [from, to) but for the subtree's areas. */
static uint64_t search(const struct node *n, const struct want *w, uint64_t from, uint64_t to)
{
    if (from >= w->high || to <= w->low)
        return UINT64_MAX;
    if (!n)
        return fit(w, from, to);
    if (larger(n->gap, larger(n->low - from, to - n->high)) < w->n)
        return UINT64_MAX;
    uint64_t at = w->highest ? search(n->right, w, n->area.end, to)
                             : search(n->left, w, from, n->area.start);
    if (at == UINT64_MAX)
        at = w->highest ? search(n->left, w, from, n->area.start)
                        : search(n->right, w, n->area.end, to);
    return at;
}

uint64_t areas_hole(const struct areas *a, uint64_t low, uint64_t high, uint64_t n, uint64_t align,
                    uint64_t phase, bool highest)
{
    const struct want w = { low, high, n, align, phase, highest };
    return low >= high ? UINT64_MAX : search(a->root, &w, 0, UINT64_MAX);
}

uint64_t areas_bytes(const struct areas *a)
{
    return a->bytes;
}

uint64_t areas_data_bytes(const struct areas *a)
{
    return a->data_bytes;
}

uint32_t areas_count(const struct areas *a)
{
    return a->count;
}
