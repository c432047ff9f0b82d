/* SPDX-License-Identifier: MIT */
/*
 * memory.h: a part's own accesses to memory (DMA), and control over its windows.
 *
 * A part reaches memory through its initiator port: the address space that the board put it on, the
 * system's by default. Addresses are guest physical (gpa). Accesses may hit RAM, ROM or other parts'
 * windows; a part that reaches one of its own windows gets an error, whatever the route.
 */
#ifndef BACKPLANE_MEMORY_H
#define BACKPLANE_MEMORY_H

#include <backplane/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bp_memory_api {
    uint32_t size, reserved;
    int (*dma_read)(void *dev, uint64_t gpa, void *buf, size_t n);
    int (*dma_write)(void *dev, uint64_t gpa, const void *buf, size_t n);
    void *(*dma_map)(void *dev, uint64_t gpa, uint64_t *n, bool writable);
    void (*dma_unmap)(void *dev, void *host, uint64_t n, bool written);
    void (*window_set_direct)(void *dev, unsigned window, bool direct);
    void (*window_changed)(void *dev, unsigned window, uint64_t offset, uint64_t n);
    void (*window_set_mapped)(void *dev, unsigned window, bool mapped);
    uint32_t (*access_cpu)(void *dev);
    int (*window_place)(void *dev, unsigned window, void *in, unsigned in_window, uint64_t offset);
    bool (*window_base)(void *dev, unsigned window, uint64_t *ret);
    void (*dma_allow)(void *dev, bool allowed);
    uint64_t (*window_size)(void *dev, unsigned window);
    int (*window_io)(void *dev, unsigned window, uint64_t offset, unsigned n, uint64_t *value,
                     bool write);
    void (*dma_discard)(void *dev, uint64_t gpa, uint64_t n);
    const struct bp_window *(*window_row)(void *dev, unsigned window);
};
BP_IMPORT(bp_memory_api, bp_memory_, "backplane.memory/1");

/* Copies n bytes from or to gpa. 0, or -EFAULT where any byte has nothing behind it or refuses (the
 * bytes before it have been copied). RAM is accessed byte-wise coherent with the vCPUs, without
 * ordering; see bp_barrier(). [bus] */
static inline int bp_dma_read(void *dev, uint64_t gpa, void *buf, size_t n)
{
    return bp_memory_->dma_read(dev, gpa, buf, n);
}
static inline int bp_dma_write(void *dev, uint64_t gpa, const void *buf, size_t n)
{
    return bp_memory_->dma_write(dev, gpa, buf, n);
}

/* Host address of RAM at gpa, for direct access; *n (bytes wanted, in) becomes the bytes that are
 * contiguous there, at least 1. NULL where that is no RAM (or ROM, for writing): fall back to
 * bp_dma_read/write. Pair with bp_dma_unmap(), which also marks pages dirty where `written` is true; n
 * is then the bytes written. The mapping stays valid until unmapped. [bus], unmap [any] */
static inline void *bp_dma_map(void *dev, uint64_t gpa, uint64_t *n, bool writable)
{
    return bp_memory_->dma_map(dev, gpa, n, writable);
}
static inline void bp_dma_unmap(void *dev, void *host, uint64_t n, bool written)
{
    bp_memory_->dma_unmap(dev, host, n, written);
}

/* Little-endian scalars at gpa; *ret is untouched on failure. [bus] */
#define BP_DMA_SCALAR_(bits)                                                                       \
    static inline int bp_dma_read_le##bits(void *dev, uint64_t gpa, uint##bits##_t *ret)           \
    {                                                                                              \
        uint8_t b[bits / 8];                                                                       \
        int r = bp_dma_read(dev, gpa, b, sizeof b);                                                \
        if (r < 0)                                                                                 \
            return r;                                                                              \
        uint##bits##_t v = 0;                                                                      \
        for (unsigned i = 0; i < sizeof b; i++)                                                    \
            v = (uint##bits##_t)(v | (uint##bits##_t)b[i] << (8 * i));                             \
        *ret = v;                                                                                  \
        return 0;                                                                                  \
    }                                                                                              \
    static inline int bp_dma_write_le##bits(void *dev, uint64_t gpa, uint##bits##_t v)             \
    {                                                                                              \
        uint8_t b[bits / 8];                                                                       \
        for (unsigned i = 0; i < sizeof b; i++)                                                    \
            b[i] = (uint8_t)(v >> (8 * i));                                                        \
        return bp_dma_write(dev, gpa, b, sizeof b);                                                \
    }
BP_DMA_SCALAR_(16)
BP_DMA_SCALAR_(32)
BP_DMA_SCALAR_(64)

/* Orders a part's accesses to memory against the vCPUs': full barrier. [any] */
static inline void bp_barrier(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

/* A ROM device's window (BP_WINDOW_ROM with a write hook): whether reads are direct or go to the
 * `read` hook. WINDOW is the row's index. [bus] */
static inline void bp_window_set_direct(void *dev, unsigned window, bool direct)
{
    bp_memory_->window_set_direct(dev, window, direct);
}

/* The part itself changed the contents of its RAM or ROM window: translated code there is dropped and
 * the bytes are marked dirty. [bus] */
static inline void bp_window_changed(void *dev, unsigned window, uint64_t offset, uint64_t n)
{
    bp_memory_->window_changed(dev, window, offset, n);
}

/* Makes a window appear or disappear at its place; initially mapped. [bus] */
static inline void bp_window_set_mapped(void *dev, unsigned window, bool mapped)
{
    bp_memory_->window_set_mapped(dev, window, mapped);
}

/* In a register's or window's callback: the number of the vCPU whose load or store it serves, for registers
 * that each vCPU sees its own of. BP_NO_CPU: another part's DMA, a debugger, no access at all, or the window
 * is lock-free. [bus] */
#define BP_NO_CPU UINT32_MAX
static inline uint32_t bp_access_cpu(void *dev) { return bp_memory_->access_cpu(dev); }

/* Puts a window with BP_WINDOW_PLACED at `offset` in window IN_WINDOW (with BP_WINDOW_BUS) of the part IN, moves it
 * there, or takes it away where IN is NULL. May be called at any time, from the part's or the bus's code. Where
 * windows in a bus window overlap, the part that was made first answers. The placement is not saved: post_load
 * repeats it. 0; -EINVAL where IN_WINDOW is not mapped or no bus window, -ERANGE where it has no room: then the
 * window lies nowhere, and nothing has been logged. [bus] */
static inline int bp_window_place(void *dev, unsigned window, void *in, unsigned in_window,
                                  uint64_t offset)
{
    return bp_memory_->window_place(dev, window, in, in_window, offset);
}

/* Guest physical address of the window's first byte; false where it lies nowhere. [bus] */
static inline bool bp_window_base(void *dev, unsigned window, uint64_t *ret)
{
    return bp_memory_->window_base(dev, window, ret);
}

/* The window's size in bytes; 0 where its size property left it out. [any] */
static inline uint64_t bp_window_size(void *dev, unsigned window)
{
    return bp_memory_->window_size(dev, window);
}

/* The window as its device states it, NULL where there is no such row: for a bus that checks what it is given. [any] */
static inline const struct bp_window *bp_window_row(void *dev, unsigned window)
{
    return bp_memory_->window_row(dev, window);
}

/* An access of n (1, 2, 4, 8) bytes to the part's own window as if it came from outside, wherever that lies: for a bus
 * that has a second way to it. 0, or -EINVAL where the window ends before; *value is read or written. [bus] */
static inline int bp_window_io(void *dev, unsigned window, uint64_t offset, unsigned n,
                               uint64_t *value, bool write)
{
    return bp_memory_->window_io(dev, window, offset, n, value, write);
}

/* Nobody needs the contents of n bytes of RAM from gpa on any more: whole pages of them go back to the host and read
 * as zeros. Ends where there is no RAM. [bus] */
static inline void bp_dma_discard(void *dev, uint64_t gpa, uint64_t n)
{
    bp_memory_->dma_discard(dev, gpa, n);
}

/* Whether the part may reach memory at all: while not, bp_dma_read() and bp_dma_write() fail, and
 * bp_dma_map() gives NULL. For buses on which a driver grants that; allowed at first. [bus] */
static inline void bp_dma_allow(void *dev, bool allowed) { bp_memory_->dma_allow(dev, allowed); }

#ifdef __cplusplus
}
#endif
#endif
