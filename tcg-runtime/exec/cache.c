/* SPDX-License-Identifier: MIT */
/* cache.c: memory for translated code (two mappings, never writable and executable) and its metadata. */
#include "tcg-runtime/exec/tcg.h"

#include <errno.h>
#include <string.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

static void *map_shared(size_t bytes)
{
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* A second mapping of shared memory, at `to` or, where that is NULL, anywhere. */
static void *map_again(void *shared, size_t bytes, void *to)
{
    return to ? mremap(shared, 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to)
              : mremap(shared, 0, bytes, MREMAP_MAYMOVE);
}

/* For kernels, and what stands in for one, that do not map memory a second time that way. */
static void *map_twice_by_file(size_t bytes, void **ret_rw)
{
    int fd = memfd_create("code", MFD_CLOEXEC);
    void *rx = MAP_FAILED;
    *ret_rw = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0) {
        *ret_rw = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        rx = mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    }
    if (fd >= 0)
        close(fd);
    return rx;
}

/* No file: it would count against the limit of file sizes, and take a descriptor. */
int code_cache_init(struct code_cache *cache, uint64_t bytes)
{
    memset(cache, 0, sizeof *cache);
    void *rw = map_shared(bytes);
    void *rx = rw == MAP_FAILED ? MAP_FAILED : map_again(rw, bytes, NULL);
    if (rw != MAP_FAILED && rx == MAP_FAILED) {
        munmap(rw, bytes);
        rx = map_twice_by_file(bytes, &rw);
    }
    int err = rw == MAP_FAILED || rx == MAP_FAILED ||
                      mprotect(rx, bytes, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
    cache->size = (uint32_t)bytes;
    cache->rw = rw == MAP_FAILED ? NULL : rw;
    cache->rx = rx == MAP_FAILED ? NULL : rx;
    if (!err)
        return 0;
    code_cache_free(cache);
    return core_error(err, "cannot map a code cache of %" PRIu64 " MiB (%s); "
                      "-accel tcg,tb-size=MiB makes it smaller", bytes >> 20, strerror(err));
}

void code_cache_copy(struct code_cache *cache)
{
    void *p = map_shared(cache->size);
    cache->child = p == MAP_FAILED ? NULL : p;
    if (cache->child)
        memcpy(cache->child, cache->rx, cache->used);
}

void code_cache_drop_copy(struct code_cache *cache)
{
    if (cache->child)
        munmap(cache->child, cache->size);
    cache->child = NULL;
}

int code_cache_replace(struct code_cache *cache)
{
    void *rx = (void *)(uintptr_t)cache->rx, *copy = cache->child;
    cache->child = NULL;
    if (copy &&
        mremap(copy, cache->size, cache->size, MREMAP_MAYMOVE | MREMAP_FIXED, cache->rw) !=
            MAP_FAILED &&
        map_again(cache->rw, cache->size, rx) != MAP_FAILED &&
        mprotect(rx, cache->size, PROT_READ | PROT_EXEC) == 0)
        return 0;
    return core_error(errno, "no code cache for a forked process: %s", strerror(errno));
}

void code_cache_free(struct code_cache *cache)
{
    if (cache->rw)
        munmap(cache->rw, cache->size);
    if (cache->rx)
        munmap((void *)(uintptr_t)cache->rx, cache->size);
    memset(cache, 0, sizeof *cache);
}

int arena_init(struct arena *arena, size_t bytes)
{
    arena->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena->base == MAP_FAILED) {
        arena->base = NULL;
        return core_error(errno, "no memory for translation metadata: %s", strerror(errno));
    }
    arena->size = bytes;
    arena->used = 0;
    return 0;
}

void arena_free(struct arena *arena)
{
    if (arena->base)
        munmap(arena->base, arena->size);
    arena->base = NULL;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    bytes = (bytes + 7) & ~(size_t)7;
    if (bytes > arena->size - arena->used)
        return NULL;
    void *p = arena->base + arena->used;
    arena->used += bytes;
    memset(p, 0, bytes);
    return p;
}
