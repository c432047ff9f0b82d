/* SPDX-License-Identifier: MIT */
/*
 * stack.c: what a program finds on its stack: from the top down a zero word, the file's name, the
 * environment's and the arguments' strings, the platform's name, 16 random bytes; then, upwards
 * from the stack pointer, argc, argv, envp, and the auxiliary vector (System V ABI; Linux,
 * fs/binfmt_elf.c: create_elf_tables()).
 */
#include "program.h"
#include "space.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
enum { AT_HWCAP3_ = 29, AT_HWCAP4_ = 30 };
#define CLOCK_TICK 100 /* Linux: USER_HZ */
#define RANDOM_BYTES 16

/* A piece of guest memory being written, downwards from the top. */
struct writer {
    uint8_t *buf;     /* size bytes */
    size_t size, at;  /* free below at */
    uint64_t top;     /* gva of buf + size */
    bool big_endian;
    unsigned word;    /* bytes */
};

static uint64_t gva_of(const struct writer *w, size_t at)
{
    return w->top - (w->size - at);
}

static uint64_t put_bytes(struct writer *w, const void *bytes, size_t n)
{
    w->at -= n;
    memcpy(w->buf + w->at, bytes, n);
    return gva_of(w, w->at);
}

static uint64_t put_string(struct writer *w, const char *text)
{
    return put_bytes(w, text, strlen(text) + 1);
}

/* Strings in the order of the list, upwards; returns the gva of the first. */
static uint64_t put_strings(struct writer *w, char *const *list, size_t count)
{
    while (count--)
        put_string(w, list[count]);
    return gva_of(w, w->at);
}

static void put_word(struct writer *w, uint64_t value)
{
    w->at -= w->word;
    for (unsigned i = 0; i < w->word; i++)
        w->buf[w->at + (w->big_endian ? w->word - 1 - i : i)] = (uint8_t)(value >> (8 * i));
}

/* The pointers to strings that lie one behind the other. */
static void put_pointers(struct writer *w, char *const *list, size_t count, uint64_t first)
{
    uint64_t end = first;
    for (size_t i = 0; i < count; i++)
        end += strlen(list[i]) + 1;
    put_word(w, 0);
    while (count--) {
        end -= strlen(list[count]) + 1;
        put_word(w, end);
    }
}

static size_t count(char *const *list, size_t *bytes)
{
    size_t n = 0;
    for (; list[n]; n++)
        *bytes += strlen(list[n]) + 1;
    return n;
}

/* ---- the auxiliary vector -------------------------------------------------------------------- */

static void add(struct process *p, uint64_t type, uint64_t value)
{
    p->auxv[p->auxv_count][0] = type;
    p->auxv[p->auxv_count++][1] = value;
}

static void add_of_abi(struct process *p, const void *env, uint32_t type)
{
    uint64_t value = p->abi->auxv ? p->abi->auxv(env, type) : 0;
    if (value)
        add(p, type, value);
}

static void make_auxv(struct process *p, const void *env, const struct program_start *s,
                      uint64_t name, uint64_t platform, uint64_t random)
{
    p->auxv_count = 0;
    for (uint32_t type = AT_L1I_CACHESIZE; type <= AT_L3_CACHEGEOMETRY; type++)
        add_of_abi(p, env, type);
    if (p->abi->signal_frame_bytes)
        add(p, AT_MINSIGSTKSZ, p->abi->signal_frame_bytes);
    add(p, AT_HWCAP, p->abi->auxv ? p->abi->auxv(env, AT_HWCAP) : 0);
    add(p, AT_PAGESZ, p->page_size);
    add(p, AT_CLKTCK, CLOCK_TICK);
    add(p, AT_PHDR, s->phdr);
    add(p, AT_PHENT, s->phdr_bytes);
    add(p, AT_PHNUM, s->phdr_count);
    add(p, AT_BASE, s->interp_base);
    add(p, AT_FLAGS, 0);
    add(p, AT_ENTRY, s->program_entry);
    add(p, AT_UID, getuid());
    add(p, AT_EUID, geteuid());
    add(p, AT_GID, getgid());
    add(p, AT_EGID, getegid());
    add(p, AT_SECURE, getauxval(AT_SECURE));
    add(p, AT_RANDOM, random);
    add_of_abi(p, env, AT_HWCAP2);
    add_of_abi(p, env, AT_HWCAP3_);
    add_of_abi(p, env, AT_HWCAP4_);
    add(p, AT_EXECFN, name);
    if (platform)
        add(p, AT_PLATFORM, platform);
    add(p, AT_NULL, 0);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int copy_out(struct process *p, const struct writer *w)
{
    uint64_t gva = gva_of(w, w->at);
    size_t n = w->size - w->at;
    int r = bp_user_will_write(p->space, gva, n);
    return r < 0 ? r : bp_user_copy(p->space, at_gva(p, gva), w->buf + w->at, n);
}

static void fill(struct process *p, void *env, const struct program_start *start, const char *name,
                 char *const *argv, size_t argc, char *const *envp, size_t envc, struct writer *w)
{
    uint8_t random[RANDOM_BYTES];
    put_word(w, 0);
    uint64_t name_at = put_string(w, name);
    p->env_end = name_at;
    p->env_start = put_strings(w, envp, envc);
    p->args_end = p->env_start;
    p->args_start = put_strings(w, argv, argc);
    w->at &= ~(size_t)15;
    uint64_t platform = p->abi->platform ? put_string(w, p->abi->platform) : 0;
    bp_random(p, random, sizeof random);
    uint64_t random_at = put_bytes(w, random, sizeof random);
    make_auxv(p, env, start, name_at, platform, random_at);
    /* argc ends up at a multiple of 16 */
    size_t words = 1 + argc + 1 + envc + 1 + 2 * (size_t)p->auxv_count;
    w->at = ((w->at - words * w->word) & ~(size_t)15) + words * w->word;
    for (uint32_t i = p->auxv_count; i--;) {
        put_word(w, p->auxv[i][1]);
        put_word(w, p->auxv[i][0]);
    }
    put_pointers(w, envp, envc, p->env_start);
    put_pointers(w, argv, argc, p->args_start);
    put_word(w, argc);
}

int stack_fill(struct process *p, void *env, const struct program_start *start, const char *name,
               char *const *argv, char *const *envp, uint64_t *ret_sp)
{
    size_t bytes = strlen(name) + 1;
    size_t argc = count(argv, &bytes), envc = count(envp, &bytes);
    struct writer w = { .top = p->stack_top, .word = p->target->bits / 8,
                        .big_endian = (p->target->flags & BP_TARGET_BIG_ENDIAN) != 0 };
    w.size = bytes + (argc + envc + 2 * sizeof p->auxv / sizeof *p->auxv + 8) * w.word + 256;
    w.size = (w.size + 15) & ~(size_t)15;
    if (w.size > page_up(p, p->stack_size) / 4 * 3)
        return bp_fail(p, E2BIG, "arguments and environment of %zu bytes are too much for a "
                       "stack of %llu (-s)", w.size, (unsigned long long)p->stack_size);
    w.buf = calloc(1, w.size);
    if (!w.buf)
        return bp_fail(p, ENOMEM, "no memory for the program's arguments");
    w.at = w.size;
    fill(p, env, start, name, argv, argc, envp, envc, &w);
    int r = copy_out(p, &w);
    *ret_sp = gva_of(&w, w.at);
    free(w.buf);
    return r < 0 ? bp_fail(p, -r, "the program's stack cannot be written") : 0;
}
