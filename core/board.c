/* SPDX-License-Identifier: MIT */
/* board.c: what boards call in build() and finish(), and loading for boards that have no
 * finish(). */
#include "core/graph.h"

#include "core/fdt.h"
#include "core/loader.h"
#include "core/log.h"
#include "core/machine.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <string.h>

/* Options that a board may ask for; one that is given and that nobody asks for is an error. */
static const struct {
    const char *name;
    size_t field;
} machine_options[] = {
    { "bios", offsetof(struct options, bios) }, { "kernel", offsetof(struct options, kernel) },
    { "initrd", offsetof(struct options, initrd) }, { "append", offsetof(struct options, append) },
    { "dtb", offsetof(struct options, dtb) },
};

struct graph *graph_of_board(void *board)
{
    return part_of(board)->middle;
}

static const char *take_option(struct graph *g, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(machine_options); i++)
        if (!strcmp(machine_options[i].name, name)) {
            g->options_used |= 1u << i;
            return *(char *const *)(const void *)((const char *)g->options +
                                                  machine_options[i].field);
        }
    return NULL;
}

int graph_check_options(struct graph *g)
{
    for (size_t i = 0; i < G_N_ELEMENTS(machine_options); i++) {
        uint32_t used = g->options_used;
        if (!(used & 1u << i) && take_option(g, machine_options[i].name))
            return core_error(EINVAL, "machine %s makes no use of -%s", g->board->head.id,
                              machine_options[i].name);
    }
    return 0;
}

/* ---- build() --------------------------------------------------------------------------------- */

static int only_in_build(struct graph *g, const char *what)
{
    if (g->phase == GRAPH_BUILD)
        return 0;
    return core_error(EINVAL, "machine %s: %s can be added in build() only", g->board->head.id,
                      what);
}

static int api_add_part(void *board, const struct bp_part *part)
{
    struct graph *g = graph_of_board(board);
    int r = only_in_build(g, "parts");
    return r ? r : graph_add_row(g, part, false);
}

static int api_add_wire(void *board, const char *from, const char *to)
{
    struct graph *g = graph_of_board(board);
    int r = only_in_build(g, "wires");
    return r ? r : graph_add_wire(g, from, to);
}

static int api_add_setting(void *board, const char *part, const char *name, const char *value)
{
    struct graph *g = graph_of_board(board);
    struct graph_part *gp = graph_part_find(g, part);
    int r = only_in_build(g, "settings");
    if (!r && !gp)
        r = core_error(ENOENT, "machine %s: there is no part %s to set", g->board->head.id, part);
    if (!r)
        graph_set(gp->sets, name, value);
    return r;
}

static uint32_t api_cpus(void *board)
{
    return graph_of_board(board)->cpus;
}

static uint64_t api_ram_size(void *board)
{
    return graph_of_board(board)->ram_size;
}

static uint32_t api_cpu_bits(void *board)
{
    return graph_of_board(board)->target->bits;
}

static const char *api_option(void *board, const char *name)
{
    return take_option(graph_of_board(board), name);
}

static bool api_drive_given(void *board, const char *part_port)
{
    return graph_port_given(graph_of_board(board), BP_KIND_BLOCK, part_port);
}

static bool api_chardev_given(void *board, const char *part_port)
{
    return graph_port_given(graph_of_board(board), BP_KIND_CHARDEV, part_port);
}

/* ---- finish() -------------------------------------------------------------------------------- */

static struct image_want cpu_want(const struct graph *g)
{
    const struct bp_target *t = g->target;
    return (struct image_want){ t->elf_machine, t->bits, (t->flags & BP_TARGET_BIG_ENDIAN) != 0,
                                t->linux_magic };
}

static int say(struct graph *g, int r, const char *path, char *why)
{
    if (r < 0)
        core_error(-r, "%s: %s %s", g->board->head.id, path, why ? why : "cannot be loaded");
    g_free(why);
    return r;
}

static int api_load_image(void *board, const char *path, uint64_t at, uint64_t align,
                          struct bp_image *ret)
{
    struct graph *g = graph_of_board(board);
    struct image_want want = cpu_want(g);
    char *why = NULL;
    int r = images_load(g->images, path, at, align, &want, ret, &why);
    return say(g, r, path, why);
}

static int api_load_file(void *board, const char *path, uint64_t gpa, uint64_t max,
                         uint64_t *ret_size)
{
    struct graph *g = graph_of_board(board);
    char *why = NULL;
    int r = images_load_file(g->images, path, gpa, max, ret_size, &why);
    return say(g, r, path, why);
}

static int api_write(void *board, uint64_t gpa, const void *buf, size_t n)
{
    struct graph *g = graph_of_board(board);
    int r = images_write(g->images, gpa, buf, n);
    if (r < 0)
        core_error(-r, "machine %s: there are no %zu bytes of memory at 0x%" PRIx64,
                   g->board->head.id, n, gpa);
    return r;
}

static int api_place_fdt(void *board, uint64_t gpa, uint64_t max)
{
    struct graph *g = graph_of_board(board);
    take_option(g, "append");
    take_option(g, "dtb");
    GBytes *blob = fdt_make(g);
    if (!blob)
        return -EINVAL;
    size_t n;
    const void *bytes = g_bytes_get_data(blob, &n);
    if (n > max)
        return core_error(EFBIG,
                          "machine %s: the device tree has %zu bytes, there is room for %" PRIu64,
                          g->board->head.id, n, max);
    return api_write(board, gpa, bytes, n);
}

static const void *api_fdt_blob(void *board, uint64_t *ret_size)
{
    struct graph *g = graph_of_board(board);
    take_option(g, "append");
    take_option(g, "dtb");
    GBytes *blob = fdt_make(g);
    if (!blob)
        return NULL;
    size_t n;
    const void *bytes = g_bytes_get_data(blob, &n);
    *ret_size = n;
    return bytes;
}

static int api_start(void *board, uint32_t cpu, uint64_t pc)
{
    struct graph *g = graph_of_board(board);
    if (cpu != UINT32_MAX && cpu >= machine_vcpu_count(g->machine))
        return core_error(EINVAL, "machine %s: there is no vCPU %u to start", g->board->head.id,
                          cpu);
    struct graph_start start = { cpu, pc };
    if (part_of(board)->kind == PART_DEVICE)
        g_array_append_val(g->starts, start);
    else
        machine_set_start(g->machine, cpu, pc);
    return 0;
}

static bool api_loaded(void *board)
{
    struct graph *g = graph_of_board(board);
    return g->starts->len || images_any(g->images) || g->options->dumpdtb;
}

/* Distributions put firmware of another machine into that machine's library folder, or under
 * share. */
static const char *const firmware_folders[] = {
    "/usr/local/share", "/usr/share", "/usr/lib", "/usr/lib/*-linux-gnu*", "/usr/share/qemu",
};

static char *find_in(const char *folder, const char *name)
{
    char *pattern = g_build_filename(folder, name, NULL), *path = NULL;
    glob_t found;
    if (!glob(pattern, 0, NULL, &found)) {
        for (size_t i = 0; i < found.gl_pathc && !path; i++)
            if (g_file_test(found.gl_pathv[i], G_FILE_TEST_IS_REGULAR))
                path = g_strdup(found.gl_pathv[i]);
        globfree(&found);
    }
    g_free(pattern);
    return path;
}

static const char *api_find_firmware(void *board, const char *name)
{
    struct graph *g = graph_of_board(board);
    const GPtrArray *own = g->options->firmware_paths;
    char *path = NULL;
    for (unsigned i = 0; i < own->len && !path; i++) {
        path = g_build_filename(own->pdata[i], name, NULL);
        if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
            g_clear_pointer(&path, g_free);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(firmware_folders) && !path; i++)
        path = find_in(firmware_folders[i], name);
    if (path)
        g_ptr_array_add(g->strings, path);
    return path;
}

static const void *api_find_offer(void *board, const char *part, const char *id, void **ret_dev)
{
    const struct graph_part *gp = graph_part_find(graph_of_board(board), part);
    return gp && gp->part ? part_find_offer(gp->part, id, ret_dev) : NULL;
}

static void api_set_initrd(void *board, uint64_t gpa, uint64_t n)
{
    struct graph *g = graph_of_board(board);
    g->initrd_gpa = gpa;
    g->initrd_size = n;
}

/* ---- run() ----------------------------------------------------------------------------------- */

static char **api_arguments(void *board, int *ret_count)
{
    const struct options *o = graph_of_board(board)->options;
    *ret_count = o->argument_count;
    return o->arguments;
}

static char **api_command(void *board, int *ret_count)
{
    const struct options *o = graph_of_board(board)->options;
    *ret_count = o->command_count;
    return o->command;
}

static const char *api_target_for_elf(void *board, unsigned machine, unsigned bits, bool big_endian)
{
    char elf[32];
    snprintf(elf, sizeof elf, "%u,%u,%s", machine, bits, big_endian ? "be" : "le");
    return entity_for_elf(elf);
}

static const struct bp_target *api_target(void *board)
{
    return graph_of_board(board)->target;
}

static void *api_cpu(void *board, uint32_t i)
{
    const struct vcpu *v = machine_vcpu(graph_of_board(board)->machine, i);
    return v ? v->env : NULL;
}

static void api_log_line(void *board, const char *text)
{
    log_line(text);
}

const struct bp_board_api board_api = {
    .size = sizeof board_api,
    .add_part = api_add_part,
    .add_wire = api_add_wire,
    .cpus = api_cpus,
    .ram_size = api_ram_size,
    .option = api_option,
    .load_image = api_load_image,
    .load_file = api_load_file,
    .write = api_write,
    .place_fdt = api_place_fdt,
    .start = api_start,
    .find_firmware = api_find_firmware,
    .find_offer = api_find_offer,
    .fdt_blob = api_fdt_blob,
    .cpu_bits = api_cpu_bits,
    .drive_given = api_drive_given,
    .set_initrd = api_set_initrd,
    .arguments = api_arguments,
    .command = api_command,
    .target_for_elf = api_target_for_elf,
    .target = api_target,
    .cpu = api_cpu,
    .log_line = api_log_line,
    .add_setting = api_add_setting,
    .chardev_given = api_chardev_given,
    .loaded = api_loaded,
};

/* ---- boards without finish() ----------------------------------------------------------------- */

static bool in_main_ram(const struct graph *g, uint64_t gpa)
{
    for (unsigned i = 0; i < g->parts->len; i++) {
        const struct graph_part *gp = g->parts->pdata[i];
        uint64_t base = g_array_index(gp->bases, uint64_t, 0);
        if (gp->flags & BP_PART_MAIN_RAM && gpa >= base && gpa - base < gp->size)
            return true;
    }
    return false;
}

/* Images go where they say or to load_at; the kernel starts, else what -bios gave, else the
 * board's reset_pc. */
static int load_plain(struct graph *g)
{
    static const char *const names[] = { "bios", "kernel" };
    bool given = api_loaded(g->part->state);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *path = take_option(g, names[i]);
        struct bp_image image;
        given |= path != NULL;
        if (!path || !strcmp(path, "none"))
            continue;
        int r = api_load_image(g->part->state, path, g->board->load_at, 0, &image);
        if (r < 0)
            return r;
        if (i == 1 || !g->board->reset_pc)
            machine_set_start(g->machine, UINT32_MAX, image.entry);
    }
    if (!given && in_main_ram(g, g->board->reset_pc))
        return core_error(ENOENT, "machine %s has nothing to run: give -kernel FILE or -bios FILE",
                          g->board->head.id);
    return 0;
}

static int load_devices(struct graph *g)
{
    int r = 0;
    for (unsigned i = 0; i < g->parts->len && !r; i++) {
        const struct graph_part *gp = g->parts->pdata[i];
        if (gp->kind == BP_PART_DEVICE && gp->part->device.load)
            r = gp->part->device.load(gp->part->state);
    }
    return r;
}

int graph_finish(struct graph *g)
{
    int r = load_devices(g);
    if (r)
        return r;
    if (g->board->reset_pc)
        machine_set_start(g->machine, UINT32_MAX, g->board->reset_pc);
    r = g->board->finish ? g->board->finish(g->part->state)
      : g->board->run ? 0 : load_plain(g);
    for (unsigned i = 0; i < g->starts->len && !r; i++) {
        const struct graph_start *s = &g_array_index(g->starts, struct graph_start, i);
        machine_set_start(g->machine, s->cpu, s->pc);
    }
    return r ? r : graph_check_options(g);
}
