/* SPDX-License-Identifier: MIT */
/*
 * memory.h: address spaces of regions, flattened for lock-free look-up; RAM blocks; DMA. What
 * accelerators may use is in face.h.
 */
#ifndef BACKPLANE_CORE_MEMORY_H
#define BACKPLANE_CORE_MEMORY_H

#include <core/face.h>

#include <backplane/memory.h>

struct machine;
struct part;
struct region;
struct reg_table;

/* A part's window as the dispatcher sees it. Lives as long as the part. */
struct memory_window {
    struct part *part;
    uint32_t index;              /* of the row */
    uint32_t flags;              /* enum bp_window_flags */
    uint64_t size;               /* bytes, not 0 */
    char *name;                  /* "uart0", or "flash0/cfi" where the part has several */
    struct reg_table *regs;      /* NULL: no register rows */
    uint32_t access_min, access_max;
    uint64_t (*read)(void *dev, uint64_t offset, unsigned size);
    void (*write)(void *dev, uint64_t offset, uint64_t value, unsigned size);
    struct ram_block *ram;       /* RAM, ROM */
    _Atomic bool direct;         /* ROM device: reads are direct */
    struct region *region;
};

/* ---- regions [main, or any thread holding the machine lock] ---------------------------------- */

/* Regions belong to the machine and live as long as it does. NAME is copied. */
struct region *region_container(struct machine *m, const char *name,
                                uint64_t size /* 0: all 2^64 */);
struct region *region_ram(struct machine *m, const char *name, struct ram_block *ram,
                          uint64_t offset, uint64_t size, bool read_only);
struct region *region_window(struct machine *m, struct memory_window *window);
struct region *region_alias(struct machine *m, const char *name, struct region *of, uint64_t offset,
                            uint64_t size);
/* Higher priority hides lower. 0, or -EEXIST after core_error() where it overlaps one of the same
 * priority, -EINVAL where it reaches past the end of the address space. */
int region_add(struct region *parent, struct region *child, uint64_t offset, int priority);
/* Moves a region that may overlap others to that place, or (parent NULL) out of the address space.
 * 0; -ERANGE where the parent has no room or lies in the child: it is nowhere then. */
int region_place(struct region *child, struct region *parent, uint64_t offset, int priority);
/* Where its first byte lies from its outermost region; false where that is not `root`. */
bool region_base(const struct region *region, const struct region *root, uint64_t *ret);
void region_set_enabled(struct region *region, bool enabled);
const char *region_name(const struct region *region);
struct machine *region_machine(const struct region *region);
/* Between these, changes are collected and published once. Nests. */
void memory_begin(struct machine *m);
void memory_commit(struct machine *m);

struct address_space *address_space_new(struct machine *m, const char *name, struct region *root);
struct region *address_space_root(struct address_space *as);
/* Calls fn for each flat piece in order. */
void address_space_each(struct address_space *as,
                        void (*fn)(void *arg, const struct memory_piece *piece), void *arg);

/* ---- RAM [main] ------------------------------------------------------------------------------ */

/* Zeroed memory; NAME is copied. NULL after core_error(). */
struct ram_block *ram_new(struct machine *m, const char *name, uint64_t size);
uint32_t ram_count(const struct machine *m);
struct ram_block *ram_at(const struct machine *m, uint32_t i);
/* RAM or ROM mapped at gpa of the system's address space: board parts of kind RAM and ROM. */
int memory_add_ram(struct machine *m, const char *name, uint64_t gpa, uint64_t size, bool rom,
                   struct ram_block **ret);
/* A part that reads 0 and logs `unimp`: board parts of kind STUB. */
int memory_add_stub(struct machine *m, const char *name, uint64_t gpa, uint64_t size);

/* Somebody else than a vCPU wrote there: drops translated code, marks dirty. [any] */
void ram_changed(struct machine *m, struct ram_block *ram, uint64_t offset, uint64_t n);

/* ---- copying --------------------------------------------------------------------------------- */

/* Copies RAM or ROM contents for loaders and debuggers, ROM included in writing; never touches
 * windows of parts. 0, or -EFAULT where that is not RAM or ROM throughout: nothing has been copied
 * then. [any] */
int memory_peek(struct address_space *as, uint64_t gpa, void *buf, size_t n);
int memory_poke(struct address_space *as, uint64_t gpa, const void *buf, size_t n);
/* RAM and ROM contiguous from gpa, at most n; 0 where there is none. */
uint64_t memory_room(struct address_space *as, uint64_t gpa, uint64_t n);
/* As a part's bp_dma_read/write, without an initiator. [bus] */
int memory_read(struct address_space *as, uint64_t gpa, void *buf, size_t n);
int memory_write(struct address_space *as, uint64_t gpa, const void *buf, size_t n);

/* ---- dirty logs ------------------------------------------------------------------------------ */

/*
 * A client (display, migration) that wants to know which 4 KiB pages changed. All writers in the
 * core mark; an accelerator marks through ram_mark_dirty() in face.h.
 */
struct dirty_log;
struct dirty_log *dirty_log_new(struct machine *m);
void dirty_log_free(struct dirty_log *log);
/* Whether any page of the range was written since the last call with `clear`. [any] */
bool dirty_log_test(struct dirty_log *log, struct ram_block *ram, uint64_t offset, uint64_t n,
                    bool clear);

void memory_init(struct machine *m);
void memory_finish(struct machine *m);
struct memory_window *window_new(struct part *part, uint32_t index, uint64_t size);
void window_free(struct memory_window *window);

extern const struct bp_memory_api memory_api; /* backplane.memory/1 */

#endif
