/* SPDX-License-Identifier: MIT */
/* tiny-icount.c: counts guest instructions on every vCPU. */
#include <backplane/instrument.h>

struct count {
    uint64_t insns;
};

static void count_tb(struct bp_run *run, struct bp_tb *tb)
{
    bp_tb_count_insns(tb, offsetof(struct count, insns));
}
static void end(struct bp_run *run)
{
    for (uint32_t i = 0; i < bp_vcpus(run); i++) {
        const struct count *c = bp_vcpu_state(run, i);
        bp_report(run, "vcpu %u: %llu instructions\n", i, (unsigned long long)c->insns);
    }
}

BP_INSTRUMENT(icount, "tiny-icount", "Count guest instructions",
              .vcpu_state = sizeof(struct count), .tb = count_tb, .end = end);
BP_PLUGIN("tiny-icount", "1.0", "MIT");
