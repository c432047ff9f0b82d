/* SPDX-License-Identifier: MIT */
/* instrument.c: what it counts. */
#include <backplane/instrument.h>

/* One a vCPU, zeroed, owned by the core: no lock is needed. */
struct counts {
    uint64_t blocks;
};

/* [translate] once for each translation, not each time it runs: what is inserted here runs then. */
static void count_block(struct bp_run *run, struct bp_tb *tb)
{
    bp_tb_add(tb, offsetof(struct counts, blocks), 1);
}

static void report(struct bp_run *run)
{
    for (uint32_t i = 0; i < bp_vcpus(run); i++) {
        const struct counts *c = bp_vcpu_state(run, i);
        bp_report(run, "vcpu %u: %llu blocks\n", i, (unsigned long long)c->blocks);
    }
}

BP_INSTRUMENT(inst, "my-instrument", "One line about it", .vcpu_state = sizeof(struct counts),
              .tb = count_block, .end = report);
BP_PLUGIN("my-instrument", "0.1", "MIT");
