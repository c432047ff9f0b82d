/* SPDX-License-Identifier: MIT */
/* check.h: stands in for libcheck's where the device bench runs outside of a test, in a fuzz
 * target: what fails aborts. */
#ifndef TESTS_FUZZ_CHECK_H
#define TESTS_FUZZ_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define ck_abort_msg(...)                                                                          \
    do {                                                                                           \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                            \
        fprintf(stderr, __VA_ARGS__);                                                              \
        abort();                                                                                   \
    } while (0)
#define ck_assert_msg(ok, ...)                                                                     \
    do {                                                                                           \
        if (!(ok))                                                                                 \
            ck_abort_msg(__VA_ARGS__);                                                             \
    } while (0)
#define ck_assert(ok) ck_assert_msg(ok, "%s\n", #ok)
#define ck_assert_int_eq(a, b) ck_assert((a) == (b))
#define ck_assert_int_ge(a, b) ck_assert((a) >= (b))
#define ck_assert_uint_eq(a, b) ck_assert((a) == (b))
#define ck_assert_uint_le(a, b) ck_assert((a) <= (b))
#define ck_assert_uint_lt(a, b) ck_assert((a) < (b))
#define ck_assert_ptr_nonnull(p) ck_assert((p) != NULL)

typedef struct Suite Suite;
typedef struct SRunner SRunner;
enum { CK_NOFORK, CK_NORMAL };
static inline SRunner *srunner_create(Suite *suite) { return NULL; }
static inline void srunner_set_fork_status(SRunner *runner, int status) {}
static inline void srunner_run_all(SRunner *runner, int mode) {}
static inline int srunner_ntests_failed(SRunner *runner) { return 0; }
static inline void srunner_free(SRunner *runner) {}

#endif
