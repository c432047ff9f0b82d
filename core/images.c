/* SPDX-License-Identifier: MIT */
/*
 * images.c: ELF files (System V ABI, ch. 4 and 5), Linux kernel images by their header (Linux
 * Documentation/arch: boot-image-header.rst and booting.rst share the 64-byte layout; the magic at
 * 0x38 tells which), gzip (RFC 1952) around either, the EFI "zimg" wrapper, and raw bytes.
 *
 * Files come from outside: every number in them is checked before it is used. What is loaded is
 * kept, and copied into memory at each reset.
 */
#include "core/images.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define INFLATED_MAX (UINT64_C(1) << 30)
#define FILE_MAX_BYTES (UINT64_C(1) << 40)

struct blob {
    GBytes *bytes;
    uint64_t gpa, n;    /* n bytes from the file, then zeros up to size */
    uint64_t offset, size;
};

struct images {
    struct images_memory memory;
    GArray *blobs; /* struct blob, in order */
};

struct images *images_new(const struct images_memory *memory)
{
    struct images *im = g_new0(struct images, 1);
    im->memory = *memory;
    im->blobs = g_array_new(false, false, sizeof(struct blob));
    return im;
}

void images_free(struct images *im)
{
    if (!im)
        return;
    for (unsigned i = 0; i < im->blobs->len; i++)
        g_bytes_unref(g_array_index(im->blobs, struct blob, i).bytes);
    g_array_unref(im->blobs);
    g_free(im);
}

static int fail(int err, char **ret_why, char *why)
{
    *ret_why = why;
    return -err;
}

/* ---- formats --------------------------------------------------------------------------------- */

static bool inside(uint64_t offset, uint64_t n, uint64_t size)
{
    return offset <= size && n <= size - offset;
}

/* Numbers of the file's byte order, n bytes. */
static uint64_t get(const uint8_t *p, unsigned n, bool big)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)p[big ? n - 1 - i : i] << (8 * i);
    return v;
}

/* Where things are in the two classes of ELF headers. */
struct elf_layout {
    unsigned header, entry, phoff, phentsize, phnum, segment, word;
    unsigned p_offset, p_vaddr, p_paddr, p_filesz, p_memsz;
};
static const struct elf_layout layouts[2] = {
    { sizeof(Elf32_Ehdr), offsetof(Elf32_Ehdr, e_entry), offsetof(Elf32_Ehdr, e_phoff),
      offsetof(Elf32_Ehdr, e_phentsize), offsetof(Elf32_Ehdr, e_phnum), sizeof(Elf32_Phdr), 4,
      offsetof(Elf32_Phdr, p_offset), offsetof(Elf32_Phdr, p_vaddr), offsetof(Elf32_Phdr, p_paddr),
      offsetof(Elf32_Phdr, p_filesz), offsetof(Elf32_Phdr, p_memsz) },
    { sizeof(Elf64_Ehdr), offsetof(Elf64_Ehdr, e_entry), offsetof(Elf64_Ehdr, e_phoff),
      offsetof(Elf64_Ehdr, e_phentsize), offsetof(Elf64_Ehdr, e_phnum), sizeof(Elf64_Phdr), 8,
      offsetof(Elf64_Phdr, p_offset), offsetof(Elf64_Phdr, p_vaddr), offsetof(Elf64_Phdr, p_paddr),
      offsetof(Elf64_Phdr, p_filesz), offsetof(Elf64_Phdr, p_memsz) },
};

static int check_elf(const uint8_t *b, size_t n, const struct image_want *want, char **ret_why)
{
    if (n < EI_NIDENT || (b[EI_CLASS] != ELFCLASS32 && b[EI_CLASS] != ELFCLASS64) ||
        (b[EI_DATA] != ELFDATA2LSB && b[EI_DATA] != ELFDATA2MSB))
        return fail(ENOEXEC, ret_why, g_strdup("is a damaged ELF file"));
    uint32_t bits = b[EI_CLASS] == ELFCLASS64 ? 64 : 32;
    bool big = b[EI_DATA] == ELFDATA2MSB;
    if (n < layouts[bits == 64].header)
        return fail(ENOEXEC, ret_why, g_strdup("is truncated: no ELF header"));
    if (want && want->bits && bits != want->bits)
        return fail(ENOEXEC, ret_why, g_strdup_printf("is a %u-bit ELF file, the vCPUs are %u-bit",
                                                      bits, want->bits));
    if (want && want->elf_machine) {
        uint32_t machine = (uint32_t)get(b + offsetof(Elf32_Ehdr, e_machine), 2, big);
        if (machine != want->elf_machine)
            return fail(ENOEXEC, ret_why, g_strdup_printf("is for ELF machine %u, the vCPUs are %u",
                                                          machine, want->elf_machine));
        if (big != want->big_endian)
            return fail(ENOEXEC, ret_why, g_strdup_printf("is %s-endian, the vCPUs are not",
                                                          big ? "big" : "little"));
    }
    uint32_t type = (uint32_t)get(b + offsetof(Elf32_Ehdr, e_type), 2, big);
    if (type != ET_EXEC && type != ET_DYN)
        return fail(ENOEXEC, ret_why, g_strdup("is an ELF file, but no executable"));
    return 0;
}

static int parse_elf(const uint8_t *b, size_t n, const struct image_want *want, GArray *pieces,
                     struct bp_image *ret, char **ret_why)
{
    int r = check_elf(b, n, want, ret_why);
    if (r < 0)
        return r;
    const struct elf_layout *l = &layouts[b[EI_CLASS] == ELFCLASS64];
    bool big = b[EI_DATA] == ELFDATA2MSB;
    uint64_t phoff = get(b + l->phoff, l->word, big);
    uint64_t phnum = get(b + l->phnum, 2, big), step = get(b + l->phentsize, 2, big);
    uint64_t entry = get(b + l->entry, l->word, big), low = UINT64_MAX, high = 0;
    uint64_t start = entry;
    if (step < l->segment || !inside(phoff, phnum * step, n))
        return fail(ENOEXEC, ret_why, g_strdup("is truncated: program headers are missing"));
    for (uint64_t i = 0; i < phnum; i++) {
        const uint8_t *ph = b + phoff + i * step;
        if (get(ph, 4, big) != PT_LOAD)
            continue;
        struct image_piece piece = {
            .gpa = get(ph + l->p_paddr, l->word, big),
            .file_offset = get(ph + l->p_offset, l->word, big),
            .file_size = get(ph + l->p_filesz, l->word, big),
            .size = get(ph + l->p_memsz, l->word, big),
        };
        uint64_t va = get(ph + l->p_vaddr, l->word, big);
        if (!inside(piece.file_offset, piece.file_size, n))
            return fail(ENOEXEC, ret_why, g_strdup_printf("is truncated: segment %" PRIu64 " ends "
                        "behind its %zu bytes", i, n));
        if (piece.size < piece.file_size || piece.gpa + piece.size < piece.gpa)
            return fail(ENOEXEC, ret_why, g_strdup_printf("has a damaged segment %" PRIu64, i));
        if (!piece.size)
            continue;
        if (entry - va < piece.size)
            /* headers give virtual addresses, vCPUs start without */
            start = entry - va + piece.gpa;
        low = MIN(low, piece.gpa);
        high = MAX(high, piece.gpa + piece.size);
        g_array_append_val(pieces, piece);
    }
    if (!pieces->len)
        return fail(ENOEXEC, ret_why, g_strdup("is an ELF file with nothing to load"));
    *ret = (struct bp_image){ low, high - low, start, BP_IMAGE_ELF,
                              (uint32_t)get(b + offsetof(Elf32_Ehdr, e_machine), 2, big) };
    return 0;
}

static bool has_linux_header(const uint8_t *b, size_t n, const struct image_want *want)
{
    return n >= 64 && want->linux_magic && !memcmp(b + 0x38, want->linux_magic, 4);
}

/* The image's own length is nowhere in the header; a kernel that is an EFI program too says in its
 * section table where its bytes end (PE format, "Section Table"). */
static int check_sections(const uint8_t *b, size_t n, char **ret_why)
{
    enum { PE_AT = 0x3C, PE_HEADER = 24, SECTION = 40 };
    uint64_t pe = get(b + PE_AT, 4, false);
    if (!inside(pe, PE_HEADER, n))
        return fail(ENOEXEC, ret_why, g_strdup("is truncated: no EFI header"));
    if (memcmp(b + pe, "PE\0\0", 4))
        return 0;
    uint64_t count = get(b + pe + 6, 2, false);
    uint64_t table = pe + PE_HEADER + get(b + pe + 20, 2, false);
    if (!inside(table, count * SECTION, n))
        return fail(ENOEXEC, ret_why, g_strdup("is truncated: no section table"));
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *section = b + table + i * SECTION;
        if (!inside(get(section + 20, 4, false), get(section + 16, 4, false), n))
            return fail(ENOEXEC, ret_why, g_strdup_printf("is truncated: section %" PRIu64 " ends "
                        "behind its %zu bytes", i, n));
    }
    return 0;
}

static int parse_linux(const uint8_t *b, size_t n, uint64_t at, uint64_t align, GArray *pieces,
                       struct bp_image *ret, char **ret_why)
{
    uint64_t text_offset = get(b + 8, 8, false), image_size = get(b + 16, 8, false);
    if (get(b + 24, 8, false) & 1)
        return fail(ENOEXEC, ret_why, g_strdup("is a big-endian Linux image"));
    int r = memcmp(b, "MZ", 2) ? 0 : check_sections(b, n, ret_why);
    if (r < 0)
        return r;
    uint64_t to = at + text_offset;
    if (align && !(align & (align - 1)))
        to = at + ((text_offset - at) & (align - 1));
    if (to < at)
        return fail(ENOEXEC, ret_why, g_strdup("has a damaged Linux image header: text offset"));
    struct image_piece piece = { to, 0, n, MAX(n, image_size) };
    if (piece.size > UINT64_MAX - to)
        return fail(ENOEXEC, ret_why, g_strdup("has a damaged Linux image header: image size"));
    g_array_append_val(pieces, piece);
    *ret = (struct bp_image){ to, piece.size, to, BP_IMAGE_LINUX, 0 };
    return 0;
}

int image_parse(const uint8_t *bytes, size_t n, uint64_t at, uint64_t align,
                const struct image_want *want, GArray *pieces, struct bp_image *ret, char **ret_why)
{
    if (n >= SELFMAG && !memcmp(bytes, ELFMAG, SELFMAG))
        return parse_elf(bytes, n, want, pieces, ret, ret_why);
    if (has_linux_header(bytes, n, want))
        return parse_linux(bytes, n, at, align, pieces, ret, ret_why);
    if (!n)
        return fail(ENOEXEC, ret_why, g_strdup("is empty"));
    if (want->linux_magic && n < 64 && !memcmp(bytes, "MZ", MIN(n, 2)))
        return fail(ENOEXEC, ret_why, g_strdup("is truncated: no Linux image header"));
    struct image_piece piece = { at, 0, n, n };
    g_array_append_val(pieces, piece);
    *ret = (struct bp_image){ at, n, at, BP_IMAGE_RAW, 0 };
    return 0;
}

int image_gunzip(const uint8_t *bytes, size_t n, size_t max, uint8_t **ret, size_t *ret_n,
                 char **ret_why)
{
    z_stream z = { 0 };
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return fail(ENOMEM, ret_why, g_strdup("cannot be decompressed: no memory"));
    size_t room = MIN(max, MAX(n * 4, 4096)), got = 0, given = 0;
    uint8_t *out = g_malloc(room);
    int status = Z_OK;
    while (status == Z_OK) {
        if (got == room && room < max) {
            room = room > max / 2 ? max : room * 2;
            out = g_realloc(out, room);
        }
        /* zlib counts in 32 bits */
        const size_t most = (size_t)1 << 30;
        uInt in = (uInt)MIN(n - given, most), to = (uInt)MIN(room - got, most);
        z.next_in = (Bytef *)(uintptr_t)(bytes + given);
        z.avail_in = in;
        z.next_out = out + got;
        z.avail_out = to;
        status = inflate(&z, Z_NO_FLUSH);
        given += in - z.avail_in;
        got += to - z.avail_out;
        if (status == Z_BUF_ERROR && got == room && room < max)
            status = Z_OK;
    }
    inflateEnd(&z);
    if (status != Z_STREAM_END) {
        g_free(out);
        if (got >= max)
            return fail(EFBIG, ret_why, g_strdup_printf("is over %zu MiB decompressed", max >> 20));
        return fail(ENOEXEC, ret_why, g_strdup(given >= n ? "is truncated: its gzip data end early"
                                                          : "is damaged: its gzip data"));
    }
    *ret = out;
    *ret_n = got;
    return 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int read_all(const char *path, uint64_t max, GBytes **ret, char **ret_why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        int err = errno;
        if (fd >= 0)
            close(fd);
        return fail(err, ret_why, g_strdup_printf("cannot be read: %s", strerror(err)));
    }
    int r = 0;
    uint64_t n = (uint64_t)st.st_size, got = 0;
    if (!S_ISREG(st.st_mode))
        r = fail(EINVAL, ret_why, g_strdup("is not a regular file"));
    else if (n > max)
        r = fail(EFBIG, ret_why, g_strdup_printf("is %" PRIu64 " bytes, there is room for %" PRIu64,
                                                 n, max));
    uint8_t *bytes = r ? NULL : g_try_malloc(n ? n : 1);
    if (!r && !bytes)
        r = fail(ENOMEM, ret_why, g_strdup("is too large for this host's memory"));
    while (!r && got < n) {
        ssize_t k = read(fd, bytes + got, n - got);
        if (k < 0 && errno != EINTR)
            r = fail(errno, ret_why, g_strdup_printf("cannot be read: %s", strerror(errno)));
        else if (k == 0)
            r = fail(EIO, ret_why, g_strdup("became shorter while it was read"));
        else if (k > 0)
            got += (uint64_t)k;
    }
    close(fd);
    if (r) {
        g_free(bytes);
        return r;
    }
    *ret = g_bytes_new_take(bytes, n);
    return 0;
}

static bool is_gzip(const uint8_t *b, size_t n)
{
    return n >= 3 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8;
}

/* Takes the wrappings off: the EFI "zimg" one (Linux drivers/firmware/efi/libstub/zboot-
 * header.S), then gzip. */
static int unwrap(GBytes **file, char **ret_why)
{
    size_t n;
    const uint8_t *b = g_bytes_get_data(*file, &n);
    uint64_t from = 0, size = n;
    if (n >= 64 && !memcmp(b, "MZ", 2) && !memcmp(b + 4, "zimg", 4)) {
        from = get(b + 8, 4, false);
        size = get(b + 12, 4, false);
        if (!inside(from, size, n))
            return fail(ENOEXEC, ret_why, g_strdup("is truncated: its payload is missing"));
        if (!is_gzip(b + from, size))
            return fail(ENOEXEC, ret_why, g_strdup_printf("is compressed with %.*s; only gzip is "
                        "supported", (int)strnlen((const char *)b + 24, 32), b + 24));
    }
    if (!is_gzip(b + from, size))
        return 0;
    uint8_t *out;
    size_t out_n;
    int r = image_gunzip(b + from, size, INFLATED_MAX, &out, &out_n, ret_why);
    if (r < 0)
        return r;
    g_bytes_unref(*file);
    *file = g_bytes_new_take(out, out_n);
    return 0;
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static int add_blob(struct images *im, GBytes *bytes, const struct image_piece *p, char **ret_why)
{
    uint64_t room = im->memory.room(im->memory.arg, p->gpa, p->size);
    if (room < p->size)
        return fail(ENOSPC, ret_why, g_strdup_printf("needs memory at 0x%" PRIx64 "-0x%" PRIx64
                    ", there %s", p->gpa, p->gpa + p->size - 1, room ? "is less" : "is none"));
    struct blob blob = { g_bytes_ref(bytes), p->gpa, p->file_size, p->file_offset, p->size };
    g_array_append_val(im->blobs, blob);
    return 0;
}

int images_load(struct images *im, const char *path, uint64_t at, uint64_t align,
                const struct image_want *want, struct bp_image *ret, char **ret_why)
{
    GBytes *file;
    int r = read_all(path, FILE_MAX_BYTES, &file, ret_why);
    if (r < 0)
        return r;
    GArray *pieces = g_array_new(false, false, sizeof(struct image_piece));
    struct bp_image image;
    r = unwrap(&file, ret_why);
    if (!r) {
        size_t n;
        const uint8_t *b = g_bytes_get_data(file, &n);
        r = image_parse(b, n, at, align, want, pieces, &image, ret_why);
    }
    unsigned before = im->blobs->len;
    for (unsigned i = 0; i < pieces->len && !r; i++)
        r = add_blob(im, file, &g_array_index(pieces, struct image_piece, i), ret_why);
    if (r)
        for (; im->blobs->len > before; g_array_set_size(im->blobs, im->blobs->len - 1))
            g_bytes_unref(g_array_index(im->blobs, struct blob, im->blobs->len - 1).bytes);
    else
        *ret = image;
    g_array_unref(pieces);
    g_bytes_unref(file);
    return r;
}

int images_load_file(struct images *im, const char *path, uint64_t gpa, uint64_t max,
                     uint64_t *ret_size, char **ret_why)
{
    GBytes *file;
    uint64_t room = im->memory.room(im->memory.arg, gpa, max);
    int r = read_all(path, MIN(max, room), &file, ret_why);
    if (r < 0)
        return r;
    uint64_t n = g_bytes_get_size(file);
    struct image_piece piece = { gpa, 0, n, n };
    if (n)
        r = add_blob(im, file, &piece, ret_why);
    g_bytes_unref(file);
    if (!r)
        *ret_size = n;
    return r;
}

int images_write(struct images *im, uint64_t gpa, const void *bytes, uint64_t n)
{
    char *why = NULL;
    GBytes *copy = g_bytes_new(bytes, n);
    struct image_piece piece = { gpa, 0, n, n };
    int r = n ? add_blob(im, copy, &piece, &why) : 0;
    g_bytes_unref(copy);
    g_free(why);
    return r;
}

bool images_any(const struct images *im)
{
    return im->blobs->len != 0;
}

int images_apply(struct images *im)
{
    static const uint8_t zeros[64 << 10];
    int r = 0;
    for (unsigned i = 0; i < im->blobs->len && !r; i++) {
        const struct blob *b = &g_array_index(im->blobs, struct blob, i);
        const uint8_t *from = g_bytes_get_data(b->bytes, NULL);
        if (b->n)
            r = im->memory.write(im->memory.arg, b->gpa, from + b->offset, b->n);
        for (uint64_t at = b->n; at < b->size && !r;) {
            uint64_t n = MIN(b->size - at, sizeof zeros);
            r = im->memory.write(im->memory.arg, b->gpa + at, zeros, n);
            at += n;
        }
    }
    return r;
}
