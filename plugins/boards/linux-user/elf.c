/* SPDX-License-Identifier: MIT */
/*
 * elf.c: maps a program and its interpreter into the guest's memory. Places are Linux's: a program
 * at a fixed address where it says, one that may go anywhere at two thirds of the address space if
 * it has an interpreter, and the interpreter, like a program that is its own, where mmap() finds
 * room.
 */
#include "program.h"

#include "space.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int refuse(struct process *p, const struct program_file *f, int err, const char *why)
{
    return bp_fail(p, err, "%s %s", f->name, why);
}

static int prot_of(uint32_t flags)
{
    return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
           (flags & PF_X ? PROT_EXEC : 0);
}

/* ---- one file -------------------------------------------------------------------------------- */

/* Zeros from the end of what the file gives to the end of its page. */
static int clear_tail(struct process *p, uint64_t from, uint64_t to)
{
    static const uint8_t zeros[4096];
    while (from < to) {
        size_t n = to - from < sizeof zeros ? (size_t)(to - from) : sizeof zeros;
        if (bp_user_will_write(p->space, from, n) < 0 ||
            bp_user_copy(p->space, at_gva(p, from), zeros, n) < 0)
            return -EFAULT;
        from += n;
    }
    return 0;
}

static int map_segment(struct process *p, const struct program_file *f, const struct elf_segment *s,
                       uint64_t bias)
{
    uint64_t mask = p->page_size - 1, start = (s->vaddr + bias) & ~mask;
    uint64_t file_end = s->vaddr + bias + s->file_bytes, end = s->vaddr + bias + s->mem_bytes;
    uint64_t mapped = s->file_bytes ? page_up(p, file_end) : start;
    int prot = prot_of(s->flags);
    if (f->guarded && (prot & PROT_EXEC))
        prot |= (int)p->guard_prot;
    if (s->file_bytes) {
        int64_t at = space_map(p, start, mapped - start, prot, MAP_PRIVATE | MAP_FIXED, f->fd,
                               s->offset & ~mask);
        if (at < 0)
            return (int)at;
        if (s->mem_bytes > s->file_bytes && (prot & PROT_WRITE) && clear_tail(p, file_end, mapped))
            return -ENOEXEC;
    }
    if (page_up(p, end) > mapped) {
        int64_t at = space_map(p, mapped, page_up(p, end) - mapped, prot,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (at < 0)
            return (int)at;
    }
    return 0;
}

/* The whole stretch at once, so that segments do not end up in what others have. */
static int choose_bias(struct process *p, const struct elf_file *e, bool has_interp,
                       uint64_t *ret_bias)
{
    uint64_t low, high, align, at;
    if (!elf_extent(e, p->page_size, &low, &high, &align))
        return -ENOEXEC;
    if (high - low > p->limit || align > p->limit)
        return -ENOMEM;
    space_lock(p);
    if (e->type == ET_EXEC)
        at = gva_ok(p, low, high - low) && areas_empty(p->areas, low, high) ? low : UINT64_MAX;
    else
        at = areas_hole(p->areas, has_interp ? page_up(p, p->limit / 3 * 2) : p->page_size,
                        has_interp ? p->limit : p->map_top, high - low, align, low & (align - 1),
                        !has_interp);
    space_unlock(p);
    *ret_bias = at - low;
    return at == UINT64_MAX ? -ENOMEM : 0;
}

static int map_file(struct process *p, struct program_file *f, bool has_interp, uint64_t *ret_bias)
{
    int r = choose_bias(p, &f->elf, has_interp, ret_bias);
    if (r == -ENOEXEC)
        return refuse(p, f, ENOEXEC, "has no segment to load");
    if (r < 0)
        return refuse(p, f, ENOMEM, "does not fit into the address space");
    for (uint32_t i = 0; i < f->elf.phdr_count && !r; i++)
        if (f->elf.segments[i].type == PT_LOAD && f->elf.segments[i].mem_bytes)
            r = map_segment(p, f, &f->elf.segments[i], *ret_bias);
    if (r == -ENOEXEC)
        return refuse(p, f, ENOEXEC, "is truncated: a segment ends behind the file");
    if (r < 0)
        return bp_fail(p, -r, "%s cannot be mapped: %s", f->name, strerror(-r));
    return 0;
}

/* ---- what it says of itself ------------------------------------------------------------------ */

/* Of both: what /proc/self/stat has, and where the heap begins. */
static void note_extent(struct process *p, const struct elf_file *e, uint64_t bias)
{
    uint64_t brk = 0;
    p->code_start = UINT64_MAX;
    for (uint32_t i = 0; i < e->phdr_count; i++) {
        const struct elf_segment *s = &e->segments[i];
        uint64_t start = s->vaddr + bias, file_end = start + s->file_bytes;
        if (s->type != PT_LOAD)
            continue;
        if ((s->flags & PF_X) && start < p->code_start)
            p->code_start = start;
        if ((s->flags & PF_X) && file_end > p->code_end)
            p->code_end = file_end;
        if (start > p->data_start)
            p->data_start = start;
        if (file_end > p->data_end)
            p->data_end = file_end;
        if (start + s->mem_bytes > brk)
            brk = start + s->mem_bytes;
    }
    p->brk_start = p->brk_end = page_up(p, brk);
}

static int set_stack_protection(struct process *p, const struct elf_file *e)
{
    const struct elf_segment *s = elf_find_segment(e, PT_GNU_STACK);
    if (!s || !(s->flags & PF_X))
        return 0;
    uint64_t size = page_up(p, p->stack_size);
    int64_t r = space_protect(p, p->stack_top - size, size, PROT_READ | PROT_WRITE | PROT_EXEC);
    return r < 0 ? bp_fail(p, (int)-r, "the stack cannot be made executable: %s", strerror((int)-r))
                 : 0;
}

static int check_abi(struct process *p, const struct program_file *f)
{
    const struct elf_file *e = &f->elf;
    const struct bp_target *t = p->target;
    if (e->machine != t->elf_machine || e->bits != t->bits ||
        e->big_endian != ((t->flags & BP_TARGET_BIG_ENDIAN) != 0))
        return refuse(p, f, ELIBBAD, "is for another machine than the program");
    if ((e->flags & p->abi->elf_flags_mask) != p->abi->elf_flags)
        return bp_fail(p, ENOEXEC, "%s is for another ABI: its ELF flags are 0x%x", f->name,
                       e->flags);
    return 0;
}

static bool is_guarded(const struct process *p, const struct program_file *f)
{
    return p->guard_prot &&
           program_property(f, p->abi->elf_guard_property, p->abi->elf_guard_bits);
}

/* ---- both ------------------------------------------------------------------------------------ */

static int load_interpreter(struct process *p, const struct program_file *program, const char *name,
                            struct program_start *ret)
{
    struct program_file f;
    uint64_t bias = 0;
    int r = program_open(p, name, -1, &f);
    if (r == -ENOENT)
        return bp_fail(p, ENOENT, "%s needs the interpreter %s, which does not exist: give "
                       "-L PREFIX, the folder that holds its system", program->name, name);
    if (!r && !f.is_elf)
        r = bp_fail(p, ELIBBAD, "%s, the interpreter of %s, is no ELF file", name, program->name);
    else if (r < 0)
        bp_fail(p, -r, "%s, the interpreter of %s, %s", name, program->name, f.why);
    if (!r)
        r = check_abi(p, &f);
    if (!r) {
        r = program_read_segments(&f, p->page_size, p->limit);
        if (r < 0)
            refuse(p, &f, -r, f.why);
    }
    if (!r) {
        f.guarded = is_guarded(p, &f);
        r = map_file(p, &f, false, &bias);
    }
    if (!r) {
        ret->entry = f.elf.entry + bias;
        ret->interp_base = bias;
    }
    program_close(&f);
    return r;
}

int program_load(struct process *p, struct program_file *f, struct program_start *ret)
{
    struct program_start start = { .phdr_count = f->elf.phdr_count,
                                   .phdr_bytes = f->elf.phdr_bytes };
    char *interp = NULL;
    uint64_t bias = 0;
    int r = check_abi(p, f);
    if (r < 0)
        return r;
    r = program_read_segments(f, p->page_size, p->limit);
    if (!r)
        r = program_interpreter(f, &interp);
    if (r < 0)
        return refuse(p, f, -r, f->why);
    f->guarded = !interp && is_guarded(p, f); /* else the interpreter sees to it */
    r = map_file(p, f, interp != NULL, &bias);
    if (!r) {
        note_extent(p, &f->elf, bias);
        start.entry = start.program_entry = f->elf.entry + bias;
        start.phdr = elf_phdr_address(&f->elf);
        start.phdr = start.phdr ? start.phdr + bias : 0;
        r = set_stack_protection(p, &f->elf);
    }
    if (!r && interp)
        r = load_interpreter(p, f, interp, &start);
    free(interp);
    if (!r)
        *ret = start;
    return r;
}
