/* SPDX-License-Identifier: MIT */
/* fifo.h: a small byte queue to embed in a part's state and save as one member. */
#ifndef BACKPLANE_FIFO_H
#define BACKPLANE_FIFO_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BP_FIFO8_CAPACITY 64

/* Zeroed memory is an empty queue. */
struct bp_fifo8 {
    uint8_t head, count;
    uint8_t byte[BP_FIFO8_CAPACITY];
};

/* Empties it, as a reset does; no byte that was in it stays behind. */
static inline void bp_fifo8_clear(struct bp_fifo8 *f)
{
    const struct bp_fifo8 empty = { 0, 0, { 0 } };
    *f = empty;
}

/* Appends a byte; dropped where the queue is full. */
static inline void bp_fifo8_push(struct bp_fifo8 *f, uint8_t byte)
{
    if (f->count < BP_FIFO8_CAPACITY)
        f->byte[(f->head + f->count++) % BP_FIFO8_CAPACITY] = byte;
}

/* Takes the oldest byte; 0 where the queue is empty. */
static inline uint8_t bp_fifo8_pop(struct bp_fifo8 *f)
{
    if (!f->count)
        return 0;
    uint8_t byte = f->byte[f->head % BP_FIFO8_CAPACITY];
    f->head = (uint8_t)((f->head + 1) % BP_FIFO8_CAPACITY);
    f->count--;
    return byte;
}

#ifdef __cplusplus
}
#endif
#endif
