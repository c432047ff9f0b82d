/* SPDX-License-Identifier: MIT */
/* fuzz_images.c: kernels and firmware from outside: ELF, Linux image headers, gzip. */
#include "fuzz.h"

#include "core/images.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* What the parser accepts must lie inside the bytes. */
static void check_pieces(const GArray *pieces, const struct bp_image *image, size_t n)
{
    if (!pieces->len)
        abort();
    for (unsigned i = 0; i < pieces->len; i++) {
        const struct image_piece *p = &g_array_index(pieces, struct image_piece, i);
        if (p->file_offset > n || p->file_size > n - p->file_offset || p->size < p->file_size ||
            p->gpa + p->size < p->gpa || p->gpa < image->base ||
            p->gpa + p->size > image->base + image->size)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct image_want wants[] = { { 0, 0, false, "RSC\x05" },
                                              { 243, 64, false, "ARM\x64" } };
    for (size_t i = 0; i < G_N_ELEMENTS(wants); i++) {
        GArray *pieces = g_array_new(false, false, sizeof(struct image_piece));
        struct bp_image image = { 0 };
        char *why = NULL;
        if (image_parse(data, n, 0x80000000, 0x200000, &wants[i], pieces, &image, &why) == 0)
            check_pieces(pieces, &image, n);
        else if (!why)
            abort();
        g_free(why);
        g_array_unref(pieces);
    }
    uint8_t *out = NULL;
    size_t out_n;
    char *why = NULL;
    if (image_gunzip(data, n, 1 << 16, &out, &out_n, &why) == 0 && out_n > 1 << 16)
        abort();
    g_free(out);
    g_free(why);
    return 0;
}

static void add_elf64(void (*add)(const void *data, size_t n))
{
    struct {
        Elf64_Ehdr eh;
        Elf64_Phdr ph[2];
        uint8_t text[64];
    } f = { 0 };
    memcpy(f.eh.e_ident, ELFMAG, SELFMAG);
    f.eh.e_ident[EI_CLASS] = ELFCLASS64;
    f.eh.e_ident[EI_DATA] = ELFDATA2LSB;
    f.eh.e_type = ET_EXEC;
    f.eh.e_machine = 243;
    f.eh.e_entry = 0x80000010;
    f.eh.e_phoff = offsetof(__typeof__(f), ph);
    f.eh.e_phentsize = sizeof(Elf64_Phdr);
    f.eh.e_phnum = 2;
    f.ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = offsetof(__typeof__(f), text),
                            .p_vaddr = 0x80000000, .p_paddr = 0x80000000, .p_filesz = 64,
                            .p_memsz = 128 };
    f.ph[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_vaddr = 0x90000000, .p_paddr = 0x90000000,
                            .p_memsz = 4096 };
    add(&f, sizeof f);
}

static void add_elf32(void (*add)(const void *data, size_t n))
{
    struct {
        Elf32_Ehdr eh;
        Elf32_Phdr ph;
        uint8_t text[16];
    } f = { 0 };
    memcpy(f.eh.e_ident, ELFMAG, SELFMAG);
    f.eh.e_ident[EI_CLASS] = ELFCLASS32;
    f.eh.e_ident[EI_DATA] = ELFDATA2LSB;
    f.eh.e_type = ET_EXEC;
    f.eh.e_phoff = offsetof(__typeof__(f), ph);
    f.eh.e_phentsize = sizeof f.ph;
    f.eh.e_phnum = 1;
    f.ph = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset = offsetof(__typeof__(f), text),
                         .p_vaddr = 0xfffffff0, .p_paddr = 0xfffffff0, .p_filesz = 16,
                             .p_memsz = 16 };
    add(&f, sizeof f);
}

void fuzz_seeds(void (*add)(const void *data, size_t n))
{
    uint8_t image[256] = { 0x4d, 0x5a, [8 + 2] = 0x20, [16 + 2] = 0x40 };
    memcpy(image + 0x30, "RISCV\0\0\0RSC\x05", 12);
    add_elf64(add);
    add_elf32(add);
    add(image, sizeof image);
    memcpy(image + 0x38, "ARM\x64", 4);
    add(image, sizeof image);
    uint8_t packed[512];
    z_stream z = { 0 };
    deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    z.next_in = image;
    z.avail_in = sizeof image;
    z.next_out = packed;
    z.avail_out = sizeof packed;
    deflate(&z, Z_FINISH);
    add(packed, sizeof packed - z.avail_out);
    deflateEnd(&z);
}
