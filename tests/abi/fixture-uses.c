/* SPDX-License-Identifier: MIT */
/* fixture-uses.c: a plugin that needs what fixture-offers offers. */
#include "fixture-service.h"

BP_IMPORT(test_answer, answer_, TEST_ANSWER_ID);
static uint64_t read_answer(void *dev, unsigned i) { return answer_->answer(); }
static const struct bp_reg regs[] = { { "ANSWER", 0, 32, .read = read_answer } };
BP_DEVICE(dev, "abi-uses", "Asks another plugin", .state_size = 4, .window = 8,
          .regs = BP_ROWS(regs));
BP_PLUGIN("fixture-uses", "1.0", "MIT");
