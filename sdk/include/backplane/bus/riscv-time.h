/* SPDX-License-Identifier: MIT */
/*
 * bus/riscv-time.h: the link by which a RISC-V hart reads the platform's mtime (RISC-V Privileged
 * Architecture, Machine Timer Registers: the `time` CSR is a read-only shadow of mtime).
 *
 * A timer device offers it; harts need it optionally and otherwise derive time from the virtual
 * clock.
 */
#ifndef BACKPLANE_BUS_RISCV_TIME_H
#define BACKPLANE_BUS_RISCV_TIME_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_RISCV_TIME_ID "backplane.riscv.time/1"

struct bp_riscv_time {
    uint32_t size;     /* sizeof(struct bp_riscv_time) as the timer's author knew it */
    uint32_t reserved; /* 0 */
    /* mtime now, in ticks of the platform's timebase. Takes no lock. [any] */
    uint64_t (*now)(void *dev);
    /* From now on calls moved(hart) whenever software has set mtime: whoever waits for a value must look again.
     * For the lifetime of both parts; older timers do not have it: see size. [main]; moved: [bus] */
    void (*watch)(void *dev, void (*moved)(void *hart), void *hart);
};

#ifdef __cplusplus
}
#endif
#endif
