/* SPDX-License-Identifier: MIT */
/* fixture-service.h: an interface that one fixture offers and another uses. */
#include <backplane/device.h>

struct test_answer {
    uint32_t size, reserved;
    uint32_t (*answer)(void);
};
#define TEST_ANSWER_ID "test.answer/1"
