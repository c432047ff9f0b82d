/* SPDX-License-Identifier: MIT */
/* fuzz_user_elf.c: programs: whatever the bytes of an ELF file are, what is believed of them stays
 * in bounds. */
#include "fuzz.h"

#include "plugins/boards/linux-user/elf_file.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define PAGE UINT64_C(4096)
#define LIMIT (UINT64_C(1) << 38)

static void check_extent(const struct elf_file *f)
{
    uint64_t low, high, align;
    if (!elf_extent(f, PAGE, &low, &high, &align))
        return;
    if (low >= high || high > LIMIT + PAGE || (low | high) & (PAGE - 1))
        abort();
    if (align < PAGE || align & (align - 1))
        abort();
}

static void check_segments(struct elf_file *f)
{
    for (uint32_t i = 0; i < f->phdr_count; i++) {
        const struct elf_segment *s = &f->segments[i];
        if (s->type == PT_LOAD && (s->file_bytes > s->mem_bytes || s->mem_bytes > LIMIT ||
                                   s->vaddr > LIMIT - s->mem_bytes))
            abort();
    }
    check_extent(f);
    (void)elf_phdr_address(f);
    (void)elf_find_segment(f, PT_INTERP);
}

/* What follows the header, as a note of properties: every type that it may have. */
static void check_properties(const struct elf_file *f, const uint8_t *data, size_t n)
{
    uint8_t *note = malloc(n ? n : 1); /* no larger than it says, so that a sanitizer sees more */
    uint32_t bits;
    if (n)
        memcpy(note, data, n);
    for (size_t at = 16; at + 4 <= n && at < 256; at += 4) {
        uint32_t type;
        memcpy(&type, note + at, 4);
        (void)elf_property(f, note, n, type, &bits);
    }
    free(note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct elf_file f;
    const char *why = "";
    uint8_t head[ELF_HEADER_MAX] = { 0 };
    size_t head_bytes = n < sizeof head ? n : sizeof head;
    if (head_bytes)
        memcpy(head, data, head_bytes);
    if (!elf_read_header(head, head_bytes, &f, &why))
        return 0;
    check_properties(&f, data + head_bytes, n - head_bytes);
    size_t bytes = (size_t)f.phdr_count * f.phdr_bytes;
    if (!f.phdr_count || bytes > ELF_TABLE_MAX)
        abort();
    if (f.phdr_offset > n || bytes > n - f.phdr_offset)
        return 0;
    uint8_t *table = malloc(bytes); /* as large as promised, so that a sanitizer sees more */
    memcpy(table, data + f.phdr_offset, bytes);
    if (elf_read_segments(&f, table, PAGE, LIMIT, &why))
        check_segments(&f);
    else if (!why)
        abort();
    elf_file_clear(&f);
    free(table);
    return 0;
}

static void put(uint8_t *to, uint64_t v, unsigned n, bool big)
{
    for (unsigned i = 0; i < n; i++)
        to[big ? n - 1 - i : i] = (uint8_t)(v >> 8 * i);
}

#define PUT(base, type, member, v)                                                                 \
    put((base) + offsetof(type, member), v, sizeof(((type *)0)->member), big)

static void seed64(void (*add)(const void *data, size_t n), bool big)
{
    uint8_t b[sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr)] = { 0x7f, 'E', 'L', 'F', ELFCLASS64 };
    static const uint32_t types[] = { PT_PHDR, PT_INTERP, PT_LOAD, PT_LOAD };
    b[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
    b[EI_VERSION] = 1;
    PUT(b, Elf64_Ehdr, e_type, ET_DYN);
    PUT(b, Elf64_Ehdr, e_machine, EM_RISCV);
    PUT(b, Elf64_Ehdr, e_phoff, sizeof(Elf64_Ehdr));
    PUT(b, Elf64_Ehdr, e_phentsize, sizeof(Elf64_Phdr));
    PUT(b, Elf64_Ehdr, e_phnum, 4);
    for (unsigned i = 0; i < 4; i++) {
        uint8_t *p = b + sizeof(Elf64_Ehdr) + i * sizeof(Elf64_Phdr);
        PUT(p, Elf64_Phdr, p_type, types[i]);
        PUT(p, Elf64_Phdr, p_vaddr, 0x10000 * i);
        PUT(p, Elf64_Phdr, p_filesz, 0x100);
        PUT(p, Elf64_Phdr, p_memsz, 0x2000);
        PUT(p, Elf64_Phdr, p_align, 0x1000);
    }
    add(b, sizeof b);
}

static void seed32(void (*add)(const void *data, size_t n), bool big)
{
    uint8_t b[sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr)] = { 0x7f, 'E', 'L', 'F', ELFCLASS32 };
    b[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
    PUT(b, Elf32_Ehdr, e_type, ET_EXEC);
    PUT(b, Elf32_Ehdr, e_phoff, sizeof(Elf32_Ehdr));
    PUT(b, Elf32_Ehdr, e_phentsize, sizeof(Elf32_Phdr));
    PUT(b, Elf32_Ehdr, e_phnum, 1);
    PUT(b + sizeof(Elf32_Ehdr), Elf32_Phdr, p_type, PT_LOAD);
    PUT(b + sizeof(Elf32_Ehdr), Elf32_Phdr, p_memsz, 1);
    add(b, sizeof b);
}

static void seed_property(void (*add)(const void *data, size_t n), bool big)
{
    const uint32_t note[] = { 4, 32, NT_GNU_PROPERTY_TYPE_0, 0, 0xc0000000, 4, 1, 0, 0xc0000001, 4, 2, 0 };
    uint8_t b[sizeof(Elf64_Ehdr) + sizeof note + sizeof(Elf64_Phdr)] = { 0x7f, 'E', 'L', 'F', ELFCLASS64 };
    b[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
    PUT(b, Elf64_Ehdr, e_type, ET_DYN);
    PUT(b, Elf64_Ehdr, e_phoff, sizeof b - sizeof(Elf64_Phdr));
    PUT(b, Elf64_Ehdr, e_phentsize, sizeof(Elf64_Phdr));
    PUT(b, Elf64_Ehdr, e_phnum, 1);
    for (unsigned i = 0; i < sizeof note / 4; i++)
        put(b + sizeof(Elf64_Ehdr) + 4 * i, note[i], 4, big);
    memcpy(b + sizeof(Elf64_Ehdr) + 12, "GNU", 4);
    add(b, sizeof b);
}

void fuzz_seeds(void (*add)(const void *data, size_t n))
{
    for (int big = 0; big < 2; big++) {
        seed64(add, big);
        seed32(add, big);
        seed_property(add, big);
    }
}
