/* SPDX-License-Identifier: MIT */
/* elf_file.h: ELF files as bytes: headers of either class and byte order, checked before anybody
 * believes them. */
#ifndef LINUX_USER_ELF_FILE_H
#define LINUX_USER_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_HEADER_MAX 64
#define ELF_TABLE_MAX 65536 /* Linux: program headers of a program */

struct elf_segment {
    uint32_t type, flags; /* PT_*, PF_* */
    uint64_t offset, vaddr, file_bytes, mem_bytes, align;
};

struct elf_file {
    uint32_t bits;        /* 32 or 64 */
    bool big_endian;
    uint32_t machine, type, flags; /* EM_*, ET_*, e_flags */
    uint64_t entry, phdr_offset;
    uint32_t phdr_count, phdr_bytes;
    struct elf_segment *segments; /* owned; elf_read_segments() */
};

/* From the first bytes of a file; says nothing of segments yet. False: *ret_why says what is wrong;
 * NULL there: it is no ELF file. */
bool elf_read_header(const uint8_t *bytes, size_t n, struct elf_file *ret, const char **ret_why);
/* From the phdr_count * phdr_bytes bytes at phdr_offset. Checks what Linux checks, and that no sum
 * overflows. */
bool elf_read_segments(struct elf_file *f, const uint8_t *table, uint64_t page_size, uint64_t limit,
                       const char **ret_why);
void elf_file_clear(struct elf_file *f);
/* The first segment of a type, or NULL. */
const struct elf_segment *elf_find_segment(const struct elf_file *f, uint32_t type);
/* Lowest and highest address of what is loaded, whole pages, before any bias; and the alignment
 * that it asks for. False: nothing is loaded. */
bool elf_extent(const struct elf_file *f, uint64_t page_size, uint64_t *ret_low, uint64_t *ret_high,
                uint64_t *ret_align);
/* Address of the program headers in memory, before any bias; 0: they are not loaded. */
uint64_t elf_phdr_address(const struct elf_file *f);
/* A property of 4 bytes, from the bytes of PT_GNU_PROPERTY, by its type (Linux Extensions to gABI, program
 * property). False: the file has none such. */
bool elf_property(const struct elf_file *f, const uint8_t *note, size_t n, uint32_t type,
                  uint32_t *ret);
/* "riscv64" for EM_RISCV and 64 bits; NULL: none that has a name here. */
const char *elf_machine_name(uint32_t machine, uint32_t bits, bool big_endian);

#endif
