/* SPDX-License-Identifier: MIT */
/* test_core_images.c: where images go, what is refused in which words, and that a reset puts
 * them back. */
#include <core/images.h>

#include <check.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BASE UINT64_C(0x80000000)
#define SIZE (UINT64_C(8) << 20)

static uint8_t *memory;
static struct images *im;
static char path[] = "/tmp/bp-image-XXXXXX";

static uint64_t room(void *arg, uint64_t gpa, uint64_t n)
{
    return gpa < BASE || gpa >= BASE + SIZE ? 0 : MIN(n, BASE + SIZE - gpa);
}

static int put(void *arg, uint64_t gpa, const void *bytes, uint64_t n)
{
    ck_assert_uint_ge(room(arg, gpa, n), n);
    memcpy(memory + (gpa - BASE), bytes, n);
    return 0;
}

static void forget(void)
{
    images_free(im);
    im = images_new(&(struct images_memory){ NULL, room, put });
}

static void setup(void)
{
    memory = calloc(1, SIZE);
    forget();
}

static void teardown(void)
{
    images_free(im);
    im = NULL;
    free(memory);
}

static void file(const void *bytes, size_t n)
{
    ck_assert(g_file_set_contents(path, bytes, (gssize)n, NULL));
}

static const struct image_want any = { .linux_magic = "RSC\x05" };

static struct bp_image taken(uint64_t at, uint64_t align, const struct image_want *want)
{
    struct bp_image image = { 0 };
    char *why = NULL;
    int r = images_load(im, path, at, align, want, &image, &why);
    ck_assert_msg(r == 0, "refused: %s", why);
    return image;
}

static void refused(uint64_t at, const struct image_want *want, const char *words)
{
    struct bp_image image = { .entry = 42 };
    char *why = NULL;
    forget();
    ck_assert_int_lt(images_load(im, path, at, 0, want, &image, &why), 0);
    ck_assert_ptr_nonnull(why);
    ck_assert_msg(strstr(why, words) != NULL, "'%s' is not in: %s", words, why);
    ck_assert_uint_eq(image.entry, 42); /* results are untouched */
    g_free(why);
    memset(memory, 0x55, 64);
    images_apply(im);
    ck_assert_uint_eq(memory[0], 0x55); /* and nothing is left to load */
}

struct elf {
    Elf64_Ehdr eh;
    Elf64_Phdr ph[2];
    uint8_t text[64];
};

static struct elf elf(void)
{
    struct elf f;
    memset(&f, 0, sizeof f);
    memcpy(f.eh.e_ident, ELFMAG, SELFMAG);
    f.eh.e_ident[EI_CLASS] = ELFCLASS64;
    f.eh.e_ident[EI_DATA] = ELFDATA2LSB;
    f.eh.e_type = ET_EXEC;
    f.eh.e_machine = 243;
    f.eh.e_entry = 0xffffffff80000010; /* virtual: the file's addresses are not the machine's */
    f.eh.e_phoff = offsetof(struct elf, ph);
    f.eh.e_phentsize = sizeof f.ph[0];
    f.eh.e_phnum = 2;
    f.ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = offsetof(struct elf, text),
                            .p_vaddr = 0xffffffff80000000, .p_paddr = BASE, .p_filesz = 64,
                            .p_memsz = 256 };
    f.ph[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_vaddr = 0xffffffff80100000,
                            .p_paddr = BASE + 0x100000, .p_memsz = 0x1000 };
    memset(f.text, 0xAA, sizeof f.text);
    return f;
}

START_TEST(elf_goes_where_it_says)
{
    struct elf f = elf();
    file(&f, sizeof f);
    struct bp_image i = taken(0x1234, 0, &(struct image_want){ 243, 64, false });
    ck_assert_uint_eq(i.kind, BP_IMAGE_ELF);
    ck_assert_uint_eq(i.base, BASE);
    ck_assert_uint_eq(i.size, 0x101000);
    ck_assert_uint_eq(i.entry, BASE + 0x10);
    ck_assert_uint_eq(i.machine, 243);
    memset(memory, 0x55, SIZE);
    ck_assert_int_eq(images_apply(im), 0);
    ck_assert_uint_eq(memory[63], 0xAA);
    ck_assert_uint_eq(memory[64], 0); /* bss */
    ck_assert_uint_eq(memory[255], 0);
    ck_assert_uint_eq(memory[256], 0x55);
    ck_assert_uint_eq(memory[0x100fff], 0);
    ck_assert_uint_eq(memory[0x101000], 0x55);
    memset(memory, 0x66, SIZE); /* the guest wrote; another reset */
    images_apply(im);
    ck_assert_uint_eq(memory[0], 0xAA);
}
END_TEST

START_TEST(elf_refusals)
{
    struct elf f = elf();
    file(&f, sizeof f);
    refused(BASE, &(struct image_want){ 62, 64, false },
            "is for ELF machine 243, the vCPUs are 62");
    refused(BASE, &(struct image_want){ 243, 32, false },
            "is a 64-bit ELF file, the vCPUs are 32-bit");
    refused(BASE, &(struct image_want){ 243, 64, true }, "is little-endian, the vCPUs are not");
    f.eh.e_type = ET_REL;
    file(&f, sizeof f);
    refused(BASE, &any, "no executable");
    f = elf();
    f.ph[1].p_paddr = BASE + SIZE - 0x800;
    file(&f, sizeof f);
    refused(BASE, &any, "needs memory at 0x807ff800-0x808007ff, there is less");
    f.ph[1].p_paddr = UINT64_MAX - 10;
    file(&f, sizeof f);
    refused(BASE, &any, "has a damaged segment 1");
    f = elf();
    f.ph[0].p_memsz = 3;
    file(&f, sizeof f);
    refused(BASE, &any, "has a damaged segment 0");
    f = elf();
    f.eh.e_phnum = 0;
    file(&f, sizeof f);
    refused(BASE, &any, "nothing to load");
}
END_TEST

START_TEST(elf_cut_anywhere)
{
    struct elf f = elf();
    for (size_t cut = SELFMAG; cut < sizeof f; cut++) {
        struct bp_image image;
        char *why = NULL;
        file(&f, cut);
        ck_assert_msg(images_load(im, path, BASE, 0, &any, &image, &why) < 0, "cut at %zu", cut);
        ck_assert_ptr_nonnull(why);
        g_free(why);
    }
}
END_TEST

static void linux_image(uint8_t *b, uint64_t text_offset, uint64_t size)
{
    memset(b, 0, 256);
    for (int i = 0; i < 8; i++) {
        b[8 + i] = (uint8_t)(text_offset >> 8 * i);
        b[16 + i] = (uint8_t)(size >> 8 * i);
    }
    memcpy(b + 0x38, "RSC\x05", 4);
    b[255] = 0xEE;
}

START_TEST(linux_image_placement)
{
    static const struct {
        uint64_t at, text_offset, align, base;
    } cases[] = {
        { BASE, 0x200000, 0x200000, BASE },
        { BASE + 0x200000, 0x200000, 0x200000, BASE + 0x200000 },
        { BASE + 1, 0x200000, 0x200000, BASE + 0x200000 },
        { BASE, 0x80000, 0x200000, BASE + 0x80000 },
        { BASE + 0x100000, 0x80000, 0x200000, BASE + 0x280000 },
        { BASE, 0x400000, 0x400000, BASE },
        { BASE, 0x80000, 0, BASE + 0x80000 },
    };
    uint8_t b[256];
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        linux_image(b, cases[i].text_offset, 0x1000);
        file(b, sizeof b);
        struct bp_image image = taken(cases[i].at, cases[i].align, &any);
        ck_assert_uint_eq(image.kind, BP_IMAGE_LINUX);
        ck_assert_uint_eq(image.base, cases[i].base);
        ck_assert_uint_eq(image.entry, cases[i].base);
        ck_assert_uint_eq(image.size, 0x1000);
    }
    static const struct image_want others[] = { { .linux_magic = "XYZ\x01" }, { 0 } };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) /* somebody else's header: bytes */
        ck_assert_uint_eq(taken(BASE, 0x200000, &others[i]).kind, BP_IMAGE_RAW);
    linux_image(b, 0, SIZE + 1);
    file(b, sizeof b);
    refused(BASE, &any, "needs memory at");
    linux_image(b, UINT64_MAX, 0x1000);
    file(b, sizeof b);
    refused(BASE, &any, "damaged Linux image header: text offset");
    linux_image(b, 0, UINT64_MAX);
    file(b, sizeof b);
    refused(BASE, &any, "damaged Linux image header: image size");
    linux_image(b, 0, 0);
    b[24] = 1;
    file(b, sizeof b);
    refused(BASE, &any, "big-endian");
}
END_TEST

/* With an EFI header, a cut is seen wherever it is. */
START_TEST(linux_image_cut)
{
    uint8_t b[256];
    linux_image(b, 0, 0x1000);
    memcpy(b, "MZ", 2);
    b[0x3C] = 0x40;
    memcpy(b + 0x40, "PE\0\0", 4);
    b[0x46] = 2;                        /* sections: [224, 240), [240, 256) */
    b[0x54] = 8;
    const unsigned table = 0x40 + 24 + 8;
    for (unsigned i = 0; i < 2; i++) {
        b[table + 40 * i + 16] = 16;
        b[table + 40 * i + 20] = (uint8_t)(224 + 16 * i);
    }
    file(b, sizeof b);
    ck_assert_uint_eq(taken(BASE, 0, &any).kind, BP_IMAGE_LINUX);
    for (size_t cut = 1; cut < sizeof b; cut++) {
        file(b, cut);
        refused(BASE, &any, "is truncated");
    }
    b[0x3F] = 0xFF;
    file(b, sizeof b);
    refused(BASE, &any, "no EFI header");
}
END_TEST

static size_t gzip(const void *from, size_t n, uint8_t *to, size_t most)
{
    z_stream z = { 0 };
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)from;
    z.avail_in = (uInt)n;
    z.next_out = to;
    z.avail_out = (uInt)most;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    n = most - z.avail_out;
    deflateEnd(&z);
    return n;
}

START_TEST(compressed)
{
    uint8_t packed[4096], image[256];
    struct elf f = elf();
    size_t n = gzip(&f, sizeof f, packed, sizeof packed);
    file(packed, n);
    ck_assert_uint_eq(taken(BASE, 0, &any).kind, BP_IMAGE_ELF);
    images_apply(im);
    ck_assert_uint_eq(memory[0], 0xAA);
    file(packed, n / 2);
    refused(BASE, &any, "is truncated: its gzip data end early");
    packed[n / 2] ^= 0xFF;
    file(packed, n);
    struct bp_image i;
    char *why = NULL;
    ck_assert_int_lt(images_load(im, path, BASE, 0, &any, &i, &why), 0);
    g_free(why);
    /* the EFI wrapper: "MZ", "zimg", where and how long, and what it is compressed with */
    uint8_t zimg[4096] = { 'M', 'Z', 0, 0, 'z', 'i', 'm', 'g', 64 };
    linux_image(image, 0, 0x1000);
    n = gzip(image, sizeof image, zimg + 64, sizeof zimg - 64);
    zimg[12] = (uint8_t)n;
    memcpy(zimg + 24, "gzip", 5);
    file(zimg, 64 + n);
    ck_assert_uint_eq(taken(BASE, 0x200000, &any).kind, BP_IMAGE_LINUX);
    file(zimg, 64 + n - 1);
    refused(BASE, &any, "its payload is missing");
    zimg[64] = 0x28;
    memcpy(zimg + 24, "zstd22", 7);
    file(zimg, 64 + n);
    refused(BASE, &any, "is compressed with zstd22; only gzip is supported");
}
END_TEST

/* A small file that becomes a huge one is refused at the limit. */
START_TEST(bomb)
{
    size_t n = 4 << 20;
    uint8_t *zeros = calloc(1, n), *packed = malloc(n), *out = NULL;
    size_t packed_n = gzip(zeros, n, packed, n), out_n;
    char *why = NULL;
    ck_assert_int_eq(image_gunzip(packed, packed_n, n - 1, &out, &out_n, &why), -EFBIG);
    ck_assert_ptr_nonnull(strstr(why, "is over 3 MiB decompressed"));
    g_free(why);
    ck_assert_int_eq(image_gunzip(packed, packed_n, n, &out, &out_n, &why), 0);
    ck_assert_uint_eq(out_n, n);
    g_free(out);
    free(zeros);
    free(packed);
}
END_TEST

START_TEST(raw_and_files)
{
    uint64_t n = 0;
    char *why = NULL;
    file("\x7f" "EL", 3);
    struct bp_image i = taken(BASE + 5, 0x1000, &any);
    ck_assert_uint_eq(i.kind, BP_IMAGE_RAW);
    ck_assert_uint_eq(i.base, BASE + 5);
    ck_assert_uint_eq(i.size, 3);
    ck_assert_int_eq(images_load_file(im, path, BASE + 16, 3, &n, &why), 0);
    ck_assert_uint_eq(n, 3);
    ck_assert_int_eq(images_load_file(im, path, BASE + 16, 2, &n, &why), -EFBIG);
    ck_assert_str_eq(why, "is 3 bytes, there is room for 2");
    g_free(why);
    ck_assert_int_eq(images_load_file(im, path, BASE + SIZE - 2, 3, &n, &why), -EFBIG);
    g_free(why);
    ck_assert_int_eq(images_write(im, BASE + 32, "xyz", 3), 0);
    ck_assert_int_eq(images_write(im, BASE - 1, "xyz", 3), -ENOSPC);
    images_apply(im);
    ck_assert_int_eq(memcmp(memory + 5, "\x7f" "EL", 3), 0);
    ck_assert_int_eq(memcmp(memory + 16, "\x7f" "EL", 3), 0);
    ck_assert_int_eq(memcmp(memory + 32, "xyz", 3), 0);
    file("", 0);
    struct bp_image image;
    ck_assert_int_lt(images_load(im, path, BASE, 0, &any, &image, &why), 0);
    ck_assert_str_eq(why, "is empty");
    g_free(why);
}
END_TEST

int main(void)
{
    close(mkstemp(path));
    Suite *suite = suite_create("images");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, elf_goes_where_it_says);
    tcase_add_test(tc, elf_refusals);
    tcase_add_test(tc, elf_cut_anywhere);
    tcase_add_test(tc, linux_image_placement);
    tcase_add_test(tc, linux_image_cut);
    tcase_add_test(tc, compressed);
    tcase_add_test(tc, bomb);
    tcase_add_test(tc, raw_and_files);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* so that a sanitizer sees leaks */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    unlink(path);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
