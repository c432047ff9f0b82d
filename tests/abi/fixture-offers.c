/* SPDX-License-Identifier: MIT */
/* fixture-offers.c: a plugin that offers an interface. */
#include "fixture-service.h"

static uint32_t answer(void) { return 42; }
static const struct test_answer api = { sizeof api, 0, answer };
BP_SERVICE(answer, TEST_ANSWER_ID, "The answer", api);
BP_PLUGIN("fixture-offers", "1.0", "MIT");
