/* SPDX-License-Identifier: MIT */
/* core_fixture.h: lets a test program be the plugin: fills the imports of the SDK headers it
 * includes. */
#ifndef BACKPLANE_TESTS_CORE_FIXTURE_H
#define BACKPLANE_TESTS_CORE_FIXTURE_H

#undef BP_HOST_SIDE /* the test's devices ask for interfaces */

#include <backplane/block.h>
#include <backplane/board.h>
#include <backplane/chardev.h>
#include <backplane/device.h>
#include <backplane/host.h>
#include <backplane/memory.h>
#include <backplane/net.h>
#include <backplane/time.h>

#include <core/block.h>
#include <core/chardev.h>
#include <core/log.h>
#include <core/loop.h>
#include <core/machine.h>
#include <core/memory.h>
#include <core/net.h>
#include <core/regs.h>
#include <core/state.h>

#include <check.h>
#undef fail /* check's old macro; a member of struct bp_part_api */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct bp_import *const __start_bp_imports[]
    __attribute__((weak, visibility("hidden")));
extern const struct bp_import *const __stop_bp_imports[]
    __attribute__((weak, visibility("hidden")));

static inline void fill_imports(void)
{
    for (const struct bp_import *const *i = __start_bp_imports; i < __stop_bp_imports; i++)
        for (const struct core_service *s = core_services; s->id; s++)
            if (!strcmp(s->id, (*i)->id))
                *(*i)->slot = s->api;
}

/* What was written to the log since the last call; to be freed. */
static inline char *take_log(const char *path)
{
    static gsize seen;
    g_autofree char *text = NULL;
    gsize n = 0;
    log_flush();
    ck_assert(g_file_get_contents(path, &text, &n, NULL));
    char *news = g_strdup(text + seen);
    seen = n;
    return news;
}

static inline struct part *add_part(struct machine *m, const struct bp_device *d, const char *name)
{
    struct part *p = part_create(m, d, name);
    ck_assert_ptr_nonnull(p);
    return p;
}

static inline void io_write(struct machine *m, uint64_t gpa, unsigned bytes, uint64_t value)
{
    struct memory_piece p;
    ck_assert(memory_find(m->system, gpa, &p));
    ck_assert_int_eq(memory_io_write(&p, gpa, bytes, value), 0);
}

static inline uint64_t io_read(struct machine *m, uint64_t gpa, unsigned bytes)
{
    struct memory_piece p;
    uint64_t v;
    ck_assert(memory_find(m->system, gpa, &p));
    ck_assert_int_eq(memory_io_read(&p, gpa, bytes, &v), 0);
    return v;
}

/* check's own isolation by fork would hide leaks from the sanitizer. */
static inline int run_suite(Suite *s)
{
    SRunner *r = srunner_create(s);
    srunner_set_fork_status(r, CK_NOFORK);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
