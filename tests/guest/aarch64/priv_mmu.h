/* SPDX-License-Identifier: MIT */
/* priv_mmu.h: translation tables, for the tests of address translation. */
#ifndef PRIV_MMU_H
#define PRIV_MMU_H

#include "priv.h"

#define AF (UINT64_C(1) << 10)
#define SH (UINT64_C(3) << 8)
#define USER (UINT64_C(1) << 6)
#define RO (UINT64_C(1) << 7)
#define NG (UINT64_C(1) << 11)
#define GP (UINT64_C(1) << 50)
#define DBM (UINT64_C(1) << 51)
#define PXN (UINT64_C(1) << 53)
#define UXN (UINT64_C(1) << 54)
#define PXN_TABLE (UINT64_C(1) << 59)
#define UXN_TABLE (UINT64_C(1) << 60)
#define USER_TABLE (UINT64_C(1) << 61)
#define RO_TABLE (UINT64_C(1) << 62)
#define DEVICE (UINT64_C(1) << 2) /* MAIR's second attribute */
#define BASE (AF | SH)
#define RAM UINT64_C(0x40000000)
#define VA UINT64_C(0x80000000)   /* what is tested */
#define UPPER(bits) (~UINT64_C(0) << (bits))

#define TCR_HA (UINT64_C(1) << 39)
#define TCR_HD (UINT64_C(1) << 40)
#define TCR_HPD0 (UINT64_C(1) << 41)
#define TCR_IPS48 (UINT64_C(5) << 32)
#define TCR_EPD1 (UINT64_C(1) << 23)
#define TCR_A1 (UINT64_C(1) << 22)
#define TCR_AS (UINT64_C(1) << 36)
#define TCR_TBI0 (UINT64_C(1) << 37)

extern volatile reg page[4][8192]; /* of the largest granule; word 1 of page n is 0x1000 + n */

struct space {
    unsigned granule, bits, start;
    reg *root;
};

reg *new_table(unsigned granule);
unsigned shift_of(const struct space *s, unsigned level);
struct space new_space(unsigned granule, unsigned bits);
reg *entry(const struct space *s, reg va, unsigned level);
void map(const struct space *s, reg va, unsigned level, reg to, reg flags);
void map_program(const struct space *s, reg flags);
unsigned tg0(unsigned granule);
reg tcr_of(const struct space *low, const struct space *high, reg more);
void use(const struct space *low, const struct space *high, reg more);
void invalidate(void);
#define TLBI(op, v)                                                                                \
    __asm__ volatile("dsb ish\n tlbi " op ", %0\n dsb ish\n isb" : : "r"(v) : "memory")

/* The usual space: 4 KiB, 48 bits, the program mapped. */
extern struct space low;
void begin(unsigned granule, unsigned bits);

enum kind { LOAD, STORE, FETCH };
/* Expects an access to fail, or (status OK) to be done. */
void access(const char *what, reg spsr, enum kind kind, reg va, unsigned status);
#define OK (~0u)

#endif
