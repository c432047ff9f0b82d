/* SPDX-License-Identifier: MIT */
/* elf_file.c: reads and checks ELF headers (System V ABI, ch. 4 and 5). */
#include "elf_file.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers --------------------------------------------------------------------------------- */

static uint64_t number(const struct elf_file *f, const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v = v << 8 | p[f->big_endian ? i : n - 1 - i];
    return v;
}

/* Where the fields of a structure lie in either class: offset and bytes. */
struct field {
    uint8_t at32, n32, at64, n64;
};
#define FIELD(name, member)                                                                        \
    { offsetof(Elf32_##name, member), sizeof(((Elf32_##name *)0)->member),                         \
      offsetof(Elf64_##name, member), sizeof(((Elf64_##name *)0)->member) }

static uint64_t get(const struct elf_file *f, const uint8_t *p, struct field field)
{
    return f->bits == 64 ? number(f, p + field.at64, field.n64)
                         : number(f, p + field.at32, field.n32);
}

/* ---- the file's header ----------------------------------------------------------------------- */

static bool bad(const char **ret_why, const char *why)
{
    *ret_why = why;
    return false;
}

bool elf_read_header(const uint8_t *b, size_t n, struct elf_file *ret, const char **ret_why)
{
    static const struct field type = FIELD(Ehdr, e_type), machine = FIELD(Ehdr, e_machine),
                              entry = FIELD(Ehdr, e_entry), phoff = FIELD(Ehdr, e_phoff),
                              flags = FIELD(Ehdr, e_flags), size = FIELD(Ehdr, e_phentsize),
                              count = FIELD(Ehdr, e_phnum);
    struct elf_file f = { 0 };
    if (n < SELFMAG || memcmp(b, ELFMAG, SELFMAG))
        return bad(ret_why, NULL);
    if (n < EI_NIDENT)
        return bad(ret_why, "is truncated: no ELF header");
    if (b[EI_CLASS] != ELFCLASS32 && b[EI_CLASS] != ELFCLASS64)
        return bad(ret_why, "is an ELF file of unknown class");
    if (b[EI_DATA] != ELFDATA2LSB && b[EI_DATA] != ELFDATA2MSB)
        return bad(ret_why, "is an ELF file of unknown byte order");
    f.bits = b[EI_CLASS] == ELFCLASS64 ? 64 : 32;
    f.big_endian = b[EI_DATA] == ELFDATA2MSB;
    if (n < (f.bits == 64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
        return bad(ret_why, "is truncated: no ELF header");
    f.type = (uint32_t)get(&f, b, type);
    f.machine = (uint32_t)get(&f, b, machine);
    f.flags = (uint32_t)get(&f, b, flags);
    f.entry = get(&f, b, entry);
    f.phdr_offset = get(&f, b, phoff);
    f.phdr_bytes = (uint32_t)get(&f, b, size);
    f.phdr_count = (uint32_t)get(&f, b, count);
    *ret = f;
    if (f.type != ET_EXEC && f.type != ET_DYN)
        return bad(ret_why, f.type == ET_REL ? "is an object file, not a program"
                          : f.type == ET_CORE ? "is a core dump, not a program"
                                              : "is an ELF file, but not a program");
    if (f.phdr_bytes != (f.bits == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
        return bad(ret_why, "has program headers of a wrong size");
    if (!f.phdr_count || f.phdr_count > ELF_TABLE_MAX / f.phdr_bytes)
        return bad(ret_why, f.phdr_count ? "has too many program headers"
                                         : "has no program headers: nothing to load");
    return true;
}

/* ---- segments -------------------------------------------------------------------------------- */

static const char *check_load(const struct elf_segment *s, uint64_t page_size, uint64_t limit)
{
    uint64_t mask = page_size - 1;
    if (s->file_bytes > s->mem_bytes)
        return "has a segment that is larger in the file than in memory";
    if (s->mem_bytes > limit || s->vaddr > limit - s->mem_bytes)
        return "has a segment beyond the address space";
    if (s->file_bytes && ((s->vaddr ^ s->offset) & mask))
        return "has a segment whose place in the file does not fit its address";
    if (s->offset > INT64_MAX - s->file_bytes - page_size)
        return "has a segment beyond the end of any file";
    return NULL;
}

bool elf_read_segments(struct elf_file *f, const uint8_t *table, uint64_t page_size, uint64_t limit,
                       const char **ret_why)
{
    static const struct field type = FIELD(Phdr, p_type), flags = FIELD(Phdr, p_flags),
                              offset = FIELD(Phdr, p_offset), vaddr = FIELD(Phdr, p_vaddr),
                              filesz = FIELD(Phdr, p_filesz), memsz = FIELD(Phdr, p_memsz),
                              align = FIELD(Phdr, p_align);
    f->segments = calloc(f->phdr_count, sizeof *f->segments);
    if (!f->segments)
        return bad(ret_why, "cannot be loaded: no memory");
    for (uint32_t i = 0; i < f->phdr_count; i++) {
        const uint8_t *p = table + (size_t)i * f->phdr_bytes;
        struct elf_segment *s = &f->segments[i];
        *s = (struct elf_segment){
            (uint32_t)get(f, p, type), (uint32_t)get(f, p, flags), get(f, p, offset),
            get(f, p, vaddr), get(f, p, filesz), get(f, p, memsz), get(f, p, align),
        };
        const char *why = s->type == PT_LOAD ? check_load(s, page_size, limit) : NULL;
        if (why)
            return bad(ret_why, why);
    }
    return true;
}

void elf_file_clear(struct elf_file *f)
{
    free(f->segments);
    f->segments = NULL;
}

const struct elf_segment *elf_find_segment(const struct elf_file *f, uint32_t type)
{
    for (uint32_t i = 0; i < f->phdr_count; i++)
        if (f->segments[i].type == type)
            return &f->segments[i];
    return NULL;
}

bool elf_extent(const struct elf_file *f, uint64_t page_size, uint64_t *ret_low, uint64_t *ret_high,
                uint64_t *ret_align)
{
    uint64_t low = UINT64_MAX, high = 0, align = page_size, mask = page_size - 1;
    for (uint32_t i = 0; i < f->phdr_count; i++) {
        const struct elf_segment *s = &f->segments[i];
        if (s->type != PT_LOAD || !s->mem_bytes)
            continue;
        uint64_t end = (s->vaddr + s->mem_bytes + mask) & ~mask;
        low = s->vaddr < low ? s->vaddr : low;
        high = end > high ? end : high;
        if (s->align > align && !(s->align & (s->align - 1)))
            align = s->align;
    }
    *ret_low = low & ~mask;
    *ret_high = high;
    *ret_align = align;
    return high != 0;
}

uint64_t elf_phdr_address(const struct elf_file *f)
{
    const struct elf_segment *own = elf_find_segment(f, PT_PHDR);
    if (own)
        return own->vaddr;
    for (uint32_t i = 0; i < f->phdr_count; i++) {
        const struct elf_segment *s = &f->segments[i];
        if (s->type == PT_LOAD && f->phdr_offset >= s->offset &&
            f->phdr_offset - s->offset < s->file_bytes)
            return s->vaddr + (f->phdr_offset - s->offset);
    }
    return 0;
}

/* ---- properties ------------------------------------------------------------------------------ */

bool elf_property(const struct elf_file *f, const uint8_t *note, size_t n, uint32_t type,
                  uint32_t *ret)
{
    static const uint8_t name[4] = "GNU";
    const size_t head = 16, align = f->bits / 8;
    if (n < head || number(f, note, 4) != sizeof name || memcmp(note + 12, name, sizeof name) ||
        number(f, note + 8, 4) != NT_GNU_PROPERTY_TYPE_0 || number(f, note + 4, 4) > n - head)
        return false;
    size_t end = head + (size_t)number(f, note + 4, 4), at = head;
    while (end - at >= 8) {
        uint64_t own = number(f, note + at, 4), bytes = number(f, note + at + 4, 4);
        uint64_t padded = (bytes + align - 1) & ~(uint64_t)(align - 1);
        at += 8;
        if (bytes > end - at)
            return false;
        if (own == type) {
            *ret = bytes == 4 ? (uint32_t)number(f, note + at, 4) : 0;
            return bytes == 4;
        }
        at = padded > end - at ? end : at + (size_t)padded;
    }
    return false;
}

/* ---- names ----------------------------------------------------------------------------------- */

const char *elf_machine_name(uint32_t machine, uint32_t bits, bool big_endian)
{
    static const struct {
        uint32_t machine, bits;
        bool big_endian;
        const char *name;
    } names[] = {
        { EM_RISCV, 64, false, "riscv64" }, { EM_RISCV, 32, false, "riscv32" },
        { EM_AARCH64, 64, false, "aarch64" }, { EM_AARCH64, 64, true, "aarch64_be" },
        { EM_ARM, 32, false, "arm" }, { EM_ARM, 32, true, "armeb" },
        { EM_X86_64, 64, false, "x86_64" }, { EM_X86_64, 32, false, "x32" },
        { EM_386, 32, false, "i386" }, { EM_PPC64, 64, true, "ppc64" },
        { EM_PPC64, 64, false, "ppc64le" }, { EM_PPC, 32, true, "ppc" },
        { EM_S390, 64, true, "s390x" }, { EM_MIPS, 64, true, "mips64" },
        { EM_MIPS, 64, false, "mips64el" }, { EM_MIPS, 32, true, "mips" },
        { EM_MIPS, 32, false, "mipsel" }, { EM_LOONGARCH, 64, false, "loongarch64" },
        { EM_SPARCV9, 64, true, "sparc64" }, { EM_68K, 32, true, "m68k" },
        { EM_SH, 32, false, "sh4" }, { EM_PARISC, 32, true, "hppa" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].machine == machine && names[i].bits == bits &&
            names[i].big_endian == big_endian)
            return names[i].name;
    return NULL;
}
