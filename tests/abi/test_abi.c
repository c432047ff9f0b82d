/* SPDX-License-Identifier: MIT */
/*
 * test_abi.c: which plugin files the loader takes, and in which words it refuses the others.
 * Fixtures are files built beside it; damaged ones are made from a good one.
 */
#include "tests/unit/core_fixture.h"

#include <core/fdt.h>
#include <core/graph.h>
#include <core/loader.h>
#include <core/pins.h>

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

static char dir[] = "/tmp/bp-abi-XXXXXX";
static const char *fixtures; /* folder of the built ones */

static char *fixture(const char *name)
{
    return g_strdup_printf("%s/fixture-%s.so", fixtures, name);
}

static char *scratch(const char *name)
{
    return g_build_filename(dir, name, NULL);
}

static void set_up(void)
{
    const char *paths[] = { dir, NULL };
    loader_init(NULL, paths, false);
    for (const struct core_service *s = core_services; s->id; s++)
        service_add(s->id, s->api);
    static const struct bp_vcpu_api vcpu = { .size = sizeof vcpu }; /* an accelerator's; not called */
    service_add("backplane.vcpu/1", &vcpu);
    service_add("backplane.board/1", &board_api);
    service_add("backplane.fdt/1", &fdt_api);
}

/* Runs loader_load_file() and returns what it printed. */
static char *load(const char *path, int *ret)
{
    g_autofree char *log = scratch("stderr");
    fflush(stderr);
    int saved = dup(STDERR_FILENO), fd = open(log, O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(fd, STDERR_FILENO);
    *ret = loader_load_file(path, NULL);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);
    char *text;
    ck_assert(g_file_get_contents(log, &text, NULL, NULL));
    return text;
}

/* One line, that has these words, and a refusal. */
static void check_refused(const char *path, const char *words)
{
    int r;
    g_autofree char *text = load(path, &r);
    ck_assert_msg(r < 0, "%s was taken", path);
    const char *newline = strchr(text, '\n');
    ck_assert_msg(newline && !newline[1], "not one line: %s", text);
    ck_assert_msg(strstr(text, path) != NULL, "no file name in: %s", text);
    ck_assert_msg(strstr(text, words) != NULL, "'%s' is not in: %s", words, text);
}

static void check_taken(const char *path)
{
    int r;
    g_autofree char *text = load(path, &r);
    ck_assert_msg(r == 0 && !*text, "%s: %s", path, text);
}

static uint64_t window(struct machine *m, uint64_t offset, uint64_t *write)
{
    struct memory_piece piece;
    uint64_t value = 0;
    ck_assert(memory_find(m->system, 0x1000 + offset, &piece));
    if (write)
        ck_assert_int_eq(memory_io_write(&piece, 0x1000 + offset, 4, *write), 0);
    ck_assert_int_eq(memory_io_read(&piece, 0x1000 + offset, 4, &value), 0);
    return value;
}

static struct machine *machine_with(const char *device, struct part **ret)
{
    struct machine *m = machine_new();
    const struct bp_device *d = (const void *)entity_get(BP_KIND_DEVICE, device);
    ck_assert_ptr_nonnull(d);
    *ret = part_create(m, d, "dev");
    ck_assert_ptr_nonnull(*ret);
    ck_assert_int_eq(part_realize(*ret), 0);
    ck_assert_int_eq(part_map(*ret, 0, 0x1000), 0);
    machine_reset(m);
    return m;
}

static void check_device(const char *name)
{
    struct part *p;
    struct machine *m = machine_with(name, &p);
    ck_assert_uint_eq(window(m, 0, NULL), 7);
    uint64_t v = 0x12345678;
    ck_assert_uint_eq(window(m, 0, &v), 0x5678);
    ck_assert_uint_eq(window(m, 4, NULL), 0);
    machine_free(m);
}

START_TEST(good)
{
    g_autofree char *f = fixture("good");
    check_taken(f);
    check_device("abi-good");
}
END_TEST

START_TEST(older_struct_sizes)
{
    g_autofree char *f = fixture("old");
    check_taken(f);
    const struct bp_device *d = (const void *)entity_get(BP_KIND_DEVICE, "abi-old");
    ck_assert_uint_eq(d->head.size, sizeof *d);
    ck_assert_ptr_null(d->fdt_name);
    ck_assert_ptr_null(d->fdt_compatible);
    ck_assert_uint_eq(d->regs.row_size, sizeof(struct bp_reg));
    ck_assert_ptr_null(((const struct bp_reg *)d->regs.row)[1].doc);
    ck_assert_str_eq(((const struct bp_reg *)d->regs.row)[1].name, "ZERO");
    check_device("abi-old");
}
END_TEST

static void check_vcpu(const char *target)
{
    const struct bp_target *t = (const void *)entity_get(BP_KIND_TARGET, target);
    ck_assert_ptr_nonnull(t);
    ck_assert_uint_eq(t->cpu->head.size, sizeof *t->cpu);
    ck_assert_ptr_null(t->cpu->fdt_name);
    ck_assert_ptr_null(t->cpu->carrier);
    struct machine *m = machine_new();
    struct part *p = part_create_cpu(m, t, "cpu0", 0);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(part_realize(p), 0);
    uint64_t start;
    ck_assert(part_prop_number(p, "start", &start) && start == 7);
    t->set_start(p->state, 9);
    ck_assert(part_prop_number(p, "start", &start) && start == 9);
    machine_free(m);
}

/* Growing struct bp_device moves nothing in struct bp_target. */
START_TEST(vcpus_of_other_sizes)
{
    g_autofree char *f = fixture("target"), *none = fixture("target-none");
    check_taken(f);
    check_vcpu("abi-old-cpu");
    check_vcpu("abi-new-cpu");
    check_refused(none, "has target 'abi-no-cpu', whose .cpu is no BP_VCPU()");
}
END_TEST

START_TEST(target_of_another_revision)
{
    g_autofree char *f = fixture("target"), *text = NULL, *to = scratch("revision.so");
    gsize n;
    ck_assert(g_file_get_contents(f, &text, &n, NULL));
    struct bp_target like = { .head = { sizeof like, BP_KIND_TARGET, NULL } };
    unsigned found = 0;
    for (gsize i = 0; i + sizeof like <= n; i += 8) {
        if (memcmp(text + i, &like, offsetof(struct bp_head, id)))
            continue;
        uint32_t *revision = (void *)(text + i + offsetof(struct bp_target, ir_revision));
        ck_assert_uint_eq(*revision, BP_IR_REVISION);
        *revision = BP_IR_REVISION - 1;
        memset(text + i + offsetof(struct bp_target, cpu), 8, sizeof(void *)); /* not followed */
        found++;
    }
    ck_assert_uint_eq(found, 2);
    ck_assert(g_file_set_contents(to, text, (gssize)n, NULL));
    g_autofree char *said = g_strdup_printf("for backplane.ir/%u, this core has %u",
                                            BP_IR_REVISION - 1, BP_IR_REVISION);
    check_refused(to, said);
    unlink(to);
}
END_TEST

START_TEST(newer_level)
{
    g_autofree char *f = fixture("level");
    check_refused(f, "needs SDK level 1.99, this core has 1.00");
}
END_TEST

START_TEST(other_abi)
{
    g_autofree char *f = fixture("number");
    check_refused(f, "is built for plugin ABI 2, this core has 1");
}
END_TEST

START_TEST(imports)
{
    g_autofree char *big = fixture("import-big"), *other = fixture("import-revision"),
                    *nobody = fixture("import-nobody"), *optional = fixture("optional");
    check_refused(big, "needs backplane.irq/1 of 4096 bytes, this core has 24");
    check_refused(other, "needs backplane.irq/9, this core has backplane.irq/1");
    check_refused(nobody, "needs test.nobody/1, which neither this core nor a plugin offers");
    check_taken(optional);
    struct part *p;
    struct machine *m = machine_with("abi-optional", &p);
    ck_assert_uint_eq(window(m, 0, NULL), 0);
    machine_free(m);
}
END_TEST

static void copy(const char *from, const char *to)
{
    g_autofree char *text = NULL;
    gsize n;
    ck_assert(g_file_get_contents(from, &text, &n, NULL));
    ck_assert(g_file_set_contents(to, text, (gssize)n, NULL));
}

START_TEST(service_of_another_plugin)
{
    g_autofree char *uses = fixture("uses"), *offers = fixture("offers"),
        *there = scratch("offers.so");
    copy(offers, there); /* in the folder that is searched */
    check_taken(uses);
    struct part *p;
    struct machine *m = machine_with("abi-uses", &p);
    ck_assert_uint_eq(window(m, 0, NULL), 42);
    machine_free(m);
    unlink(there);
}
END_TEST

START_TEST(service_nobody_provides)
{
    g_autofree char *uses = fixture("uses");
    check_refused(uses, "needs test.answer/1, which neither this core nor a plugin offers");
}
END_TEST

START_TEST(service_of_a_refused_plugin)
{
    g_autofree char *uses = fixture("uses"), *offers = fixture("offers"),
        *there = scratch("offers.so");
    g_autofree char *text = NULL;
    gsize n;
    ck_assert(g_file_get_contents(offers, &text, &n, NULL));
    /* the symbol's ABI number alone, so that only loading finds out: size, abi = 1, level = 100 */
    const uint32_t head[] = { sizeof(struct bp_plugin), 1, 100, 0 };
    uint8_t *at = memmem(text, n, head, sizeof head);
    ck_assert_ptr_nonnull(at);
    at[4] = 9;
    ck_assert(g_file_set_contents(there, text, (gssize)n, NULL));
    int r;
    g_autofree char *said = load(uses, &r);
    ck_assert_int_lt(r, 0);
    ck_assert_ptr_nonnull(strstr(said, "offers.so is built for plugin ABI 9"));
    ck_assert_ptr_nonnull(strstr(said, "offers.so provides but was refused"));
    unlink(there);
}
END_TEST

START_TEST(not_plugins)
{
    g_autofree char *none = fixture("none"), *bare = fixture("bare"), *text = scratch("text.so"),
                    *empty = scratch("empty.so"), *missing = scratch("missing.so");
    check_refused(none, "it is not a Backplane plugin");
    check_refused(bare, "exports no bp_plugin");
    ck_assert(g_file_set_contents(text, "hello, world\n", -1, NULL));
    ck_assert(g_file_set_contents(empty, "", 0, NULL));
    check_refused(text, "it is not an ELF file");
    check_refused(empty, "it is empty");
    check_refused(missing, "No such file or directory");
    check_refused(dir, "it is not a regular file");
    unlink(text);
    unlink(empty);
}
END_TEST

START_TEST(manifest_without_entity)
{
    g_autofree char *f = fixture("liar");
    check_taken(f);
    ck_assert_ptr_null(entity_get(BP_KIND_DEVICE, "abi-ghost"));
}
END_TEST

static void patched(size_t offset, uint8_t value, const char *words)
{
    g_autofree char *good = fixture("good"), *text = NULL, *to = scratch("patched.so");
    gsize n;
    ck_assert(g_file_get_contents(good, &text, &n, NULL));
    text[offset] = (char)value;
    ck_assert(g_file_set_contents(to, text, (gssize)n, NULL));
    check_refused(to, words);
    unlink(to);
}

START_TEST(other_machines)
{
    patched(offsetof(Elf64_Ehdr, e_machine), EM_S390, "it is for another machine: ELF machine 22");
    patched(EI_CLASS, ELFCLASS32, "it is a 32-bit ELF file, this program is 64-bit");
    patched(EI_DATA, ELFDATA2MSB, "it is an ELF file of the other byte order");
    patched(offsetof(Elf64_Ehdr, e_type), ET_REL, "it is not a shared object");
}
END_TEST

/* Cut anywhere, a file is refused by its manifest alone: it never reaches dlopen(), which would
 * crash on some. */
START_TEST(truncated)
{
    g_autofree char *good = fixture("good"), *text = NULL;
    gsize n;
    unsigned refused = 0;
    ck_assert(g_file_get_contents(good, &text, &n, NULL));
    for (gsize cut = 0; cut < n; cut += cut < 1024 ? 1 : 37) {
        struct manifest *m = NULL;
        char *why = NULL;
        /* so that a sanitizer sees a step too far */
        uint8_t *exact = g_memdup2(text, cut ? cut : 1);
        int r = manifest_parse(exact, cut, &m, &why);
        ck_assert_msg(r < 0 && why && !m, "cut at %zu of %zu was taken", cut, n);
        g_free(exact);
        g_free(why);
        refused++;
    }
    ck_assert_uint_gt(refused, 1000);
    g_autofree char *cut = scratch("cut.so");
    ck_assert(g_file_set_contents(cut, text, (gssize)(n / 2), NULL));
    check_refused(cut, "it is truncated");
    unlink(cut);
}
END_TEST

START_TEST(writable_by_anybody)
{
    g_autofree char *good = fixture("good"), *f = scratch("open.so"), *sub = scratch("open"),
                    *g = g_build_filename(sub, "good.so", NULL);
    copy(good, f);
    chmod(f, 0666);
    check_refused(f, "everybody may write it; -force-plugins takes it nevertheless");
    mkdir(sub, 0700);
    chmod(sub, 0777);
    copy(good, g);
    chmod(g, 0644);
    check_refused(g, "everybody may write to its folder");
    chmod(sub, 0700);
    check_taken(g);
    unlink(g);
    rmdir(sub);
    unlink(f);
}
END_TEST

START_TEST(by_path_wins)
{
    g_autofree char *good = fixture("good"), *in_folder = scratch("good.so");
    copy(good, in_folder);
    ck_assert_str_eq(entity_find(BP_KIND_DEVICE, "abi-good")->file->path, in_folder);
    int r;
    g_autofree char *text = load(good, &r), *notice = NULL;
    notice = g_strdup_printf("device 'abi-good' is taken from %s, not from %s\n", good, in_folder);
    ck_assert(r == 0 && g_str_has_suffix(text, notice));
    check_taken(good); /* again is no clash */
    ck_assert_str_eq(entity_find(BP_KIND_DEVICE, "abi-good")->file->path, good);
    unlink(in_folder);
}
END_TEST

int main(int argc, char **argv)
{
    fixtures = argc > 1 ? argv[1] : g_getenv("ABI_FIXTURES");
    if (!fixtures)
        fixtures = "tests/abi/.libs";
    if (!mkdtemp(dir))
        return EXIT_FAILURE;
    Suite *suite = suite_create("plugin ABI");
    TCase *tc = tcase_create("loader");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, good);
    tcase_add_test(tc, older_struct_sizes);
    tcase_add_test(tc, vcpus_of_other_sizes);
    tcase_add_test(tc, target_of_another_revision);
    tcase_add_test(tc, newer_level);
    tcase_add_test(tc, other_abi);
    tcase_add_test(tc, imports);
    tcase_add_test(tc, service_of_another_plugin);
    tcase_add_test(tc, service_nobody_provides);
    tcase_add_test(tc, service_of_a_refused_plugin);
    tcase_add_test(tc, not_plugins);
    tcase_add_test(tc, manifest_without_entity);
    tcase_add_test(tc, other_machines);
    tcase_add_test(tc, truncated);
    tcase_add_test(tc, writable_by_anybody);
    tcase_add_test(tc, by_path_wins);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    g_autofree char *log = scratch("stderr");
    unlink(log);
    rmdir(dir);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
