/* SPDX-License-Identifier: MIT */
/*
 * areas.h: which guest addresses are mapped, and how: a set of ranges that do not overlap. It knows
 * nothing of memory; space.c keeps it and the host's mappings equal. Not locked.
 */
#ifndef LINUX_USER_AREAS_H
#define LINUX_USER_AREAS_H

#include <stdbool.h>
#include <stdint.h>

/* A flag beside MAP_*: System V shared memory. */
#define AREA_SYSV 0x80000000u
/* A bit beside PROT_*: BP_USER_GUARDED. */
#define AREA_GUARDED 0x10000u

/* [start, end). Neighbours with equal prot, flags and id whose offsets go on are one area. */
struct area {
    uint64_t start, end;
    uint32_t prot;    /* PROT_READ, WRITE, EXEC as the guest asked, and AREA_GUARDED */
    uint32_t flags;   /* MAP_SHARED, MAP_ANONYMOUS, MAP_GROWSDOWN ...: what the area is */
    uint64_t offset;  /* in what is mapped, bytes; 0 for anonymous memory */
    uint32_t id;      /* equal: made by one call; 0: anonymous private memory, which is all alike */
};

struct areas;

struct areas *areas_new(void); /* NULL: no memory */
void areas_free(struct areas *a);
/* What lies in the range is replaced, cut, or changed. 0 or -ENOMEM with nothing changed. */
int areas_set(struct areas *a, const struct area *area);
int areas_clear(struct areas *a, uint64_t start, uint64_t end);
int areas_change(struct areas *a, uint64_t start, uint64_t end, uint32_t prot);
/* The first area that ends behind gva: it holds it, or is the next one. False: there is none. */
bool areas_next(const struct areas *a, uint64_t gva, struct area *ret);
/* The area that holds gva. */
bool areas_find(const struct areas *a, uint64_t gva, struct area *ret);
/* Every byte of the range is in an area. */
bool areas_covered(const struct areas *a, uint64_t start, uint64_t end);
/* No byte is. */
bool areas_empty(const struct areas *a, uint64_t start, uint64_t end);
/* The highest, or the lowest, multiple of `align` (a power of two) plus `phase` in [low, high) that
 * has n free bytes there; UINT64_MAX: none. */
uint64_t areas_hole(const struct areas *a, uint64_t low, uint64_t high, uint64_t n, uint64_t align,
                    uint64_t phase, bool highest);
/* Bytes in all areas, and in private writable ones. */
uint64_t areas_bytes(const struct areas *a);
uint64_t areas_data_bytes(const struct areas *a);
uint32_t areas_count(const struct areas *a);

#endif
