/* SPDX-License-Identifier: MIT */
/*
 * elf.c: what can be said of a plugin from its bytes (System V ABI, ch. 5): it exports bp_plugin
 * alone, runs nothing when it is loaded, and, where it is a device, has no variables and calls
 * nothing of libc that would make a machine behave differently twice.
 */
#include "check.h"

#include <elf.h>
#include <link.h>
#include <string.h>

/* Time, chance and the outside world reach a device through the SDK only. Prefixes end in '*'. */
static const char *const outside[] = {
    /* time and chance */
    "time", "clock", "clock_*", "gettimeofday", "nanosleep", "usleep", "sleep", "timer_*", "rand",
    "rand_r", "srand", "random", "srandom", "*rand48*", "getrandom", "getentropy", "arc4random*",
    "localtime*", "setlocale",
    /* files and sockets */
    "open", "open64", "openat", "creat", "fopen", "fopen64", "read", "write", "pread*", "pwrite*",
    "socket", "connect", "accept", "listen", "recv*", "send*", "poll", "ppoll", "select", "epoll_*",
    "ioctl", "mmap", "mmap64", "printf", "puts", "putchar", "fprintf", "perror", "__printf_chk",
    "__fprintf_chk",
    /* processes */
    "fork", "vfork", "exec*", "system", "popen", "pthread_create", "thrd_create", "kill", "raise",
    "abort", "exit", "_exit", "getpid", "getenv", "secure_getenv", "signal", "sigaction", "dlopen",
    "dlsym",
};

static bool is_outside(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(outside); i++)
        if (g_pattern_match_simple(outside[i], name))
            return true;
    return false;
}

struct image {
    const uint8_t *bytes;
    size_t n;
    ElfW(Ehdr) eh;
};

/* Copies `size` bytes at a file offset; false behind the end. */
static bool get(const struct image *im, uint64_t offset, void *ret, size_t size)
{
    if (offset > im->n || size > im->n - offset)
        return false;
    memcpy(ret, im->bytes + offset, size);
    return true;
}

/* File offset of a virtual address; UINT64_MAX where no segment has it. */
static uint64_t offset_of(const struct image *im, uint64_t va)
{
    for (unsigned i = 0; i < im->eh.e_phnum; i++) {
        ElfW(Phdr) ph;
        if (get(im, im->eh.e_phoff + (uint64_t)i * im->eh.e_phentsize, &ph, sizeof ph) &&
            ph.p_type == PT_LOAD && va >= ph.p_vaddr && va - ph.p_vaddr < ph.p_filesz)
            return va - ph.p_vaddr + ph.p_offset;
    }
    return UINT64_MAX;
}

struct dynamic {
    uint64_t symtab, strtab, strsz, init_array_size;
    bool preinit, sanitized;
};

static void read_dynamic(const struct image *im, const ElfW(Phdr) *ph, struct dynamic *ret)
{
    for (uint64_t at = 0; at + sizeof(ElfW(Dyn)) <= ph->p_filesz; at += sizeof(ElfW(Dyn))) {
        ElfW(Dyn) d;
        if (!get(im, ph->p_offset + at, &d, sizeof d) || d.d_tag == DT_NULL)
            return;
        switch (d.d_tag) {
        case DT_SYMTAB: ret->symtab = d.d_un.d_ptr; break;
        case DT_STRTAB: ret->strtab = d.d_un.d_ptr; break;
        case DT_STRSZ: ret->strsz = d.d_un.d_val; break;
        case DT_INIT_ARRAYSZ: ret->init_array_size = d.d_un.d_val; break;
        case DT_PREINIT_ARRAY: ret->preinit = true; break;
        }
    }
}

static bool symbol_name(const struct image *im, const struct dynamic *d, uint64_t at, char *buf,
                        size_t size)
{
    uint64_t base = offset_of(im, d->strtab);
    if (base == UINT64_MAX || at >= d->strsz)
        return false;
    size_t n = 0;
    while (n + 1 < size && at + n < d->strsz && get(im, base + at + n, &buf[n], 1) && buf[n])
        n++;
    buf[n] = '\0';
    return true;
}

static void check_symbols(struct subject *s, const struct image *im, struct dynamic *d, bool device)
{
    uint64_t table = offset_of(im, d->symtab), end = offset_of(im, d->strtab);
    bool exported = false;
    /* the string table follows the symbols in files of all linkers in use */
    for (uint64_t at = table; table != UINT64_MAX && at + sizeof(ElfW(Sym)) <= end;
         at += sizeof(ElfW(Sym))) {
        ElfW(Sym) sym;
        char name[256];
        if (!get(im, at, &sym, sizeof sym) || !symbol_name(im, d, sym.st_name, name, sizeof name))
            break;
        unsigned bind = sym.st_info >> 4;
        if (!*name || bind == STB_LOCAL)
            continue;
        if (sym.st_shndx == SHN_UNDEF) {
            d->sanitized |= g_str_has_prefix(name, "__asan_") || g_str_has_prefix(name, "__tsan_");
            if (device && bind != STB_WEAK && is_outside(name))
                problem(s, "calls %s(): time, chance and the outside world reach a device "
                           "through the SDK only", name);
        } else if (!strcmp(name, "bp_plugin")) {
            exported = true;
        } else {
            problem(s, "exports '%s': only bp_plugin may be seen (link with the version script of "
                    "pkg-config --libs backplane-plugin)", name);
        }
    }
    if (!exported)
        problem(s, "exports no bp_plugin");
}

/* ---- variables ------------------------------------------------------------------------------- */

static bool section(const struct image *im, unsigned i, ElfW(Shdr) *ret)
{
    return i < im->eh.e_shnum && im->eh.e_shentsize == sizeof *ret &&
           get(im, im->eh.e_shoff + (uint64_t)i * sizeof *ret, ret, sizeof *ret);
}

/* A string in a table; "" where it does not end there. */
static const char *string_at(const struct image *im, const ElfW(Shdr) *table, uint64_t at)
{
    if (table->sh_offset > im->n || table->sh_size > im->n - table->sh_offset ||
        at >= table->sh_size)
        return "";
    const char *s = (const char *)im->bytes + table->sh_offset + at;
    return memchr(s, '\0', table->sh_size - at) ? s : "";
}

/* C++ calls a static `name` "_ZL4name". */
static const char *plain_name(const char *name)
{
    if (g_str_has_prefix(name, "_ZL"))
        for (name += 3; g_ascii_isdigit(*name); name++)
            ;
    return name;
}

/* Sections that the program may write to at any time: not .data.rel.ro. */
static bool is_variable(const struct image *im, const ElfW(Shdr) *names, const ElfW(Sym) *sym)
{
    ElfW(Shdr) home;
    if ((sym->st_info & 15) != STT_OBJECT || !section(im, sym->st_shndx, &home))
        return false;
    const char *name = string_at(im, names, home.sh_name);
    return !strcmp(name, ".data") || !strcmp(name, ".bss") || g_str_has_prefix(name, ".data.") ?
           !g_str_has_prefix(name, ".data.rel.ro") : false;
}

/* The C runtime's, compilers' instrumentation, and the slot of an import. */
static bool may_vary(const char *name, GHashTable *names)
{
    char *import = g_strconcat(name, "_import", NULL);
    bool fine = !*name || g_str_has_prefix(name, "completed.") || g_str_has_prefix(name, "__") ||
                g_hash_table_contains(names, import);
    g_free(import);
    return fine;
}

/* A device's state is its struct: static variables are shared by all its parts and not saved. */
static void check_variables(struct subject *s, const struct image *im)
{
    ElfW(Shdr) names, table, strings;
    if (!section(im, im->eh.e_shstrndx, &names))
        return;
    for (unsigned i = 0; section(im, i, &table); i++) {
        if (table.sh_type != SHT_SYMTAB || !section(im, table.sh_link, &strings))
            continue;
        GHashTable *known = g_hash_table_new(g_str_hash, g_str_equal);
        ElfW(Sym) sym;
        for (uint64_t at = 0; at + sizeof sym <= table.sh_size; at += sizeof sym)
            if (get(im, table.sh_offset + at, &sym, sizeof sym))
                g_hash_table_add(known, (void *)(uintptr_t)plain_name(
                                     string_at(im, &strings, sym.st_name)));
        for (uint64_t at = 0; at + sizeof sym <= table.sh_size; at += sizeof sym) {
            const char *name;
            if (get(im, table.sh_offset + at, &sym, sizeof sym) &&
                is_variable(im, &names, &sym) &&
                !may_vary(name = plain_name(string_at(im, &strings, sym.st_name)), known))
                problem(s, "variable '%s' is static: all parts made from the device would share "
                        "it, and nothing saves it; make it const or a member of the state", name);
        }
        g_hash_table_unref(known);
    }
}

/* Devices and targets are deterministic; boards read files, drivers and instruments face the
 * host. */
static bool is_device(const struct manifest *m)
{
    for (unsigned i = 0; i < m->entities->len; i++) {
        uint32_t kind = ((struct manifest_entity *)m->entities->pdata[i])->kind;
        if (kind == BP_KIND_DEVICE || kind == BP_KIND_TARGET)
            return true;
    }
    return false;
}

void check_elf(struct subject *s)
{
    struct manifest *m = NULL;
    char *why = NULL;
    if (manifest_read(s->path, &m, &why) < 0) {
        problem(s, "refused: %s", why);
        g_free(why);
        return;
    }
    char *bytes;
    struct image im = { 0 };
    if (!g_file_get_contents(s->path, &bytes, &im.n, NULL)) {
        problem(s, "cannot be read");
        manifest_free(m);
        return;
    }
    im.bytes = (const uint8_t *)bytes;
    struct dynamic d = { 0 };
    get(&im, 0, &im.eh, sizeof im.eh);
    for (unsigned i = 0; i < im.eh.e_phnum; i++) {
        ElfW(Phdr) ph;
        if (get(&im, im.eh.e_phoff + (uint64_t)i * im.eh.e_phentsize, &ph, sizeof ph) &&
            ph.p_type == PT_DYNAMIC)
            read_dynamic(&im, &ph, &d);
    }
    check_symbols(s, &im, &d, is_device(m));
    if (is_device(m) && !d.sanitized)
        check_variables(s, &im);
    /* one entry is the C runtime's own; sanitizers add theirs */
    if ((d.preinit || d.init_array_size > sizeof(void *)) && !d.sanitized)
        problem(s, "has constructors: nothing may run when a plugin is loaded");
    g_free(bytes);
    manifest_free(m);
}
