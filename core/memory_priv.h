/* SPDX-License-Identifier: MIT */
/* memory_priv.h: what memory.c, ram.c and dma.c share. */
#ifndef BACKPLANE_CORE_MEMORY_PRIV_H
#define BACKPLANE_CORE_MEMORY_PRIV_H

#include <core/machine.h>
#include <core/memory.h>

#define RAM_PAGE_LOG2 12
#define RAM_BLOCKS_MAX 1024

struct memory {
    struct ram_block *_Atomic blocks[RAM_BLOCKS_MAX]; /* appended only */
    _Atomic uint32_t block_count;
    GPtrArray *regions;     /* owned */
    GPtrArray *spaces;      /* owned */
    uint32_t depth;         /* memory_begin() without memory_commit() */
    bool changed;
    pthread_mutex_t logs_lock;
    GPtrArray *logs;        /* struct dirty_log */
    _Atomic uint32_t log_count;
};

void ram_free(struct ram_block *ram);
void memory_tell_accelerator(struct machine *m);

#endif
