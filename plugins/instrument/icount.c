/* SPDX-License-Identifier: MIT */
/* icount.c: counts guest instructions, per vCPU and in total; exact also where a block is left midway. */
#include <backplane/instrument.h>

#include <inttypes.h>

struct count {
    uint64_t insns;
};

static void count_block(struct bp_run *run, struct bp_tb *tb)
{
    bp_tb_count_insns(tb, offsetof(struct count, insns));
}

static void report(struct bp_run *run)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < bp_vcpus(run); i++) {
        const struct count *c = bp_vcpu_state(run, i);
        bp_report(run, "vcpu %u: %" PRIu64 " instructions\n", i, c->insns);
        total += c->insns;
    }
    bp_report(run, "total: %" PRIu64 " instructions\n", total);
}

BP_INSTRUMENT(icount, "icount", "count guest instructions", .vcpu_state = sizeof(struct count),
              .tb = count_block, .end = report);
BP_PLUGIN("icount", "0.1.0", "MIT");
